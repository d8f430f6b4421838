"""A recurrent network of 8 units over 250 steps of 4 inputs, with a loss in every step."""

import numpy as np

from autograd import Value, functional

from ..work import Work, split

UNITS, WIDTH = 8, 4
SHAPES = [(UNITS, WIDTH), (UNITS, UNITS), (UNITS,), (UNITS,)]


def work(samples: int = 32, steps: int = 250) -> Work:
    rng = np.random.default_rng(0)
    batch, theta = rng.normal(size=(samples, steps * WIDTH)), rng.normal(0, 0.3, 112)
    title = f"recurrent network, {steps} steps, 8 units, batch {samples}"
    return Work(title, SHAPES, theta, batch, record, by_hand, loss)


def record(row, w_in, w_state, b, v):
    s, losses = [Value.constant(0.0)] * UNITS, []
    for t in range(0, len(row), WIDTH):
        x = row[t : t + WIDTH]
        s = [(functional.dot(w, x) + functional.dot(u, s) + c).tanh() for w, u, c in zip(w_in, w_state, b, strict=True)]
        losses.append((functional.dot(v, s) - 0.5) ** 2)
    return functional.sum(losses)


def by_hand(theta, batch):
    """With samples along the last axis, and the gradients of weights taken once over all steps."""
    w_in, w_state, b, v = split(theta, SHAPES)
    grad = np.empty_like(theta)
    dw_in, dw_state, db, dv = split(grad, SHAPES)
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


def _by_steps(array):
    """(T, n, B) as (n, T * B)."""
    return array.transpose(1, 0, 2).reshape(array.shape[1], -1)


def loss(m, batch, w_in, w_state, b, v):
    def step(s, z):
        s = m.tanh(z + s @ w_state.T)
        return s, s

    x = batch.reshape(len(batch), -1, WIDTH).swapaxes(0, 1)
    _, states = m.scan(step, m.zeros((len(batch), UNITS)), x @ w_in.T + b)
    return ((states @ v - 0.5) ** 2).sum(0)
