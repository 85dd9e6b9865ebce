"""Measurements for L23; importing this package registers them."""

from . import descent, flow, noise, setting  # noqa: F401
