"""Laws of supports, the three models of N19, and initial weights."""

import itertools

import numpy as np
import pytest
import sparse_oracle as oracle
from gradient_checks import agreement
from scipy.stats import binom, chi2, kstest, norm

import gsae_ref as gs
from gsae_ref.sampling import sparse as sampling

P = 1e-6  # a test that compares a sample with its law fails by chance with this probability

# ---- laws of supports

LAWS = {
    "single": ("single", 4, {}),
    "single, weighted": ("single", 3, {"probabilities": [0.2, 0.5, 0.3]}),
    "uniform": ("uniform", 5, {"n_active": 2}),
    "uniform, all": ("uniform", 3, {"n_active": 3}),
    "bernoulli": ("bernoulli", 4, {"probabilities": 0.3}),
    "bernoulli, each": ("bernoulli", 3, {"probabilities": [0.0, 0.5, 1.0]}),
}


def enumerated(kind, n_atoms, n_active=None, probabilities=None):
    """Every subset and its probability, from the definition of the law."""
    each = np.broadcast_to(np.nan if probabilities is None else probabilities, n_atoms)
    for k in range(n_atoms + 1):
        for S in itertools.combinations(range(n_atoms), k):
            if kind == "single":
                p = (1 / n_atoms if probabilities is None else each[S[0]]) if k == 1 else 0
            elif kind == "uniform":
                p = (k == n_active) / len(list(itertools.combinations(range(n_atoms), n_active)))
            else:
                p = np.prod([each[i] if i in S else 1 - each[i] for i in range(n_atoms)])
            yield S, p


@pytest.mark.parametrize("name", LAWS)
def test_a_law_gives_every_support_its_probability(name):
    kind, n_atoms, options = LAWS[name]
    masks, probabilities = gs.support_law(kind, n_atoms, **options)
    found = {
        tuple(np.flatnonzero(mask).tolist()): p
        for mask, p in zip(masks, probabilities, strict=True)
    }
    assert len(found) == len(masks) and probabilities.sum() == pytest.approx(1)
    for S, p in enumerated(kind, n_atoms, **options):
        assert found.get(S, 0) == pytest.approx(p)


@pytest.mark.parametrize("name", LAWS)
def test_moments_count_supports(name):
    kind, n_atoms, options = LAWS[name]
    law = gs.support_law(kind, n_atoms, **options)
    p1, p2, p3 = gs.support_moments(*law)
    for i, j, k in itertools.product(range(n_atoms), repeat=3):
        assert p1[i] == pytest.approx(oracle.probability_that(*law, [i]))
        assert p2[i, j] == pytest.approx(oracle.probability_that(*law, [i, j]))
        assert p3[i, j, k] == pytest.approx(oracle.probability_that(*law, [i, j, k]))


def test_the_mixture_has_no_active_pairs_although_a1_needs_them():
    p2 = gs.support_moments(*gs.support_law("single", 5))[1]
    agreement(p2, np.eye(5) / 5)


# ---- samples

MODELS = {
    "mixture": dict(model="mixture", probabilities=[0.1, 0.2, 0.3, 0.4]),
    "rademacher": dict(model="general", n_active=2),
    "general": dict(model="general", n_active=2, bounds=(0.5, 1.5)),
    "unbounded": dict(model="general", n_active=2, bounds=(0.5, np.inf)),
    "nonnegative": dict(model="nonnegative", n_active=3, bounds=(1, 3)),
    "nonnegative, any law": dict(
        model="nonnegative",
        supports=[[True, True, False, False], [False, False, False, True]],
        probabilities=[0.25, 0.75],
        bounds=(1, 3),
    ),
}


def draw(name, n_samples=6000, noise=0.0, rng=0, A=None):
    A = gs.make_dictionary(6, 4, 1, rng=1) if A is None else A
    return A, gs.sample_sparse(A, n_samples, **MODELS[name], noise=noise, rng=rng)


def law_of(name):
    settings = MODELS[name]
    if "supports" in settings:
        return gs.SupportLaw(np.array(settings["supports"]), np.array(settings["probabilities"]))
    if settings["model"] == "mixture":
        return gs.support_law("single", 4, probabilities=settings["probabilities"])
    return gs.support_law("uniform", 4, n_active=settings["n_active"])


@pytest.mark.parametrize("name", MODELS)
def test_data_are_codes_times_atoms_and_codes_live_on_their_support(name):
    A, (Y, X, support) = draw(name)
    agreement(Y, X @ A.T)
    np.testing.assert_array_equal(X != 0, support)
    model = MODELS[name]["model"]
    bounds = MODELS[name].get("bounds", (1, 1))
    active = X[support]
    assert (np.abs(active) >= bounds[0]).all() and (np.abs(active) <= bounds[1]).all()
    assert (active > 0).all() == (model != "general")


@pytest.mark.parametrize("name", MODELS)
def test_supports_follow_their_law(name):
    _, (_, _, support) = draw(name)
    masks, probabilities = law_of(name)
    counts = np.array([(support == mask).all(axis=1).sum() for mask in masks])
    assert counts.sum() == len(support)
    expected = probabilities * len(support)
    assert np.sum((counts - expected) ** 2 / expected) < chi2.isf(P, max(len(masks) - 1, 1))


@pytest.mark.parametrize("name", MODELS)
def test_codes_have_the_documented_moments(name):
    _, (_, X, support) = draw(name)
    active = X[support]
    k1, k2 = gs.code_moments(MODELS[name]["model"], MODELS[name].get("bounds", (1, 1)))
    for power, moment in ((1, k1), (2, k2)):
        spread = (active**power).std() / np.sqrt(len(active))
        assert abs((active**power).mean() - moment) <= norm.isf(P / 2) * spread + 1e-12


def test_the_sign_and_size_of_codes_are_as_documented():
    active = np.abs(draw("general")[1].X)
    active = active[active > 0]
    assert kstest(active, "uniform", args=(0.5, 1.0)).pvalue > P
    signs = np.sign(draw("rademacher")[1].X)
    positive = int((signs > 0).sum())
    n_signs = int(np.abs(signs).sum())
    assert binom.ppf(P, n_signs, 0.5) <= positive <= binom.isf(P, n_signs, 0.5)
    # The positive root of c^2 + c sqrt(2 / pi) = 3 / 4, for a_1 = 1/2.
    c = np.sqrt(0.5 / np.pi + 0.75) - 0.5 * np.sqrt(2 / np.pi)
    tail = np.abs(draw("unbounded")[1].X)
    assert kstest((tail[tail > 0] - 0.5) / c, "halfnorm").pvalue > P


def test_noise_is_gaussian_with_the_given_standard_deviation():
    A, noisy = draw("nonnegative", noise=0.3)
    residual = noisy.Y - noisy.X @ A.T
    assert kstest(residual.ravel() / 0.3, "norm").pvalue > P
    quiet = draw("nonnegative")[1]
    np.testing.assert_array_equal(quiet.X, noisy.X)  # the noise has a stream of its own


@pytest.mark.parametrize("name", MODELS)
def test_the_seed_decides_the_sample_and_a_longer_one_begins_with_the_same_blocks(
    name, monkeypatch
):
    monkeypatch.setattr(sampling, "BLOCK_SIZE", 50)
    _, first = draw(name, 130, 0.1)
    for again in (draw(name, 130, 0.1)[1], draw(name, 130, 0.1, np.random.default_rng(0))[1]):
        for a, b in zip(first, again, strict=True):
            np.testing.assert_array_equal(a, b)
    for a, b in zip(first, draw(name, 170, 0.1)[1], strict=True):
        np.testing.assert_array_equal(a[:100], b[:100])
    assert not np.array_equal(first.Y, draw(name, 130, 0.1, 1)[1].Y)
    assert len(np.unique(first.Y[:, 0])) == 130  # no block repeats another


def test_float32_in_gives_float32_out():
    A = gs.make_dictionary(6, 4, 1, rng=1).astype(np.float32)
    _, sample = draw("general", 10, A=A)
    assert sample.Y.dtype == sample.X.dtype == np.float32 and sample.support.dtype == bool


# ---- initial weights


def test_a_perturbation_has_the_given_size():
    A = gs.make_dictionary(784, 10, 1, rng=0)
    E = gs.initialise_sparse("perturbation", A_star=A, delta=0.5, rng=0) - A
    assert kstest(E.ravel() / (0.5 / 28), "norm").pvalue > P
    np.testing.assert_array_equal(gs.initialise_sparse("perturbation", A_star=A, delta=0.0), A)


def test_random_columns_are_standard():
    W = gs.initialise_sparse("random", 10, Y=np.ones((1, 784)), rng=0)
    assert W.shape == (784, 10) and kstest(W.ravel() * 28, "norm").pvalue > P


def test_principal_directions_have_the_largest_energy():
    Y = np.random.default_rng(0).normal(size=(50, 6)) * [1, 2, 3, 4, 5, 6] + 2
    W = gs.initialise_sparse("pca", 3, Y=Y)
    agreement(W.T @ W, np.eye(3))
    values = np.linalg.eigvalsh(Y.T @ Y)  # not centred
    agreement(np.linalg.norm(Y @ W) ** 2, values[-3:].sum())


@pytest.mark.parametrize("n_active", [2, 3])
def test_the_spectral_estimate_recovers_an_easy_dictionary(n_active):
    A = gs.make_dictionary(24, 24, 1, kind="orthonormal", rng=0)
    Y = gs.sample_sparse(A, 6000, "general", n_active=n_active, noise=0.01, rng=1).Y
    W = gs.initialise_sparse("spectral", 24, Y=Y, rng=0, n_pairs=1000)
    agreement(np.linalg.norm(W, axis=0), np.ones(24))
    near = gs.closeness(W, A)
    assert near.delta < 0.35
    chance = gs.closeness(gs.make_dictionary(24, 24, 1, rng=5), A)
    assert chance.delta > 0.9
    again = gs.initialise_sparse("spectral", 24, Y=Y, rng=0, n_pairs=1000)
    np.testing.assert_array_equal(W, again)


def test_the_spectral_estimate_refuses_to_return_too_few_directions():
    Y = gs.sample_sparse(np.eye(6), 500, "general", n_active=1, rng=0).Y
    with pytest.raises(
        ValueError,
        match="n_pairs = 3, but only [0-3] of n_atoms = 6 directions were found; .* raise n_pairs",
    ):
        gs.initialise_sparse("spectral", 6, Y=Y, n_pairs=3, rng=0)
    with pytest.raises(ValueError, match="n_pairs = 20, but only 1 of n_atoms = 2 directions"):
        gs.initialise_sparse("spectral", 2, Y=[[1.0], [2.0]], n_pairs=20, rng=0)


def test_the_seed_decides_the_initial_weights_and_the_data_their_dtype():
    A = np.eye(5, dtype=np.float32)
    Y = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    for options in (
        dict(kind="perturbation", A_star=A),
        dict(kind="pca", n_atoms=3, Y=Y),
        dict(kind="random", n_atoms=3, Y=Y),
    ):
        W = gs.initialise_sparse(**options, rng=3)
        assert W.dtype == np.float32
        np.testing.assert_array_equal(W, gs.initialise_sparse(**options, rng=3))


# ---- refusals

I4 = np.eye(4)
REFUSED = {
    "unknown kind": (lambda: gs.support_law("poisson", 4), "kind = 'poisson' is unknown"),
    "useless n_active": (
        lambda: gs.support_law("single", 4, n_active=2),
        "n_active = 2, but kind = 'single' does not use it; drop it",
    ),
    "useless probabilities": (
        lambda: gs.support_law("uniform", 4, 2, [0.25] * 4),
        "probabilities were given, but kind = 'uniform' does not use them; drop them",
    ),
    "too many active": (
        lambda: gs.support_law("uniform", 4, 5),
        "n_active = 5, but there are only 4 atoms",
    ),
    "too many supports": (
        lambda: gs.support_law("bernoulli", 30, probabilities=0.5),
        "kind = 'bernoulli' with n_atoms = 30 has more than 1048576 supports.*lower n_atoms",
    ),
    "no probability": (
        lambda: gs.support_law("bernoulli", 4),
        "probabilities = None, but kind = 'bernoulli' needs the probability",
    ),
    "a probability above 1": (
        lambda: gs.support_law("bernoulli", 2, probabilities=[0.5, 1.5]),
        "lie between 0.5 and 1.5; each must be in",
    ),
    "mixture of pairs": (
        lambda: gs.sample_sparse(I4, 3, n_active=2),
        "n_active = 2 with model='mixture'",
    ),
    "no support": (
        lambda: gs.sample_sparse(I4, 3, "general"),
        "n_active = None and supports are neither given; pass exactly one",
    ),
    "two supports": (
        lambda: gs.sample_sparse(I4, 3, "general", 2, supports=I4 > 0),
        "n_active = 2 and supports are both given",
    ),
    "weights of nothing": (
        lambda: gs.sample_sparse(I4, 3, "general", 2, probabilities=[1.0]),
        "probabilities were given with n_active",
    ),
    "bounds of a mixture": (
        lambda: gs.sample_sparse(I4, 3, bounds=(1, 2)),
        r"bounds = \(1.0, 2.0\), but the non-zero code of a mixture is 1",
    ),
    "unbounded nonnegative": (
        lambda: gs.code_moments("nonnegative", (1, np.inf)),
        r"bounds = \(1.0, inf\) with model='nonnegative'",
    ),
    "unbounded from 1": (
        lambda: gs.code_moments("general", (1, np.inf)),
        "needs model='general' and a_1 < 1; pass a finite a_2",
    ),
    "no truth": (
        lambda: gs.initialise_sparse("perturbation"),
        "A_star = None with kind='perturbation'",
    ),
    "no data": (
        lambda: gs.initialise_sparse("pca", 3),
        "kind = 'pca' needs n_atoms and the data Y; got n_atoms = 3, Y missing",
    ),
    "too many directions": (
        lambda: gs.initialise_sparse("pca", 3, Y=np.eye(2)),
        r"n_atoms = 3, but Y of shape \(2, 2\) has only 2 principal directions",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_arguments_are_refused(name):
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call()
