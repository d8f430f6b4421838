"""The samples that a user can follow: their outputs, losses, activations and gradients, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.viewing.notation import visible

from ...basics.arrays import Floats
from ...fit.evaluation import Evaluation, Trace
from ...fit.objective import Objective
from ...fit.recording import Moment
from ...fit.samples import Samples
from .columns import MOST, Column, neurons_of
from .units import Units
from .view import Data, tick_text

MOST_SAMPLES = 12


class Followed:
    """What the panel tells of the sample and the neuron of the user's choice, and what fills the neurons.

    Inputs and outputs are in the units of the data set, and so are the gradients by the inputs; ``nodes`` are what the
    network sees. ``rows`` are those of ``samples``, which have names of their own.
    """

    name = "followed"

    def __init__(
        self, numbers: Evaluation, samples: Samples, rows: Sequence[int], objective: Objective, units: Units,
        columns: Sequence[Column], feature_names: Sequence[str],
    ) -> None:  # fmt: skip
        self.numbers, self.objective, self.units, self.columns = numbers, objective, units, columns
        self.rows, self.samples, self.feature_names = rows, samples.chosen(rows), feature_names
        starts = list(accumulate(numbers.column_sizes(samples), initial=0))
        self.places = np.concatenate(
            [start + np.array(c.indices, dtype=np.int64) for start, c in zip(starts, columns, strict=False)]
        )
        n_inputs = samples.inputs.shape[1]
        self._neurons = self.places[self.places >= n_inputs] - n_inputs
        self.trace: Trace

    def spec(self) -> Data:
        return {
            "view": "followed",
            "labels": list(map(visible, self.labels())),
            "targets": list(map(visible, self._targets(MOST))),
            "features": list(map(visible, self.feature_names)),
            "neurons": neurons_of(self.columns),
            "scaled": self.units.inputs.changes,
            "scaledTarget": self.units.numbers.changes and self.objective.kind == "numbers",
        }

    def frame(self, moment: Moment) -> Data:
        trace = self.trace = self.numbers.trace(self.samples)
        nodes, gradients = trace.nodes[:, self.places], trace.gradients.copy()
        gradients[:, : self.samples.inputs.shape[1]] /= self.units.inputs.scale
        gradients = gradients[:, self.places]
        return {
            "rows": {
                "inputs": self.units.inputs_of(self.samples),
                "nodes": nodes,
                "sums": trace.sums[:, self._neurons] if trace.sums.size else trace.sums,
                "gradients": gradients,
                "outputs": np.array([self._in_units(outputs) for outputs in trace.outputs]),
                "losses": trace.losses,
                "words": list(map(visible, self.objective.words(trace.outputs))),
            },
            "full": {"nodes": self._largest(nodes), "gradients": self._largest(gradients)},
        }

    def _largest(self, numbers: Floats) -> Floats:
        """The largest of each column, of all samples that can be followed."""
        finite = np.where(np.isfinite(numbers), np.abs(numbers), 0.0)
        ends = np.cumsum([len(column.indices) for column in self.columns])[:-1]
        return np.array([part.max(initial=0.0) for part in np.split(finite, ends, axis=1)])

    def labels(self) -> list[str]:
        """The samples' names: the row in the training data, counted from 0, and class or target."""
        return [f"row {row}, {end}" for row, end in zip(self.rows, self._targets(4), strict=True)]

    def _targets(self, most: int) -> list[str]:
        """Each sample's class, or the first of its numbers."""
        if self.objective.classes:
            return [self.objective.classes[k] for k in self.objective.class_indices(self.samples.targets)]
        return [", ".join(map(tick_text, self._in_units(target)[:most])) for target in self.samples.targets]

    def _in_units(self, numbers: Floats) -> Floats:
        """Outputs or targets of one sample, in the units of the data set if they are numbers of it."""
        is_number = self.objective.kind == "numbers" and len(numbers) == len(self.units.numbers.mean)
        return self.units.numbers.undo(numbers) if is_number else numbers


def rows_to_follow(objective: Objective, samples: Samples) -> list[int]:
    """Some rows spread evenly over the classes, or over the range of the targets."""
    keys: NDArray[Any] = (
        samples.targets[:, 0] if objective.kind == "numbers" else objective.class_indices(samples.targets)
    )
    order = np.argsort(keys, kind="stable")
    places = np.linspace(0, len(order) - 1, min(len(order), MOST_SAMPLES)).round().astype(np.int64)
    return sorted(order[places].tolist())
