"""Places: the array of each home, and the position of each node in the array of its home.

An input has its place from the start, and a parameter whose place was asked for; other parameters have theirs when they
are first read, the nodes of a group when its statement is written: until then ``position`` says ``NONE``. Numbers have
no place, they are written where they are read.
"""

from __future__ import annotations

import numpy as np

from ..graphs import INPUTS, NUMBERS, PARAMETERS, SAMPLED, Lifted
from ..ir import Array, Ints, Lengths, Part, View, contiguous
from ..naming import Hint, label
from ..ragged import NONE
from . import affine
from .affine import Digits, Fit


class Places:
    """Arrays, positions in them, and the names of both."""

    def __init__(self, lifted: Lifted) -> None:
        recording, self.nodes = lifted.folded.recording, lifted.nodes
        self.labels = recording.labels
        self.leaves = np.flatnonzero(self.nodes.home[: len(recording)] == PARAMETERS)
        self.theta = Array(self.leaves.shape)
        self.inputs = Array((len(recording.inputs),), sampled=True)
        self.arrays = {PARAMETERS: self.theta, INPUTS: self.inputs}
        self.position = np.full(len(self.nodes.home), NONE)
        self.position[list(recording.inputs)] = np.arange(len(recording.inputs))
        self.parameters: list[int] = []
        self.waiting = {PARAMETERS: (self.leaves, self.parameters)}
        """For arrays whose nodes are placed when they are read: all of them, and those that have a place, in order."""
        self.stands_for = np.arange(len(self.position))
        """For what a loop carries from step to step what it is in the first one."""
        self.hints: dict[Array | Part, Hint] = {}
        self.alike: dict[Part, Part] = {}
        self.place(np.array(recording.parameters, dtype=np.int64))

    def home(self, nodes: Ints) -> int:
        """Where these nodes live, all of them in one array."""
        node = nodes.item(0)
        return int(self.nodes.home[node if node != NONE else nodes.max()])

    def array(self, nodes: Ints) -> Array | None:
        """The array of these nodes; numbers have none."""
        return self.arrays.get(self.home(nodes))

    def key(self, nodes: Ints) -> Ints | None:
        """The positions of these nodes, to sort by, if all have one."""
        home, positions = self.home(nodes), self.position[nodes]
        unknown = home == NUMBERS or (home in self.waiting and ((positions == NONE) & (nodes != NONE)).any())
        return None if unknown else positions

    def fit(self, nodes: Ints) -> Fit | None:
        """How these nodes are a view of their array, if they are."""
        array = self.array(nodes)
        return affine.fit(self.position[nodes], array.size) if array else None

    def cut(self, nodes: Ints, digits: Digits) -> Digits:
        """The digits, split as the axes of the array of these nodes are."""
        return affine.cut(digits, self.arrays[self.home(nodes)].lengths)

    def place(self, nodes: Ints) -> None:
        """Give the parameters among these nodes that have no place yet the next ones in the vector, in this order."""
        for home, (members, placed) in self.waiting.items():
            if len(placed) == len(members):
                continue
            read = self.stands_for[nodes] if home == PARAMETERS else nodes
            new = read[(self.nodes.home[read] == home) & (self.position[read] == NONE)]
            order = list(dict.fromkeys(new.tolist()))
            self.position[order] = len(placed) + np.arange(len(order))
            placed += order

    def wait(self, home: int, targets: Ints, stem: str) -> Array:
        """An array of the targets, which get their places in it when they are read."""
        array = self.arrays[home] = Array(targets.shape)
        self.hints[array] = Hint(label(targets, self.labels), stem)
        self.waiting[home] = targets, []
        return array

    def settle(self, home: int, targets: Ints, lengths: Lengths, stem: str) -> Array:
        """The array of a group, whose nodes stand in it in the order of the targets."""
        sampled = bool(self.nodes.varies[targets.max()] == SAMPLED)
        holes = (targets == NONE).reshape(lengths) if targets.min() == NONE else None
        array = self.arrays[home] = Array(lengths, sampled, holes)
        self.hints[array] = Hint(label(targets, self.labels), stem)
        self.position[targets.ravel()] = np.arange(targets.size)
        self.position[NONE] = NONE  # where holes were
        return array

    def name(self, view: View, nodes: Ints) -> None:
        """Ask for a name for this part of theta, as the grid has it and in the order of the vector alike.

        Without labels matrices are W, vectors b, numbers w.
        """
        part = view.part
        if part not in self.alike:
            self.alike[part] = part
            if part != Part(self.theta.lengths, contiguous(self.theta.lengths), 0):
                self.hints[part] = Hint(label(nodes, self.labels), "wbW"[min(len(view.kept), 2)])
        self.alike.setdefault(view.in_order, self.alike[part])
