"""A statement in full: parts with titles, written as text for terminals or as HTML.

The command line, the report, the documentation and notebooks all show a statement in this way.
"""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .house_notation import NotHouseNotation, segments
from .markup import Markup, element, joined
from .mathml import mathml

Link = Callable[[str], Markup]
WIDTH = 88
LONG = 26  # characters of a formula that is short enough for a column
COMPARED = {True: "true", False: "false"}
SIGNS = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}
# "all hypotheses hold exactly; <sentence>: <left> <relation> <right> is false"
COMPARISON = re.compile(r"([\w ]+; )(.*): (\S+) ([<>=!]=?) (\S+) is (\w+)", re.S)


@dataclass(frozen=True)
class Sentence:
    """A sentence in house notation, whose formulas are set."""

    text: str


@dataclass(frozen=True)
class Formula:
    """A formula as it is typed, and as LaTeX."""

    text: str
    latex: str


@dataclass(frozen=True)
class Code:
    """A command, or lines whose breaks count."""

    text: str


@dataclass(frozen=True)
class Outcome:
    """What an item of evidence came out as."""

    ok: bool
    kind: str
    label: str
    summary: str


@dataclass(frozen=True)
class Exact:
    """An exact counterexample: as lines of text, and as the dictionary of its certificate."""

    text: str
    certificate: Mapping[str, Any]


Block = Sentence | Formula | Code | Outcome | Exact


@dataclass(frozen=True)
class Part:
    """Blocks under a title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Account:
    """A statement in full; its text at a prompt, set formulas in a notebook.

    Attributes
    ----------
    heading : str
        Id, verdict and number.
    parts : tuple of Part
        As printed, hypotheses, the form that holds, evidence, counterexamples.
    """

    heading: str
    parts: tuple[Part, ...]

    def text(self, width: int = WIDTH, paint: Callable[[str], str] = str) -> str:
        """The parts as lines of at most ``width`` characters; ``paint`` colours a title."""
        lines = []
        for part in self.parts:
            lines.append("    " + paint(part.title))
            for block in part.blocks:
                lines += _lines(block, width)
        return "\n".join(lines)

    def html(self, link: Link | None = None, without: str = "") -> Markup:
        """The parts as a description list, then the sentences as they are typed.

        Parameters
        ----------
        link : callable, optional
            Sets words between formulas, such as ids of rows, which it may link.
        without : str
            Title of a part that is left out.
        """
        parts = [part for part in self.parts if part.title != without]
        entries = [
            joined(
                element("dt", *_title(part.title)),
                element("dd", *_set(part.blocks, link)),
            )
            for part in parts
        ]
        sentences = [b.text for p in self.parts for b in p.blocks if isinstance(b, Sentence)]
        shown = element("dl", *entries, class_="account")
        if not sentences:
            return shown
        summary = element("summary", "in plain text")
        return joined(shown, element("details", summary, element("pre", "\n".join(sentences))))

    def __str__(self) -> str:
        return f"{self.heading}\n{self.text()}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return element("div", element("p", element("b", self.heading)), self.html())


def _title(title: str) -> list[Markup]:
    """A title, and what it names, such as the bound of an instance, as a sentence."""
    kind, colon, named = (title[0].upper() + title[1:]).partition(": ")
    return [joined(kind + colon), words(named)] if named else [joined(kind)]


def words(text: str, link: Link | None = None) -> Markup:
    """A sentence in house notation as HTML; as it is typed where it cannot be read.

    >>> words("a bound n")
    'a bound <span class="math"><math><mi>n</mi></math></span>'
    """
    try:
        pieces = _pieces(text)
    except NotHouseNotation:
        return element("code", text)
    plain = link or joined
    return joined(*(plain(piece) if kind == "text" else piece for kind, piece in pieces))


@functools.cache  # a report has most sentences twice
def _pieces(text: str) -> tuple[tuple[str, str], ...]:
    """Kinds and strings of the segments of a sentence, formulas and code as HTML."""
    write: dict[str, Callable[[str], str]] = {
        "math": lambda latex: in_line(mathml(latex.strip())),
        "code": lambda code: element("code", code),
        "text": str,
    }
    return tuple((kind, write[kind](string)) for kind, string in segments(text))


def in_line(formula: Markup) -> Markup:
    """A formula in a line of text; the class of a long one lets it scroll on a narrow page."""
    seen = re.sub("<[^>]*>|&[a-zA-Z]+;|\\s", "", formula)
    return element("span", formula, class_="math wide" if len(seen) > LONG else "math")


def _lines(block: Block, width: int) -> Iterator[str]:
    """A block as text, indented by eight."""
    if isinstance(block, (Code, Exact)):
        for line in block.text.splitlines():
            yield _wrapped(line, width, " " * (10 + len(line) - len(line.lstrip())))
        return
    text = _outcome_line(block) if isinstance(block, Outcome) else block.text
    yield _wrapped(text, width, " " * 8)


def _wrapped(text: str, width: int, hanging: str) -> str:
    """A text broken at blanks; the first line keeps its own indentation."""
    return textwrap.fill(
        text.lstrip(),
        width,
        initial_indent=" " * (8 + len(text) - len(text.lstrip())),
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _outcome_line(outcome: Outcome) -> str:
    return f"{'ok' if outcome.ok else 'FAILS'}  {outcome.label}: {outcome.summary}"


def _set(blocks: Iterable[Block], link: Link | None) -> list[Markup]:
    """Blocks as HTML; several sentences or outcomes are a list."""
    blocks = list(blocks)
    found = [block_html(block, link) for block in blocks]
    if len(found) == 1 and not isinstance(blocks[0], Outcome):
        return found
    if all(isinstance(block, (Sentence, Formula, Outcome)) for block in blocks):
        return [element("ul", *(element("li", each) for each in found))]
    return found


def block_html(block: Block, link: Link | None = None) -> Markup:
    """One block as HTML."""
    if isinstance(block, Sentence):
        return words(block.text, link)
    if isinstance(block, Formula):
        return _formula(block)
    if isinstance(block, Code):
        return element("pre", block.text)
    if isinstance(block, Outcome):
        return _outcome(block, link)
    return _exact(block.certificate, link)


def _formula(formula: Formula) -> Markup:
    """A formula, as it is typed where mathml.py lacks one of its commands."""
    try:
        return in_line(mathml(formula.latex))
    except ValueError:
        return element("code", formula.text)


def _outcome(outcome: Outcome, link: Link | None) -> Markup:
    """An item of evidence: whether it is as expected, its kind, its label, its result."""
    word = "✓ as expected" if outcome.ok else "✗ NOT as expected"
    return joined(
        element("span", word, class_="yes" if outcome.ok else "no"),
        " ",
        element("span", outcome.kind, class_="kind"),
        " ",
        words(outcome.label, link),
        element("p", _summary(outcome, link)),
    )


def _summary(outcome: Outcome, link: Link | None) -> Markup:
    """What came out: the sentence of a counterexample or a reading set, signs of measurements."""
    if outcome.kind == "reading" or outcome.kind == "measurement" and "||" in outcome.summary:
        return words(outcome.summary, link)
    found = COMPARISON.fullmatch(outcome.summary)
    if not found or outcome.kind != "counterexample":
        return joined(re.sub("<=|>=", lambda sign: SIGNS[sign[0]], outcome.summary))
    verdict, sentence, left, relation, right, holds = found.groups()
    sides = f"{_number(left)} {SIGNS.get(relation, relation)} {_number(right)}"
    return joined(verdict, words(sentence, link), f": {sides} is {holds}")


def _exact(certificate: Mapping[str, Any], link: Link | None) -> Markup:
    """A counterexample: the instance, then every comparison with its sides as fractions."""
    compared = [("hypothesis", line) for line in certificate["hypotheses"]]
    compared += [("as printed", certificate["printed"]), ("corrected", certificate["corrected"])]
    entries = certificate["data"].items()
    plain = [f"{name} = {value}" for name, value in entries if not isinstance(value, list)]
    instance = [
        joined(words(name, link), " = ", _matrix(value))
        for name, value in entries
        if isinstance(value, list)
    ]
    instance.append(words("; ".join(plain), link))
    return joined(
        element("p", words(certificate["note"], link)),
        element("ul", *(element("li", each) for each in instance)),
        element(
            "table",
            element("tbody", *(_comparison(name, line, link) for name, line in compared if line)),
            class_="exact",
        ),
        None if certificate["corrected"] else element("p", "There is no local repair."),
    )


def _comparison(name: str, line: Mapping[str, Any], link: Link | None) -> Markup:
    """A line of the table of a counterexample."""
    sign = SIGNS.get(line["relation"], line["relation"])
    sides = f"{_number(line['left'])} {sign} {_number(line['right'])}"
    return element(
        "tr",
        element("th", name, scope="row"),
        element("td", words(line["text"], link)),
        element("td", sides, class_="sides"),
        element("td", COMPARED[line["holds"]], class_="yes" if line["holds"] else "no"),
        class_=None if name == "hypothesis" else "conclusion",
    )


def _number(text: str) -> str:
    """A fraction; of a long one its first digits.

    >>> _number("6/5"), _number("1" + 12 * "0" + "/3")
    ('6/5', '3.333333333e+11...')
    """
    above, _, below = str(text).partition("/")
    if max(len(above), len(below)) < 12:
        return str(text)
    return f"{int(above) / int(below or 1):.10g}..."


def _matrix(rows: Iterable[Iterable[object]]) -> Markup:
    """A matrix by its columns."""
    columns = [words(combination(column)) for column in zip(*rows, strict=True)]
    pieces = [piece for column in columns for piece in (column, ", ")]
    return joined("[", *pieces[:-1], "]")


def combination(column: Iterable[object]) -> str:
    """A vector as a combination of unit vectors.

    >>> combination(["3/5", "0", "-1"]), combination([0, 0])
    ('3/5 e_1 - e_3', '0')
    """
    terms = []
    for k, entry in enumerate(map(str, column), 1):
        if entry != "0":
            sign, size = ("-", entry[1:]) if entry[0] == "-" else ("+", entry)
            terms.append(f"{sign} {'' if size == '1' else size + ' '}e_{k}")
    text = " ".join(terms).removeprefix("+ ")
    return f"-{text[2:]}" if text.startswith("- ") else text or "0"
