"""Equal rows, equal keys, and lists of different lengths as the rows of one matrix."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from .record import NONE, Floats, Ints


def groups(*keys: Ints | Floats) -> Iterator[Ints]:
    """The indices at which all keys are equal, group by group, in order of first appearance."""
    if len(keys[0]) == 1:
        yield np.zeros(1, dtype=np.int64)
        return
    inverse = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        _, part = np.unique(key, return_inverse=True)
        inverse = np.unique(inverse * (int(part.max(initial=0)) + 1) + part, return_inverse=True)[1]
    order = np.argsort(inverse, kind="stable")
    runs = np.split(order, np.flatnonzero(np.diff(inverse[order])) + 1)
    yield from sorted((run for run in runs if len(run)), key=lambda run: int(run[0]))


@lru_cache(maxsize=32)
def _weights(count: int) -> Ints:
    """Odd numbers to hash rows with, the same in every run."""
    return np.random.default_rng(1).integers(1, 2**62, count) | 1


def distinct(rows: Ints) -> tuple[Ints, Ints]:
    """Where each distinct row appears first, in order of appearance, and for each row which of those it is."""
    if len(rows) == 1:
        return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    weights = _weights(rows.shape[1])
    _, first, inverse = np.unique((rows + 2) @ weights, return_index=True, return_inverse=True)
    if not np.array_equal(rows[first][inverse], rows):  # two different rows with one hash
        _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[inverse.ravel()]


def padded(items: Ints, starts: Ints, counts: Ints) -> Ints:
    """Ragged lists as the rows of a matrix, padded with NONE."""
    k = np.arange(int(counts.max()))
    there = k < counts[:, None]
    return np.where(there, items[np.where(there, starts[:, None] + k, 0)], NONE)
