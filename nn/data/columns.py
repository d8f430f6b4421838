"""Columns of a table, and what their cells hold: a number, a word, or nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from ..basics.arrays import Floats, Rows

MISSING = frozenset({"", "na", "n/a", "nan", "null", "?"})
"""What stands in a cell for no number and no word, in capitals or not."""

OTHER_NUMBER = re.compile(r"[+-]?(inf(inity)?|[\d_.]+|\d+,\d+|\d{1,3}([,.'’\s]\d{3})+([.,]\d+)?)", re.IGNORECASE)
"""What is no word, and no number here: inf, 1_000, 2,5 or 1,234.50."""

MOST_WORDS = 50
"""A column of more different words is hardly one of kinds: it names its rows."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """The cells of one name (N,), the file they stand in, and their lines there."""

    name: str
    cells: Sequence[str]
    path: Path
    lines: Sequence[int]

    @cached_property
    def numbers(self) -> Floats:
        """The numbers (N,); nan for a cell that holds none."""
        try:
            found = np.array(list(map(float, self.cells)), dtype=np.float64)
            if np.isfinite(found).all() and "_" not in "".join(self.cells):
                return found
        except ValueError:
            pass
        return np.array([math.nan if (number := as_number(cell)) is None else number for cell in self.cells])

    @cached_property
    def is_missing(self) -> Mask:
        """Which cells say that there is nothing to say."""
        return np.array([cell.lower() in MISSING for cell in self.cells], dtype=bool)

    @property
    def is_strange(self) -> Mask:
        """Which cells hold neither a number nor nothing."""
        is_none = np.isnan(self.numbers)
        return is_none & ~self.is_missing if is_none.any() else is_none

    @property
    def has_numbers(self) -> bool:
        """Whether some cell is meant as a number, even if it cannot be read as one."""
        return not np.isnan(self.numbers).all() or any(map(OTHER_NUMBER.fullmatch, self.cells))

    @property
    def counts(self) -> bool:
        """Whether there is one whole number after the other."""
        return len(self.cells) > 2 and bool((np.diff(self.numbers) == 1.0).all())

    def words(self) -> tuple[str, ...]:
        """The words in their order, none in a column of numbers; a ValueError names the first cell that fits none."""
        rows = np.flatnonzero(self.is_strange).tolist()
        words = {self.cells[row] for row in rows}
        if words and self.has_numbers:
            row = next((row for row in rows if OTHER_NUMBER.fullmatch(self.cells[row])), rows[0])
            grouped = ": write it without what groups its digits, and decimals after a point"
            raise self.refused(row, grouped if "," in self.cells[row] else "")
        if len(words) > MOST_WORDS or (len(words) == len(self.cells) and len(words) > 2):
            counted = f"{len(words)} different words in {len(self.cells)} rows are too many"
            raise self.refused(rows[0], f"; as kinds, {counted}. --ignore {quote(self.name)} leaves the column out")
        return tuple(sorted(words))

    def features(self, words: Sequence[str]) -> tuple[Floats, Mask]:
        """One feature (N, 1) of numbers, or one of each word (N, n_words), nan where nothing stands.

        And which cells hold something else (N,).
        """
        if not words:
            return self.numbers[:, np.newaxis], self.is_strange
        places = places_of(self.cells, words)
        coded = (places[:, np.newaxis] == np.arange(len(words))).astype(np.float64)
        is_other = places < 0
        if is_other.any():
            coded[is_other & self.is_missing] = math.nan
            is_other &= ~self.is_missing
        return coded, is_other

    def place(self, row: int) -> str:
        """Where a cell stands, for messages."""
        return f"{self.path}, line {self.lines[row]}, column {self.name!r}"

    def refused(self, row: int, advice: str) -> ValueError:
        """The error for a cell that should hold a number."""
        return ValueError(f"{self.place(row)}: wanted a finite number, got {self.cells[row]!r}{advice}")


def places_of(cells: Sequence[str], words: Sequence[str]) -> Rows:
    """For each cell its place among the words, -1 for one that is none of them."""
    places = {word: i for i, word in enumerate(words)}
    return np.array([places.get(cell, -1) for cell in cells], dtype=np.int64)


def as_number(cell: str) -> float | None:
    """The finite number that a cell holds, if it holds one; 1_000 is one in Python only.

    >>> as_number("2.5"), as_number("1_000"), as_number("inf"), as_number("2,5")
    (2.5, None, None, None)
    """
    try:
        number = None if "_" in cell else float(cell)
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None
