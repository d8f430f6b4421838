"""Checks of lesson 1: values, graphs and the neuron."""

from __future__ import annotations

import math

from autograd import Value
from autograd.graph import topological_order

from . import UnfitAnswerError, exercise, function, near, number, value


@exercise("1.1")
def weighted_sum(answer: object) -> str | None:
    """z = 0.5 · 2 + 1.5 · (−1) + 1 = 0.5"""
    z = number(answer)
    if near(z, 0.5):
        return None
    if near(z, -0.5):
        return "that is the weighted sum; the bias is missing."
    if near(z, 3.5):
        return "the second input is −1, and so its product is negative."
    if near(z, 2.5):
        return "the bias is added once, and each input is multiplied by its own weight: 0.5 · 2, and 1.5 · (−1)."
    if any(near(z, a) for a in (1.0 / (1.0 + math.exp(-0.5)), math.tanh(0.5))):
        return "that is a, after an activation; asked for is z, before it."
    return "z is each input times its weight, summed, plus the bias."


@exercise("1.2")
def recorded_product(answer: object) -> str | None:
    """(a + b) · (a − b) at a = 3, b = 2, with two leaves and three operations."""
    if not isinstance(answer, Value):
        return f"this is {answer!r}, which remembers nothing: make a and b Values, and compute with them."
    if not near(answer.data, 5.0):
        return f"the Value holds {answer.data:g}, and (3 + 2) · (3 − 2) is 5."
    nodes = topological_order(answer)
    leaves = [node for node in nodes if node.is_leaf]
    operations = [node for node in nodes if node.parents]
    if sorted(leaf.data for leaf in leaves) != [2.0, 3.0]:
        found = ", ".join(f"{leaf.data:g}" for leaf in leaves) or "none"
        return f"the leaves should be 3 and 2, each a Value that is used twice; the leaves of this graph: {found}."
    kinds = sorted(node.op.name for node in operations if node.op)
    if kinds != ["add", "mul", "sub"]:
        return f"there should be one sum, one difference and one product; this graph has {', '.join(kinds)}."
    return None


@exercise("1.3")
def neuron(answer: object) -> str | None:
    """A function neuron(xs, ws, b) that records tanh(w · x + b)."""
    if not callable(answer):
        raise UnfitAnswerError(f"hand in the function itself, answer = neuron; this is {answer!r}.")
    for xs, ws, b in (([1.0], [0.5], 0.25), ([2.0, -1.0, 0.5], [0.1, 0.2, -0.4], 0.3)):
        weights, bias = [Value(w) for w in ws], Value(b)
        if hint := _wrong_output(answer(xs, weights, bias), xs, ws, b):
            return hint
    return None


def _wrong_output(out: object, xs: list[float], ws: list[float], b: float) -> str | None:
    call = f"neuron({xs}, {ws}, {b})"
    if not isinstance(out, Value):
        return f"{call} gave {out!r}, which is not a Value: did you return the result, and use Value.tanh()?"
    total = math.fsum(w * x for w, x in zip(ws, xs, strict=True))
    z = total + b
    if near(out.data, math.tanh(z)):
        return None
    slips = {
        z: "the activation is missing: take tanh of the sum.",
        math.tanh(total): "the bias is missing.",
        1.0 / (1.0 + math.exp(-z)): "that is the sigmoid; asked for is tanh.",
        math.tanh(total + len(xs) * b): "the bias is added once, not once for each input.",
        math.tanh(xs[0] * ws[0] + b): "only the first input was used.",
    }
    said = next(
        (hint for slip, hint in slips.items() if near(out.data, slip)), "tanh(w₁x₁ + w₂x₂ + … + b) is asked for."
    )
    return f"{call} gave {out.data:.6g}, wanted {math.tanh(z):.6g}: {said}"


@exercise("1.4")
def recorded_number(answer: object) -> str | None:
    """y is recorded as 9, and x is 5 by the time that they are added."""
    got = number(answer)
    hints = {
        30.0: "that is 25 + 5: y is a recording of x · x with x = 3, and does not change with x.",
        12.0: "that is 9 + 3: the sum is computed after x has been changed, with the number that x has then.",
        28.0: "that is 25 + 3: it is the other way round. y was recorded before x changed, and the sum after it.",
        9.0: "that is y alone; z is y + x.",
    }
    return None if got == 14.0 else hints.get(got, "which number does y hold, and which one does x hold by then?")


@exercise("1.5")
def squared_distance(answer: object) -> str | None:
    """The sum of the squared differences, recorded."""
    distance = function(answer)
    for a, b in (([3.0, 1.0], [1.0, 2.0]), ([0.5, -1.0, 2.0], [0.0, 1.0, 2.5])):
        xs, call = [Value(number) for number in a], f"distance({a}, {b})"
        out = value(distance(xs, b), call)
        wanted = math.fsum((x - y) ** 2 for x, y in zip(a, b, strict=True))
        if not near(out.data, wanted):
            return f"{call} gave {out.data:g}, wanted {wanted:g}."
        graph = topological_order(out)
        if not any(x in graph for x in xs):
            return (
                "the number is right, but the result does not remember it: not one of the xs is in its graph of "
                f"{len(graph)} node(s)."
            )
        out.backward()
        if not all(near(x.grad, 2.0 * (x.data - y)) for x, y in zip(xs, b, strict=True)):
            return (
                f"the number of {call} is right, but it was not made from all of the xs: some are missing in its graph."
            )
    return None
