"""The NumPy target: an array program as one Python source, with views of the parameters, outputs and gradient.

The program is lowered to what NumPy does, what it has twice gets a name, and what is read once becomes part of the line
that reads it; then it is written. A long function gives the memory of its arrays back as it goes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..ir import (
    Array,
    ArrayProgram,
    Define,
    Loop,
    Statement,
    Take,
    View,
    arrays_read,
    expressions,
    last_reads,
    made,
    parts_of,
)
from .functions import HELPERS, IMPORTS
from .inlining import inline
from .lowering import least_uses, lower
from .repeating import Repeats
from .sharing import share
from .text import executed, function, module_text, wrapped
from .writer import Writer

FEW = 8  # numbers of a constant that is written down
WIDTH = 116  # of lines that are wrapped
MOST = 14  # operations and operands of a line that others were put into: some 56 characters
LONG = 100  # lines of a function that gives memory back: to differentiate 250 steps of an RNN takes half of it then


@dataclass(frozen=True)
class Source:
    """A source, and the constant arrays that it names."""

    text: str
    constants: Mapping[str, npt.NDArray[Any]]
    contiguous_inputs: bool
    """Whether it runs faster if the rows of the inputs are contiguous."""
    places: Mapping[Array, str]
    """In which line each array is computed: the name of that array, or of the one whose line it became part of."""


def write(program: ArrayProgram) -> Source:
    """Four functions: the views of the parameters and of their gradient, ``forward`` and ``value_and_grad``.

    The last is there if the program is differentiated. Inputs come as columns, one a sample. Constants of few numbers
    are written down.
    """
    lines, reader = inline(share(lower(program), partial(least_uses, program.theta)), MOST)
    writer = Writer(lines)
    repeats = Repeats(writer)
    forward, returned = _written(repeats, lines.statements), [writer.text(out) for out in lines.outputs]
    sized, read = ["B = x.shape[-1]"], {array for output in lines.outputs for array in arrays_read(output)}
    needed = read | {array for expr in expressions(lines.statements) for array in arrays_read(expr)}
    only = dict(repeats.shorter(s, needed) if isinstance(s, Loop) else (s, text) for s, text in forward.items())
    body = [*sized[: writer.is_sized], *_body(writer, read, only)]
    backward = _written(repeats, lines.backward)
    what = "The output"
    if program.inputs.size:
        what += f" for each column of x ({program.inputs.size}, B)"
    views, gradients = ["theta", *writer.parameters], ["grad", *writer.gradients]
    functions = [
        _function(
            "views", ["theta"], _assigned(writer.parameters), _tuple(views), "The parameters, as views of their vector."
        ),
        _function("gradient_views", ["grad"], _assigned(writer.gradients), _tuple(gradients), "Their derivatives."),
        _function("forward", ["x", *views], body, returned, f"{what}."),
    ]
    if program.gradient:
        doc = f"{what}; grad becomes the gradient of weight times {'their sum' if program.inputs.size else 'it'}."
        body = [*sized[: writer.is_sized], *_body(writer, read, forward, backward)]
        functions.append(_function("value_and_grad", ["x", "weight", *views, *gradients], body, returned, doc))
    small = {name: v for name, v in writer.constants.items() if v.size <= FEW and np.isfinite(v).all()}
    constants = {name: np.ascontiguousarray(v) for name, v in writer.constants.items() if name not in small}
    literals = "\n".join(f"{name} = np.array({values.tolist()})" for name, values in small.items())
    helpers = [name for name in HELPERS if name in writer.helpers]
    imports = [f"import {name}" for name in sorted({IMPORTS[name] for name in helpers if name in IMPORTS})]
    head = [_usage(program, constants), "\n".join(imports), "import numpy as np", literals]
    steps = [_function(s.name, s.arguments, s.lines, s.returned, s.doc) for s in repeats.steps.values()]
    parts = ["\n\n".join(filter(None, head)), *(HELPERS[name] for name in helpers), *steps, *functions]
    places: dict[Array, str] = {}
    for array in reversed([array for statement in program.statements for array in _made(statement)]):
        places[array] = places.get(reader[array], "") if array in reader else writer.arrays[array]
    return Source(module_text(parts), constants, _reads_scattered(program), places)


def _written(repeats: Repeats, statements: Sequence[Statement]) -> dict[Statement, str]:
    return {s: repeats.text(s) if isinstance(s, Loop) else repeats.writer.statement(s) for s in statements}


def _made(statement: Statement) -> list[Array]:
    """The arrays that a statement makes, in its body too."""
    if isinstance(statement, Loop):
        return [*(array for inner in statement.body for array in _made(inner)), *made(statement)]
    return [statement.target]


def load(source: Source) -> Mapping[str, Callable[..., Any]]:
    """The functions of the source; tracebacks show its lines, as long as the functions live."""
    return executed(source.text, "compiled graph", source.constants)


# ---- the frame of the source


def _reads_scattered(program: ArrayProgram) -> bool:
    """Whether inputs are read in no order of theirs, so that the rows of a batch are better copied beforehand."""
    exprs = [*expressions(program.statements), *program.outputs]
    views = [read for expr in exprs for read in parts_of(expr, View) if read.source is program.inputs]
    taken = [read for expr in exprs for read in parts_of(expr, Take) if read.source is program.inputs]
    return bool(taken) or any(view.steps is None for view in views)


def _usage(program: ArrayProgram, constants: Mapping[str, object]) -> str:
    """How to run the source elsewhere, as its docstring."""
    size, n = program.theta.size, program.inputs.size
    batch = "batch.T" if n else "None"
    lines = [
        f"A program of autograd.compile, for batches (B, {n}) and parameters theta ({size},)."
        if n
        else f"A program of autograd.compile, for parameters theta ({size},).",
        "",
        f"    output = forward({batch}, *views(theta))",
    ]
    if program.gradient:
        weight = "1 / len(batch)" if n else "1.0"
        lines.append(f"    output = value_and_grad({batch}, {weight}, *views(theta), *gradient_views(grad))")
        lines += ["", f"The latter leaves the gradient{' of the mean' if n else ''} in grad ({size},)."]
    if constants:
        needed = f"Arrays that it needs, from Program.constants: {', '.join(constants)}."
        lines += ["", *textwrap.wrap(needed, WIDTH, break_long_words=False)]
    return '"""' + "\n".join(lines) + '\n"""'


def _body(writer: Writer, returned: Set[Array], *passes: Mapping[Statement, str]) -> list[str]:
    """The lines of these passes; in a long function each is followed by a ``del`` of what is not read any more.

    What counts are names: an adjoint and what is added to it may be two arrays of one name.
    """
    statements, name = [statement for lines in passes for statement in lines], writer.arrays
    own = {name[array] for s in statements if isinstance(s, Define | Loop) for array in made(s)}
    own -= {name[array] for array in returned}
    reads = [{name[array] for array in _reads(s)} & own for s in statements]
    done = dict(zip(statements, last_reads(reads), strict=True)) if len(statements) >= LONG else {}
    body: list[str] = []
    for lines in passes:
        body += [""] * bool(body)
        for statement, text in lines.items():
            gone = sorted(done.get(statement, ()))
            body += [text, f"del {', '.join(gone)}"][: 1 + bool(gone)]
    return body


def _reads(statement: Statement) -> set[Array]:
    """What a statement makes, and what it reads."""
    return {*made(statement), *(array for expr in expressions([statement]) for array in arrays_read(expr))}


def _assigned(values: Mapping[str, str]) -> list[str]:
    return [f"{name} = {value}" for name, value in values.items()]


def _function(name: str, arguments: Sequence[str], lines: Sequence[str], returned: Sequence[str], doc: str) -> str:
    out = ", ".join(returned)
    returns = f"return {out}" if len(out) < WIDTH - len("return ()") else f"return ({out})"
    head = wrapped(f"def {name}({', '.join(arguments)}):", WIDTH, 8)
    return function(head[len("def ") : -1], [f'"""{doc}"""', *lines, wrapped(returns, WIDTH, 8)])


def _tuple(names: Sequence[str]) -> list[str]:
    return [f"{names[0]},"] if len(names) == 1 else list(names)
