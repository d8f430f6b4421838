"""The lessons run from top to bottom in a kernel of their own, and are kept as they should be."""

import ast
import os
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FOLDERS = ("exercises", "plots")
INSTALL = '# In Colab: %pip install "valuegrad[train,view]"'


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    notebook = nbformat.read(request.param, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_lessons():
    assert LESSONS


@pytest.mark.filterwarnings("ignore:Proactor event loop:RuntimeWarning")  # the kernel's sockets on Windows
def test_it_runs(lesson, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))))
    client = nbclient.NotebookClient(
        lesson,
        timeout=60,
        kernel_name="python3",
        coalesce_streams=True,  # a busy machine delivers what a cell prints in pieces
        resources={"metadata": {"path": str(ROOT / "notebooks")}},
    )
    client.execute()
    complaints = [out for cell in code(lesson) for out in cell.outputs if out.get("name") == "stderr"]
    assert complaints == []
    said = [out.text for cell in code(lesson) if "check(" in cell.source for out in cell.outputs]
    assert said
    assert all("not answered yet" in text for text in said)


def test_opened_alone_it_says_which_folder_to_fetch(lesson, monkeypatch):
    guarded = {}
    for cell in code(lesson):
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.Try) and isinstance(node.body[0], ast.ImportFrom):
                guarded[node.body[0].module] = node
            assert not (isinstance(node, ast.ImportFrom) and node.module in FOLDERS), "an import without its advice"
    assert "exercises" in guarded
    for folder, node in guarded.items():
        monkeypatch.setitem(sys.modules, folder, None)  # it cannot be imported
        with pytest.raises(ModuleNotFoundError, match=f"put the folder notebooks/{folder} beside this lesson"):
            exec(compile(ast.Module([node], []), "a lesson", "exec"), {})


def test_it_is_stripped(lesson):
    assert lesson.nbformat == 4
    assert lesson.nbformat_minor >= 5
    assert lesson.metadata.kernelspec.name == "python3"
    assert [cell.outputs for cell in code(lesson)] == [[]] * len(code(lesson))
    assert {cell.execution_count for cell in code(lesson)} == {None}
    assert [cell.id for cell in lesson.cells] == [f"c{k:02}" for k in range(1, len(lesson.cells) + 1)]


def test_it_begins_with_its_title_and_how_to_install(lesson):
    title, install = lesson.cells[:2]
    assert title.cell_type == "markdown"
    assert title.source.startswith("# ")
    assert "minutes" in title.source
    assert install.source == INSTALL


def test_its_pictures_come_from_the_library(lesson):
    assert not any("matplotlib" in cell.source or "pyplot" in cell.source for cell in code(lesson))


def test_it_is_in_the_index(lesson, request):
    index = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    name = request.node.callspec.params["lesson"].name
    assert f"({name})" in index
