"""Training: the loop (descent), the group-sparse networks (dictionary), the sparse one (sparse), the full-batch gradient past memory
(full_batch).

May import ops, metrics, checks, groups, files.
"""

from .. import ops
from ..ops import DivergenceError
from .dictionary import train
from .full_batch import full_batch_gradient
from .sparse import train_sparse

__all__ = ["DivergenceError", "full_batch_gradient", "train", "train_sparse"]
