"""Jacobians and Hessians of programs, which compile graphs of derivatives, against the scalar engine's own passes."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from compiled import Numbers, replayed, robust
from extensive import further
from generators.formulas import formula
from generators.graphs import generated

from autograd import Value, compile, grad
from autograd.graph import topological_order


def slopes(of: Value, leaves: Sequence[Value]) -> list[Value]:
    """The derivatives as a graph."""
    found = grad(of, leaves, create_graph=True)
    return [slope if isinstance(slope, Value) else Value.constant(slope) for slope in found]


def compare(found: Numbers, wanted: Sequence[Sequence[Value]]) -> None:
    """Where rounding cannot decide: no number on the way is infinite or very large."""
    roots = [slope for row in wanted for slope in row]
    largest = max((abs(node.data) for node in topological_order(*roots)), default=0.0) if roots else 0.0
    if robust(roots) and largest < 1e6:
        expected = np.array([[slope.data for slope in row] for row in wanted])
        np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=1e-10, atol=1e-12 * largest)


def check_derivatives(outputs: Sequence[Value], inputs: Sequence[Value], batch: Numbers) -> None:
    """The Jacobian, and of one output the Hessian, by inputs and by parameters, sample by sample."""
    program = compile(outputs if len(outputs) > 1 else outputs[0], inputs)
    jacobians = program.jacobian(batch, "inputs"), program.jacobian(batch, "parameters")
    hessians = (program.hessian(batch, "inputs"), program.hessian(batch, "parameters")) if len(outputs) == 1 else ()
    for i, sample in enumerate(batch.tolist()):
        at_sample, new = replayed(outputs, dict(zip(inputs, sample, strict=True)))
        if not robust(at_sample):
            continue
        for wrt, variables in enumerate((inputs, program.parameters)):
            leaves = [new.get(leaf, leaf) for leaf in variables]
            rows = [slopes(output, leaves) for output in at_sample]
            compare(jacobians[wrt][i], rows)
            if hessians:
                compare(hessians[wrt][i], [slopes(slope, leaves) for slope in rows[0]])


@pytest.mark.parametrize("seed", [*range(50), *further(*range(50, 100))])
def test_of_graphs(seed: int) -> None:
    outputs, inputs, batch = generated(seed, 8 + seed % 17, 1 + seed % 3, 1 + seed % 4, 1 + seed % 5 // 3)
    check_derivatives(outputs, inputs, np.array(batch))


@pytest.mark.parametrize("seed", [*range(50), *further(*range(50, 300))])
def test_of_formulas(seed: int) -> None:
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-2, 2)) for _ in range(rng.randint(2, 5))]
    outputs = formula(rng, leaves, rng.randint(2, 14), rng.choice((1, 1, 2)))
    batch = np.array([[rng.uniform(-2, 2) for _ in leaves[1:]] for _ in range(rng.choice((1, 2, 3)))])
    check_derivatives(outputs, leaves[1:], batch)


def test_what_is_compared_has_no_sign() -> None:
    x, w = Value(0.5), Value(0.2)
    program = compile(1.5 * (x - w).relu().tanh(), [x])
    slope = 1.5 * (1 - np.tanh(0.3) ** 2)
    np.testing.assert_allclose(program.jacobian([[0.5], [0.0]], "parameters"), [[[-slope]], [[0.0]]], rtol=1e-14)
