"""The rule table: one row per operation, and nothing about an operation stands anywhere else.

A row is text: the formula of the operation and that of its local derivative with respect to each argument, where
``out`` is the operation's own result. Text can be read by people and run by anything that knows the operations:
on floats (:meth:`Operation.rule`), on recorded values, on arrays (:meth:`Operation.derivatives`).

Two invariants make that work. The table is *closed*: every derivative is written in operations of the table, so that
derivatives can be recorded and differentiated again. And the rules are *total*: they are evaluated with the functions
of :mod:`autograd.ieee`, so that no argument raises.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from . import ieee

Rule = Callable[..., tuple[float, tuple[float, ...]]]


@dataclass(frozen=True, eq=False)
class Operation:
    """One row of the table.

    ``forward`` and ``partials`` are expressions in the arguments, ``out`` and the operations of the table.
    An operation with no partials passes no gradient on: its derivative is zero everywhere (``greater``) or is
    declared to be (``stop_gradient``). ``formula`` spells ``forward`` out where its name alone does not.

    A partial is as exact as its formula: ``1 - out * out`` of tanh and ``out * (1 - out)`` of sigmoid, for example, to
    an ulp of 1, not to one of their own where they are close to 0.

    >>> MUL.arguments, MUL.partials
    (('x', 'y'), ('y', 'x'))
    >>> MUL.rule(2.0, 5.0)
    (10.0, (5.0, 2.0))
    >>> SIGMOID.forward, SIGMOID.formula
    ('sigmoid(x)', '1 / (1 + exp(-x))')
    """

    name: str
    symbol: str
    forward: str
    partials: tuple[str, ...]
    formula: str = ""
    zero_at: str = ""
    """An argument at whose 0 the result is 0, whatever the others are."""
    rule: Rule = field(init=False, repr=False)
    """``rule(*floats) -> (out, partials)``: the value and the local derivatives at one point."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "formula", self.formula or self.forward)
        object.__setattr__(self, "rule", self._compile_rule())

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments, in order."""
        names = {node.id for node in ast.walk(ast.parse(self.forward)) if isinstance(node, ast.Name)}
        return tuple(name for name in ("x", "y") if name in names)

    def derivatives(self, functions: Mapping[str, Callable[..., Any]]) -> tuple[Callable[..., Any], ...]:
        """For each argument its local derivative, as a function ``(out, *arguments)`` of anything.

        Every operation in it is looked up in ``functions`` by its name.

        >>> d_dx, d_dy = DIV.derivatives({"div": "({} / {})".format, "neg": "-{}".format})
        >>> d_dy("out", "a", "b")
        '(-out / b)'
        """
        header = f"lambda {', '.join(('out', *self.arguments))}: "
        return tuple(eval(header + as_code(partial, CALLS), dict(functions)) for partial in self.partials)

    def _compile_rule(self) -> Rule:
        partials = "".join(f"{as_code(partial)}, " for partial in self.partials)
        source = (
            f"def rule({', '.join(self.arguments)}):\n    out = {as_code(self.forward)}\n    return out, ({partials})\n"
        )
        namespace = dict(vars(ieee))
        exec(compile(source, f"<rule of {self.name}>", "exec"), namespace)
        rule: Rule = namespace["rule"]
        return rule

    def __reduce__(self) -> tuple[Callable[[str], "Operation"], tuple[str]]:
        return operation, (self.name,)  # a row is one of a kind: copies and pickles are the row itself


# The operators of the table's expressions, and the operations that they stand for.
CALLS: Mapping[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
    ast.USub: "neg",
    ast.UAdd: "stop_gradient",
}
# Those that raise or turn complex where IEEE arithmetic does neither.
UNSAFE_CALLS: Mapping[type[ast.AST], str] = {operator: CALLS[operator] for operator in (ast.Div, ast.Pow)}


class _Code(ast.NodeTransformer):
    """Some operators become calls, and whole numbers become floats."""

    def __init__(self, calls: Mapping[type[ast.AST], str]) -> None:
        self.calls = calls

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        return self._call(node.op, left, right) or ast.BinOp(left, node.op, right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.visit(node.operand)
        return self._call(node.op, operand) or ast.UnaryOp(node.op, operand)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        assert isinstance(node.value, int | float)
        return ast.Constant(float(node.value))

    def _call(self, operator: ast.AST, *operands: ast.expr) -> ast.expr | None:
        name = self.calls.get(type(operator))
        return ast.Call(ast.Name(name, ast.Load()), list(operands), []) if name else None


def as_code(expression: str, calls: Mapping[type[ast.AST], str] = UNSAFE_CALLS) -> str:
    """An expression of the table as Python code, with calls in place of some operators.

    >>> as_code("-out / y"), as_code("-out / y", CALLS)
    ('div(-out, y)', 'div(neg(out), y)')
    """
    return ast.unparse(ast.fix_missing_locations(_Code(calls).visit(ast.parse(expression, mode="eval"))))


# fmt: off
#                         name             symbol      forward             partials                      formula
ADD           = Operation("add",           "+",        "x + y",            ("1", "1"))
SUB           = Operation("sub",           "−",        "x - y",            ("1", "-1"))
MUL           = Operation("mul",           "×",        "x * y",            ("y", "x"))
DIV           = Operation("div",           "÷",        "x / y",            ("1 / y", "-out / y"))
NEG           = Operation("neg",           "neg",      "-x",               ("-1",))
POW           = Operation("pow",           "^",        "x ** y",           ("mul_no_nan(x ** (y - 1), y)",
                                                                            "mul_no_nan(log(x), out)"))
EXP           = Operation("exp",           "exp",      "exp(x)",           ("out",))
LOG           = Operation("log",           "log",      "log(x)",           ("1 / x",))
SQRT          = Operation("sqrt",          "√",        "sqrt(x)",          ("0.5 / out",))
SIN           = Operation("sin",           "sin",      "sin(x)",           ("cos(x)",))
COS           = Operation("cos",           "cos",      "cos(x)",           ("-sin(x)",))
TANH          = Operation("tanh",          "tanh",     "tanh(x)",          ("1 - out * out",))
SIGMOID       = Operation("sigmoid",       "σ",        "sigmoid(x)",       ("out * (1 - out)",),  "1 / (1 + exp(-x))")
RELU          = Operation("relu",          "relu",     "relu(x)",          ("greater(x, 0)",),    "maximum(x, 0)")
LEAKY_RELU    = Operation("leaky_relu",    "leaky",    "leaky_relu(x, y)", ("greater(x, 0) + y * (1 - greater(x, 0))",
                                                                            "minimum(x, 0)"),
                                                                           "maximum(x, 0) + y * minimum(x, 0)")
SOFTPLUS      = Operation("softplus",      "softplus", "softplus(x)",      ("sigmoid(x)",),       "log(1 + exp(x))")
ABS           = Operation("abs",           "abs",      "abs(x)",           ("greater(x, 0) - greater(0, x)",))
MAXIMUM       = Operation("maximum",       "max",      "maximum(x, y)",    ("0.5 * (1 + greater(x, y) - greater(y, x))",
                                                                            "0.5 * (1 + greater(y, x) - greater(x, y))"))
MINIMUM       = Operation("minimum",       "min",      "minimum(x, y)",    ("0.5 * (1 + greater(y, x) - greater(x, y))",
                                                                            "0.5 * (1 + greater(x, y) - greater(y, x))"))
# What these derivatives are written in besides, so that they too can be recorded:
GREATER       = Operation("greater",       ">",        "greater(x, y)",    ())
MUL_NO_NAN    = Operation("mul_no_nan",    "×₀",       "mul_no_nan(x, y)", ("y", "x"), zero_at="y")
STOP_GRADIENT = Operation("stop_gradient", "stop",     "+x",               ())
CONSTANT      = Operation("constant",      "",         "0",                ())  # a number written in an expression
# fmt: on

OPERATIONS: Mapping[str, Operation] = {row.name: row for row in list(globals().values()) if isinstance(row, Operation)}


def operation(name: str) -> Operation:
    """The row of that name.

    >>> operation("tanh").partials
    ('1 - out * out',)
    """
    try:
        return OPERATIONS[name]
    except KeyError:
        raise KeyError(f"no operation is named {name!r}; there are {', '.join(OPERATIONS)}") from None
