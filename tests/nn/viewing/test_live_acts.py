"""Whatever is done in the training page, by mouse and keyboard, in whatever order: at rest it says what is so.

What is in sight is compared with the network recorded anew, scalar by scalar; that the network and its losses are those
of ``Trainer.fit``, whatever is asked, is tested without a browser.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from browser import SETTLED
from extensive import further
from live import MISFITS, SIZES, on_edge, until

from autograd import Value, grad
from nn.data import NOISY
from nn.layers import ACTIVATIONS
from nn.losses import LOSSES
from nn.viewing.live.page import training_page
from nn.viewing.live.settings import FEATURES, OPTIMIZERS, Settings
from nn.viewing.live.training import Training

# ---- acts

Act = Callable[[Any, random.Random], object]

SELECTED = {"data": [*NOISY], "activation": [*ACTIVATIONS], "loss": [*LOSSES], "optimizer": [*OPTIMIZERS]}
WRITTEN = {
    "lr": ["0.001", "0.1", "30", "1e9", "-1", ""], "momentum": ["0", "0.5", "1"], "l1": ["0", "0.01"],
    "weight_decay": ["0", "0.1"], "batch_size": ["0", "3", "9999"], "seed": ["1", "1.5"], "hidden": ["1", "4", "20", "33"],
}  # fmt: skip
WEIGHTS = ["0.5", "-3", "1e-7", "200", ""]


def clicked(selector: str) -> Act:
    return lambda page, draws: page.locator(selector).is_visible() and page.locator(selector).click()


def pressed(key: str) -> Act:
    """A key, wherever the focus is: in a field it may have a meaning of its own."""
    return lambda page, draws: page.keyboard.press(key)


def written(selector: str, numbers: Sequence[str]) -> Act:
    """One of these numbers written into one of these fields, which is left then, or not."""

    def act(page: Any, draws: random.Random) -> None:
        if fields := page.locator(f"{selector}:enabled").all():
            field = draws.choice(fields)
            field.fill(draws.choice(numbers))
            field.press(draws.choice(["Tab", "Enter"]))

    return act


def selected(selector: str, values: Sequence[str]) -> Act:
    return lambda page, draws: page.locator(selector).select_option(draws.choice(values))


def moved(selector: str) -> Act:
    keys = ["ArrowLeft", "ArrowRight", "PageUp", "Home", "End"]
    return lambda page, draws: page.locator(selector).press(draws.choice(keys))


def any_of(selector: str, key: str) -> Act:
    return lambda page, draws: draws.choice(page.locator(selector).all()).press(key)


def an_edge(page: Any, draws: random.Random) -> None:
    page.locator("#network").scroll_into_view_if_needed()
    n_inputs = page.locator("#settings [name=features]:checked").count()
    page.mouse.click(*on_edge(page, draws.randrange(n_inputs), n_inputs, draws.random()))


def a_point(page: Any, draws: random.Random) -> None:
    page.locator("#plane .plot").click(position={"x": draws.randrange(60, 200), "y": draws.randrange(20, 150)})


def trained(meanwhile: Act) -> Act:
    """Something that is done while it trains; it may end by itself before it is paused."""

    def act(page: Any, draws: random.Random) -> None:
        page.locator("#pace").select_option(draws.choice(["step", "epoch", "all"]))
        before = page.locator("#steps").inner_text()
        page.locator("#train").click()
        until(page, f"$('steps').textContent !== '{before}' || $('train').textContent === 'Train'", 60)
        meanwhile(page, draws)
        page.locator("#train").focus()
        page.evaluate("$('train').textContent === 'Pause' && $('train').click()")

    return act


def played(page: Any, draws: random.Random) -> None:
    page.locator("#whole").click()
    page.locator("#shut").click()


def resized(page: Any, draws: random.Random) -> None:
    page.set_viewport_size({"width": draws.choice([390, 700, 1000, 1600]), "height": draws.choice([500, 1000])})


def coloured(page: Any, draws: random.Random) -> None:
    page.emulate_media(color_scheme=draws.choice(["light", "dark"]))


OF_SETTINGS: Mapping[str, Act] = {
    **{name: selected(f"#settings select[name={name}]", values) for name, values in SELECTED.items()},
    **{name: written(f"#settings [name={name}]", numbers) for name, numbers in WRITTEN.items()},
    **{name: moved(f"#settings [name={name}]") for name in ("noise", "held_out")},
    "a feature": any_of("#settings [name=features]", "Space"),
    "a layer more": clicked("#more"),
    "a layer less": clicked("#less"),
}
OF_VIEWS: Mapping[str, Act] = {
    "a neuron": any_of("#network .neuron", "Enter"),
    "an edge": an_edge,
    "a weight": written("#weights input", WEIGHTS),
    "a point": a_point,
    "a sample": lambda page, draws: page.locator("#sample").select_option(str(draws.randrange(30))),
    "resized": resized,
    "colours": coloured,
    "played": played,
}
OF_TRAINING: Mapping[str, Act] = {
    **{name: clicked(f"#{name}") for name in ("step", "epoch", "restart")},
    **{f"key {key}": pressed(key) for key in ("ArrowRight", "r")},
    "trained": trained(lambda page, draws: None),
}
MEANWHILE = {f"{name} in training": trained(act) for name, act in (OF_SETTINGS | OF_VIEWS).items()}
GROUPS = (OF_SETTINGS, OF_VIEWS, OF_TRAINING, MEANWHILE)

# ---- rest

WATCHED = """(() => {
  const ask = fetch;
  window.asked = window.underWay = 0;
  window.fetch = async (...all) => {
    asked++; underWay++;
    try { const reply = await ask(...all); await reply.clone().arrayBuffer(); return reply; } finally { underWay--; }
  };
})()"""
AT_REST = f"""(async () => {{
  const state = () => asked + document.body.innerHTML, before = state();
  await {SETTLED};
  return !underWay && state() === before;
}})()"""

# ---- what is in sight, and what is so

IN_SIGHT = """(() => {
  const all = (selector) => [...document.querySelectorAll(selector)], said = (e) => e.textContent, form = {};
  for (const field of all("#settings [name]")) {
    form[field.name] ??= [];
    if (field.type !== "checkbox" || field.checked)
      form[field.name].push(["number", "range"].includes(field.type) ? field.valueAsNumber : field.value);
  }
  return {
    form, counts: all("#epochs, #steps").map(said), caption: said(all("#network figcaption")[0]),
    sample: Number($("sample").value), neurons: all("#neurons tr").map((row) => [...row.children].map(said)),
    facts: Object.fromEntries(all("#facts dt").map((e) => [said(e), said(e.nextSibling)])),
    lines: all("#loss .line").map(said), note: said(all("#loss small")[0].firstChild), flow: all("#flow .size").map(said),
    sum: all("#sum > *").map(said), weights: all("#weights label").map((e) => [said(e), e.lastChild.value,
      e.lastChild.title, e.lastChild === document.activeElement]),
    wide: Math.max(document.documentElement.scrollWidth - innerWidth, 0), misfits: MISFITS,
  };
})()""".replace("MISFITS", MISFITS)


def numbers_in(text: str) -> list[float]:
    plain = re.sub(r"\s|[()]", "", text.replace("−", "-").replace("not finite", "nan"))
    return [float(found) for found in re.findall(r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|nan)", plain)]


def shows(shown: float, number: float, digits: int = 4) -> bool:
    """Whether it is that number in so many digits, but for rounding errors of what cancels."""
    if not (math.isfinite(shown) and math.isfinite(number)):
        return math.isfinite(shown) == math.isfinite(number)
    unit = 10.0 ** (math.floor(math.log10(abs(number))) + 1 - digits) if number else 0.0
    return abs(shown - number) <= 0.5001 * unit + 1e-12


def differences(seen: Mapping[str, Any], training: Training, row: int) -> list[str]:
    """What is in sight, where it is not as the scalar engine finds it for that row."""
    model, settings, predictor = training.model, training.settings, training.predictor
    found: list[str] = []

    def compare(what: str, text: str, *numbers: float) -> None:
        shown = numbers_in(text)
        if len(shown) != len(numbers) or not all(map(shows, shown, numbers)):
            found.append(f"{what}: {text!r} for {numbers}")

    def require(what: str, shown: Any, wanted: Any) -> None:
        if shown != wanted:
            found.append(f"{what}: {shown!r} for {wanted!r}")

    x, target = next(training.samples.rows([row]))
    columns = [[Value(number) for number in x]]
    for layer in model.layers:
        columns.append(list(layer(columns[-1])))
    loss = LOSSES[settings.loss](columns[-1], target)
    nodes = [node for column in columns for node in column]
    given, scale = training.job.train.features[row], predictor.feature_scaling.scale
    activations = [*given, *(node.data for node in nodes[len(x) :])]
    slopes = [slope / (scale[i] if i < len(x) else 1.0) for i, slope in enumerate(grad(loss, nodes))]
    names = [*settings.features, *(f"layers[{i}].neurons[{j}]" for i, layer in enumerate(model.layers)
                                   for j in range(len(layer.neurons)))]  # fmt: skip
    for name, activation, slope in seen["neurons"]:
        place = names.index(name)
        compare(f"activation of {name}", activation, activations[place])
        compare(f"gradient of {name}", slope, slopes[place])
    compare("output", seen["facts"]["Output"], *(node.data for node in columns[-1]))
    compare("its loss", seen["facts"]["Its loss"], loss.data)

    means, history = training.losses, training.history
    for i, name in enumerate(("Mean loss", "… held out")):
        compare(name, seen["facts"][name], means[i])
        compare(f"{name} at the curve", seen["lines"][i], means[i])
    told = [f"{metrics[-1]:.3f}" for metrics in (history.metrics, history.held_out_metrics) if training.is_told]
    require("quality", re.findall(r"\d\.\d{3}", seen["note"]), told)
    require("counts", seen["counts"], [f"{n:,}" for n in (history.epochs, training.n_steps)])
    ends = np.cumsum([len(layer.parameters()) for layer in model.layers])[:-1]
    sizes = [float(np.sqrt(np.mean(part**2))) for part in np.split(training.gradient, ends)]
    if training.n_steps:
        compare("flow", " ".join(seen["flow"]).replace(" ", "+"), *sizes)
    else:
        require("flow", seen["flow"], ["–"] * len(sizes))

    heading, *lines = seen["sum"]
    if heading:
        compare("slope", lines[-1 - lines[-1].startswith("The network")], slopes[names.index(heading)])
    fields: list[tuple[str, float]] = []
    if chosen := re.fullmatch(r"layers\[(\d+)\]\.neurons\[(\d+)\]", heading):
        layer_place, place = map(int, chosen.groups())
        neuron, before = model.layers[layer_place].neurons[place], columns[layer_place]
        terms = [(weight.data, node.data) for weight, node in zip(neuron.weights, before, strict=True)]
        fields = [*((f"weights[{k}]", weight) for k, (weight, _) in enumerate(terms)), ("bias", neuron.bias.data)]
        line, cut = re.subn(r"\+ … \(\d+ more\)", "", lines[0])
        shown = (len(numbers_in(line)) - 2) // 2 if cut else len(terms)
        z = neuron.bias.data + sum(weight * number for weight, number in terms)
        compare("sum", line, neuron.bias.data, *(number for term in terms[:shown] for number in term), z)
        compare("a", lines[1], columns[layer_place + 1][place].data)
    require("weights", sorted(name for name, *_ in seen["weights"]), sorted(name for name, _ in fields))
    for name, value, title, is_edited in seen["weights"]:
        number = dict(fields)[name]
        if float(title) != number or not (is_edited or shows(float(value or "nan"), number, 6)):
            found.append(f"{name}: {value} ({title}) for {number}")

    for name, values in seen["form"].items():
        wanted = getattr(settings, name)
        require(name, values, list(wanted) if isinstance(wanted, tuple) else [wanted])
    shape = "-".join(map(str, [len(settings.features), *settings.hidden, predictor.objective.n_outputs]))
    require("network", seen["caption"].split()[1], shape)
    require("pictures of another size than their place, pixels beyond the window", [seen["misfits"], seen["wide"]], [0, 0])
    return found


@pytest.mark.parametrize("seed", [0, *further(*range(1, 7))])
def test_a_page_at_rest_says_what_is_so(open_live: Callable[..., Any], seed: int) -> None:
    draws, acts = random.Random(seed), []
    live = training_page(Settings(hidden=tuple(draws.choice([1, 2, 3]) for _ in range(draws.choice([1, 2])))))
    page = open_live(live, *draws.choice([*SIZES.values()]))
    until(page, "document.querySelectorAll('#network .neuron').length > 0", 60)
    page.locator("#setup").evaluate("(e) => { e.open = true; }")
    page.evaluate(WATCHED)
    (session,) = live.ask.__self__.sessions.values()  # type: ignore[attr-defined]
    for _ in range(10):
        name, act = draws.choice([*draws.choice(GROUPS).items()])
        acts.append(name)
        act(page, draws)
        until(page, AT_REST, 60)
        seen = page.evaluate(IN_SIGHT)
        found = differences(seen, session.training, session.views.rows[seen["sample"]])
        assert not found, f"{acts}: {found}"
