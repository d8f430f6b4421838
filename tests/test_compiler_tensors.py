"""The compiled program against the scalar engine, on tensor programs written in scalars: what they are made of."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from compiled import check
from tensors import Draw, Tensor, along, each, exp, maximum, relu, sigmoid, softmax, tanh

from autograd import Value, functional
from autograd.compiler import lift

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


SEEDS = range(300)
NAMES = ["-".join([str(seed), *(step.__name__ for step in steps_of(seed))]) for seed in SEEDS]


@pytest.mark.parametrize("seed", SEEDS, ids=NAMES)
def test_tensor_programs(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    if seed % 3 == 0:
        monkeypatch.setattr(lift, "MANY", 1)  # operands from more arrays than this are joined
    draw = Draw(seed)
    outputs = elements(draw, steps_of(seed))
    check([loss(draw, outputs)] if seed % 4 else outputs, draw.inputs, draw.batch(3))


# ---- small programs in which one thing is hard


def every_row_has_the_same_adjoint(draw: Draw) -> list[Value]:
    """Shares of a total, summed: the adjoint of the first total varies with the sample, that of the parts does not."""
    x, parts = draw.input(), draw.parameters(3)
    values = parts / x
    whole = values.sum()
    return [functional.sum(value / whole for value in values)]


def the_first_flow_into_an_adjoint_is_the_same_for_every_sample(draw: Draw) -> list[Value]:
    """And the second is not."""
    weights = draw.parameters(2)
    z = (draw.input(1) * weights) @ (draw.parameters(1) * weights)
    return [-(z + z.exp())]


def rows_are_read_whose_adjoint_is_the_same_along_each(draw: Draw) -> list[Value]:
    """What is one row in memory is read as two, and divided by the first element of each."""
    rows = (draw.parameters() * draw.parameters(4)).reshape(2, 2)
    return [(rows / rows[:, :1]).sum()]


def an_adjoint_goes_by_two_names(draw: Draw) -> list[Value]:
    """That of a sum is that of its first term too, until more is added to a part of the term."""
    term = draw.parameters(2, 2) @ draw.input(2)
    scale = term[0].exp()
    return [functional.sum((z + z.tanh() * scale).sin() for z in term)]


def an_adjoint_is_made_in_another_memory_order(draw: Draw) -> list[Value]:
    """And then read as one row, to be added to at single places."""
    hidden = draw.input(2, 2) @ draw.parameters(2, 2)
    products = [(row[1] * element) * element for row in hidden for element in row]
    return [functional.sum([(hidden[0, 0] * hidden[0, 0]).exp(), *products])]


def a_part_of_rows_is_added_to_an_adjoint_in_another_memory_order(draw: Draw) -> list[Value]:
    """A table goes through a layer; one of its elements, and two as a part of one row, shift all that comes out."""
    table, weights = draw.input(2, 1) * draw.parameters(2), draw.parameters(2, 2)
    row = table.ravel()
    shift = row[1] * weights[0, 0] + row[2] * weights[0, 0] + row[0]
    return [functional.sum((z + shift).tanh() for z in (table @ weights).ravel())]


def a_stack_of_products_has_an_adjoint_in_another_memory_order(draw: Draw) -> list[Value]:
    """And then the diagonals of it are added to."""
    x = draw.input(2, 2, 2) + draw.parameters(2)
    stack, least = x @ x.swapaxes(1, 2), draw.parameters(1)[0]
    return [functional.sum([*(matrix[i, i].maximum(least) for matrix in stack for i in (0, 1)), *tanh(stack).ravel()])]


def two_stacks_stand_in_another_order(draw: Draw) -> list[Value]:
    """Six products of matrices: stacked as 2×3 on the left, as 3×2 on the right."""
    left, right = tanh(draw.input(2, 3, 2, 2) * draw.parameters(2)), exp(draw.input(3, 2, 2, 2) * draw.parameters(2))
    return [functional.sum(z.sin() for z in (left @ right.swapaxes(0, 1)).ravel())]


def the_name_of_an_array_ends_with_that_of_another(draw: Draw) -> list[Value]:
    """``softplus1`` and ``s1``, both read as rows of two."""
    x, weights = draw.input(2, 2), draw.parameters(2)
    features = each(Value.softplus, x) @ weights
    return [functional.sum(features[i] / (x[i, j] + 4.0) for i in (0, 1) for j in (0, 1))]


def the_name_of_an_adjoint_ends_with_that_of_its_array(draw: Draw) -> list[Value]:
    """``dz1`` and ``z1``, both read as one row."""
    shifts = tanh(draw.parameters(3))[[0, 1, 2, 0]].reshape(2, 2)
    z = draw.parameters(2, 2) @ draw.parameters(2, 2) + shifts
    table = z.reshape(4, 1) * draw.parameters(2)
    return [(table * table).sum()]


def outputs_are_a_table(draw: Draw) -> list[Value]:
    """Every input times every parameter, and nothing more: only the outputs are reshaped."""
    return [*(draw.input(2, 1) * draw.parameters(2)).ravel()]


HARD = [every_row_has_the_same_adjoint, the_first_flow_into_an_adjoint_is_the_same_for_every_sample]
HARD += [rows_are_read_whose_adjoint_is_the_same_along_each]
HARD += [an_adjoint_goes_by_two_names, an_adjoint_is_made_in_another_memory_order]
HARD += [a_part_of_rows_is_added_to_an_adjoint_in_another_memory_order]
HARD += [a_stack_of_products_has_an_adjoint_in_another_memory_order, two_stacks_stand_in_another_order]
HARD += [the_name_of_an_array_ends_with_that_of_another]
HARD += [the_name_of_an_adjoint_ends_with_that_of_its_array, outputs_are_a_table]


@pytest.mark.parametrize("build", HARD, ids=lambda build: build.__name__)
def test_hard_programs(build: Callable[[Draw], list[Value]]) -> None:
    draw = Draw(0)
    check(build(draw), draw.inputs, draw.batch(3))
