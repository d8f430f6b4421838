"""Loop nests: each step of a program as loops in C over the elements of an array, or over sums that make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from .. import ir
from .c_functions import Calls, Term, number
from .phases import Accumulate, Core, Step, Sum, core_path

TOGETHER = 8  # sums that are computed at once, each in a register
GIVEN = ("theta", "grad")  # arrays of the caller; all others are in the workspace
LETTERS = "ijklmpqr"  # names of loop variables


# ---- positions


@dataclass(frozen=True)
class Position:
    """A whole number that depends on loop variables: a constant, and a factor for each variable.

    >>> i, j = Position.of("i"), Position.of("j")
    >>> print(i * 16 + j + 48, i * 0)
    16 * i + j + 48 0
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


def flat(lengths: Sequence[int], index: Sequence[Position | None]) -> Position:
    """The position in the memory of an array of that shape."""
    return at_strides(ir.contiguous(tuple(lengths)), index)


def at_strides(strides: Sequence[int], index: Sequence[Position | None], offset: int = 0) -> Position:
    """The position that is so many steps along each axis away from the offset."""
    total = Position((), offset)
    for stride, position in zip(strides, index, strict=False):
        total = total + (position or ZERO) * stride
    return total


def fitted(index: Index, shape: ir.Shape) -> Index:
    """The index in what has this shape, and is repeated along axes of length 1."""
    if not shape:
        return ()
    return tuple(ZERO if length == 1 else position for position, length in zip(index, shape, strict=True))


# ---- loops


@dataclass(frozen=True)
class Axis:
    """A loop variable, and how far it runs."""

    name: str
    length: int


class Nests:
    """Writes the steps of a program, and notes the tables and functions that they need."""

    def __init__(self, names: Mapping[ir.Array, str], prefix: str) -> None:
        self.names, self.prefix = dict(names), prefix
        self.calls = Calls()
        self.tables: dict[object, tuple[str, npt.NDArray[np.generic]]] = {}
        self.core: ir.Expr | None = None
        self.core_term = number(0.0)

    # ---- statements

    def step(self, step: Step) -> list[str]:
        """The lines of one step."""
        if isinstance(step, Accumulate):
            return self.accumulated(step)
        if isinstance(step.expr, ir.Zeros) and step.expr.assigned:
            return []
        expr = step.expr.inside if isinstance(step.expr, ir.Expand) else step.expr
        if isinstance(step, ir.Define) and isinstance(expr, ir.Concat):
            return self.joined(step.target, expr)
        if isinstance(step, ir.Define) and isinstance(expr, ir.Reshape) and not isinstance(expr.inside, ir.Array):
            place: ir.Expr = ir.Array(_own(expr.inside.shape), step.target.sampled)
            self.names[place] = self.names[step.target]  # type: ignore[index]
            return self.nest(place, expr.inside, "=")
        sign = "+=" if isinstance(step, ir.Update) and step.add else "="
        return self.nest(step.place if isinstance(step, ir.Update) else step.target, expr, sign)

    def joined(self, target: ir.Array, expr: ir.Concat) -> list[str]:
        """Each piece to its place."""
        lines = []
        for start, stop, piece in expr.places:
            lengths = (stop - start, *target.lengths[1:])
            offset = start * prod(target.lengths[1:])
            lines += self.nest(ir.View(target, lengths, ir.contiguous(lengths), offset), piece, "=")
        return lines

    def nest(self, place: ir.Expr, expr: ir.Expr, sign: str) -> list[str]:
        """``place = expr`` for each element."""
        path = core_path(expr)
        if path and expr.shape == place.shape:
            return self.with_core(place, path, sign)
        axes = _axes(_own(place.shape))
        index = _index(place.shape, axes)
        term = self.element(expr, fitted(index, expr.shape))
        return _loops([axis for axis in axes if axis], [self.assign(place, index, sign, term)])

    def assign(self, place: ir.Expr, index: Index, sign: str, term: Term) -> str:
        target = self.element(place, index)
        return f"{target.text} {sign} {term.as_sampled() if target.sampled else term.text};"

    def with_core(self, place: ir.Expr, path: Sequence[ir.Expr], sign: str) -> list[str]:
        """Elements that are made of one contraction or reduction each."""
        core = path[-1]
        assert isinstance(core, ir.Contract | ir.Reduce)

        def store(index: Index, total: Term) -> str:
            for outer in path[-2::-1]:
                if isinstance(outer, ir.Rearrange):
                    index = tuple(ZERO if axis is None else index[axis] for axis in outer.order)
            before, self.core, self.core_term = self.core, core, total
            term = self.element(path[0], index)
            self.core = before
            return self.assign(place, index, sign, term)

        return self.summed(core, store, any(isinstance(n, ir.Batch) for n in core.shape))

    def accumulated(self, step: Accumulate) -> list[str]:
        """A sum over the batch: lanes add to lanes of their own, those without a sample nothing."""

        def store(index: Index, total: Term) -> str:
            return f"{self.place(step.target, flat(step.target.lengths, index))} += KEPT({total.as_sampled()});"

        return self.summed(step.expr, store, sampled=True)

    # ---- sums

    def summed(self, core: Core, store: Callable[[Index, Term], str], sampled: bool) -> list[str]:
        """Loops over the elements of a contraction or a reduction: several sums at once, then each is stored."""
        outer, inner, index, term = self.contraction(core) if isinstance(core, ir.Contract) else self.reduction(core)
        if not inner:  # one product or element each
            return _loops(outer, [store(index, term({}))])
        together = _together(outer)
        lines: list[str] = []
        for start, stop, count in _blocks(together):
            lines += self.block(core, outer, inner, index, term, store, sampled, together, start, stop, count)
        return lines

    def block(
        self,
        core: Core,
        outer: Sequence[Axis],
        inner: Sequence[Axis],
        index: Index,
        term: Callable[[Mapping[str, Position]], Term],
        store: Callable[[Index, Term], str],
        sampled: bool,
        together: Axis | None,
        start: int,
        stop: int,
        count: int,
    ) -> list[str]:
        """The sums whose variable of the axis ``together`` is from start to stop, so many of them at once."""
        kind = "v" if sampled else "double"
        is_max = isinstance(core, ir.Reduce) and core.kind == "max"
        first = number(-np.inf if is_max else 0.0)
        begin = first.as_sampled() if sampled else first.text
        moved: dict[str, Position] = {}
        loops = [f"for (int {axis.name} = 0; {axis.name} < {axis.length}; {axis.name}++)" for axis in outer if axis != together]
        total = "a"
        if together:
            several = count > 1
            total = "a[u]" if several else "a"
            position = Position.of(together.name) if stop - start > count else Position((), start)
            moved[together.name] = position + Position.of("u") if several else position
            if stop - start > count:
                loops.append(f"for (int {together.name} = {start}; {together.name} < {stop}; {together.name} += {count})")
        each = f"UNROLLED for (int u = 0; u < {count}; u++) " if total == "a[u]" else ""
        found = term(moved)
        if is_max:
            added = f"{total} = {self.maximum(Term(total, sampled), found).text};"
        else:
            added = f"{total} += {found.text};"
        sums = [f"for (int {axis.name} = 0; {axis.name} < {axis.length}; {axis.name}++)" for axis in inner]
        declared = f"{kind} a[{count}];" if total == "a[u]" else f"{kind} a = {begin};"
        body = [declared]
        if total == "a[u]":
            body.append(f"{each}a[u] = {begin};")
        body += _nested(sums, [f"{{ {each}{added} }}" if each and sums else f"{each}{added}"])
        body.append(f"{each}{store(_moved(index, moved), Term(total, sampled))}")
        return _nested(loops, body)

    def maximum(self, x: Term, y: Term) -> Term:
        return self.calls.call("maximum", x, y)

    def contraction(
        self, core: ir.Contract
    ) -> tuple[list[Axis], list[Axis], Index, Callable[[Mapping[str, Position]], Term]]:
        sizes = dict(zip(core.left_letters, core.left.shape, strict=True))
        sizes |= dict(zip(core.right_letters, core.right.shape, strict=True))
        own = [a for a in core.out if a != "B"] + [a for a in sizes if a not in core.out and a != "B"]
        named = {a: Axis(name, int(sizes[a])) for a, name in zip(own, _variables(), strict=False)}  # type: ignore[arg-type]
        used = {a: axis for a, axis in named.items() if axis.length > 1}

        def at(letters: str, moved: Mapping[str, Position]) -> Index:
            return tuple(
                None if a == "B" else moved.get(used[a].name, Position.of(used[a].name)) if a in used else ZERO
                for a in letters
            )

        def term(moved: Mapping[str, Position]) -> Term:
            """The product of both factors."""
            left = self.element(core.left, at(core.left_letters, moved))
            right = self.element(core.right, at(core.right_letters, moved))
            return Term(f"{left.text} * {right.text}", left.sampled or right.sampled)

        outer = [used[a] for a in core.out if a in used]
        inner = [axis for a, axis in used.items() if a not in core.out]
        return outer, inner, at(core.out, {}), term

    def reduction(
        self, core: ir.Reduce
    ) -> tuple[list[Axis], list[Axis], Index, Callable[[Mapping[str, Position]], Term]]:
        shape = core.inside.shape
        axes = _axes(_own(shape))
        index = _index(shape, axes)

        def term(moved: Mapping[str, Position]) -> Term:
            return self.element(core.inside, _moved(index, moved))

        own = [axis for axis, length in enumerate(shape) if not isinstance(length, ir.Batch)]
        kept = [axis for axis in range(len(shape)) if axis not in core.axes]
        by_axis = dict(zip(own, axes, strict=True))
        outer = [by_axis[axis] for axis in kept if by_axis.get(axis)]
        inner = [by_axis[axis] for axis in core.axes if by_axis.get(axis)]
        return outer, inner, tuple(index[axis] for axis in kept), term  # type: ignore[return-value]

    # ---- elements

    def element(self, expr: ir.Expr, index: Index) -> Term:
        """The element of an expression at an index."""
        if expr is self.core:
            return self.core_term
        return self.rules[type(expr)](self, expr, index)

    def place(self, array: ir.Array, position: Position | str) -> str:
        """An element of an array in the workspace, or of one that is given."""
        name = self.names[array]
        is_given = name in GIVEN
        if not is_given and array.size == 1:
            return f"w->{name}"
        return f"{'' if is_given else 'w->'}{name}[{position}]"

    def read(self, array: ir.Expr, position: Position | str) -> Term:
        assert isinstance(array, ir.Array), array
        text = self.place(array, position)
        return Term(f"sum({text})") if isinstance(array, Sum) else Term(text, array.sampled)

    def table(self, values: npt.NDArray[np.generic], position: Position) -> str:
        """An entry of a table of numbers, of positions or of truth values."""
        kind = {"b": "mask", "f": "numbers"}.get(values.dtype.kind, "picked")
        key = (kind, values.shape, values.tobytes())
        if key not in self.tables:
            self.tables[key] = f"{self.prefix}{kind}{len(self.tables) + 1}", values
        return f"{self.tables[key][0]}[{position}]"

    def apply(self, expr: ir.Apply, index: Index) -> Term:
        return self.calls.apply(expr.op, [self.element(x, fitted(index, x.shape)) for x in expr.arguments])

    def where(self, expr: ir.Where, index: Index) -> Term:
        inside = self.element(expr.inside, fitted(index, expr.inside.shape))
        mask = self.element(expr.mask, fitted(index, expr.mask.shape))
        other = number(expr.otherwise)
        return Term(f"({mask.text} ? {inside.text} : {other.as_sampled() if inside.sampled else other.text})", inside.sampled)

    def constant(self, expr: ir.Constant, index: Index) -> Term:
        if expr.values.size == 1:
            return number(float(expr.values.item()))
        return Term(self.table(expr.values, flat(expr.values.shape, index)))

    def rearrange(self, expr: ir.Rearrange, index: Index) -> Term:
        inside: list[Position | None] = [ZERO] * len(expr.inside.shape)
        for axis, position in zip(expr.order, index, strict=True):
            if axis is not None:
                inside[axis] = position
        return self.element(expr.inside, tuple(inside))

    rules: ClassVar[dict[type[ir.Expr], Callable[..., Term]]] = {
        ir.Number: lambda self, expr, index: number(expr.value),
        ir.Symbol: lambda self, expr, index: Term(f"w->{expr.name}"),
        ir.Constant: constant,
        ir.Array: lambda self, expr, index: self.read(expr, flat(expr.lengths, index)),
        Sum: lambda self, expr, index: self.read(expr, flat(expr.lengths, index)),
        ir.View: lambda self, expr, index: self.read(expr.source, at_strides(expr.strides, index, expr.offset)),
        ir.Take: lambda self, expr, index: self.read(
            expr.source, self.table(expr.picked.values, flat(expr.picked.shape, index))
        ),
        ir.Apply: apply,
        ir.Where: where,
        ir.Rearrange: rearrange,
        ir.Reshape: lambda self, expr, index: self.read(expr.inside, flat(_own(expr.into), index)),
        ir.Expand: lambda self, expr, index: self.element(expr.inside, fitted(index, expr.inside.shape)),
        ir.Zeros: lambda self, expr, index: number(0.0),
    }


def _own(shape: ir.Shape) -> tuple[int, ...]:
    """The lengths without that of the batch."""
    return tuple(length for length in shape if not isinstance(length, ir.Batch))


def _variables() -> list[str]:
    return [*LETTERS, *(f"{letter}{n}" for n in range(1, 9) for letter in LETTERS)]


def _axes(lengths: Sequence[int]) -> list[Axis | None]:
    """A variable for each axis that is longer than 1."""
    names = iter(_variables())
    return [Axis(next(names), length) if length > 1 else None for length in lengths]


def _index(shape: ir.Shape, axes: Sequence[Axis | None]) -> Index:
    """The index whose positions are the variables of the axes."""
    left = iter(axes)
    found: list[Position | None] = []
    for length in shape:
        axis = None if isinstance(length, ir.Batch) else next(left)
        found.append(None if isinstance(length, ir.Batch) else Position.of(axis.name) if axis else ZERO)
    return tuple(found)


def _moved(index: Index, moved: Mapping[str, Position]) -> Index:
    """The index with some of its variables replaced."""

    def rule(position: Position | None) -> Position | None:
        if position is None or not position.factors:
            return position
        ((name, _),) = position.factors
        return moved.get(name, position)

    return tuple(map(rule, index))


def _together(axes: Sequence[Axis]) -> Axis | None:
    """The axis along which several sums are computed at once."""
    return max(axes, key=lambda axis: min(axis.length, TOGETHER), default=None)


def _blocks(axis: Axis | None) -> list[tuple[int, int, int]]:
    """Parts of an axis: from where to where, and how many of it at once; as even as may be.

    >>> _blocks(Axis("i", 16)), _blocks(Axis("i", 17)), _blocks(None)
    ([(0, 16, 8)], [(0, 12, 6), (12, 17, 5)], [(0, 1, 1)])
    """
    if axis is None:
        return [(0, 1, 1)]
    times = -(-axis.length // TOGETHER)
    count = -(-axis.length // times)
    whole = axis.length // count * count
    rest = [(whole, axis.length, axis.length - whole)] if whole < axis.length else []
    return [(0, whole, count), *rest]


def _loops(axes: Sequence[Axis | None], body: Sequence[str]) -> list[str]:
    return _nested(
        [f"for (int {axis.name} = 0; {axis.name} < {axis.length}; {axis.name}++)" for axis in axes if axis], body
    )


def _nested(loops: Sequence[str], body: Sequence[str]) -> list[str]:
    """The body within loops, braced where it has several lines."""
    if not loops:
        return [*body] if len(body) == 1 else ["{", *("  " + line for line in body), "}"]
    lines = list(body)
    for depth, loop in enumerate(reversed(loops)):
        if depth == 0 and len(body) > 1:
            lines = [loop + " {", *("  " + line for line in lines), "}"]
        else:
            lines = [loop, *("  " + line for line in lines)]
    return lines
