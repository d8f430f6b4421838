"""The lessons run from top to bottom in a kernel of their own, and are kept as they should be."""

import ast
import contextlib
import copy
import html
import io
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import nbformat
import numpy as np
import pytest
from checkout import ROOT
from exercises import check
from run_lessons import Widget, executed, page_of, with_stills

import autograd
from autograd import Value
from autograd.viewing.player import framed

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FOLDERS = ("exercises", "plots")
INSTALL = 'In Colab, once the package is published, begin with a cell `%pip install "valuegrad[train,view]"`.'


def read(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    return read(request.param)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_lessons():
    assert LESSONS


def shown(output):
    """What a reader sees of an output: its kinds, and its text; of a picture the text that stands in it."""
    if "text" in output:
        return ["text"], output.text
    if page_of(output) or "image/png" in output.data:
        return ["image/png"], ""
    kinds = sorted({*output.data} - {"text/plain"})
    svg = "".join(output.data.get("image/svg+xml", ""))
    return kinds, "\n".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg)) if svg else output.data["text/plain"]


NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def number_and_unit(text):
    """A number as it is printed, and one unit of its last digit."""
    digits, _, power = text.replace(",", "").replace("−", "-").partition("e")
    scale = 10.0 ** int(power or 0)
    return float(digits) * scale, 10.0 ** -len(digits.partition(".")[2]) * scale


def is_as_kept(kept, fresh):
    """Whether two texts are the same but for the last digit of a number: another processor may round it otherwise."""
    words = [NUMBER.sub("#", text).split() for text in (kept, fresh)]
    if words[0] != words[1]:
        return False
    pairs = zip(*(map(number_and_unit, NUMBER.findall(text)) for text in (kept, fresh)), strict=True)
    return all(abs(a - b) <= 1.001 * max(unit, other) for (a, unit), (b, other) in pairs)


@pytest.mark.parametrize(
    ("kept", "fresh", "same"),
    [
        ("loss 0.1234", "loss 0.1235", True),
        ("loss 0.1234", "loss 0.1236", False),
        ("loss 0.1234", "cost 0.1234", False),
        ("1,234 nodes", "1,235 nodes", True),
        ("1,234 nodes", "1,334 nodes", False),
        ("−0.5", "0.5", False),
        ("1.2e-07", "1.3e-07", True),
        ("1.2e-07", "1.2e-06", False),
        ("[0.5, 2]", "[0.5, 2, 2]", False),
        ("v3 = 1", "v4 = 1", False),
        ("a  b", "a b", True),
    ],
)
def test_the_last_digit_alone_may_differ(kept, fresh, same):
    assert is_as_kept(kept, fresh) is same


in_a_kernel = pytest.mark.filterwarnings("ignore:Proactor event loop:RuntimeWarning")  # its sockets on Windows

FEW_PICTURES = """
import plots

def flipbook(title, pictures, unit, first=None, whole=plots.flipbook):
    few = [name for i, name in enumerate(pictures) if i % 8 == 0 or name == first]
    return whole(title, {name: pictures[name] for name in few}, unit, first)

plots.flipbook = flipbook
"""


def has_flipbook(lesson):
    return any("flipbook(" in cell.source for cell in code(lesson))


@in_a_kernel
@pytest.mark.first
def test_it_runs_and_shows_what_it_says_it_shows(lesson, tmp_path, monkeypatch):
    """Of the pictures of a flipbook it draws a few."""
    begun = copy.deepcopy(lesson)
    if has_flipbook(lesson):
        begun.cells.insert(0, nbformat.v4.new_code_cell(FEW_PICTURES))
    ran = run(begun, tmp_path, monkeypatch)
    shows_what_it_says_it_shows(lesson, ran[has_flipbook(lesson) :])


@in_a_kernel
@pytest.mark.first
@pytest.mark.extensive
def test_all_pictures_of_flipbooks_are_drawn(tmp_path, monkeypatch):
    lessons = [lesson for lesson in map(read, LESSONS) if has_flipbook(lesson)]
    assert lessons
    for lesson in lessons:
        shows_what_it_says_it_shows(lesson, run(lesson, tmp_path, monkeypatch))


def run(lesson, tmp_path, monkeypatch):
    """The cells of code of the lesson that a reader has run."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))))
    return code(executed(answered(lesson, tmp_path / "lesson.ipynb")))


def shows_what_it_says_it_shows(lesson, ran):
    (at,) = [
        i for i, cell in enumerate(ran) if cell.source.startswith("answer = ") and "committed(answer)" in cell.source
    ]
    assert "Predict first" not in ran[at].outputs[0].text
    assert WHAT_COMES_OF_IT[prediction_of(lesson)][1] in ran.pop(at).outputs[0].text
    for cell, fresh_cell in zip(code(lesson), ran, strict=True):
        assert not [output.text for output in fresh_cell.outputs if output.get("name") == "stderr"]
        kept, fresh = (list(map(shown, outputs)) for outputs in (cell.outputs, fresh_cell.outputs))
        varies = "varies" in cell.metadata.get("tags", ())
        assert [kinds for kinds, _ in kept] == [kinds for kinds, _ in fresh], cell.source
        for (_, before), (_, after) in zip(kept, fresh, strict=True):
            assert varies or is_as_kept(before, after), f"{cell.source}\n\nkept:\n{before}\n\nnow:\n{after}"


WHAT_COMES_OF_IT = {
    "1.4": (14, "z holds 14.0"),
    "2.3": (0.2, "with ½ and rate 0.4: [0.427172"),
    "3.3": (14, "x.grad is 14.0"),
    "4.4": (8, "step  8: w = 1.99219, distance 0.00781"),
    "5.4": (0.875, "rate 0.8750: b = -1.5000 after one step, -1.5000 after thirty"),
    "6.3": (243, ": 243 times as large"),
    "7.3": (0.05, "step 40: 0.04999 long"),
    "8.3": ("half or fewer", "of the moved digits are read right"),
    "9.4": (12, "the program gives 12, and the function 192"),
    "10.2": (6496, "= 6496"),
    "11.2": (2, "the four shrink by 1.8, "),
}
"""The prediction of each lesson, and what its reader sees who was right."""


def prediction_of(lesson):
    (text,) = [cell.source for cell in lesson.cells if re.match(r"\*\*[\d.]+\*\* A prediction", cell.source)]
    return re.match(r"\*\*([\d.]+)", text)[1]


def answered(lesson, path):
    """The lesson as a reader has it who has predicted right, and runs the cell after the prediction once more."""
    told = copy.deepcopy(lesson)
    (at,) = [i for i, cell in enumerate(told.cells) if "if committed(answer):" in cell.source]
    answer, _ = WHAT_COMES_OF_IT[prediction_of(lesson)]
    told.cells.insert(at + 1, nbformat.v4.new_code_cell(f"answer = {answer!r}\n{told.cells[at].source}"))
    nbformat.write(told, path)
    return path


def test_each_cell_shows_something(lesson):
    assert [cell.source for cell in code(lesson) if not cell.outputs] == []
    said = [out.text for cell in code(lesson) if 'check("' in cell.source for out in cell.outputs]
    assert said
    assert all("not answered yet" in text for text in said)


def test_no_page_is_kept_that_a_reader_could_not_play(lesson):
    assert not [output for cell in code(lesson) for output in cell.outputs if page_of(output)]


def test_each_page_has_a_still_of_its_own(browser):
    pages = [
        f"<body></body><script>const own = '{colour}'; document.body.style.background = own</script>"
        for colour in ("red", "blue")
    ]
    outputs = [
        nbformat.v4.new_output("display_data", {"text/html": f'<iframe srcdoc="{html.escape(page)}"></iframe>'})
        for page in pages
    ]
    lesson = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=outputs)])
    with ThreadPoolExecutor() as aside:  # where the tests' own browser does not run
        kept = aside.submit(with_stills, lesson).result()
    first, second = (output.data["image/png"] for output in kept.cells[0].outputs)
    assert first != second


def test_a_widget_is_the_page_that_it_was_left_as(open_page):
    page = "<p></p><script>receive = (packet) => { document.querySelector('p').textContent = packet.join() }</script>"
    frame = framed(page, 'with "quotes" in its title', "3rem")
    widget = Widget({"content": {"data": {"state": {"frame": frame}}}})
    for packet in (b"\x01", b"\x02\xff"):
        widget.handle_msg({"content": {"data": {"method": "custom"}}, "buffers": [packet]})
    left = open_page(page_of({"data": {"text/html": widget.frame}}))
    assert left.inner_text("p") == "2,255"


def test_each_exercise_has_a_solution_that_can_be_revealed(lesson):
    """Those that are code are run, and found right."""
    names = [name for cell in code(lesson) for name in re.findall(r'check\("([\d.]+)", answer\)', cell.source)]
    solutions = [cell.source for cell in lesson.cells if cell.source.startswith("<details><summary>Solution</summary>")]
    assert len(solutions) == len(names) > 0
    for name, solution in zip(names, solutions, strict=True):
        block = re.search(r"```python\n(.*?)```", solution, re.DOTALL)
        if not block:
            continue
        namespace = {"Value": Value, "compile": autograd.compile, "np": np}
        exec(compile(block[1], f"solution {name}", "exec"), namespace)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            check(name, namespace["answer"])
        assert printed.getvalue() == f"{name} is right. ✓\n"


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


def test_it_is_kept_as_it_should_be(lesson):
    assert lesson.nbformat == 4
    assert lesson.nbformat_minor >= 5
    assert lesson.metadata.kernelspec.name == "python3"
    assert [cell.execution_count for cell in code(lesson)] == list(range(1, len(code(lesson)) + 1))
    assert [cell.id for cell in lesson.cells] == [f"c{k:02}" for k in range(1, len(lesson.cells) + 1)]


def test_all_lessons_have_one_form(lesson, request):
    title, install = lesson.cells[:2]
    number = LESSONS.index(request.node.callspec.params["lesson"]) + 1
    assert title.source.startswith(f"# {number}. ")
    assert "You will understand " in title.source
    assert re.search(r"\*\*\d+ minutes\.\*\*$", title.source)
    assert (install.cell_type, install.source) == ("markdown", INSTALL)
    assert sum("\n## Exercises\n" in f"\n{cell.source}\n" for cell in lesson.cells) == 1
    end = lesson.cells[-1].source
    assert end.startswith("## What to take along\n\n- ")
    wanted = [*LESSONS[max(0, number - 2) : number - 1], LESSONS[0].parent / "README.md", *LESSONS[number : number + 1]]
    assert re.findall(r"\]\((.*?)\)", end.splitlines()[-1]) == [path.name for path in wanted]


def test_it_has_exercises_of_each_kind(lesson):
    """A number, a prediction, a bug and a small project: four to six in all, numbered in order."""
    asked = [cell.source for cell in lesson.cells if re.search(r"^\*\*\d+\.\d\*\*", cell.source, re.MULTILINE)]
    numbers = [re.search(r"^\*\*\d+\.(\d)\*\*", text, re.MULTILINE)[1] for text in asked]
    assert numbers == [str(k) for k in range(1, len(asked) + 1)]
    assert 4 <= len(asked) <= 6
    for kind in ("A prediction", "A bug", "A small project"):
        assert sum(f"** {kind}" in text for text in asked) == 1, kind


def test_its_pictures_come_from_the_library(lesson):
    assert not any("matplotlib" in cell.source or "pyplot" in cell.source for cell in code(lesson))


def test_it_is_in_the_index(lesson, request):
    index = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    name = request.node.callspec.params["lesson"].name
    assert f"({name})" in index
