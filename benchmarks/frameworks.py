"""What the compiler writes for JAX and PyTorch, beside the same written by hand: ``python benchmarks/frameworks.py``.

Loss and gradient of the networks of ``compiled_moons.py`` and ``compiled_digits.py``, jitted in JAX, eager in PyTorch.
"""

import timing  # isort: skip  # sets the number of threads

import compiled_digits
import compiled_moons
import jax
import jax.numpy as jnp
import numpy as np
import torch

from autograd.compiler import Program, compile

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)


def moons_by_hand(m, relu):
    """The mean loss in the framework whose module is m."""

    def loss(theta, batch):
        h1 = relu(batch[:, :2] @ theta[:32].reshape(16, 2).T + theta[32:48])
        h2 = relu(h1 @ theta[48:304].reshape(16, 16).T + theta[304:320])
        score = h2 @ theta[320:336] + theta[336]
        return relu(1 - batch[:, 2] * score).mean() + compiled_moons.DECAY * (theta @ theta)

    return loss


def digits_by_hand(m, relu):
    def loss(theta, batch):
        h = relu(batch[:, :64] @ theta[:2048].reshape(32, 64).T + theta[2048:2080])
        z = h @ theta[2080:2400].reshape(10, 32).T + theta[2400:]
        return (m.logsumexp(z, 1) - (z * batch[:, 64:]).sum(1)).mean()

    return loss


def in_jax(loss, theta, batch):
    step = jax.jit(jax.value_and_grad(loss))
    theta, batch = jnp.array(theta), jnp.array(batch)

    def run():
        value, gradient = step(theta, batch)
        return float(value), gradient.block_until_ready()

    return run


def in_torch(loss, theta, batch):
    batch = torch.tensor(batch)

    def run():
        value = loss(theta, batch)
        (gradient,) = torch.autograd.grad(value, theta)
        return value.item(), gradient.numpy()

    return run


class _InJax:
    logsumexp = staticmethod(jax.nn.logsumexp)


def compare(title: str, program: Program, by_hand, batch) -> None:
    theta, f, module = program.theta, program.to_jax(), program.to_torch()

    pairs = {
        "JAX": {
            "to_jax": in_jax(lambda theta, batch: f(batch, theta).mean(), theta, batch),
            "JAX by hand": in_jax(by_hand(_InJax, jax.nn.relu), theta, batch),
        },
        "PyTorch": {
            "to_torch": in_torch(lambda _, batch: module(batch).mean(), module.theta, batch),
            "PyTorch by hand": in_torch(by_hand(torch, torch.relu), torch.tensor(theta, requires_grad=True), batch),
        },
    }
    for name, competitors in pairs.items():
        timing.check(competitors)
        timing.side_by_side(f"{title}, {name}", competitors)


def main() -> None:
    rng = np.random.default_rng(0)
    points, classes = rng.normal(size=(100, 2)), np.where(rng.random(100) < 0.5, -1.0, 1.0)
    loss, inputs = compiled_moons.graph(compiled_moons.SIZES)
    compare("moons, 100 points", compile(loss, inputs), moons_by_hand, np.column_stack([points, classes]))
    x, y = rng.random((64, 64)), np.eye(10)[rng.integers(0, 10, 64)]
    compare("digits, batch 64", compile(*compiled_digits.graph()), digits_by_hand, np.column_stack([x, y]))


if __name__ == "__main__":
    main()
