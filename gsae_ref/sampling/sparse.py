"""Data of the sparse model y = A* x* + eta: laws of supports and the three models of N19."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups
from ..arrays import Array, BoolArray
from .streams import SPARSE_SAMPLE, seed_of, stream

BLOCK_SIZE = 4096
MODELS = ("mixture", "general", "nonnegative")
MAX_SUPPORTS = 2**20


class SupportLaw(NamedTuple):
    """What :func:`support_law` returns: supports, and how probable each is.

    Attributes
    ----------
    supports : ndarray of bool (n_supports, n_atoms)
    probabilities : ndarray (n_supports,)

    Examples
    --------
    >>> support_law("uniform", n_atoms=3, n_active=2).supports.astype(int)
    array([[1, 1, 0],
           [1, 0, 1],
           [0, 1, 1]])
    """

    supports: np.ndarray
    probabilities: np.ndarray


class SparseSample(NamedTuple):
    """What :func:`sample_sparse` returns; unpacks as ``Y, X, support``.

    Attributes
    ----------
    Y : ndarray (n_samples, n_features)
        Data, Y = X A*^T + noise.
    X : ndarray (n_samples, n_atoms)
        Codes, zero outside the support.
    support : ndarray of bool (n_samples, n_atoms)
        The active atoms of each sample.

    Examples
    --------
    >>> Y, X, support = sample_sparse(np.eye(3), 4, "mixture", noise=0, rng=0)
    >>> support.sum(axis=1), bool(np.all(Y == X)), X.max(axis=1)  # one atom each, of code 1
    (array([1, 1, 1, 1]), True, array([1., 1., 1., 1.]))
    """

    Y: np.ndarray
    X: np.ndarray
    support: np.ndarray


def support_law(
    kind: str, n_atoms: int, n_active: int | None = None, probabilities: ArrayLike | None = None
) -> SupportLaw:
    """List the supports that a law can draw, with their probabilities, for small problems.

    Parameters
    ----------
    kind : {"single", "uniform", "bernoulli"}
        ``"single"``: one atom, atom i with probability p_i, N19's mixture. ``"uniform"``: all
        supports of exactly ``n_active`` atoms, equally probable. ``"bernoulli"``: atom i with
        probability p_i, independently; 2^n_atoms supports, the empty one among them.
    n_atoms : int
    n_active : int, optional
        Atoms in a support; ``"uniform"`` only.
    probabilities : float or array_like (n_atoms,), optional
        The p_i. ``"single"``: of sum 1, by default equal; ``"bernoulli"``: each in [0, 1], one
        number for all or one for each.

    Returns
    -------
    SupportLaw

    Raises
    ------
    TypeError, ValueError
        For an unknown ``kind``, an argument that it needs and lacks or does not use, or more than
        2^20 supports.

    Examples
    --------
    >>> masks, p = support_law("uniform", 3, n_active=2)
    >>> masks.astype(int).tolist(), p.round(3).tolist()
    ([[1, 1, 0], [1, 0, 1], [0, 1, 1]], [0.333, 0.333, 0.333])
    """
    checks.option("kind", kind, ("single", "uniform", "bernoulli"))
    n_atoms = checks.count("n_atoms", n_atoms)
    if kind != "uniform" and n_active is not None:
        raise ValueError(f"n_active = {n_active!r}, but kind = {kind!r} does not use it; drop it")
    if kind == "uniform":
        if probabilities is not None:
            raise ValueError(
                "probabilities were given, but kind = 'uniform' does not use them; drop them"
            )
        return _uniform_supports(n_atoms, checks.n_active(n_active, n_atoms, "atoms"))
    if kind == "single":
        if probabilities is None:
            probabilities = np.full(n_atoms, 1 / n_atoms)
        p = checks.weights("probabilities", probabilities, n_atoms, "atoms")
        return SupportLaw(np.eye(n_atoms, dtype=bool), p)
    if probabilities is None:
        raise ValueError(
            "probabilities = None, but kind = 'bernoulli' needs the probability of each atom; "
            "pass a number between 0 and 1"
        )
    return _independent_atoms(checks.per_atom("probabilities", probabilities, n_atoms))


def _uniform_supports(n_atoms: int, n_active: int) -> SupportLaw:
    """All supports of ``n_active`` atoms, equally probable."""
    n_supports = comb(n_atoms, n_active)
    _check_number("uniform", n_atoms, n_supports)
    masks = np.zeros((n_supports, n_atoms), dtype=bool)
    np.put_along_axis(masks, np.array(list(combinations(range(n_atoms), n_active))), True, axis=1)
    return SupportLaw(masks, np.full(n_supports, 1 / n_supports))


def _independent_atoms(p: Array) -> SupportLaw:
    """All supports, where atom i is active with probability p_i, independently of the others."""
    n_supports = 2 ** len(p)
    _check_number("bernoulli", len(p), n_supports)
    p = p.astype(np.float64)
    if p.min() < 0 or p.max() > 1:
        raise ValueError(
            f"probabilities lie between {p.min():.6g} and {p.max():.6g}; each must be in [0, 1]"
        )
    masks = (np.arange(n_supports)[:, None] >> np.arange(len(p)) & 1).astype(bool)
    return SupportLaw(masks, np.where(masks, p, 1 - p).prod(axis=1))


def _check_number(kind: str, n_atoms: int, n_supports: int) -> None:
    if n_supports > MAX_SUPPORTS:
        raise ValueError(
            f"kind = {kind!r} with n_atoms = {n_atoms} has more than {MAX_SUPPORTS} supports, "
            f"too many to list; lower n_atoms"
        )


def support_moments(
    supports: ArrayLike, probabilities: ArrayLike | None = None
) -> tuple[Array, Array, Array]:
    """Probabilities p_i, p_ij, p_ijl that given atoms are active together. [N19] Assumption A1.

    Parameters
    ----------
    supports : array_like of bool (n_supports, n_atoms)
        The supports that the law can draw; or the supports of a sample, for the frequencies.
    probabilities : array_like (n_supports,), optional
        Their probabilities; None: all equal.

    Returns
    -------
    p1, p2, p3 : ndarray (n_atoms,), (n_atoms, n_atoms), (n_atoms, n_atoms, n_atoms)
        With equal indices, p_ii = p_i and p_iij = p_ij.

    Raises
    ------
    TypeError, ValueError
        If ``supports`` is no boolean mask, or ``probabilities`` do not fit or do not add up to 1.

    Notes
    -----
    Differs from the paper: A1 needs p_ij of order k^2 / m^2 and calls the mixture, whose p_ij is
    0, a special case.

    Examples
    --------
    >>> p1, p2, p3 = support_moments([[True, True, False], [True, False, True]])
    >>> p1.tolist(), p2[0].tolist(), p3[0, 1].tolist()
    ([1.0, 0.5, 0.5], [1.0, 0.5, 0.5], [0.5, 0.5, 0.0])
    """
    masks = checks.any_array("supports", supports)
    masks, p = checks.support_law(masks, probabilities, masks.shape[-1] if masks.ndim else 0)
    return groups.support_moments(masks, p)


def code_moments(model: str, bounds: tuple[float, float] = (1, 1)) -> tuple[float, float]:
    """Mean kappa_1 and second moment kappa_2 of a non-zero code. [N19] Assumption A2.

    Parameters
    ----------
    model : {"mixture", "general", "nonnegative"}
        As in :func:`sample_sparse`.
    bounds : (float, float)
        (a_1, a_2) of Assumption A3; (1, 1) with ``"mixture"``.

    Returns
    -------
    kappa_1, kappa_2 : float

    Raises
    ------
    TypeError, ValueError
        As :func:`sample_sparse`.

    Examples
    --------
    >>> code_moments("nonnegative", (1, 3))
    (2.0, 4.333333333333333)
    >>> code_moments("general", (1, 1)), code_moments("general", (0.5, np.inf))
    ((0.0, 1.0), (0.0, 1.0))
    """
    a_1, a_2 = _bounds(model, bounds)
    if a_2 == np.inf:
        return 0.0, 1.0
    second = (a_1**2 + a_1 * a_2 + a_2**2) / 3
    return (0.0 if model == "general" else (a_1 + a_2) / 2), second


def sample_sparse(
    A_star: ArrayLike,
    n_samples: int,
    model: str = "mixture",
    n_active: int | None = None,
    supports: ArrayLike | None = None,
    probabilities: ArrayLike | None = None,
    bounds: tuple[float, float] = (1, 1),
    noise: float = 0.0,
    rng: int | np.random.Generator | None = None,
) -> SparseSample:
    """Draw data from y = A* x* + eta with sparse codes. [N19] Section 2.2, Assumptions A1-A4.

    - ``"mixture"``: x* = e_i with probability p_i, spherical Gaussians around the columns of A*;
    - ``"general"``: symmetric codes x = +-u, u ~ Uniform(a_1, a_2). For a_2 = inf and a_1 < 1,
      u = a_1 + c |N(0, 1)| with c > 0 such that E[x^2] = 1;
    - ``"nonnegative"``: x ~ Uniform(a_1, a_2).

    Non-zero codes are independent of each other and of the support. The noise is N(0, noise^2 I).

    Parameters
    ----------
    A_star : array_like (n_features, n_atoms)
    n_samples : int
    model : {"mixture", "general", "nonnegative"}
    n_active : int, optional
        Atoms in a support, uniform among all such supports; always 1 with ``"mixture"``.
    supports : array_like of bool (n_supports, n_atoms), optional
        Instead of ``n_active``: the supports of any law, as listed by :func:`support_law`.
    probabilities : array_like, optional
        With ``supports`` their probabilities, with ``"mixture"`` the p_i. None: all equal.
    bounds : (float, float)
        (a_1, a_2), 0 < a_1 <= a_2; always (1, 1) with ``"mixture"``.
    noise : float
        Standard deviation sigma_eta of every entry of the noise.
    rng : int, Generator or None
        From a Generator one integer is drawn, and it is the seed.

    Returns
    -------
    SparseSample
        ``(Y, X, support)``; Y and X have the dtype of ``A_star`` (drawn in float64, then rounded).

    Raises
    ------
    TypeError, ValueError
        If ``model`` is unknown, both or neither of ``n_active`` and ``supports`` are given, or
        ``probabilities`` or ``bounds`` do not fit.

    Notes
    -----
    Differs from the paper: N19 standardises ``"general"`` codes to kappa_2 = 1. Here that holds for
    bounds (1, 1) and (a_1, inf); see :func:`code_moments` for others. A longer sample from the same
    seed begins with the same full blocks of 4096.

    Examples
    --------
    >>> Y, X, support = sample_sparse(np.eye(3), 4, "nonnegative", n_active=2, bounds=(5, 5), rng=0)
    >>> bool((Y == X).all()), X.sum(axis=1).tolist(), support.sum(axis=1).tolist()
    (True, [10.0, 10.0, 10.0, 10.0], [2, 2, 2, 2])
    """
    A = checks.dictionary("A_star", A_star)
    n_samples = checks.count("n_samples", n_samples)
    noise_std = checks.threshold(noise, "noise")
    a_1, a_2 = _bounds(model, bounds)
    draw = _draw_supports(A.shape[1], model, n_active, supports, probabilities)
    seed = seed_of(rng)

    def block(index: int, size: int) -> tuple[Array, Array, BoolArray]:
        support_rng, size_rng, sign_rng, noise_rng = (
            stream(seed, SPARSE_SAMPLE, index, part) for part in range(4)
        )
        support = draw(size, support_rng)
        X = _magnitudes(support.shape, a_1, a_2, size_rng)
        if model == "general":
            X *= sign_rng.choice([-1.0, 1.0], size=X.shape)
        X = np.where(support, X, 0)
        Y = _product(X, A) + noise_std * noise_rng.standard_normal((size, len(A)))
        return Y.astype(A.dtype), X.astype(A.dtype), support

    given = {"A_star": A, "bounds": a_1 if a_2 == np.inf else a_2, "noise": noise_std}
    sizes = (min(BLOCK_SIZE, n_samples - start) for start in range(0, n_samples, BLOCK_SIZE))
    blocks = [
        checks.representable("the sample", partial(block, index, size), **given)
        for index, size in enumerate(sizes)
    ]
    return SparseSample(*map(np.concatenate, zip(*blocks, strict=True)))


def _bounds(model: str, bounds: tuple[float, float]) -> tuple[float, float]:
    checks.option("model", model, MODELS)
    a_1, a_2 = checks.code_bounds(bounds)
    if model == "mixture" and (a_1, a_2) != (1, 1):
        raise ValueError(
            f"bounds = ({a_1!r}, {a_2!r}), but the non-zero code of a mixture is 1; "
            f"leave it out or use model='nonnegative'"
        )
    if a_2 == np.inf and (model != "general" or a_1 >= 1):
        raise ValueError(
            f"bounds = ({a_1!r}, inf) with model={model!r}; "
            f"a_2 = inf needs model='general' and a_1 < 1; pass a finite a_2"
        )
    return a_1, a_2


def _draw_supports(
    n_atoms: int,
    model: str,
    n_active: Any,
    supports: ArrayLike | None,
    probabilities: ArrayLike | None,
) -> Callable[[int, np.random.Generator], BoolArray]:
    """The function (size, rng) -> boolean supports (size, n_atoms)."""
    if model == "mixture":
        if n_active not in (None, 1) or supports is not None:
            raise ValueError(
                f"n_active = {n_active!r} with model='mixture', whose supports are single atoms; "
                f"leave n_active and supports out, or use another model"
            )
        supports = np.eye(n_atoms, dtype=bool)
    elif (n_active is None) == (supports is None):
        raise ValueError(
            f"n_active = {n_active!r} and supports are "
            f"{'both' if supports is not None else 'neither'} given; pass exactly one"
        )
    if supports is not None:
        masks, p = checks.support_law(supports, probabilities, n_atoms)
        return lambda size, rng: masks[rng.choice(len(masks), size=size, p=p / p.sum())]
    if probabilities is not None:
        raise ValueError(
            "probabilities were given with n_active, whose supports are equally probable; "
            "drop them or pass supports="
        )
    n_active = checks.n_active(n_active, n_atoms, "atoms")

    def draw(size: int, rng: np.random.Generator) -> BoolArray:
        mask = np.zeros((size, n_atoms), dtype=bool)
        order = np.argpartition(rng.random((size, n_atoms)), n_active - 1, axis=1)
        np.put_along_axis(mask, order[:, :n_active], True, axis=1)  # the smallest random keys
        return mask

    return draw


def _magnitudes(shape: tuple[int, int], a_1: float, a_2: float, rng: np.random.Generator) -> Array:
    """|x| of every entry, active or not."""
    if a_2 == np.inf:  # c solves E[(a + c |g|)^2] = a^2 + 2 a c sqrt(2/pi) + c^2 = 1
        mean = np.sqrt(2 / np.pi)
        c = -a_1 * mean + np.sqrt((a_1 * mean) ** 2 + 1 - a_1**2)
        return a_1 + c * np.abs(rng.standard_normal(shape))
    return rng.uniform(a_1, a_2, shape)


def _product(X: Array, A: Array) -> Array:
    """X A^T as sums over active atoms, in order: the same bits for any number of threads."""
    from scipy.sparse import csr_array

    return csr_array(X) @ np.array(A.T, dtype=np.float64, order="C")
