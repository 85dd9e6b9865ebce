"""``check_sparse_dictionary`` and ``check_design``: what they certify comes true, by simulation."""

import json
from dataclasses import replace

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref import check_design, check_sparse_dictionary, dglnn_path
from gsae_ref.verification.ranges import Range


def unit_columns(rng, n, m, spread):
    A = np.eye(n)[:, :m] + spread * rng.normal(size=(n, m)) / np.sqrt(n)
    return A / np.linalg.norm(A, axis=0)


def moved(rng, A, far):
    W = A + far * rng.normal(size=A.shape) / np.sqrt(len(A))
    return W / np.linalg.norm(W, axis=0)


def window(report, of, form):
    (found,) = [r for r in report.ranges if r.of == of and r.form.startswith(form)]
    return found


def recovers(W, A, bias, k, a_1, a_2, rng, draws=400):
    """Whether ReLU finds the support of every drawn code; half of them have the worst signs."""
    m = A.shape[1]
    for _ in range(draws):
        x = np.zeros(m)
        S = rng.choice(m, k, replace=False)
        x[S] = rng.choice([a_1, a_2], k)
        if ((W.T @ A @ x + bias > 0) != (x > 0)).any():
            return False
    return True


@pytest.mark.parametrize(("k", "a_1", "a_2"), [(1, 1.0, 1.0), (2, 1.0, 1.2)])
def test_biases_of_the_repaired_window_recover_every_support(k, a_1, a_2):
    rng = np.random.default_rng(0)
    A = unit_columns(rng, 30, 20, 0.02)
    W = moved(rng, A, 0.03)
    order = rng.permutation(20)
    found = window(
        check_sparse_dictionary(W[:, order], k, a_1, a_2, A), "bias", "Theorem 3 (ii), repaired"
    )
    assert found.certified
    for place in (1e-6, 0.5, 1 - 1e-9):
        bias = found.low + place * (found.high - found.low)
        assert found.certifies(bias)
        assert recovers(W, A, bias, k, a_1, a_2, rng)
    assert not recovers(W, A, -1e-9, k, a_1, a_2, rng)


def test_a_bias_of_the_printed_window_misses_a_support_and_is_not_certified():
    A = np.array([[1.0, 0.6], [0.0, 0.8]])
    report = check_sparse_dictionary(A, 1, 1.0, bias=-0.3)
    printed = window(report, "bias", "Theorem 3 (ii) as printed")
    assert printed.low <= -0.3 <= printed.high
    assert report.verdicts == {"bias": False}
    assert not recovers(A, A, -0.3, 1, 1.0, 1.0, np.random.default_rng(1))


def test_a_fixed_bias_and_a_step_of_r7_bring_the_weights_home():
    rng = np.random.default_rng(2)
    A = unit_columns(rng, 12, 8, 0.1)
    W = moved(rng, A, 0.1)
    report = check_sparse_dictionary(W, 1, 1.0, A_star=A)
    bias = window(report, "bias", "R7").high
    zeta = window(report, "step_size", "R7").high
    judged = check_sparse_dictionary(W, 1, 1.0, A_star=A, bias=bias, step_size=zeta)
    assert judged.verdicts == {"bias": True, "step_size": True}
    for _ in range(30):
        Z = np.maximum(W.T @ A + bias, 0)  # codes of the 8 samples A_i, equally likely
        rest = A - W @ Z
        active = Z > 0
        assert (active == np.eye(8, dtype=bool)).all()
        back = active * (W.T @ rest)
        W = W + zeta / 8 * (rest @ Z.T + A @ back.T)
        W /= np.linalg.norm(W, axis=0)
    np.testing.assert_allclose(W, A, atol=1e-6)


def test_the_step_of_theorem_4_falls_as_promised_on_enumerated_codes():
    """Orthonormal A and signs: phi = 0, and ||W - A||_F^2 falls by tau at least, less rho."""
    rng = np.random.default_rng(3)
    A = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    W = moved(rng, A, 0.01)
    report = check_sparse_dictionary(W, 2, 1.0, A_star=A, moments=(0.0, 1.0))
    found = window(report, "step_size", "Theorem 4")
    assert found.certified
    zeta = found.high
    p2 = 2 / (40 * 39)
    pairs = np.full((40, 40), p2) + np.diag(np.full(40, 2 / 40 - p2))
    cross = A.T @ W
    gram = W.T @ W
    G = -2 * A @ (pairs * cross)  # the expected update for two active atoms of random sign
    for i in range(40):
        for j in range(40):
            for k in {i, j}:
                p = 2 / 40 if i == j else p2
                G[:, i] += p * cross[k, j] * (cross[k, i] * W[:, j] + gram[j, i] * A[:, k])
        for k in set(range(40)) - {i}:  # j = i, l = k
            G[:, i] += p2 * cross[k, i] * (cross[k, i] * W[:, i] + gram[i, i] * A[:, k])
    step = W - zeta * G
    step /= np.linalg.norm(step, axis=0)
    before = np.sum((W - A) ** 2)
    tau = float(found.promise.split("tau = ")[1].split()[0])
    rho = float(found.promise.split("rho = ")[1])
    assert np.sum((step - A) ** 2) <= (1 - tau) * before / (1 - rho) * 1.001
    assert np.sum((step - A) ** 2) < before


def test_constants_are_measured_from_codes():
    codes = np.array([[1.0, 0.0, 3.0], [0.0, 2.0, 0.0]])
    sizes = check_sparse_dictionary(np.eye(3), codes=codes).sizes
    assert (sizes["n_active"], sizes["a_1"], sizes["a_2"]) == (2, 1.0, 3.0)
    assert (sizes["kappa_1"], sizes["kappa_2"]) == pytest.approx((2.0, 14 / 3))


# ---- L23
SIZES = (2, 3, 1)


def regression(rng, n=24, weak=1.0, noise=0.0):
    """Columns of X / sqrt(n) orthonormal: both deltas are 0."""
    X = np.linalg.qr(rng.normal(size=(n, 6)))[0] * np.sqrt(n)
    w = np.array([0.6, 0.8, 0, 0, 0, weak])
    xi = noise * rng.normal(size=n)
    return X, X @ w + xi, w


def test_runs_that_stop_in_the_certified_window_are_as_near_as_promised():
    X, y, w = regression(np.random.default_rng(4), noise=1e-4)
    report = check_design(X, y, SIZES, w_star=w, epsilon=1e-3)
    found = window(report, "n_iter", "R8")
    assert found.certified
    for n_iter in (int(np.ceil(found.low)), int(found.high)):
        again = check_design(
            X, y, SIZES, w_star=w, epsilon=1e-3,
            gamma=report.gamma, alpha=report.alpha, n_iter=n_iter,
        )  # fmt: skip
        assert again.verdicts == {"gamma": True, "alpha": True, "n_iter": True}
        path = dglnn_path(
            X, y, SIZES, n_epochs=n_iter, alpha=report.alpha, gamma=report.gamma,
            record_every=n_iter, v0="random", rng=0,
        )  # fmt: skip
        error = path.w[-1] - w
        zeta = report.measures["zeta"]
        assert max(np.linalg.norm(error[:2]), abs(error[5])) <= 1.2 * zeta
        assert np.linalg.norm(error[2:5]) <= report.alpha


def test_deltas_noise_and_magnitudes_by_loops():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(50, 6))
    w = np.array([3.0, 4.0, 0, 0, 0, 2.0])
    xi = 0.1 * rng.normal(size=50)
    measures = check_design(X, X @ w + xi, [7, 7, 8, 8, 8, 3], w_star=w).measures
    parts = [X[:, :2], X[:, 2:5], X[:, 5:]]
    inside = max(np.linalg.norm(P.T @ P / 50 - np.eye(P.shape[1]), 2) for P in parts)
    pairs = [(0, 1), (0, 2), (1, 2)]
    outside = max(np.linalg.norm(parts[a].T @ parts[b] / 50, 2) for a, b in pairs)
    noise = max(np.linalg.norm(P.T @ xi / 50) for P in parts)
    expected = [inside, outside, 5.0, 2.0, noise, 80 * noise]
    names = ("delta_in", "delta_out", "u_max_squared", "u_min_squared", "noise", "zeta")
    np.testing.assert_allclose([measures[name] for name in names], expected)


def test_without_weights_the_noise_is_bounded_from_the_residual(monkeypatch):
    """At least the true noise, which least squares cannot see on S, in 15 draws of 15."""
    module = "gsae_ref.verification.design"
    monkeypatch.setattr(f"{module}.hold_design_bounds", lambda *given: ((), {}))  # it is slow
    rng = np.random.default_rng(6)
    for _ in range(15):
        X, y, w = regression(rng, noise=0.1)
        report = check_design(X, y, SIZES, n_active=2)
        xi = y - X @ w
        true = max(np.linalg.norm(X[:, k : k + d].T @ xi / 24) for k, d in ((0, 2), (2, 3), (5, 1)))
        assert report.measures["noise"] >= true
        assert report.sizes["n_active"] == 2


def test_a_mean_that_the_model_lacks_is_named():
    X, y, _ = regression(np.random.default_rng(7), noise=0.5)
    X = X - X.mean(axis=0)
    for shift, expected in ((0.0, False), (100.0, True)):
        report = check_design(X, y - y.mean() + shift, SIZES, epsilon=1.0)
        zeta = next(h for h in report.hypotheses if h.text.startswith("zeta"))
        assert ("subtract the mean of y first" in zeta.remedy) is expected


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"gamma": 0.06}, "gamma <= 1/(20 u_max*^2)"),
        ({"alpha": 0.9}, "alpha < min(eps^4, 1)"),
        ({"epsilon": 0.5}, "zeta = 80 max(noise, eps) <= u_max*^2"),
    ],
)
def test_what_fails_is_named_with_what_would_help(change, text):
    X, y, w = regression(np.random.default_rng(7))
    report = check_design(X, y, SIZES, w_star=w, **change)
    failing = [
        h for h in report.hypotheses if not h.holds and h.needed_by.startswith("Theorem 3 (")
    ]
    assert [h.text.startswith(text) for h in failing] == [True]
    assert all(h.remedy for h in report.hypotheses if not h.holds)
    assert not any(r.certified for r in report.ranges if r.of == "n_iter")


def test_ranges_keep_to_their_ends():
    for ends, low, high in (("[]", True, True), ("(]", False, True), ("[)", True, False)):
        each = Range("x", "t", 1.0, 2.0, ends, True, "")
        assert (each.certifies(1.0), each.certifies(2.0), each.certifies(1.5)) == (low, high, True)
    assert Range("x", "t", 1.0, 1.0, "(]", True, "").empty
    assert not Range("x", "t", 1.0, 2.0, "[]", False, "").certifies(1.5)


def test_the_reports_become_json():
    X, y, w = regression(np.random.default_rng(8))
    for report in (
        check_design(X, y, SIZES, w_star=w),
        check_sparse_dictionary(np.eye(4), 1, 1.0),
        check_sparse_dictionary(np.ones((3, 2)), 2, 1.0),
        check_sparse_dictionary([[1.0]], 1, 1.0),
    ):
        assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["ranges"]


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: check_sparse_dictionary(np.eye(3)), "n_active and a_1 must be given"),
        (lambda: check_sparse_dictionary(np.eye(3), 4, 1.0), "n_active = 4"),
        (lambda: check_sparse_dictionary(np.eye(3), codes=[[-1.0, 0, 0]]), "codes >= 0"),
        (lambda: check_sparse_dictionary(np.eye(3), codes=[[0.0, 0, 0]]), "all zero"),
        (lambda: check_design(np.eye(3), [1, 2, 3], 1), "give n_active"),
        (lambda: check_design(np.eye(3), [1, 2, 3], 1, w_star=[0, 0, 0]), "no group is active"),
        (lambda: check_design(np.eye(3), [1, 2], 1, w_star=[1, 0, 0]), "y has"),
        (lambda: check_design(np.eye(3), [1, 2, 3], 2, w_star=[1, 0, 0]), "does not divide"),
        (lambda: check_sparse_dictionary(1e60 * np.eye(3), 1, 1.0), "W reaches 1e\\+60"),
        (lambda: check_sparse_dictionary(np.zeros((3, 2)), 1, 1.0), "column of zeros"),
        (lambda: check_design(1e60 * np.eye(3), [1, 2, 3], 1, w_star=[1, 0, 0]), "X reaches"),
        (lambda: check_design(np.eye(3), [1, 2, 3], 1, w_star=[1, 0, 0], n_iter=-1), "n_iter"),
        (
            lambda: check_design(np.eye(3), [1, 2, 3], 1, w_star=[1, 0, 0], epsilon=1e-90),
            "larger epsilon",
        ),
    ],
)
def test_bad_input_is_refused_in_words(check, message):
    with pytest.raises(ValueError, match=message):
        check()


# ---- every inequality of the ledger, against a user's own weights, codes and design


def by_name(report):
    return {f"{bound.row}: {bound.label}": bound for bound in report.bounds}


def promised_and_broken(report):
    return [
        (bound.row, bound.label, bound.left, bound.right)
        for bound in report.bounds
        if bound.expected and not bound.unmet and not bound.holds
    ]


def sparse_case(rng, mixture):
    """Unit columns, weights near them, codes with values in [1, 1.2]; of a mixture e_i."""
    n_atoms = int(rng.integers(3, 12))
    A = np.linalg.qr(rng.normal(size=(12, 12)))[0][:, :n_atoms]
    A = A + rng.choice([0, 0.02, 0.2]) * rng.normal(size=A.shape)
    A /= np.linalg.norm(A, axis=0)
    W = A + rng.choice([0, 0.01, 0.1]) * rng.normal(size=A.shape)
    X = np.zeros((4 * n_atoms, n_atoms))
    for k, x in enumerate(X):
        n_active = 1 if mixture else rng.integers(1, 3)
        x[rng.permutation(np.roll(np.arange(n_atoms), k))[:n_active]] = 1
    if mixture:
        X = np.tile(np.eye(n_atoms), (2, 1))
    else:
        X *= rng.uniform(1, 1.2, size=X.shape)
    return W / np.linalg.norm(W, axis=0), A, X


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mixture", [True, False])
def test_no_promise_of_n19_is_broken_by_weights_and_codes(seed, mixture):
    W, A, X = sparse_case(np.random.default_rng(seed), mixture)
    report = gs.check_sparse_dictionary(W, A_star=A, codes=X)
    assert not promised_and_broken(report)
    assert any("mixture" in reason for reason in report.not_held.values()) is not mixture
    for bound in report.bounds:
        assert np.isfinite([bound.left, bound.right]).all(), bound


def test_inequalities_of_n19_are_those_of_a_calculation_by_hand():
    W = np.array([[1.0, 0.6], [0.0, 0.8]])
    codes = np.array([[2.0, 0.0], [0.0, 3.0]])
    bounds = by_name(gs.check_sparse_dictionary(W, codes=codes, bias=-1.0))
    # <W_1, W_2> = 0.6: 0.6 * 3 off the support, 2 on it; a_1 = 2, a_2 = 3, delta = 0, k = 1
    for name, left, right in (
        ("N19-interference: corrected", 1.8, 1.8),
        ("N19-claim1ii: all pairs", 0.6, 0.6),
        ("N19-theorem3ii: printed interval, off the support z_i <= N", 0.2, 0.0),
        ("N19-theorem3iii: off the support z_i < a_1/2", 1.8, 1.0),
        ("N19-well-separated: 2 - 2 mu/sqrt(n) at most", 0.8, 0.8),
    ):
        assert (bounds[name].left, bounds[name].right) == pytest.approx((left, right)), name
    false = bounds["N19-theorem3ii: printed interval, off the support z_i <= N"]
    assert (false.holds, false.expected, false.n_violations) == (False, False, 2)
    unmet = bounds["N19-theorem3iii: off the support z_i < a_1/2"].unmet
    assert any("reach + N < a_1/2" in hypothesis for hypothesis in unmet)


def test_codes_that_nothing_can_be_held_against_are_said_to_be_such():
    report = gs.check_sparse_dictionary(np.eye(3), codes=np.ones((4, 3)))
    assert report.bounds == ()
    assert report.not_held == {
        "every inequality": "it needs a code with a zero and a non-zero entry"
    }


def test_codes_are_those_of_the_dictionary_that_generates_the_data():
    rng = np.random.default_rng(0)
    W, A, X = sparse_case(rng, mixture=False)
    order = rng.permutation(A.shape[1])
    first = gs.check_sparse_dictionary(W, A_star=A, codes=X)
    other = gs.check_sparse_dictionary(W[:, order], A_star=A, codes=X)
    assert other.bounds == first.bounds and other.not_held == first.not_held


def design_case(rng):
    """A design, nearly orthogonal for every second seed, weights and noise."""
    sizes = [2, 1, 3, 2]
    X = rng.normal(size=(60, 8))
    if rng.integers(2):
        X = np.sqrt(60) * np.linalg.qr(X)[0] + 1e-5 * rng.normal(size=X.shape)
    w = np.concatenate([rng.normal(size=3) + 2, np.zeros(5)])
    return X, X @ w + rng.choice([0, 1e-4, 0.1]) * rng.normal(size=60), sizes, w


@pytest.mark.parametrize("seed", range(6))
def test_no_promise_of_l23_is_broken_by_a_design(seed):
    X, y, sizes, w = design_case(np.random.default_rng(seed))
    for given in ({"w_star": w}, {"n_active": 2}, {}):
        report = gs.check_design(X, y, sizes, **given)
        assert not promised_and_broken(report)
        for bound in report.bounds:
            assert np.isfinite([bound.left, bound.right]).all(), bound


def test_inequalities_of_l23_are_those_of_a_calculation_by_hand():
    X = 2 * np.eye(4)  # X^T X / n = I, no noise: u*^2 = sqrt 2, eps = u*^2/80, so zeta = u*^2
    report = gs.check_design(X, [2.0, 2.0, 0.0, 0.0], 2, w_star=[1, 1, 0, 0])
    bounds = by_name(report)
    T_lb = bounds["L23-theorem3-times: T_lb <= 5/16 log(1/alpha^4)/(gamma Z)"]
    assert T_lb.right == pytest.approx(
        5 / 16 * 4 * np.log(1 / report.alpha) / (report.gamma * np.sqrt(2))
    )
    assert (T_lb.holds, T_lb.expected) == (False, False)  # printed: its window is empty
    step = bounds["L23-lemma8: the angle: sin <= B"]
    assert (step.left, step.right) == pytest.approx((0, 0), abs=1e-12)
    on_s = bounds["R8: on S, any state before T_ub: ||b_l|| <= Z/20"]
    assert on_s.right == pytest.approx(np.sqrt(2) / 20) and not on_s.unmet


def test_a_wrong_bound_of_l23_would_be_seen(monkeypatch):
    """The tester tested: with a hundredth of Lemma 3's bound a design refutes it."""
    from gsae_ref.papers.l23.gradient_flow.claims import ALIGNMENT
    from gsae_ref.verification import bounds

    X, y, sizes, w = design_case(np.random.default_rng(2))
    low = replace(
        ALIGNMENT, conclusion=ALIGNMENT.conclusion.replace("<= beta[l]", "<= beta[l] / 100")
    )
    row = replace(gs.LEDGER["L23-lemma3"], evidence=(gs.LEDGER["L23-lemma3"].evidence[0], low))
    monkeypatch.setattr(bounds, "LEDGER", {**bounds.LEDGER, row.id: row})
    broken = promised_and_broken(gs.check_design(X, y, sizes, w_star=w))
    assert [row for row, *_ in broken] == ["L23-lemma3"]


def test_a_run_that_diverges_leaves_its_start():
    X = 1e3 * np.random.default_rng(0).normal(size=(20, 4))
    report = gs.check_design(X, X @ [1.0, 1, 0, 0], 2, w_star=[1, 1, 0, 0])
    assert "lower gamma" in report.not_held["states of Algorithm 1 after the start"]
    assert not promised_and_broken(report)


def test_every_inequality_of_the_ledger_is_held_or_listed():
    """Against the three checks of one user, together."""
    from gsae_ref.claims.evidence import Inequality
    from gsae_ref.verification.bounds import CodeModel, hold_bounds, not_held_against_codes

    W, A, X = sparse_case(np.random.default_rng(0), mixture=False)
    sparse = gs.check_sparse_dictionary(W, A_star=A, codes=X)
    design = gs.check_design(*design_case(np.random.default_rng(0))[:3])
    codes = np.array([[1.0, 0, 0, 0]])
    grouped = hold_bounds(CodeModel(np.eye(4), np.eye(4), 2, 1, 1.0, 1.0, 0.5), codes, 1e-9)
    seen = {*not_held_against_codes(), *sparse.not_held, *design.not_held}
    seen |= {f"{b.row}: {b.label}" for b in (*grouped, *sparse.bounds, *design.bounds)}
    known = {
        (row, name.split(": ", 1)[1]) for name in seen for row in name.split(":")[0].split(", ")
    }
    for row in gs.LEDGER.values():
        for evidence in row.evidence:
            if isinstance(evidence, Inequality) or getattr(evidence, "kind", "") == "inequality":
                assert (row.id, evidence.label) in known, (row.id, evidence.label)


@pytest.mark.parametrize("factor", [1e-20, 1e30])
def test_nothing_is_held_where_rounding_would_decide(factor):
    X, y, sizes, _ = design_case(np.random.default_rng(1))
    report = gs.check_design(factor * X, y, sizes, n_active=2)
    assert report.bounds == () and "scale X" in report.not_held["every inequality"]
