"""What an array program becomes.

- ``numpy``: a source, which is what runs; ``functions`` has the operations, ``lowering`` and ``products`` what is done
  in NumPy's own way, ``writer`` the lines;
- ``interpret``: the oracle.
"""
