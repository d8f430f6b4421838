"""Sums, means, dot products and the softmax family, against 50 digits, up to logits of ±1000."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from exactness import close, exact, mp, rounded

from autograd import Value, compile, functional, grad, gradcheck

inf, nan = math.inf, math.nan
LOGITS: tuple[tuple[float, ...], ...] = (
    (0.3,),
    (1000.0,),
    (0.0, 0.0),
    (1.0, 2.0, 3.0),
    (3.0, 3.0, -1.0, 3.0),
    (1000.0, 1000.0),
    (1000.0, -1000.0),
    (-1000.0, -1000.0, -1001.0),
    (-1000.0, 0.0, 1000.0),
    (1000.0, 999.5, 998.0, -1000.0),
    (1e-300, -1e-300),
    (40.0, 0.0, -40.0),
)
ULP = math.ulp(1.0)


def leaves(xs: Sequence[float]) -> list[Value]:
    return [Value(x) for x in xs]


def exact_logsumexp(xs: Sequence[Any]) -> Any:
    return mp.log(sum(map(mp.exp, xs)))


def exact_softmax(xs: Sequence[Any]) -> list[Any]:
    total = sum(map(mp.exp, xs))
    return [mp.exp(x) / total for x in xs]


@pytest.mark.parametrize("logits", LOGITS, ids=repr)
def test_logsumexp(logits: tuple[float, ...]) -> None:
    """The value to 2 ulps; its gradient, the softmax, to an absolute 4 ulps of 1, of which it is a share."""
    xs = leaves(logits)
    out = functional.logsumexp(xs)
    assert close(out.data, rounded(exact_logsumexp(exact(logits))), ulps=2, absolute=ULP)
    for got, wanted in zip(grad(out, xs), exact_softmax(exact(logits)), strict=True):
        assert abs(got - rounded(wanted)) <= 4 * ULP


@pytest.mark.parametrize("logits", LOGITS, ids=repr)
def test_softmax(logits: tuple[float, ...]) -> None:
    """Values to 4 ulps; derivatives pᵢ (1 if i = j else 0) - pᵢ pⱼ to an absolute 4 ulps of 1."""
    xs = leaves(logits)
    wanted = exact_softmax(exact(logits))
    for i, p in enumerate(functional.softmax(xs)):
        assert close(p.data, rounded(wanted[i]), ulps=4)
        for j, got in enumerate(grad(p, xs)):
            assert abs(got - rounded(wanted[i] * ((i == j) - wanted[j]))) <= 4 * ULP


@pytest.mark.parametrize("logits", LOGITS, ids=repr)
def test_log_softmax_gradient(logits: tuple[float, ...]) -> None:
    """Derivatives (1 if i = j else 0) - pⱼ, to an absolute 4 ulps of 1."""
    xs = leaves(logits)
    shares = exact_softmax(exact(logits))
    for i, out in enumerate(functional.log_softmax(xs)):
        for j, got in enumerate(grad(out, xs)):
            assert abs(got - rounded((i == j) - shares[j])) <= 4 * ULP


@pytest.mark.parametrize(
    "logits",
    LOGITS,
)
def test_log_softmax(logits: tuple[float, ...]) -> None:
    """As exact as the differences of the logits, which is what it depends on: 4 ulps, or 4 ulps of 1."""
    got = [out.data for out in functional.log_softmax(leaves(logits))]
    total = exact_logsumexp(exact(logits))
    wanted = [rounded(x - total) for x in exact(logits)]
    assert all(close(g, w, ulps=4, absolute=4 * ULP) for g, w in zip(got, wanted, strict=True)), (got, wanted)


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_everything_is_finite_at_a_thousand(name: str) -> None:
    xs = leaves((1000.0, -1000.0, 1000.0))
    result = getattr(functional, name)(xs)
    for out in [result] if isinstance(result, Value) else result:
        assert math.isfinite(out.data)
        assert all(map(math.isfinite, grad(out, xs)))


@pytest.mark.parametrize(
    "f",
    [
        lambda *xs: functional.logsumexp(xs),
        lambda *xs: functional.softmax(xs)[1],
        lambda *xs: functional.log_softmax(xs)[0],
        lambda *xs: functional.mean(xs) * functional.dot(xs, xs) + functional.sum(xs).tanh(),
    ],
)
def test_second_derivatives(f: Callable[..., Value]) -> None:
    assert gradcheck(f, [0.3, -0.7, 1.1], order=2)
    assert gradcheck(f, [0.3, 0.3, 0.3], order=2)  # a tie for the largest


def test_a_tie_for_the_largest_shares_alike() -> None:
    xs = leaves((5.0, 5.0, 5.0, 5.0))
    assert grad(functional.logsumexp(xs), xs) == [0.25, 0.25, 0.25, 0.25]


@pytest.mark.parametrize("logits", [(-inf, -inf), (inf, 0.0)], ids=repr)
def test_logsumexp_whose_largest_is_infinite_is_nan(logits: tuple[float, ...]) -> None:
    assert math.isnan(functional.logsumexp(leaves(logits)).data)


def test_a_logit_of_minus_infinity_has_no_share() -> None:
    xs = leaves((0.0, -inf))
    assert [p.data for p in functional.softmax(xs)] == [1.0, 0.0]
    assert functional.logsumexp(xs).data == 0.0
    assert grad(functional.logsumexp(xs), xs) == [1.0, 0.0]


# ---- sum, mean, dot


def test_sum_mean_dot() -> None:
    xs, ys = leaves((1.0, 2.0, 4.0)), leaves((3.0, 5.0, 7.0))
    assert (functional.sum(xs).data, grad(functional.sum(xs), xs)) == (7.0, [1.0, 1.0, 1.0])
    assert (functional.mean(ys).data, grad(functional.mean(ys), ys)) == (5.0, [1 / 3] * 3)
    assert (functional.dot(xs, ys).data, grad(functional.dot(xs, ys), xs)) == (41.0, [3.0, 5.0, 7.0])
    assert grad(functional.dot(xs, xs), xs) == [2.0, 4.0, 8.0]


def test_sums_run_from_left_to_right() -> None:
    assert functional.sum([1e16, Value(1.0), -1e16]).data == 0.0
    assert functional.sum([1e16, -1e16, Value(1.0)]).data == 1.0


def test_iterables_and_numbers_of_every_kind() -> None:
    x = Value(2.0)
    assert functional.sum(v for v in (x, 1, np.float32(0.5), Fraction(1, 2))).data == 4.0
    assert functional.mean(np.array([1.0, 2.0])).data == 1.5
    assert functional.dot((x, 3), np.array([10.0, 20.0])).data == 80.0
    assert functional.dot(iter([x]), iter([x])).data == 4.0
    assert [p.data for p in functional.softmax(iter((x, 2.0)))] == [0.5, 0.5]
    assert functional.logsumexp([0.0, 0.0]).data == math.log(2)


def test_sums_of_nothing_are_zero() -> None:
    for nothing in (functional.sum([]), functional.dot([], [])):
        assert (nothing.data, nothing.is_constant) == (0.0, True)


@pytest.mark.parametrize(
    "name",
    [
        "mean",
        "logsumexp",
        "softmax",
        "log_softmax",
    ],
)
def test_nothing_is_refused_where_it_has_no_meaning(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} takes at least one value, got none$"):
        getattr(functional, name)([])


@pytest.mark.parametrize(("xs", "ys"), [([1.0], []), ([], [1.0]), ([1.0, 2.0], [1.0])])
def test_dot_takes_one_length(xs: list[float], ys: list[float]) -> None:
    with pytest.raises(ValueError, match=f"dot takes two sequences of one length, got {len(xs)} and {len(ys)}"):
        functional.dot(xs, ys)


@pytest.mark.parametrize("name", ["sum", "mean", "logsumexp", "softmax", "log_softmax"])
@pytest.mark.parametrize("wrong", [["a"], [None], [np.array([1.0])], [1j]], ids=repr)
def test_wrong_types(name: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"got (str|NoneType|ndarray|complex)"):
        getattr(functional, name)([Value(1.0), *wrong])


def test_a_long_sum_is_no_recursion() -> None:
    xs = leaves([1.0] * 20_000)
    out = functional.mean(xs) + functional.logsumexp(xs)
    assert grad(out, xs[0]) == pytest.approx(2 / 20_000, rel=1e-12)  # 20,000 terms, each rounded once


# ---- one_hot and select


@pytest.mark.parametrize("index", [0, 1, 2, 2.0, True, np.int64(1), Value(0.0), Value(2.0)], ids=repr)
def test_one_hot(index: Any) -> None:
    place = index.data if isinstance(index, Value) else int(index)
    assert [h.data for h in functional.one_hot(index, 3)] == np.eye(3)[int(place)].tolist()


OUT_OF_RANGE = [3, -4, 0.5, math.nan, math.inf, Value(3.0), Value(-1.0), Value(0.5), Value(math.nan), Value.constant(7)]


@pytest.mark.parametrize("index", OUT_OF_RANGE, ids=repr)
def test_an_index_that_is_none_is_an_index_error(index: Any) -> None:
    with pytest.raises(IndexError, match=r"wanted a whole number from (0|-3) to 2"):
        functional.select([1.0, 2.0, 3.0], index)
    with pytest.raises(IndexError, match="wanted a whole number from 0 to 2"):
        functional.one_hot(index, 3)


def test_select_of_a_plain_number_picks() -> None:
    xs = leaves([1.0, 2.0, 3.0])
    assert functional.select(xs, 1) is xs[1]
    assert functional.select(xs, -1) is xs[2]
    assert functional.select("abc", np.int64(2)) == "c"


def test_select_passes_the_gradient_to_what_was_selected() -> None:
    xs, index = leaves([1.0, 2.0, 3.0]), Value(2.0)
    out = functional.select(xs, index) ** 2
    assert out.data == 9.0
    assert grad(out, [*xs, index]) == [0.0, 0.0, 6.0, 0.0]


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_select_of_rows_gives_the_row(kind: Any) -> None:
    table = kind([[Value(10.0 * i + j) for j in range(2)] for i in range(3)])
    row = functional.select(table, Value(1.0))
    assert [x.data for x in row] == [10.0, 11.0]
    assert grad(row[1], table[1][1]) == 1.0
    assert grad(row[1], table[0][1]) == 0.0


def test_rows_are_of_one_length() -> None:
    with pytest.raises(ValueError, match=r"rows of one length, got rows of \[1, 2\] numbers"):
        functional.select([[1.0], [1.0, 2.0]], Value(0.0))
    with pytest.raises(ValueError, match="select takes at least one value"):
        functional.select([], Value(0.0))
    with pytest.raises(ValueError, match="the number of places, 1 or more, got 0"):
        functional.one_hot(0, 0)


@pytest.mark.parametrize("rows", [1, 2, 3, 17])
def test_a_compiled_selection_is_a_look_up(rows: int) -> None:
    """An embedding: for each sample the row of a table, and nan for an index that is none."""
    table = [[Value(0.1 * i + j) for j in range(3)] for i in range(4)]
    index, x = Value(0.0), Value(1.0)
    out = functional.dot(functional.select(table, index), [x, x * x, 2.0])
    program = compile(out, [index, x])
    rng = np.random.default_rng(rows)
    batch = np.column_stack([rng.integers(0, 4, rows), rng.normal(size=rows)])
    numbers = np.array([[leaf.data for leaf in row] for row in table])[batch[:, 0].astype(int)]
    factors = np.column_stack([batch[:, 1], batch[:, 1] ** 2, np.full(rows, 2.0)])
    np.testing.assert_allclose(program(batch), (numbers * factors).sum(axis=1), rtol=1e-13)
    wanted = np.zeros((4, 3))
    np.add.at(wanted, batch[:, 0].astype(int), factors / rows)
    gradient = dict(zip(program.parameters, program.value_and_grad(batch)[1], strict=True))
    np.testing.assert_allclose([[gradient[leaf] for leaf in row] for row in table], wanted, rtol=1e-12, atol=1e-15)
    for none in (-1.0, 4.0, 0.5, math.nan):
        batch[0, 0] = none
        assert math.isnan(program(batch)[0])
        assert np.isfinite(program(batch)[1:]).all()
