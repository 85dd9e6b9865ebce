"""R10: gradient descent near A*, exactly to first order, for any support law; with the proof."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .... import checks
from ....arrays import Array

FAR = 1e100  # steps beyond it, in units of the norms, act as this one


class NormLaw(NamedTuple):
    """Moments of one group's law of the norm r at a threshold lam; directions are isotropic.

    >>> NormLaw(s2=4.0, t=3.0, q=2.25, j=1.0).q
    2.25
    """

    s2: float
    t: float
    q: float
    j: float


def norm_law(norms: Array, d: int, lam: float) -> NormLaw:
    """s2 = E r^2 / d, t = E[(r - lam) r] / d, q = E[(r - lam)^2] / d, j = 1 - (1 - 1/d) lam E[1/r].

    ``norms`` are equally likely values of r.

    >>> norm_law(np.array([2.0]), 1, 0.5)
    NormLaw(s2=4.0, t=3.0, q=2.25, j=1.0)
    """
    return NormLaw(
        float(np.mean(norms**2)) / d,
        float(np.mean((norms - lam) * norms)) / d,
        float(np.mean((norms - lam) ** 2)) / d,
        float(1 - (1 - 1 / d) * lam * np.mean(1 / norms)),
    )


def linear_step(
    B: Array, N: Array, p: Array, laws: list[NormLaw], step_size: float
) -> tuple[Array, Array]:
    """R10: B_hg after a step, and the factor of the normal part of every group.

    B (n_groups, n_groups, d, d) holds B_hg = A*_h^T Delta_g, A_g (A*_g^T A_g)^(-1) = A*_g +
    Delta_g, and N holds N_hg = A*_h^T A*_g; both are 0 for h = g. p holds p_gh, p_g on its
    diagonal.

    **Theorem (R10).** Given S the codes x_g, g in S, are independent; given its norm r_g in [B_min,
    B_max] the direction of x_g has mean 0 and covariance I/d; 0 < lam < B_min; Gamma d <= n. With
    the moments of each group's norm and m_g = p_g (s2_g - q_g), a step of population gradient
    descent and retraction near a nearly orthonormal A* is, up to O((||Delta|| + ||N||)^2),

        (1 + eta m_g) B_hg+ = f B_hg - eta p_gh (t_g j_h + t_h j_g) B_gh^T + c N_hg,
        (1 + eta m_g) n_g+ = (1 - eta p_g q_g) n_g,

    f = 1 - eta (p_g q_g - p_gh (s2_h - 2 t_h j_g)), c = eta p_gh (s2_h - 2 t_h j_g - t_g j_h), and
    n_g the part of Delta_g outside span(A*).

    Proof. Let J be the polar factor of A*, A*_g = J_g + sum_h J_h a_hg, a_hg = N_hg / 2 + O(N^2),
    and b_hg = J_h^T A_g = a_hg + B_hg in bases with A_g = A*_g + Delta_g. Supports are exact, so
    the step is smooth. J_h^T of the identity of
    :func:`~gsae_ref.papers.t21.threshold.formulas.mean_drift`, to first order, term by term:

    The first, E[1_g y y^T] A_g, gives s2_g p_g a_hg + s2_h p_gh (b_hg + a_gh^T).

    The second, -A_g E[phi_g phi_g^T], gives -p_g q_g b_hg.

    The third, -E[phi_h phi_g^T]: z_h = x_h + sum_l c_hl x_l with c_hl = a_hl + b_lh^T, so phi_h =
    phi(x_h) + J(x_h) sum_l c_hl x_l; E J = j I and E[x phi^T] = t I give -p_gh (t_g j_h c_hg + t_h
    j_g c_gh^T), by the independence.

    The last sum gives -p_gh t_h j_g (b_hg + b_gh^T). Other indices give terms of second order.

    Along J_g the gradient is m_g I. Insert b = a + B and subtract (1 + eta m_g) a_hg: the p_g-terms
    in a_hg cancel. Outside span(A*) only the second term acts.

    *Consequences.* For N = 0, A* is a fixed point. The pair (B_hg, B_gh^T) has the stiffness matrix

        [[p_g s2_g - p_gh (s2_h - 2 t_h j_g), w], [w, p_h s2_h - p_gh (s2_g - 2 t_g j_h)]],

    w = p_gh (t_g j_h + t_h j_g). It is symmetric, so the map is self-adjoint for the weights 1 +
    eta m_g, and sum_g (1 + eta m_g) D_g^2 falls while all factors are below 1 in modulus: for any
    laws of the norms. The largest angle need not fall, and for unequal p_g neither does sum_g
    D_g^2. For one law the matrix is [[u + w, w], [w, v + w]], u = s2 (p_g - p_gh), v = s2 (p_h -
    p_gh): definite unless p_gh = p_g = p_h, if p_g > 0 for all g (a group that never occurs does
    not move). Only such inseparable twins are neutral; nested groups are identified. For different
    laws it may be indefinite: planes of norms 1, 3, 3, two active, lam = .9, have A* as a repelling
    fixed point.

    *Attribution.* Linear stability of a symmetric decorrelation fixed point, as for FastICA; local
    identifiability of dictionaries (Gribonval and Schnass).

    >>> law = norm_law(np.array([1.0]), 1, 0.5)
    >>> B = np.zeros((2, 2, 1, 1))
    >>> B[0, 1] = 1.0
    >>> after, normal = linear_step(B, 0 * B, np.array([[1.0, 0.5], [0.5, 1.0]]), [law, law], 0.4)
    >>> after[:, :, 0, 0].round(3).tolist(), normal.round(3).tolist()
    ([[0.0, 0.692], [-0.154, 0.0]], [0.692, 0.692])
    """
    s2, t, q, j = np.array(laws).T
    p_g = p.diagonal()
    weight = 1 + step_size * p_g * (s2 - q)
    own = p_g * q - p * (s2[:, None] - 2 * np.outer(t, j))
    swapped = p * (np.outer(j, t) + np.outer(t, j))
    pull = p * (s2[:, None] - 2 * np.outer(t, j) - np.outer(j, t))
    flipped = B.transpose(1, 0, 3, 2)
    after = B - step_size * (
        own[..., None, None] * B + swapped[..., None, None] * flipped - pull[..., None, None] * N
    )
    off = ~np.eye(len(p), dtype=bool)
    after = np.where(off[..., None, None], after / weight[:, None, None], 0.0)
    return after, (1 - step_size * p_g * q) / weight


def spectral_radius(p: Array, laws: list[NormLaw], step_size: float) -> float:
    """R10: largest modulus of a factor of the linear map on the B_hg, at N = 0.

    The map acts on the pairs (B_hg, B_gh^T), and alike on all their entries.

    >>> law = norm_law(np.array([1.0]), 1, 0.5)
    >>> round(spectral_radius(np.array([[1.0, 0.5], [0.5, 1.0]]), [law, law], 0.4), 3)
    0.846
    """
    G = len(laws)
    pairs = [(h, g) for h in range(G) for g in range(G) if h != g]
    columns = []
    for h, g in pairs:
        B = np.zeros((G, G, 1, 1))
        B[h, g] = 1.0
        after, _ = linear_step(B, 0 * B, p, laws, step_size)
        columns.append([after[pair][0, 0] for pair in pairs])
    return float(np.abs(np.linalg.eigvals(np.array(columns))).max())


def mode_factors(
    law: NormLaw, p1: float, p2: float, step_size: float
) -> tuple[float, float, float]:
    """R10, uniform supports: factors of the normal, antisymmetric and symmetric modes.

        1 - eta p1 s2 / w,  1 - eta s2 (p1 - p2) / w,  1 - eta (s2 (p1 - p2) + 4 p2 t j) / w,

    w = 1 + eta p1 (s2 - q). The rate at A* is the largest modulus; the normal mode exists if n >
    Gamma d.

    >>> [round(f, 3) for f in mode_factors(norm_law(np.array([1.0]), 1, 0.5), 1.0, 0.5, 0.4)]
    [0.692, 0.846, 0.538]
    """
    w = 1 + step_size * p1 * (law.s2 - law.q)
    apart = law.s2 * (p1 - p2)
    stiffness = p1 * law.s2, apart, apart + 4 * p2 * law.t * law.j
    normal, antisymmetric, symmetric = (1 - step_size * each / w for each in stiffness)
    return normal, antisymmetric, symmetric


def stable_below(law: NormLaw, p1: float, p2: float, has_normal: bool) -> float:
    """R10: the largest step of uniform supports; inf if every step is stable.

        eta max{2 p1 q - p1 s2 - p2 (s2 - 4 t j), p1 (2 q - s2) if n > Gamma d} < 2

    The symmetric mode alone is not enough: for d = 4, Gamma = 3, gamma = 2, n = 13, lam = 1 and
    norms 1.01 (probability .96) and 10 (.04) it gives 11.29, and the normal mode 7.995.

    >>> r = np.repeat([1.01, 10.0], [24, 1])
    >>> law = norm_law(r, 4, 1.0)
    >>> [round(stable_below(law, 2 / 3, 1 / 3, normal), 2) for normal in (True, False)]
    [7.99, 11.29]
    """
    limits = [2 * p1 * law.q - p1 * law.s2 - p2 * (law.s2 - 4 * law.t * law.j)]
    if has_normal:
        limits.append(p1 * (2 * law.q - law.s2))
    return 2 / max(limits) if max(limits) > 0 else math.inf


def sampling_spread(norms: Array, d: int, lam: float, n_active: int, n_groups: int) -> float:
    """R13: mean of the limit law of N D_N^2 for N samples, without noise, A* orthonormal.

        gamma (gamma - 1) lam^2 E[(r + r' - lam)^2] / g^2,    g = s2 (p1 - p2) + 4 p2 t j,

    r, r' independent norms. With a nearly orthonormal A* the mean of D_N^2 is to first order (c
    ||N||_F)^2 plus this over N.

    Proof. At A* the residual of a sample is sum_k (lam / r_k) A*_k x_k. So J_h^T of its gradient in
    A_g is -xi, xi_hg = x_h x_g^T lam (1 / r_h + 1 / r_g - lam / (r_h r_g)) for g, h in S, and the
    normal part is 0. xi_hg = xi_gh^T: it excites the symmetric mode alone, of stiffness g. E
    ||xi_hg||_F^2 = p2 lam^2 E(r + r' - lam)^2, there are Gamma (Gamma - 1) pairs, Gamma (Gamma - 1)
    p2 = gamma (gamma - 1), and different pairs are uncorrelated. Delta method: this is the mean of
    the limit law, the usual asymptotics of M-estimators.

    >>> sampling_spread(np.array([1.0]), 1, 0.5, 1, 3)
    0.0
    >>> round(sampling_spread(np.array([1.0]), 1, 0.5, 2, 3), 3)
    1.125
    """
    law = norm_law(norms, d, lam)
    p1, p2 = inclusion(n_active, n_groups)
    stiffness = law.s2 * (p1 - p2) + 4 * p2 * law.t * law.j
    first = float(np.mean(norms))
    second = float(np.mean(norms**2))
    square = 2 * second + 2 * first**2 + lam**2 - 4 * lam * first
    return n_active * (n_active - 1) * lam**2 * square / stiffness**2 if n_active > 1 else 0.0


def inclusion(n_active: int, n_groups: int) -> tuple[float, float]:
    """p_g and p_gh of uniform supports.

    >>> inclusion(2, 4)
    (0.5, 0.16666666666666666)
    """
    p1 = n_active / n_groups
    return p1, p1 * (n_active - 1) / (n_groups - 1) if n_groups > 1 else 0.0


def _thin(A_star: Array) -> int:
    """Number of atoms, refused where there are more than dimensions."""
    n, m = A_star.shape
    if m > n:
        raise ValueError(f"A_star has {m} atoms in {n} dimensions; R10 needs n_atoms <= n_features")
    return m


def _coherence(A_star: Array) -> float:
    """||N||_F."""
    return float(np.linalg.norm(A_star.T @ A_star - np.eye(A_star.shape[1])))


def _room(A_star: Array, d: int, n_active: int, b_min: float, b_max: float) -> tuple[float, float]:
    """Outside [low, high) some code has a wrong support at A* (R16): two groups alone decide it."""
    m = A_star.shape[1]
    gram = (A_star.T @ A_star).reshape(m // d, d, m // d, d).swapaxes(1, 2)
    gram[np.arange(m // d), np.arange(m // d)] = 0
    overlap = b_max * float(np.linalg.norm(gram, ord=2, axis=(2, 3)).max())
    low = overlap if n_active < m // d else 0.0
    return low, b_min - overlap if n_active > 1 else b_min


def _bias(law: NormLaw, n_active: int, n_groups: int) -> float:
    """|c| of R10."""
    p1, p2 = inclusion(n_active, n_groups)
    stiffness = law.s2 * (p1 - p2) + 4 * p2 * law.t * law.j
    return abs(p2 * (law.s2 - 3 * law.t * law.j) / stiffness) if p2 else 0.0


@dataclass(frozen=True)
class RunPrediction:
    """What R10 and R13 predict of a run near A*, to first order; from :func:`predict_run`.

    Attributes
    ----------
    rate : float
        Factor of the distance to the fixed point in a step, in the end; 1 or more where A* is not
        stable: at a larger step than ``step_limit``, or if all groups are always active.
    floor : float
        (sum_g ||sin Theta_g||_F^2)^(1/2) at the end, root mean square: bias and sampling. nan where
        the rate is not below 1, as a run then does not end near A*.
    bias, spread : float
        |c| ||N||_F of R10, and the part of finitely many samples (R13).
    step_limit : float
        Larger steps diverge.
    factors : tuple of float
        Of the normal, antisymmetric and symmetric mode.
    lam, step_size : float

    Examples
    --------
    >>> found = predict_run(np.eye(8), 0.5, group_size=2, n_active=2, norms=[1.0], step_size=0.5)
    >>> round(found.rate, 3), found.floor
    (0.924, 0.0)
    """

    rate: float
    floor: float
    bias: float
    spread: float
    step_limit: float
    factors: tuple[float, float, float]
    lam: float
    step_size: float


def predict_run(
    A_star: ArrayLike,
    lam: float,
    group_size: int,
    n_active: int,
    norms: ArrayLike,
    step_size: float,
    n_samples: int | None = None,
) -> RunPrediction:
    """Predict rate and floor of gradient descent near A*, before it is run. (R10, R13)

    First order in the coherence of A* and in 1 / N: a prediction, not a bound (``certify_run`` has
    bounds). Supports are uniform, codes independent with isotropic directions and one law of norms.

    Parameters
    ----------
    A_star : array_like (n_features, n_atoms)
        Nearly orthonormal; n_atoms <= n_features, orthonormal groups.
    lam : float
        Positive, below every norm.
    group_size, n_active : int
    norms : array_like
        Norms of active codes: values that are equally likely, or a sample.
    step_size : float
    n_samples : int, optional
        Number of samples; None for the population.

    Returns
    -------
    prediction : RunPrediction

    Raises
    ------
    TypeError, ValueError
        For bad input, n_atoms > n_features, or lam that is not positive and below every norm, or at
        which two groups of A_star overlap too much for exact supports.

    Examples
    --------
    >>> law = {"n_active": 2, "norms": [1.0], "n_samples": 400}
    >>> found = predict_run(np.eye(8), 0.5, group_size=2, step_size=0.5, **law)
    >>> round(found.floor, 3), found.bias
    (0.182, 0.0)
    """
    A_star = checks.orthonormal_groups("A_star", A_star, group_size)
    m = _thin(A_star)
    n_groups = m // group_size
    n_active = checks.n_active(n_active, n_groups)
    lam = checks.step(lam, "lam")
    step_size = checks.step(step_size)
    r = checks.positive("norms", checks.array("norms", norms)).astype(np.float64)
    checks.moderate("norms", float(r.min()), float(r.max()))
    if not lam < r.min():
        raise ValueError(f"lam = {lam:.6g}; it must be below the smallest norm, {r.min():.6g}")
    low, high = _room(A_star, group_size, n_active, float(r.min()), float(r.max()))
    if not low <= lam < high:
        rule = f"two groups of A_star overlap so that supports need {low:.6g} <= lam < {high:.6g}"
        raise ValueError(f"lam = {lam:.6g}; {rule}")
    unit = float(r.max())  # so that no square overflows
    r = r / unit
    share = lam / unit
    p1, p2 = inclusion(n_active, n_groups)
    law = norm_law(r, group_size, share)
    factors = mode_factors(law, p1, p2, min(step_size * unit * unit, FAR))
    present = [abs(f) for f in factors[1:]] if n_groups > 1 else [0.0]
    has_normal = len(A_star) > m
    if has_normal:
        present.append(abs(factors[0]))
    bias = _bias(law, n_active, n_groups) * _coherence(A_star)
    spread = 0.0
    if n_samples is not None:
        N = checks.count("n_samples", n_samples)
        spread = math.sqrt(sampling_spread(r, group_size, share, n_active, n_groups) / N)
    rate = max(present)
    return RunPrediction(
        rate,
        math.hypot(bias, spread) if rate < 1 else math.nan,
        bias,
        spread,
        stable_below(law, p1, p2, has_normal) / unit / unit,
        factors,
        lam,
        step_size,
    )


@dataclass(frozen=True)
class RunPlan:
    """A threshold and a number of samples for a wanted accuracy, from :func:`plan_run`.

    Attributes
    ----------
    lam : float or None
        None where no lam in the range reaches the accuracy, whatever the number of samples.
    n_samples : int or None
        At least so many that each group is active at d of them on average.
    floor : float
        Predicted floor at ``lam`` and ``n_samples``; where there is no lam, the smallest bias. nan
        where R10 does not apply: all of several groups are always active, or no lam is above the
        overlap of any two groups (R16).

    Examples
    --------
    >>> plan_run(np.eye(8), 0.01, group_size=2, n_active=2, norms=[1.0], lam_min=0.25).n_samples
    25771
    """

    lam: float | None
    n_samples: int | None
    floor: float


def plan_run(
    A_star: ArrayLike,
    accuracy: float,
    group_size: int,
    n_active: int,
    norms: ArrayLike,
    lam_min: float = 0.0,
) -> RunPlan:
    """Choose lam and the number of samples for a wanted accuracy of the spans. (R10, R13)

    The floor of :func:`predict_run` is bias and sampling: the bias vanishes at the debiasing
    threshold, the spread grows with lam. The lam that needs the fewest samples is returned.

    Parameters
    ----------
    A_star : array_like (n_features, n_atoms)
    accuracy : float
        Wanted (sum_g ||sin Theta_g||_F^2)^(1/2), root mean square.
    group_size, n_active : int
    norms : array_like
        Norms of active codes.
    lam_min : float
        Smallest threshold at which supports are exact, from ``support_interval``. The lam of a plan
        is positive, as R10 asks.

    Returns
    -------
    plan : RunPlan

    Raises
    ------
    TypeError, ValueError
        As :func:`predict_run`; for an accuracy that is not positive, lam_min not below every norm.

    Examples
    --------
    >>> plan = plan_run(np.eye(8), 0.02, group_size=2, n_active=2, norms=[1.0], lam_min=0.5)
    >>> plan.lam, plan.n_samples
    (0.5, 33062)
    """
    accuracy = checks.step(accuracy, name="accuracy")
    checks.moderate("accuracy", accuracy)
    lam_min = checks.threshold(lam_min, "lam_min")
    r = checks.positive("norms", checks.array("norms", norms)).astype(np.float64)
    checks.moderate("norms", float(r.min()), float(r.max()))
    A_star = checks.orthonormal_groups("A_star", A_star, group_size)
    n_groups = _thin(A_star) // group_size
    n_active = checks.n_active(n_active, n_groups)
    coherence = _coherence(A_star)
    smallest = float(r.min())
    if not lam_min < smallest:
        rule = f"it must be below the smallest norm, {smallest:.6g}"
        raise ValueError(f"lam_min = {lam_min:.6g}; {rule}")
    unit = float(r.max())  # so that no square overflows
    low, smallest = _room(A_star, group_size, n_active, smallest, unit)
    lam_min = max(lam_min, low)
    if not lam_min < smallest or n_active == n_groups > 1:
        return RunPlan(None, None, math.nan)
    fewest = math.ceil(n_groups * group_size / n_active)
    best = RunPlan(None, None, math.inf)
    for share in np.linspace(0, 1, 201)[0 if lam_min > 0 else 1 : -1]:
        lam = float(lam_min + share * (smallest - lam_min))
        bias = _bias(norm_law(r / unit, group_size, lam / unit), n_active, n_groups) * coherence
        if bias >= accuracy:
            if best.lam is None and bias < best.floor:
                best = RunPlan(None, None, bias)
            continue
        square = sampling_spread(r / unit, group_size, lam / unit, n_active, n_groups)
        needed = max(fewest, math.ceil(square / (accuracy**2 - bias**2)))
        if best.n_samples is None or needed < best.n_samples:
            floor = math.hypot(bias, math.sqrt(square / needed))
            best = RunPlan(lam, needed, floor)
    return best
