"""R9: gradient descent on finitely many samples of one active group each."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from on_families import evidence, instances, outcome

import gsae_ref as gs
from gsae_ref.papers.t21.samples import formulas, instance, measurements, statements
from gsae_ref.papers.t21.samples.formulas_certificate import group_samples
from gsae_ref.papers.t21.samples.formulas_noise import noisy_late_rate, noisy_rate
from gsae_ref.papers.t21.samples.instance import Samples

SEEDS = st.integers(0, 2**32 - 1)


CONTRACTION = evidence("R9", "tan theta_j+ <= q tan theta_j")
RECURSION = evidence("R9", "T+ = T E (E + eta S)^-1, several groups")
LATE = evidence("R9", "factor 1 / (1 + eta l) in the end")
FROZEN = evidence("R9", "directions without a sample do not move")
STAY = evidence("R9", "supports stay exact")


# ---- it holds, by other means


def test_the_gradient_of_an_instance_is_that_of_the_network():
    for i in instances(RECURSION, 40, hypotheses=()):
        expected = gs.loss_and_grad(i.A, i.Y, i.lam, i.group_size)[1]
        np.testing.assert_allclose(i.gradient(i.A), expected, atol=1e-13)


def test_r9_holds_for_principal_angles_of_a_step_of_the_network_qr_or_polar():
    used = 0
    for i in instances(CONTRACTION, 150):
        gradient = gs.loss_and_grad(i.A, i.Y, i.lam, i.group_size)[1]
        after = np.linalg.qr(i.A - i.step_size * gradient)[0]  # one group
        left = np.tan(gs.principal_angles(after, i.A_star, i.group_size)[0])
        right = np.tan(gs.principal_angles(i.A, i.A_star, i.group_size)[0])
        assert (left <= i.rates[0] * right * (1 + 1e-9) + 1e-12).all()
        np.testing.assert_allclose(left[::-1], i.tangents(i.after)[0], rtol=1e-7, atol=1e-12)
        used += 1
    assert used > 80


def test_r9_is_not_vacuous_large_angles_few_samples_and_steps_beyond_one_over_l():
    found = list(instances(CONTRACTION, 400))
    largest = [np.degrees(np.arctan(i.tangents(i.A).max())) for i in found]
    steps = [i.step_size * i.eigenvalues.max() for i in found]
    rates = [i.rates.max() for i in found]
    assert max(largest) > 80
    assert max(steps) > 2
    assert any(len(i.codes) == i.group_size for i in found)
    assert min(rates) < 0.3
    assert max(rates) < 1
    used = [CONTRACTION.sides(i) for i in found]
    assert np.median([left / right for left, right in used if right > 1e-6]) > 0.5


# ---- every hypothesis dropped


def line(angle=0.3, codes=(1.0, 1.0), noise=0.0, lam=0.1, step=0.5, own=(0, 0), **fields):
    """Lines in the plane: group 0 at ``angle`` from the first axis, its truth."""
    A = np.array([[np.cos(angle)], [np.sin(angle)]])
    x = np.array(codes)[:, None]
    e = np.outer(np.ones(len(x)), [0.0, noise])
    i = Samples(A, np.eye(2)[:, :1], x, np.array(own), e, lam, step, 1)
    return replace(i, **fields)


def false_activation():
    """Two lines at 53 degrees and a threshold below their overlap."""
    A = np.array([[1.0, 0.6], [0.0, 0.8]])
    return Samples(A, A, np.ones((2, 1)), np.arange(2), np.zeros((2, 2)), 0.05, 0.5, 1)


OUTSIDE = {
    instance.FRAMES: line(A=1.5 * line().A),
    instance.NOISELESS: line(angle=0.01, noise=0.2),
    instance.OWN_GROUP_ACTIVE: false_activation(),
    instance.STEP_BELOW: line(angle=1e-3, lam=1e-6, step=2.01),
    instance.SPANNED: replace(
        line(),
        A=np.linalg.qr(np.array([[1.0, 0], [0, 1], [0, 0.3]]))[0],
        A_star=np.eye(3)[:, :2],
        codes=np.array([[1.0, 0.0]]),
        own=np.array([0]),
        noise=np.zeros((1, 3)),
        group_size=2,
    ),
}


def grows_or_stays(i):
    """Whether some tangent of the first group does not fall."""
    before = i.tangents(i.A)[0, 0]
    return i.tangents(i.after)[0, 0] >= before * (1 - 1e-12) + 1e-15 * (before == 0)


def test_the_instance_that_the_others_are_changed_from_is_inside():
    assert all(h.holds(line()) for h in statements.FALLING)
    assert not grows_or_stays(line())


@pytest.mark.parametrize("dropped", OUTSIDE, ids=lambda h: h.text[:30])
def test_r9_fails_without_any_one_of_its_hypotheses(dropped):
    i = OUTSIDE[dropped]
    assert [h for h in statements.FALLING if not h.holds(i)] == [dropped]
    if dropped is instance.FRAMES:
        left, right = RECURSION.sides(i)
        assert abs(left - right).max() > 1e-2
    else:
        assert grows_or_stays(i)


def test_at_90_degrees_there_is_no_tangent_and_the_checker_refuses():
    i = line(angle=np.pi / 2)
    assert not instance.BELOW_90.holds(i)


def test_the_late_rate_is_that_of_the_weighted_tangents_not_of_the_tangents_in_one_step():
    """Two directions of codes, eta L tau_max^2 = .999: ||T+|| / ||T|| exceeds 1 / (1 + eta l)."""
    X = np.array([[3.0, 25.0], [5.0, -9.0], [5.0, -9.0]]) / 10
    S = X.T @ X / 3
    values, vectors = np.linalg.eigh(S)
    step = 0.999 / values[-1] / (1 - 1 / np.linalg.norm(X, axis=1).max()) ** 2
    M = formulas.tangents_after(1e-7 * np.eye(2), X, 3, 1.0, step) / 1e-7
    late = 1 / (1 + step * values[0])
    root = vectors * np.sqrt(values) @ vectors.T
    assert np.linalg.norm(M, 2) > 1.002 * late
    assert np.linalg.norm(np.linalg.solve(root, M @ root), 2) < 0.999 * late


def test_for_steps_above_one_over_l_the_late_rate_of_r13_is_not_the_small_step_one():
    """d = 1, no shrinkage, l_2 = 0: at 1.9 / l_1 the tangent falls by .9, not by 1 / 2.9."""
    late = formulas.tangents_after(np.full((1, 1), 1e-6), np.ones((1, 1)), 1, 0.0, 1.9) / 1e-6
    assert abs(late[0, 0]) == pytest.approx(0.9)
    assert noisy_late_rate(1.0, 0.0, 1.9) < 0.35
    assert noisy_rate(1.0, 0.0, 1.0, 1.0, 1.9, 1e-6) < 1  # (b) applies
    c = np.cos(0.1)
    found = group_samples(np.array([[c], [np.sin(0.1)]]), np.array([[1.0, 0.0]]), 1, 0.0, 1.9)
    assert found.late_rate > 0.899


def test_beyond_small_steps_the_late_rate_is_not_guaranteed():
    lam = 0.2
    i = line(lam=lam, codes=(1.0, 1.0), step=1.9 / (1 - lam) ** 2)
    assert not instance.SMALL_STEP.holds(i)
    assert instance.STEP_BELOW.holds(i)
    left, right = LATE.sides(replace(i, step_size=3.9 / (1 - lam) ** 2))
    assert left > right


def test_without_the_support_condition_supports_change():
    i = false_activation()
    assert not instance.SUPPORTS_PERSIST.holds(i)
    left, right = STAY.sides(i)
    assert left > right + 1e-3


# ---- teeth


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sample_rate", lambda q: 0.99 * q),
        ("tangents_after", lambda T: 1.001 * T),
    ],
)
def test_the_evidence_notices_a_spoilt_formula(monkeypatch, name, change):
    item = CONTRACTION if name == "sample_rate" else RECURSION
    right = getattr(formulas, name)
    monkeypatch.setattr(formulas, name, lambda *a: change(right(*a)))
    assert not outcome(item).ok


def rate_without(term):
    """q with one of its terms dropped or spoilt."""

    def rate(low, high, tau_min, tau_max, step_size, sine):
        x = step_size * high * tau_max**2
        gain = max(2 - x * tau_max**2, 2 - 2 * x + step_size * low)
        size = max(1.0, x * (1 - sine**2 / 2) - 1) + x * sine**2 / 2
        f = 1 + step_size * low * (1 - tau_max**2) - x * sine**2
        top = max(1 - step_size * low * tau_min**2, x - 1) + x * sine**2
        if term == "e":
            size = 1.0
        if term == "gain":
            gain = 2.0
        if term == "sine on top":
            top -= x * sine**2
        if term == "shrinkage":
            f += step_size * low * tau_max**2
        if term == "tau_min":
            top = max(1 - step_size * low, x - 1) + x * sine**2
        rates = [1 / np.sqrt(1 + step_size * low * gain / size**2)] if gain > 0 else [np.inf]
        return min(rates + ([top / f] if f > 0 else []))

    return rate


@pytest.mark.parametrize("term", ["e", "gain", "sine on top", "shrinkage", "tau_min"])
def test_no_term_of_the_rate_can_be_dropped(monkeypatch, term):
    assert outcome(CONTRACTION).ok
    monkeypatch.setattr(formulas, "sample_rate", rate_without(term))
    found = [CONTRACTION.sides(i) for i in instances(CONTRACTION, 600)]
    assert any(left > right * (1 + 1e-7) + 1e-10 for left, right in found)


def test_the_copy_of_the_rate_that_is_spoilt_above_is_the_rate():
    rng = np.random.default_rng(0)
    for low, high, *rest in rng.uniform(0.05, 1, (200, 6)):
        arguments = (low * high, high, min(rest[:2]), max(rest[:2]), 4 * rest[2], rest[3])
        assert rate_without("")(*arguments) == formulas.sample_rate(*arguments)


def test_one_constant_for_all_groups_would_be_false_for_unequal_probabilities():
    """l and L of p = (9/10, 1/10): no kappa has kappa/2 <= l <= L <= 3 kappa/2 for both groups."""
    moments = np.array([0.9, 0.1])
    kappa = np.linspace(0.01, 1, 1000)
    fits = [(moments >= k / 2).all() and (moments <= 1.5 * k).all() for k in kappa]
    assert not any(fits)
    assert formulas.samples_needed(0.1, 1, 1.0, 0.1) > formulas.samples_needed(0.9, 1, 1.0, 0.1)


@pytest.mark.parametrize("name", ["samples_run", "samples_step_limit"])
def test_the_measurements_notice_a_spoilt_bound(monkeypatch, name):
    measure = getattr(measurements, name)
    assert measure(np.random.default_rng(1), True).ok
    if name == "samples_run":
        right = measurements.formulas_certificate.sample_rate
        monkeypatch.setattr(
            measurements.formulas_certificate, "sample_rate", lambda *a: 0.9 * right(*a)
        )
        assert not measure(np.random.default_rng(1), True).ok


# ---- gs.certify_samples


def start(seed, noise=0.0):
    """A dictionary of orthonormal groups near the truth, and samples in turn of every group."""
    rng = np.random.default_rng(seed)
    d, n_groups = rng.integers(1, 4, 2)
    n = int(d * n_groups + rng.integers(0, 3))
    A_star = np.linalg.qr(rng.normal(size=(n, d * n_groups)))[0]
    N = int(n_groups * rng.integers(1, 7))
    x = rng.normal(size=(N, d))
    x *= rng.uniform(1, 1.3, (N, 1)) / np.linalg.norm(x, axis=1, keepdims=True)
    blocks = np.moveaxis(A_star.reshape(n, n_groups, d), 1, 0)
    Y = np.einsum("ind,id->in", blocks[np.arange(N) % n_groups], x)
    A = A_star + 0.1 * rng.normal(size=A_star.shape) / np.sqrt(n)
    A = np.hstack([np.linalg.qr(A[:, k : k + d])[0] for k in range(0, d * n_groups, d)])
    return A, Y + noise * rng.normal(size=Y.shape), int(d), float(rng.uniform(0.2, 3))


def active_groups(A, Y, d):
    columns = [np.linalg.norm(Y @ A[:, k : k + d], axis=1) for k in range(0, A.shape[1], d)]
    return np.transpose(columns) > 0.4


@given(SEEDS, st.sampled_from([0.0, 0.01, 0.05]))
@settings(max_examples=40)
def test_what_is_certified_is_measured(seed, noise):
    A, Y, d, step = start(seed, noise)
    found = gs.certify_samples(A, Y, 0.4, d, step, n_steps=15)
    assert found.certified == (not found.reasons)
    if not found.certified:
        assert np.isnan(found.guaranteed).all()
        return
    assert (found.measured <= found.guaranteed * (1 + 1e-7) + 1e-10).all()
    assert (found.rates <= 1).all()
    before = active_groups(A, Y, d)
    for _ in range(15):
        A = A - step * gs.loss_and_grad(A, Y, 0.4, d)[1]
        A = np.hstack([np.linalg.qr(A[:, k : k + d])[0] for k in range(0, A.shape[1], d)])
    np.testing.assert_array_equal(before, active_groups(A, Y, d))


def test_certificates_are_common_with_noise_and_without():
    for noise, theorem in ((0.0, "R9"), (0.03, "R13")):
        found = [gs.certify_samples(*split(start(seed, noise))) for seed in range(40)]
        certified = [f for f in found if f.certified]
        assert len(certified) > 15
        assert any(theorem in f.theorems and f.spans.all() for f in certified)


def split(case):
    A, Y, d, step = case
    return A, Y, 0.4, d, 0.3 * step, 5


def test_a_group_without_enough_samples_is_said_not_to_span():
    A = np.eye(4)
    found = gs.certify_samples(A, [[2.0, 0, 0, 0], [0, 0, 2.0, 0], [0, 0, 0, 2.0]], 1.0, 2, 0.1)
    assert found.certified
    assert found.spans.tolist() == [False, True]
    assert found.rates[0] == 1
    assert found.n_samples.tolist() == [1, 2]
    empty = gs.certify_samples(A, [[2.0, 0, 0, 0]], 1.0, 2, 0.1)
    assert empty.n_samples.tolist() == [1, 0]
    assert not empty.spans.any()


def test_units_of_the_samples_do_not_matter():
    A, Y, d, _ = start(3)
    one = gs.certify_samples(A, Y, 0.4, d, 0.5, 3)
    for c in (2.0**-500, 2.0**500):
        step = 0.5 / c / c
        if 0 < step < np.inf:
            other = gs.certify_samples(A, c * Y, c * 0.4, d, step, 3)
            np.testing.assert_array_equal(one.guaranteed, other.guaranteed)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"A": 2 * np.eye(2)}, "columns of group 0 are not orthonormal"),
        ({"step_size": 0.0}, "step_size = 0.0; it must be > 0"),
        ({"n_steps": -1}, "n_steps = -1"),
        ({"Y": np.ones((1, 3))}, "Y has shape"),
    ],
)
def test_bad_input_is_refused_at_the_door(changes, words):
    arguments = {"A": np.eye(2), "Y": [[2.0, 0.0]], "lam": 1.0, "group_size": 1, "step_size": 0.1}
    with pytest.raises(ValueError, match=words):
        gs.certify_samples(**(arguments | changes))


PLANE = np.array([[1.0, 0.0], [0.0, 0.9], [0.0, 0.19**0.5]])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Y": [[2.0, 2.2]]}, "1 sample has not exactly one active group"),
        ({"step_size": 9.0}, "step_size is 1.12 times the limit"),
        (
            {"A": PLANE, "Y": [[2.0, 0, 0], [0, 3.0, 0]], "group_size": 2, "lam": 1.9},
            "the active group of 1 samples may become inactive",
        ),
        ({"lam": 0.89, "A": np.array([[0.9, -0.19], [0.19, 0.9]]) / np.hypot(0.9, 0.19)}, ""),
    ],
)
def test_a_start_outside_the_theorem_is_reported(changes, reason):
    turned = np.array([[0.9, -0.43], [0.43, 0.9]]) / np.hypot(0.9, 0.43)
    arguments = {"A": turned, "Y": [[2.0, 0.0]], "lam": 1.0, "group_size": 1, "step_size": 0.1}
    found = gs.certify_samples(**(arguments | changes))
    assert any(reason in text for text in found.reasons) or (not reason and found.certified)
    assert ("Nothing is certified" in str(found)) == (not found.certified)


@pytest.mark.parametrize("Y", [[[0.2, 3.0], [0.2, -3.0]], [[1e-13, 3.0]]], ids=["R13", "R9"])
def test_a_start_at_90_degrees_to_its_target_is_reported(Y):
    found = gs.certify_samples([[1.0], [0.0]], Y, 0.1 * (len(Y) - 1), 1, 1e-3, 5)
    assert not found.certified
    assert any("90 degrees" in reason for reason in found.reasons)


def test_samples_without_d_leading_directions_are_reported():
    """Four samples with H = 25 I: l_1 = l_2, exactly and up to rounding."""
    Y = np.array([[4.0, 3.0], [4.0, -3.0], [3.0, 4.0], [3.0, -4.0]])
    for turn in (0.0, 0.3):
        R = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
        found = gs.certify_samples([[1.0], [0.0]], Y @ R, 0.1, 1, 1e-3, 5)
        assert not found.certified
        assert "groups [0] have no d leading directions: l_d = l_(d + 1)" in found.reasons
        assert not found.spans[0]


def test_without_a_threshold_all_groups_are_active_and_a_run_is_not_certified():
    A = np.array([[0.0, 0.6], [1.0, 0.8]])
    found = gs.certify_samples(A, [[2.0, 0.0]], 0.0, 1, 1e-3, 5)
    assert found.reasons == ("1 sample has not exactly one active group",)
    assert gs.certify_samples(A[:, 1:], [[2.0, 0.0]], 0.0, 1, 1e-3, 5).certified
