"""Samples: the rows that a network is trained on, or judged by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ..basics.arrays import Floats, Rows


@dataclass(frozen=True)
class Samples:
    """Inputs (N, n_inputs) and targets (N, n_outputs), row by row."""

    inputs: Floats
    targets: Floats

    @classmethod
    def checked(cls, inputs: ArrayLike, targets: ArrayLike) -> Samples:
        """The samples, if there are any, all are finite, and there is one target row for each input row."""
        samples = cls(_matrix("inputs", inputs), _matrix("targets", targets))
        if len(samples.inputs) != len(samples.targets):
            raise ValueError(
                f"each row of inputs has one of targets, got {len(samples.inputs)} and {len(samples.targets)} rows"
            )
        return samples

    @classmethod
    def untold(cls, inputs: Floats) -> Samples:
        """Inputs without targets."""
        return cls(inputs, np.empty((len(inputs), 0)))

    @cached_property
    def columns(self) -> Floats:
        """Inputs and targets side by side: (N, n_inputs + n_outputs)."""
        return np.hstack([self.inputs, self.targets]) if self.targets.size else self.inputs

    def __len__(self) -> int:
        return len(self.inputs)

    def rows(self, rows: Rows | Sequence[int] | slice = slice(None)) -> Iterator[tuple[list[float], list[float]]]:
        """Some of the samples, each as two lists of floats."""
        return zip(self.inputs[rows].tolist(), self.targets[rows].tolist(), strict=True)

    def chosen(self, rows: Sequence[int]) -> Samples:
        """Some of the samples as samples of their own."""
        return Samples(self.inputs[rows], self.targets[rows])

    def fingerprint(self) -> str:
        """A short text that is another one if any number is."""
        shapes = repr((self.inputs.shape, self.targets.shape)).encode()
        return fingerprint(shapes, self.inputs.tobytes(), self.targets.tobytes())

    def held_out(self, pair: tuple[ArrayLike, ArrayLike] | None) -> Samples | None:
        """Samples with as many inputs and targets as these, from a pair of both; None from none."""
        if pair is None:
            return None
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"held_out is a pair (inputs, targets), got {pair!r}")
        others = Samples.checked(*pair)
        got, wanted = ((s.inputs.shape[1], s.targets.shape[1]) for s in (others, self))
        if got != wanted:
            raise ValueError(
                f"held_out has {got[0]} inputs and {got[1]} targets a row, wanted {wanted[0]} and {wanted[1]} as in "
                f"the rows to train on"
            )
        return others


def _matrix(name: str, numbers: ArrayLike) -> Floats:
    try:
        matrix = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} are rows of numbers, all of one length: {error}") from None
    if matrix.ndim == 1 and name == "targets":
        matrix = matrix[:, np.newaxis]
    if matrix.ndim == 1 and matrix.size:
        raise ValueError(
            f"{name} are rows of numbers, got an array of shape {matrix.shape}: {name}[:, None] are rows of one number "
            f"each, {name}[None] is one row"
        )
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"{name} are rows of numbers, and at least one row, got an array of shape {matrix.shape}")
    if bad := np.argwhere(~np.isfinite(matrix)).tolist():
        row, column = bad[0]
        raise ValueError(f"{name} are finite numbers, got {float(matrix[row, column])!r} in row {row}, column {column}")
    return matrix


def fingerprint(*contents: bytes) -> str:
    """A short text that is another one if any of these bytes is."""
    return hashlib.sha256(b"".join(contents)).hexdigest()[:16]
