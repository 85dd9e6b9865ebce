"""R11 as a certificate: does a start keep its supports for ever, and where does the run end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .... import checks, groups
from ....arrays import Array
from .formulas import Batch, Setting, batch_error, next_level, setting, step_bounds

MOST_STEPS = 20_000  # a recursion that still rises after so many steps is not certified


@dataclass(frozen=True)
class RunCertificate:
    """What R11 guarantees of population gradient descent, from :func:`certify_run`.

    Attributes
    ----------
    certified : bool
        Whether the supports are exact at every step of the run, for ever.
    reason : str
        Why not; empty where it is certified.
    angles : ndarray (n_steps + 1,)
        Bound on the largest principal angle of any group after 0, 1, ... steps, radians; nan where
        nothing is certified.
    sines : ndarray (n_steps + 1,)
        Bound on max_g ||sin Theta_g||_F, from which the angles come.
    floor : float
        Limit of the sines; nan where nothing is certified. 0 for jointly orthonormal A*.
    margin : float
        Smallest margin of the support condition along the run; negative where it fails.
    step_size, lam : float
    failure : float
        Probability with which the samples may fail the certificate; 0 for the population.

    Examples
    --------
    >>> A_star = np.eye(100)
    >>> found = certify_run(A_star, A_star, lam=2.0, group_size=2, n_active=2, norms=[4, 5])
    >>> found.certified, found.floor
    (True, 0.0)
    """

    certified: bool
    reason: str
    angles: Array
    sines: Array
    floor: float
    margin: float
    step_size: float
    lam: float
    failure: float = 0.0

    def __str__(self) -> str:
        """Say what is guaranteed, or why nothing is."""
        if not self.certified:
            return f"Nothing is certified: {self.reason}."
        first = np.degrees(self.angles[0])
        n_steps = len(self.angles) - 1
        later = f", after {n_steps} steps {np.degrees(self.angles[-1]):.3g}" if n_steps else ""
        chance = f" with probability {1 - self.failure:.4g}" if self.failure else ""
        return (
            f"Certified{chance}, step_size = {self.step_size:.4g}, lam = {self.lam:.4g}: every "
            "support is exact at every step.\n"
            f"Largest angle now at most {first:.3g} degrees{later}; floor of ||sin Theta_g||_F "
            f"{self.floor:.3g}."
        )


@dataclass(frozen=True)
class Recursion:
    """R11's two scalar bounds, iterated: (delta, D) after each step, and the outcome.

    Examples
    --------
    >>> s = setting(np.eye(100).reshape(50, 2, 100).swapaxes(1, 2), 2, np.array([4.0, 5.0]))
    >>> found = iterate(s, 1.0, 2.0, 0.1, 0.5, 10)
    >>> found.failure, len(found.deltas), bool(found.deltas[-1] < 0.01)
    ('', 1092, True)
    """

    deltas: Array
    floor: float
    margin: float
    failure: str


def iterate(
    s: Setting,
    a: float,
    lam: float,
    delta: float,
    D: float,
    n_steps: int,
    batch: Batch | None = None,
) -> Recursion:
    """Iterate R11's bounds from (delta, D): at every iterate the support condition is tested.

    The recursion stops once both bounds fall and have settled; by monotonicity they never rise
    again.

    >>> s = setting(np.eye(8).reshape(4, 2, 8).swapaxes(1, 2), 2, np.array([4.0, 5.0]))
    >>> iterate(s, 1.0, 2.0, 0.4, 0.8, 10).failure
    'after 0 steps the bound 0.4 on ||sin Theta_g||_F leaves no room for lam'
    """
    deltas = [delta]
    margin = math.inf
    falling = False
    failure = ""
    for k in range(MOST_STEPS):
        reached = next_level(delta, 1.0) if batch and batch.n_free else delta
        margin = min(margin, s.support_margin(lam, reached))
        if not margin > 0:
            failure = _left(k, delta)
            break
        error = batch_error(s, lam, delta, D, batch) if batch else 0.0
        after, all_after = step_bounds(s, a, lam, s.support_ends(delta)[1], delta, D, error)
        if not max(after, all_after) < math.inf:
            failure = f"after {k} steps R11's bound is void: its denominator is not positive"
            break
        falling = falling or (after <= delta and all_after <= D)
        settled = abs(after - delta) + abs(all_after - D) <= 1e-13 * (delta + D) + 1e-300
        delta = after
        D = all_after
        deltas.append(delta)
        if falling and settled and k >= n_steps:
            break
    if not failure and not falling:
        failure = f"R11's bounds still rise after {MOST_STEPS} steps"
    floor = deltas[-1] if deltas[-1] > 1e-200 else 0.0
    return Recursion(np.array(deltas), floor, margin, failure)


def _left(k: int, delta: float) -> str:
    return f"after {k} steps the bound {delta:.3g} on ||sin Theta_g||_F leaves no room for lam"


def certify_run(
    A: ArrayLike,
    A_star: ArrayLike,
    lam: float,
    group_size: int,
    n_active: int,
    norms: ArrayLike,
    step_size: float | None = None,
    n_steps: int = 100,
    n_samples: int | None = None,
    failure: float = 0.05,
    same_samples: bool = False,
) -> RunCertificate:
    """Certify that gradient descent from A keeps its supports for ever, and how far it comes. (R11)

    The loss is the population's: supports are uniform of size ``n_active``; given the support, the
    law of the codes is unchanged when one group changes sign, and E[x_g x_g^T] = s2 I. A step is
    one along the exact gradient, then a retraction of every group to orthonormal columns.

    Parameters
    ----------
    A, A_star : array_like (n_features, n_atoms)
        Start and truth, both with orthonormal groups; A_star may be overcomplete.
    lam : float
    group_size, n_active : int
    norms : array_like
        Norms ||x_g|| of active codes: values that are equally likely, or a sample.
    step_size : float, optional
        By default the largest that R11 allows, 1 / (p_g s2 (1 + pi (||A*||_2^2 - 1))).
    n_steps : int
        Angles are bounded for so many steps.
    n_samples : int, optional
        Every step takes the mean over so many fresh samples; by default that of the population. The
        certificate then is about ``n_steps`` steps, with probability at least 1 - ``failure``.
    failure : float
        Only with ``n_samples``.
    same_samples : bool
        Whether every step takes the same ``n_samples`` samples. The certificate then is about all
        steps, and needs far more samples. Only with ``n_samples``.

    Returns
    -------
    certificate : RunCertificate
        ``certified``, and if not the ``reason``. A start outside R11 is reported, not judged: its
        run may do well all the same.

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that do not fit, groups that are not
        orthonormal, norms that are not positive.

    See Also
    --------
    certify_samples : samples at hand, one active group each.

    Examples
    --------
    Fifty planes in R^100, two active at a time; every other plane starts 5.7 degrees off.

    >>> c, s = np.cos(0.1), np.sin(0.1)
    >>> A = np.kron(np.eye(25), [[c, 0, 0, 0], [0, c, 0, 0], [s, 0, 1, 0], [0, s, 0, 1]])
    >>> law = {"group_size": 2, "n_active": 2, "norms": [4, 5]}
    >>> print(certify_run(A, np.eye(100), lam=2.0, **law, n_steps=9))
    Certified, step_size = 2.439, lam = 2: every support is exact at every step.
    Largest angle now at most 8.12 degrees, after 9 steps 0.143; floor of ||sin Theta_g||_F 0.
    >>> certify_run(A, np.eye(100), lam=4.5, **law).reason.split("; ")[1]
    'at angle 0 it asks 0 <= lam < 4'

    T21's own sizes are out of reach: Gamma d = 1000 atoms in 950 dimensions overlap too much.
    """
    A = groups.polar(checks.orthonormal_groups("A", A, group_size), group_size)
    A_star = groups.polar(checks.orthonormal_groups("A_star", A_star, group_size), group_size)
    checks.same_shape("A", A, "A_star", A_star)
    lam = checks.threshold(lam)
    n_active = checks.n_active(n_active, A.shape[1] // group_size)
    r = checks.positive("norms", checks.array("norms", norms)).astype(np.float64)
    n_steps = checks.count("n_steps", n_steps, minimum=0)
    n_free = A.shape[1] * (len(A) - group_size) if checks.flag("same_samples", same_samples) else 0
    if same_samples and n_samples is None:
        raise ValueError("same_samples = True, but n_samples = None; give a number of samples")
    batch = _batch(n_samples, n_steps, failure, n_free)
    unit = float(r.max())  # so that no square overflows
    s = setting(groups.blocks(A_star, group_size), n_active, r / unit)
    a = s.largest_a
    if step_size is not None:
        a = checks.step(step_size) * unit * unit * s.kappa
    eta = a / s.kappa / unit / unit
    if not 0 < eta < math.inf:
        raise ValueError(
            f"norms reaches {unit:.3g}; step_size is out of range; scale norms and lam"
        )
    sines = start_sines(A, A_star, group_size)
    if a > s.largest_a * (1 + 1e-12):
        times = f"step_size is {a / s.largest_a:.3g} times the largest one of R11"
        return _nothing(times, n_steps, eta, lam)
    delta = float(sines.max())
    D = float(np.linalg.norm(sines))
    found = iterate(s, a, lam / unit, delta, D, n_steps, batch)
    if found.failure:
        reason = found.failure + _void(s, a, lam / unit, unit, batch)
        return _nothing(reason, n_steps, eta, lam, found.margin * unit)
    kept = np.minimum(found.deltas[: n_steps + 1], 1.0)
    margin = found.margin * unit
    chance = batch.failure if batch else 0.0
    return RunCertificate(True, "", np.arcsin(kept), kept, found.floor, margin, eta, lam, chance)


def _batch(n_samples: int | None, n_steps: int, failure: float, n_free: int) -> Batch | None:
    failure = checks.fraction("failure", failure)
    if n_samples is None:
        return None
    return Batch(checks.count("n_samples", n_samples), max(n_steps, 1), failure, n_free)


def _nothing(
    reason: str, n_steps: int, step_size: float, lam: float, margin: float = math.nan
) -> RunCertificate:
    nothing = np.full(n_steps + 1, math.nan)
    return RunCertificate(False, reason, nothing, nothing, math.nan, margin, step_size, lam)


def _void(s: Setting, a: float, lam: float, unit: float, batch: Batch | None) -> str:
    """Whether R11 certifies no start at all for this A* and lam, in words."""
    low, high = s.support_ends(0.0)
    if not low <= lam < high:
        return f"; at angle 0 it asks {low * unit:.4g} <= lam < {high * unit:.4g}"
    if iterate(s, a, lam, 0.0, 0.0, 0).failure:
        return "; R11 is void for this A* and lam: even A = A* is not certified"
    if batch and iterate(s, a, lam, 0.0, 0.0, 0, batch).failure:
        return "; with so few samples even A = A* is not certified: n_samples is too small"
    return ""


def start_sines(A: Array, A_star: Array, d: int) -> Array:
    """||sin Theta_g||_F of every group, (n_groups,).

    >>> start_sines(np.eye(4), np.eye(4)[:, [0, 2, 1, 3]], 2)
    array([1., 1.])
    """
    star = groups.blocks(A_star, d)
    blocks = groups.blocks(A, d)
    outside = blocks - star @ (np.swapaxes(star, 1, 2) @ blocks)
    return np.linalg.norm(outside, axis=(1, 2))


def basin(s: Setting, a: float, lam: float) -> float:
    """R11: the largest delta from which every start with all D_g <= delta is certified, to 1e-4.

    0 where there is none.

    >>> s = setting(np.eye(50).reshape(25, 2, 50).swapaxes(1, 2), 2, np.array([4.0, 5.0]))
    >>> round(basin(s, 1.0, 2.0), 2)
    0.16
    """
    low = 0.0
    high = 1.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        found = iterate(s, a, lam, middle, math.sqrt(s.n_groups) * middle, 0)
        if found.failure:
            high = middle
        else:
            low = middle
    return low
