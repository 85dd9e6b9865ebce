"""L23, Section 3.1 and Appendix A: Definitions 1 and 2, Lemma 1, Theorem 1, the brackets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import Array
from ....claims.evidence import Counterexample, Identity, Inequality, Measurement
from ...row import statement
from ..instance import PAIR
from . import formulas

if TYPE_CHECKING:
    from ..instance import Regression

statement = partial(statement, paper="L23")


def _field(k: int, i: Regression) -> Callable[[Array], Array]:
    """grad G_k as a function of x = [u, v]."""
    L = len(i.groups)
    return lambda x: formulas.gradient(k, x[:L], x[L:], i.groups)


def _numeric(i: Regression) -> Array:
    """[grad G_1, grad G_2] by Definition 1 and central differences."""
    return formulas.lie_bracket(_field(0, i), _field(1, i), np.concatenate([i.u, i.v]))


def _bracket(i: Regression) -> Array:
    return formulas.bracket(0, 1, i.u, i.v, i.groups)


def _double(i: Regression) -> Any:
    """<grad G_2, [grad G_1, [grad G_1, grad G_2]]>."""
    return formulas.gradient(1, i.u, i.v, i.groups) @ formulas.double_bracket(
        0, 1, i.u, i.v, i.groups
    )


def _numeric_double(i: Regression) -> Array:
    """The outer bracket numerically, the inner one in closed form."""
    L = len(i.groups)
    return formulas.lie_bracket(
        _field(0, i),
        lambda x: formulas.bracket(0, 1, x[:L], x[L:], i.groups),
        np.concatenate([i.u, i.v]),
    )


def _span(i: Regression) -> Array:
    """4 (v_1 grad G_2 - v_2 grad G_1)."""
    return 4 * (
        i.v[0] * formulas.gradient(1, i.u, i.v, i.groups)
        - i.v[1] * formulas.gradient(0, i.u, i.v, i.groups)
    )


FORMULAS = "gsae_ref.papers.l23.mirror_flow.formulas."
CLOSED_FORM = Identity(
    "closed form against central differences",
    "dglnn_design",
    lambda i: (_numeric(i), _bracket(i)),
    tolerance=1e-6,
)


def _length(i: Regression) -> tuple[Any, Any]:
    """4 u^2 ||(v_1, v_2)|| and the norm of the bracket by central differences."""
    return 4 * i.u[0] ** 2 * np.hypot(i.v[0], i.v[1]), np.linalg.norm(_numeric(i)) * (1 + 1e-8)


ROWS = (
    statement(
        "definition1",
        "Definition 1",
        "definition",
        "holds",
        "“we define the Lie Bracket of X and Y as” [X, Y](x) := dY(x) X(x) - dX(x) Y(x), for two "
        "C^1 vector fields on a smooth submanifold M of R^D.",
        evidence=(CLOSED_FORM,),
        derivation=FORMULAS + "lie_bracket",
    ),
    statement(
        "definition2",
        "Definition 2",
        "definition",
        "holds",
        "A C^2 parameterization G: M -> R^d “is said to be commuting iff for any” i, j in [d] "
        "[grad G_i, grad G_j](x) = 0 “for all” x in M.",
        evidence=(CLOSED_FORM,),
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
        evidence=(
            Inequality(
                "4 u^2 ||(v_1, v_2)|| <= ||[grad G_1, grad G_2]||", "dglnn_design", _length, (PAIR,)
            ),
        ),
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
            Inequality(
                "4 u^6 <= <grad G_2, [grad G_1, [grad G_1, grad G_2]]>, the paper's way",
                "dglnn_design",
                lambda i: (4 * i.u[0] ** 6, _double(i)),
                (PAIR,),
            ),
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
            Identity(
                "printed sign",
                "dglnn_design",
                lambda i: (_numeric(i), -_bracket(i)),
                (PAIR,),
                expect="fails",
            ),
            Identity(
                "corrected sign",
                "dglnn_design",
                lambda i: (_numeric(i), _bracket(i)),
                (PAIR,),
                tolerance=1e-6,
            ),
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
            Identity(
                "printed",
                "dglnn_design",
                lambda i: (_numeric(i), -_span(i) / 4),
                (PAIR,),
                expect="fails",
            ),
            Identity(
                "corrected",
                "dglnn_design",
                lambda i: (_numeric(i), _span(i)),
                (PAIR,),
                tolerance=1e-6,
            ),
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
            Identity(
                "the double bracket",
                "dglnn_design",
                lambda i: (_numeric_double(i), formulas.double_bracket(0, 1, i.u, i.v, i.groups)),
                tolerance=1e-6,
            ),
            Identity(
                "corrected value",
                "dglnn_design",
                lambda i: (
                    16 * i.u[0] ** 4 * (i.v[0] ** 2 + i.v[1] ** 2) + 4 * i.u[0] ** 6,
                    _double(i),
                ),
                (PAIR,),
            ),
        ),
        derivation=FORMULAS + "double_bracket",
    ),
)
