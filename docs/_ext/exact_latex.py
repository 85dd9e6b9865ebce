"""Exact numbers, vectors, matrices and comparisons of a counterexample as LaTeX."""

from fractions import Fraction

SMALL_MATRIX = 30
WIDE_MATRIX = 6
LONGEST_FRACTION = 12
RELATIONS = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}


def fraction(value):
    r"""LaTeX of an exact number; of a long one its first digits.

    >>> fraction(Fraction(-3, 4)), fraction(2)
    ('-\\tfrac{3}{4}', '2')
    """
    value = Fraction(value)
    if value.denominator == 1:
        return str(value)
    digits = max(len(str(value.numerator)), len(str(value.denominator)))
    if digits >= LONGEST_FRACTION:
        return f"{float(value):.10g}\\ldots"
    sign = "-" if value < 0 else ""
    return rf"{sign}\tfrac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def matrix(rows):
    """A matrix, a tuple of rows; a large one by its columns."""
    columns = len(rows[0])
    if len(rows) * columns > SMALL_MATRIX or columns > WIDE_MATRIX:
        entries = ", ".join(map(column, zip(*rows, strict=True)))
        return f"{len(rows)} × {columns}, columns {entries}"
    lines = r" \\ ".join(" & ".join(map(fraction, row)) for row in rows)
    return rf"$\begin{{pmatrix}}{lines}\end{{pmatrix}}$"


def column(entries):
    """A column as a combination of unit vectors: 3/5 e1 + 4/5 e3."""
    terms = []
    for k, entry in enumerate(entries, 1):
        if entry:
            sign = "-" if entry < 0 else "+" if terms else ""
            size = "" if abs(entry) == 1 else f"{fraction(abs(entry))}\\, "
            terms.append(f"{sign}{size}e_{{{k}}}")
    return f"${''.join(terms) or '0'}$"


def comparison(text, compared):
    """A line of a table: what is compared, both sides as fractions, and whether it holds."""
    relation = RELATIONS.get(compared.relation, compared.relation)
    outcome = "true" if compared.holds else "**false**"
    left = fraction(compared.left)
    right = fraction(compared.right)
    return f"| {text} | ${left}$ | ${relation}$ | ${right}$ | {outcome} |"
