"""Pass 3, lift: nodes of equal level and equal form become one array operation.

Two nodes are of equal form if they apply the same operation to operands that live in the same arrays. Sums are taken
apart into parts, one for each array or pair of arrays their terms come from. Dot products whose left rows and right
rows form a full grid become one matrix product, or a stack of them.

Nothing here knows the order of an array; a group is a grid of node numbers, and ``NONE`` marks a hole in it.
"""

from __future__ import annotations

import warnings

import numpy as np

from .graphs import LEAF, MUL, NUMBERS, POW, Folded, Lifted
from .ir import Flags, Ints
from .lifting.builder import Builder
from .lifting.sums import maxima, sums
from .ragged import NONE, groups, runs

SECONDS, PIECE_SECONDS = 0.4e-3, 0.5e-3  # what compiling takes for an operation, and for each array that is joined,
BYTES, PIECE_BYTES = 15_000, 27_000  # as seen for chains, integrators and random operands of 1,000 to 100,000 nodes
PATIENCE = 5.0  # seconds of compiling, from which on there is a warning
MANY = 12  # operands that come from more arrays than this are joined


def lift(folded: Folded, exact: bool = False) -> Lifted:
    """Groups level by level. ``exact`` refuses grids with holes: no number is computed that the graph has not.

    Nor a derivative: nodes through which no gradient flows are in groups of their own.

    >>> from autograd import Value, functional
    >>> from .record import record
    >>> from .fold import fold
    >>> x = [Value(1.0) for _ in range(3)]
    >>> rows = [[Value(1.0) for _ in x] for _ in range(5)]
    >>> outputs = [functional.dot(row, x).tanh() for row in rows]
    >>> print(lift(fold(record(outputs, x))))
    3: 1 × (5×3 @ 3×1), from parameters, inputs
    4: tanh of 5, from 3
    """
    builder = Builder(folded, exact)
    is_sum, is_maximum = np.zeros((2, len(folded.level)), dtype=bool)
    is_sum[folded.terms.owner], is_maximum[folded.items.owner] = True, True
    for nodes in _together(folded, exact):
        added, compared = is_sum[nodes], is_maximum[nodes]
        terms, items = folded.terms.of(nodes[added]), folded.items.of(nodes[compared])
        others = nodes[~added & ~compared]
        left, right = folded.recording.left[others], folded.recording.right[others]
        _join(builder, np.concatenate([left, right, terms.left, terms.right]))
        if len(terms.owner):
            sums(builder, nodes[added], terms)
        if len(items.owner):
            maxima(builder, nodes[compared], items)
        if len(others):
            _operations(builder, folded.recording.code[others], others, left, right)
    _warn(len(builder.groups), builder.pieces, folded.n_recorded)
    return Lifted(folded, builder.groups, builder.nodes, exact)


def _warn(operations: int, pieces: int, nodes: int) -> None:
    """Say what the passes to come will cost, a tenth of which has gone, if that is much."""
    seconds = SECONDS * operations + PIECE_SECONDS * pieces
    if seconds > PATIENCE:
        megabytes = (BYTES * operations + PIECE_BYTES * pieces) / 1e6
        warnings.warn(
            f"compiling takes about {seconds:.0f} s and {megabytes:,.0f} MB, for the graph is irregular: "
            f"{operations:,} array operations for {nodes:,} nodes, with {pieces:,} arrays to be joined. "
            "Few nodes an operation make a program hardly faster than the scalar engine. Ctrl-C leaves",
            RuntimeWarning,
            stacklevel=5,
        )


def _together(folded: Folded, exact: bool) -> list[Ints]:
    """The nodes of each level; if ``exact``, those that pass a gradient on apart from those that do not."""
    turn = 2 * folded.level + (~_flows(folded) if exact else 0)
    order = np.argsort(turn, kind="stable")
    order = order[np.searchsorted(turn[order], 2) :]  # what has level 1 or more
    return [order[run] for run in runs(turn[order])]


def _join(builder: Builder, operands: Ints) -> None:
    """Copy the operands into one array, where they come from too many: the graph is irregular here."""
    if len(operands) <= MANY:
        return
    nodes = builder.nodes
    operands = nodes.same[np.unique(operands[operands != NONE])]
    sources = np.unique(operands[nodes.home[operands] > NUMBERS])
    if len(np.unique(nodes.home[sources])) > MANY:
        builder.join(sources)


def _operations(builder: Builder, code: Ints, targets: Ints, left: Ints, right: Ints) -> None:
    """Operations element by element. Powers are of one form if their exponents are one number; a power of 1 is none."""
    nodes = builder.nodes
    for form in groups(code):
        operation, x, y = int(code[form[0]]), nodes.same[left[form]], nodes.same[right[form]]
        if operation == MUL:
            x, y = nodes.in_order(x, y)
        exponent = nodes.number[y].view(np.int64) if operation == POW else nodes.home[y]
        for group in groups(nodes.home[x], nodes.home[y], exponent):
            made, read = targets[form[group]], (x[group], y[group]) if y[group[0]] != NONE else (x[group],)
            if operation == POW and nodes.number[y[group[0]]] == 1:
                nodes.same[made] = x[group]
            else:
                builder.map(operation, made, *read)


def _flows(folded: Folded) -> Flags:
    """For each node whether a gradient flows from an output to its operands."""
    recording = folded.recording
    code, left, right = recording.code.tolist(), recording.left.tolist(), recording.right.tolist()
    flows = np.zeros(len(code) + 1, dtype=bool)
    flows[list(recording.outputs)] = True
    for i in reversed(range(len(recording))):
        flows[i] &= code[i] != LEAF and bool(recording.rows[code[i]].partials)
        if flows[i]:
            flows[[left[i], right[i]]] = True
    early = folded.terms.left >= len(recording)
    flows[folded.terms.left[early]] = flows[folded.terms.owner[early]]
    return flows[:-1]
