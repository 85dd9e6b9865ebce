"""Rivals of L23's network in Figure 12 and Table 3: the group lasso, and a primal-dual method.

Every method gives a path of weights, one row for each value of its tuning parameter; a validation
sample chooses the row.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from ...arrays import Array, IntArray
from ...papers.l23.model.formulas import group_norms

NO_GROUP_LASSO = (
    "skglm, which computes the group lasso, is not installed; pip install 'gsae_ref[lasso]'"
)


def group_lasso_is_installed() -> bool:
    """Whether skglm is installed."""
    return find_spec("skglm") is not None


def group_lasso_path(
    X: Array,
    y: Array,
    sizes: IntArray | list[int],
    n_penalties: int = 30,
    smallest: float = 1e-3,
) -> tuple[Array, Array]:
    """Minimisers of 1/(2n) ||y - X w||^2 + penalty sum_l ||w_l||, by skglm.

    Parameters
    ----------
    X, y : ndarray (n_samples, n_features), (n_samples,)
    sizes : sequence of int
        Sizes of the groups, which are contiguous.
    n_penalties : int
        Penalties, from the smallest one whose minimiser is zero, in geometric progression.
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
        raise ImportError(NO_GROUP_LASSO) from error
    sizes = [int(size) for size in sizes]
    largest = float(np.max(group_norms(X.T @ y / len(y), tuple(sizes))))
    penalties = largest * np.geomspace(1, smallest, n_penalties)
    model = GroupLasso(groups=sizes, fit_intercept=False, warm_start=True, tol=1e-5, max_iter=1000)
    X = np.asfortranarray(X)
    W = [model.set_params(alpha=penalty).fit(X, y).coef_.copy() for penalty in penalties]
    return np.stack(W), penalties


def refit(W: Array, X: Array, y: Array, sizes: IntArray | list[int]) -> Array:
    """Least squares on the non-zero groups of every row: the group lasso without its shrinkage.

    Rows with more non-zero weights than half the number of samples stay as they are.
    """
    sizes = np.asarray(sizes)
    result = W.copy()
    for row in result:
        active = np.repeat(group_norms(row, tuple(sizes)) > 0, sizes)
        if 0 < 2 * active.sum() <= len(y):
            row[active] = np.linalg.lstsq(X[:, active], y, rcond=None)[0]
    return result


def group_prox(z: Array, threshold: float, sizes: IntArray) -> Array:
    """Proximal operator of threshold sum_l ||z_l||, for groups of any sizes.

    >>> group_prox(np.array([3.0, 4.0, 1.0]), 1.0, np.array([2, 1]))
    array([2.4, 3.2, 0. ])
    """
    norms = group_norms(z, tuple(sizes))
    factors = 1 - threshold / np.maximum(norms, threshold)
    return np.repeat(factors, sizes) * z


def primal_dual_path(
    X: Array, y: Array, sizes: IntArray | list[int], ratio: float, n_steps: int = 500
) -> Array:
    """Iterates of the primal-dual method for min sum_l ||w_l|| subject to X w = y, from zero.

    One step, with R(w) = sum_l ||w_l||, is

        w <- prox_{tau R}(w - tau X^T (2 theta - theta_before)),
        theta <- theta + sigma (X w - y),

    with tau = 0.99 ratio / ||X|| and sigma = 0.99 / (ratio ||X||), so that tau sigma ||X||^2 < 1.
    The limit is the solution of smallest norm, which fits the noise if it can: stopping early is
    the regularisation. Molinari, Massias, Rosasco, Villa (2021).

    Parameters
    ----------
    X, y : ndarray (n_samples, n_features), (n_samples,)
    sizes : sequence of int
        Sizes of the groups, which are contiguous.
    ratio : float
        How the product of the two step sizes is shared between them.
    n_steps : int

    Returns
    -------
    W : ndarray (n_steps + 1, n_features)
        The first row is w = 0.
    """
    sizes = np.asarray(sizes)
    gram = X @ X.T if len(X) < X.shape[1] else X.T @ X
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


def best_on_validation(paths: Mapping[Any, Array], X: Array, y: Array) -> tuple[Array, Any, int]:
    """The row of several paths with the smallest mean squared error on a validation sample.

    Parameters
    ----------
    paths : mapping of a setting to ndarray (n_rows, n_features)
    X, y : ndarray (n_samples, n_features), (n_samples,)

    Returns
    -------
    w : ndarray (n_features,)
    setting
        Key of the path that holds it.
    row : int
        Its row there.
    """
    best: tuple[Array, Any, int] | None = None
    smallest = np.inf
    for setting, W in paths.items():
        errors = np.mean((y - W @ X.T) ** 2, axis=1)
        row = int(np.argmin(errors))
        if best is None or errors[row] < smallest:
            smallest = errors[row]
            best = W[row], setting, row
    if best is None:
        raise ValueError("paths is empty; it must hold at least one path; pass one")
    return best
