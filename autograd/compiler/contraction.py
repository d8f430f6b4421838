"""Contractions: sums of products over letters, written as matrix products where they are any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Protocol

from .code import ATOM, PRODUCT, Code


class Copies(Protocol):
    """Gives names to expressions that copy an array, so that each copy is made once."""

    def kept(self, text: str) -> str | None:
        """Its name, if it was made."""

    def keep(self, text: str) -> str:
        """Its name, after making it if need be."""


@dataclass(frozen=True)
class Tensor:
    """An expression whose axes have letters, one each. ``pick`` writes a gather with its axes in another order."""

    text: str
    letters: str
    pick: Callable[[tuple[int, ...]], str] | None = None
    copies: Copies | None = None

    def arranged(self, groups: Sequence[str], sizes: dict[str, str]) -> str:
        """With the axes in the order of the groups, each group made one axis."""
        wanted = "".join(groups)
        text = self.text
        if wanted != self.letters:
            order = [self.letters.index(letter) for letter in wanted]
            if self.pick and ("B" not in wanted or wanted[-1] == "B"):
                text = self.pick(tuple(order[: len(order) - ("B" in wanted)]))
            else:
                text += ".T" if order == list(range(len(order)))[::-1] else f".transpose({', '.join(map(str, order))})"
        groups = [group for group in groups if group]
        if any(len(group) > 1 for group in groups):
            text += f".reshape({', '.join(product(group, sizes) for group in groups)})"
            if self.copies and wanted != self.letters:
                return self.copies.keep(text)
        return text

    def matrix(self, stack: tuple[str, ...], rows: str, columns: str, sizes: dict[str, str]) -> str:
        """The axes as rows and columns; the transpose of a copy that was made already is as good."""
        if self.copies and not stack and rows and columns:
            name = self.copies.kept(replace(self, copies=None).arranged((columns, rows), sizes))
            if name:
                return f"{name}.T"
        return self.arranged((*stack, rows, columns), sizes)

    def expanded(self, letters: str) -> str:
        """With an axis for each letter, of length 1 where it has none."""
        order = "".join(letter for letter in letters if letter in self.letters)
        text = self.arranged(tuple(order), {})
        picks = [":" if letter in self.letters else "None" for letter in letters]
        while picks and picks[0] == "None":
            picks.pop(0)
        while picks and picks[-1] == ":":
            picks.pop()
        return f"{text}[{', '.join(picks)}]" if picks else text


def product(letters: str, sizes: dict[str, str]) -> str:
    """The product of the sizes, multiplied out as far as they are numbers.

    >>> product("abB", {"a": "2", "b": "3", "B": "B"})
    '6 * B'
    """
    known = prod(int(sizes[letter]) for letter in letters if sizes[letter].isdigit())
    unknown = [sizes[letter] for letter in letters if not sizes[letter].isdigit()]
    return " * ".join([*([str(known)] if known != 1 or not unknown else []), *unknown])


def contract(left: Tensor, right: Tensor, out: str, sizes: dict[str, str]) -> Code:
    """The sum of products, over all letters in ``sizes`` that ``out`` does not have.

    A letter that neither factor has counts as often as it is long where it is summed, and is repeated in ``out``.

    >>> sizes = dict(m="5", k="3", p="7", B="B")
    >>> str(contract(Tensor("w", "m"), Tensor("x", "B"), "B", dict(m="5", k="3", B="B")))
    '3.0 * (w * x[:, None]).sum(1)'
    >>> str(contract(Tensor("g", "m"), Tensor("2.0", ""), "mk", dict(m="5", k="3")))
    'np.broadcast_to((g * 2.0)[:, None], (5, 3,))'
    """
    present = left.letters + right.letters
    count = product("".join(letter for letter in sizes if letter not in present + out), sizes)
    there = "".join(letter for letter in out if letter in present)
    result = _contract(left, right, there, sizes)
    if count != "1":
        result = (Code.of(float(count)) if count.isdigit() else Code(count, PRODUCT)) * result
    if there != out:
        picks = ", ".join(":" if letter in there else "None" for letter in out)
        text = f"{result.within(ATOM)}[{picks}]" if there else result.text
        result = Code(f"np.broadcast_to({text}, ({''.join(f'{sizes[letter]}, ' for letter in out).strip()}))")
    return result


def _contract(left: Tensor, right: Tensor, out: str, sizes: dict[str, str]) -> Code:
    """A matrix product where there is one.

    >>> sizes = dict(m="5", k="3", p="7", B="B")
    >>> str(_contract(Tensor("W", "mk"), Tensor("x", "kB"), "mB", sizes))
    'W @ x'
    >>> str(_contract(Tensor("W", "mk"), Tensor("x", "pkB"), "mpB", sizes))
    '(W @ x.transpose(1, 0, 2).reshape(3, 7 * B)).reshape(5, 7, B)'
    >>> str(_contract(Tensor("dz", "mB"), Tensor("x", "kB"), "mk", sizes))
    'dz @ x.T'
    """
    both = [letter for letter in left.letters if letter in right.letters]
    stack = "".join(letter for letter in both if letter in out)
    inner = "".join(letter for letter in both if letter not in out)
    l_only = "".join(letter for letter in left.letters if letter not in both)
    r_only = "".join(letter for letter in right.letters if letter not in both)
    if l_only and r_only and out.find(r_only[0]) < out.find(l_only[0]):
        left, right, l_only, r_only = right, left, r_only, l_only
    if any(letter not in out for letter in l_only + r_only):
        return _by_products(left, right, out)
    if "B" in stack and len(l_only) == len(r_only) == len(inner) == 1 and _in_one_order(stack, left, right, out):
        return _by_sample(left, right, out, l_only, inner, r_only)
    if not inner or "B" in stack or (stack and not (l_only or r_only)):
        return _by_einsum(left, right, out)
    stack, l_only, r_only = ("".join(sorted(group, key=out.index)) for group in (stack, l_only, r_only))
    inner = "".join(sorted(inner, key=(right if r_only else left).letters.index))
    a, b = left.matrix((*stack,), l_only, inner, sizes), right.matrix((*stack,), inner, r_only, sizes)
    if stack and not l_only:
        a = left.arranged((*stack, inner), sizes) + "[..., None, :]"
    if stack and not r_only:
        b = right.arranged((*stack, inner), sizes) + "[..., None]"
    if len(inner) == len(left.letters + right.letters) / 2:
        return Code(f"np.dot({a}, {b})")  # of two vectors: half the time of @
    text, letters = f"{a} @ {b}", stack + l_only + r_only
    dot = "np.dot" if l_only and r_only else "np.matmul"  # by a vector of one 0, np.dot gives 0 where there is nan
    binds, into = PRODUCT, "" if stack else f"{dot}({a}, {b}, out={{}})"
    if stack and not l_only:
        text, binds = f"({text})[..., 0, :]", ATOM
    if stack and not r_only:
        text, binds = f"({text})[..., 0]", ATOM
    if len(l_only) > 1 or len(r_only) > 1:
        into = ""
        text, binds = f"{text if binds == ATOM else f'({text})'}.reshape({', '.join(sizes[a] for a in letters)})", ATOM
    if letters != out:
        text = f"({text})" if binds != ATOM else text
        text, binds, into = Tensor(text, letters).arranged(tuple(out), sizes), ATOM, ""
    return Code(text, binds, into=into)


def _in_one_order(stack: str, left: Tensor, right: Tensor, out: str) -> bool:
    """Whether these letters stand in the same order in all three."""
    return len({"".join(a for a in letters if a in stack) for letters in (left.letters, right.letters, out)}) == 1


def _by_sample(left: Tensor, right: Tensor, out: str, row: str, inner: str, column: str) -> Code:
    """A stack of matrix products: a call says which axes the matrices have.

    >>> str(_by_sample(Tensor("q", "hdiB"), Tensor("k", "hdjB"), "hijB", "i", "d", "j"))
    'np.matmul(q, k, axes=[(2, 1), (1, 2), (1, 2)])'
    """
    triples = ((left.letters, row, inner), (right.letters, inner, column), (out, row, column))
    axes = [(letters.index(a), letters.index(b)) for letters, a, b in triples]
    return Code(f"np.matmul({left.text}, {right.text}, axes={axes})")


def _by_products(left: Tensor, right: Tensor, out: str) -> Code:
    """Where one factor alone has a summed letter. Multiplied sums would do, but for inf and nan."""
    letters = out + "".join(dict.fromkeys(letter for letter in left.letters + right.letters if letter not in out))
    x, y = (Code(tensor.expanded(letters)) for tensor in (left, right))
    axes = tuple(range(len(out), len(letters)))
    return Code(f"({x * y}).sum({axes[0] if len(axes) == 1 else axes})")


def _by_einsum(left: Tensor, right: Tensor, out: str) -> Code:
    if all(letter in out for letter in left.letters + right.letters):
        return Code(left.expanded(out)) * Code(right.expanded(out))
    return Code(f'np.einsum("{left.letters},{right.letters}->{out}", {left.text}, {right.text})')
