"""Checks of lesson 6, the vanishing gradient."""

from __future__ import annotations

import math

from . import exercise, near, number


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
def slope_of_tanh(answer: object) -> str | None:
    """1 − a² at a = 0.99."""
    got = number(answer)
    if near(got, 1 - 0.99**2):
        return None
    if near(got, 1 - 0.99):
        return "you forgot the square: the slope of tanh is 1 − a², and a is 0.99."
    if near(got, 0.99 * (1 - 0.99)):
        return "a(1 − a) is the slope of the sigmoid; that of tanh is 1 − a²."
    if near(got, 1 - math.tanh(0.99) ** 2):
        return "0.99 is a, the neuron's output, not z: the slope is 1 − a² as it stands, without another tanh."
    return "the slope of tanh is 1 − tanh²(z), and tanh(z) is the 0.99 that is given."


@exercise("6.3")
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


@exercise("6.4")
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
