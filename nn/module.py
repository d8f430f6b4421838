"""Module: anything that has parameters, found among its attributes and named by their Python path."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograd import Value
from autograd.files import write_file

from .files import Arrays, FileFormatError, npz_bytes, read_npz


class Module:
    """A part of a network. Its parameters are its attributes that are leaf Values, and those of its sub-modules.

    Lists and tuples of either are looked into. Names are Python paths and read on from the module's own name, and
    each parameter carries its name as ``label``, so that drawings show it.

    >>> class Line(Module):
    ...     def __init__(self) -> None:
    ...         self.weights = [Value(2.0)]
    ...         self.bias = Value(1.0)
    >>> line = Line()
    >>> list(line.named_parameters())
    [('weights[0]', Value(data=2.0, grad=0.0, label='weights[0]')), ('bias', Value(data=1.0, grad=0.0, label='bias'))]
    """

    path: str = ""
    """Where this module stands in the outermost one: ``layers[0].neurons[3]``; empty for the outermost itself."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if any(True for _ in _parts(name, value)):
            self.name_parts()

    def name_parts(self) -> None:
        """Give every part its name: done whenever an attribute is set, so needed only after a list has grown."""
        for name, part in self._named_parts():
            if isinstance(part, Module):
                part.path = name
            else:
                part.label = name

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name, in the order of definition; one that is shared comes once."""
        for name, part in self._named_parts():
            if isinstance(part, Value):
                yield name, part

    def parameters(self) -> list[Value]:
        """The parameters, in the order of definition."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def state(self) -> dict[str, float]:
        """The number in each parameter, by name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state(self, state: Mapping[str, float]) -> None:
        """Set every parameter. A ValueError, and nothing changed, unless the names are exactly this module's."""
        parameters = dict(self.named_parameters())
        for name in parameters:
            if name not in state:
                raise ValueError(f"the state has no parameter {name}: it is that of another module")
            if not math.isfinite(state[name]):
                raise ValueError(f"the parameter {name} is {state[name]!r} in the state, wanted a finite number")
        for name in state:
            if name not in parameters:
                raise ValueError(f"the state has a parameter {name} that this module lacks: it is that of another one")
        for name, parameter in parameters.items():
            parameter.data = state[name]

    def save(self, path: str | Path) -> None:
        """Write the state as an ``.npz`` file (arrays ``names`` and ``values``); equal states give equal bytes."""
        write_file(path, npz_bytes(state_arrays(self.state())))

    def load(self, path: str | Path) -> None:
        """Set every parameter from a file that ``save`` wrote.

        A FileFormatError for a damaged or foreign file, a ValueError for another module's; either changes nothing.
        """
        self.load_state(state_from_arrays(read_npz(path, "a saved model", ("names", "values")), path))

    def _named_parts(self) -> Iterator[tuple[str, Module | Value]]:
        """Every sub-module and parameter below this module once, a module before its own parts."""
        seen = {id(self)}

        def walk(prefix: str, module: Module) -> Iterator[tuple[str, Module | Value]]:
            for name, attribute in vars(module).items():
                for path, part in _parts(prefix + name, attribute):
                    if id(part) not in seen:
                        seen.add(id(part))
                        yield path, part
                        if isinstance(part, Module):
                            yield from walk(f"{path}.", part)

        yield from walk("", self)


def parameters_of(model: Any) -> list[Value]:
    """The parameters of whatever has some, each once: a ``parameters`` of a user's may list one twice."""
    return list(dict.fromkeys(model.parameters()))


def _parts(path: str, attribute: object) -> Iterator[tuple[str, Module | Value]]:
    """The modules and leaf Values that an attribute is or holds, each with its path."""
    if isinstance(attribute, Module) or (isinstance(attribute, Value) and attribute.is_leaf):
        yield path, attribute
    elif isinstance(attribute, list | tuple):
        for i, item in enumerate(attribute):
            yield from _parts(f"{path}[{i}]", item)


def state_arrays(state: Mapping[str, float]) -> Arrays:
    """A state as the two arrays that stand for it in a file."""
    return {"names": np.array(list(state), dtype=np.str_), "values": np.array(list(state.values()), dtype=np.float64)}


def state_from_arrays(arrays: Arrays, path: str | Path) -> dict[str, float]:
    """The state that two arrays stand for; a FileFormatError if they cannot."""
    names, values = arrays["names"], arrays["values"]
    if names.ndim != 1 or names.shape != values.shape or names.dtype.kind != "U" or values.dtype != np.float64:
        raise FileFormatError(f"{path} is not a saved model: its names and values do not pair up")
    return dict(zip(names.tolist(), values.tolist(), strict=True))
