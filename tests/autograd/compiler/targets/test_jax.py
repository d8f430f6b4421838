"""The JAX target against the scalar engine: values, and JAX's own derivatives of what was written for it."""

from __future__ import annotations

import numpy as np
import pytest
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
from autograd.compiler.targets import masking
from nn import MLP, hinge

jax = needed("jax")
jnp = jax.numpy
jax.config.update("jax_enable_x64", True)


def hold(cases: list[Case]) -> None:
    """Programs, compiled together, which is faster."""
    functions = [found.program.to_jax() for found in cases]

    def differentiated(f, theta, batch):
        def weighted(theta):
            outputs = f(batch, theta)
            return WEIGHT * outputs.sum(), outputs

        return jax.value_and_grad(weighted, has_aux=True)(theta)

    @jax.jit
    def run(thetas, batches):
        return [differentiated(*row) for row in zip(functions, thetas, batches, strict=True)]

    found = run([c.program.theta for c in cases], [c.batch for c in cases])
    for one, ((_, outputs), gradient) in zip(cases, found, strict=True):
        one.agree(outputs, gradient)


@pytest.mark.parametrize("group", range(30))
def test_generated_programs(group: int) -> None:
    hold([generated(seed) for seed in range(10 * group, 10 * group + 10)])


@pytest.mark.parametrize("group", range(8))
def test_models(group: int) -> None:
    hold([model(place) for place in range(group, len(MODELS), 8)])


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("name", FAMILIES)
def test_loops(name: str) -> None:
    cases = [recurrence(name, size) for size in (0, *SIZES)]
    assert all("jax.lax.scan(step" in case.program.to_jax().source for case in cases)
    hold(cases)


@pytest.mark.usefixtures("forced")
def test_labels_that_are_names_of_the_source() -> None:
    labels = ["step", "carried", "given", "_", "before1", "each1", "tanhs2", "x", "jax", "forward"]
    hold([recurrence(name, 2, labels) for name in ("lstm", "stacked", "two_steps_ago", "largest")])


@pytest.mark.parametrize("name", ["rnn_of_losses", "largest", "descent"])
def test_transformations_of_loops(name: str, request: pytest.FixtureRequest) -> None:
    """Of a scan too, forward, backward and mapped; at the ties of ``largest`` the derivatives are ours."""
    (output,), inputs = family(name, 8)
    program = compile(output, inputs)
    batch = np.round(np.random.default_rng(0).uniform(-0.6, 0.6, (3, len(inputs))), 1)
    slopes, curves = program.jacobian(batch, "parameters")[:, 0], program.hessian(batch)
    request.getfixturevalue("forced")
    f, theta = program.to_jax(), program.theta
    assert "jax.lax.scan" in f.source
    np.testing.assert_allclose(jax.jit(jax.vmap(f, (0, None)))(batch, theta), program(batch), rtol=1e-12)
    thetas = theta + np.linspace(0, 0.1, 3)[:, None]
    found = jax.jit(jax.vmap(jax.grad(lambda theta: f(batch, theta).sum())))(thetas)
    wanted = [program.value_and_grad(batch, "sum", one)[1] for one in thetas]
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)
    jacobian = jax.jit(jax.jacfwd(lambda theta: f(batch, theta)))(theta)
    np.testing.assert_allclose(jacobian, slopes, rtol=1e-10, atol=1e-12)
    hessian = jax.jit(jax.hessian(lambda x: f(x, theta)))
    for sample, wanted in zip(batch, curves, strict=True):
        np.testing.assert_allclose(hessian(sample), wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("many", [0, 1_000])
def test_holes_are_of_no_account(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not finite stays where it is, in one product or term by term; mapped, both are computed."""
    monkeypatch.setattr(masking, "MANY", many)
    program, batch, outputs = spoilt()
    f = program.to_jax()
    assert ("products(" in f.source) == (many == 0)
    for mapped in (f, jax.vmap(f, (0, None))):
        np.testing.assert_allclose(jax.jit(mapped)(batch, program.theta)[:, :2], outputs, rtol=1e-12)
    rooted = roots()
    assert "where(mask" in rooted.program.to_jax().source
    hold([rooted])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_operations(row: ops.Operation) -> None:
    """Values everywhere, derivatives wherever all is finite: at kinks, ties and ends too."""
    leaves = [Value(0.5) for _ in row.arguments]
    f = compile(row(*leaves), [], leaves).to_jax()
    found = jax.jit(jax.vmap(f, (None, 0)))(None, grid(row, POINTS))
    np.testing.assert_allclose(found, ruled(row, grid(row, POINTS))[0], rtol=1e-12, atol=1e-300)
    points = grid(row, FINITE)
    slopes_agree(jax.jit(jax.vmap(jax.grad(f, 1), (None, 0)))(None, points), ruled(row, points)[1])


def network(loss=hinge):
    network = MLP(2, [16, 16, 1], seed=0)
    point, target = [Value(0.3), Value(-0.4)], Value(1.0)
    return compile(loss(network(point), [target]), [*point, target])


def test_the_source_is_to_be_read() -> None:
    source = network().to_jax().source
    assert (
        source[source.index("    x = batch.T") :]
        == """    x = batch.T
    W1 = theta[0:32].reshape(16, 2)                                       # (16, 2)
    b1 = theta[32:48]                                                     # (16)
    z1 = W1 @ x[0:2] + b1[:, None]                                        # (16, B)
    a1 = jax.nn.relu(z1)                                                  # (16, B)
    W2 = theta[48:304].reshape(16, 16)                                    # (16, 16)
    b2 = theta[304:320]                                                   # (16)
    z2 = W2 @ a1 + b2[:, None]                                            # (16, B)
    a2 = jax.nn.relu(z2)                                                  # (16, B)
    W3 = theta[320:336]                                                   # (16)
    b3 = theta[336]
    a3 = W3 @ a2 + b3[None]                                               # (B)
    relu1 = jax.nn.relu(1.0 - x[2] * a3)                                  # (B)
    return relu1
"""
    )


def test_the_source_runs_by_itself() -> None:
    x, w = [Value(float(i)) for i in range(5)], [Value(0.1 * i - 0.2) for i in range(3)]
    y = functional.sum(w[i % 3].maximum(x[(3 * i) % 5]).softplus() for i in range(5)) + (w[0] ** x[1]).expm1()
    program = compile(y, x)
    f, namespace = program.to_jax(), {}
    exec(f.source, namespace)
    batch = np.abs(np.random.default_rng(0).normal(size=(4, 5)))
    np.testing.assert_array_equal(namespace["forward"](batch, program.theta), f(batch, program.theta))


def test_transformations() -> None:
    program, rng = network(lambda outputs, targets: (outputs[0] - targets[0]).tanh() ** 2), np.random.default_rng(0)
    f, theta, batch = program.to_jax(), program.theta, rng.normal(size=(5, 3))
    wanted = program(batch)
    np.testing.assert_allclose(jax.jit(f)(batch, theta), wanted, rtol=1e-12)
    np.testing.assert_allclose(jax.vmap(f, (0, None))(batch, theta), wanted, rtol=1e-12)
    thetas = theta + rng.normal(size=(3, len(theta)))
    many = [program(batch, one) for one in thetas]
    np.testing.assert_allclose(jax.vmap(f, (None, 0))(batch, thetas), many, rtol=1e-12)
    jacobian = program.jacobian(batch, "parameters")[:, 0]
    np.testing.assert_allclose(jax.jacobian(f, 1)(batch, theta), jacobian, rtol=1e-10, atol=1e-14)
    hessian = jax.jit(jax.hessian(lambda x: f(x, theta)))
    for sample in batch:
        assert f(sample, theta).shape == ()
        np.testing.assert_allclose(hessian(sample), program.hessian(sample), rtol=1e-10, atol=1e-14)


def test_several_outputs_and_none_that_vary() -> None:
    x, w = [Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]
    program = compile([w[0] * x[1], w[1] + 1.0, x[0] + 0.0, Value.constant(2.0)], x)
    f, batch = program.to_jax(), np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(f(batch, program.theta), program(batch))
    np.testing.assert_array_equal(f(batch[0], program.theta), program(batch[0]))
    assert f(batch[:0], program.theta).shape == (0, 4)


def test_registered_operations_keep_their_own_derivatives() -> None:
    before = dict(ops.OPERATIONS), dict(ops.FLOATS)
    try:
        step = register(Operation("hard_step", "step", "greater(x, 0)", ("sigmoid(x) * (1 - sigmoid(x))",)))
        x, w = Value(0.5), Value(-2.0)
        program = compile(step(x * w), [x])
        value, gradient = program.value_and_grad([[0.7]])
        f = program.to_jax()
        found = jax.value_and_grad(lambda theta: f(np.array([0.7]), theta))(program.theta)
        np.testing.assert_allclose(found[0], value)
        np.testing.assert_allclose(found[1], gradient, rtol=1e-12)
        assert gradient[0] != 0.0
        twice = jax.hessian(lambda theta: f(np.array([0.7]), theta))(program.theta)
        np.testing.assert_allclose(twice, program.hessian([0.7], "parameters"), rtol=1e-12)
    finally:
        for table, rows in zip((ops.OPERATIONS, ops.FLOATS), before, strict=True):
            table.clear()
            table.update(rows)


def test_32_bits_are_an_error() -> None:
    program = network()
    f = program.to_jax()
    with jax.enable_x64(False):
        for call in (program.to_jax, lambda: f(np.zeros((1, 3)), program.theta)):
            with pytest.raises(TypeError, match="jax_enable_x64"):
                call()
    assert f(np.zeros((1, 3), np.float32), program.theta.astype(np.float32)).dtype == np.float64


@pytest.mark.parametrize(
    ("batch", "theta", "error", "message"),
    [
        (np.zeros((2, 4)), np.zeros(337), ValueError, r"a batch has 1 or 2 axes, the last of size 3, got \(2, 4\)"),
        (np.zeros((2, 2, 3)), np.zeros(337), ValueError, "a batch has 1 or 2 axes"),
        (np.zeros((2, 3)), np.zeros(338), ValueError, "theta has 1 axes, the last of size 337"),
        (np.zeros((2, 3), complex), np.zeros(337), TypeError, "a batch is an array of real numbers, got complex"),
    ],
)
def test_what_does_not_fit_is_refused(batch, theta, error, message: str) -> None:
    with pytest.raises(error, match=message):
        network().to_jax()(batch, theta)
