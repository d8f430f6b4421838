"""Objective: what a loss makes of a data set's targets, and how a network's outputs are read back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autograd import Value, no_grad
from autograd.functional import softmax

from .arrays import Floats
from .losses import LOSSES, Loss


@dataclass(frozen=True)
class Coding:
    """How a loss has classes written down, and what its outputs say about them."""

    other: float = 0.0
    """The target of a class that a sample is not of; that of its own is 1."""
    threshold: float = 0.0
    """Where two classes share one output: it speaks for the second above this."""
    is_shared: bool = True
    """Whether two classes share one output."""
    most_classes: float = math.inf
    takes_numbers: bool = False
    """Whether the targets may be numbers instead of classes."""
    probabilities: Callable[[Sequence[Value]], Sequence[Value]] | None = None
    """The probability of each class, from the outputs; None where they have no such meaning."""


CODINGS: Mapping[str, Coding] = {
    "mse": Coding(threshold=0.5, takes_numbers=True),
    "binary_cross_entropy": Coding(most_classes=2, probabilities=lambda z: [(-z[0]).sigmoid(), z[0].sigmoid()]),
    "cross_entropy": Coding(is_shared=False, probabilities=softmax),
    "hinge": Coding(other=-1.0),
}
"""One row a loss."""


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
        if not self.n_classes and not self.coding.takes_numbers:
            raise ValueError(f"{self.loss} is a loss for classes, and the target holds numbers: wanted mse")
        if self.n_classes > self.coding.most_classes:
            raise ValueError(f"{self.loss} is for two classes, got {self.n_classes}: wanted cross_entropy")

    @classmethod
    def default(cls, n_classes: int) -> Objective:
        """mse for numbers, binary_cross_entropy for two classes, cross_entropy for more."""
        names = {0: "mse", 2: "binary_cross_entropy"}
        return cls(names.get(n_classes, "cross_entropy"), n_classes)

    @property
    def coding(self) -> Coding:
        """How the loss has classes written down."""
        return CODINGS[self.loss]

    @property
    def function(self) -> Loss:
        """The loss itself."""
        return LOSSES[self.loss]

    @property
    def n_outputs(self) -> int:
        """How many outputs the network has."""
        return self.n_classes if self.n_classes > 2 or not self.coding.is_shared else 1

    def encode(self, targets: Floats) -> Floats:
        """Targets (N,), numbers or class indices, as the loss wants them: (N, n_outputs)."""
        if not self.n_classes:
            return targets[:, np.newaxis]
        positives = range(self.n_classes) if self.n_outputs > 1 else [1]
        coded: Floats = np.where(targets[:, np.newaxis] == np.array(positives), 1.0, self.coding.other)
        return coded

    def margins(self, outputs: Floats) -> Floats:
        """For outputs (N, n_outputs), how far each class is ahead of the best of the others: (N, n_classes)."""
        if self.n_outputs == 1:
            ahead = outputs - self.coding.threshold
            return np.hstack([-ahead, ahead])
        others = [np.delete(outputs, k, axis=1).max(axis=1) for k in range(self.n_classes)]
        margins: Floats = outputs - np.stack(others, axis=1)
        return margins

    def probability(self, outputs: Sequence[float], index: int) -> float | None:
        """The probability of a class, where the loss gives it a meaning."""
        if self.coding.probabilities is None:
            return None
        with no_grad():
            return self.coding.probabilities([Value(output) for output in outputs])[index].data

    @property
    def gives_probabilities(self) -> bool:
        """Whether the outputs stand for probabilities."""
        return self.coding.probabilities is not None
