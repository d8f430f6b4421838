"""Graphs of scalars, typed: what the passes that work on nodes give each other, up to the array program of ``ir``.

Nodes have numbers; an array of node numbers says ``NONE`` where there is no node. Each representation prints what it
makes and what that is made of, so that a reader can follow one graph through all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from .. import ops
from ..value import Value
from ..value import record as record_operation
from .ir import Flags, Floats, Ints
from .ragged import NONE, spans

_PLACE = {row: code for code, row in enumerate(ops.OPERATIONS.values())}  # others are registered behind these
ADD, SUB, NEG, MUL, POW = (_PLACE[row] for row in (ops.ADD, ops.SUB, ops.NEG, ops.MUL, ops.POW))
MAXIMUM, STOP, MUL_NO_NAN = _PLACE[ops.MAXIMUM], _PLACE[ops.STOP_GRADIENT], _PLACE[ops.MUL_NO_NAN]
LEAF, GIVEN = -1, -2  # leaves of the graph, and what a loop gives to its body; they are no operation

SHOWN = 200  # lines at either end of what is printed

# What a node depends on, the greatest of its operands: nothing, parameters, the sample at hand.
CONSTANT, SHARED, SAMPLED = 0, 1, 2


# ---- record: operations on nodes


@dataclass(frozen=True)
class Recording:
    """Node i is ``rows[code[i]]`` of the nodes ``left[i]`` and ``right[i]``; operands come before their operations.

    It holds no Values but the inputs and the parameters, which are leaves.
    """

    rows: Sequence[ops.Operation]
    code: Ints
    left: Ints
    right: Ints
    varies: Ints
    """What the node depends on: CONSTANT, SHARED or SAMPLED."""
    number: Floats
    """The value of each node that is a number, nan for the others."""
    leaves: Mapping[int, Value]
    labels: Mapping[int, str]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    parameters: tuple[int, ...] = ()
    """The parameters whose order was asked for; others follow them."""

    def __len__(self) -> int:
        return len(self.number)

    @property
    def stops(self) -> bool:
        """Whether a gradient stops anywhere but at the leaves."""
        stopping = [code for code, row in enumerate(self.rows) if row.arguments and not row.partials]
        return bool(np.isin(self.code, stopping).any())

    def name(self, i: int) -> str:
        """The node as the equations write it: its label, its number, or ``%i``."""
        if i >= len(self):
            return f"%{i}"
        return self.labels.get(i) or (repr(float(self.number[i])) if self.varies[i] == CONSTANT else f"%{i}")

    def equations(self) -> Iterator[str]:
        """One for each operation, in order."""
        columns = (column.tolist() for column in (self.code, self.left, self.right))
        for i, (code, *operands) in enumerate(zip(*columns, strict=True)):
            names = [self.name(j) for j in operands if j != NONE]
            if names:
                yield f"{self.name(i)} = {self.rows[code].name}({', '.join(names)})"

    def __str__(self) -> str:
        return shown([*self.equations(), f"return {', '.join(self.name(i) for i in self.outputs)}"])

    def values(self) -> list[Value]:
        """The graph as Values again, made of the same leaves."""
        found: list[Value] = []
        columns = (self.code, self.left, self.right, self.varies, self.number)
        for i, (code, left, right, varies, number) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            if code == LEAF:
                value = self.leaves[i]
            elif varies == CONSTANT:
                value = Value.constant(number)
            else:
                value = record_operation(self.rows[code], *(found[j] for j in (left, right) if j != NONE))
            found.append(value)
        return found

    def packed(self) -> Packed:
        """The same in as few bytes as will do, to be kept."""
        small = ((self.code, np.int16), (self.left, np.int32), (self.right, np.int32), (self.varies, np.int8))
        code, left, right, varies = (cast(Ints, column.astype(kind)) for column, kind in small)
        number = self.number[self.varies == CONSTANT]
        return Packed(replace(self, code=code, left=left, right=right, varies=varies, number=number))


@dataclass(frozen=True)
class Packed:
    """A recording in some ten bytes a node."""

    columns: Recording

    def unpacked(self) -> Recording:
        """The recording as the passes want it."""
        small = self.columns
        wide = (column.astype(np.int64) for column in (small.code, small.left, small.right, small.varies))
        code, left, right, varies = wide
        number = np.full(len(code), np.nan)
        number[varies == CONSTANT] = small.number
        return replace(small, code=code, left=left, right=right, varies=varies, number=number)


def shown(text: str | Sequence[str]) -> str:
    """Lines to be printed; of many the first and the last."""
    lines = text.splitlines() if isinstance(text, str) else text
    if len(lines) <= 2 * SHOWN:
        return "\n".join(lines)
    middle = f"... {len(lines) - 2 * SHOWN:,} lines more ..."
    return "\n".join([*lines[:SHOWN], middle, *lines[-SHOWN:]])


# ---- fold: sums of terms


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


def merge_numbers(terms: Terms, number: Floats, varies: Ints) -> Terms:
    """Numeric factors stand on the left; each sum keeps at most one number, first, as a coefficient, and no 0."""
    swap = (terms.right != NONE) & (varies[terms.right] == CONSTANT)
    terms = replace(terms, left=np.where(swap, terms.right, terms.left), right=np.where(swap, terms.left, terms.right))
    numeric = (terms.right == NONE) & (varies[terms.left] == CONSTANT)
    if not numeric.any():
        return terms
    owner, inverse = np.unique(terms.owner[numeric], return_inverse=True)
    total = np.zeros(len(owner))
    np.add.at(total, inverse, terms.coefficient[numeric] * number[terms.left[numeric]])
    none = np.full(len(owner), NONE)
    return joined(Terms(owner, total, none, none)[total != 0], terms[~numeric])


@dataclass(frozen=True, eq=False)
class Loop:
    """A body of nodes, which is computed so many ``times``. What it is made of has no level outside of the loop.

    Carried node i is ``first[i]`` in the first step, and what ``after[i]`` was in the one before in all others. Stacked
    node i is ``sources[i, t]`` in step t. Everything else that the body reads is ``shared`` by all steps.
    """

    level: int
    times: int
    body: Ints
    levels: Ints
    carried: Ints
    first: Ints
    after: Ints
    stacked: Ints
    sources: Ints
    shared: Ints
    like: Ints
    """For each of the body the node that it is in the first step."""
    steps: Ints
    """The node of the graph that each of the body is, step by step; NONE if nothing outside reads it."""

    @cached_property
    def reads(self) -> Ints:
        """All that it reads."""
        return np.unique(np.concatenate([self.first, self.sources.ravel(), self.shared]))

    @cached_property
    def made(self) -> Ints:
        """All that it makes."""
        return np.asarray(self.steps[self.steps != NONE])


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
    loops: Sequence[Loop] = ()

    @cached_property
    def is_sum(self) -> Flags:
        """For each node whether it owns terms."""
        return _owns(self.terms, len(self.level))

    @cached_property
    def is_maximum(self) -> Flags:
        """For each node whether it owns items."""
        return _owns(self.items, len(self.level))

    @cached_property
    def flows(self) -> Flags:
        """For each node whether a gradient flows from an output to its operands."""
        recording = self.recording
        passes = [*(bool(row.partials) for row in recording.rows), False, False]  # as seen from the end: GIVEN, LEAF
        found = bytearray(len(self.level) + 1)  # a graph of millions of nodes is walked node by node
        for i in recording.outputs:
            found[i] = True
        columns = (recording.code[: len(recording)], recording.left, recording.right)
        code, left, right = (column.tolist() for column in columns)
        for i in reversed(range(len(recording))):
            found[i] &= passes[code[i]]
            if found[i]:
                found[left[i]] = found[right[i]] = True
        flows = np.frombuffer(found, dtype=bool).copy()
        for loop in self.loops:
            flows[loop.body] = flows[loop.like]
        early = self.terms.left >= len(recording)
        flows[self.terms.left[early]] = flows[self.terms.owner[early]]
        for loop in self.loops:
            flows[loop.sources] |= flows[loop.stacked][:, None]
        return flows[:-1]

    @property
    def n_recorded(self) -> int:
        """How many nodes were recorded; those that are there since are additions of one operand, or of none."""
        return int(np.count_nonzero((self.recording.code != ADD) | (self.recording.right != NONE)))

    def __str__(self) -> str:
        name = self.recording.name
        lines = [""] * len(self.level)
        inside = [loop.body for loop in self.loops]
        for i in np.concatenate([np.flatnonzero(self.level > 0), *inside]).tolist():
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
        for loop in self.loops:
            lines.append(f"{loop.times} times:")
            for i, first, after in zip(loop.carried, loop.first, loop.after, strict=True):
                lines.append(f"    {self._text(i)} = {self._text(first)}, then {self._text(after)}")
            for i, rows in zip(loop.stacked, loop.sources, strict=True):
                lines.append(f"    {self._text(i)} = {self._text(rows[0])}, ..., {self._text(rows[-1])}")
            for i in loop.body:
                lines.append(f"    {lines[i]}")
                lines[i] = ""
        return "\n".join(line for line in lines if line)

    def _text(self, i: int) -> str:
        return f"{self.number[i]:g}" if self.recording.varies[i] == CONSTANT else self.recording.name(i)


def _owns(terms: Terms, count: int) -> Flags:
    owns = np.zeros(count, dtype=bool)
    owns[terms.owner] = True
    return owns


# ---- lift: groups of nodes

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MAKES = {"reduce": "q", "dot": "cmp", "stack": "n", "collect": "nt"}
_READS = {"reduce": ("qk",), "dot": ("cmk", "cpk"), "stack": ("nt",), "collect": ("n",)}


@dataclass(frozen=True, eq=False)
class Group:
    """What one array operation computes, on grids of node numbers; all nodes of an operand live in one array.

    It is a pattern: letters name the axes of its targets (``makes``) and those of each of its operands (``reads``).
    Along a letter that the targets lack an operand is summed, along one that it lacks itself it is repeated.

    - ``map``: ``targets[i] = op(operands[0][i], ...)``;
    - ``join``: ``targets[i]`` is a copy of ``operands[0][i]``; here the nodes of the operand live in many arrays;
    - ``reduce``: ``targets[q] = rows[q, 0] + rows[q, 1] + ...``, or their maximum;
    - ``dot``: ``targets[c, m, p] = sum over k of left[c, m, k] * right[c, p, k]``, a stack of matrix products;
    - ``carry``, given to the body of a loop: operands[0] in the first step, then what operands[1] was before;
    - ``stack``, given to it too: ``targets[n] = operands[0][n, t]`` in step t;
    - ``collect``: ``targets[n, t]`` is what operands[0][n] was in step t.

    >>> left, right = np.array([[[0, 1], [2, 3]]]), np.array([[[4, 5]]])
    >>> product = Group("dot", np.array([[[6], [7]]]), (left, right))
    >>> print(product, product.reads, product.makes)
    1 × (2×2 @ 2×1) ('cmk', 'cpk') cmp
    """

    kind: Literal["map", "join", "reduce", "dot", "carry", "stack", "collect"]
    targets: Ints
    operands: tuple[Ints, ...]
    op: ops.Operation | None = None

    @property
    def makes(self) -> str:
        """A letter for each axis of the targets."""
        return _MAKES.get(self.kind, LETTERS[: self.targets.ndim])

    @property
    def reads(self) -> tuple[str, ...]:
        """For each operand a letter for each of its axes."""
        return _READS.get(self.kind, (self.makes,) * len(self.operands))

    @property
    def name(self) -> str:
        """What it computes."""
        if self.kind == "reduce":
            return "sum" if self.op is ops.ADD else "max"
        return self.op.name if self.op else self.kind

    def __str__(self) -> str:
        if self.kind == "dot":
            (c, m, p), k = self.targets.shape, self.operands[0].shape[2]
            return f"{c} × ({m}×{k} @ {k}×{p})"
        over = f" over {self.operands[0].shape[1]}" if self.kind == "reduce" and self.op else ""
        return f"{self.op.name if self.op else self.kind}{over} of {len(self.targets)}"


@dataclass(frozen=True, eq=False)
class Repeat:
    """A loop: its body begins with what is given to it; when it has run so many ``times`` there is what it collects."""

    times: int
    body: Mapping[int, Group]
    collects: Mapping[int, Group]

    @property
    def operands(self) -> tuple[Ints, ...]:
        """All that is read in it."""
        return tuple(nodes for group in self.body.values() for nodes in group.operands)


def everything(groups: Mapping[int, Group | Repeat]) -> Iterator[tuple[int, Group]]:
    """The groups in order, with their homes; those of loops among them."""
    for home, group in groups.items():
        if isinstance(group, Repeat):
            yield from (*group.body.items(), *group.collects.items())
        else:
            yield home, group


NUMBERS, PARAMETERS, INPUTS = range(3)  # the homes that are there before the first group


class Nodes:
    """What is known of node i; the table starts with the nodes of the graph.

    - ``home[i]``: where it lives, one of those above or that of its group; ``NONE`` until there is one;
    - ``varies[i]``: what it depends on;
    - ``number[i]``: its value, if it is a number;
    - ``same[i]``: the node that is computed in its place. Equal expressions are computed once, so operands are looked
      up here before anything else is asked of them.

    There is always one more row than nodes, so that ``NONE`` stands for ``NONE`` in every column.

    >>> from autograd import Value
    >>> from .fold import fold
    >>> from .record import record
    >>> x, w = Value(1.0), Value(2.0)
    >>> nodes = Nodes(fold(record([(w * x).exp()], [x])))  # x, w, w * x and its exponential
    >>> nodes.home[:4], nodes.numbers(np.array([0.5, 0.5]))
    (array([ 2,  1, -1, -1]), array([4, 4]))
    """

    def __init__(self, folded: Folded) -> None:
        recording = folded.recording
        constant = recording.varies == CONSTANT
        n = self.count = len(constant)
        home = np.full(n, NONE)
        home[recording.code == LEAF] = PARAMETERS
        home[list(recording.inputs)] = INPUTS
        home[constant] = NUMBERS
        self.home, self.varies, self.same = (
            np.append(column, NONE) for column in (home, recording.varies, np.arange(n))
        )
        self.number = np.append(folded.number, np.nan)
        bits = folded.number[constant].view(np.int64)
        self._with_bits = dict(zip(bits.tolist(), np.flatnonzero(constant).tolist(), strict=True))

    def new(self, count: int, home: int = NONE, varies: int = NONE) -> Ints:
        """Numbers of new nodes. The columns grow by doubling."""
        start, self.count = self.count, self.count + count
        if self.count >= len(self.home):
            more = np.full(2 * self.count - start, NONE)
            self.home, self.varies, self.same = (
                np.append(a[:start], more) for a in (self.home, self.varies, self.same)
            )
            self.number = np.append(self.number[:start], np.full(len(more), np.nan))
        nodes = np.arange(start, self.count)
        self.home[nodes], self.varies[nodes], self.same[nodes] = home, varies, nodes
        return nodes

    def numbers(self, values: Floats) -> Ints:
        """The nodes of these numbers, one for each that differs in some bit."""
        bits, first, inverse = np.unique(values.view(np.int64), return_index=True, return_inverse=True)
        for key, i in zip(bits.tolist(), first.tolist(), strict=True):
            if key not in self._with_bits:
                node = self._with_bits[key] = int(self.new(1, NUMBERS, CONSTANT)[0])
                self.number[node] = values[i]
        return np.array([self._with_bits[key] for key in bits.tolist()], dtype=np.int64)[inverse]

    def replace(self, nodes: Ints, by: Ints) -> None:
        """From here on, whoever reads one of the nodes reads the other in its place."""
        replacement = np.arange(self.count)
        replacement[nodes] = by
        self.same[: self.count] = replacement[self.same[: self.count]]

    def in_order(self, left: Ints, right: Ints) -> tuple[Ints, Ints]:
        """The factors of products in one order: the less a factor varies, the more to the left it stands.

        ``a * b`` and ``b * a`` are then of one form. Other operations have an order: of 0.0 and -0.0 the maximum is the
        second.
        """
        varies = [(self.varies[factor] << 32) + self.home[factor] for factor in (left, right)]
        swap = (right != NONE) & (varies[0] > varies[1])
        return np.where(swap, right, left), np.where(swap, left, right)


@dataclass(frozen=True)
class Lifted:
    """The groups by their homes, in order, and the nodes, to which numbers and parts of sums were added on the way."""

    folded: Folded
    groups: Mapping[int, Group | Repeat]
    nodes: Nodes
    exact: bool

    def __str__(self) -> str:
        """Each group with its number, and the numbers of those that it reads."""
        known = {NUMBERS: "numbers", PARAMETERS: "parameters", INPUTS: "inputs"}
        lines = []
        for home, group in self.groups.items():
            lines += [f"{group.times} times:"] if isinstance(group, Repeat) else []
            for inner, each in everything({home: group}):
                sources = [sorted({*self.nodes.home[nodes[nodes != NONE]].tolist()}) for nodes in each.operands]
                read = ", ".join(known.get(source, str(source)) for found in sources for source in found)
                lines.append(f"{'    ' * (inner != home)}{inner}: {each}, from {read}")
        return "\n".join(lines)
