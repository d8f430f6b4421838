"""Libraries that only some uses of the package need, imported where they are used."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from autograd import extras

OLDEST = {"matplotlib": (3, 10)}
"""What is known to fail with older versions."""


def load(module: str) -> Any:
    """The module of that name, which comes with the extra ``train``.

    An ImportError that says so if it is not there, or too old.
    """
    library, found = module.split(".")[0], extras.load(module, "train")
    if library in OLDEST and _version(library) < OLDEST[library]:
        wanted = ".".join(map(str, OLDEST[library]))
        raise ImportError(
            f"{library} {version(library)} is too old: wanted {wanted} or newer, pip install -U {library}"
        )
    return found


@cache
def _version(library: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version(library).split(".")[:2])
