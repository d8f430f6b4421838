"""The works that are measured, by their names; each is made when it is asked for."""

from collections.abc import Callable, Mapping
from functools import partial

from ..work import Work
from . import attention, convolution, digits, gpt, lennard_jones, lstm, moons, recurrences

WORKS: Mapping[str, Callable[[], Work]] = {
    "moons": moons.work,
    "digits": digits.work,
    "convolution": convolution.work,
    "attention-32": partial(attention.work, samples=32),
    "attention-1": partial(attention.work, samples=1),
    "lstm": lstm.work,
    "lennard-jones": lennard_jones.work,
    "recurrence": partial(recurrences.rnn, steps=250),
    "gpt-32": gpt.of_names,
    "gpt-1": gpt.of_one_name,
}
