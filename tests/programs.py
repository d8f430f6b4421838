"""Array programs of all kinds, from the generators of the compiler's tests: what each target is held against."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from compiled import Numbers
from tensors import Draw
from test_compiler_models import MODELS
from test_compiler_property import generated
from test_compiler_ragged import ragged
from test_compiler_tensors import elements, loss, steps_of

from autograd import Value
from autograd.compiler.differentiate import differentiate
from autograd.compiler.fold import fold
from autograd.compiler.ir import ArrayProgram
from autograd.compiler.layout import layout
from autograd.compiler.lift import lift
from autograd.compiler.record import record

SIZES = (1, 2, 3, 17, 8, 9, 5, 16)


@dataclass
class Case:
    """A program, with the samples and the parameters that it is run for."""

    name: str
    program: ArrayProgram
    batch: Numbers
    theta: Numbers


def case(name: str, outputs: list[Value], inputs: list[Value], batch: Numbers, exact: bool) -> Case:
    """The outputs as an array program, differentiated if it is one."""
    program = differentiate(layout(lift(fold(record(outputs, inputs)), exact)))
    return Case(name, program, batch, np.array([parameter.data for parameter in program.parameters]))


def cases(seeds: range, exact: bool = False) -> Iterator[Case]:
    """One program a seed: grids with holes, tensors, and any operation on any operands; the same for the same seed."""
    for seed in seeds:
        draw, size = Draw(seed), SIZES[seed // 3 % len(SIZES)]
        name = f"p{seed}"
        if seed % 3 == 0:
            yield case(name, ragged(draw), draw.inputs, draw.batch(size), exact)
        elif seed % 3 == 1:
            found = elements(draw, steps_of(seed))
            outputs = [loss(draw, found)] if seed % 4 else found
            yield case(name, outputs, draw.inputs, draw.batch(size), exact)
        else:
            rng = random.Random(seed)
            sizes = rng.randint(1, 40), rng.randint(0, 4), rng.randint(1, 6), rng.choice((1, 1, 2, 3))
            outputs, inputs, batch = generated(seed, *sizes, rows=size)
            yield case(name, outputs, inputs, np.array(batch), exact)


def models(exact: bool = False) -> Iterator[Case]:
    """What people write in scalars."""
    for i, model in enumerate(MODELS):
        draw = Draw(1)
        made = model(draw)
        outputs = made if isinstance(made, list) else [made]
        yield case(model.__name__, outputs, draw.inputs, draw.batch(SIZES[i % len(SIZES)]), exact)
