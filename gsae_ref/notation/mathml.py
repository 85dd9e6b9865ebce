"""LaTeX as MathML: the few commands that this package writes, and no others.

Browsers set MathML without a script. Bars and brackets keep their size, so that a formula looks
right in a font without the parts of which tall ones are made.
"""

from __future__ import annotations

import re

from .markup import Markup, element
from .vocabulary import LETTERS

# A command whose argument is words or one letter is one token with it.
WORDED = re.compile(r"\\(text|texttt|mathrm|operatorname)\{([^{}]*)\}")
LETTERED = re.compile(r"\\(mathbb|mathcal|mathbf)\s*\{?(\w)\}?")
TOKEN = re.compile(
    rf"{WORDED.pattern}|{LETTERED.pattern}|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.S
)
CAPITALS = {name for name in LETTERS if name[0].isupper()}
GREEK = dict(
    zip(
        LETTERS,
        "α β γ δ ζ η θ κ μ ν ξ π ρ σ τ ϕ ψ ω ϵ λ Γ Δ Θ Λ Σ Ω".split(),
        strict=True,
    )
) | {"varepsilon": "ε", "ell": "ℓ", "infty": "∞", "chi": "χ", "Xi": "Ξ", "Pi": "Π"}
GREEK |= {"Phi": "Φ", "Psi": "Ψ"}
FENCES = {
    "lVert": "‖",
    "rVert": "‖",
    "|": "‖",
    "lvert": "|",
    "rvert": "|",
    "langle": "⟨",
    "rangle": "⟩",
    "lfloor": "⌊",
    "rfloor": "⌋",
    "{": "{",
    "}": "}",
}
SIGNS = {
    "le": "≤",
    "ge": "≥",
    "ne": "≠",
    "in": "∈",
    "notin": "∉",
    "to": "→",
    "sim": "∼",
    "lesssim": "≲",
    "Rightarrow": "⇒",
    "pm": "±",
    "times": "×",
    "cdot": "⋅",
    "circ": "∘",
    "odot": "⊙",
    "vee": "∨",
    "wedge": "∧",
    "setminus": "∖",
    "mid": "∣",
    "sum": "∑",
    "prod": "∏",
    "nabla": "∇",
    "top": "⊤",
    "prime": "′",
    "ldots": "…",
    "dots": "…",
    "%": "%",
}
LIMITED = {"max", "min", "sup", "inf", "limsup"}
NAMED = {"log", "exp", "sin", "cos", "tan", "det"}
SPACES = {",": "0.17em", ";": "0.28em", " ": "0.33em", "quad": "1em", "qquad": "2em"}
ACCENTS = {"hat": "ˆ", "tilde": "~"}
# Inside a root: browsers hang the sign of a low one below the line.
STRUT = element("mspace", width="0", height="0.75em", depth="0.2em")
ALPHABETS = {
    "mathbb": {"E": "𝔼", "P": "ℙ", "R": "ℝ"},
    "mathcal": {"A": "𝒜", "N": "𝒩", "O": "𝒪", "S": "𝒮"},
    "mathbf": {"1": "𝟏"},
}


def mathml(latex: str) -> Markup:
    r"""A formula as an element that stands in a line of text.

    Raises
    ------
    ValueError
        For a command that no formula of this package has, or braces that do not pair.

    Examples
    --------
    >>> mathml(r"\delta \le x_{g}^{2}")  # doctest: +NORMALIZE_WHITESPACE
    '<math><mi>δ</mi><mo>≤</mo><msubsup><mi>x</mi><mi>g</mi><mn>2</mn></msubsup></math>'
    """
    return element("math", *_Reader(latex).sequence(""))


class _Reader:
    """Reads the tokens of a formula from left to right."""

    def __init__(self, latex: str) -> None:
        self.latex = latex
        tokens = (found[0] for found in TOKEN.finditer(latex))
        self.tokens = [token for token in tokens if not token.isspace()]
        self.at = 0

    def refuse(self, what: str) -> ValueError:
        """The error for a formula that cannot be set."""
        return ValueError(f"{self.latex!r}: {what}; mathml.py has what a formula may hold")

    def take(self) -> str:
        """The next token."""
        if self.at == len(self.tokens):
            raise self.refuse("it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self) -> str:
        """The next token, which stays; "" at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def sequence(self, end: str) -> list[Markup]:
        """Elements up to a token, which is taken."""
        found = []
        while self.peek() != end:
            found.append(self.scripted())
        if end:
            self.take()
        return found

    def scripted(self) -> Markup:
        """An element with what stands below and above it."""
        base = element("mrow") if self.peek() in ("_", "^") else self.atom()
        below = above = None
        while self.peek() in ("_", "^"):
            place = self.take()
            if (below if place == "_" else above) is not None:
                raise self.refuse(f"two scripts at {place!r}")
            if place == "_":
                below = self.atom()
            else:
                above = self.atom()
        if below and above:
            return element("msubsup", base, below, above)
        if below or above:
            return element("msub" if below else "msup", base, below or above)
        return base

    def atom(self) -> Markup:
        """A symbol, a group, or a command with its arguments."""
        token = self.take()
        if token == "{":
            return _row(self.sequence("}"))
        if words := WORDED.fullmatch(token):
            return _words(*words.groups())
        if letter := LETTERED.fullmatch(token):
            return self.letter(*letter.groups())
        if token[0] == "\\":
            return self.command(token[1:])
        if token[0].isdigit():
            return element("mn", token)
        if token.isalpha():
            return element("mi", token)
        if token in "}&":
            raise self.refuse(f"{token!r} stands alone")
        return _operator(_sign(token), stretched=token not in "()[]|")

    def command(self, name: str) -> Markup:
        """A command, whose backslash has been read."""
        if name in GREEK:
            return element("mi", GREEK[name], mathvariant="normal" if name in CAPITALS else None)
        if name in FENCES:
            place = {"l": "prefix", "r": "postfix"}.get(name[0]) if name[1:] else None
            return element("mo", FENCES[name], form=place, stretchy="false")
        if name in SIGNS:
            return element("mi" if name == "top" else "mo", SIGNS[name])
        if name in NAMED:
            return self.function(name)
        if name in LIMITED:
            return element("mo", name)
        if name in SPACES:
            return element("mspace", width=SPACES[name])
        if name in ("left", "right"):
            return self.sized(name)
        if name in ACCENTS:
            return element("mover", self.atom(), element("mo", ACCENTS[name]), accent="true")
        if name in ("frac", "tfrac"):
            return element("mfrac", self.atom(), self.atom())
        if name == "sqrt":
            return element("msqrt", STRUT, self.atom())
        raise self.refuse(f"the command \\{name} is unknown")

    def function(self, name: str) -> Markup:
        """The name of a function; a thin space keeps it apart from an argument without brackets."""
        word = element("mi", name)
        if self.peek() in ("", "(", "^", "_", ",", ")", "}", "/"):
            return word
        return element("mrow", word, element("mspace", width=SPACES[","]))

    def letter(self, alphabet: str, letter: str) -> Markup:
        """A letter of another alphabet."""
        if letter not in ALPHABETS[alphabet]:
            raise self.refuse(f"\\{alphabet} has no {letter} here")
        return element("mn" if letter.isdigit() else "mi", ALPHABETS[alphabet][letter])

    def sized(self, name: str) -> Markup:
        r"""A bracket after \left or \right, as tall as what it encloses."""
        token = self.take()
        mark = FENCES.get(token[1:], token) if token[0] == "\\" else token
        return element("mo", mark, form="prefix" if name == "left" else "postfix")


def _row(elements: list[Markup]) -> Markup:
    """Several elements as one."""
    return elements[0] if len(elements) == 1 else element("mrow", *elements)


def _words(command: str, words: str) -> Markup:
    """Words, or a name of several letters; MathML drops the blanks at both ends."""
    if command in ("text", "texttt"):
        return element("mtext", words.replace(" ", "\N{NO-BREAK SPACE}"))
    return element("mi", words, mathvariant="normal" if len(words) == 1 else None)


def _operator(mark: str, stretched: bool) -> Markup:
    return element("mo", mark, stretchy=None if stretched else "false")


def _sign(mark: str) -> str:
    """The sign that is set for a character."""
    return {"-": "\N{MINUS SIGN}", "*": "\N{ASTERISK OPERATOR}", "'": "′"}.get(mark, mark)
