"""Every picture of the README and the guides: ``python notebooks/pictures.py`` makes them all anew.

The picture of a lesson is the output of its cell that is tagged ``picture``. All of them follow the theme of the page
they stand on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from plots.animation import animate_training
from plots.matrices import draw_product
from plots.theme import following_theme
from run_lessons import executed

from autograd import Drawing, Value, draw
from nn import MLP, Adam, Layer, Trainer
from nn.data import Predictor
from nn.data.datasets import moons
from nn.fit.objective import Objective

LESSONS = Path(__file__).parent
PICTURES = LESSONS / "pictures"


def neuron() -> str:
    """The README's ten lines."""
    x, w, b = 2.0, Value(0.5, label="w"), Value(-0.3, label="b")
    a = (w * x + b).tanh()
    a.label = "a"
    loss = (a - 1.0) ** 2
    loss.label = "loss"
    loss.backward()
    return following_theme(draw(loss).svg)


def network() -> str:
    """The architecture of the network that is trained on the moons, before it has learned anything."""
    return following_theme(draw(MLP(2, [16, 16, 1], seed=0)).svg)


def training() -> str:
    """A network that learns the moons, as it learns."""
    data = moons()
    objective = Objective.default(data.classes)
    model = MLP(2, [8, 8, 1], "tanh", seed=1)
    predictor = Predictor.untrained(data, objective, model)
    trainer = Trainer(model, objective.loss, Adam(model.parameters(), 0.01))
    inputs, targets = predictor.inputs(data.features), predictor.targets(data)
    return animate_training(
        trainer.fit(inputs, targets, epochs=60, batch_size=32, record=True, seed=0), predictor, data
    )


def two_neurons(drawn: Callable[[Value, list[Value]], Drawing]) -> str:
    """The graph that "How it is built" follows through the passes of the compiler."""
    x = [Value(0.0, label=f"x{i}") for i in range(2)]
    total, other = Layer(2, 2, "tanh", seed=0)(x)
    return following_theme(drawn(total * other, x).svg)


def lesson(notebook: Path) -> str:
    """The SVG that the tagged cell of a lesson shows when the lesson is run."""
    (cell,) = (cell for cell in executed(notebook).cells if "picture" in cell.metadata.get("tags", ()))
    (svg,) = (output.data["image/svg+xml"] for output in cell.outputs if "image/svg+xml" in output.get("data", {}))
    return following_theme(str(svg).rstrip() + "\n")


def pictures() -> dict[str, Callable[[], str]]:
    """The name of each file, and what makes it."""
    made: dict[str, Callable[[], str]] = {"training.svg": training, "neuron.svg": neuron, "network.svg": network}
    made["recorded.svg"] = partial(two_neurons, lambda root, inputs: draw(root, "TB"))
    made["lifted.svg"] = partial(two_neurons, lambda root, inputs: draw_product(root, inputs, "TB"))
    return made | {f"{path.stem}.svg": partial(lesson, path) for path in sorted(LESSONS.glob("*.ipynb"))}


def main() -> None:
    for name, make in pictures().items():
        (PICTURES / name).write_text(make(), encoding="utf-8")
        print(PICTURES.name, name, sep="/")


if __name__ == "__main__":
    main()
