"""Loops in C: recurrences of all kinds against the interpreter and the scalar engine, for any batch."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from compiled import agree, check, replayed
from extensive import some_or_all
from generators.programs import Case, arrays
from generators.recurrences import FAMILIES, family, one_output, random_recurrence
from test_c import QUICK, STRICT, hold, program_of

from autograd import Value, compile, functional
from autograd.compiler import ir
from autograd.compiler.targets.building import Library, build, compiler
from autograd.compiler.targets.c import write
from autograd.compiler.targets.c_functions import COSTLY, KNOWN
from autograd.compiler.targets.phases import Repeat, phases

SIZES = (1, 2, 3, 17)


def cases(name: str, outputs: Sequence[Value], inputs: Sequence[Value], sizes: Sequence[int] = SIZES) -> list[Case]:
    """One program with its loops, for batches of these sizes."""
    return batches(name, arrays(outputs, inputs, exact=True), sizes)


def batches(name: str, program: ir.ArrayProgram, sizes: Sequence[int]) -> list[Case]:
    n = program.inputs.size
    batch = np.random.default_rng(0).uniform(-0.6, 0.6, (max(sizes), n))
    theta = np.array([parameter.data for parameter in program.parameters])
    return [Case(name, program, batch[:size], theta) for size in (sizes if n else [1])]


def recurrence(seed: int, size: int) -> Case:
    (one,) = cases(f"r{seed}", *random_recurrence(seed), [size])
    return one


@cache
def made(name: str) -> list[tuple[str, list[Value], list[Value], ir.ArrayProgram]]:
    """The name, outputs, inputs and program of a family, as it is, and with inputs that do not vary."""
    outputs, inputs = family(name, 16)
    both = ((name, inputs), (f"{name}_alone", []))
    return [(each, outputs, given, arrays(outputs, given, exact=True)) for each, given in both]


# ---- they do what their graphs do


@pytest.mark.usefixtures("forced")
@some_or_all(FAMILIES)
@pytest.mark.parametrize(("options", "sizes"), [((), SIZES), (STRICT, [2])], ids=["vectors", "one by one"])
def test_families(options: Sequence[str], sizes: Sequence[int], rows: Sequence[str]) -> None:
    programs = {name: program for row in rows for name, _, _, program in made(row)}
    for program in programs.values():
        assert any(isinstance(statement, ir.Loop) for statement in program.statements)
    hold([one for name, program in programs.items() for one in batches(name, program, sizes)], *QUICK, *options)


@pytest.mark.usefixtures("forced")
@some_or_all(FAMILIES)
def test_families_against_the_scalar_engine(rows: Sequence[str]) -> None:
    group = [one for row in rows for one in made(row)]
    path = build(write({name: program for name, _, _, program in group}), *QUICK)
    for name, outputs, inputs, program in group:
        (one,) = batches(name, program, [3])
        library = Library(path, name, len(one.theta), len(outputs))
        eager = [replayed(outputs, dict(zip(inputs, sample, strict=True))) for sample in one.batch.tolist()]
        agree(library.outputs(one.batch, one.theta), [[output.data for output in found] for found, _ in eager], 100.0)
        if len(outputs) == 1:
            for (output,), _ in eager:
                output.backward()
            wanted = [sum(new[p].grad for _, new in eager) for p in program.parameters]
            value, gradient = library.value_and_grad(one.batch, 1.0, one.theta)
            agree(value, sum(output.data for (output,), _ in eager), 100.0)
            agree(gradient, wanted, 100.0)


@pytest.mark.usefixtures("forced")
@some_or_all(range(40))
@pytest.mark.parametrize(("first", "options"), [(0, QUICK), (40, (*QUICK, "-DLANES=1"))])
def test_random_recurrences(first: int, options: Sequence[str], rows: Sequence[int]) -> None:
    hold([recurrence(first + row, SIZES[place % 4]) for place, row in enumerate(rows)], *options)


@pytest.mark.usefixtures("forced")
def test_what_is_carried_on_from_what_is_carried() -> None:
    """Without a gradient nothing is kept of the steps: a row would be overwritten before it is read."""
    w, x, y, z = (Value(v) for v in (0.9, 0.3, 0.2, 0.5))
    graphs = {}
    for name in ("turned", "swapped", "counted"):
        a, b, c = x, y, z
        for _ in range(20):
            if name == "turned":
                a, b, c = b, c, (w * a + b * c).sin()
            elif name == "swapped":
                a, b, c = b * w, (a + c).tanh(), b
            else:
                a, b, c = a * w + c, a, b - a
        graphs[name] = [a, b, c]
    group = [one for name, outputs in graphs.items() for one in cases(name, outputs, [x, y])]
    group += [one for name, outputs in graphs.items() for one in cases(f"{name}_alone", outputs, [])]
    assert not any(one.program.backward for one in group)
    hold(group, *QUICK)


def mixed(steps: int) -> tuple[list[Value], list[Value]]:
    """A recurrence of the parameters alone beside one that reads it, and sums of all samples that are carried back."""
    rate, decay, w, x, y = (Value(v) for v in (0.9, 0.8, 0.5, 0.3, 0.2))
    state, losses = y, []
    for _ in range(steps):
        state = (w * state + rate * x).sin()
        rate = (rate * decay + 0.05).tanh()
        losses.append(state * rate)
    return [functional.sum(losses)], [x, y]


@pytest.mark.usefixtures("forced")
def test_a_loop_for_all_samples_beside_one_for_each() -> None:
    """One loop of the graph; in C what is the same for all samples is computed before them, or after."""
    outputs, inputs = mixed(30)
    group = cases("mixed", outputs, inputs)
    program = group[0].program
    assert [loop.times for loop in program.statements if isinstance(loop, ir.Loop)] == [30]
    found = phases(program, COSTLY, KNOWN)
    kinds = {name: sum(isinstance(step, Repeat) for step in steps) for name, steps in found.named()}
    assert kinds == {"before": 1, "forward": 1, "before_backward": 0, "backward": 1, "after": 1}
    state = outputs[0].parents[0]
    hold(group + cases("without_gradient", [state, state * 2.0], inputs), *QUICK)
    program_in_c = compile(outputs[0], inputs, target="c")
    value, gradient = program_in_c.value_and_grad(np.empty((0, 2)), "sum")
    assert (value, gradient.tolist()) == (0.0, [0.0] * 3)
    check(outputs, inputs, np.random.default_rng(0).uniform(-1, 1, (9, 2)), target="c")


@pytest.mark.usefixtures("forced")
def test_inf_and_nan_are_those_of_the_graph() -> None:
    w, x = Value(1.1), Value(0.5)
    y, z, losses = x, x, []
    for _ in range(12):
        y, z = y * y * w, (z - 0.1).relu() + (z + 0.05).log()
        losses.append(y.minimum(3.0) + z)
    batch = np.array([[0.5], [1e30], [-2.0], [math.inf], [math.nan], [0.0]])
    for output in (functional.sum(losses), y, z):
        check([output], [x], batch, target="c")


@pytest.mark.usefixtures("forced")
def test_sanitizers_find_nothing(tmp_path: Path) -> None:
    names = ("rnn_of_losses", "lstm", "two_steps_ago", "by_parameters", "hidden_states", "both_ways", "several_outputs")
    group = [one for name in names for one in cases(name, *family(name, 12), sizes=[3])]
    group += cases("mixed", *mixed(12), sizes=[3])
    source, program = tmp_path / "programs.c", tmp_path / "programs"
    source.write_text(write({one.name: one.program for one in group}) + program_of(group))
    options = ["-std=c11", "-O0", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
    built = subprocess.run(
        [*compiler(), *options, "-o", str(program), str(source), "-lm"], capture_output=True, text=True, check=False
    )
    if "asan" in built.stderr or "ubsan" in built.stderr:
        pytest.skip("the compiler has no sanitizers")
    assert not built.returncode, built.stderr
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]


# ---- the file


@pytest.mark.parametrize("name", ["chain", "rnn_of_losses", "lstm", "lorenz", "encoder_decoder", "by_numbers"])
def test_the_text_does_not_depend_on_the_number_of_steps(name: str) -> None:
    """But for numbers that differ by step, which are a table."""
    found = []
    for steps in (150, 300):
        program = arrays(*family(name, steps))
        text = write({name: program})
        found.append(re.sub(r"\d+", "0", " ".join(re.sub(r"(?s)static const.*?;|/\*.*?\*/", "", text).split())))
    assert found[0] == found[1]
    assert "for (int step = 0; step < 0; step++)" in found[0]
    assert "for (int step = 0; step >= 0; step--)" in found[0]


def test_what_is_carried_is_written_to_the_row_of_the_next_step() -> None:
    text = write({"rnn": arrays(*family("rnn_of_losses", 100))})
    assert "  v befores1[300]; /* tanhs2 is befores1 + 3, before1 is befores1 */" in text
    assert "w->befores1[3 * step + u + 3] = vtanh((a[u] + w->z2[step + 99 * u]));" in text
    assert "w->befores1[3 * step + i + 3] =" not in text  # it is not copied there
    told = re.sub(r"\s+", " ", text[text.index("/* 99 steps:") :].split(" */")[0])
    assert told == (
        "/* 99 steps: before1 is befores1[step], each1 is z2[0: shape (99, 3), strides (1, 99)][step], "
        "tanh2 is befores1[step + 1], the next before1 is tanh2"
    )


def test_labels_that_are_names_of_the_file() -> None:
    outputs, inputs = family("lstm", 40)
    taken = ["step", "w", "history1", "theta", "grad", "t", "u", "loop1_step", "befores1", "total1", "B", "value"]
    for value, label in zip([*inputs, *arrays(outputs, inputs).parameters], taken * 20, strict=False):
        value.label = label
    hold(cases("labels", outputs, inputs, [3]), *QUICK, *STRICT)


def test_it_is_trained_written_and_copied_like_any_other(tmp_path: Path) -> None:
    output, inputs = one_output(family("rnn_from_parameters", 60))
    on_numpy, in_c = compile(output, inputs), compile(output, inputs, target="c")
    assert "for (int step" in in_c.source
    assert "59 × (3×3 @ 3×1 × B)" in in_c.summary
    assert "59 times:" in in_c.passes["roll"]
    batch = np.random.default_rng(0).uniform(-1, 1, (17, len(inputs)))
    order = [on_numpy.parameters.index(parameter) for parameter in in_c.parameters]
    (value, gradient), (wanted, slopes) = (program.value_and_grad(batch) for program in (in_c, on_numpy))
    agree(value, wanted)
    agree(gradient, slopes[order])
    in_c.to_c(tmp_path / "steps.c")
    on_numpy.to_c(tmp_path / "steps_too.c")
    for file in ("steps.c", "steps_too.c"):
        assert (tmp_path / file).read_text().count("for (int step") == 2
