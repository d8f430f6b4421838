"""Which rows of factors are multiplied with which others, and whether that is a matrix product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..graphs import Group
from ..ir import Ints
from ..ragged import NONE, distinct, groups

SHAPES = 4  # products of more shapes than this follow no pattern; they are computed edge by edge


@dataclass(frozen=True)
class Rows:
    """The distinct rows on either side, and which two each target multiplies: the edges of a bipartite graph."""

    left: Ints
    right: Ints
    left_of: Ints
    right_of: Ints

    @classmethod
    def by_first(cls, left: Ints, right: Ints, counts: Ints) -> Rows | None:
        """Rows told apart by their first element; shorter ones must be the beginning of the longest."""
        sides = []
        ascending = np.argsort(counts, kind="stable")
        for rows in (left, right):
            first, which = distinct(rows[:, :1])
            longest = np.zeros_like(first)
            longest[which[ascending]] = ascending
            if not ((rows == rows[longest][which]) | (rows == NONE)).all():
                return None
            sides.append((rows[longest], which, counts[longest]))
        (l_rows, l_of, l_counts), (r_rows, r_of, r_counts) = sides
        if not (counts == np.minimum(l_counts[l_of], r_counts[r_of])).all():
            return None
        return cls(l_rows, r_rows, l_of, r_of)

    @classmethod
    def by_all(cls, left: Ints, right: Ints) -> Rows:
        """Rows told apart by all their elements."""
        (l_first, l_of), (r_first, r_of) = distinct(left), distinct(right)
        return cls(left[l_first], right[r_first], l_of, r_of)

    def products(self, targets: Ints, edge: Ints, exact: bool) -> Iterator[Group]:
        """The connected components; those that are full, or nearly, as products, the others edge by edge."""
        a, b = self.left_of[edge], self.right_of[edge]
        if len(edge) == len(self.left) * len(self.right):  # each with each
            grid = np.empty((1, len(self.left), len(self.right)), dtype=np.int64)
            grid[0, a, b] = targets
            yield Group("dot", grid, (self.left[None], self.right[None]))
            return
        component = _components(a, b, len(self.left), len(self.right))
        a_component = np.empty(len(self.left), dtype=np.int64)
        b_component = np.empty(len(self.right), dtype=np.int64)
        a_component[a], b_component[b] = component, component
        m, p, edges = np.bincount(a_component), np.bincount(b_component), np.bincount(component)
        dense = edges == m * p if exact else 2 * edges >= m * p
        if len(groups(m[dense], p[dense])) > SHAPES:
            dense[:] = False
        for group in groups(m[dense], p[dense]):
            chosen = np.flatnonzero(dense)[group]
            stack = np.full(len(m), NONE)
            stack[chosen] = np.arange(len(chosen))
            mine = stack[component] != NONE
            a_rows, b_rows = (_by_component(stack[c]) for c in (a_component, b_component))
            c, i, j = (
                stack[component[mine]],
                _place(a_rows, len(self.left))[a[mine]],
                _place(b_rows, len(self.right))[b[mine]],
            )
            grid = np.full((len(chosen), a_rows.shape[1], b_rows.shape[1]), NONE)
            grid[c, i, j] = targets[mine]
            yield Group("dot", grid, (self.left[a_rows], self.right[b_rows]))
        alone = ~dense[component]
        if alone.any():
            yield Group(
                "dot", targets[alone, None, None], (self.left[a[alone], None, :], self.right[b[alone], None, :])
            )


def _components(a: Ints, b: Ints, n_left: int, n_right: int) -> Ints:
    """A number for each edge: that of its connected component, from 0 in order of appearance."""
    label = np.arange(n_left)
    while True:
        right = np.full(n_right, n_left)
        np.minimum.at(right, b, label[a])
        smaller = label.copy()
        np.minimum.at(smaller, a, right[b])
        smaller = smaller[smaller]
        if np.array_equal(smaller, label):
            return np.unique(label[a], return_inverse=True)[1]
        label = smaller


def _by_component(stack: Ints) -> Ints:
    """The rows of each chosen component, one line a component; all components have as many."""
    rows = np.flatnonzero(stack != NONE)
    order = np.argsort(stack[rows], kind="stable")
    return rows[order].reshape(int(stack.max()) + 1, -1)


def _place(rows: Ints, n: int) -> Ints:
    place = np.zeros(n, dtype=np.int64)
    place[rows] = np.arange(rows.shape[1])
    return place
