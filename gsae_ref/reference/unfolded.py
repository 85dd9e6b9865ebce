"""The unfolded encoder of T21 sections 3.1 and 4.2, and the reverse pass through all its steps.

The encoder takes K proximal-gradient steps on (6). With x_0 = 0 and step a, the K-th code of a
sample y is an approximate minimiser of

    F(x) = 1/2 ||y - A x||^2 + lam sum_g ||x_g|| + l1 ||x||_1      (over x >= 0 if nonnegative),

and the dictionary is trained through it. Conventions at the kinks are those of activations.py:
thresholds are strict, the Jacobian is zero at a tie, a threshold of zero is the identity.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .. import groups
from ..arrays import Array
from .activations import group_soft_threshold, group_soft_threshold_vjp, relu, soft_threshold
from .autoencoder import residual
from .losses import half_mean_square

# ---------------------------------------------------------------------------- the proximal operator


def sparse_group_prox(
    Z: Array, lam: float, group_size: int, nonnegative: bool = False, l1: float = 0.0
) -> Array:
    """Proximal operator of lam sum_g ||x_g|| + l1 ||x||_1, over x >= 0 if ``nonnegative``.

    It is the positive part (if ``nonnegative``), then the soft threshold, then the group threshold;
    [T21] Eq. (7) is the case l1 = 0 without sign constraint. Why this composition is right: write
    h(x) = l1 ||x||_1, infinite off x >= 0 if nonnegative. For one group put w = S(z), the entrywise
    part, and x = (1 - lam / ||w||)_+ w. Both are proximal operators, so

        z - w lies in dh(w),    w - x lies in lam d||x||      (d: subdifferential).

    h is positively homogeneous and x = c w with c >= 0, so dh(w) is contained in dh(x): the group
    threshold scales a group, changes no sign and makes no entry non-zero. Hence
    z - x = (z - w) + (w - x) lies in dh(x) + lam d||x||, and x is the minimiser. The other order
    fails: an entrywise step after the group step turns x, and w - x no longer points along x. The
    positive part and the soft threshold commute with each other: (z_+ - l1)_+ = S(z)_+.

    Differs from the paper: T21 has neither l1 nor a sign constraint.

    >>> sparse_group_prox(np.array([4.0, -5.0, 0.5, 1.0]), 1.0, 2, l1=1.0)
    array([ 2.4, -3.2,  0. ,  0. ])
    >>> sparse_group_prox(np.array([5.0, -7.0]), 1.0, 2, nonnegative=True)
    array([4., 0.])
    """
    return group_soft_threshold(_entrywise(Z, nonnegative, l1), lam, group_size)


def _entrywise(Z: Array, nonnegative: bool, l1: float) -> Array:
    """S(z): positive part (if nonnegative), then soft threshold at l1 (the identity for l1 = 0)."""
    if nonnegative:
        Z = relu(Z)
    return soft_threshold(Z, l1) if l1 else Z


def sparse_group_prox_vjp(
    Z: Array, V: Array, lam: float, group_size: int, nonnegative: bool = False, l1: float = 0.0
) -> Array:
    """Jacobian of :func:`sparse_group_prox` at Z times V; it is symmetric.

    The chain rule gives J D: D is the 0/1 diagonal of the entries that S lets pass, and
    J = tau I + (1 - tau) u u^T is the Jacobian of the group threshold at w = S(z). As u is zero
    where D is, J D = tau D + (1 - tau) u u^T = D J. D is 0 at a tie, I if S is the identity.

    >>> Z = np.array([4.0, 5.0, 0.5, 1.0])
    >>> sparse_group_prox_vjp(Z, np.array([1.0, 0.0, 1.0, 1.0]), 1.0, 2, l1=1.0)
    array([0.872, 0.096, 0.   , 0.   ])
    """
    V = group_soft_threshold_vjp(_entrywise(Z, nonnegative, l1), V, lam, group_size)
    if nonnegative:
        return np.where(l1 < Z, V, 0)
    return np.where(np.abs(Z) > l1, V, 0) if l1 else V


# -------------------------------------------------------------------------------- step and momentum


def spectral_step(A: Array) -> float:
    """Step 1 / ||A||_2^2, as a float; for A = 0, where any step is right, 1.

    It is the inverse Lipschitz constant of the gradient of 1/2 ||y - A x||^2. With steps up to it
    F never rises along ISTA, and FISTA has F(x_K) - min F <= 2 ||x*||^2 / (step (K + 1)^2) (Beck
    and Teboulle 2009, Theorem 4.4).

    >>> spectral_step(np.array([[2.0, 0.0], [0.0, 1.0]]))
    0.25
    """
    sigma = np.float64(np.linalg.norm(A, 2))
    return float(1 / sigma**2) if sigma else 1.0


def spectral_step_gradient(A: Array) -> Array:
    """Gradient of :func:`spectral_step` with respect to A, of the shape of A.

    With u, v the leading singular vectors, sigma = u^T A v and d sigma = u^T dA v (u and v are of
    unit norm and move across themselves), so d||A||_2^2/dA = 2 sigma u v^T and
    d(1 / sigma^2)/dA = -(2 / sigma^3) u v^T. Zero for A = 0.

    Where the two largest singular values are equal, as for every A with orthonormal columns,
    ||A||_2 has no gradient: the pair that the SVD returns first is used.

    >>> spectral_step_gradient(np.array([[2.0, 0.0], [0.0, 1.0]])) + 0.0
    array([[-0.25,  0.  ],
           [ 0.  ,  0.  ]])
    """
    U, sigma, Vt = np.linalg.svd(A, full_matrices=False)
    return float(-2 / np.float64(sigma[0]) ** 3 if sigma[0] else 0.0) * np.outer(U[:, 0], Vt[0])


def momentum(n_unfold: int, accelerated: bool = True) -> list[float]:
    """Weights beta_1, ..., beta_K of the extrapolation before each step; all 0 for ISTA.

    FISTA has beta_k = (t_{k-1} - 1) / t_k with t_1 = 1, t_{k+1} = (1 + sqrt(1 + 4 t_k^2)) / 2 (Beck
    and Teboulle 2009, Eqs. 4.2, 4.3). beta_1 = 0 as there is nothing to extrapolate, beta_2 = 0 as
    t_1 = 1: the first two iterates of FISTA are those of ISTA.

    >>> [round(beta, 4) for beta in momentum(4)]  # t = 1, 1.618, 2.1935, 2.7497
    [0.0, 0.0, 0.2817, 0.434]
    """
    t = 1.0
    weights = [0.0]
    for _ in range(1, n_unfold):
        t, previous = (1 + (1 + 4 * t * t) ** 0.5) / 2, t
        weights.append((previous - 1) / t if accelerated else 0.0)
    return weights


# ----------------------------------------------------------------------------- the unfolded encoder


class _Layer(NamedTuple):
    """Step k, for the reverse pass.

    T = X_{k-1} + beta (X_{k-1} - X_{k-2}),  R = Y - T A^T,  V = T + a R A,  X = prox(V).
    """

    beta: float
    T: np.ndarray
    R: np.ndarray
    V: np.ndarray
    X: np.ndarray


def _layers(
    A: Array,
    Y: Array,
    lam: float,
    group_size: int,
    n_unfold: int,
    step_size: float,
    accelerated: bool,
    nonnegative: bool,
    l1: float,
) -> Iterator[_Layer]:
    """Run the steps one by one; a generator, so that the encoder alone stores none of them."""
    X = previous = np.zeros((*Y.shape[:-1], A.shape[1]), dtype=A.dtype)
    for beta in momentum(n_unfold, accelerated):
        T = X + beta * (X - previous)
        R = residual(A, Y, T)
        V = T + step_size * (R @ A)
        previous = X
        X = sparse_group_prox(V, step_size * lam, group_size, nonnegative, step_size * l1)
        yield _Layer(beta, T, R, V, X)


def unfolded_encode(
    A: Array,
    Y: Array,
    lam: float,
    group_size: int,
    n_unfold: int,
    step_size: float | None = None,
    accelerated: bool = True,
    nonnegative: bool = False,
    l1: float = 0.0,
) -> Array:
    """Codes after K proximal-gradient steps from zero. [T21] section 3.1, section 4.2 (K = 15).

    The scheme that (7) implies: for k = 1, ..., K,

        t_k = x_{k-1} + beta_k (x_{k-1} - x_{k-2}),    x_k = prox_a( t_k + a A^T (y - A t_k) ),

    where prox_a is :func:`sparse_group_prox` with both thresholds times the step a, and beta_k is
    :func:`momentum` (0 for ISTA). The result is x_K, not an extrapolated point. One step gives
    x_1 = prox_a(a A^T y) = a prox(A^T y): a times the codes (11) if l1 = 0.

    Differs from the paper: (11) is one step with a = 1; the lam that section 4.2 reports is the
    threshold after the step, here a lam.

    Parameters
    ----------
    A, Y, lam, group_size
        (n_features, n_atoms), (n_samples, n_features), penalty on group norms, atoms per group.
    n_unfold : int
        Steps K, >= 1.
    step_size : float, optional
        Step a; None is 1 / ||A||_2^2. Above 2 / ||A||_2^2 the iterates may diverge; FISTA has a
        guarantee up to 1 / ||A||_2^2 only.
    accelerated : bool
        FISTA if true, ISTA if not.
    nonnegative : bool
        Whether codes are constrained to x >= 0.
    l1 : float
        Penalty on single entries, >= 0.

    Examples
    --------
    The first step shrinks (1.5, 2), of norm 2.5, by 0.5; the second halves the distance to the
    limit (2.4, 3.2):

    >>> y = np.array([3.0, 4.0])
    >>> unfolded_encode(np.eye(2), y, 1.0, 2, n_unfold=1, step_size=0.5)
    array([1.2, 1.6])
    >>> unfolded_encode(np.eye(2), y, 1.0, 2, n_unfold=2, step_size=0.5)
    array([1.8, 2.4])
    """
    step_size = spectral_step(A) if step_size is None else step_size
    for layer in _layers(A, Y, lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1):
        X = layer.X
    return X


# ---------------------------------------------------------------------------- loss and reverse pass


def unfolded_loss_and_grad(
    A: Array,
    Y: Array,
    lam: float,
    group_size: int,
    n_unfold: int,
    step_size: float | None = None,
    accelerated: bool = True,
    nonnegative: bool = False,
    l1: float = 0.0,
) -> tuple[float, Array]:
    """Loss (13) of the K-th codes and its gradient in A through all steps. [T21] Eqs. (13), (14).

    The loss is 1/(2N) sum_i ||y_i - A x_K||^2. Write X_bar for dL/dX, the change of the loss per
    change of X, with the effect on all later lines included. The reverse pass takes the lines of
    the forward pass from last to first; a line Q = f(P) adds to P_bar the factor of dP in
    <Q_bar, dQ>.

        E = Y - X_K A^T      L = ||E||^2 / 2N, so E_bar = E / N;  dE = -dX_K A^T - X_K dA^T:
                             X_bar_K = -E_bar A,  A_bar = -E_bar^T X_K
        for k = K, ..., 1:
        X_k = prox_a(V)      V_bar = J X_bar_k, J the symmetric Jacobian of the prox at V
        V = T + a R A        dV = dT + da R A + a dR A + a R dA:
                             R_bar = a V_bar A^T,  A_bar += a R^T V_bar
        R = Y - T A^T        dR = -dT A^T - T dA^T:
                             T_bar = V_bar - R_bar A,  A_bar -= R_bar^T T
        T = (1 + beta) X_{k-1} - beta X_{k-2}:
                             X_bar_{k-1} += (1 + beta) T_bar,  X_bar_{k-2} -= beta T_bar

    The last line has two terms because of the momentum: an iterate is used by the two steps that
    follow it. X_0 = X_{-1} = 0 do not depend on A.

    The step. Given as a number, it is a constant. With ``step_size=None`` it is 1 / ||A||_2^2, a
    function of A, and A_bar gains a_bar da/dA (:func:`spectral_step_gradient`). a enters V, and the
    thresholds a lam and a l1. A group of direction u gets dx = -u d(a lam) = -J u d(a lam), as
    J u = u; an entry that passes S gets dw = -sign(w) d(a l1), and dx = J dw. With X_k = x and
    u = x_g / ||x_g|| (0 if x_g = 0),

        dx/da = J ( R A - l1 sign(x) - lam u ),    a_bar += <V_bar, R A - l1 sign(x) - lam u>:

    a longer step moves the code down the penalised cost, so a_bar fades as the iteration converges.

    Differs from the paper: T21 leaves this gradient to automatic differentiation. The loss has no
    gradient where a norm or an entry ties with its threshold (J = 0 there) or, with
    ``step_size=None``, where the largest singular value of A is not simple.

    Parameters are those of :func:`unfolded_encode`, Y with two axes. Returns a float and an array
    of the shape of A.

    For n = 1, y = 3, lam = 1, one step: x = a (3 A - 1). At a = 1 / A^2 the cost is 1/2 A^-2, of
    slope -1 at A = 1; with a = 1 held constant it is 1/2 (3 - 3 A^2 + A)^2, of slope -5.

    >>> A, Y = np.array([[1.0]]), np.array([[3.0]])
    >>> unfolded_loss_and_grad(A, Y, 1.0, 1, n_unfold=1)
    (0.5, array([[-1.]]))
    >>> unfolded_loss_and_grad(A, Y, 1.0, 1, n_unfold=1, step_size=1.0)
    (0.5, array([[-5.]]))
    """
    a = spectral_step(A) if step_size is None else step_size
    layers = list(_layers(A, Y, lam, group_size, n_unfold, a, accelerated, nonnegative, l1))
    X = layers[-1].X
    E = residual(A, Y, X)

    E_bar = E / len(Y)
    A_bar = -E_bar.T @ X
    X_bar = -E_bar @ A
    X_bar_before = 0  # of X_k and, so far, of X_{k-1}
    a_bar = 0.0
    for beta, T, R, V, X in reversed(layers):
        V_bar = sparse_group_prox_vjp(V, X_bar, a * lam, group_size, nonnegative, a * l1)
        R_bar = a * (V_bar @ A.T)
        A_bar += a * (R.T @ V_bar) - R_bar.T @ T
        T_bar = V_bar - R_bar @ A
        if step_size is None:
            down = R @ A - l1 * np.sign(X) - lam * _directions(X, group_size)
            a_bar += float(np.sum(V_bar * down, dtype=np.float64))
        X_bar, X_bar_before = X_bar_before + (1 + beta) * T_bar, -beta * T_bar
    if step_size is None:
        A_bar += a_bar * spectral_step_gradient(A)
    return half_mean_square(E), A_bar


def _directions(X: Array, group_size: int) -> Array:
    """Unit vectors x_g / ||x_g||, zero where x_g is zero."""
    r = groups.expand(groups.norms(X, group_size), group_size)
    return X / np.where(r > 0, r, 1)
