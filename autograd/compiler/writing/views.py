"""Views of arrays, written as reshape, slices and transpose; and what makes axes more or fewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from ..placing.arrays import Array, Shape
from .code import COMPARISON, Code, Naming


def indexed(array: Code, shape: Shape, offset: int, lengths: Shape, strides: Shape, batch: str) -> Code | None:
    """An array read with these lengths and strides (none 0), as reshape, slices and transpose; None if not.

    ``batch`` is the length of the last axis of a sampled array, else empty.

    >>> str(indexed(Code("a"), (6, 4), 4, (2, 3), (12, 1), "B"))
    'a[1:5:3, 0:3]'
    >>> str(indexed(Code("theta"), (40,), 8, (3, 2), (2, 1), ""))
    'theta[8:14].reshape(3, 2)'
    >>> str(indexed(Code("a"), (3, 4), 0, (4, 3), (1, 4), ""))
    'a.T'
    """
    size = prod(shape)
    outer = max(zip(strides, lengths, strict=True), default=(1, 1))
    end = offset + outer[0] * outer[1]
    code = array
    if len(shape) == 1 and len(lengths) > 1 and end <= size and (offset, end) != (0, size):
        code, size, shape, offset = array.then(f"[{offset}:{end}]"), end - offset, (end - offset,), 0
    natural = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    for units in (natural, sorted({*strides, 1}, reverse=True), sorted({*natural, *strides}, reverse=True)):
        found = _digits(size, units, offset, lengths, strides)
        if found is not None:
            dims, starts, places, steps = found
            if dims != shape:
                code = reshaped(code, [*map(str, dims), *[batch] * bool(batch)])
            picks = [str(start) for start in starts]
            for place, length, step in zip(places, lengths, steps, strict=True):
                start = starts[place]
                stop = start + (length - 1) * step + 1
                whole = start == 0 and step == 1 and stop == dims[place]
                picks[place] = ":" if whole else f"{start}:{stop}" + (f":{step}" if step > 1 else "")
            while picks and picks[-1] == ":":
                picks.pop()
            part = code.then(f"[{', '.join(picks)}]" if picks else "")
            view = transposed(part, _ranks(places), batch)
            return replace(view, naming=Naming(f"{array.text}_")) if dims != shape or view is not part else view
    return None


def strided(array: Code, shape: Shape, offset: int, lengths: Shape, strides: Shape, batch: str) -> Code:
    """The same for any lengths and strides, by a helper."""
    rows, naming = flat(array, shape, batch), Naming(f"{array.text}_")
    return Code(f"strided({{}}, {offset}, {lengths}, {strides})", ((rows, COMPARISON),), naming=naming)


def reshaped(array: Code, lengths: Sequence[str]) -> Code:
    """With axes of these lengths; whatever shape it was given before does not matter."""
    if array.template.startswith("{}.reshape("):
        array = array.parts[0][0]
    return array.then(f".reshape({', '.join(lengths)})")


def flat(array: Code, shape: Shape, batch: str) -> Code:
    """The array with all axes but that of the batch made one."""
    if len(shape) == 1:
        return array
    return reshaped(array, [str(prod(shape)), *[batch] * bool(batch)])


def subscript(picks: Sequence[str]) -> str:
    """An index that adds axes; what would change nothing is left out.

    >>> subscript([":", "None", ":"]), subscript(["None", ":"])
    ('[:, None]', '')
    """
    picks = list(picks)
    while picks and picks[0] == "None":
        picks.pop(0)
    while picks and picks[-1] == ":":
        picks.pop()
    return f"[{', '.join(picks)}]" if picks else ""


def broadcast(code: Code, grid: Array) -> Code:
    """With all axes of the grid. What it lacks is repeated without a copy, so the result is not to be written to."""
    if code.axes == grid.axes:
        return code
    return Code(f"np.broadcast_to({{}}, {grid.shape_text})", ((code, COMPARISON),), axes=grid.axes)


def over(array: Code, method: str, axes: Sequence[int]) -> Code:
    """The sum or the maximum over these axes."""
    which = axes[0] if len(axes) == 1 else tuple(axes)
    return replace(array.then(f".{method}({which})"), fresh=True) if axes else array


def transposed(array: Code, order: Sequence[int], batch: str) -> Code:
    """With its axes in this order; the batch axis stays last."""
    n = len(order)
    if list(order) == list(range(n)):
        return array
    if n == 2 and not batch:
        return array.then(".T")
    return array.then(f".transpose({', '.join(map(str, [*order, *[n] * bool(batch)]))})")


def _ranks(places: Sequence[int]) -> list[int]:
    """Axes that are left after indexing keep the order of the array; where is each one now?"""
    ordered = sorted(places)
    return [ordered.index(place) for place in places]


def _digits(
    size: int, units: Sequence[int], offset: int, lengths: Shape, strides: Shape
) -> tuple[Shape, list[int], list[int], list[int]] | None:
    """Axes of the given units (steps of 1 along an axis are that far apart): their lengths, where the view starts in
    each, and for each axis of the view which one it runs along, and in which steps."""
    above = [size, *units][: len(units)]
    if any(a % u for a, u in zip(above, units, strict=True)) or (units and units[-1] != 1):
        return None
    dims = tuple(a // u for a, u in zip(above, units, strict=True))
    starts = [offset // u % d for u, d in zip(units, dims, strict=True)]
    places, steps = [], []
    for length, stride in zip(lengths, strides, strict=True):
        place = next((i for i, u in enumerate(units) if u <= stride), None)
        if place is None or stride % units[place] or place in places:
            return None
        step = stride // units[place]
        if starts[place] + (length - 1) * step >= dims[place]:
            return None
        places.append(place)
        steps.append(step)
    return dims, starts, places, steps
