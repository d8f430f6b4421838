"""Pass 5, emit, its second half: the backward pass, derived from the rule rows.

For each statement, last to first: its adjoint ``g`` times the local derivative by each operand, summed over the axes
along which the operand was repeated, is added to the adjoint of the array that the operand was read from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeGuard

from ... import ops
from ..lifting.groups import LETTERS
from ..placing.arrays import BATCH, Array, Numbers, Operand, Readable, View
from ..placing.statements import DotStatement, JoinStatement, MapStatement, ReduceStatement, Statement
from .adjoints import Adjoints
from .code import ATOM, COMPARISON, PRODUCT, Code, Into, Naming, call, derivatives
from .contraction import Tensor, contract, times
from .forward import Forward
from .views import broadcast, over, subscript

ONES = replace(call("ones", Code(BATCH)), naming=Naming("ones", 1))


class Reverse:
    """Writes the backward pass of a program whose forward pass is written."""

    def __init__(self, forward: Forward) -> None:
        self.forward, self.program, self.reader = forward, forward.program, forward.reader
        self.lines = forward.written.backward
        self.adjoints = Adjoints(self.reader, self.lines)
        self.active = {self.program.theta}
        self._once: set[Array] = set()
        self._uses: Counter[Array] = Counter(x.array for x in self.program.outputs if not isinstance(x, Numbers))
        for statement in filter(_is_differentiable, self.program.statements):
            active = sum(map(self._is_active, _factors(statement)))
            if active:
                self.active.add(statement.target)
            if active == 1 and isinstance(statement, MapStatement):
                self._once.add(statement.target)
            self._uses.update(x.array for x in statement.operands if not isinstance(x, Numbers))

    def write(self, output: Operand) -> None:
        """The gradient of ``weight`` times the output, summed over the batch."""
        if self._is_active(output):
            alone = output.sampled or not self.program.inputs.size
            self.add(output, Code("weight") if alone else Code(f"{BATCH} * weight", binds=PRODUCT))
            for statement in reversed(self.program.statements):
                if statement.target in self.adjoints:
                    self.statement(statement, self.adjoints[statement.target])
        self.adjoints.finish()

    def statement(self, statement: Statement, g: Code) -> None:
        """What flows back through one statement."""
        if isinstance(statement, MapStatement):
            self._map(statement, g)
        elif isinstance(statement, DotStatement):
            self._dot(statement, g)
        elif isinstance(statement, ReduceStatement):
            self._sum(statement, g)
        else:
            self._join(statement, g)

    def add(self, operand: Readable, flow: Code) -> None:
        """Add to the adjoint of what the operand reads."""
        self.adjoints.add(operand, flow, operand.array in self._once and self._uses[operand.array] == 1)

    def _is_active(self, operand: Operand) -> TypeGuard[Readable]:
        """Whether any parameter is behind it."""
        return not isinstance(operand, Numbers) and operand.array in self.active

    # ---- the kinds of statements

    def _map(self, statement: MapStatement, g: Code) -> None:
        target = statement.target
        out, arguments = Code(target.name, axes=target.axes), self.forward.arguments(statement)
        twice = Code.of(2.0 if _is_square(statement) else 1.0)
        for operand, rule in zip(_factors(statement), derivatives(statement.op), strict=False):
            if self._is_active(operand):
                partial = Code.of(rule(out, *arguments))
                flow = twice * g * partial
                if target.holes is not None and self.reader.holes.may_be_infinite(partial):
                    flow = self.reader.where(~target.holes, target.sampled, flow, 0.0)
                self.add(operand, self._summed(flow, self._repeated(operand, target), target))

    def _dot(self, statement: DotStatement, g: Code) -> None:
        target, (left_letters, right_letters, out) = statement.target, statement.letters
        factor = Code.of(2.0 if _is_square(statement) else 1.0) * g
        upstream = Tensor(broadcast(factor, target), out) if factor.axes else Tensor(factor, "")
        left, right = self.reader.factors(statement)
        sides = [(statement.left, left_letters, right), (statement.right, right_letters, left)]
        for operand, letters, other in sides[: len(_factors(statement))]:
            if not self._is_active(operand):
                continue
            read = operand if operand.mask is not None else operand.in_order
            kept = letters if operand.mask is not None else "".join(letters[axis] for axis in operand.order)
            wanted = kept + BATCH * operand.sampled
            flow = contract(upstream, other, wanted, statement.sizes)
            if operand.mask is not None:
                grid = Array("", operand.shape, operand.sampled)
                flow = self._summed(self.reader.masked(operand, flow), operand.repeated, grid)
            self.add(read, flow)

    def _sum(self, statement: ReduceStatement, g: Code) -> None:
        operand, target = statement.operand, statement.target
        if not self._is_active(operand):
            return
        remaining = [axis for axis in operand.order if axis < len(target.shape)]
        order = list(range(len(operand.shape)))
        if operand.mask is None and not operand.repeated and remaining == sorted(remaining):
            operand, order = operand.in_order, operand.order
        grid = Array("", operand.shape, target.sampled)
        flow = g
        if g.axes:
            picks = [":" if axis < len(target.shape) else "None" for axis in order] + [":"] * target.sampled
            axes = frozenset(place for place, pick in enumerate(picks) if pick == ":")
            flow = replace(broadcast(g, target).then(subscript(picks)), axes=axes)
        if operand.mask is not None:
            flow = self.reader.masked(operand, flow)
        self.add(operand, self._summed(flow, operand.repeated, grid))

    def _join(self, statement: JoinStatement, g: Code) -> None:
        g = broadcast(g, statement.target)
        for start, stop, piece in statement.places:
            if self._is_active(piece) and self.adjoints.reaches(statement.target, slice(start, stop)):
                grid = Array("", piece.shape, statement.target.sampled)
                flow = g.then(f"[{start}:{stop}]" if piece.shape else f"[{start}]", grid.axes)
                self.add(piece, self._summed(flow, self._repeated(piece, grid), grid))

    # ---- pieces of the chain rule

    def _repeated(self, operand: Readable, grid: Array) -> list[int]:
        """The axes of the grid along which the operand was repeated: the batch too, where only the grid has one."""
        return operand.repeated + [len(grid.shape)] * (grid.sampled and not operand.sampled)

    def _summed(self, flow: Code, repeated: Sequence[int], grid: Array) -> Code:
        """Summed over these axes of the grid; an axis along which it does not vary counts as often as it is long."""
        if not repeated:
            return flow
        if not flow.axes:
            sizes = dict(zip(LETTERS, (grid.lengths[axis] for axis in repeated), strict=False))
            return times("".join(sizes), sizes) * flow
        if flow.opposite:
            return -self._summed(flow.opposite, repeated, grid)
        full = broadcast(flow, grid)
        total = over(full, "sum", repeated)
        into = Code(total.template[:-1] + ", out={out})", total.parts)
        if full.is_name and list(repeated) == [len(grid.shape)] and len(grid.shape) <= 1:
            into = Code("np.dot({}, {}, out={out})", ((full, COMPARISON), (ONES, ATOM)))  # half the time of a sum
        return replace(total, axes=frozenset(range(len(grid.axes) - len(repeated))), into=Into(into))


def _is_differentiable(statement: Statement) -> bool:
    """Whether a gradient flows through; a maximum of many is only ever taken where none does."""
    if isinstance(statement, MapStatement):
        return bool(statement.op.partials)
    return not (isinstance(statement, ReduceStatement) and statement.op is ops.MAXIMUM)


def _is_square(statement: Statement) -> bool:
    """Whether it is a product of something with itself: both factors get the same, so one gets twice as much."""
    if isinstance(statement, DotStatement):
        return statement.axes[1:3] == (0, 0) and _alike(*statement.operands)
    return isinstance(statement, MapStatement) and statement.op is ops.MUL and _alike(*statement.operands)


def _alike(x: Operand, y: Operand) -> bool:
    return (
        isinstance(x, View)
        and isinstance(y, View)
        and x.mask is y.mask is None
        and (x.array, x.part, x.strides) == (y.array, y.part, y.strides)
    )


def _factors(statement: Statement) -> tuple[Operand, ...]:
    """The operands, but of a square only one."""
    return statement.operands[:1] if _is_square(statement) else statement.operands
