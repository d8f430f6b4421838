"""Question: all that a training page may ask, checked before anything of it is done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograd.viewing.live import QuestionError

MOST_STEPS, MOST_SECONDS = 1_000_000, 0.1
"""That one question may train."""


@dataclass(frozen=True)
class Question:
    """One question of one tab; what it does not say is as nothing happened."""

    tab: str
    begins: Any  # settings, which need not be any; None for those that are
    settings: Mapping[str, Any]
    is_new: bool  # the page has no pictures yet
    rests: bool  # the page asks for no more: then it is told all, however often it was told of late
    restarts: bool
    weights: Mapping[int, float]
    steps: int
    epochs: int
    seconds: float  # to train once this is answered: so long, or until the next question is there
    sample: int
    neuron: tuple[int, int] | None
    plays: str
    wants_code: bool

    @classmethod
    def read(cls, question: Mapping[str, Any]) -> Question:
        begins, neuron = question.get("begin"), question.get("neuron")
        if not isinstance(question.get("tab"), str) or not 0 < len(question["tab"]) <= 64:
            raise QuestionError("a page says which tab it is")
        if not isinstance(question.get("settings") or {}, Mapping):
            raise QuestionError(f"settings are names and values, got {type(question['settings']).__name__}")
        if neuron is not None and not (isinstance(neuron, list) and len(neuron) == 2):
            raise QuestionError("a neuron is the number of its layer and its own")
        if question.get("play", "") not in ("", "neuron", "sample"):
            raise QuestionError("what can be played is the neuron or the sample")
        return cls(
            tab=question["tab"],
            begins=begins,
            settings=question.get("settings") or {},
            is_new=begins is not None,
            restarts=question.get("restart") is True,
            rests=question.get("rests") is True,
            weights=_weights(question.get("set") or []),
            steps=_whole("steps", question.get("steps", 0), MOST_STEPS),
            epochs=_whole("epochs", question.get("epochs", 0), 1),
            seconds=min(_finite("seconds", question.get("seconds", 0.0)), MOST_SECONDS),
            sample=_whole("sample", question.get("sample", 0), 10**9),
            neuron=None if neuron is None else (_whole("layer", neuron[0], 99), _whole("neuron", neuron[1], 99)),
            plays=question.get("play", ""),
            wants_code=question.get("code") is True,
        )


def _whole(name: str, got: Any, most: int) -> int:
    if type(got) is not int or not 0 <= got <= most:
        raise QuestionError(f"{name} is a whole number from 0 to {most:,}, got {repr(got)[:40]}")
    return got


def _finite(name: str, got: Any) -> float:
    if type(got) not in (int, float) or not math.isfinite(got):
        raise QuestionError(f"{name} is a finite number, got {repr(got)[:40]}")
    return float(got)


def _weights(pairs: Any) -> dict[int, float]:
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise QuestionError("weights are set by pairs of a place and a number")
    return {_whole("place", place, 10**6): _finite("a weight", number) for place, number in pairs}
