"""Numba twins of :mod:`gsae_ref.reference`: same file names, same function names, same results, faster on large inputs.

Nothing here checks its input: the door (:mod:`gsae_ref.ops`) has. May import numpy and numba only.
"""
