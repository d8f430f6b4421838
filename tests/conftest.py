"""Settings of every test: property tests draw the same examples in every run."""

from browser import browser as browser
from browser import open_page as open_page
from hypothesis import settings

settings.register_profile("same every run", derandomize=True, deadline=None, database=None)
settings.load_profile("same every run")
