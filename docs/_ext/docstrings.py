"""Docstrings as reST, in which the house notation must not be read as markup.

``A*_g`` is no emphasis, ``|x|`` no substitution, ``x_`` no link; an indented formula is a literal
block; only real lists are lists.
"""

import re

from api_pages import resolve
from prose import COLUMNS, escaped, with_formulas

from gsae_ref.notation.account import words
from gsae_ref.notation.house_notation import NotHouseNotation, segments
from gsae_ref.notation.markup import element

SENTENCE = re.compile(r"(?<=[.;:])\s+(?=[A-Z])")
BULLET = re.compile(r"\s*[-+] ")
RULE = re.compile(r"\s*---+\s*$")
PROSE = {"", "Notes", "Examples", "References"}
HOMES = (  # modules whose functions docstrings name without their module
    "gsae_ref.papers.t21.model.formulas",
    "gsae_ref.metrics.closeness",
    "gsae_ref.metrics.dictionaries",
)


def readable(lines):
    """The lines of a docstring, ready for numpydoc.

    >>> readable(["Let A*_g be:", "", "    x_ = A*_g y", "", "the code."])
    ['Let A\\\\*_g be:', '', '::', '', '    x_ = A*_g y', '', 'the code.']
    """
    written = _Written()
    k = 0
    while k < len(lines):
        rest = lines[k:]
        k += (
            written.heading(rest)
            or written.example(rest)
            or written.formula(rest)
            or written.line(rest)
        )
    return written.lines


class _Written:
    """The lines written so far; each method returns how many lines it has read, or 0."""

    def __init__(self):
        self.lines = []
        self.section = ""
        self.in_list = False

    def _begins(self):
        """Whether the next line begins a paragraph."""
        return not self.lines or not self.lines[-1].strip()

    def heading(self, rest):
        """A section's name and the line below it."""
        if not rest[0].strip() or len(rest) < 2 or not RULE.match(rest[1]):
            return 0
        self.section = rest[0].strip()
        self.in_list = False
        self.lines += rest[:2]
        return 2

    def example(self, rest):
        """A doctest, as it is, up to a blank line."""
        if not rest[0].strip().startswith(">>>"):
            return 0
        length = next((k for k, line in enumerate(rest) if not line.strip()), len(rest))
        self.lines += rest[:length]
        return length

    def formula(self, rest):
        """An indented block, as a literal block."""
        indented = rest[0].startswith("    ") and rest[0].strip()
        if not indented or self.section not in PROSE or not self._begins() or self.in_list:
            return 0
        outside = (k for k, line in enumerate(rest) if line.strip() and line[:4] != "    ")
        length = next(outside, len(rest))
        block = list(rest[:length])
        while not block[-1].strip():
            block.pop()
        if formulas := _set(block):
            self.lines += formulas
            return length
        before = next((line for line in reversed(self.lines) if line.strip()), "")
        opening = [] if before.endswith("::") else ["::", ""]
        self.lines += [*opening, *block, ""]
        return length

    def line(self, rest):
        """A line of text or of a list."""
        line = rest[0]
        begins = self._begins()
        # the description of a parameter may be a list
        deeper = not begins and _indent(line) > _indent(self.lines[-1])
        item = BULLET.match(line) if begins or deeper or self.in_list else None
        if line.strip():
            continued = self.in_list and (not begins or line[0] == " ")
            self.in_list = bool(item) or continued
        marker = item[0] if item else ""
        names = self.section not in PROSE and line[:1].strip()  # of a parameter, with its type
        write = escaped if names else with_formulas
        self.lines.append(marker + write(line[len(marker) :]))
        return 1


def _set(block):
    """Lines of formulas as HTML, set as those of the ledger; nothing if one is no formula.

    >>> _set(["    x_ >", "    lam = 1"])
    []
    >>> _set(["    n >= 1"])[0]
    '.. raw:: html'
    """
    written = []
    for line in filter(None, map(str.strip, block)):
        try:
            kinds = {kind for kind, _ in segments(line)}
        except NotHouseNotation:
            return []
        if "math" not in kinds or "code" in kinds or COLUMNS.search(line):
            return []
        written.append(element("div", words(line), class_="formula"))
    return [".. raw:: html", "", *(f"   {line}" for line in written), ""]


def without_rules(lines):
    """The docstring of a room without its rules of import, which are for its developers.

    >>> without_rules(["Data.", "", "Read once. May import checks,", "groups."])
    ['Data.', '', 'Read once.', '']
    """
    kept = []
    for paragraph in "\n".join(lines).split("\n\n"):
        sentences = SENTENCE.split(paragraph)
        rest = " ".join(s for s in sentences if not re.search(r"\bimports?\b", s))
        if rest:
            kept += [*rest.split("\n"), ""]
    return kept


def _indent(line):
    return len(line) - len(line.lstrip())


def plain_reference(app, env, node, contnode):
    """Resolve a reference to an object without an entry of its own.

    It becomes a link to the object's public name, or plain words.
    """
    from docutils import nodes  # readable() and its tests do without

    if node.get("refdomain") != "py":
        return None
    name = node.get("reftarget", "")
    homes = [f"{home}.{name}" for home in _homes(node.get("py:module"), node.get("py:class"))]
    domain = env.domains.python_domain
    for full in (f"gsae_ref.{name.split('.')[-1]}", *homes):
        if full in domain.objects:
            document = node["refdoc"]
            return domain.resolve_xref(env, document, app.builder, "obj", full, node, contnode)
    for full in (name, *homes):
        if full.startswith("gsae_ref.") and _exists(full):
            return nodes.inline("", "", contnode)
    return None


def _homes(module, holder):
    """Names under which a short name may live: of the class, and of modules."""
    homes = [f"{module}.{holder}"] if module and holder else []
    if module == "gsae_ref" and holder:
        thing = resolve(f"{module}.{holder.split('.')[-1]}")
        homes += [thing.__module__, f"{thing.__module__}.{thing.__qualname__}"]
    if module:
        homes.append(module)
    return [*homes, *HOMES]


def _exists(name):
    try:
        resolve(name)
    except (ImportError, AttributeError):
        return False
    return True


def _rewrite(app, what, name, obj, options, lines):
    if what == "module":
        lines[:] = without_rules(lines)
    lines[:] = readable(lines)


def _formula(name, rawtext, text, lineno, inliner, options=None, content=()):
    """The role of a formula that is HTML already."""
    from docutils import nodes

    return [nodes.raw(rawtext, text, format="html")], []


def setup(app):
    """Rewrite docstrings before numpydoc reads them, which it does at the default priority."""
    app.add_role("formula", _formula)
    app.connect("autodoc-process-docstring", _rewrite, priority=100)
    app.connect("missing-reference", plain_reference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
