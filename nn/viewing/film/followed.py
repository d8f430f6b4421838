"""The samples that a user can follow: their outputs, losses, activations and gradients, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.viewing.notation import visible

from ...basics.arrays import Floats
from ...fit.evaluation import Evaluation
from ...fit.objective import Objective
from ...fit.recording import Moment
from ...fit.samples import Samples
from .network import MOST, Column
from .units import Units
from .view import all_digits, shown, tick_text

MOST_SAMPLES = 12


class Followed:
    """What the panel tells of the sample of the user's choice, and what fills the neurons."""

    name = "samples"

    def __init__(
        self, numbers: Evaluation, samples: Samples, objective: Objective, units: Units, columns: Sequence[Column],
        feature_names: Sequence[str], names_inside: Sequence[str],
    ) -> None:  # fmt: skip
        self.rows = rows_to_follow(objective, samples)
        self.numbers, self.objective, self.units, self.columns = numbers, objective, units, columns
        self.samples = samples.chosen(self.rows)
        self.feature_names, self.names_inside = feature_names, names_inside
        starts = [0, *accumulate(numbers.column_sizes(samples))]
        self.places = np.concatenate(
            [start + np.array(column.indices) for start, column in zip(starts, columns, strict=False)]
        )
        self.largest = np.zeros((2, len(columns)))

    def frame(self, moment: Moment) -> list[dict[str, Any]]:
        trace = self.numbers.trace(self.samples)
        nodes, gradients = trace.nodes[:, self.places], trace.gradients[:, self.places]
        self._note_largest(nodes, gradients)
        return [
            {"outputs": _exact(self._in_units(outputs)[:MOST]), "loss": _exact([loss])[0], "words": visible(words),
             "nodes": all_digits(activations), "gradients": all_digits(slopes)}
            for outputs, loss, words, activations, slopes in zip(
                trace.outputs, trace.losses, self.objective.words(trace.outputs), nodes, gradients, strict=True)
        ]  # fmt: skip

    def _note_largest(self, *kinds: Floats) -> None:
        ends = np.cumsum([len(column.indices) for column in self.columns])[:-1]
        for i, kind in enumerate(kinds):
            finite = np.where(np.isfinite(kind), np.abs(kind), 0.0)
            largest = [part.max() for part in np.split(finite, ends, axis=1)]
            self.largest[i] = np.maximum(self.largest[i], largest)

    def data(self) -> dict[str, Any]:
        return {
            "labels": [visible(label) for label in self.labels()],
            "inputs": [self._inputs(row) for row in self.units.inputs_of(self.samples).tolist()],
            "targets": [visible(target) for target in self._targets(MOST)],
            "columns": [[column.name, list(column.indices)] for column in self.columns],
            "names": [visible(name) for column in self.columns for name in column.neuron_names(self.names_inside)],
            "largest": [all_digits(row) for row in self.largest],
        }

    def figure(self) -> str:
        options = "".join(f'<option value="{i}">{shown(label, 48)}</option>' for i, label in enumerate(self.labels()))
        return (
            f'<label for="sample">Follow the sample</label><select id="sample">{options}</select>'
            '<label for="shade">Neurons show</label><select id="shade"><option value="nodes">activations</option>'
            '<option value="gradients">gradients of its loss</option></select>'
        )

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

    def _inputs(self, numbers: list[float]) -> str:
        if len(numbers) > 4:
            return f"{len(numbers)} numbers"
        pairs = zip(self.feature_names, numbers, strict=True)
        return visible(", ".join(f"{name} = {tick_text(x)}" for name, x in pairs))


def rows_to_follow(objective: Objective, samples: Samples) -> list[int]:
    """Some rows spread evenly over the classes, or over the range of the targets."""
    keys: NDArray[Any] = (
        samples.targets[:, 0] if objective.kind == "numbers" else objective.class_indices(samples.targets)
    )
    order = np.argsort(keys, kind="stable")
    places = np.linspace(0, len(order) - 1, min(len(order), MOST_SAMPLES)).round().astype(np.int64)
    return sorted(order[places].tolist())


def _exact(numbers: Sequence[float] | Floats) -> list[float | None]:
    return [float(x) if np.isfinite(x) else None for x in numbers]
