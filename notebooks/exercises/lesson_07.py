"""Checks of lesson 7, training a network."""

from __future__ import annotations

import numpy as np

from . import UnfitAnswerError, exercise, function, near, number


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
def shuffled(answer: object) -> str | None:
    """The rows in another order, and the targets in the same one."""
    shuffle = function(answer)
    features = np.arange(60.0).reshape(30, 2)
    targets = 100.0 + features[:, 0]
    got = shuffle(features.copy(), targets.copy(), 0)
    if not isinstance(got, tuple) or len(got) != 2:
        raise UnfitAnswerError("the function returns features and targets, as a pair.")
    rows, labels = (np.asarray(part) for part in got)
    if rows.shape != (30, 2) or labels.shape != (30,):
        return f"there were 30 points and 30 targets, and it returns arrays of shape {rows.shape} and {labels.shape}."
    if not (np.isin(rows[:, 1] - rows[:, 0], 1.0).all() and np.array_equal(np.sort(rows[:, 0]), features[:, 0])):
        return "the points themselves have changed: rows move as wholes, and each is there once."
    if np.array_equal(rows, features):
        return "nothing has moved: the order is to be another one."
    together = int((labels == 100.0 + rows[:, 0]).sum())
    if together < 30:
        return (
            f"only {together} of 30 points still have their own target: points and targets go through one and the "
            "same order."
        )
    if not np.array_equal(shuffle(features.copy(), targets.copy(), 0)[0], rows):
        return "the same seed gives another order the next time: draw it from default_rng(seed)."
    if np.array_equal(shuffle(features.copy(), targets.copy(), 1)[0], rows):
        return "another seed gives the same order: draw it from default_rng(seed)."
    return None


LOSSES = [0.9, 0.7, 0.6, 0.65, 0.64, 0.5, 0.55, 0.56, 0.57, 0.1]


@exercise("7.5")
def early_stopping(answer: object) -> str | None:
    """The best epoch up to the first one after which patience was lost."""
    best_epoch = function(answer)
    cases = [
        (LOSSES, 1, 3),
        (LOSSES, 2, 3),
        (LOSSES, 3, 6),
        (LOSSES, 4, 10),
        ([1.0, 2.0, 3.0], 5, 1),
        ([3.0, 2.0, 1.0], 2, 3),
    ]
    for losses, patience, wanted in cases:
        got = number(best_epoch(list(losses), patience))
        if got == wanted:
            continue
        call = f"best_epoch({losses}, {patience}) gave {got:g}, wanted {wanted}"
        if got == wanted - 1:
            return f"{call}: epochs are counted from 1."
        if got == 1 + losses.index(min(losses)):
            return (
                f"{call}: that looks ahead. The training ended before that epoch, when there had been no lower loss "
                f"for {patience} epochs."
            )
        if got == wanted + patience:
            return f"{call}: that is the epoch at which it stops; asked for is the one with the lowest loss until then."
        return f"{call}."
    return None
