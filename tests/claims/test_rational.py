"""Exact matrices and enclosures against floats: an enclosure contains the value, and is narrow."""

import math
from fractions import Fraction as Q

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gsae_ref.claims import rational
from gsae_ref.claims.rational import Interval, Matrix, Undecided

RATIONALS = st.fractions(min_value=-3, max_value=3, max_denominator=5)
POSITIVE = st.fractions(min_value=Q(1, 1000), max_value=1000, max_denominator=1000)
PRECISIONS = st.sampled_from([10**2, 10**4, 10**8, 10**14])


@st.composite
def matrices(draw, most_columns=4):
    columns = draw(st.integers(1, most_columns))
    rows = draw(st.integers(columns, 5))
    row = st.tuples(*[RATIONALS] * columns)
    return Matrix(draw(st.lists(row, min_size=rows, max_size=rows)))


@st.composite
def intervals(draw):
    ends = sorted([draw(RATIONALS), draw(RATIONALS)])
    return rational.hull(*ends)


def floats(M):
    return np.array(M).astype(float)


def encloses(x, value, slack=1e-9):
    scale = slack * (1 + abs(value))
    return rational.low(x) <= value + scale and value - scale <= rational.high(x)


@settings(deadline=None)
@given(intervals(), intervals(), st.fractions(0, 1), st.fractions(0, 1))
def test_arithmetic_of_enclosures_contains_that_of_their_members(a, b, s, t):
    x = rational.low(a) + s * (rational.high(a) - rational.low(a))
    y = rational.low(b) + t * (rational.high(b) - rational.low(b))
    cases = [(a + b, x + y), (a - b, x - y), (a * b, x * y), (-a, -x), (abs(a), abs(x))]
    cases += [(a**k, x**k) for k in (1, 2, 3)] + [(2 - a, 2 - x)]
    for enclosure, value in cases:
        assert rational.low(enclosure) <= value <= rational.high(enclosure)
    if rational.low(b) * rational.high(b) > 0:
        for enclosure, value in ((a / b, x / y), (1 / b, 1 / y)):
            assert rational.low(enclosure) <= value <= rational.high(enclosure)


def test_division_by_an_enclosure_of_0_is_refused():
    with pytest.raises(Undecided):
        1 / Interval(Q(-1), Q(1))


@given(POSITIVE, PRECISIONS)
def test_roots_are_enclosed_and_narrow(q, precision):
    x = rational.sqrt(q, precision)
    assert rational.low(x) ** 2 <= q <= rational.high(x) ** 2
    assert rational.high(x) - rational.low(x) <= Q(1, precision)
    assert rational.sqrt(q**2, precision) == q


@settings(deadline=None)
@given(POSITIVE, PRECISIONS)
def test_logarithms_are_enclosed_and_narrow(q, precision):
    x = rational.log(q, precision)
    assert encloses(x, math.log(q), 1e-12)
    assert rational.high(x) - rational.low(x) <= Q(2, precision)


@settings(deadline=None)
@given(matrices(), PRECISIONS)
def test_singular_values_are_enclosed(M, precision):
    values = np.linalg.svd(floats(M), compute_uv=False)
    assert encloses(rational.spectral(M, precision), values[0])
    assert encloses(rational.least_singular(M, precision), values[-1], 1e-6)
    nuclear = rational.nuclear(M, precision)
    assert encloses(nuclear, values.sum())
    assert rational.high(nuclear) - rational.low(nuclear) <= 60 / precision**0.25
    width = rational.high(rational.spectral(M, precision) ** 2)
    width -= rational.low(rational.spectral(M, precision) ** 2)
    assert width <= 60 / precision


@settings(deadline=None)
@given(matrices(), matrices())
def test_products_sums_and_norms_agree_with_numpy(M, N):
    A = floats(M)
    assert np.allclose(floats(M.T @ M), A.T @ A)
    assert np.allclose(floats(M - 2 * M + M / 3), A - 2 * A + A / 3)
    assert float(rational.inner(M, M)) == pytest.approx((A * A).sum())
    assert float(rational.trace(M.T @ M)) == pytest.approx(np.trace(A.T @ A))
    assert float(rational.det(M.T @ M)) == pytest.approx(np.linalg.det(A.T @ A), abs=1e-9)
    B = M.T @ M + rational.eye(len(M[0]))
    assert rational.inv(B) @ B == rational.eye(len(M[0]))
    assert np.allclose(floats(rational.beside([M, M])), np.hstack([A, A]))


def test_shapes_that_do_not_fit_are_refused():
    M = Matrix([(Q(1), Q(2))])
    for wrong in (lambda: M + M.T, lambda: M @ M, lambda: M * M, lambda: M + 1):
        with pytest.raises((TypeError, ValueError)):
            wrong()


def test_assertions_of_a_script_fail_when_they_should():
    narrow = Interval(Q(1), Q(2))
    assert rational.at_most([(1, narrow), (narrow, 2)]) == (1, narrow)
    for pairs in ([(narrow, narrow)], [(2, narrow)]):
        with pytest.raises(AssertionError):
            rational.at_most(pairs)
    with pytest.raises(AssertionError):
        rational.below([(1, 1)])
    assert rational.below([(1, 2), (0, narrow)]) == (1, 2)
    assert rational.exceeds([(1, 2), (3, narrow)]) == (3, narrow)
    with pytest.raises(AssertionError):
        rational.exceeds([(2, narrow)])
    assert rational.differ([(1, 1), (3, narrow)]) == (3, narrow)
    with pytest.raises(StopIteration):
        rational.differ([(2, narrow), (Matrix([(1,)]), Matrix([(1,)]))])
