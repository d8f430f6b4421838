"""The trainer: exact steps, where it stops, what it keeps, and runs that are killed and go on to the same bits."""

import gc
import io
import math
import os
import random
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from extensive import further

from autograd import Value, detect_anomaly, no_grad
from nn import (
    MLP,
    SGD,
    Adam,
    DivergenceError,
    FileFormatError,
    History,
    Trainer,
    binary_cross_entropy,
    cross_entropy,
    hinge,
    mse,
)
from nn.fit.agreement import disagreement, evaluation
from nn.fit.evaluation import Evaluation
from nn.fit.plan import Plan
from nn.fit.run import Run
from nn.fit.samples import Samples

X = [[-1.0], [0.0], [1.0], [2.0]]
T = [-1.0, 1.0, 3.0, 5.0]  # 2x + 1


def line_trainer(lr=0.1, seed=0):
    model = MLP(1, [1], seed=seed)
    return Trainer(model, mse, SGD(model.parameters(), lr))


def test_a_step_follows_the_gradient_of_the_mean_loss_of_the_batch():
    trainer = line_trainer()
    w, b = (parameter.data for parameter in trainer.model.parameters())
    x, t = np.array(X)[:, 0], np.array(T)
    error = w * x + b - t
    history = trainer.fit(X, T, epochs=1, batch_size=4)
    assert history.losses == [pytest.approx(np.mean(error**2), rel=1e-14)]
    wanted = [w - 0.1 * np.mean(2 * error * x), b - 0.1 * np.mean(2 * error)]
    assert [parameter.data for parameter in trainer.model.parameters()] == pytest.approx(wanted, rel=1e-14)


def test_the_last_batch_may_be_smaller():
    trainer = line_trainer()
    trainer.fit(X, T, epochs=2, batch_size=3)
    assert trainer.optimizer.steps == 4


def test_each_epoch_visits_every_sample_once_in_an_order_of_its_own():
    model, visits = MLP(1, [1], seed=0), []

    def loss(outputs, targets):
        visits.append(targets[0])
        return mse(outputs, targets)

    Trainer(model, loss, SGD(model.parameters(), 0.01)).fit(X * 4, range(16), epochs=2, batch_size=5, compiled=False)
    first, second = visits[-32:-16], visits[-16:]  # before them, the loss is asked about every kind of target
    assert sorted(first) == sorted(second) == list(range(16))
    assert first != second != list(range(16))


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    def run(seed):
        trainer = line_trainer()
        return trainer.fit(X, T, epochs=3, batch_size=2, seed=seed), trainer.model.state_dict()

    assert run(5) == run(5)
    assert run(5) != run(6)


def test_it_stops_when_the_loss_is_below_the_tolerance():
    history = line_trainer().fit(X, T, epochs=1000, batch_size=4, tolerance=1e-6)
    assert history.losses[-1] < 1e-6 <= history.losses[-2]


def test_the_loss_of_held_out_samples_is_recorded():
    trainer = line_trainer()
    history = trainer.fit(X, T, epochs=3, held_out=([[3.0], [4.0]], [7.0, 9.0]))
    w, b = (parameter.data for parameter in trainer.model.parameters())
    assert len(history.held_out_losses) == 3
    assert history.held_out_losses[-1] == pytest.approx(((3 * w + b - 7) ** 2 + (4 * w + b - 9) ** 2) / 2, rel=1e-14)


def test_losses_that_are_too_large_to_add_have_an_infinite_mean():
    trainer = line_trainer(lr=0.0)
    history = trainer.fit(X, T, epochs=1, held_out=([[0.0]] * 4, [1.2e154] * 4))
    assert history.held_out_losses == [math.inf]


def test_training_leaves_the_collector_as_it_was():
    for turn in (gc.disable, gc.enable):
        turn()
        before = gc.isenabled()
        line_trainer().fit(X, T, epochs=1)
        assert gc.isenabled() is before


# ---- what it refuses


@pytest.mark.parametrize(
    ("inputs", "targets", "settings", "message"),
    [
        ([], [], {}, "inputs are rows of numbers, and at least one row"),
        ([1.0, 2.0], [1.0, 2.0], {}, r"inputs are rows of numbers.* shape \(2,\)"),
        ([[1.0], [1.0, 2.0]], T, {}, "inputs are rows of numbers, all of one length"),
        ([["a"]], [1.0], {}, "inputs are rows of numbers"),
        ([[1.0], [math.nan]], [1.0, 2.0], {}, "got nan in row 1, column 0"),
        ([[1.0], [2.0]], [1.0, math.inf], {}, "targets are finite numbers, got inf in row 1"),
        (X, T[:3], {}, "got 4 and 3 rows"),
        ([[1.0, 2.0]], [1.0], {}, "takes 1 inputs, got 2"),
        ([[1.0]], [[1.0, 2.0]], {}, "got 2 for 1 outputs"),
        (X, T, {"epochs": 0}, "epochs is a whole number from 1, got 0"),
        (X, T, {"batch_size": 2.5}, r"batch_size .* got 2\.5"),
        (X, T, {"tolerance": -1.0}, r"tolerance .* got -1\.0"),
        (X, T, {"tolerance": math.nan}, "tolerance .* got nan"),
        (X, T, {"seed": -1}, "seed .* got -1"),
        (X, T, {"held_out": ([], [])}, "inputs are rows of numbers, and at least one row"),
        (X, T, {"held_out": ([[1.0, 2.0]], [1.0])}, "held_out has 2 inputs and 1 targets a row, wanted 1 and 1"),
        (X, T, {"held_out": (X, [[1.0, 2.0]] * 4)}, "held_out has 1 inputs and 2 targets a row"),
    ],
)
def test_wrong_data_and_settings_are_refused_before_anything_changes(inputs, targets, settings, message):
    trainer = line_trainer()
    before = trainer.model.state_dict()
    with pytest.raises(ValueError, match=message):
        trainer.fit(inputs, targets, **settings)
    assert trainer.model.state_dict() == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": "a"}, "epochs .* got 'a'"),
        ({"tolerance": "a"}, "tolerance .* got 'a'"),
        ({"seed": None}, "seed .* got None"),
        ({"held_out": [X]}, r"held_out is a pair \(inputs, targets\), got"),
        ({"held_out": np.zeros((2, 1))}, "held_out is a pair"),
    ],
)
def test_settings_of_a_wrong_kind_are_refused(settings, message):
    with pytest.raises(TypeError, match=message):
        line_trainer().fit(X, T, **settings)


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("wrong", [3, "mse"])
def test_a_trainer_of_wrong_parts_is_refused(position, wrong):
    model = MLP(1, [1])
    parts = [model, mse, SGD(model.parameters(), 0.1)]
    parts[position] = wrong
    with pytest.raises(TypeError, match=f"^{['model', 'loss', 'optimizer'][position]} is an? .* got {wrong!r}"):
        Trainer(*parts)


def test_an_optimizer_of_another_model_is_refused():
    with pytest.raises(ValueError, match="parameters that the model lacks"):
        Trainer(MLP(1, [1]), mse, SGD(MLP(1, [1]).parameters(), 0.1))


# ---- when the loss becomes infinite, or the user stops it


def test_a_diverging_run_says_at_which_step_and_keeps_the_last_finite_parameters():
    trainer = line_trainer(lr=1e200)
    with pytest.raises(DivergenceError, match=r"the loss became inf at step 2 \(epoch 2\), with learning rate 1e\+200"):
        trainer.fit(X, T, epochs=10, batch_size=4)
    assert all(math.isfinite(parameter.data) for parameter in trainer.model.parameters())


def test_parameters_that_would_become_infinite_are_not_written():
    trainer = line_trainer(lr=1e308)

    def state():
        return trainer.model.state_dict(), {
            name: array.tolist() for name, array in trainer.optimizer.state_dict().items()
        }

    before = state()
    with pytest.raises(DivergenceError, match="the parameters became infinite or nan at step 1") as caught:
        trainer.fit(X, np.array(T) * 100, epochs=10, batch_size=4)
    assert state() == before
    assert (caught.value.step, caught.value.history) == (1, History(metric="r2"))


class Deaf(SGD):
    """A rule that makes finite parameters of any gradient."""

    def rule(self, state, g, lr):
        return state.theta - lr * np.sign(np.nan_to_num(g)), state.memory


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, 0.1),
        lambda p: SGD(p, 0.0),
        lambda p: SGD(p, 0.1, 0.9, nesterov=True, weight_decay=0.1, clip=1.0, l1=0.1),
        lambda p: Adam(p, 0.1),
        lambda p: Adam(p, 0.0, weight_decay=0.1, decoupled_weight_decay=True, clip=1.0),
        lambda p: Deaf(p, 0.1),
    ],
)
def test_a_gradient_of_nan_is_not_followed(make):
    model = MLP(1, [1], seed=0)
    before = model.state_dict()
    trainer = Trainer(model, lambda outputs, targets: (outputs[0] - outputs[0]).sqrt(), make(model.parameters()))
    with pytest.raises(DivergenceError, match="the gradient became infinite or nan at step 1"):
        trainer.fit(X, T)
    assert model.state_dict() == before


def test_an_interrupt_leaves_the_parameters_of_the_last_step():
    model, states, calls = MLP(1, [1], seed=0), [], 0

    def loss(outputs, targets):
        nonlocal calls
        calls += 1
        if calls % 2:
            states.append(model.state_dict())  # as each step begins
        if calls == 8:
            raise KeyboardInterrupt
        return mse(outputs, targets)

    with pytest.raises(KeyboardInterrupt):
        Trainer(model, loss, SGD(model.parameters(), 0.1)).fit(X, T, epochs=10, batch_size=2, compiled=False)
    assert model.state_dict() == states[-1] != states[-2]
    assert gc.isenabled()


def test_an_interrupt_between_compiled_steps_leaves_the_parameters_of_the_last():
    def rate(step):
        if step == 5:
            raise KeyboardInterrupt
        return 0.1

    model = MLP(1, [1], seed=0)
    optimizer = SGD(model.parameters(), rate, momentum=0.5)
    with pytest.raises(KeyboardInterrupt):
        Trainer(model, mse, optimizer).fit(X, T, epochs=10, batch_size=1)

    wanted = MLP(1, [1], seed=0)
    by_hand = SGD(wanted.parameters(), 0.1, momentum=0.5)
    orders = [np.random.default_rng([0, epoch]).permutation(4) for epoch in range(2)]
    for row in np.concatenate(orders)[:5]:
        by_hand.zero_grad()
        mse(wanted(X[row]), [T[row]]).backward()
        by_hand.step()
    assert optimizer.steps == 5
    assert list(model.state_dict().values()) == pytest.approx(list(wanted.state_dict().values()), rel=1e-12)


# ---- compiled and eager


@pytest.mark.parametrize("loss", [mse, hinge, binary_cross_entropy, cross_entropy], ids=lambda loss: loss.__name__)
@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.05, momentum=0.9), lambda p: Adam(p, 0.01)], ids=["sgd", "adam"])
def test_compiled_and_eager_give_the_same_curve(loss, make):
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(20, 3))
    classes = (inputs.sum(axis=1) > 0).astype(int)
    targets = {mse: inputs[:, :2], hinge: 2 * np.eye(2)[classes] - 1}.get(loss, np.eye(2)[classes])

    def run(compiled):
        model = MLP(3, [6, 2], "tanh", seed=1)
        trainer = Trainer(model, loss, make(model.parameters()))
        held_out = (inputs[:5], targets[:5])
        history = trainer.fit(inputs, targets, epochs=8, batch_size=6, compiled=compiled, held_out=held_out)
        return history, list(model.state_dict().values())

    (fast, weights), (slow, wanted) = run(True), run(False)
    assert fast.losses == pytest.approx(slow.losses, rel=1e-9)
    assert fast.held_out_losses == pytest.approx(slow.held_out_losses, rel=1e-9)
    assert weights == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert fast.losses[-1] < fast.losses[0]


def test_some_of_the_parameters_in_an_order_of_ones_own():
    def run(compiled):
        model = MLP(1, [3, 1], "tanh", seed=0)
        chosen = model.parameters()[::-1][::2]
        Trainer(model, mse, SGD(chosen, 0.1)).fit(X, T, epochs=5, batch_size=2, compiled=compiled)
        return list(model.state_dict().values())

    start = list(MLP(1, [3, 1], "tanh", seed=0).state_dict().values())
    after = run(True)
    assert after == pytest.approx(run(False), rel=1e-9)
    assert [a == b for a, b in zip(after, start, strict=True)] == [i % 2 == 0 for i in range(len(start))]


def number(x):
    return x.data if isinstance(x, Value) else x


class Branching(MLP):
    def __call__(self, inputs):
        out = super().__call__(inputs)
        return [out[0] if number(inputs[0]) > 0 else out[0] * 2]


class NumbersOnly(MLP):
    def __call__(self, inputs):
        return super().__call__([math.sqrt(number(x) * number(x)) for x in inputs])


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(Branching, "in number: `return x.data"), (NumbersOnly, "in number: `return x.data")],
)
def test_what_cannot_be_compiled_is_trained_eagerly_and_said_once(kind, reason):
    def run(compiled):
        model = kind(1, [2, 1], "tanh", seed=0)
        return Trainer(model, mse, SGD(model.parameters(), 0.1)).fit(X, T, epochs=3, compiled=compiled)

    with pytest.warns(RuntimeWarning, match=f"the loss cannot be compiled: .*({reason}).*compiled=False") as said:
        history = run(True)
    assert len(said) == 1
    assert history == run(False)


def huber(outputs, targets):
    error = outputs[0] - targets[0]
    return 0.5 * error**2 if abs(error.data) <= 1 else abs(error) - 0.5


def line_with_outliers():
    inputs = np.linspace(-1, 1, 101)[:, np.newaxis]
    targets = 0.5 * inputs[:, 0]
    targets[[20, 45, 70]] += 50.0  # not among rows that are evenly spaced
    return inputs, targets


class Normed(MLP):
    """Weights of length 1, by a norm that the graph does not have."""

    def __call__(self, inputs):
        norm = math.sqrt(sum(p.data**2 for p in self.parameters()))
        return [out / norm for out in super().__call__(inputs)]


class Signed(MLP):
    """Another graph once its bias is negative."""

    def __call__(self, inputs):
        (out,) = super().__call__(inputs)
        return [out if self.layers[0].neurons[0].bias.data >= 0.0 else 3.0 * out]


@pytest.mark.parametrize(
    ("kind", "loss", "data"),
    [(MLP, huber, line_with_outliers()), (Normed, mse, (X, np.tanh(T)))],
    ids=["huber", "norm"],
)
def test_what_looks_at_data_of_few_samples_or_parameters_is_trained_eagerly(kind, loss, data):
    def run(compiled):
        model = kind(1, [1], seed=0)
        history = Trainer(model, loss, SGD(model.parameters(), 0.1)).fit(*data, epochs=20, compiled=compiled)
        return history, model.state_dict()

    with pytest.warns(RuntimeWarning, match="cannot be compiled: .*(branches on|another graph|reads a number)"):
        after = run(True)
    assert after == run(False)


def changed_midway(**settings):
    """A training whose loss becomes another one after step 5, in a way that no recorded graph shows."""
    model = MLP(1, [2, 1], "tanh", seed=0)
    optimizer = SGD(model.parameters(), 0.05)
    trainer = Trainer(model, lambda y, t: (1.0 if optimizer.steps < 5 else 4.0) * mse(y, t), optimizer)
    return trainer, trainer.fit(X, T, batch_size=4, held_out=(X, T), record=True, **settings)


@pytest.mark.parametrize(("epochs", "back"), [(20, 4), (7, 4), (8, 4)])
def test_a_loss_that_changes_puts_back_the_last_agreement_and_goes_on_eagerly(epochs, back):
    message = (
        rf"after epoch {min(8, epochs)} the compiled loss is no longer .* went back to epoch {back}, .*compiled=False"
    )
    with pytest.warns(RuntimeWarning, match=message) as said:
        trainer, history = changed_midway(epochs=epochs)
    other, eager = changed_midway(epochs=epochs, compiled=False)
    assert len(said) == 1
    assert said[0].filename == __file__
    assert history.losses == pytest.approx(eager.losses, rel=1e-9)
    assert history.held_out_losses == pytest.approx(eager.held_out_losses, rel=1e-9)
    assert history.metrics == pytest.approx(eager.metrics, rel=1e-9)
    assert list(trainer.model.state_dict().values()) == pytest.approx(list(other.model.state_dict().values()), rel=1e-9)
    assert not history.is_compiled
    assert [moment.epoch for moment in history.recording.moments] == list(range(epochs + 1))


def test_a_graph_that_hangs_on_a_parameter_is_trained_as_it_is_written():
    def run(compiled):
        model = Signed(1, [1], seed=0)
        model.layers[0].neurons[0].bias.data = 0.625
        trainer = Trainer(model, lambda outputs, targets: outputs[0], SGD(model.parameters(), 0.25))  # the bias falls
        return trainer.fit([[1.0]], [0.0], epochs=20, compiled=compiled), model.state_dict()

    with pytest.warns(RuntimeWarning, match=r"compiled"):
        history, state = run(True)
    eager, wanted = run(False)
    assert list(state.values()) == pytest.approx(list(wanted.values()), rel=1e-12)
    assert history.losses == pytest.approx(eager.losses, rel=1e-12)


def test_a_divergence_that_only_the_program_has_goes_back_too():
    """The program multiplies by a number that was 1e300 while it was recorded."""
    factor = [1e160]

    def rate(step):
        factor[0] = 1.0
        return 0.01

    model = MLP(1, [1], seed=0)
    trainer = Trainer(model, lambda y, t: factor[0] * mse(y, t) * factor[0], SGD(model.parameters(), rate))
    factor[0] = 1e160
    with pytest.warns(RuntimeWarning, match="after epoch 0 the compiled loss is no longer"):
        history = trainer.fit(X, T, epochs=3)
    assert history.epochs == 3
    assert all(map(math.isfinite, history.losses))


@pytest.mark.parametrize("stop", [2, 5, 7])
def test_a_run_that_went_back_goes_on_after_a_kill_to_the_same_bits(tmp_path, stop):
    def run(path, epochs):
        with warnings.catch_warnings(action="ignore"):  # said where it happens, not again after the kill
            trainer, history = changed_midway(epochs=epochs, checkpoint=tmp_path / path)
        return history, trainer.model.state_dict()

    whole = run("whole.npz", 12)
    run("parts.npz", stop)
    assert run("parts.npz", 12) == whole


def overflowed(epochs, checkpoint=None, compiled=True, changes=True, mask=0.0):
    """A training in which the squares that Adam carries are inf, beside a leaf of the model that is not trained."""
    model = MLP(1, [2, 1], "tanh", seed=0)
    optimizer = Adam(model.parameters(), 0.05)
    model.mask = Value(mask)
    scale = lambda: 4e155 if changes and optimizer.steps >= 5 else 1e155  # noqa: E731
    with warnings.catch_warnings(action="ignore"):
        history = Trainer(model, lambda y, t: scale() * mse(y, t), optimizer).fit(
            X, T, batch_size=4, epochs=epochs, compiled=compiled, checkpoint=checkpoint
        )
    return history, model.state_dict(), optimizer.state_dict()


@pytest.mark.parametrize("mask", [0.0, -math.inf])
def test_what_is_infinite_and_carried_along_does_not_end_a_training_that_goes_back(mask):
    history, state, carried = overflowed(12, mask=mask)
    eager, wanted, _ = overflowed(12, compiled=False, mask=mask)
    assert np.isinf(carried["square"]).any()
    assert not history.is_compiled
    assert history.losses == pytest.approx(eager.losses, rel=1e-9)
    assert list(state.values()) == pytest.approx(list(wanted.values()), rel=1e-9)


def test_what_is_infinite_and_carried_along_goes_on_from_a_checkpoint(tmp_path):
    overflowed(4, tmp_path / "run.npz", changes=False)
    history, state, carried = overflowed(9, tmp_path / "run.npz", changes=False)
    whole, wanted, as_carried = overflowed(9, changes=False)
    assert np.isinf(carried["square"]).any()
    assert (history.losses, state) == (whole.losses, wanted)
    assert all((carried[name] == as_carried[name]).all() for name in carried)


def test_a_comparison_leaves_parameters_and_their_gradients_alone():
    model = MLP(1, [2, 1], "tanh", seed=0)
    mse(model(X[0]), T[:1]).backward()
    before = [(parameter.data, parameter.grad) for parameter in model.parameters()]
    samples = Samples.checked(X, T)
    found, reason = evaluation(model, mse, model.parameters(), samples)
    assert found.is_compiled
    assert reason is None
    assert disagreement(Evaluation(model, mse, model.parameters()), found, samples) is None
    assert [(parameter.data, parameter.grad) for parameter in model.parameters()] == before


@pytest.mark.parametrize("scale", [1e-6, *further(1.0), 1e6])
def test_rounding_of_a_perfect_fit_is_no_disagreement(scale):
    inputs = np.random.default_rng(0).normal(size=(16, 8))  # sums of eight run in another order in a program
    targets = scale * inputs @ np.arange(8.0)
    model = MLP(8, [1], seed=0)
    trainer = Trainer(model, mse, SGD(model.parameters(), 0.1))
    for _ in range(2):
        history = trainer.fit(inputs, targets, epochs=2048, batch_size=16)
    assert history.losses[-1] < 1e-25 * scale**2


def test_an_error_of_the_loss_itself_is_raised_as_it_is():
    model = MLP(1, [2], seed=0)
    with pytest.raises(ValueError, match=r"hinge: target 0 is 0\.5"):
        Trainer(model, hinge, SGD(model.parameters(), 0.1)).fit(X, [[0.5, 1.0]] * 4)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_target_that_the_loss_refuses_is_found_in_whatever_row_it_is(compiled):
    model = MLP(1, [1], seed=0)
    trainer = Trainer(model, hinge, SGD(model.parameters(), 0.1))
    with pytest.raises(ValueError, match=r"hinge: target 0 is 0\.5"):
        trainer.fit(X * 10, [1.0] * 17 + [0.5] + [-1.0] * 22, epochs=1, compiled=compiled)
    assert model.state_dict() == MLP(1, [1], seed=0).state_dict()


@pytest.mark.parametrize("result", [3.0, None, "a"])
def test_a_loss_that_is_no_value_is_named(result):
    model = MLP(1, [1], seed=0)
    with pytest.raises(TypeError, match=f"the loss is a Value made from the outputs, got {type(result).__name__}"):
        Trainer(model, lambda outputs, targets: result, SGD(model.parameters(), 0.1)).fit(X, T)


def test_training_within_no_grad_is_refused():
    with no_grad(), pytest.raises(ValueError, match="within no_grad would learn nothing"):
        line_trainer().fit(X, T)


def test_an_anomaly_is_looked_for_in_training_too():
    model = MLP(1, [1], seed=0)
    trainer = Trainer(model, lambda outputs, targets: (outputs[0] * 0).log(), SGD(model.parameters(), 0.1))
    with detect_anomaly(), pytest.raises(FloatingPointError, match="log gave -inf"):
        trainer.fit(X, T)


# ---- what a program cannot know of


def test_a_loss_that_draws_random_numbers_is_trained_eagerly():
    model, generator = MLP(1, [1], seed=0), random.Random(0)
    trainer = Trainer(model, lambda y, t: generator.random() * mse(y, t), SGD(model.parameters(), 0.01))
    with pytest.warns(RuntimeWarning, match="the loss of row 0, recorded again, is another graph"):
        trainer.fit(X, T, epochs=1)


class Tied(MLP):
    """A model that lists some of its parameters twice."""

    def parameters(self):
        return [*super().parameters()[:2], *super().parameters()]


@pytest.mark.parametrize("compiled", [True, False])
def test_a_parameter_that_is_listed_twice_is_trained_as_if_once(compiled):
    def run(kind):
        model = kind(1, [3, 1], "tanh", seed=0)
        trainer = Trainer(model, mse, SGD(model.parameters(), 0.05, momentum=0.5))
        history = trainer.fit(X, T, epochs=3, batch_size=2, compiled=compiled, record=True)
        return history, model.state_dict(), history.film().html

    assert run(Tied) == run(MLP)


# ---- a user's code within a step


def clip(numbers):
    return [max(-0.5, min(0.5, number)) for number in numbers]


class Clipped(SGD):
    def rule(self, state, g, lr):
        if self.parameters[0].has_grad:  # the numbers of the step are there to be seen
            assert g.tolist() == [parameter.grad for parameter in self.parameters]
            assert state.theta.tolist() == [parameter.data for parameter in self.parameters]
        return super().rule(state, np.array(clip(g)), lr)


def by_hand(model, optimizer, epochs, batch_size):
    """What ``fit`` does, as everyone writes it."""
    for epoch in range(epochs):
        order = np.random.default_rng([0, epoch]).permutation(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            model.zero_grad()
            for row in rows:
                mse(model(X[row]), [T[row]]).backward(seed=1 / len(rows))
            optimizer.step()


@pytest.mark.parametrize("compiled", [True, False])
def test_an_optimizer_of_a_users_class_moves_parameters_its_own_way(compiled):
    models = [MLP(1, [2, 1], "tanh", seed=0) for _ in range(3)]
    for model, kind in zip(models, (Clipped, Clipped, SGD), strict=True):
        optimizer = kind(model.parameters(), 0.1, 0.9)
        if model is models[0]:
            Trainer(model, mse, optimizer).fit(X, T, epochs=3, batch_size=2, compiled=compiled)
        else:
            by_hand(model, optimizer, 3, 2)
        assert optimizer.steps == 6
    trained, wanted, unclipped = (list(model.state_dict().values()) for model in models)
    assert trained == pytest.approx(wanted, rel=1e-9)
    assert trained != pytest.approx(unclipped, rel=1e-3)


class Stepping(SGD):
    def step(self):
        super().step()


def test_a_step_of_ones_own_is_refused_as_it_would_not_be_made():
    model = MLP(1, [1], seed=0)
    patched = SGD(model.parameters(), 0.1)
    patched.step = lambda: None
    for optimizer in (Stepping(model.parameters(), 0.1), patched):
        with pytest.raises(TypeError, match="has a step of its own"):
            Trainer(model, mse, optimizer)


def seen_by_a_rate(train):
    """What a learning rate that is a function finds in the model at each step."""
    model, seen = MLP(1, [2, 1], "tanh", seed=0), []

    def rate(step):
        seen.append([step, optimizer.steps, *model.state_dict().values(), *(p.grad for p in model.parameters())])
        return 0.1 if step < 3 else 0.05

    optimizer = SGD(model.parameters(), 0.1, 0.9)
    optimizer.lr = rate
    train(model, optimizer)
    return np.array(seen)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_learning_rate_that_is_a_function_sees_what_it_would_in_a_loop_by_hand(compiled):
    got = seen_by_a_rate(
        lambda model, optimizer: Trainer(model, mse, optimizer).fit(X, T, epochs=3, batch_size=2, compiled=compiled)
    )
    wanted = seen_by_a_rate(lambda model, optimizer: by_hand(model, optimizer, 3, 2))
    assert got.shape == wanted.shape == (6, 2 + 2 * 7)
    assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert len(set(got[:, 2])) == 6


@pytest.mark.parametrize("compiled", [True, False])
def test_a_rate_that_is_asked_for_as_training_diverges_sees_the_last_step(compiled):
    model, seen = MLP(1, [1], seed=0), []

    def rate(step):
        seen.append(model.state_dict())
        return 1e200

    with pytest.raises(DivergenceError, match="the loss became inf at step 2"):
        Trainer(model, mse, SGD(model.parameters(), rate)).fit(X, T, epochs=2, batch_size=2, compiled=compiled)
    assert seen[-1] == model.state_dict() != seen[-2]


class Counting(Value):
    """A parameter that counts how often its data are set."""

    __slots__ = ("writes",)

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "data":
            self.writes = getattr(self, "writes", 0) + 1


@pytest.mark.parametrize(("lr", "more"), [(0.1, 0), (lambda step: 0.1, 3)], ids=["number", "function"])
def test_parameters_are_set_at_each_step_only_if_someone_may_look(lr, more):
    def writes(batch_size):
        model = MLP(1, [1], seed=0)
        model.layers[0].neurons[0].bias = Counting(0.0)
        Trainer(model, mse, SGD(model.parameters(), lr)).fit(X, T, epochs=1, batch_size=batch_size)
        return model.layers[0].neurons[0].bias.writes

    assert writes(1) == writes(4) + more


@pytest.mark.parametrize("compiled", [True, False])
def test_a_constant_of_the_loss_that_changes_within_a_step_counts_from_the_next(compiled):
    factor, model = Value(1.0), MLP(1, [1], seed=0)

    def rate(step):
        factor.data = 1.0 + step
        return 0.01

    trainer = Trainer(model, lambda y, t: factor * mse(y, t), SGD(model.parameters(), rate))
    trainer.fit(X, T, epochs=1, batch_size=1, compiled=compiled)
    wanted = MLP(1, [1], seed=0)
    by_hand(wanted, SGD(wanted.parameters(), lambda step: 0.01 * max(step, 1)), 1, 1)
    assert model.state_dict() == pytest.approx(wanted.state_dict(), rel=1e-9)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("lr", [0.1, lambda step: 0.1], ids=["number", "function"])
def test_afterwards_the_gradient_is_that_of_the_last_batch(lr, compiled):
    model, wanted = (MLP(1, [2, 1], "tanh", seed=0) for _ in range(2))
    mse(model(X[0]), T[:1]).backward()
    trained = model.layers[1].parameters()
    Trainer(model, mse, SGD(trained, lr)).fit(X, T, epochs=2, batch_size=2, compiled=compiled)
    by_hand(wanted, SGD(wanted.layers[1].parameters(), 0.1), 2, 2)
    last = [parameter.grad for parameter in wanted.layers[1].parameters()]
    assert [parameter.grad for parameter in trained] == pytest.approx(last, rel=1e-9)
    assert 0.0 not in last
    assert not any(parameter.has_grad for parameter in model.layers[0].parameters())


def test_a_run_that_makes_no_step_leaves_gradients_alone(tmp_path):
    line_trainer().fit(X, T, epochs=1, checkpoint=tmp_path / "run.npz")
    trainer = line_trainer()
    trainer.fit(X, T, epochs=1, checkpoint=tmp_path / "run.npz")
    assert not any(parameter.has_grad for parameter in trainer.model.parameters())


@pytest.mark.parametrize("compiled", [True, False])
def test_numpy_warns_of_a_users_own_code_as_it_would_elsewhere(compiled):
    """A run keeps NumPy quiet about its own steps alone."""
    wanted, found = np.geterr(), []

    def loss(outputs, targets):
        found.append(np.geterr())
        return mse(outputs, targets)

    trainer = line_trainer()
    trainer.loss = loss
    trainer.fit(X, T, epochs=3, batch_size=2, compiled=compiled, on_epoch=lambda history: found.append(np.geterr()))
    found += [np.geterr() for _ in trainer.steps(X, T, epochs=2, compiled=compiled)]
    assert len(found) > 5
    assert all(errors == wanted for errors in found)


def test_parameters_that_nobody_reads_are_set_no_more_often_than_they_are_compared():
    def writes(epochs):
        model = MLP(1, [1], seed=0)
        model.layers[0].neurons[0].bias = Counting(0.0)
        Trainer(model, mse, SGD(model.parameters(), 0.01)).fit(X, T, epochs=epochs, batch_size=2)
        return model.layers[0].neurons[0].bias.writes

    assert writes(15) == writes(8) + writes(8) - writes(4)  # after epochs 1, 2, 4, 8 and the last


# ---- checkpoints


def checkpointed(path, epochs, make=Adam, loss=mse, sizes=(3, 1), activation="tanh", lr=0.05, data=T, **settings):
    model = MLP(1, sizes, activation, seed=0)
    trainer = Trainer(model, loss, make(model.parameters(), lr))
    settings = {"batch_size": 3, "seed": 1} | settings
    return trainer.fit(X, data, epochs=epochs, checkpoint=path, **settings), model.state_dict(), trainer.optimizer.steps


def test_a_run_in_two_parts_ends_with_the_bits_of_one(tmp_path):
    whole = checkpointed(None, 9)
    checkpointed(tmp_path / "run.npz", 4)
    assert checkpointed(tmp_path / "run.npz", 9) == whole
    assert checkpointed(tmp_path / "run.npz", 9) == whole  # finished: nothing is left to do
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


@pytest.mark.parametrize("compiled", [True, False])
def test_parameters_that_are_not_trained_are_those_of_the_checkpoint(tmp_path, compiled):
    def run(epochs, path, seed):
        model = MLP(1, [3, 1], "tanh", seed=seed)
        trainer = Trainer(model, mse, SGD(model.layers[-1].parameters(), 0.05))
        return trainer.fit(X, T, epochs=epochs, checkpoint=path, compiled=compiled), model.state_dict()

    run(2, tmp_path / "run.npz", seed=0)
    assert run(5, tmp_path / "run.npz", seed=1) == run(5, None, seed=0)


def test_a_model_that_branches_on_its_parameters_goes_on(tmp_path):
    """What is compared is the graph of the start, as the same program makes it again."""

    class Switch(MLP):
        def __call__(self, inputs):
            out = super().__call__(inputs)
            return out if self.parameters()[1].data == 0.0 else [out[0] * 2.0]  # the bias, which starts at 0

    def run(epochs, path):
        model = Switch(1, [1], seed=0)
        trainer = Trainer(model, mse, SGD(model.parameters(), 0.01))
        trainer.fit(X, T, epochs=epochs, checkpoint=path, compiled=False)
        return model.state_dict()

    run(2, tmp_path / "run.npz")
    assert run(4, tmp_path / "run.npz") == run(4, None)


def test_data_are_read_for_their_fingerprint_once_in_a_run(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("nn.fit.samples.fingerprint", lambda *contents: seen.append(contents) or "the same")
    checkpointed(tmp_path / "run.npz", 4, held_out=(X, T))
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"loss": lambda outputs, targets: mse(outputs, targets) * 2}, "network or loss"),
        ({"sizes": (4, 1)}, "network or loss"),
        ({"activation": "relu"}, "network or loss"),
        ({"data": [-1.0, 1.0, 3.0, 5.5]}, "training data"),
        ({"held_out": (X, T)}, "held-out data"),
        ({"make": SGD}, "optimizer"),
        ({"make": lambda parameters, lr: Adam(parameters, lr, weight_decay=0.1)}, "optimizer"),
        ({"lr": 0.1}, "learning rate"),
        ({"lr": lambda step: 0.05 if step < 7 else 0.01}, "learning rate"),
        ({"batch_size": 2}, "batch size"),
        ({"tolerance": 1e-9}, "tolerance"),
        ({"seed": 2}, "seed"),
    ],
)
def test_a_checkpoint_of_other_settings_or_data_is_refused_by_name(tmp_path, settings, name):
    checkpointed(tmp_path / "run.npz", 4)
    before = (tmp_path / "run.npz").read_bytes()
    with pytest.raises(ValueError, match=f"belongs to another training: its {name} is"):
        checkpointed(tmp_path / "run.npz", 9, **settings)
    assert (tmp_path / "run.npz").read_bytes() == before


def test_a_checkpoint_of_more_epochs_is_refused(tmp_path):
    checkpointed(tmp_path / "run.npz", 4)
    with pytest.raises(ValueError, match="4 epochs old, wanted 3 at most"):
        checkpointed(tmp_path / "run.npz", 3)


def test_damaged_and_foreign_checkpoints_are_refused_and_change_nothing(tmp_path):
    path = tmp_path / "run.npz"
    checkpointed(path, 4)
    content = path.read_bytes()
    MLP(1, [3, 1], seed=0).save(tmp_path / "model.npz")
    for damaged in (content[: len(content) // 2], b"", (tmp_path / "model.npz").read_bytes()):
        path.write_bytes(damaged)
        trainer = line_trainer()
        before = trainer.model.state_dict()
        with pytest.raises(FileFormatError, match=r"run\.npz is not a checkpoint"):
            trainer.fit(X, T, checkpoint=path)
        assert trainer.model.state_dict() == before
        assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("settings.names", "5"),
        ("settings.names", ["seed"]),
        ("settings.values", [1.0]),
        ("curves.losses", 1.0),
        ("curves.losses", ["a", "b", "c", "d"]),
        ("curves.held_out_losses", [1.0]),
        ("best", [[1.0]]),
        ("best", ["a"]),
        ("optimizer.steps", [1.0, 2.0]),
        ("optimizer.steps", math.nan),
        ("optimizer.mean", ["a"]),
        ("values", [1.0]),
    ],
)
def test_a_checkpoint_with_a_wrong_array_is_refused(tmp_path, name, array):
    checkpointed(tmp_path / "run.npz", 4)
    np.savez(tmp_path / "wrong.npz", **{**np.load(tmp_path / "run.npz"), name: np.array(array)})
    with pytest.raises(FileFormatError, match=r"wrong\.npz is not a"):
        checkpointed(tmp_path / "wrong.npz", 9)


SCRIPT = """
import sys
from nn import MLP, Adam, Trainer, mse

model = MLP(2, [6, 1], activation="tanh", seed=0)
x = [[i / 20, (i * 7 % 20) / 20] for i in range(20)]
trainer = Trainer(model, mse, Adam(model.parameters(), lambda step: 0.05 / (1 + step / 100)))
held_out = (x[:5], [0.0] * 5)
history = trainer.fit(
    x, [a * b for a, b in x], epochs=150, batch_size=6, held_out=held_out, checkpoint=sys.argv[1]
)
model.save(sys.argv[2])
history.to_csv(sys.argv[3])
"""


def script(directory):
    arguments = [directory / name for name in ("checkpoint.npz", "model.npz", "history.csv")]
    return subprocess.Popen([sys.executable, "-c", SCRIPT, *map(str, arguments)])


def killed_after(directory, seconds):
    """Start the script, kill it some time after it has got further than before; whether it was killed at work."""
    path = directory / "checkpoint.npz"
    before = path.stat().st_mtime_ns if path.exists() else 0
    process = script(directory)
    while process.poll() is None and (not path.exists() or path.stat().st_mtime_ns == before):
        time.sleep(0.0005)
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("times", [(0.0, 0.0173, 0.0411), *further((0.0, 0.0031, 0.0173, 0.0007, 0.0411))], ids=len)
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bits(tmp_path, times):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    assert script(whole).wait() == 0
    kills = [killed_after(killed, seconds) for seconds in times]
    assert sum(kills) > len(times) / 2
    assert not (killed / "model.npz").exists()
    assert script(killed).wait() == 0
    for name in ("model.npz", "history.csv", "checkpoint.npz"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()
    assert len([path for path in killed.iterdir() if path.suffix != ".part"]) == 3  # a kill may leave a part behind


# ---- history and progress


def test_the_history_writes_every_digit(tmp_path):
    history = History([0.1, 1 / 3], [2.0, 1e-300])
    history.to_csv(tmp_path / "history.csv")
    assert (tmp_path / "history.csv").read_text() == (
        "epoch,loss,held_out_loss\n1,0.1,2.0\n2,0.3333333333333333,1e-300\n"
    )


def test_the_history_plots_itself():
    ax = History([0.5, 0.25, 0.125], [0.6, 0.3, 0.2]).plot()
    assert [line.get_ydata().tolist() for line in ax.lines] == [[0.5, 0.25, 0.125], [0.6, 0.3, 0.2]]
    assert (ax.get_xlabel(), ax.get_yscale()) == ("epoch", "log")
    gaps = History([0.5, 0.25], [math.inf, 0.5]).plot()
    assert np.isnan(gaps.lines[1].get_ydata()).tolist() == [True, False]
    assert gaps.get_yscale() == "log"
    assert History([0.5, 0.0]).plot().get_yscale() == "linear"
    assert History([1.0]).plot(ax) is ax
    assert len(ax.lines) == 3


def test_an_epoch_ends_with_its_last_step():
    epochs = []
    trainer = line_trainer()
    for step in trainer.steps(X, T, epochs=2, batch_size=2):
        epochs.append((step.epoch, step.history.epochs, len(step.history.metrics)))
    assert epochs == [(1, 0, 0), (1, 1, 1), (2, 1, 1), (2, 2, 2)]


def test_a_run_can_be_looked_at_between_two_steps_that_nobody_sees():
    seen = line_trainer()
    wanted = [[p.data for p in seen.model.parameters()] for _ in seen.steps(X, T, epochs=2, batch_size=2)]
    trainer = line_trainer()
    samples = Samples.checked(X, T)
    run = Run(trainer.model, trainer.loss, trainer.optimizer, Plan(samples, None, 2, 2, 0), History())
    found = []
    for _ in run.steps():
        run.look()
        found.append([p.data for p in trainer.model.parameters()])
        assert run.numbers.gradient.tolist() == [p.grad for p in trainer.model.parameters()]
    assert found == wanted


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "progress", "shown"),
    [(Terminal(), True, True), (Terminal(), False, False), (io.StringIO(), True, False)],
)
def test_progress_is_shown_on_a_terminal_only(monkeypatch, stream, progress, shown):
    monkeypatch.setattr(sys, "stderr", stream)
    line_trainer().fit(X, T, epochs=2, batch_size=2, progress=progress)
    assert ("epoch 2/2" in stream.getvalue() and "4/4" in stream.getvalue()) is shown
    assert ("█▁" in stream.getvalue()) is shown  # the losses of both epochs
    assert bool(stream.getvalue()) is shown


@pytest.mark.parametrize(("stream", "library"), [(Terminal(), None), (None, sys)])
def test_without_tqdm_or_a_place_for_it_training_goes_without_a_bar(monkeypatch, stream, library):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setitem(sys.modules, "tqdm", library)
    assert line_trainer().fit(X, T, epochs=1).epochs == 1
    assert stream is None or stream.getvalue() == ""


def test_a_loss_of_its_own_and_scores_of_a_hinge_train_too():
    model = MLP(1, [1], seed=0)
    trainer = Trainer(model, hinge, Adam(model.parameters(), 0.1))
    trainer.fit(X, [-1, -1, 1, 1], epochs=300, batch_size=4, tolerance=1e-12)
    assert [model(x)[0].data > 0 for x in X] == [False, False, True, True]
    assert isinstance(model(X[0])[0], Value)
