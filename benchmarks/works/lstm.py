"""An LSTM of 16 units over 10 steps of 4 inputs: half the squared distance of the last state from a target of 16."""

import numpy as np

from autograd import Value, functional

from ..work import Work, split

STEPS, UNITS, WIDTH = 10, 16, 4
SHAPES = [(4 * UNITS, WIDTH), (4 * UNITS, UNITS), (4 * UNITS,)]


def work(samples: int = 32) -> Work:
    rng = np.random.default_rng(0)
    theta = np.concatenate([rng.normal(0, 0.3, 4 * UNITS * (WIDTH + UNITS)), np.full(4 * UNITS, 0.1)])
    batch = rng.normal(size=(samples, STEPS * WIDTH + UNITS))
    return Work(f"LSTM, 10 steps, 16 units, batch {samples}", SHAPES, theta, batch, record, by_hand, loss)


def record(row, by_input, by_state, biases):
    h = c = [Value.constant(0.0)] * UNITS
    for t in range(STEPS):
        x = row[t * WIDTH : (t + 1) * WIDTH]
        z = [
            functional.dot(u, x) + functional.dot(w, h) + b for u, w, b in zip(by_input, by_state, biases, strict=True)
        ]
        i, f, o = ([v.sigmoid() for v in z[k * UNITS : (k + 1) * UNITS]] for k in range(3))
        g = [v.tanh() for v in z[3 * UNITS :]]
        c = [f[k] * c[k] + i[k] * g[k] for k in range(UNITS)]
        h = [o[k] * c[k].tanh() for k in range(UNITS)]
    return 0.5 * functional.sum((a - b) ** 2 for a, b in zip(h, row[STEPS * WIDTH :], strict=True))


def by_hand(theta, batch):
    u, w, b = split(theta, SHAPES)
    grad = np.empty_like(theta)
    du, dw, db = split(grad, SHAPES)
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
        dw[:] = 0.0
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
            dw[:] += d.T @ before_h
            dh = d @ w
            dc = dc * f
        flat = dz.reshape(-1, 4 * UNITS)
        du[:] = flat.T @ x.reshape(-1, WIDTH)
        db[:] = flat.sum(axis=0)
        return loss, grad

    return run


def loss(m, batch, by_input, by_state, biases):
    def step(state, z):
        h, c = state
        z = z + h @ by_state.T
        i, f, o = (m.sigmoid(z[:, k * UNITS : (k + 1) * UNITS]) for k in range(3))
        c = f * c + i * m.tanh(z[:, 3 * UNITS :])
        h = o * m.tanh(c)
        return (h, c), h

    x = batch[:, : STEPS * WIDTH].reshape(-1, STEPS, WIDTH).swapaxes(0, 1)
    nothing = m.zeros((len(batch), UNITS))
    (h, _), _ = m.scan(step, (nothing, nothing), x @ by_input.T + biases)
    return 0.5 * ((h - batch[:, STEPS * WIDTH :]) ** 2).sum(1)
