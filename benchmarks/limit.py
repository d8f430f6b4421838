"""The arithmetic limit: how long the additions and multiplications of a program take at the rate of a large product.

They are those of our array program for the batch; a function such as exp or tanh, a division, a power or a comparison
is not counted. The rate is that of a product of two matrices in NumPy on the same core, where the machine does two
operations at once in each lane of its vectors, with numbers from the cache. So it is a lower bound, and not the least:
a program whose additions stand alone, or wait for memory, cannot come near.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from autograd import ops
from autograd.compiler import ir
from autograd.compiler.differentiate import differentiate
from autograd.compiler.fold import fold
from autograd.compiler.layout import layout
from autograd.compiler.lift import lift
from autograd.compiler.record import record

from .work import Run, Work

SIZES = (512, 1024)
COUNTED = (ops.ADD, ops.SUB, ops.MUL)


def operations(work: Work) -> int:
    """How many additions and multiplications the program does for the batch, each step of a loop counted."""
    program = differentiate(layout(lift(fold(record(*work.graph())), exact=True)))
    rows = 1 if work.fixed else len(work.batch)

    def size(shape: ir.Shape) -> int:
        return prod(length.count * rows if isinstance(length, ir.Batch) else length for length in shape)

    def count(expr: ir.Expr) -> int:
        own = 0
        if isinstance(expr, ir.Apply) and expr.op in COUNTED:
            own = size(expr.shape)
        elif isinstance(expr, ir.Reduce) and expr.kind == "sum":
            own = size(expr.inside.shape)
        elif isinstance(expr, ir.Contract):
            pairs = zip(expr.left_letters + expr.right_letters, expr.left.shape + expr.right.shape, strict=True)
            own = 2 * size(tuple(dict(pairs).values()))
        return own + sum(map(count, expr.operands))

    return sum(count(statement.expr) for statement in ir.assignments((*program.statements, *program.backward)))


def products() -> Mapping[int, Run]:
    """A product of two matrices of each size."""

    def product(n: int) -> Run:
        a, b = np.random.default_rng(0).normal(size=(2, n, n))
        out = np.empty((n, n))
        return lambda: np.matmul(a, b, out=out)

    return {n: product(n) for n in SIZES}


def rate(seconds: Mapping[int, float]) -> float:
    """Operations a second of the fastest product, by the seconds that one of each size takes."""
    return max(2 * n**3 / took for n, took in seconds.items())
