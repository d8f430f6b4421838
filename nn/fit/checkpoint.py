"""Checkpoint: all that a training needs to go on to the same final bits, in one file of plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograd.files import write_file

from ..basics.arrays import Vector
from ..basics.files import Arrays, FileFormatError, npz_bytes, read_npz
from ..module import state_arrays, state_from_arrays
from .recording import Moment, moments_as_arrays, moments_from_arrays

ARRAYS = ("names", "values", "curves.losses", "settings.names", "settings.values", "best")


@dataclass(frozen=True)
class Checkpoint:
    """A training after some epoch: what it was started with, the model's state, the optimizer's, and the history.

    ``curves`` are the lists of the history; ``best`` (P,) are the parameters of the best epoch so far, none if they are
    not kept.
    """

    settings: Mapping[str, str]
    model: Mapping[str, float]
    optimizer: Mapping[str, Vector]
    curves: Mapping[str, Sequence[float]]
    best: Vector
    moments: Sequence[Moment] = ()

    @property
    def epochs(self) -> int:
        """How many epochs were completed."""
        return len(self.curves["losses"])

    def save(self, path: str | Path) -> None:
        """Write the checkpoint as one ``.npz`` file; a kill at any moment leaves the old one or the new one."""
        arrays: dict[str, Any] = {f"optimizer.{name}": vector for name, vector in self.optimizer.items()}
        arrays |= {f"curves.{name}": np.array(curve, dtype=np.float64) for name, curve in self.curves.items()}
        arrays |= state_arrays(self.model) | moments_as_arrays(self.moments)
        arrays |= {
            "best": self.best,
            "settings.names": np.array(list(self.settings), dtype=np.str_),
            "settings.values": np.array(list(self.settings.values()), dtype=np.str_),
        }
        write_file(path, npz_bytes(arrays))

    @classmethod
    def load(cls, path: str | Path) -> Checkpoint:
        """The checkpoint in a file; a FileFormatError if it holds none."""
        arrays = read_npz(path, "a checkpoint", ARRAYS)
        curves, memory = _part(arrays, "curves."), _part(arrays, "optimizer.")
        try:
            settings = _texts(arrays["settings.names"], arrays["settings.values"])
            _require_sound(curves, memory, arrays["best"])
        except ValueError as error:
            raise FileFormatError(f"{path} is not a checkpoint, or is damaged: {error}") from error
        try:
            moments = moments_from_arrays(arrays)
        except ValueError as error:
            raise FileFormatError(f"{path} is damaged: {error}") from error
        epochs = [moment.epoch for moment in moments[-1:]]
        if epochs != [len(curves["losses"])] * (settings.get("record") == "True"):
            raise FileFormatError(f"{path} is damaged: its record does not go with its epochs")
        return cls(
            settings=settings,
            model=state_from_arrays(arrays, path),
            optimizer=memory,
            curves={name: curve.tolist() for name, curve in curves.items()},
            best=arrays["best"],
            moments=moments,
        )

    def require(self, settings: Mapping[str, str], path: str | Path) -> None:
        """A ValueError that names the difference, unless the training was started with exactly these settings."""
        for name, now in settings.items():
            if (then := self.settings.get(name)) != now:
                raise ValueError(
                    f"the checkpoint {path} belongs to another training: its {name} is {then}, now it is {now}. "
                    f"Use the same settings and data, or another file, or delete this one"
                )


def _part(arrays: Arrays, prefix: str) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _texts(names: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> dict[str, str]:
    if names.ndim != 1 or names.shape != values.shape or {names.dtype.kind, values.dtype.kind} != {"U"}:
        raise ValueError("the names and values of its settings do not pair up")
    return dict(zip(names.tolist(), values.tolist(), strict=True))


def _require_sound(curves: Arrays, memory: Arrays, best: Vector) -> None:
    """A ValueError unless these arrays are such as a training has; whether they fit another one is asked later."""
    steps = memory.get("steps", np.array(-1.0))
    if any(array.dtype != np.float64 for array in (*curves.values(), *memory.values(), best)):
        raise ValueError("its arrays are not all of 64-bit numbers")
    losses = curves["losses"]
    if losses.ndim != 1 or best.ndim != 1 or any(curve.shape not in (losses.shape, (0,)) for curve in curves.values()):
        raise ValueError(f"its curves have the shapes {', '.join(str(curve.shape) for curve in curves.values())}")
    if steps.shape != () or not (steps >= 0.0 and float(steps).is_integer()):
        raise ValueError(f"its optimizer has made {steps.tolist()} steps, wanted a whole number")
