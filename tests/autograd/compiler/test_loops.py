"""Loops: graphs that are one step, many times over, are found, and compute what the scalar engine does."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from compiled import agree, check, replayed
from extensive import further
from generators.graphs import random_graph
from generators.models import MODELS, Made
from generators.programs import arrays
from generators.recurrences import (
    FAMILIES,
    Cell,
    Number,
    affine,
    family,
    matrix,
    one_output,
    random_copies,
    random_recurrence,
    random_steps,
    squares,
    values,
)
from generators.tensors import Draw

from autograd import Value, compile, functional, grad
from autograd.compiler import roll as rolling
from autograd.compiler.fold import fold
from autograd.compiler.graphs import Folded
from autograd.compiler.record import record
from autograd.compiler.roll import roll
from autograd.compiler.targets.interpret import interpret
from autograd.graph import topological_order


def rolled(outputs: Sequence[Value], inputs: Sequence[Value]) -> Folded:
    return roll(fold(record(outputs, inputs)))


def hold(outputs: Sequence[Value], inputs: Sequence[Value], *sizes: int) -> None:
    """The compiled program against the scalar engine; and the interpreter, which asserts shapes, against it."""
    batch = np.random.default_rng(0).uniform(-0.6, 0.6, (max(sizes), len(inputs)))
    program = check(outputs, inputs, batch, sizes=sizes)
    of_steps = arrays(outputs, inputs)
    theta = np.array([parameter.data for parameter in of_steps.parameters])
    for size in sizes:
        found, gradient = interpret(of_steps, batch[:size], theta)
        if len(outputs) == 1 and gradient is not None:
            value, slopes = program.value_and_grad(batch[:size] if inputs else None, "sum")
            agree(np.sum(np.broadcast_to(found[0], size)), value, size)
            order = [program.parameters.index(parameter) for parameter in of_steps.parameters]
            agree(gradient, slopes[order], max(1.0, np.abs(slopes).max(initial=0)))


# ---- they are found, and right


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("name", FAMILIES)
def test_families(name: str) -> None:
    outputs, inputs = family(name, 20)
    loops = rolled(outputs, inputs).loops
    assert sum(loop.times * len(loop.body) for loop in loops) > 0.6 * sum(map(len, depths(outputs, inputs)))
    hold(outputs, inputs, 1, 2, 3, 17)


def depths(outputs: Sequence[Value], inputs: Sequence[Value]) -> list[list[int]]:
    """A list for each level of the graph."""
    return [[level] for level in range(int(fold(record(outputs, inputs)).level.max()))]


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("name", FAMILIES)
def test_families_that_do_not_vary_over_the_batch(name: str) -> None:
    outputs, _ = family(name, 20)
    assert rolled(outputs, []).loops
    hold(outputs, [], 1)


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("first", [*range(0, 100, 25), *further(*range(100, 300, 25))])
def test_random_recurrences(first: int) -> None:
    for seed in range(first, first + 25):
        outputs, inputs = random_recurrence(seed)
        if all(abs(node.data) < 1e6 for node in replayed(outputs, {})[1].values()):
            batch = np.random.default_rng(seed).uniform(-1, 1, ((1, 2, 3, 17)[seed % 4], len(inputs)))
            check(outputs, inputs, batch if inputs else batch[:1])


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("first", range(0, 30, 10))
def test_random_recurrences_side_by_side(first: int) -> None:
    for seed in range(first, first + 10):
        outputs, inputs = random_copies(seed)
        if all(abs(node.data) < 1e6 for node in replayed(outputs, {})[1].values()):
            batch = np.random.default_rng(seed).uniform(-1, 1, ((1, 2, 3)[seed % 3], len(inputs)))
            check(outputs, inputs, batch if inputs else batch[:1])


@pytest.mark.usefixtures("forced")
def test_nearly_all_random_recurrences_are_loops() -> None:
    long = [seed for seed in range(150) if random_steps(seed) >= 12]
    found = [seed for seed in long if rolled(*random_recurrence(seed)).loops]
    assert len(found) >= 0.93 * len(long)


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", ["lstm", "largest", "mixture"])
def test_loops_without_holes(name: str, exact: bool) -> None:
    outputs, inputs = family(name, 12)
    batch = np.random.default_rng(0).uniform(-0.6, 0.6, (3, len(inputs)))
    of_steps = arrays(outputs, inputs, exact)
    (found,), gradient = interpret(of_steps, batch, np.array([p.data for p in of_steps.parameters]))
    eager = [replayed(outputs, dict(zip(inputs, sample, strict=True))) for sample in batch.tolist()]
    agree(found, [output.data for (output,), _ in eager])
    for (output,), _ in eager:
        output.backward()
    agree(gradient, [sum(new[p].grad for _, new in eager) for p in of_steps.parameters], 100.0)


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("first", [0, 1040, *further(10, 20)])
def test_slopes_of_random_recurrences(first: int) -> None:
    """Several loops, there and back, whose results are joined with what other loops begin with.

    In the last ten a step reads a flow that is the same in all steps, and makes one of the same array.
    """
    for seed in range(first, first + 10):
        (output,), inputs = random_recurrence(seed)
        leaves = [node for node in topological_order(output) if node.is_leaf]
        slopes = [slope for slope in grad(output, leaves, create_graph=True) if not slope.is_leaf]
        outputs = [functional.sum(slope.tanh() for slope in slopes)] if slopes else [output]
        if all(abs(node.data) < 1e3 for node in replayed(outputs, {})[1].values()):
            batch = np.random.default_rng(seed).uniform(-1, 1, ((1, 2, 3)[seed % 3], len(inputs)))
            check(outputs, inputs, batch if inputs else batch[:1])


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("seed", [63736, 64128, 64244, 64520, 64660])
def test_an_adjoint_of_all_steps_and_that_of_one_step_have_two_names(seed: int) -> None:
    (output,), inputs = random_recurrence(seed)
    leaves = [node for node in topological_order(output) if node.is_leaf]
    batch = np.random.default_rng(seed).uniform(-1, 1, (2 if inputs else 1, len(inputs)))
    check([squares(grad(output, leaves, create_graph=True))], inputs, batch)


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("seed", [620053, 620179])
def test_a_stack_of_numbers_is_no_stack_of_vectors_of_one(seed: int) -> None:
    """The results of one loop begin another, which reads them as vectors of length 1; their adjoints are numbers."""
    outputs, inputs = random_recurrence(seed)
    check(outputs, inputs, np.random.default_rng(0).uniform(-1, 1, (2 if inputs else 1, len(inputs))))


@pytest.mark.usefixtures("forced")
def test_a_part_of_a_step_may_read_nothing_that_steps_make() -> None:
    outputs, inputs = random_recurrence(81683)
    check(outputs, inputs, np.random.default_rng(0).uniform(-1, 1, (17, len(inputs))))


@pytest.mark.parametrize("name", ["descent", "rnn_of_losses", "largest", "two_steps_ago"])
def test_hessians_do_not_depend_on_loops(name: str, request: pytest.FixtureRequest) -> None:
    outputs, inputs = family(name, 8)
    sample = np.random.default_rng(0).uniform(-0.6, 0.6, len(inputs))
    wanted = compile(outputs[0], inputs).hessian(sample)
    request.getfixturevalue("forced")
    np.testing.assert_allclose(compile(outputs[0], inputs).hessian(sample), wanted, rtol=1e-11, atol=1e-13)


# ---- that it is a loop is checked


def steps_with(change: int, kind: str) -> tuple[list[Value], list[Value]]:
    """A chain, one of whose steps is another one."""
    w, b, c, x = (Value(v) for v in (0.9, 0.1, 0.3, 0.5))
    y = x
    for t in range(40):
        odd = t == change
        y = (c if odd and kind == "operand" else w) * y**3 + (0.7 if odd and kind == "number" else 0.2) * y + b
        y = y.cos() if odd and kind == "operation" else y.sin()
        y = y + y ** (2.5 if odd and kind == "exponent" else 1.5) * 0.01 if kind == "exponent" else y
        y = y - b * y if odd and kind == "sign" else y + b * y
    return [y], [x]


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("kind", ["operand", "operation", "number", "exponent", "sign"])
@pytest.mark.parametrize("change", [0, 1, 17, 38, 39])
def test_a_step_that_differs_is_no_step_of_the_loop(change: int, kind: str) -> None:
    outputs, inputs = steps_with(change, kind)
    times = [loop.times for loop in rolled(outputs, inputs).loops]
    assert times
    if kind in ("operation", "exponent", "sign"):
        assert max(times) < 40
    check(outputs, inputs, np.array([[0.5], [0.3]]))


@pytest.mark.usefixtures("forced")
def test_what_a_loop_reads_is_not_made_by_it() -> None:
    w, x = Value(0.9), Value(0.5)
    y, seen = x, list[Value]()
    for t in range(30):
        y = (w * y + (seen[10].exp() if t > 15 else Value.constant(0.5) * x)).sin()
        seen.append(y)
    check([y], [x], np.array([[0.5], [0.3]]))


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("seed", range(60))
def test_graphs_without_a_plan(seed: int) -> None:
    rng = random.Random(seed)
    inputs, parameters = values(rng, 2), values(rng, 3)
    nodes = random_graph(rng, inputs + parameters, 60)
    outputs = [functional.sum(node.tanh() for node in nodes[-6:])]
    if all(abs(node.data) < 1e9 for node in replayed(outputs, {})[1].values()):
        check(outputs, inputs, np.random.default_rng(seed).uniform(-1, 1, (3, 2)))


# ---- inf and nan, threads, derivatives


@pytest.mark.usefixtures("forced")
def test_inf_and_nan_are_those_of_the_graph() -> None:
    w, x = Value(1.1), Value(0.5)
    y, z, losses = x, x, []
    for _ in range(30):
        y, z = y * y * w, (z - 0.1).relu() + (z + 0.05).log()
        losses.append(y.minimum(3.0) + z)
    samples = [[0.5], [1e30], [-2.0], [np.inf], [np.nan], [0.0]]
    for outputs in ([functional.sum(losses)], [y], [z]):
        for sample in samples:
            check(outputs, [x], np.array([sample]))


def test_jacobian_hessian_and_copies_of_a_loop() -> None:
    outputs, inputs = family("chain", 80)
    program = compile(outputs[0], inputs)
    assert "for t in" in program.source
    x, h = np.array([v.data for v in inputs]), 1e-6
    step = np.eye(len(x))[0] * h
    slope = (program(x + step) - program(x - step)) / (2 * h)
    assert program.jacobian(x)[0, 0] == pytest.approx(slope, rel=1e-6)
    curve = (program.jacobian(x + step)[0, 0] - program.jacobian(x - step)[0, 0]) / (2 * h)
    assert program.hessian(x)[0, 0] == pytest.approx(curve, rel=1e-5)
    assert copy.deepcopy(program)(x) == program(x)


# ---- what is made of them


def loops_of(source: str) -> list[str]:
    return re.findall(r"for t in (?:reversed\()?range\(\d+\)", source)


@pytest.mark.parametrize("name", ["chain", "rnn_of_losses", "lstm", "lorenz", "encoder_decoder"])
def test_text_and_statements_do_not_depend_on_the_number_of_steps(name: str) -> None:
    sources = [compile(*one_output(family(name, steps))).source for steps in (150, 300)]
    assert len(loops_of(sources[0])) >= 3  # once forward alone, then there and back
    assert len({re.sub(r"\d+", "0", " ".join(source.split())) for source in sources}) == 1


def test_the_source_has_named_steps() -> None:
    program = compile(*one_output(family("rnn_of_losses", 200)))
    assert re.search(r"def step\(.*\):\n    \"\"\"One of 199 steps", program.source)
    assert re.search(r"def step_back\(", program.source)
    assert "199 × (3×3 @ 3×1 × B)" in program.summary
    assert "for t = 198, ..., 0:" in program.passes["differentiate"]
    assert "199 times:" in program.passes["roll"]


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("name", ["rnn_of_losses", "lstm", "lorenz", "two_steps_ago", "by_parameters"])
def test_labels_that_are_names_of_the_source(name: str) -> None:
    outputs, inputs = family(name, 12)
    taken = ["t", "step", "step_back", "B", "before1", "each1", "history1", "slope1", "dafter1", "befores1", "tanhs1"]
    taken += ["x", "theta", "grad", "weight", "np", "d", "ds1", "out"]
    for i, node in enumerate(topological_order(*outputs)):
        node.label = f"{taken[i % len(taken)]}{'' if i < 2 * len(taken) else i % 5}"
    hold(outputs, inputs, 3)


def test_a_few_equal_layers_stay_as_they_are() -> None:
    rng = random.Random(0)
    x = values(rng, 4)
    h: Sequence[Value] = x
    for _ in range(30):
        h = [(functional.dot(row, h) + b).tanh() for row, b in zip(matrix(rng, 4, 4), values(rng, 4), strict=True)]
    assert not rolled([squares(h)], x).loops
    for _ in range(40):
        h = [(functional.dot(row, h) + b).tanh() for row, b in zip(matrix(rng, 4, 4), values(rng, 4), strict=True)]
    assert [loop.times for loop in rolled([squares(h)], x).loops] == [70]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models_without_a_loop_are_left_as_they_are(model: Callable[[Draw], Made]) -> None:
    draw = Draw(0)
    made = model(draw)
    folded = fold(record(made if isinstance(made, list) else [made], draw.inputs))
    assert roll(folded) is folded


def test_parameters_keep_the_order_that_was_asked_for() -> None:
    rng = random.Random(0)
    cell, state = Cell(rng, 3, 2), values(rng, 3)
    asked = [*cell.b, *state, *(w for row in cell.by_input for w in row)][::-1]
    x = matrix(rng, 100, 2)
    for row in x:
        state = cell(state, row)
    inputs = [v for row in x for v in row]
    program = compile(squares(state), inputs, asked)
    assert "for t in" in program.source
    assert list(program.parameters[: len(asked)]) == asked
    check([squares(state)], inputs, np.random.default_rng(0).uniform(-1, 1, (3, 200)))


@pytest.mark.parametrize("varies", [True, *further(False)], ids=["inputs", "no inputs"])
@pytest.mark.parametrize("name", [*[*FAMILIES][::2], *further(*[*FAMILIES][1::2])])
def test_parameters_have_one_order_rolled_or_not(name: str, varies: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs, inputs = family(name, 12)
    has_one_order(outputs, inputs if varies else [], monkeypatch)


@pytest.mark.parametrize("first", [0, *further(*range(10, 60, 10))])
def test_parameters_of_random_recurrences_have_one_order(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(first, first + 10):
        has_one_order(*random_recurrence(seed), monkeypatch)


def has_one_order(outputs: Sequence[Value], inputs: Sequence[Value], monkeypatch: pytest.MonkeyPatch) -> None:
    """With every loop rolled, with those that pay, and with none."""
    programs = [compile(outputs, inputs)]
    for fewest in (0, 10**12):
        monkeypatch.setattr(rolling, "SAVED", fewest)
        monkeypatch.setattr(rolling, "OWN", fewest)
        programs.append(compile(outputs, inputs))
    monkeypatch.undo()
    assert "for t in" not in programs[2].source
    for program in programs:
        assert all(a is b for a, b in zip(program.parameters, programs[0].parameters, strict=True))
        assert program.theta.tolist() == programs[0].theta.tolist()


@pytest.mark.parametrize("count", [2, 7, 30])
def test_equal_chains_side_by_side_are_steps_of_one_loop(count: int) -> None:
    inputs, w = [Value(0.1 * i) for i in range(count)], Value(0.7)
    ends = []
    for x in inputs:
        for _ in range(60):
            x = (w * x + 0.1).sin()
        ends.append(x)
    program = compile(squares(ends), inputs)
    assert len(re.findall(r"for t in", program.source)) == 3  # forward alone, and with the way back
    check([squares(ends)], inputs, np.random.default_rng(0).uniform(-0.6, 0.6, (3, count)))


def networks(count: int, start: Callable[[int], Sequence[Number]]) -> Value:
    """Networks side by side, which share their weights."""
    cell, states = matrix(random.Random(0), 3, 3), []
    for i in range(count):
        state = start(i)
        for _ in range(60):
            state = [z.tanh() for z in affine(cell, state, [0.1] * 3)]
        states += state
    return squares(states)


@pytest.mark.parametrize("count", [2, 7])
def test_what_networks_side_by_side_carry_is_read_as_it_was_made(count: int) -> None:
    inputs = matrix(random.Random(1), count, 3)
    output, xs = networks(count, inputs.__getitem__), [x for row in inputs for x in row]
    source = compile(output, xs).source
    assert f"np.empty((61, 3, {count}, B))" in source
    assert not re.search(r"columns|\.transpose\(0, 2, 3", source)  # nothing is copied into another order
    steps = source[source.index("def step(") : source.index("def views(")]
    assert "tanh" in steps
    assert not re.search(r"\[i\d|transpose", steps)  # nothing is picked out, nothing is read in another order
    check([output], xs, np.random.default_rng(0).uniform(-0.6, 0.6, (3, len(xs))))


STARTS: dict[str, Callable[[int, list[Value]], Sequence[Number]]] = {
    "numbers": lambda i, x: [0.0, 0.1 * i, -0.2],
    "inputs and numbers": lambda i, x: [x[0], 0.0, x[1]],
    "computed apart": lambda i, x: [x[0].exp(), x[1] * x[2], x[2].sin()],
    "all in one": lambda i, x: [x[0] * x[0]] * 3,
    "some of the networks": lambda i, x: x if i else [0.0] * 3,
}


@pytest.mark.parametrize("varies", [True, False], ids=["inputs", "parameters"])
@pytest.mark.parametrize("start", STARTS)
def test_networks_side_by_side_begin_with_anything(start: str, varies: bool) -> None:
    rows = matrix(random.Random(1), 4, 3)
    output, inputs = (
        networks(4, lambda i: STARTS[start](i, rows[i])),
        [x for row in rows for x in row] if varies else [],
    )
    hold([output], inputs, 3 if varies else 1)


@pytest.mark.parametrize("name", ["lstm", "hidden_states"])
def test_of_many_chains_side_by_side_few_are_loops(name: str) -> None:
    """Written out, a line computes a step of many rows of a Hessian; as loops they would be one after the other."""
    outputs, inputs = family(name, 14)
    slopes = grad(outputs[0], inputs, create_graph=True)
    curves = [curve for slope in slopes[::3] for curve in grad(slope, inputs, create_graph=True)]
    folded = fold(record(curves, inputs))
    assert len(roll(folded).loops) <= 1
    assert len(roll(folded, every=True).loops) > 4
