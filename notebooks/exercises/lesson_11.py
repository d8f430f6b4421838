"""Checks of lesson 11, your own operation and your own model."""

from __future__ import annotations

import math

from autograd import Operation, grad
from nn import Module

from . import UnfitAnswerError, exercise, function, near, number, value


@exercise("11.1")
def log_cosh(answer: object) -> str | None:
    """tanh(0.5)."""
    got = number(answer)
    hints = {
        math.log(math.cosh(0.5)): "that is its value there, not its slope.",
        1.0 / math.cosh(0.5): "that is the slope of the logarithm; times that of cosh.",
        math.sinh(0.5): "that is the slope of cosh; times that of the logarithm.",
        math.tan(0.5): "cosh is not cos: it is (eˣ + e⁻ˣ) / 2.",
        -math.tan(0.5): "cosh is not cos: it is (eˣ + e⁻ˣ) / 2, and its slope is sinh, without a minus.",
        -math.tanh(0.5): "the slope of cosh is sinh, without a minus.",
    }
    if near(got, math.tanh(0.5)):
        return None
    for wrong, hint in hints.items():
        if near(got, wrong):
            return hint
    return "the chain rule has two factors: the slope of log at cosh(x), and that of cosh at x."


@exercise("11.2")
def shrinkage(answer: object) -> str | None:
    """The root of 4."""
    got = number(answer)
    hints = {
        4.0: "the sum of squares is four times as large; a standard error is the root of its inverse.",
        16.0: "that is the square of 4, and wanted is its root.",
        1.0: "each measurement is as inexact as before, but there are more of them to take the mean of.",
        0.5: "that is what is left of them: by what are they divided?",
    }
    return None if near(got, 2.0, 0.05) else hints.get(got, "think of a mean of 4 measurements instead of 1.")


@exercise("11.3")
def softsign(answer: object) -> str | None:
    """1 / (1 + abs(x)) ** 2."""
    if not isinstance(answer, Operation):
        raise UnfitAnswerError(f"the answer is an Operation, and this is a {type(answer).__name__}: {answer!r}.")
    rule = function(lambda x: answer.rule(x))
    for x in (0.5, -2.0, 30.0):
        got, partials = rule(x)
        below = 1.0 + abs(x)
        if not near(got, x / below):
            return f"its value at {x} is {got:.4f}, and should be {x / below:.4f}: the value was right before."
        if len(partials) != 1:
            return f"it has {len(partials)} partials, and one argument."
        if near(partials[0], 1.0 / below):
            return "the slope is the one it had: derive x / (1 + x), for x > 0, by the rule for quotients."
        if x < 0 and near(partials[0], 1.0 / (1.0 + x) ** 2):
            return "right for x > 0; on the other side abs is missing."
        if not near(partials[0], 1.0 / below**2):
            return f"its slope at {x} is {partials[0]:.4f}, and should be {1.0 / below**2:.4f}."
    return None


STATE = {"height": 3.0, "centre": 2.0, "width": 0.5}
WANTED = {"height": 0.5, "centre": 3.0, "width": 3.0}
"""The derivatives of y(2.5), which is 1.5, by each parameter."""


@exercise("11.4")
def resonance(answer: object) -> str | None:
    """height / (1 + ((f - centre) / width) ** 2)."""
    model = function(answer)()
    if not isinstance(model, Module):
        raise UnfitAnswerError(f"the class has Module as its base, and this one makes a {type(model).__name__}.")
    found = dict(model.named_parameters())
    if set(found) != set(STATE):
        return f"its parameters are {', '.join(STATE)}, and this one has {', '.join(found) or 'none'}."
    model.load_state_dict(STATE)
    y = value(function(model)([2.5]), "the model, called with [2.5],")
    parameters = [found[name] for name in STATE]
    slopes = dict(zip(STATE, grad(y, parameters), strict=True))
    if not near(y.data, 1.5):
        if near(y.data, 3.0):
            return "at f = centre + width it should have half its height, and there it still has all of it."
        return f"with height 3, centre 2 and width ½ it is {y.data:.4f} at 2.5, and should be 1.5: half its height."
    for name, wanted in WANTED.items():
        if not near(slopes[name], wanted):
            return (
                f"its value is right, but its slope by {name} is {slopes[name]:.4f}, and should be {wanted}: "
                "is every step made of Values?"
            )
    return None
