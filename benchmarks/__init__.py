"""What valuegrad's parts cost, measured: ``python -m benchmarks`` and the scripts beside it."""
