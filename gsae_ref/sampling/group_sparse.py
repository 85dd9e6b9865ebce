"""Data of the group-sparse model y = A* x* + z: dictionaries, codes, noise. [T21]."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups
from ..arrays import Array, IntArray
from .orthonormal import haar
from .streams import DICTIONARY, GROUP_SPARSE_SAMPLE, PERTURBATION, seed_of, stream


class GroupSparseSample(NamedTuple):
    """What :func:`sample` returns; unpacks as ``Y, X, support``.

    Attributes
    ----------
    Y : ndarray (n_samples, n_features)
        Data, Y = X A*^T + Z.
    X : ndarray (n_samples, n_atoms)
        Codes, zero outside the active groups.
    support : ndarray of int (n_samples, n_active)
        The active groups of each sample, in increasing order.

    Examples
    --------
    >>> Y, X, support = sample(np.eye(4), 3, n_active=1, group_size=2, norm_range=(2, 2), rng=0)
    >>> Y.shape, support.shape, np.linalg.norm(Y, axis=1)
    ((3, 4), (3, 1), array([2., 2., 2.]))
    """

    Y: np.ndarray
    X: np.ndarray
    support: np.ndarray


def make_dictionary(
    n_features: int,
    n_groups: int,
    group_size: int,
    kind: str = "gaussian",
    rng: int | np.random.Generator | None = None,
) -> Array:
    """Draw a dictionary A* with columns of norm 1. [T21] Section 4.1 and Assumption 4.

    Parameters
    ----------
    n_features, n_groups, group_size : int
        Shape: n_features rows, n_groups * group_size columns.
    kind : {"gaussian", "orthonormal_groups", "orthonormal"}
        ``"gaussian"``: Gaussian columns divided by their norms, as in Section 4.1; its groups are
        not orthonormal. ``"orthonormal_groups"``: A_g^T A_g = I in every group, Assumption 4.
        ``"orthonormal"``: A^T A = I. The orthonormal ones are Haar-distributed (QR of a Gaussian
        matrix with the signs of diag(R) moved into Q).
    rng : int, Generator or None

    Returns
    -------
    ndarray (n_features, n_atoms), float64

    Raises
    ------
    ValueError
        If ``kind`` is unknown or needs more orthonormal columns than there are features.

    Examples
    --------
    >>> A = make_dictionary(5, 3, 2, kind="orthonormal_groups", rng=0)
    >>> bool(np.allclose(A[:, :2].T @ A[:, :2], np.eye(2)))
    True
    """
    n_features = checks.count("n_features", n_features)
    n_groups = checks.count("n_groups", n_groups)
    size = checks.group_size(group_size)
    n_atoms = n_groups * size
    n_orthonormal = {"gaussian": 1, "orthonormal_groups": size, "orthonormal": n_atoms}
    checks.option("kind", kind, n_orthonormal)
    if n_orthonormal[kind] > n_features:
        raise ValueError(
            f"kind = {kind!r} has {n_orthonormal[kind]} orthonormal columns, "
            f"but n_features = {n_features}; raise n_features, lower group_size or n_groups, "
            f"or use kind='gaussian'"
        )
    normal = stream(seed_of(rng), DICTIONARY).standard_normal
    if kind == "gaussian":
        A = normal((n_features, n_atoms))
        return A / np.linalg.norm(A, axis=0)
    if kind == "orthonormal":
        return haar(normal((n_features, n_atoms)))
    return groups.unblock(haar(normal((n_groups, n_features, size))))


def perturb_dictionary(
    A_star: ArrayLike,
    correlation: float | None = None,
    delta: float | None = None,
    group_size: int = 1,
    direction: str = "generic",
    rng: int | np.random.Generator | None = None,
) -> Array:
    """Move a dictionary by a stated amount: an initialisation at a known distance from A*.

    Exactly one of ``correlation`` and ``delta`` is given.

    - ``correlation=c``: A = A* + sigma_B B with B Gaussian and sigma_B >= 0 such that the mean
      cosine between the columns of A and A* is c. As sigma_B grows, it falls strictly from 1 to the
      mean cosine between A* and B. [T21] Section 4.1 takes c = 0.15, hence sigma_B close to 0.2138
      for n = 950. As there, the columns of A are not normalised.
    - ``delta``: ||A_g - A*_g||_F = delta in every group, [T21] Eq. (17) with equality, in one of
      three directions:

      - ``"generic"``: A_g = A*_g + delta B_g / ||B_g||_F with B Gaussian;
      - ``"tangent"``: A_g = A*_g cos t + V_g sin t with V_g orthonormal and orthogonal to
        span(A*_g). Every principal angle is t, delta^2 = 4 d sin^2(t/2), 0 <= delta <= sqrt(2 d),
        and A_g stays orthonormal;
      - ``"rotation"``: A_g = A*_g Q_g, where Q_g turns floor(d/2) random planes by t. The span is
        unchanged, delta^2 = 8 floor(d/2) sin^2(t/2), 0 <= delta <= sqrt(8 floor(d/2)).

    Parameters
    ----------
    A_star : array_like (n_features, n_atoms)
        Tangent and rotation need orthonormal groups.
    correlation : float, optional
        Mean cosine between columns, below 1.
    delta : float, optional
        Distance in every group.
    group_size : int
        Atoms in a group; the number d above.
    direction : {"generic", "tangent", "rotation"}
    rng : int, Generator or None

    Returns
    -------
    ndarray (n_features, n_atoms), dtype of ``A_star``
        Computed in float64 and then rounded to that dtype.

    Raises
    ------
    ValueError
        If both or neither of ``correlation`` and ``delta`` are given, or no perturbation has the
        given one.

    Notes
    -----
    Differs from the paper: the mean correlation is met exactly, where the paper says "approximately
    0.15".

    Examples
    --------
    >>> A = perturb_dictionary(np.eye(4), delta=0.5, group_size=2, direction="tangent", rng=0)
    >>> float(np.round(np.linalg.norm(A[:, :2] - np.eye(4)[:, :2]), 12))
    0.5
    """
    A = checks.dictionary("A_star", A_star, group_size)
    checks.option("direction", direction, ("generic", "tangent", "rotation"))
    if (correlation is None) == (delta is None):
        raise ValueError(
            f"correlation = {correlation!r} and delta = {delta!r}; exactly one must be given"
        )
    if correlation is not None and direction != "generic":
        raise ValueError(
            f"direction = {direction!r} with correlation = {correlation!r}; "
            f"only delta has a direction; use delta="
        )
    start = A.astype(np.float64)
    generator = stream(seed_of(rng), PERTURBATION)

    def perturb() -> Array:
        if correlation is not None:
            target = checks.real("correlation", correlation)
            change = _change_to_correlation(start, target, generator)
        else:
            distance = _feasible_delta(A, checks.real("delta", delta), group_size, direction)
            change = _change_by_delta(start, distance, group_size, direction, generator)
        return (start + change).astype(A.dtype)

    return checks.representable("the dictionary", perturb, A_star=A, delta=delta)


def sample(
    A_star: ArrayLike,
    n_samples: int,
    n_active: int,
    group_size: int,
    norm_range: tuple[float, float] = (4, 5),
    snr_db: float | None = None,
    rng: int | np.random.Generator | None = None,
    coefficients: str = "sphere",
) -> GroupSparseSample:
    """Draw data from y = A* x* + z with group-sparse codes. [T21] Section 4.1 and Assumptions 1-3.

    Each sample has ``n_active`` active groups, uniform among all such supports. An active group is

    - ``"sphere"``: x_g = c u with u uniform on the unit sphere and c ~ Uniform(norm_range), so that
      E[x_g x_g^T] = E[c^2]/d I;
    - ``"gaussian"``: independent N(0, 1) entries, so that E[x_g x_g^T] = I, as in Eq. (16).

    The noise is Gaussian and scaled so that

        10 log10( sum_i ||A* x_i||^2 / sum_i ||z_i||^2 ) = snr_db

    exactly, within every block of 4096 samples and hence over all of them.

    Parameters
    ----------
    A_star : array_like (n_features, n_atoms)
    n_samples, n_active, group_size : int
    norm_range : (float, float)
        Bounds (b_min, b_max) of an active group's norm, Eq. (15). Gaussian groups have none: leave
        it at its default with ``coefficients="gaussian"``; any other value is refused.
    snr_db : float, optional
        Signal-to-noise ratio in decibels; None is no noise.
    rng : int, Generator or None
        From a Generator one integer is drawn, and it is the seed.
    coefficients : {"sphere", "gaussian"}

    Returns
    -------
    GroupSparseSample
        ``(Y, X, support)``; Y and X have the dtype of ``A_star`` (drawn in float64, then rounded).

    Raises
    ------
    ValueError
        If ``n_active`` exceeds the number of groups, ``norm_range`` is not 0 < b_min <= b_max, or
        an option is unknown.

    Notes
    -----
    Differs from the paper: it states the SNR without its definition; the ratio of total energies
    above is the usual one. A longer sample from the same seed begins with the same ``X`` and
    ``support``, and with the same full blocks of ``Y``.

    Examples
    --------
    >>> Y, X, support = sample(np.eye(4), 3, 1, 2, norm_range=(5, 5), rng=0)
    >>> bool((Y == X).all()), np.round(np.linalg.norm(X, axis=1), 12).tolist(), support.shape
    (True, [5.0, 5.0, 5.0], (3, 1))
    """
    parts = sample_blocks(
        A_star, n_samples, n_active, group_size, norm_range, snr_db, rng, coefficients
    )
    return GroupSparseSample(*map(np.concatenate, zip(*parts, strict=True)))


def sample_blocks(
    A_star: ArrayLike,
    n_samples: int,
    n_active: int,
    group_size: int,
    norm_range: tuple[float, float] = (4, 5),
    snr_db: float | None = None,
    rng: int | np.random.Generator | None = None,
    coefficients: str = "sphere",
    block_size: int = 4096,
) -> Iterator[GroupSparseSample]:
    """Stream the sample of :func:`sample` in blocks, in memory bounded by one block.

    :func:`sample` is their concatenation, bit for bit. Block i depends on the seed and i only, so
    any N can be streamed. Arguments are checked, and the seed is drawn, at the call.

    Parameters
    ----------
    A_star, n_samples, n_active, group_size, norm_range, snr_db, rng, coefficients
        As in :func:`sample`.
    block_size : int
        Samples in a block; the last one may be shorter. Another block size gives another sample.

    Returns
    -------
    generator of GroupSparseSample

    Raises
    ------
    ValueError
        As :func:`sample`.

    Examples
    --------
    >>> [len(block.Y) for block in sample_blocks(np.eye(4), 5, 1, 2, rng=0, block_size=2)]
    [2, 2, 1]
    """
    A = checks.dictionary("A_star", A_star, group_size)
    n_samples = checks.count("n_samples", n_samples)
    block_size = checks.count("block_size", block_size)
    n_groups = A.shape[1] // group_size
    n_active = checks.n_active(n_active, n_groups)
    checks.option("coefficients", coefficients, ("sphere", "gaussian"))
    b_min, b_max = _norm_bounds(norm_range, coefficients)
    snr_db = None if snr_db is None else checks.real("snr_db", snr_db)
    atoms = np.array(A.T, dtype=np.float64, order="C")
    seed = seed_of(rng)

    def block(index: int, size: int) -> GroupSparseSample:
        support_rng, direction_rng, norm_rng, noise_rng = (
            stream(seed, GROUP_SPARSE_SAMPLE, index, part) for part in range(4)
        )
        support = _supports(size, n_active, n_groups, support_rng)
        active = direction_rng.standard_normal((size, n_active, group_size))
        if coefficients == "sphere":
            norms = norm_rng.uniform(b_min, b_max, (size, n_active, 1))
            active *= norms / np.linalg.norm(active, axis=2, keepdims=True)
        X = _sparse_codes(active, support, len(atoms))
        # Sums over active atoms, in order: unlike a dense product, the same bits for any number of
        # threads.
        Y = X @ atoms
        if snr_db is not None:
            Y += _noise(Y, snr_db, noise_rng)
        return GroupSparseSample(
            Y.astype(A.dtype, copy=False), X.toarray().astype(A.dtype, copy=False), support
        )

    given = {"A_star": A, "norm_range": (b_min, b_max), "snr_db": snr_db}
    sizes = (min(block_size, n_samples - start) for start in range(0, n_samples, block_size))
    return (
        checks.representable("the sample", partial(block, index, size), **given)
        for index, size in enumerate(sizes)
    )


def _change_to_correlation(A: Array, target: float, rng: np.random.Generator) -> Array:
    """sigma_B B for the sigma_B at which the mean cosine is ``target``.

    A + sigma_B B points along (1 - t) A + t B with sigma_B = t / (1 - t). The mean cosine falls
    from 1 at t = 0; B is scaled to the size of A, so that the root is not close to 0 or 1.
    """
    from scipy.optimize import brentq

    norms = np.linalg.norm(A, axis=0)
    if not norms.all():
        raise ValueError(
            f"A_star has a zero column, number {int(np.argmin(norms))}; its cosine is undefined; "
            f"drop it or use delta="
        )
    B = rng.standard_normal(A.shape) * (np.linalg.norm(A) / np.sqrt(A.size))
    along = np.sum(A * B, axis=0) / norms
    energy = np.sum(B * B, axis=0)

    def excess(t: float) -> float:
        p = (1 - t) * norms
        lengths = np.sqrt(p * p + 2 * p * t * along + t * t * energy)
        return np.mean((p + t * along) / lengths) - target

    lowest = excess(1.0)
    if not lowest < 0 < 1 - target:
        raise ValueError(
            f"correlation = {target!r}; with the drawn B it lies strictly "
            f"between {lowest + target:.6g} and 1; choose one there"
        )
    t = brentq(excess, 0.0, 1.0, xtol=1e-15)
    return t / (1 - t) * B


def _change_by_delta(
    A: Array, delta: float, d: int, direction: str, rng: np.random.Generator
) -> Array:
    """The change of A, group by group; t is the angle of :func:`perturb_dictionary`."""
    G = groups.blocks(A, d)
    if direction == "generic":
        B = rng.standard_normal(G.shape)
        return groups.unblock(delta * B / np.linalg.norm(B, axis=(1, 2), keepdims=True))
    if direction == "tangent":
        t = 2 * np.arcsin(delta / np.sqrt(4 * d))
        V = haar(np.concatenate([G, rng.standard_normal(G.shape)], axis=2))[:, :, d:]
        return groups.unblock((np.cos(t) - 1) * G + np.sin(t) * V)
    # The planes: pairs of coordinates in a random basis W.
    first = np.arange(0, d - 1, 2)
    second = np.arange(1, d, 2)
    t = 2 * np.arcsin(delta / np.sqrt(8 * len(first)))
    turn = np.zeros((d, d))
    turn[first, first] = turn[second, second] = np.cos(t) - 1
    turn[second, first] = np.sin(t)
    turn[first, second] = -np.sin(t)
    W = haar(rng.standard_normal((len(G), d, d)))
    return groups.unblock(G @ (W @ turn @ np.swapaxes(W, 1, 2)))


def _feasible_delta(A: Array, delta: float, d: int, direction: str) -> float:
    """Return delta if some perturbation of A in this direction has that size."""
    if direction != "generic":
        G = groups.blocks(A, d)
        gap = float(np.abs(np.swapaxes(G, 1, 2) @ G - np.eye(d, dtype=A.dtype)).max())
        if gap > 1e3 * np.finfo(A.dtype).eps:
            raise ValueError(
                f"direction = {direction!r} needs orthonormal groups, "
                f"but max |A_g^T A_g - I| = {gap:.3g}; "
                f"use make_dictionary(kind='orthonormal_groups') or direction='generic'"
            )
    if direction == "tangent" and 2 * d > len(A):
        raise ValueError(
            f"direction = 'tangent' needs 2 * group_size <= n_features, "
            f"but group_size = {d} and n_features = {len(A)}; "
            f"lower group_size or use direction='generic'"
        )
    if direction == "rotation" and d < 2:
        raise ValueError(f"direction = 'rotation' needs group_size >= 2, but group_size = {d}")
    largest, formula = {
        "generic": (np.inf, "inf"),
        "tangent": (np.sqrt(2 * d), "sqrt(2 * group_size)"),
        "rotation": (np.sqrt(8 * (d // 2)), "sqrt(8 * floor(group_size / 2))"),
    }[direction]
    if not 0 <= delta <= largest:
        raise ValueError(
            f"delta = {delta!r}; direction = {direction!r} needs "
            f"0 <= delta <= {formula} = {largest:.6g}"
        )
    return delta


def _norm_bounds(norm_range: Any, law: str) -> tuple[float, float]:
    if np.shape(norm_range) != (2,):
        raise ValueError(
            f"norm_range = {norm_range!r}; it must be a pair (b_min, b_max), for example (4, 5)"
        )
    if law == "gaussian" and tuple(norm_range) != (4, 5):
        raise ValueError(
            f"norm_range = {norm_range!r}, but Gaussian groups have no norm range; "
            f"leave it out or use coefficients='sphere'"
        )
    return checks.norm_bounds(*norm_range)


def _supports(n_samples: int, n_active: int, n_groups: int, rng: np.random.Generator) -> IntArray:
    """Uniform sorted supports, (n_samples, n_active), by Floyd's algorithm on all rows at once.

    Step j draws from {0, ..., j}, j = n_groups - n_active, ..., n_groups - 1, and takes j itself if
    the draw is already in.
    """
    last = np.arange(n_groups - n_active, n_groups)
    support = rng.integers(0, last + 1, size=(n_samples, n_active))
    for k, j in enumerate(last):
        taken = (support[:, :k] == support[:, k, None]).any(axis=1)
        support[taken, k] = j
    support.sort(axis=1)
    return support


def _sparse_codes(active: Array, support: IntArray, n_atoms: int) -> Any:
    """Sparse matrix (n_samples, n_atoms) of the active groups (n_samples, n_active, group_size)."""
    from scipy.sparse import csr_array

    n_samples, n_active, d = active.shape
    columns = support[:, :, None] * d + np.arange(d)
    ends = np.arange(n_samples + 1) * (n_active * d)
    return csr_array((active.ravel(), columns.ravel(), ends), shape=(n_samples, n_atoms))


def _noise(clean: Array, snr_db: float, rng: np.random.Generator) -> Array:
    """Gaussian noise whose energy is ``snr_db`` decibels below that of ``clean``."""
    Z = rng.standard_normal(clean.shape)
    signal = np.sum(clean * clean)
    if signal == 0:
        raise ValueError(
            f"snr_db = {snr_db!r}, but the active atoms of A_star are zero, "
            f"so that the ratio is undefined; pass snr_db=None"
        )
    return Z * (np.sqrt(signal / np.sum(Z * Z)) * 10 ** (-snr_db / 20))
