"""Checks of lesson 5: activation functions."""

from __future__ import annotations

from collections.abc import Mapping

from . import UnfitAnswerError, exercise, near, number, numbers

CHOICES = ("linear", "sigmoid", "tanh", "relu", "softmax")


@exercise("5.1")
def slope_of_tanh(answer: object) -> str | None:
    """1 − 0.6² = 0.64"""
    got = number(answer)
    if near(got, 0.64):
        return None
    if near(got, 0.24):
        return "that is a (1 − a), the rule of the sigmoid; tanh has another."
    if near(got, 0.4):
        return "that is 1 − a; the a is squared."
    if near(got, 0.36):
        return "that is a²; the derivative is 1 less that."
    if near(got, 1.0 - 0.5370495669980353**2):
        return "0.6 is a, not z: no tanh is to be taken any more."
    return "the derivative of tanh is 1 − tanh², and tanh z is a."


@exercise("5.2")
def two_probabilities(answer: object) -> str | None:
    """e⁰ = 1 and e^(ln 3) = 3, so 1/4 and 3/4."""
    got = numbers(answer, 2)

    def is_near(*wanted: float) -> bool:
        return all(map(near, got, wanted))

    if is_near(0.25, 0.75):
        return None
    if is_near(0.75, 0.25):
        return "the order is the other way round: the larger logit has the larger probability."
    if is_near(1.0, 3.0):
        return "those are the exponentials; divide each by their sum, so that they sum to 1."
    if is_near(0.5, 0.75):
        return "that is the sigmoid of each by itself; they sum to 1.25, and softmax gives 1."
    if is_near(0.0, 1.0):
        return "softmax takes e to the power of each logit before it divides, and e⁰ is 1, not 0."
    if not near(sum(got), 1.0):
        return f"probabilities sum to 1, and these to {sum(got):.4g}."
    return "e to the power 0 is 1, and e to the power ln 3 is 3; divide each by their sum."


@exercise("5.3")
def output_layers(answer: object) -> str | None:
    """Linear for a number, softmax for one of several classes, sigmoids for labels that may hold together."""
    choices = list(answer.values()) if isinstance(answer, Mapping) else None
    if choices is None or len(choices) != 3:
        raise UnfitAnswerError(
            f"the answer is the dictionary with its three entries filled in, and this is {answer!r}."
        )
    if strange := [choice for choice in choices if choice not in CHOICES]:
        return f"choose among {', '.join(CHOICES)}; got {strange[0]!r}."
    wrong = (_wrong_price(choices[0]), _wrong_digit(choices[1]), _wrong_photograph(choices[2]))
    return next(filter(None, wrong), None)


def _wrong_price(choice: str) -> str | None:
    reasons = {
        "sigmoid": "it lies between 0 and 1",
        "tanh": "it lies between −1 and 1",
        "relu": "it is never negative, and a price may lie below the mean",
        "softmax": "of one output it is always 1",
    }
    return f"{choice} cannot give every price: {reasons[choice]}." if choice in reasons else None


def _wrong_digit(choice: str) -> str | None:
    if choice == "softmax":
        return None
    if choice == "sigmoid":
        return "a digit is one of ten, and ten sigmoids would not know of each other: their outputs need not sum to 1."
    return f"ten probabilities that sum to 1 are wanted, and {choice} does not give probabilities."


def _wrong_photograph(choice: str) -> str | None:
    if choice == "sigmoid":
        return None
    if choice == "softmax":
        return "softmax would make cat, dog and child compete for one probability; all three may be in the photograph."
    return f"each of the three is a yes or no, so a probability of its own; {choice} does not give that."
