"""Recording: what a training film is made of, the parameters and the size of their gradients after each epoch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

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


@dataclass
class Recording:
    """The moments of a training, and what was trained on what. The trainer tells it of each step and each epoch."""

    model: Model
    loss: Loss
    optimizer: Optimizer
    samples: Samples
    others: Samples | None
    moments: list[Moment] = field(default_factory=list)

    def __post_init__(self) -> None:
        parameters = {parameter: i for i, parameter in enumerate(parameters_of(self.model))}
        self._trained = [parameters[parameter] for parameter in self.optimizer.parameters]
        self._squares: Vector = np.zeros(len(parameters))
        self._steps = 0
        if not self.moments:
            self.add_epoch(0)

    def add_step(self, gradient: Vector) -> None:
        """Take note of one step's gradient, in the order of the optimizer's parameters."""
        self._squares[self._trained] += gradient**2
        self._steps += 1

    def add_epoch(self, epoch: int) -> None:
        """Keep the moment after an epoch, and of those before it as many as LIMIT allows."""
        stride = 1
        while epoch / stride >= LIMIT:
            stride *= 2
        self.moments = [moment for moment in self.moments if moment.epoch % stride == 0]
        parameters = np.array([parameter.data for parameter in parameters_of(self.model)])
        self.moments.append(Moment(epoch, parameters, np.sqrt(self._squares / max(self._steps, 1))))
        self._squares[:] = 0.0
        self._steps = 0
