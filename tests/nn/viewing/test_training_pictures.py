"""Every number in the pictures of a training is checked against its neighbours, and against the files beside them."""

import csv
import html
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from films import content, samples_of

import nn.command.train
from autograd.graph import topological_order
from nn.__main__ import main
from nn.command.train import DRAWN_WHOLE
from nn.data import Predictor

LINK = "{http://www.w3.org/1999/xlink}title"


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    """A table of numbers in units of their own."""
    path, rng = tmp_path_factory.mktemp("data") / "houses.csv", np.random.default_rng(0)
    area, rooms = rng.uniform(30, 200, 60), rng.integers(1, 7, 60)
    price = 2000 * area + 15000 * rooms + rng.normal(0, 8000, 60)
    rows = zip(area.round(1).tolist(), rooms.tolist(), price.round().tolist(), strict=True)
    path.write_text("area;rooms;price\n" + "".join(f"{a};{b};{c}\n" for a, b, c in rows))
    return path


@pytest.fixture(scope="module", params=["line", "xor", "iris", "houses"])
def trained(request, tmp_path_factory):
    """What the command wrote, and the graph that it drew."""
    out, roots = tmp_path_factory.mktemp(request.param), []
    patch = pytest.MonkeyPatch()
    draw = nn.command.train.draw
    patch.setattr("nn.command.train.draw", lambda root, **how: roots.append(root) or draw(root, **how))
    data = (
        [str(request.getfixturevalue("houses")), "--target", "price"] if request.param == "houses" else [request.param]
    )
    assert main(["train", *data, "--out", str(out), "--hidden", "3", "--epochs", "4"]) == 0
    patch.undo()
    return request.param, out, roots[-1]


def near(a, b):
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-300)


def test_each_gradient_of_the_graph_is_the_sum_over_its_edges(trained):
    _, _, root = trained
    order = topological_order(root)
    flows = dict.fromkeys(order, 0.0)
    flows[root] = 1.0
    for node in reversed(order):
        for parent, partial in zip(node.parents, node.partials or [0.0] * 2, strict=False):
            flows[parent] += flows[node] * partial
    for node in order:
        if not node.is_constant:
            assert near(node.grad, flows[node]), node.label


def test_the_picture_shows_the_numbers_of_the_graph(trained):
    _, out, root = trained
    shown = [element.get(LINK) or "" for element in ElementTree.parse(out / "graph.svg").iter()]
    numbers = {(float(d), float(g)) for title in shown for d, g in re.findall(r"(?m)data (\S+), grad (\S+)$", title)}
    wanted = {(node.data, node.grad) for node in topological_order(root) if not node.is_constant}
    assert numbers
    assert numbers <= wanted
    if any("(labelled" in title or "data" in title for title in shown) and len(wanted) < DRAWN_WHOLE:
        assert numbers == wanted


def test_the_graph_is_narrow_enough_to_be_looked_at(trained):
    width = float(ElementTree.parse(trained[1] / "graph.svg").getroot().get("width").removesuffix("pt"))
    assert width < 2500  # points: whole layers stand side by side


def film(out):
    return content((out / "film.html").read_text(encoding="utf-8"))


def test_the_last_frame_is_the_model_in_the_units_of_the_data(trained, houses):
    name, out, _ = trained
    data, predictor = film(out), Predictor.load(out / "model.npz")
    followed = data["specs"]["followed"]
    if name == "iris":
        assert followed["features"][0] == "sepal length (cm)"
        assert samples_of(data)[0]["inputs"][0] == 5.1
    if name != "houses":
        return
    lines = (line.split(";") for line in houses.read_text().split()[1:])
    rows = {(float(a), float(b)): float(c) for a, b, c in lines}
    for target, sample in zip(followed["targets"], samples_of(data), strict=True):
        area, rooms = sample["inputs"]
        assert rows[area, rooms] == float(target)
        (predicted,) = predictor.predict(np.array([[area, rooms]]))
        assert sample["outputs"] == [pytest.approx(predicted, rel=5e-4)]
        scale = predictor.target_scaling.scale[0]
        assert sample["losses"] == [pytest.approx(((predicted - rows[area, rooms]) / scale) ** 2, rel=5e-4)]
        scaling = predictor.feature_scaling
        assert sample["nodes"][0] == pytest.approx((area - scaling.mean[0]) / scaling.scale[0], rel=1e-3)
    assert (followed["scaled"], followed["scaledTarget"]) == (True, True)


def test_the_film_and_the_history_tell_the_same_losses(trained):
    _, out, _ = trained
    frames = film(out)["frames"]
    rows = list(csv.DictReader((out / "history.csv").read_text().splitlines()))
    told = [frame["loss"]["values"] for frame in frames[1:]]
    assert told == [[float(row["loss"]), float(row["held_out_loss"])] for row in rows]


def test_the_confusion_adds_up_to_the_held_out_rows_and_their_accuracy(trained):
    name, out, _ = trained
    if not (out / "confusion.svg").exists():
        assert name in ("line", "houses")
        return
    texts = [html.unescape(element.text or "") for element in ElementTree.parse(out / "confusion.svg").iter()]
    counts = [int(text) for text in texts if text.isdigit()]
    accuracy = float((out / "history.csv").read_text().splitlines()[-1].split(",")[-1])
    n = {"iris": 30, "xor": 40}[name]
    assert sum(counts) == n
    assert any(math.isclose(sum(part) / n, accuracy) for part in _subsets(counts))


def _subsets(counts):
    """All choices of some of the counts: the diagonal is one of them."""
    for mask in range(1 << len(counts)):
        yield [count for i, count in enumerate(counts) if mask >> i & 1]
