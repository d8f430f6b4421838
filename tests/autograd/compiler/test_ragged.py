"""Rows of different lengths against the scalar engine, for batches of several sizes."""

from __future__ import annotations

import pytest
from compiled import check_at
from extensive import further
from generators.ragged import ragged
from generators.tensors import Draw


@pytest.mark.parametrize("seed", [*range(75), *further(*range(75, 150))])
def test_ragged_rows(seed: int) -> None:
    draw = Draw(seed)
    outputs = ragged(draw)
    check_at(outputs, draw.inputs, draw.batch(17), sizes=[1, 2, 3, 17])
