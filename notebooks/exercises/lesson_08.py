"""Checks of lesson 8, handwritten digits."""

from __future__ import annotations

import math

import numpy as np

from autograd import Value
from nn import cross_entropy

from . import exercise, function, near, number, value


@exercise("8.1")
def parameters(answer: object) -> str | None:
    """50 · (64 + 1) + 10 · (50 + 1)."""
    got = number(answer)
    if got == 3760:
        return None
    if got == 3700:
        return "you forgot the biases: each neuron, hidden or output, has one."
    if got == 3250 or got == 3200:
        return "those are the hidden layer's; the 10 outputs have weights and biases too."
    if got in (3750, 3710):
        return "all neurons have a bias, those of the hidden layer and those of the output layer."
    if got == 124:
        return "that is how many inputs and neurons there are; each neuron has a weight for each of its inputs."
    return "a neuron has one weight for each of its inputs, and a bias: add them up over 50 neurons, then over 10."


@exercise("8.2")
def recall(answer: object) -> str | None:
    """6 of the 8 in the last row."""
    got = number(answer)
    if near(got, 6 / 8):
        return None
    if near(got, 6 / 9):
        return "that is the last column: of what was read as two, the part that is one. The true twos are the last row."
    if near(got, 22 / 28):
        return "that is the accuracy over all classes; the question is about the last row alone."
    if near(got, 2 / 8):
        return "that is the part of the true twos that was read wrong."
    if near(got, 6) or near(got, 75):
        return "that is not a part of 1: divide the twos that were read right by all the twos in the last row."
    return "divide what stands on the diagonal by the sum of its row."


@exercise("8.3")
def shifted(answer: object) -> str | None:
    """About 45 in 100: a weight belongs to one pixel, and its neighbour knows nothing of it."""
    if answer not in ("nearly all", "about three in four", "half or fewer"):
        return f'choose among "nearly all", "about three in four" and "half or fewer"; got {answer!r}.'
    if answer == "half or fewer":
        return None
    return (
        "run the next cell: the network has a weight for each pixel by itself, and does not know which pixels are "
        "neighbours."
    )


@exercise("8.4")
def loss_of_logits(answer: object) -> str | None:
    """cross_entropy takes the logits, and its softmax is the only one."""
    loss_of = function(answer)
    for logits, k in (([2.0, -1.0, 0.5], 0), ([0.0, 0.0, 12.0], 2), ([0.0, 0.0, 12.0], 1)):
        leaves, target = [Value(z) for z in logits], [float(i == k) for i in range(3)]
        call = f"loss_of({logits}, {target})"
        out = value(loss_of(leaves, target), call)
        powers = [math.exp(z) for z in logits]
        chances = [power / math.fsum(powers) for power in powers]
        if near(out.data, cross_entropy([Value(p) for p in chances], target).data, 1e-9):
            return (
                f"{call} gave {out.data:.4f}, wanted {-math.log(chances[k]):.4f}: softmax is taken twice, for "
                "cross_entropy has one of its own."
            )
        if not math.isclose(out.data, -math.log(chances[k]), rel_tol=1e-6):
            return f"{call} gave {out.data:.6g}, wanted {-math.log(chances[k]):.6g}."
        out.backward()
        slopes = [z.grad if z.has_grad else 0.0 for z in leaves]
        if not all(math.isclose(g, p - t, abs_tol=1e-9) for g, p, t in zip(slopes, chances, target, strict=True)):
            return (
                f"the loss is right, but its slopes should be p − t at each logit, and they are {slopes}: is every "
                "step made of Values?"
            )
    return None


@exercise("8.5")
def among_the_first(answer: object) -> str | None:
    """The part of the rows whose class is among the k largest logits."""
    top = function(answer)
    logits = np.array([[5.0, 1.0, 3.0, 2.0], [0.0, 4.0, 3.0, 1.0], [1.0, 2.0, 3.0, 4.0], [9.0, 8.0, 7.0, 0.0]])
    classes = np.array([0, 2, 0, 3])
    for k, wanted in ((1, 0.25), (2, 0.5), (3, 0.5), (4, 1.0)):
        got = number(top(logits.copy(), classes.copy(), k))
        if near(got, wanted):
            continue
        call = f"for four rows of logits and k = {k} it gives {got:g}, wanted {wanted:g}"
        if near(got, 4 * wanted):
            return f"{call}: it counts the rows; divide by how many there are."
        lowest = np.argsort(logits, axis=1)[:, :k]
        if near(got, float((lowest == classes[:, None]).any(axis=1).mean())):
            return f"{call}: these are the smallest logits; argsort begins with them."
        if near(got, 0.25):
            return f"{call}: that is what it gives for k = 1. The right class may be any of the first k."
        return f"{call}."
    return None
