"""Scaling: columns brought to one scale, and back to their own units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..basics.arrays import Floats


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
    def of(cls, columns: Floats, kept: NDArray[np.bool_] | None = None) -> Scaling:
        """The scaling of these rows. A column that is constant keeps its size; one that is ``kept`` stays as it is."""
        with np.errstate(over="ignore", invalid="ignore"):
            deviation = columns.std(axis=0)
        if not np.isfinite(deviation).all():
            raise ValueError("the numbers are too large to be scaled: wanted columns below 1e150")
        constant = deviation <= 1e-12 * np.abs(columns).max(axis=0)  # what rounding leaves of a deviation of 0
        stays = np.zeros(columns.shape[1], dtype=bool) if kept is None else kept
        mean, scale = columns.mean(axis=0), np.where(constant, 1.0, deviation)
        return cls(np.where(stays, 0.0, mean), np.where(stays, 1.0, scale))

    @classmethod
    def none(cls, n_columns: int) -> Scaling:
        """The scaling that changes nothing."""
        return cls(np.zeros(n_columns), np.ones(n_columns))

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return bool((self.mean != 0.0).any() or (self.scale != 1.0).any())

    def apply(self, columns: Floats) -> Floats:
        """Columns as a network is to see them."""
        scaled: Floats = (columns - self.mean) / self.scale
        return scaled

    def undo(self, columns: Floats) -> Floats:
        """Columns in their own units again."""
        original: Floats = columns * self.scale + self.mean
        return original
