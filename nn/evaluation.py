"""Evaluator: a model's numbers for many samples at once, by a compiled program where the model allows it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import SupportsFloat, TypeGuard

import numpy as np

from autograd import Value, compile, grad, no_grad

from .arrays import Floats, Vector
from .layers import MLP
from .losses import Loss
from .mean_loss import CompiledMeanLoss, MeanLoss, Model
from .replay import compiled_or_eager
from .samples import Samples


@dataclass(frozen=True)
class Trace:
    """What samples are to a network: each array has one row a sample.

    ``nodes`` (N, n_nodes) are the numbers in the columns of the network, input by input and neuron by neuron;
    ``gradients`` (N, n_nodes) are those of each sample's own loss by them: nan by the inputs of a model that takes
    plain numbers only.
    """

    nodes: Floats
    gradients: Floats
    outputs: Floats
    losses: Floats


class Evaluator:
    """Outputs and traces of samples, by the eager engine, with the parameters the model has at the time."""

    is_compiled = False

    def __init__(self, model: Model, loss: Loss, samples: Samples) -> None:
        self.model, self.loss = model, loss
        self.mean_loss = MeanLoss(model, loss, model.parameters())
        x = samples.inputs[0].tolist()
        self.column_sizes = [len(x), *map(len, self._recorded(x)[1])]

    def outputs(self, inputs: Floats) -> Floats:
        """The model's outputs for inputs (N, n_inputs): (N, n_outputs)."""
        with no_grad():
            return np.array([[output.data for output in self.model(x)] for x in inputs.tolist()])

    def losses(self, samples: Samples) -> Floats:
        """The loss of each sample: (N,)."""
        return self.mean_loss.losses(samples)

    def trace(self, samples: Samples) -> Trace:
        """What the samples are to the network."""
        rows = self._rows(samples)
        n_nodes = sum(self.column_sizes)
        nodes, gradients, outputs, losses = np.split(rows, [n_nodes, 2 * n_nodes, rows.shape[1] - 1], axis=1)
        return Trace(nodes, gradients, outputs, losses[:, 0])

    def compared(self, samples: Samples) -> Mapping[str, Floats]:
        """All that a compiled evaluator has to give as well."""
        alone = {"outputs alone": self.outputs(samples.inputs), "losses alone": self.losses(samples)}
        return vars(self.trace(samples)) | alone

    def _rows(self, samples: Samples) -> Floats:
        """For each sample its nodes, their gradients, the outputs and the loss."""
        rows = []
        for x, t in samples.rows():
            leaves, found = self._recorded(x)
            nodes, outputs = [node for column in found for node in column], found[-1]
            loss = self.loss(outputs, t)
            unknown = [math.nan] * (len(x) - len(leaves))
            gradients = [*unknown, *grad(loss, [*leaves, *nodes])]
            rows.append([*x, *(node.data for node in nodes), *gradients, *(o.data for o in outputs), loss.data])
        return np.array(rows)

    def _recorded(self, x: Sequence[float]) -> tuple[list[Value], list[list[Value]]]:
        """The leaves that stand for the inputs, none if the model takes plain numbers only, and the other columns."""
        leaves = [Value(number) for number in x]
        try:
            return leaves, columns(self.model, leaves)
        except Exception:  # whatever a user's model raises; if the inputs are not the reason, it raises it once more
            return [], columns(self.model, x)


class CompiledEvaluator(Evaluator):
    """The same numbers by programs, up to rounding: all samples at once."""

    is_compiled = True

    def __init__(self, model: Model, loss: Loss, samples: Samples) -> None:
        super().__init__(model, loss, samples)
        self.mean_loss = CompiledMeanLoss(model, loss, model.parameters(), samples)
        (x, t), *_ = samples.rows(slice(1))
        inputs, targets = [Value(number) for number in x], [Value(number) for number in t]
        found = columns(model, inputs)
        nodes, outputs = [node for column in [inputs, *found] for node in column], found[-1]
        value = loss(outputs, targets)
        self._outputs = compile(list(model(inputs)), inputs)
        self._traced = compile([*nodes, *grad(value, nodes, create_graph=True), *outputs, value], [*inputs, *targets])

    def outputs(self, inputs: Floats) -> Floats:
        found: Floats = self._outputs(inputs)
        return found

    def _rows(self, samples: Samples) -> Floats:
        found: Floats = self._traced(samples.columns)
        return found


def evaluator(model: Model, loss: Loss, samples: Samples, thetas: Sequence[Vector]) -> Evaluator:
    """A compiled evaluator, if it gives the eager engine's numbers with each of some parameters; else an eager one.

    It does not for a model or a loss that looks at the numbers it is given, so that other samples have another graph.
    """
    eager = Evaluator(model, loss, samples)
    chosen, _ = compiled_or_eager(eager, lambda: CompiledEvaluator(model, loss, samples), samples, thetas)
    return chosen


def columns(model: Model, inputs: Sequence[SupportsFloat]) -> list[list[Value]]:
    """The columns of a network's picture after the inputs: each layer of an MLP, or of another model the outputs."""
    if not is_mlp(model):
        return [list(model(inputs))]
    found: list[list[Value]] = []
    for layer in model.layers:
        found.append(layer(found[-1] if found else inputs))
    return found


def is_mlp(model: object) -> TypeGuard[MLP]:
    """Whether the model's layers follow one another, as an MLP's do, so that it can be drawn as one."""
    return isinstance(model, MLP) and type(model).__call__ is MLP.__call__
