"""Samples to learn from: what a data set is, which rows are held out, and how columns are brought to one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .arrays import Floats, Rows
from .tables import Table, as_number

HELD_OUT = 0.2
"""The fraction of the rows that training never sees."""


@dataclass(frozen=True)
class Dataset:
    """Features (N, n_features), and for each row a target: a number, or the index of one of the ``classes``."""

    name: str
    feature_names: tuple[str, ...]
    features: Floats
    target_name: str
    targets: Floats
    classes: tuple[str, ...] = ()
    """The names of the classes; empty where the targets are numbers to predict."""
    scaled: bool = False
    """Whether the numbers are of a good size as they stand."""

    def __len__(self) -> int:
        return len(self.targets)

    def rows(self, rows: Rows) -> Dataset:
        """The data set of some of the rows."""
        return replace(self, features=self.features[rows], targets=self.targets[rows])


def from_table(table: Table, target: str, as_classes: bool = False) -> Dataset:
    """A table with one column as target and all others as features, which must be numbers.

    A target column of numbers is to be predicted as numbers, unless ``as_classes``; one of words names classes.
    """
    cells = table.column(target)
    names = tuple(name for name in table.header if name != target)
    if not names:
        raise ValueError(f"{table.path} has no column but the target {target!r}: wanted at least one feature")
    features = table.numbers(names)
    if as_classes or all(as_number(cell) is None for cell in cells):
        classes = _class_names(table, target, cells)
        targets = np.array([classes.index(cell) for cell in cells], dtype=np.float64)
        return Dataset(table.name, names, features, target, targets, classes)
    targets = table.numbers([target], "; or --classes, if the column names classes")[:, 0]
    return Dataset(table.name, names, features, target, targets)


def _class_names(table: Table, target: str, cells: Sequence[str]) -> tuple[str, ...]:
    table.require_filled(target)
    classes = set(cells)
    if len(classes) < 2:
        raise ValueError(
            f"the column {target!r} of {table.path} holds one class only, {cells[0]!r}: wanted two or more"
        )
    return tuple(sorted(classes, key=_place))


def _place(name: str) -> tuple[float, str]:
    """Numbers in their order, then words in theirs. What is not finite is a word: nan has no place among numbers."""
    number = as_number(name)
    return (number if number is not None and math.isfinite(number) else math.inf, name)


def held_out_rows(dataset: Dataset, seed: int) -> tuple[Rows, Rows]:
    """The rows to train on and those held out, a fifth, drawn from ``seed``; of each class its own fifth.

    A ValueError where there are too few rows: five, or of each class two, are needed.
    """
    generator = np.random.default_rng([seed, *b"held out"])  # a stream of its own
    train, held_out = [], []
    for rows in _groups(dataset):
        order = generator.permutation(rows)
        n_held_out = max(1, round(HELD_OUT * len(rows)))
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


@dataclass(frozen=True)
class Scaling:
    """(x - mean) / scale, column by column: the columns come out with mean 0 and standard deviation 1.

    >>> scaling = Scaling.of(np.array([[1.0, 7.0], [3.0, 7.0]]))
    >>> scaling.apply(np.array([[1.0, 7.0], [5.0, 8.0]]))
    array([[-1.,  0.],
           [ 3.,  1.]])
    """

    mean: Floats
    scale: Floats

    @classmethod
    def of(cls, columns: Floats) -> Scaling:
        """The scaling of these rows. A column that is constant keeps its size."""
        with np.errstate(over="ignore", invalid="ignore"):
            deviation = columns.std(axis=0)
        if not np.isfinite(deviation).all():
            raise ValueError("the numbers are too large to be scaled: wanted columns below 1e150")
        constant = deviation <= 1e-12 * np.abs(columns).max(axis=0)  # what rounding leaves of a deviation of 0
        return cls(columns.mean(axis=0), np.where(constant, 1.0, deviation))

    @classmethod
    def none(cls, n_columns: int) -> Scaling:
        """The scaling that changes nothing."""
        return cls(np.zeros(n_columns), np.ones(n_columns))

    def apply(self, columns: Floats) -> Floats:
        """Columns as a network is to see them."""
        scaled: Floats = (columns - self.mean) / self.scale
        return scaled

    def undo(self, columns: Floats) -> Floats:
        """Columns in their own units again."""
        original: Floats = columns * self.scale + self.mean
        return original
