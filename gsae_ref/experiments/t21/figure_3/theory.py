"""Figure 3, beyond the paper: T21's theory along a run, and the repaired theorems R2 and R3."""

from typing import Any

import numpy as np

from .... import groups, metrics, ops, sampling
from ....arrays import Array
from ....papers.t21.convergence import formulas as convergence
from ....papers.t21.direction import formulas as direction
from ....papers.t21.gradients import formulas as gradients
from ....papers.t21.model.formulas import closeness, orthonormality_defect
from ....papers.t21.support.formulas import recovery_interval
from ....training import train

B_MIN = 4.0
B_MAX = 5.0


def hypotheses(A: Array, A_star: Array, group_size: int) -> dict[str, float]:
    """The quantities in the hypotheses of Theorem 2.

    Returns
    -------
    dict of str to float
        ``delta``, max_g ||A_g - A*_g||_F, and ``orthonormality_defect``, max_g ||A_g^T A_g - I||_2;
        with the prefix ``unit_``, the same for normalised columns. For normalised columns
        ``alpha_min``, the smallest a_i^T a*_i, and ``omega_max``, the largest |a_i^T a*_j| with
        j != i in the same group.

    Examples
    --------
    >>> found = hypotheses(2 * np.eye(2), np.eye(2), 1)
    >>> found["delta"], found["unit_delta"], found["orthonormality_defect"], found["alpha_min"]
    (1.0, 0.0, 3.0, 1.0)
    """
    unit = A / np.linalg.norm(A, axis=0)
    blocks = zip(groups.blocks(unit, group_size), groups.blocks(A_star, group_size), strict=True)
    pairs = [direction.align(B, S) for B, S in blocks]
    return {
        "delta": float(closeness(A, A_star, group_size).max()),
        "unit_delta": float(closeness(unit, A_star, group_size).max()),
        "orthonormality_defect": float(orthonormality_defect(A, group_size).max()),
        "unit_orthonormality_defect": float(orthonormality_defect(unit, group_size).max()),
        "alpha_min": float(min(alpha.min() for alpha, _ in pairs)),
        "omega_max": float(max(omega.max() for _, omega in pairs)),
    }


def rotation_free_distances(A: Array, A_star: Array, group_size: int) -> Array:
    """min_Q ||A_g - A*_g Q||_F over rotations Q, for every group, columns normalised.

    The best Q is the polar factor of A*_g^T A_g.

    >>> rotation_free_distances(np.array([[0.0, -2.0], [3.0, 0.0]]), np.eye(2), 2)
    array([0.])
    """
    B, S = (groups.blocks(M / np.linalg.norm(M, axis=0), group_size) for M in (A, A_star))
    polar = groups.polar(groups.unblock(np.swapaxes(S, 1, 2) @ B), group_size)
    Q = groups.blocks(polar, group_size)
    return np.linalg.norm(B - S @ Q, axis=(1, 2))


def closeness_allowed(
    n_active: int, mu_block: float, group_size: int, form: str, norm_range: tuple[float, float]
) -> float:
    """The delta below which Lemma 1's interval is not empty; negative if it is empty at A = A*.

    Both ends are linear in delta:

        low = gamma B_max (f mu_B + delta)
        high = B_min (1 - delta) - k B_max (f mu_B + delta)

    with f = 1 and k = gamma as printed, f = d and k = gamma - 1 as corrected.

    >>> closeness_allowed(1, 0.0, 2, "corrected", (1.0, 1.0))
    0.5
    """
    ends = [
        recovery_interval(n_active, *norm_range, mu_block, delta, group_size, form)
        for delta in (0.0, 1.0)
    ]
    width = [high - low for low, high in ends]
    return width[0] / (width[0] - width[1])


def theorem_2(
    found: dict[str, float],
    tau: float,
    n_active: int,
    n_groups: int,
    group_size: int,
    n_features: int,
) -> tuple[float, float, float]:
    """Condition (69) of Theorem 2 with n as printed and with d, and rho at the largest step.

    (69) bounds ||A_g^T A*_g||_F^2 at delta; a negative bound cannot be met by a squared norm. The
    largest step is 1 / (c alpha_min), c = tau (2 - tau) p: above it (32) gives no descent. A
    negative rho is no contraction; where alpha_min <= 0 there is no such step, and rho is NaN.

    >>> theorem_2({"unit_delta": 0.0, "alpha_min": 1.0, "omega_max": 0.0}, 0.5, 1, 4, 2, 8)
    (-24.0, -6.0, 1.0)
    """
    delta = min(found["unit_delta"], 1.0)
    alpha = found["alpha_min"]
    with_n = direction.overlap_condition(tau, n_features, delta)
    with_d = direction.overlap_condition(tau, group_size, delta)
    p = n_active / n_groups
    if alpha <= 0:
        return with_n, with_d, float("nan")
    step = 1 / (gradients.leading_coefficient(tau, p) * alpha)
    rho = convergence.rho(step, tau, p, alpha, found["omega_max"], delta, group_size)
    return with_n, with_d, rho


# --------------------------------------------------------------------------------------- R2 and R3


def contraction(
    n_features: int,
    n_groups: int,
    n_samples: int,
    n_steps: int,
    delta: float,
    lam: float,
    step: float,
    seed: int,
) -> dict[str, Any]:
    """Principal angles along retracted gradient descent, predicted (R2, R3) and measured.

    One group of two atoms is active. The data satisfy the hypotheses: orthonormal A*, no noise,
    ||x_g|| in [4, 5], a start tangent to A* at distance ``delta``, and lam where support_persists
    has a positive margin. Three runs: R2's population, as a design of samples whose sums are its
    integrals (codes at equidistant angles and norms); R2 on a random sample; R3's step, along the
    part of the gradient orthogonal to each group, on the design. All principal angles start at t,
    and stay equal in the population. There r = c cos t, so the eigenvalue m of contraction_factor
    is

        p E[(lam / r) (2 - lam / r) r^2] / 2 = p lam (cos t E[c] - lam / 2)

    Returns
    -------
    dict of str to ndarray
        ``predicted``, R2's tangent after every step; ``design`` and ``sample``, measured tangents
        (n_steps + 1, 2 n_groups); ``bound`` and ``distance``, R3's bound on the largest orbit
        distance and the measured one; ``margin`` of the support condition at the start.
    """
    d = 2
    A_star = sampling.make_dictionary(n_features, n_groups, d, kind="orthonormal", rng=seed)
    A = sampling.perturb_dictionary(
        A_star, delta=delta, group_size=d, direction="tangent", rng=seed
    )
    Y, norms = _design(A_star)
    kappa = float(np.mean(norms**2)) / d / n_groups  # p sigma^2
    eta = step / kappa
    tangents = [float(np.tan(metrics.principal_angles(A, A_star, d)).max())]
    for _ in range(n_steps):
        theta = np.arctan(tangents[-1])
        m = lam * (np.cos(theta) * norms.mean() - lam / 2) / n_groups
        tangents.append(float(tangents[-1] * convergence.contraction_factor(theta, eta, kappa, m)))
    random = sampling.sample(A_star, n_samples, 1, d, norm_range=(B_MIN, B_MAX), rng=seed).Y
    bound, distance = _projected_run(A, A_star, Y, lam, eta, kappa, n_steps)
    first_angle = float(np.arctan(tangents[0]))
    return {
        "predicted": np.array(tangents),
        "design": _retracted_run(A, A_star, Y, lam, eta, n_steps),
        "sample": _retracted_run(A, A_star, random, lam, eta, n_steps),
        "bound": bound,
        "distance": distance,
        "margin": convergence.support_persists(lam, B_MIN, B_MAX, 0.0, first_angle),
    }


def _design(A_star: Array, n_angles: int = 32, n_norms: int = 8) -> tuple[Array, Array]:
    """Every group's samples with codes at equidistant angles and norms, and these norms."""
    norms = B_MIN + (B_MAX - B_MIN) * (np.arange(n_norms) + 0.5) / n_norms
    phi = 2 * np.pi * np.arange(n_angles) / n_angles
    X = (norms[:, None, None] * np.stack([np.cos(phi), np.sin(phi)], axis=1)).reshape(-1, 2)
    return np.concatenate([X @ star_g.T for star_g in groups.blocks(A_star, 2)]), norms


def _retracted_run(
    A: Array, A_star: Array, Y: Array, lam: float, eta: float, n_steps: int
) -> Array:
    """Tangents of the principal angles at the start and after every step.

    A step is one of gradient descent, followed by polar factors.
    """
    tangents = [np.tan(metrics.principal_angles(A, A_star, 2)).ravel()]

    def record(intermediate_result: Any) -> None:
        tangents.append(np.tan(metrics.principal_angles(intermediate_result.x, A_star, 2)).ravel())

    train(
        A,
        Y,
        lam,
        2,
        n_steps,
        optimizer="gradient_descent",
        step_size=eta,
        constraint="groups",
        measure=False,
        callback=record,
    )
    return np.array(tangents)


def _projected_run(
    A: Array, A_star: Array, Y: Array, lam: float, eta: float, kappa: float, n_steps: int
) -> tuple[Array, Array]:
    """R3's iteration: its bound on the largest orbit distance, and the distance measured."""
    star = groups.blocks(A_star, 2)
    bounds: list[float] = []
    distances: list[float] = []
    for _ in range(n_steps + 1):
        B = groups.blocks(A, 2)
        pairs = zip(B, star, strict=True)
        distances.append(max(convergence.orbit_distance(A_g, star_g) for A_g, star_g in pairs))
        bounds.append(_next_bound(bounds[-1], eta * kappa) if bounds else distances[0])
        G = groups.blocks(ops.loss_and_grad(A, Y, lam, 2)[1], 2)
        A = groups.polar(groups.unblock(B - eta * (G - B @ (np.swapaxes(B, 1, 2) @ G))), 2)
    return np.array(bounds), np.array(distances)


def _next_bound(bound: float, step: float) -> float:
    return float(convergence.repaired_bound(bound, step, 1 - bound**2 / 2, 0.0))
