"""Group-sparse autoencoders in closed form, with every statement of the papers checked.

A name is imported when it is first used.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from ._version import __version__

if _TYPE_CHECKING:
    from .claims import Claim, stress
    from .datasets import Images, load_digits, load_fashion_mnist, load_mnist
    from .estimators.autoencoders import GroupSparseAutoencoder as GroupSparseAutoencoder
    from .estimators.autoencoders import SparseAutoencoder as SparseAutoencoder
    from .estimators.grouped_regression import (
        DiagonallyGroupedLinearRegressor as DiagonallyGroupedLinearRegressor,
    )
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
        explain,
        verify,
    )
    from .versions import show_versions

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
    "explain",
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

# Where a name is at home.
_TABLE = """
claims -> Claim stress
datasets -> Images load_digits load_fashion_mnist load_mnist
estimators -> DiagonallyGroupedLinearRegressor GroupSparseAutoencoder SparseAutoencoder
metrics -> Closeness DictionaryMatch Nearness closeness clustering_accuracy clustering_chance
metrics -> dictionary_error match_dictionaries nearness principal_angles support_recovery
ops -> DivergenceError EarlyStop GradientComparison compare_gradients decode dglnn_flow
ops -> dglnn_loss_and_grad dglnn_path dglnn_weights early_stop encode expected_gradient
ops -> get_num_threads group_soft_threshold group_soft_threshold_vjp loss loss_and_grad
ops -> set_num_threads signed_path sparse_encode sparse_expected_gradient sparse_loss
ops -> sparse_loss_and_grad unfolded_encode unfolded_loss_and_grad
papers.ledger -> LEDGER
papers.t21.identifiability.formulas -> weight_decay_threshold
papers.t21.model.formulas -> block_coherence coherence
papers.t21.samples.formulas_certificate -> SamplesCertificate
papers.t21.several.formulas_basin -> RunCertificate certify_run
papers.t21.several.formulas_linear -> RunPlan RunPrediction plan_run predict_run
papers.t21.support.formulas -> SupportInterval support_interval
papers.t21.threshold.formulas -> DataThreshold data_threshold debiasing_threshold
sampling -> GroupedRegression GroupSparseSample SparseSample SupportLaw code_moments
sampling -> grouped_regression initialise_sparse make_dictionary perturb_dictionary sample
sampling -> sample_blocks sample_sparse support_law support_moments
training -> full_batch_gradient train train_sparse
verification -> DesignReport DictionaryReport SparseDictionaryReport VerificationReport
verification -> certify_samples check_design check_dictionary check_sparse_dictionary explain
verification -> verify
versions -> show_versions
"""
_LINES = [line.partition(" -> ") for line in _TABLE.strip().splitlines()]
_HOMES = {name: home for home, _, names in _LINES for name in names.split()}
_ROOMS = """
arrays checks claims cli datasets estimators experiments files groups kernels metrics notation ops
papers reference report sampling training verification versions
"""


def __getattr__(name: str) -> object:
    """Import what is first used: a name, or a room; with claims, the models of the papers."""
    home = _HOMES.get(name, name)
    if home == name and name not in _ROOMS.split():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if home == "claims":
        _import_module(".papers.models", __name__)
    room = _import_module(f".{home}", __name__)
    value = globals()[name] = room if home == name else getattr(room, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_ROOMS.split()})
