"""R9, R10, R12, R13, R14 (d) and R17 from their statements alone, by a gradient written here.

Corner cases: one sample, twins, groups that share a span, heavy tails, the edge of the support
condition, directions that are not symmetric. Only the last lines of a test name the package.
"""

import itertools
import math

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.papers.t21.identifiability.formulas import scaled_spectrum
from gsae_ref.papers.t21.samples.formulas import sample_rate
from gsae_ref.papers.t21.samples.formulas_noise import noisy_rate
from gsae_ref.papers.t21.several import formulas_linear


def gradient(A, Y, weights, lam):
    """Of sum w_i ||y_i - A x_i||^2 / 2, sample by sample; groups A (n_groups, n, d)."""
    G = np.zeros_like(A)
    supports = []
    for y, w in zip(Y, weights, strict=True):
        z = np.einsum("gnd,n->gd", A, y)
        r = np.linalg.norm(z, axis=1)
        active = np.flatnonzero(r > lam)
        supports.append(tuple(active))
        x = {g: (1 - lam / r[g]) * z[g] for g in active}
        e = y - sum((A[g] @ x[g] for g in active), np.zeros(len(y)))
        for g in active:
            u = z[g] / r[g]
            J = (1 - lam / r[g]) * np.eye(len(u)) + lam / r[g] * np.outer(u, u)
            G[g] -= w * (np.outer(e, x[g]) + np.outer(y, J @ (A[g].T @ e)))
    return G, supports


def frame(rng, n, d):
    return np.linalg.qr(rng.standard_normal((n, d)))[0]


def retract(A):
    return np.stack([np.linalg.qr(B)[0] for B in A])


def tangents(A_g, S):
    X = S.T @ A_g
    return np.linalg.svd((A_g - S @ X) @ np.linalg.inv(X), compute_uv=False)


# ---- R9


def at_the_edge(rng):
    """A run's data at the edge of the support condition: every group turned towards the next."""
    d = int(rng.integers(1, 4))
    n_groups = int(rng.integers(2, 5))
    n = n_groups * d + int(rng.integers(0, 3))
    star = np.stack(np.split(frame(rng, n, n_groups * d), n_groups, axis=1))
    b_max = 1 + rng.random() * rng.choice([0, 0.3])
    theta = 0.5 * rng.random()
    low = b_max * math.sin(theta)
    high = math.cos(theta)
    if low >= high:
        return at_the_edge(rng)
    A = math.cos(theta) * star + math.sin(theta) * np.roll(star, -1, axis=0)
    codes = rng.standard_normal((n_groups, d + int(rng.integers(0, 2)), d))
    codes *= rng.choice([1, b_max], codes.shape[:2])[..., None] / np.linalg.norm(
        codes, axis=2, keepdims=True
    )
    lam = low * (1 + 1e-12) if rng.random() < 0.5 else high * (1 - 1e-9)
    return A, star, codes, lam, b_max


@pytest.mark.parametrize("seed", range(25))
def test_r9_supports_stay_and_angles_fall_at_the_edge_of_its_condition(seed):
    rng = np.random.default_rng(seed)
    A, star, codes, lam, b_max = at_the_edge(rng)
    n_groups, n_own = codes.shape[:2]
    Y = np.einsum("gnd,gid->gin", star, codes).reshape(-1, star.shape[1])
    own = np.repeat(np.arange(n_groups), n_own)
    ends = [np.linalg.eigvalsh(X.T @ X / len(Y))[[0, -1]] for X in codes]
    tau_max = 1 - lam / b_max
    step = min(0.9 * 2 / (max(high for _, high in ends) * tau_max**4), 1e3)
    bound = np.array([tangents(A[g], star[g])[0] for g in range(n_groups)])
    for _ in range(4):
        G, supports = gradient(A, Y, np.full(len(Y), 1 / len(Y)), lam)
        assert supports == [(g,) for g in own]
        A = retract(A - step * G)
        now = np.array([tangents(A[g], star[g])[0] for g in range(n_groups)])
        for g, (low, high) in enumerate(ends):
            tau_min = max(1 - lam / math.cos(math.atan(bound[g])), 0.0)
            sine = math.sin(math.atan(bound[g]))
            bound[g] *= min(sample_rate(max(low, 0), high, tau_min, tau_max, step, sine), 1)
        assert (now <= bound * (1 + 1e-9) + 1e-9).all()


# ---- R13 (b)


@pytest.mark.parametrize("seed", range(40))
def test_r13_f_falls_for_samples_of_any_law(seed):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 4))
    n = d + int(rng.integers(1, 4))
    Y = rng.standard_normal((int(rng.integers(d, 10)), n)) * np.exp(rng.standard_normal(n))
    Y *= np.abs(rng.standard_cauchy((len(Y), 1)))
    values, vectors = np.linalg.eigh(Y.T @ Y / len(Y))
    values = np.maximum(values[::-1], 0)
    V = vectors[:, ::-1]
    A = retract([V @ np.vstack([np.eye(d), 0.3 * rng.standard_normal((n - d, d))])])
    r = np.linalg.norm(Y @ A[0], axis=1)
    lam = 0.5 * r.min()
    tau_max = (1 - lam / r).max()

    def size(A_g):
        T = V[:, d:].T @ A_g @ np.linalg.inv(V[:, :d].T @ A_g)
        return math.sqrt(np.sum(T**2 * (values[:d] - values[d:, None])))

    step = (0.01, 0.5)[seed % 2] / values[0]
    sizes = values[d - 1] - values[d], values[d], values[0]
    rate = noisy_rate(*sizes, tau_max, step, size(A[0]))
    G, _ = gradient(A, Y, np.full(len(Y), 1 / len(Y)), lam)
    after = size(retract(A - step * G)[0])
    assert after <= min(rate, 1.0) * size(A[0]) * (1 + 1e-9) or math.isinf(rate)


# ---- R10


def population(star, norms, directions, law):
    """All samples and their probabilities; the supports of ``law`` with theirs."""
    Y = []
    weights = []
    supports = []
    for S, p in law.items():
        one = [r * u for r in norms for u in directions]
        for codes in itertools.product(one, repeat=len(S)):
            Y.append(sum(star[g] @ x for g, x in zip(S, codes, strict=True)))
            weights.append(p / len(one) ** len(S))
            supports.append(S)
    return np.array(Y), weights, supports


def test_r10_the_linear_map_for_directions_that_are_not_symmetric():
    """Triangles of directions: mean 0, covariance I/2. Nested supports of unequal chances."""
    rng = np.random.default_rng(0)
    law = {(0,): 0.2, (0, 1): 0.3, (1, 2): 0.1, (0, 1, 2): 0.4}
    turns = 2 * np.pi * np.arange(3) / 3 + 0.3
    directions = np.column_stack([np.cos(turns), np.sin(turns)])
    norms = np.array([1.0, 1.4])
    lam = 0.6
    step = 0.8
    base = np.eye(7)[:, :6].reshape(7, 3, 2).swapaxes(0, 1)
    moves = rng.standard_normal((2, 3, 7, 2))
    p = np.zeros((3, 3))
    for S, chance in law.items():
        p[np.ix_(S, S)] += chance
    moments = [formulas_linear.norm_law(norms, 2, lam)] * 3
    errors = []
    for size in (2e-3, 1e-3):
        moved = [np.linalg.svd(B, full_matrices=False) for B in base + size * moves[0]]
        star = np.stack([U @ Vt for U, _, Vt in moved])
        A = retract(star + size * moves[1])
        Y, weights, supports = population(star, norms, directions, law)
        G, found = gradient(A, Y, weights, lam)
        assert found == supports
        B = []
        for frames in (A, retract(A - step * G)):
            delta = [F @ np.linalg.inv(S.T @ F) - S for F, S in zip(frames, star, strict=True)]
            B.append(np.einsum("hna,gnb->hgab", star, np.array(delta)))
        N = np.einsum("hna,gnb->hgab", star, star)
        N[range(3), range(3)] = 0
        predicted = formulas_linear.linear_step(B[0], N, p, moments, step)[0]
        errors.append(np.abs(B[1] - predicted).max() / np.abs(predicted).max())
    assert errors[1] < 0.6 * errors[0] < 0.02


# ---- R12


def line_gradient(A, A_star, codes, weights, lam):
    G = np.zeros_like(A)
    for x, w in zip(codes, weights, strict=True):
        y = A_star @ x
        z = A.T @ y
        active = np.abs(z) > lam
        if (active != (x != 0)).any() or (z * x)[active].min() <= 0:
            return None
        code = np.where(active, z - lam * np.sign(z), 0)
        e = y - A @ code
        G -= w * (np.outer(e, code) + np.outer(y, (A.T @ e) * active))
    return G


def signed(supports, n_atoms):
    """Codes +-1 on every support, equally likely."""
    codes = []
    for S in supports:
        for signs in itertools.product((1.0, -1.0), repeat=len(S)):
            x = np.zeros(n_atoms)
            x[list(S)] = signs
            codes.append(x)
    counts = [2 ** len(S) for S in supports]
    return codes, np.repeat([1 / len(supports) / count for count in counts], counts)


PAIRS = {
    "twins": ([(0, 1), (2, 3)], True),
    "a chain": ([(0, 1), (1, 2), (2, 3)], False),
    "nested": ([(0, 1), (1,), (2, 3), (2,)], False),
    "twins and a chain": ([(0, 1), (2, 3), (3,)], True),
}


@pytest.mark.parametrize("rho", [0.0, 0.25])
@pytest.mark.parametrize("name", PAIRS)
def test_r12_a_strict_minimum_unless_orthogonal_twins(name, rho):
    supports, twins = PAIRS[name]
    A_star = np.eye(4)
    A_star[:, 1] = rho * A_star[:, 0] + math.sqrt(1 - rho**2) * A_star[:, 1]
    codes, weights = signed(supports, 4)
    lam = gs.debiasing_threshold([1.0], 1)
    assert lam == pytest.approx(2 / 3)
    lines = np.eye(4)
    turns = [(g, v) for g in range(4) for v in lines if abs(v @ A_star[:, g]) < 1 - 1e-9]
    tangent = []
    for g, v in turns:
        move = np.zeros((4, 4))
        move[:, g] = v - (v @ A_star[:, g]) * A_star[:, g]
        tangent.append(move)
    at = -line_gradient(A_star, A_star, codes, weights, lam)
    drift = [np.sum(at * move) for move in tangent]
    np.testing.assert_allclose(drift, 0, atol=1e-15)
    rows = []
    for move in tangent:
        ends = []
        for h in (1e-5, -1e-5):
            A = A_star + h * move
            A /= np.linalg.norm(A, axis=0)
            G = line_gradient(A, A_star, codes, weights, lam)
            G -= A * np.sum(A * G, axis=0)
            ends.append([np.sum(G * other) for other in tangent])
        rows.append((np.array(ends[0]) - np.array(ends[1])) / 2e-5)
    flat = np.array(tangent).reshape(len(tangent), -1)
    gram = flat @ flat.T
    basis = np.linalg.svd(gram)[0][:, : np.linalg.matrix_rank(gram, tol=1e-9)]
    H = basis.T @ np.array(rows) @ basis
    smallest = np.linalg.eigvalsh((H + H.T) / 2)[0]
    neutral = twins and (rho == 0 or name == "twins")
    assert (smallest < 1e-8) == neutral
    assert smallest > -1e-8


# ---- R14 (d)


@pytest.mark.parametrize(("d", "n"), [(1, 3), (2, 5), (3, 6)])
def test_r14_the_spectrum_by_differences_of_the_gradient(d, n):
    golden = (1 + math.sqrt(5)) / 2
    turns = 2 * np.pi * np.arange(5) / 5
    corners = [np.roll([0, a, b * golden], k) for a in (1, -1) for b in (1, -1) for k in range(3)]
    units = {
        1: np.array([[1.0], [-1.0]]),
        2: np.column_stack([np.cos(turns), np.sin(turns)]),
        3: np.array(corners) / math.hypot(1, golden),
    }[d]
    chances = [0.3, 0.7] if n >= 2 * d else [1.0]
    ratio = 0.7
    s = ratio / 2 + math.sqrt(1 + ratio**2 / 4)
    star = np.stack(np.split(np.eye(n)[:, : d * len(chances)], len(chances), axis=1))
    Y = np.concatenate([2 * units @ S.T for S in star])
    weights = np.repeat(chances, len(units)) / len(units)
    size = star.size
    H = []
    for entry in np.eye(size).reshape(size, *star.shape):
        up, down = (gradient(s * star + h * entry, Y, weights, 2 * ratio)[0] for h in (1e-5, -1e-5))
        H.append((up - down).ravel() / 2e-5)
    found = np.linalg.eigvalsh(np.array(H))
    expected = []
    for p in chances:
        for value, times in scaled_spectrum(ratio, p * 4 / d, n, d):
            expected += [value] * times
    np.testing.assert_allclose(found, np.sort(expected), atol=1e-8)


# ---- R17


@pytest.mark.parametrize("n_samples", [1, 2, 4])
def test_r17_no_rule_for_the_threshold_fails_more_often_and_one_attains_the_bound(n_samples):
    """All orders of random multisets of N + 1 pairs (s, t), the worst lam of [lo, hi) each time."""
    rng = np.random.default_rng(n_samples)
    worst = 0
    for _ in range(300):
        s = rng.integers(0, 5, n_samples + 1) / 4
        t = s + rng.integers(0, 5, n_samples + 1) / 4
        fails = 0
        for last in range(n_samples + 1):
            low = np.delete(s, last).max()
            high = np.delete(t, last).min()
            fails += low < high and (s[last] > low or t[last] < high)
        worst = max(worst, fails)
    assert worst == 2
    Y = np.eye(3)[np.arange(n_samples) % 3]
    found = gs.data_threshold(np.eye(3), Y, n_active=1, group_size=1)
    assert found.failure_bound == pytest.approx(2 / (n_samples + 1))
