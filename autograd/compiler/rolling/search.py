"""Where steps may be: by the periods of the longest path, in an order of nodes in which one step is like the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from ..ir import Flags, Ints
from ..ragged import NONE, numbered, spans
from .rows import Rows
from .steps import FEWEST, Steps, checked, longest_run

PERIODS = 8  # candidates that are looked at
WINDOW = 6  # operations in a row by which a path is compared with itself


class Order:
    """The nodes of a graph in an order of which one step is like the one before."""

    def __init__(self, graph: Rows, order: Ints) -> None:
        self.graph, self.order = graph, order
        self.place = np.full(len(graph.live) + 1, NONE)
        self.place[order] = np.arange(len(order))

    def loops(self) -> Iterator[Steps]:
        """Loops whose step is some period of the longest path."""
        for period in self.periods():
            start, length = longest_run(self.alike(period))
            if length >= (FEWEST - 1) * period:
                nodes = self.cut(start, length + period, period)
                steps = None if nodes is None else checked(self.graph, nodes)
                if steps is not None:
                    yield steps

    def periods(self) -> list[int]:
        """How many nodes a step may have, by the periods of the longest path; the likeliest first."""
        path = self.graph.path
        path = path[self.place[path] != NONE]
        if len(path) < 2 * FEWEST:
            return []
        ahead = np.diff(self.place[path])
        kind = numbered(self.graph.kind[path], self.graph.count[path])
        symbol = numbered(kind[1:], ahead - ahead.min())
        found: dict[int, tuple[int, int]] = {}
        for period in _periods(symbol):
            start, length = longest_run(symbol[period:] == symbol[:-period])
            if length >= (FEWEST - 1) * period:
                for times in (1, 2, 3):
                    nodes = int(ahead[start : start + period].sum()) * times
                    if nodes > 0:
                        found.setdefault(nodes, (-length, times))
        return sorted(found, key=lambda nodes: found[nodes])[:PERIODS]

    def alike(self, period: int) -> Flags:
        """For each node whether the one a period later computes the same, from operands of the same sort."""
        graph, place = self.graph, self.place
        a, b = self.order[:-period], self.order[period:]
        alike = np.all([column[a] == column[b] for column in (graph.kind, graph.count, graph.flows)], axis=0)
        same = np.flatnonzero(alike)
        rows, later = (spans(graph.start[nodes[same]], graph.count[nodes[same]]) for nodes in (a, b))
        good = graph.exact[rows] == graph.exact[later]
        good |= (graph.left[rows] == NONE) & (graph.left[later] == NONE)
        for side in (graph.left, graph.right):
            x, y = side[rows], side[later]
            good &= (graph.sort[x] == graph.sort[y]) | ((place[y] != NONE) & (y != NONE))
        owner = np.repeat(same, graph.count[a[same]])
        alike[owner[~good]] = False
        return np.asarray(alike)

    def cut(self, start: int, length: int, period: int) -> Ints | None:
        """The recurrent nodes of each step, a row each, from so many nodes that repeat; None if there are none.

        A step begins where the fewest nodes are read across.
        """
        graph, place = self.graph, self.place
        first = start + period * (length // period // 2 - 1)
        a, b = self.order[first : first + period], self.order[first + period : first + 2 * period]
        if not np.array_equal(graph.count[a], graph.count[b]):
            return None
        rows, later = (spans(graph.start[nodes], graph.count[nodes]) for nodes in (a, b))
        x, y = (np.concatenate([graph.left[r], graph.right[r]]) for r in (rows, later))
        reader = np.tile(np.repeat(np.arange(period), graph.count[a]), 2)
        follows = (place[x] >= start) & (place[y] - place[x] == period)
        reader, back = reader[follows], first + reader[follows] - place[x[follows]]
        read = (reader - back) % period
        core = _recurrent(reader, read, period)
        if not core.any():
            return None
        kept = core[reader] & core[read]
        reach = np.zeros(period, dtype=np.int64)
        np.maximum.at(reach, read[kept], back[kept])
        skipped = (first - start + np.arange(period)) % period  # if a step begins at each of the nodes
        times = (length - skipped) // period
        begin = self.begin(np.flatnonzero(core), reach, a, b, times)
        offset = (np.arange(period) - begin) % period
        lag = (offset[read[kept]] - offset[reader[kept]] + back[kept]) // period
        offset[_sunk(reader[kept], read[kept], lag)] -= period
        offset = np.sort(offset[core])
        base = start + (first + begin + offset[0] - start) % period - offset[0]
        steps = (start + length - 1 - offset[-1] - base) // period + 1
        return np.asarray(self.order[base + offset[:, None] + period * np.arange(steps)])

    def begin(self, core: Ints, reach: Ints, step: Ints, next_: Ints, times: Ints) -> int:
        """Where a step begins: where the fewest nodes are read across and no step is lost.

        Of these places it is one that leaves together what is computed together, at one level.
        """
        period = len(step)
        crossing = np.zeros(2 * period + 1, dtype=np.int64)
        np.add.at(crossing, core + 1, 1)
        np.add.at(crossing, core + 1 + np.minimum(reach[core], period), -1)
        crossing = np.cumsum(crossing)
        crossing = crossing[:period] + crossing[period : 2 * period]
        tied = np.flatnonzero(crossing == crossing.min())
        tied = tied[times[tied] == times[tied].max()]
        kind, level = self.graph.kind[step[core]], self.graph.folded.level[step[core]]
        ahead = int((self.graph.folded.level[next_[core]] - level).max())

        def untidy(begin: int) -> tuple[int, int, int]:
            together = numbered(kind, level + ahead * (core < begin))
            read_across = (begin - core - 1) % period < reach[core]
            return int(together.max()), len(np.unique(kind[read_across])), -begin

        return int(min((*tied[:32].tolist(), *tied[-32:].tolist()), key=untidy))


def _periods(symbol: Ints) -> list[int]:
    """Distances at which a sequence is often like itself."""
    width = min(WINDOW, max(1, len(symbol) // FEWEST))
    windows = numbered(*(symbol[i : len(symbol) - width + 1 + i] for i in range(width)))
    order = np.argsort(windows, kind="stable")
    distance = np.diff(order)[windows[order][1:] == windows[order][:-1]]
    periods, counts = np.unique(distance, return_counts=True)
    likely = periods[np.argsort(-counts * periods, kind="stable")]
    return [int(period) for period in likely[:PERIODS]]


def _recurrent(reader: Ints, read: Ints, count: int) -> Flags:
    """Which of so many nodes are read by one that is read in turn, and read one that reads in turn."""
    core = np.ones(count, dtype=bool)
    while True:
        kept = core[reader] & core[read]
        reads, is_read = np.zeros((2, count), dtype=bool)
        reads[reader[kept]], is_read[read[kept]] = True, True
        smaller = core & reads & is_read
        if np.array_equal(smaller, core):
            return core
        core = smaller


def _sunk(reader: Ints, read: Ints, lag: Ints) -> list[int]:
    """Nodes that the next step can compute from what is carried to it anyway, and which are then not carried.

    Such a node, and what is computed for it alone, reads in its own step nothing but what is carried.
    """
    reads: dict[int, set[int]] = defaultdict(set)
    readers: dict[int, set[int]] = defaultdict(set)
    for above, below in zip(reader[lag == 0].tolist(), read[lag == 0].tolist(), strict=True):
        reads[above].add(below)
        readers[below].add(above)
    carried, before = {*read[lag > 0].tolist()}, {*reader[lag > 0].tolist()}
    found: list[int] = []
    for node in sorted(node for node in carried if reads[node] and not readers[node]):
        cone, waiting = {node}, [*reads[node] - carried]
        while waiting and not cone & before:
            below = waiting.pop()
            if not readers[below] <= cone:
                break
            cone.add(below)
            waiting += reads[below] - carried - cone
        else:
            if not cone & before:
                found += cone
                carried.remove(node)
    return found
