"""Pass 5, emit, its second half: the backward pass, derived from the rule rows.

For each statement, last to first: its adjoint ``g`` times the local derivative by each operand, summed over the axes
along which the operand was repeated, is added to the adjoint of the array that the operand was read from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from .. import ops
from .adjoints import Adjoints
from .arrays import (
    BATCH,
    LETTERS,
    Array,
    ArrayProgram,
    DotStatement,
    Gather,
    JoinStatement,
    MapStatement,
    Numbers,
    Operand,
    ReduceStatement,
    Statement,
    View,
)
from .code import ATOM, PRODUCT, Code, derivatives
from .contraction import Tensor, contract, product
from .forward import Forward
from .reading import Line, Written, subscript


def write(program: ArrayProgram) -> Written:
    """The array program as text; its gradient too, if it has one output."""
    forward = Forward(program)
    forward.write()
    forward.written.differentiated = len(program.outputs) == 1 and program.outputs[0].shape == ()
    if forward.written.differentiated:
        Reverse(forward).write(program.outputs[0])
    forward.name_views()
    return forward.written


class Reverse:
    """Writes the backward pass of a program whose forward pass is written."""

    def __init__(self, forward: Forward) -> None:
        self.forward, self.program, self.reader = forward, forward.program, forward.reader
        self.lines = self.reader.lines = forward.written.backward
        self.adjoints = Adjoints(self.reader, self.lines)
        self.active: set[Array | None] = {self.program.theta}
        for statement in self.program.statements:
            if _is_differentiable(statement) and any(x.array in self.active for x in statement.operands):
                self.active.add(statement.target)
        self._uses = Counter(x.array for s in self.program.statements if _is_differentiable(s) for x in s.operands)
        self._uses.update(x.array for x in self.program.outputs)
        self._once = {
            statement.target
            for statement in self.program.statements
            if isinstance(statement, MapStatement) and sum(x.array in self.active for x in statement.operands) == 1
        }

    def write(self, output: Operand) -> None:
        """The gradient of ``weight`` times the output, summed over the batch."""
        if not isinstance(output, Numbers) and output.array in self.active:
            alone = output.sampled or not self.program.inputs.size
            self.add(output, Code("weight") if alone else Code(f"{BATCH} * weight", PRODUCT), True)
            for statement in reversed(self.program.statements):
                if statement.target in self.adjoints:
                    self.statement(statement, self.adjoints[statement.target])
        self.adjoints.finish()
        if any(", ones, " in line.text for line in self.lines):
            self.lines.insert(0, Line("ones", f"np.ones({BATCH})"))

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

    def add(self, operand: Operand, flow: Code, fresh: bool) -> None:
        """Add to the adjoint of what the operand reads, if any parameter is behind it."""
        if operand.array in self.active:
            assert not isinstance(operand, Numbers)
            self.adjoints.add(operand, flow, fresh, operand.array in self._once and self._uses[operand.array] == 1)

    # ---- the kinds of statements

    def _map(self, statement: MapStatement, g: Code) -> None:
        target, rules = statement.target, derivatives(statement.op)
        out, arguments = Code(target.name, ATOM, target.axes), self.forward.arguments(statement)
        active = [(x, rule) for x, rule in zip(statement.operands, rules, strict=False) if x.array in self.active]
        partials = self._compared_once([Code.of(rule(out, *arguments)) for _, rule in active])
        for (operand, _), partial in zip(active, partials, strict=True):
            flow = g * partial
            total = self._summed(flow, self._repeated(operand, target), target)
            self.add(operand, total, fresh=total.text != g.text)

    def _dot(self, statement: DotStatement, g: Code) -> None:
        target, (left_letters, right_letters, out) = statement.target, statement.letters
        square = _is_square(statement)
        factor = Code.of(2.0) * g if square else g
        if factor.axes and factor.axes != target.axes:
            factor = Code(f"np.broadcast_to({factor}, {target.shape_text})", ATOM, target.axes)
        upstream = Tensor(factor.within(ATOM if factor.axes else PRODUCT), out if factor.axes else "")
        left, right = self.reader.factors(statement)
        sides = [(statement.left, left_letters, right), (statement.right, right_letters, left)]
        for operand, letters, other in sides[: 1 if square else 2]:
            if operand.array not in self.active:
                continue
            assert not isinstance(operand, Numbers)
            kept = letters if operand.mask is not None else "".join(letters[axis] for axis in operand.order)
            wanted = kept + BATCH * operand.sampled
            flow = replace(contract(upstream, other, wanted, statement.sizes), axes=frozenset(range(len(wanted))))
            if operand.mask is not None:
                grid = Array("", operand.shape, operand.sampled)
                flow = self._summed(self.reader.masked(operand, flow), operand.repeated, grid)
            read = operand if operand.mask is not None else operand.in_order
            self.add(read, flow, fresh="broadcast_to" not in flow.text)

    def _sum(self, statement: ReduceStatement, g: Code) -> None:
        operand, target = statement.operand, statement.target
        if operand.array not in self.active:
            return
        assert not isinstance(operand, Numbers)
        remaining = [axis for axis in operand.order if axis < len(target.shape)]
        order = list(range(len(operand.shape)))
        if operand.mask is None and not operand.repeated and remaining == sorted(remaining):
            operand, order = operand.in_order, operand.order
        grid = Array("", operand.shape, target.sampled)
        flow = g
        if g.axes:
            picks = [":" if axis < len(target.shape) else "None" for axis in order] + [":"] * target.sampled
            axes = frozenset(place for place, pick in enumerate(picks) if pick == ":")
            flow = Code(self._full(g, target).within(ATOM) + subscript(picks), ATOM, axes)
        if operand.mask is not None:
            flow = self.reader.masked(operand, flow)
        total = self._summed(flow, operand.repeated, grid)
        self.add(operand, total, fresh=operand.mask is not None or bool(operand.repeated))

    def _join(self, statement: JoinStatement, g: Code) -> None:
        g = self._full(g, statement.target)
        for start, stop, piece in statement.places:
            if piece.array in self.active:
                grid = Array("", piece.shape, statement.target.sampled)
                place = f"{start}:{stop}" if piece.shape else f"{start}"
                flow = Code(f"{g.within(ATOM)}[{place}]", ATOM, grid.axes)
                repeated = self._repeated(piece, grid)
                self.add(piece, self._summed(flow, repeated, grid), bool(repeated))

    # ---- pieces of the chain rule

    def _repeated(self, operand: Operand, grid: Array) -> list[int]:
        """The axes of the grid along which the operand was repeated: the batch too, where only the grid has one."""
        assert not isinstance(operand, Numbers)
        return operand.repeated + [len(grid.shape)] * (grid.sampled and not operand.sampled)

    def _summed(self, flow: Code, repeated: Sequence[int], grid: Array) -> Code:
        """Summed over these axes of the grid; an axis along which it does not vary counts as often as it is long."""
        if not repeated:
            return flow
        if not flow.axes:
            sizes = dict(zip(LETTERS, (grid.lengths[axis] for axis in repeated), strict=False))
            count = product("".join(sizes), sizes)
            return (Code.of(float(count)) if count.isdigit() else Code(count, PRODUCT)) * flow
        if flow.is_negative:
            return -self._summed(-flow, repeated, grid)
        text = self._full(flow, grid).within(ATOM)
        axes = repeated[0] if len(repeated) == 1 else tuple(repeated)
        into = f"{text}.sum({axes}, out={{}})"
        if text.isidentifier() and list(repeated) == [len(grid.shape)] and len(grid.shape) <= 1:
            into = f"np.dot({text}, ones, out={{}})"  # half the time of a sum
        return Code(f"{text}.sum({axes})", ATOM, frozenset(range(len(grid.axes) - len(repeated))), into=into)

    def _full(self, flow: Code, grid: Array) -> Code:
        """The same with all axes of the grid."""
        if flow.axes == grid.axes:
            return flow
        return Code(f"np.broadcast_to({flow}, {grid.shape_text})", ATOM, grid.axes)

    def _compared_once(self, partials: list[Code]) -> list[Code]:
        """Comparisons that stand in several partial derivatives get a name."""
        found = [text for partial in partials for text in parenthesized(partial.text) if " > " in text]
        for text in dict.fromkeys(found):
            if found.count(text) > 1:
                name = self.program.names.numbered("more")
                self.lines.append(Line(name, text[1:-1]))
                partials = [replace(partial, text=partial.text.replace(text, name)) for partial in partials]
        return partials


def _is_differentiable(statement: Statement) -> bool:
    """Whether a gradient flows through; a maximum of many is only ever taken where none does."""
    if isinstance(statement, MapStatement):
        return bool(statement.op.partials)
    return not (isinstance(statement, ReduceStatement) and statement.op is ops.MAXIMUM)


def _is_square(statement: DotStatement) -> bool:
    """Whether it is the product of a vector with itself: then both factors get the same."""
    x, y = statement.operands
    if isinstance(x, Gather) or isinstance(y, Gather) or statement.axes[:3] != (0, 0, 0):
        return False
    return (
        isinstance(x, View)
        and isinstance(y, View)
        and x.mask is y.mask is None
        and ((x.array, x.part, x.strides) == (y.array, y.part, y.strides))
    )


def parenthesized(text: str) -> list[str]:
    """The parts in parentheses, the innermost first; calls are none.

    >>> parenthesized("0.5 * (1.0 + (x > f(y)) - (y > x))")
    ['(x > f(y))', '(y > x)', '(1.0 + (x > f(y)) - (y > x))']
    """
    found, starts = [], []
    for i, character in enumerate(text):
        if character == "(":
            starts.append(i)
        elif character == ")":
            start = starts.pop()
            if start == 0 or not (text[start - 1].isalnum() or text[start - 1] == "_"):
                found.append(text[start : i + 1])
    return found
