"""What lift is made of.

- ``nodes``: the table of all nodes;
- ``groups``: what one array operation computes;
- ``builder``: makes groups and keeps the table;
- ``sums``: sums and maxima, taken apart by the arrays that their terms come from;
- ``grids``: which dot products are matrix products.
"""
