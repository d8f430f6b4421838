"""Packing for a page that is sent many moments: JSON, with the arrays beside it as they are in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

KINDS = {"f8": "f4", "u1": "u1", "u2": "u2"}
"""How arrays are written; a page shows four digits of a number, and four bytes hold seven."""


def packed(data: Any) -> tuple[Any, bytes]:
    """Data as JSON and bytes: an array is its kind, where in the bytes it begins, and how many numbers it has.

    >>> packed({"epoch": 1, "loss": math.inf, "picture": np.array([0, 255], dtype=np.uint8)})
    ({'epoch': 1, 'loss': None, 'picture': {'kind': 'u1', 'at': 0, 'count': 2}}, b'\\x00\\xff\\x00\\x00')
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
            case np.ndarray():
                kind, at = KINDS[part.dtype.str[1:]], len(body)
                body.extend(np.ascontiguousarray(part, dtype=f"<{kind}").tobytes())
                body.extend(b"\0" * (-len(body) % 4))  # each array begins where one of floats may
                return {"kind": kind, "at": at, "count": int(part.size)}
            case float():
                return float(f"{part:.6g}") if math.isfinite(part) else None
        return part

    return walk(data), bytes(body)
