"""Formulas typed by a user become Values: parsed, held against a list of what is allowed, and only then computed.

Allowed are numbers, names, ``+ - * / **``, parentheses, the engine's functions as calls or as methods (``tanh(x)``,
``x.tanh()``), and names for intermediate results (``z = w*x + b; z.tanh()``). Nothing else is ever run.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Iterator, Mapping

from . import ops
from .numbers import as_float
from .value import Value, record

LONGEST = 10_000  # characters; Python's own parser limits the nesting

_INFIX: Mapping[type[ast.AST], ops.Operation] = {
    ast.Add: ops.ADD,
    ast.Sub: ops.SUB,
    ast.Mult: ops.MUL,
    ast.Div: ops.DIV,
    ast.Pow: ops.POW,
    ast.USub: ops.NEG,
}
_ALIASES = {"max": "maximum", "min": "minimum"}
_FUNCTIONS = {
    name: len(op.arguments)
    for name, op in ops.OPERATIONS.items()
    if hasattr(Value, name) and op not in (ops.CONSTANT, ops.STOP_GRADIENT)
}


class ExpressionError(ValueError):
    """A formula that cannot be read or computed; the message is one line."""


def names_in(expression: str) -> list[str]:
    """The names that need a value, in the order in which they appear.

    >>> names_in("z = w*x + b; z.tanh()")
    ['w', 'x', 'b']
    """
    needed: dict[str, None] = {}
    defined: set[str] = set()
    for name, body in _statements(expression):
        functions = {id(node.func) for node in ast.walk(body) if isinstance(node, ast.Call)}
        found = [node for node in ast.walk(body) if isinstance(node, ast.Name) and id(node) not in functions]
        for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
            if node.id not in defined:
                needed[node.id] = None
        defined.add(name)
    return list(needed)


def evaluate(expression: str, leaves: Mapping[str, Value]) -> Value:
    """The Value of the formula, recorded from the leaves of those names.

    >>> evaluate("(a*b + c).tanh()", {"a": Value(2.0), "b": Value(-3.0), "c": Value(10.0)}).data
    0.999329299739067
    >>> evaluate("__import__('os')('x')", {})
    Traceback (most recent call last):
      ...
    autograd.expression.ExpressionError: not allowed in a formula: "__import__('os')('x')"
    """
    names = dict(leaves)
    for name, body in _statements(expression):
        result = _evaluate(body, names)
        names[name] = result if isinstance(result, Value) else Value.constant(result)
        if not names[name].label:  # z = x is another name for x, which keeps its own
            names[name].label = name
    return names[""]


def _statements(expression: str) -> Iterator[tuple[str, ast.expr]]:
    """(name, formula) of each ``name = formula``, and last ("", formula) of the one without a name."""
    if len(expression) > LONGEST:
        raise ExpressionError(f"the expression has {len(expression):,} characters; {LONGEST:,} is the most")
    try:
        with warnings.catch_warnings(action="ignore"):
            statements = ast.parse(expression.strip()).body
    except SyntaxError as error:
        raise ExpressionError(
            f"not a formula: {(error.msg or '').partition(':')[0]}, {_place(expression, error)}"
        ) from None
    except (RecursionError, MemoryError):
        raise ExpressionError("the expression is nested too deeply") from None
    except ValueError:
        raise ExpressionError("not a formula: it holds a null character") from None
    if not statements or not isinstance(statements[-1], ast.Expr):
        raise ExpressionError("the last part must be a formula, as in 'z = w*x + b; z.tanh()'")
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=body):
                _check(body)
                yield name, body
            case ast.Expr(value=body) if statement is statements[-1]:
                _check(body)
                yield "", body
            case _:
                raise ExpressionError(f"only formulas and 'name = formula' are allowed, got {_quoted(statement)}")


def _check(body: ast.expr) -> None:
    """Raise at the first part of a formula that is not on the list of what is allowed."""
    called = {id(node.func) for node in ast.walk(body) if isinstance(node, ast.Call)}
    for node in ast.walk(body):
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                pass
            case ast.UnaryOp(op=ast.UAdd() | ast.USub()) | ast.operator() | ast.unaryop() | ast.expr_context():
                pass
            case ast.BinOp(op=op) if type(op) in _INFIX:
                pass
            case ast.Call(func=ast.Name(id=function), args=operands, keywords=[]):
                _check_call(node, function, len(operands))
            case ast.Call(func=ast.Attribute(attr=function), args=operands, keywords=[]):
                _check_call(node, function, 1 + len(operands))
            case ast.Attribute() if id(node) in called:
                pass
            case ast.Name(id=name) if not name.startswith("__"):
                pass
            case _:
                raise ExpressionError(f"not allowed in a formula: {_quoted(node)}")


def _check_call(node: ast.Call, function: str, operands: int) -> None:
    name = _ALIASES.get(function, function)
    if name not in _FUNCTIONS:
        raise ExpressionError(f"no function is named {function!r}; there are {', '.join(_FUNCTIONS)}")
    wanted = _FUNCTIONS[name]
    if operands != wanted and not (name == "leaky_relu" and operands == 1):
        raise ExpressionError(f"{function} takes {wanted} numbers, got {operands} in {_quoted(node)}")


def _evaluate(body: ast.expr, names: Mapping[str, Value]) -> Value | float:
    """The value of a formula that has passed ``_check``; a long sum is a deep one, so this does not recurse."""
    values: dict[int, Value | float] = {}
    stack = [body]
    while stack:
        op, operands = _parts(stack[-1])
        if missing := [operand for operand in operands if id(operand) not in values]:
            stack.extend(reversed(missing))
        else:
            node = stack.pop()
            values[id(node)] = _apply(node, op, [values[id(operand)] for operand in operands], names)
    return values[id(body)]


def _parts(node: ast.expr) -> tuple[ops.Operation | None, list[ast.expr]]:
    """The operation of a part of a formula, and its operands; no operation for a number, a name, or a plus sign."""
    match node:
        case ast.UnaryOp(op=op, operand=operand):
            return _INFIX.get(type(op)), [operand]
        case ast.BinOp(op=op, left=left, right=right):
            return _INFIX[type(op)], [left, right]
        case ast.Call(func=ast.Name(id=function), args=operands):
            return _function(function), operands
        case ast.Call(func=ast.Attribute(attr=function, value=operand), args=operands):
            return _function(function), [operand, *operands]
    return None, []


def _function(name: str) -> ops.Operation:
    return ops.operation(_ALIASES.get(name, name))


def _apply(
    node: ast.expr, op: ops.Operation | None, operands: list[Value | float], names: Mapping[str, Value]
) -> Value | float:
    """The value of one part: recorded if an operand is a Value; of numbers alone it is a number again."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return _finite(as_float(number), node)
        case ast.Name(id=name):
            if name not in names:
                raise ExpressionError(f"{name!r} has no value: write {name}=NUMBER")
            return names[name]
    if op is None:
        return operands[0]
    if op is ops.LEAKY_RELU and len(operands) == 1:
        operands = [*operands, 0.01]
    if any(isinstance(operand, Value) for operand in operands):
        return record(op, *operands)
    return _finite(op.rule(*operands)[0], node)


def _finite(number: float, node: ast.expr) -> float:
    if not math.isfinite(number):
        raise ExpressionError(f"{_quoted(node)} is not a finite number: it gives {number}")
    return number


def _quoted(node: ast.AST) -> str:
    try:
        text = ast.unparse(node)
    except RecursionError:
        text = type(node).__name__
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _place(expression: str, error: SyntaxError) -> str:
    rest = expression.strip()[max((error.offset or 1) - 1, 0) :][:20]
    return f"at {rest!r}" if rest else "at its end"
