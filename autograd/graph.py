"""A recorded graph, and the few questions asked of it. Nothing here recurses: a graph may be a million deep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, Self, TypeVar


class Node(Protocol):
    """Anything with parents. A parent that is used twice (``x * x``) stands there twice."""

    @property
    def parents(self) -> tuple[Self, ...]: ...


class Recorded(Node, Protocol):
    """A node as recording leaves it: what the chain rule reads, and where it writes.

    There are at most two parents, ``_x`` and ``_y``, each a node of the same kind or None; ``_dx`` and ``_dy`` are the
    local derivatives, None where no gradient passes. A leaf has no operation. ``_adjoint`` is scratch of a pass.
    """

    op: Any
    _number: float
    _x: Any
    _y: Any
    _dx: float | None
    _dy: float | None
    _grad: float | None
    _adjoint: Any

    @property
    def label(self) -> str: ...
    @property
    def is_constant(self) -> bool: ...
    def call_text(self) -> str: ...
    def recorded_partial(self, i: int) -> Self | float: ...
    def __add__(self, other: Self | float) -> Self: ...
    def __mul__(self, other: Self | float) -> Self: ...
    def __rmul__(self, other: float) -> Self: ...


N = TypeVar("N", bound=Node)


def topological_order(*roots: N, known: Callable[[N], bool] | None = None) -> list[N]:
    """Every node that the roots were made from, the roots included: parents before children, each once.

    The order depends on the graph alone, so it is the same in every run. What ``known`` says is known is left out, and
    so is all that only such nodes were made from.

    >>> from autograd import Value
    >>> a = Value(1.0, label="a")
    >>> b = a + a
    >>> [node.label or node.op.name for node in topological_order(b * a)]
    ['a', 'add', 'mul']
    """
    order: list[N] = []
    seen: set[N] = set()
    for root in roots:
        path: list[tuple[N, Iterator[N]]] = []  # from the root to here, each node with the parents still to be visited
        if root not in seen and not (known and known(root)):
            seen.add(root)
            path.append((root, iter(root.parents)))
        while path:
            for parent in path[-1][1]:
                if parent not in seen and not (known and known(parent)):
                    seen.add(parent)
                    if not (parents := parent.parents):  # one of two nodes is a leaf or a constant: no path goes on
                        order.append(parent)
                        continue
                    path.append((parent, iter(parents)))
                    break
            else:
                order.append(path.pop()[0])
    return order


def dependents(order: Iterable[N], sources: Iterable[N]) -> set[N]:
    """Those nodes of a topological order that are a source or were made from one.

    >>> from autograd import Value
    >>> a, b = Value(1.0), Value(2.0)
    >>> c = a * b
    >>> dependents(topological_order(c), [a]) == {a, c}
    True
    """
    found = set(sources)
    for node in order:
        if (parents := node.parents) and not found.isdisjoint(parents):
            found.add(node)
    return found
