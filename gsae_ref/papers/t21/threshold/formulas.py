"""Which threshold lam to choose: R17, from data alone; R12, against the bias of the spans.

T21 takes lam as given. Throughout gamma = n_active, d is the group size and r_(k)(y) is the k-th
largest of the norms ||A_g^T y||.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike

from .... import checks, groups
from ....arrays import Array, BoolArray

ORTHOGONAL = 1e-12  # inner products of atoms below it are rounding

# ---------------------------------------------------------------- R17


def top_norms(r: Array, n_active: int) -> tuple[Array, Array]:
    """Return r_(gamma + 1) and r_(gamma) of every row of norms (n_samples, n_groups).

    Where every group is active (gamma = n_groups) there is no r_(gamma + 1): zeros are returned.

    >>> next_largest, smallest_active = top_norms(np.array([[3.0, 1.0, 2.0]]), 2)
    >>> next_largest, smallest_active
    (array([1.]), array([2.]))
    """
    if n_active == r.shape[1]:
        return np.zeros(len(r), r.dtype), r.min(axis=1)
    border = r.shape[1] - n_active - 1
    parts = np.partition(r, border, axis=1)  # smaller norms, r_(gamma + 1), larger norms
    return parts[:, border], parts[:, border + 1 :].min(axis=1)


def data_window(r: Array, n_active: int) -> tuple[float, float]:
    """R17: lo = max_i r_(gamma + 1)(y_i) and hi = min_i r_(gamma)(y_i), from norms (N, n_groups).

    If lo < hi, every lam with lo <= lam < hi makes exactly gamma groups active at each of the N
    samples: a group is active iff its norm is above lam.

    **Theorem (R17).** A, gamma and the rule that chooses lam in [lo, hi) from the first N samples
    are fixed before the samples are seen; the N + 1 samples are exchangeable. Then

        P(lo < hi and sample N + 1 has not exactly gamma active groups) <= 2 / (N + 1).

    Nothing else is assumed: no A*, no bound on norms or coherence, no absence of noise. With gamma
    = n_groups the bound is 1 / (N + 1).

    Proof. Write s_i = r_(gamma + 1)(y_i) and t_i = r_(gamma)(y_i). If more than gamma groups are
    active at sample N + 1, then s_(N+1) > lam >= lo: s_(N+1) is the strict maximum of s_1, ...,
    s_(N+1). These N + 1 numbers are exchangeable, at most one of them is a strict maximum, so the
    event has probability at most 1 / (N + 1). If fewer are active, then t_(N+1) <= lam < hi:
    t_(N+1) is the strict minimum of N + 1 exchangeable numbers. Add the two.

    *The bound is attained*, for every N >= 1 and lam = (lo + hi) / 2. Let the pairs (s_i, t_i) be a
    random order of (6/10, 1), (0, 11/20) and N - 1 times (0, 1). If the first is last, lam = 11/40
    < 6/10. If the second is last, lam = 8/10 >= 11/20. Otherwise lo = 6/10 > hi = 11/20.

    *Only jointly.* In this example every draw with lo < hi fails: conditional on lo < hi the
    probability is 1. Independent samples do not help. Draw (s_i, t_i) from (2 j, 2 j + 1), j = 1,
    ..., k, with equal chances, N >= 2: lo < hi iff the first N are equal, and then lam = 2 j + 1/2
    fails unless the last is equal too, with probability 1 - 1/k. Nor does the bound hold for one
    given set of N samples: it is an average over all N + 1.

    *The supports.* Let y_i = A* x_i without noise, gamma groups active, B_min <= ||x_g|| <= B_max,
    and let ``sharp_interval`` of these bounds be a non-empty [low, high). Then s_i <= low and t_i
    >= high at every i, so lo <= low < high <= hi, and for every lam in [lo, hi) the active groups
    of the N samples are the true ones. The middle of [lo, hi) may lie outside [low, high).

    *Attribution.* The argument is that of distribution-free tolerance limits (Wilks 1941) and of
    split conformal prediction (Vovk, Gammerman and Shafer 2005).

    >>> data_window(np.array([[3.0, 1.0], [2.0, 4.0]]), 1)
    (2.0, 3.0)
    """
    next_largest, smallest_active = top_norms(r, n_active)
    return float(next_largest.max()), float(smallest_active.min())


def middle(low: float, high: float) -> float | None:
    """Return the middle of [low, high), never ``high`` itself; None if low >= high.

    >>> middle(1.0, 2.0), middle(2.0, 2.0)
    (1.5, None)
    """
    if not low < high:
        return None
    lam = low + (high - low) / 2
    return lam if lam < high else low


@dataclass(frozen=True)
class DataThreshold:
    """A threshold found by :func:`data_threshold`, with the guarantee that it carries.

    Attributes
    ----------
    lam : float or None
        The middle of [low, high); None where low >= high, and then nothing is guaranteed.
    low, high : float
        Every lam with low <= lam < high makes exactly ``n_active`` groups active at each sample.
    n_active, n_samples : int
        gamma and N.
    failure_bound : float
        Bound on P(low < high and one more sample has not exactly ``n_active`` active groups):
        2 / (N + 1), or 1 / (N + 1) where all groups are active. The probability is over all N + 1
        samples. It bounds neither the probability conditional on low < high nor that for the N
        samples at hand, and says nothing of which groups are active.

    Examples
    --------
    >>> print(DataThreshold(2.5, 2.0, 3.0, 1, 99, 0.02))
    lam = 2.5, the middle of [2, 3): exactly 1 active group at each of 99 samples.
    Guaranteed: P(lo < hi and one more sample has another number) <= 0.02, over all N + 1 samples.
    Not guaranteed: the same given lo < hi; that the active groups are the true ones.
    """

    lam: float | None
    low: float
    high: float
    n_active: int
    n_samples: int
    failure_bound: float

    def __str__(self) -> str:
        """Say what is guaranteed and what is not."""
        if self.lam is None:
            return (
                f"no threshold: a group outside the {self.n_active} largest has norm "
                f"{self.low:.6g}, one inside has {self.high:.6g}"
            )
        count = checks.counted(self.n_active, "active group")
        each = checks.counted(self.n_samples, "sample")
        return (
            f"lam = {self.lam:.6g}, the middle of [{self.low:.6g}, {self.high:.6g}): "
            f"exactly {count} at each of {each}.\n"
            "Guaranteed: P(lo < hi and one more sample has another number) <= "
            f"{self.failure_bound:.3g}, over all N + 1 samples.\n"
            "Not guaranteed: the same given lo < hi; that the active groups are the true ones."
        )


def failure_bound(n_samples: int, n_active: int, n_groups: int) -> float:
    """R17's bound: 2 / (N + 1), or 1 / (N + 1) where every group is active (gamma = n_groups).

    >>> failure_bound(99, 1, 3), failure_bound(99, 3, 3)
    (0.02, 0.01)
    """
    n_events = 1 if n_active == n_groups else 2
    return n_events / (n_samples + 1)


def data_threshold(A: ArrayLike, Y: ArrayLike, n_active: int, group_size: int) -> DataThreshold:
    """Choose lam from samples alone, such that ``n_active`` groups are active at each. (R17)

    lam is the middle of [low, high): low is the largest of the samples' (n_active + 1)-th largest
    norms ||A_g^T y||, high the smallest of their n_active-th largest.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary. It must not have been fitted to the samples ``Y``.
    Y : array_like of shape (n_samples, n_features) or (n_features,)
        Samples, exchangeable with the samples to come; read block by block.
    n_active : int
        Number of active groups, gamma.
    group_size : int
        Atoms per group; divides n_atoms.

    Returns
    -------
    threshold : DataThreshold
        ``lam`` (None where no threshold does it), ``low``, ``high``, ``failure_bound``.
        ``print(threshold)`` says what is guaranteed and what is not.

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that do not fit, ``n_active`` above n_groups.

    See Also
    --------
    support_interval : thresholds that recover every support, from A* and bounds on the codes.

    Examples
    --------
    >>> threshold = data_threshold(np.eye(2), [[3.0, 1.0], [2.0, 5.0]], n_active=1, group_size=1)
    >>> threshold.lam, threshold.low, threshold.high
    (2.5, 2.0, 3.0)
    >>> data_threshold(np.eye(2), [[3.0, 1.0], [2.0, 1.5]], n_active=2, group_size=1).lam
    0.5
    """
    A = checks.dictionary("A", A, group_size)
    samples = checks.samples("Y", Y, A.shape[0], f"A of shape {A.shape}")
    n_groups = A.shape[1] // group_size
    n_active = checks.n_active(n_active, n_groups)
    windows = []
    for block in checks.blocks("Y", samples):
        window = partial(_window, A, block, n_active, group_size)
        windows.append(checks.representable("a norm of A_g^T y", window, A=A, Y=block))
    low = max(window[0] for window in windows)
    high = min(window[1] for window in windows)
    bound = failure_bound(len(samples), n_active, n_groups)
    return DataThreshold(middle(low, high), low, high, n_active, len(samples), bound)


def _window(A: Array, Y: Array, n_active: int, group_size: int) -> tuple[float, float]:
    """The window of some samples."""
    return data_window(groups.norms(Y @ A, group_size), n_active)


# ---------------------------------------------------------------- R12


def mean_drift(norms: Array, d: int, lam: float) -> float:
    """R12 (a): s2 - 3 t j, how fast interference moves A_g off A*_g, per unit of p_gh A*_h^T A*_g.

    s2 = E r^2 / d, t = E[(r - lam) r] / d, j = 1 - (1 - 1/d) lam E[1/r]; ``norms`` are the equally
    likely values of r = ||x_g||.

    **Theorem (R12, a).** Given the support S the codes x_g, g in S, are independent, all norms r
    have one law, E[u | r] = 0 and E[u u^T | r] = I/d for the direction u, and 0 < lam < B_min. A*
    has orthonormal groups and N_hg = A*_h^T A*_g is small. Then at A = A*

        -grad_{A_g} L = p_gh (s2 - 3 t j) A*_h N_hg summed over h != g, + O(||N||^2),

    modulo A*_g times a matrix; p_gh is the probability that g and h are both active.

    Proof. At a sample with active set S, z_k = A_k^T y, phi_k = (1 - lam / r_k) z_k and J_k the
    derivative of phi_k in z_k,

        -grad_{A_g} = y z_g^T - A_g phi_g phi_g^T - sum_k A_k phi_k phi_g^T
                      - y sum_k phi_k^T A_k^T A_g J_g,

    both sums over k in S, k != g, since J_g z_g = z_g fixes z_g - phi_g = (lam / r_g) z_g. Supports
    are exact near N = 0. To first order z_k = x_k + sum_l N_kl x_l, so phi_k = phi(x_k) + J(x_k)
    sum_l N_kl x_l, with E J = j I and E[phi(x) x^T] = t I. The terms along A*_h, h != g, are then,
    in this order: p_gh s2 N_hg; a matrix times A*_g; -p_gh (t j + t j) N_hg, as N_gh^T = N_hg;
    -p_gh t j N_hg. The other k give terms of second order: the codes have mean zero.

    *Floor.* Let A_g = A*_g + sum_h A*_h B_hg + normal part n_g. The same expansion at N = 0 gives
    for one step with retraction, m_g = p_g (s2 - q), q = E[(r - lam)^2] / d,

        (1 + eta m_g)(B_hg+ - B_hg) = eta p_gh (s2 - 3 t j) N_hg
                                      - eta [(s2 (p_g - p_gh) + w) B_hg + w B_gh^T],

    w = 2 p_gh t j, and (1 + eta m_g)(n_g+ - n_g) = -eta p_g s2 n_g, to first order. The matrix of
    the pair (B_hg, B_gh^T) is positive definite unless p_gh = p_g = p_h (twins). By the implicit
    function theorem there is one fixed point near A*, at a distance proportional to |s2 - 3 t j|
    ||N||, up to O(||N||^2): only the second order is left where s2 = 3 t j.

    >>> mean_drift(np.ones(1), 1, 2 / 3), mean_drift(np.ones(1), 1, 0.5)
    (0.0, -0.5)
    """
    s2 = np.mean(norms**2) / d
    t = np.mean((norms - lam) * norms) / d
    j = 1 - (1 - 1 / d) * lam * np.mean(1 / norms)
    return float(s2 - 3 * t * j)


def floor_coefficient(norms: Array, d: int, lam: float, p1: float, p2: float) -> float:
    """R12 (a): c = p2 (s2 - 3 t j) / (s2 (p1 - p2) + 4 p2 t j), uniform supports.

    p1 = p_g and p2 = p_gh are the same for all groups and pairs. The fixed point near A* then has
    B_hg = c N_hg + O(||N||^2), since N_gh^T = N_hg, so its distance from A* is |c| ||N||_F to first
    order.

    >>> floor_coefficient(np.ones(1), 1, 0.0, 0.5, 0.25)
    -0.4
    """
    s2 = float(np.mean(norms**2)) / d
    drift = mean_drift(norms, d, lam)
    return p2 * drift / (s2 * (p1 - p2) + 4 / 3 * p2 * (s2 - drift))


def line_drift(M: Array, m1: float, m2: float, lam: float) -> Array:
    """R12 (b), d = 1: coefficients C of -grad_{a_g} L = sum_h C_hg a*_h at A = A*, of one support.

    C = (2 m2 + 3 lam m1) M - 2 m2 M^2 for h != g, M the Gram matrix of the active atoms, m1 = E|x|
    and m2 = E x^2. The diagonal, which is along the atom itself, is returned as 0.

    **Theorem (R12, b).** Atoms of unit norm, n and their number arbitrary. At most two are active.
    Given the support S, the law of the code is unchanged when one entry changes sign, and E|x_g| =
    m1, E x_g^2 = m2 for every g in S. At A* supports are exact, no |z_g| is lam, and sign z_g =
    sign x_g. At

        lam* = (2/3) E x^2 / E|x|

    every gradient is parallel to its atom: A* is a fixed point of normalised gradient descent on
    the population loss. With more active atoms C_hg = -2 m2 sum_k M_hk M_kg, k != g, h, is left.

    Proof. J = 1, z = M x and phi_k = z_k - lam sign x_k. By the symmetry E x_h x_k, E x_h sign x_k
    and E sign x_h sign x_k are 0 for h != k. So E x_h z_g = m2 M_hg, E phi_h phi_g = m2 (M^2)_hg -
    2 lam m1 M_hg, and the sum over k != g of E[x_h phi_k] M_kg is m2 (M^2 - M)_hg - lam m1 M_hg.
    In the identity of :func:`mean_drift` the first minus the other two is C. For two atoms,
    (M^2)_hg = 2 M_hg, so C = (3 lam m1 - 2 m2) M.

    >>> M = np.array([[1.0, 0.25], [0.25, 1.0]])
    >>> line_drift(M, 1.0, 1.0, 2 / 3), line_drift(M, 1.0, 1.0, 1.0)
    (array([[0., 0.],
           [0., 0.]]), array([[0.  , 0.25],
           [0.25, 0.  ]]))
    """
    C = (2 * m2 + 3 * lam * m1) * M - 2 * m2 * M @ M
    return C - np.diag(np.diag(C))


def pair_hessian(a_g: Array, a_h: Array) -> Array:
    """R12 (c): second derivative of one pair's loss at A* and lam*, over E x^2: (2 n, 2 n).

    ``a_g``, ``a_h`` are unit atoms, rho their inner product; velocities v_g, v_h are orthogonal to
    them. Let e_g and e_h be the unit vectors of their plane orthogonal to a_g and a_h, turned to
    the same side, w_k = <e_k, v_k>, and n_k the part of v_k outside the plane. The form is

        (1 - rho^2)(||n_g||^2 + ||n_h||^2) + (4/3) rho <n_g, n_h>
        + (2/3)(1 - rho^2)(w_g - w_h)^2 + (4/3) rho^2 w_g w_h.

    Proof. With exact supports and signs the loss of S = {g, h} is, c_kl = <a_k, a*_l>,

        const - (m2/2) sum_kl c_kl^2
        + <a_g, a_h> [m2 (c_gg c_hg + c_gh c_hh) - lam m1 (c_gh + c_hg)].

    Insert lam m1 = 2 m2 / 3 and a_k = a*_k + v_k - ||v_k||^2 a*_k / 2: the first order cancels, the
    second is m2 / 2 times the form.

    >>> np.diag(pair_hessian(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))).round(3)
    array([0.   , 0.667, 1.   , 0.667, 0.   , 1.   ])
    """
    rho = float(a_g @ a_h)
    sine_squared = 1 - rho**2
    e_g = (a_h - rho * a_g) / math.sqrt(sine_squared)
    e_h = (rho * a_h - a_g) / math.sqrt(sine_squared)
    outside = np.eye(len(a_g)) - np.outer(a_g, a_g) - np.outer(e_g, e_g)
    own_g = sine_squared * (outside + 2 / 3 * np.outer(e_g, e_g))
    own_h = sine_squared * (outside + 2 / 3 * np.outer(e_h, e_h))
    inside = 2 / 3 * (rho**2 - sine_squared) * np.outer(e_g, e_h)
    cross = 2 / 3 * rho * outside + inside
    return np.block([[own_g, cross], [cross.T, own_h]])


def loss_hessian(star: Array, supports: BoolArray, probabilities: Array, m2: float) -> Array:
    """R12 (c): second derivative of the population loss at A*, lam*, along geodesics: (m n, m n).

    ``star`` is (n, m), ``supports`` (n_supports, m) with one or two active atoms in each. Rows and
    columns run over the atoms, then over their entries; directions along an atom give zero.

    **Theorem (R12, c).** Let the hypotheses of (b) hold, supports and signs with a positive margin,
    and let every atom occur. Then A* is a strict local minimum of the population loss on the
    product of the spheres, and normalised gradient descent with small steps converges to it
    linearly from nearby, if and only if no two orthogonal atoms occur with each other only (twins):
    these can be turned in their plane without any change of the loss.

    Proof. The loss is the mean over S of those of :func:`pair_hessian`, and of m2 ||v_g||^2 / 2 for
    an atom alone. A pair's eigenvalues over m2 are :func:`pair_eigenvalues`. Exact supports and
    signs give |x_g| - |rho| |x_h| >= lam*; its mean is m1 (1 - |rho|) >= (2/3) m2 / m1 >= (2/3) m1,
    so |rho| <= 1/3: the form is positive definite, but for its kernel w_g = w_h, n = 0 at rho = 0.
    Let V be in the kernel of the mean. Then v_g = 0 if g occurs alone, or with an atom that is not
    orthogonal to it. If g occurs with two others orthogonal to it, v_g is a multiple of both, which
    are not parallel (supports are exact), so v_g = 0. If g occurs with one h only, v_g = 0 iff v_h
    = 0. So V = 0 unless there are twins. Let H be the Hessian and -grad_{a_g} L = c_g a*_g. The
    step is, to first order, v_g+ = v_g - eta (H v)_g / (1 + eta c_g). With D = diag(1 / (1 + eta
    c_g)) > 0, D H has the positive eigenvalues of D^(1/2) H D^(1/2): a contraction for small eta. A
    common turn of twins changes neither ||z||^2 nor <a_g, a_h> = 0, hence not the loss.

    >>> alone = np.array([[True, False], [False, True]])
    >>> np.diag(loss_hessian(np.eye(2), alone, np.array([0.5, 0.5]), 1.0))
    array([0. , 0.5, 0.5, 0. ])
    """
    n, m = star.shape
    H = np.zeros((m, n, m, n))
    for support, p in zip(supports, probabilities, strict=True):
        active = np.flatnonzero(support)
        if len(active) == 1:
            a = star[:, active[0]]
            block: Array = np.eye(n) - np.outer(a, a)
        else:
            block = pair_hessian(*star[:, active].T)
        for (i, g), (k, h) in product(enumerate(active), repeat=2):
            H[g, :, h, :] += p * m2 * block[i * n : (i + 1) * n, k * n : (k + 1) * n]
    return H.reshape(m * n, m * n)


def pair_eigenvalues(rho: float) -> tuple[float, float, float, float]:
    """Eigenvalues of :func:`pair_hessian` on velocities, for two atoms with inner product rho.

    Outside their plane 1 - rho^2 - (2/3) |rho| and 1 - rho^2 + (2/3) |rho|, within it (2/3) rho^2
    (a common turn) and 4/3 - 2 rho^2. All are positive for 0 < |rho| < (sqrt(10) - 1) / 3 = 0.72.

    >>> pair_eigenvalues(0.0)
    (1.0, 1.0, 0.0, 1.3333333333333333)
    """
    shift = 2 / 3 * abs(rho)
    outside = 1 - rho**2
    return outside - shift, outside + shift, 2 / 3 * rho**2, 4 / 3 - 2 * rho**2


def debiasing_root(a: float, b: float) -> float:
    """Smaller root lam of (1 - a lam)(1 - b lam) = 1/3, a, b >= 0 not both 0, without cancellation.

    >>> debiasing_root(2 / 3, 0.0)
    1.0
    """
    return 4 / 3 / (a + b + math.sqrt(a**2 + b**2 - 2 * a * b / 3))


def debiasing_threshold(norms: ArrayLike, group_size: int) -> float | None:
    """Choose the lam at which interference of active groups does not bias the learned spans. (R12)

    With several active groups, gradient descent stops at a distance from A* that is proportional to
    the coherence of A*, for every lam but one:

        (1 - lam E r / E r^2)(1 - (1 - 1/d) lam E[1/r]) = 1/3,     0 < lam < min r.

    It depends on the norms r of the active codes and on d only: not on gamma, Gamma or A*. There
    the distance is of second order in the coherence; for d = 1 and two active atoms it is zero.

    Parameters
    ----------
    norms : array_like
        Norms ||x_g|| of active codes, all positive: values that are equally likely, or a sample.
        All groups have the same law.
    group_size : int
        Atoms per group, d.

    Returns
    -------
    lam : float or None
        None where there is no such lam below the smallest norm, that is, for spread norms: for d =
        1 and norms uniform on [1, b], as soon as b >= 1.906.

    Raises
    ------
    TypeError, ValueError
        For norms that are not finite positive reals, a group size that is not a positive integer.

    Notes
    -----
    Proofs and hypotheses: :func:`~gsae_ref.papers.t21.threshold.formulas.mean_drift` (any d, first
    order), :func:`~gsae_ref.papers.t21.threshold.formulas.line_drift` (d = 1, exact),
    :func:`~gsae_ref.papers.t21.threshold.formulas.loss_hessian` (A* attracts). All are about
    the population loss and exact supports: check that lam recovers the supports with
    ``support_interval``. From finitely many samples the variance grows with lam, and a smaller lam
    can be better.

    Examples
    --------
    >>> debiasing_threshold([3.0], group_size=1)
    2.0
    >>> round(debiasing_threshold([4, 5], group_size=2), 3)
    2.457
    >>> debiasing_threshold([1.0, 3.0], group_size=1) is None
    True
    """
    r = checks.positive("norms", checks.array("norms", norms)).astype(np.float64)
    d = checks.group_size(group_size)
    smallest = float(r.min())
    # In units of the smallest norm, so that no square overflows.
    largest = float(r.max())
    share = r / largest
    a = float(np.mean(share) / np.mean(share**2)) * (smallest / largest)
    b = (1 - 1 / d) * float(np.mean(smallest / r))
    if not (1 - a) * (1 - b) < 1 / 3:
        return None
    return smallest * debiasing_root(a, b)


def find_twins(star: Array, supports: BoolArray) -> list[tuple[int, int]]:
    """Pairs of orthogonal atoms that occur with each other only, in supports (n_supports, n_atoms).

    >>> find_twins(np.eye(3), np.array([[True, True, False], [False, False, True]]))
    [(0, 1)]
    """
    M = star.T @ star
    found = []
    for g, h in combinations(range(star.shape[1]), 2):
        only_both = (supports[:, g] == supports[:, h]).all()
        alone = (supports[supports[:, g]].sum(axis=1) == 2).all()
        if abs(M[g, h]) < ORTHOGONAL and only_both and alone and supports[:, g].any():
            found.append((g, h))
    return found
