"""What the tests mean by a compiled program that does what its graph does: the scalar engine, on the same numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from autograd import Program, Value, ops
from autograd.compiler import compile
from autograd.graph import topological_order
from autograd.targets import Target
from autograd.value import record

Numbers = npt.NDArray[np.float64]


def agree(got: npt.ArrayLike, wanted: npt.ArrayLike, scale: float = 1.0) -> None:
    """Equal to rounding: 1e-12 of the largest number that went into the sum; the same inf and nan."""
    np.testing.assert_allclose(np.asarray(got), np.array(wanted, dtype=float), rtol=1e-12, atol=1e-12 * scale)


def replayed(outputs: Sequence[Value], numbers: Mapping[Value, float]) -> tuple[list[Value], dict[Value, Value]]:
    """The graph recorded again on fresh leaves that hold these numbers: its outputs, and the new node of each node."""
    new: dict[Value, Value] = {}
    for node in topological_order(*outputs):
        if node.is_leaf:
            new[node] = Value(numbers.get(node, node.data))
        else:
            new[node] = record(node.op, *(new[parent] for parent in node.parents)) if node.parents else node
    return [new[output] for output in outputs], new


def robust(outputs: list[Value]) -> bool:
    """Whether rounding cannot decide: nothing nearly cancels or overflows, or is -0.0 (sums keep no sign of zero)."""
    for node in topological_order(*outputs):
        if 1e100 < abs(node.data) < math.inf or 0 < abs(node.data) < 1e-9 or str(node.data) == "-0.0":
            return False
        if node.op in (ops.ADD, ops.SUB) and abs(node.data) < 1e-9 * max(abs(x.data) for x in node.parents) < math.inf:
            return False
        if len(node.parents) == 2 and 0 < abs(node.parents[0].data - node.parents[1].data) < 1e-9:
            return False
    return True


def check(
    outputs: Sequence[Value],
    inputs: Sequence[Value],
    batch: Numbers,
    target: Target = "numpy",
    sizes: Sequence[int] = (),
) -> Program:
    """The outputs for each sample (B, n_inputs); of one output its gradient too, for each and summed over the batch.

    ``sizes`` asks for batches of the first samples besides, as many as each says. Where a gradient is inf or nan, its
    sum over the batch is not compared: it may be either. The program is returned.
    """
    program = compile(outputs if len(outputs) > 1 else outputs[0], inputs, target=target)
    eager = [replayed(outputs, dict(zip(inputs, sample, strict=True))) for sample in batch.tolist()]
    wanted = np.array([[output.data for output in found] for found, _ in eager])
    scale = _largest(node.data for _, new in eager for node in new.values())
    for size in (*sizes, len(batch)):
        got = program(batch[:size] if inputs else None)
        agree(np.reshape(got, (-1, len(outputs))), wanted[:size], scale)
    if len(outputs) > 1:
        return program
    for (output,), _ in eager:
        output.backward()
    gradients = np.array([[new[parameter].grad for parameter in program.parameters] for _, new in eager])
    flow = _largest(node.grad * slope for _, new in eager for node in new.values() for slope in node.partials)
    for sample, value, gradient in zip(batch, wanted, gradients, strict=True):
        found, slopes = program.value_and_grad(sample if inputs else None)
        agree(found, value[0], scale)
        agree(slopes, gradient, flow)
    if np.isfinite(gradients).all() and np.isfinite(wanted).all():
        for size in (*sizes, len(batch)):
            found, slopes = program.value_and_grad(batch[:size] if inputs else None, "sum")
            agree(found, np.sum(wanted[:size]), scale)
            agree(slopes, np.sum(gradients[:size], axis=0), flow)
    return program


def _largest(numbers: Iterable[float]) -> float:
    return max((abs(number) for number in numbers if math.isfinite(number)), default=1.0)


def check_at(outputs: Sequence[Value], inputs: Sequence[Value], batch: Numbers, sizes: Sequence[int]) -> None:
    """As :func:`check`, at other parameters than those of the graph, for the mean and for the sum over the batch."""
    program = compile(outputs if len(outputs) > 1 else outputs[0], inputs)
    theta = np.cos(np.arange(len(program.parameters)) + 1.0)
    numbers = dict(zip(program.parameters, theta.tolist(), strict=True))
    eager = [replayed(outputs, numbers | dict(zip(inputs, sample, strict=True))) for sample in batch.tolist()]
    wanted = np.array([[output.data for output in found] for found, _ in eager])
    scale = _largest(node.data for _, new in eager for node in new.values())
    for size in sizes:
        got = program(batch[:size] if inputs else None, theta)
        agree(np.reshape(got, (-1, len(outputs))), wanted[:size], scale)
    if len(outputs) > 1:
        return
    for (output,), _ in eager:
        output.backward()
    gradients = np.array([[new[parameter].grad for parameter in program.parameters] for _, new in eager])
    flow = _largest(node.grad * slope for _, new in eager for node in new.values() for slope in node.partials)
    for size, (reduction, average) in product(sizes, (("sum", np.sum), ("mean", np.mean))):
        found, slopes = program.value_and_grad(batch[:size] if inputs else None, reduction, theta)
        agree(found, average(wanted[:size]), scale)
        agree(slopes, average(gradients[:size], axis=0), flow)
