"""The names of a graph's nodes: the same in every picture, on every page, in every formula that is written about it."""

from collections import Counter
from collections.abc import Sequence
from itertools import count

from ..value import Value


def name_nodes(order: Sequence[Value]) -> dict[Value, str]:
    """Each node's label, or v1, v2, … in the graph's topological order; a repeated label gets a number.

    Constants have no name: they are the numbers they are.

    >>> a, b = Value(2.0, label="a"), Value(3.0, label="a")
    >>> list(name_nodes([a, b, a * b]).values())
    ['a', 'a#2', 'v1']
    """
    seen: Counter[str] = Counter()
    names: dict[Value, str] = {}
    labels = {node.label for node in order}
    numbers = (f"v{i}" for i in count(1))
    for node in order:
        if node.is_constant:
            continue
        if node.label:
            seen[node.label] += 1
            repeat = seen[node.label]
            names[node] = node.label if repeat == 1 else f"{node.label}#{repeat}"
        else:
            names[node] = next(name for name in numbers if name not in labels)
    return names
