"""Graphs to compile: a network on many points, and what is hard on a compiler of arrays.

A chain of operations one node wide, an integrator, and operations on operands picked at random.
"""

import random
from itertools import pairwise

from autograd import Value, functional


def moons(points: int) -> Value:
    """Hinge loss and L2 of a 2-16-16-1 network, 656 nodes a point."""
    rng = random.Random(0)
    sizes = (2, 16, 16, 1)
    layers = [
        [([Value(rng.gauss(0, 0.5)) for _ in range(n_in)], Value(0.0)) for _ in range(n_out)]
        for n_in, n_out in pairwise(sizes)
    ]
    losses = []
    for _ in range(points):
        values = [rng.uniform(-1, 1), rng.uniform(-1, 1)]
        for depth, layer in enumerate(layers):
            values = [functional.dot(weights, values) + bias for weights, bias in layer]
            if depth < len(layers) - 1:
                values = [value.relu() for value in values]
        losses.append((1 - rng.choice((-1, 1)) * values[0]).relu())
    penalty = functional.sum(p * p for layer in layers for weights, bias in layer for p in (*weights, bias))
    return functional.mean(losses) + 1e-4 * penalty


def sum_chain(length: int) -> Value:
    """x + y + y + y + ..."""
    total, term = Value(0.0), Value(1e-3)
    for _ in range(length):
        total = total + term
    return total


def sine_chain(length: int) -> Value:
    """sin(sin(sin(...)))"""
    total = Value(0.5)
    for _ in range(length):
        total = total.sin()
    return total


def lorenz(steps: int) -> Value:
    """Lorenz's equations by Runge and Kutta, 71 operations a step."""
    state = [Value(1.0), Value(1.1), Value(1.2)]
    sigma, rho, beta = Value(10.0), Value(28.0), Value(8 / 3)

    def slope(x: Value, y: Value, z: Value) -> list[Value]:
        return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]

    for _ in range(steps):
        k1 = slope(*state)
        k2 = slope(*(u + 0.005 * k for u, k in zip(state, k1, strict=True)))
        k3 = slope(*(u + 0.005 * k for u, k in zip(state, k2, strict=True)))
        k4 = slope(*(u + 0.01 * k for u, k in zip(state, k3, strict=True)))
        parts = zip(state, k1, k2, k3, k4, strict=True)
        state = [u + (0.01 / 6) * (a + 2 * b + 2 * c + d) for u, a, b, c, d in parts]
    return state[0] + state[1] * state[2]


def random_operands(size: int) -> Value:
    """Products, sums and sines of any two of the 1,000 nodes before."""
    rng = random.Random(0)
    nodes = [Value(rng.uniform(-1, 1)) for _ in range(1000)]
    operations = (lambda x, y: x * y, lambda x, y: x + y, lambda x, y: (x - y).sin())
    while len(nodes) < size:
        recent = nodes[-1000:]
        nodes.append(rng.choice(operations)(rng.choice(recent), rng.choice(recent)))
    return functional.sum(nodes[-1000:])
