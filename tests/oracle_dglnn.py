"""The diagonally grouped linear network computed another way. Imports no gsae_ref.

The matrix D of [L23] Section 2 is built entry by entry, Jacobians are full matrices, sums are
exact, and the algorithms are as printed, with divisions by powers of u, one group at a time.
"""

import math

import numpy as np


def membership(sizes):
    """D, p x L: one in row i, column g(i)."""
    D = np.zeros((sum(sizes), len(sizes)))
    i = 0
    for g, size in enumerate(sizes):
        for _ in range(size):
            D[i, g] = 1.0
            i += 1
    return D


def weights(u, v, sizes):
    D = membership(sizes)
    w = []
    for i, direction in enumerate(v):
        magnitude = math.fsum(D[i, g] * float(u[g]) ** 2 for g in range(len(sizes)))
        w.append(magnitude * float(direction))
    return np.array(w)


def residual(u, v, X, y, sizes):
    w = weights(u, v, sizes)
    r = []
    for row, target in zip(X, y, strict=True):
        r.append(
            float(target) - math.fsum(float(x) * weight for x, weight in zip(row, w, strict=True))
        )
    return np.array(r)


def loss(u, v, X, y, sizes, factor=0.5):
    """factor / n times the sum of squares: 1/2 is the paper's loss, 1 the mean squared error."""
    return factor * math.fsum(r * r for r in residual(u, v, X, y, sizes)) / len(y)


def gradients(u, v, X, y, sizes, factor=0.5):
    """Chain rule with the full Jacobians of w in u and in v."""
    n, p = X.shape
    D = membership(sizes)
    r = residual(u, v, X, y, sizes)
    dw = []
    for i in range(p):
        inner = math.fsum(r[k] * float(X[k, i]) for k in range(n))
        dw.append(-2 * factor * inner / n)
    in_u = np.zeros((p, len(sizes)))
    in_v = np.zeros((p, p))
    for i in range(p):
        g = int(np.argmax(D[i]))
        in_u[i, g] = 2 * float(u[g]) * float(v[i])
        in_v[i, i] = float(u[g]) ** 2
    return in_u.T @ dw, in_v.T @ dw


def groups_of(x, sizes):
    return np.split(np.asarray(x), np.cumsum(sizes)[:-1])


def algorithm_1(u, v, X, y, sizes, gamma, factor=0.5, jacobi=False, eta=None):
    """One iteration as printed; ``eta`` is the constant step of Algorithm 2 in place of 1 / u^4."""
    _, dv = gradients(u, v, X, y, sizes, factor)
    new = []
    for g, (old, slope) in enumerate(zip(groups_of(v, sizes), groups_of(dv, sizes), strict=True)):
        z = old - (1 / float(u[g]) ** 4 if eta is None else eta) * slope
        new.append(z / math.hypot(*z))
    new = np.concatenate(new)
    du, _ = gradients(u, v if jacobi else new, X, y, sizes, factor)
    return u - gamma * du, new


def gradient_descent(u, v, X, y, sizes, gamma, eta, factor=0.5):
    du, dv = gradients(u, v, X, y, sizes, factor)
    return u - gamma * du, v - eta * dv
