"""The compiled program against the eager engine, on generated graphs: same values, gradients, inf and nan."""

from __future__ import annotations

import math

import numpy as np
import pytest
from compiled import check, replayed
from generators.graphs import generated
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd import Value, ops
from autograd.compiler import lift
from autograd.graph import topological_order


def check_generated(seed: int, size: int, n_inputs: int, n_parameters: int, n_outputs: int) -> None:
    outputs, inputs, batch = generated(seed, size, n_inputs, n_parameters, n_outputs)
    if all(_robust(replayed(outputs, dict(zip(inputs, sample, strict=True)))[0]) for sample in batch):
        check(outputs, inputs, np.array(batch))


def _robust(outputs: list[Value]) -> bool:
    """Whether rounding cannot decide: nothing nearly cancels or overflows, or is -0.0 (sums keep no sign of zero)."""
    for node in topological_order(*outputs):
        if 1e100 < abs(node.data) < math.inf or 0 < abs(node.data) < 1e-9 or str(node.data) == "-0.0":
            return False
        if node.op in (ops.ADD, ops.SUB) and abs(node.data) < 1e-9 * max(abs(x.data) for x in node.parents) < math.inf:
            return False
        if len(node.parents) == 2 and 0 < abs(node.parents[0].data - node.parents[1].data) < 1e-9:
            return False
    return True


@pytest.mark.parametrize("many", [1, lift.MANY])  # operands from more arrays than this are joined
@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10**9),
    size=st.integers(1, 40),
    n_inputs=st.integers(0, 4),
    n_parameters=st.integers(0, 6),
    n_outputs=st.integers(1, 3),
)
def test_generated_graphs(
    monkeypatch: pytest.MonkeyPatch, many: int, seed: int, size: int, n_inputs: int, n_parameters: int, n_outputs: int
) -> None:
    monkeypatch.setattr(lift, "MANY", many)
    if n_inputs + n_parameters:
        check_generated(seed, size, n_inputs, n_parameters, n_outputs)
