"""What the checks of lesson 10 say to right answers, and to the usual wrong ones."""

import math

import numpy as np
import pytest
from exercises import check

from autograd import Value


def shifted(scores):
    largest = max(score.data for score in scores)
    powers = [(score - largest).exp() for score in scores]
    return [power / sum(powers) for power in powers]


def as_given(scores):
    powers = [score.exp() for score in scores]
    return [power / sum(powers) for power in powers]


def of_scores(scores):
    return [score / sum(scores) for score in scores]


def without_memory(scores):
    return [Value(weight.data) for weight in shifted(scores)]


def far_shifted(scores):
    powers = [(score - 5000).exp() for score in scores]
    return [power / sum(powers) for power in powers]


def chances(logits, temperature):
    powers = np.exp(np.array(logits) / temperature)
    return list(powers / powers.sum())


RIGHT = [
    ("10.1", math.log(100)),
    ("10.1", 4.605),
    ("10.2", 6496),
    ("10.3", shifted),
    ("10.4", chances),
    ("10.4", lambda logits, temperature: np.array(chances(logits, temperature))),
]

WRONG = [
    ("10.1", 2, "base 10"),
    ("10.1", math.log2(100), "base 2"),
    ("10.1", 0.01, "the surprise"),
    ("10.1", math.log(27), "with 27 signs"),
    ("10.1", 7, "minus the logarithm"),
    ("10.1", "much", "the answer is a number"),
    ("10.2", 4448, "the network within has grown"),
    ("10.2", 6240, "places are twice as many"),
    ("10.2", 5472, "one of the network's two tables"),
    ("10.2", 8384, "start from 4,192"),
    ("10.3", as_given, "nan for the scores"),
    ("10.3", far_shifted, "nan for the scores"),
    ("10.3", of_scores, "wanted 0.3127"),
    ("10.3", without_memory, "their gradient is not"),
    ("10.3", lambda scores: shifted(scores)[:1], "it gives 1 weights"),
    ("10.3", lambda scores: tuple(shifted(scores)), "returns a list of Values"),
    ("10.3", lambda: None, "ends with TypeError"),
    ("10.3", [0.5, 0.5], "the function itself"),
    ("10.4", lambda logits, temperature: chances(logits, 1.0), "makes no difference"),
    ("10.4", lambda logits, temperature: chances(logits, 1 / temperature), "divide by it"),
    ("10.4", lambda logits, temperature: [2 * p for p in chances(logits, temperature)], "1 in sum"),
    ("10.4", lambda logits, temperature: chances(logits, temperature)[::-1], "wanted"),
    ("10.4", lambda logits, temperature: [1.0], "this one has 1"),
    ("10.4", 0.5, "the function itself"),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_right_answers(name, answer, capsys):
    check(name, answer)
    assert capsys.readouterr().out == f"{name} is right. ✓\n"


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong_answers_are_told_what_is_wrong(name, answer, hint, capsys):
    check(name, answer)
    said = capsys.readouterr().out
    assert said.startswith(f"{name} is not right yet: ")
    assert hint in said
    assert said.count("\n") == 1
