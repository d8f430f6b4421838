"""Derivatives against central differences: a check that shares nothing with the rules it checks."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, SupportsFloat

from .backward import grad, hessian
from .graph import topological_order
from .numbers import as_float
from .value import Value

MOST_SHOWN = 8
"""So many numbers of a point are shown in a message; of a longer one, that of the argument in question."""
SAME_SLOPE = 1e-4
"""Slopes on both sides of a point that differ by less, relative to the slope or to 1, are one slope."""


def gradcheck(
    f: Callable[..., Value],
    inputs: Sequence[SupportsFloat | Value],
    order: int = 1,
    tolerance: float = 1e-6,
    progress: Callable[[range], Iterable[int]] = iter,
) -> bool:
    """True if the derivatives of ``f(*inputs)`` agree with central differences; else an AssertionError.

    ``order=1`` compares the gradient; ``order=2`` also the Hessian, with differences of the gradient. ``tolerance`` is
    the largest error allowed, relative to the derivative or to 1, whichever is greater. The message names the argument,
    by the label of the input or as ``f`` calls it, and the operation whose own rule is off if one is. ``progress``
    wraps the loop over the arguments, as ``tqdm`` does.

    At a kink there is no derivative to compare with, and a central difference shows the mean of the slopes on both
    sides. Where the derivative is another number between the two (relu at 0) the check fails too, but the message says
    that there is a kink, and both slopes: check beside it.

    >>> gradcheck(lambda x, y: x * y.tanh(), [0.3, -0.7], order=2)
    True
    >>> gradcheck(lambda x, y: (x * y).relu(), [0.0, 2.0])
    Traceback (most recent call last):
      ...
    AssertionError: d f/d x at [0.0, 2.0]: got 0.0 at a kink here, with slopes 0.0 below and 2.0 above; check beside it
    the rule of relu, d/dx at [0.0]: got 0.0 at a kink here, with slopes 0.0 below and 1.0 above; check beside it
    """
    if order not in (1, 2):
        raise ValueError(f"gradcheck compares derivatives of order 1 or 2, got {order!r}")
    if not 0.0 < tolerance < math.inf:
        raise ValueError(f"tolerance is a finite number above 0, got {tolerance!r}")
    inputs = list(inputs)
    point = [x.data if isinstance(x, Value) else as_float(x) for x in inputs]
    names = _names(f, inputs)

    leaves = [Value(x) for x in point]
    output = f(*leaves)
    if not isinstance(output, Value):
        raise TypeError(f"gradcheck takes a function that returns a Value, got {type(output).__name__}")
    gradient = grad(output, leaves)
    second = hessian(output, leaves) if order == 2 else []

    def f_and_gradient(*xs: float) -> list[float]:
        """What is differentiated: f, and for order 2 each of its derivatives, which one pass gives at once."""
        leaves = [Value(x) for x in xs]
        output = f(*leaves)
        return [output.data, *grad(output, leaves)] if order == 2 else [output.data]

    wrong_second = ""  # is told when all first derivatives have been found right, on which it rests
    for j in progress(range(len(point))):
        differences = central_differences(f_and_gradient, point, j, enough=1e-4 * tolerance)
        first = _Derivative(f"d f/d {names[j]}", lambda *xs: f_and_gradient(*xs)[0], point, j, gradient[j])
        if not first.is_close(differences[0], tolerance):
            raise AssertionError(first.wrong(differences[0], tolerance).text + _wrong_rule(output, tolerance))
        for i, wanted in enumerate(differences[1:]):
            what = f"d² f/d {names[i]} d {names[j]}"
            slope = _Derivative(what, lambda *xs, i=i: f_and_gradient(*xs)[1 + i], point, j, second[i][j])
            if not wrong_second and not slope.is_close(wanted, tolerance):
                kink = first.wrong(differences[0], tolerance)  # at which f has a mean slope, but that has none
                wrong_second = kink.text if kink.is_kink else slope.wrong(wanted, tolerance).text
    if wrong_second:
        raise AssertionError(wrong_second)
    return True


def central_difference(f: Callable[..., float], point: Sequence[float], i: int) -> float:
    """d f/d point[i] from values of f alone.

    >>> abs(central_difference(lambda x: x**3, [2.0], 0) - 12) < 1e-10
    True
    """
    return central_differences(lambda *xs: [f(*xs)], point, i)[0]


def central_differences(
    f: Callable[..., Sequence[float]], point: Sequence[float], i: int, enough: float = 0.0
) -> list[float]:
    """The derivative of each result of f with respect to point[i], from values of f alone.

    Central differences at two steps, extrapolated to step 0 (Richardson), for steps of several sizes: the size at which
    half the step gives the nearest result, with what rounding may do to it, is the one that suits f there. No further
    size is tried when that is as near as rounding lets it be, or as ``enough``, relative to the result or to 1.

    >>> [round(x, 10) for x in central_differences(lambda x, y: [x * y, x + y], [2.0, 8.0], 0)]
    [8.0, 1.0]
    """

    def difference(h: float) -> list[float]:
        above, below = _moved(point, i, h), _moved(point, i, -h)
        return [(a - b) / (above[i] - below[i]) for a, b in zip(f(*above), f(*below), strict=True)]

    # The error falls as step²: half the step leaves a quarter of it.
    return _limit(difference, 4.0, point[i], f(*point), enough)


def _slopes_beside(f: Callable[..., float], point: Sequence[float], i: int) -> tuple[float, float]:
    """d f/d point[i] just below the point and just above it, in the same way from differences to one side."""
    here = f(*point)

    def slope(side: float) -> float:
        def difference(h: float) -> list[float]:
            there = _moved(point, i, side * h)
            return [(f(*there) - here) / (there[i] - point[i])]

        return _limit(difference, 2.0, point[i], [here])[0]  # the error falls as the step itself

    return slope(-1.0), slope(1.0)


def _moved(point: Sequence[float], i: int, step: float) -> list[float]:
    return [*point[:i], point[i] + step, *point[i + 1 :]]


def _limit(
    difference: Callable[[float], list[float]], ratio: float, x: float, values: Sequence[float], enough: float = 0.0
) -> list[float]:
    """What each of the differences becomes for step 0, if half the step leaves a ``ratio``-th of their error.

    ``values`` are what is differentiated at x: their last bit, over the step, is how far rounding may be off.
    """
    # The error of the formula falls as a power of the step and that of rounding rises as eps / step: with step⁴, that
    # of two central differences extrapolated, this one balances them.
    shares = [1.0, 1e-2, 1e-4, 1e-6]
    if 0 < abs(x) < 1:  # f may change, or end, on the scale of x itself: sqrt just above 0
        shares.append(abs(x))
    balanced = math.ulp(1.0) ** 0.2 * max(1.0, abs(x))
    best = [(math.inf, math.nan)] * len(values)  # for each: how uncertain it is, and the estimate
    for step in (balanced * share for share in shares):
        settled = True
        at_steps = zip(difference(step), difference(step / 2), difference(step / 4), strict=True)
        for k, (whole, half, quarter) in enumerate(at_steps):
            estimate, finer = (ratio * half - whole) / (ratio - 1), (ratio * quarter - half) / (ratio - 1)
            rounding = math.ulp(values[k]) / step
            error = abs(estimate - finer)
            size = max(1.0, abs(estimate))
            settled = settled and error <= max(rounding, enough * size)
            if (error + rounding) / size < best[k][0]:
                best[k] = (error + rounding) / size, estimate
        if settled:
            break
    return [estimate for _, estimate in best]


class _Wrong(NamedTuple):
    """What is to be said of a derivative that is not the difference."""

    text: str
    is_kink: bool


class _Derivative(NamedTuple):
    """A number that is said to be the derivative of f with respect to point[i]."""

    what: str
    f: Callable[..., float]
    point: Sequence[float]
    i: int
    number: float

    def is_close(self, wanted: float, tolerance: float) -> bool:
        return _close(self.number, wanted, tolerance)

    def wrong(self, wanted: float, tolerance: float) -> _Wrong:
        """What is to be said if ``wanted`` is not close."""
        shown = self.point[self.i] if len(self.point) > MOST_SHOWN else list(self.point)
        found = f"{self.what} at {shown!r}: got {self.number!r}"
        below, above = _slopes_beside(self.f, self.point, self.i)
        margin = tolerance * max(1.0, abs(self.number))
        is_between = min(below, above) - margin <= self.number <= max(below, above) + margin
        if is_between and not _close(below, above, max(tolerance, SAME_SLOPE)):
            slopes = f"slopes {below:.6} below and {above:.6} above"
            return _Wrong(f"{found} at a kink here, with {slopes}; check beside it", True)
        error = abs(self.number - wanted) / max(1.0, abs(wanted))
        return _Wrong(f"{found}, wanted {wanted!r} by central differences, relative error {error:.1e}", False)


def _wrong_rule(output: Value, tolerance: float) -> str:
    """The first recorded operation whose own local derivatives are not those of its own forward rule, as a line.

    One that is at a kink is named only if none is wrong.
    """
    kinks = ""
    for partial in _partials(output):
        wanted = central_difference(partial.f, partial.point, partial.i)
        if not partial.is_close(wanted, tolerance):
            wrong = partial.wrong(wanted, tolerance)
            if not wrong.is_kink:
                return f"\n{wrong.text}"
            kinks = kinks or f"\n{wrong.text}"
    return kinks


def _partials(output: Value) -> Iterator[_Derivative]:
    """Each local derivative of a recorded graph, with the forward rule that it is said to be the derivative of."""
    for node in topological_order(output):
        if node.op is None:
            continue
        operands = [parent.data for parent in node.parents]
        for i, (number, parent) in enumerate(zip(node.partials, node.parents, strict=False)):
            if not parent.is_constant:
                what = f"the rule of {node.op.name}, d/d{node.op.arguments[i]}"
                yield _Derivative(what, lambda *xs, rule=node.op.rule: rule(*xs)[0], operands, i, number)


def _names(f: Callable[..., Value], inputs: Sequence[SupportsFloat | Value]) -> list[str]:
    """What to call each argument: by its label, else as the function does, else by its number."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some that are written in C have none
        parameters = []
    names: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{i}]" for i in range(len(inputs) - len(names))]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    names += [f"argument {i}" for i in range(len(names), len(inputs))]
    return [x.label if isinstance(x, Value) and x.label else name for x, name in zip(inputs, names, strict=False)]


def _close(got: float, wanted: float, tolerance: float) -> bool:
    return abs(got - wanted) <= tolerance * max(1.0, abs(wanted))
