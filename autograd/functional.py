"""Functions of many Values: sum, mean, dot, logsumexp, softmax, log_softmax.

Each is written in the operations of the table, so that every one of its steps is recorded. Sums run from left to right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import SupportsFloat

from .value import Value


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


def _largest(terms: Sequence[Value]) -> Value:
    """The largest term, recorded; no gradient flows through it, since the results do not depend on it."""
    return reduce(Value.maximum, terms).stop_gradient()


def _as_values(values: Iterable[SupportsFloat]) -> list[Value]:
    return [value if isinstance(value, Value) else Value.constant(value) for value in values]


def _require_some(name: str, terms: Sequence[Value]) -> None:
    if not terms:
        raise ValueError(f"{name} takes at least one value, got none")
