"""Evidence that runs the implementation; importing this package registers every measurement by name."""

from . import convergence, gradients, model, simulation  # noqa: F401
