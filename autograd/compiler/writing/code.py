"""Code: an expression of NumPy as a small tree, with the arithmetic to make larger ones of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

from ... import ieee, ops

COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(5)  # how tightly the outermost operator of an expression binds


@dataclass(frozen=True)
class Naming:
    """How an expression is named where it is worth a name: it must stay the same from its first use to its last."""

    stem: str
    uses: int = 2
    """From how many uses on it is worth one."""
    transpose: Code | None = None
    """What has the same numbers as its transpose: where that has a name already, this one needs none."""


@dataclass(frozen=True)
class Into:
    """A call that leaves the result in an array which is there already, in the place of ``{out}``."""

    call: Code
    views: bool = False
    """Whether that array may be any view; otherwise it must be contiguous."""

    def to(self, out: str) -> Code:
        """The call with that array."""
        return replace(self.call, template=self.call.template.replace("{out}", out))


@dataclass(frozen=True)
class Code:
    """An expression: a template, the expressions in its places, and what is known of the result.

    Each part comes with how tightly it must bind there; it is put in parentheses if it binds less. Arithmetic on Code
    writes the arithmetic down, without factors of 1.

    >>> x, y = Code("x"), Code("y")
    >>> str((x - 1.0 * y) * 2.0), str(x * (-y / 3.0))
    ('2.0 * (x - y)', '-x * (y / 3.0)')
    """

    template: str
    parts: tuple[tuple[Code, int], ...] = ()
    binds: int = ATOM
    axes: frozenset[int] = frozenset()
    """Along which axes of the statement's grid the result varies; its shape begins with the first of them."""
    number: float | None = None
    boolean: bool = False
    fresh: bool = False
    """Whether the result is an array that no name stands for, to be written to at will."""
    naming: Naming | None = None
    into: Into | None = None

    # ---- text

    @cached_property
    def text(self) -> str:
        if not self.parts:
            return self.template
        return self.template.format(*(part.within(binds) for part, binds in self.parts), out="{out}")

    def __str__(self) -> str:
        return self.text

    def within(self, binds: int) -> str:
        """The text, in parentheses where it binds less."""
        return self.text if self.binds >= binds else f"({self.text})"

    @property
    def is_name(self) -> bool:
        return self.text.isidentifier()

    @property
    def names(self) -> Iterator[str]:
        """The names that it reads, each as often as it does."""
        if self.is_name:
            yield self.text
        for part, _ in self.parts:
            yield from part.names

    def rewritten(self, rule: Callable[[Code], Code | None]) -> Code:
        """The same with what the rule makes of its parts, or of all of it; None leaves a part as it is."""
        code = rule(self)
        if code is not None or not self.parts:
            return code or self
        return replace(self, parts=tuple((part.rewritten(rule), binds) for part, binds in self.parts))

    # ---- making

    @classmethod
    def of(cls, value: Code | float) -> Code:
        if isinstance(value, Code):
            return value
        text = {float("inf"): "np.inf", float("-inf"): "-np.inf"}.get(
            value, "np.nan" if value != value else repr(value)
        )
        return cls(text, binds=SIGN if text.startswith("-") else ATOM, number=value)

    @classmethod
    def _binary(cls, x: Code, sign: str, y: Code, binds: int) -> Code:
        right = ATOM if binds == PRODUCT else max(binds, SUM) + (binds == SUM)  # x - (y - z), x * (y / z), x > y + z
        parts = ((x, max(binds, SUM)), (y, right))
        return cls(f"{{}} {sign} {{}}", parts, binds, x.axes | y.axes, fresh=True)

    def then(self, suffix: str, axes: frozenset[int] = frozenset()) -> Code:
        """A view of the result, by an index or a method behind it."""
        return Code(f"{{}}{suffix}", ((self, ATOM),), axes=axes, fresh=self.fresh) if suffix else self

    # ---- arithmetic

    @property
    def opposite(self) -> Code | None:
        """The same without its minus, if it is written with one in front of all of it."""
        if self.number is not None:
            return Code.of(-self.number) if self.text.startswith("-") else None
        if self.template == "-{}":
            return self.parts[0][0]
        if self.binds == PRODUCT and len(self.parts) == 2 and (first := self.parts[0][0].opposite):
            return replace(self, parts=((first, PRODUCT), self.parts[1]), into=None)
        return None

    @property
    def reciprocal(self) -> Code | None:
        """What 1 is divided by here, if it is."""
        return self.parts[1][0] if self.template == "{} / {}" and self.parts[0][0].number == 1.0 else None

    @property
    def as_number(self) -> Code:
        """NumPy does not subtract truth values."""
        return Code._binary(Code.of(1.0), "*", self, PRODUCT) if self.boolean else self

    def __add__(self, other: Code | float) -> Code:
        x, y = self, Code.of(other)
        if x.number is not None and y.number is not None:
            return Code.of(x.number + y.number)
        if x.boolean and y.boolean:
            x = x.as_number
        return Code._binary(x, "-", y.opposite, SUM) if y.opposite else Code._binary(x, "+", y, SUM)

    def __radd__(self, other: float) -> Code:
        return Code.of(other) + self

    def __sub__(self, other: Code | float) -> Code:
        x, y = self, Code.of(other)
        if x.number is not None and y.number is not None:
            return Code.of(x.number - y.number)
        if x.boolean and y.boolean:
            x = x.as_number
        return Code._binary(x, "-", y, SUM)

    def __rsub__(self, other: float) -> Code:
        return Code.of(other) - self

    def __mul__(self, other: Code | float) -> Code:
        x, y = self, Code.of(other)
        if x.number is not None and y.number is not None:
            return Code.of(x.number * y.number)
        if y.number is not None:
            x, y = y, x
        if x.number in (1.0, -1.0):
            return y if x.number == 1.0 else -y
        if y.reciprocal:
            return x / y.reciprocal
        for a, b in ((x, y), (y, x)):
            if a.opposite and a.number is None:
                return -(a.opposite * b if a is x else b * a.opposite)
        return Code._binary(x, "*", y, PRODUCT)

    def __rmul__(self, other: float) -> Code:
        return Code.of(other) * self

    def __truediv__(self, other: Code | float) -> Code:
        x, y = self, Code.of(other)
        if y.number == 1.0:
            return x
        if x.number is not None and y.number is not None:
            return Code.of(ieee.div(x.number, y.number))
        return Code._binary(x, "/", y, PRODUCT)

    def __rtruediv__(self, other: float) -> Code:
        return Code.of(other) / self

    def __neg__(self) -> Code:
        if self.number is not None:
            return Code.of(-self.number)
        if self.opposite:
            return self.opposite
        x = self.as_number
        if x.binds == PRODUCT and x.parts and x.parts[0][0].number is not None:
            return replace(x, parts=((-x.parts[0][0], PRODUCT), *x.parts[1:]), into=None)
        return Code("-{}", ((x, PRODUCT),), SIGN if x.binds == ATOM else PRODUCT, x.axes, fresh=True)


def call(name: str, *arguments: Code | float) -> Code:
    """A function of Code as Code."""
    codes = [Code.of(argument) for argument in arguments]
    places = ", ".join("{}" for _ in codes)
    axes = frozenset().union(*(code.axes for code in codes))
    return Code(f"{name}({places})", tuple((code, COMPARISON) for code in codes), axes=axes, fresh=True)


def _pow(x: Code | float, y: Code | float) -> Code:
    """Small whole powers are products, which are much faster than powers; the others are NumPy's.

    But for those of ±0.5: NumPy takes a square root there, which differs from the power at -0.0 and at -inf.
    """
    x, y = Code.of(x), Code.of(y)
    if x.number is None and y.number in (1.0, 2.0, 3.0) and x.is_name:
        return {1.0: x, 2.0: x * x, 3.0: x * x * x}[y.number]
    if x.number is None and y.number is not None and y.number.is_integer() and 0 < abs(y.number) <= 64:
        return call("power", x, Code(str(int(y.number))))
    if x.number is None and y.number in (0.5, -0.5):
        root = call("root", x)
        return root if y.number > 0 else 1.0 / root
    return call("np.power" if y.number is not None or (x.number or 0.0) > 0 else "raised", x, y)


def _greater(x: Code | float, y: Code | float) -> Code:
    x, y = (Code("0") if code.number == 0 else code for code in map(Code.of, (x, y)))
    return replace(Code._binary(x, ">", y, COMPARISON), boolean=True, naming=Naming("more"))


def _equal(x: Code | float, y: Code | float) -> Code:
    return replace(Code._binary(Code.of(x), "==", Code.of(y), COMPARISON), boolean=True, naming=Naming("same"))


def _mul_no_nan(x: Code | float, y: Code | float) -> Code:
    x, y = Code.of(x), Code.of(y)
    return x * y if y.number not in (None, 0.0) else call("mul_no_nan", x, y)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda x, y: Code.of(x) + y,
    "sub": lambda x, y: Code.of(x) - y,
    "mul": lambda x, y: Code.of(x) * y,
    "neg": lambda x: -Code.of(x),
    "div": lambda x, y: Code.of(x) / y,
    "pow": _pow,
    "greater": _greater,
    "mul_no_nan": _mul_no_nan,
    "relu": lambda x: call("np.maximum", x, 0.0),
    "stop_gradient": lambda x: x,
    "constant": Code.of,
    "pow_log": lambda x, y: ops.evaluate(ops.POW_LOG.forward, FUNCTIONS, {"x": x, "y": y}),
    "equal": _equal,
    **{
        name: (lambda *xs, name=name: call(f"np.{name}", *xs))
        for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "tanh")
    },
    **{
        name: (lambda *xs, name=name: call(f"np.{name}", *xs))
        for name in ("arcsin", "arccos", "arctan", "sinh", "cosh", "expm1", "log1p")
    },
    **{name: (lambda *xs, name=name: call(f"np.{name}", *xs)) for name in ("abs", "maximum", "minimum")},
    **{name: (lambda *xs, name=name: call(name, *xs)) for name in ("sigmoid", "softplus", "leaky_relu", "erf")},
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

    def derivative(text: str, *operands: Any) -> Any:
        return ops.evaluate(text, FUNCTIONS, dict(zip(("out", *op.arguments), operands, strict=True)))

    return tuple(partial(derivative, text) for text in op.partials)
