"""Models of the papers, for claims: importing this file makes them known by their names."""

from ..claims.model import MODELS as MODELS
from .l23.models import L23 as L23
from .n19.models import N19 as N19
from .t21.models import T21 as T21
