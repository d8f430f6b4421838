"""Pass 5, emit, its first half: the statements of the array program as lines of NumPy."""

from __future__ import annotations

from math import inf, prod

from ... import ops
from ..placing.arrays import Numbers, Operand
from ..placing.statements import ArrayProgram, DotStatement, JoinStatement, MapStatement, Statement
from .code import Code, apply
from .contraction import contract
from .reading import Reader, Written
from .sharing import Line
from .views import broadcast, over


class Forward:
    """Writes the forward pass."""

    def __init__(self, program: ArrayProgram) -> None:
        self.program = program
        self.written = Written()
        self.reader = Reader(program, self.written)

    def write(self) -> None:
        """A line for each statement, or several."""
        for statement in self.program.statements:
            target = statement.target
            if isinstance(statement, JoinStatement):
                self._join(statement)
            else:
                named = target.name in self.program.names.labelled
                line = Line(target.name, self._expression(statement), comment=target.comment, named=named)
                self.written.forward.append(line)
                self.reader.holes.made(statement, line)
        for output in self.program.outputs:
            self.written.outputs.append(self.reader.elementwise(output, len(output.shape), output.sampled))

    def _expression(self, statement: Statement) -> Code:
        """The right-hand side."""
        if isinstance(statement, MapStatement):
            return apply(statement.op, *self.arguments(statement))
        if isinstance(statement, DotStatement):
            product = contract(*self.reader.factors(statement), statement.letters[2], statement.sizes)
            return broadcast(product, statement.target)
        assert not isinstance(statement, JoinStatement)
        return self._reduction(statement.operand, len(statement.target.shape), statement.op)

    def arguments(self, statement: MapStatement) -> list[Code]:
        """The operands of an operation on elements."""
        axes, sampled = len(statement.target.shape), statement.target.sampled
        return [self.reader.elementwise(operand, axes, sampled) for operand in statement.operands]

    def _reduction(self, operand: Operand, kept: int, op: ops.Operation) -> Code:
        """A sum or maximum over all axes from ``kept`` on."""
        assert not isinstance(operand, Numbers)  # lift makes sums of numbers a number
        method, least = ("sum", 0.0) if op is ops.ADD else ("max", -inf)
        operand = self.reader.holes.filled(operand, least)
        if operand.mask is not None:
            value = self.reader.elementwise(operand, len(operand.shape), operand.sampled)
            return over(self.reader.masked(operand, value, least), method, range(kept, len(operand.shape)))
        remaining = [axis for axis in operand.order if axis < kept]
        in_order = remaining == sorted(remaining)
        code = self.reader.part(operand.in_order if in_order else operand)
        axes = operand.order if in_order else operand.kept
        result = over(code, method, [place for place, axis in enumerate(axes) if axis >= kept])
        times = prod(operand.shape[axis] for axis in operand.repeated if axis >= kept)
        return result * float(times) if op is ops.ADD else result

    def _join(self, statement: JoinStatement) -> None:
        target = statement.target
        self.written.forward.append(Line(target.name, Code(f"np.empty({target.shape_text})"), comment=target.comment))
        for start, stop, piece in statement.places:
            value = self.reader.elementwise(piece, len(piece.shape), target.sampled)
            self.written.forward.append(Line(f"{target.name}[{start}:{stop}]", value))
