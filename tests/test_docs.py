"""The guides' Python blocks run as they stand, in order, and print what the block after each says they print."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent / "docs"
GUIDES = ("index", "start", "what-there-is", "coming-from-pytorch", "own-data", "how-it-is-built")
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:\s*```text\n(?P<output>.*?)```)?", re.DOTALL)


@pytest.mark.parametrize("guide", GUIDES)
def test_python_blocks(guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = list(BLOCK.finditer((DOCS / f"{guide}.md").read_text(encoding="utf-8")))
    assert blocks
    namespace: dict[str, Any] = {"__name__": guide}
    for block in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block["code"], f"{guide}.md", "exec"), namespace)
        assert printed.getvalue() == (block["output"] or "")


def test_the_commands_of_own_data_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nn.__main__ import main

    monkeypatch.chdir(tmp_path)
    page = (DOCS / "own-data.md").read_text(encoding="utf-8")
    exec(compile(BLOCK.search(page)["code"], "own-data.md", "exec"), {})  # type: ignore[index]
    commands = re.findall(r"^\.venv/bin/python -m nn (.*)$", page, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["train", "predict"]
    for command in commands:
        assert main(command.split()) == 0
    assert (tmp_path / "runs" / "pets" / "model.npz").exists()
