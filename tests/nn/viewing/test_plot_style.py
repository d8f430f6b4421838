"""The style of plots: in both themes all text and lines stand out, and all colours are those of the palette."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from extensive import further
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from plots import (
    plot_activation,
    plot_attention,
    plot_descent,
    plot_fit,
    plot_gradients,
    plot_images,
    plot_losses,
    plot_regions,
    plot_running_loss,
    plot_softmax,
    plot_weights,
)

from autograd.viewing.palette import DARK, LIGHT, PALETTES, Theme, luminance
from nn import MLP, History
from nn.__main__ import main
from nn.data import Predictor
from nn.data.datasets import line, xor
from nn.fit.objective import Objective
from nn.viewing.plots import (
    new_axes,
    plot_boundary,
    plot_confusion,
    plot_curve,
    plot_loss,
    plot_surface,
    settings,
    svg_bytes,
    theme,
)
from nn.viewing.plots.style import current_theme, styled


def trained() -> tuple[Any, ...]:
    data = xor()
    return Predictor.untrained(data, Objective.named("hinge", data.classes), MLP(2, [1], seed=0)), data, data


def surface() -> tuple[Any, ...]:
    data = replace(xor(), classes=(), targets=xor().features.sum(axis=1))
    return Predictor.untrained(data, Objective.default(()), MLP(2, [1], seed=0)), data, data


def curve() -> tuple[Any, ...]:
    data = line()
    return Predictor.untrained(data, Objective.default(()), MLP(1, [1], seed=0)), data, data


def differentiated() -> MLP:
    model = MLP(2, [2, 1], "tanh", seed=0)
    model([1.0, 2.0])[0].backward()
    return model


PLOTS: dict[str, Callable[[], Any]] = {
    "loss": lambda: plot_loss(History([1.0, 0.5, 0.1], held_out_losses=[1.0, 0.6, 0.3])),
    "confusion": lambda: plot_confusion([[5, 1], [2, 7]]),
    "boundary": lambda: plot_boundary(*trained()),
    "curve": lambda: plot_curve(*curve()),
    "activation": lambda: plot_activation("tanh"),
    "softmax": lambda: plot_softmax([1.0, 2.0]),
    "losses": lambda: plot_losses({"a": History([1.0, 0.5]), "b": History([1.0, 0.7])}),
    "regions": lambda: plot_regions({"a": trained()[0], "b": trained()[0]}, *trained()[1:])[0],
    "descent": lambda: plot_descent(lambda w: (w - 1) ** 2, [3.0, 2.0, 1.5]),
    "fit": lambda: plot_fit([1.0, 2.0], [2.0, 4.0], [0.0, 1.0, 1.5]),
    "gradients": lambda: plot_gradients({"a": differentiated()}),
    "attention": lambda: plot_attention([[[1.0], [0.25, 0.75]]], ".a")[0],
    "running": lambda: plot_running_loss([4.0, 2.0, 3.0, 1.0], {"guess": 3.5}, window=2),
    "images": lambda: plot_images(np.arange(8.0).reshape(2, 4), (2, 2), ["a", "b"]),
    "weights": lambda: plot_weights(MLP(4, [3], seed=0).layers[0], (2, 2)),
}


def contrast(a: str, b: str) -> float:
    lights = luminance(a) + 0.05, luminance(b) + 0.05
    return max(lights) / min(lights)


@pytest.mark.parametrize("name", ["dark", *further("light")])
@pytest.mark.parametrize("plot", PLOTS)
def test_all_text_stands_out(plot: str, name: Theme) -> None:
    paper = PALETTES[name]["paper"]
    with theme(name):
        figure: Any = PLOTS[plot]().get_figure(root=True)
    assert to_hex(figure.get_facecolor()) == paper
    figure.draw_without_rendering()  # ticks are made only now
    seen = [text for text in figure.findobj(mpl.text.Text) if text.get_visible() and text.get_text().strip()]
    assert seen
    on_shades = plot == "confusion"  # whose counts stand on cells of their own shade
    for text in seen:
        if not (on_shades and text in figure.axes[0].texts):
            assert contrast(to_hex(text.get_color()), paper) >= 4.5, text
    for one in figure.axes:
        assert to_hex(one.get_facecolor()) == paper
        for spine in one.spines.values():
            assert not spine.get_visible() or contrast(to_hex(spine.get_edgecolor()), paper) >= 3.0


@pytest.mark.parametrize("parts", [[[9, 1], [1, 9]], [[51, 49], [49, 51]], [[1, 0], [0, 1]]])
@pytest.mark.parametrize("name", ["light", "dark"])
def test_counts_stand_out_from_their_cells(name: Theme, parts: Any) -> None:
    with theme(name):
        ax = plot_confusion(parts)
    [image] = ax.get_images()
    for text in ax.texts:
        j, i = map(round, text.get_position())
        ground = to_hex(image.cmap(image.norm(image.get_array()[i, j])))
        assert contrast(to_hex(text.get_color()), ground) >= 3.0


@pytest.mark.parametrize("name", ["dark", *further("light")])
@pytest.mark.parametrize("plot", ["loss", "boundary", "activation", "descent", "gradients", "losses"])
def test_every_colour_is_of_the_palette(plot: str, name: Theme) -> None:
    def draw() -> Any:
        with theme(name):
            return PLOTS[plot]()

    colours = set(re.findall(r"#[0-9a-f]{6}", svg_bytes(draw).decode()))
    assert colours <= {*PALETTES[name].values(), "#000000"} | ({"#ffffff"} if name == "light" else set())
    assert PALETTES[name]["ink"] in colours


def test_axes_of_a_users_own_keep_their_ground_and_give_the_theme() -> None:
    for face, palette in [("white", LIGHT), ("#eeeeee", LIGHT), ("black", DARK), ("#202020", DARK)]:
        ax = Figure().add_subplot(facecolor=face)
        with styled(ax) as found:
            assert found is palette
        plot_loss(History([1.0, 0.5]), ax)
        assert to_hex(ax.get_facecolor()) == to_hex(face)
        [drawn] = ax.get_lines()
        assert to_hex(drawn.get_color()) == palette["training"]


def test_nothing_of_the_style_is_left_behind() -> None:
    before = dict(mpl.rcParams)
    with theme("dark"):
        plot_loss(History([1.0, 0.5]), new_axes())
    assert current_theme() == "light"
    assert dict(mpl.rcParams) == before
    with pytest.raises(ValueError, match="theme is 'light' or 'dark', got 'blue'"), theme("blue"):  # type: ignore[arg-type]
        pass


def test_the_settings_are_for_matplotlib_itself() -> None:
    with mpl.rc_context(settings("dark")):
        assert to_hex(Figure().get_facecolor()) == DARK["paper"]


def test_a_surface_says_its_numbers_in_both_themes() -> None:
    for name in ("light", "dark"):
        with theme(name):
            assert len(plot_surface(*surface()).figure.axes) == 2


@pytest.mark.parametrize(("options", "palette"), [([], LIGHT), (["--theme", "dark"], DARK)], ids=["light", "dark"])
def test_the_command_draws_for_a_theme(tmp_path: Path, options: list[str], palette: Any) -> None:
    arguments = ["train", "xor", "--hidden", "3", "--epochs", "2", "--no-film", "--out", str(tmp_path), *options]
    assert main(arguments) == 0
    for name in ("loss.svg", "boundary.svg", "confusion.svg"):
        assert palette["paper"] in (tmp_path / name).read_text(encoding="utf-8"), name
    assert palette["collapsed"] in (tmp_path / "graph.svg").read_text(encoding="utf-8")
