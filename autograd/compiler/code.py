"""Pieces of NumPy code as text: expressions, views of arrays, contractions. What emit puts together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

from .. import ieee, ops
from .arrays import Shape

SUM, PRODUCT, SIGN, ATOM = range(4)  # how tightly the outermost operator of an expression binds
COMPARISON = -1


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
    """Small whole powers are products, which are much faster than powers; the others are NumPy's."""
    x, y = Code.of(x), Code.of(y)
    if x.number is None and y.number in (1.0, 2.0, 3.0) and x.binds == ATOM and x.text.isidentifier():
        return Code(" * ".join([x.text] * int(y.number)), PRODUCT if y.number > 1 else ATOM, x.axes)  # type: ignore[arg-type]
    if x.number is None and y.number is not None and y.number.is_integer() and 0 < abs(y.number) <= 64:
        return Code(f"power({x.text}, {int(y.number)})", ATOM, x.axes)
    return call("np.power", x, y)


def _greater(x: Code | float, y: Code | float) -> Code:
    x, y = Code.of(x), Code.of(y)
    y = Code("0") if y.number == 0 else y
    x = Code("0") if x.number == 0 else x
    return Code(f"({x.within(SUM)} > {y.within(SUM)})", ATOM, x.axes | y.axes, boolean=True)


def _mul_no_nan(x: Code | float, y: Code | float) -> Code:
    x, y = Code.of(x), Code.of(y)
    return x * y if y.number not in (None, 0.0) else call("mul_no_nan", x, y)


FUNCTIONS = {
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
"""Each operation of the table on Code; ``+ - *`` are Code's own."""

HELPERS = {
    "power": '''
def power(x, n):
    """x ** n for a whole n, by repeated squaring."""
    if n < 0:
        return power(1.0 / x, -n)
    out = x if n % 2 else None
    while n := n // 2:
        x = x * x
        if n % 2:
            out = x if out is None else out * x
    return out
''',
    "sigmoid": '''
def sigmoid(x):
    """1 / (1 + exp(-x)), from the exponential that cannot overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (1.0 + e)
''',
    "softplus": '''
def softplus(x):
    """log(1 + exp(x)), exact where exp(x) would overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))
''',
    "leaky_relu": '''
def leaky_relu(x, slope):
    """x where x > 0, else slope * x."""
    return np.where(x > 0, x, slope * x)
''',
    "mul_no_nan": '''
def mul_no_nan(x, y):
    """x * y, but 0 wherever y is 0, even where x is inf or nan."""
    return np.where(y == 0, 0.0, x * y)
''',
    "strided": '''
def strided(rows, offset, shape, strides):
    """Element (i, j, ...) is rows[offset + i * strides[0] + j * strides[1] + ...]."""
    steps = [rows.strides[0] * stride for stride in strides]
    return np.lib.stride_tricks.as_strided(rows[offset:], (*shape, *rows.shape[1:]), (*steps, *rows.strides[1:]))
''',
    "add_rows": '''
def add_rows(total, rows, order, starts, places):
    """total[place] += row, for rows sorted by their place."""
    total[places] += np.add.reduceat(rows[order], starts, axis=0)
''',
}


def forward(op: ops.Operation, *arguments: Code | float) -> Code:
    """The operation written down.

    >>> str(forward(ops.ADD, Code("x"), -1.0)), str(forward(ops.RELU, Code("z")))
    ('x - 1.0', 'np.maximum(z, 0.0)')
    """
    codes = [Code.of(argument) for argument in arguments]
    if op is ops.ADD:
        return codes[0] + codes[1]
    if op is ops.SUB:
        return codes[0] - codes[1]
    if op is ops.MUL:
        return codes[0] * codes[1]
    if op is ops.NEG:
        return -codes[0]
    result: Code = FUNCTIONS[op.name](*codes)
    return result.as_number


# ---- views


def indexed(name: str, shape: Shape, offset: int, lengths: Shape, strides: Shape, batch: str) -> str:
    """An array read with these lengths and strides (none 0), as reshape, slices and transpose; ``strided`` if need be.

    ``batch`` is the length of the last axis of a sampled array, else empty.

    >>> indexed("a", (6, 4), 4, (2, 3), (12, 1), "B")
    'a[1:5:3, 0:3]'
    >>> indexed("theta", (40,), 8, (3, 2), (2, 1), "")
    'theta[8:14].reshape(3, 2)'
    >>> indexed("a", (3, 4), 0, (4, 3), (1, 4), "")
    'a.T'
    """
    size = prod(shape)
    full_offset, full_shape = offset, shape
    text = name
    outer = max(zip(strides, lengths, strict=True), default=(1, 1))
    end = offset + outer[0] * outer[1]
    if len(shape) == 1 and len(lengths) > 1 and end <= size and (offset, end) != (0, size):
        text, size, shape, offset = f"{name}[{offset}:{end}]", end - offset, (end - offset,), 0
    natural = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    for units in (natural, sorted({*strides, 1}, reverse=True), sorted({*natural, *strides}, reverse=True)):
        found = _digits(size, units, offset, lengths, strides)
        if found is not None:
            dims, starts, places, steps = found
            if dims != shape and not (len(dims) == 0 and len(shape) == 0):
                text += f".reshape({', '.join([*map(str, dims), *[batch] * bool(batch)])})"
            picks = [str(start) for start in starts]
            for place, length, step in zip(places, lengths, steps, strict=True):
                start = starts[place]
                stop = start + (length - 1) * step + 1
                whole = start == 0 and step == 1 and stop == dims[place]
                picks[place] = ":" if whole else f"{start}:{stop}" + (f":{step}" if step > 1 else "")
            while picks and picks[-1] == ":":
                picks.pop()
            text += f"[{', '.join(picks)}]" if picks else ""
            return text + transposed(_ranks(places), batch)
    return f"strided({flat(name, full_shape, batch)}, {full_offset}, {lengths}, {strides})"


def flat(name: str, shape: Shape, batch: str) -> str:
    """The array with all axes but that of the batch made one."""
    if len(shape) == 1:
        return name
    return f"{name}.reshape({', '.join([str(prod(shape)), *[batch] * bool(batch)])})"


def transposed(order: Sequence[int], batch: str) -> str:
    """The method call that puts axes in this order; the batch axis stays last."""
    n = len(order)
    if list(order) == list(range(n)):
        return ""
    if n == 2 and not batch:
        return ".T"
    return f".transpose({', '.join(map(str, [*order, *[n] * bool(batch)]))})"


def _ranks(places: Sequence[int]) -> list[int]:
    """Axes that are left after indexing keep the order of the array; where is each one now?"""
    ordered = sorted(places)
    return [ordered.index(place) for place in places]


def _digits(
    size: int, units: Sequence[int], offset: int, lengths: Shape, strides: Shape
) -> tuple[Shape, list[int], list[int], list[int]] | None:
    """Axes of the given units (steps of 1 along an axis are that far apart): their lengths, where the view starts in
    each, and for each axis of the view which one it runs along, and in which steps."""
    above = [size, *units][: len(units)]
    if any(a % u for a, u in zip(above, units, strict=True)) or (units and units[-1] != 1):
        return None
    dims = tuple(a // u for a, u in zip(above, units, strict=True))
    starts = [offset // u % d for u, d in zip(units, dims, strict=True)]
    places, steps = [], []
    for length, stride in zip(lengths, strides, strict=True):
        place = next((i for i, u in enumerate(units) if u <= stride), None)
        if place is None or stride % units[place] or place in places:
            return None
        step = stride // units[place]
        if starts[place] + (length - 1) * step >= dims[place]:
            return None
        places.append(place)
        steps.append(step)
    return dims, starts, places, steps


# ---- contractions


@dataclass(frozen=True)
class Tensor:
    """An expression whose axes have letters, one each. ``pick`` writes a gather with its axes in another order."""

    text: str
    letters: str
    pick: Callable[[tuple[int, ...]], str] | None = None
    keep: Callable[[str], str] | None = None
    """Gives a name to an expression that makes a copy, so that it is made once."""

    def arranged(self, groups: Sequence[str], sizes: dict[str, str]) -> str:
        """With the axes in the order of the groups, each group made one axis."""
        wanted = "".join(groups)
        text = self.text
        if wanted != self.letters:
            order = [self.letters.index(letter) for letter in wanted]
            if self.pick and ("B" not in wanted or wanted[-1] == "B"):
                text = self.pick(tuple(order[: len(order) - ("B" in wanted)]))
            else:
                text += ".T" if order == list(range(len(order)))[::-1] else f".transpose({', '.join(map(str, order))})"
        groups = [group for group in groups if group]
        if any(len(group) > 1 for group in groups):
            text += f".reshape({', '.join(product(group, sizes) for group in groups)})"
            if self.keep and wanted != self.letters:
                return self.keep(text)
        return text

    def matrix(self, stack: tuple[str, ...], rows: str, columns: str, sizes: dict[str, str]) -> str:
        """The axes as rows and columns; the transpose of a copy that was made already is as good."""
        if self.keep and not stack and rows and columns and len(rows + columns) > 2:
            plain = replace(self, keep=None)
            if name := self.keep(plain.arranged((columns, rows), sizes) + "?"):
                return f"{name}.T"
        return self.arranged((*stack, rows, columns), sizes)

    def expanded(self, letters: str) -> str:
        """With an axis for each letter, of length 1 where it has none."""
        order = "".join(letter for letter in letters if letter in self.letters)
        text = self.arranged(tuple(order), {})
        picks = [":" if letter in self.letters else "None" for letter in letters]
        while picks and picks[0] == "None":
            picks.pop(0)
        while picks and picks[-1] == ":":
            picks.pop()
        return f"{text}[{', '.join(picks)}]" if picks else text


def product(letters: str, sizes: dict[str, str]) -> str:
    """The product of the sizes, multiplied out as far as they are numbers.

    >>> product("abB", {"a": "2", "b": "3", "B": "B"})
    '6 * B'
    """
    known = prod(int(sizes[letter]) for letter in letters if sizes[letter].isdigit())
    unknown = [sizes[letter] for letter in letters if not sizes[letter].isdigit()]
    return " * ".join([*([str(known)] if known != 1 or not unknown else []), *unknown])


def contract(left: Tensor, right: Tensor, out: str, sizes: dict[str, str]) -> Code:
    """The sum of products, over all letters in ``sizes`` that ``out`` does not have.

    A letter that neither factor has counts as often as it is long where it is summed, and is repeated in ``out``.

    >>> sizes = dict(m="5", k="3", p="7", B="B")
    >>> str(contract(Tensor("w", "m"), Tensor("x", "B"), "B", dict(m="5", k="3", B="B")))
    '3.0 * (w * x[:, None]).sum(1)'
    >>> str(contract(Tensor("g", "m"), Tensor("2.0", ""), "mk", dict(m="5", k="3")))
    'np.broadcast_to((g * 2.0)[:, None], (5, 3,))'
    """
    present = left.letters + right.letters
    count = product("".join(letter for letter in sizes if letter not in present + out), sizes)
    there = "".join(letter for letter in out if letter in present)
    result = _contract(left, right, there, sizes)
    if count != "1":
        result = (Code.of(float(count)) if count.isdigit() else Code(count, PRODUCT)) * result
    if there != out:
        picks = ", ".join(":" if letter in there else "None" for letter in out)
        text = f"{result.within(ATOM)}[{picks}]" if there else result.text
        result = Code(f"np.broadcast_to({text}, ({''.join(f'{sizes[letter]}, ' for letter in out).strip()}))")
    return result


def _contract(left: Tensor, right: Tensor, out: str, sizes: dict[str, str]) -> Code:
    """A matrix product where there is one.

    >>> sizes = dict(m="5", k="3", p="7", B="B")
    >>> str(_contract(Tensor("W", "mk"), Tensor("x", "kB"), "mB", sizes))
    'W @ x'
    >>> str(_contract(Tensor("W", "mk"), Tensor("x", "pkB"), "mpB", sizes))
    '(W @ x.transpose(1, 0, 2).reshape(3, 7 * B)).reshape(5, 7, B)'
    >>> str(_contract(Tensor("dz", "mB"), Tensor("x", "kB"), "mk", sizes))
    'dz @ x.T'
    """
    both = [letter for letter in left.letters if letter in right.letters]
    stack = "".join(letter for letter in both if letter in out)
    inner = "".join(letter for letter in both if letter not in out)
    l_only = "".join(letter for letter in left.letters if letter not in both)
    r_only = "".join(letter for letter in right.letters if letter not in both)
    if l_only and r_only and out.find(r_only[0]) < out.find(l_only[0]):
        left, right, l_only, r_only = right, left, r_only, l_only
    if any(letter not in out for letter in l_only + r_only):
        return _by_products(left, right, out)
    if not inner or "B" in stack or (stack and not (l_only or r_only)):
        return _by_einsum(left, right, out)
    stack, l_only, r_only = ("".join(sorted(group, key=out.index)) for group in (stack, l_only, r_only))
    inner = "".join(sorted(inner, key=(right if r_only else left).letters.index))
    a, b = left.matrix((*stack,), l_only, inner, sizes), right.matrix((*stack,), inner, r_only, sizes)
    if stack and not l_only:
        a = left.arranged((*stack, inner), sizes) + "[..., None, :]"
    if stack and not r_only:
        b = right.arranged((*stack, inner), sizes) + "[..., None]"
    if len(inner) == len(left.letters + right.letters) / 2:
        return Code(f"np.dot({a}, {b})")  # of two vectors: half the time of @
    text, letters = f"{a} @ {b}", stack + l_only + r_only
    binds, into = PRODUCT, "" if stack else f"np.dot({a}, {b}, out={{}})"
    if stack and not l_only:
        text, binds = f"({text})[..., 0, :]", ATOM
    if stack and not r_only:
        text, binds = f"({text})[..., 0]", ATOM
    if len(l_only) > 1 or len(r_only) > 1:
        into = ""
        text, binds = f"{text if binds == ATOM else f'({text})'}.reshape({', '.join(sizes[a] for a in letters)})", ATOM
    if letters != out:
        text = f"({text})" if binds != ATOM else text
        text, binds, into = Tensor(text, letters).arranged(tuple(out), sizes), ATOM, ""
    return Code(text, binds, into=into)


def _by_products(left: Tensor, right: Tensor, out: str) -> Code:
    """Where only one factor has a summed letter: sums could be multiplied, but inf and nan are those of the products."""
    letters = out + "".join(dict.fromkeys(letter for letter in left.letters + right.letters if letter not in out))
    x, y = (Code(tensor.expanded(letters)) for tensor in (left, right))
    axes = tuple(range(len(out), len(letters)))
    return Code(f"({x * y}).sum({axes[0] if len(axes) == 1 else axes})")


def _by_einsum(left: Tensor, right: Tensor, out: str) -> Code:
    if all(letter in out for letter in left.letters + right.letters):
        return Code(left.expanded(out)) * Code(right.expanded(out))
    return Code(f'np.einsum("{left.letters},{right.letters}->{out}", {left.text}, {right.text})')
