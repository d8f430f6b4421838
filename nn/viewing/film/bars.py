"""Bars: the size of the gradient layer by layer, and how far the followed sample speaks for each class."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from autograd.viewing.notation import visible

from ...basics.arrays import Floats, Rows
from ...fit.objective import Objective
from ...fit.recording import Moment
from .followed import Followed
from .view import Axis, Data

ROW, BELOW = 22, 20
"""Pixels that are wanted for a bar, and below all for the axis."""


class Flow:
    """The root mean square of the gradient of each layer's parameters, over the steps of an epoch; logarithmic."""

    name = "flow"

    def __init__(self, names: Sequence[str], moments: Sequence[Moment]) -> None:
        groups: dict[str, list[int]] = {}
        for i, name in enumerate(names):
            groups.setdefault(layer_of(name), []).append(i)
        self.groups: Mapping[str, Rows] = {name: np.array(places) for name, places in groups.items()}
        sizes = [size for moment in moments for size in self._sizes(moment) if size > 0.0] or [1e-3, 1.0]
        low, high = max(min(sizes), max(sizes) * 1e-8), max(sizes)
        decades = 10.0 ** np.floor(np.log10(low)), 10.0 ** np.ceil(np.log10(high) + 1e-9)
        self.axis = Axis(float(decades[0]), float(decades[1]), log=True)

    def _sizes(self, moment: Moment) -> Floats:
        return np.array([np.sqrt(np.mean(moment.gradient[places] ** 2)) for places in self.groups.values()])

    def spec(self) -> Data:
        return {
            "view": "bars",
            "side": 1,
            "title": "Gradient flow",
            "note": "root mean square, by layer",
            "axis": self.axis.spec(6),
            "names": list(map(visible, self.groups)),
            "height": ROW * len(self.groups) + BELOW,
        }

    def frame(self, moment: Moment) -> Data | None:
        """None before the first step, which has no gradient yet."""
        return {"values": self._sizes(moment)} if moment.epoch else None


class Classes:
    """What the network makes of the followed sample: the probability of each class, or the output that is for it."""

    name = "classes"

    def __init__(self, objective: Objective, followed: Followed) -> None:
        self.objective, self.followed = objective, followed
        room = 0.5 * (objective.high - objective.low)
        is_sure = objective.gives_probabilities
        self.axis = Axis(0.0, 1.0) if is_sure else Axis(objective.low - room, objective.high + room)

    def spec(self) -> Data:
        title = "Probability of each class" if self.objective.gives_probabilities else "Output for each class"
        names = list(map(visible, self.objective.classes))
        return {
            "view": "bars",
            "side": 1,
            "title": title,
            "note": "of the followed sample",
            "axis": self.axis.spec(),
            "names": names,
            "height": ROW * len(names) + BELOW,
        }

    def frame(self, moment: Moment) -> Data:
        outputs, objective = self.followed.trace.outputs, self.objective
        values = objective.shares(outputs) if objective.gives_probabilities else outputs
        if objective.kind == "two":  # 1 / (1 + exp(±z)), to all digits where either is small
            values = np.exp(-np.logaddexp(0.0, outputs * [1.0, -1.0]))
        chosen = objective.class_indices(self.followed.samples.targets)
        return {"rows": {"values": values, "target": chosen.astype(np.uint8)}}


def layer_of(name: str) -> str:
    """The layer that a parameter belongs to: the outermost part of its name, without an index if that is all of it.

    >>> layer_of("layers[0].neurons[3].bias"), layer_of("weights[2]")
    ('layers[0]', 'weights')
    """
    first, dot, _ = name.partition(".")
    return first if dot else re.sub(r"\[\d+\]", "", first)
