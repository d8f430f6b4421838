"""The colours: text stands out in both themes, and pages, film, graphs and plots have the same ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from checkout import ROOT

from autograd import Value, draw, step_through
from autograd.viewing.live.formula import formula_page
from autograd.viewing.palette import DARK, LIGHT, luminance
from nn import MLP, mse
from nn.viewing.live.page import training_page

TEXT_ON = [
    ("ink", ["paper", "panel", "result", "leaf", "constant", "collapsed"]),
    ("quiet", ["paper", "panel", "result"]),
    ("accent-ink", ["paper", "panel", "result"]),
    ("operation-ink", ["operation"]),
]
CIVIDIS = {"#00224e", "#414d6b", "#7c7b78", "#bcaf6f", "#fee838"}
"""The colours of numbers: Nuñez, Anderton and Renslow, 2018."""


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


STYLES = [path for part in ("autograd", "nn") for path in (ROOT / part).rglob("*")]
STYLES = [path for path in STYLES if path.suffix in (".css", ".html", ".js")]


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_pages_have_no_colours_but_those_of_the_palette(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"#[0-9a-f]{6}\b", text)) <= CIVIDIS
    own = set(re.findall(r"--(\w+): var", text))  # a name for one of them
    assert set(re.findall(r"var\(--([\w-]+)\)", text)) <= own | set(LIGHT)


PAGES = {
    "training": lambda: training_page().html(),
    "formula": lambda: formula_page("x * x", {}).html(),
    "steps": lambda: step_through(Value(2.0) * 3.0).html,
}


@pytest.mark.parametrize("page", PAGES)
def test_pages_begin_with_the_palette(page: str) -> None:
    found = re.findall(r"--([\w-]+): (#\w{6});", PAGES[page]())
    assert found == [*LIGHT.items(), *DARK.items()]


@pytest.mark.parametrize(("theme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_graphs_have_no_other_colour(theme: Any, palette: Any) -> None:
    model = MLP(2, [4, 4, 1], "tanh", seed=0)
    loss = mse(model([0.5, -1.0]), [1.0])
    for root, collapse in [(loss, None), (loss, "neuron"), (loss, "layer"), (model, None), (model, "layer")]:
        colours = set(re.findall(r"#\w{6}", draw(root, collapse=collapse, theme=theme).dot))
        assert colours <= set(palette.values())
