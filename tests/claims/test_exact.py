"""The exact arithmetic of the counterexamples against NumPy."""

import math
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rationals import floats

from gsae_ref.claims import exact

RATIONALS = st.fractions(min_value=-3, max_value=3, max_denominator=5)


@st.composite
def matrices(draw, square=False):
    rows = draw(st.integers(1, 4))
    columns = rows if square else draw(st.integers(1, 4))
    row = st.tuples(*[RATIONALS] * columns)
    return draw(st.tuples(*[row] * rows))


@settings(deadline=None)
@given(matrices(square=True))
def test_psd_agrees_with_eigenvalues(M):
    S = exact.add(M, exact.transpose(M))
    least = np.linalg.eigvalsh(floats(S))[0]
    if abs(least) > 1e-9:
        assert exact.is_psd(S) == (least > 0)


@settings(deadline=None)
@given(matrices(), st.fractions(min_value=F(1, 100), max_value=1, max_denominator=100))
def test_psd_of_gram_matrices_of_any_rank(M, shift):
    gram = exact.product(M, exact.transpose(M))
    assert exact.is_psd(gram)
    if np.linalg.eigvalsh(floats(gram))[0] < float(shift) - 1e-9:
        assert not exact.is_psd(exact.subtract(gram, exact.scale(shift, exact.identity(len(gram)))))


@pytest.mark.parametrize(
    ("M", "expected"),
    [
        (((0, 0), (0, 0)), True),
        (((0, 0), (0, 1)), True),
        (((0, 1), (1, 0)), False),
        (((0, 1), (1, 5)), False),
        (((1, 1), (1, 1)), True),
        (((1, 0, 0), (0, 0, 1), (0, 1, 0)), False),
        (((1, 1, 0), (1, 1, 0), (0, 0, -1)), False),
        (((-1,),), False),
    ],
)
def test_psd_with_zero_pivots(M, expected):
    assert exact.is_psd(exact.matrix(M)) is expected


def test_psd_refuses_an_unsymmetric_matrix():
    with pytest.raises(ValueError, match="not symmetric"):
        exact.is_psd(exact.matrix([[1, 2], [0, 1]]))


@settings(deadline=None)
@given(matrices(), st.fractions(min_value=0, max_value=40, max_denominator=7))
def test_spectral_bound_agrees_with_singular_values(M, c):
    norm_squared = np.linalg.norm(floats(M), 2) ** 2
    if abs(norm_squared - float(c)) > 1e-8:
        assert exact.spectral_at_most(M, c) == (norm_squared < float(c))


@settings(deadline=None)
@given(matrices(), matrices())
def test_products_agree(M, N):
    N = tuple(row for row in (N * 4)[: len(M[0])])
    np.testing.assert_allclose(floats(exact.product(M, N)), floats(M) @ floats(N), atol=1e-12)
    assert float(exact.inner(M, M)) == pytest.approx(np.linalg.norm(floats(M)) ** 2)


@pytest.mark.parametrize(
    "M", [((3, 0), (4, 0)), ((1, 2), (2, 1)), ((3, 4),), ((1, 0, 0), (0, 2, 0))]
)
def test_spectral_norm_agrees(M):
    assert float(exact.spectral_norm(exact.matrix(M))) == pytest.approx(
        np.linalg.norm(floats(M), 2)
    )


def test_irrational_norms_are_refused():
    with pytest.raises(ValueError, match="no rational square root"):
        exact.root(2)
    with pytest.raises(ValueError, match="no rational square root"):
        exact.spectral_norm_squared(exact.matrix([[1, 1], [0, 1]]))
    with pytest.raises(ValueError, match="bound the norm"):
        exact.spectral_norm_squared(exact.matrix([[1, 1, 0], [0, 1, 1]]))
    with pytest.raises(ValueError, match="cannot multiply"):
        exact.product(exact.identity(2), exact.identity(3))


@given(st.fractions(min_value=0, max_value=1000, max_denominator=50), st.integers(1, 9))
def test_roots_are_enclosed(q, denominator):
    above = exact.root_above(q, denominator)
    assert above**2 >= q
    assert above == 0 or (above - F(1, denominator)) ** 2 < q


@given(st.integers(2, 10**6))
def test_logarithms_are_enclosed(n):
    assert math.log(n) - 1e-9 <= exact.log_above(n) < math.log(n) + 0.1001


@given(st.integers(0, 40))
def test_exponentials_are_enclosed(k):
    assert 1 <= float(exact.exp_above(k)) / math.exp(k) < 1 + 1e-4
