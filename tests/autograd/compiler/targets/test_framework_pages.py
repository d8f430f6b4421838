"""The pages on targets and on many devices: their code runs, in order, and prints what they say it prints."""

from __future__ import annotations

import pytest
from checkout import DOCS, check_blocks
from oracle import needed

for module in ("jax", "torch", "onnx", "onnxruntime"):
    needed(module)


@pytest.mark.parametrize("page", ["targets.md", "many-devices.md"])
def test_a_page_runs(page: str) -> None:
    assert check_blocks((DOCS / page).read_text(encoding="utf-8"), page) >= 2
