"""The training film in a real browser: every control and key, and the numbers on the page."""

import base64
import html
import io
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from extensive import further
from films import content, followed_rows, recorded_rings, rings, samples_of
from live import on_edge, until
from matplotlib.image import imread

import autograd
import nn
from autograd import Value, grad
from nn import MLP, SGD, Adam, Module, Trainer, binary_cross_entropy, cross_entropy, mse


@pytest.fixture(scope="module")
def film():
    return recorded_rings(epochs=4)[1].film("Rings", ["left", "right"], ["near", "far"])


def images(hidden, classes):
    """A training on pictures of 4 x 4 pixels."""
    rows = np.random.default_rng(0).integers(0, 17, (20, 16)).astype(float)
    model, targets = MLP(16, [hidden, classes], "tanh", seed=0), np.eye(classes)[np.arange(20) % classes]
    trainer = Trainer(model, cross_entropy, SGD(model.parameters(), 0.1))
    return trainer.fit(rows, targets, epochs=2, held_out=(rows, targets), record=True).film("Digits")


@pytest.fixture(scope="module")
def digits():
    return images(5, 3)


@pytest.fixture(scope="module")
def ten_digits():
    return images(16, 10)


@pytest.fixture(scope="module")
def sixteen():
    """As many neurons as the example of the two moons has."""
    return recorded_rings(sizes=(16, 16, 1), epochs=2)[1].film()


class Wave(Module):
    """No MLP."""

    def __init__(self):
        self.height, self.pace = Value(1.0), Value(2.0)

    def __call__(self, inputs):
        return [self.height * (self.pace * inputs[0]).sin()]


@pytest.fixture(scope="module")
def wave():
    model, x = Wave(), np.linspace(-1, 1, 20)
    trainer = Trainer(model, mse, Adam(model.parameters(), 0.05))
    return trainer.fit(x[:, None], 1.5 * np.sin(2.2 * x), epochs=4, record=True).film("Wave")


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


@pytest.mark.parametrize("speed", ["1", "6", *further("0.5", "2")])
def test_playing_ends_at_the_last_epoch(open_page, film, speed):
    page = open_page(film.html)
    page.select_option("#speed", speed)
    assert label_after_play(page) == "Pause"
    page.locator("#place", has_text="epoch 4 / 4").wait_for()
    page.locator("#play[aria-label=Play]").wait_for()
    assert page.text_content("#live").startswith("Epoch 4.")
    assert label_after_play(page) == "Pause"  # from the start again
    assert label_after_play(page) == "Play"


def test_every_key(open_page, film):
    page = open_page(film.html)
    for key, shown in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 4), ("Home", 0)]:
        page.keyboard.press(key)
        assert place(page) == f"epoch {shown} / 4", key
    page.select_option("#speed", "0.5")  # it is still playing when it is asked
    page.focus("#stage")
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-label") == "Play"


def columns_of(epoch, row):
    """What the engine says of a row after an epoch: the model, its columns, the loss, and what the row is."""
    model = recorded_rings(epochs=epoch)[0] if epoch else MLP(2, [4, 3, 1], "tanh", seed=1)
    inputs, targets = rings()
    found = [[Value(number) for number in inputs[row]]]
    for layer in model.layers:
        found.append(layer(found[-1]))
    return model, found, binary_cross_entropy(found[-1], [targets[row]])


def colour(page, name):
    """One of the page's colours, as three numbers."""
    return np.array(page.evaluate("name => colourOf(name)", name))


def pixels(page, selector):
    """What a canvas shows: (height, width, 3), from 0 to 255."""
    url = page.eval_on_selector(selector, "canvas => canvas.toDataURL()")
    picture = imread(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    return np.rint(255 * picture[:, :, :3].astype(float))


def test_everything_is_reached_by_keyboard_alone(open_page, film):
    page = open_page(film.html)
    reached = set()
    for _ in range(24):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(e => e.id || (e.classList.contains('mark') && 'point') || e.getAttribute('class')"
                " || e.tagName.toLowerCase())(document.activeElement)"
            )
        )
    wanted = "stage panel sample shade scale summary play next last slider speed neuron point"
    assert reached >= set(wanted.split())
    page.focus("#panel > details summary")
    page.keyboard.press("Space")
    assert page.is_visible("#legend")
    page.focus("#sample")
    page.keyboard.press("ArrowDown")
    assert place(page) == "epoch 0 / 4"
    assert page.input_value("#sample") == "1"


def test_arrows_lead_from_neuron_to_neuron_and_from_point_to_point(open_page, film):
    page = open_page(film.html)
    for name, count in ((".neuron", 10), (".mark.followed", 12)):
        page.focus(f'{name}[tabindex="0"]')
        labels = [page.evaluate("document.activeElement.getAttribute('aria-label')")]
        for _ in range(count):  # the last leads nowhere
            page.keyboard.press("ArrowDown")
            labels.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        assert labels[-1] == labels[-2]
        assert labels[:-1] == page.eval_on_selector_all(name, "all => all.map(e => e.getAttribute('aria-label'))")
        page.keyboard.press("ArrowUp")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == labels[-3]
        page.keyboard.press("ArrowRight")  # these are the player's
    assert place(page) == "epoch 2 / 4"


def test_the_numbers_on_the_page_are_those_of_the_engine(open_page, film):
    data = content(film)
    page = open_page(film.html)
    assert len(page.locator("#sample option").all()) == 12
    for epoch in (0, 4):
        page.fill("#slider", str(epoch))
        losses = data["frames"][epoch]["loss"]["values"]
        for i, row in enumerate(followed_rows(data)):
            page.select_option("#sample", str(i))
            _, columns, loss = columns_of(epoch, row)
            nodes, told = [node for column in columns for node in column], facts(page)
            assert [number(told["Mean loss"]), number(told["… held out"])] == pytest.approx(losses, rel=5e-4)
            assert number(told["Output"]) == pytest.approx(nodes[-1].data, rel=5e-4)
            assert number(told["Its loss"]) == pytest.approx(loss.data, rel=5e-4)
            assert told["… read as"] == samples_of(data, epoch)[i]["words"][0]
            assert told["Target"] == data["specs"]["followed"]["targets"][i]
            assert re.findall(r"left = (\S+), right = (\S+)", told["Input"])[0] == tuple(
                page.evaluate("numbers => numbers.map(text)", rings()[0][row].tolist())
            )
            for column, wanted in enumerate([[node.data for node in nodes], grad(loss, nodes)], 1):
                cells = page.locator(f"#neurons td:nth-of-type({column})").all_text_contents()
                assert [number(cell) for cell in cells] == pytest.approx(wanted, rel=5e-4)
    assert page.locator("#neurons th").all_text_contents()[:3] == ["left", "right", "layers[0].neurons[0]"]


SUM = re.compile(r"([+−=]) ([^ ·]+)(?: · \(?([^ ()]+)\)?)?")


def read_sum(page):
    """The sum that is written out: bias, weights, inputs, what they come to before and after the activation, slope."""
    sum_line, activation, slope = (line.replace("\xa0", " ") for line in page.locator("#sum p").all_text_contents())
    (_, bias, _), *terms, (_, total, _) = SUM.findall(sum_line)
    weights = [number(weight) * (-1 if sign == "−" else 1) for sign, weight, _ in terms]
    inputs = [number(x) for _, _, x in terms]
    return number(bias), weights, inputs, number(total), number(activation.split()[-1]), number(slope.split()[-1])


@pytest.mark.parametrize("choose", ["click", "Enter", "Space"])
def test_a_followed_neuron_has_its_sum_written_out_at_each_epoch(open_page, film, choose):
    page = open_page(film.html)
    names = page.locator("#neurons th").all_text_contents()
    rows = followed_rows(content(film))
    for j, (layer, i), epoch, sample in [(2, (0, 0), 0, 0), (7, (1, 1), 2, 5), (9, (2, 0), 4, 11)]:
        mark = page.locator(".neuron").nth(j)
        if choose == "click":
            mark.click()
        else:
            mark.focus()
            page.keyboard.press(choose)
        assert mark.get_attribute("aria-pressed") == "true"
        page.fill("#slider", str(epoch))
        page.select_option("#sample", str(sample))
        page.select_option("#shade", "gradients")
        page.emulate_media(color_scheme="dark")
        model, columns, loss = columns_of(epoch, rows[sample])
        neuron, a = model.layers[layer].neurons[i], columns[layer + 1][i]
        bias, weights, inputs, total, activation, slope = read_sum(page)
        assert page.text_content("#sum h3") == names[j]
        assert bias == pytest.approx(neuron.bias.data, rel=5e-4)
        assert weights == pytest.approx([w.data for w in neuron.weights], rel=5e-4)
        assert inputs == pytest.approx([x.data for x in columns[layer]], rel=5e-4)
        z = neuron.bias.data + sum(w.data * x.data for w, x in zip(neuron.weights, columns[layer], strict=True))
        assert total == pytest.approx(z, rel=5e-4)
        assert activation == pytest.approx(a.data, rel=5e-4)
        assert slope == pytest.approx(grad(loss, [a])[0], rel=5e-4)
        assert page.locator("#sum p").all_text_contents()[1].startswith("a = z" if layer == 2 else "a = tanh(z)")


def test_a_sum_says_how_many_of_its_terms_are_not_shown(open_page, digits):
    page = open_page(digits.html)
    page.locator(".neuron").first.click()
    assert "+ … (16 more)" in page.locator("#sum p").first.text_content().replace("\xa0", " ")


def test_edges_say_their_weights_on_hover_and_on_focus(open_page, film):
    model, _ = recorded_rings(epochs=4)
    page = open_page(film.html)
    page.keyboard.press("End")
    assert page.locator(".numbers text").count() == 0
    for j, (layer, i) in {2: (0, 0), 7: (1, 1), 9: (2, 0)}.items():
        weights = [w.data for w in model.layers[layer].neurons[i].weights]
        mark = page.locator(".neuron").nth(j)
        for look in (mark.focus, mark.hover):
            look()
            shown = [number(text) for text in page.locator(".numbers text").all_text_contents()]
            assert shown == pytest.approx(weights, rel=5e-4)
            assert page.locator(".card div div").first.text_content() == f"layers[{layer}].neurons[{i}]"
        page.locator("h1").hover()
        page.evaluate("document.activeElement.blur()")
        assert page.locator(".numbers text").count() == 0
        assert page.is_hidden(".card")
    page.mouse.move(*on_edge(page, 1, 4, 0.9))
    name, value = page.text_content(".card").split(" = ")
    assert name == "layers[0].neurons[2].weights[1]"
    assert number(value) == pytest.approx(model.state_dict()[name], rel=5e-4)
    assert [number(text) for text in page.locator(".numbers text").all_text_contents()] == [number(value)]


def test_numbers_that_are_looked_at_follow_the_epoch(open_page, film):
    page = open_page(film.html)
    page.locator(".neuron").nth(2).focus()
    for epoch in range(5):
        model, _, _ = columns_of(epoch, 0)
        shown = [number(text) for text in page.locator(".numbers text").all_text_contents()]
        assert shown == pytest.approx([w.data for w in model.layers[0].neurons[0].weights], rel=5e-4)
        page.keyboard.press("ArrowRight")


def test_every_minus_is_a_true_one(open_page, film):
    page = open_page(film.html)
    assert page.evaluate("[-1.25e-7, -0.5, 0.001, 0.00099994, 123456].map(text)") == [
        "−1.25e−7", "−0.5", "0.001", "9.999e−4", "123500"
    ]  # fmt: skip


STROKES = """
() => {
  const { prototype } = CanvasRenderingContext2D, before = { ...Object.getOwnPropertyDescriptors(prototype) };
  const spied = (name, spy) => prototype[name] = function (...all) {
    if (this.canvas.closest("#network")) spy(this, all);
    return before[name].value.apply(this, all);
  };
  spied("clearRect", () => window.strokes = []);
  spied("moveTo", (context, from) => context.ends = from);
  spied("lineTo", (context, to) => context.ends = [...context.ends, ...to]);
  spied("stroke", (context) => strokes.push([...context.ends, context.lineWidth, context.getLineDash().length > 0,
    context.globalAlpha, context.strokeStyle]));
}
"""


def test_weights_are_widths_and_signs_are_dashes(open_page, film):
    data = content(film)
    page = open_page(film.html)
    page.evaluate(STROKES)
    page.keyboard.press("End")
    neurons = [neuron for layer in recorded_rings(epochs=4)[0].layers for neuron in layer.neurons]
    weights = [weight.data for neuron in neurons for weight in neuron.weights]
    (largest,) = data["frames"][-1]["network"]["largest"]
    assert largest == max(abs(w) for frame in data["frames"] for w in frame["network"]["weights"])
    colours = ["#" + bytes(map(int, colour(page, sign))).hex() for sign in ("positive", "negative")]
    lines = page.evaluate("strokes")
    box = page.locator("#network .plot").bounding_box()
    layers = [range(2), range(2, 6), range(6, 9), range(9, 10)]
    pairs = [(start, end) for before, after in pairwise(layers) for end in after for start in before]
    for weight, pair, line in zip(weights, pairs, lines, strict=True):
        share = abs(weight) / largest
        ends = [number for at in (0, 1) for number in on_edge(page, *pair, at)]
        assert line[:4] == pytest.approx([ends[k] - box["xy"[k % 2]] for k in range(4)], abs=0.2)
        assert line[4] == pytest.approx(0.4 + 5 * share, rel=1e-3)  # weights are sent with four digits
        assert line[5] == (weight < 0)
        assert line[6] == pytest.approx(0.2 + 0.8 * math.sqrt(share), rel=1e-3)
        assert line[7] == colours[weight < 0]
    page.locator(".neuron").nth(2).focus()  # whose two weights are seen before all others
    seen = ["layers[0].neurons[0]" in name for name in recorded_rings(epochs=4)[0].state_dict() if "bias" not in name]
    alphas = [line[6] for line in page.evaluate("strokes")]
    assert alphas == pytest.approx([1.0 if is_seen else 0.1 for is_seen in seen])


@pytest.mark.parametrize("scale", ["epoch", "all"])
@pytest.mark.parametrize("shade", ["nodes", "gradients"])
def test_neurons_are_filled_by_what_was_chosen_compared_with_what_was_chosen(open_page, film, shade, scale):
    data = content(film)
    page = open_page(film.html)
    page.select_option("#shade", shade)
    page.select_option("#scale", scale)
    places = [slice(0, 2), slice(2, 6), slice(6, 9), slice(9, 10)]
    for epoch in (0, 4):
        page.fill("#slider", str(epoch))
        fills = page.eval_on_selector_all(
            ".fill", "all => all.map(f => [Number(f.getAttribute('fill-opacity')), f.classList.contains('negative')])"
        )
        epochs = [epoch] if scale == "epoch" else range(5)
        everyone = [sample[shade] for e in epochs for sample in samples_of(data, e)]
        for column in places:
            full = max(abs(x) for sample in everyone for x in sample[column])
            for (opacity, is_negative), x in zip(fills[column], samples_of(data, epoch)[0][shade][column], strict=True):
                assert opacity == pytest.approx((abs(x) / full) ** (1 if shade == "nodes" else 0.25), abs=6e-4)
                assert is_negative == (x < 0)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("scale", ["epoch", *further("all")])
def test_a_neurons_picture_is_large_where_it_is_looked_at(open_page, film, dark, scale):
    data = content(film)
    side = data["specs"]["network"]["edge"]
    page = open_page(film.html, dark=dark)
    page.select_option("#scale", scale)
    page.fill("#slider", "3")
    paper, negative, positive = (colour(page, name) for name in ("paper", "negative", "positive"))
    frames = [frame["network"] for frame in data["frames"]]
    canvas = pixels(page, "#network .plot > canvas")
    for j, column in [(2, 0), (7, 1), (9, 2)]:
        page.locator(".neuron").nth(j).focus()
        shown = pixels(page, ".card canvas")
        full = max(frame["full"]["pictures"][column] for frame in (frames if scale == "all" else frames[3:4]))
        numbers = (frames[3]["pictures"][(j - 2) * side**2 :][: side**2].reshape(side, side) - 128.0) / 127.0
        shares = numbers[:, :, np.newaxis] * frames[3]["full"]["pictures"][column] / full
        wanted = paper + np.minimum(np.abs(shares), 1) ** 0.8 * (np.where(shares < 0, negative, positive) - paper)
        np.testing.assert_allclose(shown, wanted, atol=1.01)
        box = page.locator(".neuron").nth(j).evaluate("e => ['x', 'y', 'width'].map((k) => e[k].baseVal.value)")
        x, y = (round(box[k] + box[2] / 2) for k in (0, 1))
        np.testing.assert_allclose(canvas[y, x], wanted[side // 2, side // 2], atol=25)
        assert f"full colour ±{page.evaluate('text', full)}" in page.text_content(".card")


def test_an_image_is_shown_and_so_are_the_bars_of_its_classes(open_page, digits):
    data = content(digits)
    page = open_page(digits.html)
    page.keyboard.press("End")
    for i in (0, 7):
        page.select_option("#sample", str(i))
        shown = pixels(page, "#network .plot > canvas")
        image = np.array(samples_of(data)[i]["inputs"]).reshape(4, 4) / 16
        paper, ink = colour(page, "paper"), colour(page, "ink")
        box = page.locator("#network .plot").bounding_box()
        whole, middle = min(120, 0.3 * box["width"]), (22 + box["height"]) / 2
        for row, column in np.ndindex(4, 4):
            x, y = max(whole / 2, 26) + (column - 1.5) * whole / 4, middle + (row - 1.5) * whole / 4
            np.testing.assert_allclose(shown[int(y), int(x)], paper + image[row, column] * (ink - paper), atol=2)
        bars = data["frames"][-1]["classes"]["rows"]
        values = [number(text) for text in page.locator("#classes .size").all_text_contents()]
        assert values == pytest.approx(bars["values"][3 * i : 3 * i + 3], rel=1e-12)
        widths = [float(bar.get_attribute("width")) for bar in page.locator("#classes .bar").all()]
        assert np.array(widths) / sum(widths) == pytest.approx(np.array(values) / sum(values), rel=1e-6)
        assert page.locator("#classes .target").text_content() == f"class {bars['target'][i]}"


def test_a_model_that_is_no_mlp_has_curves_of_its_parameters(open_page, wave):
    data = content(wave)
    page = open_page(wave.html)
    assert page.locator("#network").count() == 0
    for epoch in (0, 2, 4):
        page.fill("#slider", str(epoch))
        labels = page.locator("#parameters .key").all_text_contents()
        shown = {name: number(text) for name, text in (label.split() for label in labels)}
        wanted = data["frames"][epoch]["parameters"]["values"]
        assert shown == pytest.approx(dict(zip(["height", "pace"], wanted, strict=True)), rel=1e-12)
    for name in ("height", "pace"):
        (curve,) = (c for c in data["specs"]["parameters"]["curves"] if c["name"] == name)
        assert curve["ys"] == pytest.approx(
            [f["parameters"]["values"][name == "pace"] for f in data["frames"]], rel=5e-4
        )


def test_axes_have_the_limits_and_ticks_that_python_gave(open_page, film):
    data = content(film)
    page = open_page(film.html)
    for name in ("plane", "loss"):
        for axis in "xy":
            spec = data["specs"][name][axis]
            ticks = page.locator(f"#{name} .tick").all_text_contents()
            texts = page.evaluate("numbers => numbers.map(text)", spec["ticks"])
            assert set(texts) <= set(ticks)
            assert spec["name"] in [*ticks, ""]
    x, y = (data["specs"]["plane"][axis] for axis in "xy")
    box = page.locator("#plane .plot > canvas").bounding_box()
    outer = page.locator("#plane .plot").bounding_box()
    points = data["specs"]["plane"]["points"][-1]
    for i, mark in enumerate(page.locator("#plane .followed").all()):
        at = [float(number) for number in re.findall(r"translate\((\S+),(\S+)\)", mark.get_attribute("transform"))[0]]
        share = (points["x"][i] - x["low"]) / (x["high"] - x["low"])
        assert at[0] + outer["x"] - box["x"] == pytest.approx(share * box["width"], abs=0.1)
        share = (points["y"][i] - y["low"]) / (y["high"] - y["low"])
        assert box["y"] + box["height"] - at[1] - outer["y"] == pytest.approx(share * box["height"], abs=0.1)


def test_the_charts_follow_the_epoch(open_page, film):
    data = content(film)
    page = open_page(film.html)
    assert page.locator("#flow .size").all_text_contents() == ["–"] * 3
    y = data["specs"]["loss"]["y"]
    inner = page.locator("#loss svg svg")
    top, height = (float(inner.get_attribute(name)) for name in ("y", "height"))
    for epoch in (1, 4):
        page.fill("#slider", str(epoch))
        frame = data["frames"][epoch]
        shown = [number(text) for text in page.locator("#flow .size").all_text_contents()]
        assert shown == pytest.approx(frame["flow"]["values"], rel=1e-12)
        at = page.locator("#loss .now").first.get_attribute("transform")
        share = math.log(frame["loss"]["values"][0] / y["low"]) / math.log(y["high"] / y["low"])
        assert float(at.strip(")").split()[-1]) == pytest.approx(top + height * (1 - share), abs=1e-6)


@pytest.mark.parametrize("epoch", [0, 4])
def test_the_boundary_is_smooth_and_where_the_network_changes_its_mind(open_page, film, epoch):
    model, _, _ = columns_of(epoch, 0)
    plane = content(film)["specs"]["plane"]
    page = open_page(film.html)
    page.fill("#slider", str(epoch))
    shown, ink = pixels(page, "#plane canvas"), colour(page, "ink")
    height, width, _ = shown.shape
    (x, y), low = (plane["x"], plane["y"]), [plane["x"]["low"], plane["y"]["high"]]
    span = np.array([x["high"] - x["low"], y["low"] - y["high"]]) / [width, height]

    def output(point):
        return model(np.array(low) + point * span)[0].data

    rows, columns = np.nonzero(np.abs(shown - ink).max(axis=2) < 60)  # wholly of the line
    points = np.stack([columns, rows], axis=1) + 0.5
    assert len(points) > 100
    for point in points[:: len(points) // 20]:
        slope = [output(point + step) - output(point - step) for step in np.eye(2) / 2]
        assert abs(output(point)) <= 1.3 * np.hypot(*slope)  # it is little more than a pixel away
    for row in np.linspace(0, height - 1, 9)[1:-1].round() + 0.5:  # and wherever the sign changes is a line
        at = np.arange(0.5, width, 4.0)
        signs = np.sign([output(np.array([column, row])) for column in at])
        for i in np.flatnonzero(signs[1:] != signs[:-1]):
            around = shown[int(row) - 1 : int(row) + 2, max(int(at[i]) - 1, 0) : int(at[i]) + 6]
            assert np.abs(around - ink).max(axis=2).min() < 60


def test_the_plane_has_the_colours_of_the_classes(open_page, film):
    page = open_page(film.html)
    page.keyboard.press("End")
    data = content(film)
    field, shown = data["frames"][-1]["plane"]["field"] / 255, pixels(page, "#plane canvas")
    paper, classes = colour(page, "paper"), np.array([colour(page, name) for name in ("k0", "k1")])
    lead = np.abs(2 * field - 1)[:, np.newaxis]
    wanted = paper + (0.1 + 0.42 * lead) * (classes[(field >= 0.5).astype(int)] - paper)
    side, (height, width, _) = data["specs"]["plane"]["field"]["side"], shown.shape
    row, column = np.indices((side, side)) / (side - 1)
    at = shown[(row * (height - 1)).round().astype(int), (column * (width - 1)).round().astype(int)]
    is_second = np.pad((field >= 0.5).reshape(side, side), 1, mode="edge")
    around = [is_second[i : i + side, j : j + side] for i, j in np.ndindex(3, 3)]
    is_clear = np.all(around, axis=0) | ~np.any(around, axis=0)  # of the line between the classes
    assert 0.8 < is_clear.mean() < 1
    np.testing.assert_allclose(at[is_clear], wanted.reshape(side, side, 3)[is_clear], atol=5)


@pytest.mark.parametrize("kind", ["film", *further("digits", "wave")])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_nothing_is_wider_than_the_window(open_page, request, kind, width, height):
    page = open_page(request.getfixturevalue(kind).html, width, height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    parts = edges(page, "figure, select, #play, #slider")
    assert len(parts) >= 5
    assert [part for part in parts if part["left"] < 0 or part["right"] > width + 1] == []
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(paper) != "rgb(255, 255, 255)"


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


def test_a_click_on_a_point_follows_it_and_so_does_enter(open_page, film):
    page = open_page(film.html)
    points = page.locator("#plane .followed")
    for i in (11, 0, 6):
        points.nth(i).click(force=True)
        assert page.input_value("#sample") == str(i)
        at = points.nth(i).get_attribute("transform").removesuffix(" scale(1.5)")
        assert page.get_attribute(".ring", "transform") == at
        assert [mark.get_attribute("aria-pressed") for mark in points.all()].index("true") == i
        points.nth(3).focus()
        page.keyboard.press("Enter")
        assert page.input_value("#sample") == "3"


@pytest.mark.parametrize("size", [(1280, 800), *further((800, 640))], ids=["desktop", "notebook"])
@pytest.mark.parametrize("kind", ["film", "digits", "ten_digits", "wave", "sixteen"])
def test_all_charts_are_in_sight_with_their_axes(open_page, request, kind, size):
    film = request.getfixturevalue(kind)
    width, height = size
    frame = f'<iframe srcdoc="{html.escape(film.html)}" width="{width}" height="{height}" style="border:0">'
    page = open_page(f'<body style="margin:0">{frame}', width, height).frames[1]
    page.wait_for_selector("figure svg")
    bar = page.locator("#bar").bounding_box()["y"]
    texts = [text for text in edges(page, "figure text, figcaption") if text["text"]]
    assert [text for text in texts if text["bottom"] > bar or text["right"] > width] == []
    figures, captions, plots = (edges(page, part) for part in ("figure", "figure figcaption", "figure .plot > svg"))
    for figure, caption, plot in zip(figures, captions, plots, strict=True):  # none stands on another
        assert caption["bottom"] <= plot["top"] + 0.5
        assert plot["bottom"] <= figure["bottom"] + 0.5
    if kind == "sixteen":
        sizes = [mark["bottom"] - mark["top"] for mark in edges(page, ".neuron")]
        assert min(sizes) >= 18  # pixels: pictures that can be told apart


def edges(page, selector):
    """Where each of some elements lies, in pixels, and what it says."""
    return page.eval_on_selector_all(
        selector,
        """all => all.map((e) => {
          const { top, bottom, left, right } = e.getBoundingClientRect();
          return { top, bottom, left, right, text: e.textContent };
        })""",
    )


CONTRASTS = """() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = (colour) => channels(colour).slice(0, 3).map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + [0.2126, 0.7152, 0.0722][i] * c, 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor, [, , , alpha = 1] = channels(colour);
      if (alpha === 1) return colour;
    }
  };
  const found = [];
  for (const element of document.querySelectorAll("body *:not(script, style)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.disabled || !element.getClientRects().length) continue;
    const style = getComputedStyle(element), colour = element.namespaceURI.endsWith("svg") ? style.fill : style.color;
    const [a, b] = [light(colour), light(behind(element))].sort((p, q) => q - p);
    found.push([(a + 0.05) / (b + 0.05), element.textContent]);
  }
  return found;
}"""


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", ["film", *further("digits", "wave")])
def test_texts_stand_out_from_what_is_behind_them(open_page, request, kind, dark):
    page = open_page(request.getfixturevalue(kind).html, dark=dark)
    page.eval_on_selector_all("details", "all => all.forEach((e) => { e.open = true; })")
    if kind != "wave":
        page.locator(".neuron").nth(2).focus()
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 40
    assert [found for found in contrasts if found[0] < 4.5] == []


def test_the_epoch_is_read_out(open_page, film):
    page = open_page(film.html)
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#live", "aria-live") == "polite"
    assert page.text_content("#live").startswith("Epoch 1. Mean loss ")


def test_views_know_nothing_of_where_moments_come_from(open_page, film):
    """Another source: it sends the specs, answers what is asked, and sends moments; later another spec."""
    page = open_page(film.html)
    page.evaluate("""() => {
      const host = document.body.appendChild(document.createElement("div"));
      const axis = { low: 0, high: 1, ticks: [0, 1] };
      const caption = (title) => `<figcaption>${title}</figcaption><div class="plot"></div>`;
      window.spec = (title, names) => ({ view: "bars", side: 0, title, axis, names, caption: caption(title) });
      const chart = { view: "chart", side: 1, title: "Points", caption: caption("Points"),
        x: { name: "x", low: 0, high: 2, ticks: [0, 1, 2] },
        y: { name: "", low: -1, high: 1, ticks: [0] }, xs: [0, 1, 2], curves: [{ name: "c" }],
        points: [{ role: "followed", x: [1, 2], y: [0, 0.5], kinds: [0, 1], names: ["first", "second"] }] };
      window.asked = [];
      window.other = show(host, { sent: spec("One", ["a", "b"]), drawn: chart }, (question) => asked.push(question));
      other.draw({ sample: 0, sent: { values: [0.25, 0.5] }, drawn: { ys: [0, 1, null] } });
    }""")
    assert page.locator("#sent .size").all_text_contents() == ["0.25", "0.5"]
    assert page.get_attribute("#drawn .curve", "d").count("L") == 1
    page.locator("#drawn .followed").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate("asked") == [{"sample": 1}]
    page.evaluate("""() => {
      other.build({ sent: spec("Two", ["c"]) });
      other.draw({ sample: 1, sent: { values: [null] }, drawn: {} });
    }""")
    assert page.locator("#sent .size").all_text_contents() == ["not finite"]
    assert page.text_content("#sent figcaption").strip() == "Two"


@pytest.mark.parametrize("stop", ["#plane .followed", "#network .neuron", "#shade", "#sample", "#followed summary"])
def test_what_has_the_focus_keeps_it_in_a_page_that_is_built_anew(open_page, film, stop):
    page = open_page(film.html)
    all_of_them = f"[...document.querySelectorAll('{stop}')]"
    page.evaluate(f"const all = {all_of_them}; all[Math.min(6, all.length - 1)].focus()")
    page.evaluate("window.built = document.querySelector('#network svg')")
    at = page.evaluate(f"{all_of_them}.indexOf(document.activeElement)")
    assert at >= 0
    page.set_viewport_size({"width": 1100, "height": 700})
    until(page, "!built.isConnected")
    until(page, f"{all_of_them}.indexOf(document.activeElement) === {at}")


def test_all_scripts_together_are_small():
    files = {kind: [*Path(autograd.__file__).parent.rglob(kind), *Path(nn.__file__).parent.rglob(kind)]
             for kind in ("*.js", "*.html")}  # fmt: skip
    texts = {kind: [file.read_text(encoding="utf-8") for file in found] for kind, found in files.items()}
    scripts = [re.findall("<script[^>]*>(.*?)</script>", html, re.DOTALL) for html in texts["*.html"]]
    texts["*.html"] = [script for found in scripts for script in found]
    lines = {kind: [line for text in found for line in text.strip().splitlines()] for kind, found in texts.items()}
    counts = {kind: sum(max(1, math.ceil(len(line) / 120)) for line in found) for kind, found in lines.items()}
    assert len(files["*.js"]) >= 5
    assert counts["*.js"] <= 1100
    assert counts["*.html"] <= 55  # the player's own, in its page
