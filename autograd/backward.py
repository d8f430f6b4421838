"""The chain rule along a topological order: backward, grad, jacobian, hessian.

The one formula is ``adjoint(parent) += adjoint(node) * partial(node, parent)``, over the nodes in reverse order. It is
applied twice below, since the two uses keep different promises: :func:`backward` writes into ``.grad`` and is the fast
one; :func:`grad` leaves every node as it is, and its adjoints may themselves be recorded values.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from itertools import repeat
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from . import arrays, modes
from .graph import Recorded, dependents, topological_order
from .naming import name_nodes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.object_ | np.float64]

V = TypeVar("V", bound=Recorded)
Unused = Literal["zero", "raise"]


# Two threads may add to the gradient of one leaf: neither addition may be lost. A thread that is in the middle of a
# pass (and runs a signal handler, or a finalizer) cannot begin another: it would never end.
_one_pass = Lock()
_owner: int | None = None


def backward(root: Recorded, seed: float = 1.0) -> None:
    """Add d(root)/d(leaf) * seed to the ``grad`` of every leaf, and set that of every node in between.

    A leaf accumulates over calls; an interior node holds the last pass only, and none if the pass did not reach it.
    A leaf's gradient changes only if the whole pass succeeds, and then with all others at once: neither another thread
    nor an interrupt (Ctrl-C) sees or leaves a part of a pass in them.
    """
    global _owner
    if _owner == get_ident():
        raise RuntimeError("backward was called in the middle of backward, by a signal handler or a finalizer")
    with _one_pass:
        try:
            _owner = get_ident()
            _run_pass(root, seed)
        finally:
            _owner = None


def _run_pass(root: Recorded, seed: float) -> None:
    modes.require_recorded("backward()", root)
    unreached = object()  # the mark of this pass alone: what an earlier one left behind is told from it
    nodes, leaves = _marked(root, unreached)
    root._adjoint = seed
    for node in reversed(nodes):
        adjoint = node._adjoint
        dx = node._dx
        if adjoint is unreached or dx is None:
            continue
        x = node._x
        before = x._adjoint
        x._adjoint = adjoint * dx if before is unreached else before + adjoint * dx
        dy = node._dy
        if dy is not None:
            y = node._y
            before = y._adjoint
            y._adjoint = adjoint * dy if before is unreached else before + adjoint * dy
    if modes.is_checking():
        _check_adjoints(nodes, lambda node: None if node._adjoint is unreached else node._adjoint)
    reached = [leaf for leaf in leaves if leaf._adjoint is not unreached and leaf.op is None]
    totals = [leaf._adjoint if leaf._grad is None else leaf._grad + leaf._adjoint for leaf in reached]
    for node in nodes:
        adjoint = node._adjoint
        node._grad = None if adjoint is unreached else adjoint
    deque(map(setattr, reached, repeat("_grad"), totals), maxlen=0)  # in C, where nothing comes in between


def _marked(root: V, mark: object) -> tuple[list[V], list[V]]:
    """The nodes with parents in topological order, and those without; each with the mark for an adjoint.

    The order is that of :func:`autograd.graph.topological_order`. It is found with less: a mark in place of a set, and
    down the first parents no step is taken back before the end of the spine.
    """
    nodes: list[V] = []
    leaves: list[V] = []
    path: list[V] = []  # whose first parent has been gone down to
    root._adjoint = mark
    if root._x is None:
        return nodes, [root]
    node = root
    while True:
        while (x := node._x)._adjoint is not mark:
            x._adjoint = mark
            if x._x is None:
                leaves.append(x)
                break
            path.append(node)
            node = x
        while True:
            y = node._y
            if y is not None and y._adjoint is not mark:
                y._adjoint = mark
                if y._x is None:
                    leaves.append(y)
                else:
                    path.append(node)
                    node = y
                    break
            nodes.append(node)
            if not path:
                return nodes, leaves
            node = path.pop()


def _check_adjoints(order: Sequence[V], adjoint_of: Callable[[V], float | V | None]) -> None:
    """Raise at the first operation of the backward pass that handed on a gradient of nan or inf."""
    for node in reversed(order):
        adjoint = adjoint_of(node)
        for parent, partial in ((node._x, node._dx), (node._y, node._dy)):
            if adjoint is None or parent is None or partial is None or parent.is_constant:
                continue
            total = adjoint_of(parent)
            if not math.isfinite(_number(adjoint) * partial):
                raise FloatingPointError(
                    f"the gradient of {_named(node, order[-1])} = {node.call_text()} is not finite: "
                    f"{_number(adjoint)!r} came in, times the local derivative {partial!r} with respect to "
                    f"{_named(parent, order[-1])}"
                )
            if total is not None and not math.isfinite(_number(total)):
                raise FloatingPointError(
                    f"the gradient of {_named(parent, order[-1])} is not finite: the gradients of its uses, "
                    f"{node.call_text()} among them, add up to {_number(total)!r}"
                )


def _named(node: V, root: V) -> str:
    """A node as every picture of the root's graph names it."""
    return name_nodes(topological_order(root))[node]


def _number(adjoint: float | Recorded) -> float:
    return adjoint if isinstance(adjoint, float) else adjoint._number


@overload
def grad(output: V, inputs: V, create_graph: Literal[False] = False, unused: Unused = "zero") -> float: ...
@overload
def grad(output: V, inputs: V, create_graph: Literal[True], unused: Unused = "zero") -> V: ...
@overload
def grad(output: V, inputs: Array, create_graph: bool = False, unused: Unused = "zero") -> Array: ...
@overload
def grad(
    output: V, inputs: Iterable[V], create_graph: Literal[False] = False, unused: Unused = "zero"
) -> list[float]: ...
@overload
def grad(output: V, inputs: Iterable[V], create_graph: Literal[True], unused: Unused = "zero") -> list[V]: ...
def grad(output: Any, inputs: Any, create_graph: bool = False, unused: Unused = "zero") -> Any:
    """d(output)/d(input) for one input or for each of several; no ``.grad`` is read or written.

    An object array of inputs gives an array of their shape, any other iterable a list. An input may be any node, a
    leaf or not. One that the output does not depend on has gradient 0; with ``unused="raise"`` it is a ValueError.
    With ``create_graph=True`` the gradients are Values, recorded (also within ``no_grad``), which can be differentiated
    again.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> grad(x**3, x)
    27.0
    >>> slope = grad(x**3, x, create_graph=True)
    >>> grad(slope, x)
    18.0
    """
    if unused not in ("zero", "raise"):
        raise ValueError(f'unused is "zero" or "raise", got {unused!r}')
    one_input = _is_value(inputs)
    wanted = [inputs] if one_input else _values("grad", inputs)
    _values("grad", [output])
    modes.require_recorded("grad()", output)
    with modes.recorded() if create_graph else nullcontext():
        adjoints = _adjoints(output, wanted, create_graph)
    if not create_graph:
        modes.read("grad()")
    if unused == "raise":
        _require_all(wanted, adjoints)
    found = [adjoints.get(node, 0.0) for node in wanted]
    if create_graph:
        found = [output.constant(adjoint) if isinstance(adjoint, float) else adjoint for adjoint in found]
    return found[0] if one_input else arrays.like(inputs, found, object if create_graph else float)


def _require_all(inputs: Sequence[Any], adjoints: dict[Any, Any]) -> None:
    for i, node in enumerate(inputs):
        if node not in adjoints:
            raise ValueError(
                f"the output does not depend on inputs[{i}], {node!r}: its gradient is 0, "
                f'or it is not the Value that the output was made from; unused="zero" takes it as 0'
            )


def _adjoints(output: V, inputs: Sequence[V], create_graph: bool) -> dict[V, float | V]:
    order = topological_order(output)
    relevant = dependents(order, inputs)
    adjoints: dict[V, float | V] = {output: 1.0}
    for node in reversed(order):
        if node._x is None or node not in adjoints:  # half of all nodes were made from none
            continue
        adjoint = adjoints[node]
        for i, (parent, partial) in enumerate(((node._x, node._dx), (node._y, node._dy))):
            if parent in relevant and partial is not None:
                flow = _product(adjoint, node.recorded_partial(i)) if create_graph else adjoint * partial
                adjoints[parent] = adjoints[parent] + flow if parent in adjoints else flow  # type: ignore[operator]
    if modes.is_checking():
        _check_adjoints(order, adjoints.get)
    return adjoints


def _is_value(thing: object) -> bool:
    return hasattr(thing, "recorded_partial")


def _values(function: str, values: Iterable[Any]) -> list[Any]:
    """The values, in a list, if they are an iterable of Values; else a TypeError."""
    has_no_order = isinstance(values, set | frozenset)  # the gradients would be in any order, too
    if has_no_order or isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{function} takes a list or an array of Values, got {type(values).__name__}: {values!r}")
    found = arrays.flattened(values)
    for value in found:
        if not _is_value(value):
            raise TypeError(f"{function} takes Values, got {type(value).__name__}: {value!r}")
    return found


def _product(adjoint: float | V, partial: float | V) -> float | V:
    """adjoint * partial; a factor of exactly one is left out, as it would only clutter the recorded graph."""
    if isinstance(partial, float) and partial == 1.0:
        return adjoint
    if isinstance(adjoint, float) and adjoint == 1.0:
        return partial
    return adjoint * partial


def jacobian(outputs: Iterable[Any], inputs: Iterable[Any]) -> Any:
    """The matrix of first derivatives: row i holds d(outputs[i])/d(input) for each input.

    A list of lists; where the outputs or the inputs are an object array, an array of the shape of the outputs followed
    by that of the inputs.

    >>> from autograd import Value
    >>> x, y = Value(2.0), Value(5.0)
    >>> jacobian([x * y, x + y], [x, y])
    [[5.0, 2.0], [1.0, 1.0]]
    """
    ends, starts = _values("jacobian", outputs), _values("jacobian", inputs)
    rows = [grad(end, starts) for end in ends]
    if not arrays.is_object_array(outputs) and not arrays.is_object_array(inputs):
        return rows
    shapes = (getattr(values, "shape", (len(flat),)) for values, flat in ((outputs, ends), (inputs, starts)))
    return arrays.numbers(rows, *shapes)


def hessian(output: Any, inputs: Iterable[Any]) -> Any:
    """The matrix of second derivatives d²(output)/(d(inputs[i]) d(inputs[j])), from the recorded gradient.

    For an object array of inputs an array of its shape, twice.

    >>> from autograd import Value
    >>> x, y = Value(2.0), Value(5.0)
    >>> hessian(x * x * y, [x, y])
    [[10.0, 4.0], [4.0, 0.0]]
    """
    inputs = inputs if arrays.is_object_array(inputs) else _values("hessian", inputs)  # a generator runs once
    return jacobian(grad(output, inputs, create_graph=True), inputs)
