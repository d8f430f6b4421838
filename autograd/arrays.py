"""Values in NumPy's object arrays: taken apart, put together again, and met by NumPy's own functions.

NumPy is imported where an array is made, never before: what is given here as an array shows that it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from .numbers import as_float, is_array

Function = Callable[..., Any]


def is_object_array(values: object) -> bool:
    """Whether these are a NumPy array of Python objects."""
    return getattr(getattr(values, "dtype", None), "kind", None) == "O" and hasattr(values, "ravel")


def refuse_mask(values: object) -> None:
    """A TypeError for a masked array: what is missing would be taken for the number that happens to lie below."""
    if hasattr(values, "mask") and hasattr(values, "filled"):
        raise TypeError("a masked array is not taken, as its mask would be lost: fill it or choose from it before")


def flattened(values: Iterable[Any]) -> list[Any]:
    """The elements of an object array in C order; those of any other iterable as they come."""
    return values.ravel().tolist() if is_object_array(values) else list(values)  # type: ignore[attr-defined]


def like(values: object, flat: Sequence[Any], dtype: type) -> Any:
    """The flat results in the shape of the values they belong to: an array for an object array, else a list."""
    if not is_object_array(values):
        return list(flat)
    import numpy as np

    array: Any = np.empty(len(flat), dtype=dtype)
    array[:] = flat
    return array.reshape(values.shape)  # type: ignore[attr-defined]


def numbers(rows: Sequence[Sequence[float]], *shapes: tuple[int, ...]) -> Any:
    """A matrix of numbers as an array of these shapes, one after the other."""
    import numpy as np

    return np.array(rows, dtype=float).reshape(tuple(chain.from_iterable(shapes)))


def ufunc_on_values(
    ufunc: Any, method: str, operands: Sequence[Any], options: Mapping[str, Any], functions: Mapping[str, Function]
) -> Any:
    """A NumPy function where a Value is among the operands: element by element, on Python's objects.

    NumPy runs arithmetic on objects by their operators, ``exp`` and the like by their methods of that name;
    ``functions`` has those that it would run by comparisons.
    """
    import numpy as np

    if method == "at":
        raise TypeError(f"np.{ufunc.__name__}.at does not record; write array[i] = ... for each element")

    def boxed(operand: Any) -> Any:
        refuse_mask(operand)
        if is_array(operand) or isinstance(operand, list | tuple):
            return np.asarray(operand, dtype=object)
        if is_object_array(operand):  # of no dimension
            operand = operand.item()
        box = np.empty((), dtype=object)  # a number of NumPy's own would ask its own operator, and so come here again
        box[()] = operand if hasattr(operand, "recorded_partial") else as_float(operand)
        return box

    if ufunc.__name__ in functions:
        ufunc = np.frompyfunc(functions[ufunc.__name__], ufunc.nin, ufunc.nout)
    try:
        with np.errstate(all="ignore"):  # as everywhere here, inf and nan are results like others
            return getattr(ufunc, method)(*map(boxed, operands), **options)
    except AttributeError:
        raise TypeError(f"np.{ufunc.__name__} is not an operation of Values; autograd.ops has those that are") from None
