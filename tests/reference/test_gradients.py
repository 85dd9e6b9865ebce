"""The gradients of T21 against differences and loops, and compared with each other."""

from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import oracle
import pytest
from gradient_checks import agreement, central_difference, taylor, taylor_order
from hypothesis import assume, given, settings
from strategies import (
    FRACTIONS,
    SEEDS,
    Network,
    group_norms,
    limiting_cases,
    network,
    networks,
    orthonormal_groups,
    skew,
)

from gsae_ref import ops

LIMITING = limiting_cases()
ORACLES = {
    "exact": oracle.exact_gradient,
    "appendix_b": oracle.appendix_b_gradient,
    "approximate": oracle.approximate_gradient,
}


def cost(net):
    """The loss as a function of the dictionary alone."""
    return lambda A: ops.loss(A, *net[1:])


def gradient(net, name="exact", **options):
    return ops.loss_and_grad(*net, name, **options)[1]


# ---- the exact gradient


@pytest.mark.parametrize("active", FRACTIONS)
@pytest.mark.parametrize("group_size", range(1, 17))
def test_the_exact_gradient_passes_both_checks(group_size, active):
    """80 shapes and active fractions, 3 networks each."""
    for seed in range(3):
        rng = np.random.default_rng([seed, group_size])
        n_groups, n_features, n_samples = rng.integers(1, [6, 25, 7])
        net = network(seed, group_size, n_groups, n_features, n_samples, active)
        fraction = np.mean(group_norms(net.A, net.Y, group_size) > net.lam)
        assert abs(fraction - active) <= 0.5001 / (n_groups * n_samples)
        D = rng.normal(size=net.A.shape)
        central_difference(cost(net), gradient(net), net.A, D)
        taylor(cost(net), gradient(net), net.A, D)


@pytest.mark.parametrize("name", LIMITING)
def test_the_exact_gradient_passes_both_checks_in_limiting_cases(name):
    net = LIMITING[name]
    for seed in range(3):
        D = np.random.default_rng(seed).normal(size=net.A.shape)
        central_difference(cost(net), gradient(net), net.A, D)
        taylor(cost(net), gradient(net), net.A, D)


@pytest.mark.parametrize("group_size", [1, 2, 5])
def test_the_exact_gradient_passes_along_every_entry_of_the_dictionary(group_size):
    net = network(0, group_size, n_groups=2, n_features=3)
    for entry in np.ndindex(*net.A.shape):
        D = np.zeros_like(net.A)
        D[entry] = 1.0
        central_difference(cost(net), gradient(net), net.A, D)


@pytest.mark.parametrize("name", ["appendix_b", "approximate"])
@pytest.mark.parametrize("group_size", [2, 3, 8])
def test_the_printed_gradients_fail_both_checks_for_groups_of_two_or_more_atoms(group_size, name):
    net = network(0, group_size)
    D = np.random.default_rng(0).normal(size=net.A.shape)
    with pytest.raises(AssertionError, match="central difference"):
        central_difference(cost(net), gradient(net, name), net.A, D)
    assert taylor_order(cost(net), gradient(net, name), net.A, D) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("name", ORACLES)
def test_every_gradient_comes_with_the_loss(name):
    net = network(0)
    assert ops.loss_and_grad(*net, name)[0] == ops.loss(*net)


# ---- against the oracle


@settings(max_examples=40)
@given(networks())
@pytest.mark.parametrize("name", ORACLES)
def test_every_gradient_agrees_with_its_loop(name, net):
    agreement(gradient(net, name), ORACLES[name](*net))


@pytest.mark.parametrize("case", LIMITING)
@pytest.mark.parametrize("name", ORACLES)
def test_every_gradient_agrees_with_its_loop_in_limiting_cases(name, case):
    net = LIMITING[case]
    agreement(gradient(net, name), ORACLES[name](net.A, np.atleast_2d(net.Y), *net[2:]))


@settings(max_examples=40)
@given(networks())
@pytest.mark.parametrize("name", ORACLES)
def test_float32_in_gives_float32_out(name, net):
    single = net._replace(A=net.A.astype(np.float32), Y=net.Y.astype(np.float32))
    G = gradient(single, name)
    assert G.dtype == np.float32
    size = np.linalg.norm(net.A)
    terms = size * (1 + size**2) * np.sum(net.Y**2) / len(net.Y)  # before they cancel
    agreement(G, ORACLES[name](*single), rtol=1e-5, scale=terms)


# ---- Appendix B


@given(networks(group_sizes=st.just(1)))
def test_for_groups_of_one_atom_appendix_b_is_the_exact_gradient(net):
    agreement(gradient(net, "appendix_b"), gradient(net))


@given(networks())
def test_without_threshold_all_gradients_are_the_exact_one(net):
    net = net._replace(lam=0)
    for name in ("appendix_b", "approximate"):
        agreement(gradient(net, name), gradient(net))


def test_one_atom_groups_do_not_make_the_approximate_gradient_exact():
    """n = d = 1, A = 1, y = 5, lam = 1: exact -9, (48) gives -8."""
    net = Network([[1.0]], [5.0], 1.0, 1)
    agreement(gradient(net), [[-9.0]])
    agreement(gradient(net, "approximate"), [[-8.0]])


def test_the_counterexample_to_appendix_b():
    """A = I_2, y = (3, 4), lam = 1: L(s I) = 25/2 (1 - s^2 + s/5)^2 has the slope -9 at s = 1."""
    s = Fraction(1)
    h = Fraction(1, 10**9)

    def L(s):
        return Fraction(25, 2) * (1 - s * s + s / 5) ** 2

    assert round((L(s + h) - L(s - h)) / (2 * h), 12) == -9
    agreement(ops.loss(1.25 * np.eye(2), [3, 4], 1, 2), float(L(Fraction(5, 4))))
    net = Network(np.eye(2), [3, 4], 1, 2)
    agreement(np.trace(gradient(net, "exact")), -9.0)
    agreement(np.trace(gradient(net, "appendix_b")), float(Fraction(-5337, 625)))
    agreement(np.trace(gradient(net, "approximate")), -8.0)


@pytest.mark.parametrize("group_size", range(2, 9))
def test_for_larger_groups_appendix_b_differs_by_more_than_a_thousandth(group_size):
    """Over the seeds, the relative distance is never below 1e-3 and reaches a tenth."""
    errors = [
        ops.compare_gradients(*network(seed, group_size, active=0.75))["appendix_b"].overall
        for seed in range(10)
    ]
    assert min(errors) > 1e-3
    assert max(errors) > 0.1


@given(networks(), SEEDS)
def test_the_gap_of_appendix_b_is_the_part_of_the_jacobian_off_its_diagonal(net, seed):
    """grad - (41) = -1/N Y^T ((J - diag J) E A)."""
    A = net.A
    Y = net.Y
    E = Y - oracle.decode(A, oracle.encode(*net))
    gap = np.zeros_like(A)
    for y, e in zip(Y, E, strict=True):
        J = oracle.jacobian(y @ A, *net[2:])
        off_diagonal = J - np.diag(np.diag(J))
        gap -= np.outer(y, off_diagonal @ (A.T @ e)) / len(Y)
    G = gradient(net)
    agreement(G - gradient(net, "appendix_b"), gap, scale=np.linalg.norm(G))


# ---- the approximate gradient


@st.composite
def networks_with_supports(draw):
    """A network and a mask of groups to be taken as active, whatever the threshold."""
    net = draw(networks())
    rng = np.random.default_rng(draw(SEEDS))
    n_groups = net.A.shape[1] // net.group_size
    mask = rng.uniform(size=(len(net.Y), n_groups)) < draw(st.sampled_from(FRACTIONS))
    return net, mask


@given(networks())
def test_the_estimated_support_given_explicitly_changes_nothing(net):
    support = group_norms(*net[:2], net.group_size) > net.lam
    agreement(gradient(net, "approximate", support=support), gradient(net, "approximate"))


@given(networks_with_supports())
def test_with_a_given_support_the_approximate_gradient_agrees_with_its_loop(case):
    net, mask = case
    expected = oracle.approximate_gradient(*net, [np.flatnonzero(row) for row in mask])
    agreement(gradient(net, "approximate", support=mask), expected)


@given(networks(), SEEDS)
def test_indices_and_mask_of_a_support_mean_the_same(net, seed):
    n_groups = net.A.shape[1] // net.group_size
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(np.arange(n_groups), (len(net.Y), 1)), axis=1)
    n_active = rng.integers(0, n_groups + 1)
    assume(n_active < n_groups or n_groups > 2)  # else 0 and 1 could be a mask
    indices = orders[:, :n_active]
    mask = (indices[:, :, None] == np.arange(n_groups)).any(axis=1)
    by_mask = gradient(net, "approximate", support=mask)
    np.testing.assert_array_equal(by_mask, gradient(net, "approximate", support=indices))


def test_a_given_group_below_the_threshold_enters_with_a_negative_factor():
    """r = 5, lam = 10: tau = -1, x = -y, e = 2 y; so -(e x^T + tau y e^T) = 4 y y^T."""
    y = np.array([3.0, 4.0])
    net = Network(np.eye(2), y, 10.0, 2)
    agreement(gradient(net, "approximate", support=[[True]]), 4 * np.outer(y, y))


@pytest.mark.parametrize("lam", [0.0, 0.5])
def test_a_full_support_changes_nothing_at_a_group_orthogonal_to_the_sample(lam):
    """A_2 is orthogonal to y but not to the residual.

    At lam = 0 the map is the identity there too (tau = 1), as when S is estimated.
    """
    net = Network(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([1.0, 0.0]), lam, 1)
    given_support = gradient(net, "approximate", support=[[True, True]])
    assert np.isfinite(given_support).all()
    agreement(given_support, gradient(net, "approximate"))


@given(networks(), SEEDS)
def test_the_approximate_gradient_has_no_component_along_rotations_of_a_group(net, seed):
    G = gradient(net, "approximate")
    rng = np.random.default_rng(seed)
    size = net.group_size
    for start in range(0, net.A.shape[1], size):
        atoms = slice(start, start + size)
        turn = net.A[:, atoms] @ skew(rng, size)
        allowed = 1e-12 * max(np.linalg.norm(G), 1) * np.linalg.norm(turn)
        assert abs(np.sum(G[:, atoms] * turn)) <= allowed


# ---- how far they are


@given(SEEDS, st.integers(1, 4))
def test_the_comparison_agrees_with_projectors_from_singular_vectors(seed, group_size):
    net = network(seed, group_size, active=1.0)
    report = ops.compare_gradients(*net)
    truth = oracle.exact_gradient(*net)
    for name in ("appendix_b", "approximate"):
        errors = oracle.relative_errors(net.A, ORACLES[name](*net), truth, net.group_size)
        for result, expected in zip(report[name], errors, strict=True):
            agreement(result, expected, rtol=1e-9, scale=1.0)


@pytest.mark.parametrize("group_size", [1, 2, 4])
@pytest.mark.parametrize("ratio", [0.01, 0.2, 0.5, 0.9])
def test_for_one_orthonormal_group_the_approximate_gradient_errs_as_stated(group_size, ratio):
    """With l = lam / ||A_g^T y|| the radial error is l / (2 - l), the tangential one l^2."""
    rng = np.random.default_rng(group_size)
    A = orthonormal_groups(rng.normal(size=(7, group_size)), group_size)
    y = rng.normal(size=7)
    lam = ratio * np.linalg.norm(A.T @ y)
    error = ops.compare_gradients(A, y, lam, group_size)["approximate"]
    agreement(error.radial, [ratio / (2 - ratio)], rtol=1e-10)
    agreement(error.tangential, [ratio**2], rtol=1e-10)


def test_a_group_that_no_sample_activates_has_no_error():
    net = network(2, active=0.0)
    for report in ops.compare_gradients(*net).values():
        assert report.overall == 0
        assert not report.tangential.any()
        assert not report.radial.any()


@pytest.mark.parametrize("name", ["appendix_b", "approximate"])
def test_a_group_whose_atoms_span_everything_has_no_tangential_error(name):
    """(I - P_g) is zero up to rounding; rounding over rounding is not reported as an error."""
    net = network(0, group_size=2, n_groups=2, n_features=2, active=1.0)
    np.testing.assert_array_equal(ops.compare_gradients(*net)[name].tangential, [0.0, 0.0])


def test_a_given_support_is_used_by_the_comparison():
    y = np.array([3.0, 4.0])
    report = ops.compare_gradients(np.eye(2), y, 10.0, 2, support=[[True]])
    assert report["approximate"].overall == np.inf
    assert report["appendix_b"].overall == 0
