"""N19 on code consistency: Claims 1 and 2, Theorem 3, the bias intervals.

Throughout ``coherence`` is mu/sqrt(n) = max_{i != j} |<A_i, A_j>| (Definition 1), delta bounds
||W_i - A_i||, k = n_active is the size of the support S, a_1 and a_2 bound the active codes, noise
is N = max_i |<W_i, eta>|.
"""

import math

from ....arrays import Real


def overlap_bound(delta: float) -> float:
    """<W_i, A_i> >= 1 - delta^2/2 for unit columns. [N19] Claim 1 (1).

    An equality at delta = ||W_i - A_i||.

    >>> overlap_bound(0.5)
    0.875
    """
    return 1 - delta**2 / 2


def cross_bound(coherence: float, delta: float) -> float:
    """|<W_i, A_j>| <= mu/sqrt(n) + delta, j != i. [N19] Claim 1 (2).

    >>> cross_bound(0.25, 0.5)
    0.75
    """
    return coherence + delta


def cross_energy_bound(coherence: float, delta: float, n_others: int, spectral: Real) -> Real:
    """Bound on sum_{j in S, j != i} <W_i, A_j>^2. [N19] Claim 1 (3).

        2 n_others mu^2/n + 2 ||A_S||^2 delta^2,    printed O(mu^2 k/n + delta^2)

    <W_i, A_j> = <A_i, A_j> + <W_i - A_i, A_j>, (a + b)^2 <= 2 a^2 + 2 b^2, and sum_j <W_i - A_i,
    A_j>^2 <= ||A_S||^2 delta^2; ``spectral`` is
    ||A_S||, S without i. The print sums over i where it means j.

    >>> cross_energy_bound(0.5, 0.0, 2, 1.0)
    1.0
    """
    return 2 * n_others * coherence**2 + 2 * (spectral * delta) ** 2


def noise_tail(n_features: int, n_atoms: int) -> float:
    """P(max_i |<W_i, eta>| > sigma log n) <= 2 m Q(log n). [N19] Claim 2.

    Q is the tail of a standard normal.

    Each <W_i, eta> is N(0, sigma^2) for a unit W_i; the union bound over the m columns. Q(t) <=
    exp(-t^2/2)/2 makes it n^(-omega(1)) for m = O(n), but at n = m = 10 it is no more than 0.21.

    >>> round(noise_tail(10, 10), 2)
    0.21
    """
    return n_atoms * math.erfc(math.log(n_features) / math.sqrt(2))


def spectral_bound(coherence: float, n_active: int) -> float:
    """||A_S|| <= sqrt(1 + (k - 1) mu/sqrt(n)) for |S| = k unit columns (Gershgorin).

    >>> spectral_bound(0.25, 5)
    1.4142135623730951
    """
    return math.sqrt(1 + (n_active - 1) * coherence)


def interference_bound(
    coherence: float, delta: float, n_active: int, a_2: float, form: str = "corrected"
) -> float:
    """Bound on |Z_i| = |sum_{j in S, j != i} <W_i, A_j> x_j|. [N19] Appendix A.2.

    ``form="printed"``: a_2 sqrt(mu^2 k^2/n + k delta^2)

    ``form="corrected"``: a_2 rho_k, rho_k = k mu/sqrt(n) + delta sqrt(k) ||A_S||

    |Z_i| <= ||x_S|| (||A_S^T A_i|| + ||A_S^T (W_i - A_i)||), ||x_S|| <= a_2 sqrt(k), ||A_S^T A_i||
    <= sqrt(k) mu/sqrt(n), and ||A_S|| <= :func:`spectral_bound`. The printed form adds the squares
    of the two norms instead of the norms.

    >>> interference_bound(0.25, 0.5, 1, 1.0)
    0.75
    >>> round(interference_bound(0.25, 0.5, 1, 1.0, "printed"), 3)
    0.559
    """
    if form == "printed":
        return a_2 * math.sqrt(n_active**2 * coherence**2 + n_active * delta**2)
    return a_2 * (
        n_active * coherence + delta * math.sqrt(n_active) * spectral_bound(coherence, n_active)
    )


def relu_interval(
    delta: float,
    n_active: int,
    a_1: float,
    a_2: float,
    coherence: float = 0.0,
    noise: float = 0.0,
    form: str = "corrected",
) -> tuple[float, float]:
    """Biases with which ReLU recovers the support: (low, high). [N19] Theorem 3 (ii).

    The proofs of Theorems 3 and 4 print intervals of their own.

    ``form="printed"`` (Theorem 3): [-(1 - delta) a_1 + a_2 delta sqrt(k), -a_2 delta sqrt(k)]

    ``form="short"`` (its proof for mixtures): (-1 + delta, -2 delta]

    ``form="theorem4"`` (the proof of Theorem 4): [-1 + 2 delta sqrt(k), -delta]

    ``form="corrected"``: (-(1 - delta^2/2) a_1 + a_2 rho_k + N, -a_2 rho_k - N]

    with rho_k of :func:`interference_bound`. The last one is right because z_i >= lam_i x_i - |Z_i|
    - N + b_i > 0 for i in S, and z_i <= |Z_i| + N + b_i <= 0 off S.

    >>> relu_interval(0.25, 1, 1.0, 1.0, form="printed"), relu_interval(0.25, 1, 1.0, 1.0)
    ((-0.5, -0.25), (-0.71875, -0.25))
    """
    spread = a_2 * delta * math.sqrt(n_active)
    if form == "printed":
        return -(1 - delta) * a_1 + spread, -spread
    if form == "short":
        return -1 + delta, -2 * delta
    if form == "theorem4":
        return -1 + 2 * delta * math.sqrt(n_active), -delta
    reach = interference_bound(coherence, delta, n_active, a_2) + noise
    return -overlap_bound(delta) * a_1 + reach, -reach


def threshold_levels(
    delta: float, n_active: int, a_1: float, a_2: float, coherence: float = 0.0, noise: float = 0.0
) -> tuple[float, float]:
    """(largest |z_i| off S, smallest |z_i| on S) without bias. [N19] Theorem 3 (i), (iii).

    The hard threshold at a_1/2 recovers the support when the first is below and the second at least
    a_1/2: a_2 rho_k + N < a_1/2 and a_2 rho_k + N + a_1 delta^2/2 <= a_1/2. Under (iii)'s mu <=
    delta sqrt(n)/k, rho_k <= delta (1 + sqrt(k + (k - 1) delta)); with a_2 delta sqrt(k) < a_1/4,
    which the proof prints, a_2 rho_k is at most .44 a_1 for k >= 2 and delta <= .1, and for k = 1
    it is at most a_1/2 off S and 0 on S.

    >>> threshold_levels(0.25, 1, 1.0, 1.0)
    (0.25, 0.71875)
    """
    reach = interference_bound(coherence, delta, n_active, a_2) + noise
    return reach, overlap_bound(delta) * a_1 - reach
