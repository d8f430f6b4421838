"""How a statement reads its operands: as an array that broadcasts in its grid, or as a factor of a contraction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from ..placing.arrays import BATCH, Array, Gather, Numbers, Operand, Part, Readable, Shape, View
from ..placing.statements import ArrayProgram, DotStatement
from ..record import Flags
from .code import COMPARISON, Code, Naming, call
from .contraction import Tensor
from .holes import Holes
from .sharing import Line
from .views import flat, indexed, strided, subscript

Constant = npt.NDArray[np.generic]


@dataclass
class Written:
    """A program as text: its lines, the views of theta and of the gradient that they name, and its constant arrays."""

    parameters: list[Line] = field(default_factory=list)
    gradients: list[Line] = field(default_factory=list)
    forward: list[Line] = field(default_factory=list)
    backward: list[Line] = field(default_factory=list)
    constants: dict[str, Constant] = field(default_factory=dict)
    outputs: list[Code] = field(default_factory=list)


class Reader:
    """Writes operands down. A view of theta and a constant array have names, each the same wherever it is read."""

    def __init__(self, program: ArrayProgram, written: Written) -> None:
        self.program, self.written = program, written
        self._constants: dict[tuple[object, ...], str] = {}
        self._parameters: dict[tuple[Part, str], str] = {}
        self.holes = Holes(self.where)

    # ---- the two ways to read

    def elementwise(self, operand: Operand, axes: int, sampled: bool) -> Code:
        """The operand so that it broadcasts in a grid of that many axes, and that of the batch if ``sampled``."""
        if isinstance(operand, Numbers):
            return self._numbers(operand, sampled)
        picks = [":" if axis in operand.kept else "None" for axis in range(axes)]
        if sampled:
            picks.append(":" if operand.sampled else "None")
        varying = frozenset(operand.kept) | (frozenset([axes]) if operand.sampled else frozenset())
        expanded = subscript(picks if operand.kept else [])
        if isinstance(operand, View) and operand.array is self.program.theta:
            return Code(self.parameter(operand, expanded), axes=varying)
        code = self.part(operand)
        if isinstance(operand, View) and operand.array is self.program.inputs and operand.kept:
            code = _in_memory_order(code)
        return replace(code.then(expanded), axes=varying)

    def factors(self, statement: DotStatement) -> tuple[Tensor, Tensor]:
        """Both factors. A matrix product takes its rows in any order, a product of elements in that of the memory."""
        left, right = (
            self._tensor(operand, letters, other)
            for operand, letters, other in zip(
                statement.operands, statement.letters, reversed(statement.operands), strict=False
            )
        )
        return left, right

    def part(self, operand: Readable) -> Code:
        """The operand without its repeated axes."""
        array = operand.array
        if isinstance(operand, Gather):
            return self._gathered(operand)
        if array is self.program.theta:
            return Code(self.parameter(operand))
        code = indexed(*_place(operand))
        if code is None:
            return strided(*_place(operand))
        return replace(code, naming=None) if array is self.program.inputs else code  # a copy of it has the name

    def masked(self, operand: Readable, value: Code, otherwise: float = 0.0) -> Code:
        """The value where the operand's mask is, something else in the holes."""
        assert operand.mask is not None
        return self.where(operand.mask, operand.sampled, value, otherwise)

    def where(self, mask: Flags, sampled: bool, value: Code, otherwise: float) -> Code:
        """The value where the mask is, one mask for all samples; elsewhere a number."""
        name = self.constant("mask", mask[..., None] if sampled else mask)
        return call("np.where", Code(name, axes=frozenset(range(mask.ndim + sampled))), value, otherwise)

    # ---- names

    def constant(self, stem: str, values: Constant) -> str:
        """The name of a constant array; equal ones share it."""
        key = (stem, values.dtype.str, values.shape, values.tobytes())
        if key not in self._constants:
            self._constants[key] = self.program.names.numbered(stem)
            self.written.constants[self._constants[key]] = np.ascontiguousarray(values)
        return self._constants[key]

    def parameter(self, view: View, expanded: str = "") -> str:
        """The name of a part of theta, which is made once, when the program is given a theta."""
        if view.is_whole and not expanded:
            return "theta"
        key = (view.part, expanded)
        if key not in self._parameters:
            name = self.program.parts[view.part]
            if name == "theta" or name in self._parameters.values():
                name = self.program.names.unique(name)
            self._parameters[key] = name
            self.written.parameters.append(Line(name, self.slice("theta", view.part).then(expanded)))
        return self._parameters[key]

    def slice(self, vector: str, part: Part) -> Code:
        """A part of theta, or of its gradient."""
        if not part.lengths:
            return Code(f"{vector}[{part.offset}:{part.offset + 1}].reshape(())")
        place = (Code(vector), (self.program.theta.size,), part.offset, part.lengths, part.strides, "")
        return indexed(*place) or strided(*place)

    def _numbers(self, operand: Numbers, sampled: bool) -> Code:
        if operand.values.size == 1:
            return Code.of(float(operand.values.flat[0]))
        values = operand.values[..., None] if sampled else operand.values
        varying = frozenset(axis for axis, length in enumerate(operand.values.shape) if length > 1)
        return Code(self.constant("c", values), axes=varying)

    def _tensor(self, operand: Operand, letters: str, other: Operand) -> Tensor:
        if isinstance(operand, Numbers):
            present = "".join(a for a, n in zip(letters, operand.values.shape, strict=True) if n > 1)
            return Tensor(self._numbers(replace(operand, values=operand.values.squeeze()), False), present)
        operand, batched = self.holes.filled(operand, 0.0), BATCH * operand.sampled
        if operand.mask is not None:
            value = self.elementwise(operand, len(letters), operand.sampled)
            return Tensor(replace(self.masked(operand, value), naming=Naming("masked")), letters + batched)
        code = self.part(operand.in_order)
        if isinstance(operand, View) and operand.array is self.program.inputs and other.sampled:
            code = _in_memory_order(code)
        pick = partial(self._gathered, operand) if isinstance(operand, Gather) else None
        return Tensor(code, "".join(letters[axis] for axis in operand.order) + batched, pick, stays=True)

    def _gathered(self, operand: Gather, order: tuple[int, ...] | None = None) -> Code:
        picked = operand.picked if order is None else operand.picked.transpose(order)
        rows = flat(Code(operand.array.name), operand.array.shape, batch(operand.array))
        return replace(rows.then(f"[{self.constant('i', picked)}]"), naming=Naming(f"{operand.array.name}_"))


def _in_memory_order(code: Code) -> Code:
    """Rows of the inputs as rows in memory too: a batch comes with the numbers of each sample side by side."""
    return Code("np.ascontiguousarray({})", ((code, COMPARISON),), naming=Naming("x", 1))


def _place(view: View) -> tuple[Code, Shape, int, Shape, Shape, str]:
    part, array = view.part, view.array
    return Code(array.name), array.shape, part.offset, part.lengths, part.strides, batch(array)


def inputs_scattered(program: ArrayProgram) -> bool:
    """Whether inputs are read in no order of theirs, so that the rows of a batch are better copied beforehand."""
    operands = [operand for statement in program.statements for operand in statement.operands]
    return any(
        isinstance(operand, Gather) or (isinstance(operand, View) and indexed(*_place(operand)) is None)
        for operand in (*operands, *program.outputs)
        if not isinstance(operand, Numbers) and operand.array is program.inputs
    )


def batch(array: Array) -> str:
    """The length of the batch axis, if the array has one."""
    return BATCH * array.sampled
