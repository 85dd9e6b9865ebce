"""Counterexamples to statements of [L23]; importing this module registers them."""

from .gradient_descent import counterexamples as gradient_descent
from .gradient_flow import claims as gradient_flow_claims
from .gradient_flow import counterexamples as gradient_flow
from .mirror_flow import claims as mirror_flow
from .perturbations import counterexamples as perturbations
from .steps import claims as steps_claims
from .steps import counterexamples as steps
