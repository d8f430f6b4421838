"""Contractions: sums of products over letters, written as matrix products where they are any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

from .code import ATOM, COMPARISON, PRODUCT, Code, Into, Naming
from .views import over, reshaped, subscript

Sizes = dict[str, str]
"""The length of each letter's axis, as a program writes it."""


@dataclass(frozen=True)
class Tensor:
    """An expression whose axes have letters, one each. ``pick`` writes a gather with its axes in another order."""

    code: Code
    letters: str
    pick: Callable[[tuple[int, ...]], Code] | None = None
    stays: bool = False
    """Whether it is the same wherever it stands, so that a copy of it can be used again."""

    def arranged(self, groups: Sequence[str], sizes: Sizes) -> Code:
        """With the axes in the order of the groups, each group made one axis."""
        wanted = "".join(groups)
        code = self.code
        if wanted != self.letters:
            order = [self.letters.index(letter) for letter in wanted]
            if self.pick and ("B" not in wanted or wanted[-1] == "B"):
                code = self.pick(tuple(order[: len(order) - ("B" in wanted)]))
            else:
                code = code.then(
                    ".T" if order == list(range(len(order)))[::-1] else f".transpose({', '.join(map(str, order))})"
                )
        groups = [group for group in groups if group]
        if any(len(group) > 1 for group in groups):
            code = reshaped(code, [product(group, sizes) for group in groups])
            if self.stays and wanted != self.letters:  # a copy
                return replace(code, naming=Naming("columns", 1))
        return code

    def matrix(self, stack: tuple[str, ...], rows: str, columns: str, sizes: Sizes) -> Code:
        """The axes as rows and columns; the transpose of a copy that was made already is as good."""
        code = self.arranged((*stack, rows, columns), sizes)
        if code.naming and not stack and rows and columns:
            transpose = self.arranged((columns, rows), sizes)
            return replace(code, naming=replace(code.naming, transpose=transpose))
        return code

    def expanded(self, letters: str) -> Code:
        """With an axis for each letter, of length 1 where it has none."""
        order = tuple(letter for letter in letters if letter in self.letters)
        picks = [":" if letter in self.letters else "None" for letter in letters]
        return self.arranged(order, {}).then(subscript(picks))


def product(letters: str, sizes: Sizes) -> str:
    """The product of the sizes, multiplied out as far as they are numbers.

    >>> product("abB", {"a": "2", "b": "3", "B": "B"})
    '6 * B'
    """
    known = prod(int(sizes[letter]) for letter in letters if sizes[letter].isdigit())
    unknown = [sizes[letter] for letter in letters if not sizes[letter].isdigit()]
    return " * ".join([*([str(known)] if known != 1 or not unknown else []), *unknown])


def times(letters: str, sizes: Sizes) -> Code:
    """The product of the sizes as a factor."""
    count = product(letters, sizes)
    return Code.of(float(count)) if count.isdigit() else Code(count, binds=PRODUCT)


def contract(left: Tensor, right: Tensor, out: str, sizes: Sizes) -> Code:
    """The sum of products, over all letters in ``sizes`` that ``out`` does not have.

    A letter that neither factor has counts as often as it is long where it is summed; the result does not vary along
    it in ``out``.

    >>> w, x, g = Code("w"), Code("x"), Code("g")
    >>> str(contract(Tensor(w, "m"), Tensor(x, "B"), "B", dict(m="5", k="3", B="B")))
    '3.0 * (w * x[:, None]).sum(1)'
    >>> str(contract(Tensor(g, "m"), Tensor(Code.of(2.0), ""), "mk", dict(m="5", k="3")))
    '(2.0 * g)[:, None]'
    """
    present = left.letters + right.letters
    there = "".join(letter for letter in out if letter in present)
    absent = "".join(letter for letter in sizes if letter not in present + out)
    result = times(absent, sizes) * _contract(left, right, there, sizes)
    expanded = result.then(subscript([":" if letter in there else "None" for letter in out]))
    axes = frozenset(axis for axis, letter in enumerate(out) if letter in there)
    return replace(expanded, axes=axes, into=expanded.into if there == out else None)


def _contract(left: Tensor, right: Tensor, out: str, sizes: Sizes) -> Code:
    """A matrix product where there is one.

    >>> W, x, dz, sizes = Code("W"), Code("x"), Code("dz"), dict(m="5", k="3", p="7", B="B")
    >>> str(_contract(Tensor(W, "mk"), Tensor(x, "kB"), "mB", sizes))
    'W @ x'
    >>> str(_contract(Tensor(W, "mk"), Tensor(x, "pkB"), "mpB", sizes))
    '(W @ x.transpose(1, 0, 2).reshape(3, 7 * B)).reshape(5, 7, B)'
    >>> str(_contract(Tensor(dz, "mB"), Tensor(x, "kB"), "mk", sizes))
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
    return _by_matrices(left, right, out, sizes, stack, inner)


def _by_matrices(left: Tensor, right: Tensor, out: str, sizes: Sizes, stack: str, inner: str) -> Code:
    """A product of two matrices, or of stacks of them, after each group of letters was made one axis."""
    rows, columns = (
        "".join(letter for letter in out if letter in tensor.letters and letter not in stack)
        for tensor in (left, right)
    )
    stack = "".join(sorted(stack, key=out.index))
    inner = "".join(sorted(inner, key=(right if columns else left).letters.index))
    a, b = left.matrix((*stack,), rows, inner, sizes), right.matrix((*stack,), inner, columns, sizes)
    if not (stack or rows or columns):
        return _call("np.dot({}, {})", a, b)  # of two vectors: half the time of @
    if stack and not rows:
        a = left.arranged((*stack, inner), sizes).then("[..., None, :]")
    if stack and not columns:
        b = right.arranged((*stack, inner), sizes).then("[..., None]")
    result = Code("{} @ {}", ((a, PRODUCT), (b, ATOM)), PRODUCT, fresh=True)
    if stack and not (rows and columns):
        result = result.then("[..., 0]" if rows else "[..., 0, :]")
    letters = stack + rows + columns
    if len(rows) > 1 or len(columns) > 1:
        result = reshaped(result, [sizes[letter] for letter in letters])
    if letters != out:
        return Tensor(result, letters).arranged(tuple(out), sizes)
    if stack or len(rows) > 1 or len(columns) > 1:
        return result
    # By a vector of one 0, np.dot gives 0 where there is nan.
    into = _call("np.dot({}, {}, out={out})" if rows and columns else "np.matmul({}, {}, out={out})", a, b)
    return replace(result, into=Into(into))


def _in_one_order(stack: str, left: Tensor, right: Tensor, out: str) -> bool:
    """Whether these letters stand in the same order in all three."""
    return len({"".join(a for a in letters if a in stack) for letters in (left.letters, right.letters, out)}) == 1


def _by_sample(left: Tensor, right: Tensor, out: str, row: str, inner: str, column: str) -> Code:
    """A stack of matrix products; the call says which axes the matrices have.

    The result of NumPy has those axes last in memory. With the batch last again, what follows is faster.

    >>> str(_by_sample(Tensor(Code("q"), "hdiB"), Tensor(Code("k"), "hdjB"), "hijB", "i", "d", "j"))
    'matmul(q, k, [(2, 1), (1, 2), (1, 2)])'
    """
    triples = ((left.letters, row, inner), (right.letters, inner, column), (out, row, column))
    axes = [(letters.index(a), letters.index(b)) for letters, a, b in triples]
    into = _call(f"np.matmul({{}}, {{}}, axes={axes}, out={{out}})", left.code, right.code)
    return replace(_call(f"matmul({{}}, {{}}, {axes})", left.code, right.code), into=Into(into, views=True))


def _by_products(left: Tensor, right: Tensor, out: str) -> Code:
    """Where one factor alone has a summed letter. Multiplied sums would do, but for inf and nan."""
    letters = out + "".join(dict.fromkeys(letter for letter in left.letters + right.letters if letter not in out))
    axes = tuple(range(len(out), len(letters)))
    return over(left.expanded(letters) * right.expanded(letters), "sum", axes)


def _by_einsum(left: Tensor, right: Tensor, out: str) -> Code:
    if all(letter in out for letter in left.letters + right.letters):
        return left.expanded(out) * right.expanded(out)
    return _call(f'np.einsum("{left.letters},{right.letters}->{out}", {{}}, {{}})', left.code, right.code)


def _call(template: str, *arguments: Code) -> Code:
    return Code(template, tuple((argument, COMPARISON) for argument in arguments), fresh=True)
