"""Measurements for T21; importing this module registers them."""

from .convergence import measurements as convergence
from .direction import measurements as direction
from .experimental_validation import measurements as experimental_validation
from .gradients import measurements as gradients
from .identifiability import measurements as identifiability
from .model import measurements as model
from .samples import measurements as samples
from .several import measurements as several
from .support import measurements as support
from .threshold import measurements as threshold
from .window import measurements as window
