"""What R9 and R13 guarantee of gradient descent on samples at hand, group by group."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .... import groups
from ....arrays import Array, BoolArray
from .formulas import largest_step, sample_rate, tangent_matrix
from .formulas_noise import noisy_late_rate, noisy_rate, noisy_spread

NOISE_FREE = 1e-12  # eigenvalues of H_g below this times the largest are rounding


@dataclass(frozen=True)
class GroupSamples:
    """The samples of one group, the span that gradient descent goes to, and bounds on the way.

    Attributes
    ----------
    target : ndarray (n_features, d)
        V_g, orthonormal: the d leading eigenvectors of H_g = (1/N) sum y y^T. Where the samples
        span fewer than d dimensions they are completed by the directions of A_g nearest to them.
    eigenvalues : ndarray (n_features,)
        Of H_g, in decreasing order.
    shortest, longest : float
        Smallest ||V_g^T y||, largest ||y||.
    size : float
        tan of the largest angle of A_g and V_g (R9), or F of R13.
    lam, step_size : float

    Examples
    --------
    >>> A_g = np.array([[0.8], [0.6]])
    >>> one = group_samples(A_g, np.array([[2.0, 0.0]]), 1, 0.5, 0.1)
    >>> one.theorem, one.spans, round(one.tangent, 3), round(one.rate(one.size), 3)
    ('R9', True, 0.75, 0.762)
    """

    target: Array
    eigenvalues: Array
    shortest: float
    longest: float
    size: float
    lam: float
    step_size: float

    @property
    def d(self) -> int:
        """Atoms of the group."""
        return self.target.shape[1]

    @property
    def rest(self) -> float:
        """l_(d + 1), the largest eigenvalue of H_g outside V_g; 0 where it is rounding."""
        if self.d == len(self.eigenvalues):
            return 0.0
        value = float(self.eigenvalues[self.d])
        return value if value > NOISE_FREE * self.eigenvalues[0] else 0.0

    @property
    def low(self) -> float:
        """l_d, the smallest eigenvalue within V_g; 0 where it is rounding."""
        value = float(self.eigenvalues[self.d - 1])
        return value if value > NOISE_FREE * self.eigenvalues[0] else 0.0

    @property
    def gap(self) -> float:
        """l_d - l_(d + 1)."""
        return self.low - self.rest

    @property
    def theorem(self) -> str:
        """R9 for samples of rank d at most, R13 otherwise."""
        return "R13" if self.rest else "R9"

    @property
    def spans(self) -> bool:
        """Whether every direction of V_g has samples, more than any outside it."""
        return self.gap > NOISE_FREE * float(self.eigenvalues[0])

    @property
    def tau_max(self) -> float:
        """1 - lam / max ||y||: no shrinkage factor is larger."""
        return max(1 - self.lam / self.longest, 0.0) if self.longest else 0.0

    @property
    def tangent(self) -> float:
        """Bound on the tangent of the largest angle of A_g and V_g, now and later."""
        return self._tangent(self.size)

    def _tangent(self, size: float) -> float:
        if not self.rest:
            return size
        return size / math.sqrt(self.gap) if self.spans else math.inf

    def rate(self, size: float) -> float:
        """Guaranteed factor of ``size`` in a step; inf where there is none."""
        high = float(self.eigenvalues[0])
        if self.rest:
            sizes = self.gap, self.rest, high
            return noisy_rate(*sizes, self.tau_max, self.step_size, size)
        theta = math.atan(size)
        tau_min = max(1 - self.lam / max(math.cos(theta) * self.shortest, 1e-300), 0.0)
        ends = tau_min, self.tau_max
        return sample_rate(self.low, high, *ends, self.step_size, math.sin(theta))

    @property
    def late_rate(self) -> float:
        """Guaranteed factor of the tangents as they go to zero, in the mean over many steps."""
        known = min(self.rate(0.0), 1.0)
        if self.step_size * float(self.eigenvalues[0]) * self.tau_max**2 >= 1:
            return known
        return min(known, noisy_late_rate(self.low, self.rest, self.step_size))

    def after(self, n_steps: int) -> float:
        """Bound on the tangent of the largest angle after ``n_steps``."""
        size = self.size
        for _ in range(n_steps):
            size *= min(self.rate(size), 1.0)
        return self._tangent(size)

    @property
    def step_limit(self) -> float:
        """Steps below it let no angle grow."""
        high = float(self.eigenvalues[0])
        if not self.rest:
            return largest_step(high, self.tau_max)
        largest = noisy_spread(self.gap, self.rest, high, self.size) * self.tau_max**2
        return 1 / largest if largest else math.inf


def group_samples(
    A_g: Array, Y: Array, n_samples: int, lam: float, step_size: float
) -> GroupSamples:
    """Samples Y of one group (N_g, n_features), of n_samples in all, and where A_g goes on them.

    >>> A_g = np.eye(3)[:, :2]
    >>> group_samples(A_g, np.array([[3.0, 0.0, 0.0]]), 1, 1.0, 0.1).spans
    False
    """
    n, d = A_g.shape
    singular, Vt = np.linalg.svd(Y, full_matrices=len(Y) < n)[1:]
    eigenvalues = np.zeros(n)
    eigenvalues[: len(singular)] = singular**2 / n_samples
    rank = int((eigenvalues > NOISE_FREE * eigenvalues[0]).sum())
    V = Vt[:d].T
    if rank < d:
        known = Vt[:rank].T
        outside = A_g - known @ (known.T @ A_g)
        V = np.hstack([known, np.linalg.svd(outside)[0][:, : d - rank]])
    inside = np.linalg.norm(Y @ V, axis=1).min(initial=np.inf)
    longest = np.linalg.norm(Y, axis=1).max(initial=0)
    found = GroupSamples(V, eigenvalues, float(inside), float(longest), 0.0, lam, step_size)
    size = _size(A_g, Vt, found)
    return GroupSamples(V, eigenvalues, found.shortest, found.longest, size, lam, step_size)


def _size(A_g: Array, Vt: Array, found: GroupSamples) -> float:
    """tan of the largest angle of A_g and V_g, or F of R13; inf at 90 degrees."""
    d = found.d
    if np.linalg.svd(found.target.T @ A_g, compute_uv=False).min() < NOISE_FREE:
        return math.inf
    if not found.rest:
        return float(np.linalg.norm(tangent_matrix(A_g, found.target), ord=2))
    if not found.spans:
        return math.inf
    T = np.linalg.solve((Vt[:d] @ A_g).T, (Vt[d:] @ A_g).T).T
    weights = found.eigenvalues[:d] - found.eigenvalues[d:, None]
    return float(np.sqrt(np.sum(T**2 * weights)))


@dataclass(frozen=True)
class SamplesCertificate:
    """What is guaranteed of a run of gradient descent on samples, by :func:`certify_samples`.

    Attributes
    ----------
    certified : bool
        Whether the active group of every sample provably stays what it is at A, for ever.
    reasons : tuple of str
        Why not; empty where it is certified.
    n_samples : ndarray of int (n_groups,)
        Samples at which the group is active.
    spans : ndarray of bool (n_groups,)
        Whether the samples of the group determine a span of d dimensions.
    theorems : tuple of str
        For every group: "R9" where its samples have rank d at most, "R13" otherwise.
    targets : ndarray (n_features, n_atoms)
        Orthonormal bases of the spans that A goes to, ``GroupSamples.target``.
    tangents : ndarray (n_groups,)
        Bound on the tangent of the largest angle of A_g and its target, at the start.
    rates, late_rates : ndarray (n_groups,)
        Guaranteed factor of that bound in the first step, and in the end, the latter in the mean
        over many steps. 1 where the samples do not span, nan where nothing is certified.
    guaranteed : ndarray (n_groups,)
        Bound on the tangents after ``n_steps``; nan where nothing is certified.
    measured : ndarray (n_groups,)
        Tangents after ``n_steps`` of a run.
    n_steps : int

    Examples
    --------
    >>> import gsae_ref as gs
    >>> A = np.array([[0.8, -0.6], [0.6, 0.8]])
    >>> found = gs.certify_samples(A, [[5.0, 0.0], [0.0, 5.0]], 3.2, 1, step_size=0.05, n_steps=99)
    >>> found.certified, found.spans, found.rates.round(2), bool(found.guaranteed.max() < 1e-6)
    (True, array([ True,  True]), array([0.63, 0.63]), True)
    """

    certified: bool
    reasons: tuple[str, ...]
    n_samples: Array
    spans: BoolArray
    theorems: tuple[str, ...]
    targets: Array
    tangents: Array
    rates: Array
    late_rates: Array
    guaranteed: Array
    measured: Array
    n_steps: int

    def __str__(self) -> str:
        """Say what is certified, and the guaranteed beside the measured angles."""
        moving = int(self.spans.sum())
        lines = [f"{moving} of {len(self.spans)} groups have samples that determine their span."]
        if not self.certified:
            lines += ["Nothing is certified:", *(f"- {reason}" for reason in self.reasons)]
            return "\n".join(lines)
        lines.append("Certified: the active group of every sample stays the same at every step.")
        lines.append(
            f"group  samples  theorem  rate   late   tan(angle) after {self.n_steps} steps"
        )
        rows = zip(
            self.n_samples,
            self.theorems,
            self.rates,
            self.late_rates,
            self.guaranteed,
            self.measured,
            strict=True,
        )
        for g, (N, theorem, rate, late, bound, measured) in enumerate(rows):
            lines.append(
                f"{g:5d}  {N:7d}  {theorem:7s}  {rate:.3f}  {late:.3f}  "
                f"<= {bound:.3g}, measured {measured:.3g}"
            )
        return "\n".join(lines)


def support_reasons(
    A: Array, Y: Array, lam: float, found: list[GroupSamples], own: Array
) -> list[str]:
    """Why the supports could change along the run: what R9's condition finds, sample by sample.

    With c and s the cosine and sine of the largest angle bound of A_v and V_v, ||A_v^T y|| lies
    between c ||V_v^T y|| - s ||y'|| and ||V_v^T y|| + s ||y'||, y' the part of y outside V_v.

    >>> A = np.eye(2)
    >>> Y = np.array([[2.0, 0.0], [0.0, 2.0]])
    >>> found = [group_samples(A[:, [g]], Y[[g]], 2, 1.0, 0.1) for g in range(2)]
    >>> support_reasons(A, Y, 1.0, found, np.array([0, 1]))
    []
    """
    inside = np.array([np.linalg.norm(Y @ group.target, axis=1) for group in found]).T
    total = np.linalg.norm(Y, axis=1)
    outside = np.sqrt(np.maximum(total[:, None] ** 2 - inside**2, 0))
    theta = np.arctan([group.tangent for group in found])
    lowest = np.cos(theta) * inside - np.sin(theta) * outside
    highest = inside + np.sin(theta) * outside
    is_own = own[:, None] == np.arange(len(found))
    reasons = []
    lost = int((lowest[is_own] <= lam).sum())
    false = int((highest[~is_own] > lam).sum())
    if lost:
        reasons.append(f"the active group of {lost} samples may become inactive: lam is too large")
    if false:
        reasons.append(f"{false} inactive groups may become active at a sample: lam is too small")
    return reasons


def _reasons(found: list[GroupSamples], step_size: float) -> list[str]:
    """Why angles could grow."""
    reasons = []
    tied = [g for g, group in enumerate(found) if group.rest and not group.spans]
    across = [g for g, group in enumerate(found) if math.isinf(group.size) and g not in tied]
    limits = [group.step_limit for g, group in enumerate(found) if g not in tied + across]
    limit = min(limits, default=math.inf)
    if step_size >= limit:
        share = step_size / limit
        reasons.append(f"step_size is {share:.3g} times the limit: it must be below it")
    if tied:
        reasons.append(f"groups {tied} have no d leading directions: l_d = l_(d + 1)")
    if across:
        reasons.append(
            f"groups {across} of A have an angle of 90 degrees to the span of the target"
        )
    return reasons


def certificate(
    A: Array, Y: Array, lam: float, d: int, step_size: float, n_steps: int
) -> SamplesCertificate:
    """Return what R9 and R13 guarantee; ``measured`` is left at nan.

    >>> found = certificate(np.eye(2), np.array([[1.0, 1.0]]), 0.5, 1, 0.1, 10)
    >>> found.certified, found.reasons
    (False, ('1 sample has not exactly one active group',))
    """
    blocks = groups.blocks(A, d)
    r = groups.norms(Y @ A, d)
    active = (r > lam) | (lam == 0)  # without a threshold the encoder is linear
    wrong = int((active.sum(axis=1) != 1).sum())
    own = np.where(active.sum(axis=1) == 1, active.argmax(axis=1), -1)
    found = [group_samples(B, Y[own == g], len(Y), lam, step_size) for g, B in enumerate(blocks)]
    reasons = _reasons(found, step_size)
    if wrong:
        have = "have" if wrong > 1 else "has"
        reasons.insert(0, f"{wrong} sample{'s' * (wrong > 1)} {have} not exactly one active group")
    else:
        reasons += support_reasons(A, Y, lam, found, own)
    fine = not reasons
    count = np.array([(own == g).sum() for g in range(len(found))])
    rates = [min(group.rate(group.size), 1.0) if fine else math.nan for group in found]
    return SamplesCertificate(
        fine,
        tuple(reasons),
        count,
        np.array([group.spans for group in found]),
        tuple(group.theorem for group in found),
        groups.unblock(np.array([group.target for group in found])),
        np.array([group.tangent for group in found]),
        np.array(rates),
        np.array([group.late_rate if fine else math.nan for group in found]),
        np.array([group.after(n_steps) if fine else math.nan for group in found]),
        np.full(len(found), math.nan),
        n_steps,
    )
