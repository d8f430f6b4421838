"""Recording: functions that apply an operation and remember how, each written from its row of the rule table.

A class declares such a method with :func:`recorded`, by name, parameters and docstring; :func:`write_methods` gives it
its body. What is written can be read where it raised, in a debugger, in a profile. For ``__mul__`` it is::

    def record(self, other):
        if not isinstance(other, Value):
            other = operand(other)
            if other is NotImplemented:
                return other
        x = self._number
        y = other._number
        node = new(Value)
        node._number = out = (x * y)
        node._grad = node._adjoint = None
        node._label = ""
        mode = current_mode()
        if mode is None:
            node.op = op
            node._x = self
            node._y = other
            node._dx = y
            node._dy = x
        else:
            node.op = node._x = node._y = node._dx = node._dy = None
            node._adjoint = unrecorded
            if mode.checking:
                checked(mode, node, op, self, other)
        return node

One object a node, and no call but that of the operation itself: recording is where a scalar engine spends its time.
"""

from __future__ import annotations

import inspect
import linecache
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import Any, TypeVar

from . import modes
from .arrays import is_object_array
from .numbers import as_float, is_array
from .ops import CONSTANT, FLOATS, Operation

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type)


@dataclass(frozen=True)
class _Declaration:
    """A method without a body, and the operation that it applies."""

    function: Callable[..., Any]
    op: Operation
    reflected: bool


def recorded(op: Operation, reflected: bool = False) -> Callable[[F], F]:
    """Declare a method that applies the operation to ``self`` and its parameters; ``reflected``, in reverse order."""

    def declare(function: F) -> F:
        return _Declaration(function, op, reflected)  # type: ignore[return-value]  # write_methods makes it true

    return declare


def write_methods(value_class: C) -> C:
    """Give the class's declared methods their bodies."""
    for name, declaration in list(vars(value_class).items()):
        if isinstance(declaration, _Declaration):
            setattr(value_class, name, _method(value_class, declaration))
    return value_class


def _method(value_class: type, declaration: _Declaration) -> Callable[..., Any]:
    function, op = declaration.function, declaration.op
    parameters = list(inspect.signature(function).parameters)
    operands = parameters[::-1] if declaration.reflected else parameters
    is_operator = function.__name__.startswith("__")
    source = _source(op, parameters, operands, is_operator)
    method = _run(source, f"{value_class.__name__}.{function.__name__}", value_class, op, is_operator)
    for attribute in ("__name__", "__qualname__", "__module__", "__doc__", "__defaults__", "__annotations__"):
        setattr(method, attribute, getattr(function, attribute))
    return method


def recorder(value_class: type, op: Operation) -> Callable[..., Any]:
    """A function that applies the operation to Values or numbers.

    >>> from autograd import Value, ops
    >>> recorder(Value, ops.GREATER)(3.0, 2.0).data
    1.0
    """
    operands = ("left", "right")[: len(op.arguments)]
    source = _source(op, operands, operands, is_operator=False)
    return _run(source, f"record {op.name}", value_class, op, is_operator=False)


def _source(op: Operation, parameters: Sequence[str], operands: Sequence[str], is_operator: bool) -> str:
    """The text of a function; ``operands`` are its parameters in the order of the operation's arguments."""
    x, y = (*operands, None)[:2]
    dx, dy = (*op.partial_codes, None, None)[:2]
    lines = [f"def record({', '.join(parameters)}):"]
    for operand in operands:
        if operand != "self":
            lines += [f"    if not isinstance({operand}, Value):", f"        {operand} = operand({operand})"]
            if is_operator:
                lines += [f"        if {operand} is NotImplemented:", f"            return {operand}"]
    lines += [f"    {argument} = {operand}._number" for argument, operand in zip(op.arguments, operands, strict=True)]
    lines += ["    node = new(Value)", f"    node._number = out = {op.forward_code}"]
    lines += ["    node._grad = node._adjoint = None", '    node._label = ""']
    lines += ["    mode = current_mode()", "    if mode is None:", "        node.op = op"]
    lines += [f"        node.{slot} = {code}" for slot, code in (("_x", x), ("_y", y), ("_dx", dx), ("_dy", dy))]
    lines += ["    else:", "        node.op = node._x = node._y = node._dx = node._dy = None"]
    lines += ["        node._adjoint = unrecorded"]
    lines += [
        "        if mode.checking:",
        f"            checked(mode, node, op, {', '.join(operands)})",
        "    return node",
    ]
    return "\n".join(lines) + "\n"


def _run(source: str, title: str, value_class: type, op: Operation, is_operator: bool) -> Callable[..., Any]:
    """The function of that text; what it needs are its closure's variables, the quickest to look up."""

    new: Callable[[type], Any] = object.__new__

    def operand(number: object) -> Any:
        """The number as a node; for an operator, NotImplemented where an array's own is to take its elements."""
        if type(number) is not float:
            if is_operator and (is_array(number) or is_object_array(number)):
                return NotImplemented
            number = _as_operand(op, number)
        node = new(value_class)
        node._number = number
        node.op = CONSTANT
        node._x = node._y = node._dx = node._dy = node._grad = node._adjoint = None
        node._label = ""
        return node

    names = "Value, op, new, operand, current_mode, checked, unrecorded"
    text = f"def make({names}):\n{indent(source, '    ')}    return record\n"
    filename = f"<{title}, written from its rule>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {}
    exec(compile(text, filename, "exec"), FLOATS, namespace)
    make: Callable[..., Callable[..., Any]] = namespace["make"]
    return make(value_class, op, new, operand, modes.current.get, _checked, modes.UNRECORDED)


def _as_operand(op: Operation, number: object) -> float:
    try:
        return as_float(number)
    except TypeError as error:
        raise TypeError(f"{op.name}: {error}") from None


def _checked(mode: modes.Mode, node: Any, op: Operation, *operands: Any) -> None:
    """The same where each result is looked at."""
    if not math.isfinite(node._number):
        raise FloatingPointError(f"{op.name} gave {node._number!r}: {call_text(op, operands)}")
    if mode.recording:
        partials = op.rule(*[operand._number for operand in operands])[1]
        node.op, node._adjoint = op, None
        node._x, node._y = (*operands, None)[:2]
        node._dx, node._dy = (*partials, None, None)[:2]


def call_text(op: Operation, operands: Sequence[Any]) -> str:
    """The operation with its operands, for messages: ``mul(a=2.0, -3.0)``."""
    return f"{op.name}({', '.join(map(operand_text, operands))})"


def operand_text(value: Any) -> str:
    """A Value with its label, if it has one: ``a=2.0``."""
    return f"{value._label}={value._number!r}" if value._label else repr(value._number)
