"""From the house notation of the ledger to LaTeX: words stay words, formulas become mathematics.

The ledger is written so that a terminal can show it: ``||A_g^T A*_g x_g|| >= B_min (1 - delta) for
g in S``. :func:`segments` finds the formulas in such a sentence and writes them as LaTeX; what it
cannot read it refuses (:class:`NotHouseNotation`), and the page then shows the ASCII form. Standard
library only.

>>> segments("||A_g|| <= delta for g in S")
[('math', '\\\\lVert A_{g}\\\\rVert \\\\le \\\\delta '), ('text', ' for '), ('math', 'g\\\\in S')]
"""

import re

from house_latex import Item, formula, in_context, is_reference
from vocabulary import (
    CALLED,
    CODE,
    FUNCTIONS,
    GREEK,
    LIMITS,
    LONG,
    NUMBER,
    OPERATORS,
    RELATIONS,
    SHORT,
    SPELLED,
    SUBSCRIPT_WORDS,
    SYMBOL,
    WORD,
)


class NotHouseNotation(ValueError):
    """The text cannot be read as words and formulas."""


def segments(text):
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


def markdown(text, link=lambda words: words):
    """The sentence as MyST Markdown, formulas between dollars; ``link`` may turn words such as "(22)" or "R7" into links."""
    written = {
        "math": lambda s: f"${s.strip()}$",
        "code": lambda s: f"`{s}`",
        "text": lambda s: link(_escaped(s)),
    }
    return "".join(written[kind](string) for kind, string in segments(text))


def _escaped(words):
    return re.sub(r"([\\`*_$<>{}\[\]|#])", r"\\\1", words)


def _primes(text):
    """Whether u_l' is the index l' (L23 sums over l') or a derivative."""
    return "derivative" if re.search(r"\w' = ", text) else "index"


# ------------------------------------------------------------------------------------------------ reading
def _sequence(text, at, closers, primes):
    """Items from ``at`` up to one of ``closers`` or the end, and where that is."""
    items = []
    quoted = False
    while at < len(text):
        spaced = at > 0 and text[at - 1].isspace()
        if text[at].isspace():
            at += 1
            continue
        if code := CODE.match(text, at):
            if not _is_script(code[0]):
                items.append(
                    Item(
                        "code", code[0].strip("'") if code[0][0] == "'" else code[0], spaced=spaced
                    )
                )
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
        at = _scripts(text, at, item, primes, quoted)
        items.append(item)
    return items, at


def _is_script(code):
    """u_max, B_min, T_in: subscripts, not names of code."""
    head, _, tail = code.partition("_")
    return bool(tail) and (len(head) == 1 or head in GREEK or head in LIMITS or head in FUNCTIONS)


def _closes(mark, closers, items, spaced):
    if not closers or mark not in closers.split(" "):
        return False
    if mark in ("|", "||"):
        return (
            bool(items)
            and items[-1].kind not in ("operator", "relation")
            and not (mark == "|" and spaced and items[-1].kind != "group")
        )
    return mark != ">" or not spaced


def _name(text, at, word, spaced):
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


def _symbolic(word):
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


def _symbol(text, at, mark, spaced, items, primes):
    after = text[at + len(mark) : at + len(mark) + 1]
    angle = (
        mark == "<"
        and bool(after)
        and not after.isspace()
        and (spaced or not items or items[-1].kind in ("operator", "relation"))
    )
    opens = (
        mark in "([{"
        or mark in ("|", "||")
        and not (mark == "|" and spaced and after.isspace())
        or angle
    )
    if opens:
        closers = {"(": ") ]", "[": "] )", "{": "}", "<": ">", "|": "|", "||": "||"}[mark]
        inside, stop = _sequence(text, at + len(mark), closers, primes)
        if stop < len(text):
            close = "||" if mark == "||" else text[stop]
            return Item(
                "group",
                text[at : stop + len(close)],
                spaced=spaced,
                items=inside,
                ends=(mark, close),
            ), stop + len(close)
        if mark != "|":
            raise NotHouseNotation(f"{text!r}: {mark!r} is not closed")
    if mark == "|":
        return Item("bar", mark, "\\mid ", spaced), at + 1
    if mark in RELATIONS:
        return Item("relation", mark, RELATIONS[mark] + " ", spaced), at + len(mark)
    if mark == "^" and spaced and after.isspace():
        return Item("operator", mark, "\\wedge ", spaced), at + 1
    if mark in OPERATORS:
        return Item("operator", mark, OPERATORS[mark] + " " * (mark == "\\"), spaced), at + len(
            mark
        )
    if mark in (",", ";", ":", ".", "...", "?", "*"):
        return Item("punctuation", mark, "\\ldots " if mark == "..." else mark, spaced), at + len(
            mark
        )
    raise NotHouseNotation(f"{text!r}: the symbol {mark!r}")


def _scripts(text, at, item, primes, quoted):
    """Read what is attached: star, tilde, hat, prime, subscript, superscript, a plus for the next iterate."""
    if item.kind not in ("name", "function", "group", "number"):
        return at
    put = lambda where, tex: item.scripts.update({where: item.scripts.get(where, "") + tex})  # noqa: E731
    while at < len(text):
        rest = text[at:]
        if item.kind != "number" and rest[0] == "*" and item.kind != "group":
            put("up", "*")
            at += 1
        elif item.kind == "name" and rest[0] == "~":
            item.tex, at = f"\\tilde{{{item.tex}}}", at + 1
        elif rest[0] == "'" and item.kind == "name" and not quoted and not rest.startswith("'s "):
            if item.scripts.get("down") == "l" and primes == "index":
                put("down", "'")
            else:
                put("up", "\\prime ")
            at += 1
        elif found := re.match(r"_(?:\{([^{}]*)\}|(\+|[A-Za-z0-9]+))", rest):
            inner = found[1] if found[1] is not None else found[2]
            put("down", _script(inner))
            at += found.end()
        elif rest.startswith("^") and (
            found := re.match(
                r"\^(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(-?[A-Za-z0-9]+(?:_\w)?)|([+*]))", rest
            )
        ):
            inner = next(group for group in found.groups() if group is not None)
            put("up", "+" if inner == "+" else _script(inner) if inner != "T" else "\\top ")
            at += found.end()
        elif rest.startswith(("^(", "_(")):
            inner = _inside_brackets(rest[1:])
            tex = _script(inner)
            put(
                "up" if rest[0] == "^" else "down",
                f"({tex})" if re.fullmatch(r"\w", inner) else tex,
            )
            at += len(inner) + 3
        elif (
            rest.startswith("^") and item.kind == "name" and (len(rest) == 1 or rest[1] in " _,.)|")
        ):
            item.tex, at = f"\\hat{{{item.tex}}}", at + 1
        elif item.kind == "name" and re.match(r"\+(?=[\s),\]]|$)", rest):
            put("up", "+")
            at += 1
        else:
            break
    return at


def _inside_brackets(text):
    """What stands between the bracket that ``text`` begins with and its partner."""
    depth = 0
    for k, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return text[1:k]
    raise NotHouseNotation(f"{text!r}: '(' is not closed")


def _script(inner):
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
    return (
        re.sub(r"\\tfrac\{(\d+)\}\{(\d+)\}", r"\1/\2", formula(items)).replace(",\\, ", ",").strip()
    )


# ------------------------------------------------------------------------------------------------ telling words from formulas
def _sentence(items):
    """Alternate words and formulas."""
    result = []
    run = []
    for k, item in enumerate(items):
        before = items[k - 1] if k else None
        after = items[k + 1] if k + 1 < len(items) else None
        item = in_context(item, before, after)
        items[k] = item
        if _is_math(item, before, after):
            near = (
                item.kind == "group" and after is not None and after.raw == "-" and not after.spaced
            )  # W (delta, 2)-near
            if near or run and run[-1].raw == "S" and item.raw == "abs":  # off S abs(e) <= ...
                result += _run(run)
                run = []
            run.append(item)
            continue
        result += _run(run)
        run = []
        space = " " if item.spaced else ""
        if item.kind == "code":
            result += [("text", space), ("code", item.raw)]
        elif item.kind == "group" and (is_reference(item) or re.fullmatch(r"\([a-e]\)", item.raw)):
            result.append(("text", space + item.raw))
        elif item.kind == "group":
            result += [
                ("text", space + item.ends[0]),
                *_sentence(item.items),
                ("text", item.ends[1]),
            ]
        else:
            result.append(("text", space + item.raw))
    return result + _run(run)


def _is_math(item, before, after):
    if item.kind in ("word", "code", "punctuation"):
        return False
    if item.kind == "group":
        if is_reference(item) and not (
            before is not None and before.kind in ("name", "function") and not item.spaced
        ):
            return False
        if item.scripts or item.ends[0] in ("|", "||"):
            return True  # words inside are set as text
        called = before is not None and before.kind in ("name", "function") and not item.spaced
        if re.fullmatch(r"\([a-e]\)", item.raw) and (before is None or before.kind == "word"):
            return False
        if (
            item.ends[0] == "("
            and item.spaced
            and any(i.kind == "relation" for i in item.items)
            and not item.scripts
        ):
            return before is not None and before.kind in (
                "operator",
                "relation",
            )  # a remark in brackets: (gamma = 1)
        return (
            called
            or not _has_words(item.items)
            and (bool(item.items) or item.ends[0] == "||")
            or item.raw == "(.)"
        )
    if (
        item.raw == "-"
        and after is not None
        and not after.spaced
        and after.kind == "word"
        and not item.spaced
    ):
        return False
    return item.raw != "%"


def _has_words(items):
    contextual = [
        in_context(item, items[k - 1] if k else None, items[k + 1] if k + 1 < len(items) else None)
        for k, item in enumerate(items)
    ]
    return any(
        item.kind in ("word", "code")
        or item.kind == "group"
        and item.ends[0] in "([{"
        and _has_words(item.items)
        for item in contextual
    ) or all(item.kind == "group" and is_reference(item) for item in items)


def _run(run):
    """A run of mathematical items: words where it is only numbers or marks, else formulas, broken where a line may be."""
    if not run:
        return []
    lead = [("text", " ")] if run[0].spaced else []
    if all(item.kind in ("number", "operator", "relation", "bar") for item in run) and not any(
        item.scripts for item in run
    ):
        if len(run) == 1 or not any(item.kind == "relation" or item.raw == "/" for item in run):
            return lead + [
                (
                    "text",
                    "".join(" " * (item.spaced and k > 0) + item.raw for k, item in enumerate(run)),
                )
            ]
    length = sum(len(item.raw) for item in run)
    pieces = []
    piece = []
    for k, item in enumerate(run):
        sign = item.raw in ("+", "-") and item.spaced and 0 < k < len(run) - 1 and run[k + 1].spaced
        enough = length > LONG and sum(len(i.raw) for i in piece) > LONG // 3
        if piece and (item.kind == "relation" and item.tex and length > SHORT or sign and enough):
            pieces.append(piece)
            piece = []
        piece.append(item)
    pieces.append(piece)
    result = lead
    for piece in pieces:
        result = result + [("math", formula(piece)), ("text", " ")]
    return result[:-1]


def _joined(parts):
    """Merge neighbouring words."""
    merged = []
    for kind, string in parts:
        if kind == "text" and merged and merged[-1][0] == "text":
            merged[-1] = ("text", merged[-1][1] + string)
        elif string:
            merged.append((kind, string))
    return merged
