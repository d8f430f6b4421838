"""When is a grid of positions a view? If each axis, split into factors if need be, advances in even steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from math import prod
from operator import mul

import numpy as np

from ..ir import Flags, Ints
from ..ragged import NONE

Digits = tuple[tuple[int, int], ...]
"""The factors of an axis as (length, stride), the slowest first."""

Fit = tuple[int, tuple[Digits, ...]]
"""The offset of a grid, and the digits of each of its axes."""


def fit(positions: Ints, size: int) -> Fit | None:
    """The offset, and for each axis its digits; None if the grid is not affine. Holes (NONE) fit anything.

    >>> fit(np.array([[3, 5], [13, 15]]), 20)
    (3, (((2, 10),), ((2, 2),)))
    >>> fit(np.array([0, 1, 2, 1, 2, 3]), 4)
    (0, (((2, 1), (3, 1)),))
    >>> fit(np.array([0, 1, 3]), 4) is None
    True
    """
    if positions.size == 1:
        return positions.item(0), (((1, 0),),) * positions.ndim
    holes = positions == NONE if positions.min() == NONE else None
    relative = np.zeros((), dtype=np.int64)
    axes = []
    for axis in range(positions.ndim):
        line = _line(positions, axis) if holes is None else _line_with_holes(positions, holes, axis)
        digits = _digits(line)
        if digits is None:
            return None
        axes.append(digits)
        relative = relative[..., None] + line
    if holes is None:
        offset = int(positions.flat[0])
        return (offset, tuple(axes)) if positions.ndim == 1 or (relative + offset == positions).all() else None
    offset = int((positions - relative)[~holes][0])
    expected = relative + offset
    inside = expected.min() >= 0 and expected.max() < size
    return (offset, tuple(axes)) if inside and ((expected == positions) | holes).all() else None


def _line(positions: Ints, axis: int) -> Ints:
    line = positions[tuple(slice(None) if a == axis else 0 for a in range(positions.ndim))]
    return np.asarray(line - line[0])


def _line_with_holes(positions: Ints, holes: Flags, axis: int) -> Ints:
    """Of the steps between neighbours that are both there; a step that is nowhere is like the first that is."""
    n = positions.shape[axis]
    p, there = (np.moveaxis(grid, axis, 0).reshape(n, -1) for grid in (positions, ~holes))
    difference, both = p[1:] - p[:-1], there[1:] & there[:-1]
    rows = np.flatnonzero(both.any(axis=1))
    steps = np.zeros(n, dtype=np.int64)
    if len(rows):
        found = difference[rows, both[rows].argmax(axis=1)]
        steps[1:] = found[0]
        steps[rows + 1] = found
    return np.cumsum(steps)


def _digits(line: Ints) -> Digits | None:
    if len(line) == 1:
        return ((1, 0),)
    step = int(line[1] - line[0])
    if step < 0:
        return None
    changes = line[1:] - line[:-1] != step
    run = int(changes.argmax()) + 1
    if not changes[run - 1]:
        return ((len(line), step),)
    if len(line) % run or run == 1:
        return None
    blocks = line.reshape(-1, run)
    if not (blocks - blocks[:, :1] == blocks[0]).all():
        return None
    outer = _digits(blocks[:, 0])
    return outer and (*outer, (run, step))


@lru_cache(maxsize=1024)
def refine(lengths: tuple[int, ...], digits: Digits) -> tuple[int, ...] | None:
    """The lengths of an axis, split further so that these digits are whole; None if that is not possible.

    >>> refine((1600,), ((16, 1), (100, 0)))
    (16, 100)
    >>> refine((10, 160), ((16, 1), (100, 0))) is None
    True
    """
    cuts = sorted({1, *_products(lengths), *_products([length for length, _ in digits])})
    if any(above % below for below, above in pairwise(cuts)):
        return None
    return tuple(above // below for below, above in reversed(list(pairwise(cuts)))) or (1,)


def _products(lengths: Sequence[int]) -> Iterator[int]:
    """Of the last, of the last two, and so on."""
    return accumulate(reversed(lengths), mul)


def cut(digits: Digits, shape: Sequence[int]) -> Digits:
    """The digits, split further where the axes of an array of that shape meet.

    >>> cut(((32, 8),), (4, 8, 8))
    ((4, 64), (8, 8))
    """
    finer: list[tuple[int, int]] = []
    for length, stride in digits:
        cuts = [1]
        for axis in reversed(range(1, len(shape))):
            unit = prod(shape[axis:])
            if stride and unit % stride == 0 and cuts[-1] < unit // stride < length:
                cuts.append(unit // stride)
        cuts.append(length)
        if any(above % below for below, above in pairwise(cuts)):
            cuts = [1, length]
        finer += [(above // below, stride * below) for below, above in reversed(list(pairwise(cuts)))]
    return tuple(finer)


@lru_cache(maxsize=1024)
def strides(digits: Digits, lengths: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of the digits, split into these lengths.

    >>> strides(((1600, 1),), (16, 100))
    (100, 1)
    """
    out: list[int] = []
    remaining = list(digits)
    used = 1
    for length in reversed(lengths):
        while remaining and used == remaining[-1][0]:
            remaining.pop()
            used = 1
        stride = remaining[-1][1] * used if remaining and length > 1 else 0
        out.append(stride)
        used *= length
    return tuple(reversed(out))
