"""What counts as a number: real scalars of any kind, as floats."""

from __future__ import annotations

import math
from decimal import Decimal
from numbers import Real


def as_float(number: object) -> float:
    """A real number of any kind as a float; a TypeError that names the type for anything else.

    Taken are int, float, bool, Fraction, Decimal, and real scalars and arrays of no dimension of NumPy and of what
    looks like it (JAX, PyTorch). A number beyond the largest float is infinite.

    >>> as_float(True), as_float(10**400)
    (1.0, inf)
    """
    if isinstance(number, float):
        return float(number)
    if isinstance(number, int) or is_real(number):
        if getattr(number, "requires_grad", False):
            raise TypeError(
                f"{type(number).__name__} requires a gradient of its own, which would be lost: give number.detach()"
            )
        try:
            return float(number)  # type: ignore[arg-type]
        except OverflowError:  # an int or a Fraction beyond the largest float
            return math.inf if number > 0 else -math.inf  # type: ignore[operator]
        except ValueError as error:  # a Decimal that signals
            raise TypeError(f"expected a real number or a Value, got {number!r}: {error}") from None
    if hasattr(number, "recorded_partial"):
        raise TypeError("expected a number, got a Value: use v.data for its number, v.detach() for a leaf like it")
    if is_array(number):
        raise TypeError(
            f"a Value is one number, got {type(number).__name__} of shape {tuple(number.shape)}. "  # type: ignore[attr-defined]
            f"autograd.values makes a Value of each element; autograd.compile runs recorded scalars on whole arrays"
        )
    of_dtype = f" of {number.dtype}" if hasattr(number, "dtype") else ""
    raise TypeError(f"expected a real number or a Value, got {type(number).__name__}{of_dtype}: {number!r}")


def is_real(thing: object) -> bool:
    """Whether a thing is one real number, as :func:`as_float` takes them.

    >>> is_real(2), is_real(2j), is_real("2")
    (True, False, False)
    """
    dtype = getattr(thing, "dtype", None)
    if dtype is None:
        return isinstance(thing, Real | Decimal)
    if getattr(thing, "ndim", None) != 0 or hasattr(thing, "mask"):
        return False
    kind = getattr(dtype, "kind", None)  # of NumPy's dtypes, which JAX has too; its bfloat16 says "V"
    if kind is None or kind == "V":  # PyTorch's
        return str(dtype).removeprefix("torch.").startswith(("float", "bfloat", "int", "uint", "bool"))
    return kind in "biuf"


def is_array(thing: object) -> bool:
    """Whether a thing is an array of any library, with one dimension or more."""
    return isinstance(getattr(thing, "ndim", None), int) and thing.ndim > 0 and hasattr(thing, "shape")  # type: ignore[attr-defined]


def same(x: float, y: float) -> bool:
    """Whether two floats are equal, or both nan."""
    return x == y or (math.isnan(x) and math.isnan(y))
