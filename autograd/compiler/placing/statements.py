"""The array program: statements that compute arrays from views of other arrays. What layout makes and emit writes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...ops import Operation
from ...value import Value
from ..lifting.groups import LETTERS
from .arrays import BATCH, Array, Operand, Part
from .names import Names


@dataclass(frozen=True, eq=False)
class MapStatement:
    """``target = op(*operands)``; the operands are grids of the target's shape."""

    target: Array
    op: Operation
    operands: tuple[Operand, ...]

    def __str__(self) -> str:
        return f"{self.target} = {self.op.name}({', '.join(map(str, self.operands))})"


@dataclass(frozen=True, eq=False)
class DotStatement:
    """``target[c, m, p] = sum over k of left[c, m, k] * right[c, p, k]``, where each letter stands for some axes.

    ``axes`` gives how many: those of c, m, p and k.
    """

    target: Array
    left: Operand
    right: Operand
    axes: tuple[int, int, int, int]

    @property
    def operands(self) -> tuple[Operand, ...]:
        """Both factors."""
        return self.left, self.right

    @property
    def letters(self) -> tuple[str, str, str]:
        """A letter for each axis of the left operand, of the right one, of the target; the batch is ``B``."""
        letters = iter(LETTERS)
        c, m, p, k = ("".join(next(letters) for _ in range(n)) for n in self.axes)
        return c + m + k, c + p + k, c + m + p + BATCH * self.target.sampled

    @property
    def sizes(self) -> dict[str, str]:
        """The length of each letter's axis, as a program writes it."""
        left, _, out = self.letters
        return dict(zip(out, self.target.lengths, strict=True)) | dict(
            zip(left, map(str, self.left.shape), strict=True)
        )

    def __str__(self) -> str:
        return f"{self.target} = dot({self.left}, {self.right})"


@dataclass(frozen=True, eq=False)
class ReduceStatement:
    """``target = op`` over the last axes of the operand."""

    target: Array
    op: Operation
    operand: Operand

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The one."""
        return (self.operand,)

    def __str__(self) -> str:
        return f"{self.target} = {self.op.name} over {self.operand}"


@dataclass(frozen=True, eq=False)
class JoinStatement:
    """``target`` is the operands, one after the other along its only axis."""

    target: Array
    operands: tuple[Operand, ...]

    @property
    def places(self) -> Iterator[tuple[int, int, Operand]]:
        """From where to where each operand stands."""
        start = 0
        for operand in self.operands:
            length = math.prod(operand.shape)
            yield start, start + length, operand
            start += length

    def __str__(self) -> str:
        return f"{self.target} = join({', '.join(map(str, self.operands))})"


Statement = MapStatement | DotStatement | ReduceStatement | JoinStatement


@dataclass(frozen=True)
class ArrayProgram:
    """Statements in order, from the arrays ``inputs`` and ``theta`` (the vector of the parameters) to the outputs."""

    statements: Sequence[Statement]
    inputs: Array
    theta: Array
    parameters: Sequence[Value]
    outputs: Sequence[Operand]
    names: Names
    parts: Mapping[Part, str]
    """What each part of theta is called; parts that differ in the order of their axes may share a name."""
    padded: bool
    """Whether some grid has holes, so that numbers are computed which the graph does not have."""

    def __str__(self) -> str:
        returned = ", ".join(map(str, self.outputs))
        return "\n".join([*map(str, self.statements), f"return {returned}"])
