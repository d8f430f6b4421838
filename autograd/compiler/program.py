"""Program: a recorded graph that runs at the speed of arrays. What :func:`compile` gives to the user."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property
from math import isfinite, prod
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..value import Value
from .emit import emit, load
from .fold import fold
from .layout import layout
from .lift import lift
from .placing.statements import ArrayProgram, DotStatement
from .record import STOPPING, Floats, Recording, record


def compile(output: Value | Sequence[Value], inputs: Sequence[Value] = (), parameters: Sequence[Value] = ()) -> Program:
    """A NumPy program that computes the output, or several, from the inputs and the parameters.

    ``inputs`` are the leaves that change from sample to sample; every other leaf is a parameter; numbers stay as they
    are. The vector of the parameters begins with ``parameters``, in this order; the others follow in an order in which
    the program can read them as matrices. What was computed under ``no_grad`` is a leaf, so a parameter, and does not
    follow the inputs. Raises a TypeError for anything but Values, a ValueError for inputs or parameters that are not
    leaves or that repeat.

    >>> x, w, b = Value(0.5, label="x"), Value(2.0, label="w"), Value(-1.0, label="b")
    >>> program = compile((w * x + b).tanh(), [x])
    >>> program(np.array([[0.5], [1.0]]))
    array([0.        , 0.76159416])
    >>> [p.label for p in program.parameters]
    ['w', 'b']
    >>> loss, gradient = program.value_and_grad(np.array([[0.5], [1.0]]))
    >>> gradient.round(3)
    array([0.46, 0.71])
    """
    single = isinstance(output, Value)
    outputs = [output] if isinstance(output, Value) else _sequence("output", output)
    return Program(record(outputs, _sequence("inputs", inputs), _sequence("parameters", parameters)), single)


def _sequence(what: str, values: Sequence[Value]) -> list[Value]:
    if isinstance(values, Value | Set | Mapping) or not isinstance(values, Iterable):
        wanted = "a Value or a sequence of them" if what == "output" else "a sequence of Values"
        order = ", which has no order" if isinstance(values, Set | Mapping) else ""
        raise TypeError(f"compile takes {wanted} as {what}, got {type(values).__name__}{order}: {values!r}")
    return list(values)


def _reals(what: str, numbers: npt.ArrayLike) -> Floats:
    """The numbers as an array of floats; a TypeError if they are of another kind, a ValueError if they are ragged."""
    try:
        array = np.asarray(numbers)
    except ValueError:
        raise ValueError(f"{what} is an array of real numbers, got rows of different lengths") from None
    if array.dtype == np.float64:
        return array
    if array.dtype.kind not in "fiub":
        what_is_there = "Values: give their data" if _holds_values(array) else f"dtype {array.dtype}"
        raise TypeError(f"{what} is an array of real numbers, got {what_is_there}")
    return array.astype(np.float64)


def _holds_values(array: npt.NDArray[np.generic]) -> bool:
    return array.dtype == object and any(isinstance(item, Value) for item in array.ravel().tolist())


def _quietly() -> np.errstate:
    """No warnings: inf and nan are results. Each call has its own, for an errstate is not for several threads."""
    return np.errstate(all="ignore")


class Program:
    """What :func:`compile` returns: call it for outputs, or its :meth:`value_and_grad`.

    - ``parameters``: the Values that the gradient is taken by, in the order of the vectors theta and gradient;
    - ``source``: the NumPy program that runs, as text; it says how to run it elsewhere;
    - ``constants``: the arrays that the source names but does not write down, by their names;
    - ``summary``: how many scalar nodes became how many array operations, and the matrix products among them;
    - ``str(program)``: the recorded graph, an equation for each node.
    """

    def __init__(self, recording: Recording, single: bool = True, exact: bool = False) -> None:
        """Programs are made by :func:`compile`."""
        self._recording, self._single = recording, single
        self._folded = fold(recording)
        self._lifted = lift(self._folded, exact)
        self._arrays: ArrayProgram = layout(self._lifted)
        self._inexact = self._arrays.padded or (not exact and bool(np.isin(recording.code, STOPPING).any()))
        emitted = emit(self._arrays)
        self._parameters, self._source = tuple(self._arrays.parameters), emitted.source
        self._constants = MappingProxyType(emitted.constants)
        self._contiguous, self._absorbed = emitted.contiguous_inputs, emitted.absorbed
        functions = load(emitted.source, emitted.constants)
        self._forward, self._value_and_grad = functions["forward"], functions.get("value_and_grad")
        self._views, self._gradient_views = functions["views"], functions["gradient_views"]
        self._n_inputs, self._is_sampled = len(recording.inputs), self._arrays.outputs[0].sampled
        self._kept = threading.local()

    # ---- running

    def __call__(self, batch: npt.ArrayLike | None = None) -> Any:
        """The outputs for each sample of a batch.

        ``batch`` (B, n_inputs) gives (B,) or (B, n_outputs); (n_inputs,) is one sample and gives a float or
        (n_outputs,); without inputs there is no batch.
        """
        x, one = self._samples(batch)
        with _quietly():
            found = self._forward(x, *self._read(None))
        outputs = self._arrays.outputs
        if len(outputs) == 1:
            found = (found,)
        sizes = [operand.shape[0] if operand.shape else 1 for operand in outputs]
        out = np.empty((sum(sizes), x.shape[1]))
        start = 0
        for rows, size, operand in zip(found, sizes, outputs, strict=True):
            out[start : start + size] = rows if operand.sampled or not operand.shape else rows[:, None]
            start += size
        if self._arrays.padded and not np.isfinite(out).all():
            return self._exact(batch)
        if one or not self._n_inputs:
            return float(out[0, 0]) if self._single else out[:, 0]
        return out[0] if self._single else out.T

    def value_and_grad(
        self,
        batch: npt.ArrayLike | None = None,
        reduction: Literal["mean", "sum"] = "mean",
        theta: Floats | None = None,
    ) -> tuple[float, Floats]:
        """(value, gradient (P,)) of the mean or the sum over the batch, by the parameters.

        They are taken at the parameters' data, or at ``theta`` (P,) if it is given. As long as the samples' gradients
        are finite, the gradient is their mean or their sum, to rounding; see :mod:`autograd.compiler` for inf and nan.
        """
        if not isinstance(reduction, str) or reduction not in ("mean", "sum"):
            raise ValueError(f'reduction is "mean" or "sum", got {reduction!r}; parameters are given as theta=')
        if self._value_and_grad is None:
            raise ValueError(
                f"value_and_grad differentiates one output, this program has {len(self._recording.outputs)}: compile "
                "the one, or a sum of them"
            )
        x, _ = self._samples(batch)
        size = x.shape[1] if self._n_inputs else 1
        if size == 0 and reduction == "mean":
            raise ValueError("the mean over an empty batch is not defined: give at least one sample")
        weight = 1.0 / size if reduction == "mean" else 1.0
        views = self._read(theta)
        grad, gradient_views = self._gradient
        with _quietly():
            found = self._value_and_grad(x, weight, *views, *gradient_views)
            value = float(np.add.reduce(found) * weight if self._is_sampled else found * (size * weight))
            # One inf or nan makes the sum of squares one; huge numbers do too, for which the exact program is as right.
            finite = not self._inexact or (isfinite(value) and isfinite(grad.dot(grad)))
        grad = grad.copy()
        if not finite:
            exact = self._exact
            place = {parameter: i for i, parameter in enumerate(self.parameters)}
            order = [place[parameter] for parameter in exact.parameters]
            value, found = exact.value_and_grad(batch, reduction, views[0][order])
            grad[order] = found
        return value, grad

    @cached_property
    def _exact(self) -> Program:
        """The same graph without grids that have holes, in the graph or in its derivative.

        A hole holds a number that the graph does not have; it is multiplied by 0. Should that number be inf or nan, so
        is the product: then, and only then, this program is used. So it is with the derivative of a node through which
        no gradient flows, computed beside those of others.
        """
        return Program(self._recording, self._single, exact=True)

    def _read(self, theta: Floats | None) -> tuple[Floats, ...]:
        """Views of the parameter vector. They are kept as long as calls are made with the same vector."""
        if theta is None:
            theta = np.array([parameter.data for parameter in self.parameters])
        last = getattr(self._kept, "theta", None)
        if last is not None and theta is last[0]:
            return last  # type: ignore[no-any-return]
        vector = np.ascontiguousarray(_reals("theta", theta))
        if vector.shape != (len(self.parameters),):
            raise ValueError(
                f"theta has one number for each of {len(self.parameters)} parameters, got shape {np.shape(theta)}"
            )
        views: tuple[Floats, ...] = self._views(vector)
        if vector is theta:
            self._kept.theta = views
        return views

    @property
    def _gradient(self) -> tuple[Floats, tuple[Floats, ...]]:
        """A vector for the gradient and its views, one a thread."""
        if not hasattr(self._kept, "gradient"):
            grad = np.empty(len(self.parameters))
            self._kept.gradient = grad, self._gradient_views(grad)
        return self._kept.gradient  # type: ignore[no-any-return]

    def _samples(self, batch: npt.ArrayLike | None) -> tuple[Floats, bool]:
        """The batch, one column a sample."""
        n = self._n_inputs
        if batch is None:
            if n:
                raise ValueError(f"the program has {n} inputs: call it with a batch of shape (B, {n})")
            return np.empty((0, 1)), False
        if not n:
            raise ValueError("the program has no inputs: call it without a batch")
        array = _reals("a batch", batch)
        if array.ndim not in (1, 2) or array.shape[-1] != n:
            hint = ": one number a sample is batch[:, None]" if n == 1 and array.ndim == 1 else ""
            raise ValueError(f"a batch has shape (B, {n}), one sample ({n},); got {array.shape}{hint}")
        one = array.ndim == 1
        x = array[:, None] if one else array.T
        return (np.ascontiguousarray(x) if self._contiguous else x), one

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy is compiled anew from a copy of the graph: its parameters are the copied Values."""
        values, recording = self._recording.values, self._recording
        roles = (recording.outputs, recording.inputs, recording.parameters)
        outputs, inputs, parameters = ([values[i] for i in numbers] for numbers in roles)
        return compile, (outputs[0] if self._single else outputs, inputs, parameters)

    # ---- looking

    @property
    def parameters(self) -> tuple[Value, ...]:
        """The Values that the gradient is taken by, in the order of the vectors theta and gradient."""
        return self._parameters

    @property
    def source(self) -> str:
        """The program that runs."""
        return self._source

    @property
    def constants(self) -> Mapping[str, npt.NDArray[Any]]:
        """The arrays that the source names but does not write down."""
        return self._constants

    def __str__(self) -> str:
        return str(self._recording)

    def __repr__(self) -> str:
        return f"<Program of {len(self._recording.values)} nodes in {len(self._arrays.statements)} array operations>"

    @property
    def summary(self) -> str:
        """How many scalar nodes became how many array operations, and the matrix products, by their lines."""
        statements = self._arrays.statements
        count = "1 array operation" if len(statements) == 1 else f"{len(statements)} array operations"
        lines = [f"{len(self._recording.values):,} scalar nodes became {count}, forward"]
        for statement in statements:
            if isinstance(statement, DotStatement):
                c, m, p, _ = statement.axes
                shape, others = statement.left.shape, statement.right.shape
                stack, rows, inner = (prod(part) for part in (shape[:c], shape[c : c + m], shape[c + m :]))
                columns = prod(others[c : c + p])
                batch = " × B" if statement.target.sampled else ""
                times = f"{stack} × " if stack > 1 else ""
                name = statement.target.name
                lines.append(f"  {self._absorbed.get(name, name)}: {times}({rows}×{inner} @ {inner}×{columns}{batch})")
        return "\n".join(lines)
