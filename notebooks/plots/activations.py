"""Pictures of activation functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, SupportsFloat

import numpy as np

from autograd import Value
from autograd.functional import softmax
from nn.layers import ACTIVATIONS
from nn.viewing.plots.axes import new_axes
from nn.viewing.plots.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLAT = 0.05  # a slope smaller than this lets next to no gradient through: the sigmoid's is, beyond |z| = 3
POINTS = 241
CROWDED = 6  # bars, beyond which their numbers are shorter


def plot_activation(
    activation: str | Callable[[Value], Value], ax: Axes | None = None, reach: float = 6.0, name: str = ""
) -> Axes:
    """a(z) and its derivative, over z from -``reach`` to ``reach``; shaded where the derivative is below 0.05.

    ``activation`` is a name that ``Layer`` knows, or a function of one Value.
    """
    ax = ax or new_axes()
    function = ACTIVATIONS[activation] if isinstance(activation, str) else activation
    zs = np.linspace(-reach, reach, POINTS)
    curve, slope = np.array([_value_and_slope(function, z) for z in zs]).T
    flat = np.abs(slope) < FLAT
    with styled(ax) as palette:
        ax.fill_between(
            zs,
            0,
            1,
            where=flat,
            transform=ax.get_xaxis_transform(),
            color=palette["constant"],
            linewidth=0,
            label=f"|da/dz| < {FLAT}",
        )
        ax.plot(zs, curve, color=palette["k0"], linewidth=2.2, label="a(z)")
        ax.plot(zs, slope, "--", color=palette["k5"], linewidth=1.8, label="da/dz")
        ax.axhline(0.0, color=palette["quiet"], linewidth=0.8)
        ax.legend(loc="upper left", fontsize="small", frameon=True)
    ax.set(xlabel="z, weighted sum plus bias", ylabel="a and da/dz", title=name or _title(activation))
    ax.set_xlim(-reach, reach)
    ax.grid(True)
    return ax


def plot_softmax(logits: Sequence[SupportsFloat], ax: Axes | None = None, names: Sequence[str] = ()) -> Axes:
    """softmax of the logits, as one bar for each class with its probability written on it."""
    ax = ax or new_axes()
    probabilities = [p.data for p in softmax(logits)]
    classes = names or [f"z = {float(z):g}" for z in logits]
    if len(classes) != len(probabilities):
        raise ValueError(f"there is one name for each logit, got {len(classes)} names and {len(probabilities)} logits")
    places = range(len(probabilities))
    with styled(ax) as palette:
        bars = ax.bar(places, probabilities, color=palette["k0"], width=0.7)
        crowded = len(probabilities) > CROWDED
        ax.bar_label(bars, fmt="%.2f" if crowded else "%.3f", padding=3, fontsize="small" if crowded else "medium")
    ax.set_xticks(places, classes)
    ax.set(xlabel="class", ylabel="probability", ylim=(0.0, 1.1))
    return ax


def _title(activation: str | Callable[[Value], Value]) -> str:
    return (
        activation.replace("_", " ").replace("relu", "ReLU")
        if isinstance(activation, str)
        else activation.__name__.replace("_", " ")
    )


def _value_and_slope(function: Callable[[Value], Value], z: float) -> tuple[float, float]:
    leaf = Value(z)
    a = function(leaf)
    a.backward()
    return a.data, leaf.grad
