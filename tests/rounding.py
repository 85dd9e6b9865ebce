"""How far rounding may move a loss and its gradients, in whatever order a program sums.

Let u be the unit roundoff of the dtype, gamma_k = k u / (1 - k u). A sum of k products, in any
order and with or without fused multiply-adds, is within gamma_k of the sum of their absolute
values. Below, D... bounds the error of ..., step after step:

    z = A^T y           Dz = gamma_n |A|^T |y|
    r = ||z_g||         relative to r:  rho = ||Dz_g|| / r + gamma_(d+2) (1 + ||Dz_g|| / r)
    tau = 1 - lam / r   Dtau = (lam / r) rho / (1 - rho) + 5 u
                        (lam, the quotient and the difference are rounded)
    x = tau z           Dx = Dtau (|z| + Dz) + tau Dz + 2 u |x|, and so on
    e = y - A x         De = |A| Dx + gamma_(m+1) (|y| + |A| (|x| + Dx))
    b = A^T e           Db = |A|^T De + gamma_n |A|^T (|e| + De)
    u = z / r           Du = 2 rho / (1 - rho) + 2 u  in norm
    D b                 in norm:  Db + (||b|| + Db) (Dtau (1 + (1 + Du)^2)
                            + (1 - tau) (2 Du + Du^2) + gamma_(d+12) (1 + Du)^2)
                        for D = J, diag J and tau I alike, as none has a norm above 1
    gradient            the products of these, and gamma_(2N+8) for its sums

Supports must be certain: no norm within rho of lam. The bound accounts for cancellation, a
tolerance relative to the result does not: where a gradient is a small difference of large numbers,
no program can have it to full precision.
"""

import numpy as np


def rounding_bounds(A, Y, lam, group_size, dtype):
    """Bounds of the errors of one computation in ``dtype``: of the cost, and of any gradient.

    The latter is in Frobenius norm and holds for each of the three gradients.
    """
    u = float(np.finfo(dtype).eps) / 2
    n, m = A.shape
    N = len(Y)
    A = np.asarray(A, np.float64)
    Y = np.asarray(Y, np.float64)
    size_A = np.abs(A)
    size_Y = np.abs(Y)

    def gamma(k):
        return k * u / (1 - k * u)

    def norms(M):
        return np.repeat(np.linalg.norm(M.reshape(N, -1, group_size), axis=2), group_size, axis=1)

    Z = Y @ A
    DZ = gamma(n) * size_Y @ size_A
    active, rho, tau, Dtau = _factors(norms(Z), norms(DZ), lam, group_size, u)
    X = tau * Z
    DX = Dtau * (np.abs(Z) + DZ) + tau * DZ
    DX += 2 * u * (np.abs(X) + DX)
    size_X = np.abs(X) + DX
    E = Y - X @ A.T
    DE = DX @ size_A.T + gamma(m + 1) * (size_Y + size_X @ size_A.T)
    size_E = np.abs(E) + DE
    DB = norms(DE @ size_A + gamma(n) * size_E @ size_A)
    size_B = norms(E @ A) + DB
    Du = 2 * rho / (1 - rho) + 2 * u
    of_derivative = Dtau * (1 + (1 + Du) ** 2) + (1 - tau) * (2 * Du + Du**2)
    of_derivative += gamma(group_size + 12) * (1 + Du) ** 2
    Dback = np.where(active, DB + size_B * of_derivative, 0)
    size_back = np.where(active, size_B, 0) + Dback
    DG = DE.T @ size_X + np.abs(E).T @ DX + size_Y.T @ Dback
    DG += gamma(2 * N + 8) * (size_E.T @ size_X + size_Y.T @ size_back)
    of_cost = np.sum(2 * np.abs(E) * DE + DE**2) + 1e-12 * np.sum(size_E**2)
    return float(of_cost) / (2 * N), float(np.linalg.norm(DG)) / N


def _factors(r, Dr, lam, group_size, u):
    """Which groups are active, rho, tau and Dtau, for norms r and bounds Dr of their errors."""
    active = r > lam if lam > 0 else np.ones_like(r, bool)
    divisor = np.where(r > 0, r, 1)
    q = np.where(active & (lam > 0), lam / divisor, 0)
    k = (group_size + 2) * u
    rho = np.where(q > 0, Dr / divisor, 0)
    rho = np.where(q > 0, rho + k / (1 - k) * (1 + rho), 0)
    assert np.all(rho < 0.5), "an active norm is within rounding"
    tau = np.where(active, 1 - q, 0)
    Dtau = np.where(active, q * rho / (1 - rho) + 5 * u, 0)
    return active, rho, tau, Dtau
