"""copy, deepcopy and pickle: whole graphs, with structure, data and gradients."""

import copy
import gc
import io
import pickle
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from exactness import NASTY, all_same_bits, same_bits
from fresh_python import SHALLOW, run_python

from autograd import Value, grad
from autograd.graph import topological_order

Copier = Callable[[Any], Any]
COPIERS: dict[str, Copier] = {
    "deepcopy": copy.deepcopy,
    **{f"pickle {n}": lambda x, n=n: pickle.loads(pickle.dumps(x, protocol=n)) for n in range(6)},  # type: ignore[misc]
    "pickle in Python": lambda x: pickle._loads(pickle._dumps(x)),  # type: ignore[attr-defined]
}
every_copier = pytest.mark.parametrize("duplicate", COPIERS.values(), ids=list(COPIERS))


def example() -> tuple[Value, Value, Value]:
    """Two leaves and a root, with shared nodes, a repeated operand, a constant, labels and gradients."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    shared = a * b
    shared.label = "shared"
    root = (shared * shared + shared.tanh() + 7) / a
    root.backward(0.1)
    return a, b, root


def described(root: Value) -> list[tuple[Any, ...]]:
    """All there is to know about a graph, free of identities."""
    order = topological_order(root)
    number = {node: i for i, node in enumerate(order)}
    return [
        (v.data.hex(), v.has_grad, v.grad.hex(), v.label, v.op, tuple(number[p] for p in v.parents), v.partials)
        for v in order
    ]


@every_copier
def test_a_graph_is_copied_whole(duplicate: Copier) -> None:
    _, _, root = example()
    twin = duplicate(root)
    assert described(twin) == described(root)
    assert not set(topological_order(twin)) & set(topological_order(root))


@every_copier
def test_a_copy_lives_its_own_life(duplicate: Copier) -> None:
    a, _, root = example()
    before = described(root)
    twin = duplicate(root)
    twin_a = next(node for node in topological_order(twin) if node.label == "a")
    twin_a.data = 100.0
    twin.backward()
    assert described(root) == before
    assert twin_a.grad == grad(root, a) + a.grad
    assert grad(twin, twin_a) == grad(root, a)


@every_copier
def test_what_is_shared_stays_shared(duplicate: Copier) -> None:
    a, b = Value(2.0), Value(5.0)
    for values in ([a, b, a * b], [a * b, a, b], [a * b, b, a * b, a]):
        twins = duplicate({"values": values, "again": tuple(values)})
        found = {twin for twin in twins["values"] if twin.is_leaf}
        assert len(found) == 2
        assert all(x is y for x, y in zip(twins["values"], twins["again"], strict=True))
        products = [twin for twin in twins["values"] if not twin.is_leaf]
        assert all(set(twin.parents) == found for twin in products)


@every_copier
def test_roots_over_one_subgraph(duplicate: Copier) -> None:
    x = Value(3.0)
    square = x * x
    roots = [square + 1, square * 2, square]
    one, two, three = duplicate(roots)
    assert one.parents[0] is two.parents[0] is three
    assert (one.data, two.data, three.data) == (10.0, 18.0, 9.0)


@every_copier
def test_a_repeated_operand_stays_one_node(duplicate: Copier) -> None:
    x = Value(3.0)
    twin = duplicate(x * x)
    assert twin.parents[0] is twin.parents[1]
    assert grad(twin, twin.parents[0]) == 6.0


@every_copier
def test_leaves_constants_and_nasty_numbers(duplicate: Copier) -> None:
    for number in NASTY:
        leaf = Value(number, label="ünï\n")
        leaf.grad = number
        twin = duplicate(leaf)
        assert all_same_bits([twin.data, twin.grad], [number, number])
        assert (twin.label, twin.is_leaf, twin.has_grad) == (leaf.label, True, True)
        constant = duplicate(Value.constant(number))
        assert constant.is_constant
        assert same_bits(constant.data, number)


@every_copier
def test_a_recorded_gradient_is_copied_too(duplicate: Copier) -> None:
    x = Value(0.5)
    slope = grad(x.tanh() * x.exp(), x, create_graph=True)
    slope, x_twin = duplicate((slope, x))
    second = grad(slope, x_twin)
    assert second == grad(grad(x.tanh() * x.exp(), x, create_graph=True), x)


@every_copier
def test_equal_graphs_under_unequal_containers(duplicate: Copier) -> None:
    """Values as keys and in sets are found again by their identity."""
    x, y = Value(1.0), Value(2.0)
    table, names = duplicate(({x: "x", y: "y", x + y: "x + y"}, {x, y}))
    assert sorted(table.values()) == ["x", "x + y", "y"]
    assert names == {value for value in table if value.is_leaf}


def test_copy_is_one_node_over_the_same_parents() -> None:
    a, _, root = example()
    twin = copy.copy(root)
    assert twin is not root
    assert twin.parents == root.parents
    assert described(twin) == described(root)
    twin.label = "twin"
    assert root.label != "twin"
    leaf = copy.copy(a)
    leaf.grad = 99.0
    assert (leaf.label, leaf.data, a.grad != 99.0) == ("a", 2.0, True)


def test_deepcopy_keeps_to_its_memo() -> None:
    a, b = Value(2.0), Value(5.0)
    substitute = Value(7.0)
    twin = copy.deepcopy(a * b, {id(a): substitute})
    assert twin.parents[0] is substitute
    assert twin.parents[1] is not b


def test_a_subclass_stays_one() -> None:
    leaf = Parameter(2.0, "w")
    copiers: list[Copier] = [copy.copy, *COPIERS.values()]
    for duplicate in copiers:
        assert type(duplicate(leaf)) is Parameter
        twin = duplicate(leaf * 2)
        assert type(twin) is Value
        assert type(twin.parents[0]) is Parameter


class Parameter(Value):
    """A user's kind of leaf."""

    __slots__ = ()


# ---- pickles that fail half way leave nothing behind


class FullDisk(io.RawIOBase):
    """A file that takes so many bytes and no more."""

    def __init__(self, capacity: int) -> None:
        self.left = capacity

    def write(self, data: Any) -> int:
        self.left -= len(data)
        if self.left < 0:
            raise OSError("no space left")
        return len(data)


def deep(n: int) -> Value:
    out = Value(1.0)
    for _ in range(n):
        out = out + 1
    return out


# CPython 3.13 complains of the BytesIO within a C pickler that is given up half-way, whatever it was pickling.
GIVEN_UP = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def collected() -> Iterator[None]:
    """What the test leaves is collected before the next begins, which would be blamed for it."""
    yield
    gc.collect()


def gives_up(test: Callable[..., None]) -> Callable[..., None]:
    """A test in which a pickler is given up half-way."""
    return GIVEN_UP(pytest.mark.usefixtures("collected")(test))


@gives_up
@pytest.mark.parametrize("dump", [pickle.dump, pickle._dump], ids=["C", "Python"])  # type: ignore[attr-defined]
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("capacity", [0, 100, 70_000])
def test_after_a_full_disk_pickles_are_right(dump: Callable[..., None], protocol: int, capacity: int) -> None:
    root = deep(50 + capacity // 36)
    assert len(pickle.dumps(root, protocol)) > capacity
    with pytest.raises(OSError, match="no space left") as caught:
        dump(root, FullDisk(capacity), protocol=protocol)
    # The error holds the frames of the pickler that failed, and is still in our hands.
    for node in (root, root.parents[0], root.parents[0].parents[0].parents[0]):
        twin = pickle.loads(pickle.dumps(node, protocol=protocol))
        assert described(twin) == described(node)
    assert caught.type is OSError


@gives_up
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_after_an_unpicklable_neighbour_pickles_are_right(protocol: int) -> None:
    a, _, root = example()
    for neighbours in (
        [root, lambda: 0],
        [a, lambda: 0, root],
        [root, (n for n in range(0)), root.parents[0]],
        [lambda: 0, root],
    ):
        with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
            pickle.dumps(neighbours, protocol=protocol)
        assert described(pickle.loads(pickle.dumps(root, protocol=protocol))) == described(root)


@gives_up
def test_after_an_unpicklable_label_pickles_are_right() -> None:
    """The failure is inside the graph, with nodes announced before and after it."""

    class Local(str):
        __slots__ = ()

    _, _, root = example()
    shared = next(node for node in topological_order(root) if node.label == "shared")
    shared.label = Local("unpicklable")
    for dumps in (pickle.dumps, pickle._dumps):  # type: ignore[attr-defined]
        with pytest.raises((AttributeError, pickle.PicklingError)):
            dumps(root)
    shared.label = "shared"
    assert described(pickle.loads(pickle.dumps(root))) == described(root)
    chain = deep(2_000)
    assert described(pickle.loads(pickle.dumps(chain))) == described(chain)


def test_one_pickler_for_several_graphs() -> None:
    a, b, root = example()
    file = io.BytesIO()
    pickler = pickle.Pickler(file)
    for value in (root, a, root * b):
        pickler.dump(value)
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    first, second, third = (unpickler.load() for _ in range(3))
    assert second in topological_order(first)
    assert third.parents[0] is first


def test_a_graph_met_twice_leaves_nothing_behind() -> None:
    """The second root has nodes below it that are in the pickle already, and are not asked again."""
    root = deep(2_000)
    middle = topological_order(root)[3_000]
    for dumps in (pickle.dumps, pickle._dumps):  # type: ignore[attr-defined]
        one, two = pickle.loads(dumps([middle, root]))
        assert one in topological_order(two)
        assert described(pickle.loads(dumps(middle))) == described(middle)


class Interrupted(io.BytesIO):
    """A file in whose hundredth write something else happens."""

    def __init__(self, event: Callable[[], None]) -> None:
        super().__init__()
        self.writes, self.event = 0, event

    def write(self, data: Any) -> int:
        self.writes += 1
        if self.writes == 100:
            self.event()
        return super().write(data)


def test_one_thread_pickles_while_another_does() -> None:
    """Pickled in Python, whose pickler takes a thousand nodes before it writes the first."""
    root = deep(2_000)
    below = topological_order(root)[900:1_000:9]
    twins: list[Value] = []

    def elsewhere() -> None:
        thread = threading.Thread(target=lambda: twins.extend(pickle.loads(pickle.dumps(node)) for node in below))
        thread.start()
        thread.join()

    file = Interrupted(elsewhere)
    pickle._dump(root, file, protocol=2)  # type: ignore[attr-defined]
    assert file.writes > 100
    assert described(pickle.loads(file.getvalue())) == described(root)
    assert [described(twin) for twin in twins] == [described(node) for node in below]


@gives_up
def test_nothing_is_kept_alive() -> None:
    class Watched(Value):
        __slots__ = ("__weakref__",)

    leaf = Watched(1.0)
    watch = weakref.ref(leaf)
    root = leaf * 2
    copy.deepcopy(root)
    root.backward()
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps([root * 3, root])  # a local class
    del leaf, root
    gc.collect()
    assert watch() is None


# ---- deep and wide


def test_copies_of_a_deep_graph() -> None:
    script = """
import copy, pickle
from autograd import Value, grad

def run():
    x = Value(1.0)
    out = x
    for _ in range(20_000):
        out = out + x
    out.backward()
    for twin in (copy.copy(out), copy.deepcopy(out), *(pickle.loads(pickle.dumps(out, n)) for n in (2, 5))):
        leaf = twin.parents[1]
        assert leaf.grad == grad(twin, leaf) == twin.data == 20_001
    print("done")

run_shallow(run)
"""
    assert run_python(SHALLOW + script) == "done\n"


def lines_run(function: Copier, argument: Any) -> int:
    """How many lines of Python run: a measure of time that no other program disturbs."""
    count = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(argument)
    finally:
        sys.settrace(before)
    return count


def test_a_list_of_every_node_of_a_chain_is_copied_in_linear_time() -> None:
    short, long = (lines_run(copy.deepcopy, topological_order(deep(n))) for n in (50, 200))
    assert long < 5 * short  # 4 times as long if linear, 16 times if square


def test_one_root_is_copied_in_linear_time() -> None:
    for duplicate in (copy.deepcopy, pickle.dumps):
        short, long = (lines_run(duplicate, deep(n)) for n in (50, 200))
        assert long < 5 * short


# ---- subclasses with something of their own


class Named(Value):
    """Its own arguments, an attribute, and a slot."""

    __slots__ = ("__dict__", "unit")

    def __init__(self, data: float, name: str, unit: str) -> None:
        super().__init__(data, label=name)
        self.name, self.unit = [name], unit


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_subclass_keeps_what_is_its_own(duplicate: Callable[[Any], Any]) -> None:
    x = Named(2.0, "length", "m")
    twin = duplicate(x)
    assert (type(twin), twin.name, twin.unit, twin.label, twin.data) == (Named, ["length"], "m", "length", 2.0)
    assert (twin.name is x.name) == (duplicate is copy.copy)
    assert grad(x**2, x) == 4.0
    assert grad(grad(x, x, create_graph=True) + x**2, x, create_graph=True).data == 4.0
