"""Tables: CSV files with a line of column names, read strictly."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .arrays import Floats


@dataclass(frozen=True)
class Table:
    """The cells of a CSV file, and the line of the file that each row stands on."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    def column(self, name: str) -> list[str]:
        """The cells of the column of that name; a ValueError if there is none, or more than one."""
        if (found := self.header.count(name)) != 1:
            raise ValueError(
                f"{self.path} has {found or 'no'} columns named {name!r}, wanted one; "
                f"its columns are {', '.join(self.header)}"
            )
        place = self.header.index(name)
        return [row[place] for row in self.rows]

    def numbers(self, names: Iterable[str], advice: str = "") -> Floats:
        """Some columns as (N, n_names) numbers; a ValueError that names the first cell that is not a finite one.

        ``advice`` ends its message.
        """
        return np.array([self._numbers(name, advice) for name in names], dtype=np.float64).T

    def _numbers(self, name: str, advice: str) -> list[float]:
        self.require_filled(name)
        numbers = []
        for cell, line in zip(self.column(name), self.lines, strict=True):
            number = as_number(cell)
            if number is None or not math.isfinite(number):
                raise ValueError(
                    f"{self.path}, line {line}, column {name!r}: wanted a finite number, got {cell!r}{advice}"
                )
            numbers.append(number)
        return numbers

    def require_filled(self, name: str) -> None:
        """A ValueError that names the first empty cell of a column."""
        for cell, line in zip(self.column(name), self.lines, strict=True):
            if not cell:
                raise ValueError(
                    f"{self.path}, line {line}, column {name!r}: the cell is empty; fill it or drop the row"
                )


def as_number(cell: str) -> float | None:
    """The number that a cell holds, if it holds one; 1_000 is one in Python only."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def read_table(path: str | Path) -> Table:
    """The table in a CSV file: UTF-8, commas, names in the first line. A ValueError for no rows, or ragged ones."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows = [([cell.strip() for cell in row], reader.line_num) for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a CSV file in UTF-8: {error}") from None
    if len(rows) < 2:
        raise ValueError(f"{path} has no rows: wanted a line of column names and at least one line of cells")
    (header, _), *body = rows
    for row, line in body:
        if len(row) != len(header):
            raise ValueError(
                f"{path}, line {line}: got {len(row)} cells, wanted {len(header)}, one for each column name"
            )
    return Table(Path(path), header, [row for row, _ in body], [line for _, line in body])


def csv_text(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Rows as the text of a CSV file."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()
