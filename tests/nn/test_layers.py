"""Neurons, layers and networks: what they record, how they start, and what they refuse."""

import math

import numpy as np
import pytest

from autograd import Value
from autograd.graph import topological_order
from nn import MLP, SGD, Layer, Neuron, mse


def test_every_product_and_sum_of_a_neuron_is_a_node():
    neuron = Neuron(2, "tanh", seed=0)
    names = [node.label or (node.op.name if node.op else "?") for node in topological_order(neuron([3.0, 4.0]))]
    assert names == ["bias", "weights[0]", "constant", "mul", "add", "weights[1]", "constant", "mul", "z", "a"]


def test_a_linear_neuron_has_no_separate_sum():
    labels = {node.label for node in topological_order(Neuron(1, "linear", seed=0)([3.0]))}
    assert labels == {"bias", "weights[0]", "", "a"}


def test_an_input_is_recorded_once_for_all_neurons():
    outputs = Layer(2, 5, seed=0)([1.0, 2.0])
    assert sum(node.is_constant for node in topological_order(*outputs)) == 2


@pytest.mark.parametrize(
    ("activation", "wanted"),
    [
        ("linear", -0.5),
        ("relu", 0.0),
        ("leaky_relu", -0.005),
        ("tanh", -0.46211715726000975),
        ("sigmoid", 0.3775406687981454),
        ("softplus", 0.47407698418010663),
    ],
)
def test_activations(activation, wanted):
    neuron = Neuron(1, activation, seed=0)
    neuron.weights[0].data, neuron.bias.data = 1.0, 0.5
    assert neuron([-1.0]).data == pytest.approx(wanted, rel=1e-15)


@pytest.mark.parametrize(
    ("activation", "variance"),
    [
        ("relu", 2 / 200),
        ("leaky_relu", 2 / 200),
        ("softplus", 2 / 200),
        ("tanh", 2 / 300),
        ("sigmoid", 2 / 300),
        ("linear", 2 / 300),
    ],
)
def test_initial_weights_have_the_variance_of_he_or_xavier(activation, variance):
    layer = Layer(200, 100, activation, seed=0)
    weights = np.array([weight.data for neuron in layer.neurons for weight in neuron.weights])
    # of 20,000 normal numbers the variance is within 1 % (one standard deviation), the mean within 1/141 of one
    assert np.var(weights) == pytest.approx(variance, rel=0.04)
    assert abs(np.mean(weights)) < 4 * math.sqrt(variance / 20_000)
    assert {neuron.bias.data for neuron in layer.neurons} == {0.0}


def test_the_seed_decides_the_weights():
    assert MLP(3, [4, 2], seed=7).state_dict() == MLP(3, [4, 2], seed=7).state_dict()
    assert MLP(3, [4, 2], seed=7).state_dict() != MLP(3, [4, 2], seed=8).state_dict()
    assert MLP(3, [4, 2]).state_dict() != MLP(3, [4, 2]).state_dict()


def test_a_network_computes_what_the_formula_says():
    model = MLP(3, [4, 2], activation="tanh", seed=0)

    def matrix(layer):
        return np.array([[w.data for w in neuron.weights] for neuron in layer.neurons])

    for i, parameter in enumerate(model.parameters()):
        parameter.data = math.sin(i)
    biases = [np.array([neuron.bias.data for neuron in layer.neurons]) for layer in model.layers]
    x = np.array([0.3, -0.2, 0.9])
    hidden = np.tanh(matrix(model.layers[0]) @ x + biases[0])
    wanted = matrix(model.layers[1]) @ hidden + biases[1]
    assert [out.data for out in model(x)] == pytest.approx(wanted.tolist(), rel=1e-14)


def test_layers_and_networks_always_return_lists():
    assert isinstance(Layer(1, 1, seed=0)([1.0]), list)
    assert isinstance(MLP(1, [1], seed=0)([1.0]), list)
    assert isinstance(Neuron(1, seed=0)([1.0]), Value)


@pytest.mark.parametrize("call", [Neuron(2, seed=0), Layer(2, 3, seed=0), MLP(2, [3, 1], seed=0)])
def test_a_wrong_number_of_inputs_is_refused(call):
    for inputs in ([], [1.0], [1.0, 2.0, 3.0]):
        with pytest.raises(ValueError, match=f"takes 2 inputs, got {len(inputs)}"):
            call(inputs)
    for inputs in (1.0, Value(1.0), None):
        with pytest.raises(TypeError, match="takes a list of 2 inputs"):
            call(inputs)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Neuron(0), "n_inputs .* got 0"),
        (lambda: Neuron(True), "n_inputs .* got True"),
        (lambda: Neuron(2.0), r"n_inputs .* got 2\.0"),
        (lambda: Neuron(10**20), "100,000,000,000,000,000,001 parameters, wanted at most 1,000,000"),
        (lambda: Layer(1, 10**20), "200,000,000,000,000,000,000 parameters"),
        (lambda: MLP(2, [3000, 3000, 1]), "2 inputs and layers of 3000, 3000, 1 has 9,015,001 parameters"),
        (lambda: MLP(1, [1], seed=-1), "seed is a whole number from 0, got -1"),
        (lambda: MLP(1, [1], seed=1.5), r"seed .* got 1\.5"),
        (lambda: Layer(2, 0), "n_outputs .* got 0"),
        (lambda: MLP(2, []), "sizes"),
        (lambda: MLP(2, 3), "sizes"),
        (lambda: MLP(2, [3, -1]), r"sizes\[1\] .* got -1"),
        (lambda: MLP(2, [1], output="swish"), "no activation is named 'swish'; there are linear, relu"),
    ],
)
def test_impossible_shapes_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP(1, [1], seed="a"), "seed is a whole number from 0, got 'a'"),
        (lambda: MLP("a", [1]), "n_inputs .* got 'a'"),
        (lambda: MLP(1, ["a"]), r"sizes\[0\] .* got 'a'"),
    ],
)
def test_what_is_no_number_is_refused(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def guide(factor):
    """The network of a beginner's guide, w1, b1, w2, b2 in this order, after its loss times ``factor`` ran backward."""
    model = MLP(1, [1, 1], activation="sigmoid", output="sigmoid", seed=0)
    for parameter, number in zip(model.parameters(), [0.15, 0.4, 0.45, 0.65], strict=True):
        parameter.data = number
    (mse(model([0.1]), [0.25]) * factor).backward()
    return model


def test_two_sigmoid_neurons_in_a_row_take_the_step_that_the_guide_prints():
    model = guide(factor=0.5)
    SGD(model.parameters(), lr=0.4).step()
    w1, b1, w2, b2 = (parameter.data for parameter in model.parameters())
    assert (round(w1, 5), round(b1, 5), round(w2, 4), round(b2, 4)) == (0.14959, 0.39591, 0.4272, 0.6121)


def test_without_the_half_each_gradient_is_twice_as_large():
    halves, wholes = guide(factor=0.5).parameters(), guide(factor=1.0).parameters()
    assert [whole.grad for whole in wholes] == [2 * half.grad for half in halves]
