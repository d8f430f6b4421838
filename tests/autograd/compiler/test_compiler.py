"""The compiler: what each pass makes of an expression, what is found in networks, and the Program."""

from __future__ import annotations

import copy
import gc
import linecache
import math
import pickle
import re
import threading
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from compiled import check

from autograd import Program, Value, compile, functional, grad, hessian, ops, register, value
from autograd.compiler.fold import fold
from autograd.compiler.layout import layout
from autograd.compiler.lift import lift
from autograd.compiler.record import record
from autograd.compiler.singles import with_single_sums
from nn import MLP

# ---- one expression through all passes


def neuron() -> tuple[Value, list[Value]]:
    """tanh(w1 * x1 + w2 * x2 + b), labelled."""
    x1, x2, w1, w2, b = (
        Value(v, label=name) for v, name in zip((1, 2, 3, 4, 5), ("x1", "x2", "w1", "w2", "b"), strict=True)
    )
    return (w1 * x1 + w2 * x2 + b).tanh(), [x1, x2]


def test_one_expression_through_all_passes() -> None:
    output, inputs = neuron()
    recording = record([output], inputs)
    assert (
        str(recording)
        == "%3 = mul(w1, x1)\n%5 = mul(w2, x2)\n%6 = add(%3, %5)\n%8 = add(%6, b)\n%9 = tanh(%8)\nreturn %9"
    )
    folded = fold(recording)
    assert str(folded) == "%8 = w1*x1 + w2*x2 + b\n%9 = tanh(%8)"
    lifted = lift(folded)
    assert str(lifted) == (
        "3: 1 × (1×2 @ 2×1), from parameters, inputs\n4: add of 1, from 3, parameters\n5: tanh of 1, from 4"
    )
    program = layout(lifted)
    assert str(program) == (
        "m1 (B) = dot(theta[0: shape (2,), strides (1,)], x)\n"
        "z1 (B) = add(m1, theta[2: shape (), strides ()])\n"
        "tanh1 (B) = tanh(z1)\nreturn tanh1"
    )
    source = compile(output, inputs).source
    assert "w = theta[0:2]" in source
    assert "tanh1 = np.tanh(w @ x + b)" in source


def test_the_source_of_a_network_reads_as_written_by_hand() -> None:
    x = [Value(0.1, label="x"), Value(0.2, label="x")]
    source = compile(MLP(2, [3, 1], seed=0)(x)[0], x).source
    for line in ("W1 = theta[0:6].reshape(3, 2)", "z1 = W1 @ x + b1", "a1 = np.maximum(z1, 0.0)", "a2 = W2 @ a1 + b2"):
        assert line in source, source


# ---- what is found


def layer(rows: list[list[Value]], xs: list[Value]) -> list[Value]:
    return [functional.dot(row, xs) for row in rows]


def values(*shape: int) -> list:
    rng = np.random.default_rng(0)
    return _values(rng.normal(size=shape).tolist())


def _values(numbers: float | list) -> Value | list:
    return [_values(n) for n in numbers] if isinstance(numbers, list) else Value(numbers)


def mlp() -> tuple[Value, list[Value]]:
    xs = values(4)
    return functional.sum(z.tanh() for z in layer(values(2, 3), [z.relu() for z in layer(values(3, 4), xs)])), xs


def mlp_over_points() -> tuple[Value, list[Value]]:
    model, points = MLP(2, [3, 1], seed=0), np.random.default_rng(0).normal(size=(5, 2)).tolist()
    return functional.mean(model(point)[0].relu() for point in points), []


def convolution() -> tuple[Value, list[Value]]:
    image, filters = values(6, 6), values(2, 9)
    patches = [[image[i + a][j + b] for a in range(3) for b in range(3)] for i in range(4) for j in range(4)]
    output = functional.sum(functional.dot(row, patch).relu() for row in filters for patch in patches)
    return output, [pixel for line in image for pixel in line]


def queries_and_keys() -> tuple[Value, list[Value]]:
    xs = values(5, 4)
    queries, keys = ([layer(matrix, x) for x in xs] for matrix in values(2, 3, 4))
    return functional.sum(functional.dot(q, k).exp() for q in queries for k in keys), [v for x in xs for v in x]


def recurrence() -> tuple[Value, list[Value]]:
    xs, u, w = values(3, 2), values(4, 2), values(4, 4)
    h = [v.tanh() for v in layer(u, xs[0])]
    for x in xs[1:]:
        h = [(a + b).tanh() for a, b in zip(layer(u, x), layer(w, h), strict=True)]
    return functional.sum(h), [v for x in xs for v in x]


FOUND = [
    (mlp, ["(3×4 @ 4×1 × B)", "(2×3 @ 3×1 × B)"]),
    (mlp_over_points, ["(3×2 @ 2×5)", "(1×3 @ 3×5)"]),
    (convolution, ["(2×9 @ 9×16 × B)"]),
    (queries_and_keys, ["(6×4 @ 4×5 × B)", "(5×3 @ 3×5 × B)"]),
    (recurrence, ["(4×2 @ 2×3 × B)", "(4×4 @ 4×1 × B)", "(4×4 @ 4×1 × B)"]),
]


@pytest.mark.parametrize(("build", "products"), FOUND, ids=lambda row: getattr(row, "__name__", ""))
def test_matrix_products_are_found_and_nothing_is_gathered(
    build: Callable[[], tuple[Value, list[Value]]], products: list[str]
) -> None:
    program = compile(*build())
    found = [line.split(": ")[1] for line in program.summary.splitlines()[1:]]
    assert found == products
    assert not any(name.startswith(("i", "order")) for name in program.constants), program.source


def causal_attention() -> tuple[Value, list[Value]]:
    """Each of five positions attends to itself and to those before it; the first one only to itself."""
    xs, queries, keys = values(5, 3), values(2, 3), values(2, 3)
    loss = Value.constant(0.0)
    for t in range(len(xs)):
        scores = [functional.dot(layer(queries, xs[t]), layer(keys, xs[s])) for s in range(t + 1)]
        weights = functional.softmax(scores)
        mixed = [functional.dot(weights, [x[d] for x in xs[: t + 1]]) for d in range(3)]
        loss = loss + functional.sum(m * m for m in mixed)
    return loss, [v for x in xs for v in x]


def test_the_first_position_is_computed_beside_the_others() -> None:
    program = compile(*causal_attention())
    forward = program.source.split("def value_and_grad")[0].split("def forward")[1]
    assert forward.count("np.exp(") == 1
    assert forward.count(" / ") == 1
    assert forward.count("np.where(") == 1  # scores that are not there are -inf; that is all that needs to be said


def test_numbers_that_the_graph_does_not_have_do_not_overflow() -> None:
    loss, inputs = causal_attention()
    program = compile(loss, inputs)
    batch = 100.0 * np.random.default_rng(0).normal(size=(3, len(inputs)))
    program.value_and_grad(batch)
    assert "_exact" not in vars(program), "it had to be computed again without holes"


def test_scores_that_are_not_there_do_not_spoil_what_else_is_made_of_scores() -> None:
    """They are -inf for the softmax; times a weight of 0 that is nan, and so would be what flows back."""
    xs, queries, keys = values(5, 3), values(2, 3), values(2, 3)
    loss = Value.constant(0.0)
    for t in range(len(xs)):
        scores = [functional.dot(layer(queries, xs[t]), layer(keys, xs[s])) for s in range(t + 1)]
        weights = functional.softmax(scores)
        loss = loss + functional.sum((w * s).tanh() for w, s in zip(weights, scores, strict=True))
    inputs = [v for x in xs for v in x]
    program = compile(loss, inputs)
    gradient = program.value_and_grad([v.data for v in inputs])[1]
    np.testing.assert_allclose(gradient, grad(loss, program.parameters), rtol=1e-12)
    assert "_exact" not in vars(program), "it had to be computed again without holes"


def test_no_zero_flows_back_through_a_join() -> None:
    """Nodes of many arrays are copied into one; through some of them no gradient flows, and 0 * inf would be nan."""
    leaves = [Value(0.5 + 0.01 * i) for i in range(14)]
    shapes = ["exp", "sin", "cos", "tanh", "sigmoid", "softplus", "log", "sqrt", "relu", "leaky_relu"]
    nodes = [getattr(leaf, shape)() for leaf, shape in zip(leaves, shapes, strict=False)]
    nodes += [leaf ** (2.5 + i) for i, leaf in enumerate(leaves[len(nodes) :])]
    root = Value(0.0) ** 0.7  # with an infinite slope at 0
    loss = functional.sum(value.record(ops.GREATER, node, root) * node for node in nodes)
    program = compile(loss, [])
    assert "join1" in program.source
    np.testing.assert_allclose(program.value_and_grad()[1], grad(loss, program.parameters), rtol=1e-12)


@pytest.mark.parametrize("factor", [3, 1])
def test_a_square_has_one_flow_of_twice_the_size(factor: int) -> None:
    x = values(3)
    weights = values(factor, 3)
    source = compile(functional.sum(z.tanh() * z.tanh() for z in layer(weights, x)), x).source
    assert source.count("+=") == 0, source
    assert source.count("2.0 * ") == 1, source


def test_what_is_subtracted_transposed_flows_back_transposed() -> None:
    grid = [[(w * x).tanh() for x in values(4)] for w in values(3)]
    loss = functional.sum(grid[i][j].exp() * grid[i][j] for i in range(3) for j in range(4))
    loss = loss + functional.sum((grid[j][i].sin() - grid[i][j]) ** 2 for i in range(3) for j in range(3))
    program = compile(loss, [])
    np.testing.assert_allclose(program.value_and_grad()[1], grad(loss, program.parameters), rtol=1e-12)


def test_a_product_flows_back_to_rows_that_are_picked_one_by_one() -> None:
    xs, weights = values(4, 3), values(3, 3)
    hidden = [[z.tanh() for z in layer(weights, x)] for x in xs]
    picked = [hidden[i] for i in (2, 0, 3)]
    loss = functional.sum(functional.dot(row, row).tanh() for row in hidden)
    loss = loss + functional.sum(functional.dot(a, b).tanh() for a in picked for b in xs)
    inputs = [v for x in xs for v in x]
    program = compile(loss, inputs)
    assert "[i1]" in program.source
    gradient = program.value_and_grad([v.data for v in inputs])[1]
    np.testing.assert_allclose(gradient, grad(loss, program.parameters), rtol=1e-12)


def test_what_is_named_has_a_line_of_its_own() -> None:
    x, w, b = Value(1.0, label="x"), Value(2.0, label="w"), Value(3.0, label="b")
    z = w * x + b
    assert "tanh1 = np.tanh(w * x[0] + b)" in compile(z.tanh(), [x]).source
    z.label = "z"
    source = compile(z.tanh(), [x]).source
    assert "z = w * x[0] + b" in source
    assert "tanh1 = np.tanh(z)" in source


@pytest.mark.parametrize("build", [*(row[0] for row in FOUND), causal_attention], ids=lambda build: build.__name__)
def test_gradients_are_the_eager_ones(build: Callable[[], tuple[Value, list[Value]]]) -> None:
    output, inputs = build()
    program = compile(output, inputs)
    loss, gradient = program.value_and_grad([x.data for x in inputs] if inputs else None)
    np.testing.assert_allclose(loss, output.data, rtol=1e-12)
    np.testing.assert_allclose(gradient, grad(output, program.parameters), rtol=1e-12, atol=1e-14)


def test_products_are_of_one_form_whichever_factor_stands_left() -> None:
    left, right = ([f(leaf) for leaf in values(3)] for f in (Value.sin, Value.exp))
    products = [left[0] * right[0], right[1] * left[1], left[2] * right[2]]
    assert str(lift(fold(record(products, [])))) == (
        "3: sin of 3, from parameters\n4: exp of 3, from parameters\n5: mul of 3, from 3, 4"
    )


def test_forces_between_pairs_are_one_product() -> None:
    bodies = 6
    places = values(bodies)
    distances = [a - b for i, a in enumerate(places) for b in places[i + 1 :]]
    forces = grad(functional.sum((d**2).log() for d in distances), places, create_graph=True)
    last = str(lift(fold(record(forces, places)))).splitlines()[-2:]
    assert [line.split(": ")[1].split(", from")[0] for line in last] == ["mul of 15", "6 × (1×5 @ 5×1)"]


# ---- graphs of every shape

x, y = (Value(v, label=name) for v, name in ((0.7, "x"), (-1.3, "y")))
SHAPES = {
    "leaf": x,
    "square": x * x,
    "power": x**3 + y**-2 + (x + 2) ** y,
    "diamond": (x * y) * (x + y) + (x * y),
    "twice": (x + x) * (x + x),
    "signs": -(x - (y - (x - y))) - -y,
    "numbers": 3 * (x * 0 + 1) - 2 / y + 0 * y,
    "kinks": x.relu() + y.relu() + abs(y) + x.maximum(x) + y.minimum(x) + y.leaky_relu(0.1),
    "ties": functional.sum(reversed([x * 0, y * 0, x])).maximum(x).maximum(y * 0 + 0.7),
    "stopped": x.stop_gradient() * x + (x * y).stop_gradient(),
    "a maximum of several numbers, stopped": x.maximum(0.5).maximum(2.0).maximum(y).stop_gradient() * y,
    "infinite": (x * 0).log() + y,
    "hard softmax": functional.logsumexp([x * 1000, y * 1000, x]),
    "second derivative": grad(x.tanh() * y.exp() / x, x, create_graph=True),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("inputs", [[], [x]], ids=["parameters", "one input"])
def test_shapes_of_graphs(name: str, inputs: list[Value]) -> None:
    output = SHAPES[name]
    program = compile(output, inputs)
    loss, gradient = program.value_and_grad([v.data for v in inputs] if inputs else None)
    np.testing.assert_allclose(loss, output.data, rtol=1e-12)
    np.testing.assert_allclose(gradient, grad(output, program.parameters), rtol=1e-12, atol=1e-15)


def test_rows_of_shared_parameters_in_another_order() -> None:
    p, leaf = values(5), Value(0.5)
    rows = [p[4] * p[1] + p[1] * p[0] + p[0] * leaf, p[1] * p[2] + p[2] * p[4], p[0] * p[2] + p[3] * p[4]]
    np.testing.assert_allclose(compile(rows, [leaf])([0.5]), [row.data for row in rows], rtol=1e-12)
    output = functional.sum(row.tanh() for row in rows)
    program = compile(output, [leaf])
    np.testing.assert_allclose(program.value_and_grad([0.5])[1], grad(output, program.parameters), rtol=1e-12)


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_nothing_times_nan_is_nan(width: int, batch: int) -> None:
    xs, rows, biases = values(3), values(width, 3), values(width)
    outputs = [(z + bias).relu() for z, bias in zip(layer(rows, xs), biases, strict=True)]
    program = compile(functional.sum(outputs), xs)
    _, gradient = program.value_and_grad(np.full((batch, 3), np.nan))
    found = dict(zip(program.parameters, gradient, strict=True))
    assert np.isnan([found[weight] for row in rows for weight in row]).all()


def test_where_no_gradient_flows_nothing_becomes_nan() -> None:
    zero, one = Value(0.0), Value(2.0)
    stopped, log = zero.log().stop_gradient(), one.log()
    output = stopped * one + log
    program = compile(output)
    gradient = dict(zip(program.parameters, program.value_and_grad()[1], strict=True))
    assert (gradient[zero], gradient[one]) == (0.0, -np.inf) == tuple(grad(output, [zero, one]))


def test_a_sum_of_parameters_is_there_before_a_stopped_maximum_of_it() -> None:
    a, b, c, leaf = values(4)
    first, second = a * b + b * c, b * b + a * c
    late = leaf.sin().sin().sin()  # whoever else reads the sums comes after the maximum
    output = first.maximum(second).stop_gradient() * leaf + first * late + second * late
    np.testing.assert_allclose(compile(output, [leaf])([leaf.data]), output.data, rtol=1e-12)


SPECIAL = (-np.inf, -4.0, -0.0, 0.0, 2.0, np.inf, np.nan)


@pytest.mark.parametrize("exponent", [0.5, -0.5, 1.5, 2.5, -3.0])
@pytest.mark.parametrize("of", [lambda v: Value.constant(v), lambda v: Value(v)], ids=["number", "parameter"])
def test_powers_are_those_of_ieee_754(of: Callable[[float], Value], exponent: float) -> None:
    leaf, y = Value(1.0), of(exponent)
    program = compile(1 / leaf**y, [leaf])
    found = program(np.array(SPECIAL)[:, None])
    np.testing.assert_allclose(found, [(1 / Value(v) ** exponent).data for v in SPECIAL], rtol=1e-15)
    base = Value(1.0)
    slope = compile(base**y)
    place = slope.parameters.index(base)
    for v in SPECIAL:
        base.data = v
        np.testing.assert_allclose(slope.value_and_grad()[1][place], grad(base**y, base), rtol=1e-15)


def test_a_hessian_compiles() -> None:
    point = [Value(0.3), Value(-0.8), Value(1.1)]
    output = (point[0] * point[1]).tanh() + point[2] ** 3 * point[0].exp()
    first = grad(output, point, create_graph=True)
    rows = [second for slope in first for second in grad(slope, point, create_graph=True)]
    program = compile(rows, point)
    found = program(np.array([[p.data for p in point]] * 2))
    np.testing.assert_allclose(found, [np.ravel(hessian(output, point))] * 2, rtol=1e-12)


def test_a_long_sum_and_a_deep_chain() -> None:
    total, chain = Value(0.0), Value(0.5)
    for _ in range(20_000):
        total = total + y
    for _ in range(200):
        chain = chain.sin()
    program = compile([total, chain])
    np.testing.assert_allclose(program(), [total.data, chain.data], rtol=1e-12)


def causal() -> tuple[list[Value], list[Value]]:
    """Each position attends to itself and to those before it: a grid with holes."""
    xs = values(4, 2)
    queries, keys = ([layer(matrix, x) for x in xs] for matrix in values(2, 3, 2))
    outputs = []
    for i, query in enumerate(queries):
        weights = [functional.dot(query, key).exp() for key in keys[: i + 1]]
        outputs.append(functional.dot(weights, [x[0] for x in xs[: i + 1]]))
    return outputs, [v for x in xs for v in x]


def test_holes_hold_nothing_that_matters() -> None:
    outputs, inputs = causal()
    program = compile(outputs, inputs)
    sample = np.array([v.data for v in inputs])
    np.testing.assert_allclose(program(sample), [output.data for output in outputs], rtol=1e-12)
    sample[-2] = np.inf  # the last position alone
    assert np.isfinite(program(sample)).tolist() == [True, True, True, False]


@pytest.mark.parametrize("factor", [1.0, 1e3])  # the weights of 1e3 overflow, in the holes before elsewhere
def test_a_gradient_through_holes_is_exact_too(factor: float) -> None:
    outputs, inputs = causal()
    program = compile(functional.sum(output.tanh() for output in outputs), inputs)
    sample = factor * np.array([v.data for v in inputs])
    np.testing.assert_allclose(
        program.value_and_grad(sample)[1], _exact_gradient(program, sample), rtol=1e-10, equal_nan=True
    )


def _exact_gradient(program: Program, sample: np.ndarray) -> np.ndarray:
    exact = program._exact
    _, found = exact.value_and_grad(sample)
    return found[[exact.parameters.index(p) for p in program.parameters]]


def test_without_parameters_the_gradient_is_empty() -> None:
    leaf = Value(2.0)
    loss, gradient = compile(leaf * leaf, [leaf]).value_and_grad([3.0])
    assert (loss, gradient.shape) == (9.0, (0,))


# ---- the Program


def line() -> Program:
    inputs = [Value(0.5, label="x")]
    return compile((Value(2.0, label="w") * inputs[0] + Value(-1.0, label="b")).tanh(), inputs)


def test_batches_samples_and_several_outputs() -> None:
    program = line()
    assert program(np.array([[0.5], [1.0]])).shape == (2,)
    assert isinstance(program([0.5]), float)
    assert program(np.empty((0, 1))).shape == (0,)
    inputs = [Value(1.0), Value(2.0)]
    w = Value(3.0)
    several = compile([w * inputs[0], inputs[1], w, Value.constant(7.0)], inputs)
    np.testing.assert_array_equal(several([[1, 2], [3, 4]]), [[3, 2, 3, 7], [9, 4, 3, 7]])
    np.testing.assert_array_equal(several(np.array([1.0, 2.0])), [3, 2, 3, 7])
    assert compile(w)() == 3.0


def test_theta_takes_the_place_of_the_values() -> None:
    program = line()
    theta = np.array([1.0, 0.0])
    for shift in (0.0, 1.0):  # the second time the same vector has other numbers in it
        theta[1] = shift
        loss, gradient = program.value_and_grad([[0.5]], theta=theta)
        slope = 1 - np.tanh(0.5 + shift) ** 2
        np.testing.assert_allclose([loss, *gradient], [np.tanh(0.5 + shift), 0.5 * slope, slope], rtol=1e-12)
    assert [p.data for p in program.parameters] == [2.0, -1.0]
    program.parameters[0].data = 0.0
    assert program([0.5]) == np.tanh(-1.0)


def test_parameters_come_in_the_order_that_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    points, forces = rng.permutation(12), values(4, 3)
    leaves = [v for row in forces for v in row]
    energy = functional.sum((leaves[i] - leaves[j]) ** 2 * leaves[i].exp() for i, j in pairwise(points))
    idle, spring = Value(5.0), Value(0.5)
    program = compile(spring * energy, [], parameters=[idle, *leaves])
    assert program.parameters == (idle, *leaves, spring)
    loss, gradient = program.value_and_grad()
    np.testing.assert_allclose(gradient, [0.0, *grad(spring * energy, [*leaves, spring])], rtol=1e-12)
    theta = np.array([p.data for p in program.parameters])
    assert program.value_and_grad(theta=theta)[0] == loss
    assert pickle.loads(pickle.dumps(program)).parameters[0].data == 5.0


def test_mean_and_sum() -> None:
    program = line()
    batch = [[0.5], [1.0], [2.0], [-1.0]]
    mean, by_mean = program.value_and_grad(batch)
    total, by_sum = program.value_and_grad(batch, reduction="sum")
    np.testing.assert_allclose([total, *by_sum], np.multiply(4, [mean, *by_mean]), rtol=1e-12)


def test_what_the_output_does_not_depend_on() -> None:
    idle, w = Value(1.0), Value(2.0)
    program = compile(w * w, [idle])
    np.testing.assert_array_equal(program([[5.0], [6.0]]), [4.0, 4.0])
    loss, gradient = program.value_and_grad([[5.0], [6.0]])
    assert (loss, gradient.tolist()) == (4.0, [4.0])
    assert compile((w * w).detach()).value_and_grad() == (4.0, np.array([1.0]))


@pytest.mark.filterwarnings("error")
def test_nan_and_inf_are_computed_without_warnings() -> None:
    inputs = [Value(1.0)]
    program = compile(inputs[0].log() / inputs[0] + inputs[0].exp(), inputs)
    np.testing.assert_array_equal(program([[0.0], [-1.0], [np.inf], [np.nan]]), [-np.inf, np.nan, np.nan, np.nan])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("numbers", [[np.inf, -np.inf], [1e308, 1e308]])
def test_a_batch_is_reduced_without_warnings(numbers: list[float]) -> None:
    leaf, w = Value(1.0), Value(1.0)
    loss, _ = compile(leaf * w, [leaf]).value_and_grad(np.array(numbers)[:, None], "sum")
    np.testing.assert_equal(loss, sum(numbers))
    loss, _ = compile(w * w, [leaf]).value_and_grad(np.zeros((3, 1)), "sum", np.array([1e154]))
    assert loss == np.inf


ERRORS: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: compile(3.0), TypeError, "a Value or a sequence of them as output, got float: 3.0"),  # type: ignore[arg-type]
    (lambda: compile(x * y, x), TypeError, "a sequence of Values as inputs, got Value"),  # type: ignore[arg-type]
    (lambda: compile(x * y, {x, y}), TypeError, "as inputs, got set, which has no order"),  # type: ignore[arg-type]
    (lambda: compile({x: y}), TypeError, "as output, got dict, which has no order"),  # type: ignore[arg-type]
    (lambda: compile([1.0]), TypeError, "takes Values, got an output of type float"),
    (lambda: compile([]), ValueError, "at least one output"),
    (lambda: compile(x * y, [x, y, x]), ValueError, r"inputs\[2\] is inputs\[0\] again"),
    (lambda: compile(x * y, [x * y]), ValueError, r"inputs\[0\] is the result of mul\(x=0.7, y=-1.3\)"),
    (lambda: compile(x * y, [Value.constant(1.0)]), ValueError, r"inputs\[0\] is a constant"),
    (lambda: compile(x * y, [x], [y, y]), ValueError, r"parameters\[1\] is parameters\[0\] again"),
    (lambda: compile(x * y, [x], [x]), ValueError, r"parameters\[0\] is inputs\[0\] again"),
    (lambda: compile(x * y, [x], [x * y]), ValueError, r"parameters must be leaves, .*parameters\[0\] is the result"),
    (lambda: compile(x * y, [x], y), TypeError, "a sequence of Values as parameters"),  # type: ignore[arg-type]
    (lambda: line()(), ValueError, "1 inputs: call it with a batch"),
    (lambda: line()([[1.0, 2.0]]), ValueError, r"shape \(B, 1\), one sample \(1,\); got \(1, 2\)"),
    (lambda: line()([1.0, 2.0, 3.0]), ValueError, r"got \(3,\): one number a sample is batch\[:, None\]"),
    (lambda: line()([[x]]), TypeError, "real numbers, got Values: give their data"),
    (lambda: line()([["a"]]), TypeError, "real numbers, got dtype"),
    (lambda: line()([[1j]]), TypeError, "real numbers, got dtype"),
    (lambda: line().value_and_grad(np.empty((0, 1))), ValueError, "empty batch"),
    (lambda: line().value_and_grad([[1.0]], reduction="max"), ValueError, '"mean" or "sum", got \'max\''),  # type: ignore[arg-type]
    (lambda: line().value_and_grad([[1.0]], theta=np.zeros(3)), ValueError, r"each of 2 parameters, got shape \(3,\)"),
    (lambda: line().value_and_grad([[1.0]], np.zeros(2)), ValueError, "parameters are given as theta="),  # type: ignore[arg-type]
    (lambda: line().value_and_grad([[1.0]], theta=1.0), ValueError, r"got shape \(\)"),  # type: ignore[arg-type]
    (lambda: setattr(line(), "parameters", []), AttributeError, "parameters"),
    (lambda: line()(np.ma.array([[1.0]], mask=[[True]])), TypeError, "got a masked one: fill it"),
    (
        lambda: compile(x * y).value_and_grad(np.zeros(2)),
        ValueError,
        r"given by name, .* program.value_and_grad\(theta=theta\)",
    ),
    (lambda: line().jacobian([[1.0]], wrt="theta"), ValueError, '"inputs" or by "parameters", got wrt=\'theta\''),  # type: ignore[arg-type]
    (lambda: compile([x, y]).hessian(), ValueError, "a hessian is that of one output, this program has 2"),
    (lambda: compile(x * 2)(np.empty((0, 0))), ValueError, "no inputs: call it without a batch"),
    (lambda: compile(x * 2)(np.empty((5, 0))), ValueError, "no inputs: call it without a batch"),
    (lambda: compile(x * 2).value_and_grad([]), ValueError, "no inputs: call it without a batch"),
    (lambda: compile([x, y]).value_and_grad(), ValueError, "one output, this program has 2"),
]


@pytest.mark.parametrize(("act", "error", "message"), ERRORS, ids=[row[2][:30] for row in ERRORS])
def test_bad_input(act: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        act()


@pytest.mark.parametrize("build", [convolution, mlp_over_points, causal_attention], ids=lambda build: build.__name__)
def test_the_source_runs_on_its_own_as_it_says(build: Callable[[], tuple[Value, list[Value]]]) -> None:
    output, inputs = build()
    program = compile(output, inputs)
    namespace: dict[str, Any] = dict(program.constants)
    exec(program.source, namespace)
    namespace["batch"] = np.array([[v.data for v in inputs]] * 2)
    namespace["theta"] = np.array([p.data for p in program.parameters])
    namespace["grad"] = np.empty(len(program.parameters))
    wanted, gradient = program.value_and_grad(namespace["batch"] if inputs else None)
    calls = re.findall(r"^    output = .*$", namespace["__doc__"], re.MULTILINE)
    assert len(calls) == 2
    for call in calls:
        exec(call.strip(), namespace)
        np.testing.assert_allclose(np.mean(namespace["output"]), wanted, rtol=1e-12)
    np.testing.assert_allclose(namespace["grad"], gradient, rtol=1e-12)


def test_long_lines_are_wrapped_and_small_constants_written_down() -> None:
    x = values(300)
    program = compile([a.sin() * b for a, b in zip(x, [2.5, -1.0, 7.0] * 100, strict=True)], x[::-1])
    assert max(map(len, program.source.splitlines())) <= 120
    powers = compile([x[0] * 2.5 + 1.0, x[1] * 3.5 - 2.0], x[:2])
    assert "c1 = np.array([" in powers.source
    assert not powers.constants


def test_a_traceback_shows_the_line() -> None:
    program = line()
    code = program._forward.__code__
    assert "np.tanh" in "".join(linecache.getlines(code.co_filename))


def test_sources_are_forgotten_with_their_programs() -> None:
    gc.collect()
    before = len(linecache.cache)
    programs = [line() for _ in range(5)]
    assert len(linecache.cache) == before + 5
    del programs
    gc.collect()
    assert len(linecache.cache) == before


COPIES: list[Callable[[object], object]] = [lambda held: pickle.loads(pickle.dumps(held)), copy.deepcopy]


@pytest.mark.parametrize("duplicate", COPIES, ids=["pickle", "deepcopy"])
def test_a_copied_program_has_the_copied_parameters(duplicate: Callable[[object], list]) -> None:
    output, inputs = mlp()
    for program in (compile(output, inputs), compile([output, inputs[0] * output], inputs)):
        twin, leaves = duplicate([program, program.parameters])
        assert twin.parameters == leaves
        assert twin.parameters[0] is not program.parameters[0]
        batch = np.linspace(-1, 1, 12).reshape(3, 4)
        np.testing.assert_array_equal(twin(batch), program(batch))
        leaves[0].data += 1.0
        assert not np.array_equal(twin(batch), program(batch))


LABELS = ["x", "lambda", "theta", "np", "ones", "B", "sum", "sigmoid", "views", "a b", "1st", "w); import os", "σ", "ﬁ"]
LABELS += ["x[0]", "'", "", "..", "a.b.c", "dx", "w1", "dw1", "\u0d70", "\u0bf0", "parameter_" * 12, "é" * 150]


def test_any_label_will_do() -> None:
    leaves = [Value(i + 1.0, label=label) for i, label in enumerate(LABELS)]
    output = functional.sum((leaf * leaves[0]).sigmoid() / leaf for leaf in leaves)
    program = compile(output, leaves[:1])
    loss, gradient = program.value_and_grad([1.0])
    np.testing.assert_allclose(loss, output.data, rtol=1e-12)
    np.testing.assert_allclose(gradient, grad(output, program.parameters), rtol=1e-12)
    for node in leaves[1:]:  # each under its own name
        compile(node * leaves[0].sigmoid() + node.sin(), leaves[:1])([1.0])


# ---- theta, derivatives by inputs, exact rows


def test_theta_is_the_data_of_the_parameters() -> None:
    program = line()
    np.testing.assert_array_equal(program.theta, [2.0, -1.0])
    program.theta = [1.0, 0.5]
    assert [p.data for p in program.parameters] == [1.0, 0.5]
    assert program([2.0], theta=np.array([3.0, 1.0])) == pytest.approx(np.tanh(7.0))
    with pytest.raises(ValueError, match=r"each of 2 parameters, got shape \(3,\)"):
        program.theta = np.zeros(3)
    with pytest.raises(ValueError, match=r"each of 2 parameters, got shape \(1,\)"):
        program([2.0], theta=np.zeros(1))


@pytest.mark.parametrize("wrt", ["inputs", "parameters"])
def test_derivatives_are_those_of_the_engine(wrt: Any) -> None:
    xs, rows = values(3), values(2, 3)
    outputs = [z.tanh() for z in layer(rows, xs)]
    program = compile(outputs, xs)
    theta = np.cos(np.arange(6.0))
    batch = np.random.default_rng(0).normal(size=(4, 3))
    got = program.jacobian(batch, wrt=wrt, theta=theta)
    energy = compile(outputs[0] * outputs[1], xs, program.parameters)
    second = energy.hessian(batch, wrt=wrt, theta=theta)
    program.theta = theta
    for sample, jacobian_of, hessian_of in zip(batch.tolist(), got, second, strict=True):
        for leaf, number in zip(xs, sample, strict=True):
            leaf.data = number
        by = xs if wrt == "inputs" else program.parameters
        made = [z.tanh() for z in layer(rows, xs)]
        np.testing.assert_allclose(jacobian_of, [grad(z, by) for z in made], rtol=1e-12)
        np.testing.assert_allclose(hessian_of, hessian(made[0] * made[1], by), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(program.jacobian(batch[0], wrt=wrt), got[0], rtol=1e-12)
    no_inputs = compile(rows[0][0] * rows[0][1])
    assert no_inputs.jacobian(wrt="parameters").shape == (1, 2)
    assert no_inputs.jacobian().shape == (1, 0)


def test_the_passes_are_shown_and_long_graphs_are_cut() -> None:
    passes = line().passes
    assert list(passes) == ["record", "fold", "lift", "layout", "differentiate", "numpy"]
    assert "tanh1 (B) = tanh(s1)" in passes["layout"]
    assert "ds1 (B) = mul(weight, sub(1, mul(tanh1, tanh1)))" in passes["differentiate"]
    chain = Value(0.5)
    for _ in range(3000):
        chain = chain.sin()
    program = compile(chain)
    assert len(str(program).splitlines()) < 500
    assert "lines more" in str(program)
    assert len(str(program.passes).splitlines()) < 3000


@pytest.mark.parametrize("position", [0, 2])
def test_only_what_is_not_finite_is_computed_exactly(position: int, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs, inputs = causal()
    output = functional.sum(output.tanh() for output in outputs)
    program = compile(output, inputs)
    sizes: list[int] = []
    exact = program._exact
    run = exact._differentiated
    monkeypatch.setattr(exact, "_differentiated", lambda x, *rest: sizes.append(x.shape[1]) or run(x, *rest))
    batch = np.random.default_rng(0).normal(size=(50, len(inputs)))
    program.value_and_grad(batch)
    assert not sizes
    batch[7, -1 - position] = np.inf
    _, gradient = program.value_and_grad(batch, "sum")
    assert sizes == [1]
    others, one = (program.value_and_grad(rows, "sum")[1] for rows in (np.delete(batch, 7, axis=0), batch[7:8]))
    np.testing.assert_allclose(gradient, others + one, rtol=1e-12)


def test_the_collector_is_as_it_was_after_compiling() -> None:
    assert gc.isenabled()
    line()
    assert gc.isenabled()


def test_a_program_lets_go_of_the_graph() -> None:
    output, inputs = mlp()
    program = compile(output, inputs)
    packed = program._packed.columns
    assert {id(leaf) for leaf in packed.leaves.values()} == {id(leaf) for leaf in (*inputs, *program.parameters)}
    assert sum(column.nbytes for column in (packed.code, packed.left, packed.right, packed.varies)) <= 11 * len(
        packed.code
    )


def test_operations_of_ones_own_compile_by_their_formula() -> None:
    rows, floats = dict(ops.OPERATIONS), dict(ops.FLOATS)
    try:
        swish = register(ops.Operation("swish", "swish", "x * sigmoid(x)", ("sigmoid(x) + out * (1 - sigmoid(x))",)))
        xs = values(3)
        check([functional.sum(swish(z) for z in layer(values(2, 3), xs))], xs, np.ones((2, 3)))
        row = ops.Operation("gamma", "Γ", "gamma(x)", ("out",), function=math.gamma)
        with pytest.raises(NotImplementedError, match="the NumPy target has no function for the operation 'gamma'"):
            compile(register(row)(xs[0]))
    finally:
        for now, before in ((ops.OPERATIONS, rows), (ops.FLOATS, floats)):
            now.clear()
            now.update(before)


def test_text() -> None:
    program = line()
    assert str(program).splitlines()[0] == "%2 = mul(w, x)"
    assert repr(program) == "<Program of 6 nodes in 3 array operations>"
    assert program.summary.startswith("6 scalar nodes became 3 array operations, forward")


def test_two_threads_share_a_program() -> None:
    program = line()
    found: dict[int, float] = {}

    def run(i: int) -> None:
        theta = np.array([float(i), 0.0])
        for _ in range(200):
            found[i] = program.value_and_grad([[1.0]], theta=theta)[0]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: pytest.approx(np.tanh(i)) for i in range(4)}


def test_nothing_grows_with_the_number_of_calls() -> None:
    output, inputs = mlp()
    program = compile(output, inputs)
    batch = np.zeros((10, 4))
    program.value_and_grad(batch)
    tracemalloc.start()
    for _ in range(3):
        program.value_and_grad(batch)
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(300):
        program.value_and_grad(batch)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 1000


@pytest.mark.parametrize(
    ("numbers", "error", "message"),
    [
        ([[1.0, 2.0], [3.0]], ValueError, "rows of different lengths"),
        ([["a", "b"]], TypeError, "array of real numbers, got dtype <U1"),
        ([[None, 1.0]], TypeError, "array of real numbers, got dtype object"),
        ([[1j, 1.0]], TypeError, "array of real numbers, got dtype complex128"),
    ],
)
def test_batch_and_theta_are_arrays_of_real_numbers(numbers: Any, error: type[Exception], message: str) -> None:
    x, y, w, b = (Value(float(i)) for i in range(4))
    program = compile(w * x + b * y, [x, y])
    with pytest.raises(error, match=f"a batch is an {message}" if error is TypeError else message):
        program(numbers)
    theta = numbers if error is ValueError else numbers[0]
    with pytest.raises(error, match=f"theta is an {message}" if error is TypeError else message):
        program.value_and_grad([[1.0, 2.0]], theta=theta)


HUGE = [1e308, 1.1e308, 1.2e308, -1e308]


@pytest.mark.parametrize("factor", [0.0, -0.0, 0.5, -0.25, 1e-300, 2e-308])
def test_a_common_factor_is_kept_inside_of_the_sum_that_would_overflow(factor: float) -> None:
    leaves, inputs = [Value(h) for h in HUGE], [Value(h) for h in HUGE]
    for scaled in (leaves, inputs):
        check([functional.sum(factor * x for x in scaled)], inputs, np.array([HUGE]))
        check([leaves[0] * 1e-308 + functional.sum(factor * x for x in scaled)], inputs, np.array([HUGE]))


def test_what_has_the_factor_0_is_added() -> None:
    x, w, v = ([Value(float(i)) for i in range(4)] for _ in range(3))
    source = compile(functional.dot(w, x) + functional.sum(0.0 * v_i for v_i in v), x).source
    assert "b1 @ x + (0.0 * b2).sum(0)" in source


def matrix(text: str, rows: int, columns: int) -> list[list[Value]]:
    """Labels as ``text`` has them, of the row i and the column j."""
    return [[Value(0.1 * (i - j), label=text.format(i=i, j=j)) for j in range(columns)] for i in range(rows)]


def products(*matrices: list[list[Value]]) -> Program:
    """All of them by the same vector, summed up behind a tanh."""
    x = [Value(1.0) for _ in matrices[0][0]]
    return compile(functional.sum(functional.dot(row, x).tanh() for rows in matrices for row in rows), x)


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (["W1[{i}][{j}]"], "W1"),
        (["W_{i}_{j}"], "W"),
        (["W{i}{j}"], "W"),
        (["layers[3].neurons[{i}].weights[{j}]"], "W4"),
        (["layers[3].W1[{i}]"], "W1_4"),
        (["Ω[{i},{j}]"], "Ω"),
        (["Wq[{i}][{j}]", "Wk[{i}][{j}]", "Wv[{i}][{j}]"], "Wq_Wk_Wv"),
        (["W1[{i}][{j}]", "W2[{i}][{j}]"], "W"),
        (["W1[{i}]", "U1[{i}]"], "W1_U1"),
        (["query[{i}]", "key[{i}]", "value[{i}]"], "W1"),
        (["a[{i}]", "b[{i}]", "c[{i}]", "d[{i}]"], "W1"),
        (["diff1[{i}]"], "diff1"),
    ],
)
def test_an_array_is_called_what_its_labels_have_in_common(texts: list[str], name: str) -> None:
    source = products(*(matrix(text, 2, 3) for text in texts)).source
    assert f"{name} = theta.reshape({2 * len(texts)}, 3)\n" in source


def test_a_label_that_no_other_shares_keeps_its_number() -> None:
    x, l0, l1, *other = (Value(float(i), label=label) for i, label in enumerate(["x", "l0", "l1", "u", "v"]))
    source = compile((l0 * x).tanh() / (x - l1) + other[0] * other[1].exp(), [x]).source
    assert " l0 = theta[" in source
    assert " l1 = theta[" in source
    hidden = [(Value(1.0) * x).tanh() for _ in range(3)]
    hidden[0].label = "h1"
    assert "h1 = np.tanh(" in compile(functional.sum(hidden), [x]).source


def test_temporaries_give_way_to_labels() -> None:
    x = Value(0.5)
    p1, p2, diff1 = (Value(i + 1.0, label=label) for i, label in enumerate(["p1", "dp2", "diff1"]))
    program = compile(((x * 2.0).exp() * p1 - (x * x * x).sin()) / p2 + ((x.cos() - p1.exp()) ** diff1).log(), [x])
    for label in ("p1", "dp2", "diff1"):
        assert f" {label} = theta[" in program.source
    assert "_2" not in program.source


@pytest.mark.parametrize("label", ["θ", "ω0", "été", "x²", "λ_max"])
def test_a_label_may_be_any_identifier(label: str) -> None:
    x, w, b = Value(0.5), Value(1.0, label=label), Value(2.0)
    source = compile((w * x + b).tanh(), [x]).source
    assert f"{label.replace('²', '2')} = theta[0:1]" in source


def labelled(*labels: str) -> list[Value]:
    return [Value(0.5 + 0.1 * i, label=label) for i, label in enumerate(labels)]


def oscillator() -> tuple[Value, list[Value]]:
    q, momentum, mass, stiffness = labelled("q", "momentum", "mass", "stiffness")
    return momentum**2 / (2 * mass) + 0.5 * stiffness * q**2, [q, momentum]


def kepler() -> tuple[Value, list[Value]]:
    qx, qy, px, py, g, sun, mass = labelled("qx", "qy", "px", "py", "G", "M", "m")
    return (px**2 + py**2) / (2 * mass) - g * sun * mass / (qx**2 + qy**2).sqrt(), [qx, qy, px, py]


def plane() -> tuple[Value, list[Value]]:
    a, b, c, x, y = labelled("a", "b", "c", "x", "y")
    return a * x + b * y + c, [x, y]


def logistic() -> tuple[Value, list[Value]]:
    w, b, x = labelled("w", "b", "x")
    return (w * x + b).sigmoid() + 0.1 * (w * w + b * b), [x]


@pytest.mark.parametrize("build", [oscillator, kepler, plane, logistic])
def test_a_formula_of_labelled_scalars(build: Callable[[], tuple[Value, list[Value]]]) -> None:
    output, inputs = build()
    check([output], inputs, np.linspace(0.5, 1.5, 3 * len(inputs)).reshape(3, -1))


def test_many_named_scalars_are_a_vector() -> None:
    features = labelled("length", "width", "height", "depth")
    weights = labelled("a", "b", "c", "d")
    source = compile(functional.dot(weights, [(f - 1.0) / 2.0 for f in features]), features).source
    assert "theta @ " in source
    assert "[0]" not in source
    weights = labelled("w1", "w2", "b")
    penalized = functional.dot(weights[:2], features[:2]) + weights[2] + functional.sum(w * w for w in weights)
    assert "np.dot(theta, theta)" in compile(penalized, features[:2]).source


def test_a_network_has_no_named_scalars() -> None:
    named = compile(MLP(4, [8, 1], seed=0)(x := labelled("length", "width", "height", "depth"))[0], x)
    assert named.source == compile(MLP(4, [8, 1], seed=0)(y := [Value(1.0) for _ in x])[0], y).source


def test_hashes_that_collide_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograd.compiler.ragged.hashing", lambda count: np.ones(count, dtype=np.int64))
    x = values(4)
    terms = [x[0] * x[1] + x[2].sin(), x[0].exp() + x[1].sin(), x[3] * x[2] + x[3].cos(), x[0] * x[2] + x[1].cos()]
    for output, inputs in [(functional.sum(term.tanh() for term in terms), x), oscillator(), kepler(), mlp()]:
        check([output], inputs, np.linspace(0.5, 1.5, 3 * len(inputs)).reshape(3, -1))


def test_dot_products_are_not_taken_apart_into_sums_of_one_term() -> None:
    output, inputs = mlp()
    recording = record([output], inputs)
    assert with_single_sums(recording) is recording


def test_an_input_to_the_power_of_0_is_1() -> None:
    x, leaves = Value(0.3), [Value(i - 1.5, label=f"c[{i}]") for i in range(4)]
    polynomial = functional.sum(c * x**i for i, c in enumerate(leaves))
    batch = np.array([[0.0], [-0.0], [2.0], [-1.5]])
    check([polynomial], [x], batch)
    check([leaves[0] * (x**0).exp() + x**-0.0], [x], np.array([[np.nan], [np.inf], [-np.inf], [0.0]]))
    check([x**0, x**0 * 3.0 + x, (x**0).log()], [x], batch)
    check([((leaves[0] * 0.0 + 1.0) ** 0 - 1.0).log()], [x], batch)  # of a parameter: 0 times inf is nan
    source = compile(polynomial, [x]).source
    assert "c_0 + c_1 * x[0]" in source
    assert "0.0" not in source
