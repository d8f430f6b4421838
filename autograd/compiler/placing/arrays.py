"""Arrays, and the ways to read one as a grid: in even steps, one by one; or numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..record import Flags, Floats, Ints

Shape = tuple[int, ...]

BATCH = "B"  # how the length of the batch is written


@dataclass(eq=False)
class Array:
    """A named grid of scalars, one such grid a sample if it is ``sampled``: then its last axis is the batch."""

    name: str
    shape: Shape
    sampled: bool
    holes: Flags | None = None
    """Its places that hold no node of the graph, if there are any."""

    @property
    def size(self) -> int:
        """How many scalars it holds a sample."""
        return math.prod(self.shape)

    @property
    def axes(self) -> frozenset[int]:
        """The numbers of all its axes, that of the batch included."""
        return frozenset(range(len(self.shape) + self.sampled))

    @property
    def lengths(self) -> list[str]:
        """The lengths of its axes, as a program writes them."""
        return [*map(str, self.shape), *[BATCH] * self.sampled]

    @property
    def shape_text(self) -> str:
        """Its shape, as a program writes it."""
        return self.lengths[0] if len(self.lengths) == 1 else f"({', '.join(self.lengths)})"

    @property
    def comment(self) -> str:
        """Its shape for people; nothing for a number."""
        return f"({', '.join(self.lengths)})" if self.lengths else ""

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.lengths)})"


@dataclass(frozen=True)
class Part:
    """Which elements of an array a view reads, without repetition: lengths, strides and offset."""

    lengths: Shape
    strides: Shape
    offset: int


@dataclass(frozen=True, eq=False)
class View:
    """An array read as a grid: element (i, j, ...) is at ``offset + i * strides[0] + j * strides[1] + ...``.

    A stride of 0 repeats. An array is thought of as flat, the last axis fastest.
    """

    array: Array
    shape: Shape
    strides: Shape
    offset: int = 0
    mask: Flags | None = None
    """Where given, elements outside of it are read as 0."""

    @property
    def sampled(self) -> bool:
        """Whether there is one such grid a sample."""
        return self.array.sampled

    @property
    def kept(self) -> list[int]:
        """The axes along which it advances."""
        return [axis for axis, stride in enumerate(self.strides) if stride]

    @property
    def repeated(self) -> list[int]:
        """The axes along which it stays where it is."""
        return [axis for axis, stride in enumerate(self.strides) if not stride]

    @property
    def part(self) -> Part:
        """The elements that are read, each axis once."""
        return Part(
            tuple(self.shape[axis] for axis in self.kept), tuple(self.strides[axis] for axis in self.kept), self.offset
        )

    @property
    def order(self) -> list[int]:
        """The kept axes in the order of the array: a part that is read in this order need not be transposed."""
        return sorted(self.kept, key=lambda axis: -self.strides[axis])

    @property
    def in_order(self) -> View:
        """The part with its axes in that order."""
        shape, strides = (tuple(values[axis] for axis in self.order) for values in (self.shape, self.strides))
        return View(self.array, shape, strides, self.offset)

    @property
    def picked(self) -> Ints:
        """The flat positions of the part."""
        lengths, strides = self.part.lengths, self.part.strides
        steps = [np.arange(length) * stride for length, stride in zip(lengths, strides, strict=True)]
        return np.asarray(sum(np.ix_(*steps)) + self.offset if steps else self.offset)

    @property
    def is_whole(self) -> bool:
        """Whether the part is the array as it stands."""
        return self.part == Part(self.array.shape, contiguous(self.array.shape), 0)

    @property
    def is_reshaped(self) -> bool:
        """Whether the part is all of the array, in order, if perhaps in another shape."""
        lengths = self.part.lengths
        return self.part == Part(lengths, contiguous(lengths), 0) and math.prod(lengths) == self.array.size

    def __str__(self) -> str:
        masked = "" if self.mask is None else ", masked"
        if self.is_whole and not self.repeated:
            return self.array.name + masked
        return f"{self.array.name}[{self.offset}: shape {self.shape}, strides {self.strides}{masked}]"


@dataclass(frozen=True, eq=False)
class Gather:
    """Elements of an array picked one by one."""

    array: Array
    picked: Ints
    mask: Flags | None = None

    @property
    def shape(self) -> Shape:
        """The shape of the grid."""
        return self.picked.shape

    @property
    def sampled(self) -> bool:
        """Whether there is one such grid a sample."""
        return self.array.sampled

    @property
    def kept(self) -> list[int]:
        """All axes."""
        return list(range(self.picked.ndim))

    @property
    def order(self) -> list[int]:
        """All axes, as they are: a gather has no order of its own."""
        return self.kept

    @property
    def in_order(self) -> Gather:
        """The same, without its mask."""
        return Gather(self.array, self.picked)

    @property
    def repeated(self) -> list[int]:
        """None of the axes."""
        return []

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


Readable = View | Gather
Operand = Readable | Numbers


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
