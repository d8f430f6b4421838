"""How JAX is started in the tests of targets: on 8 devices; programs that run once are compiled fast."""

import os

import pytest

from autograd.compiler import roll

os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_force_host_platform_device_count=8"
)  # before JAX is imported


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops are made wherever there are any."""
    monkeypatch.setattr(roll, "SAVED", 0)
    monkeypatch.setattr(roll, "OWN", 0)
