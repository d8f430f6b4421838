"""Objective: what a loss makes of targets, and how a network's outputs are read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from autograd import Value, functional
from autograd.viewing.notation import number_text

from ..basics.arrays import Floats, Rows
from ..losses import LOSSES, Loss, binary_cross_entropy, cross_entropy, hinge, mse

Kind = Literal["numbers", "two", "many"]

PROBABILITIES: Mapping[Kind, Loss] = {"two": binary_cross_entropy, "many": cross_entropy}
"""The loss whose outputs stand for probabilities."""


@dataclass(frozen=True)
class Objective:
    """Targets are ``"numbers"``, ``"two"`` classes told apart by one output, or ``"many"`` with one output each.

    Of many classes a target is one number for each, or the index of the class alone. ``low`` and ``high`` are the
    targets of the two classes, of all other classes and of a sample's own, or the range of the numbers.

    >>> Objective.named("hinge", ["no", "yes"]).encode(np.array([0.0, 1.0])).tolist()
    [[-1.0], [1.0]]
    >>> Objective.named("cross_entropy", ["a", "b", "c"]).encode(np.array([2.0])).tolist()
    [[0.0, 0.0, 1.0]]
    """

    loss: Loss
    kind: Kind
    classes: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0

    @classmethod
    def named(cls, name: str, classes: Sequence[str]) -> Objective:
        """A loss of this package for these classes, or for numbers where there are none; a ValueError if it has none.

        Two classes take one output, except with cross_entropy, which has one for each class; so do all losses for more.
        """
        if name not in LOSSES:
            raise ValueError(f"no loss is named {name!r}; there are {', '.join(LOSSES)}")
        loss = LOSSES[name]
        if not classes and loss is not mse:
            raise ValueError(f"{name} is a loss for classes, and the target holds numbers: wanted mse")
        if len(classes) > 2 and loss is binary_cross_entropy:
            raise ValueError(f"{name} is for two classes, got {len(classes)}: wanted cross_entropy")
        is_shared = len(classes) == 2 and loss is not cross_entropy
        kind: Kind = "numbers" if not classes else "two" if is_shared else "many"
        return cls(loss, kind, tuple(classes), -1.0 if loss is hinge else 0.0)

    @classmethod
    def default(cls, classes: Sequence[str]) -> Objective:
        """mse for numbers, binary_cross_entropy for two classes, cross_entropy for more."""
        names = {0: "mse", 2: "binary_cross_entropy"}
        return cls.named(names.get(len(classes), "cross_entropy"), classes)

    @classmethod
    def told(cls, loss: Loss, targets: Floats, n_outputs: int, class_names: Sequence[str] | None = None) -> Objective:
        """As far as the loss and the targets (N, n_targets) tell; a ValueError if names are of other classes."""
        low, high = float(targets.min()), float(targets.max())
        kind, classes = _told(loss, targets, n_outputs)
        if kind == "two" and loss is not mse:
            low, high = (-1.0 if loss is hinge else 0.0), 1.0
            classes = [number_text(low), number_text(high)]
        names = list(map(str, class_names or classes))
        if len(names) != len(classes):
            raise ValueError(f"the targets tell {len(classes)} classes apart, got {len(names)} class_names: {names}")
        return cls(loss, kind, tuple(names), low, high)

    @property
    def name(self) -> str:
        """The loss's name."""
        return next((name for name, loss in LOSSES.items() if loss is self.loss), self.loss.__name__)

    @property
    def n_outputs(self) -> int:
        """How many outputs the network has; of numbers one."""
        return len(self.classes) if self.kind == "many" else 1

    @property
    def gives_probabilities(self) -> bool:
        """Whether the outputs stand for probabilities."""
        return PROBABILITIES.get(self.kind) is self.loss

    def encode(self, targets: Floats) -> Floats:
        """Targets (N,), numbers or class indices, as the loss wants them: (N, n_outputs)."""
        if self.kind == "numbers":
            return targets[:, np.newaxis]
        positives = range(self.n_outputs) if self.kind == "many" else [1]
        coded: Floats = np.where(targets[:, np.newaxis] == np.array(positives), self.high, self.low)
        return coded

    def class_indices(self, targets: Floats) -> Rows:
        """For targets (N, n_targets), the index of each one's class: (N,)."""
        if self.kind == "many":
            return targets.argmax(axis=1) if targets.shape[1] > 1 else targets[:, 0].astype(np.int64)
        return (targets[:, 0] > (self.low + self.high) / 2).astype(np.int64)

    def margins(self, outputs: Floats) -> Floats:
        """For outputs (N, n_outputs), how far each class is ahead of the best of the others: (N, n_classes)."""
        if self.kind == "two":
            ahead = outputs - self._threshold
            return np.hstack([-ahead, ahead])
        others = [np.delete(outputs, k, axis=1).max(axis=1) for k in range(len(self.classes))]
        margins: Floats = outputs - np.stack(others, axis=1)
        return margins

    def chosen(self, outputs: Floats) -> Rows:
        """For outputs (N, n_outputs), the index of the class that each row speaks for: (N,)."""
        if self.kind == "two":
            return (outputs[:, 0] >= self._threshold).astype(np.int64)
        indices: Rows = outputs.argmax(axis=1)
        return indices

    @property
    def _threshold(self) -> float:
        """Where two classes share one output: it speaks for the second from here on."""
        return 0.0 if self.loss is binary_cross_entropy else (self.low + self.high) / 2

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
        elif self.gives_probabilities:
            shares = 0.5 + 0.5 * np.tanh(0.5 * outputs / temperature)  # the sigmoid, which cannot overflow so
        else:
            shares = np.clip((outputs[:, :1] - self.low) / (self.high - self.low or 1.0), 0.0, 1.0)
        return np.nan_to_num(shares)

    def probabilities(self, outputs: Floats) -> Floats:
        """For outputs (N, n_outputs) that stand for them, the probability of the class that each row speaks for."""
        if self.kind == "two":
            return 0.5 + 0.5 * np.tanh(0.5 * np.abs(outputs[:, 0]))
        shares: Floats = self.shares(outputs).max(axis=1)
        return shares

    def scores(self, outputs: Sequence[Value]) -> list[Value]:
        """A Value for each class, the highest that of the class that is chosen: probabilities, if the loss has them.

        Where numbers are predicted, the outputs as they are.
        """
        if self.gives_probabilities:
            return (
                functional.softmax(outputs) if self.kind == "many" else [(-outputs[0]).sigmoid(), outputs[0].sigmoid()]
            )
        return [self._threshold - outputs[0], outputs[0] - self._threshold] if self.kind == "two" else list(outputs)

    def words(self, outputs: Floats) -> list[str]:
        """For each row of outputs the class it stands for, with its probability if the loss gives it that meaning."""
        if self.kind == "numbers":
            return [""] * len(outputs)
        names = [self.classes[i] for i in self.chosen(outputs)]
        if not self.gives_probabilities:
            return names
        return [f"{name} ({100 * p:.1f} %)" for name, p in zip(names, self.probabilities(outputs), strict=True)]

    @property
    def metric(self) -> str:
        """What tells people how good the outputs are: the accuracy for classes, R² for numbers.

        Nothing is known of a loss of a user's, nor of one for classes with targets that are no classes.
        """
        if self.loss not in LOSSES.values() or (self.kind == "numbers" and self.loss is not mse):
            return ""
        return "r2" if self.kind == "numbers" else "accuracy"

    def quality(self, outputs: Floats, targets: Floats) -> float:
        """The metric of outputs (N, n_outputs) and targets (N, n_targets); nan for R² where all targets are alike."""
        if self.kind == "numbers":
            with np.errstate(all="ignore"):
                left = ((outputs - targets) ** 2).sum(axis=0)
                all_of_it = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
                return float(np.mean(np.where(all_of_it > 0.0, 1.0 - left / all_of_it, np.nan)))
        return int(np.count_nonzero(self.chosen(outputs) == self.class_indices(targets))) / len(targets)


def _told(loss: Loss, targets: Floats, n_outputs: int) -> tuple[Kind, list[str]]:
    """The kind of targets, and names for their classes."""
    low, high = float(targets.min()), float(targets.max())
    if targets.shape[1] > 1 and _is_one_hot(targets, low, high):
        return "many", [f"class {i}" for i in range(targets.shape[1])]
    if targets.shape[1] == 1 and loss is cross_entropy and n_outputs > 1:
        return "many", [f"class {i}" for i in range(n_outputs)]
    if targets.shape[1] == 1 and (loss in (binary_cross_entropy, hinge) or _is_binary(loss, targets)):
        return "two", [number_text(low), number_text(high)]
    return "numbers", []


def _is_one_hot(targets: Floats, low: float, high: float) -> bool:
    one_each = ((targets == high).sum(axis=1) == 1).all()
    return high > low and bool(one_each and ((targets == low) | (targets == high)).all())


def _is_binary(loss: Loss, targets: Floats) -> bool:
    return loss is mse and len(np.unique(targets)) == 2
