"""Evidence that runs the implementation; importing this module registers it by name."""

from .l23 import measurements as l23
from .n19 import measurements as n19
from .t21 import measurements as t21
