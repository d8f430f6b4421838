"""The chain rule along a topological order: backward, grad, jacobian, hessian.

The one formula is ``adjoint(parent) += adjoint(node) * partial(node, parent)``, over the nodes in reverse order. It is
applied twice below, since the two uses keep different promises: :func:`backward` writes into ``.grad`` and is the fast
one; :func:`grad` leaves every node as it is, and its adjoints may themselves be recorded values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Literal, overload

from . import modes
from .graph import dependents, topological_order

if TYPE_CHECKING:
    from .value import Value


class _OnePassAtATime:
    """Two threads may add to the gradient of one leaf: neither addition may be lost. A thread that is in the middle of
    a pass (and runs a signal handler, or a finalizer) cannot begin another: it would never end."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._owner: int | None = None

    def __enter__(self) -> None:
        if self._owner == get_ident():
            raise RuntimeError("backward was called in the middle of backward, by a signal handler or a finalizer")
        self._lock.acquire()
        self._owner = get_ident()

    def __exit__(self, *error: object) -> None:
        self._owner = None
        self._lock.release()


_one_pass = _OnePassAtATime()


def backward(root: Value, seed: float = 1.0) -> None:
    """Add d(root)/d(leaf) * seed to the ``grad`` of every leaf, and set that of every node in between.

    A leaf accumulates over calls; an interior node holds the last pass only, and none if the pass did not reach it.
    No gradient changes unless the whole pass succeeds, and nobody sees a part of one.
    """
    order = topological_order(root)
    with _one_pass:
        for node in order:
            node._adjoint = None
        root._adjoint = seed
        for node in reversed(order):
            adjoint = node._adjoint
            if adjoint is not None:
                for parent, partial in zip(node.parents, node.partials):  # noqa: B905  partials may be none at all
                    before = parent._adjoint
                    flow = adjoint * partial
                    parent._adjoint = flow if before is None else before + flow
        if modes.is_checking():
            _check_adjoints(order, lambda node: node._adjoint)
        for node in order:
            if node.parents:
                node._grad = node._adjoint
            elif node._adjoint is not None and node.is_leaf:
                node._grad = node._adjoint if node._grad is None else node._grad + node._adjoint


def _check_adjoints(order: Sequence[Value], adjoint_of: Callable[[Value], float | Value | None]) -> None:
    """Raise at the first operation of the backward pass that handed on a gradient of nan or inf."""
    for node in reversed(order):
        adjoint = adjoint_of(node)
        for parent, partial in zip(node.parents, node.partials, strict=False):
            total = adjoint_of(parent)
            if adjoint is None or total is None or parent.is_constant:
                continue
            if not math.isfinite(float(adjoint) * partial):
                raise FloatingPointError(
                    f"the gradient of {node.call_text()} is not finite: {float(adjoint)!r} came in, times the local "
                    f"derivative {partial!r} with respect to {parent.label or parent.data!r}"
                )
            if not math.isfinite(total):
                raise FloatingPointError(
                    f"the gradient of {parent.label or parent.data!r} is not finite: the gradients of its uses, "
                    f"{node.call_text()} among them, add up to {float(total)!r}"
                )


@overload
def grad(output: Value, inputs: Value, create_graph: Literal[False] = False) -> float: ...
@overload
def grad(output: Value, inputs: Value, create_graph: Literal[True]) -> Value: ...
@overload
def grad(output: Value, inputs: Sequence[Value], create_graph: Literal[False] = False) -> list[float]: ...
@overload
def grad(output: Value, inputs: Sequence[Value], create_graph: Literal[True]) -> list[Value]: ...
def grad(
    output: Value, inputs: Value | Sequence[Value], create_graph: bool = False
) -> float | Value | list[float] | list[Value]:
    """d(output)/d(input) for one input or for each of several; no ``.grad`` is read or written.

    An input may be any node, a leaf or not; one that the output does not depend on has gradient 0. With
    ``create_graph=True`` the gradients are Values, recorded, which can be differentiated again.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> grad(x**3, x)
    27.0
    >>> slope = grad(x**3, x, create_graph=True)
    >>> grad(slope, x)
    18.0
    """
    one_input = _is_value(inputs)
    wanted: Sequence[Value] = [inputs] if one_input else _values("grad", inputs)  # type: ignore[list-item]
    _values("grad", [output])
    adjoints = _adjoints(output, wanted, create_graph)
    found = [adjoints.get(node, 0.0) for node in wanted]
    if create_graph:
        found = [output.constant(adjoint) if isinstance(adjoint, float) else adjoint for adjoint in found]
    return found[0] if one_input else found  # type: ignore[return-value]


def _adjoints(output: Value, inputs: Sequence[Value], create_graph: bool) -> dict[Value, float | Value]:
    order = topological_order(output)
    relevant = dependents(order, inputs)
    adjoints: dict[Value, float | Value] = {output: 1.0}
    for node in reversed(order):
        if node not in adjoints:
            continue
        adjoint = adjoints[node]
        for i, parent in enumerate(node.parents[: len(node.partials)]):
            if parent in relevant:
                partial = node.recorded_partial(i) if create_graph else node.partials[i]
                flow = _product(adjoint, partial)
                adjoints[parent] = adjoints[parent] + flow if parent in adjoints else flow
    if modes.is_checking():
        _check_adjoints(order, adjoints.get)
    return adjoints


def _is_value(thing: object) -> bool:
    return hasattr(thing, "recorded_partial")


def _values(function: str, values: object) -> Sequence[Value]:
    """The values, if they are a sequence of Values; else a TypeError."""
    if not isinstance(values, Sequence):
        raise TypeError(f"{function} takes a list of Values, got {type(values).__name__}: {values!r}")
    for value in values:
        if not _is_value(value):
            raise TypeError(f"{function} takes Values, got {type(value).__name__}: {value!r}")
    return values


def _product(adjoint: float | Value, partial: float | Value) -> float | Value:
    """adjoint * partial; a factor of exactly one is left out, as it would only clutter the recorded graph."""
    if isinstance(partial, float) and partial == 1.0:
        return adjoint
    if isinstance(adjoint, float) and adjoint == 1.0:
        return partial
    return adjoint * partial


def jacobian(outputs: Sequence[Value], inputs: Sequence[Value]) -> list[list[float]]:
    """The matrix of first derivatives: row i holds d(outputs[i])/d(input) for each input.

    >>> from autograd import Value
    >>> x, y = Value(2.0), Value(5.0)
    >>> jacobian([x * y, x + y], [x, y])
    [[5.0, 2.0], [1.0, 1.0]]
    """
    inputs = _values("jacobian", inputs)
    return [grad(output, inputs) for output in _values("jacobian", outputs)]


def hessian(output: Value, inputs: Sequence[Value]) -> list[list[float]]:
    """The matrix of second derivatives d²(output)/(d(inputs[i]) d(inputs[j])), from the recorded gradient.

    >>> from autograd import Value
    >>> x, y = Value(2.0), Value(5.0)
    >>> hessian(x * x * y, [x, y])
    [[10.0, 4.0], [4.0, 0.0]]
    """
    inputs = _values("hessian", inputs)
    return jacobian(grad(output, inputs, create_graph=True), inputs)
