"""Other routes to every number of the package, for its tests to compare with.

Slow on purpose: one sample, one group, one entry at a time; Jacobians are full matrices built entry
by entry; gradients move one entry of the dictionary at a time; expectations are sums over all
supports (and all codes of a finite law). The paper is arXiv:2102.07003. Imports no gsae_ref: an
oracle that shares a helper with its subject proves nothing.
"""

import itertools
import math

import numpy as np
import scipy.optimize

# ---- the activation


def group_indices(n_atoms, group_size):
    """Atoms of each group, as lists of indices."""
    return [list(range(start, start + group_size)) for start in range(0, n_atoms, group_size)]


def norm(values):
    return math.hypot(*(float(v) for v in values))


def shrink(z, lam, group_size):
    """Eq. (7) for one vector: (r - lam) / r times each entry of a group of norm r > lam, else 0.

    lam = 0 is the identity.
    """
    x = np.zeros(len(z))
    for group in group_indices(len(z), group_size):
        r = norm(z[group])
        for j in group:
            if lam == 0:
                x[j] = z[j]
            elif r > lam:
                x[j] = z[j] * (r - lam) / r
    return x


def jacobian(z, lam, group_size):
    """Full Jacobian of ``shrink``, entry by entry: delta_ij (1 - lam/r) + lam z_i z_j / r^3."""
    J = np.zeros((len(z), len(z)))
    for group in group_indices(len(z), group_size):
        r = norm(z[group])
        for i, j in itertools.product(group, group):
            if lam == 0:
                J[i, j] = float(i == j)
            elif r > lam:
                J[i, j] = (i == j) * (1 - lam / r) + lam * float(z[i]) * float(z[j]) / r**3
    return J


def prox_by_optimisation(z, lam):
    """Minimise 1/2 ||x - z||^2 + lam ||x|| for one group by BFGS, and compare with x = 0."""

    def objective(x):
        return 0.5 * np.sum((x - z) ** 2) + lam * np.linalg.norm(x)

    def slope(x):
        r = np.linalg.norm(x)
        return x - z + (lam * x / r if r > 0 else 0 * x)

    result = scipy.optimize.minimize(
        objective, z, jac=slope, method="BFGS", options={"gtol": 1e-12, "maxiter": 500}
    )
    origin = np.zeros_like(z)
    return min((origin, result.x), key=objective)


# ---- the network


def exact_dot(a, b):
    return math.fsum(float(a_p) * float(b_p) for a_p, b_p in zip(a, b, strict=True))


def preactivation(A, y):
    """z = A^T y, every inner product summed exactly."""
    return np.array([exact_dot(A[:, q], y) for q in range(A.shape[1])])


def encode(A, Y, lam, group_size):
    return np.array([shrink(preactivation(A, y), lam, group_size) for y in Y])


def decode(A, X):
    return np.array([preactivation(A.T, x) for x in X])


def loss(A, Y, lam, group_size):
    E = np.asarray(Y, dtype=float) - decode(A, encode(A, Y, lam, group_size))
    return math.fsum(float(e) ** 2 for e in E.ravel()) / (2 * len(Y))


def _mean_over_samples(gradient_of_one_sample, A, Y):
    A = np.asarray(A, dtype=float)
    Y = np.asarray(Y, dtype=float)
    return sum(gradient_of_one_sample(A, i, y) for i, y in enumerate(Y)) / len(Y)


def exact_gradient(A, Y, lam, group_size):
    """Move one entry of A at a time: dz, dx = J dz, de = -dA x - A dx, dL = <e, de>."""

    def of_one_sample(A, _, y):
        z = preactivation(A, y)
        x = shrink(z, lam, group_size)
        J = jacobian(z, lam, group_size)
        e = y - A @ x
        G = np.zeros_like(A)
        for p, q in np.ndindex(*A.shape):
            dz = np.zeros_like(z)
            dz[q] = y[p]
            de = -(A @ (J @ dz))
            de[p] -= x[q]
            G[p, q] = e @ de
        return G

    return _mean_over_samples(of_one_sample, A, Y)


def appendix_b_gradient(A, Y, lam, group_size):
    """Eq. (41), entry by entry: -(e_p x_q + y_p (A^T e)_q sigma'_q), sigma' the diagonal of J."""

    def of_one_sample(A, _, y):
        z = preactivation(A, y)
        x = shrink(z, lam, group_size)
        J = jacobian(z, lam, group_size)
        e = y - A @ x
        G = np.zeros_like(A)
        for p, q in np.ndindex(*A.shape):
            G[p, q] = -(e[p] * x[q] + y[p] * (A[:, q] @ e) * J[q, q])
        return G

    return _mean_over_samples(of_one_sample, A, Y)


def approximate_gradient(A, Y, lam, group_size, supports=None):
    """Eq. (51), group by group with n x n matrices.

    ``supports`` lists the active groups of every sample; None estimates them.
    """

    def of_one_sample(A, i, y):
        indices = group_indices(A.shape[1], group_size)
        tau = {}
        active = []
        for g, atoms in enumerate(indices):
            r = norm(A[:, atoms].T @ y)
            if supports is None:
                is_active = r > lam or lam == 0
            else:
                is_active = g in supports[i] and (r > 0 or lam == 0)
            if is_active:
                active.append(g)
                tau[g] = 1 - lam / r if lam else 1.0
        M = np.eye(len(y))
        for h in active:
            M -= tau[h] * A[:, indices[h]] @ A[:, indices[h]].T
        G = np.zeros_like(A)
        moment = np.outer(y, y)
        for g in active:
            G[:, indices[g]] = -tau[g] * (M @ moment + moment @ M.T) @ A[:, indices[g]]
        return G

    return _mean_over_samples(of_one_sample, A, Y)


def relative_errors(A, G, truth, group_size):
    """Overall, tangential and radial ||G_g - truth_g|| / ||truth_g||.

    The span of A_g is that of its singular vectors.
    """
    overall = np.linalg.norm(G - truth) / np.linalg.norm(truth)
    tangential = []
    radial = []
    for atoms in group_indices(A.shape[1], group_size):
        U, s, _ = np.linalg.svd(A[:, atoms], full_matrices=False)
        U = U[:, s > 1e-12 * s[0]]
        P = U @ U.T
        error = G[:, atoms] - truth[:, atoms]
        for errors, part in ((tangential, np.eye(len(A)) - P), (radial, P)):
            errors.append(np.linalg.norm(part @ error) / np.linalg.norm(part @ truth[:, atoms]))
    return overall, np.array(tangential), np.array(radial)


# ---- the expected gradient


def surrogate_given(A, second_moment, tau, active, group_size):
    """Eq. (51) for these active groups and factors, with ``second_moment`` in place of y y^T."""
    indices = group_indices(A.shape[1], group_size)
    M = np.eye(len(A))
    for h in active:
        M -= tau[h] * A[:, indices[h]] @ A[:, indices[h]].T
    G = np.zeros_like(A)
    for g in active:
        G[:, indices[g]] = -tau[g] * (M @ second_moment + second_moment @ M.T) @ A[:, indices[g]]
    return G


def expected_over_supports(A, A_star, tau, n_active, group_size, covariances):
    """Average over every support S, E[y y^T | S] = sum_{h in S} A*_h Sigma_h A*_h^T."""
    indices = group_indices(A.shape[1], group_size)
    supports = list(itertools.combinations(range(len(indices)), n_active))
    total = np.zeros_like(A)
    for S in supports:
        moment = sum(A_star[:, indices[h]] @ covariances[h] @ A_star[:, indices[h]].T for h in S)
        total += surrogate_given(A, moment, tau, S, group_size)
    return total / len(supports)


def finite_law(covariance):
    """2 d equally likely codes of mean 0 and this covariance.

    They are +-sqrt(d) times the columns of a square root of the covariance.
    """
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    return [sign * math.sqrt(len(values)) * column for column in root.T for sign in (1, -1)]


def expected_over_supports_and_codes(A, A_star, tau, n_active, group_size, covariances):
    """Average over every support and every combination of codes of the finite laws.

    No moment is used anywhere.
    """
    indices = group_indices(A.shape[1], group_size)
    total = np.zeros_like(A)
    count = 0
    for S in itertools.combinations(range(len(indices)), n_active):
        for codes in itertools.product(*(finite_law(covariances[h]) for h in S)):
            y = sum(A_star[:, indices[h]] @ x for h, x in zip(S, codes, strict=True))
            total += surrogate_given(A, np.outer(y, y), tau, S, group_size)
            count += 1
    return total / count


def printed_55(A, A_star, tau, n_active, group_size, covariances):
    """Last line of Eq. (55) without the remainder, one group at a time with n x n matrices."""
    indices = group_indices(A.shape[1], group_size)
    G = np.zeros_like(A)
    for g, atoms in enumerate(indices):
        p = n_active / len(indices)
        star = A_star[:, atoms] @ covariances[g] @ A_star[:, atoms].T
        own = A[:, atoms] @ A[:, atoms].T
        t = tau[g]
        G[:, atoms] = p * (-t * (2 - t) * star + t**2 * own @ star) @ A[:, atoms]
    return G


def printed_31(A, A_star, tau, n_active, group_size, covariances):
    """First term of Eq. (31), one group at a time."""
    indices = group_indices(A.shape[1], group_size)
    G = np.zeros_like(A)
    for g, atoms in enumerate(indices):
        factor = tau[g] * n_active / len(indices) * (2 - tau[g])
        moment = covariances[g] @ A_star[:, atoms].T @ A[:, atoms]
        G[:, atoms] = factor * (A[:, atoms] - A_star[:, atoms]) @ moment
    return G


# ---- autograd


def autograd(A, Y, lam, group_size):
    """Loss (13) and its gradient by torch.

    Norms are taken only where they are active, so that 0 / 0 never enters the tape.
    """
    import torch

    A = torch.tensor(np.asarray(A), dtype=torch.float64, requires_grad=True)
    Y = torch.tensor(np.asarray(Y), dtype=torch.float64)
    Z = (Y @ A).reshape(len(Y), -1, group_size)
    squares = (Z**2).sum(-1, keepdim=True)
    active = squares > lam**2
    safe = torch.where(active, squares, torch.ones_like(squares)).sqrt()
    tau = torch.where(active, 1 - lam / safe, torch.full_like(squares, 1.0 if lam == 0 else 0.0))
    X = (tau * Z).reshape(len(Y), -1)
    cost = ((Y - X @ A.T) ** 2).sum() / (2 * len(Y))
    cost.backward()
    return cost.item(), A.grad.numpy()
