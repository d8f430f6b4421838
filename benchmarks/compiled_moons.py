"""One training step of a 2-16-16-1 network on 100 points, hinge loss and L2: compiled, by hand, JAX, PyTorch.

``python benchmarks/compiled_moons.py``. Forward, backward and the update of plain gradient descent.
"""

import timing  # isort: skip  # sets the number of threads

import random
from itertools import pairwise

import numpy as np

from autograd import Value
from autograd.compiler import compile

RATE, DECAY = 0.1, 1e-4
SIZES = (2, 16, 16, 1)


def graph(sizes: tuple[int, ...], seed: int = 0) -> tuple[Value, list[Value]]:
    """The loss of one sample (two coordinates and a class of -1 or 1), in scalars."""
    rng = random.Random(seed)
    inputs = [Value(0.5), Value(0.5), Value(1.0)]
    parameters: list[Value] = []
    values = inputs[:2]
    for depth, (n_in, n_out) in enumerate(pairwise(sizes)):
        weights = [[Value(rng.gauss(0, n_in**-0.5)) for _ in range(n_in)] for _ in range(n_out)]
        biases = [Value(0.0) for _ in range(n_out)]
        values = [
            sum((w * v for w, v in zip(row, values, strict=True)), b) for row, b in zip(weights, biases, strict=True)
        ]
        if depth < len(sizes) - 2:
            values = [v.relu() for v in values]
        parameters += [w for row in weights for w in row] + biases
    loss = (1 - inputs[2] * values[0]).relu() + DECAY * sum(p * p for p in parameters)
    return loss, inputs


def by_hand(theta, x, y):
    """The same step as a good NumPy programmer writes it."""
    w1, b1 = theta[:32].reshape(16, 2), theta[32:48]
    w2, b2 = theta[48:304].reshape(16, 16), theta[304:320]
    w3 = theta[320:336]
    w1t, w2t = w1.T, w2.T
    n = len(x)
    grad = np.empty_like(theta)
    g1, gb1 = grad[:32].reshape(16, 2), grad[32:48]
    g2, gb2 = grad[48:304].reshape(16, 16), grad[304:320]
    g3 = grad[320:336]

    def step():
        z1 = x @ w1t
        z1 += b1
        h1 = np.maximum(z1, 0.0)
        z2 = h1 @ w2t
        z2 += b2
        h2 = np.maximum(z2, 0.0)
        margin = 1.0 - y * (h2 @ w3 + theta[336])
        loss = np.maximum(margin, 0.0).sum() / n + DECAY * (theta @ theta)

        dscore = y * (margin > 0)
        dscore *= -1.0 / n
        g3[:] = dscore @ h2
        grad[336] = dscore.sum()
        dz2 = np.outer(dscore, w3)
        dz2 *= h2 > 0
        g2[:] = dz2.T @ h1
        gb2[:] = dz2.sum(0)
        dz1 = dz2 @ w2
        dz1 *= h1 > 0
        g1[:] = dz1.T @ x
        gb1[:] = dz1.sum(0)
        grad[:] += 2.0 * DECAY * theta
        theta[:] -= RATE * grad
        return loss

    return step


def main() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(100, 2))
    classes = np.where(rng.random(100) < 0.5, -1.0, 1.0)
    batch = np.column_stack([points, classes])
    loss, inputs = graph(SIZES)
    program = compile(loss, inputs)
    start = np.array([p.data for p in program.parameters])

    theta = start.copy()

    def compiled():
        value, gradient = program.value_and_grad(batch, theta=theta)
        theta[:] -= RATE * gradient
        return value

    competitors = {"compiled": compiled, "NumPy by hand": by_hand(start.copy(), points, classes)}
    try:
        competitors["JAX jit"] = by_jax(start.copy(), points, classes)
        competitors["PyTorch"] = by_torch(start.copy(), points, classes)
    except ImportError as error:
        print(f"(without {error.name})")
    losses = {name: [float(run()) for _ in range(3)] for name, run in competitors.items()}
    for name, found in losses.items():
        assert np.allclose(found, losses["compiled"]), (name, found, losses["compiled"])
    timing.side_by_side("moons step, 2-16-16-1, 100 points", competitors)


def by_jax(theta, x, y):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def objective(theta, x, y):
        h1 = jax.nn.relu(x @ theta[:32].reshape(16, 2).T + theta[32:48])
        h2 = jax.nn.relu(h1 @ theta[48:304].reshape(16, 16).T + theta[304:320])
        score = h2 @ theta[320:336] + theta[336]
        return jnp.maximum(1 - y * score, 0).mean() + DECAY * (theta @ theta)

    @jax.jit
    def step(theta, x, y):
        loss, gradient = jax.value_and_grad(objective)(theta, x, y)
        return loss, theta - RATE * gradient

    state = [jnp.array(theta)]
    x, y = jnp.array(x), jnp.array(y)

    def run():
        loss, state[0] = step(state[0], x, y)
        state[0].block_until_ready()
        return loss

    return run


def by_torch(theta, x, y):
    import torch

    torch.set_num_threads(1)
    w1, b1, w2, b2, w3, b3 = (
        torch.tensor(part, requires_grad=True)
        for part in (
            theta[:32].reshape(16, 2),
            theta[32:48],
            theta[48:304].reshape(16, 16),
            theta[304:320],
            theta[320:336],
            theta[336:337],
        )
    )
    parameters = [w1, b1, w2, b2, w3, b3]
    x, y = torch.tensor(x), torch.tensor(y)

    def run():
        h1 = torch.relu(x @ w1.T + b1)
        h2 = torch.relu(h1 @ w2.T + b2)
        loss = torch.relu(1 - y * (h2 @ w3 + b3)).mean() + DECAY * sum((p * p).sum() for p in parameters)
        for gradient, p in zip(torch.autograd.grad(loss, parameters), parameters, strict=True):
            with torch.no_grad():
                p -= RATE * gradient
        return loss.item()

    return run


if __name__ == "__main__":
    main()
