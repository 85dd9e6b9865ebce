"""Sentences of the ledger as LaTeX and MathML: no symbol is lost, and docutils sets the same."""

import doctest
import importlib
import itertools
import re
from collections import Counter

import pytest
from certificates import certificates

from gsae_ref.notation import account, house_notation, markup, mathml
from gsae_ref.papers.counterexamples import COUNTEREXAMPLES
from gsae_ref.papers.ledger import LEDGER


def formulas(text):
    return [string.strip() for kind, string in house_notation.segments(text) if kind == "math"]


# ---- house notation to LaTeX
@pytest.mark.parametrize(
    "text, expected",
    [
        ("A_g^T A*_g", r"A_{g}^{\top }A_{g}^{*}"),
        ("A*_g^T x*_g", r"A_{g}^{*\top }x_{g}^{*}"),
        ("||x_g|| <= lam", r"\lVert x_{g}\rVert \le \lambda"),
        ("||A_g - A*_g||_F^2", r"{\lVert A_{g}-A_{g}^{*}\rVert }_{F}^{2}"),
        ("1{x_g != 0}", r"\mathbf{1}\{x_{g}\ne 0\}"),
        ("<W_i, A_j> + 1", r"\langle W_{i},\, A_{j}\rangle +1"),
        ("a < b", "a< b"),
        ("|<v, b>|", r"\lvert \langle v,\, b\rangle \rvert"),
        ("sqrt(d^2 + 1) omega", r"\sqrt{d^{2}+1}\omega"),
        ("sqrt 2 u^3", r"\sqrt{2}u^{3}"),
        ("1/2 ||y||^2", r"\tfrac{1}{2}\, {\lVert y\rVert }^{2}"),
        ("2/n u_l", r"2/n\, u_{l}"),
        ("E[x | S]", r"\mathbb{E}[x\mid S]"),
        ("grad_{A_g} L", r"\nabla_{A_{g}}L"),
        ("y^ = A x", r"\hat{y}= Ax"),
        ("W~_i", r"\tilde{W}_{i}"),
        ("theta_i+", r"\theta_{i}^{+}"),
        ("u_l'^2", r"u_{l'}^{2}"),
        ("u_l' = 2 u_l", r"u_{l}^{\prime }= 2u_{l}"),
        ("u_max*^2", r"u_{\max}^{*2}"),
        ("p3_i_j_l", "{p_{3}}_{ijl}"),
        ("zeta v u_min*^2", r"\zeta \vee u_{\min}^{*2}"),
        ("I is d x d", r"I d\times d"),
        ("2^-m_0 u", r"2^{-m_{0}}u"),
        ("g^(1)_{i,S}", r"g_{i,S}^{(1)}"),
        ("n^(1/4)", "n^{1/4}"),
        ("g in S", r"g\in S"),
        ("v not in S", r"v\notin S"),
    ],
)
def test_a_formula_becomes_its_latex(text, expected):
    assert " ".join(formulas(text)) == expected


@pytest.mark.parametrize(
    "text, words, math",
    [
        ("A bound on the norm of A", "A bound on the norm of ", ["A"]),
        ("a retraction, then 2 a^2", "a retraction, then ", ["2a^{2}"]),
        (
            "W is delta-close to A (Definition 2)",
            " is -close to  (Definition 2)",
            ["W", r"\delta", "A"],
        ),
        ("see (15), Theorem 3 (ii)'s bound", "see (15), Theorem 3 (ii)'s bound", []),
        ("28.6 % at l = 4/9", "28.6 % at ", [r"l= \tfrac{4}{9}"]),
        (
            "the sum over all groups; ReLU has no max",
            "the sum over all groups; ReLU has no max",
            [],
        ),
        ("s - 1/s = lam/B (gamma = 1): zero", " (): zero", [r"s-1/s= \lambda /B", r"\gamma = 1"]),
        ("the closed form R6 (form='exact')", "the closed form R6 ()", []),
        (
            "“Suppose that” W “is near to” A, [...] “a b”",
            "“Suppose that”  “is near to” , [...] “a b”",
            ["W", "A"],
        ),
        ("run `gsae-ref info` A", "run  ", ["A"]),
    ],
)
def test_words_stay_words(text, words, math):
    assert (
        "".join(string for kind, string in house_notation.segments(text) if kind == "text") == words
    )
    assert formulas(text) == math


@pytest.mark.parametrize("text", ["||x", "f(x", "x)", "a ∈ S", "[a, b", "x_"])
def test_what_is_not_house_notation_is_refused(text):
    with pytest.raises(house_notation.NotHouseNotation):
        house_notation.segments(text)


def texts_of_a_row(row):
    """Every text of a row that its page sets."""
    yield from (row.number, row.printed, row.reading, row.repaired, row.remark)
    for item in (row, *row.evidence):
        yield from (getattr(item, "label", ""), getattr(item, "text", ""))
        yield from (hypothesis.text for hypothesis in getattr(item, "hypotheses", ()))


def texts_of_a_certificate(certificate):
    """Every text of a counterexample that its page sets."""
    yield from (certificate.note, *certificate.data)
    yield from (value for value in certificate.data.values() if isinstance(value, str))
    yield from (comparison.text for comparison in (*certificate.hypotheses, certificate.printed))
    if certificate.corrected:
        yield certificate.corrected.text


@pytest.fixture(scope="module")
def statements():
    """Every text that the pages of the statements set, each once."""
    built = certificates()
    rows = (texts_of_a_row(row) for row in LEDGER.values())
    refutations = (texts_of_a_certificate(built[name]) for name in COUNTEREXAMPLES)
    texts = itertools.chain.from_iterable(itertools.chain(rows, refutations))
    return list(dict.fromkeys(filter(None, texts)))


def test_every_statement_is_set_as_mathematics_and_loses_no_symbol(statements):
    """Digits and one-letter symbols are as many after as before."""
    assert len(statements) > 1000
    for text in statements:
        out = "".join(string for _, string in house_notation.segments(text))
        symbols = re.sub(r"\\(operatorname|mathrm|text)\{([^}]*)\}", r" \2 ", out)
        symbols = re.sub(r"\\math(bb|cal)\{(\w)\}", r"\2", symbols)
        symbols = re.sub(r"\\mathbf\{1\}", "1", symbols)
        symbols = re.sub(r"\\[A-Za-z]+", " ", symbols)
        assert Counter(re.findall(r"\d", symbols)) == Counter(re.findall(r"\d", text)), text
        assert out.count("{") - out.count(r"\{") == out.count("}") - out.count(r"\}"), text
        assert Counter(re.findall(r"[A-Z]", symbols)) >= Counter(
            re.findall(r"(?<![A-Za-z])[B-DF-HJ-MQ-SU-Z](?![A-Za-z])", text)
        ), text


def test_the_digit_count_notices_a_dropped_factor():
    without = "".join(string for _, string in house_notation.segments("3 tau u*_l^2"))
    assert Counter(re.findall(r"\d", without)) != Counter(re.findall(r"\d", "3 tau u*_l^2 / 7"))


@pytest.fixture(scope="module")
def written(statements):
    return list(dict.fromkeys(itertools.chain.from_iterable(map(formulas, statements))))


ALIKE = str.maketrans({"∗": "*", "'": "′", "ˆ": "^", "∶": ":"})


def bare(formula):
    """Symbols and scripts of MathML; whether a sum has its range below or beside it is style."""
    tags = re.sub(r"<(/?)(?:munderover|munder|mover)\b", r"<\1m", formula)
    tags = re.sub(r"<(/?)(?:msubsup|msub|msup)\b", r"<\1m", tags)
    tags = re.sub(r"<(/?\w+)[^>]*>", r"<\1>", tags)
    tags = re.sub(r"</?(?:mrow|math|mspace)>|<mo>&ApplyFunction;</mo>", "", tags)
    tags = re.sub(r"<(/?)(?:mi|mo|mn)>", r"<\1m>", tags)
    return re.sub(r"\s|\xa0", "", tags).translate(ALIKE)


def by_docutils(latex):
    """The formula as docutils sets it."""
    latex2mathml = pytest.importorskip("docutils.utils.math.latex2mathml")
    return latex2mathml.tex2mathml(latex)


ACCENTED = re.compile(r"\\(?:tilde|hat)\{[^}]*\}[_^]")  # docutils puts the script below the accent


def test_every_formula_is_set_as_docutils_sets_it(written):
    assert len(written) > 2000
    different = [
        formula
        for formula in written
        if not ACCENTED.search(formula)
        and bare(mathml.mathml(formula)) != bare(by_docutils(formula))
    ]
    assert different == []


def test_an_accent_stands_on_its_letter_and_the_script_beside_both():
    letter = '<mover accent="true"><mi>W</mi><mo>~</mo></mover>'
    assert mathml.mathml(r"\tilde{W}_{i}") == f"<math><msub>{letter}<mi>i</mi></msub></math>"


def test_the_comparison_with_docutils_notices_a_dropped_symbol():
    assert bare(mathml.mathml("x_{g}")) != bare(by_docutils("x_{h}"))
    assert bare(mathml.mathml("x_{g}")) != bare(by_docutils("x"))


@pytest.mark.parametrize("latex", [r"\unknown x", "x_", "x_{1}_{2}", "{x", r"\mathcal{Q}", "}"])
def test_latex_of_no_formula_here_is_refused(latex):
    with pytest.raises(ValueError, match=re.escape(repr(latex))):
        mathml.mathml(latex)


def test_words_are_escaped_and_linked_and_formulas_are_set():
    def link(text):
        return markup.element("a", text)

    assert account.words("<b> & x <= 1") == account.words("<b> & x <= 1", markup.joined)
    hostile = account.words("<script> ]")
    assert "<script>" not in hostile
    x = "<math><mi>x</mi></math>"
    assert account.words("see x", link) == f'<a>see </a><span class="math">{x}</span>'


@pytest.mark.parametrize(
    "column, text",
    [
        (["0", "1"], "e_2"),
        (["-1", "2/3"], "-e_1 + 2/3 e_2"),
        (["1/2", "0", "-1/2"], "1/2 e_1 - 1/2 e_3"),
        ([0, 0], "0"),
    ],
)
def test_a_vector_is_a_combination_of_unit_vectors(column, text):
    assert account.combination(column) == text


def test_every_vector_of_every_counterexample_is_read_as_one_formula(built):
    for name in COUNTEREXAMPLES:
        for value in built[name].to_dict()["data"].values():
            if isinstance(value, list):
                for column in zip(*value, strict=True):
                    assert "<code>" not in account.words(account.combination(column))


def test_an_account_has_every_sentence_as_text_and_as_html():
    for row in LEDGER.values():
        shown = row.account()
        text = " ".join(str(shown).split())
        for sentence in filter(None, (row.printed, row.reading, row.repaired, row.remark)):
            assert " ".join(sentence.split()) in text
        assert max(map(len, str(shown).splitlines())) < 120
        assert shown.html().count("<dt>") == len(shown.parts)


@pytest.mark.parametrize(
    "module",
    [account, house_notation, markup, mathml],
    ids=lambda module: module.__name__.rpartition(".")[2],
)
def test_the_examples_run(module):
    module = importlib.import_module(module.__name__)
    failed, attempted = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0
    assert attempted > 0
