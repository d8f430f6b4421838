"""Recording: what a training leaves, the curves of its epochs, and for a film parameters and sizes of gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from autograd import Value

from ..basics.arrays import Vector
from ..losses import Loss
from ..module import Model, parameters_of
from ..optim import Optimizer
from .samples import Samples

LIMIT = 200
"""At most so many moments are kept: of a longer training every second epoch, of one twice as long every fourth, …"""


@dataclass(frozen=True)
class Moment:
    """A training after some epoch, 0 for its start.

    ``parameters`` (P,) stand in the order of the model's; ``gradient`` (P,) is the root mean square of each one's
    gradient over the steps of that epoch: 0 before the first, and for parameters that are not trained.
    """

    epoch: int
    parameters: Vector
    gradient: Vector


class GradientSizes:
    """The root mean square of each parameter's gradient over some steps; 0 for those that are not trained."""

    def __init__(self, parameters: Sequence[Value], trained: Sequence[Value]) -> None:
        places = {parameter: i for i, parameter in enumerate(parameters)}
        self._places = [places[parameter] for parameter in trained]
        self._sum, self._steps, self._n = np.zeros(len(trained)), 0, len(parameters)

    def add(self, gradient: Vector) -> None:
        """Take note of one step's gradient, by the parameters that are trained."""
        self._sum += gradient * gradient
        self._steps += 1

    def taken(self) -> Vector:
        """Those of the steps since they were taken last."""
        found = np.zeros(self._n)
        found[self._places] = np.sqrt(self._sum / max(self._steps, 1))
        self._sum[:], self._steps = 0.0, 0
        return found


@dataclass
class Recording:
    """The moments of a training, and what was trained on what. It is told of each epoch, its ``sizes`` of each step."""

    model: Model
    loss: Loss
    optimizer: Optimizer
    samples: Samples
    others: Samples | None
    moments: list[Moment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sizes = GradientSizes(parameters_of(self.model), self.optimizer.parameters)
        if not self.moments:
            self.add_epoch(0)

    def add_epoch(self, epoch: int) -> None:
        """Keep the moment after an epoch, and of those before it as many as LIMIT allows."""
        stride = 1
        while epoch / stride >= LIMIT:
            stride *= 2
        self.moments = [moment for moment in self.moments if moment.epoch % stride == 0]
        parameters = np.array([parameter.data for parameter in parameters_of(self.model)])
        self.moments.append(Moment(epoch, parameters, self.sizes.taken()))


@dataclass
class Curves:
    """The mean loss of each epoch, and how good the model was after it, on the samples and on those held out.

    Each is a list that has a number for each epoch, or none at all.
    """

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
