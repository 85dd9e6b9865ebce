"""T21 Table 1: MNIST clustered in the pixel basis, by sparse and by group-sparse codes.

mnist_networks.py trains, restarts.py chooses among restarts, clustering.py has representations and
clusterings, table_1_claims.py says what became of each number. Ours: starts and ways to train in
subspaces.py and ways.py, the best groups of several trainings in recombination.py; other people's
methods are in baselines.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import checks
from ....arrays import Array
from ...common.clustering import METHODS, READINGS, ROWS, agreement, cluster, represent
from ...common.publishing import COLOURS
from ...common.study import Study
from . import claims
from .baselines import BASELINES, labels_by, require
from .networks import STARTS, Setting, codes, images, sizes, untrained
from .recombination import SHORT, TRAININGS
from .restarts import LOWEST, RULES, SCREENED, Kept, halved, models, screened, united

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...common.cache import ResultCache

TITLE = "T21 Table 1: clustering MNIST by sparse and group-sparse codes"
DATA = ("mnist", "fashion-mnist", "digits")
DIGITS = Setting(
    group_size=4,
    group_threshold=0.05,
    sparse_threshold=0.01,
    step_size=1e-2,
    n_epochs=60,
    n_neighbors=50,
)
CONTROLS = ("principal", "gaussian")


class Sizes(dict[str, Any]):
    """How much is done: data, source, n_train, n_test, epochs, restarts, setting."""

    data: str
    source: Any
    n_train: int | None
    n_test: int | None
    epochs: int
    restarts: int
    setting: Setting

    __getattr__ = dict.__getitem__


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this table."""
    add_sizes(parser)
    parser.add_argument(
        "--reading",
        choices=(*READINGS, "all"),
        default="all",
        help="what is clustered: codes read literally, the reading that "
        "comes closest to the paper's numbers, or both (default)",
    )
    parser.add_argument(
        "--start",
        choices=STARTS,
        nargs="+",
        default=["principal"],
        help="starts to train from; the first fills the table. "
        "principal: the authors'; subspaces: k-subspaces; rising: principal, and lam rises from half of it in the first quarter "
        "of the epochs; reset: principal, and the group used least is reset after 2 epochs and after 4; united: the best groups of "
        f"{TRAININGS} trainings of {SHORT} epochs",
    )
    parser.add_argument(
        "--choose",
        choices=sorted(RULES),
        default="loss",
        help="what the kept restart has the lowest of: training loss "
        "(default), that plus the penalty of the codes, disagreement with the other restarts, or active groups",
    )
    parser.add_argument(
        "--baselines",
        choices=sorted(BASELINES),
        nargs="*",
        default=[],
        help="other methods, side by side",
    )


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """Options of everything that trains these networks."""
    parser.add_argument(
        "--data", choices=DATA, help="data set (default mnist, with --quick digits)"
    )
    parser.add_argument(
        "--source",
        metavar="PATH",
        help="folder or .npz archive that has the data; by default it is looked for, then fetched",
    )
    parser.add_argument("--epochs", type=int, help="epochs of training (300 in the paper)")
    parser.add_argument(
        "--restarts",
        type=int,
        help=f"trainings of the group-sparse network, compared after at most {SCREENED} epochs; the lowest "
        "training loss is kept (default 8)",
    )
    parser.add_argument(
        "--batch-size",
        type=int,
        help="samples in a mini-batch (not stated in the paper; default 128)",
    )


def settled(
    quick: bool = False,
    data: str | None = None,
    source: Any = None,
    epochs: int | None = None,
    restarts: int | None = None,
    batch_size: int | None = None,
    setting: Setting | None = None,
    n_train: int | None = None,
    n_test: int | None = None,
) -> Sizes:
    """The sizes of a run: those given, else the paper's, else with ``quick`` small ones."""
    data = checks.option("data", ("digits" if quick else "mnist") if data is None else data, DATA)
    setting = setting or (DIGITS if data == "digits" else Setting())
    if quick and data != "digits":
        given = zip((n_train, n_test, epochs, restarts), (6000, 2000, 2, 1), strict=True)
        n_train, n_test, epochs, restarts = (
            small if value is None else value for value, small in given
        )
        setting = setting._replace(n_neighbors=n_test // 10)
    if batch_size is not None:
        setting = setting._replace(batch_size=checks.count("batch_size", batch_size))
    epochs = checks.count("epochs", setting.n_epochs if epochs is None else epochs)
    restarts = checks.count("restarts", (2 if quick else 8) if restarts is None else restarts)
    return Sizes(
        data=data,
        source=source,
        n_train=n_train,
        n_test=n_test,
        epochs=epochs,
        restarts=restarts,
        setting=setting._replace(n_epochs=epochs),
    )


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    reading: str = "all",
    start: Sequence[str] = ("principal",),
    choose: str = "loss",
    baselines: Sequence[Any] = (),
    **options: Any,
) -> Study:
    """Train or read back the networks, cluster every representation, and hold the numbers beside the paper's.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        Scikit-learn's digits; for another ``data`` 6000 training and 2000 test images, 2 epochs, 1
        restart.
    seed, n_seeds : int
        Repetitions, each with restarts and clusterings of its own.
    reading : {"literal", "closest", "all"}
    start : sequence of {"principal", "subspaces", "rising", "reset", "united"}
        As for :func:`train_network`. The first is that of the table; all are compared, restart by
        restart.
    choose : {"loss", "objective", "disagreement", "active"}
        What the kept restart has the lowest of: the training loss (13), that plus the encoder's
        penalty lam sum_g ||x_g||, the
        :func:`disagreement_of` it with the other restarts, or the mean number of active groups.
    baselines : sequence of str
        Names from ``BASELINES``.
    **options
        Arguments of :func:`settled`.

    Returns
    -------
    study : Study
    """
    size = settled(quick, **options)
    repetitions = range(
        checks.count("seed", seed, minimum=0), seed + checks.count("n_seeds", n_seeds)
    )
    readings = (
        READINGS if reading == "all" else (checks.option("reading", reading, (*READINGS, "all")),)
    )
    start = (
        [start]
        if isinstance(start, str)
        else [checks.option("start", one, STARTS) for one in start]
    )
    rule, baselines = (
        checks.option("choose", choose, tuple(RULES)),
        [require(name) for name in baselines],
    )
    others = [other for other in RULES if other != rule]
    runs = {r: models(cache, size, r, start[0], rule) for r in repetitions}
    for r in repetitions:
        every = screened(cache, size, r, start[0])
        runs[r] |= {other: every[RULES[other](cache, size, every).argmin()] for other in others} | {
            "united": united(cache, size, every)
        }
    chosen = {
        (row, reading_of(how, what)): (network, how[what])
        for row, (network, how) in ROWS.items()
        for what in readings
    }
    cases: dict[tuple[str, str], tuple[Any, str, tuple[str, ...]]] = {
        ("predict", "ours"): ("group", "group norms", ("argmax",))
    }
    cases |= {case: (*how, METHODS) for case, how in chosen.items()}
    cases |= {
        (f"restart of {LOWEST[other]}", "ours"): (other, "group norms / sum", METHODS)
        for other in others
    }
    cases |= {(claims.UNITED, "ours"): ("united", "group norms / sum", METHODS)}
    cases |= {
        (f"{kind} columns, untrained", "control"): (kind, "group norms", (*METHODS, "argmax"))
        for kind in CONTROLS
    }
    found: dict[Any, Any] = {}
    known: dict[Any, Any] = {}
    for case, (network, how, methods) in cases.items():
        for method in methods:
            for r in repetitions:
                identity = network, how, method, r
                if identity not in known:
                    of = "group" if network in (*others, "united") else network
                    known[identity] = clustered(
                        cache, size, of, how, method, r, runs[r].get(network, {}).get("A")
                    )
                found.setdefault((*case, how, method), []).append(known[identity])
    data = {
        "table": {" | ".join(case): stacked(values) for case, values in found.items()},
        "rule": rule,
        "restarts": {one: restarts_of(cache, size, repetitions, one) for one in start},
        "baselines": {
            name: stacked([by_baseline(cache, size, name, r) for r in repetitions])
            for name in baselines
        },
        "steps": {
            network: max(float(runs[r][network]["relative_step"]) for r in repetitions)
            for network in ("group", "sparse")
        },
        "active_groups": [float(runs[r]["group"]["active_groups"]) for r in repetitions],
        "loss": {
            network: [runs[r][network]["loss"] for r in repetitions]
            for network in ("group", "sparse")
        },
    }
    recipe = {
        **size.setting._asdict(),
        "data": size.data,
        "training images": size.n_train or "all",
        "test images": size.n_test or "all",
        "restarts": size.restarts,
        "restart kept": LOWEST[rule],
        "seeds": list(repetitions),
        "start": start[0],
        "optimizer": "Adam (0.9, 0.999, 1e-8), float32",
        "columns": "unit norm after every step",
        "encoder": "FISTA",
        "pixels": "in [0, 1], less the training mean",
    }
    notes = claims.notes(data, size, len(repetitions))
    return Study(
        "t21-table-1", TITLE, recipe, data, claims.tables(data), claims.judge(data, size), notes
    )


def reading_of(how: dict[str, str], what: str) -> str:
    """The name of a reading: "either" where both take the same."""
    return "either" if how["literal"] == how["closest"] else what


def restarts_of(cache: ResultCache, size: Sizes, repetitions: range, start: str) -> dict[str, Any]:
    """What the rules look at, and accuracy, of every restart, arrays (repetitions, restarts), and those that each rule chooses; labels do not.

    ``united``: loss and accuracy of the best groups of all restarts, arrays (repetitions,).
    """
    runs = {r: screened(cache, size, r, start) for r in repetitions}
    together = [united(cache, size, runs[r]) for r in repetitions]

    def scores(how: str, method: str) -> Array:
        return np.array(
            [
                [
                    float(clustered(cache, size, "group", how, method, r, run["A"])["accuracy"])
                    for run in runs[r]
                ]
                for r in repetitions
            ]
        )

    accuracies = [
        float(
            clustered(cache, size, "group", "group norms / sum", "k-means", r, of["A"])["accuracy"]
        )
        for r, of in zip(repetitions, together, strict=True)
    ]
    found = {
        rule: np.array([of(cache, size, runs[r]) for r in repetitions])
        for rule, of in RULES.items()
    }
    return {
        **found,
        "united": {
            "loss": np.array([float(of["loss"]) for of in together]),
            "k-means": np.array(accuracies),
        },
        "curve": np.array([[run["loss"] for run in runs[r]] for r in repetitions]),
        "predict": scores("group norms", "argmax"),
        "k-means": scores("group norms / sum", "k-means"),
        "chosen": {rule: values.argmin(axis=1).tolist() for rule, values in found.items()}
        | {
            "loss, halving": [
                halved(np.array([run["loss"] for run in runs[r]]))[0] for r in repetitions
            ]
        },
        "epochs": [
            sum(len(run["loss"]) for run in runs[repetitions[0]]),
            halved(np.array([run["loss"] for run in runs[repetitions[0]]]))[1],
        ],
    }


def clustered(
    cache: ResultCache,
    size: Sizes,
    network: str | None,
    how: str,
    method: str,
    seed: int,
    A: Array | None = None,
) -> dict[str, Any]:
    """:func:`cluster_codes` as a unit of work.

    Parameters
    ----------
    cache : ResultCache
    size : Sizes
    network : {"group", "sparse", "principal", "gaussian"} or None
        Whose codes; the last two are group-sparse networks as they are before training; None: the
        pixels.
    how : str
        As for :func:`gsae_ref.experiments.common.clustering.represent`, or "pixels".
    method : {"k-means", "spectral", "argmax"}
    seed : int
    A : ndarray of shape (n_features, n_atoms), optional
        The dictionary of a trained network.

    Returns
    -------
    dict of str to ndarray
    """
    kept = None if A is None else Kept(A)
    named = "pixels" if network is None else f"{network}-{how}"
    key = (
        "-".join(
            [size.data, *([] if kept is None else [repr(kept)[:8]]), named, method, f"seed{seed}"]
        )
        .replace(" / ", "-by-")
        .replace(" ", "-")
    )

    def unit(**arguments: Any) -> dict[str, Any]:
        return cluster_codes(**arguments, source=size.source)

    s = size.setting._asdict()
    return cache.run(
        key,
        unit,
        network=network,
        how=how,
        method=method,
        seed=seed,
        A=kept,
        data=size.data,
        n_train=size.n_train,
        n_test=size.n_test,
        setting=s,
    )


def cluster_codes(
    network: str | None,
    how: str,
    method: str,
    seed: int,
    A: Kept | None,
    data: str,
    n_train: int | None,
    n_test: int | None,
    setting: dict[str, Any],
    source: Any = None,
) -> dict[str, Any]:
    """Cluster one representation of the test images, and compare with their labels: ``accuracy``, ``nmi``, ``ari``, ``labels``, ``zeros``.

    ``zeros`` is the share of test images whose code is zero.
    """
    s = Setting(**setting)
    Y = images(data, source, n_train, n_test)
    if network is None:
        R = Y.test
    else:
        of = "sparse" if network == "sparse" else "group"
        atoms = A.array if A else untrained(network, Y.train, of, s, seed)
        R = represent(codes(atoms, Y.test, of, s), how, sizes(of, s)[1])
    n_clusters = len(np.unique(Y.labels))
    found = (
        R.argmax(axis=1)
        if method == "argmax"
        else cluster(R, method, n_clusters, s.n_neighbors, seed)
    )
    return {
        **agreement(Y.labels, found),
        "labels": found.astype(np.int16),
        "zeros": np.mean(~R.any(axis=1)),
    }


def by_baseline(cache: ResultCache, size: Sizes, name: str, seed: int) -> dict[str, float]:
    """What another method reaches on the same test images."""

    def unit(**arguments: Any) -> dict[str, float]:
        Y = images(size.data, size.source, size.n_train, size.n_test)
        return agreement(
            Y.labels,
            labels_by(arguments["name"], Y.test, len(np.unique(Y.labels)), arguments["seed"]),
        )

    return cache.run(
        f"{size.data}-baseline-{name}-seed{seed}",
        unit,
        name=name,
        seed=seed,
        data=size.data,
        n_train=size.n_train,
        n_test=size.n_test,
    )


def stacked(runs: list[Any]) -> dict[str, list[float]]:
    """Accuracy, NMI and ARI of several repetitions."""
    return {
        name: [float(run[name]) for run in runs]
        for name in runs[0]
        if name in ("accuracy", "nmi", "ari", "zeros")
    }


def losses(data: Any, ax: Axes) -> list[Any]:
    """Training loss of every restart that was compared, and of the sparse network."""
    artists = []
    for colour, (start, of) in zip(COLOURS, data["restarts"].items(), strict=False):
        for k, curve in enumerate(np.asarray(of["curve"]).reshape(-1, np.shape(of["curve"])[-1])):
            artists += ax.plot(
                np.arange(1, len(curve) + 1),
                curve,
                color=colour,
                linewidth=0.9,
                label=None if k else f"{start} start",
            )
    sparse = np.asarray(data["loss"]["sparse"][0])
    artists += ax.plot(
        np.arange(1, len(sparse) + 1),
        sparse,
        "--",
        color="black",
        linewidth=0.9,
        label="sparse network",
    )
    ax.set(title="training", xlabel="epoch", ylabel="loss (13), mean over the epoch", xscale="log")
    ax.legend(loc="center right")
    return artists


def _choice(rule: Any) -> Any:
    names = {
        "loss": "training loss",
        "disagreement": "1 - mean ARI with other restarts",
        "active": "active groups of a training image",
    }

    def plot(data: Any, ax: Axes) -> list[Any]:
        artists = []
        for colour, marker, (start, of) in zip(
            COLOURS, "osD^v", data["restarts"].items(), strict=False
        ):
            at = np.asarray(of[rule])
            accuracy = np.asarray(of["k-means"])
            artists += ax.plot(
                at.ravel(),
                accuracy.ravel(),
                marker,
                color=colour,
                markersize=5,
                label=f"{start} start",
            )
            best = np.arange(len(at)), of["chosen"][rule]
            artists += ax.plot(
                at[best], accuracy[best], "o", color="none", markeredgecolor="black", markersize=11
            )
            if rule == "loss":
                artists += ax.plot(
                    of["united"]["loss"],
                    of["united"]["k-means"],
                    "*",
                    color=colour,
                    markeredgecolor="black",
                    markersize=11,
                )
        artists += ax.plot(
            [],
            [],
            "o",
            color="none",
            markeredgecolor="black",
            markersize=11,
            label="lowest of a repetition",
        )
        artists += (
            ax.plot(
                [],
                [],
                "*",
                color="none",
                markeredgecolor="black",
                markersize=11,
                label=claims.UNITED,
            )
            if rule == "loss"
            else []
        )
        ax.set(
            title=f"restarts: {LOWEST[rule]}",
            xlabel=names[rule],
            ylabel="accuracy of the restart (%)",
        )
        ax.ticklabel_format(useOffset=False)
        ax.locator_params(axis="x", nbins=4)
        ax.margins(0.1)
        ax.legend()
        return artists

    return plot


FIGURES = {"t21-table-1": [[losses, _choice("loss")], [_choice("disagreement"), _choice("active")]]}
