"""Mathematics as MathML, written by docutils when the pages are built.

The pages need no script and no network; a formula that does not parse is a warning.
"""

import re

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

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
)


def _write(writer, node, display):
    text = node.astext()
    for pattern, words in PLAIN:
        text = re.sub(pattern, words, text)
    try:
        formula = tex2mathml(text, as_block=display)
    except MathError as error:
        logger.warning("formula %r: %s", text, error, location=node)
        formula = f"<code>{writer.encode(text)}</code>"
    if display:
        number = f'<span class="eqno">({node["number"]})</span>' if node.get("number") else ""
        tag = writer.starttag(node, "div", CLASS="math notranslate nohighlight")
        writer.body.append(f"{tag}{number}{formula}</div>")
    else:
        writer.body.append(f'<span class="math notranslate nohighlight">{formula}</span>')


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
