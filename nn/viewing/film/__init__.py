"""The training film: a recording becomes one page to play, one file a view.

Everything on the page is computed here, epoch by epoch; the page only shows one epoch or another.
"""

from .page import Film, make_film

__all__ = ["Film", "make_film"]
