"""N19 Figure 3: distance between the learned weights and the truth, from three starts; and what each reading of the recipe makes of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from ...arrays import Array
from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table
from .figure_2 import VARIANT_KEYS
from .runs import NAMES, STARTS, VARIANTS, Setting, floor, train_mixture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache

TITLE = "N19 Figure 3: distance of the learned weights to the truth, from three starts, under seven readings of the recipe"
THEORY = "normalised, step 10, b/2"
FIXED = "normalised, step 10, b = -1/2"
TOP = 5.0  # the axis ends here


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this experiment."""
    parser.add_argument(
        "--noise",
        type=float,
        default=0.01,
        help="standard deviation of the noise (0.01 in the paper)",
    )
    parser.add_argument("--n-samples", type=int, default=None, help="samples (10,000 in the paper)")


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    noise: float = 0.01,
    n_samples: int | None = None,
    **setting: int,
) -> Study:
    """Train from every start under every variant.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        1000 samples.
    seed, n_seeds : int
        Seeds seed, ..., seed + n_seeds - 1; each draws means, data and start.
    noise : float
    n_samples : int, optional
    **setting
        Other fields of ``Setting`` of sae_runs.

    Returns
    -------
    Study
    """
    n_samples = n_samples or (1000 if quick else Setting().n_samples)
    s = Setting(**{**setting, "n_samples": n_samples})
    runs = {
        (variant, start): [
            cache.run(
                f"{start}-{noise}-{VARIANT_KEYS[variant]}-{k}",
                train_mixture,
                start=start,
                noise=noise,
                variant=VARIANTS[variant],
                seed=k,
                setting=s._asdict(),
            )
            for k in range(seed, seed + n_seeds)
        ]
        for variant in VARIANTS
        for start in STARTS
    }
    ends = {
        key: {
            name: np.array([_end(run, name) for run in values])
            for name in ("distance", "found", "exact", "loss")
        }
        for key, values in runs.items()
    }
    data = {
        "variants": list(VARIANTS),
        "noise": noise,
        "n_atoms": s.n_atoms,
        "steps": np.arange(s.n_steps + 1),
        "distance": {
            start: {variant: ends[variant, start]["distance"] for variant in VARIANTS}
            for start in STARTS
        },
        "curve": {
            variant: np.array([run["distance"] for run in runs[variant, "perturbation"]])
            for variant in (THEORY, FIXED)
        },
    }
    columns = (
        "variant",
        "start",
        "distance, mean",
        "least",
        "most",
        f"columns found (of {s.n_atoms})",
        "supports exact",
        "loss",
    )
    rows = [
        [
            variant,
            NAMES[start],
            *(float(f(e["distance"])) for f in (np.mean, np.min, np.max)),
            float(e["found"].mean()),
            float(e["exact"].mean()),
            float(e["loss"].mean()),
        ]
        for (variant, start), e in ends.items()
    ]
    claims = [
        Claim(
            "N19 Figure 3",
            f"the perturbed start recovers A, PCA and random starts do not [{variant}]",
            *_recovery(ends, variant, s),
        )
        for variant in VARIANTS
    ]
    fixed, halved = (
        ends[variant, "perturbation"]["distance"].mean() for variant in (FIXED, THEORY)
    )
    claims.append(
        Claim(
            "N19 Section 5",
            "a fixed bias for the rectified linear unit would not work [perturbed start]",
            f"distance {fixed:.2g} with b = -1/2 fixed, {halved:.2g} with b/2; supports exact {ends[FIXED, 'perturbation']['exact'].mean():.0%} and "
            f"{ends[THEORY, 'perturbation']['exact'].mean():.0%}",
            bool(fixed > halved),
        )
    )
    notes = [
        "Distance: min over orders of the columns of ||W pi - A||_F, columns as they are. Found: columns of A with a column of W nearer than 1/2. "
        "A start recovers A if all are found; the claim must hold in every seed.",
        f"What noise alone leaves of the loss is {floor(s, noise):.4g}; the fixed bias adds b^2 / 2 = 0.125 to it, in the code, not in A.",
        "Unnormalised with step m the scale of a column follows s -> s + 2 s (1 - s^2), unstable at s = 1; the run dies or overflows.",
        "The fixed bias needs units that start within reach: from PCA it finds some columns, from a random start no unit is ever active.",
    ]
    recipe = {
        **s._asdict(),
        "noise": noise,
        "variants": VARIANTS,
        "seeds": list(range(seed, seed + n_seeds)),
    }
    return Study(
        "n19-figure-3",
        TITLE,
        recipe,
        data,
        [Table("At the last step", columns, rows)],
        claims,
        notes,
    )


def _end(run: dict[str, Any], name: str) -> float:
    value = np.asarray(run[name], dtype=float)
    return float(value[-1] if value.ndim else value)


def _recovery(
    ends: dict[tuple[str, str], dict[str, Array]], variant: str, s: Setting
) -> tuple[str, bool]:
    found = {start: ends[variant, start]["found"] for start in STARTS}
    text = ", ".join(
        f"{NAMES[start]}: {values.mean():.3g} of {s.n_atoms} columns found"
        for start, values in found.items()
    )
    near, *far = (values == s.n_atoms for values in found.values())
    return text, bool(near.all()) and not any(values.any() for values in far)


def plot_distances(data: Any, ax: Axes) -> list[Any]:
    """A dot for each seed: distance at the last step, by variant and start."""
    artists = []
    variants = data["variants"]
    for k, (start, marker) in enumerate(zip(STARTS, "os^", strict=True)):
        distance = data["distance"][start]
        x = [i + 0.22 * (k - 1) for i, variant in enumerate(variants) for _ in distance[variant]]
        y = [
            min(value, TOP) if np.isfinite(value) else TOP
            for variant in variants
            for value in distance[variant]
        ]
        artists += ax.plot(y, x, marker, color=COLOURS[k], markersize=4, label=NAMES[start])
    ax.set_yticks(range(len(variants)), variants)
    ax.set(
        ylim=(len(variants) - 0.5, -1.2),
        xlim=(0, TOP * 1.04),
        title="After training, by reading of the recipe",
    )
    ax.set_xlabel(f"distance $\\|W\\pi - A\\|_F$ ({TOP:g}: or more)")
    ax.legend(loc="upper center", ncols=3, columnspacing=1.0, handletextpad=0.2)
    return artists


def plot_bias(data: Any, ax: Axes) -> list[Any]:
    """Distance against step from the perturbed start: halved bias against fixed bias."""
    artists = []
    for colour, style, (variant, curves) in zip(
        COLOURS, ("-", "--"), data["curve"].items(), strict=False
    ):
        artists += ax.plot(data["steps"], np.asarray(curves).T, style, color=colour)
        artists[-1].set_label(variant)
    ax.set(
        yscale="log",
        xlabel="step",
        ylabel="distance $\\|W\\pi - A\\|_F$",
        title="Perturbed start: vanishing and fixed bias",
    )
    ax.legend()
    return artists


FIGURES = {"n19-figure-3": [[plot_distances, plot_bias]]}
