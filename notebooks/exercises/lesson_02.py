"""Checks of lesson 2: the chain rule on two neurons in a row."""

from __future__ import annotations

import math

from . import exercise, near, number

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
