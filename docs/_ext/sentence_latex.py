"""Claims of the ledger as formulas, from their syntax trees; groups are counted from 1."""

from gsae_ref.claims.latex import Formula
from gsae_ref.claims.plain import PlainFormula
from gsae_ref.claims.problem import Free
from gsae_ref.claims.refutation import REFUTATIONS
from gsae_ref.claims.sentences import Sentence

ROUNDED = " (rounded)"


def claim(item):
    """A claim with the names that it defines and its hypotheses."""
    problem = item.claim.problems[0]
    formula = Formula(problem.model.symbols, first=1)
    lets = [name for name in problem.lets if name in problem.used]
    given = [formula.sentence(sentence) for sentence in (*problem.stated, *problem.where)]
    result = f"${formula.sentence(problem.conclusion)}$"
    if lets:
        named = (f"${_definition(formula, name, problem.lets[name])}$" for name in lets)
        result += f", where {'; '.join(named)}"
    return result + (f"; under ${'$; $'.join(given)}$" if given else "")


def _definition(formula, name, defined):
    symbol = formula.symbol(name)
    if isinstance(defined, Free):
        ends = (formula.tree(end.tree) for end in (defined.low, defined.high))
        return rf"{symbol} \in \left[{', '.join(ends)}\right]"
    return f"{symbol} = {formula.tree(defined.tree)}"


def sentences(name, say):
    """What sets the texts of a counterexample: those of its sentences from their trees."""
    if name not in REFUTATIONS:
        return say
    refutation = REFUTATIONS[name]
    problem = refutation.problem
    plain = PlainFormula(problem.model.symbols)
    formula = Formula(problem.model.symbols, first=1)
    corrected = refutation.corrected and Sentence(refutation.corrected.conclusion)
    known = {}
    for each in filter(None, [*problem.stated, *problem.hypotheses, problem.conclusion, corrected]):
        for k in range(len(each.links)):
            known[plain.link(each, k)] = f"${formula.link(each, k)}$"

    def set_text(text):
        bare = text.removesuffix(ROUNDED)
        return known[bare] + text[len(bare) :] if bare in known else say(text)

    return set_text
