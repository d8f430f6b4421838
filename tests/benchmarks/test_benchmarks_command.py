"""``python -m benchmarks``: its table and picture, and one line for whatever is wrong."""

import subprocess
import sys
from xml.etree import ElementTree

import pytest
from checkout import ROOT

from benchmarks import command
from benchmarks.measuring import Results, Row
from benchmarks.picture import picture
from benchmarks.table import BEGIN, END, page, table
from benchmarks.targets import TARGETS
from benchmarks.works import WORKS

RESULTS = Results(
    {
        "moons": Row("two moons", {"engine": 0.05, "numpy": 43.21e-6, "numpy-by-hand": 44e-6, "c": 5.4e-6}, 3.9e-6),
        "lstm": Row("an LSTM", {"numpy": 1.2e-3, "numpy-by-hand": 0.9e-3}, 1e-4),
    },
    rate=48.5e9,
    missing={"jax": "jax", "onnxruntime": "onnx and onnxruntime"},
)


def run(*arguments, capsys):
    """The exit status of the command, and what it complains of."""
    try:
        status = command.main(arguments)
    except SystemExit as error:
        status = error.code
    return status, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["moon"], "'moon' is no work: there are moons, digits"),
        (["--targets", "numpy,fortran"], "'fortran' is no target: there are engine, numpy"),
        (["--targets"], "expected one argument"),
        (["--seconds", "0"], "wanted a number of seconds above 0, got '0'"),
        (["--seconds", "nan"], "above 0, got 'nan'"),
        (["--seconds", "soon"], "above 0, got 'soon'"),
        (["--fast"], "unrecognized arguments: --fast"),
        (["--write", "moons"], "--write is for the whole table"),
        (["--write", "--targets", "numpy"], "--write is for the whole table"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, words, capsys):
    status, said = run(*arguments, capsys=capsys)
    assert status == 2
    assert words in said
    assert said.startswith("python -m benchmarks: ")
    assert said.count("\n") == 1


def test_a_run():
    """One work on the targets that are everywhere, in a process of its own, which is held to one core."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "moons", "--targets", "numpy,numpy-by-hand", "--seconds", "0.001"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    head, rule, row, *_ = done.stdout.splitlines()
    assert [cell.strip() for cell in head.split("|")] == ["", "work", "NumPy", "NumPy by hand", "limit", ""]
    assert len(rule.split("|")) == len(row.split("|")) == 6
    assert all(float(cell) > 0 for cell in row.split("|")[2:5])


def test_other_numbers_than_by_hand_are_an_error(monkeypatch, capsys):
    wrong = TARGETS["numpy"].__class__("wrong", lambda work: lambda: (0.0, work.theta))
    monkeypatch.setattr("benchmarks.measuring.TARGETS", {**TARGETS, "numpy": wrong})
    status, said = run("moons", "--targets", "numpy", capsys=capsys)
    assert status == 2
    assert "wrong is off by 9.7e+00 from NumPy by hand" in said


def test_the_table():
    head, _, moons, lstm, _, notes = table(RESULTS).splitlines()
    assert head == "| work | scalar engine | NumPy | NumPy by hand | C | limit |"
    assert moons == "| two moons | 50,000 | 43.2 | 44.0 | 5.40 | 3.90 |"
    assert lstm == "| an LSTM |  | 1,200 | 900 |  | 100 |"
    assert "48.5 billion" in notes
    assert notes.endswith("JAX is left out: no jax. onnxruntime is left out: no onnx and onnxruntime.")


def test_the_table_stands_between_its_marks():
    before = f"# Page\n\n{BEGIN}\n\nold\n\n{END}\n\nafter\n"
    after = page(before, "new\n")
    assert after == f"# Page\n\n{BEGIN}\n\nnew\n\n{END}\n\nafter\n"
    assert page(after, "new") == after


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}\n{BEGIN}"])
def test_a_page_without_marks_is_an_error(text):
    with pytest.raises(ValueError, match="no place for the table"):
        page(text, "new")


def test_our_page_has_the_table_of_all_works():
    """As ``--write`` left it: a column for each target but what was left out, and a row for each work."""
    written = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    rows = [line for line in written.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in rows[1:]] == [made().title for made in WORKS.values()]
    for target in TARGETS.values():
        assert f"| {target.title} |" in rows[0] or f"{target.title} is left out" in written


def test_the_picture():
    svg = picture(RESULTS)
    ElementTree.fromstring(svg)
    assert "prefers-color-scheme: dark" in svg
    for words in ("two moons", "an LSTM", "scalar engine", "NumPy by hand", "limit"):
        assert f">{words}<" in svg
    assert ">JAX<" not in svg
    assert picture(RESULTS) == svg
