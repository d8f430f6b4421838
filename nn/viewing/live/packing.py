"""Packing for a page that is sent many moments: JSON, with the arrays beside it as they are in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

KINDS = ("f8", "u1", "u2")
"""What arrays are of, and written in: in four bytes numbers below 1e-45 would be 0, and those above 3e38 inf."""


def packed(data: Any) -> tuple[Any, bytes]:
    """Data as JSON and bytes: an array is its kind, where in the bytes it begins, and how many numbers it has.

    >>> packed({"loss": math.inf, "picture": np.array([0, 255], dtype=np.uint8)})
    ({'loss': None, 'picture': {'kind': 'u1', 'at': 0, 'count': 2}}, b'\\x00\\xff\\x00\\x00\\x00\\x00\\x00\\x00')
    """
    body = bytearray()

    def walk(part: Any) -> Any:
        match part:
            case str() | int():  # as most are
                return part
            case dict():
                return {name: walk(inner) for name, inner in part.items()}
            case list() | tuple():
                return [walk(inner) for inner in part]
            case np.ndarray() if part.dtype.str[1:] in KINDS:
                kind, at = part.dtype.str[1:], len(body)
                body.extend(np.ascontiguousarray(part, dtype=f"<{kind}").tobytes())
                body.extend(b"\0" * (-len(body) % 8))  # each array begins where one of floats may
                return {"kind": kind, "at": at, "count": int(part.size)}
            case float():
                return part if math.isfinite(part) else None
        return part

    return walk(data), bytes(body)
