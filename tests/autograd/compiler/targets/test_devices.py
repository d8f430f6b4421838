"""Training over several devices and processes: the numbers of one device, by one all-reduce."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from checkout import ROOT
from oracle import needed

from autograd import Value, compile
from nn import MLP, SGD, Adam, Trainer, cross_entropy, mse
from nn.fit.devices import Devices, filled

jax = needed("jax")
jax.config.update("jax_enable_x64", True)  # and conftest.py has asked for eight devices


def run(*command: str) -> str:
    """What a command prints, in a process that has not used JAX."""
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    command = (sys.executable, *command)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_eight_devices() -> None:
    printed = run("examples/many_devices.py", "8")
    assert "8 devices, 499 rows and 5 copies" in printed
    assert "all-reduces: 1, all-gathers: 0" in printed
    assert float(re.search(r"differ by (\S+)", printed)[1]) < 1e-13


def test_two_processes() -> None:
    printed = run("examples/two_processes.py")
    assert "2 processes, 2 devices" in printed
    assert float(re.search(r"differ by (\S+)", printed)[1]) < 1e-13


def digits():
    """The loss of 64 pixels and a class."""
    network = MLP(64, [32, 10], seed=0)
    pixels, target = [Value(0.0) for _ in range(64)], [Value(float(i == 0)) for i in range(10)]
    return compile(cross_entropy(network(pixels), target), [*pixels, *target])


@pytest.mark.parametrize("size", [16, 13, 1])
def test_a_batch_of_any_size(size: int) -> None:
    program, rng = digits(), np.random.default_rng(0)
    rows = np.hstack([rng.normal(size=(size, 64)), np.eye(10)[rng.integers(10, size=size)]])
    devices = Devices(program, 8)
    loss, gradient = devices.value_and_grad(rows, program.theta)
    wanted, slopes = program.value_and_grad(rows)
    np.testing.assert_allclose(loss, wanted, rtol=1e-12)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-12, atol=1e-12 * np.abs(slopes).max())
    text = devices.step.lower(program.theta, *filled(rows, 8)).compile().as_text()
    assert (text.count(" all-reduce("), text.count(" all-gather(")) == (1, 0)


def test_a_copy_adds_nothing_even_where_zeros_would_be_nan() -> None:
    x, w = [Value(1.0), Value(2.0)], Value(0.5)
    program = compile((x[0] / x[1]).log() * w, x)  # nan at zeros, and so is its gradient times 0
    rows = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0]])
    loss, gradient = Devices(program, 8).value_and_grad(rows, program.theta)
    wanted, slopes = program.value_and_grad(rows)
    np.testing.assert_allclose([loss, *gradient], [wanted, *slopes], rtol=1e-12)
    rows[1, 0] = np.nan  # what a row is itself stays
    assert np.isnan(Devices(program, 8).value_and_grad(rows, program.theta)[0])


def test_a_training_has_the_same_losses(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(50, 3))
    targets = np.sin(inputs[:, 0]) + inputs[:, 1] * inputs[:, 2]

    def losses(**settings):
        model = MLP(3, [8, 1], seed=0)
        settings = {"epochs": 6, "batch_size": 12, "progress": False} | settings
        history = Trainer(model, mse, Adam(model.parameters(), 0.02)).fit(inputs, targets, **settings)
        assert history.is_compiled
        return history.losses

    wanted = losses()
    np.testing.assert_allclose(losses(devices=8), wanted, rtol=1e-11)
    path = tmp_path / "checkpoint.npz"
    first = losses(devices=4, epochs=3, checkpoint=path)
    assert losses(devices=4, checkpoint=path)[:3] == first
    with pytest.raises(ValueError, match="its compiled is True, on 4 devices, now it is True, on 8 devices"):
        losses(devices=8, checkpoint=path)


def test_what_cannot_be_is_refused() -> None:
    model = MLP(1, [1], seed=0)
    trainer = Trainer(model, mse, SGD(model.parameters(), 0.1))
    with pytest.raises(ValueError, match=r'JAX has 8 devices, wanted 9.*jax_num_cpu_devices", 9'):
        trainer.fit([[1.0]], [1.0], devices=9)
    with pytest.raises(ValueError, match="several devices run a program of the loss, and there is none"):
        trainer.fit([[1.0]], [1.0], devices=2, compiled=False)


def test_the_command_line(tmp_path: Path) -> None:
    command = ["-m", "nn", "train", "moons", "--epochs", "2", "--hidden", "4", "--no-film", "--out"]
    histories = []
    for name, options in (("alone", []), ("spread", ["--devices", "3"])):
        run(*command, str(tmp_path / name), *options)
        histories.append(np.loadtxt(tmp_path / name / "history.csv", delimiter=",", skiprows=1))
    np.testing.assert_allclose(histories[1], histories[0], rtol=1e-11)
