"""The oracle: any array program, run statement by statement on plain NumPy, every shape compared with the derived one.

It is written to be right and not to be fast: views are read element by element, contractions multiply and then sum,
operations are those of the scalar engine. Every other target is held against it, and it against the scalar engine.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, ClassVar

import numpy as np

from .. import ir
from .sharing import Shared


def interpret(
    program: ir.ArrayProgram, batch: ir.Floats, theta: ir.Floats, weight: float = 1.0
) -> tuple[list[ir.Floats], ir.Floats | None]:
    """The outputs for the batch (B, n_inputs), and the gradient of weight times their sum, if it is differentiated.

    Raises an AssertionError that names the statement where a shape is not the derived one.
    """
    run = _Run(program, batch, theta, weight)
    for statement in program.statements:
        run.statement(statement)
    outputs = [run.value(output) for output in program.outputs]
    for update in program.backward:
        run.statement(update)
    return outputs, run.arrays[program.gradient] if program.gradient else None


class _Run:
    def __init__(self, program: ir.ArrayProgram, batch: ir.Floats, theta: ir.Floats, weight: float) -> None:
        self.size = len(batch)
        self.symbols = {"weight": weight, "B": float(self.size)}
        self.arrays: dict[ir.Array, ir.Floats] = {program.inputs: np.array(batch.T), program.theta: np.array(theta)}
        if program.gradient:
            self.arrays[program.gradient] = np.full(theta.shape, np.nan)  # what is not written shows

    def loop(self, loop: ir.Loop) -> None:
        carried = [self.value(each.first) for each in loop.carried]
        stacks = [self.value(each.source) for each in loop.stacked]
        rows: list[list[ir.Floats]] = [[] for _ in loop.collected]
        for t in reversed(range(loop.times)) if loop.backwards else range(loop.times):
            self.arrays |= {each.leaf: value for each, value in zip(loop.carried, carried, strict=True)}
            self.arrays |= {each.leaf: stack[t] for each, stack in zip(loop.stacked, stacks, strict=True)}
            for statement in loop.body:
                self.statement(statement)
            carried = [np.array(self.value(each.after)) for each in loop.carried]
            for row, each in zip(rows, loop.collected, strict=True):
                row.append(np.array(self.value(each.expr)))
        for row, each in zip(rows, loop.collected, strict=True):
            ordered = row[::-1] if loop.backwards else row
            self.arrays[each.target] = np.array(ordered) if each.each else row[-1]

    def statement(self, statement: ir.Statement) -> None:
        if isinstance(statement, ir.Loop):
            self.loop(statement)
            return
        found = self.value(statement.expr)
        if isinstance(statement, ir.Define):
            self.arrays[statement.target] = array = np.array(found, order="C")  # to be updated in place
            if statement.fill is not None and statement.target.holes is not None:
                array[statement.target.holes] = statement.fill
            return
        flat = self.flat(statement.target)
        places = self.places(statement.place)
        found = np.broadcast_to(found, self.shape(statement.place.shape))
        if statement.add:
            np.add.at(flat, places, found)
        else:
            flat[places] = found

    def value(self, expr: ir.Expr) -> Any:
        """The value of an expression, of the derived shape."""
        found = np.asarray(self.rules[type(expr)](self, expr), order="C")  # sums add up in one order
        if found.shape != self.shape(expr.shape):
            raise AssertionError(f"{found.shape}, derived was {expr.shape}: {expr}")
        return found

    def shape(self, shape: ir.Shape) -> tuple[int, ...]:
        """The shape for this size of batch."""
        return tuple(length.count * self.size if isinstance(length, ir.Batch) else length for length in shape)

    def flat(self, expr: ir.Expr) -> ir.Floats:
        """The elements in order, each with a value for every sample if there is one."""
        found = self.value(expr)
        sampled = any(isinstance(length, ir.Batch) for length in expr.shape[-1:])
        own = found.shape[:-1] if sampled else found.shape
        return np.asarray(found.reshape(prod(own), *found.shape[len(own) :]), dtype=float)

    def places(self, place: ir.Expr) -> Any:
        """The flat positions of a place."""
        if isinstance(place, ir.View):
            return place.picked
        if isinstance(place, ir.Take):
            return place.picked.values
        assert isinstance(place, ir.Array)
        return np.arange(place.size).reshape(place.lengths)

    # ---- one rule for each kind of expression

    def view(self, expr: ir.View | ir.Take) -> ir.Floats:
        return np.asarray(self.flat(expr.source)[self.places(expr)])

    def apply(self, expr: ir.Apply) -> ir.Floats:
        rule, ufunc = expr.op.rule, np.frompyfunc
        arguments = [self.value(argument) for argument in expr.arguments]
        found = ufunc(lambda *xs: rule(*xs)[0], len(arguments), 1)(*arguments)
        return np.asarray(found, dtype=float)

    def where(self, expr: ir.Where) -> ir.Floats:
        return np.where(expr.mask.values, self.value(expr.inside), expr.otherwise)

    def contract(self, expr: ir.Contract) -> ir.Floats:
        """Each product, then their sum: einsum may sum first, which makes inf of a nan."""
        letters = "".join(dict.fromkeys(expr.out + expr.left_letters + expr.right_letters))
        sides = ((expr.left, expr.left_letters), (expr.right, expr.right_letters))
        left, right = (self.spread(self.value(factor), on, letters) for factor, on in sides)
        return np.asarray(np.add.reduce(left * right, axis=tuple(range(len(expr.out), len(letters)))))

    @staticmethod
    def spread(found: ir.Floats, on: str, letters: str) -> ir.Floats:
        """What has these letters, with an axis for each of more letters."""
        found = np.transpose(found, [on.index(letter) for letter in letters if letter in on])
        return found[tuple(slice(None) if letter in on else None for letter in letters)]

    def reduce(self, expr: ir.Reduce) -> ir.Floats:
        ufunc = np.add if expr.kind == "sum" else np.maximum
        return np.asarray(ufunc.reduce(self.value(expr.inside), axis=expr.axes))

    def rearrange(self, expr: ir.Rearrange) -> ir.Floats:
        found = self.value(expr.inside)
        dropped = tuple(axis for axis in range(found.ndim) if axis not in expr.order)
        kept = [axis for axis in expr.order if axis is not None]
        found = found.transpose([*dropped, *kept])[(0,) * len(dropped)]
        return np.asarray(found[tuple(None if axis is None else slice(None) for axis in expr.order)])

    def concat(self, expr: ir.Concat) -> ir.Floats:
        rest = expr.shape[1:]
        pieces = [np.broadcast_to(self.value(p), self.shape((p.shape[0], *rest))) for p in expr.pieces]
        return np.concatenate(pieces)

    rules: ClassVar[dict[type[ir.Expr], Callable[[Any, Any], Any]]] = {
        ir.Array: lambda run, expr: run.arrays[expr],
        Shared: lambda run, expr: run.arrays[expr],
        ir.Number: lambda run, expr: expr.value,
        ir.Symbol: lambda run, expr: run.symbols[expr.name],
        ir.Constant: lambda run, expr: expr.values,
        ir.View: view,
        ir.Take: view,
        ir.Apply: apply,
        ir.Where: where,
        ir.Contract: contract,
        ir.Reduce: reduce,
        ir.Rearrange: rearrange,
        ir.Reshape: lambda run, expr: run.value(expr.inside).reshape(run.shape(expr.into)),
        ir.Expand: lambda run, expr: np.broadcast_to(run.value(expr.inside), run.shape(expr.into)),
        ir.Concat: concat,
        ir.Zeros: lambda run, expr: np.full(run.shape(expr.into), np.nan if expr.assigned else 0.0),
    }
