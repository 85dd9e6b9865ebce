"""What R17 and R12 speak of, and what they assume: samples of which one is held out; lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np

from .... import groups
from ....arrays import Array, BoolArray
from ....claims.hypothesis import Hypothesis
from ..support.formulas import SupportInterval, sharp_interval
from . import formulas


@dataclass(frozen=True)
class HeldOut:
    """N + 1 samples. Each in turn is the last one, and lam is chosen from the others.

    Attributes
    ----------
    Y : ndarray (N + 1, n_features)
    codes : ndarray (N + 1, n_atoms)
        Y = codes A*^T plus noise.
    A_star : ndarray (n_features, n_atoms)
    dictionaries : ndarray (N + 1, n_features, n_atoms)
        The encoder's dictionary while sample j is the last.
    last : ndarray (N + 1,)
        Probability that sample j is the last.
    place : float
        lam = lo + place (hi - lo).
    b_min, b_max : float
        Bounds on the norms of active groups.

    Examples
    --------
    >>> Y = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> i = HeldOut(Y, Y, np.eye(2), np.stack([np.eye(2)] * 2), np.full(2, 0.5), 1, 1)
    >>> i.failures
    array([False, False])
    """

    Y: Array
    codes: Array = field(repr=False)
    A_star: Array
    dictionaries: Array
    last: Array
    group_size: int
    n_active: int
    place: float = 0.5
    b_min: float = 1.0
    b_max: float = 1.0

    @cached_property
    def r(self) -> Array:
        """||A_g^T y_i|| while sample j is the last: (N + 1, N + 1, n_groups), axes j, i, g."""
        return groups.norms(self.Y @ self.dictionaries, self.group_size)

    @cached_property
    def windows(self) -> Array:
        """(lo, hi) of the samples other than j, for every j: (N + 1, 2)."""
        others = (np.delete(r, j, axis=0) for j, r in enumerate(self.r))
        return np.array([formulas.data_window(r, self.n_active) for r in others])

    @cached_property
    def thresholds(self) -> Array:
        """lam for every j; it means nothing where lo >= hi."""
        low, high = self.windows.T
        return low + self.place * (high - low)

    @cached_property
    def failures(self) -> Array:
        """Whether lo < hi and sample j has not exactly gamma active groups."""
        low, high = self.windows.T
        own = self.r[np.arange(len(self.Y)), np.arange(len(self.Y))]
        n_active = (own > self.thresholds[:, None]).sum(axis=1)
        return (low < high) & (n_active != self.n_active)

    @cached_property
    def certified(self) -> SupportInterval:
        """Thresholds that recover every support, from the matrices."""
        sizes = self.group_size, self.n_active
        return sharp_interval(self.dictionaries[0], self.A_star, *sizes, self.b_min, self.b_max)


def _norm_margin(i: HeldOut) -> float:
    norms = groups.norms(i.codes, i.group_size)
    return float(min(norms[norms > 0].min() - i.b_min, i.b_max - norms.max()))


FIXED_DICTIONARY = Hypothesis(
    "A is fixed before the samples are seen: the same whichever sample is the last",
    lambda i: -np.abs(i.dictionaries - i.dictionaries[0]).max(),
)
EXCHANGEABLE = Hypothesis(
    "the N + 1 samples are exchangeable: each is the last with the same probability",
    lambda i: -np.abs(i.last - 1 / len(i.Y)).max(),
)
LAM_IN_WINDOW = Hypothesis(
    "lo <= lam < hi, lam chosen from the first N samples",
    lambda i: min(i.place, 1 - 1e-9 - i.place),
)
NOISELESS = Hypothesis("y_i = A* x_i", lambda i: -np.abs(i.Y - i.codes @ i.A_star.T).max())
GAMMA_ACTIVE = Hypothesis(
    "exactly gamma groups of every code are active",
    lambda i: (
        -np.abs((groups.norms(i.codes, i.group_size) > 0).sum(axis=1) - float(i.n_active)).max()
    ),
)
CODES_BOUNDED = Hypothesis("B_min <= ||x_g|| <= B_max for every active group", _norm_margin)
CERTIFIED = Hypothesis(
    "the interval from the actual matrices is not empty",
    lambda i: i.certified.high - i.certified.low - 1e-9,
)


@dataclass(frozen=True)
class Lines:
    """Groups of one atom, and a finite law of codes: all of its samples are enumerated.

    Attributes
    ----------
    star, V : ndarray (n_features, n_atoms)
        A*, and velocities of the atoms, orthogonal to them.
    supports : ndarray of bool (n_supports, n_atoms)
    probabilities : ndarray (n_supports,)
    moduli : ndarray (n_rows, n_atoms)
        |x_g| of all atoms: given the support, one row is drawn, all with equal chances.
    lam : float
    positive : float
        Probability of x_g > 0. Signs are independent.

    Examples
    --------
    >>> supports = np.array([[True, False], [True, True]])
    >>> i = Lines(np.eye(2), np.zeros((2, 2)), supports, np.full(2, 0.5), np.ones((1, 2)), 0.5)
    >>> i.samples[0].shape, float(i.loss(i.star)), i.star_drift.round(3).tolist()
    ((6, 2), 0.1875, [[0.0, 0.0], [0.0, 0.0]])
    """

    star: Array
    V: Array = field(repr=False)
    supports: BoolArray
    probabilities: Array
    moduli: Array
    lam: float
    positive: float = 0.5

    @cached_property
    def m1(self) -> float:
        """E|x_g| of the first atom."""
        return float(self.moduli[:, 0].mean())

    @cached_property
    def m2(self) -> float:
        """E x_g^2 of the first atom."""
        return float(np.mean(self.moduli[:, 0] ** 2))

    @cached_property
    def samples(self) -> tuple[Array, Array]:
        """Every code (n_samples, n_atoms), and its probability."""
        codes = []
        weights = []
        for support, p in zip(self.supports, self.probabilities, strict=True):
            for signs in product((-1.0, 1.0), repeat=int(support.sum())):
                x = np.zeros_like(self.moduli)
                x[:, support] = self.moduli[:, support] * signs
                chance = np.where(np.array(signs) > 0, self.positive, 1 - self.positive).prod()
                if chance == 0:
                    continue
                codes.append(x)
                weights.append(np.full(len(x), p * chance / len(x)))
        return np.concatenate(codes), np.concatenate(weights)

    @cached_property
    def z(self) -> Array:
        """A*^T y of every sample."""
        return self.samples[0] @ self.star.T @ self.star

    def loss(self, A: Array) -> Array:
        """Population loss at A, E 1/2 ||y - A phi||^2."""
        codes, weights = self.samples
        Y = codes @ self.star.T
        Z = Y @ A
        phi = np.sign(Z) * np.maximum(np.abs(Z) - self.lam, 0)
        return 0.5 * weights @ np.sum((Y - phi @ A.T) ** 2, axis=1)

    @cached_property
    def gradient(self) -> Array:
        """Exact gradient of the population loss at A*."""
        codes, weights = self.samples
        Y = codes @ self.star.T
        phi = np.sign(self.z) * np.maximum(np.abs(self.z) - self.lam, 0)
        E = (Y - phi @ self.star.T) * weights[:, None]
        return -E.T @ phi - Y.T @ ((E @ self.star) * (np.abs(self.z) > self.lam))

    @cached_property
    def star_drift(self) -> Array:
        """Part of -grad L at A* that is orthogonal to the atom of its column."""
        return -self.gradient + self.star * np.sum(self.star * self.gradient, axis=0)

    @cached_property
    def occurrences(self) -> Array:
        """Probability that atoms g and h are active together, (n_atoms, n_atoms)."""
        S = self.supports.astype(float)
        return S.T @ (self.probabilities[:, None] * S)

    @property
    def largest_product(self) -> float:
        """Largest |<a*_g, a*_h>| of two atoms that occur together."""
        together = (self.occurrences > 0) & ~np.eye(len(self.occurrences), dtype=bool)
        return float(np.abs(self.star.T @ self.star)[together].max(initial=0))


def _support_margin(i: Lines) -> float:
    active = i.samples[0] != 0
    r = np.abs(i.z)
    off = r[~active].max() if (~active).any() else 0.0
    return float(min(i.lam - off, r[active].min() - i.lam))


def _sign_margin(i: Lines) -> float:
    codes = i.samples[0]
    return float((np.sign(codes) * i.z)[codes != 0].min())


def _clear_margin(i: Lines) -> float:
    """Distance of inner products and of probabilities from 0, where they are not 0."""
    together = i.occurrences[np.triu_indices(len(i.occurrences))]
    M = np.abs(i.star.T @ i.star)[(i.occurrences > 0) & ~np.eye(len(i.occurrences), dtype=bool)]
    values = np.concatenate([together[together > 0], M[M > formulas.ORTHOGONAL]])
    return float(min(values.min(initial=1.0), i.occurrences.diagonal().min()) - 0.01)


UNIT_ATOMS = Hypothesis(
    "atoms have unit norm", lambda i: -np.abs(np.linalg.norm(i.star, axis=0) - 1).max()
)
TWO_ACTIVE = Hypothesis(
    "at most two atoms are active", lambda i: 2.0 - i.supports.sum(axis=1).max()
)
SYMMETRIC = Hypothesis(
    "the law of the code is unchanged when one entry changes sign",
    lambda i: -abs(i.positive - 0.5),
)
ONE_LAW = Hypothesis(
    "E|x_g| and E x_g^2 are the same for all atoms",
    lambda i: -max(np.ptp(i.moduli.mean(axis=0)), np.ptp((i.moduli**2).mean(axis=0))),
)
EXACT_SUPPORTS = Hypothesis(
    "supports are exact at A*, and no |z_g| is lam", lambda i: _support_margin(i) - 1e-9
)
EXACT_SIGNS = Hypothesis("sign z_g = sign x_g at A*", _sign_margin)
WEAKLY_COHERENT = Hypothesis(
    "|<a*_g, a*_h>| <= 1/3 for atoms that occur together", lambda i: 1 / 3 - i.largest_product
)
WITH_MARGIN = Hypothesis(
    "supports and signs are exact at A* with a margin of 1/20",
    lambda i: min(_support_margin(i), _sign_margin(i)) - 0.05,
)
AT_DEBIASING = Hypothesis("lam = (2/3) E x^2 / E|x|", lambda i: -abs(i.lam - 2 / 3 * i.m2 / i.m1))
CLEAR_OF_TWINS = Hypothesis(
    "every atom occurs; probabilities and inner products are 0 or above 1/100", _clear_margin
)
