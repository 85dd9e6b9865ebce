"""HTML built from elements: all text is escaped because there is no other way to put it in."""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text that is HTML already. Only :func:`element` and the files beside this one make it."""


def element(name: str, *content: object, **attributes: object) -> Markup:
    """Return an element; attributes are escaped, and content that is not :class:`Markup`.

    Parameters
    ----------
    name : str
        Tag, such as "td".
    *content : object
        Markup, or anything that str() makes text of; None adds nothing.
    **attributes : object
        ``class_`` and ``aria_label`` stand for class and aria-label; True is a bare attribute, None
        and False leave it out.

    Returns
    -------
    Markup

    Examples
    --------
    >>> element("td", "1 < 2", class_="number", hidden=True)
    '<td class="number" hidden>1 &lt; 2</td>'
    >>> element("p", element("b", "a & b"), " c")
    '<p><b>a &amp; b</b> c</p>'
    >>> element("img", src="data:,", alt='"')
    '<img src="data:," alt="&quot;">'
    """
    shown = {
        key.rstrip("_").replace("_", "-"): value
        for key, value in attributes.items()
        if value is not None and value is not False
    }
    opening = "".join(
        f" {key}" if value is True else f' {key}="{escape(str(value))}"'
        for key, value in shown.items()
    )
    if name in ("img", "input", "meta"):
        return Markup(f"<{name}{opening}>")
    return Markup(f"<{name}{opening}>{joined(*content)}</{name}>")


def joined(*content: object) -> Markup:
    """Put pieces one after another; those that are not markup are escaped."""
    pieces = [
        piece if isinstance(piece, Markup) else escape(str(piece))
        for piece in content
        if piece is not None
    ]
    return Markup("".join(pieces))


def class_name(word: str) -> str:
    """A word as a class: "not settled" would be two.

    >>> class_name("not settled")
    'not-settled'
    """
    return word.replace(" ", "-")


def mark(shape: str, word: object) -> Markup:
    """A word with a shape before it, one of the symbols of page.html; the word alone suffices."""
    name = class_name(shape)
    symbol = element("use", href=f"#mark-{name}")
    drawing = element("svg", symbol, class_="mark", aria_hidden="true")
    return element("span", drawing, word, class_=f"marked {name}")
