"""Counterexamples to Lemma 3 of [L23]: v_l(0) proportional to X_l^T y / n need not be close to v*_l.

X enters through its Gram matrix X^T X / n, here rational and positive semidefinite (so it is the Gram matrix of some design), and through the
noise X^T xi / n.
"""

from fractions import Fraction

from ..exact import (
    Certificate,
    Comparison,
    Matrix,
    add,
    column,
    frobenius_squared,
    identity,
    inner,
    is_psd,
    norm,
    product,
    scale,
    spectral_norm,
    subtract,
    transpose,
)

__all__ = ["ce_lemma3_magnitudes", "ce_lemma3_noise", "ce_lemma3_sign"]


def _certificate(
    name: str, cross: Matrix, w: tuple[Matrix, ...], noise: Matrix, eta: Fraction, delta_in: Fraction, delta_out: Fraction, corrected_eta: Fraction,
    note: str,
) -> Certificate:
    """Lemma 3 for group 1 of one or two groups of two entries; ``cross`` is X_1^T X_2 / n, the diagonal blocks are I."""
    eye = identity(2)
    gram = eye
    if len(w) == 2:
        top, bottom = zip(eye, cross, strict=True), zip(transpose(cross), eye, strict=True)
        gram = tuple(a + b for a, b in (*top, *bottom))
    star, norms = w[0], [norm(x) for x in w]
    a = add(star, noise, *((product(cross, w[1]),) if len(w) == 2 else ()))
    beta = delta_in + delta_out * sum(norms[1:]) / norms[0] + norm(noise) / norms[0]
    bound = 1 - (delta_in + len(w) * delta_out + norm(noise) / norms[0]) ** 2

    def signed_square(eta: Fraction) -> Fraction:
        """cos abs(cos) between v_1(0) = eta X_1^T y / n and v*_1."""
        cosine = inner(scale(Fraction(eta), a), star)
        return cosine * abs(cosine) / (eta**2 * frobenius_squared(a) * norms[0] ** 2)

    least = bound * abs(bound)
    angle = signed_square(corrected_eta)
    return Certificate(
        name=name,
        statement="L23-lemma3",
        data={"L": len(w), "X_1^T X_2 / n": cross, **{f"w*_{k}": x for k, x in enumerate(w, 1)}, "X_1^T xi / n": noise, "eta": Fraction(eta),
              "delta_in": delta_in, "delta_out": delta_out, "beta": beta},
        hypotheses=(
            Comparison("X^T X / n is positive semidefinite", int(is_psd(gram)), "==", 1),
            Comparison("max_l ||X_l^T X_l / n - I||_F^2 == 0 <= delta_in^2, (1)", frobenius_squared(subtract(eye, eye)), "<=", delta_in**2),
            Comparison("||X_1^T X_2 / n||_2 <= delta_out, (2)", spectral_norm(cross), "<=", delta_out),
            Comparison("0 < delta_in", 0, "<", delta_in), Comparison("delta_in < 1", delta_in, "<", 1),
            Comparison("0 < delta_out", 0, "<", delta_out), Comparison("delta_out < 1", delta_out, "<", 1),
            Comparison("||v_1(0)||^2 > 0", eta**2 * frobenius_squared(a), ">", 0),
        ),
        printed=Comparison("cos abs(cos) >= B abs(B), B = 1 - (delta_in + L delta_out + ||noise|| / u*_1^2)^2", signed_square(eta), ">=", least),
        corrected=Comparison("with eta > 0: sin^2 <= beta^2 (sin = 1 beyond a right angle)", 1 - max(angle, Fraction(0)), "<=", beta**2),
        note=note,
    )


def ce_lemma3_magnitudes(ratio: int = 5, delta_out: Fraction = Fraction(1, 10)) -> Certificate:
    """Two groups, w*_1 = e_1, w*_2 = ratio e_1, noise-free: X_1^T y / n = e_1 + ratio delta_out e_2."""
    cross = ((Fraction(0), Fraction(0)), (delta_out, Fraction(0)))
    return _certificate(
        "L23_lemma3_magnitudes", cross, (column(1, 0), column(ratio, 0)), column(0, 0), Fraction(1), Fraction(1, 100), delta_out, Fraction(1),
        "L delta_out treats all magnitudes as equal: the leak of group l' is delta_out (u*_l' / u*_l)^2.",
    )


def ce_lemma3_noise(level: Fraction = Fraction(21, 20)) -> Certificate:
    """One group, noise -level w*: X^T y / n points away from w* for level > 1."""
    zero = ((Fraction(0),) * 2,) * 2
    small = Fraction(1, 100)
    return _certificate(
        "L23_lemma3_noise", zero, (column(1, 0),), column(-level, 0), Fraction(1), small, small, Fraction(1),
        "The proof takes a square root of cos^2 without asking cos > 0: beta < 1 is missing.",
    )


def ce_lemma3_sign(eta: Fraction = Fraction(-1), level: Fraction = Fraction(1, 10)) -> Certificate:
    """One group, little noise, eta = -1: v(0) is proportional to X^T y / n, and opposite to it."""
    zero = ((Fraction(0),) * 2,) * 2
    small = Fraction(1, 100)
    return _certificate(
        "L23_lemma3_sign", zero, (column(1, 0),), column(0, level), eta, small, small, abs(eta),
        "'Proportional' must mean a positive factor.",
    )
