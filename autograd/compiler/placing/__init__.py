"""What layout is made of.

- ``places``: the array and the position of each node;
- ``orders``: the orders that a group may take;
- ``fitting``: the axes of a group in which its operands are views;
- ``affine``: which positions are a view.
"""
