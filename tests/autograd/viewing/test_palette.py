"""The colours: text stands out in both themes, and pages, film, graphs and plots have the same ones."""

from __future__ import annotations

import re
from typing import Any

import pytest
from checkout import ROOT

from autograd import draw
from autograd.viewing.palette import DARK, LIGHT, luminance
from nn import MLP, mse

TEXT_ON = [
    ("ink", ["paper", "result", "leaf", "constant", "collapsed"]),
    ("quiet", ["paper", "result"]),
    ("accent-ink", ["paper", "result"]),
    ("operation-ink", ["operation"]),
]


@pytest.mark.parametrize(("colour", "expected"), [("#ffffff", 1.0), ("#000000", 0.0), ("#808080", 0.2158605)])
def test_luminance(colour: str, expected: float) -> None:
    assert luminance(colour) == pytest.approx(expected, abs=1e-6)  # of the standard's own examples


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "grounds"), TEXT_ON)
def test_text_stands_out(palette: Any, text: str, grounds: list[str]) -> None:
    for ground in grounds:
        lights = luminance(palette[text]) + 0.05, luminance(palette[ground]) + 0.05
        assert max(lights) / min(lights) >= 4.5, ground


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_stand_out_too(palette: Any) -> None:
    for line in ("line", "positive", "negative", "training", "held-out"):
        lights = luminance(palette[line]) + 0.05, luminance(palette["paper"]) + 0.05
        assert max(lights) / min(lights) >= 3.0, line


PAGES = {
    "autograd/viewing/player.html": {"paper", "ink", "quiet", "accent", "accent-ink"},
    "nn/viewing/film/film.css": {"positive", "negative", *(f"k{i}" for i in range(8))},
}


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_have_the_same_colours(page: str) -> None:
    found = re.findall(r"--([\w-]+): (#\w{6})", (ROOT / page).read_text(encoding="utf-8"))
    for name in PAGES[page]:
        assert [colour for part, colour in found if part == name] == [LIGHT[name], DARK[name]], name


@pytest.mark.parametrize(("theme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_graphs_have_no_other_colour(theme: Any, palette: Any) -> None:
    model = MLP(2, [4, 4, 1], "tanh", seed=0)
    loss = mse(model([0.5, -1.0]), [1.0])
    for root, collapse in [(loss, None), (loss, "neuron"), (loss, "layer"), (model, None), (model, "layer")]:
        colours = set(re.findall(r"#\w{6}", draw(root, collapse=collapse, theme=theme).dot))
        assert colours <= set(palette.values())
