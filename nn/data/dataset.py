"""Samples to learn from: what a data set is, how it is made from a table, and which rows are held out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import Literal

import numpy as np

from ..basics.arrays import Floats, Rows
from .columns import Column, as_number, places_of
from .encoding import Encoding
from .tables import Table, column_place

HELD_OUT = 0.2
"""The fraction of the rows that training never sees, unless another is asked for."""

Missing = Literal["error", "drop", "mean"]


@dataclass(frozen=True)
class Dataset:
    """Features (N, n_features), and for each row a target: a number, or the index of one of the ``classes``."""

    name: str
    encoding: Encoding
    features: Floats
    target_name: str
    targets: Floats
    classes: tuple[str, ...] = ()
    """The names of the classes; empty where the targets are numbers to predict."""
    scaled: bool = False
    """Whether the numbers are of a good size as they stand."""
    notes: tuple[str, ...] = ()
    """What was done to the table, and what people should know of it."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features."""
        return self.encoding.feature_names

    def __len__(self) -> int:
        return len(self.targets)

    def rows(self, rows: Rows) -> Dataset:
        """The data set of some of the rows."""
        return replace(self, features=self.features[rows], targets=self.targets[rows])

    def split(self, seed: int, share: float = HELD_OUT) -> tuple[Dataset, Dataset]:
        """The rows to train on and those held out; missing features are filled in with the means of the former."""
        train, held_out = (self.rows(rows) for rows in held_out_rows(self, seed, share))
        if not np.isnan(self.features).any():
            return train, held_out
        encoding = self.encoding.filling(train.features)
        return tuple(  # type: ignore[return-value]
            replace(part, encoding=encoding, features=encoding.filled(part.features)) for part in (train, held_out)
        )


def from_table(
    table: Table, target: str, as_classes: bool = False, ignore: Sequence[str] = (), missing: Missing = "error"
) -> Dataset:
    """A table with one column as target, and all others that are not ignored as features.

    A target column of numbers is to be predicted as numbers, unless ``as_classes``; one of words names classes. Rows
    with missing cells are an error, or left out (``"drop"``), or have nan there (``"mean"``, which ``split`` fills in);
    those without a target are left out in both.
    """
    for name in (target, *ignore):
        column_place(table.header, name, table.path)
    names = [name for name in table.header if name != target and name not in ignore]
    if not names:
        raise ValueError(f"{table.path} has no column but the target {target!r}: wanted at least one feature")
    encoding = Encoding.told(table, names)
    is_word = as_classes or not table.column(target).has_numbers
    whole = _without_missing(table, names, target, is_word, missing)
    features, _ = encoding.features(whole)
    left_out, filled = len(table) - len(whole), int(np.isnan(features).any(axis=1).sum())
    notes = [f"left out, for they have missing cells: {_rows(left_out)}"] * (left_out > 0)
    notes += [f"filled with the mean of the rows to train on: missing cells of {_rows(filled)}"] * (filled > 0)
    counting = [name for name in names if table.column(name).counts]
    notes += [f"the column {name!r} only counts the rows: --ignore {quote(name)} leaves it out" for name in counting]
    targets, classes = _class_targets(whole.column(target)) if is_word else (_numbers(whole.column(target)), ())
    return Dataset(table.name, encoding, features, target, targets, classes, notes=tuple(notes))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _without_missing(table: Table, features: Sequence[str], target: str, is_word: bool, missing: Missing) -> Table:
    """The rows that have all they need: a target, and the features unless they can be filled in."""
    whole = np.ones(len(table), dtype=bool)
    for column in map(table.column, [target] if missing == "mean" else [*features, target]):
        named = column.name == target and is_word  # a class may be named NA
        is_missing = np.array([not cell for cell in column.cells]) if named else column.is_missing
        if missing == "error" and is_missing.any():
            row = int(is_missing.argmax())
            cell = column.cells[row]
            what = f"the cell {cell!r} says that it is missing" if cell else "the cell is empty"
            advice = "--missing drop leaves such rows out, --missing mean fills in the mean of the column"
            raise ValueError(f"{column.place(row)}: {what}; fill it, or {advice}")
        whole &= ~is_missing
    if not whole.any():
        raise ValueError(f"{table.path} has no row without a missing cell: --missing mean fills in the others")
    return table if whole.all() else table.chosen(np.flatnonzero(whole).tolist())


def _numbers(column: Column) -> Floats:
    """The targets that are numbers."""
    if column.is_strange.any():
        raise column.refused(int(column.is_strange.argmax()), "; or --classes, if the column names classes")
    return column.numbers


def _class_targets(column: Column) -> tuple[Floats, tuple[str, ...]]:
    """The index of each target's class, and the names of the classes."""
    classes = tuple(sorted(set(column.cells), key=_place))
    if len(classes) < 2:
        raise ValueError(f"the target column of {column.path} holds one class only, {classes[0]!r}: wanted two or more")
    return places_of(column.cells, classes).astype(np.float64), classes


def _place(name: str) -> tuple[float, str]:
    """Numbers in their order, then words in theirs. What is not finite is a word: nan has no place among numbers."""
    number = as_number(name)
    return (math.inf if number is None else number, name)


def held_out_rows(dataset: Dataset, seed: int, share: float = HELD_OUT) -> tuple[Rows, Rows]:
    """The rows to train on and those held out, that share, drawn from ``seed``; of each class its own share.

    A ValueError where there are too few rows: five, or of each class two, are needed.
    """
    generator = np.random.default_rng([seed, *b"held out"])  # a stream of its own
    train, held_out = [], []
    for rows in _groups(dataset):
        order = generator.permutation(rows)
        n_held_out = max(1, min(round(share * len(rows)), len(rows) - 1))
        held_out.append(order[:n_held_out])
        train.append(order[n_held_out:])
    return np.sort(np.concatenate(train)), np.sort(np.concatenate(held_out))


def _groups(dataset: Dataset) -> list[Rows]:
    if len(dataset) < 5:
        raise ValueError(f"{dataset.name} has too few rows to train on: got {len(dataset)}, wanted at least 5")
    if not dataset.classes:
        return [np.arange(len(dataset))]
    groups = [np.flatnonzero(dataset.targets == index) for index in range(len(dataset.classes))]
    for name, rows in zip(dataset.classes, groups, strict=True):
        if len(rows) < 2:
            raise ValueError(
                f"the class {name!r} of {dataset.name} has {len(rows)} row, wanted at least 2: "
                f"one to train on and one to hold out"
            )
    return groups
