"""Pass 5, reverse and emit: the array program and its derivative, written as NumPy.

The adjoint of each statement is derived from the rule rows, on text: ``g * partial``, summed over the axes along which
the operand was repeated, and added at the place the operand was read from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import re

import numpy as np
import numpy.typing as npt

from .. import ops
from . import code
from .arrays import (
    Array,
    ArrayProgram,
    DotStatement,
    Gather,
    JoinStatement,
    MapStatement,
    Numbers,
    Operand,
    ReduceStatement,
    Shape,
    Statement,
    View,
    contiguous,
)
from .code import ATOM, Code, Tensor, contract, indexed
from .names import Names

BATCH = "B"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Line:
    """``target = text``, or ``target += text`` and the like for another ``sign``."""

    target: str
    text: str
    sign: str = "="
    comment: str = ""

    def __str__(self) -> str:
        plain = f"{self.target} {self.sign} {self.text}"
        return f"{plain:<60}  # {self.comment}" if self.comment else plain


@dataclass
class Written:
    """The program as text, and the constant arrays it names."""

    parameters: list[Line] = field(default_factory=list)
    gradients: list[Line] = field(default_factory=list)
    forward: list[Line] = field(default_factory=list)
    backward: list[Line] = field(default_factory=list)
    constants: dict[str, npt.NDArray[np.generic]] = field(default_factory=dict)
    outputs: list[Code] = field(default_factory=list)
    contiguous_inputs: bool = False


@dataclass
class _Adjoint:
    """What has been added up so far for one array."""

    code: Code | None = None
    owned: bool = False
    buffer_line: int | None = None
    written: npt.NDArray[np.bool_] | None = None


class Writer:
    """Writes statements and their adjoints, line by line."""

    def __init__(self, program: ArrayProgram, names: Names) -> None:
        self.program, self.names = program, names
        self.out = Written()
        self.views: dict[tuple[tuple[Shape, Shape, int], str], str] = {}
        self.adjoints: dict[Array, _Adjoint] = {}
        self.active = {program.theta}
        for statement in program.statements:
            if _differentiable(statement) and any(_array(x) in self.active for x in statement.operands):
                self.active.add(statement.target)
        self.gradients: dict[tuple[Shape, Shape, int], str] = {}
        self.grad_written = np.zeros(program.theta.size, dtype=bool)
        self.from_zeros = False
        self.parts: dict[str, Array] = {}
        self.copies: dict[str, str] = {}
        self.lines = self.out.forward
        self.late: list[tuple[View, Code]] = []
        self.inlined = _inlined(program)
        self.producer = {statement.target: statement for statement in program.statements}
        self.reads = Counter(_array(x) for s in program.statements if _differentiable(s) for x in s.operands)
        self.reads.update(_array(x) for x in program.outputs)
        self.constant_names: dict[tuple[object, ...], str] = {}

    # ---- reading

    def batch(self, sampled: bool) -> str:
        return BATCH if sampled else ""

    def constant(self, stem: str, values: npt.NDArray[np.generic]) -> str:
        """The name of a constant array; equal ones share it."""
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self.constant_names:
            self.constant_names[key] = self.names.numbered(stem)
            self.out.constants[self.constant_names[key]] = values
        return self.constant_names[key]

    def core(self, operand: View | Gather) -> tuple[str, list[int]]:
        """The operand without its repeated axes, and the axes of the grid that it has."""
        array, batch = operand.array, self.batch(operand.sampled)
        if isinstance(operand, Gather):
            if array is self.program.inputs:
                self.out.contiguous_inputs = True
            return self.gathered(operand), list(range(operand.index.ndim))
        kept = [axis for axis, stride in enumerate(operand.strides) if stride]
        if array is self.program.theta:
            return self.parameter(operand), kept
        lengths, strides, offset = _core(operand)
        text = indexed(array.name, array.shape, offset, lengths, strides, batch)
        if array is not self.program.inputs and "(" in text:
            self.parts[text] = array
        if array is self.program.inputs and text.startswith("strided"):
            self.out.contiguous_inputs = True
        return text, kept

    def gathered(self, operand: Gather, order: tuple[int, ...] | None = None) -> str:
        array, index = operand.array, operand.index if order is None else operand.index.transpose(order)
        return f"{code.flat(array.name, array.shape, self.batch(array.sampled))}[{self.constant('i', index)}]"

    def parameter(self, view: View, expanded: str = "") -> str:
        """The name of a view of theta; it is made once, when the program is given a theta."""
        key = _core(view)
        if view.is_whole and not expanded:
            return "theta"
        if (key, expanded) not in self.views:
            name = self.program.names[key]
            if name == "theta" or name in self.views.values():
                name = self.names.unique(name)
            self.views[key, expanded] = name
            self.out.parameters.append(Line(name, self.slice("theta", key) + expanded))
        return self.views[key, expanded]

    def gradient(self, view: View) -> str:
        """The name of the same view of the gradient."""
        key = _core(view)
        if key not in self.gradients:
            self.gradients[key] = f"d{self.program.names[key]}"
            self.out.gradients.append(Line(self.gradients[key], self.slice("grad", key)))
        return self.gradients[key]

    def slice(self, vector: str, key: tuple[Shape, Shape, int]) -> str:
        lengths, strides, offset = key
        if not lengths:
            return f"{vector}[{offset}:{offset + 1}].reshape(())"
        return indexed(vector, (self.program.theta.size,), offset, lengths, strides, "")

    def elementwise(self, operand: Operand, axes: int, sampled: bool) -> Code:
        """The operand so that it broadcasts in a grid of that many axes."""
        if isinstance(operand, Numbers):
            if operand.values.size == 1:
                return Code.of(float(operand.values.flat[0]))
            values = operand.values[..., None] if sampled else operand.values
            varying = frozenset(axis for axis, n in enumerate(operand.values.shape) if n > 1)
            return Code(self.constant("c", np.ascontiguousarray(values)), ATOM, varying)
        if operand.array in self.inlined:
            return self.statement(self.inlined[operand.array])
        kept = (
            range(operand.index.ndim)
            if isinstance(operand, Gather)
            else [a for a, s in enumerate(operand.strides) if s]
        )
        first = min(kept, default=axes)
        picks = [":" if axis in kept else "None" for axis in range(first, axes)]
        if sampled and kept:
            picks.append(":" if operand.sampled else "None")
        while picks and picks[-1] == ":":
            picks.pop()
        expanded = f"[{', '.join(picks)}]" if picks else ""
        varying = frozenset(kept) | (frozenset([axes]) if operand.sampled else frozenset())
        if isinstance(operand, View) and operand.array is self.program.theta:
            return Code(self.parameter(operand, expanded), ATOM, varying)
        text = self.core(operand)[0]
        if operand.array is self.program.inputs and kept and isinstance(operand, View):
            text = self.copied(text)
        return Code(text + expanded, ATOM, varying)

    def tensor(self, operand: Operand, letters: str, sampled: bool) -> Tensor:
        """The operand for a contraction."""
        if isinstance(operand, Numbers):
            values = operand.values
            text = (
                Code.of(float(values.flat[0])).text
                if values.size == 1
                else self.constant("c", np.ascontiguousarray(values.squeeze()))
            )
            return Tensor(text, "".join(a for a, n in zip(letters, values.shape, strict=True) if n > 1))
        batch = self.batch(operand.sampled)
        if operand.mask is not None:
            return Tensor(
                self.masked(operand, self.elementwise(operand, len(letters), operand.sampled)).text, letters + batch
            )
        text, kept = self.core(operand)
        pick = partial(self.gathered, operand) if isinstance(operand, Gather) else None
        return Tensor(text, "".join(letters[axis] for axis in kept) + batch, pick, self.keep)

    def keep(self, text: str) -> str:
        """A name for an expression; with a question mark, the name it has already, or none."""
        if text.endswith("?"):
            return self.copies.get(text[:-1], "")
        if text not in self.copies:
            self.copies[text] = self.names.numbered("columns")
            self.lines.append(Line(self.copies[text], text))
        return self.copies[text]

    def copied(self, text: str) -> str:
        """Rows of the inputs, side by side in memory: a batch comes with the numbers of one sample side by side."""
        if text not in self.copies:
            self.copies[text] = self.names.numbered("x")
            self.lines.append(Line(self.copies[text], f"np.ascontiguousarray({text})"))
        return self.copies[text]

    def masked(self, operand: View | Gather, value: Code) -> Code:
        assert operand.mask is not None
        mask = self.constant("mask", operand.mask[..., None] if operand.sampled else operand.mask)
        return Code(f"np.where({mask}, {value}, 0.0)", ATOM, frozenset(range(operand.mask.ndim + operand.sampled)))

    def factors(self, statement: DotStatement) -> tuple[Tensor, Tensor]:
        """Both operands. A matrix product takes its rows in any order, products of elements want them in memory's."""
        letters, _, _ = _letters(statement)
        sides = []
        for operand, mine, other in (
            (statement.left, letters[0], statement.right),
            (statement.right, letters[1], statement.left),
        ):
            tensor = self.tensor(operand, mine, statement.target.sampled)
            if (
                isinstance(operand, View)
                and operand.array is self.program.inputs
                and other.sampled
                and operand.mask is None
            ):
                tensor = replace(tensor, text=self.copied(tensor.text))
            sides.append(tensor)
        return sides[0], sides[1]

    # ---- forward

    def statement(self, statement: Statement) -> Code:
        """The right-hand side."""
        target = statement.target
        if isinstance(statement, MapStatement):
            operands = [self.elementwise(x, len(target.shape), target.sampled) for x in statement.operands]
            return code.forward(statement.op, *operands)
        if isinstance(statement, DotStatement):
            letters, out, sizes = _letters(statement)
            return contract(*self.factors(statement), out, sizes)
        operand = statement.operand
        kept = len(target.shape)
        axes = tuple(range(kept, len(operand.shape)))
        method = {"add": "sum", "maximum": "max"}[statement.op.name]
        assert not isinstance(operand, Numbers)
        if operand.mask is not None:
            value = self.elementwise(operand, len(operand.shape), operand.sampled)
            low = "0.0" if method == "sum" else "-np.inf"
            text = self.masked(operand, value).text.replace(", 0.0)", f", {low})")
            return Code(f"{text}.{method}({axes[0] if len(axes) == 1 else axes})")
        text, present = self.core(operand)
        absent = [axis for axis in axes if axis not in present]
        places = [present.index(axis) for axis in axes if axis in present]
        lost = [axis for axis in range(kept) if axis not in present]
        assert not lost
        if places:
            text = f"{text}.{method}({places[0] if len(places) == 1 else tuple(places)})"
        result = Code(text)
        if absent and method == "sum":
            result = result * float(np.prod([operand.shape[axis] for axis in absent]))
        return result

    def write(self) -> Written:
        """All of it."""
        for statement in self.program.statements:
            if statement.target in self.inlined:
                continue
            if isinstance(statement, JoinStatement):
                self.join(statement)
                continue
            shape = statement.target.shape
            comment = (
                f"({', '.join([*map(str, shape), *[BATCH] * statement.target.sampled])})"
                if shape or statement.target.sampled
                else ""
            )
            self.out.forward.append(Line(statement.target.name, self.statement(statement).text, comment=comment))
        for output in self.program.outputs:
            self.out.outputs.append(self.elementwise(output, len(output.shape), output.sampled))
        if len(self.program.outputs) == 1 and self.program.outputs[0].shape == ():
            self.differentiate(self.program.outputs[0])
        self.name_parts()
        return self.out

    def name_parts(self) -> None:
        """Views that are read more than once get a name, where their array is made."""
        forward, backward = self.out.forward, self.out.backward
        for text in sorted(self.parts, key=len, reverse=True):
            if sum(line.text.count(text) for line in (*forward, *backward)) > 1:
                array = self.parts[text]
                name = self.names.numbered(f"{array.name}_")
                for lines in (forward, backward):
                    lines[:] = [replace(line, text=line.text.replace(text, name)) for line in lines]
                made = next(i for i, line in enumerate(forward) if line.target == array.name)
                forward.insert(made + 1, Line(name, text))

    def join(self, statement: JoinStatement) -> None:
        target = statement.target
        self.out.forward.append(Line(target.name, f"np.empty({self.shape(target)})", comment=_comment(target)))
        for start, stop, piece in _pieces(statement):
            value = self.elementwise(piece, len(piece.shape), target.sampled)
            self.out.forward.append(Line(f"{target.name}[{start}:{stop}]", value.text))

    # ---- backward

    def differentiate(self, output: Operand) -> None:
        self.lines = self.out.backward
        if not isinstance(output, Numbers) and output.array in self.active:
            seed = (
                Code("weight")
                if output.sampled or not self.program.inputs.size
                else Code(f"{BATCH} * weight", code.PRODUCT)
            )
            self.add(output, seed, True)
            for statement in reversed(self.program.statements):
                if statement.target in self.adjoints:
                    self.reverse(statement)
            for operand, flow in self.late:
                self.add_to_gradient(operand, flow, late=True)
        if any(", ones, " in line.text for line in self.out.backward):
            self.out.backward.insert(0, Line("ones", f"np.ones({BATCH})"))
        if self.from_zeros or not self.grad_written.all():
            self.out.backward.insert(0, Line("grad[:]", "0.0"))

    def reverse(self, statement: Statement) -> None:
        g = self.finished(statement.target)
        if isinstance(statement, MapStatement):
            self.reverse_map(statement, g)
        elif isinstance(statement, DotStatement):
            self.reverse_dot(statement, g)
        elif isinstance(statement, JoinStatement):
            self.reverse_join(statement, g)
        else:
            self.reverse_sum(statement, g)

    def finished(self, array: Array) -> Code:
        """The adjoint of an array, now that every use of the array has been seen."""
        adjoint = self.adjoints[array]
        if adjoint.buffer_line is not None and adjoint.written is not None and adjoint.written.all():
            line = self.out.backward[adjoint.buffer_line]
            self.out.backward[adjoint.buffer_line] = Line(
                line.target, line.text.replace("zeros", "empty"), comment=line.comment
            )
        assert adjoint.code is not None
        return adjoint.code

    def reverse_map(self, statement: MapStatement, g: Code) -> None:
        target, axes = statement.target, len(statement.target.shape)
        if not statement.op.partials:
            return
        out = Code(target.name, ATOM, self.axes(target))
        arguments = [self.elementwise(x, axes, target.sampled) for x in statement.operands]
        rules = statement.op.derivatives(code.FUNCTIONS)
        wanted = [(x, rule) for x, rule in zip(statement.operands, rules, strict=True) if _array(x) in self.active]
        partials = self.compared_once([Code.of(rule(out, *arguments)) for _, rule in wanted])
        for (operand, _), partial in zip(wanted, partials, strict=True):
            assert isinstance(operand, View | Gather)
            flow = g * partial
            repeated = (
                [] if isinstance(operand, Gather) else [a for a, stride in enumerate(operand.strides) if not stride]
            )
            if target.sampled and not operand.sampled:
                repeated.append(axes)
            flow, fresh = self.summed(flow, repeated, target), bool(repeated) or flow is not g
            self.add(operand, flow, fresh and flow.text != g.text)

    def compared_once(self, partials: list[Code]) -> list[Code]:
        """Comparisons that stand in several partial derivatives get a name."""
        found = [text for partial in partials for text in _parenthesized(partial.text) if " > " in text]
        for text in dict.fromkeys(found):
            if found.count(text) > 1:
                name = self.names.numbered("more")
                self.out.backward.append(Line(name, text[1:-1]))
                partials = [replace(partial, text=partial.text.replace(text, name)) for partial in partials]
        return partials

    def axes(self, array: Array) -> frozenset[int]:
        return frozenset(range(len(array.shape) + array.sampled))

    def summed(self, flow: Code, repeated: Sequence[int], target: Array) -> Code:
        """Summed over these axes of the target's grid; an axis along which it does not vary counts that many times."""
        if not repeated:
            return flow
        lengths = [*map(str, target.shape), BATCH]
        if not flow.axes:
            sizes = dict(zip(LETTERS, (lengths[axis] for axis in repeated), strict=False))
            count = code.product("".join(sizes), sizes)
            return Code.of(float(count)) * flow if count.isdigit() else Code(count, code.PRODUCT) * flow
        full = self.axes(target)
        if flow.text.startswith("-") and flow.binds in (code.SIGN, code.PRODUCT):
            return -self.summed(-flow, repeated, target)
        text = flow.within(ATOM)
        if flow.axes != full:
            text = f"np.broadcast_to({flow}, {self.shape(target)})"
        axes = repeated[0] if len(repeated) == 1 else tuple(repeated)
        varying = frozenset(range(len(full) - len(repeated)))
        into = f"{text}.sum({axes}, out={{}})"
        if text.isidentifier() and target.sampled and repeated == [len(full) - 1] and len(full) <= 2:
            into = f"np.dot({text}, ones, out={{}})"  # half the time of a sum
        return Code(f"{text}.sum({axes})", ATOM, varying, into=into)

    def shape(self, array: Array) -> str:
        lengths = [*map(str, array.shape), *[BATCH] * array.sampled]
        return f"({', '.join(lengths)}{',' * (len(lengths) == 1)})"

    def reverse_dot(self, statement: DotStatement, g: Code) -> None:
        target = statement.target
        letters, out, sizes = _letters(statement)
        same = _same(statement.left, statement.right) and statement.axes[:3] == (0, 0, 0)
        full = self.axes(target)
        factor = Code.of(2.0) * g if same else g
        text = (
            factor.within(ATOM)
            if factor.axes == full
            else f"np.broadcast_to({factor}, {self.shape(target)})"
            if factor.axes
            else factor.within(code.PRODUCT)
        )
        upstream = Tensor(text, out if factor.axes else "")
        left, right = self.factors(statement)
        sides = [(statement.left, letters[0], right)]
        if not same:
            sides.append((statement.right, letters[1], left))
        for operand, mine, other in sides:
            if _array(operand) not in self.active:
                continue
            assert isinstance(operand, View | Gather)
            batch = self.batch(operand.sampled)
            if operand.mask is not None:
                wanted = mine + batch
            else:
                wanted = (
                    "".join(a for axis, a in enumerate(mine) if isinstance(operand, Gather) or operand.strides[axis])
                    + batch
                )
            flow = contract(upstream, other, wanted, sizes)
            if operand.mask is not None:
                flow = self.masked(operand, flow)
                repeated = (
                    [a for a, stride in enumerate(operand.strides) if not stride] if isinstance(operand, View) else []
                )
                if repeated:
                    flow = Code(f"{flow}.sum({tuple(repeated)})", ATOM)
            varying = frozenset(range(len(wanted)))
            self.add(operand, Code(flow.text, flow.binds, varying, into=flow.into), "broadcast_to" not in flow.text)

    def reverse_sum(self, statement: ReduceStatement, g: Code) -> None:
        operand, target = statement.operand, statement.target
        if _array(operand) not in self.active:
            return
        assert isinstance(operand, View | Gather)
        extra = len(operand.shape) - len(target.shape)
        picks = [":"] * len(target.shape) + ["None"] * extra + [":"] * target.sampled
        while picks and picks[-1] == ":":
            picks.pop()
        if g.axes:
            if g.axes != self.axes(target):
                g = Code(f"np.broadcast_to({g}, {self.shape(target)})", ATOM, self.axes(target))
            batch_axis = len(target.shape)
            varying = frozenset(
                len(operand.shape) if target.sampled and axis == batch_axis else axis for axis in g.axes
            )
            flow = Code(f"{g.within(ATOM)}[{', '.join(picks)}]", ATOM, varying)
        else:
            flow = g
        if operand.mask is not None:
            flow = self.masked(operand, flow)
        grid = Array("", operand.shape, target.sampled)
        repeated = [] if isinstance(operand, Gather) else [a for a, stride in enumerate(operand.strides) if not stride]
        self.add(operand, self.summed(flow, repeated, grid), operand.mask is not None or bool(repeated))

    def reverse_join(self, statement: JoinStatement, g: Code) -> None:
        target = statement.target
        if g.axes != self.axes(target):
            self.out.backward.append(Line(f"d{target.name}", f"np.broadcast_to({g}, {self.shape(target)})"))
            g = Code(f"d{target.name}", ATOM, self.axes(target))
        for start, stop, piece in _pieces(statement):
            if _array(piece) in self.active:
                assert isinstance(piece, View | Gather)
                part = f"{start}" if not piece.shape else f"{start}:{stop}"
                flow = Code(f"{g.text}[{part}]", ATOM, frozenset(range(len(piece.shape) + target.sampled)))
                repeated = [len(piece.shape)] if target.sampled and not piece.sampled else []
                self.add(piece, self.summed(flow, repeated, Array("", piece.shape, target.sampled)), bool(repeated))

    # ---- adding up

    def add(self, operand: Operand, flow: Code, fresh: bool) -> None:
        """Add to the adjoint of the operand's array, where the operand was read. ``fresh``: nothing else is that array."""
        assert isinstance(operand, View | Gather)
        array = operand.array
        if array is self.program.theta:
            self.add_to_gradient(operand, flow)
            return
        adjoint = self.adjoints.setdefault(array, _Adjoint())
        name, lines = f"d{array.name}", self.out.backward
        comment = (
            f"({', '.join([*map(str, array.shape), *[BATCH] * array.sampled])})" if array.shape or array.sampled else ""
        )
        if isinstance(operand, View) and _core(operand) == (array.shape, contiguous(array.shape), 0):
            if adjoint.code is None:
                if flow.text.isidentifier() or flow.number is not None or (self.once(array) and len(flow.text) < 40):
                    adjoint.code = flow
                else:
                    lines.append(Line(name, flow.text, comment=comment))
                    adjoint.code, adjoint.owned = Code(name, ATOM, flow.axes), fresh
            elif adjoint.owned and adjoint.code.axes >= flow.axes:
                if adjoint.written is not None and not adjoint.written.all():
                    adjoint.written = None  # the buffer must start from zeros
                lines.append(Line(name, flow.text, "+="))
            else:
                total = adjoint.code + flow
                lines.append(Line(name, total.text, comment=comment))
                adjoint.code, adjoint.owned = Code(name, ATOM, total.axes), True
            return
        if (
            isinstance(operand, View)
            and adjoint.code is None
            and _is_reshaped(operand)
            and flow.axes == frozenset(range(len(_core(operand)[0]) + array.sampled))
        ):
            lengths = ", ".join([*map(str, array.shape), *[BATCH] * array.sampled])
            lines.append(Line(name, f"{flow.within(ATOM)}.reshape({lengths})", comment=comment))
            adjoint.code, adjoint.owned = Code(name, ATOM, self.axes(array)), fresh
            return
        index = operand.index.ravel()
        if adjoint.code is None:
            adjoint.buffer_line = len(lines)
            adjoint.written = np.zeros(array.size, dtype=bool)
            lines.append(Line(name, f"np.zeros({self.shape(array)})", comment=comment))
            adjoint.code, adjoint.owned = Code(name, ATOM, self.axes(array)), True
        elif not adjoint.owned or adjoint.code.axes != self.axes(array):
            lines.append(
                Line(name, f"np.zeros({self.shape(array)}) + {adjoint.code.within(code.PRODUCT)}", comment=comment)
            )
            adjoint.code, adjoint.owned = Code(name, ATOM, self.axes(array)), True
        assigned = adjoint.written is not None and not adjoint.written[index].any()
        if adjoint.written is not None and not assigned and not adjoint.written[index].all():
            adjoint.written = None  # the buffer must start from zeros
        if adjoint.written is not None:
            adjoint.written[index] = True
        if self.add_at(operand, name, flow, "=" if assigned else "+=") == "+=" and assigned:
            adjoint.written = None  # the buffer must start from zeros

    def once(self, array: Array) -> bool:
        """Whether the adjoint of the array has one term and is used once, by an operation on elements."""
        statement = self.producer[array]
        active = [x for x in statement.operands if _array(x) in self.active]
        return self.reads[array] == 1 and isinstance(statement, MapStatement) and len(active) == 1

    def add_at(self, operand: View | Gather, name: str, flow: Code, sign: str) -> str:
        """``name`` at the operand's places = or += flow. The sign that was used."""
        array, lines = operand.array, self.out.backward
        batch = self.batch(operand.sampled)
        if isinstance(operand, View):
            kept = [axis for axis, stride in enumerate(operand.strides) if stride]
            lengths, strides, offset = _core(operand)
            text = indexed(name, array.shape, offset, lengths, strides, batch)
            if not text.startswith("strided"):
                self.assign(text, flow, sign)
                return sign
            operand = Gather(
                array,
                operand.index.reshape(operand.shape)[
                    tuple(slice(None) if a in kept else 0 for a in range(len(operand.shape)))
                ],
            )
        index = operand.index.ravel()
        rows, grid = code.flat(name, array.shape, batch), operand.index.shape
        if operand.mask is not None:
            index = np.where(operand.mask.ravel(), index, 0)
            sign = "+="
        full = frozenset(range(len(grid) + operand.sampled))
        text = (
            flow.within(ATOM)
            if flow.axes == full
            else f"np.broadcast_to({flow}, {self.shape(Array('', grid, operand.sampled))})"
        )
        if len(np.unique(index)) == len(index):
            lines.append(
                Line(f"{rows}[{self.constant('i', operand.index)}]", flow.text if flow.axes == full else text, sign)
            )
            return sign
        order = np.argsort(index, kind="stable")
        places, starts = np.unique(index[order], return_index=True)
        constants = (self.constant(stem, x) for stem, x in (("order", order), ("starts", starts), ("i", places)))
        if len(grid) != 1:
            text += f".reshape({', '.join([str(len(index)), *[batch] * bool(batch)])})"
        lines.append(Line("", f"add_rows({rows}, {text}, {', '.join(constants)})", ""))
        return "+="

    def assign(self, text: str, flow: Code, sign: str) -> None:
        """Into a view; an element of a 1-d array has no view, and is set by its index."""
        if sign == "=" and not text.endswith("]"):
            text += "[...]"
        elif sign == "+=" and not text.endswith("]"):
            text += "[...]"
        self.out.backward.append(Line(text, flow.text, sign))

    def add_to_gradient(self, operand: View | Gather, flow: Code, late: bool = False) -> None:
        if not late and isinstance(operand, View) and operand.is_whole:
            self.late.append((operand, flow))  # after the parts, which then need not be added to it
            return
        index = operand.index.ravel()
        written = self.grad_written[index]
        sign = "+=" if written.any() else "="
        self.from_zeros |= bool(written.any() and not written.all())
        if isinstance(operand, Gather) or self.slice("grad", _core(operand)).startswith("strided"):
            self.from_zeros |= self.add_at(operand, "grad", flow, sign) != sign
        else:
            whole = _core(operand) == (operand.array.shape, contiguous(operand.array.shape), 0)
            name = "grad" if whole else self.gradient(operand)
            contiguous_part = _core(operand)[1] == contiguous(_core(operand)[0])
            if sign == "=" and flow.into and contiguous_part:
                self.out.backward.append(Line("", flow.into.format(name), ""))
            elif whole and sign == "+=":
                self.out.backward.append(Line(name, flow.text, sign))
            else:
                self.out.backward.append(Line(f"{name}[...]", flow.text, sign))
        self.grad_written[index] = True


def _differentiable(statement: Statement) -> bool:
    """Whether a gradient flows through; a maximum of many is only ever taken where none does."""
    if isinstance(statement, MapStatement):
        return bool(statement.op.partials)
    return not (isinstance(statement, ReduceStatement) and statement.op is ops.MAXIMUM)


def _inlined(program: ArrayProgram) -> dict[Array, Statement]:
    """Products and sums that are read once, whole, by an addition: ``z = W @ x + b`` is one line."""
    readers: dict[Array, list[tuple[Statement | None, Operand]]] = {}
    for statement in program.statements:
        for operand in statement.operands:
            if not isinstance(operand, Numbers):
                readers.setdefault(operand.array, []).append((statement, operand))
    for output in program.outputs:
        if not isinstance(output, Numbers):
            readers.setdefault(output.array, []).append((None, output))
    found: dict[Array, Statement] = {}
    depth: dict[Array, int] = {}  # how many products and sums are in one line by now
    for statement in program.statements:
        uses = readers.get(statement.target, [])
        if isinstance(statement, JoinStatement):
            continue
        linear = not isinstance(statement, MapStatement) or statement.op in (ops.ADD, ops.SUB)
        if not linear or len(uses) != 1:
            continue
        user, operand = uses[0]
        if isinstance(user, MapStatement) and user.op in (ops.ADD, ops.SUB) and isinstance(operand, View):
            depth[user.target] = depth.get(user.target, 0) + depth.get(statement.target, 0) + 1
            if operand.is_whole and statement.target.sampled == user.target.sampled and depth[user.target] < 4:
                found[statement.target] = statement
    return found


def _core(view: View) -> tuple[Shape, Shape, int]:
    """Lengths and strides of the axes that are not repeated, and the offset."""
    kept = [axis for axis, stride in enumerate(view.strides) if stride]
    return tuple(view.shape[a] for a in kept), tuple(view.strides[a] for a in kept), view.offset


def _is_reshaped(view: View) -> bool:
    """Whether the view is all of its array, in order, in another shape."""
    lengths, strides, offset = _core(view)
    return offset == 0 and int(np.prod(lengths)) == view.array.size and strides == contiguous(lengths)


def _parenthesized(text: str) -> list[str]:
    """The parts in parentheses, the innermost first; calls and indices are none.

    >>> _parenthesized("0.5 * (1.0 + (x > f(y)) - (y > x))")
    ['(x > f(y))', '(y > x)', '(1.0 + (x > f(y)) - (y > x))']
    """
    found, starts = [], []
    for i, character in enumerate(text):
        if character == "(":
            starts.append(i)
        elif character == ")":
            start = starts.pop()
            if start == 0 or not (text[start - 1].isalnum() or text[start - 1] == "_"):
                found.append(text[start : i + 1])
    return found


def _pieces(statement: JoinStatement) -> Iterator[tuple[int, int, Operand]]:
    """Each operand, with the places from where to where it stands."""
    start = 0
    for piece in statement.operands:
        length = int(np.prod(piece.shape))
        yield start, start + length, piece
        start += length


def _comment(array: Array) -> str:
    lengths = [*map(str, array.shape), *[BATCH] * array.sampled]
    return f"({', '.join(lengths)})" if lengths else ""


def _array(operand: Operand) -> Array | None:
    return None if isinstance(operand, Numbers) else operand.array


def _same(x: Operand, y: Operand) -> bool:
    return (
        isinstance(x, View)
        and isinstance(y, View)
        and x.array is y.array
        and x.mask is None
        and y.mask is None
        and (x.shape, x.strides, x.offset) == (y.shape, y.strides, y.offset)
    )


def _letters(statement: DotStatement) -> tuple[tuple[str, str], str, dict[str, str]]:
    """Letters for the axes of the left operand, of the right one, of the target; and their sizes."""
    c, m, p, k = statement.axes
    letters = iter(LETTERS)
    cs, ms, ps, ks = ("".join(next(letters) for _ in range(n)) for n in (c, m, p, k))
    sizes = dict(zip(cs + ms + ps, map(str, statement.target.shape), strict=True))
    sizes |= dict(zip(cs + ms + ks, map(str, statement.left.shape), strict=True))
    if statement.target.sampled:
        sizes[BATCH] = BATCH
    return (cs + ms + ks, cs + ps + ks), cs + ms + ps + (BATCH if statement.target.sampled else ""), sizes
