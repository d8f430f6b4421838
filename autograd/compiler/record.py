"""Pass 1, record: the graph in topological order, as equations over numbered nodes.

This is the only pass that walks Values one by one; the others work on whole integer arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import modes, ops
from ..graph import topological_order
from ..value import Value
from .graphs import CONSTANT, LEAF, SAMPLED, SHARED, Recording
from .ragged import NONE


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
