"""step_through: what the page holds, and what it does in a browser when every control and key is used."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from autograd import Value, grad, step_through
from autograd.graph import topological_order
from nn import MLP, mse

DESKTOP, PHONE = (1280, 800), (390, 800)


def worked_example() -> tuple[Value, dict[str, Value]]:
    """f = a·b + a·a with a used three times, and a constant."""
    a, b = Value(0.5, "a"), Value(-2.0, "b")
    f = a * b + a * a * 3
    f.label = "f"
    return f, {"a": a, "b": b}


def frames(page: str) -> list[dict[str, Any]]:
    """Each step, with the texts that are told of it."""
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    frames: list[dict[str, Any]] = json.loads(found[1])["frames"]
    for frame in frames:
        for name, pattern in TOLD.items():
            frame[name] = list(map(html.unescape, re.findall(pattern, frame["told"])))
    return frames


TOLD = {
    "heading": '<h2 id="heading">(.*?)</h2>',
    "lines": '<div class="(?:statement|continued|sum)">(.*?)</div>',
    "rules": "<li>(.*?)</li>",
}


def test_forward_steps_compute_and_backward_steps_write_the_chain_rule() -> None:
    f, _ = worked_example()
    steps = frames(step_through(f).html)
    assert [text for step in steps for text in step["heading"]] == [
        "What is given", "Compute v1", "Compute v2", "Compute v3", "Compute f", "Begin at f",
        "Pass f", "Pass v3", "Pass v2", "Pass v1", "Every gradient is known",
    ]  # fmt: skip
    assert steps[1]["lines"] == ["v1 = a · b", "= 0.5 · (−2)", "= −1"]
    assert steps[6]["lines"] == ["df/dv1 = df/df · df/dv1", "= 1 · 1 = 1", "df/dv3 = df/df · df/dv3", "= 1 · 1 = 1"]
    assert steps[8]["lines"] == [
        "df/da = df/dv2 · dv2/da",
        "= 3 · 0.5 = 1.5",
        "df/da += df/dv2 · dv2/da",
        "= 3 · 0.5 = 1.5",
        "so far 1.5 + 1.5 = 3",
    ]
    assert steps[8]["rules"] == ["d(x · y)/dx = y", "d(x · y)/dy = x"]
    assert steps[-1]["lines"] == ["df/da = 1", "df/db = 0.5"]


def test_the_last_gradients_are_the_engines() -> None:
    model = MLP(2, [3, 1], "tanh", seed=0)
    loss = mse(model([0.3, -0.4]), [1.0])
    number = {node: f"v{i}" for i, node in enumerate(topological_order(loss))}
    known: dict[str, str] = {}
    for step in frames(step_through(loss).html):
        known |= {node: hint.rpartition("grad ")[2] for node, (hint, _, _) in step["texts"].items()}
    for parameter in model.parameters():
        assert known[number[parameter]] == repr(grad(loss, parameter))


def test_the_values_are_left_as_they_are() -> None:
    f, leaves = worked_example()
    leaves["a"].grad = 7.0
    step_through(f)
    assert (leaves["a"].grad, leaves["b"].has_grad, f.has_grad) == (7.0, False, False)
    assert f.parents[0].label == ""


def test_a_blocked_gradient_is_zero_on_the_page() -> None:
    x = Value(2.0, "x")
    steps = frames(step_through(x.stop_gradient() * 3).html)
    assert steps[-1]["lines"] == ["dv2/dx = 0"]


def test_a_leaf_alone() -> None:
    assert frames(step_through(Value(2.0, "x")).html)[-1]["lines"] == ["dx/dx = 1"]


def test_infinities_and_nan_are_played_too() -> None:
    x = Value(0.0, "x")
    steps = frames(step_through(x.log() * x).html)
    assert steps[1]["lines"][-1] == "= −∞"
    assert "nan" in steps[2]["lines"][-1]


@pytest.mark.parametrize("wrong", [3.0, None, "f"])
def test_only_values_are_stepped_through(wrong: Any) -> None:
    with pytest.raises(TypeError, match="step_through takes the Value"):
        step_through(wrong)


def test_a_large_graph_is_refused_with_what_to_do() -> None:
    x = Value(1.0)
    for _ in range(400):
        x = x + 1
    with pytest.raises(ValueError, match=r"801 nodes.*max_nodes=300.*collapse"):
        step_through(x)


def test_save_and_display(tmp_path: Path) -> None:
    stepper = step_through(worked_example()[0])
    stepper.save(tmp_path / "f.html")
    assert (tmp_path / "f.html").read_text() == stepper.html
    assert repr(stepper) == "Stepper(10 steps)"
    assert stepper._repr_html_().startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')


HOSTILE = '</script><script>alert(1)</script>"]; x [label=" a|b{c} \\N \\ \' & <b> {{data}} 🎈 שלום \x00'


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop", "phone"])
def test_every_control_and_key(open_page: Any, size: tuple[int, int], dark: bool) -> None:
    f, leaves = worked_example()
    page = open_page(step_through(f).html, *size, dark)
    place = page.locator("#place")

    def texts() -> list[str]:
        return [text for text in page.locator("#stage text").all_text_contents() if text.startswith(("data", "grad"))]

    assert place.text_content() == "step 0 / 10"
    assert texts().count("data ?") == 4
    assert "Start" in page.locator("#phase").text_content()
    for control, expected in [
        ("#next", 1), ("#next", 2), ("#back", 1), ("#last", 10), ("#first", 0),
    ]:  # fmt: skip
        page.click(control)
        assert place.text_content() == f"step {expected} / 10"
    for key, expected in [
        ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 10), ("ArrowRight", 10), ("Home", 0),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert place.text_content() == f"step {expected} / 10"
    page.locator("#slider").fill("8")
    assert page.locator("#heading").text_content() == "Pass v2"
    assert "so far 1.5 + 1.5 = 3" in page.locator("#lines").text_content()
    assert page.locator("#live").text_content().startswith("Backward. Pass v2. df/da = df/dv2")
    assert page.locator("#slider").get_attribute("aria-valuetext").startswith("Backward. Pass v2")
    assert page.locator("#stage .node.current").count() == 2  # the value and its operation
    assert page.locator("#stage .edge.current").count() == 2

    page.keyboard.press("Home")
    page.select_option("#speed", label="6×")
    page.locator("#stage").focus()
    page.keyboard.press(" ")
    page.locator("#place", has_text="step 10 / 10").wait_for(timeout=10_000)
    page.locator("#play[aria-label=Play]").wait_for()
    said = "() => { $('play').click(); return $('play').getAttribute('aria-label'); }"  # before the next frame
    assert [page.evaluate(said), page.evaluate(said)] == ["Pause", "Play"]  # from the end it begins again

    page.keyboard.press("End")
    f.backward()
    said = """boxes => boxes.map(box => [box.querySelector("a").getAttribute("xlink:title"),
      [...box.querySelectorAll("text")].at(-1).textContent])"""
    shown = page.eval_on_selector_all("#stage svg.shown g.node[data-asked]", said)
    assert [f"a: data 0.5, grad {leaves['a'].grad!r}", "grad 1"] in shown
    assert [f"b: data -2.0, grad {leaves['b'].grad!r}", "grad 0.5"] in shown
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert all(
        page.locator(f"#{name}").get_attribute("aria-label") for name in ("first", "back", "play", "next", "last")
    )


def test_keys_that_reach_every_control(open_page: Any) -> None:
    page = open_page(step_through(worked_example()[0]).html)
    page.keyboard.press("ArrowRight")
    reached = []
    for _ in range(13):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert {
        "stage",
        "smaller",
        "larger",
        "fit",
        "panel",
        "first",
        "back",
        "play",
        "next",
        "last",
        "slider",
        "speed",
    } <= set(reached)


def test_hostile_labels_are_text(open_page: Any) -> None:
    x = Value(2.0, HOSTILE)
    f = x * x
    f.label = "f" + HOSTILE
    page = open_page(step_through(f).html)
    page.keyboard.press("End")
    shown = HOSTILE.replace("\x00", "␀")
    assert shown in page.locator("#lines").text_content()
    assert page.title().startswith("f" + shown[:20])
    assert page.locator("script").count() == 2
