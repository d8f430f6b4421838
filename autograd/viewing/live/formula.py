"""The formula page: a typed formula, a slider for each of its names, and what the engine says of them.

Nothing is kept between two questions: each holds all that its answer hangs on.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...expression import CONSTANTS, Formula, known_functions, read
from ...graph import topological_order
from ...value import Value
from ..explain import explain
from ..notation import number_text, visible
from ..panel import elements
from ..player import fill
from ..stepper import step_through
from .page import Answer, LivePage, QuestionError, asset
from .still import needed_room, still_svg, texts

EXAMPLES: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "a neuron": ("a = tanh(w*x + b); (a - 1)**2", {"w": 0.5, "x": 2.0, "b": -0.3}),
    "two neurons": (
        "a1 = sigmoid(w1*x + b1); a2 = sigmoid(w2*a1 + b2); 0.5*(T - a2)**2",
        {"w1": 0.15, "x": 0.1, "b1": 0.4, "w2": 0.45, "b2": 0.65, "T": 0.25},
    ),
    "a fan-out": ("b = a + a; b*a + a", {"a": 1.5}),
    "softmax": ("p = softmax(x1, x2, x3)[0]; -log(p)", {"x1": 0.5, "x2": 1.0, "x3": -0.5}),
    "a saddle": ("x**2 - y**2", {"x": 1.0, "y": 0.1}),
}

VIEWING = "autograd.viewing"  # where what is shared with other pages stands

UNTOLD = 0.5
"""The number of a name to which none was given."""

LONGEST = 2_000
"""Characters of a formula that is redrawn while it is typed."""


def formula_page(text: str = "", numbers: Mapping[str, float] | None = None) -> LivePage:
    """The page, to begin with this formula and these numbers; an ExpressionError where the formula is none."""
    first, first_numbers = (text, numbers or {}) if text else EXAMPLES["a neuron"]
    read(first)
    first_numbers = {name: _finite(name, number) for name, number in first_numbers.items()}
    filled = {
        "map": asset("map.html", VIEWING),
        "functions": html.escape(", ".join(known_functions())),
        "examples": elements("option", list(EXAMPLES)),
    }
    return LivePage(
        title="A formula and its gradients",
        style=asset("camera.css", VIEWING) + asset("picture.css", VIEWING) + asset("formula.css"),
        body=fill(asset("formula.html"), filled),
        script=asset("camera.js", VIEWING) + asset("formula.js"),
        data={"first": [first, first_numbers], "examples": EXAMPLES},
        ask=ask,
    )


def ask(question: Mapping[str, Any]) -> Answer:
    """What the page shows of a formula at some numbers, after a step of descent if one is asked for."""
    asked = _Question.read(question)
    output, leaves = _recorded(asked.formula, asked.numbers)
    if asked.plays:
        return Answer({"html": step_through(output).html})
    if asked.rate is not None:
        output, leaves = _recorded(asked.formula, _descended(leaves, asked.rate))
    return Answer(_told(output, leaves, asked))


@dataclass(frozen=True)
class _Question:
    formula: Formula
    numbers: Mapping[str, float]
    wrt: str
    stage: tuple[float, float]  # pixels
    room: int
    drawn: str  # the key of the picture that the page has
    rate: float | None
    plays: bool

    @classmethod
    def read(cls, question: Mapping[str, Any]) -> _Question:
        numbers = _typed(question, "numbers", dict, {})
        rate = question.get("rate")
        stage = _typed(question, "stage", list, [900, 500])
        if len(stage) != 2:
            raise QuestionError(f"stage is a width and a height, got {repr(stage)[:40]}")
        text = _typed(question, "formula", str, "")
        if len(text) > LONGEST:
            raise QuestionError(f"the formula has {len(text):,} characters; {LONGEST:,} is the most that a page draws")
        return cls(
            formula=read(text),
            numbers={name: _finite(name, number) for name, number in numbers.items()},
            wrt=_typed(question, "wrt", str, ""),
            stage=(_finite("stage", stage[0]), _finite("stage", stage[1])),
            room=min(max(_typed(question, "room", int, 0), 0), 1),
            drawn=_typed(question, "drawn", str, ""),
            rate=None if rate is None else _finite("the rate", rate),
            plays=question.get("play") is True,
        )


def _typed(question: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    value = question.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise QuestionError(f"{name} is of type {kind.__name__}, got {type(value).__name__}")
    return value


def _finite(name: str, number: object) -> float:
    if not isinstance(number, int | float) or isinstance(number, bool) or not math.isfinite(number):
        raise QuestionError(f"{visible(name)} is a finite number, got {repr(number)[:40]}")
    return float(number)


Leaves = Mapping[str, Value]


def _recorded(formula: Formula, numbers: Mapping[str, float]) -> tuple[Value, Leaves]:
    """The formula after ``backward``, and a leaf for each of its names."""
    names = [name for name in formula.names if name in numbers or name not in CONSTANTS]
    leaves = {name: Value(numbers.get(name, UNTOLD), label=name) for name in names}
    output = formula.output(leaves)
    output.backward()
    return output, leaves


def _descended(leaves: Leaves, rate: float) -> dict[str, float]:
    numbers = {name: leaf.data - rate * leaf.grad for name, leaf in leaves.items()}
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise QuestionError(f"a step down leads to {name} = {number}, as its gradient is {leaves[name].grad}")
    return numbers


def _told(output: Value, leaves: Leaves, asked: _Question) -> dict[str, Any]:
    wrt = asked.wrt if asked.wrt in leaves else next(iter(leaves), "")
    room = max(asked.room, needed_room(output))
    parts = {node: f"v{i}" for i, node in enumerate(topological_order(output))}
    largest = max((abs(leaf.grad) for leaf in leaves.values() if math.isfinite(leaf.grad)), default=0.0)
    key = repr((asked.stage, room, list(leaves), asked.formula.text))
    told = {"drawn": key} if key == asked.drawn else {"drawn": key, "picture": still_svg(output, asked.stage, room)}
    result = f"{visible(output.label)} = {number_text(output.data)}"
    return told | {
        "output": result,
        "said": f"{result}, gradient by {wrt} {number_text(leaves[wrt].grad)}" if leaves else result,
        "numbers": {name: leaf.data for name, leaf in leaves.items()},
        "rows": "".join(fill(_ROW, {"name": html.escape(name)}) for name in leaves),
        "leaves": {name: _leaf(leaf, largest) | {"part": parts.get(leaf)} for name, leaf in leaves.items()},
        "wrt": wrt,
        "chain": str(explain(output, leaves[wrt])) if leaves else "The formula has no names to differentiate by.",
        "texts": texts(output),
        "room": room,
    }


_ROW = """<div class="leaf" data-name="{{name}}">
<label><input type="radio" name="wrt" aria-label="Chain rule of {{name}}"><b>{{name}}</b></label>
<input type="range" step="any" aria-label="{{name}}"><input type="number" step="0.1" aria-label="{{name}}, exactly">
<span class="bar" aria-hidden="true"><i></i></span><span class="gradient"></span></div>"""


def _leaf(leaf: Value, largest: float) -> dict[str, Any]:
    """Its gradient as text, and as a share of the largest, and how far its slider reaches."""
    share = leaf.grad / largest if largest and math.isfinite(leaf.grad) else 0.0
    reach = max(4.0, 2.0 ** min(math.ceil(math.log2(abs(leaf.data) or 1.0)), 1023))
    return {"gradient": number_text(leaf.grad), "share": share, "reach": reach}
