"""What the command line does: train a network, and predict with it."""
