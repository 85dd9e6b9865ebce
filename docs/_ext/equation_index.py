"""The equation index: every number of every paper, where it is implemented and what became of it.

Functions are found in the docstrings, which name their source as ``[T21] Eq. (7)`` or ``[N19]
Theorem 3 (ii)``, and in the ledger.
"""

import inspect
import re
from importlib import import_module

from api_pages import MODULES, members, public_names, target
from house_notation import markdown
from ledger_pages import PAPERS, badge

import gsae_ref
from gsae_ref.papers.ledger import LEDGER

TAG = re.compile(r"\[(T21|N19|L23)\]")
NUMBERED = re.compile(r"(?:Eqs?\.|^) ((?:\(\d{1,2}\)(?:-|, and |, | and )?)+)")
NAMED = re.compile(
    r"(Proposition|Lemma|Theorem|Assumption|Algorithm|Definition|Claim|Corollary)s? "
    r"((?:[A-Z]?\d+(?: \([ivx.\d]+\))?(?:, | and |, and )?)+)"
)


def sources(docstring):
    """The (paper, number) pairs that a docstring names: ("T21", "Eq. (7)"), ("N19", "Lemma 2").

    What follows a tag belongs to it up to the end of the sentence.

    >>> sorted(sources("Threshold, sigma(0) = 0. [T21] Eqs. (7), (24)-(25) and Lemma 1. See (99)."))
    [('T21', 'Eq. (24)'), ('T21', 'Eq. (25)'), ('T21', 'Eq. (7)'), ('T21', 'Lemma 1')]
    """
    found = set()
    text = re.sub(r"\s+", " ", docstring or "")
    pieces = TAG.split(text)
    for tag, after in zip(pieces[1::2], pieces[2::2], strict=True):
        sentence = re.split(r"(?<!Eq)(?<!Eqs)\. (?=[A-Z`:*(])", after)[0][:160]
        for numbers in NUMBERED.findall(sentence):
            for first, last in re.findall(r"\((\d+)\)(?:-\((\d+)\))?", numbers):
                found |= {(tag, f"Eq. ({k})") for k in range(int(first), int(last or first) + 1)}
        for kind, numbers in NAMED.findall(sentence):
            found |= {
                (tag, f"{kind} {number.strip()}")
                for number in re.split(r", and |, | and ", numbers)
                if number.strip()
            }
    return found


def functions_by_source():
    """(paper, number) -> names under which the API reference documents the functions that implement or state it."""
    table = {}
    documented = {
        f"gsae_ref.{name}": getattr(gsae_ref, name)
        for names in public_names().values()
        for name in names
    }
    for module in MODULES:
        if not module.endswith((".counterexamples", ".ledger", ".row", ".exact", ".exact_descent")):
            documented |= {
                f"{module}.{name}": getattr(import_module(module), name) for name in members(module)
            }
    for name, thing in documented.items():
        if not (inspect.isfunction(thing) or inspect.isclass(thing)) or target(name) not in (
            name,
            None,
        ):
            continue
        for source in sources(thing.__doc__):
            table.setdefault(source, []).append(name)
    return table


def index():
    """Markdown of the page."""
    table = functions_by_source()
    lines = [
        "# Equation index\n",
        "Every number of the three papers and where to find it here: the function that computes it (from the docstrings, "
        "which name their source) and the row of the ledger with its verdict. A dash: a definition or a step of a proof that needs no function "
        "of its own; its row still has its evidence.\n",
    ]
    for paper, title in PAPERS.items():
        lines += [
            f"## {paper}: {title}\n" if paper != "own" else f"## {title}\n",
            ":::{table}\n:class: rows\n",
            "| number | function | ledger |",
            "|---|---|---|",
        ]
        for row in LEDGER.values():
            if row.paper == paper:
                functions = _functions(row, table) or "–"
                lines.append(
                    f"| {markdown(row.number)} | {functions} | [`{row.id}`](statements/{row.id}.md) {badge(row.verdict)} |"
                )
        lines += [":::", ""]
    return "\n".join(lines)


def _functions(row, table):
    """Links to the functions of a row: those whose docstrings name it, and the one that derives it."""
    source = LEDGER[row.same_as] if row.same_as else row
    names = list(table.get((row.paper, row.number), []))
    derives = source.derivation and target(source.derivation)
    if derives and derives not in names:
        names.append(derives)
    return ", ".join(
        f"{{py:obj}}`{name.removeprefix('gsae_ref.')} <{name}>`" for name in dict.fromkeys(names)
    )
