"""Recording: what a training film is made of, the parameters and the size of their gradients after each epoch."""

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
