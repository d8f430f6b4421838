"""The pages on SciPy, C and extending the compiler: their code runs, in order, and prints what they say it prints."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest
from c_compiler import needs_a_compiler
from test_readme import BLOCK

from autograd import ops

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.filterwarnings("ignore:target=.c. may be slower:RuntimeWarning")  # on a processor without AVX
@pytest.mark.parametrize("page", ["scipy.md", "c.md", "extending-the-compiler.md"])
def test_a_page_runs(page: str) -> None:
    pytest.importorskip("scipy")
    if page == "c.md":
        needs_a_compiler()
    blocks = list(BLOCK.finditer((DOCS / page).read_text(encoding="utf-8")))
    assert len(blocks) >= 3
    namespace: dict[str, Any] = {}
    tables = (ops.OPERATIONS, ops.FLOATS)
    before = [dict(table) for table in tables]
    try:
        for block in blocks:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(block["code"], page, "exec"), namespace)
            assert printed.getvalue() == (block["output"] or "")
    finally:
        for table, rows in zip(tables, before, strict=True):  # what a page registers is forgotten after it
            table.clear()
            table.update(rows)
