"""Trees of additions as sums of terms, and trees of maxima as maxima of items.

A node is *absorbed* into the one that uses it where it has no other use: additions, subtractions and signs into the sum
they belong to, products into terms of that sum, and maxima into the ``stop_gradient`` through which no gradient flows
back to them: it becomes the maximum of them all, or of one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..ir import Flags, Floats, Ints
from ..record import CONSTANT, NEG, NONE, SUB, Recording
from .terms import Terms, joined


def users(recording: Recording, live: Flags) -> tuple[Ints, Flags]:
    """For each node the last one that uses it, and whether it is used exactly once."""
    nodes, outputs = np.flatnonzero(live), np.array(recording.outputs)
    left, right = recording.left[nodes], recording.right[nodes]
    user = np.zeros(len(recording.code) + 1, dtype=np.int64)  # one more, for NONE
    user[left], user[right] = nodes, nodes
    uses = np.bincount(np.concatenate([left, right, outputs]) - NONE, minlength=len(user))[1:]
    single = uses == 1
    single[outputs] = False
    return user[:-1], single


def roots(absorbed: Flags, user: Ints, sign: Floats) -> tuple[Ints, Floats]:
    """Where each chain of absorbed nodes ends, and the product of the signs along it: pointers doubled until there."""
    root = np.where(absorbed, user, np.arange(len(user)))
    sign = np.where(absorbed, sign, 1.0)
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return root, sign
        sign = sign * sign[root]
        root = further


def terms_of(recording: Recording, members: Flags, absorbed: Flags, user: Ints) -> Terms:
    """The operands of all trees of members, each a term of the root of its tree, in the order they were written."""
    code, left, right = recording.code, recording.left, recording.right
    subtracted = (code[user] == SUB) & (right[user] == np.arange(len(user)))
    sign = np.where(subtracted | (code[user] == NEG), -1.0, 1.0)
    root, sign = roots(absorbed & members, user, sign)
    nodes = np.flatnonzero(members)
    owner = np.repeat(root[nodes], 2)
    operand = np.stack([left[nodes], right[nodes]], axis=1).ravel()
    own = np.where(np.stack([code[nodes] == NEG, code[nodes] == SUB], axis=1), -1.0, 1.0)
    coefficient = (own * sign[nodes][:, None]).ravel()
    kept = np.flatnonzero((operand != NONE) & ~(absorbed & members)[operand])
    terms = Terms(owner, coefficient, operand, np.full(len(owner), NONE))
    return terms[kept[np.argsort(owner[kept], kind="stable")]]


def products(terms: Terms, recording: Recording, in_term: Flags) -> Terms:
    """Terms that are products of their own, as the two factors."""
    node = terms.left
    product = in_term[node]
    left = np.where(product, recording.left[node], node)
    return replace(terms, left=left, right=np.where(product, recording.right[node], NONE))


def merge_numbers(terms: Terms, number: Floats, varies: Ints) -> Terms:
    """Numeric factors stand on the left; each sum keeps at most one number, first, as a coefficient, and no 0."""
    swap = (terms.right != NONE) & (varies[terms.right] == CONSTANT)
    terms = replace(terms, left=np.where(swap, terms.right, terms.left), right=np.where(swap, terms.left, terms.right))
    numeric = (terms.right == NONE) & (varies[terms.left] == CONSTANT)
    if not numeric.any():
        return terms
    owner, inverse = np.unique(terms.owner[numeric], return_inverse=True)
    total = np.zeros(len(owner))
    np.add.at(total, inverse, terms.coefficient[numeric] * number[terms.left[numeric]])
    none = np.full(len(owner), NONE)
    return joined(Terms(owner, total, none, none)[total != 0], terms[~numeric])


def largest_numbers(items: Terms, number: Floats, varies: Ints) -> Terms:
    """Each maximum keeps the largest of its numbers, which is nan if one of them is."""
    numeric = np.flatnonzero(varies[items.left] == CONSTANT)
    ascending = numeric[np.lexsort((number[items.left[numeric]], items.owner[numeric]))]
    smaller = ascending[:-1][items.owner[ascending[:-1]] == items.owner[ascending[1:]]]
    return items[np.delete(np.arange(len(items.owner)), smaller)]
