"""Pass 2, fold: constants become numbers, trees of additions sums of terms, and trees of maxima maxima of items.

A node is *absorbed* into the one that uses it where it has no other use: additions, subtractions and signs into the sum
they belong to, products into terms of that sum, and maxima into the ``stop_gradient`` through which no gradient flows
back to them: it becomes the maximum of them all, or of one.

What is left has a level, one above the highest operand: nodes of one level do not depend on each other, and so can be
computed together. What a sum adds up of inputs and parameters comes early.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .graphs import (
    ADD,
    CONSTANT,
    MAXIMUM,
    MUL,
    MUL_NO_NAN,
    NEG,
    POW,
    STOP,
    SUB,
    Folded,
    Recording,
    Terms,
    joined,
    merge_numbers,
)
from .ir import Flags, Floats, Ints
from .ragged import NONE
from .singles import with_single_sums


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
    code, live = recording.code, recording.varies != CONSTANT
    user, single = _users(recording, live)

    additive = live & np.isin(code, (ADD, SUB, NEG))
    in_sum = additive & single & additive[user]
    in_term = live & single & additive[user] & (code == MUL)

    maximum, stop = live & (code == MAXIMUM), live & (code == STOP)
    in_maximum = maximum & single & (maximum | stop)[user]
    head, _ = _roots(in_maximum, user, np.ones(len(code)))
    in_maximum &= stop[head]

    terms = _products(_terms_of(recording, additive, in_sum, user), recording, in_term)
    items = _largest_numbers(_terms_of(recording, stop | in_maximum, in_maximum, user), number, recording.varies)
    level = _levels(recording, in_sum | in_term | in_maximum, live)
    return _early(Folded(recording, number, level, merge_numbers(terms, number, recording.varies), items))


def _share_numbers(recording: Recording) -> tuple[Recording, Floats]:
    """One node for each distinct number, and the number of each node that is one (nan for the others)."""
    constants, number = np.flatnonzero(recording.varies == CONSTANT), recording.number
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


# ---- trees


def _users(recording: Recording, live: Flags) -> tuple[Ints, Flags]:
    """For each node the last one that uses it, and whether it is used exactly once."""
    nodes, outputs = np.flatnonzero(live), np.array(recording.outputs)
    left, right = recording.left[nodes], recording.right[nodes]
    user = np.zeros(len(recording.code) + 1, dtype=np.int64)  # one more, for NONE
    user[left], user[right] = nodes, nodes
    uses = np.bincount(np.concatenate([left, right, outputs]) - NONE, minlength=len(user))[1:]
    single = uses == 1
    single[outputs] = False
    return user[:-1], single


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


def _terms_of(recording: Recording, members: Flags, absorbed: Flags, user: Ints) -> Terms:
    """The operands of all trees of members, each a term of the root of its tree, in the order they were written."""
    code, left, right = recording.code, recording.left, recording.right
    subtracted = (code[user] == SUB) & (right[user] == np.arange(len(user)))
    sign = np.where(subtracted | (code[user] == NEG), -1.0, 1.0)
    root, sign = _roots(absorbed & members, user, sign)
    nodes = np.flatnonzero(members)
    owner = np.repeat(root[nodes], 2)
    operand = np.stack([left[nodes], right[nodes]], axis=1).ravel()
    own = np.where(np.stack([code[nodes] == NEG, code[nodes] == SUB], axis=1), -1.0, 1.0)
    coefficient = (own * sign[nodes][:, None]).ravel()
    kept = np.flatnonzero((operand != NONE) & ~(absorbed & members)[operand])
    terms = Terms(owner, coefficient, operand, np.full(len(owner), NONE))
    return terms[kept[np.argsort(owner[kept], kind="stable")]]


def _products(terms: Terms, recording: Recording, in_term: Flags) -> Terms:
    """Terms that are products of their own, as the two factors."""
    node = terms.left
    product = in_term[node]
    left = np.where(product, recording.left[node], node)
    return replace(terms, left=left, right=np.where(product, recording.right[node], NONE))


def _largest_numbers(items: Terms, number: Floats, varies: Ints) -> Terms:
    """Each maximum keeps the largest of its numbers, which is nan if one of them is."""
    numeric = np.flatnonzero(varies[items.left] == CONSTANT)
    ascending = numeric[np.lexsort((number[items.left[numeric]], items.owner[numeric]))]
    smaller = ascending[:-1][items.owner[ascending[:-1]] == items.owner[ascending[1:]]]
    return items[np.delete(np.arange(len(items.owner)), smaller)]


# ---- levels


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


def _early(folded: Folded) -> Folded:
    """The part of a sum that is made of inputs and parameters alone becomes a sum of its own, as early as can be.

    The steps of a recurrent network then read their inputs all at once; without it they take 1.1 of the time.
    """
    recording, level, terms = folded.recording, folded.level, folded.terms
    height = np.append(level, 0)  # so that no factor is as low as a leaf
    low = (np.maximum(height[terms.left], height[terms.right]) == 0) & (terms.left != NONE)
    products = np.bincount(terms.owner[low & (terms.right != NONE)], minlength=len(level))
    sums = np.flatnonzero((products > 1) & (level > 1))
    if not len(sums):
        return folded
    n, more = len(level), len(sums)
    part = np.full(n, NONE)
    part[sums] = n + np.arange(more)
    moved = low & (part[terms.owner] != NONE)
    moved_to = part[terms.owner[moved]]
    varies = np.append(recording.varies, np.full(more + 1, NONE))  # one more, for NONE
    for factor in (terms.left[moved], terms.right[moved]):
        np.maximum.at(varies, moved_to, varies[factor])
    none, one = np.full(more, NONE), np.ones(more)
    owner = terms.owner.copy()
    owner[moved] = moved_to
    recording = replace(
        recording,
        code=np.append(recording.code, np.full(more, ADD)),
        left=np.append(recording.left, none),
        right=np.append(recording.right, none),
        varies=varies[:-1],
    )
    return replace(
        folded,
        recording=recording,
        number=np.append(folded.number, np.full(more, np.nan)),
        level=np.append(level, np.ones(more, dtype=np.int64)),
        terms=joined(replace(terms, owner=owner), Terms(sums, one, part[sums], none)),
    )
