"""Checks of lesson 5: activation functions."""

from __future__ import annotations

from collections.abc import Mapping

from autograd import Value
from nn import Layer

from . import UnfitAnswerError, exercise, function, near, number, numbers, value

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


@exercise("5.4")
def deadly_rate(answer: object) -> str | None:
    """The first step goes to 2 − 4η, and the last sample, x = 1.5, is silent from b = −1.5 on."""
    got = number(answer)
    hints = {
        0.625: "then the bias is −0.5 and the first sample silent, but the others still send a gradient.",
        0.75: "then the bias is −1 and the sample at 1.5 still active: one that is active is enough.",
        0.5: "then the bias is 0, which is where it should be: all three samples are active.",
        1.0: "that is the bound 2/J'' of lesson 4. The unit dies earlier: as samples fall silent, the parabola ends.",
        0.9: "that rate is deadly, but not the smallest one: it leads to −1.6, and the last sample is silent at −1.5.",
        1.75: "the first step is rate · J'(2), and J'(2) = 2 · 2 = 4.",
    }
    if near(got, 0.875):
        return None
    return next(
        (hint for slip, hint in hints.items() if near(got, slip)),
        "the first step leads to 2 − η · 4. At which bias is x + b no more than 0 for all three samples?",
    )


@exercise("5.5")
def leaky_relu(answer: object) -> str | None:
    """z above 0, and 0.1 · z below, with slopes of 1 and 0.1."""
    leaky = function(answer)
    for number_in, wanted, slope in ((3.0, 3.0, 1.0), (0.5, 0.5, 1.0), (-2.0, -0.2, 0.1), (-0.5, -0.05, 0.1)):
        z, call = Value(number_in), f"leaky({number_in})"
        out = value(leaky(z), call)
        if near(out.data, 1.1 * number_in) and number_in > 0:
            return (
                f"{call} gave {out.data:g}, wanted {wanted:g}: above 0, both terms count. The second one should be "
                "there below 0 only."
            )
        if not near(out.data, wanted):
            return f"{call} gave {out.data:g}, wanted {wanted:g}."
        out.backward()
        if not z.has_grad:
            return f"the number of {call} is right, but no gradient comes back to z: is the result made from it?"
        if not near(z.grad, slope):
            return f"the number of {call} is right, but its slope is {z.grad:g}, wanted {slope:g}."
    return None


@exercise("5.6")
def count_dead(answer: object) -> str | None:
    """The neurons that give 0 for each of the samples."""
    dead = function(answer)
    layer = Layer(2, 4, "relu", seed=0)
    rows = [(1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (1.0, 1.0, -9.0), (0.0, 0.0, -0.5)]
    for neuron, (first, second, bias) in zip(layer.neurons, rows, strict=True):
        neuron.weights[0].data, neuron.weights[1].data, neuron.bias.data = first, second, bias
    for samples, wanted in (
        ([[1.0, 2.0], [-3.0, 1.0]], 2),  # 0 and 1 fire for one sample each, 2 and 3 for none
        ([[5.0, 6.0], [-3.0, 1.0]], 1),  # 2 fires for the first one
        ([[1.0, 2.0]], 3),
    ):
        got = number(dead(layer, samples))
        call = f"dead(layer, {samples})"
        outputs = [[out.data for out in layer(sample)] for sample in samples]
        if got == wanted:
            continue
        if got == sum(any(row[k] == 0.0 for row in outputs) for k in range(4)):
            return (
                f"{call} gave {got:g}, wanted {wanted}: a neuron is dead if it is silent for every sample, not for one."
            )
        if got == 4 - wanted:
            return f"{call} gave {got:g}, wanted {wanted}: those are the ones that are alive."
        if got == sum(row[k] == 0.0 for row in outputs for k in range(4)):
            return f"{call} gave {got:g}, wanted {wanted}: that counts outputs of 0; count neurons."
        return f"{call} gave {got:g}, wanted {wanted}."
    return None
