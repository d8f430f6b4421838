"""Trainer: mini-batch gradient descent, with everything that makes a run repeatable to the bit."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, SupportsFloat, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from autograd import Value, no_grad

from .arrays import Floats, Rows, Vector
from .checkpoint import Checkpoint, data_fingerprint, graph_fingerprint
from .checks import count, not_negative, whole
from .history import History
from .losses import Loss
from .optim import Optimizer
from .progress import progress_bar
from .recording import Moment, Recording


@runtime_checkable
class Model(Protocol):
    """What can be trained: a Module whose call takes numbers and returns a list of Values."""

    def __call__(self, inputs: Sequence[SupportsFloat], /) -> Sequence[Value]: ...
    def parameters(self) -> list[Value]: ...
    def zero_grad(self) -> None: ...
    def state(self) -> dict[str, float]: ...
    def load_state(self, state: Mapping[str, float]) -> None: ...


class DivergenceError(ArithmeticError):
    """The loss, its gradient or a parameter became inf or nan. ``step`` counts from 1; ``history`` is that so far."""

    def __init__(self, what: str, step: int, epoch: int, rate: float, history: History) -> None:
        super().__init__(
            f"{what} at step {step} (epoch {epoch}), with learning rate {rate:g}: training stopped, and the parameters "
            f"are the last finite ones. Try a lower learning rate"
        )
        self.step = step
        self.history = history


@dataclass(frozen=True)
class Samples:
    """Inputs (N, n_inputs) and targets (N, n_outputs), row by row."""

    inputs: Floats
    targets: Floats

    @classmethod
    def checked(cls, inputs: ArrayLike, targets: ArrayLike) -> Samples:
        """The samples, if there are any, all are finite, and there is one target row for each input row."""
        samples = cls(_matrix("inputs", inputs), _matrix("targets", targets))
        if len(samples.inputs) != len(samples.targets):
            raise ValueError(
                f"each row of inputs has one of targets, got {len(samples.inputs)} and {len(samples.targets)} rows"
            )
        return samples

    def __len__(self) -> int:
        return len(self.inputs)

    def rows(self, rows: Rows | slice = slice(None)) -> Iterator[tuple[list[float], list[float]]]:
        """Some of the samples, each as two lists of floats."""
        return zip(self.inputs[rows].tolist(), self.targets[rows].tolist(), strict=True)

    def chosen(self, rows: Sequence[int]) -> Samples:
        """Some of the samples as samples of their own."""
        return Samples(self.inputs[rows], self.targets[rows])

    def fingerprint(self) -> str:
        """A short text that is another one if any number is."""
        return data_fingerprint(self.inputs, self.targets)

    def held_out(self, pair: tuple[ArrayLike, ArrayLike]) -> Samples:
        """Samples with as many inputs and targets as these, from a pair of both."""
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"held_out is a pair (inputs, targets), got {pair!r}")
        others = Samples.checked(*pair)
        got, wanted = ((s.inputs.shape[1], s.targets.shape[1]) for s in (others, self))
        if got != wanted:
            raise ValueError(
                f"held_out has {got[0]} inputs and {got[1]} targets a row, wanted {wanted[0]} and {wanted[1]} as in "
                f"the rows to train on"
            )
        return others


def _matrix(name: str, numbers: ArrayLike) -> Floats:
    try:
        matrix = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} are rows of numbers, all of one length: {error}") from None
    if matrix.ndim == 1 and name == "targets":
        matrix = matrix[:, np.newaxis]
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"{name} are rows of numbers, and at least one row, got an array of shape {matrix.shape}")
    if bad := np.argwhere(~np.isfinite(matrix)).tolist():
        row, column = bad[0]
        raise ValueError(f"{name} are finite numbers, got {float(matrix[row, column])!r} in row {row}, column {column}")
    return matrix


class Trainer:
    """A model, the loss of one of its samples, and an optimizer of its parameters.

    >>> from nn import MLP, SGD, mse
    >>> model = MLP(1, [1], seed=0)
    >>> history = Trainer(model, mse, SGD(model.parameters(), lr=0.1)).fit([[-1], [0], [1]], [-2, 0, 2], epochs=100)
    >>> round(model([3.0])[0].data, 3)
    6.0
    """

    def __init__(self, model: Model, loss: Loss, optimizer: Optimizer) -> None:
        for name, got, wanted, is_fit in (
            ("model", model, "a Module that can be called, such as an MLP", isinstance(model, Model)),
            ("loss", loss, "a function of outputs and targets, such as nn.mse", callable(loss)),
            ("optimizer", optimizer, "an Optimizer, such as an SGD", isinstance(optimizer, Optimizer)),
        ):
            if not is_fit:
                raise TypeError(f"{name} is {wanted}, got {got!r}")
        known = set(model.parameters())
        if any(parameter not in known for parameter in optimizer.parameters):
            raise ValueError("the optimizer has parameters that the model lacks: make it with model.parameters()")
        self.model = model
        self.loss = loss
        self.optimizer = optimizer

    def fit(
        self,
        inputs: ArrayLike,
        targets: ArrayLike,
        *,
        epochs: int = 100,
        batch_size: int = 32,
        tolerance: float | None = None,
        seed: int = 0,
        held_out: tuple[ArrayLike, ArrayLike] | None = None,
        checkpoint: str | Path | None = None,
        progress: bool = True,
        record: bool = False,
    ) -> History:
        """Train for ``epochs``, or until the mean loss of an epoch is below ``tolerance``.

        ``inputs`` is (N, n_inputs), ``targets`` (N, n_outputs), or (N,) for one output. Each epoch visits the samples
        in an order of its own, drawn from ``seed``, and makes one step for every ``batch_size`` of them. The loss of
        the samples in ``held_out`` is recorded after each epoch. With ``checkpoint``, a path, the run is saved there
        after each epoch, and goes on from there if the file exists; it ends with the same bits however often it was
        killed. To be recognized, the run needs a loss whose graph, for the first sample and the parameters it starts
        with, is the same each time: a model that draws random numbers cannot go on. With ``record``, parameters and
        gradients are kept epoch by epoch, in the checkpoint too, and the history can show them: ``history.film()``.

        A DivergenceError says at which step a loss became infinite. After it, as after Ctrl-C, the parameters are those
        of the last whole step.
        """
        samples = Samples.checked(inputs, targets)
        others = None if held_out is None else samples.held_out(held_out)
        run = _Run(count("epochs", epochs), count("batch_size", batch_size), tolerance, seed, samples, others, record)
        settings = self._settings(run) if checkpoint else {}
        if checkpoint and Path(checkpoint).exists():
            history = self._resume(run, settings, checkpoint)
        else:
            history = History(recording=self._recording(run))
        steps = run.steps_per_epoch
        with progress_bar(epochs * steps, history.epochs * steps, progress) as advance:
            while not run.is_finished(history):
                history.losses.append(self._epoch(run, history, advance))
                if others:
                    history.held_out_losses.append(self.mean_loss(others))
                if history.recording:
                    history.recording.add_epoch(history.epochs)
                if checkpoint:
                    self._checkpoint(settings, history).save(checkpoint)
        return history

    def mean_loss(self, samples: Samples) -> float:
        """The mean loss of the samples, with the parameters as they are."""
        total = 0.0
        with no_grad():
            for x, t in samples.rows():
                total += self.loss(self.model(x), t).data
        return total / len(samples)

    def _epoch(self, run: _Run, history: History, advance: Callable[[str], None]) -> float:
        """One visit to every sample; the mean of their losses, each as it was when its turn came."""
        total = 0.0
        for rows in run.batches(history.epochs):
            loss = self._step(run.samples, rows, history)
            total += loss * len(rows)
            advance(f"epoch {history.epochs + 1}/{run.epochs}  loss {loss:.4g}")
        return total / len(run.samples)

    def _step(self, samples: Samples, rows: Rows, history: History) -> float:
        """One update, of parameters and optimizer; both are left as they are if anything is not finite."""
        step = self.optimizer.steps

        def require_finite(what: str, numbers: float | Vector) -> None:
            if not np.isfinite(numbers).all():
                rate = self.optimizer.rate(step)
                raise DivergenceError(what, step + 1, history.epochs + 1, rate, history)

        loss, gradient = self._loss_and_gradient(samples, rows)
        require_finite(f"the loss became {loss!r}", loss)
        require_finite("the gradient became infinite or nan", gradient)
        move = self.optimizer.next(self.optimizer.theta(), gradient)
        require_finite("the parameters became infinite or nan", move.theta)
        self.optimizer.commit(move)
        if history.recording:
            history.recording.add_step(gradient)
        return loss

    def _loss_and_gradient(self, samples: Samples, rows: Rows) -> tuple[float, Vector]:
        """The mean loss of a batch, and its gradient: sample by sample, so that one graph at a time is in memory."""
        self.model.zero_grad()
        total = 0.0
        with _collector_paused():
            for x, t in samples.rows(rows):
                loss = self.loss(self.model(x), t)
                loss.backward(seed=1.0 / len(rows))
                total += loss.data
        return total / len(rows), self.optimizer.gradient()

    def _settings(self, run: _Run) -> dict[str, str]:
        """What must be the same from the start for a training to end with the same bits."""
        (x, t), *_ = run.samples.rows(slice(1))
        optimizer = self.optimizer
        return {
            "network or loss": graph_fingerprint(self.loss(self.model(x), t)),
            "training data": run.samples.fingerprint(),
            "held-out data": run.others.fingerprint() if run.others else "none",
            "optimizer": f"{type(optimizer).__name__} {optimizer.settings()}",
            "batch size": repr(run.batch_size),
            "tolerance": repr(run.tolerance),
            "seed": repr(int(run.seed)),
            "record": repr(run.record),
        }

    def _rate_after(self, steps: int) -> dict[str, str]:
        """What must be the same too after so many steps: the learning rate of the last."""
        return {"learning rate": repr(self.optimizer.rate(max(steps - 1, 0)))}

    def _checkpoint(self, settings: Mapping[str, str], history: History) -> Checkpoint:
        settings = {**settings, **self._rate_after(self.optimizer.steps)}
        moments = history.recording.moments if history.recording else ()
        return Checkpoint(settings, self.model.state(), self.optimizer.state(), history, moments)

    def _recording(self, run: _Run, moments: Sequence[Moment] = ()) -> Recording | None:
        if not run.record:
            return None
        return Recording(self.model, self.loss, self.optimizer, run.samples, run.others, list(moments))

    def _resume(self, run: _Run, settings: Mapping[str, str], path: str | Path) -> History:
        """Set model and optimizer as they were when the checkpoint was saved; nothing changes if it does not fit."""
        saved = Checkpoint.load(path)
        saved.require({**settings, **self._rate_after(int(saved.optimizer["steps"]))}, path)
        if saved.history.epochs > run.epochs:
            raise ValueError(f"the checkpoint {path} is {saved.history.epochs} epochs old, wanted {run.epochs} at most")
        before = self.optimizer.state()
        self.optimizer.load_state(saved.optimizer)
        try:
            self.model.load_state(saved.model)
        except ValueError:
            self.optimizer.load_state(before)
            raise
        saved.history.recording = self._recording(run, saved.moments)
        return saved.history


@dataclass(frozen=True)
class _Run:
    """What one call of ``fit`` was asked for."""

    epochs: int
    batch_size: int
    tolerance: float | None
    seed: int
    samples: Samples
    others: Samples | None
    record: bool

    def __post_init__(self) -> None:
        if self.tolerance is not None:
            not_negative("tolerance", self.tolerance)
        whole("seed", self.seed)

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(len(self.samples) / self.batch_size)

    def is_finished(self, history: History) -> bool:
        reached = self.tolerance is not None and history.epochs > 0 and history.losses[-1] < self.tolerance
        return reached or history.epochs >= self.epochs

    def batches(self, epoch: int) -> Iterator[Rows]:
        """The rows of each batch. The order hangs on seed and epoch alone: a resumed run needs no generator's state."""
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.samples))
        for start in range(0, len(order), self.batch_size):
            yield order[start : start + self.batch_size]


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
