"""Pass 3, roll: where a graph is one step, many times over, the step is kept once, as the body of a loop.

A step is looked for along the longest path, whose operations repeat after one period; it is cut down to what is truly
recurrent. What does not depend on the step before comes before the loop, and what no later step needs comes after it:
other passes compute that for all steps at once. However a loop was found, that it is one is checked operand by operand,
for every step; where it is none, the graph stays as it was.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .graphs import CONSTANT, GIVEN, SHARED, Folded, Loop, Recording, Terms, joined, merge_numbers
from .ir import Ints
from .ragged import NONE
from .rolling.rows import MAXIMUM, SUM, Rows
from .rolling.search import Order
from .rolling.steps import FEWEST, Side, Steps

SAVED = 50  # operations that a loop must save: then its program takes 0.5 to 0.9 of the time of its steps written out
OWN = 64  # steps that there must be if each has parameters of its own: a few equal layers have names of their own


def roll(folded: Folded, every: bool = False) -> Folded:
    """The graph with its loops that pay, or with ``every`` one: as many as are found, one after the other.

    >>> from autograd import Value
    >>> from .fold import fold
    >>> from .record import record
    >>> y, w = Value(1.0, label="y"), Value(2.0, label="w")
    >>> for _ in range(1000):
    ...     y = (w * y + 1.0).sin()
    >>> print(roll(fold(record([y], []))))
    1000 times:
        %4003 = y, then %4005
        %4004 = 1 + w*%4003
        %4005 = sin(%4004)
    """
    numbered = _with_number_nodes(folded)
    rolled = numbered
    while (steps := _longest(rolled, every)) is not None:
        rolled = _Rolling(steps).run()
    if rolled is numbered:
        return folded
    return replace(rolled, terms=merge_numbers(rolled.terms, rolled.number, rolled.recording.varies))


def pays(steps: Steps) -> bool:
    """Whether a loop is worth its calls: they cost as much as they do whether few or many operations are saved."""
    return steps.saved >= SAVED and (steps.times >= OWN or not steps.own)


def _longest(folded: Folded, every: bool) -> Steps | None:
    """The longest loop that pays, or the longest of every one, if there is any."""
    if folded.level.max() < FEWEST:
        return None
    rows = Rows(folded)
    recorded = np.flatnonzero(rows.live[: len(folded.recording)])
    by_level = recorded[np.argsort(folded.level[recorded], kind="stable")]
    best: Steps | None = None
    for order in (recorded, by_level):
        for steps in Order(rows, order).loops() if every else filter(pays, Order(rows, order).loops()):
            # Two steps as one are longer by what they leave out at the ends.
            if best is None or steps.nodes.size > best.nodes.size + len(steps.nodes):
                best = steps
            if best.spans_most:
                return best
    return best


def _with_number_nodes(folded: Folded) -> Folded:
    """Numbers that are terms as nodes: they may differ from step to step."""
    terms, recording = folded.terms, folded.recording
    alone = terms.left == NONE
    bits, which = np.unique(terms.coefficient[alone].view(np.int64), return_inverse=True)
    left, coefficient = terms.left.copy(), terms.coefficient.copy()
    left[alone], coefficient[alone] = len(folded.level) + which, 1.0
    none = np.full(len(bits), NONE)
    return replace(
        folded,
        recording=replace(
            recording,
            code=np.append(recording.code, np.full(len(bits), GIVEN)),
            left=np.append(recording.left, none),
            right=np.append(recording.right, none),
            varies=np.append(recording.varies, np.full(len(bits), CONSTANT)),
        ),
        number=np.append(folded.number, bits.view(np.float64)),
        level=np.append(folded.level, np.zeros(len(bits), dtype=np.int64)),
        terms=replace(terms, left=left, coefficient=coefficient),
    )


class _Rolling:
    """The making of a graph with one more loop. What the loop gives, and the nodes of its body, follow all others."""

    def __init__(self, steps: Steps) -> None:
        self.steps, self.graph, self.folded = steps, steps.graph, steps.graph.folded
        self.kind = self.graph.kind[steps.nodes[:, 0]]
        self.n = len(self.folded.level)
        keys = sorted(steps.initial, key=lambda key: (key[1], steps.levels[key[0]], self.kind[key[0]], key[0]))
        self.carried = {key: self.n + i for i, key in enumerate(keys)}
        self.stacked: dict[bytes, int] = {}
        self.sources: list[Ints] = []
        left, right = (self.operands(side) for side in steps.sides)
        self.body = self.n + len(self.carried) + len(self.sources) + np.arange(len(steps.nodes))
        self.left, self.right = (
            np.where((side.made_by != NONE) & (side.lag == 0), self.body[side.made_by], read)
            for side, read in zip(steps.sides, (left, right), strict=True)
        )

    def operands(self, side: Side) -> Ints:
        """What each row of the body reads that the same step does not make."""
        found = side.read[:, 0].copy()
        first = self.n + len(self.carried)
        for row in np.flatnonzero((side.made_by == NONE) & (side.read != side.read[:, :1]).any(axis=1)).tolist():
            key = side.read[row].tobytes()
            if key not in self.stacked:
                self.stacked[key] = first + len(self.sources)
                self.sources.append(side.read[row])
            found[row] = self.stacked[key]
        for row in np.flatnonzero(side.lag).tolist():
            found[row] = self.carried[int(side.made_by[row]), int(side.lag[row])]
        return found

    def run(self) -> Folded:
        """The graph without the steps, with the body, and a level for all that is outside of loops."""
        loop, folded, nodes = self.loop(), self.folded, self.steps.nodes
        recording = self.recording(loop)
        columns = self.body[self.steps.owner], self.graph.exact[self.graph.rows(nodes[:, 0])], self.left, self.right
        kind = self.kind[self.steps.owner]
        terms, items = (
            joined(
                old[~np.isin(old.owner, nodes)],
                Terms(*(column[kind == wanted] for column in (columns[0], columns[1].view(np.float64), *columns[2:]))),
            )
            for old, wanted in ((folded.terms, SUM), (folded.items, MAXIMUM))
        )
        level = np.append(folded.level, np.full(len(recording.code) - self.n, NONE))
        level[nodes], level[loop.made] = NONE, 0
        number = np.append(folded.number, np.full(len(level) - self.n, np.nan))
        return _with_levels(Folded(recording, number, level, terms, items, (*folded.loops, loop)))

    def loop(self) -> Loop:
        """The loop; of its nodes it makes those that are read elsewhere."""
        steps, graph = self.steps, self.graph
        inside = np.zeros(len(graph.live) + 1, dtype=bool)
        inside[steps.nodes] = True
        others = graph.live[graph.owner] & ~inside[graph.owner]
        read = np.zeros_like(inside)
        for nodes in (graph.left[others], graph.right[others], *(loop.reads for loop in self.folded.loops)):
            read[nodes] = True
        read[list(self.folded.recording.outputs)] = True
        after = [self.body[made] if lag == 1 else self.carried[made, lag - 1] for made, lag in self.carried]
        shared = [
            side.read[(side.made_by == NONE) & (side.read == side.read[:, :1]).all(axis=1), 0] for side in steps.sides
        ]
        return Loop(
            level=NONE,
            times=steps.times,
            body=self.body,
            levels=steps.levels,
            carried=np.array([*self.carried.values()], dtype=np.int64),
            first=np.array([steps.initial[key] for key in self.carried], dtype=np.int64),
            after=np.array(after, dtype=np.int64),
            stacked=np.array([*self.stacked.values()], dtype=np.int64),
            sources=np.array(self.sources, dtype=np.int64).reshape(-1, steps.times),
            shared=np.setdiff1d(np.concatenate(shared), [NONE]),
            like=steps.nodes[:, 0],
            steps=np.where(read[steps.nodes], steps.nodes, NONE),
        )

    def recording(self, loop: Loop) -> Recording:
        """The columns with what the loop gives and its body; a carried node varies as that which it carries."""
        recording, nodes = self.folded.recording, self.steps.nodes
        varies = np.append(recording.varies, NONE)
        made = varies[nodes].max(axis=1)
        carried = [max(made[key[0]], varies[first]) for key, first in zip(self.carried, loop.first, strict=True)]
        stacked = varies[loop.sources].max(axis=1, initial=SHARED)  # numbers that differ are no number
        given = np.full(len(loop.carried) + len(loop.stacked), GIVEN)
        single = np.flatnonzero((self.kind != SUM) & (self.kind != MAXIMUM))
        row = np.searchsorted(self.steps.owner, single)
        sides = []
        for old, new in ((recording.left, self.left), (recording.right, self.right)):
            side = np.append(old, np.full(len(given) + len(nodes), NONE))
            side[self.body[single]] = new[row]
            sides.append(side)
        labels = {
            int(new): recording.labels[i]
            for new, i in zip(self.body, nodes[:, 0].tolist(), strict=True)
            if i in recording.labels
        }
        return replace(
            recording,
            code=np.concatenate([recording.code, given, recording.code[nodes[:, 0]]]),
            left=sides[0],
            right=sides[1],
            varies=np.concatenate([recording.varies, carried, stacked, made]).astype(np.int64),
            labels={**recording.labels, **labels},
        )


def _with_levels(folded: Folded) -> Folded:
    """The last loop comes after all that it reads, and all that reads what it makes after the loop."""
    graph, (*others, loop) = Rows(folded), folded.loops
    height = np.append(folded.level, 0)
    for other in others:
        height[other.made] = other.level
    own = 1 + int(height[loop.reads].max(initial=0))
    before = graph.below(loop.reads)
    waiting: list[tuple[int, int | Loop]] = [
        (int(folded.level[i]), i) for i in np.flatnonzero((folded.level > 0) & ~before).tolist()
    ]
    kept = [other for other in others if before[other.made].any()]
    waiting += [(other.level, other) for other in others if other not in kept]
    heights, start, count = height.tolist(), graph.start.tolist(), graph.count.tolist()
    left, right = graph.left.tolist(), graph.right.tolist()
    for node in loop.made.tolist():
        heights[node] = own
    loops = [*kept, replace(loop, level=own)]
    for _, item in sorted(waiting, key=lambda pair: pair[0]):
        if isinstance(item, Loop):
            top = 1 + max((heights[i] for i in item.reads.tolist()), default=0)
            loops.append(replace(item, level=top))
            for node in item.made.tolist():
                heights[node] = top
        else:
            rows = range(start[item], start[item] + count[item])
            heights[item] = 1 + max(heights[j] for k in rows for j in (left[k], right[k]))
    level = np.where(folded.level > 0, heights[:-1], folded.level)
    return replace(folded, level=level, loops=tuple(loops))
