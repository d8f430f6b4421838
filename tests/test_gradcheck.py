"""gradcheck: right functions pass, and each kind of planted error is found and named."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from autograd import Value, gradcheck
from autograd.gradcheck import central_difference
from autograd.ops import Operation
from autograd.value import record

RIGHT: tuple[tuple[Callable[..., Value], tuple[float, ...]], ...] = (
    (lambda x: x, (3.0,)),
    (lambda x: x * x * x, (-2.0,)),
    (lambda x, y: x / y - y**3, (0.3, 1.7)),
    (lambda x, y: x**y, (1.7, 2.3)),
    (lambda x: x.exp() + x.log() + x.sqrt(), (0.8,)),
    (lambda x: x.sin() * x.cos(), (0.4,)),
    (lambda x: x.tanh() + x.sigmoid() + x.softplus(), (-0.6,)),
    (lambda x: x.relu() + x.leaky_relu() + abs(x), (-0.6,)),
    (lambda x, y: x.maximum(y) * x.minimum(y), (0.5, -0.25)),
    (lambda x, y, z: (x * y + z).tanh() * (y - z) / (x * x + 1), (0.5, -0.3, 1.2)),
    (lambda x: Value(2.0) * 3, (1.0,)),
    (lambda x: x * 1000 + 1e6, (123.0,)),
)


@pytest.mark.parametrize(("f", "point"), RIGHT)
@pytest.mark.parametrize("order", [1, 2])
def test_right_functions_pass(f: Callable[..., Value], point: tuple[float, ...], order: int) -> None:
    assert gradcheck(f, point, order=order) is True


def planted(forward: str, *partials: str) -> Callable[..., Value]:
    """A function of an operation that is not in the table."""
    row = Operation("planted", "?", forward, partials)
    return lambda *xs: record(row, *xs)


WRONG: tuple[tuple[str, Callable[..., Value], tuple[float, ...], str], ...] = (
    ("tanh without its square", planted("tanh(x)", "1 - out"), (0.5,), "d/dx"),
    ("a sign", planted("x - y", "1", "1"), (0.5, 0.7), "d/dy"),
    ("exchanged arguments", planted("x * y", "x", "y"), (0.5, 0.7), "d/dx"),
    ("a factor", planted("x ** y", "x ** (y - 1)", "log(x) * out"), (1.5, 2.5), "d/dx"),
    ("a small slip", planted("sin(x)", "cos(x) + 0.00001"), (0.5,), "d/dx"),
    ("nan", planted("x * 1", "0 * log(x)"), (-0.5,), "d/dx"),
    ("inf", planted("x * 1", "1 / 0"), (0.5,), "d/dx"),
    ("a gradient that is blocked", planted("x + y", "1", "0"), (0.5, 0.7), "d/dy"),
)


@pytest.mark.parametrize(("f", "point", "argument"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
@pytest.mark.parametrize("order", [1, 2])
def test_a_wrong_rule_is_caught_and_named(
    f: Callable[..., Value], point: tuple[float, ...], argument: str, order: int
) -> None:
    with pytest.raises(AssertionError, match=re.escape(f"the rule of planted, {argument} at {list(point)}: got ")):
        gradcheck(f, point, order=order)


def test_a_wrong_rule_is_found_among_right_ones() -> None:
    bad_tanh = planted("tanh(x)", "1 - out")

    def f(x: Value, y: Value) -> Value:
        return (bad_tanh(x * y) + 1) * y.exp()

    with pytest.raises(AssertionError) as caught:
        gradcheck(f, [0.5, 0.8])
    argument, rule = str(caught.value).splitlines()
    number = r"-?\d+\.\d+(e-\d+)?"
    wanted = rf"got {number}, wanted {number} by central differences, relative error \d\.\de-0\d"
    assert re.fullmatch(rf"d f/d argument 0 at \[0\.5, 0\.8\]: {wanted}", argument)
    assert re.fullmatch(rf"the rule of planted, d/dx at \[0\.4\]: {wanted}", rule)


def test_what_a_constant_would_get_is_nobodys_error() -> None:
    """d/dy of x^y is nan where x is negative, and no matter where y is the number 2."""
    assert gradcheck(lambda x: x**2, [-0.5], order=2)
    with pytest.raises(AssertionError, match="the rule of planted, d/dx"):
        gradcheck(lambda x: planted("tanh(x)", "1 - out")(x**2), [-0.5])


def test_the_numbers_of_the_message() -> None:
    with pytest.raises(AssertionError, match=r"d f/d argument 0 at \[2\.0\]: got 1\.0, wanted (4\.0|3\.99999)\d*"):
        gradcheck(planted("x * x", "1"), [2.0])
    with pytest.raises(AssertionError, match=r"relative error 7\.5e-01"):  # |1 - 4| / 4
        gradcheck(planted("x * x", "1"), [2.0])


def test_a_wrong_second_derivative_is_caught() -> None:
    """The first derivative is right at every point, but stands in the rule as a number."""

    def f(x: Value) -> Value:
        return planted("exp(x)", repr(math.exp(x.data)))(x)

    assert gradcheck(f, [0.5])
    with pytest.raises(AssertionError, match=r"d² f/d argument 0 d argument 0 at \[0\.5\]: got 0\.0, wanted 1\.6487"):
        gradcheck(f, [0.5], order=2)


def test_a_wrong_mixed_derivative_is_caught() -> None:
    def f(x: Value, y: Value) -> Value:
        return planted("x * y", repr(y.data), "x")(x, y)

    assert gradcheck(f, [0.5, 0.7])
    with pytest.raises(AssertionError, match=r"d² f/d argument 0 d argument 1 at .*: got 0\.0, wanted (1\.0|0\.999)"):
        gradcheck(f, [0.5, 0.7], order=2)


def test_a_composition_may_be_wrong_where_every_rule_is_right() -> None:
    """A branch on the data, or a detached value: the argument is named, and no rule is."""
    with pytest.raises(AssertionError, match="d f/d argument 0") as caught:
        gradcheck(lambda x: x * x.detach(), [3.0])
    assert "the rule of" not in str(caught.value)


def test_tolerance() -> None:
    slip = planted("sin(x)", "cos(x) + 0.001")
    assert gradcheck(slip, [0.5], tolerance=1e-2)
    with pytest.raises(AssertionError):
        gradcheck(slip, [0.5], tolerance=1e-4)


@pytest.mark.parametrize("order", [0, 3, -1, "2", None])
def test_order(order: Any) -> None:
    with pytest.raises(ValueError, match=f"derivatives of order 1 or 2, got {order!r}"):
        gradcheck(lambda x: x, [1.0], order=order)


@pytest.mark.parametrize("result", [1.0, None, [Value(1.0)]], ids=repr)
def test_the_function_returns_a_value(result: Any) -> None:
    with pytest.raises(TypeError, match=f"a function that returns a Value, got {type(result).__name__}"):
        gradcheck(lambda x: result, [1.0])


def test_inputs_are_numbers() -> None:
    with pytest.raises(TypeError, match="expected a real number or a Value, got str"):
        gradcheck(lambda x: x, ["1"])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("f", "x"), [(Value.log, 1e-4), (Value.sqrt, 1e-4), (Value.sin, 1e6), (lambda x: (x * 1000).sin(), 0.3)]
)
def test_right_functions_pass_on_small_and_large_scales(f: Callable[[Value], Value], x: float) -> None:
    assert gradcheck(f, [x])


@pytest.mark.parametrize(
    ("f", "x", "wanted"),
    [
        (math.exp, 1.0, math.e),
        (math.sin, 2.0, math.cos(2.0)),
        (lambda x: x**3, 2.0, 12.0),
        (lambda x: 7.0, 2.0, 0.0),
        (lambda x: 3 * x, 1e6, 3.0),
        (math.log, 0.5, 2.0),
    ],
)
def test_central_difference(f: Callable[[float], float], x: float, wanted: float) -> None:
    """Rounding of f, 1e-16, over a step of 7e-4, and as much of the formula's own error: a few in 1e12."""
    assert central_difference(f, [x], 0) == pytest.approx(wanted, rel=1e-11, abs=1e-11)


def test_central_difference_of_one_argument_among_several() -> None:
    assert central_difference(lambda x, y, z: x * y * y + z, [2.0, 3.0, 5.0], 1) == pytest.approx(12.0, rel=1e-11)
