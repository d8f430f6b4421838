"""Array programs of all kinds, from the generators of the compiler's tests: what targets are held against."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from compiled import Numbers
from generators.graphs import generated
from generators.models import Made
from generators.ragged import ragged
from generators.tensor_programs import elements, loss, steps_of
from generators.tensors import Draw, Tensor, each, softmax, tanh, total

from autograd import Value
from autograd.compiler.differentiate import differentiate
from autograd.compiler.fold import fold
from autograd.compiler.ir import ArrayProgram
from autograd.compiler.layout import layout
from autograd.compiler.lift import lift
from autograd.compiler.record import record
from autograd.compiler.roll import roll

SIZES = (1, 2, 3, 17, 8, 9, 5, 16)


@dataclass
class Case:
    """A program, with the samples and the parameters that it is run for."""

    name: str
    program: ArrayProgram
    batch: Numbers
    theta: Numbers


def arrays(outputs: Sequence[Value], inputs: Sequence[Value], exact: bool = False) -> ArrayProgram:
    """The outputs as an array program, differentiated if it is one output."""
    return differentiate(layout(lift(roll(fold(record(outputs, inputs))), exact)))


def case(name: str, outputs: list[Value], inputs: list[Value], batch: Numbers, exact: bool) -> Case:
    """The outputs as a program, at the data of its parameters."""
    program = arrays(outputs, inputs, exact)
    return Case(name, program, batch, np.array([parameter.data for parameter in program.parameters]))


def layers(draw: Draw) -> list[Value]:
    """Products of matrices of any size, alone or with several columns or heads: wider than the vectors of a machine."""
    width, inner, columns = (draw.choose.randint(1, most) for most in (20, 20, 4))
    weights, heads = draw.parameters(inner, width), draw.choose.randint(1, 3)
    x: Tensor = (draw.input if draw.choose.random() < 0.6 else draw.parameters)(width, columns)
    if draw.choose.random() < 0.3:
        mixed = np.stack([tanh(draw.parameters(inner, width) @ x) for _ in range(heads)])
        scores = np.stack([softmax(head.T @ head) for head in mixed])
        return [total(np.stack([head @ score for head, score in zip(mixed, scores, strict=True)]))]
    z = each(draw.choose.choice((Value.tanh, Value.relu, Value.sigmoid)), weights @ x + draw.parameters(inner, 1))
    out = draw.parameters(draw.choose.randint(1, 12), inner) @ z
    return [total(out * out) + total(weights * weights) * 0.1]


def cases(seeds: range, exact: bool = False) -> Iterator[Case]:
    """One program a seed: ragged rows, layers, tensors, any operation on any operands; the same for the same seed."""
    for seed in seeds:
        draw, size = Draw(seed), SIZES[seed // 4 % len(SIZES)]
        name = f"p{seed}"
        if seed % 4 < 2:
            outputs = ragged(draw) if seed % 4 else layers(draw)
            yield case(name, outputs, draw.inputs, draw.batch(size), exact)
        elif seed % 4 == 2:
            found = elements(draw, steps_of(seed))
            outputs = [loss(draw, found)] if seed % 8 == 2 else found
            yield case(name, outputs, draw.inputs, draw.batch(size), exact)
        else:
            rng = random.Random(seed)
            sizes = rng.randint(1, 40), rng.randint(0, 4), rng.randint(1, 6), rng.choice((1, 1, 2, 3))
            outputs, inputs, batch = generated(seed, *sizes, rows=size)
            yield case(name, outputs, inputs, np.array(batch), exact)


def models(rows: Sequence[Callable[[Draw], Made]], exact: bool = False) -> Iterator[Case]:
    """Of what people write in scalars, these."""
    for i, model in enumerate(rows):
        draw = Draw(1)
        made = model(draw)
        outputs = made if isinstance(made, list) else [made]
        yield case(model.__name__, outputs, draw.inputs, draw.batch(SIZES[i % len(SIZES)]), exact)
