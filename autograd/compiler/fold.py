"""Pass 2, fold: constants become numbers, and trees of additions become sums of terms.

A node is *absorbed* into the one that uses it where it has no other use: additions, subtractions and signs into the sum
they belong to, products into terms of that sum, and maxima into the ``stop_gradient`` through which no gradient flows
back to them: it becomes the maximum of them all, or of one.
What is left has a level: nodes of one level do not depend on each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .. import ops
from .record import CODE, CONSTANT, NONE, ROWS, SHARED, Floats, Ints, Recording
from .singles import with_single_sums

Flags = npt.NDArray[np.bool_]

ADD, SUB, NEG, MUL, POW = (CODE[row] for row in (ops.ADD, ops.SUB, ops.NEG, ops.MUL, ops.POW))
MAXIMUM, STOP, MUL_NO_NAN = CODE[ops.MAXIMUM], CODE[ops.STOP_GRADIENT], CODE[ops.MUL_NO_NAN]


@dataclass(frozen=True)
class Terms:
    """Term t adds ``coefficient[t] * left[t] * right[t]`` to the sum ``owner[t]``; terms are sorted by owner.

    Factors may be absent (``NONE``); coefficients are signs, but for a term without factors, which is a number.
    """

    owner: Ints
    coefficient: Floats
    left: Ints
    right: Ints

    def __getitem__(self, index: npt.NDArray[np.generic]) -> Terms:
        return Terms(self.owner[index], self.coefficient[index], self.left[index], self.right[index])


@dataclass(frozen=True)
class Folded:
    """The recording, with equal numbers made one node, and what became of each node.

    ``level`` is 0 for leaves and numbers and -1 for nodes that were absorbed. Sums own ``terms``, maxima own ``items``;
    every other node is still an operation of the recording.
    """

    recording: Recording
    number: Floats
    level: Ints
    terms: Terms
    items: Terms

    def __str__(self) -> str:
        name = self.recording.name
        lines = [""] * len(self.level)
        for i in np.flatnonzero(self.level > 0).tolist():
            operands = ", ".join(self._text(j) for j in (self.recording.left[i], self.recording.right[i]) if j != NONE)
            lines[i] = f"{name(i)} = {ROWS[self.recording.code[i]].name}({operands})"
        for terms, join in ((self.terms, "{} + {}"), (self.items, "max({}, {})")):
            texts: dict[int, str] = {}
            for owner, c, x, y in zip(terms.owner, terms.coefficient, terms.left, terms.right, strict=True):
                factors = [self._text(z) for z in (x, y) if z != NONE]
                text = "*".join(([f"{c:g}"] if c != 1 or not factors else []) + factors)
                texts[owner] = join.format(texts[owner], text) if owner in texts else text
            for owner, text in texts.items():
                lines[owner] = f"{name(owner)} = {text}"
        return "\n".join(line for line in lines if line)

    def _text(self, i: int) -> str:
        return f"{self.number[i]:g}" if self.recording.rank[i] == CONSTANT else self.recording.name(i)


def fold(recording: Recording) -> Folded:
    """Sums of terms, and a level for what is left.

    >>> from autograd import Value
    >>> from .record import record
    >>> a, b, c = (Value(1.0, label=name) for name in "abc")
    >>> print(fold(record([(a * b + c * c - (b - 2.0)).tanh()], [])))
    %8 = 2 + a*b + c*c + -1*b
    %9 = tanh(%8)
    """
    recording, number = _share_numbers(with_single_sums(recording))
    recording = _products_of_powers(recording, number)
    code, rank = recording.code, recording.rank
    live = rank != CONSTANT
    user, single = _users(recording, live)

    additive = live & np.isin(code, (ADD, SUB, NEG))
    in_sum = additive & single & additive[user]
    in_term = live & single & additive[user] & (code == MUL)

    maximum, stop = live & (code == MAXIMUM), live & (code == STOP)
    in_maximum = maximum & single & (maximum | stop)[user]
    head, _ = _roots(in_maximum, user, np.ones(len(code)))
    in_maximum &= stop[head]

    absorbed = in_sum | in_term | in_maximum
    products = _products(_terms(recording, additive, in_sum, user), recording, in_term)
    terms = _merge_numbers(products, number, rank)
    items = _terms(recording, stop | in_maximum, in_maximum, user)
    level = _levels(recording, absorbed, live)
    others = np.flatnonzero((level > 0) & ~additive)
    level = _wait(level, terms, others, recording)
    recording, number, level, terms = _early(recording, number, level, terms)
    return Folded(recording, number, level, terms, items)


def _share_numbers(recording: Recording) -> tuple[Recording, Floats]:
    """One node for each distinct number, and the number of each node that is one (nan for the others)."""
    constants = np.flatnonzero(recording.rank == CONSTANT)
    number = np.full(len(recording.code), np.nan)
    number[constants] = [recording.values[i].data for i in constants.tolist()]
    if not len(constants):
        return recording, number
    _, first, inverse = np.unique(number[constants].view(np.int64), return_index=True, return_inverse=True)
    same = np.arange(len(number) + 1)
    same[constants] = constants[first][inverse]
    same[NONE] = NONE
    outputs = tuple(int(i) for i in same[list(recording.outputs)])
    return replace(recording, left=same[recording.left], right=same[recording.right], outputs=outputs), number


def _products_of_powers(recording: Recording, number: Floats) -> Recording:
    """x ** 2 as x * x, and mul_no_nan by a number that is not 0 as the product that it is."""
    code, left, right = recording.code, recording.left, recording.right
    by_number = np.where(right == NONE, np.nan, number[right])
    square = (code == POW) & (by_number == 2)
    plain = (code == MUL_NO_NAN) & np.isfinite(by_number) & (by_number != 0)
    return replace(recording, code=np.where(square | plain, MUL, code), right=np.where(square, left, right))


def _users(recording: Recording, live: Flags) -> tuple[Ints, Flags]:
    """For each node the last one that uses it, and whether it is used exactly once."""
    n = len(recording.code)
    nodes = np.flatnonzero(live)
    uses = np.bincount(list(recording.outputs), minlength=n + 1)
    user = np.zeros(n, dtype=np.int64)
    for operand in (recording.left[nodes], recording.right[nodes]):
        there = operand != NONE
        uses[:n] += np.bincount(operand[there], minlength=n)
        user[operand[there]] = nodes[there]
    single = uses[:n] == 1
    single[list(recording.outputs)] = False
    return user, single


def _roots(absorbed: Flags, user: Ints, sign: Floats) -> tuple[Ints, Floats]:
    """Where each chain of absorbed nodes ends, and the product of the signs along it: pointers doubled until there."""
    root = np.where(absorbed, user, np.arange(len(user)))
    sign = np.where(absorbed, sign, 1.0)
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return root, sign
        sign = sign * sign[root]
        root = further


def _terms(recording: Recording, members: Flags, absorbed: Flags, user: Ints) -> Terms:
    """The operands of all trees of members, each a term of the root of its tree, in the order they were written."""
    code, left, right = recording.code, recording.left, recording.right
    subtracted = (code[user] == SUB) & (right[user] == np.arange(len(user)))
    sign = np.where(subtracted | (code[user] == NEG), -1.0, 1.0)
    root, sign = _roots(absorbed & members, user, sign)
    nodes = np.flatnonzero(members)
    owner = np.repeat(root[nodes], 2)
    operand = np.stack([left[nodes], right[nodes]], axis=1).ravel()
    own = np.stack([np.where(code[nodes] == NEG, -1.0, 1.0), np.where(code[nodes] == SUB, -1.0, 1.0)], axis=1).ravel()
    coefficient = own * np.repeat(sign[nodes], 2)
    absent = operand == NONE
    keep = ~absent & ~(absorbed & members)[np.where(absent, 0, operand)]
    order = np.argsort(owner[keep], kind="stable")
    terms = Terms(owner, coefficient, operand, np.full(len(owner), NONE))
    return terms[np.flatnonzero(keep)[order]]


def _products(terms: Terms, recording: Recording, in_term: Flags) -> Terms:
    """Terms that are products of their own, as the two factors."""
    node = terms.left
    product = in_term[node]
    left = np.where(product, recording.left[node], node)
    return replace(terms, left=left, right=np.where(product, recording.right[node], NONE))


def _merge_numbers(terms: Terms, number: Floats, rank: Ints) -> Terms:
    """Numeric factors stand on the left; each sum keeps at most one number, first, as a coefficient, and no 0."""
    swap = (terms.right != NONE) & (rank[terms.right] == CONSTANT)
    terms = replace(terms, left=np.where(swap, terms.right, terms.left), right=np.where(swap, terms.left, terms.right))
    numeric = (terms.right == NONE) & (rank[terms.left] == CONSTANT)
    if not numeric.any():
        return terms
    owners, inverse = np.unique(terms.owner[numeric], return_inverse=True)
    totals = np.bincount(inverse, terms.coefficient[numeric] * number[terms.left[numeric]])
    nonzero = totals != 0
    none = np.full(nonzero.sum(), NONE)
    merged = (
        (owners[nonzero], terms.owner[~numeric]),
        (totals[nonzero], terms.coefficient[~numeric]),
        (none, terms.left[~numeric]),
        (none, terms.right[~numeric]),
    )
    columns = Terms(*(np.concatenate(pair) for pair in merged))
    return columns[np.argsort(columns.owner, kind="stable")]


def _levels(recording: Recording, absorbed: Flags, live: Flags) -> Ints:
    """Each node one level above its highest operand; what is absorbed is as high as its highest operand, in passing."""
    highest: list[int] = []
    append = highest.append
    steps = np.where(live & (recording.left != NONE), np.where(absorbed, 0, 1), NONE).tolist()
    for step, j, k in zip(steps, recording.left.tolist(), recording.right.tolist(), strict=True):
        if step == NONE:
            append(0)
        else:
            above = highest[j]
            if k != NONE and highest[k] > above:
                above = highest[k]
            append(above + step)
    level = np.array(highest, dtype=np.int64)
    level[absorbed] = NONE
    return level


def _early(recording: Recording, number: Floats, level: Ints, terms: Terms) -> tuple[Recording, Floats, Ints, Terms]:
    """The part of a sum that is made of inputs and parameters alone becomes a sum of its own, as early as can be.

    The steps of a recurrent network then read their inputs all at once.
    """
    height = np.append(level, 0)  # so that no factor is as low as a leaf
    low = (np.maximum(height[terms.left], height[terms.right]) == 0) & (terms.left != NONE)
    products = np.bincount(terms.owner[low & (terms.right != NONE)], minlength=len(level))
    early = np.flatnonzero((products > 1) & (level > 1))
    if not len(early):
        return recording, number, level, terms
    n = len(level)
    part = np.full(n, NONE)
    part[early] = n + np.arange(len(early))
    moved = low & (part[terms.owner] != NONE)
    rank = np.zeros(n + len(early), dtype=np.int64)
    for factor in (terms.left[moved], terms.right[moved]):
        there = factor != NONE
        np.maximum.at(rank, part[terms.owner[moved]][there], recording.rank[factor[there]])
    none = np.full(len(early), NONE)
    all_terms = Terms(
        np.concatenate([np.where(moved, part[terms.owner], terms.owner), early]),
        np.concatenate([terms.coefficient, np.ones(len(early))]),
        np.concatenate([terms.left, part[early]]),
        np.concatenate([terms.right, none]),
    )
    recording = replace(
        recording,
        code=np.concatenate([recording.code, np.full(len(early), ADD)]),
        left=np.concatenate([recording.left, none]),
        right=np.concatenate([recording.right, none]),
        rank=np.concatenate([recording.rank, rank[n:]]),
    )
    number = np.concatenate([number, np.full(len(early), np.nan)])
    level = np.concatenate([level, np.ones(len(early), dtype=np.int64)])
    return recording, number, level, all_terms[np.argsort(all_terms.owner, kind="stable")]


def _wait(level: Ints, terms: Terms, others: Ints, recording: Recording) -> Ints:
    """Sums of parameters alone (a penalty on all weights) wait until just below the first node that needs them.

    By then the places of the parameters in their vector are chosen, by the products that care more.
    """
    first = np.full(len(level), np.iinfo(np.int64).max)
    for user, operand in (
        (terms.owner, terms.left),
        (terms.owner, terms.right),
        (others, recording.left[others]),
        (others, recording.right[others]),
    ):
        there = operand != NONE
        np.minimum.at(first, operand[there], level[user[there]])
    waiting = np.zeros(len(level), dtype=bool)
    waiting[terms.owner] = True
    waiting &= (level == 1) & (recording.rank == SHARED)
    waiting[terms.owner[recording.rank[terms.left] == CONSTANT]] = False
    return np.where(waiting & (first <= level.max()), first - 1, level)
