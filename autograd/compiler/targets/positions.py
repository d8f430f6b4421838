"""Positions: whole numbers that depend on loop variables, and the loops in C that run through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from .. import ir

LETTERS = "ijklmpqr"  # names of loop variables


@dataclass(frozen=True)
class Position:
    """A whole number that depends on loop variables: a constant, and a factor for each variable.

    >>> i, j = Position.of("i"), Position.of("j")
    >>> print(i * 16 + j + 48, "or", i * 0)
    16 * i + j + 48 or 0
    """

    factors: tuple[tuple[str, int], ...] = ()
    constant: int = 0

    @staticmethod
    def of(variable: str) -> Position:
        """The variable itself."""
        return Position(((variable, 1),))

    def __add__(self, other: Position | int) -> Position:
        if isinstance(other, int):
            return Position(self.factors, self.constant + other)
        merged = dict(self.factors)
        for name, factor in other.factors:
            merged[name] = merged.get(name, 0) + factor
        return Position(tuple(merged.items()), self.constant + other.constant)

    def __mul__(self, times: int) -> Position:
        return Position(tuple((name, factor * times) for name, factor in self.factors if times), self.constant * times)

    def __str__(self) -> str:
        terms = [name if factor == 1 else f"{factor} * {name}" for name, factor in self.factors]
        return " + ".join([*terms, *[str(self.constant)] * bool(self.constant or not terms)])


ZERO = Position()
Index = tuple[Position | None, ...]
"""Where in an expression: for each axis a position, None for the batch."""
Moved = Mapping[str, Position]
"""Variables of which something else takes the place."""


@dataclass(frozen=True)
class Axis:
    """A loop variable, and how far it runs."""

    name: str
    length: int

    @property
    def loop(self) -> str:
        """The head of its loop."""
        return f"for (int {self.name} = 0; {self.name} < {self.length}; {self.name}++)"


@dataclass(frozen=True)
class Block:
    """Part of an axis that is run through in steps of ``count``, for which u runs."""

    axis: Axis | None
    start: int
    stop: int
    count: int

    @property
    def loops(self) -> list[str]:
        """The head of its loop, if it has more than one step."""
        if self.axis is None or self.stop - self.start == self.count:
            return []
        name = self.axis.name
        return [f"for (int {name} = {self.start}; {name} < {self.stop}; {name} += {self.count})"]

    @property
    def moved(self) -> Moved:
        """The variable of the axis, as it is in a step."""
        if self.axis is None:
            return {}
        first = Position.of(self.axis.name) if self.loops else Position((), self.start)
        return {self.axis.name: first + Position.of("u") if self.count > 1 else first}

    @property
    def each(self) -> str:
        """What runs through a step."""
        return f"UNROLLED for (int u = 0; u < {self.count}; u++) " if self.count > 1 else ""


def blocks(axes: Sequence[Axis], most: int) -> tuple[Axis | None, list[Block]]:
    """The axis along which most elements are computed at once, up to so many, and its parts, as even as may be.

    >>> axis, parts = blocks([Axis("i", 17)], 8)
    >>> [(part.start, part.stop, part.count) for part in parts]
    [(0, 12, 6), (12, 17, 5)]
    """
    axis = max(axes, key=lambda axis: min(axis.length, most), default=None)
    if axis is None:
        return None, [Block(None, 0, 1, 1)]
    count = -(-axis.length // -(-axis.length // most))
    whole = axis.length // count * count
    rest = [Block(axis, whole, axis.length, axis.length - whole)] if whole < axis.length else []
    return axis, [Block(axis, 0, whole, count), *rest]


# ---- indices


def own_lengths(shape: ir.Shape) -> tuple[int, ...]:
    """The lengths without that of the batch."""
    return tuple(length for length in shape if not isinstance(length, ir.Batch))


def variables() -> Iterator[str]:
    """Names of loop variables."""
    yield from LETTERS
    yield from (f"{letter}{n}" for n in range(1, 9) for letter in LETTERS)


def axes_of(lengths: Sequence[int]) -> list[Axis | None]:
    """A variable for each axis that is longer than 1."""
    names = variables()
    return [Axis(next(names), length) if length > 1 else None for length in lengths]


def index_of(shape: ir.Shape, axes: Sequence[Axis | None]) -> Index:
    """The index whose positions are the variables of these axes."""
    left = iter(axes)
    found: list[Position | None] = []
    for length in shape:
        axis = None if isinstance(length, ir.Batch) else next(left)
        found.append(None if isinstance(length, ir.Batch) else Position.of(axis.name) if axis else ZERO)
    return tuple(found)


def moved_to(index: Index, moved: Moved) -> Index:
    """An index of variables, with what takes the place of some of them."""

    def rule(position: Position | None) -> Position | None:
        return moved.get(str(position), position) if position else position

    return tuple(map(rule, index))


def fitted(index: Index, shape: ir.Shape) -> Index:
    """The index in what has this shape, and is repeated along axes of length 1."""
    if not shape:
        return ()
    return tuple(ZERO if length == 1 else position for position, length in zip(index, shape, strict=True))


def at_strides(strides: Sequence[int], index: Index, offset: int = 0) -> Position:
    """The position that is so many strides along each axis away from the offset."""
    total = Position((), offset)
    for stride, position in zip(strides, index, strict=False):
        total = total + (position or ZERO) * stride
    return total


def flat(lengths: Sequence[int], index: Index) -> Position:
    """The position in the memory of an array of that shape."""
    return at_strides(ir.contiguous(tuple(lengths)), index)


def position(expr: ir.Expr, index: Index) -> Position | None:
    """Where in the memory of its array an element is; None if it is no element of an array."""
    if isinstance(expr, ir.Array):
        return flat(expr.lengths, index)
    if isinstance(expr, ir.View) and isinstance(expr.source, ir.Array):
        return at_strides(expr.strides, index, expr.offset)
    if isinstance(expr, ir.Reshape) and isinstance(expr.inside, ir.Array):
        return flat(own_lengths(expr.into), index)
    if isinstance(expr, ir.Rearrange):
        inside: list[Position | None] = [ZERO] * len(expr.inside.shape)
        for axis, place in zip(expr.order, index, strict=True):
            if axis is not None:
                inside[axis] = place
        return position(expr.inside, tuple(inside))
    return None


# ---- contractions


@dataclass(frozen=True)
class Letters:
    """The letters of a contraction as loop variables, of those that are longer than 1."""

    core: ir.Contract
    axes: Mapping[str, Axis]

    @staticmethod
    def of(core: ir.Contract) -> Letters:
        """A variable for each letter: those of the result first."""
        sizes = dict(zip(core.left_letters, core.left.shape, strict=True))
        sizes |= dict(zip(core.right_letters, core.right.shape, strict=True))
        own = [a for a in core.out + "".join(sizes) if a != "B"]
        named = {a: Axis(name, int(sizes[a])) for a, name in zip(dict.fromkeys(own), variables(), strict=False)}  # type: ignore[arg-type]
        return Letters(core, {a: axis for a, axis in named.items() if axis.length > 1})

    def at(self, letters: str, moved: Moved) -> Index:
        """The index of what has these letters."""
        names = (None if a == "B" else self.axes.get(a) for a in letters)
        found = (moved.get(axis.name, Position.of(axis.name)) if axis else ZERO for axis in names)
        return tuple(None if a == "B" else position for a, position in zip(letters, found, strict=True))

    def among(self, letters: str) -> list[Axis]:
        """The axes of these letters."""
        return [self.axes[a] for a in letters if a in self.axes]

    def size(self, letters: str) -> int:
        """How many elements these letters run through."""
        return prod(axis.length for axis in self.among(letters))

    def stride(self, expr: ir.Expr, on: str, letter: str) -> int | None:
        """How far apart in memory neighbours along a letter are in a factor with these letters."""
        found = position(expr, self.at(on, {}))
        return None if found is None else dict(found.factors).get(self.axes[letter].name, 0)

    @property
    def beside(self) -> str | None:
        """The longest letter of the result whose elements are beside one another in a factor, and no further apart."""
        core = self.core
        sides = (core.left, core.left_letters), (core.right, core.right_letters)
        found = [
            letter
            for letter in core.out
            if letter in self.axes and {self.stride(*side, letter) for side in sides} in ({0, 1}, {1})
        ]
        return max(found, key=lambda letter: self.axes[letter].length, default=None)


# ---- text


def nested(loops: Sequence[str], body: Sequence[str]) -> list[str]:
    """The body within loops, and in braces if it has several lines."""
    lines = list(body)
    is_one = len(lines) == 1 and "UNROLLED" not in lines[0]
    if not is_one or not loops:
        head = f"{loops[-1]} {{" if loops else "{"
        lines = [head, *(f"  {line}" for line in lines), "}"] if loops or len(lines) > 1 else lines
        loops = loops[:-1]
    for loop in reversed(loops):
        lines = [loop, *(f"  {line}" for line in lines)]
    return lines
