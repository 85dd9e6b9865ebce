"""N19, in the order of the paper (main text, then appendix), and R7."""

from .consistency import statements as consistency
from .fixed_bias import statements as fixed_bias
from .mixture import statements as mixture
from .model import statements as model
from .sparse_codes import statements as sparse_codes

_ORDER = """
eq1 eq2 loss eq3 assumption1 assumption2 assumption3 assumption4 mixture sparse-coding definition1 ambiguity definition2 theorem1i theorem1ii
theorem2 theorem3i theorem3ii theorem3iii theorem3-short mixture-threshold negative-bias
eq4 approximate-gradient expected-loss theorem4i1 theorem4i2 theorem4ii theorem4iii tau eq5 mixture-gradient lemma1 zeta threshold-condition
both-conditions fixed-bias bias-gradient expected-bias-gradient bias-schedule simulation-means simulation-bias
claim1i claim1ii claim1iii claim2 pre-activation interference
gamma eq6 eq7 eq8 eq9 indicator eq10 eq11 eq12 eq13 eq14 eq15 lemma2 descent-k-sparse lemma3
alpha beta residual sanity claim3 claim4 zero-bias eq16 lemma4 lemma5 lemma5-proof
""".split()

_FOUND = {
    row.id: row
    for topic in (model, consistency, mixture, sparse_codes, fixed_bias)
    for row in topic.ROWS
}
ROWS = [*(_FOUND.pop(f"N19-{name}") for name in _ORDER), *_FOUND.values()]
