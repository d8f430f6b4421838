"""Curves: what there is to tell of each epoch of a training, in lists that have a number for each, or none at all."""

from __future__ import annotations

from dataclasses import dataclass, field

from .recording import Recording


@dataclass
class Curves:
    """The mean loss of each epoch, and how good the model was after it, on the samples and on those held out."""

    losses: list[float] = field(default_factory=list)
    held_out_losses: list[float] = field(default_factory=list)
    metric: str = ""
    """What ``metrics`` are: ``"accuracy"``, or ``"r2"`` for numbers; empty for a loss that is not of this package."""
    metrics: list[float] = field(default_factory=list)
    held_out_metrics: list[float] = field(default_factory=list)
    kept_epoch: int | None = None
    """The epoch whose parameters the model has at the end, where that is not the last: the best, by ``patience``."""
    is_compiled: bool = field(default=False, compare=False)
    """Whether the losses come from a program, or from the scalar engine."""
    recording: Recording | None = field(default=None, compare=False)
    """What a film shows; None unless the training was recorded."""

    @property
    def epochs(self) -> int:
        """How many epochs were completed."""
        return len(self.losses)

    @property
    def curves(self) -> dict[str, list[float]]:
        """The lists, by name."""
        names = ("losses", "held_out_losses", "metrics", "held_out_metrics")
        return {name: getattr(self, name) for name in names}

    @property
    def watched(self) -> list[float]:
        """The losses that tell which epoch was the best: the held-out ones if there are any."""
        return self.held_out_losses or self.losses
