"""The PyTorch target against the scalar engine: values, and PyTorch's own derivatives of what was written for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from checkout import ROOT
from generators.recurrences import FAMILIES, family
from oracle import (
    FINITE,
    MODELS,
    POINTS,
    ROWS,
    SIZES,
    WEIGHT,
    Case,
    generated,
    grid,
    model,
    needed,
    recurrence,
    roots,
    ruled,
    slopes_agree,
    spoilt,
)

from autograd import Operation, Value, compile, functional, ops, register
from nn import MLP, hinge

torch = needed("torch")


def hold(case: Case) -> None:
    module = case.program.to_torch()
    outputs = module() if case.batch is None else module(torch.from_numpy(case.batch))
    gradient = np.zeros(len(case.program.parameters))
    if outputs.requires_grad and case.gradient is not None:
        (WEIGHT * outputs.sum()).backward()
        gradient = gradient if module.theta.grad is None else module.theta.grad.numpy()
    case.agree(outputs.detach().numpy(), gradient)


@pytest.mark.parametrize("group", range(30))
def test_generated_programs(group: int) -> None:
    for seed in range(10 * group, 10 * group + 10):
        hold(generated(seed))


@pytest.mark.parametrize("place", range(len(MODELS)), ids=lambda place: MODELS[place].__name__)
def test_models(place: int) -> None:
    hold(model(place))


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("size", [0, *SIZES])
@pytest.mark.parametrize("name", FAMILIES)
def test_loops(name: str, size: int) -> None:
    found = recurrence(name, size)
    assert re.search(r"\n        for \w+ in ", found.program.to_torch().source)
    hold(found)


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("name", ["lstm", "stacked", "two_steps_ago", "largest"])
def test_labels_that_are_names_of_the_source(name: str) -> None:
    hold(recurrence(name, 2, ["_", "zip", "range", "before1", "each1", "tanhs2", "x", "torch", "forward", "self"]))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_loops_are_mapped_compiled_and_exported(request: pytest.FixtureRequest) -> None:
    (output,), inputs = family("rnn_of_losses", 8)
    program, batch = compile(output, inputs), np.random.default_rng(0).uniform(-0.6, 0.6, (4, len(inputs)))
    slopes, curves = program.jacobian(batch, "parameters")[:, 0], program.hessian(batch[0])
    request.getfixturevalue("forced")
    module, theta, x = program.to_torch(), torch.from_numpy(program.theta), torch.from_numpy(batch)

    def f(theta, x):
        return torch.func.functional_call(module, {"theta": theta}, (x,))

    np.testing.assert_allclose(torch.vmap(f, (None, 0))(theta, x), program(batch), rtol=1e-12)
    for jacobian in (torch.func.jacrev, torch.func.jacfwd):
        np.testing.assert_allclose(jacobian(f)(theta, x), slopes, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(torch.func.hessian(f, 1)(theta, x[0]), curves, rtol=1e-9, atol=1e-12)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    np.testing.assert_allclose(compiled(x).detach(), program(batch), rtol=1e-12)
    exported = torch.export.export(module, (x,), dynamic_shapes={"batch": {0: torch.export.Dim("B")}}).module()
    np.testing.assert_allclose(exported(x[:3]).detach(), program(batch[:3]), rtol=1e-12)


def test_holes_are_of_no_account() -> None:
    """What is not finite stays where it is."""
    program, batch, outputs = spoilt()
    module = program.to_torch()
    assert "where(self.mask" in module.source
    np.testing.assert_allclose(module(torch.tensor(batch)).detach()[:, :2], outputs, rtol=1e-12)


def test_nothing_flows_back_from_holes() -> None:
    rooted = roots()
    assert "where(self.mask" in rooted.program.to_torch().source
    hold(rooted)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_operations(row: ops.Operation) -> None:
    """Values everywhere, derivatives wherever all is finite: at kinks, ties and ends too."""
    leaves = [Value(0.5) for _ in row.arguments]
    module = compile(row(*leaves), [], leaves).to_torch()

    def f(theta):
        return torch.func.functional_call(module, {"theta": theta}, ())

    found = torch.vmap(f)(torch.from_numpy(grid(row, POINTS)))
    np.testing.assert_allclose(found, ruled(row, grid(row, POINTS))[0], rtol=1e-12, atol=1e-300)
    points = grid(row, FINITE)
    found, (_, wanted) = torch.vmap(torch.func.grad(f))(torch.from_numpy(points)), ruled(row, points)
    if row is ops.POW:  # by the exponent PyTorch has nan for (-745) ** -745, which is 0 in floats, and 0 for 0 ** 0
        usual = ((points[:, 0] > 0) | np.isnan(wanted[:, 1])) | (points[:, 0] == 0) & (points[:, 1] != 0)
        found, wanted = found[usual], wanted[usual]
    slopes_agree(found, wanted)


def network():
    network = MLP(2, [16, 16, 1], seed=0)
    point, target = [Value(0.3), Value(-0.4)], Value(1.0)
    return compile(hinge(network(point), [target]), [*point, target])


def smooth():
    network = MLP(2, [4, 1], seed=0)
    point = [Value(0.3), Value(-0.4)]
    out = network(point)[0]
    return compile(out.softplus() + out.arctan() * out.expm1() + (out * out + 1.0) ** 0.3, point)


BATCH = np.random.default_rng(0).normal(size=(6, 3))


def test_the_source_is_to_be_read() -> None:
    source = network().to_torch().source
    assert (
        source[source.index("        theta, x = ") :]
        == """        theta, x = self.theta, batch.T
        W1 = theta[0:32].reshape(16, 2)                                       # (16, 2)
        b1 = theta[32:48]                                                     # (16)
        z1 = W1 @ x[0:2] + b1[:, None]                                        # (16, B)
        a1 = torch.relu(z1)                                                   # (16, B)
        W2 = theta[48:304].reshape(16, 16)                                    # (16, 16)
        b2 = theta[304:320]                                                   # (16)
        z2 = W2 @ a1 + b2[:, None]                                            # (16, B)
        a2 = torch.relu(z2)                                                   # (16, B)
        W3 = theta[320:336]                                                   # (16)
        b3 = theta[336]
        a3 = W3 @ a2 + b3[None]                                               # (B)
        relu1 = torch.relu(1.0 - x[2] * a3)                                   # (B)
        return relu1
"""
    )


def test_the_source_runs_by_itself() -> None:
    x, w = [Value(float(i)) for i in range(5)], [Value(0.1 * i - 0.2) for i in range(3)]
    y = functional.sum(w[i % 3].maximum(x[(3 * i) % 5]).softplus() for i in range(5)) + (w[0] ** x[1]).expm1()
    program = compile(y.maximum(0.25), x)
    module, namespace = program.to_torch(), {}
    exec(module.source, namespace)
    batch = torch.from_numpy(np.abs(np.random.default_rng(0).normal(size=(4, 5))))
    np.testing.assert_array_equal(namespace["Program"](program.theta)(batch).detach(), module(batch).detach())
    np.testing.assert_allclose(module(batch).detach(), program(batch.numpy()), rtol=1e-12)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torch_func() -> None:
    """Forward mode in reverse mode, reverse in forward, maps over samples and over parameters."""
    program, batch = smooth(), BATCH[:, :2]
    module = program.to_torch()

    def f(theta, x):
        return torch.func.functional_call(module, {"theta": theta}, (x,))

    theta = torch.from_numpy(program.theta)
    found = torch.vmap(f, (None, 0))(theta, torch.from_numpy(batch))
    np.testing.assert_allclose(found, program(batch), rtol=1e-12)
    for jacobian in (torch.func.jacrev, torch.func.jacfwd):
        found = jacobian(f)(theta, torch.from_numpy(batch))
        np.testing.assert_allclose(found, program.jacobian(batch, "parameters")[:, 0], rtol=1e-10, atol=1e-14)
    for x in batch:
        for hessian in (torch.func.hessian, lambda f: torch.func.jacrev(torch.func.jacrev(f))):
            found = hessian(f)(theta, torch.from_numpy(x))
            np.testing.assert_allclose(found, program.hessian(x, "parameters"), rtol=1e-10, atol=1e-13)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_torch_compile() -> None:
    for program, batch in ((network(), BATCH), (smooth(), BATCH[:, :2])):
        module = program.to_torch()
        compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
        compiled(torch.from_numpy(batch)).mean().backward()
        np.testing.assert_allclose(compiled(torch.from_numpy(batch)).detach(), program(batch), rtol=1e-12)
        gradient = program.value_and_grad(batch)[1]
        np.testing.assert_allclose(module.theta.grad, gradient, rtol=1e-10, atol=1e-14)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_torch_export_with_any_batch() -> None:
    for program, n in ((network(), 3), (smooth(), 2)):
        sizes = {"batch": {0: torch.export.Dim("B")}}
        exported = torch.export.export(
            program.to_torch(), (torch.zeros(4, n, dtype=torch.float64),), dynamic_shapes=sizes
        )
        for size in (2, 7):
            batch = np.random.default_rng(size).normal(size=(size, n))
            np.testing.assert_allclose(exported.module()(torch.from_numpy(batch)).detach(), program(batch), rtol=1e-12)


def test_a_module_like_any_other(tmp_path: Path) -> None:
    program = network()
    module = program.to_torch()
    assert [name for name, _ in module.named_parameters()] == ["theta"]
    torch.save(module.state_dict(), tmp_path / "theta.pt")
    other = program.to_torch()
    with torch.no_grad():
        other.theta.zero_()
    other.load_state_dict(torch.load(tmp_path / "theta.pt"))
    np.testing.assert_array_equal(other.theta.detach(), program.theta)
    module.float()
    found = module(torch.from_numpy(BATCH).float()).detach()
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, program(BATCH), rtol=1e-5, atol=1e-5)
    assert module(torch.from_numpy(BATCH[0]).float()).shape == ()


def test_several_outputs_and_none_that_vary() -> None:
    x, w = [Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]
    program = compile([w[0] * x[1], w[1] + 1.0, x[0] + 0.0, Value.constant(2.0)], x)
    module, batch = program.to_torch(), np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(module(torch.from_numpy(batch)).detach(), program(batch))
    np.testing.assert_array_equal(module(torch.from_numpy(batch[0])).detach(), program(batch[0]))
    assert module(torch.from_numpy(batch[:0])).shape == (0, 4)


def test_registered_operations_keep_their_own_derivatives() -> None:
    before = dict(ops.OPERATIONS), dict(ops.FLOATS)
    try:
        step = register(Operation("hard_step", "step", "greater(x, 0)", ("sigmoid(x) * (1 - sigmoid(x))",)))
        x, w = Value(0.5), Value(-2.0)
        program = compile(step(x * w), [x])
        value, gradient = program.value_and_grad([[0.7]])
        module = program.to_torch()
        found = module(torch.tensor([0.7], dtype=torch.float64))
        found.backward()
        np.testing.assert_allclose(found.detach(), value)
        np.testing.assert_allclose(module.theta.grad, gradient, rtol=1e-12)
        assert gradient[0] != 0.0
    finally:
        for table, rows in zip((ops.OPERATIONS, ops.FLOATS), before, strict=True):
            table.clear()
            table.update(rows)


def test_what_does_not_fit_is_refused() -> None:
    module = network().to_torch()
    for shape in ((2, 4), (2, 2, 3), (4,)):
        with pytest.raises(ValueError, match=r"a batch has shape \(B, 3\), one sample \(3,\), got"):
            module(torch.zeros(shape, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"theta has shape \(337,\), got \(3,\)"):
        type(module)(np.zeros(3))


def test_two_processes() -> None:
    """DistributedDataParallel: each process has its half of the batch, and the gradient of all of it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, ROOT / "examples" / "two_processes_torch.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    differ = re.fullmatch(r"loss 0\.\d+; parameters differ by (\S+) from those of one process\n", done.stdout)
    assert differ, done.stdout
    assert float(differ[1]) < 1e-13
