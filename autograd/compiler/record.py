"""Pass 1, record: the graph in topological order, as equations over numbered nodes.

This is the only pass that walks Values one by one; the others work on whole integer arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from .. import modes, ops
from ..graph import topological_order
from ..value import Value
from ..value import record as record_operation
from .ir import Floats, Ints

_PLACE = {row: code for code, row in enumerate(ops.OPERATIONS.values())}  # others are registered behind these
ADD, SUB, NEG, MUL, POW = (_PLACE[row] for row in (ops.ADD, ops.SUB, ops.NEG, ops.MUL, ops.POW))
MAXIMUM, STOP, MUL_NO_NAN = _PLACE[ops.MAXIMUM], _PLACE[ops.STOP_GRADIENT], _PLACE[ops.MUL_NO_NAN]
LEAF = -1
NONE = -1  # the second operand of an operation that has one

SHOWN = 200  # lines at either end of what is printed

# What a node depends on, the greatest of its operands: nothing, parameters, the sample at hand.
CONSTANT, SHARED, SAMPLED = 0, 1, 2


@dataclass(frozen=True)
class Recording:
    """Node i is ``rows[code[i]]`` of the nodes ``left[i]`` and ``right[i]``; operands come before their operations.

    It holds no Values but the inputs and the parameters, which are leaves.
    """

    rows: Sequence[ops.Operation]
    code: Ints
    left: Ints
    right: Ints
    varies: Ints
    """What the node depends on: CONSTANT, SHARED or SAMPLED."""
    number: Floats
    """The value of each node that is a number, nan for the others."""
    leaves: Mapping[int, Value]
    labels: Mapping[int, str]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    parameters: tuple[int, ...] = ()
    """The parameters whose order was asked for; others follow them."""

    def __len__(self) -> int:
        return len(self.number)

    @property
    def stops(self) -> bool:
        """Whether a gradient stops anywhere but at the leaves."""
        stopping = [code for code, row in enumerate(self.rows) if row.arguments and not row.partials]
        return bool(np.isin(self.code, stopping).any())

    def name(self, i: int) -> str:
        """The node as the equations write it: its label, its number, or ``%i``."""
        if i >= len(self):
            return f"%{i}"
        return self.labels.get(i) or (repr(float(self.number[i])) if self.varies[i] == CONSTANT else f"%{i}")

    def equations(self) -> Iterator[str]:
        """One for each operation, in order."""
        columns = (column.tolist() for column in (self.code, self.left, self.right))
        for i, (code, *operands) in enumerate(zip(*columns, strict=True)):
            names = [self.name(j) for j in operands if j != NONE]
            if names:
                yield f"{self.name(i)} = {self.rows[code].name}({', '.join(names)})"

    def __str__(self) -> str:
        return shown([*self.equations(), f"return {', '.join(self.name(i) for i in self.outputs)}"])

    def values(self) -> list[Value]:
        """The graph as Values again, made of the same leaves."""
        found: list[Value] = []
        columns = (self.code, self.left, self.right, self.varies, self.number)
        for i, (code, left, right, varies, number) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            if code == LEAF:
                value = self.leaves[i]
            elif varies == CONSTANT:
                value = Value.constant(number)
            else:
                value = record_operation(self.rows[code], *(found[j] for j in (left, right) if j != NONE))
            found.append(value)
        return found

    def packed(self) -> Packed:
        """The same in as few bytes as will do, to be kept."""
        small = ((self.code, np.int16), (self.left, np.int32), (self.right, np.int32), (self.varies, np.int8))
        code, left, right, varies = (cast(Ints, column.astype(kind)) for column, kind in small)
        number = self.number[self.varies == CONSTANT]
        return Packed(replace(self, code=code, left=left, right=right, varies=varies, number=number))


@dataclass(frozen=True)
class Packed:
    """A recording in some ten bytes a node."""

    columns: Recording

    def unpacked(self) -> Recording:
        """The recording as the passes want it."""
        small = self.columns
        wide = (column.astype(np.int64) for column in (small.code, small.left, small.right, small.varies))
        code, left, right, varies = wide
        number = np.full(len(code), np.nan)
        number[varies == CONSTANT] = small.number
        return replace(small, code=code, left=left, right=right, varies=varies, number=number)


def shown(text: str | Sequence[str]) -> str:
    """Lines to be printed; of many the first and the last."""
    lines = text.splitlines() if isinstance(text, str) else text
    if len(lines) <= 2 * SHOWN:
        return "\n".join(lines)
    middle = f"... {len(lines) - 2 * SHOWN:,} lines more ..."
    return "\n".join([*lines[:SHOWN], middle, *lines[-SHOWN:]])


def record(outputs: Sequence[Value], inputs: Sequence[Value], parameters: Sequence[Value] = ()) -> Recording:
    """The graph of the outputs, with the inputs as its first nodes and then these parameters.

    >>> x, w = Value(1.0, label="x"), Value(2.0, label="w")
    >>> print(record([(w * x + 1).tanh()], [x]))
    %2 = mul(w, x)
    %4 = add(%2, 1.0)
    %5 = tanh(%4)
    return %5
    """
    _check(outputs, inputs, parameters)
    values = topological_order(*inputs, *parameters, *outputs)
    number = dict(zip(values, range(len(values)), strict=True))
    n_inputs = len(inputs)
    rows = tuple(ops.OPERATIONS.values())
    place = {row: code for code, row in enumerate(rows)}
    code: list[int] = []
    left: list[int] = []
    right: list[int] = []
    varies: list[int] = []
    leaves: dict[int, Value] = {}
    for i, value in enumerate(values):
        op, parents = value.op, value.parents
        if parents:
            j = number[parents[0]]
            k = number[parents[1]] if len(parents) == 2 else j
            code.append(place[op])  # type: ignore[index]  # only leaves have no row
            left.append(j)
            right.append(k if len(parents) == 2 else NONE)
            # An input to the power of 0 is 1, even that of nan. For a parameter it stays: its slope is 0, but
            # times an adjoint of inf that is nan.
            one = op is ops.POW and j < n_inputs and parents[1].is_constant and parents[1]._number == 0
            varies.append(CONSTANT if one else varies[j] if varies[j] > varies[k] else varies[k])
        else:
            code.append(LEAF if op is None else place[op])
            left.append(NONE)
            right.append(NONE)
            varies.append(SAMPLED if i < n_inputs else SHARED if op is None else CONSTANT)
            if op is None:
                leaves[i] = value
    columns = [np.array(column, dtype=np.int64) for column in (code, left, right, varies)]
    numbers = np.full(len(values), np.nan)
    constants = np.flatnonzero(columns[3] == CONSTANT)
    numbers[constants] = [values[i]._number for i in constants.tolist()]
    return Recording(
        rows=rows,
        code=columns[0],
        left=columns[1],
        right=columns[2],
        varies=columns[3],
        number=numbers,
        leaves=leaves,
        labels={i: value.label for i, value in enumerate(values) if value.label},
        inputs=tuple(range(n_inputs)),
        outputs=tuple(number[output] for output in outputs),
        parameters=tuple(range(n_inputs, n_inputs + len(parameters))),
    )


def _check(outputs: Sequence[Value], inputs: Sequence[Value], parameters: Sequence[Value]) -> None:
    for what, values in (("an output", outputs), ("an input", inputs), ("a parameter", parameters)):
        for value in values:
            if not isinstance(value, Value):
                raise TypeError(f"compile takes Values, got {what} of type {type(value).__name__}: {value!r}")
    if not outputs:
        raise ValueError("compile needs at least one output, got none")
    for output in outputs:
        modes.require_recorded("compile()", output)
    seen: dict[Value, str] = {}
    for what, values in (("inputs", inputs), ("parameters", parameters)):
        for i, value in enumerate(values):
            if not value.is_leaf:
                kind = "a constant" if value.is_constant else f"the result of {value.call_text()}"
                raise ValueError(f"{what} must be leaves, Values made by hand; {what}[{i}] is {kind}")
            if value in seen:
                raise ValueError(f"{what} must differ: {what}[{i}] is {seen[value]} again ({value!r})")
            seen[value] = f"{what}[{i}]"
