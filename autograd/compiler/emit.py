"""Pass 5, emit: the array program as one Python source: views of the parameters, the forward pass, the gradient."""

from __future__ import annotations

import linecache
import re
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from .helpers import HELPERS
from .placing.arrays import BATCH
from .placing.statements import ArrayProgram
from .writing.code import Code
from .writing.forward import Forward
from .writing.inlining import inline
from .writing.reading import Constant, Written
from .writing.reverse import Reverse
from .writing.sharing import Line, Sharing

_serial = count(1)


@dataclass(frozen=True)
class Emitted:
    """A source, and the constant arrays that it names."""

    source: str
    constants: Mapping[str, Constant]
    contiguous_inputs: bool
    """Whether it runs faster if the rows of the inputs are contiguous."""


def emit(program: ArrayProgram) -> Emitted:
    """Four functions: the views of the parameters and of their gradient, ``forward`` and ``value_and_grad``.

    The last is there for one output. Inputs come as columns, one a sample.
    """
    x, rows = program.inputs.name, program.inputs.size
    written = _write(program)
    views = ["theta", *[line.target for line in written.parameters]]
    gradients = ["grad", *[line.target for line in written.gradients]]
    returned = ", ".join(output.text for output in written.outputs)
    functions = [
        _function("views", ["theta"], written.parameters, _tuple(views), "The parameters, as views of their vector."),
        _function("gradient_views", ["grad"], written.gradients, _tuple(gradients), "Their derivatives."),
        _function("forward", [x, *views], written.forward, returned, f"The output for each column of {x} ({rows}, B)."),
    ]
    if _is_differentiated(program):
        lines = [*written.forward, Line("", Code(""), ""), *written.backward]
        doc = f"The output for each column of {x} ({rows}, B); grad becomes the gradient of weight times their sum."
        functions.append(_function("value_and_grad", [x, "weight", *views, *gradients], lines, returned, doc))
    body = "\n\n\n".join(functions)
    source = "\n\n\n".join(["import numpy as np", *_helpers(body), body]) + "\n"
    return Emitted(source, written.constants, written.contiguous_inputs)


def _write(program: ArrayProgram) -> Written:
    """The lines of both passes, in which expressions of two uses have names and most lines of one use have none."""
    forward = Forward(program)
    forward.write()
    if _is_differentiated(program):
        Reverse(forward).write(program.outputs[0])
    written = forward.written
    sharing = Sharing([*written.forward, *written.backward], program.names)
    lines = sharing.write(written.forward)
    written.outputs = [sharing.known(output) for output in written.outputs]
    written.backward = sharing.write(written.backward)
    written.forward = inline(lines, [*written.outputs, *(line.code for line in written.backward)])
    return written


def _is_differentiated(program: ArrayProgram) -> bool:
    return len(program.outputs) == 1 and program.outputs[0].shape == ()


def _helpers(body: str) -> list[str]:
    """The functions that the body calls, and those that these call, in order."""
    helpers: list[str] = []
    for name, text in reversed(HELPERS.items()):
        if re.search(rf"(?<![\w.]){name}\(", body + "".join(helpers)):
            helpers.insert(0, text.strip())
    return helpers


def _function(name: str, arguments: Sequence[str], lines: Sequence[Line], returned: str, doc: str) -> str:
    body = [f'"""{doc}"""', *map(str, lines), f"return {returned}"]
    if re.search(rf"\b{BATCH}\b", "\n".join([*(f"{line.target} {line.code}" for line in lines), returned])):
        body.insert(1, f"{BATCH} = {arguments[0]}.shape[-1]")
    indented = "\n".join(f"    {line}" if line.strip() else "" for line in body)
    return f"def {name}({', '.join(arguments)}):\n{indented}"


def _tuple(names: Sequence[str]) -> str:
    return ", ".join(names) + "," * (len(names) == 1)


def load(source: str, constants: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """The functions of the source; tracebacks show its lines, as long as the functions live."""
    filename = f"<compiled graph {next(_serial)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = dict(constants)
    exec(compile(source, filename, "exec"), namespace)
    assert namespace["np"] is np
    weakref.finalize(namespace["forward"], linecache.cache.pop, filename, None)
    return namespace
