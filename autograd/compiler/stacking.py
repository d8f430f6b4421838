"""Stacking: what a step of a loop computes, for all steps at once.

A stacked expression has one more axis, the first one, which is as long as there are steps. What is the same in all
steps has length 1 there; a number has no axes.

>>> from .. import ops
>>> z, w = Array((3,), sampled=True), Array((3,))
>>> zs = Array((100, 3), sampled=True)
>>> found = Stacking(100, {z: zs}).of(Apply(ops.MUL, (View(w, (3, 1), (1, 0)), z)))
>>> found.shape, found.operands[0].shape
((100, 3, B), (1, 3, 1))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np

from .. import ops
from .algebra import apply, mul, neg, rearrange, reduced, reshape
from .ir import (
    Apply,
    Array,
    Concat,
    Constant,
    Contract,
    Expand,
    Expr,
    Ints,
    Lengths,
    Rearrange,
    Reduce,
    Reshape,
    Take,
    View,
    Where,
    Zeros,
    read,
)

STEPS = "T"  # the letter of the axis of the steps


class Stacking:
    """Expressions for all steps, where it is known what stands in their arrays: ``stacks[array]``, step by step."""

    def __init__(self, times: int, stacks: Mapping[Array, Expr]) -> None:
        self.times, self.stacks = times, stacks

    def differs(self, expr: Expr) -> bool:
        """Whether the expression may differ from step to step."""
        return expr in self.stacks if isinstance(expr, Array) else any(map(self.differs, expr.operands))

    def of(self, expr: Expr) -> Expr:
        """The expression for all steps."""
        if not self.differs(expr):
            return rearrange(expr, (None, *range(len(expr.shape)))) if expr.shape else expr
        return self.rules[type(expr)](self, expr)

    def total(self, expr: Expr) -> Expr:
        """The sum over all steps."""
        if isinstance(expr, Apply) and expr.op is ops.NEG:
            return neg(self.total(expr.arguments[0]))
        if (
            isinstance(expr, Apply)
            and expr.op is ops.MUL
            and not (expr.arguments[0].shape or self.differs(expr.arguments[0]))
        ):
            return mul(expr.arguments[0], self.total(expr.arguments[1]))
        found = self.of(expr)
        if isinstance(found, Contract) and found.out.startswith(STEPS):
            return replace(found, out=found.out[1:])
        if isinstance(found, Rearrange) and isinstance(found.inside, Contract) and found.order[0] == 0:
            inside = found.inside
            if inside.out.startswith(STEPS):
                order = [None if axis is None else axis - 1 for axis in found.order[1:]]
                return rearrange(replace(inside, out=inside.out[1:]), order)
        if isinstance(found, Reduce) and found.kind == "sum" and 0 not in found.axes:
            return replace(found, axes=(0, *found.axes))
        return reduced("sum", found, (self.times, *expr.shape), (0,))

    # ---- one rule for each kind of expression

    def array(self, expr: Array) -> Expr:
        return self.stacks[expr]

    def view(self, expr: View) -> Expr:
        source = self.of(expr.source)
        lengths = (self.times, *expr.lengths)
        if isinstance(source, View):
            picked = source.picked.reshape(self.times, -1)[:, expr.picked]
            strides = _strides(picked)
            if strides is not None:
                return read(source.source, lengths, strides, int(picked.flat[0]))
            return Take(source.source, Constant(picked))
        size = int(np.prod(expr.own, dtype=np.int64))
        return read(source, lengths, (size, *expr.strides), expr.offset)

    def take(self, expr: Take) -> Expr:
        source = self.of(expr.source)
        if isinstance(source, View | Take):
            positions = source.picked if isinstance(source, View) else source.picked.values
            return Take(source.source, Constant(positions.reshape(self.times, -1)[:, expr.picked.values]))
        own = source.shape[1:-1] if expr.sampled else source.shape[1:]
        size = int(np.prod([length for length in own if isinstance(length, int)], dtype=np.int64))
        steps = np.arange(self.times).reshape(-1, *[1] * expr.picked.values.ndim) * size
        return Take(source, Constant(expr.picked.values + steps))

    def apply(self, expr: Apply) -> Expr:
        return apply(expr.op, *(self.ranked(argument, len(expr.shape)) for argument in expr.arguments))

    def ranked(self, expr: Expr, rank: int) -> Expr:
        """The expression for all steps with that many axes beside that of the steps, or none."""
        found = self.of(expr)
        return rearrange(found, (0, *[None] * rank)) if found.shape and not expr.shape and rank else found

    def where(self, expr: Where) -> Expr:
        return Where(Constant(expr.mask.values[None]), self.ranked(expr.inside, len(expr.shape)), expr.otherwise)

    def contract(self, expr: Contract) -> Expr:
        sides = []
        for side, letters in ((expr.left, expr.left_letters), (expr.right, expr.right_letters)):
            differs = self.differs(side)
            sides.append((self.of(side) if differs else side, STEPS + letters if differs else letters))
        (left, on_left), (right, on_right) = sides
        return Contract(left, right, on_left, on_right, STEPS + expr.out)

    def reduce(self, expr: Reduce) -> Expr:
        return Reduce(expr.kind, self.of(expr.inside), tuple(axis + 1 for axis in expr.axes))

    def rearrange(self, expr: Rearrange) -> Expr:
        return rearrange(self.of(expr.inside), (0, *(None if axis is None else axis + 1 for axis in expr.order)))

    def expand(self, expr: Expand) -> Expr:
        return Expand(self.ranked(expr.inside, len(expr.shape)), (self.times, *expr.shape))

    rules: ClassVar[Mapping[type[Expr], Callable[..., Expr]]] = {
        Array: array,
        View: view,
        Take: take,
        Apply: apply,
        Where: where,
        Contract: contract,
        Reduce: reduce,
        Rearrange: rearrange,
        Reshape: lambda self, expr: reshape(self.of(expr.inside), (self.times, *expr.into)),
        Expand: expand,
    }


def is_stackable(expr: Expr) -> bool:
    """Whether there is a rule for it."""
    return isinstance(expr, Zeros) or (not isinstance(expr, Concat) and all(map(is_stackable, expr.operands)))


def _strides(picked: Ints) -> Lengths | None:
    """The strides of these positions, if they are affine, as a view has them."""
    first = int(picked.flat[0])
    strides = []
    for axis, length in enumerate(picked.shape):
        index = [0] * picked.ndim
        index[axis] = min(1, length - 1)
        strides.append(int(picked[tuple(index)]) - first)
    steps = [np.arange(length) * stride for length, stride in zip(picked.shape, strides, strict=True)]
    wanted = sum(np.ix_(*steps)) + first
    ok = all(stride > 0 for stride, length in zip(strides, picked.shape, strict=True) if length > 1)
    return tuple(strides) if ok and np.array_equal(wanted, picked) else None
