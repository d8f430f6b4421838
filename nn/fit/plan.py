"""Plan: what one training was asked for, and when it has all of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..basics.arrays import Floats, Rows
from ..basics.checks import count, not_negative, whole
from .samples import Samples


@dataclass(frozen=True)
class Plan:
    """The samples of a training, how often and in what order they are visited, and what ends it."""

    samples: Samples
    others: Samples | None
    epochs: int
    batch_size: int
    seed: int
    tolerance: float | None = None
    patience: int | None = None
    checkpoint: Path | None = None
    record: bool = False

    def __post_init__(self) -> None:
        count("epochs", self.epochs)
        count("batch_size", self.batch_size)
        whole("seed", self.seed)
        if self.tolerance is not None:
            not_negative("tolerance", self.tolerance)
        if self.patience is not None:
            count("patience", self.patience)

    @cached_property
    def inputs(self) -> Floats:
        """Those to train on, and behind them those held out: all that is judged after an epoch."""
        return np.vstack([samples.inputs for samples in (self.samples, self.others) if samples])

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(len(self.samples) / self.batch_size)

    def batches(self, epoch: int) -> Iterator[Rows]:
        """The rows of each batch. The order hangs on seed and epoch alone: a resumed run needs no generator's state."""
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.samples))
        for start in range(0, len(order), self.batch_size):
            yield order[start : start + self.batch_size]

    def is_done(self, losses: Sequence[float], watched: Sequence[float]) -> bool:
        """Whether training ends, after these losses; ``watched`` are those of which the lowest is looked for."""
        if self.tolerance is not None and losses and losses[-1] < self.tolerance:
            return True
        if self.patience is not None and losses and len(watched) - 1 - lowest(watched) >= self.patience:
            return True
        return len(losses) >= self.epochs

    def settings(self) -> dict[str, str]:
        """What must be the same from the start for a training to end with the same bits."""
        return {
            "training data": self.samples.fingerprint(),
            "held-out data": self.others.fingerprint() if self.others else "none",
            "batch size": repr(self.batch_size),
            "tolerance": repr(self.tolerance),
            "patience": repr(self.patience),
            "seed": repr(int(self.seed)),
            "record": repr(self.record),
        }


def lowest(losses: Sequence[float]) -> int:
    """The place of the lowest loss, the first of several; nan is never the lowest."""
    return int(np.argmin([math.inf if math.isnan(loss) else loss for loss in losses]))
