"""The Trainer never trains another model than the one that is written: numbers that leave the graph are noticed."""

import copy
import pickle
import random
import threading
import warnings

import numpy as np
import pytest

from autograd import Value, functional, grad, no_grad
from nn import MLP, SGD, Module, Trainer, cross_entropy, mse
from nn.fit.agreement import dependence, evaluation
from nn.fit.samples import Samples


def number(x):
    return x.data if isinstance(x, Value) else x


class Table(Module):
    """A line whose slope stands in a table, in the row that the first input names by some way of reading it."""

    def __init__(self, row):
        self.rows = [Value(0.1 * i) for i in range(3)]
        self.bias, self.row = Value(0.0), row

    def __call__(self, inputs):
        return [self.rows[self.row(inputs[0])] * inputs[1] + self.bias]


def by_exception(x):
    try:
        return int(x)
    except TypeError:
        return 0


WAYS = {
    "int of data": lambda x: int(number(x)),
    "int": by_exception,
    "comparison of data": lambda x: 1 if number(x) == 1 else 0,
    "round": lambda x: round(number(x)),
    "format": lambda x: int(float(f"{x:.0f}")),
    "repr": lambda x: 1 if "1.0" in repr(x) else 0,
    "a dict": lambda x: {1.0: 1}.get(x, 0),
    "a dict of a result": lambda x: {2.0: 1}.get(x * 2, 0),
    "a set": lambda x: int(x in {1.0}),
    "its type": lambda x: int(x) if isinstance(x, float) else 0,
    "partials": lambda x: int((Value(1.0) * x * Value(1.0)).partials[1]),
    "detach": lambda x: int((x.detach() if isinstance(x, Value) else Value(x)).data),
    "copy": lambda x: int(number(copy.copy(x))),
    "deepcopy": lambda x: int(number(copy.deepcopy(x))),
    "pickle": lambda x: int(number(pickle.loads(pickle.dumps(x)))),
    "grad": lambda x: int(number(x)) if getattr(x, "grad", 0.0) == 0.0 else 0,
}


def rare(seed, n=60, share=0.02):
    """Samples of which a few have a 1 where all others have a 0: none among those that are compared first."""
    rng = np.random.default_rng(seed)
    inputs = np.stack([np.zeros(n), rng.uniform(0.5, 1.0, n)], axis=1)
    inputs[[k for k in range(n) if k % round(1 / share) == 7], 0] = 1.0
    return inputs, np.where(inputs[:, 0] == 1.0, -1.0, 1.0) * inputs[:, 1]


def trained(make, data, loss=mse, compiled=True, epochs=3, **settings):
    model = make()
    history = Trainer(model, loss, SGD(model.parameters(), 0.05)).fit(
        *data, epochs=epochs, compiled=compiled, **settings
    )
    return history, model


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(3))
def test_a_row_chosen_by_a_number_is_trained_as_it_is_written(way, seed):
    with pytest.warns(RuntimeWarning, match="the loss cannot be compiled") as said:
        history, model = trained(lambda: Table(WAYS[way]), rare(seed))
    eager, wanted = trained(lambda: Table(WAYS[way]), rare(seed), compiled=False)
    assert not history.is_compiled
    assert (history, model.state_dict()) == (eager, wanted.state_dict())
    assert len(said) == 1
    assert said[0].filename == __file__
    assert ("functional.select" in str(said[0].message)) is (way != "its type")  # nobody is told of a question of type


def test_the_warning_names_the_users_line():
    with pytest.warns(RuntimeWarning) as said:
        trained(lambda: Table(WAYS["int of data"]), rare(0))
    line = number.__code__.co_firstlineno + 1
    told = f"test_dependence.py, line {line}, in number: `return x.data if isinstance(x, Value) else x` reads a number"
    assert told in str(said[0].message)


def test_the_line_is_the_users_where_a_library_is_between():
    class Copied(MLP):
        def __call__(self, inputs):
            return super().__call__(copy.deepcopy(list(inputs)))  # the line

    with pytest.warns(RuntimeWarning, match=r"in __call__: `return super.* # the line` reads a number .*copy"):
        trained(lambda: Copied(1, [1], seed=0), ([[1.0], [2.0]], [1.0, 2.0]))


def test_a_loss_that_needs_plain_numbers_is_named_with_its_error():
    def loss(outputs, targets):
        return mse(outputs, [int(f"{t:d}") if isinstance(t, int) else t.real for t in targets])

    with pytest.warns(
        RuntimeWarning, match=r"in (<listcomp>|loss): `return mse.* needs plain numbers \(AttributeError: "
    ):
        trained(lambda: MLP(1, [1], seed=0), ([[1.0], [2.0]], [1.0, 2.0]), loss)


def counting():
    """A loss that is another one from call to call."""
    calls = iter(range(10**6))
    return lambda y, t: mse(y, t) * (1.0 + next(calls) % 2)


def drawing():
    generator = random.Random(0)
    return lambda y, t: mse(y, t) * generator.random()


@pytest.mark.parametrize("make", [counting, drawing])
def test_a_graph_that_is_another_one_the_next_time_is_found(make):
    samples = Samples.checked([[1.0], [2.0]], [1.0, 2.0])
    assert "is another graph" in dependence(MLP(1, [1], seed=0), make(), samples)


def test_a_read_under_no_grad_is_noticed():
    class Normed(MLP):
        def __call__(self, inputs):
            with no_grad():
                norm = functional.sum(p * p for p in self.parameters()).sqrt()
            return [out / norm for out in super().__call__(inputs)]

    data = ([[1.0], [2.0], [-1.0]], [1.0, 2.0, 0.5])
    with pytest.warns(RuntimeWarning, match=r"no_grad"):
        history, model = trained(lambda: Normed(1, [1], seed=0), data)
    assert (history, model.state_dict()) == (lambda h, m: (h, m.state_dict()))(
        *trained(lambda: Normed(1, [1], seed=0), data, compiled=False)
    )


class Embedding(Module):
    """The same table, in recorded operations."""

    def __init__(self):
        self.rows = [Value(0.1 * i) for i in range(3)]
        self.bias = Value(0.0)

    def __call__(self, inputs):
        return [functional.select(self.rows, inputs[0]) * inputs[1] + self.bias]


class Penalised(MLP):
    """Looks at no number, but at all else there is to look at: labels, parents, attributes, identity, other Values."""

    def __call__(self, inputs):
        values = [x for x in inputs if isinstance(x, Value)]
        assert all(value.label == f"x[{i}]" and value.is_leaf and not value.parents for i, value in enumerate(values))
        assert all(value == value and value is not None and value != "x" for value in values)
        return super().__call__(list(inputs))


def ridge(model):
    return lambda y, t: mse(y, t) + 0.01 * functional.sum(p * p for p in model.parameters())


@pytest.mark.parametrize("make", [Embedding, lambda: MLP(2, [3, 1], "tanh", seed=0), lambda: Penalised(2, [1], seed=0)])
def test_what_reads_no_number_is_compiled_without_a_word_and_learns_the_same(make):
    history, model = trained(make, rare(0))
    eager, wanted = trained(make, rare(0), compiled=False)
    assert history.is_compiled
    assert not eager.is_compiled
    assert history.losses == pytest.approx(eager.losses, rel=1e-9)
    assert list(model.state_dict().values()) == pytest.approx(list(wanted.state_dict().values()), rel=1e-8, abs=1e-12)


class Sloped(MLP):
    """Its outputs are those of a network, and the slopes by its inputs."""

    def __call__(self, inputs):
        x = [x if isinstance(x, Value) else Value(x) for x in inputs]
        (out,) = super().__call__(x)
        return [out, *grad(out, x, create_graph=True)]


@pytest.mark.parametrize("compiled", [True, False])
def test_a_penalty_on_slopes_is_what_it_says_in_training_and_on_held_out_samples(compiled):
    def loss(outputs, targets):
        return (outputs[0] - targets[0]) ** 2 + 0.1 * (outputs[1] ** 2 + outputs[2] ** 2)

    inputs = np.random.default_rng(0).normal(size=(20, 2))
    targets = inputs[:, 0] * inputs[:, 1]
    make = lambda: Sloped(2, [3, 1], "tanh", seed=0)  # noqa: E731
    history, model = trained(make, (inputs, targets), loss, compiled, held_out=(inputs, targets))
    assert history.is_compiled is compiled
    hidden, (last,) = (layer.neurons for layer in model.layers)
    weights, out = (np.array([[w.data for w in n.weights] for n in neurons]) for neurons in (hidden, [last]))
    a = np.tanh(inputs @ weights.T + np.array([n.bias.data for n in hidden]))
    slopes = ((1 - a**2) * out) @ weights
    errors = (a @ out.T)[:, 0] + last.bias.data - targets
    wanted = np.mean(errors**2 + 0.1 * (slopes**2).sum(axis=1))
    assert history.held_out_losses[-1] == pytest.approx(wanted, rel=1e-12)


def test_a_penalty_on_the_parameters_is_compiled():
    model = MLP(2, [1], seed=0)
    inputs, targets = rare(0)
    assert Trainer(model, ridge(model), SGD(model.parameters(), 0.1)).fit(inputs, targets, epochs=1).is_compiled


@pytest.mark.parametrize("targets", [np.eye(3)[[0, 1, 2, 1]], [0, 1, 2, 1]], ids=["one-hot", "indices"])
def test_classes_as_indices_learn_what_one_hot_classes_do(targets):
    inputs = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.1]]

    def run(targets, compiled):
        make = lambda: MLP(2, [4, 3], "tanh", seed=0)  # noqa: E731
        return trained(make, (inputs, targets), cross_entropy, compiled, held_out=(inputs, targets))

    history, model = run(targets, True)
    wanted, other = run(np.eye(3)[[0, 1, 2, 1]], False)
    assert history.is_compiled
    assert history.metric == "accuracy"
    assert history.metrics == history.held_out_metrics == wanted.metrics
    assert history.losses == pytest.approx(wanted.losses, rel=1e-12)
    assert list(model.state_dict().values()) == pytest.approx(list(other.state_dict().values()), rel=1e-12)


class Ragged(Module):
    """Sums of different lengths, linear in what is trained."""

    def __init__(self):
        self.weights = [Value(0.1 * i) for i in range(6)]

    def __call__(self, inputs):
        w, x = self.weights, inputs
        return [w[0] * x[0] + w[1] * x[1] + w[2], w[3] * x[2] + w[4], w[5] * x[0]]


@pytest.mark.parametrize("batch_size", [1, 3, 5])
def test_a_loss_that_is_linear_over_ragged_sums_is_trained_as_it_is_written(batch_size):
    def loss(outputs, targets):
        return functional.sum(outputs) - functional.sum(targets)

    rng = np.random.default_rng(0)
    data = rng.normal(size=(11, 3)), rng.normal(size=(11, 3))
    with warnings.catch_warnings(action="ignore"):
        _, model = trained(Ragged, data, loss, batch_size=batch_size)
    _, wanted = trained(Ragged, data, loss, compiled=False, batch_size=batch_size)
    assert list(model.state_dict().values()) == pytest.approx(list(wanted.state_dict().values()), rel=1e-10)


def test_another_thread_may_read_numbers_meanwhile():
    leaf, stop, found = Value(1.0), threading.Event(), []

    def look():
        while not stop.is_set():
            found.append({leaf: leaf.data}[leaf])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for _ in range(20):
            samples = Samples.checked([[1.0], [2.0]], [1.0, 2.0])
            assert dependence(MLP(1, [2, 1], seed=0), mse, samples) is None
    finally:
        stop.set()
        thread.join()
    assert found
    assert Value.__hash__ is object.__hash__


def test_a_compiled_batch_is_compared_too(monkeypatch):
    """A program that is right for one sample and wrong for two."""
    from autograd.compiler.program import Program

    right = Program.value_and_grad

    def wrong(self, batch=None, reduction="mean", theta=None):
        value, gradient = right(self, batch, reduction, theta)
        return value, gradient * (1.0 if np.ndim(batch) < 2 or len(batch) < 2 else 1.001)

    monkeypatch.setattr(Program, "value_and_grad", wrong)
    model = MLP(2, [3, 1], "tanh", seed=0)
    found, reason = evaluation(model, mse, model.parameters(), Samples.checked(*rare(0)))
    assert not found.is_compiled
    assert "the compiled mean loss and gradient" in reason
