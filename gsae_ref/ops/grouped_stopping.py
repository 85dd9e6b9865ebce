"""When to stop a path: a fixed time, a validation sample, the window of a theorem, or, for study only, the truth."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array

RULES = ("fixed", "validation", "window", "oracle")


class EarlyStop(NamedTuple):
    """Where a path is stopped; unpacks as ``w, epoch, index, scores``.

    Attributes
    ----------
    w : ndarray (n_features,)
        The weights there.
    epoch : int
        The epoch there.
    index : int
        Its row in the path.
    scores : ndarray (n_records,)
        What the rule looks at, along the path: mean squared validation error, squared distance to
        the truth, or else the loss.

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
    """Choose a state of a recorded path. [L23] Algorithm 1, "if the early stopping criterion is satisfied".

    Parameters
    ----------
    path : OptimizeResult
        From :func:`dglnn_path` or :func:`signed_path`.
    rule : {"fixed", "validation", "window", "oracle"}
        "fixed": the last recorded state up to ``epoch``. "validation": the smallest mean squared
        error on ``X``, ``y``. "window": the first recorded state in ``window``. "oracle": the
        nearest to ``w_star``; for study only, as nobody has it. Of equals, the first.
    epoch : int, optional
        For "fixed".
    X : array_like of shape (n_samples, n_features), optional
        For "validation": predictors that the path has not seen.
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
        For an unknown rule, an argument that the rule needs and lacks or does not use, or a window
        without a recorded state.

    Examples
    --------
    >>> from gsae_ref.ops import dglnn_path
    >>> path = dglnn_path(np.eye(2), [3.0, 0.2], groups=1, n_epochs=100, alpha=0.1, gamma=0.1)
    >>> early_stop(path, "oracle", w_star=[3.0, 0.0]).w.round(2).tolist(), path.x.round(2).tolist()  # before the noise grows
    ([3.0, 0.01], [3.0, 0.2])
    """
    checks.option("rule", rule, RULES)
    given = {"epoch": epoch, "X": X, "y": y, "window": window, "w_star": w_star}
    needs = {
        "fixed": {"epoch"},
        "validation": {"X", "y"},
        "window": {"window"},
        "oracle": {"w_star"},
    }[rule]
    has = {name for name, value in given.items() if value is not None}
    if has != needs:
        raise ValueError(
            f"rule = {rule!r} was given {sorted(has)}; it takes exactly {sorted(needs)}; pass these and no others"
        )
    if not all(hasattr(path, name) for name in ("epochs", "loss", "w")):
        raise TypeError(
            f"path is a {type(path).__name__}; it must hold epochs, loss and w; pass what dglnn_path or signed_path returned"
        )
    scores = path.loss
    n_records, n_features = path.w.shape
    if rule == "fixed":
        index = (
            int(np.searchsorted(path.epochs, checks.count("epoch", epoch, minimum=0), side="right"))
            - 1
        )
    elif rule == "window":
        low, high = _window(window)
        inside = np.flatnonzero((path.epochs >= low) & (path.epochs <= high))
        if not len(inside):
            raise ValueError(
                f"window = ({low:g}, {high:g}) holds none of the {n_records} recorded epochs, 0 to {path.epochs[-1]}; it must hold one; "
                f"run longer, record more often, or check the window"
            )
        index = int(inside[0])
    else:
        if rule == "validation":
            X = checks.array("X", X, ndim=(2,))
            X = checks.batch("X", X, n_features, f"a path of {n_features} weights")
            y = checks.target("y", y, len(X), f"X of shape {X.shape}")
            scores = checks.representable(
                "the score",
                lambda: np.mean(np.square(y - path.w @ X.T, dtype=np.float64), axis=1),
                X=X,
                y=y,
            )
        else:
            w_star = checks.target("w_star", w_star, n_features, f"a path of {n_features} weights")
            scores = checks.representable(
                "the score",
                lambda: np.sum(np.square(path.w - w_star, dtype=np.float64), axis=1),
                w_star=w_star,
            )
        index = int(np.argmin(scores))
    return EarlyStop(path.w[index].copy(), int(path.epochs[index]), index, scores)


def _window(window: Any) -> tuple[float, float]:
    if np.shape(window) != (2,):
        raise ValueError(
            f"window = {window!r}; it must be a pair (T_lb, T_ub); pass for example (100, 500)"
        )
    low = checks.real("window[0]", window[0])
    high = checks.real("window[1]", window[1])
    if low > high:
        raise ValueError(
            f"window = ({low:g}, {high:g}) is empty; T_lb must not exceed T_ub; the statement it comes from does not apply"
        )
    return low, high
