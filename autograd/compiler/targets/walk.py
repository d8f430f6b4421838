"""The walk: the forward statements of an array program in a dozen primitives, which are all that a framework is asked.

A library says what each primitive is in its framework: a text, or the name of a node in a file. What flows between them
is the library's own, the walk never looks into it; shapes are those that the program derived. Derivatives are the
framework's business, so the walk passes each place where none flows: ``stop_gradient``, and a maximum of many.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from ... import ops
from .. import ir
from ..algebra import composed
from ..naming import Names
from .masking import Terms

T = TypeVar("T")
Pick = slice | int


class Library(ABC, Generic[T]):
    """The primitives of one framework, on values of its own; ``shape`` is that of the result."""

    name: ClassVar[str]
    reserved: ClassVar[Sequence[str]] = ()
    """Names that arrays may not have."""
    has_terms: ClassVar[bool] = False
    """Whether it has :meth:`terms`; else a product of which only some count is written term by term."""

    @abstractmethod
    def has(self, row: ops.Operation) -> bool:
        """Whether it can apply the operation by itself; else that is composed by the formula of its row."""

    @abstractmethod
    def apply(self, row: ops.Operation, arguments: Sequence[T]) -> T:
        """An operation of the table, element by element; arguments broadcast."""

    @abstractmethod
    def number(self, value: float) -> T: ...

    @abstractmethod
    def constant(self, constant: ir.Constant) -> T: ...

    @abstractmethod
    def reshape(self, value: T, shape: ir.Shape) -> T: ...

    @abstractmethod
    def index(self, value: T, picks: Sequence[Pick], shape: ir.Shape) -> T:
        """A slice or an index along each of the first axes; those that are left stay whole."""

    @abstractmethod
    def transpose(self, value: T, order: Sequence[int]) -> T: ...

    @abstractmethod
    def new_axes(self, value: T, is_new: Sequence[bool], shape: ir.Shape) -> T:
        """Axes of length 1 put in where they are new."""

    @abstractmethod
    def take(self, value: T, picked: ir.Constant) -> T:
        """Elements, or rows, by their positions along the first axis."""

    @abstractmethod
    def where(self, mask: ir.Constant, value: T, otherwise: float) -> T: ...

    @abstractmethod
    def contract(self, left: T, right: T, left_letters: str, right_letters: str, out: str) -> T:
        """The sum of products over all letters that ``out`` has not."""

    def terms(self, terms: Terms, left: T, right: T) -> T:
        """A product of which only some terms count, of a library that ``has_terms``."""
        raise NotImplementedError

    @abstractmethod
    def sum(self, value: T, axes: Sequence[int]) -> T: ...

    @abstractmethod
    def max(self, value: T, axes: Sequence[int]) -> T:
        """The maximum, through which no gradient flows."""

    @abstractmethod
    def expand(self, value: T, shape: ir.Shape) -> T: ...

    @abstractmethod
    def concat(self, pieces: Sequence[T]) -> T:
        """Along the first axis."""

    @abstractmethod
    def parameters(self, view: ir.View, name: str) -> T | None:
        """A part of theta, if the library has them by themselves; None where theta is read like any array."""

    @abstractmethod
    def define(self, name: str, value: T, shape: ir.Shape) -> T:
        """A value that has a name from here on."""

    @abstractmethod
    def repeat(self, repeated: Repeated[T]) -> Sequence[T]:
        """A loop: the values of what it collects."""


@dataclass(frozen=True)
class Repeated(Generic[T]):
    """A loop as a library is given it: what it reads was computed before."""

    loop: ir.Loop
    names: Mapping[ir.Array, str]
    first: Sequence[T]
    """What is carried into the first step."""
    stacks: Sequence[T]
    step: Callable[[Sequence[T]], tuple[Sequence[T], Sequence[T]]]
    """The body: from what is carried and then what is stacked, what it carries on and what is collected."""


class Walk(Generic[T]):
    """One walk over a program, which leaves its arrays' values in ``values``."""

    def __init__(self, program: ir.ArrayProgram, library: Library[T], inputs: T, theta: T) -> None:
        self.program, self.library, self.names = program, library, Names()
        for name in library.reserved:
            self.names.unique(name)
        named = program.named(self.names)
        self.parts = {what: name for what, name in named.items() if isinstance(what, ir.Part)}
        self.arrays = {what: name for what, name in named.items() if isinstance(what, ir.Array)}
        self.values: dict[ir.Array, T] = {program.inputs: inputs, program.theta: theta}
        self._read: dict[tuple[ir.Expr, object], T] = {}
        self._given: set[str] = set()

    def outputs(self, single: bool) -> T:
        """All statements, and then the outputs as one: (B,) of a single one, else (n_outputs, B); or without B."""
        for statement in self.program.statements:
            self.statement(statement)
        batch = (ir.B,) if self.program.inputs.size else ()
        if single:
            (output,) = self.program.outputs
            return self.expanded(self.value(output), output.shape, batch)
        pieces = [self._rows(output, batch) for output in self.program.outputs]
        return pieces[0] if len(pieces) == 1 else self.library.concat(pieces)

    def statement(self, statement: ir.Statement) -> None:
        """A line, or a loop."""
        if isinstance(statement, ir.Define):
            target = statement.target
            value = self.value(statement.expr)
            self.values[target] = self.library.define(self.arrays[target], value, target.shape)
        elif isinstance(statement, ir.Loop) and not statement.backwards:
            self.loop(statement)
        else:
            raise NotImplementedError(f"targets write forward passes, which have no {type(statement).__name__} like it")

    def loop(self, loop: ir.Loop) -> None:
        """A loop; what its steps read of arrays from outside is taken once, before it."""
        for expr in (*ir.expressions(loop.body), *loop.left):
            for part in ir.parts_of(expr, ir.Expr):
                if isinstance(part, ir.View | ir.Take) and loop.own.isdisjoint(ir.arrays_read(part)):
                    self.value(part)
        first = [self.value(each.first) for each in loop.carried]
        stacks = [self.value(each.source) for each in loop.stacked]

        def step(given: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
            self.values.update(zip(loop.given, given, strict=True))
            for statement in loop.body:
                self.statement(statement)
            left = [self.value(expr) for expr in loop.left]
            return left[: len(first)], left[len(first) :]

        found = self.library.repeat(Repeated(loop, self.arrays, first, stacks, step))
        self.values.update(zip((each.target for each in loop.collected), found, strict=True))

    def _rows(self, output: ir.Expr, batch: ir.Shape) -> T:
        """An output as rows, each with a number for every sample."""
        if not output.shape:
            return self.expanded(self.value(output), (), (1, *batch))
        sampled = output.shape[-1:] == (ir.B,)
        rows = output.shape[: len(output.shape) - sampled] or (1,)
        shape = (*rows, *([ir.B if sampled else 1] if batch else []))
        return self.expanded(self.reshaped(self.value(output), output.shape, shape), shape, (*rows, *batch))

    # ---- one rule for each kind of expression

    def value(self, expr: ir.Expr) -> T:
        """The value of an expression."""
        if type(expr) not in self.rules:
            raise NotImplementedError(f"the {self.library.name} target has no rule for {type(expr).__name__}: {expr}")
        found: T = self.rules[type(expr)](self, expr)
        return found

    def reshaped(self, value: T, shape: ir.Shape, into: ir.Shape) -> T:
        """The same elements in another shape, if it is another."""
        return value if shape == into else self.library.reshape(value, into)

    def expanded(self, value: T, shape: ir.Shape, into: ir.Shape) -> T:
        """Repeated along axes of length 1, if there are any."""
        return value if shape == into else self.library.expand(value, into)

    def transposed(self, value: T, order: Sequence[int]) -> T:
        """The axes in this order, if it is another."""
        return value if list(order) == list(range(len(order))) else self.library.transpose(value, order)

    def with_axes(self, value: T, is_new: Sequence[bool], shape: ir.Shape) -> T:
        """With axes of length 1, if any are new."""
        return self.library.new_axes(value, is_new, shape) if any(is_new) else value

    def view(self, view: ir.View) -> T:
        is_parameter = view.source is self.program.theta
        order = view.order if is_parameter else view.kept  # one name, in whichever order of its axes it is read
        read, key = view.along(order), (view.source, view.part_along(order))
        if isinstance(read, ir.View) and key not in self._read:
            self._read[key] = self._parameter(read, view.part) if is_parameter else self._taken(read)
        batch = [len(order)] * view.sampled
        value = self._read[key] if isinstance(read, ir.View) else self.value(read)
        value = self.transposed(value, [*(order.index(axis) for axis in view.kept), *batch])
        is_new = [stride == 0 for stride in view.strides] + [False] * view.sampled
        shape = tuple(1 if new else length for new, length in zip(is_new, view.shape, strict=True))
        return self.expanded(self.with_axes(value, is_new, shape), shape, view.shape)

    def _parameter(self, view: ir.View, as_read: ir.Part) -> T:
        """A part of theta, by its name."""
        name = self.parts.get(view.part) or self.parts.get(as_read)
        if name is None:
            name = self.names.numbered("wbW"[min(len(view.lengths), 2)])
        elif name in self._given:
            name = self.names.unique(name)
        self._given.add(name)
        found = self.library.parameters(view, name)
        if found is not None:
            return found
        return self.library.define(name, self._taken(view), view.shape)

    def _taken(self, view: ir.View) -> T:
        """By reshape, slices and transpose where that is possible, else by a gather."""
        library, steps, own = self.library, view.steps, view.own
        if steps is None:
            return self._gathered(view.source, ir.Constant(view.picked), view.shape)
        value, batch = self.value(view.source), (ir.B,) * view.sampled
        if steps.part:
            own = (steps.part[1] - steps.part[0],)
            value = library.index(value, [slice(*steps.part, 1)], (*own, *batch))
        value = self.reshaped(value, (*own, *batch), (*steps.dims, *batch))
        if any(pick != slice(0, length, 1) for pick, length in zip(steps.picks, steps.dims, strict=True)):
            ranges = zip(steps.picks, steps.dims, strict=True)
            left = [len(range(*pick.indices(length))) for pick, length in ranges if isinstance(pick, slice)]
            value = library.index(value, steps.picks, (*left, *batch))
        return self.transposed(value, [*steps.order, *[len(steps.order)] * len(batch)])

    def _gathered(self, source: ir.Expr, picked: ir.Constant, shape: ir.Shape) -> T:
        sampled = source.shape[-1:] == (ir.B,)
        own = source.shape[: len(source.shape) - sampled]
        rows = self.reshaped(self.value(source), source.shape, (ir.product(own), *[ir.B] * sampled))
        return self.library.define(self.names.numbered("picked"), self.library.take(rows, picked), shape)

    def take(self, expr: ir.Take) -> T:
        key = expr.source, expr.picked
        if key not in self._read:
            shape = (*expr.picked.shape, *[ir.B] * expr.sampled)
            self._read[key] = self._gathered(expr.source, expr.picked, shape)
        return self._read[key]

    def apply(self, expr: ir.Apply) -> T:
        if self.library.has(expr.op):
            return self.library.apply(expr.op, [self.value(argument) for argument in expr.arguments])
        return self.value(composed(expr.op, expr.arguments, self.library.name))

    def where(self, expr: ir.Where) -> T:
        return self.library.where(expr.mask, self.value(expr.inside), expr.otherwise)

    def contract(self, expr: ir.Contract) -> T:
        """By a number or element by element it is a product, and a sum; else the library's own."""
        left, right = self.value(expr.left), self.value(expr.right)
        on_left, on_right = expr.left_letters, expr.right_letters
        if on_left and on_right and on_left != on_right:
            return self.library.contract(left, right, on_left, on_right, expr.out)
        letters = on_left or on_right
        axes = [axis for axis, letter in enumerate(letters) if letter not in expr.out]
        products = self.library.apply(ops.MUL, (left, right))
        total = self.library.sum(products, axes) if axes else products
        kept = [letter for letter in letters if letter in expr.out]
        return self.transposed(total, [kept.index(letter) for letter in expr.out])

    def terms(self, expr: Terms) -> T:
        if not self.library.has_terms:
            return self.value(expr.apart)
        return self.library.terms(expr, self.value(expr.left), self.value(expr.right))

    def reduce(self, expr: ir.Reduce) -> T:
        if not expr.axes:
            return self.value(expr.inside)
        return (self.library.sum if expr.kind == "sum" else self.library.max)(self.value(expr.inside), expr.axes)

    def rearrange(self, expr: ir.Rearrange) -> T:
        inside, value = expr.inside.shape, self.value(expr.inside)
        left = [axis for axis in range(len(inside)) if axis in expr.order]
        if len(left) < len(inside):
            value = self.library.reshape(value, tuple(inside[axis] for axis in left))  # those left out have length 1
        value = self.transposed(value, [left.index(axis) for axis in expr.order if axis is not None])
        return self.with_axes(value, [axis is None for axis in expr.order], expr.shape)

    def reshape(self, expr: ir.Reshape) -> T:
        return self.reshaped(self.value(expr.inside), expr.inside.shape, expr.into)

    def expand(self, expr: ir.Expand) -> T:
        return self.expanded(self.value(expr.inside), expr.inside.shape, expr.into)

    def concat(self, expr: ir.Concat) -> T:
        rest = expr.shape[1:]
        pieces = [self.expanded(self.value(p), p.shape, (p.shape[0], *rest)) for p in expr.pieces]
        return pieces[0] if len(pieces) == 1 else self.library.concat(pieces)

    rules: ClassVar[dict[type[ir.Expr], Callable[[Any, Any], Any]]] = {
        ir.Array: lambda walk, expr: walk.values[expr],
        ir.Number: lambda walk, expr: walk.library.number(expr.value),
        ir.Constant: lambda walk, expr: walk.library.constant(expr),
        ir.View: view,
        ir.Take: take,
        ir.Apply: apply,
        ir.Where: where,
        ir.Contract: contract,
        Terms: terms,
        ir.Reduce: reduce,
        ir.Rearrange: rearrange,
        ir.Reshape: reshape,
        ir.Expand: expand,
        ir.Concat: concat,
    }
