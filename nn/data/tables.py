"""Tables: CSV files with a line of column names, read strictly, and as text: every conversion is ours."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate, chain, islice
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, cast

from .columns import Column, as_number

SEPARATORS = (",", ";", "\t", "|")
SAMPLE, LOOKED_AT = 1 << 16, 20
"""By so much of a file, and so many of its rows, its separator is found."""

CHUNK = 8192


@dataclass(frozen=True)
class Table:
    """The cells of a CSV file or of a part of it, and the line of the file that each row stands on."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    lines: Sequence[int]
    _columns: dict[str, Column] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> Column:
        """The column of that name; a ValueError if there is none, or more than one."""
        if name not in self._columns:
            cells = map(itemgetter(column_place(self.header, name, self.path)), self.rows)
            self._columns[name] = Column(name, list(map(str.strip, cells)), self.path, self.lines)
        return self._columns[name]

    def chosen(self, rows: Sequence[int]) -> Table:
        """The table of some of the rows."""
        return Table(self.path, self.header, [self.rows[i] for i in rows], [self.lines[i] for i in rows])


def column_place(header: Sequence[str], name: str, path: Path) -> int:
    """Where the column of that name stands; a ValueError if there is none, or more than one."""
    if (found := list(header).count(name)) != 1:
        raise ValueError(
            f"{path} has {found or 'no'} columns named {name!r}, wanted one; its columns are {', '.join(header)}"
        )
    return list(header).index(name)


def read_table(path: str | Path, separator: str | None = None) -> Table:
    """The table in a CSV file: UTF-8, names in the first line, gzip or not. A ValueError for no rows, or ragged ones.

    The separator is found if it is not given.
    """
    with opened(path, separator) as (header, chunks):
        rows: list[list[str]] = []
        lines: list[int] = []
        for chunk in chunks:
            rows += chunk.rows
            lines += chunk.lines
    return Table(Path(path), header, rows, lines)


@contextmanager
def opened(path: str | Path, separator: str | None = None) -> Iterator[tuple[list[str], Iterator[Table]]]:
    """The header of a CSV file, and its rows, some at a time; a ValueError if there are none."""
    try:
        with _text(Path(path)) as file:
            start = file.read(SAMPLE)
            found = separator or separator_of(start)
            reader = csv.reader(_lines(start, file), delimiter=found, strict=True)
            header = next(([cell.strip() for cell in row] for row in reader if row), [])
            chunks = _chunks(Path(path), header, reader)
            yield header, chain([next(chunks)], chunks)  # an error of the first rows comes before all else
    except (UnicodeDecodeError, csv.Error, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is not a CSV file in UTF-8: {error}") from None


def separator_of(text: str) -> str:
    """The separator by which the first rows have as many cells as there are names, and the most of them.

    >>> separator_of("a;b\\n1,5;2,5\\n")
    ';'
    """

    def score(separator: str) -> tuple[bool, int]:
        try:
            rows = list(
                islice(filter(None, csv.reader(io.StringIO(whole, newline=""), delimiter=separator)), LOOKED_AT)
            )
        except csv.Error:
            return False, 0
        counts = {len(row) for row in rows}
        return len(counts) == 1 and counts != {1}, len(rows[0]) if rows else 0

    whole = text[: text.rfind("\n") + 1] if len(text) == SAMPLE else text
    return max(SEPARATORS, key=score)


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    with path.open("rb") as binary:
        packed = binary.peek(2)[:2] == b"\x1f\x8b"
        content = cast(IO[bytes], gzip.GzipFile(fileobj=binary)) if packed else binary
        with content, io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text:
            yield text


def _lines(start: str, file: IO[str]) -> Iterator[str]:
    """The lines of a file of which the start was read already."""
    yield from io.StringIO(start + file.readline(), newline="")
    yield from file


def _chunks(path: Path, header: list[str], reader: Any) -> Iterator[Table]:
    n, before, is_empty = len(header), reader.line_num, True
    while rows := list(islice(reader, CHUNK)):
        lines: Sequence[int] = range(before + 1, reader.line_num + 1)
        if len(lines) != len(rows):  # cells of several lines
            breaks = (1 + sum(len(re.findall("\r\n|\r|\n", cell)) for cell in row) for row in rows)
            lines = list(accumulate(breaks, initial=before))[1:]
        if set(map(len, rows)) != {n}:
            kept = [i for i, row in enumerate(rows) if row or n == 1]  # a line without anything is no row …
            rows, lines = [rows[i] or [""] for i in kept], [lines[i] for i in kept]  # … but the cell of one column
            for row, line in zip(rows, lines, strict=True):
                if len(row) != n:
                    raise ValueError(f"{path}, line {line}: got {len(row)} cells, wanted {n}, one for each column name")
        if "\0" in "".join(map("".join, (header, *rows))):
            raise ValueError(f"{path} is not a CSV file in UTF-8: it holds characters of 0")
        before = reader.line_num
        if rows:
            is_empty = False
            yield Table(path, header, rows, lines)
    if is_empty:
        raise ValueError(f"{path} has no rows: wanted a line of column names and at least one line of cells")


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as the text of a CSV file."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def guarded(text: str) -> str:
    """A text as a cell: what a spreadsheet would run as a formula gets an apostrophe before it.

    >>> guarded("=1+1"), guarded("-2.5")
    ("'=1+1", '-2.5')
    """
    runs = text[:1] in ("=", "+", "-", "@", "\t", "\r") and as_number(text) is None
    return f"'{text}" if runs and text else text
