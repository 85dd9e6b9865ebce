"""Rules for stopping a path: a fixed epoch, validation data, the window of a theorem, the truth."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array, IntArray

RULES = {  # and the arguments that each needs
    "fixed": {"epoch"},
    "validation": {"X", "y"},
    "window": {"window"},
    "oracle": {"w_star"},
}


class EarlyStop(NamedTuple):
    """A state of a path, chosen by a rule; unpacks as ``w, epoch, index, scores``.

    Attributes
    ----------
    w : ndarray of shape (n_features,)
        Weights of the state.
    epoch : int
        Its epoch.
    index : int
        Its row in the path.
    scores : ndarray of shape (n_records,)
        The criterion along the path: mean squared validation error, squared distance to the truth,
        or for the other rules the loss.

    Examples
    --------
    >>> from gsae_ref.ops import dglnn_path
    >>> path = dglnn_path(np.eye(1), [3.0], groups=1, n_epochs=20)
    >>> w, epoch, index, scores = early_stop(path, "fixed", epoch=7)
    >>> epoch, index, len(scores)
    (7, 7, 21)
    """

    w: Array
    epoch: int
    index: int  # type: ignore[assignment]  # hides tuple.index
    scores: Array


def early_stop(
    path: Any,
    rule: str = "validation",
    epoch: int | None = None,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    window: Any = None,
    w_star: ArrayLike | None = None,
) -> EarlyStop:
    """Choose a state of a recorded path: the early stopping criterion of [L23] Algorithm 1.

    Parameters
    ----------
    path : OptimizeResult
        From :func:`dglnn_path` or :func:`signed_path`.
    rule : {"fixed", "validation", "window", "oracle"}
        "fixed": the last recorded state up to ``epoch``. "validation": the state with the smallest
        mean squared error on ``X``, ``y``. "window": the first recorded state in ``window``.
        "oracle": the state nearest to ``w_star``, for studies where the truth is known. Of equal
        states, the first.
    epoch : int, optional
        For "fixed".
    X : array_like of shape (n_samples, n_features), optional
        For "validation": samples that the path was not trained on.
    y : array_like of shape (n_samples,), optional
        For "validation".
    window : (float, float), optional
        For "window": the bounds (T_lb, T_ub) that a theorem gives, in epochs.
    w_star : array_like of shape (n_features,), optional
        For "oracle".

    Returns
    -------
    EarlyStop
        ``(w, epoch, index, scores)``.

    Raises
    ------
    TypeError, ValueError
        For an unknown rule, an argument that the rule lacks or does not use, or a window without a
        recorded state.

    Examples
    --------
    The best state comes before the second weight, which is noise, grows.

    >>> from gsae_ref.ops import dglnn_path
    >>> path = dglnn_path(np.eye(2), [3.0, 0.2], groups=1, n_epochs=100, alpha=0.1, gamma=0.1)
    >>> early_stop(path, "oracle", w_star=[3.0, 0.0]).w.round(2).tolist()
    [3.0, 0.01]
    >>> path.x.round(2).tolist()
    [3.0, 0.2]
    """
    checks.option("rule", rule, tuple(RULES))
    given = {"epoch": epoch, "X": X, "y": y, "window": window, "w_star": w_star}
    has = {name for name, value in given.items() if value is not None}
    if has != RULES[rule]:
        raise ValueError(
            f"rule = {rule!r} was given {sorted(has)}; it takes exactly {sorted(RULES[rule])}; "
            f"pass these and no others"
        )
    if not all(hasattr(path, name) for name in ("epochs", "loss", "w")):
        raise TypeError(
            f"path is a {type(path).__name__}; it must hold epochs, loss and w; "
            f"pass the result of dglnn_path or signed_path"
        )
    scores = path.loss
    if rule == "fixed":
        epoch = checks.count("epoch", epoch, minimum=0)
        index = int(np.searchsorted(path.epochs, epoch, side="right")) - 1
    elif rule == "window":
        index = _first_in_window(path.epochs, window)
    else:
        scores = _validation_errors(path, X, y) if rule == "validation" else _errors(path, w_star)
        index = int(np.argmin(scores))
    return EarlyStop(path.w[index].copy(), int(path.epochs[index]), index, scores)


def _validation_errors(path: Any, X: Any, y: Any) -> Array:
    """Mean squared errors of all states on X, y."""
    n_features = path.w.shape[1]
    X = checks.array("X", X, ndim=(2,))
    X = checks.batch("X", X, n_features, f"a path of {n_features} weights")
    y = checks.target("y", y, len(X), f"X of shape {X.shape}")

    def errors() -> Array:
        return np.mean(np.square(y - path.w @ X.T, dtype=np.float64), axis=1)

    return checks.representable("the score", errors, X=X, y=y)


def _errors(path: Any, w_star: Any) -> Array:
    """Squared distances of all states to the true weights."""
    n_features = path.w.shape[1]
    w_star = checks.target("w_star", w_star, n_features, f"a path of {n_features} weights")

    def errors() -> Array:
        return np.sum(np.square(path.w - w_star, dtype=np.float64), axis=1)

    return checks.representable("the score", errors, w_star=w_star)


def _first_in_window(epochs: IntArray, window: Any) -> int:
    """The first recorded epoch in a window, as an index."""
    if np.shape(window) != (2,):
        raise ValueError(
            f"window = {window!r}; it must be a pair (T_lb, T_ub); pass for example (100, 500)"
        )
    low = checks.real("window[0]", window[0])
    high = checks.real("window[1]", window[1])
    if low > high:
        raise ValueError(
            f"window = ({low:g}, {high:g}) is empty; T_lb must not exceed T_ub; "
            f"the theorem that gives this window does not apply"
        )
    inside = np.flatnonzero((epochs >= low) & (epochs <= high))
    if not len(inside):
        raise ValueError(
            f"window = ({low:g}, {high:g}) holds none of the {len(epochs)} recorded epochs, "
            f"0 to {epochs[-1]}; it must hold one; "
            f"run longer, record more often, or check the window"
        )
    return int(inside[0])
