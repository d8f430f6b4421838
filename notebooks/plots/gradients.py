"""Pictures of the gradient: how large it is in each layer of a network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autograd.viewing.palette import CLASSES
from nn.basics import extras
from nn.layers import MLP
from nn.viewing.plots.axes import new_axes
from nn.viewing.plots.style import MARKERS, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def gradient_sizes(model: MLP) -> list[float]:
    """For each layer, the root mean square of the gradients of its weights, as ``backward`` left them.

    A ValueError where it has not run.

    >>> from autograd import Value
    >>> model = MLP(1, [1, 1], activation="linear")
    >>> model.layers[0].neurons[0].weights[0].data, model.layers[1].neurons[0].weights[0].data = 2.0, 5.0
    >>> model([3.0])[0].backward()
    >>> gradient_sizes(model)
    [15.0, 6.0]
    """
    layers = [[weight for neuron in layer.neurons for weight in neuron.weights] for layer in model.layers]
    if not any(weight.has_grad for weights in layers for weight in weights):
        raise ValueError("the model's weights have no gradients yet: call backward() on a loss first")
    return [math.sqrt(math.fsum(weight.grad**2 for weight in weights) / len(weights)) for weights in layers]


def plot_gradients(models: MLP | Mapping[str, MLP], ax: Axes | None = None) -> Axes:
    """The size of the gradient in each layer (:func:`gradient_sizes`), on a logarithmic scale; a curve for each model.

    A layer whose gradient is 0 has no point, since 0 has no place on that scale.
    """
    ax = ax or new_axes()
    named = models if isinstance(models, Mapping) else {"": models}
    with styled(ax) as palette:
        styles = itertools.cycle(zip(CLASSES, MARKERS, strict=True))
        for (name, model), (k, marker) in zip(named.items(), styles, strict=False):
            sizes = [size if size > 0.0 else math.nan for size in gradient_sizes(model)]
            how: dict[str, Any] = {"marker": marker, "markersize": 5, "color": palette[k], "linewidth": 1.5}
            ax.plot(range(1, len(sizes) + 1), sizes, label=name, **how)
        if isinstance(models, Mapping):
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    ax.set_yscale("log")
    ax.set(xlabel="layer, counted from the input", ylabel="gradient of a weight (root mean square)")
    ax.xaxis.set_major_locator(extras.load("matplotlib.ticker").MaxNLocator(integer=True))
    ax.grid(True)
    return ax
