"""Agreement: whether programs, recorded from one sample, give the scalar engine's numbers for other samples too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from autograd import Value, collector_paused, modes
from autograd.targets import Target

from ..basics.arrays import Floats, Vector
from ..losses import Loss
from ..module import Model, set_parameters
from .dependence import dependence
from .evaluation import CompiledEvaluation, Evaluation
from .samples import Samples

SPREAD, EXTREME, LATER = 3, 4, 3
"""So many samples from all over the data are compared, and so many from the smallest loss to the largest; at other θ
and later so many of these alone."""

NODES = 5_000
"""So many are recorded, before training, to compare the losses of other samples: of a small model those of all."""

REASONS = (
    "perhaps the model or the loss branches on data, draws random numbers, or uses something outside the graph that "
    "has changed since it was recorded"
)


@collector_paused()  # a few graphs at a time are in memory
def evaluation(
    model: Model,
    loss: Loss,
    parameters: Sequence[Value],
    samples: Samples,
    thetas: Sequence[Vector] | None = None,
    traced: bool = False,
    target: Target = "numpy",
) -> tuple[Evaluation, str | None]:
    """The compiled evaluation, and None; else the eager one, and why.

    It is compiled if the graph of the loss hangs on no numbers, and the program gives the eager engine's numbers at
    each θ of the model, the traces too if they are asked for; if no θ is given, at the present one and another near it.
    A program in C is asked for by name: what stands against building it is raised.
    """
    eager = Evaluation(model, loss, parameters)
    if modes.is_checking():  # what detect_anomaly looks for, only the scalar engine sees
        return eager, None
    if reason := dependence(model, loss, samples):
        return eager, reason
    try:
        compiled = CompiledEvaluation(model, loss, parameters, samples, target)
    except Exception as error:  # whatever is wrong with the program, the scalar engine can do without
        from autograd.compiler.targets.building import BuildError

        if target == "c" and isinstance(error, BuildError | NotImplementedError):
            raise
        return eager, f"{type(error).__name__}: {error}"
    compare, rows = "compared_traces" if traced else "compared", (SPREAD, EXTREME)
    for theta in thetas or here_and_moved(eager):
        with parameters_at(eager.all_parameters, theta):
            reason = reason or disagreement(eager, compiled, samples, *rows, compare)
        rows = 0, LATER
    if not reason and (others := NODES // compiled.n_nodes) > SPREAD + EXTREME:
        reason = disagreement(eager, compiled, samples, others, 0, "compared_losses")
    return (eager, reason) if reason else (compiled, None)


def disagreement(
    eager: Evaluation,
    compiled: Evaluation,
    samples: Samples,
    spread: int = 0,
    extreme: int = LATER,
    compare: str = "compared",
) -> str | None:
    """None if both give the same numbers for some of the samples, else what is wrong.

    Near a perfect fit both are all rounding: how much of it there may be is told by those at a θ nearby.
    """
    try:
        probes = samples.chosen(chosen_rows(compiled.losses(samples), spread, extreme))
        wanted, got = (getattr(numbers, compare)(probes) for numbers in (eager, compiled))
        with parameters_at(eager.all_parameters, here_and_moved(eager)[1]):
            nearby = getattr(compiled, compare)(probes)
    except Exception as error:  # a user's model or loss may raise anything
        return f"{type(error).__name__}: {error}"
    differences = (_difference(name, got[name], wanted[name], nearby[name]) for name in wanted)
    return next(filter(None, differences), None)


def here_and_moved(numbers: Evaluation) -> list[Vector]:
    """The model's θ, and one where each trained parameter is up to a tenth larger or smaller: none changes its sign."""
    here = np.array([parameter.data for parameter in numbers.all_parameters])
    trained = set(numbers.parameters)
    is_trained = np.array([parameter in trained for parameter in numbers.all_parameters])
    shares = np.random.default_rng(0).uniform(-0.1, 0.1, len(here)) * is_trained
    return [here, here + shares * np.where(here == 0.0, 1.0, here)]


@contextmanager
def parameters_at(parameters: Sequence[Value], theta: Vector) -> Iterator[None]:
    """The parameters are set to θ, and afterwards to what they were, whatever they are set to meanwhile."""
    before = np.array([parameter.data for parameter in parameters])
    set_parameters(parameters, theta)
    try:
        yield
    finally:
        set_parameters(parameters, before)


def chosen_rows(losses: Floats, spread: int, extreme: int) -> list[int]:
    """Some rows from all over the data, and some from the smallest loss to the largest, where nan is largest."""
    last = len(losses) - 1
    by_loss = np.argsort(losses, kind="stable")[np.linspace(0, last, extreme).round().astype(np.intp)]
    return sorted({*np.linspace(0, last, spread).astype(np.intp).tolist(), *by_loss.tolist()})


def _difference(name: str, got: Floats, wanted: Floats, nearby: Floats) -> str | None:
    """None if both are equal up to the rounding that another order of summation brings; else the first that is not.

    One inf or nan is as good as another.
    """
    if got.shape != wanted.shape:
        return f"the compiled {name} has the shape {got.shape}, the model's own {wanted.shape}; {REASONS}"
    a, b, c = (np.where(np.isfinite(array), array, np.nan) for array in (got, wanted, nearby))
    scale = np.fmax.reduce(np.abs(np.concatenate([b, c])), axis=None, initial=0.0)
    same = np.isclose(a, b, rtol=1e-9, atol=1e-10 * scale, equal_nan=True)
    if same.all():
        return None
    one, other = (float(array.flat[np.argmin(same)]) for array in (got, wanted))
    return f"the compiled {name} of a sample is {one!r}, the model's own {other!r}; {REASONS}"
