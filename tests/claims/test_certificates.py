"""Counterexamples as scripts and LaTeX: all of the ledger, and those that are found."""

import ast
import math
import os
import re
from fractions import Fraction

import pytest
from claims_to_try import EXAMPLE

import gsae_ref as gs
from gsae_ref.claims.bundle import Source, modules_behind, written
from gsae_ref.claims.certificates import (
    certificate_latex,
    certificate_script,
    find_counterexample,
)
from gsae_ref.claims.latex import Formula
from gsae_ref.claims.pruning import called_only, run_file
from gsae_ref.claims.rational import ends, log, short_log
from gsae_ref.claims.refutation import REFUTATIONS
from gsae_ref.claims.sentences import Expression, Sentence
from gsae_ref.papers.counterexamples import COUNTEREXAMPLES

HAND_MADE = sorted(set(COUNTEREXAMPLES) - set(REFUTATIONS))
ALL = "GSAE_REF_SCRIPTS" in os.environ  # otherwise some, as each runs for half a second
SCRIPTS = [*sorted(REFUTATIONS)[:: 1 if ALL else 3], *HAND_MADE[:: 1 if ALL else 12]]


# Functions with more than 70 lines: the script holds the model of the paper, its law of codes, and
# the samples, supports or steps that it enumerates.
LONG = set(
    """
T21-activations T21-assumption4 T21-closer T21-covariance-given-support T21-cross-terms T21-eq30
T21-eq30-constant T21-eq31 T21-eq70 T21-eq72 T21-eq74 T21-eq77 T21-gradient-points
T21-lemma1-closed-end T21-remark-b T21-second-term T21-theorem1 T21-theorem2 T21-theorem2-at-truth
T21-theorem2-mended T21-theorem2-rate T21-theorem2-v1 N19-bias-schedule N19-fixed-bias N19-gamma
N19-residual N19-tau N19-theorem1i N19-theorem3ii N19-theorem4iii-threshold
""".split()
)


def test_only_functions_are_long_scripts():
    assert set(HAND_MADE) >= LONG


def test_there_are_counterexamples_of_both_kinds():
    assert len(REFUTATIONS) >= 15 and len(HAND_MADE) >= 70


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_counterexample_of_the_ledger_is_a_script(name):
    script = certificate_script(name)
    assert "gsae_ref" not in script and "numpy" not in script
    assert "Every hypothesis holds, and" in run_file(script)
    assert len(script.splitlines()) <= (240 if name in LONG else 70)
    if name in REFUTATIONS:
        assert REFUTATIONS[name].printed.conclusion in script
    else:
        assert find_counterexample(name).printed.text in script


def test_a_script_of_the_ledger_with_another_number_fails():
    script = certificate_script("T21-prop2")
    changed = script.replace("Q(3, 5)", "Q(4, 5)")
    assert changed != script
    with pytest.raises(RuntimeError, match="fails"):
        run_file(changed)


@pytest.mark.parametrize("name", sorted(COUNTEREXAMPLES)[:: 1 if ALL else 3])
def test_every_counterexample_of_the_ledger_is_set_in_latex(name):
    text = certificate_latex(name)
    assert text.count("{") == text.count("}") - text.count(r"\}") + text.count(r"\{")
    assert not re.search(r"(?<!\\)[#%]", text)


def test_a_whole_number_of_the_instance_is_divided_exactly():
    result = gs.stress(EXAMPLE.but(conclusion="norm(x[0]) <= B_max / 3"), budget=300, seeds=1)
    assert "Q(B_max) / 3" in result.script()


def test_an_unknown_counterexample_is_refused():
    with pytest.raises(ValueError, match="is the name of no counterexample"):
        certificate_script("T21-prop99")


BRANCHES = """
def size(x, data=0):
    note = data
    if x < 0:
        raise ValueError(note)
    if x == 2:
        return 2 * x
    return x
def at_two(x):
    if x > 1:
        y = x
    else:
        y = -x
    if y:
        return y
    return None
"""


def test_a_branch_that_is_not_taken_becomes_an_assertion():
    nodes = called_only(ast.parse(BRANCHES).body, "print(size(1), size(2), at_two(2))")
    assert [line for node in nodes for line in written(node)] == [
        "def size(x, data=0):",
        "    assert x >= 0",
        "    if x == 2: return 2 * x",
        "    return x",
        "def at_two(x): assert x > 1; y = x; assert y; return y",
    ]


@pytest.mark.parametrize("x", [Fraction(1), Fraction(2), Fraction(9, 4), Fraction(800), 7])
def test_the_short_logarithm_of_a_script_is_that_of_the_proof(x):
    low, high = ends(short_log(x))
    assert low <= log(x).lo if x != 1 else low == 0
    assert Fraction(math.log(x)) < high <= low + Fraction(1, 100)
    with pytest.raises(AssertionError):
        short_log(1 / Fraction(x + 1))


def test_statements_are_written_in_few_lines_that_mean_the_same():
    for piece in Source(modules_behind("gsae_ref.claims.rational")).needed(["spectral", "inv"]):
        text = "\n".join(written(piece.node))
        assert ast.dump(ast.parse(text).body[0]) == ast.dump(
            ast.parse(ast.unparse(piece.node)).body[0]
        )


FORMULAS = {
    "norm(A[v].T @ y)": r"\|A_{v}^\top \, y\|",
    "(a + b) * c / 2": r"\frac{\left(a + b\right) \, c}{2}",
    "a - (b - c)": r"a - \left(b - c\right)",
    "-(a + b)": r"-\left(a + b\right)",
    "sqrt(d**2 + 1)": r"\sqrt{d^{2} + 1}",
    "total(S[h] @ x[h] for h in active)": r"\sum_{h \in \mathcal S} S_{h} \, x_{h}",
    "largest([mu, delta])": r"\max\left\{\mu, \delta\right\}",
    "inner(col(S[0], i), B_max * y)": r"\langle S_{0} e_{i}, B_{\mathrm{max}} \, y \rangle",
    "entry(inv(A), 0, 1)": r"\left(A^{-1}\right)_{0,1}",
    "2 * 3": r"2 \cdot 3",
}


@pytest.mark.parametrize("text", FORMULAS)
def test_expressions_are_set_from_their_tree(text):
    formula = Formula({"active": r"\mathcal S"})
    assert formula.tree(Expression.parse(text).tree) == FORMULAS[text]


def test_a_sentence_is_set_with_its_range():
    text = Formula({}).sentence(Sentence("0 < x[i] <= 1 for i in range(d) if i != 0"))
    assert text == (
        r"0 < x_{i} ,\; x_{i} \le 1 \quad \text{for } i \in \{0, \dots, d - 1\},\ i \ne 0"
    )


COUNTED_FROM_1 = {
    "p[2] * A[0] @ col(x[h], 0)": r"p_{gh} \, A_{1} \, x_{h} e_{1}",
    "total(x[h] for h in range(gamma, Gamma) if h != 0)": (
        r"\sum_{h \in \{\gamma + 1, \dots, \Gamma\},\ h \ne 1} x_{h}"
    ),
    "S[g].T @ beta_i[j]": r"{A^*_{g}}^\top \, {\beta_{i}}_{j}",
    "norm2(x[i])**2 * lam": r"{\|x_{i}\|^2}^{2} \, \lambda",
}


@pytest.mark.parametrize("text", COUNTED_FROM_1)
def test_groups_are_counted_from_1_where_asked_for(text):
    formula = Formula({"S": "A^*"}, first=1)
    assert formula.tree(Expression.parse(text).tree) == COUNTED_FROM_1[text]


def test_a_counterexample_that_is_found_is_set_in_latex():
    text = gs.stress(EXAMPLE, budget=6000).latex()
    assert r"A^*_{0} = \begin{pmatrix} 1 & 0" in text and r"\|A_{g} - A^*_{g}\| \le \delta" in text
    assert r"2 > [\tfrac{141}{100}, \tfrac{71}{50}]" in text
