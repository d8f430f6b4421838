"""Predictions of a trained network for the rows of a CSV file, some thousand at a time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograd.files import write_file

from ..data import Predictor
from ..data.columns import places_of
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
        sys.stdout.flush()
        sys.stdout.buffer.writelines(part.encode() for part in parts)  # a table is UTF-8, whatever a terminal's text is
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


class Quality:
    """How good predictions are, chunk by chunk: the accuracy, or R²."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        self.rows = self.empty = 0
        self.pairs = [np.empty((2, 0))]  # targets and predictions, nan where there is none

    def add(self, table: Table, found: list[tuple[Any, ...]]) -> None:
        """Take note of some rows and of what was predicted for them."""
        name, guesses = self.predictor.target_name, [row[0] for row in found]
        self.rows += len(table)
        self.empty += guesses.count("")
        if table.header.count(name) != 1:
            return
        column, classes = table.column(name), self.predictor.classes
        if classes:
            places = np.array([places_of(cells, classes) for cells in (column.cells, guesses)])
            self.pairs.append(np.where(places < 0, np.nan, places))
        else:
            self.pairs.append(np.array([column.numbers, [np.nan if guess == "" else guess for guess in guesses]]))

    def text(self) -> str:
        """Lines for people; none if there is nothing to tell."""
        lines = []
        if self.empty:
            lines.append(f"{self.empty} of {self.rows} rows have a cell the network was not trained for, and are empty")
        pairs = np.hstack(self.pairs)
        targets, predicted = pairs[:, ~np.isnan(pairs).any(axis=0)]
        n, right = len(targets), int((targets == predicted).sum())
        if n and self.predictor.classes:
            lines.append(f"accuracy {right / n:.3f} ({right} of {n} rows with a target)")
        elif n:
            quality = self.predictor.objective.quality(predicted[:, np.newaxis], targets[:, np.newaxis])
            lines.append(f"R² {quality:.4f} ({n} rows with a target)")
        return "".join(f"{line}\n" for line in lines)
