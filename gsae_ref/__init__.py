"""gsae_ref: group-sparse autoencoders in closed form, with hand-derived gradients and every statement of the papers checked."""

from .metrics import (
    DictionaryMatch,
    clustering_accuracy,
    clustering_chance,
    dictionary_error,
    match_dictionaries,
    principal_angles,
    support_recovery,
)
from .ops import (
    GradientComparison,
    compare_gradients,
    decode,
    encode,
    expected_gradient,
    group_soft_threshold,
    group_soft_threshold_vjp,
    loss,
    loss_and_grad,
    unfolded_encode,
    unfolded_loss_and_grad,
)
from .sampling import GroupSparseSample, make_dictionary, perturb_dictionary, sample, sample_blocks
from .theory.coherence import block_coherence, coherence
from .theory.ledger import LEDGER
from .theory.support import SupportInterval, support_interval
from .training import DivergenceError, train
from .verification import DictionaryReport, VerificationReport, check_dictionary, verify

__version__ = "0.1.0"
