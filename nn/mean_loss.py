"""MeanLoss: the mean loss of samples and its gradient, by the scalar engine or by a program compiled from it."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, SupportsFloat, runtime_checkable

import numpy as np

from autograd import Value, compile, grad, modes, no_grad

from .arrays import Floats, Rows, Vector
from .losses import Loss
from .replay import compiled_or_eager, here_and_moved, loss_disagreement
from .samples import Samples

CHUNK = 1024  # samples whose losses are computed at once: more would need memory without being faster


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

    gradient: Vector | None = None
    """What ``value_and_grad`` found last."""

    def __init__(self, model: Model, loss: Loss, parameters: Sequence[Value]) -> None:
        self.model, self.loss, self.parameters = model, loss, parameters
        trained = set(parameters)
        self._untrained = [parameter for parameter in model.parameters() if parameter not in trained]

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

    def value(self, samples: Samples) -> float:
        """The mean loss of all rows, with the parameters' data as it is."""
        with np.errstate(over="ignore", invalid="ignore"):
            return float(self.losses(samples).mean())

    def losses(self, samples: Samples) -> Floats:
        """The loss of each row: (N,)."""
        with no_grad():
            return np.array([self.loss(self.model(x), t).data for x, t in samples.rows()])

    def compared(self, samples: Samples) -> Mapping[str, Floats]:
        """The loss of each row (N,), and its gradient (N, P); no ``.grad`` is touched."""
        with _collector_paused():
            pairs = [self._loss_and_grad(x, t) for x, t in samples.rows()]
        losses, gradients = zip(*pairs, strict=True)
        return {"loss": np.array(losses), "gradient": np.array(gradients)}

    def _loss_and_grad(self, x: list[float], t: list[float]) -> tuple[float, list[float]]:
        loss = self.loss(self.model(x), t)
        return loss.data, grad(loss, self.parameters)

    def read_untrained(self) -> None:
        """Take all that the loss depends on and is not trained as it is now."""

    def require_agreement(self, samples: Samples, epoch: int) -> None:
        """A RuntimeError if a few samples have other losses than the scalar engine gives."""


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
        self._constant = [(i, leaf) for i, leaf in enumerate(self.program.parameters) if leaf not in place]
        self._vector = np.empty(len(self.program.parameters))
        self.read_untrained()

    def read_untrained(self) -> None:
        for i, leaf in self._constant:
            self._vector[i] = leaf.data

    def value_and_grad(self, theta: Vector, samples: Samples, rows: Rows) -> tuple[float, Vector]:
        """The same; the parameters' data stays as it is."""
        self._vector[self._in_program] = theta[self._in_theta]
        value, found = self.program.value_and_grad(samples.columns[rows], "mean", self._vector)
        self.gradient = self._ordered(found)
        return value, self.gradient

    def losses(self, samples: Samples) -> Floats:
        starts = range(0, len(samples), CHUNK)
        return np.concatenate([self.program(samples.columns[start : start + CHUNK]) for start in starts])

    def require_agreement(self, samples: Samples, epoch: int) -> None:
        eager = MeanLoss(self.model, self.loss, self.parameters)
        _, moved = here_and_moved(self.model, self.parameters)
        if reason := loss_disagreement(eager, self, samples, moved):
            raise RuntimeError(
                f"after epoch {epoch} the compiled loss is no longer that of the model: {reason}. Training stopped, "
                f"and what was learned is wrong: train a new model with fit(..., compiled=False)"
            )

    def _loss_and_grad(self, x: list[float], t: list[float]) -> tuple[float, list[float]]:
        value, found = self.program.value_and_grad([[*x, *t]])
        return value, self._ordered(found).tolist()

    def _ordered(self, found: Vector) -> Vector:
        """The program's gradient as one by θ."""
        gradient = np.zeros(len(self.parameters))
        gradient[self._in_theta] = found[self._in_program]
        return gradient


def mean_loss(
    model: Model, loss: Loss, parameters: Sequence[Value], samples: Samples, compiled: bool = True
) -> MeanLoss:
    """The compiled mean loss, if it is wanted and gives the eager engine's numbers; else the eager one.

    Losses and gradients are compared, at θ and at another one near it. A RuntimeWarning says so if they differ, as
    they do for a model or a loss that looks at numbers, so that other samples have another graph, or that draws random
    ones; or if the model or the loss raises an error because it needs plain numbers.
    """
    _require_sound(model, loss, samples)
    eager = MeanLoss(model, loss, parameters)
    if not compiled or modes.is_checking():  # what detect_anomaly looks for, only the scalar engine sees
        return eager
    thetas = here_and_moved(model, parameters)
    chosen, reason = compiled_or_eager(
        eager, lambda: CompiledMeanLoss(model, loss, parameters, samples), samples, thetas
    )
    if reason:
        message = (
            f"the loss cannot be compiled: {reason}. Training goes on without, many times slower, as it does with "
            f"compiled=False, which does not warn"
        )
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    return chosen


def _require_sound(model: Model, loss: Loss, samples: Samples) -> None:
    """An error, now rather than later, for what the model or the loss would refuse in some row.

    The loss sees every kind of target that there is, once. A program would not ask it again.
    """
    if not modes.is_recording():
        raise ValueError("training within no_grad would learn nothing, as nothing is recorded: call fit outside of it")
    (x, _), *_ = samples.rows(slice(1))
    outputs = model(x)
    for t in np.unique(samples.targets, axis=0).tolist():
        found = loss(outputs, t)
        if not isinstance(found, Value):
            raise TypeError(f"the loss is a Value made from the outputs, got {type(found).__name__}: {found!r}")


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
