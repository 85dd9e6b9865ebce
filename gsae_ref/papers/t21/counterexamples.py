"""Counterexamples to statements of [T21]; importing this module registers them."""

from .convergence import counterexamples as convergence
from .direction import claims as direction_claims
from .direction import counterexamples as direction
from .gradients import counterexamples as gradients
from .model import counterexamples as model
from .support import claims as support_claims
from .support import counterexamples as support
