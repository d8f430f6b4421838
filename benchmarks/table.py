"""The table of ``python -m benchmarks`` as Markdown, and its place on the page."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from math import floor, log10
from pathlib import Path

from autograd.compiler.targets.building import BuildError, compiler

from .measuring import Results, Row
from .targets import TARGETS

BEGIN, END = "<!-- python -m benchmarks --write -->", "<!-- end of what it wrote -->"
LIBRARIES = ("numpy", "jax", "torch", "onnxruntime")


def page(text: str, written: str) -> str:
    """The page with this between its two marks; a ValueError if they are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no place for the table: wanted a line {BEGIN} and a line {END}")
    return f"{before}{begin}\n\n{written.strip()}\n\n{end}{after}"


def table(results: Results) -> str:
    """A row a work, a column a target, and what stands below."""
    targets = [name for name in TARGETS if any(name in row.seconds for row in results.rows.values())]
    heads = ["work", *(TARGETS[name].title for name in targets), "limit"]
    lines = [_line(heads), "|---" + "|---:" * (len(heads) - 1) + "|"]
    for row in results.rows.values():
        lines.append(_line([row.title, *(_cell(row, name) for name in targets), micro(row.limit)]))
    return "\n".join([*lines, "", *_notes(results)])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(row: Row, target: str) -> str:
    return micro(row.seconds[target]) if target in row.seconds else ""


def micro(seconds: float) -> str:
    """Microseconds with three digits.

    >>> micro(1.2345e-6), micro(123.45e-6), micro(1.2345)
    ('1.23', '123', '1,230,000')
    """
    number = seconds * 1e6
    digits = 2 - floor(log10(number)) if number > 0 else 0
    return f"{round(number, digits):,.{max(digits, 0)}f}"


def _notes(results: Results) -> list[str]:
    left_out = "".join(f" {TARGETS[name].title} is left out: no {words}." for name, words in results.missing.items())
    return [
        f"Microseconds, {date.today():%-d %B %Y}, {_processor()}, {os.cpu_count()} cores, of which one is used; "
        f"{_versions()}. The limit is at {results.rate * 1e-9:.1f} billion additions and multiplications a "
        f"second.{left_out}"
    ]


def _processor() -> str:
    try:
        named = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        named = None
    return named[1].strip() if named else platform.processor() or platform.machine()


def _versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for library in LIBRARIES:
        try:
            found.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            continue
    try:
        said = subprocess.run([*compiler(), "--version"], capture_output=True, text=True, check=False).stdout
        found.append(said.splitlines()[0])
    except (BuildError, IndexError):
        pass
    return ", ".join(found)
