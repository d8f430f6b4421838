"""Values in NumPy's object arrays: NumPy's operators and functions record, and derivatives have the inputs' shape."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from exactness import same_bits

from autograd import Value, compile, data_of, grad, grad_of, hessian, jacobian, ops, values

Array = Any


def vector(*numbers: float) -> Array:
    return np.array([Value(x) for x in numbers], dtype=object)


# ---- NumPy's operators and functions

W, B = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]), np.array([0.1, 0.2])

# Each is run on Values and on the plain numbers that they hold: NumPy itself says what is right.
RECORDED: dict[str, Callable[[Any, Any], Any]] = {
    "exp of a Value": lambda v, xs: np.exp(v),
    "exp of an array": lambda v, xs: np.exp(xs),
    "floats times a Value": lambda v, xs: np.array([1.0, 2.0]) * v,
    "a Value times floats": lambda v, xs: v * np.array([1.0, 2.0]),
    "array times a Value": lambda v, xs: xs * v,
    "a Value times an array": lambda v, xs: v * xs,
    "an array less a Value": lambda v, xs: xs - v,
    "a Value less an array": lambda v, xs: v - xs,
    "a Value over an array": lambda v, xs: v / xs,
    "a Value to an array": lambda v, xs: v**xs,
    "an array to a Value": lambda v, xs: xs**v,
    "a matrix of floats times a Value": lambda v, xs: W * v,
    "a matrix of floats at an array": lambda v, xs: W @ xs,
    "an affine map": lambda v, xs: np.tanh(W @ xs + B),
    "outer": lambda v, xs: np.outer(xs, W[0]),
    "multiply.outer of a Value": lambda v, xs: np.multiply.outer(W, v),
    "dot": lambda v, xs: np.dot(xs, W[0]),
    "norm": lambda v, xs: np.linalg.norm(xs),
    "sum": lambda v, xs: np.sum(xs),
    "mean": lambda v, xs: np.mean(xs),
    "variance": lambda v, xs: np.var(xs),
    "standard deviation": lambda v, xs: xs.std(),
    "cumsum": lambda v, xs: np.cumsum(xs),
    "product": lambda v, xs: np.prod(xs),
    "maximum of a Value and a number": lambda v, xs: np.maximum(v, 1),
    "maximum of a number and a Value": lambda v, xs: np.maximum(0.3, v),
    "minimum of floats and a Value": lambda v, xs: np.minimum(W, v),
    "maximum of a Value and an array": lambda v, xs: np.maximum(v, xs),
    "absolute": lambda v, xs: np.absolute(-v),
    "square": lambda v, xs: np.square(v),
    "reciprocal": lambda v, xs: np.reciprocal(v),
    "negative": lambda v, xs: np.negative(xs),
    "power": lambda v, xs: np.power(v, 3),
    "where": lambda v, xs: np.where(np.array([True, False, True]), xs, v),
    "numbers of NumPy's": lambda v, xs: np.float64(1.5) * v - np.int64(2),
    "complete": lambda v, xs: (np.array(v, dtype=object) if isinstance(v, Value) else np.array(v)) * v,
    **{f.__name__: (lambda v, xs, f=f: f(v * 0.5)) for f in (np.log, np.sqrt, np.log1p, np.expm1, np.positive)},
    **{f.__name__: (lambda v, xs, f=f: f(v * 0.5)) for f in (np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan)},
    **{f.__name__: (lambda v, xs, f=f: f(v * 0.5)) for f in (np.sinh, np.cosh, np.tanh)},
}


@pytest.mark.parametrize("compute", RECORDED.values(), ids=RECORDED)
def test_numpy_records(compute: Callable[[Any, Any], Any]) -> None:
    numbers = np.array([0.4, 1.2, 0.7])
    v, xs = Value(0.6), vector(*numbers)
    out, wanted = compute(v, xs), compute(0.6, numbers)
    flat = np.ravel(out)
    assert np.shape(out) == np.shape(wanted)
    assert all(isinstance(element, Value) for element in flat)
    np.testing.assert_allclose(data_of(out), wanted, rtol=1e-14)
    for i, element in enumerate(flat):  # and the derivatives are those of what NumPy computes on numbers
        for k, leaf in enumerate([v, *xs]):
            step = 1e-6
            moved = [
                np.ravel(compute(0.6 + (k == 0) * h, numbers + h * (np.arange(1, 4) == k)))[i] for h in (step, -step)
            ]
            assert grad(element, leaf) == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda v: np.arctan2(v, 1.0), "np.arctan2 is not an operation of Values"),
        (lambda v: np.isnan(v), "isnan"),
        (lambda v: np.sign(v), "not compared with numbers"),
        (lambda v: np.greater(v, 1.0), "not compared with numbers"),
        (lambda v: np.array([1.0, 2.0]) == v, "not compared with numbers"),
        (lambda v: np.maximum(np.array([v]), np.array([v])), r"frompyfunc\(autograd\.ops\.MAXIMUM, 2, 1\)\(a, b\)"),
        (lambda v: np.array([v, v]).max(), r"frompyfunc\(autograd\.ops\.MAXIMUM, 2, 1\)"),
        (lambda v: np.array([1j]) * v, "mul: expected a real number or a Value, got complex"),
        (lambda v: np.array(["a"]) + v, "got str"),
        (lambda v: v * [1.0], "mul: expected a real number or a Value, got list"),
        (lambda v: np.add.reduce(np.ones(2), out=np.array([v], dtype=float)), "plain number"),
    ],
)
def test_what_numpy_cannot_record_raises(attempt: Callable[[Value], Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        attempt(Value(2.0))


def test_the_numbers_of_numpy_become_constants_and_the_order_of_operands_stays() -> None:
    v = Value(3.0)
    (out,) = np.array([2.0]) - np.array([v], dtype=object)
    assert (out.op, out.parents[0].is_constant, out.parents[1]) == (ops.SUB, True, v)
    assert np.maximum(1.0, v).parents[1] is v


def test_the_maximum_of_two_arrays_as_the_error_says() -> None:
    a, b = np.array([Value(1.0), Value(5.0)]), np.array([Value(2.0), Value(3.0)])
    out = np.frompyfunc(ops.MAXIMUM, 2, 1)(a, b)
    assert [v.data for v in out] == [2.0, 5.0]
    assert grad(out.sum(), [*a, *b]) == [0.0, 1.0, 1.0, 0.0]


def test_an_array_of_no_dimension_is_its_one_value_on_either_side() -> None:
    v, w = Value(3.0), Value(2.0)
    boxed = np.array(w, dtype=object)
    for out, parents in ((v * boxed, (v, w)), (boxed * v, (w, v)), (v - boxed, (v, w)), (v**boxed, (v, w))):
        assert out.parents == parents


# ---- derivatives in the shape of the inputs

ONE_RULE = {
    "a list": lambda xs: list(xs),
    "a tuple": tuple,
    "a generator": lambda xs: (x for x in xs),
    "the keys of a dict": lambda xs: dict.fromkeys(xs).keys(),
    "the values of a dict": lambda xs: dict(enumerate(xs)).values(),
    "a map": lambda xs: map(list(xs).__getitem__, range(len(xs))),
}


@pytest.mark.parametrize("as_inputs", ONE_RULE.values(), ids=ONE_RULE)
def test_any_iterable_of_inputs_gives_a_list(as_inputs: Callable[[Array], Any]) -> None:
    xs = vector(1.0, 2.0, 3.0)
    out = xs[0] * xs[1] * xs[2]
    assert grad(out, as_inputs(xs)) == [6.0, 3.0, 2.0]
    assert jacobian(as_inputs(xs), as_inputs(xs)) == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert hessian(out, as_inputs(xs)) == [[0.0, 3.0, 2.0], [3.0, 0.0, 1.0], [2.0, 1.0, 0.0]]


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0)])
def test_an_array_of_inputs_gives_an_array_of_its_shape(shape: tuple[int, ...]) -> None:
    numbers = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    xs = values(numbers)
    out = sum((x**3 for x in xs.ravel()), Value(0.0))
    slope = grad(out, xs)
    assert (slope.dtype, slope.shape) == (np.float64, shape)
    np.testing.assert_allclose(slope, 3 * numbers**2, rtol=1e-15)
    recorded = grad(out, xs, create_graph=True)
    assert (recorded.dtype, recorded.shape) == (np.object_, shape)
    curvature = hessian(out, xs)
    assert curvature.shape == (*shape, *shape)
    np.testing.assert_allclose(curvature.reshape(xs.size, xs.size), np.diag(6 * numbers.ravel()), rtol=1e-15)


def test_the_jacobian_of_arrays_has_both_shapes() -> None:
    xs = values([[1.0, 2.0], [3.0, 4.0]])
    out = np.array([1.0, 10.0, 100.0])[:, None] @ xs[:1]  # out[i, j] = 10**i x[0, j]
    wanted = np.einsum("i,k,jl->ijkl", [1.0, 10.0, 100.0], [1.0, 0.0], np.eye(2))
    np.testing.assert_array_equal(jacobian(out, xs), wanted)
    np.testing.assert_array_equal(jacobian(list(out.ravel()), xs), wanted.reshape(6, 2, 2))
    np.testing.assert_array_equal(jacobian(out, list(xs.ravel())), wanted.reshape(3, 2, 4))


def test_an_array_of_floats_is_told_that_it_holds_no_values() -> None:
    with pytest.raises(TypeError, match="grad takes Values, got float"):
        grad(Value(1.0), np.ones(2))  # type: ignore[call-overload]


# ---- values, data_of, grad_of


def test_values_are_labelled_leaves() -> None:
    weights = values([[1, 2], [3, 4]], label="W")
    assert weights.shape == (2, 2)
    assert all(leaf.is_leaf for leaf in weights.flat)
    assert [leaf.label for leaf in weights.flat] == ["W[0,0]", "W[0,1]", "W[1,0]", "W[1,1]"]
    assert [leaf.label for leaf in values([1.0, 2.0])] == ["", ""]
    assert values(3.0, label="s").item().label == "s"
    assert values([], label="e").shape == (0,)
    with pytest.raises(TypeError, match="got complex"):
        values([1j])


def test_numbers_and_gradients_come_back() -> None:
    weights = values([[1.0, 2.0], [3.0, 4.0]], label="W")
    loss = ((weights @ np.array([0.5, -1.0])) ** 2).sum()
    loss.backward()
    np.testing.assert_array_equal(data_of(weights), [[1.0, 2.0], [3.0, 4.0]])
    residual = np.array([[1.0, 2.0], [3.0, 4.0]]) @ [0.5, -1.0]
    np.testing.assert_allclose(grad_of(weights), 2 * np.outer(residual, [0.5, -1.0]), rtol=1e-15)
    assert data_of([[weights[0, 0]], [weights[1, 1]]]).tolist() == [[1.0], [4.0]]
    assert same_bits(float(data_of(loss)), loss.data)
    assert data_of(values(np.zeros((0, 3)))).shape == (0, 3)


def test_numbers_come_back_from_values_only() -> None:
    with pytest.raises(TypeError, match=r"wanted an array of Values, got float at \[1\]: 2\.0"):
        data_of([Value(1.0), 2.0])


# ---- masked arrays: a mask would be lost, or the gradient

MASKED = np.ma.array([1.0, 2.0, 9.0], mask=[False, False, True])
MASKED_CALLS: dict[str, Callable[[Value, Array], Any]] = {
    "a product": lambda v, xs: MASKED * v,
    "a product from the left": lambda v, xs: v * MASKED,
    "a sum of arrays": lambda v, xs: MASKED + xs * v,
    "a power": lambda v, xs: MASKED**v,
    "a comparison": lambda v, xs: v > MASKED,
    "np.multiply": lambda v, xs: np.multiply(v, MASKED),
    "np.ma.exp": lambda v, xs: np.ma.exp(v),
    "np.ma.multiply": lambda v, xs: np.ma.multiply(v, 2.0),
    "np.ma.median": lambda v, xs: np.ma.median(v),
    "an element": lambda v, xs: MASKED.copy().__setitem__(0, v),
    "values": lambda v, xs: values(MASKED),
    "data_of": lambda v, xs: data_of(np.ma.array(list(xs), mask=[True, False, False], dtype=object)),
}


@pytest.mark.parametrize("compute", MASKED_CALLS.values(), ids=MASKED_CALLS)
def test_a_masked_array_is_refused_or_recorded(compute: Callable[[Value, Array], Any]) -> None:
    """NumPy's masked arrays take the attribute _data of whatever they meet for its numbers."""
    v = Value(0.5)
    try:
        out = compute(v, vector(1.0, 2.0, 3.0))
    except (TypeError, ValueError, AttributeError):
        return
    elements = [element for element in np.ma.ravel(out) if element is not np.ma.masked]
    assert elements
    assert all(isinstance(element, Value) for element in elements)
    assert grad(elements[0], v) != 0.0


MASKED_FUNCTIONS = {name: f for name, f in vars(np.ma).items() if type(f).__name__.startswith("_Masked")}


@pytest.mark.parametrize("function", MASKED_FUNCTIONS.values(), ids=MASKED_FUNCTIONS)
def test_no_function_of_masked_arrays_takes_a_value_for_its_number(function: Callable[..., Any]) -> None:
    for operands in ((Value(0.5),), (Value(0.5), 2.0), (2.0, Value(0.5))):
        try:
            out = function(*operands)
        except Exception:  # of whatever kind: it is no number
            continue
        assert isinstance(out if isinstance(out, Value) else np.ma.getdata(out).item(), Value | bool)


@pytest.mark.parametrize("shape", [(4,), (2, 2), (1, 4), (2, 1, 2)])
def test_compile_takes_an_array_flattened(shape: tuple[int, ...]) -> None:
    xs, w = values(np.arange(1.0, 5.0).reshape(shape), "x"), values(np.ones(shape), "w")
    program = compile(np.tanh(xs * w), xs, w)
    batch = np.linspace(-1.0, 1.0, 12).reshape(3, 4)
    np.testing.assert_allclose(program(batch), np.tanh(batch), rtol=1e-15)
    assert [parameter.label for parameter in program.parameters] == [leaf.label for leaf in w.ravel()]
    generated = compile(np.tanh(xs * w), (x for x in xs.ravel()), (leaf for leaf in w.ravel()))
    np.testing.assert_array_equal(generated(batch), program(batch))
