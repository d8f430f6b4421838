"""Pass 5, emit: the array program as one Python source: views of the parameters, the forward pass, the gradient."""

from __future__ import annotations

import linecache
import re
import textwrap
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
from .writing.reading import Constant, Written, inputs_scattered
from .writing.reverse import Reverse
from .writing.sharing import Line, Sharing

FEW = 8  # numbers of a constant that is written down
WIDTH = 116  # of lines that are wrapped
_serial = count(1)


@dataclass(frozen=True)
class Emitted:
    """A source, and the constant arrays that it names."""

    source: str
    constants: Mapping[str, Constant]
    contiguous_inputs: bool
    """Whether it runs faster if the rows of the inputs are contiguous."""
    absorbed: Mapping[str, str]
    """For each array that has no line of its own the target of the line in which it is computed."""


def emit(program: ArrayProgram) -> Emitted:
    """Four functions: the views of the parameters and of their gradient, ``forward`` and ``value_and_grad``.

    The last is there for one output. Inputs come as columns, one a sample. Constants of few numbers are written down.
    """
    x, what = program.inputs.name, "The output"
    if program.inputs.size:
        what += f" for each column of {x} ({program.inputs.size}, B)"
    written = _write(program)
    views = ["theta", *[line.target for line in written.parameters]]
    gradients = ["grad", *[line.target for line in written.gradients]]
    returned = [output.text for output in written.outputs]
    functions = [
        _function("views", ["theta"], written.parameters, _tuple(views), "The parameters, as views of their vector."),
        _function("gradient_views", ["grad"], written.gradients, _tuple(gradients), "Their derivatives."),
        _function("forward", [x, *views], written.forward, returned, f"{what}."),
    ]
    if _is_differentiated(program):
        lines = [*written.forward, Line("", Code(""), ""), *written.backward]
        doc = f"{what}; grad becomes the gradient of weight times {'their sum' if program.inputs.size else 'it'}."
        functions.append(_function("value_and_grad", [x, "weight", *views, *gradients], lines, returned, doc))
    body = "\n\n\n".join(functions)
    words = set(re.findall(r"\w+", body))
    named = {name: values for name, values in written.constants.items() if name in words}
    small = {name: values for name, values in named.items() if values.size <= FEW and _is_plain(values)}
    constants = {name: values for name, values in named.items() if name not in small}
    literals = "\n".join(f"{name} = np.array({values.tolist()})" for name, values in small.items())
    helpers = _helpers(body)
    modules = [name for name in ("functools", "math") if any(f"{name}." in helper for helper in helpers)]
    imports = [*(f"import {name}" for name in modules), "import numpy as np"]
    head = [_usage(program, constants), *imports, *[literals] * bool(small)]
    source = "\n\n\n".join(["\n\n".join(head), *helpers, body]) + "\n"
    absorbed = {name: line.target for line in written.forward for name in line.absorbed}
    return Emitted(source, constants, inputs_scattered(program), absorbed)


def _is_plain(values: Constant) -> bool:
    """Whether a list of these numbers is Python."""
    return bool(np.isfinite(values).all())


def _usage(program: ArrayProgram, constants: Mapping[str, Constant]) -> str:
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
    if _is_differentiated(program):
        weight = "1 / len(batch)" if n else "1.0"
        lines.append(f"    output = value_and_grad({batch}, {weight}, *views(theta), *gradient_views(grad))")
        lines += ["", f"The latter leaves the gradient{' of the mean' if n else ''} in grad ({size},)."]
    if constants:
        lines += ["", *textwrap.wrap(f"Arrays that it needs, from Program.constants: {', '.join(constants)}.", WIDTH)]
    return '"""' + "\n".join(lines) + '\n"""'


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


def _function(name: str, arguments: Sequence[str], lines: Sequence[Line], returned: Sequence[str], doc: str) -> str:
    body = [f'"""{doc}"""', *map(str, lines), _wrapped("return ", returned, "")]
    if re.search(rf"\b{BATCH}\b", "\n".join([*(f"{line.target} {line.code}" for line in lines), *returned])):
        body.insert(1, f"{BATCH} = {arguments[0]}.shape[-1]")
    indented = "\n".join(textwrap.indent(line, "    ") for line in body)
    return f"{_wrapped(f'def {name}(', arguments, '):')}\n{indented}"


def _wrapped(start: str, items: Sequence[str], end: str) -> str:
    """``start item, item, ... end``, on several lines if it is long."""
    line = f"{start}{', '.join(items)}{end}"
    if len(line) <= WIDTH:
        return line
    filled = textwrap.fill(", ".join(items), WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"{start}\n{filled}\n{end}" if end else f"{start}(\n{filled}\n)"


def _tuple(names: Sequence[str]) -> list[str]:
    return [f"{names[0]},"] if len(names) == 1 else list(names)


def load(source: str, constants: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """The functions of the source; tracebacks show its lines, as long as the functions live."""
    filename = f"<compiled graph {next(_serial)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = dict(constants)
    exec(compile(source, filename, "exec"), namespace)
    assert namespace["np"] is np
    weakref.finalize(namespace["forward"], linecache.cache.pop, filename, None)
    return namespace
