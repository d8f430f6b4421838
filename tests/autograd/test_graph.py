"""Topological order, on every shape of graph."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from exactness import same_bits
from extensive import further
from fresh_python import SHALLOW, run_python

from autograd import Value, grad
from autograd.graph import dependents, topological_order


@dataclass(frozen=True, eq=False)
class Named:
    """The least that has an order."""

    name: str
    parents: tuple["Named", ...] = ()


def names(*roots: Named) -> str:
    return " ".join(node.name for node in topological_order(*roots))


A, B = Named("a"), Named("b")
C = Named("c", (A, B))
D = Named("d", (A, C))
E = Named("e", (C, D, C, A))


@pytest.mark.parametrize(
    ("roots", "wanted"),
    [
        ((), ""),
        ((A,), "a"),
        ((C,), "a b c"),
        ((D,), "a b c d"),
        ((E,), "a b c d e"),
        ((A, A), "a"),
        ((C, A, B), "a b c"),
        ((B, C), "b a c"),
        ((D, E), "a b c d e"),
        ((E, D), "a b c d e"),
        ((Named("y", (B, A)), C), "b a y c"),
        ((Named("x²", (A, A)),), "a x²"),
        ((Named("z", (Named("y", (B,)), Named("x", (A, Named("y", (B,)))))),), "b y a y x z"),
    ],
)
def test_parents_first_each_once_from_left_to_right(roots: tuple[Named, ...], wanted: str) -> None:
    assert names(*roots) == wanted


def test_a_node_met_early_still_follows_all_its_parents() -> None:
    """A deep parent that is also a direct one: visited at first sight, it would come before its own parents."""
    low = Named("low")
    middle = Named("middle", (low,))
    high = Named("high", (middle,))
    assert names(Named("root", (low, high, middle))) == "low middle high root"
    assert names(Named("root", (high, middle, low))) == "low middle high root"
    assert names(Named("root", (middle, high, low, high))) == "low middle high root"


def test_dependents() -> None:
    order = topological_order(E)
    assert dependents(order, [B]) == {B, C, D, E}
    assert dependents(order, [D]) == {D, E}
    assert dependents(order, []) == set()
    stranger = Named("stranger")
    assert dependents(order, [stranger]) == {stranger}


def chain(n: int) -> Callable[[Value], Value]:
    def apply(x: Value) -> Value:
        out = x
        for _ in range(n):
            out = out * 0.5 + x
        return out

    return apply


SHAPES: tuple[tuple[str, Callable[[Value], Value], float], ...] = (
    ("a leaf", lambda x: x, 1.0),
    ("x + x", lambda x: x + x, 2.0),
    ("x * x", lambda x: x * x, 6.0),
    ("x * x * x", lambda x: x * x * x, 27.0),
    ("x ** x", lambda x: x**x, 56.66253179403897),  # 27 (1 + log 3)
    ("x - x", lambda x: x - x, 0.0),
    ("x / x", lambda x: x / x, 0.0),
    ("max(x, x)", lambda x: x.maximum(x), 1.0),
    ("a diamond", lambda x: (x * 2) * (x + 1), 14.0),
    ("a diamond on a stem", lambda x: (lambda s: (s + 1) * (s * s))(x * 2), 240.0),  # 2 (3 s² + 2 s) at s = 6
    ("fan-out", lambda x: (lambda s: s + s * s + s * 3 + s)(x + 1), 13.0),
    ("a constant corner", lambda x: x * (Value.constant(2) * 3 + 1), 7.0),
    ("constants alone", lambda x: Value.constant(2) * 3, 0.0),
    ("a blocked corner", lambda x: x * (x * 5).stop_gradient(), 15.0),
    ("a chain", chain(3), 1.875),  # 1 + 1/2 + 1/4 + 1/8
)


@pytest.mark.parametrize(("make", "wanted"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_the_gradient_of_every_shape(make: Callable[[Value], Value], wanted: float) -> None:
    x = Value(3.0)
    out = make(x)
    out.backward()
    assert x.grad == pytest.approx(wanted, rel=1e-15)
    assert same_bits(grad(out, x), x.grad)
    assert same_bits(grad(out, x, create_graph=True).data, x.grad)


def test_shared_leaves_and_a_subgraph_under_two_roots() -> None:
    a, b = Value(2.0), Value(5.0)
    shared = a * b
    left, right = shared * a, shared + b
    left.backward()
    assert (a.grad, b.grad, shared.grad) == (20.0, 4.0, 2.0)
    right.backward()
    assert (a.grad, b.grad, shared.grad) == (25.0, 7.0, 1.0)
    assert (left.grad, right.grad) == (1.0, 1.0)


def test_paths_without_number_take_the_time_of_their_edges() -> None:
    """2^1000 paths in 1000 nodes: walked path by path, this would never end."""
    x = Value(1.0)
    out = x
    for _ in range(1000):
        out = out + out
    out.backward()
    assert x.grad == grad(out, x) == grad(out, x, create_graph=True).data == out.data == 2.0**1000


def test_second_derivatives_of_paths_without_number() -> None:
    x = Value(1.0)
    out = x
    for _ in range(6):
        out = out * out  # x^64
    assert (grad(out, x), grad(grad(out, x, create_graph=True), x)) == (64.0, 64.0 * 63)


@pytest.mark.parametrize("depth", [200_000, *further(1_000_000)])
def test_no_graph_is_too_deep(depth: int) -> None:
    script = f"""
from autograd import Value, grad

def run():
    x = Value(1.0)
    out = x
    for _ in range({depth}):
        out = out + x
    out.backward()
    assert x.grad == grad(out, x) == out.data == {depth} + 1
    out.zero_grad()
    assert not x.has_grad and not out.has_grad
    del out
    assert x.data == 1.0
    print("done")

run_shallow(run)
"""
    assert run_python(SHALLOW + script) == "done\n"


def test_a_gradient_can_be_recorded_as_deep_as_the_graph() -> None:
    script = """
from autograd import Value, grad, no_grad, detect_anomaly

def run():
    x = Value(0.999)
    out = x
    for _ in range(50_000):
        out = out.sin()
    slope = grad(out, x, create_graph=True)
    assert slope.data == grad(out, x)
    assert grad(slope, x) < 0
    with detect_anomaly():
        (out * 1).backward()
    assert x.grad == slope.data
    print("done")

run_shallow(run)
"""
    assert run_python(SHALLOW + script) == "done\n"
