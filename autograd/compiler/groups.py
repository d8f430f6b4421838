"""Groups: grids of node numbers that one array operation computes. ``NONE`` marks a hole."""

from __future__ import annotations

from dataclasses import dataclass

from .. import ops
from .record import Ints


@dataclass(frozen=True)
class Map:
    """``targets[i] = op(operands[0][i], ...)``, element by element."""

    op: ops.Operation
    targets: Ints
    operands: tuple[Ints, ...]


@dataclass(frozen=True)
class Dot:
    """``targets[c, m, p] = sum over k of left[c, m, k] * right[c, p, k]``: a stack of matrix products."""

    targets: Ints
    left: Ints
    right: Ints


@dataclass(frozen=True)
class Reduce:
    """``targets[i] = rows[i, 0] + rows[i, 1] + ...``, or their maximum."""

    op: ops.Operation
    targets: Ints
    rows: Ints


@dataclass(frozen=True)
class Join:
    """``targets[i]`` is a copy of ``sources[i]``: nodes of many arrays side by side in one."""

    targets: Ints
    sources: Ints


Group = Map | Dot | Reduce | Join


def describe(group: Group) -> str:
    if isinstance(group, Dot):
        (c, m, k), p = group.left.shape, group.right.shape[1]
        return f"{c} × ({m}×{k} @ {k}×{p})"
    if isinstance(group, Join):
        return f"join of {len(group.targets)}"
    if isinstance(group, Reduce):
        return f"{group.op.name} over {group.rows.shape[1]} of {len(group.targets)}"
    return f"{group.op.name} of {len(group.targets)}"
