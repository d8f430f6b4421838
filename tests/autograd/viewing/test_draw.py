"""draw: what is in the picture, as text in its SVG and as edges in its DOT."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from itertools import pairwise
from shutil import which

import pytest
from generators.networks import LOSSES
from outlines import SVG, outlines

from autograd import Value, explain, functional
from autograd.graph import topological_order
from autograd.viewing import draw
from nn import MLP, cross_entropy, mse

needs_renderer = pytest.mark.skipif(not which("dot") and not find_spec("pygraphviz"), reason="no Graphviz")


def texts(drawing):
    """Every text of the picture; Graphviz writes a run of spaces with no-break ones."""
    found = ["".join(text.itertext()) for text in ET.fromstring(drawing.svg).iter(f"{SVG}text")]
    return [text.replace("\xa0", " ").strip() for text in found]


def edges(drawing):
    """(tail, head, text) of every edge, in order."""
    lines = re.findall(r"^\t(\w+) -> (\w+)(?: \[(.*)\])?$", drawing.dot, re.MULTILINE)
    return [(a, b, "".join(re.findall(r'label=" (.*?) "', style))) for a, b, style in lines]


def example():
    """y = tanh(a b + c) with a named middle."""
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(6.5, "c")
    y = (a * b + c).tanh()
    y.label = "y"
    return y


@needs_renderer
def test_before_backward_a_gradient_is_a_dash():
    shown = texts(draw(example()))
    assert shown.count("grad –") == 6
    assert {"a", "b", "c", "y", "data 2", "data -3", "data -6", "data 0.5", "data 0.4621", "×", "+", "tanh"} <= set(
        shown
    )


@needs_renderer
def test_after_backward_gradients_and_local_derivatives():
    y = example()
    y.backward()
    shown = texts(draw(y))
    # 1 − tanh(0.5)² = 0.786448, times −3 and 2
    assert sorted(t for t in shown if t.startswith("grad")) == [
        "grad -2.359", "grad 0.7864", "grad 0.7864", "grad 0.7864", "grad 1", "grad 1.573",
    ]  # fmt: skip
    assert sorted(t for t in shown if t.startswith("∂")) == ["∂ -3", "∂ 0.7864", "∂ 1", "∂ 1", "∂ 2"]


def test_a_parent_used_twice_has_two_edges():
    x = Value(3.0, "x")
    assert edges(draw(x * x)) == [("v1_op", "v1", ""), ("v0", "v1_op", "∂ 3"), ("v0", "v1_op", "∂ 3")]


def test_a_single_leaf():
    drawing = draw(Value(3.0, "x"))
    assert edges(drawing) == []
    assert repr(drawing) == "Drawing(1 node)"


def test_a_constant_is_a_plain_number_without_a_derivative():
    drawing = draw(Value(3.0, "x") * 10)
    assert edges(drawing) == [("v2_op", "v2", ""), ("v0", "v2_op", "∂ 10"), ("v1", "v2_op", "")]
    assert re.search(r"v1 \[label=10 .*shape=box", drawing.dot)
    assert drawing.dot.count("grad\\ ") == 2


def test_no_derivative_where_no_gradient_flows():
    x = Value(3.0, "x")
    blocked = (x * 2).stop_gradient()
    assert [text for *_, text in edges(draw(blocked * x)) if text] == ["∂ 3", "∂ 6"]


def test_leaves_differ_from_results():
    dot = draw(example()).dot
    assert dot.count("#d5e6f6") == 3


@needs_renderer
def test_a_network_is_in_nested_clusters():
    w, x = Value(0.5, "layers[0].neurons[1].weights[0]"), Value(2.0, "x[0]")
    z = w * x + Value(1.0, "layers[0].neurons[1].bias")
    z.label = "layers[0].neurons[1].z"
    drawing = draw(z)
    shown = texts(drawing)
    assert {"layers[0]", "neurons[1]", "weights[0]", "bias", "z", "x[0]"} <= set(shown)
    outer, inner = re.findall(r"^(\t*)subgraph cluster", drawing.dot, re.MULTILINE)
    assert len(inner) == len(outer) + 1
    assert "\n\tv1 [" in drawing.dot, "the input stands outside of the clusters"


HOSTILE = [
    "<script>alert(1)</script>", '"]; x [label="', "a|b{c}", "<b>", "<b>x</b>", "back\\slash", "\\N", "\\\\G", "end\\",
    '"', '\\"', "\\l\\r\\n", "<f0> port", "||", "{}", "&lt;b&gt;", "&amp;", "&#60;", "&copy", "a:b", "'", "=<x>", "%s",
    "a  b", "😀👩‍👩‍👧", "שלום", "graph", "node", 'charset="latin-1"', "charset=", "]]>", "<!--", "-->", "é −",
]  # fmt: skip


@needs_renderer
@pytest.mark.parametrize("path", ["", "/no/such/folder"])
def test_labels_are_text_whatever_they_contain(path, monkeypatch):
    if path:
        monkeypatch.setenv("PATH", path)
        if not find_spec("pygraphviz"):
            pytest.skip("no pygraphviz")
    for rankdir in ("LR", "TB"):
        drawing = draw(functional.sum(Value(1.0, label) for label in HOSTILE), rankdir=rankdir)
        assert set(HOSTILE) <= set(texts(drawing))
        tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(drawing.svg).iter()}
        assert tags <= {"svg", "g", "a", "text", "path", "polygon", "polyline", "ellipse"}
        links = [name for element in ET.fromstring(drawing.svg).iter() for name in element.attrib if "href" in name]
        assert links == []


@needs_renderer
@pytest.mark.parametrize("scope", ["a_1", "über"])
def test_names_of_clusters_are_text(scope):
    y = Value(1.0, f"{scope}.w") * 2
    assert scope in texts(draw(y))


@needs_renderer
@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("two\nlines", "two␊lines"), ("\ta", "␉a"), ("\x00\x1b\x7f", "␀␛␡"), ("\x85", "�"), ("\u202eevil", "�evil"),
        ("\ud800", "�"), ("\ufffe", "�"), ("\t", "␉"), ("x" * 99, "x" * 47 + "…"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_made_visible(label, shown):
    assert shown in texts(draw(Value(1.0, label)))


@needs_renderer
@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (float("nan"), "nan"), (float("inf"), "inf"), (-float("inf"), "-inf"), (1e300, "1e+300"), (-0.0, "0"),
        (65614.4, "65614"), (0.00012346, "0.0001235"), (1 / 3, "0.3333"), (999999.0, "999999"), (1e6, "1e+06"),
    ],
)  # fmt: skip
def test_numbers_are_short_and_readable(number, shown):
    x = Value(number, "x")
    x.grad = number
    assert {f"data {shown}", f"grad {shown}"} <= set(texts(draw(x)))


def network(sizes, inputs, activation="tanh"):
    """A multilayer perceptron, labelled as nn labels it, applied to each sample of inputs; returns its outputs."""
    weights = {
        (layer, j): [
            Value(((7 * i + 3 * j + layer) % 5 - 2) / 4, f"layers[{layer}].neurons[{j}].weights[{i}]") for i in range(n)
        ]
        for layer, (n, m) in enumerate(pairwise(sizes))
        for j in range(m)
    }
    outputs = []
    for values in inputs:
        for layer, m in enumerate(sizes[1:]):
            values = [functional.dot(weights[layer, j], values) for j in range(m)]
            for j, z in enumerate(values):
                z.label = f"layers[{layer}].neurons[{j}].z"
            values = [getattr(z, activation)() for z in values]
            for j, a in enumerate(values):
                a.label = f"layers[{layer}].neurons[{j}].a"
        outputs.append(values)
    return outputs


def batch_loss(sizes, samples):
    inputs = [[Value((k + i) % 7 - 3, f"x[{i}]") for i in range(sizes[0])] for k in range(samples)]
    loss = functional.mean((y - 1) ** 2 for [y] in network(sizes, inputs))
    loss.label = "loss"
    return loss


@needs_renderer
def test_a_large_network_is_collapsed_by_neuron():
    loss = batch_loss([2, 16, 16, 1], 1)
    loss.backward()
    drawing = draw(loss)
    assert repr(drawing).endswith("collapsed by neuron)")
    shown = texts(drawing)
    assert shown.count("neurons[0]") == 3
    assert shown.count("neurons[15]") == 2
    assert "× + tanh · parameters 16 · nodes 48" in shown
    assert len([t for _, t in edge_hints(drawing) if t.startswith("grad")]) == 2 * 16 + 16 * 16 + 16 + 1


def edge_hints(drawing):
    return re.findall(r'^\t\w+ -> (\w+) \[.*tooltip="(.*?)"', drawing.dot, re.MULTILINE)


@needs_renderer
def test_boxes_state_what_is_in_them():
    loss = batch_loss([2, 3, 1], 1)
    before = texts(draw(loss, collapse="layer"))
    assert "3 edges" in before
    assert not [text for text in before if "|grad|" in text], "nothing is said of what is not known"
    loss.backward()
    after = texts(draw(loss, collapse="layer"))
    parameters = [v for v in topological_order(loss) if v.label.startswith("layers[0]") and v.is_leaf]
    largest = max(abs(v.grad) for v in parameters)
    assert {"layers[0]", "× + tanh · neurons 3 · parameters 6 · nodes 18"} <= set(after)
    assert [text for text in after if text.endswith(f" · parameters |grad| ≤ {largest:.4g}")]


@needs_renderer
def test_a_batch_of_many_samples_is_a_few_boxes():
    loss = batch_loss([2, 16, 16, 1], 100)
    loss.backward()
    drawing = draw(loss, collapse="layer")
    shown = texts(drawing)
    assert len([line for line in drawing.dot.splitlines() if re.match(r"\t[bv]\d+ \[", line)]) == 5
    assert {"inputs", "layers[0]", "layers[1]", "layers[2]", "loss", "nodes 200", "25,600 edges", "100 edges"} <= set(
        shown
    )


def test_dot_is_the_same_in_every_process():
    program = (
        "from autograd import Value, functional; from autograd.viewing import draw\n"
        "xs = [Value(i, f'l[{i % 3}].n[{i % 5}].w') for i in range(40)]\n"
        "y = functional.sum(x * x for x in xs); y.backward(); print(draw(y).dot, draw(y, collapse='neuron').dot)"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def chain(length):
    v = Value(1.0, "x")
    for _ in range(length):
        v = -v
    return v


def test_a_large_graph_without_scopes_is_refused():
    """However deep it is: nothing here recurses."""
    with pytest.raises(ValueError, match=r"200,001 nodes \(max_nodes=300\), and no label .* raise max_nodes"):
        draw(chain(200_000))


def test_a_long_chain_in_one_scope_is_one_box():
    root = chain(100_000)
    root.label = "cell.out"
    assert edges(draw(root)) == [("v0", "b0", "")]


def test_max_nodes_counts_values():
    assert repr(draw(chain(9), max_nodes=10)) == "Drawing(10 nodes)"
    with pytest.raises(ValueError, match="11 nodes"):
        draw(chain(10), max_nodes=10)


def test_a_network_too_large_even_when_collapsed_is_refused():
    loss = batch_loss([2, 40, 40, 1], 1)
    assert "collapsed by layer" in repr(draw(loss)), "1,680 edges between neurons are too many"
    with pytest.raises(ValueError, match=r"merged edges by neuron.*Collapse it by layer"):
        draw(loss, collapse="neuron")
    with pytest.raises(ValueError, match=r"by neuron, .* by layer, .*Draw a smaller part"):
        draw(loss, max_nodes=2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"root": 3.0}, TypeError, "got float: 3.0"),
        ({"root": [Value(1.0)]}, TypeError, "got list"),
        ({"rankdir": "left"}, ValueError, "LR, RL, TB, BT, got 'left'"),
        ({"collapse": "network"}, ValueError, "'neuron' or 'layer', got 'network'"),
        ({"collapse": "layer"}, ValueError, "no label in it is a path"),
        ({"max_nodes": 0}, ValueError, "from 1 up, got 0"),
        ({"max_nodes": 2.5}, ValueError, "got 2.5"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        draw(**{"root": Value(1.0), **arguments})


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
@needs_renderer
def test_every_direction(rankdir):
    loss = batch_loss([2, 2, 1], 1)
    for collapse in (None, "neuron", "layer"):
        assert "loss" in texts(draw(loss, rankdir=rankdir, collapse=collapse))


def test_a_leaf_used_from_end_to_end_of_a_long_graph_is_drawn_in_simple_curves():
    """Led around all that stands between, its lines would take Graphviz many minutes: they are simple curves."""
    x = y = Value(0.5, label="x")
    for i in range(60):
        y = (y + x).tanh() if i % 2 else y * x
    y.backward()
    drawing = draw(y)
    assert "splines=curved" in drawing.dot
    assert "splines" not in draw(x * x).dot
    assert drawing.svg.count("<g id=") > 150


@needs_renderer
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
@pytest.mark.parametrize(
    ("sizes", "loss"), [([4, 3], "class"), ([4, 3], "mse"), ([4, 4, 1], "mse"), ([3, 1, 2], "sum")]
)
def test_no_line_into_a_network_is_led_around_it(sizes, loss, rankdir):
    """Beside all nodes and frames of the picture, where a line would wander, there is none."""
    drawing = draw(LOSSES[loss](MLP(2, sizes, "relu", seed=0)([0.5, -1.0])), rankdir)
    across = 1 if rankdir == "LR" else 0
    frames = outlines(drawing, "cluster")
    least, most = min(frame.least[across] for frame in frames), max(frame.most[across] for frame in frames)
    within = [line for line in outlines(drawing, "edge") if "_pin" in line.title]
    assert len(within) >= 2 * sum(n * m for n, m in pairwise([2, *sizes]))
    for line in within:
        assert least <= line.least[across], line
        assert line.most[across] <= most, line


def pens(drawing):
    """(tail, head) of every edge of the DOT, with its width and colour."""
    found = re.findall(r'^\t(\w+) -> (\w+) \[(?:.*?)color="(#\w+)"(?:.*?)penwidth=([\d.]+)', drawing.dot, re.MULTILINE)
    return {(tail, head): (float(width), colour) for tail, head, colour, width in found}


def test_before_backward_a_fan_is_thinned_by_the_weights():
    model = MLP(1, [2, 1], "linear", seed=0)
    heavy, light = model.layers[1].neurons[0].weights
    heavy.data, light.data = -4.0, 1.0
    y = model([1.0])[0]
    lines = pens(draw(y, collapse="neuron"))
    boxes = re.findall(r'\t(b\d+) \[label="neurons\[(\d)\]\\n[^"]*parameters (\d)', draw(y, collapse="neuron").dot)
    [out] = [name for name, _, parameters in boxes if parameters == "3"]
    first, second = (name for name, j, _ in sorted(boxes, key=lambda box: box[1]) if name != out)
    assert lines[first, out] == (2.2, "#7b8590ff")
    assert lines[second, out] == (pytest.approx(0.4 + 1.8 / 4), f"#7b8590{round(255 * (0.2 + 0.8 / 4)):02x}")


def test_after_backward_a_fan_is_thinned_by_what_flows_back():
    model = MLP(1, [2, 2, 1], "linear", seed=0)
    numbers = {(1, 0): (1.0, 3.0), (1, 1): (2.0, 1.0), (2, 0): (1.0, -5.0)}
    for (layer, j), weights in numbers.items():
        for weight, number in zip(model.layers[layer].neurons[j].weights, weights, strict=True):
            weight.data = number
    y = model([1.0])[0]
    y.backward()
    shares = {
        (i, j): abs(numbers[1, j][i] * numbers[2, 0][j]) / 10 for i in (0, 1) for j in (0, 1)
    }  # of 1, 10, 3, 5: d y / d a of layer 1 times the weight
    widths = sorted(width for width, _ in pens(draw(y, collapse="neuron")).values())
    assert all(any(abs(width - (0.4 + 1.8 * share)) < 0.006 for width in widths) for share in shares.values())


def test_no_line_is_lost_where_nothing_flows():
    lines = pens(draw(MLP(2, [2, 1], "relu", seed=0)([0.0, 0.0])[0], collapse="neuron"))
    assert all(width >= 0.4 and int(colour[7:], 16) >= 51 for width, colour in lines.values())
    assert len(lines) == 2 * 2 + 2


def test_a_path_through_a_collapsed_network_is_marked():
    model = MLP(2, [3, 1], "tanh", seed=0)
    loss = mse(model([0.5, -1.0]), [1.0])
    weight = model.layers[0].neurons[1].weights[0]
    dot = explain(loss, weight).draw(max_nodes=20).dot
    names = re.findall(r'\t\t(b\d+) \[label="neurons\[(\d)\].*color="#c8641e"', dot)
    assert sorted(j for _, j in names) == ["0", "1"]
    (first, _), (last, _) = sorted(names, key=lambda name: name[1], reverse=True)
    marked = set(re.findall(r'^\t(\w+) -> (\w+) \[.*color="#c8641e"', dot, re.MULTILINE))
    assert {ends for ends in marked if "b" in ends[0] + ends[1] and ends[1][0] == "b"} == {(first, last)}


def test_a_loss_over_classes_is_one_box_beside_a_collapsed_network():
    loss = cross_entropy(MLP(4, [3, 3], "tanh", seed=0)([0.5, -1.0, 2.0, 1.0]), 1)
    loss.label = "loss"
    labels = re.findall(r'\t\w+ \[label="(\w+(?:\[\d\])?)', draw(loss, collapse="layer").dot)
    assert sorted(labels) == ["input"] * 4 + ["layers[0]", "layers[1]", "loss"]


def test_a_dark_page_has_no_light_box():
    loss = mse(MLP(2, [2, 1], "tanh", seed=0)([0.5, -1.0]), [1.0])
    for collapse in (None, "neuron"):
        fills = re.findall(r'fillcolor="(#[0-9a-f]{6})"', draw(loss, collapse=collapse, theme="dark").dot)
        assert fills
        assert all(int(fill[1:3], 16) < 0x60 for fill in fills)
    with pytest.raises(ValueError, match="theme is 'light' or 'dark', got 'blue'"):
        draw(loss, theme="blue")
