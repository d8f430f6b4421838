"""Value: a number that remembers how it was made."""

from __future__ import annotations

import copyreg
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from numbers import Real
from typing import Any, NoReturn, SupportsFloat

from . import modes, ops
from .backward import backward
from .graph import topological_order
from .ops import Operation


class Value:
    """A float, with the operation, the parents and the local derivatives it was made with.

    A Value made by a user is a *leaf*. Arithmetic and the methods below make new Values and record how; numbers in an
    expression become *constants*, which are recorded but never collect a gradient.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b + 10
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (4.0, -3.0, 2.0)

    Values are compared and hashed by identity. ``partials[i]`` is d(self)/d(parents[i]) at the recorded point: changing
    a leaf's ``data`` later changes neither.
    """

    __slots__ = ("_adjoint", "_data", "_grad", "_label", "op", "parents", "partials")
    __array_ufunc__ = None  # so that np.float64(2) * value comes to Value.__rmul__

    _adjoint: float | None  # scratch of a running backward pass, unset before the first
    _data: float
    _grad: float | None
    _label: str
    op: Operation | None
    parents: tuple[Value, ...]
    partials: tuple[float, ...]

    def __init__(self, data: SupportsFloat, label: str = "") -> None:
        self._data = as_float(data)
        self._grad = None
        self.label = label
        self.op = None
        self.parents = ()
        self.partials = ()

    @classmethod
    def constant(cls, data: SupportsFloat) -> Value:
        """A number as it stands in an expression: it never collects a gradient."""
        value = cls(data)
        value.op = ops.CONSTANT
        return value

    # ---- what a Value holds

    @property
    def data(self) -> float:
        """The number itself. It may be set, on a leaf, between one recording and the next."""
        return self._data

    @data.setter
    def data(self, data: SupportsFloat) -> None:
        self._data = as_float(data)

    @property
    def grad(self) -> float:
        """d(output)/d(self) as the last ``backward`` calls left it; 0.0 before the first."""
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, grad: SupportsFloat) -> None:
        self._grad = as_float(grad)

    @property
    def label(self) -> str:
        """What people call it: shown in pictures and messages, free to repeat."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            raise TypeError(f"a label is a string, got {type(label).__name__}: {label!r}")
        self._label = label

    @property
    def has_grad(self) -> bool:
        """Whether a gradient has been computed since this Value was made, or since ``zero_grad``."""
        return self._grad is not None

    @property
    def is_leaf(self) -> bool:
        """Whether this Value was made by a user rather than by an operation."""
        return self.op is None

    @property
    def is_constant(self) -> bool:
        """Whether this Value is a number from an expression."""
        return self.op is ops.CONSTANT

    # ---- differentiation

    def backward(self, seed: float = 1.0) -> None:
        """Apply the chain rule from here back to the leaves: each leaf's ``grad`` grows by ``seed * d(self)/d(leaf)``.

        Leaves accumulate over calls, until ``zero_grad``; the nodes in between hold the last pass.
        """
        backward(self, as_float(seed))

    def zero_grad(self) -> None:
        """Forget the gradient of this Value and of everything it was made from."""
        for node in topological_order(self):
            node._grad = None

    def detach(self) -> Value:
        """A leaf with the same data and label, and no memory of how it was made."""
        return Value(self._data, self.label)

    def recorded_partial(self, i: int) -> Value | float:
        """``partials[i]`` as a recorded Value; as a number where no leaf has a part in it."""
        if self.op is None:
            raise IndexError("a leaf has no parents, and so no partials")
        data, partials = self.op.rule(*(parent._data for parent in self.parents))
        if not all(map(_same, (data, *partials), (self._data, *self.partials))):
            raise RuntimeError(
                f"{self.call_text()} was recorded when its local derivatives were {self.partials!r}; now they are "
                f"{partials!r}: data was changed in between. Record the expression again to differentiate it twice"
            )
        partial = _recorded_derivatives(self.op)[i](self, *self.parents)
        return partial._data if isinstance(partial, Value) and partial.is_constant else partial

    # ---- arithmetic

    def __add__(self, other: SupportsFloat) -> Value:  # self + other
        return _binary(ops.ADD, self, other)

    def __radd__(self, other: SupportsFloat) -> Value:  # other + self
        return _binary(ops.ADD, other, self)

    def __sub__(self, other: SupportsFloat) -> Value:  # self - other
        return _binary(ops.SUB, self, other)

    def __rsub__(self, other: SupportsFloat) -> Value:  # other - self
        return _binary(ops.SUB, other, self)

    def __mul__(self, other: SupportsFloat) -> Value:  # self * other
        return _binary(ops.MUL, self, other)

    def __rmul__(self, other: SupportsFloat) -> Value:  # other * self
        return _binary(ops.MUL, other, self)

    def __truediv__(self, other: SupportsFloat) -> Value:  # self / other
        return _binary(ops.DIV, self, other)

    def __rtruediv__(self, other: SupportsFloat) -> Value:  # other / self
        return _binary(ops.DIV, other, self)

    def __pow__(self, other: SupportsFloat) -> Value:  # self ** other
        return _binary(ops.POW, self, other)

    def __rpow__(self, other: SupportsFloat) -> Value:  # other ** self
        return _binary(ops.POW, other, self)

    def __neg__(self) -> Value:  # -self
        return _unary(ops.NEG, self)

    def __pos__(self) -> Value:  # +self
        return self

    def __abs__(self) -> Value:  # abs(self)
        return _unary(ops.ABS, self)

    # ---- functions

    def exp(self) -> Value:
        """e ** self"""
        return _unary(ops.EXP, self)

    def log(self) -> Value:
        """The natural logarithm: -inf at 0, nan below."""
        return _unary(ops.LOG, self)

    def sqrt(self) -> Value:
        """The square root: nan below 0, slope inf at 0."""
        return _unary(ops.SQRT, self)

    def sin(self) -> Value:
        """The sine, of radians."""
        return _unary(ops.SIN, self)

    def cos(self) -> Value:
        """The cosine, of radians."""
        return _unary(ops.COS, self)

    def tanh(self) -> Value:
        """The hyperbolic tangent, from -1 to 1."""
        return _unary(ops.TANH, self)

    def sigmoid(self) -> Value:
        """1 / (1 + exp(-self)), from 0 to 1."""
        return _unary(ops.SIGMOID, self)

    def relu(self) -> Value:
        """max(self, 0), with slope 0 at 0."""
        return _unary(ops.RELU, self)

    def leaky_relu(self, slope: SupportsFloat = 0.01) -> Value:
        """self where positive, else slope * self; its slope at 0 is ``slope``."""
        return _binary(ops.LEAKY_RELU, self, slope)

    def softplus(self) -> Value:
        """log(1 + exp(self)), the smooth relu; it does not overflow."""
        return _unary(ops.SOFTPLUS, self)

    def abs(self) -> Value:
        """The distance from 0, with slope 0 at 0."""
        return _unary(ops.ABS, self)

    def maximum(self, other: SupportsFloat) -> Value:
        """The greater of self and other; a tie gives half of the gradient to each."""
        return _binary(ops.MAXIMUM, self, other)

    def minimum(self, other: SupportsFloat) -> Value:
        """The lesser of self and other; a tie gives half of the gradient to each."""
        return _binary(ops.MINIMUM, self, other)

    def stop_gradient(self) -> Value:
        """The same number, recorded as a node through which no gradient flows."""
        return _unary(ops.STOP_GRADIENT, self)

    # ---- as a Python object

    def __float__(self) -> float:
        return self._data

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data!r}, grad={self.grad!r}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def call_text(self) -> str:
        """The operation with its operands, for messages: ``mul(a=2.0, -3.0)``."""
        operands = [f"{v.label}={v._data!r}" if v.label else repr(v._data) for v in (self.parents or (self,))]
        name = self.op.name if self.op else "leaf"
        return f"{name}({', '.join(operands)})" + (f" (labelled {self.label!r})" if self.label else "")

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Value has no truth value: a branch on it would be frozen into the recorded graph. "
            "Test its number instead: v.data"
        )

    def _refuse_comparison(self, other: object) -> NoReturn:
        raise TypeError(
            "Values are not ordered: a branch on a comparison would be frozen into the recorded graph. "
            "Compare their numbers (v.data), or record v.maximum(w), v.minimum(w), v.relu()"
        )

    __lt__ = __le__ = __gt__ = __ge__ = _refuse_comparison

    # ---- copies: a graph may be a million deep, so none of these recurses

    def __copy__(self) -> Value:
        return self._twin(self.parents)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        for node in topological_order(self, known=lambda node: id(node) in memo):
            if id(node) not in memo:
                memo[id(node)] = node._twin(tuple(memo[id(parent)] for parent in node.parents))
        twin: Value = memo[id(self)]
        return twin

    def _twin(self, parents: tuple[Value, ...]) -> Value:
        twin = Value.__new__(type(self))
        twin.__setstate__((None, self._data, self._grad, self.label, self.op, parents, self.partials))
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        ancestors = None if _pickling.discard(self) else _Ancestors(topological_order(self)[:-1])
        state = (ancestors, self._data, self._grad, self.label, self.op, self.parents, self.partials)
        return copyreg.__newobj__, (type(self),), state  # type: ignore[attr-defined]

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self._data, self._grad, self._label, self.op, self.parents, self.partials = state


# ---- recording


def record(op: Operation, *operands: SupportsFloat) -> Value:
    """The operation applied to Values or numbers, recorded: what every operator and method above does.

    >>> from autograd import ops
    >>> record(ops.GREATER, Value(3.0), 2.0).data
    1.0
    """
    apply: Callable[..., Value] = _unary if len(op.arguments) == 1 else _binary
    return apply(op, *operands)


def _unary(op: Operation, x: SupportsFloat) -> Value:
    if not isinstance(x, Value):
        x = _operand(op, x)
    node = _new(Value)
    node._data, node.partials = op.rule(x._data)
    node._grad = None
    node._label = ""
    node.op = op
    node.parents = (x,)
    mode = _current_mode()
    return node if mode is None else _in_mode(mode, node)


def _binary(op: Operation, x: SupportsFloat, y: SupportsFloat) -> Value:
    if not isinstance(x, Value):
        x = _operand(op, x)
    if not isinstance(y, Value):
        y = _operand(op, y)
    node = _new(Value)
    node._data, node.partials = op.rule(x._data, y._data)
    node._grad = None
    node._label = ""
    node.op = op
    node.parents = (x, y)
    mode = _current_mode()
    return node if mode is None else _in_mode(mode, node)


_new = object.__new__
_current_mode = modes.current.get


def _in_mode(mode: modes.Mode, node: Value) -> Value:
    if mode.checking and not math.isfinite(node._data):
        assert node.op is not None
        raise FloatingPointError(f"{node.op.name} gave {node._data!r}: {node.call_text()}")
    return node if mode.recording else node.detach()


def _operand(op: Operation, number: SupportsFloat) -> Value:
    try:
        return Value.constant(number)
    except TypeError as error:
        raise TypeError(f"{op.name}: {error}") from None


def as_float(number: object) -> float:
    """A real number of any kind as a float; a TypeError that names the type for anything else."""
    if type(number) is float:
        return number
    kind = getattr(getattr(number, "dtype", None), "kind", None)  # what NumPy's scalars and arrays hold
    if kind is None and isinstance(number, Real):
        try:
            return float(number)
        except OverflowError:  # an int or a Fraction beyond the largest float
            return math.inf if number > 0 else -math.inf  # type: ignore[operator]
    is_scalar = getattr(number, "ndim", None) == 0
    if is_scalar and kind in ("b", "i", "u", "f") and not hasattr(number, "mask"):
        return float(number)  # type: ignore[arg-type]
    if hasattr(number, "ndim") and not is_scalar:
        raise TypeError(
            f"a Value is one number, got {type(number).__name__} of shape {getattr(number, 'shape', '?')}. Make a "
            f"Value of each element; autograd.compile runs the recorded scalars on whole arrays"
        )
    if isinstance(number, Value):
        raise TypeError("expected a number, got a Value: use v.data for its number, v.detach() for a leaf like it")
    of_dtype = f" of {number.dtype}" if kind else ""  # type: ignore[attr-defined]
    raise TypeError(f"expected a real number or a Value, got {type(number).__name__}{of_dtype}: {number!r}")


def _same(x: float, y: float) -> bool:
    return x == y or (math.isnan(x) and math.isnan(y))


@cache
def _recorded_derivatives(op: Operation) -> tuple[Callable[..., Value | float], ...]:
    return op.derivatives({name: partial(_in_derivative, row) for name, row in ops.OPERATIONS.items()})


def _in_derivative(op: Operation, *operands: Value | float) -> Value | float:
    """The operation as part of a derivative: recorded, but of constants alone, or where it is 0 anyway, a number."""
    for name, operand in zip(op.arguments, operands, strict=True):
        if name == op.zero_at and _is_number(operand) and float(operand) == 0.0:
            return 0.0
    return op.rule(*map(float, operands))[0] if all(map(_is_number, operands)) else record(op, *operands)


def _is_number(operand: Value | float) -> bool:
    return not isinstance(operand, Value) or operand.is_constant


# ---- pickling without recursion


class _Ancestors:
    """The nodes below a pickled one, parents first: pickled in this order, none finds an unpickled parent.

    Every Value that the pickler reaches from outside of this list brings a list of its own, most of it references to
    what is pickled already; of many Values of one deep graph, it is best to pickle the one they all lead to first.
    """

    def __init__(self, nodes: Sequence[Value]) -> None:
        self._nodes = nodes

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, _pickling.announce(self._nodes)


class _Pickling(threading.local):
    """Which nodes are being handed to the pickler by an _Ancestors, and so need not bring their own."""

    def __init__(self) -> None:
        self._announced: set[Value] = set()

    def announce(self, nodes: Sequence[Value]) -> Iterator[Value]:
        try:
            for node in nodes:  # the pickler takes them one by one, as it writes them
                self._announced.add(node)
                yield node
        finally:
            self._announced.difference_update(nodes)

    def discard(self, node: Value) -> bool:
        announced = node in self._announced
        self._announced.discard(node)
        return announced


_pickling = _Pickling()
