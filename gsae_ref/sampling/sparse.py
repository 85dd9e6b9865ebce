"""Data of the sparse model y = A* x* + eta: laws of supports and the three models of N19."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array, BoolArray
from .streams import seed_of, stream

_SAMPLE = 3  # 0, 1, 2 belong to the group-sparse model
BLOCK = 4096
MODELS = ("mixture", "general", "nonnegative")
MOST_SUPPORTS = 2**20


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
    >>> Y, X, support = sample_sparse(np.eye(3), 4, "mixture", noise=0, rng=0)  # one atom in every sample, with code 1
    >>> support.sum(axis=1), bool(np.all(Y == X)), X.max(axis=1)
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
        ``"single"``: one atom, atom i with probability p_i: N19's mixture. ``"uniform"``: all
        supports of exactly ``n_active`` atoms, equally probable. ``"bernoulli"``: every atom by
        itself, atom i with probability p_i; 2^n_atoms supports, the empty one among them.
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
        For an unknown ``kind``, an argument that it needs and lacks or has no use for, or more than
        2^20 supports.

    Examples
    --------
    >>> masks, p = support_law("uniform", 3, n_active=2)
    >>> masks.astype(int).tolist(), p.round(3).tolist()
    ([[1, 1, 0], [1, 0, 1], [0, 1, 1]], [0.333, 0.333, 0.333])
    """
    from itertools import combinations
    from math import comb

    checks.option("kind", kind, ("single", "uniform", "bernoulli"))
    n_atoms = checks.count("n_atoms", n_atoms)
    unused = {
        "n_active": kind != "uniform" and n_active is not None,
        "probabilities": kind == "uniform" and probabilities is not None,
    }
    for name, given in unused.items():
        if given:
            raise ValueError(
                f"{name} was given with kind={kind!r}, which has no use for it; drop it or choose another kind"
            )
    if kind == "single":
        p = (
            np.full(n_atoms, 1 / n_atoms)
            if probabilities is None
            else checks.weights("probabilities", probabilities, n_atoms, "atoms")
        )
        return SupportLaw(np.eye(n_atoms, dtype=bool), p)
    size = checks.n_active(n_active, n_atoms, "atoms") if kind == "uniform" else 0
    n_supports = comb(n_atoms, size) if kind == "uniform" else 2**n_atoms
    if n_supports > MOST_SUPPORTS:
        raise ValueError(
            f"kind = {kind!r} has {n_supports} supports, more than {MOST_SUPPORTS}; they are listed one by one; lower n_atoms"
        )
    if kind == "uniform":
        masks = np.zeros((n_supports, n_atoms), dtype=bool)
        np.put_along_axis(masks, np.array(list(combinations(range(n_atoms), size))), True, axis=1)
        return SupportLaw(masks, np.full(n_supports, 1 / n_supports))
    if probabilities is None:
        raise ValueError(
            "probabilities = None with kind='bernoulli'; it needs the probability of each atom; pass a number between 0 and 1"
        )
    p = checks.per_atom("probabilities", probabilities, n_atoms).astype(np.float64)
    if p.min() < 0 or p.max() > 1:
        raise ValueError(
            f"probabilities lie between {p.min():.6g} and {p.max():.6g}; each must be in [0, 1]; clip or rescale them"
        )
    masks = (np.arange(n_supports)[:, None] >> np.arange(n_atoms) & 1).astype(bool)
    return SupportLaw(masks, np.where(masks, p, 1 - p).prod(axis=1))


def support_moments(
    supports: ArrayLike, probabilities: ArrayLike | None = None
) -> tuple[Array, Array, Array]:
    """The probabilities p_i, p_ij, p_ijl that one, two, three given atoms are active together. [N19] Assumption A1.

    Parameters
    ----------
    supports : array_like of bool (n_supports, n_atoms)
        The supports that the law can draw; or the supports of a sample, for the frequencies.
    probabilities : array_like (n_supports,), optional
        Their probabilities; None: all equal.

    Returns
    -------
    p1, p2, p3 : ndarray (n_atoms,), (n_atoms, n_atoms), (n_atoms, n_atoms, n_atoms)
        Equal indices collapse: p_ii = p_i, p_iij = p_ij.

    Raises
    ------
    TypeError, ValueError
        If ``supports`` is no boolean mask, or ``probabilities`` do not fit or do not add up to 1.

    Notes
    -----
    Differs from the paper: A1 asks for p_ij of order k^2 / m^2 and calls the mixture a special
    case, whose p_ij is 0.

    Examples
    --------
    >>> p1, p2, p3 = support_moments([[True, True, False], [True, False, True]])
    >>> p1.tolist(), p2[0].tolist(), p3[0, 1].tolist()
    ([1.0, 0.5, 0.5], [1.0, 0.5, 0.5], [0.5, 0.5, 0.0])
    """
    masks = checks.any_array("supports", supports)
    masks, p = checks.support_law(masks, probabilities, masks.shape[-1] if masks.ndim else 0)
    M = masks.astype(np.float64)
    weighted = p[:, None] * M
    return (
        weighted.sum(axis=0),
        weighted.T @ M,
        np.einsum("si,sj,sl->ijl", weighted, M, M, optimize=True),
    )


def code_moments(model: str, bounds: tuple[float, float] = (1, 1)) -> tuple[float, float]:
    """(kappa_1, kappa_2), mean and second moment of a non-zero code of :func:`sample_sparse`. [N19] Assumption A2.

    Parameters
    ----------
    model : {"mixture", "general", "nonnegative"}
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
    >>> code_moments("nonnegative", (1, 3)), code_moments("general", (1, 1)), code_moments("general", (0.5, np.inf))
    ((2.0, 4.333333333333333), (0.0, 1.0), (0.0, 1.0))
    """
    low, high = _bounds(model, bounds)
    if high == np.inf:
        return 0.0, 1.0
    second = (low**2 + low * high + high**2) / 3
    return (0.0 if model == "general" else (low + high) / 2), second


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

    - ``"mixture"``: x* = e_i with probability p_i: spherical Gaussians around the columns of A*;
    - ``"general"``: symmetric codes, x = +-u, u ~ Uniform(a_1, a_2); for a_2 = inf, u = a_1 + c |N(0, 1)| with the c > 0 that makes
      E[x^2] = 1, for a_1 < 1;
    - ``"nonnegative"``: x ~ Uniform(a_1, a_2).

    Non-zero codes are independent of each other and of the support. The noise is N(0, noise^2 I).

    Parameters
    ----------
    A_star : array_like (n_features, n_atoms)
    n_samples : int
    model : {"mixture", "general", "nonnegative"}
    n_active : int, optional
        Atoms in a support, uniform among all such supports; not with ``"mixture"``, where it is 1.
    supports : array_like of bool (n_supports, n_atoms), optional
        Instead of ``n_active``: the supports of any law, as :func:`support_law` lists them.
    probabilities : array_like, optional
        With ``supports`` their probabilities, with ``"mixture"`` the p_i; None: all equal.
    bounds : (float, float)
        (a_1, a_2), 0 < a_1 <= a_2; leave it at (1, 1) with ``"mixture"``.
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
        If ``model`` is unknown, the support is given twice or not at all, ``probabilities`` or
        ``bounds`` do not fit.

    Notes
    -----
    Differs from the paper: N19 standardises ``"general"`` codes to kappa_2 = 1; here that holds for
    bounds (1, 1) and (a_1, inf), and
    :func:`code_moments` gives the moments of others. A longer sample from the same seed begins with the same full blocks of 4096.

    Examples
    --------
    >>> Y, X, support = sample_sparse(np.eye(3), 4, "nonnegative", n_active=2, bounds=(5, 5), rng=0)
    >>> bool((Y == X).all()), X.sum(axis=1).tolist(), support.sum(axis=1).tolist()
    (True, [10.0, 10.0, 10.0, 10.0], [2, 2, 2, 2])
    """
    A = checks.dictionary("A_star", A_star)
    n_samples, noise = checks.count("n_samples", n_samples), checks.threshold(noise, "noise")
    low, high = _bounds(model, bounds)
    draw = _draw_supports(A.shape[1], model, n_active, supports, probabilities)
    seed = seed_of(rng)
    blocks = []

    def block(index: int, size: int) -> tuple[Array, Array, BoolArray]:
        support_rng, size_rng, sign_rng, noise_rng = (
            stream(seed, _SAMPLE, index, part) for part in range(4)
        )
        support = draw(size, support_rng)
        X = _magnitudes(support.shape, low, high, size_rng)
        if model == "general":
            X *= sign_rng.choice([-1.0, 1.0], size=X.shape)
        X = np.where(support, X, 0)
        Y = _product(X, A) + noise * noise_rng.standard_normal((size, len(A)))
        return Y.astype(A.dtype), X.astype(A.dtype), support

    for index, start in enumerate(range(0, n_samples, BLOCK)):
        draw_block = partial(block, index, min(BLOCK, n_samples - start))
        blocks.append(
            checks.representable(
                "the sample",
                draw_block,
                A_star=A,
                bounds=low if high == np.inf else high,
                noise=noise,
            )
        )
    return SparseSample(*map(np.concatenate, zip(*blocks, strict=True)))


def _bounds(model: str, bounds: tuple[float, float]) -> tuple[float, float]:
    checks.option("model", model, MODELS)
    low, high = checks.code_bounds(bounds)
    if model == "mixture" and (low, high) != (1, 1):
        raise ValueError(
            f"bounds = ({low!r}, {high!r}), but the one non-zero code of a mixture is 1; leave it out or use 'nonnegative'"
        )
    if high == np.inf and (model != "general" or low >= 1):
        raise ValueError(
            f"bounds = ({low!r}, inf) with model={model!r}; without an upper bound the code is standardised to E[x^2] = 1, which needs "
            f"model='general' and a_1 < 1; give a finite a_2"
        )
    return low, high


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
                f"n_active = {n_active!r} with model='mixture', whose supports are single atoms; use another model, or probabilities"
            )
        supports = np.eye(n_atoms, dtype=bool)
    elif (n_active is None) == (supports is None):
        raise ValueError(
            f"n_active = {n_active!r} and supports are {'both' if supports is not None else 'neither'} given; give exactly one"
        )
    if supports is not None:
        masks, p = checks.support_law(supports, probabilities, n_atoms)
        return lambda size, rng: masks[rng.choice(len(masks), size=size, p=p / p.sum())]
    if probabilities is not None:
        raise ValueError(
            "probabilities were given with n_active, whose supports are equally probable; give supports=, or drop them"
        )
    n_active = checks.n_active(n_active, n_atoms, "atoms")

    def draw(size: int, rng: np.random.Generator) -> BoolArray:
        mask = np.zeros((size, n_atoms), dtype=bool)
        first = np.argpartition(rng.random((size, n_atoms)), n_active - 1, axis=1)[
            :, :n_active
        ]  # the n_active smallest of random keys
        np.put_along_axis(mask, first, True, axis=1)
        return mask

    return draw


def _magnitudes(shape: tuple[int, int], low: float, high: float, rng: np.random.Generator) -> Array:
    """|x| of every entry, active or not."""
    if high == np.inf:  # E[(a + c |g|)^2] = a^2 + 2 a c sqrt(2/pi) + c^2 = 1
        mean = np.sqrt(2 / np.pi)
        c = -low * mean + np.sqrt((low * mean) ** 2 + 1 - low**2)
        return low + c * np.abs(rng.standard_normal(shape))
    return rng.uniform(low, high, shape)


def _product(X: Array, A: Array) -> Array:
    """X A^T as a sum over active atoms, in order: the same bits for any number of threads, unlike a dense product."""
    from scipy.sparse import csr_array

    return csr_array(X) @ np.array(A.T, dtype=np.float64, order="C")
