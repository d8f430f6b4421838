"""Arithmetic on array expressions: without factors of 1 or double signs, with axes that are summed or repeated in mind.

A *flow* is an expression whose axes of length 1 stand for longer ones: it says the same along them. Summed over such an
axis it counts as often as that is long. That is decided here, by the shape, for all who sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import ops
from . import ir

# ---- operations of the table


def apply(op: ops.Operation, *arguments: ir.Expr) -> ir.Expr:
    """The operation, simplified where that changes no number.

    >>> x, y = ir.Symbol("x"), ir.Symbol("y")
    >>> print(apply(ops.MUL, ir.Number(-1.0), apply(ops.NEG, x)), apply(ops.ADD, x, apply(ops.NEG, y)))
    x sub(x, y)
    """
    if all(isinstance(argument, ir.Number) for argument in arguments):
        return ir.Number(op.rule(*(argument.value for argument in arguments if isinstance(argument, ir.Number)))[0])
    simplified = _SIMPLIFIED.get(op)
    return simplified(*arguments) if simplified else ir.Apply(op, arguments)


def opposite(x: ir.Expr) -> ir.Expr | None:
    """The same without its minus, if it has one in front."""
    if isinstance(x, ir.Number):
        return ir.Number(-x.value) if repr(x.value).startswith("-") else None
    if isinstance(x, ir.Apply):
        first = x.arguments[0]
        if x.op is ops.NEG:
            return first
        if x.op is ops.MUL and isinstance(first, ir.Number) and (factor := opposite(first)):
            return mul(factor, x.arguments[1])
    return None


def add(x: ir.Expr, y: ir.Expr) -> ir.Expr:
    """x + y"""
    positive = opposite(y)
    return ir.Apply(ops.SUB, (x, positive)) if positive else ir.Apply(ops.ADD, (x, y))


def mul(x: ir.Expr, y: ir.Expr) -> ir.Expr:
    """x * y, a number on the left."""
    if isinstance(y, ir.Number):
        x, y = y, x
    if isinstance(x, ir.Number):
        if isinstance(y, ir.Number):
            return ir.Number(x.value * y.value)
        if abs(x.value) == 1.0:
            return y if x.value == 1.0 else neg(y)
    if isinstance(y, ir.Apply) and y.op is ops.DIV and y.arguments[0] == ir.Number(1.0):
        return div(x, y.arguments[1])
    for a, b in ((x, y), (y, x)):
        if isinstance(a, ir.Apply) and a.op is ops.NEG:
            return neg(mul(a.arguments[0], b) if a is x else mul(b, a.arguments[0]))
    return ir.Apply(ops.MUL, (x, y))


def div(x: ir.Expr, y: ir.Expr) -> ir.Expr:
    """x / y"""
    if y == ir.Number(1.0):
        return x
    if isinstance(x, ir.Apply) and x.op is ops.NEG:
        return neg(div(x.arguments[0], y))
    return ir.Apply(ops.DIV, (x, y))


def neg(x: ir.Expr) -> ir.Expr:
    """-x"""
    if isinstance(x, ir.Number):
        return ir.Number(-x.value)
    if isinstance(x, ir.Apply) and x.op is ops.NEG:
        return x.arguments[0]
    if isinstance(x, ir.Apply) and x.op is ops.MUL and isinstance(x.arguments[0], ir.Number):
        return mul(ir.Number(-x.arguments[0].value), x.arguments[1])
    return ir.Apply(ops.NEG, (x,))


def _mul_no_nan(x: ir.Expr, y: ir.Expr) -> ir.Expr:
    known = isinstance(y, ir.Number) and y.value != 0 and y.value == y.value
    return mul(x, y) if known else ir.Apply(ops.MUL_NO_NAN, (x, y))


_SIMPLIFIED: Mapping[ops.Operation, Callable[..., ir.Expr]] = {
    ops.ADD: add,
    ops.MUL: mul,
    ops.DIV: div,
    ops.NEG: neg,
    ops.MUL_NO_NAN: _mul_no_nan,
}


class _OnExpressions(dict[str, Callable[..., ir.Expr]]):
    """The operations of the table on expressions, looked up when they are called."""

    def __missing__(self, name: str) -> Callable[..., ir.Expr]:
        row = ops.operation(name)
        return lambda *arguments: apply(row, *arguments)


_FUNCTIONS = _OnExpressions(constant=lambda number: ir.Number(float(number)))


def derivatives(op: ops.Operation, out: ir.Expr, arguments: Sequence[ir.Expr]) -> list[ir.Expr]:
    """The local derivatives of the operation, by its row.

    >>> x, y, p = (ir.Symbol(name) for name in "xyp")
    >>> print(*derivatives(ops.DIV, p, [x, y]))
    div(1, y) neg(div(p, y))
    """
    names = {"out": out, **dict(zip(op.arguments, arguments, strict=True))}
    return [ops.evaluate(partial, _FUNCTIONS, names) for partial in op.partials]


def composed(op: ops.Operation, arguments: Sequence[ir.Expr], target: str) -> ir.Expr:
    """The operation, for which a target has no function, by the formula of its row."""
    if op.is_primitive:
        raise NotImplementedError(
            f"the {target} target has no function for the operation {op.name!r}, and its row does not say how it is "
            f"made of others: its forward is {op.forward!r}"
        )
    found: ir.Expr = ops.evaluate(op.forward, _FUNCTIONS, dict(zip(op.arguments, arguments, strict=True)))
    return found


# ---- axes


def rearrange(x: ir.Expr, order: Sequence[int | None]) -> ir.Expr:
    """The axes in this order; the view of an array is another view of it, as long as the batch stays last."""
    if list(order) == list(range(len(x.shape))):
        return x
    if isinstance(x, ir.Rearrange):
        return rearrange(x.inside, [None if axis is None else x.order[axis] for axis in order])
    if isinstance(x, ir.View | ir.Take) and not (x.sampled and order[-1] != len(x.shape) - 1):
        own = order[:-1] if x.sampled else order
        if isinstance(x, ir.View) and all(n == 1 for axis, n in enumerate(x.lengths) if axis not in own):
            lengths = tuple([1 if axis is None else x.lengths[axis] for axis in own])
            strides = tuple([0 if axis is None else x.strides[axis] for axis in own])
            return ir.read(x.source, lengths, strides, x.offset)
        axes = [axis for axis in own if axis is not None]
        if isinstance(x, ir.Take) and len(x.shape) > 2 and len(axes) == len(own) == len(x.picked.shape):
            return ir.Take(x.source, ir.Constant(x.picked.values.transpose(axes)))
    return ir.Rearrange(x, tuple(order))


def reshape(x: ir.Expr, shape: ir.Shape) -> ir.Expr:
    """In this shape; whatever shape it was given before does not matter."""
    if isinstance(x, ir.Reshape):
        return reshape(x.inside, shape)
    return x if x.shape == shape else ir.Reshape(x, shape)


def expand(x: ir.Expr, shape: ir.Shape) -> ir.Expr:
    """With all these axes."""
    return x if x.shape == shape else ir.Expand(x, shape)


def mask_for(mask: Any, sampled: bool) -> ir.Constant:
    """A mask over the axes of an array, the same for all samples."""
    return ir.Constant(mask[..., None] if sampled else mask)


def count(length: ir.Length) -> ir.Expr:
    """A length as a factor."""
    if isinstance(length, ir.Batch):
        return mul(ir.Number(float(length.count)), ir.Symbol("B"))
    return ir.Number(float(length))


def reduced(kind: str, x: ir.Expr, full: ir.Shape, axes: Sequence[int]) -> ir.Expr:
    """The flow, repeated to the ``full`` shape, summed over these axes or its maximum over them; they are gone then."""
    if not axes:
        return x
    short = [axis for axis in axes if not x.shape or x.shape[axis] == 1]
    times = count(ir.product([full[axis] for axis in short])) if kind == "sum" else ir.Number(1.0)
    if not x.shape:
        return mul(times, x)
    if kind == "sum" and isinstance(x, ir.Apply) and x.op is ops.NEG:
        return neg(reduced(kind, x.arguments[0], full, axes))
    rest = [axis for axis in range(len(x.shape)) if axis not in short]
    x = rearrange(x, rest)
    long = [rest.index(axis) for axis in axes if axis in rest]
    if isinstance(x, ir.View):
        x, long = _in_order(x, long)
    total = ir.Reduce("sum" if kind == "sum" else "max", x, tuple(long)) if long else x
    return mul(times, total)


def _in_order(view: ir.View, axes: list[int]) -> tuple[ir.Expr, list[int]]:
    """The view as its array has it, if the axes that stay are in that order anyway; and where these axes are then."""
    batch = [len(view.lengths)] * view.sampled
    order = [*view.order, *batch]
    staying = [axis for axis in order if axis not in axes]
    if len(order) != len(view.shape) or staying != sorted(staying):
        return view, axes
    return view.along(view.order), [order.index(axis) for axis in axes]


def summed(flow: ir.Expr, full: ir.Shape, axes: Sequence[int]) -> ir.Expr:
    """The flow, repeated to the full shape, summed over these axes, which have length 1 then; a number stays one."""
    total = reduced("sum", flow, full, axes)
    if not total.shape:
        return total
    left = iter(range(len(total.shape)))
    return rearrange(total, [None if axis in axes else next(left) for axis in range(len(full))])


def contract(
    left: ir.Expr, left_letters: str, right: ir.Expr, right_letters: str, out: str, sizes: Mapping[str, ir.Length]
) -> ir.Expr:
    """The sum of products over all letters in ``sizes`` that ``out`` has not, of two flows with these letters.

    A letter that neither has counts as often as it is long where it is summed; in ``out`` it has length 1.
    """
    left, left_letters = _present(left, left_letters)
    right, right_letters = _present(right, right_letters)
    present = left_letters + right_letters
    there = "".join(letter for letter in out if letter in present)
    absent = [length for letter, length in sizes.items() if letter not in present + out]
    found: ir.Expr = ir.Contract(left, right, left_letters, right_letters, there)
    if there:
        found = rearrange(found, [there.index(letter) if letter in there else None for letter in out])
    return mul(count(ir.product(absent)), found)


def _present(x: ir.Expr, letters: str) -> tuple[ir.Expr, str]:
    """The flow without axes of length 1, and its letters; a view in the order of its array."""
    if not x.shape:
        return x, ""
    axes = [axis for axis, length in enumerate(x.shape) if length != 1]
    if isinstance(x, ir.View):
        axes = [*x.order, *[len(x.lengths)] * x.sampled]
    return rearrange(x, axes), "".join(letters[axis] for axis in axes)
