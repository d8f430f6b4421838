"""Sums, and maxima through which no gradient flows, are taken apart by the arrays that their terms come from.

A *part* is what terms of one kind add to each of some sums: rows of products become dot products, rows of single terms
sums over an axis, and one term a sum stays what it is. The parts are then added up, element by element.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from ... import ops
from ..graphs import ADD, MAXIMUM, MUL, NEG, NUMBERS, PARAMETERS, STOP, SUB, Terms
from ..ir import Ints
from ..ragged import NONE, distinct, groups, numbered, padded, spans
from .builder import Builder


@dataclass(frozen=True)
class Part:
    """The terms of one kind: the first ``counts[0]`` of them belong to the first sum, and so on."""

    terms: Terms
    counts: Ints

    def columns(self) -> list[Part]:
        """A few terms of one pattern in each sum (``a - b``): the first ones, the second ones, and so on.

        As rows that are summed they take 1.1 of the time of Lennard and Jones.
        """
        terms, n, k = self.terms, len(self.counts), int(self.counts[0])
        if not 2 <= k <= 4 or (self.counts != k).any() or terms.left[0] == NONE or terms.right[0] != NONE:
            return [self]
        coefficient = terms.coefficient.reshape(n, k)
        if (coefficient != coefficient[0]).any() or (k > 2 and (coefficient[0] == coefficient[0, 0]).all()):
            return [self]
        return [Part(terms[np.arange(j, n * k, k)], np.ones_like(self.counts)) for j in range(k)]


def sums(builder: Builder, nodes: Ints, terms: Terms) -> None:
    """The sums ``nodes`` of these terms, those of one form together."""
    terms, kind = _kinds(builder, terms)
    for targets, parts in _forms(nodes, terms, kind, builder.exact):
        columns = [column for part in parts for column in part.columns()]
        columns.sort(key=lambda part: int(part.counts.max()) == 1)  # products first, then what is added to them
        _total(builder, targets, [_part(builder, part, targets if len(columns) == 1 else None) for part in columns])


def maxima(builder: Builder, nodes: Ints, items: Terms) -> None:
    """The maxima ``nodes`` of these items: of those in each array, and then of the parts."""
    items = replace(items, left=builder.nodes.same[items.left])
    for targets, parts in _forms(nodes, items, builder.nodes.home[items.left], builder.exact):
        found = []
        for part in parts:
            rows = padded(part.terms.left, part.counts)
            if rows.shape[1] > 1:
                made = targets if len(parts) == 1 else builder.nodes.new(len(targets))
                found.append(builder.reduce(ops.MAXIMUM, made, rows))
            else:
                found.append(rows[:, 0])
        total = reduce(lambda x, y: builder.maps(MAXIMUM, None, x, y), found)
        if total is not targets:
            builder.maps(STOP, targets, total)


def _kinds(builder: Builder, terms: Terms) -> tuple[Terms, Ints]:
    """The terms as products of a coefficient and one or two nodes in order, and a number for the kind of each.

    A number times a node is a term with that coefficient. Data times a parameter is of another kind than the parameter
    itself, even where the data happens to be 1.
    """
    home = builder.nodes.home
    left, right = builder.nodes.in_order(builder.nodes.same[terms.left], builder.nodes.same[terms.right])
    scaled = (right != NONE) & (home[left] == NUMBERS)
    coefficient = np.where(scaled, terms.coefficient * builder.nodes.number[left], terms.coefficient)
    left, right = np.where(scaled, right, left), np.where(scaled, NONE, right)
    data = scaled & (home[left] == PARAMETERS)
    negative = (right != NONE) & (coefficient < 0)
    kind = (home[left] << 32) + (home[right] << 2) + (negative << 1) + data
    return Terms(terms.owner, coefficient, left, right), numbered(kind)


def _forms(nodes: Ints, terms: Terms, kind: Ints, exact: bool) -> Iterator[tuple[Ints, list[Part]]]:
    """Nodes that own terms of the same kinds, in about the same numbers; and a part for each of these kinds."""
    owner = np.searchsorted(nodes, terms.owner)
    pair = owner * (int(kind.max()) + 1) + kind
    order = np.argsort(pair, kind="stable")
    start = np.flatnonzero(np.diff(pair[order], prepend=NONE))  # of the terms of one owner and one kind
    counts = np.diff(start, append=len(order))
    first = order[start]
    head = np.flatnonzero(np.diff(owner[first], prepend=NONE))  # the first pair of each owner
    most, kinds = np.maximum.reduceat(counts, head), np.diff(head, append=len(start))
    form, length = (distinct(padded(of_pairs, kinds))[1] for of_pairs in (kind[first], counts))
    for group in groups(form):
        begin, n = int(head[group[0]]), int(kinds[group[0]])
        by_appearance = np.argsort(first[begin : begin + n]).tolist()
        even = not exact and n <= 2 and 2 * most[group].mean() > most[group].max()
        for alike in [group] if even else [group[part] for part in groups(length[group])]:
            pairs = [head[alike] + which for which in by_appearance]
            yield nodes[alike], [Part(terms[order[spans(start[i], counts[i])]], counts[i]) for i in pairs]


def _part(builder: Builder, part: Part, only: Ints | None) -> tuple[float, Ints]:
    """(a, nodes) such that the terms of each sum add up to a * its node; ``only``: the sums are this part alone.

    A common factor below 1 stays inside of its sum, which without it could overflow where that of the graph does not.
    """
    terms, counts = part.terms, part.counts
    left, right, scale = terms.left, terms.right, float(terms.coefficient[0])
    if left[0] == NONE:
        return 1.0, builder.nodes.numbers(terms.coefficient)
    alone = right[0] == NONE and counts.max() == 1
    inside = not alone and not 1 <= abs(scale) < math.inf
    parameters = builder.nodes.home[left[0]] == PARAMETERS
    if (terms.coefficient != scale).any() or (inside and parameters):  # of parameters it is rows that have an order
        scale, left, right = 1.0, builder.nodes.numbers(terms.coefficient), left
        if parameters:
            left, right = right, left  # weights @ data, as everywhere else
    elif alone:
        return scale, left
    elif inside:
        scaled = _scaled(builder, abs(scale), left)
        scale, left = math.copysign(1.0, scale), builder.nodes.same[scaled]
    targets = only if only is not None and scale == 1 else builder.nodes.new(len(counts))
    if right[0] == NONE:
        return scale, builder.reduce(ops.ADD, targets, padded(left, counts))
    if counts.max() == 1:
        return scale, builder.map(MUL, targets, left, right)
    return scale, builder.dots(targets, padded(left, counts), padded(right, counts), counts)


def _total(builder: Builder, nodes: Ints, parts: list[tuple[float, Ints]]) -> None:
    """``nodes = a1 * part1 + a2 * part2 + ...``, what is added before what is subtracted."""
    (scale, total), *others = sorted(parts, key=lambda part: part[0] < 0)
    last = None if others else nodes
    if scale == -1:
        total = builder.maps(NEG, last, total)
    elif scale != 1:
        total = _scaled(builder, scale, total, last)
    for i, (scale, part) in enumerate(others, 1):
        part = part if abs(scale) == 1 else _scaled(builder, abs(scale), part)
        total = builder.maps(ADD if scale >= 0 else SUB, nodes if i == len(others) else None, total, part)
    if total is not nodes:
        builder.nodes.same[nodes] = builder.nodes.same[total]  # a sum of one term is that term


def _scaled(builder: Builder, scale: float, part: Ints, targets: Ints | None = None) -> Ints:
    return builder.maps(MUL, targets, builder.nodes.numbers(np.full(len(part), scale)), part)
