"""Live pages in a notebook: what stands between a page's script and Python, with a notebook that is not there."""

from __future__ import annotations

import base64
import html
import json
import sys
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from browser import Tabs
from live import head_of, step_once, until

import autograd
import nn
from autograd.expression import ExpressionError
from autograd.viewing.live import Answer, LivePage, answered, packet
from autograd.viewing.live.formula import formula_page
from autograd.viewing.live.page import asset
from autograd.viewing.live.widget import _HOST
from autograd.viewing.player import framed
from nn.fit.recording import Curves
from nn.viewing.film.bars import Flow
from nn.viewing.film.markup import marked_up
from nn.viewing.live.losses import FLOW, loss_spec
from nn.viewing.live.packing import packed
from nn.viewing.live.watching import watching_page


class Widget:
    """As much of an anywidget as a page sees."""

    def __init__(self, **traits: Any) -> None:
        self.traits, self.sent = traits, []

    def on_msg(self, asked: Any) -> None:
        self.asked = asked

    def send(self, content: Any, buffers: Any) -> None:
        self.sent.append((content, buffers))


@pytest.fixture
def anywidget(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {"anywidget": {"AnyWidget": Widget}, "traitlets": {"Unicode": lambda: Tag()}}
    for name, attributes in modules.items():
        module = ModuleType(name)
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)


class Tag:
    def tag(self, sync: bool) -> Tag:
        assert sync
        return self


@pytest.mark.usefixtures("anywidget")
def test_a_question_is_answered_with_its_number() -> None:
    made = autograd.play("w*x", w=2.0, x=3.0)
    made.asked(made, {"number": 0.5, "question": {"formula": "w*x", "numbers": {"w": 2, "x": 3}}}, [])
    made.asked(made, {"number": 0.75, "question": "nonsense"}, [])
    (first, [packet]), (second, [refusal]) = made.sent
    assert (first, second) == ({"number": 0.5}, {"number": 0.75})
    assert head_of(packet)["output"] == "f = 6"
    assert head_of(refusal) == {"error": "a question is a JSON object, got str"}
    assert '"first": ["w*x"' in html.unescape(made.traits["frame"])


@pytest.mark.usefixtures("anywidget")
def test_a_training_begins_as_it_is_asked_for() -> None:
    for made in (nn.play("xor", hidden=[2], lr=0.25), nn.play(nn.data.iris(), hidden=[2], lr=0.25)):
        made.asked(made, {"number": 1, "question": {"tab": "a", "begin": {}}}, [])
        head = head_of(made.sent[0][1][0])
        assert (head["settings"]["hidden"], head["settings"]["lr"]) == ([2], 0.25)
    assert head["settings"]["columns"] == ["sepal length (cm)", "sepal width (cm)"]
    assert head["settings"]["loss"] == "cross_entropy"


@pytest.mark.usefixtures("anywidget")
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: autograd.play("w*"), ExpressionError, "missing at its end"),
        (lambda: autograd.play("w", w=float("nan")), ValueError, "w is a finite number, got nan"),
        (lambda: autograd.play("w", v=1.0), ExpressionError, "v is not in the expression, which needs w"),
        (lambda: autograd.play(w=1.0), ExpressionError, "the expression is empty"),
        (lambda: nn.play(3), ValueError, "there is no data set 3; there are moons"),
        (lambda: nn.play("nowhere"), ValueError, "there is no data set 'nowhere'; there are moons"),
        (lambda: nn.play(hidden=[99]), ValueError, "a layer's size is at most 32 here, got 99"),
        (lambda: nn.play(path="x"), ValueError, "there is no setting 'path'"),
    ],
)
def test_what_cannot_be_begun_with_is_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.usefixtures("anywidget")
@pytest.mark.parametrize("held_out", [None, ([[0.5]], [1.0])])
def test_a_fit_is_shown_while_it_goes_on(monkeypatch: pytest.MonkeyPatch, held_out: Any) -> None:
    shown: list[Any] = []
    display = ModuleType("IPython.display")
    display.display = shown.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr("nn.viewing.live.watching.PATIENCE", 0.0)
    monkeypatch.setattr("nn.trainer.SLICE", 0.0)  # it looks after every step
    histories = []
    for live in (True, False):
        model = nn.MLP(1, [2, 1], seed=0)
        trainer = nn.Trainer(model, nn.mse, nn.SGD(model.parameters(), lr=0.1))
        histories.append(trainer.fit([[1.0], [2.0]], [2.0, 4.0], epochs=3, batch_size=1, held_out=held_out, live=live))
    assert histories[0] == histories[1]
    (made,) = shown
    heads = [head_of(packet) for _, (packet,) in made.sent]
    assert [head["at"] for head in heads][::2] == [
        "epoch 0, step 1",
        "epoch 1, step 3",
        "epoch 2, step 5",
        "epoch 3, step 6",
    ]
    curves = heads[-1]["specs"]["loss"]["curves"]
    assert curves[0]["ys"][1:] == histories[0].losses
    assert len(curves) == (1 if held_out is None else 2)


def test_what_is_sent_is_drawn(open_page: Any) -> None:
    page = open_page(watching_page().html(host="<script>window.askPython = () => {};</script>"))
    spec = loss_spec(Curves([0.5, 0.25]), [1.0])
    flow = Flow(["layers[0].w", "layers[1].w"], [])
    flow.axis = FLOW
    frames = {"loss": {"at": 2.0, "values": [0.25]}, "flow": {"values": np.array([0.5, 1e-6])}}
    told = {"specs": marked_up({"loss": spec, "flow": flow.spec()}), "moment": frames, "at": "epoch 2"}
    sent = base64.b64encode(packet(Answer(*packed(told)))).decode()
    for _ in range(2):
        page.evaluate("(text) => receive(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)))", sent)
    assert page.locator("#at").inner_text() == "epoch 2"
    assert page.locator("#loss .curve").first.get_attribute("d").count("L") == 2
    assert "layers[1]" in page.locator("#flow").inner_text()


def test_what_is_sent_before_the_page_is_there_is_drawn_when_it_is(open_page: Any) -> None:
    page = open_page("<div id=cell></div>")
    page.evaluate(
        """async (script) => {
          const { default: { render } } = await import(`data:text/javascript;base64,${btoa(script)}`);
          const shown = "document.querySelector('p').append(bytes.join())";
          const shows = `<p></p><script>receive = (bytes) => ${shown}</script>`;
          const frame = document.createElement("iframe");
          frame.srcdoc = shows;
          const on = (_, take) => {
            for (const last of [7, 8]) take({}, [new DataView(new Uint8Array([1, last]).buffer)]);
          };
          render({ el: document.querySelector("#cell"), model: { get: () => frame.outerHTML, on } });
        }""",
        asset("widget.js"),
    )
    page.frame_locator("#cell iframe").locator("p", has_text="1,8").wait_for()
    assert page.frame_locator("#cell iframe").locator("p").inner_text() == "1,8"


@pytest.mark.usefixtures("anywidget")
def test_the_network_of_a_fit_is_shown_as_it_is_after_the_last_step(monkeypatch: Any, open_page: Any) -> None:
    shown: list[Any] = []
    display = ModuleType("IPython.display")
    display.display = shown.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    model, x = nn.MLP(2, [3, 1], "tanh", seed=0), [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    trainer = nn.Trainer(model, nn.mse, nn.Adam(model.parameters(), lr=0.05))
    trainer.fit(x, [0.0, 1.0, 1.0, 0.0], epochs=30, batch_size=4, live=True)
    page = open_page(watching_page().html(host="<script>window.askPython = () => {};</script>"))
    for _, (sent,) in shown[0].sent[-1:] * 2:
        text = base64.b64encode(sent).decode()
        page.evaluate("(text) => receive(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)))", text)
    assert page.locator("#at").inner_text() == "epoch 30, step 30"
    assert page.locator("#network .neuron").count() == 6
    assert page.locator("#plane canvas").count() == 1
    assert page.locator("#flow .bar").count() == 2
    page.locator("#sample").select_option("2")
    wanted = page.evaluate("text", model(x[2])[0].data)
    until(page, f"[...document.querySelectorAll('#facts dd')].some((e) => e.textContent === {json.dumps(wanted)})")
    page.locator("#network .neuron").nth(2).click()
    until(page, "document.querySelector('#sum').textContent.includes('layers[0].neurons[0]')")


PACE = """
<script>
let clock = 0;
const asked = [], answer = Uint8Array.of(2, 0, 0, 0, 123, 125);
performance.now = () => clock;
window.requestAnimationFrame = (then) => { clock += 16; Promise.resolve().then(then); };
window.askPython = async () => { asked.push(clock); return answer; };
</script>
"""


def test_a_page_that_goes_on_asks_thirty_times_a_second_after_many_wishes_too(open_page: Any) -> None:
    page = open_page(LivePage("Pace", "", "", "", {}, lambda question: Answer({})).html(host=PACE))
    asked = page.evaluate("""async () => {
      const take = () => { if (asked.length < 60) wish(); };
      const wish = conversation(() => ({}), take, () => asked.length < 90);
      await wish();
      return asked;
    }""")
    gaps = [after - before for before, after in pairwise(asked)]
    assert set(gaps[:59]) == {16}  # what is wished waits for a frame
    assert max(gaps[59:]) <= 48
    assert 30 <= sum(gaps[59:]) / len(gaps[59:]) <= 36


def test_without_anywidget_one_line_says_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    for make in (autograd.play, nn.play):
        with pytest.raises(ImportError, match=r'pip install "valuegrad\[notebook\]".*python -m autograd play'):
            make()


def test_the_page_asks_through_its_frame(open_page: Any, tabs: Tabs) -> None:
    page = formula_page("w*x", {"w": 2.0, "x": 3.0})
    notebook = open_page("<!doctype html><title>a notebook</title><div id=cell></div>")
    asked: list[Any] = []

    def answer(question: str) -> str:
        asked.append(json.loads(question))
        return base64.b64encode(answered(page.ask, asked[-1])[0]).decode()

    notebook.expose_function("answer", answer)
    frame = framed(page.html(host=_HOST), page.title, "40rem")
    notebook.evaluate(
        """async ([script, frame]) => {
          const widget = (await import(`data:text/javascript;base64,${btoa(script)}`)).default, listeners = [];
          const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
          const model = { get: () => frame, on: (_, listener) => listeners.push(listener), off() {} };
          model.send = async ({ number, question }) => {
            const packet = bytes(await answer(JSON.stringify(question)));
            for (const listener of listeners) listener({ number }, [packet]);
          };
          for (const _ of [1, 2]) widget.render({ model, el: document.querySelector("#cell") });
        }""",
        [asset("widget.js"), frame],
    )
    until(notebook, "[0, 1].every((i) => window.frames[i]?.document.querySelector('#stage svg'))", 30)
    first, second = notebook.main_frame.child_frames
    first.locator("#formula").fill("w + x")
    until(first, "document.querySelector('#output').textContent === 'f = 5'", 30)
    assert second.locator("#output").inner_text() == "f = 6"  # each view of a widget has a state of its own
    first.locator("#play").click()
    step_once(first)
    assert asked[-1]["play"] is True
    tabs.give_up(notebook)  # it knows a function of Python's
