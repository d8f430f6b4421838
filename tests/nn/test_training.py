"""What a training can be asked for: callbacks, early stopping, metrics, schedules, clipping, step by step."""

import math

import mpmath
import numpy as np
import pytest

from autograd import Value
from nn import (
    MLP,
    SGD,
    Adam,
    History,
    Layer,
    Module,
    Neuron,
    Schedule,
    Trainer,
    binary_cross_entropy,
    cross_entropy,
    mse,
)

X = [[-1.0], [0.0], [1.0], [2.0]]
T = [-1.0, 1.0, 3.0, 5.0]


def line(lr=0.1, **settings):
    model = MLP(1, [1], seed=0)
    return Trainer(model, mse, SGD(model.parameters(), lr, **settings))


# ---- callbacks and early stopping


def test_a_callback_sees_each_epoch_and_may_end_the_training():
    trainer, seen = line(), []

    def look(history):
        seen.append((history.epochs, trainer.model.state_dict(), [p.grad for p in trainer.model.parameters()]))
        return history.epochs == 3

    history = trainer.fit(X, T, epochs=10, batch_size=4, on_epoch=look)
    assert history.epochs == 3
    assert [epoch for epoch, _, _ in seen] == [1, 2, 3]
    assert seen[-1][1] == trainer.model.state_dict() != seen[0][1]
    assert all(math.isfinite(g) and g != 0.0 for _, _, gradients in seen for g in gradients)


def test_what_a_callback_sets_counts():
    trainer = line(lr=0.0)

    def set_weight(history):
        trainer.model.parameters()[0].data = float(history.epochs)

    losses = trainer.fit(X, T, epochs=3, batch_size=4, on_epoch=set_weight).losses
    x, t = np.array(X)[:, 0], np.array(T)
    assert losses[1:] == pytest.approx([np.mean((w * x - t) ** 2) for w in (1.0, 2.0)], rel=1e-12)


def overfitting(**settings):
    rng = np.random.default_rng(0)
    inputs, unseen = rng.normal(size=(12, 2)), rng.normal(size=(30, 2))
    model = MLP(2, [12, 1], "tanh", seed=0)
    states = []
    trainer = Trainer(model, mse, Adam(model.parameters(), 0.05))
    history = trainer.fit(
        inputs,
        rng.normal(size=12),
        epochs=80,
        held_out=(unseen, rng.normal(size=30)),
        on_epoch=lambda history: states.append(model.state_dict()),
        **settings,
    )
    return history, states, model.state_dict()


@pytest.mark.parametrize("compiled", [True, False])
def test_patience_ends_a_training_and_keeps_the_best_parameters(compiled):
    history, states, kept = overfitting(patience=5, compiled=compiled)
    best = int(np.argmin(history.held_out_losses))
    assert history.epochs == best + 1 + 5 < 80
    assert history.kept_epoch == best + 1
    assert repr(history).endswith(f"; the parameters are those of epoch {best + 1}")
    assert kept == states[best] != states[-1]


def test_patience_without_held_out_samples_watches_the_training():
    trainer = line(lr=0.0)
    assert trainer.fit(X, T, epochs=50, patience=3).epochs == 4


def test_a_patient_run_in_parts_ends_with_the_bits_of_one(tmp_path):
    whole = overfitting(patience=6)
    epochs = whole[0].epochs
    for last in (2, epochs - 3, 80):
        rng = np.random.default_rng(0)
        inputs, unseen = rng.normal(size=(12, 2)), rng.normal(size=(30, 2))
        targets, others = rng.normal(size=12), rng.normal(size=30)
        model = MLP(2, [12, 1], "tanh", seed=0)
        trainer = Trainer(model, mse, Adam(model.parameters(), 0.05))
        settings = {"held_out": (unseen, others), "patience": 6, "checkpoint": tmp_path / "c.npz"}
        history = trainer.fit(inputs, targets, epochs=last, **settings)
    assert (history, model.state_dict()) == (whole[0], whole[2])


@pytest.mark.parametrize("patience", [0, -1, 1.5])
def test_patience_is_a_number_of_epochs(patience):
    with pytest.raises(ValueError, match="patience is a whole number from 1"):
        line().fit(X, T, patience=patience)


# ---- metrics


def test_r2_and_accuracy_are_what_numpy_says():
    trainer = line(lr=0.01)
    history = trainer.fit(X, T, epochs=4, held_out=([[3.0], [4.0]], [7.0, 9.5]))
    w, b = (parameter.data for parameter in trainer.model.parameters())
    for x, t, found in ((X, T, history.metrics), ([[3.0], [4.0]], [7.0, 9.5], history.held_out_metrics)):
        x, t = np.array(x)[:, 0], np.array(t)
        assert found[-1] == pytest.approx(1 - np.sum((w * x + b - t) ** 2) / np.sum((t - t.mean()) ** 2), rel=1e-12)
    assert (history.metric, len(history.metrics)) == ("r2", 4)

    model = MLP(1, [2], seed=0)
    history = Trainer(model, cross_entropy, SGD(model.parameters(), 0.1)).fit(X, [0, 0, 1, 1], epochs=3)
    outputs = [[out.data for out in model(x)] for x in X]
    assert history.metric == "accuracy"
    assert history.metrics[-1] == np.mean([np.argmax(z) == k for z, k in zip(outputs, [0, 0, 1, 1], strict=True)])


@pytest.mark.parametrize(
    ("loss", "targets", "metric"),
    [
        (mse, [0.0, 1.0, 1.0, 0.0], "accuracy"),
        (mse, [0.0, 0.5, 1.0, 0.0], "r2"),
        (binary_cross_entropy, [0.0, 1.0, 1.0, 0.0], "accuracy"),
        (lambda y, t: mse(y, t), T, ""),
    ],
)
def test_the_metric_goes_with_loss_and_targets(loss, targets, metric):
    model = MLP(1, [1], seed=0)
    history = Trainer(model, loss, SGD(model.parameters(), 0.01)).fit(X, targets, epochs=1)
    assert (history.metric, len(history.metrics)) == (metric, int(bool(metric)))


def test_r2_of_targets_that_are_all_alike_is_not_a_number():
    assert math.isnan(line().fit(X, [1.0] * 4, epochs=1).metrics[0])


def test_a_history_is_one_line_and_a_picture_when_asked(monkeypatch):
    history = line().fit(X, T, epochs=2, held_out=(X, T))
    assert repr(history).startswith("History: 2 epochs, loss ")
    assert repr(history) == str(history)
    assert "\n" not in repr(history)
    assert ", R² " in repr(history)
    assert history._repr_html_().count("<svg") == 1
    assert History()._repr_html_() == "<p>History: 0 epochs</p>"
    assert history.csv().splitlines()[0] == "epoch,loss,r2,held_out_loss,held_out_r2"


# ---- the rate, and the gradient


def test_the_schedule_is_the_formula():
    rate = Schedule(0.3, steps=50, warm_up=10)
    with mpmath.workdps(30):
        for step in range(60):
            share = mpmath.mpf(min(step, 50) - 10) / 40
            wanted = 0.3 * mpmath.mpf(step + 1) / 10 if step < 10 else 0.3 * (1 + mpmath.cos(mpmath.pi * share)) / 2
            assert rate(step) == pytest.approx(float(wanted), rel=1e-12, abs=1e-17)
    assert [Schedule(0.3, warm_up=2)(step) for step in range(4)] == [0.15, 0.3, 0.3, 0.3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lr": -1.0}, "lr is a finite number from 0"),
        ({"lr": 0.1, "steps": 0}, "steps is a whole number from 1"),
        ({"lr": 0.1, "steps": 5, "warm_up": 5}, "steps is more than the 5 of warm_up, got 5"),
        ({"lr": 0.1, "warm_up": -1}, "warm_up is a whole number from 0"),
    ],
)
def test_impossible_schedules_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Schedule(**arguments)


def test_a_training_by_schedule_takes_its_rates():
    trainer = line(lr=Schedule(0.1, steps=8, warm_up=2))
    by_hand = line(lr=lambda step: trainer.optimizer.lr(step))
    assert trainer.fit(X, T, epochs=4, batch_size=2) == by_hand.fit(X, T, epochs=4, batch_size=2)
    assert not trainer.optimizer.runs_users_code
    assert by_hand.optimizer.runs_users_code


@pytest.mark.parametrize(
    ("clip", "gradient", "wanted"), [(1.0, [3.0, 4.0], [0.6, 0.8]), (10.0, [3.0, 4.0], [3.0, 4.0])]
)
def test_a_gradient_is_clipped_to_its_greatest_length(clip, gradient, wanted):
    parameters = [Value(0.0), Value(0.0)]
    for parameter, number in zip(parameters, gradient, strict=True):
        parameter.grad = number
    SGD(parameters, 1.0, clip=clip).step()
    assert [parameter.data for parameter in parameters] == pytest.approx([-w for w in wanted], rel=1e-15)


def test_adamw_is_pytorchs():
    torch = pytest.importorskip("torch")
    theirs = torch.nn.Parameter(torch.tensor([1.5, -0.7], dtype=torch.float64))
    optimizer = torch.optim.AdamW([theirs], lr=0.05, betas=(0.8, 0.99), weight_decay=0.3)
    ours = [Value(1.5), Value(-0.7)]
    adamw = Adam(ours, 0.05, (0.8, 0.99), weight_decay=0.3, decoupled_weight_decay=True)
    for gradient in ([0.5, -1.0], [2.0, 0.0], [-0.25, 3.0]):
        theirs.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        for value, number in zip(ours, gradient, strict=True):
            value.grad = number
        adamw.step()
    assert [value.data for value in ours] == pytest.approx(theirs.tolist(), rel=1e-12)


# ---- objects with one output, and step by step


def test_a_model_that_returns_one_value_is_trained_too():
    neuron, layer = Neuron(1, "tanh", seed=0), Layer(1, 1, "tanh", seed=0)
    histories = [Trainer(m, mse, SGD(m.parameters(), 0.1)).fit(X, np.tanh(T), epochs=3) for m in (neuron, layer)]
    assert histories[0] == histories[1]
    assert histories[0].is_compiled


class Twice(Module):
    def __init__(self):
        self.w = Value(1.0)

    def __call__(self, inputs):
        return 2.0


def test_a_model_that_returns_no_value_is_named():
    model = Twice()
    with pytest.raises(TypeError, match=r"the model returns a list of Values, or one, got float: 2\.0"):
        Trainer(model, mse, SGD(model.parameters(), 0.1)).fit(X, T)


def test_inputs_in_a_row_get_a_hint():
    with pytest.raises(ValueError, match=r"inputs\[:, None\] are rows of one number each"):
        line().fit([1.0, 2.0], [1.0, 2.0])


@pytest.mark.parametrize("compiled", [True, False])
def test_steps_are_those_of_fit_and_parameters_are_there_to_be_seen(compiled):
    whole, parts, seen = line(), line(), []
    history = whole.fit(X, T, epochs=3, batch_size=2, compiled=compiled)
    for step in parts.steps(X, T, epochs=3, batch_size=2, compiled=compiled):
        seen.append(tuple(parts.model.state_dict().values()))
        assert parts.optimizer.steps == len(seen)
        last = step
    assert len(set(seen)) == 6
    assert last.history == history
    assert parts.model.state_dict() == whole.model.state_dict()


def test_steps_may_be_left_half_way():
    trainer, other = line(), line()
    for i, step in enumerate(trainer.steps(X, T, epochs=9, batch_size=2)):
        if i == 2:
            assert step.epoch == 2
            break
    list(other.steps(X, T, epochs=1, batch_size=2))
    assert trainer.optimizer.steps == 3
    assert trainer.model.state_dict() != other.model.state_dict()
