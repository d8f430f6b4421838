"""What each node of a folded graph reads, a row each; and which of all that is alike."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..graphs import CONSTANT, LEAF, POW, Folded
from ..ir import Flags, Ints
from ..ragged import NONE, hashing, spans

SUM, MAXIMUM = -3, -4  # kinds of nodes, beside the operations of the table
NUMBER, PARAMETER, INPUT, COMPUTED, ABSENT = range(5)  # sorts of operands


class Rows:
    """What each node reads, a row each: the terms of a sum, the items of a maximum, the operands of an operation.

    Node i owns the rows from ``start[i]`` on, ``count[i]`` of them.
    """

    def __init__(self, folded: Folded) -> None:
        recording, terms, items = folded.recording, folded.terms, folded.items
        self.folded, n = folded, len(folded.level)
        self.live = folded.level > 0
        self.kind = recording.code.copy()
        self.kind[terms.owner], self.kind[items.owner] = SUM, MAXIMUM
        single = np.flatnonzero(self.live & (self.kind >= 0))
        owner = np.concatenate([terms.owner, items.owner, single])
        order = np.argsort(owner, kind="stable")
        self.owner = owner[order]
        powers = recording.code[single] == POW
        exponent = np.where(powers, np.append(folded.number, np.nan)[recording.right[single]], 1.0)
        exact = np.concatenate([terms.coefficient, items.coefficient, exponent])
        self.exact = exact[order].view(np.int64)
        self.left, self.right = (
            np.concatenate([getattr(terms, side), getattr(items, side), getattr(recording, side)[single]])[order]
            for side in ("left", "right")
        )
        ends = np.searchsorted(self.owner, np.arange(n + 1))
        self.start, self.count = ends[:-1], np.diff(ends)
        self.sort = np.full(n + 1, COMPUTED)
        self.sort[:n][recording.varies == CONSTANT] = NUMBER
        self.sort[:n][recording.code == LEAF] = PARAMETER
        self.sort[list(recording.inputs)] = INPUT
        self.sort[NONE] = ABSENT

    @cached_property
    def flows(self) -> Flags:
        """For each node whether a gradient flows from an output to its operands."""
        return self.folded.flows if self.folded.recording.stops else self.live

    @cached_property
    def together(self) -> Ints:
        """For each node how many of its kind, at its level, read such as it does: one operation computes them."""
        alike, (left, right) = np.append((self.folded.level << 16) + self.kind, 0), hashing(2)
        pair, read = left * alike[self.left] + right * alike[self.right], left * alike[:-1]
        np.add.at(read, self.owner, pair * pair)
        number = np.unique(read, return_inverse=True)[1]
        return np.asarray(np.bincount(number, weights=self.live)[number])

    @cached_property
    def path(self) -> Ints:
        """The longest path from the leaves upwards, or from what a loop makes."""
        level, start, count = (column.data for column in (self.folded.level, self.start, self.count))
        sides = self.left.data, self.right.data
        node = int(np.argmax(self.folded.level))
        path = [node]
        for below in range(level[node] - 1, 0, -1):
            rows = range(start[node], start[node] + count[node])
            read = (side[row] for side in sides for row in rows)
            node = next((operand for operand in read if operand != NONE and level[operand] == below), NONE)
            if node == NONE:
                break  # a loop makes what is read there
            path.append(node)
        return np.array(path[::-1])

    def rows(self, nodes: Ints) -> Ints:
        """The rows of these nodes."""
        return spans(self.start[nodes], self.count[nodes])

    def readers(self, side: int, node: int) -> list[int]:
        """Who reads the node on the left, or on the right."""
        order, read = self.by_operand[side]
        return self.owner[order[slice(*np.searchsorted(read, [node, node + 1]))]].tolist()  # type: ignore[no-any-return]

    @cached_property
    def by_operand(self) -> list[tuple[Ints, Ints]]:
        """The rows in the order of what they read, on the left and on the right, and what that is."""
        orders = [np.argsort(read, kind="stable") for read in (self.left, self.right)]
        return [(order, read[order]) for order, read in zip(orders, (self.left, self.right), strict=True)]

    def below(self, nodes: Ints) -> Flags:
        """All that these nodes are computed from, and they themselves."""
        found = np.zeros(len(self.live) + 1, dtype=bool)
        found[NONE] = True
        made_by = np.full(len(found), NONE)
        for i, loop in enumerate(self.folded.loops):
            made_by[loop.made] = i
        nodes = np.unique(nodes)
        while len(nodes):
            found[nodes] = True
            rows = self.rows(nodes)
            loops = np.unique(made_by[nodes])
            reads = [self.folded.loops[i].reads for i in loops[loops != NONE].tolist()]
            read = np.concatenate([self.left[rows], self.right[rows], *reads])
            nodes = np.unique(read[~found[read]])
        return found[:-1]
