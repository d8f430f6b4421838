"""Value: a number that remembers how it was made."""

# mypy: disable-error-code="empty-body"
# The methods marked @recorded have no body here: it is written from the operation's row.

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from numbers import Number
from typing import Any, NoReturn, SupportsFloat

from . import arrays, copies, modes, ops
from .backward import backward
from .graph import topological_order
from .numbers import as_float, is_array, is_real, same
from .ops import Operation
from .recording import call_text, operand_text, recorded, recorder, write_methods


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

    __slots__ = ("_adjoint", "_dx", "_dy", "_grad", "_label", "_number", "_x", "_y", "op")

    op: Operation | None
    _number: float  # not _data, which NumPy's masked arrays look for in anything, to take it for plain numbers
    _x: Value | None  # the parents, and the local derivatives by each: no tuples, which would cost two objects a node
    _y: Value | None
    _dx: float | None
    _dy: float | None
    _grad: float | None
    _adjoint: Any  # scratch of a running backward pass
    _label: str

    def __init__(self, data: SupportsFloat, label: str = "") -> None:
        self._number = data if type(data) is float else as_float(data)
        self.label = label
        self.op = self._x = self._y = self._dx = self._dy = self._grad = self._adjoint = None

    @classmethod
    def constant(cls, data: SupportsFloat) -> Value:
        """A number as it stands in an expression: it never collects a gradient."""
        value = Value(data)  # a plain one, whatever a subclass's own arguments are
        value.op = ops.CONSTANT
        return value

    # ---- what a Value holds

    @property
    def data(self) -> float:
        """The number itself. It may be set, on a leaf, between one recording and the next."""
        if modes.noticing:
            modes.read("data")
        return self._number

    @data.setter
    def data(self, data: SupportsFloat) -> None:
        if self._x is not None:
            raise AttributeError(
                f"the data of {self.call_text()} was computed, and what was made from it would not follow: "
                f"set that of a leaf, and record again"
            )
        self._number = as_float(data)

    @property
    def grad(self) -> float:
        """d(output)/d(self) as the last ``backward`` calls left it; 0.0 before the first. None forgets it."""
        if modes.noticing:
            modes.read("grad")
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, grad: SupportsFloat | None) -> None:
        self._grad = None if grad is None else as_float(grad)

    @property
    def parents(self) -> tuple[Value, ...]:
        """The Values that this one was made from, in the order of the operation's arguments; none for a leaf."""
        return () if (x := self._x) is None else (x,) if (y := self._y) is None else (x, y)

    @property
    def partials(self) -> tuple[float, ...]:
        """The local derivatives d(self)/d(parents[i]) at the recorded point; none where no gradient passes."""
        if modes.noticing:
            modes.read("partials")
        return () if (dx := self._dx) is None else (dx,) if (dy := self._dy) is None else (dx, dy)

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

    @property
    def _prev(self) -> set[Value]:
        """micrograd's name for the parents, so that notebooks written for it run."""
        return set(self.parents)

    @property
    def _op(self) -> str:
        """micrograd's name for the operation's symbol."""
        return self.op.symbol if self.op else ""

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
        modes.read("detach()")
        return Value(self._number, self.label)

    def recorded_partial(self, i: int) -> Value | float:
        """``partials[i]`` as a recorded Value; as a number where no leaf has a part in it."""
        if self.op is None:
            raise IndexError("a leaf has no parents, and so no partials")
        parents = self.parents
        data, partials = self.op.rule(*[parent._number for parent in parents])
        recorded = [partial for partial in (self._dx, self._dy) if partial is not None]
        if not all(map(same, (data, *partials), (self._number, *recorded))):
            raise RuntimeError(
                f"{self.call_text()} was recorded as {self._number!r}, with local derivatives {tuple(recorded)!r}; now "
                f"it is {data!r}, with {partials!r}: data was changed in between. Record the expression again to "
                f"differentiate it twice"
            )
        names = dict(zip(self.op.arguments, parents, strict=True), out=self)
        partial: Value | float = ops.evaluate(self.op.partials[i], _IN_DERIVATIVES, names)
        return partial._number if isinstance(partial, Value) and partial.is_constant else partial

    # ---- arithmetic

    @recorded(ops.ADD)
    def __add__(self, other: SupportsFloat) -> Value: ...  # self + other

    @recorded(ops.ADD, reflected=True)
    def __radd__(self, other: SupportsFloat) -> Value: ...  # other + self

    @recorded(ops.SUB)
    def __sub__(self, other: SupportsFloat) -> Value: ...  # self - other

    @recorded(ops.SUB, reflected=True)
    def __rsub__(self, other: SupportsFloat) -> Value: ...  # other - self

    @recorded(ops.MUL)
    def __mul__(self, other: SupportsFloat) -> Value: ...  # self * other

    @recorded(ops.MUL, reflected=True)
    def __rmul__(self, other: SupportsFloat) -> Value: ...  # other * self

    @recorded(ops.DIV)
    def __truediv__(self, other: SupportsFloat) -> Value: ...  # self / other

    @recorded(ops.DIV, reflected=True)
    def __rtruediv__(self, other: SupportsFloat) -> Value: ...  # other / self

    @recorded(ops.POW)
    def __pow__(self, other: SupportsFloat) -> Value: ...  # self ** other

    @recorded(ops.POW, reflected=True)
    def __rpow__(self, other: SupportsFloat) -> Value: ...  # other ** self

    @recorded(ops.NEG)
    def __neg__(self) -> Value: ...  # -self

    def __pos__(self) -> Value:  # +self
        return self

    @recorded(ops.ABS)
    def __abs__(self) -> Value: ...  # abs(self)

    # ---- functions

    @recorded(ops.EXP)
    def exp(self) -> Value:
        """e ** self"""

    @recorded(ops.EXPM1)
    def expm1(self) -> Value:
        """exp(self) - 1, exact where self is close to 0."""

    @recorded(ops.LOG)
    def log(self) -> Value:
        """The natural logarithm: -inf at 0, nan below."""

    @recorded(ops.LOG1P)
    def log1p(self) -> Value:
        """log(1 + self), exact where self is close to 0: -inf at -1, nan below."""

    @recorded(ops.SQRT)
    def sqrt(self) -> Value:
        """The square root: nan below 0, slope inf at 0."""

    @recorded(ops.SIN)
    def sin(self) -> Value:
        """The sine, of radians."""

    @recorded(ops.COS)
    def cos(self) -> Value:
        """The cosine, of radians."""

    @recorded(ops.TAN)
    def tan(self) -> Value:
        """The tangent, of radians."""

    @recorded(ops.ARCSIN)
    def arcsin(self) -> Value:
        """The angle in radians, from -π/2 to π/2, whose sine is self: nan beyond ±1, slope inf at ±1."""

    @recorded(ops.ARCCOS)
    def arccos(self) -> Value:
        """The angle in radians, from 0 to π, whose cosine is self: nan beyond ±1, slope -inf at ±1."""

    @recorded(ops.ARCTAN)
    def arctan(self) -> Value:
        """The angle in radians, between -π/2 and π/2, whose tangent is self."""

    @recorded(ops.SINH)
    def sinh(self) -> Value:
        """The hyperbolic sine, (exp(self) - exp(-self)) / 2."""

    @recorded(ops.COSH)
    def cosh(self) -> Value:
        """The hyperbolic cosine, (exp(self) + exp(-self)) / 2."""

    @recorded(ops.TANH)
    def tanh(self) -> Value:
        """The hyperbolic tangent, from -1 to 1."""

    @recorded(ops.SIGMOID)
    def sigmoid(self) -> Value:
        """1 / (1 + exp(-self)), from 0 to 1."""

    @recorded(ops.RELU)
    def relu(self) -> Value:
        """max(self, 0), with slope 0 at 0."""

    @recorded(ops.LEAKY_RELU)
    def leaky_relu(self, slope: SupportsFloat = 0.01) -> Value:
        """self where positive, else slope * self; its slope at 0 is ``slope``."""

    @recorded(ops.SOFTPLUS)
    def softplus(self) -> Value:
        """log(1 + exp(self)), the smooth relu; it does not overflow."""

    @recorded(ops.ERF)
    def erf(self) -> Value:
        """The error function, 2/√π times the integral of exp(-t²) from 0 to self.

        NumPy has none: a compiled program computes it element by element, 15 times as slowly as tanh (0.1 µs each).
        """

    @recorded(ops.ABS)
    def abs(self) -> Value:
        """The distance from 0, with slope 0 at 0."""

    @recorded(ops.MAXIMUM)
    def maximum(self, other: SupportsFloat) -> Value:
        """The greater of self and other; a tie gives half of the gradient to each."""

    @recorded(ops.MINIMUM)
    def minimum(self, other: SupportsFloat) -> Value:
        """The lesser of self and other; a tie gives half of the gradient to each."""

    @recorded(ops.EQUAL)
    def equal(self, other: SupportsFloat) -> Value:
        """1 where self and other are the same number, else 0; no gradient flows."""

    @recorded(ops.STOP_GRADIENT)
    def stop_gradient(self) -> Value:
        """The same number, recorded as a node through which no gradient flows."""

    # ---- as a Python object

    def __repr__(self) -> str:
        modes.read("repr")
        label = f", label={self._label!r}" if self._label else ""
        return f"Value(data={self._number!r}, grad={self._grad or 0.0!r}{label})"

    def __format__(self, spec: str) -> str:
        modes.read("a format")
        return format(self._number, spec) if spec else repr(self)

    def call_text(self) -> str:
        """The operation with its operands, for messages: ``mul(a=2.0, -3.0)``."""
        text = call_text(self.op, self.parents or (self,)) if self.op else f"leaf({operand_text(self)})"
        return text + (f" (labelled {self._label!r})" if self._label else "")

    def _refuse_conversion(self, *_: object) -> NoReturn:
        modes.read("a conversion")
        raise TypeError(
            "a Value does not turn into a plain number by itself: the gradient would be lost. Write v.exp(), v.sqrt(), "
            "... for math.exp(v), math.sqrt(v), ..., which are recorded; v.data for the number; f'{v:.3f}' to print it"
        )

    __float__ = __int__ = __complex__ = __round__ = __trunc__ = __floor__ = __ceil__ = _refuse_conversion

    def __bool__(self) -> NoReturn:
        modes.read("a truth value")
        raise TypeError(
            "a Value has no truth value: a branch on it would be frozen into the recorded graph. "
            "Test its number instead: v.data"
        )

    def _refuse_comparison(self, other: object) -> NoReturn:
        modes.read("a comparison")
        raise TypeError(
            "Values are not compared with numbers, nor ordered: a branch on a comparison would be frozen into the "
            "recorded graph. Compare their numbers (v.data), or record v.maximum(w), v.minimum(w), v.relu(), v.equal(w)"
            "; for np.maximum(a, b), which compares, write np.frompyfunc(autograd.ops.MAXIMUM, 2, 1)(a, b)"
        )

    __lt__ = __le__ = __gt__ = __ge__ = _refuse_comparison

    def __eq__(self, other: object) -> bool:
        """Whether this is that Value; a Value equals nothing else, and a number is refused."""
        if isinstance(other, Number) or is_real(other):
            self._refuse_comparison(other)
        if is_array(other) and not hasattr(type(other), "__array_ufunc__"):  # NumPy's compare each element
            self._refuse_comparison(other)
        return self is other if isinstance(other, Value) else NotImplemented

    __hash__ = object.__hash__

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        """NumPy's functions and operators, on Values and on arrays together with Values: each element is recorded."""
        return arrays.ufunc_on_values(ufunc, method, operands, options, _INSTEAD_OF_COMPARISONS)

    def conjugate(self) -> Value:
        """The Value itself; ``np.var`` and ``np.vdot`` ask for it."""
        return self

    @staticmethod
    def _record(op: Operation, *operands: SupportsFloat) -> Value:  # what a row does when it is called on Values
        return record(op, *operands)

    # ---- copies

    def __copy__(self) -> Value:
        modes.read("a copy")
        copy: Value = copies.copied(self)
        return copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        modes.read("a copy")
        copy: Value = copies.deeply_copied(self, memo)
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        modes.read("a pickle")
        return copies.reduced(self)

    def __setstate__(self, state: copies.State) -> None:
        copies.restore(self, state)


write_methods(Value)
_recorders: dict[Operation, Callable[..., Value]] = {}


def record(op: Operation, *operands: SupportsFloat) -> Value:
    """The operation applied to Values or numbers, recorded: what every operator and method above does.

    >>> record(ops.GREATER, Value(3.0), 2.0).data
    1.0
    """
    if op not in _recorders:
        _recorders[op] = recorder(Value, ops.registered(op))
    return _recorders[op](*operands)


# np.maximum of objects is a comparison, and a comparison of Values is refused; so is that of two arrays, as NumPy asks
# only where an operand is a Value itself.
_INSTEAD_OF_COMPARISONS = {"maximum": partial(record, ops.MAXIMUM), "minimum": partial(record, ops.MINIMUM)}


class _InDerivatives(dict[str, Callable[..., "Value | float"]]):
    """The operations as parts of a derivative: recorded, but of constants alone, or where it is 0 anyway, a number."""

    def __missing__(self, name: str) -> Callable[..., Value | float]:
        op = ops.operation(name)

        def apply(*operands: Value | float) -> Value | float:
            numbers = [_number(operand) for operand in operands]
            if op.zero_at and numbers[op.arguments.index(op.zero_at)] == 0.0:
                return 0.0
            return record(op, *operands) if None in numbers else op.rule(*numbers)[0]

        return self.setdefault(name, apply)


def _number(operand: Value | float) -> float | None:
    """The number that an operand is for good; None for one that is made from leaves."""
    if isinstance(operand, Value):
        return operand._number if operand.is_constant else None
    return operand


_IN_DERIVATIVES = _InDerivatives(constant=float)
