"""What emit is made of.

- ``code``: expressions as trees, and their arithmetic;
- ``views``, ``contraction``: views of arrays and sums of products as code;
- ``reading``: the operands of statements as code;
- ``holes``: what arrays hold where the graph has no node;
- ``forward``, ``reverse``, ``adjoints``: the lines of both passes;
- ``sharing``, ``inlining``: names for what is read more than once, and none for most of what is read once.
"""
