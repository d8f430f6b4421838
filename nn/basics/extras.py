"""Libraries that only some uses of the package need, imported where they are used."""

from __future__ import annotations

import importlib
from typing import Any


def load(module: str) -> Any:
    """The module of that name, which comes with the extra ``train``; an ImportError that says so if it is not there."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        library = module.split(".")[0]
        if error.name is None or error.name.split(".")[0] != library:
            raise
        raise ImportError(
            f'{library} is not installed: it comes with the extra "train", pip install "valuegrad[train]"'
        ) from None
