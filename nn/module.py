"""Module: anything that has parameters, found among its attributes and named by their Python path."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Protocol, SupportsFloat, runtime_checkable

import numpy as np

from autograd import Value
from autograd.files import write_file
from autograd.viewing.architecture import Part

from .basics.files import npz_bytes, read_npz, state_arrays


class Module:
    """A part of a network. Its parameters are its attributes that are leaf Values, and those of its sub-modules.

    Lists, tuples, dicts and object arrays of either are looked into; where one could hide, as in a set, a TypeError
    says so. Names are Python paths and read on from the module's own name, and each parameter carries its name as
    ``label``, so that drawings show it.

    >>> class Line(Module):
    ...     def __init__(self) -> None:
    ...         self.weights = [Value(2.0)]
    ...         self.bias = Value(1.0)
    >>> line = Line()
    >>> [(name, parameter.data) for name, parameter in line.named_parameters()]
    [('weights[0]', 2.0), ('bias', 1.0)]
    >>> line
    Line() of 2 parameters
    """

    path: str = ""
    """Where this module stands in the outermost one: ``layers[0].neurons[3]``; empty for the outermost itself."""

    def __setattr__(self, name: str, value: Any) -> None:
        found = list(_parts(name, value))  # before anything is set: where one hides is an error
        super().__setattr__(name, value)
        if found:
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

    def state_dict(self) -> dict[str, float]:
        """The number in each parameter, by name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter. A ValueError, and nothing changed, unless the names are exactly this module's."""
        parameters = dict(self.named_parameters())
        for name in parameters:
            if name not in state:
                raise ValueError(f"the state has no parameter {name}: it is that of another module")
            if math.isnan(state[name]):
                raise ValueError(f"the parameter {name} is nan in the state, wanted a number")
        for name in state:
            if name not in parameters:
                raise ValueError(f"the state has a parameter {name} that this module lacks: it is that of another one")
        for name, parameter in parameters.items():
            parameter.data = state[name]

    def save(self, path: str | Path) -> None:
        """Write the state as an ``.npz`` file (arrays ``names`` and ``values``); equal states give equal bytes."""
        write_file(path, npz_bytes(state_arrays(self.state_dict())))

    def load(self, path: str | Path) -> None:
        """Set every parameter from a file that ``save`` wrote.

        A FileFormatError for a damaged or foreign file, a ValueError for another module's; either changes nothing.
        """
        self.load_state_dict(read_npz(path, "a saved model").state())

    def extra_repr(self) -> str:
        """What stands between the brackets of ``repr``."""
        return ""

    def architecture(self, name: str = "") -> Part:
        """What :func:`autograd.draw` draws: the parts of the module, and how many parameters are in each."""
        parts, own = [], Counter[str]()
        for key, held in vars(self).items():
            for path, part in _parts(key, held):
                if isinstance(part, Module):
                    parts.append(part.architecture(path))
                else:
                    own[key] += 1
        return Part(name, type(self).__name__, len(self.parameters()), self.extra_repr(), own, parts)

    def short_repr(self) -> str:
        """The module in one line, for messages."""
        return f"{type(self).__name__}({self.extra_repr()})"

    def __repr__(self) -> str:
        count = len(self.parameters())
        lines = [f"{self.short_repr()} of {count:,} parameter{'s' * (count != 1)}"]
        for key, held in vars(self).items():
            for name, part in _parts(key, held):
                if isinstance(part, Module) and part.extends_repr:
                    lines.append(f"  {name}: " + repr(part).replace("\n", "\n  "))
        return "\n".join(lines)

    extends_repr = True
    """Whether the module has a line of its own in the ``repr`` of one that holds it."""

    def _named_parts(self) -> list[tuple[str, Module | Value]]:
        """Every sub-module and parameter below this module once, a module before its own parts."""
        found: list[tuple[str, Module | Value]] = []
        seen = {id(self)}

        def visit(prefix: str, module: Module) -> None:
            for name, attribute in vars(module).items():
                for path, part in _parts(prefix + name, attribute):
                    if id(part) not in seen:
                        seen.add(id(part))
                        found.append((path, part))
                        if isinstance(part, Module):
                            visit(f"{path}.", part)

        visit("", self)
        return found


@runtime_checkable
class Model(Protocol):
    """What can be trained: a Module whose call takes numbers and returns Values, or one."""

    def __call__(self, inputs: Sequence[SupportsFloat], /) -> Sequence[Value] | Value: ...
    def parameters(self) -> list[Value]: ...
    def zero_grad(self) -> None: ...
    def state_dict(self) -> dict[str, float]: ...
    def load_state_dict(self, state: Mapping[str, float]) -> None: ...


def parameters_of(model: Any) -> list[Value]:
    """The parameters of whatever has some, each once: a ``parameters`` of a user's may list one twice."""
    return list(dict.fromkeys(model.parameters()))


def set_parameters(parameters: Sequence[Value], theta: np.ndarray[Any, Any]) -> None:
    """Set the data of each parameter."""
    for parameter, number in zip(parameters, theta.tolist(), strict=True):
        parameter.data = number


def _parts(path: str, attribute: object) -> Iterator[tuple[str, Module | Value]]:
    """The modules and leaf Values that an attribute is or holds, each with its path; a TypeError where one hides."""
    if isinstance(attribute, Value):
        if attribute.is_leaf:
            yield path, attribute
    elif isinstance(attribute, Module):
        yield path, attribute
    elif isinstance(attribute, list | tuple):
        for i, item in enumerate(attribute):
            if type(item) is Value:  # as nearly always: a generator for each would take twice as long
                if item.is_leaf:
                    yield f"{path}[{i}]", item
            else:
                yield from _parts(f"{path}[{i}]", item)
    elif isinstance(attribute, str | int | float):  # as most others are: to ask for a Mapping takes long
        return
    elif isinstance(attribute, Mapping):
        _require_none_hidden(path, attribute.keys(), "the keys of a dict")
        for key, item in attribute.items():
            yield from _parts(f"{path}[{key!r}]", item)
    elif isinstance(attribute, np.ndarray) and attribute.dtype == object:
        for index in np.ndindex(attribute.shape):
            yield from _parts(f"{path}[{','.join(map(str, index))}]", attribute[index])
    elif isinstance(attribute, AbstractSet | deque | ValuesView):
        _require_none_hidden(path, attribute, f"a {type(attribute).__name__}")


def _require_none_hidden(path: str, items: Any, where: str) -> None:
    for item in items:
        if isinstance(item, Value | Module):
            raise TypeError(
                f"{path} holds a {type(item).__name__} in {where}, where it would not be found as a parameter: wanted "
                f"a list, a tuple, the values of a dict, or an array of objects"
            )
