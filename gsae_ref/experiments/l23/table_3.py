"""L23 Table 3: test errors on gene expression, over many random splits.

The gene data (Scheetz et al. 2006, 120 samples, 20 genes in 5 B-splines each, as the R package
gglasso distributes them) are read from a file that the user names; nothing is downloaded. Two data
sets of scikit-learn are ours: they do not test the paper's numbers.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import checks, ops
from ...arrays import Array, IntArray
from ...files import read_arrays
from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table, seed_range
from . import rivals
from .plots import legend_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache
    from .plots import Plot

TITLE = "L23 Table 3: test error of the grouped network, the group lasso and a primal-dual method"
SPLITS = 100
QUICK_SPLITS = 4
PRINTED = {"group_lasso": 0.03096, "primal_dual": 0.02868, "network": 0.02477}
METHODS = {
    "network": "grouped network",
    "group_lasso": "group lasso",
    "refitted": "group lasso, refitted",
    "primal_dual": "primal-dual",
    "mean": "mean of y, no predictors",
}
GROUP_LASSO = ("group_lasso", "refitted")  # methods that need skglm
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
STYLES: dict[str, Any] = dict(zip(METHODS, DASHES, strict=True))
METHOD_COLOURS = {name: COLOURS[i] for name, i in zip(METHODS, (0, 1, 3, 2, 4), strict=True)}
NAMES = {
    "genes": "gene expression",
    "halves": "gene expression, halves",
    "cancer": "breast cancer, 10 measurements x 3",
    "diabetes": "diabetes, 10 predictors x 5 splines",
}
GENES = ("genes", "halves")
STAND_INS = ("cancer", "diabetes")
RATIOS = (0.1, 1.0, 10.0, 100.0, 1000.0)
ALPHAS = (0.1, 0.01, 0.001)
N_EPOCHS = 1000
GAMMA = 0.2


@dataclass(frozen=True)
class Table3:
    """Numbers of the table.

    Attributes
    ----------
    errors : dict of str to dict of str to ndarray (n_splits,)
        Data set -> method -> test error of every split. Methods that are not installed are absent.
    gene_target : ndarray (n_samples,) or None
        y of the gene data, if given.
    """

    errors: dict[str, dict[str, Array]]
    gene_target: Array | None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this experiment."""
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="gene expression: an .npz with x (120, 100), y (120,), groups (100,) labels",
    )
    parser.add_argument(
        "--splits",
        type=int,
        metavar="K",
        help=f"random splits of each data set (default {SPLITS}, with --quick {QUICK_SPLITS})",
    )


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    data: str | Path | None = None,
    splits: int | None = None,
) -> Study:
    """Split, tune on the validation part, measure on the test part, many times.

    Without skglm the report leaves out the group lasso, with a note.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        4 splits in place of 100.
    seed, n_seeds : int
        There are ``splits`` times ``n_seeds`` splits, from this seed on.
    data : str or path, optional
        File of the gene data.
    splits : int, optional
        Another number of splits.

    Returns
    -------
    Study
        With a :class:`Table3` as its data.

    Raises
    ------
    ValueError
        If the file does not hold grouped regression data.
    FileNotFoundError
        If there is no such file.
    """
    if splits is None:
        splits = QUICK_SPLITS if quick else SPLITS
    seeds = seed_range(seed, checks.count("splits", splits) * n_seeds)
    gene_target = None if data is None else grouped_data("genes", data)[1]
    names = STAND_INS if data is None else (*GENES, *STAND_INS)
    numbers = Table3(_errors(cache, names, data, seeds), gene_target)
    settings = {
        "data": names,
        "splits": len(seeds),
        "seeds": list(seeds),
        "ratios": RATIOS,
        "alpha": ALPHAS,
        "gamma": GAMMA,
        "n_epochs": N_EPOCHS,
        "algorithm": "algorithm_2: the practical rule with tolerance 0.1, then the largest step "
        "of Lemma 16",
    }
    return Study(
        "l23-table-3",
        TITLE + " (reduced size)" * (quick and len(seeds) < SPLITS),
        settings,
        numbers,
        [_table(numbers)],
        [*_gene_claims(numbers), *_ranking_claims(numbers)],
        _notes(numbers),
    )


def _errors(
    cache: ResultCache, names: Sequence[str], data: str | Path | None, seeds: range
) -> dict[str, dict[str, Array]]:
    """Test errors of every installed method on every split of every data set."""
    installed = rivals.group_lasso_is_installed()
    methods = [name for name in METHODS if installed or name not in GROUP_LASSO]
    file = None if data is None else str(data)
    cache.expect(len(names) * len(seeds))
    errors = {}
    for name in names:
        options = {"name": name, "methods": methods, "data": file if name in GENES else None}
        found = [cache.run(f"{name}-{k}", split_errors, seed=k, **options) for k in seeds]
        errors[name] = _columns(found, methods)
    return errors


def _columns(found: list[dict[str, Any]], methods: Sequence[str]) -> dict[str, Array]:
    """Errors by method from errors by split."""
    columns = {}
    for method in methods:
        columns[method] = np.array([float(split[method]) for split in found])
    return columns


def grouped_data(name: str, data: str | Path | None = None) -> tuple[Array, Array, IntArray]:
    """Load predictors, target, and sizes of contiguous groups.

    Parameters
    ----------
    name : {"genes", "halves", "cancer", "diabetes"}
    data : str or path, optional
        File of the gene data.

    Returns
    -------
    X : ndarray (n_samples, n_features)
    y : ndarray (n_samples,)
    sizes : ndarray of int
    """
    if name in GENES:
        if data is None:
            raise ValueError(f"data = None; {name!r} is read from a file; pass its path")
        return _gene_data(data)
    from sklearn import datasets, preprocessing

    if name == "cancer":
        X, y = datasets.load_breast_cancer(return_X_y=True)
        by_measurement = np.arange(30).reshape(3, 10).T.ravel()
        return X[:, by_measurement], y.astype(np.float64), np.full(10, 3)
    X, y = datasets.load_diabetes(return_X_y=True)
    splines = preprocessing.SplineTransformer(n_knots=3, degree=3)  # 3 + 3 - 1 = 5 functions each
    return splines.fit_transform(X), y, np.full(10, 5)


def _gene_data(data: str | Path) -> tuple[Array, Array, IntArray]:
    arrays = read_arrays(data)
    missing = {"x", "y", "groups"} - set(arrays)
    if missing:
        raise ValueError(
            f"{data} has no array {sorted(missing)[0]}; it must hold x, y and groups; "
            "save it with numpy.savez"
        )
    X = checks.array("x", arrays["x"], ndim=(2,)).astype(np.float64)
    y = checks.target("y", arrays["y"], len(X), f"x of shape {X.shape}").astype(np.float64)
    sizes, order = checks.grouping(arrays["groups"], X.shape[1])
    return X[:, order], y, sizes


def split_errors(
    name: str, seed: int, methods: Sequence[str], data: str | None = None
) -> dict[str, float]:
    """Test errors of the methods on one split: a result for the cache.

    Parameters
    ----------
    name : str
        As in :func:`grouped_data`.
    seed : int
    methods : sequence of str
        Of ``METHODS``.
    data : str, optional

    Returns
    -------
    dict of str to float
    """
    X, y, sizes = grouped_data(name, data)
    train, validation, test = _split(name, len(y), seed)
    X = X - X[train].mean(axis=0)
    y = y - y[train].mean()
    if name == "cancer":  # measurements have different units; splines share one
        X = X / X[train].std(axis=0)
    s_x = np.linalg.norm(X[train], 2) / len(train) ** 0.5
    s_y = max(np.linalg.norm(y[train]) / len(train) ** 0.5, np.finfo(float).tiny)
    X = X / s_x
    paths = weight_paths(X[train], y[train] / s_y, sizes, methods)
    errors = {}
    for method, several in paths.items():
        w = rivals.best_on_validation(several, X[validation], y[validation] / s_y)[0]
        errors[method] = float(np.mean((y[test] - s_y * (X[test] @ w)) ** 2))
    return errors


def _split(name: str, n_samples: int, seed: int) -> tuple[IntArray, IntArray, IntArray]:
    """Indices of the training, validation and test parts."""
    shuffled = np.random.default_rng([seed, 3]).permutation(n_samples)
    if name == "halves":
        train, test = np.array_split(shuffled, 2)
        return train, test, test
    train, validation, test = np.array_split(shuffled, 3)
    return train, validation, test


def weight_paths(
    X: Array, y: Array, sizes: IntArray, methods: Sequence[str]
) -> dict[str, dict[Any, Array]]:
    """Paths of weights, method -> setting -> one row for each value of its tuning parameter."""
    paths: dict[str, dict[Any, Array]] = {"mean": {"": np.zeros((1, X.shape[1]))}}
    options: dict[str, Any] = {"n_epochs": N_EPOCHS, "gamma": GAMMA, "record_every": 5}
    paths["network"] = {
        alpha: ops.dglnn_path(X, y, sizes, "algorithm_2", alpha=alpha, **options).w
        for alpha in ALPHAS
    }
    paths["primal_dual"] = {ratio: rivals.primal_dual_path(X, y, sizes, ratio) for ratio in RATIOS}
    if set(GROUP_LASSO) & set(methods):
        lasso, _ = rivals.group_lasso_path(X, y, sizes)
        paths["group_lasso"] = {"": lasso}
        paths["refitted"] = {"": rivals.refit(lasso, X, y, sizes)}
    return {method: paths[method] for method in methods}


def _table(numbers: Table3) -> Table:
    columns = (
        "data",
        "method",
        "mean test error",
        "standard deviation",
        "25 %",
        "50 %",
        "75 %",
        "best in",
        "network ahead in",
        "paper",
    )
    rows: list[Any] = []
    for name, errors in numbers.errors.items():
        for method, label in METHODS.items():
            printed = PRINTED.get(method, "") if name in GENES else ""
            if method not in errors:
                rows.append((NAMES[name], label, "not computed", *[""] * 6, printed))
                continue
            values = errors[method]
            rows.append(
                (
                    NAMES[name],
                    label,
                    float(values.mean()),
                    standard_deviation(values),
                    *(float(q) for q in np.percentile(values, [25, 50, 75])),
                    _share_best(errors, method),
                    "" if method == "network" else _percent(errors["network"] < values),
                    printed,
                )
            )
    return Table("Mean squared error on the test part, over the splits", columns, rows)


def standard_deviation(values: Array) -> float:
    """Sample standard deviation; 0 for a single value."""
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _percent(values: Any) -> str:
    return f"{100 * np.mean(values):.0f} %"


def _share_best(errors: dict[str, Array], method: str) -> str:
    """Share of splits in which a method has the smallest error of the paper's three methods."""
    if method not in PRINTED:
        return ""
    smallest = np.min([errors[m] for m in PRINTED if m in errors], axis=0)
    return _percent(errors[method] <= smallest)


# ------------------------------------------------------------ claims


def _ranking_claims(numbers: Table3) -> list[Claim]:
    """For every data set: does the network have the smallest mean error?"""
    claims = []
    for name, errors in numbers.errors.items():
        computed = [method for method in PRINTED if method in errors]
        missing = [METHODS[method] for method in PRINTED if method not in errors]
        network = errors["network"]
        means = [_mean_and_deviation(method, errors[method]) for method in (*computed, "mean")]
        rivals_computed = [method for method in computed if method != "network"]
        ahead = [f"the {METHODS[m]} in {_percent(network < errors[m])}" for m in rivals_computed]
        others = [errors[method].mean() for method in rivals_computed]
        claims.append(
            Claim(
                "L23 Table 3" if name in GENES else "ours",
                f"{NAMES[name]}: the network has the smallest mean error of the three methods",
                "; ".join(means)
                + f"; the network is ahead of {' and of '.join(ahead)} of {len(network)} splits"
                + "".join(f"; {label} not computed: skglm is not installed" for label in missing),
                (None if missing else True) if network.mean() < min(others) else False,
            )
        )
    return claims


def _mean_and_deviation(method: str, values: Array) -> str:
    """Mean and standard deviation over the splits, in words."""
    deviation = standard_deviation(values)
    return f"{METHODS[method]} {values.mean():.4g} (standard deviation {deviation:.3g})"


def _gene_claims(numbers: Table3) -> list[Claim]:
    """Claims about the printed numbers, under both readings of an equal split."""
    if numbers.gene_target is None:
        return []
    claims = []
    for name in GENES:
        claims += _printed_errors_claims(name, numbers.errors[name])
    return [*claims, *_target_claims(numbers.gene_target, numbers.errors["genes"])]


def _printed_errors_claims(name: str, errors: dict[str, Array]) -> list[Claim]:
    computed = [method for method in PRINTED if method in errors]
    complete = len(computed) == len(PRINTED)
    near = {m: np.abs(errors[m] / PRINTED[m] - 1) <= 0.1 for m in computed}
    comparisons = [
        f"{METHODS[m]}: printed {PRINTED[m]}, "
        f"here {errors[m].mean():.5f} +- {standard_deviation(errors[m]):.5f}, "
        f"within a tenth in {_percent(near[m])}, below in {_percent(errors[m] <= PRINTED[m])}"
        for m in computed
    ]
    means = {m: errors[m].mean() for m in computed}
    order = sorted(means, key=lambda m: means[m])
    usual = all(np.mean(values) >= 0.1 for values in near.values())
    return [
        Claim(
            "L23 Table 3",
            f"{NAMES[name]}: errors like the printed ones are usual (within a tenth of them in a "
            "tenth of the splits)",
            "; ".join(comparisons),
            usual if complete else None,
        ),
        Claim(
            "L23 Table 3",
            f"{NAMES[name]}: the order is network, primal-dual, group lasso",
            " < ".join(f"{METHODS[m]} {means[m]:.5f}" for m in order),
            order == ["network", "primal_dual", "group_lasso"] if complete else None,
        ),
    ]


def _target_claims(y: Array, errors: dict[str, Array]) -> list[Claim]:
    """Claims of ours: the printed errors against the variance of the target."""
    squares = (y - y.mean()) ** 2
    share = squares.max() / squares.sum()
    constant = errors["mean"]
    return [
        Claim(
            "ours",
            "the printed errors are below the variance of the target, the cost of predicting its "
            "mean",
            f"variance of all {len(y)}: {np.var(y):.5f}, smallest printed error "
            f"{min(PRINTED.values())}; predicting the mean of the training part costs "
            f"{constant.mean():.5f} +- {standard_deviation(constant):.5f} on the test part",
            all(value < np.var(y) for value in PRINTED.values()),
        ),
        Claim(
            "ours",
            "no single sample decides the error of a split (none has more than a tenth of the sum "
            "of squares)",
            f"one sample has {100 * share:.0f} % of it, and the errors form two clusters, those of "
            "the splits that test on it and the others: with thirds, medians "
            f"{describe_clusters(errors['network'])}",
            bool(share <= 0.1),
        ),
    ]


def describe_clusters(values: Array) -> str:
    """Medians of the two clusters on either side of the widest gap on a logarithmic scale."""
    ordered = np.sort(values)
    cut = int(np.argmax(np.diff(np.log(ordered)))) + 1 if len(values) > 1 else len(values)
    parts = [part for part in (ordered[:cut], ordered[cut:]) if len(part)]
    return " and ".join(f"{np.median(part):.4f} ({len(part)} splits)" for part in parts)


def _notes(numbers: Table3) -> list[str]:
    notes = [
        'The paper splits "equally" and does not name the parts. Here they are thirds: one to '
        "train on, one for tuning and stopping, one to test on. "
        '"Halves" is the other reading: one half to train on, the other to tune, to stop and to '
        "test on, which flatters every method. "
        "The paper's numbers are of one split; its code for them is not published.",
        "X and y are centred on the training part. Measurements are divided by their standard "
        "deviation there; splines are not, as some are nearly constant on a third and would be "
        "blown up. All methods run on X / s_X and y / s_y, as the estimator does, the network "
        "from three sizes of start; every method is tuned on the validation part.",
        "Breast cancer and diabetes are ours: the paper does not use them. Their groups are of "
        "another kind: mean, error and worst value of a measurement; five B-splines of a "
        "predictor.",
    ]
    if numbers.gene_target is None:
        notes.append(
            "The gene data were not given (--data FILE), so nothing here tests the paper's numbers."
        )
    if any("group_lasso" not in errors for errors in numbers.errors.values()):
        notes.append(f"The group lasso was not computed: {rivals.NO_GROUP_LASSO}.")
    return notes


# ------------------------------------------------------------ pictures


def plot_distribution(number: int) -> Plot:
    """Distribution of the errors over the splits, for the first or second data set."""

    def plot(data: Table3, ax: Axes) -> list[Any]:
        name = list(data.errors)[number]
        artists: list[Any] = []
        for method, values in data.errors[name].items():
            ordered = np.sort(values)
            share = (np.arange(len(ordered)) + 1) / len(ordered)
            colour = METHOD_COLOURS[method]
            look: dict[str, Any] = dict(color=colour, linestyle=STYLES[method])
            steps = ax.step(ordered, share, where="post", **look)
            steps[0].set_label(METHODS[method])
            artists += steps
            if name in GENES and method in PRINTED:
                artists.append(ax.axvline(PRINTED[method], color=colour, linewidth=0.8, alpha=0.7))
        ax.set(title=NAMES[name] + " (thin: printed)" * (name in GENES), ylim=(0, 1.02))
        ax.set(xscale="log", xlabel="test error", ylabel="share of the splits")
        legend_below(ax, 2)
        return artists

    return plot


FIGURES = {"l23-table-3": [[plot_distribution(0), plot_distribution(1)]]}
