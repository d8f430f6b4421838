"""Tensors of Values: NumPy arrays of objects, whose ``+``, ``*``, ``@`` and ``sum`` record one scalar node a number."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import Value, functional

Tensor = npt.NDArray[np.object_]


class Draw:
    """What a tensor program is made from: fresh inputs and parameters, and choices, all from one seed."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.inputs: list[Value] = []

    def parameters(self, *shape: int) -> Tensor:
        """New leaves, normal with a standard deviation of 0.5."""
        return each(Value, np.asarray(self.numbers.normal(0.0, 0.5, shape)))

    def input(self, *shape: int) -> Tensor:
        """New leaves that change from sample to sample."""
        leaves = self.parameters(*shape)
        self.inputs += leaves.ravel().tolist()
        return leaves

    def batch(self, size: int) -> npt.NDArray[np.float64]:
        """So many samples of the inputs; without inputs, the one empty sample that there is."""
        return self.numbers.normal(size=(size if self.inputs else 1, len(self.inputs)))

    def shape(self, axes: int) -> tuple[int, ...]:
        return tuple(self.choose.choice((1, 2, 3, 4)) for _ in range(axes))

    def axis(self, x: Tensor) -> int:
        return self.choose.randrange(x.ndim)


def each(function: Callable[..., Any], *xs: npt.NDArray[Any]) -> Tensor:
    """The function of every element, or of every pair of elements of tensors that broadcast."""
    return np.asarray(np.frompyfunc(function, len(xs), 1)(*xs), dtype=object)


def along(axis: int, function: Callable[[list[Value]], list[Value]], x: Tensor) -> Tensor:
    """The function of every row along an axis."""
    rows = np.moveaxis(x, axis, -1)
    found = [function(list(row)) for row in rows.reshape(-1, x.shape[axis])]
    return np.moveaxis(np.array(found, dtype=object).reshape(*rows.shape[:-1], -1), -1, axis)


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    return along(axis, functional.softmax, x)


def tanh(x: Tensor) -> Tensor:
    return each(Value.tanh, x)


def sigmoid(x: Tensor) -> Tensor:
    return each(Value.sigmoid, x)


def relu(x: Tensor) -> Tensor:
    return each(Value.relu, x)


def exp(x: Tensor) -> Tensor:
    return each(Value.exp, x)


def maximum(x: Tensor, axis: int = -1) -> Tensor:
    """The largest along an axis, the later of two compared with the earlier."""
    return np.asarray(np.frompyfunc(Value.maximum, 2, 1).reduce(x, axis=axis), dtype=object)


def total(x: Tensor) -> Value:
    """The sum of all elements, from first to last."""
    return functional.sum(x.ravel())
