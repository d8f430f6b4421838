"""The pictures of lessons 6 to 9: gradients by layer, several trainings, confusion, images and weights."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from plots import gradient_sizes, plot_gradients, plot_images, plot_losses, plot_regions, plot_weights

from nn import MLP, History
from nn.data import xor
from nn.data.dataset import held_out_rows
from nn.data.predictor import Predictor
from nn.fit.objective import Objective
from nn.viewing.plots import confusion_matrix, plot_confusion


def differentiated(weights):
    """A row of linear neurons with these weights, x = 1, after backward."""
    model = MLP(1, [1] * len(weights), "linear", seed=0)
    for layer, weight in zip(model.layers, weights, strict=True):
        layer.neurons[0].weights[0].data = weight
    model([1.0])[0].backward()
    return model


def curves(ax):
    return {line.get_label(): np.column_stack(line.get_data()) for line in ax.get_lines()}


def captions(ax):
    return [text.get_text() for text in ax.texts]


def test_gradient_sizes_are_products_of_the_other_weights():
    assert gradient_sizes(differentiated([2.0, 3.0, 5.0])) == [15.0, 10.0, 6.0]


def test_gradient_sizes_are_root_mean_squares():
    model = MLP(2, [1], "linear", seed=0)
    model([3.0, 4.0])[0].backward()
    assert gradient_sizes(model) == [pytest.approx(np.sqrt(12.5))]


def test_gradient_sizes_need_a_backward_pass():
    with pytest.raises(ValueError, match=r"call backward\(\)"):
        gradient_sizes(MLP(1, [1]))


def test_gradients_are_drawn_layer_by_layer():
    ax = plot_gradients({"a": differentiated([2.0, 3.0]), "b": differentiated([1.0, 1.0, 7.0])})
    drawn = curves(ax)
    assert drawn["a"].tolist() == [[1.0, 3.0], [2.0, 2.0]]
    assert drawn["b"].tolist() == [[1.0, 7.0], [2.0, 7.0], [3.0, 1.0]]
    assert ax.get_yscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_a_gradient_of_0_has_no_point():
    (line,) = plot_gradients(differentiated([2.0, 0.0])).get_lines()
    assert np.isnan(line.get_ydata()[0])
    assert line.get_ydata()[1] == 2.0


def test_losses_side_by_side():
    drawn = curves(plot_losses({"fast": History([1.0, 0.1]), "slow": History([1.0, 0.9, 0.8])}))
    assert drawn["fast"].tolist() == [[1.0, 1.0], [2.0, 0.1]]
    assert drawn["slow"].tolist() == [[1.0, 1.0], [2.0, 0.9], [3.0, 0.8]]
    assert plot_losses({"done": History([1.0, 0.0])}).get_yscale() == "linear"


def test_regions_have_a_picture_each_and_one_legend():
    data = xor()
    train, held_out = (data.rows(rows) for rows in held_out_rows(data, seed=0))
    networks = {
        name: Predictor.untrained(train, Objective.named("hinge", data.classes), MLP(2, [1], seed=seed))
        for seed, name in enumerate(("first", "second"))
    }
    axes = plot_regions(networks, train, held_out)
    assert [ax.get_title() for ax in axes] == ["first", "second"]
    assert [ax.get_legend() for ax in axes] == [None, None]
    (legend,) = axes[0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["equal", "different", "held out"]


def test_confusion_counts_true_classes_in_rows():
    assert confusion_matrix([0, 0, 1, 2], [0, 2, 1, 2], 3).tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 1]]
    with pytest.raises(ValueError, match="each target has one prediction"):
        confusion_matrix([0, 1], [0], 2)


def test_confusion_is_shaded_by_the_part_of_the_true_class():
    ax = plot_confusion([[3, 1], [0, 0]], ["cat", "dog"])
    (image,) = ax.get_images()
    assert image.get_array().tolist() == [[0.75, 0.25], [0.0, 0.0]]
    assert captions(ax) == ["3", "1"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    with pytest.raises(ValueError, match=r"got shape \(2, 3\)"):
        plot_confusion(np.zeros((2, 3)))


def test_images_stand_upright_in_rows_without_overlap():
    ax = plot_images(np.arange(18.0).reshape(3, 6), (2, 3), ["a", "b", "c\nd"], columns=2)
    first, second, third = ax.get_images()
    assert first.get_array().tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert first.origin == "upper"
    assert (first.get_clim(), third.get_clim()) == ((0.0, 17.0), (0.0, 17.0))
    assert captions(ax) == ["a", "b", "c\nd"]
    left, right, _, top = first.get_extent()
    assert second.get_extent()[0] > right > left
    assert third.get_extent()[3] < first.get_extent()[2] < top


def test_images_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="rows of 6 numbers, got an array of shape"):
        plot_images(np.zeros((3, 5)), (2, 3))
    with pytest.raises(ValueError, match="one caption, got 1 for 3 images"):
        plot_images(np.zeros((3, 6)), (2, 3), ["a"])


def test_weights_are_grey_at_0():
    layer = MLP(4, [2], seed=0).layers[0]
    for weight, number in zip(layer.neurons[1].weights, (0.5, -3.0, 0.0, 1.0), strict=True):
        weight.data = number
    ax = plot_weights(layer, (2, 2))
    image = ax.get_images()[1]
    assert image.get_array().tolist() == [[0.5, -3.0], [0.0, 1.0]]
    assert image.get_clim() == (-3.0, 3.0)
    assert captions(ax) == ["0", "1"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plot_gradients(differentiated([1.0, 2.0]), ax),
        lambda ax: plot_losses({"a": History([1.0])}, ax),
        lambda ax: plot_confusion([[1, 0], [0, 1]], ax=ax),
        lambda ax: plot_images(np.ones((2, 4)), (2, 2), ax=ax),
        lambda ax: plot_weights(MLP(4, [3], seed=0).layers[0], (2, 2), ax=ax),
    ],
)
def test_they_draw_into_given_axes(draw):
    ax = Figure().subplots()
    assert draw(ax) is ax
    assert ax.has_data()
