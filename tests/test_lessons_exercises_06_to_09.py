"""What the checks of lessons 6 to 9 say to right answers, and to the usual wrong ones."""

import math

import numpy as np
import pytest
from exercises import check

from autograd import Value, compile
from nn import Layer, Neuron


def compiled(n_inputs=3, n_outputs=5, activation="tanh", declared=True):
    x = [Value(1.0) for _ in range(n_inputs)]
    outputs = Layer(n_inputs, n_outputs, activation, seed=0)(x)
    return compile(outputs, x if declared else [])


def one_bias():
    """Five neurons that share the weights of one."""
    x = [Value(1.0) for _ in range(3)]
    neuron = Neuron(3, "tanh", seed=0)
    return compile([neuron(x) for _ in range(5)], x)


RIGHT = [
    ("6.1", 0.25**5),
    ("6.1", 0.000977),
    ("6.2", 0.0199),
    ("6.3", 0.2),
    ("6.4", 243),
    ("7.1", 160),
    ("7.2", -0.5),
    ("7.3", 0.05),
    ("7.4", 4),
    ("8.1", 3760),
    ("8.2", math.log(2.0)),
    ("8.2", Value(0.5).log() * -1.0),
    ("8.3", 0.75),
    ("8.4", [0.25, 0.75]),
    ("8.4", np.array([0.25, 0.75])),
    ("9.1", [20, 100]),
    ("9.1", (20, 100)),
    ("9.2", 1.0),
    ("9.3", compiled()),
]

WRONG = [
    ("6.1", 0.25**4, "count the neurons"),
    ("6.1", 0.25**6, "count the neurons"),
    ("6.1", 1.25, "not added up"),
    ("6.1", 0.5**5, "the slope there"),
    ("6.1", 0.25, "for one neuron"),
    ("6.1", 7, "one factor for each neuron"),
    ("6.1", "small", "the answer is a number"),
    ("6.2", 0.01, "forgot the square"),
    ("6.2", 0.0099, "the slope of the sigmoid"),
    ("6.2", 1 - math.tanh(0.99) ** 2, "not z"),
    ("6.2", 1, "the 0.99 that is given"),
    ("6.3", 0.04, "the variance"),
    ("6.3", 0.141421, "forgot the 2"),
    ("6.3", 5, "upside down"),
    ("6.3", 1, "√(2 / n)"),
    ("6.4", 729, "not itself a factor"),
    ("6.4", 15, "no sum"),
    ("6.4", 3, "all six layers"),
    ("6.4", 10, "how many other weights"),
    ("7.1", 155, "the last batch of each epoch"),
    ("7.1", 156.25, "no parts of a step"),
    ("7.1", 157, "do not reach over"),
    ("7.1", 32, "of one epoch"),
    ("7.1", 5000, "how many points are visited"),
    ("7.1", 1, "count the batches"),
    ("7.2", 0.5, "the sign is wrong"),
    ("7.2", 0.6931, "that is the loss"),
    ("7.2", -1, "σ(0) is not 0"),
    ("7.2", -0.25, "no factor σ′(z)"),
    ("7.2", 3, "at z = 0"),
    ("7.3", 5, "the learning rate times v"),
    ("7.3", 0.1, "momentum 0.9"),
    ("7.3", 0.018, "the second step"),
    ("7.3", 0.01, "the first step"),
    ("7.3", 0.0125, "and μ is 0.8"),
    ("7.3", 1, "v grows to"),
    ("7.4", 3, "counted from 1"),
    ("7.4", 7, "the last epoch"),
    ("7.4", 0.41, "after which epoch"),
    ("7.4", 5, "the one before"),
    ("7.4", 1, "the lowest held-out loss"),
    ("8.1", 3700, "forgot the biases"),
    ("8.1", 3250, "the hidden layer's"),
    ("8.1", 3750, "all neurons have a bias"),
    ("8.1", 124, "inputs and neurons"),
    ("8.1", 9, "add them up"),
    ("8.2", -math.log(2.0), "the sign is wrong"),
    ("8.2", 1.0, "base 2"),
    ("8.2", 0.30103, "base 10"),
    ("8.2", 0.5, "0.5 is the probability"),
    ("8.2", 7, "−ln p"),
    ("8.3", 6 / 9, "the last column"),
    ("8.3", 22 / 28, "accuracy over all classes"),
    ("8.3", 0.25, "read wrong"),
    ("8.3", 6, "not a part of 1"),
    ("8.3", 0.1, "the diagonal"),
    ("8.4", [0.75, 0.25], "wrong way round"),
    ("8.4", [1.0, 3.0], "these to 4"),
    ("8.4", [1 / (2 + math.log(3)), (1 + math.log(3)) / (2 + math.log(3))], "the logits over their sum"),
    ("8.4", [0.4, 0.6], "e and 3e"),
    ("8.4", 0.25, "a list of 2 numbers"),
    ("9.1", [100, 20], "the other way round"),
    ("9.1", [20, 30], "that is W alone"),
    ("9.1", [30, 100], "that is x"),
    ("9.1", [1, 1], "rows of the left factor"),
    ("9.1", [20, 30, 100], "this one has 3"),
    ("9.2", [0.1, 0.2, 0.3, 0.4], "one number"),
    ("9.2", 0.25, "once too often"),
    ("9.2", 4, "nothing is left to multiply"),
    ("9.2", 3, "added up"),
    ("9.3", Layer(3, 5, "tanh"), "this is a Layer"),
    ("9.3", Layer(3, 5, "tanh")([1.0, 2.0, 3.0]), "not yet compiled"),
    ("9.3", compiled(declared=False), "Name the inputs"),
    ("9.3", compiled(n_inputs=4), "cannot be called"),
    ("9.3", compiled(n_outputs=4), "5 outputs for each"),
    ("9.3", one_bias(), "it has 4 parameters"),
    ("9.3", compiled(activation="relu"), "beyond 1"),
    ("9.3", compiled(activation="sigmoid"), "far from 0"),
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
