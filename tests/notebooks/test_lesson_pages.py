"""The pages and pictures that lessons play with: what is shown is what was computed."""

import json
import re

import numpy as np
import pytest
from plots import (
    Diary,
    draw_product,
    flipbook,
    play_diary,
    plot_bowl,
    plot_curves,
    plot_signals,
    product_nodes,
    signals,
)

from autograd import Value, draw
from autograd.functional import mean
from autograd.viewing.palette import LIGHT
from nn import MLP, Layer
from nn.viewing.plots import side_by_side


def doubled_twice():
    a = Value(1.0, label="a")
    b = a + a
    b.label = "b"
    c = b + b
    c.label = "c"
    return c


def overwrite(node, gradients):
    for parent, partial in zip(node.parents, node.partials, strict=True):
        gradients[parent] = gradients[node] * partial
        overwrite(parent, gradients)


def accumulate(node, gradients):
    for parent, partial in zip(node.parents, node.partials, strict=True):
        gradients[parent] += gradients[node] * partial
        accumulate(parent, gradients)


def data_of(page):
    return json.loads(re.search(r'<script id="data"[^>]*>(.*?)</script>', page.html, re.DOTALL)[1])


@pytest.mark.parametrize(
    ("order", "steps"),
    [
        (overwrite, [("c", 1, "b", None, 1), ("b", 1, "a", None, 1), ("b", 1, "a", 1, 1)]),
        (accumulate, [("c", 1, "b", None, 1), ("b", 1, "a", None, 1), ("b", 1, "a", 1, 2)]),
    ],
)
def test_a_diary_says_who_passed_on_what(order, steps):
    diary = Diary(root := doubled_twice())
    order(root, diary)
    assert len(diary.entries) == 6
    for entry, (source, gradient, node, before, after) in zip(diary.entries, steps, strict=False):
        assert (entry.source.label, entry.source_gradient) == (source, gradient)
        assert (entry.node.label, entry.before, entry.after) == (node, before, after)


@pytest.mark.parametrize(("order", "said"), [(overwrite, "1, and should be 4."), (accumulate, "6, and should be 4.")])
def test_a_diary_is_played_to_its_wrong_end(order, said):
    diary = Diary(root := doubled_twice())
    order(root, diary)
    data = data_of(play_diary(diary))
    assert data["places"] == [str(step) for step in range(7)]
    assert data["frames"][-1]["lines"][-1] == f"dc/da has come out as {said}"
    shown = [re.findall(r">grad ([^<]*)<", frame["svg"]) for frame in data["frames"]]
    assert shown[0] == ["–", "–", "1"]
    assert shown[-1][0] == said[0]
    assert not root.has_grad, "the reader's own Values are left as they are"


def test_a_flipbook_shows_the_picture_that_the_slider_names(open_page):
    pictures = {rate: (draw(Value(rate, label="x") * 2), [f"rate {rate}", "it is x"]) for rate in (0.1, 0.2, 0.3)}
    page = open_page(flipbook("Rates", pictures, "rate", first=0.2).html)
    assert page.inner_text("#place") == "rate 0.2 / 0.3"
    assert page.inner_text("#lines p:first-child") == "rate 0.2"
    page.keyboard.press("ArrowRight")
    assert "data 0.3" in page.text_content("#stage svg")
    assert page.locator("#stage svg").count() == 1


def test_a_flipbook_opens_with_a_picture_that_it_has():
    (ax,) = side_by_side(1)
    with pytest.raises(ValueError, match=r"one of the 1 pictures, got 0\.2"):
        flipbook("Rates", {0.1: (ax, [])}, "rate", first=0.2)
    with pytest.raises(ValueError, match="one of the 0 pictures"):
        flipbook("Rates", {}, "rate")


def test_a_bowl_has_lines_of_equal_cost_and_the_path():
    path = [(1.0, 1.0), (0.5, -0.5), (0.25, 0.25)]
    ax = plot_bowl(lambda u, v: u * u + 10.0 * v * v, path, reach=1.5)
    (contours,) = ax.collections
    for level, lines in zip(contours.levels, contours.get_paths(), strict=True):
        u, v = lines.vertices.T
        assert u * u + 10.0 * v * v == pytest.approx(level, rel=0.05)
    assert np.array(ax.get_lines()[0].get_data()).T.tolist() == [list(place) for place in path]
    with pytest.raises(ValueError, match="at least where it starts"):
        plot_bowl(lambda u, v: u * v, [])


def test_signals_are_what_each_layer_gives():
    model, samples = MLP(2, [3, 2], "tanh", seed=0), [[1.0, -1.0], [0.5, 2.0]]
    hidden, last = signals(model, samples)
    assert hidden.tolist() == [out.data for sample in samples for out in model.layers[0](sample)]
    assert last.tolist() == [out.data for sample in samples for out in model(sample)]


def test_each_layer_has_a_histogram_and_the_first_stands_on_top():
    model = MLP(1, [2, 1], "linear", seed=0)
    for layer, weight in zip(model.layers, (0.5, 10.0), strict=True):
        for neuron in layer.neurons:
            neuron.weights[0].data = weight
    ax = plot_signals(model, [[0.2], [0.2], [1.0]], (1, 2), 1.0)
    bars = {}
    for bar in ax.patches:
        if bar.get_height() > 0:
            bars.setdefault(-bar.get_y(), []).append((round(bar.get_x(), 2), round(bar.get_height(), 3)))
    assert bars[0] == [(0.08, 0.85), (0.5, 0.425)]  # 0.1 twice as often as 0.5
    assert [text.get_text() for text in ax.get_yticklabels()] == ["layer 1", "layer 2"]
    assert all(0.9 < x < 1.0 for x, _ in bars[1]), "what lies beyond is counted at the end"


@pytest.mark.parametrize(("rows", "columns"), [(1, 3), (2, 3), (4, 2)])
def test_the_numbers_of_a_matrix_are_those_of_the_layer(rows, columns):
    x = [Value(float(i + 1), label=f"x[{i}]") for i in range(columns)]
    layer = Layer(columns, rows, "tanh", seed=0)
    root = mean(layer(x))
    found = product_nodes(root, x)
    weights = [weight for neuron in layer.neurons for weight in neuron.weights]
    assert set(found["left"]) == set(weights)
    assert found["right"] == x
    wanted = [
        weight.data * number.data for neuron in layer.neurons for weight, number in zip(neuron.weights, x, strict=True)
    ]
    assert sorted(node.data for node in found["products"]) == pytest.approx(sorted(wanted))
    svg = draw_product(root, x).svg
    fills = {part: svg.count(f'fill="{LIGHT[part]}"') for part in ("k4", "k1", "k3")}
    assert fills == {"k4": rows * columns, "k1": columns, "k3": rows * columns}


def test_a_graph_without_a_matrix_product_has_none_to_colour():
    x = Value(1.0)
    with pytest.raises(ValueError, match="finds no matrix product"):
        product_nodes(x.exp(), [x])


def test_curves_stand_on_what_was_measured_and_later_measurements_are_hollow():
    line = [0.0, 1.0, 2.0], [5.0, 6.0, 7.0]
    ax = plot_curves([0.5, 1.5, 2.0], [1.0, 2.0, 3.0], {"a line": line}, known_until=1.5)
    drawn = {found.get_label(): found for found in ax.get_lines()}
    places = {name: np.array(found.get_data()).T.tolist() for name, found in drawn.items()}
    assert places["measured"] == [[0.5, 1.0], [1.5, 2.0]]
    assert places["measured later"] == [[2.0, 3.0]]
    assert places["a line"] == [[0.0, 5.0], [1.0, 6.0], [2.0, 7.0]]
    assert [drawn[name].get_markerfacecolor() for name in ("measured", "measured later")] == [
        LIGHT["quiet"],
        LIGHT["paper"],
    ]


@pytest.mark.parametrize(
    ("measured", "curves", "told"),
    [
        ([1.0], {}, r"got \(2,\) times and \(1,\) measurements"),
        ([1.0, 2.0], {str(k): ([0.0], [0.0]) for k in range(5)}, "at most 4 curves can be told apart, got 5"),
    ],
)
def test_measurements_and_curves_that_do_not_fit_are_refused(measured, curves, told):
    with pytest.raises(ValueError, match=told):
        plot_curves([0.0, 1.0], measured, curves, known_until=1.0)
