"""Exact counterexamples to false statements: instances in rational arithmetic.

Every certificate is a function without arguments that returns a :class:`Certificate`: the instance,
every hypothesis of the statement with both sides computed from the instance, the printed conclusion
(false), and the corrected one (true) where there is a local repair.

>>> print(COUNTEREXAMPLES["T21-prop2"]().printed)
||A_v^T y|| <= gamma B_max (mu_B + delta) for v not in S: 6/5 <= 3/5 is false

Some are a claim and a stored point, in the claims.py of a topic. Others are functions, in its
counterexamples.py, which imports the standard library (fractions, dataclasses, itertools, math),
:mod:`gsae_ref.claims.exact` and its paper's exact.py only: no floats, no NumPy. This file gathers
those of the three papers.
"""

from ..claims.exact import COUNTEREXAMPLES as COUNTEREXAMPLES
from .l23 import counterexamples as l23
from .n19 import counterexamples as n19
from .t21 import counterexamples as t21
