"""Sums of one term, where most others in their place have more: the first of many positions attends to itself alone.

``exp(a) / exp(a)`` is then computed beside ``exp(b) / (exp(b) + exp(c) + exp(d))``: both divide by a sum.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .graphs import ADD, CONSTANT, MAXIMUM, MUL, NEG, SUB, Recording
from .ir import Flags, Ints
from .ragged import NONE

FEW = 3  # where all sums have fewer terms than this, they stay as they are


def with_single_sums(recording: Recording) -> Recording:
    """The recording, with additions of one operand where most others in its place are sums of terms of its kind.

    >>> from autograd import Value
    >>> from .record import record
    >>> a, b, c = (Value(1.0, label=name).exp() for name in "abc")
    >>> sums = [a, a + b, a + b + c]
    >>> print(with_single_sums(record([s.log() for s in sums], [])))
    %1 = exp(a)
    %2 = add(%1)
    %3 = log(%2)
    %5 = exp(b)
    %6 = add(%1, %5)
    %7 = log(%6)
    %8 = add(%1, %5)
    %10 = exp(c)
    %11 = add(%8, %10)
    %12 = log(%11)
    return %3, %7, %12
    """
    code, nodes = recording.code, np.arange(len(recording.code))
    added = code == ADD
    if not ((added[recording.left] | added[recording.right]) & added).any():  # no sum has three terms
        return recording
    kind, terms = _kinds(recording)
    outputs = np.array(recording.outputs)
    operand = np.concatenate([recording.left, recording.right, outputs])
    user = np.concatenate([nodes, nodes, outputs])
    side = np.repeat([0, 1, 2], [len(nodes), len(nodes), len(outputs)])
    there = (operand != NONE) & (recording.varies[operand] != CONSTANT)
    inside = (side < 2) & added[user] & (kind[user] == kind[operand])  # of a sum, on the way to its end
    read = np.flatnonzero(there & ~inside)
    place = (kind[user[read]] * len(recording.rows) + code[user[read]]) * 3 + side[read]
    moved = np.zeros(len(operand), dtype=bool)
    moved[read] = _beside_sums(place, terms[operand[read]]) & ~np.isin(code[operand[read]], (ADD, SUB, NEG))
    if not moved.any():
        return recording
    single = np.zeros(len(nodes), dtype=bool)
    single[operand[moved]] = True
    # A product is a sum of one term to all that read it, and so are all products of its kind: they stay together.
    product = code == MUL
    single |= product & np.isin(kind, kind[single & product])
    moved |= there & (single & product)[operand]

    number = nodes + np.cumsum(single) - single  # each sum follows its term
    moved_to = np.where(operand == NONE, NONE, number[operand] + moved)
    left, right, outputs = np.split(moved_to, [len(nodes), 2 * len(nodes)])
    source = np.repeat(nodes, 1 + single)
    made = np.diff(source, prepend=NONE) == 0
    return replace(
        recording,
        number=recording.number[source],
        leaves={int(number[i]): leaf for i, leaf in recording.leaves.items()},
        labels={int(number[i]): label for i, label in recording.labels.items()},
        code=np.where(made, ADD, code[source]),
        left=np.where(made, number[source], left[source]),
        right=np.where(made, NONE, right[source]),
        varies=recording.varies[source],
        inputs=tuple(number[list(recording.inputs)].tolist()),
        outputs=tuple(outputs.tolist()),
        parameters=tuple(number[list(recording.parameters)].tolist()),
    )


def _beside_sums(place: Ints, terms: Ints) -> Flags:
    """Whether what is read has its place among sums, of more than half the terms of the longest on average."""
    beside = np.isin(place, np.unique(place[terms >= FEW]))
    _, place = np.unique(place[beside], return_inverse=True)
    if len(place):
        longest = np.zeros(int(place.max()) + 1, dtype=np.int64)
        np.maximum.at(longest, place, terms[beside])
        beside[beside] = (2 * np.bincount(place, terms[beside]) > longest * np.bincount(place))[place]
    return beside


def _kinds(recording: Recording) -> tuple[Ints, Ints]:
    """A number for what each node computes, the same for sums of few or of many terms; and how many terms it has.

    A sum of terms of one kind is of that kind itself, and so is a maximum.
    """
    numbers: dict[tuple[int, int, int], int] = {}
    kinds: list[int] = []
    terms: list[int] = []
    columns = (recording.code, recording.left, recording.right, recording.varies)
    for code, left, right, varies in zip(*(column.tolist() for column in columns), strict=True):
        count = 1
        if left == NONE or varies == CONSTANT:
            kind = varies - 3  # numbers, parameters and inputs
        else:
            x, y = kinds[left], kinds[right] if right != NONE else NONE
            if code == MUL and x > y:
                x, y = y, x
            if x == y and code in (ADD, MAXIMUM):
                kind = x
                if code == ADD:
                    count = terms[left] + terms[right]
            else:
                kind = numbers.setdefault((code, x, y), len(numbers))
        kinds.append(kind)
        terms.append(count)
    return np.array(kinds), np.array(terms)
