"""Loss and gradient of a small convolutional network, batches of 64: ``python benchmarks/compiled_convolution.py``.

An 8x8 image, six 3x3 filters, relu, 2x2 maximum pooling (6x3x3), a linear layer of 10, cross-entropy.
"""

import timing  # isort: skip  # sets the number of threads

import numpy as np

from autograd import Value, functional
from autograd.compiler import compile

BATCH, FILTERS, SIZE, PATCH, CLASSES = 64, 6, 8, 3, 10
OUT = SIZE - PATCH + 1
POOLED = OUT // 2


def graph() -> tuple[Value, list[Value]]:
    """The loss of one sample: 64 pixels and 10 numbers that are 1 for its class."""
    rng = np.random.default_rng(0)
    image = [[Value(p) for p in row] for row in rng.random((SIZE, SIZE))]
    target = [Value(0.1) for _ in range(CLASSES)]
    filters = [[Value(w) for w in f] for f in rng.normal(0, 1 / 3, (FILTERS, PATCH * PATCH))]
    biases = [Value(0.0) for _ in filters]

    def convolve(weights: list[Value], bias: Value, i: int, j: int) -> Value:
        patch = [image[i + di][j + dj] for di in range(PATCH) for dj in range(PATCH)]
        return (functional.dot(weights, patch) + bias).relu()

    pooled = []
    for weights, bias in zip(filters, biases, strict=True):
        a = [[convolve(weights, bias, i, j) for j in range(OUT)] for i in range(OUT)]
        for i in range(0, OUT, 2):
            for j in range(0, OUT, 2):
                pooled.append(a[i][j].maximum(a[i][j + 1]).maximum(a[i + 1][j]).maximum(a[i + 1][j + 1]))
    rows = [[Value(w) for w in row] for row in rng.normal(0, 0.1, (CLASSES, len(pooled)))]
    logits = [functional.dot(row, pooled) + Value(0.0) for row in rows]
    loss = -functional.dot(target, functional.log_softmax(logits))
    return loss, [pixel for row in image for pixel in row] + target


def by_hand(theta, x, y):
    n_filters = FILTERS * PATCH * PATCH
    n_linear = CLASSES * FILTERS * POOLED * POOLED
    f, fb = theta[:n_filters].reshape(FILTERS, -1), theta[n_filters : n_filters + FILTERS]
    start = n_filters + FILTERS
    w, b = theta[start : start + n_linear].reshape(CLASSES, -1), theta[start + n_linear :]
    grad = np.empty_like(theta)
    n = len(x)
    images = x.reshape(n, SIZE, SIZE)

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
        grad[start : start + n_linear].reshape(CLASSES, -1)[:] = d.T @ flat
        grad[start + n_linear :] = d.sum(axis=0)
        dpooled = (d @ w).reshape(n, FILTERS, POOLED, POOLED).transpose(0, 2, 3, 1)
        da = (a == pooled[:, :, None, :, None]) * dpooled[:, :, None, :, None]
        da *= a > 0  # where all are 0 the maximum is shared, and relu passes nothing
        dz = da.reshape(n * OUT * OUT, FILTERS)
        grad[:n_filters].reshape(FILTERS, -1)[:] = dz.T @ columns
        grad[n_filters:start] = dz.sum(axis=0)
        return loss, grad

    return run


def main() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((BATCH, SIZE * SIZE)), np.eye(CLASSES)[rng.integers(0, CLASSES, BATCH)]
    batch = np.column_stack([x, y])
    program = compile(*graph())
    theta = np.array([p.data for p in program.parameters])
    competitors = {
        "compiled": lambda: program.value_and_grad(batch, theta=theta),
        "NumPy by hand (im2col)": by_hand(theta, x, y),
    }
    timing.check(competitors)
    timing.side_by_side("convolution, 8x8 image, six 3x3 filters, pool, linear, batch 64", competitors)


if __name__ == "__main__":
    main()
