"""From the house notation of the ledger to LaTeX: words stay words, formulas become mathematics.

The ledger is written so that a terminal can show it: ``||A_g^T A*_g x_g|| >= B_min (1 - delta) for g in S``. :func:`segments` finds the formulas
in such a sentence and writes them as LaTeX; what it cannot read it refuses (:class:`NotHouseNotation`), and the page then shows the ASCII form.
Standard library only.

>>> segments("||A_g|| <= delta for g in S")
[('math', '\\\\lVert A_{g}\\\\rVert \\\\le \\\\delta '), ('text', ' for '), ('math', 'g\\\\in S')]
"""

import re
from dataclasses import dataclass, field

from vocabulary import (
    ARTICLE_BEFORE,
    CALLED,
    CODE,
    FUNCTIONS,
    GREEK,
    LEFT,
    LIMITS,
    LONG,
    NUMBER,
    OPERATORS,
    RELATIONS,
    RIGHT,
    SHORT,
    SPELLED,
    SUBSCRIPT_WORDS,
    SYMBOL,
    WORD,
)

__all__ = ["NotHouseNotation", "markdown", "segments"]


class NotHouseNotation(ValueError):
    """The text cannot be read as words and formulas."""


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
    written = {"math": lambda s: f"${s.strip()}$", "code": lambda s: f"`{s}`", "text": lambda s: link(_escaped(s))}
    return "".join(written[kind](string) for kind, string in segments(text))


def _escaped(words):
    return re.sub(r"([\\`*_$<>{}\[\]|#])", r"\\\1", words)


def _primes(text):
    """Whether u_l' is the index l' (L23 sums over l') or a derivative."""
    return "derivative" if re.search(r"\w' = ", text) else "index"


# ------------------------------------------------------------------------------------------------ reading
def _sequence(text, at, closers, primes):
    """Items from ``at`` up to one of ``closers`` or the end, and where that is."""
    items, quoted = [], False
    while at < len(text):
        spaced = at > 0 and text[at - 1].isspace()
        if text[at].isspace():
            at += 1
            continue
        if code := CODE.match(text, at):
            if not _is_script(code[0]):
                items.append(Item("code", code[0].strip("'") if code[0][0] == "'" else code[0], spaced=spaced))
                at = code.end()
                continue
        if number := NUMBER.match(text, at):
            item, at = Item("number", number[0], number[0], spaced), number.end()
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
        return bool(items) and items[-1].kind not in ("operator", "relation") and not (mark == "|" and spaced and items[-1].kind != "group")
    return mark != ">" or not spaced


def _name(text, at, word, spaced):
    """A word, or as much of it as is a symbol."""
    named = word.endswith("'s") or re.match(r"(?:T21|N19|L23)-|[A-Z]\.", word) or text.endswith("Appendix ", 0, at)
    if named or "-" in word and not _symbolic(word.split("-")[0]):
        return Item("word", word, spaced=spaced), at + len(word)
    word = word.split("-")[0]
    end = at + len(word)
    tex = word if word in SPELLED else _symbolic(word)
    if tex is None and text[end:end + 1] in ("^", "_"):  # first^2: a quantity with a name
        return Item("name", word, f"\\mathrm{{{word}}}", spaced), end
    if tex is None or word in CALLED and text[end:end + 1] not in ("(", "*", "_", "^"):
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
    after = text[at + len(mark): at + len(mark) + 1]
    angle = mark == "<" and bool(after) and not after.isspace() and (spaced or not items or items[-1].kind in ("operator", "relation"))
    opens = mark in "([{" or mark in ("|", "||") and not (mark == "|" and spaced and after.isspace()) or angle
    if opens:
        closers = {"(": ") ]", "[": "] )", "{": "}", "<": ">", "|": "|", "||": "||"}[mark]
        inside, stop = _sequence(text, at + len(mark), closers, primes)
        if stop < len(text):
            close = "||" if mark == "||" else text[stop]
            return Item("group", text[at: stop + len(close)], spaced=spaced, items=inside, ends=(mark, close)), stop + len(close)
        if mark != "|":
            raise NotHouseNotation(f"{text!r}: {mark!r} is not closed")
    if mark == "|":
        return Item("bar", mark, "\\mid ", spaced), at + 1
    if mark in RELATIONS:
        return Item("relation", mark, RELATIONS[mark] + " ", spaced), at + len(mark)
    if mark == "^" and spaced and after.isspace():
        return Item("operator", mark, "\\wedge ", spaced), at + 1
    if mark in OPERATORS:
        return Item("operator", mark, OPERATORS[mark] + " " * (mark == "\\"), spaced), at + len(mark)
    if mark in (",", ";", ":", ".", "...", "?", "*"):
        return Item("punctuation", mark, "\\ldots " if mark == "..." else mark, spaced), at + len(mark)
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
        elif rest.startswith("^") and (found := re.match(r"\^(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(-?[A-Za-z0-9]+(?:_\w)?)|([+*]))", rest)):
            inner = next(group for group in found.groups() if group is not None)
            put("up", "+" if inner == "+" else _script(inner) if inner != "T" else "\\top ")
            at += found.end()
        elif rest.startswith(("^(", "_(")):
            inner = _inside_brackets(rest[1:])
            tex = _script(inner)
            put("up" if rest[0] == "^" else "down", f"({tex})" if re.fullmatch(r"\w", inner) else tex)
            at += len(inner) + 3
        elif rest.startswith("^") and item.kind == "name" and (len(rest) == 1 or rest[1] in " _,.)|"):
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
    return re.sub(r"\\tfrac\{(\d+)\}\{(\d+)\}", r"\1/\2", _formula(items)).replace(",\\, ", ",").strip()


# ------------------------------------------------------------------------------------------------ telling words from formulas
def _sentence(items):
    """Alternate words and formulas."""
    result, run = [], []
    for k, item in enumerate(items):
        before, after = items[k - 1] if k else None, items[k + 1] if k + 1 < len(items) else None
        item = _in_context(item, before, after)
        items[k] = item
        if _is_math(item, before, after):
            near = item.kind == "group" and after is not None and after.raw == "-" and not after.spaced  # W (delta, 2)-near
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
        elif item.kind == "group" and (_is_reference(item) or re.fullmatch(r"\([a-e]\)", item.raw)):
            result.append(("text", space + item.raw))
        elif item.kind == "group":
            result += [("text", space + item.ends[0]), *_sentence(item.items), ("text", item.ends[1])]
        else:
            result.append(("text", space + item.raw))
    return result + _run(run)


def _in_context(item, before, after):
    """Letters and words that mean one thing in a formula and another in a sentence."""
    mathy = _is_operand
    plain = not item.scripts
    if item.raw == "a" and plain and item.kind == "name":
        wordy = before is None or before.kind in ("word", "code")
        if after is not None and (after.kind in ("word", "code") or wordy and after.spaced and after.kind in ("name", "number", "group")):
            return Item("word", "a", spaced=item.spaced)
    if item.raw in LIMITS and plain and (after is None or after.kind in ("word", "punctuation")):
        return Item("word", item.raw, spaced=item.spaced)
    if item.raw == "A" and plain and after is not None and (after.kind == "code" or after.raw in ARTICLE_BEFORE):
        return Item("word", "A", spaced=item.spaced)
    if item.raw == "in" and mathy(before) and mathy(after) and (after.kind == "group" or after.raw[0].isupper()):
        return Item("relation", "in", "\\in ", True)
    if item.raw == "not" and after is not None and after.raw == "in":
        return Item("relation", "not", "\\notin ", True) if mathy(before) else item
    if item.raw == "in" and before is not None and before.tex == "\\notin ":
        return Item("relation", "", "", False)
    if item.raw == "x" and plain and mathy(before) and mathy(after) and before.raw == after.raw and before.kind == "name":
        return Item("operator", "x", "\\times ", True)
    if item.raw == "o" and plain and after is not None and after.spaced:
        return Item("operator", "o", "\\circ ", True)
    if item.raw == "v" and plain and mathy(before) and after is not None and after.raw in ("eps", "u") and after.spaced and item.spaced:
        if after.raw == "eps" or after.scripts.get("down") == "\\min":
            return Item("operator", "v", "\\vee ", True)
    if item.kind == "name" and after is not None:
        glued = after.kind == "group" and not after.spaced
        expected = after.raw in ("exp", "Y", "L") or after.ends[0] == "||"
        if item.raw == "E" and plain and (glued and after.ends[0] == "[" or after.spaced and expected):
            item.tex = "\\mathbb{E}"
        if item.raw == "P" and plain and glued:
            item.tex = "\\mathbb{P}"
        if item.raw in ("N", "O") and glued:
            item.tex = f"\\mathcal{{{item.raw}}}"
    if item.raw == "R" and item.scripts.get("up") in ("n", "m"):
        item.tex = "\\mathbb{R}"
    return item


def _is_operand(item):
    return item is not None and (item.kind in ("name", "function", "number") or item.kind == "group" and not _is_reference(item))


def _is_reference(item):
    """(15), (i), (i.1), (iii.2): the number of an equation or of a part."""
    return item.kind == "group" and not item.scripts and bool(re.fullmatch(r"\((?:\d+|[ivx]+(?:\.\d)?)\)", item.raw))


def _is_math(item, before, after):
    if item.kind in ("word", "code", "punctuation"):
        return False
    if item.kind == "group":
        if _is_reference(item) and not (before is not None and before.kind in ("name", "function") and not item.spaced):
            return False
        if item.scripts or item.ends[0] in ("|", "||"):
            return True  # words inside are set as text
        called = before is not None and before.kind in ("name", "function") and not item.spaced
        if re.fullmatch(r"\([a-e]\)", item.raw) and (before is None or before.kind == "word"):
            return False
        if item.ends[0] == "(" and item.spaced and any(i.kind == "relation" for i in item.items) and not item.scripts:
            return before is not None and before.kind in ("operator", "relation")  # a remark in brackets: (gamma = 1)
        return called or not _has_words(item.items) and (bool(item.items) or item.ends[0] == "||") or item.raw == "(.)"
    if item.raw == "-" and after is not None and not after.spaced and after.kind == "word" and not item.spaced:
        return False
    return item.raw != "%"


def _has_words(items):
    contextual = [_in_context(item, items[k - 1] if k else None, items[k + 1] if k + 1 < len(items) else None) for k, item in enumerate(items)]
    return any(item.kind in ("word", "code") or item.kind == "group" and item.ends[0] in "([{" and _has_words(item.items)
               for item in contextual) or all(item.kind == "group" and _is_reference(item) for item in items)


def _run(run):
    """A run of mathematical items: words where it is only numbers or marks, else formulas, broken where a line may be."""
    if not run:
        return []
    lead = [("text", " ")] if run[0].spaced else []
    if all(item.kind in ("number", "operator", "relation", "bar") for item in run) and not any(item.scripts for item in run):
        if len(run) == 1 or not any(item.kind == "relation" or item.raw == "/" for item in run):
            return lead + [("text", "".join(" " * (item.spaced and k > 0) + item.raw for k, item in enumerate(run)))]
    length = sum(len(item.raw) for item in run)
    pieces, piece = [], []
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
        result = result + [("math", _formula(piece)), ("text", " ")]
    return result[:-1]


# ------------------------------------------------------------------------------------------------ writing
def _formula(items):
    """LaTeX of a sequence of items."""
    out, k = [], 0
    items = list(items)
    for n, item in enumerate(items):
        items[n] = _in_context(item, items[n - 1] if n else None, items[n + 1] if n + 1 < len(items) else None)
    while k < len(items):
        item, after = items[k], items[k + 1] if k + 1 < len(items) else None
        if item.raw == "sqrt" and after is not None:
            inside, raised = (_formula(after.items), _raised(after)) if after.kind == "group" else (_piece(after), "")
            out.append(f"\\sqrt{{{inside}}}{raised}")
            k += 2
            continue
        if item.raw in ("abs", "floor") and after is not None and after.kind == "group":
            left, right = ("\\lvert ", "\\rvert ") if item.raw == "abs" else ("\\lfloor ", "\\rfloor ")
            out.append(left + _formula(after.items) + right + _raised(after))
            k += 2
            continue
        if item.raw == "1" and after is not None and after.kind == "group" and after.ends[0] == "{" and not after.spaced:
            out.append("\\mathbf{1}" + _piece(after))
            k += 2
            continue
        fraction = items[k: k + 3]
        if len(fraction) == 3 and fraction[1].raw == "/" and all(i.kind == "number" and not i.scripts for i in fraction[::2]) and not (
                k + 3 < len(items) and not items[k + 3].spaced and items[k + 3].kind in ("name", "group")) and not (
                k and items[k - 1].raw == "/"):
            out.append(f"\\tfrac{{{item.raw}}}{{{fraction[2].raw}}}")
            k += 3
            continue
        tight = item.kind == "number" and item.spaced and k and items[k - 1].kind in ("name", "group", "number")
        divided = k > 1 and items[k - 2].raw == "/" and items[k - 1].kind != "function"  # 2/n u is (2/n) u
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
        inside = LEFT[item.ends[0]] + _formula(item.items) + RIGHT[item.ends[1]]
        return f"{{{inside}}}{_raised(item)}" if item.scripts else inside  # braces: both bars of a norm get the same size
    if item.kind == "punctuation" and item.raw in ",;":
        return item.raw + "\\, "
    if item.kind in ("relation", "operator", "bar", "punctuation"):
        return item.tex
    tex = item.tex + _raised(item)
    return tex + " " * (tex[-1].isalpha() and "\\" in tex)


def _raised(item):
    down, up = item.scripts.get("down"), item.scripts.get("up")
    return (f"_{{{down}}}" if down else "") + (f"^{{{up}}}" if up else "")


def _joined(parts):
    """Merge neighbouring words."""
    merged = []
    for kind, string in parts:
        if kind == "text" and merged and merged[-1][0] == "text":
            merged[-1] = ("text", merged[-1][1] + string)
        elif string:
            merged.append((kind, string))
    return merged
