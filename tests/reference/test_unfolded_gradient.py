"""The reverse pass of the unfolded encoder: difference checks, autograd, planted mutants."""

import inspect
import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from gradient_checks import agreement, central_difference, taylor, taylor_order
from hypothesis import given, settings
from strategies import SEEDS
from unfolded_oracle import (
    DEPTHS,
    PENALTIES,
    autograd,
    check_gradient,
    cost,
    flags,
    instance,
    slow_encode,
)

from gsae_ref.reference import unfolded

# ---- the gradient


@flags
@pytest.mark.parametrize("step", [None, 0.9], ids=["spectral step", "step given"])
@pytest.mark.parametrize("n_unfold", DEPTHS)
def test_the_gradient_passes_both_checks(n_unfold, step, flag):
    for seed in range(3):
        args, options = instance(seed, n_unfold, group_size=1 + seed, step=step, **flag)
        check_gradient(unfolded.unfolded_loss_and_grad, args, options, seed)


@flags
@pytest.mark.parametrize("step", [None, 0.9], ids=["spectral step", "step given"])
@pytest.mark.parametrize("n_unfold", DEPTHS)
def test_the_gradient_agrees_with_autograd(n_unfold, step, flag):
    for seed in range(3):
        options = {"group_size": 1 + seed, "step": step, "margin": 1e-9, **flag}
        args, options = instance(seed, n_unfold, **options)
        cost, G = unfolded.unfolded_loss_and_grad(*args, **options)
        expected_cost, expected_G = autograd(*args, **options)
        agreement(cost, expected_cost)
        agreement(G, expected_G)


def limiting_cases():
    """Named corners; each has a 0 / 0 or an identity that some implementation gets wrong."""
    (A, Y, lam, size, K), _ = instance(1, 5)
    with_zero = np.vstack([Y, np.zeros((1, 5))])
    return {
        "lam = 0": (A, Y, 0.0, size, K),
        "an all-zero sample": (A, with_zero, lam, size, K),
        "an all-zero sample and lam = 0": (A, with_zero, 0.0, size, K),
        "all samples zero": (A, 0 * Y, lam, size, K),
        "no active group": (A, Y, 100.0, size, K),
        "an atom that is zero": (A * [0, 1, 1, 1, 1, 1], Y, lam, size, K),
        "an atom that is zero and lam = 0": (A * [0, 1, 1, 1, 1, 1], Y, 0.0, size, K),
        "one group": (A, Y, lam, 6, K),
        "one feature": (A[:1], Y[:, :1], lam, size, K),
        "one atom": (A[:, :1], Y, lam, 1, K),
    }


LIMITING = limiting_cases()


@flags
@pytest.mark.parametrize("name", LIMITING)
def test_the_gradient_agrees_with_autograd_in_limiting_cases(name, flag):
    for step in (None, 0.1):
        cost, G = unfolded.unfolded_loss_and_grad(*LIMITING[name], step, **flag)
        expected_cost, expected_G = autograd(*LIMITING[name], step, **flag)
        assert np.isfinite(expected_G).all()
        agreement(cost, expected_cost)
        agreement(G, expected_G)
        if name == "no active group":
            assert not G.any()


@flags
@pytest.mark.parametrize("name", LIMITING)
def test_codes_agree_with_the_loop_in_limiting_cases(name, flag):
    X = unfolded.unfolded_encode(*LIMITING[name], **flag)
    agreement(X, slow_encode(*LIMITING[name], **flag)[0])


@flags
def test_at_convergence_the_gradient_no_longer_depends_on_the_step(flag):
    """The limit minimises a cost without the step; after three steps the two gradients differ."""
    for seed in range(3):
        (A, Y, lam, size, _), _ = instance(seed, 1, n_features=20, lam=0.1, margin=0)
        constant = unfolded.spectral_step(A)

        def gradient(K, step, problem=(A, Y, lam, size)):
            return unfolded.unfolded_loss_and_grad(*problem, K, step, **flag)[1]

        agreement(gradient(500, constant), gradient(500, None), rtol=1e-12)
        with pytest.raises(AssertionError, match="error"):
            agreement(gradient(3, constant), gradient(3, None), rtol=1e-4)


@flags
@pytest.mark.parametrize("step", [None, 0.9], ids=["spectral step", "step given"])
def test_float32_in_gives_float32_out(step, flag):
    for seed, n_unfold in itertools.product(range(3), DEPTHS):
        args, options = instance(seed, n_unfold, step=step, **flag)
        single = (args[0].astype(np.float32), args[1].astype(np.float32), *args[2:])
        X = unfolded.unfolded_encode(*single, **options)
        value, G = unfolded.unfolded_loss_and_grad(*single, **options)
        assert X.dtype == G.dtype == np.float32
        assert isinstance(value, float)
        expected_value, expected_G = unfolded.unfolded_loss_and_grad(*args, **options)
        agreement(X, slow_encode(*args, **options)[0], rtol=1e-5)
        agreement(value, expected_value, rtol=1e-5)
        agreement(G, expected_G, rtol=1e-4)


def test_the_proximal_operator_keeps_float32():
    z = np.float32([[1.0, -2.0, 0.5, 0.1]])
    for nonnegative, l1, lam in itertools.product([False, True], [0.0, 0.1], [0.0, 0.3]):
        assert unfolded.sparse_group_prox(z, lam, 2, nonnegative, l1).dtype == np.float32
        assert unfolded.sparse_group_prox_vjp(z, z, lam, 2, nonnegative, l1).dtype == np.float32


@settings(max_examples=30)
@given(
    SEEDS,
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 6),
    st.integers(1, 8),
    st.sampled_from(PENALTIES),
    st.booleans(),
)
def test_the_gradient_agrees_with_autograd_on_every_small_shape(
    seed, group_size, n_groups, n_features, n_unfold, penalty, accelerated
):
    sizes = n_unfold, group_size, n_groups, n_features
    args, options = instance(seed, *sizes, margin=1e-9, accelerated=accelerated, **penalty)
    G = unfolded.unfolded_loss_and_grad(*args, **options)[1]
    agreement(G, autograd(*args, **options)[1], rtol=1e-11)


# ---- mutants: changes of the source

GRADIENT_MUTANTS = {
    "momentum dropped: nothing to the iterate before last": ("-beta * T_bar", "0 * T_bar"),
    "momentum dropped: weight 1 + beta": ("(1 + beta) * T_bar", "T_bar"),
    "wrong sign of the momentum": ("-beta * T_bar", "beta * T_bar"),
    "step gradient missing": ("A_bar += a_bar", "A_bar += 0 * a_bar"),
    "step gradient of the wrong sign": ("A_bar += a_bar", "A_bar -= a_bar"),
    "step gradient without the group threshold": ("- lam * _directions(X, group_size)", ""),
    "step gradient without the entrywise threshold": ("- l1 * np.sign(X)", ""),
    "step gradient without the descent": ("down = R @ A", "down = 0 * R @ A"),
    "one step only": ("reversed(layers)", "layers[-1:]"),
    "steps in forward order": ("reversed(layers)", "layers"),
    "decoder term dropped": ("-E_bar.T @ X\n", "0 * E_bar.T @ X\n"),
    "encoder weight dropped": ("a * (R.T @ V_bar) - ", "- "),
    "residual weight dropped": (" - R_bar.T @ T\n", "\n"),
    "residual path dropped": ("V_bar - R_bar @ A", "V_bar"),
    "Jacobian at the code": ("sparse_group_prox_vjp(V,", "sparse_group_prox_vjp(X,"),
    "threshold without the step": ("X_bar, a * lam,", "X_bar, lam,"),
    "1/N left out": ("E / len(Y)", "E"),
    "l1 left out of the Jacobian": ("nonnegative, a * l1)\n", "nonnegative, 0.0)\n"),
    "sign constraint left out of the Jacobian": (
        "group_size, nonnegative, a * l1)\n",
        "group_size, False, a * l1)\n",
    ),
}
FORWARD_MUTANTS = {
    "last iterate extrapolated": (
        "        X = layer.X\n",
        "        X, old = layer.X, locals().get('X', 0)\n"
        "    X = X + momentum(n_unfold + 1, accelerated)[-1] * (X - old)\n",
    ),
    "momentum dropped": ("X + beta * (X - previous)", "X + 0 * (X - previous)"),
    "momentum from a step ago": ("residual(A, Y, T)", "residual(A, Y, X)"),
    "threshold without the step": ("V, step_size * lam,", "V, lam,"),
    "l1 without the step": ("step_size * l1)", "l1)"),
    "sign constraint ignored": (
        "group_size, nonnegative, step_size",
        "group_size, False, step_size",
    ),
    "momentum a step early": ("(previous - 1) / t if", "(t - 1) / t if"),
}
MUTANT_OPTIONS = {"accelerated": True, "nonnegative": True, "l1": 0.15}


def mutant(old, new):
    """The module with one piece of its text changed; the piece must stand there exactly once."""
    source = inspect.getsource(unfolded)
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the source"
    namespace = {"__name__": unfolded.__name__, "__package__": unfolded.__package__}
    exec(compile(source.replace(old, new), "mutant", "exec"), namespace)
    return namespace


def mutant_instance(seed=0):
    """Six steps, a sample with active and inactive groups, entries and signs at different steps."""
    return instance(seed, 6, group_size=3, n_groups=3, n_samples=3, lam=0.2, **MUTANT_OPTIONS)


def test_the_text_of_the_module_unchanged_passes_as_a_mutant():
    same = mutant("reversed(layers)", "reversed(layers )")
    args, options = mutant_instance()
    check_gradient(same["unfolded_loss_and_grad"], args, options)
    agreement(same["unfolded_encode"](*args, **options), slow_encode(*args, **options)[0])


@pytest.mark.parametrize("name", GRADIENT_MUTANTS)
def test_a_wrong_reverse_pass_is_rejected_by_both_difference_checks(name):
    wrong = mutant(*GRADIENT_MUTANTS[name])["unfolded_loss_and_grad"]
    args, options = mutant_instance()
    f = cost(args, options)
    G = wrong(*args, **options)[1]
    A = args[0]
    D = np.random.default_rng(0).normal(size=A.shape)
    with pytest.raises(AssertionError, match="central difference"):
        central_difference(f, G, A, D)
    with pytest.raises(AssertionError, match="Taylor remainder"):
        taylor(f, G, A, D)
    assert taylor_order(f, G, A, D) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("name", GRADIENT_MUTANTS)
def test_a_wrong_reverse_pass_is_rejected_by_autograd(name):
    args, options = mutant_instance()
    truth = autograd(*args, **options)[1]
    agreement(unfolded.unfolded_loss_and_grad(*args, **options)[1], truth)
    wrong = mutant(*GRADIENT_MUTANTS[name])["unfolded_loss_and_grad"]
    with pytest.raises(AssertionError, match="error"):
        agreement(wrong(*args, **options)[1], truth)


@pytest.mark.parametrize("name", FORWARD_MUTANTS)
def test_wrong_codes_are_rejected_by_the_loop(name):
    args, options = mutant_instance()
    expected, _ = slow_encode(*args, **options)
    agreement(unfolded.unfolded_encode(*args, **options), expected)
    wrong = mutant(*FORWARD_MUTANTS[name])["unfolded_encode"]
    with pytest.raises(AssertionError, match="error"):
        agreement(wrong(*args, **options), expected)
