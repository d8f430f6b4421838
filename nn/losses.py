"""Losses of one sample: ``loss(outputs, targets)`` is a Value; a batch's loss is the mean over its samples.

Outputs are Values; targets are numbers, or Values that stand for them. The losses of classes take *logits*, the
outputs of a linear layer, and are computed so that logits of ±1000 do no harm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import SupportsFloat, cast

from autograd import Value
from autograd.functional import dot, logsumexp, mean, select
from autograd.modes import reads_unnoticed

Loss = Callable[[Sequence[Value], Sequence[SupportsFloat]], Value]


def mse(outputs: Sequence[Value], targets: Sequence[SupportsFloat]) -> Value:
    """The mean of (output - target)², for numbers.

    >>> mse([Value(1.0), Value(2.0)], [1.0, 4.0]).data
    2.0
    """
    _check("mse", outputs, targets)
    return _mean((output - target) ** 2 for output, target in zip(outputs, targets, strict=True))


def binary_cross_entropy(outputs: Sequence[Value], targets: Sequence[SupportsFloat]) -> Value:
    """The mean of -t log(sigmoid(z)) - (1 - t) log(1 - sigmoid(z)) for logits z and probabilities t from 0 to 1.

    It is computed as softplus(z) - t·z, which is the same number without the logarithm of one that underflowed.

    >>> binary_cross_entropy([Value(-1000.0)], [1]).data
    1000.0
    """
    _check("binary_cross_entropy", outputs, targets, _is_probability, "a probability from 0 to 1")
    return _mean(z.softplus() - z * target for z, target in zip(outputs, targets, strict=True))


def cross_entropy(outputs: Sequence[Value], targets: Sequence[SupportsFloat] | SupportsFloat) -> Value:
    """-Σ tᵢ log(softmax(z)ᵢ) for logits z, one for each class, and probabilities t, which sum to 1.

    A sample of class 2 of 3 has the targets [0, 0, 1], or the class alone: 2, or [2]. It is computed as
    logsumexp(z) - t·z.

    >>> cross_entropy([Value(1000.0), Value(0.0)], [0, 1]).data
    1000.0
    >>> cross_entropy([Value(1000.0), Value(0.0)], 1).data
    1000.0
    """
    if isinstance(targets, Value) or not hasattr(targets, "__len__"):
        targets = [targets]  # what is no number is named below
    targets = cast(Sequence[SupportsFloat], targets)
    if hasattr(outputs, "__len__") and len(targets) == 1 < len(outputs):
        return logsumexp(outputs) - _of_class(outputs, targets[0])
    _check("cross_entropy", outputs, targets, _is_probability, "a probability from 0 to 1")
    with reads_unnoticed():
        total = math.fsum(_number(target) for target in targets)
    if len(targets) < 2 or not math.isclose(total, 1.0, rel_tol=1e-9):
        raise ValueError(
            f"cross_entropy takes the probability of each of two or more classes, such as [0, 1], or the index of the "
            f"one, got {len(targets)} that sum to {total!r}"
        )
    return logsumexp(outputs) - dot(outputs, targets)


def _of_class(outputs: Sequence[Value], index: SupportsFloat) -> Value:
    """The logit of a class. Where the index is a Value, the graph is the same whichever class it names."""
    last = len(outputs) - 1
    _check("cross_entropy", [outputs[0]], [index], lambda k: k in range(last + 1), f"a class index from 0 to {last}")
    chosen: Value = select(outputs, index)
    return chosen


def hinge(outputs: Sequence[Value], targets: Sequence[SupportsFloat]) -> Value:
    """The mean of max(0, 1 - t·z) for scores z and targets t of -1 or 1.

    >>> hinge([Value(0.25), Value(3.0)], [-1, 1]).data
    0.625
    """
    _check("hinge", outputs, targets, lambda t: t in (-1.0, 1.0), "-1 or 1")
    return _mean((1 - z * target).relu() for z, target in zip(outputs, targets, strict=True))


LOSSES: Mapping[str, Loss] = {
    "mse": mse,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "hinge": hinge,
}


def _mean(terms: Iterable[Value]) -> Value:
    """The mean; of one term the term itself, since a division by 1 would only clutter the graph."""
    values = list(terms)
    return values[0] if len(values) == 1 else mean(values)


def _is_probability(target: float) -> bool:
    return 0.0 <= target <= 1.0


def _check(
    name: str,
    outputs: Sequence[Value],
    targets: Sequence[SupportsFloat],
    is_valid: Callable[[float], bool] = math.isfinite,
    wanted: str = "a finite number",
) -> None:
    for kind, values in (("outputs", outputs), ("targets", targets)):
        if isinstance(values, Value) or not hasattr(values, "__len__"):
            raise TypeError(f"{name} takes a list of {kind}, got {type(values).__name__}: {values!r}")
    if len(outputs) != len(targets) or len(outputs) == 0:
        raise ValueError(f"{name} takes one target for each output, got {len(targets)} for {len(outputs)} outputs")
    for i, target in enumerate(targets):
        try:
            with reads_unnoticed():
                number = _number(target)
        except (TypeError, ValueError):
            raise TypeError(f"{name}: target {i} is {target!r}, wanted {wanted}") from None
        if not is_valid(number):
            raise ValueError(f"{name}: target {i} is {number!r}, wanted {wanted}")


def _number(target: SupportsFloat) -> float:
    return target.data if isinstance(target, Value) else float(target)
