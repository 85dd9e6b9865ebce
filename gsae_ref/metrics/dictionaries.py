"""How close a dictionary is to the truth: columns, spans, principal angles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups
from ..arrays import Array, IntArray


@dataclass(frozen=True, eq=False)
class DictionaryMatch:
    """What :func:`match_dictionaries` returns.

    Attributes
    ----------
    permutation : ndarray of int (n_atoms,) or (n_groups,)
        Atom ``permutation[j]`` of A matches atom j of A*; groups with ``up_to="rotation"``.
    aligned : ndarray (n_features, n_atoms)
        A with unit columns, permuted, signed or rotated, so that its column j matches column j of
        the normalised A*.
    error, error_per_atom : float
        ||aligned - A*||_F^2 with the columns of A* normalised, and that number divided by n_atoms.
    mean_correlation : float
        Mean cosine between matched columns; with ``up_to="rotation"``, mean cosine of the principal
        angles between matched groups.
    chance_error, chance_error_std, chance_mean_correlation, chance_mean_correlation_std : float
        Mean and standard deviation of the two scores when A is a random Gaussian dictionary; NaN if
        ``n_chance=0``.

    Examples
    --------
    >>> match = match_dictionaries([[0, 2], [1, 0]], np.eye(2), n_chance=0)
    >>> match.aligned
    array([[1., 0.],
           [0., 1.]])
    """

    permutation: np.ndarray
    aligned: np.ndarray
    error: float
    error_per_atom: float
    mean_correlation: float
    chance_error: float
    chance_error_std: float
    chance_mean_correlation: float
    chance_mean_correlation_std: float


def match_dictionaries(
    A: ArrayLike,
    A_star: ArrayLike,
    group_size: int = 1,
    up_to: str = "permutation",
    n_chance: int = 16,
    rng: int | np.random.Generator = 0,
) -> DictionaryMatch:
    """Match a dictionary with the true one up to the given symmetry, with the chance level.

    Columns are first divided by their norms. Then ||aligned - A*||_F^2 is minimised over

    - ``"permutation"``: orders of the atoms;
    - ``"sign"``: orders and signs of the atoms;
    - ``"rotation"``: orders of the groups and an orthogonal Q in each group (Procrustes),
      dist_g = min_Q ||A_g - A*_g Q||_F,
      dist_g^2 = ||A_g||_F^2 + ||A*_g||_F^2 - 2 ||A*_g^T A_g||_(nuclear).

    Each is a linear assignment, solved exactly by the Hungarian method. For groups of one atom,
    rotation is sign.

    Parameters
    ----------
    A, A_star : array_like (n_features, n_atoms)
        Estimated and true dictionary.
    group_size : int
        Atoms in a group; used by ``"rotation"``.
    up_to : {"permutation", "sign", "rotation"}
    n_chance : int
        Number of random dictionaries for the chance level, at least 2; 0 skips it.
    rng : int, Generator or None
        For the chance level only.

    Returns
    -------
    DictionaryMatch

    Raises
    ------
    ValueError
        If shapes differ, a column is zero, an option is unknown, or a group is rank-deficient
        (``"rotation"`` only).

    Notes
    -----
    Differs from the paper: [T21] Section 4.1 measures without matching, see
    :func:`dictionary_error`. If the atoms of a group are not orthogonal, a rotation changes their
    norms; the normalisation does not undo this, and it remains as error.

    Examples
    --------
    >>> match = match_dictionaries([[0, -1], [1, 0]], np.eye(2), up_to="sign", n_chance=0)
    >>> match.permutation.tolist(), match.error, match.mean_correlation
    ([1, 0], 0.0, 1.0)
    """
    A, A_star = _unit_pair(A, A_star)
    size = checks.group_size(group_size, A.shape[1])
    checks.option("up_to", up_to, ("permutation", "sign", "rotation"))
    if checks.count("n_chance", n_chance, minimum=0) == 1:
        raise ValueError(
            "n_chance = 1; a standard deviation needs at least 2 random dictionaries; "
            "pass 0 to skip the chance level"
        )
    if up_to == "rotation":
        _bases("A", A, size)  # refuses rank-deficient groups under the caller's names
        _bases("A_star", A_star, size)
    permutation, aligned = _align(A, A_star, size, up_to)
    error, correlation = _scores(aligned, A_star, size, up_to)
    chance = np.full(4, np.nan)
    if n_chance:
        seed = int(checks.generator(rng).integers(2**63))
        scores = _chance_scores(A_star, n_chance, size, up_to, np.random.default_rng(seed))
        chance = np.stack([scores.mean(axis=0), scores.std(axis=0, ddof=1)], axis=1).ravel()
    return DictionaryMatch(
        permutation, aligned, error, error / A.shape[1], correlation, *chance.tolist()
    )


def principal_angles(A: ArrayLike, B: ArrayLike, group_size: int) -> Array:
    """Principal angles between span(A_g) and span(B_g), for every group, in increasing order.

    With orthonormal bases P, Q of the two spans, the cosines are the singular values of P^T Q and
    the sines those of Q - P P^T Q. The cosine alone is inaccurate for small angles, where it is
    1 - t^2/2, and the sine alone near pi/2; arctan2(sine, cosine) is accurate everywhere.

    Parameters
    ----------
    A, B : array_like (n_features, n_atoms)
    group_size : int

    Returns
    -------
    ndarray (n_groups, group_size)
        Radians, between 0 and pi/2.

    Raises
    ------
    ValueError
        If shapes differ or a group is rank-deficient: it then spans fewer than ``group_size``
        dimensions.

    Examples
    --------
    >>> principal_angles(np.eye(3)[:, :2], [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]], 2) / (np.pi / 2)
    array([[0., 1.]])
    """
    A, B = _pair("A", A, "B", B)
    checks.group_size(group_size, A.shape[1])
    P = _bases("A", A, group_size)
    Q = _bases("B", B, group_size)

    def angles() -> Array:
        C = np.swapaxes(P, 1, 2) @ Q
        cosines = np.linalg.svd(C, compute_uv=False)
        sines = np.linalg.svd(Q - P @ C, compute_uv=False)[:, ::-1]
        return np.arctan2(sines, cosines)

    return checks.representable("an angle", angles, A=A, B=B)


def dictionary_error(A: ArrayLike, A_star: ArrayLike) -> float:
    """Squared distance ||A - A*||_F^2 between column-normalised dictionaries. [T21] Section 4.1.

    Column j of A is compared with column j of A*, without matching.

    Parameters
    ----------
    A, A_star : array_like (n_features, n_atoms)

    Returns
    -------
    float
        Between 0 and 4 n_atoms; close to 2 n_atoms for unrelated dictionaries.

    Raises
    ------
    ValueError
        If shapes differ or a column is zero.

    Examples
    --------
    >>> dictionary_error([[3, 0], [0, 1]], [[1, 1], [0, 0]])
    2.0
    """
    return _squared_distance(*_unit_pair(A, A_star))


def _pair(first: str, A: ArrayLike, second: str, B: ArrayLike) -> tuple[Array, Array]:
    """Two dictionaries of one shape and one floating type."""
    A = checks.dictionary(first, A)
    B = checks.dictionary(second, B)
    checks.same_shape(first, A, second, B)
    A, B = checks.common_dtype(A, B)
    return A, B


def _unit_columns(name: str, A: Array) -> Array:
    A = groups.near_one(A)  # so that no square overflows or underflows
    norms = np.linalg.norm(A, axis=0)
    if not norms.all():
        raise ValueError(
            f"{name} has {checks.counted(np.sum(norms == 0), 'zero column')}, the first number "
            f"{int(np.argmin(norms))}; a zero column has no direction; drop or redraw it"
        )
    return A / norms


def _unit_pair(A: ArrayLike, A_star: ArrayLike) -> tuple[Array, Array]:
    A, A_star = _pair("A", A, "A_star", A_star)
    return _unit_columns("A", A), _unit_columns("A_star", A_star)


def _squared_distance(A: Array, B: Array) -> float:
    return float(np.sum((A - B) ** 2, dtype=np.float64))


def _bases(name: str, A: Array, group_size: int) -> Array:
    """Orthonormal bases of the groups, (n_groups, n_features, group_size)."""
    G = groups.blocks(A, group_size)
    ranks = checks.representable("the rank", lambda: np.linalg.matrix_rank(G), **{name: A})
    if (ranks < group_size).any():
        g = int(np.argmax(ranks < group_size))
        raise ValueError(
            f"group {g} of {name} has rank {ranks[g]} with group_size = {group_size}; "
            f"its atoms must be linearly independent; redraw it or lower group_size"
            + checks.transposed(name, A)
        )
    return checks.representable("the basis", lambda: np.linalg.qr(G)[0], **{name: A})


def _align(A: Array, A_star: Array, group_size: int, up_to: str) -> tuple[IntArray, Array]:
    """The optimal permutation and the aligned dictionary, from unit columns."""
    from scipy.optimize import linear_sum_assignment

    if up_to == "rotation":
        G = groups.blocks(A, group_size)
        G_star = groups.blocks(A_star, group_size)
        overlap = np.einsum("gna,hnb->ghab", G_star, G, optimize=True)  # A*_g^T A_h
        nuclear = np.linalg.svd(overlap, compute_uv=False).sum(axis=2)
        order = linear_sum_assignment(nuclear, maximize=True)[1]
        U, _, Vt = np.linalg.svd(overlap[np.arange(len(order)), order])
        return order, groups.unblock(G[order] @ np.swapaxes(U @ Vt, 1, 2))
    overlap = A_star.T @ A
    if up_to == "permutation":
        order = linear_sum_assignment(overlap, maximize=True)[1]
        return order, A[:, order]
    order = linear_sum_assignment(np.abs(overlap), maximize=True)[1]
    return order, A[:, order] * np.copysign(1, overlap[np.arange(len(order)), order])


def _chance_scores(
    A_star: Array, n_chance: int, group_size: int, up_to: str, rng: np.random.Generator
) -> Array:
    """The scores of random Gaussian dictionaries, (n_chance, 2)."""
    scores = []
    for _ in range(n_chance):
        drawn = rng.standard_normal(A_star.shape).astype(A_star.dtype)
        A = _unit_columns("random dictionary", drawn)
        aligned = _align(A, A_star, group_size, up_to)[1]
        scores.append(_scores(aligned, A_star, group_size, up_to))
    return np.array(scores)


def _scores(aligned: Array, A_star: Array, group_size: int, up_to: str) -> tuple[float, float]:
    """(error, mean_correlation) of :class:`DictionaryMatch`."""
    if up_to == "rotation":
        cosines = np.cos(principal_angles(aligned, A_star, group_size))
    else:
        cosines = np.sum(aligned * A_star, axis=0)
    return _squared_distance(aligned, A_star), float(np.mean(cosines))
