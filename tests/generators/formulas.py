"""Random formulas, as a user writes them: few leaves, one function of another, many with a kink, scaled by numbers."""

from __future__ import annotations

import random

from autograd import Value

FORMS = (
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: x - y,
    lambda x, y: y - x,
    lambda x, y: -x,
    lambda x, y: x / (2.5 + y.tanh()),
    lambda x, y: x.tanh(),
    lambda x, y: 1.5 * x.tanh(),
    lambda x, y: (0.3 * x).tanh().exp(),
    lambda x, y: x.sin(),
    lambda x, y: x.sigmoid(),
    lambda x, y: x**2,
    lambda x, y: x**3 * 0.5,
    lambda x, y: x.relu(),
    lambda x, y: abs(x),
    lambda x, y: x.maximum(y),
    lambda x, y: x.minimum(0.3),
)


def formula(rng: random.Random, leaves: list[Value], size: int, count: int) -> list[Value]:
    """So many outputs of a formula with so many steps, each of what was made last, or of anything."""
    made = list(leaves)
    for _ in range(size):
        x = made[-1] if rng.random() < 0.6 else rng.choice(made)
        made.append(rng.choice(FORMS)(x, rng.choice([*made, Value.constant(0.5)])))
    return made[-count:]
