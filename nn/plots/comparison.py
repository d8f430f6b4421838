"""Several trainings in one picture."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .. import extras
from ..history import History
from .axes import COLOURS, MARKERS, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKED = 10  # markers along each curve


def plot_losses(histories: Mapping[str, History], ax: Axes | None = None) -> Axes:
    """The mean training loss over the epochs of several trainings, each under its name.

    The scale is logarithmic where all losses are positive.
    """
    ax = ax or new_axes()
    styles = itertools.cycle(zip(COLOURS, MARKERS, strict=True))
    for (name, history), (colour, marker) in zip(histories.items(), styles, strict=False):
        every = max(1, history.epochs // MARKED)
        epochs = range(1, history.epochs + 1)
        ax.plot(epochs, history.losses, marker=marker, markevery=every, color=colour, label=name, linewidth=1.6)
    if min(loss for history in histories.values() for loss in history.losses) > 0.0:
        ax.set_yscale("log")
    ax.set(xlabel="epoch", ylabel="mean loss of a sample")
    ax.xaxis.set_major_locator(extras.load("matplotlib.ticker").MaxNLocator(integer=True))
    ax.grid(alpha=0.3, linewidth=0.6)
    ax.legend(frameon=False)
    return ax
