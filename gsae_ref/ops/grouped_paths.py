"""Paths of gradient descent on the diagonally grouped linear network and on its unstructured rival."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array, IntArray
from ..reference import dglnn
from .divergence import DivergenceError
from .engine import ENGINES, one_blas_thread
from .grouped import grouped_problem, in_groups

if TYPE_CHECKING:
    from ..reference.dglnn import Rule

ALGORITHMS = ("algorithm_1", "algorithm_2", "gradient_descent")
SWITCHES = ("change", "growth")
STARTS = ("ones", "zeros", "random")
ENOUGH_WORK = 1e8
EPOCH = 1e5  # multiply-adds from which a kernel pays for being loaded; what an epoch costs beyond those of X


def dglnn_path(
    X: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike,
    algorithm: str = "algorithm_1",
    n_epochs: int = 1000,
    alpha: ArrayLike = 1e-6,
    gamma: float = 1e-3,
    eta: float | None = None,
    v0: ArrayLike | None = None,
    switch: int | str | None = None,
    tolerance: float = 0.1,
    u_star: ArrayLike | None = None,
    loss_scale: str = "half",
    jacobi: bool = False,
    record_every: int = 1,
    rng: int | np.random.Generator | None = None,
    callback: Callable[..., Any] | None = None,
    engine: str = "auto",
) -> Any:
    """Path of gradient descent on w_l = u_l^2 v_l from a small start. [L23] Algorithms 1 and 2, Appendix E.1.

    With q = 1/n X^T (y - X w), c = 1 (``loss_scale="half"``) or 2 ("mean"), one epoch is

        z_l = v_l + c eta_l u_l^2 q_l,    v_l <- z_l / ||z_l||,    u_l <- u_l (1 + 2 c gamma v_l^T q_l),

    where the last step uses the new v, and q taken again there. Algorithm 1 has eta_l = 1 / u_l^4.
    Algorithm 2 does so up to its switch, from then on eta_l = eta. Gradient descent has a constant
    eta, no normalisation, and takes both gradients at (u(t), v(t)).

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features)
        Samples as rows.
    y : array_like of shape (n_samples,)
        What is predicted; no intercept is fitted.
    groups : int or array_like of int
        One size for all groups, the sizes of contiguous groups, or one label per feature, in any
        order.
    algorithm : {"algorithm_1", "algorithm_2", "gradient_descent"}
        Which update.
    n_epochs : int
        Steps to take.
    alpha : float or array_like of shape (n_groups,)
        Magnitudes u(0), > 0.
    gamma : float
        Step size on u, > 0. Theorem 3 asks for at most 1 / (20 max ||w_l*||) at c = 1; half of that
        at c = 2.
    eta : float, optional
        Constant step size on v, > 0: for Algorithm 2 after its switch, for gradient descent always.
        None is ``gamma`` for gradient descent; for Algorithm 2 it is 4 / (9 c max_l u_l^4) at the
        present magnitudes, the most that Lemma 16 allows once they are accurate, and harmless
        before. Algorithm 1 has none.
    v0 : {"ones", "zeros", "random"} or array_like of shape (n_features,), optional
        Directions v(0): all entries 1 / sqrt(p_l); zero; uniform on the unit sphere of each group
        (by ``rng``); or as given, not normalised. None is "ones", and for gradient descent "zeros".
    switch : {"change", "growth"} or int, optional
        When Algorithm 2 switches; None is "change". "change", the practical rule: no u_l has
        changed by a share of ``tolerance`` or more in the last epoch. "growth", the rule of Theorem
        4: u_l^2 >= (u_l*)^2 / 2 in every group. An integer: at that epoch.
    tolerance : float
        For "change", > 0.
    u_star : array_like of shape (n_groups,), optional
        For "growth": the true magnitudes, (u_l*)^2 = ||w_l*||.
    loss_scale : {"half", "mean"}
        1/(2n) ||y - X w||^2, or the mean squared error, twice that.
    jacobi : bool
        Take both gradients of Algorithms 1 and 2 at (u(t), v(t)). Gradient descent always does.
    record_every : int
        Epochs between the recorded states; the last is always recorded.
    rng : int, Generator or None
        For ``v0="random"``.
    callback : callable, optional
        Called as ``callback(intermediate_result=...)`` after every recorded state but the start,
        with fields ``x`` (w), ``fun``, ``nit``, ``u``, ``v``; raising StopIteration ends the path
        there.
    engine : {"auto", "reference", "numba"}
        The reference, the compiled loop, or for "auto" the latter if there is enough to do. They
        agree to rounding.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        ``x`` (last w), ``fun`` (its loss), ``nit``, ``success``, ``status`` (0 all epochs done, 1
        stopped by the callback), ``message``, ``switch_epoch`` (the first epoch that took the small
        step, or None), and the path: ``epochs`` (n_records,), ``u`` (n_records, n_groups), ``v``
        and ``w`` (n_records, n_features), ``loss`` (n_records,). With labels for ``groups`` the
        columns of ``u`` are in the order of the labels; ``v`` and ``w`` are always in the order of
        X.

    Raises
    ------
    TypeError, ValueError
        For data that are not finite reals or do not fit, a bad number, an unknown option, or an
        argument that the algorithm does not use.
    DivergenceError
        When the path leaves the finite numbers; the message names the epoch and the remedy.

    Notes
    -----
    Differs from the paper: nothing at the defaults, read with the loss 1/(2n) ||.||^2 that its Eq.
    (3) and its step 1 / u^4 need. The authors' public code minimises the mean squared error and
    takes both gradients at once: ``loss_scale="mean", jacobi=True``. That is the same as doubling
    gamma *and* the step on v, to 2 / u^4. The v-step of Algorithm 1 then overshoots: on
    well-conditioned groups z_l is 2 w_l* - u_l^2 v_l, a mirror image instead of w_l*, and v does
    not settle. To double gamma alone, keep "half".

    Examples
    --------
    >>> path = dglnn_path(np.eye(2), [3.0, 4.0], groups=2, n_epochs=60, alpha=0.1, gamma=0.1)
    >>> path.v[1].round(12).tolist(), path.x.round(6).tolist()  # the direction is right at once, the magnitude grows
    ([0.6, 0.8], [3.0, 4.0])
    """
    X, y, sizes, order, scale = grouped_problem(X, y, groups, loss_scale)
    rule = _rule(
        algorithm,
        gamma,
        eta,
        switch,
        tolerance,
        u_star,
        scale,
        checks.flag("jacobi", jacobi),
        len(sizes),
    )
    u = checks.positive("alpha", checks.per_group("alpha", alpha, len(sizes))).astype(X.dtype)
    v = _directions(v0, sizes, order, rule.normalise, rng, X.dtype)
    loops = _loops(engine, X, n_epochs)
    state = [rule]

    def run(u: Array, v: Array, epoch: int, steps: int) -> tuple[Array, Array, float]:
        u, v, cost, state[0] = loops.advance(u, v, X, y, sizes, state[0], epoch, steps)
        return u, v, cost

    back = np.argsort(order)
    result = _follow(
        run,
        u,
        v,
        n_epochs,
        record_every,
        callback,
        lambda u, v: dglnn.weights(u, v, sizes)[back],
        lambda v: v[back],
        lambda u, v: dglnn.loss(dglnn.weights(u, v, sizes), X, y, scale),
    )
    switched = state[0].switch_epoch
    result.update(switch_epoch=switched if 0 <= switched <= result.nit else None)
    return result


def signed_path(
    X: ArrayLike,
    y: ArrayLike,
    n_epochs: int = 1000,
    alpha: ArrayLike = 1e-6,
    step_size: float = 1e-3,
    negative_part: bool = True,
    loss_scale: str = "half",
    record_every: int = 1,
    callback: Callable[..., Any] | None = None,
    engine: str = "auto",
) -> Any:
    """Path of gradient descent on w = u^2 - v^2, the unstructured rival of :func:`dglnn_path`. Vaskevicius, Kanade, Rebeschini (2019).

    With q as there, u <- u o (1 + 2 c step_size q), v <- v o (1 - 2 c step_size q), from u = v =
    alpha.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features)
        Samples as rows.
    y : array_like of shape (n_samples,)
        What is predicted.
    n_epochs : int
        Steps to take.
    alpha : float
        All entries of u(0) and v(0), > 0.
    step_size : float
        Step size, > 0.
    negative_part : bool
        False starts from v = 0, where it stays: w = u^2, which is what the public code of [L23]
        compares with in Figure 4.
    loss_scale : {"half", "mean"}
        c = 1, 2 as in :func:`dglnn_path`.
    record_every : int
        Epochs between the recorded states; the last is always recorded.
    callback : callable, optional
        As in :func:`dglnn_path`.
    engine : {"auto", "reference", "numba"}
        As in :func:`dglnn_path`.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        As :func:`dglnn_path`, with ``u`` and ``v`` both (n_records, n_features), without
        ``switch_epoch``.

    Raises
    ------
    TypeError, ValueError, DivergenceError
        As :func:`dglnn_path`.

    Examples
    --------
    >>> path = signed_path(np.eye(2), [1.0, -1.0], n_epochs=200, alpha=0.1, step_size=0.1)
    >>> path.x.round(3).tolist()
    [1.0, -1.0]
    """
    X, y, _, _, scale = grouped_problem(X, y, 1, loss_scale)
    alpha, step_size = checks.step(alpha, "alpha"), checks.step(step_size)
    u = np.full(X.shape[1], alpha, X.dtype)
    v = u.copy() if checks.flag("negative_part", negative_part) else np.zeros_like(u)
    loops = _loops(engine, X, n_epochs)
    return _follow(
        lambda u, v, epoch, steps: loops.signed_advance(u, v, X, y, scale, step_size, steps),
        u,
        v,
        n_epochs,
        record_every,
        callback,
        lambda u, v: u * u - v * v,
        np.array,
        lambda u, v: dglnn.loss(u * u - v * v, X, y, scale),
    )


def _rule(
    algorithm: str,
    gamma: float,
    eta: float | None,
    switch: int | str | None,
    tolerance: float,
    u_star: Any,
    scale: int,
    jacobi: bool,
    n_groups: int,
) -> Rule:
    """Check what an algorithm is told, and say it in the form of the update loop."""
    checks.option("algorithm", algorithm, ALGORITHMS)
    gamma, tolerance = checks.step(gamma, "gamma"), checks.step(tolerance, "tolerance")
    eta = None if eta is None else checks.step(eta, "eta")
    if algorithm == "algorithm_1" and eta is not None:
        raise ValueError(
            f"eta = {eta!r}, but algorithm_1 steps by 1 / u^4 on v; only the others take eta; drop it or use 'algorithm_2'"
        )
    if algorithm != "algorithm_2" and switch is not None:
        raise ValueError(
            f"switch = {switch!r}, but {algorithm} never switches; only algorithm_2 does; drop it or use 'algorithm_2'"
        )
    if (switch == "growth") != (u_star is not None):
        raise ValueError(
            f"switch = {switch!r} with{'out' * (u_star is None)} u_star; 'growth' compares with the true magnitudes u_star and nothing else "
            f"uses them; pass both or neither"
        )
    none = np.empty(0)
    never = -1
    if algorithm == "algorithm_1":
        return dglnn.Rule(True, jacobi, scale, gamma, 0.0, never, 0.0, none)
    if algorithm == "gradient_descent":
        return dglnn.Rule(
            False, True, scale, gamma, gamma if eta is None else eta, never, 0.0, none
        )
    if switch is None or isinstance(switch, str):
        checks.option("switch", "change" if switch is None else switch, SWITCHES)
        if switch == "growth":
            half = (
                checks.target("u_star", u_star, n_groups, f"groups of number {n_groups}").astype(
                    np.float64
                )
                ** 2
                / 2
            )
            return dglnn.Rule(True, jacobi, scale, gamma, eta or 0.0, never, 0.0, half)
        return dglnn.Rule(True, jacobi, scale, gamma, eta or 0.0, never, tolerance, none)
    epoch = checks.count("switch", switch, minimum=0)
    return dglnn.Rule(True, jacobi, scale, gamma, eta or 0.0, epoch, 0.0, none)


def _directions(
    v0: Any,
    sizes: IntArray,
    order: IntArray,
    normalise: bool,
    rng: int | np.random.Generator | None,
    dtype: np.dtype[Any],
) -> Array:
    """v(0), with groups contiguous."""
    if v0 is None or isinstance(v0, str):
        v0 = checks.option("v0", v0 or ("ones" if normalise else "zeros"), STARTS)
        if v0 == "zeros":
            return np.zeros(len(order), dtype)
        start = (
            checks.generator(rng).standard_normal(len(order))
            if v0 == "random"
            else np.ones(len(order))
        )
        return dglnn.unit(start, start, sizes).astype(dtype)
    return in_groups(checks.target("v0", v0, len(order), f"{len(order)} predictors"), order).astype(
        dtype
    )


def _loops(engine: str, X: Array, n_epochs: int) -> ModuleType:
    """The room whose update loops run. With its compiler disabled (NUMBA_DISABLE_JIT=1), "auto" takes the reference."""
    checks.option("engine", engine, ENGINES)
    n_epochs = checks.count("n_epochs", n_epochs)
    if engine == "reference" or engine == "auto" and n_epochs * (X.size + EPOCH) < ENOUGH_WORK:
        return dglnn
    import numba

    if engine == "auto" and numba.config.DISABLE_JIT:  # type: ignore[attr-defined]  # Numba sets it at run time
        return dglnn
    from ..kernels import dglnn as compiled

    return compiled


def _follow(
    run: Callable[..., Any],
    u: Array,
    v: Array,
    n_epochs: int,
    record_every: int,
    callback: Any,
    weigh: Callable[..., Any],
    directions: Callable[..., Any],
    cost_at: Callable[..., Any],
) -> Any:
    """Run in pieces of ``record_every`` epochs, record, report, and refuse what is not finite."""
    from scipy.optimize import OptimizeResult

    record_every = checks.count("record_every", record_every)
    start = checks.representable("the start", lambda: weigh(u, v), alpha=u, v0=v)
    epochs = [0]
    us = [u]
    vs = [directions(v)]
    ws = [start]
    costs = []
    status = 0
    message = "all epochs done"
    with one_blas_thread():
        while epochs[-1] < n_epochs and not status:
            epoch = epochs[-1]
            steps = min(record_every, n_epochs - epochs[-1])
            with np.errstate(over="ignore", invalid="ignore"):  # told below, in words
                u, v, cost = run(u, v, epoch, steps)
                w = weigh(u, v)
            if not (
                np.isfinite(cost)
                and np.isfinite(w).all()
                and np.isfinite(u).all()
                and np.isfinite(v).all()
            ):
                raise DivergenceError(
                    f"the path left the finite numbers between epochs {epoch} and {epoch + steps}; its step sizes are too large for these "
                    f"data; lower gamma and eta (or step_size), or divide X and y by their scale"
                )
            costs.append(cost)
            epochs.append(epoch + steps)
            for record, state in zip((us, vs, ws), (u, directions(v), w), strict=True):
                record.append(state)
            if callback is not None:
                try:
                    callback(
                        intermediate_result=OptimizeResult(
                            x=w.copy(),
                            fun=cost_at(u, v),
                            nit=epochs[-1],
                            u=u.copy(),
                            v=vs[-1].copy(),
                        )
                    )
                except StopIteration:
                    status = 1
                    message = "stopped by the callback"
        with np.errstate(over="ignore", invalid="ignore"):
            costs.append(cost_at(u, v))
        if not np.isfinite(costs[-1]):
            raise DivergenceError(
                f"the loss after epoch {epochs[-1]} is not finite; lower the step sizes, or divide X and y by their scale"
            )
    return OptimizeResult(
        x=ws[-1].copy(),
        fun=costs[-1],
        nit=epochs[-1],
        success=status == 0,
        status=status,
        message=message,
        epochs=np.array(epochs),
        u=np.stack(us),
        v=np.stack(vs),
        w=np.stack(ws),
        loss=np.array(costs),
    )
