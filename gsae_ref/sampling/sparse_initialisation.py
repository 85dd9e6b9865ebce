"""Where the training of a sparse autoencoder may start: near the truth, at principal directions, at random, at a spectral estimate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array
from .streams import seed_of, stream

_INITIALISATION = 4  # 0 to 3 belong to the samples
KINDS = ("perturbation", "pca", "random", "spectral")
GAP = 0.5  # a reweighted moment may count as rank one if its second singular value is at most this share of the first
SAME = 0.5  # squared cosine from which two directions count as one atom


def initialise_sparse(
    kind: str,
    n_atoms: int | None = None,
    Y: ArrayLike | None = None,
    A_star: ArrayLike | None = None,
    delta: float = 0.5,
    n_pairs: int = 2000,
    rng: int | np.random.Generator | None = None,
) -> Array:
    """Weights to start a training from. [N19] Section 3 and Section 6.

    - ``"perturbation"``: A* + delta E with entries of E from N(0, 1/n_features), so that its columns have norm close to 1;
    - ``"pca"``: the top ``n_atoms`` right singular vectors of Y, samples as rows, not centred; signs as the SVD gives them;
    - ``"random"``: columns from N(0, I / n_features);
    - ``"spectral"``: pairwise reweighting (Arora, Ge, Ma, Moitra 2015, Algorithm 3). For two samples u, v whose supports share exactly
      one atom, E[<u, y> <v, y> y y^T] is close to a multiple of A_i A_i^T. Of ``n_pairs`` pairs,
      those whose moment is closest to rank one give their top eigenvectors, as long as these are
      new directions. Needs symmetric codes (kappa_1 = 0) and few active atoms.

    Parameters
    ----------
    kind : {"perturbation", "pca", "random", "spectral"}
    n_atoms : int, optional
        Columns wanted; all kinds but ``"perturbation"``.
    Y : array_like (n_samples, n_features), optional
        Data; all kinds but ``"perturbation"`` (``"random"`` takes their number of features only).
    A_star : array_like (n_features, n_atoms), optional
        The truth; ``"perturbation"`` only.
    delta : float
        Size of the perturbation, >= 0.
    n_pairs : int
        Pairs of samples that ``"spectral"`` looks at.
    rng : int, Generator or None

    Returns
    -------
    ndarray (n_features, n_atoms)
        Columns have norm 1 for ``"pca"`` and ``"spectral"`` only. The dtype is that of ``A_star``
        or ``Y``.

    Raises
    ------
    TypeError, ValueError
        For an unknown ``kind``, an argument that it lacks, more principal directions than there
        are; if ``"spectral"`` has found fewer than ``n_atoms`` directions when the pairs are used
        up.

    Notes
    -----
    Differs from the paper: N19 prints N(0, 1/sqrt(n)); read as a variance that gives columns of
    norm n^(1/4), so it is read as a standard deviation squared to 1/n. Differs from Arora et al.:
    they accept a moment by thresholds of order k/m and k/(m log m) on its two largest singular
    values, which asks for k; here their ratio ranks the moments, the clearest gap first.

    Examples
    --------
    >>> initialise_sparse("perturbation", A_star=np.eye(2), delta=0.0)
    array([[1., 0.],
           [0., 1.]])
    >>> abs(initialise_sparse("pca", 1, Y=[[3.0, 0.0], [0.0, 1.0]])).tolist()
    [[1.0], [0.0]]
    """
    checks.option("kind", kind, KINDS)
    source = stream(seed_of(rng), _INITIALISATION)
    if kind == "perturbation":
        if A_star is None:
            raise ValueError(
                "A_star = None with kind='perturbation', which moves the truth; pass A_star, or use another kind"
            )
        A = checks.dictionary("A_star", A_star)
        size = checks.threshold(delta, "delta")
        drawn = source.standard_normal(A.shape)
        return checks.representable(
            "the weight",
            lambda: (A + size / np.sqrt(len(A)) * drawn).astype(A.dtype),
            A_star=A,
            delta=size,
        )
    if Y is None or n_atoms is None:
        raise ValueError(
            f"kind = {kind!r} needs n_atoms and the data Y; got n_atoms = {n_atoms!r}, Y {'missing' if Y is None else 'given'}"
        )
    Y, n_atoms = checks.array("Y", Y, ndim=(2,)), checks.count("n_atoms", n_atoms)
    if kind == "random":
        return (source.standard_normal((Y.shape[1], n_atoms)) / np.sqrt(Y.shape[1])).astype(Y.dtype)
    if kind == "pca":
        if n_atoms > min(Y.shape):
            raise ValueError(
                f"n_atoms = {n_atoms} with Y of shape {Y.shape}; there are {min(Y.shape)} principal directions; lower n_atoms"
            )
        return checks.representable(
            "a direction",
            lambda: np.ascontiguousarray(np.linalg.svd(Y, full_matrices=False)[2][:n_atoms].T),
            Y=Y,
        )
    n_pairs = checks.count("n_pairs", n_pairs)
    return checks.representable("a direction", lambda: _spectral(Y, n_atoms, n_pairs, source), Y=Y)


def _spectral(Y: Array, n_atoms: int, n_pairs: int, rng: np.random.Generator) -> Array:
    """Top eigenvectors of the reweighted moments, those with the clearest gap first, as long as they are new."""
    gaps = np.empty(n_pairs)
    directions = np.empty((n_pairs, Y.shape[1]), Y.dtype)
    for pair in range(n_pairs):
        weights = np.prod(Y @ Y[rng.integers(len(Y), size=2)].T, axis=1) / len(
            Y
        )  # <u, y> <v, y> for every sample
        values, vectors = np.linalg.eigh(Y.T @ (weights[:, None] * Y))
        order = np.argsort(-np.abs(values))
        gaps[pair] = np.abs(values[order[1:2]]).sum() / max(
            abs(values[order[0]]), np.finfo(Y.dtype).tiny
        )
        directions[pair] = vectors[:, order[0]]
    found = np.zeros((0, Y.shape[1]), Y.dtype)
    for pair in np.argsort(gaps):
        if gaps[pair] > GAP or len(found) == n_atoms:
            break
        if np.max((found @ directions[pair]) ** 2, initial=0.0) < SAME:
            found = np.vstack([found, directions[pair]])
    if len(found) < n_atoms:
        raise ValueError(
            f"n_pairs = {n_pairs}; {len(found)} of n_atoms = {n_atoms} directions were found; spectral initialisation needs symmetric codes, "
            f"few active atoms and many samples; raise n_pairs, draw more samples, or lower n_atoms"
        )
    return np.ascontiguousarray(found.T)
