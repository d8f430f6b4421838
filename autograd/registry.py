"""Operations of one's own: rows that join the table, checked first; and rows in pickles."""

import copyreg
import keyword
from collections.abc import Callable
from dataclasses import fields
from math import nan
from typing import Any, NoReturn

from .numbers import as_float
from .ops import ARGUMENTS, BUILT_IN, FLOATS, OPERATIONS, Operation, operation, used


def register(row: Operation) -> Operation:
    """Add a row to the table, for every reader to know; the row itself, which can be called on Values.

    Its ``forward`` is a formula in the operations of the table, or a call of its own name with ``function`` to run it
    on floats; where that raises a ValueError or an ArithmeticError, the result is nan. To register an equal row again
    changes nothing and gives the first. ValueError, which says what to
    write, for a name that is taken, for text that is not a formula in ``x`` (and ``y``), and for a number of partials
    that is neither none nor that of the arguments.

    >>> from autograd import Operation, Value
    >>> swish = register(Operation("swish", "swish", "x * sigmoid(x)", ("sigmoid(x) + out * (1 - sigmoid(x))",)))
    >>> x = Value(2.0)
    >>> y = swish(x)
    >>> y.backward()
    >>> round(y.data, 6), round(x.grad, 6)
    (1.761594, 1.090784)
    """
    if not isinstance(row, Operation):
        raise TypeError(f"register takes an Operation, got {type(row).__name__}: {row!r}")
    known = OPERATIONS.get(row.name)
    if known is not None:
        if _text(known) == _text(row):
            return known
        raise ValueError(f"an operation named {row.name!r} is there already, with other rules: choose another name")
    _check(row)
    FLOATS[f"_{row.name}"] = _total(row)
    OPERATIONS[row.name] = row
    return row


def _total(row: Operation) -> Callable[..., float]:
    """The function of a row as the table wants it: a float for every float, nan where it raises."""
    function = row.function or (lambda *floats: row.rule(*floats)[0])

    def total(*floats: float) -> float:
        try:
            return as_float(function(*floats))
        except (ValueError, ArithmeticError):
            return nan
        except TypeError as error:
            raise TypeError(f"the function of operation {row.name!r}, at {floats}: {error}") from error

    return total


def _text(row: Operation) -> tuple[Any, ...]:
    """What a row says, its function by its code: a notebook's cell may be run again, and may have been changed."""
    code = getattr(row.function, "__code__", None)
    if code is None:
        function: Any = row.function
    else:
        cells = [cell.cell_contents for cell in row.function.__closure__ or ()]  # type: ignore[union-attr]
        given = row.function.__defaults__, row.function.__kwdefaults__, cells  # type: ignore[union-attr]
        function = code.co_code, code.co_consts, code.co_names, given
    return row.name, row.symbol, row.forward, row.partials, row.formula, row.zero_at, function


def _check(row: Operation) -> None:
    def refuse(problem: str) -> NoReturn:
        raise ValueError(f"operation {row.name!r}: {problem}")

    texts = [("forward", row.forward), ("formula", row.formula), *(("partial", partial) for partial in row.partials)]
    if not isinstance(row.partials, tuple | list):
        refuse(f"its partials are several texts, as in ('y', 'x'), got {row.partials!r}")
    for what, text in (("name", row.name), ("symbol", row.symbol), *texts):
        if not isinstance(text, str):
            refuse(f"its {what} is a text, got {type(text).__name__}: {text!r}")
    if not row.name.isidentifier() or keyword.iskeyword(row.name) or row.name in (*ARGUMENTS, "out"):
        refuse("its name must be an identifier that formulas do not use already")
    for what, text in texts:
        try:
            calls, names = used(text)
        except (SyntaxError, ValueError, OverflowError) as error:
            refuse(f"its {what} {text!r} is not a formula of the table: {error}")
        rows = {**OPERATIONS, row.name: row}
        if unknown := [*({name for name, _ in calls} - {*rows}), *(names - {*ARGUMENTS, "out"})]:
            refuse(f"its {what} {text!r} uses {', '.join(unknown)}; there are x, y, out and {', '.join(OPERATIONS)}")
        if what == "forward" and ("out" in names or "x" not in names):
            refuse(f"its forward {text!r} must be a formula in x, or in x and y")
        if "y" in names and "y" not in row.arguments:
            refuse(f"its {what} {text!r} uses y, which its forward {row.forward!r} has not")
        for name, count in calls:
            if count != (wanted := len(rows[name].arguments)):
                refuse(f"its {what} {text!r} gives {name} {count} operands, and it takes {wanted}")
        if what == "forward" and not row.is_primitive and row.name in dict(calls):
            refuse(f"its forward {text!r} uses itself; write {row.name}({', '.join(row.arguments)}), and function=")
    if row.is_primitive != (row.function is not None):
        refuse("function= runs a forward that is a call of the operation's own name, and no other")
    if row.partials and len(row.partials) != len(row.arguments):
        refuse(f"it has {len(row.arguments)} arguments and {len(row.partials)} partials; give one for each, or none")
    if row.zero_at and row.zero_at not in row.arguments:
        refuse(f"zero_at is one of its arguments, got {row.zero_at!r}")


# ---- copies and pickles of a row: it is one of a kind


def _reduced(row: Operation) -> tuple[Callable[..., Operation], tuple[Any, ...]]:
    """A pickle names a row of the table's own, and brings any other along."""
    if row.name in BUILT_IN:
        return operation, (row.name,)
    return _registered, tuple(getattr(row, field.name) for field in fields(row))


def _registered(*values: Any) -> Operation:
    return register(Operation(*values))


copyreg.pickle(Operation, _reduced)
