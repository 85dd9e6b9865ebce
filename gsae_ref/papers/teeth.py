"""What ``verify --teeth`` needs to spoil the evidence of the ledger.

``VARIED``: by class of instances, a function that yields the variations of one, some of which miss
a hypothesis. ``WRITTEN``: by family, instances written by hand. ``TERMS``: by (row, label), both
sides of an inequality without one of the terms of its bound. ``NOT_ATTAINED``: by (row, label), the
share of a bound that the evidence finds used, and why no more is. ``NOT_NEEDED``: by (row, label),
what the statement holds without, and why; under "", why a measurement cannot notice.
"""

from .l23 import teeth as l23
from .n19 import teeth as n19
from .t21 import teeth as t21

VARIED = t21.VARIED | n19.VARIED | l23.VARIED
WRITTEN = t21.WRITTEN | n19.WRITTEN | l23.WRITTEN
TERMS = t21.TERMS | n19.TERMS | l23.TERMS
NOT_ATTAINED = t21.NOT_ATTAINED | n19.NOT_ATTAINED | l23.NOT_ATTAINED
NOT_NEEDED = t21.NOT_NEEDED | n19.NOT_NEEDED | l23.NOT_NEEDED
