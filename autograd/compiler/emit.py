"""The written program as one Python source: views of the parameters, the forward pass, the gradient."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from .arrays import BATCH, ArrayProgram
from .helpers import HELPERS
from .reading import Line, Written

_serial = count(1)


def emit(program: ArrayProgram, written: Written) -> str:
    """Three functions: ``parameters``, ``forward`` and, for one output, ``value_and_grad``."""
    x = program.inputs.name
    views = ["theta", *[line.target for line in written.parameters]]
    gradients = ["grad", *[line.target for line in written.gradients]]
    returned = ", ".join(output.text for output in written.outputs)
    forward = [*_batch(written.forward, written.outputs, x), *map(str, written.forward)]
    backward = map(str, written.backward)
    functions = [
        _function(
            "views",
            ["theta"],
            _block(written.parameters),
            ", ".join(views),
            "The parameters, as views of their vector.",
        ),
        _function("gradient_views", ["grad"], _block(written.gradients), ", ".join(gradients), "Their derivatives."),
        _function("forward", [x, *views], forward, returned),
    ]
    if len(written.outputs) == 1:
        both = [
            *_batch([*written.forward, *written.backward], written.outputs, x),
            *map(str, written.forward),
            "",
            *backward,
        ]
        functions.append(_function("value_and_grad", [x, "weight", *views, *gradients], both, returned))
    body = "\n\n\n".join(functions)
    helpers: list[str] = []
    for name, text in reversed(HELPERS.items()):
        if re.search(rf"\b{name}\(", body + "".join(helpers)):
            helpers.insert(0, text.strip())
    return "\n\n\n".join(["import numpy as np", *helpers, body]) + "\n"


def _batch(lines: Sequence[Line], outputs: Sequence[object], x: str) -> list[str]:
    used = any(re.search(rf"\b{BATCH}\b", line.text + line.target) for line in lines)
    return [f"{BATCH} = {x}.shape[-1]"] if used else []


def _block(lines: Sequence[Line]) -> list[str]:
    return [str(line) for line in lines]


def _function(name: str, arguments: Sequence[str], lines: Sequence[str], returned: str, doc: str = "") -> str:
    body = [f'"""{doc}"""'] * bool(doc) + [*lines, f"return {returned}"]
    body[-1] += "," * (returned.isidentifier() and name.endswith("views"))
    indented = "\n".join(f"    {line}" if line else "" for line in body)
    return f"def {name}({', '.join(arguments)}):\n{indented}"


def load(source: str, constants: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """The functions of the source; tracebacks show its lines."""
    filename = f"<compiled graph {next(_serial)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = dict(constants)
    exec(compile(source, filename, "exec"), namespace)
    assert namespace["np"] is np
    return namespace
