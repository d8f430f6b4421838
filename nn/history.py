"""History: what a training did, epoch by epoch."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograd.files import write_file

from .data.scaling import Scaling
from .fit.recording import Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .viewing.film.page import Film


@dataclass(repr=False)
class History(Curves):
    """The mean loss of each epoch, and how good the model was after it, on the samples and on those held out.

    >>> history = History([0.5, 0.25])
    >>> print(history)
    History: 2 epochs, loss 0.25
    >>> print(history.csv(), end="")
    epoch,loss
    1,0.5
    2,0.25
    """

    def csv(self) -> str:
        """One line an epoch, every number with all its digits."""
        columns = {
            "loss": self.losses,
            self.metric: self.metrics,
            "held_out_loss": self.held_out_losses,
            f"held_out_{self.metric}": self.held_out_metrics,
        }
        shown: dict[str, Iterable[float]] = {"epoch": range(1, self.epochs + 1)}
        shown |= {name: curve for name, curve in columns.items() if curve or name == "loss"}
        rows = ([repr(number) for number in row] for row in zip(*shown.values(), strict=True))
        return "".join(",".join(line) + "\n" for line in [list(shown), *rows])

    def to_csv(self, path: str | Path) -> None:
        """Write the lines of ``csv()`` into a file."""
        write_file(path, self.csv().encode())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the losses over the epochs, into axes of the caller's or into a figure of their own."""
        from .viewing.plots import plot_loss

        return plot_loss(self, ax)

    def film(
        self,
        title: str = "Training film",
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        scaling: Scaling | None = None,
        target_scaling: Scaling | None = None,
    ) -> Film:
        """The training as a page to play: network, gradients and loss, epoch by epoch, a sample and a neuron of choice.

        It takes a training with ``record=True``. With the scalings that inputs and targets went through, it shows them
        in their own units. While it is made the model has the parameters of earlier epochs, and afterwards those it had
        before.
        """
        if self.recording is None:
            raise ValueError("this training was not recorded: train with fit(..., record=True) to have a film of it")
        from .viewing.film.page import make_film

        losses = (self.losses, self.held_out_losses)
        return make_film(self.recording, losses, title, feature_names, class_names, scaling, target_scaling)

    def __repr__(self) -> str:
        parts = [f"{self.epochs} epoch{'s' * (self.epochs != 1)}"]
        for name, kept in (
            ("", (self.losses, self.metrics)),
            ("held out ", (self.held_out_losses, self.held_out_metrics)),
        ):
            labels = (f"{name}loss", self.metric.replace("r2", "R²"))
            parts += [f"{label} {curve[-1]:.4g}" for label, curve in zip(labels, kept, strict=True) if curve]
        note = f"; the parameters are those of epoch {self.kept_epoch}" if self.kept_epoch else ""
        return f"History: {', '.join(parts)}{note}"

    def _repr_html_(self) -> str:
        """The line and the plot, drawn when a notebook asks for it."""
        from .viewing.plots import svg_bytes

        try:
            picture = svg_bytes(self.plot).decode() if self.losses else ""
        except ImportError:  # the line is there without matplotlib too
            picture = ""
        return f"<p>{html.escape(repr(self))}</p>{picture[picture.find('<svg') :] if picture else ''}"
