"""The network: its weights as edges, and its neurons with what they make of the plane, or of an image's pixels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from autograd.viewing.notation import visible

from ...basics.arrays import Floats, Rows
from ...fit.recording import Moment
from ...fit.samples import Samples
from ...layers import MLP
from .plane import Plane
from .units import Units
from .view import Data

MOST = 16
"""So many neurons of a column are shown: more would be too small to be told apart."""
BOUNDED = ("tanh", "sigmoid")
"""Activations from -1, or from 0, to 1."""


@dataclass(frozen=True)
class Column:
    """The inputs, a layer's neurons, or the outputs: those that are shown, out of ``size``."""

    name: str
    size: int
    indices: Sequence[int]
    neurons: Sequence[str]
    labels: Sequence[str] = ()
    activation: str = ""

    def spec(self) -> Data:
        """The column as JSON."""
        names, labels = list(map(visible, self.neurons)), list(map(visible, self.labels))
        told = {"name": visible(self.name), "size": self.size, "indices": list(self.indices)}
        return told | {"neurons": names, "labels": labels, "activation": self.activation}


class Network:
    """The picture of an MLP, over the plane if there is one.

    Each neuron has a picture of its own: over a plane its activation, and of an image's pixels, ``side`` along each
    edge, those of the first layer have their weights. Edges are compared with the largest weight of all ``moments``.
    """

    name = "network"

    def __init__(
        self, model: MLP, columns: Sequence[Column], moments: Sequence[Moment], plane: Plane | None, side: int,
        units: Units, samples: Samples,
    ) -> None:  # fmt: skip
        places = weight_places(model)
        self.columns, self.plane, self._is_scaled = columns, plane, units.scales_inputs
        inputs = units.inputs_of(samples)
        self._ends = [float(inputs.min()), float(inputs.max())]
        self._parameters = parameters_shown(model, places, columns)
        self._largest = max((self._most(moment) for moment in moments), default=0.0)
        self._side, self._step, self._pictured = side, 1, columns[1:2] if side else []
        self._pixels: Rows = places[0][list(columns[1].indices)]
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
        shown = {True: "its activation over the plane", False: "its weights by the pixels"}[self.plane is not None]
        return {
            "view": "network",
            "title": f"Network {sizes}",
            "note": f"shown: {left_out}, those with the largest weights at the end" if left_out else "",
            "columns": [column.spec() for column in self.columns],
            "image": 0 if self.columns[0].indices else self._side,
            "pictured": len(self._pictured),
            "side": self._side,
            "shows": shown,
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
            is_bounded = self.plane is not None and column.activation in BOUNDED
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


def weight_places(model: MLP) -> list[Rows]:
    """Where the weights of each layer stand among the parameters: (n_outputs, n_inputs)."""
    places = {name: i for i, name in enumerate(model.state_dict())}
    return [
        np.array([[places[f"{n.path}.weights[{i}]"] for i in range(len(n.weights))] for n in layer.neurons])
        for layer in model.layers
    ]


def parameters_shown(model: MLP, weights: Sequence[Rows], columns: Sequence[Column]) -> Rows:
    """Where the parameters of the picture stand: of each neuron shown its bias, and a weight for each edge to it."""
    places = {name: i for i, name in enumerate(model.state_dict())}
    found: list[int] = []
    for layer, matrix, (start, end) in zip(model.layers, weights, pairwise(columns), strict=True):
        for i in end.indices:
            found += [places[f"{layer.neurons[i].path}.bias"], *matrix[i, list(start.indices)].tolist()]
    return np.array(found)


def mlp_columns(
    model: MLP, last: Moment, inputs: Sequence[str], outputs: Sequence[str], is_image: bool
) -> list[Column]:
    """The columns of an MLP. Of a larger layer those neurons are shown that have the largest weights at the end; the
    pixels of an image are none by one."""
    weights = [np.abs(last.parameters[places]) for places in weight_places(model)]
    leaving = [matrix.max(axis=0) for matrix in weights] + [weights[-1].max(axis=1)]
    found = []
    for i, sizes in enumerate(leaving):
        indices = np.sort(np.argsort(-sizes, kind="stable")[: 0 if is_image and i == 0 else MOST]).tolist()
        layer = model.layers[i - 1] if i else None
        names = [f"layers[{i - 1}].neurons[{j}]" for j in indices] if layer else [inputs[j] for j in indices]
        labels = names if i == 0 else [outputs[j] for j in indices] if outputs and i == len(leaving) - 1 else []
        activation = layer.neurons[0].activation if layer else ""
        found.append(Column(f"layers[{i - 1}]" if i else "inputs", len(sizes), indices, names, labels, activation))
    return found


def other_columns(n_inputs: int, n_outputs: int, inputs: Sequence[str], outputs: Sequence[str]) -> list[Column]:
    """The inputs and the outputs, of a model that has no picture."""
    first, last = range(min(n_inputs, MOST)), range(min(n_outputs, MOST))
    return [
        Column("inputs", n_inputs, first, inputs[:MOST], inputs[:MOST]),
        Column("outputs", n_outputs, last, [f"outputs[{i}]" for i in last], outputs[:MOST]),
    ]


def image_side(names: Sequence[str]) -> int:
    """How many pixels an edge of a square image has, if the inputs are those of one; else 0.

    They are if all have one name, and numbers after it, as pixel_0_0 or x17 has.

    >>> image_side([f"pixel_{i}_{j}" for i in range(8) for j in range(8)]), image_side([*"abcdefghijklmnop"])
    (8, 0)
    """
    side = round(len(names) ** 0.5)
    stems = {re.sub(r"[\d_,.\[\]() -]+$", "", name) for name in names}
    return side if side >= 4 and side**2 == len(names) and len(stems) == 1 else 0
