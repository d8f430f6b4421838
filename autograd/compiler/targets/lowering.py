"""What the NumPy target makes of expressions before it writes them: products of matrices, copies in memory order."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from .. import ir
from ..algebra import rearrange, reshape
from .functions import FUNCTIONS, OPERATORS
from .normal import normal
from .products import MatMul, as_products, is_permuted, permuted
from .sharing import Shared

KNOWN = frozenset((*FUNCTIONS, *OPERATORS))


class InMemoryOrder(ir.Expr):
    """A copy whose rows are rows in memory too: a batch comes with the numbers of each sample side by side."""

    inside: ir.Expr

    def derived(self) -> ir.Shape:
        return self.inside.shape


class Ones(ir.Expr):
    """A one for each sample."""

    def derived(self) -> ir.Shape:
        return (ir.B,)


def lower(program: ir.ArrayProgram) -> ir.ArrayProgram:
    """The program as NumPy computes it: the same statements, but for joins, of which each piece is assigned."""
    program = normal(program, KNOWN, "NumPy")
    lowering = _Lowering(program)
    return replace(
        program,
        statements=[line for statement in program.statements for line in lowering.statement(statement)],
        outputs=[lowering.lowered(lowering.in_memory_order(output)) for output in program.outputs],
        backward=[line for statement in program.backward for line in lowering.statement(statement)],
    )


class _Lowering:
    def __init__(self, program: ir.ArrayProgram) -> None:
        self.program = program
        self.reshaped = {
            s.target for s in ir.assignments(program.backward) if isinstance(s, ir.Update) and is_reshaped(s.place)
        }
        self._done: dict[ir.Expr, ir.Expr] = {}

    def statement(self, statement: ir.Statement) -> list[ir.Statement]:
        """The statement as it is written; what is written to a reshape of an array must reach it, which is no copy."""
        if isinstance(statement, ir.Loop):
            return self.loop(statement)
        expr, target = statement.expr, statement.target
        if isinstance(statement, ir.Update):
            expr = self.lowered(expr)
            into_gradient = target is self.program.gradient and not statement.add
            return [replace(statement, expr=_by_ones(statement, expr) if into_gradient else expr)]
        if isinstance(expr, ir.Concat):
            return self.pieces(target, expr)
        expr = self.lowered(expr)
        in_order = target not in self.reshaped or isinstance(expr, ir.Zeros)
        return [ir.Define(target, expr if in_order else InMemoryOrder(expr))]

    def loop(self, loop: ir.Loop) -> list[ir.Statement]:
        """A loop; what is joined to be carried is an array of its own."""
        before: list[ir.Statement] = []
        body = [line for statement in loop.body for line in self.statement(statement)]

        def left(expr: ir.Expr, lines: list[ir.Statement]) -> ir.Expr:
            if isinstance(expr, ir.Reshape):
                return reshape(left(expr.inside, lines), expr.into)
            joined = expr.inside if isinstance(expr, ir.Expand) else expr
            if isinstance(joined, ir.Concat):
                shared = Shared(of=expr)
                lines += self.pieces(shared, joined)
                return shared
            return self.lowered(self.in_memory_order(expr))

        carried = [replace(c, first=left(c.first, before), after=left(c.after, body)) for c in loop.carried]
        stacked = [replace(s, source=self.lowered(self.in_memory_order(s.source))) for s in loop.stacked]
        collected = [replace(c, expr=self.lowered(c.expr)) for c in loop.collected]
        return [*before, replace(loop, body=body, carried=carried, stacked=stacked, collected=collected)]

    def pieces(self, target: ir.Array, joined: ir.Concat) -> list[ir.Statement]:
        """An empty array, of which each piece of a join is assigned."""
        empty = ir.Define(target, ir.Zeros(target.shape, assigned=True))
        return [empty, *(self._piece(target, *place) for place in joined.places)]

    def _piece(self, target: ir.Array, start: int, stop: int, piece: ir.Expr) -> ir.Update:
        """One piece of a join is assigned; one of length 1 without its axis."""
        is_one, rest = stop - start == 1, target.lengths[1:]
        lengths = rest if is_one else (stop - start, *rest)
        place = ir.View(target, lengths, ir.contiguous(lengths), start * prod(rest))
        return ir.Update(place, self.lowered(rearrange(piece, range(is_one, len(piece.shape)))), False)

    def lowered(self, expr: ir.Expr) -> ir.Expr:
        """The expression, and all that it is made of, as they are written."""
        if isinstance(expr, ir.Array) or not expr.operands:
            return expr
        found = self._done.get(expr)
        if found is None:
            found = self._done[expr] = self._lowered(expr)
        return found

    def _lowered(self, expr: ir.Expr) -> ir.Expr:
        if isinstance(expr, ir.View | ir.Take):
            return self._read(expr)
        if isinstance(expr, ir.Contract):
            found = as_products(self._with_factors(expr))
            return ir.rebuilt(found, self.lowered) if isinstance(found, ir.Contract) else self.lowered(found)
        if isinstance(expr, ir.Reshape) and _is_all_in_order(expr.inside):
            return reshape(self.lowered(expr.inside.operands[0]), expr.shape)
        if isinstance(expr, ir.Rearrange):
            return permuted(self.lowered(expr.inside), expr.order)
        if isinstance(expr, ir.Reshape):
            return reshape(self.lowered(expr.inside), expr.into)
        if isinstance(expr, ir.Apply | ir.Where | ir.Expand):
            return ir.rebuilt(expr, lambda operand: self.lowered(self.in_memory_order(operand)))
        return ir.rebuilt(expr, self.lowered)

    def _read(self, expr: ir.View | ir.Take) -> ir.Expr:
        """A view in the order of its array, rearranged; those of parameters have names as they are."""
        if isinstance(expr, ir.View):
            if expr.source is self.program.theta and expr.part in self.program.alike:
                return expr  # it has a name as it is
            part = expr.along(expr.order)
            if part != expr:
                return permuted(self.lowered(part), _axes(expr, expr.order))
            return expr if isinstance(expr.source, ir.Array) else replace(expr, source=self.lowered(expr.source))
        return expr

    def in_memory_order(self, expr: ir.Expr) -> ir.Expr:
        """Inputs that are read element by element are copied first; a single row is one in memory."""
        if expr is self.program.inputs:
            return InMemoryOrder(expr)
        if not isinstance(expr, ir.View) or expr.source is not self.program.inputs or not expr.kept:
            return expr
        copy = InMemoryOrder(expr.along(expr.kept))
        return copy if len(copy.shape) == len(expr.shape) else ir.Rearrange(copy, _axes(expr, expr.kept))

    def _with_factors(self, expr: ir.Contract) -> ir.Contract:
        """A product of each sample's own takes inputs in the order of the memory, one of matrices takes them in any."""
        if "B" not in expr.out or ir.B not in expr.left.shape or ir.B not in expr.right.shape:
            return expr
        return replace(expr, left=self.in_memory_order(expr.left), right=self.in_memory_order(expr.right))


def least_uses(theta: ir.Array, expr: ir.Expr) -> int:
    """From how many uses on an expression is worth a line of its own; 0 if it is not.

    It is where something is copied, reshaped or compared; slices cost nothing, and parts of theta have names.
    """
    if isinstance(expr, InMemoryOrder):
        return 1
    if isinstance(expr, ir.Reshape) and is_permuted(expr.inside):
        return 1 if isinstance(_innermost(expr.inside), ir.View | ir.Take | ir.Array) else 2
    if isinstance(expr, ir.View | ir.Take) and (expr.source is theta or not isinstance(expr.source, ir.Array)):
        return 0
    if isinstance(expr, ir.View):
        return 2 if expr.steps is None or is_reshaped(expr) else 0
    return 2 if isinstance(expr, ir.Where | ir.Take) or is_boolean(expr) else 0


def is_boolean(expr: ir.Expr) -> bool:
    """Whether NumPy gives truth values for it."""
    if isinstance(expr, Shared):
        return is_boolean(expr.of)
    return isinstance(expr, ir.Apply) and expr.op.name in ("greater", "equal")


def _innermost(expr: ir.Expr) -> ir.Expr:
    while isinstance(expr, ir.Rearrange | ir.Reshape):
        expr = expr.inside
    return expr


def is_reshaped(place: ir.Expr) -> bool:
    """Whether a place in an array is a part of a reshape of it."""
    if isinstance(place, ir.View) and place.steps:
        return place.steps.dims != place.own or place.steps.order != tuple(range(len(place.steps.order)))
    return isinstance(place, ir.Take) and len(place.source.shape) - place.sampled > 1


def _axes(view: ir.View, kept: list[int]) -> tuple[int | None, ...]:
    """For each axis of the view its place among those that are kept, or None for one of length 1."""
    own = [kept.index(axis) if axis in kept else None for axis in range(len(view.lengths))]
    return (*own, *[len(view.kept)] * view.sampled)


def _is_all_in_order(expr: ir.Expr) -> bool:
    """Whether it is a view of all elements in order, if perhaps in another shape."""
    return (
        isinstance(expr, ir.View)
        and expr.strides == ir.contiguous(expr.lengths)
        and prod(expr.lengths) == prod(expr.own)
    )


def _by_ones(statement: ir.Update, expr: ir.Expr) -> ir.Expr:
    """The sum over the batch of an array as a product with ones: half the time of a sum."""
    if isinstance(expr, ir.Reduce) and isinstance(expr.inside, ir.Array) and is_contiguous(statement.place):
        shape = expr.inside.shape
        if expr.kind == "sum" and shape[-1:] == (ir.B,) and expr.axes == (len(shape) - 1,) and len(shape) <= 2:
            return MatMul(expr.inside, Ones())
    return expr


def is_contiguous(place: ir.Expr) -> bool:
    """Whether a place is contiguous in a vector."""
    return isinstance(place, ir.Array) or (isinstance(place, ir.View) and place.strides == ir.contiguous(place.lengths))
