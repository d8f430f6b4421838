"""What emit is made of.

- ``code``: expressions as trees, and their arithmetic;
- ``views``, ``contraction``: views of arrays and sums of products as code;
- ``reading``: the operands of statements as code;
- ``forward``, ``reverse``, ``adjoints``: the lines of both passes;
- ``sharing``, ``inlining``: names for what is read more than once, and none for most of what is read once.
"""
