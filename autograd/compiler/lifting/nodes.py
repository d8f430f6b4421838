"""Nodes: a table of all nodes of a graph, one array a column, to which passes add nodes of their own."""

from __future__ import annotations

import numpy as np

from ..folding.terms import Folded
from ..ir import Floats, Ints
from ..record import CONSTANT, LEAF, NONE

NUMBERS, PARAMETERS, INPUTS = range(3)  # the homes that are there before the first group


class Nodes:
    """What is known of node i; the table starts with the nodes of the graph.

    - ``home[i]``: where it lives, one of those above or that of its group; ``NONE`` until there is one;
    - ``varies[i]``: what it depends on;
    - ``number[i]``: its value, if it is a number;
    - ``same[i]``: the node that is computed in its place. Equal expressions are computed once, so operands are looked
      up here before anything else is asked of them.

    There is always one more row than nodes, so that ``NONE`` stands for ``NONE`` in every column.

    >>> from autograd import Value
    >>> from ..fold import fold
    >>> from ..record import record
    >>> x, w = Value(1.0), Value(2.0)
    >>> nodes = Nodes(fold(record([(w * x).exp()], [x])))  # x, w, w * x and its exponential
    >>> nodes.home[:4], nodes.numbers(np.array([0.5, 0.5]))
    (array([ 2,  1, -1, -1]), array([4, 4]))
    """

    def __init__(self, folded: Folded) -> None:
        recording = folded.recording
        constant = recording.varies == CONSTANT
        n = self.count = len(constant)
        home = np.full(n, NONE)
        home[recording.code == LEAF] = PARAMETERS
        home[list(recording.inputs)] = INPUTS
        home[constant] = NUMBERS
        self.home, self.varies, self.same = (
            np.append(column, NONE) for column in (home, recording.varies, np.arange(n))
        )
        self.number = np.append(folded.number, np.nan)
        bits = folded.number[constant].view(np.int64)
        self._with_bits = dict(zip(bits.tolist(), np.flatnonzero(constant).tolist(), strict=True))

    def new(self, count: int, home: int = NONE, varies: int = NONE) -> Ints:
        """Numbers of new nodes. The columns grow by doubling."""
        start, self.count = self.count, self.count + count
        if self.count >= len(self.home):
            more = np.full(2 * self.count - start, NONE)
            self.home, self.varies, self.same = (
                np.append(a[:start], more) for a in (self.home, self.varies, self.same)
            )
            self.number = np.append(self.number[:start], np.full(len(more), np.nan))
        nodes = np.arange(start, self.count)
        self.home[nodes], self.varies[nodes], self.same[nodes] = home, varies, nodes
        return nodes

    def numbers(self, values: Floats) -> Ints:
        """The nodes of these numbers, one for each that differs in some bit."""
        bits, first, inverse = np.unique(values.view(np.int64), return_index=True, return_inverse=True)
        for key, i in zip(bits.tolist(), first.tolist(), strict=True):
            if key not in self._with_bits:
                node = self._with_bits[key] = int(self.new(1, NUMBERS, CONSTANT)[0])
                self.number[node] = values[i]
        return np.array([self._with_bits[key] for key in bits.tolist()], dtype=np.int64)[inverse]

    def replace(self, nodes: Ints, by: Ints) -> None:
        """From here on, whoever reads one of the nodes reads the other in its place."""
        replacement = np.arange(self.count)
        replacement[nodes] = by
        self.same[: self.count] = replacement[self.same[: self.count]]

    def in_order(self, left: Ints, right: Ints) -> tuple[Ints, Ints]:
        """The factors of products in one order: the less a factor varies, the more to the left it stands.

        ``a * b`` and ``b * a`` are then of one form. Other operations have an order: of 0.0 and -0.0 the maximum is the
        second.
        """
        varies = [(self.varies[factor] << 32) + self.home[factor] for factor in (left, right)]
        swap = (right != NONE) & (varies[0] > varies[1])
        return np.where(swap, right, left), np.where(swap, left, right)
