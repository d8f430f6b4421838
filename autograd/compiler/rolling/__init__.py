"""What roll is made of.

- ``rows``: what each node reads;
- ``search``: where the steps of a loop may be;
- ``steps``: the check that they are some.
"""
