"""The network: its weights as edges, and its neurons with what they make of the plane, or of an image's pixels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from autograd.viewing.notation import visible

from ...basics.arrays import Floats, Rows
from ...fit.recording import Moment
from ...fit.samples import Samples
from .columns import Column, neurons_of
from .plane import Plane
from .units import Units
from .view import Data

ROW, ABOVE = 26, 60
"""Pixels that are wanted for a neuron, and beside all of them."""
SCALES = [["epoch", "this epoch"], ["all", "all epochs"]]
"""Whose largest numbers full colour stands for."""
BOUNDED = ("tanh", "sigmoid")
"""Activations from -1, or from 0, to 1."""


class Network:
    """The picture of an MLP, over the plane if there is one.

    Each neuron has a picture of its own: over a plane its activation, and of an image's pixels, ``side`` along each
    edge, those of the first layer have their weights. Edges are compared with the largest weight of all ``moments``.
    """

    name = "network"

    def __init__(
        self, places: Sequence[Rows], columns: Sequence[Column], moments: Sequence[Moment], plane: Plane | None,
        side: int, units: Units, samples: Samples,
    ) -> None:  # fmt: skip
        self.columns, self.plane, self._is_scaled = columns, plane, units.inputs.changes
        inputs = units.inputs_of(samples)
        self._ends = [float(inputs.min()), float(inputs.max())]
        self._parameters = parameters_shown(places, columns)
        self._chosen = "at the end" if len(moments) > 1 else "when they were chosen"  # of a training that goes on
        self._largest = max((self._most(moment) for moment in moments), default=0.0)
        self._side, self._step, self._pictured = side, 1, columns[1:2] if side else []
        self._pixels: Rows = places[0][list(columns[1].indices), 1:]
        if plane:
            self._pictured = columns[1:]
            self._step = plane.step(sum(len(column.indices) for column in self._pictured))
            self._side = (plane.side - 1) // self._step + 1

    def _most(self, moment: Moment) -> float:
        return float(np.abs(moment.parameters[self._parameters]).max())

    def spec(self) -> Data:
        sizes = "-".join(str(column.size) for column in self.columns)
        thinned = [c for c in self.columns if 0 < len(c.indices) < c.size]
        left_out = ", ".join(f"{len(c.indices)} of {c.size} in {visible(c.name)}" for c in thinned)
        shows = "activation over the plane" if self.plane else "weights of the pixels"
        shades = [["nodes", "activation"], ["gradients", "gradient of the loss"]]
        if self._pictured:
            shades.insert(0, ["picture", shows])
        return {
            "view": "network",
            "title": f"Network {sizes}",
            "note": f"shown: {left_out}, those with the largest weights {self._chosen}" if left_out else "",
            "side": 0,
            "height": ROW * max(len(column.indices) for column in self.columns) + ABOVE,
            "columns": [{"name": visible(column.name), "count": len(column.indices)} for column in self.columns],
            "neurons": neurons_of(self.columns),
            "controls": [["shade", "Neurons:", shades], ["scale", "scaled to", SCALES]],
            "image": 0 if self.columns[0].indices else self._side,
            "pictured": len(self._pictured),
            "edge": self._side,
            "shows": shows,
            "pixels": self._ends,
            "scaled": self._is_scaled,
        }

    def frame(self, moment: Moment) -> Data:
        found = {
            "weights": moment.parameters[self._parameters],
            "largest": np.array([max(self._largest, self._most(moment))]),
        }
        return found | (self._pictures(moment) if self._pictured else {})

    def _pictures(self, moment: Moment) -> Data:
        """Bytes from 1 for minus the number that full colour stands for, which is one for each column, to 255."""
        written, full = [], []
        for column, numbers in zip(self._pictured, self._numbers(moment), strict=True):
            finite = np.where(np.isfinite(numbers), numbers, 0.0)
            is_bounded = self.plane is not None and set(column.activations) <= set(BOUNDED)
            full.append(1.0 if is_bounded else float(np.abs(finite).max()) or 1.0)
            written.append(np.rint(128.0 + 127.0 * finite / full[-1]).astype(np.uint8).ravel())
        return {"pictures": np.concatenate(written), "full": {"pictures": np.array(full)}}

    def _numbers(self, moment: Moment) -> list[Floats]:
        """The pictures' numbers, column by column: (n_shown, side, side) or (n_shown, side²)."""
        if not self.plane:
            return [moment.parameters[self._pixels]]
        starts = np.cumsum([0, *(column.size for column in self.columns[1:])])
        all_of_them = self.plane.pictures(moment, self._step)
        return [all_of_them[start + np.array(c.indices)] for start, c in zip(starts, self._pictured, strict=False)]


def parameters_shown(places: Sequence[Rows], columns: Sequence[Column]) -> Rows:
    """Where the parameters of the picture stand: of each neuron shown its bias, and a weight for each edge to it."""
    shown = [
        layer[np.ix_(end.indices, [0, *(1 + i for i in start.indices)])].ravel()
        for layer, (start, end) in zip(places, pairwise(columns), strict=True)
    ]
    return np.concatenate(shown)
