"""Tables that people have: separators, gaps, words, gzip; and a hundred that are broken, each one line."""

import csv
import gzip
import io
import random
import signal

import numpy as np
import pytest
from generators import tables

from nn import MLP, mse
from nn.__main__ import main
from nn.basics.files import npz_bytes
from nn.data import DATASETS, Encoding, Predictor, read_table
from nn.data.dataset import from_table
from nn.data.tables import CHUNK, opened

SMALL = ["--hidden", "3", "--epochs", "2", "--no-film"]


def run(*arguments):
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as error:
        return error.code


def written(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# ---- reading


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("a,b\n1,2\n", ["a", "b"], [["1", "2"]]),
        ("a;b\n1,5;2,5\n", ["a", "b"], [["1,5", "2,5"]]),
        ("a\tb\n1\t2\n", ["a", "b"], [["1", "2"]]),
        ("a|b\n1|2\n", ["a", "b"], [["1", "2"]]),
        ('"a,b";c\n1;2\n', ["a,b", "c"], [["1", "2"]]),
        ("a\n1\n\n2\n", ["a"], [["1"], [""], ["2"]]),
        ("a,b\r\n\r\n1,2\r\n", ["a", "b"], [["1", "2"]]),
    ],
)
@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress], ids=["plain", "gzip"])
def test_separators_are_found(tmp_path, text, header, rows, pack):
    table = read_table(written(tmp_path / "t.csv", pack(text.encode())))
    assert (table.header, table.rows) == (header, rows)


def test_a_separator_may_be_given(tmp_path):
    table = read_table(written(tmp_path / "t.csv", "a:b,c\n1:2,3\n"), ":")
    assert table.header == ["a", "b,c"]


def test_lines_are_those_of_the_file_whatever_stands_in_cells(tmp_path):
    path = written(tmp_path / "t.csv", 'a,b\n1,"x\ny"\n\n2,z\n3,"u\r\nv\rw"\n4,5\n')
    table = read_table(path)
    ends = [3, 5, 8, 9]  # a row stands where it ends
    assert list(table.lines) == ends
    with path.open(newline="") as file:
        reader = csv.reader(file)
        assert [reader.line_num for row in reader if row][1:] == ends


def test_chunks_are_the_whole(tmp_path):
    rows = [[str(i), f"w{i}"] for i in range(2 * CHUNK + 5)]
    text = "a,b\n" + "".join(f"{a},{b}\n" for a, b in rows)
    with opened(written(tmp_path / "t.csv", text)) as (_, chunks):
        tables = list(chunks)
    assert [len(table) for table in tables] == [CHUNK, CHUNK, 5]
    assert [row for table in tables for row in table.rows] == rows
    assert [line for table in tables for line in table.lines] == list(range(2, len(rows) + 2))


# ---- features


def test_words_become_a_feature_each_and_numbers_one(tmp_path):
    text = "n,w,t\n1,red,2\n2,blue,3\n3,red,4\n2,red,5\n"
    data = from_table(read_table(written(tmp_path / "t.csv", text)), "t")
    assert data.feature_names == ("n", "w = blue", "w = red")
    assert data.features.tolist() == [[1, 0, 1], [2, 1, 0], [3, 0, 1], [2, 0, 1]]


GAPS = "n,w,t\n1,red,2\n,blue,3\n3,,4\n5,red,NA\n5,blue,6\n6,red,7\n7,red,8\n9,blue,1\n"


def test_rows_with_gaps_are_an_error_or_left_out_or_filled_with_the_mean_of_those_trained_on(tmp_path):
    table = read_table(written(tmp_path / "t.csv", GAPS))
    with pytest.raises(ValueError, match=r"line 3, column 'n': the cell is empty; .*--missing drop"):
        from_table(table, "t")
    dropped = from_table(table, "t", missing="drop")
    assert dropped.features[:, 0].tolist() == [1, 5, 6, 7, 9]
    assert dropped.notes == ("left out, for they have missing cells: 3 rows",)
    data = from_table(table, "t", missing="mean")
    assert np.isnan(data.features).any(axis=1).tolist() == [False, True, True, False, False, False, False]
    assert data.notes == (
        "left out, for they have missing cells: 1 row",
        "filled with the mean of the rows to train on: missing cells of 2 rows",
    )
    train, held_out = data.split(seed=0)
    raw = data.features[[i for i in range(7) if data.targets[i] in train.targets]]
    assert train.encoding.fill == pytest.approx(np.nanmean(raw, axis=0))
    for part in (train, held_out):
        assert not np.isnan(part.features).any()
        assert part.encoding is train.encoding


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,t\n1,2\nu,3\n", "line 3, column 'a': wanted a finite number, got 'u'"),
        ("a;t\n1,5;2\n2,5;3\n", "line 2, column 'a': wanted a finite number, got '1,5': write it without"),
        ("a,t\n" + "".join(f"name {i},1\n" for i in range(9)), "9 different words in 9 rows are too many. --ignore a"),
        ("a,t\n" + "".join(f"w{i % 60},1\n" for i in range(200)), "60 different words in 200 rows are too many"),
        ("a,t\ninf,2\n", "line 2, column 'a': wanted a finite number, got 'inf'"),
        ("a\0b,t\n1,2\n", "it holds characters of 0"),
    ],
)
def test_what_is_neither_numbers_nor_kinds_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        from_table(read_table(written(tmp_path / "t.csv", text)), "t")


def test_a_column_that_only_counts_is_named_and_can_be_ignored(tmp_path):
    table = read_table(written(tmp_path / "t.csv", "id,x,t\n" + "".join(f"{i + 7},{i * i},{i}\n" for i in range(9))))
    data = from_table(table, "t")
    assert data.notes == ("the column 'id' only counts the rows: --ignore id leaves it out",)
    assert from_table(table, "t", ignore=["id"]).feature_names == ("x",)
    with pytest.raises(ValueError, match="no columns named 'y'"):
        from_table(table, "t", ignore=["y"])


# ---- the command lines


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of a column of numbers and one of words, with gaps that are filled in, and the table."""
    directory = tmp_path_factory.mktemp("trained")
    rng = random.Random(0)
    lines = ["n;w;kind"]
    for i in range(60):
        n, w = rng.gauss(0, 1), rng.choice(["red", "blue"])
        lines.append(f"{'' if i % 10 == 3 else n};{w};{'=yes' if (n > 0) == (w == 'red') else 'no'}")
    table = written(directory / "t.csv", "\n".join(lines))
    options = ["--target", "kind", "--missing", "mean", "--out", directory / "out"]
    assert run("train", table, *options, "--epochs", "40", "--no-film") == 0
    return directory / "out" / "model.npz", table


def predicted(capsys, model, rows, *options):
    capsys.readouterr()
    assert run("predict", model, rows, *options) == 0
    printed = capsys.readouterr()
    return list(csv.reader(io.StringIO(printed.out))), printed.err


@pytest.mark.usefixtures("without_ink")
def test_predictions_take_raw_rows_and_none_goes_missing(tmp_path, capsys, trained):
    model, _ = trained
    text = "w,n,other\nred,1.5,\nblue,1.5,x\ngreen,1,\nred,,\nred,many,\n,0.3,\nblue,-2,\n\nred,1_0,\n"
    rows, err = predicted(capsys, model, written(tmp_path / "rows.csv", text))
    assert rows[0] == ["kind", "probability"]
    assert [row[0] for row in rows[1:]] == ["'=yes", "no", "", rows[4][0], "", rows[6][0], "'=yes", ""]
    assert rows[4][0]
    assert rows[6][0]
    assert [row[1] == "" for row in rows[1:]] == [row[0] == "" for row in rows[1:]]
    assert err == "3 of 8 rows have a cell the network was not trained for, and are empty\n"


def test_predictions_are_those_of_the_network_for_each_row(capsys, trained):
    """By the scalar engine, with scaling and words written out."""
    model, table = trained
    predictor = Predictor.load(model)
    rows, _ = predicted(capsys, model, table)
    mean, scale = predictor.feature_scaling.mean, predictor.feature_scaling.scale
    for cells, (kind, probability) in zip(read_table(table).rows, rows[1:], strict=True):
        n = float(cells[0]) if cells[0] else predictor.encoding.fill[0]
        inputs = [(n - mean[0]) / scale[0], float(cells[1] == "blue"), float(cells[1] == "red")]
        share = predictor.model(inputs)[0].sigmoid().data
        assert kind == (predictor.classes[int(share >= 0.5)].replace("=yes", "'=yes"))
        assert float(probability) == pytest.approx(max(share, 1 - share), rel=1e-12)


def test_how_good_predictions_are_is_told_where_the_target_is_there(tmp_path, capsys, trained):
    model, table = trained
    rows, err = predicted(capsys, model, table)
    right = sum(
        row[2].replace("=yes", "'=yes") == guess[0] for row, guess in zip(read_table(table).rows, rows[1:], strict=True)
    )
    assert err == f"accuracy {right / 60:.3f} ({right} of 60 rows with a target)\n"
    assert right > 50


@pytest.mark.usefixtures("without_ink")
def test_r2_is_told_for_numbers(tmp_path, capsys):
    rng = np.random.default_rng(0)
    x = rng.normal(size=50)
    y = 3 * x + rng.normal(size=50) * 0.1
    table = written(tmp_path / "t.csv", "x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True)))
    assert run("train", table, "--target", "y", "--out", tmp_path, "--no-film", "--hidden", "none") == 0
    rows, err = predicted(capsys, tmp_path / "model.npz", written(tmp_path / "u.csv", table.read_text() + "1,\n1,?\n"))
    guesses = np.array([float(row[0]) for row in rows[1:]])
    r2 = 1 - np.sum((guesses[:50] - y) ** 2) / np.sum((y - y.mean()) ** 2)
    assert err == f"R² {r2:.4f} (50 rows with a target)\n"
    assert guesses[50] == guesses[51]
    header, *history = csv.reader((tmp_path / "history.csv").read_text().splitlines())
    assert header == ["epoch", "loss", "r2", "held_out_loss", "held_out_r2"]
    assert 0.9 < float(history[-1][2]) < 1.0


def test_the_output_may_not_be_a_file_that_is_read(tmp_path, capsys, trained):
    model, table = trained
    before = table.read_bytes()
    (tmp_path / "link.csv").symlink_to(table)
    for out in (table, tmp_path / "link.csv", model):
        assert run("predict", model, table, "--out", out) == 2
        assert "is a file that is read: name another one" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_separator_and_gzip_on_the_command_lines(tmp_path, capsys, trained):
    model, _ = trained
    packed = written(tmp_path / "rows.csv.gz", gzip.compress(b"n:w\n1:red\n"))
    assert predicted(capsys, model, packed, "--separator", ":")[0][1][0] == "'=yes"
    assert run("predict", model, packed, "--separator", "ab") == 2
    assert "wanted one character, or tab, got 'ab'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "target"), [("load_wine", "class"), ("load_diabetes", "progress"), ("load_breast_cancer", "class")]
)
@pytest.mark.usefixtures("without_ink")
def test_tables_with_gaps_words_and_semicolons_take_one_command(tmp_path, capsys, name, target):
    sklearn = pytest.importorskip("sklearn.datasets")
    bunch, rng = getattr(sklearn, name)(), random.Random(0)
    kinds = ["north", "south", "east"]
    lines = [";".join([*bunch.feature_names, "region", target])]
    for row, answer in zip(bunch.data.tolist(), bunch.target.tolist(), strict=True):
        cells = ["" if rng.random() < 0.05 else repr(x) for x in row]
        word = bunch.target_names[answer] if target == "class" else answer
        lines.append(";".join([*cells, rng.choice([*kinds, "NA"]), str(word)]))
    table = written(tmp_path / "t.csv", "\n".join(lines))
    assert (
        run("train", table, "--target", target, "--missing", "mean", "--out", tmp_path / "out", "--epochs", "15") == 0
    )
    out = capsys.readouterr().out
    assert "filled with the mean of the rows to train on" in out
    if target == "class":
        assert float(out.split("held-out accuracy ")[1].split()[0]) > 0.9
    else:
        assert float((tmp_path / "out" / "history.csv").read_text().splitlines()[-1].split(",")[-1]) > 0.3
    rows, err = predicted(capsys, tmp_path / "out" / "model.npz", table)
    assert len(rows) == len(bunch.data) + 1
    assert "" not in [row[0] for row in rows]
    assert ("accuracy" if target == "class" else "R²") in err


# ---- broken tables, and those that only look it


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory):
    """The model of the table that nothing happened to."""
    directory = tmp_path_factory.mktemp("unharmed")
    table = written(directory / "t.csv", tables.plain())
    assert run("train", table, "--target", "t", "--out", directory / "out", *SMALL) == 0
    return directory / "out" / "model.npz"


def one_line(capsys, command):
    printed = capsys.readouterr()
    assert printed.err.startswith(f"python -m nn {command}: ")
    assert printed.err.count("\n") == 1
    return printed.out == ""


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("fault", tables.FAULTS)
def test_a_broken_table_is_one_line_and_never_a_traceback(tmp_path, capsys, unharmed, fault, seed):
    content, *options = tables.broken(fault, seed)
    table = written(tmp_path / "t.csv", content)
    assert run("train", table, "--target", "t", "--out", tmp_path / "out", *SMALL, *options) == 2
    assert one_line(capsys, "train")
    assert not (tmp_path / "out").exists()
    status = run("predict", unharmed, table, "--out", tmp_path / "p.csv", *options)
    assert status == 2 if fault in tables.UNREADABLE else status == 0
    if status:
        assert one_line(capsys, "predict")
        assert not (tmp_path / "p.csv").exists()
    else:
        rows = read_table(table)
        guesses = read_table(tmp_path / "p.csv")
        assert len(guesses) == len(rows)
        usable = [tables.is_usable(a, b) for a, b in zip(rows.column("a").cells, rows.column("b").cells, strict=True)]
        assert [guess != "" for guess in guesses.column("t").cells] == usable


@pytest.mark.usefixtures("without_ink")
@pytest.mark.parametrize("disguise", tables.DISGUISES)
def test_a_table_in_disguise_trains_the_same_network(tmp_path, unharmed, disguise):
    content, *options = tables.disguised(disguise, seed=0)
    table = written(tmp_path / "t.csv", content)
    assert run("train", table, "--target", "t", "--out", tmp_path / "out", *SMALL, *options) == 0
    assert (tmp_path / "out" / "model.npz").read_bytes() == unharmed.read_bytes()


# ---- what is written, in what order


def test_a_full_disk_costs_pictures_and_not_the_model(tmp_path, monkeypatch, capsys):
    from autograd.files import write_file

    def full(path, content):
        if str(path).endswith((".svg", ".html")):
            raise OSError(28, "No space left on device", str(path))
        write_file(path, content)

    monkeypatch.setattr("nn.command.train.write_file", full)
    assert run("train", "line", "--out", tmp_path, *SMALL) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.csv", "model.npz"]
    err = capsys.readouterr().err
    assert err.count("was left out") == err.count("\n") == 3


def test_an_interrupt_while_arrays_are_packed_is_an_interrupt(monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(np.lib.format, "write_array", interrupt)
    with pytest.raises(KeyboardInterrupt):
        npz_bytes({"a": np.zeros(3)})


@pytest.fixture
def _interrupts_arrive():
    """As in a terminal: a test run that was started in the background ignores them, and so would its Python."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interrupts_arrive")
def test_an_interrupt_at_any_time_ends_with_status_130(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(np.lib.format, "write_array", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    assert run("train", "line", "--out", tmp_path, "--checkpoint", *SMALL) == 130
    assert capsys.readouterr().err == (
        "python -m nn train: interrupted; the same command goes on from the last whole epoch\n"
    )


def test_a_predictor_comes_back_from_its_file_with_all_it_knows(tmp_path):
    iris = DATASETS["iris"]()
    train, _ = iris.split(0)
    from nn.fit.objective import Objective

    predictor = Predictor.untrained(train, Objective.default(iris.classes), MLP(4, [3], seed=0))
    (tmp_path / "m.npz").write_bytes(predictor.file_bytes())
    again = Predictor.load(tmp_path / "m.npz")
    assert again.file_bytes() == predictor.file_bytes()
    assert again.outputs(iris.features).tobytes() == predictor.outputs(iris.features).tobytes()
    assert Encoding.of_numbers(["a"]).feature_names == ("a",)
    assert predictor.objective.loss is not mse
