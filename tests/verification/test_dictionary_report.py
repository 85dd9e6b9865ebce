"""``check_dictionary``: numbers by another route, flags that flip, certificates that hold."""

import itertools
import json
import math

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

from gsae_ref import check_dictionary
from gsae_ref.papers.t21.support.formulas import support_interval

FRAME = np.array([[1, 0, 0.28, 0], [0, 1, 0, 0.28], [0, 0, 0.96, 0], [0, 0, 0, 0.96]])
FORMS = ("printed", "corrected", "sharp", "exact", "necessary")
CERTIFYING = FORMS[:-1]
NORM_CONDITION = "norm condition (69), d for n, at some lam of Lemma 1's interval"


def split(A, d):
    return [A[:, k : k + d] for k in range(0, A.shape[1], d)]


def haar(rng, n, m):
    return np.linalg.qr(rng.normal(size=(n, m)))[0]


def digits_like(rng, d):
    """Smooth non-negative atoms on an 8 x 8 grid, correlated like those learned from digits."""
    grid = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(-1, 2)
    atoms = []
    for centre in rng.uniform(1, 7, size=(6 * d, 2)):
        atoms.append(np.exp(-np.sum((grid - centre) ** 2, axis=1) / rng.uniform(2, 6)))
    A = np.array(atoms).T
    return A / np.linalg.norm(A, axis=0)


def tilt(A_star, rng, angle, d):
    """Every group turned by ``angle`` towards new directions, still orthonormal.

    Needs n >= n_atoms + d.
    """
    normal = scipy.linalg.null_space(A_star.T)[:, :d] @ haar(rng, d, d)
    return np.hstack([math.cos(angle) * S + math.sin(angle) * normal for S in split(A_star, d)])


def simulation_like(rng):
    """[T21] Section 4.1 at a fifth of its size: Gaussian unit columns, moved by noise."""
    A_star = rng.normal(size=(190, 200))
    A_star /= np.linalg.norm(A_star, axis=0)
    return A_star + 0.48 * rng.normal(size=A_star.shape), A_star


def cases():
    rng = np.random.default_rng(0)
    orthonormal = haar(rng, 20, 12)
    gaussian, gaussian_star = simulation_like(rng)
    digits = digits_like(rng, 2)
    return {
        "orthonormal": (orthonormal, orthonormal, 3, 2),
        "turned a little": (tilt(orthonormal, rng, 0.03, 3), orthonormal, 3, 2),
        "perturbed": (orthonormal + 0.01 * rng.normal(size=(20, 12)), orthonormal, 2, 1),
        "the simulation, smaller": (gaussian, gaussian_star, 2, 3),
        "like digits": (digits, digits, 2, 2),
        "the 7/25 frame": (FRAME, FRAME, 2, 1),
        "single atoms": (haar(rng, 6, 4), haar(rng, 6, 4), 1, 1),
    }


CASES = cases()


def report_on(name, b_min=4.0, b_max=5.0):
    A, A_star, d, n_active = CASES[name]
    return check_dictionary(A, d, n_active, b_min, b_max, A_star)


# ---- numbers by another route


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_of_loops_over_groups(name):
    A, A_star, d, n_active = CASES[name]
    report = report_on(name)
    blocks = split(A, d)
    star = split(A_star, d)
    gram = np.abs(A_star.T @ A_star)
    cross = max(scipy.linalg.svdvals(S.T @ T)[0] for S, T in itertools.permutations(star, 2))
    assert report.coherence == pytest.approx(np.triu(gram, 1).max(), rel=1e-10, abs=1e-14)
    assert report.cross_block_norm == pytest.approx(cross, rel=1e-10, abs=1e-14)
    assert report.block_coherence == pytest.approx(cross / d, rel=1e-10, abs=1e-14)
    distances = [math.sqrt(np.sum((B - S) ** 2)) for B, S in zip(blocks, star, strict=True)]
    np.testing.assert_allclose(report.closeness, distances, atol=1e-14)
    assert report.delta == pytest.approx(max(distances), abs=1e-14)
    np.testing.assert_allclose(
        report.orthonormality,
        [np.abs(scipy.linalg.eigvalsh(B.T @ B) - 1).max() for B in blocks],
        atol=1e-12,
    )
    angles = [
        np.sort(scipy.linalg.subspace_angles(B, S)) for B, S in zip(blocks, star, strict=True)
    ]
    np.testing.assert_allclose(np.sort(report.principal_angles, axis=1), angles, atol=1e-7)
    assert report.sizes == {
        "n_features": len(A),
        "n_atoms": A.shape[1],
        "n_groups": len(star),
        "group_size": d,
        "n_active": n_active,
        "b_min": 4,
        "b_max": 5,
    }
    for form in FORMS:
        assert report.intervals[form] == support_interval(A, A_star, d, n_active, 4, 5, form)


def margins_by_hand(A, A_star, d, n_active, b_min, b_max):
    """Margins of the hypotheses in the order of the report, from the matrices."""
    blocks = split(A, d)
    star = split(A_star, d)
    n = len(A)
    delta = max(np.linalg.norm(B - S) for B, S in zip(blocks, star, strict=True))
    cross = max(np.linalg.norm(S.T @ T, 2) for S, T in itertools.permutations(star, 2))
    angle = max(scipy.linalg.subspace_angles(B, S)[0] for B, S in zip(blocks, star, strict=True))
    rho = math.inf
    orbit = 0.0
    for B, S in zip(blocks, star, strict=True):
        X = np.abs(S.T @ B)
        omega = max((X[i, j] for i, j in itertools.permutations(range(d), 2)), default=0.0)
        rho = min(
            rho, np.diag(S.T @ B).min() - math.sqrt(2 * d) * (omega * math.sqrt(d * d + 1) + delta)
        )
        orbit = max(orbit, np.linalg.norm(B - S @ scipy.linalg.orthogonal_procrustes(S, B)[0]))

    def condition69(tau):
        right = (
            3 * (2 - tau) * (tau - 2 / 3) * d + (1 - tau) * (2 - tau) * min(delta, 1) ** 2
        ) / tau**2
        return right - (d - min(delta, 1) ** 2 / 2) ** 2 / d

    tau = scipy.optimize.brentq(condition69, 0.3, 1) if condition69(1.0) > 1e-12 else 1.0
    log_n = math.log(n)
    return [
        -max(np.linalg.norm(B.T @ B - np.eye(d), 2) for B in blocks),
        -max(abs(np.linalg.norm(S, 2) - 1) for S in star),
        -max(np.linalg.norm(S.T @ S - np.eye(d), 2) for S in star),
        -max(abs(np.linalg.norm(a) - 1) for a in A_star.T),
        1 - delta,
        log_n - n_active,
        b_min / (4 * b_max * log_n) - max(cross, delta),
        b_min * (1 - delta) - 2 * n_active * b_max * (cross / d + delta),
        b_min * (1 - delta) - (2 * n_active - 1) * b_max * (cross + delta),
        rho,
        1 - tau - (cross + delta),
        1 - orbit,
        b_min * math.cos(angle) - b_max * (cross + math.sin(angle)),
    ]


@pytest.mark.parametrize("name", CASES)
def test_the_margins_are_those_of_the_formulas_and_decide_the_flags(name):
    A, A_star, d, n_active = CASES[name]
    hypotheses = report_on(name).hypotheses
    expected = margins_by_hand(A, A_star, d, n_active, 4.0, 5.0)
    assert [h.margin for h in hypotheses] == pytest.approx(expected, abs=2e-6)
    for k, (h, margin) in enumerate(zip(hypotheses, expected, strict=True)):
        assert h.holds == (margin >= (-1e-9 if k < 4 else 0)) or abs(margin) < 1e-7


def test_an_orthonormal_dictionary_at_its_target_satisfies_every_hypothesis_that_can_be():
    report = report_on("orthonormal")
    failing = {h.text for h in report.hypotheses if not h.holds}
    assert failing <= {NORM_CONDITION}  # its margin is 0, so rounding decides
    # the printed interval has a closed right end
    assert report.certified == {
        "printed": False,
        "corrected": True,
        "sharp": True,
        "exact": True,
    }
    for form in FORMS:
        assert report.intervals[form] == pytest.approx((0, 4), abs=1e-12)


def test_the_simulation_of_the_paper_is_outside_its_own_theory():
    report = report_on("the simulation, smaller")
    failing = " | ".join(h.text for h in report.hypotheses if not h.holds)
    assert not report.certified["corrected"]
    assert [form for form in FORMS if not report.intervals[form].empty] == []
    for text in (
        "A_g^T A_g = I",
        "||A*_g||_2 = 1",
        "delta = max_g",
        "rho > 0",
        "norm condition (69)",
        "orbit distance",
    ):
        assert text in failing
    assert "atoms of A* have unit norm" not in failing


# ---- flags flip


def inside():
    """A small pair that meets every hypothesis but (69) together with Lemma 1."""
    rng = np.random.default_rng(1)
    A_star = haar(rng, 30, 6)
    return tilt(A_star, rng, 0.02, 2), A_star


def stretched(A, factor, atoms=(0,)):
    A = A.copy()
    A[:, list(atoms)] *= factor
    return A


def correlated(A_star):
    """Group 1 turned half way towards group 0, orthonormal."""
    A = A_star.copy()
    A[:, 2:4] = math.cos(0.7) * A_star[:, 2:4] + math.sin(0.7) * A_star[:, 0:2]
    return A


BREAK = {
    "A_g^T A_g = I for every group": lambda A, S: (stretched(A, 1.001), S, {}),
    "||A*_g||_2 = 1 for every group": lambda A, S: (A, stretched(S, 1.001), {}),
    "A*_g^T A*_g = I for every group": lambda A, S: (A, stretched(S, 0.9), {}),
    "atoms of A* have unit norm": lambda A, S: (A, stretched(S, 0.9), {}),
    "delta = max_g ||A_g - A*_g||_F <= 1": lambda A, S: (-A, S, {}),
    "gamma <= log n": lambda A, S: (A[:8], S[:8], {"n_active": 3}),
    "log n >= 1 and max(d mu_B, delta) <= B_min / (4 B_max log n)": lambda A, S: (
        correlated(S),
        correlated(S),
        {},
    ),
    "Lemma 1's interval as printed is not empty": lambda A, S: (A, S, {"b_max": 200.0}),
    "B_min (1 - delta) > (2 gamma - 1) B_max (d mu_B + delta)": lambda A, S: (
        A,
        S,
        {"b_max": 200.0},
    ),
    "rho > 0: alpha_min > sqrt(2 d)(omega_max sqrt(d^2 + 1) + delta)": lambda A, S: (
        A[:, [1, 0, 2, 3, 4, 5]],
        S,
        {},
    ),
    "orbit distance min_Q ||A_g - A*_g Q||_F <= 1": lambda A, S: (A[:, [2, 3, 0, 1, 4, 5]], S, {}),
    "B_max (d mu_B + sin theta_max) < B_min cos theta_max": lambda A, S: (
        A[:, [2, 3, 0, 1, 4, 5]],
        S,
        {},
    ),
}


@pytest.mark.parametrize("text", BREAK)
def test_a_flag_flips_when_its_hypothesis_is_broken(text):
    A, A_star = inside()
    before = {h.text: h for h in check_dictionary(A, 2, 1, 4.0, 5.0, A_star).hypotheses}
    A, A_star, sizes = BREAK[text](A, A_star)
    after = {
        h.text: h
        for h in check_dictionary(
            A, 2, **{"n_active": 1, "b_min": 4.0, "b_max": 5.0} | sizes, A_star=A_star
        ).hypotheses
    }
    assert before[text].holds
    assert not after[text].holds
    assert after[text].margin < 0
    assert before[text].needed_by


def test_every_hypothesis_of_the_report_is_broken_but_one_that_rarely_holds():
    A, A_star = inside()
    holds = {h.text: h.holds for h in check_dictionary(A, 2, 1, 4.0, 5.0, A_star).hypotheses}
    assert set(holds) - set(BREAK) == {NORM_CONDITION}
    assert not holds[NORM_CONDITION]


def test_equalities_hold_to_rounding_and_inequalities_exactly():
    report = report_on("orthonormal")
    assert [h.tolerance for h in report.hypotheses] == [1e-9] * 4 + [0.0] * 9
    assert [h.holds for h in report.hypotheses] == [
        h.margin >= -h.tolerance for h in report.hypotheses
    ]
    assert min(h.margin for h in report.hypotheses[:4]) < 0  # defects of rounding


@pytest.mark.parametrize("name", CASES)
def test_a_threshold_is_certified_inside_the_exact_interval_and_refuted_outside(name):
    report = report_on(name)
    low, high = report.intervals["exact"]
    first, last = report.intervals["necessary"]
    sharp = report.intervals["sharp"]
    assert first <= low <= sharp.low + 1e-12
    assert sharp.high - 1e-12 <= high <= last
    for lam in (0.0, 0.99 * low, low, (low + high) / 2, 0.99 * high, high, 1.01 * high):
        assert report.certifies(lam) == (low <= lam < high)
        assert report.refutes(lam) == (not first <= lam < last)


@pytest.mark.parametrize(
    ("change", "certified"),
    [
        (lambda A, S: (A, S), True),
        (lambda A, S: (stretched(A, 1.001), S), False),
        (lambda A, S: (A, stretched(S, 1.001)), False),
        # the corrected bound uses ||A*_g||_2 <= 1
        (lambda A, S: (A, stretched(S, 0.99)), True),
    ],
)
def test_the_corrected_interval_is_certified_exactly_under_its_hypotheses(change, certified):
    A, A_star = change(*inside())
    report = check_dictionary(A, 2, 1, 4.0, 5.0, A_star)
    assert report.certified["corrected"] == certified
    if certified:  # then it lies inside the sharp one
        sharp = report.intervals["sharp"]
        corrected = report.intervals["corrected"]
        assert sharp.low <= corrected.low + 1e-12
        assert corrected.high <= sharp.high + 1e-12


# ---- certificates hold


def wrong_supports(A, A_star, d, n_active, b_min, b_max, lam, rng, draws):
    """Number of drawn codes whose support is not found at lam.

    Every second code is the worst one for a group drawn at random: in the direction that this
    group sees most, or least if it is active itself.
    """
    blocks = split(A, d)
    star = split(A_star, d)
    wrong = 0
    for k in range(draws):
        S = rng.choice(len(star), n_active, replace=False)
        target = rng.integers(len(star))
        y = np.zeros(len(A))
        for h in S:
            u = rng.normal(size=d)
            if k % 2:
                _, _, Vt = np.linalg.svd(blocks[target].T @ star[h])
                u = Vt[-1] if h == target else Vt[0] * rng.choice([-1, 1])
            norm = rng.choice([b_min, b_max]) if k % 2 else rng.uniform(b_min, b_max)
            y += star[h] @ u / np.linalg.norm(u) * norm
        found = {g for g, B in enumerate(blocks) if np.linalg.norm(B.T @ y) > lam}
        wrong += found != set(S.tolist())
    return wrong


CERTIFIED = [
    (name, form)
    for name in ("orthonormal", "turned a little", "the 7/25 frame")
    for form in ("corrected", "sharp", "exact")
]


@pytest.mark.parametrize(("name", "form"), [*CERTIFIED, ("perturbed", "sharp")])
def test_no_code_breaks_recovery_inside_a_certified_interval(name, form):
    A, A_star, d, n_active = CASES[name]
    report = report_on(name)
    rng = np.random.default_rng(2)
    low, high = report.intervals[form]
    assert report.certified[form]
    assert low < high
    for place in (1e-9, 0.2, 0.5, 0.8, 1 - 1e-9):
        assert (
            wrong_supports(A, A_star, d, n_active, 4.0, 5.0, low + place * (high - low), rng, 300)
            == 0
        )


@pytest.mark.parametrize("name", ["turned a little", "perturbed", "the 7/25 frame"])
def test_the_same_search_finds_codes_that_break_recovery_outside_the_sharp_interval(name):
    A, A_star, d, n_active = CASES[name]
    low, high = report_on(name).intervals["sharp"]
    rng = np.random.default_rng(3)
    assert wrong_supports(A, A_star, d, n_active, 4.0, 5.0, 0.6 * low, rng, 300) > 0
    assert wrong_supports(A, A_star, d, n_active, 4.0, 5.0, 1.1 * high, rng, 300) > 0


def test_the_printed_interval_of_the_7_25_frame_is_not_certified_and_is_broken():
    report = check_dictionary(FRAME, 2, 1, 1, 2)
    printed = report.intervals["printed"]
    rng = np.random.default_rng(4)
    assert report.certified == {
        "printed": False,
        "corrected": True,
        "sharp": True,
        "exact": True,
    }
    assert printed == pytest.approx((0.28, 0.72))
    # T21-lemma1: ||A_1^T y|| = 14/25
    assert wrong_supports(FRAME, FRAME, 2, 1, 1, 2, 0.5, rng, 300) > 50
    assert wrong_supports(FRAME, FRAME, 2, 1, 1, 2, 0.57, rng, 300) == 0
    np.testing.assert_allclose(np.linalg.norm(FRAME[:, :2].T @ FRAME[:, 2:] @ [2, 0]), 14 / 25)


def test_the_closed_right_end_of_the_printed_interval_is_not_certified():
    report = check_dictionary(np.eye(4), 2, 1, 4, 5)
    assert report.intervals["printed"] == report.intervals["sharp"] == (0, 4)
    # at lam = 4 a group of norm 4 is lost (T21-lemma1-closed-end)
    assert report.certified == {
        "printed": False,
        "corrected": True,
        "sharp": True,
        "exact": True,
    }


def test_a_printed_interval_inside_the_sharp_one_is_certified():
    rng = np.random.default_rng(5)
    A_star = haar(rng, 12, 4)
    A = tilt(A_star, rng, 0.1, 1)
    report = check_dictionary(A, 1, 1, 4, 5, A_star)
    sharp = report.intervals["sharp"]
    printed = report.intervals["printed"]
    assert sharp.low <= printed.low < printed.high < sharp.high
    assert report.certified["printed"]
    assert [wrong_supports(A, A_star, 1, 1, 4, 5, lam, rng, 300) for lam in printed] == [0, 0]


# ---- input and output


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_other_numbers_than_float64_are_read_with_a_fitting_tolerance(dtype):
    A = np.eye(6) if dtype is np.int64 else haar(np.random.default_rng(6), 12, 6)
    report = check_dictionary(A.astype(dtype), 2, 1, 4, 5)
    assert report.hypotheses[0].holds
    assert report.hypotheses[1].holds
    assert report.intervals["corrected"] == pytest.approx((0, 4), abs=1e-4)


def test_without_a_target_the_dictionary_is_its_own_and_is_not_modified():
    A = CASES["like digits"][0].copy()
    A.setflags(write=False)
    report = check_dictionary(A, 2, 1, 1, 2)
    assert (report.delta, report.principal_angles.max() < 1e-6) == (0, True)
    np.testing.assert_array_equal(A, CASES["like digits"][0])


def test_the_report_becomes_json():
    plain = json.loads(json.dumps(report_on("turned a little").to_dict(), default=float))
    assert set(plain["intervals"]) == set(FORMS)
    assert set(plain["certified"]) == set(CERTIFYING)
    assert plain["intervals"]["sharp"]["empty"] is False
    assert len(plain["closeness"]) == 4
    assert len(plain["principal_angles"][0]) == 3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.eye(4), 3, 1, 1, 2), ValueError, "does not divide the 4 atoms"),
        ((np.eye(4), 2, 3, 1, 2), ValueError, "n_active = 3, but there are only 2 groups"),
        ((np.eye(4), 2, 1, 2, 1), ValueError, "0 < b_min <= b_max"),
        ((np.eye(4), 2, 1, 1, 2, np.eye(2)), ValueError, "A_star has shape"),
        ((np.eye(4) * np.nan, 2, 1, 1, 2), ValueError, "non-finite entries"),
        ((np.zeros((4, 4)), 2, 1, 1, 2), ValueError, "has rank 0"),
        ((np.eye(4) * 1j, 2, 1, 1, 2), TypeError, "complex128"),
        ((np.eye(4), 2.0, 1, 1, 2), TypeError, "group_size"),
    ],
)
def test_bad_input_is_refused_with_the_rule(arguments, error, message):
    with pytest.raises(error, match=message):
        check_dictionary(*arguments)


def test_the_report_is_plain_data():
    for A in (np.eye(4), np.eye(1), np.eye(6)[:, :4].astype(np.float32)):
        report = check_dictionary(A, 1, 1, 4, 5)
        assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["sizes"]["group_size"] == 1


def test_an_empty_interval_certifies_nothing():
    report = check_dictionary(np.ones((3, 2)), 1, 1, 4, 5)
    assert all(interval.empty for form, interval in report.intervals.items() if form != "printed")
    assert not any(report.certified.values())
