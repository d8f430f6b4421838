"""The paths along which a derivative reaches back: counted exactly, and the largest found, without walking each.

A graph of n nodes can hold 2ⁿ paths. Both questions are answered in one pass over the nodes, since what is known of the
paths to a node follows from what is known of the paths to its parents.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..graph import topological_order
from ..value import Value


@dataclass(frozen=True, eq=False)
class Step:
    """One edge of the graph, seen from the operation: its local derivative with respect to its i-th parent.

    Edges that lead to one parent with one local derivative, as both of ``x + x``, are one step taken so many ``times``.
    """

    node: Value
    i: int
    times: int = 1

    @property
    def parent(self) -> Value:
        return self.node.parents[self.i]

    @property
    def partial(self) -> float:
        return self.node.partials[self.i]


@dataclass(frozen=True, eq=False)
class Path:
    """The steps from an output back to ``wrt``, as a linked list whose first link is the output's."""

    size: float  # the absolute product of the partials and times, inf where it is nan: what paths are ranked by
    step: Step | None
    rest: Path | None

    def steps(self) -> Iterator[Step]:
        path: Path | None = self
        while path is not None and path.step is not None:
            yield path.step
            path = path.rest


def edges(node: Value) -> Iterator[Step]:
    """The steps from a node to each parent that its gradient flows to."""
    if len(node.partials) == 1:
        return iter((Step(node, 0),))
    alike: dict[tuple[Value, float], list[int]] = {}
    for i, partial in enumerate(node.partials):
        alike.setdefault((node.parents[i], partial), []).append(i)
    return (Step(node, places[0], len(places)) for places in alike.values())


def between(output: Value, wrt: Value) -> list[Value]:
    """The nodes on a path from ``output`` back to ``wrt``, both included, parents first; none if there is no path.

    >>> x = Value(2.0)
    >>> y = x * x + 1.0
    >>> between(y, x) == [x, y.parents[0], y]
    True
    """
    order = topological_order(output)
    above = {wrt}  # what is made from wrt; nothing below wrt is
    for node in order:
        if any(parent in above for parent, _ in zip(node.parents, node.partials, strict=False)):
            above.add(node)
    reached = {output} & above
    for node in reversed(order):
        if node in reached and node is not wrt:
            reached.update(parent for parent, _ in zip(node.parents, node.partials, strict=False) if parent in above)
    return [node for node in order if node in reached]


def count_paths(nodes: Sequence[Value]) -> int:
    """How many paths lead from the last of ``between``'s nodes back to the first.

    >>> x = y = Value(1.0)
    >>> for _ in range(50):
    ...     y = y + y
    >>> count_paths(between(y, x)) == 2**50
    True
    """
    if not nodes:
        return 0
    counts = {nodes[0]: 1}
    for node in nodes[1:]:
        counts[node] = sum(step.times * counts.get(step.parent, 0) for step in edges(node))
    return counts[nodes[-1]]


def largest_paths(nodes: Sequence[Value], most: int) -> list[Path]:
    """The ``most`` paths that contribute most by size, the largest first; ties in the graph's order.

    >>> x = Value(3.0)
    >>> [path.size for path in largest_paths(between(x * x + 10 * x, x), most=2)]
    [10.0, 6.0]
    """
    if not nodes:
        return []
    best = {nodes[0]: [Path(1.0, None, None)]}
    for node in nodes[1:]:
        longer = [
            Path(_size(path.size * step.partial * step.times), step, path)
            for step in edges(node)
            for path in best.get(step.parent, ())
        ]
        best[node] = longer if len(longer) == 1 else heapq.nlargest(most, longer, key=lambda path: path.size)
    return best[nodes[-1]]


def _size(product: float) -> float:
    return math.inf if math.isnan(product) else abs(product)
