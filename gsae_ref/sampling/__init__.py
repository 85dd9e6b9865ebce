"""Generative models of the papers: dictionaries, supports, codes, noise.

May import checks, groups, numpy, scipy. All randomness comes from one seed. Each function and each
block of samples has a stream of its own, derived from the seed with spawn keys of
:class:`numpy.random.SeedSequence`, so that the same integer may be given to all functions:
``make_dictionary(..., rng=0)`` and ``perturb_dictionary(..., rng=0)`` share no random numbers.
``rng=7`` and ``rng=np.random.default_rng(7)`` mean the same.
"""

from .group_sparse import (
    GroupSparseSample,
    make_dictionary,
    perturb_dictionary,
    sample,
    sample_blocks,
)
from .regression import PATTERNS, GroupedRegression, grouped_regression
from .sparse import (
    SparseSample,
    SupportLaw,
    code_moments,
    sample_sparse,
    support_law,
    support_moments,
)
from .sparse_initialisation import initialise_sparse

__all__ = [
    "GroupSparseSample",
    "GroupedRegression",
    "PATTERNS",
    "SparseSample",
    "SupportLaw",
    "code_moments",
    "grouped_regression",
    "initialise_sparse",
    "make_dictionary",
    "perturb_dictionary",
    "sample",
    "sample_blocks",
    "sample_sparse",
    "support_law",
    "support_moments",
]
