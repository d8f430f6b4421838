"""Code: an expression of NumPy as text, with the arithmetic to make longer ones of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from .. import ieee, ops

SUM, PRODUCT, SIGN, ATOM = range(4)  # how tightly the outermost operator of an expression binds


@dataclass(frozen=True)
class Code:
    """An expression: its text, how tightly it binds, and along which axes of the statement's grid it varies.

    Arithmetic on Code writes the arithmetic down, without what changes nothing: a factor of 1, a term of 0.

    >>> x, y = Code("x"), Code("y")
    >>> str((x - 1.0 * y) * 2.0), str(x * (-y))
    ('2.0 * (x - y)', '-y * x')
    """

    text: str
    binds: int = ATOM
    axes: frozenset[int] = frozenset()
    number: float | None = None
    boolean: bool = False
    into: str = ""
    """The call that leaves the result in an array that is there already: ``np.dot(a, b, out={})``."""

    def __str__(self) -> str:
        return self.text

    @classmethod
    def of(cls, value: Code | float) -> Code:
        if isinstance(value, Code):
            return value
        text = {float("inf"): "np.inf", float("-inf"): "-np.inf"}.get(
            value, "np.nan" if value != value else repr(value)
        )
        return cls(text, SIGN if text.startswith("-") else ATOM, number=value)

    def within(self, binds: int) -> str:
        """The text, in parentheses where it binds less."""
        return self.text if self.binds >= binds else f"({self.text})"

    @property
    def is_negative(self) -> bool:
        """Whether it is written with a minus in front, of all of it."""
        return self.text.startswith("-") and self.binds in (SIGN, PRODUCT) and self.number is None

    @property
    def as_number(self) -> Code:
        """NumPy does not subtract truth values."""
        return Code(f"{self.within(PRODUCT)} * 1.0", PRODUCT, self.axes) if self.boolean else self

    def __add__(self, other: Code | float) -> Code:
        other = Code.of(other)
        if self.number is not None and other.number is not None:
            return Code.of(self.number + other.number)
        x, y = (self.as_number, other.as_number) if self.boolean and other.boolean else (self, other)
        if y.binds == SIGN and y.text.startswith("-"):
            return Code(f"{x.within(SUM)} - {y.text[1:]}", SUM, x.axes | y.axes)
        return Code(f"{x.within(SUM)} + {y.within(PRODUCT)}", SUM, x.axes | y.axes)

    def __radd__(self, other: float) -> Code:
        return Code.of(other) + self

    def __sub__(self, other: Code | float) -> Code:
        other = Code.of(other)
        if self.number is not None and other.number is not None:
            return Code.of(self.number - other.number)
        x, y = (self.as_number, other.as_number) if self.boolean and other.boolean else (self, other)
        return Code(f"{x.within(SUM)} - {y.within(PRODUCT)}", SUM, x.axes | y.axes)

    def __rsub__(self, other: float) -> Code:
        return Code.of(other) - self

    def __mul__(self, other: Code | float) -> Code:
        other = Code.of(other)
        for x, y in ((self, other), (other, self)):
            if x.number == 1.0:
                return y
            if x.number == -1.0:
                return -y
        if self.number is not None and other.number is not None:
            return Code.of(self.number * other.number)
        x, y = (other, self) if other.number is not None else (self, other)
        if y.text.startswith("1.0 / "):  # x * (1 / y)
            return Code(f"{x.within(PRODUCT)} / {y.text[6:]}", PRODUCT, x.axes | y.axes)
        for a, b in ((x, y), (y, x)):
            if a.binds == SIGN and a.number is None:
                return -(Code(a.text[1:], ATOM, a.axes) * b)
        return Code(f"{x.within(PRODUCT)} * {y.within(PRODUCT if y.binds == ATOM else ATOM)}", PRODUCT, x.axes | y.axes)

    def __rmul__(self, other: float) -> Code:
        return Code.of(other) * self

    def __neg__(self) -> Code:
        if self.number is not None:
            return Code.of(-self.number)
        if self.text.startswith("-") and self.binds in (SIGN, PRODUCT):
            return Code(self.text[1:], ATOM if self.binds == SIGN else PRODUCT, self.axes)
        x = self.as_number
        return Code(f"-{x.within(PRODUCT)}", SIGN if x.binds == ATOM else PRODUCT, x.axes)


def call(name: str, *arguments: Code | float) -> Code:
    """A function of Code as Code."""
    codes = [Code.of(argument) for argument in arguments]
    return Code(f"{name}({', '.join(map(str, codes))})", ATOM, frozenset().union(*(code.axes for code in codes)))


def _div(x: Code | float, y: Code | float) -> Code:
    x, y = Code.of(x), Code.of(y)
    if y.number == 1.0:
        return x
    if x.number is not None and y.number is not None:
        return Code.of(ieee.div(x.number, y.number))
    return Code(f"{x.within(PRODUCT)} / {y.within(ATOM)}", PRODUCT, x.axes | y.axes)


def _pow(x: Code | float, y: Code | float) -> Code:
    """Small whole powers are products, which are much faster than powers; the others are NumPy's.

    But for those of ±0.5: NumPy takes a square root there, which differs from the power at -0.0 and at -inf.
    """
    x, y = Code.of(x), Code.of(y)
    if x.number is None and y.number in (1.0, 2.0, 3.0) and x.binds == ATOM and x.text.isidentifier():
        return Code(" * ".join([x.text] * int(y.number)), PRODUCT if y.number > 1 else ATOM, x.axes)
    if x.number is None and y.number is not None and y.number.is_integer() and 0 < abs(y.number) <= 64:
        return Code(f"power({x.text}, {int(y.number)})", ATOM, x.axes)
    if x.number is None and y.number in (0.5, -0.5):
        root = call("root", x)
        return root if y.number > 0 else _div(1.0, root)
    return call("np.power" if y.number is not None or (x.number or 0.0) > 0 else "raised", x, y)


def _greater(x: Code | float, y: Code | float) -> Code:
    x, y = Code.of(x), Code.of(y)
    y = Code("0") if y.number == 0 else y
    x = Code("0") if x.number == 0 else x
    return Code(f"({x.within(SUM)} > {y.within(SUM)})", ATOM, x.axes | y.axes, boolean=True)


def _mul_no_nan(x: Code | float, y: Code | float) -> Code:
    x, y = Code.of(x), Code.of(y)
    return x * y if y.number not in (None, 0.0) else call("mul_no_nan", x, y)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda x, y: Code.of(x) + y,
    "sub": lambda x, y: Code.of(x) - y,
    "mul": lambda x, y: Code.of(x) * y,
    "neg": lambda x: -Code.of(x),
    "div": _div,
    "pow": _pow,
    "greater": _greater,
    "mul_no_nan": _mul_no_nan,
    "relu": lambda x: call("np.maximum", x, 0.0),
    "stop_gradient": lambda x: x,
    **{name: (lambda *xs, name=name: call(f"np.{name}", *xs)) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
    **{name: (lambda *xs, name=name: call(f"np.{name}", *xs)) for name in ("abs", "maximum", "minimum")},
    **{name: (lambda *xs, name=name: call(name, *xs)) for name in ("sigmoid", "softplus", "leaky_relu")},
}
"""Each operation of the table on Code."""


def apply(op: ops.Operation, *arguments: Code | float) -> Code:
    """The operation written down.

    >>> str(apply(ops.ADD, Code("x"), -1.0)), str(apply(ops.RELU, Code("z")))
    ('x - 1.0', 'np.maximum(z, 0.0)')
    """
    result: Code = FUNCTIONS[op.name](*map(Code.of, arguments))
    return result.as_number


@cache
def derivatives(op: ops.Operation) -> tuple[Callable[..., Any], ...]:
    """The local derivatives of the operation, as functions ``(out, *arguments)`` of Code.

    >>> [str(d(Code("p"), Code("x"), Code("y"))) for d in derivatives(ops.DIV)]
    ['1.0 / y', '-p / y']
    """
    return op.derivatives(FUNCTIONS)
