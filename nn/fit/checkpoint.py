"""Checkpoint: all that a training needs to go on to the same final bits, in one file of plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from autograd.files import write_file

from ..basics.arrays import Vector
from ..basics.files import ArrayFile, npz_bytes, read_npz, state_arrays, texts
from .recording import Moment


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
        for name in [field.name for field in fields(Moment)] if self.moments else ():
            arrays[f"record.{name}"] = np.array([getattr(moment, name) for moment in self.moments])
        arrays |= {"settings.names": texts(self.settings), "settings.values": texts(self.settings.values())}
        write_file(path, npz_bytes(arrays | state_arrays(self.model) | {"best": self.best}))

    @classmethod
    def load(cls, path: str | Path) -> Checkpoint:
        """The checkpoint in a file; a FileFormatError if it holds none."""
        file = read_npz(path, "a checkpoint")
        names, epochs = file.texts("settings.names"), len(file.array("curves.losses", "f", None))
        curves = {name: file.array(f"curves.{name}", "f", None) for name in file.part("curves.")}
        if any(len(curve) not in (epochs, 0) for curve in curves.values()):
            raise file.refused(f"its curves have the lengths {', '.join(str(len(curve)) for curve in curves.values())}")
        settings = dict(zip(names, file.texts("settings.values", len(names)), strict=True))
        return cls(
            settings=settings,
            model=file.state(),
            optimizer=_memory(file),
            curves={name: curve.tolist() for name, curve in curves.items()},
            best=file.array("best", "f", None),
            moments=_moments(file, epochs) if settings.get("record") == "True" else (),
        )

    def require(self, settings: Mapping[str, str], path: str | Path) -> None:
        """A ValueError that names the difference, unless the training was started with exactly these settings."""
        for name, now in settings.items():
            if (then := self.settings.get(name)) != now:
                raise ValueError(
                    f"the checkpoint {path} belongs to another training: its {name} is {then}, now it is {now}. "
                    f"Use the same settings and data, or another file, or delete this one"
                )


def _memory(file: ArrayFile) -> dict[str, Vector]:
    """What the optimizer carries; whether it fits one is asked where it is loaded."""
    steps = float(file.array("optimizer.steps", "f"))
    if not (steps >= 0.0 and steps.is_integer()):
        raise file.refused(f"its optimizer has made {steps} steps, wanted a whole number")
    memory = file.part("optimizer.")
    return {name: file.array(f"optimizer.{name}", "f", *array.shape) for name, array in memory.items()}


def _moments(file: ArrayFile, epochs: int) -> list[Moment]:
    """What a training recorded until then."""
    places = file.array("record.epoch", "i", None)
    parameters = file.array("record.parameters", "f", len(places), None)
    gradients = file.array("record.gradient", "f", *parameters.shape)
    if places[-1:].tolist() != [epochs]:
        raise file.refused("its record does not go with its epochs")
    return [Moment(*moment) for moment in zip(places.tolist(), parameters, gradients, strict=True)]
