"""Orders: which orders of its targets a group may take, so that its operands are read in the order of their arrays.

An order of a group is a group of the same kind. Where parameters that have no place yet leave an axis without an order,
nodes that are used alike stand together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from math import prod

import numpy as np

from ..graphs import INPUTS, Group, Lifted, everything
from ..ir import Ints, Lengths
from ..ragged import NONE
from .places import Places


class Orders:
    """The orders of groups, as the places of what they read suggest."""

    def __init__(self, lifted: Lifted, places: Places) -> None:
        self.lifted, self.places = lifted, places

    def of(self, group: Group) -> Iterator[Group]:
        """The orders of a group, the likelier ones first. The parameters of each are placed as it reads them."""
        if group.kind == "map":
            orders = self._of_map(group)
        else:
            one = {"dot": self._of_dot, "reduce": self._of_reduce, "join": self._of_join}[group.kind]
            orders = iter([one(group)])
        for order in orders:
            for nodes in order.operands:
                self.places.place(nodes)
            yield order

    # ---- element by element

    def _of_map(self, group: Group) -> Iterator[Group]:
        """Boxes of the operands' arrays, then the order that the group has, then that of one operand or another."""
        own, seen = np.arange(len(group.targets)), set()
        for grid in self._grids(group):
            if (key := (grid.shape, grid.tobytes())) in seen:
                continue
            seen.add(key)
            if grid.shape == own.shape and key[1] == own.tobytes():
                yield group
                continue
            columns = [np.append(nodes, NONE) for nodes in (group.targets, *group.operands)]  # grids may have holes
            targets, *operands = (column[grid] for column in columns)
            yield replace(group, targets=targets, operands=tuple(operands))

    def _grids(self, group: Group) -> Iterator[Ints]:
        """The orders of a map as grids of indices into it."""
        n = len(group.targets)
        if n == 1:
            yield np.arange(1)
            return
        keys = []
        for nodes in group.operands:
            key, home = self.places.key(nodes), self.places.home(nodes)
            if key is not None:
                keys.append(key)
                if home > INPUTS:
                    yield from _box(key, self.places.arrays[home].lengths, n if self.lifted.exact else 2 * n)
        yield np.arange(n)
        if len(keys) == 2:
            yield np.lexsort((keys[1], keys[0]))
            yield np.lexsort((keys[0], keys[1]))
        elif keys:
            yield np.argsort(keys[0], kind="stable")

    # ---- sums, axis by axis

    def _of_dot(self, group: Group) -> Group:
        """Each axis in the order of the array that is read along it; k and the stack in that of the right one."""
        known = [rows for rows in reversed(group.operands) if self.places.key(rows) is not None]
        if known:
            group = _along(group, "k", _by_longest(known[0], self.places))
        for side, letter in enumerate("mp"):
            key = self.places.key(group.operands[side])
            if key is not None:
                group = _along(group, letter, np.argsort(key[:, :, 0], axis=1, kind="stable"))
            elif len(group.targets) == 1:
                group = _along(group, letter, _alike_together(self.uses[group.targets[0]].sum(axis=1 - side)))
        firsts = [key[:, 0, 0] for rows in group.operands if (key := self.places.key(rows)) is not None]
        return _along(group, "c", np.lexsort(firsts)) if firsts else group

    def _of_reduce(self, group: Group) -> Group:
        """The rows in the order of their first elements, the elements in that of the longest row."""
        if self.places.key(group.operands[0]) is None:
            group = _along(group, "q", _alike_together(self.uses[group.targets]))
        (rows,) = group.operands
        self.places.place(rows)
        group = _along(group, "k", _by_longest(rows, self.places))
        return _along(group, "q", np.argsort(self.places.position[rows[:, 0]], kind="stable"))

    def _of_join(self, group: Group) -> Group:
        """Array by array, each in its own order."""
        (sources,) = group.operands
        self.places.place(sources)
        return _along(group, "a", np.lexsort((self.places.position[sources], self.places.nodes.home[sources])))

    @cached_property
    def uses(self) -> Ints:
        """A number for how each node is used: equal where the same groups read in the same way, all the way up."""
        groups = [group for _, group in everything(self.lifted.groups)]
        weights = np.random.default_rng(0).integers(1, 2**62, (len(groups), 3)) | 1
        uses = np.zeros(len(self.lifted.nodes.home), dtype=np.int64)
        for group, weight in zip(reversed(groups), reversed(weights), strict=True):
            used = np.where(group.targets == NONE, 0, uses[group.targets] + 1)
            for nodes, letters, factor in zip(group.operands, group.reads, weight, strict=False):
                shared = "".join(letter for letter in letters if letter in group.makes)
                each = np.einsum(f"{group.makes}->{shared}", used * factor)
                np.add.at(uses, nodes, each.reshape(*each.shape, *[1] * (nodes.ndim - each.ndim)))
                uses[NONE] = 0  # holes are not used
        return uses


def _box(positions: Ints, shape: Lengths, most: int) -> Iterator[Ints]:
    """The part of an array that holds these positions, each once, if it is not larger than ``most``."""
    places = np.unravel_index(positions, shape or (1,))
    low = [int(place.min()) for place in places]
    lengths = [int(place.max()) + 1 - start for place, start in zip(places, low, strict=True)]
    if len(positions) <= prod(lengths) <= most:
        grid = np.full(lengths, NONE)
        grid[tuple(place - start for place, start in zip(places, low, strict=True))] = np.arange(len(positions))
        if np.count_nonzero(grid != NONE) == len(positions):
            yield grid


def _along(group: Group, letter: str, order: Ints) -> Group:
    """The group with the axis of this letter in this order, which may be one for each member of a stack."""
    if (order[..., 1:] > order[..., :-1]).all():
        return group

    def ordered(nodes: Ints, letters: str) -> Ints:
        axis = letters.find(letter)
        if axis < 0:
            return nodes
        if order.ndim == 1:
            return nodes.take(order, axis)
        others = [other for other in range(1, nodes.ndim) if other != axis]
        return np.take_along_axis(nodes, np.expand_dims(order, others), axis)

    operands = tuple(map(ordered, group.operands, group.reads))
    return replace(group, targets=ordered(group.targets, group.makes), operands=operands)


def _by_longest(rows: Ints, places: Places) -> Ints:
    """The order of the last axis in which the longest row is read as its array has it; what it lacks comes last."""
    flat = rows.reshape(-1, rows.shape[-1])
    row = flat[np.argmax((flat != NONE).sum(axis=1))]
    return np.argsort(np.where(row == NONE, np.iinfo(np.int64).max, places.position[row]), kind="stable")


def _alike_together(uses: Ints) -> Ints:
    """An order in which equal uses are neighbours; otherwise the order stays."""
    _, first, inverse = np.unique(uses, return_index=True, return_inverse=True)
    return np.argsort(first[inverse], kind="stable")
