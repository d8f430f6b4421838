"""``python -m benchmarks``: see :mod:`benchmarks.command`."""

from . import one_core  # isort: skip  # noqa: F401  # before NumPy is imported

import sys

from .command import main

sys.exit(main())
