"""Checks of lesson 3: paths, topological order, and gradients that accumulate."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

from autograd import Value, grad

from . import UnfitAnswerError, exercise, function, near, number

PARENTS = {"a": "", "b": "", "c": "", "p": "ab", "q": "ac", "r": "pq"}


@exercise("3.1")
def paths(answer: object) -> str | None:
    """Four doublings: 2⁴ = 16 paths."""
    got = number(answer)
    if got == 16.0:
        return None
    if got == 31.0:
        return "that is how often every_path would be called; asked for are the paths from a to e."
    if got == 32.0:
        return "one doubling too many: there are four, from a to b, to c, to d, to e."
    if got == 8.0:
        return "that adds up the two ways of each step, or forgets one step; the ways of four steps multiply."
    if got in (4.0, 5.0):
        return "that counts steps or nodes; at each of the four steps there are two arrows to choose from."
    return "each of the four steps can be taken by two arrows, and the choices multiply."


@exercise("3.2")
def topological(answer: object) -> str | None:
    """Any order of a, b, c, p, q, r with parents before children."""
    if isinstance(answer, str) or not isinstance(answer, Sequence) or not all(isinstance(x, str) for x in answer):
        raise UnfitAnswerError(f'the answer is a list of names, such as ["a", "b"], and this is {answer!r}.')
    if missing := [name for name in PARENTS if name not in answer]:
        return f"every node has its place in the order; missing: {', '.join(missing)}."
    if len(answer) != len(PARENTS):
        extra = [name for k, name in enumerate(answer) if name not in PARENTS or name in answer[:k]]
        return f"each of the six nodes stands in it once; too many: {', '.join(extra)}."
    for child, parents in PARENTS.items():
        for parent in parents:
            if answer.index(parent) > answer.index(child):
                return f"{child} was made from {parent}, so {parent} comes before it."
    return None


@exercise("3.3")
def two_passes(answer: object) -> str | None:
    """dy/dx = 2x + 3 = 7, twice: 14."""
    got = number(answer)
    if near(got, 14.0):
        return None
    if near(got, 7.0):
        return "that is the gradient after one call; a leaf adds up what each call brings."
    if near(got, 10.0):
        return "that is y, or twice 2x + 1: the derivative of 3x is 3."
    if near(got, 21.0):
        return "that would be three calls."
    return "first the derivative 2x + 3 at x = 2; then think of what the second call adds."


def _diamond() -> tuple[Value, list[Value]]:
    a, b = Value(2.0, label="a"), Value(5.0, label="b")
    p = a * b
    return (p + a) * p, [a, b]


def _late_sum() -> tuple[Value, list[Value]]:
    x = Value(3.0, label="x")
    y = x * x
    return (y + 1.0) * y, [x]


def _early_sum() -> tuple[Value, list[Value]]:
    x = Value(3.0, label="x")
    y = x * x
    return y * (y + 1.0), [x]


def _doublings(n: int) -> tuple[Value, list[Value]]:
    leaf = node = Value(1.0, label="a")
    for _ in range(n):
        node = node + node
    return node, [leaf]


GRAPHS: dict[str, Callable[[], tuple[Value, list[Value]]]] = {
    "c = b + b with b = a + a": lambda: _doublings(2),
    "(p + a) · p with p = a · b": _diamond,
    "y · (y + 1) with y = x · x": _early_sum,
    "(y + 1) · y with y = x · x": _late_sum,
}


@exercise("3.4")
def all_gradients(answer: object) -> str | None:
    """Each node passes its gradient on when it is complete, whatever the graph."""
    gradients_of = function(answer)
    for name, graph in GRAPHS.items():
        root, leaves = graph()
        got = gradients_of(root)
        if not isinstance(got, Mapping):
            raise UnfitAnswerError(f"the function returns the dictionary of all gradients, and this is {got!r}.")
        for leaf in leaves:
            wanted = grad(root, leaf)
            if leaf not in got:
                return f"for {name} there is no gradient of {leaf.label}."
            if not near(number(got[leaf]), wanted):
                return (
                    f"for {name} the gradient of {leaf.label} is {wanted:g}, and this gives {number(got[leaf]):g}: is "
                    "each node's gradient complete when it is passed on?"
                )
    return None


@exercise("3.5")
def count_paths(answer: object) -> str | None:
    """The paths to a node are those to the nodes that it goes into, added up."""
    paths = function(answer)
    for name, (root, leaves), wanted in (
        ("from a to itself", _doublings(0), 1),
        ("from a to c", _doublings(2), 4),
        ("from x to (y + 1) · y with y = x · x", _late_sum(), 4),
        ("from a to (p + a) · p with p = a · b", _diamond(), 3),
    ):
        got = number(paths(root, leaves[0]))
        if got != wanted:
            return f"there are {wanted} paths {name}, and this gives {got:g}."
    root, leaves = _doublings(12)
    got, calls = _calls(lambda: paths(root, leaves[0]))
    if got != 2**12:
        return f"twelve doublings make 4096 paths, and this gives {got}."
    if calls > 2000:
        return (
            "the numbers are right, but twelve doublings take thousands of calls, for 13 nodes: it walks each path. "
            "Count them node by node, along a topological order."
        )
    if number(paths(root, Value(1.0))) != 0:
        return "no path leads from a Value that is not in the graph: that is 0."
    return None


def _calls(work: Callable[[], Any]) -> tuple[Any, int]:
    """What it returns, and how many calls of Python functions that took."""
    counted = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        return work(), counted
    finally:
        sys.setprofile(before)
