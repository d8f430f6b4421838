"""no_grad and detect_anomaly: what they change, where they end, and whom they reach."""

import asyncio
import contextlib
import copy
import math
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest

from autograd import (
    Value,
    compile,
    data_of,
    detect_anomaly,
    draw,
    functional,
    grad,
    hessian,
    jacobian,
    modes,
    no_grad,
    ops,
)
from autograd.modes import is_checking


def is_recording() -> bool:
    return (Value(1.0) + 1).op is not None


# ---- no_grad and detach


def test_no_grad_records_nothing() -> None:
    w = Value(3.0, label="w")
    with no_grad():
        out = (w * w + 1).tanh()
    assert out.data == math.tanh(10.0)
    assert (out.is_leaf, out.parents, out.partials) == (True, (), ())
    assert grad(out * 2, w) == 0.0


def test_what_no_grad_computed_is_not_differentiated_in_silence() -> None:
    w = Value(3.0, label="w")
    with no_grad():
        loss, weight = w * w, w - 0.5
    for differentiate in (
        loss.backward,
        lambda: grad(loss, w),
        lambda: hessian(loss, [w]),
        lambda: jacobian([loss], [w]),
        lambda: compile(loss, [], [w]),
    ):
        with pytest.raises(ValueError, match=r"of leaf\(9.0\), which was computed under no_grad\(\)"):
            differentiate()
    assert not w.has_grad
    (weight * 2).backward()  # as a leaf it is like any other
    assert weight.grad == 2.0


def test_under_both_modes_what_is_recorded_is_differentiated() -> None:
    w = Value(3.0)
    with detect_anomaly():
        loss = w * w
        loss.backward()
    assert (grad(loss, w), w.grad) == (6.0, 6.0)


def test_no_grad_leaves_what_was_recorded_before() -> None:
    w = Value(3.0)
    out = w * w
    with no_grad():
        out.backward()
        assert grad(out, w) == 6.0
        slope = grad(out, w, create_graph=True)
    assert (w.grad, slope.data, grad(slope, w)) == (6.0, 6.0, 2.0)


def test_a_derivative_that_is_asked_for_as_a_graph_is_one_within_no_grad_too() -> None:
    x = Value(3.0)
    cube = x**3
    with no_grad():
        assert hessian(cube, [x]) == [[18.0]]
        assert (x * x).parents == ()


@pytest.mark.parametrize("mode", [no_grad, detect_anomaly])
def test_what_runs_piece_by_piece_is_not_decorated(mode: Callable[[], Any]) -> None:
    def generator() -> Iterator[int]:
        yield 1

    async def coroutine() -> None: ...

    for function in (generator, coroutine):
        with pytest.raises(TypeError, match=f"would end before {function.__name__} runs"):
            mode()(function)


def test_detach() -> None:
    x = Value(3.0, label="x")
    square = x * x
    square.label = "square"
    leaf = square.detach()
    assert (leaf.data, leaf.label, leaf.is_leaf, leaf.has_grad) == (9.0, "square", True, False)
    (leaf * x).backward()
    assert (x.grad, leaf.grad, square.grad) == (9.0, 3.0, 0.0)


@pytest.mark.parametrize("mode", [no_grad, detect_anomaly])
def test_a_mode_ends_with_its_block(mode: Callable[[], AbstractContextManager[None]]) -> None:
    with pytest.raises(KeyError), mode():
        raise KeyError
    assert is_recording()
    assert not is_checking()


def test_modes_nest() -> None:
    with detect_anomaly():
        with no_grad():
            assert is_checking()
            assert not is_recording()
            with pytest.raises(FloatingPointError):
                Value(0.0).log()
            with no_grad():
                pass
            assert not is_recording()
        assert is_recording()
        assert is_checking()
    assert not is_checking()


def test_modes_decorate_functions() -> None:
    @no_grad()
    def predict() -> bool:
        return is_recording()

    assert not predict()
    assert not predict()
    assert is_recording()


def test_a_mode_belongs_to_its_thread() -> None:
    seen: list[tuple[bool, bool]] = []
    with no_grad(), detect_anomaly():
        thread = threading.Thread(target=lambda: seen.append((is_recording(), is_checking())))
        thread.start()
        thread.join()
    assert seen == [(True, False)]


def test_a_mode_set_in_another_thread_stays_there() -> None:
    inside, done = threading.Event(), threading.Event()

    def other() -> None:
        with no_grad(), detect_anomaly():
            inside.set()
            done.wait()

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait()
    assert is_recording()
    assert not is_checking()
    done.set()
    thread.join()


def test_a_mode_belongs_to_its_task() -> None:
    async def quiet() -> bool:
        with no_grad():
            await asyncio.sleep(0)
            return is_recording()

    async def loud() -> bool:
        await asyncio.sleep(0)
        return is_recording()

    async def both() -> list[bool]:
        return list(await asyncio.gather(quiet(), loud(), quiet()))

    # In a thread of its own: a browser that is open for other tests has a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, both()).result() == [False, True, False]


# ---- detect_anomaly

FORWARD: tuple[tuple[Callable[[Value], Value], str], ...] = (
    (lambda x: x.log(), r"^log gave -inf: log\(x=0.0\)$"),
    (lambda x: (x - 1).log(), r"^log gave nan: log\(-1.0\)$"),
    (lambda x: 1 / x, r"^div gave inf: div\(1.0, x=0.0\)$"),
    (lambda x: x / x, r"^div gave nan: div\(x=0.0, x=0.0\)$"),
    (lambda x: (x + 1000).exp(), r"^exp gave inf: exp\(1000.0\)$"),
    (lambda x: (x - 8) ** (1 / 3), r"^pow gave nan: pow\(-8.0, 0.333"),
    (lambda x: x * math.inf, r"^mul gave nan: mul\(x=0.0, inf\)$"),
    (lambda x: (x + 1e308) * 10 - 5, r"^mul gave inf: mul\(1e\+308, 10.0\)$"),
    (lambda x: Value(math.nan, label="bad") + x, r"^add gave nan: add\(bad=nan, x=0.0\)$"),
)


@pytest.mark.parametrize(("make", "message"), FORWARD, ids=[message for _, message in FORWARD])
def test_the_first_value_that_is_not_finite_is_named(make: Callable[[Value], Value], message: str) -> None:
    with detect_anomaly(), pytest.raises(FloatingPointError, match=message):
        make(Value(0.0, label="x"))
    assert not math.isfinite(make(Value(0.0)).data)  # and without the mode nothing raises


BACKWARD: tuple[tuple[Callable[[Value], Value], str], ...] = (
    (
        lambda x: x.sqrt() * 2,
        r"gradient of v1 = sqrt\(x=0.0\) is not finite: 2.0 came in, times the local derivative inf with respect to x$",
    ),
    (
        lambda x: x**0.5,
        r"gradient of v1 = pow\(x=0.0, 0.5\) is not finite: 1.0 came in, times the local derivative inf",
    ),
    (lambda x: (x * 1e200) * 1e200, r"gradient of v1 = mul\(x=0.0, 1e\+200\) is not finite: 1e\+200 came in"),
    (lambda x: ((x + 1e-320) * 1).log(), r"gradient of v3 = log\(1e-320\) is not finite: 1.0 came in, times .* inf"),
)


@pytest.mark.parametrize(("make", "message"), BACKWARD, ids=[message for _, message in BACKWARD])
def test_the_first_gradient_that_is_not_finite_is_named(make: Callable[[Value], Value], message: str) -> None:
    x = Value(0.0, label="x")
    with detect_anomaly():
        out = make(x)
        with pytest.raises(FloatingPointError, match=message):
            out.backward()
    assert not x.has_grad
    out.backward()
    assert not math.isfinite(x.grad)
    [name] = re.findall(r"gradient of (\w+)", message)
    assert f'label="{name}|' in draw(out).dot, "the name is the one in the picture"


def test_an_anomaly_names_the_label_of_the_operation() -> None:
    x = Value(0.0, label="x")
    root = x.sqrt()
    root.label = "root"
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"sqrt\(x=0.0\) \(labelled 'root'\)"):
        (root * 2).backward()


def test_no_anomaly_no_error() -> None:
    x = Value(1.5, label="x")
    with detect_anomaly():
        out = (x * x).tanh() + x.relu() / 3
        out.backward()
        functional.logsumexp([x * 1000, x * -1000]).backward()
    assert math.isfinite(x.grad)


def test_what_a_constant_would_get_is_no_anomaly() -> None:
    x = Value(-2.0)
    with detect_anomaly():
        (x**2).backward()
    assert x.grad == -4.0


def test_a_leaf_whose_gradient_overflows_is_an_anomaly() -> None:
    x = Value(0.0, label="x")
    with detect_anomaly():
        out = x * 1e308 + x * 1e308
        with pytest.raises(FloatingPointError, match="x"):
            out.backward()


@pytest.mark.parametrize("create_graph", [False, True])
def test_grad_is_checked_as_backward_is(create_graph: bool) -> None:
    x = Value(0.0, label="x")
    with detect_anomaly():
        out = x.sqrt()
        with pytest.raises(FloatingPointError, match=r"sqrt|div"):
            grad(out, x, create_graph=create_graph)


# ---- numbers that leave the graph are noticed


def table_lookup(x: Value) -> object:
    return {1.0: "one"}.get(x.data)


# Each is a way in which a graph can come to depend on the number at hand, and what is said of it.
WAYS_OUT: dict[str, tuple[Callable[[Value], object], str]] = {
    "data": (lambda x: x.data, "data"),
    "grad": (lambda x: x.grad, "grad"),
    "partials": (lambda x: (x * x).partials, "partials"),
    "detach": (lambda x: x.detach(), "detach()"),
    "repr": (repr, "repr"),
    "str": (str, "repr"),
    "f-string": (lambda x: f"{x:.3f}", "a format"),
    "f-string without a format": (lambda x: f"{x}", "a format"),
    "format": (lambda x: format(x, ".2f"), "a format"),
    "a table": (table_lookup, "data"),
    "copy": (copy.copy, "a copy"),
    "deepcopy": (copy.deepcopy, "a copy"),
    "pickle": (pickle.dumps, "a pickle"),
    "float": (float, "a conversion"),
    "int": (int, "a conversion"),
    "round": (round, "a conversion"),
    "math.exp": (math.exp, "a conversion"),
    "np.array of floats": (lambda x: np.array([x], dtype=float), "a conversion"),
    "data_of": (lambda x: data_of([x]), "data"),
    "truth": (lambda x: 1 if x else 2, "a truth value"),
    "an order": (lambda x: x < 1, "a comparison"),
    "a maximum": (lambda x: max(x, Value(0.0)), "a comparison"),
    "equality with a number": (lambda x: x == 1, "a comparison"),
    "np.equal": (lambda x: np.equal(x, 1.0), "a comparison"),
    "a gradient": (lambda x: grad(x * x, x), "grad()"),
    "a Jacobian": (lambda x: jacobian([x * x], [x]), "grad()"),
}


@pytest.mark.parametrize(("way_out", "said"), WAYS_OUT.values(), ids=WAYS_OUT)
def test_every_way_out_is_noticed(way_out: Callable[[Value], object], said: str) -> None:
    x, heard = Value(1.5), list[str]()
    with modes.noticing_reads(heard.append), contextlib.suppress(TypeError):
        way_out(x)
    assert heard
    assert heard[0] == said


def test_no_grad_is_noticed() -> None:
    heard: list[str] = []
    with modes.noticing_reads(heard.append), no_grad():
        pass
    assert heard == ["no_grad()"]


STAYS: dict[str, Callable[[Value, Value], object]] = {
    "arithmetic": lambda x, y: (x * y + 1) / (x - y) ** 2,
    "functions": lambda x, y: x.tanh().exp().maximum(y).leaky_relu(0.1).relu(),
    "sums": lambda x, y: functional.mean([x, y, functional.dot([x, y], [y, 1.0])]),
    "softmax": lambda x, y: functional.log_softmax([x, y]),
    "a selection": lambda x, y: functional.select([x, y], Value(1.0)),
    "gradients of gradients": lambda x, y: grad(x**y, [x, y], create_graph=True),
    "identity": lambda x, y: (x == y, x in [y, x], {x: 1}[x], x is y, x == None),  # noqa: E711
    "labels": lambda x, y: (x.label, x.op, x.parents, x.is_leaf),
    "NumPy": lambda x, y: np.linalg.norm(np.array([x, y]) * x + np.ones(2)),
    "a row": lambda x, y: ops.MUL(x, y),
}


@pytest.mark.parametrize("compute", STAYS.values(), ids=STAYS)
def test_what_only_records_is_not_noticed(compute: Callable[[Value, Value], object]) -> None:
    heard: list[str] = []
    with modes.noticing_reads(heard.append):
        compute(Value(1.5, "x"), Value(2.5, "y"))
    assert heard == []


def test_noticing_belongs_to_its_context() -> None:
    x, heard = Value(1.5), list[str]()
    with modes.noticing_reads(heard.append):
        thread = threading.Thread(target=lambda: x.data)
        thread.start()
        thread.join()
        with modes.reads_unnoticed():
            assert x.data == 1.5
        assert heard == []
        with modes.noticing_reads(lambda what: heard.append(f"inner {what}")):
            assert x.data == 1.5
        assert x.data == 1.5
    assert x.data == 1.5
    assert heard == ["inner data", "data"]
    assert modes.noticing == 0
