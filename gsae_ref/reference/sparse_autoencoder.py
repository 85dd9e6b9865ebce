"""The sparse autoencoder of N19: encoder with a bias, decoder, loss and the gradient of the loss.

Samples are rows: Z = Y W + b, X = sigma(Z), reconstructions X W^T. Three activations:

    "relu"    max(z, 0)
    "hard"    z 1{|z| > lam}
    "soft"    sign(z) (|z| - lam)_+, for comparison; N19 does not use it

Convention at the kinks: sigma' = 0 at z = 0 (relu) and at |z| = lam (hard, soft); with ``lam = 0``
hard and soft are the identity and sigma' = 1 everywhere.

Differs from the paper: N19's threshold z 1{|z| >= lam} leaves |z| = lam as it is; here such an
entry becomes 0, as everywhere in this package.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, BoolArray
from .activations import hard_threshold, relu, soft_threshold
from .losses import half_mean_square


def preactivate(W: Array, Y: Array, bias: Array) -> Array:
    """Pre-activations Z = Y W + b, rows W^T y + b.

    >>> preactivate(np.eye(2), np.array([3.0, 4.0]), np.array([-1.0, 0.0]))
    array([2., 4.])
    """
    return Y @ W + bias


def activate(Z: Array, activation: str, lam: float) -> Array:
    """Codes sigma(Z), entry by entry.

    >>> Z = np.array([-2.0, 0.5, 3.0])
    >>> activate(Z, "relu", 0.0), activate(Z, "hard", 1.0), activate(Z, "soft", 1.0)
    (array([0. , 0.5, 3. ]), array([-2.,  0.,  3.]), array([-1.,  0.,  2.]))
    """
    if activation == "relu":
        return relu(Z)
    return hard_threshold(Z, lam) if activation == "hard" else soft_threshold(Z, lam)


def derivative(Z: Array, activation: str, lam: float) -> BoolArray:
    """sigma'(Z), a mask: True where the entry passes. [N19] Section 5, after Eq. (4).

    >>> derivative(np.array([-2.0, 0.5, 1.0]), "hard", 1.0)
    array([ True, False, False])
    """
    if activation == "relu":
        return Z > 0
    return np.abs(Z) > lam if lam > 0 else np.ones(Z.shape, dtype=bool)


def encode(W: Array, Y: Array, bias: Array, activation: str, lam: float) -> Array:
    """Codes of the samples, X = sigma(Y W + b). [N19] Eq. (2).

    >>> encode(np.eye(2), np.array([3.0, 0.5]), np.array([-1.0, -1.0]), "relu", 0.0)
    array([2., 0.])
    """
    return activate(preactivate(W, Y, bias), activation, lam)


def decode(W: Array, X: Array) -> Array:
    """Reconstructions X W^T, rows W x. [N19] Eq. (2).

    >>> decode(np.eye(2), np.array([2.0, 0.0]))
    array([2., 0.])
    """
    return X @ W.T


def loss(W: Array, Y: Array, bias: Array, activation: str, lam: float) -> float:
    """Mean reconstruction cost 1/(2N) sum_i ||y_i - W sigma(W^T y_i + b)||^2.

    [N19] Section 2.1, after Eq. (2). With residuals 1 and 1/2 it is (1 + 1/4) / 2:

    >>> loss(np.eye(2), np.array([[3.0, 0.5]]), np.array([-1.0, -1.0]), "relu", 0.0)
    0.625
    """
    return half_mean_square(Y - decode(W, encode(W, Y, bias, activation, lam)))


def loss_and_grad(
    W: Array, Y: Array, bias: Array, activation: str, lam: float
) -> tuple[float, Array, Array]:
    """Loss and its gradient in W and in b, (), (n_features, n_atoms) and (n_atoms,). [N19] Eq. (4).

    Take one sample, z = W^T y + b, x = sigma(z), e = y - W x, D = diag(sigma'(z)), and move W by dW
    and b by db. Then

        dz = dW^T y + db,    dx = D dz,    de = -dW x - W D (dW^T y + db),
        dL = e^T de = -<e x^T, dW> - <y (D W^T e)^T, dW> - <D W^T e, db>,

    so grad_W L = -[ e x^T + y (D W^T e)^T ] and grad_b L = -D W^T e. Column i of the first is
    -[ x_i e + sigma'(z_i) y W_i^T e ]; relu and hard have x_i = sigma'(z_i) z_i, which gives
    Eq. (4). (Soft has not, and Eq. (4) does not apply to it.) Stacked over rows,

        back = sigma'(Z) * (E W),
        grad_W = -1/N [ E^T X + Y^T back ],    grad_b = -1/N sum_i back_i.

    The derivative is taken sample by sample. For hard, the *expected* loss has another gradient:
    the loss jumps where a sample crosses the threshold, which no derivative at a sample shows.

    One feature and one atom, L = (y - w (w y + b))^2 / 2: with e = 1 the derivatives are
    -(e x + y e) and -e.

    >>> Y, bias = np.array([[3.0]]), np.array([-1.0])
    >>> cost, dW, db = loss_and_grad(np.eye(1), Y, bias, "relu", 0.0)
    >>> cost, dW.item(), db.item()
    (0.5, -5.0, -1.0)
    """
    Z = preactivate(W, Y, bias)
    X = activate(Z, activation, lam)
    E = Y - decode(W, X)
    back = derivative(Z, activation, lam) * (E @ W)
    return half_mean_square(E), *_gradients(E, X, Y, back)


def approximate(
    W: Array, Y: Array, bias: Array, activation: str, lam: float
) -> tuple[Array, Array]:
    """Approximate gradient: sigma' replaced by 1{x != 0}. [N19] Section 5, after Eq. (4).

    Column i is -mean 1{x_i != 0} (W_i^T y I + b_i I + y W_i^T)(y - W x) for relu and hard. With
    strict thresholds, as here, it differs from :func:`loss_and_grad` only where a derivative is 1
    at x = 0: at lam = 0 and z = 0.

    >>> dW, db = approximate(np.eye(1), np.array([[3.0]]), np.array([-1.0]), "relu", 0.0)
    >>> dW.item(), db.item()
    (-5.0, -1.0)
    """
    X = encode(W, Y, bias, activation, lam)
    E = Y - decode(W, X)
    return _gradients(E, X, Y, (X != 0) * (E @ W))


def _gradients(E: Array, X: Array, Y: Array, back: Array) -> tuple[Array, Array]:
    """-1/N [ E^T X + Y^T back ] and -1/N sum_i back_i."""
    return -(E.T @ X + Y.T @ back) / len(Y), -back.sum(axis=0) / len(Y)
