"""When is a grid of positions a view? If each axis, split into factors if need be, advances in even steps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import numpy as np

from .record import NONE, Ints

Digits = tuple[tuple[int, int], ...]
"""The factors of an axis as (length, stride), the slowest first."""


def fit(positions: Ints, size: int) -> tuple[int, tuple[Digits, ...]] | None:
    """The offset, and for each axis its digits; None if the grid is not affine. Holes (NONE) fit anything.

    >>> fit(np.array([[3, 5], [13, 15]]), 20)
    (3, (((2, 10),), ((2, 2),)))
    >>> fit(np.array([0, 1, 2, 1, 2, 3]), 4)
    (0, (((2, 1), (3, 1)),))
    >>> fit(np.array([0, 1, 3]), 4) is None
    True
    """
    holes = positions == NONE
    lines = _lines(positions, holes) if holes.any() else [_line(positions, axis) for axis in range(positions.ndim)]
    if lines is None:
        return None
    relative = np.asarray(sum(np.ix_(*lines)))
    offset = int((positions - relative)[~holes].flat[0])
    expected = relative + offset
    if not ((expected == positions) | holes).all() or expected.min() < 0 or expected.max() >= size:
        return None
    digits = [_digits(line) for line in lines]
    return None if None in digits else (offset, tuple(digits))  # type: ignore[arg-type]


def _line(positions: Ints, axis: int) -> Ints:
    line = positions[tuple(slice(None) if a == axis else 0 for a in range(positions.ndim))]
    return np.asarray(line - line[0])


def _lines(positions: Ints, holes: Ints) -> list[Ints] | None:
    """Along each axis the steps between neighbours that are both there; a step that is nowhere is like the first."""
    lines = []
    for axis in range(positions.ndim):
        p, h = np.moveaxis(positions, axis, 0), np.moveaxis(holes, axis, 0)
        n = len(p)
        steps = np.zeros(n, dtype=np.int64)
        known = np.zeros(n, dtype=bool)
        others = p.size // n
        difference = (p[1:] - p[:-1]).reshape(n - 1, others)
        there = ~(h[1:] | h[:-1]).reshape(n - 1, others)
        rows = np.flatnonzero(there.any(axis=1))
        steps[rows + 1] = difference[rows, there[rows].argmax(axis=1)]
        known[rows + 1] = True
        if len(rows):
            steps[~known] = steps[rows[0] + 1]
            steps[0] = 0
        lines.append(np.cumsum(steps))
    return lines


def _digits(line: Ints) -> Digits | None:
    if len(line) == 1:
        return ((1, 0),)
    steps = np.diff(line)
    if steps.min() == steps.max():
        return ((len(line), int(steps[0])),) if steps[0] >= 0 else None
    run = int(np.argmax(steps != steps[0])) + 1
    if len(line) % run or run == 1 or steps[0] < 0:
        return None
    blocks = line.reshape(-1, run)
    if not (blocks - blocks[:, :1] == blocks[0]).all():
        return None
    outer = _digits(blocks[:, 0])
    return outer and (*outer, (run, int(steps[0])))


def refine(axes: Sequence[Digits]) -> tuple[int, ...] | None:
    """Lengths into which an axis can be split so that the digits of every operand are whole; None if there are none.

    >>> refine([((1600, 1),), ((16, 1), (100, 0))])
    (16, 100)
    """
    cuts = {1}
    for digits in axes:
        product = 1
        for length, _ in reversed(digits):
            product *= length
            cuts.add(product)
    ordered = sorted(cuts)
    lengths = []
    for below, above in pairwise(ordered):
        if above % below:
            return None
        lengths.append(above // below)
    return tuple(reversed(lengths)) or (1,)


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


def strides(digits: Digits, lengths: Sequence[int]) -> tuple[int, ...]:
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
