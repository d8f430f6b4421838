"""Asking a node: its rule, its formula with numbers and every contribution to its gradient, on the page and in draw."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from live import until
from stepping import almost_300_nodes, least_contrast, network, neuron

from autograd import Value, draw, step_through
from autograd.graph import topological_order
from autograd.viewing.ledger import contributions


def used_three_times() -> tuple[Value, Value]:
    """f = a·b + 3·a·a: df/da = b + 6a, by three edges."""
    a, b = Value(0.5, "a"), Value(-2.0, "b")
    f = a * b + a * a * 3
    f.label = "f"
    return f, a


@pytest.mark.parametrize("graph", [neuron, network, almost_300_nodes])
def test_contributions_add_up_to_the_engines_gradient(graph: Any) -> None:
    root = graph()
    root.backward()
    order = topological_order(root)
    for node, entries in contributions(order).items():
        assert entries[-1].so_far == node.grad
        assert len(entries) == sum(parent is node for child in order for parent in child.parents)


def box(page: Any, node: int) -> Any:
    return page.locator(f"#stage svg.shown [data-part=v{node}]").first


def test_a_click_tells_how_a_box_was_made_and_what_its_gradient_is_made_of(open_page: Any) -> None:
    f, a = used_three_times()
    order = topological_order(f)
    page = open_page(step_through(f).html)
    page.keyboard.press("End")
    box(page, order.index(a)).click()
    rows = page.locator("#contributions li").all_text_contents()
    assert [row.partition("d(")[0] for row in rows] == [
        "1.5 from v2 = 3 · 0.5", "1.5 from v2 = 3 · 0.5", "−2 from v1 = 1 · (−2)",
    ]  # fmt: skip
    assert page.locator("#together").text_content() == "together 1"
    assert page.locator("#made").text_content() == "a = 0.5"
    assert not page.locator("#step").is_visible()
    page.click("#contributions button >> text=v1")
    assert page.locator("#made").text_content() == "v1 = a · b= 0.5 · (−2)= −1"
    assert page.locator("#contributions").text_content() == "1 from f = 1 · 1d(x + y)/dx = 1"
    page.click("#sources button >> text=b")
    assert page.locator("#asked").text_content() == "b"
    page.locator("#contributions").click(position={"x": 2, "y": 2})  # beside the names
    assert page.locator("#asked").text_content() == "b"
    page.keyboard.press("Escape")
    assert page.locator("#step").is_visible()
    assert not page.locator("#close").is_visible()


def test_what_a_later_step_adds_is_not_told_before(open_page: Any) -> None:
    f, a = used_three_times()
    page = open_page(step_through(f).html)
    box(page, topological_order(f).index(a)).click()
    assert page.locator("#contributions li").all_text_contents() == [
        "from v2 in step 8", "from v2 in step 8", "from v1 in step 9",
    ]  # fmt: skip
    page.locator("#slider").fill("8")
    assert page.locator("#together").text_content() == "so far 3"
    assert page.locator("#contributions li").last.text_content() == "from v1 in step 9"
    box(page, len(topological_order(f)) - 1).click()
    assert page.locator("#together").text_content() == "1, where backward begins"


def test_keys_alone_ask_every_box(open_page: Any) -> None:
    root = network()
    order = topological_order(root)
    page = open_page(step_through(root).html)
    page.locator("#stage").focus()
    page.keyboard.press("Tab")
    asked = []
    for node in order:
        if not node.is_constant:
            page.keyboard.press("Enter")
            asked.append(page.locator("#made").text_content().rpartition("= ")[2])
            page.keyboard.press("ArrowDown")
    assert asked == [f"{node.data + 0.0:.4g}".replace("-", "−") for node in order if not node.is_constant]
    seen = page.evaluate("holds(camera.seen(), boxOf(document.activeElement))")
    assert seen
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        ratio, text = least_contrast(page)
        assert ratio >= 4.5, (scheme, text)


def test_a_box_that_has_the_focus_keeps_it_where_the_picture_turns_upright(open_page: Any) -> None:
    page = open_page(step_through(neuron()).html)
    page.locator("#stage").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    name = page.evaluate("document.activeElement.dataset.part")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#stage svg.upright.shown").wait_for()
    until(page, f"document.activeElement.closest('svg.upright') && document.activeElement.dataset.part === '{name}'")


def test_draw_says_the_same_where_the_pointer_rests() -> None:
    f, a = used_three_times()
    f.backward()
    titles = [html.unescape(title) for title in re.findall(r'xlink:title="([^"]*)"', draw(f).svg)]
    assert "a data 0.5, grad 1.0\ngradient 1.5 from v2, 1.5 from v2, −2 from v1, together 1" in titles
    assert "v1 data -1.0, grad 1.0\nv1 = a · b = 0.5 · (−2) = −1\ngradient 1 from f" in titles
    a.grad = 7.0
    titles = re.findall(r'xlink:title="(a [^"]*)"', draw(f).svg)
    assert "together 1; 7 with what it had before" in titles[0]
