"""Encoding: how the columns of a table become the features that a network can be given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..basics.arrays import Floats
from .columns import Mask
from .tables import Table


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
        words = tuple(table.column(name).words() for name in columns)
        return cls(tuple(columns), words, np.full(sum(len(kinds) or 1 for kinds in words), math.nan))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features: that of the column, and of a word the word too."""
        pairs = zip(self.columns, self.words, strict=True)
        return tuple(f"{name} = {word}" if word else name for name, words in pairs for word in words or [""])

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
        pairs = zip(self.columns, self.words, strict=True)
        features, strange = zip(*(table.column(name).features(words) for name, words in pairs), strict=True)
        return np.hstack(features), np.any(strange, axis=0)
