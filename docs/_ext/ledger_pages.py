"""A page for every row of the ledger, a list for every paper, and how we differ from the papers.

Everything is written from :data:`gsae_ref.LEDGER`, the counterexamples and a run of ``gsae-ref
verify --quick``; nothing is typed twice.
"""

import html
import inspect
import re
from fractions import Fraction
from pathlib import Path

from api_pages import resolve
from exact_latex import comparison, fraction, matrix
from house_notation import NotHouseNotation, markdown
from sentence_latex import claim, sentences

from gsae_ref.claims.evidence import (
    Counterexample,
    Identity,
    Inequality,
    Reading,
    Reproduction,
    Stress,
)
from gsae_ref.papers.counterexamples import COUNTEREXAMPLES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.row import VERDICTS
from gsae_ref.verification.evidence import counterexamples_of

THEOREMS = Path(__file__).parents[1] / "theorems"
PAPERS = {
    "T21": "On the Convergence of Group-Sparse Autoencoders",
    "N19": "On the Dynamics of Gradient Descent for Autoencoders",
    "L23": "Implicit Regularization for Group Sparsity",
    "own": "This project's own theorems",
}
REPAIRED = {"typo": "What is meant", "asymptotic": "The explicit form"}
DIFFERENT = {
    "refuted": "Refuted: no local repair",
    "vacuous": "Vacuous",
    "corrected": "False as printed, corrected",
    "typo": "Misprints",
}
BOUNDS = (
    "",
    "| bound | expected | instances that meet the hypotheses | violations "
    "| largest left/right, random | by search | away |",
    "|---|---|--:|--:|--:|--:|--:|",
)
TIGHT = (
    "A ratio near 1 means that the bound is tight: some instance attains it. "
    "The search is an optimiser that maximises the ratio; away: at a distance of 1/20 from "
    "degenerate instances."
)
ABOUT_STATEMENTS = """\
A page for every numbered statement: as printed, its hypotheses, the verdict, the form that holds,
the counterexample in fractions, how tight the bound is, and the command that checks it.
"""
ABOUT_DIFFERENCES = """\
Generated from the ledger: every statement that is not true as printed. The link leads to the
counterexample, the corrected form and the evidence. A verdict on a sentence is no verdict on a
paper: most corrections keep the idea and change a constant.

Groups of atoms are equal blocks here, as in T21's model. Groups of any sizes are those of L23's
functions (`dglnn_path`, `DiagonallyGroupedLinearRegressor`).
"""
ROW = re.compile(r"\b((?:T21|N19|L23)-[\w-]*\w)|\((\d+)\)|\b(R\d+)\b")
SECTION = re.compile(r"^(?:Parameters|Attributes|Raises|Returns|Examples)\n-+$", re.M)
DOCTEST = re.compile(r"^\s*>>> ", re.M)


class Writer:
    """Writes the pages; counts the statements that could not be set as mathematics.

    Parameters
    ----------
    report : dict
        ``VerificationReport.to_dict()`` of the run whose numbers the pages quote.
    command : str
        The command that makes that report.
    where : callable
        Dotted name -> name under which the API reference documents it, or None.
    """

    def __init__(self, report, command, where):
        self.results = {row["id"]: row for row in report["rows"]}
        self.command = command
        self.where = where
        self.fallbacks = []

    def words(self, text, paper, here="", linked=True):
        """Text in house notation as Markdown, with links to the rows it mentions."""

        def link(words):
            return ROW.sub(lambda found: _row_link(found, paper, here), words) if linked else words

        try:
            return markdown(text, link)
        except NotHouseNotation:
            self.fallbacks.append(text)
            return "``" + text.replace("|", "\\|") + "``"

    def code(self, name):
        """A dotted name, linked into the API reference where it is there."""
        target = self.where(name)
        return f"{{py:obj}}`{name} <{target}>`" if target else f"`{name}`"

    def pages(self):
        """Name -> text of the pages in the folder of the statements."""
        rows = list(LEDGER.values())
        neighbours = zip([None, *rows], rows, [*rows[1:], None], strict=False)
        pages = {row.id: self.page(row, before, after) for before, row, after in neighbours}
        return pages | {paper: self.listing(paper) for paper in PAPERS} | {"index": self.contents()}

    def page(self, row, before, after):
        """Markdown of the page of a row, with links to the rows before and after it."""
        return _Page(self, row).text(before, after)

    def listing(self, paper):
        """The page of a paper: all of its rows."""
        rows = [row for row in LEDGER.values() if row.paper == paper]
        title = PAPERS[paper] if paper == "own" else f"{paper}: {PAPERS[paper]}"
        verdicts = [row.verdict for row in rows]
        counts = [
            f"{verdicts.count(verdict)} {verdict}" for verdict in VERDICTS if verdict in verdicts
        ]
        about = (
            f"{len(rows)} statements: {', '.join(counts)}. "
            f"Every verdict is the recorded one, confirmed by `{self.command}`.\n"
        )
        return "\n".join([f"# {title}\n", about, self.table(rows)])

    def contents(self):
        """The page that leads to the papers."""
        papers = [row.paper for row in LEDGER.values()]
        lines = ["# Statements\n", ABOUT_STATEMENTS, "| | statements | |", "|---|--:|---|"]
        for paper, title in PAPERS.items():
            lines.append(f"| [{paper}]({paper}.md) | {papers.count(paper)} | {title} |")
        lines += ["", "## The verdicts\n", "| | |", "|---|---|"]
        lines += [f"| {badge(verdict)} | {meaning} |" for verdict, meaning in VERDICTS.items()]
        return "\n".join([*lines, "", ":::{toctree}\n:hidden:\n", *PAPERS, ":::\n"])

    def table(self, rows):
        """Rows as a table: number, statement, verdict."""
        lines = [":::{table}\n:class: rows\n", "| number | statement | verdict |", "|---|---|---|"]
        for row in rows:
            link = f"[{_heading(row.number)}]({row.id}.md)"
            words = self.words(row.printed, row.paper, row.id)
            lines.append(f"| {link} | {words} | {badge(row.verdict)} |")
        return "\n".join([*lines, ":::", ""])

    def differences(self):
        """The statements that are not true as printed, the gravest first."""
        links = " | ".join(f"[{paper}](statements/{paper}.md)" for paper in PAPERS)
        lines = [
            "# How we differ from the papers\n",
            ABOUT_DIFFERENCES,
            f"| | {links} | all |",
            "|---|" + "--:|" * (len(PAPERS) + 1),
        ]
        verdicts = [(row.paper, row.verdict) for row in LEDGER.values()]
        for verdict in VERDICTS:
            counts = [verdicts.count((paper, verdict)) for paper in PAPERS]
            numbers = " | ".join(map(str, [*counts, sum(counts)]))
            lines.append(f"| {badge(verdict)} | {numbers} |")
        for verdict, title in DIFFERENT.items():
            lines += ["", f"## {title}\n"]
            for paper in PAPERS:
                lines += self._different(paper, verdict, re.split("[:,]", title)[0].lower())
        return "\n".join(lines)

    def _different(self, paper, verdict, title):
        """A table of a paper's rows with one verdict: printed form, and what holds instead."""
        rows = [
            row
            for row in LEDGER.values()
            if (row.paper, row.verdict) == (paper, verdict) and not row.same_as
        ]
        if not rows:
            return []
        lines = [f"### {paper}: {title}\n", "| | as printed | instead |", "|---|---|---|"]
        for row in rows:
            link = f"[{_heading(row.number)}](statements/{row.id}.md)"
            printed = self.words(row.printed, paper, linked=False)
            instead = self.words(row.repaired or row.remark, paper, linked=False)
            lines.append(f"| {link} | {printed} | {instead} |")
        return [*lines, ""]


class _Page:
    """The page of one row; each method returns the lines of a part."""

    def __init__(self, writer, row):
        self.writer = writer
        self.row = row
        self.source = LEDGER[row.same_as] if row.same_as else row
        self.result = writer.results[row.id]

    def say(self, text):
        """Words of this row, with links."""
        return self.writer.words(text, self.row.paper, self.row.id)

    def text(self, before, after):
        """The whole page."""
        lines = [*self.head(), *self.statement(), *self.evidence()]
        for name in counterexamples_of(self.source.id):
            lines += self.counterexample(COUNTEREXAMPLES[name]())
        lines += [*self.derivation(), *self.links()]
        steps = [
            f"← [{_name(before)}]({before.id}.md)" if before else "",
            f"[{_name(after)}]({after.id}.md) →" if after else "",
        ]
        lines.append(f":::{{container}} steps\n{'  ·  '.join(filter(None, steps))}\n:::\n")
        return "\n".join(lines)

    def head(self):
        """Title, place and verdict."""
        row = self.row
        own = row.paper == "own"
        paper = "This project" if own else row.paper
        title = _heading(row.number)
        if row.number != row.id:
            title = f"{paper}, {title}"
        shelf = f"[{'own theorems' if own else row.paper}]({row.paper}.md)"
        return [
            "---\norphan: true\n---\n",
            f"# {title}\n",
            f"[Statements](index.md) › {shelf} › `{row.id}`\n",
            f"{badge(row.verdict)} {VERDICTS[row.verdict]}.\n",
        ]

    def statement(self):
        """As printed, hypotheses, reading, the form that holds, remark."""
        row = self.row
        lines = [
            f"## {'Statement' if row.paper == 'own' else 'As printed'}\n",
            f":::{{container}} statement\n{self.say(row.printed)}\n:::\n",
            _ascii(row.printed, row.repaired, row.remark),
        ]
        if self.source.hypotheses:
            hypotheses = [f"- {self.say(h.text)}" for h in self.source.hypotheses]
            lines += ["## Hypotheses\n", *hypotheses, ""]
        if row.reading:
            lines += ["## Reading\n", f"{self.say(row.reading)}\n"]
        if row.repaired:
            lines += [
                f"## {REPAIRED.get(row.verdict, 'What holds instead')}\n",
                f":::{{container}} statement holds\n{self.say(row.repaired)}\n:::\n",
            ]
        if row.remark:
            lines += ["## Remark\n", f"{self.say(row.remark)}\n"]
        if row.same_as:
            link = f"[{_name(self.source)}]({row.same_as}.md)"
            lines.append(f"It restates {link}, whose evidence it shares.\n")
        return lines

    def evidence(self):
        """What the run found: a list, and a table of the bounds."""
        outcome = "." if self.result["confirmed"] else ", **which does not confirm the verdict.**"
        lines = ["## Evidence\n", f"Numbers of `{self.writer.command}`{outcome}\n"]
        bounds = []
        for item, finding in zip(_items(self.source), self.result["findings"], strict=True):
            mark = "✓" if finding["ok"] else "✗"
            if _is_bound(item):
                bounds.append(f"| {mark} {self.bound(item, finding['numbers'])} |")
            else:
                lines.append(f"- {mark} {self.finding(item, finding)}")
        if bounds:
            lines += [*BOUNDS, *bounds]
        if any(_is_bound(item) and item.expect == "holds" for item in self.source.evidence):
            lines += ["", TIGHT]
        for item in self.source.evidence:
            if isinstance(item, Stress):
                lines += ["", f"*{self.say(item.label)}*: {claim(item)}."]
                continue
            known = self.source.hypotheses
            own = [self.say(h.text) for h in getattr(item, "hypotheses", ()) if h not in known]
            if own:
                lines += ["", f"*{self.say(item.label)}* is drawn under: {'; '.join(own)}."]
        return [*lines, ""]

    def bound(self, item, numbers):
        """A line of the table of bounds."""
        searched, away = (
            format(numbers[name], ".4f") if name in numbers else "–"
            for name in ("worst_search", "worst_away")
        )
        cells = (
            self.say(item.label),
            "to fail" if item.expect == "fails" else "to hold",
            str(numbers["instances"]),
            str(numbers["violations"]),
            f"{numbers['worst_random']:.4f}",
            searched,
            away,
        )
        return " | ".join(cells)

    def finding(self, item, finding):
        """A counterexample, a reading, an identity or a measurement in a line."""
        label = finding["label"]
        numbers = finding["numbers"]
        if isinstance(item, Counterexample):
            text = sentences(label, self.say)(numbers["printed"]["text"])
            return f"an exact counterexample, [{label}](#{_anchor(label)}): {text} is false"
        if isinstance(item, Reading):
            return f"by reading: {self.say(item.text)}"
        if isinstance(item, Reproduction):
            return (
                f"{item.outcome}: {_plain(item.claim)}: {_plain(item.measured)} (kept result of "
                f"`{item.command}`)"
            )
        if isinstance(item, Identity | Stress):
            expected = "" if item.expect == "holds" else ", as expected: the printed form is false"
            error = f"largest relative error {numbers['relative_error']:.2g}"
            return (
                f"{self.say(item.label)}: {error} over {numbers['instances']} instances{expected}"
            )
        return f"measured with the implementation: {self.say(label)}: {_plain(finding['summary'])}"

    def counterexample(self, certificate):
        """The instance and every comparison, in fractions."""
        say = sentences(certificate.name, self.say)
        lines = [
            f"## Counterexample {_plain(certificate.name)}\n",
            "Every number is an exact fraction; "
            "both sides of every hypothesis are evaluated from the instance.\n",
            "| the instance | |",
            "|---|---|",
        ]
        lines += [f"| {say(key)} | {self.value(v)} |" for key, v in certificate.data.items()]
        lines += ["", "| | left | | right | |", "|---|--:|:-:|:--|---|"]
        lines += [comparison(say(compared.text), compared) for compared in certificate.hypotheses]
        for title, compared in (
            ("as printed", certificate.printed),
            ("corrected", certificate.corrected),
        ):
            if compared:
                lines.append(comparison(f"**{title}:** {say(compared.text)}", compared))
        call = f'gsae_ref.papers.counterexamples.COUNTEREXAMPLES["{certificate.name}"]()'
        return [*lines, "", say(certificate.note), "", f"From Python: `{call}`.\n"]

    def value(self, value):
        """An entry of an instance: a number, a matrix, or words."""
        if isinstance(value, Fraction | int):
            return f"${fraction(value)}$"
        return matrix(value) if isinstance(value, tuple) else self.say(str(value))

    def derivation(self):
        """The docstring of the object that derives the statement, up to its parameters."""
        name = self.source.derivation
        if not name:
            return []
        page = THEOREMS / f"{self.source.id}.md"
        paper = f"The proof as a short paper: [{page.stem}](../../theorems/{page.name}).\n"
        docstring = inspect.cleandoc(resolve(name).__doc__ or "")
        text = DOCTEST.split(SECTION.split(docstring)[0])[0].strip()
        return [
            "## Derivation\n",
            *([paper] if page.exists() else []),
            f"{self.writer.code(name)}; its docstring:\n",
            f"```{{code-block}} text\n:class: docstring\n\n{text}\n```\n",
        ]

    def links(self):
        """The command that checks the statement, and the rows that restate it."""
        command = f"gsae-ref verify --only {self.row.id} --explain"
        lines = ["## Run it\n", f"```console\n$ {command}\n```\n"]
        others = [other for other in LEDGER.values() if other.same_as == self.row.id]
        if others:
            links = ", ".join(f"[{_name(other)}]({other.id}.md)" for other in others)
            lines.append(f"Restated by {links}.\n")
        return lines


def _is_bound(item):
    """Whether evidence is an inequality, in sentences or not."""
    return getattr(item, "kind", "") == "inequality" or isinstance(item, Inequality)


def badge(verdict):
    """The verdict as a coloured word."""
    return f"[{verdict}]{{.verdict .{verdict.replace(' ', '-')}}}"


def _row_link(found, paper, here):
    """The mention of a row as a link, unless there is no such row or it is the page's own."""
    row_id, equation, own = found.groups()
    target = row_id or own or f"{paper}-eq{equation}"
    shown = found[0]
    return f"[{shown}]({target}.md)" if target in LEDGER and target != here else shown


def _heading(number):
    """The number of a statement as Markdown: "Appendix B.3, e_i" holds a formula."""
    return markdown(number)


def _name(row):
    """The number of a statement with its paper."""
    return _heading(row.number) if row.paper == "own" else f"{row.paper} {_heading(row.number)}"


def _anchor(name):
    """The anchor of the heading of a counterexample."""
    return f"counterexample-{name.lower()}"


def _ascii(*texts):
    """The house notation, folded away."""
    shown = "\n".join(html.escape(text) for text in texts if text)
    return f"<details><summary>in plain text</summary><pre>{shown}</pre></details>\n"


def _items(row):
    """The evidence of a row, an item for every finding."""
    for item in row.evidence:
        count = len(counterexamples_of(row.id)) if isinstance(item, Counterexample) else 1
        yield from [item] * count


def _plain(text):
    """Text in which Markdown reads no markup."""
    return re.sub(r"([\\`*_$<>\[\]|])", r"\\\1", text)
