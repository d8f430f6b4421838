"""Random expressions: value, gradient and Hessian against 50 digits, and the ways to a gradient against each other.

An expression is a list of steps, each an operation on earlier results; so results are shared, used twice or not at all.
The same steps run on Values and on numbers of 50 digits.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from exactness import NASTY, exact, mp, rounded, same_bits
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograd import Value, grad, gradcheck, hessian
from autograd.ops import OPERATIONS
from autograd.value import record


@dataclass(frozen=True)
class Functions:
    """Steps on numbers of one kind, smooth and bounded or nearly so: none leaves its domain, few grow."""

    constant: Callable[[float], Any]
    steps: dict[str, Callable[[Any, Any], Any]]

    @classmethod
    def of(cls, constant: Callable[[float], Any], f: Callable[[str, Any], Any]) -> "Functions":
        return cls(
            constant,
            {
                "add": lambda a, b: a + b,
                "sub": lambda a, b: a - b,
                "mul": lambda a, b: a * b,
                "div": lambda a, b: a / (b * b + 1),
                "neg": lambda a, b: -a,
                "pow": lambda a, b: (a * a + 0.5) ** f("tanh", b),
                "square": lambda a, b: a**2,
                "reciprocal": lambda a, b: 1 / (a * a + 1),
                "power of two": lambda a, b: 2.0 ** f("sin", a),
                "exp": lambda a, b: f("exp", f("sin", a)),
                "log": lambda a, b: f("log", a * a + 0.5),
                "sqrt": lambda a, b: f("sqrt", a * a + 0.5),
                "sin": lambda a, b: f("sin", a),
                "cos": lambda a, b: f("cos", a),
                "tanh": lambda a, b: f("tanh", a),
                "sigmoid": lambda a, b: f("sigmoid", a),
                "softplus": lambda a, b: f("softplus", a),
            },
        )


EXACT: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(mp, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
}
ON_VALUES = Functions.of(Value.constant, lambda name, x: getattr(x, name)())
ON_50_DIGITS = Functions.of(mp.mpf, lambda name, x: EXACT[name](x))

Step = tuple[str, int, int]


@dataclass(frozen=True)
class Expression:
    """``steps`` on a stack that starts with the constants and the inputs; the last three make the result."""

    inputs: tuple[float, ...]
    constants: tuple[float, ...]
    steps: tuple[Step, ...]

    def run(self, inputs: Sequence[Any], functions: Functions) -> Any:
        stack = [*map(functions.constant, self.constants), *inputs]
        for name, i, j in self.steps:
            stack.append(functions.steps[name](stack[-1 - i % len(stack)], stack[-1 - j % len(stack)]))
        return stack[-1] * stack[-2] + stack[-3]


numbers = st.integers(-1500, 1500).filter(bool).map(lambda n: n / 1000)  # not 0: powers at 0 are a test of backward
back = st.sampled_from((0, 0, 1, 1, 2, 3, 4, 5, 6, 7))  # how far below the top of the stack an operand stands
expressions = st.builds(
    Expression,
    st.tuples(numbers, numbers, numbers),
    st.just((0.5, -1.25)),
    st.lists(st.tuples(st.sampled_from(sorted(ON_VALUES.steps)), back, back), min_size=8, max_size=12).map(tuple),
)


def derivative(expression: Expression, *which: int) -> float:
    """The derivative by the arguments named, from differences in 50 digits."""
    return differences(expression, tuple(which.count(i) for i in range(len(expression.inputs))))


@lru_cache(maxsize=9)  # by two arguments, in whichever order
def differences(expression: Expression, order: tuple[int, ...]) -> float:
    found = mp.diff(lambda *xs: expression.run(xs, ON_50_DIGITS), tuple(exact(expression.inputs)), order)
    return rounded(found)


def near(got: float, wanted: float) -> bool:
    """Within 1e-12, of itself or of 1.

    That is 4500 ulps: 16 roundings on the way, each magnified by the slope of what follows, which the bounds on the
    inputs and the growth of the steps keep below a few hundred. A wrong rule is off by far more.
    """
    return abs(got - wanted) <= 1e-12 * max(1.0, abs(wanted))


@settings(max_examples=150)
@given(expressions)
def test_value_gradient_and_hessian_against_50_digits(expression: Expression) -> None:
    wanted = rounded(expression.run(exact(expression.inputs), ON_50_DIGITS))
    assume(abs(wanted) < 100)
    leaves = [Value(x) for x in expression.inputs]
    out = expression.run(leaves, ON_VALUES)
    assert near(out.data, wanted)
    for i, got in enumerate(grad(out, leaves)):
        assert near(got, derivative(expression, i)), f"d/d input {i}"
    for i, row in enumerate(hessian(out, leaves)):
        for j, got in enumerate(row):
            assert near(got, derivative(expression, i, j)), f"d²/d input {i} d input {j}"


@settings(max_examples=60)
@given(expressions)
def test_gradcheck_agrees(expression: Expression) -> None:
    assert gradcheck(lambda *xs: expression.run(xs, ON_VALUES), expression.inputs, order=2)


@settings(max_examples=60)
@given(expressions)
def test_the_hessian_is_symmetric(expression: Expression) -> None:
    leaves = [Value(x) for x in expression.inputs]
    out = expression.run(leaves, ON_VALUES)
    second = hessian(out, leaves)
    n = len(leaves)
    assert all(near(second[i][j], second[j][i]) for i in range(n) for j in range(n))


# ---- the same bits whichever way: every row of the table, on any floats at all

# The rows through which nothing flows are left out here: their zeros are the matter of a test of backward.
ROWS = [row for row in OPERATIONS.values() if row.arguments and row.partials]
tame = st.floats(-3, 3)
wild = st.sampled_from(NASTY) | st.floats()


def any_rows(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[list[float], list[tuple[Any, int, int]]]]:
    steps = st.tuples(st.sampled_from(ROWS), back, back)
    return st.tuples(st.lists(numbers, min_size=1, max_size=3), st.lists(steps, min_size=6, max_size=14))


def run_rows(inputs: Sequence[Value], steps: Sequence[tuple[Any, int, int]]) -> Value:
    stack: list[Any] = [*inputs, 0.5, -2.0, *inputs]
    for row, *operands in steps:
        chosen = [stack[-1 - i % len(stack)] for i in operands[: len(row.arguments)]]
        stack.append(record(row, *chosen))
    out: Value = stack[-1]
    return out


def same_gradient(x: float, y: float) -> bool:
    """The same bits, but for the sign of a zero, which is the matter of a test of backward."""
    return same_bits(x, y) or x == y == 0


def check_all_ways_agree(inputs: list[float], steps: list[tuple[Any, int, int]]) -> None:
    leaves = [Value(x) for x in inputs]
    out = run_rows(leaves, steps)
    floats = grad(out, leaves)
    recorded = grad(out, leaves, create_graph=True)
    out.backward()
    for leaf, number, value in zip(leaves, floats, recorded, strict=True):
        assert same_bits(number, value.data)
        assert same_gradient(number, leaf.grad)
    again = [Value(x) for x in inputs]
    run_rows(again, steps).backward()
    assert all(same_bits(x.grad, y.grad) for x, y in zip(leaves, again, strict=True))


@settings(max_examples=200)
@given(any_rows(tame))
def test_backward_and_grad_and_recorded_grad_have_the_same_bits(example: Any) -> None:
    check_all_ways_agree(*example)


@settings(max_examples=300)
@given(any_rows(wild))
def test_they_have_the_same_bits_at_infinities_and_nan_too(example: Any) -> None:
    check_all_ways_agree(*example)


@settings(max_examples=100)
@given(any_rows(tame), st.floats(-4, 4).filter(lambda x: x == 0 or abs(x) > 1e-100))
def test_backward_is_linear_in_its_seed_by_powers_of_two(example: Any, exponent: float) -> None:
    """Doubling is exact, so a seed of 2^k scales every gradient by 2^k to the bit."""
    inputs, steps = example
    seed = 2.0 ** round(exponent)
    leaves, scaled = ([Value(x) for x in inputs] for _ in range(2))
    run_rows(leaves, steps).backward()
    run_rows(scaled, steps).backward(seed)
    for x, y in zip(leaves, scaled, strict=True):
        if math.isfinite(x.grad * 2.0**20) and (x.grad == 0 or abs(x.grad) > 1e-250):
            assert y.grad == seed * x.grad
