"""Places: the array of each home, and the position of each node in the array of its home.

An input has its place from the start, and a parameter whose place was asked for; other parameters have theirs when they
are first read, the nodes of a group when its statement is written: until then ``position`` says ``NONE``. Numbers have
no place, they are written where they are read.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..lift import Lifted
from ..lifting.nodes import INPUTS, NUMBERS, PARAMETERS
from ..record import NONE, SAMPLED, Ints
from . import affine
from .affine import Digits, Fit
from .arrays import Array, Part, Shape, View
from .names import Names


class Places:
    """Arrays, positions in them, and the names of both."""

    def __init__(self, lifted: Lifted) -> None:
        recording, self.nodes = lifted.folded.recording, lifted.nodes
        self.names = Names(recording.values)
        self.leaves = np.flatnonzero(self.nodes.home[: len(recording.values)] == PARAMETERS)
        self.theta = Array("theta", self.leaves.shape, False)
        self.inputs = Array(self.names.unique("x"), (len(recording.inputs),), True)
        self.arrays = {PARAMETERS: self.theta, INPUTS: self.inputs}
        self.position = np.full(len(self.nodes.home), NONE)
        self.position[list(recording.inputs)] = np.arange(len(recording.inputs))
        self.parameters: list[int] = []
        self.parts: dict[Part, str] = {}
        self._alike: dict[Part, Part] = {}
        self.place(np.array(recording.parameters, dtype=np.int64))

    def home(self, nodes: Ints) -> int:
        """Where these nodes live, all of them in one array."""
        return int(self.nodes.home[nodes.max()])

    def array(self, nodes: Ints) -> Array | None:
        """The array of these nodes; numbers have none."""
        return self.arrays.get(self.home(nodes))

    def key(self, nodes: Ints) -> Ints | None:
        """The positions of these nodes, to sort by, if all have one."""
        home, positions = self.home(nodes), self.position[nodes]
        unknown = home == NUMBERS or (home == PARAMETERS and ((positions == NONE) & (nodes != NONE)).any())
        return None if unknown else positions

    def fit(self, nodes: Ints) -> Fit | None:
        """How these nodes are a view of their array, if they are."""
        array = self.array(nodes)
        return affine.fit(self.position[nodes], array.size) if array else None

    def cut(self, nodes: Ints, digits: Digits) -> Digits:
        """The digits, split as the axes of the array of these nodes are."""
        return affine.cut(digits, self.arrays[self.home(nodes)].shape)

    def place(self, nodes: Ints) -> None:
        """Give the parameters among these nodes that have no place yet the next ones in the vector, in this order."""
        if len(self.parameters) == len(self.leaves):
            return
        new = nodes[(self.nodes.home[nodes] == PARAMETERS) & (self.position[nodes] == NONE)]
        order = list(dict.fromkeys(new.tolist()))
        self.position[order] = len(self.parameters) + np.arange(len(order))
        self.parameters += order

    def settle(self, home: int, targets: Ints, shape: Shape, stem: str) -> Array:
        """The array of a group, whose nodes stand in it in the order of the targets."""
        sampled = bool(self.nodes.rank[targets.max()] == SAMPLED)
        holes = (targets == NONE).reshape(shape) if targets.min() == NONE else None
        array = self.arrays[home] = Array("", shape, sampled, holes)
        self.names.ask(targets, stem, partial(setattr, array, "name"))
        self.position[targets.ravel()] = np.arange(targets.size)
        self.position[NONE] = NONE  # where holes were
        return array

    def name(self, view: View, nodes: Ints) -> None:
        """Ask for a name for this part of theta, as the grid has it and in the order of the vector alike."""
        part = view.part
        if part not in self._alike:
            self._alike[part] = part
            if self.theta.size > 1 and view.is_whole:
                self.parts[part] = "theta"
            else:
                self.names.ask_for_parameters(nodes, len(view.kept), partial(self.parts.__setitem__, part))
        self._alike.setdefault(view.in_order.part, self._alike[part])

    def give_names(self) -> None:
        """To all arrays, and to the parts of theta."""
        self.names.answer()
        self.parts |= {part: self.parts[first] for part, first in self._alike.items()}
