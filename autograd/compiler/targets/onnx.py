"""The ONNX target: the forward pass of an array program as one file that runs wherever there is an ONNX runtime.

Runtimes have few kernels for 64 bits, and some that lose digits: an operation that has none of its own, or none that is
exact to rounding, is composed of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import ops
from ...extras import load
from .. import ir
from .walk import Library, Pick, Repeated, Walk

OPSET, IR_VERSION = 18, 8

KERNELS: Mapping[str, str] = {
    **{name: name.capitalize() for name in ("add", "sub", "mul", "div", "neg", "exp", "log", "sqrt", "sin")},
    **{name: name.capitalize() for name in ("tanh", "abs", "relu", "pow", "round", "floor")},
    **{"maximum": "Max", "minimum": "Min", "stop_gradient": "Identity"},
}
"""Operations that runtimes have in both precisions, and exact; older ones have no cos in 64 bits."""

IN_32_BITS: Mapping[str, str] = {
    **{
        "cos": "Cos",
        "tan": "Tan",
        "arcsin": "Asin",
        "arccos": "Acos",
        "arctan": "Atan",
        "sinh": "Sinh",
        "cosh": "Cosh",
    },
    "erf": "Erf",
}

QUARTER_TURNS = (
    "k = round(x * 0.6366197723675814)",  # taken off in three parts, of which the first two are exact
    "r = x - k * 1.570796325802803 - k * 9.920935791635221e-10 - k * 5.170182981794105e-19",
)

COMPOSED: dict[str, Sequence[str]] = {
    "leaky_relu": ["select(greater(x, 0), x, y * x)"],
    "mul_no_nan": ["select(equal(y, 0), 0, x * y)"],
    "sigmoid": ["e = exp(-abs(x))", "select(greater(0, x), e, 1) / (1 + e)"],
    "softplus": ["maximum(x, 0) + log1p(exp(-abs(x)))"],
    "log1p": [
        "u = 1 + x",  # its rounding is undone by the factor x / (u - 1)
        "select(greater(0.5, abs(x)), select(equal(u, 1), x, log(u) * (x / (u - 1))), log(u))",
    ],
    "expm1": ["t = tanh(0.5 * x)", "select(greater(1, abs(x)), 2 * t / (1 - t), exp(x) - 1)"],
    "sinh": [
        "e = expm1(x)",
        "h = exp(0.5 * abs(x))",  # exp(|x|) overflows before sinh does
        "far = select(greater(x, 0), 0.5, -0.5) * h * h - 0.5 * select(greater(x, 0), 1, -1) / h / h",
        "select(greater(1, abs(x)), 0.5 * (e + e / (1 + e)), far)",
    ],
    "cosh": ["h = exp(0.5 * abs(x))", "0.5 * h * h + 0.5 / h / h"],
    "cos": [
        *QUARTER_TURNS,
        "h = sin(0.5 * r)",
        "m = k - 4 * floor(0.25 * k)",
        "near = select(k - 2 * floor(0.5 * k), (m - 2) * sin(r), (1 - m) * (1 - 2 * h * h))",
        "select(greater(100000, abs(x)), near, 1 - 2 * sin(0.5 * x) * sin(0.5 * x))",
    ],
    "tan": [
        *QUARTER_TURNS,
        "h = sin(0.5 * r)",
        "c = 1 - 2 * h * h",
        "near = select(k - 2 * floor(0.5 * k), -c / sin(r), sin(r) / c)",
        "select(greater(100000, abs(x)), near, sin(x) / (1 - 2 * sin(0.5 * x) * sin(0.5 * x)))",
    ],
    "arctan": [
        "z = minimum(maximum(x, -1e300), 1e300)",
        "a = arctan_in_32_bits(z)",  # what is left of the angle is its own sine, to all digits
        "c = 1 - 2 * sin(0.5 * a) * sin(0.5 * a)",
        "select(equal(x, x), a + (z * c - sin(a)) / (c + z * sin(a)), x)",
    ],
    "arcsin": ["arctan(x / sqrt((1 - x) * (1 + x)))"],
    "arccos": ["2 * arctan(sqrt((1 - x) / (1 + x)))"],
    "erf": ["z = minimum(maximum(x, -6), 6)", "select(equal(x, x), 1.1283791670955126 * z * mean_of_gaussian(z), x)"],
}
"""The others, line by line in the language of the rule table; ``select(c, x, y)`` is x where c is not 0, else y."""

NODES = 24  # of the quadrature of erf, which is exact to rounding with so many


class _Graph(Library[str]):
    """The primitives as nodes; a value is the name of a node's output. Equal nodes are one."""

    name = "ONNX"
    reserved = ("batch", "output", "step")

    def __init__(self, theta: ir.Floats, dtype: np.dtype[Any]) -> None:
        self.onnx, self.theta, self.dtype = load("onnx", "onnx"), theta, dtype
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self.names: dict[str, str] = {}
        self._made: dict[object, str] = {}
        self._serial = count(1)
        self.batch = "batch"
        self._functions = _Functions(self)

    # ---- nodes and numbers

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """The output of a node, the one there is if there is one."""
        key = kind, inputs, repr(attributes)
        if key not in self._made:
            self._made[key] = f"{kind.lower()}.{next(self._serial)}"
            self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [self._made[key]], **attributes))
        return self._made[key]

    def array(self, values: npt.NDArray[Any], name: str = "") -> str:
        """Numbers that are stored in the file, once."""
        if values.dtype.kind == "f":
            values = self.cast(values)
        key = values.dtype.str, values.shape, values.tobytes(), name
        if key not in self._made:
            self._made[key] = name or f"constant.{len(self.initializers) + 1}"
            stored = self.onnx.numpy_helper.from_array(np.array(values, order="C"), self._made[key])
            self.initializers[self._made[key]] = stored
        return self._made[key]

    def cast(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Numbers in the precision of the file; a ValueError where they are too large for it."""
        with np.errstate(over="ignore"):
            found = values.astype(self.dtype)
        if (np.isinf(found) & np.isfinite(values)).any():
            raise ValueError(f"a number of the program is too large for {self.dtype}: {np.abs(values).max():g}")
        return found

    def integers(self, *values: int) -> str:
        return self.array(np.array(values, dtype=np.int64))

    def columns(self) -> str:
        """The samples as columns; of none one is made up, for onnxruntime divides by their number in an Einsum."""
        missing = self.node("Max", self.node("Sub", self.integers(1), self.size()), self.integers(0))
        pads = self.node("Concat", self.integers(0, 0), missing, self.integers(0), axis=0)
        self.batch = self.node("Pad", "batch", pads)
        return self.node("Transpose", self.batch, perm=[1, 0])

    def without_columns_made_up(self, outputs: str) -> str:
        return self.node("Slice", outputs, self.integers(0), self.size("batch"), self.integers(0))

    def size(self, batch: str = "") -> str:
        """How many samples there are, or are in a batch, when the program runs."""
        return self.node("Shape", batch or self.batch, start=0, end=1)

    def lengths(self, shape: ir.Shape) -> str:
        """A shape that is known when the program runs, as a vector."""
        if not any(isinstance(length, ir.Batch) for length in shape):
            return self.integers(*[length for length in shape if isinstance(length, int)])
        parts = [
            self.node("Mul", self.size(), self.integers(length.count))
            if isinstance(length, ir.Batch)
            else self.integers(length)
            for length in shape
        ]
        return self.node("Concat", *parts, axis=0)

    # ---- operations

    def has(self, row: ops.Operation) -> bool:
        return row.name in KERNELS or row.name in COMPOSED or row.name in ("greater", "equal")

    def apply(self, row: ops.Operation, arguments: Sequence[str]) -> str:
        return self._functions[row.name](*arguments)

    def composed(self, name: str, arguments: Sequence[str]) -> str:
        """An operation line by line."""
        names = dict(zip(ops.ARGUMENTS, arguments, strict=False))
        *lines, result = COMPOSED[name]
        for line in lines:
            left, _, right = line.partition(" = ")
            names[left] = ops.evaluate(right, self._functions, names)
        found: str = ops.evaluate(result, self._functions, names)
        return found

    def to_numbers(self, truth: str) -> str:
        return self.node("Cast", truth, to=self.onnx.helper.np_dtype_to_tensor_dtype(self.dtype))

    def select(self, condition: str, x: str, y: str) -> str:
        return self.node("Where", self.node("Cast", condition, to=self.onnx.TensorProto.BOOL), x, y)

    def arctan_in_32_bits(self, x: str) -> str:
        return self.to_numbers(self.node("Atan", self.node("Cast", x, to=self.onnx.TensorProto.FLOAT)))

    def mean_of_gaussian(self, x: str) -> str:
        """The mean of exp(-(x t)²) over t from 0 to 1, by Gauss and Legendre."""
        places, weights = np.polynomial.legendre.leggauss(NODES)
        square = self.node("Unsqueeze", self.node("Mul", x, x), self.integers(-1))
        powers = self.node("Exp", self.node("Mul", square, self.array(-((0.5 + 0.5 * places) ** 2))))
        return self.node(
            "ReduceSum", self.node("Mul", powers, self.array(0.5 * weights)), self.integers(-1), keepdims=0
        )

    # ---- primitives

    def number(self, value: float) -> str:
        return self.array(np.array(value))

    def constant(self, constant: ir.Constant) -> str:
        return self.array(constant.values)

    def reshape(self, value: str, shape: ir.Shape) -> str:
        lengths = [-1 if isinstance(length, ir.Batch) else length for length in shape]
        return self.node("Reshape", value, self.integers(*lengths))

    def index(self, value: str, picks: Sequence[Pick], shape: ir.Shape) -> str:
        slices = [slice(pick, pick + 1, 1) if isinstance(pick, int) else pick for pick in picks]
        starts, stops, steps = ([getattr(pick, name) for pick in slices] for name in ("start", "stop", "step"))
        found = self.node("Slice", value, *(self.integers(*v) for v in (starts, stops, range(len(picks)), steps)))
        dropped = [axis for axis, pick in enumerate(picks) if isinstance(pick, int)]
        return self.node("Squeeze", found, self.integers(*dropped)) if dropped else found

    def transpose(self, value: str, order: Sequence[int]) -> str:
        return self.node("Transpose", value, perm=list(order))

    def new_axes(self, value: str, is_new: Sequence[bool], shape: ir.Shape) -> str:
        return self.node("Unsqueeze", value, self.integers(*[axis for axis, new in enumerate(is_new) if new]))

    def take(self, value: str, picked: ir.Constant) -> str:
        return self.node("Gather", value, self.array(picked.values.astype(np.int64)), axis=0)

    def where(self, mask: ir.Constant, value: str, otherwise: float) -> str:
        return self.node("Where", self.constant(mask), value, self.number(otherwise))

    def contract(self, left: str, right: str, left_letters: str, right_letters: str, out: str) -> str:
        """By Einsum: of a MatMul in 64 bits and a factor onnxruntime makes one node that rounds the factor to 32."""
        equation = f"{left_letters},{right_letters}->{out}".replace("B", "z")  # letters are lower case
        return self.node("Einsum", left, right, equation=equation)

    def sum(self, value: str, axes: Sequence[int]) -> str:
        return self.node("ReduceSum", value, self.integers(*axes), keepdims=0)

    def max(self, value: str, axes: Sequence[int]) -> str:
        return self.node("ReduceMax", value, self.integers(*axes), keepdims=0)

    def expand(self, value: str, shape: ir.Shape) -> str:
        return self.node("Expand", value, self.lengths(shape))

    def concat(self, pieces: Sequence[str]) -> str:
        return self.node("Concat", *pieces, axis=0)

    def parameters(self, view: ir.View, name: str) -> str:
        """A part of theta is stored by its name."""
        return self.array(self.theta[view.picked], name)

    def define(self, name: str, value: str, shape: ir.Shape) -> str:
        if "." in value and value not in self.initializers:  # it has no name of its own yet
            self.names.setdefault(value, name)
        return value

    # ---- loops

    def repeat(self, repeated: Repeated[str]) -> Sequence[str]:
        """A Scan, whose outputs are what is carried in the end, and rows; it runs as often as its stacks are long."""
        loop, names = repeated.loop, repeated.names
        given = [*(names[leaf] for leaf in loop.given), *["step"] * (not loop.stacked)]
        stacks = repeated.stacks or [self.array(np.zeros(loop.times))]
        body = self._body(names[loop.carried[0].leaf], given, repeated)
        made = [f"scan.{next(self._serial)}" for _ in body.output]
        inputs = [*repeated.first, *stacks]
        self.nodes.append(self.onnx.helper.make_node("Scan", inputs, made, body=body, num_scan_inputs=len(stacks)))
        last = self.integers(-1)
        return [
            self.define(
                names[each.target],
                rows if each.each else self.node("Squeeze", self.node("Gather", rows, last), self.integers(0)),
                each.target.shape,
            )
            for each, rows in zip(loop.collected, made[len(loop.carried) :], strict=True)
        ]

    def _body(self, name: str, given: Sequence[str], repeated: Repeated[str]) -> Any:
        """The graph of one step. Outside of it there is nothing of what it computes, but the numbers that it stores."""
        helper, outer, known = self.onnx.helper, self.nodes, set(self._made)
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        self.nodes = []
        after, collected = repeated.step(given[: len(repeated.loop.given)])
        left = [f"left.{next(self._serial)}" for _ in (*after, *collected)]
        copies = [
            helper.make_node("Identity", [value], [copy])
            for value, copy in zip((*after, *collected), left, strict=True)
        ]
        infos = ([helper.make_tensor_value_info(name, kind, None) for name in names] for names in (given, left))
        body = helper.make_graph([*self.nodes, *copies], name, *infos)
        self.nodes = outer
        self._made = {key: value for key, value in self._made.items() if key in known or value in self.initializers}
        return body


class _Functions(dict[str, Callable[..., str]]):
    """What the lines of an operation call, looked up when they are called."""

    def __init__(self, graph: _Graph) -> None:
        super().__init__(
            constant=lambda number: graph.number(float(number)),
            greater=lambda x, y: graph.to_numbers(graph.node("Greater", x, y)),
            equal=lambda x, y: graph.to_numbers(graph.node("Equal", x, y)),
            select=graph.select,
            arctan_in_32_bits=graph.arctan_in_32_bits,
            mean_of_gaussian=graph.mean_of_gaussian,
        )
        self.graph = graph

    def __missing__(self, name: str) -> Callable[..., str]:
        graph = self.graph
        kernels = {**KERNELS, **(IN_32_BITS if graph.dtype == np.float32 else {})}
        if name in kernels:
            return lambda *arguments: graph.node(kernels[name], *arguments)
        return lambda *arguments: graph.composed(name, arguments)


def model(program: ir.ArrayProgram, theta: ir.Floats, single: bool, dtype: npt.DTypeLike) -> Any:
    """The program as a checked ``onnx.ModelProto``: from ``batch`` (B, n_inputs) to its ``output``."""
    if np.dtype(dtype) not in (np.float64, np.float32):
        raise ValueError(f'dtype is "float64" or "float32", got {dtype!r}')
    graph, n = _Graph(theta, np.dtype(dtype)), program.inputs.size
    found = Walk(program, graph, graph.columns() if n else "", "theta").outputs(single)
    if n and not single:
        found = graph.node("Transpose", found, perm=[1, 0])
    if n:
        found = graph.without_columns_made_up(found)
    if found in graph.names or not any(found in node.output for node in graph.nodes):
        found = graph.node("Identity", found)
    graph.names[found] = "output"
    for node in _all(graph.nodes):
        node.input[:] = [graph.names.get(name, name) for name in node.input]
        node.output[:] = [graph.names.get(name, name) for name in node.output]
    if any("theta" in node.input for node in _all(graph.nodes)) and "theta" not in graph.initializers:
        graph.array(theta, "theta")
    return _checked(graph, n, None if single else sum(_rows(output) for output in program.outputs))


def _all(nodes: Iterable[Any]) -> Iterator[Any]:
    """The nodes, and those of the steps of loops."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            yield from _all(attribute.g.node)


def _rows(output: ir.Expr) -> int:
    own = output.shape[:-1] if output.shape[-1:] == (ir.B,) else output.shape
    return own[0] if own and isinstance(own[0], int) else 1


def _checked(graph: _Graph, n_inputs: int, n_outputs: int | None) -> Any:
    onnx, helper = graph.onnx, graph.onnx.helper
    kind = helper.np_dtype_to_tensor_dtype(graph.dtype)
    batch = ["B"] * bool(n_inputs)
    inputs = [helper.make_tensor_value_info("batch", kind, ["B", n_inputs])] if n_inputs else []
    output = helper.make_tensor_value_info("output", kind, [*batch, *([n_outputs] if n_outputs else [])])
    made = helper.make_graph(graph.nodes, "program", inputs, [output], list(graph.initializers.values()))
    opset = [helper.make_opsetid("", OPSET)]
    found = helper.make_model(made, producer_name="valuegrad", ir_version=IR_VERSION, opset_imports=opset)
    onnx.checker.check_model(found, full_check=True)
    return found
