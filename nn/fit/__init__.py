"""What ``Trainer.fit`` is made of: samples, what a loss makes of them, and what survives a kill."""
