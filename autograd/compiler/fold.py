"""Pass 2, fold: constants become numbers, and trees of additions become sums of terms.

What is left has a level: nodes of one level do not depend on each other.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .folding.levels import early, levels
from .folding.singles import with_single_sums
from .folding.terms import Folded
from .folding.trees import largest_numbers, merge_numbers, products, roots, terms_of, users
from .ir import Floats
from .record import ADD, CONSTANT, MAXIMUM, MUL, MUL_NO_NAN, NEG, NONE, POW, STOP, SUB, Recording


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
    user, single = users(recording, live)

    additive = live & np.isin(code, (ADD, SUB, NEG))
    in_sum = additive & single & additive[user]
    in_term = live & single & additive[user] & (code == MUL)

    maximum, stop = live & (code == MAXIMUM), live & (code == STOP)
    in_maximum = maximum & single & (maximum | stop)[user]
    head, _ = roots(in_maximum, user, np.ones(len(code)))
    in_maximum &= stop[head]

    terms = products(terms_of(recording, additive, in_sum, user), recording, in_term)
    items = largest_numbers(terms_of(recording, stop | in_maximum, in_maximum, user), number, recording.varies)
    level = levels(recording, in_sum | in_term | in_maximum, live)
    return early(Folded(recording, number, level, merge_numbers(terms, number, recording.varies), items))


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
