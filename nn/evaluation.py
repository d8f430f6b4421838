"""Evaluator: a model's numbers for many samples at once, by a compiled program where the model allows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, SupportsFloat, TypeGuard

import numpy as np

from autograd import Value, compile, grad, no_grad

from .arrays import Floats, Vector
from .layers import MLP
from .losses import Loss

if TYPE_CHECKING:
    from .mean_loss import Model
    from .samples import Samples


@dataclass(frozen=True)
class Trace:
    """What samples are to a network: each array has one row a sample.

    ``nodes`` (N, n_nodes) are the numbers in the columns of the network, input by input and neuron by neuron;
    ``gradients`` (N, n_nodes) are those of each sample's own loss by them.
    """

    nodes: Floats
    gradients: Floats
    outputs: Floats
    losses: Floats


class Evaluator:
    """Outputs and traces of samples, by the eager engine, with the parameters the model has at the time."""

    is_compiled = False

    def __init__(self, model: Model, loss: Loss, probes: Samples) -> None:
        self.model, self.loss = model, loss
        x, _ = next(_leaves(probes))
        self.column_sizes = [len(column) for column in columns(model, x)]

    def outputs(self, inputs: Floats) -> Floats:
        """The model's outputs for inputs (N, n_inputs): (N, n_outputs)."""
        with no_grad():
            return np.array([[output.data for output in self.model(x)] for x in inputs.tolist()])

    def trace(self, samples: Samples) -> Trace:
        """What the samples are to the network."""
        rows = self._rows(samples)
        n_nodes = sum(self.column_sizes)
        nodes, gradients, outputs, losses = np.split(rows, [n_nodes, 2 * n_nodes, rows.shape[1] - 1], axis=1)
        return Trace(nodes, gradients, outputs, losses[:, 0])

    def _rows(self, samples: Samples) -> Floats:
        """For each sample its nodes, their gradients, the outputs and the loss."""
        rows = []
        for x, t in _leaves(samples):
            nodes, outputs, loss = self._recorded(x, [target.data for target in t])
            rows.append([n.data for n in nodes] + grad(loss, nodes) + [o.data for o in outputs] + [loss.data])
        return np.array(rows)

    def _recorded(self, x: list[Value], t: Sequence[SupportsFloat]) -> tuple[list[Value], list[Value], Value]:
        found = columns(self.model, x)
        return [node for column in found for node in column], found[-1], self.loss(found[-1], t)


class CompiledEvaluator(Evaluator):
    """The same numbers by programs, up to rounding: all samples at once, and a thousand times as fast."""

    is_compiled = True

    def __init__(self, model: Model, loss: Loss, probes: Samples) -> None:
        super().__init__(model, loss, probes)
        x, t = next(_leaves(probes))
        nodes, outputs, value = self._recorded(x, t)
        self._outputs = compile(list(self.model(x)), x)
        self._traced = compile([*nodes, *grad(value, nodes, create_graph=True), *outputs, value], [*x, *t])

    def outputs(self, inputs: Floats) -> Floats:
        found: Floats = self._outputs(inputs)
        return found

    def _rows(self, samples: Samples) -> Floats:
        found: Floats = self._traced(np.hstack([samples.inputs, samples.targets]))
        return found


def evaluator(model: Model, loss: Loss, probes: Samples, thetas: Iterable[Vector]) -> Evaluator:
    """A compiled evaluator, if it gives the eager engine's numbers for the probes with each of some parameters.

    It does not for a model or a loss that looks at the numbers it is given, so that other samples have another graph.
    """
    eager = Evaluator(model, loss, probes)
    try:
        compiled = CompiledEvaluator(model, loss, probes)
        with parameters_kept(model):
            agree = all(_agree(eager, compiled, probes, theta) for theta in thetas)
    except (TypeError, ValueError, AttributeError):  # it takes numbers only, or branches on them: the eager engine can
        return eager
    return compiled if agree else eager


def _agree(a: Evaluator, b: Evaluator, probes: Samples, theta: Vector) -> bool:
    set_parameters(a.model, theta)
    pairs = [(astuple(a.trace(probes)), astuple(b.trace(probes)))]
    pairs.append(((a.outputs(probes.inputs),), (b.outputs(probes.inputs),)))
    return all(_is_close(x, y) for xs, ys in pairs for x, y in zip(xs, ys, strict=True))


def columns(model: Model, x: list[Value]) -> list[list[Value]]:
    """The columns of a network's picture: the inputs, then each layer of an MLP, or of another model the outputs."""
    found = [x]
    if is_mlp(model):
        for layer in model.layers:
            found.append(layer(found[-1]))
    else:
        found.append(list(model(x)))
    return found


def is_mlp(model: object) -> TypeGuard[MLP]:
    """Whether the model's layers follow one another, as an MLP's do, so that it can be drawn as one."""
    return isinstance(model, MLP) and type(model).__call__ is MLP.__call__


@contextmanager
def parameters_kept(model: Model) -> Iterator[None]:
    """Whatever the parameters are set to meanwhile, afterwards they are what they were."""
    before = [parameter.data for parameter in model.parameters()]
    try:
        yield
    finally:
        set_parameters(model, before)


def set_parameters(model: Model, numbers: Sequence[float] | Vector) -> None:
    """Set every parameter, in the order of the model's."""
    for parameter, number in zip(model.parameters(), map(float, numbers), strict=True):
        parameter.data = number


def _leaves(samples: Samples) -> Iterator[tuple[list[Value], list[Value]]]:
    """Each sample as leaves, which a program takes as inputs."""
    for x, t in samples.rows():
        yield [Value(number) for number in x], [Value(number) for number in t]


def _is_close(a: Floats, b: Floats) -> bool:
    """Equal up to the rounding that another order of summation brings."""
    scale = np.abs(a[np.isfinite(a)]).max(initial=0.0)
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-12 * scale, equal_nan=True)
