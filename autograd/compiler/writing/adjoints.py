"""Adjoints: the derivative of the output by each array, added up from every place where the array is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..placing.arrays import Array, Gather, Readable, View, contiguous
from ..record import Flags, Ints
from .code import COMPARISON, Code
from .reading import Reader, batch
from .sharing import Line
from .views import broadcast, flat, indexed, reshaped

SHORT = 40  # an adjoint that is read once and is no longer than this needs no line of its own


@dataclass
class Adjoint:
    """What has been added up for one array so far."""

    array: Array
    code: Code
    owned: bool
    """Whether the array that the code names is this adjoint's own, to be added to in place."""
    contiguous: bool = False
    """Whether it is known to be contiguous, so that a reshape of it is a view."""
    written: Flags | None = None
    """Of an adjoint that is put together from parts: the places that have been assigned, None if from zeros."""
    line: int = 0
    """Where its zeros are made, or its empty array."""

    def sign(self, places: Ints) -> str:
        """Whether to assign or to add there: to assign where nothing was yet, as long as nothing started from zeros."""
        if self.written is None:
            return "+="
        before = self.written[places]
        if not before.any():
            self.written[places] = True
            return "="
        if not before.all():
            self.written = None  # there, too, it must have started from zeros
        return "+="


class Adjoints:
    """The adjoints of all arrays, written into the lines of the backward pass."""

    def __init__(self, reader: Reader, lines: list[Line]) -> None:
        self.reader, self.lines = reader, lines
        self.theta = reader.program.theta
        self._of: dict[Array, Adjoint] = {}
        self._whole: list[Code] = []
        self._gradients: dict[object, str] = {}
        self._gradient = Adjoint(self.theta, Code("grad"), True, True, np.zeros(self.theta.size, dtype=bool))

    def __contains__(self, array: Array) -> bool:
        return array in self._of

    def __getitem__(self, array: Array) -> Code:
        """The adjoint of an array, once every use of the array has been added."""
        adjoint = self._of[array]
        if adjoint.written is not None and adjoint.written.all():
            self.lines[adjoint.line] = _made("np.empty", array)
        return adjoint.code

    def add(self, operand: Readable, flow: Code, once: bool = False) -> None:
        """Add what flows back to an operand at the place it was read from.

        ``once``: what is added up will be read once, and needs no name.
        """
        array = operand.array
        if array is self.theta:
            self._to_gradient(operand, flow)
        elif isinstance(operand, View) and operand.is_whole:
            self._to_whole(array, flow, once)
        elif isinstance(operand, View) and array not in self._of and _fills(operand, flow):
            self._to_whole(array, reshaped(flow, array.lengths), False, array.axes)
        else:
            self._put(operand, self._in_parts(array), flow)

    def finish(self) -> None:
        """Add what flows back to theta as a whole, after its parts, which are assigned and need no zeros then."""
        for flow in self._whole:
            sign = self._gradient.sign(np.arange(self.theta.size))
            self.lines.append(Line("grad[...]" if sign == "=" else "grad", flow, sign))
        written = self._gradient.written
        if written is None or not written.all():
            self.lines.insert(0, Line("grad[...]", Code.of(0.0)))

    # ---- arrays

    def _to_whole(self, array: Array, flow: Code, once: bool, axes: frozenset[int] | None = None) -> None:
        axes = flow.axes if axes is None else axes
        adjoint, name = self._of.get(array), f"d{array.name}"
        if adjoint is None and (flow.is_name or flow.number is not None or (once and len(flow.text) < SHORT)):
            self._of[array] = Adjoint(array, flow, owned=False)
        elif adjoint is None:
            self.lines.append(Line(name, flow, comment=array.comment))
            self._of[array] = Adjoint(array, Code(name, axes=axes), flow.fresh)
        elif adjoint.owned and adjoint.code.axes >= axes:
            if adjoint.written is not None and not adjoint.written.all():
                adjoint.written = None
            self.lines.append(Line(name, flow, "+="))
        else:
            total = adjoint.code + flow
            self.lines.append(Line(name, total, comment=array.comment))
            self._of[array] = Adjoint(array, Code(name, axes=total.axes), True)

    def _in_parts(self, array: Array) -> Adjoint:
        """The adjoint of an array as one that parts can be added to."""
        adjoint = self._of.get(array)
        if adjoint and adjoint.owned and adjoint.code.axes == array.axes:
            return adjoint
        line = _made("np.zeros", array)
        made = Adjoint(array, Code(line.target, axes=array.axes), True, True, None, len(self.lines))
        if adjoint:
            line = Line(line.target, line.code + adjoint.code, comment=line.comment)
            made.contiguous = False
        else:
            made.written = np.zeros(array.size, dtype=bool)
        self.lines.append(line)
        self._of[array] = made
        return made

    def _to_gradient(self, operand: Readable, flow: Code) -> None:
        if isinstance(operand, Gather) or not self._slice(operand, self._gradient):
            self._put(operand, self._gradient, flow)
        elif operand.is_whole:
            self._whole.append(flow)
        else:
            sign, name = self._gradient.sign(operand.picked), self._gradient_name(operand)
            if sign == "=" and flow.into and operand.part.strides == contiguous(operand.part.lengths):
                self.lines.append(Line("", flow.into.to(name), ""))
            else:
                self.lines.append(Line(f"{name}[...]", flow, sign))

    def _gradient_name(self, view: View) -> str:
        if view.part not in self._gradients:
            name = f"d{self.reader.program.parts[view.part]}"
            if name in self._gradients.values():
                name = self.reader.program.names.unique(name)
            self._gradients[view.part] = name
            self.reader.written.gradients.append(Line(name, self.reader.slice("grad", view.part)))
        return self._gradients[view.part]

    # ---- places

    def _put(self, operand: Readable, adjoint: Adjoint, flow: Code) -> None:
        """Add at the operand's places: through a view, or row by row."""
        if isinstance(operand, Gather):
            self._scatter(operand, adjoint, flow)
            return
        view = self._slice(operand, adjoint)
        if view is None:
            self._scatter(Gather(operand.array, operand.picked), adjoint, flow)
            return
        if view.stem:  # more than a slice
            self._make_contiguous(adjoint)
        sign = adjoint.sign(operand.picked)
        if sign == "=" and flow.into and flow.into_views:
            self.lines.append(Line("", flow.into.to(view.text), ""))
        else:
            self.lines.append(Line(view.text if view.text.endswith("]") else f"{view}[...]", flow, sign))

    def _slice(self, operand: View, adjoint: Adjoint) -> Code | None:
        part, array = operand.part, operand.array
        return indexed(adjoint.code, array.shape, part.offset, part.lengths, part.strides, batch(array))

    def _make_contiguous(self, adjoint: Adjoint) -> None:
        """See to it that what is written to a reshape of the adjoint reaches it: the reshape could be a copy."""
        if not adjoint.contiguous:
            code = Code("np.ascontiguousarray({})", ((adjoint.code, COMPARISON),))
            self.lines.append(Line(adjoint.code.text, code))
            adjoint.contiguous = True

    def _scatter(self, operand: Gather, adjoint: Adjoint, flow: Code) -> None:
        grid = Array("", operand.shape, operand.sampled)
        places = operand.picked.ravel()
        if operand.mask is not None:
            places = np.where(operand.mask.ravel(), places, 0)  # a hole adds 0, it does not matter where
        rows = flat(adjoint.code, operand.array.shape, batch(operand.array))
        if rows is not adjoint.code:
            self._make_contiguous(adjoint)
        full = flow if flow.axes == grid.axes else broadcast(flow, grid.shape_text)
        if operand.mask is None and len(np.unique(places)) == len(places):
            index = self.reader.constant("i", operand.picked)
            self.lines.append(Line(f"{rows}[{index}]", full, adjoint.sign(places)))
            return
        adjoint.written = None
        if len(operand.shape) != 1:
            full = reshaped(full, [str(len(places)), *grid.lengths[len(operand.shape) :]])
        order = np.argsort(places, kind="stable")
        distinct, starts = np.unique(places[order], return_index=True)
        constants = (("order", order), ("starts", starts), ("i", distinct))
        names = ", ".join(self.reader.constant(stem, values) for stem, values in constants)
        added = Code(f"add_rows({{}}, {{}}, {names})", ((rows, COMPARISON), (full, COMPARISON)))
        self.lines.append(Line("", added, ""))


def _made(how: str, array: Array) -> Line:
    return Line(f"d{array.name}", Code(f"{how}({array.shape_text})"), comment=array.comment)


def _fills(view: View, flow: Code) -> bool:
    """Whether the flow, reshaped, is an adjoint for all of the view's array."""
    return view.is_reshaped and flow.axes == frozenset(range(len(view.kept) + view.sampled))
