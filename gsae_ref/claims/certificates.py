"""Counterexamples of the ledger as scripts and as LaTeX.

Of a claim and a point the script is that of its proof. Of a function it holds the function and all
that it calls, without annotations, and asserts every comparison with the sides that it has here.
"""

from __future__ import annotations

import inspect
from fractions import Fraction
from functools import cache
from typing import Any

from .bundle import Source, modules_behind, wrapped
from .exact import COUNTEREXAMPLES, Certificate, Comparison
from .latex import matrix, number, write_latex
from .pruning import called_only, with_plain_records
from .rational import Matrix
from .refutation import REFUTATIONS
from .script import with_title, write_script


def find_counterexample(name: str) -> Certificate:
    """The counterexample of this name.

    Raises
    ------
    ValueError
        For a name that no counterexample has.
    """
    if name not in COUNTEREXAMPLES:
        raise ValueError(f"{name!r} is the name of no counterexample; see `gsae-ref verify --list`")
    return COUNTEREXAMPLES[name]()


def certificate_script(name: str) -> str:
    """A counterexample as a Python script that needs no package; it is run before.

    Raises
    ------
    ValueError
        For a name that no counterexample has.
    RuntimeError
        If Python does not accept the script: a fault of this package.
    """
    certificate = find_counterexample(name)
    if name in REFUTATIONS:
        return write_script(REFUTATIONS[name].proof())
    build = inspect.unwrap(COUNTEREXAMPLES[name])
    comparisons = (*certificate.hypotheses, certificate.printed)
    pairs = ", ".join(f"({_number(each.left)}, {_number(each.right)})" for each in comparisons)
    body = [
        f"found = {build.__name__}()",
        *wrapped(f"assert [(a, b) for _, a, _, b in found] == [{pairs}]"),
        "for text, a, sign, b in found: print(f'{text}: {a} {sign} {b}')",
        "*hypotheses, conclusion = [SIGNS[sign](a, b) for _, a, sign, b in found]",
        "assert all(hypotheses) and not conclusion",
        'print("Every hypothesis holds, and the conclusion, the last line, does not.")',
    ]
    text = "\n".join(body)
    nodes = _source(str(build.__module__)).nodes([build.__name__])
    return with_title(_title(certificate), called_only(with_plain_records(nodes), text), text)


@cache
def _source(module: str) -> Source:
    return Source(modules_behind(module))


def _title(certificate: Certificate) -> str:
    return (
        f"{certificate.name}: a counterexample to `{certificate.printed.text}`.\n"
        "Every hypothesis and the violation are asserted in exact arithmetic: run `python -I -S`."
    )


def _number(x: Any) -> str:
    q = Fraction(x)
    return str(q) if q.denominator == 1 else f"Fraction({q.numerator}, {q.denominator})"


def certificate_latex(name: str) -> str:
    """A counterexample as LaTeX, to be set with amsmath.

    Raises
    ------
    ValueError
        For a name that no counterexample has.
    """
    certificate = find_counterexample(name)
    if name in REFUTATIONS:
        return write_latex(REFUTATIONS[name].proof())
    lines = [rf"\paragraph{{{_verbatim(certificate.name)}}}", r"\begin{itemize}"]
    lines += [rf"\item {_verbatim(key)} $= {_value(x)}$" for key, x in certificate.data.items()]
    lines += [r"\end{itemize}", "Every hypothesis holds:", r"\begin{itemize}"]
    lines += [rf"\item {_comparison(each)}" for each in certificate.hypotheses]
    lines += [r"\end{itemize}", f"The conclusion does not: {_comparison(certificate.printed)}."]
    if certificate.corrected:
        lines.append(f"Repaired: {_comparison(certificate.corrected)}.")
    return "\n".join(lines)


SIGNS = {"<=": r"\le", "<": "<", ">=": r"\ge", ">": ">", "==": "=", "!=": r"\ne"}
NEGATED = {"<=": r"\not\le", "<": r"\not<", ">=": r"\not\ge", ">": r"\not>", "==": r"\ne"}


def _comparison(each: Comparison) -> str:
    signs = SIGNS if each.holds else NEGATED
    sign = signs.get(each.relation, "=")
    return f"{_verbatim(each.text)}: ${number(each.left)} {sign} {number(each.right)}$"


def _value(x: object) -> str:
    """A number or a matrix; any other datum as text."""
    if isinstance(x, (int, Fraction)):
        return number(x)
    if isinstance(x, tuple) and x and isinstance(x[0], tuple):
        return matrix(Matrix(x))
    return rf"\text{{{_verbatim(str(x))}}}"


def _verbatim(text: str) -> str:
    r"""Plain text, in typewriter where it has signs of mathematics."""
    escaped = "".join(rf"\{c}" if c in "#$%&_{}" else ESCAPES.get(c, c) for c in text)
    return rf"\texttt{{{escaped}}}"


ESCAPES = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
