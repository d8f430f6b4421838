"""Expressions that stand in a program more than once get a name, before the line that has them first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..placing.names import Names
from .code import Code


@dataclass
class Line:
    """``target = code``, or ``target += code``, or without a sign the code alone."""

    target: str
    code: Code
    sign: str = "="
    comment: str = ""
    named: bool = True
    """Whether it is to have a line of its own, even if only one other reads it."""
    absorbed: tuple[str, ...] = ()
    """The targets of the lines that became part of this one."""

    def __str__(self) -> str:
        plain = f"{self.target} {self.sign} {self.code}" if self.sign else self.code.text
        return f"{plain:<68}  # {self.comment}" if self.comment else plain


class Sharing:
    """Writes lines with names for what is worth one: for code with a ``naming``, used as often as that says.

    What stands within code that is shared counts once, for it is written once.

    >>> from .code import Naming
    >>> view = Code("a.T", naming=Naming("a_"))
    >>> lines = [Line("b", view * 2.0), Line("c", view + 1.0)]
    >>> print(*Sharing(lines, Names([])).write(lines), sep="\\n")
    a_1 = a.T
    b = 2.0 * a_1
    c = a_1 + 1.0
    """

    def __init__(self, lines: Iterable[Line], names: Names) -> None:
        self._names = names
        self._counts: Counter[str] = Counter()
        for line in lines:
            self._count(line.code)
        self._given: dict[str, Code] = {}
        self._before: list[Line] = []

    def write(self, lines: Iterable[Line]) -> list[Line]:
        """The lines, and those that give the names."""
        written: list[Line] = []
        for line in lines:
            code = line.code.rewritten(self._name)
            written += [*self._before, replace(line, code=code)]
            self._before.clear()
        return written

    def known(self, code: Code) -> Code:
        """The code with those names that have been given."""
        return code.rewritten(lambda part: self._given.get(part.text) if part.naming else None)

    def _count(self, code: Code) -> None:
        if code.naming:
            transpose = code.naming.transpose
            text = transpose.text if transpose and transpose.text in self._counts else code.text
            self._counts[text] += 1
            if self._counts[text] > 1:
                return
        for part, _ in code.parts:
            self._count(part)

    def _name(self, code: Code) -> Code | None:
        naming = code.naming
        if naming and naming.transpose and naming.transpose.text in self._given:
            return self._given[naming.transpose.text].then(".T")
        if not naming or self._counts[code.text] < naming.uses:
            return None
        if code.text not in self._given:
            definition = replace(code, naming=None).rewritten(self._name)
            name = self._names.numbered(naming.stem)
            self._given[code.text] = Code(name)
            self._before.append(Line(name, definition))
        return self._given[code.text]
