"""Counterexamples to statements of [N19] (Nguyen, Wong, Hegde, AISTATS 2019), by name."""

from collections.abc import Callable

from ...claims.exact import Certificate
from .consistency import counterexamples as consistency
from .mixture import counterexamples as mixture
from .model import counterexamples as model
from .nonnegative import counterexamples as nonnegative
from .sparse_codes import counterexamples as sparse_codes

CERTIFICATES: dict[str, Callable[..., Certificate]] = {
    "N19_diminishing_bias": mixture.ce_diminishing_bias,
    "N19_gamma": mixture.ce_gamma,
    "N19_interference": consistency.ce_interference,
    "N19_mixture_pairs": model.ce_mixture_pairs,
    "N19_negative_bias": consistency.ce_negative_bias,
    "N19_theorem3ii": consistency.ce_theorem3ii,
    "N19_theorem3iii": consistency.ce_theorem3iii,
    "N19_bias_conditions": mixture.ce_bias_conditions,
    "N19_bias_gradient": mixture.ce_bias_gradient,
    "N19_expected_loss": mixture.ce_expected_loss,
    "N19_fixed_bias": mixture.ce_fixed_bias,
    "N19_lemma1": mixture.ce_lemma1,
    "N19_lemma5": sparse_codes.ce_lemma5,
    "N19_lemma5_proof": sparse_codes.ce_lemma5_proof,
    "N19_tau": mixture.ce_tau,
    "N19_zeta": mixture.ce_zeta,
    "N19_beta": sparse_codes.ce_beta,
    "N19_eq11": sparse_codes.ce_eq11,
    "N19_eq12": sparse_codes.ce_eq12,
    "N19_eq15": sparse_codes.ce_eq15,
    "N19_eq16": sparse_codes.ce_eq16,
    "N19_indicator": sparse_codes.ce_indicator,
    "N19_lemma2": sparse_codes.ce_lemma2,
    "N19_lemma3": sparse_codes.ce_lemma3,
    "N19_lemma4": sparse_codes.ce_lemma4,
    "N19_residual": sparse_codes.ce_residual,
    "N19_theorem4iii_bias": nonnegative.ce_theorem4iii_bias,
    "N19_theorem4iii_threshold": nonnegative.ce_theorem4iii_threshold,
}
