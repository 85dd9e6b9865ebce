"""The setting of [T21] section 3 in exact arithmetic, every assumption as a comparison.

A :class:`Setting` holds groups A_g and A*_g and a finite law of codes. It computes what the
statements speak of (mu_B, Lemma 1's interval, tau_g, the expected gradient) by enumerating all
supports and all codes, and lists the assumptions (15)-(18) and those of Lemma 1 as
:class:`Comparison` values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from itertools import product as tuples
from math import comb
from typing import Any

from ...claims.exact import (
    Comparison,
    Law,
    Matrix,
    Rational,
    add,
    basis,
    column,
    exp_above,
    frobenius_squared,
    identity,
    log_above,
    product,
    root,
    scale,
    spectral_norm,
    spectral_norm_squared,
    subtract,
    transpose,
)

ABSENT: Any = None  # a threshold that no statement asked for


@dataclass(frozen=True)
class CodeLaw:
    """A finite law of one group's code x_g, independent between groups.

    ``atoms`` are (probability, vector) pairs.
    """

    text: str
    atoms: Law

    def probability(self, x: Matrix) -> Fraction:
        """P(x_g = x)."""
        return sum((p for p, atom in self.atoms if atom == x), Fraction(0))


def spikes(size: int, sizes: Mapping[Rational, Rational]) -> CodeLaw:
    """x = +s e_i or -s e_i, index and sign uniform, s with the probabilities ``sizes`` = {s: P(s)}.

    Its covariance is E[s^2]/size times I.
    """
    chance = {s: Fraction(p) / (2 * size) for s, p in sizes.items()}
    atoms = tuple(
        (p, scale(sign * s, basis(size, i)))
        for s, p in chance.items()
        for i in range(1, size + 1)
        for sign in (1, -1)
    )
    listed = ", ".join(f"{s} with probability {p}" for s, p in sizes.items())
    return CodeLaw(f"x_g = +-s e_i, i and sign uniform, s = {listed}", atoms)


def signs(size: int) -> CodeLaw:
    """x uniform on {-1, 1}^size: covariance I and constant norm sqrt(size)."""
    return CodeLaw(
        "x_g uniform on {-1, 1}^d",
        tuple((Fraction(1, 2**size), column(*x)) for x in tuples((1, -1), repeat=size)),
    )


def standard_groups(n_features: int, n_groups: int, size: int) -> tuple[Matrix, ...]:
    """Groups of consecutive columns of the identity: [e_1..e_d], [e_(d+1)..e_2d], ..."""
    return tuple(basis(n_features, 1 + g * size, size) for g in range(n_groups))


def tau(z: Matrix, lam: Fraction, unit_squared: int = 1) -> Fraction:
    """The shrinkage (1 - lam/||z||_2)_+ of (7) and (25); 0 at z = 0.

    ``lam`` is in units of sqrt(unit_squared).
    """
    r_squared = frobenius_squared(z)
    threshold_squared = lam**2 * unit_squared
    return 1 - root(threshold_squared / r_squared) if r_squared > threshold_squared else Fraction(0)


@dataclass(frozen=True)
class Setting:
    """One instance of the model.

    Norm bounds and the threshold are in units of sqrt(unit_squared), so that B = sqrt(2) is exact.
    """

    A: tuple[Matrix, ...]
    A_star: tuple[Matrix, ...]
    law: CodeLaw
    n_active: int
    b_min: Fraction
    b_max: Fraction
    delta: Fraction = Fraction(0)
    lam: Fraction = ABSENT
    unit_squared: int = 1

    @property
    def n_features(self) -> int:
        """n."""
        return len(self.A[0])

    @property
    def group_size(self) -> int:
        """d."""
        return len(self.A[0][0])

    @property
    def n_groups(self) -> int:
        """Gamma."""
        return len(self.A)

    @property
    def mu_block(self) -> Fraction:
        """mu_B = max_{g != h} ||A*_g^T A*_h||_2 / d, (3); 0 for a single group."""
        pairs = combinations(self.A_star, 2)
        return (
            max((spectral_norm(product(transpose(G), H)) for G, H in pairs), default=Fraction(0))
            / self.group_size
        )

    @property
    def leak_printed(self) -> Fraction:
        """mu_B + delta, the paper's bound of ||A_v^T A*_h||_2."""
        return self.mu_block + self.delta

    @property
    def leak(self) -> Fraction:
        """d mu_B + delta, the bound of ||A_v^T A*_h||_2 that holds."""
        return self.group_size * self.mu_block + self.delta

    @property
    def interval(self) -> tuple[Fraction, Fraction]:
        """Lemma 1's interval as printed, in units of sqrt(unit_squared)."""
        left = self.n_active * self.b_max * self.leak_printed
        return left, self.b_min * (1 - self.delta) - left

    @property
    def corrected_interval(self) -> tuple[Fraction, Fraction]:
        """[gamma B_max b, B_min (1-delta) - (gamma-1) B_max b), b = d mu_B + delta."""
        step = self.b_max * self.leak
        return self.n_active * step, self.b_min * (1 - self.delta) - (self.n_active - 1) * step

    def inclusion(self, k: int) -> Fraction:
        """P(k given groups are all active), S uniform among the sets of n_active groups.

        This is p_g, p_gh, p_ghv for k = 1, 2, 3.
        """
        if k > self.n_active:
            return Fraction(0)
        return Fraction(
            comb(self.n_groups - k, self.n_active - k), comb(self.n_groups, self.n_active)
        )

    def observe(self, codes: dict[int, Matrix]) -> Matrix:
        """y = sum_{h in S} A*_h x_h, (2), for codes = {h: x_h}, groups counted from 1."""
        return add(*(product(self.A_star[h - 1], x) for h, x in codes.items()))

    def activation(self, g: int, y: Matrix) -> Matrix:
        """A_g^T y, groups counted from 1."""
        return product(transpose(self.A[g - 1]), y)

    def samples(self) -> Iterator[tuple[Fraction, tuple[int, ...], dict[int, Matrix]]]:
        """Yield every (probability, support, codes) of the model."""
        chance = Fraction(1, comb(self.n_groups, self.n_active))
        for support in combinations(range(1, self.n_groups + 1), self.n_active):
            for draw in tuples(self.law.atoms, repeat=self.n_active):
                weight = chance
                for p, _ in draw:
                    weight *= p
                yield weight, support, dict(zip(support, (x for _, x in draw), strict=True))

    def taus(self, g: int) -> set[Fraction]:
        """The set of values of tau_g over all samples with g in S."""
        draws = (self.observe(codes) for _, support, codes in self.samples() if g in support)
        return {tau(self.activation(g, y), self.lam, self.unit_squared) for y in draws}

    def surrogate(self, g: int, y: Matrix, support: tuple[int, ...]) -> Matrix:
        """The approximate gradient (26) at one sample whose support is ``support``."""
        z = {h: self.activation(h, y) for h in support}
        t = {h: tau(z[h], self.lam, self.unit_squared) for h in support}
        residual = subtract(y, add(*(product(self.A[h - 1], scale(t[h], z[h])) for h in support)))
        outer = add(
            product(residual, transpose(z[g])), product(y, transpose(self.activation(g, residual)))
        )
        return scale(-t[g], outer)

    def expected_surrogate(self, g: int) -> Matrix:
        """G_g of (27): the exact expectation of (26), a random tau included."""
        draws = (
            scale(w, self.surrogate(g, self.observe(codes), support))
            for w, support, codes in self.samples()
            if g in support
        )
        return add(*draws)

    def _dictionaries(self) -> dict[str, Any]:
        """A* and A for ``data``: groups of columns of the identity, and equal ones, in words."""
        if self.A_star == standard_groups(self.n_features, self.n_groups, self.group_size):
            result: dict[str, Any] = {"A*": f"[e1, e2, ...] in groups of {self.group_size}"}
        else:
            result = {f"A*_{g}": G for g, G in enumerate(self.A_star, 1)}
        pairs = list(zip(self.A, self.A_star, strict=True))
        moved = {f"A_{g}": G for g, (G, H) in enumerate(pairs, 1) if G != H}
        if not moved:
            return result | {"A": "A*"}
        rest = {} if len(moved) == len(pairs) else {"A_h for other h": "A*_h"}
        return result | moved | rest

    def data(self) -> dict[str, Any]:
        """The instance, for a certificate's ``data``."""
        unit = "" if self.unit_squared == 1 else f" (unit: sqrt({self.unit_squared}))"
        result = {
            "n": self.n_features,
            "d": self.group_size,
            "Gamma": self.n_groups,
            "gamma": self.n_active,
            "delta": self.delta,
        }
        result |= self._dictionaries()
        result |= {
            "codes": self.law.text,
            f"B_min{unit}": self.b_min,
            f"B_max{unit}": self.b_max,
            "mu_B": self.mu_block,
        }
        return result | ({} if self.lam is None else {f"lambda{unit}": self.lam})

    def orthonormal(self) -> Comparison:
        """A_g^T A_g = I for every group (Assumption 4)."""
        eye = identity(self.group_size)
        defect = sum(frobenius_squared(subtract(product(transpose(G), G), eye)) for G in self.A)
        return Comparison("sum_g ||A_g^T A_g - I||_F^2 == 0 (orthonormal groups)", defect, "==", 0)

    def close(self) -> tuple[Comparison, ...]:
        """(17) for all g, with delta <= 1."""
        pairs = zip(self.A, self.A_star, strict=True)
        distance = max(frobenius_squared(subtract(G, H)) for G, H in pairs)
        return (
            Comparison("max_g ||A_g - A*_g||_F^2 <= delta^2, (17)", distance, "<=", self.delta**2),
            Comparison("delta <= 1", self.delta, "<=", 1),
        )

    def model(self) -> tuple[Comparison, ...]:
        """Assumption 4: orthonormal groups A_g, ||A*_g||_2 = 1, and (17) for all g."""
        norms = [spectral_norm_squared(G) for G in self.A_star]
        return (
            self.orthonormal(),
            Comparison("min_g ||A*_g||_2^2 == 1", min(norms), "==", 1),
            Comparison("max_g ||A*_g||_2^2 == 1", max(norms), "==", 1),
            *self.close(),
        )

    def unit_columns(self) -> Comparison:
        """A*_g orthonormal too: unit atoms and ||A*_g||_2 = 1 together."""
        eye = identity(self.group_size)
        defect = sum(
            frobenius_squared(subtract(product(transpose(G), G), eye)) for G in self.A_star
        )
        return Comparison(
            "sum_g ||A*_g^T A*_g - I||_F^2 == 0 (A*_g orthonormal too)", defect, "==", 0
        )

    def codes(self) -> tuple[Comparison, ...]:
        """(15), gamma <= Gamma, and the covariances (16), by enumeration of the law of codes."""
        norms = [frobenius_squared(x) for _, x in self.law.atoms]
        covariance = add(*(scale(p, product(x, transpose(x))) for p, x in self.law.atoms))
        result = (
            Comparison(
                "sum of the probabilities of the codes == 1",
                sum(p for p, _ in self.law.atoms),
                "==",
                1,
            ),
            Comparison(
                "B_min^2 <= min ||x_g||_2^2, (15)",
                self.b_min**2 * self.unit_squared,
                "<=",
                min(norms),
            ),
            Comparison(
                "max ||x_g||_2^2 <= B_max^2, (15)",
                max(norms),
                "<=",
                self.b_max**2 * self.unit_squared,
            ),
            Comparison(
                "||E[x_g x_g^T] - I||_F^2 == 0, (16)",
                frobenius_squared(subtract(covariance, identity(self.group_size))),
                "==",
                0,
            ),
            Comparison("gamma <= Gamma", self.n_active, "<=", self.n_groups),
        )
        if self.n_active == 1:
            return result
        pairs = tuples(self.law.atoms, repeat=2)
        cross = add(*(scale(p * q, product(x, transpose(w))) for (p, x), (q, w) in pairs))
        return (
            *result,
            Comparison(
                "||E[x_v x_h^T]||_F^2 == 0 for v != h, (16)", frobenius_squared(cross), "==", 0
            ),
        )

    def pairs(self) -> Comparison:
        """Assumption 2: p_gh is of the order of gamma^2/Gamma^2, so gamma >= 2."""
        return Comparison("p_gh > 0 (Assumption 2)", self.inclusion(2), ">", 0)

    def assumptions(self) -> tuple[Comparison, ...]:
        """Assumptions 1 to 4; ||A*_g||_2 = 1 because A*_g is orthonormal."""
        return (
            self.orthonormal(),
            self.unit_columns(),
            *self.close(),
            *self.codes(),
            self.pairs(),
        )

    def drawn(self, codes: dict[int, Matrix]) -> tuple[Comparison, ...]:
        """The sample ``codes`` = {h: x_h} has positive probability."""
        least = min(self.law.probability(x) for x in codes.values())
        return (
            Comparison("card(S) <= gamma", len(codes), "<=", self.n_active),
            Comparison("min_{h in S} P(x_h) > 0", least, ">", 0),
        )

    def lemma1(self) -> tuple[Comparison, ...]:
        """Lemma 1, with constant 1 in O(1/log n); lambda, if there is one, in the interval."""
        result = (
            Comparison(
                "e^gamma <= n, so gamma <= log n (e rounded up)",
                exp_above(self.n_active),
                "<=",
                self.n_features,
            ),
            Comparison(
                "max(mu_B, delta) log n <= 1 (log n rounded up)",
                max(self.mu_block, self.delta) * log_above(self.n_features),
                "<=",
                1,
            ),
        )
        if self.lam is None:
            return result
        left, right = self.interval
        return (
            *result,
            Comparison("gamma B_max (mu_B + delta) <= lambda", left, "<=", self.lam),
            Comparison(
                "lambda <= B_min (1 - delta) - gamma B_max (mu_B + delta)", self.lam, "<=", right
            ),
        )

    def recovered(self) -> tuple[Comparison, ...]:
        """The support is recovered surely, so that epsilon = 0 in (27)."""
        inside: list[Fraction] = []
        outside = [Fraction(0)]
        for _, support, codes in self.samples():
            y = self.observe(codes)
            for g in range(1, self.n_groups + 1):
                (inside if g in support else outside).append(
                    frobenius_squared(self.activation(g, y))
                )
        bar = self.lam**2 * self.unit_squared
        return (
            Comparison(
                "min over samples, g in S of ||A_g^T y||_2^2 > lambda^2", min(inside), ">", bar
            ),
            Comparison(
                "max over samples, v not in S of ||A_v^T y||_2^2 <= lambda^2",
                max(outside),
                "<=",
                bar,
            ),
        )
