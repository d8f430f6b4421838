"""What lift is made of.

- ``builder``: makes groups and keeps the table of nodes;
- ``sums``: sums and maxima, taken apart by the arrays that their terms come from;
- ``grids``: which dot products are matrix products.
"""
