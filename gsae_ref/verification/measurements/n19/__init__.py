"""Measurements for N19 and R7; importing this package registers them."""

from . import consistency, gradients, model, runs  # noqa: F401
