"""Evaluation: what samples are to a model and a loss, by the scalar engine or by programs compiled from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, SupportsFloat, TypeGuard

import numpy as np

import autograd
from autograd import Value, collector_paused, grad
from autograd.graph import topological_order
from autograd.targets import Target

from ..basics.arrays import Floats, Rows, Vector
from ..layers import MLP, Layer, Neuron
from ..losses import Loss
from ..module import Model, parameters_of, set_parameters
from .devices import Devices
from .samples import Samples

CHUNK = 1024  # samples that are computed at once: more would need memory without being faster

Numbers = Mapping[str, Floats]
"""All that has to agree, by name, in arrays with one row a sample."""

Reading = Callable[[Sequence[Any], Sequence[Any]], list[Value]]
"""What there is to know of a sample, recorded from its inputs and targets: numbers, or the leaves of a program."""


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
    """Each sample recorded anew. A vector θ stands for the data of ``parameters``, in their order.

    Where no θ is given, it is their data as they are.
    """

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
        self._errors = np.geterr()  # a user's code warns as it would elsewhere

    # ---- the mean loss, to train by

    def value_and_grad(self, theta: Vector, samples: Samples, rows: Rows) -> tuple[float, Vector]:
        """The mean loss of some rows at θ, and its gradient by θ. The parameters' data is θ afterwards."""
        set_parameters(self.parameters, theta)
        self.model.zero_grad()
        total = 0.0
        with (
            collector_paused(),
            np.errstate(**self._errors),
        ):  # one graph at a time is in memory; a user's code may warn
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

    # ---- samples one by one

    def losses(self, samples: Samples, theta: Vector | None = None) -> Floats:
        """The loss of each row: (N,). It is recorded: a loss may hold derivatives, which no_grad would make 0."""
        return self._rows(lambda x, t: [self._loss(x, t)], samples, theta)[:, 0]

    def mean(self, samples: Samples, theta: Vector | None = None) -> float:
        """The mean loss of all rows."""
        with np.errstate(over="ignore", invalid="ignore"):
            return float(self.losses(samples, theta).mean())

    def outputs(self, inputs: Floats, theta: Vector | None = None) -> Floats:
        """The model's outputs for inputs (N, n_inputs): (N, n_outputs)."""
        return self._rows(self._outputs, Samples.untold(inputs), theta)

    def nodes(self, inputs: Floats) -> Floats:
        """The columns of the network's picture after the inputs, side by side: (N, n_neurons)."""
        return self._rows(self._nodes, Samples.untold(inputs))

    def trace(self, samples: Samples) -> Trace:
        """What the samples are to the network."""
        rows, sizes = self._rows(self._traced, samples), self.column_sizes(samples)
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

    def _rows(self, reading: Reading, samples: Samples, theta: Vector | None = None) -> Floats:
        """What is read of each sample: a row of numbers."""
        if theta is not None:
            set_parameters(self.parameters, theta)
        with collector_paused():
            return np.array([[node.data for node in reading(x, t)] for x, t in samples.rows()])

    # ---- what can be read of a sample

    def _loss(self, x: Sequence[Any], t: Sequence[Any]) -> Value:
        return self.loss(as_outputs(self.model(x)), t)

    def _outputs(self, x: Sequence[Any], t: Sequence[Any]) -> list[Value]:
        return as_outputs(self.model(x))

    def _nodes(self, x: Sequence[Any], t: Sequence[Any]) -> list[Value]:
        return [*chain(*columns(self.model, x))]

    def _traced(self, x: Sequence[Any], t: Sequence[Any]) -> list[Value]:
        """The nodes, the sums, the nodes' gradients, the outputs and the loss."""
        inputs, found = self._columns(x)
        nodes, outputs = [*inputs, *chain(*found)], found[-1]
        loss = self.loss(outputs, t)
        gradients = grad(loss, nodes, create_graph=True) if self.is_compiled else [*map(Value, grad(loss, nodes))]
        if not inputs:
            nodes, gradients = [*map(Value, x), *nodes], [*[Value(math.nan)] * len(x), *gradients]
        return [*nodes, *sums_of(self.model, found), *gradients, *outputs, loss]

    def _columns(self, x: Sequence[Any]) -> tuple[list[Value], list[list[Value]]]:
        """The leaves that stand for the inputs, none if the model takes plain numbers only, and the other columns."""
        inputs = [number if isinstance(number, Value) else Value(number) for number in x]
        try:
            return inputs, columns(self.model, inputs)
        except Exception:  # whatever a user's model raises; if the inputs are not the reason, it raises it once more
            return [], columns(self.model, x)

    # ---- what has to agree, by name, in arrays with one row a sample

    def compared(self, samples: Samples) -> Numbers:
        """Losses and gradients of the samples, one by one and as a batch. Those of the model stay as they are."""
        with collector_paused():
            found = [self._loss(x, t) for x, t in samples.rows()]
            losses = np.array([loss.data for loss in found])
            gradients = np.array([grad(loss, self.parameters) for loss in found])
        with np.errstate(over="ignore", invalid="ignore"):
            batch = np.append(losses.mean(), gradients.mean(axis=0))[np.newaxis]
        return {"loss": losses, "gradient": gradients, "mean loss and gradient": batch}

    def compared_losses(self, samples: Samples) -> Numbers:
        """Of many samples, the losses alone."""
        return {"loss": self.losses(samples)}

    def compared_traces(self, samples: Samples) -> Numbers:
        """The traces of the samples, and their outputs and losses as they are computed alone."""
        x = samples.inputs
        alone = {"outputs alone": self.outputs(x), "nodes alone": self.nodes(x), "losses alone": self.losses(samples)}
        return vars(self.trace(samples)) | alone


class CompiledEvaluation(Evaluation):
    """The same by programs: what is read of the first sample, recorded once, and replayed for whole batches."""

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
        found, inputs = record(model, loss, *self._sample)
        self.n_nodes = len(topological_order(found))
        self.program = autograd.compile(found, inputs, parameters, target)
        self._vector = self.program.theta  # θ, and what else the loss depends on
        self._devices: Devices | None = None
        self._losses = _AtTheta(self.program, parameters)
        self._read: dict[str, _AtTheta] = {}

    def read_untrained(self) -> None:
        others = self.program.parameters[len(self.parameters) :]
        self._vector[len(self.parameters) :] = [leaf.data for leaf in others]

    def value_and_grad(self, theta: Vector, samples: Samples, rows: Rows) -> tuple[float, Vector]:
        """The same; the parameters' data stays as it is, and it is for the caller to silence NumPy."""
        self._vector[: len(theta)] = theta
        mean = self._devices.value_and_grad if self._devices else self.program.mean_and_grad
        value, found = mean(samples.columns[rows], self._vector)
        self.gradient = found[: len(theta)]
        return value, self.gradient

    def spread(self, devices: int) -> None:
        """From now on the mean loss and its gradient are computed by JAX, on so many devices."""
        if self.runs_by == "c":
            raise ValueError(f"target='c' runs on one processor and devices={devices} by JAX: choose one of them")
        self._devices = Devices(self.program, devices)
        self.runs_by = f"True, on {devices} devices"

    def losses(self, samples: Samples, theta: Vector | None = None) -> Floats:
        return self._losses.rows(samples.columns, theta)

    def _rows(self, reading: Reading, samples: Samples, theta: Vector | None = None) -> Floats:
        name = reading.__name__
        if name not in self._read:
            inputs, targets = (leaves(*named) for named in zip("xt", self._sample, strict=True))
            known = [*inputs, *targets][: samples.columns.shape[1]]
            self._read[name] = _AtTheta(autograd.compile(reading(inputs, targets), known), self.parameters)
        return self._read[name].rows(samples.columns, theta)

    def compared(self, samples: Samples) -> Numbers:
        n, pairs = len(self.parameters), [self.program.value_and_grad(row) for row in samples.columns]
        mean, gradient = (self._devices or self.program).value_and_grad(samples.columns, theta=self.program.theta)
        return {
            "loss": np.array([value for value, _ in pairs]),
            "gradient": np.array([found[:n] for _, found in pairs]),
            "mean loss and gradient": np.append(mean, gradient[:n])[np.newaxis],
        }


class _AtTheta:
    """A program whose leaves have their data, or where they are trained the numbers of a θ."""

    def __init__(self, program: autograd.Program, parameters: Sequence[Value]) -> None:
        self.program, known = program, {parameter: i for i, parameter in enumerate(parameters)}
        places = np.array([known.get(leaf, -1) for leaf in program.parameters], dtype=np.int64)
        self._trained, self._others = np.flatnonzero(places >= 0), np.flatnonzero(places < 0).tolist()
        self._places, self._vector = places[self._trained], np.empty(len(places))

    def rows(self, columns: Floats, theta: Vector | None) -> Floats:
        if theta is None:
            self._vector[:] = self.program.theta
        else:
            self._vector[self._trained] = theta[self._places]
            for i in self._others:
                self._vector[i] = self.program.parameters[i].data
        return in_chunks(self.program, columns, self._vector)  # always the same vector: the program keeps its views


def in_chunks(program: autograd.Program, rows: Floats, theta: Vector | None = None) -> Floats:
    """What a program makes of rows, some at a time."""
    return np.concatenate([program(rows[start : start + CHUNK], theta) for start in range(0, len(rows), CHUNK)])


def as_outputs(found: object) -> list[Value]:
    """What a model returned as a list of Values; one Value is taken for a list of one."""
    outputs = [found] if isinstance(found, Value) else list(found) if hasattr(found, "__len__") else []  # type: ignore[call-overload]
    if not outputs or not all(isinstance(output, Value) for output in outputs):
        raise TypeError(f"the model returns a list of Values, or one, got {type(found).__name__}: {found!r}")
    return outputs


def record(model: Model, loss: Loss, x: Sequence[float], t: Sequence[float]) -> tuple[Value, list[Value]]:
    """The loss of a sample, and the leaves that stand for its inputs and targets."""
    inputs, targets = leaves("x", x), leaves("t", t)
    return loss(as_outputs(model(inputs)), targets), [*inputs, *targets]


def leaves(name: str, numbers: Sequence[float]) -> list[Value]:
    """Leaves for the inputs or the targets of a sample."""
    return [Value(number, f"{name}[{i}]") for i, number in enumerate(numbers)]


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
