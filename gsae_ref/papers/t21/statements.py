"""T21, topic by topic; in each topic in the order of the paper."""

from .convergence import statements as convergence
from .direction import statements as direction
from .experimental_validation import statements as experimental_validation
from .gradients import statements as gradients
from .identifiability import statements as identifiability
from .model import statements as model
from .samples import statements as samples
from .several import statements as several
from .support import statements as support
from .threshold import statements as threshold
from .window import statements as window

ROWS = (
    *model.ROWS,
    *window.ROWS,
    *support.ROWS,
    *gradients.ROWS,
    *direction.ROWS,
    *convergence.ROWS,
    *threshold.ROWS,
    *samples.ROWS,
    *several.ROWS,
    *identifiability.ROWS,
    *experimental_validation.ROWS,
)
