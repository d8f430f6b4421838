"""Data: strict CSV, the held-out fifth, scaling, and how classes become targets."""

import numpy as np
import pytest

from nn.data import DATASETS, NOISY, Scaling, held_out_rows
from nn.data.dataset import from_table
from nn.data.tables import csv_text, read_table
from nn.fit.objective import Objective


def table(tmp_path, text):
    path = tmp_path / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path)


ROWS = "a,b,t\n" + "".join(f"{i},{i * i},{'yes' if i % 2 else 'no'}\n" for i in range(10))


def test_words_are_classes_in_alphabetical_order(tmp_path):
    data = from_table(table(tmp_path, ROWS), "t")
    assert (data.feature_names, data.target_name, data.classes) == (("a", "b"), "t", ("no", "yes"))
    assert data.features[3].tolist() == [3.0, 9.0]
    assert data.targets.tolist() == [0.0, 1.0] * 5


def test_numbers_are_numbers_unless_they_are_said_to_be_classes(tmp_path):
    text = "a,t\n1,10\n2,9\n3,10\n"
    assert from_table(table(tmp_path, text), "t").targets.tolist() == [10.0, 9.0, 10.0]
    assert from_table(table(tmp_path, text), "t").classes == ()
    data = from_table(table(tmp_path, text), "t", as_classes=True)
    assert (data.classes, data.targets.tolist()) == (("9", "10"), [1.0, 0.0, 1.0])


def test_classes_stand_in_the_order_of_their_numbers_then_of_their_words(tmp_path):
    """Whatever the order of a set of them; nan has no place among numbers."""
    rng = np.random.default_rng(0)
    names = ["10", "9", "nan", "-inf", "b", "NaN", "inf", "2.5"]
    for _ in range(20):
        cells = "".join(f"1,{name}\n" for name in rng.permutation(names))
        found = from_table(table(tmp_path, "a,t\n" + cells), "t", as_classes=True).classes
        assert found == ("2.5", "9", "10", "-inf", "NaN", "b", "inf", "nan")


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfa,t\r\n1,2\r\n",  # as Excel writes it
        'a , t\n 1 ,"2"\n',
        "a,t\n\n1,2\n\n\n",
    ],
)
def test_what_programs_write_around_the_cells_is_left_out(tmp_path, text):
    data = from_table(table(tmp_path, text), "t")
    assert (data.feature_names, data.features.tolist(), data.targets.tolist()) == (("a",), [[1.0]], [2.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"),
        ("a,t\n", "has no rows"),
        ("a,t\n1,2\n3\n", "line 3: got 1 cells, wanted 2"),
        ("a,t\n1,2\n3,4,5\n", "line 3: got 3 cells"),
        ("a,b\n1,2\n", "has no columns named 't', wanted one; its columns are a, b"),
        ("t,t\n1,2\n", "has 2 columns named 't'"),
        ("a,a,t\n1,2,3\n", "has 2 columns named 'a'"),
        ("t\n1\n", "has no column but the target"),
        ("a,t\n1,2\n,4\n", "line 3, column 'a': the cell is empty"),
        ("a,t\n1,2\n\nx,4\n", "line 4, column 'a': wanted a finite number, got 'x'"),
        ("a,t\nnan,2\n", "line 2, column 'a': the cell 'nan' says that it is missing"),
        ("a,t\n1,inf\n", "line 2, column 't': wanted a finite number, got 'inf'"),
        ("a,t\n1,2\n2,u\n", "wanted a finite number, got 'u'; or --classes, if the column names classes"),
        ("a,t\n1_0,2\n", "line 2, column 'a': wanted a finite number, got '1_0'$"),
        ("a,t\n1,yes\n2,\n", "line 3, column 't': the cell is empty"),
        ("a,t\n1,yes\n2,yes\n", "holds one class only, 'yes'"),
        (b"a,t\n1,\xff\n", "is not a CSV file in UTF-8"),
        ('a,t\n1,"2\n', "is not a CSV file"),
        ('a,t\n"1"x,2\n', "is not a CSV file"),
    ],
)
def test_wrong_tables_are_refused_with_line_and_column(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        from_table(table(tmp_path, text), "t")


def test_a_fifth_of_each_class_is_held_out():
    iris = DATASETS["iris"]()
    train, held_out = held_out_rows(iris, seed=0)
    assert sorted([*train, *held_out]) == list(range(150))
    assert [np.sum(iris.targets[held_out] == k) for k in range(3)] == [10, 10, 10]
    assert held_out_rows(iris, seed=0)[1].tolist() == held_out.tolist()
    assert held_out_rows(iris, seed=1)[1].tolist() != held_out.tolist()


def test_another_share_can_be_held_out():
    iris = DATASETS["iris"]()
    train, held_out = iris.split(seed=0, share=0.5)
    assert [len(train), len(held_out)] == [75, 75]
    assert len(iris.split(seed=0, share=0.999)[0]) == 3  # of each class one is left to train on


@pytest.mark.parametrize("name", NOISY)
def test_without_noise_points_lie_on_a_line_or_a_corner(name):
    x, y = NOISY[name](noise=0.0).features.T
    classes, radius, share = NOISY[name](noise=0.0).targets, np.hypot(x, y), np.hypot(x, y) / 3.0
    distance = {
        "moons": np.where(classes == 0, radius, np.hypot(x - 1.0, y - 0.5)) - 1.0,
        "circles": radius - np.where(classes == 0, 1.0, 0.4),
        "xor": np.abs(x * (x - 1.0)) + np.abs(y * (y - 1.0)),
        "spiral": np.hypot(
            x - radius * np.cos(3 * np.pi * share + np.pi * classes),
            y - radius * np.sin(3 * np.pi * share + np.pi * classes),
        ),
    }[name]
    assert np.abs(distance).max() < 1e-12
    assert not np.allclose(NOISY[name](noise=0.3).features.T, [x, y])


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.37])
@pytest.mark.parametrize(("name", "options"), [("moons", {}), ("circles", {"factor": 0.4})])
def test_moons_and_circles_are_those_of_scikit_learn(name, options, noise):
    make = getattr(pytest.importorskip("sklearn.datasets"), f"make_{name}")
    points, labels = make(500, noise=noise, random_state=0, **options)
    assert NOISY[name](noise).features.tobytes() == np.ascontiguousarray(points).tobytes()
    assert NOISY[name](noise).targets.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,t\n" + "1,2\n" * 4, "too few rows to train on: got 4, wanted at least 5"),
        ("a,t\n" + "1,yes\n" * 9 + "1,no\n", "the class 'no' of data.csv has 1 row"),
    ],
)
def test_too_few_rows_are_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        held_out_rows(from_table(table(tmp_path, text), "t"), seed=0)


@pytest.mark.parametrize(
    ("name", "rows", "features", "classes"),
    [
        ("moons", 500, 2, 2),
        ("circles", 500, 2, 2),
        ("xor", 200, 2, 2),
        ("spiral", 500, 2, 2),
        ("line", 50, 1, 0),
        ("iris", 150, 4, 3),
        ("digits", 1797, 64, 10),
    ],
)
def test_the_data_sets(name, rows, features, classes):
    data = DATASETS[name]()
    assert data.features.shape == (rows, features) == (len(data.targets), len(data.feature_names))
    assert len(data.classes) == classes
    assert set(data.targets.tolist()) == set(range(classes)) or not classes
    assert DATASETS[name]().features.tobytes() == data.features.tobytes()


def test_line_is_twice_x():
    line = DATASETS["line"]()
    assert line.targets.tolist() == (2 * line.features[:, 0]).tolist()


def test_scaling_gives_mean_0_and_deviation_1_and_can_be_undone():
    columns = np.random.default_rng(0).normal(1e6, 1e-3, (100, 3))
    scaling = Scaling.of(columns)
    scaled = scaling.apply(columns)
    assert scaled.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-6)  # 1e6 ± 1e-3 leaves seven digits
    assert scaled.std(axis=0) == pytest.approx([1, 1, 1], rel=1e-6)
    assert scaling.undo(scaled) == pytest.approx(columns, rel=1e-15)


def test_a_constant_column_keeps_its_size():
    columns = np.full((7, 2), [0.1, 1e9])
    assert Scaling.of(columns).scale.tolist() == [1.0, 1.0]
    assert np.abs(Scaling.of(columns).apply(columns)).max() < 1e-6


def test_numbers_too_large_to_scale_are_refused():
    with pytest.raises(ValueError, match="too large"):
        Scaling.of(np.array([[1e308], [-1e308]]))


@pytest.mark.parametrize(
    ("loss", "n_classes", "targets", "wanted"),
    [
        ("mse", 0, [1.5, -2.0], [[1.5], [-2.0]]),
        ("mse", 2, [0, 1], [[0], [1]]),
        ("mse", 3, [1], [[0, 1, 0]]),
        ("binary_cross_entropy", 2, [0, 1], [[0], [1]]),
        ("cross_entropy", 2, [0, 1], [[1, 0], [0, 1]]),
        ("cross_entropy", 3, [2], [[0, 0, 1]]),
        ("hinge", 2, [0, 1], [[-1], [1]]),
        ("hinge", 3, [2], [[-1, -1, 1]]),
    ],
)
def test_targets_as_each_loss_wants_them(loss, n_classes, targets, wanted):
    objective = Objective.named(loss, ["a", "b", "c"][:n_classes])
    assert objective.encode(np.array(targets, dtype=float)).tolist() == wanted
    assert objective.n_outputs == len(wanted[0])


@pytest.mark.parametrize(
    ("loss", "n_classes", "outputs", "index", "probability"),
    [
        ("mse", 2, [0.4], 0, None),
        ("mse", 2, [0.6], 1, None),
        ("binary_cross_entropy", 2, [-1.0], 0, 0.7310585786300049),
        ("binary_cross_entropy", 2, [1.0], 1, 0.7310585786300049),
        ("cross_entropy", 2, [0.0, 1.0], 1, 0.7310585786300049),
        ("cross_entropy", 3, [5.0, 5.0, -1000.0], 0, 0.5),
        ("hinge", 3, [-2.0, -1.0, -3.0], 1, None),
    ],
)
def test_outputs_are_read_as_class_and_probability(loss, n_classes, outputs, index, probability):
    objective = Objective.named(loss, ["a", "b", "c"][:n_classes])
    outputs = np.array([outputs])
    assert objective.margins(outputs).argmax() == objective.chosen(outputs)[0] == index
    assert objective.gives_probabilities is (probability is not None)
    if probability is not None:
        assert objective.probabilities(outputs) == pytest.approx([probability], rel=1e-15)


@pytest.mark.parametrize(
    ("loss", "n_classes", "message"),
    [
        ("l1", 0, "no loss is named 'l1'; there are mse"),
        ("hinge", 0, "hinge is a loss for classes, and the target holds numbers"),
        ("binary_cross_entropy", 3, "for two classes, got 3"),
    ],
)
def test_losses_that_do_not_fit_the_target_are_refused(loss, n_classes, message):
    with pytest.raises(ValueError, match=message):
        Objective.named(loss, ["a", "b", "c"][:n_classes])


def test_cells_that_need_quotes_get_them():
    assert csv_text([["a", "b"], ["x,y", 0.5], ['"', None]]) == 'a,b\n"x,y",0.5\n"""",\n'
