"""Holes: what an array holds in its places where no node of the graph stands, as far as that is known.

A sum over a grid with holes needs zeros in them, a maximum -inf. They are filled where the array is made; what is
computed from it element by element often needs no more: exp of -inf is 0, and so is that 0 over a sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf, isfinite

from ... import ops
from ..placing.arrays import Array, Numbers, Operand, Readable, View
from ..placing.statements import MapStatement, Statement
from ..record import Flags
from .code import Code
from .sharing import Line

ABSORBING = {
    ops.ADD: (-inf, -inf),
    ops.SUB: (-inf, None),
    ops.MUL: (0.0, 0.0),
    ops.DIV: (0.0, None),
}
"""For each argument the number that is the result too, whatever the other argument is, unless that is inf or nan."""


class Holes:
    """What the holes of the arrays hold that were made so far; ``where`` writes np.where for a mask of an array."""

    def __init__(self, where: Callable[[Flags, bool, Code, float], Code]) -> None:
        self._where = where
        self._lines: dict[Array, Line] = {}
        self._held: dict[Array, float] = {}
        self._infinite: set[str] = set()

    def made(self, statement: Statement, line: Line) -> None:
        """The statement was written as this line."""
        array = statement.target
        if array.holes is not None:
            self._lines[array] = line
            held = _computed(statement, self._held) if isinstance(statement, MapStatement) else None
            if held is not None:
                self._holds(array, held)
            elif self.may_be_infinite(line.code):
                self._infinite.add(array.name)

    def filled(self, operand: Readable, otherwise: float) -> Readable:
        """The operand without its mask, if the holes of its array hold this number, or can be made to."""
        array = operand.array
        if not isinstance(operand, View) or operand.mask is None or not _is_as_made(operand, array.shape):
            return operand
        if array.holes is None or not (operand.mask | array.holes).all():
            return operand
        if array not in self._held:
            line = self._lines[array]
            line.code = self._where(~array.holes, array.sampled, line.code, otherwise)
            self._holds(array, otherwise)
        return replace(operand, mask=None) if self._held[array] == otherwise else operand

    def may_be_infinite(self, code: Code) -> bool:
        """Whether a hole of an array in this expression may hold inf or nan: times 0, that is nan."""
        return any(name in self._infinite for name in code.names)

    def _holds(self, array: Array, number: float) -> None:
        self._held[array] = number
        if not isfinite(number):
            self._infinite.add(array.name)


def _computed(statement: MapStatement, held: dict[Array, float]) -> float | None:
    """What an operation makes of what its operands hold where its target has holes; None if that cannot be known."""
    found = [_in_holes(operand, statement.target, held) for operand in statement.operands]
    known = [number for number in found if number is not None]
    if len(known) == len(found):
        return statement.op.rule(*known)[0]
    absorbing = zip(found, ABSORBING.get(statement.op, ()), strict=False)
    return next((number for number, absorbs in absorbing if number is not None and number == absorbs), None)


def _in_holes(operand: Operand, target: Array, held: dict[Array, float]) -> float | None:
    """The number that the operand has in all holes of the target."""
    if isinstance(operand, Numbers):
        return float(operand.values.flat[0]) if operand.values.size == 1 else None
    array = operand.array
    if not isinstance(operand, View) or not _is_as_made(operand, target.shape):
        return None
    there = array.holes is not None and target.holes is not None and not (target.holes & ~array.holes).any()
    return held.get(array) if there else None


def _is_as_made(view: View, shape: tuple[int, ...]) -> bool:
    return view.is_whole and not view.repeated and view.shape == shape
