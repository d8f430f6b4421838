"""Loss and gradient of recurrences over many steps: ``python benchmarks/compiled_sequences.py [STEPS ...]``.

An RNN (8 units, 4 inputs, a loss in every step), an LSTM of that size, the chain ``y = sin(w * y + b)`` and the Lorenz
equations by RK4, for 32 samples. Beside the program: the same in C; NumPy by hand, with a loop of its own and gradients
of parameters taken once over all steps; and, up to 250 steps, the program without loops.
"""

import timing  # isort: skip  # sets the number of threads

import os
import sys
import tempfile
import time
from functools import partial
from unittest import mock

import numpy as np

from autograd import Value, compile, functional
from autograd.compiler import roll

BATCH, UNITS, WIDTH = 32, 8, 4


def leaves(array):
    return [leaves(row) for row in array] if np.ndim(array) else Value(float(array))


def flat(nested):
    return [v for row in nested for v in flat(row)] if isinstance(nested, list) else [nested]


class RNN:
    def __init__(self, steps):
        rng = np.random.default_rng(0)
        self.x = rng.normal(size=(BATCH, steps, WIDTH))
        shapes = [(UNITS, WIDTH), (UNITS, UNITS), (UNITS,), (UNITS,)]
        self.arrays = [rng.normal(0, 0.3, shape) for shape in shapes]

    def graph(self):
        w_in, w_state, b, v = self.parameters = leaves_of(self.arrays)
        x = leaves(self.x[0])
        s, losses = [Value.constant(0.0)] * UNITS, []
        for row in x:
            s = [
                (functional.dot(w, row) + functional.dot(u, s) + c).tanh()
                for w, u, c in zip(w_in, w_state, b, strict=True)
            ]
            losses.append((functional.dot(v, s) - 0.5) ** 2)
        return functional.sum(losses), flat(x)

    def by_hand(self):
        (w_in, w_state, b, v), steps = self.arrays, self.x.shape[1]
        x = np.ascontiguousarray(self.x.transpose(1, 2, 0))

        def run():
            z = w_in @ x + b[:, None]
            states = np.empty((steps, UNITS, BATCH))
            s = states[0] = np.tanh(z[0])
            for t in range(1, steps):
                s = states[t] = np.tanh(w_state @ s + z[t])
            e = v @ states - 0.5
            de = 2 / BATCH * e
            dstates = de[:, None] * v[:, None]
            dv = np.einsum("tb,thb->h", de, states)
            dz = np.empty_like(z)
            ds = dstates[-1]
            for t in range(steps - 1, -1, -1):
                d = dz[t] = ds * (1 - states[t] * states[t])
                if t:
                    ds = dstates[t - 1] + w_state.T @ d
            dw_state = by_steps(dz[1:]) @ by_steps(states[:-1]).T
            dw_in = by_steps(dz) @ by_steps(x).T
            return (e * e).sum() / BATCH, joined(dw_in, dw_state, dz.sum((0, 2)), dv)

        return run


class LSTM:
    def __init__(self, steps):
        rng = np.random.default_rng(0)
        self.x = rng.normal(size=(BATCH, steps, WIDTH))
        shapes = [(4 * UNITS, WIDTH), (4 * UNITS, UNITS), (4 * UNITS,), (UNITS,)]
        self.arrays = [rng.normal(0, 0.3, shape) for shape in shapes]

    def graph(self):
        w_in, w_state, b, v = self.parameters = leaves_of(self.arrays)
        x = leaves(self.x[0])
        s = c = [Value.constant(0.0)] * UNITS
        losses = []
        for row in x:
            z = [functional.dot(w, row) + functional.dot(u, s) + k for w, u, k in zip(w_in, w_state, b, strict=True)]
            i, f, o = ([q.sigmoid() for q in z[k * UNITS : (k + 1) * UNITS]] for k in range(3))
            g = [q.tanh() for q in z[3 * UNITS :]]
            c = [f[k] * c[k] + i[k] * g[k] for k in range(UNITS)]
            s = [o[k] * c[k].tanh() for k in range(UNITS)]
            losses.append((functional.dot(v, s) - 0.3) ** 2)
        return functional.sum(losses), flat(x)

    def by_hand(self):
        (w_in, w_state, b, v), steps, h = self.arrays, self.x.shape[1], UNITS
        x = np.ascontiguousarray(self.x.transpose(1, 2, 0))

        def run():
            z = w_in @ x + b[:, None]
            states, cells = np.zeros((steps + 1, h, BATCH)), np.zeros((steps + 1, h, BATCH))
            gates, tanh_c = np.empty((steps, 4 * h, BATCH)), np.empty((steps, h, BATCH))
            for t in range(steps):
                y, a = w_state @ states[t] + z[t], gates[t]
                a[: 3 * h] = 1 / (1 + np.exp(-y[: 3 * h]))
                a[3 * h :] = np.tanh(y[3 * h :])
                cells[t + 1] = a[h : 2 * h] * cells[t] + a[:h] * a[3 * h :]
                tanh_c[t] = np.tanh(cells[t + 1])
                states[t + 1] = a[2 * h : 3 * h] * tanh_c[t]
            e = v @ states[1:] - 0.3
            de = 2 / BATCH * e
            dv, dstates = np.einsum("tb,thb->h", de, states[1:]), de[:, None] * v[:, None]
            dz = np.empty_like(gates)
            ds = dc = np.zeros((h, BATCH))
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
            dw_in, dw_state = by_steps(dz) @ by_steps(x).T, by_steps(dz) @ by_steps(states[:-1]).T
            return (e * e).sum() / BATCH, joined(dw_in, dw_state, dz.sum((0, 2)), dv)

        return run


class Chain:
    def __init__(self, steps):
        self.steps, self.x = steps, np.random.default_rng(0).normal(size=(BATCH, 1))
        self.arrays = [np.array([0.9]), np.array([0.1])]

    def graph(self):
        (w,), (b,) = self.parameters = leaves_of(self.arrays)
        x = y = Value(0.3)
        for _ in range(self.steps):
            y = (w * y + b).sin()
        return y, [x]

    def by_hand(self):
        (w,), (b,) = self.arrays
        x, steps = self.x[:, 0].copy(), self.steps

        def run():
            ys, zs = np.empty((steps + 1, BATCH)), np.empty((steps, BATCH))
            ys[0] = x
            for t in range(steps):
                zs[t] = w * ys[t] + b
                ys[t + 1] = np.sin(zs[t])
            g, ds_z = np.full(BATCH, 1 / BATCH), np.empty_like(zs)
            for t in range(steps - 1, -1, -1):
                ds_z[t] = g * np.cos(zs[t])
                g = ds_z[t] * w
            return ys[-1].mean(), np.array([(ds_z * ys[:-1]).sum(), ds_z.sum()])

        return run


class Lorenz:
    step = 0.01

    def __init__(self, steps):
        self.steps, self.x = steps, np.random.default_rng(0).normal(1, 0.1, (BATCH, 3))
        self.arrays = [np.array([10.0]), np.array([28.0]), np.array([8 / 3])]

    def graph(self):
        (sigma,), (rho,), (beta,) = self.parameters = leaves_of(self.arrays)

        def slope(s):
            x, y, z = s
            return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]

        x, h = leaves(self.x[0]), self.step
        s = x
        for _ in range(self.steps):
            k1 = slope(s)
            k2 = slope([a + 0.5 * h * k for a, k in zip(s, k1, strict=True)])
            k3 = slope([a + 0.5 * h * k for a, k in zip(s, k2, strict=True)])
            k4 = slope([a + h * k for a, k in zip(s, k3, strict=True)])
            s = [a + h / 6 * (p + 2 * q + 2 * u + w) for a, p, q, u, w in zip(s, k1, k2, k3, k4, strict=True)]
        return s[0] + s[1] * s[2], x

    def by_hand(self):
        ((sigma,), (rho,), (beta,)), steps, h = self.arrays, self.steps, self.step
        x0 = np.ascontiguousarray(self.x.T)

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
            g, grad = np.stack([np.ones(BATCH), s[2], s[1]]) / BATCH, np.zeros(3)
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


def leaves_of(arrays):
    return [leaves(array) for array in arrays]


def by_steps(array):
    """(T, n, B) as (n, T * B)."""
    return array.transpose(1, 0, 2).reshape(array.shape[1], -1)


def joined(*arrays):
    return np.concatenate([array.ravel() for array in arrays])


def compiled(loss, inputs):
    start = time.process_time()
    program = compile(loss, inputs)
    return program, time.process_time() - start


def built(loss, inputs):
    """The program in C, and the processor time of the compiler of C."""
    with tempfile.TemporaryDirectory() as directory, mock.patch.dict(os.environ, VALUEGRAD_CACHE=directory):
        start = os.times()
        program = compile(loss, inputs, target="c")
        stop = os.times()
    return program, stop.children_user + stop.children_system - start.children_user - start.children_system


def main() -> None:
    for steps in [int(argument) for argument in sys.argv[1:]] or [50, 250, 1000]:
        for model in (RNN(steps), LSTM(steps), Chain(steps), Lorenz(steps)):
            loss, inputs = model.graph()
            program, seconds = compiled(loss, inputs)
            batch = model.x.reshape(BATCH, -1)
            in_c, seconds_in_c = built(loss, inputs)
            programs = {"compiled": program, "in C": in_c}
            if steps <= 250:
                with mock.patch.object(roll, "SAVED", 10**12):
                    programs["without loops"] = compile(loss, inputs)
            hand = model.by_hand()
            runs = {name: partial(p.value_and_grad, batch, theta=p.theta) for name, p in programs.items()}
            for name, run in runs.items():
                value, gradient = run()
                order = timing.order(programs[name], flat(model.parameters))
                np.testing.assert_allclose(value, hand()[0], rtol=1e-9)
                np.testing.assert_allclose(gradient[order], hand()[1], rtol=1e-7, atol=1e-9)
            title = f"{type(model).__name__}, {steps} steps, batch {BATCH}, compiled in {seconds:.2f} s"
            title += f", in C in {seconds_in_c:.2f} s besides"
            timing.side_by_side(title, runs | {"NumPy by hand": hand})


if __name__ == "__main__":
    main()
