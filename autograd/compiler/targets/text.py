"""Python as text: what the targets that write it have in common."""

from __future__ import annotations

import linecache
import textwrap
import weakref
from collections.abc import Mapping, Sequence
from itertools import count
from math import isfinite
from typing import Any

import numpy as np

from ..ir import Constant, Shape

COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(5)  # how tightly the outermost operator of a text binds
COMMENT = 68  # where comments start
WIDTH = 108  # of what is wrapped
_serial = count(1)


def pick(picked: slice | int, length: int | None = None) -> str:
    """A slice or an index of an axis; the whole of one of that length is a colon."""
    if isinstance(picked, int):
        return str(picked)
    if (picked.start, picked.stop, picked.step) == (0, length, 1):
        return ":"
    return f"{picked.start}:{picked.stop}" + (f":{picked.step}" if picked.step > 1 else "")


def subscript(picks: Sequence[str]) -> str:
    """An index; what would change nothing is left out.

    >>> subscript(["2:4", ":"]), subscript([":"])
    ('[2:4]', '')
    """
    picks = list(picks)
    while picks and picks[-1] == ":":
        picks.pop()
    return f"[{', '.join(picks)}]" if picks else ""


def literal(values: Any, module: str = "np") -> str:
    """An array, or a number of one, as the text of nested lists; inf and nan are those of a module.

    >>> literal(np.array([[1.0, -np.inf], [np.nan, 2.0]]))
    '[[1.0, -np.inf], [np.nan, 2.0]]'
    """
    if isinstance(values, np.ndarray):
        return literal(values.tolist(), module)
    if isinstance(values, list):
        return f"[{', '.join(literal(value, module) for value in values)}]"
    if isinstance(values, float) and not isfinite(values):
        return f"{module}.nan" if values != values else f"{'-' * (values < 0)}{module}.inf"
    return repr(values)


def stem(constant: Constant) -> str:
    """What to name a constant after."""
    return {"b": "mask", "i": "i"}.get(constant.values.dtype.kind, "c")


def commented(text: str, shapes: Sequence[Shape], indent: int = 0) -> str:
    """A line with the shapes of what it assigns."""
    told = ", ".join(f"({', '.join(map(str, shape))})" for shape in shapes if shape)
    return f"{text:<{COMMENT - indent}}  # {told}" if told else text


def wrapped(text: str, width: int = WIDTH, indent: int = 4) -> str:
    """A text within brackets on several lines, if it is long."""
    return textwrap.fill(text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def function(signature: str, lines: Sequence[str]) -> str:
    """A function, its lines indented."""
    return f"def {signature}:\n{textwrap.indent(chr(10).join(lines), '    ')}"


def module_text(parts: Sequence[str]) -> str:
    """The parts of a module, two empty lines between them."""
    return "\n\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def executed(text: str, what: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the source defines, beside what it is given; tracebacks show its lines, as long as what it defines lives."""
    filename = f"<{what} {next(_serial)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = dict(given)
    exec(compile(text, filename, "exec"), namespace)
    weakref.finalize(namespace["forward" if "forward" in namespace else "Program"], linecache.cache.pop, filename, None)
    return namespace
