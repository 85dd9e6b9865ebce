"""The setting of [N19] section 2 in exact arithmetic.

W, A*, a finite law of codes, a bias, ReLU or hard threshold.

A :class:`Model` encodes, evaluates the expected update (5) by enumerating all codes, and lists the
assumptions A1-A4 and those of Definitions 1 and 2 as :class:`Comparison` values, computed from the
data. There is no noise: sigma_eta = 0 = O(1/sqrt(n)).
"""

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
    add,
    frobenius_squared,
    hstack,
    inner,
    log_above,
    product,
    scale,
    subtract,
    transpose,
)


def pick(M: Matrix, i: int) -> Matrix:
    """Column i of M, counted from 1, as a vector."""
    return tuple((row[i - 1],) for row in M)


def mixture(*probabilities: Fraction) -> Law:
    """Codes of a mixture of Gaussians: e_i with probability p_i."""
    m = len(probabilities)
    return tuple(
        (Fraction(p), tuple((Fraction(int(i == j)),) for j in range(m)))
        for i, p in enumerate(probabilities)
    )


def constant_codes(m: int, k: int) -> Law:
    """Uniform supports of size k of m, every active entry 1.

    kappa_1 = kappa_2 = a_1 = a_2 = 1.
    """
    chance = Fraction(1, comb(m, k))
    return tuple(
        (chance, tuple((Fraction(int(j in S)),) for j in range(m)))
        for S in combinations(range(m), k)
    )


def rademacher(m: int, k: int) -> Law:
    """Uniform supports of size k of m, every active entry 1.

    kappa_1 = kappa_2 = a_1 = a_2 = 1.
    """
    chance = Fraction(1, comb(m, k) * 2**k)
    codes = []
    for S in combinations(range(m), k):
        for signs in tuples((1, -1), repeat=k):
            entries = dict(zip(S, signs, strict=True))
            codes.append((chance, tuple((Fraction(entries.get(j, 0)),) for j in range(m))))
    return tuple(codes)


def rotated_pairs(m: int, cosine: Fraction, sine: Fraction) -> Matrix:
    """m (even) columns of R^m: e_1, e_2 turned in their plane, e_3, e_4 in theirs, ...

    The angle is given by its cosine and sine.
    """
    rows = [[Fraction(0)] * m for _ in range(m)]
    for j in range(0, m, 2):
        rows[j][j] = cosine
        rows[j + 1][j] = sine
        rows[j][j + 1] = -sine
        rows[j + 1][j + 1] = cosine
    return tuple(map(tuple, rows))


@dataclass(frozen=True)
class Model:
    """One instance.

    ``law`` holds (probability, code) pairs; ``threshold`` None means ReLU. Columns count from 1, as
    in the paper.
    """

    W: Matrix
    A_star: Matrix
    law: Law
    bias: tuple[Fraction, ...]
    delta: Fraction
    n_active: int = 1
    a_1: Fraction = Fraction(1)
    a_2: Fraction = Fraction(1)
    threshold: Fraction | None = None

    @property
    def n_features(self) -> int:
        """n."""
        return len(self.W)

    @property
    def n_atoms(self) -> int:
        """m."""
        return len(self.W[0])

    def overlap(self, i: int) -> Fraction:
        """lambda_i = <W_i, A_i>."""
        return inner(pick(self.W, i), pick(self.A_star, i))

    def error_squared(self, i: int) -> Fraction:
        """||W_i - A_i||^2."""
        return frobenius_squared(subtract(pick(self.W, i), pick(self.A_star, i)))

    @property
    def coherence(self) -> Fraction:
        """mu/sqrt(n) = max_{i != j} |<A_i, A_j>|, the smallest that Definition 1 allows."""
        gram = product(transpose(self.A_star), self.A_star)
        largest = Fraction(0)
        for i, row in enumerate(gram):
            largest = max([largest, *(abs(entry) for entry in row[:i])])
        return largest

    def probability(self, *indices: int) -> Fraction:
        """P[i, j, ... in S]."""
        total = Fraction(0)
        for p, x in self.law:
            total += p if all(x[i - 1][0] for i in indices) else 0
        return total

    def pre_activation(self, x: Matrix) -> Matrix:
        """z = W^T A x* + b."""
        z = product(transpose(self.W), product(self.A_star, x))
        return tuple((entry + b,) for (entry,), b in zip(z, self.bias, strict=True))

    def encode(self, x: Matrix) -> Matrix:
        """x of (2) for the sample y = A x*."""
        bar = self.threshold
        return tuple(
            (z if (z > 0 if bar is None else abs(z) >= bar) else Fraction(0),)
            for (z,) in self.pre_activation(x)
        )

    def sample_update(self, i: int, x: Matrix, code: Matrix) -> Matrix:
        """-(W_i^T y I + b_i I + y W_i^T)(y - W code) for y = A x*: one term of (5)."""
        y = product(self.A_star, x)
        w = pick(self.W, i)
        rest = subtract(y, product(self.W, code))
        return scale(
            Fraction(-1), add(scale(inner(w, y) + self.bias[i - 1], rest), scale(inner(w, rest), y))
        )

    def update(self, i: int) -> Matrix:
        """g_i of (5), by enumeration: the active codes are those the encoder finds."""
        zero = tuple((Fraction(0),) for _ in range(self.n_features))
        found = ((p, x, self.encode(x)) for p, x in self.law)
        return add(
            zero,
            *(scale(p, self.sample_update(i, x, code)) for p, x, code in found if code[i - 1][0]),
        )

    def bias_update(self, i: int) -> Fraction:
        """-E[1_{x_i != 0} W_i^T (y - W x)], by enumeration."""
        total = Fraction(0)
        w = pick(self.W, i)
        for p, x in self.law:
            code = self.encode(x)
            if code[i - 1][0]:
                total -= p * inner(w, subtract(product(self.A_star, x), product(self.W, code)))
        return total

    def step(self, size: Fraction) -> Matrix:
        """W - size * G, before normalisation."""
        return subtract(
            self.W, scale(size, hstack(*(self.update(i) for i in range(1, self.n_atoms + 1))))
        )

    def data(self) -> dict[str, Any]:
        """The instance, for a certificate's ``data``."""
        activation = "ReLU" if self.threshold is None else f"hard threshold at {self.threshold}"
        result = {
            "n": self.n_features,
            "m": self.n_atoms,
            "k": self.n_active,
            "delta": self.delta,
            "activation": activation,
        }
        result |= {"a_1": self.a_1, "a_2": self.a_2}
        result |= {
            "b": ", ".join(map(str, self.bias)) if len(set(self.bias)) > 1 else str(self.bias[0])
        }
        if self.n_atoms > 8:
            return result
        return (
            result | {"A": self.A_star} | ({"W": "A"} if self.A_star == self.W else {"W": self.W})
        )

    def model(self) -> tuple[Comparison, ...]:
        """Unit columns and delta-closeness (Definition 2), from the columns themselves."""
        columns = range(1, self.n_atoms + 1)
        norms = [frobenius_squared(pick(M, i)) for M in (self.W, self.A_star) for i in columns]
        return (
            Comparison("min_i of ||W_i||^2 and ||A_i||^2 == 1", min(norms), "==", 1),
            Comparison("max_i of ||W_i||^2 and ||A_i||^2 == 1", max(norms), "==", 1),
            Comparison(
                "max_i ||W_i - A_i||^2 <= delta^2 (delta-close)",
                max(self.error_squared(i) for i in columns),
                "<=",
                self.delta**2,
            ),
            Comparison(
                "delta log n <= 6/5, so delta = O(1/log n) (log n rounded up)",
                self.delta * log_above(self.n_features),
                "<=",
                Fraction(6, 5),
            ),
        )

    def codes(self) -> tuple[Comparison, ...]:
        """A1 and A3: at most k active entries, each between a_1 and a_2 in modulus."""
        sizes = []
        entries = []
        for _, x in self.law:
            active = [abs(entry) for (entry,) in x if entry]
            sizes.append(len(active))
            entries += active
        return (
            Comparison(
                "sum of the probabilities of the codes == 1", sum(p for p, _ in self.law), "==", 1
            ),
            Comparison("max card(S) <= k, A1", max(sizes), "<=", self.n_active),
            Comparison("a_1 <= min |x*_i|, A3", self.a_1, "<=", min(entries)),
            Comparison("max |x*_i| <= a_2, A3", max(entries), "<=", self.a_2),
        )

    def nonnegative(self) -> tuple[Comparison, ...]:
        """The conditions of Theorem 3 (ii), (iii) on mu and k, and the sign of the codes.

        The constant in k = O(1/delta^2) is 1.
        """
        return (
            Comparison("min x*_i >= 0", min(entry for _, x in self.law for (entry,) in x), ">=", 0),
            Comparison("mu/sqrt(n) <= delta/k", self.coherence, "<=", self.delta / self.n_active),
            Comparison(
                "k delta^2 <= 1, so k = O(1/delta^2)", self.n_active * self.delta**2, "<=", 1
            ),
        )

    def near(self) -> Comparison:
        """||W - A|| <= 2 ||A|| (Definition 2), from ||W - A||_F <= 2 and ||A|| >= 1."""
        total = sum(self.error_squared(i) for i in range(1, self.n_atoms + 1))
        return Comparison(
            "||W - A||_F^2 <= 4 <= 4 ||A||^2, so W is (delta, 2)-near to A", total, "<=", 4
        )

    def consistent(self) -> tuple[Comparison, ...]:
        """The support is recovered surely, so gamma = 0 in (9).

        Active z_i pass the activation, the others do not.
        """
        on: list[Fraction] = []
        off = [Fraction(0) if self.threshold is not None else -Fraction(1)]
        for _, x in self.law:
            for (z,), (entry,) in zip(self.pre_activation(x), x, strict=True):
                (on if entry else off).append(z if self.threshold is None else abs(z))
        bar, name = (Fraction(0), "z_i") if self.threshold is None else (self.threshold, "|z_i|")
        relation = (">", "<=") if self.threshold is None else (">=", "<")
        return (
            Comparison(
                f"min over codes, i in S of {name} {relation[0]} {bar}", min(on), relation[0], bar
            ),
            Comparison(
                f"max over codes, i not in S of {name} {relation[1]} {bar}",
                max(off),
                relation[1],
                bar,
            ),
        )
