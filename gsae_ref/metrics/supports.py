"""How close a support is to the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import checks


@dataclass(frozen=True)
class SupportRecovery:
    """What :func:`support_recovery` returns; counts are pooled over the samples.

    Attributes
    ----------
    recall : float
        Share of the truly active groups that are predicted.
    precision : float
        Share of the predicted groups that are truly active; NaN if none is predicted.
    exact : float
        Share of the samples whose support is predicted exactly.
    n_active_mean : float
        Mean number of predicted groups per sample.
    chance_recall : float
        Expected recall if each prediction were replaced by a uniformly random support of its size.

    Examples
    --------
    >>> found = support_recovery([[0, 1]], [[1]], n_groups=4)
    >>> found.recall, found.precision, found.exact
    (0.5, 1.0, 0.0)
    """

    recall: float
    precision: float
    exact: float
    n_active_mean: float
    chance_recall: float


def support_recovery(
    support_true: ArrayLike, support_pred: ArrayLike, n_groups: int | None = None
) -> SupportRecovery:
    """Compare predicted with true supports.

    Parameters
    ----------
    support_true, support_pred : array_like
        Boolean masks (n_samples, n_groups) or integer indices (n_samples, n_active) of the active
        groups, each once, in any combination; a 1-D array is one sample. Integers 0 and 1 are a
        mask where they cannot be indices.
    n_groups : int, optional
        Taken from a mask if there is one; needed if both are indices.

    Returns
    -------
    SupportRecovery

    Raises
    ------
    TypeError
        If a support is neither boolean nor integer.
    ValueError
        If shapes disagree, ``n_groups`` is needed and missing, an index is repeated, integers 0 and
        1 can be a mask and indices, or no group is truly active.

    Examples
    --------
    >>> support_recovery([[0, 1], [2, 3]], [[0, 1], [2, 0]], n_groups=4)
    SupportRecovery(recall=0.75, precision=0.75, exact=0.5, n_active_mean=2.0, chance_recall=0.5)
    """
    true = np.atleast_2d(checks.any_array("support_true", support_true))
    pred = np.atleast_2d(checks.any_array("support_pred", support_pred))
    masks = [s for s in (true, pred) if s.dtype == bool]
    if n_groups is None and not masks:
        raise ValueError(
            f"n_groups = None, but neither support_true nor support_pred is a mask of booleans "
            f"(they have dtypes {true.dtype} and {pred.dtype}); pass n_groups, or masks"
        )
    n_groups = masks[0].shape[-1] if n_groups is None else checks.count("n_groups", n_groups)
    n_samples = len(true)
    true = checks.support("support_true", true, n_samples, n_groups)
    pred = checks.support("support_pred", pred, n_samples, n_groups)
    n_true = true.sum(axis=1)
    n_pred = pred.sum(axis=1)
    n_hit = (true & pred).sum(axis=1)
    if not n_true.any():
        raise ValueError(
            f"support_true has no active group in {n_samples} samples; recall needs at least one"
        )
    return SupportRecovery(
        recall=float(n_hit.sum() / n_true.sum()),
        precision=float(n_hit.sum() / n_pred.sum()) if n_pred.any() else float("nan"),
        exact=float(np.mean((true == pred).all(axis=1))),
        n_active_mean=float(n_pred.mean()),
        chance_recall=float(n_true @ n_pred / (n_groups * n_true.sum())),
    )
