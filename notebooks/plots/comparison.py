"""Several networks in one picture: their losses, and the regions they give to the classes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd.viewing.palette import CLASSES
from nn import History
from nn.basics import extras
from nn.data.dataset import Dataset
from nn.data.predictor import Predictor
from nn.viewing.plots.axes import add_legend, new_axes, side_by_side
from nn.viewing.plots.style import MARKERS, styled
from nn.viewing.plots.training import plot_boundary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKED = 10  # markers along each curve
WIDTH = 8.6  # of a row of pictures, in inches: what a notebook has room for


def plot_losses(histories: Mapping[str, History], ax: Axes | None = None) -> Axes:
    """The mean training loss over the epochs of several trainings, each under its name.

    The scale is logarithmic where all losses are positive.
    """
    ax = ax or new_axes()
    with styled(ax) as palette:
        styles = itertools.cycle(zip(CLASSES, MARKERS, strict=True))
        for (name, history), (k, marker) in zip(histories.items(), styles, strict=False):
            every = max(1, len(history.losses) // MARKED)
            epochs = range(1, len(history.losses) + 1)
            ax.plot(epochs, history.losses, marker=marker, markevery=every, color=palette[k], label=name, linewidth=1.6)
        ax.legend()
    if min(loss for history in histories.values() for loss in history.losses) > 0.0:
        ax.set_yscale("log")
    ax.set(xlabel="epoch", ylabel="mean loss of a sample")
    ax.xaxis.set_major_locator(extras.load("matplotlib.ticker").MaxNLocator(integer=True))
    ax.grid(True)
    return ax


def plot_regions(predictors: Mapping[str, Predictor], train: Dataset, held_out: Dataset) -> list[Axes]:
    """For each network a picture as :func:`plot_boundary` draws it, under its name, in a row with one legend."""
    side = WIDTH / len(predictors)
    axes = side_by_side(len(predictors), side, side + 0.3)
    for ax, (name, predictor) in zip(axes, predictors.items(), strict=True):
        plot_boundary(predictor, train, held_out, ax).set_title(name)
    _share_legend(axes)
    return axes


def _share_legend(axes: Sequence[Axes]) -> None:
    """One legend below, of the figure, in the place of equal ones."""
    legends: list[Any] = [ax.get_legend() for ax in axes]
    figure: Any = axes[0].get_figure(root=True)
    names = (text.get_text() for text in legends[0].get_texts())
    entries = list(zip(names, legends[0].legend_handles, strict=True))
    for legend in legends:
        legend.remove()
    with styled(axes[0]):
        add_legend(figure, entries, loc="outside lower center", ncols=len(entries))
