"""What the network makes of all inputs, over the data: the decision boundary for two inputs, the fit for one."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...basics.arrays import Floats
from ...fit.evaluation import Evaluation
from ...fit.objective import Objective
from ...fit.recording import Moment
from ...fit.samples import Samples
from .units import Units
from .view import Axis, all_digits, frame_lines, scale, shown, svg, tick_text

WIDTH, HEIGHT = 420, 370
PIXELS = 400
FINEST, FINEST_EAGER, COARSEST = 48, 16, 12
BYTES = 1_200_000
"""For all grids together: with many classes or epochs they are coarser."""
TEMPERATURE = 4.0
"""Shares rise so much more slowly: then a boundary between points of the grid is where their bytes say it is."""
MOST_POINTS = 600
SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",  # circle, triangle, square, diamond, cross
    "M0-5L5 4H-5Z",
    "M-4-4H4V4H-4Z",
    "M0-5.5L5.5 0L0 5.5L-5.5 0Z",
    "M-1.7-5H1.7V-1.7H5V1.7H1.7V5H-1.7V1.7H-5V-1.7H-1.7Z",
)
RAMP = ("#00224e", "#414d6b", "#7c7b78", "#bcaf6f", "#fee838")
"""Dark to light, for numbers: cividis (Nuñez, Anderton and Renslow, 2018)."""


class Cloud:
    """The samples as points, those held out with a rim; of very many some."""

    def __init__(self, objective: Objective, units: Units, samples: Samples, others: Samples | None) -> None:
        self.objective, self.units = objective, units
        self.groups = [(s, np.arange(0, len(s), -(-len(s) // MOST_POINTS))) for s in (samples, others) if s]
        self.has_others = others is not None

    def marks(self, x: Axis, y: Axis, heights: list[Floats] | None = None) -> str:
        """The points at their two inputs, or at their first input and some height."""
        marks = []
        for held_out, (samples, rows) in enumerate(self.groups):
            inputs, is_number = self.units.inputs_of(samples), self.objective.kind == "numbers"
            across = heights[held_out] if heights else inputs[:, 1]
            classes = self.objective.class_indices(samples.targets)
            low, high = self.objective.low, self.objective.high
            shares = np.clip((samples.targets[:, 0] - low) / ((high - low) or 1), 0, 1)
            for row in rows.tolist():
                at = f"{x.at(inputs[row, 0]):g} {y.at(across[row]):g}"
                k = 0 if is_number else int(classes[row])
                number = is_number and heights is None
                colour = f' style="fill:{_ramp(float(shares[row]))}"' if number else ""
                rim = " rim" if held_out else ""
                path = SHAPES[k % len(SHAPES)]
                marks.append(f'<path class="mark k{k % 8}{rim}" transform="translate({at})" d="{path}"{colour}/>')
        return "".join(marks)

    def legend(self) -> str:
        """Which mark is which, as HTML."""
        keys = [
            f'<span class="mark-key"><svg viewBox="-7 -7 14 14" aria-hidden="true"><path class="mark k{k % 8}" '
            f'd="{SHAPES[k % len(SHAPES)]}"/></svg>{shown(name)}</span>'
            for k, name in enumerate(self.objective.classes)
        ]
        if self.has_others:
            rim = f'<path class="mark rim" d="{SHAPES[0]}"/>'
            keys.append(
                f'<span class="mark-key"><svg viewBox="-7 -7 14 14" aria-hidden="true">{rim}</svg>held out</span>'
            )
        return " ".join(keys)


class Boundary:
    """Two inputs: the plane in the colours of the classes, the more certain the stronger, or of the first output."""

    name = "plane"

    def __init__(self, numbers: Evaluation, cloud: Cloud, feature_names: list[str], n_frames: int) -> None:
        self.numbers, self.cloud, self.objective = numbers, cloud, cloud.objective
        self.feature_names = feature_names
        inputs = np.concatenate([cloud.units.inputs_of(samples) for samples, _ in cloud.groups])
        self.x, self.y = scale(inputs[:, 0], 44, WIDTH - 10), scale(inputs[:, 1], HEIGHT - 40, 10)
        self.channels = self.objective.n_outputs
        finest = FINEST if numbers.is_compiled else FINEST_EAGER
        self.side = int(min(finest, max(COARSEST, (BYTES / (self.channels * n_frames)) ** 0.5)))
        xs = np.linspace(self.x.low, self.x.high, self.side)
        ys = np.linspace(self.y.high, self.y.low, self.side)  # the rows of a picture begin at its top
        self.points: Floats = cloud.units.inputs.apply(np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2))

    def frame(self, moment: Moment) -> str:
        """The shares of each point of the grid as bytes, 255 for 1: row by row, channel after channel."""
        shares = self.objective.shares(self.numbers.outputs(self.points), TEMPERATURE)
        return base64.b64encode(np.rint(shares.T * 255).astype(np.uint8).tobytes()).decode()

    def data(self) -> dict[str, Any]:
        width, height = self.x.end - self.x.start, self.y.start - self.y.end
        box = {
            "left": self.x.start / WIDTH,
            "top": self.y.end / HEIGHT,
            "width": width / WIDTH,
            "height": height / HEIGHT,
        }
        return {"side": self.side, "channels": self.channels, "kind": self.objective.kind, "box": box, "ramp": RAMP}

    def at(self, samples: Samples) -> list[list[float]]:
        """Where samples are on the picture."""
        return [[self.x.at(x), self.y.at(y)] for x, y in self.cloud.units.inputs_of(samples).tolist()]

    def figure(self) -> str:
        body = frame_lines(self.x, self.y, self.x.ticks(), self.y.ticks())
        body += self.cloud.marks(self.x, self.y) + RING + _axis_names(self.feature_names[0], self.feature_names[1])
        numbers, units = self.objective.kind == "numbers", self.cloud.units.numbers
        ends = np.array([[self.objective.low], [self.objective.high]])
        low, high = map(tick_text, (units.undo(ends) if numbers else ends)[:, 0].tolist())
        name = "First output" if numbers else "Decision boundary"
        legend = f'<span class="ramp">{low} <i></i> {high}</span>' if numbers else ""
        caption = f"<figcaption>{name} {legend}{self.cloud.legend()}</figcaption>"
        canvas = f'<canvas id="shades" width="{PIXELS}" height="{PIXELS}" aria-hidden="true"></canvas>'
        picture = svg("plane", f"{name} over the data", WIDTH, HEIGHT, body)
        return f'{caption}<div class="plot">{canvas}{picture}</div>'


class Fit:
    """One input: the first output as a curve, or for two classes how far it leans towards the second."""

    name = "fit"

    def __init__(self, numbers: Evaluation, cloud: Cloud, feature_names: list[str]) -> None:
        self.numbers, self.cloud, self.objective = numbers, cloud, cloud.objective
        self.feature_names, self.units = feature_names, cloud.units
        inputs = np.concatenate([self.units.inputs_of(samples)[:, 0] for samples, _ in cloud.groups])
        self.x = scale(inputs, 50, WIDTH - 10)
        self.heights = [self._height(samples) for samples, _ in cloud.groups]
        self.y = scale(np.concatenate(self.heights), HEIGHT - 70, 10, margin=0.12)
        self.points: Floats = np.linspace(self.x.low, self.x.high, 64)

    def _height(self, samples: Samples) -> Floats:
        if self.objective.kind == "two":
            return self.objective.class_indices(samples.targets).astype(np.float64)
        heights: Floats = self.units.numbers.undo(samples.targets)[:, 0]
        return heights

    def frame(self, moment: Moment) -> list[float | int | None]:
        outputs = self.numbers.outputs(self.units.inputs.apply(self.points[:, np.newaxis]))
        if self.objective.kind == "two":
            return all_digits(self.objective.shares(outputs)[:, 0])
        is_target = outputs.shape[1] == len(self.units.numbers.mean)
        return all_digits((self.units.numbers.undo(outputs) if is_target else outputs)[:, 0])

    def data(self) -> dict[str, Any]:
        return {"x": [self.x.at(x) for x in self.points], "low": self.y.low, "high": self.y.high,
                "bottom": self.y.start, "top": self.y.end}  # fmt: skip

    def at(self, samples: Samples) -> list[list[float]]:
        """Where samples are on the picture."""
        pairs = zip(self.units.inputs_of(samples)[:, 0].tolist(), self._height(samples).tolist(), strict=True)
        return [[self.x.at(x), self.y.at(y)] for x, y in pairs]

    def figure(self) -> str:
        width, height = self.x.end - self.x.start, self.y.start - self.y.end
        curve = (
            f'<svg x="{self.x.start}" y="{self.y.end}" width="{width}" height="{height}" '
            f'viewBox="{self.x.start} {self.y.end} {width} {height}"><path id="curve"/></svg>'
        )
        classes = [shown(name) for name in self.objective.classes]
        name = f"Output, 0 for {classes[0]}, 1 for {classes[1]}" if classes else "Fit"
        body = frame_lines(self.x, self.y, self.x.ticks(), self.y.ticks())
        body += self.cloud.marks(self.x, self.y, self.heights) + curve + RING
        body += _axis_names(self.feature_names[0], bottom=self.y.start)
        caption = f"<figcaption>{name} {self.cloud.legend()}</figcaption>"
        return caption + svg("fit", "The output over the data", WIDTH, HEIGHT - 30, body)


RING = '<g id="ring"><circle class="halo" r="10"/><circle r="10"/></g>'


def _axis_names(x: str, y: str = "", bottom: float = HEIGHT - 40) -> str:
    parts = f'<text class="tick" x="{(WIDTH + 34) / 2}" y="{bottom + 32}" text-anchor="middle">{shown(x)}</text>'
    if y:
        middle = bottom / 2
        parts += (
            f'<text class="tick" transform="translate(12 {middle}) rotate(-90)" text-anchor="middle">{shown(y)}</text>'
        )
    return parts


def _ramp(share: float) -> str:
    """The colour of a number from 0 to 1."""
    place = share * (len(RAMP) - 1)
    i = min(int(place), len(RAMP) - 2)
    low, high = (np.array([int(RAMP[j][k : k + 2], 16) for k in (1, 3, 5)]) for j in (i, i + 1))
    mixed: NDArray[np.float64] = np.rint(low + (place - i) * (high - low))
    return "#" + "".join(f"{int(part):02x}" for part in mixed)
