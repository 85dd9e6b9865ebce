"""L23, Section 3.1 and Appendix A: Definitions 1 and 2, Lemma 1, Theorem 1, the brackets."""

from __future__ import annotations

from functools import partial

from ....claims.evidence import Counterexample, Measurement
from ...row import statement
from ..instance import PAIR
from . import claims

statement = partial(statement, paper="L23")


FORMULAS = "gsae_ref.papers.l23.mirror_flow.formulas."
ROWS = (
    statement(
        "definition1",
        "Definition 1",
        "definition",
        "holds",
        "“we define the Lie Bracket of X and Y as” [X, Y](x) := dY(x) X(x) - dX(x) Y(x), for two "
        "C^1 vector fields on a smooth submanifold M of R^D.",
        evidence=(claims.TAYLOR, claims.BRACKET),
        derivation=FORMULAS + "lie_bracket",
    ),
    statement(
        "definition2",
        "Definition 2",
        "definition",
        "holds",
        "A C^2 parameterization G: M -> R^d “is said to be commuting iff for any” i, j in [d] "
        "[grad G_i, grad G_j](x) = 0 “for all” x in M.",
        evidence=(claims.TAYLOR, claims.BRACKET),
        derivation=FORMULAS + "bracket",
    ),
    statement(
        "lemma1",
        "Lemma 1",
        "inequality",
        "holds",
        "G “is not a commuting parameterization.”",
        remark="The bracket of two entries of a group has the norm 4 u^2 ||(v_i, v_j)||.",
        hypotheses=(PAIR,),
        evidence=(claims.LENGTH,),
        derivation=FORMULAS + "bracket",
    ),
    statement(
        "theorem1",
        "Theorem 1",
        "inequality",
        "holds",
        "“There exists an initialization” [u, v] “and a time-dependent loss” L_t “such that "
        "gradient flow under” L_t o G “cannot be written as a mirror flow with respect to any "
        "Legendre function R”.",
        remark="Four linear losses whose gradients add up to 0 move w, from every point with u_g > "
        "0 and v_i != 0, g a group of two or more entries; a mirror flow would bring w back. The "
        "paper's second bracket is not needed.",
        hypotheses=(PAIR,),
        evidence=(
            Measurement("dglnn_mirror_loop"),
            claims.WAY,
        ),
        derivation=FORMULAS + "loop_displacement",
    ),
    statement(
        "bracket",
        "Appendix A, proof of Lemma 1",
        "identity",
        "false",
        "[grad G_i, grad G_j] = 4 u_{g(i)}^2 v_j e_{L+i} - 4 u_{g(i)}^2 v_i e_{L+j}, “which is not "
        "always 0 when” v_i != v_j.",
        repaired="Under Definition 1, for i != j in the group g: [grad G_i, grad G_j] = "
        "4 u_g^2 (v_i e_{L+j} - v_j e_{L+i}). For u_g > 0 it is 0 only where v_i = v_j = 0.",
        hypotheses=(PAIR,),
        evidence=(
            Counterexample(),
            claims.BRACKET_PRINTED,
            claims.BRACKET,
        ),
        derivation=FORMULAS + "bracket",
    ),
    statement(
        "span",
        "Appendix A, proof of Theorem 1",
        "identity",
        "false",
        "“For” i != j “and” g(i) = g(j), [grad G_i, grad G_j] = v_j grad G_i - v_i grad G_j.",
        repaired="[grad G_i, grad G_j] = 4 (v_i grad G_j - v_j grad G_i) for i != j in one group.",
        remark="That the bracket lies in the span of the gradients, which the proof uses, is true.",
        hypotheses=(PAIR,),
        evidence=(
            Counterexample(),
            claims.SPAN_PRINTED,
            claims.SPAN,
        ),
        derivation=FORMULAS + "bracket",
    ),
    statement(
        "double-bracket",
        "Appendix A, last display",
        "identity",
        "false",
        "<grad G_j, [grad G_i, [grad G_i, grad G_j]]> = -16 u^4 v_j^2 - 16 u^4 v_i^2 - 4 u^6 < 0, "
        "u = u_{g(i)}.",
        repaired="Under Definition 1, for i != j in the group g and u = u_g > 0: "
        "<grad G_j, [grad G_i, [grad G_i, grad G_j]]> = 16 u^4 (v_i^2 + v_j^2) + 4 u^6 > 0.",
        remark="The proof of Theorem 1 uses only that it is not 0.",
        hypotheses=(PAIR,),
        evidence=(
            Counterexample(),
            claims.DOUBLE,
            claims.VALUE,
        ),
        derivation=FORMULAS + "double_bracket",
    ),
)
