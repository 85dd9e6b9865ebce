"""Exact counterexamples: for each statement that is false as printed, one instance in rational arithmetic.

Every certificate is a function without arguments that returns a :class:`Certificate`: the instance, every hypothesis of the statement with
both sides computed from the instance, the printed conclusion (false), and the corrected one (true) where there is a local repair.

>>> print(CERTIFICATES["CE1"]().printed)
||A_1^T A*_2 x_2||_2 <= gamma B_max (mu_B + delta): 6/5 <= 3/5 is false

This room imports the standard library only (fractions, dataclasses, itertools, math): no floats, no NumPy, nothing of the package outside
this folder. exact.py is the arithmetic; a folder for each paper holds its certificates.
"""

from . import l23, n19, t21
from .exact import Certificate, Comparison

__all__ = ["CERTIFICATES", "Certificate", "Comparison"]

CERTIFICATES = t21.CERTIFICATES | n19.CERTIFICATES | l23.CERTIFICATES
