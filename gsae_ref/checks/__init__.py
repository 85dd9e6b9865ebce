"""The one place that raises on bad input. May import numpy only.

Every message holds the value received, the rule it breaks and a remedy. Each function returns the value in the one form
that the rooms behind the door accept. Wrong kind of thing: ``TypeError``; right kind, wrong value: ``ValueError``.
"""

from .arrays import (
    array,
    batch,
    codes,
    common_dtype,
    covariance,
    dictionary,
    per_group,
    same_shape,
    support,
)
from .scalars import count, flag, generator, group_size, n_active, norm_bounds, option, real, step, threshold

__all__ = [
    "array", "batch", "codes", "common_dtype", "count", "covariance", "dictionary", "flag", "generator", "group_size", "n_active",
    "norm_bounds", "option", "per_group", "real", "same_shape", "step", "support", "threshold",
]
