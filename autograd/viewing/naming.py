"""A name for every node of a graph, for people to follow it by."""

from collections import Counter
from collections.abc import Sequence
from itertools import count

from ..value import Value


def name_nodes(nodes: Sequence[Value]) -> dict[Value, str]:
    """Each node's label; v1, v2, … in the order of ``nodes`` where it has none; a repeated label gets a number.

    >>> a, b = Value(1.0, label="a"), Value(2.0, label="a")
    >>> list(name_nodes([a, b, a * b]).values())
    ['a', 'a#2', 'v1']
    """
    seen: Counter[str] = Counter()
    names: dict[Value, str] = {}
    labels = {node.label for node in nodes}
    numbers = (f"v{i}" for i in count(1))
    for node in nodes:
        if node.label:
            seen[node.label] += 1
            repeat = seen[node.label]
            names[node] = node.label if repeat == 1 else f"{node.label}#{repeat}"
        else:
            names[node] = next(name for name in numbers if name not in labels)
    return names
