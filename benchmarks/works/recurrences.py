"""Recurrences over many steps: a recurrent network, an LSTM, a chain, and the equations of Lorenz."""

import numpy as np

from autograd import Value, functional

from ..work import Work, split

UNITS, WIDTH = 8, 4
RNN = [(UNITS, WIDTH), (UNITS, UNITS), (UNITS,), (UNITS,)]


def rnn(steps: int, samples: int = 32) -> Work:
    """A recurrent network of 8 units with a loss in every step."""
    rng = np.random.default_rng(0)
    batch, theta = rng.normal(size=(samples, steps * WIDTH)), rng.normal(0, 0.3, 112)
    title = f"recurrent network, {steps} steps, 8 units, batch {samples}"
    return Work(title, RNN, theta, batch, _record_rnn, _rnn_by_hand, _rnn_in_arrays)


def _record_rnn(row, w_in, w_state, b, v):
    s, losses = [Value.constant(0.0)] * UNITS, []
    for t in range(0, len(row), WIDTH):
        x = row[t : t + WIDTH]
        s = [(functional.dot(w, x) + functional.dot(u, s) + c).tanh() for w, u, c in zip(w_in, w_state, b, strict=True)]
        losses.append((functional.dot(v, s) - 0.5) ** 2)
    return functional.sum(losses)


def _rnn_by_hand(theta, batch):
    """With samples along the last axis, and the gradients of weights taken once over all steps."""
    w_in, w_state, b, v = split(theta, RNN)
    grad = np.empty_like(theta)
    dw_in, dw_state, db, dv = split(grad, RNN)
    n = len(batch)
    x = np.ascontiguousarray(batch.reshape(n, -1, WIDTH).transpose(1, 2, 0))
    steps = len(x)

    def run():
        z = w_in @ x + b[:, None]
        states = np.empty((steps, UNITS, n))
        s = states[0] = np.tanh(z[0])
        for t in range(1, steps):
            s = states[t] = np.tanh(w_state @ s + z[t])
        e = v @ states - 0.5
        de = 2 / n * e
        dstates = de[:, None] * v[:, None]
        dv[:] = np.einsum("tb,thb->h", de, states)
        dz = np.empty_like(z)
        ds = dstates[-1]
        for t in range(steps - 1, -1, -1):
            d = dz[t] = ds * (1 - states[t] * states[t])
            if t:
                ds = dstates[t - 1] + w_state.T @ d
        dw_state[:] = _by_steps(dz[1:]) @ _by_steps(states[:-1]).T
        dw_in[:] = _by_steps(dz) @ _by_steps(x).T
        db[:] = dz.sum((0, 2))
        return (e * e).sum() / n, grad

    return run


def _rnn_in_arrays(m, batch, w_in, w_state, b, v):
    def step(s, z):
        s = m.tanh(z + s @ w_state.T)
        return s, s

    x = batch.reshape(len(batch), -1, WIDTH).swapaxes(0, 1)
    _, states = m.scan(step, m.zeros((len(batch), UNITS)), x @ w_in.T + b)
    return ((states @ v - 0.5) ** 2).sum(0)


def lstm(steps: int, samples: int = 32) -> Work:
    """An LSTM of 8 units with a loss in every step."""
    rng, h = np.random.default_rng(0), UNITS
    shapes = [(4 * h, WIDTH), (4 * h, h), (4 * h,), (h,)]

    def record(row, w_in, w_state, b, v):
        s = c = [Value.constant(0.0)] * h
        losses = []
        for t in range(0, len(row), WIDTH):
            x = row[t : t + WIDTH]
            z = [functional.dot(w, x) + functional.dot(u, s) + k for w, u, k in zip(w_in, w_state, b, strict=True)]
            i, f, o = ([q.sigmoid() for q in z[k * h : (k + 1) * h]] for k in range(3))
            g = [q.tanh() for q in z[3 * h :]]
            c = [f[k] * c[k] + i[k] * g[k] for k in range(h)]
            s = [o[k] * c[k].tanh() for k in range(h)]
            losses.append((functional.dot(v, s) - 0.3) ** 2)
        return functional.sum(losses)

    def by_hand(theta, batch):
        (w_in, w_state, b, v), grad, n = split(theta, shapes), np.empty_like(theta), len(batch)
        dw_in, dw_state, db, dv = split(grad, shapes)
        x = np.ascontiguousarray(batch.reshape(n, steps, WIDTH).transpose(1, 2, 0))

        def run():
            z = w_in @ x + b[:, None]
            states, cells = np.zeros((steps + 1, h, n)), np.zeros((steps + 1, h, n))
            gates, tanh_c = np.empty((steps, 4 * h, n)), np.empty((steps, h, n))
            for t in range(steps):
                y, a = w_state @ states[t] + z[t], gates[t]
                a[: 3 * h] = 1 / (1 + np.exp(-y[: 3 * h]))
                a[3 * h :] = np.tanh(y[3 * h :])
                cells[t + 1] = a[h : 2 * h] * cells[t] + a[:h] * a[3 * h :]
                tanh_c[t] = np.tanh(cells[t + 1])
                states[t + 1] = a[2 * h : 3 * h] * tanh_c[t]
            e = v @ states[1:] - 0.3
            de = 2 / n * e
            dstates = de[:, None] * v[:, None]
            dv[:] = np.einsum("tb,thb->h", de, states[1:])
            dz = np.empty_like(gates)
            ds = dc = np.zeros((h, n))
            for t in range(steps - 1, -1, -1):
                ds = ds + dstates[t]
                a, d = gates[t], dz[t]
                i, f, o, g = a[:h], a[h : 2 * h], a[2 * h : 3 * h], a[3 * h :]
                dc = dc + ds * o * (1 - tanh_c[t] * tanh_c[t])
                d[:h] = dc * g * i * (1 - i)
                d[h : 2 * h] = dc * cells[t] * f * (1 - f)
                d[2 * h : 3 * h] = ds * tanh_c[t] * o * (1 - o)
                d[3 * h :] = dc * i * (1 - g * g)
                dc = dc * f
                ds = w_state.T @ d
            dw_in[:] = _by_steps(dz) @ _by_steps(x).T
            dw_state[:] = _by_steps(dz) @ _by_steps(states[:-1]).T
            db[:] = dz.sum((0, 2))
            return (e * e).sum() / n, grad

        return run

    theta, batch = rng.normal(0, 0.3, 424), rng.normal(size=(samples, steps * WIDTH))
    return Work(f"LSTM, {steps} steps, 8 units, batch {samples}", shapes, theta, batch, record, by_hand)


def chain(steps: int, samples: int = 32) -> Work:
    """y = sin(w * y + b), over and over."""

    def record(row, w, b):
        y = row[0]
        for _ in range(steps):
            y = (w[0] * y + b[0]).sin()
        return y

    def by_hand(theta, batch):
        (w, b), x, n = theta, batch[:, 0].copy(), len(batch)

        def run():
            ys, zs = np.empty((steps + 1, n)), np.empty((steps, n))
            ys[0] = x
            for t in range(steps):
                zs[t] = w * ys[t] + b
                ys[t + 1] = np.sin(zs[t])
            g, ds_z = np.full(n, 1 / n), np.empty_like(zs)
            for t in range(steps - 1, -1, -1):
                ds_z[t] = g * np.cos(zs[t])
                g = ds_z[t] * w
            return ys[-1].mean(), np.array([(ds_z * ys[:-1]).sum(), ds_z.sum()])

        return run

    batch = np.random.default_rng(0).normal(size=(samples, 1))
    return Work(
        f"y = sin(w * y + b), {steps} steps, batch {samples}",
        [(1,), (1,)],
        np.array([0.9, 0.1]),
        batch,
        record,
        by_hand,
    )


def lorenz(steps: int, samples: int = 32) -> Work:
    """The Lorenz equations by Runge and Kutta."""

    h = 0.01

    def record(row, sigma, rho, beta):
        def slope(s):
            x, y, z = s
            return [sigma[0] * (y - x), x * (rho[0] - z) - y, x * y - beta[0] * z]

        s = row
        for _ in range(steps):
            k1 = slope(s)
            k2 = slope([a + 0.5 * h * k for a, k in zip(s, k1, strict=True)])
            k3 = slope([a + 0.5 * h * k for a, k in zip(s, k2, strict=True)])
            k4 = slope([a + h * k for a, k in zip(s, k3, strict=True)])
            s = [a + h / 6 * (p + 2 * q + 2 * u + w) for a, p, q, u, w in zip(s, k1, k2, k3, k4, strict=True)]
        return s[0] + s[1] * s[2]

    def by_hand(theta, batch):
        (sigma, rho, beta), n = theta, len(batch)
        x0 = np.ascontiguousarray(batch.T)

        def slope(s):
            x, y, z = s
            return np.stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])

        def slope_back(s, g):
            x, y, z = s
            a, b, c = g
            ds = np.stack([-sigma * a + (rho - z) * b + y * c, sigma * a - b + x * c, -x * b - beta * c])
            return ds, np.array([((y - x) * a).sum(), (x * b).sum(), -(z * c).sum()])

        def run():
            s, tape = x0, []
            for _ in range(steps):
                k1 = slope(s)
                s2 = s + 0.5 * h * k1
                k2 = slope(s2)
                s3 = s + 0.5 * h * k2
                k3 = slope(s3)
                s4 = s + h * k3
                tape.append((s, s2, s3, s4))
                s = s + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(s4))
            out = s[0] + s[1] * s[2]
            g, grad = np.stack([np.ones(n), s[2], s[1]]) / n, np.zeros(3)
            for s1, s2, s3, s4 in reversed(tape):
                k = h / 6 * g
                q4, p4 = slope_back(s4, k)
                q3, p3 = slope_back(s3, 2 * k + h * q4)
                q2, p2 = slope_back(s2, 2 * k + 0.5 * h * q3)
                q1, p1 = slope_back(s1, k + 0.5 * h * q2)
                g = g + q4 + q3 + q2 + q1
                grad += p1 + p2 + p3 + p4
            return out.mean(), grad

        return run

    theta, batch = np.array([10.0, 28.0, 8 / 3]), np.random.default_rng(0).normal(1, 0.1, (samples, 3))
    return Work(f"Lorenz equations, {steps} steps, batch {samples}", [(1,)] * 3, theta, batch, record, by_hand)


def _by_steps(array):
    """(T, n, B) as (n, T * B)."""
    return array.transpose(1, 0, 2).reshape(array.shape[1], -1)
