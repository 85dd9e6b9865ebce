"""R15, the Oja identity of the unfolded encoder, by loops and differences."""

import numpy as np
import pytest

from gsae_ref.papers.t21 import instance as t21
from gsae_ref.papers.t21.gradients import formulas, measurements

LAM = 1.5


def codes(A, y, step, n_unfold, accelerated=False):
    """Codes after every step, groups of two, one group at a time."""
    x = np.zeros(A.shape[1])
    before = x
    t = last = 1.0
    found = []
    for _ in range(n_unfold):
        beta = (last - 1) / t if accelerated else 0.0
        point = x + beta * (x - before)
        before = x
        v = point + step * A.T @ (y - A @ point)
        x = np.zeros_like(v)
        for k in range(0, len(v), 2):
            r = np.linalg.norm(v[k : k + 2])
            if r > step * LAM:
                x[k : k + 2] = v[k : k + 2] * (1 - step * LAM / r)
        found.append(x)
        last = t
        t = (1 + np.sqrt(1 + 4 * t * t)) / 2
    return found


def sample(seed, joint=True):
    """Two active groups, orthonormal jointly or not, and one that sleeps."""
    rng = np.random.default_rng(seed)
    A = np.linalg.qr(rng.normal(size=(8, 6)))[0]
    if not joint:
        A[:, 2:4] = np.linalg.qr(A[:, 2:4] + 0.4 * A[:, :2])[0]
    A[:, 4:] += 0.1 * rng.normal(size=(8, 2))
    y = A[:, :4] @ rng.uniform(2, 4, 4) + 0.1 * rng.normal(size=8)
    return A, y, rng


def slope(A, y, direction, step, n_unfold, accelerated):
    """Derivative of the loss along a direction, by central differences."""

    def loss(B):
        e = y - B @ codes(B, y, step, n_unfold, accelerated)[-1]
        return e @ e / 2

    h = 1e-5
    return (loss(A + h * direction) - loss(A - h * direction)) / (2 * h)


def both(seed, step, n_unfold, accelerated=False, joint=True):
    """The slope along a normal direction, and R15's prediction."""
    A, y, rng = sample(seed, joint)
    direction = np.zeros_like(A)
    D = rng.normal(size=(8, 2))
    S = A[:, :4]
    direction[:, :2] = D - S @ np.linalg.lstsq(S, D, rcond=None)[0]
    z = A[:, :2].T @ y
    tau = np.array([1 - LAM / np.linalg.norm(z)])
    share = formulas.unfolded_share(step, n_unfold, accelerated)
    weight = formulas.unfolded_oja_weight(tau, share)[0]
    predicted = -weight * (y @ direction[:, :2]) @ z
    return slope(A, y, direction, step, n_unfold, accelerated), predicted


@pytest.mark.parametrize("step", [0.3, 0.7, 1.0])
@pytest.mark.parametrize("n_unfold", [1, 2, 5])
@pytest.mark.parametrize("accelerated", [False, True])
def test_the_slope_is_that_of_the_theorem(step, n_unfold, accelerated):
    for seed in range(5):
        A, y, _ = sample(seed)
        for x in codes(A, y, step, n_unfold, accelerated):
            norms = np.linalg.norm(x.reshape(3, 2), axis=1)
            assert (norms > 0).tolist() == [True, True, False]
        measured, predicted = both(seed, step, n_unfold, accelerated)
        assert measured == pytest.approx(predicted, rel=1e-6, abs=1e-8)


def test_the_code_is_a_share_of_the_code_of_one_full_step():
    A, y, _ = sample(1)
    whole = codes(A[:, :4], y, 1.0, 1)[0]
    for accelerated in (False, True):
        for k, x in enumerate(codes(A[:, :4], y, 0.3, 6, accelerated), start=1):
            share = formulas.unfolded_share(0.3, k, accelerated)
            np.testing.assert_allclose(x, share * whole, rtol=1e-12)
    assert formulas.unfolded_share(0.3, 6) == pytest.approx(1 - 0.7**6)


def test_the_shares_are_positive_for_all_steps_up_to_one_extrapolated_or_not():
    for step in np.linspace(0.01, 1, 34):
        for n_unfold in (1, 2, 3, 5, 9, 17, 40):
            for accelerated in (False, True):
                assert formulas.unfolded_share(step, n_unfold, accelerated) > 0


def test_it_fails_for_groups_that_overlap_and_the_checker_refuses_them():
    errors = []
    for seed in range(5):
        measured, predicted = both(seed, 0.5, 3, joint=False)
        errors.append(abs(measured / predicted - 1))
        A = sample(seed, joint=False)[0]
        x = np.array([1.0, 1, 1, 1, 0, 0])
        i = t21.Instance(A, A, 2, 2, x, lam=LAM)
        assert not t21.JOINTLY_ORTHONORMAL.holds(i)
    assert max(errors) > 0.05


def test_the_measurement_notices_another_weight(monkeypatch):
    assert measurements.unfolded_oja_identity(np.random.default_rng(0), True).ok
    monkeypatch.setattr(measurements, "unfolded_oja_weight", lambda tau, share: share * (1 + tau))
    assert not measurements.unfolded_oja_identity(np.random.default_rng(0), True).ok
