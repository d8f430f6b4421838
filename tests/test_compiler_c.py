"""The C target against the interpreter, on programs of all kinds: scalar code, vectors, any size of batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from compiled import agree
from programs import Case, cases, models

from autograd.compiler.ir import B
from autograd.compiler.targets.building import Library, BuildError, build, compiler
from autograd.compiler.targets.c import n_numbers, write
from autograd.compiler.targets.interpret import _Run

try:
    compiler()
except BuildError as error:
    pytest.skip(str(error), allow_module_level=True)

GROUP = 60
"""Programs in one file: a compiler starts once for all of them."""
QUICK = ("-O0", "-fno-tree-vectorize")


def hold(group: Sequence[Case], *options: str) -> None:
    """Each program of a group built in C gives the interpreter's numbers, inf and nan."""
    path = build(write({case.name: case.program for case in group}), *options)
    for case in group:
        program = case.program
        library = Library(path, case.name, len(case.theta), sum(map(n_numbers, program.outputs)))
        run = _Run(program, case.batch, case.theta, 0.5)
        with np.errstate(all="ignore"):
            for statement in program.statements:
                run.statement(statement)
            wanted = rows([run.value(output) for output in program.outputs], case)
            for update in program.backward:
                run.statement(update)
        numbers = np.concatenate([np.ravel(array) for array in run.arrays.values()])
        scale = np.abs(numbers[np.isfinite(numbers)]).max(initial=1.0)
        agree(library.outputs(np.ascontiguousarray(case.batch), case.theta), wanted, scale)
        if program.gradient is None:
            continue
        value, gradient = library.value_and_grad(np.ascontiguousarray(case.batch), 0.5, case.theta)
        agree(gradient, run.arrays[program.gradient], scale)
        with np.errstate(all="ignore"):
            agree(value, 0.5 * wanted.sum(), scale)


def rows(found: Sequence[np.ndarray], case: Case) -> np.ndarray:
    """The outputs, one row a sample."""
    size = len(case.batch)
    columns = []
    for output, values in zip(case.program.outputs, found, strict=True):
        own = np.reshape(values, (-1, size if output.shape[-1:] == (B,) else 1))
        columns.append(np.broadcast_to(own, (len(own), size)))
    return np.concatenate(columns).T


def groups(of: Iterator[Case]) -> Iterator[list[Case]]:
    found = list(of)
    for start in range(0, len(found), GROUP):
        yield found[start : start + GROUP]
