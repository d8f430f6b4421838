"""Each pass by itself, on generated programs: the interpreter runs what it made, the scalar engine what it was from.

The interpreter asserts that every array has the shape that was derived for it. ``layout`` is held against the scalar
engine, ``differentiate`` too, and the NumPy target against the interpreter.
"""

from __future__ import annotations

import ast
import re
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from compiled import Numbers, agree, replayed
from extensive import further
from generators.models import MODELS
from generators.ragged import ragged
from generators.tensor_programs import elements, loss, steps_of
from generators.tensors import Draw

import autograd.compiler
from autograd import Value, compile, functional, ops
from autograd.compiler.differentiate import differentiate
from autograd.compiler.fold import fold
from autograd.compiler.ir import Apply, Array, ArrayProgram, B, Contract, Define, Number, Reduce, Update, View, product
from autograd.compiler.layout import layout
from autograd.compiler.lift import lift
from autograd.compiler.record import record
from autograd.compiler.targets import numpy as numpy_target
from autograd.compiler.targets.inlining import inline
from autograd.compiler.targets.interpret import interpret
from autograd.compiler.targets.numpy import load, write
from autograd.compiler.targets.sharing import share

COMPILER = Path(autograd.compiler.__file__).parent


def lowered(outputs: Sequence[Value], inputs: Sequence[Value], exact: bool = False) -> ArrayProgram:
    return differentiate(layout(lift(fold(record(outputs, inputs)), exact)))


def rows(program: ArrayProgram, found: Sequence[Numbers], size: int) -> Numbers:
    """The outputs as rows of one number a sample."""
    parts = []
    for output, values in zip(program.outputs, found, strict=True):
        sampled = output.shape[-1:] == (B,)
        columns = np.reshape(values, (-1, size if sampled else 1))
        parts.append(np.broadcast_to(columns, (len(columns), size)))
    return np.concatenate(parts)


def hold(outputs: Sequence[Value], inputs: Sequence[Value], batch: Numbers, exact: bool = False) -> None:
    """The interpreted program against the scalar engine; the written one against the interpreted."""
    program = lowered(outputs, inputs, exact)
    theta = np.array([parameter.data for parameter in program.parameters])
    with np.errstate(all="ignore"):
        found, gradient = interpret(program, batch, theta, weight=0.5)
    eager = [replayed(outputs, dict(zip(inputs, sample, strict=True))) for sample in batch.tolist()]
    numbers = [node.data for _, new in eager for node in new.values() if np.isfinite(node.data)]
    wanted = np.transpose([[output.data for output in made] for made, _ in eager])
    agree(rows(program, found, len(batch)), wanted, max(map(abs, numbers)))
    functions = load(write(program))
    views = functions["views"](theta)
    with np.errstate(all="ignore"):
        written = functions["forward"](np.ascontiguousarray(batch.T), *views)
    agree(
        rows(program, [written] if len(program.outputs) == 1 else written, len(batch)), wanted, max(map(abs, numbers))
    )
    if gradient is None:
        return
    for (output,), _ in eager:
        output.backward(0.5)
    summed = [sum(new[parameter].grad for _, new in eager) for parameter in program.parameters]
    flows = [node.grad * slope for _, new in eager for node in new.values() for slope in node.partials]
    scale = max((abs(flow) for flow in flows if np.isfinite(flow)), default=1.0)
    agree(gradient, summed, scale)
    grad = np.full(len(theta), np.nan)
    with np.errstate(all="ignore"):
        functions["value_and_grad"](np.ascontiguousarray(batch.T), 0.5, *views, *functions["gradient_views"](grad))
    agree(grad, gradient, scale)


@pytest.mark.parametrize("seed", [*range(50), *further(*range(50, 200))])
def test_ragged_programs(seed: int) -> None:
    draw = Draw(1000 + seed)
    outputs = ragged(draw)
    hold(outputs, draw.inputs, draw.batch((1, 2, 3, 17)[seed % 4]), exact=seed % 3 == 0)


@pytest.mark.parametrize("seed", [*range(50), *further(*range(50, 200))])
def test_structured_programs(seed: int) -> None:
    draw = Draw(1000 + seed)
    outputs = elements(draw, steps_of(1000 + seed))
    hold([loss(draw, outputs)] if seed % 4 else outputs, draw.inputs, draw.batch(1 + seed % 3), exact=seed % 3 == 0)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models(model) -> None:
    draw = Draw(1)
    made = model(draw)
    hold(made if isinstance(made, list) else [made], draw.inputs, draw.batch(2))


def let_go(function: ast.stmt) -> None:
    """Each array that a function makes is deleted where it was read last, or is returned; what is not made never is."""
    assert isinstance(function, ast.FunctionDef)
    given = {argument.arg for argument in function.args.args} | {"B"}
    last: dict[str, int] = {}
    made: set[str] = set()
    deleted: dict[str, int] = {}
    for place, line in enumerate(line for line in function.body if not isinstance(line, ast.Delete)):
        names = [node for node in ast.walk(line) if isinstance(node, ast.Name)]
        assert not {name.id for name in names} & deleted.keys()
        last |= {name.id: place for name in names}
        made |= {name.id for name in names if isinstance(name.ctx, ast.Store)} - given
        following = function.body[function.body.index(line) + 1 :][:1]
        if following and isinstance(following[0], ast.Delete):
            deleted |= {name.id: place for name in following[0].targets if isinstance(name, ast.Name)}
    returned = {node.id for node in ast.walk(function.body[-1]) if isinstance(node, ast.Name)}
    assert deleted == {name: last[name] for name in made - returned}


@pytest.mark.parametrize("seed", [*range(3000, 3060), 201698])  # the last: two adjoints of one name
def test_arrays_are_let_go_where_they_were_read_last(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_target, "LONG", 0)
    draw = Draw(seed)
    outputs = ragged(draw) if seed % 2 else [loss(draw, elements(draw, steps_of(seed)))]
    hold(outputs, draw.inputs, draw.batch(1 + seed % 3), exact=seed % 3 == 0)
    functions = ast.parse(write(lowered(outputs, draw.inputs, seed % 3 == 0)).text).body
    for function in functions:
        if isinstance(function, ast.FunctionDef) and function.name in ("forward", "value_and_grad"):
            let_go(function)


def test_a_long_program_needs_no_more_memory_than_a_short_one() -> None:
    x = Value(0.5)
    y = x * 2.0
    for _ in range(150):
        y = (y * y).sin()
    program, batch = compile(y, [x]), np.ones((1000, 1))
    wanted = program(batch)
    tracemalloc.start()
    try:
        np.testing.assert_array_equal(program(batch), wanted)
        assert tracemalloc.get_traced_memory()[1] < 10 * batch.nbytes
    finally:
        tracemalloc.stop()


def test_the_same_program_gives_the_same_source() -> None:
    for seed in range(20):
        draw = Draw(seed)
        program = lowered(ragged(draw), draw.inputs)
        assert write(program).text == write(program).text


@pytest.mark.parametrize("seed", range(60))
def test_what_is_shared_and_put_together_computes_the_same(seed: int) -> None:
    """The passes that a target takes before it writes, to their extremes: all is shared, lines are of any length."""
    draw = Draw(5000 + seed)
    outputs = ragged(draw) if seed % 2 else [loss(draw, elements(draw, steps_of(5000 + seed)))]
    program = lowered(outputs, draw.inputs)
    shared = share(program, lambda expr: 2 * bool(expr.operands))
    together, gone = inline(shared, 1000)
    assert not gone.keys() & {statement.target for statement in together.statements}
    batch, theta = draw.batch(3), np.array([parameter.data for parameter in program.parameters])
    with np.errstate(all="ignore"):
        wanted, gradient = interpret(program, batch, theta)
        for made in (shared, together):
            found, slopes = interpret(made, batch, theta)
            np.testing.assert_array_equal(rows(made, found, 3), rows(program, wanted, 3))
            np.testing.assert_array_equal(slopes, gradient)


def test_what_is_read_twice_has_a_line_and_what_is_read_once_has_none() -> None:
    x, w = Value(0.5, label="x"), Value(2.0, label="w")
    program = layout(lift(fold(record([(w * x).sin() + (w * x).sin().exp() * (w * x).sin()], [x]))))
    assert len(program.statements) == 5
    together, gone = inline(share(program, lambda expr: 0), 1000)
    assert (len(together.statements), len(gone)) == (2, 3)


def test_an_array_that_is_updated_after_it_was_read_is_refused() -> None:
    x, theta, y, z = (Array((3,)) for _ in range(4))
    statements = [Define(y, Apply(ops.EXP, (x,))), Define(z, Apply(ops.SIN, (y,))), Update(y, x, True)]
    program = ArrayProgram(x, theta, [], statements, [z], {}, {})
    for transform in (lambda: share(program, lambda expr: 2), lambda: inline(program, 20)):
        with pytest.raises(TypeError, match="updated after it was read"):
            transform()


def sums_over_rows_of_two_lengths() -> tuple[Value, list[Value], list[Value]]:
    x, b, w = [Value(1.0), Value(2.0)], [Value(0.5), Value(0.6), Value(0.7)], Value(2.0)
    p = [[xi + bj for bj in b] for xi in x]
    y = w * (p[0][0] + p[0][1] + p[0][2]) + w * (p[1][0] + p[1][1]) + functional.sum(2.0 * q for row in p for q in row)
    return y, x, [*b, w]


@pytest.mark.parametrize("size", [1, 2, 3, 17])
def test_what_flows_back_to_ragged_rows_counts_for_each_sample(size: int) -> None:
    """The adjoint of the sums is the same for all samples, and so the mask over it has no axis for the batch."""
    y, inputs, parameters = sums_over_rows_of_two_lengths()
    gradient = compile(y, inputs, parameters).value_and_grad(np.ones((size, 2)))[1]
    np.testing.assert_allclose(gradient, [8.0, 8.0, 6.0, 7.9 - 0.2 + 0.8 * 0.25], rtol=1e-12)


def test_two_rows_picked_in_any_order() -> None:
    x, b = [Value(float(i)) for i in range(3)], [Value(0.1 * i) for i in range(4)]
    p = [[(xi * bj).tanh() for bj in b] for xi in x]
    y = functional.sum(functional.sum(p[i][j] for j in row) for i, row in enumerate([[0, 1, 3], [2, 0], [3, 1, 2]]))
    y = y * b[1] + functional.sum(2.0 * q for row in p for q in row)
    hold([y], x, np.random.default_rng(0).normal(size=(3, 3)))


# ---- shapes


X, W = Array((3,), sampled=True), Array((3,))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Apply(ops.ADD, (X, W)), r"do not fit each other: \(3, B\), \(3,\)"),
        (lambda: Contract(X, Array((4,)), "kB", "k", "B"), "k is 3 long in"),
        (lambda: Define(W, X), r"\(3, B\) does not define an array \(3,\)"),
        (lambda: Update(W, X, True), "do not fit each other"),
        (lambda: Update(View(W, (2,), (1,)), Array((1, 2)), False), "do not fit each other"),
        (lambda: View(W, (2,), (2,), 1), "ends outside of it"),
        (lambda: Reduce("sum", W, (1,)), r"no axes \(1,\)"),
        (lambda: product((B, B)), "no length"),
    ],
)
def test_what_does_not_fit_is_refused_when_it_is_made(make, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_expressions_are_values() -> None:
    assert Apply(ops.ADD, (X, Number(0.0))) == Apply(ops.ADD, (X, Number(0.0)))
    assert Number(0.0) != Number(-0.0)
    assert Number(np.nan) == Number(np.nan)
    assert Array((3,)) != Array((3,))


def test_the_interpreter_finds_a_shape_that_is_not_the_derived_one() -> None:
    y, inputs, _ = sums_over_rows_of_two_lengths()
    program = lowered([y], inputs)
    object.__setattr__(program.statements[0].expr, "shape", (7, 7))
    with pytest.raises(AssertionError, match=r"derived was \(7, 7\)"):
        interpret(program, np.ones((2, 2)), np.ones(len(program.parameters)))


@pytest.mark.parametrize(
    "path", sorted(Path(autograd.compiler.__file__).parent.rglob("*.py")), ids=lambda path: path.name
)
def test_what_guards_numbers_guards_them_without_assertions_too(path: Path) -> None:
    """``python -O`` leaves asserts out: those that are there tell the type checker what a name is, and no more."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assert):
            told = ast.unparse(node.test)
            assert re.fullmatch(r"isinstance\([\w.]+, [\w. |]+\)|[\w.]+( is not None)?", told), (
                f"line {node.lineno}: {told}"
            )
