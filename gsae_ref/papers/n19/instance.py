"""N19's instances, and hypotheses on them.

Margins as in :mod:`gsae_ref.papers.t21.instance`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ...arrays import Array, BoolArray
from ...claims.hypothesis import ABSENT, Hypothesis
from .consistency import formulas as consistency
from .mixture import formulas as mixture
from .nonnegative import formulas as nonnegative
from .sparse_codes import formulas as sparse_codes


@dataclass(frozen=True)
class SparseInstance:
    """Matrices and constants in N19's notation, with a finite law of codes.

    Statements read what they need.

    Attributes
    ----------
    W, A_star : ndarray (n_features, n_atoms)
        The autoencoder and the dictionary A that generates the data.
    codes : ndarray (n_codes, n_atoms)
        Every value of x*; its non-zero entries are the support S.
    weights : ndarray (n_codes,)
        Their probabilities.
    bias : ndarray (n_atoms,)
    n_active : int
        k, the largest support.
    delta, a_1, a_2, kappa_1, kappa_2, sigma, step_size, tau : float
    eta : ndarray (n_features,), optional
        One draw of the noise.
    gamma : ndarray (n_features, n_atoms), optional
        What is left of the expected update after (9).
    W_tilde : ndarray (n_features, n_atoms), optional
        An update before normalisation.

    Examples
    --------
    >>> half = np.array([0.5, 0.5])
    >>> i = SparseInstance(np.eye(2), np.eye(2), np.eye(2), half, bias=np.zeros(2), n_active=1)
    >>> i.W.shape, i.codes.shape
    ((2, 2), (2, 2))
    """

    W: Array
    A_star: Array
    codes: Array
    weights: Array
    bias: Array
    n_active: int
    delta: float = 0.0
    a_1: float = 1.0
    a_2: float = 1.0
    kappa_1: float = 1.0
    kappa_2: float = 1.0
    sigma: float = 0.0
    step_size: float = 0.0
    tau: float = 0.0
    eta: Array = field(default=ABSENT, repr=False)
    gamma: Array = field(default=ABSENT, repr=False)
    W_tilde: Array = field(default=ABSENT, repr=False)

    @property
    def n_features(self) -> int:
        """Dimension n of the data."""
        return self.W.shape[0]

    @property
    def n_atoms(self) -> int:
        """Number m of atoms."""
        return self.W.shape[1]

    @cached_property
    def errors(self) -> Array:
        """||W_i - A_i||."""
        return np.linalg.norm(self.W - self.A_star, axis=0)

    @cached_property
    def coherence(self) -> float:
        """mu/sqrt(n) = max |<A_i, A_j>|, i != j."""
        off = ~np.eye(self.n_atoms, dtype=bool)
        return float(np.abs(self.A_star.T @ self.A_star)[off].max())

    @cached_property
    def active(self) -> BoolArray:
        """Supports: (n_codes, n_atoms)."""
        return self.codes != 0

    @cached_property
    def supports(self) -> tuple[BoolArray, Array, Array]:
        """The supports of the law, their probabilities, and (E[x | S], E[x x^T | S]) as matrices.

        The last is (n_supports, n_atoms + 1, n_atoms): the mean is its last row.
        """
        numbers = self.active @ 2.0 ** np.arange(self.n_atoms)
        order = np.argsort(numbers, kind="stable")
        first = np.flatnonzero(np.diff(numbers[order], prepend=-1.0))
        weights = self.weights[order]
        codes = self.codes[order]
        chances = np.add.reduceat(weights, first)
        beside = np.pad(codes, ((0, 0), (0, 1)), constant_values=1.0)
        moments = np.add.reduceat((weights[:, None] * beside)[:, :, None] * codes[:, None], first)
        return self.active[order[first]], chances, moments / chances[:, None, None]

    @cached_property
    def p(self) -> Array:
        """P[i in S]."""
        return self.weights @ self.active

    @cached_property
    def p2(self) -> Array:
        """P[i, j in S]; the diagonal is p."""
        mask = self.active.astype(float)
        return mask.T @ (self.weights[:, None] * mask)

    @cached_property
    def p3(self) -> Array:
        """P[i, j, l in S], coincident indices counted once."""
        mask = self.active.astype(float)
        return np.einsum("k,ki,kj,kl->ijl", self.weights, mask, mask, mask)

    @cached_property
    def samples(self) -> tuple[Array, BoolArray, Array]:
        """Weighted samples (Y, active, weights): all codes, with noise where sigma > 0.

        Noise of covariance sigma^2 I takes the values +-sigma sqrt(n) e_j.
        """
        clean = self.codes @ self.A_star.T
        if self.sigma == 0:
            return clean, self.active, self.weights
        n = self.n_features
        shifts = self.sigma * np.sqrt(n) * np.vstack([np.eye(n), -np.eye(n)])
        Y = (clean[:, None] + shifts).reshape(-1, n)
        return Y, np.repeat(self.active, 2 * n, axis=0), np.repeat(self.weights, 2 * n) / (2 * n)

    @cached_property
    def updates(self) -> tuple[Array, Array]:
        """The expected update (5) and the one of the bias, by enumeration of the samples."""
        return mixture.enumerated_update(self.W, self.bias, *self.samples)

    @cached_property
    def descent(self) -> sparse_codes.DescentConstants:
        """Constants of the repaired Theorem 4."""
        return sparse_codes.descent_constants(
            self.W, self.A_star, self.n_active, self.kappa_1, self.kappa_2, self.delta
        )

    @property
    def G(self) -> Array:
        """The expected update (5)."""
        return self.updates[0]

    @cached_property
    def Z(self) -> Array:
        """Pre-activations W^T (A x* + eta) + b of every code."""
        return (
            self.codes @ self.A_star.T + (0 if self.eta is ABSENT else self.eta)
        ) @ self.W + self.bias

    @cached_property
    def noise(self) -> float:
        """N = max_i |<W_i, eta>|."""
        return 0.0 if self.eta is ABSENT else float(np.abs(self.eta @ self.W).max())


def law_in_the_model(i: SparseInstance) -> tuple[dict[str, int], dict[str, Any]]:
    """Sizes and quantities of the model "n19", for what sentences on a law of codes read.

    Values are kappa_1 + spread or kappa_1 - spread with equal chances, supports alike.

    >>> half = np.array([0.5, 0.5])
    >>> i = SparseInstance(np.eye(2), np.eye(2), np.eye(2), half, bias=np.zeros(2), n_active=1)
    >>> sizes, values = law_in_the_model(i)
    >>> sizes, [float(p[0, 0, 0]) for p in values["p1"]], values["G"][1].shape
    ({'n': 2, 'm': 2, 'k': 1}, [0.5, 0.5], (1, 2, 1))
    """
    Y, active, _ = i.samples
    Z = active * (Y @ i.W + i.bias)
    back = active * ((Y - Z @ i.W.T) @ i.W)
    law = i.p2, i.p3, i.bias, i.kappa_1, i.kappa_2
    k = i.n_active
    n_supports = math.comb(i.n_atoms, k)
    numbers = {
        "delta": i.delta,
        "zeta": i.step_size,
        "kappa_1": i.kappa_1,
        "spread": math.sqrt(max(i.kappa_2 - i.kappa_1**2, 0.0)),
        "U": np.abs(Z).max(),
        "V": np.abs(back).max(),
        "bias": i.bias,
        "p1": i.p,
        "p2": i.p2,
        "p3": i.p3,
        "p": [1.0, i.p[0], i.p2[0, -1], i.p3[0, 1, -1] if k > 2 else 0.0],
        "law": np.full(n_supports, 1 / n_supports),
        "chance": np.full(2**k, 2.0**-k),
        "alpha": nonnegative.alpha(i.W, i.A_star, *law),
        "beta": nonnegative.beta(i.W, i.A_star, *law),
    }
    centred = sparse_codes.centred_update(i.W, i.A_star, i.p2, i.p3)
    columns = {"A": i.A_star, "W": i.W, "G": centred, "G_codes": i.G}
    values: dict[str, Any] = {name: _nested(value) for name, value in numbers.items()}
    values |= {name: list(M.T[:, None, :, None]) for name, M in columns.items()}
    return {"n": i.n_features, "m": i.n_atoms, "k": k}, values


def _nested(value: Any) -> Any:
    """Numbers as a batch of one, in lists of lists."""
    return [_nested(each) for each in value] if np.ndim(value) else np.full((1, 1, 1), value)


def _inside(i: SparseInstance) -> float:
    """How far every bias is inside the corrected interval of Theorem 3 (ii)."""
    low, high = consistency.relu_interval(i.delta, i.n_active, i.a_1, i.a_2, i.coherence, i.noise)
    return float(min(i.bias.min() - low, high - i.bias.max()))


UNIT = Hypothesis("||W_i|| = 1 for every column")
UNIT_STAR = Hypothesis("||A_i|| = 1 for every column")
CLOSE = Hypothesis(
    "||W_i - A_i|| <= delta for every column (Definition 2)", lambda i: i.delta - i.errors.max()
)
NEAR = Hypothesis("||W - A|| <= 2 ||A|| (Definition 2)")
SIZE = Hypothesis("card(S) <= k (A1)")
ONE_ACTIVE = Hypothesis("k = 1 and x* = e_i (mixture of Gaussians)")
CODES_BOUNDED = Hypothesis("a_1 <= |x*_i| <= a_2 on S (A3)")
NONNEGATIVE = Hypothesis("x* >= 0 (non-negative sparse coding)")
CENTRED = Hypothesis("kappa_1 = 0, kappa_2 = 1 (sparse coding)")


def _uncorrelated(i: SparseInstance) -> float:
    """Minus the largest distance of E[x | S] and E[x x^T | S] from those of A2."""
    supports, _, moments = i.supports
    S = supports.astype(float)
    variances = (i.kappa_2 - i.kappa_1**2) * S[:, :, None] * np.eye(i.n_atoms)
    second = i.kappa_1**2 * S[:, :, None] * S[:, None] + variances
    first = np.abs(moments[:, -1] - i.kappa_1 * S).max()
    return -max(float(first), float(np.abs(moments[:, :-1] - second).max()))


def _uniform(i: SparseInstance) -> float:
    """Minus the largest distance of P(S) from that of uniform supports of size k."""
    supports, chances, _ = i.supports
    if (supports.sum(axis=1) != i.n_active).any():
        return -1.0
    equal = 1 / math.comb(i.n_atoms, i.n_active)
    return -max(float(np.abs(chances - equal).max()), float(abs(len(chances) * equal - 1)))


def _fair_signs(i: SparseInstance) -> float:
    """Minus the largest distance of a code's probability from P(S)/2^card(S), codes +-1."""
    codes, which = np.unique(i.codes, axis=0, return_inverse=True)
    chances = np.bincount(which.ravel(), weights=i.weights)
    S, of_code = np.unique(codes != 0, axis=0, return_inverse=True)
    shares = np.bincount(of_code.ravel(), weights=chances) / 2.0 ** S.sum(axis=1)
    off = np.abs(chances - shares[of_code.ravel()]).max()
    return -max(float(off), float(np.abs(i.codes[i.active] ** 2 - 1).max()))


A2 = Hypothesis(
    "given S, entries on S are uncorrelated, of mean kappa_1 and second moment kappa_2 (A2)",
    _uncorrelated,
)
UNIFORM = Hypothesis("every support of size k is equally likely", _uniform)
FAIR_SIGNS = Hypothesis(
    "given S, the active codes are independent, +1 or -1 with equal chances", _fair_signs
)
SMOOTH = Hypothesis(
    "no W_i^T y + b_i is at a kink of sigma (ReLU: not 0)",
    lambda i: float(np.abs(i.Z).min()) - 1e-9,
)
BIAS_SHORT = Hypothesis("-1 + delta + N < b_i <= -2 delta - N")
NO_BIAS = Hypothesis("b = 0", lambda i: -float(np.abs(i.bias).max()))
NOISELESS = Hypothesis("sigma_eta = 0", lambda i: -max(i.sigma, i.noise))
WEAK_COHERENCE = Hypothesis("mu <= delta sqrt(n)/k (Theorem 3 (ii), (iii))")
BIAS_PRINTED = Hypothesis("b lies in Theorem 3 (ii)'s interval as printed")
BIAS_CORRECTED = Hypothesis("b lies in the corrected interval of Theorem 3 (ii)", _inside)
BIAS_THEOREM4 = Hypothesis(
    "b lies in the interval [-1 + 2 delta sqrt(k), -delta] of Theorem 4's proof"
)
BIAS_LEMMA1 = Hypothesis("|(b_i + lam_i)^2 - lam_i| <= 2 (1 - lam_i), lam_i > 0 (Lemma 1)")
BIAS_LEMMA4 = Hypothesis(
    "|kappa_2 lam^2 + 2 kappa_1 b lam + b^2 - kappa_2 lam| <= 2 kappa_2 (1 - lam), lam > 0 "
    "(Lemma 4, corrected)"
)
WINDOW = Hypothesis("-lam_i < b_i <= 0, lam_i > 0 (R7)")
STEP = Hypothesis("0 < zeta p_i lam_i <= 1 for every column (R7)")
STEP_BELOW = Hypothesis("0 < zeta <= min_i 1/(p_i lam_i)")
UPDATE_DESCENDS = Hypothesis("||W~_i - A_i||^2 <= (1 - tau) ||W_i - A_i||^2 <= 3/4, 0 < tau < 1")
UPDATE_CLOSE = Hypothesis("||W~_i - A_i|| <= (1 - tau) ||W_i - A_i|| < 1 (Lemma 5)")
