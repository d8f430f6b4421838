"""The training film's content: the model's own numbers at each epoch, names as text, its size, and what it refuses."""

import copy
import math
import re
from itertools import pairwise

import numpy as np
import pytest
from films import content, followed_rows, number, recorded_rings, rings, samples_of
from hypothesis import example, given
from hypothesis import strategies as st

from autograd import Value, grad
from nn import (
    MLP,
    SGD,
    Adam,
    DivergenceError,
    FileFormatError,
    History,
    Module,
    Neuron,
    Trainer,
    binary_cross_entropy,
    cross_entropy,
    hinge,
    mse,
)
from nn.data.scaling import Scaling
from nn.fit.agreement import evaluation
from nn.fit.evaluation import CompiledEvaluation, Evaluation
from nn.fit.objective import Objective
from nn.fit.recording import LIMIT
from nn.fit.samples import Samples
from nn.viewing.film.columns import image_side
from nn.viewing.film.packing import decimals
from nn.viewing.film.plane import contour
from nn.viewing.film.view import Axis, scale

FOUR_DIGITS = {"rel": 5e-4, "abs": 1e-12}


# ---- the numbers


def test_weights_are_those_of_a_training_that_stops_there():
    _, history = recorded_rings(epochs=3)
    frames = content(history.film())["frames"]
    assert [frame["epoch"] for frame in frames] == [0, 1, 2, 3]
    for frame in frames[1:]:
        model, _ = recorded_rings(epochs=frame["epoch"])
        assert frame["network"]["weights"] == pytest.approx(biases_and_weights(model), **FOUR_DIGITS)
    untrained = MLP(2, [4, 3, 1], "tanh", seed=1)
    assert frames[0]["network"]["weights"] == pytest.approx(biases_and_weights(untrained), **FOUR_DIGITS)


def biases_and_weights(model):
    neurons = [neuron for layer in model.layers for neuron in layer.neurons]
    return [p.data for neuron in neurons for p in (neuron.bias, *neuron.weights)]


@pytest.mark.parametrize("activation", ["tanh", "relu", "leaky_relu", "linear", "softplus"])
def test_a_sample_is_to_the_network_what_the_engine_says(activation):
    model, history = recorded_rings(activation=activation)
    data = content(history.film())
    inputs, targets = rings()
    for row, sample in zip(followed_rows(data), samples_of(data), strict=True):
        x = [Value(number) for number in inputs[row]]
        columns = [x]
        for layer in model.layers:
            columns.append(layer(columns[-1]))
        loss = binary_cross_entropy(columns[-1], [targets[row]])
        nodes = [node for column in columns for node in column]
        assert sample["nodes"] == pytest.approx([node.data for node in nodes], **FOUR_DIGITS)
        assert sample["gradients"] == pytest.approx(grad(loss, nodes), **FOUR_DIGITS)
        assert sample["inputs"] == pytest.approx(inputs[row], **FOUR_DIGITS)
        assert sample["sums"] == pytest.approx(sums_by_hand(model, inputs[row]), **FOUR_DIGITS)
        assert sample["outputs"] == pytest.approx([columns[-1][0].data], **FOUR_DIGITS)
        assert sample["losses"] == pytest.approx([loss.data], **FOUR_DIGITS)
        probability = 1 / (1 + math.exp(-columns[-1][0].data))
        chosen = max(probability, 1 - probability)
        assert sample["words"] == [f"{int(probability >= 0.5)} ({100 * chosen:.1f} %)"]


def sums_by_hand(model, inputs):
    """What stands before each activation, by NumPy."""
    found, values = [], np.array(inputs)
    for layer in model.layers:
        weights = np.array([[w.data for w in neuron.weights] for neuron in layer.neurons])
        found += list(weights @ values + [neuron.bias.data for neuron in layer.neurons])
        values = np.array([a.data for a in layer(values.tolist())])
    return found


def test_inputs_and_their_gradients_are_in_the_units_of_the_data_set():
    _, history = recorded_rings()
    scaling = Scaling(np.array([10.0, -5.0]), np.array([2.0, 0.5]))
    plain, scaled = content(history.film()), content(history.film(scaling=scaling))
    rows, inputs = followed_rows(plain), rings()[0]
    assert scaled["specs"]["followed"]["scaled"]
    for row, before, after in zip(rows, samples_of(plain), samples_of(scaled), strict=True):
        assert after["inputs"] == pytest.approx(inputs[row] * [2.0, 0.5] + [10.0, -5.0], **FOUR_DIGITS)
        assert after["nodes"] == before["nodes"]
        assert after["gradients"][:2] == pytest.approx(np.array(before["gradients"][:2]) / [2.0, 0.5], rel=1e-3)
        assert after["gradients"][2:] == before["gradients"][2:]
    (x, y), (u, v) = ([spec["specs"]["plane"][axis] for axis in "xy"] for spec in (plain, scaled))
    assert [u["low"], v["high"]] == pytest.approx([2.0 * x["low"] + 10.0, 0.5 * y["high"] - 5.0])


def test_the_boundary_is_the_probability_over_the_plane_at_temperature_4():
    model, history = recorded_rings()
    data = content(history.film())
    side = data["specs"]["plane"]["field"]["side"]
    grid = data["frames"][-1]["plane"]["field"].reshape(side, side)
    inputs = np.concatenate([rings()[0], rings(8, 1)[0]])
    x, y = (scale(column) for column in inputs.T)
    for row, column in [(0, 0), (0, side - 1), (side - 1, 0), (20, 7), (31, 34)]:
        point = [np.linspace(x.low, x.high, side)[column], np.linspace(y.high, y.low, side)[row]]
        probability = 1 / (1 + math.exp(-model(point)[0].data / 4))
        assert grid[row, column] == pytest.approx(255 * probability, abs=0.51)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_each_neuron_has_its_own_picture_of_the_plane(activation):
    model, history = recorded_rings(activation=activation)
    data = content(history.film())
    spec, frame, plane = data["specs"]["network"], data["frames"][-1]["network"], data["specs"]["plane"]
    side = spec["edge"]
    pictures, full = frame["pictures"].reshape(8, side, side).astype(float), frame["full"]["pictures"]
    assert side == 37
    assert spec["pictured"] == len(full) == 3
    xs, ys = (np.linspace(plane[axis]["low"], plane[axis]["high"], side) for axis in "xy")
    largest = [0.0, 0.0, 0.0]
    for row, column in np.ndindex(side, side):
        values = [xs[column], ys[side - 1 - row]]
        found = []
        for k, layer in enumerate(model.layers):
            values = [a.data for a in layer(values)]
            largest[k] = max(largest[k], *map(abs, values))
            found += [128 + 127 * a / full[k] for a in values]
        np.testing.assert_allclose(pictures[:, row, column], found, atol=0.6)
    bounded = [activation == "tanh", activation == "tanh", False]
    assert full == pytest.approx([1.0 if b else a for a, b in zip(largest, bounded, strict=True)], **FOUR_DIGITS)


def test_the_first_layer_of_an_image_has_pictures_of_its_weights():
    model, history = images()
    data = content(history.film())
    spec, frame = data["specs"]["network"], data["frames"][-1]["network"]
    weights = np.array([[w.data for w in neuron.weights] for neuron in model.layers[0].neurons])
    assert (spec["image"], spec["edge"], spec["pictured"], spec["pixels"]) == (4, 4, 1, [0.0, 1.0])
    assert frame["full"]["pictures"] == pytest.approx([np.abs(weights).max()], **FOUR_DIGITS)
    pictures = frame["pictures"].reshape(5, 16)
    np.testing.assert_allclose(pictures, 128 + 127 * weights / np.abs(weights).max(), atol=0.51)
    assert [neuron["column"] for neuron in spec["neurons"]] == [1] * 5 + [2] * 3
    assert {neuron.get("terms") for neuron in spec["neurons"][:5]} == {0}
    assert {neuron["more"] for neuron in spec["neurons"][:5]} == {16}


def images(**settings):
    """A training on pictures of 4 x 4 pixels, in three classes."""
    rows = np.random.default_rng(0).integers(0, 2, (12, 16)).astype(float)
    model = MLP(16, [5, 3], "tanh", seed=0)
    trainer = Trainer(model, cross_entropy, SGD(model.parameters(), 0.1))
    return model, trainer.fit(rows, np.eye(3)[np.arange(12) % 3], epochs=2, record=True, **settings)


@pytest.mark.parametrize(
    ("names", "side"),
    [
        ([f"pixel_{i}_{j}" for i in range(8) for j in range(8)], 8),
        ([f"x{i}" for i in range(784)], 28),
        ([f"x{i}" for i in range(9)], 0),  # too few to be one
        ([f"x{i}" for i in range(60)], 0),  # no square
        ([*(f"x{i}" for i in range(15)), "age"], 0),
        (["sepal length (cm)", "sepal width (cm)"] * 8, 0),
    ],
)
def test_inputs_are_an_image_if_their_names_are_numbers_of_one_thing(names, side):
    assert image_side(names) == side


@pytest.mark.parametrize(
    ("loss", "targets", "expected"),
    [
        (cross_entropy, np.eye(3)[np.arange(6) % 3], lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum()),
        (mse, np.eye(3)[np.arange(6) % 3], lambda z: z),
        (binary_cross_entropy, np.arange(6) % 2, lambda z: 1 / (1 + np.exp([z[0], -z[0]]))),
    ],
)
def test_classes_without_a_plane_have_bars(loss, targets, expected):
    inputs = np.random.default_rng(0).normal(size=(6, 4))
    model = MLP(4, [targets.shape[1] if targets.ndim > 1 else 1], seed=0)
    trainer = Trainer(model, loss, SGD(model.parameters(), 1e-3))
    data = content(trainer.fit(10.0 * inputs, targets, epochs=2, record=True).film())
    bars, count = data["frames"][-1]["classes"]["rows"], len(data["specs"]["classes"]["names"])
    for i, row in enumerate(followed_rows(data)):
        outputs = np.array([output.data for output in model(10.0 * inputs[row])])
        assert bars["values"][i * count : (i + 1) * count] == pytest.approx(expected(outputs), **FOUR_DIGITS)
        assert bars["target"][i] == row % count  # as the targets are made


@given(st.floats())
@example(5e-324)
@example(-1.7976931348623157e308)
@example(9.9995)
@example(0.00099995)
def test_a_packed_number_is_the_number_to_four_digits(x):
    assert number(decimals(np.array([x]))) == (float(f"{x:.4g}") if math.isfinite(x) else None)


def test_losses_are_those_of_the_history_and_epoch_0_is_the_start():
    _, history = recorded_rings()
    frames = content(history.film())["frames"]
    assert [frame["loss"]["values"] for frame in frames[1:]] == [
        list(pair) for pair in zip(history.losses, history.held_out_losses, strict=True)
    ]
    model = MLP(2, [4, 3, 1], "tanh", seed=1)
    start = np.mean([binary_cross_entropy(model(x), [t]).data for x, t in zip(*rings(), strict=True)])
    assert frames[0]["loss"]["values"][0] == pytest.approx(start, rel=1e-12)


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
    assert frames[1]["flow"]["values"] == pytest.approx([math.sqrt(np.mean(squares))], rel=5e-4)


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
    assert [frame["loss"]["values"][1] for frame in content(history.film())["frames"]] == [None, None]


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
        (1, ONE_OF_3, cross_entropy, [3], "many", {"classes"}),
        (4, ONE_OF_3, cross_entropy, [16, 3], "many", {"classes"}),
        (3, [[0.5, 1], [2, 3], [1, 1]], mse, [2], "numbers", set()),
    ],
)
def test_what_is_shown_depends_on_inputs_and_targets(n_inputs, targets, loss, sizes, kind, views):
    data = small(n_inputs, targets, loss, sizes)
    assert Objective.told(loss, np.array(targets, dtype=float).reshape(len(targets), -1), sizes[-1]).kind == kind
    assert {"plane", "fit", "classes"} & data["specs"].keys() == views
    assert data["specs"].keys() >= {"network", "loss", "flow", "followed"}
    assert ("parameters" in data["specs"]) == (sum((n + 1) * m for n, m in pairwise([n_inputs, *sizes])) <= 12)
    for name in data["specs"]:
        assert [name in frame for frame in data["frames"]] == [True] * len(data["frames"])
    if "plane" in views:
        n_numbers = data["specs"]["plane"]["field"]["side"] ** 2 * (3 if kind == "many" else 1)
        assert len(data["frames"][0]["plane"]["field"]) == n_numbers


def test_the_fit_is_the_output_along_the_input():
    model = MLP(1, [2, 1], "tanh", seed=0)
    trainer = Trainer(model, mse, SGD(model.parameters(), 0.1))
    history = trainer.fit([[-1], [0], [1]], [-2, 0, 3], epochs=2, record=True)
    curve = content(history.film())["frames"][-1]["fit"]["ys"]
    points = np.linspace(-1.1, 1.1, 64)
    assert curve == pytest.approx([model([x])[0].data for x in points], **FOUR_DIGITS)


def test_a_large_network_is_thinned_to_its_largest_weights():
    data = small(40, [0.0, 1.0, 0.5], mse, [20, 1])
    spec = data["specs"]["network"]
    assert [(column["name"], column["count"]) for column in spec["columns"]] == [
        ("inputs", 16), ("layers[0]", 16), ("layers[1]", 1)
    ]  # fmt: skip
    assert len(data["frames"][0]["network"]["weights"]) == 16 * 17 + 17
    assert [neuron.get("more") for neuron in spec["neurons"]] == [None] * 16 + [24] * 16 + [4]
    assert "<small>shown: 16 of 40 in inputs, 16 of 20 in layers[0]" in spec["caption"]


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
    assert "network" not in data["specs"]
    assert data["specs"]["flow"]["names"] == ["weights", "bias"]
    assert [neuron["name"] for neuron in data["specs"]["followed"]["neurons"]] == ["x0", "x1", "outputs[0]"]
    assert [curve["name"] for curve in data["specs"]["parameters"]["curves"]] == ["weights[0]", "weights[1]", "bias"]
    assert data["frames"][-1]["parameters"]["values"] == pytest.approx([*model.state_dict().values()], **FOUR_DIGITS)
    for row, sample in zip(followed_rows(data), samples_of(data), strict=True):
        assert sample["outputs"] == pytest.approx([model(inputs[row])[0].data], **FOUR_DIGITS)


class OwnNeuron(Neuron):
    """A neuron that computes in a way of its own."""

    def __call__(self, inputs):
        return 2.0 * super().__call__(inputs)


def test_an_mlp_with_neurons_of_its_own_kind_is_not_drawn_as_one():
    model = MLP(2, [2, 1], seed=0)
    model.layers[0].neurons[1] = OwnNeuron(2, "tanh", seed=1)
    history = Trainer(model, binary_cross_entropy, SGD(model.parameters(), 0.1)).fit(*rings(), epochs=1, record=True)
    data = content(history.film())
    assert "network" not in data["specs"]
    assert len(data["specs"]["parameters"]["curves"]) == 9


def test_of_many_parameters_those_have_curves_that_change_most():
    class Wide(Module):
        def __init__(self):
            self.weights = [Value(0.1 * i) for i in range(20)]

        def __call__(self, inputs):
            return [sum((w * i * inputs[0] for i, w in enumerate(self.weights)), Value.constant(0.0))]

    model = Wide()
    trainer = Trainer(model, mse, SGD(model.parameters(), 1e-4))
    data = content(trainer.fit([[1.0]], [0.0], epochs=3, record=True).film())
    names = [curve["name"] for curve in data["specs"]["parameters"]["curves"]]
    assert names == [f"weights[{i}]" for i in range(8, 20)]
    assert "<small>12 of 20, those that change most " in data["specs"]["parameters"]["caption"]
    values = [w.data for w in model.weights[8:]]
    assert data["frames"][-1]["parameters"]["values"] == pytest.approx(values, **FOUR_DIGITS)


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
    for row, sample in zip(followed_rows(data), samples_of(data), strict=True):
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
    for name in ("outputs", "nodes"):
        numbers = [getattr(evaluation, name)(samples.inputs) for evaluation in found]
        np.testing.assert_allclose(*numbers, rtol=1e-12, atol=1e-15)


def test_a_loss_that_uses_the_parameters_is_evaluated_with_those_of_the_epoch():
    model = MLP(2, [1], seed=0)

    def ridge(outputs, targets):
        return mse(outputs, targets) + sum((p**2 for p in model.parameters()), Value.constant(0.0))

    inputs, targets = rings()
    trainer = Trainer(model, ridge, SGD(model.parameters(), 0.1))
    data = content(trainer.fit(inputs, targets, epochs=1, record=True).film())
    start = MLP(2, [1], seed=0)
    squares = sum(p.data**2 for p in start.parameters())
    row = followed_rows(data)[0]
    loss = (start(inputs[row])[0].data - targets[row]) ** 2 + squares
    assert samples_of(data, 0)[0]["losses"] == pytest.approx([loss], **FOUR_DIGITS)


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
    assert content(film)["specs"]["followed"]["targets"][1] == NASTY[1]


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
    assert not re.search(r"(?:src|href)=|url\((?!#)|@import", film.html)  # but of its own marks


@pytest.mark.parametrize(
    ("low", "high", "log", "ticks"),
    [
        (0.0, 10.0, False, [0, 2, 4, 6, 8, 10]),
        (-0.95, 0.95, False, [-0.5, 0, 0.5]),
        (0.02, 0.6, True, [0.02, 0.05, 0.1, 0.2, 0.5]),
        (0.002, 0.6, True, [0.01, 0.1]),
        (0.688, 0.712, True, [0.69, 0.695, 0.7, 0.705, 0.71]),  # between two round powers
    ],
)
def test_ticks_are_round_numbers(low, high, log, ticks):
    assert Axis(low, high, log=log).ticks() == ticks


def test_a_contour_crosses_every_side_on_which_the_sign_changes_where_a_line_along_it_is_zero():
    draws = np.random.default_rng(0)
    for side in (2, 3, 8):
        grid = draws.normal(size=(side, side))
        ends = sorted(map(tuple, contour(grid).reshape(-1, 2).round(9).tolist()))
        wanted = []
        for y, x in np.ndindex(side, side):
            for right, down in ((1, 0), (0, 1)):
                if x + right < side and y + down < side and (grid[y, x] < 0) != (grid[y + down, x + right] < 0):
                    share = grid[y, x] / (grid[y, x] - grid[y + down, x + right])
                    cells = 2 if (0 < y < side - 1 if right else 0 < x < side - 1) else 1
                    wanted += [(round(x + share * right, 9), round(y + share * down, 9))] * cells
        np.testing.assert_allclose(ends, sorted(wanted), atol=1e-8)
