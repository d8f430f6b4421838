"""Checks of lesson 6, the vanishing gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from autograd import Value
from nn import MLP, Layer

from . import UnfitAnswerError, exercise, function, near, number, numbers


@exercise("6.1")
def bound_of_five(answer: object) -> str | None:
    """Five factors of at most 1/4, and five weights of 1."""
    got = number(answer)
    if near(got, 0.25**5):
        return None
    if near(got, 0.25**4) or near(got, 0.25**6):
        return "count the neurons: there are five of them, so five factors of σ′."
    if near(got, 5 * 0.25):
        return "the factors of the layers are multiplied, not added up."
    if near(got, 0.5**5):
        return "0.5 is the largest σ′ only if you mean σ(0): the slope there is σ(0)·(1 − σ(0)) = 0.25."
    if near(got, 0.25):
        return "that is the bound for one neuron: each of the five brings such a factor."
    return "multiply one factor for each neuron: its weight, 1, times the largest slope that σ has."


@exercise("6.2")
def he(answer: object) -> str | None:
    """√(2 / 50)."""
    got = number(answer)
    if near(got, 0.2):
        return None
    if near(got, 2 / 50):
        return "that is the variance, 2 / n; the standard deviation is its square root."
    if near(got, 50**-0.5):
        return "you forgot the 2, which makes up for the neurons that ReLU turns off."
    if near(got, 5.0):
        return "it is upside down: the more inputs a neuron has, the smaller its weights start."
    return "He's rule is √(2 / n), where n is the number of the layer's inputs."


@exercise("6.3")
def scaled(answer: object) -> str | None:
    """Five other weights lie on each path, so 3⁵."""
    got = number(answer)
    if near(got, 3**5):
        return None
    if near(got, 3**6):
        return "3⁶ is what the output grows by: the weight by which it is differentiated is not itself a factor."
    if near(got, 3 * 5) or near(got, 3 * 6):
        return "the weights on a path are multiplied with each other, so their factors are too: no sum, a power of 3."
    if near(got, 3):
        return "every path goes through all six layers, and each of the other weights on it is three times as large."
    return "how many other weights lie on each path from the input through this weight to the output?"


@exercise("6.4")
def skipping(answer: object) -> str | None:
    """a + f(a) for each layer: the numbers, and a gradient that goes both ways."""
    through = function(answer)
    layers = [Layer(2, 2, "sigmoid", seed=k) for k in range(3)]
    got, slopes = _with_slopes(lambda values: through(layers, values))
    wanted, right = _with_slopes(lambda values: _skipping(layers, values))
    cut = _with_slopes(lambda values: _skipping(layers, values, cut=True))[1]
    if len(got) != 2:
        raise UnfitAnswerError(f"the function returns a list of 2 Values, and this one has {len(got)}.")
    if not all(map(near, got, wanted)):
        return (
            f"for the inputs 0.5 and −1 it gives {got[0]:.4f} and {got[1]:.4f}, wanted {wanted[0]:.4f} and "
            f"{wanted[1]:.4f}."
        )
    if all(map(near, slopes, right)):
        return None
    if all(map(near, slopes, cut)):
        return (
            "the numbers are right, but the gradient only goes through the layers: the shortcut is a plain number, "
            "and passes nothing back."
        )
    return f"the numbers are right, but the gradient at the first input is {slopes[0]:.4g}, wanted {right[0]:.4g}."


def _with_slopes(compute: Callable[[list[Value]], Sequence[Value]]) -> tuple[list[float], list[float]]:
    inputs = [Value(0.5), Value(-1.0)]
    outputs = list(compute(inputs))
    if not all(isinstance(out, Value) for out in outputs):
        raise UnfitAnswerError("the function returns a list of Values.")
    outputs[0].backward()
    return [out.data for out in outputs], [x.grad if x.has_grad else 0.0 for x in inputs]


def _skipping(layers: Sequence[Layer], values: list[Value], cut: bool = False) -> list[Value]:
    for layer in layers:
        pairs = zip(values, layer(values), strict=True)
        values = [out + (value.data if cut else value) for value, out in pairs]
    return values


@exercise("6.5")
def signal_sizes(answer: object) -> str | None:
    """For each layer the root mean square of what its neurons give, over all samples."""
    sizes = function(answer)
    model = MLP(2, [3, 2], "tanh", output="tanh", seed=0)
    samples = [[1.0, -2.0], [0.5, 3.0], [-1.0, -1.0]]
    activations: list[list[float]] = [[], []]
    for sample in samples:
        values: list[Value] = [Value(x) for x in sample]
        for k, layer in enumerate(model.layers):
            values = layer(values)
            activations[k] += [value.data for value in values]
    right = [_root_mean_square(numbers) for numbers in activations]
    got = numbers(sizes(model, samples), 2)
    if all(map(near, got, right)):
        return None
    slips = {
        "these are mean squares: take the root.": [size**2 for size in right],
        "these are means, in which what is above 0 and what is below cancel: square first.": [
            math.fsum(numbers) / len(numbers) for numbers in activations
        ],
        "these are means of the sizes without a sign; root mean square is asked for.": [
            math.fsum(map(abs, numbers)) / len(numbers) for numbers in activations
        ],
        "the last sample alone is in it: gather the numbers of all samples before the root.": [
            _root_mean_square(numbers[-len(numbers) // 3 :]) for numbers in activations
        ],
        "the squares are summed up; divide by how many there are before you take the root.": [
            size * math.sqrt(len(numbers)) for size, numbers in zip(right, activations, strict=True)
        ],
    }
    for hint, slip in slips.items():
        if all(map(near, got, slip)):
            return hint
    if near(got[0], right[0]):
        return f"the first layer is right, the second should be {right[1]:.4g}, got {got[1]:.4g}: what does it read?"
    return f"the first layer should be {right[0]:.4g}, got {got[0]:.4g}."


def _root_mean_square(numbers: Sequence[float]) -> float:
    return math.sqrt(math.fsum(x * x for x in numbers) / len(numbers))
