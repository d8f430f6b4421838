"""One loop: nodes of a body in each of its steps, and the check that each step computes the same of the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..ir import Flags, Ints
from ..ragged import NONE, spans
from .rows import ABSENT, PARAMETER, Rows

FEWEST = 4  # steps of any loop
LAGS = 4  # steps back that a step may read


@dataclass(frozen=True)
class Side:
    """What one side of all rows of the body reads: row r of step t the node ``read[r, t]``.

    That is the node ``made_by[r]`` of the body, ``lag[r]`` steps ago; or, if ``made_by`` is NONE, one from outside.
    """

    read: Ints
    made_by: Ints
    lag: Ints

    @property
    def outside(self) -> Ints:
        """What is read of what the steps do not make."""
        return np.asarray(self.read[self.made_by == NONE])


@dataclass(frozen=True)
class Steps:
    """Nodes of a body, a row each, in each of the steps, a column each; and what the body's rows read."""

    graph: Rows
    nodes: Ints
    owner: Ints
    """The node of the body that owns each row."""
    sides: tuple[Side, Side]
    initial: Mapping[tuple[int, int], int]
    """What is read of a node of the body, so many steps before the first one."""

    @property
    def times(self) -> int:
        """How many steps there are."""
        return int(self.nodes.shape[1])

    @cached_property
    def levels(self) -> Ints:
        """Each node of the body one above the highest that it reads in the same step."""
        level, read = [1] * len(self.nodes), [(0, 0)][:0]
        for side in self.sides:
            rows = np.flatnonzero((side.made_by != NONE) & (side.lag == 0))
            read += zip(self.owner[rows].tolist(), side.made_by[rows].tolist(), strict=True)
        for owner, made in sorted(read):
            level[owner] = max(level[owner], level[made] + 1)
        return np.array(level)

    def earlier(self) -> Ints | None:
        """What may be one more step, before the first: what the first one reads, and what that was computed from."""
        column = np.full(len(self.nodes), NONE)
        for (made, lag), node in self.initial.items():
            column[made] = node if lag == 1 else column[made]
        graph, first = self.graph, np.searchsorted(self.owner, np.arange(len(column) + 1)).tolist()
        for i in reversed(range(len(column))):
            node, like = column[i], self.nodes[i, 0]
            if node == NONE or not graph.live[node] or graph.count[node] != graph.count[like]:
                return None
            here = slice(first[i], first[i + 1])
            for side, read in zip(self.sides, (graph.left, graph.right), strict=True):
                inside = (side.made_by[here] != NONE) & (side.lag[here] == 0)
                column[side.made_by[here][inside]] = read[graph.rows(column[i : i + 1])][inside]
        return np.column_stack([column, self.nodes])

    def later(self) -> Ints | None:
        """With what may be one more step, after the last: whatever reads the last step as its next one would."""
        graph, first = self.graph, np.searchsorted(self.owner, np.arange(len(self.nodes) + 1)).tolist()
        nodes = np.column_stack([self.nodes, np.full(len(self.nodes), NONE)])
        for i in range(len(nodes)):
            here = slice(first[i], first[i + 1])
            wanted, known = [], []
            for each in self.sides:
                made_by = each.made_by[here]
                outside = np.where((each.read[here] == each.read[here, :1]).all(axis=1), each.read[here, 0], NONE)
                wanted.append(np.where(made_by == NONE, outside, nodes[made_by, self.times - each.lag[here]]))
                known.append((made_by != NONE) | (outside != NONE))
            sides, rows = np.nonzero([side.made_by[here] != NONE for side in self.sides])
            if not len(sides):
                return None  # what reads nothing of the steps is not found by what reads them
            side, row = int(sides[0]), int(rows[0])
            for node in graph.readers(side, int(wanted[side][row])):
                of_node = graph.rows(np.array([node]))
                if graph.count[node] == graph.count[nodes[i, 0]] and all(
                    (read[of_node] == want)[there].all()
                    for read, want, there in zip((graph.left, graph.right), wanted, known, strict=True)
                ):
                    nodes[i, -1] = node
                    break
            else:
                return None
        return nodes

    @cached_property
    def outside(self) -> Ints:
        """All that is computed before the loop."""
        nodes = [np.array([*self.initial.values()], dtype=np.int64), *(side.outside.ravel() for side in self.sides)]
        return np.setdiff1d(np.concatenate(nodes), [NONE])

    @property
    def saved(self) -> float:
        """About how many array operations all steps but one are: of one that computes other nodes beside, a part."""
        return float((1 / self.graph.together[self.nodes[:, 1:]]).sum())

    @property
    def own(self) -> bool:
        """Whether the steps have parameters of their own."""
        return any(
            self.graph.sort[read[0]] == PARAMETER and bool((read != read[0]).any())
            for side in self.sides
            for read in side.outside
        )

    @property
    def spans_most(self) -> bool:
        """Whether there is little beside it, in depth and in nodes: equal chains side by side are steps of one loop."""
        level = self.graph.folded.level
        deep = self.times * self.levels.max() > 0.8 * level.max()
        return bool(deep and 2 * self.nodes.size > np.count_nonzero(level > 0))


def checked(graph: Rows, nodes: Ints) -> Steps | None:
    """These steps, or as many of them in a row as are alike in all that they compute and read."""
    while nodes.shape[1] >= FEWEST:
        found = _read(graph, nodes)
        if found is None:
            return None
        steps, fits = found
        if fits.all():
            for extended in (Steps.earlier, Steps.later):
                steps = _extended(steps, extended)
            return None if graph.below(steps.outside)[steps.nodes].any() else steps
        begin, length = longest_run(fits)
        nodes = nodes[:, begin : begin + length]
    return None


def _extended(steps: Steps, extended: Callable[[Steps], Ints | None]) -> Steps:
    """With a few more steps at one end, as far as they are like the others."""
    for _ in range(LAGS):
        nodes = extended(steps)
        found = None if nodes is None else _read(steps.graph, nodes)
        if found is None or not found[1].all():
            break
        steps = found[0]
    return steps


def _read(graph: Rows, nodes: Ints) -> tuple[Steps, Flags] | None:
    """What the steps read, as the one in the middle does; and which of them do it, in all of their rows."""
    count, times = nodes.shape
    middle = times // 2
    inside = np.full(len(graph.live) + 1, NONE)
    step = np.zeros_like(inside)
    inside[nodes], step[nodes] = np.arange(count)[:, None], np.arange(times)
    fits = np.ones(times, dtype=bool)
    for column in (graph.kind, graph.count, graph.flows):
        fits &= (column[nodes] == column[nodes[:, middle, None]]).all(axis=0)
    counts = graph.count[nodes[:, middle]]
    owner = np.repeat(np.arange(count), counts)
    rows = graph.start[nodes][owner] + spans(np.zeros_like(counts), counts)[:, None]
    rows = np.minimum(rows, len(graph.owner) - 1)  # of steps that do not fit
    fits &= (graph.exact[rows] == graph.exact[rows[:, middle, None]]).all(axis=0)
    initial: dict[tuple[int, int], int] = {}
    sides = []
    for column in (graph.left, graph.right):
        read = column[rows]
        made_by = inside[read[:, middle]]
        lag = np.where(made_by == NONE, 0, middle - step[read[:, middle]])
        if lag.min() < 0 or lag.max() > min(LAGS, middle):
            return None
        sort, expected = graph.sort[read], np.arange(times) - lag[:, None]
        again = read == nodes[made_by[:, None], np.maximum(expected, 0)]
        before = (inside[read] == NONE) & (sort != ABSENT)
        like = (inside[read] == NONE) & (sort == sort[:, middle, None])
        fits &= np.where(made_by[:, None] == NONE, like, np.where(expected < 0, before, again)).all(axis=0)
        for row in np.flatnonzero(lag).tolist():
            for t in range(int(lag[row])):
                node = int(read[row, t])
                fits[t] &= initial.setdefault((int(made_by[row]), int(lag[row]) - t), node) == node
        sides.append(Side(read, made_by, lag))
    return Steps(graph, nodes, owner, (sides[0], sides[1]), initial), fits


def longest_run(flags: Flags) -> tuple[int, int]:
    """Where the longest run begins, and its length."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    begin, end = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(begin):
        return 0, 0
    longest = int(np.argmax(end - begin))
    return int(begin[longest]), int(end[longest] - begin[longest])
