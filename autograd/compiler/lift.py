"""Pass 3, lift: nodes of equal level and equal form become one array operation.

Two nodes are of equal form if they apply the same operation to operands that live in the same arrays. Sums are taken
apart into *parts*, one for each array or pair of arrays their terms come from: rows of products become dot products,
rows of single terms become sums, and the parts are added up. Dot products whose left rows and right rows form a full
grid become one matrix product, or a stack of them.

Nothing here knows the order of an array; a group is a grid of node numbers, and ``NONE`` marks a hole in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .. import ops
from .fold import ADD, MUL, NEG, POW, SUB, Flags, Folded, Terms
from .grids import Rows
from .groups import Group, Join, Map, Reduce, describe
from .ragged import distinct, groups, padded
from .record import CODE, CONSTANT, LEAF, NONE, ROWS, SHARED, Floats, Ints

NUMBERS, PARAMETERS, INPUTS = range(3)  # the arrays that are there before the first group
MANY = 12  # operands that come from more arrays than this are joined


@dataclass(frozen=True)
class Lifted:
    """The groups in order. Node numbers from ``len(folded.level)`` on are parts of sums and numbers made on the way."""

    folded: Folded
    groups: Sequence[Group]
    exact: bool
    home: Ints
    rank: Ints
    number: Floats
    same: Ints
    """For each node the one that stands for it: equal expressions are computed once."""

    def __str__(self) -> str:
        return "\n".join(f"{i}: {describe(group)}" for i, group in enumerate(self.groups, INPUTS + 1))


def lift(folded: Folded, exact: bool = False) -> Lifted:
    """Groups level by level. ``exact`` refuses grids with holes: no number is computed that the graph has not.

    Nor a derivative: nodes through which no gradient flows are in groups of their own.

    >>> from autograd import Value, functional
    >>> from .record import record
    >>> from .fold import fold
    >>> x = [Value(1.0) for _ in range(3)]
    >>> rows = [[Value(1.0) for _ in x] for _ in range(5)]
    >>> outputs = [functional.dot(row, x).tanh() for row in rows]
    >>> print(lift(fold(record(outputs, x))))
    3: 1 × (5×3 @ 3×1)
    4: tanh of 5
    """
    return _Lift(folded, exact).run()


class _Lift:
    """The state of the pass: the groups so far, and the array each node lives in."""

    def __init__(self, folded: Folded, exact: bool) -> None:
        recording = folded.recording
        n = len(recording.code)
        self.folded, self.exact = folded, exact
        self.groups: list[Group] = []
        self.made = n
        self.home = np.full(n + 1, NONE)  # one more, so that home[NONE] is NONE, here and below
        self.home[:n][recording.code == LEAF] = PARAMETERS
        self.home[list(recording.inputs)] = INPUTS
        self.home[:n][recording.rank == CONSTANT] = NUMBERS
        self.rank, self.same = np.append(recording.rank, NONE), np.append(np.arange(n), NONE)
        self.number = np.append(folded.number, np.nan)
        constants = np.flatnonzero(recording.rank == CONSTANT)
        self.number_node = dict(zip(self.number[constants].view(np.int64).tolist(), constants.tolist(), strict=True))
        self.maps: dict[object, Ints] = {}
        self.random = np.random.default_rng(0)

    def run(self) -> Lifted:
        folded = self.folded
        is_sum, is_maximum = np.zeros((2, len(folded.level)), dtype=bool)
        is_sum[folded.terms.owner] = True
        is_maximum[folded.items.owner] = True
        flows = _flows(folded) if self.exact else np.ones(len(folded.level), dtype=bool)
        by_level = np.argsort(folded.level, kind="stable")
        bounds = np.searchsorted(folded.level[by_level], np.arange(1, folded.level.max(initial=0) + 2))
        for start, stop in pairwise(bounds):
            level = by_level[start:stop]
            for nodes in [level[flows[level]], level[~flows[level]]] if self.exact else [level]:
                sums, maxima = is_sum[nodes], is_maximum[nodes]
                self.join(nodes)
                if sums.any():
                    self.sums(nodes[sums])
                if maxima.any():
                    self.maxima(nodes[maxima])
                if not (sums | maxima).all():
                    self.operations(nodes[~sums & ~maxima])
        made = slice(0, self.made)
        return Lifted(
            folded, self.groups, self.exact, self.home[made], self.rank[made], self.number[made], self.same[made]
        )

    # ---- nodes made on the way

    def new(self, count: int, home: int, rank: Ints | int) -> Ints:
        """Numbers of new nodes; the arrays that describe nodes grow by doubling."""
        start, self.made = self.made, self.made + count
        if self.made >= len(self.home):
            more = np.full(2 * self.made - start, NONE)
            self.home, self.rank, self.same = (np.append(a[:start], more) for a in (self.home, self.rank, self.same))
            self.number = np.append(self.number[:start], np.full(len(more), np.nan))
        nodes = np.arange(start, self.made)
        self.home[nodes], self.rank[nodes], self.same[nodes] = home, rank, nodes
        return nodes

    def numbers(self, values: Floats) -> Ints:
        """The nodes of these numbers."""
        bits, first, inverse = np.unique(values.view(np.int64), return_index=True, return_inverse=True)
        for key, i in zip(bits.tolist(), first.tolist(), strict=True):
            if key not in self.number_node:
                (node,) = self.new(1, NUMBERS, CONSTANT)
                self.number[node] = values[i]
                self.number_node[key] = int(node)
        return np.array([self.number_node[key] for key in bits.tolist()], dtype=np.int64)[inverse]

    def add(self, group: Group, operands: Ints) -> None:
        home = len(self.groups) + INPUTS + 1
        self.groups.append(group)
        targets = group.targets[group.targets != NONE]
        self.home[targets] = home
        self.rank[targets] = max(SHARED, int(self.rank[operands[operands != NONE]].max()))

    def join(self, nodes: Ints) -> None:
        """Copy what these nodes read into one array, where it comes from too many: the graph is irregular here."""
        recording, terms = self.folded.recording, _terms_of(self.folded.terms, nodes)
        operands = np.concatenate([recording.left[nodes], recording.right[nodes], terms.left, terms.right])
        operands = self.same[np.unique(operands[operands != NONE])]
        sources = np.unique(operands[self.home[operands] > NUMBERS])
        if len(np.unique(self.home[sources])) > MANY:
            copies = self.new(len(sources), NONE, SHARED)
            self.add(Join(copies, sources), sources)
            copy = np.arange(self.made)
            copy[sources] = copies
            self.same[: self.made] = copy[self.same[: self.made]]  # from here on it is the copy that is read

    # ---- operations, element by element

    def operations(self, nodes: Ints) -> None:
        recording = self.folded.recording
        code = recording.code[nodes]
        left, right = self.same[recording.left[nodes]], self.same[recording.right[nodes]]
        alias = (code == POW) & (self.home[right] == NUMBERS) & (self.number[right] == 1)
        self.same[nodes[alias]] = left[alias]
        nodes, code, left, right = (x[~alias] for x in (nodes, code, left, right))
        if not len(nodes):
            return
        exponent = np.where((code == POW) & (self.home[right] == NUMBERS), self.number[right], 0.0)
        for group in groups(code, self.home[left], self.home[right], exponent):
            operands = (left[group],) if right[group[0]] == NONE else (left[group], right[group])
            self.map(int(code[group[0]]), nodes[group], *operands)

    def map(self, code: int, targets: Ints, *operands: Ints) -> Ints:
        """One operation for all targets. What has the same operands is computed once, here and in an earlier group."""
        first, inverse = distinct(np.stack(operands, axis=1))
        kept = tuple(operand[first] for operand in operands)
        key = (code, *(operand.tobytes() for operand in kept))
        before = self.maps.setdefault(key, targets[first])
        self.same[targets] = self.same[before[inverse]]
        if before[0] == targets[first[0]]:
            self.add(Map(ROWS[code], before, kept), np.concatenate(kept))
        return targets

    def maxima(self, nodes: Ints) -> None:
        """Maxima through which no gradient flows: of the items in each array, and then of those."""
        terms = _terms_of(self.folded.items, nodes)
        items, owner = self.same[terms.left], np.searchsorted(nodes, terms.owner)
        homes = self.home[items]
        for group, shape in self.forms(owner, homes, len(nodes)):
            parts, targets = [], nodes[group]
            for kind in shape:
                chosen = _chosen(owner, homes, group, kind)
                counts = np.bincount(np.searchsorted(group, owner[chosen]), minlength=len(group))
                rows = padded(items[chosen], np.cumsum(counts) - counts, counts)
                if rows.shape[1] > 1:
                    made = targets if len(shape) == 1 else self.new(len(group), NONE, SHARED)
                    parts.append(self.reduce(ops.MAXIMUM, made, rows))
                else:
                    parts.append(rows[:, 0])
            total = parts[0]
            for part in parts[1:]:
                total = self.made_of(CODE[ops.MAXIMUM], None, total, part)
            if total is not targets:
                self.made_of(CODE[ops.STOP_GRADIENT], targets, total)

    def reduce(self, op: ops.Operation, targets: Ints, rows: Ints) -> Ints:
        first, inverse = distinct(rows)
        self.same[targets] = targets[first][inverse]
        self.add(Reduce(op, targets[first], rows[first]), rows[first].ravel())
        return targets

    # ---- sums

    def sums(self, nodes: Ints) -> None:
        """Groups of sums whose terms come from the same arrays."""
        terms = _terms_of(self.folded.terms, nodes)
        left, right = self.same[terms.left], self.same[terms.right]
        # The less a factor varies, the more to the left it stands.
        varies = [self.rank[factor] * (len(self.groups) + INPUTS + 2) + self.home[factor] for factor in (left, right)]
        swap = (right != NONE) & (varies[0] > varies[1])
        left, right = np.where(swap, right, left), np.where(swap, left, right)

        # A number times a node is a term with that coefficient. Data times a parameter is of another kind than the
        # parameter itself, even where the data happens to be 1.
        home = self.home
        scaled = (right != NONE) & (home[left] == NUMBERS)
        coefficient = np.where(scaled, terms.coefficient * self.number[left], terms.coefficient)
        left, right = np.where(scaled, right, left), np.where(scaled, NONE, right)
        data = scaled & (home[left] == PARAMETERS)
        negative = (right != NONE) & (coefficient < 0)
        terms = Terms(terms.owner, coefficient, left, right)
        _, kind = np.unique(np.stack([home[left], home[right], negative, data]), axis=1, return_inverse=True)
        kind = kind.ravel()
        owner = np.searchsorted(nodes, terms.owner)
        for group, shape in self.forms(owner, kind, len(nodes)):
            chosen = [terms[_chosen(owner, kind, group, k)] for k in shape]
            self.sum(nodes[group], [column for part in chosen for column in _columns(part, len(group))])

    def forms(self, owner: Ints, kind: Ints, n: int) -> Iterator[tuple[Ints, list[int]]]:
        """Owners with the same kinds of terms, in about the same numbers, and those kinds in order of appearance."""
        kinds = int(kind.max()) + 1
        pair, first, counts = np.unique(owner * kinds + kind, return_index=True, return_counts=True)
        pair_owner, pair_kind = np.divmod(pair, kinds)
        weights = self.random.integers(1, 2**62, kinds)
        starts = np.searchsorted(pair_owner, np.arange(n))
        signature = np.add.reduceat(weights[pair_kind], starts)
        length = np.add.reduceat(weights[pair_kind] * counts, starts)
        most = np.maximum.reduceat(counts, starts)
        for group in groups(signature):
            head = slice(starts[group[0]], starts[group[0] + 1] if group[0] + 1 < n else len(pair))
            shape = pair_kind[head][np.argsort(first[head])].tolist()
            even = not self.exact and len(shape) <= 2 and 2 * most[group].mean() > most[group].max()
            for part in [np.arange(len(group))] if even else groups(length[group]):
                yield group[part], shape

    def sum(self, nodes: Ints, parts: list[Terms]) -> None:
        """The parts of these sums, and their total: products first, then what is added to them."""
        done: list[tuple[float, Ints]] = []
        for terms in sorted(parts, key=lambda part: len(part.owner) == len(nodes)):
            counts = np.bincount(np.searchsorted(nodes, terms.owner), minlength=len(nodes))
            done.append(self.part(terms, counts, nodes if len(parts) == 1 else None))
        self.total(nodes, done)

    def part(self, terms: Terms, counts: Ints, only: Ints | None) -> tuple[float, Ints]:
        """(a, nodes) such that the terms of each sum add up to a * its node; ``only``: the sums are this part alone."""
        starts = np.cumsum(counts) - counts
        coefficient, left, right = terms.coefficient, terms.left, terms.right
        if left[0] == NONE:
            return 1.0, self.numbers(coefficient)
        scale = float(coefficient[0])
        if (coefficient != scale).any():
            scale, left, right = 1.0, self.numbers(coefficient), left
            if self.home[right[0]] == PARAMETERS:
                left, right = right, left  # weights @ data, as everywhere else
        elif right[0] == NONE and counts.max() == 1:
            return scale, left
        targets = only if only is not None and scale == 1 else self.new(len(counts), NONE, SHARED)
        if right[0] == NONE:
            self.reduce(ops.ADD, targets, padded(left, starts, counts))
        elif counts.max() == 1:
            self.map(MUL, targets, left, right)
        else:
            self.dots(targets, padded(left, starts, counts), padded(right, starts, counts), counts)
        return scale, targets

    def total(self, nodes: Ints, parts: list[tuple[float, Ints]]) -> None:
        """``nodes = a1 * part1 + a2 * part2 + ...``, what is added before what is subtracted."""
        (scale, first), *others = sorted(parts, key=lambda part: part[0] < 0)
        last = None if others else nodes
        total = first
        if scale == -1:
            total = self.made_of(NEG, last, first)
        elif scale != 1:
            total = self.made_of(MUL, last, self.numbers(np.full(len(first), scale)), first)
        for i, (scale, part) in enumerate(others):
            if abs(scale) != 1:
                part = self.made_of(MUL, None, self.numbers(np.full(len(part), abs(scale))), part)
            total = self.made_of(ADD if scale > 0 else SUB, nodes if i == len(others) - 1 else None, total, part)
        if total is not nodes:
            self.same[nodes] = self.same[total]  # a sum of one term is that term

    def made_of(self, code: int, targets: Ints | None, *operands: Ints) -> Ints:
        """The operation on operands that may live in several arrays; new nodes if there are no targets."""
        targets = self.new(len(operands[0]), NONE, SHARED) if targets is None else targets
        operands = tuple(self.same[operand] for operand in operands)
        for group in groups(*(self.home[operand] for operand in operands)):
            self.map(code, targets[group], *(operand[group] for operand in operands))
        return targets

    # ---- dot products

    def dots(self, targets: Ints, left: Ints, right: Ints, counts: Ints) -> None:
        """Rows of factors, one pair of rows for each target, as matrix products."""
        rows = Rows.by_first(left, right, counts) or Rows.by_all(left, right)
        edge, duplicate = distinct(np.stack([rows.left_of, rows.right_of], axis=1))
        self.same[targets] = targets[edge][duplicate]
        for dot in rows.products(targets[edge], edge, self.exact):
            self.add(dot, np.concatenate([dot.left.ravel(), dot.right.ravel()]))


def _flows(folded: Folded) -> Flags:
    """For each node whether a gradient flows from an output to its operands."""
    recording = folded.recording
    code, left, right = recording.code.tolist(), recording.left.tolist(), recording.right.tolist()
    flows = np.zeros(len(code) + 1, dtype=bool)
    flows[list(recording.outputs)] = True
    for i in reversed(range(len(recording.values))):
        flows[i] &= code[i] != LEAF and bool(ROWS[code[i]].partials)
        if flows[i]:
            flows[[left[i], right[i]]] = True
    early = folded.terms.left >= len(recording.values)
    flows[folded.terms.left[early]] = flows[folded.terms.owner[early]]
    return flows[:-1]


def _terms_of(terms: Terms, nodes: Ints) -> Terms:
    """The terms of these owners (sorted)."""
    start, stop = np.searchsorted(terms.owner, nodes), np.searchsorted(terms.owner, nodes, side="right")
    counts = stop - start
    return terms[np.repeat(start - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())]


def _columns(terms: Terms, n: int) -> list[Terms]:
    """A few terms of one pattern in each of n sums (``a - b``): the first ones, the second ones, and so on."""
    k, rest = divmod(len(terms.owner), n)
    if rest or k > 4 or k == 1 or terms.left[0] == NONE or terms.right[0] != NONE:
        return [terms]
    coefficient = terms.coefficient.reshape(n, k)
    same_length = (terms.owner.reshape(n, k) == terms.owner[::k, None]).all()
    if not same_length or (coefficient != coefficient[0]).any() or (k > 2 and (coefficient == coefficient[0, 0]).all()):
        return [terms]
    return [terms[np.arange(j, n * k, k)] for j in range(k)]


def _chosen(owner: Ints, kind: Ints, group: Ints, wanted: int) -> Ints:
    member = np.zeros(int(owner.max()) + 1, dtype=bool)
    member[group] = True
    return np.flatnonzero(member[owner] & (kind == wanted))
