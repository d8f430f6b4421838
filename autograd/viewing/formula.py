"""The rows of the rule table as people write them: ``1 - out * out`` of tanh becomes ``1 − tanh(x)²``.

A notation is a table of templates; what evaluates any rule writes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from ..ops import CALLS, OPERATIONS, Operation, evaluate
from .notation import number_text, visible

# How tightly an expression holds together. An operand that holds less than its place asks for is parenthesized.
SUM, PRODUCT, SIGN, POWER, ATOM = range(5)


@dataclass(frozen=True, eq=False)
class Notation:
    """For each operation its template, how tightly the result holds, and how tightly each operand must."""

    rows: Mapping[str, tuple[str, int, tuple[int, ...]]]
    call: str  # of a function that has no row of its own
    parentheses: str
    derivative: str  # of a formula with respect to an argument
    ratio: str  # the derivative of one named value with respect to another
    times: str
    minus: str
    infinity: str
    name: Callable[[str], str]

    def number(self, value: float) -> str:
        """Four significant digits, with the notation's own minus and infinity."""
        return number_text(value).replace("inf", self.infinity).replace("-", self.minus)

    def operand(self, value: float) -> str:
        """The same where it stands beside a sign: a negative one in parentheses."""
        number = self.number(value)
        return self.parentheses.format(number) if number.startswith(self.minus) else number

    def product(self, factors: Iterable[str]) -> str:
        """Factors that are already written; a negative one goes in parentheses, unless it is first."""
        return self._joined(self.times, factors)

    def sum(self, terms: Iterable[str]) -> str:
        """The same for terms."""
        return self._joined(" + ", terms)

    def _joined(self, sign: str, operands: Iterable[str]) -> str:
        return sign.join(
            self.parentheses.format(operand) if i and operand.startswith(self.minus) else operand
            for i, operand in enumerate(operands)
        )

    def apply(self, function: str, operands: list[tuple[str, int]]) -> tuple[str, int]:
        """The operation applied to operands that are already written, each with its own binding."""
        if function == "pow" and operands[1][0] == "2":
            return self.apply("square", operands[:1])
        if function not in self.rows:
            return self.call.format(
                function.replace("_", r"\_") if self is LATEX else function, ", ".join(text for text, _ in operands)
            ), ATOM
        template, binding, needs = self.rows[function]
        placed = [
            text if held >= need else self.parentheses.format(text)
            for (text, held), need in zip(operands, needs, strict=True)
        ]
        return template.format(*placed), binding


TEXT = Notation(
    rows={
        "add": ("{} + {}", SUM, (SUM, SUM)),
        "sub": ("{} − {}", SUM, (SUM, PRODUCT)),
        "mul": ("{} · {}", PRODUCT, (PRODUCT, PRODUCT)),
        "mul_no_nan": ("{1} · {0}", PRODUCT, (PRODUCT, PRODUCT)),
        "div": ("{} / {}", PRODUCT, (PRODUCT, POWER)),
        "neg": ("−{}", SIGN, (SIGN,)),
        "pow": ("{}^{}", POWER, (ATOM, ATOM)),
        "square": ("{}²", POWER, (ATOM,)),
        "sqrt": ("√{}", POWER, (ATOM,)),
        "abs": ("|{}|", ATOM, (SUM,)),
        "sigmoid": ("σ({})", ATOM, (SUM,)),
        "greater": ("[{} > {}]", ATOM, (SUM, SUM)),
        "equal": ("[{} = {}]", ATOM, (SUM, SUM)),
        "maximum": ("max({}, {})", ATOM, (SUM, SUM)),
        "minimum": ("min({}, {})", ATOM, (SUM, SUM)),
        "stop_gradient": ("stop({})", ATOM, (SUM,)),
    },
    call="{}({})",
    parentheses="({})",
    derivative="d({})/d{}",
    ratio="d{}/d{}",
    times=" · ",
    minus="−",
    infinity="∞",
    name=visible,
)


def _latex_name(label: str) -> str:
    """A label as LaTeX: w2 as a subscript, one letter in italics, anything else as plain text that is only text.

    >>> _latex_name("w2"), _latex_name("loss"), _latex_name("50%")
    ('{w_{2}}', '\\\\text{loss}', '\\\\text{50\\\\%}')
    """
    if simple := re.fullmatch(r"([A-Za-z])(\d*)", label):
        letter, index = simple.groups()
        return f"{{{letter}_{{{index}}}}}" if index else letter
    return r"\text{" + "".join(_LATEX_CHARACTERS.get(character, character) for character in visible(label)) + "}"


# Outside of \text these would be commands; "<" and ">" would be HTML where a page carries the formula.
_LATEX_CHARACTERS = {
    **{character: f"\\{character}" for character in "{}#%&_$"},
    "\\": r"}\backslash\text{",
    "^": r"}\hat{\ }\text{",
    "~": r"}\sim\text{",
    "<": r"}\lt\text{",
    ">": r"}\gt\text{",
}

_LATEX_FUNCTIONS = {
    "exp": r"\exp",
    "log": r"\ln",
    "sin": r"\sin",
    "cos": r"\cos",
    "tan": r"\tan",
    "arcsin": r"\arcsin",
    "arccos": r"\arccos",
    "arctan": r"\arctan",
    "sinh": r"\sinh",
    "cosh": r"\cosh",
    "tanh": r"\tanh",
    "sigmoid": r"\sigma",
    "relu": r"\operatorname{{relu}}",
    "softplus": r"\operatorname{{softplus}}",
    "stop_gradient": r"\operatorname{{stop}}",
}

LATEX = Notation(
    rows={
        "add": ("{} + {}", SUM, (SUM, SUM)),
        "sub": ("{} - {}", SUM, (SUM, PRODUCT)),
        "mul": (r"{} \cdot {}", PRODUCT, (PRODUCT, PRODUCT)),
        "mul_no_nan": (r"{1} \cdot {0}", PRODUCT, (PRODUCT, PRODUCT)),
        "div": (r"\frac{{{}}}{{{}}}", ATOM, (SUM, SUM)),
        "neg": ("-{}", SIGN, (SIGN,)),
        "pow": ("{{{}}}^{{{}}}", POWER, (ATOM, SUM)),
        "square": ("{{{}}}^2", POWER, (ATOM,)),
        "sqrt": (r"\sqrt{{{}}}", ATOM, (SUM,)),
        "abs": (r"\left|{}\right|", ATOM, (SUM,)),
        "greater": (r"\left[{} > {}\right]", ATOM, (SUM, SUM)),
        "equal": (r"\left[{} = {}\right]", ATOM, (SUM, SUM)),
        "maximum": (r"\max\left({}, {}\right)", ATOM, (SUM, SUM)),
        "minimum": (r"\min\left({}, {}\right)", ATOM, (SUM, SUM)),
        **{name: (rf"{code}\left({{}}\right)", ATOM, (SUM,)) for name, code in _LATEX_FUNCTIONS.items()},
    },
    call=r"\operatorname{{{}}}\left({}\right)",
    parentheses=r"\left({}\right)",
    derivative=r"\frac{{d}}{{d{1}}}\left[{0}\right]",
    ratio=r"\frac{{d{}}}{{d{}}}",
    times=r" \cdot ",
    minus="-",
    infinity=r"\infty",
    name=_latex_name,
)


Written = tuple[str, int]  # a text, and how tightly it holds together


def write(expression: str, notation: Notation, names: Mapping[str, Written]) -> Written:
    """An expression of the table in a notation; ``names`` says how each name in it is written and how it binds.

    >>> write("-x * (y - 1)", TEXT, {"x": ("a", ATOM), "y": ("b", ATOM)})
    ('−a · (b − 1)', 1)
    """
    written: Written = evaluate(expression, _Writing(notation), names)
    return written


class _Writing(dict[str, Callable[..., Written]]):
    """How each operation is written in a notation."""

    def __init__(self, notation: Notation) -> None:
        super().__init__(constant=lambda number: (f"{number:g}", ATOM))
        self.notation = notation

    def __missing__(self, name: str) -> Callable[..., Written]:
        row = OPERATIONS.get(name)

        def apply(*operands: Written) -> Written:
            if row is not None and not row.is_primitive and name not in CALLS.values():
                return write(row.forward, self.notation, dict(zip(row.arguments, operands, strict=True)))
            if name == "mul" and operands[0] is operands[1]:  # one thing twice, not two that look alike
                return self.notation.apply("square", [operands[0]])
            return self.notation.apply(name, list(operands))

        return self.setdefault(name, apply)


@cache
def rule_text(op: Operation, i: int, notation: Notation = TEXT) -> str:
    """The rule for argument i, from the row: the derivative of the operation, and what it equals.

    >>> from autograd import ops
    >>> rule_text(ops.TANH, 0)
    'd tanh(x)/dx = 1 − tanh(x)²'
    >>> rule_text(ops.MUL, 1)
    'd(x · y)/dy = x'
    """
    arguments = {name: (name, ATOM) for name in op.arguments}
    forward, binding = write(op.forward, notation, arguments)
    derivative, _ = write(op.partials[i], notation, {**arguments, "out": (forward, binding)})
    if binding == ATOM and notation is TEXT:
        left = f"d {forward}/d{op.arguments[i]}"
    else:
        left = notation.derivative.format(forward, op.arguments[i])
    return f"{left} = {derivative}"


def spelled_out(op: Operation) -> str:
    """What the operation's name stands for.

    >>> from autograd import ops
    >>> spelled_out(ops.SIGMOID)
    'σ(x) = 1 / (1 + exp(−x))'
    """
    arguments = {name: (name, ATOM) for name in op.arguments}
    return f"{write(op.forward, TEXT, arguments)[0]} = {write(op.formula, TEXT, arguments)[0]}"


def applied(op: Operation, operands: list[tuple[str, int]], notation: Notation = TEXT) -> str:
    """The operation with its operands put in.

    >>> from autograd import ops
    >>> applied(ops.MUL, [("a + b", SUM), ("2", ATOM)])
    '(a + b) · 2'
    """
    return write(op.forward, notation, dict(zip(op.arguments, operands, strict=True)))[0]
