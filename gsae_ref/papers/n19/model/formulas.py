"""N19, Section 3: the matrices of the spectral start, and what they hold beside common atoms."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ....arrays import Array, BoolArray


def spectral_matrix(A: Array, codes: Array, weights: Array, beta: Array, beta_2: Array) -> Array:
    """E[(u^T y) (v^T y) y y^T] of a finite law of codes, y = A x*. [N19] Section 3.

    ``beta`` and ``beta_2`` are A^T u and A^T v. The start of N19's reference [16] takes the top
    eigenvectors of these matrices, u and v being samples.

    >>> one = np.ones(1)
    >>> spectral_matrix(np.eye(1), 2 * np.eye(1), one, one, one)  # E x^4
    array([[16.]])
    """
    Y = codes @ A.T
    result: Array = Y.T @ ((weights * (codes @ beta) * (codes @ beta_2))[:, None] * Y)
    return result


def uniform_spectral_matrix(A: Array, k: int, beta: Array, beta_2: Array) -> Array:
    """:func:`spectral_matrix` for codes 1_S and uniform supports of size k, for any m.

    A T A^T, where T_ij = sum_{r,s} beta_r beta'_s q_h, h the number of different atoms among r, s,
    i, j, and q_h the probability that h atoms are active.

    >>> e = np.eye(3)
    >>> uniform_spectral_matrix(e, 1, e[0], e[0]).diagonal()  # a mixture: E x_1^4 = 1/3
    array([0.33333333, 0.        , 0.        ])
    """
    m = A.shape[1]
    q = np.cumprod([(k - h) / (m - h) for h in range(min(4, m))] + [0.0] * (4 - min(4, m)))
    b = beta[:, None]
    c = beta_2[:, None]
    left = b.sum() - b - b.T  # sums over the atoms that are neither i nor j
    right = c.sum() - c - c.T
    shared = beta @ beta_2 - b * c - (b * c).T
    T = (
        q[1] * (b + b.T) * (c + c.T)
        + q[2] * ((b + b.T) * right + (c + c.T) * left + shared)
        + q[3] * (left * right - shared)
    )
    left = beta.sum() - beta
    right = beta_2.sum() - beta_2
    shared = beta @ beta_2 - beta * beta_2
    np.fill_diagonal(
        T,
        q[0] * beta * beta_2
        + q[1] * (beta * right + beta_2 * left + shared)
        + q[2] * (left * right - shared),
    )
    result: Array = A @ T @ A.T
    return result


def chances_together(active: BoolArray, weights: Array) -> tuple[float, float, float]:
    """q_r, the largest probability that r different atoms are active, for r = 2, 3, 4.

    >>> chances_together(np.array([[True, True, False], [False, True, True]]), np.full(2, 0.5))
    (0.5, 0.0, 0.0)
    """
    m = active.shape[1]
    found = []
    for r in (2, 3, 4):
        if r > active.sum(axis=1).max(initial=0):
            found.append(0.0)
            continue
        chosen = np.array(list(combinations(range(m), r)), dtype=int).reshape(-1, r)
        together = active[:, chosen].all(axis=2)
        found.append(float((weights @ together).max(initial=0.0)))
    return found[0], found[1], found[2]


def spectral_remainder(
    A: Array, beta: Array, beta_2: Array, largest: float, a_2: float, q: tuple[float, float, float]
) -> float:
    """A bound on what :func:`spectral_matrix` holds beside the atoms that u and v have in common.

    With b = |A^T u|, b' = |A^T v|, s and s' the sums of their entries, q_r the largest probability
    of r atoms together, |x*| <= a_2, and C any set of atoms, whatever the rest of the law:

        ||E[(u^T y) (v^T y) y y^T] - sum_{c in C} E[x_c^4] beta_c beta'_c A_c A_c^T||
            <= ||A||^2 (max_{i not in C} E[x_i^4] b_i b'_i + a_2^4 R),
        R = q_2 (max_i (b_i s' + b'_i s) + <b, b'> + 2 sqrt(m) ||b o b'|| + 2 ||b|| ||b'||)
            + q_3 (s s' + 2 sqrt(m) (||b|| s' + ||b'|| s) + m <b, b'>) + q_4 m s s'.

    ``largest`` is the maximum. Proof: the matrix is A T A^T with T_ij = sum_{r,s} beta_r beta'_s
    E[x_r x_s x_i x_j], and the modulus of such a moment is at most a_2^4 q_h, h the number of
    different atoms in it (E[x_i^4] for one). By the coincidences among r, s, i, j, abs(T - diag) is
    at most a sum of diagonal matrices, of multiples of 1 1^T (norm m), of b 1^T and the like (norm
    sqrt(m) ||b||), and of b b'^T, whose norms are the terms of R; and ||N|| bounds ||T|| where
    abs(T) <= N.

    With <A_i, A_j> <= delta/k in modulus and u, v samples, b_i <= a_2 (1_{i in U} + delta), and
    ||b|| <= ||A||^2 a_2 sqrt(k), s <= sqrt(m) ||b||. So if q_r = O((k/m)^r) and ||A|| = O(1), the
    bound is O((k/m) (delta + k^4/m + sqrt(k^3/m))): below (k/m)/log n for k = O(log^2 n).
    The top eigenvector z then has a part of at most bound/(lam - bound) beside A_c where C = {c}
    and lam = E[x_c^4] beta_c beta'_c, since (I - A_c A_c^T) z is that part of the remainder's
    image; <z, u> > 0 fixes its sign. Without a common atom the norm is at most the bound; with two
    or more, the second eigenvalue is at least the least eigenvalue of A_C^T A_C times the least
    lam, minus the bound. So the two tests of [16] find out the pairs with one common atom.

    >>> e = np.eye(2)
    >>> spectral_remainder(e, e[0], e[0], 0.0, 1.0, (0.0, 0.0, 0.0))  # a mixture, A = I
    0.0
    """
    b = np.abs(beta)
    c = np.abs(beta_2)
    m = len(b)
    s = b.sum()
    t = c.sum()
    norms = np.linalg.norm(b) * np.linalg.norm(c)
    shared = np.linalg.norm(b * c)
    pairs = (b * t + c * s).max() + b @ c + 2 * np.sqrt(m) * shared + 2 * norms
    triples = s * t + 2 * np.sqrt(m) * (np.linalg.norm(b) * t + np.linalg.norm(c) * s) + m * (b @ c)
    rest = q[0] * pairs + q[1] * triples + q[2] * m * s * t
    return float(np.linalg.norm(A, 2) ** 2 * (largest + a_2**4 * rest))
