"""The operations of the table in NumPy: how each is written, and the functions that a source defines for itself."""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS: Mapping[str, str] = {
    "relu": "np.maximum({}, 0.0)",
    "abs": "np.abs({})",
    **{name: f"np.{name}({{}})" for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh")},
    **{name: f"np.{name}({{}})" for name in ("arcsin", "arccos", "arctan", "log1p", "expm1")},
    **{name: f"np.{name}({{}}, {{}})" for name in ("maximum", "minimum")},
    **{name: f"{name}({{}})" for name in ("sigmoid", "softplus", "erf")},
    **{name: f"{name}({{}}, {{}})" for name in ("leaky_relu", "mul_no_nan")},
}
"""The functions; add, sub, mul, div, neg, pow, greater and equal are operators, and written as such."""

OPERATORS = ("add", "sub", "mul", "div", "neg", "pow", "greater", "equal")

HELPERS = {  # a helper may use those above it
    "power": '''
def power(x, n):
    """x ** n for a whole n, by repeated squaring."""
    if n < 0:
        return power(1.0 / x, -n)
    out = x if n % 2 else None
    while n := n // 2:
        x = x * x
        if n % 2:
            out = x if out is None else out * x
    return out
''',
    "root": '''
def root(x):
    """x ** 0.5 as IEEE 754 has it: 0.0 at -0.0, inf at -inf."""
    return np.where(x == -np.inf, np.inf, np.sqrt(x) + 0.0)
''',
    "raised": '''
def raised(x, y):
    """x ** y as IEEE 754 has it, where y may be 0.5."""
    half = y == 0.5
    return np.where(half, root(x), np.power(x, y)) if np.any(half) else np.power(x, y)
''',
    "sigmoid": '''
def sigmoid(x):
    """1 / (1 + exp(-x)), from the exponential that cannot overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (1.0 + e)
''',
    "softplus": '''
def softplus(x):
    """log(1 + exp(x)), exact where exp(x) would overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))
''',
    "leaky_relu": '''
def leaky_relu(x, slope):
    """x where x > 0, else slope * x."""
    return np.where(x > 0, x, slope * x)
''',
    "erf": '''
def erf(x):
    """The error function, element by element: NumPy has none."""
    return np.vectorize(math.erf, otypes=[float])(x)
''',
    "mul_no_nan": '''
def mul_no_nan(x, y):
    """x * y, but 0 wherever y is 0, even where x is inf or nan."""
    return np.where(y == 0, 0.0, x * y)
''',
    "matmul": '''
def matmul(left, right, axes):
    """A stack of matrix products: the rows and columns of left, right and the result are at these axes."""
    return np.ascontiguousarray(np.matmul(left, right, axes=axes))
''',
    "strided": '''
def strided(rows, offset, shape, strides):
    """Element (i, j, ...) is rows[offset + i * strides[0] + j * strides[1] + ...]."""
    steps = [rows.strides[0] * stride for stride in strides]
    return np.lib.stride_tricks.as_strided(rows[offset:], (*shape, *rows.shape[1:]), (*steps, *rows.strides[1:]))
''',
    "ones": '''
@functools.lru_cache(maxsize=1)
def ones(n):
    """n ones: a product with them is a sum, in half the time. They are kept for the next batch of that size."""
    return np.ones(n)
''',
    "add_rows": '''
def add_rows(total, rows, order, starts, places):
    """total[place] += row, for rows sorted by their place."""
    total[places] += np.add.reduceat(rows[order], starts, axis=0)
''',
}
NEEDS = {"raised": ("root",)}
"""For each helper those that it calls."""
IMPORTS = {"ones": "functools", "erf": "math"}
