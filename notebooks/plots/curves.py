"""A picture of curves through measurements: those that were fitted, and those that came later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from autograd.viewing.palette import CLASSES
from nn.basics.arrays import Floats
from nn.viewing.plots.axes import new_axes
from nn.viewing.plots.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASHES = ("-", "--", ":", "-.")


def plot_curves(
    times: ArrayLike,
    measured: ArrayLike,
    curves: Mapping[str, tuple[Sequence[float] | Floats, Sequence[float] | Floats]],
    known_until: float,
    ax: Axes | None = None,
) -> Axes:
    """What was measured, and on it each curve (its times, its heights) under its name.

    Measurements after ``known_until``, which no curve was fitted to, are hollow.
    """
    times, measured = np.asarray(times, dtype=float), np.asarray(measured, dtype=float)
    if times.shape != measured.shape:
        raise ValueError(f"each time has a measurement: got {times.shape} times and {measured.shape} measurements")
    if len(curves) > len(DASHES):
        raise ValueError(f"at most {len(DASHES)} curves can be told apart, got {len(curves)}")
    ax = ax or new_axes(7.0, 3.6)
    known = times <= known_until
    with styled(ax) as palette:
        for name, there, face in (("measured", known, palette["quiet"]), ("measured later", ~known, palette["paper"])):
            dots: dict[str, Any] = {"color": palette["quiet"], "markerfacecolor": face, "markersize": 4}
            ax.plot(times[there], measured[there], "o", label=name, **dots)
        for (name, (xs, ys)), dashes, k in zip(curves.items(), DASHES, CLASSES, strict=False):
            ax.plot(xs, ys, dashes, color=palette[k], linewidth=1.8, label=name)
        ax.axvline(known_until, color=palette["rule"], linewidth=1.2)
        ax.legend(loc="upper right", ncols=2)
    ax.set(xlabel="seconds", ylabel="swing")
    ax.grid(True)
    return ax
