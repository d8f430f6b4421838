"""Arithmetic on array expressions: without factors of 1 or double signs, with axes that are summed or repeated in mind.

A *flow* is an expression whose axes of length 1 stand for longer ones: it says the same along them. Summed over such an
axis it counts as often as that is long. That is decided here, by the shape, for all who sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import ops
from .ir import (
    Apply,
    Batch,
    Constant,
    Contract,
    Expand,
    Expr,
    Length,
    Number,
    Rearrange,
    Reduce,
    Reshape,
    Shape,
    Symbol,
    Take,
    View,
    product,
)

# ---- operations of the table


def apply(op: ops.Operation, *arguments: Expr) -> Expr:
    """The operation, simplified where that changes no number.

    >>> x, y = Symbol("x"), Symbol("y")
    >>> print(apply(ops.MUL, Number(-1.0), apply(ops.NEG, x)), apply(ops.ADD, x, apply(ops.NEG, y)))
    x sub(x, y)
    """
    if all(isinstance(argument, Number) for argument in arguments):
        return Number(op.rule(*(argument.value for argument in arguments if isinstance(argument, Number)))[0])
    simplified = _SIMPLIFIED.get(op)
    return simplified(*arguments) if simplified else Apply(op, arguments)


def opposite(x: Expr) -> Expr | None:
    """The same without its minus, if it has one in front."""
    if isinstance(x, Number):
        return Number(-x.value) if repr(x.value).startswith("-") else None
    if isinstance(x, Apply):
        first = x.arguments[0]
        if x.op is ops.NEG:
            return first
        if x.op is ops.MUL and isinstance(first, Number) and (factor := opposite(first)):
            return mul(factor, x.arguments[1])
    return None


def add(x: Expr, y: Expr) -> Expr:
    """x + y"""
    positive = opposite(y)
    return Apply(ops.SUB, (x, positive)) if positive else Apply(ops.ADD, (x, y))


def mul(x: Expr, y: Expr) -> Expr:
    """x * y, a number on the left."""
    if isinstance(y, Number):
        x, y = y, x
    if isinstance(x, Number):
        if isinstance(y, Number):
            return Number(x.value * y.value)
        if abs(x.value) == 1.0:
            return y if x.value == 1.0 else neg(y)
    if isinstance(y, Apply) and y.op is ops.DIV and y.arguments[0] == Number(1.0):
        return div(x, y.arguments[1])
    for a, b in ((x, y), (y, x)):
        if isinstance(a, Apply) and a.op is ops.NEG:
            return neg(mul(a.arguments[0], b) if a is x else mul(b, a.arguments[0]))
    return Apply(ops.MUL, (x, y))


def div(x: Expr, y: Expr) -> Expr:
    """x / y"""
    if y == Number(1.0):
        return x
    if isinstance(x, Apply) and x.op is ops.NEG:
        return neg(div(x.arguments[0], y))
    return Apply(ops.DIV, (x, y))


def neg(x: Expr) -> Expr:
    """-x"""
    if isinstance(x, Number):
        return Number(-x.value)
    if isinstance(x, Apply) and x.op is ops.NEG:
        return x.arguments[0]
    if isinstance(x, Apply) and x.op is ops.MUL and isinstance(x.arguments[0], Number):
        return mul(Number(-x.arguments[0].value), x.arguments[1])
    return Apply(ops.NEG, (x,))


def _mul_no_nan(x: Expr, y: Expr) -> Expr:
    known = isinstance(y, Number) and y.value != 0 and y.value == y.value
    return mul(x, y) if known else Apply(ops.MUL_NO_NAN, (x, y))


_SIMPLIFIED: Mapping[ops.Operation, Callable[..., Expr]] = {
    ops.ADD: add,
    ops.MUL: mul,
    ops.DIV: div,
    ops.NEG: neg,
    ops.MUL_NO_NAN: _mul_no_nan,
}


class _OnExpressions(dict[str, Callable[..., Expr]]):
    """The operations of the table on expressions, looked up when they are called."""

    def __missing__(self, name: str) -> Callable[..., Expr]:
        row = ops.operation(name)
        return lambda *arguments: apply(row, *arguments)


_FUNCTIONS = _OnExpressions(constant=lambda number: Number(float(number)))


def derivatives(op: ops.Operation, out: Expr, arguments: Sequence[Expr]) -> list[Expr]:
    """The local derivatives of the operation, by its row.

    >>> x, y, p = (Symbol(name) for name in "xyp")
    >>> print(*derivatives(ops.DIV, p, [x, y]))
    div(1, y) neg(div(p, y))
    """
    names = {"out": out, **dict(zip(op.arguments, arguments, strict=True))}
    return [ops.evaluate(partial, _FUNCTIONS, names) for partial in op.partials]


def forward(op: ops.Operation, arguments: Sequence[Expr]) -> Expr:
    """The operation by the formula of its row, which is not primitive."""
    found: Expr = ops.evaluate(op.forward, _FUNCTIONS, dict(zip(op.arguments, arguments, strict=True)))
    return found


# ---- axes


def rearrange(x: Expr, order: Sequence[int | None]) -> Expr:
    """The axes in this order; the view of an array is another view of it, as long as the batch stays last."""
    if list(order) == list(range(len(x.shape))):
        return x
    if isinstance(x, Rearrange):
        return rearrange(x.inside, [None if axis is None else x.order[axis] for axis in order])
    if isinstance(x, View):
        last = len(x.lengths)
        own = [axis for axis in order if axis != last]
        if not (x.sampled and list(order[-1:]) != [last]) and (last not in order or order[-1] == last):
            lengths = tuple(1 if axis is None else x.lengths[axis] for axis in own)
            strides = tuple(0 if axis is None else x.strides[axis] for axis in own)
            dropped = [n for axis, n in enumerate(x.lengths) if axis not in own]
            if all(n == 1 for n in dropped):
                return View(x.source, lengths, strides, x.offset, last in order)
    if isinstance(x, Take):
        last = len(x.picked.shape)
        own = [axis for axis in order if axis != last]
        in_place = not (x.sampled and list(order[-1:]) != [last]) and (last not in order or order[-1] == last)
        if in_place and (x.sampled or last > 2) and None not in own and len(own) == last:
            return Take(x.source, Constant(x.picked.values.transpose([a for a in own if a is not None])), last in order)
    return Rearrange(x, tuple(order))


def reshape(x: Expr, shape: Shape) -> Expr:
    """In this shape; whatever shape it was given before does not matter."""
    if isinstance(x, Reshape):
        return reshape(x.inside, shape)
    return x if x.shape == shape else Reshape(x, shape)


def expand(x: Expr, shape: Shape) -> Expr:
    """With all these axes."""
    return x if x.shape == shape else Expand(x, shape)


def mask_for(mask: Any, sampled: bool) -> Constant:
    """A mask over the axes of an array, the same for all samples."""
    return Constant(mask[..., None] if sampled else mask)


def count(length: Length) -> Expr:
    """A length as a factor."""
    if isinstance(length, Batch):
        return mul(Number(float(length.count)), Symbol("B"))
    return Number(float(length))


def reduced(kind: str, x: Expr, full: Shape, axes: Sequence[int]) -> Expr:
    """The flow, repeated to the ``full`` shape, summed over these axes or its maximum over them; they are gone then."""
    if not axes:
        return x
    short = [axis for axis in axes if not x.shape or x.shape[axis] == 1]
    times = count(product([full[axis] for axis in short])) if kind == "sum" else Number(1.0)
    if not x.shape:
        return mul(times, x)
    if kind == "sum" and isinstance(x, Apply) and x.op is ops.NEG:
        return neg(reduced(kind, x.arguments[0], full, axes))
    rest = [axis for axis in range(len(x.shape)) if axis not in short]
    x = rearrange(x, rest)
    long = [rest.index(axis) for axis in axes if axis in rest]
    if isinstance(x, View):
        x, long = _in_order(x, long)
    total = Reduce("sum" if kind == "sum" else "max", x, tuple(long)) if long else x
    return mul(times, total)


def _in_order(view: View, axes: list[int]) -> tuple[View, list[int]]:
    """The view as its array has it, if the axes that stay are in that order anyway; and where these axes are then."""
    batch = [len(view.lengths)] * view.sampled
    order = [*view.order, *batch]
    staying = [axis for axis in order if axis not in axes]
    if len(view.order) != len(view.lengths) or staying != sorted(staying):
        return view, axes
    return view.along(view.order), [order.index(axis) for axis in axes]


def summed(flow: Expr, full: Shape, axes: Sequence[int]) -> Expr:
    """The flow, repeated to the full shape, summed over these axes, which have length 1 then; a number stays one."""
    total = reduced("sum", flow, full, axes)
    if not total.shape:
        return total
    left = iter(range(len(total.shape)))
    return rearrange(total, [None if axis in axes else next(left) for axis in range(len(full))])


def contract(
    left: Expr, left_letters: str, right: Expr, right_letters: str, out: str, sizes: Mapping[str, Length]
) -> Expr:
    """The sum of products over all letters in ``sizes`` that ``out`` has not, of two flows with these letters.

    A letter that neither has counts as often as it is long where it is summed; in ``out`` it has length 1.
    """
    left, left_letters = _present(left, left_letters)
    right, right_letters = _present(right, right_letters)
    present = left_letters + right_letters
    there = "".join(letter for letter in out if letter in present)
    absent = [length for letter, length in sizes.items() if letter not in present + out]
    found: Expr = Contract(left, right, left_letters, right_letters, there)
    if there:
        found = rearrange(found, [there.index(letter) if letter in there else None for letter in out])
    return mul(count(product(absent)), found)


def _present(x: Expr, letters: str) -> tuple[Expr, str]:
    """The flow without axes of length 1, and its letters; a view in the order of its array."""
    if not x.shape:
        return x, ""
    axes = [axis for axis, length in enumerate(x.shape) if length != 1]
    if isinstance(x, View):
        axes = [*x.order, *[len(x.lengths)] * x.sampled]
    return rearrange(x, axes), "".join(letters[axis] for axis in axes)
