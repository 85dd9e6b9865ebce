"""The workbench: claims, and how they are tried. May import groups and checks, and no paper."""

from . import columns as _columns
from . import grouped as _grouped
from .claim import Claim as Claim
from .fields import WORDS as WORDS
from .model import MODELS as MODELS
from .model import Block as Block
from .model import Model as Model
from .model import register as register
from .result import Result as Result
from .stress import stress as stress
