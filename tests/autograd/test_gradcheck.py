"""gradcheck: right functions pass, and each kind of planted error is found and named."""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autograd import Value, functional, gradcheck
from autograd.gradcheck import central_difference, central_differences
from autograd.ops import OPERATIONS, Operation
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
    (lambda x, y: x + y + 3e4, (90.3, 4.3)),  # the last bit of f, over the step, is large beside the derivative
    (lambda *xs: functional.sum(xs), tuple(i / 10 for i in range(60))),
)


@pytest.mark.parametrize(("f", "point"), RIGHT)
@pytest.mark.parametrize("order", [1, 2])
def test_right_functions_pass(f: Callable[..., Value], point: tuple[float, ...], order: int) -> None:
    assert gradcheck(f, point, order=order) is True


def planted(forward: str, *partials: str) -> Callable[..., Value]:
    """A function of an operation whose rules are wrong."""
    row = Operation("planted", "?", forward, partials)

    def f(*xs: Value) -> Value:
        OPERATIONS["planted"] = row
        return record(row, *xs)

    return f


@pytest.fixture(autouse=True)
def _nothing_stays_planted() -> Iterator[None]:
    yield
    OPERATIONS.pop("planted", None)


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
    assert re.fullmatch(rf"d f/d x at \[0\.5, 0\.8\]: {wanted}", argument)
    assert re.fullmatch(rf"the rule of planted, d/dx at \[0\.4\]: {wanted}", rule)


def test_what_a_constant_would_get_is_nobodys_error() -> None:
    """d/dy of x^y is nan where x is negative, and no matter where y is the number 2."""
    assert gradcheck(lambda x: x**2, [-0.5], order=2)
    with pytest.raises(AssertionError, match="the rule of planted, d/dx"):
        gradcheck(lambda x: planted("tanh(x)", "1 - out")(x**2), [-0.5])


def test_the_numbers_of_the_message() -> None:
    with pytest.raises(AssertionError, match=r"d f/d xs\[0\] at \[2\.0\]: got 1\.0, wanted (4\.0|3\.99999)\d*"):
        gradcheck(planted("x * x", "1"), [2.0])
    with pytest.raises(AssertionError, match=r"relative error 7\.5e-01"):  # |1 - 4| / 4
        gradcheck(planted("x * x", "1"), [2.0])


def test_a_wrong_second_derivative_is_caught() -> None:
    """The first derivative is right at every point, but stands in the rule as a number."""

    def f(x: Value) -> Value:
        return planted("exp(x)", repr(math.exp(x.data)))(x)

    assert gradcheck(f, [0.5])
    with pytest.raises(AssertionError, match=r"d² f/d x d x at \[0\.5\]: got 0\.0, wanted 1\.6487"):
        gradcheck(f, [0.5], order=2)


def test_a_wrong_mixed_derivative_is_caught() -> None:
    def f(x: Value, y: Value) -> Value:
        return planted("x * y", repr(y.data), "x")(x, y)

    assert gradcheck(f, [0.5, 0.7])
    with pytest.raises(AssertionError, match=r"d² f/d x d y at .*: got 0\.0, wanted (1\.0|0\.999)"):
        gradcheck(f, [0.5, 0.7], order=2)


def test_a_composition_may_be_wrong_where_every_rule_is_right() -> None:
    """A branch on the data, or a detached value: the argument is named, and no rule is."""
    with pytest.raises(AssertionError, match="d f/d x") as caught:
        gradcheck(lambda x: x * x.detach(), [3.0])
    assert "the rule of" not in str(caught.value)


# ---- names


class Unspeakable:
    """A function that cannot be asked for its arguments' names, as some that are written in C cannot."""

    __signature__ = "none"

    def __call__(self, *xs: Value) -> Value:
        return xs[0].detach()


@pytest.mark.parametrize(
    ("f", "inputs", "name"),
    [
        (lambda bad: bad.detach(), [1.0], "bad"),
        (lambda x, bad: x + bad.detach(), [1.0, 2.0], "bad"),
        (lambda x, *rest: x + rest[1].detach(), [1.0, 2.0, 3.0], "rest[1]"),
        (lambda x, bad=2.0, *, factor=3: x + bad.detach(), [1.0, 2.0], "bad"),
        (lambda x, y: x + y.detach(), [Value(1.0, "w"), Value(2.0, "bias")], "bias"),
        (lambda x, y: x + y.detach(), [Value(1.0, "w"), Value(2.0)], "y"),
        (Unspeakable(), [1.0, 2.0], "argument 0"),
    ],
)
def test_the_message_names_the_argument(f: Callable[..., Value], inputs: list[float | Value], name: str) -> None:
    with pytest.raises(AssertionError, match=rf"^d f/d {re.escape(name)} at \["):
        gradcheck(f, inputs)


def test_a_point_of_many_numbers_is_not_written_out() -> None:
    def f(*xs: Value) -> Value:
        return functional.sum(xs) + xs[85].detach()

    with pytest.raises(AssertionError, match=r"^d f/d xs\[85\] at 8\.5: got 1\.0, wanted (2\.0|1\.99999)"):
        gradcheck(f, [i / 10 for i in range(100)])


def test_inputs_that_are_values_are_left_alone() -> None:
    x = Value(3.0, "x")
    assert gradcheck(lambda x: x * x, [x], order=2)
    assert not x.has_grad


# ---- kinks

KINKS: tuple[tuple[Callable[..., Value], list[float], int, str], ...] = (
    (lambda x: x.relu(), [0.0], 1, "d f/d x at [0.0]: got 0.0 at a kink here, with slopes 0.0 below and 1.0 above"),
    (lambda x: 3 + x.relu() * 2, [0.0], 2, "d f/d x at [0.0]: got 0.0 at a kink here, with slopes 0.0 below and 2.0"),
    (lambda x: x.leaky_relu(0.25), [0.0], 1, "got 0.25 at a kink here, with slopes 0.25 below and 1.0 above"),
    (lambda x: abs(x), [0.0], 2, "d f/d x at [0.0]: got 0.0 at a kink here, with slopes -1.0 below and 1.0 above"),
    (lambda x, y: x.maximum(y), [2.0, 2.0], 2, "d f/d x at [2.0, 2.0]: got 0.5 at a kink here, with slopes 0.0"),
    (lambda x, y: y * x.minimum(2.0), [2.0, 3.0], 2, "d f/d x at [2.0, 3.0]: got 1.5 at a kink here, with slopes 3.0"),
    (lambda x: x.relu() * x, [0.0], 2, "d² f/d x d x at [0.0]: got 0.0 at a kink here, with slopes 0.0 below and 2.0"),
)


@pytest.mark.parametrize(("f", "point", "order", "message"), KINKS)
def test_a_kink_is_called_one(f: Callable[..., Value], point: list[float], order: int, message: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(message)) as caught:
        gradcheck(f, point, order=order)
    assert "; check beside it" in str(caught.value)
    assert "wanted" not in str(caught.value)


@pytest.mark.parametrize("step", [-0.1, 0.1])
@pytest.mark.parametrize(("f", "point"), [row[:2] for row in KINKS])
def test_beside_a_kink_all_is_right(f: Callable[..., Value], point: list[float], step: float) -> None:
    assert gradcheck(f, [point[0] + step, *point[1:]], order=2)


def test_the_operation_with_the_kink_is_named() -> None:
    with pytest.raises(AssertionError, match=r"\nthe rule of relu, d/dx at \[0\.0\]: got 0\.0 at a kink here"):
        gradcheck(lambda x, y: (x * y).relu().tanh() + x.sin(), [0.0, 2.0])


def test_a_mean_of_both_slopes_is_what_central_differences_are() -> None:
    assert gradcheck(lambda x: abs(x), [0.0])
    assert gradcheck(lambda x, y: x.maximum(y), [2.0, 2.0])


@pytest.mark.parametrize("slope", ["-0.1", "1.1", "x * nan"])
def test_what_is_no_slope_of_the_kink_is_wrong(slope: str) -> None:
    slope = slope.replace("nan", "(1 / 0 - 1 / 0)")
    with pytest.raises(AssertionError, match=r"d f/d xs\[0\] at \[0\.0\]: got .*, wanted 0\.5"):
        gradcheck(planted("relu(x)", slope), [0.0])


def test_a_wrong_rule_is_named_rather_than_one_at_a_kink() -> None:
    bad_tanh = planted("tanh(x)", "1 - out")
    with pytest.raises(AssertionError, match="the rule of planted"):
        gradcheck(lambda x: x.relu() + bad_tanh(x + 0.5), [0.0])


# ---- what it costs


def test_the_gradient_is_computed_once_for_each_step_of_each_argument() -> None:
    """Not for each pair of arguments: the calls grow as their number, not as its square."""

    def calls(n: int) -> int:
        count = 0

        def f(*xs: Value) -> Value:
            nonlocal count
            count += 1
            return functional.dot(xs, xs) * xs[0]

        assert gradcheck(f, [0.1 * i for i in range(n)], order=2)
        return count

    assert calls(20) <= 2 * calls(10)


def test_progress_sees_each_argument_once() -> None:
    seen: list[int] = []

    def progress(indices: range) -> Iterator[int]:
        assert len(indices) == 3
        for i in indices:
            yield i
            seen.append(i)

    assert gradcheck(lambda x, y, z: x * y * z, [1.0, 2.0, 3.0], order=2, progress=progress)
    assert seen == [0, 1, 2]


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
    ("f", "x"),
    [
        (Value.log, 1e-4),
        (Value.sqrt, 1e-4),
        (Value.sqrt, 1e-9),
        (Value.log, 1e-12),
        (lambda x: 1 / x, -1e-10),
        (Value.sin, 1e6),
        (lambda x: (x * 1000).sin(), 0.3),
        (lambda x: x * x, 1e-9),
    ],
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


def test_central_differences_of_several_results_take_a_step_of_their_own() -> None:
    """One is even and smooth, the other varies within a thousandth: each gets as many digits as it would alone."""
    found = central_differences(lambda x: [x * x, math.sin(1000 * x)], [0.3], 0)
    alone = [central_difference(f, [0.3], 0) for f in (lambda x: x * x, lambda x: math.sin(1000 * x))]
    assert found == alone
    assert found == pytest.approx([0.6, 1000 * math.cos(300)], rel=1e-7)
