"""The door: check the arguments once, then compute. May import checks, groups, reference (and kernels, when they exist).

Every function accepts one sample as a 1-D array and then returns a 1-D result. Types: float32 in, float32 out; float64 and integers give
float64; a mixture is promoted. Inputs are never modified; read-only, non-contiguous and memory-mapped arrays work.
"""

from typing import NamedTuple

import numpy as np

from . import checks, groups
from .reference import activations, autoencoder, expected, gradients

__all__ = [
    "GradientComparison", "compare_gradients", "decode", "encode", "expected_gradient", "group_soft_threshold",
    "group_soft_threshold_vjp", "loss", "loss_and_grad",
]

GRADIENTS = ("exact", "appendix_b", "approximate")
ENGINES = ("auto", "reference")
EXPECTED_FORMS = {"exact": expected.exact, "printed": expected.printed, "printed_31": expected.printed_31}


def group_soft_threshold(Z, lam, group_size):
    """Shrink every group of pre-activations by ``lam`` in norm, or to zero. [T21] Eq. (7).

    sigma(z_g) = (1 - lam / ||z_g||)_+ z_g, with sigma(0) = 0: the proximal operator of lam ||.||_2, the "Group ReLU" of the paper.

    Parameters
    ----------
    Z : array_like of shape (n_samples, n_atoms) or (n_atoms,)
        Pre-activations; groups are contiguous blocks of ``group_size``.
    lam : float
        Threshold, >= 0.
    group_size : int
        Atoms per group; divides n_atoms.

    Returns
    -------
    X : ndarray, shape of Z
        Codes.

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, a negative ``lam``, a ``group_size`` that does not divide n_atoms.

    Notes
    -----
    Differs from the paper: the map does *not* generalise ReLU; for groups of one atom it is the odd, two-sided soft threshold
    (ledger row ``T21-relu``).

    Examples
    --------
    >>> group_soft_threshold([3.0, 4.0, 0.3, 0.4], lam=1.0, group_size=2)
    array([2.4, 3.2, 0. , 0. ])
    """
    Z = checks.codes("Z", Z, group_size)
    return activations.group_soft_threshold(Z, checks.threshold(lam), group_size)


def group_soft_threshold_vjp(Z, V, lam, group_size):
    """Apply the Jacobian of :func:`group_soft_threshold` at Z to V. J is symmetric, so this is its transpose too.

    J = (1 - lam / r) I + (lam / r^3) z z^T for r = ||z|| > lam, 0 for r <= lam; J = I if lam = 0.

    Parameters
    ----------
    Z, V : array_like of one shape, (n_samples, n_atoms) or (n_atoms,)
        Where the Jacobian is taken, and what it is applied to.
    lam : float
        Threshold, >= 0.
    group_size : int
        Atoms per group; divides n_atoms.

    Returns
    -------
    JV : ndarray, shape of Z

    Raises
    ------
    TypeError, ValueError
        As :func:`group_soft_threshold`; and for Z and V of different shapes.

    Notes
    -----
    Differs from the paper: [T21] Eq. (24) has sigma' = (1 - lam / r) 1, a multiple of the identity; along z the true factor is 1
    (ledger row ``T21-eq24``).

    Examples
    --------
    >>> group_soft_threshold_vjp([3.0, 4.0], [1.0, 0.0], lam=1.0, group_size=2)
    array([0.872, 0.096])
    """
    Z, V = checks.codes("Z", Z, group_size), checks.array("V", V)
    checks.same_shape("Z", Z, "V", V)
    Z, V = checks.common_dtype(Z, V)
    return activations.group_soft_threshold_vjp(Z, V, checks.threshold(lam), group_size)


def _network(A, Y, lam, group_size):
    """Check a dictionary, a batch and a threshold that belong together; return them ready for the reference."""
    A = checks.dictionary("A", A, group_size)
    Y = checks.batch("Y", Y, A.shape[0], f"A of shape {A.shape}")
    return *checks.common_dtype(A, Y), checks.threshold(lam)


def encode(A, Y, lam, group_size):
    """Codes of the samples: X = sigma(Y A). [T21] Eq. (11).

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    Y : array_like of shape (n_samples, n_features) or (n_features,)
        Samples as rows.
    lam : float
        Threshold, >= 0.
    group_size : int
        Atoms per group; divides n_atoms.

    Returns
    -------
    X : ndarray of shape (n_samples, n_atoms) or (n_atoms,)

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that do not fit, a bad ``lam`` or ``group_size``.

    Examples
    --------
    >>> encode(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2)
    array([2.4, 3.2])
    """
    A, Y, lam = _network(A, Y, lam, group_size)
    return autoencoder.encode(A, Y, lam, group_size)


def decode(A, X):
    """Reconstructions: Y = X A^T. [T21] Eq. (12).

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    X : array_like of shape (n_samples, n_atoms) or (n_atoms,)
        Codes as rows.

    Returns
    -------
    Y : ndarray of shape (n_samples, n_features) or (n_features,)

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals or shapes that do not fit.

    Examples
    --------
    >>> decode([[1.0, 0.0], [0.0, 2.0]], [3.0, 4.0])
    array([3., 8.])
    """
    A = checks.dictionary("A", A)
    X = checks.batch("X", X, A.shape[1], f"A of shape {A.shape}")
    return autoencoder.decode(*checks.common_dtype(A, X))


def loss(A, Y, lam, group_size):
    """Mean reconstruction cost 1/(2N) sum_i ||y_i - A sigma(A^T y_i)||^2. [T21] Eqs. (13), (40).

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    Y : array_like of shape (n_samples, n_features) or (n_features,)
        Samples as rows.
    lam : float
        Threshold, >= 0.
    group_size : int
        Atoms per group; divides n_atoms.

    Returns
    -------
    cost : float
        Summed in float64 whatever the dtype of the data.

    Raises
    ------
    TypeError, ValueError
        As :func:`encode`.

    Examples
    --------
    >>> loss(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2)
    0.5
    """
    A, Y, lam = _network(A, Y, lam, group_size)
    return autoencoder.loss(A, np.atleast_2d(Y), lam, group_size)


def loss_and_grad(A, Y, lam, group_size, gradient="exact", engine="auto", support=None):
    """Loss (13) and a gradient of it with respect to the dictionary, averaged over the samples.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    Y : array_like of shape (n_samples, n_features) or (n_features,)
        Samples as rows.
    lam : float
        Threshold, >= 0.
    group_size : int
        Atoms per group; divides n_atoms.
    gradient : {"exact", "appendix_b", "approximate"}
        "exact": the true gradient, -1/N [E^T X + Y^T (J (E A))] with the full Jacobian J of the threshold.
        "appendix_b": [T21] Eq. (41) as printed, sigma' read as the diagonal of J.
        "approximate": [T21] Eqs. (26), (51).
    engine : {"auto", "reference"}
        Which implementation runs; "auto" picks the fastest that applies.
    support : array_like, optional
        For ``gradient="approximate"`` only: the groups taken as active, as a boolean mask (n_samples, n_groups) or integer indices
        (n_samples, n_active). None estimates them, ||A_g^T y|| > lam.

    Returns
    -------
    cost : float
    grad : ndarray of shape (n_features, n_atoms)

    Raises
    ------
    TypeError, ValueError
        As :func:`encode`; for an unknown ``gradient`` or ``engine``; for a ``support`` that does not fit or is not used.

    Notes
    -----
    Differs from the paper: Appendix B calls (41) the gradient; for groups of two or more atoms it is not (ledger row ``T21-eq41``).
    Where some ||A_g^T y|| equals lam the loss has a kink; J = 0 is used there.

    Examples
    --------
    >>> cost, grad = loss_and_grad(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2)
    >>> cost, float(np.trace(grad))  # d/ds of L(s I) at s = 1, where L(s I) = 25/2 (1 - s^2 + s/5)^2
    (0.5, -9.0)
    """
    checks.option("gradient", gradient, GRADIENTS)
    checks.option("engine", engine, ENGINES)
    if support is not None and gradient != "approximate":
        raise ValueError(
            f"support was given with gradient={gradient!r}; only the approximate gradient takes one; drop it or use gradient='approximate'"
        )
    A, Y, lam = _network(A, Y, lam, group_size)
    Y = np.atleast_2d(Y)
    if gradient == "exact":
        return autoencoder.loss_and_grad(A, Y, lam, group_size)
    cost = autoencoder.loss(A, Y, lam, group_size)
    if gradient == "appendix_b":
        return cost, gradients.appendix_b(A, Y, lam, group_size)
    if support is not None:
        support = checks.support("support", support, len(Y), A.shape[1] // group_size)
    return cost, gradients.approximate(A, Y, lam, group_size, support)


class GradientComparison(NamedTuple):
    """How far one gradient is from another, G from H; every number is a relative error, ||G - H|| / ||H||.

    A group whose part of H is zero gives 0 if that of G is zero too, else infinity.
    """

    overall: float
    tangential: np.ndarray  #: per group, the part that turns span(A_g): (I - P_g) G_g
    radial: np.ndarray  #: per group, the part inside span(A_g): P_g G_g


def compare_gradients(A, Y, lam, group_size, support=None):
    """Report how far the exact, the Appendix B and the approximate gradient are from each other on given data.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    Y : array_like of shape (n_samples, n_features) or (n_features,)
        Samples as rows.
    lam : float
        Threshold, >= 0.
    group_size : int
        Atoms per group; divides n_atoms.
    support : array_like, optional
        Groups that the approximate gradient takes as active; see :func:`loss_and_grad`.

    Returns
    -------
    report : dict
        GradientComparison of "appendix_b" and of "approximate" with the exact gradient, and of the second with the first under
        "approximate_to_appendix_b".

    Raises
    ------
    TypeError, ValueError
        As :func:`loss_and_grad`.

    Notes
    -----
    [T21] calls (26) "a good approximation" of (23). At one active orthonormal group the radial error of (26) is l / (2 - l) and the
    tangential one l^2, with l = lam / ||A_g^T y|| (ledger row ``T21-good-approximation``).

    Examples
    --------
    >>> report = compare_gradients(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2)
    >>> round(report["approximate"].overall, 6)  # l / (2 - l) at l = 1/5
    0.111111
    """
    exact = loss_and_grad(A, Y, lam, group_size, "exact")[1]
    appendix_b = loss_and_grad(A, Y, lam, group_size, "appendix_b")[1]
    approximate = loss_and_grad(A, Y, lam, group_size, "approximate", support=support)[1]
    A = np.asarray(A, dtype=exact.dtype)

    def compare(G, truth):
        tangential, true_tangential = (gradients.tangential_part(A, M, group_size) for M in (G, truth))
        noise = 100 * np.finfo(G.dtype).eps * np.maximum(_sizes(G, group_size), _sizes(truth, group_size))
        return GradientComparison(
            float(_relative_error(G, truth, A.shape[1])[0]),
            _relative_error(tangential, true_tangential, group_size, noise),
            _relative_error(G - tangential, truth - true_tangential, group_size, noise),
        )

    return {
        "appendix_b": compare(appendix_b, exact),
        "approximate": compare(approximate, exact),
        "approximate_to_appendix_b": compare(approximate, appendix_b),
    }


def _sizes(G, group_size):
    """||G_g||_F for every group of columns."""
    return np.linalg.norm(groups.blocks(G, group_size), axis=(1, 2))


def _relative_error(G, truth, group_size, noise=0.0):
    """||G_g - truth_g||_F / ||truth_g||_F for every group of columns, sizes up to ``noise`` counted as 0; 0 / 0 is 0."""
    error, scale = (np.where(size > noise, size, 0) for size in (_sizes(G - truth, group_size), _sizes(truth, group_size)))
    return np.divide(error, scale, out=np.where(error > 0, np.inf, 0.0), where=scale > 0)


def expected_gradient(A, A_star, tau, n_active, group_size, code_variance=1.0, form="exact"):
    """Expectation of the approximate gradient (26) over random supports and codes, with the factors tau frozen.

    Parameters
    ----------
    A, A_star : array_like of shape (n_features, n_atoms)
        Dictionary, and the dictionary that generates the data.
    tau : float or array_like of shape (n_groups,)
        The factors 1 - lam / ||A_g^T y||, taken as constants as the paper does.
    n_active : int
        Size of the support, which is uniform among the supports of that size.
    group_size : int
        Atoms per group; divides n_atoms.
    code_variance : float, array_like of shape (group_size, group_size) or (n_groups, group_size, group_size)
        Covariance of an active group's code: sigma^2 for sigma^2 I, one matrix for all groups, or one for each.
    form : {"exact", "printed", "printed_31"}
        "exact": the closed form, nothing neglected (gsae_ref.reference.expected.exact has the derivation).
        "printed": the leading term of [T21] Eq. (55). "printed_31": the displayed term of Eq. (31).

    Returns
    -------
    G : ndarray of shape (n_features, n_atoms)

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that do not fit, ``n_active`` above n_groups, a covariance that is not symmetric
        positive semidefinite, an unknown ``form``.

    Notes
    -----
    Differs from the paper: Eq. (16) has covariance I, which T21's own simulation contradicts (E||x_g||^2 = 61/3, not 2), so the
    covariance is an argument; and (31), (55) are leading terms, which the closed form completes (ledger rows ``T21-eq31``, ``R6``).

    Examples
    --------
    >>> expected_gradient([[1.0]], [[1.0]], tau=0.5, n_active=1, group_size=1)
    array([[-0.5]])
    """
    checks.option("form", form, EXPECTED_FORMS)
    A, A_star = checks.dictionary("A", A, group_size), checks.dictionary("A_star", A_star, group_size)
    checks.same_shape("A", A, "A_star", A_star)
    A, A_star = checks.common_dtype(A, A_star)
    n_groups = A.shape[1] // group_size
    n_active = checks.n_active(n_active, n_groups)
    tau = checks.per_group("tau", tau, n_groups).astype(A.dtype)
    covariance = checks.covariance("code_variance", code_variance, n_groups, group_size).astype(A.dtype)
    return EXPECTED_FORMS[form](A, A_star, tau, n_active, group_size, covariance)
