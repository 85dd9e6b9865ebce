"""``check_dictionary`` with codes or data: the ledger's inequalities on a user's own instances."""

import json
from itertools import permutations

import numpy as np
import pytest

from gsae_ref import LEDGER, check_dictionary, data_threshold
from gsae_ref.ops import refit
from gsae_ref.verification.bounds import is_held

FRAME = np.array([[1, 0, 0.6, 0], [0, 1, 0, 0.6], [0, 0, 0.8, 0], [0, 0, 0, 0.8]])


def orthonormal_groups(rng, n, n_groups, d):
    return np.hstack([np.linalg.qr(rng.normal(size=(n, d)))[0] for _ in range(n_groups)])


def draw_codes(rng, n_samples, n_groups, d, most):
    X = np.zeros((n_samples, n_groups, d))
    for x in X:
        S = rng.choice(n_groups, rng.integers(1, most + 1), replace=False)
        x[S] = rng.normal(size=(len(S), d))
    return X.reshape(n_samples, -1)


def setting(seed, n=12, n_groups=4, d=3, most=2, far=0.3):
    rng = np.random.default_rng(seed)
    A_star = orthonormal_groups(rng, n, n_groups, d)
    moved = A_star + far * rng.normal(size=A_star.shape) / np.sqrt(n)
    A = np.hstack([np.linalg.qr(moved[:, k : k + d])[0] for k in range(0, n_groups * d, d)])
    signs = np.sign(np.einsum("ni,ni->i", A, A_star))
    return A * signs, A_star, draw_codes(rng, 40, n_groups, d, most), d


def bound(report, row, form):
    (found,) = [b for b in report.bounds if row in b.row.split(", ") and b.form == form]
    return found


def norms_by_loop(x, d):
    return [float(np.sqrt(x[k : k + d] @ x[k : k + d])) for k in range(0, len(x), d)]


def test_the_constants_are_measured_from_the_codes():
    A, A_star, X, d = setting(0)
    X = np.vstack([X, np.zeros(12)])
    measured = check_dictionary(A, d, A_star=A_star, codes=X).measured
    found = [norms_by_loop(x, d) for x in X]
    active = [r for r in np.ravel(found) if r > 0]
    assert (measured.n_samples, measured.n_empty, measured.n_used) == (41, 1, 40)
    assert measured.n_active == max(np.count_nonzero(row) for row in found) == 2
    np.testing.assert_allclose([measured.b_min, measured.b_max], [min(active), max(active)])


def test_both_sides_of_proposition_2_by_loops():
    A, A_star, X, d = setting(1)
    report = check_dictionary(A, d, A_star=A_star, codes=X)
    gram = max(
        np.linalg.norm(A_star[:, g : g + d].T @ A_star[:, h : h + d], 2)
        for g, h in permutations(range(0, 12, d), 2)
    )
    delta = max(np.linalg.norm((A - A_star)[:, g : g + d]) for g in range(0, 12, d))
    leak = 0.0
    for x in X:
        r = norms_by_loop(x, d)
        y = A_star @ x
        seen = [np.linalg.norm(A[:, g * d : g * d + d].T @ y) for g in range(4) if r[g] == 0]
        leak = max(leak, *seen)
    found = bound(report, "T21-prop2", "repaired")
    scale = report.measured.n_active * report.measured.b_max
    np.testing.assert_allclose([found.left, found.right], [leak, scale * (gram + delta)])
    np.testing.assert_allclose(
        bound(report, "T21-prop2", "printed").right, scale * (gram / d + delta)
    )


def test_every_inequality_on_the_model_is_held_once():
    A, A_star, X, d = setting(2)
    bounds = check_dictionary(A, d, A_star=A_star, codes=X).bounds
    evidence = {id(e): e for row in LEDGER.values() for e in row.evidence if is_held(e)}
    assert len(bounds) == len(evidence) + 1  # (22) as printed
    rows = {name for b in bounds for name in b.row.split(", ")}
    assert {"T21-prop1", "T21-prop2", "T21-lemma1", "T21-theorem1", "R3", "R4", "R5"} <= rows


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("far", [0.0, 0.05, 0.3])
def test_what_the_ledger_promises_holds_on_drawn_codes(seed, far):
    A, A_star, X, d = setting(seed, far=far)
    report = check_dictionary(A, d, A_star=A_star, codes=X)
    promised = [b for b in report.bounds if b.expected and not b.unmet]
    assert len(promised) > 30
    assert [b for b in promised if not b.holds] == []


def test_the_group_with_least_room_is_found_wherever_it_stands():
    """Rows on the gradient speak of the first group: each is moved to the front."""
    A, A_star, X, d = setting(3, far=0.0)
    B = A.copy()
    B[:, -d:] = setting(4, far=0.3)[0][:, -d:]  # only the last group is off
    last = check_dictionary(B, d, A_star=A_star, codes=X)
    first = check_dictionary(
        np.roll(B, d, axis=1), d, A_star=np.roll(A_star, d, axis=1), codes=np.roll(X, d, axis=1)
    )
    label = "delta e <= delta^2"
    ours = next(bound for bound in last.bounds if bound.label == label)
    theirs = next(bound for bound in first.bounds if bound.label == label)
    np.testing.assert_allclose([ours.left, ours.right], [theirs.left, theirs.right])
    assert ours.left > 0.1


def test_a_printed_bound_fails_on_the_code_that_overlaps_most():
    report = check_dictionary(FRAME, 2, codes=[[5, 0, 0, 0], [0, 0, 3, 4]])
    printed = bound(report, "T21-prop2", "printed")
    assert (printed.expected, printed.holds, printed.n_violations) == (False, False, 2)
    assert printed.ratio == pytest.approx(2)
    assert bound(report, "T21-prop2", "repaired").ratio == pytest.approx(1)


def test_a_hypothesis_that_fails_is_named_and_promises_nothing():
    report = check_dictionary(1.5 * FRAME, 2, codes=[[5, 0, 0, 0]])
    signal = next(b for b in report.bounds if b.row == "T21-prop1")
    assert any("A_g^T A_g = I" in text and "margin -1.25" in text for text in signal.unmet)


def test_given_constants_are_kept_and_codes_beyond_them_are_said():
    report = check_dictionary(FRAME, 2, b_min=1.0, b_max=4.0, codes=[[5, 0, 0, 0]], lam=1.0)
    assert (report.sizes["b_max"], report.measured.b_max, report.lam) == (4.0, 5.0, 1.0)
    assert any("B_max" in text for text in bound(report, "T21-prop2", "repaired").unmet)


def test_codes_of_data_are_least_squares_on_the_groups_seen_most():
    rng = np.random.default_rng(5)
    A = np.linalg.qr(rng.normal(size=(12, 8)))[0]
    X = draw_codes(rng, 30, 4, 2, 1)
    noise = 1e-3 * rng.normal(size=(30, 12))
    report = check_dictionary(A, 2, n_active=1, data=X @ A.T + noise)
    rest = noise - noise @ A @ A.T  # orthonormal atoms: what least squares cannot explain, at least
    share = np.sum(rest**2) / np.sum((X @ A.T + noise) ** 2)
    assert share <= report.measured.unexplained < 1.1e-3 * 2
    assert report.measured.b_max == pytest.approx(np.linalg.norm(X, axis=1).max(), abs=0.01)
    by_lam = check_dictionary(A, 2, data=X @ A.T, lam=1e-6)
    assert by_lam.measured.n_active == 1
    assert by_lam.measured.unexplained < 1e-28


def test_the_observed_thresholds_are_those_of_the_data():
    A, A_star, X, d = setting(6, most=1)
    report = check_dictionary(A, d, A_star=A_star, codes=X)
    assert report.observed == data_threshold(A, X @ A_star.T, 1, d)
    assert report.lam == (report.observed.lam or 0.0)


def test_the_refit_leaves_a_residual_orthogonal_to_its_atoms():
    rng = np.random.default_rng(7)
    A = rng.normal(size=(6, 5))
    Y = rng.normal(size=(20, 6))
    active = rng.random((20, 5)) < 0.5
    X = refit(A, Y, active)
    assert (X[~active] == 0).all()
    for x, y, mask in zip(X, Y, active, strict=True):
        assert np.abs(A[:, mask].T @ (y - A @ x)).max(initial=0) < 1e-12


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_other_numbers_than_float64_are_held_with_a_fitting_tolerance(dtype):
    A, _, X, d = setting(8, far=0.0)
    if dtype is np.int64:
        A, X = np.eye(12), np.rint(10 * X)
    report = check_dictionary(A.astype(dtype), d, codes=X.astype(dtype))
    assert all(b.holds for b in report.bounds if b.expected and not b.unmet)


def test_the_report_becomes_json():
    A, A_star, X, d = setting(9)
    plain = json.loads(
        json.dumps(check_dictionary(A, d, A_star=A_star, codes=X).to_dict(), allow_nan=False)
    )
    assert plain["measured"]["n_active"] == 2
    assert {"row", "label", "form", "left", "right", "ratio", "holds", "unmet"} <= set(
        plain["bounds"][0]
    )
    assert plain["observed"]["n_samples"] == 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "n_active, b_min, b_max must be given"),
        ({"codes": np.ones((3, 4))}, "3 in which all 2 groups are active"),
        ({"codes": np.zeros((3, 4))}, "3 rows without an active group"),
        ({"codes": np.ones((3, 3))}, "4 are needed for A"),
        ({"data": np.ones((3, 4))}, "give n_active"),
        ({"data": np.ones((3, 4)), "codes": np.ones((3, 4))}, "both given"),
        ({"data": np.ones((3, 4)), "n_active": 3}, "only 2 groups"),
        ({"codes": [[1, 0, 0, 0]], "lam": -1.0}, "lam = -1"),
        ({"codes": [[1e60, 0, 0, 0]]}, "codes reaches 1e"),
    ],
)
def test_what_cannot_be_held_is_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_dictionary(np.eye(4), 2, **arguments)
