"""Levels: nodes of one level do not depend on each other, so that they can be computed together.

A level is one above the highest operand; but what a sum adds up of inputs and parameters comes early.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..ir import Flags, Ints
from ..record import ADD, NONE, Recording
from .terms import Folded, Terms, joined


def levels(recording: Recording, absorbed: Flags, live: Flags) -> Ints:
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


def early(folded: Folded) -> Folded:
    """The part of a sum that is made of inputs and parameters alone becomes a sum of its own, as early as can be.

    The steps of a recurrent network then read their inputs all at once.
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
