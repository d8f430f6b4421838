"""Checks of lesson 3: paths, topological order, and gradients that accumulate."""

from __future__ import annotations

from collections.abc import Sequence

from . import UnfitAnswerError, exercise, near, number

PARENTS = {"a": "", "b": "", "c": "", "p": "ab", "q": "ac", "r": "pq"}


@exercise("3.1")
def paths(answer: object) -> str | None:
    """Four doublings: 2⁴ = 16 paths."""
    got = number(answer)
    if got == 16.0:
        return None
    if got == 31.0:
        return "that is how often every_path would be called; asked for are the paths from a to e."
    if got == 32.0:
        return "one doubling too many: there are four, from a to b, to c, to d, to e."
    if got == 8.0:
        return "that adds up the two ways of each step, or forgets one step; the ways of four steps multiply."
    if got in (4.0, 5.0):
        return "that counts steps or nodes; at each of the four steps there are two arrows to choose from."
    return "each of the four steps can be taken by two arrows, and the choices multiply."


@exercise("3.2")
def topological(answer: object) -> str | None:
    """Any order of a, b, c, p, q, r with parents before children."""
    if isinstance(answer, str) or not isinstance(answer, Sequence) or not all(isinstance(x, str) for x in answer):
        raise UnfitAnswerError(f'the answer is a list of names, such as ["a", "b"], and this is {answer!r}.')
    if missing := [name for name in PARENTS if name not in answer]:
        return f"every node has its place in the order; missing: {', '.join(missing)}."
    if len(answer) != len(PARENTS):
        extra = [name for k, name in enumerate(answer) if name not in PARENTS or name in answer[:k]]
        return f"each of the six nodes stands in it once; too many: {', '.join(extra)}."
    for child, parents in PARENTS.items():
        for parent in parents:
            if answer.index(parent) > answer.index(child):
                return f"{child} was made from {parent}, so {parent} comes before it."
    return None


@exercise("3.3")
def two_passes(answer: object) -> str | None:
    """dy/dx = 2x + 3 = 7, twice: 14."""
    got = number(answer)
    if near(got, 14.0):
        return None
    if near(got, 7.0):
        return "that is the gradient after one call; a leaf adds up what each call brings."
    if near(got, 10.0):
        return "that is y, or twice 2x + 1: the derivative of 3x is 3."
    if near(got, 21.0):
        return "that would be three calls."
    return "first the derivative 2x + 3 at x = 2; then think of what the second call adds."
