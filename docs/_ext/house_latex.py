"""House notation, written: the items of a formula as LaTeX. :mod:`house_notation` reads them; standard library only."""

import re
from dataclasses import dataclass, field

from vocabulary import ARTICLE_BEFORE, LEFT, LIMITS, RIGHT


@dataclass
class Item:
    """A word, number, symbol or bracketed group, with what stands above and below it."""

    kind: str  # word number name function relation operator punctuation group code bar
    raw: str
    tex: str = ""
    spaced: bool = False  # whether white space stands before it
    items: list = field(default_factory=list)
    ends: tuple = ("", "")
    scripts: dict = field(default_factory=dict)


def formula(items):
    """LaTeX of a sequence of items."""
    out = []
    k = 0
    items = list(items)
    for n, item in enumerate(items):
        items[n] = in_context(
            item, items[n - 1] if n else None, items[n + 1] if n + 1 < len(items) else None
        )
    while k < len(items):
        item = items[k]
        after = items[k + 1] if k + 1 < len(items) else None
        if item.raw == "sqrt" and after is not None:
            inside, raised = (
                (formula(after.items), _raised(after))
                if after.kind == "group"
                else (_piece(after), "")
            )
            out.append(f"\\sqrt{{{inside}}}{raised}")
            k += 2
            continue
        if item.raw in ("abs", "floor") and after is not None and after.kind == "group":
            left, right = (
                ("\\lvert ", "\\rvert ") if item.raw == "abs" else ("\\lfloor ", "\\rfloor ")
            )
            out.append(left + formula(after.items) + right + _raised(after))
            k += 2
            continue
        if (
            item.raw == "1"
            and after is not None
            and after.kind == "group"
            and after.ends[0] == "{"
            and not after.spaced
        ):
            out.append("\\mathbf{1}" + _piece(after))
            k += 2
            continue
        fraction = items[k : k + 3]
        if (
            len(fraction) == 3
            and fraction[1].raw == "/"
            and all(i.kind == "number" and not i.scripts for i in fraction[::2])
            and not (
                k + 3 < len(items)
                and not items[k + 3].spaced
                and items[k + 3].kind in ("name", "group")
            )
            and not (k and items[k - 1].raw == "/")
        ):
            out.append(f"\\tfrac{{{item.raw}}}{{{fraction[2].raw}}}")
            k += 3
            continue
        tight = (
            item.kind == "number"
            and item.spaced
            and k
            and items[k - 1].kind in ("name", "group", "number")
        )
        divided = (
            k > 1 and items[k - 2].raw == "/" and items[k - 1].kind != "function"
        )  # 2/n u is (2/n) u
        divided = divided and item.spaced and item.kind in ("name", "function", "group")
        apart = item.kind == "group" and item.spaced and k and items[k - 1].kind == "word"
        out.append("\\ " * bool(apart) + "\\, " * bool(tight or divided) + _piece(item, k > 0))
        k += 1
    return "".join(out)


def _piece(item, follows=False):
    """LaTeX of one item with its scripts."""
    if item.kind in ("word", "code"):
        return f"\\text{{{' ' * (item.spaced and follows)}{item.raw}}}"
    if item.kind == "group":
        if item.raw == "(.)":
            return "\\odot "
        inside = LEFT[item.ends[0]] + formula(item.items) + RIGHT[item.ends[1]]
        return (
            f"{{{inside}}}{_raised(item)}" if item.scripts else inside
        )  # braces: both bars of a norm get the same size
    if item.kind == "punctuation" and item.raw in ",;":
        return item.raw + "\\, "
    if item.kind in ("relation", "operator", "bar", "punctuation"):
        return item.tex
    tex = item.tex + _raised(item)
    return tex + " " * (tex[-1].isalpha() and "\\" in tex)


def _raised(item):
    down = item.scripts.get("down")
    up = item.scripts.get("up")
    return (f"_{{{down}}}" if down else "") + (f"^{{{up}}}" if up else "")


def in_context(item, before, after):
    """Letters and words that mean one thing in a formula and another in a sentence."""
    mathy = _is_operand
    plain = not item.scripts
    if item.raw == "a" and plain and item.kind == "name":
        wordy = before is None or before.kind in ("word", "code")
        if after is not None and (
            after.kind in ("word", "code")
            or wordy
            and after.spaced
            and after.kind in ("name", "number", "group")
        ):
            return Item("word", "a", spaced=item.spaced)
    if item.raw in LIMITS and plain and (after is None or after.kind in ("word", "punctuation")):
        return Item("word", item.raw, spaced=item.spaced)
    if (
        item.raw == "A"
        and plain
        and after is not None
        and (after.kind == "code" or after.raw in ARTICLE_BEFORE)
    ):
        return Item("word", "A", spaced=item.spaced)
    if (
        item.raw == "in"
        and mathy(before)
        and mathy(after)
        and (after.kind == "group" or after.raw[0].isupper())
    ):
        return Item("relation", "in", "\\in ", True)
    if item.raw == "not" and after is not None and after.raw == "in":
        return Item("relation", "not", "\\notin ", True) if mathy(before) else item
    if item.raw == "in" and before is not None and before.tex == "\\notin ":
        return Item("relation", "", "", False)
    if (
        item.raw == "x"
        and plain
        and mathy(before)
        and mathy(after)
        and before.raw == after.raw
        and before.kind == "name"
    ):
        return Item("operator", "x", "\\times ", True)
    if item.raw == "o" and plain and after is not None and after.spaced:
        return Item("operator", "o", "\\circ ", True)
    if (
        item.raw == "v"
        and plain
        and mathy(before)
        and after is not None
        and after.raw in ("eps", "u")
        and after.spaced
        and item.spaced
    ):
        if after.raw == "eps" or after.scripts.get("down") == "\\min":
            return Item("operator", "v", "\\vee ", True)
    if item.kind == "name" and after is not None:
        glued = after.kind == "group" and not after.spaced
        expected = after.raw in ("exp", "Y", "L") or after.ends[0] == "||"
        if (
            item.raw == "E"
            and plain
            and (glued and after.ends[0] == "[" or after.spaced and expected)
        ):
            item.tex = "\\mathbb{E}"
        if item.raw == "P" and plain and glued:
            item.tex = "\\mathbb{P}"
        if item.raw in ("N", "O") and glued:
            item.tex = f"\\mathcal{{{item.raw}}}"
    if item.raw == "R" and item.scripts.get("up") in ("n", "m"):
        item.tex = "\\mathbb{R}"
    return item


def _is_operand(item):
    return item is not None and (
        item.kind in ("name", "function", "number")
        or item.kind == "group"
        and not is_reference(item)
    )


def is_reference(item):
    """(15), (i), (i.1), (iii.2): the number of an equation or of a part."""
    return (
        item.kind == "group"
        and not item.scripts
        and bool(re.fullmatch(r"\((?:\d+|[ivx]+(?:\.\d)?)\)", item.raw))
    )
