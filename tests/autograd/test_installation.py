"""What is imported and when, and what is said where another package has the same name."""

import sys
from pathlib import Path

import pytest
from checkout import ROOT
from fresh_python import run_python

HEAVY = ("numpy", "graphviz", "pygraphviz", "matplotlib", "autograd.compiler")


def test_the_engine_needs_nothing_but_python() -> None:
    script = f"""
import sys
from autograd import Value, explain, grad, gradcheck, hessian, no_grad, step_through
x = Value(2.0, label="x")
y = (x * x + 1).tanh()
y.backward()
grad(y, [x]), hessian(y, [x]), gradcheck(lambda x: x.sin(), [0.5])
str(explain(y, x))
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    assert run_python(script).strip() == "[]"


def test_a_page_of_training_is_there_before_anything_is_compiled() -> None:
    """Whoever opens it waits for these: none is needed before the page asks."""
    script = f"""
import sys
from nn.command.arguments import parser
from nn.command.play import own_data, settings_of
from nn.viewing.live.page import training_page
options = parser().parse_args(["play", "moons"])
own = own_data(options)
print(len(training_page(settings_of(options, own), own).html()) > 1000)
print([name for name in {(*HEAVY[1:], "sklearn", "scipy", "tqdm")!r} if name in sys.modules])
"""
    assert run_python(script).split("\n")[:2] == ["True", "[]"]


def test_the_compiler_comes_when_it_is_asked_for() -> None:
    assert run_python("from autograd import Program, compile; print(compile.__module__)").startswith(
        "autograd.compiler"
    )
    printed = run_python("import autograd; print(autograd.compile is autograd.compile, 'compile' in autograd.__all__)")
    assert printed.split() == ["True", "True"]
    assert "has no attribute 'tensor'" in run_python(
        "import autograd\ntry: autograd.tensor\nexcept AttributeError as error: print(error)"
    )


@pytest.fixture
def namesake(tmp_path: Path) -> Path:
    """A folder with a package like HIPS's: it is the files that tell it."""
    (tmp_path / "autograd").mkdir()
    (tmp_path / "autograd" / "__init__.py").write_text("def grad(f): ...\n")
    (tmp_path / "autograd" / "extend.py").write_text("")
    return tmp_path


def test_nn_says_that_another_autograd_was_found(namesake: Path) -> None:
    script = "try: import nn\nexcept ImportError as error: print(error)"
    said = run_python(f"import sys; sys.path[:0] = [{str(namesake)!r}, {str(ROOT)!r}]\n{script}")
    assert str(namesake / "autograd" / "__init__.py") in said
    assert "pip uninstall autograd; then install valuegrad once more" in said


def test_ours_warns_once_that_both_are_there(namesake: Path) -> None:
    script = f"""
import sys, warnings
sys.path.append({str(namesake)!r})
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    import autograd, nn
    from autograd import Value
print(*(str(warning.message) for warning in said), sep="\\n")
"""
    (line,) = run_python(script).splitlines()
    assert str(namesake / "autograd") in line
    assert "uninstalling one can break the other" in line


def test_nothing_is_said_without_it() -> None:
    assert run_python("import autograd, nn", PYTHONWARNINGS="error") == ""


def test_this_python_is_one_that_is_supported() -> None:
    assert sys.version_info >= (3, 11)
