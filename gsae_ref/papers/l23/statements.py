"""L23, topic by topic; in each topic in the order of the paper."""

from .gradient_descent import statements as gradient_descent
from .gradient_flow import statements as gradient_flow
from .mirror_flow import statements as mirror_flow
from .model import statements as model
from .perturbations import statements as perturbations
from .simulations import statements as simulations
from .steps import statements as steps

ROWS = (
    *model.ROWS,
    *mirror_flow.ROWS,
    *gradient_flow.ROWS,
    *gradient_descent.ROWS,
    *steps.ROWS,
    *perturbations.ROWS,
    *simulations.ROWS,
)
