"""A network of 64-32-10 neurons on images of digits: cross-entropy. A row has 64 pixels and 1 for its class of 10."""

import numpy as np

from autograd import functional

from ..work import Work, split

SHAPES = [(32, 64), (32,), (10, 32), (10,)]


def work(samples: int = 64) -> Work:
    rng = np.random.default_rng(0)
    batch = np.column_stack([rng.random((samples, 64)), np.eye(10)[rng.integers(0, 10, samples)]])
    theta = np.concatenate([rng.normal(0, 1 / 8, 2080), rng.normal(0, 32**-0.5, 330)])
    return Work(f"64-32-10 network, cross-entropy, batch {samples}", SHAPES, theta, batch, record, by_hand, loss)


def record(row, w1, b1, w2, b2):
    h = [(functional.dot(w, row[:64]) + b).relu() for w, b in zip(w1, b1, strict=True)]
    logits = [functional.dot(w, h) + b for w, b in zip(w2, b2, strict=True)]
    return -functional.dot(row[64:], functional.log_softmax(logits))


def by_hand(theta, batch):
    w1, b1, w2, b2 = split(theta, SHAPES)
    grad = np.empty_like(theta)
    g1, gb1, g2, gb2 = split(grad, SHAPES)
    x, y = np.ascontiguousarray(batch[:, :64]), np.ascontiguousarray(batch[:, 64:])
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
        g2[:] = dz.T @ h
        gb2[:] = dz.sum(axis=0)
        dh = dz @ w2
        dh *= h > 0
        g1[:] = dh.T @ x
        gb1[:] = dh.sum(axis=0)
        return loss, grad

    return run


def loss(m, batch, w1, b1, w2, b2):
    h = m.relu(batch[:, :64] @ w1.T + b1)
    return -(batch[:, 64:] * m.log_softmax(h @ w2.T + b2)).sum(1)
