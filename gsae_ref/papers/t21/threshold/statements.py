"""This project's own: R12, the debiasing threshold, and R17, a threshold from data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import groups
from ....arrays import Array
from ....claims.evidence import Identity, Inequality, Measurement, worst
from ...row import Row
from . import formulas
from .instance import (
    AT_DEBIASING,
    CERTIFIED,
    CLEAR_OF_TWINS,
    CODES_BOUNDED,
    EXACT_SIGNS,
    EXACT_SUPPORTS,
    EXCHANGEABLE,
    FIXED_DICTIONARY,
    GAMMA_ACTIVE,
    LAM_IN_WINDOW,
    NOISELESS,
    ONE_LAW,
    SYMMETRIC,
    TWO_ACTIVE,
    UNIT_ATOMS,
    WEAKLY_COHERENT,
    WITH_MARGIN,
)

if TYPE_CHECKING:
    from .instance import HeldOut, Lines

EXACT = (UNIT_ATOMS, SYMMETRIC, ONE_LAW, EXACT_SUPPORTS, EXACT_SIGNS)
DEBIASED = (*EXACT, TWO_ACTIVE, AT_DEBIASING)
CURVED = (UNIT_ATOMS, SYMMETRIC, ONE_LAW, TWO_ACTIVE, AT_DEBIASING, WITH_MARGIN)
DEFINITE = (UNIT_ATOMS, TWO_ACTIVE, WEAKLY_COHERENT, CLEAR_OF_TWINS)
CLEAN = (FIXED_DICTIONARY, NOISELESS, GAMMA_ACTIVE, CODES_BOUNDED)
DATA_THRESHOLD = (FIXED_DICTIONARY, EXCHANGEABLE, LAM_IN_WINDOW)


def _failure(i: HeldOut) -> tuple[float, float]:
    """P(lo < hi and the last sample fails) against R17's bound."""
    n_groups = i.A_star.shape[1] // i.group_size
    bound = formulas.failure_bound(len(i.Y) - 1, i.n_active, n_groups)
    return float(i.last @ i.failures), bound


def _active_on_the_samples(i: HeldOut) -> tuple[float, float]:
    """r_(gamma + 1)(y_i) <= lam <= r_(gamma)(y_i) for every i other than j, where lo < hi."""
    left = [0.0]
    right = [1.0]
    for j in np.flatnonzero(i.windows[:, 0] < i.windows[:, 1]):
        lam = np.full(len(i.Y) - 1, i.thresholds[j])
        below, above = formulas.top_norms(np.delete(i.r[j], j, axis=0), i.n_active)
        left += [*below, *lam]
        right += [*lam, *above]
    return worst(left, right)


def _window_contains_certified(i: HeldOut) -> tuple[float, float]:
    low, high = i.windows.T
    certified = np.broadcast_to(tuple(i.certified), (len(low), 2)).T
    return worst([*low, *certified[1]], [*certified[0], *high])


def _true_supports(i: HeldOut) -> tuple[float, float]:
    """Whether the active groups at all samples but j are the true ones, for every j: yes."""
    true = groups.norms(i.codes, i.group_size) > 0
    rows = np.arange(len(i.Y))
    wrong = (i.r > i.thresholds[:, None, None]) != true
    wrong[rows, rows] = False
    return float(not wrong.any()), 1.0


def _drift(i: Lines) -> tuple[Array, Array]:
    """-grad L at A* orthogonal to the atoms, against R12's coefficients, averaged."""
    m = i.star.shape[1]
    C = np.zeros((m, m))
    for support, p in zip(i.supports, i.probabilities, strict=True):
        active = np.flatnonzero(support)
        M = i.star[:, active].T @ i.star[:, active]
        C[np.ix_(active, active)] += p * formulas.line_drift(M, i.m1, i.m2, i.lam)
    predicted = i.star @ C
    return i.star_drift, predicted - i.star * np.sum(i.star * predicted, axis=0)


def _gradient_along_atoms(i: Lines) -> tuple[Array, Array]:
    return i.gradient, i.star * np.sum(i.star * i.gradient, axis=0)


def _hessian(i: Lines) -> Array:
    return formulas.loss_hessian(i.star, i.supports, i.probabilities, i.m2)


def _along_geodesics(i: Lines, t: float) -> Array:
    """Loss after the time t at the velocities V, on the spheres."""
    angles = t * np.linalg.norm(i.V, axis=0)
    return i.loss(i.star * np.cos(angles) + t * i.V * np.sinc(angles / np.pi))


def _second_derivative(i: Lines) -> tuple[Array, float]:
    """Fourth-order central difference of the loss, against V^T H V."""
    h = 0.01
    near = _along_geodesics(i, h) + _along_geodesics(i, -h)
    far = _along_geodesics(i, 2 * h) + _along_geodesics(i, -2 * h)
    difference = (16 * near - far - 30 * _along_geodesics(i, 0.0)) / (12 * h**2)
    v = i.V.T.ravel()
    return difference, float(v @ _hessian(i) @ v)


def _definite_without_twins(i: Lines) -> tuple[float, float]:
    """Whether the Hessian is positive definite on velocities, against: there are no twins."""
    smallest = np.linalg.eigvalsh(_hessian(i))[i.star.shape[1]]
    twins = formulas.find_twins(i.star, i.supports[i.probabilities > 0])
    return float(smallest > 1e-9), float(not twins)


def _inner_products(i: Lines) -> tuple[float, float]:
    """Largest inner product of two atoms that occur together, against 1/3."""
    return i.largest_product, 1 / 3


ROWS = (
    Row(
        "R12",
        "own",
        "R12",
        "identity",
        "holds",
        "(a) Independent codes, one law of the norm r, isotropic directions, 0 < lam < B_min: at "
        "a nearly orthonormal A* the gradient moves A_g by p_gh (s2 - 3 t j) A*_h A*_h^T A*_g + "
        "O(||N||^2) out of its span, s2 = E r^2/d, t = E[(r - lam) r]/d, j = 1 - (1 - 1/d) lam "
        "E[1/r]; it vanishes to first order at one lam* at most, the root of 3 t j = s2 below "
        "B_min. (b) d = 1, at most two active atoms, symmetric codes with one E|x| and E x^2, "
        "exact supports and signs: at lam* = (2/3) E x^2/E|x| A* is an exact fixed point of "
        "normalised population gradient descent, overcomplete or not. (c) There A* is a strict "
        "local minimum and attracts for small steps, unless two orthogonal atoms occur with each "
        "other only.",
        remark="lam* does not exist for spread norms: d = 1, uniform on [1, b], b >= 1.906. Fixed "
        "norm B: lam*/B = 2/3, 0.5426, 1/2 for d = 1, 2, 3. Exact supports and signs at lam* force "
        "|<a*_g, a*_h>| <= 1/3 for atoms that occur together; supports alone do not, if norms are "
        "spread (1 and 5, product .95). With three active atoms (b) leaves -2 E x^2 sum_k M_hk "
        "M_kg. At finitely many samples the variance grows with lam. Linear stability as of "
        "independent component analysis.",
        hypotheses=DEBIASED,
        evidence=(
            Identity("(b) drift at A*, any lam, any number active", "lines", _drift, EXACT),
            Identity(
                "(b) gradient along the atoms at lam*",
                "debiased_lines",
                _gradient_along_atoms,
                DEBIASED,
            ),
            Inequality(
                "(c) |<a*_g, a*_h>| <= 1/3 for atoms that occur together",
                "debiased_pair",
                _inner_products,
                (*EXACT, AT_DEBIASING),
            ),
            Identity(
                "(c) second derivative of the loss",
                "debiased_lines",
                _second_derivative,
                CURVED,
                tolerance=1e-5,
            ),
            Identity(
                "(c) positive definite exactly without twins",
                "orthonormal_lines",
                _definite_without_twins,
                DEFINITE,
            ),
            Identity(
                "(c) the same for coherent atoms",
                "debiased_lines",
                _definite_without_twins,
                DEFINITE,
            ),
            Measurement("debiasing_sign_change"),
            Measurement("debiasing_first_order"),
            Measurement("debiasing_floor"),
            Measurement("debiasing_run"),
            Measurement("debiasing_twins"),
        ),
        derivation="gsae_ref.papers.t21.threshold.formulas.debiasing_threshold",
    ),
    Row(
        "R17",
        "own",
        "R17",
        "inequality",
        "holds",
        "A and gamma are fixed before the samples are seen; N + 1 samples are exchangeable. With "
        "r_k the k-th largest norm ||A_g^T y||, lo = max r_(gamma+1) and hi = min r_gamma over "
        "the first N samples, and lam in [lo, hi) chosen from them: exactly gamma groups are "
        "active at each, and P(lo < hi and sample N + 1 has not exactly gamma active groups) <= "
        "2/(N + 1).",
        remark="Attained for every N. The bound is joint, over all N + 1 samples: no bound below "
        "1 holds conditional on lo < hi, not even for independent samples. If y = A* x without "
        "noise [lo, hi) contains the interval from the actual matrices, and if that is not empty "
        "the active groups of the N samples are the true ones. Tolerance limits (Wilks); split "
        "conformal prediction.",
        hypotheses=DATA_THRESHOLD,
        evidence=(
            Inequality("joint failure of the last sample", "held_out", _failure, DATA_THRESHOLD),
            Inequality(
                "gamma active groups at each of the others",
                "held_out",
                _active_on_the_samples,
                (LAM_IN_WINDOW,),
            ),
            Inequality(
                "[lo, hi) contains the interval from the actual matrices",
                "held_out_clean",
                _window_contains_certified,
                CLEAN,
            ),
            Identity(
                "the active groups of the others are the true ones",
                "held_out_clean",
                _true_supports,
                (*CLEAN, LAM_IN_WINDOW, CERTIFIED),
            ),
            Measurement("data_threshold_attained"),
            Measurement("data_threshold_conditional"),
            Measurement("data_threshold_failures"),
        ),
        derivation="gsae_ref.papers.t21.threshold.formulas.data_window",
    ),
)
