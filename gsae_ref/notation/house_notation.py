"""From the house notation of the ledger to LaTeX: words stay words, formulas become mathematics.

The ledger is written for terminals: ``||A_g^T A*_g x_g|| >= B_min (1 - delta) for g in S``.
:func:`segments` finds the formulas in such a sentence and writes them as LaTeX. A text that it
cannot read is refused (:class:`NotHouseNotation`); pages then show the ASCII form. Quotes and prose
have no syntax tree; a claim has one, and is set from it by claims/latex.py. Standard library only.

>>> segments("||A_g|| <= delta for g in S")
[('math', '\\\\lVert A_{g}\\\\rVert \\\\le \\\\delta '), ('text', ' for '), ('math', 'g\\\\in S')]
"""

from __future__ import annotations

import re
from typing import Any

from .house_latex import Item, formula, in_context, is_reference, neighbours
from .vocabulary import (
    CALLED,
    CODE,
    FUNCTIONS,
    GREEK,
    LIMITS,
    LONG,
    NUMBER,
    OPERATORS,
    QUOTATION,
    RELATIONS,
    SHORT,
    SPELLED,
    SUBSCRIPT_WORDS,
    SYMBOL,
    WORD,
)

CLOSERS = {"(": ") ]", "[": "] )", "{": "}", "<": ">", "|": "|", "||": "||"}
PUNCTUATION = {mark: mark for mark in (",", ";", ":", ".", "?", "*")} | {"...": "\\ldots "}
PART = re.compile(r"\([a-e]\)")
SUBSCRIPT = re.compile(r"_(?:\{([^{}]*)\}|(\+|[A-Za-z0-9]+))")
SUPERSCRIPT = re.compile(r"\^(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(-?[A-Za-z0-9]+(?:_\w)?)|([+*]))")


class NotHouseNotation(ValueError):
    """The text cannot be read as words and formulas."""


def segments(text: str) -> list[tuple[str, str]]:
    """Split a sentence in house notation into ("text" | "math" | "code", string) pairs.

    Raises
    ------
    NotHouseNotation
        For unbalanced brackets or a character of neither language.
    """
    items, stop = _sequence(text, 0, "", _primes(text))
    if stop != len(text):
        raise NotHouseNotation(f"{text!r}: unbalanced bracket at {text[stop:]!r}")
    return _joined(_sentence(items))


def markdown(text: str) -> str:
    """The sentence as MyST Markdown, formulas between dollars."""
    write = {"math": lambda s: f"${s.strip()}$", "code": lambda s: f"`{s}`", "text": _escaped}
    return "".join(write[kind](string) for kind, string in segments(text))


def _escaped(words: str) -> str:
    return re.sub(r"([\\`*_$<>{}\[\]|#])", r"\\\1", words)


def _primes(text: str) -> str:
    """How u_l' is read: with the index l', over which L23 sums, or as a derivative."""
    return "derivative" if re.search(r"\w' = ", text) else "index"


# ---------------------------------------------------------------- reading
def _sequence(text: str, at: int, closers: str, primes: str) -> tuple[list[Item], int]:
    """Items from ``at`` up to one of ``closers`` or the end, and where that is."""
    items = []
    quoted = False
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        spaced = at > 0 and text[at - 1].isspace()
        if quotation := QUOTATION.match(text, at):
            items.append(Item("word", quotation[0], spaced=spaced))
            at = quotation.end()
            continue
        code = CODE.match(text, at)
        if code and not _is_script(code[0]):
            words = code[0].strip(code[0][0]) if code[0][0] in "'`" else code[0]
            items.append(Item("code", words, spaced=spaced))
            at = code.end()
            continue
        if number := NUMBER.match(text, at):
            item = Item("number", number[0], number[0], spaced)
            at = number.end()
        elif word := WORD.match(text, at):
            item, at = _name(text, at, word[0], spaced)
        else:
            symbol = SYMBOL.match(text, at)
            if not symbol:
                raise NotHouseNotation(f"{text!r}: the character {text[at]!r}")
            mark = symbol[0]
            if _closes(mark, closers, items, spaced):
                return items, at
            if text.startswith("'s", at) and not spaced:
                items.append(Item("word", "'s"))
                at += 2
                continue
            if mark in "'\"":
                quoted = not quoted
                items.append(Item("word", mark, spaced=spaced))
                at = symbol.end()
                continue
            item, at = _symbol(text, at, mark, spaced, items, primes)
        at = _scripts(text, at, item, "quote" if quoted else primes)
        items.append(item)
    return items, at


def _is_script(code: str) -> bool:
    """Whether u_max, B_min, p3_i_j_l is a symbol with subscripts, not a name of code."""
    head, _, tail = code.partition("_")
    is_symbol = len(head) == 1 or head in GREEK or head in LIMITS or head in FUNCTIONS
    return bool(tail) and (is_symbol or all(len(index) == 1 for index in tail.split("_")))


def _closes(mark: str, closers: str, items: Any, spaced: bool) -> bool:
    """Whether a mark ends the group that is being read."""
    if not closers or mark not in closers.split(" "):
        return False
    if mark not in ("|", "||"):
        return mark != ">" or not spaced
    if not items or items[-1].kind in ("operator", "relation"):
        return False
    return mark == "||" or not spaced or items[-1].kind == "group"


def _name(text: str, at: int, word: str, spaced: bool) -> tuple[Item, int]:
    """A word, or as much of it as is a symbol."""
    named = (
        word.endswith("'s")
        or re.match(r"(?:T21|N19|L23)-|[A-Z]\.", word)
        or text.endswith("Appendix ", 0, at)
    )
    if named or "-" in word and not _symbolic(word.split("-")[0]):
        return Item("word", word, spaced=spaced), at + len(word)
    word = word.split("-")[0]
    end = at + len(word)
    tex = word if word in SPELLED else _symbolic(word)
    if tex is None and text[end : end + 1] in ("^", "_"):  # first^2: a quantity with a name
        return Item("name", word, f"\\mathrm{{{word}}}", spaced), end
    if tex is None or word in CALLED and text[end : end + 1] not in ("(", "*", "_", "^"):
        return Item("word", word, spaced=spaced), end
    kind = "function" if word in FUNCTIONS or word in LIMITS or word == "sqrt" else "name"
    return Item(kind, word, tex, spaced), end


def _symbolic(word: str) -> str | None:
    """LaTeX of a symbol, or None for a word."""
    for table in (GREEK, LIMITS, FUNCTIONS):
        if word in table:
            return table[word]
    if word in ("sqrt", "abs", "floor"):
        return word
    if re.fullmatch(r"l[012]", word):
        return f"\\ell_{word[1]}"
    if re.fullmatch(r"[a-z]\d", word):
        return f"{word[0]}_{{{word[1]}}}"
    return word if len(word) == 1 and word.isalpha() else None


def _symbol(
    text: str, at: int, mark: str, spaced: bool, items: Any, primes: str
) -> tuple[Item, int]:
    """A bracket with its contents, or a bar, relation, operator, punctuation; and where it ends."""
    end = at + len(mark)
    blank_after = text[end : end + 1].isspace()
    if _opens(mark, spaced, text[end : end + 1], items):
        inside, stop = _sequence(text, end, CLOSERS[mark], primes)
        if stop < len(text):
            close = "||" if mark == "||" else text[stop]
            stop += len(close)
            group = Item("group", text[at:stop], spaced=spaced, items=inside, ends=(mark, close))
            return group, stop
        if mark != "|":
            raise NotHouseNotation(f"{text!r}: {mark!r} is not closed")
    if mark == "|":
        return Item("bar", mark, "\\mid ", spaced), end
    if mark in RELATIONS:
        return Item("relation", mark, RELATIONS[mark] + " ", spaced), end
    if mark == "^" and spaced and blank_after:
        return Item("operator", mark, "\\wedge ", spaced), end
    if mark in OPERATORS:
        return Item("operator", mark, OPERATORS[mark] + " " * (mark == "\\"), spaced), end
    if mark in PUNCTUATION:
        return Item("punctuation", mark, PUNCTUATION[mark], spaced), end
    raise NotHouseNotation(f"{text!r}: the symbol {mark!r}")


def _opens(mark: str, spaced: bool, after: Any, items: Any) -> bool:
    """Whether a mark may begin a group; of a bar and of "<" the surroundings decide."""
    if mark == "|":
        return not (spaced and after.isspace())
    if mark == "<":
        first = spaced or not items or items[-1].kind in ("operator", "relation")
        return bool(after) and not after.isspace() and first
    return mark in CLOSERS


def _scripts(text: str, at: int, item: Item, primes: str) -> int:
    """Read what is attached to an item; return where it ends."""
    if item.kind not in ("name", "function", "group", "number"):
        return at
    while at < len(text):
        lengths = (attached(text[at:], item, primes) for attached in ATTACHED)
        length = next(filter(None, lengths), 0)
        if not length:
            break
        at += length
    return at


def _put(item: Item, where: str, tex: str) -> None:
    item.scripts[where] = item.scripts.get(where, "") + tex


def _star(rest: str, item: Item, primes: str) -> int:
    if rest[0] != "*" or item.kind not in ("name", "function"):
        return 0
    _put(item, "up", "*")
    return 1


def _tilde(rest: str, item: Item, primes: str) -> int:
    if rest[0] != "~" or item.kind != "name":
        return 0
    item.tex = f"\\tilde{{{item.tex}}}"
    return 1


def _prime(rest: str, item: Item, primes: str) -> int:
    """A derivative, or part of the index: u_l'."""
    if rest[0] != "'" or item.kind != "name" or primes == "quote" or rest.startswith("'s "):
        return 0
    if item.scripts.get("down") == "l" and primes == "index":
        _put(item, "down", "'")
    else:
        _put(item, "up", "\\prime ")
    return 1


def _subscript(rest: str, item: Item, primes: str) -> int:
    """u_l, u_{l,i}, u_+."""
    found = SUBSCRIPT.match(rest)
    if not found:
        return 0
    _put(item, "down", _script(next(group for group in found.groups() if group is not None)))
    return found.end()


def _superscript(rest: str, item: Item, primes: str) -> int:
    """u^2, A^T, u^{k+1}, u^+."""
    found = SUPERSCRIPT.match(rest)
    if not found:
        return 0
    inner = next(group for group in found.groups() if group is not None)
    _put(item, "up", {"+": "+", "T": "\\top "}.get(inner) or _script(inner))
    return found.end()


def _bracketed(rest: str, item: Item, primes: str) -> int:
    """n^(1/4), g^(1)."""
    if not rest.startswith(("^(", "_(")):
        return 0
    inner = _inside_brackets(rest[1:])
    tex = _script(inner)
    if re.fullmatch(r"\w", inner):
        tex = f"({tex})"
    _put(item, "up" if rest[0] == "^" else "down", tex)
    return len(inner) + 3


def _hat(rest: str, item: Item, primes: str) -> int:
    if item.kind != "name" or not re.match(r"\^(?:[ _,.)|]|$)", rest):
        return 0
    item.tex = f"\\hat{{{item.tex}}}"
    return 1


def _next_iterate(rest: str, item: Item, primes: str) -> int:
    if item.kind != "name" or not re.match(r"\+(?=[\s),\]]|$)", rest):
        return 0
    _put(item, "up", "+")
    return 1


ATTACHED = (
    _star,
    _tilde,
    _prime,
    _subscript,
    _superscript,
    _bracketed,
    _hat,
    _next_iterate,
)


def _inside_brackets(text: str) -> str:
    """The text between the bracket at its beginning and the one that closes it."""
    depth = 0
    for k, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return text[1:k]
    raise NotHouseNotation(f"{text!r}: '(' is not closed")


def _script(inner: str) -> str:
    """LaTeX of a subscript or superscript: max upright, gh two indices, anything else a formula."""
    if inner in SUBSCRIPT_WORDS:
        return {"max": "\\max", "min": "\\min", "star": "*"}.get(inner, f"\\mathrm{{{inner}}}")
    if inner == "inf":
        return "\\infty"
    if re.fullmatch(r"[a-z]{2,3}", inner) and _symbolic(inner) is None:
        return inner
    items, stop = _sequence(inner, 0, "", "index")
    if stop != len(inner):
        raise NotHouseNotation(f"{inner!r}: unbalanced")
    flat = re.sub(r"\\tfrac\{(\d+)\}\{(\d+)\}", r"\1/\2", formula(items))
    return flat.replace(",\\, ", ",").strip()


# ---------------------------------------------------------------- words and formulas
def _sentence(items: Any) -> list[tuple[str, str]]:
    """Alternate words and formulas."""
    result = []
    run: list[Item] = []
    for k, (before, item, after) in enumerate(neighbours(items)):
        item = in_context(item, before, after)
        items[k] = item
        if not _is_math(item, before, after):
            result += _run(run) + _words(item)
            run = []
            continue
        if _begins_a_run(item, after, run):
            result += _run(run)
            run = []
        run.append(item)
    return result + _run(run)


def _begins_a_run(item: Item, after: Any, run: list[Item]) -> bool:
    """Whether a formula does not continue the one before it.

    "W (delta, 2)-near A", "off S abs(e) <= ...".
    """
    compound = item.kind == "group" and after is not None and after.raw == "-" and not after.spaced
    return compound or bool(run) and run[-1].raw == "S" and item.raw == "abs"


def _words(item: Item) -> list[tuple[str, str]]:
    """An item that is no mathematics; a group in brackets may hold some."""
    space = " " if item.spaced else ""
    if item.kind == "code":
        return [("text", space), ("code", item.raw)]
    if item.kind != "group" or is_reference(item) or PART.fullmatch(item.raw):
        return [("text", space + item.raw)]
    left, right = item.ends
    return [("text", space + left), *_sentence(item.items), ("text", right)]


def _is_math(item: Item, before: Any, after: Any) -> bool:
    """Whether an item belongs to a formula."""
    if item.kind in ("word", "code", "punctuation"):
        return False
    if item.kind == "group":
        return _is_math_group(item, before)
    if item.raw == "-" and not item.spaced and after is not None:
        return after.spaced or after.kind != "word"  # else the hyphen of a compound
    return item.raw != "%"


def _is_math_group(item: Item, before: Any) -> bool:
    """Whether a group in brackets belongs to a formula; words between bars are set as text."""
    called = before is not None and before.kind in ("name", "function") and not item.spaced
    if is_reference(item) and not called:
        return False
    if item.scripts or item.ends[0] in ("|", "||"):
        return True
    if PART.fullmatch(item.raw) and (before is None or before.kind == "word"):
        return False
    related = any(inner.kind == "relation" for inner in item.items)
    if item.ends[0] == "(" and item.spaced and related:  # a remark in brackets: (gamma = 1)
        return before is not None and before.kind in ("operator", "relation")
    return called or item.raw == "(.)" or bool(item.items) and not _has_words(item.items)


def _has_words(items: Any) -> bool:
    """Whether a group holds words, or only numbers of equations."""
    for before, item, after in neighbours(items):
        item = in_context(item, before, after)
        if item.kind in ("word", "code"):
            return True
        if item.kind == "group" and item.ends[0] in "([{" and _has_words(item.items):
            return True
    return all(item.kind == "group" and is_reference(item) for item in items)


def _run(run: list[Item]) -> list[tuple[str, str]]:
    """Neighbouring mathematical items as formulas, or as words where they are only numbers."""
    if not run:
        return []
    result = [("text", " ")] if run[0].spaced else []
    if _is_plain(run):
        marks = "".join(" " * (item.spaced and k > 0) + item.raw for k, item in enumerate(run))
        return [*result, ("text", marks)]
    for piece in _pieces(run):
        result += [("math", formula(piece)), ("text", " ")]
    return result[:-1]


def _is_plain(run: list[Item]) -> bool:
    """Whether a run is a number, or numbers and signs without a relation or fraction."""
    signs = ("number", "operator", "relation", "bar")
    if any(item.kind not in signs or item.scripts for item in run):
        return False
    return len(run) == 1 or not any(item.kind == "relation" or item.raw == "/" for item in run)


def _pieces(run: list[Item]) -> list[list[Item]]:
    """A long run cut at its relations and signs, where a line may be broken."""
    length = sum(len(item.raw) for item in run)
    pieces: list[list[Item]] = [[]]
    for k, item in enumerate(run):
        between = 0 < k < len(run) - 1
        sign = between and item.raw in ("+", "-") and item.spaced and run[k + 1].spaced
        enough = length > LONG and sum(len(inner.raw) for inner in pieces[-1]) > LONG // 3
        relation = item.kind == "relation" and item.tex and length > SHORT
        if pieces[-1] and (relation or sign and enough):
            pieces.append([])
        pieces[-1].append(item)
    return pieces


def _joined(parts: Any) -> list[tuple[str, str]]:
    """The parts with neighbouring words merged."""
    merged: list[tuple[str, str]] = []
    for kind, string in parts:
        if kind == "text" and merged and merged[-1][0] == "text":
            merged[-1] = ("text", merged[-1][1] + string)
        elif string:
            merged.append((kind, string))
    return merged
