"""Cloud: the samples as points over the plane, or along a line; those held out and those to follow apart."""

from __future__ import annotations

import numpy as np

from autograd.viewing.notation import visible

from ...basics.arrays import Floats
from ...fit.objective import Objective
from ...fit.samples import Samples
from .followed import Followed
from .units import Units
from .view import Data

MOST_POINTS = 600


class Cloud:
    """Samples by role; of very many some."""

    def __init__(
        self, objective: Objective, units: Units, samples: Samples, others: Samples | None, followed: Followed
    ) -> None:
        self.objective, self.units, self.labels = objective, units, followed.labels()
        given = {"training": samples, "others": others, "followed": followed.samples}
        self.roles = {
            role: group.chosen(range(0, len(group), -(-len(group) // MOST_POINTS)))
            for role, group in given.items()
            if group
        }

    def inputs(self) -> Floats:
        """All of them, in the units of the data set: (N, n_inputs)."""
        return np.concatenate([self.units.inputs_of(samples) for samples in self.roles.values()])

    def heights(self, samples: Samples) -> Floats:
        """What stands above a single input: the first target, or 0 and 1 for two classes."""
        if self.objective.kind == "two":
            return self.objective.class_indices(samples.targets).astype(np.float64)
        heights: Floats = self.units.numbers.undo(samples.targets)[:, 0]
        return heights

    def points(self, is_plane: bool) -> list[Data]:
        """The points of each role: at their two inputs in the colour of their class or target, or above their input."""
        found: list[Data] = [{"role": role} | self._points(group, is_plane) for role, group in self.roles.items()]
        found[-1]["names"] = [f"follow {visible(label)}" for label in self.labels]
        return found

    def _points(self, samples: Samples, is_plane: bool) -> Data:
        inputs, objective = self.units.inputs_of(samples), self.objective
        found: Data = {"x": inputs[:, 0], "y": inputs[:, 1] if is_plane else self.heights(samples)}
        if objective.kind != "numbers":
            found["kinds"] = objective.class_indices(samples.targets).astype(np.uint8)
        elif is_plane:
            span = (objective.high - objective.low) or 1.0
            found["shares"] = np.clip((samples.targets[:, 0] - objective.low) / span, 0.0, 1.0)
        return found

    def classes(self) -> list[str]:
        """The names that the kinds of points stand for."""
        return list(map(visible, self.objective.classes))
