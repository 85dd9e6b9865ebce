"""N19's formulas by other routes: enumeration, finite differences, known numbers, limits, runs."""

import math
from dataclasses import replace
from fractions import Fraction as F
from itertools import combinations, product

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.claims.evidence import Stress
from gsae_ref.claims.teeth import scaled
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.n19 import statements
from gsae_ref.papers.n19 import teeth as spoiled
from gsae_ref.papers.n19.consistency import formulas as consistency
from gsae_ref.papers.n19.consistency.counterexamples import sign_sum_tail
from gsae_ref.papers.n19.fixed_bias import formulas as fixed_bias
from gsae_ref.papers.n19.mixture import formulas as mixture
from gsae_ref.papers.n19.nonnegative import formulas as nonnegative
from gsae_ref.papers.n19.sparse_codes import formulas as sparse_codes
from gsae_ref.papers.n19.sparse_codes import statements as statements_of_sparse_codes
from gsae_ref.papers.teeth import REACHED
from gsae_ref.verification import evidence as search
from gsae_ref.verification import verify


def unit(M):
    return M / np.linalg.norm(M, axis=0)


def relu_update(W, b, Y, chances):
    """Central differences of the expected ReLU loss: no formula for the gradient."""

    def loss(W, b):
        X = np.maximum(Y @ W + b, 0)
        return sum(p * np.sum((y - W @ x) ** 2) / 2 for y, x, p in zip(Y, X, chances, strict=True))

    h = 1e-5
    G = np.zeros_like(W)
    for entry in product(*map(range, W.shape)):
        D = np.zeros_like(W)
        D[entry] = h
        G[entry] = (loss(W + D, b) - loss(W - D, b)) / (2 * h)
    g_b = [(loss(W, b + h * e) - loss(W, b - h * e)) / (2 * h) for e in np.eye(len(b))]
    return G, np.array(g_b)


def two_point_law(m, k, kappa_1, s):
    """Uniform supports of size k, entries kappa_1 +- s: codes, supports, probabilities."""
    codes = []
    for S in combinations(range(m), k):
        for signs in product((1, -1), repeat=k):
            x = np.zeros(m)
            x[list(S)] = kappa_1 + s * np.array(signs)
            codes.append(x)
    return np.array(codes), np.array(codes) != 0, np.full(len(codes), 1 / len(codes))


def probabilities(active, chances):
    """p_ij and p_ijl, coincident indices counted once, by loops."""
    m = active.shape[1]
    p2 = np.zeros((m, m))
    p3 = np.zeros((m, m, m))
    for mask, c in zip(active, chances, strict=True):
        S = np.flatnonzero(mask)
        for i, j in product(S, S):
            p2[i, j] += c
            for h in S:
                p3[i, j, h] += c
    return p2, p3


# ---- the expected update


@pytest.mark.parametrize(("k", "b"), [(1, -0.2), (2, -0.1), (3, -0.3)])
def test_the_enumerated_update_is_the_gradient_of_the_expected_relu_loss(k, b):
    """Where the support is consistent, (5) is the derivative of the expected loss."""
    rng = np.random.default_rng(k)
    A = unit(np.eye(5)[:, :4] + 0.03 * rng.standard_normal((5, 4)))
    W, b = unit(A + 0.03 * rng.standard_normal((5, 4))), np.full(4, b) * rng.uniform(1, 1.3, 4)
    codes, active, chances = two_point_law(4, k, 1.2, 0.2)
    Y = codes @ A.T
    Z = Y @ W + b
    assert Z[active].min() > 1e-2
    assert Z[~active].max() < -1e-2
    expected = relu_update(W, b, Y, chances)
    found = mixture.enumerated_update(W, b, Y, active, chances)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-9)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-9)


def test_the_mixture_update_is_the_gradient_of_the_expected_relu_loss():
    rng = np.random.default_rng(7)
    A = unit(np.eye(4)[:, :3] + 0.05 * rng.standard_normal((4, 3)))
    W = unit(A + 0.1 * rng.standard_normal((4, 3)))
    b = np.array([-0.4, -0.5, -0.6])
    p = np.array([0.2, 0.3, 0.5])
    G, g_b = relu_update(W, b, A.T, p)
    np.testing.assert_allclose(mixture.mixture_update(W, A, p, b), G, atol=1e-9)
    np.testing.assert_allclose(p * b, g_b, atol=1e-9)
    assert np.abs(-p * b - g_b).min() > 0.1
    assert sum(mixture.mixture_terms(W, A, p, b)) + p * b**2 * W == pytest.approx(
        mixture.mixture_update(W, A, p, b)
    )


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_centred_closed_form_against_enumeration_and_what_15_lacks(k):
    rng = np.random.default_rng(k)
    A = unit(rng.standard_normal((4, 4)))
    W = unit(rng.standard_normal((4, 4)))
    codes, active, chances = two_point_law(4, k, 0.0, 1.0)
    p2, p3 = probabilities(active, chances)
    exact = mixture.enumerated_update(W, np.zeros(4), codes @ A.T, active, chances)[0]
    np.testing.assert_allclose(sparse_codes.centred_update(W, A, p2, p3), exact, atol=1e-14)
    gap = np.abs(sparse_codes.printed_15(W, A, p2) - exact).max()
    assert gap < 1e-14 if k == 1 else gap > 0.05


def test_alpha_and_beta_are_the_coefficients_of_independent_columns():
    """With W, A of 2 m independent columns the update has unique coefficients: solve for them."""
    rng = np.random.default_rng(3)
    m = 4
    kappa_1 = 0.8
    s = 0.3
    W = unit(rng.standard_normal((9, m)))
    A = unit(rng.standard_normal((9, m)))
    b = rng.standard_normal(m)
    codes, active, chances = two_point_law(m, 3, kappa_1, s)
    G = mixture.enumerated_update(W, b, codes @ A.T, active, chances)[0]
    coefficients = np.linalg.lstsq(np.hstack([W, A]), G, rcond=None)[0]
    arguments = W, A, *probabilities(active, chances), b, kappa_1, kappa_1**2 + s**2
    np.testing.assert_allclose(nonnegative.alpha(*arguments), np.diag(coefficients[:m]), atol=1e-13)
    np.testing.assert_allclose(nonnegative.beta(*arguments), -np.diag(coefficients[m:]), atol=1e-13)
    assert (
        np.abs(nonnegative.beta(*arguments, form="printed") + np.diag(coefficients[m:])).max()
        > 0.01
    )


def test_the_leading_update_is_9_for_a_mixture_and_its_print_is_not():
    rng = np.random.default_rng(1)
    W = unit(rng.standard_normal((4, 3)))
    A = unit(rng.standard_normal((4, 3)))
    p = np.array([0.2, 0.3, 0.5])
    b = np.full(3, -0.4)
    np.testing.assert_allclose(
        nonnegative.leading_update(W, A, p, b, 1, 1),
        mixture.mixture_update(W, A, p, b),
        atol=1e-15,
    )
    assert (
        np.abs(
            nonnegative.leading_update(W, A, p, b, 1, 1, "printed")
            - mixture.mixture_update(W, A, p, b)
        ).max()
        > 0.01
    )


def test_at_the_truth_without_a_bias_nothing_moves():
    A = np.eye(4)
    for codes, active, chances in (two_point_law(4, 2, 1.0, 0.3), two_point_law(4, 3, 0.0, 1.0)):
        G, g_b = mixture.enumerated_update(A, np.zeros(4), codes @ A.T, active, chances)
        assert np.abs(G).max() < 1e-15
        assert np.abs(g_b).max() < 1e-15


# ---- bounds: known numbers and limits


def test_the_four_intervals_of_a_mixture():
    """delta = 1/10, mu/sqrt(n) = 1/20, k = 1, no noise."""
    intervals = {
        form: consistency.relu_interval(0.1, 1, 1.0, 1.0, 0.05, form=form)
        for form in ("printed", "short", "theorem4", "corrected")
    }
    assert intervals["printed"] == pytest.approx((-0.8, -0.1))
    assert intervals["short"] == pytest.approx((-0.9, -0.2))
    assert intervals["theorem4"] == pytest.approx((-0.8, -0.1))
    assert intervals["corrected"] == pytest.approx((-0.845, -0.15))


@pytest.mark.parametrize(
    ("k", "delta", "coherence"), [(1, 0.1, 0.2), (4, 0.05, 0.01), (9, 0.01, 0.0)]
)
def test_the_corrected_interval_is_reached_by_a_worst_case(k, delta, coherence):
    """W_i leaning on k coherent atoms: z_i is within the slack of Gershgorin's bound of -b_i."""
    reach = consistency.interference_bound(coherence, delta, k, 1.0)
    A_S = np.linalg.cholesky((1 - coherence) * np.eye(k) + coherence).T
    direction = A_S.sum(axis=1)
    attained = k * coherence + delta * np.linalg.norm(direction)
    assert attained == pytest.approx(reach, rel=1e-12)


def test_noise_tail_at_the_sizes_of_the_experiment():
    assert consistency.noise_tail(784, 10) == pytest.approx(2.7e-10, rel=0.02)
    assert consistency.noise_tail(784, 10) <= 10 * math.exp(-(math.log(784) ** 2) / 2)


def test_the_window_of_lemma1_and_consistency_is_empty_for_every_delta():
    for delta in np.linspace(1e-3, 1 / 3, 200):
        lam = np.linspace(1 - delta**2 / 2, 1, 50)
        assert ((lam - delta) ** 2 - (3 * lam - 2)).max() == pytest.approx(
            mixture.bias_window(delta), abs=1e-12
        )
        assert mixture.bias_window(delta) < 0
    assert mixture.bias_window(0.8089) == pytest.approx(0, abs=1e-3)
    assert -1 + 2 * 0.34 > -0.34


def test_normalisation_is_sharp_and_lemma5s_range_is_enough_up_to_088():
    for eps in (1e-9, 0.1, 0.5, 0.9):
        theta = math.asin(eps)
        assert sparse_codes.normalised_error(eps) == pytest.approx(
            2 * math.sin(theta / 2), rel=1e-12
        )
    reach = {
        delta: sparse_codes.normalised_error(
            (1 - sparse_codes.printed_normalisation_range(delta)) * delta
        )
        for delta in (0.5, 0.87, 0.9, 0.95)
    }
    assert [value <= delta for delta, value in reach.items()] == [True, True, False, False]
    assert reach[0.95] == pytest.approx(1.0715, abs=1e-4)


@pytest.mark.parametrize(("ratio", "tau"), [(1, 1.0), (3, 0.75), (9, 9 / 25)])
def test_the_best_tau(ratio, tau):
    assert mixture.tau_of_spread(ratio) == pytest.approx(tau)
    assert mixture.tau_of_spread((1 + math.sqrt(2)) ** 2) == pytest.approx(0.5)


# ---- R7


@pytest.mark.parametrize("sigma", [0.0, 0.4])
@pytest.mark.parametrize("seed", range(5))
def test_r7_is_the_population_step_by_enumeration(seed, sigma):
    """Samples A_i + eta, eta = +-sigma sqrt(n) e_j, one neuron a sample: a loop, and ops."""
    rng = np.random.default_rng(seed)
    n = 5
    m = 4
    zeta = rng.uniform(0.5, 5)
    A = unit(rng.standard_normal((n, m)))
    p = rng.dirichlet(np.ones(m))
    b = -rng.uniform(0, 0.8, m)
    W = unit(A + 0.4 * rng.standard_normal((n, m)))
    G = np.zeros_like(W)
    for i in range(m):
        for shift in np.vstack([np.eye(n), -np.eye(n)]) * sigma * math.sqrt(n):
            y = A[:, i] + shift
            code = W[:, i] @ y + b[i]
            e = y - W[:, i] * code
            G[:, i] -= p[i] / (2 * n) * (code * e + y * (W[:, i] @ e))
    predicted = fixed_bias.population_step(W, A, p, b, zeta)
    assert np.abs(W - zeta * G - predicted).max() < 1e-12
    door = gs.ops.sparse_expected_gradient(
        W, A, np.eye(m, dtype=bool), p, b, (1.0, 1.0), noise=sigma
    )[0]
    assert np.abs(W - zeta * door - predicted).max() < 1e-12


def measured_tangent(w, a):
    return np.linalg.norm(w - (w @ a) * a) / (w @ a)


@pytest.mark.parametrize("b", [-0.1, -0.3, -0.5, -0.8])
@pytest.mark.parametrize("kappa", [0.3, 1.0])
def test_r7_predicts_every_angle_of_a_run_and_its_rate(b, kappa):
    theta = 0.6
    A = np.array([[1.0], [0.0]])
    W = np.array([[math.cos(theta)], [math.sin(theta)]])
    factors = []
    for _ in range(40):
        tangent, factor = fixed_bias.tangent_after(theta, 1.0, b, kappa)
        M = fixed_bias.population_step(W, A, np.ones(1), b, kappa)
        assert measured_tangent(M[:, 0], A[:, 0]) == pytest.approx(tangent, rel=1e-12)
        factors.append(tangent / math.tan(theta))
        assert factors[-1] == pytest.approx(factor, rel=1e-12)
        assert factors[-1] <= 1 / (1 + kappa * math.cos(theta)) + 1e-12
        theta = math.atan(tangent)
        W = unit(M)
    assert factors[-1] == pytest.approx(fixed_bias.linear_rate(1.0, b, kappa), abs=1e-3)


def run(W, A, biases):
    """Normalised descent on the mixture y = A_i, zeta = m; the network finds its supports."""
    m = A.shape[1]
    for b in biases:
        _, dW, _ = gs.ops.sparse_loss_and_grad(W, A.T, b)
        W = unit(W - m * dW)
    return np.linalg.norm(W - A, axis=0).max()


def coherent_start(coherence, m=6, size=0.25):
    A = np.linalg.cholesky((1 - coherence) * np.eye(m) + coherence).T
    V = np.random.default_rng(0).standard_normal((m, m))
    return unit(A + size * unit(V)), A


@pytest.mark.parametrize("coherence", [0.02, 0.05, 0.1])
def test_a_fixed_bias_converges_to_rounding_and_a_diminishing_one_does_not(coherence):
    W, A = coherent_start(coherence)
    low, high = fixed_bias.persistent_bias(np.linalg.norm(W - A, axis=0), coherence)
    assert low < -0.4 <= high
    assert run(W, A, [-0.4] * 80) < 1e-12
    assert max(run(W, A, -0.4 / 1.2 ** np.arange(steps)) for steps in (80, 90, 100)) > 1e-3


@pytest.mark.parametrize(("b", "why"), [(-0.01, "off the support"), (-0.99, "on the support")])
def test_outside_the_window_of_r7_the_support_is_lost(b, why):
    W, A = coherent_start(0.1)
    low, high = fixed_bias.persistent_bias(np.linalg.norm(W - A, axis=0), 0.1)
    assert not low < b <= high
    active = A.T @ W + b > 0
    assert (
        active[~np.eye(6, dtype=bool)].any()
        if why == "off the support"
        else not np.diag(active).all()
    )


# ---- the ledger


NUMBERS = [*range(1, 17)]


@pytest.mark.parametrize("number", NUMBERS)
def test_every_equation_has_a_row(number):
    assert LEDGER[f"N19-eq{number}"].paper == "N19"


@pytest.mark.parametrize(
    "name",
    [
        "definition1",
        "definition2",
        "claim1i",
        "claim1ii",
        "claim1iii",
        "claim2",
        "claim3",
        "claim4",
        "lemma1",
        "lemma2",
        "lemma3",
        "lemma4",
        "lemma5",
        "theorem1i",
        "theorem1ii",
        "theorem2",
        "theorem3i",
        "theorem3ii",
        "theorem3iii",
        "theorem4i1",
        "theorem4i2",
        "theorem4ii",
        "theorem4iii",
        "assumption1",
        "assumption2",
        "assumption3",
        "assumption4",
        "fixed-bias",
        "bias-schedule",
        "expected-bias-gradient",
    ],
)
def test_every_named_statement_has_a_row(name):
    assert LEDGER[f"N19-{name}"].printed


def test_every_row_of_the_room_is_placed_once_and_r7_comes_with_our_own():
    assert len({row.id for row in statements.ROWS}) == len(statements.ROWS)
    assert [row.id for row in statements.ROWS if row.paper != "N19"] == ["R7"]


def confirmed(item):
    (finding,) = search.run("N19-eq5", item, np.random.default_rng(0), True)
    return finding.ok


@pytest.mark.parametrize(
    ("row_id", "label"),
    [
        ("N19-claim1i", "1 - delta^2/2 <= <W_i, A_i>"),
        ("N19-claim1ii", "all pairs"),
        ("N19-interference", "corrected"),
        ("N19-lemma1", "corrected"),
        ("N19-lemma5", "sharp"),
        ("N19-both-conditions", "Lemma 1's condition is missed by the bound"),
        ("R7", "(c) every column contracts"),
        ("R7", "(d) z_i <= 0 off the support after the step"),
        ("N19-theorem4ii", "2 <g_i, W_i - A_i>, column by column"),
    ],
)
def test_a_bound_that_is_one_percent_too_good_is_not_confirmed(row_id, label):
    item = next(e for e in LEDGER[row_id].evidence if getattr(e, "label", "") == label)
    assert confirmed(item)
    if isinstance(item, Stress):
        mutant = replace(item, conclusion=scaled(item.claim, 0.99).conclusion)
    else:
        mutant = replace(item, sides=lambda i: (item.sides(i)[0], 0.99 * item.sides(i)[1]))
    assert not confirmed(mutant)


@pytest.mark.parametrize(
    "row_id",
    ["N19-eq6", "N19-eq7", "N19-eq8", "N19-eq9", "N19-eq16", "N19-alpha", "N19-eq12", "R7"],
)
@pytest.mark.parametrize("factor", [1 + 1e-6, -1])
def test_an_identity_with_a_wrong_factor_is_not_confirmed(row_id, factor):
    item = next(e for e in LEDGER[row_id].evidence if getattr(e, "kind", "") == "identity")
    mutant = replace(item, conclusion=scaled(item.claim, factor).conclusion)
    assert confirmed(item)
    assert not confirmed(mutant)


@pytest.mark.parametrize(
    "row_id", ["N19-lemma1", "N19-eq9", "N19-eq15", "N19-theorem4i2", "N19-theorem4iii", "R7"]
)
def test_other_seeds_confirm_it_too(row_id):
    assert verify(only=[row_id], quick=True, rng=11).ok


# ---- what the evidence of the repaired step sees


def decrease(**spoilt):
    """The evidence for Theorem 4 (ii), repaired, with constants replaced by functions of them."""
    item = evidence_of("N19-theorem4ii", "the decrease after normalisation")

    def sides(i):
        constants = replace(i.descent, **{name: f(i.descent) for name, f in spoilt.items()})
        before = float(np.sum(i.errors**2))
        bound = constants.after_normalisation(before, i.step_size * i.descent.curvature)
        return before - bound, item.sides(i)[1]

    return replace(item, sides=sides)


def refuted(item):
    """Whether the evidence fails: drawn instances violate it, or else the search finds one."""
    return confirmed(replace(item, expect="fails")) or not confirmed(item)


def evidence_of(row_id, label):
    return next(e for e in LEDGER[row_id].evidence if getattr(e, "label", "") == label)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"tau": lambda c: 4.5 * c.tau},
        {"floor": lambda c: 0.0},
        {"growth": lambda c: -2 * c.growth},
    ],
    ids=["tau", "phi", "rho"],
)
def test_the_repaired_step_with_a_constant_spoilt_is_not_confirmed(spoilt):
    assert refuted(decrease(**spoilt))


def less(item, factor):
    """The evidence with its right side times a factor."""
    return replace(item, sides=lambda i: (item.sides(i)[0], factor * item.sides(i)[1]))


def test_step_6_with_less_room_is_not_confirmed():
    assert refuted(less(evidence_of("N19-theorem4ii", "step (6): rho"), 0.7))


def test_step_3_has_no_room_at_a_rotation():
    where = "N19-theorem4ii", "step (3): E||h||^2"
    i = REACHED[where]()
    left, right = less(evidence_of(*where), 0.99).sides(i)
    assert left > right


def test_the_bound_before_normalisation_holds_and_is_used():
    rng = np.random.default_rng(3)
    family = FAMILIES["sparse_near"]
    shares = []
    for k in range(40):
        shape = family.shapes[k % 4]
        i = family.build(shape, family.draw(shape, rng))
        if not all(h.holds(i) for h in LEDGER["N19-theorem4ii"].hypotheses):
            continue
        least, found = statements_of_sparse_codes.decrease(normalised=False)(i)
        assert least <= found + 1e-12
        shares.append(least / found if least > 0 else 0.0)
    assert max(shares) > 0.05


def _plane_and_axes(rng):
    """Columns with a share in a plane, errors along it, along all axes, and rotations."""
    m = int(rng.integers(4, 24))
    share = 0.9 * rng.random() ** 2
    angles = 2 * np.pi * np.arange(m) / m * rng.integers(1, 3)
    plane = np.vstack([np.cos(angles), np.sin(angles)])
    if rng.random() < 0.5:
        plane = np.ones((2, m)) / math.sqrt(2)
    A = np.vstack([math.sqrt(share) * plane, math.sqrt(1 - share) * np.eye(m)])
    along = rng.standard_normal() * np.vstack([-plane[1], plane[0]]) + rng.standard_normal() * plane
    skew = unit(np.triu(rng.standard_normal((m, m)), 1) - np.eye(m))
    axes = rng.standard_normal() * 0.1 / math.sqrt(m) + 0.3 * rng.standard_normal() * (
        skew - skew.T
    )
    return A, unit(A + 0.8 * rng.random() * np.vstack([along, axes]))


def test_step_3_of_theorem4ii_needs_no_condition_on_the_number_of_atoms():
    """E||D_S 1||^2 - E||A_S^T D_S 1||^2/(1 - nu), supports enumerated in closed form.

    Half of the instances break 2 R (t + t3) <= 1 - nu, which a cruder estimate asks for. Without
    its term in delta, or that in R, the constant beta is too small.
    """
    rng = np.random.default_rng(2)
    used = {True: [], False: []}
    without_delta = []
    without_norm = []
    for _ in range(1500):
        A, W = _plane_and_axes(rng)
        m = A.shape[1]
        k = int(rng.integers(2, min(m, 8)))
        delta = np.linalg.norm(W - A, axis=0).max()
        gram = A.T @ A
        left = 1 - (k - 1) * np.abs(gram - np.eye(m)).max()
        t = (k - 1) / (m - 1)
        t3 = (k - 2) / (m - 2)
        R = np.linalg.norm(gram, 2)
        if left <= 1e-3:
            continue
        beta = sparse_codes.descent_constants(W, A, k, 1.0, 1.0, delta).beta
        D = W - A
        M = A.T @ D
        f = np.diag(M)
        c = M.sum(axis=1)
        squares = np.sum(M**2)
        inside = (
            f @ f
            + 2 * t * (f @ (c - f))
            + t * (1 - t3) * (squares - f @ f)
            + t * t3 * np.sum((c - f) ** 2)
        )
        kept = (1 - t) * np.sum(D**2) + t * np.sum(D.sum(axis=1) ** 2) - inside / left
        if beta < 1:
            enough = 2 * R * (t + t3) <= left
            used[enough].append((1 - beta) * np.sum(D**2) / kept)
        without_delta.append((1 - t - t * R / left) * np.sum(D**2) - kept)
        without_norm.append((1 - t - k * delta**2 / 4 / left) * np.sum(D**2) - kept)
    assert 0.7 < max(used[True]) <= 1 + 1e-9
    assert 0.7 < max(used[False]) <= 1 + 1e-9
    assert max(without_delta) > 1e-3
    assert max(without_norm) > 1e-3


def test_the_step_of_the_paper_makes_a_common_shift_grow():
    """Constant codes, m = 12, k = 3: 1/Lambda contracts, zeta = m/k does not."""
    m = 12
    W = unit(np.eye(m) + 1e-3)
    supports = np.array([np.isin(np.arange(m), S) for S in combinations(range(m), 3)])
    G = gs.sparse_expected_gradient(W, np.eye(m), supports, None, 0.0, (1.0, 1.0))[0]
    constants = sparse_codes.descent_constants(W, np.eye(m), 3, 1.0, 1.0, 0.01)
    before = np.linalg.norm(W - np.eye(m))
    assert np.linalg.norm(unit(W - G / constants.curvature) - np.eye(m)) < before
    assert np.linalg.norm(unit(W - m / 3 * G) - np.eye(m)) > 1.5 * before


def test_a_bias_may_stay_below_the_modulus_of_a_negative_product():
    """R7 (d) is one-sided: means at -1/4, b = -.2, zeta = m."""
    A = np.linalg.cholesky(1.25 * np.eye(4) - 0.25).T
    rng = np.random.default_rng(0)
    W = unit(A + 0.05 * rng.standard_normal((4, 4)))
    low, high = fixed_bias.persistent_bias(np.linalg.norm(W - A, axis=0), -0.25)
    assert low < -0.2 <= high
    assert fixed_bias.persistent_bias(np.linalg.norm(W - A, axis=0), 0.25)[1] < -0.2
    for _ in range(60):
        W = unit(W - 4 * gs.sparse_loss_and_grad(W, A.T, -0.2)[1])
    assert np.linalg.norm(W - A, axis=0).max() < 1e-10


def test_a_quarter_of_the_energy_would_not_bound_the_tail_of_theorem3i():
    tail = float(sign_sum_tail(4, F(2)))
    assert 2 * math.exp(-0.125 / (4 / 16 / 4)) < tail
    assert tail <= 2 * math.exp(-0.125 / (4 / 16))


@pytest.mark.parametrize(("m", "k"), [(5, 2), (6, 3), (7, 4)])
def test_step_3_by_probabilities_is_that_by_enumeration(m, k):
    W = np.eye(m) + 0.3 * np.random.default_rng(k).standard_normal((m, m))
    ones = spoiled._instance(W, np.eye(m), spoiled._codes(m, k), k, kappa_1=1.0, kappa_2=1.0)
    assert spoiled._of_uniform_codes(W, k) == pytest.approx(
        statements_of_sparse_codes._linear_part(ones), rel=1e-12
    )


def test_step_3_needs_unit_columns_and_closeness_with_many_codes():
    """E||h||^2 falls below kappa_2 p (1 - beta) ||D||_F^2 by 7 and 10 % without them."""
    far = spoiled._one_far_column()
    assert np.linalg.norm(far, axis=0) == pytest.approx(np.ones(100))
    near = spoiled._not_unit()
    assert abs(np.linalg.norm(near, axis=0) - 1).max() > 9e-4
    for (bound, value), share in (
        (spoiled._of_uniform_codes(near, 8), 0.933),
        (spoiled._of_uniform_codes(far, 20, delta=0.0), 0.902),
    ):
        assert value / bound == pytest.approx(share, abs=1e-3)
    bound, value = spoiled._of_uniform_codes(far, 20)
    assert bound < value


def test_the_tail_bound_of_theorem_3_i_needs_codes_of_mean_0():
    """A = I, codes +1 on k = 100 columns, W_i turned towards their sum by a chord of .06."""
    k = 100
    delta = 0.06
    energy = consistency.cross_energy_bound(0.0, delta, k, 1.0) / 2  # at least the sum
    W = np.append(np.full(k, np.sqrt((delta**2 - delta**4 / 4) / k)), 1 - delta**2 / 2)
    z = W @ np.append(np.ones(k), 0.0)
    assert z > 0.5
    assert np.linalg.norm(W) == pytest.approx(1)
    assert 2 * np.exp(-((0.5 - delta**2 / 2) ** 2) / (2 * energy)) < 1e-14
