"""Group-sparse autoencoders in closed form, with every statement of the papers checked."""

import typing as _typing

from . import estimators as _estimators
from ._version import __version__
from .claims import Claim, stress
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
    DivergenceError,
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
from .papers import models as _models
from .papers.ledger import LEDGER
from .papers.t21.identifiability.formulas import weight_decay_threshold
from .papers.t21.model.formulas import block_coherence, coherence
from .papers.t21.samples.formulas_certificate import SamplesCertificate
from .papers.t21.several.formulas_basin import RunCertificate, certify_run
from .papers.t21.several.formulas_linear import RunPlan, RunPrediction, plan_run, predict_run
from .papers.t21.support.formulas import SupportInterval, support_interval
from .papers.t21.threshold.formulas import DataThreshold, data_threshold, debiasing_threshold
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
from .training import full_batch_gradient, train, train_sparse
from .verification import (
    DesignReport,
    DictionaryReport,
    SparseDictionaryReport,
    VerificationReport,
    certify_samples,
    check_design,
    check_dictionary,
    check_sparse_dictionary,
    verify,
)
from .versions import show_versions

if _typing.TYPE_CHECKING:
    from .estimators.autoencoders import GroupSparseAutoencoder as GroupSparseAutoencoder
    from .estimators.autoencoders import SparseAutoencoder as SparseAutoencoder
    from .estimators.grouped_regression import (
        DiagonallyGroupedLinearRegressor as DiagonallyGroupedLinearRegressor,
    )

__all__ = [
    "Claim",
    "Closeness",
    "DataThreshold",
    "DesignReport",
    "DictionaryMatch",
    "DictionaryReport",
    "DivergenceError",
    "EarlyStop",
    "GradientComparison",
    "GroupSparseSample",
    "GroupedRegression",
    "Images",
    "LEDGER",
    "Nearness",
    "SparseDictionaryReport",
    "SparseSample",
    "SupportInterval",
    "SupportLaw",
    "VerificationReport",
    "__version__",
    "block_coherence",
    "certify_run",
    "certify_samples",
    "check_design",
    "check_dictionary",
    "check_sparse_dictionary",
    "closeness",
    "clustering_accuracy",
    "clustering_chance",
    "code_moments",
    "coherence",
    "compare_gradients",
    "data_threshold",
    "debiasing_threshold",
    "decode",
    "dglnn_flow",
    "dglnn_loss_and_grad",
    "dglnn_path",
    "dglnn_weights",
    "dictionary_error",
    "early_stop",
    "encode",
    "expected_gradient",
    "full_batch_gradient",
    "get_num_threads",
    "group_soft_threshold",
    "group_soft_threshold_vjp",
    "grouped_regression",
    "initialise_sparse",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist",
    "loss",
    "loss_and_grad",
    "make_dictionary",
    "match_dictionaries",
    "nearness",
    "perturb_dictionary",
    "plan_run",
    "predict_run",
    "principal_angles",
    "sample",
    "sample_blocks",
    "sample_sparse",
    "set_num_threads",
    "show_versions",
    "signed_path",
    "stress",
    "sparse_encode",
    "sparse_expected_gradient",
    "sparse_loss",
    "sparse_loss_and_grad",
    "support_interval",
    "support_law",
    "support_moments",
    "support_recovery",
    "train",
    "train_sparse",
    "unfolded_encode",
    "unfolded_loss_and_grad",
    "verify",
    "weight_decay_threshold",
]


def __getattr__(name: str) -> object:
    """The estimators, which need scikit-learn, are imported when they are first asked for."""
    if name in _estimators.ESTIMATORS:
        return getattr(_estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_estimators.ESTIMATORS])
