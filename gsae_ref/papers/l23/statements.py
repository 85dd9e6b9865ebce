"""L23, in the order of the paper, and R8."""

from .gradient_descent import statements as gradient_descent
from .gradient_flow import statements as gradient_flow
from .mirror_flow import statements as mirror_flow
from .model import statements as model
from .perturbations import statements as perturbations
from .steps import statements as steps

_ORDER = """
    groups eq1 eq2 assumption1 model loss gradients residual eq3 definition1 definition2 lemma1 theorem1 lemma2 lemma3 theorem2
    algorithm1 zeta theorem3 tlb tub definition3 corollary1 corollary1-epsilon algorithm2 theorem4 theorem4-step designs
    bracket span double-bracket lemma4 lemma5 lemma6 theorem2-zeta theorem2-times lemma7 eq4 eq5 eq6 lemma8 lemma9 lemma10 lemma11
    perturbations eq7 lemma12 lemma13 growth eq8 lemma14 eq9 lemma15 lemma16 eq10 lemma17
""".split()

_ROWS = {
    row.id.removeprefix("L23-"): row
    for room in (model, mirror_flow, gradient_flow, gradient_descent, steps, perturbations)
    for row in room.ROWS
}
ROWS = tuple(_ROWS[name] for name in (*_ORDER, "R8"))
