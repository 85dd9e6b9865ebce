"""The diagonally grouped linear network of L23: model, loss, gradients, one step of each algorithm.

A vector of p weights consists of L contiguous groups of sizes p_1, ..., p_L. Group l is

    w_l = u_l^2 v_l,

the square of a magnitude u_l times a direction v_l. With D the p x L matrix that copies one number
per group to the entries of the group, w = (D u)^2 o v. Samples are rows: X is (n_samples,
n_features). The gradients follow from the correlation of the predictors with the residual,

    q = 1/n X^T (y - X w).

``scale`` is the factor c of the loss c/(2n) ||y - X w||^2: 1 for half the mean square of the
residual, 2 for its mean square.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, IntArray
from .losses import half_mean_square

# ------------------------------------------------------------------------------ groups of any sizes


def expand(per_group: NDArray[Any], sizes: IntArray) -> Array:
    """D u: copy one number per group to the entries of the group, along the last axis.

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
    """z_l / ||z_l|| for every group; v_l where z_l is zero and has no direction.

    The entries of a group are first divided by the largest of them, so that no square overflows
    or vanishes.

    >>> unit(np.array([3.0, 4.0, 0.0]), np.array([0.6, 0.8, -1.0]), np.array([2, 1]))
    array([ 0.6,  0.8, -1. ])
    """
    largest = np.maximum.reduceat(np.abs(Z), np.cumsum(sizes) - sizes, axis=-1)
    Z = np.where(expand(largest > 0, sizes), Z, V)
    Z = Z / expand(np.where(largest > 0, largest, 1), sizes)
    squared_norms = np.where(largest > 0, gather(Z * Z, sizes), 1)
    return Z / expand(np.sqrt(squared_norms), sizes)


# --------------------------------------------------------------------------- model, loss, gradients


def weights(u: Array, v: Array, sizes: IntArray) -> Array:
    """w = (D u)^2 o v, that is w_l = u_l^2 v_l. [L23] Section 2, "Reparameterization".

    >>> weights(np.array([2.0, 1.0]), np.array([1.0, 3.0, 4.0]), np.array([1, 2]))
    array([4., 3., 4.])
    """
    return expand(u * u, sizes) * v


def residual(w: Array, X: Array, y: Array) -> Array:
    """r = y - X w.

    >>> residual(np.array([2.0]), np.array([[1.0], [3.0]]), np.array([5.0, 5.0]))
    array([ 3., -1.])
    """
    return y - X @ w


def correlation(w: Array, X: Array, y: Array) -> Array:
    """q = 1/n X^T (y - X w), minus the gradient of 1/(2n) ||y - X w||^2 in w.

    The residual of the example is (3, -1), so q = (1 * 3 - 3 * 1) / 2.

    >>> correlation(np.array([2.0]), np.array([[1.0], [3.0]]), np.array([5.0, 5.0]))
    array([0.])
    """
    return X.T @ residual(w, X, y) / len(y)


def loss(w: Array, X: Array, y: Array, scale: int = 1) -> float:
    """c/(2n) ||y - X w||^2, summed in float64.

    The residual of the example is (3, -1), so the loss is (9 + 1) / 4.

    >>> loss(np.array([2.0]), np.array([[1.0], [3.0]]), np.array([5.0, 5.0]))
    2.5
    """
    return scale * half_mean_square(residual(w, X, y))


def loss_and_grad(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, scale: int = 1
) -> tuple[float, Array, Array]:
    """Loss c/(2n) ||y - X w||^2 at w = (D u)^2 o v, and its gradients in u and v. [L23] Section 2.

    As dL = -c <q, dw> and dw_l = 2 u_l v_l du_l + u_l^2 dv_l,

        dL/du_l = -2 c u_l v_l^T q_l,    dL/dv_l = -c u_l^2 q_l.

    The flow of [L23] Eq. (3) has minus these as velocities.

    Differs from the paper: Section 2 prints the loss 1/2 ||.||^2, without 1/n; Eq. (3) and the step
    1/u^4 of Algorithm 1 need 1/(2n). ``scale=2`` is the mean squared error: both gradients double.

    For one weight, X = y = 1, the loss is (1 - u^2 v)^2 / 2:

    >>> one = np.array([1.0])
    >>> loss_and_grad(np.array([2.0]), one, np.eye(1), one, np.array([1]))
    (4.5, array([12.]), array([12.]))
    """
    r = residual(weights(u, v, sizes), X, y)
    q = X.T @ r / len(y)
    du = -2 * scale * u * gather(v * q, sizes)
    dv = -scale * expand(u * u, sizes) * q
    return scale * half_mean_square(r), du, dv


# -------------------------------------------------------------------------- steps of the algorithms


class Rule(NamedTuple):
    """Step sizes of an algorithm, and its rule for the switch.

    ``Rule(gamma)`` is Algorithm 1. With ``switch_epoch``, ``tolerance`` or ``half`` it is
    Algorithm 2, with ``normalise=False`` gradient descent.

    Parameters
    ----------
    gamma : float
        Step size on u.
    eta : float, optional
        Step size on v, for Algorithm 2 after its switch and for gradient descent. None is the
        largest that Lemma 16 allows at the present magnitudes, and for gradient descent ``gamma``.
    normalise : bool
        Whether v_l is divided by its norm: Algorithms 1 and 2.
    jacobi : bool
        Whether Algorithms 1 and 2 take both gradients at (u(t), v(t)).
    scale : {1, 2}
        Factor c of the loss.
    switch_epoch : int, optional
        First epoch with the small step on v; None while it is not known.
    tolerance : float, optional
        The switch follows the first epoch in which every u_l changes by less than this share.
    half : ndarray of shape (n_groups,), optional
        The switch follows the first epoch after which u_l^2 >= half_l in every group.

    Examples
    --------
    >>> Rule(gamma=0.125, tolerance=0.1)._replace(switch_epoch=7).switch_epoch
    7
    """

    gamma: float
    eta: float | None = None
    normalise: bool = True
    jacobi: bool = False
    scale: int = 1
    switch_epoch: int | None = None
    tolerance: float | None = None
    half: Array | None = None


def normalised_step(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, rule: Rule, large: bool = True
) -> tuple[Array, Array, float]:
    """One step of [L23] Algorithm 1; with ``large=False``, of Algorithm 2 after its switch.

    A step of size eta_l on v, a division of every v_l by its norm, then a step of size gamma on u
    with q taken again at the new v:

        z_l = v_l + c eta_l u_l^2 q_l,
        v_l <- z_l / ||z_l||,
        u_l <- u_l (1 + 2 c gamma v_l^T q_l).

    Returned are u(t+1), v(t+1) and the loss at (u(t), v(t)). A z_l that is zero leaves v_l. With
    ``jacobi`` the step on u uses q and v at (u(t), v(t)).

    Algorithm 1 has eta_l = 1/u_l^4. Then z_l is a positive multiple of u_l^2 v_l + c q_l, which is
    normalised instead: nothing is divided by a power of a small u_l. If X_l^T X_l / n = I and the
    groups are orthogonal, this is (1 - c) u_l^2 v_l + c (w_l* + noise). For c = 1 it is the
    least-squares solution itself, for c = 2 its mirror image of the present weights, which is why
    the doubled loss oscillates.

    After the switch eta_l is ``rule.eta``, or by default the bound of Lemma 16 with the present
    magnitudes in place of the true ones. With m = max_l |u_l| it is eta = 4 / (9 c m^4), and what
    is normalised is m^2 z_l = m^2 v_l + 4/9 (u_l/m)^2 q_l.

    Differs from the paper: nothing. The authors' public code has ``scale=2`` and ``jacobi``.

    For one weight, X = y = 1, from u = 0.5 and v = -1, v turns and u becomes
    0.5 (1 + 0.25 * 0.75).

    >>> one = np.array([1.0])
    >>> normalised_step(np.array([0.5]), -one, np.eye(1), one, np.array([1]), Rule(gamma=0.125))
    (array([0.59375]), array([1.]), 0.78125)
    """
    w = weights(u, v, sizes)
    r = residual(w, X, y)
    q = X.T @ r / len(y)
    if large:
        z = w + rule.scale * q
    elif rule.eta is not None:
        z = v + rule.scale * rule.eta * expand(u * u, sizes) * q
    else:
        m = np.max(np.abs(u))
        z = m * m * v + 4 / 9 * expand(np.square(u / m), sizes) * q
    new_v = unit(z, v, sizes)
    if rule.jacobi:
        along = gather(v * q, sizes)
    else:
        along = gather(new_v * correlation(weights(u, new_v, sizes), X, y), sizes)
    new_u = u * (1 + 2 * rule.scale * rule.gamma * along)
    return new_u, new_v, rule.scale * half_mean_square(r)


def gradient_step(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, rule: Rule
) -> tuple[Array, Array, float]:
    """One step of gradient descent, u - gamma dL/du and v - eta dL/dv. [L23] Appendix E.1.

    Both gradients are taken at (u(t), v(t)), and nothing is normalised. Returned are u(t+1), v(t+1)
    and the loss at (u(t), v(t)).

    >>> one = np.array([1.0])
    >>> rule = Rule(gamma=0.125, normalise=False)
    >>> gradient_step(np.array([2.0]), one, np.eye(1), one, np.array([1]), rule)
    (array([0.5]), array([-0.5]), 4.5)
    """
    cost, du, dv = loss_and_grad(u, v, X, y, sizes, rule.scale)
    eta = rule.gamma if rule.eta is None else rule.eta
    return u - rule.gamma * du, v - eta * dv, cost


def advance(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, rule: Rule, epoch: int, n_epochs: int
) -> tuple[Array, Array, float, Rule]:
    """Run ``n_epochs`` epochs of an algorithm, the first of them number ``epoch``.

    Returned are u, v, the loss before the first of these epochs, and the rule with its
    ``switch_epoch``, once that is known. Algorithm 2 leaves the large step of Algorithm 1 for good
    at ``switch_epoch`` = t + 1, for the first t with

        max_l |u_l(t+1) - u_l(t)| / |u_l(t)| < tolerance,    or    u_l^2(t+1) >= half_l for all l.

    The first is the practical rule of [L23] Section 4 (with epsilon = 0; u never vanishes), the
    second that of Theorem 4, where half_l = (u_l*)^2 / 2.

    >>> one = np.array([1.0])
    >>> rule = Rule(gamma=0.125, normalise=False)
    >>> advance(np.array([2.0]), one, np.eye(1), one, np.array([1]), rule, 0, 1)[:3]
    (array([0.5]), array([-0.5]), 4.5)
    """
    costs = []
    for t in range(epoch, epoch + n_epochs):
        if rule.normalise:
            large = rule.switch_epoch is None or t < rule.switch_epoch
            new, v, cost = normalised_step(u, v, X, y, sizes, rule, large)
        else:
            new, v, cost = gradient_step(u, v, X, y, sizes, rule)
        if rule.switch_epoch is None and _switch_is_due(u, new, rule):
            rule = rule._replace(switch_epoch=t + 1)
        costs.append(cost)
        u = new
    return u, v, costs[0], rule


def advance_and_record(
    u: Array,
    v: Array,
    X: Array,
    y: Array,
    sizes: IntArray,
    rule: Rule,
    epoch: int,
    lengths: Sequence[int],
) -> tuple[Array, Array, Array, Rule]:
    """Run :func:`advance` for as many epochs as each of the lengths says, one after the other.

    Returned are the u (n_records, n_groups) and the v (n_records, n_atoms) after each of them, the
    loss before each, and the rule.

    >>> one = np.array([1.0])
    >>> rule = Rule(gamma=0.125, normalise=False)
    >>> advance_and_record(np.array([2.0]), one, np.eye(1), one, np.array([1]), rule, 0, [1, 1])[2]
    array([4.5       , 0.6328125])
    """
    records = []
    for n_epochs in lengths:
        u, v, cost, rule = advance(u, v, X, y, sizes, rule, epoch, n_epochs)
        epoch += n_epochs
        records.append((u, v, cost))
    us, vs, costs = zip(*records, strict=True)
    return np.stack(us), np.stack(vs), np.array(costs), rule


def _switch_is_due(u: Array, new: Array, rule: Rule) -> bool:
    """Whether the magnitudes hardly change, or all of them have grown to half the true ones."""
    quiet = rule.tolerance is not None and np.all(np.abs(new - u) < rule.tolerance * np.abs(u))
    grown = rule.half is not None and np.all(new * new >= rule.half)
    return bool(quiet or grown)


# --------------------------------------------------------------------------- the unstructured rival


def signed_loss_and_grad(
    u: Array, v: Array, X: Array, y: Array, scale: int = 1
) -> tuple[float, Array, Array]:
    """Loss at w = u^2 - v^2, entry by entry, and its gradients -2 c u o q and 2 c v o q.

    Vaskevicius, Kanade, Rebeschini (2019). For one weight, X = y = 1, the loss is
    (1 - u^2 + v^2)^2 / 2:

    >>> signed_loss_and_grad(np.array([2.0]), np.array([1.0]), np.eye(1), np.array([1.0]))
    (2.0, array([8.]), array([-4.]))
    """
    r = residual(u * u - v * v, X, y)
    q = X.T @ r / len(y)
    return scale * half_mean_square(r), -2 * scale * u * q, 2 * scale * v * q


def signed_advance(
    u: Array, v: Array, X: Array, y: Array, scale: int, step_size: float, n_epochs: int
) -> tuple[Array, Array, float]:
    """Run ``n_epochs`` steps of gradient descent on w = u^2 - v^2. A zero v stays zero.

    Returned are u, v and the loss before the first step. In the example the gradients are 8 and -4.

    >>> one = np.array([1.0])
    >>> signed_advance(np.array([2.0]), one, np.eye(1), one, 1, 0.125, 1)
    (array([1.]), array([1.5]), 2.0)
    """
    costs = []
    for _ in range(n_epochs):
        cost, du, dv = signed_loss_and_grad(u, v, X, y, scale)
        u = u - step_size * du
        v = v - step_size * dv
        costs.append(cost)
    return u, v, costs[0]
