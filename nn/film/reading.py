"""Reading: what a network's outputs and targets mean, as far as the loss and the targets themselves tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autograd.viewing.notation import number_text

from ..arrays import Floats
from ..losses import Loss, binary_cross_entropy, cross_entropy, hinge, mse


@dataclass(frozen=True)
class Reading:
    """Targets are ``"two"`` classes told apart by one output, ``"many"`` with one output each, or ``"numbers"``.

    ``low`` and ``high`` are the targets of the two classes, or the range of the numbers.
    """

    kind: Literal["two", "many", "numbers"]
    low: float
    high: float
    classes: tuple[str, ...]
    loss: Loss

    @classmethod
    def of(cls, loss: Loss, targets: Floats, class_names: Sequence[str] | None = None) -> Reading:
        """The reading of targets (N, n_outputs); a ValueError if there are not as many classes as names."""
        low, high = float(targets.min()), float(targets.max())
        if targets.shape[1] > 1 and _is_one_hot(targets, low, high):
            kind, classes = "many", [f"class {i}" for i in range(targets.shape[1])]
        elif targets.shape[1] == 1 and (loss in (binary_cross_entropy, hinge) or _is_binary(loss, targets)):
            if loss in (binary_cross_entropy, hinge):
                low, high = (-1.0 if loss is hinge else 0.0), 1.0
            kind, classes = "two", [number_text(low), number_text(high)]
        else:
            kind, classes = "numbers", []
        names = list(map(str, class_names or classes))
        if len(names) != len(classes):
            raise ValueError(f"the targets tell {len(classes)} classes apart, got {len(names)} class_names: {names}")
        return cls(kind, low, high, tuple(names), loss)  # type: ignore[arg-type]  # a literal, whichever it is

    def class_indices(self, targets: Floats) -> NDArray[np.int64]:
        """For targets (N, n_outputs), the index of each one's class: (N,)."""
        if self.kind == "many":
            indices: NDArray[np.int64] = targets.argmax(axis=1)
            return indices
        return (targets[:, 0] > (self.low + self.high) / 2).astype(np.int64)

    def shares(self, outputs: Floats, temperature: float = 1.0) -> Floats:
        """For outputs (N, n_outputs), numbers from 0 to 1: (N, n_channels).

        For two classes, one channel: how far the output leans towards the second, which is chosen from 0.5 on. For
        more, the softmax: the greatest is chosen. For numbers, one channel: where the first output lies in the range of
        the targets. Logits are divided by ``temperature`` before, which changes no choice.
        """
        if self.kind == "many":
            with np.errstate(invalid="ignore"):
                powers = np.exp((outputs - outputs.max(axis=1, keepdims=True)) / temperature)
            shares: Floats = powers / powers.sum(axis=1, keepdims=True)
        elif self.loss is binary_cross_entropy and self.kind == "two":
            shares = 0.5 + 0.5 * np.tanh(0.5 * outputs / temperature)  # the sigmoid, which cannot overflow so
        else:
            span = self.high - self.low or 1.0
            shares = np.clip((outputs[:, :1] - self.low) / span, 0.0, 1.0)
        return np.nan_to_num(shares)

    def words(self, outputs: Floats) -> list[str]:
        """For each row of outputs the class it stands for, with its probability if the loss gives it that meaning."""
        if self.kind == "numbers":
            return [""] * len(outputs)
        shares = self.shares(outputs)
        if self.kind == "two":
            shares = np.hstack([1.0 - shares, shares])
        chosen = shares.argmax(axis=1) if self.kind == "many" else (shares[:, 1] >= 0.5).astype(np.int64)
        if self.loss is not {"two": binary_cross_entropy, "many": cross_entropy}[self.kind]:
            return [self.classes[i] for i in chosen]
        return [f"{self.classes[i]} ({100 * row[i]:.1f} %)" for i, row in zip(chosen, shares, strict=True)]


def _is_one_hot(targets: Floats, low: float, high: float) -> bool:
    one_each = ((targets == high).sum(axis=1) == 1).all()
    return high > low and bool(one_each and ((targets == low) | (targets == high)).all())


def _is_binary(loss: Loss, targets: Floats) -> bool:
    return loss is mse and len(np.unique(targets)) == 2
