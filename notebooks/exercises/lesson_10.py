"""Checks of lesson 10, a GPT."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd import Value, functional

from . import UnfitAnswerError, exercise, function, near, number, numbers


@exercise("10.1")
def no_knowledge(answer: object) -> str | None:
    """log(100)."""
    got = number(answer)
    if near(got, math.log(100)):
        return None
    if near(got, 2.0):
        return "that is the logarithm to the base 10; the loss has the natural one."
    if near(got, 6.6438561897747):
        return "that is the logarithm to the base 2; the loss has the natural one."
    if near(got, 0.01):
        return "that is the probability of each; the loss is the surprise, minus its logarithm."
    if near(got, math.log(27)):
        return "that is the loss with 27 signs; here there are 100."
    return "each sign has the probability 1/100, and the loss is minus the logarithm of what came."


@exercise("10.2")
def parameters(answer: object) -> str | None:
    """27·16 + 32·16 + 4·16² + 2·16·128 + 27·16."""
    got = number(answer)
    hints = {
        4448.0: "the places are in; the network within has grown too: two tables, each twice as large.",
        6240.0: "the network is in; there is a row for each place too, and places are twice as many.",
        5472.0: "only one of the network's two tables has grown so: the one back from 128 to 16 has as many numbers.",
    }
    if got == 6496.0:
        return None
    return hints.get(
        got, "start from 4,192: which tables have a row for each place, which a row or a column for each relu?"
    )


@exercise("10.3")
def softmax(answer: object) -> str | None:
    """The exponentials of the scores less the largest of them."""
    weights_of = function(answer)
    for scores in ([0.4, -0.2, 0.9], [1000.0, 999.0, -1000.0], [-1000.0, -1001.0], [5.0]):
        leaves = [Value(score) for score in scores]
        found = weights_of(leaves)
        if not isinstance(found, list) or not all(isinstance(weight, Value) for weight in found):
            raise UnfitAnswerError("the function returns a list of Values.")
        wanted = functional.softmax(leaves)
        if len(found) != len(wanted):
            return f"for {len(wanted)} scores it gives {len(found)} weights."
        for got, right in zip(found, wanted, strict=True):
            if math.isnan(got.data):
                return f"it gives nan for the scores {scores}: an exponential is too large, or all of them are 0."
            if not math.isclose(got.data, right.data, rel_tol=1e-9, abs_tol=1e-12):
                return f"for the scores {scores} one of the weights is {got.data:.4f}, wanted {right.data:.4f}."
        found[0].backward()
        slopes = [leaf.grad for leaf in leaves]
        first = wanted[0].data
        slopes_wanted = [first * ((i == 0) - weight.data) for i, weight in enumerate(wanted)]
        if not all(map(lambda got, right: math.isclose(got, right, abs_tol=1e-9), slopes, slopes_wanted)):
            return (
                f"the weights are right, but their gradient is not: {slopes} for the first of {scores}. Is every step "
                f"made of Values?"
            )
    return None


@exercise("10.4")
def chances(answer: object) -> str | None:
    """softmax of logits / temperature."""
    chances_of = function(answer)
    for logits, temperature in (([1.0, 2.0, 0.5], 1.0), ([1.0, 2.0, 0.5], 0.25), ([3.0, -3.0], 2.0)):
        got = numbers(chances_of(logits, temperature), len(logits))
        wanted = _softmax([logit / temperature for logit in logits])
        if all(near(a, b) for a, b in zip(got, wanted, strict=True)):
            continue
        if temperature != 1.0 and all(near(a, b) for a, b in zip(got, _softmax(logits), strict=True)):
            return "the temperature makes no difference yet."
        multiplied = _softmax([logit * temperature for logit in logits])
        if all(near(a, b) for a, b in zip(got, multiplied, strict=True)):
            return "a low temperature is to sharpen, and here it flattens: divide by it."
        if not near(math.fsum(got), 1.0):
            return f"probabilities are 1 in sum, and these are {math.fsum(got):.3f}."
        return f"for the logits {logits} at temperature {temperature} it gives {got}, wanted {wanted}."
    return None


def _softmax(logits: Sequence[float]) -> list[float]:
    powers = [math.exp(logit) for logit in logits]
    return [power / math.fsum(powers) for power in powers]
