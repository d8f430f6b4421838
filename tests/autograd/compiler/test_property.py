"""The compiled program against the eager engine, on generated graphs: same values, gradients, inf and nan."""

from __future__ import annotations

import numpy as np
import pytest
from compiled import check, replayed, robust
from generators.graphs import generated
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd.compiler import lift


def check_generated(seed: int, size: int, n_inputs: int, n_parameters: int, n_outputs: int) -> None:
    outputs, inputs, batch = generated(seed, size, n_inputs, n_parameters, n_outputs)
    if all(robust(replayed(outputs, dict(zip(inputs, sample, strict=True)))[0]) for sample in batch):
        check(outputs, inputs, np.array(batch))


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
