"""Value: what it holds, what it takes as an operand, and how it behaves as a Python object."""

import math
import operator
import statistics
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, SupportsFloat

import numpy as np
import pytest
from exactness import NASTY, all_same_bits, same_bits

from autograd import Value, grad, ops
from autograd.value import record

inf = math.inf
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
}
METHODS: dict[str, Callable[[Value, Any], Value]] = {
    "leaky_relu": Value.leaky_relu,
    "maximum": Value.maximum,
    "minimum": Value.minimum,
    "equal": Value.equal,
}
FUNCTIONS = [name for name in sorted(ops.BUILT_IN) if ops.operation(name).arguments == ("x",) and name != "neg"]

NUMBERS: tuple[Any, ...] = (
    *(3, 2.5, True, Fraction(3, 2), Decimal("2.5"), 0, -1),
    *(np.float16(1.5), np.float32(0.1), np.float64(2.5), np.longdouble(1.5)),
    *(np.int8(-3), np.int64(3), np.uint64(2**64 - 1), np.bool_(True)),
    *(np.array(2.5), np.array(3), np.array(0.1, dtype=np.float32), np.array(True)),
)
NOT_NUMBERS: tuple[tuple[Any, str], ...] = (
    ("2", "str"),
    (b"2", "bytes"),
    (2j, "complex"),
    (np.complex128(2j), "complex"),
    (np.array(2j), "ndarray of complex128"),
    (np.array("2"), "ndarray of <U1"),
    ([2.0], "list"),
    ((2.0,), "tuple"),
    ({2.0: 2.0}, "dict"),
    (None, "NoneType"),
    (object(), "object"),
)
ARRAYS: tuple[tuple[Any, str], ...] = (
    (np.array([1.0, 2.0]), "ndarray of shape \\(2,\\)"),
    (np.array([[1.0]]), "ndarray of shape \\(1, 1\\)"),
    (np.array([]), "ndarray of shape \\(0,\\)"),
)


def named(x: Any) -> str:
    if type(x) is object:
        return "object"  # its own text has an address
    return f"{type(x).__name__} {x}" if not isinstance(x, str | bytes) else repr(x)


# ---- what a Value holds


def test_a_leaf() -> None:
    x = Value(2.0, label="x")
    assert (x.data, x.grad, x.has_grad, x.label) == (2.0, 0.0, False, "x")
    assert (x.op, x.parents, x.partials, x.is_leaf, x.is_constant) == (None, (), (), True, False)
    assert Value(2.0).label == ""


def test_a_result_remembers_how_it_was_made() -> None:
    x, y = Value(2.0), Value(5.0)
    out = x * y
    assert (out.data, out.op, out.partials, out.label) == (10.0, ops.MUL, (5.0, 2.0), "")
    assert out.parents[0] is x
    assert out.parents[1] is y
    assert not out.is_leaf
    assert not out.is_constant


def test_a_repeated_operand_is_two_parents() -> None:
    x = Value(3.0)
    out = x * x
    assert out.parents == (x, x)
    assert out.partials == (3.0, 3.0)


def test_a_number_in_an_expression_is_a_constant() -> None:
    x = Value(3.0)
    out = 2 * x
    two = out.parents[0]
    assert (two.data, two.is_constant, two.is_leaf, two.parents) == (2.0, True, False, ())
    out.backward()
    assert not two.has_grad
    assert two.grad == 0.0


def test_constant() -> None:
    c = Value.constant(4)
    assert (c.data, c.is_constant, c.is_leaf) == (4.0, True, False)
    c.backward()
    assert not c.has_grad


def test_slots() -> None:
    with pytest.raises(AttributeError):
        Value(1.0).colour = "red"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["is_leaf", "is_constant", "has_grad"])
def test_read_only(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Value(1.0), name, True)


def test_data_and_grad_can_be_set() -> None:
    x = Value(1.0)
    x.data, x.grad = np.float32(2.5), 7
    assert (x.data, x.grad, x.has_grad) == (2.5, 7.0, True)
    assert (type(x.data), type(x.grad)) == (float, float)
    x.data -= 0.5 * x.grad
    assert x.data == -1.0


def test_grad_can_be_forgotten() -> None:
    x = Value(1.0)
    (x * 3).backward()
    x.grad = None  # type: ignore[assignment]
    assert (x.grad, x.has_grad) == (0.0, False)
    (x * 3).backward()
    assert x.grad == 3.0


def test_the_names_of_micrograd() -> None:
    x, y = Value(2.0), Value(5.0)
    out = x * y
    assert (out._prev, out._op, (x + x)._prev, x._prev, x._op) == ({x, y}, "×", {x}, set(), "")
    for name in ("_prev", "_op"):
        with pytest.raises(AttributeError):
            setattr(out, name, None)


@pytest.mark.parametrize(("wrong", "type_name"), NOT_NUMBERS + ARRAYS, ids=[named(x) for x, _ in NOT_NUMBERS + ARRAYS])
def test_only_numbers_are_data_grad_or_seed(wrong: Any, type_name: str) -> None:
    x = Value(1.0)
    for attempt in (
        lambda: Value(wrong),
        lambda: Value.constant(wrong),
        lambda: setattr(x, "data", wrong),
        lambda: x.backward(wrong),
        *([lambda: setattr(x, "grad", wrong)] if wrong is not None else []),
    ):
        with pytest.raises(TypeError, match=f"got {type_name}"):
            attempt()
    assert (x.data, x.has_grad) == (1.0, False)


def test_a_value_is_not_data() -> None:
    with pytest.raises(TypeError, match=r"got a Value: use v\.data for its number"):
        Value(Value(1.0))


@pytest.mark.parametrize("label", [None, 3, b"x", Value(1.0)], ids=named)
def test_a_label_is_a_string(label: Any) -> None:
    with pytest.raises(TypeError, match=f"a label is a string, got {type(label).__name__}"):
        Value(1.0, label)


@pytest.mark.parametrize("number", NUMBERS, ids=named)
def test_every_real_number_is_data(number: Any) -> None:
    x = Value(number)
    assert type(x.data) is float
    assert x.data == float(number)


# ---- operands


@pytest.mark.parametrize("number", NUMBERS, ids=named)
@pytest.mark.parametrize("name", OPERATORS)
def test_a_number_on_either_side_of_every_operator(name: str, number: Any) -> None:
    apply, k = OPERATORS[name], float(number)
    for operands, floats, side in (((Value(1.5), number), (1.5, k), 0), ((number, Value(1.5)), (k, 1.5), 1)):
        out = apply(*operands)
        assert type(out) is Value
        data, partials = ops.operation(name).rule(*floats)
        assert same_bits(out.data, data)
        assert same_bits(grad(out, operands[side]), partials[side])
        assert [parent.is_constant for parent in out.parents] == [side == 1, side == 0]


@pytest.mark.parametrize("number", NUMBERS, ids=named)
@pytest.mark.parametrize("name", METHODS)
def test_a_number_as_second_argument_of_every_method(name: str, number: Any) -> None:
    out = METHODS[name](Value(-1.5), number)
    assert same_bits(out.data, ops.operation(name).rule(-1.5, float(number))[0])


@pytest.mark.parametrize(("wrong", "type_name"), NOT_NUMBERS, ids=[named(x) for x, _ in NOT_NUMBERS])
@pytest.mark.parametrize("name", OPERATORS)
def test_anything_else_is_a_type_error_that_names_it(name: str, wrong: Any, type_name: str) -> None:
    for operands in ((Value(1.5), wrong), (wrong, Value(1.5))):
        with pytest.raises(TypeError, match=f"got {type_name}"):
            OPERATORS[name](*operands)


@pytest.mark.parametrize("name", METHODS)
def test_methods_name_wrong_types_too(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}: expected a real number or a Value, got str: '2'"):
        METHODS[name](Value(1.0), "2")


def test_an_array_is_told_what_takes_arrays() -> None:
    for attempt in (lambda: Value(1.0).maximum(np.ones(3)), lambda: Value(np.ones(3))):
        with pytest.raises(TypeError, match=r"shape \(3,\).*autograd.values.*autograd.compile"):
            attempt()  # type: ignore[no-untyped-call]


def test_a_long_double_complex_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"complex|clongdouble"):
        Value(np.clongdouble(1))


@pytest.mark.parametrize(
    "instant", [np.datetime64("2020-01-01T00:00:00.000000000"), np.timedelta64(5, "ns"), np.ma.masked], ids=named
)
def test_times_and_missing_numbers_are_not_numbers(instant: Any) -> None:
    with pytest.raises(TypeError, match="got"):
        Value(instant)


@pytest.mark.parametrize("apply", [operator.floordiv, operator.mod, operator.matmul, divmod], ids=lambda f: f.__name__)
def test_operators_without_a_rule_do_not_exist(apply: Callable[[Any, Any], Any]) -> None:
    for operands in ((Value(3.0), 2.0), (2.0, Value(3.0)), (Value(3.0), Value(2.0))):
        with pytest.raises(TypeError, match="unsupported operand"):
            apply(*operands)


def test_pow_with_a_modulus_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        pow(Value(2.0), 2, 3)  # type: ignore[call-overload]


@pytest.mark.parametrize("number", [10**400, Fraction(10**400, 3)], ids=["int", "Fraction"])
def test_numbers_beyond_the_largest_float_are_infinite(number: Any) -> None:
    x = Value(number)
    assert x.data == inf
    assert (Value(1.0) - number).data == (-number * Value(2.0)).data == -inf
    assert (number / Value(-2.0)).data == -inf
    assert (Value(2.0) ** -number).data == 0.0
    x.backward(-number)
    assert x.grad == -inf


def test_in_place_operators_record_as_well() -> None:
    x = out = Value(3.0)
    out += 1
    out *= x
    out -= 2
    out /= 2
    out **= 2
    assert (x.data, out.data, grad(out, x)) == (3.0, 25.0, 35.0)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_its_row(name: str) -> None:
    for x in NASTY:
        out = getattr(Value(x), name)()
        data, partials = ops.operation(name).rule(x)
        assert out.op is ops.operation(name)
        assert same_bits(out.data, data)
        assert all_same_bits(out.partials, partials)


def test_signs() -> None:
    x = Value(-2.0)
    assert +x is x
    assert (-x).data == abs(x).data == 2.0
    assert abs(x).op is ops.ABS


def test_leaky_relu_has_a_slope_of_a_hundredth_unless_told() -> None:
    assert Value(-2.0).leaky_relu().data == -0.02
    slope = Value(0.25)
    out = Value(-2.0).leaky_relu(slope)
    assert (out.data, grad(out, slope)) == (-0.5, -2.0)


def test_record_applies_any_row() -> None:
    assert record(ops.GREATER, 3.0, Value(2.0)).data == 1.0
    assert record(ops.MUL_NO_NAN, Value(inf), 0).data == 0.0
    with pytest.raises(TypeError, match="tanh: expected a real number or a Value, got str"):
        record(ops.TANH, "1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda x: x / 0, inf),
        (lambda x: x / -0.0, -inf),
        (lambda x: 0 / (x - 2), math.nan),
        (lambda x: (x - 2).log(), -inf),
        (lambda x: (x - 3).log(), math.nan),
        (lambda x: (x * 1000).exp(), inf),
        (lambda x: (x - 10) ** (1 / 3), math.nan),
        (lambda x: (x - 2) ** -1, inf),
        (lambda x: 1e308 * x * 10, inf),
        (lambda x: x**1e300, inf),
        (lambda x: (x - 3).sqrt(), math.nan),
    ],
)
def test_nothing_overflows_raises_or_turns_complex(make: Callable[[Value], Value], wanted: float) -> None:
    x = Value(2.0)
    out = make(x)
    assert type(out.data) is float
    assert same_bits(out.data, wanted)
    out.backward()
    assert type(x.grad) is float


# ---- scalars of other libraries


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "bool"])
def test_a_torch_scalar_on_either_side_of_every_operator(name: str, kind: str) -> None:
    torch = pytest.importorskip("torch")
    _check_scalar(OPERATORS[name], torch.tensor(2, dtype=getattr(torch, kind)))


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "int32", "bool"])
def test_a_jax_scalar_on_either_side_of_every_operator(name: str, kind: str) -> None:
    jnp = pytest.importorskip("jax.numpy")
    _check_scalar(OPERATORS[name], jnp.array(2, dtype=kind))


def _check_scalar(apply: Callable[[Any, Any], Any], scalar: Any) -> None:
    number = float(scalar)
    for operands, floats in (((Value(1.5), scalar), (1.5, number)), ((scalar, Value(1.5)), (number, 1.5))):
        out = apply(*operands)
        assert type(out) is Value
        assert out.data == apply(*floats)


def test_tensors_with_a_gradient_of_their_own_or_several_numbers_are_refused() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"requires a gradient of its own.*detach"):
        Value(2.0) * torch.tensor(2.0, requires_grad=True)
    with pytest.raises(TypeError):
        Value(2.0) * torch.ones(3)
    with pytest.raises(TypeError, match="got Tensor"):
        Value(torch.tensor(2j))


# ---- as a Python object


@pytest.mark.parametrize("apply", [operator.lt, operator.le, operator.gt, operator.ge], ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", [Value(2.0), 2.0, 2, np.float64(2.0), None], ids=named)
def test_comparisons_point_to_the_data(apply: Callable[[Any, Any], Any], other: Any) -> None:
    for operands in ((Value(1.0), other), (other, Value(1.0))):
        with pytest.raises(TypeError, match=r"not compared with numbers, nor ordered.*v\.data"):
            apply(*operands)


def test_what_needs_an_order_points_to_the_data() -> None:
    values = [Value(2.0), Value(1.0)]
    for attempt in (lambda: max(values), lambda: sorted(values), lambda: min(1.0, values[0])):
        with pytest.raises(TypeError, match=r"v\.data"):
            attempt()


def test_truth_points_to_the_data() -> None:
    attempts: tuple[Callable[[Value], Any], ...] = (bool, operator.not_, lambda x: x and 1, lambda x: 1 if x else 0)
    for attempt in attempts:
        with pytest.raises(TypeError, match=r"no truth value.*v\.data"):
            attempt(Value(0.0))


def test_equality_is_identity() -> None:
    x, y = Value(1.0), Value(1.0)
    assert x == x
    assert x != y
    assert len({x, y, x}) == 2
    assert x in [None, "x", y, x]
    assert y not in [None, "y", x]
    assert [x, y].index(y) == 1
    for other in (None, "1.0", (1.0,), object()):
        assert x != other
        assert other != x
    assert (np.array([x, y]) == y).tolist() == [False, True]


@pytest.mark.parametrize("number", NUMBERS, ids=named)
def test_a_comparison_with_a_number_points_to_the_data(number: Any) -> None:
    """It was False, whatever the number: a branch that is never taken, without a word."""
    for attempt in (lambda: Value(2.5) == number, lambda: number == Value(2.5), lambda: Value(2.5) != number):
        with pytest.raises(TypeError, match=r"not compared with numbers.*v\.data"):
            attempt()


# What would give a number without its gradient: w = 0.5; loss = math.exp(w) * w left w.grad at 1.649, which is 2.473.
CONVERSIONS: dict[str, Callable[[Value], Any]] = {
    "float": float,
    "int": int,
    "complex": complex,
    "round": round,
    "round to digits": lambda v: round(v, 2),
    "math.exp": math.exp,
    "math.floor": math.floor,
    "math.ceil": math.ceil,
    "math.trunc": math.trunc,
    "math.fsum": lambda v: math.fsum([v, v]),
    "math.isclose": lambda v: math.isclose(v, v),
    "% formatting": lambda v: "%.3f" % v,  # noqa: UP031
    "statistics.fmean": lambda v: statistics.fmean([v, v]),
    "an array of floats": lambda v: np.array([v, v], dtype=float),
    "an element of one": lambda v: np.zeros(2).__setitem__(0, v),
    "astype": lambda v: np.array([v]).astype(float),
    "a product into one": lambda v: np.multiply([1.0], v, out=np.zeros(1)),
    "a masked array": lambda v: np.ma.array([v, v], dtype=float),
}


@pytest.mark.parametrize("convert", CONVERSIONS.values(), ids=CONVERSIONS)
def test_no_number_leaves_the_graph_by_itself(convert: Callable[[Value], Any]) -> None:
    with pytest.raises(TypeError, match=r"v\.exp\(\).*v\.data|Cannot cast"):
        convert(Value(0.5))


def test_a_value_is_still_a_number_by_type() -> None:
    assert isinstance(Value(0.5), SupportsFloat)


def test_repr() -> None:
    x = Value(0.1, label="x")
    assert repr(x) == str(x) == f"{x}" == "Value(data=0.1, grad=0.0, label='x')"
    x.backward()
    assert repr(x) == "Value(data=0.1, grad=1.0, label='x')"
    assert repr(Value(-inf)) == "Value(data=-inf, grad=0.0)"
    assert repr(Value(1, label='"\n')) == "Value(data=1.0, grad=0.0, label='\"\\n')"


@pytest.mark.parametrize(
    ("spec", "wanted"), [(".2f", "3.14"), ("8.3f", "   3.142"), ("+.1e", "+3.1e+00"), ("g", "3.14159")]
)
def test_format_is_that_of_the_data(spec: str, wanted: str) -> None:
    assert format(Value(math.pi), spec) == wanted


def test_call_text() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0)
    out = a * b
    out.label = "out"
    assert out.call_text() == "mul(a=2.0, -3.0) (labelled 'out')"
    assert b.call_text() == "leaf(-3.0)"


def test_values_in_numpy_object_arrays() -> None:
    """An array of dtype object holds Values like a list does; its elementwise functions find the methods."""
    x, y = Value(1.0), Value(2.0)
    out = np.dot(np.array([x, y]), np.array([y, y]))
    assert (out.data, grad(out, [x, y])) == (6.0, [2.0, 5.0])
    assert np.exp(np.array([x]))[0].op is ops.EXP


def test_a_leaf_has_no_partials_to_record() -> None:
    with pytest.raises(IndexError, match="a leaf has no parents"):
        Value(1.0).recorded_partial(0)


def test_the_data_of_a_result_is_not_set() -> None:
    x = Value(2.0, "x")
    out = x * 3
    with pytest.raises(AttributeError, match=r"the data of mul\(x=2.0, 3.0\) was computed.*set that of a leaf"):
        out.data = 7.0
    assert out.data == 6.0


def test_what_is_compared_and_no_number_of_ours_is_refused_too() -> None:
    for number in (2 + 0j, np.complex128(2), Decimal(2)):
        with pytest.raises(TypeError, match="not compared with numbers"):
            assert Value(2.0) == number
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="not compared with numbers"):
        assert Value(2.0) == torch.tensor([2.0])
