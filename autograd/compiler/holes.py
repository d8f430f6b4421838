"""Holes: what an array holds in its places where no node of the graph stands, as far as that is known.

A sum over a grid with holes needs zeros in them, a maximum -inf. They are filled where the array is made; what is
computed from it element by element often needs no more: exp of -inf is 0, and so is that 0 over a sum. Reads keep their
masks, by which no gradient flows back to a hole; a target leaves out those that :func:`is_held` says change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf, isfinite

from .. import ops
from .ir import Apply, Array, ArrayProgram, Define, Expr, Number, View, Where, arrays_read, parts_of

ABSORBING = {
    ops.ADD: (-inf, -inf),
    ops.SUB: (-inf, None),
    ops.MUL: (0.0, 0.0),
    ops.DIV: (0.0, None),
}
"""For each argument the number that is the result too, whatever the other argument is, unless that is inf or nan."""


def held(program: ArrayProgram) -> ArrayProgram:
    """The program, with holes filled where masked reads are then as good without their masks."""
    if not program.has_holes:
        return program
    numbers: dict[Array, float] = {}
    fills: dict[Array, float] = {}
    infinite: set[Array] = set()
    for statement in program.statements:
        if not isinstance(statement, Define):
            continue
        target = statement.target
        for read in parts_of(statement.expr, Where):
            array = _whole(read)
            if array is not None and array not in numbers:
                numbers[array] = fills[array] = read.otherwise
                infinite |= {array} if not isfinite(read.otherwise) else set()
        if target.holes is None:
            continue
        number = _computed(statement.expr, target, numbers) if isinstance(statement.expr, Apply) else None
        if number is not None:
            numbers[target] = number
        if (number is not None and not isfinite(number)) or (number is None and reads_any(statement.expr, infinite)):
            infinite.add(target)
    statements = [replace(s, fill=fills.get(s.target)) if isinstance(s, Define) else s for s in program.statements]
    return replace(program, statements=statements, held=numbers, infinite=frozenset(infinite))


def is_held(read: Where, numbers: Mapping[Array, float]) -> bool:
    """Whether what is masked holds that number in its holes already."""
    array = _whole(read)
    return array is not None and numbers.get(array) == read.otherwise


def reads_any(expr: Expr, arrays: set[Array] | frozenset[Array]) -> bool:
    """Whether the expression reads any of these arrays."""
    return bool(arrays) and not arrays.isdisjoint(arrays_read(expr))


def _whole(read: Where) -> Array | None:
    """The array that is masked, if it is read as it was made, and all that the mask hides are holes of it."""
    array = _as_made(read.inside)
    if array is None or array.holes is None:
        return None
    hidden = ~(read.mask.values[..., 0] if array.sampled else read.mask.values)
    return array if hidden.shape == array.holes.shape and not (hidden & ~array.holes).any() else None


def _as_made(expr: Expr) -> Array | None:
    """The array that is read as it was made, if perhaps with an axis of length 1 for the batch."""
    source = expr.source if isinstance(expr, View) and expr.is_whole else expr
    return source if isinstance(source, Array) else None


def _computed(expr: Apply, target: Array, numbers: Mapping[Array, float]) -> float | None:
    """What an operation makes of what its operands hold where its target has holes; None if that cannot be known."""
    found = [_in_holes(operand, target, numbers) for operand in expr.arguments]
    known = [number for number in found if number is not None]
    if len(known) == len(found):
        return expr.op.rule(*known)[0]
    absorbing = zip(found, ABSORBING.get(expr.op, ()), strict=False)
    return next((number for number, absorbs in absorbing if number is not None and number == absorbs), None)


def _in_holes(expr: Expr, target: Array, numbers: Mapping[Array, float]) -> float | None:
    """The number that the operand has in all holes of the target."""
    if isinstance(expr, Number):
        return expr.value
    array = _as_made(expr)
    if array is None or array.holes is None or target.holes is None or array.lengths != target.lengths:
        return None
    return None if (target.holes & ~array.holes).any() else numbers.get(array)
