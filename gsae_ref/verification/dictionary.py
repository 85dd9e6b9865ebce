"""Which theorems apply to a user's own dictionary.

Its coherences, the hypotheses of T21's statements with their margins, certified thresholds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups, metrics
from ..arrays import Array
from ..notation.account import Account
from ..papers.t21.convergence import formulas as convergence
from ..papers.t21.direction import formulas as direction
from ..papers.t21.model import formulas as model
from ..papers.t21.support.formulas import (
    SupportInterval,
    incoherence_constant,
    support_interval,
    window_ends,
)
from ..papers.t21.threshold.formulas import DataThreshold, data_threshold
from .bounds import (
    BoundCheck,
    CodeMeasures,
    CodeModel,
    Codes,
    hold_bounds,
    measure_codes,
    not_held_against_codes,
    summary_of,
)
from .hypotheses import ROUNDING, HypothesisCheck, Shown, account_of_check, equality, inequality
from .ranges import require_moderate

ORTHONORMAL = "A_g^T A_g = I for every group"


@dataclass(frozen=True, repr=False)
class DictionaryReport(Shown):
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
        Thresholds by form: "printed", "corrected", "sharp", "exact", "necessary".
    certified : dict of bool
        Whether the form's interval is not empty and every threshold in it recovers every support.
        "sharp" and "exact" need no hypothesis, "corrected" needs its own, "printed" must lie inside
        "exact". "necessary" certifies the opposite: that a threshold outside it fails.
    lam : float or None
        The threshold given, else, with codes or data, the middle of ``observed``, else 0: there
        the bounds are held.
    measured : CodeMeasures or None
        What the codes, or the data, say of n_active, b_min and b_max.
    observed : DataThreshold or None
        The thresholds at which n_active groups are active at each of the samples (R17).
    bounds : tuple of BoundCheck
        Every inequality of T21, and of this project on its model, on the given codes; empty without
        codes or data.
    not_held : dict of str
        This project's other inequalities, and why they are not held against codes.

    Examples
    --------
    >>> report = check_dictionary(np.eye(4), group_size=2, n_active=1, b_min=4, b_max=5)
    >>> report.coherence, report.certified["printed"], report.certified["exact"]
    (0.0, False, True)
    >>> all(hypothesis.holds for hypothesis in report.hypotheses)
    True
    >>> report.certifies(3.9), report.certifies(4.0), report.refutes(4.0)
    (True, False, True)
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
    lam: float | None = None
    measured: CodeMeasures | None = None
    observed: DataThreshold | None = None
    bounds: tuple[BoundCheck, ...] = ()
    not_held: dict[str, str] = field(default_factory=dict)

    def account(self) -> Account:
        """Sizes, coherences, hypotheses and thresholds."""
        sizes = self.sizes
        heading = (
            f"{sizes['n_features']} features, {checks.counted(sizes['n_groups'], 'group')} of "
            f"{checks.counted(sizes['group_size'], 'atom')}, {sizes['n_active']} active, norms in "
            f"[{sizes['b_min']:g}, {sizes['b_max']:g}]"
        )
        names = ("coherence", "block_coherence", "cross_block_norm", "delta")
        measures = {name: getattr(self, name) for name in names}
        found = [f"thresholds, {form:10} {self._found(form)}" for form in self.intervals]
        found += summary_of(self.bounds)
        return account_of_check(heading, measures, self.hypotheses, found)

    def _found(self, form: str) -> str:
        """The interval of a form, and whether it is certified."""
        interval = self.intervals[form]
        if interval.empty:
            return "none"
        trust = "outside it every threshold fails for some code"
        if form != "necessary":
            trust = "certified" if self.certified[form] else "NOT certified"
        return f"{interval.low:.4g} to {interval.high:.4g}, {trust}"

    def certifies(self, lam: float) -> bool:
        """Whether a threshold is certified to recover every support: it lies in "exact"."""
        return _within(lam, self.intervals["exact"])

    def refutes(self, lam: float) -> bool:
        """Whether a threshold gets the support of some code wrong: it lies outside "necessary"."""
        return not _within(lam, self.intervals["necessary"])

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
        plain["measured"] = self.measured and vars(self.measured)
        plain["observed"] = self.observed and vars(self.observed)
        plain["bounds"] = [bound.to_dict() for bound in self.bounds]
        return plain


def check_dictionary(
    A: ArrayLike,
    group_size: int,
    n_active: int | None = None,
    b_min: float | None = None,
    b_max: float | None = None,
    A_star: ArrayLike | None = None,
    *,
    codes: ArrayLike | None = None,
    data: ArrayLike | None = None,
    lam: float | None = None,
) -> DictionaryReport:
    """Report the hypotheses of T21 that a dictionary meets, and the thresholds that they certify.

    With codes or data of your own, every inequality of the ledger on T21's model is evaluated on
    them, printed and repaired.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary of the encoder.
    group_size : int
        Atoms per group; divides n_atoms.
    n_active : int, optional
        Number of groups active in a sample, gamma; None: the largest number in ``codes``.
    b_min, b_max : float, optional
        Bounds on the norm of an active group's code; None: measured from ``codes`` or ``data``.
    A_star : array_like of shape (n_features, n_atoms), optional
        Dictionary that generates the data; None: A itself.
    codes : array_like of shape (n_samples, n_atoms), optional
        Codes x of samples y = A* x. A group is inactive where its code is exactly 0.
    data : array_like of shape (n_samples, n_features), optional
        Samples, in place of codes: these are found by least squares on the ``n_active`` groups of
        largest ||A*_g^T y||, or, where ``n_active`` is None, on those above ``lam``. The bounds are
        held against A* x, as T21 has no noise. Codes and samples are read by blocks.
    lam : float, optional
        Threshold at which the bounds are held; see ``DictionaryReport.lam``.

    Returns
    -------
    report : DictionaryReport

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that differ, a ``group_size`` that does not
        divide n_atoms, ``n_active`` above n_groups, bounds out of order, a group that does not span
        group_size dimensions, constants that are neither given nor measured, codes without an
        active or without an inactive group.

    Examples
    --------
    >>> report = check_dictionary(np.eye(4), group_size=2, n_active=1, b_min=4, b_max=5)
    >>> report.intervals["corrected"], report.certified["corrected"]
    (SupportInterval(low=0.0, high=4.0), True)

    Two groups that overlap, and the code that makes the most of it: Proposition 2 as printed fails.

    >>> A = np.array([[1, 0, 0.6, 0], [0, 1, 0, 0.6], [0, 0, 0.8, 0], [0, 0, 0, 0.8]])
    >>> report = check_dictionary(A, group_size=2, codes=[[5, 0, 0, 0]])
    >>> report.measured.n_active, report.measured.b_max
    (1, 5.0)
    >>> [(b.form, round(b.ratio, 3)) for b in report.bounds if b.row == "T21-prop2"]
    [('printed', 2.0), ('repaired', 1.0)]
    """
    A = checks.dictionary("A", A, group_size)
    A_star = A if A_star is None else checks.dictionary("A_star", A_star, group_size)
    checks.same_shape("A", A, "A_star", A_star)
    if lam is not None:
        lam = checks.threshold(lam)
    if n_active is not None:
        n_active = checks.n_active(n_active, A.shape[1] // group_size)
    of = f"{'A' if A_star is A else 'A_star'} of shape {A_star.shape}"
    source = _codes(A_star, of, group_size, n_active, codes, data, lam)
    measured, usable = (None, None) if source is None else measure_codes(source)
    n_active, b_min, b_max = _constants(n_active, b_min, b_max, measured)
    report = checks.representable(
        "a bound",
        lambda: _report(A, A_star, group_size, n_active, b_min, b_max),
        A=A,
        A_star=A_star,
        b_max=b_max,
    )
    if source is None or usable is None:
        return replace(report, lam=lam)
    require_moderate(A=A, A_star=A_star)
    X = source.at(usable)
    samples = X @ A_star.T if data is None else source.rows
    observed = data_threshold(A, samples, n_active, group_size)
    lam = (observed.lam or 0.0) if lam is None else lam
    held = CodeModel(A, A_star, group_size, n_active, b_min, b_max, lam)
    return replace(
        report,
        lam=lam,
        measured=measured,
        observed=observed,
        bounds=hold_bounds(held, X, ROUNDING[A.dtype.name]),
        not_held=not_held_against_codes(),
    )


def _codes(
    A_star: Array,
    of: str,
    group_size: int,
    n_active: int | None,
    codes: ArrayLike | None,
    data: ArrayLike | None,
    lam: float | None,
) -> Codes | None:
    """The user's codes, or those of the user's data."""
    if codes is not None and data is not None:
        raise ValueError("codes and data are both given; the data are A* x; give one of them")
    if codes is not None:
        return Codes(checks.samples("codes", codes, A_star.shape[1], of), group_size)
    if data is None:
        return None
    if n_active is None and lam is None:
        raise ValueError(
            "data without n_active and lam have no support; give n_active, the number of active "
            "groups of a sample, or lam, the threshold above which a group is active"
        )
    Y = checks.samples("data", data, A_star.shape[0], of)
    return Codes(Y, group_size, A_star, n_active, lam)


def _constants(
    n_active: int | None, b_min: float | None, b_max: float | None, measured: CodeMeasures | None
) -> tuple[int, float, float]:
    """Return n_active, b_min and b_max as given, else as measured."""
    if measured is not None:
        n_active = measured.n_active if n_active is None else n_active
        b_min = measured.b_min if b_min is None else b_min
        b_max = measured.b_max if b_max is None else b_max
    if n_active is None or b_min is None or b_max is None:
        given = {"n_active": n_active, "b_min": b_min, "b_max": b_max}
        missing = ", ".join(name for name, value in given.items() if value is None)
        raise ValueError(
            f"{missing} must be given: nothing is there to measure; "
            "give codes, or data, or the numbers"
        )
    return (n_active, *checks.norm_bounds(b_min, b_max))


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
    ends = window_ends(A, A_star, group_size, n_active, b_min, b_max)
    intervals["exact"] = SupportInterval(*ends[:2])
    intervals["necessary"] = SupportInterval(*ends[2:])
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
        equality(
            ORTHONORMAL,
            nearly_all,
            model.orthonormality_defect(A, group_size).max(),
            rounding,
            "replace every group by an orthonormal basis of its span (numpy.linalg.qr)",
        ),
        equality(
            "||A*_g||_2 = 1 for every group",
            "Proposition 2, Lemma 1, Theorems 1, 2",
            np.abs(norms - 1).max(),
            rounding,
            "divide every group of A* by its spectral norm",
        ),
        equality(
            "A*_g^T A*_g = I for every group",
            "Theorems 1, 2 (corrected), R2, R3, R4",
            model.orthonormality_defect(A_star, group_size).max(),
            rounding,
            "replace every group of A* by an orthonormal basis of its span",
        ),
        equality(
            "atoms of A* have unit norm",
            "the order 0 <= mu_B <= mu <= 1",
            np.abs(atoms - 1).max(),
            rounding,
            "divide every atom of A* by its norm" + checks.transposed("A*", A_star),
        ),
        inequality(
            "delta = max_g ||A_g - A*_g||_F <= 1",
            nearly_all,
            1 - delta,
            "turn the groups of A within their spans, or match them (gs.match_dictionaries)",
        ),
    )


def _support_recovery(
    intervals: dict[str, SupportInterval], sizes: dict[str, Any], cross: float, delta: float
) -> tuple[HypothesisCheck, ...]:
    """Hypotheses of Lemma 1, printed and corrected."""
    log_n = math.log(sizes["n_features"])
    constant = incoherence_constant(sizes["b_min"], sizes["b_max"])
    return (
        inequality(
            "gamma <= log n",
            "Lemma 1 as printed, last rate of Theorem 2",
            log_n - sizes["n_active"],
            f"at most {math.floor(log_n)} active groups",
        ),
        inequality(
            "log n >= 1 and max(d mu_B, delta) <= B_min / (4 B_max log n)",
            "Lemma 1, with an explicit constant for its O(1/log n)",
            min(log_n - 1, constant / max(log_n, 1) - max(cross, delta)),
            f"d mu_B and delta at most {constant / max(log_n, 1):.3g}, at least 3 features",
        ),
        inequality(
            "Lemma 1's interval as printed is not empty",
            "Lemma 1 as printed",
            intervals["printed"].high - intervals["printed"].low,
            "see R5's condition: the printed interval is false even where it is not empty",
        ),
        inequality(
            "B_min (1 - delta) > (2 gamma - 1) B_max (d mu_B + delta)",
            "Lemma 1 corrected (R5): its interval is not empty",
            intervals["corrected"].high - intervals["corrected"].low,
            _interval_remedy(sizes, cross, delta),
        ),
    )


def _interval_remedy(sizes: dict[str, Any], cross: float, delta: float) -> str:
    """How small the overlap, or how few the active groups, must be for R5."""
    least_signal = sizes["b_min"] * max(1 - delta, 0.0) / sizes["b_max"]
    allowed = least_signal / (2 * sizes["n_active"] - 1)
    overlap = cross + delta
    fewer = math.ceil((least_signal / overlap + 1) / 2) - 1 if overlap > 0 else 0
    words = f"d mu_B + delta below {allowed:.3g} (it is {overlap:.3g})"
    return f"{words}, or at most {fewer} active groups" if fewer >= 1 else words


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
    overlap = cross + delta
    if overlap <= ROUNDING[A.dtype.name]:  # A = A*, orthonormal: the condition holds with equality
        overlap = 0.0
    return (
        inequality(
            "rho > 0: alpha_min > sqrt(2 d)(omega_max sqrt(d^2 + 1) + delta)",
            "Theorem 2 (else it is vacuous)",
            rho_margin,
            "turn A_g to face A*_g: omega = 0 and delta < alpha / sqrt(2 d) are enough",
        ),
        inequality(
            "norm condition (69), d for n, at some lam of Lemma 1's interval",
            "Theorem 2 together with Lemma 1",
            1 - tau - overlap,
            f"d mu_B + delta at most {1 - tau:.3g} (it is {overlap:.3g})",
        ),
        inequality(
            "orbit distance min_Q ||A_g - A*_g Q||_F <= 1",
            "R3",
            1 - orbit,
            "start nearer: the spans themselves differ by this much",
        ),
        inequality(
            "B_max (d mu_B + sin theta_max) < B_min cos theta_max",
            "R2 (one active group): linear convergence of the spans",
            sizes["b_min"] * math.cos(angle) - sizes["b_max"] * (cross + math.sin(angle)),
            f"d mu_B below {sizes['b_min'] / sizes['b_max']:.3g} (it is {cross:.3g}), and spans "
            "that are near",
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
    exact = intervals["exact"]
    orthonormal = next(check.holds for check in hypotheses if check.text == ORTHONORMAL)
    within = bool(norms.max() <= 1 + rounding)
    return {
        "printed": not printed.empty and exact.low <= printed.low and printed.high < exact.high,
        "corrected": not intervals["corrected"].empty and orthonormal and within,
        "sharp": not intervals["sharp"].empty,
        "exact": not exact.empty,
    }


def _within(lam: float, interval: SupportInterval) -> bool:
    return bool(interval.low <= lam < interval.high)


def _group_norms(A: Array, group_size: int) -> Array:
    """||A_g||_2 of every group."""
    return np.linalg.norm(groups.blocks(A, group_size), ord=2, axis=(1, 2))
