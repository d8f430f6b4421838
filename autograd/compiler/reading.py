"""How a statement reads its operands: as an array that broadcasts in its grid, or as a factor of a contraction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from .arrays import BATCH, Array, ArrayProgram, DotStatement, Gather, Numbers, Operand, Part, View
from .code import ATOM, Code
from .contraction import Tensor
from .views import flat, indexed

Constant = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Line:
    """``target = text``, or ``target += text``, or with no sign the text alone."""

    target: str
    text: str
    sign: str = "="
    comment: str = ""

    def __str__(self) -> str:
        plain = f"{self.target} {self.sign} {self.text}" if self.sign else self.text
        return f"{plain:<68}  # {self.comment}" if self.comment else plain


@dataclass
class Written:
    """A program as text: its lines, the views of theta and of the gradient that they name, and its constant arrays."""

    parameters: list[Line] = field(default_factory=list)
    gradients: list[Line] = field(default_factory=list)
    forward: list[Line] = field(default_factory=list)
    backward: list[Line] = field(default_factory=list)
    constants: dict[str, Constant] = field(default_factory=dict)
    outputs: list[Code] = field(default_factory=list)
    differentiated: bool = False
    """Whether there is a backward pass: there is one output."""
    contiguous_inputs: bool = False
    """Whether inputs are read in an order for which their memory should follow the rows."""


class Reader:
    """Writes operands down. What is worth a name of its own (a view of theta, a copy, a constant) is named once."""

    def __init__(self, program: ArrayProgram, written: Written, inline: Callable[[Array], Code | None]) -> None:
        self.program, self.written, self.inline = program, written, inline
        self.lines = written.forward
        self.reshaped: dict[str, Array] = {}
        self._constants: dict[tuple[object, ...], str] = {}
        self._parameters: dict[tuple[Part, str], str] = {}
        self._copies: dict[str, str] = {}

    # ---- the two ways to read

    def elementwise(self, operand: Operand, axes: int, sampled: bool) -> Code:
        """The operand so that it broadcasts in a grid of that many axes, and that of the batch if ``sampled``."""
        if isinstance(operand, Numbers):
            return self._numbers(operand, sampled)
        inlined = self.inline(operand.array)
        if inlined is not None:
            return inlined
        picks = [":" if axis in operand.kept else "None" for axis in range(min(operand.kept, default=axes), axes)]
        if sampled and operand.kept:
            picks.append(":" if operand.sampled else "None")
        expanded = subscript(picks)
        varying = frozenset(operand.kept) | (frozenset([axes]) if operand.sampled else frozenset())
        if isinstance(operand, View) and operand.array is self.program.theta:
            return Code(self.parameter(operand, expanded), ATOM, varying)
        text = self.part(operand)
        if isinstance(operand, View) and operand.array is self.program.inputs and operand.kept:
            text = self._in_memory_order(text)
        return Code(text + expanded, ATOM, varying)

    def factors(self, statement: DotStatement) -> tuple[Tensor, Tensor]:
        """Both factors. A matrix product takes its rows in any order, a product of elements in that of the memory."""
        left, right = (
            self._tensor(operand, letters, other)
            for operand, letters, other in zip(
                statement.operands, statement.letters, reversed(statement.operands), strict=False
            )
        )
        return left, right

    def part(self, operand: View | Gather) -> str:
        """The operand without its repeated axes."""
        array = operand.array
        if isinstance(operand, Gather):
            self.written.contiguous_inputs |= array is self.program.inputs
            return self._gathered(operand)
        if array is self.program.theta:
            return self.parameter(operand)
        part = operand.part
        text = indexed(array.name, array.shape, part.offset, part.lengths, part.strides, batch(array))
        if array is self.program.inputs:
            self.written.contiguous_inputs |= text.startswith("strided")
        elif "(" in text:
            self.reshaped[text] = array
        return text

    def masked(self, operand: View | Gather, value: Code, otherwise: str = "0.0") -> Code:
        """The value where the operand's mask is, something else in the holes."""
        assert operand.mask is not None
        mask = self.constant("mask", operand.mask[..., None] if operand.sampled else operand.mask)
        axes = frozenset(range(operand.mask.ndim + operand.sampled))
        return Code(f"np.where({mask}, {value}, {otherwise})", ATOM, axes)

    # ---- names

    def constant(self, stem: str, values: Constant) -> str:
        """The name of a constant array; equal ones share it."""
        key = (values.dtype.str, values.shape, values.tobytes())
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
            self.written.parameters.append(Line(name, self.slice("theta", view.part) + expanded))
        return self._parameters[key]

    def slice(self, vector: str, part: Part) -> str:
        """A part of theta, or of its gradient."""
        if not part.lengths:
            return f"{vector}[{part.offset}:{part.offset + 1}].reshape(())"
        return indexed(vector, (self.program.theta.size,), part.offset, part.lengths, part.strides, "")

    def _numbers(self, operand: Numbers, sampled: bool) -> Code:
        if operand.values.size == 1:
            return Code.of(float(operand.values.flat[0]))
        values = operand.values[..., None] if sampled else operand.values
        varying = frozenset(axis for axis, length in enumerate(operand.values.shape) if length > 1)
        return Code(self.constant("c", values), ATOM, varying)

    def _tensor(self, operand: Operand, letters: str, other: Operand) -> Tensor:
        if isinstance(operand, Numbers):
            present = "".join(a for a, n in zip(letters, operand.values.shape, strict=True) if n > 1)
            return Tensor(self._numbers(replace(operand, values=operand.values.squeeze()), False).text, present)
        batched = BATCH * operand.sampled
        if operand.mask is not None:
            value = self.elementwise(operand, len(letters), operand.sampled)
            return Tensor(self.masked(operand, value).text, letters + batched)
        text = self.part(operand.in_order)
        if isinstance(operand, View) and operand.array is self.program.inputs and other.sampled:
            text = self._in_memory_order(text)
        pick = partial(self._gathered, operand) if isinstance(operand, Gather) else None
        return Tensor(text, "".join(letters[axis] for axis in operand.order) + batched, pick, self)

    def _gathered(self, operand: Gather, order: tuple[int, ...] | None = None) -> str:
        picked = operand.picked if order is None else operand.picked.transpose(order)
        return f"{flat(operand.array.name, operand.array.shape, batch(operand.array))}[{self.constant('i', picked)}]"

    def kept(self, text: str) -> str | None:
        """The name of a copy, if it was made already."""
        return self._copies.get(text)

    def keep(self, text: str) -> str:
        """The name of a copy that is made here."""
        return self._copy("columns", text, text)

    def _in_memory_order(self, text: str) -> str:
        """Rows of the inputs as rows in memory too: a batch comes with the numbers of each sample side by side."""
        return self._copy("x", text, f"np.ascontiguousarray({text})")

    def _copy(self, stem: str, key: str, text: str) -> str:
        if key not in self._copies:
            self._copies[key] = self.program.names.numbered(stem)
            self.lines.append(Line(self._copies[key], text))
        return self._copies[key]


def batch(array: Array) -> str:
    """The length of the batch axis, if the array has one."""
    return BATCH * array.sampled


def subscript(picks: list[str]) -> str:
    """An index that adds axes; what would change nothing is left out.

    >>> subscript([":", "None", ":"]), subscript([":", ":"])
    ('[:, None]', '')
    """
    while picks and picks[-1] == ":":
        picks = picks[:-1]
    return f"[{', '.join(picks)}]" if picks else ""
