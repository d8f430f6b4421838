"""The page of a drawing: layers open in place and close again, boxes say what is in them, and all by keys too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from stepping import least_contrast, neuron

from autograd import Value, draw
from autograd.viewing.notation import number_text
from nn import MLP, mse

DESKTOP, PHONE = (1280, 800), (390, 844)
SHOWN = "#stage svg.shown"


def network(sizes: list[int] | None = None) -> tuple[MLP, Value]:
    model = MLP(2, sizes or [8, 8, 1], "tanh", seed=0)
    loss = mse(model([0.5, -1.0]), [1.0])
    loss.label = "loss"
    loss.backward()
    return model, loss


def boxes(page: Any) -> list[str]:
    """The texts of the boxes in sight of the reader's page, layers and neurons."""
    found: list[str] = page.locator(f"{SHOWN} g.node.box").evaluate_all(
        "boxes => boxes.map(box => [...box.querySelectorAll('text')].map(text => text.textContent).join(' '))"
    )
    return [text.replace("\xa0", " ") for text in found]


def opened(page: Any) -> list[str]:
    return sorted(page.locator(f"{SHOWN} g.cluster.open").evaluate_all("all => all.map(one => one.dataset.part)"))


def layer(page: Any, i: int) -> Any:
    return page.locator(f"{SHOWN} g.node.box", has_text=f"layers[{i}]")


def frame(page: Any, i: int) -> Any:
    return page.locator(f"{SHOWN} g.cluster.open", has_text=f"layers[{i}]").locator("text")


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop", "phone"])
def test_layers_open_and_close_with_the_engines_numbers(open_page: Any, size: tuple[int, int], dark: bool) -> None:
    _, loss = network()
    page = open_page(draw(loss, collapse="layer").page.html, *size, dark)
    assert opened(page) == []
    layer(page, 0).click(force=True)
    assert opened(page) == ["layers[0]"]
    shown = " ".join(boxes(page))
    outputs = {node.label: node for node in _all(loss)}
    for j in range(8):
        a = outputs[f"layers[0].neurons[{j}].a"]
        assert (
            f"neurons[{j}] × + tanh · parameters 3 · nodes 8 output {number_text(a.data)} · grad {number_text(a.grad)}"
            in shown
        )
    assert least_contrast(page)[0] >= 4.5
    page.evaluate("camera.look([])")
    layer(page, 1).click(force=True)
    assert opened(page) == ["layers[0]", "layers[1]"]
    page.evaluate("camera.look([])")
    frame(page, 0).click(force=True)
    assert opened(page) == ["layers[1]"]
    page.evaluate("camera.look([])")
    layer(page, 2).click(force=True)
    assert opened(page) == ["layers[1]", "layers[2]"]
    page.evaluate("camera.look([])")
    layer(page, 0).click(force=True)
    assert opened(page) == ["layers[0]", "layers[1]"], "of two neighbours the nearer one stays open"


def _all(root: Value) -> list[Value]:
    from autograd.graph import topological_order

    return topological_order(root)


def test_a_layer_opens_where_it_was(open_page: Any) -> None:
    page = open_page(draw(network([16, 16, 1])[1], collapse="layer").page.html, *DESKTOP)
    before = layer(page, 1).bounding_box()
    layer(page, 1).click()
    after = page.locator(f"{SHOWN} g.cluster.open > path").bounding_box()
    for axis, length in (("x", "width"), ("y", "height")):
        assert after[axis] + after[length] / 2 == pytest.approx(before[axis] + before[length] / 2, abs=3)
    text = page.locator(f"{SHOWN} g.node.box text").first
    assert text.evaluate("t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a") >= 10


@pytest.mark.parametrize(("rankdir", "shape"), [("LR", "upright"), ("RL", "only")])
def test_computation_runs_upright_on_a_phone_but_where_a_direction_was_chosen(
    open_page: Any, rankdir: str, shape: str
) -> None:
    page = open_page(draw(network([3, 1])[1], rankdir, collapse="layer").page.html, *PHONE)
    page.locator(f"{SHOWN}.{shape}[data-view='0']").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(f"{SHOWN}.{shape}[data-view='1']").wait_for()
    assert page.locator(SHOWN).count() == 1


def test_what_would_be_too_small_as_a_whole_begins_with_its_inputs(open_page: Any) -> None:
    page = open_page(draw(network([2, 2, 2, 2, 2, 1])[1], collapse="layer").page.html, *PHONE)
    stage = page.locator("#stage").bounding_box()
    entering = page.locator(f"{SHOWN} g.node.input").first
    box = entering.bounding_box()
    assert stage["x"] <= box["x"] <= box["x"] + box["width"] <= stage["x"] + stage["width"]
    pixels = "t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a"
    assert entering.locator("text").first.evaluate(pixels) >= 10
    assert page.locator("#overview").is_visible()


def test_keys_alone_open_ask_and_close(open_page: Any) -> None:
    _, loss = network()
    page = open_page(draw(loss, collapse="layer").page.html, *DESKTOP)
    focused = "document.activeElement.getAttribute('aria-label') || ''"

    for key in ["Tab"] * 20 + ["ArrowDown"] * 20:  # to the first box, then from box to box
        if page.evaluate(focused).startswith("layers[") or (
            key == "Tab" and page.evaluate("document.activeElement.matches('g.node')")
        ):
            continue
        page.keyboard.press(key)
    assert page.evaluate(focused).startswith("layers[")
    page.keyboard.press("Enter")
    assert len(opened(page)) == 1
    assert page.evaluate(focused).startswith("neurons[")
    page.keyboard.press("Enter")
    assert page.locator("#asked").text_content().startswith("neurons[")
    page.locator("#toggle").press("Enter")
    assert opened(page) == []


def test_a_neuron_says_what_its_parameters_are(open_page: Any) -> None:
    model, loss = network()
    page = open_page(draw(loss, collapse="neuron").page.html, *DESKTOP)
    assert opened(page) == ["layers[0]", "layers[1]", "layers[2]"]
    page.locator(f"{SHOWN} g.node.box", has_text="neurons[5]").first.click()
    said = page.locator("#said div").all_text_contents()
    candidates = [model.layers[i].neurons[5] for i in (0, 1)]
    expected = [
        [f"bias {number_text(n.bias.data)}, grad {number_text(n.bias.grad)}"]
        + [f"weights[{i}] {number_text(w.data)}, grad {number_text(w.grad)}" for i, w in enumerate(n.weights)]
        for n in candidates
    ]
    assert sorted(said[2:]) in [sorted(lines) for lines in expected]
    page.keyboard.press("Escape")
    assert page.locator("#asked").text_content() == ""
    assert not page.locator("#close").is_visible()
    page.locator(f"{SHOWN} g.node.box", has_text="neurons[5]").first.click()
    assert page.locator("#asked").text_content() == "neurons[5]"
    page.locator("#close").click()
    assert page.locator("#asked").text_content() == ""


def test_the_player_walks_through_the_layers(open_page: Any) -> None:
    page = open_page(draw(network()[1], collapse="layer").page.html, *DESKTOP)
    seen = []
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        seen.append(opened(page))
    names = [f"layers[{i}]" for i in range(3)]
    assert seen == [names[:1], names[:2], names[1:2], names[1:], names[2:], names]
    assert page.locator("#live").text_content() == "layers[0] and layers[1] and layers[2] open"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("root", [MLP(2, [4, 4, 1], seed=0), neuron()], ids=["model", "neuron"])
def test_any_drawing_is_a_page(open_page: Any, root: Any, size: tuple[int, int], dark: bool) -> None:
    page = open_page(draw(root).page.html, *size, dark)
    assert not page.locator("#bar").is_visible()
    page.locator(f"{SHOWN} g.node.{'neuron' if isinstance(root, MLP) else 'result'}").first.click(force=True)
    assert page.locator("#asked").text_content() != ""
    ratio, text = least_contrast(page)
    assert ratio >= 4.5, text


def test_the_page_is_a_file(tmp_path: Path) -> None:
    drawing = draw(network()[1])
    drawing.save(tmp_path / "graph.html")
    assert (tmp_path / "graph.html").read_text(encoding="utf-8") == drawing.page.html
    assert repr(drawing.page) == "DrawingPage(7 views)"
    with pytest.raises(ValueError, match="a page fits its window"):
        drawing.save(tmp_path / "graph.html", width=7)


def test_a_page_shows_what_was_drawn_or_nothing() -> None:
    x = Value(float("nan"), "x")
    y = x * 2.0
    drawing = draw(y)
    assert drawing.page.html
    later = draw(y)
    y.backward()
    with pytest.raises(ValueError, match="no longer those that were drawn: draw it again"):
        _ = later.page
    assert "grad 1" in draw(y).page.html.replace("\xa0", " ").replace("&#160;", " ")


def test_hostile_labels_are_text_on_the_page(open_page: Any) -> None:
    hostile = "</script><script>alert(1)</script>"
    y = Value(1.0, f"{hostile}.w") * Value(2.0, "<b>")
    y.label = '"><img src=x onerror=alert(1)>'
    page = open_page(draw(y).page.html)
    page.locator(f"{SHOWN} g.node.leaf").first.click()
    assert page.locator("#panel b, #panel img").count() == 0
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page.content(), re.DOTALL)
    assert found is not None
    assert json.loads(found[1])["frames"]
