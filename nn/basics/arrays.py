"""The kinds of arrays that pass between the files of this package."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Numbers, in a shape that is said where they are used."""

Vector = Floats
"""Numbers in a row: one for each parameter."""

Rows = NDArray[np.int64]
"""Indices of rows."""
