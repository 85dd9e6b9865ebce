"""Models of the papers, for claims: importing this file makes them known by their names."""

from .l23 import models as l23
from .n19 import models as n19
from .t21 import models as t21

MODELS = {model.name: model for model in (t21.T21, n19.N19, l23.L23)}
