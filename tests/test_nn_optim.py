"""Optimizers against recurrences in exact or 50-digit arithmetic, written line by line as PyTorch documents them."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from autograd import Value
from nn import SGD, Adam

START = 1.5
GRADIENTS = [0.5, -1.25, 2.0, 0.0, 0.75]


def run(make):
    """The parameter after each step, where the gradients are given."""
    parameter = Value(START)
    optimizer = make([parameter])
    path = []
    for gradient in GRADIENTS:
        optimizer.zero_grad()
        (parameter * gradient).backward()
        optimizer.step()
        path.append(parameter.data)
    return path


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.5, False), (0.9, False), (0.5, True), (0.9, True)])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_sgd(momentum, nesterov, weight_decay):
    lr, mu, decay = Fraction(0.1), Fraction(momentum), Fraction(weight_decay)
    theta, buffer, wanted = Fraction(START), None, []
    for gradient in map(Fraction, GRADIENTS):
        g = gradient
        if decay:
            g = g + decay * theta
        if mu:
            buffer = g if buffer is None else mu * buffer + g
            g = g + mu * buffer if nesterov else buffer
        theta = theta - lr * g
        wanted.append(float(theta))
    got = run(lambda parameters: SGD(parameters, 0.1, momentum, nesterov, weight_decay))
    assert got == pytest.approx(wanted, rel=1e-14)


@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_adam(weight_decay):
    with mpmath.workdps(50):
        lr, b1, b2, eps = map(mpmath.mpf, (0.1, 0.8, 0.99, 1e-8))
        theta, m, v, wanted = mpmath.mpf(START), mpmath.mpf(0), mpmath.mpf(0), []
        for t, gradient in enumerate(GRADIENTS, start=1):
            g = mpmath.mpf(gradient) + mpmath.mpf(weight_decay) * theta
            m = b1 * m + (1 - b1) * g
            v = b2 * v + (1 - b2) * g**2
            m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)
            theta = theta - lr * m_hat / (mpmath.sqrt(v_hat) + eps)
            wanted.append(float(theta))
    got = run(lambda parameters: Adam(parameters, 0.1, (0.8, 0.99), weight_decay=weight_decay))
    assert got == pytest.approx(wanted, rel=1e-13)


def test_the_learning_rate_may_be_a_function_of_the_step_counted_from_0():
    seen = []

    def schedule(step):
        seen.append(step)
        return 0.1 * 0.5**step

    got = run(lambda parameters: SGD(parameters, schedule))
    steps = itertools.accumulate(0.1 * 0.5**i * g for i, g in enumerate(GRADIENTS))
    assert got == pytest.approx([START - moved for moved in steps], rel=1e-15)
    assert sorted(set(seen)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "make",
    [lambda p: SGD(p, 0.1, momentum=0.9), lambda p: SGD(p, 0.1), lambda p: Adam(p, lambda step: 0.1 / (1 + step))],
)
def test_a_restored_state_goes_on_to_the_same_bits(make):
    theta, rng = np.array([1.0, -2.0]), np.random.default_rng(0)
    gradients = rng.normal(size=(6, 2))
    whole, first = make([Value(0.0), Value(0.0)]), make([Value(0.0), Value(0.0)])
    one, other = theta, theta
    for g in gradients:
        one = whole.update(one, g)
    for g in gradients[:3]:
        other = first.update(other, g)
    second = make([Value(0.0), Value(0.0)])
    second.load_state(first.state())
    for g in gradients[3:]:
        other = second.update(other, g)
    assert second.steps == 6
    assert one.tobytes() == other.tobytes()


def test_a_foreign_state_is_refused_and_changes_nothing():
    sgd, adam = SGD([Value(0.0)], 0.1, 0.9), Adam([Value(0.0)])
    sgd.update(np.zeros(1), np.ones(1))
    for state in (adam.state(), SGD([Value(0.0), Value(0.0)], 0.1).state(), {}):
        with pytest.raises(ValueError, match="the state is that of another optimizer: wanted 'velocity'"):
            sgd.load_state(state)
    assert sgd.steps == 1
    assert sgd.state()["velocity"].tolist() == [1.0]


def test_update_leaves_its_arguments_alone():
    theta, g = np.ones(2), np.ones(2)
    Adam([Value(0.0), Value(0.0)]).update(theta, g)
    assert theta.tolist() == g.tolist() == [1.0, 1.0]


class Interrupted(Value):
    """A parameter at whose first setting the user presses Ctrl-C."""

    __slots__ = ("calls",)

    def __setattr__(self, name, value):
        if name == "data":
            self.calls = getattr(self, "calls", 0) + 1
            if self.calls == 1:
                raise KeyboardInterrupt
        super().__setattr__(name, value)


def test_an_interrupt_leaves_all_parameters_of_one_step():
    parameters = [Value(1.0), Interrupted(1.0), Value(1.0)]
    optimizer = SGD(parameters, 0.5)
    with pytest.raises(KeyboardInterrupt):
        optimizer.write(np.array([2.0, 3.0, 4.0]))
    assert [parameter.data for parameter in parameters] == [2.0, 3.0, 4.0]


W = Value(1.0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD([], 0.1), ValueError, "at least one parameter"),
        (lambda: SGD([W * 2], 0.1), TypeError, "leaf Values"),
        (lambda: SGD([1.0], 0.1), TypeError, r"leaf Values, got 1\.0"),
        (lambda: SGD([W], -0.1), ValueError, r"learning rate is -0\.1 at step 0"),
        (lambda: SGD([W], math.nan), ValueError, "learning rate is nan"),
        (lambda: SGD([W], lambda step: math.inf), ValueError, "learning rate is inf"),
        (lambda: SGD([W], 0.1, momentum=1.0), ValueError, r"momentum .* got 1\.0"),
        (lambda: SGD([W], 0.1, nesterov=True), ValueError, "nesterov needs a momentum"),
        (lambda: SGD([W], 0.1, weight_decay=-1.0), ValueError, "weight_decay"),
        (lambda: Adam([W], betas=(0.9, 1.0)), ValueError, r"betas\[1\]"),
        (lambda: Adam([W], eps=-1.0), ValueError, "eps"),
    ],
)
def test_wrong_settings_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
