"""A small convolutional network: an image of 8 × 8, six filters of 3 × 3, relu, maximum pooling, a linear layer of 10.

A row has 64 pixels and 1 for its class of 10; the loss is the cross-entropy.
"""

import numpy as np

from autograd import functional

from ..work import Work, split

FILTERS, SIZE, PATCH, CLASSES = 6, 8, 3, 10
OUT = SIZE - PATCH + 1
POOLED = OUT // 2
SHAPES = [(FILTERS, PATCH * PATCH), (FILTERS,), (CLASSES, FILTERS * POOLED * POOLED), (CLASSES,)]


def work(samples: int = 64) -> Work:
    rng = np.random.default_rng(0)
    batch = np.column_stack([rng.random((samples, SIZE * SIZE)), np.eye(CLASSES)[rng.integers(0, CLASSES, samples)]])
    theta = np.concatenate([rng.normal(0, 1 / 3, 60), rng.normal(0, 0.1, 550)])
    title = f"8 × 8 image, six 3 × 3 filters, maximum pooling, linear, batch {samples}"
    return Work(title, SHAPES, theta, batch, record, by_hand, loss)


def record(row, filters, biases, w, b):
    def convolved(weights, bias, i, j):
        patch = [row[SIZE * (i + di) + j + dj] for di in range(PATCH) for dj in range(PATCH)]
        return (functional.dot(weights, patch) + bias).relu()

    pooled = []
    for weights, bias in zip(filters, biases, strict=True):
        a = [[convolved(weights, bias, i, j) for j in range(OUT)] for i in range(OUT)]
        for i in range(0, OUT, 2):
            for j in range(0, OUT, 2):
                pooled.append(a[i][j].maximum(a[i][j + 1]).maximum(a[i + 1][j]).maximum(a[i + 1][j + 1]))
    logits = [functional.dot(weights, pooled) + bias for weights, bias in zip(w, b, strict=True)]
    return -functional.dot(row[SIZE * SIZE :], functional.log_softmax(logits))


def by_hand(theta, batch):
    """By a matrix of patches (im2col)."""
    f, fb, w, b = split(theta, SHAPES)
    grad = np.empty_like(theta)
    df, dfb, dw, db = split(grad, SHAPES)
    n = len(batch)
    images = batch[:, : SIZE * SIZE].reshape(n, SIZE, SIZE)
    y = np.ascontiguousarray(batch[:, SIZE * SIZE :])

    def run():
        windows = np.lib.stride_tricks.sliding_window_view(images, (PATCH, PATCH), axis=(1, 2))
        columns = windows.reshape(n * OUT * OUT, PATCH * PATCH)
        z = columns @ f.T
        z += fb
        a = np.maximum(z, 0.0).reshape(n, POOLED, 2, POOLED, 2, FILTERS)
        pooled = a.max(axis=(2, 4))
        flat = pooled.transpose(0, 3, 1, 2).reshape(n, -1)
        logits = flat @ w.T
        logits += b
        logits -= logits.max(axis=1, keepdims=True)
        e = np.exp(logits)
        total = e.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - (logits * y).sum(axis=1)).sum() / n

        d = e / total
        d -= y
        d /= n
        dw[:] = d.T @ flat
        db[:] = d.sum(axis=0)
        dpooled = (d @ w).reshape(n, FILTERS, POOLED, POOLED).transpose(0, 2, 3, 1)
        da = (a == pooled[:, :, None, :, None]) * dpooled[:, :, None, :, None]
        da *= a > 0  # where all are 0 the maximum is shared, and relu passes nothing
        dz = da.reshape(n * OUT * OUT, FILTERS)
        df[:] = dz.T @ columns
        dfb[:] = dz.sum(axis=0)
        return loss, grad

    return run


def loss(m, batch, filters, biases, w, b):
    images = batch[:, : SIZE * SIZE].reshape(-1, 1, SIZE, SIZE)
    pooled = m.max_pool(m.relu(m.convolution(images, filters.reshape(FILTERS, 1, PATCH, PATCH), biases)))
    logits = pooled.reshape(len(batch), -1) @ w.T + b
    return -(batch[:, SIZE * SIZE :] * m.log_softmax(logits)).sum(1)
