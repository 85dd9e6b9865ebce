"""What R9 and R13 speak of, and what they assume: samples of one active group each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .... import groups
from ....arrays import Array, BoolArray
from ....claims.hypothesis import Hypothesis
from ..convergence.formulas import support_persists
from ..model.formulas import orthonormality_defect
from . import formulas, formulas_noise

SMALL = 1e-5  # tangents that count as near 0


@dataclass(frozen=True)
class Samples:
    """N samples y_i = A*_g x_i + noise, g = own[i], a dictionary A, and a step from it.

    Attributes
    ----------
    A, A_star : ndarray (n_features, n_atoms)
    codes : ndarray (N, group_size)
    own : ndarray of int (N,)
        The group of every sample.
    noise : ndarray (N, n_features)
    lam, step_size : float

    Examples
    --------
    >>> x = np.array([[2.0], [3.0]])
    >>> i = Samples(np.eye(2), np.eye(2), x, np.array([0, 1]), np.zeros((2, 2)), 1.0, 0.5, 1)
    >>> i.moments.ravel().tolist(), i.tau.tolist(), float(i.tangents(i.after).max())
    ([2.0, 4.5], [0.5, 0.6666666666666667], 0.0)
    """

    A: Array
    A_star: Array
    codes: Array
    own: NDArray[np.int_]
    noise: Array = field(repr=False)
    lam: float
    step_size: float
    group_size: int

    @cached_property
    def star(self) -> Array:
        """Groups of A*: (n_groups, n_features, d)."""
        return groups.blocks(self.A_star, self.group_size)

    @cached_property
    def Y(self) -> Array:
        """The samples (N, n_features)."""
        return np.einsum("ind,id->in", self.star[self.own], self.codes) + self.noise

    @cached_property
    def r(self) -> Array:
        """||A_g^T y_i||: (N, n_groups)."""
        return groups.norms(self.Y @ self.A, self.group_size)

    @cached_property
    def is_own(self) -> BoolArray:
        """Whether sample i is of group g: (N, n_groups)."""
        return self.own[:, None] == np.arange(len(self.star))

    @cached_property
    def tau(self) -> Array:
        """1 - lam / r of every sample's own group: (N,)."""
        return 1 - self.lam / self.r[self.is_own]

    @cached_property
    def moments(self) -> Array:
        """S_g = (1/N) sum of x x^T over the samples of the group: (n_groups, d, d)."""
        weighted = self.is_own / len(self.Y)
        return np.einsum("ig,ij,ik->gjk", weighted, self.codes, self.codes)

    @cached_property
    def eigenvalues(self) -> Array:
        """Eigenvalues of S_g in increasing order: (n_groups, d)."""
        return np.linalg.eigvalsh(self.moments)

    @cached_property
    def data_moments(self) -> Array:
        """H_g = (1/N) sum of y y^T over the samples of the group: (n_groups, n, n)."""
        return np.einsum("ig,ij,ik->gjk", self.is_own / len(self.Y), self.Y, self.Y)

    def gradient(self, A: Array) -> Array:
        """Exact gradient of the loss of all samples, whatever groups are active."""
        Z = groups.split(self.Y @ A, self.group_size)
        r = np.linalg.norm(Z, axis=-1, keepdims=True)
        active = r > self.lam
        ratio = self.lam / np.where(active, r, 1.0)
        phi = groups.merge(np.where(active, (1 - ratio) * Z, 0.0))
        E = self.Y - phi @ A.T
        back = groups.split(E @ A, self.group_size)
        unit = Z / np.where(active, r, 1.0)
        along = unit * np.sum(unit * back, axis=-1, keepdims=True)
        J_back = groups.merge(np.where(active, (1 - ratio) * back + ratio * along, 0.0))
        return -(E.T @ phi + self.Y.T @ J_back) / len(self.Y)

    @cached_property
    def after(self) -> Array:
        """A after a step of gradient descent and a polar retraction."""
        return groups.polar(self.A - self.step_size * self.gradient(self.A), self.group_size)

    def tangent_matrices(self, A: Array) -> list[Array]:
        """Of every group of A, with respect to A*."""
        blocks = groups.blocks(A, self.group_size)
        return [formulas.tangent_matrix(B, S) for B, S in zip(blocks, self.star, strict=True)]

    def tangents(self, A: Array) -> Array:
        """Tangents of the principal angles, in decreasing order: (n_groups, d)."""
        found = [np.linalg.svd(T, compute_uv=False) for T in self.tangent_matrices(A)]
        return np.array(found)

    @cached_property
    def rates(self) -> Array:
        """R9's bound q of every group."""
        sines = np.sin(np.arctan(self.tangents(self.A)[:, 0]))
        found = []
        for g, sine in enumerate(sines):
            tau = self.tau[self.own == g]
            low, high = self.eigenvalues[g, [0, -1]]
            ends = tau.min(initial=1), tau.max(initial=0)
            found.append(formulas.sample_rate(max(low, 0.0), high, *ends, self.step_size, sine))
        return np.array(found)

    @cached_property
    def late_matrices(self) -> Array:
        """M of T+ = T M at tangents near 0, by steps of the network: (n_groups, d, d).

        A_g is A*_g turned out of the span of its group by 1e-5, once for every row of M.
        """
        d = self.group_size
        found = []
        for g, star in enumerate(self.star):
            outside = np.linalg.svd(star)[0][:, d]
            own = slice(g * d, (g + 1) * d)
            rows = []
            for direction in np.eye(d):
                A = self.A_star.copy()
                A[:, own] = groups.polar(star + SMALL * np.outer(outside, direction), d)
                after = replace(self, A=A).after[:, own]
                rows.append(outside @ formulas.tangent_matrix(after, star) / SMALL)
            found.append(rows)
        return np.array(found)

    @cached_property
    def components(self) -> tuple[Array, Array]:
        """Eigenvalues of H_g in decreasing order, (n_groups, n), and eigenvectors in columns."""
        values, vectors = np.linalg.eigh(self.data_moments)
        return np.maximum(values[:, ::-1], 0), vectors[:, :, ::-1]

    def weighted_sizes(self, A: Array) -> Array:
        """F of R13 of every group, inf at 90 degrees: (n_groups,)."""
        d = self.group_size
        values, vectors = self.components
        parts = np.swapaxes(vectors, 1, 2) @ groups.blocks(A, d)
        found = []
        for part, value in zip(parts, values, strict=True):
            if np.linalg.svd(part[:d], compute_uv=False).min() < 1e-9:
                found.append(np.inf)
                continue
            T = np.linalg.solve(part[:d].T, part[d:].T).T
            found.append(np.sqrt(np.sum(T**2 * (value[:d] - value[d:, None]))))
        return np.array(found)

    @cached_property
    def noisy_rates(self) -> Array:
        """R13's bound on F+ / F of every group, inf where nothing is proved: (n_groups,)."""
        d = self.group_size
        found = []
        sizes = self.weighted_sizes(self.A)
        for g, value in enumerate(self.components[0]):
            longest = np.linalg.norm(self.Y[self.own == g], axis=1).max(initial=0)
            tau_max = max(1 - self.lam / longest, 0.0) if longest else 0.0
            rest = value[d:].max(initial=0)
            ends = float(value[d - 1] - rest), float(rest), float(value[0])
            rate = formulas_noise.noisy_rate(*ends, tau_max, self.step_size, float(sizes[g]))
            found.append(rate)
        return np.array(found)

    @cached_property
    def at_eigenvectors(self) -> Samples:
        """The same with the leading eigenvectors of H_g in the place of A_g."""
        return replace(self, A=groups.unblock(self.components[1][:, :, : self.group_size]))

    def support_margin(self, A: Array) -> float:
        """Margin of R2's support condition at A, from the norms of the codes at hand."""
        overlap = np.swapaxes(self.star, 1, 2)[:, None] @ self.star[None]
        norms = groups.spectral_norm(overlap)
        np.fill_diagonal(norms, 0)
        B = groups.blocks(A, self.group_size)
        outside = groups.spectral_norm(B - self.star @ (np.swapaxes(self.star, 1, 2) @ B))
        theta = float(np.arctan2(outside, _cosines(self.star, B)).max())
        r = np.linalg.norm(self.codes, axis=1)
        return support_persists(self.lam, r.min(), r.max(), float(norms.max()), theta)


def _frame_margin(i: Samples) -> float:
    return -max(orthonormality_defect(A, i.group_size).max() for A in (i.A, i.A_star))


def _exact_margin(i: Samples) -> float:
    off = i.r[~i.is_own].max(initial=-np.inf)
    return float(min(i.lam - off, i.r[i.is_own].min() - i.lam)) - 1e-9


def _cosines(star: Array, B: Array) -> Array:
    """Cosine of the largest angle of every group, (n_groups,)."""
    smallest: Array = np.linalg.svd(np.swapaxes(star, 1, 2) @ B, compute_uv=False).min(axis=1)
    return smallest


def _step_margin(i: Samples) -> float:
    limits = []
    for g, high in enumerate(i.eigenvalues[:, -1]):
        limits.append(formulas.largest_step(float(high), i.tau[i.own == g].max(initial=0)))
    return min(limits) * (1 - 1e-9) - i.step_size


def _step_margin_always(i: Samples) -> float:
    limit = formulas.largest_step(float(i.eigenvalues.max()), _largest_tau(i))
    return limit * (1 - 1e-9) - i.step_size


def _largest_tau(i: Samples) -> float:
    """1 - lam / B_max."""
    return max(1 - i.lam / float(np.linalg.norm(i.codes, axis=1).max()), 0.0)


FRAMES = Hypothesis("A_g^T A_g = A*_g^T A*_g = I for every group", _frame_margin)
NOISELESS = Hypothesis("y_i = A*_g x_i", lambda i: -np.abs(i.noise).max())
OWN_GROUP_ACTIVE = Hypothesis(
    "at every sample exactly its own group is active, and no ||A_g^T y|| is lam", _exact_margin
)
BELOW_90 = Hypothesis(
    "every principal angle of A_g and A*_g is below 90 degrees",
    lambda i: float(_cosines(i.star, groups.blocks(i.A, i.group_size)).min()) - 1e-6,
)
SPANNED = Hypothesis(
    "the samples of every group span: l_g > 0", lambda i: float(i.eigenvalues[:, 0].min()) - 1e-6
)
STEP_BELOW = Hypothesis("0 < eta < 2 / (L_g tau_max^4) for every group", _step_margin)
STEP_BELOW_ALWAYS = Hypothesis(
    "0 < eta < 2 / (L_g (1 - lam/B_max)^4) for every group", _step_margin_always
)
ACTIVE_AT_THE_TRUTH = Hypothesis(
    "at A* exactly its own group is active at every sample",
    lambda i: _exact_margin(replace(i, A=i.A_star)),
)
SUPPORTS_PERSIST = Hypothesis(
    "B_max (max ||A*_v^T A*_g||_2 + sin theta_max) <= lam < B_min cos theta_max",
    lambda i: i.support_margin(i.A) - 1e-9,
)
SMALL_STEP = Hypothesis(
    "eta L_g tau_max^2 < 1 for every group, tau_max = 1 - lam / max ||x||", lambda i: _small_step(i)
)


NOISY_STEP = Hypothesis(
    "gap = l_d - l_(d+1) > 0 and 2 (1 - x) + eta gap > 0 for every group",
    lambda i: 1.0 if i.noisy_rates.max() < np.inf else -1.0,
)


EIGENVECTORS_ACTIVE = Hypothesis(
    "exactly its own group is active at every sample if A_g are the leading eigenvectors of H_g",
    lambda i: _exact_margin(i.at_eigenvectors),
)


def _small_step(i: Samples) -> float:
    return 1 - 1e-9 - i.step_size * float(i.eigenvalues.max()) * _largest_tau(i) ** 2
