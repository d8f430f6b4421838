"""Loss and gradient of an LSTM cell unrolled 10 steps: ``python benchmarks/compiled_lstm.py``.

16 units, 4 inputs, batch 32. The loss is half the squared distance of the last state from a target.
"""

import timing  # isort: skip  # sets the number of threads

import numpy as np

from autograd import Value, functional
from autograd.compiler import compile

BATCH, STEPS, UNITS, WIDTH = 32, 10, 16, 4


def graph() -> tuple[Value, list[Value], list[Value]]:
    """The loss of one sequence (10 x 4 inputs and 16 targets), and the parameters as the program by hand has them."""
    rng = np.random.default_rng(0)
    inputs = [[Value(v) for v in row] for row in rng.normal(size=(STEPS, WIDTH))]
    target = [Value(v) for v in rng.normal(size=UNITS)]
    by_input = [[Value(v) for v in row] for row in rng.normal(0, 0.3, (4 * UNITS, WIDTH))]
    by_state = [[Value(v) for v in row] for row in rng.normal(0, 0.3, (4 * UNITS, UNITS))]
    biases = [Value(0.1) for _ in range(4 * UNITS)]
    h = c = [Value.constant(0.0)] * UNITS
    for x in inputs:
        z = [
            functional.dot(u, x) + functional.dot(w, h) + b for u, w, b in zip(by_input, by_state, biases, strict=True)
        ]
        i, f, o = ([v.sigmoid() for v in z[k * UNITS : (k + 1) * UNITS]] for k in range(3))
        g = [v.tanh() for v in z[3 * UNITS :]]
        c = [f[k] * c[k] + i[k] * g[k] for k in range(UNITS)]
        h = [o[k] * c[k].tanh() for k in range(UNITS)]
    loss = 0.5 * functional.sum((a - b) ** 2 for a, b in zip(h, target, strict=True))
    parameters = [w for row in by_input + by_state for w in row] + biases
    return loss, [v for row in inputs for v in row] + target, parameters


def by_hand(theta, batch):
    n_input, n_state = 4 * UNITS * WIDTH, 4 * UNITS * UNITS
    u = theta[:n_input].reshape(4 * UNITS, WIDTH)
    w = theta[n_input : n_input + n_state].reshape(4 * UNITS, UNITS)
    b = theta[n_input + n_state :]
    grad = np.empty_like(theta)
    n = len(batch)
    x = np.ascontiguousarray(batch[:, : STEPS * WIDTH].reshape(n, STEPS, WIDTH).transpose(1, 0, 2))
    target = batch[:, STEPS * WIDTH :]
    three = slice(0, 3 * UNITS)
    parts = [slice(k * UNITS, (k + 1) * UNITS) for k in range(4)]

    def run():
        h = c = np.zeros((n, UNITS))
        projected = x @ u.T + b
        kept = []
        for t in range(STEPS):
            z = projected[t] + h @ w.T
            a = np.empty_like(z)
            np.divide(1.0, 1.0 + np.exp(-z[:, three]), out=a[:, three])
            np.tanh(z[:, parts[3]], out=a[:, parts[3]])
            i, f, o, g = (a[:, part] for part in parts)
            before, c = c, f * c + i * g
            tanh_c = np.tanh(c)
            kept.append((h, before, a, tanh_c))
            h = o * tanh_c
        difference = h - target
        loss = 0.5 * (difference * difference).sum() / n

        dh, dc = difference / n, np.zeros((n, UNITS))
        dz = np.empty((STEPS, n, 4 * UNITS))
        dw = np.zeros_like(w)
        for t in reversed(range(STEPS)):
            before_h, before, a, tanh_c = kept[t]
            i, f, o, g = (a[:, part] for part in parts)
            dc = dc + dh * o * (1.0 - tanh_c * tanh_c)
            d = dz[t]
            d[:, parts[0]] = dc * g
            d[:, parts[1]] = dc * before
            d[:, parts[2]] = dh * tanh_c
            d[:, three] *= a[:, three] * (1.0 - a[:, three])
            d[:, parts[3]] = dc * i * (1.0 - g * g)
            dw += d.T @ before_h
            dh = d @ w
            dc = dc * f
        flat = dz.reshape(-1, 4 * UNITS)
        grad[:n_input].reshape(4 * UNITS, WIDTH)[:] = flat.T @ x.reshape(-1, WIDTH)
        grad[n_input : n_input + n_state].reshape(4 * UNITS, UNITS)[:] = dw
        grad[n_input + n_state :] = flat.sum(axis=0)
        return loss, grad

    return run


def main() -> None:
    batch = np.random.default_rng(0).normal(size=(BATCH, STEPS * WIDTH + UNITS))
    loss, inputs, parameters = graph()
    program = compile(loss, inputs)
    theta = np.array([p.data for p in program.parameters])
    hand = by_hand(np.array([p.data for p in parameters]), batch)
    order = timing.order(program, parameters)

    def in_order():
        loss, gradient = program.value_and_grad(batch, theta=theta)
        return loss, gradient[order]

    timing.check({"compiled": in_order, "NumPy by hand": hand})
    competitors = {"compiled": lambda: program.value_and_grad(batch, theta=theta), "NumPy by hand": hand}
    timing.side_by_side("LSTM, 10 steps, 16 units, batch 32", competitors)


if __name__ == "__main__":
    main()
