"""Checks of lesson 2: the chain rule on two neurons in a row."""

from __future__ import annotations

import math

from . import exercise, function, near, number, numbers

X, W1, B1, W2, B2 = 0.1, 0.15, 0.4, 0.45, 0.65
A1 = 1.0 / (1.0 + math.exp(-(W1 * X + B1)))
A2 = 1.0 / (1.0 + math.exp(-(W2 * A1 + B2)))


@exercise("2.1")
def through_the_input(answer: object) -> str | None:
    """dE/dx = dE/dz1 · dz1/dx, with T = 0.25."""
    got = number(answer)
    dz1 = -(0.25 - A2) * A2 * (1.0 - A2) * W2 * A1 * (1.0 - A1)
    if near(got, dz1 * W1, 3e-3):
        return None
    if near(got, 2.0 * dz1 * W1, 3e-3):
        return "it is twice too large: the factor 2 of the square is cancelled by the ½ of this error."
    if near(got, dz1, 3e-3):
        return "that is dE/dz1; the last factor, dz1/dx, is still missing."
    if near(got, dz1 * X, 3e-3):
        return "that is dE/dw1; z1 = w1 · x + b1, and now it is differentiated with respect to x."
    if near(got, -dz1 * W1, 3e-3):
        return "the sign is wrong: dE/da2 is −(T − a2), and a2 is larger than T."
    return "go back from E as far as z1, as for w1, and multiply by dz1/dx."


@exercise("2.2")
def another_target(answer: object) -> str | None:
    """dE/db2 = −(T − a2) · a2 (1 − a2), with T = 0.9."""
    got = number(answer)
    error = -(0.9 - A2)
    wanted = error * A2 * (1.0 - A2)
    if near(got, wanted, 3e-3):
        return None
    if near(got, -wanted, 3e-3):
        return "the sign is wrong: the output is too small now, so a larger b2 makes E smaller, and dE/db2 is negative."
    if near(got, 2.0 * wanted, 3e-3):
        return "it is twice too large: the factor 2 of the square is cancelled by the ½ of this error."
    if near(got, error, 3e-3):
        return "that is dE/da2; the slope of the sigmoid, a2 · (1 − a2), is missing."
    if near(got, wanted * A1, 3e-3):
        return "that is dE/dw2; dz2/db2 is 1."
    if near(got, -(0.25 - A2) * A2 * (1.0 - A2), 3e-3):
        return "that is for the old target, 0.25."
    return "two factors: dE/da2 = −(T − a2), and da2/dz2 = a2 · (1 − a2)."


@exercise("2.3")
def same_steps(answer: object) -> str | None:
    """Twice the gradient takes half the rate: 0.2."""
    got = number(answer)
    if near(got, 0.2):
        return None
    if near(got, 0.8):
        return "the other way round: without the ½ the gradient is twice as long, so the rate must be smaller."
    if near(got, 0.4):
        return "with the same rate the steps would be twice as long, as the gradient is."
    return "a step is rate · gradient, and without the ½ the gradient is twice as long."


START = (0.15, 0.4, 0.45, 0.65)


@exercise("2.4")
def one_step(answer: object) -> str | None:
    """Both gradients are those of the old weights."""
    step = function(answer)
    for weights, x, target, rate in ((START, 0.1, 0.25, 0.4), ((-1.0, 0.5, 2.0, -0.5), 1.5, 1.0, 3.0)):
        got = numbers(step(*weights, x, target, rate), 4)
        wanted = _stepped(weights, x, target, rate, uses_the_new=False)
        call = f"step{(*weights, x, target, rate)}"
        wrong = [k for k in range(4) if not near(got[k], wanted[k], 1e-9)]
        if not wrong:
            continue
        if all(map(near, got, _stepped(weights, x, target, rate, uses_the_new=True))):
            return (
                "w2 and b2 are right, w1 and b1 are a little off. Which w2 does the gradient of z1 go through, and "
                "which one has the network computed with?"
            )
        name = ("w1", "b1", "w2", "b2")[wrong[0]]
        return f"{call} gave {got[wrong[0]]:.6g} for {name}, wanted {wanted[wrong[0]]:.6g}."
    return None


def _stepped(
    weights: tuple[float, ...], x: float, target: float, rate: float, uses_the_new: bool
) -> tuple[float, float, float, float]:
    w1, b1, w2, b2 = weights
    a1 = 1.0 / (1.0 + math.exp(-(w1 * x + b1)))
    a2 = 1.0 / (1.0 + math.exp(-(w2 * a1 + b2)))
    dz2 = -(target - a2) * a2 * (1.0 - a2)
    dz1 = dz2 * (w2 - rate * dz2 * a1 if uses_the_new else w2) * a1 * (1.0 - a1)
    return w1 - rate * dz1 * x, b1 - rate * dz1, w2 - rate * dz2 * a1, b2 - rate * dz2


@exercise("2.5")
def by_nudging(answer: object) -> str | None:
    """The change of f for a small change of each number by itself, divided by it."""
    slopes = function(answer)

    def product(numbers: list[float]) -> float:
        x, y, z = numbers
        return x * y * y + 3.0 * z

    start, right = [2.0, 3.0, 5.0], [9.0, 12.0, 3.0]
    given = list(start)
    got = numbers(slopes(product, given), 3)
    if given != start:
        return f"the list was {start} before and is {given} after: put each number back, or nudge a copy."
    if all(near(a, b, 1e-2) for a, b in zip(got, right, strict=True)):
        return None
    return _wrong_slopes(got, right)


def _wrong_slopes(got: list[float], right: list[float]) -> str:
    call = "for f(x, y, z) = x·y² + 3z at 2, 3, 5 the slopes are 9, 12 and 3"
    if all(near(a, -b, 1e-2) for a, b in zip(got, right, strict=True)):
        return f"the signs are wrong: it is f after the nudge less f before it; {call}."
    if near(got[0], right[0], 1e-2) and near(got[1], sum(right[:2]), 1e-2):
        return f"the first nudge is still there when the second one is made: one number at a time; {call}."
    if all(abs(a) < 0.1 for a in got):
        return f"these are changes of f, not slopes: divide each by the nudge; {call}."
    if near(got[0] / right[0], got[1] / right[1], 1e-2) and near(got[0] / right[0], got[2] / right[2], 1e-2):
        return f"all of them are {got[0] / right[0]:.3g} times too large: how far apart are the two points?"
    return f"{call}; yours are {', '.join(f'{a:.4g}' for a in got)}."
