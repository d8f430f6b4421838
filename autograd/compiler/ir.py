"""Array expressions, typed: each knows its axes, which are derived from its operands and claimed by nobody.

A shape is a tuple of lengths; the length of the batch is ``B``, and no number. An axis of length 1 is repeated where
it meets a longer one; anything else that does not fit is a TypeError when the expression is made, not a wrong number
later. Expressions are values: two that say the same are equal. Arrays have a place in memory, and differ even if alike.

>>> from autograd import ops
>>> x, w = Array((3,), sampled=True), Array((3,))
>>> column = View(w, (3, 1), (1, 0))
>>> Apply(ops.MUL, (column, x)).shape, Reduce("sum", x, (0,)).shape
((3, B), (B,))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from math import prod
from operator import mul
from typing import Any, ClassVar, Literal, TypeVar, dataclass_transform

import numpy as np
import numpy.typing as npt

from .. import ops
from ..value import Value
from .naming import Hint, Names, named, plural

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
"""What is known of nodes or of elements, an array each."""


@dataclass(frozen=True)
class Batch:
    """The length of the batch, so many times: where axes of length 3 and B are made one, it is ``3 * B`` long."""

    count: int = 1

    def __repr__(self) -> str:
        return "B" if self.count == 1 else f"{self.count} * B"


B = Batch()
Length = int | Batch
Lengths = tuple[int, ...]
Shape = tuple[Length, ...]


def product(lengths: Sequence[Length]) -> Length:
    """The lengths multiplied; B times B is no length.

    >>> product((2, 3)), product((2, B, 3))
    (6, 6 * B)
    """
    batches = [length for length in lengths if isinstance(length, Batch)]
    count = prod(length.count if isinstance(length, Batch) else length for length in lengths)
    if len(batches) > 1:
        raise TypeError(f"B * B is no length: {lengths}")
    return Batch(count) if batches else count


def broadcast(*shapes: Shape) -> Shape:
    """The shape of what is computed element by element; a number has no axes and fits everywhere.

    >>> broadcast((3, 1), (1, B), ())
    (3, B)
    >>> broadcast((3, B), (B,))
    Traceback (most recent call last):
    TypeError: shapes do not fit each other: (3, B), (B,)
    """
    out: Shape = ()
    for shape in shapes:
        if not out or not shape or shape == out:
            out = out or shape
            continue
        if len(shape) != len(out) or any(a != b and a != 1 and b != 1 for a, b in zip(shape, out, strict=True)):
            raise TypeError(f"shapes do not fit each other: {', '.join(map(str, shapes))}")
        out = tuple(b if a == 1 else a for a, b in zip(shape, out, strict=True))
    return out


# ---- expressions


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
@dataclass(frozen=True, eq=False)
class Expr:
    """An expression of arrays; ``shape`` is derived when it is made. Each kind is a dataclass."""

    shape: Shape = field(init=False, repr=False)
    operands: tuple[Expr, ...] = field(init=False, repr=False)
    """The expressions that this one is made of: its fields, as far as they are some."""
    key: tuple[object, ...] = field(init=False, repr=False)
    """What two expressions of one kind must have in common to be equal."""
    _hash: int = field(init=False, repr=False)
    form: ClassVar[str] = ""
    """How it is printed, from what is printed for its operands."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, eq=False)(cls)

    def __post_init__(self) -> None:
        known = self.__dict__  # frozen, but not yet
        known["shape"] = self.derived()
        known["operands"], known["key"] = self.parts()
        known["_hash"] = hash((type(self), self.key))

    def parts(self) -> tuple[tuple[Expr, ...], tuple[object, ...]]:
        """Its operands and its key."""
        known, found, key = self.__dict__, list[Expr](), list[object]()
        for name in _fields(type(self)):
            value = known[name]
            if isinstance(value, Expr):
                found.append(value)
            elif isinstance(value, tuple) and value and isinstance(value[0], Expr):
                found += value
            key.append(repr(value) if isinstance(value, float) else value)  # 0.0 is not -0.0, one nan is like another
        return tuple(found), tuple(key)

    def derived(self) -> Shape:
        """The shape that follows from the operands; a TypeError if none does."""
        raise NotImplementedError

    def told(self, *operands: str) -> str:
        """How it is printed, from what is printed for its operands."""
        return self.form.format(*operands, self=self, operands=", ".join(operands))

    @cached_property
    def sampled(self) -> bool:
        """Whether its last axis is the batch."""
        return self.shape[-1:] == (B,)

    @cached_property
    def arrays(self) -> tuple[Array, ...]:
        """The arrays that it is made of, as often as they stand in it."""
        return tuple([array for operand in self.operands for array in arrays_read(operand)])

    def __str__(self) -> str:
        return text(self, {})

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and self._hash == other._hash and self.key == other.key


_FIELDS: dict[type[Expr], tuple[str, ...]] = {}


def _fields(kind: type[Expr]) -> tuple[str, ...]:
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(f.name for f in fields(kind) if f.init)
    return _FIELDS[kind]


class Number(Expr):
    """A number; it has no axes."""

    value: float
    form = "{self.value:g}"

    def derived(self) -> Shape:
        return ()


class Symbol(Expr):
    """A number that a program is called with: ``weight``, or the length ``B`` of the batch."""

    name: str
    form = "{self.name}"

    def derived(self) -> Shape:
        return ()


class Constant(Expr):
    """An array of numbers, of truth values or of positions, known when the program is made."""

    values: npt.NDArray[Any]

    def derived(self) -> Shape:
        return self.values.shape

    def parts(self) -> tuple[tuple[Expr, ...], tuple[object, ...]]:
        return (), (self.values.dtype.str, self.values.shape, self.values.tobytes())

    def told(self, *operands: str) -> str:
        return f"{'mask' if self.values.dtype == bool else 'numbers'} {self.values.shape}"


class Array(Expr):
    """A named grid of scalars, one such grid a sample if it is ``sampled``: then its last axis is the batch."""

    lengths: Lengths
    sampled: bool = False
    holes: Flags | None = None
    """Its places that hold no node of the graph, if there are any."""
    derivative_of: Array | None = None
    """For an adjoint the array by which it is a derivative."""
    stack_of: Array | None = None
    """For what a loop has in all of its steps the array of one step."""

    def derived(self) -> Shape:
        return (*self.lengths, *[B] * self.sampled)

    def parts(self) -> tuple[tuple[Expr, ...], tuple[object, ...]]:
        """It is not made of what it is a derivative of."""
        return (), (id(self),)

    @property
    def size(self) -> int:
        """How many scalars it holds a sample."""
        return prod(self.lengths)


class View(Expr):
    """An array read in even steps: element (i, j, ...) is at ``offset + i * strides[0] + j * strides[1] + ...``.

    The array is thought of as flat, its last axis fastest; an axis of length 1 has the stride 0. The batch axis of the
    array comes last. What reads an array as it stands is the array itself: see :func:`read`.
    """

    source: Expr
    lengths: Lengths
    strides: Lengths
    offset: int = 0

    def derived(self) -> Shape:
        end = self.offset + sum(map(mul, self.strides, self.lengths)) - sum(self.strides)
        if not 0 <= end < prod(self.own) or len(self.strides) != len(self.lengths):
            raise TypeError(f"a view of {self.own} ends outside of it: {self.lengths}, {self.strides}, {self.offset}")
        return (*self.lengths, B) if self.source.sampled else self.lengths

    def parts(self) -> tuple[tuple[Expr, ...], tuple[object, ...]]:
        return (self.source,), (self.source, self.lengths, self.strides, self.offset)

    @cached_property
    def own(self) -> Lengths:
        """The lengths of its source without that of the batch."""
        return self.source.shape[: len(self.source.shape) - self.source.sampled]  # type: ignore[return-value]

    @cached_property
    def kept(self) -> list[int]:
        """The axes along which it advances."""
        return [axis for axis, stride in enumerate(self.strides) if stride]

    @cached_property
    def order(self) -> list[int]:
        """The kept axes in the order of the array: what is read in this order need not be transposed."""
        return sorted(self.kept, key=lambda axis: (-self.strides[axis], -self.lengths[axis]))

    def along(self, axes: Sequence[int]) -> Expr:
        """What is read, with these axes alone, in this order."""
        part = self.part_along(axes)
        return read(self.source, part.lengths, part.strides, part.offset)

    def part_along(self, axes: Sequence[int]) -> Part:
        """Which elements are read along these axes, in this order."""
        return Part(tuple([self.lengths[a] for a in axes]), tuple([self.strides[a] for a in axes]), self.offset)

    @cached_property
    def part(self) -> Part:
        """Which elements are read, each axis once."""
        return self.part_along(self.kept)

    @cached_property
    def in_order(self) -> Part:
        """The same with its axes in the order of the array."""
        return self.part_along(self.order)

    @cached_property
    def picked(self) -> Ints:
        """The flat positions that it reads."""
        steps = [np.arange(length) * stride for length, stride in zip(self.lengths, self.strides, strict=True)]
        return np.asarray(sum(np.ix_(*steps)) + self.offset if steps else self.offset)

    @cached_property
    def is_whole(self) -> bool:
        """Whether it is the array as it stands, but for axes of length 1."""
        return self.part == Part(self.own, contiguous(self.own), 0)

    @cached_property
    def steps(self) -> Steps | None:
        """How to take it by reshape, slices and transpose; None if that is not possible."""
        part = self.part
        return steps(self.own, part.offset, part.lengths, part.strides)

    def told(self, *operands: str) -> str:
        part = self.part
        axes = [":" if stride else "None" for stride in self.strides]
        if axes[-1:] == ["None"] and not self.sampled:
            axes.pop()  # an axis for the batch goes without saying
        steps = "" if self.is_whole else f"[{self.offset}: shape {part.lengths}, strides {part.strides}]"
        return operands[0] + steps + (f"[{', '.join(axes)}]" if "None" in axes else "")


@dataclass(frozen=True)
class Part:
    """Which elements of an array a view reads, without repetition: lengths, strides and offset."""

    lengths: Lengths
    strides: Lengths
    offset: int


def read(source: Expr, lengths: Lengths, strides: Lengths, offset: int = 0) -> Expr:
    """The source read in these steps: a view, or the source itself where it is read as it stands.

    So that there is one way to say this, what has an axis of length 1 is always a view.

    >>> x = Array((3, 4), sampled=True)
    >>> read(x, (3, 4), (4, 1)) is x, read(x, (4, 3), (1, 4)) is x
    (True, False)
    """
    own = source.shape[:-1] if source.sampled else source.shape
    is_whole = lengths == own and strides == contiguous(lengths) and 1 not in lengths
    return source if is_whole else View(source, lengths, strides, offset)


class Take(Expr):
    """Elements of an array picked one by one, by their flat positions."""

    source: Expr
    picked: Constant
    form = "{0}[picked {self.picked.shape}]"

    def derived(self) -> Shape:
        return (*self.picked.shape, *[B] * self.source.sampled)


class Apply(Expr):
    """An operation of the table, element by element."""

    op: ops.Operation
    arguments: tuple[Expr, ...]
    form = "{self.op.name}({operands})"

    def derived(self) -> Shape:
        return broadcast(*(argument.shape for argument in self.arguments))


class Where(Expr):
    """The expression where the mask is, and a number elsewhere."""

    mask: Constant
    inside: Expr
    otherwise: float
    form = "where({0}, {1}, {self.otherwise:g})"

    def derived(self) -> Shape:
        return broadcast(self.mask.shape, self.inside.shape)


class Contract(Expr):
    """The sum of products over all letters that ``out`` has not; each operand has a letter for each of its axes."""

    left: Expr
    right: Expr
    left_letters: str
    right_letters: str
    out: str
    form = "dot({operands})"

    def derived(self) -> Shape:
        sizes = dict(zip(self.left_letters, self.left.shape, strict=True))
        for letter, length in zip(self.right_letters, self.right.shape, strict=True):
            if sizes.setdefault(letter, length) != length:
                raise TypeError(
                    f"{letter} is {sizes[letter]} long in {self.left.shape}, {length} in {self.right.shape}"
                )
        return tuple(sizes[letter] for letter in self.out)


class Reduce(Expr):
    """The sum or the maximum over these axes, which are gone then."""

    kind: Literal["sum", "max"]
    inside: Expr
    axes: tuple[int, ...]
    form = "{self.kind} over {self.axes} of {0}"

    def derived(self) -> Shape:
        if not set(self.axes) <= set(range(len(self.inside.shape))):
            raise TypeError(f"no axes {self.axes} in {self.inside.shape}")
        return tuple(length for axis, length in enumerate(self.inside.shape) if axis not in self.axes)


class Rearrange(Expr):
    """The axes in another order; None is a new one of length 1, and one of length 1 may be left out."""

    inside: Expr
    order: tuple[int | None, ...]
    form = "{0}[axes {self.order}]"

    def derived(self) -> Shape:
        shape = self.inside.shape
        if any(length != 1 for axis, length in enumerate(shape) if axis not in self.order):
            raise TypeError(f"axes {self.order} of {shape} leave out one that is longer than 1")
        return tuple(1 if axis is None else shape[axis] for axis in self.order)


class Reshape(Expr):
    """The same elements in the same order, in another shape."""

    inside: Expr
    into: Shape
    form = "{0}[as {self.into}]"

    def derived(self) -> Shape:
        if product(self.inside.shape) != product(self.into):
            raise TypeError(f"{self.inside.shape} has not as many elements as {self.into}")
        return self.into


class Expand(Expr):
    """Repeated along axes of length 1, to a shape."""

    inside: Expr
    into: Shape
    form = "{0}[repeated to {self.into}]"

    def derived(self) -> Shape:
        if broadcast(self.inside.shape, self.into) != self.into:
            raise TypeError(f"{self.inside.shape} is not repeated to {self.into}")
        return self.into


class Concat(Expr):
    """Pieces one after the other along the first axis."""

    pieces: tuple[Expr, ...]
    form = "join({operands})"

    def derived(self) -> Shape:
        length = sum(piece.shape[0] for piece in self.pieces if isinstance(piece.shape[0], int))
        return (length, *broadcast(*(piece.shape[1:] for piece in self.pieces)))

    @property
    def places(self) -> Iterator[tuple[int, int, Expr]]:
        """From where to where each piece stands."""
        start = 0
        for piece in self.pieces:
            length = piece.shape[0]
            assert isinstance(length, int)
            yield start, start + length, piece
            start += length


class Zeros(Expr):
    """A new array of zeros; or of anything at all, if every element is ``assigned`` before it is read."""

    into: Shape
    assigned: bool = False

    def derived(self) -> Shape:
        return self.into

    def told(self, *operands: str) -> str:
        return f"{'empty' if self.assigned else 'zeros'} {self.into}"


E = TypeVar("E", bound=Expr)


def parts_of(expr: Expr, kind: type[E]) -> Iterator[E]:
    """The expression and all that it is made of, as far as they are of that kind."""
    waiting: list[Expr] = [expr]
    while waiting:
        part = waiting.pop()
        if isinstance(part, kind):
            yield part
        waiting += part.operands[::-1]


def arrays_read(expr: Expr) -> tuple[Array, ...]:
    """The arrays that an expression is made of, as often as they stand in it."""
    return (expr,) if isinstance(expr, Array) else expr.arrays


def is_computed(expr: Expr) -> bool:
    """Whether the expression is more than a look at what is there."""
    return isinstance(expr, Apply | Where | Contract | Reduce | Concat) or any(map(is_computed, expr.operands))


def rebuilt(expr: Expr, rule: Callable[[Expr], Expr]) -> Expr:
    """The expression with the rule applied to each of its operands."""
    operands = [rule(operand) for operand in expr.operands]
    if all(new is old for new, old in zip(operands, expr.operands, strict=True)):
        return expr
    left, values = iter(operands), list[Any]()
    for name in _fields(type(expr)):
        value = getattr(expr, name)
        if isinstance(value, Expr):
            value = next(left)
        elif isinstance(value, tuple) and value and isinstance(value[0], Expr):
            value = tuple([next(left) for _ in value])
        values.append(value)
    return type(expr)(*values)


def text(expr: Expr, names: Mapping[Array, str]) -> str:
    """An expression for people, with these names of arrays."""
    if isinstance(expr, Array):
        return names.get(expr, "array")
    return expr.told(*(text(operand, names) for operand in expr.operands))


# ---- statements


@dataclass(frozen=True, eq=False)
class Define:
    """``target = expr``, a new array. Holes of the target hold the number ``fill``, if one is given."""

    target: Array
    expr: Expr
    fill: float | None = None

    def __post_init__(self) -> None:
        if self.expr.shape != self.target.shape:
            raise TypeError(f"{self.expr.shape} does not define an array {self.target.shape}")


@dataclass(frozen=True, eq=False)
class Update:
    """``place = expr`` or ``place += expr``, where the place is an array that is there already, or a part of one.

    A place that is picked more than once is added to as often.
    """

    place: Array | View | Take
    expr: Expr
    add: bool

    def __post_init__(self) -> None:
        if broadcast(self.place.shape, self.expr.shape) != self.place.shape:
            raise TypeError(f"{self.expr.shape} does not fit into {self.place.shape}")

    @property
    def target(self) -> Array:
        """The array that is written to."""
        target = self.place if isinstance(self.place, Array) else self.place.source
        assert isinstance(target, Array)
        return target


@dataclass(frozen=True, eq=False)
class Carried:
    """What a step leaves to the next one: ``leaf`` is ``first`` in the first step, then what ``after`` was before."""

    leaf: Array
    first: Expr
    after: Expr

    def __post_init__(self) -> None:
        if not self.leaf.shape == self.first.shape == self.after.shape:
            raise TypeError(f"{self.first.shape} and then {self.after.shape} are not carried as {self.leaf.shape}")


@dataclass(frozen=True, eq=False)
class Stacked:
    """What is there for each step: ``leaf`` is ``source[t]`` in step t."""

    leaf: Array
    source: Expr

    def __post_init__(self) -> None:
        if self.source.shape[1:] != self.leaf.shape:
            raise TypeError(f"{self.source.shape} is no stack of {self.leaf.shape}")


@dataclass(frozen=True, eq=False)
class Collected:
    """What the steps leave behind: ``target[t]`` is what ``expr`` was in step t; or ``target`` that of the last one."""

    target: Array
    expr: Expr
    each: bool = True

    def __post_init__(self) -> None:
        if self.target.shape[self.each :] != self.expr.shape:
            raise TypeError(f"{self.expr.shape} is not collected in {self.target.shape}")


@dataclass(frozen=True, eq=False)
class Loop:
    """The body, so many ``times``; or ``backwards``, from the last step to the first.

    Beside its own arrays, and what is carried and stacked, the body reads arrays from outside, the same in all steps.
    """

    times: int
    body: Sequence[Statement]
    carried: Sequence[Carried] = ()
    stacked: Sequence[Stacked] = ()
    collected: Sequence[Collected] = ()
    backwards: bool = False

    @property
    def given(self) -> list[Array]:
        """The arrays that the body is given: what is carried, and what is stacked."""
        return [*(each.leaf for each in self.carried), *(each.leaf for each in self.stacked)]

    @property
    def own(self) -> set[Array]:
        """The arrays that are there while it runs."""
        return {*self.given, *(statement.target for statement in assignments(self.body))}

    @property
    def read(self) -> list[Expr]:
        """The expressions that are computed before the loop."""
        return [*(each.first for each in self.carried), *(each.source for each in self.stacked)]

    @property
    def left(self) -> list[Expr]:
        """The expressions that are computed at the end of each step."""
        return [*(each.after for each in self.carried), *(each.expr for each in self.collected)]


Statement = Define | Update | Loop


def assignments(statements: Iterable[Statement]) -> Iterator[Define | Update]:
    """The statements in order, those in loops too."""
    for statement in statements:
        if isinstance(statement, Loop):
            yield from assignments(statement.body)
        else:
            yield statement


def expressions(statements: Iterable[Statement]) -> Iterator[Expr]:
    """All that stands on a right-hand side, in order."""
    for statement in statements:
        if isinstance(statement, Loop):
            yield from statement.read
            yield from expressions(statement.body)
            yield from statement.left
        else:
            yield statement.expr


def mapped(statement: Statement, rule: Callable[[Expr], Expr]) -> Statement:
    """The statement with the rule applied to each of its expressions."""
    if not isinstance(statement, Loop):
        expr = rule(statement.expr)
        return statement if expr is statement.expr else replace(statement, expr=expr)
    return replace(
        statement,
        body=[mapped(inner, rule) for inner in statement.body],
        carried=[replace(each, first=rule(each.first), after=rule(each.after)) for each in statement.carried],
        stacked=[replace(each, source=rule(each.source)) for each in statement.stacked],
        collected=[replace(each, expr=rule(each.expr)) for each in statement.collected],
    )


def made(statement: Statement) -> list[Array]:
    """The arrays that are there, or hold something else, after a statement."""
    return [each.target for each in statement.collected] if isinstance(statement, Loop) else [statement.target]


def _loop_text(loop: Loop, names: Mapping[Array, str]) -> str:
    lines = [f"{names[each.leaf]} = {text(each.source, names)}[t]" for each in loop.stacked]
    lines += [line for statement in loop.body for line in statement_text(statement, names).splitlines()]
    lines += [f"{names[each.target]}{'[t]' * each.each} = {text(each.expr, names)}" for each in loop.collected]
    lines += [f"{names[each.leaf]} = {text(each.after, names)}" for each in loop.carried]
    before = [f"{names[each.leaf]} {_dims(each.leaf)} = {text(each.first, names)}" for each in loop.carried]
    order = f"{loop.times - 1}, ..., 0" if loop.backwards else f"0, ..., {loop.times - 1}"
    return "\n".join([*before, f"for t = {order}:", *(f"    {line}" for line in lines)])


def _dims(array: Array) -> str:
    return f"({', '.join(map(str, array.shape))})"


def statement_text(statement: Statement, names: Mapping[Array, str]) -> str:
    """A statement for people."""
    if isinstance(statement, Loop):
        return _loop_text(statement, names)
    right = text(statement.expr, names)
    if isinstance(statement, Update):
        return f"{text(statement.place, names)} {'+=' if statement.add else '='} {right}"
    filled = "" if statement.fill is None else f", {statement.fill:g} in its holes"
    return f"{names[statement.target]} {_dims(statement.target)} = {right}{filled}"


T = TypeVar("T")


def last_reads(reads: Sequence[Set[T]]) -> list[set[T]]:
    """For each statement, from what every one reads, what none after it does: its memory can be given back.

    >>> last_reads([{"a", "b"}, {"b"}, {"c"}])
    [{'a'}, {'b'}, {'c'}]
    """
    later: set[T] = set()
    found = []
    for names in reversed(reads):
        found.append(set(names - later))
        later |= names
    return found[::-1]


# ---- how a view is taken


@dataclass(frozen=True)
class Steps:
    """How a view is taken: a ``part`` of a vector, reshaped to ``dims``, sliced or indexed along each, and permuted.

    >>> steps((40,), 8, (3, 2), (2, 1))
    Steps(part=(8, 14), dims=(3, 2), picks=(slice(0, 3, 1), slice(0, 2, 1)), order=(0, 1))
    """

    part: tuple[int, int] | None
    dims: Lengths
    picks: tuple[slice | int, ...]
    order: tuple[int, ...]


@lru_cache(maxsize=1024)
def steps(shape: Lengths, offset: int, lengths: Lengths, strides: Lengths) -> Steps | None:
    """How an array of that shape is read with these lengths and strides (none 0); None if these steps will not do."""
    size, part = prod(shape), None
    outer = max(zip(strides, lengths, strict=True), default=(1, 1))
    end = offset + outer[0] * outer[1]
    if len(shape) == 1 and len(lengths) > 1 and end <= size and (offset, end) != (0, size):
        part, size, shape, offset = (offset, end), end - offset, (end - offset,), 0
    natural = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    for units in (natural, sorted({*strides, 1}, reverse=True), sorted({*natural, *strides}, reverse=True)):
        found = _picks(size, units, offset, lengths, strides)
        if found:
            dims, picks, places = found
            ordered = sorted(places)
            return Steps(part, dims, picks, tuple(ordered.index(place) for place in places))
    return None


def _picks(
    size: int, units: Sequence[int], offset: int, lengths: Lengths, strides: Lengths
) -> tuple[Lengths, tuple[slice | int, ...], list[int]] | None:
    """Axes of the given units (steps of 1 along an axis are that far apart): their lengths, what is picked of each, and
    for each axis of the view which one it runs along."""
    above = [size, *units][: len(units)]
    if any(a % u for a, u in zip(above, units, strict=True)) or (units and units[-1] != 1):
        return None
    dims = tuple(a // u for a, u in zip(above, units, strict=True))
    picks: list[slice | int] = [offset // u % d for u, d in zip(units, dims, strict=True)]
    places: list[int] = []
    for length, stride in zip(lengths, strides, strict=True):
        place = next((i for i, u in enumerate(units) if u <= stride), None)
        if place is None or stride % units[place] or place in places:
            return None
        step, start = stride // units[place], picks[place]
        assert isinstance(start, int)
        if start + (length - 1) * step >= dims[place]:
            return None
        places.append(place)
        picks[place] = slice(start, start + (length - 1) * step + 1, step)
    return dims, tuple(picks), places


@lru_cache(maxsize=1024)
def contiguous(shape: Lengths) -> Lengths:
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


# ---- programs


def _name(array: Array, given: dict[Array | Part, str], names: Names) -> str:
    """The name of an array, after that of which it is a stack or by which it is a derivative."""
    if array not in given and array.stack_of:
        given[array] = names.unique(plural(_name(array.stack_of, given, names)))
    elif array not in given and array.derivative_of:
        given[array] = f"d{_name(array.derivative_of, given, names)}"
    return given[array]


def _name_apart(
    lines: Sequence[Statement],
    left: Iterable[Expr],
    there: Sequence[Array],
    given: dict[Array | Part, str],
    names: Names,
) -> None:
    """What is added to an adjoint has its name, but a name of its own where the one before is yet to be read.

    ``left`` is read after the lines. What was ``there`` before them is an argument, whose name stays its own.
    """
    end = len(lines)
    last = {array: i for i, line in enumerate(lines) for expr in expressions([line]) for array in arrays_read(expr)}
    last |= {array: end for expr in left for array in arrays_read(expr)} | dict.fromkeys(there, end)
    holders = {given.get(array): array for array in there}
    for i, line in enumerate(lines):
        for array in filter(given.__contains__, made(line)):
            before = holders.get(given[array], array)
            if before is not array and last.get(before, -1) >= i + (not isinstance(line, Loop)):
                given[array] = names.unique(given[array])
            holders[given[array]] = array
        if isinstance(line, Loop):
            own, exprs = line.own, (*expressions(line.body), *line.left)
            outside = [array for expr in exprs for array in arrays_read(expr) if array not in own]
            _name_apart(line.body, line.left, [*line.given, *outside], given, names)


def _arrays_made(statements: Iterable[Statement]) -> Iterator[Array]:
    for statement in statements:
        if isinstance(statement, Loop):
            yield from statement.given
            yield from _arrays_made(statement.body)
        yield from made(statement)


@dataclass(frozen=True)
class ArrayProgram:
    """Statements in order, from the arrays ``inputs`` and ``theta`` (the vector of the parameters) to the outputs.

    ``backward`` is empty until the program is differentiated; then it leaves the gradient by theta in ``gradient``.
    """

    inputs: Array
    theta: Array
    parameters: Sequence[Value]
    statements: Sequence[Statement]
    outputs: Sequence[Expr]
    hints: Mapping[Array | Part, Hint]
    """What each array and each part of theta is to be named after, in the order of their names."""
    alike: Mapping[Part, Part]
    """For each part of theta the one whose name it shares: they may differ in the order of their axes."""
    held: Mapping[Array, float] = field(default_factory=dict)
    """The number that the holes of an array hold, where it is known."""
    infinite: frozenset[Array] = frozenset()
    """Arrays whose holes may hold inf or nan."""
    backward: Sequence[Statement] = ()
    gradient: Array | None = None

    @cached_property
    def has_holes(self) -> bool:
        """Whether some grid has holes, so that numbers are computed which the graph does not have."""
        holes = any(statement.target.holes is not None for statement in assignments(self.statements))
        return holes or any(True for expr in expressions(self.statements) for _ in parts_of(expr, Where))

    def named(self, names: Names) -> dict[Array | Part, str]:
        """A name of its own for each array and each part of theta: the same for the same program."""
        given: dict[Array | Part, str] = {self.inputs: "x", self.theta: "theta", **named(self.hints, names)}
        given[Part(self.theta.lengths, contiguous(self.theta.lengths), 0)] = "theta"
        given |= {part: given[first] for part, first in self.alike.items()}
        if self.gradient:
            given[self.gradient] = "grad"
        for array in _arrays_made((*self.statements, *self.backward)):
            if array.stack_of or array.derivative_of:
                _name(array, given, names)
        _name_apart((*self.statements, *self.backward), self.outputs, [], given, names)
        return given

    def __str__(self) -> str:
        arrays = {array: name for array, name in self.named(Names()).items() if isinstance(array, Array)}
        forward, backward = ([statement_text(s, arrays) for s in lines] for lines in (self.statements, self.backward))
        returned = ", ".join(text(output, arrays) for output in self.outputs)
        return "\n".join([*forward, *backward, f"return {returned}"])
