"""Writes expressions and statements in NumPy.

An expression that stands in the program more than once gets a name, before the line that has it first; an array that
is read once, by another line, becomes part of that line. Names are drawn in the order of the lines: the same
program gives the same text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from .. import ir
from ..algebra import expand, opposite, reshape
from ..naming import Names
from .functions import FUNCTIONS, HELPERS, NEEDS, OPERATORS
from .lowering import InMemoryOrder, Lowering, Ones, is_contiguous
from .products import MatMul, MatMulAlong, Matrix, is_permuted

COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(5)  # how tightly the outermost operator of an expression binds
LONGEST = 56  # characters of an expression that others were put into
COMMENT = 68  # where comments start


@dataclass
class Line:
    """A line, and the names that it reads; ``defines`` is the one that it gives to a new array.

    The expression is there if the line may become part of the one that reads it.
    """

    text: str
    reads: Set[str]
    defines: str = ""
    expr: ir.Expr | None = None
    is_gone: bool = False


class Writer:
    """The lines of one program, and the names that they use."""

    def __init__(self, program: ir.ArrayProgram) -> None:
        self.program, self.names = program, Names()
        given = program.named(self.names)
        self.arrays = {what: name for what, name in given.items() if isinstance(what, ir.Array)}
        self.parts = {what: name for what, name in given.items() if isinstance(what, ir.Part)}
        self.parameters: dict[str, str] = {}
        self.gradients: dict[str, str] = {}
        self.constants: dict[str, npt.NDArray[Any]] = {}
        self.helpers: set[str] = set()
        self.is_sized = self.forward_is_sized = False
        self._views: dict[object, str] = {}
        self._stored: dict[object, str] = {}
        self._shared: dict[ir.Expr, str] = {}
        self._counts: Counter[ir.Expr] = Counter()
        self._uses: Counter[ir.Array] = Counter()
        self._inlined: dict[ir.Array, ir.Expr] = {}
        self._reader: dict[ir.Array, ir.Array] = {}
        self._waiting: dict[ir.Array, Line] = {}
        self._in_order: set[ir.Array] = set()
        self._lines: list[Line] = []
        self._reads: set[str] = set()
        self._staying = {what for what, hint in program.hints.items() if hint.label}
        self._staying |= {s.target for s in program.backward if isinstance(s, ir.Update)}

    def write(self) -> tuple[list[Line], list[str], list[Line]]:
        """The lines of the forward pass, what it returns, and the lines of the backward pass.

        ``returns`` are the names that are read by what is returned.
        """
        lowering = Lowering(self.program, dict.fromkeys((*FUNCTIONS, *OPERATORS)), "NumPy")
        forward = [(s, lowering.statement(s)) for s in self.program.statements]
        outputs = [lowering.lowered(lowering.in_memory_order(output)) for output in self.program.outputs]
        backward = [(s, lowering.statement(s)) for s in self.program.backward]
        for expr in (*(expr for _, expr in forward), *outputs, *(expr for _, expr in backward)):
            self._count(expr)
        for statement, expr in forward:
            self._statement(statement, expr)
        for output in outputs:
            self._name_shared(output)
        first = self._taken()
        returned = [self.text(output) for output in outputs]
        self.returns, self._reads = self._reads, set()
        self.forward_is_sized = self.is_sized
        for update, expr in backward:
            self._statement(update, expr)
        return first, returned, self._taken()

    @property
    def places(self) -> dict[ir.Array, str]:
        """In which line each array is computed: its name, or that of the array whose line it became part of."""
        found: dict[ir.Array, str] = {}
        for statement in reversed(self.program.statements):
            array = statement.target
            found[array] = found.get(self._reader[array], "") if array in self._reader else self.arrays[array]
        return found

    # ---- lines

    def _taken(self) -> list[Line]:
        """The lines so far; what waits for a reader need not wait any longer."""
        lines = [line for line in self._lines if not line.is_gone]
        self._lines.clear()
        self._waiting.clear()
        return lines

    def _add(self, text: str, defines: str = "", expr: ir.Expr | None = None) -> Line:
        """A line that reads the names which were written since the one before it."""
        line = Line(text, self._reads, defines, expr)
        self._reads = set()
        self._lines.append(line)
        return line

    def _named(self, array: ir.Array) -> str:
        """The name of an array, to be read or written to."""
        return self._read(self.arrays[array])

    def _read(self, name: str) -> str:
        self._reads.add(name)
        return name

    def _statement(self, statement: ir.Statement, expr: ir.Expr) -> None:
        self._name_shared(expr)
        if isinstance(statement, ir.Update):
            self._update(statement, expr)
        elif isinstance(expr, ir.Concat):
            self._join(statement.target, expr)
        else:
            self._define(statement.target, expr)

    def _define(self, target: ir.Array, expr: ir.Expr) -> None:
        text = self._with_inlined(expr, lambda: self._full(expr), target)
        if isinstance(expr, ir.Zeros):
            self._in_order.add(target)
        whole = target.derivative_of is None or (
            target.derivative_of.shape == target.shape and not isinstance(expr, ir.Zeros)
        )
        name = self.arrays[target]
        line = self._add(_line(f"{name} = {text}", target.shape if whole else ()), name, expr)
        if self._uses[target] == 1 and target not in self._staying:
            self._waiting[target] = line

    def _join(self, target: ir.Array, expr: ir.Concat) -> None:
        name = self.arrays[target]
        self._add(_line(f"{name} = np.empty({self.shape(target.shape)})", target.shape), name)
        for start, stop, piece in expr.places:
            self._add(f"{self._read(name)}[{start}:{stop}] = {self.number(piece)}")

    def _update(self, statement: ir.Update, expr: ir.Expr) -> None:
        place = statement.place
        if isinstance(place, ir.Take):
            self._scatter(statement, place, expr)
            return
        out = self._place(place)
        into = None if statement.add or expr.shape != place.shape else self._into(expr, out, is_contiguous(place))
        if into is not None:
            self._add(self._with_inlined(expr, lambda: self._into(expr, out, True) or ""))
            return
        if not (out.endswith("]") or (statement.add and out.isidentifier())):
            out = f"{out}[...]"
        positive = opposite(expr) if statement.add else None
        sign = ("-=" if positive else "+=") if statement.add else "="
        self._add(f"{out} {sign} {self._with_inlined(expr, lambda: self.number(positive or expr))}")

    def _into(self, expr: ir.Expr, out: str, is_contiguous: bool) -> str | None:
        """A call that leaves its result in an array that is there already."""
        if expr in self._shared or (out.endswith("]") and not expr.shape):  # an element is no array
            return None
        if isinstance(expr, MatMulAlong):
            return f"np.matmul({self.text(expr.left)}, {self.text(expr.right)}, axes={list(expr.axes)}, out={out})"
        if not is_contiguous:
            return None
        if isinstance(expr, MatMul) and max(len(expr.left.shape), len(expr.right.shape)) <= 2:
            # By a vector of one 0, np.dot gives 0 where there is nan.
            plain = len(expr.left.shape) == len(expr.right.shape) == 2 or isinstance(expr.right, Ones)
            name = "np.dot" if plain else "np.matmul"
            return f"{name}({self.text(expr.left)}, {self.text(expr.right)}, out={out})"
        if isinstance(expr, ir.Reduce) and expr.kind == "sum":
            return f"{self.within(expr.inside, ATOM)}.sum({self._over(expr)}, out={out})"
        return None

    def _place(self, place: ir.Array | ir.View) -> str:
        """What is assigned to; a part of the gradient has a name."""
        if isinstance(place, ir.Array):
            return self._named(place)
        target = place.source
        assert isinstance(target, ir.Array)
        if target is self.program.gradient:
            if place.part not in self._views:
                name = self._part_name(place, "d")
                name = self.names.unique(name) if name in self.gradients else name
                self._views[place.part] = name
                self.gradients[name] = self._view(place, "grad", self.program.theta.lengths)
            return self._views[place.part]
        steps = place.steps
        if steps and (steps.dims != place.own or steps.order != tuple(range(len(steps.order)))):
            self._make_contiguous(target)
        return self._view(place, self._named(target), place.own)

    def _make_contiguous(self, array: ir.Array) -> None:
        """See to it that what is written to a reshape of the array reaches it: the reshape could be a copy."""
        if array not in self._in_order and array is not self.program.gradient:
            self._in_order.add(array)
            self._add(f"{self.arrays[array]} = np.ascontiguousarray({self._named(array)})")

    def _scatter(self, statement: ir.Update, place: ir.Take, expr: ir.Expr) -> None:
        """Element by element; what is picked more than once is added up by rows."""
        target = statement.target
        if len(target.lengths) > 1:
            self._make_contiguous(target)
        rows, picked = self._flat(self._named(target), target), place.picked.values
        if len(np.unique(picked)) == picked.size:
            text = self._with_inlined(expr, lambda: self.number(expr))
            self._add(f"{rows}[{self.constant(place.picked)}] {'+=' if statement.add else '='} {text}")
            return
        shape: ir.Shape = (picked.size, *([ir.B] if place.sampled else []))
        rows_added = reshape(expand(expr, place.shape), shape)
        full = self._with_inlined(rows_added, lambda: self.number(rows_added))
        order = np.argsort(picked, axis=None, kind="stable")
        distinct, starts = np.unique(picked.ravel()[order], return_index=True)
        tables = ((order, "order"), (starts, "starts"), (distinct, "i"))
        names = ", ".join(self.constant(ir.Constant(values), stem) for values, stem in tables)
        self._add(f"{self._helper('add_rows')}({rows}, {full}, {names})")

    # ---- lines that become part of others

    def _with_inlined(self, expr: ir.Expr, write: Callable[[], str], target: ir.Array | None = None) -> str:
        """The text, with arrays put in that only it reads, as long as it stays short."""
        text = ""
        for array in self._arrays_read(expr):
            line = self._waiting.get(array)
            if line is not None and line.expr is not None and not self._is_indexed(array, expr, line.expr):
                self._inlined[array], before = line.expr, set(self._reads)
                text = write()
                if len(text) <= LONGEST:
                    line.is_gone = True
                    del self._waiting[array]
                    if target:
                        self._reader[array] = target
                else:
                    del self._inlined[array]
                    text, self._reads = "", before
        return text or write()

    def _is_indexed(self, array: ir.Array, reader: ir.Expr, expr: ir.Expr) -> bool:
        """Whether the reader counts the axes of an array whose expression is written without its first ones."""
        return bool(self._missing(expr)) and any(part.source is array for part in ir.parts_of(reader, ir.View))

    def _arrays_read(self, expr: ir.Expr) -> Iterator[ir.Array]:
        if isinstance(expr, ir.Array):
            yield expr
        elif expr not in self._shared:
            for operand in expr.operands:
                yield from self._arrays_read(operand)

    # ---- expressions that stand in several lines

    def _stem(self, expr: ir.Expr) -> tuple[str, int] | None:
        """What to name an expression after, and from how many uses on it is worth a name."""
        if isinstance(expr, ir.Array | ir.Number | ir.Symbol | ir.Constant):
            return None
        if isinstance(expr, ir.Apply):
            return ("more", 2) if _is_boolean(expr) else None
        if isinstance(expr, ir.View):
            if expr.source is self.program.theta or not isinstance(expr.source, ir.Array):
                return None
            steps = expr.steps
            if steps is None:
                return f"{self.arrays[expr.source]}_", 2
            plain = steps.dims == expr.own and steps.order == tuple(range(len(steps.order)))
            return None if plain or expr.source is self.program.inputs else (f"{self.arrays[expr.source]}_", 2)
        if isinstance(expr, ir.Take):
            return (f"{self.arrays[expr.source]}_", 2) if isinstance(expr.source, ir.Array) else None
        if isinstance(expr, Matrix | ir.Reshape) and is_permuted(expr.inside):
            return "columns", 1 if isinstance(_innermost(expr.inside), ir.View | ir.Take | ir.Array) else 2
        return _STEMS.get(type(expr))

    def _count(self, expr: ir.Expr) -> None:
        """Count the uses of an expression; what stands within one that has a name counts once."""
        if isinstance(expr, ir.Array):
            self._uses[expr] += 1
            return
        if self._stem(expr):
            key = self._twin(expr, self._counts)
            self._counts[key] += 1
            if self._counts[key] > 1:
                return
        for operand in expr.operands:
            self._count(operand)

    def _twin(self, expr: ir.Expr, known: Any) -> ir.Expr:
        """The expression, or its transpose if that is known already: a copy of either will do for both."""
        if isinstance(expr, Matrix) and expr not in known and expr.is_copy and (twin := expr.transpose) in known:
            return twin
        return expr

    def _name_shared(self, expr: ir.Expr) -> None:
        """Lines that name what is worth it in an expression, before the line that has it."""
        if isinstance(expr, ir.Array) or expr in self._shared:
            return
        stem = self._stem(expr)
        if stem and self._twin(expr, self._shared) in self._shared:
            return
        for operand in expr.operands:
            self._name_shared(operand)
        if stem and self._counts[expr] >= stem[1]:
            text = self._with_inlined(expr, lambda: self.text(expr))
            name = self.names.numbered(stem[0])
            self._shared[expr] = name
            self._add(f"{name} = {text}", name)

    # ---- expressions

    def text(self, expr: ir.Expr) -> str:
        """The expression, written down."""
        return self._bound(expr)[0]

    def within(self, expr: ir.Expr, binds: int) -> str:
        """The text, in parentheses where it binds less."""
        text, own = self._bound(expr)
        return text if own >= binds else f"({text})"

    def number(self, expr: ir.Expr, binds: int = COMPARISON) -> str:
        """The text of an expression of numbers: NumPy neither subtracts truth values nor takes their exponential."""
        if not _is_boolean(expr):
            return self.within(expr, binds)
        text = f"1.0 * {self.within(expr, ATOM)}"
        return text if binds <= PRODUCT else f"({text})"

    def _bound(self, expr: ir.Expr) -> tuple[str, int]:
        """The text, and how tightly its outermost operator binds."""
        name = self._shared.get(expr)
        if name is not None:
            return self._read(name), ATOM
        if isinstance(expr, ir.Array):
            inlined = self._inlined.get(expr)
            if inlined is None:
                return self._named(expr), ATOM
            return (self.number(inlined), PRODUCT) if _is_boolean(inlined) else self._bound(inlined)
        if isinstance(expr, ir.Number):
            text = _number(expr.value)
            return text, SIGN if text.startswith("-") else ATOM
        if isinstance(expr, ir.Apply):
            return self._apply(expr)
        if isinstance(expr, MatMul):
            if len(expr.left.shape) == len(expr.right.shape) == 1:  # half the time of @
                return f"np.dot({self.number(expr.left)}, {self.number(expr.right)})", ATOM
            return f"{self.number(expr.left, PRODUCT)} @ {self.number(expr.right, ATOM)}", PRODUCT
        if isinstance(expr, ir.Rearrange):
            return self._rearrange(expr)
        return self._atoms[type(expr)](self, expr), ATOM

    def _apply(self, expr: ir.Apply) -> tuple[str, int]:
        name, arguments = expr.op.name, expr.arguments
        x, y = arguments[0], arguments[-1]
        if name in ("add", "sub"):
            left = self.number(x, SUM) if _is_boolean(y) else self.within(x, SUM)
            return f"{left} {'+' if name == 'add' else '-'} {self.within(y, PRODUCT)}", SUM
        if name in ("mul", "div"):
            left = self.number(x, PRODUCT) if _is_boolean(y) or name == "div" else self.within(x, PRODUCT)
            return f"{left} {'*' if name == 'mul' else '/'} {self.within(y, ATOM)}", PRODUCT
        if name == "neg":
            return f"-{self.number(x, PRODUCT)}", SIGN if self._bound(x)[1] == ATOM else PRODUCT
        if name in ("greater", "equal"):
            x_text, y_text = ("0" if z == ir.Number(0.0) else self.number(z, SUM) for z in arguments)
            return f"{x_text} {'>' if name == 'greater' else '=='} {y_text}", COMPARISON
        if name == "pow":
            return self._pow(x, y)
        template = FUNCTIONS[name]
        return self._helper(template.partition("(")[0], template.format(*map(self.number, arguments))), ATOM

    def _pow(self, x: ir.Expr, y: ir.Expr) -> tuple[str, int]:
        """Small whole powers are products, which are much faster than powers; the others are NumPy's.

        But for those of ±0.5: NumPy takes a square root there, which differs from the power at -0.0 and at -inf.
        """
        text = self.number(x)
        if isinstance(y, ir.Number) and not isinstance(x, ir.Number):
            if y.value in (1.0, 2.0, 3.0) and text.isidentifier():
                return " * ".join([text] * int(y.value)), PRODUCT if y.value > 1 else ATOM
            if y.value.is_integer() and 0 < abs(y.value) <= 64:
                return f"{self._helper('power')}({text}, {int(y.value)})", ATOM
            if abs(y.value) == 0.5:
                root = f"{self._helper('root')}({text})"
                return (root, ATOM) if y.value > 0 else (f"1.0 / {root}", PRODUCT)
        plain = isinstance(y, ir.Number) or (isinstance(x, ir.Number) and x.value > 0)
        return f"{'np.power' if plain else self._helper('raised')}({text}, {self.number(y)})", ATOM

    def _view_text(self, view: ir.View) -> str:
        if view.source is self.program.theta:
            return self._parameter(view)
        return self._view(view, self.within(view.source, ATOM), view.own)

    def _view(self, view: ir.View, source: str, own: ir.Lengths) -> str:
        """The source, read by reshape, slices and transpose, or else in strides."""
        part, steps = view.along(view.kept), view.steps
        if not part.lengths and source in ("theta", "grad"):
            return f"{source}[{part.offset}:{part.offset + 1}].reshape(())"
        if steps is None:
            rows = self._reshaped(source, (*own, *[ir.B] * view.sampled), (prod(own), *[ir.B] * view.sampled))
            return f"{self._helper('strided')}({rows}, {part.offset}, {part.lengths}, {part.strides})"
        if steps.part:
            source, own = f"{source}[{steps.part[0]}:{steps.part[1]}]", (steps.part[1] - steps.part[0],)
        batch = [ir.B] * view.sampled
        source = self._reshaped(source, (*own, *batch), (*steps.dims, *batch))
        picks = [_pick(pick, length) for pick, length in zip(steps.picks, steps.dims, strict=True)]
        return self._transposed(f"{source}{_subscript(picks)}", steps.order, bool(batch))

    def _transposed(self, source: str, order: Sequence[int], batched: bool) -> str:
        """With its axes in this order; the batch axis stays last."""
        n = len(order)
        if list(order) == list(range(n)):
            return source
        if n == 2 and not batched:
            return f"{source}.T"
        return f"{source}.transpose({', '.join(map(str, [*order, *[n] * batched]))})"

    def _parameter(self, view: ir.View) -> str:
        """The name of a part of theta, with its axes of length 1; it is made once for a theta."""
        missing = view.part not in self.parts
        part = view.along(view.order if missing else view.kept)
        inserted = [":" if stride else "None" for stride in view.strides] + ["None"] * view.batched
        expanded = "" if missing or not view.kept or (part.part, "") in self._stored else _inserted(inserted)
        if part.is_whole and not expanded:
            name = "theta"
        else:
            key = part.part, expanded
            if key not in self._stored:
                name = self._part_name(part, "")
                name = self.names.unique(name) if name in ("theta", *self.parameters) else name
                self._stored[key] = name
                self.parameters[name] = self._view(part, "theta", self.program.theta.lengths) + expanded
            name = self._stored[key]
        if expanded:
            return name
        order = [(view.order if missing else view.kept).index(axis) for axis in view.kept]
        return self._transposed(name, order, False) + (_inserted(inserted) if view.kept else "")

    def _part_name(self, view: ir.View, before: str) -> str:
        name = self.parts.get(view.part) or self.parts.get(view.along(view.order).part)
        return before + (name or self.names.numbered("wbW"[min(len(view.kept), 2)]))

    def _take(self, expr: ir.Take) -> str:
        rows = self._flat(self.within(expr.source, ATOM), expr.source)
        return f"{rows}[{self.constant(expr.picked)}]"

    def _flat(self, text: str, source: ir.Expr) -> str:
        """With all axes but that of the batch made one."""
        batch = source.shape[-1:] if source.shape[-1:] == (ir.B,) else ()
        own = source.shape[: len(source.shape) - len(batch)]
        return self._reshaped(text, source.shape, (ir.product(own), *batch))

    def _where(self, expr: ir.Where) -> str:
        return f"np.where({self.constant(expr.mask)}, {self.number(expr.inside)}, {_number(expr.otherwise)})"

    def _reduce(self, expr: ir.Reduce) -> str:
        return f"{self.number(expr.inside, ATOM)}.{expr.kind}({self._over(expr)})"

    def _over(self, expr: ir.Reduce) -> str:
        axes = [axis - self._missing(expr.inside) for axis in expr.axes]
        return str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"

    def _rearrange(self, expr: ir.Rearrange) -> tuple[str, int]:
        """A transpose, an index that adds axes or takes one of length 1; axes that are not written stay so."""
        missing, n = self._missing(expr.inside), len(expr.inside.shape)
        order = [axis - missing if axis is not None and axis >= missing else None for axis in expr.order]
        dropped = [axis for axis in range(n - missing) if axis not in order]
        taken = _subscript(["0" if axis in dropped else ":" for axis in range(n - missing)])
        left = [axis for axis in range(n - missing) if axis not in dropped]
        kept = [left.index(axis) for axis in order if axis is not None]
        suffix = taken + self._transposed("", kept, False)
        suffix += _inserted([":" if axis is not None else "None" for axis in order])
        if not suffix:
            return self._bound(expr.inside)
        return self.number(expr.inside, ATOM) + suffix, ATOM

    def _expanded(self, expr: ir.Expr, shape: ir.Shape) -> str:
        text = self.number(expr)
        return text if expr.shape == shape else f"np.broadcast_to({text}, {self.shape(shape)})"

    def _reshape(self, expr: ir.Reshape | Matrix) -> str:
        twin = self._twin(expr, self._shared)
        if twin is not expr:
            return f"{self._read(self._shared[twin])}.T"
        inside = expr.inside
        while isinstance(inside, ir.Reshape) and inside not in self._shared:
            inside = inside.inside
        return self._reshaped(self.number(inside, ATOM), inside.shape, expr.shape)

    def _reshaped(self, text: str, shape: ir.Shape, into: ir.Shape) -> str:
        if shape == into:
            return text
        return f"{text}.reshape({', '.join(map(self.length, into))})"

    def _full(self, expr: ir.Expr) -> str:
        """The text with all axes of the expression, the first ones too if their length is 1."""
        missing = self._missing(expr)
        return f"{self.number(expr, ATOM)}[{', '.join(['None'] * missing)}]" if missing else self.number(expr)

    def _missing(self, expr: ir.Expr) -> int:
        """How many axes of length 1 are not written, before all others: NumPy adds them where they are needed."""
        if isinstance(expr, ir.Apply | ir.Where):
            return min((self._missing(x) for x in expr.operands if x.shape), default=0)
        if isinstance(expr, ir.View):
            return next((axis for axis, n in enumerate(expr.shape) if n != 1), len(expr.shape))
        if isinstance(expr, ir.Array) and expr in self._inlined:
            return self._missing(self._inlined[expr])
        if isinstance(expr, ir.Rearrange):
            missing = self._missing(expr.inside)
            added = [axis is None or axis < missing for axis in expr.order]
            return added.index(False) if False in added else len(added)
        return self._missing(expr.inside) if isinstance(expr, ir.Reduce) else 0

    # ---- small parts

    def constant(self, constant: ir.Constant, stem: str = "") -> str:
        """The name of a constant array; equal ones share it."""
        stem = stem or {"b": "mask", "i": "i"}.get(constant.values.dtype.kind, "c")
        key = stem, constant
        if key not in self._stored:
            self._stored[key] = self.names.numbered(stem)
            self.constants[self._stored[key]] = constant.values
        return self._stored[key]

    def shape(self, shape: ir.Shape) -> str:
        """A shape as an argument."""
        lengths = [self.length(length) for length in shape]
        return lengths[0] if len(lengths) == 1 else f"({', '.join(lengths)})"

    def length(self, length: ir.Length) -> str:
        """A length; that of the batch is known when the program runs."""
        self.is_sized |= isinstance(length, ir.Batch)
        return str(length)

    def _helper(self, name: str, text: str = "") -> str:
        """The text, or the name, of a function that the source defines for itself if it is one."""
        if name in HELPERS:
            self.helpers |= {name, *NEEDS.get(name, ())}
        return text or name

    def _symbol(self, expr: ir.Symbol) -> str:
        return self.length(ir.B) if expr.name == "B" else expr.name

    def _ones(self, expr: Ones) -> str:
        return f"{self._helper('ones')}({self.length(ir.B)})"

    def _einsum(self, expr: ir.Contract) -> str:
        letters = f"{expr.left_letters},{expr.right_letters}->{expr.out}"
        return f'np.einsum("{letters}", {self.number(expr.left)}, {self.number(expr.right)})'

    def _along(self, expr: MatMulAlong) -> str:
        name = self._helper("matmul")
        return f"{name}({self.number(expr.left)}, {self.number(expr.right)}, {list(expr.axes)})"

    _atoms: ClassVar[dict[type[ir.Expr], Callable[[Writer, Any], str]]] = {
        ir.Symbol: _symbol,
        ir.Constant: constant,
        ir.View: _view_text,
        ir.Take: _take,
        ir.Where: _where,
        ir.Contract: _einsum,
        ir.Reduce: _reduce,
        ir.Reshape: _reshape,
        Matrix: _reshape,
        ir.Expand: lambda self, expr: self._expanded(expr.inside, expr.into),
        ir.Zeros: lambda self, expr: f"np.{'empty' if expr.assigned else 'zeros'}({self.shape(expr.into)})",
        Ones: _ones,
        InMemoryOrder: lambda self, expr: f"np.ascontiguousarray({self.text(expr.inside)})",
        MatMulAlong: _along,
    }


_STEMS: dict[type[ir.Expr], tuple[str, int]] = {InMemoryOrder: ("x", 1), Ones: ("ones", 1), ir.Where: ("masked", 2)}


def reads_scattered(program: ir.ArrayProgram) -> bool:
    """Whether inputs are read in no order of theirs, so that the rows of a batch are better copied beforehand."""

    def scattered(expr: ir.Expr) -> bool:
        if isinstance(expr, ir.View | ir.Take) and expr.source is program.inputs:
            return isinstance(expr, ir.Take) or expr.steps is None
        return any(map(scattered, expr.operands))

    return any(map(scattered, (*(s.expr for s in program.statements), *program.outputs)))


def _is_boolean(expr: ir.Expr) -> bool:
    """Whether NumPy gives truth values for it."""
    return isinstance(expr, ir.Apply) and expr.op.name in ("greater", "equal")


def _number(value: float) -> str:
    return {float("inf"): "np.inf", float("-inf"): "-np.inf"}.get(value, "np.nan" if value != value else repr(value))


def _innermost(expr: ir.Expr) -> ir.Expr:
    while isinstance(expr, ir.Rearrange | ir.Reshape):
        expr = expr.inside
    return expr


def _pick(pick: slice | int, length: int) -> str:
    if isinstance(pick, int):
        return str(pick)
    if (pick.start, pick.stop, pick.step) == (0, length, 1):
        return ":"
    return f"{pick.start}:{pick.stop}" + (f":{pick.step}" if pick.step > 1 else "")


def _subscript(picks: Sequence[str]) -> str:
    """An index; what would change nothing is left out."""
    picks = list(picks)
    while picks and picks[-1] == ":":
        picks.pop()
    return f"[{', '.join(picks)}]" if picks else ""


def _inserted(picks: Sequence[str]) -> str:
    """An index that adds axes; those before all others NumPy adds by itself.

    >>> _inserted([":", "None", ":"]), _inserted(["None", ":"])
    ('[:, None]', '')
    """
    picks = list(picks)
    while picks and picks[0] == "None":
        picks.pop(0)
    return _subscript(picks)


def _line(text: str, shape: ir.Shape) -> str:
    return f"{text:<{COMMENT}}  # ({', '.join(map(str, shape))})" if shape else text
