"""Predictions of a trained network for the rows of a CSV file, some thousand at a time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograd.files import write_file

from ..basics.arrays import Floats
from ..data import Predictor
from ..data.encoding import numbers_of
from ..data.tables import Table, column_place, csv_text, guarded, opened
from ..fit.progress import progress_bar


@np.errstate(over="ignore", invalid="ignore")  # inf and nan are predicted as such
def run(options: argparse.Namespace) -> None:
    """Predict as the command line says, to a file or to standard output."""
    if options.out is None and sys.stdout is None:
        raise ValueError("standard output is closed: name a file to write to with --out")
    _require_other_file(options)
    predictor = Predictor.load(options.model)
    quality = Quality(predictor)
    parts = _predictions(predictor, options, quality)
    if options.out is None:
        sys.stdout.writelines(parts)
    else:
        write_file(options.out, "".join(parts).encode())
    if sys.stderr is not None:
        print(quality.text(), file=sys.stderr, end="")


def _require_other_file(options: argparse.Namespace) -> None:
    """A ValueError where the output would overwrite what is read."""
    for name in (options.model, options.file):
        if options.out and Path(options.out).exists() and Path(name).exists() and Path(options.out).samefile(name):
            raise ValueError(f"--out {options.out} is a file that is read: name another one")


def _predictions(predictor: Predictor, options: argparse.Namespace, quality: Quality) -> Iterator[str]:
    """The lines of the output, some thousand at a time."""
    size = Path(options.file).stat().st_size if Path(options.file).is_file() else 0
    with (
        opened(options.file, options.separator) as (header, chunks),
        progress_bar(None, 0, size > 1 << 20, " rows") as advance,
    ):
        for column in predictor.encoding.columns:
            column_place(header, column, Path(options.file))
        cells = {name: guarded(name) for name in ("", *predictor.classes)}
        for table in chunks:
            if not quality.rows:
                yield csv_text([map(guarded, predictor.header)])
            found = predictor.rows(table)
            quality.add(table, found)
            if predictor.classes:
                found = [(cells[row[0]], *row[1:]) for row in found]
            yield csv_text(found)
            advance("predicted", len(table))
        if not quality.rows:
            raise ValueError(
                f"{options.file} has no rows: wanted a line of column names and at least one line of cells"
            )


class Quality:
    """How good predictions are, chunk by chunk: the accuracy, or R²."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor, self.classes = predictor, set(predictor.classes)
        self.rows = self.known = self.right = 0
        self.targets: list[Floats] = []
        self.predicted: list[Floats] = []
        self.empty = 0

    def add(self, table: Table, found: list[tuple[Any, ...]]) -> None:
        """Take note of some rows and of what was predicted for them."""
        self.rows += len(table)
        self.empty += sum(row[0] == "" for row in found)
        name = self.predictor.target_name
        if table.header.count(name) != 1:
            return
        cells, guesses = table.column(name), [row[0] for row in found]
        if self.predictor.classes:
            is_known = [cell in self.classes and guess != "" for cell, guess in zip(cells, guesses, strict=True)]
            self.known += sum(is_known)
            self.right += sum(known and a == b for known, a, b in zip(is_known, cells, guesses, strict=True))
        else:
            targets, _ = numbers_of(cells)
            predicted = np.array([np.nan if guess == "" else guess for guess in guesses], dtype=np.float64)
            usable = np.isfinite(targets) & ~np.isnan(predicted)
            self.targets.append(targets[usable])
            self.predicted.append(predicted[usable])

    def text(self) -> str:
        """Lines for people; none if there is nothing to tell."""
        lines = []
        if self.empty:
            lines.append(f"{self.empty} of {self.rows} rows have a cell the network was not trained for, and are empty")
        if self.known:
            lines.append(f"accuracy {self.right / self.known:.3f} ({self.right} of {self.known} rows with a target)")
        if self.targets and len(targets := np.concatenate(self.targets)):
            predicted = np.concatenate(self.predicted)
            quality = self.predictor.objective.quality(predicted[:, np.newaxis], targets[:, np.newaxis])
            lines.append(f"R² {quality:.4f} ({len(targets)} rows with a target)")
        return "".join(f"{line}\n" for line in lines)
