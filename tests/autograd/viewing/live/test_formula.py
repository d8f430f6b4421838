"""The formula page: what it is told, and what it does in a browser when every control is used."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from extensive import further
from live import SIZES, head_of, random_question, step_once, told, until

from autograd import Value, draw
from autograd.expression import read
from autograd.viewing.live import LivePage, answered
from autograd.viewing.live.formula import EXAMPLES, LONGEST, ask, formula_page

NEURON = "a = tanh(w*x + b); (a - 1)**2"
NUMBERS = {"w": 0.5, "x": 2.0, "b": -0.3}


def test_a_neuron_by_hand() -> None:
    answer = told(ask, formula=NEURON, numbers=NUMBERS, wrt="w")
    a = math.tanh(0.7)
    slope = 2 * (a - 1) * (1 - a * a)
    assert answer["output"] == f"f = {(a - 1) ** 2:.4g}"
    assert {name: leaf["gradient"] for name, leaf in answer["leaves"].items()} == {
        "w": f"{slope * 2.0:.4g}", "x": f"{slope * 0.5:.4g}", "b": f"{slope:.4g}",
    }  # fmt: skip
    assert [round(leaf["share"], 12) for leaf in answer["leaves"].values()] == [-1.0, -0.25, -0.5]
    assert answer["chain"].startswith("df/dw = df/da · da/dw")


def test_a_step_of_descent_by_hand() -> None:
    answer = told(ask, formula="x**2 - y**2", numbers={"x": 1.0, "y": 0.5}, rate=0.25)
    assert answer["numbers"] == {"x": 0.5, "y": 0.75}
    assert answer["output"] == "f = -0.3125"


def test_the_picture_keeps_still_while_numbers_change() -> None:
    """One picture for nearly all numbers, and a wider one once there is a number with three digits in its exponent."""
    draws, state = random.Random(0), {"room": 0, "drawn": ""}
    pictures = []
    for _ in range(200):
        numbers = {name: draws.uniform(-4, 4) * 10 ** draws.choice([0, 0, 0, -3, 3, -99]) for name in NUMBERS}
        answer = told(ask, formula=NEURON, numbers=numbers, **state)
        assert ("picture" in answer) == (answer["room"] > state["room"] or not state["drawn"])
        state = {name: answer[name] for name in state}
        pictures += [answer["picture"]] if "picture" in answer else []
        room = max(len(text) for text in re.findall(r"data (\S+?)</text>", pictures[-1]))
        assert all(len(text) <= room + 5 for text in answer["texts"]["v0"][1:])
    assert len(pictures) == 2


REFUSED = {
    "no formula": ({"formula": ""}, "the expression is empty"),
    "half a formula": ({"formula": "w*"}, "a number or a name is missing"),
    "a program": ({"formula": "__import__('os')"}, "not allowed in a formula"),
    "another type": ({"formula": 7}, "formula is of type str, got int"),
    "too long": ({"formula": "x+" * LONGEST + "x"}, "is the most that a page draws"),
    "too many nodes": ({"formula": "+".join(["x*y"] * 300)}, "nodes"),
    "nan": ({"numbers": {"x": math.nan}}, "x is a finite number, got nan"),
    "an int beyond floats": ({"numbers": {"x": 10**400}}, "too large"),
    "a truth value": ({"numbers": {"x": True}}, "x is a finite number, got True"),
    "a list of numbers": ({"numbers": [1]}, "numbers is of type dict, got list"),
    "a rate of text": ({"rate": "fast"}, "the rate is a finite number"),
    "a step to nowhere": ({"formula": "1/x", "numbers": {"x": 0.0}, "rate": 0.1}, "a step down leads to x = "),
    "a stage of three": ({"stage": [1, 2, 3]}, "stage is a width and a height"),
}


@pytest.mark.parametrize(("question", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_answered_is_refused_with_a_reason(question: dict[str, Any], sentence: str) -> None:
    answer = told(ask, **{"formula": "x*x", **question})
    assert list(answer) == ["error"]
    assert sentence in answer["error"]


LIKELY = {
    "formula": [NEURON, "x*y", "x", "log(x)", "1/x", "exp(exp(x))", "softmax(x, y)[0]", "x +", "3", "sqrt(x)**y"],
    "numbers": [NUMBERS, {"x": 0}, {"x": -1.5}, {"y": 1e200}, {}, {"e": 1}, {"x": None}, {"": 1}],
    "wrt": ["x", "w", "nobody"],
    "room": [0, 1, 2],
    "rate": [0.1, -1, 1e300],
    "stage": [[900, 400], [300, 500], [0, 0]],
    "drawn": ["", "x"],
    "play": [True, False],
}


@pytest.mark.parametrize("questions", [300, *further(1000)])
def test_any_question_is_answered_by_a_state_or_a_sentence(questions: int, capsys: pytest.CaptureFixture[str]) -> None:
    draws, states = random.Random(0), 0
    for _ in range(questions):
        question = random_question(draws, LIKELY)
        answer = head_of(answered(ask, question)[0])
        assert "error" in answer or "html" in answer or {"output", "leaves", "texts", "chain"} <= set(answer)
        assert answer.get("error") != ""
        states += "error" not in answer
    assert 0.2 < states / questions < 0.9
    assert capsys.readouterr() == ("", "")


def test_a_name_may_be_that_of_a_constant() -> None:
    assert list(told(ask, formula="e*x + pi", numbers={})["leaves"]) == ["x"]
    assert list(told(ask, formula="e*x + pi", numbers={"e": 2})["leaves"]) == ["e", "x"]


# ---- in a browser

Open = Callable[..., Any]


def opened(open_live: Open, page: LivePage | None = None, **settings: Any) -> Any:
    page = open_live(page or formula_page(NEURON, NUMBERS), **settings)
    page.wait_for_selector("#stage svg")
    return page


def leaf(page: Any, name: str) -> Any:
    return page.locator(f'.leaf[data-name="{name}"]')


def set_to(control: Any, value: float) -> None:
    control.evaluate("(e, value) => { e.value = value; e.dispatchEvent(new Event('input')); }", value)


FORMULAS = [*(text for text, _ in EXAMPLES.values()), "x*x + x/x", "x", "2 + 3", "max(x, y) - exp(1e3*y)"]


def test_the_numbers_put_into_the_picture_are_those_of_draw(open_live: Open) -> None:
    numbers = {"x": 0.25, "y": 3.5, "w": 1e-7}
    page = opened(open_live, formula_page("x", numbers))
    for formula in FORMULAS:
        page.locator("#formula").fill(formula)
        names = read(formula).names
        output = read(formula).output({name: Value(numbers.get(name, 0.5), label=name) for name in names})
        output.backward()
        pictures = [ElementTree.fromstring(draw(output, rankdir).svg) for rankdir in ("LR", "TB")]
        texts = [[text.text or "" for text in picture.iter("{http://www.w3.org/2000/svg}text")] for picture in pictures]
        wanted = [sorted(" ".join(text.split()) for text in found) for found in texts]
        until(page, f"{json.dumps(wanted)}.map(String).includes(String({SHOWN}))")


SHOWN = (
    """[...document.querySelectorAll("#stage text")].map((t) => t.textContent.replace(/\\s+/g, " ").trim()).sort()"""
)


@pytest.mark.parametrize("size", ["desktop", *further("phone")])
def test_every_control(open_live: Open, size: str) -> None:
    width, height = SIZES[size]
    page = opened(open_live, width=width, height=height)
    gradient = leaf(page, "w").locator(".gradient")
    assert gradient.inner_text() == "grad -1.004"
    assert page.locator("#output").inner_text() == "f = 0.1565"
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    set_to(leaf(page, "x").locator("input[type=range]"), -1.0)  # a = tanh(-0.8)
    until(page, "document.querySelector('#output').textContent === 'f = 2.769'")
    until(page, "document.querySelector('[data-name=x] input[type=radio]').checked")
    leaf(page, "b").locator("input[type=number]").fill("0.5")
    until(page, "document.querySelector('#output').textContent === 'f = 1'")
    until(page, "document.querySelector('#stage').textContent.includes('data 0.5')")
    leaf(page, "w").locator("input[type=radio]").check()
    until(page, "document.querySelector('#chain').textContent.startsWith('df/dw')")
    page.locator("#stage g.leaf").filter(has=page.get_by_text("b", exact=True)).click()
    until(page, "document.querySelector('#chain').textContent.startsWith('df/db')")

    page.locator("#rate").fill("0.5")
    page.locator("#down").click()  # tanh(0) = 0 has slope 1, and the loss -2: w += x, x += w, b += 1
    until(page, "document.querySelector('[data-name=b] input[type=number]').value === '1.5'")
    assert leaf(page, "w").locator("input[type=number]").input_value() == "-0.5"

    page.locator("#formula").fill("x**2 +")
    page.wait_for_selector("#error:not(:empty)")
    assert "missing at its end" in page.locator("#error").inner_text()
    assert page.locator("#stage g.node").count() > 5  # the last picture is kept
    page.locator("#formula").fill("x**2 + s")
    until(page, "document.querySelectorAll('.leaf[data-name]').length === 2")
    until(page, "document.querySelector('#error').textContent === ''")

    page.locator("#example").select_option("softmax")
    until(page, "document.querySelector('#chain').textContent.includes('x1')")
    assert page.locator("#formula").input_value() == EXAMPLES["softmax"][0]

    page.locator("#play").click()
    step_once(page)
    page.locator("#shut").click()
    page.locator("#player").wait_for(state="hidden")


def test_keys_reach_what_has_the_focus(open_live: Open) -> None:
    page = opened(open_live)
    nodes = page.locator("#stage g.node").count()
    page.locator("#formula").focus()
    page.keyboard.press("End")
    page.keyboard.type(" + 0")  # where the camera would zoom
    assert page.locator("#formula").input_value().endswith("**2 + 0")
    until(page, f"document.querySelectorAll('#stage g.node').length > {nodes}")  # the last picture, which fits anew
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    before = page.locator("#stage svg").get_attribute("viewBox")
    page.locator("#stage").focus()
    page.keyboard.press("+")
    until(page, f"document.querySelector('#stage svg').getAttribute('viewBox') !== {json.dumps(before)}")
    leaf(page, "w").locator("input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('#output').textContent !== 'f = 0.1565'")


def test_nothing_moves_but_texts_while_a_number_is_dragged(open_live: Open) -> None:
    page = opened(open_live)
    page.evaluate("""() => {
      window.moved = [];
      const seen = ({ target }) => target.matches?.("text, a") || moved.push(target.outerHTML);
      new MutationObserver((records) => records.forEach(seen))
        .observe(document.querySelector("#stage"), { subtree: true, attributes: true, childList: true });
    }""")
    slider = leaf(page, "w").locator("input[type=range]")
    for i in range(-40, 41):
        set_to(slider, i / 20)
    last = f"f = {(math.tanh(2.0 * 2.0 - 0.3) - 1) ** 2:.4g}"
    until(page, f"document.querySelector('#output').textContent === {json.dumps(last)}")
    assert page.evaluate("moved") == []


def test_the_address_brings_the_state_back(open_live: Open) -> None:
    page = opened(open_live)
    set_to(leaf(page, "w").locator("input[type=range]"), 1.25)
    until(page, "decodeURIComponent(location.hash).includes('1.25')")
    page.reload()
    until(page, "document.querySelector('[data-name=w] input[type=number]')?.value === '1.25'")


def test_without_the_program_the_page_says_so(open_live: Open) -> None:
    page = opened(open_live)
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('gone')); }")
    page.locator("#down").click()
    page.wait_for_selector("#error:not(:empty)")
    assert "has ended" in page.locator("#error").inner_text()


def test_a_number_that_is_wiped_out_is_there_again_once_its_field_is_left(open_live: Open) -> None:
    page = opened(open_live)
    field = leaf(page, "x").locator("input[type=number]")
    field.fill("")
    field.press("Tab")
    until(page, """document.querySelector('.leaf[data-name="x"] input[type=number]').value === '2'""")
