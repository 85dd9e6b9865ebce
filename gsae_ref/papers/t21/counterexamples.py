"""Counterexamples to statements of [T21] (arXiv:2102.07003)."""

from collections.abc import Callable

from ...claims.exact import Certificate
from .convergence.counterexamples import ce10_step, ce10b, ce11, ce11_rate, ce12, ce_v1_theorem2
from .direction.counterexamples import (
    ce8,
    ce10,
    ce13,
    ce13_variant,
    ce13b,
    ce_eq66,
    ce_eq68,
    ce_eq69,
    ce_eq69_simulation,
    ce_eq70,
    ce_eq72,
    ce_eq74,
)
from .gradients.counterexamples import ce6, ce6_eq42, ce6b, ce7, ce14, ce14_constant, ce14b, ce15
from .model.counterexamples import ce9, ce9b, ce_assumption3, ce_relu
from .support.counterexamples import ce1, ce1b, ce2, ce3, ce3b, ce4, ce5, ce_step39

CERTIFICATES: dict[str, Callable[..., Certificate]] = {
    "CE1": ce1,
    "CE1b": ce1b,
    "CE_step39": ce_step39,
    "CE2": ce2,
    "CE3": ce3,
    "CE3b": ce3b,
    "CE4": ce4,
    "CE5": ce5,
    "CE_relu": ce_relu,
    "CE_assumption3": ce_assumption3,
    "CE9": ce9,
    "CE9b": ce9b,
    "CE6": ce6,
    "CE6b": ce6b,
    "CE6_eq42": ce6_eq42,
    "CE7": ce7,
    "CE14": ce14,
    "CE14_constant": ce14_constant,
    "CE14b": ce14b,
    "CE15": ce15,
    "CE8": ce8,
    "CE_eq66": ce_eq66,
    "CE_eq68": ce_eq68,
    "CE_eq69": ce_eq69,
    "CE_eq69_simulation": ce_eq69_simulation,
    "CE_eq70": ce_eq70,
    "CE10": ce10,
    "CE10_step": ce10_step,
    "CE10b": ce10b,
    "CE11": ce11,
    "CE11_rate": ce11_rate,
    "CE12": ce12,
    "CE_v1_theorem2": ce_v1_theorem2,
    "CE13": ce13,
    "CE13_variant": ce13_variant,
    "CE13b": ce13b,
    "CE_eq72": ce_eq72,
    "CE_eq74": ce_eq74,
}
