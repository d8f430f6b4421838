"""Agreement: whether programs, recorded from one sample, give the scalar engine's numbers for other samples too.

A graph that hangs on numbers does not stand for all samples. That is found out while the loss is recorded: a number
that leaves the graph is noticed where it does, and several rows are recorded twice, which must give the same graph.
Models that do neither are compiled, and then compared, before they are trained and now and again.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from traceback import StackSummary, extract_stack, extract_tb
from typing import Any

import numpy as np

import autograd
from autograd import Value, collector_paused, modes
from autograd.graph import topological_order
from autograd.targets import Target

from ..basics.arrays import Floats, Vector
from ..basics.reads import noticing_reads
from ..losses import Loss
from ..module import Model, set_parameters
from .evaluation import CompiledEvaluation, Evaluation, record
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

ROWS = 2
"""So many rows from all over the data are recorded, each twice."""

ADVICE = "What depends on numbers is recorded as functional.select, functional.softmax, maximum, minimum or relu"
OURS = tuple(f"{folder}{os.sep}" for folder in (Path(autograd.__file__).parent, Path(__file__).parent.parent))
LIBRARIES = tuple({f"{folder}{os.sep}" for folder in sysconfig.get_paths().values()})

Shape = list[tuple[Any, ...]]
"""The operations of a graph, in order, each with the places of its operands: equal for equal graphs."""


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


# ---- whether a graph hangs on numbers


def dependence(model: Model, loss: Loss, samples: Samples) -> str | None:
    """Why the graph may hang on numbers, and where the user's code is that makes it so; None if it does not."""
    rows = sorted({*np.linspace(0, len(samples) - 1, ROWS).astype(int).tolist()})
    parameters = model.parameters()
    first: Shape = []
    for row in rows:
        for _ in range(2):
            reads: list[str] = []
            recorded = _noticed(model, loss, *next(samples.rows([row])), reads)
            if reads:
                return reads[0]
            assert recorded is not None
            found, own = recorded
            shape = shape_of(found, [*parameters, *own])
            first = first or shape
            if shape != first:
                return (
                    f"the loss of row {row}, recorded again, is another graph than that of row {rows[0]}: perhaps it "
                    f"draws random numbers, or counts its calls"
                )
    return None


def _noticed(
    model: Model, loss: Loss, x: Sequence[float], t: Sequence[float], reads: list[str]
) -> tuple[Value, list[Value]] | None:
    """The loss and its leaves; in ``reads`` why it may not be compiled, if so."""

    def notice(what: str) -> None:
        if not reads:  # one is enough to say
            place = _line(extract_stack(sys._getframe(1)))
            why = "so another sample may have another graph"
            reads.append(f"{place} reads a number out of the graph ({what}), {why}. {ADVICE}")

    try:
        with noticing_reads(notice):
            return record(model, loss, x, t)
    except Exception as error:  # a user's model or loss may raise anything where it is given Values for numbers
        place = _line(extract_tb(error.__traceback__))
        reads.append(f"{place} needs plain numbers ({type(error).__name__}: {error}). {ADVICE}")
        return None


def shape_of(root: Value, leaves: Sequence[Value]) -> Shape:
    """The shape of a graph, in which these leaves are told by their places, others and constants by their numbers."""
    known: Mapping[Value, int] = {leaf: i for i, leaf in enumerate(leaves)}
    places: dict[Value, int] = {}
    shape: Shape = []
    for place, node in enumerate(topological_order(root)):
        places[node] = place
        if node.op and (parents := node.parents):
            shape.append((node.op.name, *[places[parent] for parent in parents]))
        else:
            shape.append((known[node],) if node in known else ("number", repr(node.data), node.label))
    return shape


def _line(calls: StackSummary) -> str:
    """The user's line within the recording: the innermost call that is of no library, or else of none of ours."""
    recording = _noticed.__code__.co_filename, _noticed.__name__
    inner = takewhile(lambda call: (call.filename, call.name) != recording, reversed(calls))
    others = [call for call in inner if not call.filename.startswith(OURS)]
    users = [call for call in others if not call.filename.startswith(LIBRARIES)]
    if not others:
        return "the loss"
    call = (users or others)[0]
    return f"{Path(call.filename).name}, line {call.lineno}, in {call.name}" + (f": `{call.line}`" if call.line else "")
