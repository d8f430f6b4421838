"""Lines that are read once, by one other line, become part of it: ``z = W @ x + b`` is one line, and so is a formula.

NumPy also computes one long expression faster than its parts: an array without a name is overwritten by the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .code import Code
from .sharing import Line

LONGEST = 56  # characters of an expression that others were put into


def inline(lines: Sequence[Line], others: Iterable[Code]) -> list[Line]:
    """The lines, with those put into their readers that are not to be ``named``; ``others`` read them too.

    >>> x, p, q = Code("x"), Code("p"), Code("q")
    >>> lines = [Line("p", x + 1.0, named=False), Line("q", p * x, named=False), Line("z", 2.0 * q + x)]
    >>> print(*inline(lines, []), sep="\\n")
    z = 2.0 * ((x + 1.0) * x) + x
    """
    uses = Counter(name for code in (*(line.code for line in lines), *others) for name in code.names)
    waiting: dict[str, Line] = {}
    gone: set[str] = set()
    kept: list[Line] = []
    for line in lines:
        for name in list(line.code.names):
            if name in waiting:
                together = _together(waiting.pop(name), line)
                if together:
                    line = together
                    gone.add(name)
        if not line.named and uses[line.target] == 1:
            waiting[line.target] = line
        kept.append(line)
    return [line for line in kept if line.target not in gone]


def _together(line: Line, reader: Line) -> Line | None:
    """The reader with the line put into it, if that is short enough."""
    code = reader.code.rewritten(lambda part: line.code if part.text == line.target else None)
    absorbed = (*reader.absorbed, *line.absorbed, line.target)
    return replace(reader, code=code, absorbed=absorbed) if len(code.text) <= LONGEST else None
