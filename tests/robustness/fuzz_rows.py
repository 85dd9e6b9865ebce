"""One row for each public function: how to draw arguments that it accepts, and exceptions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import gsae_ref as gs


@dataclass(frozen=True)
class Row:
    """How to call a public function.

    Attributes
    ----------
    call : the function, or a small program around it
    draw : returns keyword arguments that it accepts
    work : counts with which the work grows
    fixed : arguments that are not changed
    only : the hostile values of each argument; no others are tried
    nan : whether NaN or infinity in a result has a documented meaning
    also : further documented exceptions
    words : pattern of messages that need not name an argument
    share : number of inputs relative to other functions
    """

    call: Callable[..., Any]
    draw: Callable[[np.random.Generator], dict]
    work: tuple = ()
    fixed: tuple = ()
    only: dict = field(default_factory=dict)
    nan: bool = False
    also: tuple = ()
    words: str = "$^"
    share: float = 1.0


def sizes(rng):
    """Features, groups, atoms per group, samples."""
    return rng.integers(1, 6), rng.integers(1, 4), rng.integers(1, 4), rng.integers(1, 5)


def network(rng, /, **more):
    n, g, d, m = map(int, sizes(rng))
    return {
        "A": rng.normal(size=(n, g * d)),
        "Y": rng.normal(size=(m, n)),
        "lam": float(rng.choice([0.0, 0.5, 1.0])),
        "group_size": d,
        **more,
    }


def pair(rng, /, first="A", second="A_star"):
    n, g, d, _ = map(int, sizes(rng))
    n = max(n, d)
    return {first: rng.normal(size=(n, g * d)), second: rng.normal(size=(n, g * d))}, g, d


def dictionaries(rng, /, first="A", second="A_star", **more):
    M, _, d = pair(rng, first, second)
    return {**M, "group_size": d, **more}


def orthonormal(rng, n, n_groups, d):
    """Groups of d orthonormal columns in R^n."""
    return np.hstack([np.linalg.qr(rng.normal(size=(n, d)))[0] for _ in range(n_groups)])


def samples_of_groups(rng):
    d, g, m = map(int, rng.integers(1, 4, size=3))
    n = d + int(rng.integers(0, 3))
    return {
        "A": orthonormal(rng, n, g, d),
        "Y": rng.normal(size=(m, n)),
        "lam": float(rng.choice([0.0, 0.5, 1.0])),
        "group_size": d,
        "step_size": float(rng.uniform(0.01, 3)),
        "n_steps": 3,
    }


OF_CERTIFY = ("n_steps", "n_samples", "same_samples")  # arguments of certify_run only


def population_run(rng):
    d, g = map(int, rng.integers(1, 4, size=2))
    A_star = orthonormal(rng, d * g, 1, d * g)
    A = A_star @ np.kron(np.eye(g), orthonormal(rng, d, 1, d))
    return {
        "A": A,
        "A_star": A_star,
        "lam": float(rng.choice([0.0, 0.5, 1.0])),
        "group_size": d,
        "n_active": int(rng.integers(1, g + 1)),
        "norms": rng.uniform(1, 1.5, 3),
        "step_size": None,
        "n_steps": 3,
        "n_samples": 10**15,
        "same_samples": bool(rng.integers(2)),
    }


def without(arguments, *names):
    return {name: value for name, value in arguments.items() if name not in names}


def sparse(rng, /, **more):
    n, m, N, _ = map(int, sizes(rng))
    return {
        "W": rng.normal(size=(n, m)),
        "Y": rng.normal(size=(N, n)),
        "bias": rng.normal(size=m),
        **more,
    }


def regression(rng, /, **more):
    g, d, n = map(int, rng.integers(1, 4, size=3))
    return {"X": rng.normal(size=(n + 1, g * d)), "y": rng.normal(size=n + 1), "groups": d, **more}


def weights(rng, /, **more):
    data = regression(rng)
    p = data["X"].shape[1]
    return {
        "u": rng.normal(size=p // data["groups"]),
        "v": rng.normal(size=p),
        "groups": data["groups"],
        **more,
    }


def weighted(rng):
    data = regression(rng)
    p = data["X"].shape[1]
    return {
        "u": rng.normal(size=p // data["groups"]),
        "v": rng.normal(size=p),
        **data,
        "loss_scale": "half",
    }


def masks(rng):
    n, g = map(int, rng.integers(1, 5, size=2))
    return {"support_true": rng.random((n, g)) < 0.6, "support_pred": rng.random((n, g)) < 0.5}


def law(rng):
    m = int(rng.integers(1, 4))
    return {"supports": rng.random((3, m)) < 0.5, "probabilities": np.array([0.5, 0.25, 0.25])}


def sparse_law(rng):
    W = rng.normal(size=(4, law_size := int(rng.integers(1, 4))))
    supports = rng.random((3, law_size)) < 0.5
    return {
        "W": W,
        "A_star": rng.normal(size=W.shape),
        "supports": supports,
        "probabilities": np.array([0.5, 0.25, 0.25]),
        "bias": 0.1,
        "moments": (0.0, 1.0),
        "form": "exact",
        "noise": 0.1,
    }


def path_and_data(rng):
    X = rng.normal(size=(6, 4))
    y = rng.normal(size=6)
    return {
        "path": gs.dglnn_path(X, y, 2, n_epochs=2, alpha=0.1),
        "rule": "validation",
        "X": X,
        "y": y,
    }


def fitted(name, method):
    """Fit an estimator and use it."""

    def call(X, y=None, **parameters):
        estimator = getattr(gs, name)(**parameters)
        estimator.fit(X, y) if y is not None else estimator.fit(X)
        return np.asarray(getattr(estimator, method)(X))

    return call


def trained(function):
    """What a training returns that is a number or an array."""

    def call(**arguments):
        result = function(**arguments)
        return tuple(np.asarray(result[key]) for key in ("x", "fun") if key in result)

    return call


def path_of(function):
    def call(**arguments):
        result = function(**arguments)
        return tuple(
            np.asarray(result[key]) for key in ("x", "fun", "w", "u", "v", "loss") if key in result
        )

    return call


# Values that are no path, no flag, no option.
NO_PATH = (5, 1.5, b"x", [], {}, "/no/such/folder/of/images", object())
NO_FLAG = (0, 1, None, "yes", [], 1.5)
NO_OPTION = (0, None, "", "nothing", b"x", [], ("exact",), 1.5, "EXACT", object())
STEP_ERRORS = (FloatingPointError,)  # DivergenceError is one
OF_SKLEARN = (
    "Found array with|could not convert|setting an array element|float\\(\\) argument"
    "|to seed a numpy|Seed must be|Expected 2D array|dtype='|sparse|np.matrix is not|Complex data"
    "|inconsistent numbers"
    "|cannot be represented in float"  # of the network, whose Y is the X of the estimator
)
QUICK = {"n_epochs": 2, "rng": 0}
CLAIM = gs.Claim(
    "norm(A[v].T @ y) <= gamma * B_max * (mu + delta) for v in inactive",
    sizes={"n": 4, "d": 2, "Gamma": 2, "gamma": 1},
    given=("orthonormal A", "orthonormal S", "norms bounded"),
)

ROWS = {
    "block_coherence": Row(gs.block_coherence, lambda rng: without(dictionaries(rng), "A_star")),
    "check_design": Row(
        lambda **a: gs.check_design(**a).measures["delta_in"],
        lambda rng: {
            "X": rng.normal(size=(6, 4)),
            "y": rng.normal(size=6),
            "groups": [2, 2],
            "n_active": 1,
        },
        fixed=("groups",),
        nan=True,
        share=0.3,
    ),
    "check_dictionary": Row(
        lambda **a: gs.check_dictionary(**a).coherence,
        lambda rng: dictionaries(rng, n_active=1, b_min=1.0, b_max=2.0),
        nan=True,
        share=0.3,
    ),
    "check_sparse_dictionary": Row(
        lambda **a: gs.check_sparse_dictionary(**a).measures["coherence"],
        lambda rng: {**pair(rng, "W")[0], "n_active": 1, "a_1": 1.0, "a_2": 2.0},
        nan=True,
        share=0.3,
    ),
    "closeness": Row(gs.closeness, lambda rng: {**pair(rng, "W")[0], "up_to": "sign"}),
    "clustering_accuracy": Row(
        gs.clustering_accuracy,
        lambda rng: {
            "labels_true": rng.integers(3, size=5),
            "labels_pred": rng.integers(3, size=5),
        },
    ),
    "clustering_chance": Row(
        gs.clustering_chance,
        lambda rng: {
            "labels_true": rng.integers(3, size=5),
            "n_clusters": 2,
            "n_draws": 3,
            "rng": 0,
        },
        work=("n_draws", "n_clusters"),
    ),
    "certify_run": Row(gs.certify_run, population_run, work=("n_steps",), nan=True),
    "certify_samples": Row(gs.certify_samples, samples_of_groups, work=("n_steps",), nan=True),
    "code_moments": Row(gs.code_moments, lambda rng: {"model": "general", "bounds": (0.5, 2.0)}),
    "coherence": Row(gs.coherence, lambda rng: {"A": pair(rng)[0]["A"]}),
    "compare_gradients": Row(
        gs.compare_gradients, lambda rng: network(rng, support=None), nan=True
    ),
    "data_threshold": Row(
        gs.data_threshold,
        lambda rng: without(network(rng, n_active=1), "lam"),
        nan=False,
    ),
    "debiasing_threshold": Row(
        gs.debiasing_threshold,
        lambda rng: {
            "norms": rng.uniform(1, 1.5, rng.integers(1, 5)),
            "group_size": int(rng.integers(1, 4)),
        },
    ),
    "decode": Row(
        gs.decode, lambda rng: {"A": rng.normal(size=(3, 4)), "X": rng.normal(size=(2, 4))}
    ),
    "dglnn_flow": Row(
        path_of(gs.dglnn_flow),
        lambda rng: regression(rng, t=np.array([0.0, 0.1]), alpha=0.1),
        also=STEP_ERRORS,
        share=0.1,
        only={
            "t": ([1, 0], [np.nan], [], "t", None, [-1.0], [[1.0]]),
            "alpha": (0.0, -1.0, np.nan, "a", None, [1.0] * 9),
            "loss_scale": NO_OPTION,
            "groups": (0, -1, 1.5, None, [1.5], "a", 10**30),
            "rtol": (0.0, -1.0, np.nan, None, "r"),
            "y": (None, [np.nan], [[1.0]], "y", [1j]),
            "X": (None, [np.nan], [[1j]], [[np.inf]], "X", [[]]),
        },
    ),
    "dglnn_loss_and_grad": Row(gs.dglnn_loss_and_grad, weighted),
    "dglnn_path": Row(
        path_of(gs.dglnn_path),
        lambda rng: regression(rng, alpha=0.1, gamma=0.01, engine="reference", **QUICK),
        work=("n_epochs",),
        also=STEP_ERRORS,
        share=0.5,
    ),
    "dglnn_weights": Row(gs.dglnn_weights, weights),
    "dictionary_error": Row(gs.dictionary_error, lambda rng: pair(rng)[0]),
    "early_stop": Row(gs.early_stop, path_and_data),
    "encode": Row(gs.encode, network, share=2),
    "explain": Row(
        gs.explain,
        lambda rng: {"row_id": "T21-eq4"},
        share=0.02,
        words="ledger id .* is unknown",
        only={
            "row_id": ("T22", "", 5, None, [], ["R1"], object()),
            "quick": NO_FLAG,
            "rng": (-1, 1.5, "0", [], object()),
        },
    ),
    "expected_gradient": Row(
        gs.expected_gradient,
        lambda rng: dictionaries(
            rng, tau=0.5, n_active=1, code_variance=float(rng.choice([0.0, 1.0])), form="exact"
        ),
    ),
    "full_batch_gradient": Row(
        gs.full_batch_gradient,
        lambda rng: network(rng, gradient="exact", block_size=2),
        fixed=("gradient",),
        share=0.5,
    ),
    "group_soft_threshold": Row(
        gs.group_soft_threshold,
        lambda rng: {
            "Z": rng.normal(size=(2, 6)),
            "lam": 0.5,
            "group_size": int(rng.choice([1, 2, 3, 6])),
        },
        share=2,
    ),
    "group_soft_threshold_vjp": Row(
        gs.group_soft_threshold_vjp,
        lambda rng: {
            "Z": rng.normal(size=(2, 6)),
            "V": rng.normal(size=(2, 6)),
            "lam": 0.5,
            "group_size": int(rng.choice([1, 2, 3, 6])),
        },
        share=2,
    ),
    "grouped_regression": Row(
        gs.grouped_regression,
        lambda rng: {
            "n_samples": 4,
            "n_features": 4,
            "groups": 2,
            "coefficients": rng.normal(size=2),
            "noise_std": 0.5,
            "rng": 0,
        },
        work=("n_samples", "n_features", "groups"),
    ),
    "initialise_sparse": Row(
        gs.initialise_sparse,
        lambda rng: {
            "kind": "pca",
            "n_atoms": 2,
            "Y": rng.normal(size=(6, 4)),
            "n_pairs": 5,
            "rng": 0,
        },
        work=("n_atoms", "n_pairs"),
    ),
    "load_digits": Row(gs.load_digits, lambda rng: {}, only={"dtype": NO_OPTION}, share=0.02),
    "load_fashion_mnist": Row(
        gs.load_fashion_mnist,
        lambda rng: {"download": False},
        only={"source": NO_PATH, "dtype": NO_OPTION, "download": NO_FLAG},
        share=0.02,
    ),
    "load_mnist": Row(
        gs.load_mnist,
        lambda rng: {"download": False},
        only={"source": NO_PATH, "dtype": NO_OPTION, "download": NO_FLAG},
        share=0.02,
    ),
    "loss": Row(gs.loss, network, share=2),
    "loss_and_grad": Row(
        gs.loss_and_grad,
        lambda rng: network(
            rng, gradient=str(rng.choice(["exact", "appendix_b", "approximate"])), engine="auto"
        ),
        share=2,
    ),
    "make_dictionary": Row(
        gs.make_dictionary,
        lambda rng: {"n_features": 4, "n_groups": 2, "group_size": 2, "kind": "gaussian", "rng": 0},
        work=("n_features", "n_groups", "group_size"),
    ),
    "match_dictionaries": Row(
        gs.match_dictionaries,
        lambda rng: dictionaries(
            rng, up_to=str(rng.choice(["sign", "rotation"])), n_chance=2, rng=0
        ),
        work=("n_chance",),
        nan=True,
    ),
    "nearness": Row(gs.nearness, lambda rng: {**pair(rng, "W")[0], "up_to": "permutation"}),
    "perturb_dictionary": Row(
        gs.perturb_dictionary,
        lambda rng: {
            "A_star": pair(rng)[0]["A"],
            "correlation": None,
            "delta": 0.1,
            "group_size": 1,
            "rng": 0,
        },
    ),
    "plan_run": Row(
        gs.plan_run,
        lambda rng: (
            without(population_run(rng), "A", "lam", "step_size", *OF_CERTIFY) | {"accuracy": 0.1}
        ),
        nan=True,
    ),
    "predict_run": Row(
        gs.predict_run,
        lambda rng: without(population_run(rng), "A", *OF_CERTIFY) | {"lam": 0.5, "step_size": 0.5},
        nan=True,
    ),
    "principal_angles": Row(gs.principal_angles, lambda rng: dictionaries(rng, "A", "B")),
    "sample": Row(
        gs.sample,
        lambda rng: {
            **without(dictionaries(rng), "A"),
            "n_samples": 3,
            "n_active": 1,
            "norm_range": (1, 2),
            "snr_db": 10.0,
            "rng": 0,
        },
        work=("n_samples",),
    ),
    "sample_blocks": Row(
        lambda **a: tuple(next(iter(gs.sample_blocks(**a)))),
        lambda rng: {
            **without(dictionaries(rng), "A"),
            "n_samples": 3,
            "n_active": 1,
            "rng": 0,
            "block_size": 2,
        },
        work=("n_samples", "block_size"),
    ),
    "sample_sparse": Row(
        gs.sample_sparse,
        lambda rng: {
            "A_star": rng.normal(size=(3, 4)),
            "n_samples": 3,
            "model": "general",
            "n_active": 2,
            "bounds": (1, 2),
            "noise": 0.1,
            "rng": 0,
        },
        work=("n_samples",),
    ),
    "set_num_threads": Row(
        lambda n_threads: (gs.set_num_threads(n_threads), gs.set_num_threads(None))[0],
        lambda rng: {"n_threads": 1},
        share=0.2,
        nan=True,
    ),
    "signed_path": Row(
        path_of(gs.signed_path),
        lambda rng: without(regression(rng, n_epochs=2, alpha=0.1, engine="reference"), "groups"),
        work=("n_epochs",),
        also=STEP_ERRORS,
        share=0.5,
    ),
    "sparse_encode": Row(gs.sparse_encode, sparse),
    "sparse_expected_gradient": Row(gs.sparse_expected_gradient, sparse_law),
    "sparse_loss": Row(gs.sparse_loss, lambda rng: sparse(rng, activation="hard", lam=0.5)),
    "sparse_loss_and_grad": Row(
        gs.sparse_loss_and_grad,
        lambda rng: sparse(rng, activation="soft", lam=0.5, gradient="exact"),
    ),
    "stress": Row(
        lambda **a: gs.stress(**a).ratio,
        lambda rng: {"claim": CLAIM, "budget": 50, "seeds": 1},
        share=0.02,
        only={
            "claim": (None, 1.0, "norm(A) <= 1", gs.Claim),
            "budget": (0, -1, 1.5, "1", None),
            "seeds": (0, -1, 1.5, "1", None),
            "rng": (-1, 1.5, "0", [], object()),
            "n_jobs": (0, 1.5, "2", None),
            "backend": NO_OPTION,
        },
    ),
    "support_interval": Row(
        gs.support_interval,
        lambda rng: dictionaries(rng, n_active=1, b_min=1.0, b_max=2.0, form="corrected"),
        nan=True,
    ),
    "support_law": Row(
        gs.support_law,
        lambda rng: {"kind": "uniform", "n_atoms": 4, "n_active": 2},
        work=("n_atoms", "n_active"),
    ),
    "support_moments": Row(gs.support_moments, law),
    "support_recovery": Row(gs.support_recovery, masks, nan=True),
    "train": Row(
        trained(gs.train),
        lambda rng: network(
            rng, n_epochs=2, optimizer="gradient_descent", step_size=0.01, measure=False, rng=0
        ),
        work=("n_epochs",),
        also=STEP_ERRORS,
        share=0.3,
    ),
    "train_sparse": Row(
        trained(gs.train_sparse),
        lambda rng: without(sparse(rng, n_epochs=2, step_size=0.01, measure=False, rng=0), "bias"),
        work=("n_epochs",),
        also=STEP_ERRORS,
        share=0.3,
    ),
    "unfolded_encode": Row(
        gs.unfolded_encode,
        lambda rng: network(rng, n_unfold=3, step_size=0.1, l1=0.1),
        work=("n_unfold",),
    ),
    "unfolded_loss_and_grad": Row(
        gs.unfolded_loss_and_grad,
        lambda rng: network(rng, n_unfold=3, step_size=None, l1=0.1),
        work=("n_unfold",),
    ),
    "verify": Row(
        gs.verify,
        lambda rng: {"only": ["T21-eq7"], "quick": True},
        share=0.02,
        words="ledger id .* is unknown",
        only={
            "papers": (0, "T22", [], ["x"], b"t21", object()),
            "rng": (-1, 1.5, "0", [], object()),
            "n_jobs": (0, 1.5, "2", None),
            "quick": NO_FLAG,
            "only": (["no row"], 5, "T21", [5]),
        },
    ),
    "weight_decay_threshold": Row(
        gs.weight_decay_threshold,
        lambda rng: {
            "lam": float(rng.uniform(0.1, 1)),
            "norm": float(rng.uniform(1, 2)),
            "group_size": int(rng.integers(1, 4)),
            "probability": float(rng.uniform(0.1, 1)),
        },
    ),
    "GroupSparseAutoencoder": Row(
        fitted("GroupSparseAutoencoder", "transform"),
        lambda rng: {
            "X": rng.normal(size=(5, 3)),
            "n_groups": 2,
            "group_size": 1,
            "lam": 0.1,
            "n_epochs": 1,
            "random_state": 0,
        },
        work=("n_epochs", "n_groups", "group_size"),
        also=STEP_ERRORS,
        words=OF_SKLEARN,
        share=0.3,
    ),
    "SparseAutoencoder": Row(
        fitted("SparseAutoencoder", "transform"),
        lambda rng: {
            "X": rng.normal(size=(5, 3)),
            "n_components": 2,
            "lam": 0.1,
            "n_epochs": 1,
            "random_state": 0,
        },
        work=("n_epochs", "n_components"),
        also=STEP_ERRORS,
        words=OF_SKLEARN,
        share=0.3,
    ),
    "DiagonallyGroupedLinearRegressor": Row(
        fitted("DiagonallyGroupedLinearRegressor", "predict"),
        lambda rng: {
            "X": rng.normal(size=(8, 4)),
            "y": rng.normal(size=8),
            "groups": 2,
            "n_epochs": 2,
            "alpha": 0.3,
            "early_stopping": False,  # so short a path would be reported
            "random_state": 0,
        },
        work=("n_epochs",),
        also=STEP_ERRORS,
        words=OF_SKLEARN,
        share=0.3,
    ),
}
