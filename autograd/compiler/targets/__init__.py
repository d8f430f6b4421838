"""What an array program becomes: ``numpy`` is a source, and what runs by default; ``interpret`` is the oracle."""
