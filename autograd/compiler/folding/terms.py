"""Terms: what each sum adds up, one row a term. And the recording whose additions became such sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..ir import Floats, Ints
from ..ragged import spans
from ..record import CONSTANT, NONE, Recording


@dataclass(frozen=True)
class Terms:
    """Term t adds ``coefficient[t] * left[t] * right[t]`` to the sum ``owner[t]``; terms are sorted by owner.

    Factors may be absent (``NONE``); coefficients are signs, but for a term without factors, which is a number.
    """

    owner: Ints
    coefficient: Floats
    left: Ints
    right: Ints

    def __getitem__(self, index: npt.NDArray[np.generic] | slice) -> Terms:
        return Terms(self.owner[index], self.coefficient[index], self.left[index], self.right[index])

    def of(self, owners: Ints) -> Terms:
        """The terms of these owners, which are sorted."""
        if not len(owners):
            return self[:0]
        start, stop = np.searchsorted(self.owner, owners), np.searchsorted(self.owner, owners, side="right")
        return self[spans(start, stop - start)]


def joined(first: Terms, second: Terms) -> Terms:
    """The terms of both; a sum that has some of either has those of the first one first."""
    columns = ("owner", "coefficient", "left", "right")
    both = Terms(*(np.concatenate([getattr(first, column), getattr(second, column)]) for column in columns))
    return both[np.argsort(both.owner, kind="stable")]


@dataclass(frozen=True)
class Folded:
    """The recording, with equal numbers made one node, and what became of each node.

    ``level`` is 0 for leaves and numbers and -1 for nodes that were absorbed. Sums own ``terms``, maxima own ``items``;
    every other node is still an operation of the recording.
    """

    recording: Recording
    number: Floats
    level: Ints
    terms: Terms
    items: Terms

    def __str__(self) -> str:
        name = self.recording.name
        lines = [""] * len(self.level)
        for i in np.flatnonzero(self.level > 0).tolist():
            operands = ", ".join(self._text(j) for j in (self.recording.left[i], self.recording.right[i]) if j != NONE)
            lines[i] = f"{name(i)} = {self.recording.rows[self.recording.code[i]].name}({operands})"
        for terms, join in ((self.terms, "{} + {}"), (self.items, "max({}, {})")):
            texts: dict[int, str] = {}
            for owner, c, x, y in zip(terms.owner, terms.coefficient, terms.left, terms.right, strict=True):
                factors = [self._text(z) for z in (x, y) if z != NONE]
                text = "*".join(([f"{c:g}"] if c != 1 or not factors else []) + factors)
                texts[owner] = join.format(texts[owner], text) if owner in texts else text
            for owner, text in texts.items():
                lines[owner] = f"{name(owner)} = {text}"
        return "\n".join(line for line in lines if line)

    def _text(self, i: int) -> str:
        return f"{self.number[i]:g}" if self.recording.varies[i] == CONSTANT else self.recording.name(i)
