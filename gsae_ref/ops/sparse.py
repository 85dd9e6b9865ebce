"""The sparse autoencoder of N19: encoder, loss, gradients and their expectation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array, BoolArray
from ..reference import sparse_autoencoder, sparse_expected
from .blocks import averaged, in_blocks, in_rows, stacked
from .engine import run_kernel, use_kernel
from .scaling import clip_threshold, norm, products_are_safe, rescale

ACTIVATIONS = ("relu", "hard", "soft")
SPARSE_GRADIENTS = ("exact", "approximate")
SPARSE_FORMS = ("exact", "printed_9", "printed_15", "printed_16")
UNIT = 1e-3  # tolerance of columns of norm 1, where a printed formula assumes them


def _check_network(
    W: ArrayLike, Y: ArrayLike, bias: ArrayLike, activation: str, lam: float
) -> tuple[Array, Array, Array, str, float, tuple[float, float]]:
    """Check a network and a batch that belong together; return them as the reference takes them.

    The norms of W and Y are returned, too.
    """
    checks.option("activation", activation, ACTIVATIONS)
    W, norm_of_W = checks.dictionary_and_norm("W", W)
    Y, norm_of_Y = checks.batch_and_norm("Y", Y, W.shape[0], f"W of shape {W.shape}")
    W, Y = checks.common_dtype(W, Y)
    lam = checks.threshold(lam)
    if activation == "relu" and lam:
        raise ValueError(
            f"lam = {lam!r} with activation='relu', which has no threshold; use bias={-lam!r}, "
            f"or activation='hard' or 'soft'"
        )
    bias = checks.per_atom("bias", bias, W.shape[1]).astype(W.dtype)
    return W, Y, bias, activation, clip_threshold(lam, W.dtype), (norm_of_W, norm_of_Y)


def sparse_encode(
    W: ArrayLike, Y: ArrayLike, bias: ArrayLike = 0.0, activation: str = "relu", lam: float = 0.0
) -> Array:
    """Codes of the samples: X = sigma(Y W + b). [N19] Eq. (2).

    Parameters
    ----------
    W : array_like of shape (n_features, n_atoms)
        Weights, shared by encoder and decoder.
    Y : array_like of shape (n_samples, n_features) or (n_features,)
        Samples as rows. A memory map or a Dask array is read by blocks.
    bias : float or array_like of shape (n_atoms,)
        The encoder's bias b.
    activation : {"relu", "hard", "soft"}
        max(z, 0), z 1{|z| > lam}, or sign(z) (|z| - lam)_+.
    lam : float
        Threshold of "hard" and "soft", >= 0; "relu" has none.

    Returns
    -------
    X : ndarray of shape (n_samples, n_atoms) or (n_atoms,)

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that do not fit, an unknown ``activation``, a
        bad ``lam``.

    Notes
    -----
    Differs from the paper: the threshold of N19 leaves |z| = lam as it is; here it is strict.

    Examples
    --------
    >>> sparse_encode(np.eye(2), [3.0, 0.5], bias=-1.0)
    array([2., 0.])
    >>> sparse_encode(np.eye(2), [-3.0, 0.5], activation="hard", lam=1.0)
    array([-3.,  0.])
    """
    if in_rows(Y):
        return stacked(lambda block: sparse_encode(W, block, bias, activation, lam), W, Y, "W")
    W, Y, bias, activation, lam, _ = _check_network(W, Y, bias, activation, lam)
    compute = lambda: sparse_autoencoder.encode(W, Y, bias, activation, lam)
    return checks.representable("the code", compute, W=W, Y=Y, bias=bias)


def sparse_loss(
    W: ArrayLike, Y: ArrayLike, bias: ArrayLike = 0.0, activation: str = "relu", lam: float = 0.0
) -> float:
    """Mean reconstruction cost 1/(2N) sum_i ||y_i - W sigma(W^T y_i + b)||^2. [N19] Section 2.1.

    Parameters
    ----------
    W, Y, bias, activation, lam
        As in :func:`sparse_encode`.

    Returns
    -------
    cost : float
        Summed in float64 whatever the dtype of the data.

    Raises
    ------
    TypeError, ValueError
        As :func:`sparse_encode`.

    Examples
    --------
    With residuals 1 and 1/2 it is (1 + 1/4) / 2:

    >>> sparse_loss(np.eye(2), [3.0, 0.5], bias=-1.0)
    0.625
    """
    if in_blocks(Y):
        network = bias, activation, lam
        return averaged(lambda block: (sparse_loss(W, block, *network),), W, Y, name="W")[0]
    W, Y, bias, activation, lam, norms = _check_network(W, Y, bias, activation, lam)
    Y = np.atleast_2d(Y)
    scaled, (threshold,), factor = rescale(Y, lam, norm_of_Y=norms[1], bias=bias)
    encoder = bias * bias.dtype.type(factor), activation, threshold
    compute = lambda: sparse_autoencoder.loss(W, scaled, *encoder) / factor / factor
    return checks.representable("the loss", compute, W=W, Y=Y, bias=bias)


def sparse_loss_and_grad(
    W: ArrayLike,
    Y: ArrayLike,
    bias: ArrayLike = 0.0,
    activation: str = "relu",
    lam: float = 0.0,
    gradient: str = "exact",
    engine: str = "auto",
) -> tuple[float, Array, Array]:
    """Loss and its gradient in the weights and in the bias, mean over the samples. [N19] Eq. (4).

    Parameters
    ----------
    W, Y, bias, activation, lam
        As in :func:`sparse_encode`.
    gradient : {"exact", "approximate"}
        - "exact": -1/N [E^T X + Y^T (sigma'(Z) * E W)];
        - "approximate": sigma' replaced by 1{x != 0}, the display after Eq. (4); with strict
          thresholds the two differ only at lam = 0 and z = 0.
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.loss_and_grad`.

    Returns
    -------
    cost : float
    dW : ndarray of shape (n_features, n_atoms)
    db : ndarray of shape (n_atoms,)
        Derivative in each atom's bias, also where ``bias`` is one number (whose derivative is their
        sum).

    Raises
    ------
    TypeError, ValueError
        As :func:`sparse_encode`; for an unknown ``gradient`` or ``engine``.

    Notes
    -----
    At a kink (z = 0 for relu, |z| = lam) sigma' = 0 is used. With "hard" the loss also jumps there:
    the mean of these gradients is not the gradient of the expected loss.

    Examples
    --------
    One feature and one atom, L = (y - w (w y + b))^2 / 2:

    >>> cost, dW, db = sparse_loss_and_grad([[1.0]], [3.0], bias=-1.0)
    >>> cost, dW.item(), db.item()
    (0.5, -5.0, -1.0)
    """
    checks.option("gradient", gradient, SPARSE_GRADIENTS)
    if in_blocks(Y):
        network = bias, activation, lam, gradient, engine
        of_block = lambda block: sparse_loss_and_grad(W, block, *network)
        cost, dW, db = averaged(of_block, W, Y, name="W")
        return cost, dW, db
    W, Y, bias, activation, lam, norms = _check_network(W, Y, bias, activation, lam)
    Y = np.atleast_2d(Y)
    scaled, (threshold,), factor = rescale(Y, lam, norm_of_Y=norms[1], bias=bias)
    problem = W, scaled, bias * bias.dtype.type(factor), activation, threshold, gradient
    by_kernel = use_kernel(engine, len(scaled), W)
    norms = norms[0], norms[1] if factor == 1 else norm(scaled)
    by_kernel = by_kernel and products_are_safe(norms, 0, W.dtype)

    def compute() -> tuple[float, Array, Array]:
        cost, dW, db = _by_kernel(*problem) if by_kernel else _by_reference(*problem)
        if factor == 1:
            return cost, dW, db
        c = W.dtype.type(factor)
        return cost / factor / factor, dW / c / c, db / c

    return checks.representable("the gradient", compute, W=W, Y=Y, bias=bias)


def _by_reference(
    W: Array, Y: Array, bias: Array, activation: str, lam: float, gradient: str
) -> tuple[float, Array, Array]:
    network = W, Y, bias, activation, lam
    if gradient == "exact":
        return sparse_autoencoder.loss_and_grad(*network)
    return sparse_autoencoder.loss(*network), *sparse_autoencoder.approximate(*network)


def _by_kernel(
    W: Array, Y: Array, bias: Array, activation: str, lam: float, gradient: str
) -> tuple[float, Array, Array]:
    from ..kernels.sparse_autoencoder import loss_and_grad as kernel

    return run_kernel(kernel, W, Y, bias, activation, lam, gradient)


def sparse_expected_gradient(
    W: ArrayLike,
    A_star: ArrayLike,
    supports: ArrayLike,
    probabilities: ArrayLike | None,
    bias: ArrayLike = 0.0,
    moments: tuple[float, float] = (0.0, 1.0),
    form: str = "exact",
    noise: float = 0.0,
) -> tuple[Array, Array]:
    """Expectation of the gradient (4), (5) over supports, codes and noise. [N19] Section 5.

    It is taken where the code is consistent: the activation is on exactly at the support of the
    true code (Theorem 3), so that x_S = W_S^T y + b_S and x = 0 elsewhere.

    Parameters
    ----------
    W, A_star : array_like of shape (n_features, n_atoms)
        Weights, and the dictionary that generates the data.
    supports : array_like of bool, shape (n_supports, n_atoms)
        The supports that the law can draw, one a row; see :func:`gsae_ref.support_law`.
    probabilities : array_like of shape (n_supports,)
        Their probabilities; None: all equal.
    bias : float or array_like of shape (n_atoms,)
        The encoder's bias b.
    moments : (float, float)
        (kappa_1, kappa_2), mean and second moment of a non-zero code.
    form : {"exact", "printed_9", "printed_15", "printed_16"}
        - "exact": the closed form, nothing neglected (gsae_ref.reference.sparse_expected.exact has
          the derivation);
        - "printed_9": [N19] Eq. (9) and its (g_b)_i, for supports of one atom, moments (1, 1) and
          unit columns;
        - "printed_15": Eq. (15), for moments (0, 1), no bias, no noise and unit columns of W;
        - "printed_16": Eq. (16) without its remainder, for kappa_1 > 0, no noise and unit columns
          of W.
    noise : float
        Standard deviation of each entry of the Gaussian noise.

    Returns
    -------
    dW : ndarray of shape (n_features, n_atoms)
    db : ndarray of shape (n_atoms,)
        NaN with "printed_16", for which the paper prints none.

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that do not fit, supports that are no boolean
        mask, probabilities that do not add up to 1, an unknown ``form``, or a printed form outside
        its setting.

    Examples
    --------
    With y = 1, x = 1/2, e = 1/2 the derivatives are -(x e + y e) and -e:

    >>> dW, db = sparse_expected_gradient(
    ...     [[1.0]], [[1.0]], [[True]], [1.0], bias=-0.5, moments=(1, 1)
    ... )
    >>> dW.item(), db.item()
    (-0.75, -0.5)
    """
    checks.option("form", form, SPARSE_FORMS)
    W = checks.dictionary("W", W)
    A_star = checks.dictionary("A_star", A_star)
    checks.same_shape("W", W, "A_star", A_star)
    W, A_star = checks.common_dtype(W, A_star)
    masks, probabilities = checks.support_law(supports, probabilities, W.shape[1])
    bias = checks.per_atom("bias", bias, W.shape[1]).astype(W.dtype)
    k1, k2 = checks.code_moments(moments)
    noise = checks.threshold(noise, "noise")
    law = W, A_star, masks, probabilities.astype(W.dtype), bias
    if form != "exact":
        _refuse_outside_setting(form, *law, k1, k2, noise)

    def compute() -> tuple[Array, Array]:
        if form == "exact":
            return sparse_expected.exact(*law, k1, k2, noise)
        if form == "printed_9":
            return sparse_expected.printed_9(*law)
        if form == "printed_15":
            return sparse_expected.printed_15(*law)
        return sparse_expected.printed_16(*law, k1, k2)[0], np.zeros_like(bias)

    dW, db = checks.representable(
        "the gradient", compute, W=W, A_star=A_star, bias=bias, moments=[k1, k2], noise=noise
    )
    return dW, np.full_like(db, np.nan) if form == "printed_16" else db


def _refuse_outside_setting(
    form: str,
    W: Array,
    A_star: Array,
    masks: BoolArray,
    probabilities: Array,
    bias: Array,
    k1: float,
    k2: float,
    noise: float,
) -> None:
    """Refuse a printed formula outside the setting that the paper states for it."""
    unit = bool(np.abs(np.linalg.norm(W, axis=0) - 1).max() <= UNIT)
    setting = {
        "printed_9": {
            "supports of one atom": (masks[probabilities > 0].sum(axis=1) == 1).all(),
            "moments=(1, 1)": (k1, k2) == (1, 1),
        },
        "printed_15": {
            "moments=(0, 1)": (k1, k2) == (0, 1),
            "bias=0": not bias.any(),
            "noise=0": noise == 0,
        },
        "printed_16": {"kappa_1 > 0": k1 > 0, "noise=0": noise == 0},
    }[form]
    setting["unit columns of W"] = unit
    missing = [statement for statement, holds in setting.items() if not holds]
    if missing:
        raise ValueError(
            f"form = {form!r} is printed for {', '.join(setting)}; {missing[0]} fails here; "
            f"use form='exact'"
        )
