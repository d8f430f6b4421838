"""Optimizers against recurrences in exact or 50-digit arithmetic, written line by line as PyTorch documents them."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from autograd import Value
from nn import MLP, SGD, Adam

START = 1.5
GRADIENTS = [0.5, -1.25, 2.0, 0.0, 0.75]


def moved(optimizer, theta, gradient):
    """The next θ, after the move there was made."""
    state = optimizer.next(optimizer.here()._replace(theta=theta), gradient)
    optimizer.move_to(state)
    return state.theta


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


def test_l1_is_the_same_pull_towards_0_wherever_a_parameter_is():
    for make in (SGD, Adam):
        pulled, plain = (make([Value(x) for x in (2.0, -0.5, 0.0)], 0.1, **l1) for l1 in ({"l1": 0.25}, {}))
        for parameter in plain.parameters:  # as the gradient of the penalty, written by hand
            parameter.grad = 1.0 + 0.25 * ((parameter.data > 0.0) - (parameter.data < 0.0))
        for parameter in pulled.parameters:
            parameter.grad = 1.0
        for optimizer in (pulled, plain):
            optimizer.step()
        assert [p.data for p in pulled.parameters] == [p.data for p in plain.parameters]
    assert pulled.settings()["l1"] == 0.25


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
        one = moved(whole, one, g)
    for g in gradients[:3]:
        other = moved(first, other, g)
    second = make([Value(0.0), Value(0.0)])
    second.load_state_dict(first.state_dict())
    for g in gradients[3:]:
        other = moved(second, other, g)
    assert second.steps == 6
    assert one.tobytes() == other.tobytes()


def test_a_foreign_state_is_refused_and_changes_nothing():
    sgd, adam = SGD([Value(0.0)], 0.1, 0.9), Adam([Value(0.0)])
    moved(sgd, np.zeros(1), np.ones(1))
    for state in (adam.state_dict(), SGD([Value(0.0), Value(0.0)], 0.1).state_dict(), {}):
        with pytest.raises(ValueError, match="the state is that of another optimizer: wanted 'velocity'"):
            sgd.load_state_dict(state)
    assert sgd.steps == 1
    assert sgd.state_dict()["velocity"].tolist() == [1.0]


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1, momentum=0.9), Adam])
def test_a_move_changes_nothing_before_it_is_made(make):
    theta, g, parameter = np.ones(1), np.ones(1), Value(5.0)
    optimizer = make([parameter])
    moved(optimizer, theta, g)
    before = optimizer.state_dict(), parameter.data
    move = optimizer.next(optimizer.here()._replace(theta=theta), g)
    assert (optimizer.state_dict(), parameter.data) == before
    assert theta.tolist() == g.tolist() == [1.0]
    optimizer.move_to(move)
    assert (optimizer.steps, parameter.data) == (2, move.theta[0])
    assert optimizer.state_dict() == {**move.memory, "steps": move.steps}


def test_a_state_that_is_nan_is_refused():
    optimizer = SGD([Value(0.0)], 0.1)
    with pytest.raises(ValueError, match="'velocity' of the state is nan"):
        optimizer.load_state_dict({"velocity": np.array([math.nan]), "steps": np.array(1.0)})
    assert optimizer.steps == 0


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1, momentum=0.9), Adam])
def test_a_parameter_that_is_listed_twice_moves_once(make):
    assert run(lambda parameters: make(parameters * 2)) == run(make)
    assert len(make([Value(0.0)] * 3).parameters) == 1


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("lr", [0.0, 0.1])
@pytest.mark.parametrize("kind", [SGD, Adam])
def test_what_is_not_finite_in_a_gradient_is_not_in_the_next_parameters(kind, lr, bad):
    """A run asks about these alone."""
    more = {SGD: {"momentum": 0.9, "nesterov": True}, Adam: {"decoupled_weight_decay": True}}[kind]
    choices = {"clip": 1.0, "l1": 0.1, "weight_decay": 0.1} | more
    for chosen in itertools.product([False, True], repeat=len(choices)):
        settings = dict(itertools.compress(choices.items(), chosen))
        if "nesterov" in settings and "momentum" not in settings:
            continue
        optimizer = kind([Value(1.0), Value(2.0)], lr, **settings)
        moved(optimizer, np.ones(2), np.ones(2))
        with np.errstate(all="ignore"):
            theta = optimizer.next(optimizer.here(), np.array([1.0, bad])).theta
        assert not np.isfinite(theta).all(), settings


class Interrupted(Value):
    """A parameter at whose first setting the user presses Ctrl-C."""

    __slots__ = ("calls",)

    def __setattr__(self, name, value):
        if name == "data":
            self.calls = getattr(self, "calls", 0) + 1
            if self.calls == 1:
                raise KeyboardInterrupt
        super().__setattr__(name, value)


def test_an_interrupt_leaves_parameters_and_memory_of_one_step():
    parameters = [Value(1.0), Interrupted(1.0), Value(1.0)]
    optimizer = SGD(parameters, 0.5)
    with pytest.raises(KeyboardInterrupt):
        moved(optimizer, np.array([2.0, 3.0, 4.0]), np.ones(3))
    assert [parameter.data for parameter in parameters] == [1.5, 2.5, 3.5]
    assert optimizer.steps == 1


W = Value(1.0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD([], 0.1), ValueError, "at least one parameter"),
        (lambda: SGD([W * 2], 0.1), TypeError, "leaf Values"),
        (lambda: SGD([1.0], 0.1), TypeError, r"leaf Values, got 1\.0"),
        (lambda: SGD(W, 0.1), TypeError, r"a list of leaf Values, such as model\.parameters\(\), got Value"),
        (lambda: SGD(MLP(1, [1]), 0.1), TypeError, "a list of leaf Values"),
        (lambda: SGD([W], -0.1), ValueError, r"the learning rate at step 0 is a finite number from 0, got -0\.1"),
        (lambda: SGD([W], math.nan), ValueError, "learning rate .* got nan"),
        (lambda: SGD([W], "a"), TypeError, "learning rate .* got 'a'"),
        (lambda: SGD([W], 10**400), ValueError, "learning rate .* got 1000"),
        (lambda: SGD([W], lambda step: math.inf), ValueError, "learning rate .* got inf"),
        (lambda: SGD([W], lambda step: None), TypeError, "learning rate .* got None"),
        (lambda: SGD([W], 0.1, momentum="a"), TypeError, "momentum .* got 'a'"),
        (lambda: SGD([W], 0.1, momentum=1.0), ValueError, r"momentum .* got 1\.0"),
        (lambda: SGD([W], 0.1, nesterov=True), ValueError, "nesterov needs a momentum"),
        (lambda: SGD([W], 0.1, weight_decay=-1.0), ValueError, "weight_decay"),
        (lambda: Adam([W], betas=(0.9, 1.0)), ValueError, r"betas\[1\]"),
        (
            lambda: Adam([W], betas=(0.9,)),
            TypeError,
            r"betas is a pair of numbers .* got \(0\.9,\)",
        ),
        (lambda: Adam([W], betas=0.9), TypeError, r"betas is a pair .* got 0\.9"),
        (lambda: Adam([W], eps=-1.0), ValueError, "eps"),
    ],
)
def test_wrong_settings_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
