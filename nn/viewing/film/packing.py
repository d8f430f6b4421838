"""Packing: what a page is given, as short JSON: pictures as bytes, numbers as the four digits that are shown."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from ...basics.arrays import Floats

LOWEST = 324
"""The exponent of the least double, 4.941e-324, is minus this."""
ZERO, NOT_FINITE = 2**24 - 2, 2**24 - 1
KINDS = {"f8": "d3", "u1": "u1", "u2": "u2"}
"""How arrays are written: three bytes for the four digits of a number."""


def packed(data: Any) -> Any:
    """Data as JSON: an array is its kind and its bytes in base64; single numbers keep all digits.

    >>> packed({"epoch": 1, "loss": math.inf, "picture": np.array([0, 255], dtype=np.uint8)})
    {'epoch': 1, 'loss': None, 'picture': {'kind': 'u1', 'base64': 'AP8='}}
    """
    match data:
        case dict():
            return {name: packed(part) for name, part in data.items()}
        case list() | tuple():
            return [packed(part) for part in data]
        case np.ndarray():
            kind = KINDS[data.dtype.str[1:]]
            written = decimals(data) if kind == "d3" else data.astype(data.dtype.newbyteorder("<")).tobytes()
            return {"kind": kind, "base64": base64.b64encode(written).decode()}
        case float():
            return data if math.isfinite(data) else None
    return data


def decimals(numbers: Floats) -> bytes:
    """Numbers to four digits, three bytes each: every double has such a code, and the page the very same digits.

    >>> decimals(np.array([1.0, 0.0])).hex(" ", 3)
    '40fd58 feffff'
    """
    codes = np.array([_code(number) for number in numbers.ravel().tolist()], dtype="<u4")
    return codes.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def _code(number: float) -> int:
    """The exponent, the sign and four digits as one whole number below 2²⁴."""
    if not math.isfinite(number):
        return NOT_FINITE
    if number == 0.0:
        return ZERO
    mantissa, _, exponent = f"{abs(number):.3e}".partition("e")
    return ((int(exponent) + LOWEST) * 2 + (number < 0.0)) * 9000 + int(mantissa.replace(".", "")) - 1000
