"""The rule table: one row per operation, and nothing about an operation stands anywhere else.

A row is text: the formula of the operation and that of its local derivative with respect to each argument, where
``out`` is the operation's own result. Floats run it compiled (:attr:`Operation.rule`); everything else that knows the
operations, recorded values, arrays, LaTeX, reads it through one interpreter, :func:`evaluate`.

Three invariants make that work. The table is *closed*: every derivative is written in operations of the table, so that
derivatives can be recorded and differentiated again. The rules are *total*: they are evaluated with the functions of
:mod:`autograd.ieee`, so that no argument raises. And the table is *open*: :func:`autograd.register` adds a row, and
every reader looks rows up when it needs them.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from . import ieee
from .numbers import as_float

Rule = Callable[..., tuple[float, tuple[float, ...]]]
ARGUMENTS = ("x", "y")


@dataclass(frozen=True, eq=False)
class Operation:
    """One row of the table.

    ``forward`` and ``partials`` are expressions in the arguments ``x`` and ``y``, ``out`` and the operations of the
    table. An operation with no partials passes no gradient on: its derivative is zero everywhere (``greater``) or is
    declared to be (``stop_gradient``). A ``forward`` that is a call of the operation's own name is a function that
    floats have: one of :mod:`autograd.ieee`, or ``function``; ``formula`` spells it out. A row is called like a
    function, on numbers or on Values.

    A partial is as exact as its formula: ``1 - out * out`` of tanh and ``out * (1 - out)`` of sigmoid, for example, to
    an ulp of 1, not to one of their own where they are close to 0.

    >>> MUL.arguments, MUL.partials
    (('x', 'y'), ('y', 'x'))
    >>> MUL.rule(2.0, 5.0)
    (10.0, (5.0, 2.0))
    >>> SIGMOID.forward, SIGMOID.formula, SIGMOID(0.0)
    ('sigmoid(x)', '1 / (1 + exp(-x))', 0.5)
    """

    name: str
    symbol: str
    forward: str
    partials: tuple[str, ...] = ()
    formula: str = ""
    zero_at: str = ""
    """An argument at whose 0 the result is 0, whatever the others are."""
    function: Callable[..., float] | None = None
    """What ``forward`` calls, on floats, where it is a function that :mod:`autograd.ieee` has not."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "formula", self.formula or self.forward)

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments, in order."""
        _, names = used(self.forward)
        return tuple(name for name in ARGUMENTS if name in names)

    @cached_property
    def is_primitive(self) -> bool:
        """Whether ``forward`` is a call of the operation itself, and not a formula in others.

        >>> EXP.is_primitive, POW_LOG.is_primitive
        (True, False)
        """
        return self.forward == f"{self.name}({', '.join(self.arguments)})"

    @cached_property
    def rule(self) -> Rule:
        """``rule(*floats) -> (out, partials)``: the value and the local derivatives at one point."""
        partials = "".join(f"{partial}, " for partial in self.partial_codes)
        lines = (
            f"def rule({', '.join(self.arguments)}):",
            f"    out = {self.forward_code}",
            f"    return out, ({partials})",
        )
        namespace: dict[str, Any] = {}
        exec(compile("\n".join(lines), f"<rule of {self.name}>", "exec"), FLOATS, namespace)
        rule: Rule = namespace["rule"]
        return rule

    @property
    def forward_code(self) -> str:
        """``forward`` as Python code on floats, to be run among :data:`FLOATS`."""
        return as_code(self.forward)

    @property
    def partial_codes(self) -> tuple[str, ...]:
        """The same of each partial, in the arguments and ``out``: what equals ``out`` is not computed again.

        >>> POW.partials[1], POW.partial_codes[1]
        ('pow_log(x, y)', '_mul_no_nan(_log(x), out)')
        """
        return tuple(as_code(partial, result=self.forward_code) for partial in self.partials)

    def __call__(self, *operands: Any) -> Any:
        """The operation applied: a float for numbers, a recorded Value where an operand is one.

        >>> EXP(0.0), MAXIMUM(2.0, 3.0)
        (1.0, 3.0)
        """
        if len(operands) != len(self.arguments):
            raise TypeError(f"{self.name} takes {len(self.arguments)} operands, got {len(operands)}")
        recorders = (getattr(operand, "_record", None) for operand in operands)  # a Value knows how
        record = next(filter(None, recorders), None)
        return record(self, *operands) if record else registered(self).rule(*map(as_float, operands))[0]


def operation(name: str) -> Operation:
    """The row of that name.

    >>> operation("tanh").partials
    ('1 - out * out',)
    """
    try:
        return OPERATIONS[name]
    except KeyError:
        raise KeyError(f"no operation is named {name!r}; there are {', '.join(OPERATIONS)}") from None


def registered(row: Operation) -> Operation:
    """The row itself, if it is in the table; a ValueError that says how it gets there."""
    if OPERATIONS.get(row.name) is not row:
        raise ValueError(f"the operation {row.name!r} is not in the table: autograd.register(operation) adds it")
    return row


# ---- the text of a row

# The operators of the table's expressions, and the operations that they stand for.
CALLS: Mapping[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
    ast.USub: "neg",
}

Functions = Mapping[str, Callable[..., Any]]
Names = Mapping[str, Any]
Reader = Callable[[Any, Any], Any]  # of functions and names


def evaluate(text: str, functions: Functions, names: Names) -> Any:
    """An expression of the table, evaluated with anyone's functions on anything.

    ``functions`` has one for each operation, by name; ``constant`` is called with each number that is written in the
    expression. ``names`` has what stands for each name.

    >>> write = {"div": "({} / {})".format, "neg": "-{}".format}
    >>> evaluate("-out / y", write, {"out": "q", "y": "b"})
    '(-q / b)'
    """
    return _reader(text)(functions, names)


@cache
def _reader(text: str) -> Reader:
    """The expression as a function of ``functions`` and ``names``; a ValueError if it is none of the table's."""
    return _reader_of(ast.parse(text, mode="eval").body)


def _reader_of(node: ast.expr) -> Reader:
    match node:
        case ast.Name(id=name):
            return lambda functions, names: names[name]
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            number = float(number)
            return lambda functions, names: functions["constant"](number)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in CALLS:
            function, operands = CALLS[type(op)], [operand]
        case ast.BinOp(op=op, left=left, right=right) if type(op) in CALLS:
            function, operands = CALLS[type(op)], [left, right]
        case ast.Call(func=ast.Name(id=function), args=operands, keywords=[]):
            pass
        case _:
            raise ValueError(f"{ast.unparse(node)} may not stand in it")
    readers = [_reader_of(operand) for operand in operands]
    return lambda functions, names: functions[function](*[reader(functions, names) for reader in readers])


class _Calls(set[tuple[str, int]]):
    """Notes each operation, with how many operands it was called."""

    def __getitem__(self, name: str) -> Callable[..., None]:
        return lambda *operands: self.add((name, len(operands)))


class _Names(set[str]):
    """Notes each name."""

    def __getitem__(self, name: str) -> None:
        self.add(name)


def used(text: str) -> tuple[set[tuple[str, int]], set[str]]:
    """The operations in an expression of the table, each with its number of operands, and the names.

    >>> sorted(used("-out / y")[0]), sorted(used("-out / y")[1])
    ([('div', 2), ('neg', 1)], ['out', 'y'])
    """
    calls, names = _Calls(), _Names()
    _reader(text)(calls, names)
    return {call for call in calls if call[0] != "constant"}, set(names)


def as_code(text: str, result: str = "") -> str:
    """An expression of the table as Python code on floats, to be run among :data:`FLOATS`.

    Operations that Python's own operators get wrong are calls, those that are formulas are written out, and the code
    that gave the ``result`` is ``out``.

    >>> as_code("-out / y"), as_code("2 * x ** y", result="_pow(x, y)")
    ('_div((-out), y)', '(2.0 * out)')
    """
    code: str = evaluate(text, _FloatCode(result), {name: name for name in (*ARGUMENTS, "out")})
    return code


class _FloatCode(dict[str, Any]):
    """How each operation is written as Python code on floats."""

    operators: Mapping[str, str] = {"add": "({} + {})", "sub": "({} - {})", "mul": "({} * {})", "neg": "(-{})"}

    def __init__(self, result: str) -> None:
        super().__init__(constant=repr)
        self.result = result

    def __missing__(self, name: str) -> Callable[..., str]:
        row = operation(name)

        def write(*operands: str) -> str:
            if name in self.operators:
                code = self.operators[name].format(*operands)
            elif row.is_primitive or name in CALLS.values():
                code = f"_{name}({', '.join(operands)})"
            else:
                code = evaluate(row.forward, self, dict(zip(row.arguments, operands, strict=True)))
            return "out" if code == self.result else code

        self[name] = write
        return write


# fmt: off
#                         name             symbol      forward             partials                      formula
ADD           = Operation("add",           "+",        "x + y",            ("1", "1"))
SUB           = Operation("sub",           "−",        "x - y",            ("1", "-1"))
MUL           = Operation("mul",           "×",        "x * y",            ("y", "x"))
DIV           = Operation("div",           "÷",        "x / y",            ("1 / y", "-out / y"))
NEG           = Operation("neg",           "neg",      "-x",               ("-1",))
POW           = Operation("pow",           "^",        "x ** y",           ("mul_no_nan(x ** (y - 1), y)", "pow_log(x, y)"))
EXP           = Operation("exp",           "exp",      "exp(x)",           ("out",))
EXPM1         = Operation("expm1",         "expm1",    "expm1(x)",         ("exp(x)",),           "exp(x) - 1")
LOG           = Operation("log",           "log",      "log(x)",           ("1 / x",))
LOG1P         = Operation("log1p",         "log1p",    "log1p(x)",         ("1 / (1 + x)",),      "log(1 + x)")
SQRT          = Operation("sqrt",          "√",        "sqrt(x)",          ("0.5 / out",))
SIN           = Operation("sin",           "sin",      "sin(x)",           ("cos(x)",))
COS           = Operation("cos",           "cos",      "cos(x)",           ("-sin(x)",))
TAN           = Operation("tan",           "tan",      "tan(x)",           ("1 + out * out",))
ARCSIN        = Operation("arcsin",        "arcsin",   "arcsin(x)",        ("1 / sqrt((1 - x) * (1 + x))",))
ARCCOS        = Operation("arccos",        "arccos",   "arccos(x)",        ("-1 / sqrt((1 - x) * (1 + x))",))
ARCTAN        = Operation("arctan",        "arctan",   "arctan(x)",        ("1 / (1 + x * x)",))
SINH          = Operation("sinh",          "sinh",     "sinh(x)",          ("cosh(x)",))
COSH          = Operation("cosh",          "cosh",     "cosh(x)",          ("sinh(x)",))
TANH          = Operation("tanh",          "tanh",     "tanh(x)",          ("1 - out * out",))
SIGMOID       = Operation("sigmoid",       "σ",        "sigmoid(x)",       ("out * (1 - out)",),  "1 / (1 + exp(-x))")
RELU          = Operation("relu",          "relu",     "relu(x)",          ("greater(x, 0)",),    "maximum(x, 0)")
LEAKY_RELU    = Operation("leaky_relu",    "leaky",    "leaky_relu(x, y)", ("greater(x, 0) + y * (1 - greater(x, 0))",
                                                                            "minimum(x, 0)"),
                                                                           "maximum(x, 0) + y * minimum(x, 0)")
ERF           = Operation("erf",           "erf",      "erf(x)",           ("1.1283791670955126 * exp(-x * x)",))
SOFTPLUS      = Operation("softplus",      "softplus", "softplus(x)",      ("sigmoid(x)",),       "log(1 + exp(x))")
ABS           = Operation("abs",           "abs",      "abs(x)",           ("greater(x, 0) - greater(0, x)",))
MAXIMUM       = Operation("maximum",       "max",      "maximum(x, y)",    ("0.5 * (1 + greater(x, y) - greater(y, x))",
                                                                            "0.5 * (1 + greater(y, x) - greater(x, y))"))
MINIMUM       = Operation("minimum",       "min",      "minimum(x, y)",    ("0.5 * (1 + greater(y, x) - greater(x, y))",
                                                                            "0.5 * (1 + greater(x, y) - greater(y, x))"))
# What these derivatives are written in besides, so that they too can be recorded:
POW_LOG       = Operation("pow_log",       "^ log",    "mul_no_nan(log(x), x ** y)",
                                                                           ("mul_no_nan(1 + mul_no_nan(log(x), y), x ** (y - 1))",
                                                                            "mul_no_nan(log(x), out)"))
GREATER       = Operation("greater",       ">",        "greater(x, y)")
EQUAL         = Operation("equal",         "=",        "equal(x, y)")
MUL_NO_NAN    = Operation("mul_no_nan",    "×₀",       "mul_no_nan(x, y)", ("y", "x"), zero_at="y")
STOP_GRADIENT = Operation("stop_gradient", "stop",     "stop_gradient(x)")
CONSTANT      = Operation("constant",      "",         "0")                 # a number written in an expression
# fmt: on

OPERATIONS: dict[str, Operation] = {row.name: row for row in list(globals().values()) if isinstance(row, Operation)}
BUILT_IN = frozenset(OPERATIONS)

FLOATS: dict[str, Any] = {f"_{name}": function for name, function in vars(ieee).items() if name in OPERATIONS}
"""What the code of a row calls, with a name that nothing else there has: the functions of :mod:`autograd.ieee`, and those
of the operations registered since."""
