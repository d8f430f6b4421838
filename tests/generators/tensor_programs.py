"""The compiled program against the scalar engine, on tensor programs written in scalars: what they are made of."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from generators.tensors import Draw, Tensor, along, each, maximum, relu, sigmoid, softmax, tanh

from autograd import Value, functional

Pool = list[Tensor]
LARGE = 40
"""Elements from which a tensor is averaged before it is used further."""

# ---- steps: each makes a tensor of some in the pool


def linear(draw: Draw, pool: Pool) -> Tensor:
    """W x + b along any axis."""
    x, axis = pool[-1], draw.axis(pool[-1])
    weights = draw.parameters(draw.choose.randint(1, 4), x.shape[axis])
    bias = draw.parameters(len(weights))
    return np.moveaxis(np.moveaxis(x, axis, -1) @ weights.T + bias, -1, axis)


def same_linear(draw: Draw, pool: Pool) -> Tensor:
    """W x and Wᵀ (W x) with one W: parameters shared by two layers, read transposed by one of them."""
    x = pool[-1]
    weights = draw.parameters(draw.choose.randint(1, 3), x.shape[-1])
    return tanh(x @ weights.T) @ weights


def transposed(draw: Draw, pool: Pool) -> Tensor:
    x = pool[-1]
    return x.transpose(draw.choose.sample(range(x.ndim), x.ndim))


def reshaped(draw: Draw, pool: Pool) -> Tensor:
    x = pool[-1]
    lengths = draw.choose.sample(x.shape, x.ndim)
    return x.reshape(draw.choose.choice((lengths, [x.size], [x.shape[0], x.size // x.shape[0]])))


def sliced(draw: Draw, pool: Pool) -> Tensor:
    """Some of an axis: a part, every other one, or from the end."""
    x, axis = pool[-1], draw.axis(pool[-1])
    start = draw.choose.randrange(x.shape[axis])
    part = slice(start, draw.choose.randint(start + 1, x.shape[axis]), draw.choose.choice((1, 1, 2)))
    picked = x[(slice(None),) * axis + (part,)]
    return np.flip(picked, axis) if draw.choose.random() < 0.2 else picked


def taken(draw: Draw, pool: Pool) -> Tensor:
    """Rows in any order, some of them twice."""
    x, axis = pool[-1], draw.axis(pool[-1])
    return np.take(x, [draw.choose.randrange(x.shape[axis]) for _ in range(draw.choose.randint(1, 4))], axis)


def activated(draw: Draw, pool: Pool) -> Tensor:
    functions: list[Callable[[Value], Value]] = [Value.tanh, Value.relu, Value.sigmoid, Value.softplus, Value.sin]
    functions += [lambda v: v * v, lambda v: 0.5 * v, lambda v: -v, lambda v: 1.0 - v, lambda v: 1.0 / (1.0 + v * v)]
    return each(draw.choose.choice(functions), pool[-1])


def combined(draw: Draw, pool: Pool) -> Tensor:
    """An operation of two tensors that broadcast, the second perhaps a new one."""
    x = pool[-1]
    others = [other for other in pool if _broadcast(x, other)]
    y = draw.choose.choice([*others, draw.parameters(*x.shape[draw.choose.randrange(x.ndim) :])])
    functions: list[Callable[[Value, Value], Value]] = [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / (b * b + 1.0),
        Value.maximum,
    ]
    return each(draw.choose.choice(functions), x, y)


def _broadcast(*xs: Tensor) -> bool:
    try:
        return bool(np.prod(np.broadcast_shapes(*(x.shape for x in xs))) <= 4 * LARGE)
    except ValueError:
        return False


def summed(draw: Draw, pool: Pool) -> Tensor:
    """A sum over an axis, which may stay with length 1."""
    x = pool[-1]
    return np.atleast_1d(x.sum(draw.axis(x), keepdims=draw.choose.random() < 0.5))


def averaged(draw: Draw, pool: Pool) -> Tensor:
    x = pool[-1]
    return np.atleast_1d(x.mean(draw.axis(x)))


def causal_sums(draw: Draw, pool: Pool) -> Tensor:
    """Each element and those before it, each sum written out."""
    return along(draw.axis(pool[-1]), lambda row: [functional.sum(row[: t + 1]) for t in range(len(row))], pool[-1])


def running_sums(draw: Draw, pool: Pool) -> Tensor:
    """Each element and the sum before it: a chain."""
    return np.add.accumulate(pool[-1], draw.axis(pool[-1]))


def softmaxed(draw: Draw, pool: Pool) -> Tensor:
    return softmax(pool[-1], draw.axis(pool[-1]))


def normalized(draw: Draw, pool: Pool) -> Tensor:
    """(x - mean) / sqrt(variance + 1/10) along the last axis."""
    x = pool[-1]
    centred = x - x.mean(-1, keepdims=True)
    return centred / each(Value.sqrt, (centred * centred).mean(-1, keepdims=True) + 0.1)


def product(draw: Draw, pool: Pool) -> Tensor:
    """A stack of x yᵀ, of two tensors that have equally long rows."""
    x = np.atleast_2d(pool[-1])
    others = [y for y in pool if y.ndim > 1 and y.shape[-1] == x.shape[-1] and _broadcast(x[..., 0, 0], y[..., 0, 0])]
    y = draw.choose.choice([*others, x])
    return x @ y.swapaxes(-1, -2)


def attention(draw: Draw, pool: Pool) -> Tensor:
    """Each position a mixture of itself and those before it, by products of queries and keys."""
    x = np.atleast_2d(pool[-1])
    queries, keys = x, x @ draw.parameters(x.shape[-1], x.shape[-1]) if draw.choose.random() < 0.5 else x
    rows = []
    for t in range(x.shape[-2]):
        weights = softmax(queries[..., t : t + 1, :] @ keys[..., : t + 1, :].swapaxes(-1, -2))
        rows.append(weights @ x[..., : t + 1, :])
    return np.concatenate(rows, axis=-2)


def concatenated(draw: Draw, pool: Pool) -> Tensor:
    """With another tensor beside it."""
    x, axis = pool[-1], draw.axis(pool[-1])
    others = [y for y in pool if y.ndim == x.ndim and _without(axis, y) == _without(axis, x)]
    return np.concatenate([x, draw.choose.choice(others)], axis)


def _without(axis: int, x: Tensor) -> tuple[int, ...]:
    return x.shape[:axis] + x.shape[axis + 1 :]


def convolution(draw: Draw, pool: Pool) -> Tensor:
    """A filter over the last axis, with padding by 0 and a stride."""
    x, width = pool[-1], draw.choose.randint(1, 3)
    padding = np.full((*x.shape[:-1], width - 1), Value.constant(0.0))
    padded = np.concatenate([padding, x, padding], axis=-1)
    starts = range(0, padded.shape[-1] - width + 1, draw.choose.choice((1, 2)))
    return np.stack([padded[..., i : i + width] for i in starts], axis=-2) @ draw.parameters(width, 2)


def pooled(draw: Draw, pool: Pool) -> Tensor:
    """The maximum of each window of two along the last axis."""
    x = pool[-1]
    return np.stack([maximum(x[..., i : i + 2]) for i in range(0, x.shape[-1], 2)], axis=-1)


def gated(draw: Draw, pool: Pool) -> Tensor:
    """Half of the channels times the sigmoid of the others."""
    x = pool[-1]
    half = (x.shape[-1] + 1) // 2
    return sigmoid(x[..., :half]) * x[..., -half:]


def residual(draw: Draw, pool: Pool) -> Tensor:
    """x + V relu(W x)."""
    x = pool[-1]
    inner, outer = draw.parameters(x.shape[-1], 3), draw.parameters(3, x.shape[-1])
    return x + relu(x @ inner) @ outer


def recalled(draw: Draw, pool: Pool) -> Tensor:
    """A tensor from before."""
    return draw.choose.choice(pool)


STEPS = [linear, same_linear, transposed, reshaped, sliced, taken, activated, combined, combined, summed, averaged]
STEPS += [causal_sums, running_sums, softmaxed, normalized, product, attention, concatenated, convolution, pooled]
STEPS += [gated, residual, recalled, recalled]


# ---- programs: steps, and what is made of the last tensor

Step = Callable[[Draw, Pool], Tensor]


def steps_of(seed: int) -> list[Step]:
    choose = random.Random(seed)
    return [choose.choice(STEPS) for _ in range(choose.randint(1, 8))]


def elements(draw: Draw, steps: list[Step]) -> list[Value]:
    """Those of the last tensor, and of another."""
    pool = [draw.parameters(*draw.shape(2)), draw.input(*draw.shape(draw.choose.randint(1, 3)))]
    for step in steps:
        if pool[-1].size > LARGE:
            pool.append(np.atleast_1d(pool[-1].mean(int(np.argmax(pool[-1].shape)))))
        pool.append(step(draw, pool))
    return [*pool[-1].ravel(), *draw.choose.choice(pool).ravel()]


def loss(draw: Draw, outputs: list[Value]) -> Value:
    squares = [v * v for v in outputs]
    weighted = [v.tanh() * float(i % 3 + 1) for i, v in enumerate(outputs)]
    return functional.sum(draw.choose.choice((squares, weighted, outputs[:1] + weighted)))
