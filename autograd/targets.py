"""What programs are made for, by name: what runs them here, and the frameworks that a source is written for."""

from typing import Literal, get_args

Target = Literal["numpy", "c"]
"""What runs a program."""
TARGETS: tuple[Target, ...] = get_args(Target)

Framework = Literal["numpy", "jax", "torch"]
"""What a program is written for as Python source."""
FRAMEWORKS: tuple[Framework, ...] = get_args(Framework)
