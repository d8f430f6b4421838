"""Graphs to step through, and what a reader of the page sees of each step."""

from __future__ import annotations

from typing import Any

from autograd import Value
from autograd.functional import softmax
from nn import MLP, mse


def neuron() -> Value:
    """The README's."""
    w, b = Value(0.5, label="w"), Value(-0.3, label="b")
    a = (w * 2.0 + b).tanh()
    a.label = "a"
    loss = (a - 1.0) ** 2
    loss.label = "loss"
    return loss


def two_neurons() -> Value:
    """Two sigmoid neurons in a row, every node but three with a label."""
    given = {"x": 0.1, "w1": 0.15, "b1": 0.4, "w2": 0.45, "b2": 0.65, "T": 0.25}
    x, w1, b1, w2, b2, target = (Value(number, label) for label, number in given.items())
    z1 = w1 * x + b1
    a1 = z1.sigmoid()
    z2 = w2 * a1 + b2
    a2 = z2.sigmoid()
    error = 0.5 * (target - a2) ** 2
    for node, label in zip((z1, a1, z2, a2, error), ("z1", "a1", "z2", "a2", "E"), strict=True):
        node.label = label
    return error


def network() -> Value:
    return mse(MLP(2, [4, 4, 1], activation="tanh", seed=0)([0.5, -1.0]), [1.0])


def softmax_over_five() -> Value:
    loss: Value = -softmax([Value(0.3 * i - 0.5, f"x{i}") for i in range(5)])[2].log()
    loss.label = "loss"
    return loss


def almost_300_nodes() -> Value:
    """Eight units that share nine inputs, so that gradients come from afar."""
    inputs = [Value(0.1 * i, f"x{i}") for i in range(9)]
    loss = Value(1.0, "start")
    for k in range(8):
        out = Value(0.1, f"b{k}")
        for i, x in enumerate(inputs):
            out = out + x * Value(0.1 * (i - k), f"w{k},{i}")
        loss = loss * out.tanh()
    loss.label = "loss"
    return loss


GRAPHS = {graph.__name__: graph for graph in (neuron, two_neurons, network, softmax_over_five, almost_300_nodes)}

EXACT = """((part) => {  // the numbers that are known, with all their digits
  const hint = part.querySelector("a").getAttribute("xlink:title");
  return [...hint.matchAll(/\\b(?:data|grad) ([^,?–]+)/g)].map(([, number]) => number);
})"""

SEEN = (
    f"(parts) => {{ const exact = {EXACT};"
    + """
  const box = document.querySelector("#stage").getBoundingClientRect();
  const within = (r) => r.left >= box.left && r.right <= box.right && r.top >= box.top && r.bottom <= box.bottom;
  function seen(part) {
    const r = part.getBoundingClientRect(), texts = [...part.querySelectorAll("text")];
    const at = document.elementFromPoint((r.left + r.right) / 2, (r.top + r.bottom) / 2);
    return {
      whole: within(r) && part.contains(at),
      pixels: Math.min(...texts.map((t) => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)),
      exact: exact(part),
      marked: part.matches(".current, .changed"),
    };
  }
  const slider = document.querySelector("#slider");
  return parts.map(([step, names]) => {
    if (step === Number(slider.value) + 1) document.querySelector("#next").click();
    else { slider.value = step; slider.dispatchEvent(new Event("input")); }
    return Object.fromEntries(names.map((name) => {
      const found = [...document.querySelectorAll(`#stage svg.shown g[data-part=${name}]`)].map(seen);
      return [name, found.find((one) => one.whole) ?? found[0]];
    }));
  });
}
"""
)


def steps_seen(page: Any, parts: list[tuple[int, list[str]]]) -> list[dict[str, Any]]:
    """For steps what is seen of some boxes: is it whole and on top, how high is its text, what are its numbers."""
    found: list[dict[str, Any]] = page.evaluate(SEEN, parts)
    return found


CONTRASTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  function light(colours) {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((x) => x / 255)
      .map((x) => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  }
  function grounds(element) {
    const found = [];
    for (let at = element; at; at = at.parentElement) {
      const shape = at.matches("g.node") && at.querySelector("path, polygon, ellipse");
      if (shape) found.unshift(getComputedStyle(shape).fill);
      found.unshift(getComputedStyle(at).backgroundColor);
    }
    return ["white", ...found];
  }
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const letters = [...document.querySelectorAll("#stage svg.shown text, header *, #panel *, button, select")]
    .filter((element) => shown(element) && !element.disabled)
    .filter((element) => [...element.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  return letters.map((element) => {
    const style = getComputedStyle(element), ground = grounds(element);
    const pair = [light([...ground, element.closest("svg") ? style.fill : style.color]), light(ground)];
    return [Math.max(...pair) / Math.min(...pair), element.textContent];
  });
}
"""


def least_contrast(page: Any) -> tuple[float, str]:
    """The text of a page that stands out least from what is behind it, with how much."""
    ratio, text = min(map(tuple, page.evaluate(CONTRASTS)))
    return ratio, text
