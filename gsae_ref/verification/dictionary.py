"""Which theorems apply to a user's own dictionary.

Its coherences, the hypotheses of T21's statements with their margins, certified thresholds.
"""

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
ORTHONORMAL = "A_g^T A_g = I for every group"


@dataclass(frozen=True)
class HypothesisCheck:
    """One hypothesis of one or more statements on the given matrices.

    Attributes
    ----------
    text, needed_by : str
    holds : bool
        Whether ``margin >= -tolerance``.
    margin : float
        Of an inequality the room that is left, of an equality minus its defect.
    tolerance : float
        The rounding allowed in an equality; 0 for an inequality.
    """

    text: str
    needed_by: str
    holds: bool
    margin: float
    tolerance: float = 0.0


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
        Whether the form's interval is not empty and every threshold in it recovers every support.
        "sharp" needs no hypothesis, "corrected" needs its own, "printed" must lie inside "sharp".

    Examples
    --------
    >>> report = check_dictionary(np.eye(4), group_size=2, n_active=1, b_min=4, b_max=5)
    >>> report.coherence, report.certified
    (0.0, {'printed': False, 'corrected': True, 'sharp': True})
    >>> all(hypothesis.holds for hypothesis in report.hypotheses)
    True
    >>> report.certifies(3.9), report.certifies(4.0)
    (True, False)
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

    def certifies(self, lam: float) -> bool:
        """Whether a threshold is certified to recover every support: it lies in "sharp"."""
        sharp = self.intervals["sharp"]
        return bool(sharp.low <= lam < sharp.high)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        plain = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }
        plain["hypotheses"] = [vars(hypothesis) for hypothesis in self.hypotheses]
        plain["intervals"] = {
            form: {"low": interval.low, "high": interval.high, "empty": interval.empty}
            for form, interval in self.intervals.items()
        }
        return plain


def check_dictionary(
    A: ArrayLike,
    group_size: int,
    n_active: int,
    b_min: float,
    b_max: float,
    A_star: ArrayLike | None = None,
) -> DictionaryReport:
    """Report the hypotheses of T21 that a dictionary meets, and the thresholds that they certify.

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
    sizes = {
        "n_features": n_features,
        "n_atoms": n_atoms,
        "n_groups": n_atoms // group_size,
        "group_size": int(group_size),
        "n_active": n_active,
        "b_min": b_min,
        "b_max": b_max,
    }
    mu_block = model.block_coherence(A_star, group_size)
    cross = group_size * mu_block
    closeness = model.closeness(A, A_star, group_size)
    delta = float(closeness.max())
    angles = metrics.principal_angles(A, A_star, group_size)
    intervals = {
        form: support_interval(A, A_star, group_size, n_active, b_min, b_max, form)
        for form in ("printed", "corrected", "sharp")
    }
    rounding = ROUNDING[A.dtype.name]
    hypotheses = (
        *_orthonormality(A, A_star, group_size, delta, rounding),
        *_support_recovery(intervals, sizes, cross, delta),
        *_descent(A, A_star, sizes, cross, delta, float(angles.max())),
    )
    return DictionaryReport(
        sizes=sizes,
        coherence=model.coherence(A_star),
        block_coherence=mu_block,
        cross_block_norm=cross,
        delta=delta,
        orthonormality=model.orthonormality_defect(A, group_size),
        closeness=closeness,
        principal_angles=angles,
        hypotheses=hypotheses,
        intervals=intervals,
        certified=_certified(hypotheses, intervals, _group_norms(A_star, group_size), rounding),
    )


def _orthonormality(
    A: Array, A_star: Array, group_size: int, delta: float, rounding: float
) -> tuple[HypothesisCheck, ...]:
    """Orthonormal groups, atoms of norm 1, closeness: hypotheses of nearly every statement."""
    nearly_all = "Propositions 1, 2, Lemma 1, Theorems 1, 2"
    norms = _group_norms(A_star, group_size)
    atoms = np.linalg.norm(A_star, axis=0)
    return (
        _equality(
            ORTHONORMAL, nearly_all, model.orthonormality_defect(A, group_size).max(), rounding
        ),
        _equality(
            "||A*_g||_2 = 1 for every group",
            "Proposition 2, Lemma 1, Theorems 1, 2",
            np.abs(norms - 1).max(),
            rounding,
        ),
        _equality(
            "A*_g^T A*_g = I for every group",
            "Theorems 1, 2 (corrected), R2, R3, R4",
            model.orthonormality_defect(A_star, group_size).max(),
            rounding,
        ),
        _equality(
            "atoms of A* have unit norm",
            "the order 0 <= mu_B <= mu <= 1",
            np.abs(atoms - 1).max(),
            rounding,
        ),
        _inequality("delta = max_g ||A_g - A*_g||_F <= 1", nearly_all, 1 - delta),
    )


def _support_recovery(
    intervals: dict[str, SupportInterval], sizes: dict[str, Any], cross: float, delta: float
) -> tuple[HypothesisCheck, ...]:
    """Hypotheses of Lemma 1, printed and corrected."""
    log_n = math.log(sizes["n_features"])
    constant = incoherence_constant(sizes["b_min"], sizes["b_max"])
    return (
        _inequality(
            "gamma <= log n",
            "Lemma 1 as printed, last rate of Theorem 2",
            log_n - sizes["n_active"],
        ),
        _inequality(
            "log n >= 1 and max(d mu_B, delta) <= B_min / (4 B_max log n)",
            "Lemma 1, with an explicit constant for its O(1/log n)",
            min(log_n - 1, constant / max(log_n, 1) - max(cross, delta)),
        ),
        _inequality(
            "Lemma 1's interval as printed is not empty",
            "Lemma 1 as printed",
            intervals["printed"].high - intervals["printed"].low,
        ),
        _inequality(
            "B_min (1 - delta) > (2 gamma - 1) B_max (d mu_B + delta)",
            "Lemma 1 corrected (R5): its interval is not empty",
            intervals["corrected"].high - intervals["corrected"].low,
        ),
    )


def _descent(
    A: Array, A_star: Array, sizes: dict[str, Any], cross: float, delta: float, angle: float
) -> tuple[HypothesisCheck, ...]:
    """Hypotheses of Theorem 2, R2 and R3; ``angle`` is the largest principal angle."""
    group_size = sizes["group_size"]
    pairs = list(zip(groups.blocks(A, group_size), groups.blocks(A_star, group_size), strict=True))
    spread = math.sqrt(2 * group_size)
    stretch = math.sqrt(group_size**2 + 1)
    aligned = [direction.align(B, S) for B, S in pairs]
    rho_margin = min(
        alpha.min() - spread * (omega.max() * stretch + delta) for alpha, omega in aligned
    )
    orbit = max(convergence.orbit_distance(B, S) for B, S in pairs)
    tau = direction.smallest_feasible_tau(group_size, min(delta, 1.0))
    return (
        _inequality(
            "rho > 0: alpha_min > sqrt(2 d)(omega_max sqrt(d^2 + 1) + delta)",
            "Theorem 2 (else it is vacuous)",
            rho_margin,
        ),
        _inequality(
            "norm condition (69), d for n, at some lam of Lemma 1's interval",
            "Theorem 2 together with Lemma 1",
            1 - tau - (cross + delta),
        ),
        _inequality("orbit distance min_Q ||A_g - A*_g Q||_F <= 1", "R3", 1 - orbit),
        _inequality(
            "B_max (d mu_B + sin theta_max) < B_min cos theta_max",
            "R2 (one active group): linear convergence of the spans",
            sizes["b_min"] * math.cos(angle) - sizes["b_max"] * (cross + math.sin(angle)),
        ),
    )


def _certified(
    hypotheses: tuple[HypothesisCheck, ...],
    intervals: dict[str, SupportInterval],
    norms: Array,
    rounding: float,
) -> dict[str, bool]:
    """Whether every threshold of an interval recovers every support; ``norms`` are ||A*_g||_2."""
    printed = intervals["printed"]
    sharp = intervals["sharp"]
    orthonormal = next(check.holds for check in hypotheses if check.text == ORTHONORMAL)
    within = bool(norms.max() <= 1 + rounding)
    return {
        "printed": not printed.empty and sharp.low <= printed.low and printed.high < sharp.high,
        "corrected": not intervals["corrected"].empty and orthonormal and within,
        "sharp": not sharp.empty,
    }


def _group_norms(A: Array, group_size: int) -> Array:
    """||A_g||_2 of every group."""
    return np.linalg.norm(groups.blocks(A, group_size), ord=2, axis=(1, 2))


def _equality(text: str, needed_by: str, defect: float, rounding: float) -> HypothesisCheck:
    return HypothesisCheck(text, needed_by, bool(defect <= rounding), -float(defect), rounding)


def _inequality(text: str, needed_by: str, margin: float) -> HypothesisCheck:
    return HypothesisCheck(text, needed_by, bool(margin >= 0), float(margin))
