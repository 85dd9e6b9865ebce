"""gsae_ref: group-sparse autoencoders in closed form, with hand-derived gradients and every statement of the papers checked."""

from . import estimators as _estimators
from .datasets import Images, load_digits, load_fashion_mnist, load_mnist
from .metrics import (
    Closeness,
    DictionaryMatch,
    Nearness,
    closeness,
    clustering_accuracy,
    clustering_chance,
    dictionary_error,
    match_dictionaries,
    nearness,
    principal_angles,
    support_recovery,
)
from .ops import (
    EarlyStop,
    GradientComparison,
    compare_gradients,
    decode,
    dglnn_flow,
    dglnn_loss_and_grad,
    dglnn_path,
    dglnn_weights,
    early_stop,
    encode,
    expected_gradient,
    get_num_threads,
    group_soft_threshold,
    group_soft_threshold_vjp,
    loss,
    loss_and_grad,
    set_num_threads,
    signed_path,
    sparse_encode,
    sparse_expected_gradient,
    sparse_loss,
    sparse_loss_and_grad,
    unfolded_encode,
    unfolded_loss_and_grad,
)
from .sampling import (
    GroupedRegression,
    GroupSparseSample,
    SparseSample,
    SupportLaw,
    code_moments,
    grouped_regression,
    initialise_sparse,
    make_dictionary,
    perturb_dictionary,
    sample,
    sample_blocks,
    sample_sparse,
    support_law,
    support_moments,
)
from .theory.coherence import block_coherence, coherence
from .theory.ledger import LEDGER
from .theory.support import SupportInterval, support_interval
from .training import DivergenceError, full_batch_gradient, train, train_sparse
from .verification import DictionaryReport, VerificationReport, check_dictionary, verify

__version__ = "0.1.0"


def __getattr__(name):
    """The estimators, which need scikit-learn, are imported when they are first asked for."""
    if name in _estimators.ESTIMATORS:
        return getattr(_estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_estimators.ESTIMATORS])
