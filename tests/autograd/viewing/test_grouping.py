"""Scopes, and the boxes that a network is collapsed into."""

import pytest

from autograd import Value
from autograd.graph import topological_order
from autograd.viewing.grouping import Box, Part, collapse, scope_of, scopes_of


@pytest.mark.parametrize(
    ("label", "scope"),
    [
        ("layers[0].neurons[3].weights[1]", ("layers[0]", "neurons[3]")),
        ("head.bias", ("head",)),
        ("größe.β", ("größe",)),
        ("loss", ()),
        ("", ()),
        ("x[0]", ()),
        ("0.5", ()),
        ("v1.5, final", ()),
        ("petal.length (cm)", ()),
        ("a..b", ()),
        (".a", ()),
        ("a.", ()),
        ("<b>.c", ()),
        ("a.b\n", ()),
    ],
)
def test_the_scope_of_a_label_is_its_path_without_the_last_part(label, scope):
    assert scope_of(label) == scope


def test_a_path_of_any_length_nests_at_most_eight_deep():
    scope = scope_of(".".join("abcdefghijkl"))
    assert scope == ("a.b.c.d", *"efghijk")


def neuron(scope, inputs, weight=0.5, bias=0.25):
    """A linear neuron as nn labels it; its products and sums have no labels."""
    total = Value(bias, f"{scope}.bias")
    for i, x in enumerate(inputs):
        total = total + Value(weight, f"{scope}.weights[{i}]") * x
    total.label = f"{scope}.a"
    return total


def test_unlabelled_results_and_constants_follow_what_consumes_them():
    x = Value(2.0)
    product = Value(3.0, "n.w") * x
    scaled = product * 10
    out = scaled + Value(1.0, "n.b")
    out.label = "n.a"
    scopes = scopes_of(topological_order(out))
    assert {scopes[node] for node in (product, scaled, scaled.parents[1], out)} == {("n",)}
    assert scopes[x] == (), "a leaf without a label is data from outside"


def test_what_two_scopes_consume_is_of_none():
    shared = Value(1.0, "x") + 1
    left, right = shared * 2, shared * 3
    left.label, right.label = "left.a", "right.a"
    scopes = scopes_of(topological_order(left * right))
    assert scopes[shared] == ()
    assert scopes[left.parents[1]] == ("left",)


def two_layers():
    """2 inputs, 2 neurons, 1 neuron, and a loss; backward done."""
    inputs = [Value(1.0, "x[0]"), Value(-2.0, "x[1]")]
    hidden = [neuron("layers[0].neurons[0]", inputs, 0.5), neuron("layers[0].neurons[1]", inputs, -1.0)]
    out = neuron("layers[1].neurons[0]", hidden, 2.0)
    loss = (out - 1) ** 2
    loss.label = "loss"
    loss.backward()
    return loss, inputs, hidden, out


def name_of(part: Part) -> str:
    return "/".join(part.scope) if isinstance(part, Box) else part.label or (part.op.symbol if part.op else "")


def collapsed(root, level):
    order = topological_order(root)
    return collapse(order, scopes_of(order), level)


def test_collapse_by_neuron_has_one_box_for_each():
    loss, inputs, _, _ = two_layers()
    parts = collapsed(loss, "neuron")
    assert {"/".join(box.scope): len(box.leaves) for box in parts.boxes} == {
        "layers[0]/neurons[0]": 3,
        "layers[0]/neurons[1]": 3,
        "layers[1]/neurons[0]": 3,
    }
    assert set(inputs) <= set(parts.loose)
    assert len(parts.loose) == 6  # two inputs; 1, 2, the difference, and the loss


def test_what_flows_out_of_a_box_is_the_gradient_of_its_output():
    loss, inputs, hidden, out = two_layers()
    flows = collapsed(loss, "neuron").flows
    incoming = dict.fromkeys((*inputs, *hidden, out), 0.0)
    for (tail, _), flow in flows.items():
        [node] = tail.outputs if isinstance(tail, Box) else [tail]
        incoming[node] += flow.gradient
    assert incoming == {node: pytest.approx(node.grad, rel=1e-15) for node in incoming}


def test_collapse_by_layer_merges_the_edges_between():
    loss, *_ = two_layers()
    parts = collapsed(loss, "layer")
    edges = {(name_of(a), name_of(b)): flow.edges for (a, b), flow in parts.flows.items()}
    assert edges == {
        ("x[0]", "layers[0]"): 2,
        ("x[1]", "layers[0]"): 2,
        ("layers[0]", "layers[1]"): 2,
        ("layers[1]", "−"): 1,
    }
    # d(loss)/d(out) = 2 (out − 1), out = 2 h0 + 2 h1 + 0.25 with h0 = −0.25 and h1 = 1.25; times 2 for each edge
    [flow] = [flow for (a, b), flow in parts.flows.items() if name_of(b) == "layers[1]"]
    assert flow.gradient == 2 * (2.25 - 1) * 2 * 2


def test_a_flow_without_a_gradient_is_none():
    out = neuron("n", [Value(1.0, "x")])
    [flow] = collapsed(out, "layer").flows.values()
    assert flow.gradient is None


def test_one_box_for_a_neuron_used_on_many_samples():
    bias, weight = Value(0.1, "layers[0].neurons[0].bias"), Value(0.2, "layers[0].neurons[0].weights[0]")
    total = Value.constant(0.0)
    for k in range(50):
        out = weight * Value(k, "x[0]") + bias
        out.label = "layers[0].neurons[0].a"
        total = total + (out - Value(2 * k, "target")) ** 2
    total.label = "loss"
    parts = collapsed(total, "neuron")
    assert not parts.loose
    assert {box.name: len(box.leaves) for box in parts.boxes} == {"inputs": 50, "neurons[0]": 2, "loss": 50}
    assert [flow.edges for flow in parts.flows.values()] == [50, 50]


def test_loose_nodes_on_two_sides_of_a_scope_are_two_boxes():
    xs = [Value(i, f"x[{i}]") / 10 for i in range(30)]
    out = neuron("n", xs)
    result = out
    for _ in range(30):
        result = result * 2 + 1
    parts = collapsed(result, "layer")
    assert {box.name for box in parts.boxes} == {"inputs", "n", "output"}
    assert {(a.name, b.name) for a, b in parts.flows} == {("inputs", "n"), ("n", "output")}
