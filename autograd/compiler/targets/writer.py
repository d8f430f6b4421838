"""Writes the lowered statements of a program in NumPy, a line each.

Names are drawn in the order of the lines: the same program gives the same text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from .. import ir
from ..algebra import expand, opposite, reshape
from ..naming import Names
from .functions import FUNCTIONS, HELPERS, NEEDS
from .lowering import InMemoryOrder, Ones, is_boolean, is_contiguous
from .products import MatMul, MatMulAlong
from .sharing import Shared
from .text import ATOM, COMPARISON, PRODUCT, SIGN, SUM, commented, literal, pick, stem, subscript


class Writer:
    """The text of statements and expressions, and the names that they use."""

    def __init__(self, program: ir.ArrayProgram) -> None:
        self.program, self.names = program, Names()
        given = program.named(self.names)
        self.arrays = {what: name for what, name in given.items() if isinstance(what, ir.Array)}
        self.parts = {what: name for what, name in given.items() if isinstance(what, ir.Part)}
        self.parameters: dict[str, str] = {}
        self.gradients: dict[str, str] = {}
        self.constants: dict[str, npt.NDArray[Any]] = {}
        self.helpers: set[str] = set()
        self.is_sized = False
        """Whether what was written so far reads the size of the batch."""
        self._stored: dict[object, str] = {}

    # ---- lines

    def statement(self, statement: ir.Define | ir.Update) -> str:
        """The line of a statement."""
        if isinstance(statement, ir.Update):
            return self._update(statement, statement.expr)
        target, expr = statement.target, statement.expr
        if isinstance(target, Shared):
            text, self.arrays[target] = self.text(expr), self.names.numbered(self._stem(target.of))
            return f"{self.arrays[target]} = {text}"
        made_of = target.derivative_of
        whole = not made_of or (made_of.shape == target.shape and not isinstance(expr, ir.Zeros))
        return commented(f"{self.arrays[target]} = {self.full(expr)}", [target.shape] if whole else [])

    def into(self, statement: ir.Define | ir.Update) -> str | None:
        """The line of a statement that leaves its result in the target if that is an array already, and not None."""
        expr, target = statement.expr, statement.target
        if not (isinstance(statement, ir.Define) and isinstance(expr, ir.Apply) and expr.shape) or is_boolean(expr):
            return None
        template = _UFUNCS.get(expr.op.name) or FUNCTIONS.get(expr.op.name, "")
        if not (template.startswith("np.") and template.endswith("{})")) or self._missing(expr):
            return None
        name, call = self.arrays[target], template.format(*map(self.number, expr.arguments))
        return commented(f"{name} = {call[:-1]}, out={name})", [target.shape])

    def _stem(self, expr: ir.Expr) -> str:
        """What to name an expression after that several lines read."""
        if isinstance(expr, ir.View | ir.Take):
            assert isinstance(expr.source, ir.Array)
            return f"{self.arrays[expr.source]}_"
        return _STEMS[type(expr)]

    def _update(self, statement: ir.Update, expr: ir.Expr) -> str:
        place = statement.place
        if isinstance(place, ir.Take):
            return self._scatter(statement, place, expr)
        out = self._place(place)
        into = None if statement.add or expr.shape != place.shape else self._into(expr, out, is_contiguous(place))
        if into is not None:
            return into
        if not (out.endswith("]") or (statement.add and out.isidentifier())):
            out = f"{out}[...]"
        positive = opposite(expr) if statement.add else None
        sign = ("-=" if positive else "+=") if statement.add else "="
        return f"{out} {sign} {self.number(positive or expr)}"

    def _into(self, expr: ir.Expr, out: str, is_contiguous: bool) -> str | None:
        """A call that leaves its result in an array that is there already: small networks take 0.95 of the time."""
        if out.endswith("]") and not expr.shape:  # an element is no array
            return None
        if isinstance(expr, MatMulAlong):
            return f"np.matmul({self.full(expr.left)}, {self.full(expr.right)}, axes={list(expr.axes)}, out={out})"
        if not is_contiguous:
            return None
        if isinstance(expr, MatMul) and max(len(expr.left.shape), len(expr.right.shape)) <= 2:
            # By a vector of one 0, np.dot gives 0 where there is nan.
            plain = len(expr.left.shape) == len(expr.right.shape) == 2 or isinstance(expr.right, Ones)
            return f"np.{'dot' if plain else 'matmul'}({self.full(expr.left)}, {self.full(expr.right)}, out={out})"
        if isinstance(expr, ir.Reduce) and expr.kind == "sum":
            return f"{self.within(expr.inside, ATOM)}.sum({self._over(expr)}, out={out})"
        return None

    def _place(self, place: ir.Array | ir.View) -> str:
        """What is assigned to; a part of the gradient has a name."""
        if isinstance(place, ir.Array):
            return self.arrays[place]
        if place.source is not self.program.gradient:
            return self._view(place, self.text(place.source), place.own)
        return self._part(place, "", self.gradients, "grad", "d")

    def _scatter(self, statement: ir.Update, place: ir.Take, expr: ir.Expr) -> str:
        """Element by element; what is picked more than once is added up by rows."""
        rows, picked = self._flat(place.source), place.picked.values
        if len(np.unique(picked)) == picked.size:
            return f"{rows}[{self.constant(place.picked)}] {'+=' if statement.add else '='} {self.number(expr)}"
        shape: ir.Shape = (picked.size, *([ir.B] if place.sampled else []))
        added = self.number(reshape(expand(expr, place.shape), shape))
        order = np.argsort(picked, axis=None, kind="stable")
        distinct, starts = np.unique(picked.ravel()[order], return_index=True)
        tables = ((order, "order"), (starts, "starts"), (distinct, "i"))
        names = ", ".join(self.constant(ir.Constant(values), named) for values, named in tables)
        return f"{self._helper('add_rows')}({rows}, {added}, {names})"

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
        text, own = self._number_bound(expr)
        return text if own >= binds else f"({text})"

    def _number_bound(self, expr: ir.Expr) -> tuple[str, int]:
        return (f"1.0 * {self.within(expr, ATOM)}", PRODUCT) if is_boolean(expr) else self._bound(expr)

    def _bound(self, expr: ir.Expr) -> tuple[str, int]:
        """The text, and how tightly its outermost operator binds."""
        if isinstance(expr, ir.Array):
            return self.arrays[expr], ATOM
        if isinstance(expr, ir.Number):
            text = literal(expr.value)
            return text, SIGN if text.startswith("-") else ATOM
        if isinstance(expr, ir.Apply):
            return self._apply(expr)
        if isinstance(expr, MatMul):
            if len(expr.left.shape) == len(expr.right.shape) == 1:  # half the time of @
                return f"np.dot({self.full(expr.left)}, {self.full(expr.right)})", ATOM
            return f"{self.full(expr.left, PRODUCT)} @ {self.full(expr.right, ATOM)}", PRODUCT
        if isinstance(expr, ir.Rearrange):
            return self._rearrange(expr)
        return self._atoms[type(expr)](self, expr), ATOM

    def _apply(self, expr: ir.Apply) -> tuple[str, int]:
        name, arguments = expr.op.name, expr.arguments
        x, y = arguments[0], arguments[-1]
        if name in ("add", "sub"):
            left = self.number(x, SUM) if is_boolean(y) else self.within(x, SUM)
            return f"{left} {'+' if name == 'add' else '-'} {self.within(y, PRODUCT)}", SUM
        if name in ("mul", "div"):
            left = self.number(x, PRODUCT) if is_boolean(y) or name == "div" else self.within(x, PRODUCT)
            return f"{left} {'*' if name == 'mul' else '/'} {self.within(y, ATOM)}", PRODUCT
        if name == "neg":
            text = self.number(x, ATOM if _begins_with_boolean(x) else PRODUCT)
            return f"-{text}", SIGN if self._bound(x)[1] == ATOM else PRODUCT
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
        return self._view(view, self.full(view.source, ATOM), view.own)

    def _view(self, view: ir.View, source: str, own: ir.Lengths) -> str:
        """The source, read by reshape, slices and transpose, or else in strides."""
        part, steps = view.part, view.steps
        if not part.lengths and source in ("theta", "grad"):
            return f"{source}[{part.offset}:{part.offset + 1}].reshape(())"
        if steps is None:
            rows = self._reshaped(source, (*own, *[ir.B] * view.sampled), (prod(own), *[ir.B] * view.sampled))
            return f"{self._helper('strided')}({rows}, {part.offset}, {part.lengths}, {part.strides})"
        if steps.part:
            source, own = f"{source}[{steps.part[0]}:{steps.part[1]}]", (steps.part[1] - steps.part[0],)
        batch = [ir.B] * view.sampled
        source = self._reshaped(source, (*own, *batch), (*steps.dims, *batch))
        picks = [pick(picked, length) for picked, length in zip(steps.picks, steps.dims, strict=True)]
        return self._transposed(f"{source}{subscript(picks)}", steps.order, bool(batch))

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
        expanded = _inserted([":" if stride else "None" for stride in view.strides]) if view.kept else ""
        plain = self._stored.get(("", view.part, ""))
        return plain + expanded if plain else self._part(view, expanded, self.parameters, "theta", "")

    def _part(self, view: ir.View, expanded: str, views: dict[str, str], vector: str, before: str) -> str:
        """The name of a part of a vector, theta or its gradient, which is one of these views."""
        key = before, view.part, expanded
        if key not in self._stored:
            named = self.parts.get(view.part) or self.parts.get(view.in_order)
            name = before + (named or self.names.numbered("wbW"[min(len(view.kept), 2)]))
            name = self._stored[key] = self.names.unique(name) if name in (vector, *views) else name
            views[name] = self._view(view, vector, self.program.theta.lengths) + expanded
        return self._stored[key]

    def _take(self, expr: ir.Take) -> str:
        return f"{self._flat(expr.source)}[{self.constant(expr.picked)}]"

    def _flat(self, source: ir.Expr) -> str:
        """With all axes but that of the batch made one."""
        batch = source.shape[-1:] if source.shape[-1:] == (ir.B,) else ()
        own = source.shape[: len(source.shape) - len(batch)]
        return self._reshaped(self.full(source, ATOM), source.shape, (ir.product(own), *batch))

    def _where(self, expr: ir.Where) -> str:
        return f"np.where({self.constant(expr.mask)}, {self.number(expr.inside)}, {literal(expr.otherwise)})"

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
        taken = subscript(["0" if axis in dropped else ":" for axis in range(n - missing)])
        left = [axis for axis in range(n - missing) if axis not in dropped]
        kept = [left.index(axis) for axis in order if axis is not None]
        suffix = taken + self._transposed("", kept, False)
        suffix += _inserted([":" if axis is not None else "None" for axis in order])
        if not suffix:
            return self._number_bound(expr.inside)
        return self.number(expr.inside, ATOM) + suffix, ATOM

    def _expanded(self, expr: ir.Expr, shape: ir.Shape) -> str:
        text = self.number(expr)
        return text if expr.shape == shape else f"np.broadcast_to({text}, {self.shape(shape)})"

    def _reshape(self, expr: ir.Reshape) -> str:
        return self._reshaped(self.full(expr.inside, ATOM), expr.inside.shape, expr.shape)

    def _reshaped(self, text: str, shape: ir.Shape, into: ir.Shape) -> str:
        return text if shape == into else f"{text}.reshape({', '.join(map(self.length, into))})"

    def full(self, expr: ir.Expr, binds: int = COMPARISON) -> str:
        """The text with all axes of the expression, the first ones too if their length is 1."""
        missing = self._missing(expr)
        return f"{self.number(expr, ATOM)}[{', '.join(['None'] * missing)}]" if missing else self.number(expr, binds)

    def _missing(self, expr: ir.Expr) -> int:
        """How many axes of length 1 are not written, before all others: NumPy adds them where they are needed."""
        if isinstance(expr, ir.Apply | ir.Where):
            return min((self._missing(x) for x in expr.operands if x.shape), default=0)
        if isinstance(expr, ir.View):
            return next((axis for axis, n in enumerate(expr.shape) if n != 1), len(expr.shape))
        if isinstance(expr, Shared):
            return self._missing(expr.of)
        if isinstance(expr, ir.Rearrange):
            missing = self._missing(expr.inside)
            added = [axis is None or axis < missing for axis in expr.order]
            return added.index(False) if False in added else len(added)
        return self._missing(expr.inside) if isinstance(expr, ir.Reduce) else 0

    # ---- small parts

    def constant(self, constant: ir.Constant, named: str = "") -> str:
        """The name of a constant array; equal ones share it."""
        named = named or stem(constant)
        key = named, constant
        if key not in self._stored:
            self._stored[key] = self.names.numbered(named)
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
        return f'np.einsum("{letters}", {self.full(expr.left)}, {self.full(expr.right)})'

    def _along(self, expr: MatMulAlong) -> str:
        name = self._helper("matmul")
        return f"{name}({self.full(expr.left)}, {self.full(expr.right)}, {list(expr.axes)})"

    _atoms: ClassVar[dict[type[ir.Expr], Callable[[Writer, Any], str]]] = {
        ir.Symbol: _symbol,
        ir.Constant: constant,
        ir.View: _view_text,
        ir.Take: _take,
        ir.Where: _where,
        ir.Contract: _einsum,
        ir.Reduce: _reduce,
        ir.Reshape: _reshape,
        ir.Expand: lambda self, expr: self._expanded(expr.inside, expr.into),
        ir.Zeros: lambda self, expr: f"np.{'empty' if expr.assigned else 'zeros'}({self.shape(expr.into)})",
        Ones: _ones,
        InMemoryOrder: lambda self, expr: f"np.ascontiguousarray({self.text(expr.inside)})",
        MatMulAlong: _along,
    }


_UFUNCS = {
    "add": "np.add({}, {})",
    "sub": "np.subtract({}, {})",
    "mul": "np.multiply({}, {})",
    "div": "np.divide({}, {})",
}

_STEMS: dict[type[ir.Expr], str] = {
    ir.Apply: "more",
    ir.Where: "masked",
    ir.Concat: "joined",
    ir.Expand: "joined",
    ir.Reshape: "columns",
    InMemoryOrder: "x",
}


def _begins_with_boolean(expr: ir.Expr) -> bool:
    """Whether the first factor that is written gives truth values, which have no sign."""
    while isinstance(expr, ir.Apply) and expr.op.name in ("mul", "div"):
        expr = expr.arguments[0]
    return is_boolean(expr)


def _inserted(picks: Sequence[str]) -> str:
    """An index that adds axes; those before all others NumPy adds by itself.

    >>> _inserted([":", "None", ":"]), _inserted(["None", ":"])
    ('[:, None]', '')
    """
    picks = list(picks)
    while picks and picks[0] == "None":
        picks.pop(0)
    return subscript(picks)
