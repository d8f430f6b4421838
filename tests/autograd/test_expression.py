"""Typed formulas: what is computed, and what is refused."""

import ast
import inspect
import math

import pytest
from fresh_python import SHALLOW, run_python
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, functional, ops
from autograd.expression import ExpressionError, known_functions, read
from autograd.ops import Operation

VALUES = {"a": 2.0, "b": -3.0, "c": 10.0}

COMPUTED = [
    ("(a*b + c).tanh()", math.tanh(4.0)),
    ("-a**2", -4.0),
    ("a - b - c", -5.0),
    ("2*3 + a/4", 6.5),
    ("max(a, b) + min(a, 7)", 4.0),
    ("leaky_relu(b)", -0.03),
    ("b.leaky_relu(0.5) + relu(b)", -1.5),
    ("abs(b) + sqrt(a*2) + +a", 7.0),
    ("z = a*b; y = z + c; exp(y - 4) * z", -6.0),
    ("exp(1)*a", 2 * math.e),
    ("a", 2.0),
    ("7", 7.0),
    ("+".join(["a"] * 5_000), 10_000.0),
    ("*".join(["a", "b/6", "(-1)"] * 1_000), 1.0),
    ("-" * 3_000 + "a", 2.0),
    ("(" * 3_000 + "a" + ")" * 3_000, 2.0),
    ("-".join(["(a"] * 500) + ")" * 500, 0.0),
    ("a" + ".relu()" * 2_000, 2.0),
    ("2**3**2 + a**-1", 512.5),
    ("2**-a**2", 2**-4.0),
    ("-a*b - -c", 16.0),
    ("(a+b)**2*c", 10.0),
    ("+-+a", -2.0),
    ("1_000*a + .5 + 5. + 1e-3 + 2.5E+1", 2030.501),
    ("pi*a", 2 * math.pi),
    ("e**a", math.e**2),
    ("e = a*b; e + 1", -5.0),
    ("pi", math.pi),
    ("y = a*b", -6.0),
    ("z = a*b; y = z + c;", 4.0),
    ("z = a\n\nz*(b\n + c)", 14.0),
    ("sum(a, b, c, 1)", 10.0),
    ("mean(a, b, c)", 3.0),
    ("logsumexp(a, b)", math.log(math.exp(2) + math.exp(-3))),
    ("softmax(a, b, 0)[0]", math.exp(2) / (math.exp(2) + math.exp(-3) + 1)),
    ("softmax(a, b, 0)[2].log() - log_softmax(a, b, 0)[2]", 0.0),
    ("sum(2, 3)*mean(4, 6)**a", 125.0),
]

REFUSED = [
    ("__import__('os').system('x')", "not allowed in a formula: '__import__'"),
    ("a.__class__", "not allowed in a formula: '.__class__'"),
    ("a.data", "not allowed in a formula: '.data'; a method is called, as in x.tanh()"),
    ("10**10**10", "'10**10**10' is not a finite number: inf"),
    ("a + (2*(1/0))", "'1/0' is not a finite number: inf"),
    ("1e999*a", "'1e999' is not a finite number: inf"),
    ("a*log(0 - 1)", r"'log(0 - 1)' is not a finite number: nan"),
    ("+".join("a" * 50_001), "100,001 characters; 100,000 is the most"),
    ("9" * 5_000 + "*a", "is not a finite number: inf"),
    ("a if a else b", "not allowed in a formula: 'if'"),
    ("lambda: a", "not allowed in a formula: 'lambda'"),
    ("[a for a in b]", "not allowed in a formula: '['"),
    ("a[0]", "not allowed in a formula: '[', at '[0]'"),
    ("a@b", "not allowed in a formula: '@', at '@b'"),
    ("a // b", "not allowed in a formula: '//'"),
    ("a % b", "not allowed in a formula: '%'"),
    ("a < b", "not allowed in a formula: '<'"),
    ("a == b", "not allowed in a formula: '=='"),
    ("True*a", "not allowed in a formula: 'True'"),
    ("not a", "not allowed in a formula: 'not'"),
    ("'s'*a", "not allowed"),
    ("1j*a", "write 1*j"),
    ("f'{a}'", "not allowed"),
    ("(z := a)", "not allowed in a formula: ':='"),
    ("__x__", "not allowed in a formula: '__x__'"),
    ("__x__ = a", "not allowed in a formula: '__x__'"),
    ("x²", "not allowed in a formula: 'x²'"),
    ("a + b # c", "not allowed in a formula: '#'"),
    ("tanh(x=a)", "not allowed in a formula: '=', at '=a)'"),
    ("tanh(*a)", r"not a formula: '*' is out of place, at '*a)'"),
    ("tanh(a, b)", "tanh takes 1 number, got 2 in 'tanh(a, b)'"),
    ("tanh()", "tanh takes 1 number, got 0 in 'tanh()'"),
    ("a.tanh(b)", "tanh takes 1 number, got 2 in 'a.tanh(b)'"),
    ("maximum(a)", "maximum takes 2 numbers, got 1"),
    ("max(a, b, c)", "max takes 2 numbers, got 3"),
    ("leaky_relu(a, b, c)", "leaky_relu takes 2 numbers, got 3"),
    ("tanh(a,)", "')' is out of place"),
    ("foo(a)", "no function is named 'foo'; there are exp, "),
    ("backward(a)", "no function is named 'backward'"),
    ("a.backward()", "no function is named 'backward'"),
    ("constant(a)", "no function is named 'constant'"),
    ("add(a, b)", "no function is named 'add'"),
    ("greater(a, b)", "no function is named 'greater'"),
    ("mul_no_nan(a, b)", "no function is named 'mul_no_nan'"),
    ("stop_gradient(a)", "no function is named 'stop_gradient'"),
    ("a.tanh", "not allowed"),
    ("a.sum(b)", "no function is named 'sum'"),
    ("sum()", "sum takes one number or more, got none"),
    ("softmax(a, b)", r"softmax gives 2 numbers: write which of them, as in softmax(a, b)[0]"),
    ("softmax(a, b)[2]", r"'softmax(a, b)' gives 2 numbers, [0] to [1], got [2]"),
    (f"softmax(a, b)[{'1' * 5_000}]", "[0] to [1], got [111"),
    ("softmax(a, b)[-1]", "write which of them"),
    ("softmax(a, b)[a]", "write which of them"),
    ("softmax(a, b)[0", "write which of them"),
    ("softmax()[0]", "softmax takes one number or more"),
    ("p = softmax(a, b); p[0]", "write which of them"),
    ("q*a", "'q' has no value: write q=NUMBER"),
    ("a; b", "only the last part may have no name: write 'name = a'"),
    ("not (" + "+".join(["a"] * 800) + ")", "not allowed"),
    ("import os", "not allowed in a formula: 'import'"),
    ("a.z = 1; a", "not allowed in a formula: '.z'"),
    ("a = b = c", "not allowed in a formula: '=', at '= c'"),
    ("a +", "not a formula: a number or a name is missing at its end"),
    ("a + * b", "not a formula: '*' is out of place, at '* b'"),
    ("(a + b", "not a formula: a parenthesis is not closed, at '(a + b'"),
    ("tanh(a", "not a formula: a parenthesis is not closed, at 'tanh(a'"),
    ("a + b)", "not a formula: ')' is out of place, at ')'"),
    ("()", "not a formula: ')' is out of place"),
    ("(a, b)", "not a formula: ',' is out of place"),
    ("a, b", "not a formula: ',' is out of place"),
    ("(a; b)", "';' is out of place"),
    ("", "the expression is empty"),
    (" ;\n; ", "the expression is empty"),
    ("a\x00b", r"not allowed in a formula: '\x00'"),
    ("a = ", "is missing at its end"),
    ("1__0", "not allowed in a formula: '1__0'"),
    # What is written otherwise in mathematics:
    ("x^2", r"'^' is no power here: write x**2"),
    ("a*(b + c)^a", r"'^' is no power here: write (b + c)**a"),
    ("a^(b + c)", r"'^' is no power here: write a**("),
    ("2x", "a sign is missing between '2' and 'x': for a product write 2*x"),
    ("2e", "write 2*e"),
    ("3tanh(a)", "write 3*tanh"),
    ("a b", "write a*b"),
    ("(a + b)(c)", r"write (a + b)*(...)"),
    ("2(a + b)", r"write 2*(...)"),
    ("a 2", "write a*2"),
]


def leaves() -> dict[str, Value]:
    return {name: Value(number, name) for name, number in VALUES.items()}


@pytest.mark.parametrize(("expression", "value"), COMPUTED, ids=lambda x: str(x)[:30])
def test_computed(expression: str, value: float) -> None:
    assert read(expression).evaluate(leaves()).data == pytest.approx(value, rel=1e-15, abs=1e-15)


@pytest.mark.parametrize(("expression", "message"), REFUSED, ids=lambda text: text[:30])
def test_refused_in_one_line(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        read(expression).evaluate(leaves())
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_named_parts_are_labelled() -> None:
    out = read("z = a*b; z.tanh()").evaluate(leaves())
    assert [parent.label for parent in out.parents] == ["z"]
    assert out.label == ""


@pytest.mark.parametrize(
    ("expression", "label"), [("z = a*b; L = z.tanh()", "L"), ("y = 7", "y"), ("y = a", "a"), ("y = 2*pi", "y")]
)
def test_the_last_part_may_have_a_name(expression: str, label: str) -> None:
    assert read(expression).evaluate(leaves()).label == label


def test_names() -> None:
    assert read("z = w*x + b; z.tanh() + tanh(q) - w").names == ["w", "x", "b", "q"]
    assert read("tanh(tanh)").names == ["tanh"]
    assert read("2 + 3").names == []
    assert read("z = z*a; z").names == ["z", "a"]
    assert read("2*pi*e").names == ["pi", "e"]


def test_e_is_a_name_like_any_other_where_it_is_given() -> None:
    e = Value(3.0, "e")
    out = read("e*pi").evaluate({"e": e})
    out.backward()
    assert (out.data, e.grad) == (3 * math.pi, math.pi)


def test_a_slope_that_is_not_given_is_that_of_the_method() -> None:
    default = inspect.signature(Value.leaky_relu).parameters["slope"].default
    for expression in ("leaky_relu(b)", "b.leaky_relu()"):
        assert read(expression).evaluate(leaves()).data == VALUES["b"] * default


def test_an_operation_is_known_as_soon_as_it_is_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "cube" not in known_functions()
    monkeypatch.setattr(ops, "OPERATIONS", {**ops.OPERATIONS, "cube": Operation("cube", "³", "x * x * x", ("3*x*x",))})
    out = read("cube(a) + a.cube()").evaluate(leaves())
    assert out.data == 16.0
    assert out.parents[0].op.name == "cube"


HELPERS = ("constant", "stop_gradient")  # methods of a Value that are rows too, but no functions


def test_every_function_of_the_table_is_computed_as_its_method_is() -> None:
    """Those of a Value that are rows of the table; no list of them stands anywhere, and no other row is known."""
    methods = [name for name in ops.OPERATIONS if hasattr(Value, name) and name not in HELPERS]
    assert known_functions()[: len(methods)] == methods
    for name in methods:
        arity = len(ops.operation(name).arguments)
        x, y = Value(0.4), Value(0.3)
        wanted = getattr(x, name)(*[y][: arity - 1])
        got = read(f"{name}({', '.join(['x', 'y'][:arity])})").evaluate({"x": x, "y": y})
        assert got.data == wanted.data
        assert got.op is wanted.op


def test_functions_of_several_numbers_are_those_of_the_engine() -> None:
    values = list(leaves().values())
    for name in ("sum", "mean", "logsumexp"):
        assert read(f"{name}(a, b, c)").evaluate(leaves()).data == getattr(functional, name)(values).data
    for name in ("softmax", "log_softmax"):
        for i in range(3):
            assert read(f"{name}(a, b, c)[{i}]").evaluate(leaves()).data == getattr(functional, name)(values)[i].data


# ---- the same grammar as Python's: what Python computes from the same text is computed here

texts = st.recursive(
    st.sampled_from(["x", "y", "2", "0.5", "3.0"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", " + ", " - "]), inner).map("".join),
        st.tuples(st.sampled_from("+-"), inner).map("".join),
        inner.map("({})".format),
        inner.map("abs({})".format),
        st.tuples(inner, inner).map("max({0[0]}, {0[1]})".format),
    ),
    max_leaves=12,
)


@given(texts)
def test_signs_bind_as_in_python(text: str) -> None:
    numbers = {"x": 1.5, "y": -0.75}
    try:
        wanted = eval(text, {"abs": abs, "max": max}, numbers)
    except (ZeroDivisionError, OverflowError):
        return
    if isinstance(wanted, complex) or not math.isfinite(wanted):
        return
    got = read(text).evaluate({name: Value(number) for name, number in numbers.items()}).data
    assert got == pytest.approx(wanted, rel=1e-13) or math.isnan(got)
    assert read(text).names == list(dict.fromkeys(names_of(ast.parse(text))))


def names_of(tree: ast.AST) -> list[str]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in "xy"]
    return [node.id for node in sorted(found, key=lambda node: node.col_offset)]


# ---- depth

LONG = """
from autograd import Value
from autograd.expression import read

def run():
    for text in (
        " + ".join(f"x{i}" for i in range(5_000)),
        "*".join(f"(1 + x{i})" for i in range(3_000)),
        "(" * 20_000 + "x0" + ")" * 20_000,
        "tanh(" * 5_000 + "x0" + ")" * 5_000,
        "-" * 50_000 + "x0",
        "**".join(["x0"] * 5_000),
    ):
        formula = read(text)
        formula.evaluate({name: Value(0.0) for name in formula.names}).backward()
    print("done")

run_shallow(run)
"""


def test_thousands_of_terms_are_read_without_recursion() -> None:
    assert run_python(SHALLOW + LONG) == "done\n"


def test_a_long_formula_is_read_in_linear_time_and_space() -> None:
    """Steps say where they are written; the text of each part of a sum would grow as the square of its length."""
    formula = read(" + ".join(f"x{i}" for i in range(5_000)))
    assert len(repr(formula.parts)) < 1_500_000
