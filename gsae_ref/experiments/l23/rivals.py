"""What L23 compares its network with in Figure 12 and Table 3: the group lasso, and iterative regularisation by a primal-dual method.

Every method gives a path of weights, one row for every value of what it tunes; a validation sample
chooses the row.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arrays import Array, IntArray
from ...papers.l23.model.formulas import group_norms


def group_lasso_path(
    X: Array, y: Array, sizes: Any, n_penalties: int = 30, smallest: float = 1e-3
) -> Any:
    """Minimisers of 1/(2n) ||y - X w||^2 + penalty sum_l ||w_l||, by skglm, for penalties from the one that gives zero down to a share of it.

    Parameters
    ----------
    X, y : ndarray (n_samples, n_features), (n_samples,)
    sizes : sequence of int
        Of contiguous groups.
    n_penalties : int
    smallest : float
        The last penalty over the first.

    Returns
    -------
    W : ndarray (n_penalties, n_features)
    penalties : ndarray (n_penalties,)

    Raises
    ------
    ImportError
        Without skglm; the message says how to install it.
    """
    try:
        from skglm import GroupLasso
    except ModuleNotFoundError as error:
        raise ImportError(
            "the group lasso is computed by skglm, which is not installed; pip install 'gsae_ref[lasso]'"
        ) from error
    sizes = [int(size) for size in sizes]
    largest = float(np.max(group_norms(X.T @ y / len(y), tuple(sizes))))
    penalties = largest * np.geomspace(1, smallest, n_penalties)
    model = GroupLasso(groups=sizes, fit_intercept=False, warm_start=True, tol=1e-5, max_iter=1000)
    X = np.asfortranarray(X)
    return np.stack(
        [model.set_params(alpha=penalty).fit(X, y).coef_.copy() for penalty in penalties]
    ), penalties


def refitted(W: Array, X: Array, y: Array, sizes: IntArray | list[int]) -> Array:
    """Least squares on the groups that are not zero, for every row: what is left of the group lasso without its shrinkage.

    Rows with more weights than half the number of samples stay as they are.
    """
    sizes, result = np.asarray(sizes), W.copy()
    for row in result:
        on = np.repeat(group_norms(row, tuple(sizes)) > 0, sizes)
        if 0 < 2 * on.sum() <= len(y):
            row[on] = np.linalg.lstsq(X[:, on], y, rcond=None)[0]
    return result


def group_prox(z: Array, threshold: float, sizes: IntArray) -> Array:
    """Proximal operator of threshold sum_l ||z_l||, groups of any sizes.

    >>> group_prox(np.array([3.0, 4.0, 1.0]), 1.0, np.array([2, 1]))
    array([2.4, 3.2, 0. ])
    """
    norms = group_norms(z, tuple(sizes))
    keep = 1 - threshold / np.maximum(norms, threshold)
    return np.repeat(keep, sizes) * z


def primal_dual_path(
    X: Array, y: Array, sizes: IntArray | list[int], ratio: float, n_steps: int = 500
) -> Array:
    """Iterates of the primal-dual method for min sum_l ||w_l|| subject to X w = y, from zero. Molinari, Massias, Rosasco, Villa (2021).

        w <- prox_{tau R}( w - tau X^T (2 theta - theta_before) ),    theta <- theta + sigma (X w - y),

    with tau = 0.99 ratio / ||X||, sigma = 0.99 / (ratio ||X||), so that tau sigma ||X||^2 < 1. It
    converges to the solution of smallest norm, which fits the noise if it can; stopping it early is
    the regularisation, and ``ratio`` says how the two step sizes are shared.

    Parameters
    ----------
    X, y : ndarray (n_samples, n_features), (n_samples,)
    sizes : sequence of int
    ratio : float
    n_steps : int

    Returns
    -------
    W : ndarray (n_steps + 1, n_features)
        From w = 0 on.
    """
    sizes, gram = np.asarray(sizes), X @ X.T if len(X) < X.shape[1] else X.T @ X
    norm = np.linalg.eigvalsh(gram)[-1] ** 0.5
    tau = 0.99 * ratio / norm
    sigma = 0.99 / (ratio * norm)
    w: Array = np.zeros(X.shape[1])
    theta: Array = np.zeros(len(y))
    before = theta
    W = [w]
    for _ in range(n_steps):
        w = group_prox(w - tau * X.T @ (2 * theta - before), tau, sizes)
        before, theta = theta, theta + sigma * (X @ w - y)
        W.append(w)
    return np.stack(W)


def chosen(paths: Mapping[Any, Array], X: Array, y: Array) -> tuple[Array, Any, int]:
    """The row of several paths, {setting: W}, with the smallest mean squared error on a validation sample, and its setting and number."""
    best: Any = None
    for setting, W in paths.items():
        errors = np.mean((y - W @ X.T) ** 2, axis=1)
        row = int(np.argmin(errors))
        if best is None or errors[row] < best[0]:
            best = errors[row], W[row], setting, row
    return best[1:]
