"""Neurons, inputs and layers stand in their order in every picture of a network, whichever Graphviz lays it out."""

from __future__ import annotations

from importlib.util import find_spec
from shutil import which

import pytest
from extensive import further
from generators.networks import Network, random_network
from outlines import outlines, side_by_side

from autograd import Value, functional
from autograd.viewing import draw
from autograd.viewing.drawing import Drawing
from nn import MLP, Layer, mse

RANKDIRS = ["LR", "TB", "RL", "BT"]


@pytest.fixture(params=["system", "wheel"])
def renderer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are laid out by the system's Graphviz, then by that of the wheel, which is another version."""
    if request.param == "wheel":
        monkeypatch.setenv("PATH", "/no/such/folder")
    if not (find_spec("pygraphviz") if request.param == "wheel" else which("dot")):
        pytest.skip("there is no Graphviz of this kind")


def check(drawing: Drawing, network: Network, rankdir: str) -> None:
    """Layers stand one behind the other, in each its neurons side by side, and side by side what goes in first."""
    along, across = (1, 0) if rankdir in ("TB", "BT") else (0, 1)
    backwards = rankdir in ("RL", "BT")
    frames = outlines(drawing, "cluster")
    layers = [frame for frame in frames if frame.text.startswith("layers")]
    ranks = [*side_by_side(layers, along)][:: -1 if backwards else 1]
    assert [layer.text for layer in ranks] == [f"layers[{i}]" for i in range(len(layers))]
    neurons = [one for one in (*frames, *outlines(drawing, "node box")) if one.text.startswith("neurons")]
    within = [[one for one in neurons if layer.holds(one)] for layer in ranks] or [neurons]
    for found, size in zip(within, network.sizes, strict=True):
        in_order = [neuron.text.split()[0] for neuron in side_by_side(found, across)]
        assert in_order == [f"neurons[{j}]" for j in range(size)]
    entering = [one for one in outlines(drawing, "node input") if one.text.startswith("input")]
    given = [f"input data {number:g}" for sample in network.samples for number in sample]
    assert [one.text for one in side_by_side(entering, across)] == given
    first = within[0]
    for one in entering:
        before, behind = ([one], first) if not backwards else (first, [one])
        assert max(box.most[along] for box in before) < min(box.least[along] for box in behind)


SEVEN_CLASSES = Network(MLP(3, [7], "tanh", seed=0), [7], [[1.0, 2.0, 3.0]], "classes")
LARGE = Network(MLP(4, [16, 16, 2], "tanh", seed=0), [16, 16, 2], [[1.0, 2.0, 3.0, 4.0]], "mse")


@pytest.mark.parametrize("rankdir", RANKDIRS)
def test_with_a_loss_that_pulls_all_outputs_together(renderer: None, rankdir: str) -> None:
    check(draw(SEVEN_CLASSES.root, rankdir), SEVEN_CLASSES, rankdir)


@pytest.mark.parametrize("seed", [*range(24), *further(*range(24, 200))])
def test_in_pictures_of_graphs(renderer: None, seed: int) -> None:
    network, rankdir = random_network(seed), RANKDIRS[seed % 4]
    check(draw(network.root, rankdir), network, rankdir)


@pytest.mark.parametrize("seed", [*range(0, 24, 2), *further(*range(24, 200))])
def test_in_graphs_collapsed_by_neuron(renderer: None, seed: int) -> None:
    network, rankdir = random_network(seed), RANKDIRS[seed // 2 % 4]
    check(draw(network.root, rankdir, collapse="neuron"), network, rankdir)


@pytest.mark.parametrize("rankdir", RANKDIRS)
def test_in_a_graph_too_large_to_be_drawn_whole(renderer: None, rankdir: str) -> None:
    drawing = draw(LARGE.root, rankdir)
    assert "collapsed by neuron" in drawing.description
    assert "grad –" not in drawing.dot.replace("|grad\\ –", "")
    check(drawing, LARGE, rankdir)


@pytest.mark.parametrize("rankdir", RANKDIRS)
@pytest.mark.parametrize("sizes", [[3, 5], [7], [20, 2]])
def test_circles_of_an_architecture(renderer: None, sizes: list[int], rankdir: str) -> None:
    drawing = draw(MLP(4, sizes, seed=0), rankdir)
    across = 0 if rankdir in ("TB", "BT") else 1
    circles = [*outlines(drawing, "node entry"), *outlines(drawing, "node neuron")]
    for i, size in enumerate([4, *sizes]):
        column = [circle for circle in circles if circle.title.startswith(f"m_{i}_")]
        shown = [int(circle.title.rpartition("_")[2]) for circle in side_by_side(column, across)]
        assert shown == [*range(size if size <= 16 else 15)]


@pytest.mark.parametrize("rankdir", RANKDIRS)
def test_labelled_inputs_of_a_lone_layer(renderer: None, rankdir: str) -> None:
    inputs = [Value(number, label=f"x[{i}]") for i, number in enumerate((1.0, 2.0, 3.0))]
    drawing = draw(functional.mean(Layer(3, 2, "tanh", seed=0)(inputs)), rankdir)
    entering = [one for one in outlines(drawing, "node leaf") if one.text.startswith("x[")]
    in_order = side_by_side(entering, 0 if rankdir in ("TB", "BT") else 1)
    assert [one.text[:4] for one in in_order] == ["x[0]", "x[1]", "x[2]"]


@pytest.mark.parametrize("rankdir", RANKDIRS)
def test_layers_that_are_boxes(renderer: None, rankdir: str) -> None:
    drawing = draw(mse(MLP(2, [3, 3, 3, 1], "tanh", seed=0)([0.5, -1.0]), [1.0]), rankdir, collapse="layer")
    layers = [one for one in outlines(drawing, "node box") if one.text.startswith("layers")]
    entering = [one for one in outlines(drawing, "node input") if one.text != "input data 1"]
    found = [*side_by_side([*layers, entering[0]], 1 if rankdir in ("TB", "BT") else 0)]
    in_order = [one.text[:9] for one in found][:: -1 if rankdir in ("RL", "BT") else 1]
    assert in_order == ["input dat", *(f"layers[{i}]" for i in range(4))]
