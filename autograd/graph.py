"""A recorded graph, and the few questions asked of it. Nothing here recurses: a graph may be a million deep."""

from collections.abc import Callable, Iterable
from typing import Protocol, Self, TypeVar


class Node(Protocol):
    """Anything with parents. A parent that is used twice (``x * x``) stands there twice."""

    @property
    def parents(self) -> tuple[Self, ...]: ...


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
        path: list[N] = []  # from the root to the node whose parents are being visited
        if root not in seen and not (known and known(root)):
            seen.add(root)
            path.append(root)
        while path:
            for parent in path[-1].parents:
                if parent not in seen and not (known and known(parent)):
                    seen.add(parent)
                    path.append(parent)
                    break
            else:
                order.append(path.pop())
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
        if not found.isdisjoint(node.parents):
            found.add(node)
    return found
