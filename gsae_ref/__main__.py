"""``python -m gsae_ref`` is the command ``gsae-ref``."""

import sys

from .cli import main

sys.exit(main())
