"""The ONNX target against the scalar engine: files that the checker passes, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generators.recurrences import FAMILIES, family
from oracle import MODELS, POINTS, ROWS, SIZES, Case, generated, grid, model, needed, recurrence, ruled, spoilt

from autograd import Operation, Program, Value, compile, functional, ops, register
from autograd.compiler.targets import onnx as onnx_target
from nn import MLP, hinge

onnx, onnxruntime = needed("onnx"), needed("onnxruntime")


def run(path: Path, batch: Any = None) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {} if batch is None else {"batch": batch})
    return output


def hold(case: Case, path: Path) -> None:
    case.program.to_onnx(path)
    case.agree(run(path, case.batch))


@pytest.mark.parametrize("group", range(30))
def test_generated_programs(group: int, tmp_path: Path) -> None:
    for seed in range(10 * group, 10 * group + 10):
        hold(generated(seed), tmp_path / "program.onnx")


@pytest.mark.parametrize("place", range(len(MODELS)), ids=lambda place: MODELS[place].__name__)
def test_models(place: int, tmp_path: Path) -> None:
    hold(model(place), tmp_path / "model.onnx")


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("size", [0, *SIZES])
@pytest.mark.parametrize("name", FAMILIES)
def test_loops(name: str, size: int, tmp_path: Path) -> None:
    found = recurrence(name, size)
    hold(found, tmp_path / "loop.onnx")
    assert "Scan" in {node.op_type for node in onnx.load(tmp_path / "loop.onnx").graph.node}


def test_the_file_does_not_grow_with_the_number_of_steps() -> None:
    sizes = []
    for steps in (150, 300):
        (output,), inputs = family("lstm", steps)
        graph = compile(output, inputs).to_onnx().graph
        sizes.append(
            [len(node.attribute[0].g.node) for node in graph.node if node.op_type == "Scan"] + [len(graph.node)]
        )
    assert len(sizes[0]) == 2
    assert sizes[0] == sizes[1]


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("name", ["lstm", "stacked", "two_steps_ago", "largest"])
def test_labels_that_are_names_of_the_file(name: str, tmp_path: Path) -> None:
    hold(recurrence(name, 2, ["step", "output", "batch", "before1", "each1", "tanhs2", "x"]), tmp_path / "loop.onnx")


def test_holes_are_of_no_account(tmp_path: Path) -> None:
    """What is not finite stays where it is."""
    program, batch, outputs = spoilt()
    program.to_onnx(tmp_path / "program.onnx")
    np.testing.assert_allclose(run(tmp_path / "program.onnx", batch)[:, :2], outputs, rtol=1e-12)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_operations(row: ops.Operation, tmp_path: Path) -> None:
    """Those that are composed, too: to rounding, at inf and nan, and where an exponential overflows."""
    leaves = [Value(0.5) for _ in row.arguments]
    compile(row(*leaves), leaves).to_onnx(tmp_path / "row.onnx")
    points = np.concatenate([grid(row, POINTS), np.random.default_rng(0).normal(0, 3, (500, len(leaves)))])
    wanted, _ = ruled(row, points)
    np.testing.assert_allclose(run(tmp_path / "row.onnx", points), wanted, rtol=2e-13, atol=1e-300)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_operations_in_32_bits(row: ops.Operation, tmp_path: Path) -> None:
    leaves = [Value(0.5) for _ in row.arguments]
    compile(row(*leaves), leaves).to_onnx(tmp_path / "row.onnx", dtype=np.float32)
    points = np.random.default_rng(0).uniform(-2, 2, (500, len(leaves))).astype(np.float32)
    found, (wanted, _) = run(tmp_path / "row.onnx", points), ruled(row, points)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=5e-5, atol=1e-6)


def network():
    network = MLP(2, [16, 16, 1], seed=0)
    point, target = [Value(0.3), Value(-0.4)], Value(1.0)
    return compile(hinge(network(point), [target]), [*point, target])


def test_the_file_is_to_be_read(tmp_path: Path) -> None:
    """Names are those of labels, the batch is of any size, the opset is stated."""
    network().to_onnx(tmp_path / "network.onnx")
    loaded = onnx.load(tmp_path / "network.onnx")
    onnx.checker.check_model(loaded, full_check=True)
    assert [(o.domain, o.version) for o in loaded.opset_import] == [("", 18)]
    (batch,), (output,) = loaded.graph.input, loaded.graph.output
    dims = [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in (batch, output)]
    assert (batch.name, output.name, dims) == ("batch", "output", [["B", 3], ["B"]])
    shapes = {i.name: list(i.dims) for i in loaded.graph.initializer if "." not in i.name}
    assert shapes == {"W1": [16, 2], "b1": [16], "W2": [16, 16], "b2": [16], "W3": [16], "b3": []}
    named = {name for node in loaded.graph.node for name in node.output if "." not in name}
    assert {"z1", "a1", "z2", "a2", "output"} <= named


def elementwise() -> Program:
    x, w = [Value(1.0), Value(2.0), Value(0.0)], [Value(3.0), Value(4.0)]
    return compile([w[0] * x[1], w[1] + 1.0, x[0] + 0.0, Value.constant(2.0)], x)


def one_matrix_for_several_rows() -> Program:
    x, weights = [Value(1.0), Value(2.0), Value(0.0)], [[Value(0.5), Value(-1.5)], [Value(0.25), Value(2.0)]]
    return compile([functional.dot(row, x[i : i + 2]).tanh() for i in (0, 1) for row in weights], x)


@pytest.mark.parametrize("make", [elementwise, network, one_matrix_for_several_rows])
def test_any_batch(tmp_path: Path, make: Callable[[], Program]) -> None:
    """Also an empty one: onnxruntime's Einsum would end the process there, were it given one."""
    program = make()
    program.to_onnx(tmp_path / "program.onnx")
    for size in (0, 1, 5):
        batch = np.random.default_rng(0).uniform(-1, 1, (size, 3))
        np.testing.assert_allclose(run(tmp_path / "program.onnx", batch), program(batch), rtol=1e-12)


def test_32_bits(tmp_path: Path) -> None:
    program, batch = network(), np.random.default_rng(0).normal(size=(5, 3))
    program.to_onnx(tmp_path / "single.onnx", "float32")
    found = run(tmp_path / "single.onnx", batch.astype(np.float32))
    np.testing.assert_allclose(found, program(batch), rtol=1e-5, atol=1e-5)
    x = Value(1.0)
    with pytest.raises(ValueError, match="a number of the program is too large for float32: 1e\\+50"):
        compile(x * 1e50, [x]).to_onnx(tmp_path / "large.onnx", np.float32)
    with pytest.raises(ValueError, match='dtype is "float64" or "float32", got'):
        program.to_onnx(tmp_path / "half.onnx", np.float16)
    assert not (tmp_path / "large.onnx").exists()


def test_a_factor_of_a_product_keeps_its_digits(tmp_path: Path) -> None:
    """Of a MatMul and a factor onnxruntime makes one node, which keeps the factor in 32 bits."""
    x, w = [Value(1.0), Value(2.0), Value(0.5)], [[Value(0.1 * i + j) for i in range(3)] for j in range(4)]
    program = compile([0.9 * functional.dot(row, x) for row in w], x)
    program.to_onnx(tmp_path / "scaled.onnx")
    batch = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(run(tmp_path / "scaled.onnx", batch), program(batch), rtol=1e-13)


def test_registered_operations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(ops.OPERATIONS), dict(ops.FLOATS)
    try:
        bump = register(Operation("bump", "bump", "exp(-x * x)", ("-2 * x * out",)))
        x = Value(0.5)
        compile(bump(x), [x]).to_onnx(tmp_path / "bump.onnx")
        np.testing.assert_allclose(run(tmp_path / "bump.onnx", np.array([[0.3]])), [np.exp(-0.09)], rtol=1e-13)
    finally:
        for table, rows in zip((ops.OPERATIONS, ops.FLOATS), before, strict=True):
            table.clear()
            table.update(rows)
    monkeypatch.delitem(onnx_target.COMPOSED, "erf")
    with pytest.raises(NotImplementedError, match="the ONNX target has no function for the operation 'erf'"):
        compile(x.erf(), [x]).to_onnx(tmp_path / "erf.onnx")
