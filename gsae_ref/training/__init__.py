"""Training: group-sparse (dictionary) and sparse networks, and gradients over all samples.

The loop is in descent, the steps are in optimizers. May import ops, metrics, checks, groups, files.
"""

from .. import ops
from ..ops import DivergenceError
from .dictionary import train
from .full_batch import full_batch_gradient
from .sparse import train_sparse

__all__ = ["DivergenceError", "full_batch_gradient", "train", "train_sparse"]
