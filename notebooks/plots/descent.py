"""Pictures of gradient descent on one weight: the cost with the steps on it, the data with the line of each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Value, grad, no_grad
from nn.viewing.plots.axes import new_axes
from nn.viewing.plots.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nn.basics.arrays import Floats

POINTS = 201
NUMBERED = 4  # steps with their number beside them: later ones stand too close
NAMED = 6  # lines in the legend


def plot_descent(
    cost: Callable[[Value], Value],
    steps: Sequence[float],
    ax: Axes | None = None,
    name: str = "w",
    span: tuple[float, float] | None = None,
) -> Axes:
    """The cost J against one weight, and on it the weight after each step: ``steps[0]`` is the start.

    ``cost`` is a function of one Value. ``span`` is the range of the weight that is shown; that of the steps, and a
    little more, if it is not given.
    """
    if not steps:
        raise ValueError("steps are the weights on the way, and at least where it starts; got none")
    ax = ax or new_axes()
    weights = np.asarray(steps, dtype=float)
    low, high = span or _with_margin(weights)
    grid = np.linspace(low, high, POINTS)
    costs = _costs(cost, weights)
    with styled(ax) as palette:
        ax.plot(grid, _costs(cost, grid), color=palette["quiet"], label=f"cost J({name})")
        ax.plot(weights, costs, ":", color=palette["k5"], linewidth=1.2)
        ax.plot(
            weights,
            costs,
            "o",
            color=palette["k5"],
            markersize=6,
            markeredgecolor=palette["ink"],
            label="gradient descent",
        )
        for k in _apart(weights, 0.07 * (high - low))[:NUMBERED]:
            side = np.sign(_slope(cost, weights[k]))  # outside the curve, where no step passes
            at: dict[str, Any] = {"textcoords": "offset points", "xytext": (9 * side, -6), "ha": "center", "va": "top"}
            ax.annotate(str(k), (weights[k], costs[k]), **at)
        ax.legend()
    ax.set(xlabel=name, ylabel=f"cost J({name})")
    ax.set_xlim(low, high)
    ax.margins(y=0.12)
    ax.grid(True)
    return ax


def plot_fit(
    inputs: Sequence[float],
    targets: Sequence[float],
    weights: Sequence[float],
    ax: Axes | None = None,
    biases: Sequence[float] | None = None,
) -> Axes:
    """The data, and the line weight · x + bias after each step, from faint to full; the biases are 0 if not given."""
    ax = ax or new_axes()
    lines = list(zip(weights, biases if biases is not None else [0.0] * len(weights), strict=True))
    ends = np.array(_with_margin(np.asarray([0.0, *inputs])))
    named = set(_spread(len(lines), NAMED))
    with styled(ax) as palette:
        for k, (weight, bias) in enumerate(lines):
            age = k / max(len(lines) - 1, 1)
            style = "-" if k == len(lines) - 1 else "--"
            label = f"step {k}: w = {weight:.4g}" if k in named else None
            ax.plot(
                ends,
                weight * ends + bias,
                style,
                color=palette["ink"],
                alpha=0.3 + 0.7 * age,
                linewidth=1.0 + 1.2 * age,
                label=label,
            )
        ax.plot(
            inputs,
            targets,
            "o",
            color=palette["k0"],
            markersize=8,
            markeredgecolor=palette["ink"],
            label="data",
            zorder=3,
        )
        ax.legend(fontsize="small")
    ax.set(xlabel="x", ylabel="z")
    ax.set_xlim(*ends)
    ax.grid(True)
    return ax


def _costs(cost: Callable[[Value], Value], weights: Floats) -> Floats:
    with no_grad():
        return np.array([cost(Value(w)).data for w in weights])


def _with_margin(numbers: Floats) -> tuple[float, float]:
    low, high = float(numbers.min()), float(numbers.max())
    margin = 0.15 * (high - low) or 1.0
    return low - margin, high + margin


def _slope(cost: Callable[[Value], Value], w: float) -> float:
    leaf = Value(w)
    return grad(cost(leaf), leaf)


def _apart(weights: Floats, distance: float) -> list[int]:
    """The steps that are at least so far from all earlier ones of them."""
    found: list[int] = []
    for k, weight in enumerate(weights):
        if all(abs(weight - weights[earlier]) >= distance for earlier in found):
            found.append(k)
    return found


def _spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers below count: the first ones, and the last."""
    return list(range(count)) if count <= most else [*range(most - 1), count - 1]
