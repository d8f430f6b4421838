"""The C target against the interpreter and the scalar engine: programs of all kinds, any batch, and how it is built."""

from __future__ import annotations

import copy
import math
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from c_compiler import needs_a_compiler
from checkout import ROOT
from compiled import Numbers, agree, check
from extensive import further, some_or_all
from generators.models import MODELS, Made, convolution_in_two_dimensions, long_short_term_memory, matrix_factorization
from generators.programs import Case, case, cases, models
from generators.tensors import Draw

from autograd import Operation, Value, compile, functional, grad, ops, register
from autograd.compiler import program as program_module
from autograd.compiler.ir import B
from autograd.compiler.program import Program
from autograd.compiler.targets import building, c
from autograd.compiler.targets.building import BuildError, Library, build, cache_directory, compiler
from autograd.compiler.targets.c import n_numbers, write
from autograd.compiler.targets.interpret import _Run
from nn import MLP, SGD, Trainer, mse
from nn.__main__ import main

needs_a_compiler()
pytestmark = pytest.mark.filterwarnings("ignore:target=.c. may be slower:RuntimeWarning")  # on a processor without AVX

GROUP = 50
"""Programs in one file: the compiler starts once for all of them."""
QUICK = ("-O0", "-fno-tree-vectorize")
STRICT = ("-DLANES=1", "-Wall", "-Wextra", "-pedantic", "-Werror")


def interpreted(case: Case) -> tuple[Numbers, Numbers | None, float]:
    """The outputs, one row a sample, the gradient of half their sum, and the largest number on the way."""
    run, program = _Run(case.program, case.batch, case.theta, 0.5), case.program
    with np.errstate(all="ignore"):
        for statement in program.statements:
            run.statement(statement)
        columns = []
        for output in program.outputs:
            own = np.reshape(run.value(output), (-1, len(case.batch) if output.shape[-1:] == (B,) else 1))
            columns.append(np.broadcast_to(own, (len(own), len(case.batch))))
        for update in program.backward:
            run.statement(update)
    numbers = np.concatenate([np.ravel(array) for array in run.arrays.values()])
    scale = float(np.abs(numbers[np.isfinite(numbers)]).max(initial=1.0))
    return np.concatenate(columns).T, run.arrays[program.gradient] if program.gradient else None, scale


def hold(group: Sequence[Case], *options: str) -> None:
    """Each program of a group, built in C, gives the interpreter's numbers, the same inf and nan among them."""
    path = build(write({one.name: one.program for one in group}), *options)
    for one in group:
        outputs, gradient, scale = interpreted(one)
        library = Library(path, one.name, len(one.theta), sum(map(n_numbers, one.program.outputs)))
        agree(library.outputs(one.batch, one.theta), outputs, scale)
        if gradient is not None:
            value, slopes = library.value_and_grad(one.batch, 0.5, one.theta)
            agree(slopes, gradient, scale)
            with np.errstate(all="ignore"):
                agree(value, 0.5 * outputs.sum(), scale)


@pytest.mark.parametrize("start", [0, *further(50, 100, 150)])
def test_vectors_of_samples(start: int) -> None:
    hold([*cases(range(start, start + GROUP), exact=True)], *QUICK)


def test_sample_by_sample() -> None:
    hold([*cases(range(300, 300 + GROUP), exact=True)], *QUICK, *STRICT)


def test_grids_with_holes() -> None:
    hold([*cases(range(400, 424))], *QUICK)


@some_or_all(MODELS)
def test_models(rows: Sequence[Callable[[Draw], Made]]) -> None:
    """As fast as they are built for use."""
    hold([*models(rows, exact=True)])


def test_lanes_of_other_machines() -> None:
    hold([*cases(range(440, 464), exact=True)], *QUICK, "-DLANES=4")


def test_there_are_sums_of_both_forms_and_tables() -> None:
    """What the programs above are to test is there."""
    found = ({one.name: one.program for one in cases(range(40), exact)} for exact in (False, True))
    text = "".join(map(write, found))
    for part in ("KEPT(", "w->lanes[", "_mask", "_picked", "_numbers", "vmaximum(", " ? "):
        assert part in text, part


# ---- memory


def test_sanitizers_find_nothing(tmp_path: Path) -> None:
    """Memory of exactly the size that is asked for, and arithmetic on whole numbers and pointers."""
    group = [*cases(range(60, 68), exact=True)]
    source, program = tmp_path / "programs.c", tmp_path / "programs"
    source.write_text(write({one.name: one.program for one in group}) + program_of(group))
    options = ["-std=c11", "-O0", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
    for lanes in ("-DLANES=1", "-DLANES=2"):
        command = [*compiler(), *options, lanes, "-o", str(program), str(source), "-lm"]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if "asan" in built.stderr or "ubsan" in built.stderr:
            pytest.skip("the compiler has no sanitizers")
        assert not built.returncode, built.stderr
        done = subprocess.run([program], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[:2000]
        wanted = np.concatenate([np.ravel(interpreted(one)[0]) for one in group])
        agree([float(number) for number in done.stdout.split()], wanted, max(interpreted(one)[2] for one in group))


def program_of(group: Sequence[Case]) -> str:
    """A function that runs each program on its case, and prints the outputs."""
    functions = []
    for one in group:
        size, width = len(one.batch), sum(map(n_numbers, one.program.outputs))
        lines = [f"double *outputs = malloc({8 * size * width}), *grad = malloc({8 * len(one.theta)});"]
        for name, numbers in (("batch", one.batch.ravel()), ("theta", one.theta)):
            lines.append(f"double *{name} = malloc({8 * len(numbers)});")
            lines += [f"{name}[{i}] = {number!r};" for i, number in enumerate(numbers.tolist())]
        lines += [f"void *memory = malloc({one.name}_workspace());"]
        lines += [f"{one.name}_forward({size}, batch, theta, outputs, memory);"]
        if one.program.gradient:
            lines += [f"{one.name}_value_and_grad({size}, batch, theta, 0.5, grad, memory);"]
        lines += [f'for (int i = 0; i < {size * width}; i++) printf("%.17g\\n", outputs[i]);']
        lines += [f"free({name});" for name in ("outputs", "grad", "batch", "theta", "memory")]
        functions.append("\n".join([f"static void main_{one.name}(void)", "{", *lines, "}"]))
    calls = " ".join(f"main_{one.name}();" for one in group)
    return "\n".join(
        ["#include <stdio.h>", "#include <stdlib.h>", *functions, f"int main(void) {{ {calls} return 0; }}"]
    )


def lstm() -> tuple[Program, Program, Numbers]:
    """An LSTM on NumPy and in C, and a batch for it."""
    draw = Draw(0)
    loss = long_short_term_memory(draw)
    batch = draw.batch(17)
    assert isinstance(loss, Value)
    return compile(loss, draw.inputs), compile(loss, draw.inputs, target="c"), batch


def test_threads_call_one_program_at_the_same_time() -> None:
    _, program, batch = lstm()
    batches = [batch * factor for factor in (0.1, 0.5, 1.0, 2.0)]
    alone = [program.value_and_grad(rows) for rows in batches]
    found: list[list[bool]] = [[] for _ in batches]

    def run(i: int) -> None:
        for _ in range(200):
            value, gradient = program.value_and_grad(batches[i])
            found[i].append(value == alone[i][0] and bool((gradient == alone[i][1]).all()))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(batches))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sum(row) for row in found] == [200] * len(batches)


# ---- the numbers of the scalar engine

NUMBERS = (-math.inf, -1e308, -3.0, -1.0, -0.5, -0.0, 0.0, 1e-320, 0.5, 1.0, 2.0, 3.0, 710.0, 1e308, math.inf, math.nan)


def test_each_operation_and_its_slopes_at_kinks_ties_and_beyond_the_largest_number() -> None:
    """Beside one another in a vector, and one by one."""
    rows = [row for row in ops.OPERATIONS.values() if row.arguments and row.name in ops.BUILT_IN]
    leaves = [Value(0.3), Value(0.7)]
    made = {row.name: row(*leaves[: len(row.arguments)]) for row in rows}
    slopes = {name: grad(value, leaves, create_graph=True) for name, value in made.items()}
    outputs = [output for name in made for output in (made[name], *slopes[name])]
    program = case("every", outputs, leaves, np.array([*product(NUMBERS, NUMBERS)]), exact=True)
    for options in ((), STRICT):
        path = build(write({"every": program.program}), *options)
        library = Library(path, "every", 0, sum(map(n_numbers, program.program.outputs)))
        found = library.outputs(program.batch, np.empty(0)).reshape(len(program.batch), len(rows), 3)
        for sample, by_row in zip(program.batch.tolist(), found.tolist(), strict=True):
            for row, (value, *by_argument) in zip(rows, by_row, strict=True):
                wanted, partials = row.rule(*sample[: len(row.arguments)])
                np.testing.assert_allclose(value, wanted, rtol=1e-14, err_msg=f"{row.name} at {sample}")
                for slope, partial in zip(by_argument, partials, strict=False):
                    np.testing.assert_allclose(slope, partial, rtol=1e-13, err_msg=f"slope of {row.name} at {sample}")


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_lanes_without_a_sample_add_nothing(size: int) -> None:
    """Not 0 times inf, which would be nan: the last sample has a slope of inf."""
    x, w = Value(1.0), Value(2.0)
    program = compile((w * x).sqrt(), [x], target="c")
    batch = np.ones((size, 1))
    batch[-1] = 0.0
    value, gradient = program.value_and_grad(batch, theta=np.array([0.0]))
    assert value == 0.0
    assert np.isnan(gradient[0])  # x is 0 there: 0 times inf, as the engine has it
    program = compile((w + x).sqrt(), [x], target="c")
    assert program.value_and_grad(batch, theta=np.array([0.0]))[1] == math.inf


def test_an_operation_of_ones_own_runs_by_its_formula() -> None:
    before = dict(ops.OPERATIONS), dict(ops.FLOATS)
    try:
        bump = register(Operation("c_bump", "bump", "exp(-x * x)", ("-2 * x * out",)))
        x, w = [Value(0.5), Value(-0.3)], [Value(1.0), Value(2.0)]
        loss = bump(functional.dot(w, x))
        program = compile(loss, x, w, target="c")
        loss.backward()
        np.testing.assert_allclose(program.value_and_grad([0.5, -0.3])[1], [v.grad for v in w], rtol=1e-14)
        step = register(Operation("c_step", "step", "c_step(x)", ("0 * x",), function=lambda x: float(x > 0)))
        with pytest.raises(NotImplementedError, match="C target has no function for the operation 'c_step'"):
            compile(step(w[0]), target="c")
    finally:
        for table, rows in zip((ops.OPERATIONS, ops.FLOATS), before, strict=True):
            table.clear()
            table.update(rows)


# ---- what users hold


def test_a_program_in_c_is_used_like_any_other() -> None:
    on_numpy, in_c, batch = lstm()
    order = [on_numpy.parameters.index(parameter) for parameter in in_c.parameters]
    np.testing.assert_allclose(in_c(batch), on_numpy(batch), rtol=1e-12)
    np.testing.assert_allclose(in_c(batch[0]), on_numpy(batch[0]), rtol=1e-12)
    for reduction in ("mean", "sum"):
        (value, gradient), (wanted, slopes) = (p.value_and_grad(batch, reduction) for p in (in_c, on_numpy))
        np.testing.assert_allclose(value, wanted, rtol=1e-12)
        np.testing.assert_allclose(gradient, slopes[order], rtol=1e-12)
    found = in_c.value_and_grad(batch[:, ::-1], theta=2.0 * in_c.theta)[1]
    np.testing.assert_allclose(found, on_numpy.value_and_grad(batch[:, ::-1], theta=2.0 * on_numpy.theta)[1][order])
    assert in_c.value_and_grad(batch[:0], "sum") == (0.0, pytest.approx(np.zeros(len(order))))
    assert in_c(batch[:0]).shape == (0,)
    assert in_c.source.startswith("/* program:")
    assert "matrix" not in in_c.summary
    assert "---- c ----" in str(in_c.passes)


@pytest.mark.parametrize("model", [convolution_in_two_dimensions, matrix_factorization])
def test_theta_has_one_order_where_a_grid_has_holes_on_numpy_alone(model: Callable[[Draw], Made]) -> None:
    draw = Draw(0)
    made = model(draw)
    outputs = made if isinstance(made, list) else [made]
    on_numpy, in_c = (compile(outputs, draw.inputs, target=target) for target in ("numpy", "c"))
    theta = np.random.default_rng(1).normal(size=len(on_numpy.parameters))
    batch = np.random.default_rng(0).normal(size=(3, len(draw.inputs))) if draw.inputs else None
    wanted = on_numpy(batch, theta)
    library = Library(build(on_numpy.c_source("written")), "written", len(theta), len(outputs))
    rows = np.empty((1, 0)) if batch is None else batch
    assert in_c.parameters == on_numpy.parameters
    np.testing.assert_allclose(in_c(batch, theta), wanted, rtol=1e-12)
    np.testing.assert_allclose(library.outputs(rows, theta).reshape(np.shape(wanted)), wanted, rtol=1e-12)


def test_derivatives_are_in_c_too() -> None:
    x, y = Value(1.0), Value(3.0)
    program = compile(x * x * y, [x, y], target="c")
    assert program.jacobian([1.0, 2.0]).tolist() == [[4.0, 1.0]]
    assert program.hessian([1.0, 2.0]).tolist() == [[4.0, 2.0], [2.0, 0.0]]


def test_copies_are_in_c_too() -> None:
    x, w = Value(1.0), Value(3.0)
    program = compile(w * x, [x], target="c")
    for duplicate in (copy.deepcopy(program), pickle.loads(pickle.dumps(program))):
        assert duplicate.source == program.source
        assert duplicate([2.0]) == 6.0


def test_another_target_is_refused() -> None:
    with pytest.raises(ValueError, match="target is one of 'numpy', 'c', got 'fortran'"):
        compile(Value(1.0), target="fortran")  # type: ignore[arg-type]


def test_a_network_is_trained_in_c_as_on_numpy(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(50, 2))
    targets = np.sin(inputs[:, 0]) * inputs[:, 1]
    losses = []
    for target in ("numpy", "c"):
        model = MLP(2, [8, 1], seed=0)
        trainer = Trainer(model, mse, SGD(model.parameters(), lr=0.05))
        file = tmp_path / f"{target}.npz"
        history = trainer.fit(inputs, targets, epochs=10, progress=False, target=target, checkpoint=file)
        assert history.is_compiled
        losses.append(history.losses)
    np.testing.assert_allclose(*losses, rtol=1e-10)
    with pytest.raises(ValueError, match="belongs to another training: its compiled is c, now it is True"):
        trainer.fit(inputs, targets, epochs=20, progress=False, checkpoint=file)


def test_the_command_trains_in_c(tmp_path: Path) -> None:
    histories = []
    for name in ("numpy", "c"):
        out = tmp_path / name
        assert main(["train", "line", "--out", str(out), "--program", name, "--epochs", "3", "--no-film"]) == 0
        histories.append(np.genfromtxt(out / "history.csv", delimiter=",", skip_header=1))
    np.testing.assert_allclose(*histories, rtol=1e-9)


def test_a_training_in_c_that_cannot_be_built_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    model = MLP(2, [1], seed=0)
    with pytest.raises(BuildError, match="CC is 'no-such-compiler', which is not there"):
        Trainer(model, mse, SGD(model.parameters(), lr=0.1)).fit([[1.0, 2.0]], [3.0], progress=False, target="c")


def test_where_numpy_is_faster_a_warning_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c, "LARGE", 6)
    w, x = [[Value(1.0) for _ in range(3)] for _ in range(2)], [Value(0.5) for _ in range(3)]
    outputs = [functional.dot(row, x) for row in w]
    with pytest.warns(RuntimeWarning, match="it multiplies a matrix of 2 × 3, which NumPy's library does faster"):
        compile(outputs, x, target="c")
    monkeypatch.setattr(c, "LARGE", 7)
    compile(outputs, x, target="c")
    monkeypatch.setattr(program_module, "has_wide_vectors", lambda: False)
    with pytest.warns(RuntimeWarning, match="no vectors of four doubles"):
        compile(outputs, x, target="c")


# ---- the file


def test_a_file_is_used_as_its_head_says(tmp_path: Path) -> None:
    x, w, b = Value(0.5), Value(2.0), Value(-1.0)
    program = compile((w * x + b).tanh(), [x], [w, b])
    program.to_c(tmp_path / "my-loss.c")
    text = (tmp_path / "my-loss.c").read_text()
    declared = "double my_loss_value_and_grad(size_t B, const double *batch, const double *theta, double weight,"
    assert f"    {declared}\n" in text
    (tmp_path / "main.c").write_text(
        "#include <stddef.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
        f"size_t my_loss_workspace(void);\n{declared} double *grad, void *memory);\n"
        "int main(void)\n{\n  double batch[] = {0.5, 1.0}, theta[] = {2.0, -1.0}, grad[2];\n"
        "  void *memory = malloc(my_loss_workspace());\n"
        "  double value = my_loss_value_and_grad(2, batch, theta, 0.5, grad, memory);\n"
        '  printf("%.17g %.17g %.17g", value, grad[0], grad[1]);\n  return 0;\n}\n'
    )
    command = [*compiler(), "-std=c11", *STRICT, "main.c", "my-loss.c", "-o", "main", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    printed = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout
    value, gradient = program.value_and_grad([[0.5], [1.0]])
    np.testing.assert_allclose([*map(float, printed.split())], [value, *gradient], rtol=1e-14)


LABELS = ["double", "while", "LANES", "θ", "π²", "*/", "w", "value", "n", "NAN", "_x", "été"]


def test_any_label_will_do() -> None:
    x = [Value(0.5, label=f"{label}[{i}]") for label in LABELS for i in range(2)]
    w = [Value(0.1 * i, label=label) for i, label in enumerate(LABELS)]
    parts = [(a * b * c).tanh() for a, b, c in zip(x[::2], x[1::2], w, strict=True)]
    for part, label in zip(parts, LABELS, strict=True):
        part.label = label
    outputs = [functional.sum(parts)]
    hold([case("labels", outputs, x, np.random.default_rng(0).normal(size=(3, len(x))), exact=True)], *QUICK, *STRICT)


def test_the_same_program_gives_the_same_text() -> None:
    """In any process: no set of what hashes by its place in memory decides an order."""
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from generators.programs import cases\nfrom autograd.compiler.targets.c import write\n"
        "import hashlib\n"
        "print(hashlib.sha256(write({c.name: c.program for c in cases(range(30), exact=True)}).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


# ---- building


def test_what_was_built_before_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = write({one.name: one.program for one in cases(range(3))})
    first = build(text, *QUICK)

    def fail(command: list[str]) -> None:
        raise AssertionError(command)

    monkeypatch.setattr(building, "_run", fail)
    assert build(text, *QUICK) == first
    with pytest.raises(AssertionError):
        build(text + "\n", *QUICK)


@pytest.mark.parametrize("environment", [{"CC": "no-such-compiler -m32"}, {"PATH": ""}])
def test_without_a_compiler_the_error_says_what_to_install(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CC", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BuildError, match=r"is there.*apt\s+install gcc|Install one"):
        compile(Value(1.0), target="c")


def test_what_the_compiler_says_is_told() -> None:
    with pytest.raises(BuildError, match=r"(?s)failed:.*error"):
        build("this is no C", *QUICK)


def test_a_directory_that_others_may_write_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "shared"
    directory.mkdir(mode=0o777)
    directory.chmod(0o777)
    monkeypatch.setenv("VALUEGRAD_CACHE", str(directory))
    with pytest.raises(BuildError, match="is not private"):
        cache_directory()
    directory.chmod(0o700)
    assert cache_directory() == directory
    (tmp_path / "file").touch()
    monkeypatch.setenv("VALUEGRAD_CACHE", str(tmp_path / "file" / "one"))
    with pytest.raises(BuildError, match="cannot make"):
        cache_directory()
    with pytest.raises(BuildError, match="cannot load"):
        Library(tmp_path / "file", "program", 0, 1)
    monkeypatch.setenv("VALUEGRAD_CACHE", str(tmp_path / "new" / "one"))
    assert cache_directory().stat().st_mode & 0o777 == 0o700


def test_a_program_in_c_does_what_its_graph_does() -> None:
    """Against the scalar engine itself, through what users hold."""
    draw = Draw(3)
    loss = long_short_term_memory(draw)
    assert isinstance(loss, Value)
    check([loss], draw.inputs, draw.batch(3), target="c")
