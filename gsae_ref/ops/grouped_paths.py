"""Paths of gradient descent on the diagonally grouped linear network and on its rival."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array, BoolArray, IntArray
from ..reference import dglnn
from .divergence import DivergenceError
from .engine import ENGINES, compiler_disabled, one_blas_thread
from .grouped import grouped_problem, in_groups

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

ALGORITHMS = ("algorithm_1", "algorithm_2", "gradient_descent")
SWITCHES = ("change", "growth")
STARTS = ("ones", "zeros", "random")
ENOUGH_WORK = 1e8  # multiply-adds from which loading the kernel pays
EPOCH = 1e5  # multiply-adds that an epoch costs beyond those of X
TOGETHER = 64  # epochs of a path that run, and whose states are checked, at once


def dglnn_path(
    X: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike | None = None,
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
    *,
    group_sizes: ArrayLike | None = None,
    group_labels: ArrayLike | None = None,
) -> Any:
    """Path of gradient descent on w_l = u_l^2 v_l from a small start. [L23] Algorithms 1 and 2.

    With q = 1/n X^T (y - X w) and c = 1 (``loss_scale="half"``) or 2 ("mean"), one epoch is

        z_l = v_l + c eta_l u_l^2 q_l,
        v_l <- z_l / ||z_l||,
        u_l <- u_l (1 + 2 c gamma v_l^T q_l).

    The step on u uses the new v, and q evaluated there. Algorithm 1 has eta_l = 1 / u_l^4;
    Algorithm 2 has the same up to its switch and eta_l = eta from then on. Gradient descent
    (Appendix E.1) has a constant eta, does not normalise, and takes both gradients at (u(t), v(t)).

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features)
        Samples as rows.
    y : array_like of shape (n_samples,)
        Target; no intercept is fitted.
    groups : int or array_like
        As in :func:`dglnn_weights`.
    algorithm : {"algorithm_1", "algorithm_2", "gradient_descent"}
        The update.
    n_epochs : int
        Number of updates.
    alpha : float or array_like of shape (n_groups,)
        Magnitudes u(0), > 0.
    gamma : float
        Step size on u, > 0. Theorem 3 assumes at most 1 / (20 max ||w_l*||) for c = 1, half of
        that for c = 2.
    eta : float, optional
        Constant step size on v, > 0, for Algorithm 2 after its switch and for gradient descent.
        None is ``gamma`` for gradient descent. For Algorithm 2 it is 4 / (9 c max_l u_l^4) at the
        present magnitudes, the largest that Lemma 16 allows once they are accurate.
    v0 : {"ones", "zeros", "random"} or array_like of shape (n_features,), optional
        Directions v(0): all entries 1 / sqrt(p_l); zero; uniform on the unit sphere of each group;
        or as given, not normalised. None is "ones", for gradient descent "zeros".
    switch : {"change", "growth"} or int, optional
        When Algorithm 2 switches. "change" (and None), the practical rule: after the first epoch in
        which every u_l changes by less than a share ``tolerance``. "growth", the rule of Theorem 4:
        as soon as u_l^2 >= (u_l*)^2 / 2 in every group. An integer: at that epoch.
    tolerance : float
        For "change", > 0.
    u_star : array_like of shape (n_groups,), optional
        For "growth": the true magnitudes, (u_l*)^2 = ||w_l*||.
    loss_scale : {"half", "mean"}
        As in :func:`dglnn_loss_and_grad`.
    jacobi : bool
        Whether Algorithms 1 and 2 take both gradients at (u(t), v(t)), as gradient descent does.
    record_every : int
        Epochs between the recorded states; the last state is always recorded.
    rng : int, Generator or None
        For ``v0="random"``.
    callback : callable, optional
        Called as ``callback(intermediate_result=...)`` after every recorded state but the start,
        with fields ``x`` (w), ``fun``, ``nit``, ``u``, ``v``. Raising StopIteration ends the path.
    engine : {"auto", "reference", "numba"}
        The reference, the compiled loop, or for "auto" the compiled loop if the problem is large
        enough. They agree to rounding.
    group_sizes, group_labels
        As in :func:`dglnn_weights`, in place of ``groups``.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        ``x`` (last w), ``fun`` (its loss), ``nit``, ``success``, ``status`` (0 all epochs done, 1
        stopped by the callback), ``message``, ``switch_epoch`` (first epoch with the small step, or
        None), and the path: ``epochs`` (n_records,), ``u`` (n_records, n_groups), ``v`` and ``w``
        (n_records, n_features), ``loss`` (n_records,). With labels for ``groups`` the columns of
        ``u`` are in the order of the labels; ``v`` and ``w`` are always in the order of X.

    Raises
    ------
    TypeError, ValueError
        For data that are not finite reals or whose shapes differ, a number out of range, an unknown
        option, or an argument that the algorithm does not use.
    DivergenceError
        If the path leaves the finite numbers; the message names the epoch and the remedy.

    Notes
    -----
    Differs from the paper: nothing at the defaults, if its loss is read as 1/(2n) ||.||^2, which
    Eq. (3) and the step 1 / u^4 need. The authors' public code minimises the mean squared error and
    takes both gradients at once: ``loss_scale="mean", jacobi=True``. This doubles gamma and also
    the step on v, to 2 / u^4. The step on v then overshoots: on well-conditioned groups z_l is
    2 w_l* - u_l^2 v_l, the mirror image of the present weights in place of w_l*, and v oscillates.
    To double gamma alone, keep "half".

    Examples
    --------
    The direction is right after one epoch; the magnitude grows.

    >>> path = dglnn_path(np.eye(2), [3.0, 4.0], groups=2, n_epochs=60, alpha=0.1, gamma=0.1)
    >>> path.v[1].round(12).tolist(), path.x.round(6).tolist()
    ([0.6, 0.8], [3.0, 4.0])
    """
    of = groups, group_sizes, group_labels
    X, y, sizes, order, scale = grouped_problem(X, y, of, loss_scale)
    rule = _rule(algorithm, gamma, eta, switch, tolerance, u_star, len(sizes))
    rule = rule._replace(jacobi=checks.flag("jacobi", jacobi), scale=scale)
    u = checks.positive("alpha", checks.per_group("alpha", alpha, len(sizes))).astype(X.dtype)
    v = _directions(v0, sizes, order, rule.normalise, rng, X.dtype)
    update: Callable[..., Any] = dglnn.advance_and_record
    if _runs_compiled(engine, X, n_epochs):
        from ..kernels.dglnn import advance_and_record as update
    network = _Grouped(X, y, sizes, np.argsort(order), rule, update)
    result = _follow(network, u, v, n_epochs, record_every, callback)
    switch_epoch = network.rule.switch_epoch
    if switch_epoch is not None and switch_epoch > result.nit:
        switch_epoch = None
    result.update(switch_epoch=switch_epoch)
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
    """Path of gradient descent on w = u^2 - v^2, the unstructured rival of :func:`dglnn_path`.

    Vaskevicius, Kanade, Rebeschini (2019). From u = v = alpha, with q and c as there,

        u <- u o (1 + 2 c step_size q),    v <- v o (1 - 2 c step_size q).

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features)
        Samples as rows.
    y : array_like of shape (n_samples,)
        Target.
    n_epochs : int
        Number of updates.
    alpha : float
        All entries of u(0) and v(0), > 0.
    step_size : float
        Step size, > 0.
    negative_part : bool
        False starts from v = 0, which stays zero: w = u^2, the rival in the authors' code for
        Figure 4.
    loss_scale, record_every, callback, engine
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
    X, y, _, _, scale = grouped_problem(X, y, (1, None, None), loss_scale)
    alpha = checks.step(alpha, "alpha")
    step_size = checks.step(step_size)
    u = np.full(X.shape[1], alpha, X.dtype)
    v = u.copy() if checks.flag("negative_part", negative_part) else np.zeros_like(u)
    update: Callable[..., Any] = dglnn.signed_advance
    if _runs_compiled(engine, X, n_epochs):
        from ..kernels.dglnn import signed_advance as update
    network = _Signed(X, y, scale, step_size, update)
    return _follow(network, u, v, n_epochs, record_every, callback)


def _rule(
    algorithm: str,
    gamma: float,
    eta: float | None,
    switch: int | str | None,
    tolerance: float,
    u_star: Any,
    n_groups: int,
) -> dglnn.Rule:
    """Check the options of an algorithm; return them as a rule of the update loop."""
    checks.option("algorithm", algorithm, ALGORITHMS)
    gamma = checks.step(gamma, "gamma")
    tolerance = checks.step(tolerance, "tolerance")
    eta = None if eta is None else checks.step(eta, "eta")
    _refuse_unused(algorithm, eta, switch, u_star)
    rule = dglnn.Rule(gamma, eta, normalise=algorithm != "gradient_descent")
    if algorithm != "algorithm_2":
        return rule
    if switch is not None and not isinstance(switch, str):
        return rule._replace(switch_epoch=checks.count("switch", switch, minimum=0))
    if checks.option("switch", "change" if switch is None else switch, SWITCHES) == "change":
        return rule._replace(tolerance=tolerance)
    u_star = checks.target("u_star", u_star, n_groups, f"groups of number {n_groups}")
    return rule._replace(half=u_star.astype(np.float64) ** 2 / 2)


def _refuse_unused(
    algorithm: str, eta: float | None, switch: int | str | None, u_star: Any
) -> None:
    """Refuse options that the algorithm does not use."""
    if algorithm == "algorithm_1" and eta is not None:
        raise ValueError(
            f"eta = {eta!r}, but algorithm_1 has the step 1 / u^4 on v and takes no eta; "
            f"drop it or use 'algorithm_2'"
        )
    if algorithm != "algorithm_2" and switch is not None:
        raise ValueError(
            f"switch = {switch!r}, but {algorithm} never switches; drop it or use 'algorithm_2'"
        )
    if (switch == "growth") != (u_star is not None):
        raise ValueError(
            f"switch = {switch!r} with{'out' * (u_star is None)} u_star; "
            f"'growth' needs the true magnitudes u_star, no other rule uses them; "
            f"pass both or neither"
        )


def _directions(
    v0: Any,
    sizes: IntArray,
    order: IntArray,
    normalise: bool,
    rng: int | np.random.Generator | None,
    dtype: np.dtype[Any],
) -> Array:
    """v(0), with groups contiguous."""
    if v0 is not None and not isinstance(v0, str):
        v0 = checks.target("v0", v0, len(order), f"{len(order)} predictors")
        return in_groups(v0, order).astype(dtype)
    kind = checks.option("v0", v0 or ("ones" if normalise else "zeros"), STARTS)
    if kind == "zeros":
        return np.zeros(len(order), dtype)
    start = np.ones(len(order))
    if kind == "random":
        start = checks.generator(rng).standard_normal(len(order))
    return dglnn.unit(start, start, sizes).astype(dtype)


def _runs_compiled(engine: str, X: Array, n_epochs: int) -> bool:
    """Whether the kernel runs: for "auto", if there is enough work and Numba may compile."""
    checks.option("engine", engine, ENGINES)
    work = checks.count("n_epochs", n_epochs) * (X.size + EPOCH)
    if engine == "auto":
        return work >= ENOUGH_WORK and not compiler_disabled()
    return engine == "numba"


@dataclass
class _Grouped:
    """The diagonally grouped network and the algorithm that trains it; groups are contiguous."""

    X: Array
    y: Array
    sizes: IntArray
    position: IntArray  #: of every predictor among the groups
    rule: dglnn.Rule
    update: Callable[..., Any]

    def run(
        self, u: Array, v: Array, epoch: int, lengths: Sequence[int]
    ) -> tuple[Array, Array, Array]:
        """Run as many epochs as each of the lengths says, the first number ``epoch``.

        Returned are the u and the v after each, and the loss before each.
        """
        u, v, costs, self.rule = self.update(
            u, v, self.X, self.y, self.sizes, self.rule, epoch, lengths
        )
        return u, v, costs

    def in_order(self, v: Array) -> Array:
        """v with its entries in the order of the predictors."""
        return v[..., self.position]

    def weights(self, u: Array, v: Array) -> Array:
        """w, in the order of the predictors."""
        return dglnn.weights(u, v, self.sizes)[..., self.position]

    def loss(self, u: Array, v: Array) -> float:
        """The loss at u and v."""
        return dglnn.loss(dglnn.weights(u, v, self.sizes), self.X, self.y, self.rule.scale)


@dataclass
class _Signed:
    """The rival w = u^2 - v^2, with gradient descent."""

    X: Array
    y: Array
    scale: int
    step_size: float
    update: Callable[..., Any]

    def run(
        self, u: Array, v: Array, epoch: int, lengths: Sequence[int]
    ) -> tuple[Array, Array, Array]:
        states = []
        for n_epochs in lengths:
            u, v, cost = self.update(u, v, self.X, self.y, self.scale, self.step_size, n_epochs)
            states.append((u, v, cost))
        us, vs, costs = zip(*states, strict=True)
        return np.stack(us), np.stack(vs), np.array(costs)

    def in_order(self, v: Array) -> Array:
        return v

    def weights(self, u: Array, v: Array) -> Array:
        return u * u - v * v

    def loss(self, u: Array, v: Array) -> float:
        return dglnn.loss(self.weights(u, v), self.X, self.y, self.scale)


class _Path:
    """The states of a path as they are recorded."""

    def __init__(self, network: _Grouped | _Signed, u: Array, v: Array) -> None:
        w = checks.representable("the start", lambda: network.weights(u, v), alpha=u, v0=v)
        self.network = network
        self.state = u, v
        self.epochs = [0]
        self.u = [u]
        self.v = [network.in_order(v)]
        self.w = [w]
        self.loss: list[float] = []  # one entry behind, as the update reports the loss before it

    def extend(self, lengths: Sequence[int]) -> None:
        """Run as many epochs as each of the lengths says, and record the state after each."""
        epochs = list(accumulate(lengths, initial=self.epochs[-1]))
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # reported below
            u, v, costs = self.network.run(*self.state, epochs[0], lengths)
            w = self.network.weights(u, v)
        finite = np.isfinite(costs) & _all_finite(w) & _all_finite(u) & _all_finite(v)
        if not finite.all():
            k = int(finite.argmin())
            raise DivergenceError(
                f"the path left the finite numbers between epochs {epochs[k]} and {epochs[k + 1]}; "
                f"the step sizes are too large for these data; "
                f"lower gamma and eta (or step_size), or divide X and y by their scale"
            )
        self.state = u[-1], v[-1]
        self.epochs += epochs[1:]
        self.u += list(u)
        self.v += list(self.network.in_order(v))
        self.w += list(w)
        self.loss += costs.tolist()

    def last_loss(self) -> float:
        """The loss at the last state."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.network.loss(*self.state)

    def snapshot(self) -> OptimizeResult:
        """The last state, for the callback."""
        from scipy.optimize import OptimizeResult

        return OptimizeResult(
            x=self.w[-1].copy(),
            fun=self.last_loss(),
            nit=self.epochs[-1],
            u=self.u[-1].copy(),
            v=self.v[-1].copy(),
        )

    def result(self, stopped: bool) -> OptimizeResult:
        """The path as it is returned."""
        from scipy.optimize import OptimizeResult

        last = self.last_loss()
        if not np.isfinite(last):
            raise DivergenceError(
                f"the loss after epoch {self.epochs[-1]} is not finite; "
                f"lower the step sizes, or divide X and y by their scale"
            )
        return OptimizeResult(
            x=self.w[-1].copy(),
            fun=last,
            nit=self.epochs[-1],
            success=not stopped,
            status=int(stopped),
            message="stopped by the callback" if stopped else "all epochs done",
            epochs=np.array(self.epochs),
            u=np.stack(self.u),
            v=np.stack(self.v),
            w=np.stack(self.w),
            loss=np.array([*self.loss, last]),
        )


def _follow(
    network: _Grouped | _Signed, u: Array, v: Array, n_epochs: int, record_every: int, callback: Any
) -> Any:
    """Run ``n_epochs`` epochs, and record the state after every ``record_every`` of them."""
    record_every = checks.count("record_every", record_every)
    checks.callback(callback)
    path = _Path(network, u, v)
    stopped = False
    at_once = max(1, TOGETHER // record_every) if callback is None else 1
    with one_blas_thread():
        while path.epochs[-1] < n_epochs and not stopped:
            starts = range(path.epochs[-1], n_epochs, record_every)[:at_once]
            path.extend([min(record_every, n_epochs - epoch) for epoch in starts])
            if callback is not None:
                stopped = _asks_to_stop(callback, path.snapshot())
        return path.result(stopped)


def _all_finite(states: Array) -> BoolArray:
    """Of each of several states, whether all of its numbers are finite."""
    result: BoolArray = np.all(np.isfinite(states), axis=1)
    return result


def _asks_to_stop(callback: Callable[..., Any], state: OptimizeResult) -> bool:
    """Call a callback; whether it raises StopIteration."""
    try:
        callback(intermediate_result=state)
    except StopIteration:
        return True
    return False
