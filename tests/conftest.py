"""Settings of every test: property tests draw the same examples in every run."""

import os

import pytest
from browser import browser as browser
from browser import open_page as open_page
from hypothesis import settings

settings.register_profile("same every run", derandomize=True, deadline=None, database=None)
settings.load_profile("same every run")


@pytest.fixture(scope="session", autouse=True)
def programs_in_c_are_built_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test leaves anything in the user's cache, or takes anything from it."""
    os.environ["VALUEGRAD_CACHE"] = str(tmp_path_factory.mktemp("cache"))
