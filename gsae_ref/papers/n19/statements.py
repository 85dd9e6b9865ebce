"""N19, topic by topic; in each topic in the order of the paper."""

from .consistency import statements as consistency
from .fixed_bias import statements as fixed_bias
from .mixture import statements as mixture
from .model import statements as model
from .nonnegative import statements as nonnegative
from .sparse_codes import statements as sparse_codes

ROWS = (
    *model.ROWS,
    *consistency.ROWS,
    *fixed_bias.ROWS,
    *mixture.ROWS,
    *sparse_codes.ROWS,
    *nonnegative.ROWS,
)
