"""draw: what is in the picture, as text in its SVG and as edges in its DOT."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from itertools import pairwise
from shutil import which

import pytest

from autograd import Value, explain, functional
from autograd.graph import topological_order
from autograd.viewing import draw
from nn import MLP, Layer, binary_cross_entropy, cross_entropy, mse

needs_renderer = pytest.mark.skipif(not which("dot") and not find_spec("pygraphviz"), reason="no Graphviz")
SVG = "{http://www.w3.org/2000/svg}"


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


RENDERERS = ["system", "wheel"]


@pytest.fixture(params=RENDERERS)
def renderer(request, monkeypatch):
    """Pictures are laid out by the system's Graphviz, then by that of the wheel, which is another version."""
    if request.param == "wheel":
        monkeypatch.setenv("PATH", "/no/such/folder")
    if not (find_spec("pygraphviz") if request.param == "wheel" else which("dot")):
        pytest.skip("there is no Graphviz of this kind")


def places(drawing, kind):
    """The first text and the place (x, y) of each node, or cluster, of a kind."""
    found = []
    for group in ET.fromstring(drawing.titled_svg).iter(f"{SVG}g"):
        if group.get("class") == kind:
            texts = list(group.iter(f"{SVG}text"))
            found.append((" ".join(t.text for t in texts), float(texts[0].get("x")), float(texts[0].get("y"))))
    return found


def in_reading_order(found, across):
    """The texts of each column, or of each row, from top to bottom, or from left to right."""
    columns = []
    for text, x, y in sorted(found, key=lambda place: place[2 if across else 1]):
        along, beside = (y, x) if across else (x, y)
        if not columns or along > columns[-1][0] + 60:
            columns.append((along, []))
        columns[-1][1].append((beside, text))
    return [[text for _, text in sorted(column)] for _, column in columns]


NETWORKS = [([0.5, -1.0], [4, 4, 1]), ([1.0, 2.0, 3.0], [12, 3]), ([3.0, 2.0, 1.0, 0.0], [16, 16, 2])]


@pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
@pytest.mark.parametrize(("inputs", "sizes"), NETWORKS)
def test_a_collapsed_networks_neurons_and_inputs_stand_in_their_order(renderer, inputs, sizes, rankdir):
    loss = mse(MLP(len(inputs), sizes, "tanh", seed=0)(inputs), [1.0] * sizes[-1])
    drawing = draw(loss, rankdir, collapse="neuron")
    across = rankdir in ("TB", "BT")
    neurons = [place for place in places(drawing, "node box") if place[0].startswith("neurons")]
    columns = in_reading_order(neurons, across)
    assert sorted(len(column) for column in columns) == sorted(sizes)
    for column in columns:
        assert [text.split()[0] for text in column] == [f"neurons[{j}]" for j in range(len(column))]
    [entering] = in_reading_order(places(drawing, "node input"), across)
    assert entering == [f"input data {x:g}" for x in inputs]
    assert "grad –" not in drawing.dot.replace("|grad\\ –", "")


@pytest.mark.parametrize(("rankdir", "axis", "sign"), [("LR", 1, 1), ("RL", 1, -1), ("TB", 2, 1), ("BT", 2, -1)])
@pytest.mark.parametrize("collapse", ["layer", "neuron"])
def test_computation_runs_in_the_direction_asked_for(renderer, collapse, rankdir, axis, sign):
    loss = mse(MLP(2, [3, 3, 3, 1], "tanh", seed=0)([0.5, -1.0]), [1.0])
    drawing = draw(loss, rankdir, collapse=collapse)
    layers = places(drawing, "node box") if collapse == "layer" else places(drawing, "cluster")
    along = {text[:9]: place[axis - 1] * sign for text, *place in layers}
    assert sorted(along, key=along.get) == [f"layers[{i}]" for i in range(4)]
    inputs = [place[axis] * sign for place in places(drawing, "node input") if place[0] != "input data 1"]
    assert max(inputs) < min(along.values())


def outlines(drawing, kind):
    """The first text of each node, or cluster, of a kind, and its box: its least x and y, its largest x and y."""
    found = []
    for group in ET.fromstring(drawing.titled_svg).iter(f"{SVG}g"):
        if group.get("class") == kind:
            [shape, *_] = [shape for shape in group.iter() if shape.tag in (f"{SVG}path", f"{SVG}polygon")]
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", shape.get("d") or shape.get("points"))]
            xs, ys = numbers[::2], numbers[1::2]
            text = " ".join(text.text for text in group.iter(f"{SVG}text"))
            found.append((text, (min(xs), min(ys), max(xs), max(ys))))
    return found


def holds(outer, inner):
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


LOSSES = {
    "sum": functional.sum,
    "mse": lambda outputs: mse(outputs, [1.0] * len(outputs)),
    "binary": lambda outputs: binary_cross_entropy(outputs, [1.0] * len(outputs)),
    "class": lambda outputs: cross_entropy(outputs, 1),
    "classes": lambda outputs: cross_entropy(outputs, [1 / len(outputs)] * len(outputs)),
}
WHOLE = [  # inputs, sizes of layers, loss, direction: each size and each loss in some, each direction in several
    (2, [1], "mse", "LR"), (3, [1], "sum", "TB"), (1, [2], "binary", "RL"), (2, [3], "class", "BT"),
    (2, [3], "class", "LR"), (2, [3], "classes", "LR"), (2, [4], "class", "TB"), (2, [4], "classes", "LR"),
    (3, [4], "mse", "RL"),
    (2, [1, 1], "mse", "BT"), (2, [2, 2], "class", "LR"), (2, [2, 2], "binary", "TB"), (1, [3, 1], "mse", "LR"),
    (2, [4, 1], "sum", "LR"), (2, [1, 3], "classes", "LR"), (2, [3, 1, 2], "binary", "BT"), (2, [4, 4, 1], "mse", "LR"),
    (2, [6, 4, 1], "mse", "TB"), (2, [5, 3, 2], "mse", "LR"), (2, [4, 3], "class", "LR"), (2, [2, 5], "binary", "TB"),
    (3, [2, 5], "class", "LR"), (2, [2, 5], "classes", "RL"), (3, [5], "class", "RL"), (2, [3, 5], "classes", "LR"),
]  # fmt: skip


@pytest.mark.parametrize(("entering", "sizes", "loss", "rankdir"), WHOLE)
def test_a_whole_networks_neurons_and_inputs_stand_in_their_order(renderer, entering, sizes, loss, rankdir):
    inputs = [0.5, -1.0, 2.0][:entering]
    root = LOSSES[loss](MLP(entering, sizes, "tanh", seed=0)(inputs))
    drawing = draw(root, rankdir, max_nodes=400)
    along, across = (1, 0) if rankdir in ("TB", "BT") else (0, 1)
    forwards = rankdir in ("LR", "TB")
    clusters = outlines(drawing, "cluster")
    layers = sorted((box[along], name, box) for name, box in clusters if name.startswith("layers"))
    layers = layers if forwards else layers[::-1]
    assert [name for _, name, _ in layers] == [f"layers[{i}]" for i in range(len(sizes))]
    for (_, _, layer), size in zip(layers, sizes, strict=True):
        within = sorted((box[across], name, box) for name, box in clusters if box != layer and holds(layer, box))
        assert [name for _, name, _ in within] == [f"neurons[{j}]" for j in range(size)]
        assert all(one[across + 2] < other[across] for (*_, one), (*_, other) in pairwise(within))
    entrances = sorted((box[across], name, box) for name, box in outlines(drawing, "node input"))
    assert [name for _, name, _ in entrances] == [f"input data {x:g}" for x in inputs]
    first = layers[0][2]
    assert all(box[along] < first[along] if forwards else box[along + 2] > first[along + 2] for *_, box in entrances)


@needs_renderer
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
@pytest.mark.parametrize(
    ("sizes", "loss"), [([4, 3], "class"), ([4, 3], "mse"), ([4, 4, 1], "mse"), ([3, 1, 2], "sum")]
)
def test_no_line_into_a_network_is_led_around_it(sizes, loss, rankdir):
    """Beside all nodes and frames of the picture, where a line would wander, there is none."""
    root = LOSSES[loss](MLP(2, sizes, "relu", seed=0)([0.5, -1.0]))
    drawing = draw(root, rankdir)
    across = 1 if rankdir == "LR" else 0
    frames = [box for _, box in outlines(drawing, "cluster")]
    least, most = min(box[across] for box in frames), max(box[across + 2] for box in frames)
    within = [
        (title, box) for title, box in led(drawing) if re.fullmatch(r"v\d+->v\d+_pin\d+|v\d+_pin\d+->v\d+_op", title)
    ]
    assert len(within) == 2 * sum(n * m for n, m in pairwise([2, *sizes]))
    for title, box in within:
        assert least <= box[across], title
        assert box[across + 2] <= most, title


@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_labelled_inputs_of_a_lone_layer_stand_in_their_order(renderer, rankdir):
    inputs = [Value(number, label=f"x[{i}]") for i, number in enumerate((1.0, 2.0, 3.0))]
    drawing = draw(functional.mean(Layer(3, 2, "tanh", seed=0)(inputs)), rankdir)
    found = [(x, y, text) for text, x, y in places(drawing, "node leaf") if text.startswith("x[")]
    assert [text[:4] for *_, text in sorted(found, key=lambda one: one[rankdir == "LR"])] == ["x[0]", "x[1]", "x[2]"]


def led(drawing):
    """The title of each line, and the box around it."""
    for group in ET.fromstring(drawing.titled_svg).iter(f"{SVG}g"):
        if group.get("class") == "edge":
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", group.find(f".//{SVG}path").get("d"))]
            xs, ys = numbers[::2], numbers[1::2]
            title = re.sub(":[nesw]", "", group.find(f"{SVG}title").text)
            yield title, (min(xs), min(ys), max(xs), max(ys))


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
