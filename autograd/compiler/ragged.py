"""Equal rows, equal keys, runs of equal keys, and lists of different lengths as the rows of one matrix."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from .ir import Ints

NONE = -1  # where an array of numbers of nodes has none: a hole, or the second operand of an operation of one


def groups(*keys: Ints) -> list[Ints]:
    """The indices at which all keys are equal, group by group, in order of first appearance.

    >>> [group.tolist() for group in groups(np.array([5, 3, 5]), np.array([0, 0, 0]))]
    [[0, 2], [1]]
    """
    if all((key == key[:1]).all() for key in keys):
        return [np.arange(len(keys[0]))] if len(keys[0]) else []
    order = np.lexsort(keys)
    return sorted((order[run] for run in runs(*(key[order] for key in keys))), key=lambda group: int(group[0]))


def runs(*keys: Ints) -> list[slice]:
    """Where neighbours are equal in all keys.

    >>> runs(np.array([3, 3, 5]))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    changed = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    cuts = [0, *(np.flatnonzero(changed) + 1).tolist(), len(keys[0])]
    return [slice(start, stop) for start, stop in pairwise(cuts) if start < stop]


def numbered(*keys: Ints) -> Ints:
    """For each index a number from 0 on, the same where all keys are.

    >>> numbered(np.array([5, 3, 5]), np.array([0, 0, 1])).tolist()
    [1, 0, 2]
    """
    numbers = np.unique(keys[0], return_inverse=True)[1]
    for key in keys[1:]:
        numbers = np.unique((numbers << 32) + np.unique(key, return_inverse=True)[1], return_inverse=True)[1]
    return numbers


@lru_cache(maxsize=32)
def hashing(count: int) -> Ints:
    """Odd numbers to hash with: sums of some of them tell apart which they are. They are the same in every run."""
    return np.random.default_rng(1).integers(1, 2**62, count) | 1


def distinct(rows: Ints) -> tuple[Ints, Ints]:
    """Where each distinct row appears first, in order of appearance, and for each row which of those it is.

    >>> distinct(np.array([[1, 2], [3, 4], [1, 2]]))
    (array([0, 1]), array([0, 1, 0]))
    """
    if len(rows) == 1:
        return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    places: dict[object, int] = {}
    where = [places.setdefault(key, i) for i, key in enumerate(((rows + 2) @ hashing(rows.shape[1])).tolist())]
    if len(places) == len(rows):
        return np.arange(len(rows)), np.arange(len(rows))
    if not (rows[where] == rows).all():  # two different rows with one hash
        places = {}
        where = [places.setdefault(tuple(row), i) for i, row in enumerate(rows.tolist())]
    first = np.array([*places.values()])
    return first, np.searchsorted(first, where)


def spans(starts: Ints, counts: Ints) -> Ints:
    """``starts[0], starts[0] + 1, ...``, as many as ``counts[0]``, then those from ``starts[1]`` on, and so on.

    >>> spans(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(counts.sum())


def padded(items: Ints, counts: Ints) -> Ints:
    """The first ``counts[0]`` items, the next ``counts[1]`` and so on, as rows of a matrix, padded with NONE.

    >>> padded(np.array([7, 8, 9]), np.array([1, 2]))
    array([[ 7, -1],
           [ 8,  9]])
    """
    longest = int(counts.max())
    if longest * len(counts) == len(items):
        return items.reshape(-1, longest)
    there = np.arange(longest) < counts[:, None]
    rows = np.full(there.shape, NONE)
    rows[there] = items
    return rows
