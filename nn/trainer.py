"""Trainer: mini-batch gradient descent, with everything that makes a run repeatable to the bit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Rows, Vector
from .checkpoint import Checkpoint, graph_fingerprint
from .checks import count, not_negative, whole
from .history import History
from .losses import Loss
from .mean_loss import MeanLoss, Model, mean_loss
from .optim import Optimizer, State
from .progress import progress_bar
from .recording import Moment, Recording
from .samples import Samples


class DivergenceError(ArithmeticError):
    """The loss, its gradient or a parameter became inf or nan. ``step`` counts from 1; ``history`` is that so far."""

    def __init__(self, what: str, step: int, epoch: int, rate: float, history: History) -> None:
        super().__init__(
            f"{what} at step {step} (epoch {epoch}), with learning rate {rate:g}: training stopped, and the parameters "
            f"are the last finite ones. Try a lower learning rate"
        )
        self.step = step
        self.history = history


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
        compiled: bool = True,
    ) -> History:
        """Train for ``epochs``, or until the mean loss of an epoch is below ``tolerance``.

        ``inputs`` is (N, n_inputs), ``targets`` (N, n_outputs), or (N,) for one output. Each epoch visits the samples
        in an order of its own, drawn from ``seed``, and makes one step for every ``batch_size`` of them. The loss of
        the samples in ``held_out`` is recorded after each epoch. With ``checkpoint``, a path, the run is saved there
        after each epoch, and goes on from there if the file exists; it ends with the same bits however often it was
        killed. To be recognized, the run needs a loss whose graph, for the first sample and the parameters it starts
        with, is the same each time: a model that draws random numbers cannot go on. With ``record``, parameters and
        gradients are kept epoch by epoch, in the checkpoint too, and the history can show them: ``history.film()``.

        The loss of one sample is recorded once, and replayed for whole batches by the program that ``autograd.compile``
        makes of it; with ``compiled=False`` every sample is recorded anew, with the same numbers up to rounding. For a
        model or a loss that branches on the numbers it is given they are not the same: some samples are compared at
        the start, where a RuntimeWarning says that training goes on without the program, and a few after epochs 1, 2,
        4, 8, … and the last, where a RuntimeError ends it. The same goes for a loss that draws random numbers, or uses
        something that changes, other than a Value.

        While an epoch runs, the parameters are a vector; their Values are set at its end, and whenever training stops.
        Code of yours that takes part in a step, a learning rate that is a function or an optimizer of a class of your
        own, finds them set at each step, and ``grad`` too, as in a loop written by hand; that takes time.

        Afterwards ``grad`` is the gradient that was computed last, that of the mean loss of the last batch; parameters
        that are not trained have none.

        A DivergenceError says at which step a loss became infinite. After it, as after Ctrl-C, the parameters are those
        of the last whole step.
        """
        samples = Samples.checked(inputs, targets)
        others = None if held_out is None else samples.held_out(held_out)
        run = _Run(count("epochs", epochs), count("batch_size", batch_size), tolerance, seed, samples, others, record)
        losses = mean_loss(self.model, self.loss, self.optimizer.parameters, samples, compiled)
        settings = self._settings(run, losses) if checkpoint else {}
        if checkpoint and Path(checkpoint).exists():
            history = self._resume(run, settings, checkpoint)
        else:
            history = History(recording=self._recording(run))
        steps = run.steps_per_epoch
        with progress_bar(epochs * steps, history.epochs * steps, progress) as advance:
            try:
                while not run.is_finished(history):
                    history.losses.append(self._epoch(run, losses, history, advance))
                    if run.is_finished(history) or history.epochs.bit_count() == 1:  # 1, 2, 4, 8, …
                        losses.require_agreement(samples, history.epochs)
                    if others:
                        history.held_out_losses.append(losses.value(others))
                    if history.recording:
                        history.recording.add_epoch(history.epochs)
                    if checkpoint:
                        self._checkpoint(settings, history).save(checkpoint)
            finally:
                losses.write_gradient()
        return history

    def _epoch(self, run: _Run, losses: MeanLoss, history: History, advance: Callable[[str], None]) -> float:
        """One visit to every sample; the mean of their losses, each as it was when its turn came."""
        total = 0.0
        losses.read_untrained()
        state = self.optimizer.here()
        try:
            for rows in run.batches(history.epochs):
                loss, state = self._step(state, losses, run.samples, rows, history)
                total += loss * len(rows)
                advance(f"epoch {history.epochs + 1}/{run.epochs}  loss {loss:.4g}")
        finally:
            self.optimizer.move_to(state)
        return total / len(run.samples)

    def _step(
        self, state: State, losses: MeanLoss, samples: Samples, rows: Rows, history: History
    ) -> tuple[float, State]:
        """The loss of a batch, and where one update leads; a DivergenceError unless all of it is finite."""

        def require_finite(what: str, numbers: float | Vector) -> None:
            if not np.isfinite(numbers).all():
                rate = self.optimizer.rate(state.steps)
                raise DivergenceError(what, state.steps + 1, history.epochs + 1, rate, history)

        is_seen = self.optimizer.runs_users_code
        if is_seen:
            losses.read_untrained()
        loss, gradient = losses.value_and_grad(state.theta, samples, rows)
        if is_seen:
            self.optimizer.move_to(state)
            losses.write_gradient()
        require_finite(f"the loss became {loss!r}", loss)
        require_finite("the gradient became infinite or nan", gradient)
        there = self.optimizer.after_step(state, gradient)
        require_finite("the parameters became infinite or nan", there.theta)
        if history.recording:
            history.recording.add_step(gradient)
        return loss, there

    def _settings(self, run: _Run, losses: MeanLoss) -> dict[str, str]:
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
            "compiled": repr(losses.is_compiled),
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
