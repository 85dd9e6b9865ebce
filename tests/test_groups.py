"""How atoms form groups: contiguous equal blocks, and every pair of inverse maps is one."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from strategies import SEEDS, rotation

from gsae_ref import groups


@st.composite
def grouped(draw, max_axes=3):
    """An array whose last axis splits into groups, and the group size."""
    size = draw(st.integers(1, 5))
    n_groups = draw(st.integers(1, 5))
    leading = draw(st.lists(st.integers(1, 4), max_size=max_axes - 1))
    return np.random.default_rng(draw(SEEDS)).normal(size=(*leading, n_groups * size)), size


@given(grouped())
def test_merge_undoes_split_and_split_has_one_row_per_group(case):
    X, size = case
    G = groups.split(X, size)
    assert G.shape == (*X.shape[:-1], X.shape[-1] // size, size)
    for g in range(G.shape[-2]):
        np.testing.assert_array_equal(G[..., g, :], X[..., g * size : (g + 1) * size])
    np.testing.assert_array_equal(groups.merge(G), X)


@given(grouped())
def test_norms_are_the_euclidean_norms_of_the_groups(case):
    X, size = case
    got = groups.norms(X, size)
    assert got.shape == (*X.shape[:-1], X.shape[-1] // size)
    for index in np.ndindex(*got.shape):
        *row, g = index
        values = X[tuple(row)][g * size : (g + 1) * size]
        assert got[index] == pytest.approx(math.hypot(*values), rel=1e-14)


@given(grouped())
def test_expand_gives_every_atom_the_number_of_its_group(case):
    X, size = case
    per_group = groups.norms(X, size)
    expanded = groups.expand(per_group, size)
    assert expanded.shape == X.shape
    for atom in range(X.shape[-1]):
        np.testing.assert_array_equal(expanded[..., atom], per_group[..., atom // size])


@given(grouped(max_axes=1), st.integers(1, 4))
def test_blocks_are_the_columns_of_the_groups_and_unblock_undoes_them(case, n_features):
    row, size = case
    A = np.arange(1.0, 1 + n_features)[:, None] * row
    B = groups.blocks(A, size)
    assert B.shape == (A.shape[1] // size, n_features, size)
    for g, block in enumerate(B):
        np.testing.assert_array_equal(block, A[:, g * size : (g + 1) * size])
    np.testing.assert_array_equal(groups.unblock(B), A)


@pytest.mark.parametrize(
    "layout", [np.ascontiguousarray, np.asfortranarray, lambda A: np.flip(np.flip(A, 1).copy(), 1)]
)
def test_the_memory_layout_does_not_matter(layout):
    A = np.random.default_rng(0).normal(size=(3, 6))
    np.testing.assert_array_equal(groups.blocks(layout(A), 2), groups.blocks(A, 2))
    np.testing.assert_array_equal(groups.unblock(groups.blocks(layout(A), 3)), A)
    np.testing.assert_allclose(groups.norms(layout(A), 3), groups.norms(A, 3), rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    X = np.ones((2, 4), dtype)
    for result in (
        groups.split(X, 2),
        groups.norms(X, 2),
        groups.expand(X, 3),
        groups.blocks(X, 2),
        groups.unblock(groups.blocks(X, 2)),
    ):
        assert result.dtype == dtype


def test_norms_do_not_change_under_rotation_inside_the_groups():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4, 6))
    turned = groups.merge(groups.split(X, 3) @ rotation(rng, 3))
    np.testing.assert_allclose(groups.norms(turned, 3), groups.norms(X, 3), rtol=1e-14)


def test_norms_of_pythagorean_groups_are_exact():
    np.testing.assert_array_equal(
        groups.norms(np.array([3.0, 4.0, 5.0, 12.0, 0.0, 0.0]), 2), [5.0, 13.0, 0.0]
    )
