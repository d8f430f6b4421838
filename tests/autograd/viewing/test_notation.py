"""How the rows of the table are written for people. The expected texts are textbook rules, typed here by hand."""

import pytest

from autograd.ops import OPERATIONS, operation
from autograd.viewing.formula import ATOM, LATEX, TEXT, applied, rule_text

RULES = {
    "add": ("d(x + y)/dx = 1", "d(x + y)/dy = 1"),
    "sub": ("d(x − y)/dx = 1", "d(x − y)/dy = −1"),
    "mul": ("d(x · y)/dx = y", "d(x · y)/dy = x"),
    "div": ("d(x / y)/dx = 1 / y", "d(x / y)/dy = −(x / y) / y"),
    "neg": ("d(−x)/dx = −1",),
    "pow": ("d(x^y)/dx = y · x^(y − 1)", "d(x^y)/dy = x^y · log(x)"),
    "exp": ("d exp(x)/dx = exp(x)",),
    "log": ("d log(x)/dx = 1 / x",),
    "sqrt": ("d(√x)/dx = 0.5 / √x",),
    "sin": ("d sin(x)/dx = cos(x)",),
    "cos": ("d cos(x)/dx = −sin(x)",),
    "tanh": ("d tanh(x)/dx = 1 − tanh(x)²",),
    "sigmoid": ("d σ(x)/dx = σ(x) · (1 − σ(x))",),
    "relu": ("d relu(x)/dx = [x > 0]",),
    "softplus": ("d softplus(x)/dx = σ(x)",),
    "abs": ("d |x|/dx = [x > 0] − [0 > x]",),
}


@pytest.mark.parametrize("name", RULES)
def test_rules_as_text(name: str) -> None:
    op = operation(name)
    assert tuple(rule_text(op, i) for i in range(len(op.partials))) == RULES[name]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_rule_can_be_written_in_every_notation(name: str) -> None:
    op = operation(name)
    for i in range(len(op.partials)):
        assert "=" in rule_text(op, i, TEXT)
        latex = rule_text(op, i, LATEX)
        assert latex.count("{") == latex.count("}")
        assert latex.count(r"\left") == latex.count(r"\right")


@pytest.mark.parametrize(
    ("name", "operands", "text"),
    [
        ("mul", [("a + b", 0), ("2", ATOM)], "(a + b) · 2"),
        ("sub", [("a", ATOM), ("b − c", 0)], "a − (b − c)"),
        ("pow", [("a", ATOM), ("2", ATOM)], "a²"),
        ("pow", [("a", ATOM), ("b", ATOM)], "a^b"),
        ("neg", [("a · b", 1)], "−(a · b)"),
        ("leaky_relu", [("a", ATOM), ("0.01", ATOM)], "leaky_relu(a, 0.01)"),
    ],
)
def test_operands_are_parenthesized_where_they_must_be(name: str, operands: list[tuple[str, int]], text: str) -> None:
    assert applied(operation(name), operands) == text


def test_numbers() -> None:
    assert [TEXT.number(x) for x in (-0.5, 2.0, float("inf"), -1e-7)] == ["−0.5", "2", "∞", "−1e−07"]
    assert LATEX.number(-float("inf")) == r"-\infty"
