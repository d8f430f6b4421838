"""The README's and the guides' Python blocks run as they stand, in order, and print what they say they print."""

import re
from pathlib import Path

import pytest
from c_compiler import needs_a_compiler
from checkout import BLOCK, DOCS, check_blocks

PAGES = ["../README", "index", "start", "what-there-is", "coming-from-pytorch", "own-data", "how-it-is-built"]
PAGES += ["scipy", "c", "extending-the-compiler"]


@pytest.mark.filterwarnings("ignore:target=.c. may be slower:RuntimeWarning")  # on a processor without AVX
@pytest.mark.parametrize("page", PAGES)
def test_python_blocks(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page in ("scipy", "c", "extending-the-compiler"):
        pytest.importorskip("scipy")
    if page == "c":
        needs_a_compiler()
    monkeypatch.chdir(tmp_path)
    path = DOCS / f"{page}.md"
    assert check_blocks(path.read_text(encoding="utf-8"), path.name), f"{path} has no Python block"


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
