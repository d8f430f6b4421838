"""Sharing: what stands in a program more than once gets a line and a name, where a target says that this pays.

It changes no number, for no array is updated once it was read: what would do that is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import field, replace

from ..ir import (
    Array,
    ArrayProgram,
    Define,
    Expr,
    Loop,
    Shape,
    Statement,
    Update,
    arrays_read,
    assignments,
    expressions,
    rebuilt,
)


class Shared(Array):
    """The value of an expression, which a line before has computed; two are equal if their expressions are.

    >>> from autograd import ops
    >>> from ..ir import Apply
    >>> x = Array((3,), sampled=True)
    >>> Shared(of=Apply(ops.EXP, (x,))) == Shared(of=Apply(ops.EXP, (x,)))
    True
    """

    lengths: tuple[int, ...] = ()
    of: Expr = field(kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sampled", self.of.sampled)
        super().__post_init__()

    def derived(self) -> Shape:
        return self.of.shape

    def parts(self) -> tuple[tuple[Expr, ...], tuple[object, ...]]:
        return (), (self.of,)


def share(program: ArrayProgram, least: Callable[[Expr], int]) -> ArrayProgram:
    """The program with statements that compute what stands in it ``least`` times and more; 0: never.

    >>> from autograd import ops
    >>> from ..algebra import add, apply
    >>> x, theta, y, z = (Array((3,)) for _ in range(4))
    >>> statements = [Define(y, apply(ops.TANH, apply(ops.EXP, x))), Define(z, add(apply(ops.EXP, x), y))]
    >>> program = ArrayProgram(x, theta, [], statements, [z], {}, {})
    >>> [type(s.target).__name__ for s in share(program, lambda expr: 2).statements]
    ['Shared', 'Array', 'Array']
    """
    refuse_late_updates(program)
    lines = (*program.statements, *program.backward)
    exprs = [expr for s in lines for expr in (s.read if isinstance(s, Loop) else [s.expr])]
    sharing = _Sharing([*exprs, *program.outputs], least)
    statements = [line for s in program.statements for line in sharing.statement(s)]
    outputs = [sharing.value(output) for output in program.outputs]
    statements += sharing.taken()
    backward = [line for s in program.backward for line in sharing.statement(s)]
    return replace(program, statements=statements, outputs=outputs, backward=backward)


class _Sharing:
    def __init__(self, exprs: Iterable[Expr], least: Callable[[Expr], int]) -> None:
        self.least, self.counts = least, Counter[Expr]()
        self.values: dict[Expr, Expr] = {}
        self.lines: list[Statement] = []
        for expr in exprs:
            self.count(expr)

    def count(self, expr: Expr) -> None:
        """Count the uses of an expression; what stands within one that has a name counts once."""
        if self.least(expr):
            self.counts[expr] += 1
            if self.counts[expr] > 1:
                return
        for operand in expr.operands:
            self.count(operand)

    def statement(self, statement: Statement) -> list[Statement]:
        """The statement, after those for what it shares with others."""
        if isinstance(statement, Loop):
            loop = _InLoop(self, statement).loop()
            return [*self.taken(), loop]
        expr = self.value(statement.expr)
        self.lines.append(statement if expr is statement.expr else replace(statement, expr=expr))
        return self.taken()

    def taken(self) -> list[Statement]:
        """The lines so far, which are handed over."""
        lines, self.lines = self.lines, []
        return lines

    def value(self, expr: Expr) -> Expr:
        """The expression, in terms of what was computed before."""
        if not expr.operands:
            return expr
        if expr not in self.values:
            found, least = rebuilt(expr, self.value), self.least(expr)
            if least and self.counts[expr] >= least:
                shared = Shared(of=found)
                self.lines.append(Define(shared, found))
                found = shared
            self.values[expr] = found
        return self.values[expr]


class _InLoop(_Sharing):
    """What stands in the body of a loop more than once; what is the same in all steps is computed before."""

    def __init__(self, outer: _Sharing, loop: Loop) -> None:
        super().__init__([*expressions(loop.body), *loop.left], outer.least)
        self.outer, self.given, self.own = outer, loop, loop.own

    def loop(self) -> Loop:
        """The loop with shared expressions."""
        loop, outer = self.given, self.outer
        body = [line for statement in loop.body for line in self.statement(statement)]
        afters = [self.value(each.after) for each in loop.carried]
        return replace(
            loop,
            carried=[
                replace(each, first=outer.value(each.first), after=after)
                for each, after in zip(loop.carried, afters, strict=True)
            ],
            stacked=[replace(each, source=outer.value(each.source)) for each in loop.stacked],
            collected=[replace(each, expr=self.value(each.expr)) for each in loop.collected],
            body=[*body, *self.taken()],
        )

    def value(self, expr: Expr) -> Expr:
        """The expression, in terms of what was computed before, in the step or before the loop."""
        if self.least(expr) and not any(array in self.own for array in arrays_read(expr)):
            self.outer.counts[expr] += self.least(expr)
            return self.outer.value(expr)
        return super().value(expr)


def refuse_late_updates(program: ArrayProgram) -> None:
    """A TypeError if what was read before is updated: a line that is put elsewhere would read something else."""
    read: set[Array] = set()
    for statement in assignments((*program.statements, *program.backward)):
        if isinstance(statement, Update) and statement.target in read:
            raise TypeError(f"an array is updated after it was read, a line could take it for what it was: {statement}")
        read.update(arrays_read(statement.expr))
