"""Builder: makes groups, one kind a method, and keeps the table of nodes true to them.

What has the same operands is computed once: the nodes that would repeat it become the ``same`` as those that do it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import numpy as np

from ... import ops
from ..graphs import INPUTS, NUMBERS, SHARED, Folded, Group, Nodes, Repeat
from ..ir import Ints
from ..ragged import NONE, distinct, groups
from .grids import Rows


class Builder:
    """The groups so far. The first lives at home ``INPUTS + 1``, each other one after the one before it."""

    def __init__(self, folded: Folded, exact: bool, apart: bool) -> None:
        self.nodes, self.exact, self.apart = Nodes(folded), exact, exact or apart
        self.rows = folded.recording.rows
        self.groups: dict[int, Group | Repeat] = {}
        self.homes = count(INPUTS + 1)
        self.body: dict[int, Group] | None = None
        """The groups of the loop that is being built."""
        self.pieces = 0
        self._maps: dict[object, Ints] = {}

    def add(self, group: Group) -> None:
        """The group is the next; its targets live in it. What is the same in all steps of a loop comes before it."""
        nodes, home = self.nodes, next(self.homes)
        given = group.kind in ("carry", "stack")
        if self.body is not None and (given or self.body.keys() & self._sources(group)):
            self.body[home] = group
        else:
            self.groups[home] = group
        varies = max(SHARED, *(int(nodes.varies[each].max()) for each in (group.operands, [group.targets])[given]))
        targets = group.targets if group.targets.min() != NONE else group.targets[group.targets != NONE]
        nodes.home[targets], nodes.varies[targets] = home, varies

    def _sources(self, group: Group) -> set[int]:
        return {home for nodes in group.operands for home in np.unique(self.nodes.home[nodes]).tolist()}

    @contextmanager
    def loop(self, times: int, own: Ints) -> Iterator[list[Group]]:
        """What is added within is the body of a loop, whose ``own`` nodes these are; it collects what it is given."""
        nodes, collects = self.nodes, list[Group]()
        others = np.ones(len(nodes.same), dtype=bool)
        others[own] = False
        others[nodes.count :] = False
        same, self.body = nodes.same[others], {}
        yield collects
        body, self.body = self.body, None
        nodes.same[np.flatnonzero(others)] = same  # copies that were made within are for its own nodes
        self.groups[next(self.homes)] = Repeat(times, body, {self._collected(collect): collect for collect in collects})

    def _collected(self, collect: Group) -> int:
        home, targets = next(self.homes), collect.targets[collect.targets != NONE]
        self.nodes.home[targets], self.nodes.varies[targets] = home, self.nodes.varies[collect.operands[0]].max()
        return home

    def joined(self, rows: Ints) -> Ints:
        """The rows, with copies in one array of what comes from several."""
        homes = self.nodes.home[rows]
        mixed = (homes != homes[:, :1]).any(axis=1)
        if not mixed.any():
            return rows
        if homes[mixed].min() <= NUMBERS:
            raise TypeError("what a loop reads is a number in one step and a node in another: no array has both")
        sources, which = np.unique(rows[mixed], return_inverse=True)
        copies = self.nodes.new(len(sources))
        self.add(Group("join", copies, (sources,)))
        found = rows.copy()
        found[mixed] = copies[which].reshape(-1, rows.shape[1])
        return found

    def map(self, code: int, targets: Ints, *operands: Ints) -> Ints:
        """One operation for all targets; each operand lives in one array. What was done before is not repeated."""
        first, inverse = distinct(np.array(operands).T)
        kept = tuple(operand[first] for operand in operands)
        key = (code, *(operand.tobytes() for operand in kept))
        before = self._maps.setdefault(key, targets[first])
        self.nodes.same[targets] = self.nodes.same[before[inverse]]
        if before[0] == targets[first[0]]:
            self.add(Group("map", before, kept, self.rows[code]))
        return targets

    def maps(self, code: int, targets: Ints | None, *operands: Ints) -> Ints:
        """The operation on operands that may live in several arrays; new nodes if there are no targets."""
        targets = self.nodes.new(len(operands[0])) if targets is None else targets
        operands = tuple(self.nodes.same[operand] for operand in operands)
        for group in groups(*(self.nodes.home[operand] for operand in operands)):
            self.map(code, targets[group], *(operand[group] for operand in operands))
        return targets

    def reduce(self, op: ops.Operation, targets: Ints, rows: Ints) -> Ints:
        """The sum or the maximum of each row."""
        first, inverse = distinct(rows)
        self.nodes.same[targets] = targets[first][inverse]
        self.add(Group("reduce", targets[first], (rows[first],), op))
        return targets

    def dots(self, targets: Ints, left: Ints, right: Ints, counts: Ints) -> Ints:
        """Rows of factors, one pair of rows for each target, as matrix products."""
        rows = Rows.by_first(left, right, counts) or Rows.by_all(left, right)
        edge, duplicate = distinct(np.stack([rows.left_of, rows.right_of], axis=1))
        self.nodes.same[targets] = targets[edge][duplicate]
        for dot in rows.products(targets[edge], edge, self.exact):
            self.add(dot)
        return targets

    def join(self, sources: Ints) -> None:
        """Copies of these nodes in one array; from here on it is the copies that are read.

        ``pieces`` counts the arrays that were copied from.
        """
        self.pieces += len(np.unique(self.nodes.home[sources]))
        copies = self.nodes.new(len(sources))
        self.add(Group("join", copies, (sources,)))
        self.nodes.replace(sources, copies)
