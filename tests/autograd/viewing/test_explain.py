"""The chain rule written out: on a worked example, on graphs of many paths, and on random ones."""

import math
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, draw, explain, grad, step_through
from autograd.graph import topological_order
from autograd.naming import name_nodes
from autograd.viewing.paths import between, count_paths, largest_paths

GIVEN = {"x": 0.1, "w1": 0.15, "b1": 0.4, "w2": 0.45, "b2": 0.65, "T": 0.25}
LABELS = [
    ("w", "w"),
    ("w2", "{w_{2}}"),
    ("loss", r"\text{loss}"),
    ("<script>", r"\text{}\lt\text{script}\gt\text{}"),
    (r"$\evil{x}$", r"\text{\$}\backslash\text{evil\{x\}\$}"),
    ("a_b^c", r"\text{a\_b}\hat{\ }\text{c}"),
    ("50%&#~", r"\text{50\%\&\#}\sim\text{}"),
    ("é 🎈\n", r"\text{é 🎈␊}"),
]


def two_neurons() -> dict[str, Value]:
    """The two sigmoid neurons of a beginner's guide, with E = ½(T − a2)²."""
    v = {name: Value(x, name) for name, x in GIVEN.items()}
    v["z1"] = v["w1"] * v["x"] + v["b1"]
    v["a1"] = v["z1"].sigmoid()
    v["z2"] = v["w2"] * v["a1"] + v["b2"]
    v["a2"] = v["z2"].sigmoid()
    v["E"] = 0.5 * (v["T"] - v["a2"]) ** 2
    for name, value in v.items():
        value.label = name
    return v


def test_the_worked_example() -> None:
    """The guide prints 0.05706 for dE/dw2 and the factors 0.4653, 0.2037 and 0.6023 (to the digits it keeps)."""
    v = two_neurons()
    text = explain(v["E"], v["w2"]).text
    assert text.startswith("dE/dw2 = dE/da2 · da2/dz2 · dz2/dw2\n       = 0.4653 · 0.2037 · 0.6023\n       = 0.05707\n")
    assert "da2/dz2 = 0.2037     a2 = σ(z2)      d σ(x)/dx = σ(x) · (1 − σ(x))" in text
    assert "dE/da2 = dE/dv4 · dv4/dv3 · dv3/da2\n       = 0.5 · (−0.9305) · (−1)\n       = 0.4653" in text


def test_a_factor_with_two_ways_is_not_contracted() -> None:
    """From b to a there are two ways, so neither of them may be called db/da."""
    a = Value(3.0, "a")
    b = a * a
    b.label = "b"
    c = b * 2
    c.label = "c"
    found = explain(c, a)
    assert found.count == 2
    assert found.text.startswith("dc/da = 2 × 6\n      = 12    2 paths\n")


def test_2_to_the_50_paths_are_counted_and_the_largest_shown() -> None:
    x = y = Value(1.0, "x")
    for _ in range(50):
        y = y.sin() + y.cos()
    found = explain(y, x, most_paths=3)
    assert found.count == 2**50
    assert len(found.paths) == 3
    assert f"the last term is the sum of the other {2**50 - 3:,}" in found.text


def test_equal_paths_are_written_once() -> None:
    x = y = Value(1.0, "x")
    for _ in range(2):
        y = y + y
    text = explain(y, x).text
    assert text.startswith(
        "dv2/dx = 4 × 1\n       = 4    4 paths\n\ndv2/dx = 4 × dv2/dv1 · dv1/dx\n       = 4 × 1 · 1\n"
    )
    assert r"4 \times 1 \cdot 1" in explain(y, x).latex
    for _ in range(48):
        y = y + y
    assert explain(y, x).text.startswith("dv50/dx = 1,125,899,906,842,624 × 1\n")
    mixed = explain(x + x + x.sin(), x).text
    assert mixed.startswith("dv3/dx = 2 × 1 + 0.5403\n       = 2.54    3 paths\n\nPaths 1 to 2 of 3\n")
    assert "Path 3 of 3\n" in mixed


def test_more_equal_paths_than_a_float_holds() -> None:
    x = y = Value(0.0, "x")
    for _ in range(2000):
        y = y + y
    found = explain(y, x)
    assert found.count == 2**2000
    assert found.text.startswith("dv2000/dx = 1.148e+602 × 1\n")


def test_a_symbol_is_not_replaced_by_its_number() -> None:
    unnamed = Value(-0.1)
    t = Value(2.0, "t")
    assert "v2 = v1 · t " in explain((unnamed * t).tanh(), t).text


def test_every_view_of_a_graph_calls_a_node_the_same() -> None:
    v = two_neurons()
    names = name_nodes(topological_order(v["E"]))
    number = {node: i for i, node in enumerate(topological_order(v["E"]))}
    dot, page = draw(v["E"]).dot, step_through(v["E"]).html
    explained = [explain(v["E"], v[leaf]) for leaf in ("w1", "w2", "x", "T")]
    assert [name for name in names.values() if name not in v] == ["v1", "v2", "v3", "v4"]
    for node, name in names.items():
        assert f'v{number[node]} [label="{name}|' in dot
        assert not node.parents or f">Compute {name}\\u003c/h2>" in page
        assert all(found.names[node] == name for found in explained)


def test_draw_marks_the_paths() -> None:
    v = two_neurons()
    order = topological_order(v["E"])
    lines = explain(v["E"], v["w2"]).draw().dot.splitlines()
    marked = {line.split("[")[0].strip() for line in lines if "penwidth=2.2" in line}
    number = {node: i for i, node in enumerate(order)}
    half, square = v["E"].parents
    difference = square.parents[0]
    path = [v["w2"], v["z2"].parents[0], v["z2"], v["a2"], difference, square, v["E"]]
    assert half.is_constant
    nodes = {f"v{number[node]}" for node in path}
    edges = {f"v{number[a]} -> v{number[b]}_op" for a, b in pairwise(path)}
    assert marked == nodes | edges | {f"v{number[node]}_op -> v{number[node]}" for node in path[1:]}


def test_the_largest_paths_come_first() -> None:
    x = Value(2.0, "x")
    y = 3 * x - 10 * x + 0.1 * x
    sizes = [path.size for path in largest_paths(between(y, x), most=2)]
    assert sizes == [10.0, 3.0]


def test_no_path() -> None:
    x, y = Value(1.0, "x"), Value(2.0, "y")
    assert "the gradient does not reach it" in explain(y * 2, x).text
    assert explain(x.stop_gradient() * y, x).total == 0.0
    assert count_paths(between(y * 2, x)) == 0


def test_an_output_with_respect_to_itself() -> None:
    x = Value(1.0, "x")
    assert explain(x, x).text.startswith("dx/dx = 1")


def test_an_interior_node() -> None:
    v = two_neurons()
    assert explain(v["E"], v["z2"]).total == grad(v["E"], v["z2"])


def test_deep_graphs() -> None:
    x = y = Value(1.0, "x")
    for _ in range(20_000):
        y = y * 1.0
    assert "… 19,990 more …" in explain(y, x).text


def test_repeated_and_missing_labels_get_names_of_their_own() -> None:
    a, b = Value(1.0, "w"), Value(2.0, "w")
    y = (a * b).tanh() + a
    text = explain(y, a).text
    assert "v1 = w · w#2" in text
    assert "dv3/dw" in text
    taken = explain((a * b) * (Value(3.0, "v1") + a), a).text
    assert "v2 = w · w#2" in taken
    assert "v3 = v1 + w" in taken


@given(st.lists(st.sampled_from(["", "a", "a#2", "a#3", "v1", "v2"]), max_size=8))
def test_no_two_nodes_have_one_name(labels: list[str]) -> None:
    nodes = [Value(1.0, label) for label in labels]
    names = name_nodes(nodes)
    assert len(set(names.values())) == len(nodes)
    assert all(not label or names[node].startswith(label) for node, label in zip(nodes, labels, strict=True))


@pytest.mark.parametrize(("label", "latex"), LABELS)
def test_labels_are_text_in_latex(label: str, latex: str) -> None:
    x = Value(2.0, label)
    y = x * x
    for text in (explain(y, x).latex, explain(y, x).markdown):
        assert rf"\frac{{d{{v_{{1}}}}}}{{d{latex}}}" in text


def test_display() -> None:
    v = two_neurons()
    found = explain(v["E"], v["w1"])
    assert str(found) == repr(found) == found.text
    assert found._repr_markdown_().count("$$") % 2 == 0
    assert r"\frac{dE}{d{w_{1}}}" in found._repr_latex_()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: explain(x, 3.0), TypeError, "explain takes two Values, got float"),  # type: ignore[arg-type]
        (lambda x: explain(x * x, x, most_paths=0), ValueError, "at least one path"),
    ],
)
def test_wrong_arguments(call, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        call(Value(1.0))


def test_paths_of_infinite_size_are_added_up_as_arithmetic_has_it() -> None:
    a = Value(1.0, "a")
    big = a * 1e308 * 10
    assert "nan" in explain(big - big * 2 + a * 3, a, most_paths=2).text


def test_a_long_chain_of_labels_is_explained_in_linear_time() -> None:
    def lines_run(length: int) -> int:
        y = x = Value(1.0, "x")
        for i in range(length):
            y = y * 1.0
            y.label = f"y{i}" if i % 2 else ""
        found = explain(y, x)
        executed = 0

        def count(frame: object, event: str, argument: object) -> object:
            nonlocal executed
            executed += 1
            return count

        before = sys.gettrace()
        sys.settrace(count)  # type: ignore[arg-type]
        try:
            str(found.text)
        finally:
            sys.settrace(before)  # that of a tool which measures coverage, for one
        return executed

    assert lines_run(400) < 3 * lines_run(200)


steps = st.lists(
    st.tuples(st.sampled_from(["add", "mul", "sub", "tanh"]), st.integers(0, 99), st.integers(0, 99)), min_size=1
)


@given(steps)
def test_all_paths_add_up_to_the_gradient(program: list[tuple[str, int, int]]) -> None:
    x = Value(0.7, "x")
    nodes = [x, Value(-1.3, "y")]
    for name, i, j in program[:8]:
        left, right = nodes[i % len(nodes)], nodes[j % len(nodes)]
        nodes.append({"add": left + right, "mul": left * right, "sub": left - right, "tanh": left.tanh()}[name])
    output = nodes[-1]
    found = explain(output, x, most_paths=10_000)
    output.backward()
    assert found.total == x.grad
    assert sum(math.prod(step.times for step in path) for path in found.paths) == found.count
    products = [math.prod(step.times * step.partial for step in path) for path in found.paths]
    assert math.isclose(math.fsum(products), x.grad, rel_tol=1e-12, abs_tol=1e-12)
    assert all(abs(a) >= abs(b) * (1 - 1e-12) for a, b in pairwise(products))  # the largest first


def test_labels_are_visible_text_on_a_terminal() -> None:
    x = Value(2.0, "a\x07\r\u202eb\udc80")
    text = explain(x * x, x).text
    text.encode()
    assert "a␇␍\ufffdb\ufffd" in text
