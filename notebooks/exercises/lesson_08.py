"""Checks of lesson 8, handwritten digits."""

from __future__ import annotations

import math

from . import exercise, near, number, numbers


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
def loss(answer: object) -> str | None:
    """−ln 0.5."""
    got = number(answer)
    if near(got, math.log(2)):
        return None
    if near(got, -math.log(2)):
        return "the sign is wrong: the cross-entropy is the negative logarithm, and it is positive."
    if near(got, 1.0):
        return "that is the logarithm to base 2; it is the natural one, ln, here."
    if near(got, math.log10(2)):
        return "that is the logarithm to base 10; it is the natural one, ln, here."
    if near(got, 0.5):
        return "0.5 is the probability; the cross-entropy is its negative logarithm."
    return "it is −ln p, where p is what the right digit was given."


@exercise("8.3")
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


@exercise("8.4")
def two_probabilities(answer: object) -> str | None:
    """1 to 3."""
    got = numbers(answer, 2)
    if near(got[0], 0.25) and near(got[1], 0.75):
        return None
    if near(got[0], 0.75) and near(got[1], 0.25):
        return "they are the wrong way round: the larger logit has the larger probability."
    if not near(sum(got), 1.0, 1e-2):
        return f"probabilities add up to 1, and these to {sum(got):.4g}: divide each exponential by the sum of both."
    total = 2 + math.log(3)
    if near(got[0], 1 / total):
        return "these are the logits over their sum; softmax takes their exponentials first."
    return "the exponentials are e and 3e: what is each of them as a part of the sum?"
