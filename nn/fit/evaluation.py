"""Evaluation: what samples are to a model and a loss, by the scalar engine or by programs compiled from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import SupportsFloat, TypeGuard

import numpy as np

import autograd
from autograd import Value, collector_paused, grad
from autograd.graph import topological_order
from autograd.targets import Target

from ..basics.arrays import Floats, Rows, Vector
from ..layers import MLP, Layer, Neuron
from ..losses import Loss
from ..module import Model, parameters_of
from .dependence import as_outputs, record
from .devices import Devices
from .samples import Samples

CHUNK = 1024  # samples that are computed at once: more would need memory without being faster

Numbers = Mapping[str, Floats]
"""All that has to agree, by name, in arrays with one row a sample."""


@dataclass(frozen=True)
class Trace:
    """What samples are to a network: each array has one row a sample.

    ``nodes`` (N, n_nodes) are the numbers in the columns of the network, input by input and neuron by neuron;
    ``gradients`` (N, n_nodes) are those of each sample's own loss by them: nan by the inputs of a model that takes
    plain numbers only. ``sums`` (N, n_neurons) are what an MLP's neurons have before their activation.
    """

    nodes: Floats
    sums: Floats
    gradients: Floats
    outputs: Floats
    losses: Floats


class Evaluation:
    """Each sample recorded anew. A vector θ stands for the data of ``parameters``, in their order."""

    is_compiled = False
    runs_by = "False"
    """Whether by a program, and by which: on NumPy ("True"), in C ("c"), on devices; for their last bits differ."""

    gradient: Vector | None = None
    """What ``value_and_grad`` found last."""

    _sizes: Sequence[int] = ()

    def __init__(self, model: Model, loss: Loss, parameters: Sequence[Value]) -> None:
        self.model, self.loss, self.parameters = model, loss, parameters
        self.all_parameters = parameters_of(model)  # once: to find them takes as long as a sample
        trained = set(parameters)
        self._untrained = [parameter for parameter in self.all_parameters if parameter not in trained]

    # ---- the mean loss, to train by

    def value_and_grad(self, theta: Vector, samples: Samples, rows: Rows) -> tuple[float, Vector]:
        """The mean loss of some rows at θ, and its gradient by θ. The parameters' data is θ afterwards."""
        for parameter, number in zip(self.parameters, theta.tolist(), strict=True):
            parameter.data = number
        self.model.zero_grad()
        total = 0.0
        with collector_paused():  # one graph at a time is in memory
            for x, t in samples.rows(rows):
                loss = self._loss(x, t)
                loss.backward(seed=1.0 / len(rows))
                total += loss.data
        self.gradient = np.array([parameter.grad for parameter in self.parameters])
        return total / len(rows), self.gradient

    def write_gradient(self) -> None:
        """Set the ``grad`` of each parameter to what was found last; those of the model that are not trained have none.

        Nothing changes if nothing was found yet.
        """
        if self.gradient is None:
            return
        for parameter in self._untrained:
            if parameter.has_grad:  # forgetting takes longer than asking
                parameter.zero_grad()
        for parameter, number in zip(self.parameters, self.gradient.tolist(), strict=True):
            parameter.grad = number

    def read_untrained(self) -> None:
        """Take all that the loss depends on and is not trained as it is now."""

    # ---- samples one by one, with the parameters' data as it is

    def losses(self, samples: Samples) -> Floats:
        """The loss of each row: (N,). It is recorded: a loss may hold derivatives, which no_grad would make 0."""
        with collector_paused():
            return np.array([self._loss(x, t).data for x, t in samples.rows()])

    def mean(self, samples: Samples) -> float:
        """The mean loss of all rows."""
        with np.errstate(over="ignore", invalid="ignore"):
            return float(self.losses(samples).mean())

    def outputs(self, inputs: Floats) -> Floats:
        """The model's outputs for inputs (N, n_inputs): (N, n_outputs)."""
        with collector_paused():
            return np.array([[output.data for output in as_outputs(self.model(x))] for x in inputs.tolist()])

    def nodes(self, inputs: Floats) -> Floats:
        """The columns of the network's picture after the inputs, side by side: (N, n_neurons)."""
        with collector_paused():
            found = [columns(self.model, x) for x in inputs.tolist()]
        return np.array([[node.data for column in row for node in column] for row in found])

    def trace(self, samples: Samples) -> Trace:
        """What the samples are to the network."""
        rows, sizes = self._trace_rows(samples), self.column_sizes(samples)
        n_nodes, n_sums = sum(sizes), sum(sizes[1:]) if is_mlp(self.model) else 0
        ends = np.cumsum([n_nodes, n_sums, n_nodes, sizes[-1]])
        nodes, sums, gradients, outputs, losses = np.split(rows, ends, axis=1)
        return Trace(nodes, sums, gradients, outputs, losses[:, 0])

    def column_sizes(self, samples: Samples) -> Sequence[int]:
        """How many numbers stand in each column of the network's picture, the inputs among them."""
        if not self._sizes:  # once: they are those of the model, and to record it takes as long as a frame
            x = samples.inputs[0].tolist()
            self._sizes = [len(x), *map(len, self._columns(x)[1])]
        return self._sizes

    def _loss(self, x: list[float], t: list[float]) -> Value:
        return self.loss(as_outputs(self.model(x)), t)

    def _trace_rows(self, samples: Samples) -> Floats:
        """For each sample its nodes, the sums, the nodes' gradients, the outputs and the loss."""
        rows = []
        for x, t in samples.rows():
            leaves, found = self._columns(x)
            nodes, outputs = [node for column in found for node in column], found[-1]
            loss = self.loss(outputs, t)
            unknown = [math.nan] * (len(x) - len(leaves))
            gradients = [*unknown, *grad(loss, [*leaves, *nodes])]
            sums = [z.data for z in sums_of(self.model, found)]
            rows.append([*x, *(node.data for node in nodes), *sums, *gradients, *(o.data for o in outputs), loss.data])
        return np.array(rows)

    def _columns(self, x: Sequence[float]) -> tuple[list[Value], list[list[Value]]]:
        """The leaves that stand for the inputs, none if the model takes plain numbers only, and the other columns."""
        leaves = [Value(number) for number in x]
        try:
            return leaves, columns(self.model, leaves)
        except Exception:  # whatever a user's model raises; if the inputs are not the reason, it raises it once more
            return [], columns(self.model, x)

    # ---- what has to agree, by name, in arrays with one row a sample

    def compared(self, samples: Samples) -> Numbers:
        """Losses and gradients of the samples, one by one and as a batch. Those of the model stay as they are."""
        with collector_paused(), _gradients_kept(self.all_parameters):
            pairs = [self._loss_and_gradient(x, t) for x, t in samples.rows()]
        losses, gradients = (np.array(column) for column in zip(*pairs, strict=True))
        with np.errstate(over="ignore", invalid="ignore"):
            batch = np.append(losses.mean(), gradients.mean(axis=0))[np.newaxis]
        return {"loss": losses, "gradient": gradients, "mean loss and gradient": batch}

    def _loss_and_gradient(self, x: list[float], t: list[float]) -> tuple[float, list[float]]:
        for parameter in self.parameters:
            parameter.grad = None
        loss = self._loss(x, t)
        loss.backward()
        return loss.data, [parameter.grad for parameter in self.parameters]

    def compared_traces(self, samples: Samples) -> Numbers:
        """The traces of the samples, and their outputs and losses as they are computed alone."""
        x = samples.inputs
        alone = {"outputs alone": self.outputs(x), "nodes alone": self.nodes(x), "losses alone": self.losses(samples)}
        return vars(self.trace(samples)) | alone


class CompiledEvaluation(Evaluation):
    """The same by programs: the loss of the first sample, recorded once, and replayed for whole batches."""

    is_compiled = True

    def __init__(
        self,
        model: Model,
        loss: Loss,
        parameters: Sequence[Value],
        samples: Samples,
        target: Target = "numpy",
    ) -> None:
        super().__init__(model, loss, parameters)
        self.runs_by = "c" if target == "c" else "True"
        self._sample = next(samples.rows(slice(1)))
        self._recorded = recorded = record(model, loss, *self._sample)
        self.program = autograd.compile(recorded.loss, [*recorded.inputs, *recorded.targets], parameters, target)
        self._vector = np.empty(len(self.program.parameters))  # θ, and what else the loss depends on
        self._devices: Devices | None = None
        self.read_untrained()

    def read_untrained(self) -> None:
        others = self.program.parameters[len(self.parameters) :]
        self._vector[len(self.parameters) :] = [leaf.data for leaf in others]

    def value_and_grad(self, theta: Vector, samples: Samples, rows: Rows) -> tuple[float, Vector]:
        """The same; the parameters' data stays as it is."""
        self._vector[: len(theta)] = theta
        value, found = self._mean(samples.columns[rows], self._vector)
        self.gradient = found[: len(theta)]
        return value, self.gradient

    def spread(self, devices: int) -> None:
        """From now on the mean loss and its gradient are computed by JAX, on so many devices."""
        if self.runs_by == "c":
            raise ValueError(f"target='c' runs on one processor and devices={devices} by JAX: choose one of them")
        self._devices = Devices(self.program, devices)
        self.runs_by = f"True, on {devices} devices"

    def _mean(self, columns: Floats, theta: Vector | None = None) -> tuple[float, Vector]:
        """The mean of the program over these rows, and its gradient."""
        if self._devices:
            return self._devices.value_and_grad(columns, self.program.theta if theta is None else theta)
        return self.program.value_and_grad(columns, "mean", theta)

    def losses(self, samples: Samples) -> Floats:
        return in_chunks(self.program, samples.columns)

    def outputs(self, inputs: Floats) -> Floats:
        return in_chunks(self._outputs, inputs)

    @cached_property
    def _outputs(self) -> autograd.Program:
        return autograd.compile(list(self._recorded.outputs), self._recorded.inputs)

    @property
    def n_nodes(self) -> int:
        """How many nodes the graph of a sample's loss has."""
        return len(topological_order(self._recorded.loss))

    def nodes(self, inputs: Floats) -> Floats:
        return in_chunks(self._nodes_program, inputs)

    @cached_property
    def _nodes_program(self) -> autograd.Program:
        inputs = [Value(number) for number in self._sample[0]]
        return autograd.compile([node for column in columns(self.model, inputs) for node in column], inputs)

    @cached_property
    def _trace_program(self) -> autograd.Program:
        inputs, targets = ([Value(number) for number in numbers] for numbers in self._sample)
        found = columns(self.model, inputs)
        nodes, outputs = [node for column in [inputs, *found] for node in column], found[-1]
        loss, sums = self.loss(outputs, targets), sums_of(self.model, found)
        gradients = grad(loss, nodes, create_graph=True)
        return autograd.compile([*nodes, *sums, *gradients, *outputs, loss], [*inputs, *targets])

    def _trace_rows(self, samples: Samples) -> Floats:
        return in_chunks(self._trace_program, samples.columns)

    def compared(self, samples: Samples) -> Numbers:
        n, pairs = len(self.parameters), [self.program.value_and_grad(row) for row in samples.columns]
        mean, gradient = self._mean(samples.columns)
        return {
            "loss": np.array([value for value, _ in pairs]),
            "gradient": np.array([found[:n] for _, found in pairs]),
            "mean loss and gradient": np.append(mean, gradient[:n])[np.newaxis],
        }


def in_chunks(program: autograd.Program, rows: Floats) -> Floats:
    """What a program makes of rows, some at a time."""
    return np.concatenate([program(rows[start : start + CHUNK]) for start in range(0, len(rows), CHUNK)])


@contextmanager
def _gradients_kept(parameters: Sequence[Value]) -> Iterator[None]:
    """Whatever gradients are computed meanwhile, afterwards those of the parameters are what they were."""
    before = [parameter.grad if parameter.has_grad else None for parameter in parameters]
    try:
        yield
    finally:
        for parameter, gradient in zip(parameters, before, strict=True):
            parameter.grad = gradient


def columns(model: Model, inputs: Sequence[SupportsFloat]) -> list[list[Value]]:
    """The columns of a network's picture after the inputs: each layer of an MLP, or of another model the outputs."""
    if not is_mlp(model):
        return [as_outputs(model(inputs))]
    found: list[list[Value]] = []
    for layer in model.layers:
        found.append(layer(found[-1] if found else inputs))
    return found


def sums_of(model: Model, found: Sequence[Sequence[Value]]) -> list[Value]:
    """What the neurons of an MLP's columns have before their activation; nothing of another model's."""
    if not is_mlp(model):
        return []
    pairs = zip((neuron for layer in model.layers for neuron in layer.neurons), chain(*found), strict=True)
    return [a if neuron.activation == "linear" else a.parents[0] for neuron, a in pairs]


def is_mlp(model: object) -> TypeGuard[MLP]:
    """Whether it is an MLP down to its neurons, none of which computes in a way of its own, so that it is drawn so."""
    if not isinstance(model, MLP) or type(model).__call__ is not MLP.__call__:
        return False
    parts: list[tuple[object, type]] = [(layer, Layer) for layer in model.layers]
    parts += [(neuron, Neuron) for layer in model.layers if isinstance(layer, Layer) for neuron in layer.neurons]
    return all(isinstance(part, kind) and type(part).__call__ is kind.__call__ for part, kind in parts)
