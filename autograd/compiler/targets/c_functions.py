"""The operations of the table in C: how each is written, and the functions that a file defines for itself.

A number of the program is a ``double``, or a ``v`` where each sample has its own: LANES samples beside one another, or
one where LANES is 1. A function of the name f has a twin named vf for the latter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ... import ops

OPERATORS = {
    "add": "({} + {})",
    "sub": "({} - {})",
    "mul": "({} * {})",
    "div": "({} / {})",
    "neg": "(-{})",
}
LIBRARY = {
    **{name: name for name in ("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "log1p", "expm1", "erf")},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan")},
}
"""Operations that are functions of C's library, and of glibc's libmvec."""

SINCE_2_22 = ("exp", "log", "sin", "cos")
"""Those that libmvec has had from its beginning; it has the others since 2.35."""

FUNCTIONS = {  # each may use those above it; both forms compile to a few instructions
    "sqrt": """
static inline v vsqrt(v x) { EACH(t) LANE(x, t) = sqrt(LANE(x, t)); return x; }
""",
    "abs": """
static inline v vabs(v x) { return pick(x < 0.0, -x, x + 0.0); }
""",
    "relu": """
static inline double relu(double x) { return x <= 0.0 ? 0.0 : x; }
static inline v vrelu(v x) { return pick(x <= 0.0, V(0.0), x); }
""",
    "greater": """
static inline double greater(double x, double y) { return x > y ? 1.0 : 0.0; }
static inline v vgreater(v x, v y) { return pick(x > y, V(1.0), V(0.0)); }
""",
    "equal": """
static inline double equal(double x, double y) { return x == y ? 1.0 : 0.0; }
static inline v vequal(v x, v y) { return pick(x == y, V(1.0), V(0.0)); }
""",
    "maximum": """
static inline double maximum(double x, double y) { return x > y || x != x ? x : y; }
static inline v vmaximum(v x, v y) { return pick((x > y) | (x != x), x, y); }
""",
    "minimum": """
static inline double minimum(double x, double y) { return x < y || x != x ? x : y; }
static inline v vminimum(v x, v y) { return pick((x < y) | (x != x), x, y); }
""",
    "leaky_relu": """
static inline double leaky_relu(double x, double slope) { return x > 0.0 ? x : slope * x; }
static inline v vleaky_relu(v x, v slope) { return pick(x > 0.0, x, slope * x); }
""",
    "mul_no_nan": """
static inline double mul_no_nan(double x, double y) { return y == 0.0 ? 0.0 : x * y; }
static inline v vmul_no_nan(v x, v y) { return pick(y == 0.0, V(0.0), x * y); }
""",
    "sigmoid": """
static inline double sigmoid(double x) { double e = exp(-fabs(x)); return (x < 0.0 ? e : 1.0) / (1.0 + e); }
static inline v vsigmoid(v x) { v e = vexp(-vabs(x)); return pick(x < 0.0, e, V(1.0)) / (1.0 + e); }
""",
    "softplus": """
static inline double softplus(double x) { return (x > 0.0 ? x : 0.0) + log1p(exp(-fabs(x))); }
static inline v vsoftplus(v x) { return pick(x > 0.0, x, V(0.0)) + vlog1p(vexp(-vabs(x))); }
""",
    "root": """
/* x to the power of 0.5: 0.0 at -0.0, inf at -inf */
static inline double root(double x) { return x == -HUGE_VAL ? HUGE_VAL : sqrt(x) + 0.0; }
static inline v vroot(v x) { return pick(x == -HUGE_VAL, V(HUGE_VAL), vsqrt(x) + 0.0); }
""",
    "square": """
static inline double square(double x) { return x * x; }
static inline v vsquare(v x) { return x * x; }
""",
    "cube": """
static inline double cube(double x) { return x * x * x; }
static inline v vcube(v x) { return x * x * x; }
""",
}
NEEDS = {
    "sigmoid": ("exp", "abs"),
    "softplus": ("exp", "log1p", "abs"),
    "root": ("sqrt",),
}
"""For each function those that it calls."""
LARGEST_POWER = 64

COSTLY = {*LIBRARY, "sigmoid", "softplus", "pow", "sqrt"}
"""Operations that are computed once, where they stand in a program more than once."""
KNOWN = {*OPERATORS, *LIBRARY, "pow", "stop_gradient"} | FUNCTIONS.keys() - {"root", "square", "cube"}
"""Operations that C has; any other is written by the formula of its row."""


@dataclass(frozen=True)
class Term:
    """A number as it is written; ``sampled`` if each sample has one of its own."""

    text: str
    sampled: bool = False
    value: float | None = None
    """What it is, if it is known."""

    def as_sampled(self) -> str:
        """The same as a ``v``."""
        return self.text if self.sampled else f"V({self.text})"


def number(value: float) -> Term:
    """A number as it is written in C.

    >>> number(0.5).text, number(-2.0).text, number(-math.inf).text
    ('0.5', '(-2.0)', '(-HUGE_VAL)')
    """
    text = repr(float(value)) if math.isfinite(value) else "NAN" if math.isnan(value) else "HUGE_VAL"
    negative = math.copysign(1.0, value) < 0 and not math.isnan(value)
    return Term(f"(-{text.lstrip('-')})" if negative else text, value=value)


class Calls(dict[str, Callable[..., Term]]):
    """Writes operations, and notes which functions they call."""

    def __init__(self) -> None:
        super().__init__(constant=number, stop_gradient=lambda x: x, pow=self.power)
        self.used: set[str] = set()

    def apply(self, op: ops.Operation, arguments: Sequence[Term]) -> Term:
        """The operation, by the text of its row."""
        text: Term = ops.evaluate(op.forward, self, dict(zip(op.arguments, arguments, strict=True)))
        return text

    def __missing__(self, name: str) -> Callable[..., Term]:
        """What writes an operation of the table."""
        if name in OPERATORS:
            return lambda *terms: Term(OPERATORS[name].format(*(t.text for t in terms)), any(t.sampled for t in terms))
        return lambda *terms: self.call(name, *terms)

    def call(self, name: str, *terms: Term) -> Term:
        """A function, or its twin where an argument differs from sample to sample."""
        self.use(name)
        written = LIBRARY.get(name, "fabs" if name == "abs" else name)
        if any(term.sampled for term in terms):
            vector = name if name == "abs" else written
            return Term(f"v{vector}({', '.join(term.as_sampled() for term in terms)})", True)
        return Term(f"{written}({', '.join(term.text for term in terms)})")

    def use(self, name: str) -> None:
        """Note a function, and those that it calls."""
        self.used.add(name)
        for other in NEEDS.get(name, ()):
            self.use(other)

    def power(self, x: Term, y: Term) -> Term:
        """x to the power of y, by multiplications where y is a small whole number."""
        n = y.value
        if n == 0.5:
            return self.call("root", x)
        if n is None or not n.is_integer() or abs(n) > LARGEST_POWER:
            return self.call("pow", x, y)
        if n < 0:
            return self.whole_power(Term(f"(1.0 / {x.text})", x.sampled), -int(n))
        return self.whole_power(x, int(n))

    def whole_power(self, x: Term, n: int) -> Term:
        """x to the power of n, by repeated squaring."""
        if n <= 1:
            return x if n else number(1.0)
        if n in (2, 3):
            return self.call("square" if n == 2 else "cube", x)
        if n % 2 == 0:
            return self.call("square", self.whole_power(x, n // 2))
        return Term(f"({self.whole_power(x, n - 1).text} * {x.text})", x.sampled)
