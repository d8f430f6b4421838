"""Checkpoint: all that a training needs to go on to the same final bits, in one file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograd import Value
from autograd.files import write_file
from autograd.graph import topological_order

from .arrays import Vector
from .fields import Fields
from .files import FileFormatError, npz_bytes, read_npz
from .history import History
from .module import state_arrays, state_from_arrays
from .recording import Moment, moments_as_arrays, moments_from_arrays

ARRAYS = ("names", "values", "losses", "held_out_losses", "settings")


@dataclass(frozen=True)
class Checkpoint:
    """A training after some epoch: the model's state, the optimizer's, the history, and what it was started with."""

    settings: Mapping[str, str]
    model: Mapping[str, float]
    optimizer: Mapping[str, Vector]
    history: History
    moments: Sequence[Moment] = ()

    def save(self, path: str | Path) -> None:
        """Write the checkpoint as one ``.npz`` file; a kill at any moment leaves the old one or the new one."""
        arrays: dict[str, Any] = {f"optimizer.{name}": vector for name, vector in self.optimizer.items()}
        arrays |= state_arrays(self.model)
        arrays["losses"] = np.array(self.history.losses)
        arrays["held_out_losses"] = np.array(self.history.held_out_losses)
        arrays |= moments_as_arrays(self.moments)
        arrays["settings"] = np.array(json.dumps(dict(self.settings)))
        write_file(path, npz_bytes(arrays))

    @classmethod
    def load(cls, path: str | Path) -> Checkpoint:
        """The checkpoint in a file; a FileFormatError if it holds none."""
        arrays = read_npz(path, "a checkpoint", ARRAYS)
        prefix = "optimizer."
        memory = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
        try:
            settings = Fields.parse(str(arrays["settings"]))
            texts = {name: settings.text(name) for name in settings}
            _require_sound(arrays["losses"], arrays["held_out_losses"], memory)
        except ValueError as error:
            raise FileFormatError(f"{path} is not a checkpoint, or is damaged: {error}") from error
        try:
            moments = moments_from_arrays(arrays)
        except ValueError as error:
            raise FileFormatError(f"{path} is damaged: {error}") from error
        epochs = [moment.epoch for moment in moments[-1:]]
        if epochs != [len(arrays["losses"])] * (texts.get("record") == "True"):
            raise FileFormatError(f"{path} is damaged: its record does not go with its epochs")
        return cls(
            settings=texts,
            model=state_from_arrays(arrays, path),
            optimizer=memory,
            history=History(arrays["losses"].tolist(), arrays["held_out_losses"].tolist()),
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


def _require_sound(losses: Vector, held_out_losses: Vector, memory: Mapping[str, Vector]) -> None:
    """A ValueError unless these arrays are such as a training has; whether they fit another one is asked later."""
    steps = memory.get("steps", np.array(-1.0))
    if any(array.dtype != np.float64 for array in (losses, held_out_losses, *memory.values())):
        raise ValueError("its arrays are not all of 64-bit numbers")
    if losses.ndim != 1 or held_out_losses.shape not in (losses.shape, (0,)):
        raise ValueError(f"its losses have the shapes {losses.shape} and {held_out_losses.shape}")
    if steps.shape != () or not (steps >= 0.0 and float(steps).is_integer()):
        raise ValueError(f"its optimizer has made {steps.tolist()} steps, wanted a whole number")


def data_fingerprint(*arrays: np.ndarray[Any, Any]) -> str:
    """A short text that is another one if any number of the arrays, or their shapes, are others."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def graph_fingerprint(root: Value) -> str:
    """A short text that is another one if the recorded graph is of other operations, edges, constants or labels."""
    order = topological_order(root)
    places = {node: i for i, node in enumerate(order)}
    digest = hashlib.sha256()
    for node in order:
        what = node.op.name if node.op else "leaf"
        number = node.data if node.is_constant else None
        digest.update(repr((what, [places[parent] for parent in node.parents], number, node.label)).encode())
    return digest.hexdigest()[:16]
