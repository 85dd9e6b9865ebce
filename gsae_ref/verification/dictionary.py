"""What the theory says of a user's own dictionary: coherences, hypotheses with their margins, certified thresholds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups, metrics
from ..arrays import Array
from ..papers.t21.convergence import formulas as convergence
from ..papers.t21.direction import formulas as direction
from ..papers.t21.model import formulas as model
from ..papers.t21.support.formulas import SupportInterval, incoherence_constant, support_interval

ROUNDING = {"float32": 1e-4, "float64": 1e-9}


@dataclass(frozen=True)
class HypothesisCheck:
    """One hypothesis of one or more statements on the given matrices; it holds iff ``margin >= 0`` (equalities: up to rounding)."""

    text: str
    needed_by: str
    holds: bool
    margin: float


@dataclass(frozen=True)
class DictionaryReport:
    """Result of :func:`check_dictionary`.

    Attributes
    ----------
    sizes : dict
        n_features, n_atoms, n_groups, group_size, n_active, b_min, b_max.
    coherence, block_coherence, cross_block_norm : float
        mu; mu_B with the paper's 1/d; d mu_B = max ||A*_g^T A*_h||_2 without it. Of A*.
    delta : float
        max_g ||A_g - A*_g||_F, with the whole vector in ``closeness``.
    orthonormality, closeness : ndarray (n_groups,)
        ||A_g^T A_g - I||_2 and ||A_g - A*_g||_F.
    principal_angles : ndarray (n_groups, group_size)
        Between span(A_g) and span(A*_g), in radians.
    hypotheses : tuple of HypothesisCheck
    intervals : dict of SupportInterval
        Thresholds by form: "printed", "corrected", "sharp".
    certified : dict of bool
        Whether the form's interval is not empty and every threshold in it a guarantee. "sharp"
        needs no hypothesis, "corrected" its own; "printed" counts when its interval lies inside the
        sharp one.

    Examples
    --------
    >>> report = check_dictionary(np.eye(4), group_size=2, n_active=1, b_min=4, b_max=5)
    >>> report.coherence, report.certified
    (0.0, {'printed': False, 'corrected': True, 'sharp': True})
    >>> all(hypothesis.holds for hypothesis in report.hypotheses)
    True
    """

    sizes: dict[str, Any]
    coherence: float
    block_coherence: float
    cross_block_norm: float
    delta: float
    orthonormality: Array
    closeness: Array
    principal_angles: Array
    hypotheses: tuple[HypothesisCheck, ...]
    intervals: dict[str, SupportInterval]
    certified: dict[str, bool]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            **{
                name: value.tolist() if isinstance(value, np.ndarray) else value
                for name, value in vars(self).items()
            },
            "hypotheses": [vars(h) for h in self.hypotheses],
            "intervals": {
                form: {"low": i.low, "high": i.high, "empty": i.empty}
                for form, i in self.intervals.items()
            },
        }


def check_dictionary(
    A: ArrayLike,
    group_size: int,
    n_active: int,
    b_min: float,
    b_max: float,
    A_star: ArrayLike | None = None,
) -> DictionaryReport:
    """Report which hypotheses of T21's statements a dictionary satisfies, by what margin, and which thresholds are certified.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary of the encoder.
    group_size : int
        Atoms per group; divides n_atoms.
    n_active : int
        Number of groups active in a sample, gamma.
    b_min, b_max : float
        Bounds on the norm of an active group's code.
    A_star : array_like of shape (n_features, n_atoms), optional
        Dictionary that generates the data; None: A itself.

    Returns
    -------
    report : DictionaryReport

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that differ, a ``group_size`` that does not
        divide n_atoms, ``n_active`` above n_groups, bounds out of order, a group that does not span
        group_size dimensions.

    Examples
    --------
    >>> report = check_dictionary(np.eye(4), group_size=2, n_active=1, b_min=4, b_max=5)
    >>> report.intervals["corrected"], report.certified["corrected"]
    (SupportInterval(low=0.0, high=4.0), True)
    """
    A = checks.dictionary("A", A, group_size)
    A_star = A if A_star is None else checks.dictionary("A_star", A_star, group_size)
    checks.same_shape("A", A, "A_star", A_star)
    n_active = checks.n_active(n_active, A.shape[1] // group_size)
    b_min, b_max = checks.norm_bounds(b_min, b_max)
    return checks.representable(
        "a bound",
        lambda: _report(A, A_star, group_size, n_active, b_min, b_max),
        A=A,
        A_star=A_star,
        b_max=b_max,
    )


def _report(
    A: Array, A_star: Array, group_size: int, n_active: int, b_min: float, b_max: float
) -> DictionaryReport:
    """The report on arguments that are checked."""
    n_features, n_atoms = A.shape
    n_groups = A.shape[1] // group_size
    tolerance = ROUNDING[A.dtype.name]
    mu_block = model.block_coherence(A_star, group_size)
    closeness = model.closeness(A, A_star, group_size)
    delta = float(closeness.max())
    cross = group_size * mu_block
    orthonormality = model.orthonormality_defect(A, group_size)
    unit = float(np.abs(np.linalg.norm(A_star, axis=0) - 1).max())
    blocks = groups.blocks(A, group_size)
    star = groups.blocks(A_star, group_size)
    star_norms = np.linalg.norm(star, ord=2, axis=(1, 2))
    angles = metrics.principal_angles(A, A_star, group_size)
    orbit = max(convergence.orbit_distance(B, S) for B, S in zip(blocks, star, strict=True))
    spread = math.sqrt(2 * group_size)
    rho_margin = min(
        alpha.min() - spread * (omega.max() * math.sqrt(group_size**2 + 1) + delta)
        for alpha, omega in (direction.align(B, S) for B, S in zip(blocks, star, strict=True))
    )
    intervals = {
        form: support_interval(A, A_star, group_size, n_active, b_min, b_max, form)
        for form in ("printed", "corrected", "sharp")
    }
    log_n = math.log(n_features)
    constant = incoherence_constant(b_min, b_max)

    def equality(text: str, needed_by: str, defect: float) -> HypothesisCheck:
        return HypothesisCheck(text, needed_by, bool(defect <= tolerance), -float(defect))

    def inequality(text: str, needed_by: str, margin: float) -> HypothesisCheck:
        return HypothesisCheck(text, needed_by, bool(margin >= 0), float(margin))

    needs = "Propositions 1, 2, Lemma 1, Theorems 1, 2"
    hypotheses = (
        equality("A_g^T A_g = I for every group", needs, orthonormality.max()),
        equality(
            "||A*_g||_2 = 1 for every group",
            "Proposition 2, Lemma 1, Theorems 1, 2",
            np.abs(star_norms - 1).max(),
        ),
        equality(
            "A*_g^T A*_g = I for every group",
            "Theorems 1, 2 (corrected), R2, R3, R4",
            model.orthonormality_defect(A_star, group_size).max(),
        ),
        equality("atoms of A* have unit norm", "0 <= mu_B <= mu <= 1", unit),
        inequality("delta = max_g ||A_g - A*_g||_F <= 1", needs, 1 - delta),
        inequality(
            "gamma <= log n", "Lemma 1 as printed, last rate of Theorem 2", log_n - n_active
        ),
        inequality(
            "log n >= 1 and max(d mu_B, delta) <= B_min / (5 B_max log n)",
            "Lemma 1's O(1/log n) with a constant that suffices",
            min(log_n - 1, constant / max(log_n, 1) - max(cross, delta)),
        ),
        inequality(
            "Lemma 1's interval as printed is not empty",
            "Lemma 1 as printed",
            intervals["printed"].high - intervals["printed"].low,
        ),
        inequality(
            "B_min (1 - delta) > (2 gamma - 1) B_max (d mu_B + delta)",
            "Lemma 1 corrected (R5): its interval is not empty",
            intervals["corrected"].high - intervals["corrected"].low,
        ),
        inequality(
            "rho > 0: alpha_min > sqrt(2 d)(omega_max sqrt(d^2 + 1) + delta)",
            "Theorem 2 says anything",
            rho_margin,
        ),
        inequality(
            "norm condition (69), d for n, at some lam of Lemma 1's interval",
            "Theorem 2 together with Lemma 1",
            1 - direction.smallest_feasible_tau(group_size, min(delta, 1.0)) - (cross + delta),
        ),
        inequality("orbit distance min_Q ||A_g - A*_g Q||_F <= 1", "R3", 1 - orbit),
        inequality(
            "B_max (d mu_B + sin theta_max) < B_min cos theta_max",
            "R2 (one active group): linear convergence of the spans",
            b_min * math.cos(angles.max()) - b_max * (cross + math.sin(angles.max())),
        ),
    )
    holds = {h.text: h.holds for h in hypotheses}
    sharp = intervals["sharp"]
    printed = intervals["printed"]
    certified = {
        "printed": not printed.empty and sharp.low <= printed.low and printed.high < sharp.high,
        "corrected": not intervals["corrected"].empty
        and holds["A_g^T A_g = I for every group"]
        and bool(star_norms.max() <= 1 + tolerance),
        "sharp": not sharp.empty,
    }
    return DictionaryReport(
        {
            "n_features": n_features,
            "n_atoms": n_atoms,
            "n_groups": n_groups,
            "group_size": int(group_size),
            "n_active": n_active,
            "b_min": b_min,
            "b_max": b_max,
        },
        model.coherence(A_star),
        mu_block,
        cross,
        delta,
        orthonormality,
        closeness,
        angles,
        hypotheses,
        intervals,
        certified,
    )
