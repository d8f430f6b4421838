"""Causal attention, 8 positions, 4 heads of 4: each position attends to itself and to those before it.

A row has 8 × 16 inputs and 8 × 16 targets; the loss is half the squared distance of the output from the targets.
"""

import numpy as np

from autograd import functional

from ..work import Work

LENGTH, HEADS, SIZE = 8, 4, 4
WIDTH = HEADS * SIZE
SHAPES = [(WIDTH, WIDTH)] * 4


def work(samples: int) -> Work:
    rng = np.random.default_rng(0)
    theta, batch = rng.normal(0, 0.25, 4 * WIDTH * WIDTH), rng.normal(size=(samples, 2 * LENGTH * WIDTH))
    of = f"batch {samples}" if samples > 1 else "one sequence"
    return Work(f"causal attention, 8 positions, 4 heads of 4, {of}", SHAPES, theta, batch, record, by_hand, loss)


def record(row, *matrices):
    def linear(matrix, x):
        return [functional.dot(weights, x) for weights in matrix]

    xs, targets = np.array(row, dtype=object).reshape(2, LENGTH, WIDTH)
    queries, keys, values = ([linear(matrix, x) for x in xs] for matrix in matrices[:3])
    losses = []
    for t in range(LENGTH):
        mixed = []
        for head in range(HEADS):
            part = slice(head * SIZE, (head + 1) * SIZE)
            scores = [functional.dot(queries[t][part], keys[s][part]) / SIZE**0.5 for s in range(t + 1)]
            weights = functional.softmax(scores)
            mixed += [functional.dot(weights, [values[s][d] for s in range(t + 1)]) for d in range(WIDTH)[part]]
        outputs = linear(matrices[3], mixed)
        losses += [(out - target) ** 2 for out, target in zip(outputs, targets[t], strict=True)]
    return 0.5 * functional.sum(losses)


def by_hand(theta, batch):
    wq, wk, wv, wo = theta.reshape(4, WIDTH, WIDTH)
    grad = np.empty_like(theta)
    dwq, dwk, dwv, dwo = grad.reshape(4, WIDTH, WIDTH)
    n = len(batch)
    x, target = batch.reshape(n, 2, LENGTH, WIDTH).transpose(1, 0, 2, 3)
    x = np.ascontiguousarray(x).reshape(-1, WIDTH)
    future = np.triu(np.full((LENGTH, LENGTH), -np.inf), 1)
    scale = SIZE**-0.5

    def heads(flat):
        return flat.reshape(n, LENGTH, HEADS, SIZE).transpose(0, 2, 1, 3)

    def flat(split):
        return split.transpose(0, 2, 1, 3).reshape(-1, WIDTH)

    def run():
        q, k, v = heads(x @ wq.T), heads(x @ wk.T), heads(x @ wv.T)
        scores = q @ k.swapaxes(2, 3)
        scores *= scale
        scores += future
        scores -= scores.max(axis=3, keepdims=True)
        weights = np.exp(scores, out=scores)
        weights /= weights.sum(axis=3, keepdims=True)
        mixed = flat(weights @ v)
        difference = (mixed @ wo.T).reshape(n, LENGTH, WIDTH) - target
        loss = 0.5 * (difference * difference).sum() / n

        d = (difference / n).reshape(-1, WIDTH)
        dwo[:] = d.T @ mixed
        dmixed = heads(d @ wo)
        dv = weights.swapaxes(2, 3) @ dmixed
        dweights = dmixed @ v.swapaxes(2, 3)
        dscores = weights * (dweights - (dweights * weights).sum(axis=3, keepdims=True))
        dscores *= scale
        dwq[:] = flat(dscores @ k).T @ x
        dwk[:] = flat(dscores.swapaxes(2, 3) @ q).T @ x
        dwv[:] = flat(dv).T @ x
        return loss, grad

    return run


def loss(m, batch, wq, wk, wv, wo):
    rows = batch.reshape(-1, 2, LENGTH, WIDTH)
    x, target = rows[:, 0], rows[:, 1]
    q, k, v = ((x @ w.T).reshape(-1, LENGTH, HEADS, SIZE).swapaxes(1, 2) for w in (wq, wk, wv))
    mixed = m.causal_attention(q, k, v).swapaxes(1, 2).reshape(-1, LENGTH, WIDTH)
    return 0.5 * ((mixed @ wo.T - target) ** 2).sum((1, 2))
