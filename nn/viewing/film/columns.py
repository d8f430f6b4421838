"""Columns: the neurons that are shown of a network, from its inputs to its outputs, and where their weights stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from autograd.viewing.notation import visible

from ...basics.arrays import Rows
from ...fit.recording import Moment
from ...layers import MLP
from ...module import parameters_of
from .view import Data

MOST = 16
"""So many neurons of a column are shown: more would be too small to be told apart."""


@dataclass(frozen=True)
class Column:
    """The inputs, a layer's neurons, or the outputs: those that are shown, out of ``size``."""

    name: str
    size: int
    indices: Sequence[int]
    neurons: Sequence[str]
    labels: Sequence[str] = ()
    activations: Sequence[str] = ()


def mlp_columns(
    model: MLP, places: Sequence[Rows], last: Moment, inputs: Sequence[str], outputs: Sequence[str], is_image: bool
) -> list[Column]:
    """The columns of an MLP, whose parameters have these places. Of a larger layer those neurons are shown that have
    the largest weights at the end; of an image no pixel is, as all together are."""
    weights = [np.abs(last.parameters[layer[:, 1:]]) for layer in places]
    leaving = [matrix.max(axis=0) for matrix in weights] + [weights[-1].max(axis=1)]
    found = []
    for i, sizes in enumerate(leaving):
        indices = np.sort(np.argsort(-sizes, kind="stable")[: 0 if is_image and i == 0 else MOST]).tolist()
        layer = model.layers[i - 1] if i else None
        names = [f"layers[{i - 1}].neurons[{j}]" for j in indices] if layer else [inputs[j] for j in indices]
        labels = names if i == 0 else [outputs[j] for j in indices] if outputs and i == len(leaving) - 1 else []
        activations = [layer.neurons[j].activation for j in indices] if layer else []
        found.append(Column(f"layers[{i - 1}]" if i else "inputs", len(sizes), indices, names, labels, activations))
    return found


def other_columns(n_inputs: int, n_outputs: int, inputs: Sequence[str], outputs: Sequence[str]) -> list[Column]:
    """The inputs and the outputs, of a model that has no picture."""
    first, last = range(min(n_inputs, MOST)), range(min(n_outputs, MOST))
    return [
        Column("inputs", n_inputs, first, inputs[:MOST], inputs[:MOST]),
        Column("outputs", n_outputs, last, [f"outputs[{i}]" for i in last], outputs[:MOST]),
    ]


def neurons_of(columns: Sequence[Column]) -> list[Data]:
    """All neurons shown, column by column, as JSON.

    Those with weights say where their ``bias`` stands among the parameters shown, with a weight after it for each of
    ``terms`` neurons, the first of which is ``from``; of ``more`` the weights are not shown.
    """
    found: list[Data] = []
    bias = start = 0
    for c, (before, column) in enumerate(pairwise([Column("", 0, [], []), *columns])):
        for row, (index, name) in enumerate(zip(column.indices, column.neurons, strict=True)):
            label = visible(column.labels[row]) if column.labels else ""
            neuron = {"name": visible(name), "column": c, "row": row, "index": index, "label": label}
            terms, more = len(before.indices), before.size - len(before.indices)
            weights = {"bias": bias, "from": start, "terms": terms, "more": more}
            activation = {"activation": column.activations[row]} if column.activations else {}
            found.append(neuron | (weights if c else {}) | activation)
            bias += (terms + 1) * (c > 0)
        start += len(before.indices)
    return found


def parameter_places(model: MLP) -> list[Rows]:
    """Where the bias of each neuron and then its weights stand among all, by layers: (n_outputs, 1 + n_inputs)."""
    places = {parameter: i for i, parameter in enumerate(parameters_of(model))}
    return [
        np.array([[places[parameter] for parameter in (neuron.bias, *neuron.weights)] for neuron in layer.neurons])
        for layer in model.layers
    ]


def image_side(names: Sequence[str]) -> int:
    """How many pixels an edge of a square image has, if the inputs are those of one; else 0.

    They are if all have one name, and numbers after it, as pixel_0_0 or x17 has.

    >>> image_side([f"pixel_{i}_{j}" for i in range(8) for j in range(8)]), image_side([*"abcdefghijklmnop"])
    (8, 0)
    """
    side = round(len(names) ** 0.5)
    stems = {re.sub(r"[\d_,.\[\]() -]+$", "", name) for name in names}
    return side if side >= 4 and side**2 == len(names) and len(stems) == 1 else 0
