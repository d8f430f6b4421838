"""Rows of different lengths: a table of which each row sums, mixes or compares some elements, in some order.

Sums over them are grids with holes. What flows back to them varies over the batch, or along a row, or does not; the
outputs are linear in them, or not. Each program is compared with the scalar engine for batches of several sizes.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from generators.tensors import Draw

from autograd import Value, functional

Element = Callable[[Value, Value], Value]
Row = Callable[[list[Value]], Value]

ELEMENTS: list[Element] = [
    lambda x, b: x + b,
    lambda x, b: x * b,
    lambda x, b: (x * b).tanh(),
    lambda x, b: (x - b) * (x - b),
    lambda x, b: x * b + b,
    lambda x, b: b.exp() * 0.5,
    lambda x, b: x.sigmoid(),
    lambda x, b: 0.3 * (x + b).relu(),
]
ROWS: list[Row] = [
    functional.sum,
    functional.sum,
    functional.mean,
    functional.logsumexp,
    lambda row: functional.dot(row, row),
    lambda row: functional.dot(functional.softmax(row), row[::-1]),
    lambda row: functional.sum(v * float(i + 1) for i, v in enumerate(row)),
    lambda row: functional.sum(v.exp() for v in row).log(),
]
OUTPUTS: list[Element] = [
    lambda w, s: w * s,
    lambda w, s: w * s,
    lambda w, s: s,
    lambda w, s: s.tanh(),
    lambda w, s: s * s * w,
]


def ragged(draw: Draw) -> list[Value]:
    """Some sums over rows of a table, and what is made of them."""
    choose = draw.choose
    inputs, others = choose.choice([(True, False), (True, False), (True, True), (False, True), (False, False)])
    height, width = choose.randint(2, 5), choose.randint(2, 6)
    left = (draw.input if inputs else draw.parameters)(height).tolist()
    right = (draw.input if others else draw.parameters)(width).tolist()
    weights = draw.parameters(3).tolist()
    element = choose.choice(ELEMENTS)
    table = [[element(x, b) for b in right] for x in left]
    linear = choose.random() < 0.5  # sums times parameters, and the table once more: no adjoint varies over the batch
    terms: list[Value] = []
    for _ in range(1 if linear else choose.randint(1, 3)):
        rows = _rows(choose, height, width)
        reduce, output, weight = choose.choice(ROWS), choose.choice(OUTPUTS), choose.choice([*weights, *left[:1]])
        if linear:
            reduce, output, weight = functional.sum, choose.choice(OUTPUTS[:2]), choose.choice(weights)
        sums = [reduce([table[i][j] for j in row]) for i, row in enumerate(rows) if row]
        scale = choose.choice([None, None, *left, *right])
        if scale is not None and len(sums) > 1 and not linear:
            sums = [s * scale for s in sums]
        terms += [output(weight if linear else choose.choice([weight, weight, *weights]), s) for s in sums]
    if linear or choose.random() < 0.5:
        terms += [2.0 * q for row in table for q in row]
    if choose.random() < 0.2:
        return [functional.sum(terms), terms[0], weights[0], *left[:1]][: choose.randint(2, 4)]
    return [functional.sum(terms)]


def _rows(choose: random.Random, height: int, width: int) -> list[list[int]]:
    """The beginning of each row, or any elements of it in any order."""
    if choose.random() < 0.5:
        return [list(range(choose.randint(1, width))) for _ in range(height)]
    return [choose.sample(range(width), choose.randint(0 if i else 1, width)) for i in range(height)]
