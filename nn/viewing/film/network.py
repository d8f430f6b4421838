"""The network: its weights as edges, and its neurons as circles that show what the followed sample is to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ...basics.arrays import Floats
from ...fit.recording import Moment
from ...layers import MLP
from .view import all_digits, digits, shown, svg

MOST = 16
"""So many neurons of a column are shown: more would be too small to be told apart."""
SPACING, RADIUS = 23, 9


@dataclass(frozen=True)
class Column:
    """The inputs, a layer's neurons, or the outputs: those that are shown, out of ``size``."""

    name: str
    size: int
    indices: Sequence[int]
    labels: Sequence[str]

    def neuron_names(self, input_names: Sequence[str]) -> list[str]:
        """Inputs by these names, neurons by their paths, the outputs of a model that is no MLP by number."""
        if self.name == "inputs":
            return [input_names[i] for i in self.indices]
        inner = ".neurons" if self.name.startswith("layers") else ""
        return [f"{self.name}{inner}[{i}]" for i in self.indices]


class Network:
    """The picture of an MLP. The neurons shown of a larger layer are those with the largest weights at the end."""

    name = "network"

    def __init__(self, model: MLP, last: Moment, feature_names: Sequence[str], class_names: Sequence[str]) -> None:
        places = {name: i for i, name in enumerate(model.state_dict())}
        self._weights = [
            np.array([[places[f"{n.path}.weights[{i}]"] for i in range(len(n.weights))] for n in layer.neurons])
            for layer in model.layers
        ]
        self.columns = self._columns(last.parameters, feature_names, class_names)
        self._edges = np.concatenate(
            [
                places[np.ix_(end.indices, start.indices)].ravel()
                for places, (start, end) in zip(self._weights, pairwise(self.columns), strict=True)
            ]
        )
        self._largest = 0.0

    def _columns(self, theta: Floats, feature_names: Sequence[str], class_names: Sequence[str]) -> list[Column]:
        weights = [np.abs(theta[places]) for places in self._weights]
        leaving = [matrix.max(axis=0) for matrix in weights] + [weights[-1].max(axis=1)]
        labels: list[Sequence[str]] = [[] for _ in leaving]
        labels[0], labels[-1] = feature_names, class_names
        columns = []
        for i, (sizes, names) in enumerate(zip(leaving, labels, strict=True)):
            indices = np.sort(np.argsort(-sizes, kind="stable")[:MOST]).tolist()
            name = f"layers[{i - 1}]" if i else "inputs"
            columns.append(Column(name, len(sizes), indices, [names[j] for j in indices] if names else []))
        return columns

    def frame(self, moment: Moment) -> list[float | int | None]:
        weights = moment.parameters[self._edges]
        self._largest = max(self._largest, float(np.abs(weights).max()))
        return all_digits(weights)

    def data(self) -> dict[str, Any]:
        return {"largest": digits(self._largest)}

    def figure(self) -> str:
        tallest = max(len(column.indices) for column in self.columns)
        left, right = (_room(self.columns[i]) for i in (0, -1))
        width, height = max(440, left + right + 100 * (len(self.columns) - 1)), max(150, SPACING * tallest + 44)
        xs = np.linspace(left, width - right, len(self.columns))
        places = [
            [(round(float(x), 1), round((height + 14) / 2 + SPACING * (i - (len(column.indices) - 1) / 2), 1))
             for i in range(len(column.indices))]
            for x, column in zip(xs, self.columns, strict=True)
        ]  # fmt: skip
        edges = "".join(
            f'<line x1="{x1 + RADIUS}" y1="{y1}" x2="{x2 - RADIUS}" y2="{y2}"/>'
            for starts, ends in pairwise(places)
            for x2, y2 in ends
            for x1, y1 in starts
        )
        top = min(points[0][1] for points in places)  # the names stand in one line, above all edges
        neurons = "".join(
            self._column(column, points, top, i == 0)
            for i, (column, points) in enumerate(zip(self.columns, places, strict=True))
        )
        sizes = "-".join(str(column.size) for column in self.columns)
        body = f'<g class="edges">{edges}</g><g class="neurons">{neurons}</g>'
        return (
            f"<figcaption>Network {sizes}{self._left_out()}</figcaption>"
            f"{svg('network', f'The network {sizes}: weights as edges, neurons as circles', width, height, body)}"
        )

    def _left_out(self) -> str:
        thinned = [c for c in self.columns if len(c.indices) < c.size]
        parts = [f"{len(c.indices)} of {c.size} in {c.name}" for c in thinned]
        return f" <small>shown: {', '.join(parts)}, those with the largest weights at the end</small>" if parts else ""

    def _column(self, column: Column, points: Sequence[tuple[float, float]], top: float, is_input: bool) -> str:
        x = points[0][0]
        anchor = "end" if is_input else "start"
        parts = [f'<text class="tick" x="{x}" y="{max(top - 16, 12)}" text-anchor="middle">{shown(column.name)}</text>']
        for place, (cx, cy) in enumerate(points):
            parts.append(f'<g class="neuron"><circle class="ground" cx="{cx}" cy="{cy}" r="{RADIUS}"/>')
            parts.append(f'<circle class="fill" cx="{cx}" cy="{cy}" r="{RADIUS}"><title></title></circle></g>')
            if column.labels:
                at = cx - 14 if is_input else cx + 14
                parts.append(f'<text x="{at}" y="{cy + 4}" text-anchor="{anchor}">{shown(column.labels[place])}</text>')
        return "".join(parts)


def _room(column: Column) -> int:
    """How many pixels the labels beside a column need."""
    longest = max((min(len(label), 24) for label in column.labels), default=0)
    return max(32, 22 + 7 * longest)
