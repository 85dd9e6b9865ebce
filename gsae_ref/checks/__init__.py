"""The one place that raises on bad input. May import numpy only.

Every message holds the value received, the rule that it breaks and, where the rule does not imply
it, a remedy. Each function returns the value in the one form that the other rooms accept. A wrong
type raises ``TypeError``, a wrong value ``ValueError``.
"""

from .arrays import (
    all_finite,
    any_array,
    array,
    array_and_norm,
    batch,
    codes,
    codes_and_norm,
    common_dtype,
    covariance,
    dictionary,
    nonzero_atoms,
    orthonormal_groups,
    per_atom,
    per_group,
    refuse_mask,
    same_shape,
    support,
)
from .grouped import grouping, positive, target, times
from .layers import divisor, named_arrays, widths
from .results import RangeError, representable
from .scalars import (
    count,
    flag,
    fraction,
    generator,
    group_size,
    n_active,
    norm_bounds,
    option,
    path,
    real,
    step,
    threshold,
)
from .sparse import code_bounds, code_moments, support_law, weights

__all__ = [
    "all_finite",
    "any_array",
    "array",
    "array_and_norm",
    "batch",
    "code_bounds",
    "code_moments",
    "codes",
    "codes_and_norm",
    "common_dtype",
    "count",
    "covariance",
    "dictionary",
    "divisor",
    "flag",
    "fraction",
    "generator",
    "group_size",
    "grouping",
    "n_active",
    "named_arrays",
    "nonzero_atoms",
    "norm_bounds",
    "option",
    "orthonormal_groups",
    "path",
    "per_atom",
    "per_group",
    "positive",
    "RangeError",
    "real",
    "refuse_mask",
    "representable",
    "same_shape",
    "step",
    "support",
    "support_law",
    "target",
    "threshold",
    "times",
    "weights",
    "widths",
]
