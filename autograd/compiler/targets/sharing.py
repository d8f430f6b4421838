"""What stands in a program more than once gets a name, and what is read once becomes part of the line that reads it.

Two passes from array program to array program, for targets that write a line for each statement. Neither changes a
number, for no array is updated once it was read: what would do that is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace

from ..algebra import reshape
from ..ir import (
    Apply,
    Array,
    ArrayProgram,
    Define,
    Expr,
    Loop,
    Number,
    Reshape,
    Shape,
    Statement,
    Update,
    View,
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
    _refuse_late_updates(program)
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


def inline(program: ArrayProgram, most: int) -> tuple[ArrayProgram, Mapping[Array, Array]]:
    """The program without lines that one other alone reads, and for each array that is gone the one that has it now.

    What has a label keeps its line. An expression that others were put into has ``most`` operations and operands.
    """
    _refuse_late_updates(program)
    inlining = _Inlining(program, most)
    statements, backward = inlining.lines(program.statements), inlining.lines(program.backward)
    return replace(program, statements=statements, backward=backward), inlining.reader


class _Inlining:
    def __init__(self, program: ArrayProgram, most: int) -> None:
        self.most = most
        self.reader: dict[Array, Array] = {}
        self.sizes: dict[Expr, int] = {}
        read = expressions((*program.statements, *program.backward))
        uses = Counter(array for expr in (*read, *program.outputs) for array in arrays_read(expr))
        staying = {array for array, hint in program.hints.items() if hint.label}
        staying |= {s.target for s in assignments((*program.statements, *program.backward)) if isinstance(s, Update)}
        self.once = {a for a, count in uses.items() if count == 1 and not isinstance(a, Shared)} - staying

    def lines(self, statements: Sequence[Statement]) -> list[Statement]:
        """The statements of one pass; the other pass does not read what they have put into others."""
        found: dict[Define | Update | Loop, Expr] = {}
        waiting: dict[Array, Define] = {}
        for statement in statements:
            if isinstance(statement, Loop):
                found[replace(statement, body=self.lines(statement.body))] = Number(0.0)
                continue
            expr = statement.expr
            for array in [array for array in arrays_read(expr) if array in waiting]:
                by = found[waiting[array]]
                if self.size(expr) + self.size(by) - 1 <= self.most:
                    expr = _replaced(expr, array, by)
                    del found[waiting.pop(array)]
                    self.reader[array] = statement.target
            found[statement] = expr
            if isinstance(statement, Define) and statement.target in self.once:
                waiting[statement.target] = statement
        return [s if isinstance(s, Loop) or expr is s.expr else replace(s, expr=expr) for s, expr in found.items()]

    def size(self, expr: Expr) -> int:
        """How many operations, views and operands it has; others are longer, and count twice."""
        if not expr.operands:
            return 1
        if expr not in self.sizes:
            own = 1 if isinstance(expr, Apply | View) else 2
            self.sizes[expr] = own + sum(map(self.size, expr.operands))
        return self.sizes[expr]


def _refuse_late_updates(program: ArrayProgram) -> None:
    read: set[Array] = set()
    for statement in assignments((*program.statements, *program.backward)):
        if isinstance(statement, Update) and statement.target in read:
            raise TypeError(f"an array is updated after it was read, a line could take it for what it was: {statement}")
        read.update(arrays_read(statement.expr))


def _replaced(expr: Expr, array: Array, by: Expr) -> Expr:
    if expr is array:
        return by
    found = rebuilt(expr, lambda operand: _replaced(operand, array, by))
    return reshape(found.inside, found.into) if isinstance(found, Reshape) else found
