"""The unfolded encoder: its proximal operator, the codes, what they converge to, and the reverse pass; then the planted mutants."""

import inspect
import itertools
import math

import hypothesis.strategies as st
import numpy as np
import oracle
import pytest
import scipy.optimize
from gradient_checks import agreement, central_difference, taylor, taylor_order
from hypothesis import given, settings
from strategies import SEEDS, act_on_groups, orthonormal_groups, rotation

from gsae_ref.reference import activations, autoencoder, unfolded

DEPTHS = (1, 2, 3, 15)
FLAGS = [
    pytest.param({"accelerated": fista, "nonnegative": positive, "l1": l1}, id=f"{name}{', x >= 0' * positive}{f', l1 = {l1}' * (l1 > 0)}")
    for (fista, name), positive, l1 in itertools.product([(True, "FISTA"), (False, "ISTA")], [False, True], [0.0, 0.15])
]
flags = pytest.mark.parametrize("flag", FLAGS)
PENALTIES = [{"nonnegative": positive, "l1": l1} for positive in (False, True) for l1 in (0.0, 0.15)]
penalties = pytest.mark.parametrize("penalty", PENALTIES, ids=str)

# ------------------------------------------------------------------------------------------------ other routes


def slow_prox(z, lam, group_size, nonnegative, l1):
    """One vector, one entry at a time; also the distance of the nearest norm or entry to its kink."""
    w = np.array([math.copysign(max((z_j if nonnegative else abs(z_j)) - l1, 0.0), z_j) for z_j in z.tolist()])
    r = [oracle.norm(w[group]) for group in oracle.group_indices(len(z), group_size)]
    kinks = [abs(r_g - lam) for r_g in r] if lam else []
    kinks += [abs((z_j if nonnegative else abs(z_j)) - l1) for z_j in z] if l1 or nonnegative else []
    return oracle.shrink(w, lam, group_size), min(kinks, default=np.inf)


def slow_encode(A, Y, lam, group_size, n_unfold, step_size=None, accelerated=True, nonnegative=False, l1=0.0):
    """Beck and Teboulle as they print it: x_k = p(y_k), then t_{k+1}, then y_{k+1}. Returns the codes and how near a kink came."""
    a = 1 / np.linalg.eigvalsh(A.T @ A)[-1] if step_size is None else step_size
    codes, nearest, largest = [], np.inf, 0.0
    for y in Y:
        x = point = np.zeros(A.shape[1])
        t = 1.0
        for _ in range(n_unfold):
            z = point - a * (A.T @ (A @ point - y))
            old, (x, distance) = x, slow_prox(z, a * lam, group_size, nonnegative, a * l1)
            nearest, largest = min(nearest, distance), max(largest, np.abs(z).max())
            t_next = (1 + math.sqrt(1 + 4 * t * t)) / 2
            point = x + (t - 1) / t_next * (x - old) if accelerated else x
            t = t_next
        codes.append(x)
    return np.array(codes), nearest / max(largest, 1e-300)


def autograd(A, Y, lam, group_size, n_unfold, step_size=None, accelerated=True, nonnegative=False, l1=0.0):
    """Loss (13) of the K-th codes and its gradient by torch; no 0 / 0 enters the tape."""
    torch = pytest.importorskip("torch")
    A, Y = torch.tensor(A, dtype=torch.float64, requires_grad=True), torch.tensor(Y, dtype=torch.float64)
    a = torch.linalg.matrix_norm(A, 2) ** -2 if step_size is None else torch.tensor(step_size, dtype=torch.float64)
    x = point = torch.zeros(len(Y), A.shape[1], dtype=torch.float64)
    t = 1.0
    for _ in range(n_unfold):
        z = point - a * (point @ A.T - Y) @ A
        if l1:
            passes = z > a * l1 if nonnegative else z.abs() > a * l1
            z = torch.where(passes, z - a * l1 * torch.sign(z), 0.0)
        elif nonnegative:
            z = torch.where(z > 0, z, 0.0)
        old, x = x, z
        if lam:
            G = z.reshape(len(Y), -1, group_size)
            squares = (G**2).sum(-1, keepdim=True)
            active = squares > (a * lam) ** 2
            x = torch.where(active, 1 - a * lam / torch.where(active, squares, 1.0).sqrt(), 0.0).mul(G).reshape(z.shape)
        t_next = (1 + math.sqrt(1 + 4 * t * t)) / 2
        point = x + (t - 1) / t_next * (x - old) if accelerated else x
        t = t_next
    cost = ((Y - x @ A.T) ** 2).sum() / (2 * len(Y))
    cost.backward()
    return cost.item(), A.grad.numpy()


def violation(r, x, lam, group_size, nonnegative=False, l1=0.0):
    """Distance of r to the subdifferential of lam sum ||x_g|| + l1 ||x||_1 (+ x >= 0) at x. Zero: x is optimal, for r = A^T (y - A x)."""
    worst = -x.min() if nonnegative else 0.0
    for group in oracle.group_indices(len(x), group_size):
        size = oracle.norm(x[group])
        rest = [r[j] - (lam * x[j] / size if size else 0.0) for j in group]  # what l1 (and the sign constraint) has to make up for
        free = [max(rest_j - l1, 0.0) if nonnegative else max(abs(rest_j) - l1, 0.0) for rest_j in rest]
        if size:
            free = [abs(rest_j - l1 * np.sign(x[j])) if x[j] else free_j for j, rest_j, free_j in zip(group, rest, free, strict=True)]
        worst = max(worst, oracle.norm(free) - (0.0 if size else lam))
    return worst


def objective(A, y, x, lam, group_size, nonnegative=False, l1=0.0):
    groups = oracle.group_indices(len(x), group_size)
    return 0.5 * np.sum((y - A @ x) ** 2) + lam * sum(oracle.norm(x[group]) for group in groups) + l1 * np.abs(x).sum()


def prox_by_optimisation(z, lam, nonnegative, l1):
    """One group by L-BFGS-B over x = p - q, p, q >= 0 (q = 0 if nonnegative), against the value at the kink x = 0."""
    size = len(z)

    def cost(pq):
        x = pq[:size] - pq[size:]
        r = np.linalg.norm(x)
        slope = x - z + (lam * x / r if r > 0 else 0 * x)
        return 0.5 * np.sum((x - z) ** 2) + lam * r + l1 * pq.sum(), np.concatenate([slope, -slope]) + l1

    start = np.concatenate([np.maximum(z, 0.1), 0 * z if nonnegative else np.maximum(-z, 0.1)])
    bounds = [(0, None)] * size + [(0, 0) if nonnegative else (0, None)] * size
    options = {"ftol": 1e-16, "gtol": 1e-13, "maxiter": 5000, "maxfun": 50000}
    result = scipy.optimize.minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    best = min((np.zeros(2 * size), result.x), key=lambda pq: cost(pq)[0])
    return best[:size] - best[size:]


def residual_by_duality(A, y, lam, group_size, nonnegative, l1):
    """y - A x* without x*: the point nearest to y with ||S(A_g^T theta)|| <= lam for every group. A smooth problem, solved by SLSQP."""

    def excess(theta):
        z = A.T @ theta
        w = np.maximum((z if nonnegative else np.abs(z)) - l1, 0.0)
        return w * (1.0 if nonnegative else np.sign(z)), (w**2).reshape(-1, group_size).sum(1)

    def room(theta):
        return lam**2 - excess(theta)[1]

    def room_slope(theta):
        return -2 * (A * excess(theta)[0]).reshape(len(A), -1, group_size).sum(2).T

    start = y * min(1.0, lam / max(np.linalg.norm((A.T @ y).reshape(-1, group_size), axis=1)))
    result = scipy.optimize.minimize(
        lambda theta: 0.5 * np.sum((theta - y) ** 2), start, jac=lambda theta: theta - y, method="SLSQP",
        constraints={"type": "ineq", "fun": room, "jac": room_slope}, options={"ftol": 1e-15, "maxiter": 500},
    )  # fmt: skip
    return result.x


# ------------------------------------------------------------------------------------------------ instances


def instance(seed, n_unfold=15, group_size=2, n_groups=3, n_features=5, n_samples=2, step=None, margin=2e-4, lam=0.4, **flag):
    """Arguments of the subject, (A, Y, lam, group_size, n_unfold) and the options, with no kink within ``margin`` at any of the steps.

    ``step`` is a multiple of 1 / ||A||_2^2, or None. The two largest singular values of A differ by 5 % at least.
    """
    for attempt in range(1000):
        rng = np.random.default_rng([seed, attempt])
        scale = np.repeat(np.exp(0.3 * rng.normal(size=n_groups)), group_size)
        A = scale * rng.normal(size=(n_features, n_groups * group_size)) / np.sqrt(n_features)
        sigma = np.linalg.svd(A, compute_uv=False)
        Y = 1.5 * np.exp(0.3 * rng.normal(size=(n_samples, 1))) * rng.normal(size=(n_samples, n_features))
        options = {**flag, "step_size": step and float(step / sigma[0] ** 2)}
        args = (A, Y, lam, group_size, n_unfold)
        if len(sigma) > 1 and sigma[0] < 1.05 * sigma[1]:
            continue
        if slow_encode(*args, **options)[1] >= margin:
            return args, options
    raise AssertionError(f"no instance with margin {margin} in 1000 draws, seed {seed}")


def cost(args, options):
    """The loss as a function of the dictionary alone, by the encoder: the route that knows no reverse pass."""

    def of(A):
        E = args[1] - unfolded.unfolded_encode(A, *args[1:], **options) @ A.T
        return float(np.sum(E * E)) / (2 * len(E))

    return of


def check_gradient(subject, args, options, seed=0):
    """Both difference checks along one direction, for a function with the signature of unfolded_loss_and_grad."""
    value, G = subject(*args, **options)
    agreement(value, cost(args, options)(args[0]))
    D = np.random.default_rng(seed).normal(size=args[0].shape)
    central_difference(cost(args, options), G, args[0], D)
    taylor(cost(args, options), G, args[0], D)


# ------------------------------------------------------------------------------------------------ the proximal operator


@penalties
@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_prox_is_the_minimiser_that_a_bounded_optimiser_finds(size, penalty):
    zeros = 0
    for seed in range(6):
        z = np.random.default_rng([seed, size]).normal(size=size) * (1.5 if seed % 2 else 0.3) / math.sqrt(size)
        x = unfolded.sparse_group_prox(z, 0.4, size, **penalty)
        agreement(x, prox_by_optimisation(z, 0.4, **penalty), rtol=2e-6, scale=np.linalg.norm(z))
        zeros += not x.any()
    assert 0 < zeros < 6


@given(SEEDS, st.integers(1, 5), st.sampled_from([0.0, 0.3, 2.0]), st.booleans(), st.sampled_from([0.0, 0.2, 5.0]))
def test_the_prox_satisfies_its_optimality_conditions(seed, size, lam, nonnegative, l1):
    z = np.random.default_rng(seed).normal(size=3 * size)
    x = unfolded.sparse_group_prox(z, lam, size, nonnegative, l1)
    assert violation(z - x, x, lam, size, nonnegative, l1) <= 1e-14
    agreement(x, slow_prox(z, lam, size, nonnegative, l1)[0])


@given(SEEDS, st.integers(1, 5), st.sampled_from([0.0, 0.3, 2.0]), st.booleans(), st.sampled_from([0.0, 0.2]))
def test_the_jacobian_of_the_prox_agrees_with_the_full_matrix_and_is_symmetric(seed, size, lam, nonnegative, l1):
    rng = np.random.default_rng(seed)
    z, v, u = rng.normal(size=(3, 3 * size))
    w = np.maximum(z - l1, 0) if nonnegative else np.sign(z) * np.maximum(np.abs(z) - l1, 0)
    inner = np.diag([float(w_j != 0) for w_j in w])
    J = oracle.jacobian(w, lam, size) @ inner
    Jv = unfolded.sparse_group_prox_vjp(z, v, lam, size, nonnegative, l1)
    agreement(Jv, J.T @ v, scale=np.linalg.norm(v))
    agreement(Jv, J @ v, scale=np.linalg.norm(v))
    scale = np.linalg.norm(u) * np.linalg.norm(v)
    agreement(u @ Jv, unfolded.sparse_group_prox_vjp(z, u, lam, size, nonnegative, l1) @ v, scale=scale)


def test_at_ties_the_jacobian_of_the_prox_is_zero_and_without_thresholds_the_identity():
    z, v = np.array([4.0, -5.0, 1.0, 9.0, 0.0, 0.0]), np.arange(1.0, 7.0)
    vjp = unfolded.sparse_group_prox_vjp
    np.testing.assert_array_equal(vjp(z, v, 5.0, 2, l1=1.0)[:2], [0, 0])  # (3, -4) has norm 5
    np.testing.assert_array_equal(vjp(z, v, 0.0, 2, l1=1.0), [1, 2, 0, 4, 0, 0])  # |1| ties with l1
    np.testing.assert_array_equal(vjp(z, v, 0.0, 2, nonnegative=True), [1, 0, 3, 4, 0, 0])  # 0 ties with the sign constraint
    np.testing.assert_array_equal(vjp(z, v, 0.0, 2, True, 1.0), [1, 0, 0, 4, 0, 0])
    np.testing.assert_array_equal(vjp(z, v, 0.0, 2), v)
    np.testing.assert_array_equal(vjp(z, v, 1.0, 2)[4:], [0, 0])


def group_first(Z, lam, group_size, nonnegative, l1):
    X = activations.group_soft_threshold(Z, lam, group_size)
    return activations.soft_threshold(np.maximum(X, 0) if nonnegative else X, l1)


def sign_last(Z, lam, group_size, nonnegative, l1):
    X = activations.group_soft_threshold(activations.soft_threshold(Z, l1), lam, group_size)
    return np.maximum(X, 0) if nonnegative else X


@pytest.mark.parametrize("mutant, penalty", [(group_first, (False, 0.3)), (group_first, (True, 0.0)), (sign_last, (True, 0.0))])
def test_another_order_of_the_prox_is_rejected_by_both_checks(mutant, penalty):
    z = np.array([1.5, -0.7, 0.9])
    wrong, right = mutant(z, 0.4, 3, *penalty), unfolded.sparse_group_prox(z, 0.4, 3, *penalty)
    optimum = prox_by_optimisation(z, 0.4, *penalty)
    agreement(right, optimum, rtol=1e-6)
    assert violation(z - right, right, 0.4, 3, *penalty) <= 1e-14
    with pytest.raises(AssertionError, match="error"):
        agreement(wrong, optimum, rtol=1e-6)
    assert violation(z - wrong, wrong, 0.4, 3, *penalty) > 0.01


# ------------------------------------------------------------------------------------------------ step and momentum


def test_the_spectral_step_and_its_gradient():
    for seed in range(5):
        A, D = np.random.default_rng(seed).normal(size=(2, 4, 6))
        agreement(unfolded.spectral_step(A), 1 / np.linalg.eigvalsh(A @ A.T)[-1])
        central_difference(unfolded.spectral_step, unfolded.spectral_step_gradient(A), A, D)
        taylor(unfolded.spectral_step, unfolded.spectral_step_gradient(A), A, D)


def test_a_zero_dictionary_has_zero_codes_and_no_gradient():
    A, Y = np.zeros((3, 4)), np.ones((2, 3))
    value, G = unfolded.unfolded_loss_and_grad(A, Y, 0.0, 2, 3)
    assert value == 1.5
    assert not G.any()
    assert not unfolded.spectral_step_gradient(A).any()
    assert not unfolded.unfolded_encode(A, Y, 0.0, 2, 3).any()


@pytest.mark.parametrize("n_unfold", [1, 2, 7])
def test_momentum_is_the_sequence_of_fista(n_unfold):
    t = [1.0]
    for _ in range(n_unfold):
        t.append((1 + math.sqrt(1 + 4 * t[-1] ** 2)) / 2)
    agreement(unfolded.momentum(n_unfold), np.array([0.0] + [(t[k - 1] - 1) / t[k] for k in range(1, n_unfold)]))
    assert unfolded.momentum(n_unfold, accelerated=False) == [0.0] * n_unfold


# ------------------------------------------------------------------------------------------------ the codes


@flags
@pytest.mark.parametrize("n_unfold", DEPTHS)
def test_codes_agree_with_the_loop(n_unfold, flag):
    for seed, step in itertools.product(range(3), [None, 0.8]):
        args, options = instance(seed, n_unfold, group_size=1 + seed, step=step, margin=1e-12, **flag)
        agreement(unfolded.unfolded_encode(*args, **options), slow_encode(*args, **options)[0])


@pytest.mark.parametrize("lam", [0.0, 0.4])
@given(SEEDS, st.integers(1, 4), st.sampled_from([0.01, 0.3, 1.0]))
def test_one_step_is_the_shallow_encoder_of_the_scaled_input_with_the_scaled_threshold(lam, seed, group_size, step):
    rng = np.random.default_rng(seed)
    A, Y = rng.normal(size=(5, 2 * group_size)), rng.normal(size=(3, 5))
    for accelerated in (True, False):
        X = unfolded.unfolded_encode(A, Y, lam, group_size, 1, step, accelerated)
        agreement(X, autoencoder.encode(A, step * Y, step * lam, group_size))
        agreement(X, step * autoencoder.encode(A, Y, lam, group_size))
    (value, G), (shallow_value, shallow_G) = (
        unfolded.unfolded_loss_and_grad(A, Y, lam, group_size, 1, step_size=1.0),
        autoencoder.loss_and_grad(A, Y, lam, group_size),
    )
    agreement(value, shallow_value)
    agreement(G, shallow_G)


@given(SEEDS)
def test_the_first_two_iterates_of_fista_are_those_of_ista_and_the_third_is_not(seed):
    args, options = instance(seed, 3, margin=1e-12)
    for n_unfold, same in ((1, True), (2, True), (3, False)):
        fista, ista = (unfolded.unfolded_encode(*args[:4], n_unfold, None, accelerated) for accelerated in (True, False))
        assert np.array_equal(fista, ista) is same or not fista.any()


@penalties
@pytest.mark.parametrize("step", [1.0, 0.3])
def test_with_orthonormal_atoms_the_codes_are_in_closed_form(step, penalty):
    """A^T A = I: every step moves the fraction a of the way to prox(A^T y), and with a = 1 the first step is there."""
    rng = np.random.default_rng(0)
    A, Y = orthonormal_groups(rng.normal(size=(9, 6)), 6), rng.normal(size=(20, 9))
    limit = unfolded.sparse_group_prox(Y @ A, 0.8, 2, **penalty)
    assert 0.1 < np.mean(limit != 0) < 0.9
    for n_unfold in (1, 2, 5):
        X = unfolded.unfolded_encode(A, Y, 0.8, 2, n_unfold, step, accelerated=False, **penalty)
        agreement(X, (1 - (1 - step) ** n_unfold) * limit)
        agreement(unfolded.unfolded_encode(A, Y, 0.8, 2, n_unfold, **penalty), limit)


@pytest.mark.parametrize("accelerated", [True, False])
def test_without_penalty_the_codes_converge_to_least_squares(accelerated):
    rng = np.random.default_rng(0)
    A, Y = rng.normal(size=(9, 4)), rng.normal(size=(3, 9))
    X = unfolded.unfolded_encode(A, Y, 0.0, 2, 1000, accelerated=accelerated)
    agreement(X, np.linalg.lstsq(A, Y.T, rcond=None)[0].T, rtol=1e-10)


@flags
@pytest.mark.parametrize("shape", [(8, 3), (4, 5)], ids=["fewer atoms", "more atoms"])
def test_the_codes_converge_to_a_minimiser_of_the_penalised_cost(shape, flag):
    """Its optimality conditions hold, and its residual is the one that the dual problem gives."""
    penalty = {name: flag[name] for name in ("nonnegative", "l1")}
    groups = 0
    for seed in range(3):
        (A, Y, lam, size, _), _ = instance(seed, 1, n_features=shape[0], n_groups=shape[1], margin=0)
        X = unfolded.unfolded_encode(A, Y, lam, size, 6000 if flag["accelerated"] else 20_000, **flag)
        for y, x in zip(Y, X, strict=True):
            assert violation(A.T @ (y - A @ x), x, lam, size, **penalty) <= 1e-7
            agreement(y - A @ x, residual_by_duality(A, y, lam, size, **penalty), rtol=1e-6, scale=np.linalg.norm(y))
            groups += np.count_nonzero(np.linalg.norm(x.reshape(-1, size), axis=1))
    assert 0 < groups < 6 * shape[1]


@penalties
@pytest.mark.parametrize("seed", range(3))
def test_ista_never_raises_the_cost_and_both_keep_their_bounds(seed, penalty):
    """F(x_K) - F* is at most L ||x*||^2 / 2K along ISTA and 2 L ||x*||^2 / (K + 1)^2 along FISTA (Beck and Teboulle)."""
    (A, Y, lam, size, _), _ = instance(seed, 1, n_samples=1, margin=0)
    optimum = unfolded.unfolded_encode(A, Y, lam, size, 5000, **penalty)[0]
    best, L = objective(A, Y[0], optimum, lam, size, **penalty), np.linalg.norm(A, 2) ** 2
    last, bound = objective(A, Y[0], 0 * optimum, lam, size, **penalty), L * np.sum(optimum**2)
    for K in (1, 2, 3, 5, 10, 30, 100):
        ista, fista = (
            objective(A, Y[0], unfolded.unfolded_encode(A, Y, lam, size, K, None, accelerated, **penalty)[0], lam, size, **penalty)
            for accelerated in (False, True)
        )
        assert ista <= last + 1e-13
        assert -1e-12 <= ista - best <= bound / (2 * K) + 1e-12
        assert -1e-12 <= fista - best <= 2 * bound / (K + 1) ** 2 + 1e-12
        last = ista


@pytest.mark.parametrize("nonnegative", [False, True])
@pytest.mark.parametrize("lam, l1", [(0.5, 0.0), (0.0, 0.5), (0.3, 0.2)])
def test_with_groups_of_one_atom_fista_solves_the_lasso_of_scikit_learn(lam, l1, nonnegative):
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(1)
    A, Y = rng.normal(size=(8, 5)), 2 * rng.normal(size=(3, 8))
    lasso = linear_model.Lasso(alpha=(lam + l1) / 8, fit_intercept=False, positive=nonnegative, tol=1e-14, max_iter=100_000)
    X = unfolded.unfolded_encode(A, Y, lam, 1, 3000, nonnegative=nonnegative, l1=l1)
    expected = np.array([lasso.fit(A, y).coef_ for y in Y])
    assert 0 < np.count_nonzero(expected) < expected.size
    agreement(X, expected, rtol=1e-7)


@pytest.mark.parametrize("accelerated", [True, False])
@pytest.mark.parametrize("n_unfold", DEPTHS)
def test_codes_and_gradient_turn_with_the_groups(n_unfold, accelerated):
    (A, Y, *rest), options = instance(0, n_unfold, group_size=3, n_groups=2, accelerated=accelerated)
    rng = np.random.default_rng(0)
    turns = [rotation(rng, 3) for _ in range(2)]
    turned = act_on_groups(A, turns)
    agreement(unfolded.unfolded_encode(turned, Y, *rest, **options), act_on_groups(unfolded.unfolded_encode(A, Y, *rest, **options), turns))
    (value, G), (turned_value, turned_G) = (unfolded.unfolded_loss_and_grad(B, Y, *rest, **options) for B in (A, turned))
    agreement(turned_value, value)
    agreement(turned_G, act_on_groups(G, turns))
    for broken in ({"nonnegative": True}, {"l1": 0.15}):
        X, turned_X = (unfolded.unfolded_encode(B, Y, *rest, accelerated=accelerated, **broken) for B in (A, turned))
        with pytest.raises(AssertionError, match="error"):
            agreement(turned_X, act_on_groups(X, turns), rtol=1e-2)


def test_one_sample_may_be_a_vector_and_inputs_are_not_changed():
    args, _ = instance(0)
    A, Y = (np.array(value) for value in args[:2])
    A.flags.writeable = Y.flags.writeable = False
    X = unfolded.unfolded_encode(A, Y, *args[2:])
    agreement(unfolded.unfolded_encode(A, Y[0], *args[2:]), X[0])
    agreement(unfolded.unfolded_loss_and_grad(A, Y, *args[2:])[0], cost(args, {})(A))


# ------------------------------------------------------------------------------------------------ the gradient


@flags
@pytest.mark.parametrize("step", [None, 0.9], ids=["spectral step", "step given"])
@pytest.mark.parametrize("n_unfold", DEPTHS)
def test_the_gradient_passes_both_checks(n_unfold, step, flag):
    for seed in range(3):
        args, options = instance(seed, n_unfold, group_size=1 + seed, step=step, **flag)
        check_gradient(unfolded.unfolded_loss_and_grad, args, options, seed)


@flags
@pytest.mark.parametrize("step", [None, 0.9], ids=["spectral step", "step given"])
@pytest.mark.parametrize("n_unfold", DEPTHS)
def test_the_gradient_agrees_with_autograd(n_unfold, step, flag):
    for seed in range(3):
        args, options = instance(seed, n_unfold, group_size=1 + seed, step=step, margin=1e-9, **flag)
        for got, expected in zip(unfolded.unfolded_loss_and_grad(*args, **options), autograd(*args, **options), strict=True):
            agreement(got, expected)


def corners():
    """Named corners: every one of them has a 0 / 0 or an identity that some implementation gets wrong."""
    (A, Y, lam, size, K), _ = instance(1, 5)
    with_zero = np.vstack([Y, np.zeros((1, 5))])
    return {
        "lam = 0": (A, Y, 0.0, size, K),
        "an all-zero sample": (A, with_zero, lam, size, K),
        "an all-zero sample and lam = 0": (A, with_zero, 0.0, size, K),
        "all samples zero": (A, 0 * Y, lam, size, K),
        "no active group": (A, Y, 100.0, size, K),
        "an atom that is zero": (A * [0, 1, 1, 1, 1, 1], Y, lam, size, K),
        "an atom that is zero and lam = 0": (A * [0, 1, 1, 1, 1, 1], Y, 0.0, size, K),
        "one group": (A, Y, lam, 6, K),
        "one feature": (A[:1], Y[:, :1], lam, size, K),
        "one atom": (A[:, :1], Y, lam, 1, K),
    }


CORNERS = corners()


@flags
@pytest.mark.parametrize("name", CORNERS)
def test_the_gradient_agrees_with_autograd_in_limiting_cases(name, flag):
    for step in (None, 0.1):
        got = unfolded.unfolded_loss_and_grad(*CORNERS[name], step, **flag)
        expected = autograd(*CORNERS[name], step, **flag)
        assert np.isfinite(expected[1]).all()
        agreement(got[0], expected[0])
        agreement(got[1], expected[1])
        if name == "no active group":
            assert not got[1].any()


@flags
@pytest.mark.parametrize("name", CORNERS)
def test_codes_agree_with_the_loop_in_limiting_cases(name, flag):
    agreement(unfolded.unfolded_encode(*CORNERS[name], **flag), slow_encode(*CORNERS[name], **flag)[0])


@flags
def test_at_convergence_the_gradient_no_longer_depends_on_the_step(flag):
    """The limit is the minimiser of a cost that has no step in it; after three steps the two readings still differ."""
    for seed in range(3):
        (A, Y, lam, size, _), _ = instance(seed, 1, n_features=20, lam=0.1, margin=0)
        constant = unfolded.spectral_step(A)

        def gradients(K):
            return (unfolded.unfolded_loss_and_grad(A, Y, lam, size, K, step, **flag)[1] for step in (constant, None))  # noqa: B023

        agreement(*gradients(2000), rtol=1e-8)
        with pytest.raises(AssertionError, match="error"):
            agreement(*gradients(3), rtol=1e-4)


@flags
@pytest.mark.parametrize("step", [None, 0.9], ids=["spectral step", "step given"])
def test_float32_in_gives_float32_out(step, flag):
    for seed, n_unfold in itertools.product(range(3), DEPTHS):
        args, options = instance(seed, n_unfold, step=step, **flag)
        single = (args[0].astype(np.float32), args[1].astype(np.float32), *args[2:])
        X, (value, G) = unfolded.unfolded_encode(*single, **options), unfolded.unfolded_loss_and_grad(*single, **options)
        assert X.dtype == G.dtype == np.float32
        assert isinstance(value, float)
        expected_value, expected_G = unfolded.unfolded_loss_and_grad(*args, **options)
        agreement(X, slow_encode(*args, **options)[0], rtol=1e-5)
        agreement(value, expected_value, rtol=1e-5)
        agreement(G, expected_G, rtol=1e-4)


def test_the_proximal_operator_keeps_float32():
    z = np.float32([[1.0, -2.0, 0.5, 0.1]])
    for nonnegative, l1, lam in itertools.product([False, True], [0.0, 0.1], [0.0, 0.3]):
        assert unfolded.sparse_group_prox(z, lam, 2, nonnegative, l1).dtype == np.float32
        assert unfolded.sparse_group_prox_vjp(z, z, lam, 2, nonnegative, l1).dtype == np.float32


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 4), st.integers(1, 4), st.integers(1, 6), st.integers(1, 8), st.sampled_from(PENALTIES), st.booleans())
def test_the_gradient_agrees_with_autograd_on_every_small_shape(seed, group_size, n_groups, n_features, n_unfold, penalty, accelerated):
    args, options = instance(seed, n_unfold, group_size, n_groups, n_features, margin=1e-9, accelerated=accelerated, **penalty)
    agreement(unfolded.unfolded_loss_and_grad(*args, **options)[1], autograd(*args, **options)[1], rtol=1e-11)


# ------------------------------------------------------------------------------------------------ mutants: changes of the source

GRADIENT_MUTANTS = {
    "momentum dropped: nothing to the iterate before last": ("-beta * T_bar", "0 * T_bar"),
    "momentum dropped: weight 1 + beta": ("(1 + beta) * T_bar", "T_bar"),
    "wrong sign of the momentum": ("-beta * T_bar", "beta * T_bar"),
    "step gradient missing": ("A_bar += a_bar", "A_bar += 0 * a_bar"),
    "step gradient of the wrong sign": ("A_bar += a_bar", "A_bar -= a_bar"),
    "step gradient without the group threshold": ("- lam * _directions(X, group_size)", ""),
    "step gradient without the entrywise threshold": ("- l1 * np.sign(X)", ""),
    "step gradient without the descent": ("(R @ A - l1", "(0 * R @ A - l1"),
    "one step only": ("reversed(layers)", "layers[-1:]"),
    "steps in forward order": ("reversed(layers)", "layers"),
    "decoder term dropped": ("-E_bar.T @ X\n", "0 * E_bar.T @ X\n"),
    "encoder weight dropped": ("a * (R.T @ V_bar) - ", "- "),
    "residual weight dropped": (" - R_bar.T @ T\n", "\n"),
    "residual path dropped": ("V_bar - R_bar @ A", "V_bar"),
    "Jacobian at the code": ("sparse_group_prox_vjp(V,", "sparse_group_prox_vjp(X,"),
    "threshold without the step": ("X_bar, a * lam,", "X_bar, lam,"),
    "1/N left out": ("E / len(Y)", "E"),
    "l1 left out of the Jacobian": ("nonnegative, a * l1)\n", "nonnegative, 0.0)\n"),
    "sign constraint left out of the Jacobian": ("group_size, nonnegative, a * l1)\n", "group_size, False, a * l1)\n"),
}
FORWARD_MUTANTS = {
    "last iterate extrapolated": (
        "        X = layer.X\n",
        "        X, old = layer.X, locals().get('X', 0)\n    X = X + momentum(n_unfold + 1, accelerated)[-1] * (X - old)\n"),
    "momentum dropped": ("X + beta * (X - previous)", "X + 0 * (X - previous)"),
    "momentum from a step ago": ("residual(A, Y, T)", "residual(A, Y, X)"),
    "threshold without the step": ("V, step_size * lam,", "V, lam,"),
    "l1 without the step": ("step_size * l1)", "l1)"),
    "sign constraint ignored": ("group_size, nonnegative, step_size", "group_size, False, step_size"),
    "momentum a step early": ("(previous - 1) / t if", "(t - 1) / t if"),
}  # fmt: skip
MUTANT_OPTIONS = {"accelerated": True, "nonnegative": True, "l1": 0.15}


def mutant(old, new):
    """The module with one piece of its text changed; the piece must be there exactly once, so that no mutant is the original."""
    source = inspect.getsource(unfolded)
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the source"
    namespace = {"__name__": unfolded.__name__, "__package__": unfolded.__package__}
    exec(compile(source.replace(old, new), "mutant", "exec"), namespace)
    return namespace


def mutant_instance(seed=0):
    """Six steps, a sample with active and inactive groups, entries and signs at different steps."""
    return instance(seed, 6, group_size=3, n_groups=3, n_samples=3, lam=0.2, **MUTANT_OPTIONS)


def test_the_text_of_the_module_unchanged_passes_as_a_mutant():
    same = mutant("reversed(layers)", "reversed(layers )")
    args, options = mutant_instance()
    check_gradient(same["unfolded_loss_and_grad"], args, options)
    agreement(same["unfolded_encode"](*args, **options), slow_encode(*args, **options)[0])


@pytest.mark.parametrize("name", GRADIENT_MUTANTS)
def test_a_wrong_reverse_pass_is_rejected_by_both_difference_checks(name):
    wrong = mutant(*GRADIENT_MUTANTS[name])["unfolded_loss_and_grad"]
    args, options = mutant_instance()
    f, G, A = cost(args, options), wrong(*args, **options)[1], args[0]
    D = np.random.default_rng(0).normal(size=A.shape)
    with pytest.raises(AssertionError, match="central difference"):
        central_difference(f, G, A, D)
    with pytest.raises(AssertionError, match="Taylor remainder"):
        taylor(f, G, A, D)
    assert taylor_order(f, G, A, D) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("name", GRADIENT_MUTANTS)
def test_a_wrong_reverse_pass_is_rejected_by_autograd(name):
    args, options = mutant_instance()
    truth = autograd(*args, **options)[1]
    agreement(unfolded.unfolded_loss_and_grad(*args, **options)[1], truth)
    with pytest.raises(AssertionError, match="error"):
        agreement(mutant(*GRADIENT_MUTANTS[name])["unfolded_loss_and_grad"](*args, **options)[1], truth)


@pytest.mark.parametrize("name", FORWARD_MUTANTS)
def test_wrong_codes_are_rejected_by_the_loop(name):
    args, options = mutant_instance()
    expected, _ = slow_encode(*args, **options)
    agreement(unfolded.unfolded_encode(*args, **options), expected)
    with pytest.raises(AssertionError, match="error"):
        agreement(mutant(*FORWARD_MUTANTS[name])["unfolded_encode"](*args, **options), expected)
