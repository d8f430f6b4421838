"""The chain rule: backward, grad, jacobian, hessian."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from exactness import all_same_bits, same_bits
from fresh_python import run_python

from autograd import Value, detect_anomaly, grad, hessian, jacobian, ops
from autograd.value import record


def test_micrograd_readme_example() -> None:
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert [round(number, 4) for number in (g.data, a.grad, b.grad)] == [24.7041, 138.8338, 645.5773]


@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_two_neurons_in_a_row_learn_one_step(factor: float) -> None:
    w1, b1, w2, b2 = parameters = [Value(0.15), Value(0.4), Value(0.45), Value(0.65)]
    a2 = (w2 * (w1 * 0.1 + b1).sigmoid() + b2).sigmoid()
    (factor * (0.25 - a2) ** 2).backward()
    # With E = ½ (T − a2)², and with E = (T − a2)² twice as large a gradient: half the rate, the same step.
    rate = 0.4 * 0.5 / factor
    for parameter in parameters:
        parameter.data -= rate * parameter.grad
    assert [round(p.data, 4) for p in (w2, b2)] == [0.4272, 0.6121]
    assert [round(p.data, 5) for p in (w1, b1)] == [0.14959, 0.39591]


def test_twice_the_error_has_exactly_twice_the_gradient() -> None:
    def gradients(factor: float) -> list[float]:
        w1, b1, w2, b2 = inputs = [Value(0.15), Value(0.4), Value(0.45), Value(0.65)]
        a2 = (w2 * (w1 * 0.1 + b1).sigmoid() + b2).sigmoid()
        return grad(factor * (0.25 - a2) ** 2, inputs)

    assert gradients(1.0) == [2 * half for half in gradients(0.5)]


# ---- backward


def cube(x: Value) -> Value:
    return x * x * x + x.sin()


def test_leaves_accumulate_and_interior_nodes_do_not() -> None:
    x = Value(3.0)
    square = x * x
    out = square * 2
    out.backward()
    assert (x.grad, square.grad, out.grad) == (12.0, 2.0, 1.0)
    out.backward()
    assert (x.grad, square.grad, out.grad) == (24.0, 2.0, 1.0)
    (x * 10).backward()
    assert (x.grad, square.grad, out.grad) == (34.0, 2.0, 1.0)


def test_a_second_call_doubles_exactly() -> None:
    x = Value(0.7)
    out = cube(x)
    out.backward()
    once = x.grad
    out.backward()
    assert x.grad == 2 * once


@pytest.mark.parametrize("seed", [0.0, 1.0, -2.5, 3, math.inf, math.nan])
def test_seed_scales(seed: float) -> None:
    x = Value(3.0)
    out = x * 2 + 1
    out.backward(seed)
    assert same_bits(x.grad, seed * 2.0)
    assert same_bits(out.grad, float(seed))


def test_backward_of_a_leaf() -> None:
    x = Value(3.0)
    x.backward()
    x.backward(seed=2.5)
    assert x.grad == 3.5


def test_has_grad() -> None:
    x, y = Value(3.0), Value(4.0)
    square = x * x
    out = square * 0
    assert not any(node.has_grad for node in (x, y, square, out))
    out.backward()
    assert all(node.has_grad for node in (x, square, out))
    assert x.grad == 0.0  # computed, and zero
    assert not y.has_grad


def test_zero_grad_forgets_the_whole_graph_and_nothing_beside_it() -> None:
    x, y = Value(3.0), Value(4.0)
    square = x * x
    out = square + 1
    (y * x).backward()
    out.backward()
    out.zero_grad()
    assert not any(node.has_grad for node in (x, square, out))
    assert (x.grad, y.grad) == (0.0, 3.0)
    out.backward()
    assert x.grad == 6.0


def test_the_gradient_is_that_of_the_recorded_point() -> None:
    x, y = Value(2.0), Value(5.0)
    out = x * y + x.exp()
    wanted = grad(out, [x, y])
    x.data, y.data = 100.0, -100.0
    out.backward()
    assert [x.grad, y.grad] == grad(out, [x, y]) == wanted == [5.0 + math.exp(2.0), 2.0]


def test_a_gradient_to_be_recorded_at_another_point_is_refused() -> None:
    x, y = Value(2.0, label="x"), Value(5.0)
    out = x * y
    x.data = 3.0
    with pytest.raises(
        RuntimeError,
        match=r"mul\(x=3.0, 5.0\) was recorded as 10.0, .* \(5.0, 2.0\); now it is 15.0, with \(5.0, 3.0\)",
    ):
        grad(out, y, create_graph=True)


def test_a_second_derivative_is_that_of_the_recorded_point_or_refused() -> None:
    x, y = Value(2.0), Value(1.0)
    out = x**y
    x.data = 3.0
    try:
        slope = grad(out, x, create_graph=True)  # y x^(y - 1) is 1 at both points
    except RuntimeError:
        return
    assert grad(slope, y) == 1 + math.log(2.0)


def test_a_blocked_gradient_leaves_zero() -> None:
    x = Value(3.0)
    (x * x).stop_gradient().backward()
    assert x.grad == 0.0
    x.detach().backward()
    assert x.grad == 0.0


@pytest.mark.parametrize("row", [ops.STOP_GRADIENT, ops.GREATER], ids=lambda row: row.name)
def test_nothing_flows_through_a_blocked_node_of_infinite_slope(row: ops.Operation) -> None:
    x = Value(0.0)
    out = record(row, *(x.sqrt(), Value(1.0))[: len(row.arguments)]) + x
    assert grad(out, x) == grad(out, x, create_graph=True).data == 1.0
    out.backward()
    assert x.grad == 1.0


@pytest.mark.parametrize("make", [lambda x: x * -0.0, lambda x: -(x * 0.0), lambda x: -x.relu()])
def test_the_sign_of_a_zero_gradient_is_that_of_grad(make: Callable[[Value], Value]) -> None:
    x = Value(-2.0)
    out = make(x)
    out.backward()
    assert same_bits(grad(out, x, create_graph=True).data, grad(out, x))
    assert same_bits(x.grad, grad(out, x))


def test_a_failed_pass_leaves_the_leaves() -> None:
    x, y = Value(0.0), Value(2.0)
    y.backward(7.0)
    out = x.sqrt() + y
    with detect_anomaly(), pytest.raises(FloatingPointError):
        out.backward()
    assert (x.has_grad, y.grad) == (False, 7.0)


def test_backward_takes_the_seed_as_a_number() -> None:
    with pytest.raises(TypeError, match="got a Value"):
        Value(1.0).backward(Value(2.0))  # type: ignore[arg-type]


# ---- grad


def test_grad_of_one_and_of_several() -> None:
    x, y = Value(2.0), Value(5.0)
    out = x * y
    assert grad(out, x) == 5.0
    assert grad(out, [x, y]) == grad(out, (x, y)) == [5.0, 2.0]
    assert grad(out, [y, x, y]) == [2.0, 5.0, 2.0]
    assert grad(out, []) == []
    assert type(grad(out, x)) is float


def test_grad_touches_no_gradient() -> None:
    x = Value(2.0)
    out = x * x
    grad(out, x)
    grad(out, x, create_graph=True)
    assert not x.has_grad
    assert not out.has_grad
    x.grad = 9.0
    assert grad(out, x) == 4.0
    assert x.grad == 9.0


def test_an_input_may_be_any_node() -> None:
    x = Value(3.0)
    square = x * x
    out = square * x
    assert grad(out, [out, square, x]) == [1.0, 3.0, 27.0]
    assert grad(out, out.parents[0]) == 3.0
    constant = (x * 7).parents[1]
    assert grad(x * constant, constant) == 3.0


def test_an_input_apart_has_gradient_zero() -> None:
    x, y = Value(3.0), Value(4.0)
    assert grad(x * x, y) == 0.0
    slope = grad(x * x, y, create_graph=True)
    assert (slope.data, slope.is_constant) == (0.0, True)
    child = x * 2
    assert grad(x, child) == 0.0


def test_a_recorded_gradient_is_always_a_value() -> None:
    x = Value(3.0)
    for out in (x, x + 1, x * 2, x - x, Value(1.0), x.stop_gradient(), x.relu()):
        slope = grad(out, x, create_graph=True)
        assert isinstance(slope, Value)
        assert same_bits(slope.data, grad(out, x))


def test_derivatives_of_every_order() -> None:
    """x^6 down to the constant and beyond: 6 x^5, 30 x^4, 120 x³, 360 x², 720 x, 720, 0."""
    x = Value(2.0)
    out = x**6
    found = []
    for _ in range(7):
        out = grad(out, x, create_graph=True)
        found.append(out.data)
    assert found == [192.0, 480.0, 960.0, 1440.0, 1440.0, 720.0, 0.0]


def test_backward_through_a_recorded_gradient() -> None:
    """A penalty on the gradient, as a loss has it: d(y'²)/dx = 2 y' y''."""
    x = Value(0.7)
    slope = grad(cube(x), x, create_graph=True)
    (slope**2).backward()
    first, second = 3 * 0.7**2 + math.cos(0.7), 6 * 0.7 - math.sin(0.7)
    assert x.grad == pytest.approx(2 * first * second, rel=1e-15)


@pytest.mark.parametrize("wrong", [3.0, None, "x", [Value(1.0), 3.0], {Value(1.0)}, [[Value(1.0)]]], ids=repr)
def test_grad_takes_values(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"grad takes .*Values, got (float|NoneType|str|set|list)"):
        grad(Value(1.0), wrong)
    with pytest.raises(TypeError, match="grad takes Values, got"):
        grad(wrong, Value(1.0))


def test_an_input_that_is_not_in_the_graph() -> None:
    """Its gradient is 0; but it may be a mistake, such as a leaf that was made anew since."""
    x, other = Value(2.0, label="x"), Value(2.0, label="other")
    assert grad(x * x, [x, other]) == [4.0, 0.0]
    assert grad(x * x, [x, x], unused="raise") == [4.0, 4.0]
    with pytest.raises(ValueError, match=r"does not depend on inputs\[1\], Value\(data=2.0, grad=0.0, label='other'\)"):
        grad(x * x, [x, other], unused="raise")
    with pytest.raises(ValueError, match="does not depend on"):
        grad(x * x, other, unused="raise", create_graph=True)
    with pytest.raises(ValueError, match="does not depend on"):
        grad(x * other.stop_gradient(), [other], unused="raise")
    with pytest.raises(ValueError, match='unused is "zero" or "raise", got True'):
        grad(x, x, unused=True)  # type: ignore[call-overload]


# ---- jacobian and hessian


def test_jacobian() -> None:
    x, y = Value(2.0), Value(5.0)
    assert jacobian([x * y, x + y, y, Value(1.0)], [x, y]) == [[5.0, 2.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
    assert jacobian([], [x]) == []
    assert jacobian([x, y], []) == [[], []]


def test_hessian() -> None:
    x, y = Value(2.0), Value(5.0)
    assert hessian(x * x * y + y**3, [x, y]) == [[10.0, 4.0], [4.0, 30.0]]
    assert hessian(x + 3 * y, [x, y]) == [[0.0, 0.0], [0.0, 0.0]]
    assert hessian(Value(1.0), [x, y]) == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("x", [-2.0, -0.0, 0.0, 2.0])
@pytest.mark.parametrize(("n", "wanted"), [(1, 0.0), (2, 2.0)])
def test_the_second_derivative_of_whole_powers_is_finite_at_zero_and_below(n: int, wanted: float, x: float) -> None:
    v = Value(x)
    assert hessian(v**n, [v]) == [[wanted]]


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_derivatives_of_every_order_at_zero(n: int) -> None:
    x = Value(0.0)
    out, found = x**n, []
    for _ in range(n + 2):
        out = grad(out, x, create_graph=True)
        found.append(out.data)
    assert found == [math.factorial(n) if order == n else 0.0 for order in range(1, n + 3)]


def test_hessian_of_a_power() -> None:
    x, y = Value(2.0), Value(3.0)
    log = math.log(2.0)
    wanted = [[12.0, 4 * (1 + 3 * log)], [4 * (1 + 3 * log), 8 * log * log]]
    assert hessian(x**y, [x, y]) == [pytest.approx(row, rel=1e-15) for row in wanted]


def test_hessian_of_a_power_at_exponent_zero() -> None:
    x, y = Value(2.0), Value(0.0)
    log = math.log(2.0)
    assert hessian(x**y, [x, y]) == [pytest.approx(row, rel=1e-15) for row in ([0.0, 0.5], [0.5, log * log])]


@pytest.mark.parametrize(
    ("exponent", "wanted"),
    [
        # d²(x^y)/dx² = y (y - 1) x^(y - 2), d²/dx dy = x^(y - 1) (1 + y log x), d²/dy² = x^y (log x)², as x falls to 0
        (3.0, [[0.0, 0.0], [0.0, 0.0]]),
        (2.0, [[2.0, 0.0], [0.0, 0.0]]),
        (1.5, [[math.inf, 0.0], [0.0, 0.0]]),
        (1.0, [[0.0, -math.inf], [-math.inf, 0.0]]),
    ],
)
def test_hessian_of_a_power_at_base_zero(exponent: float, wanted: list[list[float]]) -> None:
    """The limits, also where the way to them leads through log 0."""
    x, y = Value(0.0), Value(exponent)
    assert hessian(x**y, [x, y]) == wanted


# ---- the same bits in every run

EXPRESSION = """
import math
from autograd import Value, functional, grad, hessian

leaves = [Value(math.sin(i + 1)) for i in range(12)]
hidden = [functional.dot(leaves, leaves[i:] + leaves[:i]).tanh() for i in range(12)]
out = functional.logsumexp(hidden) * functional.mean(h * h for h in hidden) + (hidden[0] / (hidden[3] + 2)) ** 3
out.backward()
second = hessian(out, leaves[:3])
print(*(number.hex() for number in (out.data, *(x.grad for x in leaves), *grad(out, leaves), *sum(second, []))))
"""


def test_the_same_bits_in_every_run() -> None:
    """Neither the hashes of strings nor the addresses of objects reach the order of additions."""
    outputs = set()
    for seed in range(4):
        moved = f"other = [object() for _ in range({seed * 997})]\n"
        outputs.add(run_python(moved + EXPRESSION, PYTHONHASHSEED=str(seed)))
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == 34


def test_the_same_bits_in_one_process() -> None:
    def gradients() -> list[float]:
        xs = [Value(math.sin(i + 1)) for i in range(12)]
        out = Value.constant(0.0)
        for i, x in enumerate(xs):
            out = out + (x * xs[i - 1] + out).tanh()
        out.backward()
        return [x.grad for x in xs]

    first = gradients()
    assert all(all_same_bits(first, gradients()) for _ in range(20))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: hessian(x * x, x), "hessian takes a list or an array of Values, got Value"),
        (lambda x: jacobian(x * x, [x]), "jacobian takes a list or an array of Values, got Value"),
        (lambda x: jacobian([x], 3), "jacobian takes a list or an array of Values, got int"),
        (lambda x: grad(x, [x, 2.0]), "grad takes Values, got float: 2.0"),
        (lambda x: grad(3.0, x), "grad takes Values, got float: 3.0"),
    ],
)
def test_wrong_arguments_are_named(call: Callable[[Value], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call(Value(1.0))
