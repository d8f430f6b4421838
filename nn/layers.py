"""Neuron, Layer and MLP: networks of honest scalars, in which every product and every sum is a node."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, SupportsFloat

import numpy as np

from autograd import Value
from autograd.viewing import architecture
from autograd.viewing.architecture import Part

from .basics.checks import count, whole
from .module import Module

ACTIVATIONS: Mapping[str, Callable[[Value], Value]] = {
    "linear": Value.__pos__,
    "relu": Value.relu,
    "leaky_relu": Value.leaky_relu,
    "tanh": Value.tanh,
    "sigmoid": Value.sigmoid,
    "softplus": Value.softplus,
}
RECTIFIERS = ("relu", "leaky_relu", "softplus")

Seed = int | np.random.Generator | None

LIMIT, DEEPEST = 1_000_000, 1_000
"""The most parameters of a network, and the most layers. The graph of each sample has two nodes or more for every
parameter."""


class Neuron(Module):
    """activation(bias + w₀x₀ + w₁x₁ + …), each product and sum recorded; it returns one Value.

    The result is labelled ``a`` and, unless the neuron is linear, the sum before the activation ``z``. Weights start
    at random (:func:`initial_deviation`; ``n_outputs`` is the width of the layer it belongs to), the bias at 0.

    >>> neuron = Neuron(2, "tanh", seed=0)
    >>> neuron.weights[0].data, neuron.weights[1].data = 0.5, -1.0
    >>> neuron([1.0, 0.5])
    Value(data=0.0, grad=0.0, label='a')
    """

    extends_repr = False

    def __init__(self, n_inputs: int, activation: str = "relu", seed: Seed = None, n_outputs: int = 1) -> None:
        self.activation = activation
        deviation = initial_deviation(activation, count("n_inputs", n_inputs), count("n_outputs", n_outputs))
        _require_affordable(n_inputs, [1])
        self.weights = [Value(w) for w in as_generator(seed).normal(0.0, deviation, n_inputs)]
        self.bias = Value(0.0)

    def __call__(self, inputs: Sequence[SupportsFloat]) -> Value:
        prefix = f"{self.path}." if self.path else ""
        z = self.bias
        for weight, x in zip(self.weights, as_inputs(self, inputs, len(self.weights)), strict=True):
            z = z + weight * x
        z.label = f"{prefix}z"
        a = ACTIVATIONS[self.activation](z)
        a.label = f"{prefix}a"
        return a

    def extra_repr(self) -> str:
        return f"{len(self.weights)}, {self.activation!r}"


class Layer(Module):
    """Neurons that share their inputs: n_inputs numbers in, a list of n_outputs Values out, also where that is one.

    >>> Layer(3, 2, "relu", seed=0)([0.0, 0.0, 0.0])
    [Value(data=0.0, grad=0.0, label='neurons[0].a'), Value(data=0.0, grad=0.0, label='neurons[1].a')]
    """

    def __init__(self, n_inputs: int, n_outputs: int, activation: str = "relu", seed: Seed = None) -> None:
        self.n_inputs = count("n_inputs", n_inputs)
        _require_affordable(n_inputs, [count("n_outputs", n_outputs)])
        generator = as_generator(seed)
        self.neurons = [Neuron(n_inputs, activation, generator, n_outputs) for _ in range(n_outputs)]

    def __call__(self, inputs: Sequence[SupportsFloat]) -> list[Value]:
        xs = as_inputs(self, inputs, self.n_inputs)
        return [neuron(xs) for neuron in self.neurons]

    def architecture(self, name: str = "") -> Part:
        note = f"{self.n_inputs} → {len(self.neurons)}, {self.neurons[0].activation}"
        neurons = [architecture.Neuron([w.data for w in n.weights], n.bias.data) for n in self.neurons]
        return Part(name, "Layer", len(self.parameters()), note, neurons=neurons)

    def extra_repr(self) -> str:
        return f"{self.n_inputs}, {len(self.neurons)}, {self.neurons[0].activation!r}"


class MLP(Module):
    """A multi-layer perceptron: layers of the given ``sizes`` one after the other; it returns a list.

    ``activation`` is that of every layer but the last, ``output`` that of the last. The same seed gives the same
    weights; None gives new ones each time.

    >>> model = MLP(2, [16, 16, 1], seed=0)
    >>> len(model.parameters())
    337
    >>> model.layers[2].neurons[0].weights[15].label
    'layers[2].neurons[0].weights[15]'
    >>> model
    MLP(n_inputs=2, sizes=[16, 16, 1], activation='relu', output='linear') of 337 parameters
      layers[0]: Layer(2, 16, 'relu') of 48 parameters
      layers[1]: Layer(16, 16, 'relu') of 272 parameters
      layers[2]: Layer(16, 1, 'linear') of 17 parameters
    """

    def __init__(
        self,
        n_inputs: int,
        sizes: Sequence[int],
        activation: str = "relu",
        output: str = "linear",
        seed: Seed = None,
    ) -> None:
        if not isinstance(sizes, Sequence) or not sizes:
            raise ValueError(f"sizes is a list of at least one layer size, such as [16, 16, 1], got {sizes!r}")
        if len(sizes) > DEEPEST:
            raise ValueError(f"a network has at most {DEEPEST:,} layers, got {len(sizes):,} sizes")
        self.n_inputs = count("n_inputs", n_inputs)
        _require_affordable(n_inputs, [count(f"sizes[{i}]", size) for i, size in enumerate(sizes)])
        generator = as_generator(seed)
        activations = [activation] * (len(sizes) - 1) + [output]
        self.layers = [
            Layer(n_in, n_out, name, generator)
            for n_in, n_out, name in zip([n_inputs, *sizes], sizes, activations, strict=False)
        ]

    def __call__(self, inputs: Sequence[SupportsFloat]) -> list[Value]:
        values = as_inputs(self, inputs, self.n_inputs)
        for layer in self.layers:
            values = layer(values)
        return values

    def architecture(self, name: str = "") -> Part:
        return replace(super().architecture(name), in_order=True, note="")

    def shape(self) -> dict[str, Any]:
        """The arguments that make a network of this shape, its weights apart: ``MLP(**model.shape())``."""
        first, last = self.layers[0], self.layers[-1]
        return {
            "n_inputs": self.n_inputs,
            "sizes": [len(layer.neurons) for layer in self.layers],
            "activation": first.neurons[0].activation,
            "output": last.neurons[0].activation,
        }

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.shape().items())


def initial_deviation(activation: str, n_inputs: int, n_outputs: int) -> float:
    """The standard deviation of initial weights, which keeps signals about as large from layer to layer.

    He, √(2 / n_inputs), before relu and its kin; Xavier, √(2 / (n_inputs + n_outputs)), before all else. Sources:
    K. He et al., 2015, arXiv:1502.01852; X. Glorot and Y. Bengio, AISTATS 2010.

    >>> initial_deviation("relu", 8, 4)
    0.5
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"no activation is named {activation!r}; there are {', '.join(ACTIVATIONS)}")
    return math.sqrt(2 / (n_inputs if activation in RECTIFIERS else n_inputs + n_outputs))


def as_generator(seed: Seed) -> np.random.Generator:
    """The generator itself, or one that starts from the seed; from None, one that never starts alike."""
    if seed is None or isinstance(seed, np.random.Generator):
        return np.random.default_rng(seed)
    return np.random.default_rng(whole("seed", seed))


def _require_affordable(n_inputs: int, sizes: Sequence[int]) -> None:
    total = sum((n_in + 1) * n_out for n_in, n_out in pairwise([n_inputs, *sizes]))
    if total > LIMIT:
        raise ValueError(
            f"a network of {n_inputs} inputs and layers of {', '.join(map(str, sizes))} has {total:,} parameters, "
            f"wanted at most {LIMIT:,}: make the layers smaller"
        )


def as_inputs(module: Module, inputs: Sequence[SupportsFloat], wanted: int) -> list[Value]:
    """The inputs as Values, each number recorded as one constant however many neurons read it."""
    if isinstance(inputs, Value) or not hasattr(inputs, "__len__"):
        raise TypeError(
            f"{module.short_repr()} takes a list of {wanted} inputs, got {type(inputs).__name__}: {inputs!r}"
        )
    if len(inputs) != wanted:
        raise ValueError(f"{module.short_repr()} takes {wanted} inputs, got {len(inputs)}")
    return [x if isinstance(x, Value) else Value.constant(x) for x in inputs]
