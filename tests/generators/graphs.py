"""Random graphs: any operation on any operands, in rows of one form and alone."""

from __future__ import annotations

import random

from autograd import Value, ops
from autograd.value import record

UNARY = [row for row in ops.OPERATIONS.values() if row.arguments == ("x",)]
BINARY = [row for row in ops.OPERATIONS.values() if len(row.arguments) == 2]
NUMBERS = (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0)


def random_graph(rng: random.Random, leaves: list[Value], size: int) -> list[Value]:
    """Single nodes and rows of nodes of one form, on operands taken anywhere or in order."""
    nodes = list(leaves)
    while len(nodes) < size:
        width = rng.choice((1, 1, 2, 3, 4, 6))
        rows = [nodes, leaves, nodes[-width:], [*map(Value.constant, NUMBERS)]]
        xs, ys = (_operands(rng, rng.choice(rows), width) for _ in range(2))
        kind = rng.random()
        if kind < 0.35:
            op = rng.choice(BINARY)
            nodes += [record(op, x, y) for x, y in zip(xs, ys, strict=True)]
        elif kind < 0.6:
            op = rng.choice(UNARY)
            nodes += [record(op, x) for x in xs]
        elif kind < 0.7:  # rows of products of the same leaves, in any order
            for _ in range(rng.randint(2, 4)):
                nodes.append(_sum(rng, [record(ops.MUL, *_operands(rng, leaves, 2)) for _ in range(rng.randint(1, 3))]))
        elif kind < 0.85:  # a layer, some of it left out
            inner = _operands(rng, rng.choice(rows[:3]), rng.randint(1, 4))
            for _ in range(width):
                terms = [
                    record(ops.MUL, _pick(rng, leaves), x) for x in inner[: rng.choice((1, len(inner), len(inner)))]
                ]
                nodes.append(_sum(rng, terms + [_pick(rng, leaves)] * rng.randint(0, 1)))
        else:
            nodes.append(_sum(rng, xs + ys))
    return nodes


def _pick(rng: random.Random, values: list[Value]) -> Value:
    return values[rng.randrange(len(values))]


def _operands(rng: random.Random, row: list[Value], width: int) -> list[Value]:
    if rng.random() < 0.5 and len(row) >= width:
        start = rng.randint(0, len(row) - width)
        return row[start : start + width]
    return [_pick(rng, row) for _ in range(width)]


def _sum(rng: random.Random, terms: list[Value]) -> Value:
    total = terms[0]
    for term in terms[1:]:
        total = total - term if rng.random() < 0.2 else total + term
    return total


def generated(
    seed: int, size: int, n_inputs: int, n_parameters: int, n_outputs: int, rows: int = 3
) -> tuple[list[Value], list[Value], list[list[float]]]:
    """The outputs of a random graph, its inputs and a batch of rows of them."""
    rng = random.Random(seed + 1)
    theta = [rng.choice((rng.uniform(-2, 2), 1.0, 0.0)) for _ in range(n_parameters)]
    rows = rows if n_inputs else 1
    batch = [[rng.choice((rng.uniform(-2, 2), 1.0, 0.0)) for _ in range(n_inputs)] for _ in range(rows)]
    inputs, parameters = [*map(Value, batch[0])], [*map(Value, theta)]
    rng = random.Random(seed)
    nodes = random_graph(rng, inputs + parameters, size)
    return [_pick(rng, nodes[-n_outputs - 2 :]) for _ in range(n_outputs)], inputs, batch
