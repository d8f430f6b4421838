"""Phases: when each statement of an array program runs, for a target that takes the samples a few at a time.

What depends on the parameters alone runs once, before all samples; what each sample has of its own runs for the samples
in turn; what is summed over the batch is a :class:`Sum`, complete only after the last of them, and so is all that reads
it. An expression that a loop could not read element by element, or that stands in the program more than once and is
costly, gets an array of its own.

>>> from autograd import Value
>>> from autograd.compiler.differentiate import differentiate
>>> from autograd.compiler.fold import fold
>>> from autograd.compiler.layout import layout
>>> from autograd.compiler.lift import lift
>>> from autograd.compiler.record import record
>>> x, w = Value(1.0), Value(2.0)
>>> arrays = differentiate(layout(lift(fold(record([(w * x).tanh() * w.exp()], [x])))))
>>> found = phases(arrays, {"exp"})
>>> [len(statements) for statements in (found.before, found.forward, found.backward, found.after)]
[1, 2, 2, 2]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from .. import ir
from ..algebra import rearrange
from .inlining import by_elements
from .normal import normal
from .positions import Letters, own_lengths
from .stacks import Stacks

OFTEN = 4  # products of a matrix with a vector, for which it is transposed first


class Sum(ir.Array):
    """What is summed over the batch: a grid that each few samples add to."""


@dataclass(frozen=True, eq=False)
class Accumulate:
    """``target += expr``, whose sum over the batch is complete after the last sample."""

    target: Sum
    expr: ir.Expr
    """A contraction or a reduction."""


@dataclass(frozen=True, eq=False)
class Repeat:
    """Steps that run again for each ``step`` of a loop, the last one first on the way back."""

    loop: ir.Loop
    body: list[Step]


Step = ir.Define | ir.Update | Accumulate | Repeat


def in_order(steps: Iterable[Step]) -> Iterator[ir.Define | ir.Update | Accumulate]:
    """The steps in order, those of loops too."""
    for step in steps:
        if isinstance(step, Repeat):
            yield from in_order(step.body)
        else:
            yield step


@dataclass
class Phases:
    """The statements of each phase, in order; the outputs, as expressions that can be read element by element."""

    before: list[Step] = field(default_factory=list)
    forward: list[Step] = field(default_factory=list)
    outputs: list[ir.Expr] = field(default_factory=list)
    before_backward: list[Step] = field(default_factory=list)
    backward: list[Step] = field(default_factory=list)
    after: list[Step] = field(default_factory=list)
    readers: dict[ir.Array, ir.Array] = field(default_factory=dict)
    """For each array that has no statement the one that it is computed for."""
    stacks: Stacks = field(default_factory=Stacks)
    """Where the arrays of loops are in memory."""

    def named(self) -> list[tuple[str, list[Step]]]:
        """The name of each phase and its steps."""
        return [(name, getattr(self, name)) for name in ("before", "forward", "before_backward", "backward", "after")]

    @property
    def steps(self) -> list[ir.Define | ir.Update | Accumulate]:
        """All of them, in order, those of loops too."""
        return [step for _, steps in self.named() for step in in_order(steps)]

    @property
    def sums(self) -> list[Sum]:
        """What is summed over the batch: where that has memory."""
        places = (self.stacks.place(step.target).source for step in self.steps if isinstance(step, Accumulate))
        return [place for place in dict.fromkeys(places) if isinstance(place, Sum)]


def is_sampled(expr: ir.Expr) -> bool:
    """Whether there is one for each sample."""
    return any(isinstance(length, ir.Batch) for length in expr.shape)


def is_sum_over_samples(expr: ir.Expr) -> bool:
    """Whether the batch is summed here."""
    return isinstance(expr, ir.Contract | ir.Reduce) and not is_sampled(expr) and any(map(is_sampled, expr.operands))


def core_path(expr: ir.Expr) -> list[ir.Expr]:
    """From an expression to the contraction or reduction that makes its elements, one for each; empty if none does.

    What lies between is computed element by element.
    """
    if isinstance(expr, ir.Contract | ir.Reduce):
        return [] if is_sum_over_samples(expr) else [expr]
    if isinstance(expr, ir.Apply | ir.Where):
        inner = [operand for operand in expr.operands if operand.shape == expr.shape]
    else:
        inner = [expr.inside] if isinstance(expr, ir.Rearrange) else []
    found = next(filter(None, map(core_path, inner)), [])
    return [expr, *found] if found else []


def phases(program: ir.ArrayProgram, costly: Collection[str], functions: Collection[str] | None = None) -> Phases:
    """The phases of a program; ``functions`` names the operations that the target has, all if it is None.

    Equal expressions are computed once if they are contractions, reductions or operations that are ``costly``.
    """
    return _Planner(normal(program, functions, "C"), costly).run()


@dataclass
class _Scope:
    """Where steps go: to one phase of the program, or of a loop; and the arrays that are there in that loop alone."""

    before: list[Step]
    each: list[Step]
    after: list[Step]
    own: set[ir.Array] = field(default_factory=set)
    stacked: int = 0
    """How many steps there are for which what is the same for all samples is kept; 0 where it is not."""


class _Planner:
    def __init__(self, program: ir.ArrayProgram, costly: Collection[str]) -> None:
        self.program, self.costly = program, costly
        self.found = Phases()
        self.stacks = self.found.stacks
        self.outer = self.scope = _Scope(self.found.before, self.found.forward, self.found.after)
        self.updated = {line.target for line in ir.assignments(program.backward) if isinstance(line, ir.Update)}
        self.late: set[ir.Array] = set()
        self.sums: dict[object, Sum] = {}
        self.made: dict[ir.Expr, ir.Expr] = {}
        self.counts: Counter[ir.Expr] = Counter()
        self.reads: Counter[ir.Expr] = Counter()

    def run(self) -> Phases:
        program, found = self.program, self.found
        forward, statements = program.statements, [*program.statements, *program.backward]
        for expr in (*program.outputs, *ir.expressions(statements)):
            self.count(expr)
        left = self.inlined(statements, program.outputs)
        self.count_reads([statement for statement in left if statement is not None])
        for statement in left[: len(forward)]:
            self.statement(statement)
        found.outputs = [self.element(output) for output in program.outputs]
        self.outer = self.scope = _Scope(found.before_backward, found.backward, found.after)
        for statement in left[len(forward) :]:
            self.statement(statement)
        return found

    def inlined(self, statements: Sequence[ir.Statement], returned: Sequence[ir.Expr]) -> list[ir.Statement | None]:
        """The statements, some of which became part of others: None is left of them. Loops stay as they are."""
        read = ir.expressions(s for s in statements if isinstance(s, ir.Loop))
        inlining = by_elements(statements, [*returned, *read], self.stays)
        left = inlining.lines(statements)
        self.found.readers |= inlining.readers
        return [left.get(statement) for statement in statements]

    def count_reads(self, statements: Iterable[ir.Statement]) -> None:
        """How often each factor of a product is read."""
        for statement in statements:
            times = statement.times if isinstance(statement, ir.Loop) else 1
            cores = (core for expr in ir.expressions([statement]) for core in ir.parts_of(expr, ir.Contract))
            for factor in (factor for core in cores for factor in core.operands):
                self.reads[factor] += times

    def stays(self, array: ir.Array, expr: ir.Expr) -> bool:
        """Whether an array has a line of its own: if it is named, or is computed once for several."""
        hint = self.program.hints.get(array)
        return self.is_shared(expr) or bool(hint and hint.label)

    # ---- what is to be computed

    def count(self, expr: ir.Expr) -> None:
        """How often each costly expression stands in the program."""
        is_costly = isinstance(expr, ir.Contract | ir.Reduce)
        if isinstance(expr, ir.Apply) and expr.op.name in self.costly:
            is_costly = not all(isinstance(argument, ir.Number) for argument in expr.arguments[1:])
        self.counts[expr] += is_costly
        if self.counts[expr] <= 1:
            for operand in expr.operands:
                self.count(operand)

    def is_shared(self, expr: ir.Expr) -> bool:
        """Whether the expression is costly and stands in the program more than once."""
        return self.counts[expr] > 1

    # ---- statements

    def statement(self, statement: ir.Statement | None) -> None:
        """The steps of a statement, if there is one."""
        if isinstance(statement, ir.Loop):
            self.loop(statement)
        elif isinstance(statement, ir.Update):
            self.update(statement)
        elif statement:
            self.define(statement)

    def define(self, define: ir.Define) -> None:
        expr, target = define.expr, define.target
        is_core = isinstance(expr, ir.Reshape) and core_path(expr.inside) and expr.inside.sampled == target.sampled
        found = ir.rebuilt(expr, self.root) if is_core else self.root(expr)
        self.step(ir.Define(target, found))
        if self.is_shared(expr) and target not in self.updated and target not in self.stacks.overwritten:
            self.made.setdefault(expr, target)

    def update(self, update: ir.Update) -> None:
        """What is added to one place by several sums over the batch is one sum, if they are of one form."""
        expr = update.expr
        form = (update.place, _form(expr))
        if update.add and form in self.sums and not self.is_shared(expr):
            self.step(Accumulate(self.sums[form], ir.rebuilt(expr, self.operand_rule(expr))))
            return
        found = self.element(expr) if expr.shape != update.place.shape else self.root(expr)
        self.step(ir.Update(update.place, found, update.add))
        if isinstance(found, Sum) and not self.is_shared(expr):
            self.sums[form] = found

    def step(self, step: ir.Define | ir.Update | Accumulate) -> None:
        """A statement goes where all that it reads is known."""
        target, scope = step.target, self.scope
        if scope.stacked and not target.sampled and target not in self.stacks.places:
            self.stacks.stack(target, scope.stacked)
        scope.own.add(target)
        if isinstance(step, Accumulate):
            self.late.add(target)
            scope.each.append(step)
        elif target in self.late or any(array in self.late for array in ir.arrays_read(step.expr)):
            if target.sampled:
                raise TypeError(f"what each sample has of its own reads a sum over all of them: {step.expr}")
            self.late.add(target)
            scope.after.append(step)
        else:
            (scope.each if target.sampled else scope.before).append(step)

    # ---- loops

    def loop(self, loop: ir.Loop) -> None:
        """A loop in each phase in which some of its arrays are known: what one of them reads of another one is kept."""
        body = [line for line in self.inlined(loop.body, loop.left) if line]
        loop = replace(loop, body=body)
        kinds = self.kinds(loop)
        is_mixed = len(kinds) > 1
        before, lines = self.stacks.laid_out(loop, is_mixed)
        for line in before:
            self.statement(line)
        outer, inner = self.outer, _Scope([], [], [], loop.own, loop.times * is_mixed)
        self.scope = inner
        for line in lines:
            self.statement(line)
        self.scope = outer
        for steps, into in ((inner.before, outer.before), (inner.each, outer.each), (inner.after, outer.after)):
            into += [Repeat(loop, steps)] * bool(steps)
        self.made = {expr: array for expr, array in self.made.items() if not self.is_of(inner, array)}

    def kinds(self, loop: ir.Loop) -> set[tuple[bool, bool]]:
        """Of which kinds the arrays of a loop are: one for each sample or not, and late or not, which is noted."""
        late = self.late
        late |= {each.leaf for each in loop.stacked if self.is_late(each.source)}
        lines = [(line.target, line.expr) for line in ir.assignments(loop.body)]
        lines += [(each.leaf, expr) for each in loop.carried for expr in (each.first, each.after)]
        lines += [(each.target, each.expr) for each in loop.collected]
        before = -1
        while len(late) > before:
            before = len(late)
            late |= {array for array, expr in lines if not array.sampled and self.is_late(expr)}
        return {(array.sampled, array in late) for array in loop.own}

    def is_late(self, expr: ir.Expr) -> bool:
        """Whether the expression is known after the last sample only."""
        return any(part in self.late or is_sum_over_samples(part) for part in ir.parts_of(expr, ir.Expr))

    def is_of(self, scope: _Scope, expr: ir.Expr) -> bool:
        """Whether the expression reads what is there in a loop alone."""
        return any(array in scope.own for array in ir.arrays_read(expr))

    def array(self, expr: ir.Expr) -> ir.Expr:
        """The expression as an array of its own, made where it is needed first; its axes in their order."""
        if expr not in self.made:
            scope = self.scope
            if not self.is_of(scope, expr):  # it is the same in all steps
                self.scope = self.outer
            own = [axis for axis, length in enumerate(expr.shape) if not isinstance(length, ir.Batch)]
            order = [*own, *(axis for axis in range(len(expr.shape)) if axis not in own)]
            lengths = tuple(length for length in expr.shape if not isinstance(length, ir.Batch))
            if isinstance(expr, ir.Contract | ir.Reduce) and is_sum_over_samples(expr):
                target: ir.Array = Sum(lengths)
                assert isinstance(target, Sum)
                self.step(Accumulate(target, ir.rebuilt(expr, self.operand_rule(expr))))
            else:
                target = ir.Array(lengths, len(order) > len(own))
                self.step(ir.Define(target, rearrange(self.root(expr), order)))
            self.made[expr] = rearrange(target, [order.index(axis) for axis in range(len(order))])
            self.scope = scope
        return self.made[expr]

    # ---- expressions

    def root(self, expr: ir.Expr) -> ir.Expr:
        """The right-hand side of a statement: one loop nest, with one contraction or reduction at most."""
        if expr in self.made or is_sum_over_samples(expr):
            return self.array(expr)
        if isinstance(expr, ir.Expand) and isinstance(expr.inside, ir.Concat):
            return ir.rebuilt(expr, self.parts)
        path = core_path(expr)
        is_one = path and not any(map(self.is_shared, path[1:]))
        return self.along(path) if is_one else self.parts(expr)

    def along(self, path: list[ir.Expr]) -> ir.Expr:
        """The expression at the start of the path, with what is at its end as it stands; the rest read by element."""
        expr, *rest = path
        if not rest:
            found = ir.rebuilt(expr, self.operand_rule(expr))
            return self.with_neighbours(found) if isinstance(found, ir.Contract) else found
        return ir.rebuilt(expr, lambda operand: self.along(rest) if operand is rest[0] else self.element(operand))

    def with_neighbours(self, core: ir.Contract) -> ir.Contract:
        """A product of matrices, a factor of which is transposed if else none has neighbours along what stays."""
        if is_sampled(core) or Letters.of(core).beside:
            return core
        sides = (core.left, core.left_letters, core.right_letters), (core.right, core.right_letters, core.left_letters)
        for factor, on, others in sorted(sides, key=lambda side: prod(own_lengths(side[0].shape))):
            own = [a for a in on if a in core.out and a not in others]
            times = prod(n for a, n in zip(core.out, core.shape, strict=True) if a not in on and isinstance(n, int))
            if own and (times >= OFTEN or self.reads[factor] >= OFTEN):
                order = [on.index(a) for a in on if a != own[-1]] + [on.index(own[-1])]
                moved = self.whole(rearrange(factor, order)) if order != sorted(order) else self.whole(factor)
                letters = "".join(on[axis] for axis in order)
                changed = {"left": moved, "left_letters": letters} if factor is core.left else {}
                changed = changed or {"right": moved, "right_letters": letters}
                return replace(core, **changed)  # type: ignore[arg-type]
        return core

    def operand_rule(self, expr: ir.Expr) -> Callable[[ir.Expr], ir.Expr]:
        return self.factor if isinstance(expr, ir.Contract) else self.element

    def factor(self, expr: ir.Expr) -> ir.Expr:
        """A factor of products, each element of which is read many times: from memory, never computed."""
        found = self.element(expr)
        is_computed = any(isinstance(part, ir.Apply | Sum) for part in ir.parts_of(found, ir.Expr))
        return self.array(found) if is_computed else found

    def element(self, expr: ir.Expr) -> ir.Expr:
        """The expression such that each of its elements can be computed by itself."""
        if self.is_shared(expr) or isinstance(expr, ir.Contract | ir.Reduce | ir.Concat):
            return self.array(expr)
        return self.parts(expr)

    def parts(self, expr: ir.Expr) -> ir.Expr:
        """The expression, each part of which can be computed by itself."""
        if isinstance(expr, ir.View | ir.Take) and not isinstance(expr.source, ir.Array):
            return replace(expr, source=self.whole(expr.source))
        if isinstance(expr, ir.Reshape) and not isinstance(expr.inside, ir.Array):
            return replace(expr, inside=self.whole(expr.inside))
        return ir.rebuilt(expr, self.element)

    def whole(self, expr: ir.Expr) -> ir.Array:
        """An array that holds the expression in the order of its axes, the last of which is the batch."""
        found = self.array(expr)
        if isinstance(found, Sum):  # is read as a whole, element by element, and no part of it
            found = self.array(found)
        if not isinstance(found, ir.Array):
            raise TypeError(f"the batch is not the last axis of what is read in another shape: {expr}")
        return found


def _form(expr: ir.Expr) -> object:
    """What sums over the batch have in common that can be added to each other as they go."""
    if isinstance(expr, ir.Contract):
        return expr.left.shape, expr.right.shape, expr.left_letters, expr.right_letters, expr.out
    return type(expr) if is_sum_over_samples(expr) else expr
