"""Gradients on their way back through a graph, in whatever order somebody passes them on."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from autograd import Value, grad
from autograd.graph import topological_order
from autograd.viewing.draw import draw_marked
from autograd.viewing.notation import number_text

from .flipbook import Flipbook, flipbook


@dataclass(frozen=True)
class Entry:
    """One change of a gradient: what was read just before it, and what it was before and after."""

    source: Value
    source_gradient: float
    node: Value
    before: float | None
    after: float

    def __str__(self) -> str:
        had = "none" if self.before is None else number_text(self.before)
        return (
            f"{self.source.label}, which has {number_text(self.source_gradient)}, passes on to {self.node.label}: "
            f"it had {had}, and now has {number_text(self.after)}"
        )


class Diary(dict[Value, float]):
    """The gradient of each node by now, 0 where there is none yet; it keeps an entry of every change.

    It begins with the end of the computation, the gradient of which is 1.

    >>> a = Value(1.0, label="a")
    >>> b = a + a
    >>> b.label = "b"
    >>> gradients = Diary(b)
    >>> gradients[a] += gradients[b] * 1.0
    >>> print(gradients.entries[0])
    b, which has 1, passes on to a: it had none, and now has 1
    """

    def __init__(self, root: Value) -> None:
        super().__init__({root: 1.0})
        self.root = root
        self.entries: list[Entry] = []
        self._read = root

    def __missing__(self, node: Value) -> float:
        return 0.0

    def __getitem__(self, node: Value) -> float:
        self._read = node
        return super().__getitem__(node)

    def __setitem__(self, node: Value, gradient: float) -> None:
        source = self._read
        self.entries.append(Entry(source, self.get(source, 0.0), node, self.get(node), gradient))
        super().__setitem__(node, gradient)


def play_diary(diary: Diary) -> Flipbook:
    """The graph after each entry, with the gradients that there were by then, as a page to step through.

    Who passed on and who received stand out. The last picture compares the leaves with what ``grad`` finds.
    """
    order = topological_order(diary.root)
    twin = deepcopy(diary.root)
    twins = dict(zip(order, topological_order(twin), strict=True))
    twin.zero_grad()
    twin.grad = 1.0
    start = f"The gradient of {diary.root.label} with respect to itself is 1."
    pictures = {0: (draw_marked(twin, [twin]), ["Begin at the end", start])}
    for step, entry in enumerate(diary.entries, start=1):
        twins[entry.node].grad = entry.after
        heading, rest = str(entry).split(": ")
        lines = [f"{heading}.", f"{entry.node.label}: {rest}."]
        if step == len(diary.entries):
            lines += [_verdict(diary, node) for node in order if node.is_leaf]
        pictures[step] = (draw_marked(twin, [twins[entry.source], twins[entry.node]]), lines)
    return flipbook("Who passes on what, and when", pictures, "step")


def _verdict(diary: Diary, leaf: Value) -> str:
    got, wanted = diary.get(leaf, 0.0), grad(diary.root, leaf)
    what = f"d{diary.root.label}/d{leaf.label} has come out as {number_text(got)}"
    return f"{what}, and that is right." if got == wanted else f"{what}, and should be {number_text(wanted)}."
