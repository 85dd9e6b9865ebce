"""Families of instances: smooth maps from a vector of free parameters to an instance inside a statement's hypotheses.

One map serves both uses: a random vector gives a random instance, and an optimiser moves the vector to look for the worst case. A family has
``shapes``, ``draw(shape, rng)``, which returns a parameter vector, and ``build(shape, parameters)``, which returns the instance.
"""

from . import l23, n19, t21

__all__ = ["FAMILIES"]

FAMILIES = t21.FAMILIES | n19.FAMILIES | l23.FAMILIES
