"""The words of a claim in exact arithmetic: rational matrices, and enclosures of roots and logs.

Standard library only, no floats. A number is an int, a :class:`~fractions.Fraction`, or an
:class:`Interval` where it is irrational. The script of a counterexample is made of the functions
of this file, so that the proof and the script cannot differ; they are short for that reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction as Q
from functools import reduce
from itertools import combinations, count
from itertools import product as cartesian
from math import ceil, exp, floor, isqrt, log2
from operator import mul
from typing import Any

from .exact import ldl_pivots

Number = Any  # int, Fraction or Interval


class Undecided(ArithmeticError):
    """An enclosure is too wide to decide, or an operation has no exact form."""


class Matrix(tuple[Any, ...]):
    """A matrix: a tuple of rows of exact numbers.

    >>> Matrix([(1, 2), (3, 4)]).T @ Matrix([(1,), (1,)])
    ((Fraction(4, 1),), (Fraction(6, 1),))
    """

    T = property(lambda self: Matrix(zip(*self, strict=True)))

    def __add__(self, N: Any) -> Any:
        return Matrix(tuple(map(sum, zip(*r, strict=True))) for r in zip(self, N, strict=True))

    def __sub__(self, other: Any) -> Any:
        return self + -1 * other

    def __neg__(self) -> Any:
        return -1 * self

    def __mul__(self, factor: Any) -> Any:
        return NotImplemented if isinstance(factor, Matrix) else factor * self

    def __rmul__(self, c: Number) -> Any:
        return Matrix(map(lambda row: tuple(x and c * x for x in row), self))

    def __truediv__(self, divisor: Number) -> Any:
        return Q(1) / divisor * self

    def __matmul__(self, N: Matrix) -> Matrix:
        return Matrix(map(lambda r: tuple(dot(r, c) for c in N.T), self))


def dot(row: Any, column: Any) -> Number:
    """The sum of the products."""
    return sum((a * b for a, b in zip(row, column, strict=True) if a and b), Q(0))


def low(x: Number) -> Q:
    """A rational number that is at most x."""
    return x.lo if isinstance(x, Interval) else Q(x)


def high(x: Number) -> Q:
    """A rational number that is at least x."""
    return x.hi if isinstance(x, Interval) else Q(x)


def ends(x: Number) -> tuple[Q, Q]:
    """Both ends of an enclosure; a rational number twice."""
    return (low(x), high(x))


def hull(lo: Q, hi: Q) -> Number:
    """The enclosure [lo, hi]; a number where the ends are equal."""
    return lo if lo == hi else Interval(lo, hi)


def outward(f: Callable[..., Number]) -> Callable[..., Any]:
    """An operation on enclosures: from the least to the largest of its values at their ends."""

    def apply(a: Number, b: Any) -> Any:
        if isinstance(b, Matrix):
            return NotImplemented
        return hull(*sorted(f(x, y) for x in ends(a) for y in ends(b))[::3])

    return apply


@dataclass(frozen=True)
class Interval:
    """A number known to lie in [lo, hi]; arithmetic rounds outwards.

    >>> Interval(Q(1), Q(2)) - Interval(Q(1), Q(2))
    [-1, 1]
    """

    lo: Q
    hi: Q
    __add__ = __radd__ = outward(lambda a, b: a + b)
    __sub__ = outward(lambda a, b: a - b)
    __rsub__ = outward(lambda a, b: b - a)
    __mul__ = __rmul__ = outward(lambda a, b: a * b)

    def __truediv__(self, other: Number) -> Any:
        return self * reciprocal(other)

    def __rtruediv__(self, other: Number) -> Any:
        return other * reciprocal(self)

    def __neg__(self) -> Any:
        return Interval(-self.hi, -self.lo)

    def __abs__(self) -> Any:
        return hull(max(self.lo, -self.hi, Q(0)), max(-self.lo, self.hi))

    def __pow__(self, k: int) -> Any:
        if k < 0:
            return 1 / self**-k
        lo, hi = ends(self if k % 2 else abs(self))
        return hull(lo**k, hi**k)

    def __ceil__(self) -> Any:
        raise Undecided("the eigenvalues of a matrix of enclosures")

    def __repr__(self) -> str:
        return f"[{self.lo}, {self.hi}]"


def reciprocal(x: Number) -> Number:
    """1 / x, refused where x may be 0."""
    if low(x) * high(x) <= 0:
        raise Undecided("the divisor may be 0")
    return hull(1 / high(x), 1 / low(x))


def root(q: Q, precision: int, up: int) -> Q:
    """The square root of q: exact where it is rational, else rounded to about 1 / precision."""
    q = max(q, Q(0))
    exact = Q(isqrt(q.numerator), isqrt(q.denominator))
    if exact**2 == q:
        return exact
    s = precision * (1 + isqrt(floor(1 / q)))
    return Q(isqrt(floor(q * s**2)) + up, s)


def rational_root(q: Q) -> Q:
    """The square root of the square of a rational number; AssertionError for any other."""
    r = Q(isqrt(q.numerator), isqrt(q.denominator))
    assert r * r == q
    return r


def sqrt(x: Number, precision: int = 100) -> Number:
    """The square root: exact where it is rational, else an enclosure.

    >>> sqrt(Q(9, 4)), sqrt(2)
    (Fraction(3, 2), [141/100, 71/50])
    """
    return hull(root(low(x), precision, 0), root(high(x), precision, 1))


def log_bound(q: Q, precision: int, up: int) -> Q:
    """log q = k log 2 + log r, 1/2 < r < 2, rounded to the grid of step 1 / precision.

    Both logarithms are log r = 2 (z + z^3 / 3 + ...) at z = (r - 1) / (r + 1), |z| <= 1/3.
    """
    if q <= 0:
        raise Undecided("the logarithm of a number that may be 0")
    k = q.numerator.bit_length() - q.denominator.bit_length()
    z = 1 - 2 / (q / Q(2) ** k + 1)
    terms = range(1, 2 * precision.bit_length(), 2)
    value = sum((2 * (z**j + k * Q(1, 3) ** j) / j for j in terms), Q(0))
    error = 0 if q == 1 else (1 + abs(k)) / Q(9) ** len(terms)
    end = ceil((value + error) * precision) if up else floor((value - error) * precision)
    return Q(end, precision)


def log(x: Number, precision: int = 100) -> Number:
    """An enclosure of the natural logarithm.

    >>> log(2), log(1)
    ([69/100, 7/10], Fraction(0, 1))
    """
    return hull(log_bound(low(x), precision, 0), log_bound(high(x), precision, 1))


def short_log(x: Q, precision: int = 100) -> Number:
    """An enclosure of log x >= 0, of low precision: from 2.71828182 < e < 2.71828183."""
    k = floor(log2(x) / log2(exp(1)) * precision)
    assert k >= 0
    assert Q("2.71828183") ** k <= Q(x) ** precision <= Q("2.71828182") ** (k + 1)
    return Interval(Q(k, precision), Q(k + 1, precision))


def norm2(M: Matrix) -> Number:
    """The sum of the squares of the entries."""
    return inner(M, M)


def norm(M: Matrix, precision: int = 100) -> Number:
    """The Frobenius norm; for a column, its Euclidean norm.

    >>> norm(Matrix([(3,), (4,)]))
    Fraction(5, 1)
    """
    return sqrt(inner(M, M), precision)


def inner(M: Matrix, N: Matrix) -> Number:
    """The sum of the products of the entries."""
    return sum((dot(row, other) for row, other in zip(M, N, strict=True)), Q(0))


def trace(M: Matrix) -> Number:
    """The sum of the diagonal."""
    return total(row[i] for i, row in enumerate(M))


def entry(M: Matrix, i: int, j: int) -> Number:
    """The entry in row i and column j, counted from 0."""
    return M[i][j]


def col(M: Matrix, j: int) -> Matrix:
    """Column j, counted from 0, as a matrix with one column."""
    return Matrix((row[j],) for row in M)


def eye(k: int) -> Matrix:
    """The k x k identity."""
    return Matrix(map(lambda i: tuple(Q(int(i == j)) for j in range(k)), range(k)))


def beside(matrices: Iterable[Matrix]) -> Matrix:
    """Matrices side by side."""
    return Matrix(sum(rows, ()) for rows in zip(*matrices, strict=True))


def total(items: Iterable[Any]) -> Any:
    """The sum of numbers or of matrices; 0 of nothing."""
    found = list(items)
    return sum(found[1:], found[0]) if found else 0


def prod(numbers: Iterable[Number]) -> Number:
    """The product of numbers; 1 of nothing."""
    return reduce(mul, numbers, 1)


def subsets(k: int, r: int) -> list[Any]:
    """All r of the integers below k, ascending.

    >>> subsets(3, 2)
    [(0, 1), (0, 2), (1, 2)]
    """
    return list(combinations(range(k), r))


def tuples(items: Iterable[Any], r: int) -> list[Any]:
    """All lists of r items, with repetition.

    >>> tuples([1, -1], 2)
    [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    """
    return list(cartesian(items, repeat=r))


def largest(numbers: Iterable[Number]) -> Number:
    """The largest of the numbers."""
    return hull(*map(max, zip(*map(ends, numbers), strict=True)))


def least(numbers: Iterable[Number]) -> Number:
    """The least of the numbers."""
    return hull(*map(min, zip(*map(ends, numbers), strict=True)))


def inv(M: Matrix) -> Matrix:
    """The inverse, by elimination; ZeroDivisionError where there is none."""
    size = len(M)
    rows = [list(row) + list(unit) for row, unit in zip(M, eye(size), strict=True)]
    for i in range(size):
        pivot = next((k for k in range(i, size) if rows[k][i]), i)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / Q(rows[i][i]) for x in rows[i]]
        for k in range(size):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return Matrix(tuple(row[size:]) for row in rows)


def det(M: Matrix) -> Number:
    """The determinant, by expansion along the first row."""
    if not M:
        return Q(1)
    return total((-1) ** j * M[0][j] * det(minor(M, j)) for j in range(len(M)))


def minor(M: Matrix, j: int) -> Matrix:
    """M without its first row and column j."""
    return Matrix(row[:j] + row[j + 1 :] for row in M[1:])


def largest_eigenvalue(G: Matrix, precision: int = 100) -> Number:
    """The largest eigenvalue of G, symmetric and psd: exact where G is diagonal."""
    diagonal = [row[i] for i, row in enumerate(G)]
    if inner(G, G) == dot(diagonal, diagonal):
        return largest(diagonal)
    return enclosed_eigenvalue(G, precision)


def enclosed_eigenvalue(G: Matrix, precision: int = 100) -> Number:
    """The largest eigenvalue c / precision of G: the least c for which c I - precision G is psd."""
    below = -1
    above = ceil(trace(G) * precision)
    while above - below > 1:
        middle = (below + above) // 2
        pivots = ldl_pivots(middle * eye(len(G)) - precision * G)
        above, below = (middle, below) if pivots and min(pivots) >= 0 else (above, middle)
    return Interval(Q(below, precision), Q(above, precision))


def small_gram(M: Matrix) -> Matrix:
    """M.T @ M or M @ M.T: the smaller one, with the squares of the singular values."""
    return M.T @ M if len(M) >= len(M[0]) else M @ M.T


def spectral(M: Matrix, precision: int = 100) -> Number:
    """The largest singular value.

    >>> spectral(Matrix([(3, 0), (4, 0)])), spectral(Matrix([(1, 1), (0, 1)]))
    (Fraction(5, 1), [161/100, 81/50])
    """
    return sqrt(largest_eigenvalue(small_gram(M), precision), precision)


def least_singular(M: Matrix, precision: int = 100) -> Number:
    """The least singular value of a matrix that has at least as many rows as columns."""
    gram = M.T @ M
    rest = trace(gram) * eye(len(gram)) - gram
    return sqrt(trace(gram) - largest_eigenvalue(rest, precision), precision)


def nuclear(M: Matrix, precision: int = 100) -> Number:
    """The sum of the singular values: in closed form for one or two, or orthogonal columns.

    >>> nuclear(Matrix([(3, 0), (0, 4)])), nuclear(Matrix([(1, 1), (0, 1)]))
    (Fraction(7, 1), [223/100, 56/25])
    """
    gram = small_gram(M)
    diagonal = [row[i] for i, row in enumerate(gram)]
    if len(gram) == 2:
        return sqrt(trace(gram) + 2 * sqrt(det(gram), precision), precision)
    exact = inner(gram, gram) == dot(diagonal, diagonal)
    squares = diagonal if exact else enclosed_eigenvalues(gram, precision)
    return total(sqrt(x, precision) for x in squares)


def enclosed_eigenvalues(G: Matrix, precision: int = 100) -> list[Number]:
    """All eigenvalues of G, symmetric and psd, ascending, each enclosed to about 1 / precision."""
    most = ceil(trace(G) * precision)
    found = []
    for i in range(len(G)):
        below = -1
        above = most
        while above - below > 1:
            middle = (below + above) // 2
            few = n_eigenvalues_below(G, middle, precision) <= i
            below, above = (middle, above) if few else (below, middle)
        found.append(
            hull(max(Q(3 * below + 1, 3 * precision), Q(0)), Q(2 * above + 1, 2 * precision))
        )
    return found


def n_eigenvalues_below(G: Matrix, k: int, precision: int) -> int:
    """How many eigenvalues are below c, for some c between (k + 1/3) and (k + 1/2) / precision.

    It is the number of negative pivots of G - c I, for the first c at which no pivot is 0.
    """
    for j in count(1):
        c = Q(k, precision) + Q(j, (2 * j + 1) * precision)
        pivots = ldl_pivots(G - c * eye(len(G)))
        if pivots and all(pivots):
            return sum(pivot < 0 for pivot in pivots)
    raise AssertionError


def room(pair: Any) -> Q:
    """How far the left of a pair is certainly below the right."""
    return low(pair[1]) - high(pair[0])


def at_most(pairs: Iterable[Any]) -> Any:
    """Assert left <= right of all pairs; return the pair that comes closest to failing.

    >>> at_most([(1, 2), (Q(1, 2), 1)])
    (Fraction(1, 2), 1)
    """
    p = min(pairs, key=room)
    assert room(p) >= 0
    return p


def below(pairs: Iterable[Any]) -> Any:
    """Assert left < right of all pairs; return the pair that comes closest to failing."""
    p = min(pairs, key=room)
    assert room(p) > 0
    return p


def exceeds(pairs: Iterable[Any]) -> Any:
    """Assert left > right of some pair; return the one with the largest left - right."""
    p = max(pairs, key=lambda p: room(p[::-1]))
    assert room(p[::-1]) > 0
    return p


def differ(pairs: Iterable[Any]) -> Any:
    """Assert left != right of some pair, of numbers or of matrices; return it."""
    return next(pair for pair in pairs if any(map(apart, *map(entries, pair))))


def apart(a: Number, b: Number) -> bool:
    """Whether two numbers certainly differ."""
    return high(a) < low(b) or high(b) < low(a)


def entries(M: Any) -> list[Number]:
    """The numbers of a matrix, row by row; of a number itself."""
    return [x for row in M for x in row] if isinstance(M, Matrix) else [M]
