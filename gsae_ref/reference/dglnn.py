"""The diagonally grouped linear network of L23: model, loss, gradients, and one step of each of its algorithms.

A vector of p weights is cut into L contiguous groups of sizes p_1, ..., p_L (they may differ), and
group l is w_l = u_l^2 v_l: a magnitude u_l, shared, and a direction v_l. With D the p x L matrix
that copies one number per group to its entries, w = (D u)^2 o v. Samples are rows: X is (n_samples,
n_features). One quantity drives everything, the correlation of the predictors with the residual,

    q = 1/n X^T (y - X w).

``scale`` is the factor in the loss scale/(2n) ||y - X w||^2: 1 for the halved mean of squares, 2
for their mean.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, IntArray

# ------------------------------------------------------------------------------------------------ groups of any sizes


def expand(per_group: NDArray[Any], sizes: IntArray) -> Array:
    """D u: one number per group, copied to the entries of the group. The groups are on the last axis.

    >>> expand(np.array([5.0, 7.0]), np.array([1, 2]))
    array([5., 7., 7.])
    """
    return np.repeat(per_group, sizes, axis=-1)


def gather(entries: Array, sizes: IntArray) -> Array:
    """D^T x: the sum of the entries of each group, along the last axis.

    >>> gather(np.array([5.0, 7.0, 8.0]), np.array([1, 2]))
    array([ 5., 15.])
    """
    return np.add.reduceat(entries, np.cumsum(sizes) - sizes, axis=-1)


def unit(Z: Array, V: Array, sizes: IntArray) -> Array:
    """Every group of z divided by its norm; where z_l is zero it has no direction, and v_l is kept.

    Entries are divided by the largest of their group first, so that no square overflows or
    vanishes.

    >>> unit(np.array([3.0, 4.0, 0.0]), np.array([0.6, 0.8, -1.0]), np.array([2, 1]))
    array([ 0.6,  0.8, -1. ])
    """
    largest = np.maximum.reduceat(np.abs(Z), np.cumsum(sizes) - sizes, axis=-1)
    some = expand(largest > 0, sizes)
    Z = np.where(some, Z, V) / expand(np.where(largest > 0, largest, 1), sizes)
    return Z / expand(np.sqrt(np.where(largest > 0, gather(Z * Z, sizes), 1)), sizes)


# ------------------------------------------------------------------------------------------------ model, loss, gradients


def weights(u: Array, v: Array, sizes: IntArray) -> Array:
    """w = (D u)^2 o v, that is w_l = u_l^2 v_l. [L23] Section 2, "Reparameterization".

    >>> weights(np.array([2.0, 1.0]), np.array([1.0, 3.0, 4.0]), np.array([1, 2]))
    array([4., 3., 4.])
    """
    return expand(u * u, sizes) * v


def residual(w: Array, X: Array, y: Array) -> Array:
    """What the prediction misses, r = y - X w.

    >>> residual(np.array([2.0]), np.array([[1.0], [3.0]]), np.array([5.0, 5.0]))
    array([ 3., -1.])
    """
    return y - X @ w


def correlation(w: Array, X: Array, y: Array) -> Array:
    """q = 1/n X^T (y - X w), minus the gradient of 1/(2n) ||y - X w||^2 in w.

    >>> correlation(np.array([2.0]), np.array([[1.0], [3.0]]), np.array([5.0, 5.0]))  # (1 * 3 + 3 * (-1)) / 2
    array([0.])
    """
    return X.T @ residual(w, X, y) / len(y)


def loss(w: Array, X: Array, y: Array, scale: int = 1) -> float:
    """scale/(2n) ||y - X w||^2, summed in float64.

    >>> loss(np.array([2.0]), np.array([[1.0], [3.0]]), np.array([5.0, 5.0]))  # (9 + 1) / 4
    2.5
    """
    r = residual(w, X, y)
    return scale * float(np.square(r, dtype=np.float64).sum()) / (2 * len(y))


def loss_and_grad(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, scale: int = 1
) -> tuple[float, Array, Array]:
    """Loss scale/(2n) ||y - X w||^2 at w = (D u)^2 o v, and its gradients in u and v. [L23] Section 2; Eq. (3) is minus these.

    As dL = -scale <q, dw> and dw_l = 2 u_l v_l du_l + u_l^2 dv_l,

        dL/du_l = -2 scale u_l v_l^T q_l,    dL/dv_l = -scale u_l^2 q_l.

    Differs from the paper: Section 2 prints the loss 1/2 ||.||^2, without 1/n; Eq. (3) and the step
    1/u^4 of Algorithm 1 need 1/(2n). ``scale=2`` is the mean squared error: both gradients double.

    >>> loss_and_grad(np.array([2.0]), np.array([1.0]), np.array([[1.0]]), np.array([1.0]), np.array([1]))  # (1 - u^2 v)^2 / 2
    (4.5, array([12.]), array([12.]))
    """
    w = weights(u, v, sizes)
    r = residual(w, X, y)
    q = X.T @ r / len(y)
    cost = scale * float(np.square(r, dtype=np.float64).sum()) / (2 * len(y))
    return cost, -2 * scale * u * gather(v * q, sizes), -scale * expand(u * u, sizes) * q


# ------------------------------------------------------------------------------------------------ one step of an algorithm


class Rule(NamedTuple):
    """What the update loop is told, in this order by the kernel too.

    ``normalise``: Algorithms 1 and 2, else plain gradient descent. ``switch_epoch``: the epoch from
    which v takes the small step ``eta`` (Algorithm 2), -1 while it is not known; an ``eta`` of 0
    stands for the largest that Lemma 16 allows at the present magnitudes. ``tolerance`` > 0: the
    epoch becomes known when no u_l changes by this share any more. ``half``: it becomes known when
    u_l^2 >= half_l in every group; empty for no such rule.

    >>> rule = Rule(True, False, 1, 0.125, 0.0, -1, 0.1, np.empty(0))  # Algorithm 2 with the practical rule
    >>> rule._replace(switch_epoch=7).switch_epoch
    7
    """

    normalise: bool
    jacobi: bool
    scale: int
    gamma: float
    eta: float
    switch_epoch: int
    tolerance: float
    half: np.ndarray


def normalised_step(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, rule: Rule, large: bool = True
) -> tuple[Array, Array, float]:
    """One step of [L23] Algorithm 1, or with ``large=False`` of Algorithm 2 after its switch. Returns u(t+1), v(t+1), loss at (u(t), v(t)).

    Step of size eta_l on v, then every v_l divided by its norm, then a step of size gamma on u,
    with q taken again at v(t+1):

        z_l = v_l + scale eta_l u_l^2 q_l,    v_l <- z_l / ||z_l||,    u_l <- u_l (1 + 2 scale gamma v_l^T q_l).

    For eta_l = 1/u_l^4, z_l is a positive multiple of u_l^2 v_l + scale q_l, which is what is
    normalised: no power of a small u_l is divided by. If X_l^T X_l / n = I and the groups are
    orthogonal, that is (1 - scale) u_l^2 v_l + scale (w_l* + noise): for scale 1 the least-squares
    solution itself, for scale 2 its mirror image of the present weights, which is why the doubled
    loss oscillates. After the switch eta_l is ``rule.eta``, or where that is 0, the bound of Lemma
    16 with the present magnitudes for the true ones,

        eta = 4 / (9 scale m^4), m = max_l |u_l|,    so that m^2 z_l = m^2 v_l + 4/9 (u_l/m)^2 q_l is what is normalised.

    With ``jacobi`` both gradients are taken at (u(t), v(t)). A z_l that is zero leaves v_l.

    Differs from the paper: nothing; its public code takes ``scale`` 2 and ``jacobi``.

    >>> one, rule = np.array([1]), Rule(True, False, 1, 0.125, 0.0, -1, 0.0, np.empty(0))
    >>> normalised_step(np.array([0.5]), np.array([-1.0]), np.eye(1), np.array([1.0]), one, rule)  # v turns; u = 0.5 (1 + 0.25 * 0.75)
    (array([0.59375]), array([1.]), 0.78125)
    """
    w = weights(u, v, sizes)
    r = residual(w, X, y)
    q = X.T @ r / len(y)
    if large:
        z = w + rule.scale * q
    elif rule.eta:
        z = v + rule.scale * rule.eta * expand(u * u, sizes) * q
    else:
        top = np.max(np.abs(u))
        z = top * top * v + 4 / 9 * expand(np.square(u / top), sizes) * q
    new = unit(z, v, sizes)
    along = gather(v * q if rule.jacobi else new * correlation(weights(u, new, sizes), X, y), sizes)
    cost = rule.scale * float(np.square(r, dtype=np.float64).sum()) / (2 * len(y))
    return u * (1 + 2 * rule.scale * rule.gamma * along), new, cost


def gradient_step(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, rule: Rule
) -> tuple[Array, Array, float]:
    """One step of plain gradient descent, no normalisation: u - gamma dL/du, v - eta dL/dv, both at (u(t), v(t)). [L23] Appendix E.1.

    >>> rule = Rule(False, True, 1, 0.125, 0.125, -1, 0.0, np.empty(0))
    >>> gradient_step(np.array([2.0]), np.array([1.0]), np.eye(1), np.array([1.0]), np.array([1]), rule)
    (array([0.5]), array([-0.5]), 4.5)
    """
    cost, du, dv = loss_and_grad(u, v, X, y, sizes, rule.scale)
    return u - rule.gamma * du, v - rule.eta * dv, cost


def advance(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, rule: Rule, epoch: int, n_epochs: int
) -> tuple[Array, Array, float, Rule]:
    """Run epochs ``epoch``, ..., ``epoch + n_epochs - 1``. Returns u, v, the loss before the first of them, and the rule, updated.

    Algorithm 2 leaves the large step of Algorithm 1 once and for all at ``switch_epoch``. That is T
    = t + 1 for the first t with

        max_l |u_l(t+1) - u_l(t)| / |u_l(t)| < tolerance,    or    u_l^2(t+1) >= half_l for all l,

    the practical rule of [L23] Section 4 (with epsilon = 0; u never vanishes) and that of Theorem
    4, where half_l = (u_l*)^2 / 2.

    >>> rule = Rule(False, True, 1, 0.125, 0.125, -1, 0.0, np.empty(0))  # one epoch of plain descent, as in `gradient_step`
    >>> advance(np.array([2.0]), np.array([1.0]), np.eye(1), np.array([1.0]), np.array([1]), rule, 0, 1)[:3]
    (array([0.5]), array([-0.5]), 4.5)
    """
    first: Any = None
    for t in range(epoch, epoch + n_epochs):
        if rule.normalise:
            new, v, cost = normalised_step(
                u, v, X, y, sizes, rule, large=not 0 <= rule.switch_epoch <= t
            )
        else:
            new, v, cost = gradient_step(u, v, X, y, sizes, rule)
        first = cost if first is None else first
        if (
            rule.switch_epoch < 0
            and rule.tolerance > 0
            and (np.abs(new - u) < rule.tolerance * np.abs(u)).all()
        ):
            rule = rule._replace(switch_epoch=t + 1)
        if rule.switch_epoch < 0 and len(rule.half) and (new * new >= rule.half).all():
            rule = rule._replace(switch_epoch=t + 1)
        u = new
    return u, v, first, rule


# ------------------------------------------------------------------------------------------------ the unstructured rival


def signed_loss_and_grad(
    u: Array, v: Array, X: Array, y: Array, scale: int = 1
) -> tuple[float, Array, Array]:
    """Loss at w = u^2 - v^2, entry by entry, and its gradients -2 scale u o q and 2 scale v o q. Vaskevicius, Kanade, Rebeschini (2019).

    >>> signed_loss_and_grad(np.array([2.0]), np.array([1.0]), np.eye(1), np.array([1.0]))  # (1 - u^2 + v^2)^2 / 2
    (2.0, array([8.]), array([-4.]))
    """
    r = residual(u * u - v * v, X, y)
    q = X.T @ r / len(y)
    return (
        scale * float(np.square(r, dtype=np.float64).sum()) / (2 * len(y)),
        -2 * scale * u * q,
        2 * scale * v * q,
    )


def signed_advance(
    u: Array, v: Array, X: Array, y: Array, scale: int, step_size: float, n_epochs: int
) -> tuple[Array, Array, float]:
    """Run ``n_epochs`` steps of gradient descent on w = u^2 - v^2. Returns u, v and the loss before the first. A zero v stays zero.

    >>> signed_advance(np.array([2.0]), np.array([1.0]), np.eye(1), np.array([1.0]), 1, 0.125, 1)  # gradients 8 and -4
    (array([1.]), array([1.5]), 2.0)
    """
    first: Any = None
    for _ in range(n_epochs):
        cost, du, dv = signed_loss_and_grad(u, v, X, y, scale)
        u, v = u - step_size * du, v - step_size * dv
        first = cost if first is None else first
    return u, v, first
