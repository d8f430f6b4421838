"""Formulas typed by a user become Values: read by a grammar of their own, in which nothing else can be said.

Allowed are numbers, names, ``+ - * / **``, parentheses, the engine's functions as calls or as methods (``tanh(x)``,
``x.tanh()``), ``sum``, ``mean`` and ``logsumexp`` of several numbers and one part of their ``softmax``
(``softmax(a, b, c)[0]``), and names for intermediate results and for the last (``z = w*x + b; y = z.tanh()``). ``pi``
and ``e`` are the numbers of mathematics unless they are given as names. Signs bind as in Python. Nothing here recurses:
a sum of thousands of terms is as deep as it is long.
"""

from __future__ import annotations

import inspect
import keyword
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import NoReturn

from . import functional, ops
from .ops import Operation
from .value import Value, record

LONGEST = 100_000  # characters

CONSTANTS = {"pi": math.pi, "e": math.e}
_ALIASES = {"max": "maximum", "min": "minimum"}
_OF_SEVERAL: Mapping[str, Callable[[Sequence[Value | float]], Value]] = {
    "sum": functional.sum,
    "mean": functional.mean,
    "logsumexp": functional.logsumexp,
}
_PARTS_OF_SEVERAL: Mapping[str, Callable[[Sequence[Value | float]], list[Value]]] = {
    "softmax": functional.softmax,
    "log_softmax": functional.log_softmax,
}
# How tightly each sign binds: a minus before a number more than *, less than **.
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}
_BEFORE_A_NUMBER = 3
_NO_FUNCTIONS = ("constant", "stop_gradient")  # methods of a Value that are rows too, but nothing to compute with

_TOKEN = re.compile(
    r"(?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)"
    r"|\*\*|//|[:=<>!]=|\S|\n"  # a sign, be it allowed or not
)


class ExpressionError(ValueError):
    """A formula that cannot be read or computed; the message is one line."""


@dataclass(frozen=True)
class Number:
    """A step of computing a formula that gives a number."""

    number: float


@dataclass(frozen=True)
class Name:
    """A step that gives what a name stands for."""

    name: str


@dataclass(frozen=True)
class Call:
    """A step that puts one result in the place of the last few; ``start`` and ``end`` are where it is written."""

    function: Callable[[Sequence[Value | float]], Value]
    operands: int
    start: int
    end: int


Step = Number | Name | Call


@dataclass(frozen=True)
class Formula:
    """A formula that was read: its parts, each with its name, or with "" for none, and its steps in their order.

    >>> formula = read("z = a*b + c; y = z.tanh()")
    >>> formula.names
    ['a', 'b', 'c']
    >>> formula.evaluate({"a": Value(2.0), "b": Value(-3.0), "c": Value(10.0)})
    Value(data=0.999329299739067, grad=0.0, label='y')
    """

    text: str
    parts: tuple[tuple[str, tuple[Step, ...]], ...]

    @property
    def names(self) -> list[str]:
        """The names that stand for no part, in the order in which they appear: leaves, and perhaps ``pi`` and ``e``."""
        needed: dict[str, None] = {}
        defined: set[str] = set()
        for name, steps in self.parts:
            needed |= {step.name: None for step in steps if isinstance(step, Name) and step.name not in defined}
            defined.add(name)
        return list(needed)

    def require(self, given: Collection[str]) -> None:
        """An ExpressionError unless all these names are the formula's."""
        if unknown := [name for name in given if name not in self.names]:
            needed = [name for name in self.names if name in given or name not in CONSTANTS]
            raise ExpressionError(
                f"{', '.join(unknown)} is not in the expression, which needs {', '.join(needed) or 'nothing'}"
            )

    def evaluate(self, leaves: Mapping[str, Value]) -> Value:
        """The Value of the last part, recorded from the leaves of those names."""
        names: dict[str, Value | float] = {**CONSTANTS, **leaves}
        for name, steps in self.parts:
            result = self._run(steps, names)
            value = result if isinstance(result, Value) else Value.constant(result)
            value.label = value.label or name  # z = x is another name for x, which keeps its own
            names[name] = value
        return value

    def output(self, leaves: Mapping[str, Value]) -> Value:
        """The same, named f if it has no name, unless that is taken."""
        output = self.evaluate(leaves)
        if not output.label:
            taken = set(re.findall(r"\w+", self.text))
            names = chain(("f", "out", "result"), (f"f{i}" for i in count(1)))
            output.label = next(name for name in names if name not in taken)
        return output

    def _run(self, steps: Sequence[Step], names: Mapping[str, Value | float]) -> Value | float:
        results: list[Value | float] = []
        for step in steps:
            match step:
                case Number(number):
                    results.append(number)
                case Name(name):
                    if name not in names:
                        raise ExpressionError(f"{name!r} has no value: write {name}=NUMBER")
                    results.append(names[name])
                case Call(operands=count):
                    operands = results[-count:]
                    results[-count:] = [self._call(step, operands)]
        return results[0]

    def _call(self, step: Call, operands: Sequence[Value | float]) -> Value | float:
        """What was recorded if an operand is a Value; of numbers alone, a number."""
        result = step.function(operands)
        if any(isinstance(operand, Value) for operand in operands):
            return result
        if not math.isfinite(result.data):
            raise ExpressionError(f"{_quoted(self.text[step.start : step.end])} is not a finite number: {result.data}")
        return result.data


def read(text: str) -> Formula:
    """The formula that a text is; an ExpressionError where it is none.

    >>> read("__import__('os')('x')")
    Traceback (most recent call last):
      ...
    autograd.expression.ExpressionError: not allowed in a formula: '__import__'
    >>> read("x^2")
    Traceback (most recent call last):
      ...
    autograd.expression.ExpressionError: '^' is no power here: write x**2
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"the expression has {len(text):,} characters; {LONGEST:,} is the most")
    parts = [_Reader(text, tokens) for tokens in _parts(text)]
    if not parts:
        raise ExpressionError("the expression is empty: there must be a formula, as in 'z = w*x + b; z.tanh()'")
    for part in parts[:-1]:
        if not part.name:
            raise ExpressionError(f"only the last part may have no name: write 'name = {part.quoted}'")
    return Formula(text, tuple((part.name, tuple(part.steps)) for part in parts))


def known_functions() -> list[str]:
    """The functions that a formula may call, those of operations registered by now among them."""
    return [*filter(_is_operation, ops.OPERATIONS), *_ALIASES, *_OF_SEVERAL, *_PARTS_OF_SEVERAL]


def _is_operation(name: str) -> bool:
    """Whether that is a row for users: one that is a method of a Value, or that was registered from outside.

    The others are written as signs, or are there for derivatives to be written in.
    """
    if name not in ops.OPERATIONS or name in _NO_FUNCTIONS:
        return False
    return hasattr(Value, name) or name not in ops.BUILT_IN


def _parts(text: str) -> Iterator[list[re.Match[str]]]:
    """The tokens of each part; a semicolon or a new line ends it, but not between parentheses."""
    part: list[re.Match[str]] = []
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] == "(") - (token[0] == ")")
        if token[0] in ";\n" and depth <= 0:
            if part:
                yield part
            part = []
        elif token[0] != "\n":
            part.append(token)
    if part:
        yield part


@dataclass
class _Open:
    """What waits for its last operand: a sign, a parenthesis, or a function (which is a parenthesis with a name)."""

    token: str
    binding: int  # 0 for a parenthesis, which waits until it is closed
    operands: int
    start: int


class _Reader:
    """Reads one part, as Dijkstra's shunting yard: steps come out in the order in which they are to be computed.

    A sign waits until one that binds less, or the end of a parenthesis, ends its last operand.
    """

    def __init__(self, text: str, tokens: list[re.Match[str]]) -> None:
        self.text = text
        self.tokens = tokens[::-1]  # the next one last
        self.end = tokens[-1].end()
        self.quoted = text[tokens[0].start() : self.end][:60]
        self.steps: list[Step] = []
        self.spans: list[tuple[int, int]] = []  # where each result that waits for its use is written
        self.waiting: list[_Open] = []
        self.name = self._read_name()
        self._read_formula()

    def _next(self) -> str:
        """The next token, which stays where it is; "" at the end."""
        return self.tokens[-1][0] if self.tokens else ""

    def _read_name(self) -> str:
        if len(self.tokens) < 2 or self.tokens[-1].lastgroup != "name" or self.tokens[-2][0] != "=":
            return ""
        name = self._checked(self.tokens.pop())
        self.tokens.pop()
        return name

    def _read_formula(self) -> None:
        wants_operand = True
        while self.tokens:
            token = self.tokens.pop()
            wants_operand = self._read_operand(token) if wants_operand else self._read_after_operand(token)
        if wants_operand:
            raise ExpressionError("not a formula: a number or a name is missing at its end")
        self._reduce(0)
        if self.waiting:
            raise ExpressionError(f"not a formula: a parenthesis is not closed, {self._at(self.waiting[-1].start)}")

    def _read_operand(self, token: re.Match[str]) -> bool:
        """Read what may stand where an operand begins; whether one is still wanted then."""
        text = token[0]
        if token.lastgroup == "number":
            self._push(Number(self._number(token)), token.span())
            return False
        if token.lastgroup == "name":
            name = self._checked(token)
            if self._next() == "(":
                return self._open(name, 0, token.start())
            self._push(Name(name), token.span())
            return False
        if text == "-":
            self.waiting.append(_Open("-", _BEFORE_A_NUMBER, 1, token.start()))
        elif text == "(":
            self.waiting.append(_Open("(", 0, 0, token.start()))
        elif text != "+":
            self._refuse(token)
        return True

    def _read_after_operand(self, token: re.Match[str]) -> bool:
        """Read what may follow an operand; whether another one is wanted then."""
        text = token[0]
        if text in _BINDING:
            binding = _BINDING[text]
            self._reduce(binding + (text == "**"))  # a**b**c is a**(b**c)
            self.waiting.append(_Open(text, binding, 2, self.spans[-1][0]))
            return True
        if text == "." and self.tokens and self.tokens[-1].lastgroup == "name":
            name = self.tokens.pop()[0]
            if self._next() != "(":
                raise ExpressionError(f"not allowed in a formula: {'.' + name!r}; a method is called, as in x.tanh()")
            return self._open(name, 1, self.spans[-1][0])
        if text in (",", ")"):
            self._reduce(0)
            if self.waiting and (text == ")" or self.waiting[-1].token != "("):
                self.waiting[-1].operands += 1
                return text == "," or self._close(token.end())
        if token.lastgroup in ("number", "name") or text in ("(", "^"):
            self._advise(token)
        self._refuse(token)

    def _open(self, function: str, operands: int, start: int) -> bool:
        """Open the parenthesis of a call, and close it again if nothing stands in it."""
        self.tokens.pop()
        name = _name_of(function)
        is_method, is_of_several = operands == 1, name in _OF_SEVERAL or name in _PARTS_OF_SEVERAL
        if not _is_operation(name) and (is_method or not is_of_several):
            raise ExpressionError(f"no function is named {function!r}; there are {', '.join(known_functions())}")
        self.waiting.append(_Open(function, 0, operands, start))
        return self._next() != ")" or self._close(self.tokens.pop().end())

    def _close(self, end: int) -> bool:
        opened = self.waiting.pop()
        if opened.token == "(":
            self.spans[-1] = opened.start, end
        else:
            function, added = self._function(opened, end)
            for number in added:
                self._push(Number(number), (end, end))
            self._push(Call(function, opened.operands + len(added), opened.start, end), (opened.start, end))
        return False

    def _reduce(self, binding: int) -> None:
        """Complete the signs that bind at least so tightly, down to the last open parenthesis."""
        while self.waiting and self.waiting[-1].binding >= max(binding, 1):
            sign = self.waiting.pop()
            operation = _SIGNS[sign.token, sign.operands]
            span = sign.start, self.spans[-1][1]
            self._push(Call(_recorder(operation), sign.operands, *span), span)

    def _push(self, step: Step, span: tuple[int, int]) -> None:
        self.steps.append(step)
        if isinstance(step, Call):
            del self.spans[-step.operands :]
        self.spans.append(span)

    def _function(self, call: _Open, end: int) -> tuple[Callable[[Sequence[Value | float]], Value], Sequence[float]]:
        """What a call computes, and the operands that it leaves to their defaults."""
        name = _name_of(call.token)
        written = _quoted(self.text[call.start : end])
        if _is_operation(name):
            operation = ops.operation(name)
            defaults = _defaults(name)
            missing = len(operation.arguments) - call.operands
            if not 0 <= missing <= len(defaults):
                raise ExpressionError(
                    f"{call.token} takes {_numbers(len(operation.arguments))}, got {call.operands} in {written}"
                )
            return _recorder(operation), defaults[len(defaults) - missing :]
        if call.operands == 0:
            raise ExpressionError(f"{name} takes one number or more, got none in {written}")
        return _OF_SEVERAL[name] if name in _OF_SEVERAL else self._part_of(name, call.operands, written), ()

    def _part_of(self, name: str, count: int, written: str) -> Callable[[Sequence[Value | float]], Value]:
        """softmax and its like give a list, of which a formula takes one: ``softmax(a, b, c)[0]``."""
        tokens = [token[0] for token in self.tokens[-3:][::-1]]
        if len(tokens) < 3 or tokens[0] != "[" or tokens[2] != "]" or not tokens[1].isdecimal():
            raise ExpressionError(f"{name} gives {_numbers(count)}: write which of them, as in {written[1:-1]}[0]")
        del self.tokens[-3:]
        if tokens[1] not in map(str, range(count)):
            got = _shortened(tokens[1])
            raise ExpressionError(f"{written} gives {_numbers(count)}, [0] to [{count - 1}], got [{got}]")
        return lambda operands: _PARTS_OF_SEVERAL[name](operands)[int(tokens[1])]

    def _number(self, token: re.Match[str]) -> float:
        try:
            number = float(token[0])
        except ValueError:
            self._refuse(token)
        if not math.isfinite(number):
            raise ExpressionError(f"{_quoted(token[0])} is not a finite number: {number}")
        return number

    def _checked(self, token: re.Match[str]) -> str:
        name = token[0]
        if keyword.iskeyword(name) or name.startswith("__") or not name.isidentifier():
            raise ExpressionError(f"not allowed in a formula: {_quoted(name)}")
        return name

    def _advise(self, token: re.Match[str]) -> NoReturn:
        """What was meant by ``x^2`` and by ``2x``."""
        start, end = self.spans[-1]
        left = _shortened(self.text[start:end])
        if token[0] == "^":
            raise ExpressionError(f"'^' is no power here: write {left}**{_shortened(self._next()) or '...'}")
        right = "(...)" if token[0] == "(" else _shortened(token[0])
        if token.lastgroup == "name":
            self._checked(token)
        raise ExpressionError(f"a sign is missing between {left!r} and {right!r}: for a product write {left}*{right}")

    def _refuse(self, token: re.Match[str]) -> NoReturn:
        if token[0] in (*_BINDING, ".", ",", ")", ";"):
            raise ExpressionError(f"not a formula: {token[0]!r} is out of place, {self._at(token.start())}")
        raise ExpressionError(f"not allowed in a formula: {_quoted(token[0])}, {self._at(token.start())}")

    def _at(self, start: int) -> str:
        return f"at {self.text[start : start + 20]!r}"


_SIGNS = {
    (operation.forward.strip("xy "), len(operation.arguments)): operation
    for operation in map(ops.operation, ops.CALLS.values())
}
"""The operation of each sign, with one operand or two: its row is written with that sign."""


def _name_of(function: str) -> str:
    """``max`` is maximum, unless an operation of that name was registered."""
    return function if function in ops.OPERATIONS else _ALIASES.get(function, function)


def _recorder(operation: Operation) -> Callable[[Sequence[Value | float]], Value]:
    return lambda operands: record(operation, *operands)


def _defaults(function: str) -> list[float]:
    """The numbers that the Value's method of that name takes where none is given: the slope of leaky_relu."""
    method = getattr(Value, function, None) if function in ops.BUILT_IN else None
    parameters = inspect.signature(method).parameters.values() if method else ()
    return [parameter.default for parameter in parameters if parameter.default is not parameter.empty]


def _numbers(count: int) -> str:
    return f"{count} number" if count == 1 else f"{count} numbers"


def _quoted(text: str) -> str:
    return repr(_shortened(text))


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
