"""Inlining: a line that one other alone reads becomes part of that line.

It changes no number, for no array is updated once it was read: what would do that is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from .. import ir
from ..algebra import reshape
from .sharing import Shared, refuse_late_updates

OPERATIONS = 12
"""Operations of one line in a target that computes element by element: more than that nobody reads."""


@dataclass
class Inlining:
    """Which lines become part of others, and in ``readers`` for each array that is gone the one that has it now."""

    may: Callable[[ir.Array, ir.Expr], bool]
    """Whether an array can be computed where it is read."""
    fits: Callable[[ir.Expr, ir.Expr], bool]
    """Whether one expression can become part of another."""
    read: Callable[[ir.Expr], Iterable[ir.Array]] = ir.arrays_read
    """The arrays in an expression that can be computed there."""
    readers: dict[ir.Array, ir.Array] = field(default_factory=dict)

    def lines(self, statements: Sequence[ir.Statement]) -> dict[ir.Statement, ir.Statement]:
        """The statements that are left, and what they are now; loops stay as they are."""
        found: dict[ir.Statement, ir.Statement] = {}
        waiting: dict[ir.Array, ir.Define] = {}
        for statement in statements:
            if isinstance(statement, ir.Loop):
                found[statement] = statement
                continue
            expr = statement.expr
            for array in [array for array in self.read(expr) if array in waiting]:
                part = found[waiting[array]].expr  # type: ignore[union-attr]  # no loop waits
                if self.fits(part, expr):
                    expr = _replaced(expr, array, part)
                    del found[waiting.pop(array)]
                    self.readers[array] = statement.target
            found[statement] = statement if expr is statement.expr else replace(statement, expr=expr)
            if isinstance(statement, ir.Define) and self.may(statement.target, expr):
                waiting[statement.target] = statement
        return found


def inline(program: ir.ArrayProgram, most: int) -> tuple[ir.ArrayProgram, Mapping[ir.Array, ir.Array]]:
    """The program without lines that one other alone reads, and for each array that is gone the one that has it now.

    What has a label keeps its line. An expression that others were put into has ``most`` operations and operands. One
    pass does not read what the other has put into others.
    """
    refuse_late_updates(program)
    lines = (*program.statements, *program.backward)
    uses = Counter(array for expr in (*ir.expressions(lines), *program.outputs) for array in ir.arrays_read(expr))
    staying = {array for array, hint in program.hints.items() if hint.label}
    staying |= {line.target for line in ir.assignments(lines) if isinstance(line, ir.Update)}
    once = {array for array, count in uses.items() if count == 1 and not isinstance(array, Shared)} - staying

    @cache
    def size(expr: ir.Expr) -> int:
        """How many operations, views and operands it has; others are longer, and count twice."""
        own = 1 if not expr.operands or isinstance(expr, ir.Apply | ir.View) else 2
        return own + sum(map(size, expr.operands))

    inlining = Inlining(lambda array, _: array in once, lambda part, whole: size(part) + size(whole) - 1 <= most)

    def left(statements: Sequence[ir.Statement]) -> list[ir.Statement]:
        inner = [replace(s, body=left(s.body)) if isinstance(s, ir.Loop) else s for s in statements]
        return [*inlining.lines(inner).values()]

    program = replace(program, statements=left(program.statements), backward=left(program.backward))
    return program, inlining.readers


def by_elements(
    lines: Sequence[ir.Statement], returned: Sequence[ir.Expr], stays: Callable[[ir.Array, ir.Expr], bool]
) -> Inlining:
    """Inlining of arrays each of whose elements is read once, for one element of another, and computed there.

    ``stays`` says which arrays keep their line in any case. An array is complete where it is read first. What is made
    of it may therefore be computed later as well.

    >>> from autograd import ops
    >>> x, square, out = (ir.Array((3,), sampled=True) for _ in range(3))
    >>> lines = [ir.Define(square, ir.Apply(ops.MUL, (x, x))), ir.Define(out, ir.Apply(ops.NEG, (square,)))]
    >>> left = by_elements(lines, [out], lambda array, expr: False).lines(lines)
    >>> [str(line.expr) for line in left.values()]
    ['neg(mul(array, array))']
    """
    kept = {array for expr in returned for array in ir.arrays_read(expr)}
    kept |= {line.target for line in lines if isinstance(line, ir.Update)}
    uses = Counter(array for line in lines for expr in ir.expressions([line]) for array in ir.arrays_read(expr))

    def may(array: ir.Array, expr: ir.Expr) -> bool:
        is_one = isinstance(expr, ir.Apply | ir.Where | ir.Rearrange | ir.Contract | ir.Reduce)
        return is_one and uses[array] == 1 and array not in kept and not stays(array, expr)

    return Inlining(may, _is_one_line, _read_once)


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


def _is_one_line(part: ir.Expr, whole: ir.Expr) -> bool:
    """Whether the two make a line that is not too long, with one contraction or reduction at most."""
    found = [*ir.parts_of(part, ir.Expr), *ir.parts_of(whole, ir.Expr)]
    operations, sums = (sum(isinstance(x, kind) for x in found) for kind in (ir.Apply, ir.Contract | ir.Reduce))
    return operations <= OPERATIONS and sums <= 1


def _replaced(expr: ir.Expr, array: ir.Array, by: ir.Expr) -> ir.Expr:
    if expr is array:
        return by
    if array not in ir.arrays_read(expr):
        return expr
    found = ir.rebuilt(expr, lambda operand: _replaced(operand, array, by))
    return reshape(found.inside, found.into) if isinstance(found, ir.Reshape) else found
