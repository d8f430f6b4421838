"""What the checks of lessons 1 to 5 say to right answers, and to the usual wrong ones."""

import math

import numpy as np
import pytest
from exercises import CHECKS, check, exercise

from autograd import Value


def product(a, b):
    return (a + b) * (a - b)


def neuron(xs, ws, b):
    for x, w in zip(xs, ws, strict=True):
        b = b + w * x
    return b.tanh()


def descend(cost, w, rate, steps):
    leaf, path = Value(w), [w]
    for _ in range(steps):
        leaf.zero_grad()
        cost(leaf).backward()
        leaf.data -= rate * leaf.grad
        path.append(leaf.data)
    return path


def descend_without_zeroing(cost, w, rate, steps):
    leaf, path = Value(w), [w]
    for _ in range(steps):
        cost(leaf).backward()
        leaf.data -= rate * leaf.grad
        path.append(leaf.data)
    return path


SHARED = Value(3.0), Value(2.0)
LAYERS = dict.fromkeys(("price", "digit", "photograph"), "linear")

RIGHT = [
    ("1.1", 0.5),
    ("1.1", Value(0.5)),
    ("1.2", product(*SHARED)),
    ("1.3", neuron),
    ("2.1", 0.001532),
    ("2.2", -0.03763),
    ("2.3", 0.2),
    ("3.1", 16),
    ("3.2", ["a", "b", "c", "p", "q", "r"]),
    ("3.2", ("c", "a", "q", "b", "p", "r")),
    ("3.3", 14),
    ("4.1", 0.2),
    ("4.2", 1.5),
    ("4.3", descend),
    ("5.1", 0.64),
    ("5.2", [0.25, 0.75]),
    ("5.2", np.array([0.25, 0.75])),
    ("5.2", [Value(0.25), Value(0.75)]),
    ("5.3", {"price": "linear", "digit": "softmax", "photograph": "sigmoid"}),
]

WRONG = [
    ("1.1", -0.5, "the bias is missing"),
    ("1.1", 3.5, "the second input is −1"),
    ("1.1", 2.5, "added once"),
    ("1.1", math.tanh(0.5), "asked for is z"),
    ("1.1", 7, "plus the bias"),
    ("1.1", "half", "the answer is a number, and this is a str"),
    ("1.1", True, "this is a bool"),
    ("1.2", 5.0, "remembers nothing"),
    ("1.2", Value(3.0) + 1, "holds 4"),
    ("1.2", Value(5.0), "the leaves of this graph: 5"),
    ("1.2", (Value(3.0) + Value(2.0)) * (SHARED[0] - SHARED[1]), "the leaves of this graph: 3, 2, 3, 2"),
    ("1.2", SHARED[0] * SHARED[0] - SHARED[1] * SHARED[1], "has mul, mul, sub"),
    ("1.3", Value(1.0), "hand in the function"),
    ("1.3", lambda xs, ws, b: None, "did you return"),
    ("1.3", lambda xs, ws, b: b + sum(w * x for w, x in zip(ws, xs, strict=True)), "the activation is missing"),
    ("1.3", lambda xs, ws, b: sum(w * x for w, x in zip(ws, xs, strict=True)).tanh(), "the bias is missing"),
    ("1.3", lambda xs, ws, b: sum(w * x + b for w, x in zip(ws, xs, strict=True)).tanh(), "not once for each input"),
    ("1.3", lambda xs, ws, b: (b + sum(w * x for w, x in zip(ws, xs, strict=True))).sigmoid(), "that is the sigmoid"),
    ("1.3", lambda xs, ws, b: (b + ws[0] * xs[0]).tanh(), "only the first input"),
    ("1.3", lambda xs, ws, b: b.exp(), "is asked for"),
    ("2.1", 0.003064, "twice too large"),
    ("2.1", 0.010214, "dz1/dx, is still missing"),
    ("2.1", 0.0010214, "that is dE/dw1"),
    ("2.1", -0.001532, "the sign is wrong"),
    ("2.1", 1, "go back from E"),
    ("2.2", 0.03763, "the sign is wrong"),
    ("2.2", -0.07525, "twice too large"),
    ("2.2", -0.18475, "the slope of the sigmoid"),
    ("2.2", -0.02266, "that is dE/dw2"),
    ("2.2", 0.09476, "the old target"),
    ("2.2", 3, "two factors"),
    ("2.3", 0.8, "the other way round"),
    ("2.3", 0.4, "twice as long"),
    ("2.3", 5, "rate · gradient"),
    ("3.1", 31, "every_path"),
    ("3.1", 32, "one doubling too many"),
    ("3.1", 8, "multiply"),
    ("3.1", 4, "counts steps or nodes"),
    ("3.1", 100, "the choices multiply"),
    ("3.2", "abcpqr", "a list of names"),
    ("3.2", ["a", "b", "c", "p", "q"], "missing: r"),
    ("3.2", ["a", "b", "c", "p", "q", "r", "q"], "too many: q"),
    ("3.2", ["r", "p", "q", "a", "b", "c"], "p was made from a, so a comes before it"),
    ("3.2", ["a", "b", "p", "q", "c", "r"], "q was made from c"),
    ("3.3", 7, "after one call"),
    ("3.3", 10, "the derivative of 3x is 3"),
    ("3.3", 21, "three calls"),
    ("3.3", 0, "second call adds"),
    ("4.1", 0.1, "the best rate"),
    ("4.1", 10, "that is the curvature"),
    ("4.1", 0.4, "you forgot the factor 2"),
    ("4.1", 0.25, "squared before the mean"),
    ("4.1", 3, "stays below 2/J''"),
    ("4.2", 0.5, "uphill"),
    ("4.2", 1.25, "you forgot the factor 2"),
    ("4.2", 2.0, "divide the sum over the two points"),
    ("4.2", 1.2, "multiplied by its x"),
    ("4.2", -10, "now take the step"),
    ("4.2", 9, "over the points"),
    ("4.3", [0.0], "hand in the function"),
    ("4.3", lambda cost, w, rate, steps: None, "a list of 5 numbers"),
    ("4.3", lambda cost, w, rate, steps: descend(cost, w, rate, steps)[1:], "gave 4 weights, wanted 5"),
    ("4.3", lambda cost, w, rate, steps: [Value(x) for x in descend(cost, w, rate, steps)], "gave Values"),
    ("4.3", descend_without_zeroing, "the gradient of the last step"),
    ("4.3", lambda cost, w, rate, steps: descend(cost, w, -rate, steps), "uphill"),
    ("4.3", lambda cost, w, rate, steps: descend(cost, 1.0, rate, steps), "begins with the start"),
    ("4.3", lambda cost, w, rate, steps: descend(cost, w, 2 * rate, steps), "after step 1"),
    ("5.1", 0.24, "the rule of the sigmoid"),
    ("5.1", 0.4, "the a is squared"),
    ("5.1", 0.36, "1 less that"),
    ("5.1", 1 - math.tanh(0.6) ** 2, "0.6 is a, not z"),
    ("5.1", 2, "1 − tanh²"),
    ("5.2", [0.75, 0.25], "the other way round"),
    ("5.2", [1, 3], "divide each by their sum"),
    ("5.2", [0.5, 0.75], "the sigmoid of each"),
    ("5.2", [0, 1], "e⁰ is 1"),
    ("5.2", [0.2, 0.7], "these to 0.9"),
    ("5.2", [0.4, 0.6], "is 3"),
    ("5.2", 0.25, "a list of 2 numbers"),
    ("5.2", [0.25], "this one has 1"),
    ("5.3", "softmax", "the dictionary"),
    ("5.3", LAYERS | {"price": "softsign"}, "choose among"),
    ("5.3", LAYERS | {"price": "sigmoid"}, "it lies between 0 and 1"),
    ("5.3", LAYERS | {"price": "relu"}, "never negative"),
    ("5.3", LAYERS | {"digit": "sigmoid"}, "need not sum to 1"),
    ("5.3", LAYERS | {"digit": "tanh"}, "tanh does not give probabilities"),
    ("5.3", LAYERS | {"digit": "softmax", "photograph": "softmax"}, "compete"),
    ("5.3", LAYERS | {"digit": "softmax"}, "linear does not give that"),
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


@pytest.mark.parametrize("answer", [..., [0.25, ...], {"price": ..., "digit": "softmax", "photograph": "sigmoid"}])
def test_dots_are_no_answer_yet(answer, capsys):
    check("5.2", answer)
    assert capsys.readouterr().out == "5.2 is not answered yet: put your answer in the place of the dots.\n"


@pytest.mark.parametrize("name", ["4.9", "99.1", "four", "", "4"])
def test_an_exercise_that_is_not_there(name):
    with pytest.raises(ValueError, match="there is no exercise"):
        check(name, 1.0)


def test_an_exercise_has_one_check():
    check("1.1", ...)
    with pytest.raises(ValueError, match=r"1\.1 has a check already"):
        exercise("1.1")(CHECKS["1.1"])
