"""Random networks to be drawn: of several sizes, losses and activations, held by a module or not, for samples."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd import Value, functional
from nn import MLP, Layer, Module, binary_cross_entropy, cross_entropy, mse

LOSSES: dict[str, Callable[[Sequence[Value]], Value]] = {
    "sum": functional.sum,
    "mse": lambda outputs: mse(outputs, [1.0] * len(outputs)),
    "binary": lambda outputs: binary_cross_entropy(outputs, [1.0] * len(outputs)),
    "class": lambda outputs: cross_entropy(outputs, len(outputs) // 2),
    "classes": lambda outputs: cross_entropy(outputs, [1 / len(outputs)] * len(outputs)),
}


class Held(Module):
    """A network as an attribute: every path begins with its name."""

    def __init__(self, network: MLP) -> None:
        self.head = network

    def __call__(self, x: Sequence[Any]) -> list[Value]:
        return self.head(x)


class Positive(Module):
    """Neurons of a kind of their own: their weights are computed before they meet an input."""

    def __init__(self, n_inputs: int, n_neurons: int) -> None:
        self.neurons = [PositiveNeuron(n_inputs, j) for j in range(n_neurons)]

    def __call__(self, x: Sequence[Any]) -> list[Value]:
        inputs = [Value.constant(number) for number in x]
        return [neuron(inputs) for neuron in self.neurons]


class PositiveNeuron(Module):
    def __init__(self, n_inputs: int, j: int) -> None:
        self.logs = [Value(0.1 * i - 0.2 * j) for i in range(n_inputs)]

    def __call__(self, x: Sequence[Value]) -> Value:
        a = functional.sum(log.exp() * number for log, number in zip(self.logs, x, strict=True))
        a.label = f"{self.path}.a"
        return a


@dataclass(frozen=True)
class Network:
    """A network, and what is computed with it."""

    model: Any
    sizes: Sequence[int]
    samples: Sequence[Sequence[float]]
    loss: str

    @property
    def root(self) -> Value:
        """The mean loss of the samples."""
        return functional.mean(LOSSES[self.loss](self.model(sample)) for sample in self.samples)


def random_network(seed: int) -> Network:
    """Mostly an MLP; every number that goes into it is another one, and they rise."""
    draw = random.Random(seed)
    n_inputs = draw.randint(1, 4)
    kind = draw.choice(["MLP", "MLP", "MLP", "held", "Layer", "own"])
    depth = draw.choice([1, 1, 2, 2, 3]) if kind in ("MLP", "held") else 1
    fewest = 2 if kind == "own" else 1  # what one neuron alone computes with is a part of it
    sizes = [draw.randint(fewest, 8 if depth < 3 else 5) for _ in range(depth)]
    activation = draw.choice(["tanh", "relu", "linear"])
    model: Any = {
        "MLP": lambda: MLP(n_inputs, sizes, activation, seed=seed),
        "held": lambda: Held(MLP(n_inputs, sizes, activation, seed=seed)),
        "Layer": lambda: Layer(n_inputs, sizes[0], activation, seed=seed),
        "own": lambda: Positive(n_inputs, sizes[0]),
    }[kind]()
    loss = draw.choice([*LOSSES, "classes"] if sizes[-1] > 1 else ["sum", "mse", "binary"])
    samples = [[10.0 * k + i + 2 for i in range(n_inputs)] for k in range(draw.choice([1, 1, 1, 2]))]
    return Network(model, sizes, samples, loss)
