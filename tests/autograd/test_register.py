"""Operations of one's own: registered once, known to every reader; and every row of the table through every reader."""

import functools
import math
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from exactness import all_same_bits, mp, same_bits
from fresh_python import run_python

from autograd import Operation, Value, compile, draw, explain, grad, gradcheck, hessian, no_grad, register, step_through
from autograd.compiler.differentiate import differentiate
from autograd.compiler.fold import fold
from autograd.compiler.layout import layout
from autograd.compiler.lift import lift
from autograd.compiler.record import record
from autograd.compiler.targets.interpret import interpret
from autograd.expression import read
from autograd.ops import FLOATS, OPERATIONS, as_code, evaluate, operation
from autograd.viewing.formula import LATEX, applied, rule_text


@pytest.fixture(autouse=True)
def _the_table_as_it_was() -> Iterator[None]:
    rows, floats = dict(OPERATIONS), dict(FLOATS)
    yield
    for now, before in ((OPERATIONS, rows), (FLOATS, floats)):
        now.clear()
        now.update(before)


def digamma(x: float) -> float:
    return float(mp.digamma(x))


def trigamma(x: float) -> float:
    return float(mp.polygamma(1, x))


def a_formula() -> Operation:
    return register(Operation("mish", "mish", "x * tanh(softplus(x))", ("tanh(softplus(x)) + x * sigmoid(x) / cosh(softplus(x)) ** 2",)))  # fmt: skip  # noqa: E501


def a_function() -> Operation:
    register(Operation("trigamma", "ψ′", "trigamma(x)", (), function=trigamma))
    register(Operation("digamma", "ψ", "digamma(x)", ("trigamma(x)",), function=digamma))
    return register(Operation("lgamma", "lnΓ", "lgamma(x)", ("digamma(x)",), function=math.lgamma))


def test_a_formula_is_recorded_and_differentiated() -> None:
    mish = a_formula()
    x = Value(0.7)
    out = mish(x)
    assert (out.op, out.parents) == (mish, (x,))
    assert out.data == pytest.approx(float(0.7 * mp.tanh(mp.log1p(mp.exp(0.7)))), rel=1e-15)
    assert gradcheck(lambda x: mish(x) * 2, [0.7], order=2)
    assert same_bits(mish(0.7), out.data)
    with no_grad():
        assert same_bits(mish(x).data, out.data)
        assert mish(x).parents == ()


def test_a_function_of_floats_is_recorded_and_differentiated() -> None:
    lgamma = a_function()
    x = Value(3.7)
    out = lgamma(x) * 2
    assert out.data == 2 * math.lgamma(3.7)
    assert grad(out, x) == 2 * digamma(3.7)
    assert hessian(out, [x]) == [[2 * trigamma(3.7)]]


def test_a_row_of_two_arguments_takes_numbers_on_either_side() -> None:
    hypot = register(Operation("hypotenuse", "hyp", "sqrt(x * x + y * y)", ("x / out", "y / out")))
    x = Value(3.0)
    assert (hypot(x, 4).data, hypot(4, x).data, hypot(3, 4)) == (5.0, 5.0, 5.0)
    assert grad(hypot(x, 4), x) == 0.6
    with pytest.raises(TypeError, match="hypotenuse takes 2 operands, got 1"):
        hypot(x)
    with pytest.raises(TypeError, match="hypotenuse: expected a real number or a Value, got str"):
        hypot(x, "4")


def test_it_is_written_and_drawn() -> None:
    mish, lgamma = a_formula(), a_function()
    assert rule_text(lgamma, 0) == "d lgamma(x)/dx = digamma(x)"
    assert applied(mish, [("a", 4)]) == "a · tanh(softplus(a))"
    assert applied(lgamma, [("a", 4)], LATEX) == r"\operatorname{lgamma}\left(a\right)"
    x = Value(2.0, label="x")
    out = mish(x) * lgamma(x)
    assert "lnΓ" in draw(out).dot
    assert "digamma(x)" in str(explain(out, x))
    assert "mish" in step_through(out).html
    assert read("mish(x) * lgamma(x)").evaluate({"x": x}).data == out.data


def test_a_pickle_brings_its_operation_along(tmp_path: Any) -> None:
    x = Value(0.7, label="x")
    out = a_formula()(x)
    assert pickle.loads(pickle.dumps(out)).op is operation("mish")
    (tmp_path / "graph.pickle").write_bytes(pickle.dumps((out, x)))
    printed = run_python(
        f"import pickle; out, x = pickle.load(open({str(tmp_path / 'graph.pickle')!r}, 'rb')); out.backward()\n"
        "from autograd.ops import operation\n"
        "assert out.op is operation('mish')\n"
        "print(out.data.hex(), x.grad.hex(), out.op(0.7).hex())"
    )
    out.backward()
    assert printed.split() == [out.data.hex(), x.grad.hex(), out.data.hex()]


def test_a_pickle_of_another_operation_of_that_name_is_refused() -> None:
    pickled = pickle.dumps(a_formula())
    del OPERATIONS["mish"]
    register(Operation("mish", "m", "x * x", ("2 * x",)))
    with pytest.raises(ValueError, match="'mish' is there already, with other rules"):
        pickle.loads(pickled)


def test_the_same_row_again_is_the_first() -> None:
    assert a_formula() is a_formula()
    assert a_function() is a_function()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("exp", "e", "x", ("1",)), "named 'exp' is there already, with other rules"),
        (("two words", "", "x", ("1",)), "must be an identifier"),
        (("x", "", "x", ("1",)), "must be an identifier"),
        (("lambda", "", "x * 2", ("2",)), "must be an identifier that formulas do not use already"),
        ((3, "", "x * 2", ("2",)), "its name is a text, got int: 3"),
        (("f", "f", None, ("2",)), "its forward is a text, got NoneType"),
        (("f", "f", "x * 2", "2*x"), r"its partials are several texts, as in .*, got '2\*x'"),
        (("f", "f", "x * 2", ("2",), "bla((("), r"its formula 'bla\(\(\(' is not a formula of the table"),
        (("f", "f", "x * 1" + "0" * 400, ("2",)), "is not a formula of the table"),
        (("f", "f", "x +", ("1",)), r"its forward 'x \+' is not a formula of the table"),
        (("f", "f", "x[0]", ("1",)), r"x\[0\] may not stand in it"),
        (("f", "f", "x", ("__import__('os')",)), "'os' may not stand in it"),
        (("f", "f", "x", ("x.real",)), "x.real may not stand in it"),
        (("f", "f", "x + True", ("1",)), "True may not stand in it"),
        (("f", "f", "gamma(x)", ("1",)), r"uses gamma; there are x, y, out and add, sub"),
        (("f", "f", "z * x", ("1",)), "uses z; there are x, y, out"),
        (("f", "f", "x", ("digamma(x)",)), "its partial 'digamma.x.' uses digamma"),
        (("f", "f", "out + x", ("1",)), "must be a formula in x, or in x and y"),
        (("f", "f", "y * 2", ("2",)), "must be a formula in x, or in x and y"),
        (("f", "f", "2", ()), "must be a formula in x, or in x and y"),
        (("f", "f", "f(x)", ("1",)), "function= runs a forward that is a call"),
        (("f", "f", "x * f(x)", ("1",)), r"uses itself; write f\(x\), and function="),
        (("f", "f", "x", ("y",)), "its partial 'y' uses y, which its forward 'x' has not"),
        (("f", "f", "x * y", ("sin(x, y)", "x")), "its partial 'sin.x, y.' gives sin 2 operands, and it takes 1"),
        (("f", "f", "sin(x, y) + sin(x)", ()), "gives sin 2 operands, and it takes 1"),
        (("f", "f", "x * x", ("2 * x",), "", "y"), "zero_at is one of its arguments, got 'y'"),
        (("f", "f", "x * y", ("y",)), "it has 2 arguments and 1 partials"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused(row: tuple[Any, ...], message: str) -> None:
    before = dict(OPERATIONS)
    with pytest.raises(ValueError, match=message):
        register(Operation(*row))
    assert before == OPERATIONS


# ---- every row through every reader


def rows() -> list[Any]:
    return [pytest.param(row, id=row.name) for row in OPERATIONS.values() if row.arguments]


@pytest.mark.parametrize("row", rows())
def test_every_reader_knows_every_row(row: Operation) -> None:
    point = (0.75, 0.25)[: len(row.arguments)]
    out, partials = row.rule(*point)
    node = row(*map(Value, point))
    assert all_same_bits((row(*point), node.data, *node.partials), (out, out, *partials))
    assert same_bits(eval(as_code(row.forward), FLOATS, dict(zip(row.arguments, point, strict=True))), out)
    names = dict(zip(row.arguments, map(str, row.arguments), strict=True), out="out")
    anything = {name: f"{name}({{}})".format for name in OPERATIONS}
    binary = {name: f"{name}({{}}, {{}})".format for name, row in OPERATIONS.items() if len(row.arguments) == 2}
    for text in (row.forward, *row.partials):
        assert isinstance(evaluate(text, {**anything, **binary, "constant": str}, names), str)
    for i in range(len(row.partials)):
        assert rule_text(row, i)
        assert rule_text(row, i, LATEX)
    copy = pickle.loads(pickle.dumps(node))
    assert copy.op is row
    assert same_bits(copy.data, out)


@pytest.mark.parametrize("row", rows())
@pytest.mark.parametrize("size", [1, 3])
def test_every_target_knows_every_row(row: Operation, size: int) -> None:
    """Compiled and interpreted, value and gradient are those of the rule, for operands of both kinds."""
    points = np.array([(0.75, 0.25), (0.5, 0.5), (0.25, 0.875)])[:size, : len(row.arguments)]
    leaves = [Value(x) for x in points[0]]
    for inputs in (leaves, leaves[:1]):  # the second operand a parameter
        program = compile(row(*leaves) * 2, inputs)
        batch = np.column_stack([points[:, : len(inputs)]])
        rules = [row.rule(*point[: len(inputs)], *points[0, len(inputs) :]) for point in batch]
        np.testing.assert_allclose(program(batch), [2 * out for out, _ in rules], rtol=1e-15)
        wanted = 2 * sum(partials[1] for _, partials in rules) if len(inputs) < len(leaves) and row.partials else 0.0
        gradient = program.value_and_grad(batch, reduction="sum")[1]
        assert gradient.sum() == pytest.approx(wanted, rel=1e-14)
        arrays = differentiate(layout(lift(fold(record([row(*leaves) * 2], inputs)))))
        (output,), found = interpret(arrays, batch, program.theta)
        np.testing.assert_allclose(np.broadcast_to(np.ravel(output), (size,)), program(batch), rtol=1e-14)
        np.testing.assert_allclose([] if found is None else found, gradient, rtol=1e-14)


# ---- a registered row stands beside everything else


def names_in_written_functions() -> list[str]:
    """Whatever a written method calls something by: no row of that name may get in its way."""
    names: set[str] = set()
    for method in (Value.__mul__, Value.__rpow__, Value.leaky_relu, Value.tanh):
        code = method.__code__
        names.update(code.co_varnames, code.co_freevars, code.co_cellvars, code.co_names)
    return sorted({*names, "make", "rule", "record", "max", "sum", "backward", "Value"} - {"x", "y", "out"})


@pytest.mark.parametrize("name", names_in_written_functions())
def test_a_row_may_have_any_name(name: str) -> None:
    row = register(Operation(name, name, "x * x", ("2 * x",)))
    user = register(Operation("uses_it", "u", f"{name}(x) * 2", (f"{name}(1) * 4 * x",)))
    x = Value(3.0)
    assert (row(3.0), row(x).data, grad(row(x), x)) == (9.0, 9.0, 6.0)
    assert (user(3.0), user(x).data, grad(user(x), x)) == (18.0, 18.0, 12.0)
    assert hessian(user(x), [x]) == [[4.0]]
    assert (x * 2 + x**2 - x.tanh()).data == 15.0 - math.tanh(3.0)
    assert read(f"{name}(x)").evaluate({"x": x}).data == 9.0
    assert pickle.loads(pickle.dumps(row)) is row


def times(factor: float) -> Any:
    return lambda x: factor * x


def test_a_changed_function_is_another_row() -> None:
    def row(function: Any) -> Operation:
        return Operation("f", "f", "f(x)", ("1",), function=function)

    first = register(row(lambda x: x**2))
    assert register(row(lambda x: x**2)) is first
    for other in (lambda x: x**3, lambda x: -(x**2), times(2.0), math.gamma, functools.partial(pow, 2.0)):
        with pytest.raises(ValueError, match="'f' is there already, with other rules"):
            register(row(other))
    register(Operation("g", "g", "g(x)", ("1",), function=times(2.0)))
    with pytest.raises(ValueError, match="'g' is there already"):
        register(Operation("g", "g", "g(x)", ("1",), function=times(3.0)))


@pytest.mark.parametrize("known", ["tanh", "mine"])
def test_a_row_that_is_not_in_the_table_is_not_run(known: str) -> None:
    """Or its pickle, its compiled form and its formula would be those of another."""
    row = Operation(known, "?", "x * 2", ("2",))
    for operand in (3.0, Value(3.0)):
        with pytest.raises(ValueError, match=r"is not in the table: autograd.register\(operation\) adds it"):
            row(operand)


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (math.gamma, math.nan),
        (lambda x: 1 / x, math.nan),
        (lambda x: np.float32(2.5), 2.5),
        (lambda x: 7, 7.0),
    ],
)
def test_a_function_gives_a_float_for_every_float(function: Any, wanted: float) -> None:
    row = register(Operation("f", "f", "f(x)", ("1",), function=function))
    assert type(row(0.0)) is type(row(Value(0.0)).data) is float
    assert same_bits(row(0.0), wanted) or (math.isnan(row(0.0)) and math.isnan(wanted))


@pytest.mark.parametrize("function", [lambda x: 1j, lambda x: None, lambda x: "2", lambda x: Value(x)])
def test_a_function_that_gives_no_number_is_named(function: Any) -> None:
    row = register(Operation("f", "f", "f(x)", ("1",), function=function))
    with pytest.raises(TypeError, match=r"the function of operation 'f', at \(2.0,\): expected a"):
        row(Value(2.0))


def test_only_operations_are_registered() -> None:
    with pytest.raises(TypeError, match="register takes an Operation, got int: 3"):
        register(3)  # type: ignore[arg-type]
