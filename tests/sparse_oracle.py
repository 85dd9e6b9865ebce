"""The sparse autoencoder by another route: single entries, and expectations by enumeration.

Imports no gsae_ref.
"""

import itertools
import math

import numpy as np


def sigma(z, activation, lam):
    """Value and derivative at one number; strict thresholds, the identity for lam = 0."""
    if activation == "relu":
        return (z, 1.0) if z > 0 else (0.0, 0.0)
    if lam == 0:
        return z, 1.0
    if abs(z) <= lam:
        return 0.0, 0.0
    return (z if activation == "hard" else z - math.copysign(lam, z)), 1.0


def forward(W, y, b, activation, lam):
    """Codes, derivatives and residual of one sample, in lists and loops."""
    x = []
    slope = []
    for column, b_i in zip(W.T, b, strict=True):
        z = sum(w * y_p for w, y_p in zip(column, y, strict=True)) + b_i
        x_i, slope_i = sigma(z, activation, lam)
        x.append(x_i)
        slope.append(slope_i)
    e = []
    for row, y_p in zip(W, y, strict=True):
        e.append(y_p - sum(w * x_i for w, x_i in zip(row, x, strict=True)))
    return x, slope, e


def loss(W, Y, b, activation, lam):
    residuals = [forward(W, y, b, activation, lam)[2] for y in Y]
    return sum(e_p * e_p for e in residuals for e_p in e) / (2 * len(Y))


def gradient(W, Y, b, activation, lam):
    """-J^T e with the Jacobian of the reconstruction r = W sigma(W^T y + b), entry by entry:

    d r_q / d W_pi = [p = q] x_i + W_qi sigma'_i y_p,    d r_q / d b_i = W_qi sigma'_i.
    """
    n, m = W.shape
    dW = np.zeros((n, m))
    db = np.zeros(m)
    for y in Y:
        x, slope, e = forward(W, y, b, activation, lam)
        for i in range(m):
            for q in range(n):
                db[i] -= W[q, i] * slope[i] * e[q]
                for p in range(n):
                    dW[p, i] -= ((p == q) * x[i] + W[q, i] * slope[i] * y[p]) * e[q]
    return dW / len(Y), db / len(Y)


def equation_4(W, Y, b, activation, lam):
    """[N19] Eq. (4) as printed, and the display below it for b, column by column.

    Column i is -sigma'(z_i) [z_i I + y W_i^T] (y - W x).
    """
    n, m = W.shape
    dW = np.zeros((n, m))
    db = np.zeros(m)
    for y in Y:
        _, slope, e = forward(W, y, b, activation, lam)
        for i in range(m):
            z = W[:, i] @ y + b[i]
            dW[:, i] -= slope[i] * (z * np.eye(n) + np.outer(y, W[:, i])) @ np.array(e)
            db[i] -= slope[i] * (W[:, i] @ e)
    return dW / len(Y), db / len(Y)


def autograd(W, Y, b, activation, lam):
    """Loss and gradients from torch."""
    import torch

    W = torch.tensor(W, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(b, dtype=torch.float64, requires_grad=True)
    Y = torch.tensor(Y, dtype=torch.float64)
    Z = Y @ W + b
    if activation == "relu":
        X = torch.relu(Z)
    elif activation == "hard":
        X = Z * (Z.detach().abs() > lam) if lam > 0 else Z
    else:
        X = torch.nn.functional.softshrink(Z, lam)
    cost = ((Y - X @ W.T) ** 2).sum() / (2 * len(Y))
    cost.backward()
    return cost.item(), W.grad.numpy(), b.grad.numpy()


def two_points(k1, k2, skewness):
    """Values and probabilities of a law with mean k1 and second moment k2.

    It is symmetric about the mean for skewness 1.
    """
    s = math.sqrt(max(k2 - k1**2, 0))
    t = skewness
    return [(k1 + s * t, 1 / (1 + t * t)), (k1 - s / t, t * t / (1 + t * t))]


def population(A, supports, probabilities, k1, k2, noise=0.0, skewness=1.0):
    """Every (support, x, y, weight) of a finite law.

    Supports, two-point codes, and noise at the 2n points +-noise sqrt(n) e_p.
    """
    n, m = A.shape
    shifts = [np.zeros(n)]
    if noise:
        far = noise * math.sqrt(n) * np.eye(n)
        shifts = [*far, *-far]
    for mask, p in zip(supports, probabilities, strict=True):
        S = np.flatnonzero(mask)
        for values in itertools.product(two_points(k1, k2, skewness), repeat=len(S)):
            x = np.zeros(m)
            x[S] = [value for value, _ in values]
            weight = p * math.prod(q for _, q in values) / len(shifts)
            for eta in shifts:
                yield S, x, A @ x + eta, weight


def expected_by_enumeration(W, A, supports, probabilities, b, k1, k2, noise=0.0, skewness=1.0):
    """Mean of column i and of entry i over the finite law, for e = y - W_S (W_S^T y + b_S):

    -1{i in S} (W_i^T y I + b_i I + y W_i^T) e    and    -1{i in S} W_i^T e.
    """
    n, m = W.shape
    dW = np.zeros((n, m))
    db = np.zeros(m)
    for S, _, y, weight in population(A, supports, probabilities, k1, k2, noise, skewness):
        e = y - sum((W[:, i] * (W[:, i] @ y + b[i]) for i in S), np.zeros(n))
        for i in S:
            dW[:, i] -= weight * ((W[:, i] @ y + b[i]) * np.eye(n) + np.outer(y, W[:, i])) @ e
            db[i] -= weight * (W[:, i] @ e)
    return dW, db


def probability_that(supports, probabilities, atoms):
    """P[every one of these atoms is active], by counting."""
    total = 0.0
    for mask, p in zip(supports, probabilities, strict=True):
        if mask[list(atoms)].all():
            total += p
    return total


def equation_15(W, A, supports, probabilities):
    """[N19] Eq. (15) in loops."""
    n, m = W.shape
    G = np.zeros((n, m))
    for i in range(m):
        own = W[:, i] @ A[:, i]
        p = probability_that(supports, probabilities, [i])
        G[:, i] = -p * own * A[:, i] + p * own**2 * W[:, i]
        for j in set(range(m)) - {i}:
            pair = probability_that(supports, probabilities, [i, j])
            cross = A[:, i] @ W[:, j]
            G[:, i] += pair * (own * cross * W[:, j] + (W[:, i] @ W[:, j]) * cross * A[:, i])
    return G


def alpha_and_beta(W, A, supports, probabilities, b, k1, k2, last):
    """alpha_i and beta_i of [N19] B.3 in loops; ``last(i, j)`` is the bias in beta's last sum."""
    m = W.shape[1]

    def p(*atoms):
        return probability_that(supports, probabilities, atoms)

    alpha = np.zeros(m)
    beta = np.zeros(m)
    for i in range(m):
        own = W[:, i] @ A[:, i]
        alpha[i] = k2 * p(i) * own**2 + 2 * k1 * p(i) * b[i] * own + p(i) * b[i] ** 2
        beta[i] = k2 * p(i) * own
        for j in set(range(m)) - {i}:
            WiAj = W[:, i] @ A[:, j]
            WiWj = W[:, i] @ W[:, j]
            alpha[i] += k2 * p(i, j) * WiAj**2
            alpha[i] += 2 * k1**2 * p(i, j) * own * WiAj
            alpha[i] += 2 * k1 * p(i, j) * b[i] * WiAj
            beta[i] += k1**2 * p(i, j) * WiAj
            beta[i] -= k2 * p(i, j) * WiWj * (A[:, i] @ W[:, j])
            beta[i] -= k1**2 * p(i, j) * WiWj * (W[:, j] @ A[:, j])
            beta[i] -= k1 * p(i, j) * last(i, j) * WiWj
            for k in set(range(m)) - {i, j}:
                alpha[i] += k1**2 * p(i, j, k) * WiAj * (W[:, i] @ A[:, k])
                beta[i] -= k1**2 * p(i, j, k) * WiWj * (W[:, j] @ A[:, k])
    return alpha, beta


def closeness_by_enumeration(W, A, signs=True):
    """min over orders and signs of max_j ||+-W_pi(j) - A_j||."""
    m = W.shape[1]
    choices = list(itertools.product((1, -1), repeat=m)) if signs else [(1,) * m]
    nearest = math.inf
    for order in itertools.permutations(range(m)):
        for sign in choices:
            distances = np.linalg.norm(sign * W[:, order] - A, axis=0)
            nearest = min(nearest, float(distances.max()))
    return nearest
