"""The pictures of the lessons: what is drawn is what was computed."""

import math

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from plots import plot_activation, plot_attention, plot_descent, plot_fit, plot_running_loss, plot_softmax

from nn.viewing.plots import side_by_side


def curves(ax):
    return {line.get_label(): np.column_stack(line.get_data()) for line in ax.get_lines()}


def at(curve, x):
    return float(np.interp(x, *curve.T))


@pytest.mark.parametrize(
    ("name", "z", "a", "slope"),
    [
        ("sigmoid", 0.0, 0.5, 0.25),
        ("sigmoid", 3.0, 0.9525741268224334, 0.045176659730912144),
        ("tanh", 1.0, math.tanh(1.0), 1.0 - math.tanh(1.0) ** 2),
        ("relu", -2.0, 0.0, 0.0),
        ("relu", 2.0, 2.0, 1.0),
        ("leaky_relu", -2.0, -0.02, 0.01),
        (lambda z: z * z, 3.0, 9.0, 6.0),
    ],
)
def test_an_activation_and_its_derivative(name, z, a, slope):
    drawn = curves(plot_activation(name))
    assert at(drawn["a(z)"], z) == pytest.approx(a)
    assert at(drawn["da/dz"], z) == pytest.approx(slope)


def test_the_shade_is_where_the_slope_is_small():
    (shade,) = plot_activation("relu").collections
    xs = np.concatenate([path.vertices[:, 0] for path in shade.get_paths()])
    assert (xs.min(), xs.max()) == (-6.0, pytest.approx(0.0, abs=0.06))


def test_softmax_bars_are_probabilities():
    ax = plot_softmax([0.0, math.log(3.0)], names=["cat", "dog"])
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.25, 0.75])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["cat", "dog"]
    with pytest.raises(ValueError, match="one name for each logit, got 1 names and 2 logits"):
        plot_softmax([0.0, 1.0], names=["cat"])


def test_descent_puts_each_step_on_the_curve():
    drawn = curves(plot_descent(lambda w: (w - 2.0) ** 2, [0.0, 1.6, 1.92]))
    assert drawn["gradient descent"] == pytest.approx(np.array([[0.0, 4.0], [1.6, 0.16], [1.92, 0.0064]]))
    assert at(drawn["cost J(w)"], 1.6) == pytest.approx(0.16, abs=1e-3)


def test_descent_numbers_no_place_twice():
    ax = plot_descent(lambda w: w * w, [0.0, 4.0, 0.0, 4.0])
    assert [text.get_text() for text in ax.texts] == ["0", "1"]


def test_descent_needs_a_start():
    with pytest.raises(ValueError, match="at least where it starts"):
        plot_descent(lambda w: w * w, [])


def test_fit_draws_a_line_for_each_step():
    ax = plot_fit([1.0, 2.0], [2.0, 4.0], [0.0, 1.0, 2.0], biases=[0.5, 0.0, 0.0])
    drawn = curves(ax)
    assert at(drawn["step 0: w = 0"], 1.0) == pytest.approx(0.5)
    assert at(drawn["step 2: w = 2"], 2.0) == pytest.approx(4.0)
    assert drawn["data"].tolist() == [[1.0, 2.0], [2.0, 4.0]]


def test_fit_grows_darker_and_names_few():
    *lines, data = plot_fit([1.0], [2.0], [0.1 * k for k in range(20)]).get_lines()
    shades = [to_rgb(line.get_color())[0] for line in lines]
    assert shades == sorted(shades, reverse=True)
    assert data.get_label() == "data"
    named = [line.get_label() for line in lines if not line.get_label().startswith("_")]
    assert named == [f"step {k}: w = {0.1 * k:.4g}" for k in (0, 1, 2, 3, 4, 19)]


def test_the_running_loss_is_the_mean_of_the_last_steps():
    drawn = curves(plot_running_loss([4.0, 2.0, 3.0, 1.0], {"guess": 3.5}, window=2))
    assert drawn["mean of 2 steps"].tolist() == [[2, 3.0], [3, 2.5], [4, 2.0]]
    assert drawn["each step"].tolist() == [[1, 4.0], [2, 2.0], [3, 3.0], [4, 1.0]]
    assert drawn["guess"][:, 1].tolist() == [3.5, 3.5]
    with pytest.raises(ValueError, match="a mean over 2 steps needs so many losses, got 1"):
        plot_running_loss([1.0], window=2)


def test_attention_leaves_out_what_a_place_cannot_see():
    left, right = plot_attention([[[1.0], [0.25, 0.75]], [[1.0], [0.5, 0.5]]], ".a")
    (image,) = left.get_images()
    assert image.get_array().filled(-1.0).tolist() == [[1.0, -1.0], [0.25, 0.75]]
    assert (image.get_clim(), right.get_title()) == ((0.0, 1.0), "head 1")
    assert [label.get_text() for label in left.get_yticklabels()] == [".", "a"]
    with pytest.raises(ValueError, match=r"each of the 2 letters .* got rows of \[1\] in head 0"):
        plot_attention([[[1.0]]], ".a")


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plot_activation("tanh", ax),
        lambda ax: plot_softmax([1.0, 2.0], ax),
        lambda ax: plot_descent(lambda w: w * w, [1.0, 0.5], ax),
        lambda ax: plot_fit([1.0], [2.0], [0.0], ax),
        lambda ax: plot_running_loss([1.0, 2.0], window=1, ax=ax),
    ],
)
def test_given_axes_are_drawn_into_and_named(draw):
    ax = Figure().subplots()
    assert draw(ax) is ax
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_axes_show_their_figure_in_a_notebook():
    left, right = side_by_side(2)
    assert left.figure is right.figure
    assert plot_fit([1.0], [2.0], [0.0], right)._repr_svg_().startswith("<?xml")
