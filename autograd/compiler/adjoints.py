"""Adjoints: the derivative of the output by each array, added up from every place where the array is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Array, Flags, Gather, View, contiguous
from .code import ATOM, PRODUCT, Code
from .reading import Line, Reader, batch
from .record import Ints
from .views import flat, indexed


@dataclass
class Adjoint:
    """What has been added up for one array so far."""

    array: Array
    code: Code
    owned: bool
    """Whether the array that the code names is this adjoint's own, to be added to in place."""
    written: Flags | None = None
    """Of an adjoint that is put together from parts: the places that have been assigned, None if from zeros."""
    line: int = 0
    """Where its empty array is made."""


class Adjoints:
    """The adjoints of all arrays, written into the lines of the backward pass."""

    def __init__(self, reader: Reader, lines: list[Line]) -> None:
        self.reader, self.lines = reader, lines
        self.theta = reader.program.theta
        self._of: dict[Array, Adjoint] = {}
        self._whole: list[Code] = []
        self._gradients: dict[object, str] = {}
        self._gradient = Adjoint(self.theta, Code("grad"), True, np.zeros(self.theta.size, dtype=bool))

    def __contains__(self, array: Array) -> bool:
        return array in self._of

    def __getitem__(self, array: Array) -> Code:
        """The adjoint of an array, once every use of the array has been added."""
        adjoint = self._of[array]
        if adjoint.written is not None and adjoint.written.all():
            line = self.lines[adjoint.line]
            self.lines[adjoint.line] = Line(line.target, line.text.replace("zeros", "empty"), comment=line.comment)
        return adjoint.code

    def add(self, operand: View | Gather, flow: Code, fresh: bool, once: bool = False) -> None:
        """Add what flows back to an operand at the place it was read from.

        ``fresh``: no other name stands for the array of the flow. ``once``: it will be read once, and needs no name.
        """
        if operand.array is self.theta:
            self._to_gradient(operand, flow)
        elif isinstance(operand, View) and operand.is_whole:
            self._to_whole(operand.array, flow, fresh, once)
        elif isinstance(operand, View) and operand.array not in self._of and _fills(operand, flow):
            lengths = ", ".join(operand.array.lengths)
            reshaped = Code(f"{flow.within(ATOM)}.reshape({lengths})", ATOM, operand.array.axes)
            self._to_whole(operand.array, reshaped, fresh, False)
        else:
            self._to_part(operand, flow)

    def finish(self) -> None:
        """Add what flows back to theta as a whole, after its parts, which are assigned and need no zeros then."""
        for flow in self._whole:
            sign = self._sign(self._gradient, np.arange(self.theta.size))
            self.lines.append(Line("grad[...]" if sign == "=" else "grad", flow.text, sign))
        written = self._gradient.written
        if written is None or not written.all():
            self.lines.insert(0, Line("grad[...]", "0.0"))

    # ---- arrays

    def _to_whole(self, array: Array, flow: Code, fresh: bool, once: bool) -> None:
        adjoint, name = self._of.get(array), f"d{array.name}"
        if adjoint is None and (flow.text.isidentifier() or flow.number is not None or (once and len(flow.text) < 40)):
            self._of[array] = Adjoint(array, flow, owned=False)
        elif adjoint is None:
            self.lines.append(Line(name, flow.text, comment=array.comment))
            self._of[array] = Adjoint(array, Code(name, ATOM, flow.axes), fresh)
        elif adjoint.owned and adjoint.code.axes >= flow.axes:
            if adjoint.written is not None and not adjoint.written.all():
                adjoint.written = None
            self.lines.append(Line(name, flow.text, "+="))
        else:
            total = adjoint.code + flow
            self.lines.append(Line(name, total.text, comment=array.comment))
            self._of[array] = Adjoint(array, Code(name, ATOM, total.axes), True)

    def _to_part(self, operand: View | Gather, flow: Code) -> None:
        array = operand.array
        adjoint, zeros = self._of.get(array), f"np.zeros({array.shape_text})"
        if adjoint is None or not adjoint.owned or adjoint.code.axes != array.axes:
            if adjoint is None:
                written = np.zeros(array.size, dtype=bool)
                text = zeros
            else:
                written, text = None, f"{zeros} + {adjoint.code.within(PRODUCT)}"
            name = f"d{array.name}"
            adjoint = self._of[array] = Adjoint(array, Code(name, ATOM, array.axes), True, written, len(self.lines))
            self.lines.append(Line(name, text, comment=array.comment))
        self._put(operand, adjoint, flow)

    def _to_gradient(self, operand: View | Gather, flow: Code) -> None:
        if isinstance(operand, Gather) or self.reader.slice("grad", operand.part).startswith("strided"):
            self._put(operand, self._gradient, flow)
        elif operand.is_whole:
            self._whole.append(flow)
        else:
            sign, name = self._sign(self._gradient, operand.picked), self._gradient_name(operand)
            if sign == "=" and flow.into and operand.part.strides == contiguous(operand.part.lengths):
                self.lines.append(Line("", flow.into.format(name), ""))
            else:
                self.lines.append(Line(f"{name}[...]", flow.text, sign))

    def _gradient_name(self, view: View) -> str:
        if view.part not in self._gradients:
            name = f"d{self.reader.program.parts[view.part]}"
            if name in self._gradients.values():
                name = self.reader.program.names.unique(name)
            self._gradients[view.part] = name
            self.reader.written.gradients.append(Line(name, self.reader.slice("grad", view.part)))
        return self._gradients[view.part]

    # ---- places

    def _sign(self, adjoint: Adjoint, places: Ints) -> str:
        """Whether to assign or to add there: to assign where nothing was yet, as long as nothing started from zeros."""
        if adjoint.written is None:
            return "+="
        before = adjoint.written[places]
        if not before.any():
            adjoint.written[places] = True
            return "="
        if not before.all():
            adjoint.written = None  # there, too, it must have started from zeros
        return "+="

    def _put(self, operand: View | Gather, adjoint: Adjoint, flow: Code) -> None:
        """Add at the operand's places: through a view, or row by row."""
        array, name = operand.array, adjoint.code.text
        if isinstance(operand, View):
            part = operand.part
            text = indexed(name, array.shape, part.offset, part.lengths, part.strides, batch(array))
            if not text.startswith("strided"):
                target = text if text.endswith("]") else f"{text}[...]"
                self.lines.append(Line(target, flow.text, self._sign(adjoint, operand.picked)))
                return
            operand = Gather(array, operand.picked)
        self._scatter(operand, adjoint, flow)

    def _scatter(self, operand: Gather, adjoint: Adjoint, flow: Code) -> None:
        grid = Array("", operand.shape, operand.sampled)
        places = operand.picked.ravel()
        if operand.mask is not None:
            places = np.where(operand.mask.ravel(), places, 0)  # a hole adds 0, it does not matter where
        rows = flat(adjoint.code.text, operand.array.shape, batch(operand.array))
        if operand.mask is None and len(np.unique(places)) == len(places):
            text = flow.text if flow.axes == grid.axes else f"np.broadcast_to({flow}, {grid.shape_text})"
            index = self.reader.constant("i", operand.picked)
            self.lines.append(Line(f"{rows}[{index}]", text, self._sign(adjoint, places)))
            return
        adjoint.written = None
        text = flow.text if flow.axes == grid.axes else f"np.broadcast_to({flow}, {grid.shape_text})"
        if len(operand.shape) != 1:
            lengths = [str(len(places)), *grid.lengths[len(operand.shape) :]]
            text = f"{flow.within(ATOM) if flow.axes == grid.axes else text}.reshape({', '.join(lengths)})"
        order = np.argsort(places, kind="stable")
        distinct, starts = np.unique(places[order], return_index=True)
        constants = (("order", order), ("starts", starts), ("i", distinct))
        names = ", ".join(self.reader.constant(stem, values) for stem, values in constants)
        self.lines.append(Line("", f"add_rows({rows}, {text}, {names})", ""))


def _fills(view: View, flow: Code) -> bool:
    """Whether the flow, reshaped, is an adjoint for all of the view's array."""
    return view.is_reshaped and flow.axes == frozenset(range(len(view.kept) + view.sampled))
