"""Dependence: whether the graph of a loss hangs on numbers, so that one recorded graph does not stand for all samples.

It is found out while the loss is recorded: a number that leaves the graph is noticed where it does, and several rows
are recorded twice, which must give the same graph. Models that do neither may be compiled.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from traceback import StackSummary, extract_stack, extract_tb
from typing import Any

import numpy as np

import autograd
from autograd import Value
from autograd.graph import topological_order

from ..basics.reads import noticing_reads
from ..losses import Loss
from ..module import Model
from .samples import Samples

ROWS = 2
"""So many rows from all over the data are recorded, each twice."""

ADVICE = "What depends on numbers is recorded as functional.select, functional.softmax, maximum, minimum or relu"
OURS = tuple(f"{folder}{os.sep}" for folder in (Path(autograd.__file__).parent, Path(__file__).parent.parent))
LIBRARIES = tuple({f"{folder}{os.sep}" for folder in sysconfig.get_paths().values()})

Shape = list[tuple[Any, ...]]
"""The operations of a graph, in order, each with the places of its operands: equal for equal graphs."""


def as_outputs(found: object) -> list[Value]:
    """What a model returned as a list of Values; one Value is taken for a list of one."""
    outputs = [found] if isinstance(found, Value) else list(found) if hasattr(found, "__len__") else []  # type: ignore[call-overload]
    if not outputs or not all(isinstance(output, Value) for output in outputs):
        raise TypeError(f"the model returns a list of Values, or one, got {type(found).__name__}: {found!r}")
    return outputs


def record(model: Model, loss: Loss, x: Sequence[float], t: Sequence[float]) -> tuple[Value, list[Value]]:
    """The loss of a sample, and the leaves that stand for its inputs and targets."""
    inputs, targets = leaves("x", x), leaves("t", t)
    return loss(as_outputs(model(inputs)), targets), [*inputs, *targets]


def leaves(name: str, numbers: Sequence[float]) -> list[Value]:
    """Leaves for the inputs or the targets of a sample."""
    return [Value(number, f"{name}[{i}]") for i, number in enumerate(numbers)]


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
