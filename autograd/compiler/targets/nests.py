"""Loop nests: each step of a program as loops in C over the elements of an array, or over the sums that make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, prod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from .. import ir
from .c_functions import Calls, Term, number
from .phases import Accumulate, Sum, core_path, is_sampled
from .positions import (
    ZERO,
    Axis,
    Block,
    Index,
    Letters,
    Moved,
    Position,
    at_strides,
    axes_of,
    blocks,
    fitted,
    flat,
    index_of,
    moved_to,
    nested,
    own_lengths,
    position,
)
from .stacks import Stacks

TOGETHER = 8  # sums that are computed at once, each in a register
ROWS = 8  # rows that are added to at once
GIVEN = ("theta", "grad")  # arrays of the caller; all others are in the workspace


@dataclass(frozen=True)
class Sums:
    """A contraction or a reduction as loops: over its elements, and over what each of them is the sum of."""

    outer: list[Axis]
    inner: list[Axis]
    index: Index
    """Of an element of the result."""
    term: Callable[[Moved], Term]
    is_max: bool = False


@dataclass(frozen=True)
class Columns:
    """How a sum over the batch of outer products is laid out: in rows, each of so many columns, filled up to LANES."""

    rows: int
    width: int
    row_strides: tuple[int, ...]
    column_strides: tuple[int, ...]


class Nests:
    """Writes the steps of a program, and notes the tables and functions that they need."""

    def __init__(self, names: Mapping[ir.Array, str], prefix: str, stacks: Stacks) -> None:
        self.names, self.prefix, self.stacks = dict(names), prefix, stacks
        self.calls = Calls()
        self.tables: dict[object, tuple[str, npt.NDArray[np.generic]]] = {}
        self.columns: dict[ir.Array, Columns] = {}
        self._known: dict[int, Term] = {}

    # ---- steps

    def step(self, step: ir.Define | ir.Update | Accumulate) -> list[str]:
        """The lines of one step."""
        if isinstance(step, Accumulate):
            return self.accumulated(step)
        if isinstance(step.expr, ir.Zeros) and step.expr.assigned:
            return []
        expr = step.expr.inside if isinstance(step.expr, ir.Expand) else step.expr
        if isinstance(step, ir.Update):
            return self.nest(step.place, expr, "+=" if step.add else "=")
        if isinstance(expr, ir.Concat):
            return self.joined(step.target, expr)
        if isinstance(expr, ir.Reshape) and not isinstance(expr.inside, ir.Array):
            same = ir.Array(own_lengths(expr.inside.shape), step.target.sampled)
            self.stacks.put(same, step.target)
            return self.nest(same, expr.inside, "=")
        return self.nest(step.target, expr, "=")

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
        axes = axes_of(own_lengths(place.shape))
        index = index_of(place.shape, axes)
        found = self.element(expr, fitted(index, expr.shape))
        return nested([axis.loop for axis in axes if axis], [self.assigned(place, index, sign, found)])

    def assigned(self, place: ir.Expr, index: Index, sign: str, found: Term) -> str:
        target = self.element(place, index)
        return f"{target.text} {sign} {found.as_sampled() if target.sampled else found.text};"

    def with_core(self, place: ir.Expr, path: Sequence[ir.Expr], sign: str) -> list[str]:
        """Elements that are made of one contraction or reduction each."""
        *outers, core = path

        def store(index: Index, total: Term) -> str:
            for outer in reversed(outers):
                if isinstance(outer, ir.Rearrange):
                    index = tuple(ZERO if axis is None else index[axis] for axis in outer.order)
            self._known[id(core)] = total
            found = self.element(path[0], index)
            del self._known[id(core)]
            return self.assigned(place, index, sign, found)

        return self.summed(core, store, is_sampled(core), place if not outers and sign == "=" else None)

    # ---- sums

    def summed(
        self, core: ir.Expr, store: Callable[[Index, Term], str], sampled: bool, place: ir.Expr | None = None
    ) -> list[str]:
        """The elements of a contraction or a reduction, several at once; ``store`` says what becomes of each.

        With a ``place`` they are stored there as they are.
        """
        assert isinstance(core, ir.Contract | ir.Reduce)
        sums = _contraction(self, core) if isinstance(core, ir.Contract) else _reduction(self, core)
        if not sums.inner:  # one product or element each
            return nested([axis.loop for axis in sums.outer], [store(sums.index, sums.term({}))])
        if isinstance(core, ir.Contract) and not sampled and (letter := Letters.of(core).beside):
            return self.side_by_side(sums, Letters.of(core), letter, store, place)
        together, parts = blocks(sums.outer, TOGETHER)
        loops = [axis.loop for axis in sums.outer if axis is not together]
        return [
            line for part in parts for line in nested([*loops, *part.loops], self.block(sums, part, store, sampled))
        ]

    def block(self, sums: Sums, part: Block, store: Callable[[Index, Term], str], sampled: bool) -> list[str]:
        """Several sums, each in a register."""
        first = number(-inf if sums.is_max else 0.0)
        begin = first.as_sampled() if sampled else first.text
        total = Term("a[u]" if part.count > 1 else "a", sampled)
        found = sums.term(part.moved)
        added = f"= {self.calls.call('maximum', total, found).text}" if sums.is_max else f"+= {found.text}"
        kind, stored = "v" if sampled else "double", store(moved_to(sums.index, part.moved), total)
        declared = (
            [f"{kind} a[{part.count}];", f"{part.each}a[u] = {begin};"] if part.each else [f"{kind} a = {begin};"]
        )
        added = f"{part.each}{total.text} {added};"
        return [*declared, *nested([axis.loop for axis in sums.inner], [added]), f"{part.each}{stored}"]

    def side_by_side(
        self, sums: Sums, letters: Letters, letter: str, store: Callable[[Index, Term], str], place: ir.Expr | None
    ) -> list[str]:
        """Sums of what no sample has of its own: lanes are neighbours along a letter; the last ones are left over."""
        core, axis = letters.core, letters.axes[letter]
        others = [other for other in sums.outer if other != axis]
        together, parts = blocks(others, ROWS)
        lines = []
        for part in parts:
            factors = []
            for expr, on in ((core.left, core.left_letters), (core.right, core.right_letters)):
                text = self.element(expr, letters.at(on, part.moved)).text
                factors.append(f"BESIDE({text})" if letters.stride(expr, on, letter) else text)
            total = "a[u]" if part.each else "a"
            index = moved_to(sums.index, part.moved)
            to = position(place, index) if place is not None else None
            if to is not None and place is not None and dict(to.factors).get(axis.name) == 1:
                stored = f"BESIDE({self.element(place, index).text}) = {total};"
            else:
                lane = {axis.name: Position.of(axis.name) + Position.of("t")}
                element = store(moved_to(index, lane), Term("LANE(out, t)"))
                stored = f"{{ v out = {total}; EACH(t) {element} }}"
            body = [
                f"v a[{part.count}];" if part.each else "v a;",
                f"{part.each}{total} = V(0.0);",
                *nested([inner.loop for inner in sums.inner], [f"{part.each}{total} += {' * '.join(factors)};"]),
                f"{part.each}{stored}",
            ]
            j, n = axis.name, axis.length
            loops = [other.loop for other in others if other != together] + part.loops
            lines += nested([*loops, f"for (int {j} = 0; {j} + LANES <= {n}; {j} += LANES)"], body)
            if n % 8:
                rest = f"for (int {j} = {n} / LANES * LANES; {j} < {n}; {j}++)"
                lines += nested([*loops, rest], self.block(sums, part, store, sampled=False))
        return lines

    # ---- sums over the batch

    def accumulated(self, step: Accumulate) -> list[str]:
        """What is added to a sum over the batch by lanes that have a sample."""
        target = step.target
        if isinstance(step.expr, ir.Contract):
            letters = Letters.of(step.expr)
            wide = _wide_factor(letters)
            if wide is not None and target not in self.stacks.places:
                return self.by_samples(target, letters, wide)

        def store(index: Index, total: Term) -> str:
            return f"{self.place(target, flat(target.lengths, index))} += KEPT({total.as_sampled()});"

        return self.summed(step.expr, store, sampled=True)

    def by_samples(self, target: Sum, letters: Letters, wide: int) -> list[str]:
        """Outer products, sample after sample: one factor is transposed, its elements are beside one another then."""
        core = letters.core
        factors = [(core.left, core.left_letters), (core.right, core.right_letters)]
        (beside, on_beside), (other, on_other) = factors[wide], factors[1 - wide]
        columns = self.columns[target] = _columns(target, core, on_beside, on_other)
        width = f"COLUMNS({columns.width})"
        own = letters.among("".join(a for a in core.out if a in on_beside and a not in on_other))
        rows = letters.among("".join(a for a in core.out if a in on_other and a not in on_beside))
        around = [axis.loop for axis in letters.axes.values() if axis not in own and axis not in rows]
        column = at_strides(columns.column_strides, letters.at(core.out, {}))
        element = self.element(beside, letters.at(on_beside, {})).text
        body = [f"memset(w->lanes, 0, LANES * {width} * sizeof(v));"] if columns.width % 8 else []
        copied = f"EACH(t) LANE(w->lanes[t * {width}], {column}) = LANE({element}, t);"
        body += nested([axis.loop for axis in own], [copied])
        together, parts = blocks(rows, ROWS)
        for part in parts:
            row = at_strides(columns.row_strides, letters.at(core.out, part.moved))
            place = f"w->{self.names[target]}[({row}) * {width} + c]"
            factor = self.element(other, letters.at(on_other, part.moved)).text
            total = "a[u]" if part.each else "a"
            added = f"{part.each}{total} += LANE({factor}, t) * w->lanes[t * {width} + c];"
            lines = [
                f"v a[{part.count}];" if part.each else "v a;",
                f"{part.each}{total} = {place};",
                *nested(["for (int t = 0; t < w->n; t++)"], [added]),
                f"{part.each}{place} = {total};",
            ]
            loops = [axis.loop for axis in rows if axis is not together]
            body += nested([*loops, *part.loops, f"for (int c = 0; c < {width}; c++)"], lines)
        return nested(around, body)

    # ---- elements

    def element(self, expr: ir.Expr, index: Index) -> Term:
        """The element of an expression at an index."""
        known = self._known.get(id(expr))
        return known or self.rules[type(expr)](self, expr, index)

    def place(self, array: ir.Array, position: Position) -> str:
        """An element of an array in the workspace, of one that is given, or of a table."""
        place = self.stacks.place(array)
        source, position = place.source, place.start + position * place.stride
        if isinstance(source, ir.Constant):
            return self.table(source.values, position)
        name = self.names[source]
        if name in GIVEN:
            return f"{name}[{position}]"
        return f"w->{name}" if source.size == 1 else f"w->{name}[{position}]"

    def read(self, array: ir.Expr, position: Position) -> Term:
        assert isinstance(array, ir.Array), array
        return Term(self.place(array, position), array.sampled)

    def total(self, expr: Sum, index: Index) -> Term:
        """An element of a sum over the batch, which is complete."""
        columns = self.columns.get(expr)
        if columns is None:
            return Term(f"sum({self.place(expr, flat(expr.lengths, index))})")
        row, column = (at_strides(strides, index) for strides in (columns.row_strides, columns.column_strides))
        return Term(f"LANE(w->{self.names[expr]}[({row}) * COLUMNS({columns.width})], {column})")

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
        otherwise = other.as_sampled() if inside.sampled else other.text
        return Term(f"({mask.text} ? {inside.text} : {otherwise})", inside.sampled)

    def constant(self, expr: ir.Constant, index: Index) -> Term:
        if expr.values.size == 1:
            return number(float(expr.values.item()))
        return Term(self.table(expr.values, flat(expr.values.shape, index)))

    def rearrange(self, expr: ir.Rearrange, index: Index) -> Term:
        inside: list[Position | None] = [ZERO] * len(expr.inside.shape)
        for axis, place in zip(expr.order, index, strict=True):
            if axis is not None:
                inside[axis] = place
        return self.element(expr.inside, tuple(inside))

    rules: ClassVar[dict[type[ir.Expr], Callable[..., Term]]] = {
        ir.Number: lambda self, expr, index: number(expr.value),
        ir.Symbol: lambda self, expr, index: Term(f"w->{expr.name}"),
        ir.Constant: constant,
        ir.Array: lambda self, expr, index: self.read(expr, flat(expr.lengths, index)),
        Sum: total,
        ir.View: lambda self, expr, index: self.read(expr.source, at_strides(expr.strides, index, expr.offset)),
        ir.Take: lambda self, expr, index: self.read(
            expr.source, Position.of(self.table(expr.picked.values, flat(expr.picked.shape, index)))
        ),
        ir.Apply: apply,
        ir.Where: where,
        ir.Rearrange: rearrange,
        ir.Reshape: lambda self, expr, index: self.read(expr.inside, flat(own_lengths(expr.into), index)),
        ir.Expand: lambda self, expr, index: self.element(expr.inside, fitted(index, expr.inside.shape)),
        ir.Zeros: lambda self, expr, index: number(0.0),
    }


def _contraction(nests: Nests, core: ir.Contract) -> Sums:
    letters = Letters.of(core)

    def term(moved: Moved) -> Term:
        left = nests.element(core.left, letters.at(core.left_letters, moved))
        right = nests.element(core.right, letters.at(core.right_letters, moved))
        return Term(f"{left.text} * {right.text}", left.sampled or right.sampled)

    inner = [axis for a, axis in letters.axes.items() if a not in core.out]
    return Sums(letters.among(core.out), inner, letters.at(core.out, {}), term)


def _reduction(nests: Nests, core: ir.Reduce) -> Sums:
    shape = core.inside.shape
    axes = axes_of(own_lengths(shape))
    index = index_of(shape, axes)
    own = [axis for axis, length in enumerate(shape) if not isinstance(length, ir.Batch)]
    named = {place: axis for place, axis in zip(own, axes, strict=True) if axis}
    kept = [place for place in range(len(shape)) if place not in core.axes]
    outer, inner = ([named[place] for place in places if place in named] for places in (kept, core.axes))

    def term(moved: Moved) -> Term:
        return nests.element(core.inside, moved_to(index, moved))

    return Sums(outer, inner, tuple(index[place] for place in kept), term, core.kind == "max")


def _wide_factor(letters: Letters) -> int | None:
    """Which factor of a product that is summed over the batch to transpose, 0 for the left one; None for none.

    Lanes may be samples: then each element is loaded and stored again for LANES products. Or they may be elements along
    the letters of one factor: then that is transposed, and filled up to whole vectors. Counted are vectors that are
    added or moved; sums beyond the first cache count twice.
    """
    core = letters.core
    if not (is_sampled(core.left) and is_sampled(core.right)):
        return None
    sides = core.left_letters, core.right_letters
    alone = ["".join(a for a in core.out if a in own and a not in other) for own, other in (sides, sides[::-1])]
    sizes = [letters.size(a) for a in alone]
    costs = [height * -(-width // 8) * 8 + 8 * width for width, height in (sizes, sizes[::-1])]
    inner = prod(axis.length for a, axis in letters.axes.items() if a not in core.out)
    by_lanes = sizes[0] * sizes[1] * (1 + 1.5 / inner) * (2 if letters.size(core.out) > 512 else 1)
    return costs.index(min(costs)) if min(costs) < by_lanes else None


def _columns(target: Sum, core: ir.Contract, on_beside: str, on_other: str) -> Columns:
    lengths = dict(zip(core.out, target.lengths, strict=True))
    beside = {a: n for a, n in lengths.items() if a in on_beside and a not in on_other}
    rows = {a: n for a, n in lengths.items() if a not in beside}
    strides = [dict(zip(part, ir.contiguous(tuple(part.values())), strict=True)) for part in (rows, beside)]
    row_strides, column_strides = (tuple(found.get(a, 0) for a in core.out) for found in strides)
    return Columns(prod(rows.values()), prod(beside.values()), row_strides, column_strides)
