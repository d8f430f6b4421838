"""A recorded graph becomes an array program. Each pass is a function from one small representation to the next:

=============  ========================================================  ================  ============
pass           what it does                                              result            is made of
=============  ========================================================  ================  ============
record         numbers the nodes of the graph                            ``Recording``
fold           makes sums of terms of additions and products             ``Folded``        ``singles``
roll           finds the loops: one step, many times over                ``Folded``        ``rolling/``
lift           makes groups of nodes of one form, products of many sums  ``Lifted``        ``lifting/``
layout         finds an order in which the groups' operands are views    ``ArrayProgram``  ``placing/``
differentiate  adds the statements of the gradient                       ``ArrayProgram``  ``backwards``
=============  ========================================================  ================  ============

A pass imports nothing of the other passes. ``graphs`` has the representations that are made of nodes, ``ir`` the array
program and its typed expressions, ``algebra`` the arithmetic on them, ``stacking`` what a step of a loop computes for
all steps at once, ``holes`` what stands where the graph has no node, ``naming`` the names; ``ragged`` groups equal
rows. ``targets/`` turn an array program into something that runs: ``numpy`` writes a source, ``interpret`` is the
oracle. ``program`` is what users hold; its ``passes`` shows what became of a graph in each of them.

The program computes what the graph does, to rounding. It does some things in another order:

- sums are added in another order, and numbers in them are added up beforehand; a sum of zero keeps no sign;
- what depends on parameters alone is computed once, and its adjoint is summed over the batch before it flows on; so it
  is with expressions that stand in the graph more than once;
- a division by y is a division, where the engine multiplies by 1 / y.

As long as all numbers on the way are finite, that is rounding. Where one of them overflows, or 1 / y does, the program
may have inf or nan where the engine has a number, or the engine where it has one, or each the other of the two.
"""

from .program import Program, compile

__all__ = ["Program", "compile"]
