"""Measurements for L23; importing this module registers them."""

from .gradient_descent import measurements as gradient_descent
from .gradient_flow import measurements as gradient_flow
from .mirror_flow import measurements as mirror_flow
from .model import measurements as model
from .perturbations import measurements as perturbations
