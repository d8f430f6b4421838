"""Pass 1, record: the graph in topological order, as equations over numbered nodes.

This is the only pass that walks Values one by one; the others work on whole integer arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .. import ops
from ..graph import topological_order
from ..value import Value

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ROWS = tuple(ops.OPERATIONS.values())
CODE = {row: code for code, row in enumerate(ROWS)}
STOPPING = [code for row, code in CODE.items() if row.arguments and not row.partials]  # no gradient flows through
ADD, SUB, NEG, MUL, POW = (CODE[row] for row in (ops.ADD, ops.SUB, ops.NEG, ops.MUL, ops.POW))
MAXIMUM, STOP, MUL_NO_NAN = CODE[ops.MAXIMUM], CODE[ops.STOP_GRADIENT], CODE[ops.MUL_NO_NAN]
LEAF = -1
NONE = -1  # the second operand of an operation that has one

# What a node depends on, the greatest of its operands: nothing, parameters, the sample at hand.
CONSTANT, SHARED, SAMPLED = 0, 1, 2


@dataclass(frozen=True)
class Recording:
    """Node i is ``ROWS[code[i]]`` of the nodes ``left[i]`` and ``right[i]``; operands come before their operations."""

    values: Sequence[Value]
    code: Ints
    left: Ints
    right: Ints
    rank: Ints
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    parameters: tuple[int, ...] = ()
    """The parameters whose order was asked for; others follow them."""

    def name(self, i: int) -> str:
        """The node as the equations write it: its label, its number, or ``%i``."""
        if i >= len(self.values):
            return f"%{i}"
        value = self.values[i]
        return value.label or (repr(value.data) if value.is_constant else f"%{i}")

    def __str__(self) -> str:
        lines = []
        for i, (code, *operands) in enumerate(zip(self.code, self.left, self.right, strict=True)):
            names = [self.name(j) for j in operands if j != NONE]
            if names:
                lines.append(f"{self.name(i)} = {ROWS[code].name}({', '.join(names)})")
        return "\n".join([*lines, f"return {', '.join(self.name(i) for i in self.outputs)}"])


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
    code: list[int] = []
    left: list[int] = []
    right: list[int] = []
    rank: list[int] = []
    for i, value in enumerate(values):
        op, parents = value.op, value.parents
        if parents:
            j = number[parents[0]]
            k = number[parents[1]] if len(parents) == 2 else j
            code.append(CODE[op])  # type: ignore[index]  # only leaves have no row
            left.append(j)
            right.append(k if len(parents) == 2 else NONE)
            # An input to the power of 0 is 1, even that of nan. For a parameter it stays: its slope is 0, but
            # times an adjoint of inf that is nan.
            one = op is ops.POW and j < n_inputs and parents[1].is_constant and parents[1].data == 0
            rank.append(CONSTANT if one else rank[j] if rank[j] > rank[k] else rank[k])
        else:
            code.append(LEAF if op is None else CODE[op])
            left.append(NONE)
            right.append(NONE)
            rank.append(SAMPLED if i < n_inputs else SHARED if op is None else CONSTANT)
    columns = [np.array(column, dtype=np.int64) for column in (code, left, right, rank)]
    return Recording(
        values,
        columns[0],
        columns[1],
        columns[2],
        columns[3],
        tuple(range(n_inputs)),
        tuple(number[output] for output in outputs),
        tuple(range(n_inputs, n_inputs + len(parameters))),
    )


def _check(outputs: Sequence[Value], inputs: Sequence[Value], parameters: Sequence[Value]) -> None:
    for what, values in (("an output", outputs), ("an input", inputs), ("a parameter", parameters)):
        for value in values:
            if not isinstance(value, Value):
                raise TypeError(f"compile takes Values, got {what} of type {type(value).__name__}: {value!r}")
    if not outputs:
        raise ValueError("compile needs at least one output, got none")
    seen: dict[Value, str] = {}
    for what, values in (("inputs", inputs), ("parameters", parameters)):
        for i, value in enumerate(values):
            if not value.is_leaf:
                kind = "a constant" if value.is_constant else f"the result of {value.call_text()}"
                raise ValueError(f"{what} must be leaves, Values made by hand; {what}[{i}] is {kind}")
            if value in seen:
                raise ValueError(f"{what} must differ: {what}[{i}] is {seen[value]} again ({value!r})")
            seen[value] = f"{what}[{i}]"
