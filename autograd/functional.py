"""Functions of many Values: sum, mean, dot, softmax and its kin, select; and arrays of Values, made and read.

Each is written in the operations of the table, so that every one of its steps is recorded. Sums run from left to right.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, SupportsFloat

from .arrays import refuse_mask
from .numbers import as_float, is_real
from .value import Value

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def sum(values: Iterable[SupportsFloat]) -> Value:
    """x₁ + x₂ + … + xₙ; the constant 0 for none.

    >>> sum([Value(1.0), Value(2.0), 3.0]).data
    6.0
    """
    terms = _as_values(values)
    return reduce(Value.__add__, terms) if terms else Value.constant(0.0)


def mean(values: Iterable[SupportsFloat]) -> Value:
    """(x₁ + … + xₙ) / n; a ValueError for none.

    >>> mean([Value(1.0), Value(2.0), 6.0]).data
    3.0
    """
    terms = _as_values(values)
    _require_some("mean", terms)
    return sum(terms) / len(terms)


def dot(xs: Iterable[SupportsFloat], ys: Iterable[SupportsFloat]) -> Value:
    """x₁y₁ + … + xₙyₙ; a ValueError where the lengths differ.

    >>> dot([Value(1.0), Value(2.0)], [3.0, 4.0]).data
    11.0
    """
    left, right = _as_values(xs), _as_values(ys)
    if len(left) != len(right):
        raise ValueError(f"dot takes two sequences of one length, got {len(left)} and {len(right)}")
    return sum(x * y for x, y in zip(left, right, strict=True))


def logsumexp(values: Iterable[SupportsFloat]) -> Value:
    """log(exp(x₁) + … + exp(xₙ)), with the largest x taken out first so that nothing overflows.

    An x of -inf adds nothing; nan if the largest is infinite.

    >>> logsumexp([Value(1000.0), Value(1000.0)]).data
    1000.6931471805599
    """
    terms = _as_values(values)
    _require_some("logsumexp", terms)
    largest = _largest(terms)
    return sum((x - largest).exp() for x in terms).log() + largest


def softmax(values: Iterable[SupportsFloat]) -> list[Value]:
    """exp(xᵢ) / (exp(x₁) + … + exp(xₙ)): positive, and 1 in sum; finite however large the x are.

    >>> [p.data for p in softmax([Value(1000.0), Value(1000.0)])]
    [0.5, 0.5]
    """
    terms = _as_values(values)
    _require_some("softmax", terms)
    largest = _largest(terms)
    powers = [(x - largest).exp() for x in terms]
    total = sum(powers)
    return [power / total for power in powers]


def log_softmax(values: Iterable[SupportsFloat]) -> list[Value]:
    """log(softmax(x)ᵢ), computed from x less its largest: no logarithm of a number that underflowed, no digit lost.

    >>> [p.data for p in log_softmax([Value(0.0), Value(-1000.0)])]
    [0.0, -1000.0]
    """
    terms = _as_values(values)
    _require_some("log_softmax", terms)
    largest = _largest(terms)
    shifted = [x - largest for x in terms]
    total = sum(x.exp() for x in shifted).log()
    return [x - total for x in shifted]


def one_hot(index: SupportsFloat, n: int) -> list[Value]:
    """n numbers, all 0 but a 1 at the index, which may be a Value: an input that says which row of a table to take.

    No gradient flows to the index. One that is not a whole number from 0 to n - 1 is an IndexError; in a compiled
    program, which looks at no single number, it gives nan.

    >>> [h.data for h in one_hot(Value(2.0), 4)]
    [0.0, 0.0, 1.0, 0.0]
    """
    if (n := operator.index(n)) < 1:
        raise ValueError(f"one_hot takes the number of places, 1 or more, got {n!r}")
    (place,) = _as_values([index])
    if place._number not in range(n):
        raise IndexError(f"the index is {place._number!r}, wanted a whole number from 0 to {n - 1}")
    hits = [place.equal(k) for k in range(n)]
    if place.is_constant:
        return hits
    total = sum(hits)  # 1, or 0 for an index of a program that is none of these
    return [hit / total for hit in hits]


def select(values: Sequence[Any], index: SupportsFloat) -> Any:
    """values[index] for an index that is a Value, an embedding: of numbers and Values one, of rows the row, as a list.

    A plain whole number simply picks ``values[index]``, from the end where it is negative. With a Value it is the
    product of :func:`one_hot` and the values, so 0 times each of the others is added: an infinite one among them gives
    nan. IndexError as there.

    >>> table = [[Value(0.5), Value(1.0)], [Value(-0.5), Value(2.0)]]
    >>> [x.data for x in select(table, Value(1.0))]
    [-0.5, 2.0]
    >>> select([10.0, 20.0, 30.0], Value(2.0)).data
    30.0
    """
    if isinstance(values, Mapping):
        raise TypeError(f"select takes a list or an array, got {type(values).__name__}: {values!r}")
    _require_some("select", values)
    if not isinstance(index, Value):
        if not is_real(index) or as_float(index) not in range(-len(values), len(values)):
            raise IndexError(f"the index is {index!r}, wanted a whole number from {-len(values)} to {len(values) - 1}")
        return values[int(as_float(index))]
    hits = one_hot(index, len(values))
    rows = [list(row) if isinstance(row, Iterable) else [row] for row in values]
    if len({len(row) for row in rows}) > 1:
        raise ValueError(f"select takes rows of one length, got rows of {sorted({len(row) for row in rows})} numbers")
    columns = [dot(hits, column) for column in zip(*rows, strict=True)]
    return columns if isinstance(values[0], Iterable) else columns[0]


def values(array: npt.ArrayLike, label: str = "") -> npt.NDArray[np.object_]:
    """An object array of leaves, one for each number: a script in matrices is a script in scalars.

    With a label, the leaf in row 0 and column 1 is ``label[0,1]``. NumPy's operators and functions record on it; its
    numbers and gradients come back with :func:`data_of` and :func:`grad_of`.

    >>> import numpy as np
    >>> W, x = values([[1.0, 2.0], [3.0, 4.0]], label="W"), np.array([0.5, -1.0])
    >>> loss = ((W @ x) ** 2).sum()
    >>> loss.backward()
    >>> grad_of(W)
    array([[-1.5,  3. ],
           [-2.5,  5. ]])
    >>> W[0, 1]
    Value(data=2.0, grad=3.0, label='W[0,1]')
    """
    import numpy as np

    refuse_mask(array)
    if not isinstance(label, str):
        raise TypeError(f"a label is a string, got {type(label).__name__}: {label!r}")
    numbers = np.asarray(array)
    leaves = np.empty(numbers.shape, dtype=object)
    for place in np.ndindex(numbers.shape):
        index = f"[{','.join(map(str, place))}]" if place else ""
        leaves[place] = Value(numbers[place], label=label and label + index)
    return leaves


def data_of(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The numbers of an array (or of lists) of Values, as an array of that shape.

    >>> data_of([Value(1.0), Value(2.0)])
    array([1., 2.])
    """
    return _numbers(values, lambda value: value.data)


def grad_of(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The gradients of an array (or of lists) of Values, as an array of that shape; 0 where there is none yet.

    >>> grad_of([Value(1.0), Value(2.0)])
    array([0., 0.])
    """
    return _numbers(values, lambda value: value.grad)


def _numbers(values: npt.ArrayLike, number_of: Callable[[Value], float]) -> npt.NDArray[np.float64]:
    import numpy as np

    refuse_mask(values)
    array = np.asarray(values, dtype=object)
    numbers = np.empty(array.shape)
    for place, value in np.ndenumerate(array):
        if not isinstance(value, Value):
            raise TypeError(f"wanted an array of Values, got {type(value).__name__} at {list(place)}: {value!r}")
        numbers[place] = number_of(value)
    return numbers


def _largest(terms: Sequence[Value]) -> Value:
    """The largest term, recorded; no gradient flows through it, since the results do not depend on it."""
    return reduce(Value.maximum, terms).stop_gradient()


def _as_values(values: Iterable[SupportsFloat]) -> list[Value]:
    return [value if isinstance(value, Value) else Value.constant(value) for value in values]


def _require_some(name: str, terms: Sequence[Any]) -> None:
    if len(terms) == 0:
        raise ValueError(f"{name} takes at least one value, got none")
