"""Arithmetic on floats as IEEE 754 has it: inf and nan where Python raises, never a complex number.

One function for each operation of :mod:`autograd.ops`. The results are those of NumPy and PyTorch:
``div(1.0, 0.0)`` is inf, ``log(0.0)`` is -inf, ``pow(-8.0, 1/3)`` is nan.
"""

import math
from math import atan as arctan  # noqa: F401  total as they stand: they neither overflow nor raise
from math import erf, inf, nan, tanh  # noqa: F401
from math import fabs as abs  # noqa: F401
from operator import add, mul, neg, sub  # noqa: F401
from operator import pos as stop_gradient  # noqa: F401


def div(x: float, y: float) -> float:
    """x / y

    >>> div(1.0, 0.0), div(1.0, -0.0), div(0.0, 0.0)
    (inf, -inf, nan)
    """
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0 or x != x:
            return nan
        return math.copysign(inf, x) * math.copysign(1.0, y)


def pow(x: float, y: float) -> float:
    """x ** y

    >>> pow(-8.0, 1 / 3), pow(0.0, -1.0), pow(-10.0, 309.0)
    (nan, inf, -inf)
    """
    try:
        return math.pow(x, y)
    except ValueError:
        if x != 0:  # a fractional power of a negative number
            return nan
        odd = math.fmod(y, 2.0) in (1.0, -1.0)
        return math.copysign(inf, x) if odd else inf
    except OverflowError:
        odd = math.fmod(y, 2.0) in (1.0, -1.0)
        return -inf if x < 0 and odd else inf


def exp(x: float) -> float:
    """e ** x"""
    try:
        return math.exp(x)
    except OverflowError:
        return inf


def log(x: float) -> float:
    """The natural logarithm: -inf at 0, nan below."""
    if x > 0 or x != x:
        return math.log(x)
    return -inf if x == 0 else nan


def sqrt(x: float) -> float:
    """The square root: nan below 0."""
    return nan if x < 0 else math.sqrt(x)


def sin(x: float) -> float:
    """The sine of x in radians: nan at ±inf."""
    return nan if math.isinf(x) else math.sin(x)


def cos(x: float) -> float:
    """The cosine of x in radians: nan at ±inf."""
    return nan if math.isinf(x) else math.cos(x)


def tan(x: float) -> float:
    """The tangent of x in radians: nan at ±inf."""
    return nan if math.isinf(x) else math.tan(x)


def arcsin(x: float) -> float:
    """The angle from -π/2 to π/2 whose sine is x: nan beyond ±1."""
    return math.asin(x) if -1 <= x <= 1 else nan


def arccos(x: float) -> float:
    """The angle from 0 to π whose cosine is x: nan beyond ±1."""
    return math.acos(x) if -1 <= x <= 1 else nan


def sinh(x: float) -> float:
    """(exp(x) - exp(-x)) / 2"""
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(inf, x)


def cosh(x: float) -> float:
    """(exp(x) + exp(-x)) / 2"""
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def expm1(x: float) -> float:
    """exp(x) - 1, exact where x is close to 0."""
    try:
        return math.expm1(x)
    except OverflowError:
        return inf


def log1p(x: float) -> float:
    """log(1 + x), exact where x is close to 0: -inf at -1, nan below."""
    if x > -1 or x != x:
        return math.log1p(x)
    return -inf if x == -1 else nan


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), from the exponential that cannot overflow."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def softplus(x: float) -> float:
    """log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), exact where exp(x) would overflow."""
    return (x if x > 0 else 0.0) + math.log1p(math.exp(-math.fabs(x)))


def relu(x: float) -> float:
    """max(x, 0), nan for nan."""
    return x if x > 0 or x != x else 0.0


def leaky_relu(x: float, slope: float) -> float:
    """x where x > 0, else slope * x."""
    return x if x > 0 else slope * x


def maximum(x: float, y: float) -> float:
    """The greater of two, nan if either is."""
    return x if x > y or x != x else y


def minimum(x: float, y: float) -> float:
    """The lesser of two, nan if either is."""
    return x if x < y or x != x else y


def greater(x: float, y: float) -> float:
    """1 where x > y, else 0."""
    return 1.0 if x > y else 0.0


def equal(x: float, y: float) -> float:
    """1 where x == y, else 0."""
    return 1.0 if x == y else 0.0


def mul_no_nan(x: float, y: float) -> float:
    """x * y, but 0 wherever y is 0, even where x is inf or nan."""
    return x * y if y != 0 else 0.0
