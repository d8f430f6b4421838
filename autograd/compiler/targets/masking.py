"""Masking: grids with holes for frameworks that differentiate by themselves, so that holes are of no account.

A hole is computed beside the nodes of the graph, from whatever stands where it reads. Who reads the grid masks what
came of it; but then 0 flows back to the hole, and 0 times an infinite slope is nan, which would flow on into the nodes
that it has read. So what holes read of nodes is masked as well: what flows back from a hole ends there, whatever it is.
In a product of matrices a 0 of one may meet an inf of the other: of one with holes only some :class:`Terms` count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isfinite

import numpy as np

from ... import ops
from .. import ir
from ..algebra import rearrange

ANY = 1.0
"""What a hole is given to read instead of a node: there most operations have a value and a slope."""
MANY = 256
"""From so many terms on, of a sample, a product is not taken apart at once."""


class Terms(ir.Contract):
    """A product of which only the terms count where the mask is, along axes of these letters: the batch is last."""

    order: str
    mask: ir.Constant
    form = "some of dot({operands})"

    @property
    def summed(self) -> tuple[int, ...]:
        """The axes of the mask that the result has not."""
        return tuple(axis for axis, letter in enumerate(self.order) if letter not in self.out)

    @property
    def apart(self) -> ir.Expr:
        """The same, one term after the other: never is one that does not count multiplied by anything."""
        sides = ((self.left, self.left_letters), (self.right, self.right_letters))
        product = ir.Apply(ops.MUL, tuple(_term(_spread(*side, self.order), self.mask.values) for side in sides))
        return ir.Reduce("sum", product, self.summed) if self.summed else product


def masked(program: ir.ArrayProgram) -> ir.ArrayProgram:
    """The program, with the numbers and the derivatives that it had without holes, where inf or nan is among them too.

    >>> x, grid = ir.Array((2,), sampled=True), ir.Array((2, 2), True, np.array([[False, True], [False, False]]))
    >>> ratio = ir.Apply(ops.DIV, (ir.View(x, (2, 1), (1, 0)), ir.View(x, (1, 2), (0, 1))))
    >>> program = ir.ArrayProgram(x, ir.Array((0,)), [], [ir.Define(grid, ratio)], [], {}, {})
    >>> for read in masked(program).statements[0].expr.operands:
    ...     print(read)
    where(mask (2, 2, 1), array[0: shape (2, 1), strides (1, 0)], 1)
    where(mask (2, 2, 1), array[0: shape (1, 2), strides (0, 1)], 1)
    """
    return replace(program, statements=[_statement(each) for each in program.statements], held={}, infinite=frozenset())


def _statement(statement: ir.Statement) -> ir.Statement:
    """What a loop is given, and what it leaves, are nodes as they stand."""
    if isinstance(statement, ir.Loop):
        return replace(statement, body=[_statement(each) for each in statement.body])
    assert isinstance(statement, ir.Define)
    target, shape = statement.target, _lengths(statement.target.shape)
    wanted = np.ones(shape, dtype=bool) if target.holes is None else ~target.holes.reshape(shape)
    return ir.Define(target, _masked(statement.expr, wanted))


def _lengths(shape: ir.Shape) -> ir.Lengths:
    """A mask is the same for all samples."""
    return tuple(1 if isinstance(length, ir.Batch) else length for length in shape)


# ---- what is wanted of an expression: a mask with its axes


def _masked(expr: ir.Expr, wanted: ir.Flags) -> ir.Expr:
    """The expression: right where it is wanted, and anything elsewhere, from where nothing flows back to a node."""
    if ir.is_computed(expr):
        return _RULES[type(expr)](expr, wanted)
    return expr if wanted.all() or _reads_holes(expr, ~wanted) else _only(wanted, expr)


def _operand(expr: ir.Expr, wanted: ir.Flags) -> ir.Expr:
    """The same of an operand of what is wanted; along its axes of length 1 it is repeated."""
    if not any(True for _ in ir.arrays_read(expr)):
        return expr
    own = _own(wanted, expr.shape)
    if (own == wanted).all():
        return _masked(expr, own)
    return _only(wanted, _computed(expr, own))


def _computed(expr: ir.Expr, wanted: ir.Flags) -> ir.Expr:
    """The same of what will be masked itself: a mere read flows back as it is."""
    return _masked(expr, wanted) if ir.is_computed(expr) else expr


def _own(wanted: ir.Flags, shape: ir.Shape) -> ir.Flags:
    """What is wanted at least once of an operand of that shape."""
    if not shape:
        return np.asarray(wanted.any())
    short = [axis for axis, length in enumerate(_lengths(shape)) if length < wanted.shape[axis]]
    return np.asarray(wanted.any(axis=tuple(short), keepdims=True))


def _only(wanted: ir.Flags, expr: ir.Expr, otherwise: float = ANY) -> ir.Expr:
    """Masked, by a mask that is repeated where it says the same."""
    for axis, length in enumerate(_lengths(expr.shape)):
        first = wanted.take([0], axis)
        if length == wanted.shape[axis] and (wanted == first).all():
            wanted = first
    return ir.Where(ir.Constant(wanted), expr, otherwise)


def _reads_holes(expr: ir.Expr, places: ir.Flags) -> bool:
    """Whether it reads holes alone at these places."""
    if isinstance(expr, ir.Array):
        return expr.holes is not None and bool(expr.holes.reshape(places.shape)[places].all())
    if not isinstance(expr, ir.View | ir.Take) or not isinstance(expr.source, ir.Array) or expr.source.holes is None:
        return False
    picked = expr.picked if isinstance(expr, ir.View) else expr.picked.values
    return bool(expr.source.holes.ravel()[picked].reshape(places.shape)[places].all())


# ---- one rule for each kind of expression


def _apply(expr: ir.Apply, wanted: ir.Flags) -> ir.Expr:
    return ir.Apply(expr.op, tuple(_operand(argument, wanted) for argument in expr.arguments))


def _where(expr: ir.Where, wanted: ir.Flags) -> ir.Expr:
    there = wanted & expr.mask.values
    inside = _computed(expr.inside, _own(there, expr.inside.shape))
    return _only(there, inside, expr.otherwise)


def _reduce(expr: ir.Reduce, wanted: ir.Flags) -> ir.Expr:
    lengths = _lengths(expr.inside.shape)
    inside = np.broadcast_to(np.expand_dims(wanted, expr.axes), lengths)
    return ir.Reduce(expr.kind, _masked(expr.inside, inside), expr.axes)


def _contract(expr: ir.Contract, wanted: ir.Flags) -> ir.Expr:
    """As it stands if all of its terms are wanted, else those that are."""
    order = _order(expr)
    left, right = _spread(expr.left, expr.left_letters, order), _spread(expr.right, expr.right_letters, order)
    summed = tuple(axis for axis, letter in enumerate(order) if letter not in expr.out)
    mask = np.expand_dims(wanted, summed) & _there(left) & _there(right)
    left, right = (
        _factor(_unmasked(side), _moved(_own(mask, spread.shape), [order.index(letter) for letter in on]))
        for side, spread, on in ((expr.left, left, expr.left_letters), (expr.right, right, expr.right_letters))
    )
    if mask.all():
        return replace(expr, left=left, right=right)
    terms = Terms(left, right, expr.left_letters, expr.right_letters, expr.out, order, ir.Constant(mask))
    return terms if mask.size >= MANY else terms.apart


def _factor(expr: ir.Expr, wanted: ir.Flags) -> ir.Expr:
    """What is 0 where no term has it."""
    found = _computed(expr, wanted)
    return found if wanted.all() else _only(wanted, found, 0.0)


def _spread(factor: ir.Expr, on: str, order: str) -> ir.Expr:
    """A factor with these letters, with all axes; a number has none."""
    if not factor.shape:
        return factor
    return rearrange(factor, [on.index(letter) if letter in on else None for letter in order])


def _order(expr: ir.Contract) -> str:
    """Its letters, so that as many factors as can be are read in the order that they have; the batch is last."""
    batch = "B" * ("B" in expr.out)
    sides, letters = (expr.left_letters, expr.right_letters), expr.out.removesuffix(batch)
    for letter in dict.fromkeys(expr.left_letters + expr.right_letters):
        if letter not in expr.out:
            tried = [letters[:at] + letter + letters[at:] for at in range(len(letters) + 1)]
            letters = max(tried, key=lambda order: sum(_is_ordered(on.removesuffix("B"), order) for on in sides))
    return letters + batch


def _is_ordered(on: str, order: str) -> bool:
    return [letter for letter in on if letter in order] == [letter for letter in order if letter in on]


def _term(factor: ir.Expr, mask: ir.Flags) -> ir.Expr:
    """A factor of these terms, and 0 of the others; numbers stay, if none of them times 0 is nan."""
    if _is_finite(factor):
        return factor
    factor = _unmasked(factor)
    own = _own(mask, factor.shape)
    return _only(own if (own == mask).all() else mask, factor, 0.0)


def _is_finite(expr: ir.Expr) -> bool:
    """Whether it is made of finite numbers alone."""
    if isinstance(expr, ir.Number):
        return isfinite(expr.value)
    if isinstance(expr, ir.Constant):
        return bool(np.isfinite(expr.values).all())
    return isinstance(expr, ir.Rearrange) and _is_finite(expr.inside)


def _there(factor: ir.Expr) -> ir.Flags:
    """Where a factor is not masked by 0."""
    if isinstance(factor, ir.Rearrange):
        return _moved(_there(factor.inside), factor.order)
    if isinstance(factor, ir.Where) and factor.otherwise == 0:
        return np.broadcast_to(factor.mask.values, _lengths(factor.shape))
    return np.ones(_lengths(factor.shape), dtype=bool)


def _moved(flags: ir.Flags, order: Sequence[int | None]) -> ir.Flags:
    """What is known of an expression, for the one with its axes in this order."""
    dropped = tuple(axis for axis in range(flags.ndim) if axis not in order)
    kept = np.transpose(flags, [*dropped, *(axis for axis in order if axis is not None)])[(0,) * len(dropped)]
    return np.asarray(kept[tuple(None if axis is None else slice(None) for axis in order)])


def _unmasked(factor: ir.Expr) -> ir.Expr:
    """A factor without its mask of 0, if it has one."""
    if isinstance(factor, ir.Rearrange):
        return rearrange(_unmasked(factor.inside), factor.order)
    return factor.inside if isinstance(factor, ir.Where) and factor.otherwise == 0 else factor


def _rearrange(expr: ir.Rearrange, wanted: ir.Flags) -> ir.Expr:
    """A mask is put in the order of the axes inside."""
    places = [expr.order.index(axis) if axis in expr.order else None for axis in range(len(expr.inside.shape))]
    return rearrange(_masked(expr.inside, _moved(wanted, places)), expr.order)


def _reshape(expr: ir.Reshape, wanted: ir.Flags) -> ir.Expr:
    return ir.Reshape(_masked(expr.inside, wanted.reshape(_lengths(expr.inside.shape))), expr.into)


def _expand(expr: ir.Expand, wanted: ir.Flags) -> ir.Expr:
    return ir.Expand(_operand(expr.inside, wanted), expr.into)


def _concat(expr: ir.Concat, wanted: ir.Flags) -> ir.Expr:
    return ir.Concat(tuple(_operand(piece, wanted[start:end]) for start, end, piece in expr.places))


_RULES: Mapping[type[ir.Expr], Callable[..., ir.Expr]] = {
    ir.Apply: _apply,
    ir.Where: _where,
    ir.Reduce: _reduce,
    ir.Contract: _contract,
    ir.Rearrange: _rearrange,
    ir.Reshape: _reshape,
    ir.Expand: _expand,
    ir.Concat: _concat,
}
