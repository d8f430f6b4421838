"""The training page: the bits it trains to, what it tells of them, and every control in a browser."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from shlex import split
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from browser import SETTLED
from extensive import further
from live import MISFITS, SIZES, head_of, on_edge, random_question, step_once, told, until

from autograd import Value, grad
from autograd.graph import topological_order
from autograd.viewing.live import LivePage, answered
from nn.__main__ import main
from nn.command.arguments import parser
from nn.command.play import own_data, settings_of
from nn.data import moons
from nn.data.dataset import from_table
from nn.data.tables import Table
from nn.module import Module
from nn.viewing.live.notebook import own_of
from nn.viewing.live.packing import packed
from nn.viewing.live.page import MOST_TABS, Tabs, training_page
from nn.viewing.live.session import Session
from nn.viewing.live.settings import Settings
from nn.viewing.live.sources import Own, Sources
from nn.viewing.live.training import Training
from nn.viewing.live.views import SOON

SMALL = {"hidden": [3]}


class Asked:
    """One tab of a page, asked as its script does."""

    def __init__(self, own: Any = None, **settings: Any) -> None:
        self.tabs = Tabs(Sources(own), Settings())
        self.first = self(begin=SMALL | settings)

    def __call__(self, **question: Any) -> dict[str, Any]:
        return told(self.tabs.ask, tab="a", **question)

    @property
    def session(self) -> Session:
        return self.tabs.sessions["a"]

    @property
    def training(self) -> Training:
        return self.session.training

    @property
    def theta(self) -> list[float]:
        return [parameter.data for parameter in self.training.parameters]


def theta_of(model: Module) -> list[float]:
    return [parameter.data for parameter in model.parameters()]


# ---- the same bits as Trainer.fit

CHOICES: Mapping[str, Mapping[str, Any]] = {
    "as it begins": {},
    "sgd with both penalties": {"optimizer": "sgd", "lr": 0.05, "momentum": 0.5, "l1": 0.001, "weight_decay": 0.01},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.1, "batch_size": 7, "seed": 3},
    "hinge over features": {"loss": "hinge", "features": ["x", "x·y", "sin y"], "data": "circles", "noise": 0.2},
    "one output a class": {"loss": "cross_entropy", "data": "spiral", "activation": "relu", "held_out": 0.5},
    "columns the other way round": {"columns": ["y", "x"], "optimizer": "sgd", "lr": 0.1},
    "no hidden layer": {"loss": "mse", "data": "xor", "noise": 0.0, "hidden": []},
}


def program_of(asked: Asked) -> str:
    """The program without the command behind it."""
    code: str = asked(code=True)["code"]
    return code.rpartition("\n\n")[0]


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_the_code_that_it_gives_trains_to_the_same_bits(choice: Mapping[str, Any]) -> None:
    asked = Asked(**choice)
    asked(steps=10**6, seconds=0.005)  # as fast as it goes, which is a number of steps that nobody knows
    while asked.training.history.epochs < 8:
        asked(steps=11)
    for _ in range(8 * 80):  # on to the end of that epoch
        if asked.training.run.state.steps % asked.training.run.plan.steps_per_epoch == 0:
            break
        asked(steps=1)
    found: dict[str, Any] = {}
    exec(program_of(asked), found)
    assert theta_of(found["model"]) == asked.theta
    assert found["history"].losses == asked.training.history.losses
    assert found["history"].held_out_metrics == asked.training.history.held_out_metrics


def test_the_command_that_it_gives_trains_to_the_same_bits(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    asked = Asked(hidden=[2], optimizer="sgd", lr=0.03, l1=0.01, noise=0.2, held_out=0.3)
    assert_the_command_trains_to_the_same_bits(asked)


def assert_the_command_trains_to_the_same_bits(asked: Asked) -> None:
    for _ in range(3):
        asked(epochs=1)
    command = split(asked(code=True)["code"].splitlines()[-1])
    assert command[:3] == ["python", "-m", "nn"]
    assert main([*command[3:], "--no-film"]) == 0
    with np.load("run/model.npz") as saved:
        assert saved["values"].tolist() == asked.theta


SAID: Mapping[str, tuple[list[dict[str, Any]], str]] = {
    "before the first epoch": ([{"steps": 3}], "# The page has not come to the end of an epoch: this trains one."),
    "within an epoch": ([{"epochs": 1}, {"steps": 3}], "# The page is within epoch 2: this ends with epoch 1."),
    "after an epoch": ([{"epochs": 1}], "from dataclasses"),
    "changed before it began": ([{"settings": {"lr": 0.5, "noise": 0.3}}, {"epochs": 1}], "from dataclasses"),
    "changed on the way": ([{"epochs": 1}, {"settings": {"lr": 0.5}}, {"epochs": 1}], "# Something was changed"),
    "a weight": ([{"set": [[0, 1.0]]}, {"epochs": 1}], "# Something was changed"),
    "begun again": ([{"set": [[0, 1.0]]}, {"restart": True}, {"epochs": 1}], "from dataclasses"),
    "another network": ([{"set": [[0, 1.0]]}, {"settings": {"seed": 1}}, {"epochs": 1}], "from dataclasses"),
}


@pytest.mark.parametrize(("acts", "begins"), SAID.values(), ids=SAID)
def test_the_code_says_where_it_ends_elsewhere(acts: list[dict[str, Any]], begins: str) -> None:
    asked = Asked()
    for act in acts:
        asked(**act)
    assert program_of(asked).startswith(begins)
    if begins == "from dataclasses":
        found: dict[str, Any] = {}
        exec(program_of(asked), found)
        assert theta_of(found["model"]) == asked.theta


def test_the_code_says_that_a_training_went_on_after_it_diverged() -> None:
    asked = Asked(optimizer="sgd", loss="mse", activation="relu", lr=100.0, hidden=[8])
    while not asked(steps=10)["stopped"]:
        pass
    assert program_of(asked).startswith("# Something was changed")


def test_an_epoch_at_a_time_ends_with_the_epoch() -> None:
    asked = Asked()
    for epoch in (1, 2, 3):
        answer = asked(epochs=1)
        assert (answer["epoch"], answer["step"]) == (epoch, epoch * 25)


def test_a_change_is_shown_before_training_goes_on() -> None:
    asked = Asked()
    assert asked(steps=10**6, seconds=0.02)["step"] == 0
    before = asked.training.n_steps
    assert before > 1
    assert asked(steps=10**6, seconds=0.02, settings={"noise": 0.3})["step"] == before
    before = asked.training.n_steps
    assert asked(steps=5, settings={"noise": 0.2})["step"] == before + 5  # unless so many are asked for


def test_what_is_done_after_an_answer_ends_with_the_next_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.viewing.live.training.time", SimpleNamespace(perf_counter=lambda: 0.0))  # none passes
    asked = Asked()
    calls: list[None] = []
    _, afterwards = answered(asked.tabs.ask, {"tab": "a", "steps": 10**6, "seconds": 0.1})
    afterwards(lambda: len(calls) > 2 or calls.append(None))  # type: ignore[func-returns-value]
    assert len(calls) == 3
    before = asked.training.n_steps
    assert before > 0
    assert asked(rests=True)["step"] == before
    afterwards(lambda: False)  # that was another question's: nothing goes on behind a page that rests
    assert asked(rests=True)["step"] == before


def test_what_ends_a_training_afterwards_is_told_by_the_next_answer() -> None:
    asked = Asked(loss="mse", optimizer="sgd", lr=100.0, activation="relu")
    while not (answer := asked(steps=10**6, seconds=0.02))["stopped"]:
        assert answer["step"] < 10**4
    assert "Try a lower learning rate" in answer["stopped"]
    assert answer["step"] == asked.training.n_steps
    assert asked(rests=True)["stopped"] == ""


# ---- what is told


@pytest.mark.parametrize("looks", [1, SOON + 1], ids=["traced by the engine", "traced by a program"])
def test_the_numbers_it_tells_are_the_engines(looks: int) -> None:
    asked = Asked(features=["x", "y²"], hidden=[3, 2])
    asked(steps=30)
    training, views = asked.training, asked.session.views
    for _ in range(looks):
        frames = views.frames(5)
    row = views.rows[5]
    x, t = next(training.samples.rows([row]))
    columns = [training.model.layers[0](x)]
    columns.append(training.model.layers[1](columns[0]))
    columns.append(training.model.layers[2](columns[1]))
    neurons = [neuron for column in columns for neuron in column]
    loss = training.run.loss(columns[-1], t)
    assert frames["followed"]["nodes"][0].tolist() == pytest.approx(
        [*x, *(neuron.data for neuron in neurons)], rel=1e-12
    )
    assert frames["followed"]["gradients"][0][2:].tolist() == pytest.approx(grad(loss, neurons), rel=1e-9)
    assert frames["followed"]["losses"].tolist() == pytest.approx([loss.data], rel=1e-12)
    place = training.job.train.features[row]
    assert frames["followed"]["inputs"][0].tolist() == pytest.approx(place.tolist(), rel=1e-12)
    assert training.sample_graph(row).data == pytest.approx(loss.data, rel=1e-12)
    assert training.neuron_graph(1, 1, row).data == columns[1][1].data
    assert leaves_of(training.neuron_graph(0, 1, row)) == dict(zip(["x scaled", "y² scaled"], x, strict=True))


def leaves_of(graph: Value) -> dict[str, float]:
    """Those that are no parameters."""
    return {node.label: node.data for node in topological_order(graph) if node.is_leaf and "." not in node.label}


def test_the_gradient_flow_of_one_step_is_that_of_its_batch() -> None:
    asked = Asked(hidden=[2, 2])
    training = asked.training
    rows = next(training.run.plan.batches(0))
    losses = [training.run.loss(training.model(x), t) for x, t in training.samples.rows(rows)]
    wanted = np.mean([grad(loss, training.parameters) for loss in losses], axis=0)
    asked(steps=1)
    assert training.gradient.tolist() == pytest.approx(np.abs(wanted).tolist(), rel=1e-9)
    sizes = [np.sqrt(np.mean(part**2)) for part in (wanted[:6], wanted[6:12], wanted[12:])]
    assert asked.session.views.frames(0)["flow"]["values"].tolist() == pytest.approx(sizes, rel=1e-9)


def mean_losses(training: Training) -> list[float]:
    """Those of the network as it is now, one sample after the other."""
    parts = training.samples, training.others
    return [float(np.mean([training.run.loss(training.model(x), t).data for x, t in part.rows()])) for part in parts]


@pytest.mark.parametrize(
    "change", [{"settings": {"noise": 0.4}}, {"settings": {"held_out": 0.5}}, {"set": [[0, 40.0]]}]
)
@pytest.mark.parametrize("epochs", [0, 2])
def test_after_a_change_of_data_or_weights_the_mean_losses_are_the_present_ones(
    change: dict[str, Any], epochs: int
) -> None:
    asked = Asked()
    for _ in range(epochs):
        asked(epochs=1)
    answer = asked(rests=True, **change)
    assert answer["moment"]["loss"]["values"] == pytest.approx(mean_losses(asked.training), rel=1e-12)
    spec = answer["specs"]["loss"]
    assert "accuracy" not in spec["caption"]
    assert spec["y"]["low"] < min(answer["moment"]["loss"]["values"])
    assert spec["y"]["high"] > max(answer["moment"]["loss"]["values"])
    if not epochs:
        assert [curve["ys"] for curve in spec["curves"]] == [[loss] for loss in answer["moment"]["loss"]["values"]]
    asked(steps=1)
    answer = asked(epochs=1)
    history = asked.training.history
    assert answer["moment"]["loss"]["values"] == [history.losses[-1], history.held_out_losses[-1]]


def test_a_page_at_rest_is_told_of_its_axes_however_often_it_was_of_late() -> None:
    asked = Asked()
    assert "specs" not in asked(epochs=1)
    assert asked(rests=True)["specs"]["loss"]["xs"] == [0, 1]
    assert "specs" not in asked(rests=True)
    asked(epochs=1)
    assert asked(epochs=1, rests=True)["specs"]["loss"]["xs"] == [0, 1, 2, 3]
    diverged = Asked(loss="mse", activation="linear")
    diverged(epochs=1)
    answer = diverged(epochs=1, set=[[0, 1e160]])
    assert answer["stopped"]
    assert answer["specs"]["loss"]["xs"] == [0, 1]
    assert answer["moment"]["loss"]["values"] == [None, None]  # they are infinite


@pytest.mark.parametrize("change", [{"lr": 0.5}, {"noise": 0.3}, {"optimizer": "sgd"}])
def test_the_gradient_flow_is_that_of_the_last_steps_until_others_are_made(change: dict[str, Any]) -> None:
    asked = Asked()
    assert asked.first["moment"]["flow"] is None
    assert asked(settings=change)["moment"]["flow"] is None
    asked(steps=3)
    before = asked.session.views.frames(0)["flow"]["values"].tolist()
    assert min(before) > 0.0
    asked(settings={name: getattr(Settings(), name) for name in change})
    assert asked.session.views.frames(0)["flow"]["values"].tolist() == before


def test_the_plane_is_in_the_datas_units_whatever_the_features() -> None:
    asked = Asked(features=["x²", "sin y"], data="circles")
    spec, points = asked.session.views.specs()["plane"], asked.training.places.features
    assert spec["x"]["low"] < points[:, 0].min() < points[:, 0].max() < spec["x"]["high"]
    plane = asked.session.views.boundary.plane
    x, y = spec["x"]["low"], spec["y"]["high"]  # the first point is above on the left
    inputs = asked.training.predictor.inputs(np.array([[x * x, np.sin(y)]]))
    assert plane.points[0].tolist() == pytest.approx(inputs[0].tolist(), rel=1e-12)


def test_of_a_large_layer_the_neurons_are_shown_that_had_the_largest_weights() -> None:
    caption = Asked(hidden=[17]).first["specs"]["network"]["caption"]
    assert "<small>shown: 16 of 17 in layers[0], those with the largest weights when they were chosen " in caption


def test_packed_arrays_lie_where_the_json_says() -> None:
    numbers, picture = np.array([[1.5e-300, -2.25]]), np.arange(5, dtype=np.uint8)
    told, body = packed({"a": [picture, {"b": numbers}], "words": np.array([7], dtype=np.uint16)})
    at = told["a"][1]["b"]["at"]
    assert at % 8 == 0
    assert np.frombuffer(body, "<f8", 2, at).tolist() == [1.5e-300, -2.25]
    assert body[:5] == bytes(range(5))
    assert np.frombuffer(body, "<u2", 1, told["words"]["at"]).tolist() == [7]


# ---- what changes, and what does not


def test_settings_that_fit_the_network_leave_it_as_it_is() -> None:
    asked = Asked(optimizer="sgd")
    asked(epochs=1)
    before, velocity = asked.theta, asked.training.run.optimizer.state_dict()["velocity"].tolist()
    for changes in ({"lr": 0.5}, {"noise": 0.3}, {"held_out": 0.4}, {"batch_size": 5}, {"l1": 0.1}):
        answer = asked(settings=changes)
        assert asked.theta == before
        assert answer["settings"] | changes == answer["settings"]
    assert asked.training.run.optimizer.state_dict()["velocity"].tolist() == velocity
    assert "was changed" in asked(code=True)["code"]
    assert len(asked.training.samples) == 300
    asked(settings={"seed": 1})
    assert asked.theta != before
    assert "was changed" not in asked(code=True)["code"]


def test_a_weight_set_by_hand_is_trained_on_from() -> None:
    asked = Asked()
    asked(steps=3)
    answer = asked(set=[[2, 1.25]], neuron=[0, 0])
    assert answer["weights"][2] == [2, "bias", "1.25"]
    assert asked.theta[2] == 1.25
    asked(steps=1)
    assert 0.0 < abs(asked.theta[2] - 1.25) < 0.1


def test_the_neurons_that_are_shown_stay_as_long_as_the_network_goes_on() -> None:
    asked = Asked(hidden=[20])
    views = asked.session.views
    shown = views.columns[1].indices
    hidden = next(i for i in range(20) if i not in shown)
    asked(set=[[int(place), 100.0] for place in views.places[0][hidden]])
    assert asked(settings={"lr": 0.5})["settings"]["lr"] == 0.5
    assert asked.session.views.columns[1].indices == shown


def test_a_weight_of_a_network_that_is_gone_is_set_in_no_other() -> None:
    asked, other = Asked(), Asked(seed=1)
    asked(settings={"lr": 0.5}, set=[[0, 40.0]])  # the network goes on
    assert asked.theta[0] == 40.0
    asked(settings={"seed": 1}, set=[[0, 40.0]])  # as when both were done while Python was busy
    assert asked.theta == other.theta
    asked(restart=True, set=[[0, 40.0]])
    assert asked.theta == other.theta


def test_start_again_is_where_it_began() -> None:
    asked = Asked()
    before = asked.theta
    asked(epochs=1)
    answer = asked(restart=True)
    assert (answer["epoch"], answer["step"], asked.theta) == (0, 0, before)


def test_a_training_that_diverges_says_so_and_stays_where_it_was_finite() -> None:
    asked = Asked(optimizer="sgd", loss="mse", activation="relu", lr=100.0, hidden=[8])
    answer = {"stopped": ""}
    for _ in range(100):
        answer = asked(steps=1)
        if answer["stopped"]:
            break
    assert re.match(r"the .* at step \d+ \(epoch \d+\), with learning rate 100: training stopped", answer["stopped"])
    assert np.isfinite(asked.theta).all()
    asked(settings={"lr": 1e-9})
    assert "moment" in asked(steps=1)


REFUSED = {
    "no tab": ({"tab": ""}, "which tab"),
    "a setting that is none": ({"settings": {"path": "/etc/passwd"}}, "there is no setting 'path'"),
    "a file as data": ({"settings": {"data": "/etc/passwd"}}, "there is no data set '/etc/passwd'"),
    "nine layers": ({"settings": {"hidden": [2] * 9}}, "at most 8 hidden layers here, got 9"),
    "a wide layer": ({"settings": {"hidden": [33]}}, "a layer's size is at most 32 here, got 33"),
    "no feature": ({"settings": {"features": []}}, "one feature at least"),
    "a rate of 0": ({"settings": {"lr": 0}}, "lr is a finite number above 0, got 0"),
    "nan": ({"settings": {"lr": float("nan")}}, "lr is a finite number above 0, got nan"),
    "everything held out": ({"settings": {"held_out": 1}}, "held_out is a number above 0 and below 1, got 1"),
    "half a neuron": ({"settings": {"hidden": [2.5]}}, "a layer's size is a whole number from 1, got 2.5"),
    "one wrong of two": ({"settings": {"lr": 0.5, "loss": "l7"}}, "loss is one of mse"),
    "a weight too many": ({"set": [[13, 1.0]]}, "there is no weight 13; there are 13"),
    "a weight that is nan": ({"set": [[0, float("nan")]]}, "a weight is a finite number, got nan"),
    "one right, one wrong weight": ({"set": [[0, 5.0], [99, 1.0]]}, "there is no weight 99"),
    "a change and a wrong weight": ({"settings": {"lr": 0.5}, "set": [[99, 1.0]]}, "there is no weight 99"),
    "steps without end": ({"steps": 10**9}, "steps is a whole number from 0 to 1,000,000"),
    "no neuron to play": ({"play": "neuron"}, "choose a neuron first"),
}


@pytest.mark.parametrize(("question", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_changes_nothing(question: dict[str, Any], sentence: str) -> None:
    asked = Asked()
    asked(steps=2)
    before = asked.theta, asked.training.settings, asked.training.n_steps
    answer = told(asked.tabs.ask, **{"tab": "a", **question})
    assert list(answer) == ["error"]
    assert sentence in answer["error"]
    assert before == (asked.theta, asked.training.settings, asked.training.n_steps)


LIKELY: Mapping[str, list[Any]] = {
    "tab": ["a"] * 8 + ["b"],
    "begin": [{}, {"hidden": [2]}, {"hidden": [2], "seed": 9}],
    "settings": [{"lr": 0.1}, {"lr": -1}, {"noise": 0.2}, {"momentum": 0.5}, {"batch_size": 64}, {"seed": 1},
                 {"optimizer": "sgd"}, {"loss": "hinge"}, {"hidden": [1]}, {"hidden": "x"}, {"data": "x"}, {"data": 1},
                 {"features": ["x", "q"]}, {"columns": ["a", "b"]}, {"held_out": 0.3}, {"l1": None}, {"": 1}],
    "set": [[[0, 1.5]], [[1, -2]], [[999, 0.0]], [[0]], [[0, None]], [["0", 1]]],
    "steps": [1, 5, 30],
    "epochs": [0, 1],
    "seconds": [0, 0.01],
    "sample": [0, 3, 10**6],
    "neuron": [[0, 0], [0, 99], [5, 0], [1]],
    "restart": [True, False],
    "code": [True, False, False, False],
}  # fmt: skip


@pytest.mark.parametrize("questions", [300, *further(1000)])
def test_any_question_is_answered_by_a_state_or_a_sentence(questions: int, capsys: pytest.CaptureFixture[str]) -> None:
    draws, asked, states = random.Random(0), Asked(), 0
    for _ in range(questions):
        question = random_question(draws, LIKELY)
        if isinstance(question, dict) and draws.random() < 0.9:
            question["tab"] = "a"
        before = asked.theta, asked.training.settings
        answer = head_of(answered(asked.tabs.ask, question)[0])
        if "error" in answer:
            assert answer["error"]
            assert before == (asked.theta, asked.training.settings), question
        else:
            assert "code" in answer or {"moment", "epoch", "step", "sample", "stopped"} <= set(answer)
            states += 1
    assert 0.1 < states / questions < 0.9
    assert capsys.readouterr() == ("", "")


def test_there_is_one_training_a_tab_and_no_more_than_eight() -> None:
    tabs = Tabs(Sources(), Settings(hidden=(1,)))
    for i in range(MOST_TABS + 1):
        assert "moment" in told(tabs.ask, tab=f"{i}", begin={})
    told(tabs.ask, tab="8", steps=3)
    assert told(tabs.ask, tab="7")["step"] == 0
    assert "was given up" in told(tabs.ask, tab="0")["error"]
    assert "moment" in told(tabs.ask, tab="0", begin={})


# ---- data of one's own

CSV = "a,b,c,kind\n" + "".join(f"{i},{i * i % 7},{-i % 5},{'yes' if i % 3 else 'no'}\n" for i in range(40))


def test_two_columns_of_a_file_can_be_chosen(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text(CSV)
    options = parser().parse_args(["play", "own.csv", "--target", "kind", "--hidden", "2"])
    own = own_data(options)
    asked = Asked(own, data="own.csv", columns=["a", "b"])
    assert asked.first["specs"]["plane"]["x"]["name"] == "a"
    assert asked.first["off"]["noise"] == "own.csv is as it is"
    answer = asked(settings={"columns": ["c", "b"], "features": ["x", "y", "x·y"]})
    assert answer["specs"]["plane"]["x"]["name"] == "c"
    assert "two different columns" in asked(settings={"columns": ["c", "c"]})["error"]
    assert "there is no column 'q'" in asked(settings={"columns": ["c", "q"]})["error"]
    for _ in range(2):
        asked(epochs=1)
    found: dict[str, Any] = {}
    exec(program_of(asked), found)
    assert theta_of(found["model"]) == asked.theta
    assert "has no option for these features" in asked(code=True)["code"]
    assert asked(settings={"data": "moons"})["settings"]["columns"] == ["x", "y"]
    assert asked(settings={"data": "own.csv"})["settings"]["columns"] == ["a", "b"]


COMMANDS: Mapping[str, tuple[str, list[str], list[str], bool]] = {
    "all columns": ("a,b,z", [], ["a", "b"], True),
    "the other way round": ("a,b,z", [], ["b", "a"], False),
    "two of four": ("a,'o b',-c,d,z", [], ["a", "d"], True),
    "two of those that are not ignored": ("a,b,c,d,z", ["--ignore", "b"], ["a", "d"], True),
    "a word beside them": ("word,a,b,z", [], ["a", "b"], True),
    "a word as a feature": ("word,a,z", [], ["word = u", "a"], False),
    "a word as both features": ("word,z", [], ["word = u", "word = v"], False),
    "rows left out for the others": ("a,b,c,z", ["--missing", "drop"], ["a", "b"], False),
}


@pytest.mark.parametrize(("header", "words", "columns", "has_one"), COMMANDS.values(), ids=COMMANDS)
def test_the_command_for_two_columns_of_a_file(
    header: str, words: list[str], columns: list[str], has_one: bool, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    draws, names = random.Random(0), header.split(",")
    rows = [[draws.choice("uv") if name == "word" else f"{draws.gauss(3, 2):.3f}" for name in names] for _ in range(30)]
    (tmp_path / "own.csv").write_text("\n".join([header, *map(",".join, rows)]))
    own = own_data(parser().parse_args(["play", "own.csv", "--target", "z", *words]))
    asked = Asked(own, data="own.csv", columns=columns, loss="mse", hidden=[2])
    if has_one:
        assert_the_command_trains_to_the_same_bits(asked)
    else:
        assert asked(code=True)["code"].endswith("has no option for these features of the data")


def test_a_data_set_of_ones_own_may_have_the_name_of_one_of_the_page() -> None:
    asked = Asked(own_of(moons(0.4)), data="own moons")
    assert asked.training.source.features.tolist() == moons(0.4).features.tolist()
    asked(settings={"data": "moons"})
    assert asked.training.source.features.tolist() == moons(0.1).features.tolist()


@pytest.mark.parametrize(("data", "noise"), [("xor", 0.15), ("moons", 0.1)])
def test_the_noise_is_that_of_the_data_set_unless_another_is_asked_for(data: str, noise: float) -> None:
    assert settings_of(parser().parse_args(["play", data]), None).noise == noise
    assert settings_of(parser().parse_args(["play", data, "--noise", "0.5"]), None).noise == 0.5


def test_the_colours_of_targets_that_are_all_alike_have_ends() -> None:
    """A ramp from 7 to 7 would say that each colour is 7."""
    dataset = from_table(Table(Path("a.csv"), [*"abz"], [[f"{i}", f"{i % 3}", "7"] for i in range(20)], range(20)), "z")
    own = Own(dataset, "", "")
    assert Asked(own, data="a.csv", columns=["a", "b"], loss="mse").session.views.boundary.spec()["field"][
        "ends"
    ].tolist() == [7.0, 8.0]


def test_all_outputs_are_counted() -> None:
    rows = [[f"{i}", f"{i % 3}", f"k{i % 20}"] for i in range(100)]
    own = Own(from_table(Table(Path("a.csv"), [*"abk"], rows, range(100)), "k"), "", "")
    asked = Asked(own, data="a.csv", columns=["a", "b"], loss="cross_entropy")
    assert asked.session.views.frames(0)["followed"]["outputs"].shape == (1, 20)


def test_numbers_can_be_predicted_and_many_classes_told_apart(tmp_path: Any) -> None:
    path = tmp_path / "own.csv"
    path.write_text("a,b,z\n" + "".join(f"{i},{i % 5},{i * 0.5 + i % 5}\n" for i in range(30)))
    for words in (["iris"], [str(path), "--target", "z"]):
        options = parser().parse_args(["play", *words])
        own = own_data(options)
        assert own
        tabs = Tabs(Sources(own), settings_of(options, own))
        assert "moment" in told(tabs.ask, tab="a", begin={})
        assert told(tabs.ask, tab="a", epochs=1)["epoch"] == 1
        changed = told(tabs.ask, tab="a", settings={"data": "moons"})
        assert changed["settings"]["loss"] in ("mse", "cross_entropy")
        changed = told(tabs.ask, tab="a", settings={"data": "moons", "loss": "binary_cross_entropy"})
        back = told(tabs.ask, tab="a", settings={"data": own.dataset.name})
        assert back["settings"]["loss"] == ("cross_entropy" if words == ["iris"] else "mse")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["line"], "line has one column beside the target"),
        (["moons", "--target", "x"], "are for CSV files"),
        (["iris", "--noise", "0.1"], "--noise is for moons, circles, xor, spiral"),
        (["moons", "--hidden", "40"], "a layer's size is at most 32 here, got 40"),
        (["nowhere.csv", "--target", "x"], "there is no data set and no file 'nowhere.csv'"),
        (["iris", "--loss", "binary_cross_entropy"], "is for two classes, got 3"),
        (["large.csv", "--target", "z"], "large.csv has 10,001 points; 10,000 is the most here"),
        (["small.csv", "--target", "z"], "rows"),
        (["iris", "--loss", "hinge", "--lr", "1000"], "lr is at most 100 here, got 1,000"),
    ],
)
def test_a_command_that_cannot_be_played(
    words: list[str], complaint: str, capsys: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, count in (("large", 10_001), ("small", 3)):
        (tmp_path / f"{name}.csv").write_text("a,b,z\n" + "".join(f"{i},{i % 7},{i % 3}\n" for i in range(count)))
    assert main(["play", "--no-browser", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_the_address_does_not_wait_for_what_trainings_are_made_of() -> None:
    later = ["autograd.compiler", "nn.viewing.film.plane", "nn.viewing.live.session"]
    code = f"import sys, nn.__main__, nn.command.play; sys.exit([name for name in {later} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr.strip() == "[]"
    page = training_page()
    page.prepare()
    assert set(later) <= set(sys.modules)


# ---- in a browser

Open = Callable[..., Any]


def opened(open_live: Open, page: LivePage | None = None, **settings: Any) -> Any:
    page = open_live(page or training_page(Settings(hidden=(3, 2))), **settings)
    until(page, "document.querySelectorAll('#network .neuron').length > 0", 60)
    return page


def change(page: Any, selector: str, value: str, event: str = "change") -> None:
    page.locator(selector).evaluate(
        "(e, [value, event]) => { e.value = value; e.dispatchEvent(new Event(event)); }", [value, event]
    )


def text_is(page: Any, selector: str, text: str) -> None:
    until(page, f"document.querySelector({json.dumps(selector)}).textContent === {json.dumps(text)}", 60)


def title_is(page: Any, sizes: str) -> None:
    until(page, f"document.querySelector('#network figcaption').textContent.startsWith('Network {sizes} ')", 60)


CURVE_ENDS_HERE = """(() => {
  const [curve, cursor] = ["curve", "cursor"].map((part) => document.querySelector(`#loss .${part}`).getAttribute("d"));
  return Math.abs(parseFloat(curve.split(/[ML]/).at(-1)) - parseFloat(cursor.slice(1))) < 0.06;
})()"""


@pytest.mark.parametrize("size", ["desktop", *further("phone")])
def test_every_control(open_live: Open, size: str) -> None:
    width, height = SIZES[size]
    page = opened(open_live, width=width, height=height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#setup").evaluate("(e) => { e.open = true; }")

    page.locator("#step").click()
    text_is(page, "#steps", "1")
    page.locator("#epoch").click()
    text_is(page, "#epochs", "1")
    page.locator("#restart").click()
    text_is(page, "#steps", "0")
    for pace in ("step", "epoch", "all"):
        page.locator("#pace").select_option(pace)
        before = int(page.locator("#steps").inner_text().replace(",", ""))
        page.locator("#train").click()
        until(page, f"Number(document.querySelector('#steps').textContent.replace(/,/g, '')) > {before + 3}", 60)
        page.locator("#train").click()
        text_is(page, "#train", "Train")
        until(page, CURVE_ENDS_HERE, 60)

    def setting(name: str, kind: str = "input") -> str:
        return f"#settings [data-name={name}] {kind}"

    page.locator(setting("hidden", "button[aria-label='A layer more']")).click()
    title_is(page, "2-3-2-2-1")
    page.locator(setting("hidden", "button[aria-label='A layer less']")).click()
    title_is(page, "2-3-2-1")
    change(page, setting("hidden", "input:first-child"), "4")
    title_is(page, "2-4-2-1")
    page.locator(setting("features", "[value='x·y']")).check()
    title_is(page, "3-4-2-1")
    page.locator(setting("data", "select")).select_option("spiral")
    until(page, "document.querySelector('#plane').textContent.includes('other')", 60)
    for name, value in (("activation", "relu"), ("loss", "hinge"), ("optimizer", "sgd")):
        page.locator(setting(name, "select")).select_option(value)
        until(page, f"decodeURIComponent(location.hash).includes('{value}')", 60)
    until(page, "!document.querySelector('#settings [data-name=momentum] input').disabled")
    for name, value in (("lr", "0.125"), ("momentum", "0.375"), ("l1", "0.0625"), ("weight_decay", "0.03125")):
        change(page, setting(name), value)
        until(page, f"decodeURIComponent(location.hash).includes('{value}')", 60)
    for name, value in (("batch_size", "33"), ("seed", "77")):
        change(page, setting(name), value)
        until(page, f"""decodeURIComponent(location.hash).includes('"{name}":{value}')""", 60)
    for name, value in (("noise", "0.25"), ("held_out", "0.45")):
        change(page, setting(name), value, "input")
        text_is(page, setting(name, "output"), value)

    change(page, setting("hidden", "input:first-child"), "99")
    text_is(page, "#error", "a layer's size is at most 32 here, got 99")
    until(page, "document.querySelector('#settings [data-name=hidden] input:first-child').value === '4'")

    page.locator("#network .neuron").nth(3).click()
    until(page, "document.querySelectorAll('#weights label').length === 4", 60)
    change(page, "#weights label:nth-of-type(2) input", "1.5")
    until(page, r"/\+\s1\.5\s/.test(document.querySelector('#sum').textContent)", 60)
    page.locator("#neuron").click()
    step_once(page)
    page.locator("#shut").click()
    page.locator("#whole").click()
    step_once(page)
    page.locator("#shut").click()

    assert "not finite" not in page.locator("#panel").inner_text()
    page.locator("#followed #sample").select_option("5")
    until(page, "document.querySelector('#facts').textContent.length > 0")
    page.locator("#plane svg .mark.training").first.dispatch_event("click", {"clientX": 1, "clientY": 1})
    page.locator("#code").click()
    until(page, "document.querySelector('#listing pre').textContent.includes('MLP(3, [4, 2, objective.n_outputs]')", 60)
    page.locator("#hide").click()


def test_the_address_brings_the_settings_back(open_live: Open) -> None:
    page = opened(open_live)
    change(page, "#settings [data-name=lr] input", "0.25")
    until(page, "decodeURIComponent(location.hash).includes('0.25')")
    page.reload()
    until(page, "document.querySelector('#settings [data-name=lr] input').value === '0.25'", 60)
    address = page.url.partition("#")[0]
    page.goto("about:blank")  # a page that goes on would write its own settings into the address
    page.goto(address + "#" + "%7B%22lr%22%3A-1%7D")  # settings that are none
    until(page, "document.querySelector('#settings [data-name=lr] input').value === '0.01'", 60)
    other = "These are other settings than in the address: lr is a finite number above 0, got -1"
    text_is(page, "#error", other)
    page.evaluate("location.hash = encodeURIComponent(JSON.stringify({ hidden: [5] }))")  # as a link's end is pasted
    page.locator("#network figcaption", has_text="Network 2-5-1").wait_for()


def test_keys_train_and_step(open_live: Open) -> None:
    page = opened(open_live)
    text_is(page, "#heading", "Before training")
    page.keyboard.press("ArrowRight")
    text_is(page, "#steps", "1")
    text_is(page, "#heading", "Within epoch 1")
    page.keyboard.press(" ")
    text_is(page, "#train", "Pause")
    page.keyboard.press(" ")
    text_is(page, "#train", "Train")
    page.keyboard.press("r")
    text_is(page, "#steps", "0")
    page.locator("#settings [data-name=lr] input").press("ArrowRight")  # its own
    page.locator("#restart").press("ArrowRight")
    text_is(page, "#steps", "1")
    page.locator("#train").press(" ")
    text_is(page, "#train", "Pause")


def test_layers_are_added_as_fast_as_they_are_asked_for(open_live: Open) -> None:
    page = opened(open_live)
    page.evaluate("for (let i = 0; i < 3; i++) document.querySelector('#more').click()")
    title_is(page, "2-3-2-2-2-2-1")
    page.evaluate("for (let i = 0; i < 6; i++) document.querySelector('#less').click()")
    title_is(page, "2-1")
    page.evaluate("for (let i = 0; i < 9; i++) document.querySelector('#more').click()")
    title_is(page, "2-4-4-4-4-4-4-4-4-1")


def test_an_epoch_is_one_however_long_it_takes(open_live: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.viewing.live.session.MOST_SECONDS", 1e-9)  # a question trains one step then
    page = opened(open_live)
    page.locator("#epoch").click()
    text_is(page, "#steps", "25")
    text_is(page, "#epochs", "1")
    page.evaluate(SETTLED)
    text_is(page, "#steps", "25")


def test_the_tabulator_stops_at_what_can_be_chosen_alone(open_live: Open) -> None:
    page = opened(open_live)
    page.locator("#network select").focus()
    stops = []
    for _ in range(3):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert stops == ["x", "What is followed", None]


def test_the_chosen_neuron_stays_the_same_where_there_are_other_inputs(open_live: Open) -> None:
    page = opened(open_live)
    page.locator("#network .neuron").nth(3).click()
    until(page, "document.querySelectorAll('#weights input').length === 3")
    page.locator("#settings [value='x·y']").check()
    title_is(page, "3-3-2-1")
    until(page, "document.querySelectorAll('#weights input').length === 4")
    assert page.locator("#sum h3").inner_text() == "layers[0].neurons[1]"
    page.locator("#less").click()
    page.locator("#less").click()
    title_is(page, "3-1")
    until(page, "document.querySelector('#weights').hidden")


def test_the_number_of_a_weight_is_shown_whole(open_live: Open) -> None:
    page = opened(open_live)
    page.locator("#network .neuron").nth(3).click()
    until(page, "document.querySelectorAll('#weights input').length === 3")
    change(page, "#weights label:nth-of-type(2) input", "-1.23456e-7")
    until(page, "document.querySelector('#weights label:nth-of-type(2) input').title === '-1.23456e-07'")
    widths = page.locator("#weights input").evaluate_all("(all) => all.map((e) => [e.scrollWidth, e.clientWidth])")
    assert all(text <= place for text, place in widths)


def test_an_edge_leads_to_its_weight(open_live: Open) -> None:
    page = opened(open_live)
    page.mouse.click(*on_edge(page, 0, 4, 0.9))  # the first weight of the third neuron
    until(page, "document.activeElement.closest('label')?.textContent === 'weights[0]'", 60)
    assert page.evaluate("document.activeElement.value") != ""
    assert page.locator("#sum h3").inner_text() == "layers[0].neurons[2]"


def test_what_has_the_focus_keeps_it_in_a_page_that_is_built_anew(open_live: Open) -> None:
    page = opened(open_live)
    page.locator("#network .neuron").nth(3).focus()
    page.evaluate("window.built = document.activeElement")
    page.set_viewport_size({"width": 1100, "height": 700})
    until(page, "!built.isConnected")
    until(page, "document.activeElement.getAttribute('aria-label') === 'layers[0].neurons[1]'")


def test_what_is_pressed_by_a_picture_that_grows_is_drawn_as_large_as_its_place(open_live: Open) -> None:
    """Colours are a canvas under the points and the boundary: of another size, they would lie beside them."""
    page = opened(open_live)
    for sizes in ("2-3-2-2-1", "2-3-2-2-2-1", "2-3-2-2-2-2-1"):
        page.locator("#more").click()
        title_is(page, sizes)
    until(page, f"{MISFITS} === 0")
