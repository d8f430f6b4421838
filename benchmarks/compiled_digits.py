"""Loss and gradient of a 64-32-10 network, cross-entropy, batches of 64: ``python benchmarks/compiled_digits.py``."""

import timing  # isort: skip  # sets the number of threads

import numpy as np

from autograd import Value, functional
from autograd.compiler import compile

BATCH = 64


def graph() -> tuple[Value, list[Value]]:
    """The loss of one sample: 64 pixels and 10 numbers that are 1 for its class."""
    rng = np.random.default_rng(0)
    inputs = [Value(0.5) for _ in range(64)]
    target = [Value(0.1) for _ in range(10)]

    def layer(xs: list[Value], n: int) -> list[Value]:
        rows = [[Value(w) for w in rng.normal(0, len(xs) ** -0.5, len(xs))] for _ in range(n)]
        biases = [Value(0.0) for _ in range(n)]
        return [functional.dot(row, xs) + b for row, b in zip(rows, biases, strict=True)]

    logits = layer([z.relu() for z in layer(inputs, 32)], 10)
    loss = -functional.dot(target, functional.log_softmax(logits))
    return loss, inputs + target


def by_hand(theta, x, y):
    w1, b1 = theta[:2048].reshape(32, 64), theta[2048:2080]
    w2, b2 = theta[2080:2400].reshape(10, 32), theta[2400:]
    grad = np.empty_like(theta)
    n = len(x)

    def run():
        h = x @ w1.T
        h += b1
        np.maximum(h, 0.0, out=h)
        z = h @ w2.T
        z += b2
        z -= z.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - (z * y).sum(axis=1)).sum() / n
        dz = e / total
        dz -= y
        dz /= n
        grad[2080:2400].reshape(10, 32)[:] = dz.T @ h
        grad[2400:] = dz.sum(axis=0)
        dh = dz @ w2
        dh *= h > 0
        grad[:2048].reshape(32, 64)[:] = dh.T @ x
        grad[2048:2080] = dh.sum(axis=0)
        return loss, grad

    return run


def by_torch(theta, x, y):
    import torch

    torch.set_num_threads(1)
    parts = theta[:2048].reshape(32, 64), theta[2048:2080], theta[2080:2400].reshape(10, 32), theta[2400:]
    parameters = [torch.tensor(part, requires_grad=True) for part in parts]
    w1, b1, w2, b2 = parameters
    x, classes = torch.tensor(x), torch.tensor(y.argmax(axis=1))

    def run():
        z = torch.nn.functional.linear(torch.relu(torch.nn.functional.linear(x, w1, b1)), w2, b2)
        loss = torch.nn.functional.cross_entropy(z, classes)
        return loss.item(), torch.cat([g.ravel() for g in torch.autograd.grad(loss, parameters)]).numpy()

    return run


def main() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((BATCH, 64)), np.eye(10)[rng.integers(0, 10, BATCH)]
    batch = np.column_stack([x, y])
    program = compile(*graph())
    theta = np.array([p.data for p in program.parameters])
    competitors = {
        "compiled": lambda: program.value_and_grad(batch, theta=theta),
        "NumPy by hand": by_hand(theta, x, y),
    }
    try:
        competitors["PyTorch"] = by_torch(theta, x, y)
    except ImportError as error:
        print(f"(without {error.name})")
    timing.check(competitors)
    timing.side_by_side("digits, 64-32-10, cross-entropy, batch 64", competitors)


if __name__ == "__main__":
    main()
