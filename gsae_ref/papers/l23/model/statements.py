"""L23, Section 2: model, Assumption 1, loss, gradients, Eqs. (1)-(3)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ....claims.evidence import Identity, Measurement, Reading
from ...row import equation, statement

if TYPE_CHECKING:
    from ..instance import Regression

statement, equation = partial(statement, paper="L23"), partial(equation, paper="L23")


def _blocks(i: Regression) -> tuple[float, float]:
    """The deltas again, from eigenvalues instead of singular values."""
    ends = np.cumsum(i.groups)
    cuts = [slice(end - size, end) for end, size in zip(ends, i.groups, strict=True)]
    inside = max(np.abs(np.linalg.eigvalsh(i.gram[c, c]) - 1).max() for c in cuts)
    cross = [i.gram[c, d] for c in cuts for d in cuts if c != d]
    return inside, np.sqrt(max((np.linalg.eigvalsh(C @ C.T).max() for C in cross), default=0.0))


ROWS = (
    statement(
        "groups",
        "Section 2, observation model",
        "remark",
        "typo",
        "[p] is the union of the groups G_j for j = l, ..., L.",
        repaired="j = 1, ..., L.",
        evidence=(
            Reading("the lower limit of the union is the letter l where the number 1 is meant"),
        ),
    ),
    equation(
        1,
        "definition",
        "holds",
        "sup over unit vectors of abs(<beta_1, (X_l^T X_l / n - I) beta_2>) <= delta_in.",
        evidence=(
            Identity(
                "the least delta_in is the largest abs(eigenvalue - 1)",
                "dglnn_design",
                lambda i: (i.deltas[0], _blocks(i)[0]),
            ),
        ),
        derivation="gsae_ref.papers.l23.model.formulas.deltas",
    ),
    equation(
        2,
        "definition",
        "holds",
        "sup over unit vectors of abs(<X_l beta_1, X_l' beta_2>) / n <= delta_out for l != l'.",
        evidence=(
            Identity(
                "the least delta_out is the largest singular value",
                "dglnn_design",
                lambda i: (i.deltas[1], _blocks(i)[1]),
            ),
        ),
        derivation="gsae_ref.papers.l23.model.formulas.deltas",
    ),
    statement(
        "assumption1",
        "Assumption 1",
        "definition",
        "holds",
        "(1) and (2) hold with constants delta_in, delta_out in (0, 1).",
        evidence=(
            Identity("the least delta_in", "dglnn_design", lambda i: (i.deltas[0], _blocks(i)[0])),
            Identity("the least delta_out", "dglnn_design", lambda i: (i.deltas[1], _blocks(i)[1])),
        ),
        derivation="gsae_ref.papers.l23.model.formulas.deltas",
    ),
    statement(
        "model",
        "Section 2, reparameterisation",
        "definition",
        "holds",
        "w_i = u_{g(i)}^2 v_i, that is w = (Du)^2 o v.",
        evidence=(Measurement("dglnn_field"),),
        derivation="gsae_ref.ops.dglnn_weights",
    ),
    statement(
        "loss",
        "Section 2, loss",
        "remark",
        "typo",
        "L(u, v) = 1/2 ||y - X w||^2.",
        repaired="L(u, v) = 1/(2n) ||y - X w||^2: (3), the step 1/u^4 of Algorithm 1, (6) and every bound on gamma need it.",
        evidence=(Measurement("dglnn_literal_loss", "against"), Measurement("dglnn_field")),
        derivation="gsae_ref.ops.dglnn_loss_and_grad",
    ),
    statement(
        "gradients",
        "Section 2, gradients",
        "identity",
        "holds",
        "grad_u L = 2 D^T (v o [X^T X (w - w*) - X^T xi] o Du) and grad_v L = [X^T X (w - w*) - X^T xi] o (Du)^2.",
        evidence=(Measurement("dglnn_printed_gradients"),),
        derivation="gsae_ref.ops.dglnn_loss_and_grad",
    ),
    statement(
        "residual",
        "Section 2, residual",
        "remark",
        "typo",
        "r(t) = y - sum_{l'} u_l^2(t) X_l v_l(t), and the flow 'under L_t (.) G'.",
        repaired="r(t) = y - sum_{l'} u_l'^2(t) X_l' v_l'(t); L_t composed with G.",
        evidence=(
            Reading(
                "the sum runs over l', its terms do not depend on it; L_t and G are composed, not multiplied"
            ),
        ),
    ),
    equation(
        3,
        "identity",
        "holds",
        "Gradient flow: du_l/dt = 2/n u_l v_l^T X_l^T r, dv_l/dt = 1/n u_l^2 X_l^T r.",
        evidence=(Measurement("dglnn_field"),),
        derivation="gsae_ref.ops.dglnn_flow",
    ),
)
