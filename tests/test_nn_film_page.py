"""The training film in a real browser: every control and key, and the numbers on the page."""

import numpy as np
import pytest
from films import content, recorded_rings

from nn import MLP, SGD, Trainer, cross_entropy


@pytest.fixture(scope="module")
def film():
    return recorded_rings(epochs=4)[1].film("Rings", ["left", "right"], ["near", "far"])


def place(page):
    return page.text_content("#place")


def label_after_play(page):
    """What the button says right after a click on it: no frame can come between the two."""
    return page.evaluate("() => { $('play').click(); return $('play').getAttribute('aria-label'); }")


def number(text):
    return float(text.replace("−", "-"))


def facts(page):
    return dict(
        zip(page.locator("#facts dt").all_text_contents(), page.locator("#facts dd").all_text_contents(), strict=True)
    )


def test_every_button(open_page, film):
    page = open_page(film.html)
    assert place(page) == "epoch 0 / 4"
    assert page.is_disabled("#first")
    assert page.is_disabled("#back")
    for button, shown in [("next", 1), ("next", 2), ("back", 1), ("last", 4), ("first", 0)]:
        page.click(f"#{button}")
        assert place(page) == f"epoch {shown} / 4", button
    page.click("#last")
    assert page.is_disabled("#next")
    assert page.is_disabled("#last")
    page.fill("#slider", "3")
    assert place(page) == "epoch 3 / 4"
    assert page.text_content("#heading") == "Epoch 3"


@pytest.mark.parametrize("speed", ["0.5", "1", "2", "6"])
def test_playing_ends_at_the_last_epoch(open_page, film, speed):
    page = open_page(film.html)
    page.select_option("#speed", speed)
    assert label_after_play(page) == "Pause"
    page.locator("#place", has_text="epoch 4 / 4").wait_for(timeout=5000)
    page.locator("#play[aria-label=Play]").wait_for(timeout=5000)
    assert page.text_content("#live").startswith("Epoch 4.")
    assert label_after_play(page) == "Pause"  # from the start again
    assert label_after_play(page) == "Play"


def test_every_key(open_page, film):
    page = open_page(film.html)
    for key, shown in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 4), ("Home", 0)]:
        page.keyboard.press(key)
        assert place(page) == f"epoch {shown} / 4", key
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-label") == "Play"


def test_everything_is_reached_by_keyboard_alone(open_page, film):
    page = open_page(film.html)
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName.toLowerCase()"))
    assert reached >= {"stage", "panel", "sample", "shade", "summary", "play", "next", "last", "slider", "speed"}
    page.focus("details:last-of-type summary")
    page.keyboard.press("Space")
    assert page.is_visible("#legend")
    page.focus("#sample")
    page.keyboard.press("ArrowDown")
    assert place(page) == "epoch 0 / 4"
    assert page.input_value("#sample") == "1"


def test_the_numbers_on_the_page_are_those_of_the_engine(open_page, film):
    data = content(film)
    page = open_page(film.html)
    assert len(page.locator("#sample option").all()) == 12
    for epoch in (0, 4):
        page.fill("#slider", str(epoch))
        frame = data["frames"][epoch]
        for i, sample in enumerate(frame["samples"]):
            page.select_option("#sample", str(i))
            told = facts(page)
            assert number(told["Mean loss"]) == pytest.approx(frame["loss"]["losses"][0], rel=5e-4)
            assert number(told["… held out"]) == pytest.approx(frame["loss"]["losses"][1], rel=5e-4)
            assert number(told["Output"]) == pytest.approx(sample["outputs"][0], rel=5e-4)
            assert number(told["Its loss"]) == pytest.approx(sample["loss"], rel=5e-4)
            assert told["… read as"] == sample["words"]
            assert told["Target"] == data["samples"]["targets"][i]
            for column, kind in enumerate(["nodes", "gradients"], 1):
                cells = page.locator(f"#neurons td:nth-of-type({column})").all_text_contents()
                assert [number(cell) for cell in cells] == pytest.approx(sample[kind], rel=1e-12)
    assert page.locator("#neurons th").all_text_contents()[2] == "layers[0].neurons[0]"


def test_every_minus_is_a_true_one(open_page, film):
    assert open_page(film.html).evaluate("text(-1.25e-7)") == "−1.25e−7"


def test_weights_are_widths_and_signs_are_dashes(open_page, film):
    data = content(film)
    page = open_page(film.html)
    page.keyboard.press("End")
    lines = page.eval_on_selector_all(
        "#network line",
        "lines => lines.map(l => [Number(l.getAttribute('stroke-width')), getComputedStyle(l).strokeDasharray])",
    )
    weights = data["frames"][-1]["network"]
    for weight, (width, dashes) in zip(weights, lines, strict=True):
        assert width == pytest.approx(0.4 + 5 * abs(weight) / data["network"]["largest"], abs=0.006)
        assert (dashes == "none") == (weight >= 0)


def test_neurons_are_filled_by_activation_or_gradient(open_page, film):
    page = open_page(film.html)
    fills = "fills => fills.map(f => [f.getAttribute('fill-opacity'), f.getAttribute('class')])"
    activations = page.eval_on_selector_all("#network .fill", fills)
    nodes = content(film)["frames"][0]["samples"][0]["nodes"]
    assert [kind == "fill negative" for _, kind in activations] == [node < 0 for node in nodes]
    page.select_option("#shade", "gradients")
    assert page.eval_on_selector_all("#network .fill", fills) != activations
    page.select_option("#sample", "3")
    x, y = content(film)["samples"]["at"][3]
    assert page.get_attribute("#ring", "transform") == f"translate({x},{y})"


def test_the_charts_follow_the_epoch(open_page, film):
    page = open_page(film.html)
    assert page.locator("#flow .size").all_text_contents() == ["–"] * 3
    for epoch in (1, 4):
        page.fill("#slider", str(epoch))
        frame = content(film)["frames"][epoch]
        shown = [number(text) for text in page.locator("#flow .size").all_text_contents()]
        assert shown == pytest.approx(frame["flow"]["sizes"], rel=1e-12)
        point = page.locator("#loss .now").first
        assert [float(point.get_attribute(name)) for name in ("cx", "cy")] == [
            frame["loss"]["x"],
            frame["loss"]["y"][0],
        ]


def test_the_boundary_is_drawn_where_the_bytes_change_sides(open_page, film):
    page = open_page(film.html)
    page.keyboard.press("End")
    pixels = np.array(page.evaluate("[...$('shades').getContext('2d').getImageData(0, 0, 400, 400).data]"))
    pixels = pixels.reshape(400, 400, 4)
    sides = {tuple(pixels[y, x, :3] > pixels[y, x, 2]) for y, x in [(0, 0), (199, 199)]}
    assert len(sides) == 2  # blue outside, orange inside, or the other way round
    assert (pixels[:, :, :3].max(axis=2) < 60).any()  # and a line in ink between them


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_nothing_is_wider_than_the_window(open_page, film, width, height, dark):
    page = open_page(film.html, width, height, dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("network", "plane", "loss", "flow", "sample", "play", "slider"):
        box = page.locator(f"#{name}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width + 1
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") is not dark
    page.emulate_media(color_scheme="light" if dark else "dark")
    assert (page.evaluate("getComputedStyle(document.body).backgroundColor") == paper) is False


def test_names_run_nothing_and_appear_as_text(open_page):
    nasty = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a\"b'c&amp;d"]
    model = MLP(3, [3], seed=0)
    trainer = Trainer(model, cross_entropy, SGD(model.parameters(), 0.1))
    page = open_page(trainer.fit(np.eye(3), np.eye(3), epochs=1, record=True).film(nasty[0], nasty, nasty).html)
    assert page.text_content("h1") == nasty[0]
    page.select_option("#sample", "1")
    assert facts(page)["Target"] == nasty[1]
    assert nasty[2] in page.text_content("#network")
    assert page.locator("#neurons th").all_text_contents()[:3] == nasty
    assert page.locator("img").count() == 0


def test_a_click_on_a_point_follows_it(open_page, film):
    page = open_page(film.html)
    at = content(film)["samples"]["at"]
    for i in (len(at) - 1, 0, len(at) // 2):
        box = page.locator(".plot svg").bounding_box()
        view = [float(x) for x in page.get_attribute(".plot svg", "viewBox").split()]
        x, y = (at[i][k] / view[2 + k] * box[size] + box[corner] for k, (size, corner) in enumerate(
            [("width", "x"), ("height", "y")]))  # fmt: skip
        page.mouse.click(x, y)
        chosen = int(page.input_value("#sample"))
        assert at[chosen] == at[i]
        assert page.get_attribute("#ring", "transform") == f"translate({at[i][0]:g},{at[i][1]:g})"


def test_every_edge_says_its_weight(open_page):
    model, history = recorded_rings(epochs=2)
    page = open_page(history.film().html)
    page.keyboard.press("End")
    said = dict(text.split(" = ") for text in page.locator("#network line title").all_text_contents())
    weights = {name: value for name, value in model.state_dict().items() if "weights" in name}
    assert said.keys() == weights.keys()
    assert all(number(said[name]) == pytest.approx(float(value), rel=5e-4) for name, value in weights.items())


def test_gradients_are_seen_at_the_last_epoch_too(open_page, film):
    page = open_page(film.html)
    page.keyboard.press("End")
    page.select_option("#shade", "epoch")
    frame, names = content(film)["frames"][-1], content(film)["samples"]["columns"]
    largest = content(film)["samples"]["largestGradients"][-1]
    start = 0
    for (_, indices), expected in zip(names, largest, strict=True):
        found = max(abs(s["gradients"][i]) for s in frame["samples"] for i in range(start, start + len(indices)))
        assert found == expected
        start += len(indices)


@pytest.mark.parametrize("size", [(1280, 800), (960, 640)], ids=["desktop", "notebook"])
def test_all_charts_are_in_sight(open_page, size):
    page = open_page(recorded_rings(sizes=(16, 16, 1), epochs=2)[1].film().html, *size)
    bar = page.locator("#bar").bounding_box()["y"]
    for chart in ("#network", ".plot", "#loss", "#flow"):
        box = page.locator(chart).bounding_box()
        assert box["y"] + box["height"] <= bar, chart
