"""A page for every row of the ledger, a list for every paper, and how we differ from the papers.

Everything is written from :data:`gsae_ref.LEDGER`, the counterexamples and a run of ``gsae-ref
verify --quick``; nothing is typed twice.
"""

import html
import inspect
import re
from pathlib import Path

from api_pages import resolve
from sentence_latex import claim

from gsae_ref.claims.evidence import Inequality, Stress
from gsae_ref.notation.account import words
from gsae_ref.notation.house_notation import markdown
from gsae_ref.notation.markup import Markup, class_name, element
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.row import VERDICTS
from gsae_ref.verification.report import RowResult

THEOREMS = Path(__file__).parents[1] / "theorems"
PAPERS = {
    "T21": "On the Convergence of Group-Sparse Autoencoders",
    "N19": "On the Dynamics of Gradient Descent for Autoencoders",
    "L23": "Implicit Regularization for Group Sparsity",
    "own": "This project's own theorems",
}
DIFFERENT = {
    "refuted": "Refuted: no local repair",
    "vacuous": "Vacuous",
    "corrected": "False as printed, corrected",
    "typo": "Misprints",
}
TIGHT = (
    "A ratio left/right near 1 means that the bound is tight: some instance attains it. "
    "The search is an optimiser that maximises the ratio."
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
    """Writes the pages.

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
        """Rows as a table: number, verdict, statement."""
        lines = []
        for row in rows:
            said = words(row.printed, linked(row.paper, row.id))
            verdict = element("span", row.verdict, class_=f"verdict {class_name(row.verdict)}")
            lines.append((numbered(row), verdict, said))
        return html_table("rows", ("number", "verdict", "statement"), lines)

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
        lines = [
            (numbered(row, "statements/"), words(row.printed), words(row.repaired or row.remark))
            for row in rows
        ]
        table = html_table("differing", ("", "as printed", "instead"), lines)
        return [f"### {paper}: {title}\n", table]


class _Page:
    """The page of one row; each method returns the lines of a part."""

    def __init__(self, writer, row):
        self.writer = writer
        self.row = row
        self.source = LEDGER[row.same_as] if row.same_as else row
        self.result = writer.results[row.id]

    def text(self, before, after):
        """The whole page."""
        account = RowResult.from_dict(self.result).account()
        shown = account.html(linked(self.row.paper, self.row.id), without="derivation")
        lines = [*self.head(), raw(shown)]
        lines += [*self.notes(), *self.derivation(), *self.links()]
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
        outcome = "." if self.result["confirmed"] else ", **which does not confirm the verdict.**"
        return [
            "---\norphan: true\n---\n",
            f"# {title}\n",
            f"[Statements](index.md) › {shelf} › `{row.id}`\n",
            f"{badge(row.verdict)} {VERDICTS[row.verdict]}.\n",
            f"Numbers of `{self.writer.command}`{outcome}\n",
        ]

    def notes(self):
        """How ratios are read, and what else an item of evidence assumes."""
        lines = []
        if any(_is_bound(item) and item.expect == "holds" for item in self.source.evidence):
            lines += [TIGHT, ""]
        for item in self.source.evidence:
            if isinstance(item, Stress):
                lines += [f"*{markdown(item.label)}*: {claim(item)}.", ""]
                continue
            own = self.own_hypotheses(item)
            if own:
                label = element("i", words(item.label))
                lines.append(raw(element("p", label, " is drawn under: ", *own[:-1])))
        return lines

    def own_hypotheses(self, item):
        """What an item of evidence assumes beyond the statement, with semicolons between."""
        known = self.source.hypotheses
        own = [words(h.text) for h in getattr(item, "hypotheses", ()) if h not in known]
        return [piece for each in own for piece in (each, "; ")]

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


def linked(paper, here):
    """Sets words in which the mention of a row leads to its page."""

    def anchor(found):
        target = _mentioned(found, paper, here)
        return f'<a href="{target}.html">{found[0]}</a>' if target else found[0]

    return lambda text: Markup(ROW.sub(anchor, html.escape(text)))


def numbered(row, folder=""):
    """The number of a row as a link to its page."""
    return element("a", words(row.number), href=f"{folder}{row.id}.html")


def html_table(kind, heads, rows):
    """A table that Markdown reads as it is."""
    cells = []
    for row in rows:
        cells.append(element("tr", *(element("td", cell) for cell in row)))
    head = element("thead", element("tr", *(element("th", name) for name in heads)))
    table = element("table", head, element("tbody", *cells), class_=f"docutils {kind}")
    return raw(element("div", table, class_="table-wrapper docutils container"))


def raw(markup):
    """HTML that Sphinx copies and indexes."""
    return f"`````{{raw}} html\n{markup}\n`````\n"


def _mentioned(found, paper, here):
    """The id of another row that words mention, or None."""
    row_id, equation, own = found.groups()
    target = row_id or own or f"{paper}-eq{equation}"
    return target if target in LEDGER and target != here else None


def _heading(number):
    """The number of a statement as Markdown: "Appendix B.3, e_i" holds a formula."""
    return markdown(number)


def _name(row):
    """The number of a statement with its paper."""
    return _heading(row.number) if row.paper == "own" else f"{row.paper} {_heading(row.number)}"
