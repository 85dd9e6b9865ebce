"""Counterexamples to statements of [N19]; importing this module registers them."""

from .consistency import claims as consistency_claims
from .consistency import counterexamples as consistency
from .mixture import claims as mixture_claims
from .mixture import counterexamples as mixture
from .model import counterexamples as model
from .nonnegative import claims as nonnegative_claims
from .nonnegative import counterexamples as nonnegative
from .sparse_codes import claims as sparse_codes_claims
from .sparse_codes import counterexamples as sparse_codes
