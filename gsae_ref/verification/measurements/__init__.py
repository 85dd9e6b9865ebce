"""Evidence that runs the implementation; importing this package registers every measurement by name."""

from . import l23, n19, t21  # noqa: F401
