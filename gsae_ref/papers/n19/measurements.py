"""Measurements for N19; importing this module registers them."""

from .consistency import measurements as consistency
from .fixed_bias import measurements as fixed_bias
from .mixture import measurements as mixture
from .model import measurements as model
from .nonnegative import measurements as nonnegative
from .sparse_codes import measurements as sparse_codes
