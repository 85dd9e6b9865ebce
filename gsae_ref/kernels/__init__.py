"""Numba twins of :mod:`gsae_ref.reference`: same file and function names, same results, faster.

Input is taken as checked by :mod:`gsae_ref.ops`. May import numpy and numba only.
"""
