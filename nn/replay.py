"""Replay: whether a program, recorded from one sample, gives the scalar engine's numbers for other samples too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import numpy as np

from autograd import Value

from .arrays import Floats, Vector
from .module import parameters_of
from .samples import Samples

SPREAD, EXTREME = 3, 4
"""So many samples from all over the data are compared, and so many from the smallest loss to the largest."""

REASONS = (
    "perhaps the model or the loss branches on data, draws random numbers, or uses something outside the graph that "
    "has changed since it was recorded"
)


class Replayed(Protocol):
    """Numbers that come from the scalar engine, or from a program, with the parameters the model has at the time."""

    @property
    def model(self) -> Any: ...
    def losses(self, samples: Samples) -> Floats:
        """The loss of each sample: (N,)."""

    def compared(self, samples: Samples) -> Mapping[str, Floats]:
        """All that has to agree, by name, in arrays with one row a sample."""


Kind = TypeVar("Kind", bound=Replayed)


def compiled_or_eager(
    eager: Kind, make_compiled: Callable[[], Kind], samples: Samples, thetas: Sequence[Vector]
) -> tuple[Kind, str | None]:
    """What ``make_compiled`` makes, if it agrees with ``eager`` at each θ of the model; else ``eager``, and why."""
    try:
        compiled = make_compiled()
    except Exception as error:  # a user's model or loss may raise anything where it is given Values for numbers
        return eager, _told(error)
    reason = _disagreement(eager, compiled, samples, thetas)
    return (eager, reason) if reason else (compiled, None)


def loss_disagreement(eager: Replayed, compiled: Replayed, samples: Samples, moved: Vector) -> str | None:
    """None if a few samples still have the same losses, else what is wrong.

    Near a perfect fit a loss is all rounding: how much of it there may be is told by the losses at ``moved``.
    """
    try:
        probes = samples.chosen(_rows(compiled.losses(samples), spread=0, extreme=3))
        wanted, got = eager.losses(probes), compiled.losses(probes)
        with parameters_kept(eager.model):
            set_parameters(eager.model, moved)
            nearby = compiled.losses(probes)
    except Exception as error:  # as above
        return _told(error)
    return _difference("loss", got, wanted, _scale(wanted, nearby))


def _disagreement(eager: Replayed, compiled: Replayed, samples: Samples, thetas: Iterable[Vector]) -> str | None:
    found: list[tuple[Mapping[str, Floats], Mapping[str, Floats]]] = []
    try:
        with parameters_kept(eager.model):
            for theta in thetas:
                set_parameters(eager.model, theta)
                probes = samples.chosen(_rows(compiled.losses(samples), SPREAD, EXTREME))
                found.append((eager.compared(probes), compiled.compared(probes)))
    except Exception as error:  # as above
        return _told(error)
    for name in found[0][0]:
        wanted, got = (np.concatenate([arrays[name] for arrays in side]) for side in zip(*found, strict=True))
        if difference := _difference(name, got, wanted, _scale(wanted)):
            return difference
    return None


def here_and_moved(model: Any, trained: Iterable[Value]) -> list[Vector]:
    """The model's θ, and one where each trained parameter is up to a tenth larger or smaller: none changes its sign."""
    here = np.array([parameter.data for parameter in parameters_of(model)])
    chosen = set(trained)
    is_trained = np.array([parameter in chosen for parameter in parameters_of(model)])
    shares = np.random.default_rng(0).uniform(-0.1, 0.1, len(here)) * is_trained
    return [here, here + shares * np.where(here == 0.0, 1.0, here)]


@contextmanager
def parameters_kept(model: Any) -> Iterator[None]:
    """Whatever the parameters are set to meanwhile, afterwards they are what they were."""
    before = [parameter.data for parameter in parameters_of(model)]
    try:
        yield
    finally:
        set_parameters(model, before)


def set_parameters(model: Any, numbers: Sequence[float] | Vector) -> None:
    """Set every parameter, in the order of the model's."""
    for parameter, number in zip(parameters_of(model), map(float, numbers), strict=True):
        parameter.data = number


def _rows(losses: Floats, spread: int, extreme: int) -> list[int]:
    """Some rows from all over the data, and some from the smallest loss to the largest, where nan is largest."""
    last = len(losses) - 1
    by_loss = np.argsort(losses, kind="stable")[np.linspace(0, last, extreme).round().astype(np.intp)]
    return sorted({*np.linspace(0, last, spread).astype(np.intp).tolist(), *by_loss.tolist()})


def _scale(*arrays: Floats) -> float:
    """The largest finite number, whatever its sign."""
    return max(float(np.abs(array[np.isfinite(array)]).max(initial=0.0)) for array in arrays)


def _difference(name: str, got: Floats, wanted: Floats, scale: float) -> str | None:
    """None if both are equal up to the rounding that another order of summation brings; else the first that is not.

    One inf or nan is as good as another.
    """
    if got.shape != wanted.shape:
        return f"the compiled {name} has the shape {got.shape}, the model's own {wanted.shape}; {REASONS}"
    a, b = (np.where(np.isfinite(array), array, np.nan) for array in (got, wanted))
    same = np.isclose(a, b, rtol=1e-9, atol=1e-10 * scale, equal_nan=True)
    if same.all():
        return None
    one, other = (float(array.flat[np.argmin(same)]) for array in (got, wanted))
    return f"the compiled {name} of a sample is {one!r}, the model's own {other!r}; {REASONS}"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
