"""Typed formulas: what is computed, and what is refused."""

import math

import pytest

from autograd import Value
from autograd.expression import ExpressionError, evaluate, names_in

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
    ("+".join(["a"] * 900), 1800.0),
]

REFUSED = [
    ("__import__('os').system('x')", "no function is named 'system'|not allowed"),
    ("a.__class__", "not allowed in a formula: 'a.__class__'"),
    ("a.data", "not allowed"),
    ("10**10**10", "not a finite number"),
    ("1/0 + a", "not a finite number"),
    ("1e999*a", "not a finite number"),
    ("(" * 10_000 + "a" + ")" * 10_000, "20,001 characters; 10,000 is the most"),
    ("(" * 4_000 + "a" + ")" * 4_000, "too many nested parentheses|nested too deeply"),
    ("-" * 9_000 + "a", "nested too deeply"),
    ("+".join("a" * 4_000), "nested too deeply"),
    ("9" * 5_000 + "*a", "not a formula|limit"),
    ("a if a else b", "not allowed"),
    ("lambda: a", "not allowed"),
    ("[a for a in b]", "not allowed"),
    ("[a]", "not allowed"),
    ("a@b", "not allowed"),
    ("a // b", "not allowed"),
    ("a < b", "not allowed"),
    ("True*a", "not allowed"),
    ("'s'*a", "not allowed"),
    ("1j*a", "not allowed"),
    ("f'{a}'", "not allowed"),
    ("(z := a)", "not allowed"),
    ("__x__", "not allowed"),
    ("tanh(x=a)", "not allowed"),
    ("tanh(*a)", "not allowed"),
    ("tanh(a, b)", "tanh takes 1 number"),
    ("maximum(a)", "maximum takes 2 numbers, got 1"),
    ("foo(a)", "no function is named 'foo'"),
    ("backward(a)", "no function is named 'backward'"),
    ("constant(a)", "no function is named 'constant'"),
    ("a.tanh", "not allowed"),
    ("q*a", "'q' has no value: write q=NUMBER"),
    ("a; b", "only formulas"),
    ("not (" + "+".join(["a"] * 800) + ")", "not allowed"),
    ("import os", "must be a formula|only formulas"),
    ("z = a", "the last part must be a formula"),
    ("a.z = 1; a", "only formulas"),
    ("a +", "not a formula"),
    ("", "must be a formula"),
    ("a\x00b", "null|not a formula"),
    ("a = ", "not a formula"),
]


def leaves() -> dict[str, Value]:
    return {name: Value(number, name) for name, number in VALUES.items()}


@pytest.mark.parametrize(("expression", "value"), COMPUTED)
def test_computed(expression: str, value: float) -> None:
    assert evaluate(expression, leaves()).data == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(("expression", "message"), REFUSED, ids=lambda text: text[:30])
def test_refused_in_one_line(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message) as raised:
        evaluate(expression, leaves())
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


def test_named_parts_are_labelled() -> None:
    out = evaluate("z = a*b; z.tanh()", leaves())
    assert [parent.label for parent in out.parents] == ["z"]


def test_names() -> None:
    assert names_in("z = w*x + b; z.tanh() + tanh(q) - w") == ["w", "x", "b", "q"]
    assert names_in("tanh(tanh)") == ["tanh"]
    assert names_in("2 + 3") == []
