"""The JAX target: an array program as a function of a batch and theta, to be jitted, differentiated and mapped.

JAX derives the derivatives, of any order; at kinks and ties they are those of the rule table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ...extras import load
from .. import ir
from .masking import Terms
from .source import FUNCTIONS, Code, PythonSource, docstring
from .text import ATOM, commented, executed, function, literal, module_text, wrapped
from .walk import Repeated

USAGE = '''
"""A program of autograd.compile for JAX, whose numbers must have 64 bits.

    jax.config.update("jax_enable_x64", True)
    loss = lambda theta, batch: forward(batch, theta).mean()
    value, gradient = jax.jit(jax.value_and_grad(loss))(theta, batch)
"""
'''

CHECKED = '''
def checked(name, array, size, axes):
    """The array in 64 bits, if it has so many axes, the last of that size; an error where JAX would take 32 bits."""
    if not jax.config.jax_enable_x64:
        raise TypeError('JAX would compute in 32 bits: call jax.config.update("jax_enable_x64", True) first')
    array = jnp.asarray(array)
    if array.ndim not in axes or array.shape[-1] != size:
        raise ValueError(f"{name} has {' or '.join(map(str, axes))} axes, the last of size {size}, got {array.shape}")
    if jnp.iscomplexobj(array):
        raise TypeError(f"{name} is an array of real numbers, got {array.dtype}")
    return array.astype(jnp.float64)
'''

OPERATION = '''
def operation(function, *partials):
    """The function, with these local derivatives by its arguments."""
    operation = jax.custom_jvp(function)

    def rule(xs, tangents):
        out = operation(*xs)
        flows = [
            jnp.broadcast_to(partial(out, *xs) * tangent, out.shape)
            for partial, tangent in zip(partials, tangents)
            if not isinstance(tangent, SymbolicZero)
        ]
        return out, sum(flows, jnp.zeros_like(out))

    operation.defjvp(rule, symbolic_zeros=True)
    return operation
'''

PRODUCTS = '''
def products(letters, order, mask, left, right):
    """einsum(letters, left, right), of the terms alone where the mask is, along axes of all letters in this order."""
    *sides, out = letters.replace("->", ",").split(",")
    summed = tuple(axis for axis, letter in enumerate(order) if letter not in out)

    def together(left, right):
        left, right = (jnp.where(jnp.isfinite(x), x, 0.0) for x in (left, right))  # mapped, both ways are gone
        return jnp.where(mask.any(summed), jnp.einsum(letters, left, right), 0.0)

    @jax.checkpoint
    def apart(*factors):
        product = 1.0
        for factor, side in zip(factors, sides):
            ordered = jnp.einsum(f"{side}->{\'\'.join(letter for letter in order if letter in side)}", factor)
            spread = jnp.expand_dims(ordered, [axis for axis, letter in enumerate(order) if letter not in side])
            product *= jnp.where(mask, spread, 0.0)
        return product.sum(summed)

    return jax.lax.cond(jnp.isfinite(left).all() & jnp.isfinite(right).all(), together, apart, left, right)
'''


class _Jax(PythonSource):
    name, module, joins, has_terms = "JAX", "jnp", "jnp.concatenate", True
    functions: ClassVar = {
        **FUNCTIONS,
        "relu": "jax.nn.relu({})",
        "sigmoid": "jax.nn.sigmoid({})",
        "erf": "jax.scipy.special.erf({})",
        "greater": "jnp.where({} > {}, 1.0, 0.0)",
        "equal": "jnp.where({} == {}, 1.0, 0.0)",
        "stop_gradient": "jax.lax.stop_gradient({})",
    }
    forwards: ClassVar = {
        **{name: f"jnp.{name}({{}})" for name in ("abs", "expm1", "arcsin", "arccos")},
        "pow": "jnp.power({}, {})",
        "softplus": "jnp.logaddexp({}, 0.0)",
        "leaky_relu": "jnp.where({0} > 0, {0}, {1} * {0})",
        "mul_no_nan": "jnp.where({1} == 0, 0.0, {0} * {1})",
    }
    helpers: ClassVar = {"operation": OPERATION, "products": PRODUCTS}
    reserved = (*PythonSource.reserved, "jax", "jnp", "SymbolicZero", "products")

    def stored(self, name: str) -> str:
        return name

    def argument(self, code: Code) -> str:
        return code.text

    def permuted(self, value: str, order: Sequence[int]) -> str:
        return f"{value}.transpose({', '.join(map(str, order))})"

    def max(self, value: Code, axes: Sequence[int]) -> Code:
        return Code(f"jax.lax.stop_gradient({value.within(ATOM)}.max({self.axes(axes)}))")

    def terms(self, terms: Terms, left: Code, right: Code) -> Code:
        """A product of matrices where all is finite, which is as fast as it would be without holes."""
        self.used.setdefault("products", self.helpers["products"].strip())
        letters = f'"{terms.left_letters},{terms.right_letters}->{terms.out}", "{terms.order}"'
        return Code(f"products({letters}, {self.constant(terms.mask).text}, {left.text}, {right.text})")

    def repeat(self, repeated: Repeated[Code]) -> Sequence[Code]:
        """A scan. What the last step alone leaves is what it carries on, or else the last of all rows."""
        loop, names, step = repeated.loop, repeated.names, self.walk.names.unique("step")
        first = _packed(self.arrays(repeated.first, [each.first for each in loop.carried]))
        stacks = _packed([stack.text for stack in repeated.stacks])
        onwards, left = self._step(step, repeated)
        ends = {text: each.target for each, text in left.items() if _is_end(each, text, onwards)}
        rows = [each for each, text in left.items() if not _is_end(each, text, onwards)]
        targets = [names[ends[text]] if text in ends else "_" for text in onwards]
        call = wrapped(f"jax.lax.scan({step}, {first}, {stacks or f'length={loop.times}'})")
        line = f"{_packed(targets) if ends else '_'}, {_packed([names[each.target] for each in rows]) or '_'} = {call}"
        shapes = [ends[text].shape for text in onwards if text in ends]
        shapes += [(loop.times, *each.expr.shape) for each in rows]
        self.lines += [commented(line, shapes, 4 * self.depth), ""]
        self.lines += [f"{names[each.target]} = {names[each.target]}[-1]" for each in rows if not each.each]
        return [Code(names[each.target if each in rows else ends[text]]) for each, text in left.items()]

    def _step(self, step: str, repeated: Repeated[Code]) -> tuple[list[str], dict[ir.Collected, str]]:
        """The function of a step: what it carries on, and what is collected of it."""
        loop, arguments, taken = repeated.loop, list[str](), list[str]()
        for whole, leaves in (("carried", loop.carried), ("given", loop.stacked)):
            parts = [repeated.names[each.leaf] for each in leaves]
            arguments.append(self.walk.names.unique(whole) if len(parts) > 1 else _packed(parts) or "_")
            taken += [f"{', '.join(parts)} = {arguments[-1]}"] * (len(parts) > 1)
        self.lines += ["", f"def {step}({', '.join(arguments)}):"]
        with self.indented():
            self.lines += [f'"""One of {loop.times:,} steps."""', *taken]
            after, collected = repeated.step([Code(repeated.names[leaf]) for leaf in loop.given])
            onwards = self.arrays(after, [each.after for each in loop.carried])
            left = self.arrays(collected, [each.expr for each in loop.collected])
            by_place = dict(zip(loop.collected, left, strict=True))
            rows = [text for each, text in by_place.items() if not _is_end(each, text, onwards)]
            self.lines.append(f"return {_packed(onwards)}, {_packed(rows) or 'None'}")
        self.lines.append("")
        return onwards, by_place


def _is_end(each: ir.Collected, text: str, onwards: Sequence[str]) -> bool:
    """Whether it is what the last step carries on."""
    return not each.each and text in onwards


def _packed(texts: Sequence[str]) -> str:
    """One, or a tuple of several; nothing of none."""
    return f"({', '.join(texts)})" if len(texts) > 1 else "".join(texts)


def source(program: ir.ArrayProgram, single: bool) -> str:
    """A module with the function ``forward(batch, theta)``."""
    library, n, size = _Jax(), program.inputs.size, program.theta.size
    body, returned = library.body(program, single)
    lines = [f'"""{docstring(program, single)}"""', f'theta = checked("theta", theta, {size}, [1])']
    if n:
        lines += [
            f'batch = checked("a batch", batch, {n}, [1, 2])',
            "if batch.ndim == 1:",
            "    return forward(batch[None], theta)[0]",
            "x, B = batch.T, len(batch)" if library.is_sized else "x = batch.T",
        ]
    constants = [wrapped(f"{name} = np.array({literal(values)})") for name, values in library.constants.values()]
    imports = ["import jax", "import jax.numpy as jnp"]
    if constants:
        imports.append("import numpy as np")
    if "operation" in library.used:
        imports.append("from jax.custom_derivatives import SymbolicZero")
    forward = function("forward(batch, theta)", [*lines, *body, f"return {returned}"])
    head = f"{USAGE.strip()}\n\n" + "\n".join(imports)
    return module_text([head, "\n".join(constants), CHECKED, *library.used.values(), forward])


def load_function(text: str) -> Callable[..., Any]:
    """The function of the source, which is kept as its ``source``."""
    jax = load("jax", "jax")
    if not jax.config.jax_enable_x64:
        raise TypeError('JAX would compute in 32 bits: call jax.config.update("jax_enable_x64", True) before to_jax()')
    forward: Any = executed(text, "JAX program", {"__name__": "program"})["forward"]
    forward.source = text
    return forward  # type: ignore[no-any-return]
