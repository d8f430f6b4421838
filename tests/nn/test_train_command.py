"""The command line: its files, the same bytes for the same seed, predictions, and one line for whatever is wrong."""

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from autograd.viewing.palette import LIGHT
from nn import MLP
from nn.__main__ import main
from nn.data import DATASETS, Encoding, Scaling
from nn.data.dataset import held_out_rows
from nn.data.predictor import Predictor
from nn.fit.objective import Objective
from nn.viewing import plots

SMALL = ["--hidden", "3", "--epochs", "2"]


def run(*arguments):
    """The exit status of the command."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as error:
        return error.code


def start(*arguments, **settings):
    """The command in a process of its own, which Ctrl-C reaches also where the tests run in the background."""
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | settings
    settings["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen([sys.executable, "-m", "nn", *map(str, arguments)], **settings)


def names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
def csv_file(tmp_path):
    """30 points of the plane, with a target of words, one of numbers, and one of whole numbers."""
    rng = np.random.default_rng(0)
    path = tmp_path / "points.csv"
    rows = [
        (x, y, "in" if x * x + y * y < 1 else "out", 3 * x + 100, i % 3)
        for i, (x, y) in enumerate(rng.normal(size=(30, 2)))
    ]
    path.write_text(
        "".join(f"{a},{b},{c},{d},{e}\n" for a, b, c, d, e in [("x", "y.1", "word", "number", "digit"), *rows])
    )
    return path


def without(path, *columns):
    """The file, less some columns: what is left are features and one target."""
    with path.open() as file:
        rows = [{k: v for k, v in row.items() if k not in columns} for row in csv.DictReader(file)]
    lesser = path.with_name(f"without_{'_'.join(columns)}.csv")
    with lesser.open("w") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return lesser


# ---- what it makes


@pytest.mark.parametrize(
    ("data", "pictures", "quality"),
    [
        ("moons", ["boundary.svg", "confusion.svg"], "held-out accuracy"),
        ("circles", ["boundary.svg", "confusion.svg"], "held-out accuracy"),
        ("xor", ["boundary.svg", "confusion.svg"], "held-out accuracy"),
        ("line", ["fit.svg"], "held-out error"),
        ("iris", ["confusion.svg"], "held-out accuracy"),
    ],
)
def test_data_sets_by_name(tmp_path, capsys, data, pictures, quality):
    assert run("train", data, "--out", tmp_path / "out", *SMALL) == 0
    printed = capsys.readouterr()
    always = ["film.html", "graph.svg", "history.csv", "loss.svg", "model.npz"]
    assert names(tmp_path / "out") == sorted([*always, *pictures])
    assert printed.err == ""
    assert "rows to train on" in printed.out.splitlines()[0]
    for word in (quality, "final loss", "parameters", *names(tmp_path / "out")):
        assert word in printed.out
    for path in (tmp_path / "out").glob("*.svg"):
        assert "<svg" in path.read_text()
        assert path.read_text().rstrip().endswith("</svg>")


@pytest.mark.usefixtures("without_ink")
def test_a_film_is_written_unless_it_is_not_wanted(tmp_path, capsys):
    assert run("train", "xor", "--out", tmp_path, *SMALL) == 0
    assert "film.html" in capsys.readouterr().out
    page = (tmp_path / "film.html").read_text(encoding="utf-8")
    assert "<title>Training on xor</title>" in page
    assert "different" in page
    assert run("train", "xor", "--out", tmp_path, "--no-film", *SMALL) == 0
    assert not (tmp_path / "film.html").exists()


@pytest.mark.usefixtures("without_ink")
def test_line_learns_to_double(tmp_path, capsys):
    assert run("train", "line", "--out", tmp_path) == 0
    weight, bias = Predictor.load(tmp_path / "model.npz").model.parameters()
    assert weight.data == pytest.approx(2.0, abs=0.01)
    assert bias.data == pytest.approx(0.0, abs=0.01)


@pytest.mark.usefixtures("without_ink")
def test_xor_is_learnt_with_the_defaults(tmp_path, capsys):
    assert run("train", "xor", "--out", tmp_path, "--epochs", "10") == 0
    accuracy = float(capsys.readouterr().out.split("held-out accuracy ")[1].split()[0])
    assert accuracy >= 0.95


@pytest.mark.parametrize(
    ("target", "others", "options", "header", "pictures"),
    [
        ("word", ("number", "digit"), [], ["word", "probability"], ["boundary.svg"]),
        ("word", ("number", "digit"), ["--loss", "hinge"], ["word"], ["boundary.svg"]),
        ("word", ("number", "digit"), ["--loss", "cross_entropy"], ["word", "probability"], ["boundary.svg"]),
        ("digit", ("number", "word"), ["--classes"], ["digit", "probability"], ["boundary.svg"]),
        ("number", ("digit", "word"), ["--activation", "relu"], ["number"], ["boundary.svg"]),
        ("number", ("digit", "word", "y.1"), ["--optimizer", "sgd", "--nesterov"], ["number"], ["fit.svg"]),
    ],
)
@pytest.mark.usefixtures("without_ink")
def test_csv_files_and_predictions(tmp_path, capsys, csv_file, target, others, options, header, pictures):
    out, data = tmp_path / "out", without(csv_file, *others)
    assert run("train", data, "--target", target, "--out", out, *SMALL, *options) == 0
    assert [name for name in names(out) if name in ("boundary.svg", "fit.svg")] == pictures
    capsys.readouterr()
    # The columns that training did not see are ignored; those it saw are found by name.
    assert run("predict", out / "model.npz", csv_file) == 0
    printed = capsys.readouterr().out
    assert run("predict", out / "model.npz", csv_file, "--out", tmp_path / "predicted.csv") == 0
    assert (tmp_path / "predicted.csv").read_text() == printed
    rows = list(csv.reader(printed.splitlines()))
    assert rows[0] == header
    assert len(rows) == 31
    if "probability" in header:
        assert all(0.3 < float(row[1]) <= 1.0 for row in rows[1:])
    if target == "number":
        assert all(90 < float(row[0]) < 110 for row in rows[1:])  # in its own units
    else:
        assert {row[0] for row in rows[1:]} <= {"in", "out", "0", "1", "2"}


@pytest.mark.usefixtures("without_ink")
def test_a_predicted_table_is_utf_8_whatever_the_output_is(tmp_path, csv_file):
    """A class that the terminal could not show would be another class in the table."""
    data = tmp_path / "classes.csv"
    data.write_text(without(csv_file, "number", "digit").read_text().replace("in\n", "dèdans\n"), encoding="utf-8")
    assert run("train", data, "--target", "word", "--out", tmp_path / "out", *SMALL) == 0
    arguments = ("predict", tmp_path / "out" / "model.npz", data)
    process = start(*arguments, env={**os.environ, "PYTHONIOENCODING": "ascii"}, text=False)
    printed, said = process.communicate()
    assert (process.returncode, "accuracy" in said.decode()) == (0, True)
    assert run(*arguments, "--out", tmp_path / "predicted.csv") == 0
    assert (tmp_path / "predicted.csv").read_bytes() == printed
    assert "dèdans" in printed.decode()


@pytest.mark.usefixtures("without_ink")
def test_the_model_file_is_also_that_of_the_network(tmp_path, capsys):
    assert run("train", "line", "--out", tmp_path, *SMALL) == 0
    model = MLP(1, [3, 1], activation="tanh")
    model.load(tmp_path / "model.npz")
    assert model.state_dict() == Predictor.load(tmp_path / "model.npz").model.state_dict()


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path):
    arguments = ("train", "xor", *SMALL, "--seed", "3", "--out")
    runs = [
        start(*arguments, tmp_path / name, env={**os.environ, "PYTHONHASHSEED": str(i)}) for i, name in enumerate("ab")
    ]
    assert [process.communicate()[1] for process in runs] == ["", ""]
    assert names(tmp_path / "a") == names(tmp_path / "b")
    assert len(names(tmp_path / "a")) == 7
    for name in names(tmp_path / "a"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_a_checkpointed_run_goes_on_to_the_same_files(tmp_path, capsys):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    arguments = ("train", "line", "--hidden", "3", "--checkpoint")
    assert run(*arguments, "--epochs", "4", "--out", whole) == 0
    assert run(*arguments, "--epochs", "1", "--out", parts) == 0
    assert run(*arguments, "--epochs", "4", "--out", parts) == 0
    for name in names(whole):
        assert (whole / name).read_bytes() == (parts / name).read_bytes(), name
    assert "checkpoint.npz" in names(whole)
    capsys.readouterr()
    before = (parts / "model.npz").read_bytes()
    assert run(*arguments, "--epochs", "4", "--out", parts, "--lr", "0.5") == 2
    assert "its learning rate is 0.01, now it is 0.5" in capsys.readouterr().err
    assert (parts / "model.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("column", "options", "meaning"),
    [
        ("word", [], "target word: 2 classes"),
        ("number", [], "target number: numbers"),
        ("digit", [], "target digit: numbers (if they name classes, use --classes)"),
        ("digit", ["--classes"], "target digit: 3 classes"),
    ],
)
@pytest.mark.usefixtures("without_ink")
def test_the_first_line_says_what_the_target_was_taken_for(tmp_path, capsys, csv_file, column, options, meaning):
    others = {"word", "number", "digit"} - {column}
    data = without(csv_file, *sorted(others))
    assert run("train", data, "--target", column, "--out", tmp_path / "out", *SMALL, *options) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"{data.name}: {24} rows to train on, {6} held out; {meaning}"


@pytest.mark.usefixtures("without_ink")
def test_predictions_have_two_names_even_for_a_target_named_probability(tmp_path, capsys):
    data = tmp_path / "data.csv"
    data.write_text("x,probability\n" + "1,high\n2,low\n" * 5)
    assert run("train", data, "--target", "probability", "--out", tmp_path / "out", *SMALL) == 0
    capsys.readouterr()
    assert run("predict", tmp_path / "out" / "model.npz", data) == 0
    assert capsys.readouterr().out.startswith("probability,probability_of_class\n")


@pytest.mark.usefixtures("without_ink")
def test_a_picture_of_an_earlier_run_is_not_left_beside_another_model(tmp_path, capsys):
    assert run("train", "xor", "--out", tmp_path, *SMALL) == 0
    (tmp_path / "notes.txt").write_text("mine")
    assert run("train", "line", "--out", tmp_path, *SMALL) == 0
    assert f"removed {tmp_path / 'boundary.svg'}, which was of an earlier run" in capsys.readouterr().out
    left = ["film.html", "fit.svg", "graph.svg", "history.csv", "loss.svg", "model.npz", "notes.txt"]
    assert names(tmp_path) == left


@pytest.mark.parametrize(
    "picture", ["nn.viewing.plots.plot_loss", "nn.viewing.plots.plot_curve", "nn.command.train._graph"]
)
def test_a_picture_that_fails_costs_neither_model_nor_history(tmp_path, monkeypatch, capsys, picture):
    def fail(*_):
        raise RuntimeError("no ink\nleft")

    monkeypatch.setattr(picture, fail)
    assert run("train", "line", "--out", tmp_path, *SMALL) == 1
    assert capsys.readouterr().err.endswith("svg was left out: no ink left\n")
    assert len(names(tmp_path)) == 5
    assert {"model.npz", "history.csv"} < set(names(tmp_path))


def test_names_are_drawn_as_they_stand(tmp_path, capsys):
    """Control characters, letters without a glyph, mathematics, and what matplotlib leaves out of legends."""
    data, rng = tmp_path / "data.csv", np.random.default_rng(0)
    classes = ["_hidden", "$k$", "<&>", "\x1b[0m", *(f"class {i}" for i in range(61))]
    rows = [f"{x},{y},{classes[i % 65]}\n" for i, (x, y) in enumerate(rng.normal(size=(130, 2)))]
    data.write_text('"a\x01b",日本 $x$,_t\n' + "".join(rows))
    assert run("train", data, "--target", "_t", "--out", tmp_path / "out", "--hidden", "2", "--epochs", "1") == 0
    printed = capsys.readouterr()
    assert (printed.err, "left out" in printed.out) == ("", False)
    for path in (tmp_path / "out").glob("*.svg"):
        ElementTree.parse(path)
    drawn = {text.text for text in ElementTree.parse(tmp_path / "out" / "boundary.svg").iter(f"{SVG}text")}
    listed = {"_hidden", "$k$", "<&>", "␛[0m", "class 10", "… and 11 more", "held out", "a␁b", "日本 $x$", "_t"}
    assert listed <= drawn


SVG = "{http://www.w3.org/2000/svg}"


def test_classes_differ_in_colour_or_marker():
    assert len({tuple(plots.training._style(k, LIGHT).values()) for k in range(64)}) == 64


def test_pictures_do_not_hang_on_the_settings_of_matplotlib(tmp_path, capsys):
    def pictures(directory):
        assert run("train", "xor", "--out", directory, *SMALL) == 0
        return [(directory / name).read_bytes() for name in ("boundary.svg", "loss.svg")]

    plain = pictures(tmp_path / "plain")
    with matplotlib.rc_context({"font.size": 20, "figure.dpi": 30, "axes.grid": True, "svg.fonttype": "path"}):
        assert pictures(tmp_path / "other") == plain
        assert matplotlib.rcParams["font.size"] == 20


def test_held_out_rows_beyond_all_bounds_are_reported_as_such(tmp_path, monkeypatch, capsys):
    """Rows whose loss is infinite; a warning would be an error here."""
    line = DATASETS["line"]()
    rows = held_out_rows(line, seed=0)[1]
    targets = line.targets.copy()
    targets[rows] = 1e200
    monkeypatch.setitem(DATASETS, "line", lambda: replace(line, targets=targets))
    assert run("train", "line", "--out", tmp_path, *SMALL) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "held out inf" in printed.out
    assert "held-out error inf in z" in printed.out
    assert "left out" not in printed.out
    assert (tmp_path / "history.csv").read_text().endswith(",inf,nan\n")


# ---- what is wrong


def one_line(capsys, command):
    """The one line of complaint."""
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"{command}: ")
    assert printed.err.count("\n") == 1
    assert printed.err.endswith("\n")
    return printed.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mooons"], "there is no data set and no file 'mooons': wanted one of moons"),
        (["points.csv"], "a CSV file needs --target COLUMN; the columns are x, y.1, word, number, digit"),
        (["points.csv", "--target", "z"], "has no columns named 'z'"),
        (["mixed.csv", "--target", "t"], "line 3, column 'x': wanted a finite number, got 'u'"),
        (["empty.csv", "--target", "x"], "has no rows"),
        (["nan.csv", "--target", "t"], "line 3, column 'x': the cell 'nan' says that it is missing"),
        (["hole.csv", "--target", "t"], "line 3, column 'x': the cell is empty"),
        (["few.csv", "--target", "t"], "too few rows"),
        (["one.csv", "--target", "t"], "holds one class only"),
        ([".", "--target", "t"], "Is a directory"),
        (["line", "--target", "z"], "--target, --classes, --ignore, --missing and --separator are for CSV files"),
        (["line", "--activation", "swish"], "invalid choice: 'swish'"),
        (["line", "--loss", "l1"], "invalid choice: 'l1'"),
        (["line", "--loss", "hinge"], "hinge is a loss for classes"),
        (["iris", "--loss", "binary_cross_entropy"], "binary_cross_entropy is for two classes, got 3"),
        (["line", "--optimizer", "lbfgs"], "invalid choice: 'lbfgs'"),
        (["line", "--momentum", "0.5"], "--momentum and --nesterov are for --optimizer sgd"),
        (["line", "--optimizer", "sgd", "--nesterov", "--momentum", "0"], "nesterov needs a momentum"),
        (["line", "--hidden", "3,x"], "wanted layer sizes such as 16,16, or none, got '3,x'"),
        (["line", "--hidden", "0"], "wanted layer sizes"),
        (["line", "--lr", "nan"], "wanted a finite number above 0, got 'nan'"),
        (["line", "--lr", "-1"], "wanted a finite number above 0, got '-1'"),
        (["line", "--epochs", "0"], "wanted a whole number from 1, got '0'"),
        (["line", "--batch-size", "1.5"], "wanted a whole number from 1, got '1.5'"),
        (["line", "--seed", "-1"], "wanted a whole number from 0, got '-1'"),
        (["line", "--tolerance", "inf"], "wanted a finite number from 0, got 'inf'"),
        (["line", "--hidden", "3000,3000"], "has 9,012,001 parameters, wanted at most 1,000,000"),
        (["line", "--hidden", "1" + 20 * "0"], "has 300,000,000,000,000,000,001 parameters"),
        (["line", "--out", ""], "argument --out: wanted a path, got ''"),
        (["line", "--out", "points.csv"], "cannot write into points.csv: File exists; choose another --out"),
        (["line", "--out", "points.csv/below"], "cannot write into points.csv/below: Not a directory"),
        (["line", "--out", "/proc/self"], "cannot write into /proc/self"),
    ],
)
def test_bad_input_is_one_line_and_status_2_and_no_file(tmp_path, monkeypatch, capsys, csv_file, arguments, message):
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "empty.csv": "",
        "nan.csv": "x,t\n1,2\nnan,3\n",
        "hole.csv": "x,t\n1,2\n,3\n",
        "few.csv": "x,t\n1,2\n2,3\n",
        "one.csv": "x,t\n1,a\n2,a\n",
        "mixed.csv": "x,t\n1,2\nu,3\n",
    }.items():
        (tmp_path / name).write_text(text)
    before = names(tmp_path)
    out = [] if "--out" in arguments else ["--out", "out"]
    assert run("train", *arguments, *out) == 2
    assert message in one_line(capsys, "python -m nn train")
    assert names(tmp_path) == before


@pytest.mark.usefixtures("without_ink")
def test_a_learning_rate_that_makes_the_loss_infinite(tmp_path, capsys):
    out = tmp_path / "out"
    assert run("train", "line", "--out", out, "--optimizer", "sgd", "--lr", "1e200", *SMALL, "--hidden", "none") == 2
    printed = capsys.readouterr()
    assert printed.out == "line: 40 rows to train on, 10 held out; target z: numbers\n"
    line = printed.err
    assert line.startswith("python -m nn train: ")
    assert line.count("\n") == 1
    assert "the loss became inf at step 2 (epoch 1), with learning rate 1e+200" in line
    assert "Try a lower learning rate (--lr)" in line
    assert names(out) == ["last_finite.npz"]
    state = Predictor.load(out / "last_finite.npz").model.state_dict()
    assert all(np.isfinite(list(state.values())))


def test_without_graphviz_it_fails_before_it_trains(tmp_path, monkeypatch, capsys):
    from autograd.viewing import RenderingError

    def draw(root, **how):
        raise RenderingError("there is no Graphviz to render with")

    monkeypatch.setattr("nn.command.train.draw", draw)
    assert run("train", "line", "--out", tmp_path / "out") == 2
    assert "there is no Graphviz" in one_line(capsys, "python -m nn train")
    assert names(tmp_path / "out") == []


def test_a_directory_in_the_place_of_a_file_is_refused_before_anything_is_written(tmp_path, capsys):
    (tmp_path / "history.csv").mkdir()
    assert run("train", "line", "--out", tmp_path, *SMALL) == 2
    assert f"cannot write {tmp_path / 'history.csv'}: it is a directory" in one_line(capsys, "python -m nn train")
    assert names(tmp_path) == ["history.csv"]


def test_too_little_memory_is_one_line(tmp_path, monkeypatch, capsys):
    def load(options):
        raise MemoryError

    monkeypatch.setattr("nn.command.train.load", load)
    assert run("train", "line", "--out", tmp_path / "out") == 2
    assert one_line(capsys, "python -m nn train") == "python -m nn train: out of memory\n"


@pytest.mark.parametrize("module", ["sklearn", "matplotlib"])
def test_a_missing_library_is_named_with_its_extra(tmp_path, monkeypatch, capsys, module):
    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    assert run("train", "iris", "--out", tmp_path / "out") == 2
    line = one_line(capsys, "python -m nn train")
    assert f'{module} is not installed: it comes with the extra "train", pip install "valuegrad[train]"' in line


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    directory = tmp_path_factory.mktemp("model")
    assert run("train", "line", "--out", directory, *SMALL) == 0
    return directory / "model.npz"


@pytest.mark.parametrize(
    ("model", "text", "message"),
    [
        ("absent.npz", "x\n1\n", "absent.npz: No such file"),
        ("text.npz", "x\n1\n", "text.npz is not a model that `python -m nn train` wrote, or is damaged"),
        ("cut.npz", "x\n1\n", "cut.npz is not a model"),
        (
            "network.npz",
            "x\n1\n",
            "network.npz is not a model that `python -m nn train` wrote, or is damaged: it has",
        ),
        ("changed.npz", "x\n1\n", "changed.npz is not a model"),
        ("model.npz", None, "rows.csv: No such file"),
        ("model.npz", "y\n1\n", "has no columns named 'x'"),
        ("model.npz", "x\n", "has no rows"),
    ],
)
def test_bad_models_and_rows_are_one_line_and_no_file(tmp_path, monkeypatch, capsys, model_file, model, text, message):
    content = model_file.read_bytes()
    (tmp_path / "model.npz").write_bytes(content)
    (tmp_path / "cut.npz").write_bytes(content[: len(content) * 2 // 3])
    (tmp_path / "text.npz").write_text("no model")
    MLP(1, [3, 1]).save(tmp_path / "network.npz")
    np.savez(tmp_path / "changed.npz", **(dict(np.load(model_file)) | {"network.sizes": np.array([1, 4, 1])}))
    if text is not None:
        (tmp_path / "rows.csv").write_text(text)
    monkeypatch.chdir(tmp_path)
    before = names(tmp_path)
    capsys.readouterr()
    assert run("predict", model, "rows.csv", "--out", "predicted.csv") == 2
    assert message in one_line(capsys, "python -m nn predict")
    assert names(tmp_path) == before


def described(path, **changes):
    """A model file of three classes, with some arrays changed; those that are ... are left out."""
    columns = ("x", "y", "colour")
    encoding = Encoding(columns, ((), (), ("blue", "red")), np.array([0.5, np.nan, 0.25, 0.75]))
    scaling = Scaling(np.zeros(4), np.array([1.0, 2.0, 1.0, 1.0]))
    objective = Objective.named("cross_entropy", ["a", "b", "c"])
    predictor = Predictor(MLP(4, [3], "tanh", seed=0), objective, encoding, scaling, "t", Scaling.none(1))
    path.write_bytes(predictor.file_bytes())
    arrays = dict(np.load(path)) | {name.replace("_", "."): array for name, array in changes.items()}
    np.savez(path, **{name: np.asarray(array) for name, array in arrays.items() if array is not ...})
    return path


def test_a_sound_file_is_read(tmp_path):
    """So that the next test fails for what it changes alone."""
    predictor = Predictor.load(described(tmp_path / "model.npz"))
    assert predictor.feature_scaling.scale.tolist() == [1.0, 2.0, 1.0, 1.0]
    assert predictor.classes == ("a", "b", "c")
    assert predictor.encoding.words == ((), (), ("blue", "red"))
    assert predictor.feature_names == ("x", "y", "colour = blue", "colour = red")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "its format is 'other', wanted"),
        ({"format": 5.0}, "its 'format' is float64 of shape (), wanted texts: one"),
        ({"loss": ...}, "it has no array named 'loss'"),
        ({"loss": ["mse"]}, "its 'loss' is"),
        ({"loss": "l1"}, "its loss 'l1' and its classes do not go together"),
        ({"loss": "binary_cross_entropy"}, "binary_cross_entropy is for two classes, got 3"),
        ({"network_sizes": [4.0, 3.0]}, "its 'network.sizes' is float64 of shape (2,), wanted whole numbers"),
        ({"network_sizes": 3}, "'network.sizes'"),
        ({"network_sizes": np.array([], int)}, "features do not agree in number"),
        ({"network_sizes": [4]}, "outputs and classes do not agree"),
        ({"network_sizes": [3, 3]}, "features do not agree in number"),
        ({"network_sizes": [4, 4]}, "outputs and classes do not agree"),
        ({"network_sizes": [4, 10**9, 3]}, "parameters, wanted at most"),
        ({"network_sizes": [4, -1, 3]}, "sizes[0] is a whole number from 1, got -1"),
        ({"network_sizes": [4] + [1] * 100_000 + [3]}, "at most 1,000 layers, got 100,001"),
        ({"network_activations": ["tanh"]}, "wanted texts: 2"),
        ({"network_activations": ["tanh", "swish"]}, "no activation is named 'swish'"),
        ({"columns": "xy"}, "'columns'"),
        ({"columns": ["x", "x", "colour"]}, "its 'columns' repeat"),
        ({"words_column": [0, 7]}, "its words are of no columns"),
        ({"words_column": [2, 0]}, "its words are of no columns"),
        ({"words_column": [2]}, "wanted whole numbers: 2"),
        ({"words_word": ["red", "red"]}, "its words repeat"),
        ({"fill": [0.0, 0.0, 0.0]}, "its 'fill' is float64 of shape (3,), wanted numbers: 4"),
        ({"fill": [0.0, 0.0, 0.0, np.inf]}, "what it fills in is infinite"),
        ({"features_mean": [0.0]}, "'features.mean'"),
        ({"features_mean": [0.0, np.nan, 0.0, 0.0]}, "the scaling of its features is not finite"),
        ({"features_scale": [1.0, 0.0, 1.0, 1.0]}, "not positive"),
        ({"target": 1.0}, "'target'"),
        ({"target_mean": 0.0}, "'target.mean'"),
        ({"target_scale": [-1.0]}, "the scaling of its target is not finite, or not positive"),
        ({"classes": [1, 2, 3]}, "'classes'"),
        ({"classes": ["a", "b", "b"]}, "its 'classes' repeat"),
        ({"classes": ["a"]}, "its classes do not go together"),
        ({"names": ["a"]}, "its 'values' is float64 of shape (15,), wanted numbers: 1"),
        ({"values": [np.inf] + [0.0] * 14}, "its parameters are not all finite"),
    ],
)
def test_a_wrong_array_is_refused(tmp_path, monkeypatch, capsys, changes, message):
    monkeypatch.chdir(tmp_path)
    described(tmp_path / "model.npz", **changes)
    (tmp_path / "rows.csv").write_text("x,y,colour\n1,2,red\n")
    assert run("predict", "model.npz", "rows.csv") == 2
    line = one_line(capsys, "python -m nn predict")
    assert "model.npz is not a" in line
    assert message in line


def test_a_file_that_would_unpack_to_more_than_itself_is_refused(tmp_path, capsys):
    np.savez_compressed(tmp_path / "model.npz", format=np.zeros(10**7), names=0, values=0)
    (tmp_path / "rows.csv").write_text("x\n1\n")
    assert run("predict", tmp_path / "model.npz", tmp_path / "rows.csv") == 2
    assert "it would unpack to 80,000" in one_line(capsys, "python -m nn predict")


@pytest.mark.parametrize(
    ("out", "message"),
    [("", "argument --out: wanted a path, got ''"), (".", ".: Is a directory"), ("no/p.csv", "no/p.csv: No such file")],
)
def test_predictions_that_have_no_place_to_go(tmp_path, monkeypatch, capsys, model_file, out, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("x\n1\n")
    assert run("predict", model_file, "rows.csv", "--out", out) == 2
    assert message in one_line(capsys, "python -m nn predict")
    assert names(tmp_path) == ["rows.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: command"),
        (["learn"], "invalid choice: 'learn'"),
        (["train", "line", "--out", "out", "--epoch", "3"], "unrecognized arguments: --epoch 3"),
        (["train", "line", "--out", "out", "--foo", "a\n\x1b\tb"], "unrecognized arguments: --foo a ␛ b; --help"),
    ],
)
def test_a_wrong_command_is_one_line(capsys, arguments, message):
    assert run(*arguments) == 2
    assert message in one_line(capsys, "python -m nn")


def test_a_reader_that_goes_away_is_no_error(tmp_path, model_file):
    (tmp_path / "rows.csv").write_text("x\n" + "1\n" * 20_000)
    process = start("predict", model_file, tmp_path / "rows.csv")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 141


FULL = "standard output: No space left on device"


@pytest.mark.parametrize(
    ("arguments", "redirection", "status", "message"),
    [
        ("train line --out out --hidden none --epochs 1", ">&-", 0, ""),
        (
            "predict MODEL rows.csv",
            ">&-",
            2,
            "python -m nn predict: standard output is closed: name a file",
        ),
        ("predict MODEL rows.csv", ">/dev/full", 2, f"python -m nn predict: {FULL}"),
        ("train --help", ">/dev/full", 2, f"python -m nn train: {FULL}"),
        ("train mooons --out out", "2>&-", 2, ""),
    ],
)
def test_output_that_is_closed_or_full(tmp_path, model_file, arguments, redirection, status, message):
    (tmp_path / "rows.csv").write_text("x\n1\n")
    command = f"{sys.executable} -m nn {arguments.replace('MODEL', str(model_file))} {redirection}"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == bool(message)


COMPLAINT = "python -m nn train: interrupted; the same command goes on from the last whole epoch\n"


def test_ctrl_c_is_one_line_and_status_130(tmp_path):
    process = start("train", "line", "--out", tmp_path, "--epochs", "1000000", "--checkpoint")
    try:
        deadline = time.monotonic() + 20
        while "checkpoint.npz" not in names(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, err, out.count("\n")) == (130, COMPLAINT, 1)
    assert names(tmp_path) == ["checkpoint.npz"]


def test_help_explains_every_option_with_its_default(capsys):
    assert run("train", "--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    optional = text.split("options:")[1].split(" --")[1:]
    for option in optional:
        name = option.split()[0]
        assert name in ("out", "target", "help", "h,") or "default" in option, name
