"""The door: check the arguments once, then compute. May import checks, groups, reference, kernels.

Every function accepts one sample as a 1-D array and then returns a 1-D result. Types: float32 in,
float32 out; float64 and integers give float64; a mixture is promoted. Inputs are never modified;
read-only, non-contiguous and memory-mapped arrays work.

At the ends of the floating range a result is right relative to its scale, or it is refused: where
something finite gives what no number of its type holds, ``ValueError`` names the arguments and how
large they are. Samples that are extreme are scaled by a power of two and the result is scaled back,
and what kernels, which sum plain squares, would get wrong is computed by the reference.
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
