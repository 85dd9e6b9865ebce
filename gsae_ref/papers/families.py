"""Families of instances: smooth maps from a vector of parameters to an instance.

One map serves both uses: a random vector gives a random instance, and an optimiser moves the vector
to look for the worst case. A family has ``shapes``, ``draw(shape, rng)``, which returns a parameter
vector, and ``build(shape, parameters)``, which returns the instance.
"""

from .l23 import families as l23
from .n19 import families as n19
from .t21 import families as t21

FAMILIES = t21.FAMILIES | n19.FAMILIES | l23.FAMILIES
