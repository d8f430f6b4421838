"""Pictures of a training: its losses, and what the network made of the plane. Names are data: drawn as they stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.viewing.palette import Palette

from ...basics import extras
from ...basics.arrays import Floats
from ...data.dataset import Dataset
from ...data.predictor import Predictor
from ...fit.recording import Curves
from .axes import GRID, add_colour_bar, add_legend, new_axes, plain
from .style import MARKERS, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LISTED, COLUMN = 54, 18  # the most classes in a legend, and in one column of it


def plot_loss(history: Curves, ax: Axes | None = None) -> Axes:
    """The mean loss over the epochs, with gaps where it is infinite; on a logarithmic scale where all are positive."""
    ax = ax or new_axes()
    with styled(ax) as palette:
        for losses, label, style, colour in (
            (history.losses, "training", "-", palette["training"]),
            (history.held_out_losses, "held out", "--", palette["held-out"]),
        ):
            if losses:
                marker = "o" if len(losses) == 1 else ""
                shown = [loss if math.isfinite(loss) else math.nan for loss in losses]
                ax.plot(range(1, len(losses) + 1), shown, style, marker=marker, color=colour, label=label)
        ax.legend()
    if min(filter(math.isfinite, history.losses + history.held_out_losses), default=0.0) > 0.0:
        ax.set_yscale("log")
    ax.set(xlabel="epoch", ylabel="mean loss of a sample")
    ax.xaxis.set_major_locator(extras.load("matplotlib.ticker").MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(True)
    return ax


def plot_boundary(predictor: Predictor, train: Dataset, held_out: Dataset, ax: Axes | None = None) -> Axes:
    """The regions of the plane that the network gives to each class, with the samples; held-out ones have a rim."""
    ax = ax or new_axes()
    xs, ys, points = _plane(train, held_out)
    margins = predictor.objective.margins(predictor.outputs(points))
    with styled(ax) as palette:
        for k in range(len(predictor.classes)):
            margin = margins[:, k].reshape(len(ys), len(xs))
            if margin.max() > 0.0:
                ax.contourf(xs, ys, margin, levels=[0.0, np.inf], colors=[_style(k, palette)["c"]], alpha=0.22)
            if margin.max() > 0.0 > margin.min():
                ax.contour(xs, ys, margin, levels=[0.0], colors=palette["ink"], linewidths=1.2)
        handles = _scatter_classes(ax, train, palette, "none")
        _scatter_classes(ax, held_out, palette, palette["ink"])
        _name_axes(ax, predictor)
        _name_classes(ax, handles, predictor, palette)
    return ax


def _style(k: int, palette: Palette) -> dict[str, Any]:
    """Colour and marker of a class: of 64 classes no two have both alike."""
    return {"c": palette[f"k{k % 8}"], "marker": MARKERS[(k + k // 8) % 8]}


def _scatter_classes(ax: Axes, dataset: Dataset, palette: Palette, rim: str) -> list[Any]:
    """A handle for each class."""
    points = [dataset.features[dataset.targets == k].T for k in range(len(dataset.classes))]
    how: dict[str, Any] = {"s": 22, "edgecolors": rim, "linewidths": 1.0}
    return [ax.scatter(x, y, **how, **_style(k, palette)) for k, (x, y) in enumerate(points)]


def _name_classes(ax: Axes, handles: Sequence[Any], predictor: Predictor, palette: Palette) -> None:
    """A legend beside the axes: each class, and what a rim means."""
    line = extras.load("matplotlib.lines").Line2D
    entries = list(zip(map(plain, predictor.classes[:LISTED]), handles, strict=False))
    if (rest := len(handles) - LISTED) > 0:
        entries.append((f"… and {rest} more", line([], [], linestyle="none")))
    rim: dict[str, Any] = {"markersize": 5, "markerfacecolor": "none", "markeredgecolor": palette["ink"]}
    entries.append(("held out", line([], [], linestyle="none", marker="o", **rim)))
    beside: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    add_legend(ax, entries, title=plain(predictor.target_name), ncols=math.ceil(len(entries) / COLUMN), **beside)


def plot_surface(predictor: Predictor, train: Dataset, held_out: Dataset, ax: Axes | None = None) -> Axes:
    """The numbers predicted over the plane as shades, and the samples in the shade of their own number."""
    ax = ax or new_axes()
    xs, ys, points = _plane(train, held_out)
    surface = predictor.predict(points)
    numbers = np.concatenate([surface, train.targets, held_out.targets])
    scale: dict[str, Any] = {"cmap": "cividis", "vmin": numbers.min(), "vmax": numbers.max()}
    shades = ax.contourf(xs, ys, surface.reshape(len(ys), len(xs)), levels=20, **scale)
    with styled(ax):
        for dataset, rim, label in ((train, "white", "training"), (held_out, "black", "held out")):
            x, y = dataset.features.T
            ax.scatter(x, y, c=dataset.targets, s=26, edgecolors=rim, linewidths=0.9, label=label, **scale)
        _name_axes(ax, predictor)
        ax.legend(frameon=True)
    add_colour_bar(ax, shades, plain(predictor.target_name))
    return ax


def plot_curve(predictor: Predictor, train: Dataset, held_out: Dataset, ax: Axes | None = None) -> Axes:
    """The number predicted over the one feature there is, as a curve among the samples."""
    ax = ax or new_axes()
    (xs,) = _ranges(train, held_out)
    with styled(ax) as palette:
        ax.plot(xs, predictor.predict(xs[:, np.newaxis]), color=palette["ink"], label="predicted")
        for dataset, marker, colour, label in (
            (train, "o", palette["training"], "training"),
            (held_out, "^", palette["held-out"], "held out"),
        ):
            ax.scatter(dataset.features[:, 0], dataset.targets, s=24, marker=marker, c=colour, label=label, zorder=3)
        ax.set(xlabel=plain(predictor.feature_names[0]), ylabel=plain(predictor.target_name))
        ax.legend()
    ax.grid(True)
    return ax


def _ranges(train: Dataset, held_out: Dataset) -> list[Floats]:
    """For each feature, numbers that span all samples and a little more."""
    features = np.concatenate([train.features, held_out.features])
    low, high = features.min(axis=0), features.max(axis=0)
    margin = np.where(high > low, 0.08 * (high - low), 1.0)
    return [np.linspace(a, b, GRID) for a, b in zip(low - margin, high + margin, strict=True)]


def _plane(train: Dataset, held_out: Dataset) -> tuple[Floats, Floats, Floats]:
    """A grid over two features: its coordinates along each, and all its points (GRID², 2)."""
    xs, ys = _ranges(train, held_out)
    points = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    return xs, ys, points


def _name_axes(ax: Axes, predictor: Predictor) -> None:
    x, y = predictor.feature_names
    ax.set(xlabel=plain(x), ylabel=plain(y))
