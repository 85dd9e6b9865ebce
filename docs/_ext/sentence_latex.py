"""Claims of the ledger as formulas, from their syntax trees; groups are counted from 1."""

from gsae_ref.claims.latex import Formula
from gsae_ref.claims.problem import Free


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
