"""Python source for frameworks that speak NumPy's language: what JAX and PyTorch have in common, as a library of texts.

Each statement is a line, each part of theta and each gather too. A framework's function stands for an operation where
it has the derivatives of the rule table, at kinks and ties too. For the others, and for operations that are formulas of
others, the source defines functions with the derivatives of their rows.
"""

from __future__ import annotations

import textwrap
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ... import ops
from .. import ir
from .inlining import inline
from .text import ATOM, PRODUCT, SIGN, SUM, commented, literal, pick, stem, subscript, wrapped
from .walk import Library, Pick, Walk

MOST = 11  # operations, views and operands of a line that others were put into

FUNCTIONS: Mapping[str, str] = {
    **{name: f"{{m}}.{name}({{}})" for name in ("exp", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh")},
    **{name: f"{{m}}.{name}({{}})" for name in ("tanh", "arctan")},
    **{name: f"{{m}}.{name}({{}}, {{}})" for name in ("maximum", "minimum")},
}
"""Functions of both frameworks whose derivatives are those of the table; ``{m}`` is the module that has them."""

OPERATORS: Mapping[str, tuple[str, int]] = {
    "add": ("+", SUM),
    "sub": ("-", SUM),
    "mul": ("*", PRODUCT),
    "div": ("/", PRODUCT),
}
NAMES = {"abs": "absolute", "pow": "power"}
"""How functions are named that would hide Python's own."""


@dataclass(frozen=True)
class Code:
    """A text, how tightly its outermost operator binds, and whether it is a Python number."""

    text: str
    binds: int = ATOM
    is_number: bool = False

    def within(self, binds: int) -> str:
        """The text, in parentheses where it binds less."""
        return self.text if self.binds >= binds else f"({self.text})"


class PythonSource(Library[Code]):
    """The primitives as text. ``module`` is what the framework's functions are found in."""

    module: ClassVar[str]
    joins: ClassVar[str]
    """The function that joins arrays along the first axis."""
    functions: ClassVar[Mapping[str, str]]
    """The operations that are calls, of the framework's functions or of helpers."""
    forwards: ClassVar[Mapping[str, str]]
    """What operations compute whose derivatives are written from their rows."""
    helpers: ClassVar[Mapping[str, str]]
    """Functions that the source defines for itself."""
    reserved: ClassVar[Sequence[str]] = (
        "np",
        "batch",
        "operation",
        "checked",
        "self",
        *ops.BUILT_IN,
        *NAMES.values(),
    )

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.constants: dict[ir.Constant, tuple[str, np.ndarray[Any, Any]]] = {}
        self.used: dict[str, str] = {}
        self.is_sized = False
        self.depth = 0
        """How many loops the lines are in."""

    # ---- what the two spell differently

    @abstractmethod
    def stored(self, name: str) -> str:
        """How the function reads a constant of that name."""

    @abstractmethod
    def argument(self, code: Code) -> str:
        """A value as the argument of a function, which may not take Python's numbers."""

    @abstractmethod
    def permuted(self, value: str, order: Sequence[int]) -> str: ...

    # ---- operations

    def has(self, row: ops.Operation) -> bool:
        known = {*self.functions, *self.forwards, *OPERATORS, "neg", "pow"}
        return row.name in known or not row.is_primitive

    def apply(self, row: ops.Operation, arguments: Sequence[Code]) -> Code:
        name, (x, *_), y = row.name, arguments, arguments[-1]
        if name in OPERATORS:
            sign, binds = OPERATORS[name]
            return Code(f"{x.within(binds)} {sign} {y.within(binds + 1)}", binds)
        if name == "neg":
            return Code(f"-{x.within(PRODUCT)}", SIGN if x.binds == ATOM else PRODUCT)
        if name == "pow":
            return self.power(x, y)
        if name not in self.functions:
            return Code(f"{self.defined(row)}({', '.join(map(self.argument, arguments))})")
        template = self.functions[name]
        if name in self.helpers:
            self.used.setdefault(name, self.helpers[name].strip())
        return Code(template.format(*map(self.argument, arguments), m=self.module))

    def power(self, x: Code, y: Code) -> Code:
        """Whole powers are Python's, which both frameworks multiply out."""
        if y.is_number and not x.is_number and float(y.text).is_integer():
            return Code(f"{x.within(ATOM)} ** {int(float(y.text))}", PRODUCT)
        if "pow" in self.functions:
            return Code(self.functions["pow"].format(self.argument(x), self.argument(y)))
        return Code(f"{self.defined(ops.POW)}({self.argument(x)}, {self.argument(y)})")

    def defined(self, row: ops.Operation) -> str:
        """The name of a function that has the row's derivatives."""
        name, arguments = NAMES.get(row.name, row.name), ", ".join(row.arguments)
        if row.name not in self.used:
            self.used.setdefault("operation", self.helpers["operation"].strip())
            self.used[row.name] = ""  # it may call itself
            functions, names = _Formulas(self), {name: Code(name) for name in (*row.arguments, "out")}
            forward = self.forwards.get(row.name, "").format(*row.arguments)
            forward = forward or ops.evaluate(row.forward, functions, names).text
            partials = [ops.evaluate(partial, functions, names).text for partial in row.partials]
            lines = [f"lambda {arguments}: {forward},", *(f"lambda out, {arguments}: {text}," for text in partials)]
            self.used[row.name] = "\n".join([f"{name} = operation(", *(f"    {line}" for line in lines), ")"])
        return name

    # ---- primitives

    def number(self, value: float) -> Code:
        text = literal(value, self.module)
        return Code(text, SIGN if text.startswith("-") else ATOM, is_number=True)

    def constant(self, constant: ir.Constant) -> Code:
        if constant not in self.constants:
            self.constants[constant] = self.walk.names.numbered(stem(constant)), constant.values
        return Code(self.stored(self.constants[constant][0]))

    def reshape(self, value: Code, shape: ir.Shape) -> Code:
        return Code(f"{value.within(ATOM)}.reshape({self.lengths(shape) or '()'})")

    def index(self, value: Code, picks: Sequence[Pick], shape: ir.Shape) -> Code:
        return Code(value.within(ATOM) + subscript([pick(picked) for picked in picks]))

    def transpose(self, value: Code, order: Sequence[int]) -> Code:
        return Code(f"{value.within(ATOM)}.T" if len(order) == 2 else self.permuted(value.within(ATOM), order))

    def new_axes(self, value: Code, is_new: Sequence[bool], shape: ir.Shape) -> Code:
        return Code(value.within(ATOM) + subscript(["None" if new else ":" for new in is_new]))

    def take(self, value: Code, picked: ir.Constant) -> Code:
        return Code(f"{value.within(ATOM)}[{self.constant(picked).text}]")

    def where(self, mask: ir.Constant, value: Code, otherwise: float) -> Code:
        return Code(
            f"{self.module}.where({self.constant(mask).text}, {self.argument(value)}, {self.number(otherwise).text})"
        )

    def contract(self, left: Code, right: Code, left_letters: str, right_letters: str, out: str) -> Code:
        """A product of matrices or vectors where it is one."""
        rows, columns = left_letters[:-1], right_letters[1:]
        is_product = left_letters[-1] == right_letters[0] and rows + columns == out
        if is_product and len(rows) <= 1 and len(columns) <= 1:
            return Code(f"{left.within(PRODUCT)} @ {right.within(ATOM)}", PRODUCT)
        arguments = ", ".join(map(self.argument, (left, right)))
        return Code(f'{self.module}.einsum("{left_letters},{right_letters}->{out}", {arguments})')

    def sum(self, value: Code, axes: Sequence[int]) -> Code:
        return Code(f"{value.within(ATOM)}.sum({self.axes(axes)})")

    def expand(self, value: Code, shape: ir.Shape) -> Code:
        lengths = self.lengths(shape)
        return Code(f"{self.module}.broadcast_to({self.argument(value)}, ({lengths}{',' * (len(shape) == 1)}))")

    def concat(self, pieces: Sequence[Code]) -> Code:
        text = f"{self.joins}([{', '.join(piece.text for piece in pieces)}])"
        return Code(wrapped(text))

    def parameters(self, view: ir.View, name: str) -> None:
        """Theta is a vector like any other."""

    def define(self, name: str, value: Code, shape: ir.Shape) -> Code:
        self.lines.append(commented(f"{name} = {value.text}", [shape], 4 * self.depth))
        return Code(name, is_number=value.is_number)

    # ---- loops

    @contextmanager
    def indented(self) -> Iterator[None]:
        """The lines that are written within are indented."""
        lines, self.lines, self.depth = self.lines, [], self.depth + 1
        yield
        inner = textwrap.indent("\n".join(self.lines), "    ")
        self.lines, self.depth = [*lines, *inner.splitlines()], self.depth - 1

    def arrays(self, values: Sequence[Code], exprs: Sequence[ir.Expr]) -> list[str]:
        """What is carried from step to step; it is no Python number."""
        return [
            (self.expand(value, expr.shape) if value.is_number else value).text
            for value, expr in zip(values, exprs, strict=True)
        ]

    # ---- the program

    def body(self, program: ir.ArrayProgram, single: bool) -> tuple[list[str], str]:
        """The lines of the function, and what it returns: (B,), or (B, n_outputs)."""
        lines, _ = inline(program, MOST)
        self.walk = Walk(lines, self, Code("x"), Code("theta"))
        found = self.walk.outputs(single)
        returned = found.text if single or not program.inputs.size else f"{found.within(ATOM)}.T"
        return self.lines, returned

    def axes(self, axes: Sequence[int]) -> str:
        """Axes as an argument."""
        return str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"

    def lengths(self, shape: ir.Shape) -> str:
        """A shape as arguments; the length of the batch is known when the program runs."""
        self.is_sized |= any(isinstance(length, ir.Batch) for length in shape)
        return ", ".join(map(str, shape))


class _Formulas(dict[str, Callable[..., Code]]):
    """The operations of the table as text, looked up when they are called."""

    def __init__(self, source: PythonSource) -> None:
        super().__init__(constant=lambda number: source.number(float(number)))
        self.source = source

    def __missing__(self, name: str) -> Callable[..., Code]:
        row = ops.operation(name)
        if not self.source.has(row):
            raise NotImplementedError(f"the {self.source.name} target has no function for the operation {name!r}")
        return lambda *arguments: self.source.apply(row, arguments)


# ---- the frame of a source


def docstring(program: ir.ArrayProgram, single: bool) -> str:
    """What the function gives for what."""
    n, size = program.inputs.size, program.theta.size
    outputs = sum(_width(output) for output in program.outputs)
    if not n:
        return f"The output{'' if single else f's ({outputs},)'} at the parameters theta ({size},)."
    what = "The output (B,)" if single else f"The outputs (B, {outputs})"
    return f"{what} for a batch (B, {n}), or of one sample ({n},), at the parameters theta ({size},)."


def _width(output: ir.Expr) -> int:
    own = output.shape[:-1] if output.shape[-1:] == (ir.B,) else output.shape
    return int(np.prod([length for length in own if isinstance(length, int)]))
