"""A training as a picture that moves: the network, the plane it divides, and its loss, for pages that run no scripts.

SVG moves by itself where it is shown as an image. Every number in it is the network's after some epoch; between two
epochs widths and points glide. Where nothing moves, as in print, the last epoch is seen.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import contourpy
import numpy as np

from autograd.viewing.notation import number_text, visible
from autograd.viewing.palette import DARK, LIGHT, Palette
from nn import History
from nn.basics.arrays import Floats, Vector
from nn.data.dataset import Dataset
from nn.data.predictor import Predictor
from nn.fit.recording import Moment

FRAMES = 24  # epochs that are shown: close together at first, when most happens
SECONDS, REST = 8.0, 0.25  # of one run, and the part of it in which the end stands still
WIDTH, HEIGHT = 880, 300
NETWORK, PLANE, CHART = (24, 50, 300, 220), (370, 42, 236, 236), (670, 50, 190, 210)  # left, top, width, height
GRID = 45
MARGIN = 0.08  # around the samples, as a part of their span


def animate_training(history: History, predictor: Predictor, dataset: Dataset) -> str:
    """The SVG of a recorded training on two features and two classes."""
    if history.recording is None:
        raise ValueError("this training was not recorded: train with fit(..., record=True)")
    if dataset.features.shape[1] != 2 or len(predictor.classes) != 2:
        raise ValueError(
            f"the picture is of two features and two classes, got {dataset.features.shape[1]} features and "
            f"{len(predictor.classes)} classes"
        )
    moments = _chosen(history.recording.moments)
    body = [*_network(predictor, moments), *_plane(predictor, dataset, moments), *_chart(history, moments)]
    title = html.escape(f"A network learns {visible(dataset.name)}: its weights, its boundary and its loss")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{title}">\n<title>{title}</title>\n<style>{_style()}</style>\n'
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="10"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _style() -> str:
    """The page's own theme: an image follows that of its reader."""

    def of(palette: Palette) -> str:
        fills = {".paper": "paper", "text": "quiet", ".k0": "k0", ".k1": "k1", ".now": "training"}
        strokes = {".frame, .axis": "rule", ".boundary": "ink", ".loss": "training", ".sample": "paper"}
        fills |= {".neuron": "collapsed", ".input": "constant"}
        strokes |= {".neuron": "collapsed-rim", ".input": "quiet"}
        rules = [f"{what} {{ fill: {palette[part]} }}" for what, part in fills.items()]
        return " ".join(rules + [f"{what} {{ stroke: {palette[part]} }}" for what, part in strokes.items()])

    return (
        "text { font: 13px Helvetica, Arial, sans-serif } .title { font-weight: bold } "
        f"{of(LIGHT)} @media (prefers-color-scheme: dark) {{ {of(DARK)} }}"
    )


def _chosen(moments: Sequence[Moment]) -> list[Moment]:
    if len(moments) <= FRAMES:
        return list(moments)
    places = np.unique(np.geomspace(1, len(moments), FRAMES).round().astype(int) - 1)
    return [moments[i] for i in places]


def _animate(name: str, values: Sequence[object], glides: bool = True) -> str:
    """An attribute that takes one value after the other, and then rests."""
    times = np.linspace(0.0, 1.0 - REST, len(values))
    listed = ";".join(map(str, [*values, values[-1]]))
    key_times = ";".join(f"{time:.3g}" for time in [*times, 1.0])
    mode = "linear" if glides else "discrete"
    return (
        f'<animate attributeName="{name}" values="{listed}" keyTimes="{key_times}" calcMode="{mode}" '
        f'dur="{SECONDS:g}s" repeatCount="indefinite"/>'
    )


# ---- the network


def _network(predictor: Predictor, moments: Sequence[Moment]) -> Iterator[str]:
    layers = predictor.model.layers
    sizes = [predictor.model.n_inputs, *(len(layer.neurons) for layer in layers)]
    columns = [list(_column(i, len(sizes), size)) for i, size in enumerate(sizes)]
    thetas = np.array([moment.parameters for moment in moments])
    places = {name: i for i, name in enumerate(predictor.model.state_dict())}
    yield _title(NETWORK, "-".join(map(str, sizes)))
    for starts, ends, layer in zip(columns, columns[1:], layers, strict=False):
        rows = [[places[f"{n.path}.weights[{i}]"] for i in range(len(n.weights))] for n in layer.neurons]
        largest = float(np.abs(thetas[:, np.array(rows)]).max())
        for end, row in zip(ends, rows, strict=True):
            for start, place in zip(starts, row, strict=True):
                yield _edge(start, end, thetas[:, place], largest)
    for i, column in enumerate(columns):
        kind = "neuron" if i else "input"
        yield from (f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="7"/>' for x, y in column)


def _column(i: int, columns: int, size: int) -> Iterator[tuple[float, float]]:
    left, top, width, height = NETWORK
    gap = min(27.0, height / max(size, 1))
    for j in range(size):
        yield left + 8 + (width - 16) * i / (columns - 1), top + height / 2 + gap * (j - (size - 1) / 2)


def _edge(start: tuple[float, float], end: tuple[float, float], weights: Vector, largest: float) -> str:
    """A line as wide and as dark as its weight is large, blue above 0 and orange below."""
    shares = np.abs(weights) / (largest or 1.0)
    widths = [f"{0.3 + 3.2 * share:.2f}" for share in shares]
    opacities = [f"{0.15 + 0.85 * share:.2f}" for share in shares]
    colours = [LIGHT["positive" if weight >= 0 else "negative"] for weight in weights]
    moves = _animate("stroke-width", widths) + _animate("stroke-opacity", opacities)
    moves += _animate("stroke", colours, glides=False) if len(set(colours)) > 1 else ""
    (x1, y1), (x2, y2) = start, end
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colours[-1]}" stroke-width="{widths[-1]}" '
        f'stroke-opacity="{opacities[-1]}">{moves}</line>'
    )


# ---- the plane


def _plane(predictor: Predictor, dataset: Dataset, moments: Sequence[Moment]) -> Iterator[str]:
    left, top, width, height = PLANE
    low, high = dataset.features.min(axis=0), dataset.features.max(axis=0)
    low, high = low - MARGIN * (high - low), high + MARGIN * (high - low)
    places = (dataset.features - low) / (high - low)
    regions, lines = zip(*_regions(predictor, moments, low, high), strict=True)
    yield _title(PLANE, "the plane")
    yield f'<rect class="k0" x="{left}" y="{top}" width="{width}" height="{height}" opacity="0.25"/>'
    yield f'<path class="paper" d="{regions[-1]}">{_animate("d", regions, False)}</path>'
    yield f'<path class="k1" opacity="0.25" d="{regions[-1]}">{_animate("d", regions, False)}</path>'
    yield f'<path class="boundary" fill="none" stroke-width="1.5" d="{lines[-1]}">{_animate("d", lines, False)}</path>'
    for (x, y), k in zip(places, dataset.targets.astype(int), strict=True):
        cx, cy = left + width * x, top + height * (1 - y)
        if k:  # a shape of its own, so that the classes differ in more than their colours
            yield f'<path class="sample k1" d="M{cx:.1f} {cy - 4:.1f}l3.8 6.8h-7.6z"/>'
        else:
            yield f'<circle class="sample k0" cx="{cx:.1f}" cy="{cy:.1f}" r="3.2"/>'
    yield f'<rect class="frame" x="{left}" y="{top}" width="{width}" height="{height}" fill="none"/>'


def _regions(predictor: Predictor, moments: Sequence[Moment], low: Vector, high: Vector) -> Iterator[tuple[str, str]]:
    """For each moment where the second class is ahead, and the line around it, as SVG paths."""
    left, top, width, height = PLANE
    xs, ys = (np.linspace(a, b, GRID) for a, b in zip(low, high, strict=True))
    points = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    across, up = np.linspace(left, left + width, GRID), np.linspace(top + height, top, GRID)
    with _parameters_kept(predictor):
        for moment in moments:
            _set_parameters(predictor, moment.parameters)
            margins = predictor.objective.margins(predictor.outputs(points))[:, 1].reshape(GRID, GRID)
            contours = contourpy.contour_generator(across, up, margins, fill_type="OuterCode")
            filled: Any = contours.filled(0.0, np.inf)
            lines: Any = contours.lines(0.0)
            yield _path(_rings(*filled), "z"), _path(lines, "")


def _rings(outlines: Sequence[Floats], kinds: Sequence[Floats]) -> Iterator[Floats]:
    """The outlines of polygons and of the holes in them."""
    for points, codes in zip(outlines, kinds, strict=True):
        starts = [*np.flatnonzero(codes == 1), len(points)]
        yield from (points[start:end] for start, end in pairwise(starts))


def _path(lines: Iterable[Floats], close: str) -> str:
    """Points as a path; of none, a path on which nothing is drawn."""
    found = ["M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in _pixels(line)) + close for line in lines if len(line) > 1]
    return "".join(found) or "M0 0"


def _pixels(line: Floats) -> Floats:
    """The points of a line to the pixel, each once."""
    rounded = np.asarray(line).round()
    steps = np.diff(rounded, axis=0)
    moving = np.concatenate([[True], np.abs(steps).sum(axis=1) > 0])
    pixels: Floats = rounded[moving]
    return pixels


@contextmanager
def _parameters_kept(predictor: Predictor) -> Iterator[None]:
    before = [parameter.data for parameter in predictor.model.parameters()]
    try:
        yield
    finally:
        _set_parameters(predictor, before)


def _set_parameters(predictor: Predictor, theta: Iterable[float]) -> None:
    for parameter, number in zip(predictor.model.parameters(), theta, strict=True):
        parameter.data = float(number)


# ---- the loss


def _chart(history: History, moments: Sequence[Moment]) -> Iterator[str]:
    """The loss over the epochs, drawn up to now, and what it is now in figures."""
    left, top, width, height = CHART
    losses = np.array(history.losses)
    low, high = float(losses.min()), float(losses.max())
    last = max(moments[-1].epoch, 1)
    xs = left + width * np.arange(1, len(losses) + 1) / last
    ys = top + height - height * (losses - min(low, 0.0)) / ((high - min(low, 0.0)) or 1.0)
    now = [max(moment.epoch, 1) - 1 for moment in moments]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    yield _title(CHART, "loss")
    yield f'<path class="axis" fill="none" d="M{left} {top}v{height}h{width}"/>'
    yield f'<clipPath id="drawn"><rect x="{left}" y="0" height="{HEIGHT}" width="{width}">'
    yield _animate("width", [f"{xs[i] - left:.1f}" for i in now]) + "</rect></clipPath>"
    yield f'<polyline class="loss" clip-path="url(#drawn)" fill="none" stroke-width="2" points="{points}"/>'
    yield f'<circle class="now" cx="{xs[now[-1]]:.1f}" cy="{ys[now[-1]]:.1f}" r="4.5">'
    yield _animate("cx", [f"{xs[i]:.1f}" for i in now]) + _animate("cy", [f"{ys[i]:.1f}" for i in now]) + "</circle>"
    for k, (moment, i) in enumerate(zip(moments, now, strict=True)):
        shown = [int(k == j) for j in range(len(moments))]
        text = f"epoch {moment.epoch}" + (f": {number_text(float(losses[i]))}" if moment.epoch else "")
        yield (
            f'<text x="{left + width}" y="{top + height + 22}" text-anchor="end" opacity="{shown[-1]}">{text}'
            f"{_animate('opacity', shown, False)}</text>"
        )


def _title(box: tuple[int, int, int, int], text: str) -> str:
    return f'<text class="title" x="{box[0] + box[2] / 2:g}" y="28" text-anchor="middle">{html.escape(text)}</text>'
