"""The page for those who come from micrograd: its examples run, and what it says of micrograd is true of micrograd."""

import math
import random
import re
from typing import Any

import pytest
from checkout import BLOCK, DOCS, check_blocks, printed

import nn
from autograd import Value

engine = pytest.importorskip("micrograd.engine")
networks = pytest.importorskip("micrograd.nn")

PAGE = DOCS / "coming-from-micrograd.md"
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_runs_and_prints_what_it_says(section: str) -> None:
    assert check_blocks(SECTIONS[section], PAGE.name)


def test_micrograd_prints_the_same_with_its_own_import() -> None:
    block = BLOCK.search(SECTIONS["The same program"])
    assert block
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    assert printed(block["code"], PAGE.name, ours) == block["output"]
    code = block["code"].replace("from autograd import Value", "from micrograd.engine import Value")
    assert printed(code, PAGE.name, theirs) == block["output"]
    for name in "abcdefg":
        assert ours[name].data == theirs[name].data
    for name in "abg":  # in between, micrograd's names were bound anew by c += …
        assert ours[name].grad == pytest.approx(theirs[name].grad, rel=1e-15)


def network_of_both(sizes: list[int]) -> tuple[nn.MLP, Any]:
    random.seed(0)
    theirs, ours = networks.MLP(2, sizes), nn.MLP(2, sizes)
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        mine.data = its.data
    return ours, theirs


def test_networks_have_the_same_parameters_in_the_same_order() -> None:
    ours, theirs = network_of_both([5, 4, 1])
    xs, ys = [[0.5, 1.0], [-1.0, 0.25], [2.0, -0.5]], [1.0, -1.0, 1.0]

    def step(model: Any, outputs: list[Any]) -> Any:
        losses = [(1 - y * output).relu() for y, output in zip(ys, outputs, strict=True)]
        loss = sum(losses) * (1.0 / len(losses))
        model.zero_grad()
        loss.backward()
        return loss.data

    theirs_out, ours_out = [theirs(x) for x in xs], [ours(x) for x in xs]
    assert all(isinstance(output, engine.Value) for output in theirs_out)  # one neuron: no list
    assert all(isinstance(output, list) and len(output) == 1 for output in ours_out)
    assert step(ours, [output[0] for output in ours_out]) == pytest.approx(step(theirs, theirs_out), rel=1e-14)
    found = [p.grad for p in ours.parameters()]
    assert found == pytest.approx([p.grad for p in theirs.parameters()], rel=1e-13, abs=1e-15)
    assert any(found)


def test_networks_differ_as_the_table_says() -> None:
    theirs, ours = networks.Neuron(2, nonlin=False), nn.Neuron(2, activation="linear")
    assert len(theirs.w) == len(ours.weights) == 2
    assert theirs.b.data == ours.bias.data == 0.0
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        mine.data = its.data
    assert ours([-3.0, -2.0]).data == theirs([-3.0, -2.0]).data
    with pytest.raises(TypeError):
        nn.Neuron(2, nonlin=False)  # type: ignore[call-arg]
    assert isinstance(networks.MLP(2, [3, 2])([0.0, 0.0]), list)
    assert nn.MLP(2, [3], seed=1).state_dict() == nn.MLP(2, [3], seed=1).state_dict()
    assert nn.MLP(2, [3], seed=1).state_dict() != nn.MLP(2, [3], seed=2).state_dict()


def test_two_passes_are_exact_here_and_not_there() -> None:
    for Engine, wanted in ((Value, 24.0), (engine.Value, 36.0)):  # noqa: N806
        a = Engine(2.0)
        d = a * 3 * 4
        d.backward()
        d.backward()
        assert a.grad == wanted


def test_forgetting_gradients_by_hand() -> None:
    for Engine in (Value, engine.Value):  # noqa: N806
        a = Engine(2.0)
        (a * a).backward()
        a.grad = 0
        (a * 3).backward()
        assert a.grad == 3.0


def test_numbers() -> None:
    assert isinstance(Value(2).data, float)
    assert isinstance(engine.Value(2).data, int)
    assert (1 / Value(0.0)).data == math.inf
    with pytest.raises(ZeroDivisionError):
        1 / engine.Value(0.0)


def test_an_operation_is_one_node() -> None:
    def count(root: Any, parents: str) -> int:
        seen: set[Any] = set()
        todo = [root]
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo += getattr(node, parents)
        return len(seen)

    a, b = Value(1.0), Value(2.0)
    x, y = engine.Value(1.0), engine.Value(2.0)
    assert [count(a - b, "parents"), count(a / b, "parents")] == [3, 3]
    assert [count(x - y, "_prev"), count(x / y, "_prev")] == [5, 4]  # -1 is a node, the exponent is not
    assert (Value(2.0) ** Value(3.0)).data == 8.0
    with pytest.raises(AssertionError):
        engine.Value(2.0) ** engine.Value(3.0)


def test_depth() -> None:
    for Engine in (Value, engine.Value):  # noqa: N806
        y = x = Engine(1.0)
        for _ in range(2_000):
            y = y + 1.0
        if Engine is Value:
            y.backward()
            assert x.grad == 1.0
        else:
            with pytest.raises(RecursionError):
                y.backward()


def test_constants_collect_no_gradient() -> None:
    y = Value(2.0) * 3
    y.backward()
    assert not y.parents[1].has_grad


def test_private_names_can_be_read_and_not_set() -> None:
    a = Value(2.0)
    assert ((a + 1)._op, (a * a)._op, a._op, a._prev) == ("+", "×", "", set())
    assert (a * a)._prev == {a}
    assert (a * a).parents == (a, a)
    assert not hasattr(a, "_backward")
    for name in ("_prev", "_op", "_backward"):
        with pytest.raises(AttributeError):
            setattr(a, name, None)


def test_what_would_lose_a_gradient_is_refused() -> None:
    a = Value(2.0)
    for lose in (float, math.exp, lambda v: v == 2.0):
        with pytest.raises(TypeError):
            lose(a)
    with pytest.raises(TypeError):
        float(engine.Value(2.0))
