"""Pass 6, differentiate: an array program gets the statements of its gradient, derived from the rule rows.

For each statement, last to first: what flows back to its target, times the local derivative by each operand, summed
over the axes along which that operand was repeated, is added to the adjoint of the array that it was read from. Which
axes these are follows from the shapes of the two; there is one rule for each kind of expression, and no other place
where an axis is summed.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from copy import copy
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from .. import ops
from . import ir
from .algebra import apply, contract, derivatives, expand, mul, rearrange, reshape, summed
from .backwards import backwards
from .holes import reads_any
from .naming import Hint

WEIGHT = ir.Symbol("weight")


def differentiate(program: ir.ArrayProgram) -> ir.ArrayProgram:
    """The program with its backward statements: the gradient of ``weight`` times the output, summed over the batch.

    A program of several outputs, or of one that is more than a number a sample, stays as it is.

    >>> from autograd import Value
    >>> from .fold import fold
    >>> from .layout import layout
    >>> from .lift import lift
    >>> from .record import record
    >>> x, w = Value(1.0), Value(2.0)
    >>> print(differentiate(layout(lift(fold(record([(w * x).tanh()], [x]))))))
    p1 (B) = mul(theta[0: shape (), strides ()], x[0: shape (), strides ()])
    tanh1 (B) = tanh(p1)
    dp1 (B) = mul(weight, sub(1, mul(tanh1, tanh1)))
    grad[0: shape (), strides ()] = sum over (0,) of mul(dp1, x[0: shape (), strides ()])
    return tanh1
    """
    if len(program.outputs) != 1 or program.outputs[0].shape not in ((), (ir.B,)):
        return program
    reverse = Reverse(program)
    reverse.run()
    return replace(
        program,
        statements=[reverse.loops.get(statement, statement) for statement in program.statements],
        backward=reverse.adjoints.statements,
        gradient=reverse.adjoints.gradient.array,
        hints={**program.hints, **reverse.hints},
    )


class Reverse:
    """The way back through a program."""

    def __init__(self, program: ir.ArrayProgram) -> None:
        self.program, self.adjoints = program, _Adjoints(program.theta)
        self.active = {program.theta}
        self.target = program.theta
        self.joined: ir.Expr = program.theta
        """What the target is, whose adjoint knows where anything has flowed to."""
        self.loops: dict[ir.Statement, ir.Loop] = {}
        """The loops that collect what their way back reads."""
        self.hints: dict[ir.Array | ir.Part, Hint] = {}
        self.activate(program.statements)

    def run(self) -> None:
        (output,) = self.program.outputs
        if self.is_active(output):
            # Where the output is the same for all samples, it counts as often as there are any.
            full = (ir.B,) if self.program.inputs.size and not output.shape else ()
            self.back(output, summed(WEIGHT, full, range(len(full))))
            self.through_all(self.program.statements)
        self.adjoints.finish()

    def through_all(self, statements: Sequence[ir.Statement]) -> None:
        """Back through these statements, last to first, as far as anything flows to what they make."""
        for statement in reversed(statements):
            if isinstance(statement, ir.Loop):
                if any(array in self.adjoints for array in ir.made(statement)):
                    self.loops[statement] = backwards(self, statement)
            elif statement.target in self.adjoints:
                self.statement(statement, self.adjoints[statement.target])

    def activate(self, statements: Sequence[ir.Statement]) -> None:
        """Find out through which arrays a gradient flows; in a loop that may show after some steps alone."""
        for statement in statements:
            if not isinstance(statement, ir.Loop):
                self.active |= {statement.target} if self.is_active(statement.expr) else set()
                continue
            before = None
            while before != len(self.active):
                before = len(self.active)
                self.active |= {each.leaf for each in statement.stacked if self.is_active(each.source)}
                self.active |= {
                    each.leaf for each in statement.carried if self.is_active(each.first) or self.is_active(each.after)
                }
                self.activate(statement.body)
            self.active |= {each.target for each in statement.collected if self.is_active(each.expr)}

    def within(self, inside: Set[ir.Array]) -> Reverse:
        """The same for the body of a loop that has these arrays; what flows to others is put aside."""
        inner = copy(self)
        inner.adjoints = _Adjoints(self.program.theta, inside)
        return inner

    def is_active(self, expr: ir.Expr) -> bool:
        """Whether a gradient flows through the expression to a parameter."""
        if isinstance(expr, ir.Array):
            return expr in self.active
        if (isinstance(expr, ir.Apply) and not expr.op.partials) or (
            isinstance(expr, ir.Reduce) and expr.kind == "max"
        ):
            return False  # a maximum of many is only ever taken where no gradient flows
        return any(map(self.is_active, expr.operands))

    def statement(self, statement: ir.Define | ir.Update, flow: ir.Expr) -> None:
        """Back through one statement, which makes an array."""
        if not isinstance(statement, ir.Define):
            raise TypeError(f"an array that is updated cannot be differentiated: {ir.text(statement.place, {})}")
        self.joined = expr = statement.expr
        self.target = target = statement.target
        if isinstance(expr, ir.Apply):
            self.through(expr, flow, target, target.holes)
        else:
            self.back(expr, flow)

    def back(self, expr: ir.Expr, flow: ir.Expr) -> None:
        """What flows back to an expression: to the arrays that it is made of. One rule for each kind."""
        if not self.is_active(expr):
            return
        if isinstance(expr, ir.Array | ir.View | ir.Take):
            self.adjoints.add(expr, flow)
        elif isinstance(expr, ir.Apply):
            self.through(expr, flow, expr)
        elif isinstance(expr, ir.Where):
            self.repeated(expr.inside, ir.Where(expr.mask, flow, 0.0), expr.shape)
        elif isinstance(expr, ir.Contract):
            self.product(expr, flow)
        elif isinstance(expr, ir.Reduce | ir.Rearrange):
            self.back(expr.inside, rearrange(flow, _axes_back(expr)) if flow.shape else flow)
        elif isinstance(expr, ir.Expand):
            self.repeated(expr.inside, flow, expr.shape)
        elif isinstance(expr, ir.Reshape):
            self.back(expr.inside, reshape(expand(flow, expr.shape), expr.inside.shape))
        elif isinstance(expr, ir.Concat):
            self.pieces(expr, expand(flow, expr.shape))
        else:
            raise TypeError(f"there is no rule to differentiate {type(expr).__name__}: {expr}")

    # ---- the kinds of expressions

    def repeated(self, expr: ir.Expr, flow: ir.Expr, full: ir.Shape) -> None:
        """The flow comes from where the expression was repeated to the full shape."""
        if expr.shape:
            axes = [axis for axis, length in enumerate(expr.shape) if length != full[axis]]
            self.back(expr, summed(flow, full, axes))
        else:
            total = summed(flow, full, range(len(full)))
            self.back(expr, rearrange(total, ()) if total.shape else total)

    def through(self, expr: ir.Apply, flow: ir.Expr, out: ir.Expr, holes: ir.Flags | None = None) -> None:
        """An operation: the flow times each local derivative. Those of a square are one, which counts twice (2 %)."""
        arguments, slopes = expr.arguments, derivatives(expr.op, out, expr.arguments)
        if expr.op is ops.MUL and arguments[0] == arguments[1]:
            arguments, flow = arguments[:1], mul(ir.Number(2.0), flow)
        for argument, slope in zip(arguments, slopes, strict=False):
            if self.is_active(argument):
                found = apply(ops.MUL, flow, slope)
                if holes is not None and reads_any(slope, self.program.infinite):
                    found = ir.Where(
                        ir.Constant(~holes[..., None] if len(expr.shape) > holes.ndim else ~holes), found, 0.0
                    )
                self.repeated(argument, found, expr.shape)

    def product(self, expr: ir.Contract, flow: ir.Expr) -> None:
        """A contraction by one factor is one of the flow and the other factor."""
        on_left, on_right = expr.left_letters, expr.right_letters
        sizes = dict(zip(on_left, expr.left.shape, strict=True)) | dict(zip(on_right, expr.right.shape, strict=True))
        sides = [(expr.left, on_left, expr.right, on_right), (expr.right, on_right, expr.left, on_left)]
        if expr.left == expr.right and on_left == on_right:
            sides, flow = sides[:1], mul(ir.Number(2.0), flow)
        for factor, wanted, other, letters in sides:
            if self.is_active(factor):
                self.back(factor, contract(flow, expr.out, other, letters, wanted, sizes))

    def pieces(self, expr: ir.Concat, flow: ir.Expr) -> None:
        """Each piece gets its part, unless nothing has flowed there at all."""
        for start, stop, piece in expr.places:
            flowed = expr != self.joined or self.adjoints.reaches(self.target, slice(start, stop))
            if self.is_active(piece) and flowed:
                lengths = (stop - start, *(length for length in expr.shape[1:] if isinstance(length, int)))
                steps = ir.contiguous(lengths)
                part = ir.read(flow, lengths, steps, start * prod(lengths[1:]))
                self.repeated(piece, part, part.shape)


def _axes_back(expr: ir.Reduce | ir.Rearrange) -> list[int | None]:
    """For each axis of what is inside the axis of the result that it became; None if it is gone."""
    axes = range(len(expr.inside.shape))
    if isinstance(expr, ir.Rearrange):
        return [expr.order.index(axis) if axis in expr.order else None for axis in axes]
    left = [axis for axis in axes if axis not in expr.axes]
    return [left.index(axis) if axis in left else None for axis in axes]


# ---- adjoints


@dataclass
class _Adjoint:
    """What has been added up for one array so far, an expression that stands for it: an array, or a number.

    ``reached`` are its places to which anything has flowed. Unless it starts ``from_zeros``, each of them was assigned
    before it was added to.
    """

    array: ir.Array
    value: ir.Expr
    reached: ir.Flags
    owned: bool = True
    """Whether its array is this adjoint's own, to be added to in place."""
    from_zeros: bool = False
    made: int | None = None
    """The number of the statement that makes its zeros, or an empty array if that will do."""

    def reach(self, places: ir.Ints) -> bool:
        """These places are reached; whether to add: they are assigned if none of them was, unless zeros are needed."""
        before = self.reached[places]
        self.reached[places] = True
        if self.from_zeros or not before.any():
            return self.from_zeros
        self.from_zeros = not before.all()
        return True

    @property
    def is_assigned(self) -> bool:
        """Whether no zeros are needed anywhere."""
        return not self.from_zeros and bool(self.reached.all())


class _Adjoints:
    """The adjoints of all arrays, and the statements that add them up."""

    def __init__(self, theta: ir.Array, inside: Set[ir.Array] | None = None) -> None:
        self.statements: list[ir.Statement] = []
        self.theta, self.inside = theta, inside
        self.outside: list[tuple[ir.Array | ir.View | ir.Take, ir.Expr]] = []
        """What flows to where arrays were read that are not ``inside``, if that is given."""
        self._of: dict[ir.Array, _Adjoint] = {}
        self._whole: list[ir.Expr] = []
        gradient = ir.Array(theta.lengths)
        self.gradient = _Adjoint(gradient, gradient, np.zeros(theta.size, dtype=bool))

    def __contains__(self, array: ir.Array) -> bool:
        return array in self._of

    def __getitem__(self, array: ir.Array) -> ir.Expr:
        """The adjoint of an array, once every use of the array has been added."""
        adjoint = self._of[array]
        if adjoint.made is not None and adjoint.is_assigned:
            made = self.statements[adjoint.made]
            assert isinstance(made, ir.Define)
            self.statements[adjoint.made] = ir.Define(made.target, ir.Zeros(made.target.shape, assigned=True))
        return adjoint.value

    def reaches(self, array: ir.Array, places: slice) -> bool:
        """Whether anything has flowed to these places of an array.

        What nothing has must not get a 0: times inf, that is nan.
        """
        return bool(self._of[array].reached[places].any())

    def add(self, place: ir.Array | ir.View | ir.Take, flow: ir.Expr) -> None:
        """Add what flows back to where something was read; the flow has the axes of what was read."""
        array = place if isinstance(place, ir.Array) else place.source
        assert isinstance(array, ir.Array)
        if self.inside is not None and array not in self.inside:
            self.outside.append((place, flow))
            return
        read: ir.Expr = place
        if isinstance(place, ir.View):
            order = [*place.order, *[len(place.lengths)] * place.sampled]
            read, flow = place.along(place.order), rearrange(flow, order) if flow.shape else flow
        if read is self.theta:
            self._whole.append(flow)
        elif read is array:
            self._to_whole(array, flow)
        elif isinstance(read, ir.View) and array not in self._of and array is not self.theta and _fills(read, flow):
            self._to_whole(array, reshape(flow, array.shape))
        else:
            assert isinstance(read, ir.View | ir.Take)
            self._put(read, self.gradient if array is self.theta else self._in_parts(array), flow)

    def finish(self) -> None:
        """Add what flows back to theta as a whole, after its parts, which are assigned and need no zeros then."""
        everywhere = np.arange(self.theta.size)
        for flow in self._whole:
            self.statements.append(ir.Update(self.gradient.array, flow, self.gradient.reach(everywhere)))
        if not self.gradient.is_assigned:
            self.statements.insert(0, ir.Update(self.gradient.array, ir.Number(0.0), False))

    # ---- arrays

    def _define(self, array: ir.Array, expr: ir.Expr) -> ir.Array:
        shape = expr.shape
        sampled = shape[-1:] == (ir.B,)
        lengths = tuple(n for n in shape if not isinstance(n, ir.Batch))
        target = ir.Array(lengths, sampled, derivative_of=array)
        self.statements.append(ir.Define(target, expr))
        return target

    def _to_whole(self, array: ir.Array, flow: ir.Expr) -> None:
        adjoint, everywhere = self._of.get(array), np.ones(array.size, dtype=bool)
        if adjoint is None and (isinstance(flow, ir.Array | ir.Number | ir.Symbol) or _is_collected(flow)):
            self._of[array] = _Adjoint(array, flow, everywhere, owned=False)
        elif adjoint is None:
            self._of[array] = _Adjoint(array, self._define(array, flow), everywhere, _is_computed(flow))
        elif adjoint.owned and _is_repeated(flow.shape, adjoint.value.shape):
            adjoint.from_zeros |= not adjoint.reached.all()
            adjoint.reached = everywhere
            assert isinstance(adjoint.value, ir.Array)
            self.statements.append(ir.Update(adjoint.value, flow, True))
        else:
            total = apply(ops.ADD, adjoint.value, flow)
            self._of[array] = _Adjoint(array, self._define(array, total), everywhere, _is_computed(total))

    def _in_parts(self, array: ir.Array) -> _Adjoint:
        """The adjoint of an array as one that parts can be added to."""
        adjoint = self._of.get(array)
        if adjoint and adjoint.owned and adjoint.value.shape == array.shape:
            return adjoint
        zeros = ir.Zeros(array.shape)
        if adjoint:
            value = self._define(array, apply(ops.ADD, zeros, adjoint.value))
            self._of[array] = _Adjoint(array, value, adjoint.reached, from_zeros=True)
        else:
            made = len(self.statements)
            nowhere = np.zeros(array.size, dtype=bool)
            self._of[array] = _Adjoint(array, self._define(array, zeros), nowhere, made=made)
        return self._of[array]

    def _put(self, place: ir.View | ir.Take, adjoint: _Adjoint, flow: ir.Expr) -> None:
        """Add at the place: through a view, or element by element."""
        if isinstance(place, ir.View) and place.steps:
            where_to: ir.View | ir.Take = ir.View(adjoint.value, place.lengths, place.strides, place.offset)
            add = adjoint.reach(place.picked)
        else:
            picked = place.picked if isinstance(place, ir.View) else place.picked.values
            if isinstance(flow, ir.Where) and flow.otherwise == 0.0:  # a hole adds 0, it does not matter where
                mask = flow.mask.values[..., 0] if place.sampled else flow.mask.values
                picked = np.where(mask, picked, 0) if mask.shape == picked.shape else picked
            where_to = ir.Take(adjoint.value, ir.Constant(picked))
            if len(np.unique(picked)) == picked.size:
                add = adjoint.reach(picked.ravel())
            else:
                adjoint.from_zeros, add = True, True
                adjoint.reached[picked] = True
        self.statements.append(ir.Update(where_to, flow, add))


def _is_computed(expr: ir.Expr) -> bool:
    """Whether the result is a new array, and no view of another."""
    if isinstance(expr, ir.Reshape | ir.Rearrange):
        return _is_computed(expr.inside)
    return bool(expr.shape) and isinstance(expr, ir.Apply | ir.Where | ir.Contract | ir.Reduce | ir.Concat | ir.Zeros)


def _is_collected(flow: ir.Expr) -> bool:
    """Whether it is what a loop has collected, in another order: who reads it is to know how it lies in memory."""
    if not (isinstance(flow, ir.Rearrange) and isinstance(flow.inside, ir.Array) and flow.inside.stack_of):
        return False
    return {*flow.order} == {*range(len(flow.inside.shape))}


def _is_repeated(shape: ir.Shape, full: ir.Shape) -> bool:
    """Whether one shape is repeated to the other."""
    return not shape or (len(shape) == len(full) and all(a in (1, b) for a, b in zip(shape, full, strict=True)))


def _fills(view: ir.View, flow: ir.Expr) -> bool:
    """Whether the flow, reshaped, is an adjoint for all of the view's array."""
    whole = ir.Part(view.lengths, ir.contiguous(view.lengths), 0)
    return view.part == whole and prod(view.lengths) == prod(view.own) and flow.shape == view.shape
