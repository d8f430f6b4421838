"""Two charts: the loss over the epochs, and the size of the gradient layer by layer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...fit.recording import Moment
from .view import Axis, all_digits, digits, frame_lines, scale, shown, svg

WIDTH = 420


class Loss:
    """The loss over the epochs, with the current point. Epoch 0 is the mean loss before the first step."""

    name = "loss"

    def __init__(self, losses: Sequence[Sequence[float]], starts: Sequence[float], is_scaled: bool = False) -> None:
        self.note = " <small>of the scaled target</small>" if is_scaled else ""
        self.curves = [[start, *rest] for start, rest in zip(starts, losses, strict=False)]  # held out, or not
        self.x = Axis(0.0, max(len(losses[0]), 1), 48, WIDTH - 12)
        self.y = scale((loss for curve in self.curves for loss in curve), 166, 12, log=True)

    def frame(self, moment: Moment) -> dict[str, Any]:
        losses = [curve[moment.epoch] for curve in self.curves]
        return {"losses": [x if np.isfinite(x) else None for x in losses], "x": self.x.at(moment.epoch),
                "y": [self.y.at(x) if np.isfinite(x) else None for x in losses]}  # fmt: skip

    def data(self) -> None:
        return None

    def figure(self) -> str:
        lines = "".join(f'<path class="curve c{i}" d="{self._path(curve)}"/>' for i, curve in enumerate(self.curves))
        points = "".join(f'<circle class="now c{i}" r="5"/>' for i in range(len(self.curves)))
        x_ticks = [tick for tick in self.x.ticks() if tick == int(tick)]
        body = frame_lines(self.x, self.y, x_ticks, self.y.ticks(4))
        body += f'{lines}<path id="cursor" d="M0 12V166"/>{points}'
        body += f'<text class="tick" x="{(self.x.start + self.x.end) / 2}" y="198" text-anchor="middle">epoch</text>'
        names = '<span class="key c0">training</span>'
        names += '<span class="key c1">held out</span>' if len(self.curves) > 1 else ""
        caption = f"<figcaption>Mean loss of a sample {names}{self.note}</figcaption>"
        return caption + svg("loss", "Loss over the epochs", WIDTH, 204, body)

    def _path(self, curve: Sequence[float]) -> str:
        """The curve, with a gap wherever a loss was not finite."""
        points = [f"{self.x.at(i)} {self.y.at(x)}" if np.isfinite(x) else "" for i, x in enumerate(curve)]
        return "".join(f"{'L' if i and points[i - 1] else 'M'}{point}" for i, point in enumerate(points) if point)


class Flow:
    """The root mean square of the gradient of each layer's parameters, over the steps of an epoch; logarithmic."""

    name = "flow"

    def __init__(self, names: Sequence[str], moments: Sequence[Moment]) -> None:
        groups: dict[str, list[int]] = {}
        for i, name in enumerate(names):
            groups.setdefault(layer_of(name), []).append(i)
        self.groups: Mapping[str, list[int]] = groups
        sizes = [size for moment in moments for size in self._sizes(moment) if size > 0.0] or [1e-3, 1.0]
        low, high = max(min(sizes), max(sizes) * 1e-8), max(sizes)
        decades = 10.0 ** np.floor(np.log10(low)), 10.0 ** np.ceil(np.log10(high) + 1e-9)
        label = 16 + 7 * max(len(shown(name)) for name in groups)
        self.x = Axis(float(decades[0]), float(decades[1]), min(label, 190), WIDTH - 66, True)

    def _sizes(self, moment: Moment) -> list[float]:
        return [float(np.sqrt(np.mean(moment.gradient[places] ** 2))) for places in self.groups.values()]

    def frame(self, moment: Moment) -> dict[str, Any] | None:
        """None before the first step, which has no gradient yet."""
        if moment.epoch == 0:
            return None
        sizes = self._sizes(moment)
        widths = [max(self.x.at(size) - self.x.start, 0.0) if size > 0.0 else 0.0 for size in sizes]
        return {"sizes": all_digits(sizes), "widths": [digits(width) for width in widths]}

    def data(self) -> list[str]:
        return list(self.groups)

    def figure(self) -> str:
        bottom = 12 + 30 * len(self.groups)
        y = Axis(0.0, 1.0, bottom, 8)
        bars = []
        for i, name in enumerate(self.groups):
            top = 12 + 30 * i
            bars.append(f'<text x="{self.x.start - 8}" y="{top + 17}" text-anchor="end">{shown(name)}</text>')
            bars.append(f'<rect class="bar" x="{self.x.start}" y="{top + 3}" height="20" width="0"/>')
            bars.append(f'<text class="size" x="{self.x.start}" y="{top + 17}">–</text>')
        body = frame_lines(self.x, y, self.x.ticks(6), []) + "".join(bars)
        caption = (
            "<figcaption>Gradient flow <small>root mean square by layer, over the epoch's steps</small></figcaption>"
        )
        return caption + svg("flow", "Size of the gradient by layer, logarithmic", WIDTH, bottom + 24, body)


def layer_of(name: str) -> str:
    """The layer that a parameter belongs to: the outermost part of its name, without an index if that is all of it.

    >>> layer_of("layers[0].neurons[3].bias"), layer_of("weights[2]")
    ('layers[0]', 'weights')
    """
    first, dot, _ = name.partition(".")
    return first if dot else re.sub(r"\[\d+\]", "", first)
