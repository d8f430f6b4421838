"""The README's pictures: one command makes them all, they follow the reader's theme, and what moves is the training."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import numpy as np
import pictures
import pytest
from checkout import ROOT
from matplotlib.image import imread
from plots import plot_images, plot_weights
from plots.animation import animate_training
from plots.theme import following_theme

from autograd.viewing.palette import DARK, LIGHT
from nn import MLP, Adam, History, Trainer
from nn.data import Predictor
from nn.data.datasets import xor
from nn.fit.objective import Objective
from nn.viewing.plots import svg_bytes, theme

SVG = "{http://www.w3.org/2000/svg}"


def test_the_command_makes_every_picture_and_no_other() -> None:
    texts = [path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]]
    shown = {name for text in texts for name in re.findall(r"notebooks/pictures/([\w.-]+)", text)}
    assert shown == set(pictures.pictures()) == {path.name for path in pictures.PICTURES.iterdir()}


@pytest.mark.parametrize("name", pictures.pictures())
def test_each_is_an_image_that_follows_the_theme(name: str) -> None:
    text = (pictures.PICTURES / name).read_text(encoding="utf-8")
    assert "@media (prefers-color-scheme: dark)" in text
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(text).iter()}
    assert not tags & {"script", "foreignObject"}
    assert not re.search(r'(href|src)="http', text), "an image asks the network for nothing"


@pytest.mark.parametrize("name", ["neuron.svg", "network.svg"])
def test_a_dark_page_has_dark_boxes_and_light_text(open_page: Any, name: str) -> None:
    page = open_page((pictures.PICTURES / name).read_text(encoding="utf-8"), dark=True)
    colours = page.evaluate(
        "() => [...document.querySelectorAll('.node path, .node ellipse')].map(shape => getComputedStyle(shape).fill)"
    )
    rgb = {tuple(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours if colour.startswith("rgb")}
    allowed = {tuple(int(DARK[part][i : i + 2], 16) for i in (1, 3, 5)) for part in DARK}
    assert rgb
    assert rgb <= allowed


@pytest.mark.parametrize(
    "plot",
    [
        lambda: plot_images(np.arange(24.0).reshape(2, 12), (3, 4), ["a", "b"]),
        lambda: plot_weights(MLP(9, [4], seed=0).layers[0], (3, 3)),
    ],
)
def test_images_of_pixels_are_those_of_a_dark_page_too(open_page: Any, plot: Any) -> None:
    with theme("dark"):
        dark = svg_bytes(plot).decode()
    shown = []
    for svg in (following_theme(svg_bytes(plot).decode()), dark):
        page = open_page(f'<body style="margin: 0">{svg[svg.index("<svg ") :]}', dark=True)
        shown.append(imread(io.BytesIO(page.locator("svg").screenshot())))
    assert np.ptp(shown[1]) > 0.8  # from dark paper to full ink
    assert np.abs(shown[0] - shown[1]).max() < 0.04, "colours of 8 bits, blended twice"


@pytest.fixture(scope="module")
def trained() -> tuple[History, Predictor, Any]:
    data = xor()
    objective = Objective.default(data.classes)
    predictor = Predictor.untrained(data, objective, MLP(2, [3, 1], "tanh", seed=0))
    trainer = Trainer(predictor.model, objective.loss, Adam(predictor.model.parameters(), 0.1))
    inputs, targets = predictor.inputs(data.features), predictor.targets(data)
    return trainer.fit(inputs, targets, epochs=5, batch_size=20, record=True, seed=0), predictor, data


def values(element: ET.Element, attribute: str) -> list[str]:
    [found] = [a for a in element.iter(f"{SVG}animate") if a.get("attributeName") == attribute]
    return (found.get("values") or "").split(";")


def test_lines_are_as_wide_as_the_weights_of_each_epoch(trained: Any) -> None:
    history, predictor, data = trained
    root = ET.fromstring(animate_training(history, predictor, data))
    lines = list(root.iter(f"{SVG}line"))
    moments = np.array([moment.parameters for moment in history.recording.moments])
    names = list(predictor.model.state_dict())
    weights = [names.index(f"layers[0].neurons[{j}].weights[{i}]") for j in range(3) for i in range(2)]
    largest = np.abs(moments[:, weights]).max()
    assert len(lines) == 3 * 2 + 3
    for line, place in zip(lines, weights, strict=False):
        widths = [float(width) for width in values(line, "stroke-width")]
        assert widths[:-1] == pytest.approx(0.3 + 3.2 * np.abs(moments[:, place]) / largest, abs=0.006)
        assert widths[-1] == widths[-2] == float(line.get("stroke-width") or 0), "where nothing moves, the end is seen"
        sign = "positive" if moments[-1, place] >= 0 else "negative"
        assert line.get("stroke") == LIGHT[sign]


def test_it_says_the_loss_of_each_epoch_and_leaves_the_parameters_as_they_were(trained: Any) -> None:
    history, predictor, data = trained
    before = predictor.model.state_dict()
    root = ET.fromstring(animate_training(history, predictor, data))
    assert predictor.model.state_dict() == before
    said = [text.text for text in root.iter(f"{SVG}text") if (text.text or "").startswith("epoch")]
    assert said == ["epoch 0", *(f"epoch {i + 1}: {loss:.4g}" for i, loss in enumerate(history.losses))]


def test_the_plane_is_divided_where_the_network_does(trained: Any) -> None:
    history, predictor, data = trained
    root = ET.fromstring(animate_training(history, predictor, data))
    [boundary] = [path for path in root.iter(f"{SVG}path") if path.get("class") == "boundary"]
    points = np.array(re.findall(r"(-?\d+) (-?\d+)", boundary.get("d") or ""), dtype=float)
    low, high = data.features.min(axis=0), data.features.max(axis=0)
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    places = np.stack([(points[:, 0] - 370) / 236, 1 - (points[:, 1] - 42) / 236], axis=1) * (high - low) + low
    margins = predictor.objective.margins(predictor.outputs(places))[:, 1]
    everywhere = predictor.objective.margins(predictor.outputs(data.features))[:, 1]
    assert len(points) > 5
    assert np.abs(margins).max() < 0.1 * np.abs(everywhere).max()


def test_what_it_cannot_show_is_refused(trained: Any) -> None:
    history, predictor, data = trained
    with pytest.raises(ValueError, match="was not recorded"):
        animate_training(History([1.0]), predictor, data)
    wide = replace(data, features=np.ones((len(data.features), 3)))
    with pytest.raises(ValueError, match="got 3 features and 2 classes"):
        animate_training(history, predictor, wide)


def test_it_moves_where_no_script_runs(open_page: Any) -> None:
    text = (pictures.PICTURES / "training.svg").read_text(encoding="utf-8")
    page = open_page(f"<!DOCTYPE html><body>{text}</body>")
    width = "document.querySelector('#drawn rect').width.animVal.value"
    page.evaluate("document.querySelector('svg').setCurrentTime(0.2)")
    early = page.evaluate(width)
    page.evaluate("document.querySelector('svg').setCurrentTime(5.9)")
    assert page.evaluate(width) > early + 50


def test_the_moons_are_learned() -> None:
    text = (pictures.PICTURES / "training.svg").read_text(encoding="utf-8")
    losses = [float(loss) for loss in re.findall(r">epoch \d+: ([\d.e-]+)", text)]
    assert losses[-1] < 0.1 * losses[0]
