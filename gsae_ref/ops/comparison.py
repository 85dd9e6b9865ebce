"""Gradients compared with each other, and their expectation over random supports."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups
from ..arrays import Array
from ..reference import expected, gradients
from .shallow import loss_and_grad

EXPECTED_FORMS = {
    "exact": expected.exact,
    "printed": expected.printed,
    "printed_31": expected.printed_31,
}


class GradientComparison(NamedTuple):
    """Relative errors ||G - H|| / ||H|| of a gradient G with respect to a gradient H.

    A group whose part of H is zero gives 0 if that of G is zero too, else infinity.

    Where y lies in the span of the group, nothing is across it:

    >>> report = compare_gradients(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2)["approximate"]
    >>> round(float(report.radial[0]), 6), float(report.tangential[0])
    (0.111111, 0.0)
    """

    overall: float
    tangential: np.ndarray  #: per group, the part that turns span(A_g): (I - P_g) G_g
    radial: np.ndarray  #: per group, the part inside span(A_g): P_g G_g


def compare_gradients(
    A: ArrayLike, Y: ArrayLike, lam: float, group_size: int, support: ArrayLike | None = None
) -> dict[str, GradientComparison]:
    """Compare the exact, the Appendix B and the approximate gradient on given data.

    Parameters
    ----------
    A, Y, lam, group_size
        As in :func:`encode`.
    support : array_like, optional
        Groups that the approximate gradient takes as active; see :func:`loss_and_grad`.

    Returns
    -------
    report : dict
        GradientComparison of "appendix_b" and of "approximate" with the exact gradient, and of the
        second with the first under "approximate_to_appendix_b".

    Raises
    ------
    TypeError, ValueError
        As :func:`loss_and_grad`.

    Notes
    -----
    [T21] calls (26) "a good approximation" of (23). At one active orthonormal group the radial
    error of (26) is l / (2 - l) and the tangential one l^2, with l = lam / ||A_g^T y|| (ledger row
    ``T21-good-approximation``).

    Examples
    --------
    Here l = 1/5 and l / (2 - l) = 1/9:

    >>> report = compare_gradients(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2)
    >>> round(report["approximate"].overall, 6)
    0.111111
    """
    exact = loss_and_grad(A, Y, lam, group_size, "exact")[1]
    appendix_b = loss_and_grad(A, Y, lam, group_size, "appendix_b")[1]
    approximate = loss_and_grad(A, Y, lam, group_size, "approximate", support=support)[1]
    # Powers of two, so that squares stay in range: no span and no ratio changes.
    A = groups.near_one(np.asarray(A, dtype=exact.dtype))
    exponent = np.frexp(max(np.abs(G).max() for G in (exact, appendix_b, approximate)))[1]
    exact = np.ldexp(exact, -exponent)
    appendix_b = np.ldexp(appendix_b, -exponent)
    approximate = np.ldexp(approximate, -exponent)
    return {
        "appendix_b": _compare(A, appendix_b, exact, group_size),
        "approximate": _compare(A, approximate, exact, group_size),
        "approximate_to_appendix_b": _compare(A, approximate, appendix_b, group_size),
    }


def _compare(A: Array, G: Array, truth: Array, group_size: int) -> GradientComparison:
    tangential = gradients.tangential_part(A, G, group_size)
    true_tangential = gradients.tangential_part(A, truth, group_size)
    size = np.maximum(_sizes(G, group_size), _sizes(truth, group_size))
    noise = 100 * np.finfo(G.dtype).eps * size
    return GradientComparison(
        float(_relative_error(G, truth, A.shape[1])[0]),
        _relative_error(tangential, true_tangential, group_size, noise),
        _relative_error(G - tangential, truth - true_tangential, group_size, noise),
    )


def _sizes(G: Array, group_size: int) -> Array:
    """||G_g||_F for every group of columns."""
    return np.linalg.norm(groups.blocks(G, group_size), axis=(1, 2))


def _relative_error(G: Array, truth: Array, group_size: int, noise: float | Array = 0.0) -> Array:
    """||G_g - truth_g||_F / ||truth_g||_F for every group of columns; 0 / 0 is 0.

    Sizes up to ``noise`` count as 0.
    """
    error = _sizes(G - truth, group_size)
    error = np.where(error > noise, error, 0)
    scale = _sizes(truth, group_size)
    scale = np.where(scale > noise, scale, 0)
    return np.divide(error, scale, out=np.where(error > 0, np.inf, 0.0), where=scale > 0)


def expected_gradient(
    A: ArrayLike,
    A_star: ArrayLike,
    tau: ArrayLike,
    n_active: int,
    group_size: int,
    code_variance: ArrayLike = 1.0,
    form: str = "exact",
) -> Array:
    """Expectation of the approximate gradient (26) over random supports and codes, tau frozen.

    Parameters
    ----------
    A, A_star : array_like of shape (n_features, n_atoms)
        Dictionary, and the dictionary that generates the data.
    tau : float or array_like of shape (n_groups,)
        The factors 1 - lam / ||A_g^T y||, taken as constants as in the paper.
    n_active : int
        Size of the support, which is uniform among the supports of that size.
    group_size : int
        Atoms per group; divides n_atoms.
    code_variance : float or array_like
        Covariance of an active group's code: a number sigma^2 for sigma^2 I, one matrix
        (group_size, group_size) for all groups, or an array (n_groups, group_size, group_size).
    form : {"exact", "printed", "printed_31"}
        - "exact": the closed form, nothing neglected (gsae_ref.reference.expected.exact has the
          derivation);
        - "printed": the leading term of [T21] Eq. (55);
        - "printed_31": the displayed term of Eq. (31).

    Returns
    -------
    G : ndarray of shape (n_features, n_atoms)
        In the dtype of A and A_star; ``tau`` and ``code_variance``, often plain numbers, are
        rounded to it.

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that do not fit, ``n_active`` above n_groups,
        a covariance that is not symmetric positive semidefinite, an unknown ``form``.

    Notes
    -----
    Differs from the paper: Eq. (16) has covariance I, which T21's own simulation contradicts
    (E||x_g||^2 = 61/3, not 2), so the covariance is an argument; and (31), (55) are leading terms,
    which the closed form completes (ledger rows ``T21-eq31``, ``R6``).

    Examples
    --------
    >>> expected_gradient([[1.0]], [[1.0]], tau=0.5, n_active=1, group_size=1)
    array([[-0.5]])
    """
    checks.option("form", form, EXPECTED_FORMS)
    A = checks.dictionary("A", A, group_size)
    A_star = checks.dictionary("A_star", A_star, group_size)
    checks.same_shape("A", A, "A_star", A_star)
    A, A_star = checks.common_dtype(A, A_star)
    n_groups = A.shape[1] // group_size
    n_active = checks.n_active(n_active, n_groups)
    factors = checks.per_group("tau", tau, n_groups)
    covariances = checks.covariance("code_variance", code_variance, n_groups, group_size)

    def compute() -> Array:
        law = factors.astype(A.dtype), n_active, group_size, covariances.astype(A.dtype)
        return EXPECTED_FORMS[form](A, A_star, *law)

    return checks.representable(
        "the gradient", compute, A=A, A_star=A_star, tau=factors, code_variance=covariances
    )
