"""The rule table, row by row: values and local derivatives against formulas of 50 digits written out here."""

import copy
import math
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from exactness import LARGEST, NASTY, all_same_bits, close, exact, mp, rounded, same_bits

from autograd import Value, ops
from autograd.ops import BUILT_IN, FLOATS, OPERATIONS, Operation, as_code, evaluate, operation, used
from autograd.value import record

inf, nan = math.inf, math.nan
Formula = Callable[..., Any]


@dataclass(frozen=True)
class Reference:
    """An operation in mathematics: its value and its derivatives, and where to look."""

    value: Formula
    derivatives: tuple[Formula, ...]
    points: tuple[Any, ...]
    absolute: float = 0.0


LINE = (-1000.0, -30.5, -1.0, -0.3, -1e-300, 1e-300, 0.3, 1.0, 30.5, 1000.0)
HALF_LINE = (1e-300, 0.3, 1.0, 2.0, 30.5, 1000.0, 1e300)
UNIT = (-1 + 1e-9, -0.9, -0.3, -1e-300, 1e-300, 0.3, 0.999, 1 - 1e-9)
PLANE = tuple(product((-1000.0, -0.3, -1e-300, 1e-300, 0.7, 1000.0), repeat=2))
# Exponents for which y - 1 is exact: its rounding is not the rule's to answer for.
POWERS = (
    *product((1e-300, 0.3, 1.0, 2.0, 1000.0), (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)),
    *product((-1000.0, -2.0, -0.3), (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)),
    *((2.0, 1000.0), (0.5, 1000.0), (2.0, -1000.0), (1.001, 1000.0), (2.0, 1e-300), (1000.0, 1000.0), (8.0, 1 / 3)),
)
# Where tanh and sigmoid saturate, 1 - out cancels: their slope is exact to about an ulp of 1, not of itself.
SATURATES = 2 * math.ulp(1.0)


def step(x: Any) -> Any:
    return mp.mpf(x > 0)


def logistic(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


REFERENCES: dict[str, Reference] = {
    "add": Reference(lambda x, y: x + y, (lambda x, y: 1, lambda x, y: 1), PLANE),
    "sub": Reference(lambda x, y: x - y, (lambda x, y: 1, lambda x, y: -1), PLANE),
    "mul": Reference(lambda x, y: x * y, (lambda x, y: y, lambda x, y: x), PLANE),
    "div": Reference(lambda x, y: x / y, (lambda x, y: 1 / y, lambda x, y: -x / y**2), PLANE),
    "neg": Reference(lambda x: -x, (lambda x: -1,), LINE),
    "pow": Reference(
        lambda x, y: x**y, (lambda x, y: y * x ** (y - 1), lambda x, y: x**y * mp.log(x) if x > 0 else mp.nan), POWERS
    ),
    "exp": Reference(mp.exp, (mp.exp,), LINE),
    "expm1": Reference(mp.expm1, (mp.exp,), (*LINE, 1e-9, -1e-9)),
    "log1p": Reference(mp.log1p, (lambda x: 1 / (1 + x),), (*HALF_LINE, 1e-9, -1e-9, -0.5, -0.999)),
    "log": Reference(mp.log, (lambda x: 1 / x,), HALF_LINE),
    "sqrt": Reference(mp.sqrt, (lambda x: 1 / (2 * mp.sqrt(x)),), HALF_LINE),
    "sin": Reference(mp.sin, (mp.cos,), LINE),
    "cos": Reference(mp.cos, (lambda x: -mp.sin(x),), LINE),
    "tan": Reference(mp.tan, (lambda x: 1 + mp.tan(x) ** 2,), LINE),
    "arcsin": Reference(mp.asin, (lambda x: 1 / mp.sqrt((1 - x) * (1 + x)),), UNIT),
    "arccos": Reference(mp.acos, (lambda x: -1 / mp.sqrt((1 - x) * (1 + x)),), UNIT),
    "arctan": Reference(mp.atan, (lambda x: 1 / (1 + x**2),), (*LINE, 1e200)),
    "sinh": Reference(mp.sinh, (mp.cosh,), (*LINE, 700.0)),
    "cosh": Reference(mp.cosh, (mp.sinh,), (*LINE, 700.0)),
    "tanh": Reference(mp.tanh, (lambda x: mp.sech(x) ** 2,), LINE, SATURATES),
    "sigmoid": Reference(logistic, (lambda x: logistic(x) * logistic(-x),), LINE, SATURATES),
    "relu": Reference(lambda x: max(x, mp.zero), (step,), LINE),
    "leaky_relu": Reference(
        lambda x, y: x if x > 0 else y * x,
        (lambda x, y: 1 if x > 0 else y, lambda x, y: min(x, mp.zero)),
        tuple(product(LINE, (0.01, 0.2, 1.5, -1.0))),
    ),
    "erf": Reference(mp.erf, (lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-(x**2)),), (*LINE[2:8], 1e-9, 2.5, 6.0, 40.0)),
    "softplus": Reference(lambda x: mp.log1p(mp.exp(x)), (logistic,), LINE),
    "abs": Reference(abs, (mp.sign,), LINE),
    "maximum": Reference(
        max, (lambda x, y: step(x - y), lambda x, y: step(y - x)), tuple(p for p in PLANE if p[0] != p[1])
    ),
    "minimum": Reference(
        min, (lambda x, y: step(y - x), lambda x, y: step(x - y)), tuple(p for p in PLANE if p[0] != p[1])
    ),
    "pow_log": Reference(
        lambda x, y: x**y * mp.log(x),
        (lambda x, y: x ** (y - 1) * (1 + y * mp.log(x)), lambda x, y: x**y * mp.log(x) ** 2),
        tuple((x, y) for x, y in POWERS if x > 0 and y > -100),
        absolute=2 * math.ulp(1.0),
    ),
    "equal": Reference(lambda x, y: mp.mpf(x == y), (), (*PLANE, (0.3, 0.3))),
    "greater": Reference(lambda x, y: step(x - y), (), PLANE),
    "mul_no_nan": Reference(lambda x, y: x * y, (lambda x, y: y, lambda x, y: x), (*PLANE, (-1000.0, 0.7))),
    "stop_gradient": Reference(lambda x: x, (), LINE),
    "constant": Reference(lambda: 0, (), ((),)),
}


def arguments_of(point: Any) -> tuple[float, ...]:
    return point if isinstance(point, tuple) else (point,)


REFERENCE_ROWS = [
    pytest.param(name, arguments_of(point), id=f"{name}{arguments_of(point)}")
    for name, reference in REFERENCES.items()
    for point in reference.points
]


def test_every_operation_has_a_reference() -> None:
    assert set(REFERENCES) == BUILT_IN
    for name, reference in REFERENCES.items():
        assert len(operation(name).partials) == len(reference.derivatives)


@pytest.mark.parametrize("name", [name for name, reference in REFERENCES.items() if reference.derivatives])
def test_the_references_agree_with_themselves(name: str) -> None:
    """The derivatives written out above are those of the values written out above."""
    point = exact((0.75, 1.25))[: len(operation(name).arguments)]
    for i, derivative in enumerate(REFERENCES[name].derivatives):
        order = tuple(int(i == j) for j in range(len(point)))
        numeric = mp.diff(REFERENCES[name].value, tuple(point), order)
        assert mp.almosteq(derivative(*point), numeric, rel_eps=1e-20, abs_eps=1e-20)


@pytest.mark.parametrize(("name", "point"), REFERENCE_ROWS)
def test_value_and_partials(name: str, point: tuple[float, ...]) -> None:
    """Within 2 ulps for a value (one call of the C library) and 4 for a derivative (up to three roundings)."""
    reference = REFERENCES[name]
    out, partials = operation(name).rule(*point)
    wanted = rounded(reference.value(*exact(point)))
    assert close(out, wanted, ulps=2), f"got {out!r}, wanted {wanted!r}"
    for got, derivative in zip(partials, reference.derivatives, strict=True):
        wanted = rounded(derivative(*exact(point)))
        assert close(got, wanted, ulps=4, absolute=reference.absolute), f"got {got!r}, wanted {wanted!r}"


# fmt: off
# What has no 50 digits: kinks, signed zeros, infinities. By IEEE 754, or as the limit from inside the domain.
SPECIAL: tuple[tuple[str, tuple[float, ...], float, tuple[float, ...]], ...] = (
    ("add",           (inf, 1.0),     inf,   (1.0, 1.0)),
    ("add",           (inf, -inf),    nan,   (1.0, 1.0)),
    ("add",           (-0.0, -0.0),   -0.0,  (1.0, 1.0)),
    ("add",           (LARGEST, LARGEST), inf, (1.0, 1.0)),
    ("sub",           (inf, inf),     nan,   (1.0, -1.0)),
    ("sub",           (-0.0, 0.0),    -0.0,  (1.0, -1.0)),
    ("mul",           (0.0, inf),     nan,   (inf, 0.0)),
    ("mul",           (-0.0, 2.0),    -0.0,  (2.0, -0.0)),
    ("mul",           (1e300, 1e300), inf,   (1e300, 1e300)),
    ("div",           (1.0, 0.0),     inf,   (inf, -inf)),
    ("div",           (1.0, -0.0),    -inf,  (-inf, -inf)),
    ("div",           (-1.0, 0.0),    -inf,  (inf, inf)),
    ("div",           (0.0, 0.0),     nan,   (inf, nan)),
    ("div",           (inf, inf),     nan,   (0.0, nan)),
    ("div",           (1.0, inf),     0.0,   (0.0, -0.0)),
    ("div",           (0.0, -2.0),    -0.0,  (-0.5, -0.0)),
    ("div",           (inf, 2.0),     inf,   (0.5, -inf)),
    ("neg",           (0.0,),         -0.0,  (-1.0,)),
    ("neg",           (inf,),         -inf,  (-1.0,)),
    ("pow",           (0.0, 0.0),     1.0,   (0.0, -inf)),   # 0^y falls from 1 to 0 at y = 0
    ("pow",           (0.0, 1.0),     0.0,   (1.0, 0.0)),
    ("pow",           (0.0, 2.0),     0.0,   (0.0, 0.0)),
    ("pow",           (0.0, 0.5),     0.0,   (inf, 0.0)),
    ("pow",           (0.0, -1.0),    inf,   (-inf, -inf)),
    ("pow",           (-0.0, -1.0),   -inf,  (-inf, inf)),
    ("pow",           (-0.0, 3.0),    -0.0,  (0.0, 0.0)),
    ("pow",           (-8.0, 1 / 3),  nan,   (nan, nan)),
    ("pow",           (inf, 2.0),     inf,   (inf, inf)),
    ("pow",           (inf, -1.0),    0.0,   (-0.0, 0.0)),
    ("pow",           (inf, 0.0),     1.0,   (0.0, inf)),
    ("pow",           (2.0, inf),     inf,   (inf, inf)),
    ("pow",           (2.0, -inf),    0.0,   (nan, 0.0)),    # y x^(y - 1) is -inf times 0
    ("pow",           (1.0, inf),     1.0,   (inf, 0.0)),
    ("pow",           (10.0, 309.0),  inf,   (inf, inf)),
    ("pow",           (-10.0, 309.0), -inf,  (inf, nan)),
    ("pow",           (1.0, nan),     1.0,   (nan, 0.0)),    # 1 to whatever power
    ("pow",           (nan, 0.0),     1.0,   (0.0, nan)),    # whatever to the power 0
    ("exp",           (0.0,),         1.0,   (1.0,)),
    ("exp",           (inf,),         inf,   (inf,)),
    ("exp",           (-inf,),        0.0,   (0.0,)),
    ("log",           (0.0,),         -inf,  (inf,)),
    ("log",           (-0.0,),        -inf,  (-inf,)),
    ("log",           (inf,),         inf,   (0.0,)),
    ("log",           (-2.0,),        nan,   (-0.5,)),       # as in PyTorch: the slope is 1 / x
    ("sqrt",          (0.0,),         0.0,   (inf,)),
    ("sqrt",          (-0.0,),        -0.0,  (-inf,)),
    ("sqrt",          (inf,),         inf,   (0.0,)),
    ("sqrt",          (-1.0,),        nan,   (nan,)),
    ("sin",           (0.0,),         0.0,   (1.0,)),
    ("sin",           (-0.0,),        -0.0,  (1.0,)),
    ("sin",           (inf,),         nan,   (nan,)),
    ("sin",           (-inf,),        nan,   (nan,)),
    ("cos",           (0.0,),         1.0,   (-0.0,)),
    ("cos",           (-0.0,),        1.0,   (0.0,)),
    ("cos",           (inf,),         nan,   (nan,)),
    ("tanh",          (0.0,),         0.0,   (1.0,)),
    ("tanh",          (-0.0,),        -0.0,  (1.0,)),
    ("tanh",          (inf,),         1.0,   (0.0,)),
    ("tanh",          (-inf,),        -1.0,  (0.0,)),
    ("sigmoid",       (0.0,),         0.5,   (0.25,)),
    ("sigmoid",       (-0.0,),        0.5,   (0.25,)),
    ("sigmoid",       (inf,),         1.0,   (0.0,)),
    ("sigmoid",       (-inf,),        0.0,   (0.0,)),
    ("relu",          (0.0,),         0.0,   (0.0,)),
    ("relu",          (-0.0,),        0.0,   (0.0,)),
    ("relu",          (inf,),         inf,   (1.0,)),
    ("relu",          (-inf,),        0.0,   (0.0,)),
    ("leaky_relu",    (0.0, 0.01),    0.0,   (0.01, 0.0)),
    ("leaky_relu",    (-0.0, 0.01),   -0.0,  (0.01, 0.0)),
    ("leaky_relu",    (inf, 0.01),    inf,   (1.0, 0.0)),
    ("leaky_relu",    (-inf, 0.01),   -inf,  (0.01, -inf)),
    ("softplus",      (0.0,),         math.log(2), (0.5,)),
    ("softplus",      (inf,),         inf,   (1.0,)),
    ("softplus",      (-inf,),        0.0,   (0.0,)),
    ("abs",           (0.0,),         0.0,   (0.0,)),
    ("abs",           (-0.0,),        0.0,   (0.0,)),
    ("abs",           (inf,),         inf,   (1.0,)),
    ("abs",           (-inf,),        inf,   (-1.0,)),
    ("maximum",       (2.0, 2.0),     2.0,   (0.5, 0.5)),
    ("maximum",       (0.0, 0.0),     0.0,   (0.5, 0.5)),
    ("maximum",       (inf, inf),     inf,   (0.5, 0.5)),
    ("maximum",       (-inf, inf),    inf,   (0.0, 1.0)),
    ("minimum",       (2.0, 2.0),     2.0,   (0.5, 0.5)),
    ("minimum",       (-inf, -inf),   -inf,  (0.5, 0.5)),
    ("minimum",       (-inf, inf),    -inf,  (1.0, 0.0)),
    ("greater",       (0.0, -0.0),    0.0,   ()),
    ("greater",       (inf, inf),     0.0,   ()),
    ("greater",       (nan, 0.0),     0.0,   ()),
    ("mul_no_nan",    (inf, 0.0),     0.0,   (0.0, inf)),
    ("mul_no_nan",    (nan, -0.0),    0.0,   (-0.0, nan)),
    ("mul_no_nan",    (0.0, inf),     nan,   (inf, 0.0)),
    ("stop_gradient", (-0.0,),        -0.0,  ()),
    ("stop_gradient", (inf,),         inf,   ()),
)
# fmt: on


@pytest.mark.parametrize(("name", "point", "value", "partials"), SPECIAL, ids=lambda x: repr(x).replace("'", ""))
def test_special_points(name: str, point: tuple[float, ...], value: float, partials: tuple[float, ...]) -> None:
    got = operation(name).rule(*point)
    assert same_bits(got[0], value), f"got {got[0]!r}, wanted {value!r}"
    assert all_same_bits(got[1], partials), f"got {got[1]!r}, wanted {partials!r}"


def test_mul_no_nan_has_the_derivative_of_mul_at_a_finite_zero() -> None:
    assert operation("mul_no_nan").rule(3.0, 0.0) == (0.0, (0.0, 3.0))


def test_nan_in_nan_out() -> None:
    stated_above = {"greater", "equal", "constant"}  # no comparison with nan is true
    for name, row in OPERATIONS.items():
        for i in range(len(row.arguments)) if name not in stated_above else ():
            point = [2.0, 3.0][: len(row.arguments)]
            point[i] = nan
            if (name, i) != ("leaky_relu", 1):  # a positive number does not look at the slope
                assert math.isnan(row.rule(*point)[0]), name


# ---- the invariants of the table


def points(row: Operation) -> Iterator[tuple[float, ...]]:
    return product(NASTY, repeat=len(row.arguments))


@pytest.mark.parametrize("row", list(OPERATIONS.values()), ids=list(OPERATIONS))
def test_total(row: Operation) -> None:
    """No argument raises, and what comes out is a float."""
    for point in points(row):
        out, partials = row.rule(*point)
        assert {type(number) for number in (out, *partials)} == {float}, point


@pytest.mark.parametrize("row", list(OPERATIONS.values()), ids=list(OPERATIONS))
def test_closed_under_differentiation(row: Operation) -> None:
    """A derivative names arguments, out and rows of the table, and nothing else."""
    for partial in row.partials:
        calls, names = used(partial)
        assert calls <= {(name, len(row.arguments)) for name, row in OPERATIONS.items()}
        assert names <= {*row.arguments, "out"}


BY_NAME = {**{name: (lambda *xs, row=row: row.rule(*xs)[0]) for name, row in OPERATIONS.items()}, "constant": float}


def number(x: Value | float) -> float:
    return x.data if isinstance(x, Value) else x


@pytest.mark.parametrize("row", [row for row in OPERATIONS.values() if row.arguments], ids=lambda row: row.name)
def test_partials_are_the_same_recorded(row: Operation) -> None:
    """Evaluated in recorded Values, or on floats by name, a derivative has the bits of the rule."""
    for point in points(row):
        out, partials = row.rule(*point)
        node = record(row, *map(Value, point))
        recorded = [number(node.recorded_partial(i)) for i in range(len(partials))]
        names = dict(zip(row.arguments, point, strict=True), out=out)
        by_name = [evaluate(partial, BY_NAME, names) for partial in row.partials]
        assert all_same_bits([node.data, *node.partials], [out, *partials]), point
        assert all_same_bits(recorded, partials), point
        assert all_same_bits(by_name, partials), point


def test_every_row_can_be_differentiated_again_and_again() -> None:
    """Each recorded derivative is made of the table's rows: three orders deep, nothing is missing a rule."""
    for row in OPERATIONS.values():
        values = [record(row, *map(Value, (0.75, 1.25)[: len(row.arguments)]))] if row.arguments else []
        for _ in range(3):
            recorded = [v.recorded_partial(i) for v in values for i in range(len(v.partials))]
            values = [v for v in recorded if isinstance(v, Value)]
            assert all(math.isfinite(v.data) for v in values), row.name


# ---- rows as objects


def test_a_row_is_found_by_its_name() -> None:
    assert all(operation(name) is row and row.name == name for name, row in OPERATIONS.items())
    with pytest.raises(KeyError, match="no operation is named 'mod'; there are add, sub,"):
        operation("mod")


def test_a_row_is_one_of_a_kind() -> None:
    for row in OPERATIONS.values():
        assert copy.copy(row) is copy.deepcopy(row) is pickle.loads(pickle.dumps(row)) is row


def test_arguments_are_in_order() -> None:
    assert [row.arguments for row in (ops.SUB, ops.NEG, ops.LEAKY_RELU, ops.CONSTANT)] == [
        ("x", "y"),
        ("x",),
        ("x", "y"),
        (),
    ]


def test_formulas_say_what_forward_computes() -> None:
    """The formula shown to people gives the forward value, where it does not overflow on the way."""
    for row in OPERATIONS.values():
        for point in product((-2.0, -0.5, 0.5, 2.0), repeat=len(row.arguments)):
            names = dict(zip(row.arguments, point, strict=True))
            shown = eval(as_code(row.formula), FLOATS, names)
            assert close(shown, row.rule(*point)[0], ulps=4), (row.name, point)


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if row.arguments])
def test_a_new_row_may_be_written_in_every_operation_of_the_table(name: str) -> None:
    call = f"{name}({', '.join(operation(name).arguments)})"
    row = Operation("new", "new", call, ())
    assert (
        row.rule(*(0.75, 1.25)[: len(row.arguments)])[0] == operation(name).rule(*(0.75, 1.25)[: len(row.arguments)])[0]
    )
