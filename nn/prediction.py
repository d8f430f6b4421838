"""Predictions of a trained network for the rows of a CSV file."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from autograd.files import write_file

from .predictor import Predictor
from .tables import csv_text, read_table


@np.errstate(over="ignore", invalid="ignore")  # inf and nan are predicted as such
def run(options: argparse.Namespace) -> None:
    """Predict as the command line says, to a file or to standard output."""
    if options.out is None and sys.stdout is None:
        raise ValueError("standard output is closed: name a file to write to with --out")
    predictor = Predictor.load(options.model)
    features = read_table(options.file).numbers(predictor.feature_names)
    text = csv_text(*predictor.table(features))
    if options.out is None:
        sys.stdout.write(text)
    else:
        write_file(options.out, text.encode())
