"""Stacks: where the arrays of a loop are in memory, for a target whose loops run over memory and copy nothing.

What is there for each step is a row of an array, and is read and written there: ``step`` is one more loop variable.
What is carried on is written to the next row if all rows are kept; else to where it was read, after all reads.

>>> state, after, states = ir.Array((3,), sampled=True), ir.Array((3,), sampled=True), ir.Array((9, 3), sampled=True)
>>> carried, kept = ir.Carried(state, ir.Zeros((3, ir.B)), after), ir.Collected(states, state)
>>> stacks = Stacks()
>>> before, body = stacks.laid_out(ir.Loop(9, [ir.Define(after, state)], [carried], [], [kept]), is_mixed=False)
>>> for array in (state, after, states):
...     print(stacks.place(array).start, "of", stacks.place(array).source.shape)
3 * step of (10, 3, B)
3 * step + 3 of (10, 3, B)
0 of (10, 3, B)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from .. import ir
from .positions import ZERO, Position, axes_of, flat, index_of, own_lengths, position

STEP = Position.of("step")

Line = ir.Define | ir.Update


@dataclass(frozen=True)
class Place:
    """Where the elements of an array are: element p is at ``start + stride * p`` in the memory of the source."""

    source: ir.Array | ir.Constant
    start: Position = ZERO
    stride: int = 1

    @property
    def step(self) -> int:
        """How far it moves on with each step."""
        return dict(self.start.factors).get("step", 0)

    def at(self, step: int) -> Place:
        """Where it is in one step."""
        others = Position(tuple(factor for factor in self.start.factors if factor[0] != "step"), self.start.constant)
        return replace(self, start=others + self.step * step)


class Stacks:
    """The places of the arrays that have no memory of their own; all others have some."""

    def __init__(self) -> None:
        self.places: dict[ir.Array, Place] = {}
        self.stands_for: dict[ir.Array, ir.Array] = {}
        """For an array that the program has not the one that it is named after, unless each has memory of its own."""
        self.overwritten: set[ir.Array] = set()
        """Arrays whose memory holds something else later on."""
        self._copies: dict[ir.Expr, ir.Array] = {}

    def place(self, array: ir.Array) -> Place:
        """Where the elements of an array are."""
        return self.places.get(array) or Place(array)

    def put(self, array: ir.Array, source: ir.Array | ir.Constant, start: Position = ZERO, stride: int = 1) -> None:
        """Give an array a place, in the memory of one that has perhaps a place itself."""
        outer = self.place(source) if isinstance(source, ir.Array) else Place(source)
        found = Place(outer.source, outer.start + start * outer.stride, outer.stride * stride)
        if self.places.setdefault(array, found) != found:
            raise TypeError(f"an array at two places: {self.places[array]}, {found}")

    def stack(self, array: ir.Array, times: int) -> None:
        """Keep what an array is in each step, in rows of a new one."""
        found = replace(array, lengths=(times, *array.lengths), holes=None)
        self.stands_for[found] = array
        self.put(array, found, STEP * array.size)

    def laid_out(self, loop: ir.Loop, is_mixed: bool) -> tuple[list[Line], list[Line]]:
        """What runs before a loop, and what runs in each of its steps.

        Of a mixed one all that is the same for all samples is kept: it may run as several loops, one after the other,
        some of which are for all samples at once.
        """
        layout = _Layout(self, loop, is_mixed)
        return layout.before, [*layout.body, *layout.carrying]

    def value_of(self, array: ir.Array, lengths: ir.Lengths | None = None) -> ir.Array:
        """A new array for what this one is at some time."""
        found = ir.Array(array.lengths if lengths is None else lengths, array.sampled)
        self.stands_for[found] = array
        return found

    def copy(self, expr: ir.Expr) -> tuple[ir.Array, list[Line]]:
        """An array that holds the expression, and what makes it if it is not made yet."""
        if expr in self._copies:
            return self._copies[expr], []
        found = self._copies[expr] = ir.Array(own_lengths(expr.shape), expr.sampled)
        return found, [ir.Define(found, expr)]


class _Layout:
    """The layout of one loop."""

    def __init__(self, stacks: Stacks, loop: ir.Loop, is_mixed: bool) -> None:
        self.stacks, self.loop, self.is_mixed = stacks, loop, is_mixed
        self.before: list[Line] = []
        self.body = [line for line in loop.body if not isinstance(line, ir.Loop)]
        if len(self.body) != len(loop.body):
            raise TypeError("a loop within a loop has no layout: roll makes none")
        self.carrying: list[Line] = []
        self.made = dict.fromkeys(line.target for line in self.body if isinstance(line, ir.Define))
        self.kept = {each.expr: each.target for each in loop.collected if each.each}
        for stacked in loop.stacked:
            self.stacked(stacked)
        for carried in loop.carried:
            self.carried(carried)
        for collected in sorted(loop.collected, key=lambda each: not each.each):
            self.collected(collected)
        for array in self.made if is_mixed else ():
            if not array.sampled and array not in stacks.places:
                stacks.stack(array, loop.times)

    def stacked(self, each: ir.Stacked) -> None:
        """A row of the source as it is in memory, or else of a copy."""
        found = _row(each.source, each.leaf)
        if found is None:
            array, lines = self.stacks.copy(each.source)
            self.before += lines
            found = Place(array, STEP * each.leaf.size)
        self.stacks.put(each.leaf, found.source, found.start, found.stride)

    # ---- what is carried

    def carried(self, each: ir.Carried) -> None:
        rows = self.kept.get(each.leaf)
        if rows is None and self.is_mixed and not each.leaf.sampled:
            rows = self.stacks.value_of(each.leaf, (self.loop.times, *each.leaf.lengths))
        if rows is None:
            self.in_one_place(each)
        else:
            self.in_rows(each, rows)

    def in_rows(self, each: ir.Carried, rows: ir.Array) -> None:
        """What is carried through all steps, and out of the last one, are rows of one array."""
        leaf, put, back, size = each.leaf, self.stacks.put, self.loop.backwards, each.leaf.size
        history = self.stacks.value_of(rows, (self.loop.times + 1, *leaf.lengths))
        put(rows, history, Position((), size * back))
        put(leaf, rows, STEP * size)
        first = self.stacks.value_of(leaf)
        put(first, history, Position((), self.loop.times * size * back))
        self.before.append(ir.Define(first, each.first))
        put(self.free(each.after, leaf), history, STEP * size + size * (not back))

    def in_one_place(self, each: ir.Carried) -> None:
        """What is carried on overwrites what was carried here: at once if that is read no more, or after the step."""
        leaf, after = each.leaf, each.after
        first = self.stacks.value_of(leaf)
        self.stacks.put(first, leaf)
        self.stacks.overwritten.add(first)
        self.before.append(ir.Define(first, each.first))
        made = after if isinstance(after, ir.Array) and after in self.made else self.made_from(after, leaf)
        if made not in self.stacks.places and made not in self.kept and not self.is_read_from(made, leaf):
            self.stacks.put(made, leaf)
        else:
            self.carrying.append(ir.Update(leaf, made, False))

    def is_read_from(self, made: ir.Array, leaf: ir.Array) -> bool:
        """Whether an array is read where another one is made, or later."""
        start = next(i for i, line in enumerate(self.body) if line.target is made)
        exprs = [*(line.expr for line in self.body[start:]), *self.loop.left]
        return any(array is leaf for expr in exprs for array in ir.arrays_read(expr))

    def free(self, expr: ir.Expr, leaf: ir.Array) -> ir.Array:
        """An array that the body makes of an expression, and that has no place yet."""
        is_free = isinstance(expr, ir.Array) and expr in self.made and expr not in self.stacks.places
        return expr if is_free else self.made_from(expr, leaf)  # type: ignore[return-value]

    def made_from(self, expr: ir.Expr, array: ir.Array) -> ir.Array:
        """A line of the body for what an array is then."""
        found = self.stacks.value_of(array, own_lengths(expr.shape))
        self.body.append(ir.Define(found, expr))
        return found

    # ---- what is collected

    def collected(self, each: ir.Collected) -> None:
        """What is kept anyway is found there; all else is made in its place."""
        target, put = each.target, self.stacks.put
        place = self.stacks.places.get(each.expr) if isinstance(each.expr, ir.Array) else None
        if target in self.stacks.places:
            return
        if place and not each.each:
            last = place.at(0 if self.loop.backwards else self.loop.times - 1)
            put(target, last.source, last.start, last.stride)
        elif place and place.step == prod(own_lengths(each.expr.shape)) and place.stride == 1:
            put(target, place.source, place.at(0).start)
        else:
            made = self.free(each.expr, target)
            put(made, target, STEP * (made.size * each.each))


def _row(source: ir.Expr, leaf: ir.Array) -> Place | None:
    """Where row ``step`` of an expression is in memory; None where its elements are not one after the other."""
    if isinstance(source, ir.Constant):
        return Place(source, flat(source.values.shape, (STEP,)))
    axes = axes_of(leaf.lengths)
    found = position(source, (STEP, *index_of(leaf.shape, axes)))
    if found is None:
        return None
    strides = {axis.name: stride for axis, stride in zip(axes, ir.contiguous(leaf.lengths), strict=True) if axis}
    factors = dict(found.factors)
    stride = min((factors.get(name, 0) for name in strides), default=1)
    is_even = all(factors.get(name, 0) == stride * own for name, own in strides.items())
    if not is_even or (stride != 1 and not leaf.sampled):  # numbers are neighbours where lanes are read
        return None
    (array,) = ir.arrays_read(source)
    start = Position(tuple((name, n) for name, n in found.factors if name not in strides), found.constant)
    return Place(array, start, stride)
