"""Arithmetic on floats against NumPy's, at every combination of nasty arguments."""

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from exactness import NASTY, close

from autograd import ieee


def numpy_sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


NUMPY: tuple[tuple[str, Callable[..., Any], int], ...] = (
    ("div", np.divide, 2),
    ("pow", np.power, 2),
    ("maximum", np.maximum, 2),
    ("minimum", np.minimum, 2),
    ("greater", np.greater, 2),
    ("leaky_relu", lambda x, slope: np.where(x > 0, x, slope * x), 2),
    ("exp", np.exp, 1),
    ("log", np.log, 1),
    ("sqrt", np.sqrt, 1),
    ("sin", np.sin, 1),
    ("cos", np.cos, 1),
    ("tanh", np.tanh, 1),
    ("abs", np.abs, 1),
    ("relu", lambda x: np.maximum(x, 0.0), 1),
    ("sigmoid", numpy_sigmoid, 1),
    ("softplus", lambda x: np.logaddexp(0.0, x), 1),
)
UNSIGNED_ZERO = {"maximum", "minimum", "relu"}  # which of 0 and -0 is greater, NumPy leaves to the processor


@pytest.mark.parametrize(("name", "theirs", "count"), NUMPY, ids=[row[0] for row in NUMPY])
def test_like_numpy(name: str, theirs: Callable[..., Any], count: int) -> None:
    """inf, nan and zero exactly, with the sign of zero; other numbers within the 4 ulps that NumPy allows itself."""
    ours = vars(ieee)[name]
    points = list(product(NASTY, repeat=count))
    with np.errstate(all="ignore"):  # all at once: alone, an exponent of 0.5 is a square root to NumPy, -0.0 at -0.0
        results = theirs(*np.array(points).T)
    for point, wanted in zip(points, map(float, results), strict=True):
        got = ours(*point)
        assert type(got) is float
        assert close(got, wanted, ulps=4), f"{point}: got {got!r}, wanted {wanted!r}"
        if wanted == 0 == got and name not in UNSIGNED_ZERO:
            assert math.copysign(1, got) == math.copysign(1, wanted), point


@pytest.mark.parametrize("y", [x for x in NASTY if x != 0])
def test_mul_no_nan_is_mul_but_at_zero(y: float) -> None:
    for x in NASTY:
        assert close(ieee.mul_no_nan(x, y), x * y, ulps=0)
        assert ieee.mul_no_nan(x, 0.0) == ieee.mul_no_nan(x, -0.0) == 0.0


@pytest.mark.parametrize("x", [-1000.0, -40.0, -1.0, 0.0, 1.0, 40.0, 1000.0])
def test_sigmoid_and_softplus_keep_their_identities(x: float) -> None:
    """sigmoid(x) + sigmoid(-x) = 1 and softplus(x) - softplus(-x) = x, to an ulp of the largest term."""
    assert close(ieee.sigmoid(x) + ieee.sigmoid(-x), 1.0, ulps=1)
    assert close(ieee.softplus(x) - ieee.softplus(-x), x, ulps=2, absolute=math.ulp(1.0))
