"""Data of grouped regression, y = X w* + noise. [L23] Sections 2 and 5, Appendix E.3."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array
from .orthonormal import haar
from .streams import REGRESSION, seed_of, stream

DESIGNS = ("rademacher", "gaussian", "orthogonal")
# Non-zero entries of w* in the figures of [L23]; beside each: n_samples, n_features, group size.
PATTERNS = {
    "figure-2": (10.0,) * 9,  # 150, 300, 3; Figure 6 too
    "figure-3": tuple(map(float, range(5, 14))),  # 150, 300, 3; Figure 11 too, with Gaussian X
    "figure-4": (1.0,) * 16,  # 100, 500, 4; Figure 7 too
    "figure-5": (1.0, -1.0, 1.0, -1.0, 1.0),  # 80, 200, 1
    "figure-12": (10.0,) * 12,  # 150, 300, 4; the text has "10 entries" in 3 groups of 4
}


class GroupedRegression(NamedTuple):
    """What :func:`grouped_regression` returns.

    Attributes
    ----------
    X : ndarray (n_samples, n_features)
        Predictors, samples as rows.
    y : ndarray (n_samples,)
        X w* + noise.
    w_star : ndarray (n_features,)
        True weights.
    groups : ndarray of int (n_groups,)
        Sizes of the groups, which are contiguous.
    noise : ndarray (n_samples,)
        The noise in y.

    Examples
    --------
    >>> data = grouped_regression(5, 4, 2, [1.0, 1.0], noise_std=0.0, rng=0)
    >>> data.groups, data.w_star, bool(np.all(data.y == data.X @ data.w_star))
    (array([2, 2]), array([1., 1., 0., 0.]), True)
    """

    X: np.ndarray
    y: np.ndarray
    w_star: np.ndarray
    groups: np.ndarray
    noise: np.ndarray


def grouped_regression(
    n_samples: int,
    n_features: int,
    groups: ArrayLike,
    coefficients: str | ArrayLike,
    design: str = "rademacher",
    noise_std: float = 0.5,
    rng: int | np.random.Generator | None = None,
) -> GroupedRegression:
    """Draw a regression whose first groups are active. [L23] Section 5.

    Parameters
    ----------
    n_samples, n_features : int
        Shape of X.
    groups : int or array_like of int
        One size for all groups, or the sizes of contiguous groups.
    coefficients : {"figure-2", "figure-3", "figure-4", "figure-5", "figure-12"} or array_like
        The first entries of w*; the others are zero. A name is that of a figure of [L23].
    design : {"rademacher", "gaussian", "orthogonal"}
        Entries of X: +1 or -1, standard normal, or sqrt(n) times a matrix with orthonormal columns
        (Haar), so that X^T X / n = I.
    noise_std : float
        Standard deviation of the Gaussian noise, >= 0; 0.5 in the paper.
    rng : int, Generator or None
        From a Generator one integer is drawn, and it is the seed.

    Returns
    -------
    GroupedRegression
        ``(X, y, w_star, groups, noise)``, float64.

    Raises
    ------
    TypeError, ValueError
        For groups or coefficients that do not fit, an unknown option, or an orthogonal design with
        fewer samples than predictors.

    Examples
    --------
    >>> data = grouped_regression(150, 300, 3, "figure-2", rng=0)
    >>> data.X.shape, data.w_star[:10].tolist(), len(data.groups)
    ((150, 300), [10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 0.0], 100)
    """
    n = checks.count("n_samples", n_samples)
    p = checks.count("n_features", n_features)
    ones = np.shape(groups) == (p,) and bool(np.all(np.equal(groups, 1)))  # sizes here, not labels
    sizes, order = checks.grouping(1 if ones else groups, p)
    if (np.diff(order) != 1).any():
        raise ValueError(
            "groups are labels that are not in order, but the groups drawn are contiguous; "
            "pass the sizes of the groups"
        )
    checks.option("design", design, DESIGNS)
    noise_std = checks.threshold(noise_std, "noise_std")
    if isinstance(coefficients, str):
        coefficients = PATTERNS[checks.option("coefficients", coefficients, tuple(PATTERNS))]
    values = checks.array("coefficients", coefficients, ndim=(1,))
    if len(values) > p:
        raise ValueError(
            f"coefficients has {len(values)} entries, but there are only {p} predictors"
        )
    if design == "orthogonal" and n < p:
        raise ValueError(
            f"design = 'orthogonal' needs n_samples >= n_features, "
            f"but n_samples = {n} and n_features = {p}"
        )
    w_star = np.zeros(p)
    w_star[: len(values)] = values
    seed = seed_of(rng)
    design_rng, noise_rng = (stream(seed, REGRESSION, part) for part in range(2))
    X = _design(design, n, p, design_rng)
    noise = noise_std * noise_rng.standard_normal(n)

    def observe() -> Array:
        # einsum: the same bits for any number of BLAS threads.
        active = slice(len(values))
        return np.einsum("ij,j->i", X[:, active], w_star[active]) + noise

    y = checks.representable("the sample", observe, coefficients=values, noise_std=noise_std)
    return GroupedRegression(X, y, w_star, sizes, noise)


def _design(design: str, n: int, p: int, rng: np.random.Generator) -> Array:
    if design == "rademacher":
        return rng.choice([-1.0, 1.0], size=(n, p))
    X = rng.standard_normal((n, p))
    if design == "gaussian":
        return X
    return np.sqrt(n) * haar(X)
