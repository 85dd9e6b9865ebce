"""The counterexamples to N19: known numbers, floating point by other means, spoilt instances."""

import math
from fractions import Fraction as F
from itertools import combinations, product

import numpy as np
import pytest

from gsae_ref.claims.refutation import REFUTATIONS
from gsae_ref.papers.counterexamples import COUNTEREXAMPLES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.n19.consistency import counterexamples as consistency
from gsae_ref.papers.n19.exact import Model, constant_codes, mixture, rademacher
from gsae_ref.papers.n19.mixture import counterexamples as mixture_counterexamples
from gsae_ref.papers.n19.model import counterexamples as model
from gsae_ref.papers.n19.nonnegative import counterexamples as nonnegative
from gsae_ref.papers.n19.sparse_codes import counterexamples as sparse_codes


@pytest.mark.parametrize("name", [name for name in COUNTEREXAMPLES if name.startswith("N19")])
def test_it_refutes_a_statement_of_this_paper(built, name):
    certificate = built[name]
    assert certificate.name == name
    assert certificate.statement.startswith("N19-")
    assert certificate.statement in LEDGER
    assert [str(h) for h in certificate.hypotheses if not h.holds] == []
    assert certificate.refutes


KNOWN = {
    "N19-theorem3ii": (F(99, 1010), 0),
    "N19-interference": (F(20, 101), F(113, 800)),
    "N19-theorem1i": (F(20, 101), 0),
    "N19-theorem3-short": (F(1, 50), F(1, 10**4)),
    "N19-theorem3i": (F(125000, 15719761), F(1, 2)),
    "N19-theorem3iii-any-constant": (F(600, 901), F(1, 2)),
    "N19-k-log-squared": (10**18, 10**16),
    "N19-bias-schedule": (F(38, 1107), 0),
    "N19-induction": (F(-1, 20), F(-51, 1000)),
    "N19-mixture-pairs": (0, F(1, 16000)),
    "N19-well-conditioned": (0, F(1, 10)),
    "N19-lemma1": (F(1, 40), F(1, 24)),
    "N19-expected-bias-gradient": (F(-1, 5), F(1, 5)),
    "N19-indicator": (1, 0),
    "N19-eq15": (F(14400, 28561), 0),
    "N19-both-conditions": (F(3118979, 16080100), F(4, 401)),
    "N19-residual": (F(9, 704), F(9, 1024)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_numbers(built, name):
    assert (built[name].printed.left, built[name].printed.right) == KNOWN[name]


# ---- in floating point, by other means


def gradient(W, A, codes, chances, b, threshold=None):
    """Expected (5) in floating point, by a loop over samples; the active set is held."""
    G = np.zeros_like(W)
    g_b = np.zeros(W.shape[1])
    for x, p in zip(codes, chances, strict=True):
        y = A @ x
        z = W.T @ y + b
        on = z > 0 if threshold is None else np.abs(z) >= threshold
        e = y - W @ np.where(on, z, 0)
        for i in np.flatnonzero(on):
            G[:, i] -= p * (z[i] * e + y * (W[:, i] @ e))
            g_b[i] -= p * (W[:, i] @ e)
    return G, g_b


def signs_of_two():
    return [np.array([s, t], dtype=float) for s in (1, -1) for t in (1, -1)], [0.25] * 4


def test_theorem3ii_in_floats(built):
    W = np.array([[1, 20 / 101], [0, 99 / 101]])
    A = np.array([[1, 40 / 401], [0, 399 / 401]])
    assert np.linalg.norm(W - A, axis=0).max() <= 0.1
    assert A[:, 0] @ A[:, 1] <= 0.1
    assert (W.T @ A[:, 0] - 0.1)[1] == pytest.approx(float(built["N19-theorem3ii"].printed.left))


def test_theorem3iii_in_floats(built):
    """The rare support at n = m = 400, k = 100: inactive neurons that lean on it pass 1/2."""
    n = 400
    k = 100
    t = 1 / 30
    cosine = (1 - t * t) / (1 + t * t)
    sine = 2 * t / (1 + t * t)
    W = np.eye(n)
    W[:, k:] *= cosine
    W[:k, k:] = sine / 10
    np.testing.assert_allclose(np.linalg.norm(W, axis=0), 1)
    assert np.linalg.norm(W - np.eye(n), axis=0).max() <= 2 * t
    x = np.arange(n) < k
    z = W.T @ x.astype(float)
    expected = float(built["N19-theorem3iii-any-constant"].printed.left)
    np.testing.assert_allclose(z[k:], expected)


def test_the_block_of_theorem3i_in_floats():
    """Network and certificate at small sizes: all sign patterns of q of r = 16 unit vectors."""
    r = 16
    A = np.hstack([np.eye(r), np.ones((r, 1)) / 4])
    for q in (3, 6, 9):
        bits = np.arange(2**q)[:, None] >> np.arange(q) & 1
        X = np.zeros((2**q, r + 1))
        X[:, :q] = 2.0 * bits - 1
        wrong = np.abs(X @ A.T @ A[:, r]) >= 0.5
        assert wrong.mean() == float(consistency.sign_sum_tail(q, F(2)))


def test_the_law_of_blocks_is_that_of_independent_blocks():
    """p_i, p_ij, p_ijl of q of r + 1 atoms in each of two blocks, by enumeration."""
    r = 3
    q = 3
    blocks = list(combinations(range(r + 1), q))
    supports = []
    for a, b in product(blocks, repeat=2):
        supports.append({*a, *(j + r + 1 for j in b)})

    def chance(*atoms):
        return F(sum(set(atoms) <= S for S in supports), len(supports))

    found = consistency._law_of_blocks(r, q, 2 * q, 2 * (r + 1))
    assert (chance(0), chance(0, 1), chance(0, 1, 2)) == (
        found[0].left,
        found[1].right,
        found[3].right,
    )
    assert chance(0, r + 1) == found[2].right
    assert chance(0, 1, r + 1) <= found[4].right


@pytest.mark.parametrize("frequent", [False, True])
def test_the_step_of_two_classes_against_the_whole_enumeration(frequent):
    """n = 8: S holds 2 of 4 rare atoms and 3 of 4 frequent ones, codes +-1."""
    n = 8
    rare = range(4)
    often = range(4, 8)
    s = mixture_counterexamples.TwoClasses(n, 2, 3, (F(40, 41), F(9, 41)), F(1), frequent)
    first = 4 if frequent else 0
    W = np.eye(n)
    W[first, first] = 40 / 41
    W[first + 1, first] = 9 / 41
    codes = []
    for a in combinations(rare, 2):
        for b in combinations(often, 3):
            for bits in range(2**5):
                x = np.zeros(n)
                x[[*a, *b]] = [1 if bits >> j & 1 else -1 for j in range(5)]
                codes.append(x)
    G = gradient(W, np.eye(n), codes, [1 / len(codes)] * len(codes), 0.0, 0.5)[0]
    M = W - 0.7 * G
    own, other = s.step(F(7, 10))
    np.testing.assert_allclose(M[[first, first + 1], first], [float(own), float(other)], atol=1e-13)
    rest = np.delete(M[:, first], [first, first + 1])
    np.testing.assert_allclose(rest, 0, atol=1e-13)


def test_the_step_of_turned_pairs_against_the_whole_enumeration():
    m = 8
    k = 3
    c = 40 / 41
    s = 9 / 41
    W = np.kron(np.eye(4), np.array([[c, -s], [s, c]]))
    codes = [np.isin(np.arange(m), S).astype(float) for S in combinations(range(m), k)]
    G = gradient(W, np.eye(m), codes, [1 / len(codes)] * len(codes), 0.0, 0.5)[0]
    M = W - 1.3 * G
    angle = F(40, 41), F(9, 41)
    own, other, outside = nonnegative.turned_pairs_step(m, k, angle, F(13, 10))
    np.testing.assert_allclose(M[:2, 0], [float(own), float(other)], atol=1e-13)
    np.testing.assert_allclose(np.abs(M[:2, 1]), [float(other), float(own)], atol=1e-13)
    assert np.sum(M[2:, 0] ** 2) <= float(outside)
    assert np.sum(M[2:, 1] ** 2) <= float(outside)


def test_the_projection_in_floats(built):
    n = 900
    r = 13 / 12
    t = (1 - r * r) / (2 * r - 2 / 30)
    W = np.eye(n) + t / 30
    W /= np.linalg.norm(W, axis=0)
    assert np.linalg.norm(W, 2) <= 2
    assert np.linalg.norm(W - np.eye(n), axis=0).max() <= 1 / 7
    assert np.linalg.norm(W - np.eye(n), 2) ** 2 == pytest.approx(
        float(built["N19-projection"].printed.left)
    )


def test_eq15_and_eq11_in_floats(built):
    W = np.array([[12, 5], [5, 12]]) / 13
    g = gradient(W, np.eye(2), *signs_of_two(), 0.0, 0.5)[0][:, 0]
    np.testing.assert_allclose(g, np.array([1200, 2880]) / 2197)
    printed = built["N19-eq15"].printed  # half of it
    assert np.sum((g / 2) ** 2) == pytest.approx(float(printed.left))
    rest = np.eye(2) - W @ W.T
    missing = rest @ (W[:, 0] - 12 / 13 * np.eye(2)[:, 0])
    assert np.sum(missing**2) == pytest.approx(float(built["N19-eq11"].printed.left))


def test_eq16_bias_gradient_and_fixed_bias_in_floats(built):
    c = 99 / 101
    s = 20 / 101
    b = -0.4
    W = np.array([[c, -s], [s, c]])
    G, g_b = gradient(W, np.eye(2), np.eye(2), [0.5, 0.5], b)
    np.testing.assert_allclose(g_b, [0.5 * b] * 2)
    printed = -0.5 * c * np.eye(2)[:, 0] + 0.5 * (c**2 + 2 * 0.5 * b * c + b**2) * W[:, 0]
    assert np.sum((G[:, 0] - printed) ** 2) == pytest.approx(float(built["N19-eq16"].printed.left))
    M = W - 2 / c * G
    assert (M[1, 0] / M[0, 0]) ** 2 == pytest.approx(float(built["N19-fixed-bias"].printed.left))


def test_beta_in_floats(built):
    W = np.array([[1, 0.6], [0, 0.8], [0, 0]])
    A = np.array([[12 / 13, 0.6], [0, 0.8], [5 / 13, 0]])
    g = gradient(W, A, [np.ones(2)], [1.0], np.array([-0.25, -0.125]))[0][:, 0]
    assert -g[2] / A[2, 0] == pytest.approx(float(built["N19-beta"].corrected.left))


def test_residual_in_floats(built):
    m = 12
    k = 3
    b = -0.5
    codes = [np.isin(np.arange(m), S).astype(float) for S in combinations(range(m), k)]
    g = gradient(np.eye(m), np.eye(m), codes, [1 / len(codes)] * len(codes), b)[0][:, 0]
    assert np.sum(g[1:] ** 2) == pytest.approx(float(built["N19-residual"].printed.left))


def test_lemma2_pairs_against_the_whole_enumeration():
    """The certificate's reduction to a plane is the enumerated update, n = m = 6, k = 3."""
    m = 6
    k = 3
    t = 0.1
    c = (1 - t * t) / (1 + t * t)
    s = 2 * t / (1 + t * t)
    W = np.kron(np.eye(3), np.array([[c, -s], [s, c]]))
    codes = []
    chances = []
    for S in combinations(range(m), k):
        for bits in range(2**k):
            x = np.zeros(m)
            x[list(S)] = [1 if bits >> j & 1 else -1 for j in range(k)]
            codes.append(x)
            chances.append(1 / (math.comb(m, k) * 2**k))
    g = gradient(W, np.eye(m), codes, chances, 0.0, 0.5)[0][:, 0]
    p = k / m
    pair = k * (k - 1) / (m * (m - 1))
    np.testing.assert_allclose(
        g[:2],
        [-p * c + (p * c**2 + pair * s**2) * c, -pair * s + (p * c**2 + pair * s**2) * s],
        atol=1e-14,
    )
    np.testing.assert_allclose(g[2:], 0, atol=1e-14)


@pytest.mark.parametrize(
    ("diagonal", "shift", "b"), [(1.0, 0.0, -0.5), (0.97, 0.03, 0.0), (0.9, 0.05, -0.3)]
)
def test_the_common_mode_step_against_the_whole_enumeration(diagonal, shift, b):
    m = 7
    k = 3
    W = diagonal * np.eye(m) + shift
    codes = [np.isin(np.arange(m), S).astype(float) for S in combinations(range(m), k)]
    G = gradient(W, np.eye(m), codes, [1 / len(codes)] * len(codes), b, None if b else 0.5)[0]
    M = W - 1.3 * G
    own, other = nonnegative.common_mode_step(m, k, diagonal, shift, b, 1.3)
    np.testing.assert_allclose(M, other + (own - other) * np.eye(m), atol=1e-13)


def test_lemma3_in_floats(built):
    n = 400
    r = 0.9
    t = (1 - r * r) / (2 * r - 0.1)
    W = np.eye(n) + t / 20
    W /= np.linalg.norm(W, axis=0)
    assert np.linalg.norm(W - np.eye(n), axis=0).max() <= 1 / 9
    assert np.linalg.norm(W - np.eye(n), 2) ** 2 == pytest.approx(
        float(built["N19-lemma3"].printed.left)
    )


# ---- spoilt, and families


def at(name):
    """The certificate of a claim and a point, of which parameters are replaced."""
    return REFUTATIONS[name].certificate


SPOILT = [
    (consistency.noise_above_the_interval, {"extra": F(1, 10)}, "hypothesis"),
    (consistency.noise_above_the_interval, {"root": 5}, "printed"),
    (consistency.inactive_neuron_above_the_interval, {"bias": F(-1, 5)}, "printed"),
    (consistency.inactive_neuron_above_the_interval, {"bias": F(-1, 20)}, "hypothesis"),
    (consistency.inactive_neuron_above_the_interval, {"lean": F(1, 20)}, "printed"),
    (consistency.averages_of_blocks, {"n_blocks": 1}, "printed"),
    (consistency.averages_of_blocks, {"s": 400}, "hypothesis"),
    (consistency.averages_of_blocks, {"q": 9020}, "hypothesis"),
    (consistency.rare_common_support, {"half_tangent": F(1, 45)}, "printed"),
    (consistency.rare_common_support, {"half_tangent": F(1, 15)}, "hypothesis"),
    (consistency.rare_common_support, {"n": 10**7}, "hypothesis"),
    (consistency.small_delta_allows_large_k, {"delta": F(1, 100)}, "hypothesis"),
    (consistency.small_delta_allows_large_k, {"n": 10**3}, "hypothesis"),
    (consistency.relu_without_a_bias, {"bias": F(-1, 5)}, "printed"),
    (mixture_counterexamples.bias_below_the_coherence, {"halvings": 0}, "printed"),
    (mixture_counterexamples.bias_below_the_coherence, {"delta": F(1, 5)}, "hypothesis"),
    (mixture_counterexamples.bias_below_the_coherence, {"n": 14}, "hypothesis"),
    (mixture_counterexamples.remainder_of_the_wrong_sign, {"rest": F(0)}, "printed"),
    (model.no_two_atoms_at_once, {"constant": F(0)}, "printed"),
    (model.columns_that_sum_to_zero, {"constant": F(0)}, "printed"),
    (model.floor_of_the_size_of_the_start, {"k": 5000}, "printed"),
    (model.floor_of_the_size_of_the_start, {"k": 80_000}, "hypothesis"),
    (mixture_counterexamples.error_along_w, {"factor": 0}, "printed"),
    (mixture_counterexamples.error_along_w, {"b": F(-1, 2)}, "hypothesis"),
    (mixture_counterexamples.error_along_w, {"delta_squared": F(49, 100)}, "hypothesis"),
    (mixture_counterexamples.frequent_column_overshoots, {"counts": (4, 7)}, "printed"),
    (mixture_counterexamples.frequent_column_overshoots, {"delta": F(1, 60)}, "hypothesis"),
    (mixture_counterexamples.no_step_serves_two_classes, {"counts": (5, 20)}, "printed"),
    (mixture_counterexamples.no_step_serves_two_classes, {"n": 10**7}, "printed"),
    (mixture_counterexamples.no_step_serves_two_classes, {"counts": (2, 18)}, "hypothesis"),
    (at("N19-both-conditions"), {"W": ("0", "0")}, "printed"),
    (mixture_counterexamples.fixed_bias_brings_closer, {"bias": F(-1, 10)}, "hypothesis"),
    (at("N19-expected-bias-gradient"), {"bias": ("-1/10", "-1/10")}, "hypothesis"),
    (sparse_codes.factor_dropped, {"n": 10**4, "k": 100, "t": F(1, 20)}, "printed"),
    (sparse_codes.factor_dropped, {"t": F(1, 30)}, "hypothesis"),
    (sparse_codes.common_shift_of_all_columns, {"root_n": 10, "delta": F(1, 8)}, "printed"),
    (nonnegative.against_the_common_direction, {"r": F(22, 21)}, "printed"),
    (nonnegative.against_the_common_direction, {"r": F(9, 8)}, "hypothesis"),
    (at("N19-beta"), {"bias": ("-1/4", "-1/4")}, "printed"),
    (at("N19-beta"), {"bias": ("-2", "-1/8")}, "hypothesis"),
    (nonnegative.residual_at_the_truth, {"constant": F(2)}, "printed"),
    (nonnegative.residual_at_the_truth, {"bias": F(0)}, "hypothesis"),
    (at("N19-eq16"), {"bias": ("-1/10", "-1/10")}, "hypothesis"),
    (at("N19-eq15"), {"W": ("0", "0")}, "printed"),
    (at("N19-eq15"), {"W": ("1/2", "1/2")}, "hypothesis"),
    (at("N19-eq11"), {"W": ("0", "0")}, "printed"),
    (at("N19-eq12"), {"W": ("0", "0")}, "printed"),
    (nonnegative.bias_pushes_towards_all_others, {"m": 20}, "printed"),
    (nonnegative.bias_pushes_towards_all_others, {"bias": F(-1, 20)}, "hypothesis"),
    (nonnegative.no_step_serves_both_directions, {"k": 5}, "printed"),
    (nonnegative.no_step_serves_both_directions, {"constant": 300}, "printed"),
    (nonnegative.no_step_serves_both_directions, {"delta": F(1, 1000)}, "hypothesis"),
]


@pytest.mark.parametrize(("make", "changes", "fault"), SPOILT)
def test_a_spoilt_instance_does_not_refute(make, changes, fault):
    certificate = make(**changes)
    held = all(h.holds for h in certificate.hypotheses)
    assert certificate.refutes is False
    assert (held, certificate.printed.holds) == (True, True) if fault == "printed" else not held


@pytest.mark.parametrize(("exponent", "constant"), [(8, 1), (10, 20), (12, 500)])
def test_lemma2_fails_for_every_constant(exponent, constant):
    n = 10**exponent
    k = 10 ** (exponent // 2)
    assert sparse_codes.factor_dropped(n, k, constant, F(1, 5 * exponent)).refutes


@pytest.mark.parametrize(("m", "constant"), [(100, 1), (1000, 10), (10**5, 1000)])
@pytest.mark.parametrize("rate", [F(1, 2), 1, 2])
def test_theorem4iii_with_a_bias_fails_for_every_constant_and_rate(m, constant, rate):
    certificate = nonnegative.bias_pushes_towards_all_others(
        m, rate=rate, constant=F(constant, 3), delta=F(1, 20)
    )
    assert certificate.refutes


@pytest.mark.parametrize(
    ("root_m", "k", "constant"), [(300, 6, 1), (1000, 8, 100), (4000, 12, 500)]
)
def test_theorem4iii_without_a_bias_fails_for_every_constant(root_m, k, constant):
    r = 1 - F(1, root_m)
    assert nonnegative.no_step_serves_both_directions(root_m, k, r, constant=constant).refutes


@pytest.mark.parametrize("rate", [F(1, 20), F(1, 9), F(2, 9), F(1, 3), F(1, 2), 1, 2])
def test_theorem4iii_at_any_other_rate_one_of_the_two_errors_is_larger(rate):
    """At rate 2/9, k = 8, the lesser of the two ratios is largest; one exceeds it elsewhere."""
    diagonal, shift = sparse_codes.common_shift(1000, F(999, 1000))
    angle = F(9999, 10001), F(200, 10001)
    before, after, _ = nonnegative._two_errors(10**6, 8, diagonal, shift, angle, F(rate))
    assert max(a / b for a, b in zip(after, before, strict=True)) > F(60, 100)


@pytest.mark.parametrize(("n", "constant"), [(10**8, 6), (10**9, 50), (10**10, 600)])
def test_no_zeta_serves_two_classes_for_every_constant(n, constant):
    delta = F(1, 40)
    certificate = mixture_counterexamples.no_step_serves_two_classes(
        n, constant=constant, delta=delta
    )
    assert certificate.refutes


@pytest.mark.parametrize("root", [F(1, 2), F(9, 10), F(999, 1000), F(10**6 - 1, 10**6)])
def test_lemma1_fails_for_every_size_of_the_error(root):
    assert mixture_counterexamples.error_along_w(root).refutes


@pytest.mark.parametrize("delta", [F(1, 5), F(1, 10), F(1, 100), F(1, 10**6)])
def test_theorem3ii_and_theorem1i_fail_for_every_delta(delta):
    at_the_end = consistency.inactive_neuron_above_the_interval(delta, inside=-3 * delta)
    assert at_the_end.refutes
    assert consistency.relu_without_a_bias(delta / 2, delta).refutes


@pytest.mark.parametrize(("q", "n", "t"), [(10, 10**6, F(1, 30)), (40, 10**20, F(1, 120))])
def test_theorem3iii_fails_for_a_smaller_delta_too(q, n, t):
    assert consistency.rare_common_support(q, n, t).refutes


@pytest.mark.parametrize(("s", "n_blocks", "q", "most"), [(440, 30_000, 9200, 0.01)])
def test_theorem3i_fails_at_other_sizes(s, n_blocks, q, most):
    certificate = consistency.averages_of_blocks(s, n_blocks, q)
    assert certificate.printed.left < most


@pytest.mark.parametrize("k", [6, 9])
def test_beyond_k_6_no_learning_rate_halves_the_squared_error_of_both_kinds(k):
    """The factors are about (1 - k rate)^2 and (1 - rate)^2: at most 1/2 only for k < 5.83."""
    rates = np.linspace(0.01, 2, 400)
    assert np.maximum((1 - k * rates) ** 2, (1 - rates) ** 2).min() > 0.5


def test_the_setting_refuses_what_is_not_consistent():
    s = Model(
        ((F(1), F(1)), (F(0), F(0))),
        ((F(1), F(0)), (F(0), F(1))),
        mixture(F(1, 2), F(1, 2)),
        (F(0), F(0)),
        F(1),
    )
    assert [c.holds for c in s.consistent()] == [False, False]
    assert s.coherence == 0
    assert not s.model()[2].holds


def test_the_laws_have_the_moments_they_claim():
    for law, mean in ((rademacher(4, 2), 0), (constant_codes(4, 2), F(1, 2))):
        assert sum(p for p, _ in law) == 1
        assert sum(p * x[0][0] for p, x in law) == mean
        assert sum(p * x[0][0] ** 2 for p, x in law) == F(1, 2)
