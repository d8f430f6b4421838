"""Objective: what a loss makes of a data set's targets, and how a network's outputs are read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autograd import Value, no_grad
from autograd.functional import softmax

from .losses import LOSSES, Loss

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Objective:
    """A loss for so many classes, or for numbers where there are none.

    Two classes take one output, except with cross_entropy, which has one for each class; so do all losses for more.

    >>> Objective("hinge", 2).encode(np.array([0.0, 1.0])).tolist()
    [[-1.0], [1.0]]
    >>> Objective("cross_entropy", 3).encode(np.array([2.0])).tolist()
    [[0.0, 0.0, 1.0]]
    """

    loss: str
    n_classes: int

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise ValueError(f"no loss is named {self.loss!r}; there are {', '.join(LOSSES)}")
        if not self.n_classes and self.loss != "mse":
            raise ValueError(f"{self.loss} is a loss for classes, and the target holds numbers: wanted mse")
        if self.n_classes > 2 and self.loss == "binary_cross_entropy":
            raise ValueError(f"binary_cross_entropy is for two classes, got {self.n_classes}: wanted cross_entropy")

    @classmethod
    def default(cls, n_classes: int) -> Objective:
        """mse for numbers, binary_cross_entropy for two classes, cross_entropy for more."""
        names = {0: "mse", 2: "binary_cross_entropy"}
        return cls(names.get(n_classes, "cross_entropy"), n_classes)

    @property
    def function(self) -> Loss:
        """The loss itself."""
        return LOSSES[self.loss]

    @property
    def n_outputs(self) -> int:
        """How many outputs the network has."""
        return self.n_classes if self.n_classes > 2 or self.loss == "cross_entropy" else 1

    def encode(self, targets: Floats) -> Floats:
        """Targets (N,), numbers or class indices, as the loss wants them: (N, n_outputs)."""
        if not self.n_classes:
            return targets[:, np.newaxis]
        positives = range(self.n_classes) if self.n_outputs > 1 else [1]
        negative = -1.0 if self.loss == "hinge" else 0.0
        coded: Floats = np.where(targets[:, np.newaxis] == np.array(positives), 1.0, negative)
        return coded

    def margins(self, outputs: Floats) -> Floats:
        """For outputs (N, n_outputs), how far each class is ahead of the best of the others: (N, n_classes)."""
        if self.n_outputs == 1:
            ahead = outputs - (0.5 if self.loss == "mse" else 0.0)
            return np.hstack([-ahead, ahead])
        others = [np.delete(outputs, k, axis=1).max(axis=1) for k in range(self.n_classes)]
        margins: Floats = outputs - np.stack(others, axis=1)
        return margins

    def probability(self, outputs: Sequence[float], index: int) -> float | None:
        """The probability of a class, where the loss gives it a meaning."""
        with no_grad():
            values = [Value(output) for output in outputs]
            if self.loss == "cross_entropy":
                return softmax(values)[index].data
            if self.loss == "binary_cross_entropy":
                return (values[0] if index == 1 else -values[0]).sigmoid().data
        return None

    @property
    def gives_probabilities(self) -> bool:
        """Whether the outputs stand for probabilities."""
        return self.loss in ("cross_entropy", "binary_cross_entropy")
