"""What an array program becomes.

- ``numpy``: a source, which is what runs; ``functions`` has the operations, ``lowering`` and ``products`` what is done
  in NumPy's own way, ``writer`` the text of a statement;
- ``sharing``: for every target that writes lines, names for what stands in a program twice, no line for what is read
  once;
- ``walk``: the forward pass in a dozen primitives, which is all that a framework is asked: ``jax`` and ``torch`` write
  them as ``source``, ``onnx`` as nodes of a file; ``masking``: grids with holes for those that differentiate by
  themselves;
- ``interpret``: the oracle.
"""
