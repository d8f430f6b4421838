"""Units: the numbers that a network sees, shown in those of the data set."""

from __future__ import annotations

from dataclasses import dataclass

from ...basics.arrays import Floats
from ...data.scaling import Scaling
from ...fit.samples import Samples


@dataclass(frozen=True)
class Units:
    """The scalings that inputs (N, n_inputs) and targets that are numbers (N, n_outputs) went through."""

    inputs: Scaling
    numbers: Scaling

    @classmethod
    def of(cls, samples: Samples, inputs: Scaling | None, numbers: Scaling | None) -> Units:
        """These scalings, and for none the one that changes nothing; a ValueError for one of other columns."""
        n_inputs, n_targets = samples.inputs.shape[1], samples.targets.shape[1]
        found = cls(inputs or Scaling.none(n_inputs), numbers or Scaling.none(n_targets))
        for name, scaling, wanted in (
            ("scaling", found.inputs, n_inputs),
            ("target_scaling", found.numbers, n_targets),
        ):
            if len(scaling.mean) != wanted:
                raise ValueError(f"{name} is for {len(scaling.mean)} columns, wanted {wanted}")
        return found

    def inputs_of(self, samples: Samples) -> Floats:
        """The inputs of samples: (N, n_inputs)."""
        return self.inputs.undo(samples.inputs)
