"""Counterexamples to statements of [L23] (Li, Nguyen, Hegde, Wong 2023)."""

from collections.abc import Callable

from ...claims.exact import Certificate
from .gradient_descent.counterexamples import (
    ce_corollary1,
    ce_epsilon,
    ce_theorem3,
    ce_theorem4_step,
    ce_window,
)
from .gradient_flow.counterexamples import (
    ce_lemma3_magnitudes,
    ce_lemma3_noise,
    ce_lemma3_sign,
    ce_lemma5,
    ce_lemma6,
    ce_theorem2,
    ce_theorem2_times,
)
from .mirror_flow.counterexamples import ce_bracket, ce_double_bracket, ce_span
from .perturbations.counterexamples import ce_eq8, ce_eq9, ce_lemma12, ce_lemma13, ce_lemma17
from .steps.counterexamples import ce_lemma9, ce_lemma10, ce_lemma11

CERTIFICATES: dict[str, Callable[..., Certificate]] = {
    "L23_bracket": ce_bracket,
    "L23_span": ce_span,
    "L23_double_bracket": ce_double_bracket,
    "L23_lemma3_magnitudes": ce_lemma3_magnitudes,
    "L23_lemma3_noise": ce_lemma3_noise,
    "L23_lemma3_sign": ce_lemma3_sign,
    "L23_theorem2": ce_theorem2,
    "L23_theorem2_times": ce_theorem2_times,
    "L23_theorem3": ce_theorem3,
    "L23_window": ce_window,
    "L23_corollary1": ce_corollary1,
    "L23_epsilon": ce_epsilon,
    "L23_theorem4_step": ce_theorem4_step,
    "L23_lemma5": ce_lemma5,
    "L23_lemma6": ce_lemma6,
    "L23_lemma9": ce_lemma9,
    "L23_lemma10": ce_lemma10,
    "L23_lemma11": ce_lemma11,
    "L23_lemma12": ce_lemma12,
    "L23_lemma13": ce_lemma13,
    "L23_lemma17": ce_lemma17,
    "L23_eq8": ce_eq8,
    "L23_eq9": ce_eq9,
}
