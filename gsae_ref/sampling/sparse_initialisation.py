"""Initial weights of a sparse autoencoder."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array
from .streams import SPARSE_INITIALISATION, seed_of, stream

KINDS = ("perturbation", "pca", "random", "spectral")
# A moment may count as rank one up to this ratio of its second singular value to the first.
MAX_RATIO = 0.5
SAME_DIRECTION = 0.5  # squared cosine from which two directions count as one atom


def initialise_sparse(
    kind: str,
    n_atoms: int | None = None,
    Y: ArrayLike | None = None,
    A_star: ArrayLike | None = None,
    delta: float = 0.5,
    n_pairs: int = 2000,
    rng: int | np.random.Generator | None = None,
) -> Array:
    """Initial weights of a sparse autoencoder. [N19] Section 3 and Section 6.

    - ``"perturbation"``: A* + delta E with entries of E from N(0, 1/n_features), so that the
      columns of E have norm close to 1;
    - ``"pca"``: the top ``n_atoms`` right singular vectors of Y, samples as rows, not centred, with
      the signs of the SVD;
    - ``"random"``: columns from N(0, I / n_features);
    - ``"spectral"``: pairwise reweighting (Arora, Ge, Ma, Moitra 2015, Algorithm 3). For two
      samples u, v whose supports share exactly one atom, E[<u, y> <v, y> y y^T] is close to a
      multiple of A_i A_i^T. Of ``n_pairs`` pairs, those whose moment is closest to rank one give
      their top eigenvectors, as long as these are new directions. Needs symmetric codes
      (kappa_1 = 0) and few active atoms.

    Parameters
    ----------
    kind : {"perturbation", "pca", "random", "spectral"}
    n_atoms : int, optional
        Number of columns; all kinds but ``"perturbation"``.
    Y : array_like (n_samples, n_features), optional
        Data; all kinds but ``"perturbation"`` (``"random"`` uses n_features only).
    A_star : array_like (n_features, n_atoms), optional
        The true dictionary; ``"perturbation"`` only.
    delta : float
        Size of the perturbation, >= 0.
    n_pairs : int
        Number of pairs of samples; ``"spectral"`` only.
    rng : int, Generator or None

    Returns
    -------
    ndarray (n_features, n_atoms)
        Columns have norm 1 for ``"pca"`` and ``"spectral"`` only. The dtype is that of ``A_star``
        or ``Y``.

    Raises
    ------
    TypeError, ValueError
        For an unknown ``kind``, a missing argument, more principal directions than there are, or if
        ``"spectral"`` finds fewer than ``n_atoms`` directions among its pairs.

    Notes
    -----
    Differs from the paper: N19 prints N(0, 1/sqrt(n)). As a variance this gives columns of norm
    n^(1/4), so 1/sqrt(n) is read as the standard deviation. Differs from Arora et al.: they accept
    a moment by thresholds of order k/m and k/(m log m) on its two largest singular values, which
    need k; here the moments are ranked by the ratio of the two.

    Examples
    --------
    >>> initialise_sparse("perturbation", A_star=np.eye(2), delta=0.0)
    array([[1., 0.],
           [0., 1.]])
    >>> abs(initialise_sparse("pca", 1, Y=[[3.0, 0.0], [0.0, 1.0]])).tolist()
    [[1.0], [0.0]]
    """
    checks.option("kind", kind, KINDS)
    generator = stream(seed_of(rng), SPARSE_INITIALISATION)
    if kind == "perturbation":
        if A_star is None:
            raise ValueError(
                "A_star = None with kind='perturbation'; pass A_star, or use another kind"
            )
        return _perturbed(A_star, delta, generator)
    if Y is None or n_atoms is None:
        raise ValueError(
            f"kind = {kind!r} needs n_atoms and the data Y; "
            f"got n_atoms = {n_atoms!r}, Y {'missing' if Y is None else 'given'}"
        )
    Y = checks.array("Y", Y, ndim=(2,))
    n_atoms = checks.count("n_atoms", n_atoms)
    if kind == "random":
        n_features = Y.shape[1]
        W = generator.standard_normal((n_features, n_atoms)) / np.sqrt(n_features)
        return W.astype(Y.dtype)
    if kind == "pca":
        if n_atoms > min(Y.shape):
            raise ValueError(
                f"n_atoms = {n_atoms}, but Y of shape {Y.shape} has only {min(Y.shape)} "
                f"principal directions"
            )
        return checks.representable("a direction", lambda: _principal(Y, n_atoms), Y=Y)
    n_pairs = checks.count("n_pairs", n_pairs)
    return checks.representable(
        "a direction", lambda: _spectral(Y, n_atoms, n_pairs, generator), Y=Y
    )


def _perturbed(A_star: ArrayLike, delta: float, rng: np.random.Generator) -> Array:
    """A* + delta E with entries of E from N(0, 1/n_features)."""
    A = checks.dictionary("A_star", A_star)
    delta = checks.threshold(delta, "delta")
    drawn = rng.standard_normal(A.shape)
    return checks.representable(
        "the weight",
        lambda: (A + delta / np.sqrt(len(A)) * drawn).astype(A.dtype),
        A_star=A,
        delta=delta,
    )


def _principal(Y: Array, n_atoms: int) -> Array:
    """The top right singular vectors of Y as columns."""
    return np.ascontiguousarray(np.linalg.svd(Y, full_matrices=False)[2][:n_atoms].T)


def _spectral(Y: Array, n_atoms: int, n_pairs: int, rng: np.random.Generator) -> Array:
    """Top eigenvectors of the reweighted moments closest to rank one, without repetitions."""
    ratios = np.empty(n_pairs)
    directions = np.empty((n_pairs, Y.shape[1]), Y.dtype)
    for pair in range(n_pairs):
        u_and_v = Y[rng.integers(len(Y), size=2)]
        weights = np.prod(Y @ u_and_v.T, axis=1) / len(Y)
        values, vectors = np.linalg.eigh(Y.T @ (weights[:, None] * Y))
        order = np.argsort(-np.abs(values))
        largest = max(abs(values[order[0]]), np.finfo(Y.dtype).tiny)
        ratios[pair] = np.abs(values[order[1:2]]).sum() / largest
        directions[pair] = vectors[:, order[0]]
    found = np.zeros((0, Y.shape[1]), Y.dtype)
    for pair in np.argsort(ratios):
        if ratios[pair] > MAX_RATIO or len(found) == n_atoms:
            break
        if np.max((found @ directions[pair]) ** 2, initial=0.0) < SAME_DIRECTION:
            found = np.vstack([found, directions[pair]])
    if len(found) < n_atoms:
        raise ValueError(
            f"n_pairs = {n_pairs}, but only {len(found)} of n_atoms = {n_atoms} directions were "
            f"found; spectral initialisation needs symmetric codes, few active atoms and many "
            f"samples; raise n_pairs, draw more samples, or lower n_atoms"
        )
    return np.ascontiguousarray(found.T)
