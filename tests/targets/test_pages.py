"""The pages on targets and on many devices: their code runs, in order, and prints what they say it prints."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest
from oracle import needed
from test_docs import BLOCK, DOCS

for module in ("jax", "torch", "onnx", "onnxruntime"):
    needed(module)


@pytest.mark.parametrize("page", ["targets.md", "many-devices.md"])
def test_a_page_runs(page: str) -> None:
    blocks = list(BLOCK.finditer((DOCS / page).read_text(encoding="utf-8")))
    assert len(blocks) >= 2
    namespace: dict[str, Any] = {}
    for block in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block["code"], page, "exec"), namespace)
        assert printed.getvalue() == (block["output"] or "")
