"""Random orthonormal columns."""

import numpy as np

from ..arrays import Array


def haar(gaussian: Array) -> Array:
    """Haar-distributed orthonormal columns from (a stack of) Gaussian matrices.

    The Q of a QR decomposition is Haar-distributed once the diagonal of R is positive.
    """
    Q, R = np.linalg.qr(gaussian)
    return Q * np.sign(np.diagonal(R, axis1=-2, axis2=-1))[..., None, :]
