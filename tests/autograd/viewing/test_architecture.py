"""draw of a model: its parts, their parameters, its neurons and weights."""

from __future__ import annotations

import re
from typing import Any

import pytest

from autograd import Value, draw
from autograd.viewing.architecture import Part
from nn import MLP, Module
from nn.layers import Layer


class Line(Module):
    def __init__(self) -> None:
        self.slope, self.offset = Value(2.0), Value(1.0)


class Cell(Module):
    """No MLP: parts in a dict, a network in an attribute, parameters of its own."""

    def __init__(self) -> None:
        self.gates = {"update": Layer(3, 2, "sigmoid", seed=0), "reset": Layer(3, 2, "sigmoid", seed=1)}
        self.head = MLP(2, [4, 1], seed=0)
        self.start = [Value(0.0), Value(0.0)]


class Shared(Module):
    def __init__(self) -> None:
        self.first = self.second = Line()


class Foreign:
    """A model that nn does not know."""

    def architecture(self) -> Part:
        return Part("", "Foreign <b>model</b>", 3, parts=[Part("a|b", "Piece", 3)])


def cards(model: Any, **options: Any) -> list[str]:
    """What stands on each card and frame, in alphabetical order."""
    dot = draw(model, **options).dot
    return sorted(label.replace("\\n", "; ") for label in re.findall(r'label="([^"]+)"', dot))


@pytest.mark.parametrize(
    ("model", "options", "expected"),
    [
        (Line(), {}, ["Line; 2 parameters: slope · offset"]),
        (
            MLP(2, [3, 1], "tanh", seed=0),
            {"collapse": "layer"},
            ["MLP; 13 parameters", "layers[0]: Layer; 2 → 3, tanh; 9 parameters",
             "layers[1]: Layer; 3 → 1, linear; 4 parameters"],
        ),
        (
            MLP(2, [3, 1], "tanh", seed=0),
            {},
            ["MLP; 13 parameters; weights: blue above 0, orange below", "inputs; 2",
             "layers[0]: Layer; 2 → 3, tanh; 9 parameters", "layers[1]: Layer; 3 → 1, linear; 4 parameters"],
        ),
        (
            Cell(),
            {"collapse": "layer"},
            ["Cell; 35 parameters", "gates['reset']: Layer; 3 → 2, sigmoid; 8 parameters",
             "gates['update']: Layer; 3 → 2, sigmoid; 8 parameters", "head: MLP; 17 parameters",
             "its own; 2 parameters: start 2", "layers[0]: Layer; 2 → 4, relu; 12 parameters",
             "layers[1]: Layer; 4 → 1, linear; 5 parameters"],
        ),
        (Shared(), {}, ["Shared; 2 parameters", "first: Line; 2 parameters: slope · offset",
                        "second: Line; 2 parameters: slope · offset"]),
        (Module(), {}, ["Module; 0 parameters"]),
    ],
)  # fmt: skip
def test_every_part_says_what_it_is_and_how_many_parameters_it_has(model: Any, options: Any, expected: Any) -> None:
    assert cards(model, **options) == expected


def test_a_line_for_each_weight_as_wide_as_it_is_large() -> None:
    model = MLP(2, [2], seed=0)
    for neuron, weights in zip(model.layers[0].neurons, ([2.0, -1.0], [0.0, 0.5]), strict=True):
        for weight, number in zip(neuron.weights, weights, strict=True):
            weight.data = number
    lines = re.findall(r'color="(#\w{6})(\w\w)".*penwidth=(\S+) .*tooltip="(.*?)"', draw(model).dot)
    assert sorted((hint, colour, int(opacity, 16), float(width)) for colour, opacity, width, hint in lines) == [
        ("layers[0].neurons[0].weights[0] 2", "#0072b2", 255, 2.2),
        ("layers[0].neurons[0].weights[1] -1", "#d55e00", 153, 1.3),
        ("layers[0].neurons[1].weights[0] 0", "#0072b2", 51, 0.4),
        ("layers[0].neurons[1].weights[1] 0.5", "#0072b2", 102, 0.85),
    ]


def test_of_a_large_layer_the_first_neurons_are_drawn_and_the_others_counted() -> None:
    dot = draw(MLP(64, [32, 10], seed=0)).dot
    assert dot.count("class=entry") == 15
    assert dot.count("class=neuron") == 15 + 10
    assert dot.count("headport=") == 15 * 15 + 15 * 10
    assert {"49 more", "17 more"} <= set(cards(MLP(64, [32, 10], seed=0)))


def test_a_deep_network_is_a_row_of_cards_and_a_deeper_one_is_refused() -> None:
    deep = MLP(2, [2] * 20 + [1], seed=0)
    assert len(re.findall(r"^\t\w+ -> \w+", draw(deep).dot, re.MULTILINE)) == 20
    with pytest.raises(ValueError, match=r"has 22 parts \(max_nodes=20\).*Draw one of its parts"):
        draw(deep, max_nodes=20)


def test_a_model_of_another_library_is_drawn_and_its_names_are_text() -> None:
    assert cards(Foreign()) == ["Foreign <b>model</b>; 3 parameters", "a|b: Piece; 3 parameters"]
    assert "Foreign &lt;b&gt;model&lt;/b&gt;" in draw(Foreign()).svg


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
@pytest.mark.parametrize("model", [MLP(2, [4, 1], seed=0), Cell(), Line(), Layer(3, 2)], ids=lambda m: type(m).__name__)
def test_they_are_rendered(model: Any, rankdir: str, theme: Any) -> None:
    assert "parameters" in draw(model, rankdir, theme=theme).svg
