"""What T21's runs would notice: R2 and R3 outside their hypotheses, with a wrong eigenvalue.

Bounds, terms and hypotheses of inequalities are spoiled by ``verify --teeth``.
"""

import numpy as np
import pytest

from gsae_ref import groups
from gsae_ref.papers.t21.convergence import formulas as convergence_formulas
from gsae_ref.papers.t21.convergence import measurements as convergence_measurements


def first_rate_only(distance, kappa, c, drift):
    """R3's bound without the second of its two rates, 2 - kappa."""
    return np.sqrt(max(1 - kappa * c * (1 + c) * (2 - kappa * c) / 2, 0)) * distance + drift


def ratio_to_r3(kappa, angles, bound):
    """dist(A+) over R3's bound for A at these principal angles from A*, beta = 0."""
    d = len(angles)
    S = np.eye(2 * d)[:, :d]
    A = np.vstack([np.diag(np.cos(angles)), np.diag(np.sin(angles))])
    step = A + kappa * (S - A @ (A.T @ S)) @ (S.T @ A)
    after = convergence_formulas.orbit_distance(groups.polar(step, d), S)
    before = convergence_formulas.orbit_distance(A, S)
    return after / bound(before, kappa, min(np.cos(angles)), 0.0)


@pytest.mark.parametrize(
    ("kappa", "bound", "holds"),
    [
        (1.2, convergence_formulas.repaired_bound, True),
        (1.9, convergence_formulas.repaired_bound, True),
        (2.2, convergence_formulas.repaired_bound, True),
        (1.2, first_rate_only, True),
        (2.2, first_rate_only, False),
    ],
)
def test_r3_holds_for_every_step_with_both_of_its_rates(kappa, bound, holds):
    rng = np.random.default_rng(0)
    worst_ratio = 0.0
    for _ in range(1500):
        angles = rng.uniform(0.01, 1.57, 2) * rng.choice([1, 0.3, 0.05])
        worst_ratio = max(worst_ratio, ratio_to_r3(kappa, angles, bound))
    assert (worst_ratio <= 1 + 1e-9) == holds


def test_r2_fails_when_a_silent_group_is_active():
    """d = 1, A = A* = [(1, 0), (3/5, 4/5)], codes +-4: the angle grows at lam = 1/5, not 5/2."""
    from gsae_ref import ops

    A = np.array([[1.0, 0.6], [0.0, 0.8]])
    samples = np.array([4 * A[:, 0], 4 * A[:, 1]])
    at_small = ops.loss_and_grad(A, samples, 0.2, 1)[1]
    at_large = ops.loss_and_grad(A, samples, 2.5, 1)[1]
    assert at_small[1, 0] == pytest.approx(6.496)
    assert at_large[1, 0] == pytest.approx(0, abs=1e-12)
    small, large = (
        convergence_formulas.support_persists(lam, 4.0, 4.0, 0.6, 0.0) for lam in (0.2, 2.5)
    )
    assert small < 0 <= large


@pytest.mark.parametrize("setting", ["ORTHONORMAL", "OVERLAPPING"])
def test_r2_with_another_m_is_not_confirmed(monkeypatch, setting):
    """The eigenvalue m without its factor 2 - lam/r, at a lam that is not small."""
    chosen = getattr(convergence_measurements, setting)
    monkeypatch.setattr(convergence_measurements, setting, chosen)
    exact = convergence_formulas.contraction_factor
    monkeypatch.setattr(
        convergence_measurements.formulas,
        "contraction_factor",
        lambda theta, eta, kappa, m: exact(theta, eta, kappa, 0.9 * m),
    )
    finding = convergence_measurements.contraction(np.random.default_rng(0), True)
    assert not finding.ok


def test_r2_outside_the_support_condition_is_not_confirmed(monkeypatch):
    """lam below the leak of a silent group: the tangents are not the predicted ones."""
    run = convergence_measurements._retracted_run

    def leaking(rng, steps, setting):
        for iterate in run(rng, steps, setting):
            yield iterate._replace(lam=0.2 * iterate.lam, margin=1.0)

    monkeypatch.setattr(convergence_measurements, "_retracted_run", leaking)
    assert not convergence_measurements.contraction(np.random.default_rng(0), True).ok
