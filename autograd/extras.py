"""Libraries that only some uses need, imported where they are used; the error says which extra they come with."""

from __future__ import annotations

import importlib
from typing import Any


def load(module: str, extra: str) -> Any:
    """The module of that name; an ImportError that names the extra if it is not there.

    >>> load("json", "view").__name__
    'json'
    >>> load("no_such_library.part", "view")
    Traceback (most recent call last):
    ImportError: no_such_library is not installed: it comes with the extra "view", pip install "valuegrad[view]"
    """
    library = module.split(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != library:
            raise
        raise ImportError(
            f'{library} is not installed: it comes with the extra "{extra}", pip install "valuegrad[{extra}]"'
        ) from None
