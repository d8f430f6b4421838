"""Copies and pickles of a graph: it may be a million deep, so none of these recurses."""

from __future__ import annotations

import copyreg
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from .graph import topological_order


def copied(value: Any) -> Any:
    """The same node once more, made from the same parents."""
    return _twin(value, value.parents)


def deeply_copied(value: Any, memo: dict[int, Any]) -> Any:
    """The whole graph once more."""
    for node in topological_order(value, known=lambda node: id(node) in memo):
        if id(node) not in memo:
            memo[id(node)] = _twin(node, tuple(memo[id(parent)] for parent in node.parents))
    return memo[id(value)]


def _twin(node: Any, parents: tuple[Any, ...]) -> Any:
    twin = object.__new__(type(node))
    twin.__setstate__(_state(node, None, parents))
    return twin


def reduced(value: Any) -> tuple[Any, ...]:
    """What the pickler writes for a Value: the ancestors first, then how to make the Value from its own state."""
    ancestors = None if _pickling.discard(value) else _Ancestors(topological_order(value)[:-1])
    return copyreg.__newobj__, (type(value),), _state(value, ancestors, value.parents)  # type: ignore[attr-defined]


def _state(node: Any, ancestors: _Ancestors | None, parents: tuple[Any, ...]) -> tuple[Any, ...]:
    return ancestors, node._data, node._grad, node._label, node.op, parents, (node._dx, node._dy)


class _Ancestors:
    """The nodes below a pickled one, parents first: pickled in this order, none finds an unpickled parent.

    Every Value that the pickler reaches from outside of this list brings a list of its own, most of it references to
    what is pickled already; of many Values of one deep graph, it is best to pickle the one they all lead to first.
    """

    def __init__(self, nodes: Sequence[Any]) -> None:
        self._nodes = nodes

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, _pickling.announce(self._nodes)


class _Pickling(threading.local):
    """Which nodes are being handed to the pickler by an _Ancestors, and so need not bring their own."""

    def __init__(self) -> None:
        self._announced: set[Any] = set()

    def announce(self, nodes: Sequence[Any]) -> Iterator[Any]:
        try:
            for node in nodes:  # the pickler takes them one by one, as it writes them
                self._announced.add(node)
                yield node
        finally:
            self._announced.difference_update(nodes)

    def discard(self, node: Any) -> bool:
        announced = node in self._announced
        self._announced.discard(node)
        return announced


_pickling = _Pickling()
