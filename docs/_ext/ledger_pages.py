"""A page for every row of the ledger, an index for every paper, the equation index, and how we differ from the papers.

Everything is written from :data:`gsae_ref.LEDGER`, the certificates and a run of ``gsae-ref verify
--quick``; nothing is typed twice.
"""

import html
import inspect
import re
from fractions import Fraction

from api_pages import resolve
from house_notation import NotHouseNotation, markdown

from gsae_ref.claims.evidence import Counterexample, Identity, Inequality, Reading
from gsae_ref.papers.counterexamples import COUNTEREXAMPLES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.row import VERDICTS
from gsae_ref.verification.evidence import counterexamples_of

REPAIRED = {"typo": "What is meant", "asymptotic": "The explicit form"}
PAPERS = {
    "T21": "On the Convergence of Group-Sparse Autoencoders",
    "N19": "On the Dynamics of Gradient Descent for Autoencoders",
    "L23": "Implicit Regularization for Group Sparsity",
    "own": "This project's own theorems",
}
SMALL_MATRIX = 30
WIDE_MATRIX = 6
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
        Dotted name -> reST role target documented in the API reference, or None.
    """

    def __init__(self, report, command, where):
        self.results = {row["id"]: row for row in report["rows"]}
        self.command = command
        self.where = where
        self.fallbacks = []

    # ------------------------------------------------------------------------------------------------ words
    def words(self, text, paper, here=""):
        """Text in house notation as Markdown, with links to the rows it mentions."""

        def link(words):
            def row(found):
                target = found[1] or (f"{paper}-eq{found[2]}" if found[2] else found[3])
                shown = found[0]
                return f"[{shown}]({target}.md)" if target in LEDGER and target != here else shown

            return (
                re.sub(r"\b((?:T21|N19|L23)-[\w-]*\w)|\((\d+)\)|\b(R\d)\b", row, words)
                if self._linked
                else words
            )

        try:
            return markdown(text, link)
        except NotHouseNotation:
            self.fallbacks.append(text)
            return "``" + text.replace("|", "\\|") + "``"

    _linked = True

    def code(self, name):
        """A dotted name, linked into the API reference where it is there."""
        target = self.where(name)
        return f"{{py:obj}}`{name} <{target}>`" if target else f"`{name}`"

    def pages(self):
        """Name -> text of the pages in the folder of the statements."""
        rows = list(LEDGER.values())
        pages = {
            row.id: self.page(row, before, after)
            for before, row, after in zip([None, *rows], rows, [*rows[1:], None], strict=False)
        }
        return pages | {paper: self.listing(paper) for paper in PAPERS} | {"index": self.contents()}

    # ------------------------------------------------------------------------------------------------ one page
    def page(self, row, before, after):
        """Markdown of the page of a row."""
        source = LEDGER[row.same_as] if row.same_as else row
        result = self.results[row.id]
        paper = "This project" if row.paper == "own" else row.paper
        kind = "" if row.number == row.id else f"{paper}, "
        say = lambda text: self.words(text, row.paper, row.id)  # noqa: E731
        parts = [
            "---\norphan: true\n---\n",
            f"# {kind}{_heading(row.number)}\n",
            f"[Statements](index.md) › [{row.paper if row.paper != 'own' else 'own theorems'}]({row.paper}.md) › `{row.id}`\n",
            f"{badge(row.verdict)} {VERDICTS[row.verdict]}.\n",
            f"## {'Statement' if row.paper == 'own' else 'As printed'}\n",
            f":::{{container}} statement\n{say(row.printed)}\n:::\n",
            _ascii(row.printed, row.repaired, row.remark),
        ]
        hypotheses = [h.text for h in source.hypotheses]
        if hypotheses:
            parts += ["## Hypotheses\n", *(f"- {say(text)}" for text in hypotheses), ""]
        if row.reading:
            parts += ["## Reading\n", f"{say(row.reading)}\n"]
        if row.repaired:
            parts += [
                f"## {REPAIRED.get(row.verdict, 'What holds instead')}\n",
                f":::{{container}} statement holds\n{say(row.repaired)}\n:::\n",
            ]
        if row.remark:
            parts += ["## Remark\n", f"{say(row.remark)}\n"]
        if row.same_as:
            parts += [f"It restates [{_name(source)}]({source.id}.md), whose evidence it shares.\n"]
        parts += self._evidence(source, result, say)
        for name in counterexamples_of(source.id):
            parts += self._counterexample(COUNTEREXAMPLES[name](), say)
        parts += self._derivation(source)
        parts += ["## Run it\n", f"```console\n$ gsae-ref verify --only {row.id} --explain\n```\n"]
        others = [other for other in LEDGER.values() if other.same_as == row.id]
        if others:
            parts += [
                "Restated by "
                + ", ".join(f"[{_name(other)}]({other.id}.md)" for other in others)
                + ".\n"
            ]
        steps = [
            f"← [{_name(before)}]({before.id}.md)" if before else "",
            f"[{_name(after)}]({after.id}.md) →" if after else "",
        ]
        return "\n".join(
            [*parts, f":::{{container}} steps\n{'  ·  '.join(filter(None, steps))}\n:::\n"]
        )

    def _evidence(self, source, result, say):
        lines = [
            "## Evidence\n",
            f"Numbers of `{self.command}`"
            + ("." if result["confirmed"] else ", **which does not confirm the verdict.**")
            + "\n",
        ]
        rows = []
        for item, finding in zip(_items(source), result["findings"], strict=True):
            mark = "✓" if finding["ok"] else "✗"
            numbers = finding["numbers"]
            if isinstance(item, Counterexample):
                lines.append(
                    f"- {mark} an exact counterexample, [{finding['label']}](#{_anchor(finding['label'])}): {say(numbers['printed']['text'])} is false"
                )
            elif isinstance(item, Reading):
                lines.append(f"- {mark} by reading: {say(item.text)}")
            elif isinstance(item, Identity):
                lines.append(
                    f"- {mark} {say(item.label)}: largest relative error {numbers['relative_error']:.2g} "
                    f"over {numbers['instances']} instances"
                    + (
                        ", as it should be: the printed form is false"
                        if item.expect == "fails"
                        else ""
                    )
                )
            elif isinstance(item, Inequality):
                rows.append(
                    f"| {mark} {say(item.label)} | {'to fail' if item.expect == 'fails' else 'to hold'} | {numbers['instances']} "
                    f"| {numbers['violations']} | {numbers['worst_random']:.4f} "
                    f"| {format(numbers['worst_search'], '.4f') if 'worst_search' in numbers else '–'} |"
                )
            else:
                lines.append(
                    f"- {mark} measured with the implementation: {say(finding['label'])}: {_plain(finding['summary'])}"
                )
        if rows:
            lines += [
                "",
                "| bound | expected | instances that meet the hypotheses | violations | largest left/right, random | by search |",
                "|---|---|--:|--:|--:|--:|",
                *rows,
            ]
        if any(isinstance(item, Inequality) and item.expect == "holds" for item in source.evidence):
            lines += [
                "",
                "A ratio near 1 means that the bound is tight: some instance uses all of it. The search is an optimiser that pushes it up.",
            ]
        for item in source.evidence:
            own = [h.text for h in getattr(item, "hypotheses", ()) if h not in source.hypotheses]
            if own:
                lines += [
                    "",
                    f"*{say(item.label)}* is drawn under: {'; '.join(say(text) for text in own)}.",
                ]
        return [*lines, ""]

    def _counterexample(self, certificate, say):
        lines = [
            f"## Counterexample {_plain(certificate.name)}\n",
            "Every number is an exact fraction; both sides of every hypothesis are evaluated from the instance.\n",
            "| the instance | |",
            "|---|---|",
        ]
        for key, value in certificate.data.items():
            lines.append(f"| {say(key)} | {self._value(value, say)} |")
        lines += ["", "| | left | | right | |", "|---|--:|:-:|:--|---|"]
        lines += [_comparison(say(c.text), c, "holds") for c in certificate.hypotheses]
        lines.append(
            _comparison(
                "**as printed:** " + say(certificate.printed.text), certificate.printed, "printed"
            )
        )
        if certificate.corrected:
            lines.append(
                _comparison(
                    "**corrected:** " + say(certificate.corrected.text),
                    certificate.corrected,
                    "holds",
                )
            )
        return [
            *lines,
            "",
            say(certificate.note),
            "",
            f'From Python: `gsae_ref.papers.counterexamples.COUNTEREXAMPLES["{certificate.name}"]()`.\n',
        ]

    def _value(self, value, say):
        if isinstance(value, Fraction | int):
            return f"${_fraction(value)}$"
        if isinstance(value, tuple):
            rows = len(value)
            columns = len(value[0])
            if rows * columns <= SMALL_MATRIX and columns <= WIDE_MATRIX:
                return (
                    "$"
                    + r"\begin{pmatrix}"
                    + r" \\ ".join(" & ".join(map(_fraction, row)) for row in value)
                    + r"\end{pmatrix}$"
                )
            entries = [_column([row[k] for row in value]) for k in range(columns)]
            return f"{rows} × {columns}, columns " + ", ".join(entries)
        return say(str(value))

    def _derivation(self, source):
        if not source.derivation:
            return []
        lines = ["## Derivation\n", f"{self.code(source.derivation)}; its docstring:\n"]
        thing = resolve(source.derivation)
        text = inspect.cleandoc(thing.__doc__ or "")
        text = re.split(
            r"^Parameters\n-+$|^Raises\n-+$|^Returns\n-+$|^Examples\n-+$",
            text,
            maxsplit=1,
            flags=re.M,
        )[0]
        text = DOCTEST.split(text)[0].strip()
        return [*lines, f"```{{code-block}} text\n:class: docstring\n\n{text}\n```\n"]

    # ------------------------------------------------------------------------------------------------ lists of rows
    def listing(self, paper):
        """The page of a paper: all of its rows."""
        rows = [row for row in LEDGER.values() if row.paper == paper]
        title = (
            "R0 to R8: this project's own theorems"
            if paper == "own"
            else f"{paper}: {PAPERS[paper]}"
        )
        counts = ", ".join(
            f"{sum(row.verdict == verdict for row in rows)} {verdict}"
            for verdict in VERDICTS
            if any(row.verdict == verdict for row in rows)
        )
        return "\n".join(
            [
                f"# {title}\n",
                f"{len(rows)} statements: {counts}. Every verdict is the recorded one, confirmed by `{self.command}`.\n",
                self.table(rows),
            ]
        )

    def contents(self):
        """The page that leads to the papers."""
        lines = [
            "# Statements\n",
            "A page for every numbered statement: as printed, its hypotheses, the verdict, what holds instead, the "
            "counterexample in fractions, how tight the bound is, and the command that checks it.\n",
            "| | statements | |",
            "|---|--:|---|",
        ]
        for paper, title in PAPERS.items():
            lines.append(
                f"| [{paper}]({paper}.md) | {sum(row.paper == paper for row in LEDGER.values())} | {title} |"
            )
        lines += [
            "",
            "## The verdicts\n",
            "| | |",
            "|---|---|",
            *(f"| {badge(verdict)} | {meaning} |" for verdict, meaning in VERDICTS.items()),
            "",
            ":::{toctree}\n:hidden:\n",
            *PAPERS,
            ":::\n",
        ]
        return "\n".join(lines)

    def table(self, rows):
        """Rows as a table: number, statement, verdict."""
        lines = [":::{table}\n:class: rows\n", "| number | statement | verdict |", "|---|---|---|"]
        for row in rows:
            lines.append(
                f"| [{_heading(row.number)}]({row.id}.md) | {self.words(row.printed, row.paper, row.id)} | {badge(row.verdict)} |"
            )
        return "\n".join([*lines, ":::", ""])

    def differences(self):
        """How we differ: what is not as printed, the gravest first."""
        lines = [
            "# How we differ from the papers\n",
            "Generated from the ledger. A statement is here when it is not true as printed; the link leads to the counterexample, the corrected "
            "form and the evidence. A verdict on a sentence is no verdict on a paper: most corrections keep the idea and change a constant.\n",
            "| | "
            + " | ".join(f"[{paper}](statements/{paper}.md)" for paper in PAPERS)
            + " | all |",
            "|---|" + "--:|" * (len(PAPERS) + 1),
        ]
        for verdict in VERDICTS:
            counts = [
                sum(row.paper == paper and row.verdict == verdict for row in LEDGER.values())
                for paper in PAPERS
            ]
            lines.append(
                f"| {badge(verdict)} | " + " | ".join(map(str, counts)) + f" | {sum(counts)} |"
            )
        titles = {
            "refuted": "Refuted: no local repair",
            "vacuous": "Vacuous",
            "corrected": "False as printed, corrected",
            "typo": "Misprints",
        }
        for verdict, title in titles.items():
            lines += ["", f"## {title}\n"]
            for paper in PAPERS:
                rows = [
                    row
                    for row in LEDGER.values()
                    if row.paper == paper and row.verdict == verdict and not row.same_as
                ]
                if rows:
                    lines += [
                        f"### {paper}: {title.split(':')[0].split(',')[0].lower()}\n",
                        "| | as printed | instead |",
                        "|---|---|---|",
                    ]
                    lines += [
                        f"| [{_heading(row.number)}](statements/{row.id}.md) | {self._elsewhere(row.printed, row.paper)} "
                        f"| {self._elsewhere(row.repaired or row.remark, row.paper)} |"
                        for row in rows
                    ] + [""]
        return "\n".join(lines)

    def _elsewhere(self, text, paper):
        """The words of a row on a page outside the folder of the statements."""
        self._linked = False
        written = self.words(text, paper)
        self._linked = True
        return written


def badge(verdict):
    """The verdict as a coloured word."""
    return f"[{verdict}]{{.verdict .{verdict}}}"


def _heading(number):
    """The number of a statement as Markdown: "Appendix B.3, e_i" holds a formula."""
    return markdown(number)


def _name(row):
    return _heading(row.number) if row.paper == "own" else f"{row.paper} {_heading(row.number)}"


def _anchor(name):
    """Of the heading of a certificate."""
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


def _comparison(text, comparison, role):
    relation = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}.get(
        comparison.relation, comparison.relation
    )
    outcome = "true" if comparison.holds else "**false**"
    return f"| {text} | ${_fraction(comparison.left)}$ | ${relation}$ | ${_fraction(comparison.right)}$ | {outcome} |"


def _fraction(value):
    """LaTeX of an exact number."""
    value = Fraction(value)
    sign = "-" if value < 0 else ""
    digits = max(len(str(value.numerator)), len(str(value.denominator)))
    if value.denominator == 1:
        return str(value)
    return (
        rf"{sign}\tfrac{{{abs(value.numerator)}}}{{{value.denominator}}}"
        if digits < 12
        else f"{float(value):.10g}\\ldots"
    )


def _column(entries):
    """A column as a combination of basis vectors: 3/5 e1 + 4/5 e3."""
    terms = []
    for k, entry in enumerate(entries, 1):
        if entry:
            size = "" if abs(entry) == 1 else f"{_fraction(abs(entry))}\\, "
            terms.append(("-" if entry < 0 else "+" if terms else "") + f"{size}e_{{{k}}}")
    return f"${''.join(terms) or '0'}$"


def _plain(text):
    """Text with nothing that Markdown would read."""
    return re.sub(r"([\\`*_$<>\[\]|])", r"\\\1", text)
