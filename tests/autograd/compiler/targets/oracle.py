"""What every target is held against: generated programs and models, and what the scalar engine makes of them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from compiled import Numbers, agree, replayed
from generators.models import MODELS
from generators.ragged import ragged
from generators.recurrences import family
from generators.tensor_programs import elements, loss, steps_of
from generators.tensors import Draw

from autograd import Program, Value, compile, functional, ops
from autograd.compiler.differentiate import differentiate
from autograd.compiler.targets.interpret import interpret
from autograd.graph import topological_order

# How JAX is started, before it is imported: on 8 devices; programs that run once are compiled fast.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_force_host_platform_device_count=8")

WEIGHT = 0.5
"""What the sum over the batch is multiplied by before it is differentiated."""


def needed(module: str) -> Any:
    """A module of an extra: tests are skipped where it is not installed, and fail where ``EXTRAS`` says it must be."""
    return importlib.import_module(module) if os.environ.get("EXTRAS") else pytest.importorskip(module)


@dataclass(frozen=True)
class Case:
    """A program, a batch, and what the scalar engine makes of it; the gradient is that of WEIGHT times the sum."""

    program: Program
    batch: Numbers | None
    outputs: Numbers
    scale: float
    gradient: Numbers | None
    flow: float

    def agree(self, outputs: Any, gradient: Any = None) -> None:
        """What a target found is what the engine found, to rounding."""
        agree(outputs, self.outputs, self.scale)
        if self.gradient is not None and gradient is not None:
            agree(gradient, self.gradient, self.flow)


def case(outputs: Sequence[Value], inputs: Sequence[Value], batch: Numbers) -> Case:
    """The numbers of the engine; the interpreter has the same of the arrays without holes."""
    single = len(outputs) == 1
    program = compile(outputs[0] if single else outputs, inputs)
    eager = [replayed(outputs, dict(zip(inputs, sample, strict=True))) for sample in batch.tolist()]
    numbers = np.array([[output.data for output in made] for made, _ in eager])
    scale = _largest(node.data for _, new in eager for node in new.values())
    wanted = numbers if inputs else numbers[0]
    gradient, flow = None, 1.0
    if single:
        for (output,), _ in eager:
            output.backward(WEIGHT)
        gradient = np.array([sum(new[parameter].grad for _, new in eager) for parameter in program.parameters])
        flow = _largest(node.grad * slope for _, new in eager for node in new.values() for slope in node.partials)
    found = Case(program, batch if inputs else None, wanted[..., 0] if single else wanted, scale, gradient, flow)
    with np.errstate(all="ignore"):
        _, slopes = interpret(differentiate(program._without_holes), batch, program.theta, WEIGHT)
    found.agree(found.outputs, slopes)
    return found


def _largest(numbers: Any) -> float:
    return max((abs(number) for number in numbers if np.isfinite(number)), default=1.0)


def generated(seed: int) -> Case:
    """Every second one of rows of several lengths, every second one of tensors."""
    draw = Draw(seed)
    if seed % 2:
        outputs = ragged(draw)
    else:
        outputs = elements(draw, steps_of(seed))
        outputs = [loss(draw, outputs)] if seed % 8 else outputs
    return case(outputs, draw.inputs, draw.batch(1 + seed % 3))


def model(place: int) -> Case:
    """One of what people write in scalars."""
    draw = Draw(1)
    made = MODELS[place](draw)
    return case(made if isinstance(made, list) else [made], draw.inputs, draw.batch(2))


SIZES = (1, 2, 3, 17)
STEPS = 20


def recurrence(name: str, size: int, labels: Sequence[str] = ()) -> Case:
    """A recurrence of that family for so many samples, its nodes labelled; without inputs for none."""
    outputs, inputs = family(name, STEPS)
    for node, label in zip(topological_order(*outputs), cycle(labels)):
        node.label = label
    batch = np.random.default_rng(size).uniform(-0.6, 0.6, (max(size, 1), len(inputs)))
    return case(outputs, inputs, batch) if size else case(outputs, [], batch[:, :0])


GROUPS = [[generated] * 10] * 30
"""300 programs, in groups that JAX compiles as one."""

FINITE = (-745.0, -30.0, -2.0, -1.0, -1 + 1e-9, -0.5, -1e-8, -0.0, 0.0, 1e-9, 0.3, 0.5, 1 - 1e-9, 1.0, 2.0, 3.0, 700.0)
POINTS = (*FINITE, -800.0, 711.0, 800.0, 1e-300, 1e10, np.inf, -np.inf, np.nan)
ROWS = [row for name, row in ops.OPERATIONS.items() if name in ops.BUILT_IN and row.arguments]


def grid(row: ops.Operation, points: Sequence[float]) -> Numbers:
    """Each point, or each pair of points."""
    return np.stack(np.meshgrid(*[points] * len(row.arguments), indexing="ij"), axis=-1).reshape(-1, len(row.arguments))


def ruled(row: ops.Operation, points: Numbers) -> tuple[Numbers, Numbers]:
    """The values of an operation and its derivatives, by the rule table."""
    found = [row.rule(*point) for point in points.tolist()]
    slopes = [partials or (0.0,) * len(row.arguments) for _, partials in found]
    return np.array([value for value, _ in found]), np.array(slopes)


def slopes_agree(found: Any, wanted: Numbers) -> None:
    """Derivatives that are finite are equal to rounding; where one is not, none is taken for a number."""
    found, is_finite = np.asarray(found), np.isfinite(wanted)
    np.testing.assert_allclose(found[is_finite], wanted[is_finite], rtol=1e-12, atol=1e-300)
    assert not np.isfinite(found[~is_finite]).any()


# ---- holes


def causal() -> tuple[list[Value], list[Value]]:
    """Attention of which each place reads itself and those before it: an output a place, of two inputs each."""
    draw = Draw(0)
    x, (wide, high) = draw.input(3, 2), draw.parameters(2)
    outputs = []
    for t in range(len(x)):
        scores = [wide * functional.dot(x[t], row) for row in x[: t + 1]]
        outputs.append(functional.dot(functional.softmax(scores), [high * row[0] for row in x[: t + 1]]))
    return outputs, draw.inputs


def spoilt() -> tuple[Program, Numbers, Numbers]:
    """The program, a batch of which the last place is spoilt, and what the engine has for the two before it."""
    outputs, inputs = causal()
    batch = np.array([[0.3, -0.2, 0.5, 0.1, special, special] for special in (np.inf, -np.inf, np.nan, 1e200)])
    found = [replayed(outputs, dict(zip(inputs, row.tolist(), strict=True)))[0] for row in batch]
    return compile(outputs, inputs), batch, np.array([[node.data for node in nodes[:2]] for nodes in found])


def roots() -> Case:
    """Roots of products that are positive in each row up to its own place: the others have neither value nor slope."""
    left = [[Value(2.0 * t + 1.0), Value(-1.0)] for t in range(4)]
    right = [[Value(1.0), Value(2.0 * s)] for s in range(4)]
    rows = [[functional.dot(left[t], right[s]).sqrt() for s in range(t + 1)] for t in range(4)]
    weights, x = [Value(0.1), Value(0.2), Value(0.3), Value(0.4)], Value(0.5)
    output = functional.sum(functional.dot(row, weights[: len(row)]).tanh() for row in rows)
    return case([x * output], [x], np.array([[0.5], [2.0]]))
