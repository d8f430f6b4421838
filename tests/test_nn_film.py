"""The training film's content: the model's own numbers at each epoch, names as text, its size, and what it refuses."""

import base64
import copy
import math
import re

import numpy as np
import pytest
from films import content, recorded_rings, rings

from autograd import Value, grad
from nn import (
    MLP,
    SGD,
    Adam,
    DivergenceError,
    FileFormatError,
    History,
    Module,
    Trainer,
    binary_cross_entropy,
    cross_entropy,
    hinge,
    mse,
)
from nn.fit.agreement import evaluation
from nn.fit.evaluation import CompiledEvaluation, Evaluation
from nn.fit.objective import Objective
from nn.fit.recording import LIMIT
from nn.fit.samples import Samples
from nn.viewing.film.view import Axis, scale

FOUR_DIGITS = {"rel": 5e-4, "abs": 1e-12}


# ---- the numbers


def test_weights_are_those_of_a_training_that_stops_there():
    _, history = recorded_rings(epochs=3)
    frames = content(history.film())["frames"]
    assert [frame["epoch"] for frame in frames] == [0, 1, 2, 3]
    for frame in frames[1:]:
        model, _ = recorded_rings(epochs=frame["epoch"])
        weights = [w.data for layer in model.layers for neuron in layer.neurons for w in neuron.weights]
        assert frame["network"] == pytest.approx(weights, **FOUR_DIGITS)
    untrained = MLP(2, [4, 3, 1], "tanh", seed=1)
    assert frames[0]["network"][:2] == pytest.approx([w.data for w in untrained.layers[0].neurons[0].weights], rel=5e-4)


def test_a_sample_is_to_the_network_what_the_engine_says():
    model, history = recorded_rings()
    data = content(history.film())
    inputs, targets = rings()
    for label, sample in zip(data["samples"]["labels"], data["frames"][-1]["samples"], strict=True):
        row = int(re.match(r"row (\d+),", label)[1])
        x = [Value(number) for number in inputs[row]]
        columns = [x]
        for layer in model.layers:
            columns.append(layer(columns[-1]))
        loss = binary_cross_entropy(columns[-1], [targets[row]])
        nodes = [node for column in columns for node in column]
        assert sample["nodes"] == pytest.approx([node.data for node in nodes], **FOUR_DIGITS)
        assert sample["gradients"] == pytest.approx(grad(loss, nodes), **FOUR_DIGITS)
        assert sample["outputs"] == pytest.approx([columns[-1][0].data], rel=1e-12)
        assert sample["loss"] == pytest.approx(loss.data, rel=1e-12)
        probability = 1 / (1 + math.exp(-columns[-1][0].data))
        chosen = max(probability, 1 - probability)
        assert sample["words"] == f"{int(probability >= 0.5)} ({100 * chosen:.1f} %)"


def test_the_boundary_is_the_probability_over_the_plane_at_temperature_4():
    model, history = recorded_rings()
    data = content(history.film())
    side = data["plane"]["side"]
    grid = np.frombuffer(base64.b64decode(data["frames"][-1]["plane"]), np.uint8).reshape(side, side)
    inputs = np.concatenate([rings()[0], rings(8, 1)[0]])
    x, y = (scale(column, 0, 1) for column in inputs.T)
    for row, column in [(0, 0), (0, side - 1), (side - 1, 0), (20, 7), (31, 44)]:
        point = [np.linspace(x.low, x.high, side)[column], np.linspace(y.high, y.low, side)[row]]
        probability = 1 / (1 + math.exp(-model(point)[0].data / 4))
        assert grid[row, column] == pytest.approx(255 * probability, abs=0.51)


def test_losses_are_those_of_the_history_and_epoch_0_is_the_start():
    _, history = recorded_rings()
    frames = content(history.film())["frames"]
    assert [frame["loss"]["losses"] for frame in frames[1:]] == [
        list(pair) for pair in zip(history.losses, history.held_out_losses, strict=True)
    ]
    model = MLP(2, [4, 3, 1], "tanh", seed=1)
    start = np.mean([binary_cross_entropy(model(x), [t]).data for x, t in zip(*rings(), strict=True)])
    assert frames[0]["loss"]["losses"][0] == pytest.approx(start, rel=1e-12)


def test_gradient_flow_is_the_root_mean_square_over_the_steps_of_an_epoch():
    model = MLP(1, [1], seed=0)
    w, b = (parameter.data for parameter in model.parameters())
    inputs, targets = np.array([1.0, 2.0, -1.0, 0.5]), np.array([1.0, 0.0, 2.0, 1.0])
    trainer = Trainer(model, mse, SGD(model.parameters(), 0.1))
    history = trainer.fit(inputs[:, np.newaxis], targets, epochs=1, batch_size=2, seed=3, record=True)
    order, squares = np.random.default_rng([3, 0]).permutation(4), []
    for rows in (order[:2], order[2:]):
        error = w * inputs[rows] + b - targets[rows]
        slope, shift = (2 * error * inputs[rows]).mean(), (2 * error).mean()
        squares += [slope**2, shift**2]
        w, b = w - 0.1 * slope, b - 0.1 * shift
    frames = content(history.film())["frames"]
    assert frames[0]["flow"] is None
    assert frames[1]["flow"]["sizes"] == pytest.approx([math.sqrt(np.mean(squares))], rel=5e-4)


def test_the_training_is_the_same_whether_recorded_or_not_and_the_film_changes_nothing():
    model, history = recorded_rings()
    other = MLP(2, [4, 3, 1], "tanh", seed=1)
    trainer = Trainer(other, binary_cross_entropy, Adam(other.parameters(), 0.05))
    plain = trainer.fit(*rings(), epochs=3, batch_size=10, held_out=rings(8, 1))
    assert (plain, other.state_dict()) == (history, model.state_dict())
    gradients = [parameter.grad for parameter in model.parameters()]
    assert history.film().html == history.film().html
    assert (other.state_dict(), gradients) == (model.state_dict(), [parameter.grad for parameter in model.parameters()])


def test_numbers_that_are_not_finite_are_none_and_the_page_is_still_json():
    model = MLP(1, [1], seed=0)
    trainer = Trainer(model, mse, SGD(model.parameters(), 1e-3))
    history = trainer.fit([[1.0]], [1.0], epochs=1, held_out=([[1e200]], [0]), record=True)
    assert [frame["loss"]["losses"][1] for frame in content(history.film())["frames"]] == [None, None]


# ---- other models, targets and numbers of inputs


def small(n_inputs, targets, loss, sizes, **names):
    inputs = np.random.default_rng(0).normal(size=(len(targets), n_inputs))
    model = MLP(n_inputs, sizes, seed=0)
    trainer = Trainer(model, loss, SGD(model.parameters(), 0.01))
    return content(trainer.fit(inputs, targets, epochs=1, record=True).film(**names))


ONE_OF_3 = np.eye(3)[[0, 1, 2, 0, 1]]


@pytest.mark.parametrize(
    ("n_inputs", "targets", "loss", "sizes", "kind", "views"),
    [
        (2, [0, 1, 1, 0], binary_cross_entropy, [3, 1], "two", {"plane"}),
        (2, [-1, 1, 1, -1], hinge, [1], "two", {"plane"}),
        (2, [-1, 1, 1, -1], mse, [1], "two", {"plane"}),
        (2, [0.5, 1, 2, 3], mse, [2, 1], "numbers", {"plane"}),
        (2, ONE_OF_3, cross_entropy, [4, 3], "many", {"plane"}),
        (2, ONE_OF_3, mse, [3], "many", {"plane"}),
        (1, [0.5, 1, 2, 3], mse, [2, 1], "numbers", {"fit"}),
        (1, [0, 1, 1, 0], binary_cross_entropy, [2, 1], "two", {"fit"}),
        (1, ONE_OF_3, cross_entropy, [3], "many", set()),
        (4, ONE_OF_3, cross_entropy, [16, 3], "many", set()),
        (3, [[0.5, 1], [2, 3], [1, 1]], mse, [2], "numbers", set()),
    ],
)
def test_what_is_shown_depends_on_inputs_and_targets(n_inputs, targets, loss, sizes, kind, views):
    data = small(n_inputs, targets, loss, sizes)
    assert Objective.told(loss, np.array(targets, dtype=float).reshape(len(targets), -1), sizes[-1]).kind == kind
    assert {"plane", "fit"} & data.keys() == views
    assert data.keys() >= {"network", "loss", "flow", "samples"}
    if "plane" in views:
        n_bytes = data["plane"]["side"] ** 2 * (3 if kind == "many" else 1)
        assert len(base64.b64decode(data["frames"][0]["plane"])) == n_bytes


def test_the_fit_is_the_output_along_the_input():
    model = MLP(1, [2, 1], "tanh", seed=0)
    trainer = Trainer(model, mse, SGD(model.parameters(), 0.1))
    history = trainer.fit([[-1], [0], [1]], [-2, 0, 3], epochs=2, record=True)
    curve = content(history.film())["frames"][-1]["fit"]
    points = np.linspace(-1.1, 1.1, 64)
    assert curve == pytest.approx([model([x])[0].data for x in points], **FOUR_DIGITS)


def test_a_large_network_is_thinned_to_its_largest_weights():
    data = small(40, [0.0, 1.0, 0.5], mse, [20, 1])
    assert [(name, len(indices)) for name, indices in data["samples"]["columns"]] == [
        ("inputs", 16), ("layers[0]", 16), ("layers[1]", 1)
    ]  # fmt: skip
    assert len(data["frames"][0]["network"]) == 16 * 16 + 16


class Line(Module):
    """Not an MLP."""

    def __init__(self):
        self.weights = [Value(0.5), Value(-0.5)]
        self.bias = Value(0.0)

    def __call__(self, inputs):
        return [self.weights[0] * inputs[0] + self.weights[1] * inputs[1] + self.bias]


class Kinked(Line):
    """Looks at the numbers it is given: one recorded graph does not stand for all samples."""

    def __call__(self, inputs):
        (out,) = super().__call__(inputs)
        return [out if out.data > 0 else 0.1 * out]


class NumbersOnly(Line):
    def __call__(self, inputs):
        return super().__call__([math.sqrt(abs(float(x))) for x in inputs])


class Typed(Line):
    def __call__(self, inputs):
        if any(isinstance(x, Value) for x in inputs):
            raise TypeError("numbers, please")
        return super().__call__(inputs)


@pytest.mark.parametrize("kind", [Line, Kinked, NumbersOnly])
def test_a_model_that_is_no_mlp_has_all_but_the_picture_of_a_network(kind):
    model = kind()
    trainer = Trainer(model, binary_cross_entropy, SGD(model.parameters(), 0.1))
    inputs, targets = rings()
    film = trainer.fit(inputs, targets, epochs=2, record=True, compiled=False).film()
    data = content(film)
    assert "network" not in data
    assert 'id="network"' not in film.html
    assert data["flow"] == ["weights", "bias"]
    assert [name for name, _ in data["samples"]["columns"]] == ["inputs", "outputs"]
    for label, sample in zip(data["samples"]["labels"], data["frames"][-1]["samples"], strict=True):
        row = int(re.match(r"row (\d+),", label)[1])
        assert sample["outputs"] == pytest.approx([model(inputs[row])[0].data], rel=1e-12)


@pytest.mark.parametrize(("kind", "compiled"), [(Line, True), (Kinked, False), (NumbersOnly, False), (Typed, False)])
def test_models_are_compiled_where_the_programs_give_the_same_numbers(kind, compiled):
    model = kind()
    samples = Samples.checked(*rings())
    theta = np.array([0.3, 0.4, -0.5])
    before = model.state_dict()
    found, reason = evaluation(model, mse, model.parameters(), samples, [theta], traced=True)
    assert (found.is_compiled, reason is None) == (compiled, compiled)
    assert model.state_dict() == before


def test_a_model_that_takes_plain_numbers_only_has_a_film():
    model = Typed()
    trainer = Trainer(model, binary_cross_entropy, SGD(model.parameters(), 0.1))
    with pytest.warns(RuntimeWarning, match="numbers, please"):
        history = trainer.fit(*rings(), epochs=2, record=True)
    data = content(history.film())
    inputs, targets = rings()
    for label, sample in zip(data["samples"]["labels"], data["frames"][-1]["samples"], strict=True):
        row = int(re.match(r"row (\d+),", label)[1])
        (output,) = model(inputs[row].tolist())
        slope = 1 / (1 + math.exp(-output.data)) - targets[row]
        assert sample["nodes"] == pytest.approx([*inputs[row], output.data], **FOUR_DIGITS)
        assert sample["gradients"] == [None, None, pytest.approx(slope, **FOUR_DIGITS)]


def test_the_loss_at_epoch_0_takes_no_trace_of_all_samples(monkeypatch):
    _, history = recorded_rings(epochs=1)
    traced, trace = [], Evaluation.trace
    monkeypatch.setattr(Evaluation, "trace", lambda self, samples: traced.append(len(samples)) or trace(self, samples))
    history.film()
    assert max(traced) <= 12 < len(rings()[0])


def test_compiled_and_eager_evaluators_agree():
    model, _ = recorded_rings(epochs=1, activation="relu")
    samples = Samples.checked(*rings())
    arguments = (model, binary_cross_entropy, model.parameters())
    found = [Evaluation(*arguments), CompiledEvaluation(*arguments, samples)]
    traces = [vars(evaluation.trace(samples)) for evaluation in found]
    for name in traces[0]:
        np.testing.assert_allclose(traces[0][name], traces[1][name], rtol=1e-12, atol=1e-15)
    outputs = [evaluation.outputs(samples.inputs) for evaluation in found]
    np.testing.assert_allclose(*outputs, rtol=1e-12, atol=1e-15)


def test_a_loss_that_uses_the_parameters_is_evaluated_with_those_of_the_epoch():
    model = MLP(2, [1], seed=0)

    def ridge(outputs, targets):
        return mse(outputs, targets) + sum((p**2 for p in model.parameters()), Value.constant(0.0))

    inputs, targets = rings()
    trainer = Trainer(model, ridge, SGD(model.parameters(), 0.1))
    frames = content(trainer.fit(inputs, targets, epochs=1, record=True).film())["frames"]
    start = MLP(2, [1], seed=0)
    squares = sum(p.data**2 for p in start.parameters())
    row = 0
    loss = (start(inputs[row])[0].data - targets[row]) ** 2 + squares
    assert frames[0]["samples"][0]["loss"] == pytest.approx(loss, rel=1e-12)


# ---- names are data

NASTY = ["<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "a\"b'c&d", "{{data}}", "\u202eevil\x00"]


def test_names_are_text():
    inputs = np.eye(5)
    model = MLP(5, [5], seed=0)
    trainer = Trainer(model, cross_entropy, SGD(model.parameters(), 0.1))
    film = trainer.fit(inputs, np.eye(5), epochs=1, record=True).film(NASTY[0], NASTY, NASTY)
    assert film.html.count("<script") == 2
    assert film.html.count("</script>") == 2
    assert "<img" not in film.html
    assert "\u202e" not in film.html
    assert content(film)["samples"]["targets"][1] == NASTY[1]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"feature_names": ["x"]}, "the samples have 2 inputs, got 1 feature_names"),
        ({"class_names": ["a", "b", "c"]}, "the targets tell 2 classes apart, got 3 class_names"),
    ],
)
def test_names_must_be_as_many_as_there_are(names, message):
    _, history = recorded_rings(epochs=1)
    with pytest.raises(ValueError, match=message):
        history.film(**names)


# ---- recording


def test_a_film_takes_a_recording():
    with pytest.raises(ValueError, match=r"fit\(\.\.\., record=True\)"):
        History([1.0]).film()


def test_of_a_long_training_every_second_epoch_or_fourth_is_kept():
    model = MLP(1, [1], seed=0)
    trainer = Trainer(model, mse, SGD(model.parameters(), 1e-4))
    history = trainer.fit([[1.0]], [1.0], epochs=2 * LIMIT + 3, record=True)
    epochs = [moment.epoch for moment in history.recording.moments]
    assert epochs == [*range(0, 2 * LIMIT + 3, 4), 2 * LIMIT + 3]
    assert content(history.film())["places"] == epochs


def test_a_training_that_goes_on_keeps_its_record(tmp_path):
    whole = recorded_rings(epochs=4)[1].film().html
    recorded_rings(epochs=2, checkpoint=tmp_path / "c.npz")
    assert recorded_rings(epochs=4, checkpoint=tmp_path / "c.npz")[1].film().html == whole


@pytest.mark.parametrize("first", [True, False])
def test_recording_cannot_begin_or_end_half_way(tmp_path, first):
    model = MLP(1, [1], seed=0)
    trainer = Trainer(model, mse, SGD(model.parameters(), 0.1))
    trainer.fit([[1.0]], [1.0], epochs=1, checkpoint=tmp_path / "c.npz", record=first)
    with pytest.raises(ValueError, match=f"its record is {first}, now it is {not first}"):
        trainer.fit([[1.0]], [1.0], epochs=2, checkpoint=tmp_path / "c.npz", record=not first)


def test_a_damaged_record_is_refused(tmp_path):
    path = tmp_path / "c.npz"
    recorded_rings(epochs=1, checkpoint=path)
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(path, **(arrays | {"record.gradient": np.zeros((1, 2))}))
    with pytest.raises(FileFormatError, match=r"its 'record\.gradient' is"):
        recorded_rings(epochs=2, checkpoint=path)
    np.savez(path, **{name: array for name, array in arrays.items() if not name.startswith("record.")})
    with pytest.raises(FileFormatError, match=r"no array named 'record\.epoch'"):
        recorded_rings(epochs=2, checkpoint=path)


def test_a_training_that_diverged_has_a_film_of_what_went_well():
    model = MLP(1, [1], seed=0)
    trainer = Trainer(model, mse, SGD(model.parameters(), 1e90))
    with pytest.raises(DivergenceError) as caught:
        trainer.fit([[1.0], [2.0]], [1.0, 0.0], epochs=9, batch_size=2, record=True)
    history = caught.value.history
    frames = content(history.film())["frames"]
    assert [frame["epoch"] for frame in frames] == list(range(history.epochs + 1))


def test_a_recorded_history_can_be_copied():
    _, history = recorded_rings(epochs=1)
    assert copy.deepcopy(history).film().html == history.film().html


# ---- the page


def test_a_hundred_epochs_of_the_moons_network_are_small():
    model = MLP(2, [16, 16, 1], "tanh", seed=0)
    inputs, targets = rings(12)
    trainer = Trainer(model, binary_cross_entropy, Adam(model.parameters(), 0.01))
    history = trainer.fit(inputs, targets, epochs=100, batch_size=12, held_out=rings(40, 1), record=True)
    film = history.film()
    assert len(content(film)["frames"]) == 101
    assert len(film.html.encode()) < 2_000_000


def test_the_page_is_self_contained(tmp_path):
    _, history = recorded_rings(epochs=1)
    film = history.film("Rings")
    assert repr(film) == "Film(2 frames, epochs 0 to 1)"
    assert film._repr_html_().startswith("<iframe srcdoc=")
    film.save(tmp_path / "film.html")
    assert (tmp_path / "film.html").read_text(encoding="utf-8") == film.html
    assert "<title>Rings</title>" in film.html
    assert not re.search(r"(?:src|href)=|url\(|@import", film.html)


@pytest.mark.parametrize(
    ("low", "high", "log", "ticks"),
    [
        (0.0, 10.0, False, [0, 2, 4, 6, 8, 10]),
        (-0.95, 0.95, False, [-0.5, 0, 0.5]),
        (0.02, 0.6, True, [0.02, 0.05, 0.1, 0.2, 0.5]),
        (0.002, 0.6, True, [0.01, 0.1]),
    ],
)
def test_ticks_are_round_numbers(low, high, log, ticks):
    assert Axis(low, high, 0, 100, log).ticks() == ticks
