"""``python -m autograd``: each command on a worked example, and each mistake as one line with exit status 2."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograd.__main__ import main
from autograd.expression import names_in

EXAMPLE = ["(a*b + c).tanh()", "a=2", "b=-3", "c=10"]
SLOPE = 1 - math.tanh(4) ** 2


def test_grad(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grad", *EXAMPLE]) == 0
    assert capsys.readouterr().out == (
        f"f = {math.tanh(4):.6g}\n\n"
        "name  value     gradient\n"
        f"a         2  {-3 * SLOPE:.6g}\n"
        f"b        -3  {2 * SLOPE:11.6g}\n"
        f"c        10  {SLOPE:11.6g}\n"
    )


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "z = a*b + c; z.tanh()", *EXAMPLE[1:], "--wrt", "a"]) == 0
    assert capsys.readouterr().out.startswith(f"df/da = df/dz · dz/da\n      = {SLOPE:.4g} · (−3)\n")


@pytest.mark.parametrize("extension", ["svg", "png", "pdf", "dot"])
def test_draw(extension: str, tmp_path: Path) -> None:
    path = tmp_path / f"g.{extension}"
    assert main(["draw", *EXAMPLE, "-o", str(path)]) == 0
    start = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}[extension]
    assert path.read_bytes().startswith(start)


def test_step(tmp_path: Path) -> None:
    path = tmp_path / "steps.html"
    assert main(["step", *EXAMPLE, "-o", str(path)]) == 0
    assert path.read_text().startswith("<!DOCTYPE html>")


def test_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a**b", "a=2", "b=3"]) == 0
    assert "agree" in capsys.readouterr().out
    assert main(["check", "relu(a)", "a=0"]) == 1  # at its kink the central difference is ½
    assert "got 0.0, wanted 0.5" in capsys.readouterr().out


def test_a_formula_may_begin_with_a_minus(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grad", "-a*2", "a=3"]) == 0
    assert capsys.readouterr().out.startswith("f = -6")


def test_a_variable_named_f_leaves_the_output_another_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grad", "f*2", "f=3"]) == 0
    assert capsys.readouterr().out.startswith("out = 6")


@pytest.mark.parametrize(
    ("expression", "name"), [("f*out", "result"), ("f*out*result", "f1"), ("f = x*2; f*f + out*result", "f1")]
)
def test_the_output_has_a_name_of_its_own(expression: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = [f"{variable}=2" for variable in ("f", "out", "result", "x") if variable in names_in(expression)]
    assert main(["grad", expression, *given]) == 0
    assert capsys.readouterr().out.startswith(f"{name} = ")


def test_another_name_for_a_leaf_leaves_it_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grad", "z = x; z*2", "x=3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["x", "3", "2"]


def test_options_may_be_written_together(tmp_path: Path) -> None:
    assert main(["draw", "a", "a=1", f"-o{tmp_path / 'g.dot'}"]) == 0
    assert (tmp_path / "g.dot").exists()


WRONG = [
    (["grad", "__import__('os').system('x')"], "not allowed|no function"),
    (["grad", "a.__class__", "a=1"], "not allowed"),
    (["grad", "10**10**10"], "not a finite number"),
    (["grad", "(" * 10_000 + "a" + ")" * 10_000, "a=1"], "10,000 is the most"),
    (["grad", "a*b", "a=1"], "no value for b: write b=NUMBER"),
    (["grad", "a", "a=1", "b=2"], "b is not in the expression, which needs a"),
    (["grad", "a", "a=x"], "expected NAME=NUMBER, got 'a=x'"),
    (["grad", "a", "a"], "expected NAME=NUMBER, got 'a'"),
    (["grad", "a", "a=1", "a=2"], "a is given twice"),
    (["explain", "a", "a=1", "--wrt", "q"], "--wrt q: the expression has a"),
    (["explain", "a", "a=1", "--wrt", "a", "--paths", "0"], "at least one path"),
    (["explain", "a", "a=1"], "required: --wrt"),
    (["draw", "a", "a=1", "-o", "g.gif"], "must end in .svg, .png, .pdf or .dot"),
    (["draw", "a", "a=1", "-o", "no/such/folder/g.svg"], "there is no folder"),
    (["step", "a", "a=1", "-o", "no/such/folder/s.html"], "there is no folder"),
    (["step", "+".join(f"a*{i}" for i in range(200)), "a=1"], "max_nodes"),
    (["step", "a", "a=1", "-o", "s.txt"], "must end in .html"),
    (["check", "a", "a=1", "--tolerance", "nan"], "wanted a finite number above 0, got nan"),
    (["check", "a", "a=1", "--tolerance=-1"], "wanted a finite number above 0, got -1"),
    (["sing", "a"], "invalid choice: 'sing'"),
    ([], "required: COMMAND"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=lambda x: str(x)[:40])
def test_a_mistake_is_one_line_and_status_2(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        status = main(arguments)
    except SystemExit as exit:
        status = exit.code  # type: ignore[assignment]
    printed = capsys.readouterr()
    assert (status, printed.out) == (2, "")
    assert printed.err.count("\n") == 1
    assert re.search(message, printed.err), printed.err
    assert list(tmp_path.iterdir()) == []


def test_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "autograd", "grad", "a", "a=x"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "python -m autograd: expected NAME=NUMBER, got 'a=x'\n"
