"""The compiled program against the scalar engine, on tensor programs written in scalars."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from compiled import check
from extensive import further
from generators.tensor_programs import elements, loss, steps_of
from generators.tensors import Draw, each, exp, tanh

from autograd import Value, functional
from autograd.compiler import lift


def named(seed: int) -> str:
    return "-".join([str(seed), *(step.__name__ for step in steps_of(seed))])


@pytest.mark.parametrize("seed", [*range(75), *further(*range(75, 300))], ids=named)
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
