"""Loss and gradient of causal attention, 8 positions, 4 heads of 4: ``python benchmarks/compiled_attention.py``.

Each position attends to itself and to those before it; the loss is half the squared distance of the output from a
target.
"""

import timing  # isort: skip  # sets the number of threads

import numpy as np

from autograd import Value, functional
from autograd.compiler import compile

BATCH, LENGTH, HEADS, SIZE = 32, 8, 4, 4
WIDTH = HEADS * SIZE


def graph() -> tuple[Value, list[Value], list[Value]]:
    """The loss of one sequence (8 x 16 inputs, 8 x 16 targets), and the parameters as the program by hand has them."""
    rng = np.random.default_rng(0)
    xs, targets = ([[Value(v) for v in row] for row in rng.normal(size=(LENGTH, WIDTH))] for _ in range(2))
    matrices = [[[Value(v) for v in row] for row in rng.normal(0, 0.25, (WIDTH, WIDTH))] for _ in range(4)]

    def linear(matrix: list[list[Value]], x: list[Value]) -> list[Value]:
        return [functional.dot(row, x) for row in matrix]

    queries, keys, values = ([linear(matrix, x) for x in xs] for matrix in matrices[:3])
    loss = Value.constant(0.0)
    for t in range(LENGTH):
        mixed: list[Value] = []
        for head in range(HEADS):
            part = slice(head * SIZE, (head + 1) * SIZE)
            scores = [functional.dot(queries[t][part], keys[s][part]) / SIZE**0.5 for s in range(t + 1)]
            weights = functional.softmax(scores)
            mixed += [functional.dot(weights, [values[s][d] for s in range(t + 1)]) for d in range(WIDTH)[part]]
        for out, target in zip(linear(matrices[3], mixed), targets[t], strict=True):
            loss = loss + (out - target) ** 2
    inputs = [v for rows in (xs, targets) for row in rows for v in row]
    return 0.5 * loss, inputs, [w for matrix in matrices for row in matrix for w in row]


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


def main() -> None:
    batch = np.random.default_rng(0).normal(size=(BATCH, 2 * LENGTH * WIDTH))
    loss, inputs, parameters = graph()
    program = compile(loss, inputs)
    theta = np.array([p.data for p in program.parameters])
    order = timing.order(program, parameters)
    for size in (1, BATCH):
        samples = batch[:size]
        hand = by_hand(np.array([p.data for p in parameters]), samples)

        def compiled(samples=samples):
            return program.value_and_grad(samples, theta=theta)

        def in_order(compiled=compiled):
            loss, gradient = compiled()
            return loss, gradient[order]

        timing.check({"compiled": in_order, "NumPy by hand": hand})
        timing.side_by_side(
            f"causal attention, 8 positions, 4 heads of 4, batch {size}", {"compiled": compiled, "NumPy by hand": hand}
        )


if __name__ == "__main__":
    main()
