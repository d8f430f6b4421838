"""What fold is made of.

- ``terms``: sums of terms, and a graph of them;
- ``trees``: which additions and products belong to one sum;
- ``levels``: when each node can be computed;
- ``singles``: sums of one term, beside those of more.
"""
