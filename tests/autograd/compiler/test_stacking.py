"""Stacking: an expression for all steps of a loop is what the loop computes step by step, whatever kind it is of."""

from __future__ import annotations

import numpy as np
import pytest
from compiled import agree

from autograd import ops
from autograd.compiler.algebra import rearrange
from autograd.compiler.ir import (
    Apply,
    Array,
    ArrayProgram,
    B,
    Collected,
    Constant,
    Contract,
    Define,
    Expand,
    Expr,
    Loop,
    Number,
    Rearrange,
    Reduce,
    Reshape,
    Stacked,
    Take,
    View,
    Where,
)
from autograd.compiler.stacking import Stacking, is_stackable
from autograd.compiler.targets.interpret import interpret

STEPS = 5
X, THETA = Array((30,), sampled=True), Array((40,))
z, s, c, q = Array((3,), sampled=True), Array((), sampled=True), Array((4,)), Array(())
w, m = View(THETA, (3, 1), (1, 0), 30), View(THETA, (2, 3), (3, 1), 30)
STACKS: dict[Array, Expr] = {
    z: View(X, (STEPS, 3), (1, STEPS)),  # the steps in columns
    s: View(X, (STEPS,), (2,), 15),
    c: View(THETA, (STEPS, 4), (4, 1)),
    q: Take(THETA, Constant(np.array([7, 0, 3, 3, 20]))),
}


def positions(*picked: int) -> Constant:
    return Constant(np.array(picked))


MASK = np.array([True, False, True])
EXPRESSIONS: list[Expr] = [
    z,
    q,
    Apply(ops.MUL, (z, w)),
    Apply(ops.MUL, (q, z)),
    Apply(ops.SUB, (Rearrange(s, (None, 0)), Apply(ops.TANH, (z,)))),
    Apply(ops.NEG, (Apply(ops.MUL, (q, q)),)),
    Apply(ops.MUL, (Number(2.0), Contract(z, z, "kB", "kB", "B"))),
    View(z, (2,), (1,), 1),
    View(z, (2,), (2,), 0),
    View(c, (2, 2, 1), (2, 1, 0)),
    View(Apply(ops.EXP, (z,)), (2,), (1,), 1),
    Take(z, positions(2, 0, 0)),
    Take(c, Constant(np.array([[[0], [1]], [[3], [3]]]))),
    Take(Apply(ops.EXP, (z,)), positions(2, 0)),
    Where(Constant(MASK[:, None]), z, 0.5),
    Where(Constant(MASK), q, 0.0),
    Contract(m, z, "mk", "kB", "mB"),
    Contract(z, Apply(ops.TANH, (z,)), "mB", "kB", "mk"),
    Contract(c, c, "k", "j", "kj"),
    Contract(c, c, "k", "k", ""),
    Reduce("sum", z, (0,)),
    Reduce("sum", z, (0, 1)),
    Reduce("max", z, (1,)),
    Rearrange(z, (1, 0)),
    Reshape(z, (3, 1, B)),
    Expand(q, (2, 3)),
    Expand(View(c, (4, 1), (1, 0)), (4, B)),
    Rearrange(Contract(z, z, "mB", "kB", "mk"), (1, None, 0)),
]


def found(statements: list[Define | Loop], output: Expr) -> np.ndarray:
    rng = np.random.default_rng(0)
    program = ArrayProgram(X, THETA, [], statements, [output], {}, {})
    (value,), _ = interpret(program, rng.uniform(-1, 1, (2, 30)), rng.uniform(-1, 1, 40))
    return value


def step_by_step(expr: Expr) -> np.ndarray:
    lengths = tuple(length for length in expr.shape if isinstance(length, int))
    each = Array((STEPS, *lengths), expr.shape[-1:] == (B,))
    if expr.shape and B in expr.shape[:-1]:  # the batch is not its last axis: the expression is put in order first
        axis = expr.shape.index(B)
        order = [a for a in range(len(expr.shape)) if a != axis] + [axis]
        back = [0, *(order.index(a) + 1 for a in range(len(expr.shape)))]
        return step_by_step(rearrange(expr, order)).transpose(back)
    stacked = [Stacked(leaf, source) for leaf, source in STACKS.items()]
    return found([Loop(STEPS, [], stacked=stacked, collected=[Collected(each, expr)])], each)


@pytest.mark.parametrize("expr", EXPRESSIONS, ids=lambda expr: f"{type(expr).__name__} {expr}")
def test_an_expression_for_all_steps(expr: Expr) -> None:
    assert is_stackable(expr)
    stacking = Stacking(STEPS, STACKS)
    wanted = step_by_step(expr)
    agree(np.broadcast_to(found([], stacking.of(expr)), wanted.shape), wanted)
    agree(found([], stacking.total(expr)).reshape(wanted.shape[1:]), wanted.sum(axis=0))


def test_what_is_the_same_in_all_steps_counts_as_often() -> None:
    stacking = Stacking(STEPS, STACKS)
    assert not stacking.differs(w)
    assert stacking.of(w).shape == (1, 3, 1)
    agree(found([], stacking.total(w)), STEPS * found([], w))
