"""Derivatives against central differences: a check that shares nothing with the rules it checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import SupportsFloat

from .backward import grad, hessian
from .graph import topological_order
from .numbers import as_float
from .value import Value


def gradcheck(
    f: Callable[..., Value], inputs: Sequence[SupportsFloat], order: int = 1, tolerance: float = 1e-6
) -> bool:
    """True if the derivatives of ``f(*inputs)`` agree with central differences; else an AssertionError.

    ``order=1`` compares the gradient; ``order=2`` also the Hessian, with differences of the gradient. ``tolerance`` is
    the largest error allowed, relative to the derivative or to 1, whichever is greater. The message names the argument,
    and the operation whose own rule is off if one is. At a kink (relu at 0) a central difference shows the mean of both
    slopes: check beside it, not on it.

    >>> gradcheck(lambda x, y: x * y.tanh(), [0.3, -0.7], order=2)
    True
    """
    if order not in (1, 2):
        raise ValueError(f"gradcheck compares derivatives of order 1 or 2, got {order!r}")
    point = [as_float(x) for x in inputs]

    leaves = [Value(x) for x in point]
    output = f(*leaves)
    if not isinstance(output, Value):
        raise TypeError(f"gradcheck takes a function that returns a Value, got {type(output).__name__}")
    gradient = grad(output, leaves)
    for i in range(len(point)):
        wanted = central_difference(lambda *xs: f(*map(Value, xs)).data, point, i)
        if not _close(gradient[i], wanted, tolerance):
            culprit = _wrong_rule(output, tolerance)
            raise AssertionError(_message(f"d f/d argument {i}", point, gradient[i], wanted) + culprit)

    if order == 2:
        second = hessian(output, leaves)
        for i in range(len(point)):
            for j in range(len(point)):
                wanted = central_difference(lambda *xs, i=i: _gradient_at(f, xs)[i], point, j)
                if not _close(second[i][j], wanted, tolerance):
                    what = f"d² f/d argument {i} d argument {j}"
                    raise AssertionError(_message(what, point, second[i][j], wanted))
    return True


def central_difference(f: Callable[..., float], point: Sequence[float], i: int) -> float:
    """d f/d point[i] from values of f alone.

    Central differences at two steps, extrapolated to step 0 (Richardson), for steps of several sizes: the size at which
    half the step gives the nearest result is the one that suits f there.

    >>> abs(central_difference(lambda x: x**3, [2.0], 0) - 12) < 1e-10
    True
    """

    def difference(h: float) -> float:
        above, below = list(point), list(point)
        above[i] += h
        below[i] -= h
        return (f(*above) - f(*below)) / (above[i] - below[i])

    def extrapolated(h: float) -> float:
        return (4 * difference(h / 2) - difference(h)) / 3

    def disagreement(pair: tuple[float, float]) -> float:
        return math.inf if math.isnan(pair[0] - pair[1]) else abs(pair[0] - pair[1])

    # The error of the formula falls as step⁴ and that of rounding rises as eps / step: this step balances them.
    balanced = math.ulp(1.0) ** 0.2 * max(1.0, abs(point[i]))
    steps = (balanced * size for size in (1, 1e-2, 1e-4, 1e-6))
    return min(((extrapolated(step), extrapolated(step / 2)) for step in steps), key=disagreement)[0]


def _gradient_at(f: Callable[..., Value], point: Sequence[float]) -> list[float]:
    leaves = [Value(x) for x in point]
    return grad(f(*leaves), leaves)


def _wrong_rule(output: Value, tolerance: float) -> str:
    """The first recorded operation whose own local derivatives are not those of its own forward rule."""
    for node in topological_order(output):
        if node.op is None or not node.partials:
            continue
        rule = node.op.rule
        operands = [parent.data for parent in node.parents]
        for i, (got, parent) in enumerate(zip(node.partials, node.parents, strict=True)):
            wanted = central_difference(lambda *xs, rule=rule: rule(*xs)[0], operands, i)
            if not parent.is_constant and not _close(got, wanted, tolerance):
                name = node.op.arguments[i]
                return "\n" + _message(f"the rule of {node.op.name}, d/d{name}", operands, got, wanted)
    return ""


def _close(got: float, wanted: float, tolerance: float) -> bool:
    return abs(got - wanted) <= tolerance * max(1.0, abs(wanted))


def _message(what: str, point: Sequence[float], got: float, wanted: float) -> str:
    error = abs(got - wanted) / max(1.0, abs(wanted))
    return f"{what} at {list(point)}: got {got!r}, wanted {wanted!r} by central differences, relative error {error:.1e}"
