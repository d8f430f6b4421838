"""The picture of a model's architecture: cards in frames, or a network of circles and lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from .architecture import Part
from .dot import Cluster, Sheet
from .notation import number_text
from .opening import Asked
from .palette import Theme

MOST_CIRCLES = 16  # of a column: more would be too small to be told apart
LEGEND = "weights: blue above 0, orange below"


def dot_of_model(model: Part, rankdir: str, theme: Theme, circles: bool = True) -> tuple[str, dict[str, Asked]]:
    """The DOT text of a model, and what a page says of each box and circle in it.

    There is a frame for each part that has parts, a card for each that has none. A network of few layers is drawn with
    a circle for each neuron, unless ``circles`` is False, and a line for each weight, as wide and as dark as the weight
    is large beside the largest of its layer.
    """
    sheet = Sheet(rankdir, "crowded" if circles and _has_layers(model) else "plain", theme)
    drawn = _Drawn(sheet, circles)
    if model.parts:
        drawn.frame(model, "m", ())
    else:
        drawn.part(model, "m", ())
    return sheet.dot, drawn.asked


def _has_layers(part: Part) -> bool:
    return bool(part.layers) or any(_has_layers(held) for held in part.parts if held.parts)


@dataclass(frozen=True)
class _Drawn:
    """What is drawn of a model, on one sheet."""

    sheet: Sheet
    circles: bool
    asked: dict[str, Asked] = field(default_factory=dict)

    def frame(self, part: Part, name: str, cluster: Cluster) -> str:
        """Draw a part that has parts, in a frame; what comes back is a node of it that a line can lead to."""
        inner = (*cluster, name)
        self.sheet.caption(inner, [*part.lines, *([LEGEND] if self.circles and part.layers else [])])
        return self.part(part, name, inner)

    def part(self, part: Part, name: str, cluster: Cluster) -> str:
        """The same within the frame that there is."""
        if self.circles and part.layers:
            return self._network(part.layers, name, cluster)
        if not part.parts:
            return self._card(part, name, cluster)
        own = [Part("", "its own", sum(part.own.values()), own=part.own)] if part.own else []
        inner = [
            self.frame(held, f"{name}_{i}", cluster) if held.parts else self._card(held, f"{name}_{i}", cluster)
            for i, held in enumerate([*part.parts, *own])
        ]
        if part.in_order:
            for tail, head in pairwise(inner):
                self.sheet.connector(tail, head)
        else:
            self.sheet.column([held for held in inner if held.endswith("_card")], cluster)
        return inner[-1]

    def _card(self, part: Part, name: str, cluster: Cluster) -> str:
        self.asked[f"{name}_card"] = Asked(part.lines)
        self.sheet.card(f"{name}_card", part.lines, "box" if part.parameters else "result", cluster)
        return f"{name}_card"

    def _network(self, layers: Sequence[Part], name: str, frame: Cluster) -> str:
        """A column of circles for the inputs and for each layer, and a line for each weight."""
        n_inputs = len(layers[0].neurons[0].weights)
        sizes = [n_inputs, *(len(layer.neurons) for layer in layers)]
        columns = [[f"{name}_{i}_{j}" for j in _seen(size)] for i, size in enumerate(sizes)]
        for i, (size, names) in enumerate(zip(sizes, columns, strict=True)):
            column: Cluster = (*frame, f"{name} column {i}")
            layer = layers[i - 1] if i else None
            self.sheet.caption(column, layer.lines if layer else ["inputs", f"{n_inputs:,}"])
            for j, circle in zip(_seen(size), names, strict=True):
                lines = _neuron_lines(layer, j) if layer else [f"input {j}"]
                self.asked[circle] = Asked(lines)
                self.sheet.circle(circle, "neuron" if layer else "entry", column, "\n".join(lines[:2]))
            if size > len(names):
                self.sheet.text(f"{name}_{i}_more", f"{size - len(names):,} more", "more", column)
            self.sheet.column([*names, *([f"{name}_{i}_more"] if size > len(names) else [])], column)
        for i, layer in enumerate(layers):
            self._weights(layer, columns[i], columns[i + 1])
        return columns[-1][-1]

    def _weights(self, layer: Part, tails: Sequence[str], heads: Sequence[str]) -> None:
        largest = max((abs(weight) for neuron in layer.neurons for weight in neuron.weights), default=0.0)
        for j, head in zip(_seen(len(layer.neurons)), heads, strict=True):
            weights = layer.neurons[j].weights
            for i, tail in zip(_seen(len(weights)), tails, strict=True):
                share = abs(weights[i]) / largest if largest else 1.0
                sign = "positive" if weights[i] >= 0.0 else "negative"
                hint = f"{_path(layer, j)}.weights[{i}] {number_text(weights[i])}"
                self.sheet.thinned(tail, head, share, "", hint, sign)


def _neuron_lines(layer: Part, j: int) -> list[str]:
    neuron = layer.neurons[j]
    weights = [f"weights[{i}] {number_text(weight)}" for i, weight in enumerate(neuron.weights)]
    return [_path(layer, j), f"bias {number_text(neuron.bias)}", *weights]


def _path(layer: Part, j: int) -> str:
    return f"{layer.name}.neurons[{j}]" if layer.name else f"neurons[{j}]"


def _seen(size: int) -> range:
    """Which of so many circles are drawn: all, or the first that leave room for the number of the others."""
    return range(size if size <= MOST_CIRCLES else MOST_CIRCLES - 1)
