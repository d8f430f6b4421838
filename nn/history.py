"""History: what a training did, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autograd.files import write_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass
class History:
    """The mean loss of each epoch, and that of the held-out samples after it if there were any.

    >>> history = History([0.5, 0.25])
    >>> print(history.csv(), end="")
    epoch,loss
    1,0.5
    2,0.25
    """

    losses: list[float] = field(default_factory=list)
    held_out_losses: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """How many epochs were completed."""
        return len(self.losses)

    def csv(self) -> str:
        """One line an epoch, every number with all its digits."""
        names = ["epoch", "loss"] + ["held_out_loss"] * bool(self.held_out_losses)
        columns = [range(1, self.epochs + 1), self.losses] + [self.held_out_losses] * bool(self.held_out_losses)
        lines = [names, *([repr(number) for number in row] for row in zip(*columns, strict=True))]
        return "".join(",".join(line) + "\n" for line in lines)

    def to_csv(self, path: str | Path) -> None:
        """Write the lines of ``csv()`` into a file."""
        write_file(path, self.csv().encode())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the losses over the epochs, into axes of the caller's or into a figure of their own."""
        from .plots import plot_loss

        return plot_loss(self, ax)
