"""Groups: what one array operation computes, as grids of node numbers. ``NONE`` marks a hole.

A group is a pattern. Letters name the axes of its targets (``makes``) and those of each of its operands (``reads``), as
in ``cmk, cpk -> cmp``: along a letter that the targets lack an operand is summed, along one that it lacks itself it is
repeated. All nodes of one operand live in one array, except the sources of a join.

>>> import numpy as np
>>> product = Dot(np.array([[[6], [7]]]), (np.array([[[0, 1], [2, 3]]]), np.array([[[4, 5]]])))
>>> print(product, product.reads, product.makes)
1 × (2×2 @ 2×1) ('cmk', 'cpk') cmp
"""

from __future__ import annotations

from dataclasses import dataclass

from ... import ops
from ..ir import Ints

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, eq=False)
class Pattern:
    """Element by element: the targets and all operands are grids of one shape."""

    targets: Ints
    operands: tuple[Ints, ...]

    @property
    def makes(self) -> str:
        """A letter for each axis of the targets."""
        return LETTERS[: self.targets.ndim]

    @property
    def reads(self) -> tuple[str, ...]:
        """For each operand a letter for each of its axes."""
        return (self.makes,) * len(self.operands)

    @property
    def natural(self) -> bool:
        """Whether its axes are split as the arrays that it reads are, even where a coarser split would do.

        Without it attention and a GPT take 3 to 8 % longer: masks and adjoints of another shape are masks that stay.
        """
        return False


@dataclass(frozen=True, eq=False)
class Map(Pattern):
    """``targets[i] = op(operands[0][i], ...)``."""

    op: ops.Operation

    @property
    def name(self) -> str:
        """What it computes."""
        return self.op.name

    def __str__(self) -> str:
        return f"{self.name} of {len(self.targets)}"


@dataclass(frozen=True, eq=False)
class Join(Pattern):
    """``targets[i]`` is a copy of ``operands[0][i]``: nodes of many arrays side by side in one."""

    name = "join"

    def __str__(self) -> str:
        return f"{self.name} of {len(self.targets)}"


@dataclass(frozen=True, eq=False)
class Reduce(Pattern):
    """``targets[q] = rows[q, 0] + rows[q, 1] + ...``, or their maximum."""

    op: ops.Operation
    makes = "q"
    reads = ("qk",)
    natural = True

    @property
    def name(self) -> str:
        """What it computes."""
        return "sum" if self.op is ops.ADD else "max"

    def __str__(self) -> str:
        return f"{self.op.name} over {self.operands[0].shape[1]} of {len(self.targets)}"


@dataclass(frozen=True, eq=False)
class Dot(Pattern):
    """``targets[c, m, p] = sum over k of left[c, m, k] * right[c, p, k]``: a stack of matrix products."""

    makes = "cmp"
    reads = ("cmk", "cpk")
    name = "dot"

    @property
    def natural(self) -> bool:
        """The product of two whole arrays, to one number, is."""
        return self.targets.size == 1

    def __str__(self) -> str:
        c, m, p = self.targets.shape
        k = self.operands[0].shape[2]
        return f"{c} × ({m}×{k} @ {k}×{p})"


Group = Map | Reduce | Dot | Join
