"""Counterexamples to [N19], sections 1 to 3: A1 for mixtures, conditioning, the final error."""

from fractions import Fraction

from ....claims.exact import Certificate, Comparison, counterexample, identity, log_above
from ..exact import Model, constant_codes


@counterexample("N19-mixture", "pairs")
def no_two_atoms_at_once(m: int = 4, constant: Fraction = Fraction(1, 1000)) -> Certificate:
    """A1, p_ij = Theta(k^2/m^2), for the mixture of Gaussians, which is named a special case.

    With k = 1 no two atoms are ever active together.
    """
    law = constant_codes(m, 1)
    s = Model(identity(m), identity(m), law, (Fraction(0),) * m, Fraction(0))
    pairs = max(s.probability(i, j) for i in range(1, m + 1) for j in range(1, i))
    return Certificate(
        data={"m": m, "k": 1, "c": constant, "codes": "e_i, i uniform"},
        hypotheses=(
            *s.model(),
            *s.codes(),
            Comparison("p_1 == 1/m", s.probability(1), "==", Fraction(1, m)),
        ),
        printed=Comparison("p_ij >= c k^2/m^2 for a constant c > 0", pairs, ">=", constant / m**2),
        corrected=Comparison("p_ij <= k^2/m^2", pairs, "<=", Fraction(1, m**2)),
        note="p_ij = 0 for every m, so no c > 0 works. Only upper bounds on p_ij and p_ijl are "
        "used.",
    )


@counterexample("N19-well-conditioned")
def columns_that_sum_to_zero(n: int = 100, constant: Fraction = Fraction(1, 1000)) -> Certificate:
    """Section 2.2: ||A|| = O(sqrt(m/n)) does not make A well-conditioned.

    n = m, A_i the normalised columns of I - J/n, J the matrix of ones: A^T A = (n I - J)/(n - 1),
    so that A (1, ..., 1) = 0. The coherence is 1/(n - 1).
    """
    off = Fraction(-1, n - 1)
    largest = Fraction(n, n - 1)
    image = n * (1 + (n - 1) * off)
    return Certificate(
        data={"n = m": n, "A^T A": "(n I - J)/(n - 1)", "x": "(1, ..., 1)", "c": constant},
        hypotheses=(
            Comparison("||A_i||^2 == (n - 1)/(n - 1) == 1", Fraction(n - 1, n - 1), "==", 1),
            Comparison("||A||^2 == n/(n - 1) <= 2 m/n", largest, "<=", 2),
            Comparison("mu/sqrt(n) == 1/(n - 1) <= 1/log^2 n", -off * log_above(n) ** 2, "<=", 1),
        ),
        printed=Comparison(
            "||A x||^2 >= c ||x||^2, the least singular value above sqrt(c)",
            image,
            ">=",
            constant * n,
        ),
        corrected=Comparison("||A x||^2 <= ||A||^2 ||x||^2", image, "<=", largest * n),
        note="An upper bound on ||A|| is no bound on its condition number, with small coherence "
        "neither. The paper uses the upper bound only.",
    )


@counterexample("N19-final-error")
def floor_of_the_size_of_the_start(n: int = 10**6, k: int = 71_942) -> Certificate:
    """Section 3: under Theorem 4 (ii)'s largest k the final error is no smaller than 1/log n.

    Its bound leaves ||W - A||_F^2 of order m k^2/n^2: k/n for a column of average error.
    """
    log_n = log_above(n)
    return Certificate(
        data={"n = m": n, "k": k, "error of a column, the bound of (ii)": Fraction(k, n)},
        hypotheses=(Comparison("k log n <= n (log n rounded up)", k * log_n, "<=", n),),
        printed=Comparison(
            "k/n <= (1/log n)^2: better than the start by any power (log n rounded up)",
            Fraction(k, n),
            "<=",
            1 / log_n**2,
        ),
        corrected=Comparison("k/n <= 1/log n (log n rounded up)", Fraction(k, n), "<=", 1 / log_n),
        note="k = floor(n/log n) gives k/n = 1/log n for every n: the bound on the final error is "
        "the initial one. For (iii) the error O(k^3/m) is not reached at all.",
    )
