"""Trainer: mini-batch gradient descent, with everything that makes a run repeatable to the bit."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from types import MethodType
from typing import Any

from numpy.typing import ArrayLike

from autograd.targets import Target

from .fit.plan import Plan
from .fit.progress import progress_bar, sparkline
from .fit.run import DivergenceError, Run, Step
from .fit.samples import Samples
from .history import History
from .losses import Loss
from .module import Model
from .optim import Optimizer

__all__ = ["DivergenceError", "Step", "Trainer"]

SLICE = 0.02
"""Seconds of training between two looks at how far it is."""


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
        if optimizer.step != MethodType(Optimizer.step, optimizer):
            raise TypeError("the optimizer has a step of its own, which a Trainer would not go by: override its rule")
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
        patience: int | None = None,
        seed: int = 0,
        held_out: tuple[ArrayLike, ArrayLike] | None = None,
        on_epoch: Callable[[History], Any] | None = None,
        checkpoint: str | Path | None = None,
        progress: bool = True,
        record: bool = False,
        compiled: bool = True,
        target: Target = "numpy",
        devices: int | None = None,
        live: bool = False,
    ) -> History:
        """Train for ``epochs``, or until the mean loss of an epoch is below ``tolerance``.

        ``inputs`` is (N, n_inputs), ``targets`` (N, n_outputs), or (N,) for one output or for class indices. Each epoch
        visits the samples in an order of its own, drawn from ``seed``, and makes one step for every ``batch_size`` of
        them. After each epoch the history has the loss of the samples in ``held_out``, and of both how good the model
        is: the accuracy, or R². Then ``on_epoch(history)`` is called; if it returns True, training ends.

        With ``patience``, training ends when the held-out loss (that of training, if none is held out) was not the
        lowest for so many epochs, and the parameters are those of the best epoch.

        With ``checkpoint``, a path, the run is saved there after each epoch, and goes on from there if the file exists;
        it ends with the same bits however often it was killed. To be recognized, the run needs a loss whose graph, for
        the first sample and the parameters it starts with, is the same each time: a model that draws random numbers
        cannot go on. With ``record``, parameters and gradients are kept epoch by epoch, in the checkpoint too, and the
        history can show them: ``history.film()``.

        The loss of one sample is recorded once, and replayed for whole batches by the program that ``autograd.compile``
        makes of it; with ``compiled=False`` every sample is recorded anew, with the same numbers up to rounding. Where
        the graph may hang on numbers, since a Value's number is read while it is recorded, or since it is another one
        the next time, a RuntimeWarning names the line, and every sample is recorded anew too; a check on which no graph
        hangs may read numbers in ``with autograd.modes.reads_unnoticed():``. After epochs 1, 2, 4, 8,
        … and the last, and before a checkpoint, a batch of samples is compared with the scalar engine; if they differ,
        parameters and history go back to where they last agreed, and training goes on without the program. With
        ``target="c"`` the program is built by the system's C compiler, and steps are faster: see ``docs/c.md``.
        With ``devices``, each step's gradient is computed by JAX on so many of them: see ``docs/many-devices.md``.

        While training runs, the parameters are a vector; their Values are set before ``on_epoch`` is called, and
        whenever training stops. Code of yours that takes part in a step, a learning rate that is a function or an
        optimizer of a class of your own, finds them set at each step, and ``grad`` too, as in a loop written by hand;
        that takes time.

        With ``live``, a notebook shows loss and gradient while the training goes on, and of an MLP the network and what
        it makes of one input or two (anywidget is needed, of the extra ``notebook``: an ImportError says so before the
        first step).

        Afterwards ``grad`` is the gradient that was computed last, that of the mean loss of the last batch; parameters
        that are not trained have none.

        A DivergenceError says at which step a loss became infinite. After it, as after Ctrl-C, the parameters are those
        of the last whole step.
        """
        samples, path = Samples.checked(inputs, targets), Path(checkpoint) if checkpoint else None
        others = samples.held_out(held_out)
        plan = Plan(samples, others, epochs, batch_size, seed, tolerance, patience, path, record)
        history = History()
        run = Run(self.model, self.loss, self.optimizer, plan, history, on_epoch, compiled, target, devices)
        total, made = epochs * plan.steps_per_epoch, run.state.steps
        look = _watching(run) if live else None
        with (
            progress_bar(total, history.epochs * plan.steps_per_epoch, progress) as advance,
            closing(run.steps(SLICE)) as steps,
        ):
            for step in steps:
                text = f"epoch {step.epoch}/{epochs}  loss {step.loss:.4g}  {sparkline(history.losses)}"
                advance(text, run.state.steps - made)
                made = run.state.steps
                if look:
                    look(False)
        if look:
            look(True)
        return history

    def steps(
        self,
        inputs: ArrayLike,
        targets: ArrayLike,
        *,
        epochs: int = 100,
        batch_size: int = 32,
        seed: int = 0,
        held_out: tuple[ArrayLike, ArrayLike] | None = None,
        compiled: bool = True,
        target: Target = "numpy",
    ) -> Generator[Step, None, None]:
        """The same training step by step: after each, parameters and gradients are in their Values, for whoever looks.

        >>> from nn import MLP, SGD, mse
        >>> model = MLP(1, [1], seed=0)
        >>> for step in Trainer(model, mse, SGD(model.parameters(), lr=0.1)).steps([[1.0]], [2.0], epochs=3):
        ...     print(step.epoch, step.loss < 4.0)
        1 True
        2 True
        3 True
        """
        samples = Samples.checked(inputs, targets)
        plan = Plan(samples, samples.held_out(held_out), epochs, batch_size, seed)
        run = Run(self.model, self.loss, self.optimizer, plan, History(), None, compiled, target, is_seen=True)
        return run.steps()


def _watching(run: Run) -> Callable[[bool], None]:
    from .viewing.live.watching import Watching

    return Watching(run).look
