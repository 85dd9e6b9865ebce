"""Generative models of the papers: dictionaries, supports, codes, noise. May import checks, groups, numpy, scipy.

One seed settles everything. Each function and each block of samples has its own stream, derived from the seed with
:class:`numpy.random.SeedSequence` spawn keys, so the same integer may be given to all of them: ``make_dictionary(..., rng=0)``
and ``perturb_dictionary(..., rng=0)`` do not share random numbers. ``rng=7`` and ``rng=np.random.default_rng(7)`` mean the same.
"""

from .group_sparse import GroupSparseSample, make_dictionary, perturb_dictionary, sample, sample_blocks

__all__ = ["GroupSparseSample", "make_dictionary", "perturb_dictionary", "sample", "sample_blocks"]
