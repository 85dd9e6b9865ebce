"""Measurements for T21; importing this package registers them."""

from . import convergence, gradients, model, simulation  # noqa: F401
