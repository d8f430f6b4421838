"""Checks of lesson 7, training a network."""

from __future__ import annotations

import math

from . import exercise, near, number


@exercise("7.1")
def steps(answer: object) -> str | None:
    """⌈1000 / 32⌉ = 32 steps an epoch, five times."""
    got = number(answer)
    if got == 160:
        return None
    if got == 155:
        return "you left out the last batch of each epoch: it has 8 points only, and makes a step too."
    if near(got, 5 * 1000 / 32):
        return "there are no parts of a step: an epoch ends in a smaller batch, so round 1000 / 32 up."
    if got == 157:
        return "batches do not reach over from one epoch into the next: round up in each epoch, then multiply."
    if got == 32:
        return "those are the steps of one epoch; there are five."
    if got == 5000:
        return "that is how many points are visited; there is one step for each batch of 32 of them."
    return "count the batches of one epoch, a smaller one at its end included, and multiply by the epochs."


@exercise("7.2")
def slope(answer: object) -> str | None:
    """σ(0) − 1."""
    got = number(answer)
    if near(got, -0.5):
        return None
    if near(got, 0.5):
        return "the sign is wrong: the slope is σ(z) − t. The loss falls as z grows, since 1 is the right class."
    if near(got, math.log(2)):
        return "that is the loss, ln 2; the slope is σ(z) − t."
    if near(got, -1.0) or near(got, -2.0):
        return "the slope is σ(z) − t, and σ(0) is not 0 but one half."
    if near(got, -0.25):
        return "no factor σ′(z) is left in it: the slope by z, not by σ(z), is just σ(z) − t."
    return "the slope is σ(z) − t, at z = 0 and t = 1."


@exercise("7.3")
def momentum(answer: object) -> str | None:
    """0.01 / (1 − 0.8)."""
    got = number(answer)
    if near(got, 0.05):
        return None
    if near(got, 5.0):
        return "that is what v grows to; a step is the learning rate times v."
    if near(got, 0.1):
        return "that would be momentum 0.9; 1 / (1 − 0.8) is 5, not 10."
    if near(got, 0.018):
        return "that is the second step, 0.01 · (1 + 0.8); the sum goes on: 1 + 0.8 + 0.8² + …"
    if near(got, 0.01):
        return "that is the first step; after it v still holds 0.8 of what it held before, and grows."
    if near(got, 0.008) or near(got, 0.0125):
        return "v sums up 1 + μ + μ² + … = 1 / (1 − μ), and μ is 0.8."
    return "v grows to g / (1 − μ), and a step is the learning rate times v."


@exercise("7.4")
def stop(answer: object) -> str | None:
    """The lowest, 0.41, is that of the fourth epoch."""
    got = number(answer)
    if got == 4:
        return None
    if got == 3:
        return "epochs are counted from 1 here: which one has the lowest loss?"
    if got == 7:
        return "the last epoch has a held-out loss of 0.60, far above the lowest."
    if near(got, 0.41):
        return "that is the lowest loss; the question is after which epoch it was reached."
    if got == 5:
        return "that is where the loss has begun to rise: the network to keep is the one before."
    return "look for the lowest held-out loss."
