"""Settings: what can be chosen of a training in the plane, and within which limits."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from autograd.viewing.live import QuestionError

from ...basics.arrays import Floats
from ...basics.checks import count, fraction, not_negative, positive, share, whole
from ...data.dataset import HELD_OUT
from ...layers import ACTIVATIONS
from ...losses import LOSSES

FEATURES: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "x": lambda x, y: x,
    "y": lambda x, y: y,
    "x²": lambda x, y: x * x,
    "y²": lambda x, y: y * y,
    "x·y": lambda x, y: x * y,
    "sin x": lambda x, y: np.sin(x),
    "sin y": lambda x, y: np.sin(y),
}
"""What a network may be given of a point (x, y)."""

OPTIMIZERS = ("sgd", "adam", "adamw")
MOST_LAYERS, MOST_NEURONS, MOST_POINTS = 8, 32, 10_000
NETWORK = ("data", "columns", "features", "hidden", "activation", "loss", "seed")
"""With one of these another network begins; whatever else is changed, the present one goes on."""
SAMPLES = ("noise", "held_out")
"""With one of these it goes on with other samples."""


@dataclass(frozen=True)
class Settings:
    """One choice of everything; the names are those of the options of ``python -m nn train``."""

    data: str = "moons"
    columns: tuple[str, ...] = ("x", "y")
    noise: float = 0.1
    held_out: float = HELD_OUT
    features: tuple[str, ...] = ("x", "y")
    hidden: tuple[int, ...] = (8, 8)
    activation: str = "tanh"
    loss: str = "binary_cross_entropy"
    optimizer: str = "adam"
    lr: float = 0.01
    momentum: float = 0.9
    l1: float = 0.0
    weight_decay: float = 0.0
    batch_size: int = 16
    seed: int = 0

    def changed(self, changes: Any) -> Settings:
        """With some of them changed; a QuestionError for what is no setting, or is beyond its limits."""
        if not isinstance(changes, Mapping):
            raise QuestionError(f"settings are names and values, got {type(changes).__name__}")
        names = [field.name for field in fields(self)]
        if unknown := [name for name in changes if name not in names]:
            raise QuestionError(f"there is no setting {unknown[0]!r}; there are {', '.join(names)}")
        try:
            return replace(self, **{name: _READ[name](name, value) for name, value in changes.items()})
        except TypeError as error:
            raise QuestionError(str(error)) from None

    def same_network(self, other: Settings) -> bool:
        """Whether the other's network may go on with these."""
        return all(getattr(self, name) == getattr(other, name) for name in NETWORK)

    def options(self) -> Namespace:
        """As the options of ``python -m nn train``."""
        momentum = self.momentum if self.optimizer == "sgd" else None
        never = {"clip": None, "nesterov": False, "schedule": "constant", "warm_up": 0, "epochs": 1}
        return Namespace(**{**asdict(self), **never, "hidden": list(self.hidden), "momentum": momentum})


def _text(name: str, got: Any) -> str:
    if not isinstance(got, str):
        raise QuestionError(f"{name} is a text, got {repr(got)[:40]}")
    return got


def _one_of(choices: Any) -> Callable[[str, Any], str]:
    def read(name: str, got: Any) -> str:
        text = _text(name, got)
        if text not in choices:
            raise QuestionError(f"{name} is one of {', '.join(choices)}, got {text[:40]!r}")
        return text

    return read


def _up_to(check: Callable[[str, Any], Any], most: float) -> Callable[[str, Any], Any]:
    def read(name: str, got: Any) -> Any:
        number = check(name, got)
        if number > most:
            raise QuestionError(f"{name} is at most {most:,.12g} here, got {number:,.12g}")
        return number

    return read


def _list(name: str, got: Any) -> list[Any]:
    if not isinstance(got, list | tuple):
        raise QuestionError(f"{name} is a list, got {type(got).__name__}")
    return list(got)


def _hidden(name: str, got: Any) -> tuple[int, ...]:
    sizes = _list(name, got)
    if len(sizes) > MOST_LAYERS:
        raise QuestionError(f"a network has at most {MOST_LAYERS} hidden layers here, got {len(sizes)}")
    return tuple(_up_to(count, MOST_NEURONS)("a layer's size", size) for size in sizes)


def _features(name: str, got: Any) -> tuple[str, ...]:
    chosen = [_one_of(FEATURES)("a feature", feature) for feature in _list(name, got)]
    if not chosen:
        raise QuestionError("a network needs one feature at least")
    return tuple(feature for feature in FEATURES if feature in chosen)


def _columns(name: str, got: Any) -> tuple[str, ...]:
    names = [_text("a column", column) for column in _list(name, got)]
    if len(names) != 2 or names[0] == names[1]:
        raise QuestionError(f"{name} are two different columns, got {names}")
    return tuple(names)


_READ: Mapping[str, Callable[[str, Any], Any]] = {
    "data": _text,
    "columns": _columns,
    "noise": _up_to(not_negative, 1.0),
    "held_out": _up_to(share, 0.9),
    "features": _features,
    "hidden": _hidden,
    "activation": _one_of(ACTIVATIONS),
    "loss": _one_of(LOSSES),
    "optimizer": _one_of(OPTIMIZERS),
    "lr": _up_to(positive, 100.0),
    "momentum": fraction,
    "l1": _up_to(not_negative, 10.0),
    "weight_decay": _up_to(not_negative, 10.0),
    "batch_size": _up_to(count, MOST_POINTS),
    "seed": _up_to(whole, 2**32),
}
