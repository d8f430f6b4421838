"""The camera: at every step of the page, what changed and what caused it are whole, readable, and the engine's."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from extensive import further
from live import until
from stepping import EXACT, GRAPHS, almost_300_nodes, least_contrast, network, neuron, steps_seen

from autograd import Value, step_through
from autograd.graph import topological_order

DESKTOP, PHONE, TABLET, LYING_PHONE = (1280, 800), (390, 844), (768, 1024), (844, 390)
SMALLEST = 10.0  # pixels of text that can be read

EVERY = [*product(GRAPHS, (DESKTOP, PHONE, TABLET, LYING_PHONE))]
FEW = [*product(("neuron", "network"), (DESKTOP, PHONE))]


def named(case: tuple[str, tuple[int, int]]) -> str:
    graph, (width, height) = case
    return f"{graph}-{width}x{height}"


def expected_focus(order: list[Value]) -> list[tuple[list[int], list[int]]]:
    """For each step the numbers of the nodes that change, and of those that cause it, by the engine's own order."""
    number = {node: i for i, node in enumerate(order)}
    steps = [([number[node]], [number[p] for p in node.parents]) for node in order if node.parents]
    steps.append(([number[order[-1]]], []))
    reached = {order[-1]}
    for node in reversed(order):
        if node in reached and node.partials:
            parents = [p for p in node.parents if not p.is_constant]
            reached.update(parents)
            steps.append(([number[p] for p in parents], [number[node]]))
    return [([], []), *steps, ([], [])]


@pytest.mark.parametrize("case", [*FEW, *further(*(case for case in EVERY if case not in FEW))], ids=named)
def test_every_step_is_in_sight(open_page: Any, case: tuple[str, tuple[int, int]]) -> None:
    graph, size = case
    root = GRAPHS[graph]()
    page = open_page(step_through(root).html, *size)
    root.backward()
    order = topological_order(root)
    focus = expected_focus(order)
    every = 4 if graph == "almost_300_nodes" and size in (TABLET, LYING_PHONE) else 1  # the pictures of the other two
    asked = sorted({*range(0, len(focus), every), len(focus) - 1})
    steps = steps_seen(page, [(i, [f"v{node}" for nodes in focus[i] for node in nodes]) for i in asked])
    gradients_known = len(order) - sum(not node.parents for node in order)  # the last forward step
    for i, step in zip(asked, steps, strict=True):
        changed, causes = focus[i]
        for node in changed + causes:
            part = step[f"v{node}"]
            assert part["whole"], (i, node)
            assert part["pixels"] >= SMALLEST, (i, node)
            assert order[node].is_constant or repr(order[node].data) == part["exact"][0]
        assert all(step[f"v{node}"]["marked"] for node in changed), i
        if i <= gradients_known:
            assert all(len(step[f"v{node}"]["exact"]) < 2 for node in changed)
    assert page.locator("#place").text_content() == f"step {len(focus) - 1} / {len(focus) - 1}"
    boxes = "#stage svg.shown g.node[data-asked]:not(.docked)"
    numbers = page.eval_on_selector_all(boxes, f"parts => parts.map({EXACT})")
    assert sorted(numbers) == sorted([repr(n.data), repr(n.grad)] for n in order if not n.is_constant)


def scale(page: Any) -> float:
    found: float = page.evaluate("document.querySelector('#stage svg.shown').getScreenCTM().a")
    return found


def place(page: Any, part: str) -> dict[str, float]:
    box: dict[str, float] = page.locator(f"#stage svg.shown [data-part={part}]").first.bounding_box()
    return box


def test_the_wheel_zooms_about_the_pointer_and_a_double_click_shows_all(open_page: Any) -> None:
    page = open_page(step_through(neuron()).html, *DESKTOP)
    at_first, before = scale(page), place(page, "v0")
    page.mouse.move(before["x"], before["y"])
    page.mouse.wheel(0, -400)
    until(page, f"document.querySelector('#stage svg.shown').getScreenCTM().a > {at_first}")
    after = place(page, "v0")
    assert scale(page) > 1.5 * at_first
    assert (after["x"], after["y"]) == pytest.approx((before["x"], before["y"]), abs=1)
    page.mouse.dblclick(30, 400)
    assert scale(page) == pytest.approx(at_first)
    assert place(page, "v0") == pytest.approx(before)


def test_drag_and_keys_move_the_picture(open_page: Any) -> None:
    page = open_page(step_through(almost_300_nodes()).html, *DESKTOP)
    page.keyboard.press("ArrowRight")
    before = place(page, "v0")
    page.mouse.move(300, 300)
    page.mouse.down()
    page.mouse.move(360, 320, steps=3)
    page.mouse.up()
    after = place(page, "v0")
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((60, 20), abs=1)
    page.keyboard.press("Shift+ArrowDown")
    assert place(page, "v0")["y"] - after["y"] == pytest.approx(-80, abs=1)
    assert page.locator("#place").text_content().startswith("step 1 /")
    for keys, larger in [("+", True), ("-", False)]:
        now = scale(page)
        page.keyboard.press(keys)
        assert (scale(page) > now) == larger
    now = scale(page)
    page.click("#larger")
    assert scale(page) > now
    page.click("#smaller")
    assert scale(page) == pytest.approx(now)
    page.keyboard.press("0")
    assert scale(page) < 0.6


def test_the_overview_moves_the_camera_and_is_there_only_when_needed(open_page: Any) -> None:
    small = open_page(step_through(neuron()).html, *DESKTOP)
    assert not small.locator("#overview").is_visible()
    page = open_page(step_through(network()).html, *DESKTOP)
    page.keyboard.press("ArrowRight")
    before = place(page, "v0")
    overview = page.locator("#overview").bounding_box()
    page.mouse.click(overview["x"] + overview["width"] * 0.7, overview["y"] + overview["height"] * 0.4)
    assert place(page, "v0")["x"] < before["x"] - 500


def test_two_fingers_zoom(open_page: Any) -> None:
    page = open_page(step_through(neuron()).html, *PHONE)
    before = scale(page)
    page.evaluate("""() => {
      const stage = document.querySelector("#stage");
      const touch = (kind, pointerId, clientX, clientY) =>
        stage.dispatchEvent(new PointerEvent(kind, { pointerId, clientX, clientY, bubbles: true }));
      touch("pointerdown", 1, 150, 200); touch("pointerdown", 2, 200, 200);
      stage.setPointerCapture = () => {};
      touch("pointermove", 2, 250, 200);
      touch("pointerup", 1, 150, 200); touch("pointerup", 2, 250, 200);
    }""")
    assert scale(page) == pytest.approx(2 * before)


def test_the_stage_is_upright_on_a_tall_screen_and_turns_with_it(open_page: Any) -> None:
    page = open_page(step_through(neuron()).html, *PHONE)
    above, below = place(page, "v0"), place(page, "v8")
    assert above["y"] < below["y"] - 40
    page.set_viewport_size({"width": 1280, "height": 300})
    left = "document.querySelector('#stage svg.shown [data-part={}]').getBoundingClientRect().left"
    until(page, f"{left.format('v0')} < {left.format('v8')} - 40", 30)  # once the page knows of its new size


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
def test_a_direction_that_is_asked_for_is_kept(open_page: Any, rankdir: str) -> None:
    page = open_page(step_through(neuron(), rankdir).html, *PHONE)
    assert page.locator("#stage > svg").count() == 1
    leaf, root = place(page, "v0"), place(page, f"v{len(topological_order(neuron())) - 1}")
    across, down = root["x"] - leaf["x"], root["y"] - leaf["y"]
    direction = ("LR" if across > 0 else "RL") if abs(across) > abs(down) else ("TB" if down > 0 else "BT")
    assert direction == rankdir


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_stands_out_from_its_ground(open_page: Any, dark: bool) -> None:
    page = open_page(step_through(neuron()).html, *DESKTOP, dark)
    for step in (0, 3, 8, 12):
        page.locator("#slider").fill(str(step))
        ratio, text = least_contrast(page)
        assert ratio >= 4.5, text
