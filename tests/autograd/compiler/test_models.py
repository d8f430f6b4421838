"""The compiled program against the scalar engine, on what people write in scalars: networks, statistics, physics."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from compiled import check
from generators.models import MODELS, Made
from generators.tensors import Draw


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models(model: Callable[[Draw], Made]) -> None:
    draw = Draw(0)
    made = model(draw)
    check(made if isinstance(made, list) else [made], draw.inputs, draw.batch(3))
