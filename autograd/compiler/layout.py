"""Pass 4, layout: each group gets an order and a shape in which its operands are views.

The home of a node is settled when its group is laid out: an array and a flat position in it. A group follows the order
of its operands, so that most of them are whole arrays, slices, transposes and broadcasts; what is left is gathered.
Parameters have no order of their own: the first group that reads some of them chooses their place in the vector.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from . import affine
from .affine import Digits
from .arrays import (
    LETTERS,
    Array,
    ArrayProgram,
    DotStatement,
    Gather,
    JoinStatement,
    MapStatement,
    Numbers,
    Operand,
    Part,
    ReduceStatement,
    Shape,
    Statement,
    View,
    contiguous,
)
from .groups import Dot, Group, Join, Map, Reduce
from .lift import INPUTS, NUMBERS, PARAMETERS, Lifted
from .names import Names
from .record import NONE, SAMPLED, Ints


def layout(lifted: Lifted) -> ArrayProgram:
    """Statements on views, from groups of nodes.

    >>> from autograd import Value, functional
    >>> from .fold import fold
    >>> from .lift import lift
    >>> from .record import record
    >>> x = [Value(1.0) for _ in range(3)]
    >>> rows = [[Value(1.0) for _ in x] for _ in range(5)]
    >>> outputs = [functional.dot(row, x).tanh() for row in rows]
    >>> print(layout(lift(fold(record(outputs, x)))))
    m1 (5, B) = dot(theta[0: shape (5, 3), strides (3, 1)], x)
    tanh1 (5, B) = tanh(m1)
    return tanh1
    """
    return _Layout(lifted).run()


@dataclass(frozen=True)
class _Axes:
    """The axes of a grid after splitting, and the views of its operands on them (None: only a gather will do)."""

    lengths: tuple[tuple[int, ...], ...]
    fits: Sequence[tuple[int, tuple[Digits, ...]] | None]

    @classmethod
    def of(
        cls, grids: Sequence[tuple[Ints, str, Array]], letters: str, sizes: dict[str, int], natural: str = ""
    ) -> _Axes:
        """``grids``: positions, letters of their axes, array. ``natural`` axes are split as the arrays are."""
        fits: list[tuple[int, tuple[Digits, ...]] | None] = []
        taken: dict[str, list[Digits]] = {letter: [((sizes[letter], 0),)] for letter in letters}
        for positions, names, array in grids:
            found = affine.fit(positions, array.size)
            if found and all(affine.refine([*taken[a], digits]) for a, digits in zip(names, found[1], strict=True)):
                for a, digits in zip(names, found[1], strict=True):
                    taken[a].append(digits)
            else:
                found = None
            fits.append(found)
        for (_, names, array), found in zip(grids, fits, strict=True):
            for a, digits in zip(names, found[1] if found else (), strict=False):
                finer = affine.cut(digits, array.shape)
                if a in natural and affine.refine([*taken[a], finer]):
                    taken[a].append(finer)
        return cls(tuple(affine.refine(taken[letter]) or () for letter in letters), fits)


class _Layout:
    def __init__(self, lifted: Lifted) -> None:
        recording = lifted.folded.recording
        self.lifted = lifted
        self.names = Names(recording.values)
        self.padded = False
        self.uses = _uses(lifted)
        self.position = np.full(len(lifted.home), NONE)
        self.position[list(recording.inputs)] = np.arange(len(recording.inputs))
        leaves = lifted.home[: len(recording.values)]
        self.parameters: list[int] = []
        self.theta = Array("theta", (int((leaves == PARAMETERS).sum()),), False)
        self.inputs = Array(self.names.unique("x"), (len(recording.inputs),), True)
        self.arrays: dict[int, Array] = {PARAMETERS: self.theta, INPUTS: self.inputs}
        self.statements: list[Statement] = []
        self.products: set[Array] = set()
        self.parts: dict[Part, str] = {}

    def run(self) -> ArrayProgram:
        lifted, recording = self.lifted, self.lifted.folded.recording
        for home, group in self.in_turn():
            if isinstance(group, Map):
                self.map(home, group)
            elif isinstance(group, Dot):
                self.dot(home, group)
            elif isinstance(group, Join):
                self.join(home, group)
            else:
                self.reduce(home, group)
        self.place(np.flatnonzero(lifted.home[: len(recording.values)] == PARAMETERS))
        values = [recording.values[i] for i in self.parameters]
        return ArrayProgram(
            self.statements, self.inputs, self.theta, values, self.outputs(), self.names, self.parts, self.padded
        )

    def in_turn(self) -> Iterator[tuple[int, Group]]:
        """The groups with their homes, each after those it reads.

        Products of parameters alone (a penalty on the weights) wait until they are read: by then the layers have
        given the parameters their places, and the penalty reads them in that order, which its sum leaves open.
        """
        waiting: dict[int, Group] = {}
        for home, group in enumerate(self.lifted.groups, INPUTS + 1):
            if isinstance(group, Dot) and self.home(group.left) == self.home(group.right) == PARAMETERS:
                waiting[home] = group
                continue
            if waiting:
                homes = np.concatenate([self.lifted.home[nodes[nodes != NONE]] for nodes in _read(group)])
                for read in np.unique(homes).tolist():
                    if read in waiting:
                        yield read, waiting.pop(read)
            yield home, group
        yield from waiting.items()

    # ---- homes

    def home(self, nodes: Ints) -> int:
        return int(self.lifted.home[nodes[nodes != NONE].flat[0]])

    def place(self, nodes: Ints) -> None:
        """Give parameters that have none the next places in the vector, in this order."""
        flat = nodes.ravel()
        flat = flat[flat != NONE]
        new = flat[(self.lifted.home[flat] == PARAMETERS) & (self.position[flat] == NONE)]
        if len(new):
            order = list(dict.fromkeys(new.tolist()))
            self.position[order] = len(self.parameters) + np.arange(len(order))
            self.parameters += order

    def positions(self, nodes: Ints) -> Ints:
        return np.where(nodes == NONE, NONE, self.position[nodes])

    def settle(self, home: int, targets: Ints, shape: Shape, stem: str) -> Array:
        """The array of a group, and the homes of its nodes in it."""
        sampled = bool(self.lifted.rank[targets[targets != NONE].flat[0]] == SAMPLED)
        shape = tuple(length for length in shape if length > 1)
        array = self.arrays[home] = Array(self.names.of_array(targets, stem), shape, sampled)
        flat = targets.ravel()
        there = flat != NONE
        self.padded |= not there.all()
        self.position[flat[there]] = np.flatnonzero(there)
        return array

    def operand(self, nodes: Ints, axes: _Axes, which: int | None, letters: Sequence[int], masked: bool) -> Operand:
        """The nodes as an operand: ``letters`` are the axes of the grid; a ``masked`` one reads 0 in its holes."""
        shape = tuple(n for letter in letters for n in axes.lengths[letter] if n > 1)
        grid = nodes.reshape(shape)
        mask = grid != NONE if masked and (grid == NONE).any() else None
        self.padded |= mask is not None
        home = self.home(nodes)
        if home == NUMBERS:
            idle = 0.0 if masked else self.lifted.number[nodes[nodes != NONE].flat[0]]  # a hole may hold anything
            values = np.where(grid == NONE, idle, self.lifted.number[grid])
            for axis in range(values.ndim):
                first = np.take(values, [0], axis)
                if (values.view(np.int64) == first.view(np.int64)).all() and (not masked or mask is None):
                    values = first
            return Numbers(values, shape)
        array = self.arrays[home]
        found = axes.fits[which] if which is not None else None
        if found is None:
            return Gather(array, np.maximum(self.positions(grid), 0), mask)
        offset, digits = found
        steps = [affine.strides(d, axes.lengths[letter]) for d, letter in zip(digits, letters, strict=True)]
        strides = tuple(
            s
            for step, letter in zip(steps, letters, strict=True)
            for s, n in zip(step, axes.lengths[letter], strict=True)
            if n > 1
        )
        view = View(array, shape, strides, offset, mask)
        if home == PARAMETERS:
            self.name_part(view, nodes)
        return view

    def name_part(self, view: View, nodes: Ints) -> None:
        """The part as the grid has it and the part in the order of the vector go by one name: either may be read."""
        if view.part not in self.parts:
            whole = view.array.size > 1 and view.is_whole
            self.parts[view.part] = "theta" if whole else self.names.of_parameters(nodes, len(view.kept))
        self.parts.setdefault(view.in_order.part, self.parts[view.part])

    # ---- element by element

    def map(self, home: int, group: Map) -> None:
        best = None
        for grid in self.grids(group):
            operands = [np.where(grid == NONE, NONE, nodes[grid]) for nodes in group.operands]
            for nodes in operands:
                self.place(nodes)
            read = [i for i, nodes in enumerate(operands) if self.home(nodes) != NUMBERS]
            letters = LETTERS[: grid.ndim]
            arrays = [self.arrays[self.home(operands[i])] for i in read]
            grids = [(self.positions(operands[i]), letters, array) for i, array in zip(read, arrays, strict=True)]
            axes = _Axes.of(grids, letters, dict(zip(letters, grid.shape, strict=True)))
            cost = sum(self.cost(axes, j, array, grid) for j, array in enumerate(arrays))
            cost += grid.size - len(group.targets)
            if best is None or cost < best[0]:
                best = (cost, grid, operands, read, axes)
            if best[0] == 0:
                break
        assert best is not None
        _, grid, operands, read, axes = best
        every = range(grid.ndim)
        views = tuple(
            self.operand(nodes, axes, read.index(i) if i in read else None, every, False)
            for i, nodes in enumerate(operands)
        )
        shape = tuple(n for lengths in axes.lengths for n in lengths)
        targets = np.where(grid == NONE, NONE, group.targets[grid])
        of_products = any(isinstance(view, View) and view.array in self.products for view in views)
        stem = "weighted" if of_products and group.op.name in ("add", "sub") else group.op.name
        array = self.settle(home, targets, shape, stem)
        self.statements.append(MapStatement(array, group.op, views))

    def cost(self, axes: _Axes, which: int, array: Array, grid: Ints) -> float:
        """Nothing for an array as it is, a little for a view, more for one that is transposed, much for a gather."""
        found = axes.fits[which]
        if found is None:
            return 10.0 + grid.size
        lengths = tuple(n for axis in axes.lengths for n in axis if n > 1)
        steps = [s for digits, axis in zip(found[1], axes.lengths, strict=True) for s in affine.strides(digits, axis)]
        if array.size == grid.size and found[0] == 0 and tuple(s for s in steps if s) == contiguous(lengths):
            return 0.0 if lengths == array.shape else 0.1
        present = [s for s in steps if s]
        return 0.5 if present == sorted(present, reverse=True) else 1.0

    def grids(self, group: Map) -> Iterator[Ints]:
        """Orders that the group may take, as grids of indices into it: boxes of its operands' arrays, then rows."""
        n = len(group.targets)
        keys = []
        for nodes in group.operands:
            if self.key(nodes) is None:
                continue
            keys.append(self.positions(nodes))
            home = self.home(nodes)
            if home not in (PARAMETERS, INPUTS):
                yield from self.box(keys[-1], self.arrays[home].shape)
        yield np.arange(n)
        if len(keys) == 2:
            yield np.lexsort((keys[1], keys[0]))
            yield np.lexsort((keys[0], keys[1]))
        elif keys:
            yield np.argsort(keys[0], kind="stable")

    def box(self, positions: Ints, shape: Shape) -> Iterator[Ints]:
        """The part of an array that holds these positions, if they fill most of it, each once."""
        places = np.unravel_index(positions, shape or (1,))
        low = [int(place.min()) for place in places]
        lengths = [int(place.max()) + 1 - start for place, start in zip(places, low, strict=True)]
        n, size = len(positions), int(np.prod(lengths))
        if n <= size <= (n if self.lifted.exact else 2 * n):
            grid = np.full(lengths, NONE)
            grid[tuple(place - start for place, start in zip(places, low, strict=True))] = np.arange(n)
            if (grid != NONE).sum() == n:
                yield grid

    # ---- dot products

    def dot(self, home: int, group: Dot) -> None:
        targets, left, right = self.sorted(group)
        self.place(left)
        self.place(right)
        sizes = dict(zip("cmpk", (*targets.shape, left.shape[2]), strict=True))
        grids = []
        for nodes, letters in ((left, "cmk"), (right, "cpk")):
            if self.home(nodes) != NUMBERS:
                grids.append((self.positions(nodes), letters, self.arrays[self.home(nodes)]))
        axes = _Axes.of(grids, "cmpk", sizes, "k" if targets.size == 1 else "")
        which = iter(range(2))
        operands = [
            self.operand(nodes, axes, None if self.home(nodes) == NUMBERS else next(which), letters, True)
            for nodes, letters in ((left, (0, 1, 3)), (right, (0, 2, 3)))
        ]
        counts = tuple(sum(n > 1 for n in lengths) for lengths in axes.lengths)
        shape = tuple(n for lengths in axes.lengths[:3] for n in lengths)
        array = self.settle(home, targets, shape, "dot")
        self.products.add(array)
        self.statements.append(DotStatement(array, operands[0], operands[1], counts))  # type: ignore[arg-type]

    def sorted(self, group: Dot) -> tuple[Ints, Ints, Ints]:
        """The group with each of its axes in the order of the array that is read along it."""
        targets, left, right = group.targets, group.left, group.right
        by_right, by_left = self.key(right), self.key(left)
        for key, rows in ((by_right, right), (by_left, left)):
            if key is not None:
                longest = np.argmax((rows != NONE).sum(axis=2))
                order = np.argsort(
                    np.where(rows == NONE, 2**60, key).reshape(-1, rows.shape[2])[longest], kind="stable"
                )
                left, right = left[:, :, order], right[:, :, order]
                break
        by_right, by_left = self.key(right), self.key(left)
        used = np.where(targets == NONE, 0, self.uses[targets])
        if by_left is None and len(targets) == 1:
            order = _alike_together(used[0].sum(axis=1))
            left, targets = left[:, order], targets[:, order]
        if by_right is None and len(targets) == 1:
            order = _alike_together(used[0].sum(axis=0))
            right, targets = right[:, order], targets[:, :, order]
        if by_left is not None:
            order = np.argsort(by_left[:, :, 0], axis=1, kind="stable")
            left = np.take_along_axis(left, order[:, :, None], 1)
            targets = np.take_along_axis(targets, order[:, :, None], 1)
        if by_right is not None:
            order = np.argsort(by_right[:, :, 0], axis=1, kind="stable")
            right = np.take_along_axis(right, order[:, :, None], 1)
            targets = np.take_along_axis(targets, order[:, None, :], 2)
        if len(targets) > 1:
            firsts = [self.key(rows) for rows in (left, right)]
            keys = [key[:, 0, 0] for key in firsts if key is not None]
            if keys:
                order = np.lexsort(keys)  # by the right rows, then by the left ones
                left, right, targets = left[order], right[order], targets[order]
        return targets, left, right

    def key(self, nodes: Ints) -> Ints | None:
        """The positions to sort by, if these nodes have an order."""
        if self.home(nodes) == NUMBERS:
            return None
        positions = self.positions(nodes)
        return None if ((positions == NONE) & (nodes != NONE)).any() else positions

    # ---- sums and maxima

    def reduce(self, home: int, group: Reduce) -> None:
        targets, rows = group.targets, group.rows
        if self.key(rows) is None:
            alike = _alike_together(self.uses[targets])
            targets, rows = targets[alike], rows[alike]
        self.place(rows)
        positions = self.positions(rows)
        order = np.argsort(positions[:, 0], kind="stable")
        longest = np.argmax((rows != NONE).sum(axis=1))
        across = np.argsort(np.where(rows[longest] == NONE, 2**60, positions[longest]), kind="stable")
        targets, rows = targets[order], rows[order][:, across]
        source, sizes = self.arrays[self.home(rows)], {"q": len(rows), "k": rows.shape[1]}
        axes = _Axes.of([(self.positions(rows), "qk", source)], "qk", sizes, natural="qk")
        operand = self.operand(rows, axes, 0, (0, 1), True)
        array = self.settle(home, targets, axes.lengths[0], "sum" if group.op.name == "add" else "max")
        self.statements.append(ReduceStatement(array, group.op, operand))

    def join(self, home: int, group: Join) -> None:
        self.place(group.sources)
        homes = self.lifted.home[group.sources]
        order = np.lexsort((self.position[group.sources], homes))
        targets, sources = group.targets[order], group.sources[order]
        pieces = []
        for nodes in np.split(sources, np.flatnonzero(np.diff(homes[order])) + 1):
            axes = _Axes.of([(self.positions(nodes), "q", self.arrays[self.home(nodes)])], "q", {"q": len(nodes)})
            if len(axes.lengths[0]) > 1:
                axes = _Axes(((len(nodes),),), (None,))
            pieces.append(self.operand(nodes, axes, 0, (0,), False))
        self.statements.append(JoinStatement(self.settle(home, targets, targets.shape, "join"), tuple(pieces)))

    # ---- outputs

    def outputs(self) -> list[Operand]:
        """The outputs in order; neighbours that are one view of one array come as one operand."""
        lifted = self.lifted
        nodes = lifted.same[list(lifted.folded.recording.outputs)]
        runs: list[list[int]] = []
        for node in nodes.tolist():
            if runs and self._follows(runs[-1], node):
                runs[-1].append(node)
            else:
                runs.append([node])
        return [self._output(np.array(run)) for run in runs]

    def _follows(self, run: list[int], node: int) -> bool:
        home = self.lifted.home
        if home[node] != home[run[-1]] or home[node] == NUMBERS:
            return False
        step = self.position[node] - self.position[run[-1]]
        return bool(step > 0 and (len(run) == 1 or step == self.position[run[-1]] - self.position[run[-2]]))

    def _output(self, nodes: Ints) -> Operand:
        home = self.home(nodes)
        if home == NUMBERS:
            return Numbers(np.array(self.lifted.number[nodes[0]]), ())
        offset = int(self.position[nodes[0]])
        if len(nodes) == 1:
            view = View(self.arrays[home], (), (), offset)
        else:
            view = View(self.arrays[home], (len(nodes),), (int(self.position[nodes[1]]) - offset,), offset)
        if home == PARAMETERS:
            self.name_part(view, nodes)
        return view


def _read(group: Group) -> list[Ints]:
    """The nodes that a group reads."""
    if isinstance(group, Map):
        return list(group.operands)
    if isinstance(group, Dot):
        return [group.left, group.right]
    return [group.sources if isinstance(group, Join) else group.rows]


def _uses(lifted: Lifted) -> Ints:
    """A number for how each node is used: equal for nodes that the same groups read in the same way, all the way up."""
    weights = np.random.default_rng(0).integers(1, 2**62, (len(lifted.groups), 3)) | 1
    uses = np.zeros(len(lifted.home) + 1, dtype=np.int64)  # one more, so that a hole, at NONE, has no use
    for group, weight in zip(reversed(lifted.groups), reversed(weights), strict=True):
        if isinstance(group, Map):
            for operand, factor in zip(group.operands, weight, strict=False):
                np.add.at(uses, operand, (uses[group.targets] + 1) * factor)
        elif isinstance(group, Join):
            np.add.at(uses, group.sources, (uses[group.targets] + 1) * weight[0])
        elif isinstance(group, Reduce):
            rows = np.broadcast_to(((uses[group.targets] + 1) * weight[0])[:, None], group.rows.shape)
            np.add.at(uses, group.rows[group.rows != NONE], rows[group.rows != NONE])
        else:
            for rows, factor, axis in ((group.left, weight[0], 2), (group.right, weight[1], 1)):
                each = ((uses[group.targets] + 1) * factor * (group.targets != NONE)).sum(axis=axis)
                spread = np.broadcast_to(each[:, :, None], rows.shape)
                np.add.at(uses, rows[rows != NONE], spread[rows != NONE])
    return uses


def _alike_together(uses: Ints) -> Ints:
    """An order in which equal uses are neighbours; otherwise the order stays."""
    _, first, inverse = np.unique(uses, return_index=True, return_inverse=True)
    return np.argsort(first[inverse], kind="stable")
