"""Lines of docstrings as reST: no markup but what is meant, and formulas set."""

import re

from gsae_ref.notation.account import in_line
from gsae_ref.notation.house_notation import NotHouseNotation, markdown, segments
from gsae_ref.notation.mathml import mathml

FORMULA = re.compile(r"\|\||\^|\w_\w\b")  # a norm, a power, an index
SYMBOLS = re.compile(r"\|\||\^\d|\b[A-Za-z]_\w\b|\b[A-Z]\*|\blam\b")
PAIR = re.compile(r"[`{]|\d ?/ ?\d")  # code, or two numbers side by side
COLUMNS = re.compile(r"\S {5,}\S|``|:\w+:`|\"")  # a table, or code


def escaped(line):
    """A line of a docstring in the house notation as reST: A*_g and ||x|| are no markup."""
    parts = re.split(
        r"(``.*?``|:[\w:]+:`.*?`|\*\*\w.*?\w\*\*|(?<![\w*])\*[a-z][a-z ]*\*(?![\w*]))", line
    )
    for k in range(0, len(parts), 2):
        marks = re.sub(r"(?<!\\)([*|])", r"\\\1", parts[k])
        parts[k] = re.sub(r"(?<=\w)_(?!\w)", r"\\_", marks)
    # no list begins in the middle of a paragraph
    return re.sub(r"^(\s*)(\(?(?:\d+|[a-zA-Z#])[.)] |[-+] )", r"\1\\\2", "".join(parts))


def with_formulas(line):
    """A line of text as reST; its formulas with an index, a power or a norm are set.

    >>> with_formulas("the norm of x and `A_g` stay")
    'the norm of x and `A_g` stay'
    >>> with_formulas("so z^2 is")[:43]
    'so \\\\ :formula:`<span class="math"><math><ms'
    """
    if COLUMNS.search(line) or not FORMULA.search(line) or "`" in line:
        return escaped(line)
    text = line.lstrip()
    try:
        parts = segments(text)
        written = "".join(_part(kind, words, text) for kind, words in parts)
    except ValueError:
        return escaped(line)
    return line[: len(line) - len(text)] + written.removesuffix("\\ ").removeprefix("\\ ")


def _part(kind, words, text):
    """A part of a line: words as they are, a formula as HTML."""
    if kind == "text":
        return escaped(words)
    if kind == "code" or not re.match(r"[\\{(\[\w-]", words):
        raise NotHouseNotation(f"{text!r}: {words!r}")
    return rf"\ :formula:`{in_line(mathml(words))}`\ "


def table_row(line):
    """A line of a Markdown table; the formulas of its cells are set.

    >>> table_row("| the norm \\\\|\\\\|A_g\\\\|\\\\| | 1.7 -> 1.9 |")
    '| the norm $\\\\lVert A_{g}\\\\rVert$ | 1.7 -> 1.9 |'
    """
    cells = re.split(r"(?<!\\)\|", line)
    return "|".join(_cell(cell) for cell in cells)


def _cell(cell):
    """A cell as it is, or with formulas."""
    text = cell.strip().replace(r"\|", "|")
    if PAIR.search(text) or not SYMBOLS.search(text):
        return cell
    try:
        return f" {markdown(text)} "
    except NotHouseNotation:
        return cell
