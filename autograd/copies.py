"""Copies and pickles of a graph: it may be a million deep, so none of these recurses."""

from __future__ import annotations

import copyreg
import threading
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from .graph import topological_order

_SLOTS = frozenset(("op", "_number", "_x", "_y", "_dx", "_dy", "_grad", "_label"))  # a Value's, but for scratch


State = tuple[object, dict[str, Any] | None, dict[str, Any]]
"""The ancestors, for the pickler alone; what a subclass keeps in ``__dict__``; and what is in slots, its own too."""


def copied(value: Any) -> Any:
    """The same node once more, made from the same parents."""
    twin = object.__new__(type(value))
    restore(twin, _state(value))
    return twin


def deeply_copied(value: Any, memo: dict[int, Any]) -> Any:
    """The whole graph once more."""
    for node in topological_order(value, known=lambda node: id(node) in memo):
        if id(node) not in memo:
            twin = memo[id(node)] = object.__new__(type(node))
            ancestors, attributes, slots = _state(node)
            own = {name: slots.pop(name) for name in (*slots,) if name not in _SLOTS}
            parents = {name: memo[id(slots[name])] for name in ("_x", "_y") if slots[name] is not None}
            restore(twin, (ancestors, deepcopy(attributes, memo), {**slots, **deepcopy(own, memo), **parents}))
    return memo[id(value)]


def reduced(value: Any) -> tuple[Any, ...]:
    """What the pickler writes for a Value: the ancestors first, then how to make the Value from its own state."""
    ancestors = None if _pickling.discard(value) else _Ancestors(topological_order(value)[:-1])
    return copyreg.__newobj__, (type(value),), _state(value, ancestors)  # type: ignore[attr-defined]


def _state(node: Any, ancestors: _Ancestors | None = None) -> State:
    state: Any = object.__getstate__(node)
    attributes, slots = state
    return ancestors, attributes, {name: value for name, value in slots.items() if name != "_adjoint"}


def restore(value: Any, state: State) -> None:
    """Give a new Value the state of another."""
    _, attributes, slots = state
    value._adjoint = None
    for name, content in slots.items():
        object.__setattr__(value, name, content)
    if attributes:
        value.__dict__.update(attributes)


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
