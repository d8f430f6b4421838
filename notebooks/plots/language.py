"""Pictures of a language model: its loss while it learns, and what its attention looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from autograd.viewing.palette import CLASSES
from nn.viewing.plots.axes import new_axes, side_by_side
from nn.viewing.plots.style import shades_of, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 8.6  # of a row of pictures, in inches: what a notebook has room for
WINDOW = 50  # steps of the running mean


def plot_running_loss(
    losses: Sequence[float], levels: Mapping[str, float] | None = None, window: int = WINDOW, ax: Axes | None = None
) -> Axes:
    """The loss of each step, faint, and the mean of the last ``window`` steps; levels to compare with, by name."""
    if len(losses) < window:
        raise ValueError(f"a mean over {window} steps needs so many losses, got {len(losses)}")
    ax = ax or new_axes(7.0, 3.6)
    steps = np.arange(1, len(losses) + 1)
    with styled(ax) as palette:
        ax.plot(steps, losses, color=palette["training"], alpha=0.25, linewidth=0.7, label="each step")
        means = np.convolve(losses, np.full(window, 1.0 / window), "valid")
        ax.plot(steps[window - 1 :], means, color=palette["training"], label=f"mean of {window} steps")
        for (name, level), k in zip((levels or {}).items(), CLASSES[1:], strict=False):
            ax.axhline(level, color=palette[k], linestyle="--", linewidth=1.4, label=name)
        ax.legend()
    ax.set(xlabel="step", ylabel="loss")
    ax.grid(True)
    return ax


def plot_attention(heads: Sequence[Sequence[Sequence[float]]], letters: str) -> list[Axes]:
    """For each head a picture: row i shows how much the letter at place i listens to each of those so far.

    ``heads[h][i]`` are the i + 1 weights of place i. What is blank is 0, the fullest blue is 1.
    """
    axes = side_by_side(len(heads), WIDTH / len(heads), WIDTH / len(heads) + 0.35)
    for number, (ax, rows) in enumerate(zip(axes, heads, strict=True)):
        if [len(row) for row in rows] != list(range(1, len(letters) + 1)):
            raise ValueError(
                f"the place of each of the {len(letters)} letters has a weight for each letter so far, "
                f"got rows of {[len(row) for row in rows]} in head {number}"
            )
        with styled(ax) as palette:
            ax.imshow(_square(rows), cmap=shades_of(palette["paper"], palette["k0"]), vmin=0.0, vmax=1.0)
            ax.set_title(f"head {number}")
        ax.set_xticks(range(len(letters)), list(letters))
        ax.set_yticks(range(len(letters)), list(letters))
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0].set(ylabel="the place that asks", xlabel="listens to")
    return axes


def _square(rows: Sequence[ArrayLike]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The rows below each other; what a place cannot see is masked, and so is not drawn."""
    square = np.full((len(rows), len(rows)), np.nan)
    for i, row in enumerate(rows):
        square[i, : i + 1] = row
    return square
