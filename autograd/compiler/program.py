"""Program: a recorded graph that runs at the speed of arrays. What :func:`compile` gives to the user."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cached_property
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..arrays import flattened
from ..backward import grad
from ..collector import collector_paused
from ..files import write_file
from ..targets import TARGETS, Framework, Target
from ..value import Value
from .differentiate import differentiate
from .fold import fold
from .graphs import Folded, Packed, Recording, shown
from .ir import ArrayProgram, B, Contract, Floats, Loop, assignments, parts_of, product
from .layout import layout
from .lift import lift
from .record import record
from .roll import roll
from .targets import c
from .targets.building import Library, build, has_wide_vectors
from .targets.masking import masked
from .targets.numpy import Source, load, write


def compile(
    output: Value | Sequence[Value],
    inputs: Sequence[Value] = (),
    parameters: Sequence[Value] = (),
    target: Target = "numpy",
) -> Program:
    """A program that computes the output, or several, from the inputs and the parameters.

    ``inputs`` are the leaves that change from sample to sample; every other leaf is a parameter; numbers stay as they
    are; an object array is taken in the order of its elements, row by row. The vector of the parameters begins with
    ``parameters``, in this order; the others follow in an order in which the program can read them as matrices, the
    same one for all targets. What was computed under ``no_grad`` is a leaf, so a parameter, and does not follow the
    inputs. Raises a TypeError for anything but Values, a ValueError for inputs or parameters that are not leaves or
    that repeat.

    It runs on NumPy, or with ``target="c"`` as a library that the system's C compiler builds, several times as fast:
    see ``docs/c.md``. A ``BuildError`` says what to install where there is none.

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
    if target not in TARGETS:
        raise ValueError(f"target is one of {', '.join(map(repr, TARGETS))}, got {target!r}")
    with collector_paused():
        recording = record(outputs, _sequence("inputs", inputs), _sequence("parameters", parameters))
        return Program(recording, single, target=target)


def _sequence(what: str, values: Sequence[Value]) -> list[Value]:
    if isinstance(values, Value | Set | Mapping) or not isinstance(values, Iterable):
        wanted = "a Value or a sequence of them" if what == "output" else "a sequence of Values"
        order = ", which has no order" if isinstance(values, Set | Mapping) else ""
        raise TypeError(f"compile takes {wanted} as {what}, got {type(values).__name__}{order}: {values!r}")
    return flattened(values)


def _reals(what: str, numbers: npt.ArrayLike) -> Floats:
    """The numbers as an array of floats; a TypeError if they are of another kind, a ValueError if they are ragged."""
    try:
        array = np.asarray(numbers)
    except ValueError:
        raise ValueError(f"{what} is an array of real numbers, got rows of different lengths") from None
    if isinstance(numbers, np.ma.MaskedArray):
        raise TypeError(f"{what} is an array of real numbers, got a masked one: fill it, for a mask says no number")
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
    - ``theta``: their data as one vector, to be read and assigned; every call takes another one as ``theta=``;
    - :meth:`jacobian` and :meth:`hessian`: derivatives by the inputs or by the parameters, for each sample;
    - ``source``: the NumPy program that runs, as text; it says how to run it elsewhere;
    - ``constants``: the arrays that the source names but does not write down, by their names;
    - ``summary``: how many scalar nodes became how many array operations, and the matrix products among them;
    - ``passes``: what each pass of the compiler made of the graph; ``str(program)``: the first, an equation a node.
    """

    def __init__(
        self, recording: Recording, single: bool = True, target: Target = "numpy", exact_for: Program | None = None
    ) -> None:
        """Programs are made by :func:`compile`."""
        self._packed, self._single, self._target = recording.packed(), single, target
        self._n_nodes, self._n_outputs = len(recording), len(recording.outputs)
        exact = self._is_exact = bool(exact_for) or target == "c"  # a loop costs little: C needs no grids with holes
        rolled = roll(fold(recording))
        lifted = lift(rolled, exact)
        arrays = differentiate(layout(lifted, exact_for.parameters if exact_for else _order(rolled, exact)))
        source = c.source(arrays) if target == "c" else write(arrays)
        self._inexact = not exact and (arrays.has_holes or recording.stops)
        self._padded = arrays.has_holes
        self._parameters, self._source = tuple(arrays.parameters), source.text
        self._constants = MappingProxyType(source.constants)
        self._contiguous, self._summary = source.contiguous_inputs, _summary(len(recording), arrays, source)
        self._n_operations = len([*assignments(arrays.statements)])
        self._library: Library | None = None
        if target == "c":
            _warn_where_c_is_slower(arrays)
            self._library = Library(build(source.text), "program", len(self._parameters), self._n_outputs)
            self._value_and_grad: Callable[..., Any] | None = self._library.value_and_grad if arrays.gradient else None
        else:
            functions = load(source)
            self._forward, self._value_and_grad = functions["forward"], functions.get("value_and_grad")
            self._views, self._gradient_views = functions["views"], functions["gradient_views"]
        self._n_inputs = len(recording.inputs)
        self._shapes = [output.shape for output in arrays.outputs]
        self._is_sampled = self._shapes[0][-1:] == (B,)
        self._kept = threading.local()
        self._derivatives: dict[tuple[int, str], Program | None] = {}

    # ---- running

    def __call__(self, batch: npt.ArrayLike | None = None, theta: Floats | None = None) -> Any:
        """The outputs for each sample of a batch, at the parameters' data, or at ``theta`` (P,) if it is given.

        ``batch`` (B, n_inputs) gives (B,) or (B, n_outputs); (n_inputs,) is one sample and gives a float or
        (n_outputs,); without inputs there is no batch.
        """
        x, one = self._samples(batch)
        out = self._outputs(x, theta)
        if one or not self._n_inputs:
            return float(out[0, 0]) if self._single else out[:, 0]
        return out[0] if self._single else out.T

    def _outputs(self, x: Floats, theta: Floats | None) -> Floats:
        """The outputs (n_outputs, B) for columns of inputs."""
        if self._library:
            return self._library.outputs(x.T, self._same_vector(theta)).T
        with _quietly():
            found = self._forward(x, *self._read(theta))
        rows = [found] if len(self._shapes) == 1 else found
        out = np.empty((self._n_outputs, x.shape[1]))
        start = 0
        for shape, values in zip(self._shapes, rows, strict=True):
            sampled = shape[-1:] == (B,)
            size = shape[0] if len(shape) > sampled else 1
            assert isinstance(size, int)
            out[start : start + size] = values if sampled or not shape else values[:, None]
            start += size
        if self._padded:
            inexact = ~np.isfinite(out).all(axis=0)
            if inexact.any():
                out[:, inexact] = self._exact._outputs(x[:, inexact], theta)
        return out

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
                f"value_and_grad differentiates one output, this program has {self._n_outputs}: compile "
                "the one, or a sum of them"
            )
        x, _ = self._samples(batch)
        size = x.shape[1] if self._n_inputs else 1
        if size == 0 and reduction == "mean":
            raise ValueError("the mean over an empty batch is not defined: give at least one sample")
        weight = 1.0 / size if reduction == "mean" else 1.0
        with _quietly():
            return self._reduced(x, weight, theta)

    def mean_and_grad(self, batch: Floats, theta: Floats) -> tuple[float, Floats]:
        """``value_and_grad`` of a batch (B, n_inputs) of at least one sample, for loops that call it all the time.

        Nothing is checked, and NumPy warns of inf and nan unless the caller has an ``np.errstate`` for all steps.

        >>> x, w = Value(1.0), Value(3.0)
        >>> value, gradient = compile(w * x * x, [x]).mean_and_grad(np.array([[1.0], [2.0]]), np.array([2.0]))
        >>> value, gradient.tolist()
        (5.0, [2.5])
        """
        x = np.ascontiguousarray(batch.T) if self._contiguous else batch.T
        return self._reduced(x, 1.0 / len(batch), theta)

    def _reduced(self, x: Floats, weight: float, theta: Floats | None) -> tuple[float, Floats]:
        """Weight times the sum of the output over the columns of inputs, and its gradient."""
        if self._library:
            return self._library.value_and_grad(x.T, weight, self._same_vector(theta))
        found, grad = self._differentiated(x, weight, theta)
        value = float(np.add.reduce(found) * weight if self._is_sampled else found * (x.shape[1] * weight))
        # One inf or nan makes the sum of squares one; huge numbers do too, for which the exact program is as right.
        if self._inexact and not (isfinite(value) and isfinite(grad.dot(grad))):
            found, grad = self._differentiated_exactly(x, weight, self._vector(theta), found)
            value = float(np.add.reduce(found) * weight if self._is_sampled else found * (x.shape[1] * weight))
        return value, grad

    def _differentiated(self, x: Floats, weight: float, theta: Floats | None) -> tuple[Floats, Floats]:
        """The output for each column of inputs, and the gradient of weight times their sum."""
        assert self._value_and_grad is not None
        views = self._read(theta)
        grad, gradient_views = self._gradient
        found = self._value_and_grad(x, weight, *views, *gradient_views)
        return found, grad.copy()

    def _differentiated_exactly(self, x: Floats, weight: float, theta: Floats, found: Floats) -> tuple[Floats, Floats]:
        """The same by the exact program: for samples whose output is not finite, and if need be for all."""
        exact, grad = self._exact, np.empty(len(theta))
        rows = ~np.isfinite(np.broadcast_to(found, x.shape[1]))
        if self._is_sampled and not rows.all():
            _, grad = self._differentiated(np.ascontiguousarray(x[:, ~rows]), weight, theta)
        if not self._is_sampled or rows.all() or not isfinite(grad.dot(grad)):
            rows[:], grad[:] = True, 0.0
        outputs, slopes = exact._differentiated(x[:, rows], weight, theta)
        grad += slopes
        if not self._is_sampled:
            return outputs, grad
        found = np.array(found)
        found[rows] = outputs
        return found, grad

    @cached_property
    def _exact(self) -> Program:
        """The same graph without grids that have holes, in the graph or in its derivative.

        A hole holds a number that the graph does not have; it is multiplied by 0. Should that number be inf or nan, so
        is the product: then, and only then, this program is used. So it is with the derivative of a node through which
        no gradient flows, computed beside those of others.
        """
        with collector_paused():
            return Program(self._packed.unpacked(), self._single, exact_for=self)

    def _vector(self, theta: npt.ArrayLike | None) -> Floats:
        """The parameters as a vector of floats: theta, if it is one that fits, or their data."""
        if theta is None:
            return self.theta
        vector = np.ascontiguousarray(_reals("theta", theta))
        if vector.shape != (len(self.parameters),):
            raise ValueError(
                f"theta has one number for each of {len(self.parameters)} parameters, got shape {np.shape(theta)}"
            )
        return vector

    def _same_vector(self, theta: Floats | None) -> Floats:
        """The parameters as a vector, which is not looked at again as long as calls are made with the same one."""
        last: Floats | None = getattr(self._kept, "vector", None)
        if last is not None and theta is last:
            return last
        vector = self._vector(theta)
        self._kept.vector = vector if vector is theta else None
        return vector

    def _read(self, theta: Floats | None) -> tuple[Floats, ...]:
        """Views of the parameter vector. They are kept as long as calls are made with the same vector."""
        last = getattr(self._kept, "theta", None)
        if last is not None and theta is last[0]:
            return last  # type: ignore[no-any-return]
        vector = self._vector(theta)
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
            raise ValueError(
                "the program has no inputs: call it without a batch. Parameters are given by name, as in "
                "minimize(lambda theta: program.value_and_grad(theta=theta), program.theta, jac=True)"
            )
        array = _reals("a batch", batch)
        if array.ndim not in (1, 2) or array.shape[-1] != n:
            hint = ": one number a sample is batch[:, None]" if n == 1 and array.ndim == 1 else ""
            raise ValueError(f"a batch has shape (B, {n}), one sample ({n},); got {array.shape}{hint}")
        one = array.ndim == 1
        x = array[:, None] if one else array.T
        return (np.ascontiguousarray(x) if self._contiguous else x), one

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy is compiled anew, with copies of the leaves: its parameters are the copied Values."""
        return _unpacked, (self._packed, self._single, self._target)

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
        return str(self._packed.unpacked())

    def __repr__(self) -> str:
        return f"<Program of {self._n_nodes} nodes in {self._n_operations} array operations>"

    @property
    def theta(self) -> Floats:
        """The data of the parameters, as a vector (P,). What is assigned to it becomes their data."""
        return np.array([parameter._number for parameter in self.parameters])

    @theta.setter
    def theta(self, theta: npt.ArrayLike) -> None:
        for parameter, number in zip(self.parameters, self._vector(theta).tolist(), strict=True):
            parameter.data = number

    # ---- derivatives

    def jacobian(
        self,
        batch: npt.ArrayLike | None = None,
        wrt: Literal["inputs", "parameters"] = "inputs",
        theta: Floats | None = None,
    ) -> Floats:
        """d(output)/d(input) or d(output)/d(parameter), for each sample: (B, n_outputs, n).

        (n_outputs, n) for one sample (n_inputs,), and without inputs. The first call compiles the derivatives.

        >>> x, w = Value(1.0), Value(3.0)
        >>> compile(w * x * x, [x]).jacobian([[1.0], [2.0]]).tolist()
        [[[6.0]], [[12.0]]]
        """
        return self._derivative(1, batch, wrt, theta)

    def hessian(
        self,
        batch: npt.ArrayLike | None = None,
        wrt: Literal["inputs", "parameters"] = "inputs",
        theta: Floats | None = None,
    ) -> Floats:
        """The second derivatives of the one output, by inputs or by parameters, for each sample: (B, n, n).

        (n, n) for one sample (n_inputs,), and without inputs. The first call compiles them.

        >>> x, y = Value(1.0), Value(3.0)
        >>> compile(x * x * y, [x, y]).hessian([1.0, 2.0]).tolist()
        [[4.0, 2.0], [2.0, 0.0]]
        """
        if self._n_outputs != 1:
            raise ValueError(f"a hessian is that of one output, this program has {self._n_outputs}: compile the one")
        return self._derivative(2, batch, wrt, theta)

    def _derivative(self, order: int, batch: npt.ArrayLike | None, wrt: str, theta: Floats | None) -> Floats:
        if wrt not in ("inputs", "parameters"):
            raise ValueError(f'derivatives are by "inputs" or by "parameters", got wrt={wrt!r}')
        x, one = self._samples(batch)
        if (order, wrt) not in self._derivatives:
            self._derivatives[order, wrt] = self._compiled_derivative(order, wrt)
        program = self._derivatives[order, wrt]
        n = self._n_inputs if wrt == "inputs" else len(self.parameters)
        rows = n if order == 2 else self._n_outputs
        found = program._outputs(x, self._vector(theta)) if program else np.empty((0, x.shape[1]))
        out = found.T.reshape(x.shape[1], rows, n)
        return out[0] if one or not self._n_inputs else out

    def _compiled_derivative(self, order: int, wrt: str) -> Program | None:
        """A program of the first or of the second derivatives, one after the other; None if there are none."""
        recording = self._packed.unpacked()
        with collector_paused():
            values = recording.values()
            by = [values[i] for i in recording.inputs] if wrt == "inputs" else list(self.parameters)
            found = [values[i] for i in recording.outputs]
            for _ in range(order):
                found = [slope for value in found for slope in grad(value, by, create_graph=True)]
            inputs = [values[i] for i in recording.inputs]
            return compile(found, inputs, self.parameters, self._target) if found else None

    # ---- elsewhere

    def to_c(self, path: str | Path) -> None:
        """Write the program as one file of C11 that needs nothing but C's library; its head says how it is used.

        Its functions are named after the file: in ``loss.c`` they are ``loss_forward`` and ``loss_value_and_grad``.
        Raises a NotImplementedError that names an operation which C has not.
        """
        write_file(Path(path), self.c_source(Path(path).stem).encode("ascii"))

    def c_source(self, name: str) -> str:
        """The text of that file, its functions named after ``name``."""
        with collector_paused():
            arrays = differentiate(self._without_holes)
        return c.write({c.identifier(name): arrays})

    # ---- in other frameworks

    def to_jax(self) -> Callable[..., Any]:
        """A JAX function ``f(batch, theta)``: (B,) or (B, n_outputs), its text in ``f.source``.

        ``batch`` is (B, n_inputs), or (n_inputs,) for one sample, or None without inputs. It can be jitted, mapped and
        differentiated, and computes in 64 bits: a TypeError where JAX has not been told to.
        """
        from .targets import jax

        return jax.load_function(jax.source(self._masked, self._single))

    def to_torch(self) -> Any:
        """A ``torch.nn.Module`` of a batch, whose parameter ``theta`` starts as the data; its text is in ``source``.

        The batch is (B, n_inputs), or (n_inputs,) for one sample; without inputs the module takes none.
        """
        from .targets import torch

        return torch.load_module(torch.source(self._masked, self._single), self.theta)

    def to_onnx(self, path: str | Path | None = None, dtype: npt.DTypeLike = "float64") -> Any:
        """The forward pass at the parameters' data as an ``onnx.ModelProto``, and as a file if a path is given.

        From ``batch`` (B, n_inputs) for any B, which programs without inputs have not, to ``output``: (B,) or
        (B, n_outputs); in 64 or in 32 bits. It needs opset 18.
        """
        from .targets import onnx

        model = onnx.model(self._masked, self.theta, self._single, dtype)
        if path is not None:
            write_file(path, model.SerializeToString(deterministic=True))
        return model

    def source_for(self, framework: Framework) -> str:
        """What runs in a framework, as text that needs nothing else; the framework need not be installed."""
        from .targets import jax, torch
        from .targets.text import literal

        if framework == "numpy":
            constants = [f"{name} = np.array({literal(values)})\n" for name, values in self.constants.items()]
            return self.source + "".join(constants)
        source = jax.source if framework == "jax" else torch.source
        return source(self._masked, self._single)

    @cached_property
    def _without_holes(self) -> ArrayProgram:
        """The arrays of a program in C, where grids with holes are no help; theta is in our order."""
        with collector_paused():
            return layout(lift(roll(fold(self._packed.unpacked())), exact=True), self.parameters)

    @cached_property
    def _masked(self) -> ArrayProgram:
        """The arrays for frameworks, which differentiate by themselves: holes are masked; theta is in our order."""
        with collector_paused():
            lifted = lift(roll(fold(self._packed.unpacked())), quiet=True, apart=True)
            return masked(layout(lifted, self.parameters))

    # ---- looking at it

    @property
    def summary(self) -> str:
        """How many scalar nodes became how many array operations, and the matrix products, by their lines."""
        return self._summary

    @property
    def passes(self) -> Passes:
        """What the compiler made of the graph, pass by pass: ``print(program.passes)``, or one of them by its name."""
        recording = self._packed.unpacked()
        folded = fold(recording)
        rolled = roll(folded)
        lifted = lift(rolled, self._is_exact, quiet=True)  # what it may cost was said when it was compiled
        arrays = layout(lifted, self.parameters)
        found: dict[str, object] = {"record": recording, "fold": folded}
        found |= {"roll": rolled} if rolled.loops else {}
        found |= {"lift": lifted, "layout": arrays, "differentiate": differentiate(arrays)}
        return Passes(
            {name: str(representation) for name, representation in found.items()} | {self._target: self.source}
        )


class Passes(dict[str, str]):
    """The representations of one graph, as text, by the names of the passes that made them."""

    def __str__(self) -> str:
        return "\n\n".join(f"---- {name} ----\n{shown(text)}" for name, text in self.items())

    __repr__ = __str__


def _order(rolled: Folded, exact: bool) -> Sequence[Value]:
    """The order of the parameters, one for all programs of a graph; empty if it was asked for, or layout finds it.

    It is that in which NumPy would read them if short loops were rolled too, which do not pay.
    """
    recording = rolled.recording
    if len(recording.leaves) == len(recording.inputs) + len(recording.parameters):
        return ()
    every = roll(rolled, every=True)
    return layout(lift(every, quiet=True)).parameters if exact or every is not rolled else ()


def _warn_where_c_is_slower(arrays: ArrayProgram) -> None:
    reasons = [
        f"it multiplies a matrix of {shape}, which NumPy's library does faster" for shape in c.large_matrices(arrays)
    ]
    if not has_wide_vectors():
        reasons.append("this processor has no vectors of four doubles (AVX), without which NumPy is often faster")
    if reasons:
        message = (
            f'target="c" may be slower than NumPy for this program: {"; ".join(reasons)}. Leave target out to compare'
        )
        warnings.warn(message, RuntimeWarning, stacklevel=4)


def _unpacked(packed: Packed, single: bool, target: Target = "numpy") -> Program:
    return Program(packed.unpacked(), single, target=target)


def _summary(nodes: int, arrays: ArrayProgram, source: Source) -> str:
    """How many nodes became how many operations; and for each matrix product its line and its shape."""
    statements = [(s, inner) for s in arrays.statements for inner in assignments([s])]
    n = len(statements)
    lines = [f"{nodes:,} scalar nodes became {n:,} array operation{'s' * (n != 1)}, forward"]
    for outer, statement in statements:
        for found in parts_of(statement.expr, Contract):
            sizes = dict(zip(found.left_letters, found.left.shape, strict=True))
            sizes |= dict(zip(found.right_letters, found.right.shape, strict=True))
            left, right, out = (set(x) - {"B"} for x in (found.left_letters, found.right_letters, found.out))
            groups = (left & right & out, (left - right) & out, left & right - out, (right - left) & out)
            stack, rows, inner, columns = (product([sizes[letter] for letter in group]) for group in groups)
            times = f"{stack} × " if stack != 1 else ""
            times = f"{outer.times:,} × {times}" if isinstance(outer, Loop) else times
            batch = " × B" if "B" in found.out else ""
            lines.append(f"  {source.places[statement.target]}: {times}({rows}×{inner} @ {inner}×{columns}{batch})")
    return "\n".join(lines)
