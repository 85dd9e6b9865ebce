"""T21 on support recovery: Eqs. (19)-(22), (34)-(39), Propositions 1 and 2, Lemma 1, and R5."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array
from ....claims.evidence import Counterexample, Identity, Inequality, Measurement, Sides, worst
from ....claims.hypothesis import Hypothesis
from ...row import Row, statement
from ..instance import (
    CLOSE,
    DELTA_AT_MOST_1,
    IN_CORRECTED_INTERVAL,
    NORMS_BOUNDED,
    ORTHONORMAL,
    ORTHONORMAL_STAR,
    SUPPORT_SIZE,
    UNIT_NORM_STAR,
)
from . import formulas

if TYPE_CHECKING:
    from ..instance import Instance

PROP1 = (ORTHONORMAL, CLOSE, DELTA_AT_MOST_1, NORMS_BOUNDED)
PROP2 = (ORTHONORMAL, UNIT_NORM_STAR, CLOSE, DELTA_AT_MOST_1, NORMS_BOUNDED, SUPPORT_SIZE)
PROP2_V1 = (ORTHONORMAL, CLOSE, DELTA_AT_MOST_1, NORMS_BOUNDED, SUPPORT_SIZE)
INCOHERENT = Hypothesis(
    "gamma <= log n, log n >= 1 and max(d mu_B, delta) <= C / log n with C = B_min / (5 B_max)",
    lambda i: min(
        math.log(i.n_features) - max(i.n_active, 1),
        formulas.incoherence_constant(i.b_min, i.b_max)
        - math.log(i.n_features) * max(i.d * i.mu_block, i.delta),
    ),
)


def _interval(i: Instance, form: str = "corrected") -> tuple[float, float]:
    return formulas.recovery_interval(i.n_active, i.b_min, i.b_max, i.mu_block, i.delta, i.d, form)


def _per_group(M: Array, i: Instance) -> Array:
    return M.reshape(i.n_groups, i.d)


def _signal(i: Instance) -> Array:
    """||A_g^T A*_g x_g|| for the active groups."""
    x = _per_group(i.x, i)
    return np.linalg.norm(np.einsum("gni,gnj,gj->gi", i.blocks, i.star, x), axis=1)[i.active]


def _cross_terms(i: Instance) -> Array:
    """||sum_{h in S, h != g} A_g^T A*_h x_h|| for every group g (for g outside S this is ||A_g^T y||)."""
    x = _per_group(i.x, i)
    own = np.einsum("gni,gnj,gj->gi", i.blocks, i.star, x)
    return np.linalg.norm(_per_group(i.A.T @ i.y, i) - own, axis=1)


def _prop2(form: str) -> Sides:
    def sides(i: Instance) -> tuple[float, float]:
        if i.active.all():  # no group outside S: any active one sees gamma - 1 cross terms, which obey the same bound
            return _cross_terms(i).max(), formulas.cross_term_bound(
                i.n_active, i.b_max, i.mu_block, i.delta, i.d, form
            )
        return _cross_terms(i)[~i.active].max(), formulas.cross_term_bound(
            i.n_active, i.b_max, i.mu_block, i.delta, i.d, form
        )

    return sides


def _prop2_v1(i: Instance) -> tuple[float, float]:
    return _cross_terms(i)[~i.active].max(), formulas.cross_term_bound_v1(
        i.n_active, i.b_max, i.mu_block, i.delta, i.d
    )


def _eq22(form: str) -> Sides:
    return lambda i: (
        formulas.group_norm_bound(i.n_active, i.b_min, i.b_max, i.mu_block, i.delta, i.d, form),
        i.r[i.active].min(),
    )


def _decomposition(i: Instance) -> tuple[Array, Array]:
    """Both sides of (19) for every group, as vectors."""
    x = _per_group(i.x, i)
    terms = np.einsum("gni,hnj,hj->ghi", i.blocks, i.star, x)
    own = np.einsum("ggi->gi", terms)
    return i.A.T @ i.y, (own + (terms.sum(axis=1) - own)).ravel()


def _overlap_defect(i: Instance) -> Array:
    """||A_g^T A*_g - I||_2 for every group."""
    return np.linalg.norm(np.swapaxes(i.blocks, 1, 2) @ i.star - np.eye(i.d), ord=2, axis=(1, 2))


def _step35(i: Instance) -> tuple[float, float]:
    return worst((1 - _overlap_defect(i)[i.active]) * i.code_norms[i.active], _signal(i))


def _cross_step39(i: Instance, factor: Callable[[Instance], int]) -> tuple[float, float]:
    gram = np.linalg.norm(np.swapaxes(i.star, 1, 2)[:, None] @ i.star[None], ord=2, axis=(2, 3))
    np.fill_diagonal(gram, 0)
    return gram.max(), factor(i) * i.mu_block


def _sharp_contains_corrected(i: Instance) -> tuple[float, float]:
    low, high = _interval(i)
    sharp = formulas.sharp_interval(i.A, i.A_star, i.d, i.n_active, i.b_min, i.b_max)
    return worst([sharp.low, high], [low, sharp.high])


LEMMA1_PRINTED = (
    "If gamma <= log n and max(mu_B, delta) = O(1/log n), the range [gamma B_max (mu_B + delta), B_min (1 - delta) - gamma B_max "
    "(mu_B + delta)] is not empty and every lam in it recovers the support."
)
LEMMA1_CORRECTED = (
    "With b = d mu_B + delta, every lam in [gamma B_max b, B_min (1 - delta) - (gamma - 1) B_max b) recovers the support; the range is not "
    "empty iff B_min (1 - delta) > (2 gamma - 1) B_max b, for which gamma <= log n, log n >= 1, max(d mu_B, delta) <= B_min / (5 B_max log n) "
    "suffice."
)
LEMMA1_EVIDENCE = (
    Inequality(
        "off the support ||A_v^T y|| <= lam",
        "recovery",
        lambda i: (i.r[~i.active].max(), i.lam),
        PROP2 + (IN_CORRECTED_INTERVAL,),
    ),
    Inequality(
        "on the support lam < ||A_g^T y||",
        "recovery",
        lambda i: (i.lam, i.r[i.active].min()),
        PROP2 + (IN_CORRECTED_INTERVAL,),
    ),
    Inequality(
        "the constant makes it non-empty",
        "incoherent",
        lambda i: _interval(i),
        PROP2 + (INCOHERENT,),
    ),
)
PROP2_CORRECTED = "gamma B_max (d mu_B + delta): (3) divides by d, the proof does not multiply back. Sharp at delta = 0."

ROWS = (
    statement(
        "eq19",
        "Eq. (19)",
        "identity",
        "holds",
        "A_g^T y = A_g^T A*_g x_g + sum_{h != g in S} A_g^T A*_h x_h.",
        evidence=(Identity("decomposition, every group", "support", _decomposition),),
    ),
    statement(
        "prop1",
        "Proposition 1",
        "inequality",
        "holds",
        "||A_g^T A*_g x_g|| >= B_min (1 - delta) for g in S.",
        hypotheses=PROP1,
        remark="With orthonormal A*_g the sharper (1 - delta^2/2) B_min holds, and is attained.",
        evidence=(
            Inequality(
                "(1 - delta) B_min <= signal",
                "free_star",
                lambda i: (formulas.signal_bound(i.b_min, i.delta), _signal(i).min()),
                PROP1,
            ),
            Inequality(
                "(1 - delta^2/2) B_min <= signal, A*_g orthonormal",
                "support",
                lambda i: (
                    formulas.signal_bound(i.b_min, i.delta, "orthonormal"),
                    _signal(i).min(),
                ),
                PROP1 + (ORTHONORMAL_STAR,),
            ),
        ),
        derivation="gsae_ref.papers.t21.support.formulas.signal_bound",
    ),
    statement(
        "prop2",
        "Proposition 2",
        "inequality",
        "false",
        "||sum_{h in S} A_v^T A*_h x_h|| <= gamma B_max (mu_B + delta) for v not in S.",
        repaired=PROP2_CORRECTED,
        hypotheses=PROP2,
        evidence=(
            Counterexample(),
            Inequality("printed bound", "support", _prop2("printed"), PROP2, expect="fails"),
            Inequality("corrected bound", "support", _prop2("corrected"), PROP2),
        ),
        derivation="gsae_ref.papers.t21.support.formulas.cross_term_bound",
    ),
    statement(
        "prop2-v1",
        "Proposition 2, version 1",
        "inequality",
        "false",
        "The same bound gamma B_max (mu_B + delta), with nothing assumed of ||A*_h||_2.",
        repaired="gamma B_max (d mu_B + delta min(sqrt(d), 1 + delta)), atoms of A* of unit norm.",
        hypotheses=PROP2_V1,
        evidence=(
            Inequality("printed bound", "unit_star", _prop2("printed"), PROP2_V1, expect="fails"),
            Inequality("corrected bound", "unit_star", _prop2_v1, PROP2_V1),
        ),
        derivation="gsae_ref.papers.t21.support.formulas.cross_term_bound_v1",
    ),
    statement(
        "eq22",
        "Eq. (22) (version 1: (22), (23))",
        "inequality",
        "false",
        "||A_g^T y|| >= ||A_g^T A*_g x_g|| - ||sum_{h != g} A_g^T A*_h x_h|| >= B_min (1 - delta) - gamma B_max (mu_B + delta).",
        repaired="First inequality true; the last term of the second is (gamma - 1) B_max (d mu_B + delta).",
        hypotheses=PROP2,
        evidence=(
            Inequality(
                "first inequality",
                "support",
                lambda i: worst(_signal(i), i.r[i.active] + _cross_terms(i)[i.active]),
                PROP2,
            ),
            Counterexample(),
            Inequality("corrected second inequality", "recovery", _eq22("corrected"), PROP2),
        ),
        derivation="gsae_ref.papers.t21.support.formulas.group_norm_bound",
    ),
    statement(
        "lemma1",
        "Lemma 1",
        "inequality",
        "false",
        LEMMA1_PRINTED,
        repaired=LEMMA1_CORRECTED,
        hypotheses=PROP2 + (IN_CORRECTED_INTERVAL,),
        evidence=(
            Counterexample(),
            *LEMMA1_EVIDENCE,
        ),
        derivation="gsae_ref.papers.t21.support.formulas.recovery_interval",
    ),
    statement(
        "eq20",
        "Eq. (20)",
        "inequality",
        "holds",
        "The bound of Proposition 1.",
        same_as="T21-prop1",
    ),
    statement(
        "eq21",
        "Eq. (21)",
        "inequality",
        "false",
        "The bound of Proposition 2.",
        repaired=PROP2_CORRECTED,
        same_as="T21-prop2",
    ),
    statement(
        "eq34", "Eq. (34)", "inequality", "holds", "Proposition 1 restated.", same_as="T21-prop1"
    ),
    statement(
        "eq35",
        "Eq. (35)",
        "inequality",
        "holds",
        "||A_g^T A*_g x_g|| >= (1 - ||A_g^T A*_g - I||_2) ||x_g||.",
        evidence=(
            Inequality("for the active group where the bound is largest", "free_star", _step35),
        ),
    ),
    statement(
        "eq36",
        "Eq. (36)",
        "inequality",
        "holds",
        "||A_g^T A*_g - I||_2 = ||A_g^T (A*_g - A_g)||_2 <= ||A_g||_2 ||A*_g - A_g||_2 <= delta.",
        hypotheses=(ORTHONORMAL, CLOSE),
        evidence=(
            Inequality(
                "largest over the groups",
                "free_star",
                lambda i: (_overlap_defect(i).max(), i.delta),
                (ORTHONORMAL, CLOSE),
            ),
        ),
    ),
    statement(
        "eq37",
        "Eq. (37)",
        "inequality",
        "holds",
        "Proposition 1's chain, put together.",
        same_as="T21-prop1",
    ),
    statement(
        "eq38",
        "Eq. (38)",
        "inequality",
        "false",
        "Proposition 2 restated.",
        repaired=PROP2_CORRECTED,
        same_as="T21-prop2",
    ),
    statement(
        "eq39",
        "Eq. (39)",
        "inequality",
        "false",
        "The chain for Proposition 2; its step ||A*_v^T A*_h||_2 <= mu_B.",
        repaired="||A*_v^T A*_h||_2 <= d mu_B by (3); the other steps are right.",
        evidence=(
            Counterexample(),
            Inequality(
                "step with mu_B", "support", lambda i: _cross_step39(i, lambda _: 1), expect="fails"
            ),
            Inequality("step with d mu_B", "support", lambda i: _cross_step39(i, lambda j: j.d)),
        ),
        derivation="gsae_ref.papers.t21.support.formulas.cross_term_bound",
    ),
    statement(
        "recovery-in-one-pass",
        "text before Lemma 1",
        "remark",
        "false",
        "Cluster membership is recovered in a single step of the architecture.",
        repaired="Under the corrected Lemma 1, surely; outside it nothing is proved.",
        evidence=(Counterexample(), Measurement("one_pass_recovery")),
        derivation="gsae_ref.papers.t21.support.formulas.recovery_interval",
    ),
    Row(
        "R5",
        "own",
        "R5",
        "inequality",
        "holds",
        LEMMA1_CORRECTED,
        hypotheses=PROP2 + (IN_CORRECTED_INTERVAL,),
        evidence=LEMMA1_EVIDENCE
        + (
            Inequality(
                "the interval from the actual matrices contains it",
                "recovery",
                _sharp_contains_corrected,
                PROP2,
            ),
        ),
        derivation="gsae_ref.papers.t21.support.formulas.recovery_interval",
    ),
)
