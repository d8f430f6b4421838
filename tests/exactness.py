"""What the tests mean by equal, and the arithmetic of 50 digits they compare with."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from mpmath import mp as mp  # type: ignore[import-untyped]

mp.dps = 50

SMALLEST = 5e-324
LARGEST = 1.7976931348623157e308
NASTY = (
    *(0.0, -0.0, SMALLEST, -SMALLEST, 1e-300, -1e-300, 0.5, -0.5, 1 / 3, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0),
    *(-8.0, 709.0, 1000.0, -1000.0, 1e300, -1e300, LARGEST, -LARGEST, math.inf, -math.inf, math.nan),
)


def same_bits(x: float, y: float) -> bool:
    """The same float: the signs of zeros count, and any nan is like any other."""
    return bool(x == y and math.copysign(1, x) == math.copysign(1, y)) or (math.isnan(x) and math.isnan(y))


def all_same_bits(xs: Sequence[float], ys: Sequence[float]) -> bool:
    return len(xs) == len(ys) and all(map(same_bits, xs, ys))


def close(got: float, wanted: float, ulps: float, absolute: float = 0.0) -> bool:
    """Equal, or within so many units in the last place of what was wanted, or within ``absolute``."""
    if got == wanted or (math.isnan(got) and math.isnan(wanted)):
        return True
    return math.isfinite(wanted) and abs(got - wanted) <= max(ulps * math.ulp(wanted), absolute)


def rounded(number: Any) -> float:
    """A number of 50 digits as the nearest float; nan where it is complex."""
    if isinstance(number, mp.mpc):
        return float(number.real) if number.imag == 0 else math.nan
    return float(number)


def exact(numbers: Iterable[float]) -> list[Any]:
    """Floats as numbers of 50 digits, without rounding."""
    return [mp.mpf(x) for x in numbers]
