"""Counterexamples to what [N19] says about its own model: assumption A1 for mixtures."""

from fractions import Fraction

from ....claims.exact import Certificate, Comparison, counterexample, identity
from ..exact import Model, constant_codes


@counterexample("N19-mixture", "pairs")
def ce_mixture_pairs(m: int = 4, constant: Fraction = Fraction(1, 1000)) -> Certificate:
    """A1 for the mixture of Gaussians, "a special case": p_ij = Theta(k^2/m^2). With k = 1 no two atoms are ever active together."""
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
        note="p_ij = 0 for every m, so no c > 0 works. Only upper bounds on p_ij and p_ijl are used.",
    )
