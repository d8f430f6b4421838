"""The cost of two weights, seen from above."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from autograd import Value, no_grad
from nn.viewing.plots.axes import new_axes
from nn.viewing.plots.style import shades_of, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 41  # along each side
LINES = 9


def plot_bowl(
    cost: Callable[[Value, Value], Value],
    path: Sequence[tuple[float, float]],
    ax: Axes | None = None,
    reach: float = 1.3,
    names: tuple[str, str] = ("u", "v"),
) -> Axes:
    """Lines of equal cost over two weights from -``reach`` to ``reach``, darker the higher, and on them the path.

    ``path`` holds the two weights after each step, the start first; a step that leaves the picture is not followed.
    """
    if not path:
        raise ValueError("path holds the weights on the way, and at least where it starts; got none")
    ax = ax or new_axes(4.6, 4.4)
    sides = np.linspace(-reach, reach, POINTS)
    with no_grad():
        heights = np.array([[cost(Value(u), Value(v)).data for u in sides] for v in sides])
    levels = heights.min() + (heights.max() - heights.min()) * (np.arange(1, LINES + 1) / LINES) ** 2
    us, vs = np.array(path, dtype=float).T
    with styled(ax) as palette:
        shades = shades_of(palette["rule"], palette["quiet"])
        ax.contour(sides, sides, heights, levels=levels, cmap=shades, linewidths=1.0)
        ax.plot(us, vs, "-", color=palette["k5"], linewidth=1.4)
        ax.plot(us, vs, "o", color=palette["k5"], markersize=4.5, markeredgecolor=palette["ink"], markeredgewidth=0.6)
        ax.annotate("start", (us[0], vs[0]), textcoords="offset points", xytext=(0, 7), ha="center")
    ax.set(xlabel=names[0], ylabel=names[1], xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    return ax
