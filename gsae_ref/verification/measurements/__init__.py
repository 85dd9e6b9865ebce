"""Evidence that runs the implementation; importing this package registers every measurement by name."""

from . import t21  # noqa: F401
