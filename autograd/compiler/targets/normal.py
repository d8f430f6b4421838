"""Normal form: a program in operations that the target has, its holes filled, without what changes no number.

Masks of what is held in holes anyway go, and so do the places where a gradient stops: they have done their work.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ... import ops
from ..algebra import composed, mask_for
from ..holes import is_held
from ..ir import Apply, ArrayProgram, Define, Expr, Statement, Where, mapped, rebuilt


def normal(program: ArrayProgram, known: Collection[str] | None, target: str) -> ArrayProgram:
    """The program; ``known`` names the operations that the target has, all if it is None."""
    done: dict[Expr, Expr] = {}

    def rule(expr: Expr) -> Expr:
        if not expr.operands:
            return expr
        if expr not in done:
            done[expr] = found(expr)
        return done[expr]

    def found(expr: Expr) -> Expr:
        if isinstance(expr, Where) and is_held(expr, program.held):
            return rule(expr.inside)
        if isinstance(expr, Apply) and expr.op is ops.STOP_GRADIENT:
            return rule(expr.arguments[0])
        if isinstance(expr, Apply) and known is not None and expr.op.name not in known:
            return rule(composed(expr.op, expr.arguments, target))
        return rebuilt(expr, rule)

    return replace(
        program,
        statements=[mapped(_filled(statement), rule) for statement in program.statements],
        outputs=[rule(output) for output in program.outputs],
        backward=[mapped(statement, rule) for statement in program.backward],
    )


def _filled(statement: Statement) -> Statement:
    """The statement, its holes filled by its expression."""
    if not isinstance(statement, Define) or statement.fill is None or statement.target.holes is None:
        return statement
    there = mask_for(~statement.target.holes, statement.target.sampled)
    return Define(statement.target, Where(there, statement.expr, statement.fill))
