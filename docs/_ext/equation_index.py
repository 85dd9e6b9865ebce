"""The equation index: every number of every paper, its function, and its verdict.

Functions are found in the docstrings, which name their source as ``[T21] Eq. (7)`` or ``[N19]
Theorem 3 (ii)``, and in the ledger.
"""

import inspect
import re
from importlib import import_module

from api_pages import MODULES, members, public_names, target
from ledger_pages import PAPERS, badge

import gsae_ref
from gsae_ref.notation.house_notation import markdown
from gsae_ref.papers.ledger import LEDGER

TAG = re.compile(r"\[(T21|N19|L23)\]")
NUMBERED = re.compile(r"(?:Eqs?\.|^) ((?:\(\d{1,2}\)(?:-|, and |, | and )?)+)")
NAMED = re.compile(
    r"(Proposition|Lemma|Theorem|Assumption|Algorithm|Definition|Claim|Corollary)s? "
    r"((?:[A-Z]?\d+(?: \([ivx.\d]+\))?(?:, | and |, and )?)+)"
)
WITHOUT_FUNCTIONS = (".counterexamples", ".ledger", ".row", ".exact", ".exact_descent")
INTRODUCTION = """\
Every number of the three papers: the function that computes it (found by the source that its
docstring names) and the row of the ledger with its verdict. A dash: a definition or a step of a
proof that needs no function; its row still has its evidence.
"""


def sources(docstring):
    """The (paper, number) pairs that a docstring names: ("T21", "Eq. (7)"), ("N19", "Lemma 2").

    Numbers after a tag belong to it, up to the end of the sentence.

    >>> sorted(sources("Threshold, sigma(0) = 0. [T21] Eqs. (7), (24)-(25) and Lemma 1. See (99)."))
    [('T21', 'Eq. (24)'), ('T21', 'Eq. (25)'), ('T21', 'Eq. (7)'), ('T21', 'Lemma 1')]
    """
    found = set()
    pieces = TAG.split(re.sub(r"\s+", " ", docstring or ""))
    for tag, after in zip(pieces[1::2], pieces[2::2], strict=True):
        sentence = re.split(r"(?<!Eq)(?<!Eqs)\. (?=[A-Z`:*(])", after)[0][:160]
        found |= {(tag, number) for number in _numbers(sentence)}
    return found


def _numbers(sentence):
    """The numbers in a sentence: "Eq. (7)", "Lemma 2"; a range names each of its equations."""
    for numbers in NUMBERED.findall(sentence):
        for first, last in re.findall(r"\((\d+)\)(?:-\((\d+)\))?", numbers):
            yield from (f"Eq. ({k})" for k in range(int(first), int(last or first) + 1))
    for kind, numbers in NAMED.findall(sentence):
        named = (number.strip() for number in re.split(r", and |, | and ", numbers))
        yield from (f"{kind} {number}" for number in named if number)


def functions_by_source():
    """(paper, number) -> documented names of the functions that implement or state it."""
    table = {}
    for name, thing in _documented():
        shown = inspect.isfunction(thing) or inspect.isclass(thing)
        if shown and target(name) in (name, None):
            for source in sources(thing.__doc__):
                table.setdefault(source, []).append(name)
    return table


def _documented():
    """(name, object) of everything in the reference but counterexamples, ledger and settings."""
    for names in public_names().values():
        for name in names:
            yield f"gsae_ref.{name}", getattr(gsae_ref, name)
    for module in MODULES:
        if not module.endswith(WITHOUT_FUNCTIONS):
            for name in members(module):
                yield f"{module}.{name}", getattr(import_module(module), name)


def index():
    """Markdown of the page."""
    table = functions_by_source()
    lines = ["# Equation index\n", INTRODUCTION]
    for paper, title in PAPERS.items():
        lines += [
            f"## {paper}: {title}\n" if paper != "own" else f"## {title}\n",
            ":::{table}\n:class: numbers\n",
            "| number | function | ledger |",
            "|---|---|---|",
        ]
        for row in LEDGER.values():
            if row.paper == paper:
                functions = _functions(row, table) or "–"
                page = f"[`{row.id}`](statements/{row.id}.md) {badge(row.verdict)}"
                lines.append(f"| {markdown(row.number)} | {functions} | {page} |")
        lines += [":::", ""]
    return "\n".join(lines)


def _functions(row, table):
    """Links to the functions whose docstrings name a row, and to the one that derives it."""
    source = LEDGER[row.same_as] if row.same_as else row
    names = list(table.get((row.paper, row.number), []))
    derives = source.derivation and target(source.derivation)
    if derives and derives not in names:
        names.append(derives)
    links = (f"{{py:obj}}`{name.removeprefix('gsae_ref.')} <{name}>`" for name in names)
    return ", ".join(dict.fromkeys(links))
