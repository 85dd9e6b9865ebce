"""The counterexamples to N19: known numbers, a recomputation in floating point that shares nothing with them, spoilt instances."""

import math
from fractions import Fraction as F
from itertools import combinations

import numpy as np
import pytest

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
    "N19-interference": (F(400, 10201), F(320801, 16080100)),
    "N19-theorem1i": (F(20, 101), 0),
    "N19-theorem3iii": (F(15, 26), F(1, 2)),
    "N19-bias-schedule": (F(31, 328), 0),
    "N19-mixture-pairs": (0, F(1, 16000)),
    "N19-lemma1": (F(1, 40), F(239, 5880)),
    "N19-zeta": (F(14404, 160801), F(4, 401)),
    "N19-expected-bias-gradient": (F(-1, 5), F(1, 5)),
    "N19-expected-loss": (F(-5447, 32000), F(-1161, 16000)),
    "N19-lemma5": (F(18, 17), F(361, 400)),
    "N19-lemma5-proof": (F(18, 17), F(225, 256)),
    "N19-indicator": (1, 0),
    "N19-residual": (F(9, 704), F(9, 1024)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_numbers(built, name):
    assert (built[name].printed.left, built[name].printed.right) == KNOWN[name]


def test_the_gradient_of_15_is_twice_what_is_printed(built):
    data = built["N19-eq15"].data
    assert data["g_1"] == ((F(1200, 2197),), (F(2880, 2197),))
    assert data["(15)"] == ((F(600, 2197),), (F(1440, 2197),))


# ------------------------------------------------------------------------------------------------ in floating point, by other means


def gradient(W, A, codes, chances, b, threshold=None):
    """Expected (5) in floating point: a loop over samples, the 2-D formula of the derivative of the loss with the active set held."""
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
    m = 17
    k = 6
    cosine = 12 / 13
    sine = 5 / 13
    W = cosine * np.eye(m) + sine / 4 * (1 - np.eye(m))
    np.testing.assert_allclose(np.linalg.norm(W, axis=0), 1)
    assert k <= 1 / (2 - 2 * cosine)
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = np.zeros(m)
        x[rng.choice(m, k, replace=False)] = 1
        assert (W.T @ x)[x == 0].min() == pytest.approx(
            float(built["N19-theorem3iii"].printed.left)
        )


def test_eq15_and_eq11_in_floats(built):
    W = np.array([[12, 5], [5, 12]]) / 13
    g = gradient(W, np.eye(2), *signs_of_two(), 0.0, 0.5)[0][:, 0]
    np.testing.assert_allclose(g, np.array([1200, 2880]) / 2197)
    rest = np.eye(2) - W @ W.T
    np.testing.assert_allclose(
        [float(v) for (v,) in built["N19-eq11"].data["g^(1)_{i,S}"]], -rest @ W[:, 0], atol=1e-15
    )


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


def test_lemma4_in_floats(built):
    c = 399 / 401
    s = 40 / 401
    size = 3.0
    W = np.kron(np.eye(2), np.array([[c, -s], [s, c]]))
    g = gradient(W, np.eye(4), size * np.eye(4), [0.25] * 4, -size / 2)[0][:, 0]
    w = W[:, 0]
    a = np.eye(4)[:, 0]
    q = 9 * 0.25 * c
    assert 2 * g @ (w - a) == pytest.approx(float(built["N19-lemma4"].printed.left))
    right = 9 * 0.25 * (c - 0.02) * np.sum((w - a) ** 2) + g @ g / q - 1
    assert right == pytest.approx(float(built["N19-lemma4"].printed.right))


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


def test_expected_loss_in_floats(built):
    x = (np.arange(400_000) + 0.5) / 400_000

    def mean(w1, w2=0.6, threshold=0.5):
        on = w1 * x >= threshold
        return np.mean(x**2 / 2 * np.where(on, (1 - w1 * w1) ** 2 + (w1 * w2) ** 2, 1.0))

    h = 1e-2
    assert (mean(0.8 + h) - mean(0.8 - h)) / (2 * h) == pytest.approx(
        float(built["N19-expected-loss"].printed.left), rel=2e-3
    )


def test_lemma2_pairs_against_the_whole_enumeration():
    """The two-dimensional reduction of the certificate is the update of an enumerated problem, n = m = 6, k = 3."""
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


# ------------------------------------------------------------------------------------------------ spoilt, and families

SPOILT = [
    (consistency.ce_theorem3ii, {"bias": F(-1, 5)}, "printed"),
    (consistency.ce_theorem3ii, {"bias": F(-1, 20)}, "hypothesis"),
    (consistency.ce_theorem3ii, {"far": (F(40, 401), F(399, 401))}, "printed"),
    (consistency.ce_theorem3iii, {"k": 5}, "printed"),
    (consistency.ce_theorem3iii, {"delta": F(1, 3)}, "hypothesis"),
    (consistency.ce_negative_bias, {"bias": F(-1, 5)}, "printed"),
    (mixture_counterexamples.ce_diminishing_bias, {"halvings": 1}, "printed"),
    (mixture_counterexamples.ce_diminishing_bias, {"delta": F(1, 5)}, "hypothesis"),
    (model.ce_mixture_pairs, {"constant": F(0)}, "printed"),
    (mixture_counterexamples.ce_lemma1, {"factor": 0}, "printed"),
    (mixture_counterexamples.ce_lemma1, {"b": F(-1, 2)}, "hypothesis"),
    (mixture_counterexamples.ce_lemma1, {"delta": F(7, 10)}, "hypothesis"),
    (mixture_counterexamples.ce_zeta, {"p": (F(1, 2), F(1, 2))}, "printed"),
    (mixture_counterexamples.ce_zeta, {"delta": F(1, 11)}, "hypothesis"),
    (mixture_counterexamples.ce_tau, {"p": (F(1, 5), F(4, 5))}, "printed"),
    (mixture_counterexamples.ce_tau, {"n": 10**4}, "printed"),
    (mixture_counterexamples.ce_bias_conditions, {"bias": F(-1, 1000)}, "hypothesis"),
    (mixture_counterexamples.ce_fixed_bias, {"bias": F(-1, 10)}, "hypothesis"),
    (mixture_counterexamples.ce_bias_gradient, {"bias": F(-1, 10)}, "hypothesis"),
    (sparse_codes.ce_lemma5, {"delta": F(4, 5)}, "hypothesis"),
    (sparse_codes.ce_lemma5_proof, {"direction": (F(4, 5), F(3, 5))}, "printed"),
    (sparse_codes.ce_lemma2, {"n": 10**4, "k": 100, "t": F(1, 20)}, "printed"),
    (sparse_codes.ce_lemma2, {"t": F(1, 30)}, "hypothesis"),
    (sparse_codes.ce_lemma3, {"root_n": 10, "delta": F(1, 8)}, "printed"),
    (sparse_codes.ce_beta, {"biases": (F(-1, 4), F(-1, 4))}, "printed"),
    (sparse_codes.ce_residual, {"constant": F(2)}, "printed"),
    (sparse_codes.ce_residual, {"bias": F(0)}, "hypothesis"),
    (sparse_codes.ce_eq16, {"bias": F(-1, 10)}, "hypothesis"),
    (sparse_codes.ce_eq15, {"bias": F(-1, 20)}, "hypothesis"),
    (sparse_codes.ce_lemma4, {"size": F(1)}, "printed"),
    (sparse_codes.ce_lemma4, {"p": F(1, 5)}, "hypothesis"),
    (nonnegative.ce_theorem4iii_bias, {"m": 20}, "printed"),
    (nonnegative.ce_theorem4iii_bias, {"bias": F(-1, 20)}, "hypothesis"),
    (nonnegative.ce_theorem4iii_threshold, {"rate": F(1, 5)}, "printed"),
    (nonnegative.ce_theorem4iii_threshold, {"delta": F(1, 40)}, "hypothesis"),
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
    assert sparse_codes.ce_lemma2(n, 10 ** (exponent // 2), constant, F(1, 5 * exponent)).refutes


@pytest.mark.parametrize(("m", "constant"), [(100, 1), (1000, 10), (10**5, 1000)])
@pytest.mark.parametrize("rate", [F(1, 2), 1, 2])
def test_theorem4iii_with_a_bias_fails_for_every_constant_and_rate(m, constant, rate):
    assert nonnegative.ce_theorem4iii_bias(
        m, rate=rate, constant=F(constant, 3), delta=F(1, 20)
    ).refutes


@pytest.mark.parametrize(
    ("root_m", "r", "constant"),
    [(20, F(19, 20), 1), (100, F(99, 100), 20), (1000, F(999, 1000), 2000)],
)
def test_theorem4iii_without_a_bias_fails_for_every_constant(root_m, r, constant):
    assert nonnegative.ce_theorem4iii_threshold(
        root_m, r=r, constant=constant, delta=F(1, 10) if root_m == 20 else F(1, 20)
    ).refutes


@pytest.mark.parametrize("k", [6, 9])
def test_beyond_k_6_no_learning_rate_halves_the_squared_error_of_both_kinds(k):
    """Along the common shift the factor is about (1 - k rate)^2, along others (1 - rate)^2: both at most 1/2 only for k < 5.83."""
    rates = np.linspace(0.01, 2, 400)
    assert np.maximum((1 - k * rates) ** 2, (1 - rates) ** 2).min() > 0.5


@pytest.mark.parametrize(
    ("k", "root_m", "triple", "delta"),
    [(6, 4, (12, 5, 13), F(2, 5)), (20, 8, (40, 9, 41), F(2, 9))],
)
def test_theorem3iii_fails_for_a_smaller_delta_too(k, root_m, triple, delta):
    a, b, c = triple
    assert consistency.ce_theorem3iii(k, root_m, F(a, c), F(b, c), delta).refutes


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
