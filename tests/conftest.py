"""Settings of every test: property tests draw the same examples in every run."""

import gc
import os

import pytest
from browser import browser as browser
from browser import open_page as open_page
from browser import tabs as tabs
from hypothesis import settings
from live import open_live as open_live

from autograd.compiler import roll

settings.register_profile("same every run", derandomize=True, deadline=None, database=None)
settings.load_profile("same every run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: there is enough small left for all processes to end together."""
    items.sort(key=lambda item: "first" not in item.keywords)


def pytest_collection_finish() -> None:
    """What has been loaded stays to the end: no collection of garbage goes through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def programs_in_c_are_built_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test leaves anything in the user's cache, or takes anything from it."""
    os.environ["VALUEGRAD_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops are made wherever there are any."""
    monkeypatch.setattr(roll, "SAVED", 0)
    monkeypatch.setattr(roll, "OWN", 0)


@pytest.fixture
def without_ink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures by matplotlib are made and not drawn, which is most of a short training: for tests that see none."""
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **_: file.write(b"<svg></svg>"))
