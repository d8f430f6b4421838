"""Data sets and tables, brought to the scale of a network, and networks that take rows as they stand in a table."""

from .dataset import Dataset, from_table, held_out_rows
from .datasets import DATASETS, NOISY, circles, digits, iris, line, moons, spiral, xor
from .encoding import Encoding
from .predictor import Predictor
from .scaling import Scaling
from .tables import read_table

__all__ = [
    "DATASETS",
    "NOISY",
    "Dataset",
    "Encoding",
    "Predictor",
    "Scaling",
    "circles",
    "digits",
    "from_table",
    "held_out_rows",
    "iris",
    "line",
    "moons",
    "read_table",
    "spiral",
    "xor",
]
