"""``python -m nn export``: files that predict what the model does, from rows as they stand in a table."""

from __future__ import annotations

import ctypes
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_compiler import needs_a_compiler
from oracle import needed

from autograd.compiler.targets.building import compiler
from nn import MLP
from nn.__main__ import main
from nn.command.export import _c_text as c_text
from nn.data import DATASETS, Dataset, Predictor
from nn.fit.objective import Objective


def kinds() -> dict[str, tuple[Dataset, Objective]]:
    moons, iris, line = DATASETS["moons"](), DATASETS["iris"](), DATASETS["line"]()
    return {
        "two classes": (moons, Objective.default(moons.classes)),
        "three classes": (iris, Objective.default(iris.classes)),
        "two classes by margin": (moons, Objective.named("hinge", moons.classes)),
        "three classes by margin": (iris, Objective.named("hinge", iris.classes)),
        "two outputs": (moons, Objective.named("cross_entropy", moons.classes)),
        "numbers": (line, Objective.default(())),
    }


KINDS = ("two classes", "three classes", "two classes by margin", "three classes by margin", "two outputs", "numbers")


@pytest.fixture(params=KINDS)
def predictor(request: pytest.FixtureRequest) -> tuple[Predictor, Dataset]:
    """A network as it is before it is trained."""
    dataset, objective = kinds()[request.param]
    model = MLP(len(dataset.feature_names), [5, objective.n_outputs], seed=3)
    return Predictor.untrained(dataset, objective, model), dataset


def export(predictor: Predictor, path: Path, *options: str) -> Path:
    model = path.with_name("model.npz")
    model.write_bytes(predictor.file_bytes())
    assert main(["export", str(model), str(path), *options]) == 0
    return path


def hold(predictor: Predictor, dataset: Dataset, outputs: Any, classes: list[str] | None, precision: float) -> None:
    wanted = predictor.outputs(dataset.features)
    predicted = predictor.predict(dataset.features)
    if not predictor.classes:
        np.testing.assert_allclose(outputs, predicted, rtol=precision, atol=precision)
        return
    assert np.shape(outputs) == (len(dataset), len(predictor.classes))
    assert classes == [predictor.classes[int(place)] for place in predicted]
    if predictor.objective.gives_probabilities:
        of_the_class = np.asarray(outputs)[np.arange(len(dataset)), predicted.astype(int)]
        np.testing.assert_allclose(of_the_class, predictor.objective.probabilities(wanted), rtol=precision)
        np.testing.assert_allclose(np.sum(outputs, axis=1), 1.0, rtol=precision)


@pytest.mark.parametrize("framework", ["numpy", "jax", "torch"])
def test_python(predictor, framework: str, tmp_path: Path) -> None:
    if framework != "numpy":
        needed(framework)
    path = export(predictor[0], tmp_path / "model.py", "--framework", framework)
    assert "autograd" not in path.read_text().partition("\n")[2]
    namespace: dict[str, Any] = {}
    exec(compile(path.read_text(), path, "exec"), namespace)
    rows = predictor[1].features.tolist()
    classes = namespace["predict"](rows) if predictor[0].classes else None
    assert namespace["FEATURES"] == list(predictor[0].feature_names)
    hold(*predictor, np.asarray(namespace["outputs"](rows)), classes, 1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_onnx(predictor, dtype: str, tmp_path: Path) -> None:
    needed("onnx")
    onnxruntime = needed("onnxruntime")
    path = export(predictor[0], tmp_path / "model.onnx", "--dtype", dtype)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["features"]) == list(predictor[0].feature_names)
    assert json.loads(about["classes"]) == list(predictor[0].classes)
    found = session.run(None, {"batch": predictor[1].features.astype(dtype)})
    classes = found[1].tolist() if predictor[0].classes else None
    hold(*predictor, found[0], classes, 1e-12 if dtype == "float64" else 1e-4)


def test_c(predictor, tmp_path: Path) -> None:
    needs_a_compiler()
    path = export(predictor[0], tmp_path / "my model.c")
    library = tmp_path / "model.so"
    checks = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"]
    subprocess.run([*compiler(), *checks, "-shared", "-fPIC", str(path), "-o", str(library), "-lm"], check=True)
    built = ctypes.CDLL(str(library))
    built.my_model_workspace.restype = ctypes.c_size_t
    rows = np.ascontiguousarray(predictor[1].features)
    n_features, classes = len(predictor[0].feature_names), predictor[0].classes
    outputs = np.empty((len(rows), len(classes) or 1))
    numbers = ctypes.POINTER(ctypes.c_double)
    memory = ctypes.create_string_buffer(built.my_model_workspace())
    built.my_model_outputs(
        ctypes.c_size_t(len(rows)), rows.ctypes.data_as(numbers), outputs.ctypes.data_as(numbers), memory
    )
    names = (ctypes.c_char_p * n_features).in_dll(built, "my_model_features")
    assert [name.decode() for name in names] == list(predictor[0].feature_names)
    if not classes:
        hold(*predictor, outputs[:, 0], None, 1e-12)
        return
    texts = (ctypes.c_char_p * len(classes)).in_dll(built, "my_model_classes")
    chosen = [texts[built.my_model_class(row.ctypes.data_as(numbers))].decode() for row in outputs]
    hold(*predictor, outputs, chosen, 1e-12)


def test_c_takes_names_of_any_kind() -> None:
    names = ['a "quoted" name', "back\\slash", "größe ∂", "??=", "7\n8"]
    for name in names:
        literal = c_text(name)
        assert literal.isascii()
        assert eval("b" + literal) == name.encode()


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        ("model.txt", [], "wanted a file that ends in .onnx or .py or .c, got"),
        ("model.py", ["--dtype", "float32"], "--dtype is for an .onnx file"),
        ("model.onnx", ["--framework", "jax"], "--framework is for a .py file"),
        ("model.c", ["--dtype", "float32"], "--dtype for an .onnx file"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, capsys, file: str, options: list[str], message: str) -> None:
    dataset, objective = kinds()["numbers"]
    model = tmp_path / "model.npz"
    model.write_bytes(Predictor.untrained(dataset, objective, MLP(1, [1])).file_bytes())
    assert main(["export", str(model), str(tmp_path / file), *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / file).exists()


def test_ties_go_to_the_class_that_is_predicted(tmp_path: Path) -> None:
    """An output of 0 speaks for the second of two classes, equal outputs for the first of three."""
    for name, n_outputs in (("two classes", 1), ("three classes", 3), ("two classes by margin", 1)):
        dataset, objective = kinds()[name]
        model = MLP(len(dataset.feature_names), [n_outputs], seed=0)
        for parameter in model.parameters():
            parameter.data = 0.0
        predictor = Predictor.untrained(dataset, objective, model)
        path, namespace = export(predictor, tmp_path / "model.py"), {}
        exec(compile(path.read_text(), path, "exec"), namespace)
        wanted = predictor.classes[int(predictor.predict(dataset.features[:1])[0])]
        assert namespace["predict"](dataset.features[:1]) == [wanted]
