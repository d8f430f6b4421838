"""Pass 4, lift: nodes of equal level and equal form become one array operation.

Two nodes are of equal form if they apply the same operation to operands that live in the same arrays. Sums are taken
apart into parts, one for each array or pair of arrays their terms come from. Dot products whose left rows and right
rows form a full grid become one matrix product, or a stack of them.

Nothing here knows the order of an array; a group is a grid of node numbers, and ``NONE`` marks a hole in it.
"""

from __future__ import annotations

import warnings
from collections import defaultdict

import numpy as np

from .graphs import MUL, NUMBERS, POW, SAMPLED, Folded, Group, Lifted, Loop, everything
from .ir import Ints
from .lifting.builder import Builder
from .lifting.sums import maxima, sums
from .ragged import NONE, distinct, groups, runs

SECONDS, PIECE_SECONDS = 0.4e-3, 0.5e-3  # what compiling takes for an operation, and for each array that is joined,
BYTES, PIECE_BYTES = 15_000, 27_000  # as seen for chains, integrators and random operands of 1,000 to 100,000 nodes
PATIENCE = 5.0  # seconds of compiling, from which on there is a warning
MANY = 12  # operands that come from more arrays than this are joined


def lift(folded: Folded, exact: bool = False, quiet: bool = False, apart: bool = False) -> Lifted:
    """Groups level by level. ``exact`` refuses grids with holes: no number is computed that the graph has not.

    Nor a derivative: nodes through which no gradient flows are in groups of their own, as they are if these are to be
    ``apart``. Of an irregular graph a warning tells what it will cost, unless it is to be ``quiet``.

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
    builder = Builder(folded, exact, apart)
    live = np.flatnonzero(folded.level > 0)
    turns: list[tuple[int, Ints | Loop]] = [(loop.level, loop) for loop in folded.loops]
    turns += [
        (int(folded.level[nodes[0]]), nodes) for nodes in _together(folded, live, folded.level[live], builder.apart)
    ]
    for _, turn in sorted(turns, key=lambda pair: pair[0]):
        if isinstance(turn, Loop):
            _loop(builder, folded, turn)
        else:
            _level(builder, folded, turn)
    if not quiet:
        _warn(sum(1 for _ in everything(builder.groups)), builder.pieces, folded.n_recorded)
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


def _together(folded: Folded, nodes: Ints, level: Ints, apart: bool) -> list[Ints]:
    """The nodes of each level; those that pass a gradient on ``apart`` from those that do not, if so asked."""
    turn = 2 * level + (~folded.flows[nodes] if apart else 0)
    order = np.argsort(turn, kind="stable")
    return [nodes[order[run]] for run in runs(turn[order])] if len(nodes) else []


def _level(builder: Builder, folded: Folded, nodes: Ints) -> None:
    """Nodes that do not depend on each other."""
    added, compared = folded.is_sum[nodes], folded.is_maximum[nodes]
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


def _loop(builder: Builder, folded: Folded, loop: Loop) -> None:
    """A loop, whose body is lifted like any graph. What it carries stands in one array if it is computed alike.

    What was not the same for all samples could have become so since: that of which is not known is carried for each.
    """
    nodes, (carried, stacked, sources) = builder.nodes, _stacked(builder, loop)
    nodes.varies[stacked] = nodes.varies[sources].max(axis=1, initial=NONE)
    read = np.concatenate([loop.reads, stacked])
    wider = (nodes.varies[nodes.same[read]] > folded.recording.varies[read]).any()
    nodes.varies[carried] = SAMPLED if wider else folded.recording.varies[carried]
    with builder.loop(loop.times, np.concatenate([loop.body, carried, stacked])) as collects:
        for group in groups(nodes.varies[carried], _forms(builder, folded, loop, stacked, sources)):
            builder.add(Group("carry", carried[group], (nodes.same[loop.first[group]], loop.after[group])))
        for group in groups(nodes.varies[stacked], nodes.home[sources[:, 0]]) if len(stacked) else ():
            builder.add(Group("stack", stacked[group], (sources[group],)))
        for together in _together(folded, loop.body, loop.levels, builder.apart):
            _level(builder, folded, together)
        read = np.flatnonzero((loop.steps != NONE).any(axis=1))
        made = nodes.same[loop.body[read]]
        for group in groups(nodes.home[made]) if len(read) else ():
            collects.append(Group("collect", loop.steps[read[group]], (made[group],)))


def _stacked(builder: Builder, loop: Loop) -> tuple[Ints, Ints, Ints]:
    """What is carried, what is stacked, and its sources, each once; but for what is the same in all steps by now."""
    same, stacked = builder.nodes.same, loop.stacked
    sources = same[loop.sources]
    constant = (sources == sources[:, :1]).all(axis=1)
    same[stacked[constant]] = sources[constant, 0]
    if constant.all():
        return loop.carried, stacked[:0], sources[:0]
    stacked, sources = stacked[~constant], sources[~constant]
    first, which = distinct(sources)
    same[stacked] = stacked[first][which]
    return loop.carried, stacked[first], builder.joined(sources[first])


def _forms(builder: Builder, folded: Folded, loop: Loop, stacked: Ints, sources: Ints) -> Ints:
    """A number for each carried node, the same for those that are computed alike, from what is computed alike."""
    home, same, rows = builder.nodes.home, builder.nodes.same, defaultdict[int, set[tuple[int, int]]](set)
    form = {NONE: NONE} | dict.fromkeys(loop.carried.tolist(), -2)
    form |= {node: -3 - int(home[source[0]]) for node, source in zip(stacked.tolist(), sources, strict=True)}
    others = [node for node in (*loop.shared.tolist(), *loop.stacked.tolist()) if node not in form]
    form |= {node: form.get(int(same[node]), -3 - int(home[same[node]])) for node in others}
    numbers: dict[object, int] = {}
    for terms in (folded.terms.of(loop.body), folded.items.of(loop.body)):
        for owner, *operands in zip(terms.owner.tolist(), terms.left.tolist(), terms.right.tolist(), strict=True):
            rows[owner].add((operands[0], operands[1]))
    columns = [
        column[loop.body].tolist() for column in (folded.recording.code, folded.recording.left, folded.recording.right)
    ]
    for node, code, left, right in zip(loop.body.tolist(), *columns, strict=True):
        read = {(form[x], form[y]) for x, y in rows.get(node, ((left, right),))}
        key = code, node in rows, frozenset(read)
        form[node] = numbers.setdefault(key, len(numbers))
    after = [form[node] for node in loop.after.tolist()]
    return np.array(after, dtype=np.int64)


def _join(builder: Builder, operands: Ints) -> None:
    """Copy the operands into one array, where they come from too many: the graph is irregular here."""
    if len(operands) <= MANY:
        return
    nodes = builder.nodes
    operands = nodes.same[operands]
    homes = nodes.home[operands]
    if len({*homes.tolist()} - {NONE, NUMBERS}) > MANY:
        builder.join(np.unique(operands[homes > NUMBERS]))


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
