"""Run: one training under way, epoch by epoch and step by step."""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd import Value, modes
from autograd.targets import Target

from ..basics.arrays import Rows, Vector
from ..losses import Loss
from ..module import Model
from ..optim import Optimizer, State
from .agreement import disagreement, evaluation, shape_of
from .checkpoint import Checkpoint
from .evaluation import CompiledEvaluation, Evaluation, as_outputs
from .objective import Objective
from .plan import Plan, lowest
from .recording import Curves, GradientSizes, Moment, Recording
from .samples import Samples, fingerprint


class DivergenceError(ArithmeticError):
    """The loss, its gradient or a parameter became inf or nan. ``step`` counts from 1; ``history`` is that so far.

    >>> from nn import MLP, SGD, Trainer, mse
    >>> model = MLP(1, [1], seed=0)
    >>> try:
    ...     Trainer(model, mse, SGD(model.parameters(), lr=1e200)).fit([[1.0]], [2.0], epochs=5, progress=False)
    ... except DivergenceError as error:
    ...     print(error.step, len(error.history.losses))
    2 1
    """

    def __init__(self, what: str, step: int, epoch: int, rate: float, history: Any) -> None:
        super().__init__(
            f"{what} at step {step} (epoch {epoch}), with learning rate {rate:g}: training stopped, and the parameters "
            f"are the last finite ones. Try a lower learning rate"
        )
        self.step = step
        self.history = history


class Step(NamedTuple):
    """One step of a training: ``loss`` is the mean over its batch, before the step; ``epoch`` counts from 1.

    >>> from nn import MLP, SGD, Trainer, mse
    >>> model = MLP(1, [1], seed=0)
    >>> steps = Trainer(model, mse, SGD(model.parameters(), lr=0.1)).steps([[1.0], [2.0]], [2.0, 4.0], epochs=2)
    >>> [(step.epoch, round(step.loss, 3)) for step in steps]
    [(1, 8.782), (2, 0.931)]
    """

    epoch: int
    loss: float
    history: Any


class Run:
    """One training under way."""

    state: State
    _left: int  # samples that this epoch has still to visit
    _total: float  # of the losses of the others
    _batches: Iterator[Rows]

    def __init__(
        self,
        model: Model,
        loss: Loss,
        optimizer: Optimizer,
        plan: Plan,
        history: Curves,
        on_epoch: Callable[[Any], Any] | None = None,
        compiled: bool = True,
        target: Target = "numpy",
        devices: int | None = None,
        numbers: Evaluation | None = None,
        is_seen: bool = False,
        sizes: GradientSizes | None = None,
    ) -> None:
        """``numbers`` are those of an earlier run of the same model, loss and parameters, if there was one.

        ``is_seen`` says that somebody may look at the parameters between two steps; code of a user's in a step does.
        ``sizes`` are told of each step's gradient.
        """
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.plan, self.history, self.on_epoch = plan, history, on_epoch
        self.is_stopped, self.is_seen, self.sizes = False, is_seen or optimizer.runs_users_code, sizes
        self.best: Vector = np.empty(0)
        n_outputs = numbers.column_sizes(plan.samples)[-1] if numbers else _require_sound(model, loss, plan.samples)
        self.objective = Objective.told(self.loss, plan.samples.targets, n_outputs)
        self.eager = Evaluation(model, loss, optimizer.parameters)
        self.numbers = numbers or (self._evaluation(target) if compiled else self.eager)
        if devices is not None:
            if not isinstance(self.numbers, CompiledEvaluation):
                raise ValueError("several devices run a program of the loss, and there is none: it is recorded anew")
            self.numbers.spread(devices)
        self.begin()
        self.settings = self._settings() if plan.checkpoint else {}
        history.metric = self.objective.metric
        if plan.checkpoint and plan.checkpoint.exists():
            self._resume(plan.checkpoint)
        else:
            history.recording = self._recording()
        history.is_compiled = self.numbers.is_compiled
        self.agreed = self._here()  # where program and engine last gave the same numbers

    # ---- by the engine, or by a program

    def _evaluation(self, target: Target) -> Evaluation:
        parameters, samples = self.optimizer.parameters, self.plan.samples
        numbers, reason = evaluation(self.model, self.loss, parameters, samples, target=target)
        if reason:
            self._warn(f"the loss cannot be compiled: {reason}. Training goes on without", stacklevel=5)
        return numbers

    def _warn(self, what: str, stacklevel: int) -> None:
        slower = "many times slower, as it does with compiled=False, which does not warn"
        warnings.warn(f"{what}, {slower}", RuntimeWarning, stacklevel=stacklevel)

    def _went_back(self, stacklevel: int) -> bool:
        """Whether program and engine differ: then everything is as it was when they last agreed, and no program is."""
        if not self.numbers.is_compiled:
            return False
        self.optimizer.move_to(self.state)
        reason = disagreement(self.eager, self.numbers, self.plan.samples)
        if not reason:
            self.agreed = self._here()
            self.numbers.read_untrained()  # the user's code ran, for once
            return False
        self._warn(
            f"after epoch {self.history.epochs} the compiled loss is no longer that of the model: {reason}. Parameters "
            f"and history went back to epoch {self.agreed.epochs}, and training goes on without",
            stacklevel + 1,
        )
        self._restore(self.agreed)
        self.history.is_compiled = False
        self.numbers = self.eager
        return True

    # ---- epochs and steps

    @property
    def is_within_epoch(self) -> bool:
        """Whether some samples of an epoch that has begun are still to be visited."""
        return self._left > 0

    def steps(self, seconds: float = 0.0) -> Generator[Step, None, None]:
        """Train, and tell of every step, or of the last of as many as were made in so many seconds."""
        self.begin()
        try:
            while not self._is_done():
                yield self.advance(sys.maxsize, seconds)
            if len(self.best):
                self.history.kept_epoch = lowest(self.history.watched) + 1
                self.state = self.state._replace(theta=self.best)
        finally:
            self.look()

    def begin(self) -> None:
        """Begin an epoch with what is in the Values, which somebody may have changed."""
        self.numbers.read_untrained()
        self.state, self._left = self.optimizer.here(), 0

    def look(self) -> None:
        """Set the Values to where the run has come to: between two steps, when nobody else does."""
        self.optimizer.move_to(self.state)
        self.numbers.write_gradient()

    def advance(self, most: int, seconds: float) -> Step:
        """Make so many steps, or fewer if the time is over or the epoch ends, and give the last of them.

        An epoch visits every sample once; the history gets the mean of their losses, each as it was when its turn came.
        Whoever is given the last step of one finds in the history what is known after it.
        """
        epoch, n = self.history.epochs + 1, len(self.plan.samples)
        if not self._left:
            if self.is_seen:
                self.begin()
            self._left, self._total, self._batches = n, 0.0, self.plan.batches(self.history.epochs)
        try:
            loss = self._advance(most, time.perf_counter() + seconds)
        except DivergenceError:
            if not self._went_back(stacklevel=5):
                raise
            return self.advance(most, seconds)
        if not self._left:
            self.history.losses.append(self._total / n)
            self._end_epoch()
        return Step(epoch, loss, self.history)

    def _advance(self, most: int, end: float) -> float:
        """The loss of the last step. NumPy says nothing of inf and nan, which are looked for."""
        recording, loss = self.history.recording, math.nan
        sizes = recording.sizes if recording else self.sizes
        with np.errstate(all="ignore"):
            for made, rows in enumerate(self._batches, 1):
                loss = self._step(rows, sizes)
                self._total += loss * len(rows)
                self._left -= len(rows)
                if made >= most or time.perf_counter() >= end:
                    break
        return loss

    def _step(self, rows: Rows, sizes: GradientSizes | None) -> float:
        """Make one update, and give the loss of its batch; a DivergenceError unless all of it is finite."""
        numbers, state, is_seen = self.numbers, self.state, self.is_seen
        if is_seen:
            numbers.read_untrained()
        loss, gradient = numbers.value_and_grad(state.theta, self.plan.samples, rows)
        if is_seen:
            numbers.write_gradient()
        if not math.isfinite(loss):
            raise self._divergence(f"the loss became {loss!r}")
        if is_seen and not _is_finite(gradient):  # a rule of a user's might make anything of it, ours inf or nan
            raise self._divergence("the gradient became infinite or nan")
        there = self.optimizer.next(state, gradient)
        if not _is_finite(there.theta):
            what = "parameters" if _is_finite(gradient) else "gradient"
            raise self._divergence(f"the {what} became infinite or nan")
        self.state = there
        if sizes:
            sizes.add(gradient)
        if is_seen:
            self.optimizer.move_to(there)
        return loss

    def _is_done(self) -> bool:
        return self.is_stopped or self.plan.is_done(self.history.losses, self.history.watched)

    def _divergence(self, what: str) -> DivergenceError:
        rate = self.optimizer.rate(self.state.steps)
        return DivergenceError(what, self.state.steps + 1, self.history.epochs + 1, rate, self.history)

    def _end_epoch(self) -> None:
        """What is to be known after an epoch, compared, told and saved. Values are set where any of it reads them."""
        history, plan, theta = self.history, self.plan, self.state.theta
        if history.recording or plan.checkpoint or not self.numbers.is_compiled:
            self.optimizer.move_to(self.state)
        if history.metric:
            outputs, n = self.numbers.outputs(plan.inputs, theta), len(plan.samples)
            history.metrics.append(self.objective.quality(outputs[:n], plan.samples.targets))
            if plan.others:
                history.held_out_metrics.append(self.objective.quality(outputs[n:], plan.others.targets))
        if plan.others:
            history.held_out_losses.append(self.numbers.mean(plan.others, theta))
        if plan.patience and lowest(history.watched) == history.epochs - 1:
            self.best = theta
        if history.recording:
            history.recording.add_epoch(history.epochs)
        is_due = plan.checkpoint or self._is_done() or history.epochs.bit_count() == 1  # 1, 2, 4, 8, …
        if is_due and self._went_back(stacklevel=6):
            return
        if self.on_epoch:
            self.look()
            self.is_stopped = self.on_epoch(history) is True
            self.begin()
        if plan.checkpoint:
            self._checkpoint().save(plan.checkpoint)

    # ---- what survives a kill

    def _settings(self) -> dict[str, str]:
        """What must be the same from the start for a training to end with the same bits."""
        (x, t), *_ = self.plan.samples.rows(slice(1))
        loss, optimizer = self.loss(as_outputs(self.model(x)), t), self.optimizer
        return {
            "network or loss": fingerprint(repr(shape_of(loss, self.eager.all_parameters)).encode()),
            "optimizer": f"{type(optimizer).__name__} {optimizer.settings()}",
            "compiled": self.numbers.runs_by,
            **self.plan.settings(),
        }

    def _rate_after(self, steps: int) -> dict[str, str]:
        """What must be the same too after so many steps: the learning rate of the last."""
        return {"learning rate": repr(self.optimizer.rate(max(steps - 1, 0)))}

    def _here(self) -> Checkpoint:
        """All there is to go back to."""
        moments = list(self.history.recording.moments) if self.history.recording else []
        curves = {name: list(curve) for name, curve in self.history.curves.items()}
        optimizer = self.optimizer.state_dict()
        return Checkpoint(self.settings, self.model.state_dict(), optimizer, curves, self.best, moments)

    def _checkpoint(self) -> Checkpoint:
        went_back = repr(self.settings["compiled"] != self.numbers.runs_by)
        settings = {**self.settings, **self._rate_after(self.optimizer.steps), "went back": went_back}
        return replace(self._here(), settings=settings)

    def _recording(self, moments: Sequence[Moment] = ()) -> Recording | None:
        if not self.plan.record:
            return None
        samples, others = self.plan.samples, self.plan.others
        return Recording(self.model, self.loss, self.optimizer, samples, others, list(moments))

    def _resume(self, path: Path) -> None:
        """Go on from the checkpoint in a file; nothing changes if it does not fit."""
        saved = Checkpoint.load(path)
        saved.require({**self.settings, **self._rate_after(int(saved.optimizer["steps"]))}, path)
        if saved.epochs > self.plan.epochs:
            raise ValueError(f"the checkpoint {path} is {saved.epochs} epochs old, wanted {self.plan.epochs} at most")
        self._restore(saved)
        if saved.settings["went back"] == "True":
            self.numbers = self.eager

    def _restore(self, saved: Checkpoint) -> None:
        """Everything as it was after that epoch; nothing changes if it is that of another model or optimizer."""
        before = self.optimizer.state_dict()
        self.optimizer.load_state_dict(saved.optimizer)
        try:
            self.model.load_state_dict(saved.model)
        except ValueError:
            self.optimizer.load_state_dict(before)
            raise
        self.begin()
        self.best = saved.best
        for name, curve in self.history.curves.items():
            curve[:] = saved.curves.get(name, [])
        self.history.recording = self._recording(saved.moments)


def _is_finite(vector: Vector) -> bool:
    """Whether all of it is: one inf or nan makes the sum of squares one, and huge numbers do, which are asked about."""
    return math.isfinite(vector.dot(vector)) or bool(np.isfinite(vector).all())


def _require_sound(model: Model, loss: Loss, samples: Samples) -> int:
    """An error, now rather than later, for what the model or the loss would refuse in some row; the number of outputs.

    The loss sees every kind of target that there is, once. A program would not ask it again.
    """
    if not modes.is_recording():
        raise ValueError("training within no_grad would learn nothing, as nothing is recorded: call fit outside of it")
    (x, _), *_ = samples.rows(slice(1))
    outputs = as_outputs(model(x))
    for t in np.unique(samples.targets, axis=0).tolist():
        found = loss(outputs, t)
        if not isinstance(found, Value):
            raise TypeError(f"the loss is a Value made from the outputs, got {type(found).__name__}: {found!r}")
    return len(outputs)
