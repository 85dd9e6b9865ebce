"""The diagonally grouped linear network: weights, loss and gradients, gradient flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array, IntArray
from ..reference import dglnn
from ..reference import dglnn_flow as flow
from .divergence import DivergenceError

LOSS_SCALES = {"half": 1, "mean": 2}
Groups = tuple[Any, Any, Any]  # groups, group_sizes, group_labels: one is given, the others None


def grouping(groups: Groups, n_features: int) -> tuple[IntArray, IntArray]:
    """Sizes and order of the groups, see :func:`gsae_ref.checks.grouping`.

    >>> grouping((None, None, [5, 5, 3]), 3)
    (array([1, 2]), array([2, 0, 1]))
    """
    of_any_kind, group_sizes, group_labels = groups
    return checks.grouping(of_any_kind, n_features, group_sizes, group_labels)


def grouped_problem(
    X: ArrayLike, y: ArrayLike, groups: Groups, loss_scale: str
) -> tuple[Array, Array, IntArray, IntArray, int]:
    """Check data, groups and the scale of the loss.

    Returned are X with its groups contiguous, y, sizes, order, and the scale as 1 or 2.
    """
    X = checks.array("X", X, ndim=(2,))
    y = checks.target("y", y, len(X), f"X of shape {X.shape}")
    sizes, order = grouping(groups, X.shape[1])
    scale = LOSS_SCALES[checks.option("loss_scale", loss_scale, tuple(LOSS_SCALES))]
    X, y = checks.common_dtype(X, y)
    return in_groups(X, order), y, sizes, order, scale


def in_groups(array: Array, order: IntArray) -> Array:
    """Rearrange the last axis so that groups are contiguous; the array itself if they are."""
    return array if (order == np.arange(len(order))).all() else array[..., order]


def _parameters(
    u: ArrayLike, v: ArrayLike, groups: Groups
) -> tuple[Array, Array, IntArray, IntArray]:
    """Check magnitudes and directions; return them, sizes and order, with groups contiguous."""
    v = checks.array("v", v, ndim=(1,))
    sizes, order = grouping(groups, len(v))
    u, v = checks.common_dtype(checks.target("u", u, len(sizes), f"{len(sizes)} groups"), v)
    return u, in_groups(v, order), sizes, order


def _as_given(array: Array, order: IntArray) -> Array:
    """Undo :func:`in_groups`, in a new array."""
    result = np.empty_like(array)
    result[..., order] = array
    return result


def dglnn_weights(
    u: ArrayLike,
    v: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    group_sizes: ArrayLike | None = None,
    group_labels: ArrayLike | None = None,
) -> Array:
    """Weights of the diagonally grouped linear network, w_l = u_l^2 v_l. [L23] Section 2.

    Parameters
    ----------
    u : array_like of shape (n_groups,)
        Magnitudes; with labels for ``groups``, in the order of the labels.
    v : array_like of shape (n_features,)
        Directions.
    groups : int or array_like
        One size for all groups, the sizes of contiguous groups, one label per feature, in any
        order, or lists of the features of every group. As many ones as features can be sizes and
        labels, and are refused.
    group_sizes : int or array_like of int
        In place of ``groups``: one size for all, or the sizes of contiguous groups.
    group_labels : array_like of int, bool or str, shape (n_features,)
        In place of ``groups``: one label per feature.

    Returns
    -------
    w : ndarray of shape (n_features,)

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that differ, groups that do not add up to the
        features.

    Examples
    --------
    >>> dglnn_weights([2.0, 1.0], [1.0, 3.0, 4.0], groups=[1, 2])
    array([4., 3., 4.])
    """
    u, v, sizes, order = _parameters(u, v, (groups, group_sizes, group_labels))
    return checks.representable(
        "the weight", lambda: _as_given(dglnn.weights(u, v, sizes), order), u=u, v=v
    )


def dglnn_loss_and_grad(
    u: ArrayLike,
    v: ArrayLike,
    X: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike | None = None,
    loss_scale: str = "half",
    *,
    group_sizes: ArrayLike | None = None,
    group_labels: ArrayLike | None = None,
) -> tuple[float, Array, Array]:
    """Loss of the network and its gradients in u and v. [L23] Section 2.

    With q = 1/n X^T (y - X w) and c = 1 for "half", 2 for "mean":

        L = c/(2n) ||y - X w||^2,    dL/du_l = -2 c u_l v_l^T q_l,    dL/dv_l = -c u_l^2 q_l.

    Parameters
    ----------
    u : array_like of shape (n_groups,)
        Magnitudes.
    v : array_like of shape (n_features,)
        Directions.
    X : array_like of shape (n_samples, n_features)
        Samples as rows.
    y : array_like of shape (n_samples,)
        Target.
    groups : int or array_like
        As in :func:`dglnn_weights`.
    loss_scale : {"half", "mean"}
        1/(2n) ||y - X w||^2, or the mean squared error, twice that.
    group_sizes, group_labels
        As in :func:`dglnn_weights`, in place of ``groups``.

    Returns
    -------
    cost : float
    du : ndarray of shape (n_groups,)
    dv : ndarray of shape (n_features,)

    Raises
    ------
    TypeError, ValueError
        As :func:`dglnn_weights`; for an unknown ``loss_scale``.

    Notes
    -----
    Differs from the paper: Section 2 prints 1/2 ||.||^2, without 1/n; the rest of the paper needs
    1/(2n), which is "half" here.

    Examples
    --------
    The loss of one weight with X = y = 1 is (1 - u^2 v)^2 / 2:

    >>> dglnn_loss_and_grad([2.0], [1.0], [[1.0]], [1.0], groups=1)
    (4.5, array([12.]), array([12.]))
    """
    of = groups, group_sizes, group_labels
    X, y, sizes, order, scale = grouped_problem(X, y, of, loss_scale)
    v = checks.target("v", v, X.shape[1], f"X of shape {X.shape}")
    u = checks.target("u", u, len(sizes), f"{len(sizes)} groups")
    u, v, X, y = checks.common_dtype(u, v, X, y)

    def compute() -> tuple[float, Array, Array]:
        cost, du, dv = dglnn.loss_and_grad(u, in_groups(v, order), X, y, sizes, scale)
        return cost, du, _as_given(dv, order)

    return checks.representable("the gradient", compute, u=u, v=v, X=X, y=y)


def dglnn_flow(
    X: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike | None = None,
    t: ArrayLike | None = None,
    alpha: ArrayLike = 1e-3,
    v0: ArrayLike | None = None,
    loss_scale: str = "half",
    method: str = "DOP853",
    rtol: float = 1e-10,
    *,
    group_sizes: ArrayLike | None = None,
    group_labels: ArrayLike | None = None,
) -> Any:
    """Gradient flow du/dt = -dL/du, dv/dt = -dL/dv from a small start. [L23] Eq. (3), Lemma 2.

    Parameters
    ----------
    X, y, groups
        As in :func:`dglnn_loss_and_grad`.
    t : array_like of shape (n_times,)
        Times of the states that are returned, increasing; the flow starts at 0.
    alpha : float or array_like of shape (n_groups,)
        Magnitudes at the start, > 0.
    v0 : array_like of shape (n_features,), optional
        Directions at the start. None is the balanced start of Theorem 2, v_l along X_l^T y with
        ||v_l||^2 = u_l^2 / 2.
    loss_scale : {"half", "mean"}
        As in :func:`dglnn_loss_and_grad`; "mean" runs through the same points twice as fast.
    method : str
        Integrator of :func:`scipy.integrate.solve_ivp`.
    rtol : float
        Relative tolerance of the integrator, > 0. Its absolute tolerance is ``rtol`` times a
        thousandth of the smallest magnitude at the start.
    group_sizes, group_labels
        As in :func:`dglnn_weights`, in place of ``groups``.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        ``t`` (n_times,), ``u`` (n_times, n_groups), ``v`` and ``w`` (n_times, n_features), ``loss``
        (n_times,), ``balance`` (n_times, n_groups), the invariants 1/2 u_l^2 - ||v_l||^2, ``drift``
        (float), the largest deviation of an invariant from its value at the start, and ``nfev``.
        Integrated in float64, then rounded to the dtype of the data.

    Raises
    ------
    TypeError, ValueError
        As :func:`dglnn_loss_and_grad`; for times that do not increase or a start that is not
        positive.
    DivergenceError
        If the integrator fails; the message holds its reason.

    Examples
    --------
    >>> flow = dglnn_flow([[1.0]], [1.0], groups=1, t=[0, 50], alpha=0.1)
    >>> flow.w.round(6).tolist(), flow.drift < 1e-9
    ([[0.000707], [1.0]], True)
    """
    from scipy.optimize import OptimizeResult

    of = groups, group_sizes, group_labels
    X, y, sizes, order, scale = grouped_problem(X, y, of, loss_scale)
    dtype = X.dtype
    X = X.astype(np.float64)
    y = y.astype(np.float64)
    if t is None:
        raise ValueError("t = None; pass the times at which states are wanted")
    t = checks.times("t", t)
    rtol = checks.step(rtol, "rtol")
    n_groups = len(sizes)
    u0 = checks.positive("alpha", checks.per_group("alpha", alpha, n_groups)).astype(np.float64)
    v0 = _flow_directions(v0, u0, X, y, sizes, order)

    def velocity(_: float, state: Array) -> Array:
        return np.concatenate(flow.flow(state[:n_groups], state[n_groups:], X, y, sizes, scale))

    tolerances = {"rtol": rtol, "atol": 1e-3 * rtol * u0.min()}
    states, evaluations = _integrate(velocity, np.concatenate([u0, v0]), t, method, tolerances)
    u = states[:, :n_groups]
    v = states[:, n_groups:]
    w = dglnn.weights(u, v, sizes)
    balance = flow.balance(u, v, sizes)
    return OptimizeResult(
        t=t,
        u=u.astype(dtype),
        v=_as_given(v, order).astype(dtype),
        w=_as_given(w, order).astype(dtype),
        loss=np.array([dglnn.loss(row, X, y, scale) for row in w]),
        balance=balance.astype(dtype),
        drift=float(np.max(np.abs(balance - flow.balance(u0, v0, sizes)))),
        nfev=evaluations,
    )


def _flow_directions(
    v0: ArrayLike | None, u0: Array, X: Array, y: Array, sizes: IntArray, order: IntArray
) -> Array:
    """v(0) as given, or of the balanced start; groups contiguous, float64."""
    if v0 is None:
        _, v = flow.balanced_start(X, y, sizes, 1.0)
        return v * dglnn.expand(u0, sizes)
    v = checks.target("v0", v0, X.shape[1], f"X of shape {X.shape}")
    return in_groups(v, order).astype(np.float64)


def _integrate(
    velocity: Callable[[float, Array], Array],
    start: Array,
    t: Array,
    method: str,
    tolerances: dict[str, float],
) -> tuple[Array, int]:
    """States of a flow at times t, (n_times, n_variables), and the number of evaluations."""
    from scipy.integrate import solve_ivp

    if t[-1] == 0:
        return start[None], 0
    with np.errstate(over="ignore", invalid="ignore"):  # reported below
        solution = solve_ivp(velocity, (0.0, t[-1]), start, method=method, t_eval=t, **tolerances)
    if not solution.success:
        raise DivergenceError(
            f"the flow could not be followed to t = {t[-1]:g}: {solution.message}; "
            f"shorten it or scale the data"
        )
    return solution.y.T, int(solution.nfev)
