"""The PyTorch target: an array program as a module whose one parameter is theta.

PyTorch derives the derivatives, of any order; at kinks and ties they are those of the rule table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ...extras import load
from .. import ir
from .source import FUNCTIONS, Code, PythonSource, docstring
from .text import ATOM, executed, function, literal, module_text, wrapped
from .walk import Repeated

USAGE = '''
"""A program of autograd.compile for PyTorch.

    module = Program(theta)
    module(batch).mean().backward()  # leaves the gradient in module.theta.grad
"""
'''

CHECK = """
if batch.dim() not in (1, 2) or batch.shape[-1] != {n}:
    raise ValueError(f"a batch has shape (B, {n}), one sample ({n},), got {{tuple(batch.shape)}}")
if batch.dim() == 1:
    return self.forward(batch[None])[0]
"""

OPERATION = '''
def operation(function, *partials):
    """The function, with these local derivatives by its arguments."""

    class Operation(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(*xs):
            return function(*xs)

        @staticmethod
        def setup_context(ctx, xs, out):
            ctx.save_for_backward(out, *xs)

        @staticmethod
        def backward(ctx, flow):
            out, *xs = ctx.saved_tensors
            slopes = [partial(out, *xs) if wanted else None for partial, wanted in zip(partials, ctx.needs_input_grad)]
            slopes += [None] * (len(xs) - len(slopes))
            return tuple(
                None if slope is None else (flow * slope).sum_to_size(x.shape) for slope, x in zip(slopes, xs)
            )

    return Operation.apply
'''


HELPERS: Mapping[str, str] = {
    "greater": '''
def greater(x, y):
    """1 where x > y, else 0."""
    return (x > y).to(torch.result_type(x, y))
''',
    "equal": '''
def equal(x, y):
    """1 where x == y, else 0."""
    return (x == y).to(torch.result_type(x, y))
''',
    "expm1": '''
def expm1(x):
    """exp(x) - 1; its derivative is exp(x) where that is close to 0 too, and not 1 less 1."""
    low = x < -1.0
    return torch.where(low, torch.exp(torch.where(low, x, -1.0)) - 1.0, torch.expm1(x))
''',
    "arcsin": '''
def arcsin(x):
    """The angle whose sine is x; its derivative is exact close to ±1 too."""
    return torch.arctan2(x, torch.sqrt(1.0 - x) * torch.sqrt(1.0 + x))
''',
    "arccos": '''
def arccos(x):
    """The angle whose cosine is x; its derivative is exact close to ±1 too."""
    return torch.arctan2(torch.sqrt(1.0 - x) * torch.sqrt(1.0 + x), x)
''',
    "softplus": '''
def softplus(x):
    """log(1 + exp(x)); PyTorch's own is x from 20 on."""
    return -torch.nn.functional.logsigmoid(-x)
''',
    "leaky_relu": '''
def leaky_relu(x, slope):
    """x where x > 0, else slope * x; its derivative is the slope at 0."""
    return torch.where(x > 0, x, slope * torch.where(x > 0, 0.0, x))
''',
    "mul_no_nan": '''
def mul_no_nan(x, y):
    """x * y, but 0 wherever y is 0, even where x is inf or nan."""
    return torch.where((y == 0) & ~torch.isfinite(x), 0.0, x) * y
''',
    "operation": OPERATION,
}


class _Torch(PythonSource):
    name, module, joins = "PyTorch", "torch", "torch.cat"
    functions: ClassVar = {
        **FUNCTIONS,
        **{name: f"torch.{name}({{}})" for name in ("abs", "relu", "sigmoid", "erf")},
        **{name: f"{name}({{}})" for name in ("expm1", "arcsin", "arccos", "softplus")},
        **{name: f"{name}({{}}, {{}})" for name in ("greater", "equal", "leaky_relu", "mul_no_nan")},
        "pow": "torch.pow({}, {})",
        "stop_gradient": "torch.detach({})",
    }
    forwards: ClassVar = {}
    helpers = HELPERS
    reserved = (*PythonSource.reserved, "torch", "Program")

    def stored(self, name: str) -> str:
        return f"self.{name}"

    def argument(self, code: Code) -> str:
        return f"torch.tensor({code.text}, dtype=torch.float64)" if code.is_number else code.text

    def permuted(self, value: str, order: Sequence[int]) -> str:
        return f"{value}.permute({', '.join(map(str, order))})"

    def max(self, value: Code, axes: Sequence[int]) -> Code:
        return Code(f"{value.within(ATOM)}.amax({self.axes(axes)}).detach()")

    def expand(self, value: Code, shape: ir.Shape) -> Code:
        lengths = f"({self.lengths(shape)}{',' * (len(shape) == 1)})"
        if value.is_number:
            return Code(f"theta.new_full({lengths}, {value.text})")
        return Code(f"{value.within(ATOM)}.expand{lengths}")

    def repeat(self, repeated: Repeated[Code]) -> Sequence[Code]:
        """A ``for``, whose rows are stacked in the end. What its last step left is still there then, by its name."""
        loop, names = repeated.loop, repeated.names
        rows = [each for each in loop.collected if each.each]
        carried = ", ".join(names[each.leaf] for each in loop.carried)
        first = self.arrays(repeated.first, [each.first for each in loop.carried])
        self.lines += [f"{carried} = {', '.join(first)}", *(f"{names[each.target]} = []" for each in rows)]
        stacked = ", ".join(names[each.leaf] for each in loop.stacked) or "_"
        stacks = ", ".join(stack.text for stack in repeated.stacks)
        steps = (f"range({loop.times})", stacks, f"zip({stacks})")[min(len(loop.stacked), 2)]
        self.lines.append(f"for {stacked} in {steps}:")
        with self.indented():
            after, collected = repeated.step([Code(names[leaf]) for leaf in loop.given])
            left = self.arrays(collected, [each.expr for each in loop.collected])
            found = dict(zip(loop.collected, left, strict=True))
            for each, text in found.items():
                name = names[each.target]
                if each.each or not text.isidentifier() or any(text == names[other.leaf] for other in loop.carried):
                    self.lines.append(f"{name}.append({text})" if each.each else f"{name} = {text}")
                    found[each] = name
            self.lines.append(f"{carried} = {', '.join(self.arrays(after, [each.after for each in loop.carried]))}")
        for each in rows:
            self.define(found[each], Code(f"torch.stack({found[each]})"), each.target.shape)
        return [Code(text) for text in found.values()]


def source(program: ir.ArrayProgram, single: bool) -> str:
    """A module with the class ``Program``."""
    library, n, size = _Torch(), program.inputs.size, program.theta.size
    body, returned = library.body(program, single)
    buffers = [
        wrapped(f'self.register_buffer("{name}", {_tensor(values)}, persistent=False)')
        for name, values in library.constants.values()
    ]
    check = f'raise ValueError(f"theta has shape ({size},), got {{tuple(self.theta.shape)}}")'
    parameter = "self.theta = torch.nn.Parameter(torch.as_tensor(theta, dtype=torch.float64).clone())"
    made = ["super().__init__()", parameter, f"if self.theta.shape != ({size},):", f"    {check}", *buffers]
    lines = [f'"""{docstring(program, single)}"""', *CHECK.format(n=n).strip().splitlines() * bool(n)]
    values = {
        "theta": "self.theta",
        **({"x": "batch.T"} if n else {}),
        **({"B": "batch.shape[0]"} if library.is_sized else {}),  # len(batch) would be a constant of torch.export
    }
    lines.append(f"{', '.join(values)} = {', '.join(values.values())}")
    forward = function(f"forward(self{', batch' * bool(n)})", [*lines, *body, f"return {returned}"])
    methods = "\n\n".join([function("__init__(self, theta)", made), forward]).splitlines()
    program_class = "\n".join(["class Program(torch.nn.Module):", *(f"    {line}" if line else "" for line in methods)])
    return module_text([f"{USAGE.strip()}\n\nimport torch", *library.used.values(), program_class])


def _tensor(values: np.ndarray[Any, Any]) -> str:
    dtype = {"f": ", dtype=torch.float64"}.get(values.dtype.kind, "")
    return f"torch.tensor({literal(values, 'torch')}{dtype})"


def load_module(text: str, theta: ir.Floats) -> Any:
    """The module of the source, which is kept as its ``source``."""
    load("torch", "torch")
    module = executed(text, "PyTorch program", {"__name__": "program"})["Program"](theta)
    module.source = text
    return module
