"""The architecture of a model: its parts, the parameters in each, and how a network's neurons are connected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

MOST_LAYERS = 8  # with circles; a deeper network is a row of cards


@dataclass(frozen=True)
class Part:
    """One part of a model, or the whole of it."""

    name: str
    """Its path within the part that holds it, ``layers[0]``; empty for the whole."""
    kind: str
    parameters: int
    """How many there are in it, those of its parts included."""
    note: str = ""
    """What more there is to say of it, in a few words: ``2 → 16, tanh``."""
    own: Mapping[str, int] = field(default_factory=dict)
    """How many parameters it holds itself, by attribute."""
    parts: Sequence[Part] = ()
    in_order: bool = False
    """Whether each part reads what the one before it makes."""
    neurons: Sequence[Neuron] = ()
    """Of a layer."""

    @property
    def lines(self) -> list[str]:
        """What is written of it: what it is, what is said of it, and its parameters."""
        title = f"{self.name}: {self.kind}" if self.name else self.kind
        count = f"{self.parameters:,} parameter{'s' * (self.parameters != 1)}"
        held = " · ".join(name if n == 1 else f"{name} {n:,}" for name, n in self.own.items())
        held = f": {held}" if held and not self.parts else ""
        return [title, *([self.note] if self.note else []), count + held]

    @property
    def layers(self) -> Sequence[Part]:
        """Those of a network that can be drawn neuron by neuron; none of anything else."""
        if self.neurons:
            return [self]
        is_network = self.in_order and len(self.parts) <= MOST_LAYERS and all(part.neurons for part in self.parts)
        return self.parts if is_network else []

    @property
    def count(self) -> int:
        """How many parts there are, itself included."""
        return 1 + sum(part.count for part in self.parts)


@dataclass(frozen=True)
class Neuron:
    """A neuron as a part of a layer: a weight for each of the layer's inputs, and its bias."""

    weights: Sequence[float]
    bias: float


@runtime_checkable
class HasArchitecture(Protocol):
    """What knows its architecture, and so can be drawn."""

    def architecture(self) -> Part: ...
