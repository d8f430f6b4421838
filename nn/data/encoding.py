"""Encoding: how the cells of a table become the features that a network can be given."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from ..basics.arrays import Floats
from .tables import Table, as_number, is_missing

MOST_WORDS = 50
"""A column of more different words is hardly one of kinds: it names its rows."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Encoding:
    """A column of numbers is one feature, one of words a feature for each word: 1 for it, 0 for the others.

    ``words`` has the words of each column, none for a column of numbers. ``fill`` (n_features,) stands in for cells
    that are missing: nan where nothing does.
    """

    columns: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    fill: Floats

    @classmethod
    def of_numbers(cls, columns: Sequence[str]) -> Encoding:
        """The encoding of columns of numbers."""
        return cls(tuple(columns), ((),) * len(columns), np.full(len(columns), math.nan))

    @classmethod
    def told(cls, table: Table, columns: Sequence[str]) -> Encoding:
        """The encoding that these columns of a table call for; a ValueError names the first cell that fits none."""
        words = tuple(_words(table, name) for name in columns)
        return cls(tuple(columns), words, np.full(sum(len(kinds) or 1 for kinds in words), math.nan))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features: that of the column, and of a word the word too."""
        pairs = zip(self.columns, self.words, strict=True)
        return tuple(name for column, words in pairs for name in _feature_names(column, words))

    @property
    def is_word(self) -> Mask:
        """Which features stand for words."""
        return np.array([bool(words) for words in self.words for _ in words or [""]])

    def filled(self, features: Floats) -> Floats:
        """The features with ``fill`` where they are nan."""
        return np.where(np.isnan(features), self.fill, features)

    def filling(self, features: Floats) -> Encoding:
        """The same encoding, with the means of these rows to fill in; a ValueError where a feature has none."""
        known = ~np.isnan(features)
        if len(bare := np.flatnonzero(~known.any(axis=0))):
            raise ValueError(f"the column of {self.feature_names[bare[0]]!r} has no cell to take a mean of: ignore it")
        return replace(self, fill=np.where(known, features, 0.0).sum(axis=0) / known.sum(axis=0))

    def features(self, table: Table) -> tuple[Floats, Mask]:
        """The features (N, n_features) of a table's rows, nan for missing cells, and which rows have a cell that is
        neither missing nor what the column holds: (N,)."""
        found = np.empty((len(table), len(self.fill)))
        strange = np.zeros(len(table), dtype=bool)
        ends = list(accumulate(len(words) or 1 for words in self.words))
        for name, words, end in zip(self.columns, self.words, ends, strict=True):
            cells = table.column(name)
            if words:
                found[:, end - len(words) : end], odd = _one_hot(cells, words)
            else:
                found[:, end - 1], odd = numbers_of(cells)
            strange |= odd
        return found, strange


def numbers_of(cells: Sequence[str]) -> tuple[Floats, Mask]:
    """The numbers in cells, nan where one is missing, and which cells hold something else."""
    try:
        found = np.array(list(map(float, cells)), dtype=np.float64)
        if np.isfinite(found).all() and "_" not in "".join(cells):
            return found, np.zeros(len(cells), dtype=bool)
    except ValueError:
        pass
    read = [as_number(cell) for cell in cells]
    odd = np.array([number is None and not is_missing(cell) for number, cell in zip(read, cells, strict=True)])
    return np.array([math.nan if number is None else number for number in read]), odd


def _one_hot(cells: Sequence[str], words: Sequence[str]) -> tuple[Floats, Mask]:
    places = {word: i for i, word in enumerate(words)}
    kinds = np.array([places.get(cell, -1) for cell in cells])
    missing = np.array([is_missing(cell) for cell in cells]) & (kinds < 0)
    coded = (kinds[:, np.newaxis] == np.arange(len(words))).astype(np.float64)
    coded[missing] = math.nan
    return coded, (kinds < 0) & ~missing


def _feature_names(column: str, words: Iterable[str]) -> list[str]:
    return [f"{column} = {word}" for word in words] or [column]


def _words(table: Table, name: str) -> tuple[str, ...]:
    """The words of a column in their order, none for one of numbers."""
    cells = table.column(name)
    numbers, strange = numbers_of(cells)
    if not strange.any():
        return ()
    rows = np.flatnonzero(strange).tolist()
    row = next((i for i in rows if is_other_number(cells[i])), rows[0])
    cell, words = cells[row], {cells[i] for i in rows}
    if not np.isnan(numbers).all() or is_other_number(cell):
        advice = ": write it without what groups its digits, and decimals after a point" if "," in cell else ""
        raise ValueError(f"{table.place(row, name)}: wanted a finite number, got {cell!r}{advice}")
    if len(words) > MOST_WORDS or (len(words) == len(cells) and len(cells) > 2):
        raise ValueError(
            f"{table.place(row, name)}: wanted a finite number, got {cell!r}; as kinds, {len(words)} different words "
            f"in {len(cells)} rows are too many. --ignore {quote(name)} leaves the column out"
        )
    return tuple(sorted(words))


def is_other_number(cell: str) -> bool:
    """Whether a cell is no word, and no number here: inf, 1_000, 2,5 or 1,234.50."""
    groups = r"\d{1,3}([,.'’\s]\d{3})+([.,]\d+)?"
    return bool(re.fullmatch(rf"[+-]?(inf(inity)?|[\d_.]+|\d+,\d+|{groups})", cell, re.IGNORECASE))
