"""Adjoints: the derivative of the output by each array, added up from every place where the array is read."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    """What has been added up for one array so far.

    ``reached`` are its places to which anything has flowed. Unless it starts ``from_zeros``, each of them was assigned
    before it was added to.
    """

    array: Array
    code: Code
    reached: Flags
    owned: bool = True
    """Whether the array that the code names is this adjoint's own, to be added to in place."""
    contiguous: bool = False
    """Whether it is known to be contiguous, so that a reshape of it is a view."""
    from_zeros: bool = False
    made: Line | None = None
    """The line that makes its zeros, or an empty array if that will do."""

    def reach(self, places: Ints) -> str:
        """These places are reached; with which sign: assigned if none of them was, as long as no zeros are needed."""
        before = self.reached[places]
        self.reached[places] = True
        if self.from_zeros or not before.any():
            return "+=" if self.from_zeros else "="
        self.from_zeros = not before.all()
        return "+="

    @property
    def is_assigned(self) -> bool:
        """Whether no zeros are needed anywhere."""
        return not self.from_zeros and bool(self.reached.all())


class Adjoints:
    """The adjoints of all arrays, written into the lines of the backward pass."""

    def __init__(self, reader: Reader, lines: list[Line]) -> None:
        self.reader, self.lines = reader, lines
        self.theta = reader.program.theta
        self._of: dict[Array, Adjoint] = {}
        self._whole: list[Code] = []
        self._gradients: dict[object, str] = {}
        self._gradient = Adjoint(self.theta, Code("grad"), _nowhere(self.theta), contiguous=True)

    def __contains__(self, array: Array) -> bool:
        return array in self._of

    def __getitem__(self, array: Array) -> Code:
        """The adjoint of an array, once every use of the array has been added."""
        adjoint = self._of[array]
        if adjoint.made and adjoint.is_assigned:
            adjoint.made.code = Code(f"np.empty({array.shape_text})")
        return adjoint.code

    def reaches(self, array: Array, places: slice) -> bool:
        """Whether anything has flowed to these places. What nothing has must not get a 0: times inf, that is nan."""
        return bool(self._of[array].reached[places].any())

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
            self._write("grad", flow, self._gradient.reach(np.arange(self.theta.size)))
        if not self._gradient.is_assigned:
            self.lines.insert(0, Line("grad[...]", Code.of(0.0)))

    # ---- arrays

    def _to_whole(self, array: Array, flow: Code, once: bool, axes: frozenset[int] | None = None) -> None:
        axes = flow.axes if axes is None else axes
        adjoint, name, everywhere = self._of.get(array), f"d{array.name}", np.ones(array.size, dtype=bool)
        if adjoint is None and (flow.is_name or flow.number is not None or (once and len(flow.text) < SHORT)):
            self._of[array] = Adjoint(array, flow, everywhere, owned=False)
        elif adjoint is None:
            self.lines.append(Line(name, flow, comment=array.comment if axes == array.axes else ""))
            self._of[array] = Adjoint(array, Code(name, axes=axes), everywhere, owned=flow.fresh)
        elif adjoint.owned and adjoint.code.axes >= axes:
            adjoint.from_zeros |= not adjoint.reached.all()
            adjoint.reached = everywhere
            self._write(name, flow, "+=")
        else:
            total = adjoint.code + flow
            self.lines.append(Line(name, total, comment=array.comment if total.axes == array.axes else ""))
            self._of[array] = Adjoint(array, Code(name, axes=total.axes), everywhere)

    def _in_parts(self, array: Array) -> Adjoint:
        """The adjoint of an array as one that parts can be added to."""
        adjoint = self._of.get(array)
        if adjoint and adjoint.owned and adjoint.code.axes == array.axes:
            return adjoint
        zeros, name = Code(f"np.zeros({array.shape_text})"), f"d{array.name}"
        line = Line(name, zeros + adjoint.code if adjoint else zeros)
        self.lines.append(line)
        code = Code(name, axes=array.axes)
        if adjoint:
            self._of[array] = Adjoint(array, code, adjoint.reached, from_zeros=True)
        else:
            self._of[array] = Adjoint(array, code, _nowhere(array), contiguous=True, made=line)
        return self._of[array]

    def _to_gradient(self, operand: Readable, flow: Code) -> None:
        if isinstance(operand, Gather) or not self._slice(operand, self._gradient):
            self._put(operand, self._gradient, flow)
        elif operand.is_whole:
            self._whole.append(flow)
        else:
            is_contiguous = operand.part.strides == contiguous(operand.part.lengths)
            self._write(self._gradient_name(operand), flow, self._gradient.reach(operand.picked), is_contiguous)

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
        if view.naming:  # more than a slice
            self._make_contiguous(adjoint)
        self._write(view.text, flow, adjoint.reach(operand.picked))

    def _write(self, target: str, flow: Code, sign: str, is_contiguous: bool = False) -> None:
        """``target = flow``, ``+=`` or ``-=``; or, where the flow knows how to leave its result there, that."""
        if sign == "=" and flow.into and (flow.into.views or is_contiguous):
            self.lines.append(Line("", flow.into.to(target), ""))
            return
        if not target.endswith("]") and not (sign == "+=" and target.isidentifier()):
            target = f"{target}[...]"
        opposite = flow.opposite if sign == "+=" else None
        self.lines.append(Line(target, opposite, "-=") if opposite else Line(target, flow, sign))

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
        full = broadcast(flow, grid)
        if operand.mask is None and len(np.unique(places)) == len(places):
            index = self.reader.constant("i", operand.picked)
            self._write(f"{rows}[{index}]", replace(full, into=None), adjoint.reach(places))  # an index makes a copy
            return
        adjoint.from_zeros = True
        adjoint.reached[places] = True
        if len(operand.shape) != 1:
            full = reshaped(full, [str(len(places)), *grid.lengths[len(operand.shape) :]])
        order = np.argsort(places, kind="stable")
        distinct, starts = np.unique(places[order], return_index=True)
        constants = (("order", order), ("starts", starts), ("i", distinct))
        names = ", ".join(self.reader.constant(stem, values) for stem, values in constants)
        added = Code(f"add_rows({{}}, {{}}, {names})", ((rows, COMPARISON), (full, COMPARISON)))
        self.lines.append(Line("", added, ""))


def _nowhere(array: Array) -> Flags:
    return np.zeros(array.size, dtype=bool)


def _fills(view: View, flow: Code) -> bool:
    """Whether the flow, reshaped, is an adjoint for all of the view's array."""
    return view.is_reshaped and bool(flow.axes) and flow.axes == frozenset(range(len(view.kept) + view.sampled))
