"""``python -m autograd``: each command on a worked example, and each mistake as one line with exit status 2."""

import io
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from extensive import further

from autograd import commandline
from autograd.__main__ import main
from autograd.expression import read

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
    assert main(["draw", *EXAMPLE, "--out", str(path)]) == 0
    start = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}[extension]
    assert path.read_bytes().startswith(start)


def test_step(tmp_path: Path) -> None:
    path = tmp_path / "steps.html"
    assert main(["step", *EXAMPLE, "--out", str(path)]) == 0
    assert path.read_text().startswith("<!DOCTYPE html>")


def test_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a**b", "a=2", "b=3"]) == 0
    assert "agree" in capsys.readouterr().out
    assert main(["check", "relu(a)", "a=0"]) == 1
    assert capsys.readouterr().out.startswith("d f/d a at [0.0]: got 0.0 at a kink here, with slopes 0.0 below and 1.0")


def test_check_of_many_names_says_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commandline, "PATIENCE", 0.0)
    assert main(["check", "a*b*c", "a=2", "b=3", "c=4"]) == 0
    assert capsys.readouterr().err == "0 of 3 done\n1 of 3 done\n2 of 3 done\n"
    monkeypatch.setattr(commandline, "PATIENCE", 60.0)
    assert main(["check", "a*b*c", "a=2", "b=3", "c=4"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("has_tqdm", [True, False])
def test_on_a_terminal_there_is_a_bar(has_tqdm: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(commandline, "PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    if not has_tqdm:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    assert list(commandline.progress(range(3))) == [0, 1, 2]
    assert ("| 0/3 [" if has_tqdm else "2 of 3 done\n") in sys.stderr.getvalue()


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
    given = [f"{variable}=2" for variable in ("f", "out", "result", "x") if variable in read(expression).names]
    assert main(["grad", expression, *given]) == 0
    assert capsys.readouterr().out.startswith(f"{name} = ")


def test_another_name_for_a_leaf_leaves_it_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grad", "z = x; z*2", "x=3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["x", "3", "2"]


def test_the_last_part_names_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grad", "z = a*b; L = z*pi", "a=2", "b=3"]) == 0
    assert capsys.readouterr().out.startswith("L = 18.8496\n")


def test_e_is_what_the_command_line_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grad", "e*a", "a=2"]) == 0
    assert capsys.readouterr().out.startswith(f"f = {2 * math.e:.6g}\n")
    assert main(["grad", "e*a", "e=3", "a=2"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["e         3         2", "a         2         3"]


def test_an_option_and_its_value_may_be_one_word(tmp_path: Path) -> None:
    assert main(["draw", "a", "a=1", f"--out={tmp_path / 'g.dot'}"]) == 0
    assert (tmp_path / "g.dot").exists()


WRONG = [
    (["grad", "__import__('os').system('x')"], "not allowed|no function"),
    (["grad", "a.__class__", "a=1"], "not allowed"),
    (["grad", "10**10**10"], "not a finite number"),
    (["grad", "(" * 50_000 + "a" + ")" * 50_000, "a=1"], "100,000 is the most"),
    (["grad", "x^2", "x=1"], r"write x\*\*2"),
    (["grad", "2x", "x=1"], r"write 2\*x"),
    (["grad", "e*a", "e=1"], "no value for a: write a=NUMBER"),
    (["grad", "a", "a=1", "pi=3"], "pi is not in the expression"),
    (["grad", "a*b", "a=1"], "no value for b: write b=NUMBER"),
    (["grad", "a", "a=1", "b=2"], "b is not in the expression, which needs a"),
    (["grad", "a", "a=x"], "expected NAME=NUMBER, got 'a=x'"),
    (["grad", "a", "a"], "expected NAME=NUMBER, got 'a'"),
    (["grad", "a", "a=1", "a=2"], "a is given twice"),
    (["explain", "a", "a=1", "--wrt", "q"], "--wrt q: the expression has a"),
    (["explain", "a", "a=1", "--wrt", "a", "--paths", "0"], "at least one path"),
    (["explain", "a", "a=1"], "required: --wrt"),
    (["draw", "a", "a=1", "--out", "g.gif"], "must end in .svg, .png, .pdf, .dot or .html"),
    (["draw", "a", "a=1", "--out", "no/such/folder/g.svg"], "there is no folder"),
    (["step", "a", "a=1", "--out", "no/such/folder/s.html"], "there is no folder"),
    (["step", "+".join(f"a*{i}" for i in range(200)), "a=1"], "max_nodes"),
    (["step", "a", "a=1", "--out", "s.txt"], "must end in .html"),
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


# ---- output that is not UTF-8: of the signs, cp1252 has · and ², cp932 has σ, √ and a minus as wide as a letter

PRINTED = [
    (
        ["autograd", "explain", "z = sqrt(a)*b; z.sigmoid()**2 - 1", "a=4", "b=-3", "--wrt", "a"],
        {
            "ascii": ["df/da = df/dz * dz/da", "= -9.148e-06", "d sigma(x)/dx = sigma(x) * (1 - s", "v2^2", "sqrt a"],
            "cp1252": ["df/da = df/dz · dz/da", "= -9.148e-06", "d sigma(x)/dx = sigma(x) · (1 - s", "v2²", "sqrt a"],
            "cp932": ["df/da = df/dz * dz/da", "= －9.148e－06", "d σ(x)/dx = σ(x) * (1 － σ(x))", "v2^2", "√a"],
        },
    ),
    (
        ["autograd", "grad", "σ*größe", "σ=2", "größe=3"],
        {"ascii": ["sigma", "gr\\xf6\\xdfe"], "cp1252": ["sigma", "größe"], "cp932": ["σ", "gr\\xf6\\xdfe"]},
    ),
    (
        ["autograd", "grad", "名 + δ", "名=2"],
        {"ascii": ["no value for \\u03b4"], "cp1252": ["no value for \\u03b4"], "cp932": ["no value for δ"]},
    ),
    (["autograd", "check", "relu(θ)", "θ=0"], {"ascii": ["theta"], "cp1252": ["theta"], "cp932": ["θ"]}),
    (["nn", "train", "--help"], {encoding: ["--weight-decay"] for encoding in ("ascii", "cp1252", "cp932")}),
]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932"])
@pytest.mark.parametrize(("arguments", "found"), PRINTED, ids=lambda x: " ".join(x)[:20] if isinstance(x, list) else "")
def test_every_encoding_can_be_read(arguments: list[str], found: dict[str, list[str]], encoding: str) -> None:
    out, err = printed(arguments, encoding)
    for text in found[encoding]:
        assert text in out + err


@pytest.mark.parametrize("encoding", ["cp932", *further("ascii", "cp1252")])
def test_a_training_prints_a_column_of_any_name(encoding: str, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("x,μ−名ñ\n" + "".join(f"{i},{2 * i}\n" for i in range(20)), encoding="utf-8")
    arguments = ["nn", "train", str(table), "--target", "μ−名ñ", "--hidden", "none", "--epochs", "1"]
    out, err = printed([*arguments, "--out", str(tmp_path / "out")], encoding)
    name = {"ascii": "mu-\\u540d\\xf1", "cp1252": "mu-\\u540dñ", "cp932": "μ－名\\xf1"}[encoding]
    assert f"target {name}: numbers" in out
    assert err == ""


def printed(arguments: list[str], encoding: str) -> tuple[str, str]:
    """Standard output and standard error of a program that did what it was asked, or said in one line why not."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"},
        capture_output=True,
    )
    assert done.returncode in (0, 1) or done.stderr.count(b"\n") == 1
    assert b"Traceback" not in done.stderr
    assert b"codec" not in done.stderr
    return done.stdout.decode(encoding), done.stderr.decode(encoding)


def test_values_stand_on_either_side_of_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for words in (["x=2", "y=3", "--wrt", "x"], ["--wrt", "x", "x=2", "y=3"], ["x=2", "--wrt", "x", "y=3"]):
        assert main(["explain", "x*y", *words]) == 0
        printed.append(capsys.readouterr().out)
    assert len(set(printed)) == 1
    for words in (["--wrt", "x", "x=2", "3"], ["--wrt", "x", "x=2", "--deep"]):
        with pytest.raises(SystemExit, match="2"):
            main(["explain", "x*2", *words])
        assert "unrecognized arguments" in capsys.readouterr().err
