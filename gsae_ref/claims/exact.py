"""Exact rational linear algebra, and the records that a counterexample is made of.

Standard library only, no floats. A matrix is a tuple of rows of :class:`fractions.Fraction`; a
vector is a matrix with one column. Where a norm is irrational, compare squares, or enclose it with
:func:`root_above`; where a matrix norm is needed, certify it by a positive semidefinite test.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from math import isqrt
from operator import sub
from typing import Any

Rational = Fraction | int
Matrix = tuple[tuple[Fraction, ...], ...]
Law = tuple[tuple[Fraction, Matrix], ...]  # every value with its probability

E_BELOW = Fraction(2718281, 10**6)
E_ABOVE = Fraction(2718282, 10**6)  # e = 2.7182818...

RELATIONS = {
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
}


def matrix(rows: Iterable[Iterable[Rational]]) -> Matrix:
    """Make a matrix of Fractions from rows of integers and Fractions.

    >>> matrix([[1, Fraction(1, 2)]])
    ((Fraction(1, 1), Fraction(1, 2)),)
    """
    return tuple(tuple(map(Fraction, row)) for row in rows)


def column(*entries: Rational) -> Matrix:
    """Make a vector: a matrix with one column."""
    return matrix([[entry] for entry in entries])


def identity(n: int) -> Matrix:
    """The n x n identity."""
    return basis(n, 1, n)


def basis(n: int, first: int, size: int = 1) -> Matrix:
    """The columns e_first, ..., e_(first+size-1) of the n x n identity, counted from 1.

    >>> basis(3, 2) == column(0, 1, 0)
    True
    """
    rows = []
    for i in range(1, n + 1):
        rows.append([int(i == j) for j in range(first, first + size)])
    return matrix(rows)


def transpose(M: Matrix) -> Matrix:
    """M^T."""
    return tuple(zip(*M, strict=True))


def product(*matrices: Matrix) -> Matrix:
    """The product of one or more matrices, from right to left (cheap when the last one is thin)."""
    *rest, result = matrices
    for M in reversed(rest):
        if len(M[0]) != len(result):
            raise ValueError(
                f"a {len(M)} x {len(M[0])} matrix cannot multiply one with {len(result)} rows; "
                "transpose one of them"
            )
        columns = transpose(result)
        result = tuple(
            tuple(
                sum((a * b for a, b in zip(row, c, strict=True) if a and b), Fraction(0))
                for c in columns
            )
            for row in M
        )
    return result


def add(*matrices: Matrix) -> Matrix:
    """The entrywise sum."""
    return tuple(
        tuple(sum(entries) for entries in zip(*rows, strict=True))
        for rows in zip(*matrices, strict=True)
    )


def scale(factor: Rational, M: Matrix) -> Matrix:
    """factor * M."""

    def scaled(row: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
        return tuple(factor * entry for entry in row)

    return tuple(map(scaled, M))


def subtract(M: Matrix, N: Matrix) -> Matrix:
    """M - N."""
    return tuple(tuple(map(sub, r, s)) for r, s in zip(M, N, strict=True))


def hstack(*matrices: Matrix) -> Matrix:
    """Put matrices side by side."""
    return tuple(sum(rows, ()) for rows in zip(*matrices, strict=True))


def inner(M: Matrix, N: Matrix) -> Fraction:
    """The Frobenius inner product <M, N> = trace(M^T N)."""
    return sum(
        (a * b for r, s in zip(M, N, strict=True) for a, b in zip(r, s, strict=True)), Fraction(0)
    )


def frobenius_squared(M: Matrix) -> Fraction:
    """||M||_F^2; for a vector, the squared Euclidean norm."""
    return inner(M, M)


def root(q: Rational) -> Fraction:
    """The square root of a rational that has a rational one; ValueError when it has none.

    >>> root(Fraction(9, 4))
    Fraction(3, 2)
    """
    q = Fraction(q)
    if (
        q >= 0
        and isqrt(q.numerator) ** 2 == q.numerator
        and isqrt(q.denominator) ** 2 == q.denominator
    ):
        return Fraction(isqrt(q.numerator), isqrt(q.denominator))
    raise ValueError(
        f"{q} has no rational square root; compare squares, or enclose it with root_above"
    )


def root_above(q: Rational, denominator: int = 4) -> Fraction:
    """The least k/denominator with (k/denominator)^2 >= q: an upper bound of sqrt(q).

    >>> root_above(5)
    Fraction(9, 4)
    """
    k = isqrt(int(q * denominator**2))
    return Fraction(k if k**2 >= q * denominator**2 else k + 1, denominator)


def exp_above(k: int) -> Fraction:
    """A rational upper bound of e^k, k >= 0: exp_above(k) <= n certifies k <= log n."""
    return E_ABOVE**k


def log_above(n: Rational) -> Fraction:
    """An upper bound of log n: the least k/10 with 2.718281^k >= n^10.

    >>> log_above(9)
    Fraction(11, 5)
    """
    return next(Fraction(k, 10) for k in count() if E_BELOW**k >= Fraction(n) ** 10)


def norm(M: Matrix) -> Fraction:
    """||M||_F when it is rational (for a vector, its Euclidean norm); ValueError otherwise."""
    return root(frobenius_squared(M))


def ldl_pivots(M: Matrix) -> tuple[Fraction, ...] | None:
    """The diagonal D of M = L D L^T for a symmetric M, or None at a zero pivot in a non-zero row.

    None means that M is indefinite: a positive semidefinite matrix with a zero on its diagonal is
    zero in that row.
    """
    rows = [list(row) for row in M]
    pivots = []
    while rows:
        head, *tail = rows
        pivots.append(head[0])
        if head[0] == 0 and any(head):
            return None
        ratio = [row[0] / head[0] if head[0] else Fraction(0) for row in tail]
        rows = [
            [a - r * b for a, b in zip(row[1:], head[1:], strict=True)]
            for r, row in zip(ratio, tail, strict=True)
        ]
    return tuple(pivots)


def is_psd(M: Matrix) -> bool:
    """Whether the symmetric matrix M is positive semidefinite, by rational LDL^T."""
    if transpose(M) != M:
        raise ValueError(
            "the matrix is not symmetric; symmetrise it: "
            "scale(Fraction(1, 2), add(M, transpose(M)))"
        )
    pivots = ldl_pivots(M)
    return pivots is not None and min(pivots) >= 0


def spectral_at_most(M: Matrix, c: Fraction) -> bool:
    """Whether ||M||_2^2 <= c, that is, whether c I - M^T M is positive semidefinite."""
    gram = product(transpose(M), M)
    return is_psd(subtract(scale(Fraction(c), identity(len(gram))), gram))


@functools.lru_cache(maxsize=1000)
def spectral_norm_squared(M: Matrix) -> Fraction:
    """||M||_2^2, if rational, for orthogonal columns or two columns; ValueError otherwise.

    The value c is proved, not trusted: c I - M^T M must be positive semidefinite and singular.
    """
    gram = product(transpose(M), M)
    diagonal = [gram[i][i] for i in range(len(gram))]
    if frobenius_squared(gram) == sum(entry**2 for entry in diagonal):
        c = max(diagonal)
    elif len(gram) == 2:
        trace = sum(diagonal)
        determinant = diagonal[0] * diagonal[1] - gram[0][1] ** 2
        c = (trace + root(trace**2 - 4 * determinant)) / 2
    else:
        raise ValueError(
            "the columns are neither orthogonal nor two; bound the norm with spectral_at_most"
        )
    gap = subtract(scale(c, identity(len(gram))), gram)
    if not is_psd(gap) or min(ldl_pivots(gap) or (Fraction(1),)) != 0:
        raise ArithmeticError(f"{c} is not the largest eigenvalue of {gram}")
    return c


def spectral_norm(M: Matrix) -> Fraction:
    """||M||_2 when it is rational; ValueError otherwise."""
    return root(spectral_norm_squared(M))


@dataclass(frozen=True)
class Comparison:
    """left relation right, in exact arithmetic; text says what the two sides are.

    >>> print(Comparison("||x||_2 <= B_max", Fraction(6, 5), "<=", Fraction(3, 5)))
    ||x||_2 <= B_max: 6/5 <= 3/5 is false
    """

    text: str
    left: Rational
    relation: str
    right: Rational

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise ValueError(
                f"relation = {self.relation!r} is unknown; choose one of {', '.join(RELATIONS)}"
            )
        for side in ("left", "right"):
            if not isinstance(getattr(self, side), (int, Fraction)):
                raise TypeError(
                    f"{side} = {getattr(self, side)!r} is not exact; pass an int or a Fraction"
                )
            object.__setattr__(self, side, Fraction(getattr(self, side)))

    @property
    def holds(self) -> bool:
        """Whether the comparison is true."""
        return RELATIONS[self.relation](self.left, self.right)

    def __str__(self) -> str:
        truth = "true" if self.holds else "false"
        return f"{self.text}: {self.left} {self.relation} {self.right} is {truth}"

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary; fractions become strings."""
        return {
            "text": self.text,
            "left": str(self.left),
            "relation": self.relation,
            "right": str(self.right),
            "holds": self.holds,
        }


@dataclass(frozen=True)
class Certificate:
    """An exact instance that meets the hypotheses of a statement and not its conclusion."""

    data: dict[str, object]
    hypotheses: tuple[Comparison, ...]
    printed: Comparison
    corrected: Comparison | None
    note: str
    name: str = ""  # the last two are set by :func:`counterexample`
    statement: str = ""

    @property
    def refutes(self) -> bool:
        """Whether the hypotheses hold, the printed conclusion does not, a corrected one does."""
        repaired = self.corrected is None or self.corrected.holds
        return all(h.holds for h in self.hypotheses) and not self.printed.holds and repaired

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary: fractions are strings such as "6/5", matrices lists of rows."""
        return {
            "name": self.name,
            "statement": self.statement,
            "data": {key: _plain(value) for key, value in self.data.items()},
            "hypotheses": [h.to_dict() for h in self.hypotheses],
            "printed": self.printed.to_dict(),
            "corrected": None if self.corrected is None else self.corrected.to_dict(),
            "note": self.note,
            "refutes": self.refutes,
        }

    def explain(self) -> str:
        """The instance, each hypothesis and each conclusion with both sides, and the note."""
        lines = [
            f"{self.name} refutes {self.statement}"
            if self.refutes
            else f"{self.name} does not refute {self.statement}",
            "instance:",
        ]
        lines += [
            f"  {key} = {_columns(value) if isinstance(value, tuple) else value}"
            for key, value in self.data.items()
        ]
        lines += ["hypotheses:", *(f"  {h}" for h in self.hypotheses), f"printed:   {self.printed}"]
        lines += [
            f"corrected: {self.corrected or 'there is no local repair'}",
            f"note: {self.note}",
        ]
        return "\n".join(lines)


COUNTEREXAMPLES: dict[str, Callable[..., Certificate]] = {}  # by name
REFUTED_BY: dict[str, list[str]] = {}  # id of a row: names of its counterexamples

Build = Callable[..., Certificate]


def counterexample(
    row: str, variant: str = "", also: tuple[str, ...] = ()
) -> Callable[[Build], Build]:
    """Register a function as a counterexample to a row of the ledger.

    The function takes no argument but the numbers of its instance, as keywords with defaults, so
    that a test can spoil them. The counterexample is named for the row.

    Parameters
    ----------
    row : str
        Id of the statement that is refuted.
    variant : str
        What is added to the name of a second counterexample to the same row.
    also : tuple of str
        Ids of other rows that the same instance refutes.

    Raises
    ------
    ValueError
        For a name that is taken.
    """
    name = f"{row}-{variant}" if variant else row

    def register(build: Build) -> Build:
        if name in COUNTEREXAMPLES:
            raise ValueError(
                f"{name} is the name of another counterexample; give a variant of its own"
            )

        @functools.wraps(build)
        def named(*numbers: Any, **instance: Any) -> Certificate:
            return replace(build(*numbers, **instance), name=name, statement=row)

        COUNTEREXAMPLES[name] = named
        for refuted in (row, *also):
            REFUTED_BY.setdefault(refuted, []).append(name)
        return named

    return register


def _plain(value: object) -> object:
    """Turn Fractions into strings and tuples into lists, all the way down."""
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, Fraction) else value


def _columns(M: Matrix) -> str:
    """Write a matrix by its columns: [3/5 e1 + 4/5 e3, e2]."""

    def term(i: int, entry: Fraction) -> str:
        return f"e{i}" if entry == 1 else f"{entry} e{i}"

    columns = []
    for entries in transpose(M):
        terms = [term(i, entry) for i, entry in enumerate(entries, 1) if entry]
        columns.append(" + ".join(terms) or "0")
    return f"[{', '.join(columns)}]"
