"""L23, Section 2: model, Assumption 1, loss, gradients, Eqs. (1)-(3)."""

from __future__ import annotations

from functools import partial

from ....claims.evidence import Measurement, Reading
from ...row import equation, statement
from . import claims

statement, equation = partial(statement, paper="L23"), partial(equation, paper="L23")


DELTAS = "gsae_ref.papers.l23.model.formulas.deltas"
LOSS = "gsae_ref.ops.dglnn_loss_and_grad"

ROWS = (
    statement(
        "groups",
        "Section 2, observation model",
        "definition",
        "typo",
        "The index set [p] = union_{j=l}^L G_l “is partitioned into L disjoint” groups.",
        repaired="[p] = union_{l=1}^L G_l.",
        evidence=(
            Reading("the lower limit of the union is the letter l; the index of the union is j"),
        ),
        derivation="gsae_ref.papers.l23.model.formulas.parts",
    ),
    statement(
        "assumption1",
        "Assumption 1",
        "definition",
        "holds",
        "“The design matrix X satisfies” (1) and (2) “for some constants” delta_in, delta_out in "
        "(0, 1).",
        evidence=(claims.INSIDE, claims.OUTSIDE),
        derivation=DELTAS,
    ),
    equation(
        1,
        "definition",
        "holds",
        "sup over ||beta_1|| <= 1, ||beta_2|| <= 1 of abs(<beta_1, (X_l^T X_l / n - I) beta_2>) <= "
        "delta_in.",
        evidence=(claims.INSIDE,),
        derivation=DELTAS,
    ),
    equation(
        2,
        "definition",
        "holds",
        "sup over ||beta_1|| <= 1, ||beta_2|| <= 1 of abs(<X_l beta_1 / sqrt n, X_l' beta_2 / sqrt "
        "n>) <= delta_out for l != l'.",
        evidence=(claims.OUTSIDE,),
        derivation=DELTAS,
    ),
    statement(
        "gaussian-designs",
        "Section 2, after Assumption 1",
        "asymptotic claim",
        "holds",
        "“random Gaussian matrices satisfy such conditions with high probability”.",
        remark="For entries N(0, 1) and r = sqrt((p_l + p_l')/n) + t: with probability at least 1 "
        "- 2 exp(-n t^2/2) the block of the groups l and l' is within 2 r + r^2 of its mean. So n "
        "of the order (max p_l + log L)/delta^2 suffices.",
        evidence=(Measurement("dglnn_gaussian_blocks"),),
        derivation="gsae_ref.papers.l23.model.formulas.gaussian_block_bound",
    ),
    statement(
        "model",
        "Section 2, reparameterisation",
        "definition",
        "holds",
        "“Each parameter is rewritten as” w_i = u_{g(i)}^2 v_i.",
        remark="So w = (Du)^2 o v.",
        evidence=(Measurement("dglnn_field"),),
        derivation="gsae_ref.ops.dglnn_weights",
    ),
    statement(
        "loss",
        "Section 2, loss",
        "definition",
        "typo",
        "“by minimizing the standard squared loss” L(u, v) = 1/2 ||y - X [(Du)^2 o v]||^2.",
        repaired="L(u, v) = 1/(2n) ||y - X [(Du)^2 o v]||^2.",
        remark="(3), the step 1/u^4 of Algorithm 1, (6) and every bound on gamma need the 1/n.",
        evidence=(Measurement("dglnn_literal_loss", "against"), Measurement("dglnn_field")),
        derivation=LOSS,
    ),
    statement(
        "gradients",
        "Section 2, gradients",
        "identity",
        "holds",
        "grad_u L = 2 D^T (v o [X^T X ((Du)^2 o v - w*) - X^T xi] o Du) and "
        "grad_v L = [X^T X ((Du)^2 o v - w*) - X^T xi] o (Du)^2.",
        remark="Of the loss as Section 2 prints it; 1/n times these for the loss of (3).",
        evidence=(Measurement("dglnn_printed_gradients"),),
        derivation=LOSS,
    ),
    statement(
        "residual",
        "Section 2, residual",
        "definition",
        "typo",
        "“Denote” r(t) = y - sum_{l'=1}^L u_l^2(t) X_l v_l(t); [Theorem 1:] “gradient flow under” "
        "L_t (.) G.",
        repaired="r(t) = y - sum_{l'=1}^L u_l'^2(t) X_l' v_l'(t); L_t o G.",
        evidence=(
            Reading(
                "the sum runs over l', its terms do not depend on it; (.) is the entrywise product "
                "of Section 2, and L_t and G are composed"
            ),
        ),
        derivation=LOSS,
    ),
    equation(
        3,
        "identity",
        "holds",
        "“the gradient flow reads” du_l/dt = 2/n u_l v_l^T X_l^T r, dv_l/dt = 1/n u_l^2 X_l^T r.",
        evidence=(Measurement("dglnn_field"),),
        derivation="gsae_ref.ops.dglnn_flow",
    ),
)
