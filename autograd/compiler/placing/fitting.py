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

from ..algebra import mask_for
from ..graphs import Group
from ..ir import Array, Constant, Expr, Flags, Floats, Ints, Number, Rearrange, Take, View, Where, contiguous, read
from ..ragged import NONE
from . import affine
from .affine import Digits, Fit
from .places import Places

Split = Mapping[str, tuple[int, ...]]
"""For each letter the lengths into which its axis is split."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A group whose axes are split, and how each of its operands fits them (None: it is gathered)."""

    group: Group
    places: Places
    lengths: Split
    fits: Sequence[Fit | None]

    def shape(self, letters: str) -> tuple[int, ...]:
        """The lengths of a grid with these letters; there are no axes of length 1."""
        return tuple(length for letter in letters for length in self.lengths[letter] if length > 1)

    @cached_property
    def operands(self) -> tuple[Expr, ...]:
        """What the group reads: expressions with an axis for each of the grid, of length 1 where they are repeated."""
        return tuple(map(self._operand, self.group.operands, self.group.reads, self.fits))

    @cached_property
    def cost(self) -> float:
        """How far it is from reading arrays as they are; a hole costs as much as an element that is gathered."""
        shapes = map(self.shape, self.group.reads)
        return sum(map(_cost, self.operands, shapes)) + int(np.count_nonzero(self.group.targets == NONE))

    def _operand(self, nodes: Ints, letters: str, fit: Fit | None) -> Expr:
        """Nodes on the split axes. Along an axis that is summed their holes are read as 0, elsewhere as anything."""
        grid, array = nodes.reshape(self.shape(letters)), self.places.array(nodes)
        summed = not set(letters) <= set(self.group.makes)
        mask = grid != NONE if summed and grid.min() == NONE else None
        if array is None:
            return _numbers(grid, mask, self.places.nodes.number, self._batched)
        if fit is None:
            found = _picked(array, np.maximum(self.places.position[grid], 0), self._batched)
        else:
            offset, digits = fit
            axes = [(self.lengths[letter], axis) for letter, axis in zip(letters, digits, strict=True)]
            steps = [
                step for lengths, axis in axes for step in zip(affine.strides(axis, lengths), lengths, strict=True)
            ]
            pairs = [(length if stride else 1, stride) for stride, length in steps if length > 1]
            found = _viewed(array, pairs, offset, self._batched)
        return found if mask is None else Where(mask_for(mask, array.sampled or self._batched), found, 0.0)

    @cached_property
    def _batched(self) -> bool:
        """Whether operands need an axis for the batch, even if they do not vary along it."""
        arrays = [self.places.array(nodes) for nodes in self.group.operands] if self.group.kind == "map" else []
        return any(array is not None and array.sampled for array in arrays)


def fitted(group: Group, places: Places) -> Fitted:
    """The group, split such that its operands are views: the first one if it can be, the next if it still can be."""
    lengths: dict[str, tuple[int, ...]] = {}
    reads = list(zip(group.operands, group.reads, strict=True))
    for nodes, letters in [(group.targets, group.makes), *reads]:
        lengths |= {letter: (length,) for letter, length in zip(letters, nodes.shape, strict=True)}
    fits = []
    for nodes, letters in reads:
        fit = places.fit(nodes)
        finer = _refined(lengths, letters, fit[1]) if fit else None
        fits.append(fit if finer else None)
        lengths |= finer or {}
    # Axes of sums, and of the product of two whole arrays, are split as the arrays that they read are, even where a
    # coarser split would do. Without it attention takes 3 to 8 % longer: adjoints of another shape stay masked.
    if group.kind == "reduce" or (group.kind == "dot" and group.targets.size == 1):
        for (nodes, letters), fit in zip(reads, fits, strict=True):
            for letter, digits in zip(letters, fit[1] if fit else (), strict=False):
                lengths |= _refined(lengths, letter, (places.cut(nodes, digits),)) or {}
    return Fitted(group, places, lengths, fits)


def _refined(lengths: Split, letters: str, digits: tuple[Digits, ...]) -> dict[str, tuple[int, ...]] | None:
    """The axes of these letters, split further so that these digits are whole; None if one of them cannot be."""
    finer = {}
    for letter, needed in zip(letters, digits, strict=True):
        found = affine.refine(lengths[letter], needed)
        if found is None:
            return None
        finer[letter] = found
    return finer


def line(nodes: Ints, places: Places, batched: bool = False) -> Expr:
    """Nodes of one array side by side: a view if they stand there in even steps."""
    array, positions = places.array(nodes), places.position[nodes]
    if array is None:
        return Number(float(places.nodes.number[nodes[0]]))
    steps = positions[1:] - positions[:-1]
    if len(steps) and (steps[0] < 1 or (steps != steps[0]).any()):
        return _picked(array, positions, batched)
    return _viewed(array, [(len(nodes), int(steps[0]) if len(steps) else 0)], int(positions[0]), batched)


def _viewed(array: Array, pairs: Sequence[tuple[int, int]], offset: int, batched: bool) -> Expr:
    """The array in steps of these lengths and strides; with an axis for the batch, if it has none and needs one."""
    pairs = [*pairs, *[(1, 0)] * (batched and not array.sampled)]
    return read(array, tuple([length for length, _ in pairs]), tuple([stride for _, stride in pairs]), offset)


def _picked(array: Array, positions: Ints, batched: bool) -> Expr:
    """The same for elements at these positions."""
    found = Take(array, Constant(positions))
    return Rearrange(found, (*range(positions.ndim), None)) if batched and not array.sampled else found


def _numbers(grid: Ints, mask: Flags | None, number: Floats, batched: bool) -> Expr:
    """The numbers of a grid, once along axes on which they are equal; a hole holds 0 if masked, or else any of them."""
    values = np.where(grid == NONE, number[grid.max()] if mask is None else 0.0, number[grid])
    for axis in range(grid.ndim) if mask is None else ():
        first = values.take([0], axis)
        if (values.view(np.int64) == first.view(np.int64)).all():
            values = first
    return Number(float(values.flat[0])) if values.size == 1 else Constant(values[..., None] if batched else values)


def _cost(operand: Expr, shape: tuple[int, ...]) -> float:
    """Nothing for an array as it is, a little for a view, more for one that is transposed, much for a gather."""
    while isinstance(operand, Where | Rearrange):
        operand = operand.inside
    if isinstance(operand, Take):
        return 10.0 + operand.picked.values.size
    if not isinstance(operand, View):
        return 0.0
    part = operand.part
    if part.lengths == shape and prod(operand.own) == prod(shape) and part.strides == contiguous(shape):
        return 0.0 if shape == operand.own else 0.1
    return 0.5 if operand.order == operand.kept else 1.0
