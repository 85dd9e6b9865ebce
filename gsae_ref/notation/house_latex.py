"""The items of a formula as LaTeX; house_notation.py reads them. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .vocabulary import ARTICLE_BEFORE, LEFT, LIMITS, RIGHT

BARS = {"abs": ("\\lvert ", "\\rvert "), "floor": ("\\lfloor ", "\\rfloor ")}


@dataclass
class Item:
    """A word, number, symbol or bracketed group, with what stands above and below it."""

    kind: str  # word number name function relation operator punctuation group code bar
    raw: str
    tex: str = ""
    spaced: bool = False  # whether white space stands before it
    items: list[Item] = field(default_factory=list)
    ends: tuple[str, str] = ("", "")
    scripts: dict[str, str] = field(default_factory=dict)


def formula(items: Any) -> str:
    """LaTeX of a sequence of items."""
    items = list(items)
    for k, (before, item, after) in enumerate(neighbours(items)):
        items[k] = in_context(item, before, after)
    written = []
    k = 0
    while k < len(items):
        tex, length = next(filter(None, (rule(items, k) for rule in TOGETHER)))
        written.append(tex)
        k += length
    return "".join(written)


def neighbours(items: Any) -> Iterator[tuple[Any, Item, Any]]:
    """Each item between the one before it, which may have been replaced meanwhile, and the next."""
    for k, item in enumerate(items):
        before = items[k - 1] if k else None
        after = items[k + 1] if k + 1 < len(items) else None
        yield before, item, after


def _root(items: Any, k: int) -> tuple[str, int] | None:
    """sqrt(x) and sqrt x."""
    if items[k].raw != "sqrt" or k + 1 == len(items):
        return None
    after = items[k + 1]
    if after.kind == "group":
        return f"\\sqrt{{{formula(after.items)}}}{_raised(after)}", 2
    return f"\\sqrt{{{_piece(after)}}}", 2


def _bars(items: Any, k: int) -> tuple[str, int] | None:
    """abs(x) and floor(x)."""
    name = items[k].raw
    if name not in BARS or k + 1 == len(items) or items[k + 1].kind != "group":
        return None
    left, right = BARS[name]
    return left + formula(items[k + 1].items) + right + _raised(items[k + 1]), 2


def _indicator(items: Any, k: int) -> tuple[str, int] | None:
    """1{x != 0}."""
    if items[k].raw != "1" or k + 1 == len(items):
        return None
    after = items[k + 1]
    if after.kind != "group" or after.ends[0] != "{" or after.spaced:
        return None
    return "\\mathbf{1}" + _piece(after), 2


def _fraction(items: Any, k: int) -> tuple[str, int] | None:
    """3/4, but not the 2/3 of 1/2/3 or of 2/3(x + y)."""
    if len(items) < k + 3 or items[k + 1].raw != "/" or k and items[k - 1].raw == "/":
        return None
    above = items[k]
    below = items[k + 2]
    if any(item.kind != "number" or item.scripts for item in (above, below)):
        return None
    follower = items[k + 3] if k + 3 < len(items) else None
    if follower is not None and not follower.spaced and follower.kind in ("name", "group"):
        return None
    return f"\\tfrac{{{above.raw}}}{{{below.raw}}}", 3


def _single(items: Any, k: int) -> tuple[str, int]:
    """One item, with the space that keeps it apart from the one before."""
    item = items[k]
    before = items[k - 1] if k else None
    if before is None or not item.spaced:
        return _piece(item, k > 0), 1
    apart = item.kind == "group" and before.kind == "word"
    tight = item.kind == "number" and before.kind in ("name", "group", "number")
    divided = (  # 2/n u is (2/n) u
        k > 1
        and items[k - 2].raw == "/"
        and before.kind != "function"
        and item.kind in ("name", "function", "group")
    )
    space = "\\ " * apart + "\\, " * (tight or divided)
    return space + _piece(item, True), 1


TOGETHER = (_root, _bars, _indicator, _fraction, _single)


def _piece(item: Item, follows: bool = False) -> str:
    """LaTeX of one item with its scripts."""
    if item.kind in ("word", "code"):
        return f"\\text{{{' ' * (item.spaced and follows)}{item.raw}}}"
    if item.kind == "group":
        if item.raw == "(.)":
            return "\\odot "
        inside = LEFT[item.ends[0]] + formula(item.items) + RIGHT[item.ends[1]]
        # braces: both bars of a norm get the same size
        return f"{{{inside}}}{_raised(item)}" if item.scripts else inside
    if item.kind == "punctuation" and item.raw in ",;":
        return item.raw + "\\, "
    if item.kind in ("relation", "operator", "bar", "punctuation"):
        return item.tex
    indexed = "_" in item.tex and "down" in item.scripts  # s2_h: the index h of s_2
    tex = (f"{{{item.tex}}}" if indexed else item.tex) + _raised(item)
    return tex + " " * (tex[-1].isalpha() and "\\" in tex)


def _raised(item: Item) -> str:
    down = item.scripts.get("down")
    up = item.scripts.get("up")
    return (f"_{{{down}}}" if down else "") + (f"^{{{up}}}" if up else "")


def in_context(item: Item, before: Any, after: Any) -> Item:
    """Letters and words that mean one thing in a formula and another in a sentence."""
    if item.raw in LIMITS:
        return _limit(item, before, after)
    rule = MEANINGS.get(item.raw)
    return rule(item, before, after) if rule else item


def _word(item: Item) -> Item:
    return Item("word", item.raw, spaced=item.spaced)


def _operator(item: Item, tex: str) -> Item:
    return Item("operator", item.raw, tex, True)


def _limit(item: Item, before: Any, after: Any) -> Item:
    """The word max in "has no max"."""
    alone = after is None or after.kind in ("word", "punctuation")
    return _word(item) if alone and not item.scripts else item


def _article(item: Item, before: Any, after: Any) -> Item:
    """The article in "a bound" and "then a group"."""
    if item.scripts or item.kind != "name" or after is None:
        return item
    in_words = before is None or before.kind in ("word", "code")
    precedes = in_words and after.spaced and after.kind in ("name", "number", "group")
    return _word(item) if precedes or after.kind in ("word", "code") else item


def _capital_article(item: Item, before: Any, after: Any) -> Item:
    """The article in "A bound", which is not the dictionary A."""
    if item.scripts or after is None:
        return item
    return _word(item) if after.kind == "code" or after.raw in ARTICLE_BEFORE else item


def _element(item: Item, before: Any, after: Any) -> Item:
    """g in S; the "in" of "not in" is part of its "not"."""
    if _is_operand(before) and _is_operand(after):
        if after.kind == "group" or after.raw[0].isupper() or after.raw == "calA":
            return Item("relation", "in", "\\in ", True)
    if before is not None and before.tex == "\\notin ":
        return Item("relation", "", "", False)
    return item


def _no_element(item: Item, before: Any, after: Any) -> Item:
    """v not in S."""
    if after is not None and after.raw == "in" and _is_operand(before):
        return Item("relation", "not", "\\notin ", True)
    return item


def _times(item: Item, before: Any, after: Any) -> Item:
    """d x d."""
    if item.scripts or not (_is_operand(before) and _is_operand(after)):
        return item
    alike = before.raw == after.raw and before.kind == "name"
    return _operator(item, "\\times ") if alike else item


def _composition(item: Item, before: Any, after: Any) -> Item:
    """f o g."""
    apart = after is not None and after.spaced and not item.scripts
    return _operator(item, "\\circ ") if apart else item


def _larger(item: Item, before: Any, after: Any) -> Item:
    """zeta v u_min: the larger of the two."""
    if item.scripts or after is None or not (_is_operand(before) and item.spaced and after.spaced):
        return item
    smallest = after.raw == "u" and after.scripts.get("down") == "\\min"
    return _operator(item, "\\vee ") if smallest or after.raw == "eps" else item


def _expectation(item: Item, before: Any, after: Any) -> Item:
    """E[x], E Y, E ||x||."""
    if item.kind == "name" and after is not None and not item.scripts:
        glued = after.kind == "group" and not after.spaced and after.ends[0] == "["
        expected = after.raw in ("exp", "Y", "L") or after.ends[0] == "||"
        if glued or after.spaced and expected:
            item.tex = "\\mathbb{E}"
    return item


def _probability(item: Item, before: Any, after: Any) -> Item:
    """P(...)."""
    if not item.scripts and _is_called(item, after):
        item.tex = "\\mathbb{P}"
    return item


def _script_letter(item: Item, before: Any, after: Any) -> Item:
    """N(0, 1) and O(1/n)."""
    if _is_called(item, after):
        item.tex = f"\\mathcal{{{item.raw}}}"
    return item


def _reals(item: Item, before: Any, after: Any) -> Item:
    """R^n."""
    if item.scripts.get("up") in ("n", "m"):
        item.tex = "\\mathbb{R}"
    return item


MEANINGS = {
    "a": _article,
    "A": _capital_article,
    "in": _element,
    "not": _no_element,
    "x": _times,
    "o": _composition,
    "v": _larger,
    "E": _expectation,
    "P": _probability,
    "N": _script_letter,
    "O": _script_letter,
    "R": _reals,
}


def _is_called(item: Item, after: Any) -> bool:
    """Whether a bracket follows a name at once."""
    return item.kind == "name" and after is not None and after.kind == "group" and not after.spaced


def _is_operand(item: Item) -> bool:
    return item is not None and (
        item.kind in ("name", "function", "number")
        or item.kind == "group"
        and not is_reference(item)
    )


def is_reference(item: Item) -> bool:
    """(15), (i), (i.1), (iii.2): the number of an equation or of a part."""
    return (
        item.kind == "group"
        and not item.scripts
        and bool(re.fullmatch(r"\((?:\d+|[ivx]+(?:\.\d)?)\)", item.raw))
    )
