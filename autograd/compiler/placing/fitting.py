"""Fitting: the axes of a group are split so that its operands are views of their arrays.

All grids that have a letter share its axis. It is split as an operand needs it, as long as that leaves the operands
before it whole; an operand for which that fails is gathered, element by element.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from ..lifting.groups import Group
from ..record import NONE, Flags, Floats, Ints
from . import affine
from .affine import Digits, Fit
from .arrays import Gather, Numbers, Operand, Shape, View, contiguous
from .places import Places

Lengths = Mapping[str, Shape]
"""For each letter the lengths into which its axis is split."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A group whose axes are split, and how each of its operands fits them (None: it is gathered)."""

    group: Group
    places: Places
    lengths: Lengths
    fits: Sequence[Fit | None]

    def shape(self, letters: str) -> Shape:
        """The lengths of a grid with these letters; there are no axes of length 1."""
        return tuple(length for letter in letters for length in self.lengths[letter] if length > 1)

    @cached_property
    def operands(self) -> tuple[Operand, ...]:
        """What the group reads."""
        return tuple(map(self._operand, self.group.operands, self.group.reads, self.fits))

    @cached_property
    def cost(self) -> float:
        """How far it is from reading arrays as they are; a hole costs as much as an element that is gathered."""
        return sum(map(_cost, self.operands)) + int(np.count_nonzero(self.group.targets == NONE))

    def _operand(self, nodes: Ints, letters: str, fit: Fit | None) -> Operand:
        """Nodes on the split axes. Along an axis that is summed their holes are read as 0, elsewhere as anything."""
        grid, array = nodes.reshape(self.shape(letters)), self.places.array(nodes)
        summed = not set(letters) <= set(self.group.makes)
        mask = grid != NONE if summed and grid.min() == NONE else None
        if array is None:
            return _numbers(grid, mask, self.places.nodes.number)
        if fit is None:
            return Gather(array, np.maximum(self.places.position[grid], 0), mask)
        offset, digits = fit
        axes = [(self.lengths[letter], axis) for letter, axis in zip(letters, digits, strict=True)]
        steps = [step for lengths, axis in axes for step in zip(affine.strides(axis, lengths), lengths, strict=True)]
        return View(array, grid.shape, tuple(stride for stride, length in steps if length > 1), offset, mask)


def fitted(group: Group, places: Places) -> Fitted:
    """The group, split such that its operands are views: the first one if it can be, the next if it still can be."""
    lengths: dict[str, Shape] = {}
    reads = list(zip(group.operands, group.reads, strict=True))
    for nodes, letters in [(group.targets, group.makes), *reads]:
        lengths |= {letter: (length,) for letter, length in zip(letters, nodes.shape, strict=True)}
    fits = []
    for nodes, letters in reads:
        fit = places.fit(nodes)
        finer = _refined(lengths, letters, fit[1]) if fit else None
        fits.append(fit if finer else None)
        lengths |= finer or {}
    if group.natural:
        for (nodes, letters), fit in zip(reads, fits, strict=True):
            for letter, digits in zip(letters, fit[1] if fit else (), strict=False):
                lengths |= _refined(lengths, letter, (places.cut(nodes, digits),)) or {}
    return Fitted(group, places, lengths, fits)


def _refined(lengths: Lengths, letters: str, digits: tuple[Digits, ...]) -> dict[str, Shape] | None:
    """The axes of these letters, split further so that these digits are whole; None if one of them cannot be."""
    finer = {}
    for letter, needed in zip(letters, digits, strict=True):
        found = affine.refine(lengths[letter], needed)
        if found is None:
            return None
        finer[letter] = found
    return finer


def line(nodes: Ints, places: Places) -> Operand:
    """Nodes of one array side by side: a view if they stand there in even steps. A single one has no axis."""
    array, positions = places.array(nodes), places.position[nodes]
    if array is None:
        return Numbers(places.nodes.number[nodes[0], ...], ())
    steps = positions[1:] - positions[:-1]
    if len(steps) and (steps != steps[0]).any():
        return Gather(array, positions)
    return View(array, nodes.shape if len(steps) else (), tuple(steps[:1].tolist()), int(positions[0]))


def _numbers(grid: Ints, mask: Flags | None, number: Floats) -> Numbers:
    """The numbers of a grid, once along axes on which they are equal; a hole holds 0 if masked, or else any of them."""
    values = np.where(grid == NONE, number[grid.max()] if mask is None else 0.0, number[grid])
    for axis in range(grid.ndim) if mask is None else ():
        first = values.take([0], axis)
        if (values.view(np.int64) == first.view(np.int64)).all():
            values = first
    return Numbers(values, grid.shape)


def _cost(operand: Operand) -> float:
    """Nothing for an array as it is, a little for a view, more for one that is transposed, much for a gather."""
    if isinstance(operand, Numbers):
        return 0.0
    if isinstance(operand, Gather):
        return 10.0 + operand.picked.size
    if operand.array.size == prod(operand.shape) and operand.strides == contiguous(operand.shape):
        return 0.0 if operand.shape == operand.array.shape else 0.1
    return 0.5 if operand.order == operand.kept else 1.0
