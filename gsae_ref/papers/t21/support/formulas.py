"""T21 on recovering the support: Propositions 1 and 2, Eq. (22), Lemma 1, as printed and corrected.

Throughout d is the group size, gamma = n_active, b = d mu_B + delta.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .... import checks
from ....arrays import Array
from ..model import formulas as model
from ..window import formulas as window


def cross_term_bound(
    n_active: int,
    b_max: float,
    mu_block: float,
    delta: float,
    group_size: int,
    form: str = "corrected",
) -> float:
    """Bound on the interference ||sum_{h in S} A_v^T A*_h x_h||, v not in S. [T21] Proposition 2.

    * ``form="printed"``, Eqs. (21), (38): gamma B_max (mu_B + delta).
    * ``form="corrected"``: gamma B_max (d mu_B + delta).

    Split A_v = A*_v + (A_v - A*_v). Each of the gamma terms is at most ||A*_v^T A*_h||_2 B_max +
    ||A_v - A*_v||_F ||A*_h||_2 B_max. By (3) the first norm is at most d mu_B; step (39) of the
    paper uses mu_B, losing the factor d that (3) divides by. The second is at most delta because
    ||A*_h||_2 = 1. Sharp at delta = 0: one group in the span that overlaps most.

    >>> cross_term_bound(1, 2.0, 0.3, 0.0, 2), cross_term_bound(1, 2.0, 0.3, 0.0, 2, "printed")
    (1.2, 0.6)
    """
    factor = 1 if form == "printed" else group_size
    return n_active * b_max * (factor * mu_block + delta)


def cross_term_bound_v1(
    n_active: int, b_max: float, mu_block: float, delta: float, group_size: int
) -> float:
    """The bound under version 1's assumptions: A_g orthonormal, unit atoms, no ||A*_h||_2 = 1.

    Then ||A*_h||_2 <= min(sqrt(d), ||A_h||_2 + ||A*_h - A_h||_F) <= min(sqrt(d), 1 + delta), which
    multiplies delta.

    >>> cross_term_bound_v1(1, 1.0, 0.0, 0.5, 4)
    0.75
    """
    return n_active * b_max * (group_size * mu_block + delta * min(np.sqrt(group_size), 1 + delta))


def signal_bound(b_min: float, delta: float, form: str = "printed") -> float:
    """Lower bound on the signal ||A_g^T A*_g x_g||, g in S. [T21] Proposition 1, Eqs. (20), (34).

    * ``form="printed"``: (1 - delta) B_min, from ||A_g^T A*_g - I||_2 = ||A_g^T (A*_g - A_g)||_2
      <= delta; needs A_g orthonormal only.
    * ``form="orthonormal"``: (1 - delta^2 / 2) B_min when A*_g is orthonormal too. Let s_i <= 1 be
      the singular values of A_g^T A*_g. Then delta^2 >= ||A_g - A*_g||_F^2 = 2d - 2 tr(A_g^T A*_g)
      >= 2 sum_i (1 - s_i) >= 2 (1 - s_min). Attained.

    >>> signal_bound(2.0, 0.5), signal_bound(2.0, 0.5, "orthonormal")
    (1.0, 1.75)
    """
    return b_min * (1 - (delta if form == "printed" else delta**2 / 2))


def group_norm_bound(
    n_active: int,
    b_min: float,
    b_max: float,
    mu_block: float,
    delta: float,
    group_size: int,
    form: str = "corrected",
) -> float:
    """Lower bound on ||A_g^T y|| of an active group. [T21] Eq. (22), second inequality.

    * ``form="printed"``: B_min (1 - delta) - gamma B_max (mu_B + delta).
    * ``form="corrected"``: B_min (1 - delta) - (gamma - 1) B_max (d mu_B + delta).

    The sum over h != g in S has gamma - 1 terms, and each needs the factor d of
    :func:`cross_term_bound`.

    The printed bound exceeds the right one as soon as (gamma - 1) d > gamma (at delta = 0).

    >>> group_norm_bound(1, 2.0, 2.0, 0.3, 0.0, 2)
    2.0
    """
    others = n_active if form == "printed" else n_active - 1
    return signal_bound(b_min, delta) - cross_term_bound(
        others, b_max, mu_block, delta, group_size, form
    )


def recovery_interval(
    n_active: int,
    b_min: float,
    b_max: float,
    mu_block: float,
    delta: float,
    group_size: int,
    form: str = "corrected",
) -> tuple[float, float]:
    """Thresholds that recover the support, from worst-case constants: (low, high). [T21] Lemma 1.

    * ``form="printed"``, closed:
      [gamma B_max (mu_B + delta), B_min (1 - delta) - gamma B_max (mu_B + delta)].
    * ``form="corrected"``, open on the right because a group is active only *above* lam:
      [gamma B_max b, B_min (1 - delta) - (gamma - 1) B_max b).

    Off the support ||A_v^T y|| <= low <= lam, on it ||A_g^T y|| >= high > lam. The corrected
    interval is not empty iff B_min (1 - delta) > (2 gamma - 1) B_max b.

    >>> recovery_interval(1, 4.0, 5.0, 0.1, 0.0, 2)
    (1.0, 4.0)
    """
    low = cross_term_bound(n_active, b_max, mu_block, delta, group_size, form)
    return low, group_norm_bound(n_active, b_min, b_max, mu_block, delta, group_size, form)


def incoherence_constant(b_min: float, b_max: float) -> float:
    """The constant in Lemma 1's O(1 / log n): C = B_min / (4 B_max).

    Let gamma <= L = log n and max(d mu_B, delta) <= C / L. Then (2 gamma - 1) B_max b + B_min delta
    is at most (2 L - 1) B_max 2 C / L + B_min C / L, and 2 B_max >= B_min, so this is less than 4 C
    B_max = B_min: the corrected interval is not empty. No larger constant does for all n: at delta
    = d mu_B = C / L, gamma = L and B_min = B_max, C = 1 / (4 - s) leaves it empty for large L.
    "O(1 / log n)" with an unnamed constant, as printed, does not give a non-empty interval.

    >>> incoherence_constant(4.0, 5.0)
    0.2
    """
    return b_min / (4 * b_max)


class SupportInterval(NamedTuple):
    """Thresholds certified to recover every support: low <= lam < high.

    The printed form is closed on the right.

    >>> SupportInterval(1.0, 3.0).empty, SupportInterval(2.4, 2.3).empty
    (False, True)
    """

    low: float
    high: float

    @property
    def empty(self) -> bool:
        """Whether no threshold is certified."""
        return not self.low < self.high


def sharp_interval(
    A: Array, A_star: Array, group_size: int, n_active: int, b_min: float, b_max: float
) -> SupportInterval:
    """The interval from the actual matrices: needs no hypothesis on A, A* at all.

    For every support S of n_active groups and every code with B_min <= ||x_g|| <= B_max on it,

        ||A_v^T y|| <= B_max * (sum of the n_active largest c_vh, h != v), v not in S,
        ||A_g^T y|| >= B_min s_g - B_max * (sum of the n_active - 1 largest c_gh, h != g), g in S,

    with c_gh = ||A_g^T A*_h||_2 and s_g the smallest singular value of A_g^T A*_g. low is the
    largest of the first over v, high the smallest of the second over g.

    >>> sharp_interval(np.eye(2), np.eye(2), 1, 1, 4.0, 5.0)
    SupportInterval(low=0.0, high=4.0)
    """
    norms = model.cross_block_norms(A, A_star, group_size)
    own = A.reshape(len(A), -1, group_size), A_star.reshape(len(A), -1, group_size)
    smallest = np.linalg.svd(np.einsum("ngi,ngj->gij", *own), compute_uv=False)[:, -1]
    np.fill_diagonal(norms, 0)
    largest = -np.sort(-norms, axis=1)
    low = b_max * largest[:, :n_active].sum(axis=1).max()
    high = (b_min * smallest - b_max * largest[:, : n_active - 1].sum(axis=1)).min()
    return SupportInterval(float(low), float(high))


def window_ends(
    A: Array, A_star: Array, group_size: int, n_active: int, b_min: float, b_max: float
) -> tuple[float, float, float, float]:
    """R16: the certified interval, then the necessary one.

    >>> window_ends(np.eye(2), np.eye(2), 1, 1, 4.0, 5.0)
    (0.0, 4.0, 0.0, 4.0)
    """
    found = window.exact_window(A, A_star, group_size, n_active, b_min, b_max)
    return *found.certified, *found.possible


def support_interval(
    A: ArrayLike,
    A_star: ArrayLike,
    group_size: int,
    n_active: int,
    b_min: float,
    b_max: float,
    form: str = "corrected",
) -> SupportInterval:
    """Thresholds lam certified to recover every support of ``n_active`` groups. [T21] Lemma 1.

    Parameters
    ----------
    A, A_star : array_like of shape (n_features, n_atoms)
        Dictionary of the encoder, and the dictionary that generates the data y = A* x.
    group_size : int
        Atoms per group; divides n_atoms.
    n_active : int
        Number of active groups, gamma.
    b_min, b_max : float
        Bounds on the norm of an active group's code, 0 < b_min <= b_max. [T21] Eq. (15).
    form : {"corrected", "printed", "sharp", "exact", "necessary"}
        * "printed", with mu_B of A* and delta = max_g ||A_g - A*_g||_F:
          [gamma B_max (mu_B + delta), B_min (1 - delta) - gamma B_max (mu_B + delta)].
          False in general (ledger row ``T21-lemma1``).
        * "corrected", with b = d mu_B + delta:
          [gamma B_max b, B_min (1 - delta) - (gamma - 1) B_max b).
          Valid when the groups of A are orthonormal and ||A*_g||_2 <= 1.
        * "sharp", from the actual cross-block norms and smallest singular values: valid for any two
          matrices, and never narrower than a valid "corrected" one.
        * "exact", both ends from the worst code (R16): valid for any two matrices, and never
          narrower than "sharp". No larger interval is, for group_size 1; for 2, but for 1e-9 of the
          terms; for larger groups, as far as eigenvalues and a subdivision of the directions get.
          If they do not get far, as where ``n_active`` of many groups can be chosen in more than
          20,000 ways that matter, an end may be as far inside as that of "sharp" (by 18 % for 5 of
          100 groups of 5 atoms). "necessary" says how far.
        * "necessary": outside this interval every lam gets a support wrong, for some code. It
          encloses "exact", which encloses the true window from inside.

    Returns
    -------
    interval : SupportInterval
        ``low``, ``high`` and ``empty``. Every lam with low <= lam < high is certified, for one pass
        of the encoder; but not those of the form "necessary".

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that differ, ``n_active`` above n_groups,
        bounds out of order, an unknown ``form``.

    Examples
    --------
    >>> A = np.array([[1, 0, 0.28, 0], [0, 1, 0, 0.28], [0, 0, 0.96, 0], [0, 0, 0, 0.96]])
    >>> support_interval(A, A, group_size=2, n_active=1, b_min=1, b_max=2)
    SupportInterval(low=0.56, high=1.0)
    >>> support_interval(A, A, group_size=2, n_active=1, b_min=1, b_max=2, form="printed")
    SupportInterval(low=0.28, high=0.72)

    The second is wrong: ||A_v^T y|| can be 0.56.

    >>> tilted = np.array([[1, 0, 0.28, 0], [0, 1, 0, 0.6], [0, 0, 0.96, 0], [0, 0, 0, 0.8]])
    >>> B = np.hstack([tilted, np.eye(4)[:, 2:]])
    >>> support_interval(B, B, 2, n_active=2, b_min=1, b_max=1, form="sharp").low
    1.56
    >>> round(support_interval(B, B, 2, n_active=2, b_min=1, b_max=1, form="exact").low, 6)
    1.4
    """
    checks.option("form", form, ("corrected", "printed", "sharp", "exact", "necessary"))
    A, A_star = (
        checks.dictionary("A", A, group_size),
        checks.dictionary("A_star", A_star, group_size),
    )
    checks.same_shape("A", A, "A_star", A_star)
    n_active = checks.n_active(n_active, A.shape[1] // group_size)
    b_min, b_max = checks.norm_bounds(b_min, b_max)
    if form == "sharp":
        sharp = checks.representable(
            "a bound",
            lambda: tuple(sharp_interval(A, A_star, group_size, n_active, b_min, b_max)),
            A=A,
            A_star=A_star,
            b_max=b_max,
        )
        return SupportInterval(*sharp)
    if form in ("exact", "necessary"):
        ends = checks.representable(
            "a bound",
            lambda: window_ends(A, A_star, group_size, n_active, b_min, b_max),
            A=A,
            A_star=A_star,
            b_max=b_max,
        )
        return SupportInterval(*(ends[:2] if form == "exact" else ends[2:]))
    mu_block = model.block_coherence(A_star, group_size)

    def interval() -> tuple[float, float]:
        delta = float(model.closeness(A, A_star, group_size).max())
        return recovery_interval(n_active, b_min, b_max, mu_block, delta, group_size, form)

    return SupportInterval(
        *checks.representable("a bound", interval, A=A, A_star=A_star, b_max=b_max)
    )
