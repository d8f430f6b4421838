"""Predictions of a trained network for the rows of a CSV file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from autograd.files import write_file

from .predictor import Predictor
from .tables import csv_text, read_table


def run(options: argparse.Namespace) -> None:
    """Predict as the command line says, to a file or to standard output."""
    predictor = Predictor.load(options.model)
    features = read_table(options.file).numbers(predictor.feature_names)
    text = csv_text(*predictor.table(features))
    if options.out is None:
        sys.stdout.write(text)
    else:
        write_file(Path(options.out), text.encode())
