"""The exercises of the lessons: ``check("4.1", answer)`` says whether an answer is right, and if not, what is wrong.

There are four kinds: a number, a prediction, which is run only once the reader is ``committed`` to an answer, a bug to
find, and a small project. The last two are answered with a function, which is judged by what it does.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, SupportsFloat

from autograd import Value

Check = Callable[[Any], str | None]
"""Looks at an answer: None if it is right, else a hint that says what is wrong with it."""

CHECKS: dict[str, Check] = {}


class UnfitAnswerError(TypeError):
    """An answer of another kind than the one asked for; the message says which."""


def exercise(name: str) -> Callable[[Check], Check]:
    """Register the check of an exercise, in the file of its lesson: ``4.1`` stands in ``lesson_04.py``."""

    def register(check: Check) -> Check:
        if name in CHECKS:
            raise ValueError(f"exercise {name} has a check already")
        CHECKS[name] = check
        return check

    return register


def check(exercise: str, answer: object) -> None:
    """Print one line on the answer: right, or what is wrong with it, or that there is none yet.

    >>> check("4.1", ...)
    4.1 is not answered yet: put your answer in the place of the dots.
    """
    judge = _find(exercise)
    if _is_open(answer):
        print(f"{exercise} is not answered yet: put your answer in the place of the dots.")
        return
    try:
        hint = judge(answer)
    except UnfitAnswerError as error:
        hint = str(error)
    print(f"{exercise} is right. ✓" if hint is None else f"{exercise} is not right yet: {hint}")


def committed(answer: object) -> bool:
    """Whether there is a prediction; where there is none yet, one line says so.

    >>> committed(...)
    Predict first: put your answer in the place of the dots above, and run this cell after it.
    False
    """
    if _is_open(answer):
        print("Predict first: put your answer in the place of the dots above, and run this cell after it.")
        return False
    return True


def _is_open(answer: object) -> bool:
    """Whether dots stand in the place of the answer, or of a part of it."""
    parts = answer.values() if isinstance(answer, Mapping) else answer if isinstance(answer, list | tuple) else ()
    return answer is ... or any(part is ... for part in parts)


def _find(exercise: str) -> Check:
    lesson = exercise.split(".")[0]
    if lesson.isdecimal():
        name = f"{__name__}.lesson_{int(lesson):02d}"
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    if exercise not in CHECKS:
        raise ValueError(f"there is no exercise {exercise!r}: they are named by lesson and number, as in '4.1'")
    return CHECKS[exercise]


# ---- what checks read answers with


def number(answer: object) -> float:
    """The answer as a float: a number of any kind, or a Value."""
    if isinstance(answer, bool) or not isinstance(answer, SupportsFloat):
        raise UnfitAnswerError(f"the answer is a number, and this is a {type(answer).__name__}: {answer!r}.")
    return answer.data if isinstance(answer, Value) else float(answer)


def numbers(answer: object, count: int) -> list[float]:
    """The answer as so many floats, from a list, a tuple or an array of them."""
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        raise UnfitAnswerError(f"the answer is a list of {count} numbers, and this is {answer!r}.")
    items = [number(item) for item in answer]
    if len(items) != count:
        raise UnfitAnswerError(f"the answer is a list of {count} numbers, and this one has {len(items)}.")
    return items


def function(answer: object) -> Callable[..., Any]:
    """The answer as a function, any exception of which says that the answer is unfit."""
    if not callable(answer):
        raise UnfitAnswerError(f"the answer is the function itself, and this is a {type(answer).__name__}: {answer!r}.")

    def call(*arguments: object) -> Any:
        try:
            return answer(*arguments)
        except Exception as error:
            raise UnfitAnswerError(f"the function ends with {type(error).__name__}: {error}") from None

    return call


def value(answer: object, call: str) -> Value:
    """What a call gave as a Value."""
    if not isinstance(answer, Value):
        raise UnfitAnswerError(f"{call} gave {answer!r}, which is not a Value: did you return the result?")
    return answer


def near(got: float, wanted: float, relative: float = 1e-3) -> bool:
    """Whether a number is the wanted one, to three or four digits: people round."""
    return math.isclose(got, wanted, rel_tol=relative, abs_tol=1e-9)
