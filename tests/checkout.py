"""The checkout that is tested, and its pages: their Python blocks run, and print what the block after each says."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

from autograd import ops

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:\s*```text\n(?P<output>.*?)```)?", re.DOTALL)


def printed(code: str, name: str, namespace: dict[str, Any]) -> str:
    """What a block prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, name, "exec"), namespace)
    return output.getvalue()


def check_blocks(text: str, name: str) -> int:
    """Runs the blocks of a page, or of a part of it, in order; how many there are."""
    blocks = list(BLOCK.finditer(text))
    namespace: dict[str, Any] = {"__name__": name}
    tables = (ops.OPERATIONS, ops.FLOATS)
    before = [dict(table) for table in tables]
    try:
        for block in blocks:
            assert printed(block["code"], name, namespace) == (block["output"] or "")
    finally:
        for table, rows in zip(tables, before, strict=True):  # what a page registers is forgotten after it
            table.clear()
            table.update(rows)
    return len(blocks)
