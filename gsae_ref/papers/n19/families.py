"""Families of instances of N19's model.

Scalars enter as sin^2, so that the ends of their ranges (W = A, b at an end point) are ordinary
points.
"""

from functools import cache
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np

from ...arrays import Array
from ...claims.family import Family
from ...claims.hypothesis import ABSENT
from .consistency.formulas import relu_interval
from .instance import SparseInstance
from .sparse_codes.formulas import descent_constants

SCALARS = ("spread", "error", "width", "place", "noise", "step", "tau", "mean")


class SparseShape(NamedTuple):
    """Sizes of an instance."""

    n_features: int
    n_atoms: int
    n_active: int
    with_gamma: bool = False

    @property
    def n_scalars(self) -> int:
        """Free numbers in [0, 1]: SCALARS, then a code, a bias and a probability for every atom."""
        return len(SCALARS) + 3 * self.n_atoms

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector.

        A, the error of W, gamma where it is used, a noise vector, the scalars.
        """
        return (
            (2 + self.with_gamma) * self.n_features * self.n_atoms
            + self.n_features
            + self.n_scalars
        )


class Draw:
    """A parameter vector taken apart."""

    spread: float
    error: float
    width: float
    place: float
    noise: float
    step: float
    tau: float
    mean: float

    def __init__(self, shape: SparseShape, theta: Array) -> None:
        n = shape.n_features
        m = shape.n_atoms
        B, V, gamma, eta, u = np.split(
            theta, np.cumsum([n * m, n * m, shape.with_gamma * n * m, n])
        )
        u = np.sin(u) ** 2
        self.shape = shape
        self.B = B.reshape(n, m)
        self.V = V.reshape(n, m)
        self.eta = eta
        self.gamma: Array = gamma.reshape(n, m) if shape.with_gamma else ABSENT
        self.__dict__.update(zip(SCALARS, u, strict=False))
        self.values, self.bias, self.chance = u[len(SCALARS) :].reshape(3, m)


def _unit(M: Array) -> Array:
    return M / np.sqrt((M * M).sum(axis=0))


def _pair(
    draw: Draw, spread: float = 1.0, error: float = 1.0, leaning: bool = False
) -> tuple[Array, Array]:
    """A between coordinate vectors and free unit columns, W = A + t V normalised.

    t is at most ``error``; V may lean towards the other atoms.
    """
    lean = 1 - (1 - draw.mean) ** 4 if leaning else 0.0
    n, m = draw.B.shape
    mixing = spread * draw.spread
    A = _unit((1 - mixing) * np.eye(n)[:, np.arange(m) % n] + mixing * _unit(draw.B))
    others = A @ np.sign(A.T @ A + 1e-9) - A
    return _unit(
        A + error * draw.error * _unit((1 - lean) * _unit(draw.V) + lean * _unit(others))
    ), A


@cache
def _supports(shape: SparseShape) -> Array:
    """All supports of size k, as a mask; not to be written to."""
    chosen = list(combinations(range(shape.n_atoms), shape.n_active))
    mask = np.zeros((len(chosen), shape.n_atoms))
    for row, S in zip(mask, chosen, strict=True):
        row[list(S)] = 1
    mask.setflags(write=False)
    return mask


@cache
def _signs(shape: SparseShape) -> Array:
    """Every combination of signs on every support: (supports, combinations, atoms)."""
    combinations_of_signs = np.array(list(product((1.0, -1.0), repeat=shape.n_active)))
    supports = _supports(shape)
    signs = np.zeros((len(supports), len(combinations_of_signs), shape.n_atoms))
    for row, mask in zip(signs, supports > 0, strict=True):
        row[:, mask] = combinations_of_signs
    signs.setflags(write=False)
    return signs


def _instance(
    draw: Draw,
    W: Array,
    A: Array,
    codes: Array,
    weights: Array | None = None,
    bias: float | Array = 0.0,
    **fields: Any,
) -> SparseInstance:
    fields.setdefault("delta", float(np.linalg.norm(W - A, axis=0).max()))
    weights = np.ones(len(codes)) / len(codes) if weights is None else weights
    return SparseInstance(
        W, A, codes, weights, bias + np.zeros(W.shape[1]), draw.shape.n_active, **fields
    )


def _in_bounds(draw: Draw) -> tuple[Array, float]:
    """Codes in [1, a_2], one value for each atom, every support of size k; and a_2."""
    a_2 = 1 + draw.width
    return _supports(draw.shape) * (1 + (a_2 - 1) * draw.values), a_2


def _printed(shape: SparseShape, theta: Array) -> SparseInstance:
    """Weakly coherent columns, small errors, b near the upper end of Theorem 3 (ii)'s interval.

    delta is as large as mu <= delta sqrt(n)/k asks.
    """
    draw = Draw(shape, theta)
    W, A = _pair(draw, 0.3, 0.3, leaning=True)
    codes, a_2 = _in_bounds(draw)
    a_2, codes = 1 + 0.2 * (a_2 - 1), np.where(codes > 0, 1 + 0.2 * (codes - 1), 0)
    coherence = np.abs(A.T @ A - np.eye(shape.n_atoms)).max()
    delta = max(np.linalg.norm(W - A, axis=0).max(), shape.n_active * coherence)
    low, high = relu_interval(delta, shape.n_active, 1.0, a_2, coherence, 0.0, "printed")
    bias = high - 0.2 * draw.bias * max(high - low, 0.0)
    eta = 0.02 * draw.noise * draw.eta
    return _instance(draw, W, A, codes, a_2=a_2, eta=eta, delta=delta, bias=bias)


def _mixture(shape: SparseShape, theta: Array) -> SparseInstance:
    """x* = e_i with free probabilities, noise, any bias, any remainder gamma."""
    draw = Draw(shape, theta)
    p = 0.1 + draw.chance
    W, A = _pair(draw)
    return _instance(
        draw,
        W,
        A,
        np.eye(shape.n_atoms),
        p / p.sum(),
        bias=0.2 - 1.4 * draw.bias,
        sigma=draw.noise,
        gamma=0.1 * draw.gamma,
    )


def _bent(shape: SparseShape, theta: Array) -> SparseInstance:
    """Codes kappa_1 +- s and biases within Lemma 4's condition.

    Of a mixture (one active atom, s = 0), within Lemma 1's.
    """
    draw = Draw(shape, theta)
    W, A = _pair(draw, 1.0, 0.7)
    kappa_1 = 1.0 if shape.n_active == 1 else 0.5 + draw.mean
    s = 0.0 if shape.n_active == 1 else 0.5 * kappa_1 * draw.width
    kappa_2 = kappa_1**2 + s**2
    lam = np.einsum("ni,ni->i", W, A)
    inside = (
        kappa_1**2 * lam**2
        - kappa_2 * lam**2
        + kappa_2 * lam
        + 2 * (2 * draw.bias - 1) * kappa_2 * (1 - lam)
    )
    bias = -kappa_1 * lam + np.sqrt(np.maximum(inside, 0))
    step = (0.2 + 0.8 * draw.step) / np.maximum(lam, 1e-3).max()
    codes, weights = _two_points(shape, kappa_1, s)
    p = weights @ (codes != 0)
    bend = p * (
        kappa_2 * lam**2 + 2 * kappa_1 * bias * lam + bias**2 - kappa_2 * lam
    )  # the remainder that hurts most lies along it
    gamma = 0.05 * draw.gamma * (1 - draw.place) + 2 * draw.place * draw.noise * bend * W
    return _instance(
        draw,
        W,
        A,
        codes,
        weights,
        bias,
        kappa_1=kappa_1,
        kappa_2=kappa_2,
        gamma=gamma,
        step_size=step / p.max(),
        a_1=kappa_1 - s,
        a_2=kappa_1 + s,
    )


def _two_points(
    shape: SparseShape, kappa_1: float, s: float, chance: Array | None = None
) -> tuple[Array, Array]:
    """Every support of size k with every combination of kappa_1 +- s on it.

    Supports have the weights ``chance``, or are equally likely.
    """
    supports = _supports(shape)
    signs = _signs(shape) if s > 0 else supports[:, None]
    codes: Array = np.where(supports[:, None] > 0, kappa_1 + s * signs, 0.0)
    per_support = np.ones(len(supports)) if chance is None else supports @ chance
    n_signs = signs.shape[1]
    weights = np.repeat(per_support / per_support.sum(), n_signs) / n_signs
    return codes.reshape(-1, shape.n_atoms), weights


def _law(shape: SparseShape, theta: Array) -> SparseInstance:
    """Non-negative codes kappa_1 +- s, supports of size k with unequal probabilities, any bias."""
    draw = Draw(shape, theta)
    kappa_1 = 0.3 + draw.mean
    s = 0.05 + 0.9 * (kappa_1 - 0.1) * draw.width
    codes, weights = _two_points(shape, kappa_1, s, 0.1 + draw.chance)
    return _instance(
        draw,
        *_pair(draw),
        codes,
        weights,
        0.2 - draw.bias,
        kappa_1=kappa_1,
        kappa_2=kappa_1**2 + s**2,
        a_1=kappa_1 - s,
        a_2=kappa_1 + s,
    )


def _centred(shape: SparseShape, theta: Array) -> SparseInstance:
    """Codes +-1, uniform supports, no bias, a step up to min_i 1/(p_i lam_i)."""
    draw = Draw(shape, theta)
    W, A = _pair(draw, 0.5, 0.8)
    codes, weights = _two_points(shape, 0.0, 1.0)
    lam = np.maximum(np.einsum("ni,ni->i", W, A), 1e-3)
    p = shape.n_active / shape.n_atoms
    return _instance(
        draw,
        W,
        A,
        codes,
        weights,
        kappa_1=0.0,
        step_size=(0.05 + 0.95 * draw.step) / (p * lam.max()),
    )


@cache
def _incoherent(n: int, m: int) -> Array:
    """m coordinate vectors of R^n; for m = 2 n, n a power of 2, also the columns of H/sqrt(n)."""
    H = np.ones((1, 1))
    while len(H) < n:
        H = np.block([[H, H], [H, -H]])
    both: Array = np.hstack([np.eye(n), H[:n, :n] / np.sqrt(n)])
    return both[:, :m]


def _near(shape: SparseShape, theta: Array) -> SparseInstance:
    """W near an incoherent A, uniform supports, codes kappa_1 +- s, b = 0, zeta = s/Lambda.

    The errors of the columns are random or lean towards all other atoms, which is a common shift.
    """
    draw = Draw(shape, theta)
    base = _incoherent(shape.n_features, shape.n_atoms)
    A = _unit(base + 0.1 * draw.spread * _unit(draw.B))
    shift = draw.width * _unit(A.sum(axis=1, keepdims=True) - A)
    W = _unit(A + 0.3 * draw.error * _unit((1 - draw.width) * _unit(draw.V) + shift))
    kappa_1 = draw.mean
    s = 1 - draw.mean
    codes, weights = _two_points(shape, kappa_1, s)
    kappa_2 = kappa_1**2 + s**2
    delta = float(np.linalg.norm(W - A, axis=0).max())
    found = descent_constants(W, A, shape.n_active, kappa_1, kappa_2, delta)
    made = _instance(
        draw,
        W,
        A,
        codes,
        weights,
        kappa_1=kappa_1,
        kappa_2=kappa_2,
        delta=delta,
        step_size=(0.05 + 0.95 * draw.step) / found.curvature,
    )
    vars(made)["descent"] = found  # where a cached property is kept
    return made


_ANY = tuple(SparseShape(*s) for s in ((3, 3, 1), (4, 4, 2), (5, 3, 2), (3, 5, 2)))
_ONE = tuple(SparseShape(*s, True) for s in ((2, 2, 1), (4, 3, 1), (3, 4, 1)))
_SEVERAL = tuple(SparseShape(*s) for s in ((4, 4, 2), (4, 3, 3), (3, 5, 3)))
_WIDE = tuple(SparseShape(*s) for s in ((6, 6, 2), (8, 8, 2), (9, 9, 3), (8, 16, 2)))
_SIGNED = tuple(SparseShape(*s) for s in ((2, 2, 2), (3, 3, 1), (4, 4, 2), (4, 5, 3)))

FAMILIES = {
    "sparse_printed": Family(_printed, _ANY),
    "sparse_mixture": Family(_mixture, _ONE),
    "sparse_bent": Family(_bent, (*_ONE, SparseShape(4, 4, 2, True))),
    "sparse_law": Family(_law, _SEVERAL),
    "sparse_centred": Family(_centred, _SIGNED),
    "sparse_near": Family(_near, _WIDE),
}
