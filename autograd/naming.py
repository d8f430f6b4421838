"""The names of a graph's nodes: the same in every picture, on every page, in every formula and message about it."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeVar

from .graph import Recorded

V = TypeVar("V", bound=Recorded)


def name_nodes(order: Sequence[V]) -> dict[V, str]:
    """Each node's label, or v1, v2, … in the graph's topological order; a repeated label gets a number.

    Constants have no name: they are the numbers they are.

    >>> from autograd import Value
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="a")
    >>> list(name_nodes([a, b, a * b]).values())
    ['a', 'a#2', 'v1']
    """
    labels = {node.label for node in order}
    numbers = (f"v{i}" for i in count(1))
    repeats: dict[str, Iterator[str]] = {}
    names: dict[V, str] = {}
    for node in order:
        if node.is_constant:
            continue
        if node.label and node.label not in repeats:
            repeats[node.label] = (f"{node.label}#{i}" for i in count(2))
            names[node] = node.label
        else:
            candidates = repeats[node.label] if node.label else numbers
            names[node] = next(name for name in candidates if name not in labels)
    return names
