"""MeanLoss: the mean loss of samples and its gradient, by the scalar engine or by a program compiled from it."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, SupportsFloat, runtime_checkable

import numpy as np

from autograd import Value, compile, modes, no_grad

from .arrays import Floats, Rows, Vector
from .losses import Loss
from .samples import Samples

PROBES = 8  # samples on which a compiled loss must agree with the eager one


@runtime_checkable
class Model(Protocol):
    """What can be trained: a Module whose call takes numbers and returns a list of Values."""

    def __call__(self, inputs: Sequence[SupportsFloat], /) -> Sequence[Value]: ...
    def parameters(self) -> list[Value]: ...
    def zero_grad(self) -> None: ...
    def state(self) -> dict[str, float]: ...
    def load_state(self, state: Mapping[str, float]) -> None: ...


class MeanLoss:
    """The mean loss of samples, recorded anew for each of them.

    A vector θ stands for the data of ``parameters``, in their order.
    """

    is_compiled = False

    def __init__(self, model: Model, loss: Loss, parameters: Sequence[Value]) -> None:
        self.model, self.loss, self.parameters = model, loss, parameters

    def value_and_grad(self, theta: Vector, samples: Samples, rows: Rows) -> tuple[float, Vector]:
        """The mean loss of some rows at θ, and its gradient by θ. The parameters' data is θ afterwards."""
        for parameter, number in zip(self.parameters, theta.tolist(), strict=True):
            parameter.data = number
        self.model.zero_grad()
        total = 0.0
        with _collector_paused():  # one graph at a time is in memory
            for x, t in samples.rows(rows):
                loss = self.loss(self.model(x), t)
                loss.backward(seed=1.0 / len(rows))
                total += loss.data
        return total / len(rows), np.array([parameter.grad for parameter in self.parameters])

    def value(self, samples: Samples) -> float:
        """The mean loss of all rows, with the parameters' data as it is."""
        total = 0.0
        with no_grad():
            for x, t in samples.rows():
                total += self.loss(self.model(x), t).data
        return total / len(samples)


class CompiledMeanLoss(MeanLoss):
    """The same by a program: the loss of the first sample, recorded once, and replayed for whole batches."""

    is_compiled = True

    def __init__(self, model: Model, loss: Loss, parameters: Sequence[Value], samples: Samples) -> None:
        super().__init__(model, loss, parameters)
        (x, t), *_ = samples.rows(slice(1))
        inputs = [Value(number, f"x[{i}]") for i, number in enumerate(x)]
        targets = [Value(number, f"t[{i}]") for i, number in enumerate(t)]
        self.program = compile(loss(model(inputs), targets), [*inputs, *targets])
        # θ is the optimizer's; the program may have its parameters in another order, and some that are not trained.
        place = {parameter: i for i, parameter in enumerate(parameters)}
        found = [i for i, parameter in enumerate(self.program.parameters) if parameter in place]
        self._in_program = np.array(found, dtype=np.intp)
        self._in_theta = np.array([place[self.program.parameters[i]] for i in found], dtype=np.intp)
        self._vector = np.array([parameter.data for parameter in self.program.parameters])

    def value_and_grad(self, theta: Vector, samples: Samples, rows: Rows) -> tuple[float, Vector]:
        """The same; the parameters' data stays as it is."""
        self._vector[self._in_program] = theta[self._in_theta]
        value, found = self.program.value_and_grad(samples.columns[rows], "mean", self._vector)
        gradient = np.zeros(len(self.parameters))
        gradient[self._in_theta] = found[self._in_program]
        return value, gradient

    def value(self, samples: Samples) -> float:
        losses: Floats = self.program(samples.columns)
        with np.errstate(over="ignore", invalid="ignore"):
            return float(losses.mean())


def mean_loss(
    model: Model, loss: Loss, parameters: Sequence[Value], samples: Samples, compiled: bool = True
) -> MeanLoss:
    """The compiled mean loss, if it is wanted and gives the eager engine's numbers; else the eager one.

    It does not for a model or a loss that needs plain numbers, or that looks at them, so that other samples have
    another graph: a RuntimeWarning says so.
    """
    eager = MeanLoss(model, loss, parameters)
    if not compiled or modes.is_checking():  # what detect_anomaly looks for, only the scalar engine sees
        return eager
    probes = _probes(samples)
    wanted = [eager.value(probe) for probe in probes]  # what is wrong with the model or the loss itself is raised here
    try:
        program = CompiledMeanLoss(model, loss, parameters, samples)
    except Exception as error:  # a user's model or loss may raise anything where it is given Values for numbers
        reason = f"{type(error).__name__}: {error}"
    else:
        if np.allclose([program.value(probe) for probe in probes], wanted, rtol=1e-9, atol=1e-12, equal_nan=True):
            return program
        reason = "its graph is not the same for every sample"
    message = f"the loss cannot be compiled ({reason}); training goes on without, many times slower"
    warnings.warn(message, RuntimeWarning, stacklevel=3)
    return eager


def _probes(samples: Samples) -> list[Samples]:
    """Single samples from all over the data."""
    rows = np.linspace(0, len(samples) - 1, min(PROBES, len(samples))).astype(np.intp)
    return [Samples(samples.inputs[[row]], samples.targets[[row]]) for row in rows]


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Recorded graphs have no cycles and are freed by counting references: looking for cycles doubles the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
