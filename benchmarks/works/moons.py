"""A network of 2-16-16-1 neurons on points of the plane: hinge loss and L2."""

import numpy as np

from autograd import functional

from ..work import Work, split

DECAY = 1e-4
SHAPES = [(16, 2), (16,), (16, 16), (16,), (16,), (1,)]


def work(samples: int = 100) -> Work:
    rng = np.random.default_rng(0)
    classes = np.where(rng.random(samples) < 0.5, -1.0, 1.0)
    batch = np.column_stack([rng.normal(size=(samples, 2)), classes])
    title = f"2-16-16-1 network, hinge loss and L2, batch {samples}"
    return Work(title, SHAPES, rng.normal(0, 0.3, 337), batch, record, by_hand, loss)


def record(row, w1, b1, w2, b2, w3, b3):
    h1 = [(functional.dot(w, row[:2]) + b).relu() for w, b in zip(w1, b1, strict=True)]
    h2 = [(functional.dot(w, h1) + b).relu() for w, b in zip(w2, b2, strict=True)]
    score = functional.dot(w3, h2) + b3[0]
    squares = functional.sum(p * p for part in (w1, b1, w2, b2, w3, b3) for p in part.ravel())
    return (1 - row[2] * score).relu() + DECAY * squares


def by_hand(theta, batch):
    w1, b1, w2, b2, w3, b3 = split(theta, SHAPES)
    grad = np.empty_like(theta)
    g1, gb1, g2, gb2, g3, gb3 = split(grad, SHAPES)
    x, y = np.ascontiguousarray(batch[:, :2]), batch[:, 2].copy()
    n = len(x)

    def run():
        z1 = x @ w1.T
        z1 += b1
        h1 = np.maximum(z1, 0.0)
        z2 = h1 @ w2.T
        z2 += b2
        h2 = np.maximum(z2, 0.0)
        margin = 1.0 - y * (h2 @ w3 + b3)
        loss = np.maximum(margin, 0.0).sum() / n + DECAY * (theta @ theta)

        dscore = y * (margin > 0)
        dscore *= -1.0 / n
        g3[:] = dscore @ h2
        gb3[:] = dscore.sum()
        dz2 = np.outer(dscore, w3)
        dz2 *= h2 > 0
        g2[:] = dz2.T @ h1
        gb2[:] = dz2.sum(0)
        dz1 = dz2 @ w2
        dz1 *= h1 > 0
        g1[:] = dz1.T @ x
        gb1[:] = dz1.sum(0)
        grad[:] += 2.0 * DECAY * theta
        return loss, grad

    return run


def loss(m, batch, w1, b1, w2, b2, w3, b3):
    h1 = m.relu(batch[:, :2] @ w1.T + b1)
    h2 = m.relu(h1 @ w2.T + b2)
    theta = m.concatenate([part.ravel() for part in (w1, b1, w2, b2, w3, b3)])
    return m.relu(1 - batch[:, 2] * (h2 @ w3 + b3)) + DECAY * (theta @ theta)
