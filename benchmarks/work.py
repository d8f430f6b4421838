"""Work: one computation that is measured, said in scalars, by hand in NumPy, and as a loss in a framework's arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import Value, compile, grad
from autograd.compiler import Program
from autograd.functional import values

Floats = npt.NDArray[np.float64]
Run = Callable[[], Any]
"""Computes all once: (the mean loss, its gradient by the parameters), each an array or several."""


@dataclass(frozen=True, eq=False)
class Work:
    """A loss of rows of numbers and of parameters, and its gradient. All numbers are in double precision."""

    title: str
    shapes: Sequence[tuple[int, ...]]
    """Those of the parameters; ``theta`` has them all in one vector."""
    theta: Floats
    batch: Floats
    """A row a sample."""
    record: Callable[..., Value]
    """``record(row, *parameters)`` is the loss of one sample, in scalars: parameters are arrays of Values."""
    by_hand: Callable[[Floats, Floats], Run]
    """``by_hand(theta, batch)`` is a run as a good NumPy programmer writes it."""
    loss: Callable[..., Any] | None = None
    """``loss(framework, batch, *parameters)`` has the loss of each sample, in the arrays of JAX or PyTorch."""
    forces: bool = False
    """There are no parameters: a run has the loss of each row, and its gradient by the numbers of the row."""
    fixed: bool = False
    """The program is that of the one row, whose numbers are no inputs: it is recorded for it alone."""

    def first(self, count: int) -> Work:
        """The same work on the first rows alone."""
        return replace(self, batch=self.batch[:count])

    def graph(self) -> tuple[list[Value], list[Value], list[Value]]:
        """The outputs for one sample, inputs and parameters, recorded."""
        parameters = values(self.theta)
        row: Any = self.batch[0].tolist() if self.fixed else list(values(self.batch[0]))
        loss = self.record(row, *split(parameters, self.shapes))
        inputs = [] if self.fixed else row
        return [loss, *(grad(loss, inputs, create_graph=True) if self.forces else [])], inputs, list(parameters)

    def compiled(self, target: Any = "numpy") -> Program:
        """The program, whose vector theta is in our order."""
        outputs, inputs, parameters = self.graph()
        return compile(outputs if self.forces else outputs[0], inputs, parameters, target)


def split(vector: Any, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """The arrays of these shapes, one after the other in a vector of any library; those of NumPy are views.

    >>> split(np.arange(6.0), [(2, 2), (2,)])
    [array([[0., 1.],
           [2., 3.]]), array([4., 5.])]
    """
    ends = np.cumsum([prod(shape) for shape in shapes]).tolist()
    return [
        vector[end - prod(shape) : end].reshape(shape) if len(shape) != 1 else vector[end - prod(shape) : end]
        for end, shape in zip(ends, shapes, strict=True)
    ]


def joined(found: Any) -> Floats:
    """All numbers of a run's result in one vector."""
    if isinstance(found, tuple | list):
        return np.concatenate([joined(part) for part in found]) if found else np.empty(0)
    return np.asarray(found, dtype=float).ravel()


CLOSE = 1e-9


def difference(found: Any, wanted: Any) -> float:
    """The largest difference of two results, relative to the largest number of the same part: values, or gradient.

    It is nan if one of the numbers is.
    """
    parts = [(joined(a), joined(b)) for a, b in zip(found, wanted, strict=True)]
    for a, b in parts:
        if a.shape != b.shape:
            raise ValueError(f"results of {len(a)} and {len(b)} numbers are not the same")
    return float(np.max([np.max(np.abs(a - b)) / (np.max(np.abs(b)) or 1.0) for a, b in parts if len(a)]))
