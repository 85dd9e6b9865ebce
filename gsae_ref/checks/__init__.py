"""The one place that raises on bad input. May import numpy only.

Every message holds the value received, the rule it breaks and a remedy. Each function returns the
value in the one form that the rooms behind the door accept. Wrong kind of thing: ``TypeError``;
right kind, wrong value: ``ValueError``.
"""

from .arrays import (
    all_finite,
    array,
    batch,
    codes,
    common_dtype,
    covariance,
    dictionary,
    measured,
    measured_codes,
    per_group,
    readable,
    refuse_mask,
    same_shape,
    support,
)
from .grouped import grouping, increasing, positive, target
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
from .sparse import code_bounds, code_moments, per_atom, support_law, weights

__all__ = [
    "all_finite",
    "array",
    "batch",
    "code_bounds",
    "code_moments",
    "codes",
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
    "increasing",
    "measured",
    "measured_codes",
    "n_active",
    "named_arrays",
    "norm_bounds",
    "option",
    "path",
    "per_atom",
    "per_group",
    "positive",
    "RangeError",
    "readable",
    "real",
    "refuse_mask",
    "representable",
    "same_shape",
    "step",
    "support",
    "support_law",
    "target",
    "threshold",
    "weights",
    "widths",
]
