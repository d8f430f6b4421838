"""Modules: names, states, and files that are either right or refused."""

import copy
import math
import pickle
from collections import deque
from pathlib import Path

import numpy as np
import pytest

from autograd import Value
from nn import MLP, FileFormatError, Layer, Module, Neuron


class Pair(Module):
    def __init__(self):
        self.size = 2
        self.scale = Value(2.0, label="anything")
        self.nets = [MLP(1, [1], seed=0), (MLP(1, [1], seed=1),)]
        self.tied = self.nets[0]
        self.product = self.scale * 3.0  # a result, not a parameter


def test_names_are_python_paths_in_order_of_definition():
    pair = Pair()
    wanted = [
        "scale",
        "nets[0].layers[0].neurons[0].weights[0]",
        "nets[0].layers[0].neurons[0].bias",
        "nets[1][0].layers[0].neurons[0].weights[0]",
        "nets[1][0].layers[0].neurons[0].bias",
    ]
    assert [name for name, _ in pair.named_parameters()] == wanted
    assert [parameter.label for parameter in pair.parameters()] == wanted
    for name, parameter in pair.named_parameters():
        assert eval(f"pair.{name}") is parameter


def test_results_are_labelled_with_the_path_too():
    pair = Pair()
    assert pair.nets[1][0]([1.0])[0].label == "nets[1][0].layers[0].neurons[0].a"


def test_parts_appended_later_are_found_and_can_be_named():
    pair = Pair()
    pair.nets.append(MLP(1, [1], seed=2))
    last = pair.parameters()[-1]
    assert last.label == "layers[0].neurons[0].bias"
    pair.name_parts()
    assert last.label == "nets[2].layers[0].neurons[0].bias"


def test_a_module_that_holds_its_parent_is_walked_once():
    child, parent = Module(), Module()
    child.weight = Value(1.0)
    parent.child = child
    child.parent = parent
    assert [name for name, _ in parent.named_parameters()] == ["child.weight"]


def test_zero_grad_forgets_every_gradient():
    model = MLP(2, [3, 1], seed=0)
    model([1.0, 2.0])[0].backward()
    assert all(parameter.has_grad for parameter in model.parameters())
    model.zero_grad()
    assert not any(parameter.has_grad for parameter in model.parameters())


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_are_whole_and_independent(twin_of):
    model = MLP(2, [3, 1], seed=0)
    twin = twin_of(model)
    assert twin.state_dict() == model.state_dict()
    twin.parameters()[0].data += 1.0
    assert twin.state_dict() != model.state_dict()


def test_a_saved_model_loads_to_the_same_bits(tmp_path):
    model, other = MLP(2, [3, 1], seed=0), MLP(2, [3, 1], seed=1)
    model.save(tmp_path / "a.npz")
    model.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    other.load(tmp_path / "a.npz")
    assert other.state_dict() == model.state_dict()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("layers[0].neurons[0].bias"), "no parameter layers"),
        (lambda state: state.update(extra=1.0), "a parameter extra"),
        (lambda state: state.update({"layers[1].neurons[0].bias": float("nan")}), "is nan"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, message):
    model, state = MLP(2, [3, 1], seed=0), MLP(2, [3, 1], seed=1).state_dict()
    before = model.state_dict()
    change(state)
    with pytest.raises(ValueError, match=message):
        model.load_state_dict(state)
    assert model.state_dict() == before


def foreign_files(directory: Path):
    np.savez(directory / "other.npz", a=np.zeros(3))
    np.savez(directory / "unpaired.npz", names=np.array(["a"]), values=np.zeros(3))
    np.savez(directory / "numbers.npz", names=np.zeros(3), values=np.zeros(3))
    np.savez(directory / "objects.npz", names=np.array([{"a": 1}]), values=np.zeros(1))
    np.save(directory / "array.npy", np.zeros(3))
    (directory / "empty.npz").write_bytes(b"")
    (directory / "text.npz").write_text("names,values\n")
    (directory / "pickle.npz").write_bytes(pickle.dumps({"names": [], "values": []}))
    return sorted(directory.iterdir())


def test_foreign_files_are_refused_and_change_nothing(tmp_path):
    model = MLP(2, [3, 1], seed=0)
    before = model.state_dict()
    files = foreign_files(tmp_path)
    assert len(files) == 8
    for path in files:
        with pytest.raises(FileFormatError, match=path.name):
            model.load(path)
    assert model.state_dict() == before


def test_a_file_truncated_anywhere_is_refused_and_changes_nothing(tmp_path):
    saved, model = MLP(2, [2, 1], seed=1), MLP(2, [2, 1], seed=0)
    before = model.state_dict()
    saved.save(tmp_path / "whole.npz")
    content = (tmp_path / "whole.npz").read_bytes()
    for length in range(0, len(content), 7):
        (tmp_path / "cut.npz").write_bytes(content[:length])
        with pytest.raises(FileFormatError, match=r"cut\.npz"):
            model.load(tmp_path / "cut.npz")
    assert model.state_dict() == before


def test_a_model_of_another_shape_is_refused(tmp_path):
    MLP(2, [4, 1], seed=0).save(tmp_path / "model.npz")
    model = MLP(2, [3, 1], seed=0)
    before = model.state_dict()
    with pytest.raises(ValueError, match="layers"):
        model.load(tmp_path / "model.npz")
    assert model.state_dict() == before


def test_a_state_may_be_infinite_but_not_nan(tmp_path):
    masked, model = Held(mask=[Value(-math.inf), Value(1.0)]), Held(mask=[Value(0.0), Value(0.0)])
    masked.save(tmp_path / "masked.npz")
    model.load(tmp_path / "masked.npz")
    assert model.state_dict() == {"mask[0]": -math.inf, "mask[1]": 1.0}
    with pytest.raises(ValueError, match=r"the parameter mask\[1\] is nan"):
        model.load_state_dict({"mask[0]": 0.0, "mask[1]": math.nan})
    assert model.state_dict() == {"mask[0]": -math.inf, "mask[1]": 1.0}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.npz"):
        MLP(1, [1], seed=0).load(tmp_path / "absent.npz")


class Held(Module):
    def __init__(self, **attributes):
        for name, attribute in attributes.items():
            setattr(self, name, attribute)


def test_parameters_are_found_in_dicts_and_arrays_of_objects():
    heads = {"a": Layer(1, 1, seed=0), "b c": [Value(3.0)]}
    grid = np.array([[Value(1.0), Value(2.0)]])
    model = Held(heads=heads, grid=grid, plain=np.zeros(3), settings={"rate": 0.1})
    names = [name for name, _ in model.named_parameters()]
    assert names == [
        "heads['a'].neurons[0].weights[0]",
        "heads['a'].neurons[0].bias",
        "heads['b c'][0]",
        "grid[0,0]",
        "grid[0,1]",
    ]
    for name, parameter in model.named_parameters():
        assert eval(f"model.{name}") is parameter
        assert parameter.label == name


@pytest.mark.parametrize(
    "attribute",
    [
        {Value(1.0)},
        frozenset([Value(1.0)]),
        {Value(1.0): "a key"},
        deque([Neuron(1)]),
        [{Value(1.0)}],
        {"a": {"b": {Neuron(1)}}},
        {"a": Value(1.0)}.values(),
    ],
)
def test_where_a_parameter_could_hide_it_is_refused(attribute):
    model = Module()
    with pytest.raises(TypeError, match=r"parts.* holds a (Value|Neuron) in .* wanted a list"):
        model.parts = attribute
    assert not hasattr(model, "parts")


def test_sets_of_other_things_may_be_kept():
    assert Held(names={"a", "b"}, sizes=deque([1, 2])).parameters() == []


def test_the_repr_shows_layers_and_how_many_parameters():
    text = repr(MLP(2, [3, 1], "tanh", seed=0)).splitlines()
    assert text == [
        "MLP(n_inputs=2, sizes=[3, 1], activation='tanh', output='linear') of 13 parameters",
        "  layers[0]: Layer(2, 3, 'tanh') of 9 parameters",
        "  layers[1]: Layer(3, 1, 'linear') of 4 parameters",
    ]
    assert repr(Held(w=Value(1.0))) == "Held() of 1 parameter"


def test_a_network_has_at_most_a_thousand_layers():
    with pytest.raises(ValueError, match="at most 1,000 layers, got 1,001 sizes"):
        MLP(1, [1] * 1001)
