"""The door: check the arguments, scale them where they are extreme, then compute.

Every function accepts one sample as a 1-D array and then returns a 1-D result. Types: float32 in,
float32 out; float64 and integers give float64; a mixture is promoted. Inputs are never modified;
read-only, non-contiguous and memory-mapped arrays work.

At both ends of the floating range a result is right relative to its scale, or ``ValueError`` names
the arguments and their largest entries. Extreme samples are scaled by a power of two and the result
is scaled back; the reference computes what the kernels, which sum plain squares, cannot.

May import checks, groups, reference, kernels.
"""

from .adam import adam_step as adam_step
from .comparison import GradientComparison, compare_gradients, expected_gradient
from .convolutional import ConvolutionalAutoencoder, VariationalAutoencoder
from .divergence import DivergenceError
from .engine import ENGINES
from .engine import get_num_threads as get_num_threads
from .engine import set_num_threads as set_num_threads
from .fixed import FixedSamples
from .grouped import dglnn_flow, dglnn_loss_and_grad, dglnn_weights
from .grouped_paths import dglnn_path, signed_path
from .grouped_stopping import EarlyStop, early_stop
from .refit import refit as refit
from .shallow import (
    GRADIENTS,
    decode,
    encode,
    group_soft_threshold,
    group_soft_threshold_vjp,
    loss,
    loss_and_grad,
)
from .sparse import sparse_encode, sparse_expected_gradient, sparse_loss, sparse_loss_and_grad
from .unfolding import unfolded_encode, unfolded_loss_and_grad
from .warming import warm_up as warm_up

__all__ = [
    "ConvolutionalAutoencoder",
    "VariationalAutoencoder",
    "DivergenceError",
    "ENGINES",
    "EarlyStop",
    "FixedSamples",
    "GRADIENTS",
    "GradientComparison",
    "compare_gradients",
    "decode",
    "dglnn_flow",
    "dglnn_loss_and_grad",
    "dglnn_path",
    "dglnn_weights",
    "early_stop",
    "encode",
    "expected_gradient",
    "group_soft_threshold",
    "group_soft_threshold_vjp",
    "loss",
    "loss_and_grad",
    "signed_path",
    "sparse_encode",
    "sparse_expected_gradient",
    "sparse_loss",
    "sparse_loss_and_grad",
    "unfolded_encode",
    "unfolded_loss_and_grad",
]
