"""The array program: statements that compute arrays from views of other arrays. What layout makes and emit writes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..ops import Operation
from ..value import Value
from .names import Names
from .record import Floats, Ints

Shape = tuple[int, ...]


@dataclass(eq=False)
class Array:
    """A named grid of scalars, one such grid a sample if it is ``sampled``."""

    name: str
    shape: Shape
    sampled: bool

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"{self.name} ({', '.join([*map(str, self.shape), *['B'] * self.sampled])})"


@dataclass(frozen=True, eq=False)
class View:
    """An array read as a grid: element (i, j, ...) is at ``offset + i * strides[0] + j * strides[1] + ...``.

    A stride of 0 repeats. An array is thought of as flat, the last axis fastest.
    """

    array: Array
    shape: Shape
    strides: Shape
    offset: int = 0
    mask: npt.NDArray[np.bool_] | None = None
    """Where given, elements outside of it are read as 0."""

    @property
    def sampled(self) -> bool:
        return self.array.sampled

    @property
    def index(self) -> Ints:
        """The flat position of each element."""
        return np.asarray(
            self.offset + sum(np.ix_(*map(np.arange, self.shape))[a] * s for a, s in enumerate(self.strides))
        )

    @property
    def is_whole(self) -> bool:
        """Whether this is the array as it stands."""
        return self.shape == self.array.shape and self.offset == 0 and self.strides == contiguous(self.shape)

    def __str__(self) -> str:
        masked = "" if self.mask is None else ", masked"
        if self.is_whole:
            return self.array.name + masked
        return f"{self.array.name}[{self.offset}: shape {self.shape}, strides {self.strides}{masked}]"


@dataclass(frozen=True, eq=False)
class Gather:
    """Elements of an array picked one by one."""

    array: Array
    index: Ints
    mask: npt.NDArray[np.bool_] | None = None

    @property
    def shape(self) -> Shape:
        return self.index.shape

    @property
    def sampled(self) -> bool:
        return self.array.sampled

    def __str__(self) -> str:
        return f"{self.array.name}[picked {self.shape}]"


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers, as many as differ: an axis along which they are all equal has length 1."""

    values: Floats
    shape: Shape
    sampled: bool = False

    def __str__(self) -> str:
        return f"{self.values.item():g}" if self.values.size == 1 else f"numbers {self.values.shape}"


Operand = View | Gather | Numbers


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
        return self.left, self.right

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
        return (self.operand,)

    def __str__(self) -> str:
        return f"{self.target} = {self.op.name} over {self.operand}"


@dataclass(frozen=True, eq=False)
class JoinStatement:
    """``target`` is the operands, one after the other along its only axis."""

    target: Array
    operands: tuple[Operand, ...]

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
    names: dict[tuple[Shape, Shape, int], str] = field(default_factory=dict)
    """What a view of theta is called."""
    allocator: Names = None  # type: ignore[assignment]
    padded: bool = False
    """Whether some grid has holes, so that numbers are computed which the graph does not have."""

    def __str__(self) -> str:
        returned = ", ".join(map(str, self.outputs))
        return "\n".join([*map(str, self.statements), f"return {returned}"])


def contiguous(shape: Shape) -> Shape:
    """The strides of an array of that shape, in elements; those of axes of length 1 are 0.

    >>> contiguous((2, 3, 1))
    (3, 1, 0)
    """
    strides = []
    step = 1
    for length in reversed(shape):
        strides.append(step if length > 1 else 0)
        step *= length
    return tuple(reversed(strides))
