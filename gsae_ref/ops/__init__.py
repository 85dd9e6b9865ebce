"""The door: check the arguments once, then compute. May import checks, groups, reference, kernels.

Every function accepts one sample as a 1-D array and then returns a 1-D result. Types: float32 in, float32 out; float64 and integers give
float64; a mixture is promoted. Inputs are never modified; read-only, non-contiguous and memory-mapped arrays work.
"""

from .comparison import GradientComparison, compare_gradients, expected_gradient
from .engine import ENGINES
from .shallow import GRADIENTS, decode, encode, group_soft_threshold, group_soft_threshold_vjp, loss, loss_and_grad
from .unfolding import unfolded_encode, unfolded_loss_and_grad

__all__ = [
    "ENGINES", "GRADIENTS", "GradientComparison", "compare_gradients", "decode", "encode", "expected_gradient", "group_soft_threshold",
    "group_soft_threshold_vjp", "loss", "loss_and_grad", "unfolded_encode", "unfolded_loss_and_grad",
]
