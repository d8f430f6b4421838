"""Pictures of what goes forward through a network: how the numbers of each layer are spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import no_grad
from nn.basics.arrays import Floats
from nn.layers import MLP
from nn.viewing.plots.axes import new_axes
from nn.viewing.plots.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 48
HEIGHT = 0.85  # of the tallest bar, where the layers are 1 apart


def signals(model: MLP, samples: Sequence[Sequence[float]]) -> list[Floats]:
    """For each layer, the numbers that its neurons give for all samples.

    >>> model = MLP(1, [1, 1], "linear")
    >>> model.layers[0].neurons[0].weights[0].data, model.layers[1].neurons[0].weights[0].data = 2.0, 5.0
    >>> [numbers.tolist() for numbers in signals(model, [[3.0], [1.0]])]
    [[6.0, 2.0], [30.0, 10.0]]
    """
    gathered: list[list[float]] = [[] for _ in model.layers]
    with no_grad():
        for sample in samples:
            values = list(sample)
            for numbers, layer in zip(gathered, model.layers, strict=True):
                values = [out.data for out in layer(values)]
                numbers += values
    return [np.array(numbers) for numbers in gathered]


def plot_signals(
    model: MLP, samples: Sequence[Sequence[float]], layers: Sequence[int], reach: float, ax: Axes | None = None
) -> Axes:
    """For some of the layers, counted from 1, a histogram of what they give, from -``reach`` to ``reach``.

    The first layer stands at the top. Every histogram has the same height; what lies beyond is counted at the ends.
    """
    ax = ax or new_axes()
    numbers = signals(model, samples)
    edges = np.linspace(-reach, reach, BINS + 1)
    with styled(ax) as palette:
        for row, layer in enumerate(layers):
            counts, _ = np.histogram(np.clip(numbers[layer - 1], -reach, reach), edges)
            heights = HEIGHT * counts / counts.max()
            how: dict[str, Any] = {"color": palette["k0"], "linewidth": 0.0}
            ax.bar(edges[:-1], heights, edges[1] - edges[0], bottom=-row, align="edge", **how)
            ax.axhline(-row, color=palette["quiet"], linewidth=0.8)
    ax.set_yticks([-row for row in range(len(layers))], [f"layer {layer}" for layer in layers])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set(xlabel="activation", xlim=(-reach, reach), ylim=(-len(layers) + 0.95, 1.0))
    return ax
