"""Named scalars: inputs and parameters that a formula calls by names of their own, ``mass`` and ``stiffness``.

They live in one array with the others, but are no vector for that: a few operations on them are written one by one.
That buys no speed; a formula reads in the source as it was written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..ir import Flags, Ints
from ..ragged import numbered
from ..record import LEAF, Recording

FEW = 3  # of more than these at once an array is made
UNNAMED = -1


def named_scalars(recording: Recording) -> Ints:
    """A number of its own for each leaf whose label stands for it alone, -1 for other parameters, 0 for all else.

    Such a label has no index, no number and no dots, and no other is made of it. Where most leaves have none, as in a
    network, there are no named scalars, and all numbers are 0.

    >>> from autograd import Value
    >>> from autograd.compiler.record import record
    >>> a, b, w1, x = (Value(1.0, label=label) for label in ("a", "b", "w1", "x"))
    >>> recording = record([(a * x + b) * w1], [x])
    >>> {recording.name(i): int(number) for i, number in enumerate(named_scalars(recording)) if number}
    {'x': 1, 'a': 2, 'b': 3, 'w1': -1}
    """
    scalars = np.zeros(len(recording.code), dtype=np.int64)
    leaves = np.flatnonzero(recording.code == LEAF)
    labels = [recording.labels.get(i, "") for i in leaves.tolist()]
    plain = [label.isidentifier() and not label[-1].isdigit() for label in labels]
    if 2 * sum(plain) < len(plain):
        return scalars
    stems = Counter(label.split("[")[0].rstrip("_0123456789") for label in labels)
    alone = [named and stems[label] == 1 for label, named in zip(labels, plain, strict=True)]
    if 2 * sum(alone) >= len(alone):
        scalars[leaves] = UNNAMED
        scalars[list(recording.inputs)] = 0
        scalars[leaves[alone]] = 1 + np.arange(sum(alone))
    return scalars


def apart(keys: Sequence[Ints], *scalars: Ints) -> Ints:
    """A number for the named scalars that are read at each index, or 0 where those of equal keys stay together.

    They do if they read many, or if some of them read other parameters, or no named scalar.

    >>> apart([np.array([0, 0, 1, 1, 1, 1, 2, 2])], np.array([5, 6, 5, 6, 7, 8, 5, -1])).tolist()
    [2, 3, 0, 0, 0, 0, 0, 0]
    """
    named = (np.max(scalars, axis=0) > 0) & (np.min(scalars, axis=0) != UNNAMED)
    if not named.any():
        return np.zeros_like(scalars[0])
    read, form = 1 + numbered(*scalars), numbered(*keys)
    alone = few(form, read)
    alone &= ~np.isin(form, form[~named])
    return np.where(alone, read, 0)


def few(key: Ints, read: Ints) -> Flags:
    """Whether few different numbers are read where the keys are equal.

    >>> few(np.array([7, 7, 9, 9, 9, 9]), np.array([5, 5, 5, 6, 7, 8])).tolist()
    [True, True, False, False, False, False]
    """
    form, number = numbered(key), numbered(read)
    return (np.bincount(np.unique(np.stack([form, number]), axis=1)[0]) <= FEW)[form]
