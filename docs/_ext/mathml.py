"""Mathematics as MathML, written by docutils when the pages are built.

The pages need no script and no network; a formula that does not parse is a warning.
"""

import re

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

from gsae_ref.notation.account import in_line
from gsae_ref.notation.markup import Markup, element
from gsae_ref.notation.mathml import STRUT

logger = logging.getLogger(__name__)

# Commands that docutils lacks, in those that it has. An empty base keeps an index beside an
# accented letter, not below it.
PLAIN = (
    (r"(\\(?:tilde|hat|bar|dot)\s*(?:\{[^{}]*\}|\w))(?=[_^])", r"\1{}"),
    (r"\\[bB]ig+l?\s*(?=[(\[]|\\\{)", r"\\left"),
    (r"\\[bB]ig+r?\s*(?=[)\]]|\\\})", r"\\right"),
    (r"\\[bB]ig+[lrm]?(?![A-Za-z])", ""),
    (r"\\dots(?![A-Za-z])", r"\\ldots"),
    (r"\\mathrel", ""),
    (r"\\([td]?frac)(\d)(\d|\\?[A-Za-z]+(?![A-Za-z{]))", r"\\\1{\2}{\3}"),
    (r"\\([td]?frac)(\\[A-Za-z]+)\s+(\w)", r"\\\1{\2}{\3}"),
    (r"\\tag\{(\w+)\}", r"\\qquad (\1)"),
    # a thin space between a function and an argument without brackets
    (r"(\\(?:log|ln|exp|sin|cos|tan))\s*(?=[A-Za-z0-9]|\\(?!left|[bB]ig)[A-Za-z])", r"\1\\,"),
)
FENCE = re.compile(r"<mo(?: class=\"\w+\"| stretchy=\"false\")*>([⟨⟩‖|])</mo>")
PLACES = {"⟨": "prefix", "⟩": "postfix"}


def _write(writer, node, display):
    text = node.astext()
    for pattern, words in PLAIN:
        text = re.sub(pattern, words, text)
    try:
        formula = tex2mathml(text, as_block=display)
    except MathError as error:
        logger.warning("formula %r: %s", text, error, location=node)
        formula = f"<code>{writer.encode(text)}</code>"
    if "\\left" not in text:
        formula = _low(formula)
    formula = formula.replace("<msqrt>", f"<msqrt>{STRUT}")
    if display:
        number = f'<span class="eqno">({node["number"]})</span>' if node.get("number") else ""
        tag = writer.starttag(node, "div", CLASS="math notranslate nohighlight")
        writer.body.append(f"{tag}{number}{formula}</div>")
    else:
        writer.body.append(in_line(Markup(formula)))


def _low(formula):
    """Bars and angles that keep their size; bars open and close in turn."""
    bars = [found[1] for found in FENCE.finditer(formula)]
    paired = all(bars.count(bar) % 2 == 0 for bar in "|‖")
    seen = {"|": 0, "‖": 0}

    def fence(found):
        place = PLACES.get(found[1])
        if not place and paired:
            place = "postfix" if seen[found[1]] % 2 else "prefix"
            seen[found[1]] += 1
        return element("mo", found[1], form=place, stretchy="false")

    return FENCE.sub(fence, formula)


def _inline(writer, node):
    _write(writer, node, False)
    raise SkipNode


def _block(writer, node):
    _write(writer, node, True)
    raise SkipNode


def setup(app):
    """Register the renderer; ``html_math_renderer = "mathml"`` chooses it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
