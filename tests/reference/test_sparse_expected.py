"""The expected gradients of N19 against enumeration, the printed forms against the exact one."""

from typing import NamedTuple

import hypothesis.strategies as st
import numpy as np
import pytest
import sparse_oracle as oracle
from gradient_checks import agreement
from hypothesis import given, settings
from strategies import SEEDS

import gsae_ref as gs
from gsae_ref import ops
from gsae_ref.reference import sparse_expected

MAX_ACTIVE = 3


class Population(NamedTuple):
    W: np.ndarray
    A: np.ndarray
    supports: np.ndarray
    probabilities: np.ndarray
    bias: np.ndarray
    moments: tuple


def unit(A):
    return A / np.linalg.norm(A, axis=0)


def population(
    seed, n_features=4, n_atoms=5, n_supports=6, k1=0.7, k2=1.3, columns=unit, most=MAX_ACTIVE
):
    """Random weights, truth and biases, and a random law of supports of 0 to ``most`` atoms."""
    rng = np.random.default_rng(seed)
    W, A = (columns(rng.normal(size=(n_features, n_atoms))) for _ in range(2))
    masks = np.zeros((n_supports, n_atoms), dtype=bool)
    for mask in masks:
        mask[rng.permutation(n_atoms)[: rng.integers(0, min(most, n_atoms) + 1)]] = True
    weights = rng.random(n_supports)
    return Population(W, A, masks, weights / weights.sum(), rng.normal(size=n_atoms), (k1, k2))


@st.composite
def populations(draw, **fixed):
    options = {name: draw(st.integers(1, 5)) for name in ("n_features", "n_atoms", "n_supports")}
    options["k1"] = draw(st.sampled_from([-1.0, 0.0, 0.5, 2.0]))
    options["k2"] = options["k1"] ** 2 + draw(st.sampled_from([0.0, 0.25, 1.0]))
    return population(draw(SEEDS), **{**options, **fixed})


def size_of(case, noise=0.0):
    """An upper scale of the terms of the expectation, before they cancel."""
    W, A, *_, bias, (k1, k2) = case
    second_moment = np.linalg.norm(A) ** 2 * (k2 + k1**2) + noise**2
    return (1 + np.linalg.norm(W)) ** 3 * (second_moment + np.linalg.norm(bias) ** 2 + 1)


# ---- the closed form


@given(populations(columns=lambda A: A), st.sampled_from([0.0, 0.3]), st.sampled_from([1.0, 2.0]))
def test_the_closed_form_is_the_sum_over_supports_codes_and_noise(case, noise, skewness):
    """Columns of any norm; a skew law of codes gives the same, since only two moments enter."""
    result = ops.sparse_expected_gradient(*case, noise=noise)
    expected = oracle.expected_by_enumeration(*case[:5], *case.moments, noise, skewness)
    for G, H in zip(result, expected, strict=True):
        agreement(G, H, scale=size_of(case, noise))


@pytest.mark.parametrize(
    "kind, options",
    [
        ("single", {"probabilities": [0.1, 0.2, 0.3, 0.4]}),
        ("uniform", {"n_active": 2}),
        ("uniform", {"n_active": 4}),
        ("bernoulli", {"probabilities": [0.1, 0.9, 0.5, 0.0]}),
    ],
)
def test_the_closed_form_for_the_named_laws(kind, options):
    law = gs.support_law(kind, 4, **options)
    case = population(1, n_atoms=4)._replace(supports=law.supports, probabilities=law.probabilities)
    result = ops.sparse_expected_gradient(*case)
    expected = oracle.expected_by_enumeration(*case[:5], *case.moments)
    for G, H in zip(result, expected, strict=True):
        agreement(G, H)


@pytest.mark.parametrize(
    "activation, bias", [("relu", -0.4), ("hard", 0.0), ("relu", [-0.2, -0.3, -0.4, -0.5])]
)
@pytest.mark.parametrize("seed", range(3))
def test_where_the_code_is_consistent_it_is_the_mean_of_the_gradients(seed, activation, bias):
    """Every sample of the population is encoded by the network; every support is right."""
    rng = np.random.default_rng(seed)
    A = np.linalg.qr(rng.normal(size=(5, 5)))[0][:, :4]
    W = unit(A + 0.05 * rng.normal(size=A.shape))
    law = gs.support_law("uniform", 4, n_active=2)
    lam = 0.5 if activation == "hard" else 0.0
    _, X, Y, weights = zip(*oracle.population(A, *law, 1.2, 1.45), strict=True)
    np.testing.assert_allclose(weights, 1 / len(weights))  # the mean is then the expectation
    support = ops.sparse_encode(W, Y, bias, activation, lam) != 0
    np.testing.assert_array_equal(support, np.array(X) != 0)
    _, *mean = ops.sparse_loss_and_grad(W, Y, bias, activation, lam)
    result = ops.sparse_expected_gradient(W, A, *law, bias, (1.2, 1.45))
    for G, H in zip(result, mean, strict=True):
        agreement(G, H)


def test_a_single_number_is_the_bias_of_all_atoms():
    case = population(0)
    result = ops.sparse_expected_gradient(*case._replace(bias=-0.3))
    expected = ops.sparse_expected_gradient(*case._replace(bias=[-0.3] * 5))
    for G, H in zip(result, expected, strict=True):
        np.testing.assert_array_equal(G, H)


def test_without_probabilities_all_supports_are_equally_likely():
    case = population(0)
    result = ops.sparse_expected_gradient(*case._replace(probabilities=None))
    expected = ops.sparse_expected_gradient(*case._replace(probabilities=np.full(6, 1 / 6)))
    for G, H in zip(result, expected, strict=True):
        np.testing.assert_array_equal(G, H)


@given(populations())
@settings(max_examples=30)
def test_float32_in_gives_float32_out(case):
    single = case._replace(W=case.W.astype(np.float32), A=case.A.astype(np.float32))
    result = ops.sparse_expected_gradient(*single)
    for G, H in zip(result, ops.sparse_expected_gradient(*case), strict=True):
        assert G.dtype == np.float32
        agreement(G, H, rtol=1e-5, scale=size_of(case))


@given(populations())
def test_the_expectation_is_linear_in_the_law(case):
    dW = np.zeros_like(case.W)
    db = np.zeros_like(case.bias)
    for mask, p in zip(case.supports, case.probabilities, strict=True):
        sure = case._replace(supports=mask[None], probabilities=[1.0])
        dW_S, db_S = ops.sparse_expected_gradient(*sure)
        dW += p * dW_S
        db += p * db_S
    result = ops.sparse_expected_gradient(*case)
    agreement(result[0], dW, scale=size_of(case))
    agreement(result[1], db, scale=size_of(case))


# ---- what is printed


@given(populations(k1=1.0, k2=1.0, columns=unit), st.sampled_from([0.0, 0.3]))
def test_equation_9_is_exact_for_a_mixture_but_for_the_sign_of_the_bias_gradient(case, noise):
    law = gs.support_law("single", case.W.shape[1])
    case = case._replace(supports=law.supports, probabilities=law.probabilities)
    printed = ops.sparse_expected_gradient(*case, form="printed_9", noise=noise)
    exact = ops.sparse_expected_gradient(*case, noise=noise)
    agreement(printed[0], exact[0], scale=size_of(case, noise))
    agreement(-printed[1], exact[1], scale=size_of(case, noise))


@given(populations(k1=0.0, k2=1.0, columns=unit))
def test_the_form_printed_15_agrees_with_its_loop(case):
    case = case._replace(bias=0.0)
    dW, db = ops.sparse_expected_gradient(*case, form="printed_15")
    agreement(dW, oracle.equation_15(*case[:4]), scale=size_of(case))
    assert not db.any()
    agreement(ops.sparse_expected_gradient(*case)[1], 0 * db, scale=size_of(case))


def test_equation_15_halves_the_gradient_of_two_tilted_atoms():
    """A = I, W_1 = (12, 5)/13, W_2 = (5, 12)/13, both active.

    The gradient is (1200, 2880)/2197 by enumeration, (600, 1440)/2197 as printed.
    """
    W = np.array([[12.0, 5.0], [5.0, 12.0]]) / 13
    case = W, np.eye(2), [[True, True]], [1.0]
    exact = ops.sparse_expected_gradient(*case)[0]
    printed = ops.sparse_expected_gradient(*case, form="printed_15")[0]
    agreement(exact[:, 0], np.array([1200, 2880]) / 2197)
    agreement(printed[:, 0], np.array([600, 1440]) / 2197)
    signs = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    X = ops.sparse_encode(W, signs, 0.0, "hard", 0.5)
    assert (X != 0).all()  # the threshold finds both atoms in every sample
    agreement(ops.sparse_loss_and_grad(W, signs, 0.0, "hard", 0.5)[1], exact)


def test_equation_16_reduces_to_9_only_without_the_p_in_its_bracket():
    law = gs.support_law("single", 4)
    case = population(2, n_atoms=4, k1=1.0, k2=1.0)
    case = case._replace(supports=law.supports, probabilities=law.probabilities)
    nine, _ = ops.sparse_expected_gradient(*case, form="printed_9")
    sixteen, none = ops.sparse_expected_gradient(*case, form="printed_16")
    assert np.isnan(none).all()
    W, A, _, p, bias, _ = case
    extra = 2 * p * (1 - p) * bias * np.sum(W * A, axis=0) * W
    agreement(sixteen + extra, nine)
    assert np.linalg.norm(extra) > 0.1 * np.linalg.norm(sixteen)


def test_equations_16_and_9_agree_where_p_is_1():
    case = population(2, n_atoms=1, k1=1.0, k2=1.0)
    case = case._replace(supports=[[True]], probabilities=[1.0])
    nine, _ = ops.sparse_expected_gradient(*case, form="printed_9")
    agreement(ops.sparse_expected_gradient(*case, form="printed_16")[0], nine)


@given(populations(columns=unit))
def test_alpha_and_beta_are_those_of_the_loops(case):
    W, A, supports, probabilities, bias, (k1, k2) = case
    arguments = W, A, supports, probabilities, bias, k1, k2
    for corrected, last in ((False, lambda i, j: bias[i]), (True, lambda i, j: bias[j])):
        result = sparse_expected.coefficients(*arguments, corrected)
        expected = oracle.alpha_and_beta(*arguments, last)
        for coefficient, by_loop in zip(result, expected, strict=True):
            agreement(coefficient, by_loop, scale=size_of(case))


@pytest.mark.parametrize("seed", range(10))
def test_corrected_alpha_and_beta_are_the_coefficients_of_W_i_and_A_i(seed):
    """2 m vectors in 2 m dimensions: the coordinates of g_i in the columns of [W A] are unique."""
    case = population(seed, n_features=8, n_atoms=4)
    columns = np.hstack([case.W, case.A])
    coordinates = np.linalg.solve(columns, ops.sparse_expected_gradient(*case)[0])
    alpha, beta = sparse_expected.coefficients(*case[:5], *case.moments, corrected=True)
    agreement(np.diagonal(coordinates[:4]), alpha, rtol=1e-10, scale=1.0)
    agreement(-np.diagonal(coordinates[4:]), beta, rtol=1e-10, scale=1.0)
    printed = sparse_expected.coefficients(*case[:5], *case.moments)
    np.testing.assert_array_equal(printed[0], alpha)
    assert np.linalg.norm(printed[1] - beta) > 1e-3


def test_the_rest_e_i_is_a_large_part_of_the_gradient():
    shares = []
    for seed in range(20):
        case = population(seed, n_features=8, n_atoms=4)
        G = ops.sparse_expected_gradient(*case)[0]
        alpha, beta = sparse_expected.coefficients(*case[:5], *case.moments, corrected=True)
        shares.append(np.linalg.norm(G - alpha * case.W + beta * case.A) / np.linalg.norm(G))
    assert np.median(shares) > 0.3


OUTSIDE = {
    "9, two atoms": (
        dict(form="printed_9", moments=(1, 1)),
        "printed for supports of one atom .* supports of one atom fails",
    ),
    "9, other moments": (
        dict(form="printed_9", supports=np.eye(5, dtype=bool)),
        r"moments=\(1, 1\) fails",
    ),
    "9, long columns": (
        dict(form="printed_9", supports=np.eye(5, dtype=bool), moments=(1, 1), W=2.0),
        "unit columns of W fails",
    ),
    "15, biased codes": (dict(form="printed_15", bias=0.0), r"moments=\(0, 1\) fails"),
    "15, a bias": (dict(form="printed_15", moments=(0, 1)), "bias=0 fails"),
    "15, noise": (dict(form="printed_15", moments=(0, 1), bias=0.0, noise=0.1), "noise=0 fails"),
    "16, symmetric codes": (dict(form="printed_16", moments=(0, 1)), "kappa_1 > 0 fails"),
    "16, noise": (dict(form="printed_16", noise=0.1), "noise=0 fails .* use form='exact'"),
    "16, long columns": (dict(form="printed_16", W=2.0), "unit columns of W fails"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_printed_form_outside_its_setting_is_refused(name):
    changes, message = OUTSIDE[name]
    case = population(0)
    changes = dict(changes)
    W = case.W * changes.pop("W", 1.0)
    supports = changes.pop("supports", case.supports)
    arguments = {"bias": case.bias, "moments": case.moments, **changes}
    with pytest.raises(ValueError, match=message.replace(" .* ", ".*")):
        ops.sparse_expected_gradient(W, case.A, supports, None, **arguments)
