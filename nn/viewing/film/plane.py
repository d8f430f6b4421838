"""What the network makes of all inputs: of two, colours and a picture for each neuron; of one, a curve."""

from __future__ import annotations

import numpy as np

from ...basics.arrays import Floats
from ...fit.evaluation import Evaluation
from ...fit.recording import Moment
from .cloud import Cloud
from .view import Data, scale

SIDES, SIDES_EAGER, STEPS = (37, 25, 19, 13), (19, 13), (1, 2, 3, 4, 6)
"""Points along each side of the plane; every so many of them are those of a neuron's own picture."""
BYTES, NEURON_BYTES = 1_000_000, 700_000
"""For the planes of all frames, and for all pictures of neurons: of many they are coarser."""
TEMPERATURE = 4.0
"""Shares rise so much more slowly: then a boundary between points of the grid is where lines between them say it is."""


class Plane:
    """A grid of points over two inputs, and what all neurons make of it. Rows begin at the top, as a picture's do."""

    def __init__(self, numbers: Evaluation, cloud: Cloud, names: list[str], n_channels: int, n_frames: int) -> None:
        self.numbers = numbers
        inputs = cloud.inputs()
        self.x, self.y = (scale(column, name) for column, name in zip(inputs.T, names, strict=True))
        sides = SIDES if numbers.is_compiled else SIDES_EAGER
        fitting = [side for side in sides if side**2 * n_channels * n_frames <= BYTES]
        self.side = [*fitting, sides[-1]][0]
        self.n_frames = n_frames
        xs, ys = np.linspace(self.x.low, self.x.high, self.side), np.linspace(self.y.high, self.y.low, self.side)
        self.points: Floats = cloud.units.inputs.apply(np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2))
        self._seen: tuple[Moment | None, Floats] = None, np.empty(0)

    def nodes(self, moment: Moment) -> Floats:
        """The neurons' numbers at each point, to whose parameters the model is set: (side², n_neurons)."""
        if self._seen[0] is not moment:
            self._seen = moment, self.numbers.nodes(self.points)
        return self._seen[1]

    def step(self, n_neurons: int) -> int:
        """Every so manieth point is one of a neuron's own picture."""
        sides = [(step, (self.side - 1) // step + 1) for step in STEPS]
        fitting = [step for step, side in sides if side**2 * n_neurons * self.n_frames <= NEURON_BYTES]
        return [*fitting, STEPS[-1]][0]

    def pictures(self, moment: Moment, step: int) -> Floats:
        """The neurons' own pictures: (n_neurons, side, side), with every so manieth point."""
        nodes = self.nodes(moment).reshape(self.side, self.side, -1)
        pictures: Floats = np.moveaxis(nodes[::step, ::step], -1, 0)
        return pictures


class Boundary:
    """Two inputs: the plane in the colours of the classes, the more certain the stronger, or of the first output."""

    name = "plane"

    def __init__(self, plane: Plane, cloud: Cloud) -> None:
        self.plane, self.cloud = plane, cloud

    def spec(self) -> Data:
        objective, units = self.cloud.objective, self.cloud.units.numbers
        is_number = objective.kind == "numbers"
        low, high = (
            objective.low,
            objective.high if objective.high > objective.low else objective.low + 1.0,
        )  # as shares
        ends = units.undo(np.array([[low], [high]]))[:, 0] if is_number else np.array([0.0, 1.0])
        return {
            "view": "chart",
            "side": 1,
            "title": "First output" if is_number else "Decision boundary",
            "x": self.plane.x.spec(),
            "y": self.plane.y.spec(),
            "points": self.cloud.points(is_plane=True),
            "classes": self.cloud.classes(),
            "field": {"side": self.plane.side, "kind": objective.kind, "ends": ends},
        }

    def frame(self, moment: Moment) -> Data:
        """The shares of each point of the grid, 255 for 1: row by row, channel after channel; and the lines between the
        classes, from x, y to x, y, 65,535 for the whole plane."""
        objective = self.cloud.objective
        shares = objective.shares(self.plane.nodes(moment)[:, -objective.n_outputs :], TEMPERATURE).T
        lines = np.concatenate([contour(margin) for margin in self._margins(shares)] or [np.empty((0, 4))])
        places = np.rint(lines / (self.plane.side - 1) * 65_535.0).astype(np.uint16)
        return {"field": np.rint(shares * 255.0).astype(np.uint8), "boundary": places}

    def _margins(self, shares: Floats) -> list[Floats]:
        """How far a class is ahead of all others, at each point; of two classes the second."""
        side, kind = self.plane.side, self.cloud.objective.kind
        ahead: list[Floats] = []
        if kind == "two":
            ahead = [2.0 * shares[0] - 1.0]
        elif kind == "many":
            ahead = [own - np.delete(shares, k, axis=0).max(axis=0) for k, own in enumerate(shares)]
        return [np.nan_to_num(margin).reshape(side, side) for margin in ahead]


CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])


def contour(numbers: Floats) -> Floats:
    """Where a function of the points of a grid changes its sign: lines within its cells, from x, y to x, y.

    >>> contour(np.array([[-1.0, 1.0], [-1.0, 3.0]]))
    array([[0.5 , 0.  , 0.25, 1.  ]])
    """
    around = np.stack([numbers[:-1, :-1], numbers[:-1, 1:], numbers[1:, 1:], numbers[1:, :-1]], axis=-1)
    next_ones = np.roll(around, -1, axis=-1)
    row, column, i = at = np.nonzero((around < 0) != (next_ones < 0))  # of each cell two of its sides, four, or none
    share = around[at] / (around[at] - next_ones[at])
    corner = CORNERS[i]
    places: Floats = np.stack([column, row], axis=-1) + corner + share[:, np.newaxis] * (CORNERS[(i + 1) % 4] - corner)
    return places.reshape(-1, 4)


class Fit:
    """One input: the first output as a curve, or for two classes how far it leans towards the second."""

    name = "fit"

    def __init__(self, numbers: Evaluation, cloud: Cloud, feature_name: str) -> None:
        self.numbers, self.cloud, self.objective = numbers, cloud, cloud.objective
        self.x = scale(cloud.inputs()[:, 0], feature_name)
        self.y = scale(np.concatenate([cloud.heights(samples) for samples in cloud.roles.values()]), margin=0.12)
        self.points: Floats = np.linspace(self.x.low, self.x.high, 64)

    def spec(self) -> Data:
        classes = self.cloud.classes()
        title = f"Output, 0 for {classes[0]}, 1 for {classes[1]}" if classes else "Fit"
        told = {"view": "chart", "side": 1, "title": title, "x": self.x.spec(), "y": self.y.spec(), "classes": classes}
        return told | {"points": self.cloud.points(is_plane=False), "xs": self.points, "curves": [{"name": ""}]}

    def frame(self, moment: Moment) -> Data:
        units = self.cloud.units
        outputs = self.numbers.outputs(units.inputs.apply(self.points[:, np.newaxis]))
        if self.objective.kind == "two":
            return {"ys": self.objective.shares(outputs)[:, 0]}
        is_target = outputs.shape[1] == len(units.numbers.mean)
        return {"ys": (units.numbers.undo(outputs) if is_target else outputs)[:, 0]}
