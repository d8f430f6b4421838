"""Recurrent graphs for tests: the families that have names, and random ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from autograd import Value, functional, grad
from autograd.graph import topological_order
from autograd.value import record

Number = Value | float
Graph = tuple[list[Value], list[Value]]
"""Outputs and inputs."""


def values(rng: random.Random, n: int, scale: float = 0.6) -> list[Value]:
    return [Value(rng.uniform(-scale, scale)) for _ in range(n)]


def matrix(rng: random.Random, rows: int, columns: int) -> list[list[Value]]:
    return [values(rng, columns) for _ in range(rows)]


def affine(weights: Sequence[Sequence[Value]], x: Sequence[Number], b: Sequence[Number]) -> list[Value]:
    return [
        functional.sum([bias, *(w * z for w, z in zip(row, x, strict=True))])
        for row, bias in zip(weights, b, strict=True)
    ]


def squares(xs: Sequence[Number]) -> Value:
    return functional.sum(x * x for x in xs)


class Cell:
    """``tanh(U @ state + W @ x + b)``"""

    def __init__(self, rng: random.Random, units: int, width: int) -> None:
        self.by_state, self.by_input, self.b = matrix(rng, units, units), matrix(rng, units, width), values(rng, units)

    def __call__(self, state: Sequence[Number], x: Sequence[Number]) -> list[Value]:
        return [z.tanh() for z in affine(self.by_state, state, affine(self.by_input, x, self.b))]


# ---- families: each takes random numbers, how many steps, and the inputs of each step


def chain(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    w, b = values(rng, 2)
    y = xs[0][0]
    for _ in range(steps):
        y = (w * y + b).sin()
    return [y]


def rnn(rng: random.Random, steps: int, xs: list[list[Value]], every: int = 0) -> list[Value]:
    cell, v = Cell(rng, 3, 2), values(rng, 3)
    state: Sequence[Number] = [0.0] * 3
    losses = []
    for t, x in enumerate(xs):
        state = cell(state, x)
        if every and t % every == 0:
            losses.append(functional.dot(v, state) - 0.5)
    return [squares(losses) if every else functional.dot(v, state)]


def rnn_of_losses(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    return rnn(rng, steps, xs, every=1)


def rnn_of_some_losses(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    return rnn(rng, steps, xs, every=5)


def rnn_from_parameters(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    cell, state = Cell(rng, 3, 2), values(rng, 3)
    for x in xs:
        state = cell(state, x)
    return [squares(state)]


def part_of_the_last(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    cell, state = Cell(rng, 3, 2), values(rng, 3)
    for x in xs:
        state = cell(state, x)
    return [state[1] * 2.0]


def lstm(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    gates, v = [(matrix(rng, 2, 2), matrix(rng, 2, 2), values(rng, 2)) for _ in range(4)], values(rng, 2)
    h: Sequence[Number] = [0.0] * 2
    c: Sequence[Number] = [0.0] * 2
    losses = []
    for x in xs:
        z = [affine(u, h, affine(w, x, b)) for u, w, b in gates]
        i, f, o = ([each.sigmoid() for each in gate] for gate in z[:3])
        c = [a * b + d * e.tanh() for a, b, d, e in zip(f, c, i, z[3], strict=True)]
        h = [a * b.tanh() for a, b in zip(o, c, strict=True)]
        losses.append(functional.dot(v, h) - 0.3)
    return [squares(losses)]


def gru(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    (u, w, b), (ur, wr, br), (uz, wz, bz) = [(matrix(rng, 2, 2), matrix(rng, 2, 2), values(rng, 2)) for _ in range(3)]
    h: Sequence[Value] = values(rng, 2)
    for x in xs:
        r = [a.sigmoid() for a in affine(ur, h, affine(wr, x, br))]
        z = [a.sigmoid() for a in affine(uz, h, affine(wz, x, bz))]
        n = [a.tanh() for a in affine(u, [p * q for p, q in zip(r, h, strict=True)], affine(w, x, b))]
        h = [(1.0 - p) * q + p * s for p, q, s in zip(z, n, h, strict=True)]
    return [squares(h)]


def lorenz(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    sigma, rho, beta = Value(10.0), Value(28.0), Value(8 / 3)

    def slope(s: Sequence[Value]) -> list[Value]:
        x, y, z = s
        return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]

    def moved(s: Sequence[Value], k: Sequence[Value], h: float) -> list[Value]:
        return [a + h * b for a, b in zip(s, k, strict=True)]

    s = [*xs[0], xs[1][0]]
    for _ in range(steps):
        k1 = slope(s)
        k2 = slope(moved(s, k1, 0.005))
        k3 = slope(moved(s, k2, 0.005))
        k4 = slope(moved(s, k3, 0.01))
        s = [x + 0.01 / 6 * (a + 2 * b + 2 * c + d) for x, a, b, c, d in zip(s, k1, k2, k3, k4, strict=True)]
    return [s[0] + s[1] * s[2]]


def leapfrog(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    x, v, k = xs[0][0], xs[0][1], Value(1.3)
    for _ in range(steps):
        half = v - 0.05 * k * x.sin()
        x = x + 0.1 * half
        v = half - 0.05 * k * x.sin()
    return [x * x + v * v]


def by_numbers(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    y, w = xs[0][0], Value(0.8)
    for t in range(steps):
        y = (w * y * (1.0 - t / 50) + 0.1 * t).sin() - 1.0 / (t + 2.0)
    return [y]


def by_parameters(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    state: Sequence[Number] = xs[0]
    for _ in range(steps):
        state = [z.tanh() for z in affine(matrix(rng, 2, 2), state, values(rng, 2))]
    return [squares(state)]


def two_steps_ago(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    (a, b, c), (y, z) = values(rng, 3), xs[0]
    for _ in range(steps):
        y, z = (a * y + b * z * z + c).tanh(), y
    return [y + z]


def three_steps_ago(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    w, past = values(rng, 3), [*xs[0], xs[1][1]]
    losses = []
    for x in xs:
        past.append((functional.dot(w, past[-3:]) + x[0]).tanh())
        losses.append(past[-1] * past[-3])
    return [functional.sum(losses)]


def descent(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    (a, b), w, rate = xs[0], Value(0.5), Value(0.1)
    for _ in range(steps):
        (slope,) = grad(((w * a).tanh() - b) ** 2, [w], create_graph=True)
        w = w - rate * slope
    return [((w * a).tanh() - b) ** 2]


def momentum(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    (a, b), w, rate, kept = xs[0], values(rng, 2), Value(0.1), Value(0.7)
    speed: Sequence[Number] = [0.0] * 2
    for _ in range(steps):
        slopes = grad((w[0] * a - b) ** 2 + (w[1] * b).sin(), w, create_graph=True)
        speed = [kept * s + g for s, g in zip(speed, slopes, strict=True)]
        w = [x - rate * s for x, s in zip(w, speed, strict=True)]
    return [squares(w)]


def in_turns(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    (a, b), y = values(rng, 2), xs[0][0]
    for t in range(steps):
        y = ((a * y).sin(), (b * y + a).tanh(), y * b + 0.1)[t % 3]
    return [y]


def encoder_decoder(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    encoder, decoder, v = Cell(rng, 3, 2), Cell(rng, 2, 3), values(rng, 2)
    state, losses = values(rng, 3), []
    for x in xs:
        state = encoder(state, x)
    out = values(rng, 2)
    for x in xs:
        out = decoder(out, state)
        losses.append(functional.dot(v, out) - x[0])
    return [squares(losses)]


def stacked(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    cells, states = [Cell(rng, 3, 2), Cell(rng, 2, 3)], [values(rng, 3), values(rng, 2)]
    losses = []
    for x in xs:
        states[0] = cells[0](states[0], x)
        states[1] = cells[1](states[1], states[0])
        losses.append(states[1][0] - 0.2)
    return [squares(losses)]


def both_ways(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    cells, found = [Cell(rng, 2, 2), Cell(rng, 2, 2)], []
    for cell, rows in zip(cells, (xs, xs[::-1]), strict=True):
        state, states = values(rng, 2), []
        for x in rows:
            state = cell(state, x)
            states.append(state)
        found.append(states)
    return [functional.sum(a[0] * b[1] for a, b in zip(found[0], found[1][::-1], strict=True))]


def interrupted(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    cell, state = Cell(rng, 3, 2), values(rng, 3)
    for t, x in enumerate(xs):
        if t == steps // 2:
            state = [(s.exp() + 0.1).sin() for s in state]
        state = cell(state, x)
    return [squares(state)]


def largest(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    y, w, losses = xs[0][0], Value(0.9), []
    for x in xs:
        y = (w * y).maximum(x[0] * x[1]) - 0.1
        losses.append(y.relu() * x[1])
    return [functional.sum(losses)]


def hidden_states(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    """The forward algorithm: sums in the logarithm."""
    moves, seen, alpha = matrix(rng, 3, 3), matrix(rng, 3, 2), values(rng, 3)
    for x in xs:
        alpha = [
            functional.logsumexp([a + m for a, m in zip(alpha, row, strict=True)]) + functional.dot(w, x)
            for row, w in zip(moves, seen, strict=True)
        ]
    return [functional.logsumexp(alpha)]


def iteration(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    """Square roots by Newton's method, of several numbers side by side."""
    a = [x * x + 1.5 for x in xs[0]]
    y: Sequence[Number] = [1.0] * len(a)
    for _ in range(steps):
        y = [0.5 * (p + q / p) for p, q in zip(y, a, strict=True)]
    return [squares(y)]


def side_by_side(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    """Chains with the same parameters, recorded one after the other."""
    w, b = values(rng, 2)
    ends = []
    for x in [x for row in xs[:3] for x in row]:
        for _ in range(steps):
            x = (w * x + b).sin()
        ends.append(x)
    return [squares(ends)]


def powers(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    y, r = xs[0][0].sigmoid(), Value(3.2)
    for _ in range(steps):
        y = r * y * (1.0 - y) + 0.01 * y**3 - 0.02 * (y + 1.0) ** 0.5
    return [y]


def mixture(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    """Attention over a state of several slots, which the inputs write to."""
    slots, key = values(rng, 4), Value(0.7)
    for x in xs:
        weights = functional.softmax([key * s * x[0] for s in slots])
        slots = [s + w * (x[1] - s) for s, w in zip(slots, weights, strict=True)]
    return [squares(slots)]


def several_outputs(rng: random.Random, steps: int, xs: list[list[Value]]) -> list[Value]:
    cell, state, found = Cell(rng, 2, 2), values(rng, 2), []
    for x in xs:
        state = cell(state, x)
        found.append(state[0])
    return found[::3] + state


FAMILIES: dict[str, Callable[[random.Random, int, list[list[Value]]], list[Value]]] = {
    family.__name__: family
    for family in (
        *(chain, rnn, rnn_of_losses, rnn_of_some_losses, rnn_from_parameters, part_of_the_last, lstm, gru, lorenz),
        *(leapfrog, by_numbers, by_parameters, two_steps_ago, three_steps_ago, descent, momentum, in_turns),
        *(encoder_decoder, stacked, both_ways, interrupted, largest, hidden_states, iteration, powers, mixture),
        *(several_outputs, side_by_side),
    )
}


def family(name: str, steps: int, seed: int = 0) -> Graph:
    """The outputs of that family, and its inputs: two for each step."""
    rng = random.Random(seed)
    xs = matrix(rng, steps, 2)
    outputs = FAMILIES[name](rng, steps, xs)
    return outputs, [x for row in xs for x in row]


# ---- random recurrences


def random_steps(seed: int) -> int:
    """How many steps a random recurrence has."""
    return random.Random(-1 - seed).randint(6, 24)


def random_recurrence(seed: int) -> Graph:
    """A few numbers that are carried on by random operations; inputs, parameters and numbers by step; losses."""
    rng, steps = random.Random(seed), random_steps(seed)
    n, width = rng.randint(1, 4), rng.choice((1, 1, 2, 3))
    inputs = values(rng, steps * width) if rng.random() < 0.7 else []
    shared, own, weights = values(rng, rng.randint(1, 5)), matrix(rng, steps, 2), matrix(rng, n, n)
    numbers = [rng.uniform(-1, 1) for _ in range(steps)]
    start = rng.choice((values(rng, n), [Value(0.3).tanh() * x for x in values(rng, n)], [0.0] * n, inputs[:n]))
    state: list[Number] = [*start, *values(rng, n)][:n]
    recipe = [(rng.choice(OPERATIONS), rng.randrange(12), rng.randrange(12)) for _ in range(rng.randint(1, 6))]
    has = {kind: rng.random() < 0.3 for kind in ("own", "number", "loss", "layer", "back", "all")}
    past, losses = [list(state)] * 2, []
    for t in range(steps):
        pool: list[Number] = [*state, *(inputs[t * width : (t + 1) * width] or shared[:1]), *shared]
        pool += [*(own[t] if has["own"] else ()), *([numbers[t]] if has["number"] else ())]
        pool += past[-2] if has["back"] else ()
        if has["layer"]:
            state = [each.tanh() for each in affine(weights, state, [shared[0]] * n)]
            pool += state
        for operation, i, j in recipe:
            pool.append(operation(pool[i % len(pool)], pool[j % len(pool)]))
            if not isinstance(pool[-1], Value):
                pool[-1] = Value(0.1) + pool[-1]
        made = pool[-len(recipe) :]
        state = [y * 0.5 + made[i % len(made)] * 0.5 for i, y in enumerate(state)]
        past.append(list(state))
        if has["loss"]:
            losses.append(squares([state[0] - numbers[t]]))
    return [functional.sum([state[0] * 1.0, *losses, *(state[1:] if has["all"] else ())])], inputs


def random_copies(seed: int) -> Graph:
    """A random recurrence two to five times side by side, on inputs of its own each; most parameters are shared."""
    rng, (outputs, inputs) = random.Random(seed), random_recurrence(seed)
    nodes = topological_order(*outputs)
    own = {*inputs, *(node for node in nodes if node.is_leaf and rng.random() < 0.2)}
    ends, samples = list(outputs), list(inputs)
    for _ in range(rng.randint(1, 4)):
        new: dict[Value, Value] = {}
        for node in nodes:
            new[node] = record(node.op, *(new[parent] for parent in node.parents)) if node.parents else node
            if node in own:
                new[node] = Value(rng.uniform(-0.6, 0.6))
        ends += [new[output] for output in outputs]
        samples += [new.get(x, Value(0.0)) for x in inputs]
    return [functional.sum(ends)], samples


def _unary(name: str) -> Callable[[Number, Number], Number]:
    return lambda x, y: getattr(x, name)() if isinstance(x, Value) else x


OPERATIONS: list[Callable[[Number, Number], Number]] = [
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: x - y,
    lambda x, y: x * y + x,
    lambda x, y: x / (y * y + 1.5),
    lambda x, y: x.maximum(y) if isinstance(x, Value) else x,
    *(_unary(name) for name in ("tanh", "sin", "relu", "sigmoid")),
]


def one_output(graph: tuple[list[Value], list[Value]]) -> tuple[Value, list[Value]]:
    (output,), inputs = graph
    return output, inputs
