"""Builder: makes groups, one kind a method, and keeps the table of nodes true to them.

What has the same operands is computed once: the nodes that would repeat it become the ``same`` as those that do it.
"""

from __future__ import annotations

import numpy as np

from ... import ops
from ..graphs import INPUTS, SHARED, Folded, Group, Nodes
from ..ir import Ints
from ..ragged import NONE, distinct, groups
from .grids import Rows


class Builder:
    """The groups so far. The first lives at home ``INPUTS + 1``, each other one after the one before it."""

    def __init__(self, folded: Folded, exact: bool) -> None:
        self.nodes, self.exact = Nodes(folded), exact
        self.rows = folded.recording.rows
        self.groups: list[Group] = []
        self.pieces = 0
        self._maps: dict[object, Ints] = {}

    def add(self, group: Group) -> None:
        """The group is the next; its targets live in it."""
        self.groups.append(group)
        varies = max(SHARED, *(int(self.nodes.varies[operand].max()) for operand in group.operands))
        targets = group.targets if group.targets.min() != NONE else group.targets[group.targets != NONE]
        self.nodes.home[targets], self.nodes.varies[targets] = len(self.groups) + INPUTS, varies

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
