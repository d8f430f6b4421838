"""Networks and trainings become something to look at: plots, and the film of a training."""
