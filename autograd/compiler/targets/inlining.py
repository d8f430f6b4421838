"""Inlining: an array each of whose elements is read once, for one element of another, is computed there.

>>> from autograd import ops
>>> x, square, out = (ir.Array((3,), sampled=True) for _ in range(3))
>>> lines = [ir.Define(square, ir.Apply(ops.MUL, (x, x))), ir.Define(out, ir.Apply(ops.NEG, (square,)))]
>>> found = inlined([(line, line.expr) for line in lines], [out], lambda array, expr: False)
>>> [str(expr) for _, expr in found.lines]
['neg(mul(array, array))']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .. import ir

MOST = 12
"""Operations of one line: more than that nobody reads."""

Line = tuple[ir.Define | ir.Update, ir.Expr]
"""A statement, and what it assigns or adds."""


@dataclass
class Inlined:
    """The lines that are left, and for each array that has none the one that it is computed for."""

    lines: list[Line]
    readers: dict[ir.Array, ir.Array]


def inlined(lines: Sequence[Line], returned: Sequence[ir.Expr], stays: Callable[[ir.Array, ir.Expr], bool]) -> Inlined:
    """The lines, some of which became part of others; ``stays`` says which arrays keep theirs in any case.

    An array is complete where it is read first. What is made of it may therefore be computed later as well.
    """
    reads = Counter(
        array for expr in (*returned, *(expr for _, expr in lines)) for array in ir.parts_of(expr, ir.Array)
    )
    kept = {array for expr in returned for array in ir.parts_of(expr, ir.Array)}
    kept |= {statement.target for statement, _ in lines if isinstance(statement, ir.Update)}
    waiting: dict[ir.Array, ir.Expr] = {}
    found = Inlined([], {})
    for statement, right_side in lines:
        expr, target = right_side, statement.target
        for array in _read_once(expr):
            if array in waiting and _fits(waiting[array], expr):
                expr = _replaced(expr, array, waiting.pop(array))
                found.readers[array] = target
        is_one = isinstance(expr, ir.Apply | ir.Where | ir.Rearrange | ir.Contract | ir.Reduce)
        is_one = is_one and isinstance(statement, ir.Define) and reads[target] == 1 and target not in kept
        if is_one and not stays(target, expr):
            waiting[target] = expr
        found.lines.append((statement, expr))
    found.lines = [line for line in found.lines if line[0].target not in found.readers]
    return found


def _read_once(expr: ir.Expr) -> Iterator[ir.Array]:
    """Arrays each of whose elements is read for one element of the expression."""
    if isinstance(expr, ir.Array):
        yield expr
    elif isinstance(expr, ir.Rearrange | ir.Reduce):
        yield from _read_once(expr.inside)
    elif isinstance(expr, ir.Apply | ir.Where):
        for operand in expr.operands:
            if operand.shape == expr.shape:
                yield from _read_once(operand)


def _fits(part: ir.Expr, whole: ir.Expr) -> bool:
    """Whether the two make a line that is not too long, with one contraction or reduction at most."""
    operations = sum(1 for expr in (part, whole) for _ in ir.parts_of(expr, ir.Apply))
    sums = sum(
        isinstance(found, ir.Contract | ir.Reduce) for expr in (part, whole) for found in ir.parts_of(expr, ir.Expr)
    )
    return operations <= MOST and sums <= 1


def _replaced(expr: ir.Expr, array: ir.Array, by: ir.Expr) -> ir.Expr:
    if expr is array:
        return by
    return ir.rebuilt(expr, lambda operand: _replaced(operand, array, by))
