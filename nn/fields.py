"""Fields: a JSON object in a file that may be damaged or foreign, read strictly."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from .arrays import Floats

Read = TypeVar("Read")


class Fields:
    """The fields of an object, each as what it must be; a ValueError names the first that is something else.

    >>> Fields.parse('{"name": "iris", "scale": [1, 0.5]}').numbers("scale", 2)
    array([1. , 0.5])
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    @classmethod
    def parse(cls, text: str) -> Fields:
        """The object that a text holds."""
        try:
            fields = json.loads(text)
        except RecursionError:
            raise ValueError("its description is nested too deeply") from None
        if not isinstance(fields, dict):
            raise ValueError(f"its description is no object but a {type(fields).__name__}")
        return cls(fields)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def text(self, name: str) -> str:
        """A text."""
        return self._read(name, "a text", _text)

    def texts(self, name: str) -> tuple[str, ...]:
        """Texts that differ from each other, or none."""

        def read(field: Any) -> tuple[str, ...]:
            texts = tuple(_text(item) for item in _list(field))
            _require(len(set(texts)) == len(texts))
            return texts

        return self._read(name, "a list of different texts", read)

    def whole(self, name: str) -> int:
        """A whole number."""
        return self._read(name, "a whole number", _whole)

    def wholes(self, name: str) -> list[int]:
        """Whole numbers."""
        return self._read(name, "a list of whole numbers", lambda field: [_whole(item) for item in _list(field)])

    def numbers(self, name: str, length: int) -> Floats:
        """So many finite numbers."""

        def read(field: Any) -> Floats:
            _require(len(_list(field)) == length)
            return np.array([_finite(item) for item in field])

        return self._read(name, f"a list of {length} finite numbers", read)

    def object(self, name: str) -> Fields:
        """The fields of an object within."""

        def read(field: Any) -> Fields:
            _require(isinstance(field, dict))
            return Fields(field)

        return self._read(name, "an object", read)

    def _read(self, name: str, wanted: str, read: Callable[[Any], Read]) -> Read:
        if name not in self._fields:
            raise ValueError(f"its description has no {name!r}")
        try:
            return read(self._fields[name])
        except (_UnfitError, OverflowError):
            raise ValueError(f"the {name!r} of its description is not {wanted}") from None


class _UnfitError(Exception):
    """A field is not what it must be."""


def _require(is_fit: bool) -> None:
    if not is_fit:
        raise _UnfitError


def _text(field: Any) -> str:
    _require(isinstance(field, str))
    return str(field)


def _list(field: Any) -> list[Any]:
    _require(isinstance(field, list))
    return list(field)


def _whole(field: Any) -> int:
    _require(isinstance(field, int) and not isinstance(field, bool))
    return int(field)


def _finite(field: Any) -> float:
    _require(isinstance(field, int | float) and not isinstance(field, bool) and math.isfinite(field))
    return float(field)
