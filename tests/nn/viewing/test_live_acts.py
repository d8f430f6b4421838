"""Whatever is done in the training page, by mouse and keyboard, in whatever order: at rest it says what is so.

What is in sight is compared with the network recorded anew, scalar by scalar; that the network and its losses are those
of ``Trainer.fit``, whatever is asked, is tested without a browser.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
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
from nn.viewing.live.settings import OPTIMIZERS, Settings
from nn.viewing.live.training import Training

# ---- acts

Act = Callable[[Any, random.Random], object]

SELECTED = {"data": [*NOISY], "activation": [*ACTIVATIONS], "loss": [*LOSSES], "optimizer": [*OPTIMIZERS]}
WRITTEN = {
    "lr": ["0.001", "0.1", "30", "1e9", "-1", ""], "momentum": ["0", "0.5", "1"], "l1": ["0", "0.01"],
    "weight_decay": ["0", "0.1"], "batch_size": ["0", "3", "9999"], "seed": ["1", "1.5"],
    "hidden": ["1", "4", "20", "33"],
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
        if fields := page.locator(f"{selector}:enabled:visible").all():
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
    if (!field.hidden && (field.type !== "checkbox" || field.checked))
      form[field.name].push(["number", "range"].includes(field.type) ? field.valueAsNumber : field.value);
  }
  return {
    form, counts: all("#epochs, #steps").map(said), caption: said(all("#network figcaption")[0]),
    sample: Number($("sample").value), neurons: all("#neurons tr").map((row) => [...row.children].map(said)),
    facts: Object.fromEntries(all("#facts dt").map((e) => [said(e), said(e.nextSibling)])),
    lines: all("#loss .line").map(said), note: said(all("#loss small")[0].firstChild),
    flow: all("#flow .size").map(said), sum: all("#sum > *").map(said),
    weights: all("#weights input").map((e) => [said(e.parentElement), e.value, e.title, e === document.activeElement]),
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


class Recorded:
    """What one row is to the network, by the scalar engine; of each neuron its name, activation and gradient."""

    def __init__(self, training: Training, row: int) -> None:
        x, target = next(training.samples.rows([row]))
        self.columns = [[Value(number) for number in x]]
        for layer in training.model.layers:
            self.columns.append(list(layer(self.columns[-1])))
        self.loss = LOSSES[training.settings.loss](self.columns[-1], target)
        nodes, n = [*chain(*self.columns)], len(x)
        by_inputs, gradients = np.split(grad(self.loss, nodes), [n])
        columns = enumerate(self.columns[1:])
        names = [f"layers[{i}].neurons[{j}]" for i, column in columns for j in range(len(column))]
        self.names = [*training.settings.features, *names]
        self.activations = [*training.job.train.features[row], *(node.data for node in nodes[n:])]
        self.gradients = [*(by_inputs / training.predictor.feature_scaling.scale), *gradients]


class Compared:
    """What is in sight, beside what is so; ``differences`` say where they are not the same."""

    def __init__(self, seen: Mapping[str, Any], training: Training, row: int) -> None:
        self.seen, self.training, self.recorded = seen, training, Recorded(training, row)
        self.differences: list[str] = []
        self.sample()
        self.losses_and_sizes()
        self.chosen_neuron()
        self.settings_and_pictures()

    def numbers(self, what: str, text: str, *numbers: float) -> None:
        shown = numbers_in(text)
        if len(shown) != len(numbers) or not all(map(shows, shown, numbers)):
            self.differences.append(f"{what}: {text!r} for {numbers}")

    def same(self, what: str, shown: Any, wanted: Any) -> None:
        if shown != wanted:
            self.differences.append(f"{what}: {shown!r} for {wanted!r}")

    def sample(self) -> None:
        recorded, facts = self.recorded, self.seen["facts"]
        for name, activation, gradient in self.seen["neurons"]:
            place = recorded.names.index(name)
            self.numbers(f"activation of {name}", activation, recorded.activations[place])
            self.numbers(f"gradient of {name}", gradient, recorded.gradients[place])
        self.numbers("output", facts["Output"], *(node.data for node in recorded.columns[-1]))
        self.numbers("its loss", facts["Its loss"], recorded.loss.data)

    def losses_and_sizes(self) -> None:
        seen, training, history = self.seen, self.training, self.training.history
        for name, line, mean in zip(("Mean loss", "… held out"), seen["lines"], training.losses, strict=True):
            self.numbers(name, seen["facts"][name], mean)
            self.numbers(f"{name} at the curve", line, mean)
        told = [f"{metrics[-1]:.3f}" for metrics in (history.metrics, history.held_out_metrics) if training.is_told]
        self.same("quality", re.findall(r"\d\.\d{3}", seen["note"]), told)
        self.same("counts", seen["counts"], [f"{n:,}" for n in (history.epochs, training.n_steps)])
        ends = np.cumsum([len(layer.parameters()) for layer in training.model.layers])[:-1]
        sizes = [float(np.sqrt(np.mean(part**2))) for part in np.split(training.gradient, ends)]
        if training.n_steps:
            self.numbers("flow", "+".join(seen["flow"]), *sizes)
        else:
            self.same("flow", seen["flow"], ["–"] * len(sizes))

    def chosen_neuron(self) -> None:
        heading, *lines = self.seen["sum"]
        names, fields = self.recorded.names, {}
        if heading:
            gradient = lines[-1 - lines[-1].startswith("The network")]
            self.numbers("its gradient", gradient, self.recorded.gradients[names.index(heading)])
        if of_layer := re.fullmatch(r"layers\[(\d+)\]\.neurons\[(\d+)\]", heading):
            i, j = map(int, of_layer.groups())
            neuron, before = self.training.model.layers[i].neurons[j], self.recorded.columns[i]
            bias, terms = neuron.bias.data, [(w.data, x.data) for w, x in zip(neuron.weights, before, strict=True)]
            fields = {**{f"weights[{k}]": weight for k, (weight, _) in enumerate(terms)}, "bias": bias}
            in_sight = {name for name, *_ in self.seen["neurons"]}
            of_terms = names[names.index(heading) - j - len(before) :]
            shown = [number for name, term in zip(of_terms, terms, strict=False) if name in in_sight for number in term]
            line = re.sub(r"\+ … \(\d+ more\)", "", lines[0])
            self.numbers("its sum", line, bias, *shown, bias + sum(weight * x for weight, x in terms))
            self.numbers("its activation", lines[1], self.recorded.columns[i + 1][j].data)
        self.same("weights", sorted(name for name, *_ in self.seen["weights"]), sorted(fields))
        for name, value, title, has_focus in self.seen["weights"]:
            self.same(name, float(title), fields[name])
            if value or not has_focus:  # else somebody is about to write one
                self.same(f"{name}, {value}", shows(float(value or "nan"), fields[name], 6), True)

    def settings_and_pictures(self) -> None:
        seen, settings = self.seen, self.training.settings
        for name, values in seen["form"].items():
            wanted = getattr(settings, name)
            self.same(name, values, list(wanted) if isinstance(wanted, tuple) else [wanted])
        sizes = "-".join(str(len(column)) for column in self.recorded.columns)
        self.same("network", seen["caption"].split()[1], sizes)
        self.same("pictures of another size than their place", seen["misfits"], 0)
        self.same("pixels beyond the window", seen["wide"], 0)


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
        differences = Compared(seen, session.training, session.views.rows[seen["sample"]]).differences
        assert not differences, f"{acts}: {differences}"
