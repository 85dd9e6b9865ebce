"""How far rounding may carry a loss and its gradients: a bound that every program of the same steps obeys, in whatever order it sums.

Let u be the unit roundoff of the dtype, gamma_k = k u / (1 - k u). A sum of k products, in any
order and with or without fused multiply-adds, is within gamma_k of the sum of their absolute
values. Below, D... bounds the error of ..., carried from step to step:

    z = A^T y           Dz = gamma_n |A|^T |y|;    of ||z_g|| relative to it:  rho = ||Dz_g|| / r + gamma_(d+2) (1 + ||Dz_g|| / r)
    tau = 1 - lam / r   Dtau = (lam / r) rho / (1 - rho) + 5 u         (lam, the quotient and the difference rounded)
    x = tau z           Dx = Dtau (|z| + Dz) + tau Dz + 2 u |x|, and so on
    e = y - A x         De = |A| Dx + gamma_(m+1) (|y| + |A| (|x| + Dx))
    b = A^T e           Db = |A|^T De + gamma_n |A|^T (|e| + De)
    u = z / r           Du = 2 rho / (1 - rho) + 2 u  in norm
    D b                 in norm: Db + (||b|| + Db) (Dtau (1 + (1 + Du)^2) + (1 - tau) (2 Du + Du^2) + gamma_(d+12) (1 + Du)^2), for D = J,
                        diag J and tau I alike, as none has a norm above 1
    gradient            the products of these, and gamma_(2N+8) for its sums

Supports must be certain: no norm within rho of lam. The bound knows cancellation, of which a
tolerance relative to the result knows nothing: where a gradient is a small difference of large
numbers, no program can have it to full precision.
"""

import numpy as np


def rounding_bounds(A, Y, lam, group_size, dtype):
    """Bounds of the errors of the cost, and of each of the three gradients in Frobenius norm, of one computation in ``dtype``."""
    unit = float(np.finfo(dtype).eps) / 2
    n, m = A.shape
    N = len(Y)
    A, Y = np.asarray(A, np.float64), np.asarray(Y, np.float64)

    def gamma(k):
        return k * unit / (1 - k * unit)

    def norms(M):
        return np.repeat(np.linalg.norm(M.reshape(N, -1, group_size), axis=2), group_size, axis=1)

    Z = Y @ A
    size_A = np.abs(A)
    size_Y = np.abs(Y)
    DZ = gamma(n) * size_Y @ size_A
    r = norms(Z)
    active = r > lam if lam > 0 else np.ones_like(r, bool)
    q = np.where(active & (lam > 0), lam / np.where(r > 0, r, 1), 0)
    rho = np.where(q > 0, norms(DZ) / np.where(r > 0, r, 1), 0)
    rho = np.where(q > 0, rho + gamma(group_size + 2) * (1 + rho), 0)
    assert np.all(rho < 0.5), "an active norm is all rounding"
    tau = np.where(active, 1 - q, 0)
    Dtau = np.where(active, q * rho / (1 - rho) + 5 * unit, 0)
    X = tau * Z
    DX = Dtau * (np.abs(Z) + DZ) + tau * DZ
    DX += 2 * unit * (np.abs(X) + DX)
    E = Y - X @ A.T
    size_X = np.abs(X) + DX
    DE = DX @ size_A.T + gamma(m + 1) * (size_Y + size_X @ size_A.T)
    size_E = np.abs(E) + DE
    B = E @ A
    DB = norms(DE @ size_A + gamma(n) * size_E @ size_A)
    Du = 2 * rho / (1 - rho) + 2 * unit
    size_B = norms(B) + DB
    slack = (
        Dtau * (1 + (1 + Du) ** 2)
        + (1 - tau) * (2 * Du + Du**2)
        + gamma(group_size + 12) * (1 + Du) ** 2
    )
    Dback = np.where(active, DB + size_B * slack, 0)
    size_back = np.where(active, size_B, 0) + Dback
    DG = (
        DE.T @ size_X
        + np.abs(E).T @ DX
        + size_Y.T @ Dback
        + gamma(2 * N + 8) * (size_E.T @ size_X + size_Y.T @ size_back)
    )
    return float(np.sum(2 * np.abs(E) * DE + DE**2)) / (2 * N) + 1e-12 * float(
        np.sum(size_E**2)
    ) / (2 * N), float(np.linalg.norm(DG)) / N
