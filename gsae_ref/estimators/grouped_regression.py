"""Group-sparse linear regression without a penalty, as a scikit-learn estimator.

May import ops, checks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import checks, ops
from ..arrays import Array, IntArray


class DiagonallyGroupedLinearRegressor(RegressorMixin, BaseEstimator):
    """Group-sparse linear regression by early stopping. [L23] Algorithms 1 and 2.

    Gradient descent on w_l = u_l^2 v_l from a small start. There is no penalty: large groups are
    learned first, and stopping before the noise is learned leaves the others near zero.

    Before the descent, X and y are centred (with ``fit_intercept``) and divided by
    s_X = ||X||_2 / sqrt(n) and s_y = ||y|| / sqrt(n). Then X^T X / n <= I, and step sizes need not
    be tuned to the data. ``alpha``, ``gamma`` and ``eta`` are in these units, all results in those
    of X and y. Groups compete by the norms of their weights, so predictors should have a common
    scale (``StandardScaler`` in a pipeline).

    Parameters
    ----------
    groups : int or array_like, optional
        As in :func:`gsae_ref.dglnn_weights`; None: groups of one, if neither ``group_sizes`` nor
        ``group_labels`` is given.
    algorithm : {"algorithm_1", "algorithm_2", "gradient_descent"}
        As in :func:`gsae_ref.dglnn_path`.
    n_epochs : int
        Number of updates.
    alpha : float
        Magnitude at the start, > 0. A smaller one gives sparser weights and takes longer, like
        log(1/alpha).
    gamma : float
        Step size on the magnitudes u, > 0.
    eta : float, optional
        Constant step size on the directions v, as in :func:`gsae_ref.dglnn_path`.
    early_stopping : bool
        Whether a part of the samples is set aside for validation, and the state with the smallest
        squared error there is taken. False: all samples are used, and the last state is taken.
    validation_fraction : float
        That part, between 0 and 1. It has at least one sample, and leaves at least one.
    fit_intercept : bool
        Whether an intercept is fitted, by centring.
    record_every : int
        Epochs between the states of ``path_``, from which early stopping chooses.
    random_state : int, RandomState or None
        Draws the validation samples.
    group_sizes, group_labels : int or array_like, optional
        As in :func:`gsae_ref.dglnn_weights`, in place of ``groups``.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features_in_,)
        Weights.
    intercept_ : float
        Intercept, 0.0 without ``fit_intercept``.
    magnitudes_ : ndarray of shape (n_groups,)
        Norms of the weights of every group, in the order of the labels if there are labels.
    stop_epoch_ : int
        Epoch of the chosen state.
    n_iter_ : int
        Epochs done.
    path_ : Bunch
        ``epochs`` (n_records,), ``coef`` (n_records, n_features_in_), ``magnitudes`` (n_records,
        n_groups), ``loss`` (n_records,) on the training samples, in scaled units,
        ``validation_error`` (n_records,), mean squared, in the units of y, or None, and
        ``switch_epoch``.
    n_features_in_ : int
        Number of predictors.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if X has any.

    Notes
    -----
    Differs from the paper: the scaling and the intercept are ours, and the stopping time is chosen
    by validation; the theorems have a window that depends on unknown quantities. Weights outside
    the support are small, not zero.

    There is no ``tol``: between one group and the next the cost rests, so that an epoch without
    progress is no sign of the end. There is no ``checkpoint``: a fit is deterministic, and
    ``path_`` keeps every recorded state; a ``callback`` of :meth:`fit` can save them on the way.

    There is no ``sample_weight``: multiply the rows of centred X and y by the square roots of the
    weights, and use ``fit_intercept=False``.

    Examples
    --------
    >>> from gsae_ref import grouped_regression
    >>> data = grouped_regression(100, 60, 3, [2, 2, 2, -1, -1, -1], noise_std=0.1, rng=0)
    >>> model = DiagonallyGroupedLinearRegressor(groups=3).fit(data.X, data.y)
    >>> model.coef_[:6].round(1).tolist(), bool((abs(model.coef_[6:]) < 0.05).all())
    ([2.0, 2.0, 2.0, -1.0, -1.0, -1.0], True)
    """

    def __init__(
        self,
        groups: Any = None,
        *,
        algorithm: str = "algorithm_2",
        n_epochs: int = 2000,
        alpha: float = 1e-4,
        gamma: float = 0.2,
        eta: float | None = None,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        fit_intercept: bool = True,
        record_every: int = 10,
        random_state: Any = 0,
        group_sizes: Any = None,
        group_labels: Any = None,
    ) -> None:
        self.groups = groups
        self.algorithm = algorithm
        self.n_epochs = n_epochs
        self.alpha = alpha
        self.gamma = gamma
        self.eta = eta
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.fit_intercept = fit_intercept
        self.record_every = record_every
        self.random_state = random_state
        self.group_sizes = group_sizes
        self.group_labels = group_labels

    def fit(
        self, X: Any, y: Any, *, callback: Callable[..., Any] | None = None
    ) -> DiagonallyGroupedLinearRegressor:
        """Learn the weights.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows.
        y : array_like of shape (n_samples,)
            Target.
        callback : callable, optional
            Called as ``callback(intermediate_result=...)`` every ``record_every`` epochs, with
            ``x``, the weights in the units of X and y, ``fun``, the cost as in ``path_.loss``, and
            ``nit``. Raising StopIteration ends the path, and the state is chosen from it.

        Returns
        -------
        self : DiagonallyGroupedLinearRegressor

        Raises
        ------
        TypeError, ValueError, DivergenceError
            As :func:`gsae_ref.dglnn_path`; for a ``validation_fraction`` outside (0, 1); for
            early stopping with a single sample.

        Warns
        -----
        ConvergenceWarning
            If early stopping takes the last state, or without it if the cost has hardly fallen
            while the weights grow: more epochs may be better.
        """
        X = checks.table("X", X)
        y = None if y is None else checks.table("y", y)
        with np.errstate(over="ignore", invalid="ignore"):  # scikit-learn sums X and y
            X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], y_numeric=True)
        checks.callback(callback)
        checks.representable("the fit", lambda: self._learn(X, y, callback), X=X, y=y)
        return self

    def _learn(self, X: Array, y: Array, callback: Callable[..., Any] | None) -> tuple[Array, Any]:
        """Fit to checked data; return the coefficients and the intercept."""
        y = y.astype(X.dtype, copy=False)
        learn, validate = self._split(len(X))
        center, y_center = self._centers(X[learn], y[learn])
        X = X - center
        y = y - y_center
        x_scale = _or_one(np.linalg.norm(X[learn], 2) / len(learn) ** 0.5)
        y_scale = _or_one(np.linalg.norm(y[learn]) / len(learn) ** 0.5)

        groups, named = self._groups()
        path = ops.dglnn_path(
            X[learn] / x_scale,
            y[learn] / y_scale,
            groups,
            **named,
            algorithm=self.algorithm,
            n_epochs=self.n_epochs,
            alpha=self.alpha,
            gamma=self.gamma,
            eta=self.eta,
            record_every=self.record_every,
            callback=callback and _in_units(callback, y_scale / x_scale),
        )
        index = len(path.epochs) - 1
        errors = None
        if len(validate):
            stop = ops.early_stop(
                path, "validation", X=X[validate] / x_scale, y=y[validate] / y_scale
            )
            index = stop.index
            errors = stop.scores * float(y_scale) ** 2
        coef = path.w * (y_scale / x_scale)
        magnitudes = _group_norms(coef, *checks.grouping(groups, X.shape[1], **named))

        if path.status == 0:  # not ended by the callback
            self._warn_if_too_short(path, errors, index)
        self.n_iter_ = int(path.nit)
        self.coef_ = coef[index].copy()
        self.intercept_ = y_center - center @ self.coef_ if self.fit_intercept else 0.0
        self.magnitudes_ = magnitudes[index].copy()
        self.stop_epoch_ = int(path.epochs[index])
        self.path_ = Bunch(
            epochs=path.epochs,
            coef=coef,
            magnitudes=magnitudes,
            loss=path.loss,
            validation_error=errors,
            switch_epoch=path.switch_epoch,
        )
        return self.coef_, self.intercept_

    def _groups(self) -> tuple[Any, dict[str, Any]]:
        """``groups``, and the groups that are given by another name."""
        given = {"group_sizes": self.group_sizes, "group_labels": self.group_labels}
        named = {name: value for name, value in given.items() if value is not None}
        return 1 if self.groups is None and not named else self.groups, named

    def _warn_if_too_short(self, path: Any, errors: Array | None, index: int) -> None:
        """Warn if the validation error is smallest at the last state, or nothing was learned."""
        last = f"the last of n_epochs = {self.n_epochs} epochs"
        if errors is not None and 0 < index == len(errors) - 1:
            found = f"the validation error is smallest at {last}, so the weights may still be"
        elif errors is None and _rests(path):
            found = f"the cost is that of zero weights up to {last}, and the weights are still"
        else:
            return
        warnings.warn(
            f"{found} growing; raise n_epochs (or alpha, gamma)", ConvergenceWarning, stacklevel=6
        )

    def _centers(self, X: Array, y: Array) -> tuple[Array, Any]:
        """Means of X and y with an intercept, zeros without."""
        if not checks.flag("fit_intercept", self.fit_intercept):
            return np.zeros(X.shape[1], X.dtype), X.dtype.type(0)
        center = X.mean(axis=0, dtype=np.float64).astype(X.dtype)
        return center, y.mean(dtype=np.float64).astype(X.dtype)

    def predict(self, X: ArrayLike) -> Array:
        """Predictions X w + intercept.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        X = checks.table("X", X)
        with np.errstate(over="ignore", invalid="ignore"):
            X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return checks.representable("the prediction", lambda: X @ self.coef_ + self.intercept_, X=X)

    def _split(self, n_samples: int) -> tuple[IntArray, IntArray]:
        """Indices of the training samples, and of the validation samples."""
        indices = np.arange(n_samples)
        if not checks.flag("early_stopping", self.early_stopping):
            return indices, indices[:0]
        part = checks.fraction("validation_fraction", self.validation_fraction)
        if n_samples < 2:
            raise ValueError(
                f"early_stopping=True with n_samples = {n_samples}; "
                f"one sample is needed for training and one for validation; "
                f"pass more samples or early_stopping=False"
            )
        shuffled = check_random_state(self.random_state).permutation(n_samples)
        n_validate = min(max(round(part * n_samples), 1), n_samples - 1)
        return np.sort(shuffled[n_validate:]), np.sort(shuffled[:n_validate])


def _in_units(callback: Callable[..., Any], scale: Any) -> Callable[..., Any]:
    """The callback of a path in scaled units, from one in the units of the data."""

    from scipy.optimize import OptimizeResult

    def scaled(intermediate_result: Any) -> None:
        now = intermediate_result
        callback(intermediate_result=OptimizeResult(x=now.x * scale, fun=now.fun, nit=now.nit))

    return scaled


def _rests(path: Any) -> bool:
    """Whether the cost has fallen by less than 1 %, and magnitudes grow by more than 1 %."""
    grow = (path.u[-1] > 1.01 * path.u[-2]).any()
    return bool(path.loss[-1] > 0.99 * path.loss[0] > 0 and grow)


def _or_one(scale: float) -> float:
    """A scale to divide by; 1 in place of 0."""
    return scale if scale > 0 else type(scale)(1)


def _group_norms(coef: Array, sizes: IntArray, order: IntArray) -> Array:
    """Norms of the groups of coefficients, along the last axis."""
    squares = np.square(coef)[:, order]
    return np.sqrt(np.add.reduceat(squares, np.cumsum(sizes) - sizes, axis=1))
