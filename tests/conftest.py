"""Settings of every test: property tests draw the same examples in every run."""

from browser import browser as browser
from browser import open_page as open_page
from hypothesis import settings
from live import open_live as open_live

settings.register_profile("same every run", derandomize=True, deadline=None, database=None)
settings.load_profile("same every run")
