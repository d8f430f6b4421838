"""History: what a training did, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autograd.files import write_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .film import Film
    from .recording import Recording


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
    recording: Recording | None = field(default=None, repr=False, compare=False)
    """What ``film`` shows; None unless the training was recorded."""

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

    def film(
        self,
        title: str = "Training film",
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
    ) -> Film:
        """The training as a page to play: network, gradients and loss, epoch by epoch, and a sample of one's choice.

        It takes a training with ``record=True``. While it is made the model has the parameters of earlier epochs, and
        afterwards those it had before.
        """
        from .film import make_film

        if self.recording is None:
            raise ValueError("this training was not recorded: train with fit(..., record=True) to have a film of it")
        return make_film(self, self.recording, title, feature_names, class_names)
